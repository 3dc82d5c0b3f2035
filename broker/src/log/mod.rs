//! The log of a partition: batches as they came, with their place in the log stamped on, in memory or on disk.

mod check;
mod compaction;
mod epochs;
mod producers;
mod recovery;
mod segments;
#[cfg(test)]
mod tests;
mod transactions;

use std::collections::VecDeque;

use bytes::{BufMut, Bytes, BytesMut};
use ottla_proto::compression::Decompressor;
use ottla_proto::records::{Batch, ControlRecord, EndTransaction, NO_TIMESTAMP, Placement};
use ottla_proto::{ErrorCode, LeaderEpoch, ProducerEpoch, ProducerId};

pub(crate) use check::{BatchChecker, CheckedBatch, Compression, Refused, only_batch};
pub(crate) use compaction::Compaction;
pub(crate) use epochs::EpochEnd;
pub(crate) use segments::{Home, Retention, SegmentRule};

use crate::Instant;
use crate::storage::StorageFailed;
use epochs::Epochs;
pub(crate) use producers::ProducerState;
use producers::{Producers, Sequenced};
use segments::Segments;
pub(crate) use transactions::AbortedTransaction;
use transactions::Transactions;

/// The records of one partition.
///
/// Batches are never taken apart: the broker knows their headers and hands their bytes on.
#[derive(Debug, Default)]
pub(crate) struct PartitionLog {
    batches: VecDeque<StoredBatch>,
    segments: Segments,
    start_offset: i64,
    end_offset: i64,
    /// Where the next batch comes: positions count bytes, from anywhere.
    end_position: u64,
    epochs: Epochs,
    producers: Producers,
    transactions: Transactions,
}

#[derive(Clone, Debug)]
struct StoredBatch {
    last_offset: i64,
    max_timestamp: i64,
    /// Where it lies. Batches that follow one another in a segment have no gaps between them.
    position: u64,
    /// Its bytes; `None` if they are on disk.
    held: Option<Bytes>,
}

/// What became of a batch that was not refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Appended {
    /// The offset of the batch's first record; of the first time, if it came again.
    pub(crate) base_offset: i64,
    /// The moment of appending if the broker stamps records, or the batch's newest timestamp if it came again,
    /// or -1.
    pub(crate) log_append_time: i64,
    /// Whether the log has grown.
    pub(crate) grown: bool,
}

/// The offset lies outside the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutOfRange;

/// Why nothing was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unreadable {
    OutOfRange,
    Storage,
}

impl From<OutOfRange> for Unreadable {
    fn from(OutOfRange: OutOfRange) -> Self {
        Self::OutOfRange
    }
}

impl From<StorageFailed> for Unreadable {
    fn from(StorageFailed: StorageFailed) -> Self {
        Self::Storage
    }
}

/// A record by its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimedOffset {
    pub(crate) offset: i64,
    pub(crate) timestamp: i64,
    pub(crate) leader_epoch: LeaderEpoch,
}

impl PartitionLog {
    /// The offset of the first record that is kept.
    pub(crate) fn start_offset(&self) -> i64 {
        self.start_offset
    }

    /// The offset that the next record gets (the log end offset).
    pub(crate) fn end_offset(&self) -> i64 {
        self.end_offset
    }

    /// Where the newest leader epoch begins.
    pub(crate) fn latest_epoch_start(&self) -> i64 {
        self.epochs.latest_start()
    }

    /// How far `epoch` reaches in this log; `None` if the log cannot tell.
    pub(crate) fn epoch_end(&self, epoch: LeaderEpoch) -> Option<EpochEnd> {
        self.epochs.end_of(epoch, self.end_offset)
    }

    /// The holder of this log leads under `epoch` from now on.
    pub(crate) fn begin_epoch(&mut self, epoch: LeaderEpoch) {
        self.epochs.begin(epoch, self.end_offset);
    }

    /// Appends a batch that [`BatchChecker`] let through, unless its sequence says that it must not be.
    ///
    /// `log_append_time` is set for topics that stamp records with the broker's time. Costs one copy, and on disk
    /// a write. A batch that cannot be written is refused with `KAFKA_STORAGE_ERROR`, and nothing has changed.
    pub(crate) fn append(
        &mut self,
        checked: &CheckedBatch,
        leader_epoch: LeaderEpoch,
        log_append_time: Option<i64>,
    ) -> Result<Appended, Refused> {
        let header = checked.batch.header();
        let in_transaction = self.transactions.start_of(header.producer_id).is_some();
        if in_transaction && !header.attributes.is_transactional() {
            let message = "The producer has a transaction here, and this batch is not part of it";
            return Err(Refused::new(ErrorCode::INVALID_TXN_STATE, message));
        }
        if let Some(earlier) = self.producers.check(header)? {
            return Ok(Appended {
                base_offset: earlier.base_offset,
                log_append_time: earlier.timestamp,
                grown: false,
            });
        }
        let base_offset = self.end_offset;
        let placement = Placement { base_offset, partition_leader_epoch: leader_epoch, log_append_time };
        let bytes = Bytes::from(checked.batch.place(placement));
        let last_offset = base_offset + i64::from(header.last_offset_delta);
        let max_timestamp = log_append_time.unwrap_or(checked.max_timestamp);

        self.push(base_offset, last_offset, max_timestamp, bytes).map_err(|StorageFailed| {
            Refused::new(ErrorCode::KAFKA_STORAGE_ERROR, "The log cannot be written")
        })?;
        self.producers.appended(header, Sequenced { base_offset, timestamp: max_timestamp });
        if header.attributes.is_transactional() {
            self.transactions.written(header.producer_id, base_offset);
        }
        self.epochs.begin(leader_epoch, base_offset);
        Ok(Appended { base_offset, log_append_time: log_append_time.unwrap_or(NO_TIMESTAMP), grown: true })
    }

    /// Appends the marker that ends a producer's transaction, or the part of it in this partition.
    ///
    /// # Errors
    /// `INVALID_PRODUCER_EPOCH` if the producer was seen with a newer epoch, `KAFKA_STORAGE_ERROR` if the log
    /// cannot be written.
    pub(crate) fn append_marker(
        &mut self,
        marker: EndTransaction,
        producer_id: ProducerId,
        epoch: ProducerEpoch,
        leader_epoch: LeaderEpoch,
        now: Instant,
    ) -> Result<(), ErrorCode> {
        if self.producers.epoch_of(producer_id).is_some_and(|seen| seen > epoch) {
            return Err(ErrorCode::INVALID_PRODUCER_EPOCH);
        }
        let stamped = marker.to_batch(producer_id, epoch, now.as_millis());
        let unreadable = |_| ErrorCode::UNKNOWN_SERVER_ERROR;
        let batch = Batch::parse(stamped.bytes().clone()).map_err(unreadable)?;
        let base_offset = self.end_offset;
        let placement =
            Placement { base_offset, partition_leader_epoch: leader_epoch, log_append_time: None };
        let bytes = Bytes::from(batch.place(placement));
        let placed = Batch::parse(bytes.clone()).map_err(unreadable)?;
        self.push(base_offset, base_offset, now.as_millis(), bytes)
            .map_err(|StorageFailed| ErrorCode::KAFKA_STORAGE_ERROR)?;
        self.note(&placed, now.as_millis());
        self.epochs.begin(leader_epoch, base_offset);
        Ok(())
    }

    /// Up to where every transaction is decided, if there is one that is not.
    pub(crate) fn first_undecided(&self, high_watermark: i64) -> Option<i64> {
        self.transactions.first_undecided(high_watermark)
    }

    /// The aborted transactions that have records from `from` on and before `until`.
    pub(crate) fn aborted(&self, from: i64, until: i64) -> Vec<AbortedTransaction> {
        self.transactions.aborted(from, until)
    }

    /// What is known of the producers that wrote here.
    pub(crate) fn producers(&self) -> impl Iterator<Item = ProducerState> {
        let transaction_start = |id| self.transactions.start_of(id);
        self.producers
            .states()
            .map(move |state| ProducerState { transaction_start: transaction_start(state.id), ..state })
    }

    /// Forgets the producers that wrote last so many milliseconds ago and are in no transaction.
    pub(crate) fn forget_producers(&mut self, now_ms: i64, after_ms: i64) {
        let Self { producers, transactions, .. } = self;
        producers.expire(now_ms, after_ms, |id| transactions.start_of(id).is_some());
    }

    /// Makes this follower's log as the leader's: cuts off what the leader does not have, then takes over what is
    /// missing. Returns whether anything changed.
    ///
    /// Batches in memory are shared, not copied. Costs a walk over the log only if something has to be cut off. If a
    /// disk fails, the log stays behind and the next call goes on.
    pub(crate) fn follow(&mut self, leader: &Self) -> bool {
        let before = (self.start_offset, self.end_offset, self.epochs.latest());
        // What was done before a failure is done.
        let _ = self.try_follow(leader);
        before != (self.start_offset, self.end_offset, self.epochs.latest())
    }

    fn try_follow(&mut self, leader: &Self) -> Result<(), StorageFailed> {
        self.truncate_to_common(leader)?;
        if self.end_offset < leader.start_offset {
            self.reset(leader.start_offset)?;
        }
        for stored in leader.batches.range(leader.index_of(self.end_offset)..) {
            // Every stored batch was parsed before; one that is none now was damaged on disk.
            let batch = Batch::parse(leader.load(stored)?).map_err(|_| StorageFailed)?;
            let (base_offset, epoch) = (batch.header().base_offset, batch.header().partition_leader_epoch);
            self.push(base_offset, stored.last_offset, stored.max_timestamp, batch.bytes().clone())?;
            self.note(&batch, stored.max_timestamp);
            self.epochs.begin(epoch, base_offset);
        }
        self.advance_start(leader.start_offset);
        Ok(())
    }

    /// Cuts off what this log has and the leader's has not (KIP-101, 279).
    fn truncate_to_common(&mut self, leader: &Self) -> Result<(), StorageFailed> {
        loop {
            let (epoch, end) = (self.epochs.latest(), self.end_offset);
            let common = match leader.epoch_end(epoch) {
                Some(theirs) if theirs.epoch == epoch => theirs.end_offset,
                Some(theirs) => self
                    .epoch_end(theirs.epoch)
                    .map_or(theirs.end_offset, |ours| ours.end_offset.min(theirs.end_offset)),
                // Without an epoch there is no record to disagree about.
                None => leader.end_offset,
            };
            if common >= end {
                return Ok(());
            }
            self.truncate(common)?;
            if self.end_offset == end {
                // Nothing is left to cut off, and still this log is ahead.
                return self.reset(0);
            }
        }
    }

    /// Cuts off the batches from `end_offset` on. If those that stay cannot be read, nothing has changed.
    pub(crate) fn truncate(&mut self, end_offset: i64) -> Result<(), StorageFailed> {
        let kept = self.index_of(end_offset);
        let known = std::mem::take(&mut self.producers);
        if let Err(failed) = self.learn_producers(kept) {
            self.producers = known;
            return Err(failed);
        }
        if let Some(first) = self.batches.get(kept) {
            let position = first.position;
            self.batches.truncate(kept);
            self.cut(position)?;
        }
        self.end_offset = self.batches.back().map_or(self.start_offset, |newest| newest.last_offset + 1);
        self.epochs.truncate(self.end_offset);
        self.transactions.truncate(self.end_offset);
        Ok(())
    }

    /// Learns from the first `count` batches what their producers have done.
    fn learn_producers(&mut self, count: usize) -> Result<(), StorageFailed> {
        for index in 0..count {
            let Some(stored) = self.batches.get(index) else { break };
            let max_timestamp = stored.max_timestamp;
            if let Ok(batch) = Batch::parse(self.load(stored)?) {
                self.note_producer(&batch, max_timestamp);
            }
        }
        Ok(())
    }

    /// How many bytes lie from the batch with `offset` on before `limit`, which is where a batch begins or the
    /// log ends.
    pub(crate) fn bytes_from(&self, offset: i64, limit: i64) -> Result<u64, OutOfRange> {
        self.check_offset(offset)?;
        let first = self.batches.get(self.index_of(offset));
        Ok(first.map_or(0, |first| self.position_of(limit).saturating_sub(first.position)))
    }

    /// The bytes from the batch with `offset` on and before `limit`, at most `max_bytes`, the last batch cut where
    /// they end.
    ///
    /// If the first batch is larger than that, it comes alone and whole if `first_whole` is set; else nothing
    /// comes. Costs one copy, or none if only one batch comes from memory.
    pub(crate) fn read(
        &self,
        offset: i64,
        limit: i64,
        max_bytes: usize,
        first_whole: bool,
    ) -> Result<Bytes, Unreadable> {
        self.check_offset(offset)?;
        let (from, to) = (self.index_of(offset), self.index_of(limit));
        let mut batches = self.batches.range(from.min(to)..to).peekable();
        let Some(first) = batches.next() else { return Ok(Bytes::new()) };
        let size = self.size_of(first);
        if size >= max_bytes || batches.peek().is_none() {
            let comes = first_whole || size <= max_bytes;
            return Ok(if comes { self.load(first)? } else { Bytes::new() });
        }
        let available = usize::try_from(self.position_of(limit) - first.position).unwrap_or(usize::MAX);
        let available = available.min(max_bytes);
        let (Some(held), None) = (&first.held, &self.segments.home) else {
            return Ok(self.read_disk(first.position, available)?);
        };
        let mut read = BytesMut::with_capacity(available);
        read.put_slice(held);
        for held in batches.map_while(|batch| batch.held.as_ref()) {
            let room = max_bytes - read.len();
            if room == 0 {
                break;
            }
            read.put_slice(held.get(..room).unwrap_or(held));
        }
        Ok(read.freeze())
    }

    /// The bytes of one batch.
    fn load(&self, stored: &StoredBatch) -> Result<Bytes, StorageFailed> {
        match &stored.held {
            Some(bytes) => Ok(bytes.clone()),
            None => self.read_disk(stored.position, self.size_of(stored)),
        }
    }

    fn read_disk(&self, position: u64, length: usize) -> Result<Bytes, StorageFailed> {
        self.segments.read(self.segments.home.as_ref().ok_or(StorageFailed)?, position, length)
    }

    fn size_of(&self, stored: &StoredBatch) -> usize {
        match &stored.held {
            Some(bytes) => bytes.len(),
            // The positions of batches have no gaps.
            None => {
                let end = self.position_of(stored.last_offset + 1);
                usize::try_from(end - stored.position).unwrap_or(usize::MAX)
            }
        }
    }

    /// The first record whose timestamp is not before `timestamp`.
    pub(crate) fn find_timestamp(
        &self,
        timestamp: i64,
        checker: &mut BatchChecker,
    ) -> Result<Option<TimedOffset>, StorageFailed> {
        let candidates = self.batches.iter().filter(|batch| batch.max_timestamp >= timestamp);
        for stored in candidates {
            let found = checker.find_record(&self.load(stored)?, |record| record.timestamp >= timestamp);
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The first of the records with the newest timestamp.
    pub(crate) fn newest_timestamp(
        &self,
        checker: &mut BatchChecker,
    ) -> Result<Option<TimedOffset>, StorageFailed> {
        // `max_by_key` would take the last of equals.
        let Some(newest) = self.batches.iter().rev().max_by_key(|batch| batch.max_timestamp) else {
            return Ok(None);
        };
        Ok(checker.find_record(&self.load(newest)?, |record| record.timestamp >= newest.max_timestamp))
    }

    /// Learns from a batch that has its place in the log what its producer has done.
    fn note(&mut self, batch: &Batch, max_timestamp: i64) {
        let header = batch.header();
        let marker = self.note_producer(batch, max_timestamp);
        if let Some(marker) = marker {
            self.transactions.ended(header.producer_id, marker.committed, header.base_offset);
        } else if header.attributes.is_transactional() && !header.attributes.is_control() {
            self.transactions.written(header.producer_id, header.base_offset);
        }
    }

    /// The part of [`note`](Self::note) that is about sequences and epochs.
    fn note_producer(&mut self, batch: &Batch, timestamp: i64) -> Option<EndTransaction> {
        let header = batch.header();
        if !header.attributes.is_control() {
            self.producers.appended(header, Sequenced { base_offset: header.base_offset, timestamp });
            return None;
        }
        let marker = marker(batch)?;
        self.producers.ended(header, marker.coordinator_epoch);
        Some(marker)
    }

    fn check_offset(&self, offset: i64) -> Result<(), OutOfRange> {
        if (self.start_offset..=self.end_offset).contains(&offset) { Ok(()) } else { Err(OutOfRange) }
    }

    fn position_of(&self, offset: i64) -> u64 {
        self.batches.get(self.index_of(offset)).map_or(self.end_position, |stored| stored.position)
    }

    fn index_of(&self, offset: i64) -> usize {
        self.batches.partition_point(|batch| batch.last_offset < offset)
    }
}

/// What a control batch says of a transaction.
fn marker(batch: &Batch) -> Option<EndTransaction> {
    let records = batch.read(&mut Decompressor::default()).ok()?;
    match ControlRecord::read(&records.iter().next()?).ok()? {
        ControlRecord::EndTransaction(marker) => Some(marker),
        _ => None,
    }
}
