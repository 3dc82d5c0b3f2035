use std::borrow::Cow;
use std::cmp::Reverse;
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
            Before { owned: Cow::Owned(owned), generation }
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
                Before { owned: Cow::Borrowed(&member.subscription.owned), generation }
            })
            .collect();
        let balance = Balance::new(topics, members, &before);
        let mut assignment = balance.share_out();
        // Who still has each partition: of several the one of the latest generation, which goes on with it while the others
        // learn that they have lost it; nobody in particular if that is the same.
        let mut holders: BTreeMap<&TopicPartition, (i32, Option<&ByteString>)> = BTreeMap::new();
        for (member, before) in members.iter().zip(&before) {
            for partition in &*before.owned {
                let holder = holders.entry(partition).or_insert((before.generation, Some(&member.id)));
                if holder.0 < before.generation {
                    *holder = (before.generation, Some(&member.id));
                } else if holder.0 == before.generation && holder.1 != Some(&member.id) {
                    holder.1 = None;
                }
            }
        }
        // Who is to get what another member still has waits for the next rebalance, before which that one gives
        // it up.
        for (id, partitions) in &mut assignment {
            partitions
                .retain(|partition| holders.get(partition).is_none_or(|(_, holder)| *holder == Some(id)));
        }
        assignment
    }
}

/// What a member had.
#[derive(Clone, Debug)]
struct Before<'a> {
    owned: Cow<'a, BTreeSet<TopicPartition>>,
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
    /// Whether any member says in which rack it is.
    racks: bool,
}

/// Members by what they have, then by their turn.
type Turns = BTreeSet<(usize, usize)>;

/// What a look for a move needs; a move changes it in a few places.
#[derive(Default)]
struct Order<'a> {
    /// All members, who has the most first.
    richest: BTreeSet<(Reverse<usize>, usize)>,
    /// Members who want the same topics.
    takers: Vec<Turns>,
    /// Which of them want a topic.
    of_topic: BTreeMap<&'a TopicName, usize>,
    /// Which of them a member is among.
    of_member: Vec<Vec<usize>>,
}

impl Order<'_> {
    fn insert(&mut self, member: usize, size: usize) {
        self.richest.insert((Reverse(size), member));
        self.change_turns(member, |turns| turns.insert((size, member)));
    }

    fn remove(&mut self, member: usize, size: usize) {
        self.richest.remove(&(Reverse(size), member));
        self.change_turns(member, |turns| turns.remove(&(size, member)));
    }

    /// Changes all the turns that a member is among.
    fn change_turns(&mut self, member: usize, change: impl Fn(&mut Turns) -> bool) {
        for which in self.of_member.get(member).into_iter().flatten() {
            self.takers.get_mut(*which).map(&change);
        }
    }
}

impl<'a> Balance<'a> {
    fn new(topics: &'a GroupTopics, members: &'a [GroupMember], before: &[Before<'_>]) -> Self {
        // A partition that two members claim is the later generation's; if that is the same, nobody's.
        let mut claims: BTreeMap<&TopicPartition, (i32, Option<&str>)> = BTreeMap::new();
        for (member, before) in members.iter().zip(before) {
            for partition in &*before.owned {
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
        let racks = members.iter().any(|member| member.subscription.rack.is_some());
        Self { topics, members, takers, shares, free, racks }
    }

    fn share_out(mut self) -> GroupAssignment {
        for of_topic in std::mem::take(&mut self.free).chunk_by(|one, other| one.topic == other.topic) {
            self.deal(of_topic);
        }
        self.level();
        self.members.iter().map(|member| member.id.clone()).zip(self.shares).collect()
    }

    /// Gives partitions of one topic to whoever has the least at each moment.
    fn deal(&mut self, partitions: &[TopicPartition]) {
        let takers = partitions.first().and_then(|partition| self.takers.get(&partition.topic));
        let mut turns: Turns =
            takers.into_iter().flatten().map(|taker| (self.size(*taker), *taker)).collect();
        for partition in partitions {
            let Some((least, taker)) = self.next(&turns, partition) else { return };
            turns.remove(&(least, taker));
            turns.insert((least + 1, taker));
            self.give(taker, partition.clone());
        }
    }

    /// Moves partitions as long as that makes shares more even.
    fn level(&mut self) {
        let mut order = self.order();
        // Each move makes the squares of the shares' sizes add up to less, so this ends.
        while let Some((from, to, partition)) = self.a_move(&order) {
            for member in [from, to] {
                order.remove(member, self.size(member));
            }
            if let Some(share) = self.shares.get_mut(from) {
                share.remove(&partition);
            }
            self.give(to, partition);
            for member in [from, to] {
                order.insert(member, self.size(member));
            }
        }
    }

    fn order(&self) -> Order<'a> {
        let mut order = Order { of_member: vec![Vec::new(); self.members.len()], ..Order::default() };
        let mut known: BTreeMap<&[usize], usize> = BTreeMap::new();
        for (topic, takers) in &self.takers {
            let next = known.len();
            let which = *known.entry(takers).or_insert(next);
            order.of_topic.insert(topic, which);
            if which == next {
                order.takers.push(Turns::new());
                for taker in takers {
                    order.of_member.get_mut(*taker).into_iter().for_each(|all| all.push(which));
                }
            }
        }
        (0..self.members.len()).for_each(|member| order.insert(member, self.size(member)));
        order
    }

    fn size(&self, member: usize) -> usize {
        self.shares.get(member).map_or(0, BTreeSet::len)
    }

    fn give(&mut self, taker: usize, partition: TopicPartition) {
        if let Some(share) = self.shares.get_mut(taker) {
            share.insert(partition);
        }
    }

    /// Who has the least; among those the nearest to the partition, then the first in turn.
    fn next(&self, turns: &Turns, partition: &TopicPartition) -> Option<(usize, usize)> {
        let first = *turns.first()?;
        let near = |(_, taker): &&(usize, usize)| {
            self.members.get(*taker).is_some_and(|member| self.topics.suits(partition, member))
        };
        let has_racks =
            self.racks && self.topics.racks(&partition.topic, partition.partition).next().is_some();
        let mut equals = turns.iter().take_while(|(size, _)| has_racks && *size == first.0);
        Some(equals.find(near).copied().unwrap_or(first))
    }

    /// A partition that would better be somewhere else.
    fn a_move(&self, order: &Order<'_>) -> Option<(usize, usize, TopicPartition)> {
        let (Reverse(smallest), _) = order.richest.last()?;
        for (Reverse(size), from) in &order.richest {
            if *size < smallest + 2 {
                return None;
            }
            let share = self.shares.get(*from)?;
            // From the end, as a member that joins gets the last ones of a range.
            let mut last = share.last();
            while let Some(partition) = last {
                let takers =
                    order.of_topic.get(&partition.topic).and_then(|takers| order.takers.get(*takers));
                let taker = takers.and_then(|takers| self.next(takers, partition));
                if let Some((_, to)) = taker.filter(|(least, _)| least + 2 <= *size) {
                    return Some((*from, to, partition.clone()));
                }
                // All partitions of a topic have the same takers.
                let first = TopicPartition { topic: partition.topic.clone(), partition: 0 };
                last = share.range(..first).next_back();
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
