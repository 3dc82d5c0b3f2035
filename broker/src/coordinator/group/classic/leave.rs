use ottla_proto::ErrorCode;
use ottla_proto::messages::leave_group::{MemberIdentity, MemberResponse};

use super::{ClassicGroup, State};
use crate::coordinator::{Turn, own};

impl ClassicGroup {
    /// Members leave, or an operator removes them, static ones by their instance id alone.
    pub(crate) fn leave(&mut self, turn: &mut Turn<'_>, members: Vec<MemberIdentity>) -> Vec<MemberResponse> {
        let mut any_left = false;
        let mut answer = |member: MemberIdentity| {
            let left = self.leave_one(turn, &member);
            any_left |= left.is_ok();
            MemberResponse {
                member_id: member.member_id,
                group_instance_id: member.group_instance_id,
                error_code: left.err().unwrap_or_default(),
                ..MemberResponse::default()
            }
        };
        let answers = members.into_iter().map(&mut answer).collect();
        if any_left && self.state != State::Empty {
            self.prepare_or_complete(turn);
        }
        answers
    }

    fn leave_one(&mut self, turn: &mut Turn<'_>, member: &MemberIdentity) -> Result<(), ErrorCode> {
        let instance_id = member.group_instance_id.as_deref();
        if member.member_id.is_empty() {
            let found = instance_id.and_then(|id| self.static_members.get(id)).cloned();
            let member_id = found.ok_or(ErrorCode::UNKNOWN_MEMBER_ID)?;
            self.expel(turn, &member_id);
            return Ok(());
        }
        if !self.pending_members.contains(&member.member_id) {
            self.check_member(&member.member_id, instance_id)?;
        }
        self.expel(turn, &own(&member.member_id));
        Ok(())
    }
}
