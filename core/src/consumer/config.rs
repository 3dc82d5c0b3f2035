use std::time::Duration;

use bytestring::ByteString;
use ottla_proto::{LeaderEpoch, TopicName};

use crate::retry::Backoff;

/// What a consumer may be told before it starts. Every field has the default named beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerConfig {
    /// Bytes that may be fetched and not yet dropped by the application, what it pins included: 64 MiB.
    ///
    /// Java has no such bound; its nearest kin is `fetch.max.bytes` times the number of brokers.
    pub budget_bytes: usize,
    /// Bytes that one answer may carry: 8 MiB. Java: `fetch.max.bytes`.
    pub fetch_max_bytes: usize,
    /// Bytes of one partition that one answer may carry, and the fill at which a partition is no longer asked
    /// for until the application has read from it: 1 MiB. Java: `max.partition.fetch.bytes`.
    pub partition_max_bytes: usize,
    /// Bytes that a broker should gather before it answers: 1. Java: `fetch.min.bytes`.
    pub fetch_min_bytes: usize,
    /// How long a broker may wait for them: 500 ms. Java: `fetch.max.wait.ms`.
    pub fetch_max_wait: Duration,
    /// How long an answer may take beyond the time that the broker was asked to wait: 30 s. Java:
    /// `request.timeout.ms`.
    pub request_timeout: Duration,
    /// The wait after an error that may pass: 100 ms, doubled up to 1 s. Java: `retry.backoff.ms` and
    /// `retry.backoff.max.ms`.
    pub retry_backoff: Backoff,
    /// Where this client runs; brokers may then name a replica nearby to read from (KIP-392): nowhere. Java:
    /// `client.rack`.
    pub rack: Option<ByteString>,
    /// For how long such a replica is read from before the leader is asked again: 5 min. Java:
    /// `metadata.max.age.ms`.
    pub follower_lease: Duration,
    /// Which records of transactions are seen: all of them. Java: `isolation.level`.
    pub isolation: Isolation,
    /// What to do when the position is not in the log: as the start says. Java: `auto.offset.reset`.
    pub reset: ResetPolicy,
    /// Whether batches of control records, which end transactions, are handed out as well: no.
    pub control_records: bool,
    /// Milliseconds from 1970 to the start of the shell's clock, for [`Start::Ago`] and [`ResetPolicy::Ago`]: 0.
    pub clock_start_ms: i64,
    /// Whether checksums are compared: yes. Java: `check.crcs`.
    pub check_crcs: bool,
    /// Whether the consumer ends at the ends that the partitions had when their reading began: no.
    pub until_end: bool,
    /// What a batch may take once decompressed: 128 MiB.
    pub decompressed_max_bytes: usize,
    /// How long the cluster may not know a topic before the reader is told: 10 s.
    pub unknown_topic_patience: Duration,
    /// Whether a reader with nothing assigned waits for an assignment, as a group's member does, instead of being
    /// told: no.
    pub awaits_assignment: bool,
}

impl Default for ConsumerConfig {
    fn default() -> Self {
        Self {
            budget_bytes: 64 << 20,
            fetch_max_bytes: 8 << 20,
            partition_max_bytes: 1 << 20,
            fetch_min_bytes: 1,
            fetch_max_wait: Duration::from_millis(500),
            request_timeout: Duration::from_secs(30),
            retry_backoff: Backoff { initial: Duration::from_millis(100), max: Duration::from_secs(1) },
            rack: None,
            follower_lease: Duration::from_secs(300),
            isolation: Isolation::ReadUncommitted,
            control_records: false,
            clock_start_ms: 0,
            reset: ResetPolicy::AsStarted,
            check_crcs: true,
            until_end: false,
            decompressed_max_bytes: 128 << 20,
            unknown_topic_patience: Duration::from_secs(10),
            awaits_assignment: false,
        }
    }
}

/// Which records of transactions a consumer sees (KIP-98).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// All of them, those of aborted and of open transactions too.
    #[default]
    ReadUncommitted,
    /// None of an aborted transaction, and nothing beyond the first transaction that is still open.
    ReadCommitted,
}

impl Isolation {
    pub(super) const fn wire(self) -> i8 {
        match self {
            Self::ReadUncommitted => 0,
            Self::ReadCommitted => 1,
        }
    }
}

/// What to do when the position is not in the log: retention took it, or the log was cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResetPolicy {
    /// [`Self::Earliest`] or [`Self::Latest`] if that is where the partition began; [`Self::Error`] if it began
    /// at an offset or a time, where a silent jump would be a surprise.
    #[default]
    AsStarted,
    /// Go on at the oldest record there is.
    Earliest,
    /// Go on with what comes next.
    Latest,
    /// Go on at the first record of this time, in milliseconds since 1970, or later.
    Timestamp(i64),
    /// Go on at the first record that is at most this old (KIP-1106).
    Ago(Duration),
    /// Tell the application and wait for it to seek.
    Error,
}

/// Where the reading of a partition begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// At the oldest record there is.
    Earliest,
    /// After the newest record there is.
    Latest,
    /// At this offset.
    At(i64),
    /// At this offset, if the log still holds what stood before it when it was read: the batch before it was
    /// appended under this leader epoch (KIP-320).
    AtEpoch(i64, LeaderEpoch),
    /// At the first record whose timestamp, in milliseconds since 1970, is this or later; if there is none,
    /// after the newest.
    Timestamp(i64),
    /// At the first record that is at most this old, counted from when the offset is looked up; if there is none,
    /// after the newest.
    Ago(Duration),
}

impl Start {
    /// The offset, where it need not be looked up.
    pub(super) const fn offset(self) -> Option<i64> {
        match self {
            Self::At(offset) | Self::AtEpoch(offset, _) => Some(offset),
            Self::Earliest | Self::Latest | Self::Timestamp(_) | Self::Ago(_) => None,
        }
    }
}

/// One partition of one topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic's name.
    pub topic: TopicName,
    /// The partition's number.
    pub partition: i32,
}

impl std::fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}
