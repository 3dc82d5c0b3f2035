//! What is really so: what was written, what was made of it, and what the group says.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use ottla_proto::messages::{OffsetCommitRequest, RequestHeader};
use ottla_proto::wire::{Message, Reader, Request};

use crate::report::Violation;

/// The number of a record, unique in its run.
pub(super) type RecordId = u64;

#[derive(Debug, Default)]
pub(super) struct Truth {
    /// What was written at each offset, of each partition; more than one if the log was cut in between.
    written: BTreeMap<i32, BTreeMap<i64, Vec<RecordId>>>,
    /// The first offset that retention has left.
    pub(super) log_start: BTreeMap<i32, i64>,
    /// Partitions of which something may be lost that was read: nothing can be said of their offsets alone.
    broken: BTreeSet<i32>,
    /// How often each record was processed.
    pub(super) processed: BTreeMap<RecordId, u32>,
    /// What an application keeps with its output: how far each partition has come.
    pub(super) stored: BTreeMap<i32, i64>,
    /// How far the group was seen to be.
    committed: BTreeMap<i32, i64>,
    /// Partitions that somebody begins anew by intention.
    rewound: BTreeSet<i32>,
    next_record: RecordId,
    is_recreated: bool,
    /// A node may lead that has not all that was read.
    is_unclean: bool,
}

impl Truth {
    pub(super) fn new(is_unclean: bool) -> Self {
        Self { is_unclean, ..Self::default() }
    }

    /// The numbers of records that are about to be written.
    pub(super) fn number(&mut self, count: usize) -> Vec<RecordId> {
        let first = self.next_record;
        self.next_record += count as u64;
        (first..self.next_record).collect()
    }

    pub(super) fn wrote(&mut self, partition: i32, base_offset: i64, records: &[RecordId]) {
        let log = self.written.entry(partition).or_default();
        for (offset, record) in (base_offset..).zip(records) {
            let there = log.entry(offset).or_default();
            if !there.is_empty() {
                self.broken.insert(partition);
            }
            there.push(*record);
        }
    }

    /// A client was told that the log was cut.
    pub(super) fn was_cut(&mut self, partition: i32) -> Result<(), Violation> {
        if !self.is_unclean && !self.is_recreated {
            return Err(Violation::Untrue(format!(
                "the log of partition {partition} is told to be cut, which cannot be"
            )));
        }
        self.broken.insert(partition);
        Ok(())
    }

    pub(super) fn is_broken(&self, partition: i32) -> bool {
        self.broken.contains(&partition)
    }

    /// The topic begins anew.
    pub(super) fn recreated(&mut self, partitions: i32) {
        self.written.clear();
        self.log_start.clear();
        self.stored.clear();
        // What was in flight for the old one may name offsets of the new one.
        self.broken.extend(0..partitions);
        self.is_recreated = true;
    }

    pub(super) fn is_recreated(&self) -> bool {
        self.is_recreated
    }

    /// The offset in the middle of what the partition holds.
    pub(super) fn middle(&self, partition: i32) -> i64 {
        let begin = self.log_start(partition);
        let end =
            self.written.get(&partition).and_then(|log| log.last_key_value()).map_or(0, |(last, _)| last + 1);
        begin + (end - begin).max(0) / 2
    }

    pub(super) fn log_start(&self, partition: i32) -> i64 {
        self.log_start.get(&partition).copied().unwrap_or(0)
    }

    /// Somebody goes on at `offset` who is to have read everything up to `from`.
    pub(super) fn check_skip(&self, partition: i32, from: i64, offset: i64) -> Result<(), Violation> {
        let from = from.max(self.log_start(partition));
        if from < offset && !self.is_broken(partition) {
            let skipped = self.written.get(&partition).into_iter().flat_map(|log| log.range(from..offset));
            if let Some((skipped, records)) = skipped.into_iter().next() {
                return Err(Violation::Untrue(format!(
                    "reading of partition {partition} goes on at {offset}, past offset {skipped} (records {records:?})"
                )));
            }
        }
        Ok(())
    }

    /// Everything before `offset` is processed, as somebody who begins or commits there claims.
    pub(super) fn check_processed(&self, partition: i32, offset: i64, claim: &str) -> Result<(), Violation> {
        if self.is_broken(partition) {
            return Ok(());
        }
        let begin = self.log_start(partition);
        let before =
            self.written.get(&partition).into_iter().flat_map(|log| log.range(begin..offset.max(begin)));
        for (unread, records) in before {
            if records.iter().all(|record| !self.processed.contains_key(record)) {
                return Err(Violation::Untrue(format!(
                    "{claim} of partition {partition} is {offset}, but nobody has processed offset {unread}"
                )));
            }
        }
        Ok(())
    }

    /// Somebody reads the partition from its begin again.
    pub(super) fn rewound(&mut self, partition: i32) {
        self.rewound.insert(partition);
    }

    /// The group says that it is there: it never goes back.
    pub(super) fn check_committed(&mut self, partition: i32, offset: i64) -> Result<(), Violation> {
        let before = self.committed.insert(partition, offset).unwrap_or(offset);
        if offset < before && !self.is_broken(partition) && !self.rewound.contains(&partition) {
            return Err(Violation::Untrue(format!(
                "the group goes back from {before} to {offset} of partition {partition}"
            )));
        }
        Ok(())
    }

    pub(super) fn process(&mut self, record: RecordId) {
        *self.processed.entry(record).or_default() += 1;
    }
}

/// The offsets that a request wants to commit.
pub(super) fn committed(frame: &Bytes) -> Vec<(i32, i64)> {
    let read = || {
        let version = i16::from_be_bytes(*frame.get(2..)?.first_chunk()?);
        let mut reader = Reader::new(frame.clone());
        RequestHeader::read(&mut reader, OffsetCommitRequest::header_version(version)).ok()?;
        OffsetCommitRequest::read(&mut reader, version).ok()
    };
    let topics = read().into_iter().flat_map(|request| request.topics);
    let partitions = topics.flat_map(|topic| topic.partitions);
    partitions.map(|partition| (partition.partition_index, partition.committed_offset)).collect()
}

pub(super) fn record_of(value: Option<&[u8]>) -> Option<RecordId> {
    Some(RecordId::from_be_bytes(*value?.first_chunk()?))
}
