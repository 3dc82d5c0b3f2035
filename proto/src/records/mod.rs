//! Records as they lie on disk and on the wire.
//!
//! The producer's way: a [`BatchWriter`] encodes each record the moment it is sent. When the batch is closed,
//! [`seal`](BatchWriter::seal) turns it into a [`SealedBatch`], which may be
//! [compressed](SealedBatch::compress). Only when it is first written does
//! [`stamp`](SealedBatch::stamp) add the producer id, epoch and sequence and finish the checksum, so that a
//! batch that is given up before leaves no gap in the sequence.
//!
//! The consumer's way: [`Batches`] cuts a Fetch answer's record set into [`Batch`]es without copying. A batch
//! is checked ([`Batch::verify_crc`]) while its bytes are hot and decoded ([`Batch::read`]) when somebody wants
//! its records: that decompresses, walks every length once, and gives [`Records`], whose iteration borrows and
//! cannot fail. Message sets of the formats 0 and 1 come out as the same type.
//!
//! The broker's way: [`Batch::place`] gives a batch its place in the log, [`Batch::retain`] is what compaction leaves
//! of it.
//!
//! Whatever the bytes say, nothing here panics or loops, and nothing is allocated beyond a small multiple of
//! the input, the decompressor's limit included.

mod batch;
mod batches;
mod compacted;
mod control;
mod crc;
mod error;
mod header;
mod message_set;
mod reader;
mod sealed;
mod varint;
mod writer;

pub use batch::{Batch, Placement};
pub use batches::{Batches, IncompleteBatch};
pub use control::{ControlRecord, EndTransaction, InvalidControlRecord};
pub use crc::crc32;
pub use error::{BatchError, BatchProblem, RecordProblem};
pub use header::{Attributes, BatchHeader, TimestampType, add_to_sequence};
pub use reader::{Header, Headers, OwnedRecord, Place, RecordIter, RecordRef, Records};
pub use sealed::{SealedBatch, Stamp, StampedBatch};
pub use writer::{BatchFull, BatchWriter};

/// The bytes before the records of a batch: what an empty batch takes.
pub const BATCH_HEADER_SIZE: usize = 61;

/// The largest batch that the format can express.
pub const MAX_BATCH_SIZE: usize = i32::MAX as usize;

/// The timestamp that stands for none.
pub const NO_TIMESTAMP: i64 = -1;

/// The sequence that stands for none.
pub const NO_SEQUENCE: i32 = -1;

#[cfg(test)]
mod tests;
