use super::*;

fn topics(counts: &[(&'static str, usize)]) -> GroupTopics {
    let mut topics = GroupTopics::default();
    for (name, count) in counts {
        topics.insert(TopicName::from(*name), vec![BTreeSet::new(); *count]);
    }
    topics
}

fn member(id: &'static str, wants: &[&'static str]) -> GroupMember {
    let topics = wants.iter().map(|topic| TopicName::from(*topic)).collect();
    let subscription = MemberSubscription { topics, generation: -1, ..Default::default() };
    GroupMember { id: ByteString::from_static(id), instance_id: None, subscription }
}

fn text(assignment: &GroupAssignment) -> Vec<String> {
    let share = |(id, share): (&ByteString, &BTreeSet<TopicPartition>)| {
        let share: Vec<_> = share.iter().map(ToString::to_string).collect();
        format!("{id}: {}", share.join(" "))
    };
    assignment.iter().map(share).collect()
}

fn sizes(assignment: &GroupAssignment) -> Vec<usize> {
    assignment.values().map(BTreeSet::len).collect()
}

/// Each partition has exactly one owner, who wants it.
fn check(topics: &GroupTopics, members: &[GroupMember], assignment: &GroupAssignment) {
    let mut seen = BTreeSet::new();
    for member in members {
        for partition in &assignment[&member.id] {
            assert!(member.wants(&partition.topic) && topics.exists(partition), "{partition}");
            assert!(seen.insert(partition.clone()), "{partition} has two owners");
        }
    }
    let all = topics.names().flat_map(|topic| topics.all(topic));
    let wanted = all.filter(|partition| members.iter().any(|member| member.wants(&partition.topic)));
    assert_eq!(seen, wanted.collect());
}

fn after(members: &[GroupMember], assignment: &GroupAssignment, generation: i32) -> Vec<GroupMember> {
    let mut members = members.to_vec();
    for member in &mut members {
        member.subscription.owned = assignment.get(&member.id).cloned().unwrap_or_default();
        member.subscription.generation = generation;
        member.subscription.user_data = StickyAssignor.user_data(&member.subscription.owned, generation);
    }
    members
}

#[test]
fn range_gives_runs_and_the_first_members_get_one_more() {
    let topics = topics(&[("a", 5), ("b", 3)]);
    let members = [member("m2", &["a", "b"]), member("m1", &["a", "b"])];
    let assignment = RangeAssignor.assign(&topics, &members);
    assert_eq!(text(&assignment), ["m1: a-0 a-1 a-2 b-0 b-1", "m2: a-3 a-4 b-2"]);
}

#[test]
fn static_members_take_their_turns_by_name() {
    let topics = topics(&[("a", 3)]);
    let mut named = member("z", &["a"]);
    named.instance_id = Some(ByteString::from_static("one"));
    let assignment = RangeAssignor.assign(&topics, &[member("a", &["a"]), named]);
    assert_eq!(text(&assignment), ["a: a-2", "z: a-0 a-1"]);
}

/// Topics, with the racks of each partition.
fn placed(topics: &[(&'static str, &[&[&'static str]])]) -> GroupTopics {
    let mut placed = GroupTopics::default();
    for (name, partitions) in topics {
        let racks =
            |racks: &&[&'static str]| racks.iter().map(|rack| ByteString::from_static(rack)).collect();
        placed.insert(TopicName::from(*name), partitions.iter().map(racks).collect());
    }
    placed
}

fn in_rack(rack: &'static str, mut member: GroupMember) -> GroupMember {
    member.subscription.rack = Some(ByteString::from_static(rack));
    member
}

#[test]
fn range_prefers_the_members_in_the_rack_and_stays_balanced() {
    let topics = placed(&[("a", &[&["east"], &["west"], &["east"], &["west"]])]);
    let members = [in_rack("west", member("m1", &["a"])), in_rack("east", member("m2", &["a"]))];
    let assignment = RangeAssignor.assign(&topics, &members);
    assert_eq!(text(&assignment), ["m1: a-1 a-3", "m2: a-0 a-2"]);
}

#[test]
fn range_gives_one_more_to_whom_it_is_near() {
    let topics = placed(&[("a", &[&["west"], &["east"], &["east"]])]);
    let members = [in_rack("west", member("m1", &["a"])), in_rack("east", member("m2", &["a"]))];
    let assignment = RangeAssignor.assign(&topics, &members);
    assert_eq!(text(&assignment), ["m1: a-0", "m2: a-1 a-2"]);
}

#[test]
fn range_keeps_equal_partitions_together_before_it_looks_at_racks() {
    // No partition of both is in one rack.
    let topics = placed(&[
        ("a", &[&["east"], &["west"], &["east"], &["west"]]),
        ("b", &[&["west"], &["east"], &["west"], &["east"]]),
    ]);
    let wants = ["a", "b"];
    let members = [in_rack("west", member("m1", &wants)), in_rack("east", member("m2", &wants))];
    let assignment = RangeAssignor.assign(&topics, &members);
    assert_eq!(text(&assignment), ["m1: a-0 a-1 b-0 b-1", "m2: a-2 a-3 b-2 b-3"]);
}

#[test]
fn range_gives_equal_partitions_to_the_rack_in_which_all_of_them_are() {
    let topics = placed(&[
        ("a", &[&["east", "west"], &["west"], &["east", "west"], &["east"]]),
        ("b", &[&["east"], &["east", "west"], &["west"], &["west"]]),
        // Of another size.
        ("c", &[&["east"], &["west"]]),
        // Not wanted by the same members.
        ("d", &[&["west"], &["west"], &["east"], &["east"]]),
    ]);
    let members = [
        in_rack("west", member("m1", &["a", "b", "c", "d"])),
        in_rack("east", member("m2", &["a", "b", "c"])),
        in_rack("east", member("m3", &["d"])),
    ];
    let assignment = RangeAssignor.assign(&topics, &members);
    assert_eq!(
        text(&assignment),
        ["m1: a-1 a-2 b-1 b-2 c-1 d-0 d-1", "m2: a-0 a-3 b-0 b-3 c-0", "m3: d-2 d-3"]
    );
}

#[test]
fn round_robin_deals_one_after_the_other_to_who_wants_it() {
    let topics = topics(&[("a", 3), ("b", 3), ("nobody", 2)]);
    let members = [member("m1", &["a", "b"]), member("m2", &["b"])];
    let assignment = RoundRobinAssignor.assign(&topics, &members);
    assert_eq!(text(&assignment), ["m1: a-0 a-1 a-2 b-1", "m2: b-0 b-2"]);
}

#[test]
fn sticky_moves_no_more_than_balance_takes() {
    let topics = topics(&[("a", 12)]);
    let two = [member("m1", &["a"]), member("m2", &["a"])];
    let first = StickyAssignor.assign(&topics, &two);
    assert_eq!(sizes(&first), [6, 6]);
    let mut three = after(&two, &first, 1);
    three.push(member("m3", &["a"]));
    let second = StickyAssignor.assign(&topics, &three);
    check(&topics, &three, &second);
    assert_eq!(sizes(&second), [4, 4, 4]);
    for old in ["m1", "m2"] {
        assert!(second[old].is_subset(&first[old]), "{old} got something new");
    }
    // The one who leaves leaves only what was theirs.
    let left: Vec<_> = after(&three, &second, 2).drain(1..).collect();
    let third = StickyAssignor.assign(&topics, &left);
    check(&topics, &left, &third);
    assert_eq!(sizes(&third), [6, 6]);
    assert!(third["m2"].is_superset(&second["m2"]));
}

#[test]
fn sticky_balances_members_that_want_different_topics() {
    let topics = topics(&[("a", 2), ("b", 6), ("c", 1)]);
    let members = [member("m1", &["a", "b", "c"]), member("m2", &["b"]), member("m3", &["a", "c"])];
    let assignment = StickyAssignor.assign(&topics, &members);
    check(&topics, &members, &assignment);
    assert_eq!(sizes(&assignment), [3, 3, 3]);
}

#[test]
fn what_two_members_claim_goes_to_the_later_generation() {
    let topics = topics(&[("a", 2)]);
    let all: BTreeSet<_> = topics.all(&TopicName::from("a")).collect();
    let mut old = member("m1", &["a"]);
    old.subscription.user_data = StickyAssignor.user_data(&all, 3);
    let mut new = member("m2", &["a"]);
    let first = TopicPartition { topic: TopicName::from("a"), partition: 0 };
    new.subscription.user_data = StickyAssignor.user_data(&BTreeSet::from([first]), 4);
    let assignment = StickyAssignor.assign(&topics, &[old, new]);
    assert_eq!(text(&assignment), ["m1: a-1", "m2: a-0"]);
}

#[test]
fn cooperative_members_get_nothing_that_another_still_has() {
    let topics = topics(&[("a", 4)]);
    let one = [member("m1", &["a"])];
    let first = CooperativeStickyAssignor.assign(&topics, &one);
    let mut two = after(&one, &first, 1);
    two.push(member("m2", &["a"]));
    let second = CooperativeStickyAssignor.assign(&topics, &two);
    assert_eq!(text(&second), ["m1: a-0 a-1", "m2: "]);
    let third = CooperativeStickyAssignor.assign(&topics, &after(&two, &second, 2));
    assert_eq!(text(&third), ["m1: a-0 a-1", "m2: a-2 a-3"]);
}

#[test]
fn a_cooperative_member_keeps_what_an_older_generation_still_claims() {
    let topics = topics(&[("a", 4)]);
    let mut members = after(
        &[member("m1", &["a"])],
        &CooperativeStickyAssignor.assign(&topics, &[member("m1", &["a"])]),
        4,
    );
    let mut returned = member("m2", &["a"]);
    returned.subscription.owned = topics.all(&TopicName::from("a")).skip(1).collect();
    returned.subscription.generation = 3;
    members.push(returned);
    let assignment = CooperativeStickyAssignor.assign(&topics, &members);
    assert_eq!(text(&assignment), ["m1: a-0 a-1", "m2: "]);
}

#[test]
fn user_data_that_is_no_user_data_counts_as_none() {
    let topics = topics(&[("a", 2)]);
    for data in [&b""[..], b"\x7f\xff\xff\xff", b"\x00\x00\x00\x01\x00\x05ab", b"\xff"] {
        let mut member = member("m1", &["a"]);
        member.subscription.user_data = Some(Bytes::from_static(data));
        for assignor in [&StickyAssignor as &dyn Assignor, &CooperativeStickyAssignor] {
            assert_eq!(text(&assignor.assign(&topics, &[member.clone()])), ["m1: a-0 a-1"]);
        }
    }
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn random_racks(random: &mut crate::Random) -> BTreeSet<ByteString> {
    let racks = ["east", "west", "north"].into_iter().filter(|_| random.below(3) == 0);
    racks.map(ByteString::from_static).collect()
}

/// Some topics and members, half of the time with racks.
fn random_group(random: &mut crate::Random) -> (GroupTopics, Vec<GroupMember>) {
    let with_racks = random.below(2) == 0;
    let mut topics = GroupTopics::default();
    for name in NAMES {
        let mut racks = vec![BTreeSet::new(); usize::try_from(random.below(10)).unwrap()];
        racks.iter_mut().filter(|_| with_racks).for_each(|racks| *racks = random_racks(random));
        topics.insert(TopicName::from(name), racks);
    }
    let ids = ["m1", "m2", "m3", "m4", "m5", "m6"];
    let count = usize::try_from(random.below(6)).unwrap() + 1;
    let members = ids[..count].iter().map(|id| {
        let wants: Vec<_> = NAMES.into_iter().filter(|_| random.below(3) > 0).collect();
        let mut member = member(id, &wants);
        member.subscription.rack = random_racks(random).pop_first().filter(|_| with_racks);
        member
    });
    let members = members.collect();
    (topics, members)
}

#[test]
fn range_gives_what_a_look_through_all_partitions_for_each_member_gives() {
    let mut random = crate::Random::new(6);
    for _ in 0..300 {
        let (topics, members) = random_group(&mut random);
        let takers =
            |topic: &TopicName| members.iter().filter(|member| member.wants(topic)).collect::<Vec<_>>();
        let mut expected = nothing(&members);
        for topic in topics.names().filter(|topic| !takers(topic).is_empty()) {
            let count = topics.partitions(topic);
            let alike =
                |other: &&TopicName| topics.partitions(other) == count && takers(other) == takers(topic);
            let alike: Vec<_> = topics.names().filter(alike).collect();
            let mut free: Vec<_> = (0..count).collect();
            let (each, mut more) = (free.len() / takers(topic).len(), free.len() % takers(topic).len());
            for near in [true, false] {
                for taker in takers(topic) {
                    let share = expected.get_mut(&taker.id).unwrap();
                    let partition =
                        |topic: &TopicName, partition| TopicPartition { topic: topic.clone(), partition };
                    let suits = |number: &i32| {
                        !near || alike.iter().all(|topic| topics.suits(&partition(topic, *number), taker))
                    };
                    let has = share.iter().filter(|had| had.topic == *topic).count();
                    let room = (each + usize::from(more > 0)).saturating_sub(has);
                    let taken: Vec<_> = free.iter().copied().filter(suits).take(room).collect();
                    free.retain(|number| !taken.contains(number));
                    more -= usize::from(!taken.is_empty() && has + taken.len() > each);
                    share.extend(taken.into_iter().map(|number| partition(topic, number)));
                }
            }
        }
        assert_eq!(text(&RangeAssignor.assign(&topics, &members)), text(&expected));
    }
}

/// Nobody has two more than another who wants one of them.
fn check_balance(members: &[GroupMember], assignment: &GroupAssignment) {
    for rich in members {
        for poor in members {
            let (more, less) = (&assignment[&rich.id], &assignment[&poor.id]);
            let wanted = more.iter().find(|partition| poor.wants(&partition.topic));
            assert!(wanted.is_none() || more.len() < less.len() + 2, "{:?}", text(assignment));
        }
    }
}

#[test]
fn sticky_levels_what_is_uneven_and_leaves_the_rest() {
    let mut random = crate::Random::new(7);
    for _ in 0..300 {
        let (topics, members) = random_group(&mut random);
        // The first has everything that it wants, as if the others had just come.
        let first = StickyAssignor.assign(&topics, &members[..1]);
        let grown = after(&members, &first, 1);
        let second = StickyAssignor.assign(&topics, &grown);
        check(&topics, &grown, &second);
        check_balance(&grown, &second);
        // Then all is even and nothing moves.
        let third = StickyAssignor.assign(&topics, &after(&grown, &second, 2));
        assert_eq!(text(&third), text(&second));
    }
}

#[test]
fn random_groups_are_shared_out_whole_and_settle() {
    let mut random = crate::Random::new(5);
    for _ in 0..200 {
        let (topics, mut members) = random_group(&mut random);
        for assignor in [&RangeAssignor as &dyn Assignor, &RoundRobinAssignor, &StickyAssignor] {
            check(&topics, &members, &assignor.assign(&topics, &members));
        }
        // Two rounds are enough for the cooperative one.
        for generation in 1..3 {
            let assignment = CooperativeStickyAssignor.assign(&topics, &members);
            members = after(&members, &assignment, generation);
        }
        let settled = CooperativeStickyAssignor.assign(&topics, &members);
        check(&topics, &members, &settled);
        for member in &members {
            assert_eq!(settled[&member.id], member.subscription.owned);
        }
    }
}

/// Members who claim what they like, of any generation: what nobody wants, what is nowhere, what others claim too.
fn claim_anything(assignor: &dyn Assignor, random: &mut crate::Random, members: &mut [GroupMember]) {
    for member in members {
        let mut owned = BTreeSet::new();
        for topic in NAMES.into_iter().chain(["nowhere"]) {
            let share = random.below(4);
            let partitions = (0..10).filter(|_| random.below(4) < share);
            owned.extend(
                partitions.map(|partition| TopicPartition { topic: TopicName::from(topic), partition }),
            );
        }
        let generation = i32::try_from(random.below(4)).unwrap() - 1;
        member.subscription.user_data = assignor.user_data(&owned, generation);
        member.subscription.owned = owned;
        member.subscription.generation = generation;
    }
}

/// Who alone claims the partition in the latest generation in which anybody of `members` does.
fn claimant<'a>(partition: &TopicPartition, members: &[&'a GroupMember]) -> Option<&'a GroupMember> {
    let claims = || members.iter().copied().filter(|member| member.subscription.owned.contains(partition));
    let latest = claims().map(|member| member.subscription.generation).max()?;
    let mut latest = claims().filter(|member| member.subscription.generation == latest);
    latest.next().filter(|_| latest.next().is_none())
}

/// The sticky way by looks through all members and all partitions.
fn naive_sticky(topics: &GroupTopics, members: &[GroupMember]) -> GroupAssignment {
    let mut shares = nothing(members);
    let mut free = Vec::new();
    for partition in topics.names().flat_map(|topic| topics.all(topic)) {
        let takers: Vec<_> = members.iter().filter(|member| member.wants(&partition.topic)).collect();
        match claimant(&partition, &takers) {
            Some(owner) => drop(shares.get_mut(&owner.id).unwrap().insert(partition)),
            None => free.push(partition),
        }
    }
    let least = |partition: &TopicPartition, shares: &GroupAssignment| {
        let takers = members.iter().filter(|member| member.wants(&partition.topic));
        takers
            .min_by_key(|member| (shares[&member.id].len(), !topics.suits(partition, member)))
            .map(|member| &member.id)
    };
    for partition in free {
        if let Some(taker) = least(&partition, &shares) {
            shares.get_mut(taker).unwrap().insert(partition);
        }
    }
    loop {
        let mut order: Vec<_> = members.iter().map(|member| &member.id).collect();
        order.sort_by_key(|id| std::cmp::Reverse(shares[*id].len()));
        let moves = order
            .into_iter()
            .flat_map(|from| shares[from].iter().rev().map(move |partition| (from, partition)));
        let mut better = moves.filter_map(|(from, partition)| {
            let to = least(partition, &shares)?;
            (shares[to].len() + 2 <= shares[from].len()).then(|| (from, to, partition.clone()))
        });
        let Some((from, to, partition)) = better.next() else { break };
        drop(better);
        shares.get_mut(from).unwrap().remove(&partition);
        shares.get_mut(to).unwrap().insert(partition);
    }
    shares
}

#[test]
fn sticky_gives_what_looks_through_everything_give_whatever_is_claimed() {
    let mut random = crate::Random::new(8);
    for _ in 0..500 {
        let (topics, mut members) = random_group(&mut random);
        claim_anything(&StickyAssignor, &mut random, &mut members);
        let assignment = StickyAssignor.assign(&topics, &members);
        check(&topics, &members, &assignment);
        check_balance(&members, &assignment);
        assert_eq!(text(&assignment), text(&naive_sticky(&topics, &members)));
    }
}

#[test]
fn cooperative_members_get_what_nobody_else_may_still_read_whatever_is_claimed() {
    let mut random = crate::Random::new(9);
    for _ in 0..500 {
        let (topics, mut members) = random_group(&mut random);
        claim_anything(&CooperativeStickyAssignor, &mut random, &mut members);
        let whole = naive_sticky(&topics, &members);
        let assignment = CooperativeStickyAssignor.assign(&topics, &members);
        let all: Vec<_> = members.iter().collect();
        for (id, share) in &whole {
            let may = |partition: &&TopicPartition| {
                let claimed = all.iter().any(|member| member.subscription.owned.contains(*partition));
                !claimed || claimant(partition, &all).is_some_and(|holder| holder.id == *id)
            };
            assert_eq!(assignment[id], share.iter().filter(may).cloned().collect());
        }
        // Everybody does as told, and comes back until nothing is left to give.
        for generation in 4..7 {
            let assignment = CooperativeStickyAssignor.assign(&topics, &members);
            members = after(&members, &assignment, generation);
        }
        let settled = CooperativeStickyAssignor.assign(&topics, &members);
        check(&topics, &members, &settled);
        check_balance(&members, &settled);
        assert!(members.iter().all(|member| settled[&member.id] == member.subscription.owned));
    }
}
