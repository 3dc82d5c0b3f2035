use super::*;

#[test]
fn a_member_gets_an_id_leads_and_shares_out() {
    let mut bench = Bench::new(classic());
    let (join, asked) = bench.take::<JoinGroupRequest>();
    assert!(asked.member_id.is_empty());
    assert_eq!(asked.rebalance_timeout_ms, 300_000);
    let names: Vec<_> = asked.protocols.iter().map(|protocol| &*protocol.name).collect();
    assert_eq!(names, ["range", "cooperative-sticky"]);
    let required = JoinGroupResponse {
        error_code: ErrorCode::MEMBER_ID_REQUIRED,
        member_id: "me".into(),
        ..Default::default()
    };
    bench.answer(&join, &required);

    let (join, asked) = bench.take::<JoinGroupRequest>();
    assert_eq!(asked.member_id, "me");
    let mut answer = bench.join_answer("me", 1);
    answer.members = vec![
        other_member("me", &["t"]),
        JoinGroupResponseMember {
            member_id: "mad".into(),
            metadata: Bytes::from_static(b"\x00"),
            ..Default::default()
        },
    ];
    bench.answer(&join, &answer);
    let (sync, asked) = bench.take::<SyncGroupRequest>();
    // Who cannot be understood gets nothing, and takes nothing away from the others.
    let parts: Vec<_> = asked
        .assignments
        .iter()
        .map(|part| (&*part.member_id, decode_assignment(part.assignment.clone()).unwrap()))
        .collect();
    assert_eq!(parts, [("me", partitions(0..4)), ("mad", BTreeSet::new())]);
    let assignment = asked.assignments[0].assignment.clone();
    bench.answer(&sync, &SyncGroupResponse { assignment, ..Default::default() });
    bench.serve_offsets();
    assert_eq!(bench.owned(), partitions(0..4));
    let positions: Vec<_> = bench.reader.edge().partitions().iter().map(|status| status.position).collect();
    assert_eq!(positions, [Some(OFFSET); 4]);
    assert!(bench.edge.status().is_stable);
}

#[test]
fn an_eager_rebalance_waits_for_work_and_commits_it_before_it_joins() {
    let mut bench = Bench::stable(classic(), [0, 1]);
    let batch = bench.hand_out(0, 100, 110);
    bench.beat(ErrorCode::REBALANCE_IN_PROGRESS);
    assert!(bench.requests.is_empty(), "{:?}", bench.requests);
    assert!(bench.reader.edge().partitions().is_empty(), "what is being given up is read on");
    assert!(matches!(batch.ownership().phase(), Phase::Revoking { .. }));
    // Heartbeats go on meanwhile.
    bench.beat(ErrorCode::REBALANCE_IN_PROGRESS);

    let ownership = Arc::clone(batch.ownership());
    drop(batch);
    bench.settle();
    assert!(bench.requests.is_empty(), "dropped, but the application did not come back yet");
    bench.come_back();
    bench.settle();
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    assert_eq!(Bench::commits(&asked), [(0, 110)]);
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::NONE));
    assert_eq!(ownership.phase(), Phase::Ended(End::Revoked));
    bench.join_as_follower(2, [1, 2]);
    bench.serve_offsets();
    assert_eq!(bench.owned(), partitions([1, 2]));
    let GroupEvent::Rebalanced(rebalance) = bench.events.last().unwrap() else {
        panic!("{:?}", bench.events)
    };
    assert_eq!((&rebalance.cause, rebalance.generation), (&Cause::Others, 2));
    assert_eq!(rebalance.revoked, partitions([0, 1]).into_iter().collect::<Vec<_>>());
    assert!(rebalance.took >= Duration::from_secs(3), "{rebalance:?}");
}

#[test]
fn a_hand_over_ends_at_its_deadline_and_says_so() {
    let config = GroupConfig { hand_over_timeout: Some(Duration::from_secs(2)), ..classic() };
    let mut bench = Bench::stable(config, [0]);
    let batch = bench.hand_out(0, 100, 110);
    bench.beat(ErrorCode::REBALANCE_IN_PROGRESS);
    bench.advance(Duration::from_secs(2));
    assert_eq!(batch.ownership().phase(), Phase::Ended(End::Revoked));
    let overdue = |event: &GroupEvent| matches!(event, GroupEvent::HandOverOverdue { .. });
    assert!(bench.events.iter().any(overdue), "{:?}", bench.events);
    bench.join_as_follower(2, [0]);
    bench.serve_offsets();
    // The partition is back, but not for what was processed before.
    let ticket = bench.world.core.ticket();
    let entry = CommitEntry {
        partition: partition(0),
        ownership: Some(batch.ownership().id()),
        offset: 110,
        leader_epoch: LeaderEpoch::NONE,
        metadata: None,
    };
    let deadline = bench.world.now + Duration::from_secs(10);
    let order = bench.edge.order(vec![entry]);
    bench.world.core.parts().groups.commit(bench.key, Some(ticket), order, deadline);
    bench.settle();
    let Some(Event::CommitDone { result: Err(CommitError::NotOwned { .. }), .. }) = bench.world.events.pop()
    else {
        panic!("a commit for a partition that was given up");
    };
    assert!(bench.requests.is_empty());
}

#[test]
fn a_cooperative_rebalance_keeps_what_stays_and_joins_again_for_what_goes() {
    let cooperative: Vec<Arc<dyn assignor::Assignor>> = vec![Arc::new(assignor::CooperativeStickyAssignor)];
    let config = GroupConfig { assignors: Some(cooperative), ..config() };
    let mut bench = Bench::stable(config, [0, 1]);
    let kept = bench.ownership(0);
    bench.beat(ErrorCode::REBALANCE_IN_PROGRESS);
    assert_eq!(bench.reader.edge().partitions().len(), 2, "reading stops although nothing was taken away");
    bench.join_as_follower(2, [0]);
    // The second rebalance begins at once, since nothing has to be waited for.
    let (_, asked) = {
        let request = bench.requests.front().unwrap();
        (request.clone(), request.read::<JoinGroupRequest>())
    };
    let told = MemberSubscription::decode(asked.protocols[0].metadata.clone()).unwrap();
    assert_eq!((told.owned, told.generation), (partitions([0]), 2));
    bench.join_as_follower(3, [0, 3]);
    bench.serve_offsets();
    assert_eq!(bench.owned(), partitions([0, 3]));
    assert_eq!(kept.phase(), Phase::Held);
}

#[test]
fn an_unknown_member_has_lost_everything_and_begins_anew() {
    let mut bench = Bench::stable(classic(), [0]);
    let ownership = bench.ownership(0);
    bench.beat(ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(ownership.phase(), Phase::Ended(End::Lost));
    assert!(matches!(bench.events[0], GroupEvent::Lost { .. }), "{:?}", bench.events);
    let (_, asked) = bench.take::<JoinGroupRequest>();
    assert!(asked.member_id.is_empty());
}

#[test]
fn a_static_member_of_the_same_name_ends_this_one() {
    let config = GroupConfig { instance_id: Some("one".into()), ..classic() };
    let mut bench = Bench::stable(config, [0]);
    bench.beat(ErrorCode::FENCED_INSTANCE_ID);
    let refused = bench.edge.come_back(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(refused, Err(GroupError::Refused { error: ErrorCode::FENCED_INSTANCE_ID, .. })));
    assert!(bench.owned().is_empty());
}

#[test]
fn an_assignment_that_cannot_be_read_is_no_assignment() {
    let hostile: [&[u8]; 6] = [
        b"\x00",
        b"\x00\x00\x7f\xff\xff\xff",
        b"\x00\x00\xff\xff\xff\xff",
        b"\x00\x00\x00\x00\x00\x01\x00\x01t\x7f\xff\xff\xff",
        b"\x00\x00\x00\x00\x00\x01\x00\x01t\x00\x00\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff",
        b"\xff\xff\xff\xff",
    ];
    for bytes in hostile {
        let mut bench = Bench::new(classic());
        let (join, _) = bench.take::<JoinGroupRequest>();
        let answer = bench.join_answer("another", 1);
        bench.answer(&join, &answer);
        let (sync, _) = bench.take::<SyncGroupRequest>();
        let assignment = Bytes::from_static(bytes);
        bench.answer(&sync, &SyncGroupResponse { assignment, ..Default::default() });
        assert!(bench.owned().is_empty(), "{bytes:?}");
        // It stays a member, and asks for a better one after a while.
        bench.advance(Duration::from_millis(200));
        let (_, asked) = bench.take::<JoinGroupRequest>();
        assert!(asked.reason.unwrap().contains("could not be read"));
    }
}

#[test]
fn partitions_of_topics_that_nobody_asked_for_are_not_read() {
    let mut bench = Bench::new(classic());
    let (join, _) = bench.take::<JoinGroupRequest>();
    let answer = bench.join_answer("another", 1);
    bench.answer(&join, &answer);
    let (sync, _) = bench.take::<SyncGroupRequest>();
    let mut given = partitions([0]);
    given.insert(TopicPartition { topic: TopicName::from("other"), partition: 0 });
    let assignment = subscription::encode_assignment(&given).unwrap();
    bench.answer(&sync, &SyncGroupResponse { assignment, ..Default::default() });
    assert_eq!(bench.owned(), partitions([0]));
}

#[test]
fn a_coordinator_that_is_gone_is_found_elsewhere_and_the_member_goes_on() {
    let mut bench = Bench::stable(classic(), [0]);
    let ownership = bench.ownership(0);
    bench.coordinator = 2;
    bench.beat(ErrorCode::NOT_COORDINATOR);
    bench.advance(Duration::from_secs(1));
    let (request, asked) = bench.take::<HeartbeatRequest>();
    assert_eq!(asked.generation_id, 1);
    let (_, host) = bench.world.connects.iter().rev().find(|(id, _)| *id == request.connection).unwrap();
    assert_eq!(host.name, "n2");
    assert_eq!(ownership.phase(), Phase::Held);
}
