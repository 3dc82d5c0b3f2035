use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use bytestring::ByteString;
use ottla_proto::TopicName;
use ottla_proto::wire::{DecodeError, EncodeError, Reader, Writer};

use super::{Assignor, GroupAssignment, GroupMember, GroupTopics, in_turn};
use crate::consumer::TopicPartition;

/// Keeps partitions where they are as far as balance allows; members give up everything at each rebalance all the
/// same. Java: `StickyAssignor`.
#[derive(Clone, Copy, Debug, Default)]
pub struct StickyAssignor;

impl Assignor for StickyAssignor {
    fn name(&self) -> &str {
        "sticky"
    }

    /// Members of the eager protocol own nothing when they join, so what they had goes here.
    fn user_data(&self, owned: &BTreeSet<TopicPartition>, generation: i32) -> Option<Bytes> {
        encode_user_data(owned, generation).ok()
    }

    fn assign(&self, topics: &GroupTopics, members: &[GroupMember]) -> GroupAssignment {
        let before = members.iter().map(|member| {
            let data = member.subscription.user_data.clone();
            let (owned, generation) =
                data.and_then(|data| decode_user_data(data).ok()).unwrap_or((BTreeSet::new(), -1));
            Before { owned, generation }
        });
        Balance::new(topics, members, &before.collect::<Vec<_>>()).share_out()
    }
}

/// Keeps partitions where they are as far as balance allows, and takes only those away that move: the others are read
/// without a pause. Java: `CooperativeStickyAssignor`.
#[derive(Clone, Copy, Debug, Default)]
pub struct CooperativeStickyAssignor;

impl Assignor for CooperativeStickyAssignor {
    fn name(&self) -> &str {
        "cooperative-sticky"
    }

    fn is_cooperative(&self) -> bool {
        true
    }

    fn user_data(&self, _owned: &BTreeSet<TopicPartition>, generation: i32) -> Option<Bytes> {
        // Members of before Kafka 3.5 look for the generation here.
        let mut writer = Writer::new();
        writer.i32(generation);
        Some(writer.finish().into_bytes())
    }

    fn assign(&self, topics: &GroupTopics, members: &[GroupMember]) -> GroupAssignment {
        let before: Vec<_> = members
            .iter()
            .map(|member| {
                let told = member.subscription.user_data.clone();
                let told = told.and_then(|data| Reader::new(data).i32("generation").ok()).unwrap_or(-1);
                let generation = member.subscription.generation.max(told);
                Before { owned: member.subscription.owned.clone(), generation }
            })
            .collect();
        let balance = Balance::new(topics, members, &before);
        let mut assignment = balance.share_out();
        // Who still has each partition; nobody in particular if several do.
        let mut holders: BTreeMap<&TopicPartition, Option<&ByteString>> = BTreeMap::new();
        for (member, before) in members.iter().zip(&before) {
            for partition in &before.owned {
                holders.entry(partition).and_modify(|holder| *holder = None).or_insert(Some(&member.id));
            }
        }
        // Who is to get what another member still has waits for the next rebalance, before which that one gives
        // it up.
        for (id, partitions) in &mut assignment {
            partitions.retain(|partition| holders.get(partition).is_none_or(|holder| *holder == Some(id)));
        }
        assignment
    }
}

/// What a member had.
#[derive(Clone, Debug)]
struct Before {
    owned: BTreeSet<TopicPartition>,
    generation: i32,
}

/// Who gets what, as evenly as the subscriptions allow and with as few moves as that takes.
struct Balance<'a> {
    topics: &'a GroupTopics,
    members: Vec<&'a GroupMember>,
    /// Who wants each topic, by place among the members.
    takers: BTreeMap<&'a TopicName, Vec<usize>>,
    /// What each member gets.
    shares: Vec<BTreeSet<TopicPartition>>,
    /// Partitions that nobody had, topic by topic.
    free: Vec<TopicPartition>,
}

impl<'a> Balance<'a> {
    fn new(topics: &'a GroupTopics, members: &'a [GroupMember], before: &[Before]) -> Self {
        // A partition that two members claim is the later generation's; if that is the same, nobody's.
        let mut claims: BTreeMap<&TopicPartition, (i32, Option<&str>)> = BTreeMap::new();
        for (member, before) in members.iter().zip(before) {
            for partition in &before.owned {
                if !topics.exists(partition) || !member.wants(&partition.topic) {
                    continue;
                }
                let claim = claims.entry(partition).or_insert((before.generation, Some(&member.id)));
                if claim.0 < before.generation {
                    *claim = (before.generation, Some(&member.id));
                } else if claim.0 == before.generation && claim.1 != Some(&member.id) {
                    claim.1 = None;
                }
            }
        }
        let members = in_turn(members);
        let mut takers: BTreeMap<&TopicName, Vec<usize>> = BTreeMap::new();
        for (place, member) in members.iter().enumerate() {
            for topic in &member.subscription.topics {
                takers.entry(topic).or_default().push(place);
            }
        }
        let mut shares = vec![BTreeSet::new(); members.len()];
        let places: BTreeMap<&str, usize> =
            (0..).zip(&members).map(|(place, member)| (&*member.id, place)).collect();
        for (partition, (_, owner)) in &claims {
            let place = owner.and_then(|owner| places.get(owner));
            if let Some(share) = place.and_then(|place| shares.get_mut(*place)) {
                share.insert((*partition).clone());
            }
        }
        let owned = |partition: &TopicPartition| claims.get(partition).is_some_and(|claim| claim.1.is_some());
        let free = topics.names().flat_map(|topic| topics.all(topic)).filter(|partition| !owned(partition));
        let free = free.collect();
        Self { topics, members, takers, shares, free }
    }

    fn share_out(mut self) -> GroupAssignment {
        for of_topic in std::mem::take(&mut self.free).chunk_by(|one, other| one.topic == other.topic) {
            self.deal(of_topic);
        }
        // Each move makes the squares of the shares' sizes add up to less, so this ends.
        while let Some((from, to, partition)) = self.a_move() {
            if let Some(share) = self.shares.get_mut(from) {
                share.remove(&partition);
            }
            self.give(to, partition);
        }
        self.members.iter().map(|member| member.id.clone()).zip(self.shares).collect()
    }

    /// Gives partitions of one topic to whoever has the least at each moment.
    fn deal(&mut self, partitions: &[TopicPartition]) {
        let takers = partitions.first().and_then(|partition| self.takers.get(&partition.topic));
        let size = |taker: usize| self.shares.get(taker).map_or(0, BTreeSet::len);
        let mut turns: BTreeSet<_> =
            takers.into_iter().flatten().map(|taker| (size(*taker), *taker)).collect();
        for partition in partitions {
            let Some((least, first)) = turns.first().copied() else { return };
            let near = |(_, taker): &&(usize, usize)| {
                self.members.get(*taker).is_some_and(|member| self.topics.suits(partition, member))
            };
            let has_racks = self.topics.racks(&partition.topic, partition.partition).next().is_some();
            let equals = turns.iter().take_while(|(size, _)| has_racks && *size == least);
            let taker = { equals }.find(near).map_or(first, |(_, taker)| *taker);
            turns.remove(&(least, taker));
            turns.insert((least + 1, taker));
            self.give(taker, partition.clone());
        }
    }

    fn give(&mut self, taker: usize, partition: TopicPartition) {
        if let Some(share) = self.shares.get_mut(taker) {
            share.insert(partition);
        }
    }

    /// Who wants the partition and has the least; among those the nearest, then the first in turn.
    fn least(&self, partition: &TopicPartition) -> Option<usize> {
        let takers = self.takers.get(&partition.topic)?.iter().filter_map(|&taker| {
            let (member, share) = (self.members.get(taker)?, self.shares.get(taker)?);
            Some((taker, (share.len(), !self.topics.suits(partition, member))))
        });
        takers.min_by_key(|&(_, weight)| weight).map(|(taker, _)| taker)
    }

    /// A partition that would better be somewhere else.
    fn a_move(&self) -> Option<(usize, usize, TopicPartition)> {
        let mut order: Vec<usize> = (0..self.shares.len()).collect();
        let size = |member: usize| self.shares.get(member).map_or(0, BTreeSet::len);
        order.sort_by_key(|member| std::cmp::Reverse(size(*member)));
        let smallest = order.last().map_or(0, |member| size(*member));
        for from in order {
            if size(from) < smallest + 2 {
                return None;
            }
            let mut topic: Option<(&TopicName, Option<usize>)> = None;
            // From the end, as a member that joins gets the last ones of a range.
            for partition in self.shares.get(from).into_iter().flatten().rev() {
                // All partitions of a topic have the same takers, except for their racks.
                let taker = match topic {
                    Some((name, taker)) if *name == partition.topic => taker,
                    _ => self.least(partition),
                };
                topic = Some((&partition.topic, taker));
                if let Some(to) = taker.filter(|to| size(*to) + 2 <= size(from)) {
                    return Some((from, to, partition.clone()));
                }
            }
        }
        None
    }
}

/// Topics with their partitions, and the generation: Java's user data of version 1.
fn encode_user_data(owned: &BTreeSet<TopicPartition>, generation: i32) -> Result<Bytes, EncodeError> {
    let mut topics: BTreeMap<&TopicName, Vec<i32>> = BTreeMap::new();
    for TopicPartition { topic, partition } in owned {
        topics.entry(topic).or_default().push(*partition);
    }
    let mut writer = Writer::new();
    writer.array_length("previous_assignment", topics.len())?;
    for (topic, partitions) in topics {
        writer.string("topic", topic)?;
        writer.array_length("partitions", partitions.len())?;
        for partition in partitions {
            writer.i32(partition);
        }
    }
    writer.i32(generation);
    Ok(writer.finish().into_bytes())
}

fn decode_user_data(data: Bytes) -> Result<(BTreeSet<TopicPartition>, i32), DecodeError> {
    let mut reader = Reader::new(data);
    let topics = reader.array("previous_assignment", |reader| {
        let topic = TopicName(reader.string("topic")?);
        Ok((topic, reader.array("partitions", |reader| reader.i32("partitions"))?))
    })?;
    let partitions = topics.into_iter().flat_map(|(topic, partitions)| {
        partitions.into_iter().map(move |partition| TopicPartition { topic: topic.clone(), partition })
    });
    let owned = partitions.collect();
    // Version 0 ends here.
    let generation = if reader.remaining() == 0 { -1 } else { reader.i32("generation")? };
    Ok((owned, generation))
}
