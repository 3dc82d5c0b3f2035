use ottla_proto::LeaderEpoch;
use ottla_proto::wire::{DecodeError, Reader, Writer};

use super::recovery::count;

/// Where each leader epoch begins in a log (Java's `LeaderEpochFileCache`): what tells how far two logs agree.
#[derive(Clone, Debug, Default)]
pub(super) struct Epochs(Vec<Began>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Began {
    epoch: LeaderEpoch,
    start_offset: i64,
}

/// How far a leader epoch reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EpochEnd {
    /// The largest epoch that the log knows and that is not above the one that was asked for.
    pub(crate) epoch: LeaderEpoch,
    /// The offset after its last record.
    pub(crate) end_offset: i64,
}

impl Epochs {
    /// Records from `start_offset` on belong to `epoch`, unless the log knows one as new.
    pub(super) fn begin(&mut self, epoch: LeaderEpoch, start_offset: i64) {
        if epoch == self.latest() {
            return;
        }
        // An epoch that ends where it began has left nothing behind, even if it is newer: its leader was none long enough
        // to append, and follows an older one's records now.
        while self.0.last().is_some_and(|last| last.start_offset >= start_offset) {
            self.0.pop();
        }
        if epoch > self.latest() {
            self.0.push(Began { epoch, start_offset });
        }
    }

    /// Each epoch with its start, oldest first.
    pub(super) fn starts(&self) -> impl Iterator<Item = (LeaderEpoch, i64)> {
        self.0.iter().map(|began| (began.epoch, began.start_offset))
    }

    /// As [`read`](Self::read) reads them.
    pub(super) fn write(&self, to: &mut Writer) {
        count(to, self.0.len());
        for began in &self.0 {
            to.i32(began.epoch.0);
            to.i64(began.start_offset);
        }
    }

    pub(super) fn read(from: &mut Reader) -> Result<Self, DecodeError> {
        let mut epochs = Self::default();
        for _ in 0..from.i32("epochs")? {
            epochs.begin(LeaderEpoch(from.i32("epoch")?), from.i64("start_offset")?);
        }
        Ok(epochs)
    }

    pub(super) fn latest(&self) -> LeaderEpoch {
        self.0.last().map_or(LeaderEpoch::NONE, |last| last.epoch)
    }

    /// Where the newest epoch begins.
    pub(super) fn latest_start(&self) -> i64 {
        self.0.last().map_or(0, |last| last.start_offset)
    }

    /// The end of `epoch` in a log that ends at `log_end`; `None` if the log cannot tell.
    pub(super) fn end_of(&self, epoch: LeaderEpoch, log_end: i64) -> Option<EpochEnd> {
        if epoch.is_none() {
            return None;
        }
        if epoch == self.latest() {
            return Some(EpochEnd { epoch, end_offset: log_end });
        }
        let above = self.0.partition_point(|began| began.epoch <= epoch);
        let end_offset = self.0.get(above)?.start_offset;
        let known = above.checked_sub(1).and_then(|below| self.0.get(below));
        Some(EpochEnd { epoch: known.map_or(epoch, |began| began.epoch), end_offset })
    }

    /// The log was cut: nothing from `end_offset` on is left.
    pub(super) fn truncate(&mut self, end_offset: i64) {
        self.0.retain(|began| began.start_offset < end_offset);
    }

    /// The log begins at `start_offset` now. The epoch that reaches over it stays and begins there.
    pub(super) fn advance_start(&mut self, start_offset: i64) {
        let first_above = self.0.partition_point(|began| began.start_offset <= start_offset);
        if let Some(reaching) = first_above.checked_sub(1) {
            self.0.drain(..reaching);
            if let Some(first) = self.0.first_mut() {
                first.start_offset = start_offset;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epochs(began: &[(i32, i64)]) -> Epochs {
        let mut epochs = Epochs::default();
        for &(epoch, start) in began {
            epochs.begin(LeaderEpoch(epoch), start);
        }
        epochs
    }

    fn end(epochs: &Epochs, epoch: i32) -> Option<(i32, i64)> {
        epochs.end_of(LeaderEpoch(epoch), 100).map(|end| (end.epoch.0, end.end_offset))
    }

    #[test]
    fn an_epoch_ends_where_the_next_begins() {
        let epochs = epochs(&[(1, 0), (3, 10), (4, 20)]);
        assert_eq!(end(&epochs, 4), Some((4, 100)));
        assert_eq!(end(&epochs, 3), Some((3, 20)));
        assert_eq!(end(&epochs, 2), Some((1, 10)), "the log never had 2");
        assert_eq!(end(&epochs, 0), Some((0, 0)), "older than everything");
        assert_eq!(end(&epochs, 5), None, "newer than everything");
        assert_eq!(end(&epochs, -1), None);
    }

    #[test]
    fn an_epoch_without_records_is_forgotten_and_an_older_one_never_comes_back() {
        let mut epochs = epochs(&[(1, 0), (2, 10), (3, 10)]);
        assert_eq!(end(&epochs, 2), Some((1, 10)));
        epochs.begin(LeaderEpoch(2), 50);
        assert_eq!(epochs.latest(), LeaderEpoch(3));
    }

    #[test]
    fn a_leader_that_appended_nothing_follows_an_older_epoch() {
        let mut epochs = epochs(&[(0, 0), (1, 13)]);
        epochs.begin(LeaderEpoch(0), 13);
        assert_eq!(end(&epochs, 0), Some((0, 100)));
        epochs.begin(LeaderEpoch(4), 16);
        assert_eq!(end(&epochs, 0), Some((0, 16)));
    }

    #[test]
    fn cuts_on_both_ends() {
        let mut cut = epochs(&[(1, 0), (2, 10), (3, 20)]);
        cut.truncate(20);
        assert_eq!(cut.latest(), LeaderEpoch(2));
        let mut late = epochs(&[(1, 0), (2, 10), (3, 20)]);
        late.advance_start(15);
        assert_eq!(end(&late, 2), Some((2, 20)));
        assert_eq!(end(&late, 1), Some((1, 15)));
    }
}
