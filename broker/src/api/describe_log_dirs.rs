//! `DescribeLogDirs`, versions 1-5.
//!
//! The replicas on the node that is asked, with their sizes and how far they are behind the high watermark, in one
//! folder. A full disk is `KAFKA_STORAGE_ERROR`.
//!
//! Gaps: one folder, whose name means nothing; the size of the disk is not known (-1).

use std::collections::BTreeSet;

use ottla_proto::messages::describe_log_dirs::{
    DescribeLogDirsPartition, DescribeLogDirsRequest, DescribeLogDirsResponse, DescribeLogDirsResult,
    DescribeLogDirsTopic,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{BrokerId, ErrorCode};

use super::Call;
use crate::engine::{Engine, Topic};

pub(super) const VERSIONS: VersionRange = VersionRange::new(1, 5);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: DescribeLogDirsRequest,
) -> DescribeLogDirsResponse {
    let topics: Vec<_> = match request.topics {
        None => engine.topics.iter().filter_map(|topic| describe(topic, call.node, |_| true)).collect(),
        Some(asked) => {
            let describe = |asked: ottla_proto::messages::describe_log_dirs::DescribableLogDirTopic| {
                let indexes: BTreeSet<i32> = asked.partitions.into_iter().collect();
                describe(engine.topics.named(&asked.topic)?, call.node, |index| indexes.contains(&index))
            };
            asked.into_iter().filter_map(describe).collect()
        }
    };
    let full = engine.is_disk_full(call.node, call.now);
    let result = DescribeLogDirsResult {
        error_code: if full { ErrorCode::KAFKA_STORAGE_ERROR } else { ErrorCode::NONE },
        log_dir: format!("/ottla/node-{}", call.node).into(),
        topics: if full { Vec::new() } else { topics },
        ..DescribeLogDirsResult::default()
    };
    DescribeLogDirsResponse { results: vec![result], ..DescribeLogDirsResponse::default() }
}

fn describe(topic: &Topic, node: BrokerId, is_asked: impl Fn(i32) -> bool) -> Option<DescribeLogDirsTopic> {
    let held = (0..).zip(&topic.partitions).filter(|(index, _)| is_asked(*index));
    let held = held.filter_map(|(index, partition)| Some((index, partition.replica(node)?, partition)));
    let partitions: Vec<_> = held
        .map(|(partition_index, replica, partition)| {
            let high_watermark = partition.leading().map_or(0, |leader| leader.high_watermark);
            DescribeLogDirsPartition {
                partition_index,
                partition_size: i64::try_from(replica.log.size()).unwrap_or(i64::MAX),
                offset_lag: (high_watermark - replica.log.end_offset()).max(0),
                ..DescribeLogDirsPartition::default()
            }
        })
        .collect();
    let name = topic.name.clone();
    (!partitions.is_empty()).then(|| DescribeLogDirsTopic { name, partitions, ..Default::default() })
}
