//! `ElectLeaders`, versions 0-2.
//!
//! Preferred elections give a partition back to the first of its replicas, if that is in sync; unclean ones give
//! one that nobody leads to any replica that is alive (KIP-460). Without a list all partitions are looked at, and
//! those that need no election are not named. Any node takes the request.

use std::collections::BTreeMap;

use ottla_proto::messages::elect_leaders::{
    ElectLeadersRequest, ElectLeadersResponse, PartitionResult, ReplicaElectionResult,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, TopicName};

use super::Call;
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 2);

pub(super) fn handle(engine: &mut Engine, call: &Call, request: ElectLeadersRequest) -> ElectLeadersResponse {
    const PREFERRED: i8 = 0;
    const UNCLEAN: i8 = 1;
    // Version 0 knows preferred elections only.
    let kind = if call.version == 0 { PREFERRED } else { request.election_type };
    if !matches!(kind, PREFERRED | UNCLEAN) {
        let error_code = ErrorCode::INVALID_REQUEST;
        return ElectLeadersResponse { error_code, ..ElectLeadersResponse::default() };
    }
    let all = request.topic_partitions.is_none();
    let asked: Vec<(TopicName, i32)> = match request.topic_partitions {
        None => {
            let topics = engine.topics.iter();
            let indexes =
                topics.flat_map(|topic| (0..).take(topic.partitions.len()).map(|i| (topic.name.clone(), i)));
            indexes.collect()
        }
        Some(topics) => {
            let named = |topic: ottla_proto::messages::elect_leaders::TopicPartitions| {
                let name = topic.topic;
                topic.partitions.into_iter().map(move |index| (name.clone(), index))
            };
            topics.into_iter().flat_map(named).collect()
        }
    };
    let mut results: BTreeMap<TopicName, Vec<PartitionResult>> = BTreeMap::new();
    for (topic, partition_id) in asked {
        let elected = engine.elect(&topic, partition_id, kind == UNCLEAN, call.now);
        if all && elected == Err(ErrorCode::ELECTION_NOT_NEEDED) {
            continue;
        }
        let error_code = elected.err().unwrap_or(ErrorCode::NONE);
        let error_message = (!error_code.is_none()).then(|| error_code.description().into());
        let result =
            PartitionResult { partition_id, error_code, error_message, ..PartitionResult::default() };
        results.entry(topic).or_default().push(result);
    }
    let result = |(topic, partition_result)| ReplicaElectionResult {
        topic,
        partition_result,
        ..ReplicaElectionResult::default()
    };
    ElectLeadersResponse {
        replica_election_results: results.into_iter().map(result).collect(),
        ..ElectLeadersResponse::default()
    }
}
