use std::collections::BTreeMap;

use ottla_proto::ProducerId;
use ottla_proto::wire::{DecodeError, Reader, Writer};

use super::recovery::count;

/// The transactions in a partition's log (part of Java's `ProducerStateManager`, and its transaction index).
#[derive(Debug, Default)]
pub(super) struct Transactions {
    /// Where each producer's running transaction begins.
    ongoing: BTreeMap<ProducerId, i64>,
    /// Those that have ended, by their end.
    ended: Vec<Ended>,
}

#[derive(Clone, Copy, Debug)]
struct Ended {
    producer_id: ProducerId,
    first_offset: i64,
    /// The offset of its marker.
    last_offset: i64,
    aborted: bool,
}

/// A transaction whose records readers of committed records leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AbortedTransaction {
    pub(crate) producer_id: ProducerId,
    pub(crate) first_offset: i64,
}

impl Transactions {
    /// A transactional record was appended.
    pub(super) fn written(&mut self, producer_id: ProducerId, offset: i64) {
        self.ongoing.entry(producer_id).or_insert(offset);
    }

    /// A marker was appended. One without records before it ends nothing.
    pub(super) fn ended(&mut self, producer_id: ProducerId, committed: bool, last_offset: i64) {
        if let Some(first_offset) = self.ongoing.remove(&producer_id) {
            self.ended.push(Ended { producer_id, first_offset, last_offset, aborted: !committed });
        }
    }

    pub(super) fn start_of(&self, producer_id: ProducerId) -> Option<i64> {
        self.ongoing.get(&producer_id).copied()
    }

    /// The first record of a transaction that has no marker below the high watermark.
    pub(super) fn first_undecided(&self, high_watermark: i64) -> Option<i64> {
        let late = self.ended.iter().rev().take_while(|ended| ended.last_offset >= high_watermark);
        self.ongoing.values().copied().chain(late.map(|ended| ended.first_offset)).min()
    }

    /// The aborted transactions that have records from `from` on and before `until`.
    pub(super) fn aborted(&self, from: i64, until: i64) -> Vec<AbortedTransaction> {
        let first = self.ended.partition_point(|ended| ended.last_offset < from);
        let later = self.ended.get(first..).unwrap_or_default();
        let wanted = later.iter().filter(|ended| ended.aborted && ended.first_offset < until);
        wanted
            .map(|ended| AbortedTransaction {
                producer_id: ended.producer_id,
                first_offset: ended.first_offset,
            })
            .collect()
    }

    /// Whether the producer's record at `offset` belongs to a transaction that was aborted.
    pub(super) fn is_aborted(&self, producer_id: ProducerId, offset: i64) -> bool {
        let first = self.ended.partition_point(|ended| ended.last_offset < offset);
        let mut later = self.ended.iter().skip(first);
        later
            .find(|ended| ended.producer_id == producer_id)
            .is_some_and(|it| it.aborted && it.first_offset <= offset)
    }

    /// The records from `end_offset` on are gone; a transaction that lost its marker goes on.
    pub(super) fn truncate(&mut self, end_offset: i64) {
        while let Some(last) = self.ended.pop_if(|ended| ended.last_offset >= end_offset) {
            self.ongoing.insert(last.producer_id, last.first_offset);
        }
        self.ongoing.retain(|_, first_offset| *first_offset < end_offset);
    }

    /// The markers at these offsets are gone, and before them all records that they decided. A reader that was told
    /// of such a transaction would wait for its end.
    pub(super) fn forget(&mut self, markers: &[i64]) {
        self.ended.retain(|ended| !markers.contains(&ended.last_offset));
    }

    /// As [`read`](Self::read) reads them.
    pub(super) fn write(&self, to: &mut Writer) {
        count(to, self.ongoing.len());
        for (producer_id, first_offset) in &self.ongoing {
            to.i64(producer_id.0);
            to.i64(*first_offset);
        }
        count(to, self.ended.len());
        for ended in &self.ended {
            to.i64(ended.producer_id.0);
            to.i64(ended.first_offset);
            to.i64(ended.last_offset);
            to.bool(ended.aborted);
        }
    }

    pub(super) fn read(from: &mut Reader) -> Result<Self, DecodeError> {
        let mut transactions = Self::default();
        for _ in 0..from.i32("ongoing")? {
            transactions.written(ProducerId(from.i64("producer_id")?), from.i64("first_offset")?);
        }
        for _ in 0..from.i32("ended")? {
            transactions.ended.push(Ended {
                producer_id: ProducerId(from.i64("producer_id")?),
                first_offset: from.i64("first_offset")?,
                last_offset: from.i64("last_offset")?,
                aborted: from.bool("aborted")?,
            });
        }
        Ok(transactions)
    }

    /// The records before `start_offset` are gone.
    pub(super) fn advance_start(&mut self, start_offset: i64) {
        let gone = self.ended.partition_point(|ended| ended.last_offset < start_offset);
        self.ended.drain(..gone);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: ProducerId = ProducerId(1);
    const B: ProducerId = ProducerId(2);

    #[test]
    fn the_first_undecided_record_bounds_what_is_stable() {
        let mut log = Transactions::default();
        log.written(A, 3);
        log.written(B, 5);
        log.written(A, 6);
        assert_eq!(log.first_undecided(10), Some(3));
        log.ended(A, true, 7);
        assert_eq!(log.first_undecided(10), Some(5));
        // A marker that is not replicated yet decides nothing.
        assert_eq!(log.first_undecided(7), Some(3));
        log.ended(B, false, 8);
        assert_eq!(log.first_undecided(9), None);
    }

    #[test]
    fn aborted_transactions_are_found_by_range_and_survive_a_cut() {
        let mut log = Transactions::default();
        for (producer, first, last, committed) in [(A, 0, 2, false), (B, 1, 4, true), (A, 5, 7, false)] {
            log.written(producer, first);
            log.ended(producer, committed, last);
        }
        let firsts = |log: &Transactions, from, until| {
            log.aborted(from, until).iter().map(|it| it.first_offset).collect::<Vec<_>>()
        };
        assert_eq!(firsts(&log, 0, 8), [0, 5]);
        assert_eq!(firsts(&log, 0, 5), [0]);
        assert_eq!(firsts(&log, 3, 8), [5]);
        log.truncate(6);
        assert_eq!(firsts(&log, 0, 8), [0]);
        assert_eq!(log.first_undecided(6), Some(5));
        log.truncate(5);
        assert_eq!(log.first_undecided(5), None);
        log.advance_start(3);
        assert_eq!(firsts(&log, 0, 8), [0; 0]);
    }
}
