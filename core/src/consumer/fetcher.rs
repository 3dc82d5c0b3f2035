use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::mem::discriminant;

use ottla_proto::{BrokerId, ErrorCode, TopicName};

use super::ConsumerKey;
use super::budget::{Account, Budget};
use super::check::Check;
use super::config::{ConsumerConfig, Start, TopicPartition};
use super::edge::{Appetite, ConsumerEdge, Delivery, Order, SlotId};
use super::error::PartitionFault;
use super::fetch::Flight;
use super::lookup::Lookup;
use super::partition::{Partition, Replica, Retry, Stage};
use super::question::Question;
use super::session::FetchSession;
use super::size::AnswerSize;
use crate::Waiting;
use crate::event::{Event, Ticket};
use crate::net::{Answer, Failure, Net, Owner, RequestToken, Role};
use crate::random::Random;
use crate::retry::{Remedy, remedy};
use crate::sync::Arc;
use crate::time::{Instant, earliest};
use crate::wait::WaitReason;

/// After so many answers in a row that are nothing but a throttle, something may never come through.
const EMPTY_THROTTLES_IN_VAIN: u32 = 3;

/// The driver's side of one consumer: which partition is led by which node, what is asked of each node, and
/// what its answers mean.
///
/// One fetch is in flight per node; it asks for every partition that can take more. So whatever has records
/// answers at once, and a long poll only ever waits for partitions that have none. The answer's bytes are
/// reserved before it is asked for, which is why nothing that arrives has to be dropped.
#[derive(Debug)]
pub(super) struct Fetcher {
    pub(super) key: ConsumerKey,
    pub(super) config: ConsumerConfig,
    pub(super) edge: Arc<ConsumerEdge>,
    pub(super) budget: Arc<Budget>,
    pub(super) partitions: BTreeMap<SlotId, Partition>,
    pub(super) nodes: BTreeMap<BrokerId, Node>,
    pub(super) requests: BTreeMap<RequestToken, Request>,
    /// Partitions whose start or end must be looked up.
    pub(super) unresolved: BTreeSet<SlotId>,
    /// Partitions whose position must be compared with the log.
    pub(super) unchecked: BTreeSet<SlotId>,
    topics: BTreeMap<TopicName, Topic>,
    next_token: u64,
    cluster_generation: Option<u64>,
    /// When the reader is to be told of a topic that the cluster does not know.
    watch_at: Option<Instant>,
    /// When the first partition that is read from a replica goes back to its leader.
    pub(super) lease_end: Option<Instant>,
    pub(super) questions: BTreeMap<Ticket, Question>,
    /// Partitions whose question is answered.
    pub(super) answered: Vec<SlotId>,
    pub(super) events: VecDeque<Event>,
    random: Random,
    closed: bool,
}

/// What goes on with one node.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) account: Arc<Account>,
    /// The partitions that it is asked for, those whose turn is first in front.
    pub(super) slots: VecDeque<SlotId>,
    pub(super) fetch: Option<RequestToken>,
    pub(super) session: FetchSession,
    /// How much its answers may bring.
    pub(super) size: AnswerSize,
    /// Bytes of the batches that its last answer brought.
    pub(super) brought: usize,
    /// Answers in a row that brought a throttle and nothing else.
    pub(super) empty_throttles: u32,
    pub(super) lookup: Option<RequestToken>,
    /// Why nothing can be sent to it, and since when.
    pub(super) blocked: Option<(WaitReason, Instant)>,
    /// No partition can be asked for before something changes, or before that moment.
    pub(super) idle: Option<Idle>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Idle {
    pub(super) until: Option<Instant>,
}

#[derive(Debug)]
pub(super) enum Request {
    Fetch(Flight),
    Lookup(Lookup),
    Check(Check),
}

/// A topic that partitions are read from.
#[derive(Debug)]
struct Topic {
    /// How many partitions are assigned.
    assigned: usize,
    /// All partitions are wanted, from here on; and how many there were so far.
    all: Option<(Start, i32)>,
    since: Instant,
    /// The cluster has been saying this since then.
    trouble: Option<(ErrorCode, Instant)>,
    told: bool,
}

impl Fetcher {
    pub(super) fn new(
        key: ConsumerKey,
        config: ConsumerConfig,
        edge: Arc<ConsumerEdge>,
        budget: Arc<Budget>,
        seed: u64,
    ) -> Self {
        Self {
            key,
            config,
            edge,
            budget,
            partitions: BTreeMap::new(),
            nodes: BTreeMap::new(),
            requests: BTreeMap::new(),
            unresolved: BTreeSet::new(),
            unchecked: BTreeSet::new(),
            topics: BTreeMap::new(),
            next_token: 0,
            cluster_generation: None,
            watch_at: None,
            lease_end: None,
            questions: BTreeMap::new(),
            answered: Vec::new(),
            events: VecDeque::new(),
            random: Random::new(seed),
            closed: false,
        }
    }

    /// Takes orders, follows leaders and sends what can be sent.
    pub(super) fn step(&mut self, net: &mut Net, now: Instant) {
        self.budget.take_note();
        let changed = self.follow_orders(net, now);
        if self.closed {
            return;
        }
        self.expire_questions(net, now);
        if !self.answered.is_empty() {
            let answered = std::mem::take(&mut self.answered);
            self.unassign(answered, net);
        }
        let generation = net.cluster().generation();
        if changed || self.cluster_generation != Some(generation) {
            self.cluster_generation = Some(generation);
            self.expand_topics(net, now);
            self.follow_leaders(net, now);
            self.watch_topics(net, now);
        } else if self.watch_at.is_some_and(|at| at <= now) {
            self.watch_topics(net, now);
        }
        if self.lease_end.is_some_and(|end| end <= now) {
            self.end_leases(now);
        }
        self.look_up(net, now);
        self.fetch(net, now);
        self.check_positions(net, now);
    }

    pub(super) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub(super) fn handle_answer(&mut self, answer: &Answer, net: &mut Net, now: Instant) {
        match self.requests.remove(&answer.token) {
            Some(Request::Fetch(flight)) => self.handle_fetch_answer(flight, answer, net, now),
            Some(Request::Lookup(lookup)) => self.handle_lookup_answer(lookup, answer, net, now),
            Some(Request::Check(check)) => self.handle_check_answer(check, answer, net, now),
            None => {}
        }
    }

    /// A request will get no answer. Its partitions are free to be asked for again; when that may be, the
    /// connection's own back-off decides.
    pub(super) fn handle_failure(&mut self, failure: &Failure, net: &mut Net, now: Instant) {
        let (node, slots) = match self.requests.remove(&failure.token) {
            Some(Request::Fetch(flight)) => {
                self.lose_fetch(&flight, now);
                (flight.node, flight.slots)
            }
            Some(Request::Lookup(lookup)) => (lookup.node, lookup.slots()),
            Some(Request::Check(check)) => (check.node, check.slots()),
            None => return,
        };
        self.release(failure.token, node, &slots);
        for slot in slots {
            if self.partitions.get(&slot).is_some_and(|partition| partition.node == Some(node)) {
                self.leave_replica(slot);
            }
        }
        net.cluster_mut().refresh();
    }

    /// When [`Self::step`] is due for the clock's sake alone.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let idle =
            self.nodes.values().filter(|node| node.fetch.is_none()).filter_map(|node| node.idle?.until);
        let looked_up = self.unresolved.iter().chain(&self.unchecked);
        let retries = looked_up.filter_map(|slot| self.partitions.get(slot)?.retry);
        let questions = self.questions.values().map(|question| question.deadline);
        let changes = self.watch_at.into_iter().chain(self.lease_end);
        idle.chain(retries.map(|retry| retry.until)).chain(questions).chain(changes).min()
    }

    /// Says of every partition that has nothing to read what it waits for.
    pub(super) fn explain(&self, net: &Net, now: Instant, waiting: &mut Vec<Waiting>) {
        let asked_about =
            self.questions.values().flat_map(Question::open).map(|slot| (slot, Appetite::Hungry));
        for (slot, appetite) in
            self.edge.appetites(self.partitions.keys().copied()).into_iter().chain(asked_about)
        {
            let Some(partition) = self.partitions.get(&slot) else { continue };
            let Some((reason, since)) = self.reason(partition, appetite, net, now) else { continue };
            waiting.push(Waiting {
                node: reason.node().or(partition.node),
                topic: Some(partition.name.topic.clone()),
                partition: Some(partition.name.partition),
                until: reason.until(),
                reason,
                since,
            });
        }
        for (name, topic) in self.topics.iter().filter(|(_, topic)| topic.assigned == 0) {
            let reason = WaitReason::Metadata { topic: name.clone() };
            let topic_name = Some(name.clone());
            waiting.push(Waiting {
                node: None,
                topic: topic_name,
                partition: None,
                until: None,
                reason,
                since: topic.since,
            });
        }
    }

    /// Ends it: requests in flight go with their connections, everything unread is dropped.
    pub(super) fn close(&mut self, net: &mut Net, now: Instant) {
        self.closed = true;
        self.close_questions();
        self.edge.end();
        let owner = Owner::Consumer(self.key);
        for (token, _) in std::mem::take(&mut self.requests) {
            net.abandon(owner, token);
        }
        net.release(Role::Fetch(self.key), now);
        for (name, _) in std::mem::take(&mut self.topics) {
            net.cluster_mut().unwant(&name);
        }
        self.partitions.clear();
        self.nodes.clear();
        self.unresolved.clear();
        self.unchecked.clear();
    }

    pub(super) fn has_orders(&self) -> bool {
        self.edge.has_orders() || self.budget.has_come_back()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Leaders and topics are looked at with the next step, whether the view of the cluster changes or not.
    pub(super) fn look_again(&mut self) {
        self.cluster_generation = None;
    }
}

// Following what others decide.
impl Fetcher {
    fn follow_orders(&mut self, net: &mut Net, now: Instant) -> bool {
        let orders = self.edge.take_orders();
        if orders.is_empty() {
            return false;
        }
        self.wake_nodes();
        let changed = orders.iter().any(|order| *order != Order::LookAgain);
        let mut unassigned = Vec::new();
        for order in orders {
            match order {
                Order::Assign { slot, partition, start } => self.assign(slot, partition, start, net, now),
                Order::Unassign(slot) => unassigned.push(slot),
                Order::AssignAll { topic, start } => self.topic_mut(&topic, net, now).all = Some((start, 0)),
                Order::LookAgain => {}
                Order::Close => {
                    self.close(net, now);
                    return true;
                }
            }
        }
        self.unassign(unassigned, net);
        changed
    }

    pub(super) fn assign(
        &mut self,
        slot: SlotId,
        name: TopicPartition,
        start: Start,
        net: &mut Net,
        now: Instant,
    ) {
        self.topic_mut(&name.topic, net, now).assigned += 1;
        let partition = Partition::new(name, start, &self.config, now);
        if partition.needs_lookup() {
            self.unresolved.insert(slot);
        }
        self.partitions.insert(slot, partition);
    }

    pub(super) fn unassign(&mut self, slots: impl IntoIterator<Item = SlotId>, net: &mut Net) {
        let mut left = BTreeSet::new();
        for slot in slots {
            left.extend(self.drop_partition(slot, net));
        }
        // Once for all of them: each node may have thousands.
        for node in left {
            let Some(node) = self.nodes.get_mut(&node) else { continue };
            node.slots.retain(|slot| self.partitions.contains_key(slot));
        }
    }

    /// Gives the node that it was fetched from.
    fn drop_partition(&mut self, slot: SlotId, net: &mut Net) -> Option<BrokerId> {
        let partition = self.partitions.remove(&slot)?;
        self.unresolved.remove(&slot);
        self.unchecked.remove(&slot);
        let name = &partition.name.topic;
        if let Some(topic) = self.topics.get_mut(name) {
            topic.assigned -= 1;
            if topic.assigned == 0 && topic.all.is_none() {
                self.topics.remove(name);
                self.edge.tell_topic_trouble(name, None);
                net.cluster_mut().unwant(name);
            }
        }
        partition.node
    }

    fn topic_mut(&mut self, name: &TopicName, net: &mut Net, now: Instant) -> &mut Topic {
        self.topics.entry(name.clone()).or_insert_with(|| {
            net.cluster_mut().want(name);
            Topic { assigned: 0, all: None, since: now, trouble: None, told: false }
        })
    }

    /// Assigns the partitions of topics that are wanted whole. What a topic grows by later is read from its
    /// first record, since nobody can have seen any of it.
    fn expand_topics(&mut self, net: &mut Net, now: Instant) {
        let mut grown = Vec::new();
        for (name, topic) in &mut self.topics {
            let (Some((start, known)), Some(count)) = (&mut topic.all, net.cluster().partition_count(name))
            else {
                continue;
            };
            let begin = if *known == 0 { *start } else { Start::Earliest };
            let new = *known..count;
            *known = count.max(*known);
            grown.extend(new.map(|partition| (TopicPartition { topic: name.clone(), partition }, begin)));
        }
        if !grown.is_empty() {
            self.edge.assign_new(grown);
            self.follow_orders(net, now);
        }
    }

    /// Tells the reader of topics that the cluster does not know, or does not let it see: of those that may yet
    /// come to be, after a while.
    fn watch_topics(&mut self, net: &Net, now: Instant) {
        self.watch_at = None;
        for (name, topic) in &mut self.topics {
            let error = net.cluster().topic_error(name);
            topic.trouble = match (error, topic.trouble) {
                (Some(error), Some((_, since))) => Some((error, since)),
                (Some(error), None) => Some((error, now)),
                (None, _) => None,
            };
            let patience = self.config.unknown_topic_patience;
            let told =
                topic.trouble.filter(|(error, since)| !error.is_retriable() || *since + patience <= now);
            let untold = topic.trouble.filter(|_| told.is_none());
            self.watch_at = earliest(self.watch_at, untold.map(|(_, since)| since + patience));
            if told.is_some() != topic.told {
                topic.told = told.is_some();
                self.edge.tell_topic_trouble(name, told.map(|(error, _)| error));
            }
        }
        self.watch_partitions(net, now);
    }

    /// Fails partitions that their topic does not have, after the same while: it may be growing just now.
    fn watch_partitions(&mut self, net: &Net, now: Instant) {
        let mut missing = Vec::new();
        for (slot, partition) in &self.partitions {
            let Some(count) = net.cluster().partition_count(&partition.name.topic) else { continue };
            let exists = (0..count).contains(&partition.name.partition);
            if exists || partition.stage == Stage::Failed {
                continue;
            }
            let until = partition.since + self.config.unknown_topic_patience;
            if until <= now {
                missing.push((*slot, count));
            } else {
                self.watch_at = earliest(self.watch_at, Some(until));
            }
        }
        for (slot, count) in missing {
            self.fail(slot, PartitionFault::NoSuchPartition { count }, None);
        }
    }

    /// Puts every partition with the node that leads it now. One that moves is asked of its new leader at once;
    /// what the old one may still answer is not waited for and not taken.
    fn follow_leaders(&mut self, net: &Net, now: Instant) {
        for partition in self.partitions.values_mut() {
            let leader = net.cluster().leader(&partition.name.topic, partition.name.partition);
            let replica_is_gone =
                partition.replica.is_some_and(|replica| net.cluster().host(replica.node).is_none());
            if leader == partition.leader && !replica_is_gone {
                continue;
            }
            partition.retry = None;
            partition.since = now;
            partition.leader = leader;
            // A new leader has its own idea of who is near.
            partition.replica = None;
        }
        self.relocate(self.partitions.keys().copied().collect::<Vec<_>>());
        self.wake_nodes();
    }

    /// Gives up reading from a replica. `false` if it was the leader that was read from.
    pub(super) fn leave_replica(&mut self, slot: SlotId) -> bool {
        let Some(partition) = self.partitions.get_mut(&slot) else { return false };
        let left = partition.replica.take().is_some();
        if left {
            self.relocate([slot]);
        }
        left
    }

    fn end_leases(&mut self, now: Instant) {
        self.lease_end = None;
        let mut ended = Vec::new();
        for (slot, partition) in &mut self.partitions {
            let Some(Replica { until, .. }) = partition.replica else { continue };
            if until <= now {
                partition.replica = None;
                ended.push(*slot);
            } else {
                self.lease_end = earliest(self.lease_end, Some(until));
            }
        }
        self.relocate(ended);
    }

    /// Puts partitions with the nodes that they are to be asked of by now.
    pub(super) fn relocate(&mut self, slots: impl IntoIterator<Item = SlotId>) {
        let mut moved = BTreeMap::new();
        for slot in slots {
            let Some(partition) = self.partitions.get_mut(&slot) else { continue };
            let source = partition.source();
            if source != partition.node {
                partition.node = source;
                partition.asked = partition.asked.filter(|_| source.is_none());
                moved.insert(slot, source);
            }
        }
        if moved.is_empty() {
            return;
        }
        for node in self.nodes.values_mut() {
            node.slots.retain(|slot| !moved.contains_key(slot));
        }
        for (slot, node) in moved {
            let Some(node) = node else { continue };
            let budget = &self.budget;
            let node = self.nodes.entry(node).or_insert_with(|| Node::new(Account::new(budget)));
            node.slots.push_back(slot);
        }
        self.wake_nodes();
    }
}

// What fetches and look-ups share.
impl Fetcher {
    pub(super) fn token(&mut self) -> RequestToken {
        self.next_token += 1;
        RequestToken(self.next_token)
    }

    /// Something changed: partitions that could not be asked for are looked at again.
    pub(super) fn wake_nodes(&mut self) {
        for node in self.nodes.values_mut() {
            node.idle = None;
        }
    }

    pub(super) fn block(&mut self, node: BrokerId, reason: WaitReason, now: Instant) {
        let Some(node) = self.nodes.get_mut(&node) else { return };
        let same = |(known, _): &&(WaitReason, Instant)| discriminant(known) == discriminant(&reason);
        let since = node.blocked.as_ref().filter(same).map_or(now, |(_, since)| *since);
        node.blocked = Some((reason, since));
    }

    /// A request has ended.
    pub(super) fn release(&mut self, token: RequestToken, node: BrokerId, slots: &[SlotId]) {
        if let Some(node) = self.nodes.get_mut(&node) {
            node.fetch = node.fetch.filter(|fetch| *fetch != token);
            node.lookup = node.lookup.filter(|lookup| *lookup != token);
            node.idle = None;
        }
        for slot in slots {
            if let Some(partition) = self.partitions.get_mut(slot) {
                partition.asked = partition.asked.filter(|asked| *asked != token);
            }
        }
    }

    pub(super) fn is_asked(&self, slot: SlotId, token: RequestToken) -> bool {
        self.partitions.get(&slot).is_some_and(|partition| partition.asked == Some(token))
    }

    /// An error that may pass: the partition waits its turn, or until it has another leader.
    pub(super) fn put_off(&mut self, slot: SlotId, error: ErrorCode, net: &mut Net, now: Instant) {
        let Some(partition) = self.partitions.get_mut(&slot) else { return };
        partition.failures = partition.failures.saturating_add(1);
        let delay = self.config.retry_backoff.delay(partition.failures, &mut self.random);
        partition.retry = Some(Retry { until: now + delay, since: now, error });
        if remedy(error) == Remedy::Refresh {
            net.cluster_mut().refresh();
        }
    }

    /// Does what the error asks for.
    pub(super) fn put_off_or_fail(
        &mut self,
        slot: SlotId,
        error: ErrorCode,
        node: BrokerId,
        net: &mut Net,
        now: Instant,
    ) {
        // Java goes on after an unknown error as well: it says nothing about the partition.
        if remedy(error) == Remedy::Fail && error != ErrorCode::UNKNOWN_SERVER_ERROR {
            self.fail(slot, PartitionFault::Refused { node, error }, None);
        } else {
            self.put_off(slot, error, net, now);
        }
    }

    /// The partition stands still until the application seeks.
    pub(super) fn fail(&mut self, slot: SlotId, fault: PartitionFault, skip_to: Option<i64>) {
        let Some(partition) = self.partitions.get_mut(&slot) else { return };
        if partition.question.is_some() {
            return self.answer_question(slot, Err(fault.into()));
        }
        let failure = Some(partition.fail(fault, skip_to));
        self.unresolved.remove(&slot);
        self.unchecked.remove(&slot);
        self.edge.deliver([(slot, Delivery { failure, ..Delivery::default() })]);
    }

    pub(super) fn fail_all(&mut self, slots: &[SlotId], fault: &PartitionFault) {
        for slot in slots {
            self.fail(*slot, fault.clone(), None);
        }
    }

    pub(super) fn reason(
        &self,
        partition: &Partition,
        appetite: Appetite,
        net: &Net,
        now: Instant,
    ) -> Option<(WaitReason, Instant)> {
        match appetite {
            Appetite::Failed | Appetite::Ended => return None,
            Appetite::Paused => return Some((WaitReason::Paused, partition.since)),
            Appetite::Full => {
                return Some((WaitReason::Unread, partition.absent_since.unwrap_or(partition.since)));
            }
            Appetite::Hungry => {}
        }
        let TopicPartition { topic, partition: number } = &partition.name;
        let Some(leader) = partition.leader else {
            let topic = topic.clone();
            let reason = if net.cluster().partition_count(&topic).is_some() {
                WaitReason::NoLeader { topic, partition: *number }
            } else {
                WaitReason::Metadata { topic }
            };
            return Some((reason, partition.since));
        };
        // Once that is over, it waits for the fetch that left it out.
        if let Some(Retry { until, since, error }) = partition.retry.filter(|retry| retry.until > now) {
            return Some((WaitReason::RetryBackoff { until, error }, since));
        }
        let asks_leader = partition.needs_lookup() || partition.unchecked;
        let id = if asks_leader { leader.node } else { partition.node? };
        let node = self.nodes.get(&id)?;
        // One look-up and one fetch at a time: who is not part of it waits for its end.
        let lookup = node.lookup.filter(|_| asks_leader);
        let in_flight = partition.asked.or(lookup).or(node.fetch).and_then(|token| self.requests.get(&token));
        match in_flight {
            Some(Request::Fetch(flight)) => Some((node.answer_due(id, flight), flight.sent_at)),
            Some(Request::Lookup(Lookup { sent_at, .. }) | Request::Check(Check { sent_at, .. })) => {
                Some((WaitReason::AnswerDue { node: id }, *sent_at))
            }
            None => node.blocked.clone().map(|(reason, since)| (node.in_vain(reason), since)),
        }
    }
}

impl Node {
    fn new(account: Arc<Account>) -> Self {
        Self {
            account,
            slots: VecDeque::new(),
            fetch: None,
            session: FetchSession::default(),
            size: AnswerSize::default(),
            brought: 0,
            empty_throttles: 0,
            lookup: None,
            blocked: None,
            idle: None,
        }
    }

    /// An answer that is asked for again after others were lost is named differently from any other.
    fn answer_due(&self, node: BrokerId, flight: &Flight) -> WaitReason {
        match self.size.lost() {
            0 => WaitReason::AnswerDue { node },
            lost => WaitReason::AnswerDueAgain { node, lost, bytes: flight.asked_for() as u64 },
        }
    }

    /// A throttle that keeps coming without records is named differently from one that follows records.
    fn in_vain(&self, reason: WaitReason) -> WaitReason {
        match reason {
            WaitReason::Throttled { node, until, .. } if self.empty_throttles >= EMPTY_THROTTLES_IN_VAIN => {
                WaitReason::ThrottledInVain { node, answers: self.empty_throttles, until }
            }
            reason => reason,
        }
    }
}

/// However the driver ends, the reader must not wait for it.
impl Drop for Fetcher {
    fn drop(&mut self) {
        self.edge.end();
    }
}
