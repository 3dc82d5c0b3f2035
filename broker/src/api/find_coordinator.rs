//! `FindCoordinator`, versions 0-6.
//!
//! Groups and transactions, one key or from version 4 on many. Every node coordinates: a key falls into one of
//! fifty partitions by Kafka's hash, a partition to a node, and to the next one while that one is dead. With no
//! node alive the answer is `COORDINATOR_NOT_AVAILABLE`.
//!
//! Gaps: no share groups (`INVALID_REQUEST`, as from a Kafka without them). Kafka's first answer in a new cluster
//! is `COORDINATOR_NOT_AVAILABLE`, because it creates a topic then; here it is the coordinator at once.

use bytestring::ByteString;
use ottla_proto::ErrorCode;
use ottla_proto::messages::find_coordinator::{Coordinator, FindCoordinatorRequest, FindCoordinatorResponse};
use ottla_proto::wire::VersionRange;

use super::Call;
use crate::engine::{Engine, NodeAddress};

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 6);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: FindCoordinatorRequest,
) -> FindCoordinatorResponse {
    // Version 0 knows groups only.
    let key_type = if call.version == 0 { GROUP } else { request.key_type };
    let find = |key: ByteString| match find(engine, key_type, &key) {
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
    key_type: i8,
    key: &str,
) -> Result<&'a NodeAddress, (ErrorCode, &'static str)> {
    if !matches!(key_type, GROUP | TRANSACTION) {
        return Err((ErrorCode::INVALID_REQUEST, "This broker coordinates groups (0) and transactions (1)"));
    }
    let node = engine.coordinator(key).and_then(|node| engine.address(node));
    node.ok_or((ErrorCode::COORDINATOR_NOT_AVAILABLE, "No node is alive"))
}

const GROUP: i8 = 0;
const TRANSACTION: i8 = 1;
