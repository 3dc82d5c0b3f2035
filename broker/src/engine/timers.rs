use std::collections::BTreeSet;

use ottla_proto::{BrokerId, TopicId};

use crate::Instant;

/// What the engine does when its time has come. A timer whose cause is gone does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The controller gives up a node that it has not heard of.
    EndSession(BrokerId),
    /// A follower that lags on purpose fetches.
    Replicate(TopicId, i32, BrokerId),
    /// A follower may have been behind for too long to be in sync.
    ShrinkIsr(TopicId, i32),
    /// A fault's node returns.
    StartNode(BrokerId),
    /// A fault's node goes on.
    ThawNode(BrokerId),
    /// A fault has held something back for long enough.
    Resume(u64),
}

/// What is to be done, by its time.
#[derive(Debug, Default)]
pub(crate) struct Timers(BTreeSet<(Instant, Timer)>);

impl Timers {
    pub(crate) fn set(&mut self, at: Instant, timer: Timer) {
        self.0.insert((at, timer));
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.0.first().map(|(at, _)| *at)
    }

    pub(crate) fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        self.0.first().filter(|(at, _)| *at <= now)?;
        self.0.pop_first().map(|(_, timer)| timer)
    }
}
