use std::collections::{BTreeMap, BTreeSet};

use bytestring::ByteString;
use ottla_proto::TopicName;

use super::{Assignor, GroupAssignment, GroupMember, GroupTopics, in_turn, nothing};
use crate::consumer::TopicPartition;

/// Gives each member a run of the partitions of each topic, so that equal partitions of several topics meet at one
/// member. Members that stand in a rack with a copy get those partitions first (KIP-881), as far as topics of one size
/// that the same members want are not parted by that. Java: `RangeAssignor`.
#[derive(Clone, Copy, Debug, Default)]
pub struct RangeAssignor;

impl Assignor for RangeAssignor {
    fn name(&self) -> &str {
        "range"
    }

    fn assign(&self, topics: &GroupTopics, members: &[GroupMember]) -> GroupAssignment {
        let mut assignment = nothing(members);
        let members = in_turn(members);
        // By their size and who wants them; those that agree in both are shared out as if they were one.
        let mut alike: BTreeMap<(i32, Vec<usize>), Vec<&TopicName>> = BTreeMap::new();
        for topic in topics.names() {
            let takers = (0..).zip(&members).filter(|(_, member)| member.wants(topic));
            let takers = takers.map(|(place, _)| place).collect();
            alike.entry((topics.partitions(topic), takers)).or_default().push(topic);
        }
        for ((count, takers), alike) in alike {
            let takers: Vec<_> = takers.into_iter().filter_map(|place| members.get(place)).collect();
            share_out(topics, &alike, count, &takers, &mut assignment);
        }
        assignment
    }
}

/// Shares out topics of `count` partitions that all of `takers` want, and nobody else.
fn share_out(
    topics: &GroupTopics,
    alike: &[&TopicName],
    count: i32,
    takers: &[&&GroupMember],
    assignment: &mut GroupAssignment,
) {
    let mut free: BTreeSet<i32> = (0..count).collect();
    let Some(each) = free.len().checked_div(takers.len()) else { return };
    // So many members get one more.
    let mut more = free.len() - each * takers.len();
    let mut near = by_rack(topics, alike, count, takers);
    let mut sizes = vec![0; takers.len()];
    // In two rounds: what is near first, then the rest as it comes.
    for is_near in [true, false] {
        for (taker, size) in takers.iter().zip(&mut sizes) {
            let rack = taker.subscription.rack.as_ref();
            let mut of_rack = rack.and_then(|rack| near.get_mut(rack));
            let mut next = || match &mut of_rack {
                _ if !is_near => free.pop_first(),
                Some(of_rack) => of_rack.find(|partition| free.remove(partition)),
                None => None,
            };
            let share = assignment.entry(taker.id.clone()).or_default();
            while *size < each + usize::from(more > 0)
                && let Some(partition) = next()
            {
                share.extend(alike.iter().map(|&topic| TopicPartition { topic: topic.clone(), partition }));
                *size += 1;
                more -= usize::from(*size > each);
            }
        }
    }
}

/// The partitions of which a copy stands in a rack, whichever of the topics they are of, for each rack; none if no member
/// says where it is.
fn by_rack<'a>(
    topics: &'a GroupTopics,
    alike: &[&TopicName],
    count: i32,
    takers: &[&&GroupMember],
) -> BTreeMap<&'a ByteString, std::vec::IntoIter<i32>> {
    let mut near: BTreeMap<_, Vec<i32>> = BTreeMap::new();
    if let [first, others @ ..] = alike
        && takers.iter().any(|taker| taker.subscription.rack.is_some())
    {
        for partition in 0..count {
            for rack in topics.racks(first, partition) {
                let is_there = |topic: &&TopicName| topics.racks(topic, partition).any(|other| other == rack);
                if others.iter().all(is_there) {
                    near.entry(rack).or_default().push(partition);
                }
            }
        }
    }
    near.into_iter().map(|(rack, partitions)| (rack, partitions.into_iter())).collect()
}
