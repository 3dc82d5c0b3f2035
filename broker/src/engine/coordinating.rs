//! Which node coordinates a group or a transaction: the leader of a partition of an internal topic.

use ottla_proto::{BrokerId, GroupId, TopicId};

use super::{Engine, TopicConfig, TopicPlan};
use crate::Instant;
use crate::api::spread;
use crate::coordinator::{CoordinatorType, partition};

impl Engine {
    /// The node that coordinates the group or the transactions of this id; `None` if nobody does, or nobody has asked
    /// for a coordinator yet, so that there is no topic.
    pub(crate) fn coordinator(&self, kind: CoordinatorType, key: &str) -> Option<BrokerId> {
        let topic = self.topics.named(kind.topic())?;
        let leader = topic.partition(partition(key, topic.partitions.len()))?.leader;
        Some(leader).filter(|leader| !leader.is_none())
    }

    /// Creates the coordinators' topic, if it is not there. Its partitions count towards no limit.
    pub(crate) fn ensure_coordinators(&mut self, kind: CoordinatorType) {
        if self.topics.id(kind.topic()).is_some() {
            return;
        }
        let Ok(config) = TopicConfig::new(kind.topic_settings()) else { return };
        let factor = self.node_ids().count().min(CoordinatorType::REPLICATION_FACTOR);
        let replicas = spread(self, kind.topic(), 0, CoordinatorType::PARTITIONS, factor);
        self.add_topic(TopicPlan { name: kind.topic().into(), config, replicas });
    }

    /// A partition has another leader: if groups belong to it, another node coordinates them.
    pub(super) fn move_groups(&mut self, topic: TopicId, index: i32, now: Instant) {
        let Some(topic) = self.topics.get(topic) else { return };
        if CoordinatorType::of_topic(&topic.name) != Some(CoordinatorType::Group) {
            return;
        }
        let partitions = topic.partitions.len();
        let ids = self.coordinators.groups.iter().map(|(id, _)| id);
        let moved: Vec<GroupId> = ids.filter(|id| partition(id, partitions) == index).cloned().collect();
        let (groups, mut turn) = self.coordinators.groups(now);
        for id in &moved {
            groups.moved(&mut turn, id);
        }
    }
}
