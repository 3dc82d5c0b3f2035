use ottla_proto::records::{BatchError, InvalidControlRecord};
use ottla_proto::wire::{DecodeError, EncodeError};
use ottla_proto::{BrokerId, ErrorCode};
use thiserror::Error;

use super::config::TopicPartition;
use crate::net::UnsupportedVersion;

/// Why the reading of one partition stands still. The others go on.
///
/// Nothing is lost: the position stays where it is, the error is told again with every read, and a seek ends
/// it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{partition} cannot be read{}: {fault}", From(*.offset))]
#[non_exhaustive]
pub struct PartitionError {
    /// The partition.
    pub partition: TopicPartition,
    /// The position, that is the offset of the next record wanted; `None` if not even that was found.
    pub offset: Option<i64>,
    /// The offset behind what cannot be read: seek there to give it up. `None` if skipping does not help or the
    /// extent of the damage is unknown.
    pub skip_to: Option<i64>,
    /// What is wrong.
    #[source]
    pub fault: PartitionFault,
}

/// What is wrong with a partition.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PartitionFault {
    /// The bytes are not what a producer wrote: a disk, a network or a broker damaged them, or a producer wrote
    /// nonsense.
    #[error("the records are damaged ({0}); seek past them to give them up, or read from another replica")]
    Records(#[from] BatchError),
    /// The end of a transaction is not what a broker writes.
    #[error("the end of a transaction is damaged ({0}); what it decides cannot be told")]
    Control(#[from] InvalidControlRecord),
    /// The log has no such offset, and the reset policy says to ask.
    #[error("the log holds {}..{}; seek to where reading shall go on, or set a reset policy", Known(*.log_start), Known(*.log_end))]
    OutOfRange {
        /// The first offset that is left, if the broker said.
        log_start: Option<i64>,
        /// One more than the last, if the broker said.
        log_end: Option<i64>,
    },
    /// The log was cut before the position and went on otherwise (KIP-320), and the reset policy says to ask. Java:
    /// `LogTruncationException`.
    #[error(
        "the log was cut: from offset {diverging_offset} on it holds other records than those that were read; seek there to read them, or set a reset policy"
    )]
    Truncated {
        /// The first offset at which the log may differ from what was read.
        diverging_offset: i64,
    },
    /// The topic has no such partition.
    #[error("the topic has {count} partitions, counted from 0; check the number")]
    NoSuchPartition {
        /// How many it has.
        count: i32,
    },
    /// The broker refuses; only somebody with rights on the cluster can help.
    #[error("the broker of node {node} refuses with {error}")]
    Refused {
        /// The node.
        node: BrokerId,
        /// The refusal.
        error: ErrorCode,
    },
    /// The broker's answer is no answer.
    #[error("node {node} answered something unreadable: {problem}")]
    Malformed {
        /// The node.
        node: BrokerId,
        /// What is wrong with it.
        problem: Box<DecodeError>,
    },
    /// The broker sent less than one batch.
    #[error(
        "the next batch needs {needed} bytes and node {node} sent fewer, although it must send a first batch whole"
    )]
    Incomplete {
        /// The node.
        node: BrokerId,
        /// The size of the batch as its head says.
        needed: usize,
    },
    /// The request cannot be written. A fault of this client.
    #[error("the request cannot be written, which is a fault in Ottla: {0}")]
    Encode(#[from] EncodeError),
    /// The broker is too old or too new.
    #[error(transparent)]
    Unsupported(#[from] UnsupportedVersion),
}

/// The partition is not assigned to this consumer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{partition} is not assigned to this consumer")]
pub struct NotAssigned {
    /// The partition.
    pub partition: TopicPartition,
}

struct From(Option<i64>);

impl std::fmt::Display for From {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.map_or(Ok(()), |offset| write!(f, " on from offset {offset}"))
    }
}

struct Known(Option<i64>);

impl std::fmt::Display for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(offset) => offset.fmt(f),
            None => f.write_str("?"),
        }
    }
}
