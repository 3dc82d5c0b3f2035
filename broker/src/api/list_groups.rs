//! `ListGroups`, versions 0-5.
//!
//! The groups that the asked node coordinates, by state from version 4 on and by type from version 5 on, both
//! whatever their case.
//!
//! Gaps: none known.

use bytestring::ByteString;
use ottla_proto::GroupId;
use ottla_proto::messages::list_groups::{ListGroupsRequest, ListGroupsResponse, ListedGroup};
use ottla_proto::wire::VersionRange;

use super::Call;
use crate::coordinator::{CoordinatorType, Group};
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 5);

pub(super) fn handle(engine: &mut Engine, call: &Call, request: ListGroupsRequest) -> ListGroupsResponse {
    let wanted = |(id, group): &(&GroupId, &Group)| {
        engine.coordinator(CoordinatorType::Group, id) == Some(call.node)
            && matches(&request.states_filter, group.state_name())
            && matches(&request.types_filter, group.type_name())
    };
    let list = |(id, group): (&GroupId, &Group)| ListedGroup {
        group_id: id.clone(),
        protocol_type: group.protocol_type(),
        group_state: if call.version >= 4 { group.state_name().into() } else { ByteString::new() },
        group_type: if call.version >= 5 { group.type_name().into() } else { ByteString::new() },
        ..ListedGroup::default()
    };
    ListGroupsResponse {
        groups: engine.coordinators.groups.iter().filter(wanted).map(list).collect(),
        ..ListGroupsResponse::default()
    }
}

fn matches(filter: &[ByteString], name: &str) -> bool {
    filter.is_empty() || filter.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
}
