//! `OffsetForLeaderEpoch`, versions 2-4.
//!
//! Where a leader epoch ends in the leader's log (KIP-101, 279, 320): the largest epoch that is not above the asked
//! one, and the offset after its last record; -1 for both if the log cannot tell. Leader epochs are checked.
//!
//! Gaps: none known.

use ottla_proto::messages::offset_for_leader_epoch::{
    EpochEndOffset, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, OffsetForLeaderPartition,
    OffsetForLeaderTopicResult,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, LeaderEpoch};

use super::{Call, find_leader};
use crate::engine::{Engine, Partition};

pub(super) const VERSIONS: VersionRange = VersionRange::new(2, 4);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: OffsetForLeaderEpochRequest,
) -> OffsetForLeaderEpochResponse {
    let topics = request.topics.into_iter().map(|topic| {
        let found = engine.topics.named(&topic.topic);
        let answer = |asked: &OffsetForLeaderPartition| {
            find(call, asked, found.and_then(|topic| topic.partition(asked.partition)))
        };
        OffsetForLeaderTopicResult {
            partitions: topic.partitions.iter().map(answer).collect(),
            topic: topic.topic,
            ..OffsetForLeaderTopicResult::default()
        }
    });
    OffsetForLeaderEpochResponse { topics: topics.collect(), ..OffsetForLeaderEpochResponse::default() }
}

fn find(call: &Call, asked: &OffsetForLeaderPartition, partition: Option<&Partition>) -> EpochEndOffset {
    let leader = partition
        .ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)
        .and_then(|partition| find_leader(call, partition, asked.current_leader_epoch));
    let (error_code, end) = match leader {
        Ok(leader) => (ErrorCode::NONE, leader.log.epoch_end(asked.leader_epoch)),
        Err(code) => (code, None),
    };
    EpochEndOffset {
        error_code,
        partition: asked.partition,
        leader_epoch: end.map_or(LeaderEpoch::NONE, |end| end.epoch),
        end_offset: end.map_or(-1, |end| end.end_offset),
        ..EpochEndOffset::default()
    }
}
