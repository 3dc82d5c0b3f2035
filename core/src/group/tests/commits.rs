use super::*;

impl Bench {
    pub(super) fn commit(&mut self, number: i32, offset: i64) {
        let ticket = self.world.core.ticket();
        let entry = CommitEntry {
            partition: partition(number),
            ownership: None,
            offset,
            leader_epoch: LeaderEpoch::NONE,
            metadata: None,
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
    bench.commit(0, 110);
    bench.settle();
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::OFFSET_METADATA_TOO_LARGE));
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
    bench.commit(0, 110);
    bench.settle();
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::UNKNOWN_MEMBER_ID));
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
