//! Why something waits: a closed set, so that no wait is ever without a name.

use std::fmt;

use ottla_proto::{BrokerId, ErrorCode, TopicName};

use crate::net::{Class, DisconnectCause, ThrottleCause};
use crate::time::Instant;

/// What a batch, a request or a caller waits for.
///
/// There is no "other": whoever adds a wait adds its name here.
#[derive(Clone, Debug, PartialEq)]
pub enum WaitReason {
    /// Nothing is known about the topic yet; the answer of a broker is due.
    Metadata {
        /// The topic.
        topic: TopicName,
    },
    /// The partition has no leader at the moment.
    NoLeader {
        /// The topic.
        topic: TopicName,
        /// The partition.
        partition: i32,
    },
    /// The cluster has not said which broker is the controller.
    NoController,
    /// The cluster names the node without an address to reach it by; a refresh is on its way.
    NoAddress {
        /// The node.
        node: BrokerId,
    },
    /// A connection is being set up.
    Connecting {
        /// The node.
        node: BrokerId,
    },
    /// The last connection failed; the next attempt waits its turn.
    ReconnectBackoff {
        /// The node.
        node: BrokerId,
        /// When the next attempt may start.
        until: Instant,
        /// How the last connection ended.
        error: DisconnectCause,
    },
    /// The broker asked to be left alone for a while (quota).
    Throttled {
        /// The node that asked.
        node: BrokerId,
        /// The kind of requests that it asked for.
        class: Class,
        /// When it ends.
        until: Instant,
        /// Which quota, as far as it can be known.
        cause: ThrottleCause,
    },
    /// The broker has answered several times in a row with a throttle and no records (quota): the next batch may be
    /// larger than all that the quota lets through in its window.
    ThrottledInVain {
        /// The node.
        node: BrokerId,
        /// How many such answers there were.
        answers: u32,
        /// When the throttle at hand ends.
        until: Instant,
    },
    /// As many requests are unanswered on the connection as may be, or as keep the broker busy while the batch can
    /// still grow.
    InFlightLimit {
        /// The node.
        node: BrokerId,
    },
    /// The socket takes no more bytes: the broker has stopped reading, or the network is slow.
    SocketNotAccepting {
        /// The node.
        node: BrokerId,
    },
    /// The request is sent; its answer is due.
    AnswerDue {
        /// The node.
        node: BrokerId,
    },
    /// As [`AnswerDue`](Self::AnswerDue), for records; the answers before did not come in time or were cut, so that
    /// fewer bytes are asked for. A batch that is larger comes whole all the same: if its link needs longer than the
    /// consumer's `request_timeout` for it, only a longer one helps.
    AnswerDueAgain {
        /// The node.
        node: BrokerId,
        /// How many answers in a row did not come through.
        lost: u32,
        /// How many bytes are asked for at most.
        bytes: u64,
    },
    /// A sender has handed it over; nothing is in its way, and the client's next turn takes it.
    Queued,
    /// The batch waits for company.
    Linger {
        /// When it goes in any case.
        until: Instant,
    },
    /// The last attempt failed; the next one waits its turn.
    RetryBackoff {
        /// When the next attempt may start.
        until: Instant,
        /// What the last attempt met.
        error: ErrorCode,
    },
    /// The cluster says that there is no such topic any more; it may be created anew. The next attempt waits its turn.
    NoSuchTopic {
        /// The topic.
        topic: TopicName,
        /// When the next attempt may start.
        until: Instant,
    },
    /// The producer has no id from the cluster yet, or awaits a new epoch.
    ProducerId,
    /// The batch is being compressed.
    Compression,
    /// An earlier batch of the same partition must be settled first, to keep the order.
    EarlierBatch {
        /// The topic.
        topic: TopicName,
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
    /// Records are here and were not read yet; more are asked for when they are.
    Unread,
    /// The application paused the partition.
    Paused,
    /// The application has to come back, or to finish what it holds of partitions that are being given up.
    Application {
        /// Until when it is waited for; `None` without a limit.
        until: Option<Instant>,
    },
    /// The group has more members than partitions, or its topics have none: none is this member's.
    NoPartitions,
    /// What waits for this node already fills the share of the byte budget that one node may hold.
    NodeShare {
        /// The node.
        node: BrokerId,
    },
}

macro_rules! kinds {
    ($($variant:ident),+ $(,)?) => {
        impl WaitReason {
            /// The names of all reasons.
            pub const KINDS: &'static [&'static str] = &[$(stringify!($variant)),+];

            /// The reason's name alone.
            #[must_use]
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$variant { .. } => stringify!($variant)),+
                }
            }
        }
    };
}

// The compiler holds this list complete.
kinds!(
    Metadata,
    NoLeader,
    NoController,
    NoAddress,
    Connecting,
    ReconnectBackoff,
    Throttled,
    ThrottledInVain,
    InFlightLimit,
    SocketNotAccepting,
    AnswerDue,
    AnswerDueAgain,
    Queued,
    Linger,
    RetryBackoff,
    NoSuchTopic,
    ProducerId,
    Compression,
    EarlierBatch,
    Memory,
    Unread,
    Paused,
    Application,
    NoPartitions,
    NodeShare,
);

impl WaitReason {
    /// The node that is waited for, if it is one.
    #[must_use]
    pub fn node(&self) -> Option<BrokerId> {
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

    /// When the wait ends by the clock alone; `None` where only an event ends it.
    #[must_use]
    pub fn until(&self) -> Option<Instant> {
        match self {
            Self::ReconnectBackoff { until, .. }
            | Self::Throttled { until, .. }
            | Self::ThrottledInVain { until, .. }
            | Self::Linger { until }
            | Self::RetryBackoff { until, .. }
            | Self::NoSuchTopic { until, .. } => Some(*until),
            Self::Application { until } => *until,
            _ => None,
        }
    }
}

/// Plain words without the moment of the end: the reader's clock is not ours. See [`WaitReason::until`].
impl fmt::Display for WaitReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Metadata { topic } => write!(f, "waiting to learn about topic {topic}"),
            Self::NoLeader { topic, partition } => write!(f, "{topic}-{partition} has no leader"),
            Self::NoController => f.write_str("the cluster has no known controller"),
            Self::NoAddress { node } => write!(f, "node {node} has no known address"),
            Self::Connecting { node } => write!(f, "connecting to node {node}"),
            Self::ReconnectBackoff { node, error, .. } => {
                write!(f, "waiting to reconnect to node {node} after: {error}")
            }
            Self::Throttled { node, class, cause, .. } => {
                write!(f, "throttled by node {node} for {class} requests ({cause})")
            }
            Self::ThrottledInVain { node, answers, .. } => write!(
                f,
                "throttled by node {node}, which has sent no records {answers} times in a row: the next batch may be \
                 larger than the quota's window; raise consumer_byte_rate"
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
            Self::Linger { .. } => f.write_str("lingering for more records"),
            Self::RetryBackoff { error, .. } => write!(f, "waiting to try again after {error}"),
            Self::NoSuchTopic { topic, .. } => {
                write!(f, "the cluster has no topic {topic} any more; waiting to try again")
            }
            Self::ProducerId => f.write_str("waiting for a producer id"),
            Self::Compression => f.write_str("being compressed"),
            Self::EarlierBatch { topic, partition } => {
                write!(f, "an earlier batch of {topic}-{partition} goes first")
            }
            Self::Memory { needed, free } => {
                write!(f, "the byte budget has {free} bytes free, {needed} are needed")
            }
            Self::Unread => f.write_str("waiting for the application to read what is here"),
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
