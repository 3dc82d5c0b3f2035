//! What is left of a classic group after a restart: what its members agreed on last, as Kafka keeps it in
//! `__consumer_offsets`. A rebalance that was going on is forgotten, and whoever took part in it joins again.

use std::time::Duration;

use ottla_proto::GroupId;
use serde::{Deserialize, Serialize};

use super::super::KeptBytes;
use super::{ClassicGroup, Member, MemberId, State};
use crate::Instant;
use crate::coordinator::{Turn, kept_milliseconds};

/// A generation whose assignments were handed out, or that nobody is in.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Agreed {
    generation: i32,
    protocol_type: Option<String>,
    protocol: Option<String>,
    leader: Option<String>,
    members: Vec<AgreedMember>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    empty_since_us: Option<u64>,
}

/// One member; of its protocols only the one that was chosen.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct AgreedMember {
    id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    instance_id: Option<String>,
    client_id: String,
    session_timeout_ms: u64,
    rebalance_timeout_ms: u64,
    metadata: KeptBytes,
    assignment: KeptBytes,
}

impl ClassicGroup {
    /// What the members agree on now is what a restart finds.
    pub(super) fn agree(&mut self) {
        let members = self.members.iter().map(|(id, member)| AgreedMember {
            id: id.to_string(),
            instance_id: member.instance_id.as_ref().map(ToString::to_string),
            client_id: member.client_id.to_string(),
            session_timeout_ms: kept_milliseconds(member.session_timeout),
            rebalance_timeout_ms: kept_milliseconds(member.rebalance_timeout),
            metadata: KeptBytes(self.metadata(member)),
            assignment: KeptBytes(member.assignment.clone()),
        });
        *self.agreed = Agreed {
            generation: self.generation,
            protocol_type: self.protocol_type.as_ref().map(ToString::to_string),
            protocol: self.protocol.as_ref().map(ToString::to_string),
            leader: self.leader.as_ref().map(ToString::to_string),
            members: members.collect(),
            empty_since_us: self.empty_since.filter(|_| self.is_empty()).map(Instant::as_micros),
        };
        self.changed = true;
    }

    /// Whether there is something new to write down since this was last called.
    pub(in super::super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    pub(in super::super) fn agreed(&self) -> &Agreed {
        &self.agreed
    }

    /// The group as it was when its members last agreed. Each has its whole session to find it.
    pub(in super::super) fn restored(turn: &mut Turn<'_>, id: GroupId, agreed: Agreed) -> Self {
        let mut group = Self {
            state: if agreed.members.is_empty() { State::Empty } else { State::Stable },
            generation: agreed.generation,
            protocol_type: agreed.protocol_type.as_deref().map(Into::into),
            protocol: agreed.protocol.as_deref().map(Into::into),
            leader: agreed.leader.as_deref().map(Into::into),
            empty_since: agreed.empty_since_us.map(Instant::from_micros),
            ..Self::new(id)
        };
        for kept in &agreed.members {
            let member = Member {
                instance_id: kept.instance_id.as_deref().map(Into::into),
                client_id: kept.client_id.as_str().into(),
                session_timeout: Duration::from_millis(kept.session_timeout_ms),
                rebalance_timeout: Duration::from_millis(kept.rebalance_timeout_ms),
                protocols: group
                    .protocol
                    .iter()
                    .map(|name| (name.clone(), kept.metadata.0.clone()))
                    .collect(),
                assignment: kept.assignment.0.clone(),
                awaiting_join: None,
                awaiting_sync: None,
                is_new: false,
            };
            let id = MemberId::from(kept.id.as_str());
            if let Some(instance_id) = &member.instance_id {
                group.static_members.insert(instance_id.clone(), id.clone());
            }
            group.members.insert(id.clone(), member);
            group.extend_session(turn, &id);
        }
        group.subscribed = group.subscriptions();
        *group.agreed = agreed;
        group
    }
}
