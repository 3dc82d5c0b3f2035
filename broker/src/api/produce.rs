//! `Produce`, versions 3-13; ApiVersions lists it from 0 on, see there.
//!
//! One batch of format 2 for each partition, checked as Kafka checks it, appended with its bytes as they came;
//! acks 0, 1 and -1 (all replicas are always in sync, so -1 waits for nothing). Idempotent batches are checked
//! against the last five of their producer. The bytes of the whole request count against the client's
//! `producer_byte_rate`: the answer goes out at once and tells the throttle time, and the connection is muted for
//! as long, in every version. Without acks there is no answer, but the mute stays; a failure closes the
//! connection. On `NOT_LEADER_OR_FOLLOWER` version 10 and later tell the leader (KIP-951).
//!
//! Gaps: no transactions (`INVALID_TXN_STATE`). Stricter than Kafka: a batch with gaps between its offsets is
//! refused, not renumbered; one that claims a log append time is refused, where a topic of create time ignores it;
//! an unknown codec is called so, and no unknown server error. More errors come with a text.

use std::collections::BTreeMap;

use bytes::Bytes;
use ottla_proto::messages::produce::{
    BatchIndexAndErrorMessage, LeaderIdAndEpoch, NodeEndpoint, PartitionProduceData,
    PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceResponse,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{BrokerId, ErrorCode, TopicId};

use super::{Call, Handled, Incoming, throttle};
use crate::engine::{Close, Engine, NodeAddress, Partition, Topic};
use crate::log::{Appended, Refused, only_batch};
use crate::quota::QuotaKey;

pub(super) const VERSIONS: VersionRange = VersionRange::new(3, 13);

pub(super) fn handle(engine: &mut Engine, incoming: Incoming<ProduceRequest>) -> Result<Handled, Close> {
    let Incoming { call, request } = incoming;
    let acks = request.acks;
    let mut response = ProduceResponse::default();
    for topic in request.topic_data {
        let id = match call.version {
            ..=12 => engine.topics.id(&topic.name).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
            _ => engine.topics.get(topic.topic_id).map(|topic| topic.id).ok_or(ErrorCode::UNKNOWN_TOPIC_ID),
        };
        let append = |partition| append(engine, &call, acks, id, partition);
        response.responses.push(TopicProduceResponse {
            name: topic.name,
            topic_id: topic.topic_id,
            partition_responses: topic.partition_data.into_iter().map(append).collect(),
            ..TopicProduceResponse::default()
        });
    }
    response.node_endpoints = leaders(engine, &response);

    let limited = QuotaKey::ProducerByteRate;
    response.throttle_time_ms = engine.record_quota(call.node, limited, call.client(), call.size, call.now);
    if response.throttle_time_ms > 0 {
        engine.stats.throttle(&call.client_id, throttle(response.throttle_time_ms));
    }
    if acks != 0 {
        return call.answer(&response, response.throttle_time_ms);
    }
    let mut partitions = response.responses.iter().flat_map(|topic| &topic.partition_responses);
    if partitions.any(|partition| partition.error_code != ErrorCode::NONE) {
        return Err(Close::ProduceWithoutAcksFailed);
    }
    Ok(Handled::Answered { frame: None, muted_until: call.muted_until(response.throttle_time_ms) })
}

fn append(
    engine: &mut Engine,
    call: &Call,
    acks: i16,
    topic: Result<TopicId, ErrorCode>,
    data: PartitionProduceData,
) -> PartitionProduceResponse {
    let index = data.index;
    match try_append(engine, call, acks, topic, index, data.records.unwrap_or_default()) {
        Ok((appended, log_start_offset)) => PartitionProduceResponse {
            index,
            base_offset: appended.base_offset,
            log_append_time_ms: appended.log_append_time,
            log_start_offset,
            ..PartitionProduceResponse::default()
        },
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

enum Failed {
    Code(ErrorCode),
    NotLeader(LeaderIdAndEpoch),
    /// With the start of the log.
    Refused(Refused, i64),
}

fn try_append(
    engine: &mut Engine,
    call: &Call,
    acks: i16,
    topic: Result<TopicId, ErrorCode>,
    index: i32,
    records: Bytes,
) -> Result<(Appended, i64), Failed> {
    let id = topic.map_err(Failed::Code)?;
    let unknown = Failed::Code(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    let Some(topic) = engine.topics.get_mut(id) else { return Err(unknown) };
    let Topic { config, partitions, .. } = topic;
    let partition = usize::try_from(index).ok().and_then(|index| partitions.get_mut(index));
    let Some(partition) = partition else { return Err(unknown) };
    let batch = only_batch(records, call.version).map_err(|refused| Failed::Refused(refused, -1))?;
    if !(-1..=1).contains(&acks) {
        return Err(Failed::Code(ErrorCode::INVALID_REQUIRED_ACKS));
    }
    if partition.leader != call.node {
        return Err(Failed::NotLeader(leader(partition)));
    }
    if acks == -1 && partition.replicas.len() < config.min_insync_replicas {
        return Err(Failed::Code(ErrorCode::NOT_ENOUGH_REPLICAS));
    }
    let log_start_offset = partition.log.start_offset();
    let refused = |refused: Refused| {
        // These are found before Kafka looks at the log.
        let early = matches!(refused.code, ErrorCode::CORRUPT_MESSAGE | ErrorCode::MESSAGE_TOO_LARGE);
        Failed::Refused(refused, if early { -1 } else { log_start_offset })
    };
    let checked = engine.checker.check(batch, config, call.now).map_err(refused)?;
    let log_append_time = config.log_append_time.then(|| call.now.as_millis());
    let appended =
        partition.log.append(&checked, partition.leader_epoch, log_append_time).map_err(refused)?;
    if let Some(retention_bytes) = config.retention_bytes {
        partition.log.retain(retention_bytes);
    }
    let log_start_offset = partition.log.start_offset();
    if appended.grown {
        engine.waiting.changed(id, index);
    }
    Ok((appended, log_start_offset))
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
