//! `DeleteTopics`, versions 1-6.
//!
//! By name, or from version 6 on by name or id. A topic is gone at once, with its records and with the sequences
//! of its producers. Names and ids that come twice are refused, as in Kafka.
//!
//! The partitions that go count against the client's `controller_mutation_rate` (KIP-599), which is strict from
//! version 5 on.
//!
//! Gaps: answers are in the order of the request, where Kafka shuffles them. With the topic of its coordinators the
//! cluster loses nothing that they knew.

use std::collections::BTreeSet;

use ottla_proto::messages::delete_topics::{
    DeletableTopicResult, DeleteTopicState, DeleteTopicsRequest, DeleteTopicsResponse,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, TopicId};

use super::Call;
use super::create_topics::refusal;
use super::throttled::Mutations;
use crate::engine::{Engine, TopicError};

pub(super) const VERSIONS: VersionRange = VersionRange::new(1, 6);

pub(super) fn handle(engine: &mut Engine, call: &Call, request: DeleteTopicsRequest) -> DeleteTopicsResponse {
    let mut mutations = Mutations::new(call, FIRST_STRICT);
    let by_name = |name| DeleteTopicState { name: Some(name), ..DeleteTopicState::default() };
    let mut asked: Vec<_> = request.topic_names.into_iter().map(by_name).collect();
    asked.extend(request.topics);

    let found: Vec<_> = asked.iter().map(|topic| find(engine, topic)).collect();
    let mut once = BTreeSet::new();
    let twice: BTreeSet<TopicId> = found.iter().flatten().copied().filter(|id| !once.insert(*id)).collect();

    let answer = |(topic, found): (DeleteTopicState, Result<TopicId, TopicError>)| {
        let found = found.and_then(|id| {
            if twice.contains(&id) {
                return Err(refusal(ErrorCode::INVALID_REQUEST, "The topic is there more than once"));
            }
            let partitions = engine.topics.get(id).map_or(0, |topic| topic.partitions.len());
            mutations.take(engine, partitions)?;
            Ok(id)
        });
        let name = topic.name.or_else(|| engine.topics.get(topic.topic_id).map(|topic| topic.name.clone()));
        match found {
            Ok(id) => {
                engine.remove_topic(id);
                DeletableTopicResult { name, topic_id: id, ..DeletableTopicResult::default() }
            }
            Err(error) => DeletableTopicResult {
                name,
                topic_id: topic.topic_id,
                error_code: error.code,
                error_message: Some(error.message.into()),
                ..DeletableTopicResult::default()
            },
        }
    };
    let responses = asked.into_iter().zip(found).map(answer).collect();
    DeleteTopicsResponse {
        responses,
        throttle_time_ms: mutations.throttle_time_ms(),
        ..DeleteTopicsResponse::default()
    }
}

fn find(engine: &Engine, topic: &DeleteTopicState) -> Result<TopicId, TopicError> {
    let (found, code, message) = match (&topic.name, topic.topic_id.is_zero()) {
        (None, true) => (None, ErrorCode::INVALID_REQUEST, "A topic needs a name or an id"),
        (Some(_), false) => (None, ErrorCode::INVALID_REQUEST, "A topic takes a name or an id, not both"),
        (Some(name), true) => {
            let found = engine.topics.id(name);
            (found, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, "There is no topic of this name")
        }
        (None, false) => {
            let found = engine.topics.get(topic.topic_id).map(|topic| topic.id);
            (found, ErrorCode::UNKNOWN_TOPIC_ID, "There is no topic of this id")
        }
    };
    found.ok_or_else(|| refusal(code, message))
}

/// From this version on a client that is over its mutation quota is refused.
const FIRST_STRICT: i16 = 5;
