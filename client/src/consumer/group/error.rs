use ottla_core::group as core;
use ottla_proto::ErrorCode;
use thiserror::Error;

use super::event::TopicPartition;
use crate::error::DriverStopped;

/// Why a member of a group ended for good. Build another consumer once the cause is mended.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}{}", Advice(*.code))]
#[non_exhaustive]
pub struct GroupError {
    /// The refusal, if a broker refused; otherwise the broker is too old, or the member was closed.
    pub code: Option<ErrorCode>,
    /// What happened, in words.
    pub message: String,
}

impl GroupError {
    pub(super) fn new(error: &core::GroupError) -> Self {
        let code = match error {
            core::GroupError::Refused { error, .. } => Some(*error),
            _ => None,
        };
        Self { code, message: error.to_string() }
    }
}

struct Advice(Option<ErrorCode>);

impl std::fmt::Display for Advice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Some(ErrorCode::FENCED_INSTANCE_ID | ErrorCode::UNRELEASED_INSTANCE_ID) => {
                "; another member has the same instance id: each needs its own"
            }
            Some(ErrorCode::INCONSISTENT_GROUP_PROTOCOL) => {
                "; the other members offer no assignor, or no protocol, that this one offers too"
            }
            Some(ErrorCode::INVALID_SESSION_TIMEOUT) => {
                "; the broker allows other session time-outs (group.min.session.timeout.ms and its kin)"
            }
            Some(ErrorCode::GROUP_AUTHORIZATION_FAILED) => "; ask for the right to read with this group",
            Some(ErrorCode::GROUP_MAX_SIZE_REACHED) => "; the group has as many members as the broker allows",
            Some(ErrorCode::UNSUPPORTED_ASSIGNOR) => "; the broker has no assignor of that name",
            _ => "",
        })
    }
}

/// Why offsets were not committed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CommitError {
    /// The partition is no longer this member's, and another member may be further already: nothing was committed for
    /// it. What was processed may be processed again by that member.
    #[error("{partition} is no longer this member's; nothing was committed for it")]
    NotOwned {
        /// The partition.
        partition: TopicPartition,
    },
    /// The topic whose records were processed was deleted; there may be another of its name, which begins anew. Nothing was
    /// committed for it. Told by coordinators that know topic ids in commits (Kafka 4.1), to members that speak the
    /// consumer protocol; others commit by name, and the new topic's offsets are what they then change.
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
    /// The text beside the offset is longer than any request can say. Nothing was committed for the partition. (A text
    /// that only this broker finds too long is [`Refused`](Self::Refused) with
    /// [`OFFSET_METADATA_TOO_LARGE`](ErrorCode::OFFSET_METADATA_TOO_LARGE).)
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
    #[error("{message}")]
    TimedOut {
        /// What happened, in words.
        message: String,
    },
    /// The member ended.
    #[error(transparent)]
    Group(#[from] GroupError),
    /// The client has stopped.
    #[error(transparent)]
    Stopped(#[from] DriverStopped),
}

impl CommitError {
    pub(super) fn new(error: &core::CommitError) -> Self {
        match error {
            core::CommitError::NotOwned { partition } => {
                Self::NotOwned { partition: TopicPartition::new(partition) }
            }
            core::CommitError::TopicGone { partition } => {
                Self::TopicGone { partition: TopicPartition::new(partition) }
            }
            core::CommitError::Refused { partition, error } => {
                Self::Refused { partition: TopicPartition::new(partition), error: *error }
            }
            core::CommitError::MetadataTooLong { partition, length } => {
                Self::MetadataTooLong { partition: TopicPartition::new(partition), length: *length }
            }
            core::CommitError::Group(error) => Self::Group(GroupError::new(error)),
            other => Self::TimedOut { message: other.to_string() },
        }
    }
}
