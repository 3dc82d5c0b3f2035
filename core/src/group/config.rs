use std::time::Duration;

use bytestring::ByteString;
use ottla_proto::{GroupId, TopicName};

use super::assignor::{Assignor, CooperativeStickyAssignor, RangeAssignor};
use super::interest::TopicPattern;
use crate::consumer::{Isolation, Start};
use crate::retry::Backoff;
use crate::sync::Arc;

/// What a member of a group may be told before it starts. Every field has the default named beside it.
#[derive(Clone, Debug)]
pub struct GroupConfig {
    /// The group. Java: `group.id`.
    pub group: GroupId,
    /// The topics that this member wants to read.
    pub topics: Vec<TopicName>,
    /// A pattern for topics that it wants to read besides: none. Java: `SubscriptionPattern`.
    pub pattern: Option<TopicPattern>,
    /// Which protocol: [`ProtocolChoice::Auto`]. Java: `group.protocol`.
    pub protocol: ProtocolChoice,
    /// The name of a static member (KIP-345): none. Java: `group.instance.id`.
    pub instance_id: Option<ByteString>,
    /// Where this member stands, for assignors that look at racks: nowhere. Java: `client.rack`.
    pub rack: Option<ByteString>,
    /// After how long without a heartbeat the coordinator gives a member up: 45 s. A choice of the classic protocol;
    /// with the other one the broker decides. Java: `session.timeout.ms`.
    pub session_timeout: Option<Duration>,
    /// The time between two heartbeats: 3 s. A choice of the classic protocol. Java: `heartbeat.interval.ms`.
    pub heartbeat_interval: Option<Duration>,
    /// How long the application may stay away before the member leaves, and how long a rebalance waits for a member:
    /// 5 min. Java: `max.poll.interval.ms`.
    pub max_poll_interval: Duration,
    /// How long a rebalance waits for work in progress on partitions that are taken away: four fifths of
    /// [`Self::max_poll_interval`].
    pub hand_over_timeout: Option<Duration>,
    /// How partitions are shared out, by preference: range, then cooperative-sticky. A choice of the classic protocol.
    /// Java: `partition.assignment.strategy`.
    pub assignors: Option<Vec<Arc<dyn Assignor>>>,
    /// The broker's assignor: its own choice. Only with the consumer protocol. Java: `group.remote.assignor`.
    pub server_assignor: Option<ByteString>,
    /// How often what was processed is committed: every 5 s; `None` leaves commits to the application. Java:
    /// `enable.auto.commit` and `auto.commit.interval.ms`.
    pub auto_commit: Option<Duration>,
    /// The text beside each committed offset that was given none of its own: none.
    pub commit_metadata: Option<ByteString>,
    /// Whether what was committed is kept until [`GroupEdge::next_commit`](super::GroupEdge::next_commit) takes it: no.
    pub tells_commits: bool,
    /// Where a partition begins that nothing was ever committed for.
    pub start: Start,
    /// Whether offsets of open transactions are waited for: no.
    pub isolation: Isolation,
    /// How long an answer may take: 30 s. Java: `request.timeout.ms`.
    pub request_timeout: Duration,
    /// The wait after an error that may pass: 100 ms, doubled up to 1 s.
    pub retry_backoff: Backoff,
}

/// Which protocol a member speaks with its coordinator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProtocolChoice {
    /// The consumer protocol if the coordinator offers it and nothing was set that only the classic one has; else the
    /// classic one.
    #[default]
    Auto,
    /// JoinGroup, SyncGroup and Heartbeat; the members share out the partitions.
    Classic,
    /// ConsumerGroupHeartbeat (KIP-848); the coordinator shares out the partitions.
    Consumer,
}

impl GroupConfig {
    /// The defaults, for these topics.
    #[must_use]
    pub fn new(group: GroupId, topics: Vec<TopicName>) -> Self {
        Self {
            group,
            topics,
            pattern: None,
            protocol: ProtocolChoice::Auto,
            instance_id: None,
            rack: None,
            session_timeout: None,
            heartbeat_interval: None,
            max_poll_interval: Duration::from_secs(300),
            hand_over_timeout: None,
            assignors: None,
            server_assignor: None,
            auto_commit: Some(Duration::from_secs(5)),
            commit_metadata: None,
            tells_commits: false,
            start: Start::Latest,
            isolation: Isolation::ReadUncommitted,
            request_timeout: Duration::from_secs(30),
            retry_backoff: Backoff { initial: Duration::from_millis(100), max: Duration::from_secs(1) },
        }
    }

    /// Whether something is set that the consumer protocol has no place for.
    pub(super) fn needs_classic(&self) -> bool {
        self.session_timeout.is_some() || self.heartbeat_interval.is_some() || self.assignors.is_some()
    }

    pub(super) fn session_timeout(&self) -> Duration {
        self.session_timeout.unwrap_or(Duration::from_secs(45))
    }

    pub(super) fn heartbeat_interval(&self) -> Duration {
        self.heartbeat_interval.unwrap_or(Duration::from_secs(3))
    }

    pub(super) fn hand_over_timeout(&self) -> Duration {
        self.hand_over_timeout.unwrap_or(self.max_poll_interval * 4 / 5)
    }

    pub(super) fn assignors(&self) -> Vec<Arc<dyn Assignor>> {
        let usual = || -> Vec<Arc<dyn Assignor>> {
            vec![Arc::new(RangeAssignor), Arc::new(CooperativeStickyAssignor)]
        };
        self.assignors.clone().unwrap_or_else(usual)
    }
}
