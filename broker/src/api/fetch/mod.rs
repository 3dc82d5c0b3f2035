//! `Fetch`, versions 4-18.
//!
//! By topic name up to version 12, by id from 13 on, in full or by session (KIP-227, `session.rs`). Byte limits as
//! in Kafka: per partition and in all, the last batch cut where they end, and the first batch of the answer whole
//! even if it is larger. A Fetch that finds fewer than `min_bytes` waits, at most `max_wait_ms`; an error or a new
//! leader ends the wait.
//!
//! Consumers see records up to the high watermark, or up to the last stable offset. The leader serves everybody;
//! from version 11 on each other replica does too, as far as it has come, and a leader of a cluster with
//! rack-aware replicas sends consumers to one in their rack (KIP-392). Leader epochs are checked (KIP-320), and so
//! is the epoch of what was fetched last from version 12 on: the answer says where the logs part (KIP-595). From
//! version 16 on `NOT_LEADER_OR_FOLLOWER` and `FENCED_LEADER_EPOCH` tell the leader (KIP-951).
//!
//! The bytes of the answer count against the client's `consumer_byte_rate`. A client over it, or over its request
//! quota, gets an empty
//! answer at once, which tells the throttle time and counts for nothing, and its connection is muted for as long;
//! a full Fetch gets no session then, and a session stays as it was. No answer is larger than what the whole quota
//! window allows.
//!
//! Gaps: requests of replicas are answered like those of consumers.

mod session;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use ottla_proto::messages::fetch::{
    AbortedTransaction, EpochEndOffset, FetchPartition, FetchRequest, FetchResponse, FetchableTopicResponse,
    LeaderIdAndEpoch, NodeEndpoint, PartitionData,
};
use ottla_proto::records::Batches;
use ottla_proto::wire::{Response, VersionRange};
use ottla_proto::{BrokerId, ErrorCode, TopicId, TopicName};

pub(crate) use session::FetchSessions;

use super::waiting::WaitingRequest;
use super::{Call, Handled, Incoming, check_epoch};
use crate::Instant;
use crate::coordinator::own;
use crate::engine::{Close, Engine, NodeAddress, Partition, Replica, Topics};
use crate::fault::{Reaction, Stage};
use crate::log::{self, EpochEnd, Unreadable};
use crate::quota::QuotaKey;
use session::Session;

pub(super) const VERSIONS: VersionRange = VersionRange::new(4, 18);

pub(super) fn handle(engine: &mut Engine, incoming: Incoming<FetchRequest>) -> Result<Handled, Close> {
    let Incoming { call, mut request } = incoming;
    let opened = match engine.fetch_sessions(call.node) {
        Some(sessions) => sessions.open(&call, &mut request),
        None => Err(ErrorCode::BROKER_NOT_AVAILABLE),
    };
    let (session, asked) = match opened {
        Ok(opened) => opened,
        Err(error_code) => {
            let refused = FetchResponse { error_code, ..FetchResponse::default() };
            return call.answer_throttled(engine, refused);
        }
    };
    if let Some(error_code) = session_error(&call) {
        return call.answer_throttled(engine, FetchResponse { error_code, ..FetchResponse::default() });
    }
    let max_wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or_default());
    let deadline = call.now + max_wait.min(engine.config.fetch_max_wait);
    let wanted = Wanted {
        min_bytes: size(request.min_bytes),
        max_bytes: size(request.max_bytes),
        read_committed: request.isolation_level == READ_COMMITTED,
        rack_id: own(&request.rack_id),
    };
    let fetch = WaitingFetch { call, wanted, session, asked };
    if max_wait.is_zero() || fetch.is_ready(engine) {
        return fetch.answer(engine);
    }
    let watching = fetch.asked.iter().filter_map(|asked| {
        Some((asked.topic.id(&engine.topics, fetch.call.version).ok()?, asked.partition.partition))
    });
    let watching = watching.collect();
    engine.waiting.insert(fetch.call.connection, WaitingRequest::Fetch(fetch), deadline, watching);
    Ok(Handled::Waiting)
}

/// A topic as a Fetch names it: by name or by id, the other being empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct AskedTopic {
    name: TopicName,
    id: TopicId,
}

/// A partition that a Fetch wants to read.
#[derive(Clone, Debug)]
struct Asked {
    topic: AskedTopic,
    partition: FetchPartition,
}

impl AskedTopic {
    fn id(&self, topics: &Topics, version: i16) -> Result<TopicId, ErrorCode> {
        match version {
            ..=12 => topics.id(&self.name).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
            _ => topics.get(self.id).map(|topic| topic.id).ok_or(ErrorCode::UNKNOWN_TOPIC_ID),
        }
    }
}

/// What a Fetch says of all that it reads.
#[derive(Debug)]
struct Wanted {
    min_bytes: usize,
    max_bytes: usize,
    read_committed: bool,
    rack_id: ByteString,
}

/// A Fetch, and what of its session it needs. Nothing of its frame, so that those who wait cost little.
#[derive(Debug)]
pub(super) struct WaitingFetch {
    call: Call,
    wanted: Wanted,
    session: Session,
    asked: Vec<Asked>,
}

impl WaitingFetch {
    /// Whether there is enough to read, or something else to tell, or nothing to wait for.
    pub(super) fn is_ready(&self, engine: &Engine) -> bool {
        let needed = self.wanted.min_bytes.min(self.max_bytes(engine)) as u64;
        let mut available = 0;
        for asked in &self.asked {
            let Ok(Found::Here(replica)) = self.find(engine, asked) else { return true };
            let limit = replica.visible_end(self.is_read_committed());
            let offset = asked.partition.fetch_offset;
            let Ok(bytes) = replica.log.bytes_from(offset, limit) else { return true };
            if offset > limit {
                return true;
            }
            available += bytes.min(size(asked.partition.partition_max_bytes) as u64);
        }
        available >= needed || self.asked.is_empty()
    }

    pub(super) fn finish(mut self, engine: &mut Engine, now: Instant) -> Result<Handled, Close> {
        self.call.now = now;
        self.answer(engine)
    }

    fn answer(&self, engine: &mut Engine) -> Result<Handled, Close> {
        let Self { call, session, .. } = self;
        let read = self.read(engine);
        let sessions = engine.fetch_sessions(call.node).ok_or(Close::NodeStopped)?;
        let chosen = match sessions.select(session, &read.partitions) {
            Ok(chosen) => chosen,
            Err(error_code) => {
                let session_id = session.id();
                let refused = FetchResponse { error_code, session_id, ..FetchResponse::default() };
                return call.answer_throttled(engine, refused);
            }
        };
        let mut response = FetchResponse {
            session_id: session.id(),
            responses: by_topic(read.partitions.iter().filter(|(asked, _)| chosen.contains(&asked.key()))),
            node_endpoints: read.endpoints,
            ..FetchResponse::default()
        };
        let mut frame = call.encode(call.version, &response)?;
        // Kafka counts the fixed part of the header and the message, not the header's tagged fields.
        let tagged_fields = usize::from(FetchResponse::header_version(call.version) > 0);
        let size = frame.len().saturating_sub(tagged_fields);
        let over_bytes = engine.record_bytes(QuotaKey::ConsumerByteRate, call, size);
        let throttle_time_ms = over_bytes.max(engine.record_request(call));
        engine.note_throttle(call, throttle_time_ms);
        if throttle_time_ms > 0 && !engine.config.delay_throttled_answers {
            engine.take_back_bytes(QuotaKey::ConsumerByteRate, call, size);
            let session_id = session.id();
            let empty = FetchResponse { throttle_time_ms, session_id, ..FetchResponse::default() };
            return call.answer(&empty, throttle_time_ms);
        }
        let random = engine.random_number();
        let sessions = engine.fetch_sessions(call.node).ok_or(Close::NodeStopped)?;
        let session_id = sessions.answered(session, call, &read.partitions, random);
        if session_id != response.session_id || throttle_time_ms > 0 {
            (response.session_id, response.throttle_time_ms) = (session_id, throttle_time_ms);
            frame = call.encode(call.version, &response)?;
        }
        call.answer_encoded(frame, throttle_time_ms)
    }

    fn read(&self, engine: &Engine) -> Read {
        let mut leaders = BTreeSet::new();
        let mut room = self.max_bytes(engine);
        let mut nothing_yet = true;
        let mut partitions = Vec::with_capacity(self.asked.len());
        for asked in &self.asked {
            let data = match self.read_partition(engine, asked, room, nothing_yet) {
                Ok(data) => data,
                Err(failed) => self.failure(asked.partition.partition, &failed, &mut leaders),
            };
            let read = data.records.as_ref().map_or(0, Bytes::len);
            room = room.saturating_sub(read);
            nothing_yet &= read == 0;
            partitions.push((asked.clone(), data));
        }
        let addresses = leaders.into_iter().filter_map(|leader| engine.address(leader));
        Read { partitions, endpoints: addresses.map(endpoint).collect() }
    }

    /// The aborted transactions of what a reader of committed records may be given.
    fn aborted(&self, asked: &Asked, replica: &Replica) -> Vec<AbortedTransaction> {
        let tell = |aborted: log::AbortedTransaction| AbortedTransaction {
            producer_id: aborted.producer_id,
            first_offset: aborted.first_offset,
            ..AbortedTransaction::default()
        };
        let found = replica.log.aborted(asked.partition.fetch_offset, replica.last_stable_offset());
        found.into_iter().map(tell).collect()
    }

    fn read_partition<'a>(
        &self,
        engine: &'a Engine,
        asked: &Asked,
        room: usize,
        first_whole: bool,
    ) -> Result<PartitionData, Failed<'a>> {
        let found = self.find(engine, asked)?;
        let replica = found.replica();
        let mut data = PartitionData {
            partition_index: asked.partition.partition,
            high_watermark: replica.high_watermark,
            last_stable_offset: replica.last_stable_offset(),
            log_start_offset: if self.call.version >= 5 { replica.log.start_offset() } else { -1 },
            aborted_transactions: self.is_read_committed().then(|| self.aborted(asked, replica)),
            records: Some(Bytes::new()),
            ..PartitionData::default()
        };
        match found {
            Found::Elsewhere(_, preferred) => data.preferred_read_replica = preferred,
            Found::Diverging(_, EpochEnd { epoch, end_offset }) => {
                data.diverging_epoch =
                    EpochEndOffset { epoch: epoch.0, end_offset, ..EpochEndOffset::default() };
            }
            Found::Here(replica) => {
                let max_bytes = size(asked.partition.partition_max_bytes).min(room);
                let limit = replica.visible_end(self.is_read_committed());
                let offset = asked.partition.fetch_offset;
                let records = replica.log.read(offset, limit, max_bytes, first_whole);
                let records = records.map_err(|why| match why {
                    Unreadable::OutOfRange => ErrorCode::OFFSET_OUT_OF_RANGE,
                    Unreadable::Storage => ErrorCode::KAFKA_STORAGE_ERROR,
                })?;
                let name = asked.topic.id(&engine.topics, self.call.version)?;
                let name = engine.topics.get(name).map_or("", |topic| &*topic.name);
                data.records = Some(match self.call.faults.corrupts(name, data.partition_index) {
                    true => corrupted(&records),
                    false => records,
                });
            }
        }
        Ok(data)
    }

    /// The replica on this node, or why it does not serve this.
    fn find<'a>(&self, engine: &'a Engine, asked: &Asked) -> Result<Found<'a>, Failed<'a>> {
        let id = asked.topic.id(&engine.topics, self.call.version)?;
        let partition = engine.topics.get(id).and_then(|topic| topic.partition(asked.partition.partition));
        let partition = partition.ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
        let failed = |code| Failed { code, partition: Some(partition) };
        if !self.call.faults.is_empty() {
            let name = engine.topics.get(id).map_or("", |topic| &*topic.name);
            let index = asked.partition.partition;
            let error = |stage| self.call.faults.error(stage, name, index);
            if let Some(code) = error(Stage::Before).or_else(|| error(Stage::After)) {
                return Err(failed(code));
            }
        }
        check_epoch(partition, asked.partition.current_leader_epoch).map_err(failed)?;
        const FIRST_FROM_FOLLOWERS: i16 = 11;
        let is_leader = partition.leader == self.call.node;
        let replica = partition.replica(self.call.node);
        let replica = replica.filter(|_| is_leader || self.call.version >= FIRST_FROM_FOLLOWERS);
        let replica = replica.ok_or(failed(ErrorCode::NOT_LEADER_OR_FOLLOWER))?;
        if is_leader && let Some(preferred) = self.preferred(engine, partition, asked) {
            return Ok(Found::Elsewhere(replica, preferred));
        }
        if asked.partition.last_fetched_epoch.is_none() {
            return Ok(Found::Here(replica));
        }
        let end = replica.log.epoch_end(asked.partition.last_fetched_epoch);
        let end = end.ok_or(failed(ErrorCode::OFFSET_OUT_OF_RANGE))?;
        let offset = asked.partition.fetch_offset;
        if offset < replica.log.start_offset() {
            return Err(failed(ErrorCode::OFFSET_OUT_OF_RANGE));
        }
        let diverges = end.epoch < asked.partition.last_fetched_epoch || end.end_offset < offset;
        Ok(if diverges { Found::Diverging(replica, end) } else { Found::Here(replica) })
    }

    /// The replica that the consumer had better read from: the best one of its rack, unless the leader is there.
    fn preferred(&self, engine: &Engine, partition: &Partition, asked: &Asked) -> Option<BrokerId> {
        let rack = &*self.wanted.rack_id;
        if !engine.config.rack_aware_replicas || rack.is_empty() {
            return None;
        }
        let is_near = |node: BrokerId| {
            engine.is_registered(node)
                && engine.address(node).is_some_and(|address| address.rack.as_deref() == Some(rack))
        };
        if is_near(partition.leader) {
            return None;
        }
        let offset = asked.partition.fetch_offset;
        let has_it = |replica: &&Replica| {
            partition.is_in_sync(replica.node)
                && (replica.log.start_offset()..=replica.log.end_offset()).contains(&offset)
        };
        let near = partition.replicas.iter().filter(|replica| is_near(replica.node)).filter(has_it);
        near.max_by_key(|replica| (replica.log.end_offset(), replica.node)).map(|replica| replica.node)
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
        // Kafka says so of what it does not even look up.
        let unknown =
            matches!(failed.code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION | ErrorCode::UNKNOWN_TOPIC_ID);
        let aborted_transactions = unknown.then(Vec::new);
        PartitionData {
            partition_index: index,
            error_code: failed.code,
            high_watermark: -1,
            current_leader,
            aborted_transactions,
            records: Some(Bytes::new()),
            ..PartitionData::default()
        }
    }

    fn max_bytes(&self, engine: &Engine) -> usize {
        let quota = engine.most_at_once(QuotaKey::ConsumerByteRate, &self.call);
        self.wanted.max_bytes.min(engine.config.fetch_max_bytes).min(quota)
    }

    fn is_read_committed(&self) -> bool {
        self.wanted.read_committed
    }
}

/// What was read, in the order of the request or the session.
struct Read {
    partitions: Vec<(Asked, PartitionData)>,
    endpoints: Vec<NodeEndpoint>,
}

/// A replica, and what a reader is told.
enum Found<'a> {
    Here(&'a Replica),
    /// To read from another one.
    Elsewhere(&'a Replica, BrokerId),
    /// That what it read last is not in this log.
    Diverging(&'a Replica, EpochEnd),
}

impl<'a> Found<'a> {
    fn replica(&self) -> &'a Replica {
        match self {
            Self::Here(replica) | Self::Elsewhere(replica, _) | Self::Diverging(replica, _) => replica,
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

/// An error that a fault wants and that only the answer as a whole can tell.
fn session_error(call: &Call) -> Option<ErrorCode> {
    let about_sessions = |code: &ErrorCode| {
        matches!(
            *code,
            ErrorCode::FETCH_SESSION_ID_NOT_FOUND
                | ErrorCode::INVALID_FETCH_SESSION_EPOCH
                | ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR
        )
    };
    let wanted = call.faults.all().filter_map(|hit| match hit.fault.then {
        Reaction::Error { code } => Some(code),
        _ => None,
    });
    wanted.into_iter().find(about_sessions)
}

/// The records with the last bit of their first batch turned, which its checksum covers.
fn corrupted(records: &Bytes) -> Bytes {
    let mut bytes = records.to_vec();
    let first = Batches::new(records.clone()).next().and_then(Result::ok);
    let size = first.map_or(bytes.len(), |batch| batch.header().size);
    if let Some(last) = size.checked_sub(1).and_then(|last| bytes.get_mut(last)) {
        *last ^= 1;
    }
    bytes.into()
}

/// One entry for each topic, topics and partitions in the order in which they first come.
fn by_topic<'a>(read: impl Iterator<Item = &'a (Asked, PartitionData)>) -> Vec<FetchableTopicResponse> {
    let mut places = BTreeMap::new();
    let mut topics: Vec<FetchableTopicResponse> = Vec::new();
    for (asked, data) in read {
        let place = *places.entry(&asked.topic).or_insert(topics.len());
        if place == topics.len() {
            topics.push(FetchableTopicResponse {
                topic: asked.topic.name.clone(),
                topic_id: asked.topic.id,
                ..FetchableTopicResponse::default()
            });
        }
        if let Some(topic) = topics.get_mut(place) {
            topic.partitions.push(data.clone());
        }
    }
    topics
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
