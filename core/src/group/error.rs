use ottla_proto::wire::EncodeError;
use ottla_proto::{BrokerId, ErrorCode};
use thiserror::Error;

use crate::consumer::TopicPartition;
use crate::net::UnsupportedVersion;

/// Why a member can no longer be one.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum GroupError {
    /// A coordinator refused for good.
    #[error("node {node} refused this member of the group with {error}{}", Told(.message))]
    Refused {
        /// The node.
        node: BrokerId,
        /// Its reason.
        error: ErrorCode,
        /// What it said beside the code.
        message: Option<String>,
    },
    /// The coordinator speaks no version of an API that this member needs.
    #[error(transparent)]
    UnsupportedVersion(#[from] UnsupportedVersion),
    /// The coordinator's version of an API cannot carry what was set.
    #[error("the coordinator is too old for what was set: {0}")]
    Encode(#[from] EncodeError),
    /// The member was closed, or the client has stopped.
    #[error("this member of the group was closed")]
    Closed,
}

/// Why offsets were not committed.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum CommitError {
    /// A partition is no longer this member's, so somebody else may be further already. Nothing was committed for it.
    #[error("{partition} is no longer owned by this member; nothing was committed for it")]
    NotOwned {
        /// The partition.
        partition: TopicPartition,
    },
    /// The topic whose records were processed was deleted; there may be another of its name. Nothing was committed for it.
    #[error(
        "the topic of {partition} was deleted, or deleted and created anew; nothing was committed for it"
    )]
    TopicGone {
        /// The partition.
        partition: TopicPartition,
    },
    /// The coordinator refused.
    #[error("the coordinator refused to commit {partition}: {error}")]
    Refused {
        /// The partition.
        partition: TopicPartition,
        /// Its reason.
        error: ErrorCode,
    },
    /// The text beside the offset is longer than a request can say. Nothing was committed for the partition.
    #[error(
        "the metadata beside the offset of {partition} has {length} bytes; Kafka's texts have at most 32,767"
    )]
    MetadataTooLong {
        /// The partition.
        partition: TopicPartition,
        /// How long it is, in bytes.
        length: usize,
    },
    /// The time ran out. What was sent may still be committed.
    #[error("the commit was not answered in time{}", Last(.last_error))]
    DeadlineExceeded {
        /// What the last attempt met.
        last_error: Option<ErrorCode>,
    },
    /// The member is gone.
    #[error(transparent)]
    Group(#[from] GroupError),
}

struct Told<'a>(&'a Option<String>);

impl std::fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.as_ref().map_or(Ok(()), |message| write!(f, ": {message}"))
    }
}

struct Last<'a>(&'a Option<ErrorCode>);

impl std::fmt::Display for Last<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.map_or(Ok(()), |error| write!(f, "; the last attempt met {error}"))
    }
}
