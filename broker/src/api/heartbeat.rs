//! `Heartbeat`, versions 0-4.
//!
//! Keeps the session of a member of a classic group alive; `REBALANCE_IN_PROGRESS` tells it to join again, and
//! counts as a heartbeat too. A classic member of a consumer group is told so when it has another step to take towards
//! its assignment.
//!
//! Gaps: none known.

use ottla_proto::messages::heartbeat::{HeartbeatRequest, HeartbeatResponse};
use ottla_proto::wire::VersionRange;

use super::{Call, check_named_group};
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 4);

pub(super) fn handle(engine: &mut Engine, call: &Call, request: HeartbeatRequest) -> HeartbeatResponse {
    let checked = check_named_group(engine, call, &request.group_id).and_then(|()| {
        let (groups, mut turn) = engine.coordinators.groups(call.now);
        groups.heartbeat(&mut turn, &request)
    });
    HeartbeatResponse { error_code: checked.err().unwrap_or_default(), ..HeartbeatResponse::default() }
}
