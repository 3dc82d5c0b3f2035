//! The log of a partition, in memory: batches as they came, with their place in the log stamped on.

mod check;
mod producers;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use bytes::{BufMut, Bytes, BytesMut};
use ottla_proto::LeaderEpoch;
use ottla_proto::records::{NO_TIMESTAMP, Placement};

pub(crate) use check::{BatchChecker, CheckedBatch, Refused, only_batch};

use producers::{Producers, Sequenced};

/// The records of one partition.
///
/// Batches are never taken apart: the broker knows their headers and hands their bytes on.
#[derive(Debug, Default)]
pub(crate) struct PartitionLog {
    batches: VecDeque<StoredBatch>,
    start_offset: i64,
    end_offset: i64,
    /// How many bytes were ever appended.
    end_position: u64,
    producers: Producers,
}

#[derive(Debug)]
struct StoredBatch {
    last_offset: i64,
    max_timestamp: i64,
    /// How many bytes of the log lie before it.
    position: u64,
    bytes: Bytes,
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

    /// The offset that the next record gets. All replicas are in sync, so it is the high watermark too.
    pub(crate) fn end_offset(&self) -> i64 {
        self.end_offset
    }

    /// Appends a batch that [`BatchChecker`] let through, unless its sequence says that it must not be.
    ///
    /// `log_append_time` is set for topics that stamp records with the broker's time. Costs one copy.
    pub(crate) fn append(
        &mut self,
        checked: &CheckedBatch,
        leader_epoch: LeaderEpoch,
        log_append_time: Option<i64>,
    ) -> Result<Appended, Refused> {
        let header = checked.batch.header();
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

        self.producers.appended(header, Sequenced { base_offset, timestamp: max_timestamp });
        self.end_offset = last_offset + 1;
        let position = self.end_position;
        self.end_position += bytes.len() as u64;
        self.batches.push_back(StoredBatch { last_offset, max_timestamp, position, bytes });
        Ok(Appended { base_offset, log_append_time: log_append_time.unwrap_or(NO_TIMESTAMP), grown: true })
    }

    /// Drops the oldest batches as long as `retention_bytes` are left without them.
    pub(crate) fn retain(&mut self, retention_bytes: u64) {
        while let Some(oldest) = self.batches.front()
            && self.end_position - oldest.position - oldest.bytes.len() as u64 >= retention_bytes
        {
            self.start_offset = oldest.last_offset + 1;
            self.batches.pop_front();
        }
    }

    /// How many bytes lie from the batch with `offset` on.
    pub(crate) fn bytes_from(&self, offset: i64) -> Result<u64, OutOfRange> {
        self.check_offset(offset)?;
        let first = self.batches.get(self.index_of(offset));
        Ok(first.map_or(0, |first| self.end_position - first.position))
    }

    /// The bytes from the batch with `offset` on, at most `max_bytes`, the last batch cut where they end.
    ///
    /// If the first batch is larger than that, it comes alone and whole if `first_whole` is set; else nothing
    /// comes. Costs one copy, or none if only one batch comes.
    pub(crate) fn read(&self, offset: i64, max_bytes: usize, first_whole: bool) -> Result<Bytes, OutOfRange> {
        self.check_offset(offset)?;
        let mut batches = self.batches.range(self.index_of(offset)..);
        let Some(first) = batches.next() else { return Ok(Bytes::new()) };
        if first.bytes.len() >= max_bytes {
            let comes = first_whole || first.bytes.len() == max_bytes;
            return Ok(if comes { first.bytes.clone() } else { Bytes::new() });
        }
        let Some(second) = batches.next() else { return Ok(first.bytes.clone()) };
        let available = usize::try_from(self.end_position - first.position).unwrap_or(usize::MAX);
        let mut read = BytesMut::with_capacity(available.min(max_bytes));
        read.put_slice(&first.bytes);
        for batch in std::iter::once(second).chain(batches) {
            let room = max_bytes - read.len();
            if room == 0 {
                break;
            }
            read.put_slice(batch.bytes.get(..room).unwrap_or(&batch.bytes));
        }
        Ok(read.freeze())
    }

    /// The first record whose timestamp is not before `timestamp`.
    pub(crate) fn find_timestamp(&self, timestamp: i64, checker: &mut BatchChecker) -> Option<TimedOffset> {
        let candidates = self.batches.iter().filter(|batch| batch.max_timestamp >= timestamp);
        for stored in candidates {
            let found = checker.find_record(&stored.bytes, |record| record.timestamp >= timestamp);
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// The first of the records with the newest timestamp.
    pub(crate) fn newest_timestamp(&self, checker: &mut BatchChecker) -> Option<TimedOffset> {
        // `max_by_key` would take the last of equals.
        let newest = self.batches.iter().rev().max_by_key(|batch| batch.max_timestamp)?;
        checker.find_record(&newest.bytes, |record| record.timestamp >= newest.max_timestamp)
    }

    fn check_offset(&self, offset: i64) -> Result<(), OutOfRange> {
        if (self.start_offset..=self.end_offset).contains(&offset) { Ok(()) } else { Err(OutOfRange) }
    }

    fn index_of(&self, offset: i64) -> usize {
        self.batches.partition_point(|batch| batch.last_offset < offset)
    }
}
