//! What happens in a client without anybody asking, as values.

use std::fmt;

use ottla_core as core;
use ottla_core::Instant;
use ottla_proto::ErrorCode;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::producer::{Certainty, DeliveryFailure};
use crate::throttle::{Throttle, ThrottleCause, ThrottleClass};

/// Something that happened and that an operator may want to know. `tracing` tells the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A connection is ready for requests.
    Connected {
        /// The node; below zero for a server of the bootstrap list that has not told its number.
        node: i32,
        /// Its address, as `host:port`.
        address: String,
        /// What the connection is for.
        purpose: ConnectionPurpose,
    },
    /// A connection ended, or none came to be. It is set up again when something is to be sent.
    Disconnected {
        /// The node; below zero for a server of the bootstrap list that has not told its number.
        node: i32,
        /// Its address, as `host:port`.
        address: String,
        /// What the connection was for.
        purpose: ConnectionPurpose,
        /// Why, in words.
        cause: String,
        /// Whether nothing is wrong: it was unused, or no longer needed.
        expected: bool,
    },
    /// A broker asked to be left alone (quota).
    ThrottleBegan(Throttle),
    /// A broker that is being left alone asked for longer.
    ThrottleExtended(Throttle),
    /// A throttle is over.
    ThrottleEnded {
        /// The node that had asked.
        node: i32,
        /// The kind of requests.
        class: ThrottleClass,
        /// Which quota, as far as it could be known.
        cause: ThrottleCause,
    },
    /// A partition that a producer sends to has another leader, or none any more, or one again.
    LeaderChanged {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// Its leader until now.
        from: Option<i32>,
        /// Its leader from now on.
        to: Option<i32>,
    },
    /// A producer has been given its id.
    ProducerIdAssigned {
        /// The id.
        producer_id: i64,
        /// The epoch that it begins with.
        epoch: i16,
    },
    /// A producer goes on under its next epoch: a batch was lost, and those behind it are numbered anew (KIP-360).
    EpochBumped {
        /// The topic with the lost batch.
        topic: String,
        /// The partition with the lost batch.
        partition: i32,
        /// The producer's id.
        producer_id: i64,
        /// The new epoch.
        epoch: i16,
    },
    /// Records were given up: expired, refused, or abandoned because the producer was closed.
    Undelivered {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// How many.
        records: u32,
        /// Whether they can be in the log all the same.
        certainty: Certainty,
        /// Why.
        failure: DeliveryFailure,
    },
    /// The view of the cluster changed: brokers, topics or leaders.
    ClusterChanged,
    /// A broker refused to describe the cluster; it is asked again, or another one is.
    MetadataRefused {
        /// The node.
        node: i32,
        /// Its reason.
        error: ErrorCode,
    },
    /// Whoever reads the events was too slow: this many were dropped.
    Missed(u64),
}

/// What a connection is for. Each purpose has its own connection to a broker, so that none delays another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectionPurpose {
    /// The view of the cluster, and administration.
    Control,
    /// A producer's requests.
    Produce,
    /// A consumer's requests for records.
    Fetch,
    /// A consumer's dealings with its group.
    Group,
}

impl ConnectionPurpose {
    fn new(role: core::net::Role) -> Self {
        match role {
            core::net::Role::Control => Self::Control,
            core::net::Role::Produce(_) => Self::Produce,
            core::net::Role::Fetch(_) => Self::Fetch,
            core::net::Role::Coordinator(_) => Self::Group,
        }
    }
}

impl fmt::Display for ConnectionPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Control => "control",
            Self::Produce => "produce",
            Self::Fetch => "fetch",
            Self::Group => "group",
        })
    }
}

impl Event {
    /// `None` for what belongs to one caller, or is told elsewhere.
    pub(crate) fn new(event: &core::Event, now: Instant) -> Option<Self> {
        Some(match event {
            core::Event::Connected { node, role, host } => Self::Connected {
                node: node.0,
                address: host.to_string(),
                purpose: ConnectionPurpose::new(*role),
            },
            core::Event::Disconnected { node, role, host, cause, expected } => Self::Disconnected {
                node: node.0,
                address: host.to_string(),
                purpose: ConnectionPurpose::new(*role),
                cause: cause.to_string(),
                expected: *expected,
            },
            core::Event::ThrottleBegan(throttle) => Self::ThrottleBegan(Throttle::new(*throttle, now)),
            core::Event::ThrottleExtended(throttle) => Self::ThrottleExtended(Throttle::new(*throttle, now)),
            core::Event::ThrottleEnded(throttle) => {
                let Throttle { node, class, cause, .. } = Throttle::new(*throttle, now);
                Self::ThrottleEnded { node, class, cause }
            }
            core::Event::LeaderChanged { topic, partition, from, to } => Self::LeaderChanged {
                topic: topic.to_string(),
                partition: *partition,
                from: from.map(|node| node.0),
                to: to.map(|node| node.0),
            },
            core::Event::ProducerIdAssigned { producer_id, epoch } => {
                Self::ProducerIdAssigned { producer_id: producer_id.0, epoch: epoch.0 }
            }
            core::Event::EpochBumped { topic, partition, producer_id, epoch } => Self::EpochBumped {
                topic: topic.to_string(),
                partition: *partition,
                producer_id: producer_id.0,
                epoch: epoch.0,
            },
            core::Event::Undelivered { topic, partition, records, undelivered } => Self::Undelivered {
                topic: topic.to_string(),
                partition: *partition,
                records: *records,
                certainty: Certainty::new(undelivered.certainty),
                failure: DeliveryFailure::new(&undelivered.cause),
            },
            core::Event::ClusterChanged { .. } => Self::ClusterChanged,
            core::Event::MetadataRefused { node, error } => {
                Self::MetadataRefused { node: node.0, error: *error }
            }
            _ => return None,
        })
    }
}

/// The events of a client, from the moment of [`Client::events`](crate::Client::events) on.
///
/// It keeps nothing alive. The last 1,024 events wait for a slow reader; what is older is dropped, and
/// [`Event::Missed`] says how many. The client never waits for a reader.
#[derive(Debug)]
pub struct Events(Option<broadcast::Receiver<Event>>);

/// How many events wait for a reader.
pub(crate) const UNREAD: usize = 1024;

impl Events {
    pub(crate) fn new(receiver: Option<broadcast::Receiver<Event>>) -> Self {
        Self(receiver)
    }

    /// Waits for the next event; `None` when the client has stopped and everything was told.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: an event is taken only when it is returned.
    pub async fn next(&mut self) -> Option<Event> {
        match self.0.as_mut()?.recv().await {
            Ok(event) => Some(event),
            Err(RecvError::Lagged(missed)) => Some(Event::Missed(missed)),
            Err(RecvError::Closed) => None,
        }
    }
}
