use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use ottla_core::consumer as reading;
use ottla_core::group::assignor as core;
use ottla_proto::TopicName;

use super::TopicPartition;

/// A way of one's own to share out partitions among the members of a classic group; see
/// [`Assignors::Custom`](super::Assignors::Custom). Java: `ConsumerPartitionAssignor`.
///
/// All members must offer one of the same [`name`](Self::name). The member that leads calls [`assign`](Self::assign) on the client's
/// driver thread: it must be quick and must not block, since heartbeats wait for it. Equal inputs should give equal
/// outputs, as another member may lead next time. A panic is caught and told as a `tracing` event at level `ERROR`; nobody
/// is given anything then, until the next rebalance.
pub trait Assignor: fmt::Debug + Send + Sync + 'static {
    /// What members call it among themselves.
    fn name(&self) -> &str;

    /// Whether members keep what they have while others join (KIP-429). Such an assignor must not give a partition to one
    /// member while another still owns it: it leaves it out, and a second rebalance follows.
    fn is_cooperative(&self) -> bool {
        false
    }

    /// What this member tells the one that leads, besides its topics and what it owns. `last` is what it was last given,
    /// in that generation; the generation is below zero if there was none. Nothing by default.
    fn user_data(&self, last: &BTreeSet<TopicPartition>, generation: i32) -> Option<Vec<u8>> {
        let _ = (last, generation);
        None
    }

    /// What each member gets. What is given to nobody is read by nobody; a partition of a topic that a member did not ask
    /// for is not read.
    fn assign(&self, topics: &GroupTopics, members: &[MemberView]) -> Assignment;
}

/// What each member gets, by its id.
pub type Assignment = BTreeMap<String, BTreeSet<TopicPartition>>;

/// A member as the one that leads sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemberView {
    /// Its id.
    pub id: String,
    /// Its name, if it is static.
    pub instance_id: Option<String>,
    /// The topics that it wants.
    pub topics: BTreeSet<String>,
    /// What it owns, if it speaks a version that says so; nothing in an eager rebalance.
    pub owned: BTreeSet<TopicPartition>,
    /// The generation in which it got them; below zero if unknown.
    pub generation: i32,
    /// Where it stands.
    pub rack: Option<String>,
    /// What its assignor added.
    pub user_data: Option<Vec<u8>>,
}

/// The topics that members want, as far as they exist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupTopics(BTreeMap<String, Vec<BTreeSet<String>>>);

impl GroupTopics {
    /// The topics by name, each with its number of partitions.
    pub fn iter(&self) -> impl Iterator<Item = (&str, i32)> {
        self.0.iter().map(|(name, racks)| (&**name, i32::try_from(racks.len()).unwrap_or(i32::MAX)))
    }

    /// Every partition of a topic; none if it does not exist.
    pub fn partitions(&self, topic: &str) -> impl Iterator<Item = TopicPartition> {
        let count = self.0.get(topic).map_or(0, |racks| i32::try_from(racks.len()).unwrap_or(i32::MAX));
        let topic = topic.to_owned();
        (0..count).map(move |partition| TopicPartition { topic: topic.clone(), partition })
    }

    /// The racks in which copies of a partition stand; empty where brokers do not say.
    pub fn racks(&self, partition: &TopicPartition) -> impl Iterator<Item = &str> {
        let number = usize::try_from(partition.partition).ok();
        let racks = number.and_then(|number| self.0.get(&partition.topic)?.get(number));
        racks.into_iter().flatten().map(String::as_str)
    }
}

/// An application's assignor as the core calls it.
#[derive(Debug)]
pub(super) struct Custom(pub(super) Arc<dyn Assignor>);

impl Custom {
    /// What the application's code says, unless it panics.
    fn ask<T>(&self, call: impl FnOnce(&dyn Assignor) -> T) -> Option<T> {
        // What an assignor leaves behind when it panics is its own affair.
        let said = catch_unwind(AssertUnwindSafe(|| call(&*self.0)));
        said.inspect_err(|_| tracing::error!("an application's assignor panicked")).ok()
    }
}

impl core::Assignor for Custom {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn is_cooperative(&self) -> bool {
        self.0.is_cooperative()
    }

    fn user_data(&self, owned: &BTreeSet<reading::TopicPartition>, generation: i32) -> Option<Bytes> {
        let owned = owned.iter().map(TopicPartition::new).collect();
        self.ask(|assignor| assignor.user_data(&owned, generation)).flatten().map(Bytes::from)
    }

    fn assign(&self, topics: &core::GroupTopics, members: &[core::GroupMember]) -> core::GroupAssignment {
        let described = topics.names().map(|name| (name.to_string(), racks(topics, name)));
        let topics = GroupTopics(described.collect());
        let views: Vec<_> = members.iter().map(view).collect();
        let assignment = self.ask(|assignor| assignor.assign(&topics, &views)).unwrap_or_default();
        let given = assignment.into_iter().map(|(id, partitions)| {
            let partitions = partitions.into_iter().map(|TopicPartition { topic, partition }| {
                reading::TopicPartition { topic: TopicName::from(topic), partition }
            });
            (id.into(), partitions.collect())
        });
        given.collect()
    }
}

fn racks(topics: &core::GroupTopics, name: &TopicName) -> Vec<BTreeSet<String>> {
    let racks = |number| topics.racks(name, number).map(ToString::to_string).collect();
    (0..topics.partitions(name)).map(racks).collect()
}

fn view(member: &core::GroupMember) -> MemberView {
    let subscription = &member.subscription;
    MemberView {
        id: member.id.to_string(),
        instance_id: member.instance_id.as_ref().map(ToString::to_string),
        topics: subscription.topics.iter().map(|topic| topic.to_string()).collect(),
        owned: subscription.owned.iter().map(TopicPartition::new).collect(),
        generation: subscription.generation,
        rack: subscription.rack.as_ref().map(ToString::to_string),
        user_data: subscription.user_data.as_ref().map(|data| data.to_vec()),
    }
}
