use ottla_core::consumer as core;
use ottla_proto::ErrorCode;
use thiserror::Error;

use super::group::GroupError;
use crate::error::DriverStopped;

/// Why there is no next batch. None of these is the end, except that the client has stopped.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConsumeError {
    /// One partition stands still; the others go on with the next call.
    #[error(transparent)]
    Partition(#[from] PartitionError),
    /// The cluster does not know a topic, or does not let this client see it. Told again until the cluster says
    /// otherwise; the other topics go on.
    #[error("{message}")]
    Topic {
        /// The topic.
        topic: String,
        /// What the cluster says.
        error: ErrorCode,
        /// The same in words, with what helps.
        message: String,
    },
    /// Nothing is assigned, so nothing can ever come; the caller's to mend.
    #[error("nothing is assigned to this consumer; name partitions with `assign` or topics with `topics`")]
    NothingAssigned,
    /// This member of a group ended for good.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// The client has stopped.
    #[error(transparent)]
    Stopped(#[from] DriverStopped),
}

impl ConsumeError {
    pub(super) fn new(error: core::ReadError) -> Self {
        let message = error.to_string();
        match error {
            core::ReadError::Partition(error) => Self::Partition(PartitionError::new(error)),
            core::ReadError::Topic { topic, error } => {
                Self::Topic { topic: topic.to_string(), error, message }
            }
            core::ReadError::NothingAssigned => Self::NothingAssigned,
            _ => Self::Stopped(DriverStopped),
        }
    }
}

/// A partition that cannot be read on. Nothing is lost: its position stays where it is.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
#[non_exhaustive]
pub struct PartitionError {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset of the next record wanted; `None` if not even that was found.
    pub offset: Option<i64>,
    /// The offset behind what cannot be read, for [`Consumer::skip`](super::Consumer::skip); `None` if skipping does not
    /// help or the extent of the damage is unknown.
    pub skip_to: Option<i64>,
    /// What is wrong.
    pub kind: PartitionErrorKind,
    /// All of it in words, with what helps.
    pub message: String,
}

/// What is wrong with a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PartitionErrorKind {
    /// Records are damaged: by a disk, a network or a broker, or a producer wrote nonsense. Skip them, or read another
    /// replica.
    Damaged,
    /// The log has no such offset, and the consumer was told to ask ([`Reset`](super::Reset)). Seek.
    OutOfRange {
        /// The first offset that is left, if the broker said.
        log_start: Option<i64>,
        /// One more than the last, if the broker said.
        log_end: Option<i64>,
    },
    /// The log was cut before the position and went on otherwise, and the consumer was told to ask. Seek. Java:
    /// `LogTruncationException`.
    Truncated {
        /// The first offset at which the log may differ from what was read.
        diverging_offset: i64,
    },
    /// The topic has no such partition; the caller's to mend.
    NoSuchPartition {
        /// How many it has, counted from 0.
        count: i32,
    },
    /// The broker refuses; somebody with rights on the cluster can help.
    Refused {
        /// The node.
        node: i32,
        /// The refusal.
        error: ErrorCode,
    },
    /// The broker answered something that is no answer, or is too old or too new.
    Protocol,
    /// A fault of this client.
    Internal,
}

impl PartitionErrorKind {
    pub(super) fn new(fault: core::PartitionFault) -> Self {
        match fault {
            core::PartitionFault::Records(_) | core::PartitionFault::Control(_) => Self::Damaged,
            core::PartitionFault::OutOfRange { log_start, log_end } => {
                Self::OutOfRange { log_start, log_end }
            }
            core::PartitionFault::Truncated { diverging_offset } => Self::Truncated { diverging_offset },
            core::PartitionFault::NoSuchPartition { count } => Self::NoSuchPartition { count },
            core::PartitionFault::Refused { node, error } => Self::Refused { node: node.0, error },
            core::PartitionFault::Encode(_) => Self::Internal,
            _ => Self::Protocol,
        }
    }
}

impl PartitionError {
    pub(super) fn new(error: core::PartitionError) -> Self {
        let message = error.to_string();
        let kind = PartitionErrorKind::new(error.fault);
        Self {
            topic: error.partition.topic.to_string(),
            partition: error.partition.partition,
            offset: error.offset,
            skip_to: error.skip_to,
            kind,
            message,
        }
    }
}

/// The partition is not assigned to this consumer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{topic}-{partition} is not assigned to this consumer")]
#[non_exhaustive]
pub struct NotAssigned {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
}

impl NotAssigned {
    pub(super) fn new(error: core::NotAssigned) -> Self {
        Self { topic: error.partition.topic.to_string(), partition: error.partition.partition }
    }
}
