//! `CreatePartitions`, versions 0-3.
//!
//! More partitions for a topic, never fewer, placed by the broker or by the caller, with as many replicas as the
//! topic's first partition has. Any node takes the request. `validate_only` changes nothing, but counts against the
//! client's `controller_mutation_rate` (KIP-599) as well, which is strict from version 3 on.
//!
//! Gaps: none known.

use std::collections::BTreeSet;

use ottla_proto::messages::create_partitions::{
    CreatePartitionsRequest, CreatePartitionsResponse, CreatePartitionsTopic, CreatePartitionsTopicResult,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{BrokerId, ErrorCode, TopicId};

use super::Call;
use super::create_topics::{check_replicas, check_room, refusal, spread};
use super::throttled::Mutations;
use crate::engine::{Engine, TopicError};

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 3);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: CreatePartitionsRequest,
) -> CreatePartitionsResponse {
    let mut mutations = Mutations::new(call, FIRST_STRICT);
    let mut once = BTreeSet::new();
    let names = request.topics.iter().map(|topic| topic.name.clone());
    let twice: BTreeSet<_> = names.filter(|name| !once.insert(name.clone())).collect();
    let mut results = Vec::with_capacity(once.len());
    for topic in request.topics {
        if twice.contains(&topic.name) && !once.remove(&topic.name) {
            continue;
        }
        let plan = match twice.contains(&topic.name) {
            true => Err(refusal(ErrorCode::INVALID_REQUEST, "Duplicate topic name.")),
            false => plan(engine, &topic),
        };
        let mut result = CreatePartitionsTopicResult { name: topic.name, ..Default::default() };
        let granted = plan.and_then(|(id, replicas)| {
            mutations.take(engine, replicas.len())?;
            Ok((id, replicas))
        });
        match granted {
            Ok((id, replicas)) if !request.validate_only => engine.add_partitions(id, replicas),
            Ok(_) => {}
            Err(error) => {
                result.error_code = error.code;
                result.error_message = Some(error.message.into());
            }
        }
        results.push(result);
    }
    CreatePartitionsResponse {
        results,
        throttle_time_ms: mutations.throttle_time_ms(),
        ..CreatePartitionsResponse::default()
    }
}

/// From this version on a client that is over its mutation quota is refused.
const FIRST_STRICT: i16 = 3;

fn plan(engine: &Engine, topic: &CreatePartitionsTopic) -> Result<(TopicId, Vec<Vec<BrokerId>>), TopicError> {
    let unknown = || refusal(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, "There is no topic of this name");
    let found = engine.topics.named(&topic.name).ok_or_else(unknown)?;
    let now = found.partitions.len();
    let wanted = usize::try_from(topic.count).unwrap_or_default();
    let Some(additional) = wanted.checked_sub(now).filter(|additional| *additional > 0) else {
        let message = match wanted == now {
            true => format!("Topic already has {now} partition(s)."),
            false => format!("The topic has {now} partition(s); {} would not be an increase.", topic.count),
        };
        return Err(refusal(ErrorCode::INVALID_PARTITIONS, message));
    };
    check_room(engine, additional)?;
    let factor = found.partitions.first().map_or(1, |first| first.replicas.len());
    let Some(assignments) = &topic.assignments else {
        return Ok((found.id, spread(engine, &topic.name, now, additional, factor)));
    };
    if assignments.len() != additional {
        let message = format!("{additional} partition(s) are added, but {} are assigned", assignments.len());
        return Err(refusal(ErrorCode::INVALID_REPLICA_ASSIGNMENT, message));
    }
    for assignment in assignments {
        check_replicas(engine, &assignment.broker_ids)?;
        if assignment.broker_ids.len() != factor {
            let message = format!("The topic's partitions have {factor} replica(s) each");
            return Err(refusal(ErrorCode::INVALID_REPLICA_ASSIGNMENT, message));
        }
    }
    Ok((found.id, assignments.iter().map(|assignment| assignment.broker_ids.clone()).collect()))
}
