//! Being a member of a consumer group: coordinator, partitions that come and go, and offsets.
//!
//! A `Member` speaks one of two protocols with the group's coordinator, over a connection of its own: nothing else of
//! the client can hold up a heartbeat. In the classic protocol (`classic`) the members share out the partitions among
//! themselves, one of them by an [`Assignor`](assignor::Assignor); in the consumer protocol (`consumer`, KIP-848) the
//! coordinator does.
//!
//! **Owning is a value.** Each partition comes with an [`Ownership`]. What is handed out of it is counted there, so it is
//! known at each moment how far everything was processed, and nothing beyond is ever committed by itself
//! (`commit`). A partition that is taken away is first no longer read; then work in progress is waited for and
//! committed; then it is given up (`hand_over`). Where a partition begins, the group's last commit says
//! (`positions`).
//!
//! The application meets the member at the [`GroupEdge`].

pub mod assignor;

mod classic;
mod closing;
mod commit;
mod config;
mod consumer;
mod coordinator;
mod edge;
mod error;
mod hand_over;
mod interest;
mod leader;
mod member;
mod ownership;
mod positions;
mod subscription;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};

use ottla_proto::TopicName;

pub use closing::LeaveReport;
pub use commit::{CommitEntry, CommitOrder, Committed};
pub use config::{GroupConfig, ProtocolChoice};
pub use coordinator::{coordinator_of, find_coordinator};
pub use edge::{GroupEdge, GroupEvent, GroupStatus, HandOut, Rebalance};
pub use error::{CommitError, GroupError};
pub use interest::TopicPattern;
pub use ownership::{Cause, End, HandedOut, Ownership, OwnershipId, Phase, Processed};
pub use subscription::{MemberSubscription, decode_assignment};

use crate::Waiting;
use crate::consumer::{ConsumerEdge, ConsumerKey};
use crate::event::{Event, Ticket};
use crate::machine::Machine;
use crate::net::{Answer, Failure, Net, Owner, Sent};
use crate::sync::Arc;
use crate::time::Instant;
use crate::wake::DriverWake;
use member::Member;

/// The memberships of all consumers of a client.
#[derive(Debug, Default)]
pub struct Groups {
    members: BTreeMap<ConsumerKey, Member>,
    /// Answers to orders for members that are gone.
    events: VecDeque<Event>,
}

impl Groups {
    /// Makes a consumer a member of a group. What it is to read is assigned through `reader` as the group decides.
    pub fn join(
        &mut self,
        key: ConsumerKey,
        config: GroupConfig,
        reader: Arc<ConsumerEdge>,
        wake: Arc<DriverWake>,
        net: &mut Net,
        now: Instant,
    ) -> Arc<GroupEdge> {
        let member = Member::new(key, config, reader, wake, net, now);
        let edge = Arc::clone(member.edge());
        self.members.insert(key, member);
        edge
    }

    /// Begins a commit. With a ticket it ends with one [`Event::CommitDone`], by its deadline; without one, a failure is
    /// told as an event of the member.
    pub fn commit(
        &mut self,
        key: ConsumerKey,
        ticket: Option<Ticket>,
        order: CommitOrder,
        deadline: Instant,
    ) {
        match (self.members.get_mut(&key), ticket) {
            (Some(member), _) => member.commit(ticket, order, deadline),
            (None, Some(ticket)) => {
                let result = Err(GroupError::Closed.into());
                self.events.push_back(Event::CommitDone { ticket, result });
            }
            (None, None) => {}
        }
    }

    /// Reads these topics from now on, and those that the pattern finds, in the place of what was wanted before.
    /// Partitions of other topics are given up in good order.
    pub fn subscribe(
        &mut self,
        key: ConsumerKey,
        topics: Vec<TopicName>,
        pattern: Option<TopicPattern>,
        net: &mut Net,
    ) {
        if let Some(member) = self.members.get_mut(&key) {
            member.subscribe(topics, pattern, net);
        }
    }

    /// Begins to leave: waits for work in progress, commits what was processed unless the application does that itself,
    /// tells the coordinator; all of it by `deadline`. Asked again, only the deadline changes.
    pub fn leave(&mut self, key: ConsumerKey, deadline: Instant, now: Instant) {
        if let Some(member) = self.members.get_mut(&key) {
            member.leave(deadline, now);
        }
    }

    /// Waits for the end of [`Self::leave`]: one [`Event::GroupLeft`] of this ticket.
    pub fn await_leave(&mut self, key: ConsumerKey, ticket: Ticket) {
        let waits = self.members.get_mut(&key).is_some_and(|member| member.await_leave(ticket));
        if !waits {
            self.events.push_back(Event::GroupLeft { ticket, report: LeaveReport::default() });
        }
    }

    /// The application's handle is gone: the member leaves at once and commits nothing.
    pub fn abandon(&mut self, key: ConsumerKey, now: Instant) {
        if let Some(member) = self.members.get_mut(&key) {
            member.abandon(now);
        }
    }

    /// Whether this consumer is a member still.
    #[must_use]
    pub fn is_member(&self, key: ConsumerKey) -> bool {
        self.members.contains_key(&key)
    }

    /// Whether a handle has left something for the next step: looked at before the driver sleeps.
    #[must_use]
    pub fn has_orders(&self) -> bool {
        self.members.values().any(Member::has_orders)
    }

    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front().or_else(|| self.members.values_mut().find_map(Member::poll_event))
    }

    /// What each member waits for.
    pub fn explain(&self, waiting: &mut Vec<Waiting>) {
        for member in self.members.values() {
            member.explain(waiting);
        }
    }

    /// As [`Self::explain`], of one.
    pub fn explain_one(&self, key: ConsumerKey, waiting: &mut Vec<Waiting>) {
        if let Some(member) = self.members.get(&key) {
            member.explain(waiting);
        }
    }

    /// Ends all of them without a word to their coordinators.
    pub fn close_all(&mut self, net: &mut Net, now: Instant) {
        for member in self.members.values_mut() {
            member.end(GroupError::Closed, net, now);
        }
    }

    fn owner(&mut self, owner: Owner) -> Option<&mut Member> {
        match owner {
            Owner::Group(key) => self.members.get_mut(&key),
            Owner::Cluster | Owner::Producer(_) | Owner::Consumer(_) | Owner::Calls => None,
        }
    }
}

impl Machine for Groups {
    fn step(&mut self, net: &mut Net, now: Instant) {
        for member in self.members.values_mut() {
            member.step(net, now);
        }
        let Self { members, events } = self;
        members.retain(|_, member| {
            if member.is_gone() {
                // Its last words outlive it.
                events.extend(std::iter::from_fn(|| member.poll_event()));
            }
            !member.is_gone()
        });
    }

    fn handle_answer(&mut self, answer: Answer, net: &mut Net, now: Instant) {
        if let Some(member) = self.owner(answer.owner) {
            member.handle_answer(&answer, net, now);
        }
    }

    /// Every request of a member has an answer.
    fn handle_sent(&mut self, _sent: Sent, _net: &mut Net, _now: Instant) {}

    fn handle_failure(&mut self, failure: Failure, net: &mut Net, now: Instant) {
        if let Some(member) = self.owner(failure.owner) {
            member.handle_failure(&failure, net, now);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.members.values().filter_map(Member::poll_timeout).min()
    }
}
