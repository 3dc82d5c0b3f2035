//! `DescribeProducers`, version 0.
//!
//! The idempotent and transactional producers that wrote to a partition, as the node's own replica knows them: a
//! follower is asked by tools that look at one node.
//!
//! Gaps: none known.

use ottla_proto::ErrorCode;
use ottla_proto::messages::describe_producers::{
    DescribeProducersRequest, DescribeProducersResponse, PartitionResponse, ProducerState, TopicRequest,
    TopicResponse,
};
use ottla_proto::wire::VersionRange;

use super::{Call, each_once};
use crate::engine::{Engine, Topic};
use crate::log;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 0);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: DescribeProducersRequest,
) -> DescribeProducersResponse {
    let topic = |asked: TopicRequest| {
        let topic = engine.topics.named(&asked.name);
        let describe = |index: i32| {
            let described = describe(call, topic, index);
            let error_code = described.as_ref().err().copied().unwrap_or_default();
            PartitionResponse {
                partition_index: index,
                error_code,
                active_producers: described.unwrap_or_default(),
                ..PartitionResponse::default()
            }
        };
        TopicResponse {
            partitions: each_once(asked.partition_indexes, |index| *index).map(describe).collect(),
            name: asked.name,
            ..TopicResponse::default()
        }
    };
    DescribeProducersResponse {
        topics: each_once(request.topics, |topic| topic.name.clone()).map(topic).collect(),
        ..DescribeProducersResponse::default()
    }
}

fn describe(call: &Call, topic: Option<&Topic>, index: i32) -> Result<Vec<ProducerState>, ErrorCode> {
    let partition = topic.and_then(|topic| topic.partition(index));
    let partition = partition.ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    let replica = partition.replica(call.node).ok_or(ErrorCode::NOT_LEADER_OR_FOLLOWER)?;
    let tell = |state: log::ProducerState| ProducerState {
        producer_id: state.id,
        producer_epoch: state.epoch.0.into(),
        last_sequence: state.last_sequence.unwrap_or(-1),
        last_timestamp: state.last_timestamp,
        coordinator_epoch: state.coordinator_epoch.unwrap_or(-1),
        current_txn_start_offset: state.transaction_start.unwrap_or(-1),
        ..ProducerState::default()
    };
    Ok(replica.log.producers().map(tell).collect())
}
