//! What is left of a consumer group after a restart, as Kafka keeps it in `__consumer_offsets`.

use std::collections::BTreeMap;
use std::time::Duration;

use ottla_proto::{GroupId, TopicName};
use serde::{Deserialize, Serialize};

use super::super::KeptBytes;
use super::super::classic::Agreed;
use super::assignor::Assignor;
use super::classic::Classic;
use super::member::{Member, MemberState, Pattern};
use super::{ConsumerGroup, Partitions};
use crate::coordinator::{MemberId, Turn, kept_milliseconds};
use crate::engine::Id;

/// A consumer group without its members, or a classic one with them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct KeptGroup {
    pub(crate) consumer: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) classic: Option<Agreed>,
    #[serde(default)]
    epoch: i32,
    #[serde(default)]
    assignment_epoch: i32,
    /// The topics that members read, with their number of partitions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    topics: Vec<(Id, i32)>,
}

impl KeptGroup {
    pub(in super::super) fn classic(agreed: Agreed) -> Self {
        Self { classic: Some(agreed), ..Self::default() }
    }
}

/// One member: what it wants, what it has, and what it shall have.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct KeptMember {
    instance_id: Option<String>,
    rack_id: Option<String>,
    client_id: String,
    rebalance_timeout_ms: u64,
    assignor: Option<String>,
    topics: Vec<String>,
    regex: Option<String>,
    epoch: i32,
    previous_epoch: i32,
    state: KeptState,
    assigned: KeptPartitions,
    revoking: KeptPartitions,
    target: KeptPartitions,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    classic: Option<KeptClassic>,
}

/// What there is more to a member that uses the classic protocol.
#[derive(Debug, Serialize, Deserialize)]
struct KeptClassic {
    session_timeout_ms: u64,
    protocols: Vec<(String, KeptBytes)>,
}

impl KeptClassic {
    fn new(classic: &Classic) -> Self {
        let protocols = classic.protocols.iter();
        Self {
            session_timeout_ms: kept_milliseconds(classic.session_timeout),
            protocols: protocols.map(|(name, bytes)| (name.to_string(), KeptBytes(bytes.clone()))).collect(),
        }
    }

    fn restored(self) -> Classic {
        let protocols = self.protocols.into_iter();
        Classic {
            session_timeout: Duration::from_millis(self.session_timeout_ms),
            protocols: protocols.map(|(name, KeptBytes(bytes))| (name.into(), bytes)).collect(),
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeptState {
    Stable,
    UnrevokedPartitions,
    UnreleasedPartitions,
}

type KeptPartitions = Vec<(Id, Vec<i32>)>;

impl ConsumerGroup {
    pub(in super::super) fn member_ids(&self) -> impl Iterator<Item = &MemberId> {
        self.members.keys()
    }

    pub(in super::super) fn kept(&self) -> KeptGroup {
        KeptGroup {
            consumer: true,
            classic: None,
            epoch: self.epoch,
            assignment_epoch: self.assignment_epoch,
            topics: self.topics.iter().map(|(topic, count)| (Id(*topic), *count)).collect(),
        }
    }

    pub(in super::super) fn kept_member(&self, id: &str) -> Option<KeptMember> {
        let member = self.members.get(id)?;
        Some(KeptMember {
            instance_id: member.instance_id.as_ref().map(ToString::to_string),
            rack_id: member.rack_id.as_ref().map(ToString::to_string),
            client_id: member.client_id.to_string(),
            rebalance_timeout_ms: kept_milliseconds(member.rebalance_timeout),
            assignor: member.assignor.map(|assignor| assignor.name().to_owned()),
            topics: member.topics.iter().map(ToString::to_string).collect(),
            regex: member.regex.as_ref().map(|regex| regex.text.to_string()),
            epoch: member.epoch,
            previous_epoch: member.previous_epoch,
            state: match member.state {
                MemberState::Stable => KeptState::Stable,
                MemberState::UnrevokedPartitions => KeptState::UnrevokedPartitions,
                MemberState::UnreleasedPartitions => KeptState::UnreleasedPartitions,
            },
            assigned: keep(&member.assigned),
            revoking: keep(&member.revoking),
            target: self.target.get(id).map(keep).unwrap_or_default(),
            classic: member.classic.as_ref().map(KeptClassic::new),
        })
    }

    pub(in super::super) fn restored(id: GroupId, kept: KeptGroup) -> Self {
        Self {
            epoch: kept.epoch,
            assignment_epoch: kept.assignment_epoch,
            topics: kept.topics.into_iter().map(|(Id(topic), count)| (topic, count)).collect(),
            ..Self::new(id)
        }
    }

    /// The member goes on where it was. It has its whole session to find the group, and all its time to give up
    /// what it was told to.
    pub(in super::super) fn restore_member(&mut self, turn: &mut Turn<'_>, id: MemberId, kept: KeptMember) {
        let member = Member {
            instance_id: kept.instance_id.map(Into::into),
            rack_id: kept.rack_id.map(Into::into),
            client_id: kept.client_id.into(),
            rebalance_timeout: Duration::from_millis(kept.rebalance_timeout_ms),
            assignor: kept.assignor.as_deref().and_then(Assignor::named),
            topics: kept.topics.into_iter().map(|name| TopicName(name.into())).collect(),
            regex: kept.regex.as_deref().and_then(Pattern::new),
            epoch: kept.epoch,
            previous_epoch: kept.previous_epoch,
            state: match kept.state {
                KeptState::Stable => MemberState::Stable,
                KeptState::UnrevokedPartitions => MemberState::UnrevokedPartitions,
                KeptState::UnreleasedPartitions => MemberState::UnreleasedPartitions,
            },
            assigned: restored(kept.assigned),
            revoking: restored(kept.revoking),
            classic: kept.classic.map(KeptClassic::restored),
        };
        self.begin_session(turn, &id, &member);
        self.begin_revocation(turn, &id, &member);
        if let Some(instance_id) = &member.instance_id {
            self.static_members.insert(instance_id.clone(), id.clone());
        }
        self.target.insert(id.clone(), restored(kept.target));
        self.members.insert(id, member);
    }
}

fn keep(partitions: &Partitions) -> KeptPartitions {
    partitions.iter().map(|(topic, indexes)| (Id(*topic), indexes.iter().copied().collect())).collect()
}

fn restored(kept: KeptPartitions) -> Partitions {
    let all = kept.into_iter().map(|(Id(topic), indexes)| (topic, indexes.into_iter().collect()));
    all.collect::<BTreeMap<_, _>>()
}
