//! The groups by id, whatever their protocol.

mod classic;
mod consumer;
mod embedded;
mod migration;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use ottla_proto::messages::consumer_group_heartbeat::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse,
};
use ottla_proto::messages::heartbeat::HeartbeatRequest;
use ottla_proto::messages::join_group::{JoinGroupRequest, JoinGroupResponse};
use ottla_proto::messages::leave_group::{MemberIdentity, MemberResponse};
use ottla_proto::messages::sync_group::{SyncGroupRequest, SyncGroupResponse};
use ottla_proto::{ErrorCode, GroupId};
use serde::{Deserialize, Serialize};

use super::{Answer, MemberId, Turn, milliseconds, own, own_group};
use crate::Instant;
use crate::api::Call;
use crate::engine::{Changes, Topics};
pub(crate) use classic::ClassicGroup;
pub(crate) use consumer::{
    ConsumerGroup, KeptGroup, KeptMember, Pattern, Refused as HeartbeatRefused, check as check_heartbeat,
};
pub use migration::MigrationPolicy;

/// From this version on a new dynamic member is given an id and must join again with it (KIP-394).
const FIRST_WITH_KNOWN_ID: i16 = 4;

/// All groups of the cluster.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    by_id: BTreeMap<GroupId, Group>,
    /// What is to be written down.
    pub(crate) changes: Changes<GroupKey>,
}

/// What is kept of groups, each by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum GroupKey {
    /// What of a consumer group belongs to no member; all of a classic group.
    Group(GroupId),
    /// A member of a consumer group.
    Member(GroupId, MemberId),
}

/// One group.
#[derive(Debug)]
pub(crate) enum Group {
    Classic(ClassicGroup),
    Consumer(ConsumerGroup),
}

/// Who commits an offset, as the request says it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Committer<'a> {
    pub(crate) member_id: &'a str,
    pub(crate) instance_id: Option<&'a str>,
    /// The generation of a classic group, the member's epoch in a consumer group; negative for neither.
    pub(crate) generation: i32,
    /// Whether the request is one that members with epochs may use.
    pub(crate) knows_epochs: bool,
}

impl Groups {
    pub(crate) fn get(&self, id: &str) -> Option<&Group> {
        self.by_id.get(id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&GroupId, &Group)> {
        self.by_id.iter()
    }

    /// See [`ClassicGroup::join`] and [`ConsumerGroup::join`]; a group begins with its first member.
    pub(crate) fn join(
        &mut self,
        turn: &mut Turn<'_>,
        topics: &Topics,
        call: Call,
        request: JoinGroupRequest,
        fresh: MemberId,
    ) {
        let refuse = |code| {
            let member_id = request.member_id.clone();
            Answer::Join(JoinGroupResponse { error_code: code, member_id, ..JoinGroupResponse::default() })
        };
        let session = milliseconds(request.session_timeout_ms);
        if session < turn.settings.min_session_timeout || session > turn.settings.max_session_timeout {
            return turn.answer(call, refuse(ErrorCode::INVALID_SESSION_TIMEOUT));
        }
        if matches!(self.by_id.get(&request.group_id), Some(Group::Consumer(group)) if group.is_empty()) {
            self.by_id.remove(&request.group_id);
            self.changes.note(|| GroupKey::Group(own_group(&request.group_id)));
        }
        if !self.by_id.contains_key(&request.group_id)
            && let Err(code) = self.create(turn, &request.group_id, request.member_id.is_empty())
        {
            return turn.answer(call, refuse(code));
        }
        let id = request.group_id.clone();
        match self.by_id.get_mut(&id) {
            Some(Group::Classic(group)) => group.join(turn, call, request, fresh),
            Some(Group::Consumer(group)) => {
                let joined = group.join(turn, topics, &call, &request, fresh);
                let refused = |error_code| JoinGroupResponse { error_code, ..JoinGroupResponse::default() };
                turn.answer(call, Answer::Join(joined.unwrap_or_else(refused)));
            }
            None => turn.answer(call, refuse(ErrorCode::UNKNOWN_MEMBER_ID)),
        }
        self.settle(turn, topics, &id);
    }

    /// See [`ClassicGroup::sync`] and [`ConsumerGroup::sync`].
    pub(crate) fn sync(
        &mut self,
        turn: &mut Turn<'_>,
        topics: &Topics,
        call: Call,
        request: SyncGroupRequest,
    ) {
        let synced = match self.by_id.get_mut(&request.group_id) {
            Some(Group::Classic(group)) => {
                let id = request.group_id.clone();
                group.sync(turn, call, request);
                return self.settle(turn, topics, &id);
            }
            Some(Group::Consumer(group)) => group.sync(turn, topics, &request),
            None => Err(ErrorCode::UNKNOWN_MEMBER_ID),
        };
        let refused = |error_code| SyncGroupResponse { error_code, ..SyncGroupResponse::default() };
        turn.answer(call, Answer::Sync(synced.unwrap_or_else(refused)));
    }

    /// See [`ClassicGroup::heartbeat`] and [`ConsumerGroup::classic_heartbeat`].
    pub(crate) fn heartbeat(
        &mut self,
        turn: &mut Turn<'_>,
        request: &HeartbeatRequest,
    ) -> Result<(), ErrorCode> {
        let HeartbeatRequest { group_id, generation_id, member_id, group_instance_id, .. } = request;
        match self.by_id.get_mut(group_id) {
            Some(Group::Classic(group)) => {
                group.heartbeat(turn, member_id, group_instance_id.as_deref(), *generation_id)
            }
            Some(Group::Consumer(group)) => group.classic_heartbeat(turn, request),
            None => Err(ErrorCode::UNKNOWN_MEMBER_ID),
        }
    }

    /// See [`ConsumerGroup::heartbeat`]; a group begins with its first member, and may have been a classic one
    /// before.
    pub(crate) fn consumer_heartbeat(
        &mut self,
        turn: &mut Turn<'_>,
        topics: &Topics,
        client_id: &str,
        request: &ConsumerGroupHeartbeatRequest,
        fresh: MemberId,
    ) -> Result<ConsumerGroupHeartbeatResponse, HeartbeatRefused> {
        let missing = |message| Err(HeartbeatRefused::new(ErrorCode::GROUP_ID_NOT_FOUND, message));
        let id = own_group(&request.group_id);
        let full = self.by_id.len() >= turn.settings.max_groups;
        let mut begun = match self.by_id.get_mut(&id) {
            Some(Group::Consumer(group)) => {
                let answer = group.heartbeat(turn, topics, client_id, request, fresh);
                self.settle(turn, topics, &id);
                return answer;
            }
            Some(Group::Classic(_)) if request.member_epoch != 0 => {
                return missing("The group is not a consumer group");
            }
            None if request.member_epoch != 0 => return missing("There is no such group"),
            Some(Group::Classic(group)) if !group.is_empty() => {
                if !turn.settings.consumer_migration_policy.upgrades() {
                    return missing("The group is a classic group, which may not become a consumer group");
                }
                let handover = group.handover();
                match handover.and_then(|it| ConsumerGroup::taken_over(turn, topics, id.clone(), it)) {
                    Some(group) => group,
                    None => {
                        return missing(
                            "The group is a classic group, whose assignments are not the broker's",
                        );
                    }
                }
            }
            None if full => {
                let message = "This broker takes no more groups";
                return Err(HeartbeatRefused::new(ErrorCode::POLICY_VIOLATION, message));
            }
            Some(Group::Classic(_)) | None => ConsumerGroup::new(id.clone()),
        };
        let answer = begun.heartbeat(turn, topics, client_id, request, fresh)?;
        self.changes.note(|| GroupKey::Group(id.clone()));
        if let Some(Group::Classic(mut group)) = self.by_id.insert(id.clone(), Group::Consumer(begun)) {
            group.superseded(turn);
        }
        self.settle(turn, topics, &id);
        Ok(answer)
    }

    /// See [`ClassicGroup::leave`] and [`ConsumerGroup::leave_group`].
    pub(crate) fn leave(
        &mut self,
        turn: &mut Turn<'_>,
        topics: &Topics,
        id: &GroupId,
        members: Vec<MemberIdentity>,
    ) -> Result<Vec<MemberResponse>, ErrorCode> {
        let left = match self.by_id.get_mut(id) {
            Some(Group::Classic(group)) => group.leave(turn, members),
            Some(Group::Consumer(group)) => group.leave_group(turn, members),
            None => members.into_iter().map(unknown).collect(),
        };
        self.settle(turn, topics, id);
        Ok(left)
    }

    /// Whether an offset may be committed. Somebody outside of any group may begin one by it.
    pub(crate) fn check_commit(
        &mut self,
        turn: &mut Turn<'_>,
        id: &GroupId,
        committer: Committer<'_>,
        transactional: bool,
    ) -> Result<(), CommitError> {
        if !self.by_id.contains_key(id) {
            if committer.generation >= 0 {
                return Err(CommitError::NoGroup);
            }
            self.create(turn, id, true)?;
        }
        let Committer { member_id, instance_id, generation, knows_epochs } = committer;
        match self.by_id.get_mut(id) {
            Some(Group::Classic(group)) => {
                Ok(group.check_commit(turn, member_id, instance_id, generation, transactional)?)
            }
            Some(Group::Consumer(group)) => Ok(group.check_commit(member_id, generation, knows_epochs)?),
            None => Err(CommitError::NoGroup),
        }
    }

    /// Whether somebody may read the group's offsets; a member of a consumer group only with its current epoch.
    pub(crate) fn check_fetch(&self, id: &str, member_id: Option<&str>, epoch: i32) -> Result<(), ErrorCode> {
        match self.by_id.get(id) {
            Some(Group::Consumer(group)) => group.check_fetch(member_id, epoch),
            Some(Group::Classic(_)) | None => Ok(()),
        }
    }

    /// Whether single offsets of the group may be deleted.
    pub(crate) fn check_offset_delete(&self, id: &str) -> Result<&Group, ErrorCode> {
        let group = self.by_id.get(id).ok_or(ErrorCode::GROUP_ID_NOT_FOUND)?;
        if let Group::Classic(classic) = group {
            classic.check_offset_delete()?;
        }
        Ok(group)
    }

    /// Deletes a group that has no members.
    pub(crate) fn delete(&mut self, turn: &mut Turn<'_>, id: &str) -> Result<(), ErrorCode> {
        let group = self.by_id.get_mut(id).ok_or(ErrorCode::GROUP_ID_NOT_FOUND)?;
        if !group.is_empty() {
            return Err(ErrorCode::NON_EMPTY_GROUP);
        }
        if let Group::Classic(classic) = group {
            classic.dissolve(turn);
        }
        self.by_id.remove(id);
        self.changes.note(|| GroupKey::Group(id.into()));
        Ok(())
    }

    /// The group's coordinator is another node now.
    pub(crate) fn moved(&mut self, turn: &mut Turn<'_>, id: &str) {
        match self.by_id.get_mut(id) {
            Some(Group::Classic(group)) => group.moved(turn),
            Some(Group::Consumer(group)) => group.moved(turn),
            None => {}
        }
    }

    pub(super) fn join_expired(&mut self, turn: &mut Turn<'_>, topics: &Topics, id: &GroupId) {
        if let Some(Group::Classic(group)) = self.by_id.get_mut(id) {
            group.join_expired(turn);
        }
        self.settle(turn, topics, id);
    }

    pub(super) fn sync_expired(&mut self, turn: &mut Turn<'_>, topics: &Topics, id: &GroupId) {
        if let Some(Group::Classic(group)) = self.by_id.get_mut(id) {
            group.sync_expired(turn);
        }
        self.settle(turn, topics, id);
    }

    pub(super) fn member_expired(
        &mut self,
        turn: &mut Turn<'_>,
        topics: &Topics,
        id: &GroupId,
        member: &MemberId,
    ) {
        match self.by_id.get_mut(id) {
            Some(Group::Classic(group)) => group.session_expired(turn, member),
            Some(Group::Consumer(group)) => group.fence(turn, [member]),
            None => {}
        }
        self.settle(turn, topics, id);
    }

    pub(super) fn revocation_expired(
        &mut self,
        turn: &mut Turn<'_>,
        topics: &Topics,
        id: &GroupId,
        member: &MemberId,
    ) {
        if let Some(Group::Consumer(group)) = self.by_id.get_mut(id) {
            group.revocation_expired(turn, member);
            self.settle(turn, topics, id);
        }
    }

    /// Something happened to a group: notes what is to be written down, and lets a consumer group of which only classic
    /// members are left be a classic one.
    fn settle(&mut self, turn: &mut Turn<'_>, topics: &Topics, id: &GroupId) {
        let group = match self.by_id.get_mut(id) {
            Some(Group::Consumer(group)) => group,
            Some(Group::Classic(group)) => {
                if group.take_changed() {
                    self.changes.note(|| GroupKey::Group(own_group(id)));
                }
                return;
            }
            None => return,
        };
        self.changes.extend(group.take_changes());
        if !turn.settings.consumer_migration_policy.downgrades() {
            return;
        }
        let Some(handover) = group.hand_over(turn, topics) else { return };
        let id = own_group(id);
        for member in handover.members.keys() {
            self.changes.note(|| GroupKey::Member(id.clone(), member.clone()));
        }
        self.changes.note(|| GroupKey::Group(id.clone()));
        let classic = ClassicGroup::taken_over(turn, id.clone(), handover);
        self.by_id.insert(id, Group::Classic(classic));
    }

    /// Begins a classic group, if the caller does not claim to be in it already.
    fn create(&mut self, turn: &Turn<'_>, id: &GroupId, newcomer: bool) -> Result<(), ErrorCode> {
        if !newcomer {
            return Err(ErrorCode::UNKNOWN_MEMBER_ID);
        }
        if self.by_id.len() >= turn.settings.max_groups {
            return Err(ErrorCode::POLICY_VIOLATION);
        }
        let id = GroupId(own(&id.0));
        self.changes.note(|| GroupKey::Group(id.clone()));
        self.by_id.insert(id.clone(), Group::Classic(ClassicGroup::new(id)));
        Ok(())
    }

    /// Everything that is kept.
    pub(crate) fn keys(&self) -> impl Iterator<Item = GroupKey> {
        self.by_id.iter().flat_map(|(id, group)| {
            let members = match group {
                Group::Classic(_) => None,
                Group::Consumer(group) => Some(group.member_ids()),
            };
            let members = members.into_iter().flatten();
            let members = members.map(move |member| GroupKey::Member(id.clone(), member.clone()));
            [GroupKey::Group(id.clone())].into_iter().chain(members)
        })
    }

    /// What is kept of a group besides its members.
    pub(crate) fn kept(&self, id: &str) -> Option<KeptGroup> {
        Some(match self.by_id.get(id)? {
            Group::Classic(group) => KeptGroup::classic(group.agreed().clone()),
            Group::Consumer(group) => group.kept(),
        })
    }

    /// What is kept of a member of a consumer group.
    pub(crate) fn kept_member(&self, id: &str, member: &str) -> Option<KeptMember> {
        match self.by_id.get(id)? {
            Group::Classic(_) => None,
            Group::Consumer(group) => group.kept_member(member),
        }
    }

    /// A group as it is found after a restart; members of a consumer group follow.
    pub(crate) fn restore(&mut self, turn: &mut Turn<'_>, id: GroupId, kept: KeptGroup) {
        let group = match kept.consumer {
            true => Group::Consumer(ConsumerGroup::restored(id.clone(), kept)),
            false => {
                let agreed = kept.classic.unwrap_or_default();
                Group::Classic(ClassicGroup::restored(turn, id.clone(), agreed))
            }
        };
        self.by_id.insert(id, group);
    }

    /// A member of a consumer group as it is found after a restart. Nothing comes of one whose group is not there.
    pub(crate) fn restore_member(
        &mut self,
        turn: &mut Turn<'_>,
        id: &GroupId,
        member: MemberId,
        kept: KeptMember,
    ) {
        if let Some(Group::Consumer(group)) = self.by_id.get_mut(id) {
            group.restore_member(turn, member, kept);
        }
    }
}

impl Group {
    /// Whether nobody is in it.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Classic(group) => group.is_empty(),
            Self::Consumer(group) => group.is_empty(),
        }
    }

    /// The state as Kafka's tools show it.
    pub(crate) fn state_name(&self) -> &'static str {
        match self {
            Self::Classic(group) => group.state_name(),
            Self::Consumer(group) => group.state_name(),
        }
    }

    /// The type as Kafka's tools show it.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Classic(_) => "classic",
            Self::Consumer(_) => "consumer",
        }
    }

    /// What the members' protocols are for.
    pub(crate) fn protocol_type(&self) -> ByteString {
        match self {
            Self::Classic(group) => group.protocol_type(),
            Self::Consumer(_) => embedded::CONSUMER.into(),
        }
    }

    /// Since when nobody has used an offset of the topic that was committed `at` that moment; `None` if somebody may be
    /// about to.
    pub(crate) fn unused_since(&self, topic: &str, at: Instant) -> Option<Instant> {
        if self.is_subscribed(topic) {
            return None;
        }
        match self {
            Self::Classic(group) => group.unused_since(at),
            Self::Consumer(_) => Some(at),
        }
    }

    /// Whether members read the topic, as far as that is known.
    pub(crate) fn is_subscribed(&self, topic: &str) -> bool {
        match self {
            Self::Classic(group) => group.is_subscribed(topic),
            Self::Consumer(group) => group.is_subscribed(topic),
        }
    }
}

/// Why an offset was not committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommitError {
    /// There is no such group; how that is told depends on the request's version.
    NoGroup,
    Code(ErrorCode),
}

impl From<ErrorCode> for CommitError {
    fn from(code: ErrorCode) -> Self {
        Self::Code(code)
    }
}

fn unknown(member: MemberIdentity) -> MemberResponse {
    MemberResponse {
        member_id: member.member_id,
        group_instance_id: member.group_instance_id,
        error_code: ErrorCode::UNKNOWN_MEMBER_ID,
        ..MemberResponse::default()
    }
}

/// Version 0 has no rebalance time-out of its own.
fn rebalance_timeout(call: &Call, request: &JoinGroupRequest) -> Duration {
    milliseconds(if call.version == 0 { request.session_timeout_ms } else { request.rebalance_timeout_ms })
}

/// Bytes as they stand in the journal: in hexadecimal digits.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct KeptBytes(pub(crate) Bytes);

impl From<KeptBytes> for String {
    fn from(KeptBytes(bytes): KeptBytes) -> Self {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl TryFrom<String> for KeptBytes {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits = text.as_bytes().chunks(2);
        let byte = |pair: &[u8]| u8::from_str_radix(&String::from_utf8_lossy(pair), 16);
        digits.map(byte).collect::<Result<Vec<u8>, _>>().map(|bytes| Self(bytes.into()))
    }
}
