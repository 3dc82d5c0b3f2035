use std::time::Duration;

use ottla_core::consumer as core;
use ottla_proto::LeaderEpoch;

use super::PartitionError;

/// Where the reading of a partition begins or goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Offset {
    /// At the oldest record there is.
    Earliest,
    /// After the newest record there is.
    Latest,
    /// At this offset.
    At(i64),
    /// At this offset, if the log before it is still what was read: the record before it was appended under this leader
    /// epoch ([`Batch::leader_epoch`](super::Batch::leader_epoch)). If the log was cut since, that is told or followed
    /// as [`Reset`] says. Brokers before 2.3 cannot compare. Java: `seek` with an `OffsetAndMetadata`.
    AtEpoch {
        /// The offset.
        offset: i64,
        /// The leader epoch.
        leader_epoch: i32,
    },
    /// At the first record whose timestamp, in milliseconds since 1970, is this or later; if there is none, after the
    /// newest.
    Timestamp(i64),
    /// At the first record that is at most this old when the offset is looked up; if there is none, after the newest.
    Ago(Duration),
}

impl Offset {
    pub(super) fn start(self) -> core::Start {
        match self {
            Self::Earliest => core::Start::Earliest,
            Self::Latest => core::Start::Latest,
            Self::At(offset) => core::Start::At(offset),
            Self::AtEpoch { offset, leader_epoch } => core::Start::AtEpoch(offset, LeaderEpoch(leader_epoch)),
            Self::Timestamp(timestamp) => core::Start::Timestamp(timestamp),
            Self::Ago(age) => core::Start::Ago(age),
        }
    }
}

/// What to do when a position is not in the log: retention took the records, or the log was cut.
///
/// A jump that is made is told as a `tracing` event at level `WARN`. If the broker knows where a cut log begins to
/// differ, reading goes on there, whichever of the jumps was chosen: that loses least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reset {
    /// [`Earliest`](Self::Earliest) or [`Latest`](Self::Latest) if that is where the partition began;
    /// [`Error`](Self::Error) if it began at an offset or a time, where a silent jump would be a surprise.
    #[default]
    AsStarted,
    /// Go on at the oldest record there is.
    Earliest,
    /// Go on with what comes next.
    Latest,
    /// Go on at the first record of this time, in milliseconds since 1970, or later.
    Timestamp(i64),
    /// Go on at the first record that is at most this old (KIP-1106). Java: `by_duration`.
    Ago(Duration),
    /// Tell, and wait for a seek. Java: `none`.
    Error,
}

impl Reset {
    pub(super) fn policy(self) -> core::ResetPolicy {
        match self {
            Self::AsStarted => core::ResetPolicy::AsStarted,
            Self::Earliest => core::ResetPolicy::Earliest,
            Self::Latest => core::ResetPolicy::Latest,
            Self::Timestamp(timestamp) => core::ResetPolicy::Timestamp(timestamp),
            Self::Ago(age) => core::ResetPolicy::Ago(age),
            Self::Error => core::ResetPolicy::Error,
        }
    }
}

/// Which records of transactions are seen (KIP-98).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Isolation {
    /// All of them, those of aborted and of open transactions too.
    #[default]
    ReadUncommitted,
    /// None of an aborted transaction, and nothing beyond the first transaction that is still open.
    ReadCommitted,
}

impl Isolation {
    pub(super) fn level(self) -> core::Isolation {
        match self {
            Self::ReadUncommitted => core::Isolation::ReadUncommitted,
            Self::ReadCommitted => core::Isolation::ReadCommitted,
        }
    }
}

/// What is known of an assigned partition without asking a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartitionStatus {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The node that answered for it last: the leader, or a replica that the leader named.
    pub read_from: Option<i32>,
    /// The offset that is handed out next; `None` until it is found.
    pub position: Option<i64>,
    /// One more than the last offset that every in-sync replica has, as of the last answer.
    pub high_watermark: Option<i64>,
    /// The first offset of a transaction that is still open, or the high watermark.
    pub last_stable_offset: Option<i64>,
    /// The first offset that retention has left.
    pub log_start_offset: Option<i64>,
    /// Where reading ends, for a consumer that reads until the end.
    pub end: Option<i64>,
    /// How far the position is behind what can be read; offsets, which may be more than records.
    pub lag: Option<i64>,
    /// Bytes that are here and were not yet handed out.
    pub unread_bytes: usize,
    /// Whether it is paused.
    pub paused: bool,
    /// What stopped it.
    pub error: Option<PartitionError>,
}

impl PartitionStatus {
    pub(super) fn new(status: core::PartitionStatus) -> Self {
        Self {
            topic: status.partition.topic.to_string(),
            partition: status.partition.partition,
            read_from: status.read_from.map(|node| node.0),
            position: status.position,
            high_watermark: status.high_watermark,
            last_stable_offset: status.last_stable_offset,
            log_start_offset: status.log_start_offset,
            end: status.end,
            lag: status.lag,
            unread_bytes: status.unread_bytes,
            paused: status.paused,
            error: status.failure.map(PartitionError::new),
        }
    }
}

/// What a consumer moved so far and holds now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerStats {
    /// Answers that arrived.
    pub fetches: u64,
    /// Of these, answers to requests that named every partition: each begins a fetch session (KIP-227), so that many
    /// mean a broker that keeps none.
    pub full_fetches: u64,
    /// Bytes of records that arrived.
    pub fetched_bytes: u64,
    /// Of these, what was dropped unread: after a seek, or because a paused partition gave its room to others.
    pub discarded_bytes: u64,
    /// What is charged to the budget now.
    pub budget_used: usize,
    /// The budget.
    pub budget_bytes: usize,
}

impl ConsumerStats {
    pub(super) fn new(stats: core::ConsumerStats) -> Self {
        Self {
            fetches: stats.fetches,
            full_fetches: stats.full_fetches,
            fetched_bytes: stats.fetched_bytes,
            discarded_bytes: stats.discarded_bytes,
            budget_used: stats.budget_used,
            budget_bytes: stats.budget_bytes,
        }
    }
}
