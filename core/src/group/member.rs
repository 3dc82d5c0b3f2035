use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use bytestring::ByteString;
use ottla_proto::messages::ConsumerGroupHeartbeatRequest;
use ottla_proto::wire::Request;
use ottla_proto::{ApiKey, BrokerId, ErrorCode, TopicId};

use super::classic::Classic;
use super::closing::Closing;
use super::commit::Commits;
use super::config::{GroupConfig, ProtocolChoice};
use super::consumer::ConsumerProtocol;
use super::coordinator::Coordinator;
use super::edge::{GroupEdge, GroupEvent, GroupStatus, Rebalance};
use super::error::GroupError;
use super::hand_over::HandOver;
use super::interest::Interest;
use super::ownership::{Bell, Cause, End};
use super::positions::Positions;
use crate::Waiting;
use crate::consumer::{ConsumerEdge, ConsumerKey, TopicPartition};
use crate::event::Event;
use crate::net::{Answer, Failure, Link, Net, Owner, RequestToken, Role, SendOptions};
use crate::sync::Arc;
use crate::time::{Instant, earliest};
use crate::wait::WaitReason;
use crate::wake::DriverWake;

/// A consumer's membership in its group, from the driver's side.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) key: ConsumerKey,
    pub(super) config: GroupConfig,
    /// What of the cluster it follows.
    pub(super) interest: Interest,
    pub(super) edge: Arc<GroupEdge>,
    pub(super) bell: Arc<Bell>,
    /// What reads the partitions that this member owns.
    pub(super) reader: Arc<ConsumerEdge>,
    pub(super) coordinator: Coordinator,
    pub(super) protocol: Option<Protocol>,
    pub(super) classic: Classic,
    pub(super) consumer: ConsumerProtocol,
    /// What the coordinator knows this member by; empty before it does.
    pub(super) member_id: ByteString,
    /// The generation, or the member epoch; below zero outside of a generation.
    pub(super) generation: i32,
    pub(super) hand_over: Option<HandOver>,
    /// The rebalance that goes on.
    pub(super) rebalance: Option<Rebalance>,
    pub(super) positions: Positions,
    pub(super) commits: Commits,
    pub(super) closing: Option<Closing>,
    /// Since when the names of all topics are waited for.
    pub(super) waits_for_names: Option<Instant>,
    /// Since when no partition is its own.
    empty_since: Option<Instant>,
    /// It owns partitions that the view of the cluster does not have.
    lacks_partitions: bool,
    absence: Absence,
    requests: BTreeMap<RequestToken, Asked>,
    last_token: u64,
    events: VecDeque<Event>,
    /// The moment of the last step: timers up to it wait for an event now.
    stepped_at: Instant,
    ended: bool,
    gone: bool,
}

/// Which protocol is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Classic,
    Consumer,
}

/// What a request in flight is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Coordinator,
    Join,
    Sync,
    Heartbeat,
    ConsumerHeartbeat,
    Leave,
    Commit,
    Offsets,
}

/// What is known of an application that does not come back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Absence {
    #[default]
    None,
    Warned,
    /// The member left because of it.
    Left,
}

impl Member {
    pub(super) fn new(
        key: ConsumerKey,
        config: GroupConfig,
        reader: Arc<ConsumerEdge>,
        wake: Arc<DriverWake>,
        net: &mut Net,
        now: Instant,
    ) -> Self {
        let bell = Bell::new(wake);
        let mut member = Self {
            key,
            interest: Interest::default(),
            edge: GroupEdge::new(Arc::clone(&bell)),
            bell,
            reader,
            coordinator: Coordinator::default(),
            protocol: None,
            classic: Classic::default(),
            consumer: ConsumerProtocol::new(net.random()),
            member_id: ByteString::new(),
            generation: -1,
            hand_over: None,
            rebalance: None,
            positions: Positions::default(),
            commits: Commits::new(config.auto_commit, now),
            closing: None,
            waits_for_names: None,
            empty_since: None,
            lacks_partitions: false,
            absence: Absence::None,
            requests: BTreeMap::new(),
            last_token: 0,
            events: VecDeque::new(),
            stepped_at: now,
            ended: false,
            gone: false,
            config,
        };
        member.follow_topics(net);
        member
    }

    pub(super) fn edge(&self) -> &Arc<GroupEdge> {
        &self.edge
    }

    pub(super) fn step(&mut self, net: &mut Net, now: Instant) {
        self.stepped_at = now;
        self.bell.answer();
        self.bell.set_awaited(self.hand_over.is_some() || self.absence != Absence::None);
        self.coordinator.pass_time(now);
        if !self.ended {
            self.watch_absence(net, now);
            self.follow_topics(net);
            if self.lacks_partitions {
                self.learn_partitions(net);
            }
            self.seek_coordinator(net, now);
            self.step_hand_over(now);
            self.step_closing(net, now);
            match self.protocol {
                None => self.choose_protocol(net, now),
                Some(Protocol::Classic) => self.step_classic(net, now),
                Some(Protocol::Consumer) => self.step_consumer(net, now),
            }
            self.find_positions(net, now);
            self.watch_abandoned();
            self.step_commits(net, now);
            self.empty_since = self.edge.owns_nothing().then(|| self.empty_since.unwrap_or(now));
            self.publish();
        } else {
            self.step_closing(net, now);
        }
    }

    pub(super) fn handle_answer(&mut self, answer: &Answer, net: &mut Net, now: Instant) {
        match self.requests.remove(&answer.token) {
            Some(Asked::Coordinator) => self.on_coordinator(answer, net, now),
            Some(Asked::Join) => self.on_join(answer, net, now),
            Some(Asked::Sync) => self.on_sync(answer, net, now),
            Some(Asked::Heartbeat) => self.on_heartbeat(answer, net, now),
            Some(Asked::ConsumerHeartbeat) => self.on_consumer_heartbeat(answer, net, now),
            Some(Asked::Leave) => self.on_left(answer, net, now),
            Some(Asked::Commit) => self.on_commit(answer, net, now),
            Some(Asked::Offsets) => self.on_offsets(answer, net, now),
            None => {}
        }
    }

    pub(super) fn handle_failure(&mut self, failure: &Failure, net: &mut Net, now: Instant) {
        let Some(asked) = self.requests.remove(&failure.token) else { return };
        if asked == Asked::Coordinator {
            return self.coordinator_unasked(net, now);
        }
        self.lose_coordinator(ErrorCode::NETWORK_EXCEPTION, net, now);
        self.unanswered(asked, net, now);
    }

    /// A request to the coordinator has no answer that helps.
    pub(super) fn unanswered(&mut self, asked: Asked, net: &mut Net, now: Instant) {
        match asked {
            Asked::Coordinator => {}
            Asked::Join | Asked::Sync => self.join_again_after(ErrorCode::NETWORK_EXCEPTION, net, now),
            Asked::Heartbeat => self.classic.heartbeat_unanswered(now),
            Asked::ConsumerHeartbeat => self.consumer.unanswered(now),
            Asked::Leave => self.leave_unanswered(),
            Asked::Commit => self.commit_unanswered(ErrorCode::NETWORK_EXCEPTION, net, now),
            Asked::Offsets => self.positions_unanswered(ErrorCode::NETWORK_EXCEPTION, net, now),
        }
    }

    /// When [`Self::step`] is due for the clock's sake alone.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let protocol = match self.protocol {
            _ if self.ended => None,
            None => None,
            Some(Protocol::Classic) => self.classic.next_at(),
            Some(Protocol::Consumer) => self.consumer.next_at(),
        };
        let timers = [
            protocol,
            self.coordinator.retry_at.filter(|_| self.coordinator.node.is_none() && !self.ended),
            self.hand_over.as_ref().map(|hand_over| hand_over.until),
            self.closing.as_ref().map(|closing| closing.deadline),
            self.positions.retry_at,
            self.commits.next_at(),
            self.absence_at(),
        ];
        timers.into_iter().flatten().filter(|at| *at > self.stepped_at).min()
    }

    pub(super) fn has_orders(&self) -> bool {
        self.bell.is_rung()
    }

    pub(super) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Nothing is left to do.
    pub(super) fn is_gone(&self) -> bool {
        self.gone
    }

    pub(super) fn explain(&self, waiting: &mut Vec<Waiting>) {
        let mut reasons = Vec::new();
        reasons.extend(self.coordinator.reason());
        reasons.extend(self.waits_for_names.map(|since| (self.names_reason(), since)));
        if !self.ended && !self.is_stable() {
            let since = self.rebalance.as_ref().map_or(self.stepped_at, |rebalance| rebalance.began);
            reasons.extend(self.hindrances().map(|reason| (reason, since)));
        } else if !self.ended {
            reasons.extend(self.empty_since.map(|since| (WaitReason::NoPartitions, since)));
        }
        waiting.extend(reasons.into_iter().map(|(reason, since)| Waiting {
            node: reason.node(),
            topic: None,
            partition: None,
            until: reason.until(),
            reason,
            since,
        }));
    }

    /// What keeps a member from good standing, its coordinator's whereabouts apart.
    fn hindrances(&self) -> impl Iterator<Item = WaitReason> {
        let application = match &self.hand_over {
            Some(hand_over) => Some(WaitReason::Application { until: Some(hand_over.until) }),
            None => self.is_away_too_long().then_some(WaitReason::Application { until: None }),
        };
        let node = self.coordinator.node.filter(|_| !self.requests.is_empty());
        let answer = node.map(|node| WaitReason::AnswerDue { node });
        let later = |(until, error)| WaitReason::RetryBackoff { until, error };
        let retries = [
            self.classic.retry(),
            self.consumer.retry(),
            self.positions.retry_at.map(|until| (until, self.positions.met)),
        ];
        let retries = retries.into_iter().flatten().filter(|(until, _)| *until > self.stepped_at).map(later);
        let waits_for_topics =
            self.classic.leadership.as_ref().is_some_and(|it| it.patience_until().is_some());
        let topic = self.config.topics.first().filter(|_| waits_for_topics || self.consumer.lacks_topics());
        let topic = topic.map(|topic| WaitReason::Metadata { topic: topic.clone() });
        application.into_iter().chain(answer).chain(retries).chain(topic)
    }
}

// What the other rooms of this module share.
impl Member {
    /// Sends a request to the coordinator or on its behalf; whether it went out. A request that cannot be put into
    /// bytes ends the member.
    #[expect(
        clippy::too_many_arguments,
        reason = "one place sends, and each of these differs from call to call"
    )]
    pub(super) fn send<R: Request>(
        &mut self,
        link: Link,
        version: i16,
        request: &R,
        asked: Asked,
        timeout: Duration,
        net: &mut Net,
        now: Instant,
    ) -> bool {
        self.last_token += 1;
        let token = RequestToken(self.last_token);
        let options = SendOptions { owner: Owner::Group(self.key), token, timeout, answer: true };
        match net.send(link, version, request, options, now) {
            Ok(()) => {
                self.requests.insert(token, asked);
                true
            }
            Err(error) => {
                self.end(error.into(), net, now);
                false
            }
        }
    }

    /// The version in which to speak to the coordinator; a coordinator that has none ends the member.
    pub(super) fn version<R: Request>(
        &mut self,
        link: Link,
        highest: i16,
        net: &mut Net,
        now: Instant,
    ) -> Option<i16> {
        match net.version::<R>(link, highest) {
            Ok(version) => Some(version),
            Err(error) => {
                self.end(error.into(), net, now);
                None
            }
        }
    }

    pub(super) fn is_asked(&self, asked: Asked) -> bool {
        self.requests.values().any(|other| *other == asked)
    }

    pub(super) fn tell(&mut self, event: GroupEvent) {
        self.edge.tell(event.clone());
        self.events.push_back(Event::Group { group: self.config.group.clone(), event });
    }

    pub(super) fn emit(&mut self, event: Event) {
        self.events.push_back(event);
    }

    /// A rebalance begins, unless one goes on.
    pub(super) fn note_rebalance(&mut self, cause: Cause, now: Instant) {
        let (member_id, generation) = (self.member_id.clone(), self.generation);
        self.rebalance.get_or_insert_with(|| Rebalance {
            cause,
            member_id,
            generation,
            began: now,
            took: Duration::ZERO,
            assigned: Vec::new(),
            revoked: Vec::new(),
            lost: Vec::new(),
        });
    }

    /// The rebalance is over for this member.
    pub(super) fn finish_rebalance(&mut self, now: Instant) {
        if let Some(mut rebalance) = self.rebalance.take() {
            rebalance.member_id = self.member_id.clone();
            rebalance.generation = self.generation;
            rebalance.took = now.saturating_duration_since(rebalance.began);
            self.tell(GroupEvent::Rebalanced(rebalance));
        }
    }

    /// Makes partitions this member's; reading begins where the group stopped.
    pub(super) fn own(&mut self, given: impl IntoIterator<Item = (TopicPartition, Option<TopicId>)>) {
        let ownerships = self.edge.own(given);
        if ownerships.is_empty() {
            return;
        }
        let partitions = super::hand_over::partitions(&ownerships);
        if let Some(rebalance) = &mut self.rebalance {
            rebalance.assigned.extend(partitions.clone());
        }
        self.positions.find(ownerships);
        self.tell(GroupEvent::Assigned { partitions });
    }

    /// The view of the cluster may be older than the partitions that this member was given, and so may be the next
    /// answers to it: it is asked for again, at growing intervals, until it has them.
    pub(super) fn learn_partitions(&mut self, net: &mut Net) {
        let is_new = |partition: &TopicPartition| {
            net.cluster().partition_count(&partition.topic).is_some_and(|count| partition.partition >= count)
        };
        self.lacks_partitions = self.owned().iter().any(is_new);
        if self.lacks_partitions {
            net.cluster_mut().refresh();
        }
    }

    pub(super) fn owned(&self) -> BTreeSet<TopicPartition> {
        self.edge.owned().iter().map(|ownership| ownership.partition().clone()).collect()
    }

    /// The group went on without this member: whatever it had may be somebody else's.
    pub(super) fn lose_all(&mut self, cause: Cause, now: Instant) {
        self.note_rebalance(cause.clone(), now);
        self.hand_over = None;
        let owned = self.edge.owned();
        if !owned.is_empty() {
            let partitions = super::hand_over::partitions(&owned);
            self.give_up(&owned, End::Lost);
            self.tell(GroupEvent::Lost { partitions, cause });
        }
        self.drop_commits_not_owned();
    }

    /// The coordinator refused for good.
    pub(super) fn refuse(
        &mut self,
        node: BrokerId,
        error: ErrorCode,
        message: Option<&str>,
        net: &mut Net,
        now: Instant,
    ) {
        let message = message.map(ToOwned::to_owned);
        self.end(GroupError::Refused { node, error, message }, net, now);
    }

    /// The member ends: what it has is lost, and whoever waits for it is told.
    pub(super) fn end(&mut self, error: GroupError, net: &mut Net, now: Instant) {
        if self.ended {
            return;
        }
        self.ended = true;
        self.hand_over = None;
        let owned = self.edge.owned();
        self.give_up(&owned, if error == GroupError::Closed { End::Closed } else { End::Lost });
        self.end_commits(&error);
        self.edge.fail(error.clone());
        if error != GroupError::Closed {
            self.tell(GroupEvent::Failed { error });
        }
        for token in std::mem::take(&mut self.requests).into_keys() {
            net.abandon(Owner::Group(self.key), token);
        }
        net.release(Role::Coordinator(self.key), now);
        self.forget_topics(net);
        self.forget_leadership(net);
        self.finish_closing(false);
    }

    pub(super) fn go(&mut self) {
        self.gone = true;
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended
    }

    fn choose_protocol(&mut self, net: &mut Net, now: Instant) {
        if self.closing.is_some() {
            return;
        }
        let chosen = match self.config.protocol {
            ProtocolChoice::Classic => Protocol::Classic,
            ProtocolChoice::Consumer => Protocol::Consumer,
            ProtocolChoice::Auto if self.config.needs_classic() => Protocol::Classic,
            ProtocolChoice::Auto => {
                let key = ApiKey::CONSUMER_GROUP_HEARTBEAT;
                let Some(link) = self.coordinator_link(key, net, now) else { return };
                // Version 0 let the coordinator choose the member's id.
                let version = net.version::<ConsumerGroupHeartbeatRequest>(
                    link,
                    ConsumerGroupHeartbeatRequest::LATEST_STABLE,
                );
                if version.is_ok_and(|version| version >= 1) { Protocol::Consumer } else { Protocol::Classic }
            }
        };
        self.speak(chosen, net, now);
    }

    pub(super) fn speak(&mut self, protocol: Protocol, net: &mut Net, now: Instant) {
        self.protocol = Some(protocol);
        self.note_rebalance(Cause::Joining, now);
        match protocol {
            Protocol::Classic => {
                self.classic.rejoin(Cause::Joining);
                self.follow_topics(net);
                self.step_classic(net, now);
            }
            Protocol::Consumer => self.step_consumer(net, now),
        }
    }

    /// Whether the coordinator's connection is free for what must be answered soon: it answers in order, and a join
    /// is answered only when everybody has joined.
    pub(super) fn line_is_free(&self) -> bool {
        !self.is_asked(Asked::Join) && !self.is_asked(Asked::Sync)
    }

    /// Whether the member is one, as far as it knows.
    pub(super) fn is_in_group(&self) -> bool {
        match self.protocol {
            Some(Protocol::Classic) => self.generation >= 0,
            Some(Protocol::Consumer) => self.consumer.is_in(),
            None => false,
        }
    }

    /// Whether it is a member in good standing that has nothing to wait for.
    fn is_stable(&self) -> bool {
        let is_in = match self.protocol {
            Some(Protocol::Classic) => self.classic.is_in(),
            Some(Protocol::Consumer) => self.consumer.is_in(),
            None => false,
        };
        is_in && self.rebalance.is_none() && self.positions.is_empty()
    }

    fn publish(&mut self) {
        let status = GroupStatus {
            member_id: self.member_id.clone(),
            generation: self.generation,
            consumer_protocol: self.protocol.map(|protocol| protocol == Protocol::Consumer),
            assignor: self.classic.assignor.clone(),
            coordinator: self.coordinator.node,
            is_stable: self.is_stable(),
        };
        self.edge.set_status(status);
    }

    /// Batches that were dropped without a word hold commits back: that is told once.
    fn watch_abandoned(&mut self) {
        if self.config.auto_commit.is_none() || !self.bell.take_abandoned() {
            return;
        }
        for ownership in self.edge.owned() {
            if let Some(offset) = ownership.take_abandoned() {
                self.tell(GroupEvent::Abandoned { partition: ownership.partition().clone(), offset });
            }
        }
    }
}

// An application that does not come back.
impl Member {
    fn absence_at(&self) -> Option<Instant> {
        let since = self.edge.away_since().filter(|_| !self.ended && self.closing.is_none())?;
        match self.absence {
            Absence::None => Some(since + self.config.max_poll_interval * 4 / 5),
            Absence::Warned => Some(since + self.config.max_poll_interval),
            Absence::Left => None,
        }
    }

    pub(super) fn is_away_too_long(&self) -> bool {
        self.absence == Absence::Left
    }

    fn watch_absence(&mut self, net: &mut Net, now: Instant) {
        let came_back = self.edge.take_came_back();
        if came_back && std::mem::take(&mut self.absence) == Absence::Left {
            self.note_rebalance(Cause::Absence, now);
            self.classic.rejoin(Cause::Absence);
        }
        if self.absence_at().is_none_or(|at| at > now) {
            return;
        }
        self.bell.set_awaited(true);
        let Some(since) = self.edge.away_since() else { return };
        let (away, limit) = (now.saturating_duration_since(since), self.config.max_poll_interval);
        if away < limit {
            self.absence = Absence::Warned;
            self.tell(GroupEvent::AbsenceNear { away, limit });
            return;
        }
        self.absence = Absence::Left;
        self.tell(GroupEvent::AbsenceExceeded { away, limit });
        self.send_leave("the application did not come back within max.poll.interval", net, now);
        self.lose_all(Cause::Absence, now);
        self.finish_rebalance(now);
        self.classic.reset();
        self.consumer.reset();
        self.generation = -1;
        if self.protocol == Some(Protocol::Classic) && self.config.instance_id.is_none() {
            self.member_id = ByteString::new();
        }
    }
}

/// The earliest of several moments.
pub(super) fn soonest(moments: impl IntoIterator<Item = Option<Instant>>) -> Option<Instant> {
    moments.into_iter().fold(None, earliest)
}
