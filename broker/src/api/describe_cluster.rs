//! `DescribeCluster`, versions 0-2.
//!
//! Gaps: only broker endpoints; asking for controllers is answered with `UNSUPPORTED_ENDPOINT_TYPE`, as a Kafka
//! broker does. No broker is ever fenced.

use ottla_proto::ErrorCode;
use ottla_proto::messages::describe_cluster::{
    DescribeClusterBroker, DescribeClusterRequest, DescribeClusterResponse,
};
use ottla_proto::wire::VersionRange;

use super::Call;
use super::metadata::{CLUSTER_OPERATIONS, NOT_ASKED};
use crate::engine::{Engine, NodeAddress};

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 2);

pub(super) fn handle(
    engine: &mut Engine,
    _call: &Call,
    request: DescribeClusterRequest,
) -> DescribeClusterResponse {
    const BROKERS: i8 = 1;
    if request.endpoint_type != BROKERS {
        return DescribeClusterResponse {
            error_code: ErrorCode::UNSUPPORTED_ENDPOINT_TYPE,
            error_message: Some("Ask a controller for controllers; this is a broker".into()),
            ..DescribeClusterResponse::default()
        };
    }
    let with_operations = request.include_cluster_authorized_operations;
    DescribeClusterResponse {
        endpoint_type: BROKERS,
        cluster_id: engine.cluster_id.as_str().into(),
        controller_id: engine.controller(),
        brokers: engine.live_nodes().map(broker).collect(),
        cluster_authorized_operations: if with_operations { CLUSTER_OPERATIONS } else { NOT_ASKED },
        ..DescribeClusterResponse::default()
    }
}

fn broker(address: &NodeAddress) -> DescribeClusterBroker {
    DescribeClusterBroker {
        broker_id: address.id,
        host: address.host.as_str().into(),
        port: address.port.into(),
        rack: address.rack.as_deref().map(Into::into),
        ..DescribeClusterBroker::default()
    }
}
