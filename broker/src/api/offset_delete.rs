//! `OffsetDelete`, version 0.
//!
//! Of topics that the group's members do not read. What was never committed counts as deleted.
//!
//! Gaps: none known.

use ottla_proto::messages::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteRequestPartition, OffsetDeleteRequestTopic, OffsetDeleteResponse,
    OffsetDeleteResponsePartition, OffsetDeleteResponseTopic,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, GroupId};

use super::{Call, check_named_group};
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 0);

pub(super) fn handle(engine: &mut Engine, call: &Call, request: OffsetDeleteRequest) -> OffsetDeleteResponse {
    let OffsetDeleteRequest { group_id, topics } = request;
    let checked = check_named_group(engine, call, &group_id)
        .and_then(|()| engine.coordinators.groups.check_offset_delete(&group_id).map(drop));
    if let Err(error_code) = checked {
        return OffsetDeleteResponse { error_code, ..OffsetDeleteResponse::default() };
    }
    let topics = topics.into_iter().map(|topic| delete(engine, &group_id, topic)).collect();
    OffsetDeleteResponse { topics, ..OffsetDeleteResponse::default() }
}

fn delete(
    engine: &mut Engine,
    group: &GroupId,
    topic: OffsetDeleteRequestTopic,
) -> OffsetDeleteResponseTopic {
    let known = engine.topics.named(&topic.name);
    let subscribed =
        engine.coordinators.groups.get(group).is_some_and(|group| group.is_subscribed(&topic.name));
    let offsets = &mut engine.coordinators.offsets;
    let delete = |OffsetDeleteRequestPartition { partition_index }| {
        let exists = known.is_some_and(|topic| topic.partition(partition_index).is_some());
        let error_code = match (exists, subscribed) {
            (false, _) => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            (true, true) => ErrorCode::GROUP_SUBSCRIBED_TO_TOPIC,
            (true, false) => {
                offsets.delete(group, &topic.name, partition_index);
                ErrorCode::NONE
            }
        };
        OffsetDeleteResponsePartition { partition_index, error_code }
    };
    let partitions = topic.partitions.into_iter().map(delete).collect();
    OffsetDeleteResponseTopic { name: topic.name, partitions }
}
