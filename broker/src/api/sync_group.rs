//! `SyncGroup`, versions 0-5.
//!
//! Answered when the leader has brought the assignments, or at once if it has before. From version 5 on the
//! request must name protocol type and name (KIP-559). A classic member of a consumer group is told what it has.
//!
//! Gaps: none known.

use ottla_proto::ErrorCode;
use ottla_proto::messages::sync_group::{SyncGroupRequest, SyncGroupResponse};
use ottla_proto::wire::VersionRange;

use super::{Handled, Incoming, check_named_group};
use crate::engine::{Close, Engine};

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 5);

pub(super) fn handle(engine: &mut Engine, incoming: Incoming<SyncGroupRequest>) -> Result<Handled, Close> {
    let Incoming { call, request } = incoming;
    let nameless = request.protocol_type.is_none() || request.protocol_name.is_none();
    let checked = match call.version >= 5 && nameless {
        true => Err(ErrorCode::INCONSISTENT_GROUP_PROTOCOL),
        false => check_named_group(engine, &call, &request.group_id),
    };
    if let Err(error_code) = checked {
        return call
            .answer_throttled(engine, SyncGroupResponse { error_code, ..SyncGroupResponse::default() });
    }
    let now = call.now;
    let Engine { coordinators, topics, .. } = engine;
    let (groups, mut turn) = coordinators.groups(now);
    groups.sync(&mut turn, topics, call, request);
    Ok(Handled::Waiting)
}
