use std::collections::BTreeMap;

use bytes::Bytes;
use ottla_proto::ErrorCode;
use ottla_proto::messages::sync_group::{SyncGroupRequest, SyncGroupResponse};

use super::{ClassicGroup, State, refused_sync};
use crate::api::Call;
use crate::coordinator::{Answer, TimerKey, Turn};

impl ClassicGroup {
    /// A member asks for its assignment; the leader brings everybody's.
    ///
    /// The answer comes when the leader has been here, or at once if it was already, or the member is refused.
    pub(crate) fn sync(&mut self, turn: &mut Turn<'_>, call: Call, request: SyncGroupRequest) {
        if let Err(code) = self.check_sync(&request) {
            return turn.answer(call, refused_sync(code));
        }
        let Some(member_id) = self.members.get_key_value(&request.member_id).map(|(id, _)| id.clone()) else {
            return turn.answer(call, refused_sync(ErrorCode::UNKNOWN_MEMBER_ID));
        };
        self.pending_sync.remove(&member_id);
        if self.pending_sync.is_empty() {
            turn.timers.cancel(&TimerKey::Sync(self.id.clone()));
        }
        match self.state {
            State::CompletingRebalance => {
                if let Some(member) = self.members.get_mut(&member_id)
                    && let Some(earlier) = member.awaiting_sync.replace(call)
                {
                    // It asked again on another connection; nobody may wait for ever on the first.
                    turn.answer(earlier, refused_sync(ErrorCode::REBALANCE_IN_PROGRESS));
                }
                if self.leader.as_ref() == Some(&member_id) {
                    self.assign(turn, &request);
                }
            }
            State::Stable => {
                let response = SyncGroupResponse {
                    protocol_type: self.protocol_type.clone(),
                    protocol_name: self.protocol.clone(),
                    assignment: self
                        .members
                        .get(&member_id)
                        .map(|it| it.assignment.clone())
                        .unwrap_or_default(),
                    ..SyncGroupResponse::default()
                };
                turn.answer(call, Answer::Sync(response));
            }
            State::PreparingRebalance { .. } => {
                turn.answer(call, refused_sync(ErrorCode::REBALANCE_IN_PROGRESS));
            }
            State::Empty => turn.answer(call, refused_sync(ErrorCode::UNKNOWN_MEMBER_ID)),
        }
    }

    fn check_sync(&self, request: &SyncGroupRequest) -> Result<(), ErrorCode> {
        self.check_member(&request.member_id, request.group_instance_id.as_deref())?;
        if request.generation_id != self.generation {
            return Err(ErrorCode::ILLEGAL_GENERATION);
        }
        let differs = |said: &Option<_>, agreed: &Option<_>| said.is_some() && said != agreed;
        if differs(&request.protocol_type, &self.protocol_type)
            || differs(&request.protocol_name, &self.protocol)
        {
            return Err(ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
        }
        Ok(())
    }

    /// Hands out what the leader decided; whom it forgot gets nothing.
    fn assign(&mut self, turn: &mut Turn<'_>, request: &SyncGroupRequest) {
        let mut assigned: BTreeMap<_, _> =
            request.assignments.iter().map(|it| (&it.member_id, &it.assignment)).collect();
        for (id, member) in &mut self.members {
            let assignment = assigned.remove(id).map(|bytes| Bytes::copy_from_slice(bytes));
            member.assignment = assignment.unwrap_or_default();
        }
        self.answer_syncs(turn, ErrorCode::NONE);
        self.state = State::Stable;
        self.agree();
    }
}
