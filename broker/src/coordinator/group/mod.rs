//! The groups by id, whatever their protocol.

mod classic;

use std::collections::BTreeMap;

use bytestring::ByteString;
use ottla_proto::messages::heartbeat::HeartbeatRequest;
use ottla_proto::messages::join_group::{JoinGroupRequest, JoinGroupResponse};
use ottla_proto::messages::leave_group::{MemberIdentity, MemberResponse};
use ottla_proto::messages::sync_group::{SyncGroupRequest, SyncGroupResponse};
use ottla_proto::{ErrorCode, GroupId};

use super::{Answer, MemberId, Turn, milliseconds, own};
use crate::api::Call;
pub(crate) use classic::ClassicGroup;

/// All groups of the cluster.
#[derive(Debug, Default)]
pub(crate) struct Groups(BTreeMap<GroupId, Group>);

/// One group.
#[derive(Debug)]
pub(crate) enum Group {
    Classic(ClassicGroup),
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
        self.0.get(id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&GroupId, &Group)> {
        self.0.iter()
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
        if !self.0.contains_key(&request.group_id)
            && let Err(code) = self.create(turn, &request.group_id, request.member_id.is_empty())
        {
            return turn.answer(call, refuse(code));
        }
        match self.0.get_mut(&request.group_id) {
            Some(Group::Classic(group)) => group.join(turn, call, request, fresh),
            None => turn.answer(call, refuse(ErrorCode::UNKNOWN_MEMBER_ID)),
        }
    }

    /// See [`ClassicGroup::sync`].
    pub(crate) fn sync(&mut self, turn: &mut Turn<'_>, call: Call, request: SyncGroupRequest) {
        let error_code = match self.0.get_mut(&request.group_id) {
            Some(Group::Classic(group)) => return group.sync(turn, call, request),
            None if request.group_id.is_empty() => ErrorCode::INVALID_GROUP_ID,
            None => ErrorCode::UNKNOWN_MEMBER_ID,
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
        match self.0.get_mut(group_id) {
            Some(Group::Classic(group)) => {
                group.heartbeat(turn, member_id, group_instance_id.as_deref(), *generation_id)
            }
            None if group_id.is_empty() => Err(ErrorCode::INVALID_GROUP_ID),
            None => Err(ErrorCode::UNKNOWN_MEMBER_ID),
        }
    }

    /// See [`ClassicGroup::leave`].
    pub(crate) fn leave(
        &mut self,
        turn: &mut Turn<'_>,
        id: &GroupId,
        members: Vec<MemberIdentity>,
    ) -> Result<Vec<MemberResponse>, ErrorCode> {
        match self.0.get_mut(id) {
            Some(Group::Classic(group)) => Ok(group.leave(turn, members)),
            None if id.is_empty() => Err(ErrorCode::INVALID_GROUP_ID),
            None => Ok(members.into_iter().map(unknown).collect()),
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
        if !self.0.contains_key(id) {
            if committer.generation >= 0 {
                return Err(CommitError::NoGroup);
            }
            self.create(turn, id, true)?;
        }
        let Committer { member_id, instance_id, generation } = committer;
        match self.0.get_mut(id) {
            Some(Group::Classic(group)) => {
                Ok(group.check_commit(turn, member_id, instance_id, generation, transactional)?)
            }
            None => Err(CommitError::NoGroup),
        }
    }

    /// Whether somebody may read the group's offsets; a member of a consumer group only with its current epoch.
    pub(crate) fn check_fetch(
        &self,
        id: &str,
        _member_id: Option<&str>,
        _epoch: i32,
    ) -> Result<(), ErrorCode> {
        match self.0.get(id) {
            Some(Group::Classic(_)) | None => Ok(()),
        }
    }

    /// Whether single offsets of the group may be deleted.
    pub(crate) fn check_offset_delete(&self, id: &str) -> Result<&Group, ErrorCode> {
        let group = self.0.get(id).ok_or(ErrorCode::GROUP_ID_NOT_FOUND)?;
        match group {
            Group::Classic(classic) => classic.check_offset_delete()?,
        }
        Ok(group)
    }

    /// Deletes a group that has no members.
    pub(crate) fn delete(&mut self, turn: &mut Turn<'_>, id: &str) -> Result<(), ErrorCode> {
        let group = self.0.get_mut(id).ok_or(ErrorCode::GROUP_ID_NOT_FOUND)?;
        if !group.is_empty() {
            return Err(ErrorCode::NON_EMPTY_GROUP);
        }
        match group {
            Group::Classic(classic) => classic.dissolve(turn),
        }
        self.0.remove(id);
        Ok(())
    }

    pub(super) fn join_expired(&mut self, turn: &mut Turn<'_>, id: &GroupId) {
        if let Some(Group::Classic(group)) = self.0.get_mut(id) {
            group.join_expired(turn);
        }
    }

    pub(super) fn sync_expired(&mut self, turn: &mut Turn<'_>, id: &GroupId) {
        if let Some(Group::Classic(group)) = self.0.get_mut(id) {
            group.sync_expired(turn);
        }
    }

    pub(super) fn session_expired(&mut self, turn: &mut Turn<'_>, id: &GroupId, member: &MemberId) {
        match self.0.get_mut(id) {
            Some(Group::Classic(group)) => group.session_expired(turn, member),
            None => {}
        }
    }

    /// Begins a classic group, if the caller does not claim to be in it already.
    fn create(&mut self, turn: &Turn<'_>, id: &GroupId, newcomer: bool) -> Result<(), ErrorCode> {
        if !newcomer {
            return Err(ErrorCode::UNKNOWN_MEMBER_ID);
        }
        if self.0.len() >= turn.settings.max_groups {
            return Err(ErrorCode::POLICY_VIOLATION);
        }
        let id = GroupId(own(&id.0));
        self.0.insert(id.clone(), Group::Classic(ClassicGroup::new(id)));
        Ok(())
    }
}

impl Group {
    /// Whether nobody is in it.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Classic(group) => group.is_empty(),
        }
    }

    /// The state as Kafka's tools show it.
    pub(crate) fn state_name(&self) -> &'static str {
        match self {
            Self::Classic(group) => group.state_name(),
        }
    }

    /// The type as Kafka's tools show it.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Classic(_) => "classic",
        }
    }

    /// What the members' protocols are for.
    pub(crate) fn protocol_type(&self) -> ByteString {
        match self {
            Self::Classic(group) => group.protocol_type(),
        }
    }

    /// Whether members read the topic, as far as that is known.
    pub(crate) fn is_subscribed(&self, topic: &str) -> bool {
        match self {
            Self::Classic(group) => group.is_subscribed(topic),
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
