use thiserror::Error;

use super::{BatchWriter, MAX_BATCH_SIZE, RecordRef, Stamp, StampedBatch};
use crate::{ProducerEpoch, ProducerId};

/// What a record in a control batch says. No application sees these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ControlRecord {
    /// A transaction ended here (KIP-98).
    EndTransaction(EndTransaction),
    /// Something between brokers, by its type number: leader changes, snapshots, voters, and what comes later. To
    /// be skipped.
    Other(i16),
}

/// The end of a producer's transaction in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndTransaction {
    /// Whether the transaction was committed; else it was aborted.
    pub committed: bool,
    /// How many coordinators its transaction log has had.
    pub coordinator_epoch: i32,
}

/// A control record whose key or value is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the control record at offset {offset} has an impossible {part}")]
pub struct InvalidControlRecord {
    /// The record's offset.
    pub offset: i64,
    /// Key or value.
    pub part: &'static str,
}

impl ControlRecord {
    /// Reads a record of a batch whose [attributes](super::Attributes::is_control) call it a control batch.
    ///
    /// Later versions of key and value only add to their ends, so they are read as version 0.
    ///
    /// # Errors
    /// If the key or the value is too short or null, or has a negative version.
    pub fn read(record: &RecordRef<'_>) -> Result<Self, InvalidControlRecord> {
        let invalid = |part| InvalidControlRecord { offset: record.offset, part };
        let (version, rest) = take(record.key.unwrap_or_default()).ok_or(invalid("key"))?;
        let (kind, _) = take(rest).ok_or(invalid("key"))?;
        if i16::from_be_bytes(version) < 0 {
            return Err(invalid("key"));
        }
        let committed = match i16::from_be_bytes(kind) {
            ABORT => false,
            COMMIT => true,
            other => return Ok(Self::Other(other)),
        };
        let (version, rest) = take(record.value.unwrap_or_default()).ok_or(invalid("value"))?;
        let (coordinator_epoch, _) = take(rest).ok_or(invalid("value"))?;
        if i16::from_be_bytes(version) < 0 {
            return Err(invalid("value"));
        }
        let coordinator_epoch = i32::from_be_bytes(coordinator_epoch);
        Ok(Self::EndTransaction(EndTransaction { committed, coordinator_epoch }))
    }
}

impl EndTransaction {
    /// The control batch that a broker appends to end the producer's transaction, with offset 0 for
    /// [`Batch::place`](super::Batch::place) to change.
    #[must_use]
    pub fn to_batch(
        self,
        producer_id: ProducerId,
        producer_epoch: ProducerEpoch,
        timestamp: i64,
    ) -> StampedBatch {
        let version = 0_i16.to_be_bytes();
        let kind = if self.committed { COMMIT } else { ABORT };
        let key = [version, kind.to_be_bytes()].concat();
        let value = [&version[..], &self.coordinator_epoch.to_be_bytes()].concat();
        let mut writer = BatchWriter::new(Vec::new());
        let appended = writer.append(timestamp, Some(&key), Some(&value), MAX_BATCH_SIZE);
        debug_assert!(appended.is_ok(), "ten bytes fit into a batch");
        let stamp = Stamp { producer_id, producer_epoch, transactional: true, ..Stamp::NONE };
        writer.seal().into_control().stamp(stamp)
    }
}

const ABORT: i16 = 0;
const COMMIT: i16 = 1;

fn take<const N: usize>(bytes: &[u8]) -> Option<([u8; N], &[u8])> {
    bytes.split_first_chunk().map(|(field, rest)| (*field, rest))
}
