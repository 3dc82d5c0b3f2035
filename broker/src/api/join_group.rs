//! `JoinGroup`, versions 0-9.
//!
//! Classic groups, as Kafka has them: the member id is required first from version 4 on (KIP-394), static members
//! are replaced and fenced (KIP-345) and skip the assignment from version 9 on (KIP-814), the first rebalance
//! waits for more members (`initial_rebalance_delay`), the most liked protocol that all can do wins.
//!
//! A consumer group (KIP-848) takes classic members, too: each of them is answered at once, with its epoch as the
//! generation and no other members (online migration). When the last member that speaks KIP-848 is gone, the group is
//! classic again, if `consumer_migration_policy` allows that.
//!
//! When another node becomes the coordinator, the group goes back to what its members agreed on last, and a rebalance
//! that was going on is forgotten.
//!
//! Gaps: none known.

use ottla_proto::messages::join_group::{JoinGroupRequest, JoinGroupResponse};
use ottla_proto::wire::VersionRange;

use super::{Handled, Incoming, check_named_group};
use crate::engine::{Close, Engine};

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 9);

pub(super) fn handle(engine: &mut Engine, incoming: Incoming<JoinGroupRequest>) -> Result<Handled, Close> {
    let Incoming { call, request } = incoming;
    if let Err(error_code) = check_named_group(engine, &call, &request.group_id) {
        let member_id = request.member_id;
        let refused = JoinGroupResponse { error_code, member_id, ..JoinGroupResponse::default() };
        return call.answer_throttled(engine, fit(refused, call.version));
    }
    let name = request.group_instance_id.as_deref().unwrap_or(&call.client_id);
    let fresh = format!("{name}-{}", engine.random_uuid());
    let now = call.now;
    let Engine { coordinators, topics, .. } = engine;
    let (groups, mut turn) = coordinators.groups(now);
    groups.join(&mut turn, topics, call, request, fresh.into());
    Ok(Handled::Waiting)
}

/// Before version 7 there was no way to say that there is no protocol; from then on a refusal says so.
pub(super) fn fit(mut response: JoinGroupResponse, version: i16) -> JoinGroupResponse {
    if version < 7 {
        response.protocol_name.get_or_insert_default();
    } else if !response.error_code.is_none() {
        response.protocol_name = None;
    }
    response
}
