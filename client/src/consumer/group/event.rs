use std::fmt;
use std::time::Duration;

use ottla_core::group as core;
use ottla_core::{Instant, consumer as reading};
use ottla_proto::ErrorCode;

use super::error::{CommitError, GroupError};

/// One partition of one topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
}

impl TopicPartition {
    pub(super) fn new(partition: &reading::TopicPartition) -> Self {
        Self { topic: partition.topic.to_string(), partition: partition.partition }
    }
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// What happened to a member of a group, from [`GroupHandle::next_event`](super::GroupHandle::next_event).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GroupEvent {
    /// Partitions are this member's from now on.
    Assigned(Vec<TopicPartition>),
    /// Partitions are to be given up. Nothing more of them is handed out; work in progress is waited for.
    Revoking {
        /// Which.
        partitions: Vec<TopicPartition>,
        /// For how long it is waited at most.
        within: Duration,
    },
    /// Partitions were given up in good order.
    Revoked(Vec<TopicPartition>),
    /// The group went on without this member, and others may have the partitions already.
    Lost {
        /// Which.
        partitions: Vec<TopicPartition>,
        /// Why.
        cause: Cause,
    },
    /// Partitions were given up although batches of them were still held.
    HandOverOverdue {
        /// Which.
        partitions: Vec<TopicPartition>,
        /// For how long it was waited.
        waited: Duration,
    },
    /// The application has been away for four fifths of the time that it may.
    AbsenceNear {
        /// For how long already.
        away: Duration,
        /// How long it may (`max.poll.interval.ms`).
        limit: Duration,
    },
    /// The application has been away for too long: the member left, and joins again once the application is back.
    AbsenceExceeded {
        /// For how long.
        away: Duration,
        /// How long it may (`max.poll.interval.ms`).
        limit: Duration,
    },
    /// A rebalance is over for this member.
    Rebalanced(Rebalance),
    /// A batch was dropped late and without `done`: nothing from it on is committed automatically.
    Abandoned {
        /// The partition.
        partition: TopicPartition,
        /// The first offset that is not committed.
        offset: i64,
    },
    /// An automatic commit failed; the next one says it again.
    CommitFailed(CommitError),
    /// The member ended for good.
    Failed(GroupError),
}

impl GroupEvent {
    pub(super) fn new(event: core::GroupEvent, now: Instant) -> Option<Self> {
        Some(match event {
            core::GroupEvent::Assigned { partitions } => Self::Assigned(all(&partitions)),
            core::GroupEvent::Revoking { partitions, until } => {
                Self::Revoking { partitions: all(&partitions), within: until.saturating_duration_since(now) }
            }
            core::GroupEvent::Revoked { partitions } => Self::Revoked(all(&partitions)),
            core::GroupEvent::Lost { partitions, cause } => {
                Self::Lost { partitions: all(&partitions), cause: Cause::new(&cause) }
            }
            core::GroupEvent::HandOverOverdue { partitions, waited } => {
                Self::HandOverOverdue { partitions: all(&partitions), waited }
            }
            core::GroupEvent::AbsenceNear { away, limit } => Self::AbsenceNear { away, limit },
            core::GroupEvent::AbsenceExceeded { away, limit } => Self::AbsenceExceeded { away, limit },
            core::GroupEvent::Rebalanced(rebalance) => Self::Rebalanced(Rebalance::new(&rebalance, now)),
            core::GroupEvent::Abandoned { partition, offset } => {
                Self::Abandoned { partition: TopicPartition::new(&partition), offset }
            }
            core::GroupEvent::CommitFailed { error } => Self::CommitFailed(CommitError::new(&error)),
            core::GroupEvent::Failed { error } => Self::Failed(GroupError::new(&error)),
            _ => return None,
        })
    }
}

/// Why a rebalance began.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// The member is new.
    Joining,
    /// Another member came, left, or wants something else.
    Others,
    /// The coordinator gave this member other partitions.
    Assigned,
    /// What was taken away in the first step of a cooperative rebalance is shared out in the second.
    FollowUp,
    /// The topics have other partitions than before.
    PartitionsChanged,
    /// The member wants other topics: it was told so, or its pattern finds others.
    Subscription,
    /// The application stayed away for too long.
    Absence,
    /// The coordinator no longer knows the member as it was: it was silent for too long, say, or the coordinator forgot.
    Refused(ErrorCode),
    /// The coordinator answered a heartbeat with an epoch that cannot follow on the member's own, as after a loss of
    /// what it had written down.
    WrongEpoch {
        /// The epoch that the member said.
        said: i32,
        /// The epoch that it was told.
        told: i32,
    },
    /// The assignment could not be read, or names more partitions than any cluster has.
    Malformed,
}

impl Cause {
    fn new(cause: &core::Cause) -> Self {
        match cause {
            core::Cause::Joining => Self::Joining,
            core::Cause::Others => Self::Others,
            core::Cause::Assigned => Self::Assigned,
            core::Cause::FollowUp => Self::FollowUp,
            core::Cause::PartitionsChanged => Self::PartitionsChanged,
            core::Cause::Subscription => Self::Subscription,
            core::Cause::Absence => Self::Absence,
            core::Cause::Refused { error } => Self::Refused(*error),
            core::Cause::WrongEpoch { said, told } => Self::WrongEpoch { said: *said, told: *told },
            core::Cause::Malformed => Self::Malformed,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Joining => f.write_str("this member is new"),
            Self::Others => f.write_str("another member came, left or changed what it wants"),
            Self::Assigned => f.write_str("the coordinator shared out the partitions anew"),
            Self::FollowUp => f.write_str("partitions that were taken away are shared out again"),
            Self::PartitionsChanged => f.write_str("the topics have other partitions than before"),
            Self::Subscription => f.write_str("this member wants other topics than before"),
            Self::Absence => f.write_str("the application stayed away for too long"),
            Self::Refused(error) => write!(f, "the coordinator no longer knows this member: {error}"),
            Self::WrongEpoch { said, told } => {
                write!(f, "the coordinator answered member epoch {said} with {told}")
            }
            Self::Malformed => f.write_str("the assignment could not be read"),
        }
    }
}

/// One rebalance as this member went through it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rebalance {
    /// Why.
    pub cause: Cause,
    /// This member's id.
    pub member_id: String,
    /// The generation, or with the consumer protocol the member epoch, that it led to.
    pub generation: i32,
    /// How long ago this member learnt of it.
    pub began_ago: Duration,
    /// How long it took this member to go on, work in progress included.
    pub took: Duration,
    /// What it got.
    pub assigned: Vec<TopicPartition>,
    /// What it gave up in good order.
    pub revoked: Vec<TopicPartition>,
    /// What others may have had before it knew.
    pub lost: Vec<TopicPartition>,
}

impl Rebalance {
    pub(super) fn new(rebalance: &core::Rebalance, now: Instant) -> Self {
        Self {
            cause: Cause::new(&rebalance.cause),
            member_id: rebalance.member_id.to_string(),
            generation: rebalance.generation,
            began_ago: now.saturating_duration_since(rebalance.began),
            took: rebalance.took,
            assigned: all(&rebalance.assigned),
            revoked: all(&rebalance.revoked),
            lost: all(&rebalance.lost),
        }
    }
}

/// `generation 3 after 120ms: another member came, ...; got orders-1, gave up nothing, lost nothing`.
impl fmt::Display for Rebalance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |partitions: &[TopicPartition]| {
            let names: Vec<_> = partitions.iter().map(ToString::to_string).collect();
            if names.is_empty() { "nothing".to_owned() } else { names.join(" ") }
        };
        let Self { cause, generation, took, assigned, revoked, lost, .. } = self;
        write!(f, "generation {generation} after {took:.1?}: {cause}; got {}", list(assigned))?;
        write!(f, ", gave up {}, lost {}", list(revoked), list(lost))
    }
}

/// Where a member stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupStatus {
    /// Its id; empty before the coordinator knows it.
    pub member_id: String,
    /// The generation, or the member epoch; below zero if it has none.
    pub generation: i32,
    /// Whether it speaks the consumer protocol (KIP-848); `None` before that is decided.
    pub consumer_protocol: Option<bool>,
    /// What the partitions are shared out by, with the classic protocol.
    pub assignor: Option<String>,
    /// The node that coordinates the group, if it is known.
    pub coordinator: Option<i32>,
    /// Whether it is in the group, and no rebalance goes on.
    pub is_stable: bool,
}

impl GroupStatus {
    pub(super) fn new(status: &core::GroupStatus) -> Self {
        Self {
            member_id: status.member_id.to_string(),
            generation: status.generation,
            consumer_protocol: status.consumer_protocol,
            assignor: status.assignor.as_ref().map(ToString::to_string),
            coordinator: status.coordinator.map(|node| node.0),
            is_stable: status.is_stable,
        }
    }
}

/// How a member left its group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeaveReport {
    /// What is known to be committed of each partition that it had: the offset of the next record to process.
    pub committed: Vec<(TopicPartition, Option<i64>)>,
    /// Partitions of which batches were still held when the time was over.
    pub busy: Vec<TopicPartition>,
    /// Whether the coordinator knows that it left. A static member of the classic protocol keeps its place and says
    /// nothing.
    pub left: bool,
}

impl LeaveReport {
    pub(super) fn new(report: core::LeaveReport) -> Self {
        let committed = report.committed.iter();
        Self {
            committed: committed
                .map(|(partition, offset)| (TopicPartition::new(partition), *offset))
                .collect(),
            busy: all(&report.busy),
            left: report.left,
        }
    }
}

fn all(partitions: &[reading::TopicPartition]) -> Vec<TopicPartition> {
    partitions.iter().map(TopicPartition::new).collect()
}
