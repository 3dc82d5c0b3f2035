use std::fmt;
use std::time::Duration;

use ottla_core::Instant;
use ottla_core::producer as core;
use ottla_proto::ErrorCode;
use thiserror::Error;

use super::Latency;
use crate::wait::WaitReason;

/// Why a record was not accepted, for good.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SendError {
    /// The producer was closed, or the client behind it has stopped; the record was not accepted.
    #[error("the producer is closed")]
    Closed,
    /// The record names a partition that the topic does not have; the caller's to mend.
    #[error("topic {topic} has no partition {partition}; it has {count}, counted from 0")]
    NoSuchPartition {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// How many there are.
        count: u32,
    },
    /// The record alone is larger than a request may be; the caller's to mend.
    #[error(
        "the record takes {size} bytes, {limit} are allowed; raise `request_bytes` (and the topic's \
         max.message.bytes), or send less"
    )]
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// What is allowed.
        limit: usize,
    },
    /// The cluster does not have the topic, or does not let this client use it.
    #[error("topic {topic} cannot be used: {error}; {}", advice(*.error))]
    Topic {
        /// The topic.
        topic: String,
        /// What the cluster said.
        error: ErrorCode,
    },
    /// The cluster refuses to let this producer write at all; the operator's to mend.
    #[error("the cluster refuses this producer: {error}; check its rights, or build it without idempotence")]
    Producer {
        /// What the cluster said.
        error: ErrorCode,
    },
}

fn advice(error: ErrorCode) -> &'static str {
    match error {
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION => "check its name, or create it first",
        ErrorCode::TOPIC_AUTHORIZATION_FAILED => "the operator must grant the right to write to it",
        ErrorCode::INVALID_TOPIC_EXCEPTION => "a topic's name has letters, digits, '.', '_' and '-' only",
        ErrorCode::REQUEST_TIMED_OUT => "no broker could be asked about it in time",
        _ => "ask the cluster's operator",
    }
}

/// Why a record was not accepted at once. The caller still has it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refused {
    /// There is no place for it at the moment; [`send`](crate::TopicProducer::send) would wait.
    #[error("no place for it now: {0}")]
    Waiting(WaitReason),
    /// Waiting would not help.
    #[error(transparent)]
    Never(#[from] SendError),
}

impl Refused {
    pub(super) fn new(refused: core::Refused, topic: &str, now: Instant) -> Self {
        let topic = || topic.to_owned();
        Self::Never(match refused {
            core::Refused::Waiting(reason) => return Self::Waiting(WaitReason::new(&reason, now)),
            core::Refused::NoSuchPartition { partition, count } => {
                SendError::NoSuchPartition { topic: topic(), partition, count }
            }
            core::Refused::TooLarge { size, limit } => SendError::TooLarge { size, limit },
            core::Refused::Topic(error) => SendError::Topic { topic: topic(), error },
            core::Refused::Fatal(error) => SendError::Producer { error },
            _ => SendError::Closed,
        })
    }
}

/// Whether a record that was given up can be in the log all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Certainty {
    /// It is not, and will not be: it never left whole, or each attempt was refused before the append. Sending it
    /// again makes no duplicate.
    NotWritten,
    /// Nobody can say: an attempt went out whole, and no answer settled it.
    PossiblyWritten,
}

impl Certainty {
    pub(crate) fn new(certainty: core::Certainty) -> Self {
        match certainty {
            core::Certainty::NotWritten => Self::NotWritten,
            core::Certainty::PossiblyWritten => Self::PossiblyWritten,
        }
    }
}

/// A record that was accepted and then given up.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeliveryError {
    /// Whether it can be in the log all the same.
    pub certainty: Certainty,
    /// The partition that it was meant for.
    pub partition: i32,
    /// Why it was given up.
    pub failure: DeliveryFailure,
    /// Where the time went until then.
    pub latency: Latency,
}

impl DeliveryError {
    pub(super) fn new(settled: &core::Settled, undelivered: &core::Undelivered) -> Self {
        Self {
            certainty: Certainty::new(undelivered.certainty),
            partition: settled.partition,
            failure: DeliveryFailure::new(&undelivered.cause),
            latency: Latency::new(&settled.latency),
        }
    }
}

impl fmt::Display for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { certainty, partition, failure, .. } = self;
        let certainty = match certainty {
            Certainty::NotWritten => "not written",
            Certainty::PossiblyWritten => "possibly written",
        };
        write!(f, "{certainty} (partition {partition}): {failure}")
    }
}

impl std::error::Error for DeliveryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.failure)
    }
}

/// Why a record was given up.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DeliveryFailure {
    /// It was not acknowledged within the delivery timeout.
    #[error("not acknowledged within {timeout:?}; at the end it waited for: {waiting_for}")]
    Expired {
        /// The timeout.
        timeout: Duration,
        /// What it waited for at that moment, in words.
        waiting_for: String,
        /// What the last attempt met, if there was one.
        last_error: Option<ErrorCode>,
    },
    /// The broker refused it.
    #[error("the broker refused it with {error}{}", Words(.message))]
    Refused {
        /// The broker's reason.
        error: ErrorCode,
        /// The broker's words, if it sent any.
        message: Option<String>,
    },
    /// An earlier batch of the partition was lost, and whether this one arrived cannot be known.
    #[error("an earlier batch of the partition was lost, and this one's fate with it")]
    SequenceGap,
    /// Its topic was deleted and created again, and whether it was written to the deleted one cannot be known.
    #[error("its topic was deleted and created again under way")]
    TopicRecreated,
    /// The broker speaks no version that can carry it; the operator's to mend.
    #[error("it cannot be sent to this broker: {0}")]
    Unsendable(String),
    /// The producer was closed, or its client stopped, before it was acknowledged.
    #[error("the producer was closed before it was acknowledged; `flush` or `close` waits for that")]
    Closed,
    /// It was given up by [`Producer::abort`](crate::Producer::abort).
    #[error("the producer was told to give up everything")]
    Aborted,
    /// It was given up by [`Producer::purge`](crate::Producer::purge).
    #[error("the producer was told to give up the topic's records")]
    Purged,
    /// It was taken back with [`Delivery::cancel`](crate::Delivery::cancel).
    #[error("it was cancelled before it was written")]
    Cancelled,
    /// The connection broke, and `acks=0` allows no second attempt.
    #[error("the connection broke, and acks=0 allows no second attempt")]
    ConnectionLost,
}

impl DeliveryFailure {
    pub(crate) fn new(cause: &core::Cause) -> Self {
        match cause {
            core::Cause::Expired { timeout, waiting_for, last_error } => {
                let waiting_for = waiting_for.to_string();
                Self::Expired { timeout: *timeout, waiting_for, last_error: *last_error }
            }
            core::Cause::Refused { code, message } => {
                Self::Refused { error: *code, message: message.clone() }
            }
            core::Cause::SequenceGap => Self::SequenceGap,
            core::Cause::TopicRecreated => Self::TopicRecreated,
            core::Cause::Unsendable { reason } => Self::Unsendable(reason.clone()),
            core::Cause::Aborted => Self::Aborted,
            core::Cause::Purged => Self::Purged,
            core::Cause::Cancelled => Self::Cancelled,
            core::Cause::ConnectionLost => Self::ConnectionLost,
            _ => Self::Closed,
        }
    }
}

struct Words<'a>(&'a Option<String>);

impl fmt::Display for Words<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(words) => write!(f, ": {words}"),
            None => Ok(()),
        }
    }
}
