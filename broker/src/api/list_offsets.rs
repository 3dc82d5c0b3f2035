//! `ListOffsets`, versions 1-11.
//!
//! Earliest (-2), latest (-1), newest timestamp (-3, version 7 on), earliest local (-4, version 8 on, the same as
//! earliest), last tiered (-5, version 9 on) and earliest pending upload (-6, version 11 on), which do not exist
//! without remote storage, and the first record from a timestamp on. Consumers are told of nothing from the high
//! watermark on, or from the last stable offset on if they read committed records only; after an election the
//! leader says `OFFSET_NOT_AVAILABLE` (before version 5 `LEADER_NOT_AVAILABLE`) until its high watermark has
//! reached its epoch. Leader epochs are checked (KIP-320).

use ottla_proto::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsResponse,
    ListOffsetsTopicResponse,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, LeaderEpoch};

use super::{Call, find_leader};
use crate::engine::{Engine, Partition};
use crate::log::{BatchChecker, TimedOffset};
use crate::storage::StorageFailed;

pub(super) const VERSIONS: VersionRange = VersionRange::new(1, 11);

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const NEWEST_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LAST_TIERED: i64 = -5;
const EARLIEST_PENDING_UPLOAD: i64 = -6;

pub(super) fn handle(engine: &mut Engine, call: &Call, request: ListOffsetsRequest) -> ListOffsetsResponse {
    let read_committed = request.isolation_level == READ_COMMITTED;
    let Engine { topics, checker, .. } = engine;
    let answer = |topic: ottla_proto::messages::list_offsets::ListOffsetsTopic| {
        let found = topics.named(&topic.name);
        let partition = |asked: ListOffsetsPartition| {
            let partition = found.and_then(|topic| topic.partition(asked.partition_index));
            match list(call, &asked, partition, read_committed, checker) {
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
    read_committed: bool,
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
    let leader = find_leader(call, partition, asked.current_leader_epoch)?;
    let untimed = |offset| TimedOffset { offset, timestamp: -1, leader_epoch: partition.leader_epoch };
    let nothing = TimedOffset { offset: -1, timestamp: -1, leader_epoch: LeaderEpoch::NONE };
    let log = &leader.log;
    let end = leader.visible_end(read_committed);
    let not_yet = || match log.latest_epoch_start() > leader.high_watermark {
        true if call.version >= 5 => Err(ErrorCode::OFFSET_NOT_AVAILABLE),
        true => Err(ErrorCode::LEADER_NOT_AVAILABLE),
        false => Ok(()),
    };
    let found = match asked.timestamp {
        EARLIEST | EARLIEST_LOCAL => return Ok(untimed(log.start_offset())),
        LATEST => return not_yet().map(|()| untimed(end)),
        LAST_TIERED | EARLIEST_PENDING_UPLOAD => return Ok(nothing),
        NEWEST_TIMESTAMP => log.newest_timestamp(checker),
        timestamp => log.find_timestamp(timestamp, checker),
    };
    let found = found.map_err(|StorageFailed| ErrorCode::KAFKA_STORAGE_ERROR)?;
    match found {
        Some(found) if found.offset < end => Ok(found),
        Some(_) => not_yet().map(|()| nothing),
        None => Ok(nothing),
    }
}

const READ_COMMITTED: i8 = 1;
