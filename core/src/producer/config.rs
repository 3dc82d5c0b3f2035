//! Settings of a producer.

use std::collections::BTreeMap;
use std::time::Duration;

use ottla_proto::TopicName;
use ottla_proto::compression::Codec;

use super::partitioner::Partitioner;
use crate::retry::Backoff;

/// When a batch counts as written (`acks`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Acks {
    /// When every in-sync replica has it.
    #[default]
    All,
    /// When the leader has it; a leader that fails then takes it along.
    Leader,
    /// When it has been handed to the socket; what becomes of it is never known.
    None,
}

impl Acks {
    pub(super) fn on_the_wire(self) -> i16 {
        match self {
            Self::All => -1,
            Self::Leader => 1,
            Self::None => 0,
        }
    }
}

/// Settings of a producer. The defaults suit most programs.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProducerConfig {
    /// When a batch counts as written. Default all. Java: `acks`.
    pub acks: Acks,
    /// Whether batches carry the producer's id and a sequence, so that a repeated one is stored once and the
    /// order holds. Needs [`Acks::All`]; with other acknowledgements it is off whatever this says. Default on.
    /// Java: `enable.idempotence`.
    pub idempotent: bool,
    /// How long a batch may wait for more records. Default 5 ms. Java: `linger.ms`.
    pub linger: Duration,
    /// The size in bytes at which a batch is full. A larger record gets a batch of its own. Default 1,000,000.
    /// Java: `batch.size`.
    pub batch_bytes: usize,
    /// The size in bytes that the batches of one request may have together, and a single record alone.
    /// Default 8 MiB. Java: `max.request.size`.
    pub request_bytes: usize,
    /// The codec. Default none. Java: `compression.type`.
    pub codec: Codec,
    /// The codec's level, for those that have one. Java: `compression.gzip.level`, `compression.zstd.level`.
    pub compression_level: Option<i32>,
    /// How long a record may take from its acceptance to its acknowledgement. Default 120 s. Java:
    /// `delivery.timeout.ms`.
    pub delivery_timeout: Duration,
    /// How long one Produce request may take. Default 30 s. Java: `request.timeout.ms`.
    pub request_timeout: Duration,
    /// Waits between attempts. Default 100 ms to 1 s. Java: `retry.backoff.ms`, `retry.backoff.max.ms`.
    pub retry_backoff: Backoff,
    /// Bytes that all batches together may take, in flight included: a hard bound on the capacity of their
    /// buffers. Default 32 MiB, as in Java. Java: `buffer.memory`.
    pub memory_bytes: usize,
    /// The share of the memory, in per cent, that batches for one leader may take while there are others.
    /// Default 50.
    pub node_share_percent: u8,
    /// Unanswered batches per partition when idempotent. The broker remembers five, so more are never sent.
    /// Without idempotence and with acknowledgements it is one, to keep the order. Default 5.
    pub max_in_flight_per_partition: usize,
    /// How long a topic may be unknown to the cluster before senders are refused. Default 10 s.
    pub topic_timeout: Duration,
    /// How partitions are found. Default murmur2 of the key. Java: `partitioner.class`.
    pub partitioner: Partitioner,
    /// How long a leader may take nothing before records without a key avoid it (KIP-794); `None` is for ever.
    /// Default 500 ms. Java: `partitioner.availability.timeout.ms`.
    pub availability_timeout: Option<Duration>,
    /// What topics have of their own.
    pub topics: BTreeMap<TopicName, TopicConfig>,
}

/// Settings that a topic may have of its own; where there is none the producer's holds.
#[derive(Clone, Debug, Default)]
pub struct TopicConfig {
    /// In place of [`ProducerConfig::linger`].
    pub linger: Option<Duration>,
    /// In place of [`ProducerConfig::batch_bytes`].
    pub batch_bytes: Option<usize>,
    /// In place of [`ProducerConfig::codec`] and its level.
    pub codec: Option<(Codec, Option<i32>)>,
    /// In place of [`ProducerConfig::partitioner`].
    pub partitioner: Option<Partitioner>,
}

/// What holds for a topic.
#[derive(Clone, Debug)]
pub(super) struct TopicSettings {
    pub(super) linger: Duration,
    pub(super) batch_bytes: usize,
    pub(super) codec: Codec,
    pub(super) compression_level: Option<i32>,
    pub(super) partitioner: Partitioner,
}

impl Default for ProducerConfig {
    fn default() -> Self {
        Self {
            acks: Acks::All,
            idempotent: true,
            linger: Duration::from_millis(5),
            batch_bytes: 1_000_000,
            request_bytes: 8 << 20,
            codec: Codec::None,
            compression_level: None,
            delivery_timeout: Duration::from_secs(120),
            request_timeout: Duration::from_secs(30),
            retry_backoff: Backoff { initial: Duration::from_millis(100), max: Duration::from_secs(1) },
            memory_bytes: 32 << 20,
            node_share_percent: 50,
            max_in_flight_per_partition: 5,
            topic_timeout: Duration::from_secs(10),
            partitioner: Partitioner::Murmur2,
            availability_timeout: Some(Duration::from_millis(500)),
            topics: BTreeMap::new(),
        }
    }
}

impl ProducerConfig {
    pub(super) fn of_topic(&self, name: &TopicName) -> TopicSettings {
        let own = self.topics.get(name).cloned().unwrap_or_default();
        let (codec, compression_level) = own.codec.unwrap_or((self.codec, self.compression_level));
        TopicSettings {
            linger: own.linger.unwrap_or(self.linger),
            batch_bytes: own.batch_bytes.unwrap_or(self.batch_bytes),
            codec,
            compression_level,
            partitioner: own.partitioner.unwrap_or_else(|| self.partitioner.clone()),
        }
    }

    pub(super) fn is_idempotent(&self) -> bool {
        self.idempotent && self.acks == Acks::All
    }

    /// How many batches of a partition may be unanswered.
    pub(super) fn window(&self) -> usize {
        match self.acks {
            _ if self.is_idempotent() => self.max_in_flight_per_partition.clamp(1, 5),
            // Without a sequence a repeated batch would land behind its successors.
            Acks::All | Acks::Leader => 1,
            // Nothing is repeated once it left, and a connection keeps the order.
            Acks::None => self.max_in_flight_per_partition.max(1),
        }
    }
}
