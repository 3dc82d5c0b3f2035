//! `DescribeGroups`, versions 0-6.
//!
//! Classic groups. The metadata of members is told while the group is stable, what they were assigned last always. A
//! group that does not exist, or is none of this kind, is described as dead, from version 6 on with
//! `GROUP_ID_NOT_FOUND`.
//!
//! Gaps: every client has the address of this machine. As nobody is forbidden anything, the authorized operations
//! are all that there are for groups.

use ottla_proto::messages::describe_groups::{DescribeGroupsRequest, DescribeGroupsResponse, DescribedGroup};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, GroupId};

use super::{Call, check_group, each_once};
use crate::coordinator::Group;
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 6);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: DescribeGroupsRequest,
) -> DescribeGroupsResponse {
    let operations = if request.include_authorized_operations { GROUP_OPERATIONS } else { i32::MIN };
    let describe = |id: GroupId| {
        let error = |error_code, text: Option<&str>| DescribedGroup {
            error_code,
            error_message: text.filter(|_| call.version >= 6).map(Into::into),
            group_id: id.clone(),
            ..DescribedGroup::default()
        };
        if let Err(code) = check_group(engine, call, &id) {
            return error(code, None);
        }
        match engine.coordinators.groups.get(&id) {
            Some(Group::Classic(group)) => DescribedGroup {
                group_state: group.state_name().into(),
                protocol_type: group.protocol_type(),
                protocol_data: group.described_protocol(),
                members: group.described_members(),
                authorized_operations: operations,
                group_id: id,
                ..DescribedGroup::default()
            },
            Some(Group::Consumer(_)) | None => {
                let code = if call.version >= 6 { ErrorCode::GROUP_ID_NOT_FOUND } else { ErrorCode::NONE };
                let dead = error(code, Some("There is no classic group of this id"));
                DescribedGroup { group_state: "Dead".into(), ..dead }
            }
        }
    };
    DescribeGroupsResponse {
        groups: each_once(request.groups, GroupId::clone).map(describe).collect(),
        ..DescribeGroupsResponse::default()
    }
}

/// The bits of READ (3), DELETE (6), DESCRIBE (8), DESCRIBE_CONFIGS (10) and ALTER_CONFIGS (11).
pub(super) const GROUP_OPERATIONS: i32 = 1 << 3 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 11;
