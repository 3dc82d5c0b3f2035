//! What is waited for, in terms that mean something outside the client.

use std::fmt;
use std::time::Duration;

use ottla_core as core;
use ottla_core::Instant;
use ottla_proto::ErrorCode;

use crate::throttle::{ThrottleCause, ThrottleClass};

/// What a batch, a request or a caller waits for.
///
/// The set is closed: there is no "other". A duration counts from the moment at which the reason was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WaitReason {
    /// Nothing is known about the topic yet; the answer of a broker is due.
    Metadata {
        /// The topic.
        topic: String,
    },
    /// The partition has no leader at the moment.
    NoLeader {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// The cluster has not said which broker is the controller.
    NoController,
    /// The cluster names the node without an address; a refresh is on its way.
    NoAddress {
        /// The node.
        node: i32,
    },
    /// A connection is being set up.
    Connecting {
        /// The node.
        node: i32,
    },
    /// The last connection failed; the next attempt waits its turn.
    ReconnectBackoff {
        /// The node.
        node: i32,
        /// Until the next attempt.
        remaining: Duration,
        /// How the last connection ended.
        error: String,
    },
    /// The broker asked to be left alone for a while (quota).
    Throttled {
        /// The node that asked.
        node: i32,
        /// The kind of requests that it asked for.
        class: ThrottleClass,
        /// Until it ends.
        remaining: Duration,
        /// Which quota, as far as it can be known.
        cause: ThrottleCause,
    },
    /// The broker has answered several times in a row with a throttle and no records (quota): the next batch may be
    /// larger than all that the quota lets through in its window. Only a higher `consumer_byte_rate` helps then.
    ThrottledInVain {
        /// The node.
        node: i32,
        /// How many such answers there were.
        answers: u32,
        /// Until the throttle at hand ends.
        remaining: Duration,
    },
    /// As many requests are unanswered on the connection as may be, or as keep the broker busy while the batch can
    /// still grow.
    InFlightLimit {
        /// The node.
        node: i32,
    },
    /// The socket takes no more bytes: the broker has stopped reading, or the network is slow.
    SocketNotAccepting {
        /// The node.
        node: i32,
    },
    /// The request is sent; its answer is due.
    AnswerDue {
        /// The node.
        node: i32,
    },
    /// As [`AnswerDue`](Self::AnswerDue), for records; the answers before did not come in time or were cut, so that
    /// fewer bytes are asked for. A batch that is larger comes whole all the same: if its link needs longer than the
    /// consumer's `request_timeout` for it, only a longer one helps.
    AnswerDueAgain {
        /// The node.
        node: i32,
        /// How many answers in a row did not come through.
        lost: u32,
        /// How many bytes are asked for at most.
        bytes: u64,
    },
    /// A sender has handed it over; nothing is in its way, and the client takes it next.
    Queued,
    /// The batch waits for company.
    Linger {
        /// Until it goes in any case.
        remaining: Duration,
    },
    /// The last attempt failed; the next one waits its turn.
    RetryBackoff {
        /// Until the next attempt.
        remaining: Duration,
        /// What the last attempt met.
        error: ErrorCode,
    },
    /// The cluster says that there is no such topic any more: it was deleted. Should it be created anew, what was never
    /// sent goes there. The next attempt waits its turn.
    NoSuchTopic {
        /// The topic.
        topic: String,
        /// Until the next attempt.
        remaining: Duration,
    },
    /// The producer has no id from the cluster yet, or awaits a new epoch.
    ProducerId,
    /// The batch is being compressed.
    Compression,
    /// An earlier batch of the same partition must be settled first, to keep the order.
    EarlierBatch {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
    /// The byte budget is used up.
    Memory {
        /// The bytes that are needed.
        needed: u64,
        /// The bytes that are free.
        free: u64,
    },
    /// Records of the partition were fetched, and the application has not read them yet.
    Unread,
    /// The application paused the partition.
    Paused,
    /// A member of a group waits for the application: to come back, or to finish the batches that it holds of partitions
    /// that are being given up.
    Application {
        /// Until it is no longer waited for; `None` if there is no limit.
        remaining: Option<Duration>,
    },
    /// A member of a group has nothing to read: the group has more members than partitions, or its topics have none.
    NoPartitions,
    /// What waits for this node already fills the share of the byte budget that one node may hold.
    NodeShare {
        /// The node.
        node: i32,
    },
}

impl WaitReason {
    pub(crate) fn new(reason: &core::WaitReason, now: Instant) -> Self {
        let remaining = |until: &Instant| until.saturating_duration_since(now);
        match reason {
            core::WaitReason::Metadata { topic } => Self::Metadata { topic: topic.to_string() },
            core::WaitReason::NoLeader { topic, partition } => {
                Self::NoLeader { topic: topic.to_string(), partition: *partition }
            }
            core::WaitReason::NoController => Self::NoController,
            core::WaitReason::NoAddress { node } => Self::NoAddress { node: node.0 },
            core::WaitReason::Connecting { node } => Self::Connecting { node: node.0 },
            core::WaitReason::ReconnectBackoff { node, until, error } => {
                Self::ReconnectBackoff { node: node.0, remaining: remaining(until), error: error.to_string() }
            }
            core::WaitReason::Throttled { node, class, until, cause } => Self::Throttled {
                node: node.0,
                class: ThrottleClass::new(*class),
                remaining: remaining(until),
                cause: ThrottleCause::new(*cause),
            },
            core::WaitReason::ThrottledInVain { node, answers, until } => {
                Self::ThrottledInVain { node: node.0, answers: *answers, remaining: remaining(until) }
            }
            core::WaitReason::InFlightLimit { node } => Self::InFlightLimit { node: node.0 },
            core::WaitReason::SocketNotAccepting { node } => Self::SocketNotAccepting { node: node.0 },
            core::WaitReason::AnswerDue { node } => Self::AnswerDue { node: node.0 },
            core::WaitReason::AnswerDueAgain { node, lost, bytes } => {
                Self::AnswerDueAgain { node: node.0, lost: *lost, bytes: *bytes }
            }
            core::WaitReason::Queued => Self::Queued,
            core::WaitReason::Linger { until } => Self::Linger { remaining: remaining(until) },
            core::WaitReason::RetryBackoff { until, error } => {
                Self::RetryBackoff { remaining: remaining(until), error: *error }
            }
            core::WaitReason::NoSuchTopic { topic, until } => {
                Self::NoSuchTopic { topic: topic.to_string(), remaining: remaining(until) }
            }
            core::WaitReason::ProducerId => Self::ProducerId,
            core::WaitReason::Compression => Self::Compression,
            core::WaitReason::EarlierBatch { topic, partition } => {
                Self::EarlierBatch { topic: topic.to_string(), partition: *partition }
            }
            core::WaitReason::Memory { needed, free } => Self::Memory { needed: *needed, free: *free },
            core::WaitReason::Unread => Self::Unread,
            core::WaitReason::Paused => Self::Paused,
            core::WaitReason::Application { until } => {
                Self::Application { remaining: until.as_ref().map(remaining) }
            }
            core::WaitReason::NoPartitions => Self::NoPartitions,
            core::WaitReason::NodeShare { node } => Self::NodeShare { node: node.0 },
        }
    }

    /// The reason's name alone, without node and topic: for counting.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Metadata { .. } => "Metadata",
            Self::NoLeader { .. } => "NoLeader",
            Self::NoController => "NoController",
            Self::NoAddress { .. } => "NoAddress",
            Self::Connecting { .. } => "Connecting",
            Self::ReconnectBackoff { .. } => "ReconnectBackoff",
            Self::Throttled { .. } => "Throttled",
            Self::ThrottledInVain { .. } => "ThrottledInVain",
            Self::InFlightLimit { .. } => "InFlightLimit",
            Self::SocketNotAccepting { .. } => "SocketNotAccepting",
            Self::AnswerDue { .. } => "AnswerDue",
            Self::AnswerDueAgain { .. } => "AnswerDueAgain",
            Self::Queued => "Queued",
            Self::Linger { .. } => "Linger",
            Self::RetryBackoff { .. } => "RetryBackoff",
            Self::NoSuchTopic { .. } => "NoSuchTopic",
            Self::ProducerId => "ProducerId",
            Self::Compression => "Compression",
            Self::EarlierBatch { .. } => "EarlierBatch",
            Self::Memory { .. } => "Memory",
            Self::Unread => "Unread",
            Self::Paused => "Paused",
            Self::Application { .. } => "Application",
            Self::NoPartitions => "NoPartitions",
            Self::NodeShare { .. } => "NodeShare",
        }
    }

    /// The node that is waited for, if it is one.
    #[must_use]
    pub fn node(&self) -> Option<i32> {
        match self {
            Self::NoAddress { node }
            | Self::Connecting { node }
            | Self::ReconnectBackoff { node, .. }
            | Self::Throttled { node, .. }
            | Self::ThrottledInVain { node, .. }
            | Self::InFlightLimit { node }
            | Self::SocketNotAccepting { node }
            | Self::AnswerDue { node }
            | Self::AnswerDueAgain { node, .. }
            | Self::NodeShare { node } => Some(*node),
            Self::Metadata { .. }
            | Self::NoLeader { .. }
            | Self::NoController
            | Self::Queued
            | Self::Linger { .. }
            | Self::RetryBackoff { .. }
            | Self::NoSuchTopic { .. }
            | Self::ProducerId
            | Self::Compression
            | Self::EarlierBatch { .. }
            | Self::Memory { .. }
            | Self::Unread
            | Self::Paused
            | Self::Application { .. }
            | Self::NoPartitions => None,
        }
    }

    /// How long it lasts by the clock alone; `None` where only an event ends it.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        match self {
            Self::ReconnectBackoff { remaining, .. }
            | Self::Throttled { remaining, .. }
            | Self::ThrottledInVain { remaining, .. }
            | Self::Linger { remaining }
            | Self::RetryBackoff { remaining, .. }
            | Self::NoSuchTopic { remaining, .. } => Some(*remaining),
            Self::Application { remaining } => *remaining,
            _ => None,
        }
    }
}

impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Metadata { topic } => write!(f, "waiting to learn about topic {topic}"),
            Self::NoLeader { topic, partition } => write!(f, "{topic}-{partition} has no leader"),
            Self::NoController => f.write_str("the cluster has no known controller"),
            Self::NoAddress { node } => write!(f, "node {node} has no known address"),
            Self::Connecting { node } => write!(f, "connecting to node {node}"),
            Self::ReconnectBackoff { node, remaining, error } => {
                write!(f, "reconnecting to node {node} in {remaining:.1?} after: {error}")
            }
            Self::Throttled { node, class, remaining, cause } => {
                write!(f, "throttled by node {node} for another {remaining:.1?} ({class} requests, {cause})")
            }
            Self::ThrottledInVain { node, answers, remaining } => write!(
                f,
                "throttled by node {node} for another {remaining:.1?}, which has sent no records {answers} times in a \
                 row: the next batch may be larger than the quota's window; raise consumer_byte_rate"
            ),
            Self::InFlightLimit { node } => {
                write!(f, "node {node} has as many unanswered requests as it has use for")
            }
            Self::SocketNotAccepting { node } => write!(f, "node {node} takes no more bytes"),
            Self::AnswerDue { node } => write!(f, "waiting for node {node} to answer"),
            Self::AnswerDueAgain { node, lost, bytes } => write!(
                f,
                "waiting for node {node} to answer with {bytes} bytes at most, after {lost} answers in a row that were cut \
                 or came too late"
            ),
            Self::Queued => f.write_str("handed over to the client"),
            Self::Linger { remaining } => write!(f, "lingering for more records for another {remaining:.1?}"),
            Self::RetryBackoff { remaining, error } => {
                write!(f, "trying again in {remaining:.1?} after {error}")
            }
            Self::NoSuchTopic { topic, remaining } => {
                write!(f, "the cluster has no topic {topic} any more; trying again in {remaining:.1?}")
            }
            Self::ProducerId => f.write_str("waiting for a producer id"),
            Self::Compression => f.write_str("being compressed"),
            Self::EarlierBatch { topic, partition } => {
                write!(f, "an earlier batch of {topic}-{partition} goes first")
            }
            Self::Memory { needed, free } => {
                write!(f, "the byte budget has {free} bytes free, {needed} are needed")
            }
            Self::Unread => f.write_str("fetched records wait to be read"),
            Self::Paused => f.write_str("paused by the application"),
            Self::Application { .. } => {
                f.write_str("waiting for the application to come back, or to finish what it holds")
            }
            Self::NoPartitions => f.write_str("the group has no partition for it"),
            Self::NodeShare { node } => {
                write!(f, "records for node {node} already fill its share of the byte budget")
            }
        }
    }
}

/// Something that waits, as [`Client::explain`](crate::Client::explain) and its likes tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Waiting {
    /// The node, where one is known.
    pub node: Option<i32>,
    /// The topic, where it is about one.
    pub topic: Option<String>,
    /// The partition, where it is about one.
    pub partition: Option<i32>,
    /// What for.
    pub reason: WaitReason,
    /// For how long already.
    pub waited: Duration,
}

impl Waiting {
    pub(crate) fn new(waiting: &core::Waiting, now: Instant) -> Self {
        Self {
            node: waiting.node.map(|node| node.0),
            topic: waiting.topic.as_ref().map(ToString::to_string),
            partition: waiting.partition,
            reason: WaitReason::new(&waiting.reason, now),
            waited: now.saturating_duration_since(waiting.since),
        }
    }
}

/// `orders-3 on node 2: throttled for another 1.2s, for 0.4s already`.
impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, topic, partition, reason, waited } = self;
        match (topic, partition) {
            (Some(topic), Some(partition)) => write!(f, "{topic}-{partition}")?,
            (Some(topic), None) => f.write_str(topic)?,
            (None, _) if matches!(reason, WaitReason::Application { .. } | WaitReason::NoPartitions) => {
                f.write_str("the group's member")?;
            }
            (None, _) => f.write_str("a request")?,
        }
        if let Some(node) = node {
            write!(f, " on node {node}")?;
        }
        write!(f, ": {reason}, for {waited:.1?} already")
    }
}
