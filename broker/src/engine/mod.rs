//! The broker as a state machine: requests in, answers out, no clock, no socket, no chance.

mod config;
mod coordinating;
mod faulty;
mod node;
mod node_settings;
mod nodes;
mod partition;
mod quotas;
mod replication;
mod stats;
mod stored;
#[cfg(test)]
mod tests;
mod timers;
mod topic_config;
mod topics;
mod upkeep;

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use ottla_proto::wire::{DecodeError, EncodeError, Segments, VersionRange};
use ottla_proto::{ApiKey, BrokerId, TopicId, TopicName, Uuid};
use thiserror::Error;

pub use config::{Config, NodeAddress, RequestCost};
pub use node::NodeState;
pub use stats::Stats;
pub use stored::OpenError;

pub(crate) use node_settings::NodeSettings;
pub(crate) use partition::{Partition, Replica};
pub(crate) use stored::{Changes, Id};
pub(crate) use topic_config::{Kind, Setting, TopicConfig};
pub(crate) use topics::{Topic, Topics, check_name};

use crate::Instant;
use crate::api::{self, FetchSessions, Handled, Waiting};
use crate::coordinator::{Coordinators, write_markers};
use crate::fault::{Faults, Hits};
use crate::log::BatchChecker;
use crate::quota::{MutationUsage, QuotaLimits};
use crate::random::Random;
use crate::release::Features;
use faulty::{Delayed, Doomed};
use node::Node;
use stored::Stored;
use timers::Timers;

/// A Kafka cluster without sockets.
///
/// The call order: [`connect`](Self::connect) once per connection, then for each request
/// [`handle_frame`](Self::handle_frame) and, after every call, [`poll_output`](Self::poll_output) until it is
/// empty. [`poll_timeout`](Self::poll_timeout) says when [`handle_timeout`](Self::handle_timeout) is due; calling
/// it early does no harm.
///
/// Like Kafka it handles one request of a connection at a time: the next frame is due when the answer is out and
/// the moment that came with it is reached. That is all a driver must do to mute a throttled client.
///
/// The same calls with the same arguments give the same outputs, byte for byte.
#[derive(Debug)]
pub struct Engine {
    pub(crate) config: Config,
    pub(crate) cluster_id: String,
    pub(crate) topics: Topics,
    /// The versions of each API that are answered.
    pub(crate) offered: BTreeMap<ApiKey, VersionRange>,
    pub(crate) features: Features,
    pub(crate) limits: QuotaLimits,
    pub(crate) node_settings: NodeSettings,
    mutations: MutationUsage,
    pub(crate) waiting: Waiting,
    pub(crate) coordinators: Coordinators,
    pub(crate) checker: BatchChecker,
    pub(crate) stats: Stats,
    pub(crate) faults: Faults,
    delayed: BTreeMap<u64, Delayed>,
    next_delayed: u64,
    /// The newest moment that the engine was told of.
    now: Instant,
    timers: Timers,
    nodes: BTreeMap<BrokerId, Node>,
    connections: BTreeMap<ConnectionId, Connection>,
    outputs: VecDeque<Output>,
    random: Random,
    next_connection: u64,
    next_producer_id: i64,
    /// When the logs are to be looked at again.
    upkeep_due: Instant,
    /// When it is looked again for what nobody has used for long; `None` if it is not yet known what time it is.
    expiry_due: Option<Instant>,
    /// What there is with a disk.
    stored: Option<Box<Stored>>,
}

/// One connection of the [`Engine`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(u64);

/// Something that the driver of an [`Engine`] has to do.
#[derive(Debug)]
pub struct Output {
    /// The connection that it is about.
    pub connection: ConnectionId,
    /// What is to be done.
    pub reply: Reply,
}

/// How a request ended.
#[derive(Debug)]
pub enum Reply {
    /// Send the frame, if there is one (a Produce without acks has none), then go on reading.
    Answer {
        /// The answer without its length prefix.
        frame: Option<Segments>,
        /// The connection is muted until then: read nothing from it before.
        muted_until: Instant,
    },
    /// A fault: send these bytes just as they are, then go on reading or close the connection. The engine has
    /// forgotten it then.
    Faulty {
        /// What is sent instead of a frame, a length prefix included.
        bytes: Bytes,
        /// How fast; at once if nothing is said.
        bytes_per_second: Option<u32>,
        /// Whether to close the connection then.
        close: bool,
        /// The connection is muted until then.
        muted_until: Instant,
    },
    /// Send nothing more and close the connection; the engine has forgotten it.
    Close(Close),
}

/// Why the broker closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Close {
    /// The bytes are no request; the client or the network is at fault.
    #[error("the request cannot be read: {0}")]
    Malformed(#[from] DecodeError),
    /// The client did not heed what ApiVersions told it.
    #[error("{key} version {version} is not offered")]
    NotOffered {
        /// The API that was asked for.
        key: ApiKey,
        /// The version that was asked for.
        version: i16,
    },
    /// A Produce without acks failed; closing is the only way to say so.
    #[error("a Produce without acks failed")]
    ProduceWithoutAcksFailed,
    /// A frame came while the connection's last request was still being handled; the driver is at fault.
    #[error("a request came out of turn")]
    OutOfTurn,
    /// The node was stopped or killed.
    #[error("the node has stopped")]
    NodeStopped,
    /// What the answer would have said is not on disk, and so may not be true for long.
    #[error("the disk has failed")]
    StorageFailed,
    /// The answer does not fit its version; the broker is at fault.
    #[error("the answer cannot be written: {0}")]
    Unanswerable(#[from] EncodeError),
}

/// Why a topic was not created; the text is Kafka's way of saying it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message} ({code})")]
pub struct TopicError {
    /// What a client would be told.
    pub code: ottla_proto::ErrorCode,
    /// What is wrong.
    pub message: String,
}

#[derive(Debug)]
struct Connection {
    node: BrokerId,
    busy: bool,
    /// Who sent its last request, if the time that it took is to be charged.
    client_id: Option<String>,
    /// The request that is being handled, if faults wait for its answer.
    doomed: Option<Box<Doomed>>,
}

impl Engine {
    /// A cluster without topics, in memory; see [`open`](Self::open) for one on disk.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let mut random = Random::new(config.seed);
        let node = |address: &NodeAddress| (address.id, Node::new(config.quota_windows));
        Self {
            cluster_id: ottla_proto::Uuid(random.uuid()).to_string(),
            topics: Topics::default(),
            offered: api::offered(config.act_as),
            features: Features::new(config.act_as),
            limits: QuotaLimits::default(),
            node_settings: NodeSettings::default(),
            mutations: MutationUsage::new(config.controller_quota_windows),
            waiting: Waiting::default(),
            faults: Faults::default(),
            delayed: BTreeMap::new(),
            next_delayed: 0,
            now: Instant::default(),
            coordinators: Coordinators::new(config.groups.clone(), config.transactions.clone()),
            timers: Timers::default(),
            checker: BatchChecker::default(),
            stats: Stats::default(),
            nodes: config.nodes.iter().map(node).collect(),
            connections: BTreeMap::new(),
            outputs: VecDeque::new(),
            random,
            next_connection: 0,
            next_producer_id: 0,
            upkeep_due: Instant::default(),
            expiry_due: None,
            stored: None,
            config,
        }
    }

    /// A client connects to `node`; `None` if there is no such node or it is stopped.
    pub fn connect(&mut self, node: BrokerId) -> Option<ConnectionId> {
        self.nodes.get(&node).filter(|node| node.state != NodeState::Stopped)?;
        let connection = ConnectionId(self.next_connection);
        self.next_connection += 1;
        self.connections.insert(connection, Connection { node, busy: false, client_id: None, doomed: None });
        Some(connection)
    }

    /// A connection is gone. What it waited for is forgotten; what it wrote stays.
    pub fn disconnect(&mut self, connection: ConnectionId) {
        self.connections.remove(&connection);
        self.waiting.forget(connection);
    }

    /// A request has come, `frame` being its bytes without the length prefix.
    ///
    /// Its answer comes out of [`poll_output`](Self::poll_output), at once or after a later call: a Fetch may wait
    /// for records, a Produce for replicas, and a frozen node answers when it is thawed. A connection that is not
    /// there any more is ignored.
    pub fn handle_frame(&mut self, connection: ConnectionId, frame: Bytes, now: Instant) {
        let Some(state) = self.connections.get_mut(&connection) else { return };
        if state.busy {
            return self.close(connection, Close::OutOfTurn);
        }
        state.busy = true;
        let node = state.node;
        self.look_after_logs(now);
        self.look_after_coordinators(now);
        self.take_frame(connection, node, frame, now);
        self.settle_all(now);
    }

    fn take_frame(&mut self, connection: ConnectionId, node: BrokerId, frame: Bytes, now: Instant) {
        self.now = now;
        if self.hold(node, connection, frame.clone(), None) {
            return;
        }
        let hits = self.meet_faults(node, &frame, now);
        self.serve(connection, node, frame, hits, now);
    }

    fn serve(&mut self, connection: ConnectionId, node: BrokerId, frame: Bytes, hits: Hits, now: Instant) {
        if self.hold(node, connection, frame.clone(), Some(hits.clone())) {
            return;
        }
        if !hits.is_empty() && !self.suffer_before(connection, node, &frame, &hits, now) {
            return;
        }
        match api::handle(self, connection, node, frame, hits, now) {
            Ok(Handled::Answered { frame, muted_until }) => self.answer(connection, frame, muted_until),
            Ok(Handled::Waiting) => {}
            Err(reason) => self.close(connection, reason),
        }
    }

    /// Answers the requests that what just happened has made ready.
    pub(crate) fn settle_all(&mut self, now: Instant) {
        self.now = now;
        write_markers(self, now);
        api::answer_members(self, now);
        api::wake(self, now);
    }

    /// What the driver has to do next, oldest first. With a disk, what it says is written before.
    pub fn poll_output(&mut self) -> Option<Output> {
        if !self.persist() {
            self.withhold();
        }
        self.outputs.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let deadlines = [self.waiting.next_deadline(), self.timers.next(), self.coordinators.poll_timeout()];
        deadlines.into_iter().flatten().min()
    }

    /// Does what is due: followers fetch, lost nodes are noticed, requests that waited long enough are answered.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        self.look_after_logs(now);
        self.look_after_coordinators(now);
        while let Some(timer) = self.timers.pop_due(now) {
            self.run_timer(timer, now);
        }
        self.coordinators.handle_timeout(&self.topics, now);
        self.settle_all(now);
        api::expire(self, now);
    }

    /// What was asked of the cluster so far, and whom it throttled.
    #[must_use]
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// Creates a topic. `partitions` and `replication_factor` may be -1 for the cluster's defaults.
    ///
    /// # Errors
    /// As Kafka's CreateTopics: the name, a number or a setting is not acceptable, or the topic exists.
    pub fn create_topic(
        &mut self,
        name: &str,
        partitions: i32,
        replication_factor: i16,
        settings: BTreeMap<String, String>,
    ) -> Result<(), TopicError> {
        let plan = api::plan_topic(self, name, partitions, replication_factor, &[], settings)?;
        self.add_topic(plan);
        Ok(())
    }

    /// Whether there is a topic of this name.
    #[must_use]
    pub fn has_topic(&self, name: &str) -> bool {
        self.topics.named(name).is_some()
    }

    pub(crate) fn add_topic(&mut self, plan: TopicPlan) -> TopicId {
        let id = self.new_topic_id();
        let partitions: Vec<Partition> = plan.replicas.into_iter().map(Partition::new).collect();
        let count = partitions.len();
        self.topics.insert(Topic { name: plan.name, id, config: plan.config, partitions });
        for index in (0..).take(count) {
            self.found(id, index);
        }
        id
    }

    pub(crate) fn new_topic_id(&mut self) -> TopicId {
        TopicId(self.random.uuid())
    }

    pub(crate) fn add_partitions(&mut self, id: TopicId, replicas: Vec<Vec<BrokerId>>) {
        let count = replicas.len();
        let partitions = replicas.into_iter().map(Partition::new).collect();
        let Some(first) = self.topics.extend(id, partitions) else { return };
        for index in (0..).skip(first).take(count) {
            self.found(id, index);
        }
    }

    /// Gives a topic other settings, which count at once.
    pub(crate) fn set_topic_config(&mut self, id: TopicId, config: TopicConfig, now: Instant) {
        let Some(topic) = self.topics.get_mut(id) else { return };
        topic.config = config;
        let count = topic.partition_count();
        self.topics.changes.note(|| topics::TopicKey::Topic(id));
        for index in 0..count {
            self.furnish(id, index);
            self.ensure_leader(id, index, now);
            self.replicate(id, index, now);
            self.waiting.changed(id, index);
        }
    }

    pub(crate) fn remove_topic(&mut self, id: TopicId) {
        let Some(mut topic) = self.topics.remove(id) else { return };
        for partition in &mut topic.partitions {
            partition.remove_replicas(&partition.replica_nodes());
        }
        self.coordinators.offsets.delete_topic(&topic.name);
        for partition in (0..).take(topic.partitions.len()) {
            self.waiting.changed(id, partition);
        }
    }

    /// The fetch sessions of a node.
    pub(crate) fn fetch_sessions(&mut self, node: BrokerId) -> Option<&mut FetchSessions> {
        self.nodes.get_mut(&node).map(|node| &mut node.fetch_sessions)
    }

    pub(crate) fn fetch_sessions_of(&self, node: BrokerId) -> Option<&FetchSessions> {
        self.nodes.get(&node).map(|node| &node.fetch_sessions)
    }

    /// The next of the numbers that follow from the seed.
    pub(crate) fn random_number(&mut self) -> u64 {
        self.random.next()
    }

    pub(crate) fn random_uuid(&mut self) -> Uuid {
        Uuid(self.random.uuid())
    }

    pub(crate) fn new_producer_id(&mut self) -> i64 {
        let id = self.next_producer_id;
        self.next_producer_id += 1;
        id
    }

    pub(crate) fn answer(&mut self, connection: ConnectionId, frame: Option<Segments>, muted_until: Instant) {
        let Some(state) = self.connections.get_mut(&connection) else { return };
        let node = state.node;
        match state.doomed.take() {
            None if self.config.delay_throttled_answers && muted_until > self.now => {
                let reply = Reply::Answer { frame, muted_until };
                self.delay_until(muted_until, Delayed::Reply(connection, reply));
            }
            None => self.reply(connection, Reply::Answer { frame, muted_until }),
            Some(doomed) => self.suffer_after(connection, node, frame, muted_until, *doomed),
        }
    }

    pub(crate) fn close(&mut self, connection: ConnectionId, reason: Close) {
        let node = self.connections.get(&connection).map_or(BrokerId::NONE, |state| state.node);
        self.disconnect(connection);
        self.send(node, connection, Reply::Close(reason));
    }
}

/// A topic that can be created: everything about it has been checked.
#[derive(Debug)]
pub(crate) struct TopicPlan {
    pub(crate) name: TopicName,
    pub(crate) config: TopicConfig,
    /// The replicas of each partition, the preferred leader first.
    pub(crate) replicas: Vec<Vec<BrokerId>>,
}
