use ottla_core::calls::CallSpec;
use ottla_proto::messages::metadata::{
    MetadataRequest, MetadataRequestTopic, MetadataResponse, MetadataResponsePartition, MetadataResponseTopic,
};
use ottla_proto::{BrokerId, ErrorCode, LeaderEpoch, TopicId};

use super::{Admin, AdminError, Call, Entries, name_of};

/// A topic in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopicListing {
    /// Its name.
    pub name: String,
    /// Its identity; `None` before Kafka 2.8.
    pub id: Option<TopicId>,
    /// Whether Kafka keeps its own affairs in it, such as committed offsets.
    pub internal: bool,
    /// How many partitions it has.
    pub partitions: usize,
}

/// A topic and where its partitions are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TopicDescription {
    /// Its name.
    pub name: String,
    /// Its identity; `None` before Kafka 2.8.
    pub id: Option<TopicId>,
    /// Whether Kafka keeps its own affairs in it, such as committed offsets.
    pub internal: bool,
    /// Its partitions by rising number.
    pub partitions: Vec<PartitionDescription>,
}

/// Where a partition is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PartitionDescription {
    /// Its number.
    pub partition: i32,
    /// The node that leads it; `None` if none does.
    pub leader: Option<i32>,
    /// How many leaders it has had; `None` before Kafka 2.1.
    pub leader_epoch: Option<i32>,
    /// The nodes that keep it, the preferred leader first.
    pub replicas: Vec<i32>,
    /// Those of them that are in sync.
    pub in_sync: Vec<i32>,
    /// Those of them that are offline.
    pub offline: Vec<i32>,
}

impl Admin {
    /// Every topic that this client may see, by name.
    ///
    /// # Errors
    /// If no broker answers in time, or the broker refuses.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer.
    pub async fn list_topics(&self) -> Result<Vec<TopicListing>, AdminError> {
        let (_, response) = self.call().metadata(None).await?;
        let known = response.topics.iter().filter(|topic| topic.error_code == ErrorCode::NONE);
        let mut topics: Vec<_> = known.map(TopicListing::new).collect();
        topics.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(topics)
    }

    /// A topic and where its partitions are.
    ///
    /// # Errors
    /// If there is no such topic, or no broker answers in time.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer.
    pub async fn describe_topic(&self, topic: impl Into<String>) -> Result<TopicDescription, AdminError> {
        let results = self.describe_topics([topic.into()]).await;
        results.into_iter().next().map_or(Err(AdminError::Unanswered), |(_, result)| result)
    }

    /// Topics and where their partitions are; the answer has a result for each, in their order, one that is named
    /// twice only once. No topic is created by being asked about.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer.
    pub async fn describe_topics<T: Into<String>>(
        &self,
        topics: impl IntoIterator<Item = T>,
    ) -> Vec<(String, Result<TopicDescription, AdminError>)> {
        let mut entries = Entries::new(topics.into_iter().map(Into::into));
        match self.call().metadata(Some(entries.open())).await {
            Ok((node, response)) => merge(&mut entries, node, &response),
            Err(error) => entries.settle_rest(&error),
        }
        entries.into_results()
    }
}

impl Call<'_> {
    /// What some broker knows of these topics, or of all.
    pub(super) async fn metadata(
        self,
        topics: Option<Vec<String>>,
    ) -> Result<(i32, MetadataResponse), AdminError> {
        let topic = |name: String| MetadataRequestTopic { name: Some(name_of(&name)), ..Default::default() };
        let topics = topics.map(|names| names.into_iter().map(topic).collect());
        let request = MetadataRequest { topics, allow_auto_topic_creation: false, ..Default::default() };
        self.answer(CallSpec::new(request, self.deadline)).await
    }
}

fn merge(entries: &mut Entries<String, TopicDescription>, node: i32, response: &MetadataResponse) {
    for topic in &response.topics {
        let result = match topic.error_code {
            ErrorCode::NONE => Ok(TopicDescription::new(topic)),
            code => Err(AdminError::Refused { node, code, message: None }),
        };
        entries.settle(|name| topic.name.as_deref() == Some(name), result);
    }
}

impl TopicListing {
    fn new(topic: &MetadataResponseTopic) -> Self {
        Self {
            name: topic.name.as_deref().unwrap_or_default().to_owned(),
            id: id_of(topic),
            internal: topic.is_internal,
            partitions: topic.partitions.len(),
        }
    }
}

impl TopicDescription {
    fn new(topic: &MetadataResponseTopic) -> Self {
        let mut partitions: Vec<_> = topic.partitions.iter().map(PartitionDescription::new).collect();
        partitions.sort_by_key(|partition| partition.partition);
        Self {
            name: topic.name.as_deref().unwrap_or_default().to_owned(),
            id: id_of(topic),
            internal: topic.is_internal,
            partitions,
        }
    }
}

impl PartitionDescription {
    fn new(partition: &MetadataResponsePartition) -> Self {
        let nodes = |nodes: &[BrokerId]| nodes.iter().map(|node| node.0).collect();
        let known = |epoch: LeaderEpoch| (!epoch.is_none()).then_some(epoch.0);
        Self {
            partition: partition.partition_index,
            leader: (!partition.leader_id.is_none()).then_some(partition.leader_id.0),
            leader_epoch: known(partition.leader_epoch),
            replicas: nodes(&partition.replica_nodes),
            in_sync: nodes(&partition.isr_nodes),
            offline: nodes(&partition.offline_replicas),
        }
    }
}

fn id_of(topic: &MetadataResponseTopic) -> Option<TopicId> {
    Some(topic.topic_id).filter(|id| !id.is_zero())
}
