//! `DeleteRecords`, versions 0-2.
//!
//! Forgets the records before an offset, or with -1 all that are committed; a batch that reaches over the offset
//! is kept. Only the leader takes it, and only for topics that delete (`POLICY_VIOLATION` for those that only
//! compact). Kafka's internal topics are left alone (`INVALID_TOPIC_EXCEPTION`).
//!
//! Gaps: the answer does not wait for followers that lag; they follow when they fetch.

use ottla_proto::ErrorCode;
use ottla_proto::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsPartitionResult, DeleteRecordsRequest, DeleteRecordsResponse,
    DeleteRecordsTopicResult,
};
use ottla_proto::wire::VersionRange;

use super::Call;
use crate::coordinator::is_internal;
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 2);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: DeleteRecordsRequest,
) -> DeleteRecordsResponse {
    let mut topics = Vec::with_capacity(request.topics.len());
    for topic in request.topics {
        let mut delete = |asked: &DeleteRecordsPartition| {
            let deleted = delete(engine, call, &topic.name, asked);
            DeleteRecordsPartitionResult {
                partition_index: asked.partition_index,
                low_watermark: deleted.unwrap_or(-1),
                error_code: deleted.err().unwrap_or(ErrorCode::NONE),
                ..DeleteRecordsPartitionResult::default()
            }
        };
        topics.push(DeleteRecordsTopicResult {
            partitions: topic.partitions.iter().map(&mut delete).collect(),
            name: topic.name.clone(),
            ..DeleteRecordsTopicResult::default()
        });
    }
    DeleteRecordsResponse { topics, ..DeleteRecordsResponse::default() }
}

fn delete(
    engine: &mut Engine,
    call: &Call,
    topic: &str,
    asked: &DeleteRecordsPartition,
) -> Result<i64, ErrorCode> {
    if is_internal(topic) {
        return Err(ErrorCode::INVALID_TOPIC_EXCEPTION);
    }
    let id = engine.topics.id(topic).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    let topic = engine.topics.get_mut(id).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    let deletes = topic.config.deletes;
    let partition = topic.partition_mut(asked.partition_index);
    let partition = partition.ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    if partition.leader != call.node {
        return Err(ErrorCode::NOT_LEADER_OR_FOLLOWER);
    }
    let leader = partition.replica_mut(call.node).ok_or(ErrorCode::NOT_LEADER_OR_FOLLOWER)?;
    if !deletes {
        return Err(ErrorCode::POLICY_VIOLATION);
    }
    const ALL: i64 = -1;
    let offset = if asked.offset == ALL { leader.high_watermark } else { asked.offset };
    if !(0..=leader.high_watermark).contains(&offset) {
        return Err(ErrorCode::OFFSET_OUT_OF_RANGE);
    }
    leader.log.advance_start(offset);
    let low_watermark = leader.log.start_offset();
    engine.topics.note_partition(id, asked.partition_index);
    engine.replicate(id, asked.partition_index, call.now);
    engine.waiting.changed(id, asked.partition_index);
    Ok(low_watermark)
}
