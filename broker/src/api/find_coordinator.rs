//! `FindCoordinator`, versions 0-6.
//!
//! Gaps: there is no coordinator yet. Every key is answered with `COORDINATOR_NOT_AVAILABLE` and a text that says
//! so, because clients that only read by partition ask nevertheless and carry on.

use bytestring::ByteString;
use ottla_proto::ErrorCode;
use ottla_proto::messages::find_coordinator::{Coordinator, FindCoordinatorRequest, FindCoordinatorResponse};
use ottla_proto::wire::VersionRange;

use super::Call;
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 6);

pub(super) fn handle(
    _engine: &mut Engine,
    call: &Call,
    request: FindCoordinatorRequest,
) -> FindCoordinatorResponse {
    let message = || Some("This broker has no groups and no transactions yet".into());
    if call.version < 4 {
        return FindCoordinatorResponse {
            error_code: ErrorCode::COORDINATOR_NOT_AVAILABLE,
            error_message: message(),
            node_id: (-1).into(),
            port: -1,
            ..FindCoordinatorResponse::default()
        };
    }
    let answer = |key: ByteString| Coordinator {
        key,
        node_id: (-1).into(),
        port: -1,
        error_code: ErrorCode::COORDINATOR_NOT_AVAILABLE,
        error_message: message(),
        ..Coordinator::default()
    };
    FindCoordinatorResponse {
        coordinators: request.coordinator_keys.into_iter().map(answer).collect(),
        ..FindCoordinatorResponse::default()
    }
}
