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

#[test]
fn range_prefers_the_members_in_the_rack_and_stays_balanced() {
    let rack = |name: &'static str| BTreeSet::from([ByteString::from_static(name)]);
    let mut topics = GroupTopics::default();
    topics.insert(TopicName::from("a"), vec![rack("east"), rack("west"), rack("east"), rack("west")]);
    let in_rack = |id, name| {
        let mut member = member(id, &["a"]);
        member.subscription.rack = Some(ByteString::from_static(name));
        member
    };
    let members = [in_rack("m1", "west"), in_rack("m2", "east")];
    let assignment = RangeAssignor.assign(&topics, &members);
    assert_eq!(text(&assignment), ["m1: a-1 a-3", "m2: a-0 a-2"]);
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

#[test]
fn random_groups_are_shared_out_whole_and_settle() {
    let mut random = crate::Random::new(5);
    for _ in 0..200 {
        let names = ["a", "b", "c", "d"];
        let topics = topics(&names.map(|name| (name, usize::try_from(random.below(9)).unwrap() + 1)));
        let ids = ["m1", "m2", "m3", "m4", "m5", "m6"];
        let count = usize::try_from(random.below(6)).unwrap() + 1;
        let mut members: Vec<_> = ids[..count]
            .iter()
            .map(|id| {
                let wants: Vec<_> = names.into_iter().filter(|_| random.below(3) > 0).collect();
                member(id, &wants)
            })
            .collect();
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
