//! Which partition a record goes to when its sender names none.

mod hash;
#[cfg(test)]
mod tests;

use std::fmt::Debug;

use ottla_proto::TopicName;
use ottla_proto::records::crc32;

use super::record::NewRecord;
use crate::sync::Arc;

pub use hash::{fnv1a, murmur2};

/// How partitions are found. A record that names its partition goes there whatever this says.
///
/// "Sticky" below is the choice of `producer::choice`: one partition at a time for all handles of a topic.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Partitioner {
    /// murmur2 of the key, as Java's default does; sticky without a key.
    #[default]
    Murmur2,
    /// crc32 of the key; sticky without a key or with an empty one. librdkafka: `consistent_random`.
    ConsistentRandom,
    /// crc32 of the key; no key counts as an empty one. librdkafka: `consistent`.
    Consistent,
    /// FNV-1a of the key, the sign taken off the remainder; sticky without a key. Sarama: `NewHashPartitioner`,
    /// librdkafka: `fnv1a_random`.
    Fnv1a,
    /// FNV-1a of the key, the sign masked before the division; sticky without a key. Sarama:
    /// `NewReferenceHashPartitioner`.
    Fnv1aReference,
    /// One partition after the other, whatever the key. Java: `RoundRobinPartitioner`.
    RoundRobin,
    /// The application's own.
    Custom(Arc<dyn CustomPartitioner>),
}

/// A partitioner of the application. It is called on the sender's thread, where nothing is locked.
pub trait CustomPartitioner: Debug + Send + Sync {
    /// The partition of the record, below `partitions`; `None` is sticky.
    fn partition(&self, topic: &TopicName, record: &NewRecord<'_>, partitions: u32) -> Option<u32>;
}

/// What a partitioner says of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Partition(u32),
    Sticky,
    /// The next in turn.
    Next,
}

impl Partitioner {
    /// Whether asking again for the same record changes nothing and runs nothing of the application's.
    #[inline]
    pub(super) fn may_be_asked_twice(&self) -> bool {
        !matches!(self, Self::RoundRobin | Self::Custom(_))
    }

    /// `partitions` must not be zero.
    #[inline]
    pub(super) fn place(&self, topic: &TopicName, record: &NewRecord<'_>, partitions: u32) -> Place {
        let keyed = |map: fn(&[u8], u32) -> u32| match record.key {
            Some(key) => Place::Partition(map(key, partitions)),
            None => Place::Sticky,
        };
        match self {
            Self::Murmur2 => keyed(by_murmur2),
            Self::ConsistentRandom if record.key.is_some_and(<[u8]>::is_empty) => Place::Sticky,
            Self::ConsistentRandom => keyed(by_crc32),
            Self::Consistent => Place::Partition(by_crc32(record.key.unwrap_or_default(), partitions)),
            Self::Fnv1a => keyed(by_fnv1a),
            Self::Fnv1aReference => keyed(by_fnv1a_reference),
            Self::RoundRobin => Place::Next,
            Self::Custom(custom) => match custom.partition(topic, record, partitions) {
                Some(partition) => Place::Partition(partition),
                None => Place::Sticky,
            },
        }
    }
}

/// Java masks the sign.
fn by_murmur2(key: &[u8], partitions: u32) -> u32 {
    (murmur2(key) & POSITIVE).checked_rem(partitions).unwrap_or(0)
}

fn by_crc32(key: &[u8], partitions: u32) -> u32 {
    crc32(key).checked_rem(partitions).unwrap_or(0)
}

/// Sarama divides a signed hash and takes the sign off what remains.
fn by_fnv1a(key: &[u8], partitions: u32) -> u32 {
    let hash = i64::from(fnv1a(key).cast_signed());
    let remainder = hash.checked_rem(partitions.into()).unwrap_or(0);
    u32::try_from(remainder.unsigned_abs()).unwrap_or(0)
}

fn by_fnv1a_reference(key: &[u8], partitions: u32) -> u32 {
    (fnv1a(key) & POSITIVE).checked_rem(partitions).unwrap_or(0)
}

const POSITIVE: u32 = 0x7fff_ffff;
