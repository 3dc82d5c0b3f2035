//! `Metadata`, versions 0-13.
//!
//! All topics, topics by name, or (from version 12 on) by id. An unknown topic is created when both the request
//! and the broker allow it; as in Kafka that answer still says `UNKNOWN_TOPIC_OR_PARTITION`, and the next one has
//! the topic. A client finds each node, and any node as controller, since with KRaft brokers forward.
//!
//! Nodes that the controller has lost are not listed; their replicas are offline. A partition that nobody leads is
//! answered with `LEADER_NOT_AVAILABLE`.
//!
//! Gaps: authorized operations are those of a cluster without ACLs.

use std::collections::{BTreeMap, BTreeSet};

use ottla_proto::messages::metadata::{
    MetadataRequest, MetadataResponse, MetadataResponseBroker, MetadataResponsePartition,
    MetadataResponseTopic,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, TopicId, TopicName};

use super::Call;
use crate::coordinator::{CoordinatorType, is_internal};
use crate::engine::{Engine, NodeAddress, Partition, Topic};

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 13);

pub(super) fn handle(engine: &mut Engine, call: &Call, request: MetadataRequest) -> MetadataResponse {
    let with_operations = request.include_topic_authorized_operations;
    let topics = match asked(&request, call.version) {
        Asked::All => engine.topics.iter().map(|topic| describe(engine, topic, with_operations)).collect(),
        Asked::Ids(ids) => {
            let answer = |id: TopicId| match engine.topics.get(id) {
                Some(topic) => describe(engine, topic, with_operations),
                None => MetadataResponseTopic {
                    error_code: ErrorCode::UNKNOWN_TOPIC_ID,
                    name: None,
                    topic_id: id,
                    ..MetadataResponseTopic::default()
                },
            };
            ids.into_iter().map(answer).collect()
        }
        Asked::Names(names) => {
            let create = request.allow_auto_topic_creation && engine.config.auto_create_topics;
            names.into_iter().map(|name| by_name(engine, name, create, with_operations)).collect()
        }
        Asked::Nonsense => Vec::new(),
    };
    let cluster_operations =
        request.include_cluster_authorized_operations && (8..=10).contains(&call.version);
    MetadataResponse {
        brokers: engine.live_nodes().map(broker).collect(),
        cluster_id: Some(engine.cluster_id.as_str().into()),
        controller_id: engine.controller(),
        topics,
        cluster_authorized_operations: if cluster_operations { CLUSTER_OPERATIONS } else { NOT_ASKED },
        ..MetadataResponse::default()
    }
}

enum Asked {
    All,
    Names(BTreeSet<TopicName>),
    Ids(BTreeSet<TopicId>),
    /// A mixture that no version defines.
    Nonsense,
}

fn asked(request: &MetadataRequest, version: i16) -> Asked {
    let Some(topics) = &request.topics else { return Asked::All };
    if topics.is_empty() && version == 0 {
        return Asked::All;
    }
    let ids: BTreeSet<_> = topics.iter().map(|topic| topic.topic_id).filter(|id| !id.is_zero()).collect();
    let names: BTreeSet<_> = topics.iter().filter_map(|topic| topic.name.clone()).collect();
    match (ids.is_empty(), version >= 12) {
        (false, true) => Asked::Ids(ids),
        (true, _) => Asked::Names(names),
        (false, false) => Asked::Nonsense,
    }
}

fn by_name(
    engine: &mut Engine,
    name: TopicName,
    create: bool,
    with_operations: bool,
) -> MetadataResponseTopic {
    if let Some(topic) = engine.topics.named(&name) {
        return describe(engine, topic, with_operations);
    }
    let mut error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    if create && let Some(kind) = CoordinatorType::of_topic(&name) {
        engine.ensure_coordinators(kind);
    } else if create && let Err(error) = engine.create_topic(&name, -1, -1, BTreeMap::new()) {
        error_code = error.code;
    } else if crate::engine::check_name(&name).is_err() {
        error_code = ErrorCode::INVALID_TOPIC_EXCEPTION;
    }
    MetadataResponseTopic {
        error_code,
        is_internal: is_internal(&name),
        name: Some(name),
        ..MetadataResponseTopic::default()
    }
}

fn describe(engine: &Engine, topic: &Topic, with_operations: bool) -> MetadataResponseTopic {
    let partitions = (0..).zip(&topic.partitions);
    MetadataResponseTopic {
        error_code: ErrorCode::NONE,
        name: Some(topic.name.clone()),
        topic_id: topic.id,
        is_internal: is_internal(&topic.name),
        partitions: partitions.map(|(index, found)| describe_partition(engine, index, found)).collect(),
        topic_authorized_operations: if with_operations { TOPIC_OPERATIONS } else { NOT_ASKED },
        ..MetadataResponseTopic::default()
    }
}

fn describe_partition(engine: &Engine, index: i32, partition: &Partition) -> MetadataResponsePartition {
    let nobody_leads = partition.leader.is_none();
    let replicas = partition.replica_nodes();
    MetadataResponsePartition {
        error_code: if nobody_leads { ErrorCode::LEADER_NOT_AVAILABLE } else { ErrorCode::NONE },
        partition_index: index,
        leader_id: partition.leader,
        leader_epoch: partition.leader_epoch,
        offline_replicas: replicas.iter().copied().filter(|node| !engine.is_registered(*node)).collect(),
        replica_nodes: replicas,
        isr_nodes: partition.isr.clone(),
        ..MetadataResponsePartition::default()
    }
}

fn broker(address: &NodeAddress) -> MetadataResponseBroker {
    MetadataResponseBroker {
        node_id: address.id,
        host: address.host.as_str().into(),
        port: address.port.into(),
        rack: address.rack.as_deref().map(Into::into),
        ..MetadataResponseBroker::default()
    }
}

/// What a field of authorized operations holds if nobody asked.
pub(super) const NOT_ASKED: i32 = i32::MIN;

/// Everything that Kafka knows to do with a cluster, one bit per operation (KIP-430): create, alter, describe,
/// act as broker, describe and alter its configuration, write idempotently.
pub(super) const CLUSTER_OPERATIONS: i32 = 1 << 5 | 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12;

/// Everything that Kafka knows to do with a topic: read, write, create, delete, alter, describe, describe and
/// alter its configuration.
pub(super) const TOPIC_OPERATIONS: i32 =
    1 << 3 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 10 | 1 << 11;
