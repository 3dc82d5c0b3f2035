//! `ListPartitionReassignments`, version 0 (KIP-455).
//!
//! The partitions that are being given other replicas, all or those that are asked for.

use std::collections::BTreeSet;

use ottla_proto::messages::list_partition_reassignments::{
    ListPartitionReassignmentsRequest, ListPartitionReassignmentsResponse, OngoingPartitionReassignment,
    OngoingTopicReassignment,
};
use ottla_proto::wire::VersionRange;

use super::Call;
use crate::engine::{Engine, Topic};

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 0);

pub(super) fn handle(
    engine: &mut Engine,
    _call: &Call,
    request: ListPartitionReassignmentsRequest,
) -> ListPartitionReassignmentsResponse {
    let topics = match request.topics {
        None => engine.topics.iter().filter_map(|topic| ongoing(topic, |_| true)).collect(),
        Some(asked) => {
            let ongoing = |asked: ottla_proto::messages::list_partition_reassignments::ListPartitionReassignmentsTopics| {
                let indexes: BTreeSet<i32> = asked.partition_indexes.into_iter().collect();
                ongoing(engine.topics.named(&asked.name)?, |index| indexes.contains(&index))
            };
            asked.into_iter().filter_map(ongoing).collect()
        }
    };
    ListPartitionReassignmentsResponse {
        error_message: None,
        topics,
        ..ListPartitionReassignmentsResponse::default()
    }
}

fn ongoing(topic: &Topic, is_asked: impl Fn(i32) -> bool) -> Option<OngoingTopicReassignment> {
    let partitions = (0..).zip(&topic.partitions);
    let partitions: Vec<_> = partitions
        .filter(|(index, partition)| is_asked(*index) && partition.is_being_reassigned())
        .map(|(partition_index, partition)| OngoingPartitionReassignment {
            partition_index,
            replicas: partition.replica_nodes(),
            adding_replicas: partition.adding.clone(),
            removing_replicas: partition.removing.clone(),
            ..OngoingPartitionReassignment::default()
        })
        .collect();
    let name = topic.name.clone();
    (!partitions.is_empty()).then(|| OngoingTopicReassignment { name, partitions, ..Default::default() })
}
