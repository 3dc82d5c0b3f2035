//! The codecs of record batches: gzip, snappy, lz4 and zstd, each with a context that is reused.
//!
//! A [`Compressor`] belongs to one codec and level; a [`Decompressor`] reads them all. Both keep their working
//! memory from one call to the next, so that a long-lived one allocates nothing per batch. Output goes into
//! the caller's `Vec`, whose capacity is reused too.
//!
//! Compressed bytes come from strangers: a decompressor stops at its limit with
//! [`DecompressError::TooLarge`], and before that it sets aside no more than a small multiple of what it was
//! given or has already written.

mod codec;
mod compressor;
mod decompressor;
mod error;
mod gzip;
mod lz4;
mod snappy;
#[cfg(feature = "zstd")]
#[path = "zstd.rs"]
mod zstandard;
#[cfg(not(feature = "zstd"))]
#[path = "zstd_reader.rs"]
mod zstandard;

pub use codec::{Codec, UnknownCodec};
pub use compressor::Compressor;
pub use decompressor::Decompressor;
pub use error::{CompressError, DecompressError};

#[cfg(test)]
mod tests;
