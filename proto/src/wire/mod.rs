//! Primitives of the wire: a [`Reader`] that cannot over-read or over-allocate, a [`Writer`] that gathers
//! segments, and the traits that every generated message implements.

mod error;
mod message;
mod reader;
mod writer;

pub use error::{DecodeError, DecodeProblem, EncodeError};
pub use message::{Message, Request, Response, UnknownTaggedField, VersionRange};
pub use reader::Reader;
pub use writer::{Segments, TaggedFields, Writer};

/// The most bytes that a text may have, in every version: Kafka neither writes nor reads a longer one, though a compact
/// length could say more.
pub const MAX_TEXT_BYTES: usize = 32_767;

#[cfg(test)]
mod tests;
