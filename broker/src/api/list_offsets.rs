//! `ListOffsets`, versions 1-11.
//!
//! Earliest (-2), latest (-1), newest timestamp (-3, version 7 on), earliest local (-4, version 8 on, the same as
//! earliest), last tiered (-5, version 9 on) and earliest pending upload (-6, version 11 on), which do not exist
//! without remote storage, and the first record from a timestamp on. Both isolation levels see the same, as there are no transactions.
//! Leader epochs are checked (KIP-320).

use ottla_proto::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsResponse,
    ListOffsetsTopicResponse,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, LeaderEpoch};

use super::{Call, check_leader};
use crate::engine::{Engine, Partition};
use crate::log::{BatchChecker, TimedOffset};

pub(super) const VERSIONS: VersionRange = VersionRange::new(1, 11);

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const NEWEST_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LAST_TIERED: i64 = -5;
const EARLIEST_PENDING_UPLOAD: i64 = -6;

pub(super) fn handle(engine: &mut Engine, call: &Call, request: ListOffsetsRequest) -> ListOffsetsResponse {
    let Engine { topics, checker, .. } = engine;
    let answer = |topic: ottla_proto::messages::list_offsets::ListOffsetsTopic| {
        let found = topics.named(&topic.name);
        let partition = |asked: ListOffsetsPartition| {
            let partition = found.and_then(|topic| topic.partition(asked.partition_index));
            match list(call, &asked, partition, checker) {
                Ok(found) => ListOffsetsPartitionResponse {
                    partition_index: asked.partition_index,
                    timestamp: found.timestamp,
                    offset: found.offset,
                    // Earlier versions have no room for it.
                    leader_epoch: if call.version >= 4 { found.leader_epoch } else { LeaderEpoch::NONE },
                    ..ListOffsetsPartitionResponse::default()
                },
                Err(error_code) => ListOffsetsPartitionResponse {
                    partition_index: asked.partition_index,
                    error_code,
                    ..ListOffsetsPartitionResponse::default()
                },
            }
        };
        let partitions = topic.partitions.into_iter().map(partition).collect();
        ListOffsetsTopicResponse { name: topic.name, partitions, ..ListOffsetsTopicResponse::default() }
    };
    ListOffsetsResponse {
        topics: request.topics.into_iter().map(answer).collect(),
        ..ListOffsetsResponse::default()
    }
}

fn list(
    call: &Call,
    asked: &ListOffsetsPartition,
    partition: Option<&Partition>,
    checker: &mut BatchChecker,
) -> Result<TimedOffset, ErrorCode> {
    let since = match asked.timestamp {
        0.. | LATEST | EARLIEST => 1,
        NEWEST_TIMESTAMP => 7,
        EARLIEST_LOCAL => 8,
        LAST_TIERED => 9,
        EARLIEST_PENDING_UPLOAD => 11,
        _ => return Err(ErrorCode::UNSUPPORTED_VERSION),
    };
    if call.version < since {
        return Err(ErrorCode::UNSUPPORTED_VERSION);
    }
    let partition = partition.ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    check_leader(call, partition, asked.current_leader_epoch)?;
    let untimed = |offset| TimedOffset { offset, timestamp: -1, leader_epoch: partition.leader_epoch };
    let nothing = TimedOffset { offset: -1, timestamp: -1, leader_epoch: LeaderEpoch::NONE };
    let log = &partition.log;
    match asked.timestamp {
        EARLIEST | EARLIEST_LOCAL => Ok(untimed(log.start_offset())),
        LATEST => Ok(untimed(log.end_offset())),
        NEWEST_TIMESTAMP => Ok(log.newest_timestamp(checker).unwrap_or(nothing)),
        LAST_TIERED | EARLIEST_PENDING_UPLOAD => Ok(nothing),
        timestamp => Ok(log.find_timestamp(timestamp, checker).unwrap_or(nothing)),
    }
}
