//! `DescribeQuorum`, versions 0-2 (KIP-595).
//!
//! The quorum behind the cluster's metadata as a combined cluster would show it: every node is a voter, the
//! controller leads, and all that are alive are up to date.
//!
//! Gaps: there is no metadata log; offsets are all 1 and epochs all 1.

use ottla_proto::messages::describe_quorum::{
    DescribeQuorumRequest, DescribeQuorumResponse, Listener, Node, ReplicaState, RequestPartitionData,
    ResponsePartitionData, ResponseTopicData,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, LeaderEpoch};

use super::Call;
use crate::engine::{Engine, NodeAddress};

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 2);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: DescribeQuorumRequest,
) -> DescribeQuorumResponse {
    let topics = request.topics.into_iter().map(|topic| {
        let is_metadata = *topic.topic_name == *"__cluster_metadata";
        let describe = |asked: &RequestPartitionData| match is_metadata && asked.partition_index == 0 {
            true => quorum(engine, call),
            false => ResponsePartitionData {
                partition_index: asked.partition_index,
                error_code: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                ..ResponsePartitionData::default()
            },
        };
        ResponseTopicData {
            partitions: topic.partitions.iter().map(describe).collect(),
            topic_name: topic.topic_name,
            ..ResponseTopicData::default()
        }
    });
    let topics = topics.collect();
    let nodes = match call.version {
        2.. => engine.config.nodes.iter().map(node).collect(),
        _ => Vec::new(),
    };
    DescribeQuorumResponse { topics, nodes, ..DescribeQuorumResponse::default() }
}

fn quorum(engine: &Engine, call: &Call) -> ResponsePartitionData {
    const END: i64 = 1;
    let controller = engine.controller();
    let voter = |address: &NodeAddress| {
        let seen = engine.is_registered(address.id) && call.version >= 1;
        let moment = if seen { call.now.as_millis() } else { -1 };
        ReplicaState {
            replica_id: address.id,
            log_end_offset: END,
            last_fetch_timestamp: moment,
            last_caught_up_timestamp: moment,
            ..ReplicaState::default()
        }
    };
    ResponsePartitionData {
        leader_id: controller,
        leader_epoch: LeaderEpoch(1),
        high_watermark: END,
        current_voters: engine.config.nodes.iter().map(voter).collect(),
        ..ResponsePartitionData::default()
    }
}

fn node(address: &NodeAddress) -> Node {
    let listener = Listener {
        name: "CONTROLLER".into(),
        host: address.host.as_str().into(),
        port: address.port,
        ..Listener::default()
    };
    Node { node_id: address.id, listeners: vec![listener], ..Node::default() }
}
