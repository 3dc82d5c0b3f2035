use std::collections::{BTreeMap, BTreeSet};

use bytestring::ByteString;
use ottla_proto::TopicId;

use super::Partitions;
use crate::coordinator::MemberId;

/// How the partitions of a group are dealt out by the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Assignor {
    /// As even as the subscriptions allow, and everybody keeps what it can. The default, as in Kafka.
    Uniform,
    /// A contiguous range of each topic for each of its readers.
    Range,
}

/// What an assignor looks at.
#[derive(Debug)]
pub(super) struct Spec<'a> {
    pub(super) members: BTreeMap<&'a MemberId, Reader<'a>>,
    /// How many partitions each topic has.
    pub(super) topics: &'a BTreeMap<TopicId, i32>,
}

/// One member, as an assignor sees it.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    pub(super) instance_id: Option<&'a ByteString>,
    pub(super) topics: BTreeSet<TopicId>,
    /// What the last assignment gave it.
    pub(super) before: Option<&'a Partitions>,
}

impl Assignor {
    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Uniform, Self::Range].into_iter().find(|assignor| assignor.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Range => "range",
        }
    }

    /// Deals out every partition of every topic that somebody reads.
    pub(super) fn assign(self, spec: &Spec<'_>) -> BTreeMap<MemberId, Partitions> {
        match self {
            Self::Uniform => uniform(spec),
            Self::Range => range(spec),
        }
    }
}

fn range(spec: &Spec<'_>) -> BTreeMap<MemberId, Partitions> {
    let mut dealt = nothing(spec);
    for (topic, count) in spec.topics {
        let reads = |(_, reader): &(&&MemberId, &Reader<'_>)| reader.topics.contains(topic);
        let mut readers: Vec<_> = spec.members.iter().filter(reads).collect();
        // Static members come first, by their instance id, so that a restart changes nothing.
        readers.sort_by_key(|(id, reader)| (reader.instance_id.is_none(), reader.instance_id, **id));
        let Ok(members) = i32::try_from(readers.len()) else { continue };
        let mut next = 0;
        for (place, (id, _)) in (0..).zip(readers) {
            let extra = i32::from(place < count % members);
            let until = next + count / members + extra;
            if until > next {
                dealt.entry((*id).clone()).or_default().insert(*topic, (next..until).collect());
            }
            next = until;
        }
    }
    dealt
}

fn uniform(spec: &Spec<'_>) -> BTreeMap<MemberId, Partitions> {
    let mut owners: BTreeMap<(TopicId, i32), &MemberId> = BTreeMap::new();
    for (id, reader) in &spec.members {
        for (topic, partitions) in reader.before.into_iter().flatten() {
            let count = spec.topics.get(topic).copied().unwrap_or_default();
            for partition in partitions.iter().filter(|partition| **partition < count) {
                if reader.topics.contains(topic) {
                    owners.entry((*topic, *partition)).or_insert(id);
                }
            }
        }
    }
    let mut load: BTreeMap<&MemberId, usize> = spec.members.keys().map(|id| (*id, 0)).collect();
    for owner in owners.values() {
        *load.entry(owner).or_default() += 1;
    }
    let mut by_load: BTreeSet<(usize, &MemberId)> = load.iter().map(|(id, count)| (*count, *id)).collect();
    let all = spec.topics.iter().flat_map(|(topic, count)| (0..*count).map(|index| (*topic, index)));
    let all: Vec<(TopicId, i32)> = all.collect();
    // Each move brings two members closer together, so this ends. The first round also deals what nobody has.
    let mut moved = true;
    while moved {
        moved = false;
        for partition in &all {
            let reads = |(_, id): &&(usize, &MemberId)| {
                spec.members.get(*id).is_some_and(|reader| reader.topics.contains(&partition.0))
            };
            let Some((lowest, id)) = by_load.iter().find(reads).copied() else { continue };
            let owner = owners.get(partition).copied();
            let high = owner.and_then(|owner| load.get(owner)).copied();
            if high.is_some_and(|high| high <= lowest + 1) {
                continue;
            }
            if let (Some(owner), Some(high)) = (owner, high) {
                by_load.remove(&(high, owner));
                by_load.insert((high - 1, owner));
                load.insert(owner, high - 1);
            }
            by_load.remove(&(lowest, id));
            by_load.insert((lowest + 1, id));
            load.insert(id, lowest + 1);
            owners.insert(*partition, id);
            moved = true;
        }
    }
    let mut dealt = nothing(spec);
    for ((topic, index), owner) in owners {
        dealt.entry(owner.clone()).or_default().entry(topic).or_default().insert(index);
    }
    dealt
}

fn nothing(spec: &Spec<'_>) -> BTreeMap<MemberId, Partitions> {
    spec.members.keys().map(|id| ((*id).clone(), Partitions::new())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: TopicId = TopicId([1; 16]);
    const B: TopicId = TopicId([2; 16]);

    /// Assigns, with members given as (name, topics), and says who has how many, or which, partitions.
    fn assign(
        assignor: Assignor,
        topics: &[(TopicId, i32)],
        members: &[(&'static str, &[TopicId])],
        before: &BTreeMap<MemberId, Partitions>,
    ) -> BTreeMap<MemberId, Partitions> {
        let topics = topics.iter().copied().collect();
        let ids: Vec<MemberId> = members.iter().map(|(id, _)| MemberId::from_static(id)).collect();
        let reader = |(id, (_, topics)): (&MemberId, &(&str, &[TopicId]))| Reader {
            instance_id: None,
            topics: topics.iter().copied().collect(),
            before: before.get(id),
        };
        let members = ids.iter().zip(ids.iter().zip(members).map(reader)).collect();
        assignor.assign(&Spec { members, topics: &topics })
    }

    fn counts(assignment: &BTreeMap<MemberId, Partitions>) -> Vec<usize> {
        assignment.values().map(|topics| topics.values().map(BTreeSet::len).sum()).collect()
    }

    #[test]
    fn ranges_are_contiguous_and_the_first_get_more() {
        let dealt =
            assign(Assignor::Range, &[(A, 5), (B, 1)], &[("x", &[A, B]), ("y", &[A, B])], &BTreeMap::new());
        assert_eq!(dealt["x"], [(A, (0..3).collect()), (B, [0].into())].into());
        assert_eq!(dealt["y"], [(A, (3..5).collect())].into());
    }

    #[test]
    fn the_uniform_assignor_is_even_over_all_topics_and_keeps_what_it_can() {
        let two: [(&str, &[TopicId]); 2] = [("x", &[A, B]), ("y", &[A, B])];
        let first = assign(Assignor::Uniform, &[(A, 3), (B, 3)], &two, &BTreeMap::new());
        assert_eq!(counts(&first), [3, 3]);
        let three: [(&str, &[TopicId]); 3] = [("x", &[A, B]), ("y", &[A, B]), ("z", &[A, B])];
        let second = assign(Assignor::Uniform, &[(A, 3), (B, 3)], &three, &first);
        assert_eq!(counts(&second), [2, 2, 2]);
        for id in ["x", "y"] {
            for (topic, partitions) in &second[id] {
                assert!(partitions.is_subset(&first[id][topic]), "{id} keeps what it had");
            }
        }
        let back = assign(Assignor::Uniform, &[(A, 3), (B, 3)], &two, &second);
        assert_eq!(counts(&back), [3, 3]);
    }

    #[test]
    fn who_reads_less_gets_its_share_first() {
        let members: [(&str, &[TopicId]); 2] = [("x", &[A, B]), ("y", &[B])];
        let dealt = assign(Assignor::Uniform, &[(A, 2), (B, 4)], &members, &BTreeMap::new());
        assert_eq!(counts(&dealt), [3, 3]);
        assert_eq!(dealt["x"][&A].len(), 2);
        // A topic that nobody reads, or that is gone, is nobody's.
        let dealt = assign(Assignor::Uniform, &[(B, 1)], &[("x", &[A])], &dealt);
        assert_eq!(counts(&dealt), [0]);
    }
}
