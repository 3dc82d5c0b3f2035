use std::time::Duration;

use ottla_core::consumer as core;
use ottla_core::{Core, Event};
use thiserror::Error;

use super::{Consumer, Offset, PartitionErrorKind, named};
use crate::driver::DriverHandle;
use crate::error::DriverStopped;

/// An offset that [`Consumer::find_offsets`] found, and the record there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoundOffset {
    /// The offset.
    pub offset: i64,
    /// The record's timestamp, if a time was asked for.
    pub timestamp: Option<i64>,
    /// The epoch of the leader that appended it, if the broker says so (since 2.1).
    pub leader_epoch: Option<i32>,
}

/// Why an offset was not found.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OffsetError {
    /// The partition cannot be asked about.
    #[error("{message}")]
    Partition {
        /// What is wrong.
        kind: PartitionErrorKind,
        /// All of it in words.
        message: String,
    },
    /// No broker answered in time.
    #[error("{message}")]
    TimedOut {
        /// What it waited for in the end, in words.
        message: String,
    },
    /// The consumer or its client has stopped.
    #[error(transparent)]
    Stopped(#[from] DriverStopped),
}

impl OffsetError {
    fn new(error: core::LookupError) -> Self {
        let message = error.to_string();
        match error {
            core::LookupError::Partition(fault) => {
                Self::Partition { kind: PartitionErrorKind::new(fault), message }
            }
            core::LookupError::DeadlineExceeded { .. } => Self::TimedOut { message },
            _ => Self::Stopped(DriverStopped),
        }
    }
}

/// What became of one partition that was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OffsetAnswer {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset; `None` if no record is that late.
    pub found: Result<Option<FoundOffset>, OffsetError>,
}

impl Consumer {
    /// Looks up offsets, of partitions that are assigned or of others, and moves no position: the ends of a partition by
    /// [`Offset::Earliest`] and [`Offset::Latest`], a time by [`Offset::Timestamp`] or [`Offset::Ago`]. Leaders are asked
    /// as they are for positions, and asked again while an error may pass, until `within` has gone by. Java:
    /// `offsetsForTimes`, `beginningOffsets`, `endOffsets`.
    ///
    /// For the partitions that are read anyway, [`partitions`](Consumer::partitions) knows most of it without asking.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer.
    #[doc(alias = "offsets_for_times")]
    #[doc(alias = "beginning_offsets")]
    #[doc(alias = "end_offsets")]
    pub async fn find_offsets<T: AsRef<str>>(
        &self,
        wanted: impl IntoIterator<Item = (T, i32, Offset)>,
        within: Duration,
    ) -> Result<Vec<OffsetAnswer>, DriverStopped> {
        find_offsets(&self.driver, self.key, wanted, within).await
    }
}

/// Looks up offsets on behalf of a consumer.
pub(super) async fn find_offsets<T: AsRef<str>>(
    driver: &DriverHandle,
    key: core::ConsumerKey,
    wanted: impl IntoIterator<Item = (T, i32, Offset)>,
    within: Duration,
) -> Result<Vec<OffsetAnswer>, DriverStopped> {
    let wanted: Vec<_> = wanted
        .into_iter()
        .map(|(topic, partition, offset)| (named(topic.as_ref(), partition), offset.start()))
        .collect();
    let begin = move |core: &mut Core, now| {
        let ticket = core.ticket();
        let parts = core.parts();
        parts.consumers.find_offsets(key, ticket, wanted, now + within, parts.net, now);
        ticket
    };
    match driver.ask(begin).await? {
        Event::OffsetsFound { offsets, .. } => Ok(offsets.into_iter().map(answer).collect()),
        _ => Err(DriverStopped),
    }
}

fn answer((partition, found): (core::TopicPartition, FoundInCore)) -> OffsetAnswer {
    let found = found.map_err(OffsetError::new).map(|found| {
        found.map(|found| FoundOffset {
            offset: found.offset,
            timestamp: found.timestamp,
            leader_epoch: found.leader_epoch.map(|epoch| epoch.0),
        })
    });
    OffsetAnswer { topic: partition.topic.to_string(), partition: partition.partition, found }
}

type FoundInCore = Result<Option<core::FoundOffset>, core::LookupError>;
