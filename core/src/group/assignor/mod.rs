//! How the leader of a classic group shares out partitions.

mod range;
mod round_robin;
mod sticky;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use bytes::Bytes;
use bytestring::ByteString;
use ottla_proto::TopicName;

pub use range::RangeAssignor;
pub use round_robin::RoundRobinAssignor;
pub use sticky::{CooperativeStickyAssignor, StickyAssignor};

use super::subscription::MemberSubscription;
use crate::consumer::TopicPartition;

/// A way to share out partitions among the members of a classic group. Java: `ConsumerPartitionAssignor`.
///
/// Equal inputs should give equal outputs: another member may become the leader at any time.
pub trait Assignor: fmt::Debug + Send + Sync {
    /// What members call it among themselves; all of them must offer one of the same name.
    fn name(&self) -> &str;

    /// Whether members keep what they have while others join (KIP-429). Such an assignor never gives a partition to
    /// one member while another still owns it.
    fn is_cooperative(&self) -> bool {
        false
    }

    /// What to tell the leader besides topics and owned partitions. Nothing by default.
    fn user_data(&self, _owned: &BTreeSet<TopicPartition>, _generation: i32) -> Option<Bytes> {
        None
    }

    /// What each member gets, by its id. What is given to nobody is read by nobody; a partition of a topic that a
    /// member did not ask for is not read.
    fn assign(&self, topics: &GroupTopics, members: &[GroupMember]) -> GroupAssignment;
}

/// What each member gets, by its id.
pub type GroupAssignment = BTreeMap<ByteString, BTreeSet<TopicPartition>>;

/// A member as the leader sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupMember {
    /// Its id.
    pub id: ByteString,
    /// Its name, if it is static.
    pub instance_id: Option<ByteString>,
    /// What it wants and has.
    pub subscription: MemberSubscription,
}

impl GroupMember {
    /// The order in which members take their turns: static ones first, by name, since their ids change.
    fn turn(&self) -> (bool, &str) {
        match &self.instance_id {
            Some(name) => (false, name),
            None => (true, &self.id),
        }
    }

    fn wants(&self, topic: &TopicName) -> bool {
        self.subscription.topics.contains(topic)
    }
}

/// Members in the order of their turns.
fn in_turn(members: &[GroupMember]) -> Vec<&GroupMember> {
    let mut members: Vec<&GroupMember> = members.iter().collect();
    members.sort_by(|one, other| one.turn().cmp(&other.turn()));
    members
}

/// An empty assignment for everybody.
fn nothing(members: &[GroupMember]) -> GroupAssignment {
    members.iter().map(|member| (member.id.clone(), BTreeSet::new())).collect()
}

/// The topics that members want, as far as they exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupTopics {
    /// The racks of each partition's replicas, by partition.
    topics: BTreeMap<TopicName, Vec<BTreeSet<ByteString>>>,
}

impl GroupTopics {
    /// Adds a topic: the racks of the replicas of each partition, in the order of their numbers; empty where the
    /// brokers do not say.
    pub fn insert(&mut self, topic: TopicName, racks: Vec<BTreeSet<ByteString>>) {
        self.topics.insert(topic, racks);
    }

    /// The topics by name.
    pub fn names(&self) -> impl Iterator<Item = &TopicName> {
        self.topics.keys()
    }

    /// How many partitions a topic has; zero if it is not known.
    #[must_use]
    pub fn partitions(&self, topic: &TopicName) -> i32 {
        self.topics.get(topic).map_or(0, |racks| i32::try_from(racks.len()).unwrap_or(i32::MAX))
    }

    /// The racks in which copies of a partition stand.
    pub fn racks(&self, topic: &TopicName, partition: i32) -> impl Iterator<Item = &ByteString> {
        let number = usize::try_from(partition).ok();
        number.and_then(|number| self.topics.get(topic)?.get(number)).into_iter().flatten()
    }

    /// Whether a copy of the partition stands in that rack.
    #[must_use]
    pub fn is_in_rack(&self, partition: &TopicPartition, rack: &ByteString) -> bool {
        self.racks(&partition.topic, partition.partition).any(|other| other == rack)
    }

    fn all(&self, topic: &TopicName) -> impl Iterator<Item = TopicPartition> {
        let topic = topic.clone();
        (0..self.partitions(&topic)).map(move |partition| TopicPartition { topic: topic.clone(), partition })
    }

    fn exists(&self, partition: &TopicPartition) -> bool {
        (0..self.partitions(&partition.topic)).contains(&partition.partition)
    }

    /// Whether reading a partition from within the member's rack is possible.
    fn suits(&self, partition: &TopicPartition, member: &GroupMember) -> bool {
        member.subscription.rack.as_ref().is_some_and(|rack| self.is_in_rack(partition, rack))
    }
}
