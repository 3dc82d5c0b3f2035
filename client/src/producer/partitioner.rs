use std::fmt::Debug;
use std::sync::Arc;

use ottla_core::producer as core;
use ottla_proto::TopicName;

/// Which partition a record goes to when it names none (`partitioner.class`).
///
/// "Sticky" means: all records without a key go to one partition until its batch is full or sent, then to another.
/// Partitions whose batches pile up are chosen less often, and leaders that take nothing for a while not at all
/// (KIP-480, KIP-794).
///
/// Clients that share a topic and rely on the order by key must map keys alike; choose what the others use.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Partitioner {
    /// By murmur2 of the key, as Java's default and most clients; sticky without a key. The default.
    #[default]
    Murmur2,
    /// By crc32 of the key; sticky without a key or with an empty one. librdkafka's default, `consistent_random`.
    ConsistentRandom,
    /// By crc32 of the key; records without a key all go to partition 0. librdkafka's `consistent`, Sarama's
    /// `NewConsistentCRCHashPartitioner` for records with a key.
    Consistent,
    /// By FNV-1a of the key, the sign taken off the remainder; sticky without a key. Sarama's default,
    /// `NewHashPartitioner`, and librdkafka's `fnv1a_random`.
    Fnv1a,
    /// By FNV-1a of the key, the sign masked before the division; sticky without a key. Sarama's
    /// `NewReferenceHashPartitioner`.
    Fnv1aReference,
    /// One partition after the other, whatever the key. Java's and Sarama's round robin.
    RoundRobin,
    /// The application's own.
    Custom(Arc<dyn CustomPartitioner>),
}

/// A partitioner of the application's own.
///
/// It runs on the thread that sends, before anything is locked: one that blocks or panics hurts its own caller and
/// nobody else. It is called again while a `send` waits for room, since the number of partitions may change.
pub trait CustomPartitioner: Debug + Send + Sync {
    /// The partition of the record, from 0 and below `partitions`; `None` leaves it to the sticky choice. A number
    /// that is too large makes `send` fail with [`NoSuchPartition`](crate::SendError::NoSuchPartition).
    fn partition(&self, record: &RecordToPlace<'_>, partitions: u32) -> Option<u32>;
}

/// A record as a partitioner sees it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RecordToPlace<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The key.
    pub key: Option<&'a [u8]>,
    /// The value.
    pub value: Option<&'a [u8]>,
    /// Headers in order.
    pub headers: &'a [(&'a str, Option<&'a [u8]>)],
    /// Milliseconds since 1970.
    pub timestamp: i64,
}

impl Partitioner {
    pub(super) fn to_core(&self) -> core::Partitioner {
        match self {
            Self::Murmur2 => core::Partitioner::Murmur2,
            Self::ConsistentRandom => core::Partitioner::ConsistentRandom,
            Self::Consistent => core::Partitioner::Consistent,
            Self::Fnv1a => core::Partitioner::Fnv1a,
            Self::Fnv1aReference => core::Partitioner::Fnv1aReference,
            Self::RoundRobin => core::Partitioner::RoundRobin,
            Self::Custom(custom) => core::Partitioner::Custom(Arc::new(Adapter(Arc::clone(custom)))),
        }
    }
}

#[derive(Debug)]
struct Adapter(Arc<dyn CustomPartitioner>);

impl core::CustomPartitioner for Adapter {
    fn partition(&self, topic: &TopicName, record: &core::NewRecord<'_>, partitions: u32) -> Option<u32> {
        let core::NewRecord { key, value, headers, timestamp, .. } = *record;
        self.0.partition(&RecordToPlace { topic, key, value, headers, timestamp }, partitions)
    }
}
