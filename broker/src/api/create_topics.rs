//! `CreateTopics`, versions 2-7.
//!
//! Names, numbers, manual assignments and settings are checked as by Kafka's controller, and with
//! `validate_only` that is all. Any node takes the request, as brokers forward it with KRaft. Leaders go round the
//! nodes, one after the other, each topic starting where its name says.
//!
//! The partitions of all topics together are bounded, because each takes memory (`POLICY_VIOLATION`).
//!
//! Partitions count against the client's `controller_mutation_rate` (KIP-599), also when they are only validated:
//! from version 6 on a client that owes permits is refused with `THROTTLING_QUOTA_EXCEEDED`, before it is only
//! slowed down.
//!
//! Gaps: replicas are placed without a look at racks; topics that Metadata creates count against no quota.

use std::collections::{BTreeMap, BTreeSet};

use ottla_proto::messages::create_topics::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfigs, CreatableTopicResult,
    CreateTopicsRequest, CreateTopicsResponse,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{BrokerId, ErrorCode, TopicName};

use super::Call;
use super::describe_configs::{DEFAULT_CONFIG, TOPIC_CONFIG};
use super::throttled::Mutations;
use crate::engine::{Engine, Setting, TopicConfig, TopicError, TopicPlan, check_name};

pub(super) const VERSIONS: VersionRange = VersionRange::new(2, 7);

pub(super) fn handle(engine: &mut Engine, call: &Call, request: CreateTopicsRequest) -> CreateTopicsResponse {
    let mut mutations = Mutations::new(call, FIRST_STRICT);
    let mut once = BTreeSet::new();
    let names = request.topics.iter().map(|topic| topic.name.clone());
    let twice: BTreeSet<_> = names.filter(|name| !once.insert(name.clone())).collect();
    let mut topics = Vec::with_capacity(once.len());
    for topic in request.topics {
        // What comes twice is answered once.
        if !once.remove(&topic.name) {
            continue;
        }
        let plan = match twice.contains(&topic.name) {
            true => Err(refusal(ErrorCode::INVALID_REQUEST, "Duplicate topic name")),
            false => plan(engine, &topic),
        };
        let granted = plan.and_then(|plan| {
            mutations.take(engine, plan.replicas.len())?;
            Ok(plan)
        });
        topics.push(match granted {
            Ok(plan) => create(engine, call, plan, request.validate_only),
            Err(error) => CreatableTopicResult {
                name: topic.name,
                error_code: error.code,
                error_message: Some(error.message.into()),
                ..CreatableTopicResult::default()
            },
        });
    }
    CreateTopicsResponse {
        topics,
        throttle_time_ms: mutations.throttle_time_ms(),
        ..CreateTopicsResponse::default()
    }
}

/// From this version on a client that is over its mutation quota is refused.
const FIRST_STRICT: i16 = 6;

/// Checks everything about a new topic.
pub(crate) fn plan_topic(
    engine: &Engine,
    name: &str,
    partitions: i32,
    replication_factor: i16,
    assignments: &[CreatableReplicaAssignment],
    settings: BTreeMap<String, String>,
) -> Result<TopicPlan, TopicError> {
    check_name(name).map_err(|message| refusal(ErrorCode::INVALID_TOPIC_EXCEPTION, message))?;
    if name == "__cluster_metadata" {
        let message = format!("Creation of internal topic {name} is prohibited.");
        return Err(refusal(ErrorCode::INVALID_REQUEST, message));
    }
    if engine.topics.id(name).is_some() {
        return Err(refusal(ErrorCode::TOPIC_ALREADY_EXISTS, format!("Topic '{name}' already exists.")));
    }
    if let Some(other) = engine.topics.collision(name) {
        let message = format!("Topic '{name}' collides with the topic '{other}'");
        return Err(refusal(ErrorCode::INVALID_TOPIC_EXCEPTION, message));
    }
    let config = TopicConfig::new(settings).map_err(|message| refusal(ErrorCode::INVALID_CONFIG, message))?;
    let replicas = match assignments {
        [] => place(engine, name, partitions, replication_factor)?,
        _ if partitions != -1 || replication_factor != -1 => {
            let message = "A manual assignment needs -1 for partitions and replication factor";
            return Err(refusal(ErrorCode::INVALID_REQUEST, message));
        }
        _ => assigned(engine, assignments)?,
    };
    Ok(TopicPlan { name: TopicName::from(name.to_owned()), config, replicas })
}

fn plan(engine: &Engine, topic: &CreatableTopic) -> Result<TopicPlan, TopicError> {
    let mut settings = BTreeMap::new();
    for config in &topic.configs {
        let Some(value) = &config.value else {
            let message = format!("Null value not supported for topic configs: {}", config.name);
            return Err(refusal(ErrorCode::INVALID_CONFIG, message));
        };
        settings.insert(config.name.to_string(), value.to_string());
    }
    plan_topic(
        engine,
        &topic.name,
        topic.num_partitions,
        topic.replication_factor,
        &topic.assignments,
        settings,
    )
}

fn create(engine: &mut Engine, call: &Call, plan: TopicPlan, validate_only: bool) -> CreatableTopicResult {
    let mut result = CreatableTopicResult {
        name: plan.name.clone(),
        error_message: None,
        ..CreatableTopicResult::default()
    };
    // Earlier versions have no room for more.
    if call.version >= 5 {
        result.num_partitions = i32::try_from(plan.replicas.len()).unwrap_or(i32::MAX);
        let replication_factor = plan.replicas.first().map_or(0, Vec::len);
        result.replication_factor = i16::try_from(replication_factor).unwrap_or(i16::MAX);
        result.configs = Some(plan.config.iter().map(describe).collect());
    }
    // As in Kafka a topic that is only validated has an id, too, which nobody will see again.
    let id = if validate_only { engine.new_topic_id() } else { engine.add_topic(plan) };
    if call.version >= 7 {
        result.topic_id = id;
    }
    result
}

fn describe((setting, value, set): (&Setting, &str, bool)) -> CreatableTopicConfigs {
    CreatableTopicConfigs {
        name: setting.name.into(),
        value: Some(value.into()),
        config_source: if set { TOPIC_CONFIG } else { DEFAULT_CONFIG },
        ..CreatableTopicConfigs::default()
    }
}

fn place(
    engine: &Engine,
    name: &str,
    partitions: i32,
    replication_factor: i16,
) -> Result<Vec<Vec<BrokerId>>, TopicError> {
    let nodes: Vec<BrokerId> = engine.node_ids().collect();
    let factor = match replication_factor {
        -1 => engine.config.default_replication_factor,
        factor => factor,
    };
    let Some(factor) = usize::try_from(factor).ok().filter(|factor| (1..=nodes.len()).contains(factor))
    else {
        let message = format!("Replication factor {factor} is impossible with {} nodes", nodes.len());
        return Err(refusal(ErrorCode::INVALID_REPLICATION_FACTOR, message));
    };
    let partitions = match partitions {
        -1 => engine.config.default_partitions,
        partitions => partitions,
    };
    let Some(count) = usize::try_from(partitions).ok().filter(|count| *count > 0) else {
        let message = format!("{partitions} partitions are impossible");
        return Err(refusal(ErrorCode::INVALID_PARTITIONS, message));
    };
    check_room(engine, count)?;
    Ok(spread(engine, name, 0, count, factor))
}

/// Places partitions round the nodes, from number `first` on.
pub(crate) fn spread(
    engine: &Engine,
    name: &str,
    first: usize,
    count: usize,
    factor: usize,
) -> Vec<Vec<BrokerId>> {
    let nodes: Vec<BrokerId> = engine.node_ids().collect();
    // Small topics must not all land on the first node.
    let start = first + name.bytes().map(usize::from).sum::<usize>();
    let around = nodes.iter().copied().cycle();
    let replicas = |partition: usize| {
        around.clone().skip((start + partition) % nodes.len().max(1)).take(factor).collect()
    };
    (0..count).map(replicas).collect()
}

/// Whether these nodes can hold the replicas of a partition.
pub(super) fn check_replicas(engine: &Engine, brokers: &[BrokerId]) -> Result<(), TopicError> {
    let invalid = |message: &str| Err(refusal(ErrorCode::INVALID_REPLICA_ASSIGNMENT, message));
    let distinct: BTreeSet<_> = brokers.iter().collect();
    if brokers.is_empty() || distinct.len() != brokers.len() {
        return invalid("A partition needs replicas, each on a node of its own");
    }
    if brokers.iter().any(|broker| engine.address(*broker).is_none()) {
        return invalid("A replica is assigned to a node that does not exist");
    }
    Ok(())
}

fn assigned(
    engine: &Engine,
    assignments: &[CreatableReplicaAssignment],
) -> Result<Vec<Vec<BrokerId>>, TopicError> {
    let invalid = |message: &str| Err(refusal(ErrorCode::INVALID_REPLICA_ASSIGNMENT, message));
    check_room(engine, assignments.len())?;
    let mut partitions = BTreeMap::new();
    for assignment in assignments {
        let brokers = &assignment.broker_ids;
        check_replicas(engine, brokers)?;
        if partitions.insert(assignment.partition_index, brokers.clone()).is_some() {
            return invalid("A partition is assigned more than once");
        }
    }
    if !(0..).zip(partitions.keys()).all(|(expected, index)| expected == *index) {
        return invalid("Partitions must be numbered from 0 on without a gap");
    }
    let replicas: Vec<_> = partitions.into_values().collect();
    if replicas.windows(2).any(|pair| matches!(pair, [one, next] if one.len() != next.len())) {
        return invalid("All partitions must have equally many replicas");
    }
    Ok(replicas)
}

pub(super) fn check_room(engine: &Engine, partitions: usize) -> Result<(), TopicError> {
    let most = engine.config.max_partitions;
    if partitions <= most.saturating_sub(engine.topics.partition_count()) {
        return Ok(());
    }
    let message = format!("The cluster has room for {most} partitions in all");
    Err(refusal(ErrorCode::POLICY_VIOLATION, message))
}

pub(super) fn refusal(code: ErrorCode, message: impl Into<String>) -> TopicError {
    TopicError { code, message: message.into() }
}
