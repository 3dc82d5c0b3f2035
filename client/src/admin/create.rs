use ottla_core::calls::{CallSpec, Target};
use ottla_proto::messages::create_topics::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig, CreatableTopicResult,
    CreateTopicsRequest, CreateTopicsResponse,
};
use ottla_proto::{BrokerId, ErrorCode, TopicId};

use super::{Admin, AdminError, Call, Entries, name_of, passes, retriable};

/// A topic to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "it is created by `Admin::create_topic`"]
pub struct NewTopic {
    name: String,
    partitions: Option<i32>,
    replication: Option<i16>,
    assignment: Vec<Vec<i32>>,
    config: Vec<(String, String)>,
}

impl NewTopic {
    /// A topic with the broker's defaults: `num.partitions` and `default.replication.factor`.
    pub fn new(name: impl Into<String>) -> Self {
        let (partitions, replication) = (None, None);
        Self { name: name.into(), partitions, replication, assignment: Vec::new(), config: Vec::new() }
    }

    /// How many partitions it has.
    pub fn partitions(mut self, partitions: i32) -> Self {
        self.partitions = Some(partitions);
        self
    }

    /// On how many brokers each partition is kept.
    pub fn replication(mut self, replicas: i16) -> Self {
        self.replication = Some(replicas);
        self
    }

    /// Which nodes keep each partition, from partition 0 on, the preferred leader first. It decides the number of
    /// partitions and replicas, and brokers refuse it beside either of them.
    pub fn assignment(mut self, nodes: impl IntoIterator<Item = Vec<i32>>) -> Self {
        self.assignment = nodes.into_iter().collect();
        self
    }

    /// Sets a configuration of the topic, such as `retention.ms`; brokers refuse names that they do not know.
    pub fn config(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.config.push((name.into(), value.into()));
        self
    }

    fn to_wire(&self) -> CreatableTopic {
        // "As the broker has it" since Kafka 2.4 (KIP-464), and the only value beside an assignment.
        const DEFAULT: i16 = -1;
        let assignment = |(partition, nodes): (i32, &Vec<i32>)| CreatableReplicaAssignment {
            partition_index: partition,
            broker_ids: nodes.iter().copied().map(BrokerId).collect(),
            ..Default::default()
        };
        let config = |(name, value): &(String, String)| CreatableTopicConfig {
            name: name.as_str().into(),
            value: Some(value.as_str().into()),
            ..Default::default()
        };
        CreatableTopic {
            name: name_of(&self.name),
            num_partitions: self.partitions.unwrap_or(DEFAULT.into()),
            replication_factor: self.replication.unwrap_or(DEFAULT),
            assignments: (0..).zip(&self.assignment).map(assignment).collect(),
            configs: self.config.iter().map(config).collect(),
            ..Default::default()
        }
    }
}

/// A topic as it was created.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreatedTopic {
    /// Its name.
    pub name: String,
    /// Its identity; `None` before Kafka 2.8.
    pub id: Option<TopicId>,
    /// How many partitions it got; `None` before Kafka 2.4, or if we may not know.
    pub partitions: Option<i32>,
    /// On how many brokers each is kept; `None` before Kafka 2.4, or if we may not know.
    pub replication: Option<i16>,
}

impl CreatedTopic {
    fn new(result: &CreatableTopicResult) -> Self {
        Self {
            name: result.name.to_string(),
            id: Some(result.topic_id).filter(|id| !id.is_zero()),
            partitions: Some(result.num_partitions).filter(|count| *count >= 0),
            replication: Some(result.replication_factor).filter(|count| *count >= 0),
        }
    }
}

impl Admin {
    /// Creates a topic.
    ///
    /// # Errors
    /// `TOPIC_ALREADY_EXISTS` may also mean that an attempt of this very call, whose answer was lost, has created
    /// it.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer; the topic may still be created.
    pub async fn create_topic(&self, topic: NewTopic) -> Result<CreatedTopic, AdminError> {
        let results = self.create_topics([topic]).await;
        results.into_iter().next().map_or(Err(AdminError::Unanswered), |(_, result)| result)
    }

    /// Creates topics; the answer has a result for each, in their order. One that is named twice is created once,
    /// as it was named first.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer; the topics may still be created.
    pub async fn create_topics(
        &self,
        topics: impl IntoIterator<Item = NewTopic>,
    ) -> Vec<(String, Result<CreatedTopic, AdminError>)> {
        self.call().create(topics.into_iter().collect(), false).await
    }

    /// Asks what [`create_topics`](Self::create_topics) would do, and creates nothing.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer.
    pub async fn validate_topics(
        &self,
        topics: impl IntoIterator<Item = NewTopic>,
    ) -> Vec<(String, Result<CreatedTopic, AdminError>)> {
        self.call().create(topics.into_iter().collect(), true).await
    }
}

impl Call<'_> {
    async fn create(
        self,
        topics: Vec<NewTopic>,
        validate_only: bool,
    ) -> Vec<(String, Result<CreatedTopic, AdminError>)> {
        let mut entries = Entries::new(topics.iter().map(|topic| topic.name.clone()));
        loop {
            let open = entries.open();
            if open.is_empty() {
                break;
            }
            let wanted = open.iter().filter_map(|name| topics.iter().find(|topic| topic.name == *name));
            let request = CreateTopicsRequest {
                topics: wanted.map(NewTopic::to_wire).collect(),
                timeout_ms: self.timeout_ms(),
                validate_only,
                ..Default::default()
            };
            let spec = CallSpec::judged(request, self.deadline, |response: &CreateTopicsResponse| {
                retriable(response.topics.iter().map(|topic| topic.error_code))
            });
            match self.answer::<CreateTopicsResponse>(spec.to(Target::Controller)).await {
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

fn merge(entries: &mut Entries<String, CreatedTopic>, node: i32, response: &CreateTopicsResponse) {
    for topic in &response.topics {
        let result = match topic.error_code {
            ErrorCode::NONE => Ok(CreatedTopic::new(topic)),
            code if passes(code) => continue,
            code => {
                let message = topic.error_message.as_ref().map(ToString::to_string);
                Err(AdminError::Refused { node, code, message })
            }
        };
        entries.settle(|name| *name == *topic.name, result);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(name: &str, code: ErrorCode) -> CreatableTopicResult {
        CreatableTopicResult {
            name: name_of(name),
            error_code: code,
            num_partitions: 6,
            ..Default::default()
        }
    }

    #[test]
    fn what_a_quota_cut_off_stays_open() {
        let mut entries = Entries::new(["a", "b", "c"].map(str::to_owned));
        let topics = vec![
            result("a", ErrorCode::NONE),
            result("b", ErrorCode::THROTTLING_QUOTA_EXCEEDED),
            result("c", ErrorCode::TOPIC_ALREADY_EXISTS),
        ];
        merge(&mut entries, 1, &CreateTopicsResponse { topics, ..Default::default() });
        assert_eq!(entries.open(), ["b"]);
        let results = entries.into_results();
        assert_eq!(results[0].1.as_ref().unwrap().partitions, Some(6));
        assert_eq!(results[2].1.as_ref().unwrap_err().code(), Some(ErrorCode::TOPIC_ALREADY_EXISTS));
    }

    #[test]
    fn defaults_are_left_to_the_broker() {
        let wire = NewTopic::new("t").to_wire();
        assert_eq!((wire.num_partitions, wire.replication_factor), (-1, -1));
        let wire = NewTopic::new("t").assignment([vec![1, 2], vec![2, 3]]).config("a", "b").to_wire();
        assert_eq!(wire.assignments[1].partition_index, 1);
        assert_eq!(wire.assignments[1].broker_ids, [BrokerId(2), BrokerId(3)]);
        assert_eq!(wire.configs[0].value.as_deref(), Some("b"));
    }
}
