//! `ListConfigResources`, versions 0-1 (KIP-1142).
//!
//! Topics and nodes. Version 0 lists client metrics subscriptions only, of which there are none.
//!
//! Gaps: groups have no settings of their own.

use ottla_proto::ErrorCode;
use ottla_proto::messages::list_config_resources::{
    ConfigResource, ListConfigResourcesRequest, ListConfigResourcesResponse,
};
use ottla_proto::wire::VersionRange;

use super::Call;
use super::describe_configs::{NODE, TOPIC};
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 1);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: ListConfigResourcesRequest,
) -> ListConfigResourcesResponse {
    const ALL: [i8; 5] = [TOPIC, NODE, LOGGER, CLIENT_METRICS, GROUP];
    let types = match (call.version, request.resource_types.as_slice()) {
        (0, _) => [CLIENT_METRICS].as_slice(),
        (_, []) => ALL.as_slice(),
        (_, types) => types,
    };
    if types.iter().any(|kind| !ALL.contains(kind)) {
        let error_code = ErrorCode::UNSUPPORTED_VERSION;
        return ListConfigResourcesResponse { error_code, ..ListConfigResourcesResponse::default() };
    }
    let resource = |resource_type, name: &str| ConfigResource {
        resource_name: name.into(),
        // Version 0 has no room for it.
        resource_type: if call.version == 0 { CLIENT_METRICS } else { resource_type },
        ..ConfigResource::default()
    };
    let mut config_resources = Vec::new();
    for &kind in types {
        match kind {
            TOPIC => config_resources.extend(engine.topics.iter().map(|topic| resource(TOPIC, &topic.name))),
            NODE | LOGGER => {
                let nodes = engine.live_nodes();
                config_resources.extend(nodes.map(|node| resource(kind, &node.id.to_string())));
            }
            _ => {}
        }
    }
    ListConfigResourcesResponse { config_resources, ..ListConfigResourcesResponse::default() }
}

const LOGGER: i8 = 8;
const CLIENT_METRICS: i8 = 16;
const GROUP: i8 = 32;
