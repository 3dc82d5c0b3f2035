//! `ConsumerGroupDescribe`, versions 0-1.
//!
//! Consumer groups with their epochs, members, and what each has and shall have.
//!
//! Gaps: every client has the address of this machine. As nobody is forbidden anything, the authorized operations
//! are all that there are for groups.

use ottla_proto::messages::consumer_group_describe::{
    ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, DescribedGroup,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, GroupId};

use super::describe_groups::GROUP_OPERATIONS;
use super::{Call, check_named_group, each_once};
use crate::coordinator::Group;
use crate::engine::Engine;
use crate::release::GROUP_VERSION;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 1);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: ConsumerGroupDescribeRequest,
) -> ConsumerGroupDescribeResponse {
    let describe = |group_id: GroupId| {
        let group = engine.coordinators.groups.get(&group_id);
        let checked = match engine.features.level(GROUP_VERSION) {
            ..1 => Err(ErrorCode::UNSUPPORTED_VERSION),
            1.. => check_named_group(engine, call, &group_id),
        };
        let found = checked.and(match group {
            Some(Group::Consumer(group)) => Ok(group),
            Some(Group::Classic(_)) | None => Err(ErrorCode::GROUP_ID_NOT_FOUND),
        });
        match found {
            Ok(group) => {
                let described = group.described(&engine.topics);
                let wanted = request.include_authorized_operations;
                let operations = if wanted { GROUP_OPERATIONS } else { described.authorized_operations };
                DescribedGroup { authorized_operations: operations, ..described }
            }
            Err(error_code) => DescribedGroup {
                error_code,
                error_message: (error_code == ErrorCode::GROUP_ID_NOT_FOUND)
                    .then(|| "There is no consumer group of this id".into()),
                group_id,
                ..DescribedGroup::default()
            },
        }
    };
    ConsumerGroupDescribeResponse {
        groups: each_once(request.group_ids, GroupId::clone).map(describe).collect(),
        ..ConsumerGroupDescribeResponse::default()
    }
}
