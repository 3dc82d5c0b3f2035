//! `DescribeTopicPartitions`, version 0 (KIP-966).
//!
//! Topics by name, or all, in the order of their names and page by page: an answer has as many partitions as asked
//! for, 2,000 at the most, and says where the next begins.
//!
//! Gaps: there are no eligible leader replicas; their lists are empty.

use std::collections::BTreeSet;

use ottla_proto::messages::describe_topic_partitions::{
    DescribeTopicPartitionsRequest, DescribeTopicPartitionsResponse,
    DescribeTopicPartitionsResponsePartition, DescribeTopicPartitionsResponseTopic, ResponseCursor,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, TopicName};

use super::Call;
use super::metadata::TOPIC_OPERATIONS;
use crate::coordinator::is_internal;
use crate::engine::{Engine, Partition, check_name};

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 0);

pub(super) fn handle(
    engine: &mut Engine,
    _call: &Call,
    request: DescribeTopicPartitionsRequest,
) -> DescribeTopicPartitionsResponse {
    const MOST: usize = 2000;
    let mut room = usize::try_from(request.response_partition_limit).unwrap_or_default().clamp(1, MOST);
    let names: BTreeSet<TopicName> = match request.topics.is_empty() {
        true => engine.topics.iter().map(|topic| topic.name.clone()).collect(),
        false => request.topics.into_iter().map(|topic| topic.name).collect(),
    };
    let (from, first) = match request.cursor {
        Some(cursor) => (cursor.topic_name, usize::try_from(cursor.partition_index).unwrap_or_default()),
        None => (TopicName::default(), 0),
    };
    let mut response = DescribeTopicPartitionsResponse::default();
    for name in names.into_iter().filter(|name| *name >= from) {
        if room == 0 {
            response.next_cursor = Some(cursor(name, 0));
            break;
        }
        let Some(topic) = engine.topics.named(&name) else {
            response.topics.push(unknown(name));
            continue;
        };
        let skipped = if name == from { first } else { 0 };
        let partitions = (0..).zip(&topic.partitions).skip(skipped).take(room);
        let partitions: Vec<_> =
            partitions.map(|(index, partition)| describe(engine, index, partition)).collect();
        let reached = skipped + partitions.len();
        room -= partitions.len();
        response.topics.push(DescribeTopicPartitionsResponseTopic {
            name: Some(name.clone()),
            topic_id: topic.id,
            is_internal: is_internal(&name),
            partitions,
            topic_authorized_operations: TOPIC_OPERATIONS,
            ..DescribeTopicPartitionsResponseTopic::default()
        });
        if reached < topic.partitions.len() {
            response.next_cursor = Some(cursor(name, reached));
            break;
        }
    }
    response
}

fn cursor(topic_name: TopicName, partition: usize) -> ResponseCursor {
    let partition_index = i32::try_from(partition).unwrap_or(i32::MAX);
    ResponseCursor { topic_name, partition_index, ..ResponseCursor::default() }
}

fn unknown(name: TopicName) -> DescribeTopicPartitionsResponseTopic {
    let error_code = match check_name(&name) {
        Ok(()) => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        Err(_) => ErrorCode::INVALID_TOPIC_EXCEPTION,
    };
    DescribeTopicPartitionsResponseTopic {
        error_code,
        is_internal: is_internal(&name),
        name: Some(name),
        topic_authorized_operations: TOPIC_OPERATIONS,
        ..DescribeTopicPartitionsResponseTopic::default()
    }
}

fn describe(engine: &Engine, index: i32, partition: &Partition) -> DescribeTopicPartitionsResponsePartition {
    let replicas = partition.replica_nodes();
    let nobody_leads = partition.leader.is_none();
    DescribeTopicPartitionsResponsePartition {
        error_code: if nobody_leads { ErrorCode::LEADER_NOT_AVAILABLE } else { ErrorCode::NONE },
        partition_index: index,
        leader_id: partition.leader,
        leader_epoch: partition.leader_epoch,
        offline_replicas: replicas.iter().copied().filter(|node| !engine.is_registered(*node)).collect(),
        replica_nodes: replicas,
        isr_nodes: partition.isr.clone(),
        eligible_leader_replicas: Some(Vec::new()),
        last_known_elr: Some(Vec::new()),
        ..DescribeTopicPartitionsResponsePartition::default()
    }
}
