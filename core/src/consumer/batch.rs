use std::fmt;

use ottla_proto::LeaderEpoch;
use ottla_proto::compression::{Codec, Decompressor};
use ottla_proto::records::{self, BatchHeader, Place, RecordIter, RecordRef, Records, TimestampType};

use super::budget::Charge;
use super::buffers::BufferPool;
use super::config::TopicPartition;
use super::edge::SlotId;
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
    arrival: u64,
}

impl FetchedBatch {
    pub(super) fn new(
        partition: TopicPartition,
        batch: records::Batch,
        from: i64,
        frame: &Arc<Charge>,
    ) -> Self {
        let next_offset = batch.header().next_offset();
        Self { partition, batch, from, next_offset, frame: Arc::clone(frame), arrival: 0 }
    }

    pub(super) fn size(&self) -> usize {
        self.batch.bytes().len()
    }

    /// The number of the answer that brought it, as the edge counts them.
    pub(super) fn arrival(&self) -> u64 {
        self.arrival
    }

    pub(super) fn set_arrival(&mut self, arrival: u64) {
        self.arrival = arrival;
    }

    /// Where reading goes on after it.
    pub(super) fn next_offset(&self) -> i64 {
        self.next_offset
    }

    /// What lies behind the batch up to there is not for the reader.
    pub(super) fn set_next_offset(&mut self, next_offset: i64) {
        self.next_offset = next_offset;
    }

    /// Decompresses the batch if need be and checks every length in it, so that nothing can fail later. What is
    /// decompressed no longer needs the answer that it came in.
    pub(super) fn open(
        self,
        slot: SlotId,
        decompressor: &mut Decompressor,
        buffers: &Arc<BufferPool>,
    ) -> Result<Batch, PartitionError> {
        let records =
            self.batch.read_with(decompressor, || buffers.take()).map_err(|error| PartitionError {
                partition: self.partition.clone(),
                offset: Some(self.from.max(self.batch.header().base_offset)),
                skip_to: Some(self.next_offset),
                fault: error.into(),
            })?;
        let header = *self.batch.header();
        let (mut place, mut behind) = (Place::default(), Place::default());
        while records.next_after(&mut behind).is_some_and(|record| record.offset < self.from) {
            place = behind;
        }
        let held = match records.buffer_bytes() {
            0 => Held::Frame(self.frame),
            bytes => Held::Buffer(self.frame.another(bytes), Arc::clone(buffers)),
        };
        let next_offset = self.next_offset;
        Ok(Batch { slot, partition: self.partition, records, place, header, next_offset, held })
    }
}

/// The records of one batch, ready to be read: iterating borrows, allocates nothing and cannot fail.
///
/// It keeps the answer that brought it in memory, or what it was decompressed into; that counts against the
/// consumer's budget until it is dropped or detached.
pub struct Batch {
    slot: SlotId,
    partition: TopicPartition,
    records: Records,
    /// Behind the records that lie before the position, or were handed out one by one.
    place: Place,
    header: BatchHeader,
    next_offset: i64,
    held: Held,
}

/// What a batch keeps in memory.
enum Held {
    /// The answer that brought it.
    Frame(Arc<Charge>),
    /// A buffer, which goes back to the pool.
    Buffer(Charge, Arc<BufferPool>),
    /// A copy that the consumer does not count.
    Copy,
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
        self.records.len() - self.place.index()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The records in the order of their offsets.
    #[must_use]
    pub fn iter(&self) -> RecordIter<'_> {
        self.records.iter_from(self.place)
    }

    /// Hands out the first record, which is no longer part of the batch then, and where it is from.
    pub fn take_first(&mut self) -> Option<(&TopicPartition, RecordRef<'_>)> {
        let record = self.records.next_after(&mut self.place)?;
        Some((&self.partition, record))
    }

    /// The offset of the first record, or where reading goes on if there is none left.
    #[must_use]
    pub fn first_offset(&self) -> i64 {
        self.iter().next().map_or(self.next_offset, |record| record.offset)
    }

    /// Whether it holds control records, which end transactions, and no data.
    #[must_use]
    pub fn is_control(&self) -> bool {
        self.header.attributes.is_control()
    }

    /// The same records in memory of their own, which the consumer's budget does not count. Costs a copy; the answer
    /// that brought them is free as far as they are concerned.
    #[must_use]
    pub fn detach(mut self) -> Self {
        let held = std::mem::replace(&mut self.held, Held::Copy);
        let records = self.records.take();
        self.records = records.detach();
        drop(held);
        self
    }

    /// The same records in a buffer, which the budget counts in place of the answer that brought them. Costs a copy, if
    /// they still lie in that answer.
    pub(super) fn leave_frame(mut self, buffers: &Arc<BufferPool>) -> Self {
        if let Held::Frame(frame) = &self.held {
            let records = self.records.take().detach();
            self.held = Held::Buffer(frame.another(records.buffer_bytes()), Arc::clone(buffers));
            self.records = records;
        }
        self
    }

    pub(super) fn slot(&self) -> SlotId {
        self.slot
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
    /// it may share with other batches, or its decompressed records.
    #[must_use]
    pub fn pinned_bytes(&self) -> usize {
        match &self.held {
            Held::Frame(charge) => charge.bytes(),
            Held::Buffer(charge, _) => charge.bytes(),
            Held::Copy => 0,
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if let (Held::Buffer(_, pool), Some(buffer)) = (&self.held, self.records.take().into_buffer()) {
            pool.give_back(buffer);
        }
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
