use thiserror::Error;

use crate::compression::DecompressError;

/// A batch that is not what it claims to be. Whoever wrote, stored or carried it is at fault.
///
/// The bytes around it are not affected: a reader that wants to go on does so behind the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("batch at offset {base_offset}: {problem}")]
pub struct BatchError {
    /// The first eight bytes of the batch: where it says that it begins. Of a compressed message set of the
    /// formats 0 and 1, the offset of its last record.
    pub base_offset: i64,
    /// What is wrong.
    pub problem: BatchProblem,
}

impl BatchError {
    pub(super) fn new(base_offset: i64, problem: impl Into<BatchProblem>) -> Self {
        Self { base_offset, problem: problem.into() }
    }
}

/// What is wrong with a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BatchProblem {
    /// The bytes end before the batch does.
    #[error("it needs {needed} bytes, {available} are there")]
    Truncated {
        /// Bytes that the batch needs in all.
        needed: usize,
        /// Bytes that are there.
        available: usize,
    },
    /// A length that no batch can have. Nothing after it can be found.
    #[error("length {0} is impossible")]
    BadLength(i32),
    /// A format that this client does not know.
    #[error("format (magic) {0} is unknown")]
    UnknownMagic(i8),
    /// An offset, or a delta to it, that no log can have.
    #[error("offsets from {base} to {base} + {last_delta} are impossible")]
    BadOffsets {
        /// The base offset.
        base: i64,
        /// The last offset's distance from it.
        last_delta: i32,
    },
    /// A negative number of records.
    #[error("record count {0} is impossible")]
    BadCount(i32),
    /// The checksum does not fit the content.
    #[error("checksum is {computed:#010x}, the batch says {stored:#010x}")]
    CrcMismatch {
        /// What the batch says.
        stored: u32,
        /// What its content gives.
        computed: u32,
    },
    /// A codec that this client does not know, or that the batch's format does not allow.
    #[error("compression type {0} is unknown in this format")]
    UnknownCodec(u8),
    /// The records do not decompress.
    #[error(transparent)]
    Decompress(#[from] DecompressError),
    /// A record does not fit its lengths.
    #[error("record {index}: {problem}")]
    Record {
        /// The record's place in the batch, from 0.
        index: u32,
        /// What is wrong with it.
        problem: RecordProblem,
    },
    /// Bytes are left after the last record.
    #[error("{0} bytes are left after the last record")]
    Trailing(usize),
    /// A compressed message set without a message.
    #[error("a compressed message set is empty")]
    EmptyMessageSet,
    /// A compressed message set in a compressed message set.
    #[error("a compressed message set holds another")]
    NestedCompression,
}

/// What is wrong with one record: the field whose length or encoding leads astray.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RecordProblem {
    /// Its length.
    #[error("its length does not fit what is left of the batch")]
    Length,
    /// Its attributes, which are missing.
    #[error("it has no attributes")]
    Attributes,
    /// Its timestamp.
    #[error("its timestamp is no valid number")]
    Timestamp,
    /// Its offset.
    #[error("its offset is no valid number, or lies before the batch's")]
    Offset,
    /// Its key.
    #[error("its key does not fit the record")]
    Key,
    /// Its value.
    #[error("its value does not fit the record")]
    Value,
    /// How many headers it has.
    #[error("its header count does not fit the record")]
    HeaderCount,
    /// The key of one of its headers.
    #[error("a header's key does not fit the record")]
    HeaderKey,
    /// The value of one of its headers.
    #[error("a header's value does not fit the record")]
    HeaderValue,
    /// Bytes after its last field.
    #[error("bytes are left after its last field")]
    Trailing,
}
