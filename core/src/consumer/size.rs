//! How much of a node's answer may be asked for: less when answers do not come through, and more again when they do.

use std::time::Duration;

/// The smallest answer worth asking for; a larger batch comes whole all the same.
pub(super) const LEAST_ANSWER: usize = 64 << 10;

/// What the answers of one node taught about the way to it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct AnswerSize {
    /// Bytes that are asked for at most, if that is less than the configuration allows.
    limit: Option<usize>,
    /// Answers in a row that did not come through.
    lost: u32,
}

impl AnswerSize {
    /// Bytes to ask for, of `most` that may be.
    pub(super) fn of(self, most: usize) -> usize {
        self.limit.map_or(most, |limit| limit.min(most))
    }

    /// Answers in a row that did not come through.
    pub(super) fn lost(self) -> u32 {
        self.lost
    }

    /// An answer of up to `asked` bytes was cut, or did not come in time.
    pub(super) fn lose(&mut self, asked: usize) {
        self.lost = self.lost.saturating_add(1);
        self.limit = Some(self.of(asked) / 2).map(|half| half.max(LEAST_ANSWER));
    }

    /// An answer of `bytes` came, so long after it was asked for. Only a large one that came in a quarter of the time
    /// shows that one of twice the size would come too.
    pub(super) fn come(&mut self, bytes: usize, after: Duration, within: Duration) {
        self.lost = 0;
        self.limit = match self.limit {
            Some(limit) if bytes >= limit / 2 && after <= within / 4 => limit.checked_mul(2),
            limit => limit,
        };
    }
}
