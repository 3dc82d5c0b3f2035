//! The offsets of groups, and how far they are behind.

use std::collections::BTreeMap;

use ottla_core::calls::{CallSpec, Target};
use ottla_proto::messages::list_offsets::{ListOffsetsPartition, ListOffsetsTopic};
use ottla_proto::messages::offset_commit::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use ottla_proto::messages::offset_delete::{OffsetDeleteRequestPartition, OffsetDeleteRequestTopic};
use ottla_proto::messages::{
    ListOffsetsRequest, ListOffsetsResponse, OffsetCommitRequest, OffsetCommitResponse, OffsetDeleteRequest,
    OffsetDeleteResponse, OffsetFetchRequest, OffsetFetchResponse,
};
use ottla_proto::{BrokerId, ErrorCode, GroupId, TopicName};

use super::groups::refused;
use super::{Admin, AdminError, Call};
use crate::consumer::group::TopicPartition;

/// The last version of OffsetFetch that asks about one group in the plain form; every supported broker knows it.
const ONE_GROUP: i16 = 7;
/// The last version of OffsetCommit that names topics by name.
const BY_NAME: i16 = 9;

/// What a group committed for a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommittedOffset {
    /// The partition.
    pub partition: TopicPartition,
    /// The offset of the next record to process.
    pub offset: i64,
    /// The leader epoch that goes with it, if one was committed.
    pub leader_epoch: Option<i32>,
    /// What the application put beside it.
    pub metadata: String,
}

/// How far a group is behind in one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupLag {
    /// The partition.
    pub partition: TopicPartition,
    /// What the group committed, if anything.
    pub committed: Option<i64>,
    /// The log's first offset.
    pub log_start: i64,
    /// One more than the last offset that can be read.
    pub log_end: i64,
    /// Offsets between what was committed and the log's end; `None` if nothing was committed.
    pub lag: Option<i64>,
}

/// A place in a log that a broker has to look up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OffsetSpec {
    /// The first offset.
    Earliest,
    /// One more than the last.
    Latest,
    /// The first record whose timestamp, in milliseconds since 1970, is this or later; the log's end if there is none.
    Timestamp(i64),
}

/// Partitions with an offset each.
pub type PartitionOffsets = BTreeMap<TopicPartition, i64>;

impl Admin {
    /// What a group committed, by partition. Costs one request to its coordinator. Java: `listConsumerGroupOffsets`.
    ///
    /// # Errors
    /// If the coordinator refuses or does not answer in time. A group that does not exist has no offsets.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer.
    pub async fn group_offsets(&self, group: &str) -> Result<Vec<CommittedOffset>, AdminError> {
        self.call().group_offsets(group).await
    }

    /// Sets what a group has committed. The group must have no members that read these partitions. Java:
    /// `alterConsumerGroupOffsets`.
    ///
    /// # Errors
    /// `UNKNOWN_MEMBER_ID` if the group has members. The error names the first partition that was refused; the others may
    /// have been set.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer; the offsets may still be set.
    pub async fn alter_group_offsets(
        &self,
        group: &str,
        offsets: PartitionOffsets,
    ) -> Result<(), AdminError> {
        let call = self.call();
        let mut topics: BTreeMap<TopicName, Vec<OffsetCommitRequestPartition>> = BTreeMap::new();
        for (TopicPartition { topic, partition }, offset) in offsets {
            topics.entry(TopicName::from(topic)).or_default().push(OffsetCommitRequestPartition {
                partition_index: partition,
                committed_offset: offset,
                committed_metadata: Some("".into()),
                ..Default::default()
            });
        }
        let topics = topics.into_iter().map(|(name, partitions)| OffsetCommitRequestTopic {
            name,
            partitions,
            ..Default::default()
        });
        let request = OffsetCommitRequest {
            group_id: GroupId::from(group),
            generation_id_or_member_epoch: -1,
            topics: topics.collect(),
            ..Default::default()
        };
        let spec = CallSpec::judged(request, call.deadline, |response: &OffsetCommitResponse| {
            let mut partitions = response.topics.iter().flat_map(|topic| &topic.partitions);
            partitions.find_map(|partition| Some(partition.error_code).filter(|error| !error.is_none()))
        });
        let (node, response) = call.coordinated::<OffsetCommitResponse>(group, spec.highest(BY_NAME)).await?;
        let mut partitions = response.topics.iter().flat_map(|topic| &topic.partitions);
        partitions.try_for_each(|partition| refused(node, partition.error_code, None))
    }

    /// Forgets what a group has committed for these partitions. Java: `deleteConsumerGroupOffsets`.
    ///
    /// # Errors
    /// `GROUP_SUBSCRIBED_TO_TOPIC` if the group has members that read them.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer; the offsets may still be forgotten.
    pub async fn delete_group_offsets(
        &self,
        group: &str,
        partitions: impl IntoIterator<Item = TopicPartition>,
    ) -> Result<(), AdminError> {
        let call = self.call();
        let mut topics: BTreeMap<TopicName, Vec<OffsetDeleteRequestPartition>> = BTreeMap::new();
        for TopicPartition { topic, partition } in partitions {
            let entry = OffsetDeleteRequestPartition { partition_index: partition };
            topics.entry(TopicName::from(topic)).or_default().push(entry);
        }
        let topics =
            topics.into_iter().map(|(name, partitions)| OffsetDeleteRequestTopic { name, partitions });
        let request = OffsetDeleteRequest { group_id: GroupId::from(group), topics: topics.collect() };
        let spec = CallSpec::new(request, call.deadline);
        let (node, response) = call.coordinated::<OffsetDeleteResponse>(group, spec).await?;
        let mut partitions = response.topics.iter().flat_map(|topic| &topic.partitions);
        partitions.try_for_each(|partition| refused(node, partition.error_code, None))
    }

    /// How far a group is behind, partition by partition: of those that it committed something for and of `topics`. Asks
    /// the coordinator and every leader.
    ///
    /// # Errors
    /// If a broker refuses or does not answer in time.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer.
    pub async fn group_lag<T: Into<String>>(
        &self,
        group: &str,
        topics: impl IntoIterator<Item = T>,
    ) -> Result<Vec<GroupLag>, AdminError> {
        let call = self.call();
        let committed: BTreeMap<_, _> = call
            .group_offsets(group)
            .await?
            .into_iter()
            .map(|committed| (committed.partition, committed.offset))
            .collect();
        let mut partitions: Vec<TopicPartition> = committed.keys().cloned().collect();
        let topics: Vec<String> = topics.into_iter().map(Into::into).collect();
        if !topics.is_empty() {
            let (_, response) = call.metadata(Some(topics)).await?;
            for topic in &response.topics {
                let name = topic.name.as_deref().unwrap_or_default();
                let all = topic.partitions.iter().map(|partition| TopicPartition {
                    topic: name.to_owned(),
                    partition: partition.partition_index,
                });
                partitions.extend(all);
            }
        }
        partitions.sort();
        partitions.dedup();
        let begins = call.list_offsets(&partitions, OffsetSpec::Earliest).await?;
        let ends = call.list_offsets(&partitions, OffsetSpec::Latest).await?;
        let lag = partitions.into_iter().filter_map(|partition| {
            // A partition that was deleted has no end to be behind of.
            let (log_start, log_end) = (*begins.get(&partition)?, *ends.get(&partition)?);
            let committed = committed.get(&partition).copied();
            let lag = committed.map(|offset| log_end.saturating_sub(offset.max(log_start)).max(0));
            Some(GroupLag { partition, committed, log_start, log_end, lag })
        });
        Ok(lag.collect())
    }

    /// Looks up an offset in each of these partitions; those that do not exist are left out. Java: `listOffsets`.
    ///
    /// # Errors
    /// If a leader refuses or does not answer in time.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer.
    pub async fn list_offsets(
        &self,
        partitions: impl IntoIterator<Item = TopicPartition>,
        spec: OffsetSpec,
    ) -> Result<PartitionOffsets, AdminError> {
        let partitions: Vec<_> = partitions.into_iter().collect();
        self.call().list_offsets(&partitions, spec).await
    }
}

impl Call<'_> {
    async fn group_offsets(self, group: &str) -> Result<Vec<CommittedOffset>, AdminError> {
        let request =
            OffsetFetchRequest { group_id: GroupId::from(group), topics: None, ..Default::default() };
        let spec = CallSpec::new(request, self.deadline).highest(ONE_GROUP);
        let (node, response) = self.coordinated::<OffsetFetchResponse>(group, spec).await?;
        let mut offsets = Vec::new();
        for topic in &response.topics {
            for partition in &topic.partitions {
                refused(node, partition.error_code, None)?;
                if partition.committed_offset < 0 {
                    continue;
                }
                offsets.push(CommittedOffset {
                    partition: TopicPartition {
                        topic: topic.name.to_string(),
                        partition: partition.partition_index,
                    },
                    offset: partition.committed_offset,
                    leader_epoch: Some(partition.committed_leader_epoch.0).filter(|epoch| *epoch >= 0),
                    metadata: partition.metadata.as_deref().unwrap_or_default().to_owned(),
                });
            }
        }
        offsets.sort_by(|one, other| one.partition.cmp(&other.partition));
        Ok(offsets)
    }

    async fn list_offsets(
        self,
        partitions: &[TopicPartition],
        spec: OffsetSpec,
    ) -> Result<PartitionOffsets, AdminError> {
        let mut found = PartitionOffsets::new();
        let mut left: Vec<&TopicPartition> = partitions.iter().collect();
        // Leaders may move while they are asked; the metadata of each round names the new ones.
        for _round in 0..3 {
            let mut topics: Vec<_> = left.iter().map(|partition| partition.topic.clone()).collect();
            topics.dedup();
            if topics.is_empty() {
                break;
            }
            let (_, metadata) = self.metadata(Some(topics)).await?;
            let mut by_leader: BTreeMap<BrokerId, BTreeMap<TopicName, Vec<ListOffsetsPartition>>> =
                BTreeMap::new();
            left.retain(|partition| {
                let topic =
                    metadata.topics.iter().find(|topic| topic.name.as_deref() == Some(&*partition.topic));
                let known = topic.and_then(|topic| {
                    topic.partitions.iter().find(|known| known.partition_index == partition.partition)
                });
                let Some(known) = known else { return false };
                let entry = ListOffsetsPartition {
                    partition_index: partition.partition,
                    timestamp: spec.wire(),
                    ..Default::default()
                };
                let topics = by_leader.entry(known.leader_id).or_default();
                topics.entry(TopicName::from(partition.topic.as_str())).or_default().push(entry);
                true
            });
            by_leader.remove(&BrokerId::NONE);
            let mut moved = None;
            for (leader, topics) in by_leader {
                let topics = topics.into_iter().map(|(name, partitions)| ListOffsetsTopic {
                    name,
                    partitions,
                    ..Default::default()
                });
                let request = ListOffsetsRequest { topics: topics.collect(), ..Default::default() };
                // Every version up to here looks up what is asked for here.
                let call = CallSpec::new(request, self.deadline).to(Target::Node(leader));
                let (node, response) = self.answer::<ListOffsetsResponse>(call).await?;
                for topic in &response.topics {
                    for answer in &topic.partitions {
                        let partition = TopicPartition {
                            topic: topic.name.to_string(),
                            partition: answer.partition_index,
                        };
                        match answer.error_code {
                            ErrorCode::NONE => {
                                found.insert(partition, answer.offset);
                            }
                            code if code.is_invalid_metadata() => moved = Some((node, code)),
                            code => refused(node, code, None)?,
                        }
                    }
                }
            }
            left.retain(|partition| !found.contains_key(*partition));
            if moved.is_none() {
                break;
            }
        }
        if let (OffsetSpec::Timestamp(_), true) = (spec, found.values().any(|offset| *offset < 0)) {
            let late: Vec<_> = found
                .iter()
                .filter(|(_, offset)| **offset < 0)
                .map(|(partition, _)| partition.clone())
                .collect();
            found.extend(Box::pin(self.list_offsets(&late, OffsetSpec::Latest)).await?);
        }
        Ok(found)
    }
}

impl OffsetSpec {
    const fn wire(self) -> i64 {
        match self {
            Self::Latest => -1,
            Self::Earliest => -2,
            Self::Timestamp(timestamp) => timestamp,
        }
    }
}
