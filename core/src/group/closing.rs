//! Leaving a group in good order, and within a given time.

use std::time::Duration;

use bytestring::ByteString;
use ottla_proto::messages::leave_group::MemberIdentity;
use ottla_proto::messages::{ConsumerGroupHeartbeatResponse, LeaveGroupRequest, LeaveGroupResponse};
use ottla_proto::wire::Request;
use ottla_proto::{ApiKey, ErrorCode};

use super::error::GroupError;
use super::member::{Asked, Member, Protocol};
use super::ownership::{End, Ownership};
use crate::consumer::TopicPartition;
use crate::event::{Event, Ticket};
use crate::net::{Answer, Net};
use crate::retry::{Remedy, remedy};
use crate::sync::Arc;
use crate::time::Instant;

/// From this version on a request names several members.
const BATCHED: i16 = 3;
/// How long a member whose handle is gone tries to leave.
const FAREWELL: Duration = Duration::from_secs(5);

/// How a member left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LeaveReport {
    /// What is known to be committed of each partition that it had: the offset of the next record to process.
    pub committed: Vec<(TopicPartition, Option<i64>)>,
    /// Partitions on which work was still going on.
    pub busy: Vec<TopicPartition>,
    /// Whether the coordinator knows that it left. A static member of the classic protocol keeps its place and says
    /// nothing, and so does one that never joined.
    pub left: bool,
}

/// A member that is about to leave.
#[derive(Debug)]
pub(super) struct Closing {
    /// Who waits for the report.
    tickets: Vec<Ticket>,
    pub(super) deadline: Instant,
    ownerships: Vec<Arc<Ownership>>,
}

impl Member {
    pub(super) fn leave(&mut self, deadline: Instant, now: Instant) {
        // Some of the time is for the farewell.
        let until = now + deadline.saturating_duration_since(now) * 3 / 4;
        if let Some(closing) = &mut self.closing {
            closing.deadline = deadline;
            if let Some(hand_over) = &mut self.hand_over {
                hand_over.until = until;
            }
            return;
        }
        // Whoever closes is done with what was dropped before.
        self.bell.next_turn();
        let ownerships = self.edge.owned();
        self.closing = Some(Closing { tickets: Vec::new(), deadline, ownerships: ownerships.clone() });
        if !self.has_ended() {
            self.begin_hand_over(ownerships, End::Closed, until, now);
        }
    }

    /// Whether there will be a report for it.
    pub(super) fn await_leave(&mut self, ticket: Ticket) -> bool {
        let Some(closing) = &mut self.closing else { return false };
        closing.tickets.push(ticket);
        true
    }

    pub(super) fn abandon(&mut self, now: Instant) {
        if self.closing.is_some() {
            // It leaves already, and in better order.
            return;
        }
        let ownerships = self.edge.owned();
        self.hand_over = None;
        self.give_up(&ownerships, End::Closed);
        self.drop_commits_not_owned();
        let deadline = now + FAREWELL;
        self.closing = Some(Closing { tickets: Vec::new(), deadline, ownerships: Vec::new() });
    }

    pub(super) fn step_closing(&mut self, net: &mut Net, now: Instant) {
        let Some(closing) = &self.closing else { return };
        if self.has_ended() {
            return self.finish_closing(false);
        }
        let overdue = closing.deadline <= now;
        if !overdue && self.hand_over.is_some() {
            return;
        }
        if overdue || !self.has_to_leave() {
            self.finish_closing(false);
            return self.end(GroupError::Closed, net, now);
        }
        if !self.is_asked(Asked::Leave) {
            self.send_leave("the consumer is being closed", net, now);
        }
    }

    /// Whether the coordinator is to be told.
    fn has_to_leave(&self) -> bool {
        match self.protocol {
            Some(Protocol::Classic) => self.config.instance_id.is_none() && !self.member_id.is_empty(),
            Some(Protocol::Consumer) => self.consumer.is_in() || self.is_asked(Asked::ConsumerHeartbeat),
            None => false,
        }
    }

    pub(super) fn send_leave(&mut self, reason: &'static str, net: &mut Net, now: Instant) {
        if !self.has_to_leave() {
            return;
        }
        if self.protocol == Some(Protocol::Consumer) {
            self.send_consumer_leave(net, now);
            return;
        }
        let Some(link) = self.coordinator_link(ApiKey::LEAVE_GROUP, net, now) else { return };
        let Some(version) =
            self.version::<LeaveGroupRequest>(link, LeaveGroupRequest::LATEST_STABLE, net, now)
        else {
            return;
        };
        let mut request = LeaveGroupRequest { group_id: self.config.group.clone(), ..Default::default() };
        if version >= BATCHED {
            request.members = vec![MemberIdentity {
                member_id: self.member_id.clone(),
                reason: (version >= 5).then_some(ByteString::from_static(reason)),
                ..Default::default()
            }];
        } else {
            request.member_id = self.member_id.clone();
        }
        self.send(link, version, &request, Asked::Leave, self.config.request_timeout, net, now);
    }

    pub(super) fn on_left(&mut self, answer: &Answer, net: &mut Net, now: Instant) {
        let error = if answer.api == ApiKey::LEAVE_GROUP {
            net.open::<LeaveGroupResponse>(answer, now).map(|response| response.error_code)
        } else {
            net.open::<ConsumerGroupHeartbeatResponse>(answer, now).map(|response| response.error_code)
        };
        let error = error.unwrap_or(ErrorCode::NETWORK_EXCEPTION);
        if self.closing.is_none() {
            return;
        }
        match remedy(error) {
            Remedy::FindCoordinator => self.lose_coordinator(error, net, now),
            Remedy::Retry | Remedy::Refresh | Remedy::WaitOut if !error.is_none() => {
                self.lose_coordinator(error, net, now);
            }
            // Out in any case.
            _ => {
                self.finish_closing(true);
                self.end(GroupError::Closed, net, now);
            }
        }
    }

    /// Whoever leaves tries again until its time is over.
    pub(super) fn leave_unanswered(&mut self) {}

    pub(super) fn finish_closing(&mut self, left: bool) {
        let Some(Closing { tickets, ownerships, .. }) = self.closing.take() else { return };
        let committed =
            ownerships.iter().map(|ownership| (ownership.partition().clone(), ownership.committed()));
        let busy = ownerships.iter().filter(|ownership| ownership.held_batches() > 0);
        let report = LeaveReport {
            committed: committed.collect(),
            busy: busy.map(|ownership| ownership.partition().clone()).collect(),
            left,
        };
        for ticket in tickets {
            self.emit(Event::GroupLeft { ticket, report: report.clone() });
        }
        self.go();
    }
}
