//! What members of a classic group tell each other through the coordinator, which never looks at it.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use bytestring::ByteString;
use ottla_proto::TopicName;
use ottla_proto::messages::consumer_protocol::{
    AssignmentTopicPartition, ConsumerProtocolAssignment, ConsumerProtocolSubscription,
    SubscriptionTopicPartition,
};
use ottla_proto::wire::{DecodeError, DecodeProblem, EncodeError, Message, Reader, Writer};

use crate::consumer::TopicPartition;

/// What a member wants and has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemberSubscription {
    /// The topics that it wants to read.
    pub topics: BTreeSet<TopicName>,
    /// The partitions that it owns, if it speaks a version that says so.
    pub owned: BTreeSet<TopicPartition>,
    /// The generation in which it got them; below zero if unknown.
    pub generation: i32,
    /// Where it stands.
    pub rack: Option<ByteString>,
    /// What its assignor adds.
    pub user_data: Option<Bytes>,
}

/// More partitions than any cluster has: an assignment that names more is not believed, since each partition that is
/// owned takes some hundred bytes.
pub(super) const MOST_PARTITIONS: usize = 1_000_000;

/// The version prefix is not a part of the message; a version that is newer than ours is read as ours.
const HIGHEST: i16 = 3;

impl MemberSubscription {
    /// The bytes for the coordinator.
    ///
    /// # Errors
    /// If something is too long for the wire.
    pub fn encode(&self) -> Result<Bytes, EncodeError> {
        let owned = by_topic(&self.owned);
        let message = ConsumerProtocolSubscription {
            topics: self.topics.iter().map(|topic| topic.0.clone()).collect(),
            user_data: self.user_data.clone(),
            owned_partitions: owned
                .into_iter()
                .map(|(topic, partitions)| SubscriptionTopicPartition { topic, partitions })
                .collect(),
            generation_id: self.generation,
            rack_id: self.rack.clone(),
        };
        prefixed(HIGHEST, &message)
    }

    /// Reads what a member told.
    ///
    /// # Errors
    /// If it is nothing that a consumer tells.
    pub fn decode(bytes: Bytes) -> Result<Self, DecodeError> {
        let (version, mut reader) = version(bytes)?;
        let message = ConsumerProtocolSubscription::read(&mut reader, version)?;
        let owned = message.owned_partitions.into_iter().flat_map(|topic| {
            let name = topic.topic;
            topic
                .partitions
                .into_iter()
                .map(move |partition| TopicPartition { topic: name.clone(), partition })
        });
        Ok(Self {
            topics: message.topics.into_iter().map(TopicName).collect(),
            owned: owned.collect(),
            generation: message.generation_id,
            rack: message.rack_id,
            user_data: message.user_data,
        })
    }
}

pub(super) fn encode_assignment(partitions: &BTreeSet<TopicPartition>) -> Result<Bytes, EncodeError> {
    let assigned_partitions = by_topic(partitions)
        .into_iter()
        .map(|(topic, partitions)| AssignmentTopicPartition { topic, partitions })
        .collect();
    prefixed(HIGHEST, &ConsumerProtocolAssignment { assigned_partitions, user_data: None })
}

/// Reads what a leader gave to a member. Nothing at all is an empty assignment, as a member gets it that the leader did
/// not think of.
///
/// # Errors
/// If it is nothing that a leader gives, or names more than a million partitions.
pub fn decode_assignment(bytes: Bytes) -> Result<BTreeSet<TopicPartition>, DecodeError> {
    if bytes.is_empty() {
        return Ok(BTreeSet::new());
    }
    let (version, mut reader) = version(bytes)?;
    let message = ConsumerProtocolAssignment::read(&mut reader, version)?;
    let named: usize = message.assigned_partitions.iter().map(|topic| topic.partitions.len()).sum();
    if named > MOST_PARTITIONS {
        let count = DecodeProblem::BadLength(i64::try_from(named).unwrap_or(i64::MAX));
        return Err(DecodeError::new("ConsumerProtocolAssignment", "assigned_partitions", 0, count));
    }
    let partitions = message.assigned_partitions.into_iter().flat_map(|topic| {
        let name = topic.topic;
        topic.partitions.into_iter().map(move |partition| TopicPartition { topic: name.clone(), partition })
    });
    Ok(partitions.collect())
}

fn prefixed<M: Message>(version: i16, message: &M) -> Result<Bytes, EncodeError> {
    let mut writer = Writer::new();
    writer.i16(version);
    message.write(&mut writer, version)?;
    Ok(writer.finish().into_bytes())
}

fn version(bytes: Bytes) -> Result<(i16, Reader), DecodeError> {
    let mut reader = Reader::new(bytes);
    let version = reader.i16("version")?;
    Ok((version.min(HIGHEST), reader))
}

fn by_topic(partitions: &BTreeSet<TopicPartition>) -> BTreeMap<TopicName, Vec<i32>> {
    let mut topics: BTreeMap<TopicName, Vec<i32>> = BTreeMap::new();
    for TopicPartition { topic, partition } in partitions {
        topics.entry(topic.clone()).or_default().push(*partition);
    }
    topics
}
