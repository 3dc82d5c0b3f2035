use thiserror::Error;

use super::Codec;

/// Compression that was asked for and cannot be had. The caller's settings or build are at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CompressError {
    /// The codec has levels, but not this one.
    #[error("{codec} has no level {level}: choose one from {min} to {max}")]
    NoSuchLevel {
        /// The codec.
        codec: Codec,
        /// What was asked for.
        level: i32,
        /// The lowest level.
        min: i32,
        /// The highest level.
        max: i32,
    },
    /// The codec has one way to compress only.
    #[error("{codec} has no levels, yet level {level} was asked for")]
    NoLevels {
        /// The codec.
        codec: Codec,
        /// What was asked for.
        level: i32,
    },
    /// This build reads the codec, but cannot write it.
    #[error("writing {codec} needs the feature \"{feature}\", which this build was made without")]
    NeedsFeature {
        /// The codec.
        codec: Codec,
        /// The cargo feature of `ottla-proto` that brings it.
        feature: &'static str,
    },
    /// The library failed, which it does only when memory is short.
    #[error("{codec} could not compress: {reason}")]
    Failed {
        /// The codec.
        codec: Codec,
        /// What the library said.
        reason: &'static str,
    },
}

/// Bytes that do not decompress. Whoever wrote them is at fault, or the limit is too low for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecompressError {
    /// More would come out than the decompressor's limit allows.
    #[error("{codec} data exceeds the limit of {limit} bytes once decompressed")]
    TooLarge {
        /// The codec.
        codec: Codec,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The bytes are not what the codec writes, or stop in the middle.
    #[error("{codec} data is corrupt: {reason}")]
    Corrupt {
        /// The codec.
        codec: Codec,
        /// What does not fit.
        reason: &'static str,
    },
}
