//! `FindCoordinator`, versions 0-6.
//!
//! Groups and transactions, one key or from version 4 on many. A key falls into one of the fifty partitions of
//! `__consumer_offsets` or `__transaction_state` by Kafka's hash, and that one's leader coordinates it; as long as
//! nobody leads it, the answer is `COORDINATOR_NOT_AVAILABLE`. Whoever asks first has the topic created.
//!
//! Gaps: no share groups (`INVALID_REQUEST`, as from a Kafka without them). Kafka's first answer in a new cluster
//! is `COORDINATOR_NOT_AVAILABLE`, while it creates the topic; here it is the coordinator at once. The logs of the two
//! topics stay empty: what the coordinators know is kept elsewhere.

use bytestring::ByteString;
use ottla_proto::ErrorCode;
use ottla_proto::messages::find_coordinator::{Coordinator, FindCoordinatorRequest, FindCoordinatorResponse};
use ottla_proto::wire::VersionRange;

use super::Call;
use crate::coordinator::CoordinatorType;
use crate::engine::{Engine, NodeAddress};

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 6);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: FindCoordinatorRequest,
) -> FindCoordinatorResponse {
    // Version 0 knows groups only.
    let key_type = if call.version == 0 { 0 } else { request.key_type };
    let kind = match key_type {
        0 => Some(CoordinatorType::Group),
        1 => Some(CoordinatorType::Transaction),
        _ => None,
    };
    if let Some(kind) = kind {
        engine.ensure_coordinators(kind);
    }
    let find = |key: ByteString| match find(engine, kind, &key) {
        Ok(address) => Coordinator {
            key,
            node_id: address.id,
            host: address.host.as_str().into(),
            port: address.port.into(),
            ..Coordinator::default()
        },
        Err((error_code, message)) => Coordinator {
            key,
            node_id: (-1).into(),
            port: -1,
            error_code,
            error_message: Some(message.into()),
            ..Coordinator::default()
        },
    };
    if call.version >= 4 {
        return FindCoordinatorResponse {
            coordinators: request.coordinator_keys.into_iter().map(find).collect(),
            ..FindCoordinatorResponse::default()
        };
    }
    let found = find(request.key);
    FindCoordinatorResponse {
        error_code: found.error_code,
        error_message: found.error_message,
        node_id: found.node_id,
        host: found.host,
        port: found.port,
        ..FindCoordinatorResponse::default()
    }
}

fn find<'a>(
    engine: &'a Engine,
    kind: Option<CoordinatorType>,
    key: &str,
) -> Result<&'a NodeAddress, (ErrorCode, &'static str)> {
    let Some(kind) = kind else {
        return Err((ErrorCode::INVALID_REQUEST, "This broker coordinates groups (0) and transactions (1)"));
    };
    let node = engine.coordinator(kind, key).and_then(|node| engine.address(node));
    node.ok_or((ErrorCode::COORDINATOR_NOT_AVAILABLE, "Nobody leads the coordinator's partition"))
}
