//! What the simulation of groups found, each by itself. Its own list of seeds has more.

use super::*;
use crate::wait::WaitReason;

impl Bench {
    /// The next request, however long it takes to come.
    pub(super) fn next<R: Request>(&mut self) -> (Received, R) {
        while self.requests.is_empty() {
            self.advance(Duration::from_secs(2));
        }
        self.take()
    }

    pub(super) fn reasons(&mut self) -> Vec<WaitReason> {
        let mut waiting = Vec::new();
        self.world.core.parts().groups.explain_one(self.key, &mut waiting);
        waiting.into_iter().map(|waiting| waiting.reason).collect()
    }
}

#[test]
fn a_join_that_meets_a_rebalance_is_made_again() {
    let mut bench = Bench::new(classic());
    let (join, _) = bench.take::<JoinGroupRequest>();
    let refused = JoinGroupResponse { error_code: ErrorCode::REBALANCE_IN_PROGRESS, ..Default::default() };
    bench.answer(&join, &refused);
    bench.join_as_follower(1, [0]);
    assert_eq!(bench.owned(), partitions([0]));
}

#[test]
fn a_group_that_takes_in_nobody_is_asked_at_growing_intervals() {
    let mut bench = Bench::new(classic());
    let begin = bench.world.now;
    for _ in 0..6 {
        let (join, _) = bench.next::<JoinGroupRequest>();
        let refused = JoinGroupResponse { error_code: ErrorCode::UNKNOWN_MEMBER_ID, ..Default::default() };
        bench.answer(&join, &refused);
    }
    assert!(bench.world.now.saturating_duration_since(begin) > Duration::from_secs(1));
}

#[test]
fn a_coordinator_that_fences_again_and_again_is_asked_at_growing_intervals() {
    let mut bench = Bench::new(config());
    let begin = bench.world.now;
    for _ in 0..6 {
        let (request, asked) = bench.next::<ConsumerGroupHeartbeatRequest>();
        assert_eq!(asked.member_epoch, 0);
        let error_code = ErrorCode::FENCED_MEMBER_EPOCH;
        bench.answer(&request, &ConsumerGroupHeartbeatResponse { error_code, ..Default::default() });
    }
    assert!(bench.world.now.saturating_duration_since(begin) > Duration::from_secs(1));
}

/// Else it would take itself for a member that has nothing, and wait for ever.
#[test]
fn a_throttle_that_is_over_is_no_reason_any_more() {
    let mut bench = Bench::stable(classic(), [0]);
    bench.advance(Duration::from_secs(3));
    let (request, _) = bench.take::<HeartbeatRequest>();
    bench.answer(&request, &HeartbeatResponse { throttle_time_ms: 1_000, ..Default::default() });
    let entry = CommitEntry {
        partition: partition(0),
        ownership: None,
        offset: 100,
        leader_epoch: LeaderEpoch::NONE,
        metadata: None,
    };
    let deadline = bench.world.now + Duration::from_millis(500);
    let order = bench.edge.order(vec![entry]);
    bench.world.core.parts().groups.commit(bench.key, None, order, deadline);
    bench.settle();
    let is_throttle = |reason: &WaitReason| matches!(reason, WaitReason::Throttled { .. });
    assert!(bench.reasons().iter().any(is_throttle));
    bench.advance(Duration::from_secs(2));
    assert!(!bench.reasons().iter().any(is_throttle), "{:?}", bench.reasons());
}

/// The log may have been cut since the commit (KIP-320).
#[test]
fn where_a_partition_begins_is_checked_by_the_epoch_of_the_commit() {
    let mut bench = Bench::new(classic());
    bench.join_as_follower(1, [0]);
    let (request, _) = bench.take::<OffsetFetchRequest>();
    let found = OffsetFetchResponsePartitions {
        committed_offset: OFFSET,
        committed_leader_epoch: LeaderEpoch(0),
        ..Default::default()
    };
    let topic = OffsetFetchResponseTopics { name: "t".into(), partitions: vec![found], ..Default::default() };
    let group = OffsetFetchResponseGroup { group_id: "g".into(), topics: vec![topic], ..Default::default() };
    bench.fetches.clear();
    bench.answer(&request, &OffsetFetchResponse { groups: vec![group], ..Default::default() });
    let fetched = bench.fetches.iter().flat_map(|fetch| fetch.read::<FetchRequest>().topics);
    let mut epochs = fetched.flat_map(|topic| topic.partitions).map(|asked| asked.last_fetched_epoch);
    let asked = bench.requests.iter().any(|request| request.api == ApiKey::OFFSET_FOR_LEADER_EPOCH);
    assert!(asked || epochs.any(|epoch| epoch == LeaderEpoch(0)), "{:?}", bench.requests);
}

#[test]
fn a_member_that_is_not_in_good_standing_says_why() {
    let mut bench = Bench::new(classic());
    assert_eq!(bench.reasons(), [WaitReason::AnswerDue { node: BrokerId(1) }]);
    bench.join_as_follower(1, [0]);
    assert_eq!(bench.reasons(), [WaitReason::AnswerDue { node: BrokerId(1) }], "the begin is asked for");
    bench.serve_offsets();
    assert_eq!(bench.reasons(), []);
    let batch = bench.hand_out(0, 100, 110);
    bench.beat(ErrorCode::REBALANCE_IN_PROGRESS);
    assert!(
        matches!(bench.reasons()[..], [WaitReason::Application { until: Some(_) }]),
        "{:?}",
        bench.reasons()
    );
    drop(batch);
}

/// Else the new assignment would be what is waited for, and the farewell come before what is done and committed.
#[test]
fn an_assignment_that_comes_while_the_member_leaves_cuts_no_work_short() {
    let cooperative: Vec<Arc<dyn assignor::Assignor>> = vec![Arc::new(assignor::CooperativeStickyAssignor)];
    let mut bench = Bench::stable(GroupConfig { assignors: Some(cooperative), ..classic() }, [0, 1]);
    bench.beat(ErrorCode::REBALANCE_IN_PROGRESS);
    let batch = bench.hand_out(0, 100, 110);
    let (key, now) = (bench.key, bench.world.now);
    bench.world.core.parts().groups.leave(key, now + Duration::from_secs(10), now);
    bench.settle();
    bench.join_as_follower(2, [0, 2]);
    assert_eq!(bench.owned(), partitions([0, 1]), "whoever leaves takes nothing more");
    assert!(bench.requests.is_empty(), "{:?}", bench.requests);
    assert!(matches!(batch.ownership().phase(), Phase::Revoking { .. }));
    let mut batch = batch;
    batch.done();
    drop(batch);
    bench.settle();
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    assert_eq!(Bench::commits(&asked), [(0, 110)]);
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::NONE));
    bench.take::<LeaveGroupRequest>();
}
