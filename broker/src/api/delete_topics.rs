//! `DeleteTopics`, versions 1-6.
//!
//! By name, or from version 6 on by name or id. A topic is gone at once, with its records and with the sequences
//! of its producers. Names and ids that come twice are refused, as in Kafka.
//!
//! Gaps: no mutation quota yet; answers are in the order of the request, where Kafka shuffles them.

use std::collections::BTreeSet;

use ottla_proto::messages::delete_topics::{
    DeletableTopicResult, DeleteTopicState, DeleteTopicsRequest, DeleteTopicsResponse,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, TopicId};

use super::Call;
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(1, 6);

pub(super) fn handle(
    engine: &mut Engine,
    _call: &Call,
    request: DeleteTopicsRequest,
) -> DeleteTopicsResponse {
    let by_name = |name| DeleteTopicState { name: Some(name), ..DeleteTopicState::default() };
    let mut asked: Vec<_> = request.topic_names.into_iter().map(by_name).collect();
    asked.extend(request.topics);

    let found: Vec<_> = asked.iter().map(|topic| find(engine, topic)).collect();
    let mut once = BTreeSet::new();
    let twice: BTreeSet<TopicId> = found.iter().flatten().copied().filter(|id| !once.insert(*id)).collect();

    let answer = |(topic, found): (DeleteTopicState, Result<TopicId, Refusal>)| {
        let found = found.and_then(|id| match twice.contains(&id) {
            true => Err((ErrorCode::INVALID_REQUEST, "The topic is there more than once")),
            false => Ok(id),
        });
        let name = topic.name.or_else(|| engine.topics.get(topic.topic_id).map(|topic| topic.name.clone()));
        match found {
            Ok(id) => {
                engine.remove_topic(id);
                DeletableTopicResult { name, topic_id: id, ..DeletableTopicResult::default() }
            }
            Err((error_code, message)) => DeletableTopicResult {
                name,
                topic_id: topic.topic_id,
                error_code,
                error_message: Some(message.into()),
                ..DeletableTopicResult::default()
            },
        }
    };
    let responses = asked.into_iter().zip(found).map(answer).collect();
    DeleteTopicsResponse { responses, ..DeleteTopicsResponse::default() }
}

type Refusal = (ErrorCode, &'static str);

fn find(engine: &Engine, topic: &DeleteTopicState) -> Result<TopicId, Refusal> {
    match (&topic.name, topic.topic_id.is_zero()) {
        (None, true) => Err((ErrorCode::INVALID_REQUEST, "A topic needs a name or an id")),
        (Some(_), false) => Err((ErrorCode::INVALID_REQUEST, "A topic takes a name or an id, not both")),
        (Some(name), true) => {
            let unknown = (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, "There is no topic of this name");
            engine.topics.id(name).ok_or(unknown)
        }
        (None, false) => {
            let unknown = (ErrorCode::UNKNOWN_TOPIC_ID, "There is no topic of this id");
            engine.topics.get(topic.topic_id).map(|topic| topic.id).ok_or(unknown)
        }
    }
}
