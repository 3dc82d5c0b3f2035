//! `AlterPartitionReassignments`, versions 0-1 (KIP-455).
//!
//! Gives a partition other replicas: new ones are added, and once all of them are in sync the ones that are not
//! wanted any more leave. Null cancels what is under way. Any node takes the request. From version 1 on a caller
//! can forbid to change the number of replicas.

use ottla_proto::ErrorCode;
use ottla_proto::messages::alter_partition_reassignments::{
    AlterPartitionReassignmentsRequest, AlterPartitionReassignmentsResponse, ReassignablePartition,
    ReassignablePartitionResponse, ReassignableTopicResponse,
};
use ottla_proto::wire::VersionRange;

use super::Call;
use super::create_topics::{check_replicas, refusal};
use crate::engine::{Engine, TopicError};

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 1);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: AlterPartitionReassignmentsRequest,
) -> AlterPartitionReassignmentsResponse {
    let may_resize = request.allow_replication_factor_change;
    let mut responses = Vec::with_capacity(request.topics.len());
    for topic in request.topics {
        let mut alter = |asked: ReassignablePartition| {
            let partition_index = asked.partition_index;
            let mut response = ReassignablePartitionResponse { partition_index, ..Default::default() };
            if let Err(error) = reassign(engine, call, &topic.name, asked, may_resize) {
                (response.error_code, response.error_message) = (error.code, Some(error.message.into()));
            }
            response
        };
        responses.push(ReassignableTopicResponse {
            partitions: topic.partitions.into_iter().map(&mut alter).collect(),
            name: topic.name.clone(),
            ..ReassignableTopicResponse::default()
        });
    }
    AlterPartitionReassignmentsResponse {
        allow_replication_factor_change: if call.version >= 1 { may_resize } else { true },
        responses,
        ..AlterPartitionReassignmentsResponse::default()
    }
}

fn reassign(
    engine: &mut Engine,
    call: &Call,
    topic: &str,
    asked: ReassignablePartition,
    may_resize: bool,
) -> Result<(), TopicError> {
    let unknown = || refusal(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, "There is no such partition");
    let id = engine.topics.id(topic).ok_or_else(unknown)?;
    let index = asked.partition_index;
    let partition = engine.partition_mut(id, index).ok_or_else(unknown)?;
    let Some(target) = asked.replicas else {
        if !partition.is_being_reassigned() {
            let message = ErrorCode::NO_REASSIGNMENT_IN_PROGRESS.description();
            return Err(refusal(ErrorCode::NO_REASSIGNMENT_IN_PROGRESS, message));
        }
        partition.cancel_reassignment();
        engine.settle_reassignment(id, index, call.now);
        return Ok(());
    };
    let factor = partition.replicas.len() - partition.adding.len();
    check_replicas(engine, &target)?;
    if !may_resize && target.len() != factor {
        let message = format!("The partition has {factor} replica(s), and that is not to change");
        return Err(refusal(ErrorCode::INVALID_REPLICATION_FACTOR, message));
    }
    if let Some(partition) = engine.partition_mut(id, index) {
        partition.reassign(&target);
    }
    engine.settle_reassignment(id, index, call.now);
    Ok(())
}
