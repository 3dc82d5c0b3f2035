//! One producer, as the driver sees it.
//!
//! Every change of a partition (a batch opened, an answer, a timer, a new leader) ends in a `review`, the one
//! place that decides what the partition waits for: it expires what is overdue, names the reason, arms the timer,
//! or puts the partition into its leader's queue. `filling` then empties each node's queue into requests as far
//! as the net lets it. A turn costs what changed, never the number of partitions.

mod availability;
mod ending;
mod explaining;
mod filling;
mod review;
mod timers;

pub(super) use explaining::shortage_reason;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ottla_proto::{BrokerId, ErrorCode, TopicId, TopicName};

use super::batch::{Batch, Body};
use super::budget::NO_LEADER;
use super::closing::Closing;
use super::compress::{Compressed, CompressionJob};
use super::config::{ProducerConfig, TopicSettings};
use super::edge::ProducerEdge;
use super::identity::Identity;
use super::inbox::{Items, Order};
use super::lane::LaneId;
use super::lane_set::LaneSet;
use super::latency::Pauses;
use super::metrics::ProducerMetrics;
use super::partition::{InFlight, Partition};
use super::request::Request as RequestInFlight;
use super::topic::TopicEdge;
use super::{ProducerKey, Tally};
use crate::event::Event;
use crate::net::{Net, Owner, RequestToken};
use crate::sync::Arc;
use crate::time::{Instant, earliest};
use crate::wait::WaitReason;
use timers::Timers;

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
    pub(super) active: LaneSet,
    pub(super) nodes: BTreeMap<BrokerId, Node>,
    pub(super) requests: BTreeMap<RequestToken, RequestInFlight>,
    timers: Timers,
    pub(super) jobs: VecDeque<CompressionJob>,
    pub(super) closing: Closing,
    pub(super) metrics: ProducerMetrics,
    pub(super) events: VecDeque<Event>,
    /// What was given up since this was last set to nothing.
    abandoned: Tally,
    /// Partitions that changed and have not been reviewed.
    dirty: LaneSet,
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
    /// Some of them is not to wait for more records: its batch is full, or somebody waits for it.
    pressing: bool,
    /// What holds the queue.
    held: Option<(WaitReason, Instant)>,
    /// Since when it has taken nothing of what is ready for it.
    idle_since: Option<Instant>,
    /// Keyless records avoid it.
    unavailable: bool,
    /// When the node asked to be left alone.
    pub(super) pauses: Pauses,
}

impl Node {
    /// Whether there is something to send, or a note that there was.
    fn has_news(&self) -> bool {
        !self.ready.is_empty() || self.held.is_some() || self.idle_since.is_some() || self.unavailable
    }
}

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
            active: LaneSet::default(),
            nodes: BTreeMap::new(),
            requests: BTreeMap::new(),
            timers: Timers::default(),
            jobs: VecDeque::new(),
            closing: Closing::default(),
            metrics: ProducerMetrics::default(),
            events: VecDeque::new(),
            abandoned: Tally::default(),
            dirty: LaneSet::default(),
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
        self.avoid_idle_nodes(now);
        self.close_what_is_due(net, now);
        self.edge.inbox.set_wake_bytes(if self.requests.is_empty() { 0 } else { WAKE_BYTES });
        self.is_closed()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let unknown = self.topics.iter().filter(|topic| topic.edge.is_awaited());
        let unknown = unknown.map(|topic| topic.wanted_at + self.config.topic_timeout).min();
        let timer = earliest(earliest(self.timers.first(), unknown), self.next_unavailable());
        earliest(timer, earliest(self.closing.poll_timeout(), self.identity.poll_timeout()))
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

    /// When the node asked to be left alone.
    pub(super) fn pauses(&self, node: BrokerId) -> &Pauses {
        self.nodes.get(&node).map_or(Pauses::NONE, |node| &node.pauses)
    }

    pub(super) fn touch_all(&mut self) {
        self.active.iter().for_each(|lane| self.dirty.insert(lane));
    }

    /// The partition is looked at again in this turn.
    pub(super) fn touch(&mut self, lane: LaneId) {
        self.dirty.insert(lane);
    }

    pub(super) fn settings_of(&self, partition: &Partition) -> Option<&TopicSettings> {
        self.topics.get(partition.topic).map(|topic| &topic.edge.settings)
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
                Order::Abandon { topic, report } => report.answer(self.abandon_now(topic.as_ref(), now)),
                Order::Detach => self.begin_close(Instant::from_micros(u64::MAX), None),
            }
        }
        if hurry {
            self.touch_all();
        }
        self.spare = items;
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
        let recreated = topic.id != view.id && !topic.id.is_zero() && !view.id.is_zero();
        topic.id = view.id;
        let count = u32::try_from(view.partitions.len()).unwrap_or(u32::MAX);
        let mut next_id = self.partitions.len();
        let added = topic.edge.publish(count, recreated, || {
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
            if recreated && let Some(partition) = self.partition(lane) {
                partition.sequence.lose_everything();
            }
            // Whatever it waits for may have another name now.
            if self.active.contains(lane) {
                self.touch(lane);
            }
            self.follow_leader(lane, leader);
        }
    }

    fn follow_leader(&mut self, lane: LaneId, leader: Option<BrokerId>) {
        let idempotent = self.config.is_idempotent();
        let Some(partition) = self.partition(lane) else { return };
        if partition.leader == leader {
            return;
        }
        let from = std::mem::replace(&mut partition.leader, leader);
        partition.lane.set_leader(leader.map_or(NO_LEADER, |leader| leader.0));
        partition.backoff = None;
        // What the old leader has not answered goes to the new one at once: the sequence sorts out what it
        // had replicated. Without a sequence its answer decides.
        if idempotent && leader.is_some() {
            while let Some(InFlight { mut batch, .. }) = partition.in_flight.pop_front() {
                if batch.reported {
                    partition.sequence.lose(batch.order());
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
        if from.is_some() || leader.is_none() {
            let place = self.partitions.get(lane.0 as usize).map(|partition| self.place_of(partition));
            let (topic, partition) = place.unwrap_or_default();
            self.events.push_back(Event::LeaderChanged { topic, partition, from, to: leader });
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
        let waiting = |batch: &&mut Box<Batch>| matches!(batch.body, Body::Compressing(job) if job == number);
        // Gone if it expired meanwhile.
        if let Some(batch) = partition.sealed.iter_mut().find(waiting) {
            batch.body = Body::Sealed(sealed);
            self.touch(lane);
        }
    }
}
