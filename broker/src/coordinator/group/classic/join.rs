use std::time::Duration;

use bytes::Bytes;
use ottla_proto::ErrorCode;
use ottla_proto::messages::join_group::JoinGroupRequest;

use super::super::{FIRST_WITH_KNOWN_ID, embedded, rebalance_timeout};
use super::{ClassicGroup, Member, State, refused_join, refused_sync};
use crate::api::Call;
use crate::coordinator::{Answer, MemberId, Turn, milliseconds, own};

/// From this version on a static leader that comes back is told to skip the assignment (KIP-814).
const FIRST_WITH_SKIPPED_ASSIGNMENT: i16 = 9;

impl ClassicGroup {
    /// Somebody joins, for the first time or again. `fresh` is the id for one that has none.
    ///
    /// The answer comes when the rebalance is over, or at once if nothing changes or the member is refused.
    pub(crate) fn join(
        &mut self,
        turn: &mut Turn<'_>,
        call: Call,
        request: JoinGroupRequest,
        fresh: MemberId,
    ) {
        if !self.has_room(turn, &request.member_id) {
            self.remove(turn, &request.member_id);
            return turn.answer(call, refused_join(ErrorCode::GROUP_MAX_SIZE_REACHED, MemberId::new()));
        }
        if !self.accepts(&request.protocol_type, &request.protocols) {
            let refused = refused_join(ErrorCode::INCONSISTENT_GROUP_PROTOCOL, request.member_id);
            return turn.answer(call, refused);
        }
        if request.member_id.is_empty() {
            return self.join_new(turn, call, request, fresh);
        }
        if self.pending_members.contains(&request.member_id) {
            if request.group_instance_id.is_some() {
                // Only dynamic members are given an id first.
                return turn.answer(call, refused_join(ErrorCode::UNKNOWN_MEMBER_ID, request.member_id));
            }
            let member_id = own(&request.member_id);
            return self.add_joining(turn, call, request, member_id);
        }
        if let Err(code) = self.check_member(&request.member_id, request.group_instance_id.as_deref()) {
            return turn.answer(call, refused_join(code, request.member_id));
        }
        self.join_again(turn, call, request);
    }

    fn has_room(&self, turn: &Turn<'_>, member_id: &str) -> bool {
        let member = self.members.get(member_id);
        match self.state {
            State::Empty => true,
            State::PreparingRebalance { .. } => {
                let waits = |member: &Member| member.awaiting_join.is_some();
                let waiting = self.members.values().filter(|member| waits(member)).count();
                member.is_some_and(waits) || waiting < turn.settings.max_size
            }
            State::CompletingRebalance | State::Stable => {
                member.is_some() || self.members.len() < turn.settings.max_size
            }
        }
    }

    fn join_new(&mut self, turn: &mut Turn<'_>, call: Call, request: JoinGroupRequest, fresh: MemberId) {
        if let Some(instance_id) = &request.group_instance_id {
            if let Some(known) = self.static_members.get(instance_id).cloned() {
                return self.replace_static(turn, call, request, &known, fresh);
            }
            return self.add_joining(turn, call, request, fresh);
        }
        if call.version < FIRST_WITH_KNOWN_ID {
            return self.add_joining(turn, call, request, fresh);
        }
        if self.pending_members.len() >= turn.settings.max_size {
            return turn.answer(call, refused_join(ErrorCode::GROUP_MAX_SIZE_REACHED, MemberId::new()));
        }
        self.pending_members.insert(fresh.clone());
        turn.timers.set(self.session_timer(&fresh), turn.now + milliseconds(request.session_timeout_ms));
        turn.answer(call, refused_join(ErrorCode::MEMBER_ID_REQUIRED, fresh));
    }

    fn add_joining(
        &mut self,
        turn: &mut Turn<'_>,
        call: Call,
        request: JoinGroupRequest,
        member_id: MemberId,
    ) {
        /// How long a new member may wait for its first rebalance before it is taken for dead.
        const NEW_MEMBER_TIMEOUT: Duration = Duration::from_secs(300);
        if let State::PreparingRebalance { initial: Some(initial) } = &mut self.state {
            initial.new_member = true;
        }
        turn.timers.set(self.session_timer(&member_id), turn.now + NEW_MEMBER_TIMEOUT);
        let member = Member {
            instance_id: request.group_instance_id.as_ref().map(own),
            client_id: call.client_id.as_str().into(),
            session_timeout: milliseconds(request.session_timeout_ms),
            rebalance_timeout: rebalance_timeout(&call, &request),
            protocols: embedded::protocols(&request.protocols),
            assignment: Bytes::new(),
            awaiting_join: Some(call),
            awaiting_sync: None,
            is_new: true,
        };
        self.add(member_id, &request.protocol_type, member);
        self.prepare_or_complete(turn);
    }

    fn join_again(&mut self, turn: &mut Turn<'_>, call: Call, request: JoinGroupRequest) {
        let Some(member) = self.members.get(&request.member_id) else { return };
        let unchanged = member.has_protocols(&request.protocols);
        let is_leader = self.leader.as_ref() == Some(&request.member_id);
        match self.state {
            // It missed the answer: nothing has changed since.
            State::CompletingRebalance if unchanged => {}
            State::Stable if unchanged && !is_leader => {}
            State::Empty => {
                return turn.answer(call, refused_join(ErrorCode::UNKNOWN_MEMBER_ID, request.member_id));
            }
            _ => {
                self.update(turn, call, &request);
                return self.prepare_or_complete(turn);
            }
        }
        let response = self.joined(&request.member_id, false);
        turn.answer(call, Answer::Join(response));
    }

    /// Takes over what the member says of itself and lets it wait for the rebalance.
    fn update(&mut self, turn: &mut Turn<'_>, call: Call, request: &JoinGroupRequest) {
        let Some(member) = self.members.get_mut(&request.member_id) else { return };
        member.protocols = embedded::protocols(&request.protocols);
        member.session_timeout = milliseconds(request.session_timeout_ms);
        member.rebalance_timeout = rebalance_timeout(&call, request);
        if let Some(earlier) = member.awaiting_join.replace(call) {
            // It asked again on another connection; nobody may wait for ever on the first.
            turn.answer(earlier, refused_join(ErrorCode::REBALANCE_IN_PROGRESS, request.member_id.clone()));
        }
    }

    /// A static member is back under a new id: it takes the old one's place, which is fenced (KIP-345).
    fn replace_static(
        &mut self,
        turn: &mut Turn<'_>,
        call: Call,
        request: JoinGroupRequest,
        known: &MemberId,
        fresh: MemberId,
    ) {
        let leader_before = self.leader.clone();
        let Some(mut member) = self.members.remove(known) else { return };
        if let Some(call) = member.awaiting_join.take() {
            turn.answer(call, refused_join(ErrorCode::FENCED_INSTANCE_ID, known.clone()));
        }
        if let Some(call) = member.awaiting_sync.take() {
            turn.answer(call, refused_sync(ErrorCode::FENCED_INSTANCE_ID));
        }
        turn.timers.cancel(&self.session_timer(known));
        self.pending_sync.remove(known);
        if leader_before.as_ref() == Some(known) {
            self.leader = Some(fresh.clone());
        }
        if let Some(instance_id) = &member.instance_id {
            self.static_members.insert(instance_id.clone(), fresh.clone());
        }
        let version = call.version;
        self.members.insert(fresh.clone(), member);
        self.update(turn, call, &JoinGroupRequest { member_id: fresh.clone(), ..request });
        self.extend_session(turn, &fresh);
        match self.state {
            State::Stable if self.select_protocol() == self.protocol => {
                // The assignments stay, so nobody else notices.
                self.agree();
                let is_leader = self.leader.as_ref() == Some(&fresh);
                let mut response = self.joined(&fresh, is_leader);
                if version < FIRST_WITH_SKIPPED_ASSIGNMENT {
                    // Naming the old id as leader keeps the member from assigning anew.
                    response.leader = leader_before.unwrap_or_default();
                    response.members.clear();
                    response.skip_assignment = false;
                }
                self.answer_join(turn, &fresh, Answer::Join(response));
            }
            State::Stable | State::CompletingRebalance => self.prepare_rebalance(turn),
            State::Empty | State::PreparingRebalance { .. } => self.prepare_or_complete(turn),
        }
    }
}
