//! A cluster that outlives its process: what is written down, when, and how it is found again.
//!
//! Logs write their batches themselves. Everything else goes into one journal: topics, who leads and is in sync,
//! groups and their offsets, transactions, quotas, settings of nodes. Whoever changes such a thing notes its key; before an answer
//! leaves the engine, what is known of these keys is written ([`Engine::persist`]). So no API knows of the disk, and
//! none can answer too early.
//!
//! A restart is a restart of all nodes: each partition gets a new leader epoch, and fetch sessions, faults and the state
//! of nodes are forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::Arc;

use ottla_proto::{BrokerId, GroupId, LeaderEpoch, ProducerId, TopicId, TopicName, TransactionalId};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::partition::{Partition, Replica};
use super::topics::TopicKey;
use super::{Close, Config, Engine, Output, Reply, Topic, TopicConfig};
use crate::Instant;
use crate::coordinator::{CommittedOffset, GroupKey, KeptGroup, KeptMember, KeptTransaction, OffsetKey};
use crate::log::{Home, PartitionLog};
use crate::quota::{QuotaEntity, QuotaKey};
use crate::random::Random;
use crate::storage::{Disk, Journal, JournalError, StorageEvent, StorageFailed, Store};

/// Keys whose facts are to be written down; none are noted if nothing is.
#[derive(Debug)]
pub(crate) struct Changes<K>(Option<BTreeSet<K>>);

impl<K> Default for Changes<K> {
    fn default() -> Self {
        Self(None)
    }
}

impl<K: Ord> Changes<K> {
    fn begin(&mut self) {
        self.0 = Some(BTreeSet::new());
    }

    pub(crate) fn note(&mut self, key: impl FnOnce() -> K) {
        if let Some(keys) = &mut self.0 {
            keys.insert(key());
        }
    }

    pub(crate) fn extend(&mut self, keys: BTreeSet<K>) {
        if let Some(known) = &mut self.0 {
            known.extend(keys);
        }
    }

    fn take(&mut self) -> BTreeSet<K> {
        self.0.as_mut().map(std::mem::take).unwrap_or_default()
    }
}

/// The part of an engine that is there only with a disk.
#[derive(Debug)]
pub(super) struct Stored {
    store: Arc<Store>,
    journal: Journal<Key, Fact>,
    /// What could not be written yet.
    due: BTreeSet<Key>,
    /// How often the cluster was started on this disk.
    starts: u64,
    /// Producer ids below this one may have been given out.
    producer_ids: i64,
    quota_revision: u64,
    settings_revision: u64,
    features_epoch: i64,
    /// How many keys there were when they were last counted.
    keys: usize,
}

/// What the journal knows something of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Key {
    Cluster,
    Quotas,
    Features,
    NodeSettings,
    Topic(Id),
    Partition(Id, i32),
    Group(String),
    Member(String, String),
    Offset(String, String, i32),
    PendingOffsets(String, i64),
    Transaction(String),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Fact {
    Cluster {
        id: String,
        starts: u64,
        producer_ids: i64,
    },
    Quotas(Vec<(QuotaEntity, BTreeMap<String, f64>)>),
    Features(BTreeMap<String, i16>),
    /// By node; without one, what is set for all.
    NodeSettings(Vec<(Option<i32>, BTreeMap<String, String>)>),
    Topic {
        name: String,
        settings: BTreeMap<String, String>,
    },
    Partition(KeptPartition),
    Group(KeptGroup),
    Member(KeptMember),
    Offset(KeptOffset),
    PendingOffsets(Vec<(String, i32, KeptOffset)>),
    Transaction(KeptTransaction),
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptPartition {
    replicas: Vec<i32>,
    isr: Vec<i32>,
    leader: i32,
    leader_epoch: i32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    adding: Vec<i32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    removing: Vec<i32>,
    start_offset: i64,
    /// Where the leader's epochs begin.
    epochs: Vec<(i32, i64)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct KeptOffset {
    offset: i64,
    leader_epoch: i32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    metadata: String,
    #[serde(default)]
    at_us: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_us: Option<u64>,
}

/// A topic's id as it stands in the journal and in the names of folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Id(pub(crate) TopicId);

impl From<Id> for String {
    fn from(Id(id): Id) -> Self {
        format!("{:032x}", u128::from_be_bytes(id.0))
    }
}

impl TryFrom<String> for Id {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        u128::from_str_radix(&text, 16).map(|bits| Self(TopicId(bits.to_be_bytes())))
    }
}

/// Why a cluster cannot be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The disk refused.
    #[error("the data cannot be read: {0}")]
    Io(#[from] io::Error),
    /// The journal is whole and says something that this version does not understand.
    #[error("{JOURNAL} is of another version of this broker: {0}")]
    OtherVersion(String),
    /// There are logs and nothing that says whose they are. Nothing was touched.
    #[error("there are logs, but no {JOURNAL} that says what they belong to")]
    NoJournal,
    /// A log could not be read or repaired.
    #[error("{0}")]
    Log(StorageEvent),
}

impl From<JournalError> for OpenError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Io(error) => Self::Io(error),
            unknown @ JournalError::Unknown { .. } => Self::OtherVersion(unknown.to_string()),
        }
    }
}

/// The file of the journal.
const JOURNAL: &str = "cluster.journal";

impl Engine {
    /// A cluster whose topics, records, offsets and transactions are on `disk`: those that it finds there, or none.
    ///
    /// Every answer that comes out of it is true after the end of the process, and with `fsync` after the loss of
    /// power. The disk is written, and with `fsync` waited for, inside of the calls to the engine. What was wrong
    /// with the files, and what was done about it, is told by [`take_storage_events`](Self::take_storage_events).
    ///
    /// `config.nodes` may have other addresses than before. A replica on a node that is not there is offline.
    ///
    /// Costs a read of all that was appended since the last [`shut_down`](Self::shut_down).
    ///
    /// # Errors
    /// [`OpenError`] if the disk fails, or holds what this version does not understand.
    pub fn open(config: Config, disk: Arc<dyn Disk>, fsync: bool, now: Instant) -> Result<Self, OpenError> {
        let store = Arc::new(Store::new(disk, fsync));
        let (mut journal_bytes, mut folders) = (0, Folders::new());
        for (file, size) in store.list()? {
            match file.rsplit_once('/') {
                Some((folder, name)) => {
                    folders.entry(folder.to_owned()).or_default().insert(name.to_owned(), size);
                }
                None if file == JOURNAL => journal_bytes = size,
                None => {}
            }
        }
        let (journal, facts) = Journal::open(Arc::clone(&store), JOURNAL, journal_bytes)?;
        if facts.is_empty() && folders.keys().any(|folder| folder.starts_with(NODE)) {
            return Err(OpenError::NoJournal);
        }
        let mut engine = Self::new(config);
        let mut stored = Stored {
            store: Arc::clone(&store),
            journal,
            due: BTreeSet::from([Key::Cluster]),
            starts: 1,
            producer_ids: 0,
            quota_revision: 0,
            settings_revision: 0,
            features_epoch: 0,
            keys: 0,
        };
        engine.now = now;
        engine.topics.changes.begin();
        engine.coordinators.offsets.changes.begin();
        engine.coordinators.groups.changes.begin();
        engine.coordinators.transactions.changes.begin();
        for (key, fact) in facts {
            engine.restore(&mut stored, &mut folders, key, fact, now).map_err(|StorageFailed| {
                let unknown =
                    || StorageEvent { file: JOURNAL.to_owned(), message: "does not fit".to_owned() };
                OpenError::Log(store.take_events().pop().unwrap_or_else(unknown))
            })?;
        }
        // Nothing in the journal speaks of the rest: its topic was deleted, its replica moved away.
        for (folder, files) in folders.iter().filter(|(folder, _)| folder.starts_with(NODE)) {
            store.report(folder, "belongs to nothing any more and was removed".to_owned());
            for name in files.keys() {
                let _ = store.remove(&format!("{folder}/{name}"));
            }
        }
        stored.quota_revision = engine.limits.revision;
        stored.settings_revision = engine.node_settings.revision;
        stored.features_epoch = engine.features.epoch();
        engine.stored = Some(Box::new(stored));
        for id in engine.topics.iter().map(|topic| topic.id).collect::<Vec<_>>() {
            for index in 0..engine.topics.get(id).map_or(0, |topic| topic.partition_count()) {
                engine.ensure_leader(id, index, now);
                engine.replicate(id, index, now);
            }
        }
        engine.settle_all(now);
        engine.persist();
        Ok(engine)
    }

    /// Writes down where each log ends, so that the next [`open`](Self::open) need not read it.
    ///
    /// Waits for the disk, whatever the settings say. Returns whether everything was written; if not,
    /// [`take_storage_events`](Self::take_storage_events) says why, and nothing is lost. Without a disk it does
    /// nothing.
    pub fn shut_down(&mut self) -> bool {
        let mut closed = self.persist();
        if let Some(stored) = &self.stored {
            closed &= stored.store.sync_file(JOURNAL).is_ok();
        }
        for partition in self.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
            for replica in &mut partition.replicas {
                closed &= replica.log.close().is_ok();
            }
        }
        closed
    }

    /// What happened to the disk since this was last called, oldest first; the last 1,000 of it at most.
    pub fn take_storage_events(&mut self) -> Vec<StorageEvent> {
        self.stored.as_ref().map(|stored| stored.store.take_events()).unwrap_or_default()
    }

    /// Writes down what has changed. Returns whether the disk holds all that the engine knows.
    pub(crate) fn persist(&mut self) -> bool {
        let Some(mut stored) = self.stored.take() else { return true };
        let persisted = self.persist_in(&mut stored).is_ok();
        self.stored = Some(stored);
        persisted
    }

    fn persist_in(&mut self, stored: &mut Stored) -> Result<(), StorageFailed> {
        self.gather(stored);
        if !stored.due.is_empty() {
            let facts = stored.due.iter().map(|key| (key, self.fact(stored, key)));
            let facts: Vec<_> = facts.collect();
            stored.journal.write(facts.into_iter())?;
            stored.due.clear();
            if stored.journal.is_stale(stored.keys) {
                let keys = self.keys();
                stored.keys = keys.len();
                if stored.journal.is_stale(keys.len()) {
                    let facts: Vec<_> = keys.iter().map(|key| (key, self.fact(stored, key))).collect();
                    // The old one goes on if this fails.
                    let _ = stored.journal.rewrite(facts.into_iter());
                }
            }
        }
        stored.store.settle()?;
        stored.store.remove_unwanted();
        Ok(())
    }

    /// Collects the keys of what has changed.
    fn gather(&mut self, stored: &mut Stored) {
        let coordinators = &mut self.coordinators;
        stored.due.extend(self.topics.changes.take().into_iter().map(Key::from));
        stored.due.extend(coordinators.offsets.changes.take().into_iter().map(Key::from));
        stored.due.extend(coordinators.groups.changes.take().into_iter().map(Key::from));
        let transactions = coordinators.transactions.changes.take().into_iter();
        stored.due.extend(transactions.map(|id| Key::Transaction(id.to_string())));
        if stored.quota_revision != self.limits.revision {
            stored.quota_revision = self.limits.revision;
            stored.due.insert(Key::Quotas);
        }
        if stored.settings_revision != self.node_settings.revision {
            stored.settings_revision = self.node_settings.revision;
            stored.due.insert(Key::NodeSettings);
        }
        if stored.features_epoch != self.features.epoch() {
            stored.features_epoch = self.features.epoch();
            stored.due.insert(Key::Features);
        }
        if self.next_producer_id > stored.producer_ids {
            /// As many as Kafka's controller hands to a broker at once.
            const BLOCK: i64 = 1000;
            stored.producer_ids = self.next_producer_id.saturating_add(BLOCK);
            stored.due.insert(Key::Cluster);
        }
    }

    /// Everything that there is something to write down of.
    fn keys(&self) -> Vec<Key> {
        let mut keys = vec![Key::Cluster, Key::Quotas, Key::Features, Key::NodeSettings];
        for topic in self.topics.iter() {
            keys.push(Key::Topic(Id(topic.id)));
            keys.extend((0..topic.partition_count()).map(|index| Key::Partition(Id(topic.id), index)));
        }
        let coordinators = &self.coordinators;
        keys.extend(coordinators.groups.keys().map(Key::from));
        keys.extend(coordinators.offsets.keys().map(Key::from));
        keys.extend(coordinators.transactions.iter().map(|(id, _)| Key::Transaction(id.to_string())));
        keys
    }

    /// What is known of a key now; nothing if it is gone.
    fn fact(&self, stored: &Stored, key: &Key) -> Option<Fact> {
        let offsets = &self.coordinators.offsets;
        Some(match key {
            Key::Cluster => Fact::Cluster {
                id: self.cluster_id.clone(),
                starts: stored.starts,
                producer_ids: stored.producer_ids,
            },
            Key::Quotas => {
                let limits = |limits: &BTreeMap<QuotaKey, f64>| {
                    limits.iter().map(|(key, limit)| (key.name().to_owned(), *limit)).collect()
                };
                Fact::Quotas(
                    self.limits.iter().map(|(entity, kept)| (entity.clone(), limits(kept))).collect(),
                )
            }
            Key::Features => {
                Fact::Features(self.features.iter().map(|it| (it.name.to_string(), it.level)).collect())
            }
            Key::NodeSettings => {
                let settings = self.node_settings.iter();
                Fact::NodeSettings(
                    settings.map(|(node, set)| (node.map(|node| node.0), set.clone())).collect(),
                )
            }
            Key::Topic(Id(id)) => {
                let topic = self.topics.get(*id)?;
                Fact::Topic { name: topic.name.to_string(), settings: topic.config.overrides().clone() }
            }
            Key::Partition(Id(id), index) => Fact::Partition(keep(self.topics.get(*id)?.partition(*index)?)),
            Key::Group(id) => Fact::Group(self.coordinators.groups.kept(id)?),
            Key::Member(group, id) => Fact::Member(self.coordinators.groups.kept_member(group, id)?),
            Key::Offset(group, topic, index) => Fact::Offset(offsets.get(group, topic, *index)?.into()),
            Key::PendingOffsets(group, producer) => {
                let topics = offsets.pending(group, ProducerId(*producer))?.iter();
                let kept = topics.flat_map(|(topic, offsets)| {
                    offsets.iter().map(move |(index, offset)| (topic.to_string(), *index, offset.into()))
                });
                Fact::PendingOffsets(kept.collect())
            }
            Key::Transaction(id) => Fact::Transaction(self.coordinators.transactions.get(id)?.kept()),
        })
    }

    /// Takes over what the journal knows of a key. A topic comes before its partitions, a group before its members.
    fn restore(
        &mut self,
        stored: &mut Stored,
        folders: &mut Folders,
        key: Key,
        fact: Fact,
        now: Instant,
    ) -> Result<(), StorageFailed> {
        let coordinators = &mut self.coordinators;
        match (key, fact) {
            (Key::Cluster, Fact::Cluster { id, starts, producer_ids }) => {
                self.cluster_id = id;
                stored.starts = starts + 1;
                // Each start draws other numbers, or topics would get the ids of earlier ones.
                self.random = Random::new(self.config.seed ^ starts.rotate_left(32));
                stored.producer_ids = producer_ids;
                self.next_producer_id = producer_ids;
            }
            (Key::Quotas, Fact::Quotas(quotas)) => {
                for (entity, limits) in quotas {
                    for key in QuotaKey::ALL {
                        if let Some(limit) = limits.get(key.name()) {
                            // Checked before it was kept.
                            drop(self.limits.set(entity.clone(), key, *limit));
                        }
                    }
                }
            }
            (Key::Features, Fact::Features(levels)) => {
                for (name, level) in levels {
                    // The cluster may act as another release now.
                    if self.features.get(&name).is_some_and(|known| known.supported.contains(level)) {
                        self.features.set(&name, level);
                    }
                }
            }
            (Key::NodeSettings, Fact::NodeSettings(settings)) => {
                for (node, settings) in settings {
                    // Checked before it was kept.
                    self.node_settings.set(node.map(BrokerId), settings);
                }
            }
            (Key::Topic(Id(id)), Fact::Topic { name, settings }) => {
                let config = TopicConfig::new(settings).map_err(|problem| {
                    stored.store.report(JOURNAL, format!("topic {name}: {problem}"));
                    StorageFailed
                })?;
                let name = TopicName(name.into());
                self.topics.insert(Topic { name, id, config, partitions: Vec::new() });
            }
            (Key::Partition(id, index), Fact::Partition(kept)) => {
                let topic = self.topics.get(id.0).ok_or(StorageFailed)?;
                let nodes: BTreeSet<BrokerId> = self.nodes.keys().copied().collect();
                let mut partition = Partition::new(kept.replicas.iter().copied().map(BrokerId).collect());
                let rule = topic.config.segment_rule();
                for replica in &mut partition.replicas {
                    let folder = folder(replica.node, &topic.name, index, id);
                    let files = folders.remove(&folder).unwrap_or_default();
                    let home = Home::new(Arc::clone(&stored.store), folder);
                    let mut log = PartitionLog::open(home, &files, rule)?;
                    // One that is not in sync may have had other epochs.
                    let agrees = kept.isr.contains(&replica.node.0);
                    let epochs = kept.epochs.iter().map(|(epoch, start)| (LeaderEpoch(*epoch), *start));
                    let epochs: Vec<_> = epochs.filter(|_| agrees).collect();
                    log.restore(kept.start_offset, &epochs)?;
                    *replica =
                        Replica { high_watermark: log.start_offset(), log, ..Replica::new(replica.node) };
                }
                partition.leader_epoch = LeaderEpoch(kept.leader_epoch);
                partition.isr = kept.isr.into_iter().map(BrokerId).collect();
                if partition.isr.iter().any(|node| nodes.contains(node)) {
                    partition.isr.retain(|node| nodes.contains(node));
                }
                partition.adding = kept.adding.into_iter().map(BrokerId).collect();
                partition.removing = kept.removing.into_iter().map(BrokerId).collect();
                if self.topics.extend(id.0, vec![partition]) != usize::try_from(index).ok() {
                    return Err(StorageFailed);
                }
            }
            (Key::Group(id), Fact::Group(kept)) => {
                let (groups, mut turn) = coordinators.groups(now);
                groups.restore(&mut turn, GroupId(id.into()), kept);
            }
            (Key::Member(group, id), Fact::Member(kept)) => {
                let (groups, mut turn) = coordinators.groups(now);
                groups.restore_member(&mut turn, &GroupId(group.into()), id.into(), kept);
            }
            (Key::Offset(group, topic, index), Fact::Offset(kept)) => {
                let (group, topic) = (GroupId(group.into()), TopicName(topic.into()));
                coordinators.offsets.commit(&group, &topic, index, kept.restored(now));
            }
            (Key::PendingOffsets(group, producer), Fact::PendingOffsets(kept)) => {
                let (group, producer) = (GroupId(group.into()), ProducerId(producer));
                for (topic, index, offset) in kept {
                    let topic = TopicName(topic.into());
                    coordinators.offsets.commit_in_transaction(
                        producer,
                        &group,
                        &topic,
                        index,
                        offset.restored(now),
                    );
                }
            }
            (Key::Transaction(id), Fact::Transaction(kept)) => {
                let (transactions, mut turn) = coordinators.transactions(now);
                transactions.restore(&mut turn, TransactionalId(id.into()), kept);
            }
            _ => return Err(StorageFailed),
        }
        Ok(())
    }

    /// Gives the replicas of a partition their place on disk, if there is one, and the topic's settings.
    pub(super) fn furnish(&mut self, id: TopicId, index: i32) {
        let Some(topic) = self.topics.get_mut(id) else { return };
        let (rule, name) = (topic.config.segment_rule(), topic.name.clone());
        let Some(partition) = topic.partition_mut(index) else { return };
        for replica in &mut partition.replicas {
            replica.log.set_segment_rule(rule);
            if let Some(stored) = self.stored.as_ref().filter(|_| !replica.log.is_on_disk()) {
                let folder = folder(replica.node, &name, index, Id(id));
                replica.log.settle_in(Home::new(Arc::clone(&stored.store), folder));
            }
        }
    }

    /// Nothing that is not on disk is said: the clients learn of it by the end of their connections.
    pub(super) fn withhold(&mut self) {
        for Output { connection, reply } in std::mem::take(&mut self.outputs) {
            let reply = match reply {
                Reply::Answer { .. } | Reply::Faulty { .. } => {
                    self.disconnect(connection);
                    Reply::Close(Close::StorageFailed)
                }
                Reply::Close(reason) => Reply::Close(reason),
            };
            self.outputs.push_back(Output { connection, reply });
        }
    }
}

/// The files of each folder, with their sizes.
type Folders = BTreeMap<String, BTreeMap<String, u64>>;

const NODE: &str = "node-";

/// Where a node keeps its log of a partition. With the topic's id, so that a topic that is created anew does not find
/// the records of the old one.
fn folder(node: BrokerId, topic: &TopicName, index: i32, id: Id) -> String {
    format!("{NODE}{node}/{topic}/{index}-{}", String::from(id))
}

fn keep(partition: &Partition) -> KeptPartition {
    let numbers = |nodes: &[BrokerId]| nodes.iter().map(|node| node.0).collect();
    // If nobody leads, one that is in sync knows as much.
    let known = partition.leading().or_else(|| partition.replica(*partition.isr.first()?));
    let epochs = known.map(|replica| replica.log.epoch_starts()).unwrap_or_default();
    KeptPartition {
        replicas: numbers(&partition.replica_nodes()),
        isr: numbers(&partition.isr),
        leader: partition.leader.0,
        leader_epoch: partition.leader_epoch.0,
        adding: numbers(&partition.adding),
        removing: numbers(&partition.removing),
        start_offset: known.map_or(0, |replica| replica.log.start_offset()),
        epochs: epochs.into_iter().map(|(epoch, start)| (epoch.0, start)).collect(),
    }
}

impl From<&CommittedOffset> for KeptOffset {
    fn from(committed: &CommittedOffset) -> Self {
        Self {
            offset: committed.offset,
            leader_epoch: committed.leader_epoch.0,
            metadata: committed.metadata.to_string(),
            at_us: Some(committed.at.as_micros()),
            expires_us: committed.expires.map(Instant::as_micros),
        }
    }
}

impl KeptOffset {
    fn restored(self, now: Instant) -> CommittedOffset {
        CommittedOffset {
            offset: self.offset,
            leader_epoch: LeaderEpoch(self.leader_epoch),
            metadata: self.metadata.into(),
            at: self.at_us.map_or(now, Instant::from_micros),
            expires: self.expires_us.map(Instant::from_micros),
        }
    }
}

impl From<TopicKey> for Key {
    fn from(key: TopicKey) -> Self {
        match key {
            TopicKey::Topic(id) => Self::Topic(Id(id)),
            TopicKey::Partition(id, index) => Self::Partition(Id(id), index),
        }
    }
}

impl From<GroupKey> for Key {
    fn from(key: GroupKey) -> Self {
        match key {
            GroupKey::Group(id) => Self::Group(id.to_string()),
            GroupKey::Member(group, id) => Self::Member(group.to_string(), id.to_string()),
        }
    }
}

impl From<OffsetKey> for Key {
    fn from(key: OffsetKey) -> Self {
        match key {
            OffsetKey::Committed(group, topic, index) => {
                Self::Offset(group.to_string(), topic.to_string(), index)
            }
            OffsetKey::Pending(group, producer) => Self::PendingOffsets(group.to_string(), producer.0),
        }
    }
}
