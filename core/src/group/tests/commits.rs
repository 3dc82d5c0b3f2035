use super::*;

impl Bench {
    pub(super) fn commit(&mut self, number: i32, offset: i64) {
        self.commit_with(number, offset, None);
    }

    fn commit_with(&mut self, number: i32, offset: i64, metadata: Option<ByteString>) {
        let ticket = self.world.core.ticket();
        let entry = CommitEntry {
            partition: partition(number),
            ownership: None,
            offset,
            leader_epoch: LeaderEpoch::NONE,
            metadata,
        };
        let deadline = self.world.now + Duration::from_secs(60);
        let order = self.edge.order(vec![entry]);
        self.world.core.parts().groups.commit(self.key, Some(ticket), order, deadline);
    }

    pub(super) fn done(&mut self) -> Vec<Result<(), CommitError>> {
        let events = std::mem::take(&mut self.world.events).into_iter();
        events
            .filter_map(|event| match event {
                Event::CommitDone { result, .. } => Some(result),
                _ => None,
            })
            .collect()
    }
}

/// The texts of a commit request.
fn texts(request: &OffsetCommitRequest) -> Vec<&str> {
    let partitions = request.topics.iter().flat_map(|topic| &topic.partitions);
    partitions.map(|partition| partition.committed_metadata.as_deref().unwrap()).collect()
}

/// Commits an offset of a partition, and lets the coordinator answer with this code.
fn commit_and_answer(bench: &mut Bench, number: i32, offset: i64, code: ErrorCode) {
    bench.commit(number, offset);
    bench.settle();
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    bench.answer(&request, &Bench::commit_answer(&asked, code));
}

fn manual() -> GroupConfig {
    GroupConfig { auto_commit: None, ..classic() }
}

#[test]
fn a_commit_that_is_tried_again_is_never_overtaken() {
    let mut bench = Bench::stable(manual(), [0]);
    bench.commit(0, 110);
    bench.settle();
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    bench.commit(0, 120);
    bench.settle();
    assert!(bench.requests.is_empty(), "a second commit is sent beside the first");
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::COORDINATOR_LOAD_IN_PROGRESS));
    bench.advance(Duration::from_millis(200));
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    assert_eq!(Bench::commits(&asked), [(0, 120)], "the later one counts");
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::NONE));
    assert_eq!(bench.done(), [Ok(()), Ok(())]);
}

#[test]
fn a_commit_follows_the_coordinator() {
    let mut bench = Bench::stable(manual(), [0]);
    bench.commit(0, 110);
    bench.settle();
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    bench.coordinator = 2;
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::NOT_COORDINATOR));
    bench.advance(Duration::from_secs(1));
    let (again, asked) = bench.take::<OffsetCommitRequest>();
    assert_ne!(again.connection, request.connection);
    bench.answer(&again, &Bench::commit_answer(&asked, ErrorCode::NONE));
    assert_eq!(bench.done(), [Ok(())]);
}

#[test]
fn a_commit_ends_at_its_deadline_whoever_is_silent() {
    let mut bench = Bench::stable(manual(), [0]);
    bench.commit(0, 110);
    bench.settle();
    bench.take::<OffsetCommitRequest>();
    for _ in 0..100 {
        bench.advance(Duration::from_secs(1));
        bench.requests.clear();
    }
    let done = bench.done();
    assert!(matches!(done[..], [Err(CommitError::DeadlineExceeded { .. })]), "{done:?}");
}

#[test]
fn refusals_are_told_and_metadata_goes_along() {
    let mut bench = Bench::stable(manual(), [0]);
    commit_and_answer(&mut bench, 0, 110, ErrorCode::OFFSET_METADATA_TOO_LARGE);
    let done = bench.done();
    let refused =
        Err(CommitError::Refused { partition: partition(0), error: ErrorCode::OFFSET_METADATA_TOO_LARGE });
    assert_eq!(done, [refused]);
    // A partition that an answer leaves out was not committed.
    bench.commit(0, 110);
    bench.settle();
    let (request, _) = bench.take::<OffsetCommitRequest>();
    bench.answer(&request, &OffsetCommitResponse::default());
    assert!(matches!(bench.done()[..], [Err(CommitError::Refused { .. })]));
}

#[test]
fn what_is_not_owned_is_not_committed() {
    let mut bench = Bench::stable(manual(), [0]);
    bench.commit(1, 110);
    bench.settle();
    assert!(bench.requests.is_empty());
    assert_eq!(bench.done(), [Err(CommitError::NotOwned { partition: partition(1) })]);
    // Refused because the coordinator no longer knows the member: the same thing.
    commit_and_answer(&mut bench, 0, 110, ErrorCode::UNKNOWN_MEMBER_ID);
    assert_eq!(bench.done(), [Err(CommitError::NotOwned { partition: partition(0) })]);
}

#[test]
fn closing_commits_what_was_processed_leaves_and_reports() {
    let mut bench = Bench::stable(classic(), [0, 1]);
    drop(bench.hand_out(0, 100, 110));
    let ticket = bench.world.core.ticket();
    let (key, now) = (bench.key, bench.world.now);
    bench.world.core.parts().groups.leave(key, now + Duration::from_secs(10), now);
    bench.world.core.parts().groups.await_leave(key, ticket);
    bench.settle();
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    assert_eq!(Bench::commits(&asked), [(0, 110)]);
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::NONE));
    let (request, asked) = bench.take::<LeaveGroupRequest>();
    assert_eq!(asked.members[0].member_id, "me");
    assert!(asked.members[0].reason.is_some());
    bench.answer(&request, &LeaveGroupResponse::default());
    let report = bench.left().unwrap();
    let committed = vec![(partition(0), Some(110)), (partition(1), Some(OFFSET))];
    assert_eq!(report, LeaveReport { committed, busy: Vec::new(), left: true });
    let ended = bench.edge.come_back(&mut Context::from_waker(Waker::noop()));
    assert_eq!(ended, Err(GroupError::Closed));
    assert!(!bench.world.core.parts().groups.is_member(key));
}

#[test]
fn closing_ends_at_its_deadline_with_whatever_is_still_held() {
    let mut bench = Bench::stable(classic(), [0]);
    let batch = bench.hand_out(0, 100, 110);
    let ticket = bench.world.core.ticket();
    let (key, now) = (bench.key, bench.world.now);
    bench.world.core.parts().groups.leave(key, now + Duration::from_secs(8), now);
    bench.world.core.parts().groups.await_leave(key, ticket);
    for _ in 0..8 {
        bench.advance(Duration::from_secs(1));
        bench.requests.clear();
    }
    let report = bench.left().unwrap();
    assert_eq!((report.busy.as_slice(), report.left), (&[partition(0)][..], false));
    assert_eq!(batch.ownership().phase(), Phase::Ended(End::Closed));
}

#[test]
fn a_handle_that_is_dropped_leaves_and_commits_nothing() {
    let mut bench = Bench::stable(classic(), [0]);
    drop(bench.hand_out(0, 100, 110));
    let (key, now) = (bench.key, bench.world.now);
    bench.world.core.parts().groups.abandon(key, now);
    bench.settle();
    bench.take::<LeaveGroupRequest>();
}

#[test]
fn commits_without_a_text_of_their_own_carry_the_usual_one() {
    let config = GroupConfig { commit_metadata: Some("host 7".into()), ..classic() };
    let mut bench = Bench::stable(config, [0, 1]);
    drop(bench.hand_out(0, 100, 110));
    bench.come_back();
    bench.advance(Duration::from_secs(3));
    let (request, _) = bench.take::<HeartbeatRequest>();
    bench.answer(&request, &HeartbeatResponse::default());
    bench.advance(Duration::from_secs(2));
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    assert_eq!((Bench::commits(&asked), texts(&asked)), (vec![(0, 110)], vec!["host 7"]), "automatically");
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::NONE));
    bench.commit(0, 120);
    bench.commit_with(1, 110, Some("mine".into()));
    bench.settle();
    let (_, asked) = bench.take::<OffsetCommitRequest>();
    assert_eq!(texts(&asked), ["host 7", "mine"]);
}

#[test]
fn a_text_that_no_request_can_say_fails_its_own_commit_alone() {
    let long = "x".repeat(32_768);
    let mut bench = Bench::stable(manual(), [0, 1]);
    bench.commit_with(0, 110, Some(long.into()));
    bench.commit_with(1, 110, Some("x".repeat(32_767).into()));
    bench.settle();
    let too_long = CommitError::MetadataTooLong { partition: partition(0), length: 32_768 };
    assert_eq!(bench.done(), [Err(too_long)]);
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    assert_eq!(Bench::commits(&asked), [(1, 110)]);
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::NONE));
    assert_eq!(bench.done(), [Ok(())]);
}

#[test]
fn a_usual_text_that_is_too_long_is_told_with_each_automatic_commit() {
    let config = GroupConfig { commit_metadata: Some("x".repeat(32_768).into()), ..classic() };
    let mut bench = Bench::stable(config, [0]);
    drop(bench.hand_out(0, 100, 110));
    bench.come_back();
    for _ in 0..4 {
        bench.advance(Duration::from_secs(3));
        while let Some(request) = bench.requests.pop_front() {
            assert_eq!(request.api, ApiKey::HEARTBEAT);
            bench.answer(&request, &HeartbeatResponse::default());
        }
    }
    let told = |event: &&GroupEvent| {
        matches!(
            event,
            GroupEvent::CommitFailed { error: CommitError::MetadataTooLong { length: 32_768, .. } }
        )
    };
    assert_eq!(bench.events.iter().filter(told).count(), 2, "{:?}", bench.events);
}

#[test]
fn what_was_committed_is_told_once_and_only_after_the_coordinator_has_it() {
    let mut bench = Bench::stable(GroupConfig { tells_commits: true, ..manual() }, [0, 1]);
    bench.commit(0, 110);
    bench.commit(1, 120);
    bench.settle();
    assert_eq!(bench.edge.next_commit(), None, "nothing is committed yet");
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    let mut answer = Bench::commit_answer(&asked, ErrorCode::NONE);
    answer.topics[0].partitions[1].error_code = ErrorCode::OFFSET_METADATA_TOO_LARGE;
    bench.answer(&request, &answer);
    let committed = bench.edge.next_commit().unwrap();
    let offsets: Vec<_> = committed.values().map(|entry| (entry.partition.partition, entry.offset)).collect();
    assert_eq!(offsets, [(0, 110)], "the other one was refused");
    assert_eq!(bench.edge.next_commit(), None);
    // Whoever stays away for long is told the last offset of each partition, whatever the number of commits.
    commit_and_answer(&mut bench, 1, 130, ErrorCode::NONE);
    (0..300).for_each(|step| commit_and_answer(&mut bench, 0, 200 + step, ErrorCode::NONE));
    let first = bench.edge.next_commit().unwrap();
    let offsets: Vec<_> = first.values().map(|entry| (entry.partition.partition, entry.offset)).collect();
    assert_eq!(offsets, [(0, 244), (1, 130)]);
    assert_eq!(std::iter::from_fn(|| bench.edge.next_commit()).count(), 255);
}

#[test]
fn nobody_keeps_commits_that_nobody_wants_to_know_of() {
    let mut bench = Bench::stable(manual(), [0]);
    commit_and_answer(&mut bench, 0, 110, ErrorCode::NONE);
    assert_eq!((bench.done(), bench.edge.next_commit()), (vec![Ok(())], None));
}
