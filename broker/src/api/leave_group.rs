//! `LeaveGroup`, versions 0-5.
//!
//! One member, or from version 3 on several, static ones by their instance id alone. Before version 3 the
//! member's error is the answer's. Members of a consumer group are removed by it, too, whatever their protocol.
//!
//! Gaps: none known.

use ottla_proto::ErrorCode;
use ottla_proto::messages::leave_group::{LeaveGroupRequest, LeaveGroupResponse, MemberIdentity};
use ottla_proto::wire::VersionRange;

use super::{Call, check_named_group};
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 5);

pub(super) fn handle(engine: &mut Engine, call: &Call, request: LeaveGroupRequest) -> LeaveGroupResponse {
    let members = match call.version {
        ..=2 => vec![MemberIdentity { member_id: request.member_id, ..MemberIdentity::default() }],
        _ => request.members,
    };
    let left = check_named_group(engine, call, &request.group_id).and_then(|()| {
        let Engine { coordinators, topics, .. } = engine;
        let (groups, mut turn) = coordinators.groups(call.now);
        groups.leave(&mut turn, topics, &request.group_id, members)
    });
    match left {
        Ok(members) if call.version <= 2 => LeaveGroupResponse {
            error_code: members.first().map_or(ErrorCode::NONE, |member| member.error_code),
            ..LeaveGroupResponse::default()
        },
        Ok(members) => LeaveGroupResponse { members, ..LeaveGroupResponse::default() },
        Err(error_code) => LeaveGroupResponse { error_code, ..LeaveGroupResponse::default() },
    }
}
