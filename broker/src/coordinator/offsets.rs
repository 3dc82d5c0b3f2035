//! What groups have committed (Java's `OffsetMetadataManager`). Offsets are kept until they are deleted or
//! their topic is; Kafka also drops those of groups that are empty for a week (`offsets.retention.minutes`).

use std::collections::BTreeMap;

use bytestring::ByteString;
use ottla_proto::{GroupId, LeaderEpoch, ProducerId, TopicName};

use super::own;

/// The committed offsets of all groups.
#[derive(Debug, Default)]
pub(crate) struct Offsets {
    by_group: BTreeMap<GroupId, GroupOffsets>,
    /// What running transactions will commit.
    pending: BTreeMap<GroupId, BTreeMap<ProducerId, GroupOffsets>>,
}

/// The offsets of one group, by topic and partition.
pub(crate) type GroupOffsets = BTreeMap<TopicName, BTreeMap<i32, CommittedOffset>>;

/// How far a group has read a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommittedOffset {
    /// The next record to read.
    pub(crate) offset: i64,
    /// The epoch of the last record that was read; none if the client did not say.
    pub(crate) leader_epoch: LeaderEpoch,
    /// What the client wanted to remember with it.
    pub(crate) metadata: ByteString,
}

impl Offsets {
    pub(crate) fn commit(
        &mut self,
        group: &GroupId,
        topic: &TopicName,
        partition: i32,
        committed: CommittedOffset,
    ) {
        let committed = CommittedOffset { metadata: own(&committed.metadata), ..committed };
        let topics = self.by_group.entry(GroupId(own(&group.0))).or_default();
        topics.entry(TopicName(own(&topic.0))).or_default().insert(partition, committed);
    }

    /// What the group has committed, if anything.
    pub(crate) fn of(&self, group: &str) -> Option<&GroupOffsets> {
        self.by_group.get(group)
    }

    pub(crate) fn get(&self, group: &str, topic: &str, partition: i32) -> Option<&CommittedOffset> {
        self.by_group.get(group)?.get(topic)?.get(&partition)
    }

    /// Whether a running transaction may change the offset.
    pub(crate) fn is_unstable(&self, group: &str, topic: &str, partition: i32) -> bool {
        let pending = self.pending.get(group).into_iter().flat_map(BTreeMap::values);
        pending.filter_map(|topics| topics.get(topic)).any(|offsets| offsets.contains_key(&partition))
    }

    /// An offset that counts once the producer's transaction is committed.
    pub(crate) fn commit_in_transaction(
        &mut self,
        producer: ProducerId,
        group: &GroupId,
        topic: &TopicName,
        partition: i32,
        committed: CommittedOffset,
    ) {
        let committed = CommittedOffset { metadata: own(&committed.metadata), ..committed };
        let producers = self.pending.entry(GroupId(own(&group.0))).or_default();
        let topics = producers.entry(producer).or_default();
        topics.entry(TopicName(own(&topic.0))).or_default().insert(partition, committed);
    }

    /// The producer's transaction is over: what it wanted to commit for the group counts now, or never.
    pub(crate) fn end_transaction(&mut self, producer: ProducerId, group: &GroupId, commit: bool) {
        let Some(producers) = self.pending.get_mut(group) else { return };
        let ended = producers.remove(&producer).unwrap_or_default();
        if producers.is_empty() {
            self.pending.remove(group);
        }
        if !commit {
            return;
        }
        for (topic, offsets) in ended {
            for (partition, committed) in offsets {
                self.commit(group, &topic, partition, committed);
            }
        }
    }

    /// Forgets one offset.
    pub(crate) fn delete(&mut self, group: &str, topic: &str, partition: i32) {
        let Some(topics) = self.by_group.get_mut(group) else { return };
        let Some(partitions) = topics.get_mut(topic) else { return };
        partitions.remove(&partition);
        if partitions.is_empty() {
            topics.remove(topic);
        }
        if topics.is_empty() {
            self.by_group.remove(group);
        }
    }

    /// Forgets all offsets of a group.
    pub(crate) fn delete_group(&mut self, group: &str) {
        self.by_group.remove(group);
        self.pending.remove(group);
    }

    /// The topic is gone, and with it what was committed for it.
    pub(crate) fn delete_topic(&mut self, topic: &str) {
        for offsets in self.by_group.values_mut() {
            offsets.remove(topic);
        }
        self.by_group.retain(|_, topics| !topics.is_empty());
        for pending in self.pending.values_mut().flat_map(BTreeMap::values_mut) {
            pending.remove(topic);
        }
    }
}
