use std::fmt;

use ottla_proto::LeaderEpoch;
use ottla_proto::compression::{Codec, Decompressor};
use ottla_proto::records::{self, BatchHeader, RecordIter, Records, TimestampType};

use super::budget::Charge;
use super::config::TopicPartition;
use super::error::PartitionError;
use crate::sync::Arc;

/// A batch as it was fetched: header and checksum looked at, records untouched and still compressed.
#[derive(Debug)]
pub(super) struct FetchedBatch {
    partition: TopicPartition,
    batch: records::Batch,
    /// Where reading begins; a batch may begin before it.
    from: i64,
    next_offset: i64,
    frame: Arc<Charge>,
}

impl FetchedBatch {
    pub(super) fn new(
        partition: TopicPartition,
        batch: records::Batch,
        from: i64,
        frame: &Arc<Charge>,
    ) -> Self {
        let next_offset = batch.header().next_offset();
        Self { partition, batch, from, next_offset, frame: Arc::clone(frame) }
    }

    pub(super) fn size(&self) -> usize {
        self.batch.bytes().len()
    }

    /// Where reading goes on after it.
    pub(super) fn next_offset(&self) -> i64 {
        self.next_offset
    }

    /// What lies behind the batch up to there is not for the reader.
    pub(super) fn set_next_offset(&mut self, next_offset: i64) {
        self.next_offset = next_offset;
    }

    /// Decompresses the batch if need be and checks every length in it, so that nothing can fail later.
    pub(super) fn open(self, decompressor: &mut Decompressor) -> Result<Batch, PartitionError> {
        let records = self.batch.read(decompressor).map_err(|error| PartitionError {
            partition: self.partition.clone(),
            offset: Some(self.from.max(self.batch.header().base_offset)),
            skip_to: Some(self.next_offset),
            fault: error.into(),
        })?;
        let header = *self.batch.header();
        let in_frame = header.magic >= 2 && header.attributes.codec() == Some(Codec::None);
        let begins_before = records.iter().next().is_some_and(|first| first.offset < self.from);
        let skipped = if begins_before {
            records.iter().take_while(|record| record.offset < self.from).count()
        } else {
            0
        };
        Ok(Batch {
            decompressed: (!in_frame).then(|| self.frame.another(records.size())),
            partition: self.partition,
            skipped,
            records,
            header,
            next_offset: self.next_offset,
            frame: self.frame,
        })
    }
}

/// The records of one batch, ready to be read: iterating borrows, allocates nothing and cannot fail.
///
/// It keeps the answer that brought it in memory, or what it was decompressed into, and both count against the
/// consumer's budget until it is dropped.
pub struct Batch {
    partition: TopicPartition,
    records: Records,
    /// Records at the front that lie before the position.
    skipped: usize,
    header: BatchHeader,
    next_offset: i64,
    frame: Arc<Charge>,
    decompressed: Option<Charge>,
}

impl Batch {
    /// Where the records are from.
    #[must_use]
    pub fn partition(&self) -> &TopicPartition {
        &self.partition
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len() - self.skipped
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The records in the order of their offsets.
    #[must_use]
    pub fn iter(&self) -> RecordIter<'_> {
        let mut records = self.records.iter();
        if let Some(last_skipped) = self.skipped.checked_sub(1) {
            records.nth(last_skipped);
        }
        records
    }

    /// Where reading goes on after this batch. This may be more than one beyond the last record: compaction and
    /// transactions leave offsets that nobody sees.
    #[must_use]
    pub fn next_offset(&self) -> i64 {
        self.next_offset
    }

    /// The epoch of the leader that appended the batch; `None` before format 2.
    #[must_use]
    pub fn leader_epoch(&self) -> Option<LeaderEpoch> {
        Some(self.header.partition_leader_epoch).filter(|epoch| !epoch.is_none())
    }

    /// Whose clock set the timestamps.
    #[must_use]
    pub fn timestamp_type(&self) -> TimestampType {
        self.header.attributes.timestamp_type()
    }

    /// How the batch was compressed.
    #[must_use]
    pub fn codec(&self) -> Codec {
        self.header.attributes.codec().unwrap_or(Codec::None)
    }

    /// The size of the records in bytes, decompressed.
    #[must_use]
    pub fn size(&self) -> usize {
        self.records.size()
    }

    /// What the consumer's budget is charged for while this batch is held: the whole answer that it came in, which
    /// it may share with other batches, and its decompressed records.
    #[must_use]
    pub fn pinned_bytes(&self) -> usize {
        self.frame.bytes() + self.decompressed.as_ref().map_or(0, Charge::bytes)
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("partition", &self.partition)
            .field("records", &self.len())
            .field("next_offset", &self.next_offset)
            .finish_non_exhaustive()
    }
}
