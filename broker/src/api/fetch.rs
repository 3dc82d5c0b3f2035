//! `Fetch`, versions 4-18.
//!
//! By topic name up to version 12, by id from 13 on. Byte limits as in Kafka: per partition and in all, the last
//! batch cut where they end, and the first batch of the answer whole even if it is larger. A Fetch that finds
//! fewer than `min_bytes` waits, at most `max_wait_ms`; an error or a new leader ends the wait. Leader epochs are
//! checked (KIP-320); from version 16 on `NOT_LEADER_OR_FOLLOWER` and `FENCED_LEADER_EPOCH` tell the leader
//! (KIP-951).
//!
//! The bytes of the answer count against the client's `consumer_byte_rate`. A client over its limit gets an empty
//! answer at once, which tells the throttle time and counts for nothing, and its connection is muted for as long.
//! No answer is larger than what the whole quota window allows.
//!
//! Gaps: no fetch sessions (each answer has session id 0, which makes clients send full requests), no fetching
//! from followers, no divergence check by `last_fetched_epoch`, no transactions (both isolation levels see the
//! same), requests of replicas are answered like those of consumers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ottla_proto::messages::fetch::{
    FetchPartition, FetchRequest, FetchResponse, FetchTopic, FetchableTopicResponse, LeaderIdAndEpoch,
    NodeEndpoint, PartitionData,
};
use ottla_proto::wire::{Response, VersionRange};
use ottla_proto::{BrokerId, ErrorCode, TopicId};

use super::{Call, Handled, Incoming, check_leader, throttle};
use crate::Instant;
use crate::engine::{Close, ConnectionId, Engine, NodeAddress, Partition, Topics};
use crate::quota::QuotaKey;

pub(super) const VERSIONS: VersionRange = VersionRange::new(4, 18);

pub(super) fn handle(engine: &mut Engine, incoming: Incoming<FetchRequest>) -> Result<Handled, Close> {
    let Incoming { call, request } = incoming;
    if request.session_epoch > 0 {
        let error_code = ErrorCode::FETCH_SESSION_ID_NOT_FOUND;
        return call.answer(&FetchResponse { error_code, ..FetchResponse::default() }, 0);
    }
    let max_wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or_default());
    let deadline = call.now + max_wait.min(engine.config.fetch_max_wait);
    let fetch = WaitingFetch { call, request, deadline, watching: Vec::new() };
    if max_wait.is_zero() || fetch.is_ready(engine) {
        return fetch.answer(engine);
    }
    engine.waiting.insert(&engine.topics, fetch);
    Ok(Handled::Waiting)
}

/// Answers the waiting Fetches that a change has made ready.
pub(crate) fn wake(engine: &mut Engine, now: Instant) {
    while let Some(partition) = engine.waiting.changed.pop_first() {
        let watchers = engine.waiting.watchers.get(&partition).cloned().unwrap_or_default();
        for connection in watchers {
            if engine.waiting.fetches.get(&connection).is_some_and(|fetch| fetch.is_ready(engine)) {
                finish(engine, connection, now);
            }
        }
    }
}

/// Answers the Fetches that have waited long enough.
pub(crate) fn expire(engine: &mut Engine, now: Instant) {
    while let Some(&(deadline, connection)) = engine.waiting.deadlines.first()
        && deadline <= now
    {
        finish(engine, connection, now);
    }
}

fn finish(engine: &mut Engine, connection: ConnectionId, now: Instant) {
    let Some(mut fetch) = engine.waiting.remove(connection) else { return };
    fetch.call.now = now;
    match fetch.answer(engine) {
        Ok(Handled::Answered { frame, muted_until }) => engine.answer(connection, frame, muted_until),
        Ok(Handled::Waiting) => {}
        Err(reason) => engine.close(connection, reason),
    }
}

/// The Fetches that wait for records; at most one for each connection.
#[derive(Debug, Default)]
pub(crate) struct WaitingFetches {
    fetches: BTreeMap<ConnectionId, WaitingFetch>,
    deadlines: BTreeSet<(Instant, ConnectionId)>,
    watchers: BTreeMap<(TopicId, i32), BTreeSet<ConnectionId>>,
    changed: BTreeSet<(TopicId, i32)>,
}

impl WaitingFetches {
    /// Something happened to a partition that may end a wait.
    pub(crate) fn changed(&mut self, topic: TopicId, partition: i32) {
        if self.watchers.contains_key(&(topic, partition)) {
            self.changed.insert((topic, partition));
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    pub(crate) fn remove(&mut self, connection: ConnectionId) -> Option<WaitingFetch> {
        let fetch = self.fetches.remove(&connection)?;
        self.deadlines.remove(&(fetch.deadline, connection));
        for watched in &fetch.watching {
            if let Some(watchers) = self.watchers.get_mut(watched) {
                watchers.remove(&connection);
                if watchers.is_empty() {
                    self.watchers.remove(watched);
                }
            }
        }
        Some(fetch)
    }

    fn insert(&mut self, topics: &Topics, mut fetch: WaitingFetch) {
        let connection = fetch.call.connection;
        let watch = |(topic, asked): (&FetchTopic, &FetchPartition)| {
            Some((fetch.topic_id(topics, topic).ok()?, asked.partition))
        };
        fetch.watching = fetch.partitions().filter_map(watch).collect();
        for watched in &fetch.watching {
            self.watchers.entry(*watched).or_default().insert(connection);
        }
        self.deadlines.insert((fetch.deadline, connection));
        self.fetches.insert(connection, fetch);
    }
}

/// A Fetch and how long it may wait.
#[derive(Debug)]
pub(crate) struct WaitingFetch {
    call: Call,
    request: FetchRequest,
    deadline: Instant,
    watching: Vec<(TopicId, i32)>,
}

impl WaitingFetch {
    fn partitions(&self) -> impl Iterator<Item = (&FetchTopic, &FetchPartition)> {
        self.request.topics.iter().flat_map(|topic| topic.partitions.iter().map(move |asked| (topic, asked)))
    }

    fn topic_id(&self, topics: &Topics, topic: &FetchTopic) -> Result<TopicId, ErrorCode> {
        match self.call.version {
            ..=12 => topics.id(&topic.topic).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
            _ => topics.get(topic.topic_id).map(|topic| topic.id).ok_or(ErrorCode::UNKNOWN_TOPIC_ID),
        }
    }

    fn find<'a>(
        &self,
        topics: &'a Topics,
        topic: &FetchTopic,
        asked: &FetchPartition,
    ) -> Result<&'a Partition, Failed<'a>> {
        let id = self.topic_id(topics, topic)?;
        let partition = topics.get(id).and_then(|topic| topic.partition(asked.partition));
        let partition = partition.ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
        check_leader(&self.call, partition, asked.current_leader_epoch)
            .map_err(|code| Failed { code, partition: Some(partition) })?;
        Ok(partition)
    }

    /// Whether there is enough to read, or an error to tell, or nothing to wait for.
    fn is_ready(&self, engine: &Engine) -> bool {
        let needed = size(self.request.min_bytes).min(self.max_bytes(engine)) as u64;
        let mut available = 0;
        for (topic, asked) in self.partitions() {
            let found = self.find(&engine.topics, topic, asked);
            let Ok(Ok(bytes)) = found.map(|partition| partition.log.bytes_from(asked.fetch_offset)) else {
                return true;
            };
            available += bytes.min(size(asked.partition_max_bytes) as u64);
        }
        available >= needed || self.request.topics.is_empty()
    }

    fn max_bytes(&self, engine: &Engine) -> usize {
        let quota = engine.most_at_once(self.call.node, QuotaKey::ConsumerByteRate, self.call.client());
        size(self.request.max_bytes).min(engine.config.fetch_max_bytes).min(quota)
    }

    fn answer(&self, engine: &mut Engine) -> Result<Handled, Close> {
        let Self { call, .. } = self;
        let frame = call.encode(call.version, &self.read(engine))?;
        // Kafka counts the fixed part of the header and the message, not the header's tagged fields.
        let tagged_fields = usize::from(FetchResponse::header_version(call.version) > 0);
        let size = frame.len().saturating_sub(tagged_fields);
        let limited = QuotaKey::ConsumerByteRate;
        let throttle_time_ms = engine.record_quota(call.node, limited, call.client(), size, call.now);
        if throttle_time_ms == 0 {
            return call.answer_encoded(frame, 0);
        }
        engine.take_back_quota(call.node, limited, call.client(), size, call.now);
        engine.stats.throttle(&call.client_id, throttle(throttle_time_ms));
        call.answer(&FetchResponse { throttle_time_ms, ..FetchResponse::default() }, throttle_time_ms)
    }

    fn read(&self, engine: &Engine) -> FetchResponse {
        let mut leaders = BTreeSet::new();
        let mut room = self.max_bytes(engine);
        let mut nothing_yet = true;
        let mut responses = Vec::with_capacity(self.request.topics.len());
        for topic in &self.request.topics {
            let mut partitions = Vec::with_capacity(topic.partitions.len());
            for asked in &topic.partitions {
                let data = match self.read_partition(&engine.topics, topic, asked, room, nothing_yet) {
                    Ok(data) => data,
                    Err(failed) => self.failure(asked.partition, &failed, &mut leaders),
                };
                let read = data.records.as_ref().map_or(0, bytes::Bytes::len);
                room = room.saturating_sub(read);
                nothing_yet &= read == 0;
                partitions.push(data);
            }
            responses.push(FetchableTopicResponse {
                topic: topic.topic.clone(),
                topic_id: topic.topic_id,
                partitions,
                ..FetchableTopicResponse::default()
            });
        }
        let addresses = leaders.into_iter().filter_map(|leader| engine.address(leader));
        FetchResponse {
            responses,
            node_endpoints: addresses.map(endpoint).collect(),
            ..FetchResponse::default()
        }
    }

    fn read_partition<'a>(
        &self,
        topics: &'a Topics,
        topic: &FetchTopic,
        asked: &FetchPartition,
        room: usize,
        first_whole: bool,
    ) -> Result<PartitionData, Failed<'a>> {
        let partition = self.find(topics, topic, asked)?;
        let log = &partition.log;
        let max_bytes = size(asked.partition_max_bytes).min(room);
        let records = log
            .read(asked.fetch_offset, max_bytes, first_whole)
            .map_err(|_| ErrorCode::OFFSET_OUT_OF_RANGE)?;
        Ok(PartitionData {
            partition_index: asked.partition,
            high_watermark: log.end_offset(),
            last_stable_offset: log.end_offset(),
            log_start_offset: if self.call.version >= 5 { log.start_offset() } else { -1 },
            aborted_transactions: (self.request.isolation_level == READ_COMMITTED).then(Vec::new),
            records: Some(records),
            ..PartitionData::default()
        })
    }

    fn failure(&self, index: i32, failed: &Failed<'_>, leaders: &mut BTreeSet<BrokerId>) -> PartitionData {
        let stale = matches!(failed.code, ErrorCode::NOT_LEADER_OR_FOLLOWER | ErrorCode::FENCED_LEADER_EPOCH);
        let current_leader = match failed.partition.filter(|_| stale && self.call.version >= 16) {
            Some(partition) => {
                leaders.insert(partition.leader);
                LeaderIdAndEpoch {
                    leader_id: partition.leader,
                    leader_epoch: partition.leader_epoch,
                    ..LeaderIdAndEpoch::default()
                }
            }
            None => LeaderIdAndEpoch::default(),
        };
        PartitionData {
            partition_index: index,
            error_code: failed.code,
            high_watermark: -1,
            current_leader,
            aborted_transactions: None,
            records: Some(bytes::Bytes::new()),
            ..PartitionData::default()
        }
    }
}

/// Why a partition cannot be read, and the partition if there is one.
struct Failed<'a> {
    code: ErrorCode,
    partition: Option<&'a Partition>,
}

impl From<ErrorCode> for Failed<'_> {
    fn from(code: ErrorCode) -> Self {
        Self { code, partition: None }
    }
}

fn endpoint(address: &NodeAddress) -> NodeEndpoint {
    NodeEndpoint {
        node_id: address.id,
        host: address.host.as_str().into(),
        port: address.port.into(),
        rack: address.rack.as_deref().map(Into::into),
        ..NodeEndpoint::default()
    }
}

fn size(bytes: i32) -> usize {
    usize::try_from(bytes).unwrap_or_default()
}

const READ_COMMITTED: i8 = 1;
