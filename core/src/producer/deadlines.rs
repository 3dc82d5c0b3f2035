//! When the records of a batch expire: most by the producer's timeout, some by one of their own.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::time::{Instant, earliest};

/// The deadlines of a batch's records.
#[derive(Debug, Default)]
pub(super) struct Deadlines {
    /// Of records with a timeout of their own that have not expired.
    own: BTreeMap<(Instant, u32), Duration>,
    /// How many records ever had one.
    with_own: u32,
    /// All others have expired.
    rest_over: bool,
}

/// Which records of a batch have expired since the last look.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    /// These, with the timeout of each; others have time left.
    Some(Vec<(u32, Duration)>),
    /// The last of them had this timeout.
    All(Duration),
}

impl Deadlines {
    pub(super) fn add(&mut self, index: u32, accepted_at: Instant, timeout: Duration) {
        self.own.insert((accepted_at + timeout, index), timeout);
        self.with_own += 1;
    }

    pub(super) fn has_own(&self) -> bool {
        self.with_own > 0
    }

    /// When the next of that many records expires, if those without a timeout of their own do at `rest`.
    pub(super) fn next(&self, rest: Instant, count: u32) -> Option<Instant> {
        let own = self.own.first_key_value().map(|(&(at, _), _)| at);
        earliest(own, self.has_rest(count).then_some(rest))
    }

    /// Takes out what has expired by `now`; `rest` and `timeout` are for those without a timeout of their own.
    pub(super) fn take_due(&mut self, rest: Instant, timeout: Duration, count: u32, now: Instant) -> Due {
        let mut due = Vec::new();
        let mut last = timeout;
        while let Some(entry) = self.own.first_entry().filter(|entry| entry.key().0 <= now) {
            let ((_, index), own) = entry.remove_entry();
            due.push((index, own));
            last = own;
        }
        if self.has_rest(count) && rest <= now {
            self.rest_over = true;
            last = timeout;
            if !self.own.is_empty() {
                let left: Vec<_> = self.own.keys().map(|&(_, index)| index).collect();
                // Those that expired before are told once all the same.
                due.extend((0..count).filter(|index| !left.contains(index)).map(|index| (index, timeout)));
            }
        }
        if self.own.is_empty() && !self.has_rest(count) {
            Due::All(last)
        } else if due.is_empty() {
            Due::Nothing
        } else {
            Due::Some(due)
        }
    }

    /// The deadlines of the records from `first` on, counted from there, `to_kept` giving the place of each; what is
    /// before stays.
    pub(super) fn split_off(&mut self, first: u32, to_kept: impl Fn(u32) -> Option<u32>) -> Self {
        let mut low = Self { rest_over: self.rest_over, ..Self::default() };
        let mut high = Self { rest_over: self.rest_over, ..Self::default() };
        for ((at, index), timeout) in std::mem::take(&mut self.own) {
            let Some(kept) = to_kept(index) else { continue };
            let (half, place) = if kept < first { (&mut low, kept) } else { (&mut high, kept - first) };
            half.own.insert((at, place), timeout);
            half.with_own += 1;
        }
        *self = low;
        high
    }

    fn has_rest(&self, count: u32) -> bool {
        !self.rest_over && count > self.with_own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_millis(100);

    fn at(millis: u64) -> Instant {
        Instant::from_micros(millis * 1000)
    }

    fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn without_own_timeouts_all_expire_together() {
        let mut deadlines = Deadlines::default();
        assert_eq!(deadlines.next(at(100), 3), Some(at(100)));
        assert_eq!(deadlines.take_due(at(100), TIMEOUT, 3, at(99)), Due::Nothing);
        assert_eq!(deadlines.take_due(at(100), TIMEOUT, 3, at(100)), Due::All(TIMEOUT));
    }

    #[test]
    fn a_shorter_timeout_takes_its_record_alone() {
        let mut deadlines = Deadlines::default();
        deadlines.add(1, at(10), millis(30));
        assert_eq!(deadlines.next(at(100), 3), Some(at(40)));
        assert_eq!(deadlines.take_due(at(100), TIMEOUT, 3, at(40)), Due::Some(vec![(1, millis(30))]));
        assert_eq!(deadlines.next(at(100), 3), Some(at(100)));
        assert_eq!(deadlines.take_due(at(100), TIMEOUT, 3, at(100)), Due::All(TIMEOUT));
    }

    #[test]
    fn a_longer_timeout_outlives_the_rest() {
        let mut deadlines = Deadlines::default();
        deadlines.add(1, at(0), millis(500));
        let rest = Due::Some(vec![(0, TIMEOUT), (2, TIMEOUT)]);
        assert_eq!(deadlines.take_due(at(100), TIMEOUT, 3, at(100)), rest);
        assert_eq!(deadlines.take_due(at(100), TIMEOUT, 3, at(101)), Due::Nothing);
        assert_eq!(deadlines.next(at(100), 3), Some(at(500)));
        assert_eq!(deadlines.take_due(at(100), TIMEOUT, 3, at(500)), Due::All(millis(500)));
    }
}
