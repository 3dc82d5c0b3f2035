//! Fetch sessions (KIP-227): a client names only what has changed, and is answered only that.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use ottla_proto::messages::fetch::{FetchPartition, FetchRequest, PartitionData};
use ottla_proto::{ErrorCode, TopicId, TopicName};

use super::{Asked, AskedTopic};
use crate::Instant;
use crate::api::Call;
use crate::coordinator::own;

/// What a Fetch has to do with sessions.
#[derive(Clone, Copy, Debug)]
pub(super) enum Session {
    /// Nothing: the client wants none.
    None,
    /// The answer opens one if there is room.
    Opens,
    /// It continues one; `epoch` is what the session has from this request on.
    Continues { id: i32, epoch: i32 },
}

/// The sessions of one node.
#[derive(Debug, Default)]
pub(crate) struct FetchSessions {
    sessions: BTreeMap<i32, Cached>,
    partition_count: usize,
}

/// Whom a partition of a session is known by.
pub(super) type Key = (AskedTopic, i32);

#[derive(Debug)]
struct Cached {
    epoch: i32,
    uses_topic_ids: bool,
    created: Instant,
    last_used: Instant,
    /// In the order in which they are read. What brought records goes to the end, so that a full answer does not
    /// starve the partitions behind it.
    order: BTreeMap<u64, CachedPartition>,
    places: BTreeMap<Key, u64>,
    next_place: u64,
}

#[derive(Debug)]
struct CachedPartition {
    asked: Asked,
    /// What the client was told last.
    high_watermark: i64,
    log_start_offset: i64,
}

impl Session {
    /// The session's number as a Fetch answers it before one is opened.
    pub(super) fn id(self) -> i32 {
        match self {
            Self::Continues { id, .. } => id,
            Self::None | Self::Opens => NO_SESSION,
        }
    }
}

impl Asked {
    pub(super) fn key(&self) -> Key {
        (self.topic.clone(), self.partition.partition)
    }
}

impl FetchSessions {
    /// Finds out what the request means for its session, and all that it reads. Takes its topics.
    pub(super) fn open(
        &mut self,
        call: &Call,
        request: &mut FetchRequest,
    ) -> Result<(Session, Vec<Asked>), ErrorCode> {
        const CLOSES: i32 = -1;
        const OPENS: i32 = 0;
        let asked = named(request);
        if matches!(request.session_epoch, CLOSES | OPENS) {
            self.remove(request.session_id);
            let session = if request.session_epoch == OPENS { Session::Opens } else { Session::None };
            return Ok((session, asked));
        }
        let id = request.session_id;
        let session = self.sessions.get_mut(&id).ok_or(ErrorCode::FETCH_SESSION_ID_NOT_FOUND)?;
        if session.epoch != request.session_epoch {
            return Err(ErrorCode::INVALID_FETCH_SESSION_EPOCH);
        }
        if session.uses_topic_ids != uses_topic_ids(call) {
            return Err(ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR);
        }
        let before = session.order.len();
        for asked in asked {
            session.ask(asked);
        }
        for topic in std::mem::take(&mut request.forgotten_topics_data) {
            for partition in topic.partitions {
                session.forget(&(AskedTopic { name: topic.topic.clone(), id: topic.topic_id }, partition));
            }
        }
        let after = session.order.len();
        self.partition_count = self.partition_count + after - before;
        if after == 0 {
            self.remove(id);
            return Ok((Session::None, Vec::new()));
        }
        session.epoch = next_epoch(session.epoch);
        session.last_used = call.now;
        let continued = Session::Continues { id, epoch: session.epoch };
        let asked = session.order.values().map(|cached| cached.asked.clone()).collect();
        if self.partition_count > MOST_PARTITIONS {
            self.remove(id);
            return Err(ErrorCode::FETCH_SESSION_ID_NOT_FOUND);
        }
        Ok((continued, asked))
    }

    /// The partitions of a session, by name or id; none if there is no such session.
    pub(crate) fn partitions(&self, id: i32) -> impl Iterator<Item = (&TopicName, TopicId, i32)> {
        let places = self.sessions.get(&id).into_iter().flat_map(|cached| cached.places.keys());
        places.map(|(topic, partition)| (&topic.name, topic.id, *partition))
    }

    /// Which partitions the answer has to name.
    pub(super) fn select(
        &self,
        session: &Session,
        read: &[(Asked, PartitionData)],
    ) -> Result<BTreeSet<Key>, ErrorCode> {
        let all = || read.iter().map(|(asked, _)| asked.key()).collect();
        let Session::Continues { id, epoch } = session else { return Ok(all()) };
        let cached = self.sessions.get(id).filter(|cached| cached.epoch == *epoch);
        let cached = cached.ok_or(ErrorCode::INVALID_FETCH_SESSION_EPOCH)?;
        let news = read
            .iter()
            .filter(|(asked, data)| cached.get(&asked.key()).is_none_or(|known| known.is_news(data)));
        Ok(news.map(|(asked, _)| asked.key()).collect())
    }

    /// Notes what the client is told now. Returns the session's number.
    pub(super) fn answered(
        &mut self,
        session: &Session,
        call: &Call,
        read: &[(Asked, PartitionData)],
        random: u64,
    ) -> i32 {
        match session {
            Session::None => NO_SESSION,
            Session::Opens => self.create(call, read, random),
            Session::Continues { id, .. } => {
                if let Some(cached) = self.sessions.get_mut(id) {
                    read.iter().for_each(|(asked, data)| cached.told(&asked.key(), data));
                }
                *id
            }
        }
    }

    fn create(&mut self, call: &Call, read: &[(Asked, PartitionData)], random: u64) -> i32 {
        let has_room = self.partition_count + read.len() <= MOST_PARTITIONS;
        if !has_room || (self.sessions.len() >= MOST_SESSIONS && !self.evict(read.len(), call.now)) {
            return NO_SESSION;
        }
        let first = i32::try_from(random >> 33).unwrap_or_default().max(1);
        let Some(id) = (first..=i32::MAX).chain(1..first).find(|id| !self.sessions.contains_key(id)) else {
            return NO_SESSION;
        };
        let mut cached = Cached {
            epoch: next_epoch(0),
            uses_topic_ids: uses_topic_ids(call),
            created: call.now,
            last_used: call.now,
            order: BTreeMap::new(),
            places: BTreeMap::new(),
            next_place: 0,
        };
        for (asked, data) in read {
            cached.ask(asked.clone());
            if let Some(known) = cached.get_mut(&asked.key()) {
                known.note(data);
            }
        }
        self.partition_count += cached.order.len();
        self.sessions.insert(id, cached);
        id
    }

    /// Makes room as Kafka does: the least used session if it is stale, or an old one that is no larger.
    fn evict(&mut self, size: usize, now: Instant) -> bool {
        let is_over = |since: Instant| now.since(since) > EVICTABLE_AFTER;
        let stale = self.sessions.iter().min_by_key(|(id, cached)| (cached.last_used, **id));
        let stale = stale.filter(|(_, cached)| is_over(cached.last_used)).map(|(id, _)| *id);
        let small = || {
            let old = self.sessions.iter().filter(|(_, cached)| is_over(cached.created));
            let smallest = old.map(|(id, cached)| (cached.order.len(), *id)).min();
            smallest.filter(|(least, _)| size > *least).map(|(_, id)| id)
        };
        let Some(id) = stale.or_else(small) else { return false };
        self.remove(id);
        true
    }

    fn remove(&mut self, id: i32) {
        if let Some(cached) = self.sessions.remove(&id) {
            self.partition_count -= cached.order.len();
        }
    }
}

impl Cached {
    fn get(&self, key: &Key) -> Option<&CachedPartition> {
        self.order.get(self.places.get(key)?)
    }

    fn get_mut(&mut self, key: &Key) -> Option<&mut CachedPartition> {
        self.order.get_mut(self.places.get(key)?)
    }

    fn ask(&mut self, asked: Asked) {
        let key = asked.key();
        if let Some(known) = self.get_mut(&key) {
            known.asked = asked;
            return;
        }
        self.push(key, CachedPartition { asked, high_watermark: -1, log_start_offset: -1 });
    }

    fn forget(&mut self, key: &Key) {
        if let Some(place) = self.places.remove(key) {
            self.order.remove(&place);
        }
    }

    fn told(&mut self, key: &Key, data: &PartitionData) {
        let Some(known) = self.get_mut(key) else { return };
        known.note(data);
        if has_records(data)
            && let Some(place) = self.places.remove(key)
            && let Some(known) = self.order.remove(&place)
        {
            self.push(key.clone(), known);
        }
    }

    fn push(&mut self, key: Key, partition: CachedPartition) {
        self.places.insert(key, self.next_place);
        self.order.insert(self.next_place, partition);
        self.next_place += 1;
    }
}

impl CachedPartition {
    fn is_news(&self, data: &PartitionData) -> bool {
        has_records(data)
            || data.error_code != ErrorCode::NONE
            || data.high_watermark != self.high_watermark
            || data.log_start_offset != self.log_start_offset
            || !data.preferred_read_replica.is_none()
            || data.diverging_epoch.end_offset >= 0
    }

    fn note(&mut self, data: &PartitionData) {
        // After an error everything is news again.
        self.high_watermark = if data.error_code == ErrorCode::NONE { data.high_watermark } else { -1 };
        self.log_start_offset = data.log_start_offset;
    }
}

/// The partitions that the request names, taken out of it: each once, as it is named last. They may be kept for long, and
/// so keep nothing of the frame that they came in.
fn named(request: &mut FetchRequest) -> Vec<Asked> {
    let mut named: Vec<Asked> = Vec::new();
    let mut places = BTreeMap::new();
    for topic in std::mem::take(&mut request.topics) {
        let name = AskedTopic { name: TopicName(own(&topic.topic.0)), id: topic.topic_id };
        for partition in topic.partitions {
            let partition = FetchPartition { unknown_tagged_fields: Vec::new(), ..partition };
            let asked = Asked { topic: name.clone(), partition };
            let place = *places.entry(asked.key()).or_insert(named.len());
            match named.get_mut(place) {
                Some(earlier) => *earlier = asked,
                None => named.push(asked),
            }
        }
    }
    named
}

fn has_records(data: &PartitionData) -> bool {
    data.records.as_ref().is_some_and(|records: &Bytes| !records.is_empty())
}

fn uses_topic_ids(call: &Call) -> bool {
    call.version >= 13
}

/// After the largest number comes 1: 0 and -1 open and close.
fn next_epoch(epoch: i32) -> i32 {
    epoch.checked_add(1).filter(|next| *next > 0).unwrap_or(1)
}

const NO_SESSION: i32 = 0;
/// Kafka's default (`max.incremental.fetch.session.cache.slots`).
const MOST_SESSIONS: usize = 1000;
/// Bounds what all sessions of a node keep, where Kafka has no bound.
const MOST_PARTITIONS: usize = 1_000_000;
/// Kafka's default (`min.incremental.fetch.session.eviction.ms`).
const EVICTABLE_AFTER: Duration = Duration::from_secs(120);
