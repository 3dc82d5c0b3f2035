//! When partitions are to be looked at, though nothing happens.
//!
//! Each has two moments at most. One is the end of what holds it, and moves with that. By the other its first record
//! expires, or later: nearly every batch is settled in time, so the moment stays where it is when a batch is settled, and
//! the look that comes of it sets it anew. That costs a look for each delivery timeout in place of two changes for each
//! batch.

use std::collections::BTreeSet;

use super::Producer;
use crate::producer::lane::LaneId;
use crate::time::{Instant, earliest};

/// Moments, one for each lane at most, which its partition knows too.
#[derive(Debug, Default)]
struct Moments(BTreeSet<(Instant, LaneId)>);

impl Moments {
    fn set(&mut self, lane: LaneId, known: &mut Option<Instant>, at: Option<Instant>) {
        if *known == at {
            return;
        }
        if let Some(old) = std::mem::replace(known, at) {
            self.0.remove(&(old, lane));
        }
        if let Some(at) = at {
            self.0.insert((at, lane));
        }
    }

    fn first(&self) -> Option<Instant> {
        self.0.first().map(|&(at, _)| at)
    }

    fn pop_due(&mut self, now: Instant) -> Option<LaneId> {
        self.first().filter(|&at| at <= now)?;
        self.0.pop_first().map(|(_, lane)| lane)
    }
}

#[derive(Debug, Default)]
pub(super) struct Timers {
    holds: Moments,
    expiries: Moments,
}

impl Timers {
    pub(super) fn first(&self) -> Option<Instant> {
        earliest(self.holds.first(), self.expiries.first())
    }
}

impl Producer {
    pub(super) fn fire_timers(&mut self, now: Instant) {
        while let Some(lane) = self.timers.holds.pop_due(now) {
            if let Some(partition) = self.partition(lane) {
                partition.hold_ends = None;
            }
            self.touch(lane);
        }
        while let Some(lane) = self.timers.expiries.pop_due(now) {
            if let Some(partition) = self.partition(lane) {
                partition.expires_by = None;
            }
            self.touch(lane);
        }
    }

    /// What holds the partition ends then.
    pub(super) fn set_hold_end(&mut self, lane: LaneId, at: Option<Instant>) {
        if let Some(partition) = self.partitions.get_mut(lane.0 as usize) {
            self.timers.holds.set(lane, &mut partition.hold_ends, at);
        }
    }

    /// No record of the partition expires before that.
    pub(super) fn set_expiry(&mut self, lane: LaneId, at: Option<Instant>) {
        if let Some(partition) = self.partitions.get_mut(lane.0 as usize) {
            self.timers.expiries.set(lane, &mut partition.expires_by, at);
        }
    }
}
