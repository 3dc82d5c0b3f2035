//! The groups by id, whatever their protocol.

mod classic;
mod consumer;

use std::collections::BTreeMap;

use bytestring::ByteString;
use ottla_proto::messages::consumer_group_heartbeat::{
    ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse,
};
use ottla_proto::messages::heartbeat::HeartbeatRequest;
use ottla_proto::messages::join_group::{JoinGroupRequest, JoinGroupResponse};
use ottla_proto::messages::leave_group::{MemberIdentity, MemberResponse};
use ottla_proto::messages::sync_group::{SyncGroupRequest, SyncGroupResponse};
use ottla_proto::{ErrorCode, GroupId};

use super::{Answer, MemberId, Turn, milliseconds, own, own_group};
use crate::api::Call;
use crate::engine::{Changes, Topics};
pub(crate) use classic::ClassicGroup;
pub(crate) use consumer::{
    ConsumerGroup, KeptGroup, KeptMember, Pattern, Refused as HeartbeatRefused, check as check_heartbeat,
};

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
    /// That there is the group, and what of a consumer group belongs to no member.
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
}

impl Groups {
    pub(crate) fn get(&self, id: &str) -> Option<&Group> {
        self.by_id.get(id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&GroupId, &Group)> {
        self.by_id.iter()
    }

    /// See [`ClassicGroup::join`]; a group begins with its first member.
    pub(crate) fn join(
        &mut self,
        turn: &mut Turn<'_>,
        call: Call,
        request: JoinGroupRequest,
        fresh: MemberId,
    ) {
        let refuse = |code| {
            let member_id = request.member_id.clone();
            Answer::Join(JoinGroupResponse { error_code: code, member_id, ..JoinGroupResponse::default() })
        };
        if request.group_id.is_empty() {
            return turn.answer(call, refuse(ErrorCode::INVALID_GROUP_ID));
        }
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
        match self.by_id.get_mut(&request.group_id) {
            Some(Group::Classic(group)) => group.join(turn, call, request, fresh),
            Some(Group::Consumer(_)) => turn.answer(call, refuse(ErrorCode::INCONSISTENT_GROUP_PROTOCOL)),
            None => turn.answer(call, refuse(ErrorCode::UNKNOWN_MEMBER_ID)),
        }
    }

    /// See [`ClassicGroup::sync`].
    pub(crate) fn sync(&mut self, turn: &mut Turn<'_>, call: Call, request: SyncGroupRequest) {
        let error_code = match self.by_id.get_mut(&request.group_id) {
            Some(Group::Classic(group)) => return group.sync(turn, call, request),
            None if request.group_id.is_empty() => ErrorCode::INVALID_GROUP_ID,
            Some(Group::Consumer(_)) | None => ErrorCode::UNKNOWN_MEMBER_ID,
        };
        turn.answer(call, Answer::Sync(SyncGroupResponse { error_code, ..SyncGroupResponse::default() }));
    }

    /// See [`ClassicGroup::heartbeat`].
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
            None if group_id.is_empty() => Err(ErrorCode::INVALID_GROUP_ID),
            Some(Group::Consumer(_)) | None => Err(ErrorCode::UNKNOWN_MEMBER_ID),
        }
    }

    /// See [`ConsumerGroup::heartbeat`]; a group begins with its first member, and may have been a classic one
    /// before, if that is empty.
    pub(crate) fn consumer_heartbeat(
        &mut self,
        turn: &mut Turn<'_>,
        topics: &Topics,
        client_id: &str,
        request: &ConsumerGroupHeartbeatRequest,
        fresh: MemberId,
    ) -> Result<ConsumerGroupHeartbeatResponse, HeartbeatRefused> {
        let missing = |message| Err(HeartbeatRefused::new(ErrorCode::GROUP_ID_NOT_FOUND, message));
        let creates = request.member_epoch == 0
            && !matches!(self.by_id.get(&request.group_id), Some(Group::Consumer(_)));
        if creates {
            let full = self.by_id.len() >= turn.settings.max_groups;
            match self.by_id.get_mut(&request.group_id) {
                Some(Group::Classic(group)) if group.is_empty() => group.dissolve(turn),
                Some(_) => return missing("The group is not a consumer group"),
                None if full => {
                    let message = "This broker takes no more groups";
                    return Err(HeartbeatRefused::new(ErrorCode::POLICY_VIOLATION, message));
                }
                None => {}
            }
            let id = GroupId(own(&request.group_id.0));
            self.changes.note(|| GroupKey::Group(id.clone()));
            self.by_id.insert(id.clone(), Group::Consumer(ConsumerGroup::new(id)));
        }
        let answer = match self.by_id.get_mut(&request.group_id) {
            Some(Group::Consumer(group)) => {
                let answer = group.heartbeat(turn, topics, client_id, request, fresh);
                self.changes.extend(group.take_changes());
                answer
            }
            Some(Group::Classic(_)) => missing("The group is not a consumer group"),
            None => missing("There is no such group"),
        };
        if creates && answer.is_err() {
            self.by_id.remove(&request.group_id);
        }
        answer
    }

    /// See [`ClassicGroup::leave`].
    pub(crate) fn leave(
        &mut self,
        turn: &mut Turn<'_>,
        id: &GroupId,
        members: Vec<MemberIdentity>,
    ) -> Result<Vec<MemberResponse>, ErrorCode> {
        match self.by_id.get_mut(id) {
            Some(Group::Classic(group)) => Ok(group.leave(turn, members)),
            None if id.is_empty() => Err(ErrorCode::INVALID_GROUP_ID),
            Some(Group::Consumer(_)) | None => Ok(members.into_iter().map(unknown).collect()),
        }
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
        let Committer { member_id, instance_id, generation } = committer;
        match self.by_id.get_mut(id) {
            Some(Group::Classic(group)) => {
                Ok(group.check_commit(turn, member_id, instance_id, generation, transactional)?)
            }
            Some(Group::Consumer(group)) => Ok(group.check_commit(member_id, generation)?),
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

    pub(super) fn join_expired(&mut self, turn: &mut Turn<'_>, id: &GroupId) {
        if let Some(Group::Classic(group)) = self.by_id.get_mut(id) {
            group.join_expired(turn);
        }
    }

    pub(super) fn sync_expired(&mut self, turn: &mut Turn<'_>, id: &GroupId) {
        if let Some(Group::Classic(group)) = self.by_id.get_mut(id) {
            group.sync_expired(turn);
        }
    }

    pub(super) fn session_expired(&mut self, turn: &mut Turn<'_>, id: &GroupId, member: &MemberId) {
        match self.by_id.get_mut(id) {
            Some(Group::Classic(group)) => group.session_expired(turn, member),
            Some(Group::Consumer(group)) => {
                group.fence(turn, member);
                self.changes.extend(group.take_changes());
            }
            None => {}
        }
    }

    pub(super) fn revocation_expired(&mut self, turn: &mut Turn<'_>, id: &GroupId, member: &MemberId) {
        if let Some(Group::Consumer(group)) = self.by_id.get_mut(id) {
            group.revocation_expired(turn, member);
            self.changes.extend(group.take_changes());
        }
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
            Group::Classic(_) => KeptGroup::default(),
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

    /// A group as it is found after a restart; members of a consumer group follow, those of a classic one join again.
    pub(crate) fn restore(&mut self, id: GroupId, kept: KeptGroup) {
        let group = match kept.consumer {
            true => Group::Consumer(ConsumerGroup::restored(id.clone(), kept)),
            false => Group::Classic(ClassicGroup::new(id.clone())),
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
            Self::Consumer(_) => "consumer".into(),
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
