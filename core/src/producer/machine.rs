//! One producer, as the driver sees it.
//!
//! Every change of a partition (a batch opened, an answer, a timer, a new leader) ends in [`Producer::review`],
//! the one place that decides what the partition waits for: it expires what is overdue, names the reason, arms
//! the timer, or puts the partition into its leader's queue. [`Producer::fill`] then empties a node's queue into
//! requests as far as the net lets it. A turn costs what changed, never the number of partitions.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ottla_proto::messages::ProduceRequest;
use ottla_proto::wire::Request;
use ottla_proto::{ApiKey, BrokerId, ErrorCode, TopicId, TopicName};

use super::batch::{Batch, Body};
use super::budget::NO_LEADER;
use super::closing::Closing;
use super::compress::{Compressed, CompressionJob};
use super::config::{Acks, ProducerConfig};
use super::edge::ProducerEdge;
use super::fate::Outcome;
use super::identity::Identity;
use super::inbox::{Items, Order};
use super::lane::{LaneId, OpenBatch};
use super::latency::Part;
use super::partition::{InFlight, Partition};
use super::request::{Request as RequestInFlight, build};
use super::topic::TopicEdge;
use super::{Cause, Certainty, ProducerKey};
use crate::core::Waiting;
use crate::net::{Net, Owner, RequestToken, Role, SendOptions};
use crate::sync::Arc;
use crate::time::{Instant, earliest};
use crate::wait::WaitReason;

#[derive(Debug)]
pub(super) struct Producer {
    pub(super) key: ProducerKey,
    pub(super) config: ProducerConfig,
    pub(super) edge: Arc<ProducerEdge>,
    pub(super) identity: Identity,
    pub(super) topics: Vec<Topic>,
    /// By lane id.
    pub(super) partitions: Vec<Partition>,
    /// Partitions with anything to send or in flight.
    pub(super) active: BTreeSet<LaneId>,
    pub(super) nodes: BTreeMap<BrokerId, Node>,
    pub(super) requests: BTreeMap<RequestToken, RequestInFlight>,
    timers: BTreeSet<(Instant, LaneId)>,
    pub(super) jobs: VecDeque<CompressionJob>,
    pub(super) closing: Closing,
    /// Partitions that changed and have not been reviewed.
    dirty: BTreeSet<LaneId>,
    generation: u64,
    last_token: u64,
    last_job: u64,
    spare: Items,
}

#[derive(Debug)]
pub(super) struct Topic {
    pub(super) edge: Arc<TopicEdge>,
    pub(super) id: TopicId,
    lanes: Vec<LaneId>,
    generation: u64,
    /// When somebody began to wait for its partitions.
    wanted_at: Instant,
}

/// A leader and the partitions that are ready to go there.
#[derive(Debug, Default)]
pub(super) struct Node {
    ready: VecDeque<LaneId>,
    /// What holds the queue.
    held: Option<(WaitReason, Instant)>,
    /// The latest stretch for which the node asked to be left alone.
    pub(super) throttled: Option<(Instant, Instant)>,
}

/// How many batches of a partition may be with the compressor or wait behind it.
const COMPRESSED_AHEAD: usize = 2;

/// How many bytes of full batches are worth waking the driver while answers are due, which wake it anyway.
const WAKE_BYTES: usize = 256 << 10;

impl Producer {
    pub(super) fn new(key: ProducerKey, config: ProducerConfig, edge: Arc<ProducerEdge>) -> Self {
        let identity = Identity::new(&config);
        Self {
            key,
            config,
            edge,
            identity,
            topics: Vec::new(),
            partitions: Vec::new(),
            active: BTreeSet::new(),
            nodes: BTreeMap::new(),
            requests: BTreeMap::new(),
            timers: BTreeSet::new(),
            jobs: VecDeque::new(),
            closing: Closing::default(),
            dirty: BTreeSet::new(),
            generation: 0,
            last_token: 0,
            last_job: 0,
            spare: Items::default(),
        }
    }

    /// One turn. Gives true when the producer is closed and has nothing left.
    pub(super) fn step(&mut self, net: &mut Net, now: Instant) -> bool {
        self.take_inbox(net, now);
        self.fire_timers(now);
        self.follow_cluster(net, now);
        self.become_somebody(net, now);
        self.review_dirty(net, now);
        self.fill_all(net, now);
        self.close_what_is_due(net, now);
        self.edge.inbox.set_wake_bytes(if self.requests.is_empty() { 0 } else { WAKE_BYTES });
        self.is_closed()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let timer = self.timers.first().map(|&(at, _)| at);
        let unknown = self.topics.iter().filter(|topic| topic.edge.is_awaited());
        let unknown = unknown.map(|topic| topic.wanted_at + self.config.topic_timeout).min();
        earliest(
            earliest(timer, unknown),
            earliest(self.closing.poll_timeout(), self.identity.poll_timeout()),
        )
    }

    pub(super) fn owner(&self) -> Owner {
        Owner::Producer(self.key)
    }

    pub(super) fn next_token(&mut self) -> RequestToken {
        self.last_token += 1;
        RequestToken(self.last_token)
    }

    pub(super) fn partition(&mut self, lane: LaneId) -> Option<&mut Partition> {
        self.partitions.get_mut(lane.0 as usize)
    }

    /// The partition is looked at again in this turn.
    pub(super) fn touch(&mut self, lane: LaneId) {
        self.dirty.insert(lane);
    }

    pub(super) fn place_of(&self, partition: &Partition) -> (TopicName, i32) {
        let name = self.topics.get(partition.topic).map(|topic| topic.edge.name.clone());
        (name.unwrap_or_default(), partition.lane.partition)
    }
}

// What comes in.
impl Producer {
    fn take_inbox(&mut self, net: &mut Net, now: Instant) {
        let spare = std::mem::take(&mut self.spare);
        let mut items = self.edge.inbox.take(spare);
        for lane in items.lanes.drain(..) {
            self.active.insert(lane);
            self.touch(lane);
        }
        let mut hurry = false;
        for order in items.orders.drain(..) {
            match order {
                Order::Topic(edge) => self.want_topic(edge, net, now),
                Order::Hurry => hurry = true,
                Order::Flush { deadline, report } => self.begin_flush(deadline, report),
                Order::Close { deadline, report } => self.begin_close(deadline, Some(report)),
                Order::Detach => self.begin_close(Instant::from_micros(u64::MAX), None),
            }
        }
        if hurry {
            self.dirty.extend(&self.active);
        }
        self.spare = items;
    }

    fn fire_timers(&mut self, now: Instant) {
        while let Some(&(at, lane)) = self.timers.first() {
            if at > now {
                break;
            }
            self.timers.pop_first();
            if let Some(partition) = self.partition(lane) {
                partition.timer = None;
            }
            self.touch(lane);
        }
    }

    fn want_topic(&mut self, edge: Arc<TopicEdge>, net: &mut Net, now: Instant) {
        if self.closing.is_closing() {
            edge.close();
        }
        match self.topics.iter_mut().find(|topic| topic.edge.name == edge.name) {
            Some(topic) => {
                topic.wanted_at = now;
                net.cluster_mut().refresh();
            }
            None => {
                net.cluster_mut().want(&edge.name);
                self.topics.push(Topic {
                    edge,
                    id: TopicId::ZERO,
                    lanes: Vec::new(),
                    generation: u64::MAX,
                    wanted_at: now,
                });
            }
        }
    }

    /// Takes over what the view of the cluster says of our topics, where it changed.
    fn follow_cluster(&mut self, net: &mut Net, now: Instant) {
        let generation = net.cluster().generation();
        let awaited = self.topics.iter().any(|topic| topic.edge.is_awaited());
        if self.generation == generation && !awaited {
            return;
        }
        self.generation = generation;
        for index in 0..self.topics.len() {
            self.follow_topic(index, net, now);
        }
        let leaders: BTreeSet<_> = self.partitions.iter().filter_map(|partition| partition.leader).collect();
        self.edge.budget.set_shared(leaders.len() > 1);
    }

    fn follow_topic(&mut self, index: usize, net: &mut Net, now: Instant) {
        let Some(topic) = self.topics.get_mut(index) else { return };
        let view = net.cluster().topic(&topic.edge.name);
        let Some(view) = view.filter(|view| !view.partitions.is_empty()) else {
            if topic.edge.is_awaited() {
                // The view asks for a topic until it knows it; senders wait for a while.
                let error = view.and_then(|view| view.error).unwrap_or(ErrorCode::REQUEST_TIMED_OUT);
                let may_come = error.is_retriable() && topic.wanted_at + self.config.topic_timeout > now;
                if !may_come {
                    topic.edge.refuse(error);
                }
            }
            return;
        };
        if topic.generation == view.generation {
            return;
        }
        topic.generation = view.generation;
        topic.id = view.id;
        let count = u32::try_from(view.partitions.len()).unwrap_or(u32::MAX);
        let mut next_id = self.partitions.len();
        let added = topic.edge.publish(count, || {
            let id = LaneId(u32::try_from(next_id).unwrap_or(u32::MAX));
            next_id += 1;
            id
        });
        for lane in added {
            if self.closing.is_closing() || self.edge.fatal.get().is_some() {
                lane.close();
            }
            topic.lanes.push(lane.id);
            self.partitions.push(Partition::new(lane, index));
        }
        let leaders: Vec<_> = topic
            .lanes
            .iter()
            .map(|&lane| {
                let partition = self.partitions.get(lane.0 as usize);
                let leader = partition.and_then(|partition| view.partition(partition.lane.partition)?.leader);
                (lane, leader)
            })
            .collect();
        for (lane, leader) in leaders {
            self.follow_leader(lane, leader);
        }
    }

    fn follow_leader(&mut self, lane: LaneId, leader: Option<BrokerId>) {
        let idempotent = self.config.is_idempotent();
        let Some(partition) = self.partition(lane) else { return };
        if partition.leader == leader {
            return;
        }
        partition.leader = leader;
        partition.lane.set_leader(leader.map_or(NO_LEADER, |leader| leader.0));
        partition.backoff = None;
        // What the old leader has not answered goes to the new one at once: the sequence sorts out what it
        // had replicated. Without a sequence its answer decides.
        if idempotent && leader.is_some() {
            while let Some(InFlight { mut batch, .. }) = partition.in_flight.pop_front() {
                if batch.reported {
                    partition.sequence.gap = true;
                    continue;
                }
                batch.uncertain = true;
                partition.put_back(batch);
            }
        }
        let node = leader.map_or(NO_LEADER, |leader| leader.0);
        for batch in partition.again.iter_mut().chain(&mut partition.sealed) {
            batch.charge.move_to(node);
        }
        self.touch(lane);
    }

    fn become_somebody(&mut self, net: &mut Net, now: Instant) {
        let (owner, token) = (self.owner(), RequestToken(self.last_token + 1));
        let Self { identity, config, last_token, .. } = self;
        let next_token = || {
            *last_token = token.0;
            token
        };
        identity.step(owner, config, next_token, net, now);
        if let Some(code) = self.identity.refused() {
            self.fail_all(code, net, now);
        }
    }

    pub(super) fn handle_compressed(&mut self, compressed: Compressed) {
        let Compressed { lane, number, batch: sealed, .. } = compressed;
        let Some(partition) = self.partition(lane) else { return };
        let waiting = |batch: &&mut Batch| matches!(batch.body, Body::Compressing(job) if job == number);
        // Gone if it expired meanwhile.
        if let Some(batch) = partition.sealed.iter_mut().find(waiting) {
            batch.body = Body::Sealed(sealed);
            self.touch(lane);
        }
    }
}

// What a partition waits for.
impl Producer {
    fn review_dirty(&mut self, net: &mut Net, now: Instant) {
        while let Some(lane) = self.dirty.pop_first() {
            self.review(lane, net, now);
        }
    }

    /// Decides what the partition waits for.
    fn review(&mut self, lane: LaneId, net: &mut Net, now: Instant) {
        self.expire(lane, net, now);
        self.mend(lane, now);
        self.compress_ahead(lane);
        let hurry = self.closing.is_closing() || self.edge.budget.has_waiters();
        let window = self.config.window();
        let (linger, timeout) = (self.config.linger, self.config.delivery_timeout);
        let Some(partition) = self.partitions.get(lane.0 as usize) else { return };
        let (topic, index) = self.place_of(partition);
        let view = partition.lane.view();
        let hold = if !partition.again.is_empty() {
            match &partition.backoff {
                Some((until, error)) if *until > now => {
                    Some(WaitReason::RetryBackoff { until: *until, error: *error })
                }
                // Resent one at a time: the next goes when the one before it is settled.
                _ if !partition.in_flight.is_empty() => {
                    Some(WaitReason::EarlierBatch { topic, partition: index })
                }
                _ => None,
            }
        } else if partition.sealed.is_empty() && view.oldest.is_none() {
            if partition.in_flight.is_empty() {
                self.rest(lane);
                return;
            }
            let node = partition.in_flight.front().map_or(BrokerId::NONE, |sent| sent.link.node);
            Some(WaitReason::AnswerDue { node })
        } else if partition.sequence.gap || partition.in_flight.len() >= window {
            Some(WaitReason::EarlierBatch { topic, partition: index })
        } else if let Some(front) = partition.sealed.front() {
            matches!(front.body, Body::Compressing(_)).then_some(WaitReason::Compression)
        } else if view.frozen == 0
            && view.opened > partition.hurry_below
            && let Some(until) = view.open_since.map(|since| since + linger)
            && until > now
            && !hurry
        {
            Some(WaitReason::Linger { until })
        } else {
            None
        };
        let deadline = earliest(partition.oldest(), view.oldest).map(|oldest| oldest + timeout);
        let timer = earliest(deadline, hold.as_ref().and_then(WaitReason::until));
        if let Some(oldest) = view.oldest
            && let Some(partition) = self.partition(lane)
        {
            let oldest = earliest(partition.oldest(), Some(oldest)).unwrap_or(oldest);
            partition.waits.forget_before(oldest);
        }
        self.set_timer(lane, timer);
        match hold {
            Some(reason) => self.hold(lane, reason, now),
            None => self.enqueue(lane, now),
        }
    }

    /// The partition has nothing to send and nothing in flight.
    fn rest(&mut self, lane: LaneId) {
        self.set_timer(lane, None);
        self.active.remove(&lane);
        if let Some(partition) = self.partition(lane) {
            partition.waits.clear();
            partition.waiting = None;
            partition.ready = false;
            partition.backoff = None;
        }
    }

    fn hold(&mut self, lane: LaneId, reason: WaitReason, now: Instant) {
        if let Some(partition) = self.partition(lane) {
            partition.ready = false;
            partition.note(reason, now);
        }
    }

    /// The partition is ready: into its leader's queue.
    fn enqueue(&mut self, lane: LaneId, now: Instant) {
        let Some(partition) = self.partitions.get_mut(lane.0 as usize) else { return };
        let leader = partition.leader.unwrap_or(BrokerId::NONE);
        let node = self.nodes.entry(leader).or_default();
        partition.ready = true;
        if partition.queued != Some(leader) {
            partition.queued = Some(leader);
            node.ready.push_back(lane);
        }
        match &node.held {
            Some((reason, _)) => {
                let reason = reason.clone();
                partition.note(reason, now);
            }
            None => partition.waits.note(Part::Queue, now),
        }
    }

    fn set_timer(&mut self, lane: LaneId, at: Option<Instant>) {
        let Some(partition) = self.partitions.get_mut(lane.0 as usize) else { return };
        if partition.timer == at {
            return;
        }
        if let Some(old) = std::mem::replace(&mut partition.timer, at) {
            self.timers.remove(&(old, lane));
        }
        if let Some(at) = at {
            self.timers.insert((at, lane));
        }
    }

    /// Full batches cannot grow any more: they are compressed while they wait.
    fn compress_ahead(&mut self, lane: LaneId) {
        if self.config.codec == ottla_proto::compression::Codec::None {
            return;
        }
        while let Some(partition) = self.partition(lane)
            && partition.sealed.len() < COMPRESSED_AHEAD
            && partition.lane.view().frozen > 0
            && let Some(open) = partition.lane.take()
        {
            self.seal(lane, open);
        }
    }

    /// Takes a batch over from its lane, to the end of the sealed ones.
    fn seal(&mut self, lane: LaneId, open: OpenBatch) {
        let (mut batch, writer, cancelled) = Batch::take_over(open);
        self.closing.count_cancelled(lane, batch.ordinal, cancelled);
        let Some(writer) = writer else {
            self.closing.settle(lane, batch.ordinal);
            return;
        };
        let codec = self.config.codec;
        if codec == ottla_proto::compression::Codec::None {
            batch.body = Body::Sealed(writer.seal());
        } else {
            self.last_job += 1;
            let number = self.last_job;
            batch.body = Body::Compressing(number);
            let (producer, level) = (self.key, self.config.compression_level);
            self.jobs.push_back(CompressionJob { producer, lane, number, writer, codec, level });
        }
        if let Some(partition) = self.partition(lane) {
            partition.sealed.push_back(batch);
        }
    }

    /// Gives up what is older than the delivery timeout.
    fn expire(&mut self, lane: LaneId, net: &Net, now: Instant) {
        let timeout = self.config.delivery_timeout;
        let Some(limit) = now.as_micros().checked_sub(u64::try_from(timeout.as_micros()).unwrap_or(u64::MAX))
        else {
            return;
        };
        let limit = Instant::from_micros(limit);
        let Some(partition) = self.partitions.get_mut(lane.0 as usize) else { return };
        let overdue = |batch: &Batch| batch.opened_at <= limit;
        let mut expired = Vec::new();
        let mut gap = false;
        while partition.again.front().is_some_and(overdue) {
            expired.extend(partition.again.pop_front());
            gap = true;
        }
        while partition.sealed.front().is_some_and(overdue) {
            expired.extend(partition.sealed.pop_front());
        }
        let mut untaken = Vec::new();
        while let Some(open) = partition.lane.take_if_opened_by(limit) {
            untaken.push(open);
        }
        let late = partition.in_flight.iter().any(|sent| !sent.batch.reported && overdue(&sent.batch));
        if expired.is_empty() && untaken.is_empty() && !late {
            return;
        }
        partition.sequence.gap |= gap;
        let reason = self.reason(lane, net, now);
        for open in untaken {
            let (batch, _, cancelled) = Batch::take_over(open);
            self.closing.count_cancelled(lane, batch.ordinal, cancelled);
            expired.push(batch);
        }
        for mut batch in expired {
            if let Some(partition) = self.partition(lane) {
                batch.clock.book_wait(&partition.waits, now);
            }
            let cause = Cause::Expired { timeout, waiting_for: reason.clone(), last_error: batch.last_error };
            let certainty = batch.certainty();
            self.give_up(lane, batch, certainty, cause);
        }
        // What is in flight keeps its place until its answer decides about its sequence.
        let Some(partition) = self.partitions.get_mut(lane.0 as usize) else { return };
        for InFlight { link, batch, .. } in &mut partition.in_flight {
            if !batch.reported && overdue(batch) {
                batch.clock.book(Part::Broker, now);
                let waiting_for = WaitReason::AnswerDue { node: link.node };
                let cause = Cause::Expired { timeout, waiting_for, last_error: batch.last_error };
                batch.give_up(Certainty::PossiblyWritten, cause);
                self.closing.count(lane, batch.ordinal, batch.records, Some(Certainty::PossiblyWritten));
                self.closing.settle(lane, batch.ordinal);
            }
        }
    }

    /// What the partition's next batch waits for, in the words of the moment.
    fn reason(&self, lane: LaneId, net: &Net, now: Instant) -> WaitReason {
        let Some(partition) = self.partitions.get(lane.0 as usize) else { return WaitReason::ProducerId };
        let (topic, index) = self.place_of(partition);
        if let Some(leader) = partition.leader
            && let Some(throttle) = net.throttled(leader, ApiKey::PRODUCE, now)
        {
            let crate::net::Throttle { node, class, until, cause } = throttle;
            return WaitReason::Throttled { node, class, until, cause };
        }
        match &partition.waiting {
            Some((reason, _)) => reason.clone(),
            None if partition.leader.is_none() => WaitReason::NoLeader { topic, partition: index },
            None => WaitReason::Connecting { node: partition.leader.unwrap_or(BrokerId::NONE) },
        }
    }

    pub(super) fn explain(&self, waiting: &mut Vec<Waiting>) {
        for &lane in &self.active {
            let Some(partition) = self.partitions.get(lane.0 as usize) else { continue };
            let Some((reason, since)) = &partition.waiting else { continue };
            let (topic, index) = self.place_of(partition);
            waiting.push(Waiting {
                node: reason.node().or(partition.leader),
                topic: Some(topic),
                partition: Some(index),
                reason: reason.clone(),
                since: *since,
                until: reason.until(),
            });
        }
    }

    /// Starts a partition over under a new epoch once a gap in its sequence has nothing in flight behind it.
    fn mend(&mut self, lane: LaneId, now: Instant) {
        let Some(partition) = self.partitions.get_mut(lane.0 as usize) else { return };
        if !self.config.is_idempotent() {
            // Without numbers there are no gaps.
            partition.sequence.gap = false;
        }
        if !partition.sequence.gap || !partition.in_flight.is_empty() {
            return;
        }
        // Unless another partition's gap has bumped it already.
        if self.identity.current().is_ok_and(|current| current == partition.sequence.producer) {
            self.identity.bump();
        }
        let Ok(current) = self.identity.current() else { return };
        partition.sequence.restart(current);
        partition.backoff = None;
        let mut lost = Vec::new();
        for mut batch in std::mem::take(&mut partition.again) {
            if batch.uncertain {
                batch.clock.book(Part::Retry, now);
                lost.push(batch);
            } else {
                let (stamp, order) = partition.sequence.stamp(batch.records);
                batch.stamp(stamp, order);
                partition.again.push_back(batch);
            }
        }
        for batch in lost {
            self.give_up(lane, batch, Certainty::PossiblyWritten, Cause::SequenceGap);
        }
    }
}

// What goes out.
impl Producer {
    fn fill_all(&mut self, net: &mut Net, now: Instant) {
        let nodes: Vec<_> = self.nodes.keys().copied().collect();
        for node in nodes {
            while self.fill(node, net, now) {}
            // What sending changed: more to send, or a batch with the compressor.
            self.review_dirty(net, now);
        }
    }

    /// Sends one request to the node, if there is anything for it and it may be sent to. True if one was sent.
    fn fill(&mut self, node: BrokerId, net: &mut Net, now: Instant) -> bool {
        let Some(queue) = self.nodes.get_mut(&node) else { return false };
        while let Some(lane) = queue.ready.front()
            && !self.partitions.get(lane.0 as usize).is_some_and(|partition| partition.is_ready_for(node))
        {
            if let Some(partition) = self.partitions.get_mut(lane.0 as usize) {
                partition.leave_queue(node);
            }
            queue.ready.pop_front();
        }
        if queue.ready.is_empty() {
            queue.held = None;
            return false;
        }
        let link = match self.open_way(node, net, now) {
            Ok(link) => link,
            Err(reason) => {
                self.hold_node(node, reason, now);
                return false;
            }
        };
        let batches = self.collect(node);
        if batches.is_empty() {
            return false;
        }
        // Topic ids replace the names from version 13 on; without the ids the names must do.
        let ids = batches.iter().all(|(lane, _)| self.topic_id(*lane).is_some());
        let highest = if ids { ProduceRequest::LATEST_STABLE } else { 12 };
        let version = match net.version::<ProduceRequest>(link, highest) {
            Ok(version) => version,
            Err(unsupported) => {
                self.unsendable(batches, &unsupported.to_string());
                return true;
            }
        };
        let request = build(self, &batches);
        let token = self.next_token();
        let options = SendOptions {
            owner: self.owner(),
            token,
            timeout: self.config.request_timeout,
            answer: self.config.acks != Acks::None,
        };
        if let Err(error) = net.send(link, version, &request, options, now) {
            self.unsendable(batches, &error.to_string());
            return true;
        }
        let lanes = batches.iter().map(|&(lane, _)| lane).collect();
        self.requests.insert(token, RequestInFlight { lanes });
        for (lane, mut batch) in batches {
            if let Some(partition) = self.partitions.get_mut(lane.0 as usize) {
                batch.clock.book_wait(&partition.waits, now);
                batch.attempts = batch.attempts.saturating_add(1);
                partition.in_flight.push_back(InFlight { token, link, batch });
            }
            self.touch(lane);
        }
        self.review_dirty(net, now);
        true
    }

    /// The way to the node, or what is in it.
    fn open_way(
        &mut self,
        node: BrokerId,
        net: &mut Net,
        now: Instant,
    ) -> Result<crate::net::Link, WaitReason> {
        if node.is_none() {
            let first = self.nodes.get(&node).and_then(|queue| queue.ready.front().copied());
            let partition = first.and_then(|lane| self.partitions.get(lane.0 as usize));
            let (topic, partition) = partition.map(|partition| self.place_of(partition)).unwrap_or_default();
            return Err(WaitReason::NoLeader { topic, partition });
        }
        let link = net.readiness(node, Role::Produce(self.key), ApiKey::PRODUCE, now)?;
        self.identity.current()?;
        Ok(link)
    }

    fn hold_node(&mut self, node: BrokerId, reason: WaitReason, now: Instant) {
        let Some(queue) = self.nodes.get_mut(&node) else { return };
        if queue.held.as_ref().is_some_and(|(held, _)| *held == reason) {
            return;
        }
        queue.held = Some((reason.clone(), now));
        for lane in &queue.ready {
            if let Some(partition) = self.partitions.get_mut(lane.0 as usize) {
                // Each leaderless partition by its own name.
                let reason = match &reason {
                    WaitReason::NoLeader { .. } => {
                        let topic = self.topics.get(partition.topic).map(|topic| topic.edge.name.clone());
                        let (topic, partition) = (topic.unwrap_or_default(), partition.lane.partition);
                        WaitReason::NoLeader { topic, partition }
                    }
                    reason => reason.clone(),
                };
                partition.note(reason, now);
            }
        }
    }

    /// Takes one batch of each partition that is ready for the node, as many as a request may hold, stamped.
    fn collect(&mut self, node: BrokerId) -> Vec<(LaneId, Batch)> {
        let mut batches = Vec::new();
        let mut bytes = 0_usize;
        if let Some(queue) = self.nodes.get_mut(&node) {
            queue.held = None;
        }
        while let Some(lane) = self.nodes.get_mut(&node).and_then(|queue| queue.ready.pop_front()) {
            let Some(partition) = self.partition(lane) else { continue };
            let ready = partition.is_ready_for(node);
            partition.leave_queue(node);
            if !ready {
                continue;
            }
            let Some(batch) = self.next_batch(lane) else {
                self.touch(lane);
                continue;
            };
            bytes = bytes.saturating_add(batch.size());
            if bytes > self.config.request_bytes && !batches.is_empty() {
                self.give_back(lane, batch);
                self.touch(lane);
                break;
            }
            batches.push((lane, batch));
        }
        for (lane, batch) in &mut batches {
            self.stamp(*lane, batch);
        }
        batches
    }

    /// The batch of the partition that goes next; `None` if it is with the compressor now.
    fn next_batch(&mut self, lane: LaneId) -> Option<Batch> {
        let partition = self.partition(lane)?;
        if let Some(batch) = partition.again.pop_front() {
            return Some(batch);
        }
        if partition.sealed.is_empty() {
            let open = partition.lane.take()?;
            self.seal(lane, open);
        }
        let partition = self.partition(lane)?;
        match partition.sealed.front() {
            Some(Batch { body: Body::Sealed(_), .. }) => partition.sealed.pop_front(),
            _ => None,
        }
    }

    fn give_back(&mut self, lane: LaneId, batch: Batch) {
        if let Some(partition) = self.partition(lane) {
            if batch.is_stamped() { partition.put_back(batch) } else { partition.sealed.push_front(batch) }
        }
    }

    fn stamp(&mut self, lane: LaneId, batch: &mut Batch) {
        if batch.is_stamped() {
            return;
        }
        let Ok(current) = self.identity.current() else { return };
        let Some(partition) = self.partition(lane) else { return };
        // Another epoch is adopted when nothing of the old one is left to be answered.
        if partition.sequence.producer != current && partition.is_drained() {
            partition.sequence.restart(current);
        }
        let (stamp, order) = partition.sequence.stamp(batch.records);
        batch.stamp(stamp, order);
    }

    pub(super) fn topic_id(&self, lane: LaneId) -> Option<TopicId> {
        let partition = self.partitions.get(lane.0 as usize)?;
        let id = self.topics.get(partition.topic)?.id;
        (!id.is_zero()).then_some(id)
    }

    /// The broker's versions cannot carry the batches.
    fn unsendable(&mut self, batches: Vec<(LaneId, Batch)>, reason: &str) {
        for (lane, batch) in batches {
            if let Some(partition) = self.partition(lane) {
                partition.sequence.gap = true;
            }
            let certainty = batch.certainty();
            self.give_up(lane, batch, certainty, Cause::Unsendable { reason: reason.to_owned() });
            self.touch(lane);
        }
    }
}

// Outcomes.
impl Producer {
    pub(super) fn written(
        &mut self,
        lane: LaneId,
        mut batch: Batch,
        base_offset: Option<i64>,
        log_append_time: Option<i64>,
    ) {
        if batch.reported {
            return;
        }
        batch.reported = true;
        batch.fate.settle(Outcome::Written { base_offset, log_append_time, latency: batch.clock.latency() });
        self.closing.count(lane, batch.ordinal, batch.records, None);
        self.closing.settle(lane, batch.ordinal);
    }

    pub(super) fn give_up(&mut self, lane: LaneId, mut batch: Batch, certainty: Certainty, cause: Cause) {
        if batch.reported {
            return;
        }
        batch.give_up(certainty, cause);
        self.closing.count(lane, batch.ordinal, batch.records, Some(certainty));
        self.closing.settle(lane, batch.ordinal);
    }

    /// The cluster refuses the producer for good: nothing can be sent any more.
    fn fail_all(&mut self, code: ErrorCode, net: &mut Net, now: Instant) {
        if self.edge.fatal.set(code).is_ok() {
            for partition in &self.partitions {
                partition.lane.close();
                self.active.insert(partition.lane.id);
            }
            self.give_up_all(net, now, &Cause::Refused { code, message: None });
            self.edge.budget.call_all();
            for topic in &self.topics {
                topic.edge.refuse(code);
            }
        }
    }

    /// Gives up everything that has no outcome, at once.
    pub(super) fn give_up_all(&mut self, net: &mut Net, now: Instant, cause: &Cause) {
        for lane in std::mem::take(&mut self.active) {
            let Some(partition) = self.partition(lane) else { continue };
            let mut batches: Vec<_> = std::mem::take(&mut partition.again).into();
            batches.extend(std::mem::take(&mut partition.sealed));
            let mut untaken = Vec::new();
            while let Some(open) = partition.lane.take() {
                untaken.push(open);
            }
            let in_flight = std::mem::take(&mut partition.in_flight);
            for open in untaken {
                let (batch, _, cancelled) = Batch::take_over(open);
                self.closing.count_cancelled(lane, batch.ordinal, cancelled);
                batches.push(batch);
            }
            for InFlight { token, link, mut batch } in in_flight {
                // The connections are closed with the producer: what has not left whole never will.
                let whole = net
                    .written(link, self.owner(), token)
                    .is_none_or(|written| written == crate::net::Written::Whole);
                batch.uncertain |= whole;
                batch.clock.book(Part::Broker, now);
                batches.push(batch);
            }
            for mut batch in batches {
                if let Some(partition) = self.partition(lane) {
                    batch.clock.book_wait(&partition.waits, now);
                }
                let certainty = batch.certainty();
                self.give_up(lane, batch, certainty, cause.clone());
            }
            self.rest(lane);
        }
        self.requests.clear();
        self.jobs.clear();
        net.release(Role::Produce(self.key), now);
    }
}

impl Partition {
    /// The partition's next batch is held for this reason.
    fn note(&mut self, reason: WaitReason, now: Instant) {
        self.waits.note(part_of(&reason), now);
        match &mut self.waiting {
            Some((known, _)) if std::mem::discriminant(known) == std::mem::discriminant(&reason) => {
                *known = reason;
            }
            waiting => *waiting = Some((reason, now)),
        }
    }
}

/// Which part of the latency a wait is booked as.
fn part_of(reason: &WaitReason) -> Part {
    match reason {
        WaitReason::Linger { .. } => Part::Linger,
        WaitReason::Throttled { .. } => Part::Throttle,
        WaitReason::RetryBackoff { .. } => Part::Retry,
        WaitReason::EarlierBatch { .. } | WaitReason::InFlightLimit { .. } | WaitReason::AnswerDue { .. } => {
            Part::InFlight
        }
        WaitReason::SocketNotAccepting { .. } => Part::Write,
        WaitReason::Compression | WaitReason::Memory { .. } | WaitReason::NodeShare { .. } => Part::Queue,
        _ => Part::Connection,
    }
}
