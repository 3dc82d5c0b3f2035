//! `DeleteGroups`, versions 0-3.
//!
//! Groups without members, and what they committed.
//!
//! Gaps: none known.

use ottla_proto::messages::delete_groups::{DeletableGroupResult, DeleteGroupsRequest, DeleteGroupsResponse};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, GroupId};

use super::{Call, check_group};
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 3);

pub(super) fn handle(engine: &mut Engine, call: &Call, request: DeleteGroupsRequest) -> DeleteGroupsResponse {
    let delete = |group_id: GroupId| {
        let deleted = delete(engine, call, &group_id);
        let error_code = deleted.err().unwrap_or_default();
        DeletableGroupResult { group_id, error_code, ..DeletableGroupResult::default() }
    };
    DeleteGroupsResponse {
        results: request.groups_names.into_iter().map(delete).collect(),
        ..DeleteGroupsResponse::default()
    }
}

fn delete(engine: &mut Engine, call: &Call, id: &GroupId) -> Result<(), ErrorCode> {
    check_group(engine, call, id)?;
    let (groups, mut turn) = engine.coordinators.groups(call.now);
    groups.delete(&mut turn, id)?;
    engine.coordinators.offsets.delete_group(id);
    Ok(())
}
