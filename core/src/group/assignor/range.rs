use std::collections::{BTreeMap, BTreeSet};

use bytestring::ByteString;
use ottla_proto::TopicName;

use super::{Assignor, GroupAssignment, GroupMember, GroupTopics, in_turn, nothing};
use crate::consumer::TopicPartition;

/// Gives each member a run of the partitions of each topic, so that equal partitions of several topics meet at one
/// member. Members that stand in a rack with a copy get those partitions first (KIP-881). Java: `RangeAssignor`.
#[derive(Clone, Copy, Debug, Default)]
pub struct RangeAssignor;

impl Assignor for RangeAssignor {
    fn name(&self) -> &str {
        "range"
    }

    fn assign(&self, topics: &GroupTopics, members: &[GroupMember]) -> GroupAssignment {
        let mut assignment = nothing(members);
        let members = in_turn(members);
        for topic in topics.names() {
            let takers: Vec<_> = members.iter().filter(|member| member.wants(topic)).collect();
            let mut free: BTreeSet<i32> = (0..topics.partitions(topic)).collect();
            let (count, takers_count) = (free.len(), takers.len());
            if takers_count == 0 {
                continue;
            }
            let (each, more) = (count / takers_count, count % takers_count);
            let mut quotas: Vec<usize> =
                (0..takers_count).map(|turn| each + usize::from(turn < more)).collect();
            let mut near = by_rack(topics, topic, &takers);
            // In two rounds: what is near first, then the rest as it comes.
            for is_near in [true, false] {
                for (taker, quota) in takers.iter().zip(&mut quotas) {
                    let rack = taker.subscription.rack.as_ref();
                    let mut of_rack = rack.and_then(|rack| near.get_mut(rack));
                    let mut next = || match &mut of_rack {
                        _ if !is_near => free.pop_first(),
                        Some(of_rack) => of_rack.find(|partition| free.remove(partition)),
                        None => None,
                    };
                    let share = assignment.entry(taker.id.clone()).or_default();
                    while *quota > 0
                        && let Some(partition) = next()
                    {
                        share.insert(TopicPartition { topic: topic.clone(), partition });
                        *quota -= 1;
                    }
                }
            }
        }
        assignment
    }
}

/// The partitions of which a copy stands in a rack, for each rack; none if no member says where it is.
fn by_rack<'a>(
    topics: &'a GroupTopics,
    topic: &TopicName,
    takers: &[&&GroupMember],
) -> BTreeMap<&'a ByteString, std::vec::IntoIter<i32>> {
    let mut near: BTreeMap<_, Vec<i32>> = BTreeMap::new();
    if takers.iter().any(|taker| taker.subscription.rack.is_some()) {
        for partition in 0..topics.partitions(topic) {
            for rack in topics.racks(topic, partition) {
                near.entry(rack).or_default().push(partition);
            }
        }
    }
    near.into_iter().map(|(rack, partitions)| (rack, partitions.into_iter())).collect()
}
