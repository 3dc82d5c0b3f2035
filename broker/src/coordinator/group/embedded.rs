//! What consumers say to each other in the bytes of a classic group, the embedded consumer protocol: what they read and
//! have in their metadata, what they get in their assignments.

use std::collections::BTreeSet;

use bytes::Bytes;
use bytestring::ByteString;
use ottla_proto::TopicId;
use ottla_proto::messages::consumer_protocol::{
    AssignmentTopicPartition, ConsumerProtocolAssignment, ConsumerProtocolSubscription,
};
use ottla_proto::messages::join_group::JoinGroupRequestProtocol;
use ottla_proto::wire::{Message, Reader, Writer};

use super::consumer::Partitions;
use crate::coordinator::own;
use crate::engine::Topics;

/// The protocol type of consumers.
pub(super) const CONSUMER: &str = "consumer";

/// The newest version, as which a newer one is read.
const NEWEST: i16 = 3;

/// What a member says of itself; `None` if these are not the bytes of a consumer.
pub(super) fn subscription(metadata: &Bytes) -> Option<ConsumerProtocolSubscription> {
    let mut reader = Reader::new(metadata.clone());
    let version = reader.i16("version").ok().filter(|version| *version >= 0)?;
    ConsumerProtocolSubscription::read(&mut reader, version.min(NEWEST)).ok()
}

/// What a member was assigned of topics that exist. `None` if these are not the bytes of a consumer, or an assignor of
/// the application's own has added to them, which would be lost.
pub(super) fn partitions(assignment: &Bytes, topics: &Topics) -> Option<Partitions> {
    let mut partitions = Partitions::new();
    if assignment.is_empty() {
        // The leader has not thought of it yet.
        return Some(partitions);
    }
    let mut reader = Reader::new(assignment.clone());
    let version = reader.i16("version").ok().filter(|version| *version >= 0)?;
    let assignment = ConsumerProtocolAssignment::read(&mut reader, version.min(NEWEST)).ok()?;
    if assignment.user_data.is_some_and(|data| !data.is_empty()) {
        return None;
    }
    for assigned in assignment.assigned_partitions {
        if let Some(topic) = topics.named(&assigned.topic) {
            partitions.entry(topic.id).or_default().extend(assigned.partitions);
        }
    }
    Some(partitions)
}

/// The bytes that tell a member what it gets, in the version in which it speaks itself.
pub(super) fn assignment(partitions: &Partitions, topics: &Topics, metadata: &Bytes) -> Bytes {
    let spoken = Reader::new(metadata.clone()).i16("version").unwrap_or_default().clamp(0, NEWEST);
    let named = |(id, indexes): (&TopicId, &BTreeSet<i32>)| {
        let topic = topics.get(*id)?.name.clone();
        Some(AssignmentTopicPartition { topic, partitions: indexes.iter().copied().collect() })
    };
    let assigned_partitions = partitions.iter().filter_map(named).collect();
    let mut writer = Writer::new();
    writer.i16(spoken);
    let assignment = ConsumerProtocolAssignment { assigned_partitions, user_data: None };
    match assignment.write(&mut writer, spoken) {
        Ok(()) => writer.finish().into_bytes(),
        // The names and counts of topics that exist fit.
        Err(_) => Bytes::new(),
    }
}

/// What a member can do, the best first, each with its metadata. Copies, so that a member does not keep the frame that
/// it came in.
pub(super) fn protocols(protocols: &[JoinGroupRequestProtocol]) -> Vec<(ByteString, Bytes)> {
    let copy = |protocol: &JoinGroupRequestProtocol| {
        (own(&protocol.name), Bytes::copy_from_slice(&protocol.metadata))
    };
    protocols.iter().map(copy).collect()
}
