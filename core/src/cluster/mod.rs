//! What is known of the cluster: brokers, topics by name and id, leaders and their epochs.
//!
//! This is the view and the decision when to ask again; who is asked, and how, is in
//! [`Net`](crate::net::Net). Java: `Metadata`.

mod discovery;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytestring::ByteString;
use ottla_proto::messages::MetadataResponse;
use ottla_proto::messages::metadata::{
    MetadataRequestTopic, MetadataResponsePartition, MetadataResponseTopic,
};
use ottla_proto::{BrokerId, ErrorCode, LeaderEpoch, TopicId, TopicName};

use crate::net::Host;
use crate::random::Random;
use crate::retry::Backoff;
use crate::time::Instant;
use discovery::Discovery;

/// A broker as the cluster names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// Its number.
    pub id: BrokerId,
    /// Where it can be reached.
    pub host: Host,
    /// The rack it is in, if it says so.
    pub rack: Option<ByteString>,
}

/// What the cluster said of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its identity; zero where the broker knows no topic ids (before 2.8).
    pub id: TopicId,
    /// The error of the latest answer, if it had one; the rest is then from before.
    pub error: Option<ErrorCode>,
    /// Whether Kafka uses it for itself.
    pub internal: bool,
    /// Its partitions by rising index; empty while nothing is known.
    pub partitions: Vec<Partition>,
    /// The generation of the view in which anything about the topic last changed.
    pub generation: u64,
}

impl Topic {
    /// The partition of that index.
    #[must_use]
    pub fn partition(&self, index: i32) -> Option<&Partition> {
        let at = self.partitions.binary_search_by_key(&index, |partition| partition.index).ok()?;
        self.partitions.get(at)
    }
}

/// What the cluster said of a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its index.
    pub index: i32,
    /// The error of the latest answer, if it had one.
    pub error: Option<ErrorCode>,
    /// Its leader, if it has one.
    pub leader: Option<BrokerId>,
    /// The leader's epoch; none where the broker does not tell (before 2.1).
    pub leader_epoch: LeaderEpoch,
    /// The nodes that hold a copy.
    pub replicas: Vec<BrokerId>,
    /// The nodes whose copy is in sync.
    pub isr: Vec<BrokerId>,
    /// The nodes whose copy is offline.
    pub offline_replicas: Vec<BrokerId>,
}

/// Who leads a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leader {
    /// The broker.
    pub node: BrokerId,
    /// Its epoch; none where the broker does not tell.
    pub epoch: LeaderEpoch,
}

/// The view of the cluster that all machines of a client share.
#[derive(Debug)]
pub struct Cluster {
    bootstrap: BTreeMap<BrokerId, Host>,
    brokers: BTreeMap<BrokerId, Broker>,
    cluster_id: Option<ByteString>,
    controller: Option<BrokerId>,
    topics: BTreeMap<TopicName, Topic>,
    names: BTreeMap<TopicId, TopicName>,
    /// How many users each topic has.
    wanted: BTreeMap<TopicName, usize>,
    generation: u64,
    told_generation: u64,
    updates: u64,
    max_age: Duration,
    backoff: Backoff,
    /// When the whole view is too old.
    expires_at: Instant,
    /// The whole view is in doubt.
    doubt_all: bool,
    /// Topics that were not asked for yet: they wait for nothing but a node.
    fresh: BTreeSet<TopicName>,
    /// Topics whose last answer leaves something to ask again.
    doubtful: BTreeSet<TopicName>,
    failures: u32,
    /// After a failed request: not before this.
    retry_at: Instant,
    /// Answers in a row that a doubt had asked for and that changed nothing.
    unchanged: u32,
    /// After such an answer: no asking for doubt before this.
    doubt_at: Instant,
    rebootstrap: bool,
    /// Topics that are wanted without their name being known.
    discovery: Discovery,
}

/// What one metadata request asks about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// All that anybody wants.
    All,
    /// Some topics.
    Topics(Vec<TopicName>),
    /// Some topics whose names are not known.
    Ids(Vec<TopicId>),
}

impl Cluster {
    pub(crate) fn new(bootstrap: Vec<Host>, max_age: Duration, backoff: Backoff, now: Instant) -> Self {
        // Placeholders lie below -1, which stands for "no broker" on the wire.
        let placeholders = (i32::MIN..-1).rev().map(BrokerId);
        Self {
            bootstrap: placeholders.zip(bootstrap).collect(),
            brokers: BTreeMap::new(),
            cluster_id: None,
            controller: None,
            topics: BTreeMap::new(),
            names: BTreeMap::new(),
            wanted: BTreeMap::new(),
            generation: 0,
            told_generation: 0,
            updates: 0,
            max_age,
            backoff,
            expires_at: now,
            doubt_all: false,
            fresh: BTreeSet::new(),
            doubtful: BTreeSet::new(),
            failures: 0,
            retry_at: Instant::ZERO,
            unchanged: 0,
            doubt_at: Instant::ZERO,
            rebootstrap: false,
            discovery: Discovery::default(),
        }
    }

    /// Whether any broker has described the cluster yet.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.brokers.is_empty()
    }

    /// Rises with each change; equal numbers mean an equal view.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// How many answers the view has taken in, whether they changed it or not: what was asked again before this
    /// rose was asked of the old view.
    #[must_use]
    pub fn updates(&self) -> u64 {
        self.updates
    }

    /// The cluster's own name, if it has told it.
    #[must_use]
    pub fn cluster_id(&self) -> Option<&ByteString> {
        self.cluster_id.as_ref()
    }

    /// The controller, or with KRaft a broker that passes on what is meant for it.
    #[must_use]
    pub fn controller(&self) -> Option<BrokerId> {
        self.controller
    }

    /// The brokers by rising number.
    pub fn brokers(&self) -> impl Iterator<Item = &Broker> {
        self.brokers.values()
    }

    /// Where a node can be reached; placeholders of bootstrap addresses are nodes too.
    #[must_use]
    pub fn host(&self, node: BrokerId) -> Option<&Host> {
        self.brokers.get(&node).map(|broker| &broker.host).or_else(|| self.bootstrap.get(&node))
    }

    /// What is known of a topic; `None` before the first answer about it.
    #[must_use]
    pub fn topic(&self, name: &TopicName) -> Option<&Topic> {
        self.topics.get(name)
    }

    /// The id of a topic; `None` while it is unknown or where the broker knows no topic ids.
    #[must_use]
    pub fn topic_id(&self, name: &TopicName) -> Option<TopicId> {
        self.topics.get(name).map(|topic| topic.id).filter(|id| !id.is_zero())
    }

    /// The name of the topic with this id.
    #[must_use]
    pub fn topic_name(&self, id: TopicId) -> Option<&TopicName> {
        self.names.get(&id)
    }

    /// How many partitions a topic has; `None` while it is unknown.
    #[must_use]
    pub fn partition_count(&self, name: &TopicName) -> Option<i32> {
        let count = self.topics.get(name)?.partitions.len();
        i32::try_from(count).ok().filter(|count| *count > 0)
    }

    /// The error of the latest answer about a topic, if it had one.
    #[must_use]
    pub fn topic_error(&self, name: &TopicName) -> Option<ErrorCode> {
        self.topics.get(name)?.error
    }

    /// Whether the latest answer says that there is no such topic, though there may have been one.
    pub(crate) fn says_no_such_topic(&self, name: &TopicName) -> bool {
        let unknown = [ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, ErrorCode::UNKNOWN_TOPIC_ID];
        self.topic_error(name).is_some_and(|error| unknown.contains(&error))
    }

    /// Who leads a partition, if it is known and there is one.
    #[must_use]
    pub fn leader(&self, name: &TopicName, partition: i32) -> Option<Leader> {
        let partition = self.topics.get(name)?.partition(partition)?;
        Some(Leader { node: partition.leader?, epoch: partition.leader_epoch })
    }

    /// Registers interest in a topic; one that is not known yet is asked for in the next step. Each call is
    /// undone by one [`Self::unwant`].
    pub fn want(&mut self, name: &TopicName) {
        let users = self.wanted.entry(name.clone()).or_insert(0);
        *users += 1;
        if !self.topics.contains_key(name) {
            self.fresh.insert(name.clone());
        }
    }

    /// Takes back one [`Self::want`]; a topic that nobody wants is forgotten.
    pub fn unwant(&mut self, name: &TopicName) {
        let Some(users) = self.wanted.get_mut(name) else { return };
        *users -= 1;
        if *users == 0 {
            self.wanted.remove(name);
            self.fresh.remove(name);
            self.doubtful.remove(name);
            if let Some(topic) = self.topics.remove(name) {
                self.names.remove(&topic.id);
            }
        }
    }

    /// Says that the view is in doubt: it is asked for again, soon if this is the first doubt, later and later
    /// while the answers change nothing.
    pub fn refresh(&mut self) {
        self.doubt_all = true;
    }

    /// Takes in what a broker said in passing about a partition's leader (KIP-951). An older epoch than the
    /// known one is ignored. Says whether the view changed.
    pub fn hint(&mut self, name: &TopicName, partition: i32, leader: Leader) -> bool {
        let Some(topic) = self.topics.get_mut(name) else { return false };
        let Ok(at) = topic.partitions.binary_search_by_key(&partition, |known| known.index) else {
            return false;
        };
        let Some(known) = topic.partitions.get_mut(at) else { return false };
        if leader.node.is_none() || leader.epoch <= known.leader_epoch {
            return false;
        }
        known.leader = Some(leader.node);
        known.leader_epoch = leader.epoch;
        known.error = None;
        self.generation += 1;
        topic.generation = self.generation;
        true
    }

    /// Takes in the address of a broker that a leader hint named (KIP-951).
    pub fn hint_broker(&mut self, broker: Broker) {
        if broker.id.is_none() || self.brokers.get(&broker.id) == Some(&broker) {
            return;
        }
        // Copies: the hint may come in an answer full of records, all of which its names would keep in memory.
        let copy = |text: ByteString| ByteString::from(&*text);
        let Broker { id, host: Host { name, port }, rack } = broker;
        let host = Host { name: copy(name), port };
        self.brokers.insert(id, Broker { id, host, rack: rack.map(copy) });
        self.generation += 1;
    }
}

// What the refresh of `Net` uses.
impl Cluster {
    pub(crate) fn bootstrap(&self) -> impl Iterator<Item = (BrokerId, &Host)> {
        // Placeholders fall, so the first address has the largest.
        self.bootstrap.iter().rev().map(|(node, host)| (*node, host))
    }

    pub(crate) fn broker_ids(&self) -> impl Iterator<Item = BrokerId> {
        self.brokers.keys().copied()
    }

    pub(crate) fn broker_at(&self, host: &Host) -> Option<BrokerId> {
        self.brokers.values().find(|broker| broker.host == *host).map(|broker| broker.id)
    }

    /// The next answer is to come from a bootstrap address (KIP-1102).
    pub(crate) fn rebootstrap(&mut self) {
        self.rebootstrap = true;
        self.doubt_all = true;
    }

    pub(crate) fn wants_rebootstrap(&self) -> bool {
        self.rebootstrap
    }

    /// Whether the view changed since this was last asked.
    pub(crate) fn take_changed(&mut self) -> bool {
        let changed = self.told_generation != self.generation;
        self.told_generation = self.generation;
        changed
    }

    /// When metadata is to be asked for next.
    pub(crate) fn next_refresh(&self) -> Instant {
        let due = if !self.fresh.is_empty() || self.discovery.is_fresh() {
            Instant::ZERO
        } else if self.doubt_all || !self.doubtful.is_empty() || self.discovery.is_doubtful() {
            self.doubt_at.min(self.expires_at)
        } else {
            self.expires_at
        };
        due.max(self.retry_at)
    }

    /// What to ask about now. The doubts that this answers are taken off; new ones that come up while the
    /// request is in flight stand.
    pub(crate) fn begin_refresh(&mut self, now: Instant) -> Scope {
        let doubt_due = self.doubt_at <= now;
        if self.doubt_at + self.backoff.max < now {
            // Nobody doubted for a while: this is a new doubt, not the old one.
            self.unchanged = 0;
        }
        if self.expires_at <= now || (self.doubt_all && doubt_due) || self.discovery.take_fresh_names() {
            self.doubt_all = false;
            self.fresh.clear();
            self.doubtful.clear();
            return Scope::All;
        }
        let ids = self.discovery.take_ids(doubt_due);
        if !ids.is_empty() {
            return Scope::Ids(ids);
        }
        let mut topics = std::mem::take(&mut self.fresh);
        if doubt_due {
            topics.append(&mut self.doubtful);
        }
        Scope::Topics(topics.into_iter().collect())
    }

    /// What a request names; `None` for every topic that there is.
    pub(crate) fn topics_of(&self, scope: &Scope) -> Option<Vec<MetadataRequestTopic>> {
        let ask = |name: &TopicName| MetadataRequestTopic { name: Some(name.clone()), ..Default::default() };
        let ask_id = |id: &TopicId| MetadataRequestTopic { topic_id: *id, name: None, ..Default::default() };
        match scope {
            Scope::All if self.discovery.wants_names() => None,
            Scope::All => Some(self.wanted.keys().map(ask).collect()),
            Scope::Topics(names) => Some(names.iter().map(ask).collect()),
            Scope::Ids(ids) => Some(ids.iter().map(ask_id).collect()),
        }
    }

    /// No answer, or none that helps: everything that was asked is to be asked again.
    pub(crate) fn refresh_failed(&mut self, scope: Scope, now: Instant, random: &mut Random) {
        match scope {
            Scope::All => self.doubt_all = true,
            Scope::Topics(names) => {
                self.doubtful.extend(names.into_iter().filter(|name| self.wanted.contains_key(name)));
            }
            Scope::Ids(ids) => self.discovery.doubt_ids(ids),
        }
        self.failures = self.failures.saturating_add(1);
        self.retry_at = now + self.backoff.delay(self.failures, random);
    }

    pub(crate) fn update(
        &mut self,
        response: MetadataResponse,
        scope: &Scope,
        now: Instant,
        random: &mut Random,
    ) {
        let before = self.generation;
        self.updates += 1;
        self.failures = 0;
        self.rebootstrap = false;
        self.update_brokers(&response);
        self.discover(&response, scope);
        for topic in response.topics {
            self.update_topic(topic);
        }
        if *scope == Scope::All {
            self.expires_at = now + self.max_age;
            // An answer may leave out what it was asked for.
            let silent = self.wanted.keys().filter(|name| !self.topics.contains_key(*name));
            self.doubtful.extend(silent.cloned());
        }
        self.unchanged = if self.generation == before { self.unchanged.saturating_add(1) } else { 0 };
        // Also after a change: leaders that move come in waves, and one answer serves many doubts.
        self.doubt_at = now + self.backoff.delay(self.unchanged.max(1), random);
    }

    fn update_brokers(&mut self, response: &MetadataResponse) {
        let mut brokers = BTreeMap::new();
        for broker in &response.brokers {
            // A port that is none cannot be connected to; the node is known by its number alone.
            let Ok(port) = u16::try_from(broker.port) else { continue };
            let id = broker.node_id;
            if id.is_none() {
                continue;
            }
            // Copies, so that a small name does not keep a large frame alive.
            let host = Host { name: ByteString::from(&*broker.host), port };
            let rack = broker.rack.as_ref().map(|rack| ByteString::from(&**rack));
            brokers.insert(id, Broker { id, host, rack });
        }
        let controller = Some(response.controller_id).filter(|id| !id.is_none());
        let cluster_id = response.cluster_id.as_ref().map(|id| ByteString::from(&**id));
        if (&brokers, controller, &cluster_id) != (&self.brokers, self.controller, &self.cluster_id) {
            self.brokers = brokers;
            self.controller = controller;
            self.cluster_id = cluster_id;
            self.generation += 1;
        }
    }

    fn update_topic(&mut self, told: MetadataResponseTopic) {
        // What was not asked for is not taken in, so that an answer cannot make us hold more than we want.
        let Some(name) = &told.name else { return };
        let Some((name, _)) = self.wanted.get_key_value(name) else { return };
        let name = name.clone();
        let known = self.topics.get(&name);
        let error = Some(told.error_code).filter(|error| !error.is_none());
        let topic = match error {
            // Some answers know less than we do; those that know more have no error.
            Some(error) => Topic {
                error: Some(error),
                ..known.cloned().unwrap_or(Topic {
                    id: TopicId::ZERO,
                    error: None,
                    internal: told.is_internal,
                    partitions: Vec::new(),
                    generation: 0,
                })
            },
            None => Topic {
                id: told.topic_id,
                error: None,
                internal: told.is_internal,
                // A topic that was deleted and created again starts its epochs anew.
                partitions: partitions(told.partitions, known.filter(|known| known.id == told.topic_id)),
                generation: known.map_or(0, |known| known.generation),
            },
        };
        let leaderless = topic.partitions.iter().any(|p| p.leader.is_none() || p.error.is_some());
        if leaderless || error.is_some_and(ErrorCode::is_retriable) {
            self.doubtful.insert(name.clone());
        }
        if known == Some(&topic) {
            return;
        }
        self.generation += 1;
        let renamed = known.map(|known| known.id).filter(|id| *id != topic.id);
        if let Some(old) = renamed {
            self.names.remove(&old);
        }
        if !topic.id.is_zero() {
            self.names.insert(topic.id, name.clone());
        }
        self.topics.insert(name, Topic { generation: self.generation, ..topic });
    }
}

/// The partitions of an answer by rising index, each unless a newer leader epoch of it is known.
fn partitions(told: Vec<MetadataResponsePartition>, known: Option<&Topic>) -> Vec<Partition> {
    let mut partitions: Vec<Partition> = told
        .into_iter()
        .filter(|told| told.partition_index >= 0)
        .map(|told| match known.and_then(|known| known.partition(told.partition_index)) {
            Some(newer) if newer.leader_epoch > told.leader_epoch && !told.leader_epoch.is_none() => {
                newer.clone()
            }
            _ => partition(told),
        })
        .collect();
    partitions.sort_by_key(|partition| partition.index);
    partitions.dedup_by_key(|partition| partition.index);
    // They may lie where the larger ones of the answer lay.
    partitions.shrink_to_fit();
    partitions
}

fn partition(told: MetadataResponsePartition) -> Partition {
    let error = Some(told.error_code).filter(|error| !error.is_none());
    Partition {
        index: told.partition_index,
        error,
        leader: Some(told.leader_id).filter(|leader| !leader.is_none()),
        leader_epoch: told.leader_epoch,
        replicas: told.replica_nodes,
        isr: told.isr_nodes,
        offline_replicas: told.offline_replicas,
    }
}
