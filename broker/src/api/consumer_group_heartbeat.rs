//! `ConsumerGroupHeartbeat`, versions 0-1.
//!
//! Consumer groups (KIP-848): assignors `uniform` and `range`, subscriptions by name and by regular expression
//! (which must match the whole name), static members, session and rebalance time-outs. A classic group becomes a
//! consumer group with its first member of this kind, and its members go on by JoinGroup, if they are consumers and no
//! assignor of their own adds to the assignments. `GROUP_ID_NOT_FOUND` for all others, and if
//! `consumer_migration_policy` forbids it. As in Kafka, a group that becomes a classic one keeps what each member shall
//! have, not what it has: if it is a consumer group again before all have joined, a partition may be given to one member
//! while another does not know yet that it has lost it.
//!
//! A member that was fenced may join again with its id (as since Kafka 4.3). In version 1 the client chooses the member
//! id (KIP-1082). `UNSUPPORTED_VERSION` while group.version is 0.
//!
//! Partitions are shared out at once unless `consumer_assignment_interval` says how often at most: Kafka 4.4's default is
//! once a second, and a member may then have given up what it is asked for only later.
//!
//! Gaps: that interval is forgotten when the cluster starts again from its disk; expressions are those of the crate
//! `regex`, which differ from RE2/J's in rare details, and count from the first heartbeat on, where Kafka resolves them
//! later; the uniform assignor deals out as evenly as Kafka's, but not always the same.

use ottla_proto::ErrorCode;
use ottla_proto::messages::consumer_group_heartbeat::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse,
};
use ottla_proto::wire::VersionRange;

use super::{Call, check_group};
use crate::coordinator::{HeartbeatRefused, check_heartbeat};
use crate::engine::Engine;
use crate::release::GROUP_VERSION;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 1);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: ConsumerGroupHeartbeatRequest,
) -> ConsumerGroupHeartbeatResponse {
    heartbeat(engine, call, &request).unwrap_or_else(|refused| ConsumerGroupHeartbeatResponse {
        error_code: refused.code,
        error_message: Some(refused.message),
        ..ConsumerGroupHeartbeatResponse::default()
    })
}

fn heartbeat(
    engine: &mut Engine,
    call: &Call,
    request: &ConsumerGroupHeartbeatRequest,
) -> Result<ConsumerGroupHeartbeatResponse, HeartbeatRefused> {
    if engine.features.level(GROUP_VERSION) < 1 {
        let message = "The cluster has no consumer groups while group.version is 0";
        return Err(HeartbeatRefused::new(ErrorCode::UNSUPPORTED_VERSION, message));
    }
    check_heartbeat(request, call.version >= 1)?;
    let elsewhere = |code| HeartbeatRefused::new(code, "Another node coordinates the group");
    check_group(engine, call, &request.group_id).map_err(elsewhere)?;
    let fresh = engine.random_uuid().to_string();
    let Engine { coordinators, topics, .. } = engine;
    let (groups, mut turn) = coordinators.groups(call.now);
    groups.consumer_heartbeat(&mut turn, topics, &call.client_id, request, fresh.into())
}
