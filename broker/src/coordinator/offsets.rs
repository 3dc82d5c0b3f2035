//! What groups have committed (Java's `OffsetMetadataManager`). Offsets are kept until they are deleted, or their topic
//! is, or nobody has used them for long (`expiry`).

use std::collections::BTreeMap;

use bytestring::ByteString;
use ottla_proto::{GroupId, LeaderEpoch, ProducerId, TopicName};

use super::own;
use crate::Instant;
use crate::engine::Changes;

/// The committed offsets of all groups.
#[derive(Debug, Default)]
pub(crate) struct Offsets {
    by_group: BTreeMap<GroupId, GroupOffsets>,
    /// What running transactions will commit.
    pending: BTreeMap<GroupId, BTreeMap<ProducerId, GroupOffsets>>,
    /// What is to be written down.
    pub(crate) changes: Changes<OffsetKey>,
}

/// What is kept of offsets, each by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum OffsetKey {
    Committed(GroupId, TopicName, i32),
    Pending(GroupId, ProducerId),
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
    /// When it was committed.
    pub(crate) at: Instant,
    /// When it goes, if the client said so itself, as it could up to version 4 of OffsetCommit.
    pub(crate) expires: Option<Instant>,
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
        let (group, topic) = (GroupId(own(&group.0)), TopicName(own(&topic.0)));
        self.changes.note(|| OffsetKey::Committed(group.clone(), topic.clone(), partition));
        self.by_group.entry(group).or_default().entry(topic).or_default().insert(partition, committed);
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
        let group = GroupId(own(&group.0));
        self.changes.note(|| OffsetKey::Pending(group.clone(), producer));
        let producers = self.pending.entry(group).or_default();
        let topics = producers.entry(producer).or_default();
        topics.entry(TopicName(own(&topic.0))).or_default().insert(partition, committed);
    }

    /// The producer's transaction is over: what it wanted to commit for the group counts now, or never.
    pub(crate) fn end_transaction(&mut self, producer: ProducerId, group: &GroupId, commit: bool) {
        let Some(producers) = self.pending.get_mut(group) else { return };
        let Some(ended) = producers.remove(&producer) else { return };
        self.changes.note(|| OffsetKey::Pending(group.clone(), producer));
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
        self.changes.note(|| OffsetKey::Committed(group.into(), topic.into(), partition));
        if partitions.is_empty() {
            topics.remove(topic);
        }
        if topics.is_empty() {
            self.by_group.remove(group);
        }
    }

    /// Forgets those of a group's offsets that are old, unless a running transaction may change them. Returns whether
    /// nothing is left.
    pub(super) fn expire(
        &mut self,
        group: &str,
        is_old: impl Fn(&TopicName, &CommittedOffset) -> bool,
    ) -> bool {
        let offsets = self.by_group.get(group).into_iter().flatten();
        let offsets = offsets.flat_map(|(topic, offsets)| offsets.iter().map(move |it| (topic, it)));
        let old: Vec<(TopicName, i32)> = offsets
            .filter(|(topic, (index, offset))| {
                is_old(topic, offset) && !self.is_unstable(group, topic, **index)
            })
            .map(|(topic, (index, _))| (topic.clone(), *index))
            .collect();
        for (topic, index) in old {
            self.delete(group, &topic, index);
        }
        !self.by_group.contains_key(group) && !self.pending.contains_key(group)
    }

    /// Forgets all offsets of a group.
    pub(crate) fn delete_group(&mut self, group: &str) {
        for (topic, offsets) in self.by_group.remove(group).into_iter().flatten() {
            for partition in offsets.into_keys() {
                self.changes.note(|| OffsetKey::Committed(group.into(), topic.clone(), partition));
            }
        }
        for producer in self.pending.remove(group).into_iter().flat_map(BTreeMap::into_keys) {
            self.changes.note(|| OffsetKey::Pending(group.into(), producer));
        }
    }

    /// The topic is gone, and with it what was committed for it.
    pub(crate) fn delete_topic(&mut self, topic: &str) {
        for (group, offsets) in &mut self.by_group {
            for partition in offsets.remove(topic).into_iter().flat_map(BTreeMap::into_keys) {
                self.changes.note(|| OffsetKey::Committed(group.clone(), topic.into(), partition));
            }
        }
        self.by_group.retain(|_, topics| !topics.is_empty());
        for (group, producers) in &mut self.pending {
            for (producer, pending) in producers {
                if pending.remove(topic).is_some() {
                    self.changes.note(|| OffsetKey::Pending(group.clone(), *producer));
                }
            }
        }
    }

    /// What a running transaction will commit for a group.
    pub(crate) fn pending(&self, group: &str, producer: ProducerId) -> Option<&GroupOffsets> {
        self.pending.get(group)?.get(&producer)
    }

    /// Everything that is kept.
    pub(crate) fn keys(&self) -> impl Iterator<Item = OffsetKey> {
        let committed = self.by_group.iter().flat_map(|(group, topics)| {
            topics.iter().flat_map(move |(topic, offsets)| {
                offsets.keys().map(move |index| OffsetKey::Committed(group.clone(), topic.clone(), *index))
            })
        });
        let pending = self.pending.iter().flat_map(|(group, producers)| {
            producers.keys().map(move |producer| OffsetKey::Pending(group.clone(), *producer))
        });
        committed.chain(pending)
    }
}
