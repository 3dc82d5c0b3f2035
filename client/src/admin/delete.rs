use std::fmt;

use ottla_core::calls::{CallSpec, Target};
use ottla_proto::messages::delete_topics::{
    DeletableTopicResult, DeleteTopicState, DeleteTopicsRequest, DeleteTopicsResponse,
};
use ottla_proto::{ErrorCode, TopicId};

use super::{Admin, AdminError, Call, Entries, name_of, passes, retriable};

/// The last version of DeleteTopics that names topics by name alone; every supported broker knows it.
const BY_NAME: i16 = 5;

/// A topic, by what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TopicSelector {
    /// Whichever topic has the name.
    Name(String),
    /// The topic of that identity, and not one that was created later under the same name (Kafka 2.8 and up).
    Id(TopicId),
}

impl From<&str> for TopicSelector {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<String> for TopicSelector {
    fn from(name: String) -> Self {
        Self::Name(name)
    }
}

impl From<TopicId> for TopicSelector {
    fn from(id: TopicId) -> Self {
        Self::Id(id)
    }
}

impl fmt::Display for TopicSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => name.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

impl TopicSelector {
    fn names(&self, result: &DeletableTopicResult) -> bool {
        match self {
            Self::Name(name) => result.name.as_deref() == Some(name),
            Self::Id(id) => result.topic_id == *id,
        }
    }
}

impl Admin {
    /// Deletes a topic and all its records.
    ///
    /// # Errors
    /// `UNKNOWN_TOPIC_OR_PARTITION` may also mean that an attempt of this very call, whose answer was lost, has
    /// deleted it.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer; the topic may still be deleted.
    pub async fn delete_topic(&self, topic: impl Into<TopicSelector>) -> Result<(), AdminError> {
        let results = self.delete_topics([topic]).await;
        results.into_iter().next().map_or(Err(AdminError::Unanswered), |(_, result)| result)
    }

    /// Deletes topics and all their records; the answer has a result for each, in their order, one that is named
    /// twice only once. Names and identities go in a request each.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer; the topics may still be deleted.
    pub async fn delete_topics<T: Into<TopicSelector>>(
        &self,
        topics: impl IntoIterator<Item = T>,
    ) -> Vec<(TopicSelector, Result<(), AdminError>)> {
        self.call().delete(Entries::new(topics.into_iter().map(Into::into))).await
    }
}

impl Call<'_> {
    async fn delete(
        self,
        mut entries: Entries<TopicSelector, ()>,
    ) -> Vec<(TopicSelector, Result<(), AdminError>)> {
        loop {
            let open = entries.open();
            let Some(first) = open.first() else { break };
            let by_name = matches!(first, TopicSelector::Name(_));
            let request = DeleteTopicsRequest { timeout_ms: self.timeout_ms(), ..named(&open, by_name) };
            let spec = CallSpec::judged(request, self.deadline, |response: &DeleteTopicsResponse| {
                retriable(response.responses.iter().map(|topic| topic.error_code))
            });
            let spec = if by_name { spec.highest(BY_NAME) } else { spec };
            match self.answer::<DeleteTopicsResponse>(spec.to(Target::Controller)).await {
                Ok((node, response)) => merge(&mut entries, node, &response),
                Err(error) => entries.settle_rest(&error),
            }
            // Each round settles at least one entry, or else all of them end here.
            if entries.open().len() == open.len() {
                entries.settle_rest(&AdminError::Unanswered);
            }
        }
        entries.into_results()
    }
}

fn named(open: &[TopicSelector], by_name: bool) -> DeleteTopicsRequest {
    let mut request = DeleteTopicsRequest::default();
    for topic in open {
        match topic {
            TopicSelector::Name(name) if by_name => request.topic_names.push(name_of(name)),
            TopicSelector::Id(id) if !by_name => {
                request.topics.push(DeleteTopicState { topic_id: *id, ..Default::default() });
            }
            _ => {}
        }
    }
    request
}

fn merge(entries: &mut Entries<TopicSelector, ()>, node: i32, response: &DeleteTopicsResponse) {
    for topic in &response.responses {
        let result = match topic.error_code {
            ErrorCode::NONE => Ok(()),
            code if passes(code) => continue,
            code => {
                let message = topic.error_message.as_ref().map(ToString::to_string);
                Err(AdminError::Refused { node, code, message })
            }
        };
        entries.settle(|selector| selector.names(topic), result);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_identities_never_share_a_request() {
        let id = TopicId([7; 16]);
        let open = ["a".into(), id.into(), "b".into()];
        let by_name = named(&open, true);
        assert_eq!(by_name.topic_names.len(), 2);
        assert!(by_name.topics.is_empty());
        let by_id = named(&open, false);
        assert!(by_id.topic_names.is_empty());
        assert_eq!(by_id.topics[0].topic_id, id);
    }

    #[test]
    fn answers_find_their_entries_by_name_or_identity() {
        let id = TopicId([7; 16]);
        let mut entries = Entries::new(["a".into(), TopicSelector::Id(id)]);
        let by_id = DeletableTopicResult { topic_id: id, name: Some(name_of("z")), ..Default::default() };
        let by_name = DeletableTopicResult {
            name: Some(name_of("a")),
            error_code: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            ..Default::default()
        };
        let responses = vec![by_id, by_name];
        merge(&mut entries, 1, &DeleteTopicsResponse { responses, ..Default::default() });
        let results = entries.into_results();
        assert_eq!(results[0].1.as_ref().unwrap_err().code(), Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));
        assert_eq!(results[1].1, Ok(()));
    }
}
