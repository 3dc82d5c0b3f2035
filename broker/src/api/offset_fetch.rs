//! `OffsetFetch`, versions 1-10.
//!
//! One group, or from version 8 on several, each by its own coordinator; some partitions or all that were
//! committed (from version 2 on). By topic name up to version 9, by id from version 10 on. From version 9 on a
//! member of a consumer group may name itself and its epoch, and is refused if it is not current. With
//! `require_stable` a partition whose offset a running transaction may change is `UNSTABLE_OFFSET_COMMIT`.
//!
//! Gaps: none known.

use ottla_proto::messages::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
    OffsetFetchResponse, OffsetFetchResponseGroup, OffsetFetchResponsePartition,
    OffsetFetchResponsePartitions, OffsetFetchResponseTopic, OffsetFetchResponseTopics,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, GroupId, LeaderEpoch, TopicId, TopicName};

use super::{Call, check_group, each_once};
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(1, 10);

/// The first version that names several groups.
const FIRST_BATCHED: i16 = 8;
/// The first version with topic ids.
const FIRST_BY_ID: i16 = 10;

pub(super) fn handle(engine: &mut Engine, call: &Call, request: OffsetFetchRequest) -> OffsetFetchResponse {
    let stable = request.require_stable;
    if call.version >= FIRST_BATCHED {
        let fetch = |group| fetch_group(engine, call, stable, group);
        let groups = each_once(request.groups, |group| group.group_id.clone()).map(fetch).collect();
        return OffsetFetchResponse { groups, ..OffsetFetchResponse::default() };
    }
    let topics = request.topics.map(|topics| topics.into_iter().map(widen).collect());
    let group_id = request.group_id;
    let asked = OffsetFetchRequestGroup { group_id, topics, ..OffsetFetchRequestGroup::default() };
    // Version 1 tells an error of the group with each partition.
    let partitions = asked.topics.clone().filter(|_| call.version < 2).unwrap_or_default();
    let answer = fetch_group(engine, call, stable, asked);
    let error_code = answer.error_code;
    if error_code != ErrorCode::NONE {
        let topics = partitions.into_iter().map(|topic| narrow(failed(topic, error_code))).collect();
        return OffsetFetchResponse { topics, error_code, ..OffsetFetchResponse::default() };
    }
    let topics = answer.topics.into_iter().map(narrow).collect();
    OffsetFetchResponse { topics, ..OffsetFetchResponse::default() }
}

fn fetch_group(
    engine: &mut Engine,
    call: &Call,
    stable: bool,
    asked: OffsetFetchRequestGroup,
) -> OffsetFetchResponseGroup {
    let OffsetFetchRequestGroup { group_id, topics, member_id, member_epoch, .. } = asked;
    let checked = check_group(engine, call, &group_id)
        .and_then(|()| engine.coordinators.groups.check_fetch(&group_id, member_id.as_deref(), member_epoch));
    if let Err(error_code) = checked {
        return OffsetFetchResponseGroup { group_id, error_code, ..OffsetFetchResponseGroup::default() };
    }
    let topics = topics.unwrap_or_else(|| everything(engine, &group_id, call.version));
    let fetch = |topic| fetch_topic(engine, call.version, &group_id, stable, topic);
    OffsetFetchResponseGroup {
        topics: topics.into_iter().map(fetch).collect(),
        group_id,
        ..OffsetFetchResponseGroup::default()
    }
}

/// All that the group has committed, as if the request had named it.
fn everything(engine: &Engine, group: &GroupId, version: i16) -> Vec<OffsetFetchRequestTopics> {
    let named = |(name, partitions): (&TopicName, &std::collections::BTreeMap<i32, _>)| {
        Some(OffsetFetchRequestTopics {
            name: name.clone(),
            topic_id: if version >= FIRST_BY_ID { engine.topics.id(name)? } else { TopicId::ZERO },
            partition_indexes: partitions.keys().copied().collect(),
            ..OffsetFetchRequestTopics::default()
        })
    };
    engine.coordinators.offsets.of(group).into_iter().flatten().filter_map(named).collect()
}

fn fetch_topic(
    engine: &Engine,
    version: i16,
    group: &GroupId,
    stable: bool,
    topic: OffsetFetchRequestTopics,
) -> OffsetFetchResponseTopics {
    let name = if version >= FIRST_BY_ID {
        match engine.topics.get(topic.topic_id) {
            Some(known) => known.name.clone(),
            None => return failed(topic, ErrorCode::UNKNOWN_TOPIC_ID),
        }
    } else {
        topic.name.clone()
    };
    let offsets = &engine.coordinators.offsets;
    let fetch = |index| match offsets.get(group, &name, index) {
        _ if stable && offsets.is_unstable(group, &name, index) => {
            nothing(index, ErrorCode::UNSTABLE_OFFSET_COMMIT)
        }
        Some(committed) => OffsetFetchResponsePartitions {
            partition_index: index,
            committed_offset: committed.offset,
            committed_leader_epoch: if version >= 5 { committed.leader_epoch } else { LeaderEpoch::NONE },
            metadata: Some(committed.metadata.clone()),
            ..OffsetFetchResponsePartitions::default()
        },
        None => nothing(index, ErrorCode::NONE),
    };
    OffsetFetchResponseTopics {
        partitions: topic.partition_indexes.into_iter().map(fetch).collect(),
        name: topic.name,
        topic_id: topic.topic_id,
        ..OffsetFetchResponseTopics::default()
    }
}

fn failed(topic: OffsetFetchRequestTopics, code: ErrorCode) -> OffsetFetchResponseTopics {
    OffsetFetchResponseTopics {
        partitions: topic.partition_indexes.into_iter().map(|index| nothing(index, code)).collect(),
        name: topic.name,
        topic_id: topic.topic_id,
        ..OffsetFetchResponseTopics::default()
    }
}

fn nothing(partition_index: i32, error_code: ErrorCode) -> OffsetFetchResponsePartitions {
    OffsetFetchResponsePartitions {
        partition_index,
        committed_offset: -1,
        metadata: Some("".into()),
        error_code,
        ..OffsetFetchResponsePartitions::default()
    }
}

/// A topic as the versions with several groups ask for it.
fn widen(topic: OffsetFetchRequestTopic) -> OffsetFetchRequestTopics {
    OffsetFetchRequestTopics {
        name: topic.name,
        partition_indexes: topic.partition_indexes,
        ..OffsetFetchRequestTopics::default()
    }
}

/// A topic as the versions with one group answer it.
fn narrow(topic: OffsetFetchResponseTopics) -> OffsetFetchResponseTopic {
    let narrow = |partition: OffsetFetchResponsePartitions| OffsetFetchResponsePartition {
        partition_index: partition.partition_index,
        committed_offset: partition.committed_offset,
        committed_leader_epoch: partition.committed_leader_epoch,
        metadata: partition.metadata,
        error_code: partition.error_code,
        ..OffsetFetchResponsePartition::default()
    };
    OffsetFetchResponseTopic {
        name: topic.name,
        partitions: topic.partitions.into_iter().map(narrow).collect(),
        ..OffsetFetchResponseTopic::default()
    }
}
