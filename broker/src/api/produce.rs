//! `Produce`, versions 3-13; ApiVersions lists it from 0 on, see there.
//!
//! One batch of format 2 for each partition, checked as Kafka checks it, appended with its bytes as they came, or
//! with its records compressed anew where the topic's `compression.type` names another codec; acks 0, 1 and -1. With -1 the answer waits until all in-sync replicas have the records, at most `timeout_ms`
//! (`REQUEST_TIMED_OUT`); fewer of them than `min.insync.replicas` is `NOT_ENOUGH_REPLICAS` before the append and
//! `NOT_ENOUGH_REPLICAS_AFTER_APPEND` behind it. Idempotent batches are checked
//! against the last five of their producer. The bytes of the whole request count against the client's
//! `producer_byte_rate`: the answer goes out at once and tells the throttle time, and the connection is muted for
//! as long, in every version. Without acks there is no answer, but the mute stays, and the request quota does not
//! count it; a failure closes the connection. On `NOT_LEADER_OR_FOLLOWER` version 10 and later tell the leader (KIP-951).
//!
//! Kafka's internal topics take nothing (`INVALID_TOPIC_EXCEPTION`).
//!
//! A transactional batch must belong to the running transaction of its producer: up to version 11 its partition
//! must have been added (KIP-890's verification), from version 12 on it is added by the write.
//!
//! Gaps: lz4 has one level, whatever `compression.lz4.level` says. Stricter than Kafka: a batch with gaps between its offsets is
//! refused, not renumbered; one that claims a log append time is refused, where a topic of create time ignores it;
//! an unknown codec is called so, and no unknown server error. More errors come with a text.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use ottla_proto::messages::produce::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceData,
    PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceResponse,
};
use ottla_proto::records::BatchHeader;
use ottla_proto::wire::VersionRange;
use ottla_proto::{BrokerId, ErrorCode, TopicId, TopicName, TransactionalId};

use super::waiting::WaitingRequest;
use super::{Call, Handled, Incoming};
use crate::Instant;
use crate::coordinator::{Coordinators, Producer, Target, is_internal, own};
use crate::engine::{Close, Engine, NodeAddress, Partition, Topic};
use crate::fault::Stage;
use crate::log::{Appended, Refused, only_batch};
use crate::quota::QuotaKey;

pub(super) const VERSIONS: VersionRange = VersionRange::new(3, 13);

pub(super) fn handle(engine: &mut Engine, incoming: Incoming<ProduceRequest>) -> Result<Handled, Close> {
    let Incoming { call, request } = incoming;
    let acks = request.acks;
    let mut response = ProduceResponse::default();
    let (mut place, mut awaited) = (0, Vec::new());
    for topic in request.topic_data {
        let id = match call.version {
            ..=12 => engine.topics.id(&topic.name).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
            _ => engine.topics.get(topic.topic_id).map(|topic| topic.id).ok_or(ErrorCode::UNKNOWN_TOPIC_ID),
        };
        let asked = Asked { acks, transactional_id: request.transactional_id.as_ref() };
        let mut append = |data| {
            place += 1;
            append(engine, &call, asked, id, data, place - 1, &mut awaited)
        };
        response.responses.push(TopicProduceResponse {
            // The answer may come late, and is not to keep the records in memory until then.
            name: TopicName(own(&topic.name.0)),
            topic_id: topic.topic_id,
            partition_responses: topic.partition_data.into_iter().map(&mut append).collect(),
            ..TopicProduceResponse::default()
        });
    }
    if acks != ALL {
        awaited.clear();
    }
    let timeout = Duration::from_millis(u64::try_from(request.timeout_ms).unwrap_or_default());
    let deadline = call.now + timeout.min(engine.config.produce_max_wait);
    let mut produce = WaitingProduce { call, acks, response, awaited };
    if produce.is_ready(engine) || timeout.is_zero() {
        return produce.answer(engine);
    }
    let watching = produce.awaited.iter().map(|awaited| (awaited.topic, awaited.index)).collect();
    engine.waiting.insert(produce.call.connection, WaitingRequest::Produce(produce), deadline, watching);
    Ok(Handled::Waiting)
}

/// A Produce that has been appended, and what must be committed before its answer.
#[derive(Debug)]
pub(super) struct WaitingProduce {
    call: Call,
    acks: i16,
    /// What the answer says of each partition if that succeeds.
    response: ProduceResponse,
    awaited: Vec<Awaited>,
}

#[derive(Debug)]
struct Awaited {
    topic: TopicId,
    index: i32,
    /// The offset that the high watermark must reach.
    offset: i64,
    /// Which of all partitions of the answer it is, counted over all its topics.
    place: usize,
    /// What became of the records, once that was seen. Others may still be waited for, while the leader or the topic goes.
    outcome: Option<ErrorCode>,
}

impl Awaited {
    /// What became of the records; `None` as long as replicas lack some.
    fn look(&self, engine: &Engine, node: BrokerId) -> Option<ErrorCode> {
        let Some(topic) = engine.topics.get(self.topic) else {
            return Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        };
        let partition = topic.partition(self.index)?;
        let Some(leader) = partition.leading().filter(|leader| leader.node == node) else {
            return Some(ErrorCode::NOT_LEADER_OR_FOLLOWER);
        };
        if leader.high_watermark < self.offset {
            return None;
        }
        let too_few = partition.is_under_min_isr(topic.config.min_insync_replicas);
        Some(if too_few { ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND } else { ErrorCode::NONE })
    }
}

impl WaitingProduce {
    pub(super) fn is_ready(&mut self, engine: &Engine) -> bool {
        for awaited in &mut self.awaited {
            awaited.outcome = awaited.outcome.or_else(|| awaited.look(engine, self.call.node));
        }
        self.awaited.iter().all(|awaited| awaited.outcome.is_some())
    }

    pub(super) fn finish(mut self, engine: &mut Engine, now: Instant) -> Result<Handled, Close> {
        self.call.now = now;
        self.is_ready(engine);
        self.answer(engine)
    }

    fn answer(mut self, engine: &mut Engine) -> Result<Handled, Close> {
        for awaited in &self.awaited {
            let error_code = awaited.outcome.unwrap_or(ErrorCode::REQUEST_TIMED_OUT);
            let mut partitions = self.response.responses.iter_mut().flat_map(|t| &mut t.partition_responses);
            if let Some(partition) = partitions.nth(awaited.place).filter(|_| error_code != ErrorCode::NONE) {
                *partition = PartitionProduceResponse {
                    index: awaited.index,
                    error_code,
                    base_offset: -1,
                    ..PartitionProduceResponse::default()
                };
            }
        }
        let Self { call, acks, mut response, .. } = self;
        if !call.faults.is_empty() {
            pretend_to_fail(engine, &call, &mut response);
        }
        response.node_endpoints = leaders(engine, &response);

        response.throttle_time_ms = engine.record_bytes(QuotaKey::ProducerByteRate, &call, call.size);
        if acks != 0 {
            return call.answer_throttled(engine, response);
        }
        engine.note_throttle(&call, response.throttle_time_ms);
        let mut partitions = response.responses.iter().flat_map(|topic| &topic.partition_responses);
        if partitions.any(|partition| partition.error_code != ErrorCode::NONE) {
            return Err(Close::ProduceWithoutAcksFailed);
        }
        Ok(Handled::Answered { frame: None, muted_until: call.muted_until(response.throttle_time_ms) })
    }
}

/// What the whole request says of each batch in it.
#[derive(Clone, Copy)]
struct Asked<'a> {
    acks: i16,
    transactional_id: Option<&'a TransactionalId>,
}

fn append(
    engine: &mut Engine,
    call: &Call,
    asked: Asked<'_>,
    topic: Result<TopicId, ErrorCode>,
    data: PartitionProduceData,
    place: usize,
    awaited: &mut Vec<Awaited>,
) -> PartitionProduceResponse {
    let index = data.index;
    match try_append(engine, call, asked, topic, index, data.records.unwrap_or_default()) {
        Ok(Written { topic, appended, log_start_offset, end_offset }) => {
            awaited.push(Awaited { topic, index, offset: end_offset, place, outcome: None });
            PartitionProduceResponse {
                index,
                base_offset: appended.base_offset,
                log_append_time_ms: appended.log_append_time,
                log_start_offset,
                ..PartitionProduceResponse::default()
            }
        }
        Err(Failed::Refused(refused, log_start_offset)) => PartitionProduceResponse {
            index,
            log_start_offset,
            error_code: refused.code,
            base_offset: -1,
            record_errors: refused.records.into_iter().map(record_error).collect(),
            error_message: Some(refused.message),
            ..PartitionProduceResponse::default()
        },
        Err(Failed::NotLeader(current_leader)) => PartitionProduceResponse {
            index,
            error_code: ErrorCode::NOT_LEADER_OR_FOLLOWER,
            base_offset: -1,
            // Earlier versions have no room for it.
            current_leader: if call.version >= 10 { current_leader } else { LeaderIdAndEpoch::default() },
            ..PartitionProduceResponse::default()
        },
        Err(Failed::Code(error_code)) => PartitionProduceResponse {
            index,
            error_code,
            base_offset: -1,
            ..PartitionProduceResponse::default()
        },
    }
}

/// What was appended and what must be committed for it to be safe.
struct Written {
    topic: TopicId,
    appended: Appended,
    log_start_offset: i64,
    end_offset: i64,
}

enum Failed {
    Code(ErrorCode),
    NotLeader(LeaderIdAndEpoch),
    /// With the start of the log.
    Refused(Refused, i64),
}

fn try_append(
    engine: &mut Engine,
    call: &Call,
    asked: Asked<'_>,
    topic: Result<TopicId, ErrorCode>,
    index: i32,
    records: Bytes,
) -> Result<Written, Failed> {
    let id = topic.map_err(Failed::Code)?;
    let unknown = Failed::Code(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    if engine.is_disk_full(call.node, call.now) {
        return Err(Failed::Code(ErrorCode::KAFKA_STORAGE_ERROR));
    }
    let clock = engine.wall_clock(call.node, call.now);
    let Some(topic) = engine.topics.get(id) else { return Err(unknown) };
    let Topic { config, name, .. } = topic;
    if let Some(code) = call.faults.error(Stage::Before, name, index) {
        return Err(Failed::Code(code));
    }
    let Some(partition) = topic.partition(index) else { return Err(unknown) };
    let batch = only_batch(records, call.version).map_err(|refused| Failed::Refused(refused, -1))?;
    if !(-1..=1).contains(&asked.acks) {
        return Err(Failed::Code(ErrorCode::INVALID_REQUIRED_ACKS));
    }
    // Kafka lets its own tools write there.
    if is_internal(name) && call.client_id != "__admin_client" {
        return Err(Failed::Code(ErrorCode::INVALID_TOPIC_EXCEPTION));
    }
    if partition.leader != call.node {
        return Err(Failed::NotLeader(leader(partition)));
    }
    if asked.acks == ALL && partition.is_under_min_isr(config.min_insync_replicas) {
        return Err(Failed::Code(ErrorCode::NOT_ENOUGH_REPLICAS));
    }
    if batch.header().attributes.is_transactional() {
        let header = batch.header();
        check_transaction(&mut engine.coordinators, call, asked.transactional_id, header, id, index)
            .map_err(Failed::Code)?;
        // The coordinator must never know less of a transaction than a log, or nobody would end it.
        if !engine.persist() {
            return Err(Failed::Code(ErrorCode::KAFKA_STORAGE_ERROR));
        }
    }
    let Some(Topic { config, partitions, .. }) = engine.topics.get_mut(id) else { return Err(unknown) };
    let partition = usize::try_from(index).ok().and_then(|index| partitions.get_mut(index));
    let Some(partition) = partition else { return Err(unknown) };
    let leader_epoch = partition.leader_epoch;
    let Some(replica) = partition.replica_mut(call.node) else { return Err(unknown) };
    let log_start_offset = replica.log.start_offset();
    let refused = |refused: Refused| {
        // These are found before Kafka looks at the log.
        let early = matches!(refused.code, ErrorCode::CORRUPT_MESSAGE | ErrorCode::MESSAGE_TOO_LARGE);
        Failed::Refused(refused, if early { -1 } else { log_start_offset })
    };
    let checked = engine.checker.check(batch, config, clock).map_err(refused)?;
    let log_append_time = config.log_append_time.then(|| clock.as_millis());
    let appended = replica.log.append(&checked, leader_epoch, log_append_time).map_err(refused)?;
    let end_offset = match appended.grown {
        true => replica.log.end_offset(),
        false => appended.base_offset + i64::from(checked.record_count()),
    };
    if appended.grown {
        engine.replicate(id, index, call.now);
        engine.retain(id, index, false, call.now);
    }
    let partition = engine.topics.get(id).and_then(|topic| topic.partition(index));
    let log_start_offset =
        partition.and_then(Partition::leading).map_or(log_start_offset, |it| it.log.start_offset());
    Ok(Written { topic: id, appended, log_start_offset, end_offset })
}

/// Puts the errors of faults that come after the append in place of the truth.
fn pretend_to_fail(engine: &Engine, call: &Call, response: &mut ProduceResponse) {
    for topic in &mut response.responses {
        let name = engine.topics.get(topic.topic_id).map_or(&*topic.name, |topic| &*topic.name);
        for partition in &mut topic.partition_responses {
            if let Some(error_code) = call.faults.error(Stage::After, name, partition.index) {
                *partition = PartitionProduceResponse {
                    index: partition.index,
                    error_code,
                    base_offset: -1,
                    ..PartitionProduceResponse::default()
                };
            }
        }
    }
}

/// Whether the batch belongs to its producer's running transaction. From version 12 on the partition joins the
/// transaction by this (KIP-890); before it must have been added.
fn check_transaction(
    coordinators: &mut Coordinators,
    call: &Call,
    transactional_id: Option<&TransactionalId>,
    header: &BatchHeader,
    topic: TopicId,
    index: i32,
) -> Result<(), ErrorCode> {
    const FIRST_THAT_ADDS: i16 = 12;
    const FIRST_WITH_ABORTABLE: i16 = 11;
    let id = transactional_id.ok_or(ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED)?;
    let producer = Producer { id: header.producer_id, epoch: header.producer_epoch };
    let target = Target::Partition(topic, index);
    let (transactions, mut turn) = coordinators.transactions(call.now);
    let checked = match call.version {
        FIRST_THAT_ADDS.. => transactions.add(&mut turn, id, producer, [target]),
        _ => transactions.verify(id, producer, &target),
    };
    checked.map_err(|code| match code {
        ErrorCode::PRODUCER_FENCED => ErrorCode::INVALID_PRODUCER_EPOCH,
        ErrorCode::TRANSACTION_ABORTABLE if call.version < FIRST_WITH_ABORTABLE => {
            ErrorCode::INVALID_TXN_STATE
        }
        // Older clients know that one as a reason to try again.
        ErrorCode::CONCURRENT_TRANSACTIONS if call.version < FIRST_THAT_ADDS => {
            ErrorCode::NOT_ENOUGH_REPLICAS
        }
        code => code,
    })
}

fn leader(partition: &Partition) -> LeaderIdAndEpoch {
    LeaderIdAndEpoch {
        leader_id: partition.leader,
        leader_epoch: partition.leader_epoch,
        ..LeaderIdAndEpoch::default()
    }
}

fn record_error((batch_index, message): (i32, bytestring::ByteString)) -> BatchIndexAndErrorMessage {
    BatchIndexAndErrorMessage {
        batch_index,
        batch_index_error_message: Some(message),
        ..BatchIndexAndErrorMessage::default()
    }
}

/// The addresses of the leaders that the answer names.
fn leaders(engine: &Engine, response: &ProduceResponse) -> Vec<NodeEndpoint> {
    let partitions = response.responses.iter().flat_map(|topic| &topic.partition_responses);
    let named = partitions.map(|partition| partition.current_leader.leader_id);
    let addresses: BTreeMap<BrokerId, _> = named.filter_map(|id| Some((id, engine.address(id)?))).collect();
    let endpoint = |(node_id, address): (BrokerId, &NodeAddress)| NodeEndpoint {
        node_id,
        host: address.host.as_str().into(),
        port: address.port.into(),
        rack: address.rack.as_deref().map(Into::into),
        ..NodeEndpoint::default()
    };
    addresses.into_iter().map(endpoint).collect()
}

/// acks: all in-sync replicas.
const ALL: i16 = -1;
