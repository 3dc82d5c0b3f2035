//! What the leader of a classic group does: share out the partitions, and notice when topics change.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytestring::ByteString;
use ottla_proto::messages::JoinGroupResponse;
use ottla_proto::{ErrorCode, TopicName};

use super::assignor::{GroupMember, GroupTopics};
use super::classic::copy;
use super::member::Member;
use super::ownership::Cause;
use super::subscription::{MemberSubscription, encode_assignment};
use crate::cluster::Cluster;
use crate::net::Net;
use crate::time::Instant;

/// How long the leader waits to learn of topics that others want, before it shares out what it knows.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the leader knows.
#[derive(Debug)]
pub(super) struct Leadership {
    members: Vec<GroupMember>,
    /// The topics that any member wants, each registered with the view of the cluster.
    topics: BTreeSet<TopicName>,
    until: Instant,
    /// What was shared out: topics with their numbers of partitions. Unknown at first to a static member that leads
    /// again.
    shared_out: Option<BTreeMap<TopicName, i32>>,
    /// The view of the cluster that `shared_out` was last held against.
    compared: Option<u64>,
}

impl Leadership {
    pub(super) fn patience_until(&self) -> Option<Instant> {
        self.shared_out.is_none().then_some(self.until)
    }

    /// The topics are known, or were waited for long enough.
    fn is_ready(&self, cluster: &Cluster, now: Instant) -> bool {
        self.topics.iter().all(|topic| cluster.topic(topic).is_some()) || self.until <= now
    }
}

impl Member {
    pub(super) fn begin_to_lead(&mut self, response: &JoinGroupResponse, net: &mut Net, now: Instant) {
        self.forget_leadership(net);
        let members: Vec<_> = response
            .members
            .iter()
            .map(|member| GroupMember {
                id: copy(&member.member_id),
                instance_id: member.group_instance_id.as_ref().map(copy),
                // Who cannot be understood gets nothing.
                subscription: MemberSubscription::decode(member.metadata.clone()).unwrap_or_default(),
            })
            .collect();
        let topics: BTreeSet<_> = members
            .iter()
            .flat_map(|member| &member.subscription.topics)
            .map(|topic| TopicName(copy(&topic.0)))
            .collect();
        for topic in &topics {
            net.cluster_mut().want(topic);
        }
        self.classic.leadership =
            Some(Leadership { members, topics, until: now + PATIENCE, shared_out: None, compared: None });
    }

    /// Shares out the partitions as soon as the topics are known.
    pub(super) fn lead(&mut self, net: &mut Net, now: Instant) {
        let Some(leadership) = &mut self.classic.leadership else { return };
        let cluster = net.cluster();
        if !leadership.is_ready(cluster, now) {
            return;
        }
        let counts = counts(&leadership.topics, cluster);
        let topics = describe(&leadership.topics, cluster);
        let mut members = std::mem::take(&mut leadership.members);
        leadership.shared_out = Some(counts);
        let assignors = self.config.assignors();
        let chosen = self.classic.assignor.as_deref();
        let assignor = assignors.iter().find(|assignor| Some(assignor.name()) == chosen);
        let mut assignment = assignor.map(|assignor| assignor.assign(&topics, &members)).unwrap_or_default();
        let mut parts: Vec<(ByteString, _)> = Vec::new();
        for member in members.drain(..) {
            let part = assignment.remove(&member.id).unwrap_or_default();
            match encode_assignment(&part) {
                Ok(part) => parts.push((member.id, part)),
                Err(error) => return self.end(error.into(), net, now),
            }
        }
        self.send_sync(parts, net, now);
    }

    /// The leader has everybody join again when a topic of the group has other partitions than were shared out.
    pub(super) fn watch_topics(&mut self, net: &Net, now: Instant) {
        let is_in = self.classic.is_in();
        let Some(leadership) = self.classic.leadership.as_mut().filter(|_| is_in) else { return };
        let view = Some(net.cluster().generation());
        if leadership.shared_out.is_some() && leadership.compared == view {
            return;
        }
        leadership.compared = view;
        let counts = counts(&leadership.topics, net.cluster());
        match &leadership.shared_out {
            // From which view it was shared out before is not known: what is seen first is held against the rest.
            None if leadership.is_ready(net.cluster(), now) => leadership.shared_out = Some(counts),
            Some(shared_out) if counts != *shared_out => {
                self.note_rebalance(Cause::PartitionsChanged, now);
                self.classic.rejoin(Cause::PartitionsChanged);
            }
            _ => {}
        }
    }

    pub(super) fn forget_leadership(&mut self, net: &mut Net) {
        if let Some(leadership) = self.classic.leadership.take() {
            for topic in &leadership.topics {
                net.cluster_mut().unwant(topic);
            }
        }
    }
}

fn counts(topics: &BTreeSet<TopicName>, cluster: &Cluster) -> BTreeMap<TopicName, i32> {
    // A topic that is gone keeps in the view what was last known of it.
    let exists =
        |topic: &&TopicName| cluster.topic_error(topic) != Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    let count = |topic: &TopicName| Some((topic.clone(), cluster.partition_count(topic)?));
    topics.iter().filter(exists).filter_map(count).collect()
}

fn describe(topics: &BTreeSet<TopicName>, cluster: &Cluster) -> GroupTopics {
    let racks: BTreeMap<_, _> =
        cluster.brokers().filter_map(|broker| Some((broker.id, broker.rack.clone()?))).collect();
    let mut described = GroupTopics::default();
    for name in topics {
        let gone = Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        let Some(topic) = cluster.topic(name).filter(|topic| topic.error != gone) else { continue };
        let partitions = topic.partitions.iter().map(|partition| {
            partition.replicas.iter().filter_map(|replica| racks.get(replica).cloned()).collect()
        });
        let partitions: Vec<_> = partitions.collect();
        if !partitions.is_empty() {
            described.insert(name.clone(), partitions);
        }
    }
    described
}
