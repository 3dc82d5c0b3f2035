use ottla_proto::{BrokerId, ErrorCode, LeaderEpoch};

use super::config::{ConsumerConfig, ResetPolicy, Start, TopicPartition};
use super::error::{PartitionError, PartitionFault};
use crate::cluster::Leader;
use crate::event::Ticket;
use crate::net::RequestToken;
use crate::time::Instant;

/// What the driver knows of one assigned partition.
#[derive(Debug)]
pub(super) struct Partition {
    pub(super) name: TopicPartition,
    pub(super) stage: Stage,
    /// Whether the end is still to be looked up (`until_end`).
    pub(super) end_wanted: bool,
    /// Where reading ends, if it does.
    pub(super) end: Option<i64>,
    /// Where to go on if the position is not in the log; `None` to leave that to the application.
    pub(super) reset_to: Option<Start>,
    /// The epoch of the batch before the position, if one was read.
    pub(super) last_epoch: LeaderEpoch,
    /// The newest leader epoch whose log is known to hold what was read.
    checked_under: LeaderEpoch,
    /// Nothing is fetched before the position was compared with the leader's log.
    pub(super) unchecked: bool,
    /// The position that a reset left behind, until the new one is found.
    pub(super) reset_from: Option<i64>,
    /// Its offset answers a question, and nothing is fetched of it.
    pub(super) question: Option<Ticket>,
    pub(super) leader: Option<Leader>,
    /// A replica to read from in the leader's place.
    pub(super) replica: Option<Replica>,
    /// The node that it is asked of: the replica, or the leader.
    pub(super) node: Option<BrokerId>,
    /// The request that asks for it, if one is in flight.
    pub(super) asked: Option<RequestToken>,
    pub(super) failures: u32,
    pub(super) retry: Option<Retry>,
    /// Since when fetches to its node leave it out.
    pub(super) absent_since: Option<Instant>,
    /// The last answer had no room for its first batch.
    pub(super) incomplete: bool,
    pub(super) since: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// The offset to begin at is not known.
    Start(Start),
    /// The offset to fetch next.
    At(i64),
    /// The application was told and must seek.
    Failed,
}

/// A replica that the leader told us to read from (KIP-392).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Replica {
    pub(super) node: BrokerId,
    /// When the leader is asked again.
    pub(super) until: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Retry {
    pub(super) until: Instant,
    pub(super) since: Instant,
    pub(super) error: ErrorCode,
}

impl Partition {
    pub(super) fn new(name: TopicPartition, start: Start, config: &ConsumerConfig, now: Instant) -> Self {
        Self {
            name,
            stage: start.offset().map_or(Stage::Start(start), Stage::At),
            end_wanted: config.until_end,
            end: None,
            reset_to: match (config.reset, start) {
                (ResetPolicy::Earliest, _) | (ResetPolicy::AsStarted, Start::Earliest) => {
                    Some(Start::Earliest)
                }
                (ResetPolicy::Latest, _) | (ResetPolicy::AsStarted, Start::Latest) => Some(Start::Latest),
                (ResetPolicy::Timestamp(timestamp), _) => Some(Start::Timestamp(timestamp)),
                (ResetPolicy::Ago(age), _) => Some(Start::Ago(age)),
                (ResetPolicy::Error | ResetPolicy::AsStarted, _) => None,
            },
            last_epoch: match start {
                Start::AtEpoch(_, epoch) => epoch,
                _ => LeaderEpoch::NONE,
            },
            checked_under: LeaderEpoch::NONE,
            unchecked: false,
            reset_from: None,
            question: None,
            leader: None,
            replica: None,
            node: None,
            asked: None,
            failures: 0,
            retry: None,
            absent_since: None,
            incomplete: false,
            since: now,
        }
    }

    /// Whether an offset must be asked for before, or instead of, records.
    pub(super) fn needs_lookup(&self) -> bool {
        match self.stage {
            Stage::Start(_) => true,
            Stage::At(_) => self.end_wanted,
            Stage::Failed => false,
        }
    }

    /// Whether it can be asked for, if its records are wanted.
    pub(super) fn is_askable(&self, now: Instant) -> bool {
        matches!(self.stage, Stage::At(_))
            && !self.end_wanted
            && !self.unchecked
            && self.asked.is_none()
            && self.retry.is_none_or(|retry| retry.until <= now)
    }

    /// The node that it is to be asked of.
    pub(super) fn source(&self) -> Option<BrokerId> {
        let leader = self.leader.map(|leader| leader.node);
        leader.map(|leader| self.replica.map_or(leader, |replica| replica.node))
    }

    /// Whether the position must be compared with the leader's log; then it is held until that is done.
    pub(super) fn hold_unchecked(&mut self) -> bool {
        let leader_epoch = self.leader.map_or(LeaderEpoch::NONE, |leader| leader.epoch);
        let known = self.checked_under.max(self.last_epoch);
        self.unchecked = !self.last_epoch.is_none() && leader_epoch > known;
        self.unchecked
    }

    /// What was read is in the leader's log.
    pub(super) fn passed(&mut self) {
        self.unchecked = false;
        self.checked_under = self.leader.map_or(self.checked_under, |leader| leader.epoch);
    }

    /// An answer had no error.
    pub(super) fn succeed(&mut self) {
        self.failures = 0;
        self.retry = None;
    }

    /// Stops it and says why.
    pub(super) fn fail(&mut self, fault: PartitionFault, skip_to: Option<i64>) -> PartitionError {
        let offset = match self.stage {
            Stage::At(offset) => Some(offset),
            Stage::Start(_) | Stage::Failed => None,
        };
        self.stage = Stage::Failed;
        PartitionError { partition: self.name.clone(), offset, skip_to, fault }
    }
}
