//! Answers that belong to a membership of before, and a view of the cluster that is older than what a member is given.

use super::consumer::given;
use super::*;
use crate::group::assignor::CooperativeStickyAssignor;

fn cooperative() -> GroupConfig {
    GroupConfig { assignors: Some(vec![Arc::new(CooperativeStickyAssignor)]), ..classic() }
}

impl Bench {
    /// The only request, left where it is.
    fn peek(&self, api: ApiKey) -> Received {
        assert_eq!(self.requests.iter().map(|request| request.api).collect::<Vec<_>>(), [api]);
        self.requests[0].clone()
    }

    /// The application does not come back for so long that the member leaves.
    fn stay_away(&mut self) {
        let until = self.world.now + config().max_poll_interval;
        self.edge.go_away(self.world.now);
        while self.world.now < until {
            self.advance(until.saturating_duration_since(self.world.now));
        }
        let exceeded = |event: &GroupEvent| matches!(event, GroupEvent::AbsenceExceeded { .. });
        assert!(self.events.iter().any(exceeded), "{:?}", self.events);
    }

    /// The process gets no time for longer than any session lasts.
    fn stand_still(&mut self) {
        self.world.now = self.world.now + Duration::from_secs(60);
    }

    /// The only request is a join, and its answer gives a partition.
    fn joins_again(&mut self) {
        let (join, asked) = self.take::<ConsumerGroupHeartbeatRequest>();
        assert_eq!((asked.member_epoch, asked.subscribed_topic_names), (0, Some(vec!["t".into()])));
        self.answer(&join, &given(2, Some(&[1])));
        assert_eq!(self.owned(), partitions([1]));
    }

    fn is_fetched(&self, number: i32) -> bool {
        let topics = self.fetches.iter().flat_map(|fetch| fetch.read::<FetchRequest>().topics);
        topics.flat_map(|topic| topic.partitions).any(|asked| asked.partition == number)
    }
}

/// The coordinator may have given the partitions to others meanwhile.
#[test]
fn what_a_heartbeat_was_told_before_the_process_stood_still_gives_nothing() {
    let mut bench = Bench::consumer(config(), &[0]);
    bench.advance(Duration::from_secs(5));
    let (before, _) = bench.take::<ConsumerGroupHeartbeatRequest>();
    bench.stand_still();
    bench.answer(&before, &given(2, Some(&[0, 1])));
    assert_eq!(bench.owned(), partitions([0]), "what it had stands until the coordinator says otherwise");
    // As after a lost answer: at once, and with everything.
    let (request, asked) = bench.take::<ConsumerGroupHeartbeatRequest>();
    assert_eq!((asked.member_epoch, asked.subscribed_topic_names), (1, Some(vec!["t".into()])));
    assert_eq!(asked.topic_partitions.map(|topics| topics[0].partitions.clone()), Some(vec![0]));
    bench.answer(&request, &given(2, Some(&[0, 1])));
    assert_eq!(bench.owned(), partitions([0, 1]));
}

#[test]
fn a_member_that_stood_still_while_it_joined_joins_again() {
    let mut bench = Bench::new(config());
    let (before, _) = bench.take::<ConsumerGroupHeartbeatRequest>();
    bench.stand_still();
    bench.answer(&before, &given(1, Some(&[0])));
    assert!(bench.owned().is_empty());
    bench.joins_again();
}

/// Nobody who is out is in again without joining.
#[test]
fn a_fence_counts_however_old_it_is() {
    let mut bench = Bench::consumer(config(), &[0]);
    bench.advance(Duration::from_secs(5));
    let (before, _) = bench.take::<ConsumerGroupHeartbeatRequest>();
    bench.stand_still();
    let error_code = ErrorCode::FENCED_MEMBER_EPOCH;
    bench.answer(&before, &ConsumerGroupHeartbeatResponse { error_code, ..Default::default() });
    assert!(bench.owned().is_empty());
    assert_eq!(bench.take::<ConsumerGroupHeartbeatRequest>().1.member_epoch, 0);
}

#[test]
fn an_assignment_from_before_the_process_stood_still_is_asked_about_before_it_is_read() {
    let mut bench = Bench::new(classic());
    let (join, _) = bench.take::<JoinGroupRequest>();
    bench.answer(&join, &bench.join_answer("another", 1));
    let (sync, _) = bench.take::<SyncGroupRequest>();
    bench.stand_still();
    let assignment = subscription::encode_assignment(&partitions([0])).unwrap();
    bench.answer(&sync, &SyncGroupResponse { assignment, ..Default::default() });
    // Answers come in the order of the requests, so the member knows before it begins to read.
    let asked: Vec<_> = bench.requests.iter().map(|request| request.api).collect();
    assert_eq!(asked, [ApiKey::HEARTBEAT, ApiKey::OFFSET_FETCH]);
    let heartbeat = bench.requests.pop_front().unwrap();
    let error_code = ErrorCode::UNKNOWN_MEMBER_ID;
    bench.answer(&heartbeat, &HeartbeatResponse { error_code, ..Default::default() });
    assert!(bench.owned().is_empty() && !bench.is_fetched(0));
    assert!(bench.events.iter().any(|event| matches!(event, GroupEvent::Lost { .. })), "{:?}", bench.events);
}

#[test]
fn a_classic_member_that_stood_still_asks_at_once_whether_it_is_one() {
    let mut bench = Bench::stable(classic(), [0]);
    bench.advance(Duration::from_secs(3));
    let (before, _) = bench.take::<HeartbeatRequest>();
    bench.stand_still();
    bench.answer(&before, &HeartbeatResponse::default());
    assert_eq!(bench.owned(), partitions([0]));
    let (after, _) = bench.take::<HeartbeatRequest>();
    let error_code = ErrorCode::UNKNOWN_MEMBER_ID;
    bench.answer(&after, &HeartbeatResponse { error_code, ..Default::default() });
    assert!(bench.owned().is_empty());
}

/// Else it would take itself for a member that has nothing, and wait for ever.
#[test]
fn an_answer_to_a_heartbeat_from_before_a_fence_is_not_taken_for_one_to_the_join() {
    let mut bench = Bench::consumer(GroupConfig { auto_commit: None, ..config() }, &[0]);
    bench.commit(0, 150);
    bench.settle();
    let (commit, asked) = bench.take::<OffsetCommitRequest>();
    bench.advance(Duration::from_secs(5));
    let (before, _) = bench.take::<ConsumerGroupHeartbeatRequest>();
    bench.answer(&commit, &Bench::commit_answer(&asked, ErrorCode::FENCED_MEMBER_EPOCH));
    assert!(bench.owned().is_empty());

    bench.answer(&before, &given(1, Some(&[0])));
    bench.advance(Duration::from_secs(1));
    assert!(bench.owned().is_empty(), "what was given before the fence");
    bench.joins_again();
}

#[test]
fn an_answer_to_a_heartbeat_brings_nobody_back_who_left_for_absence() {
    let mut bench = Bench::consumer(config(), &[0]);
    // Heartbeats are due every 5 s from now on, the end is not.
    bench.advance(Duration::from_secs(2));
    bench.edge.go_away(bench.world.now);
    let end = bench.world.now + config().max_poll_interval;
    while end.saturating_duration_since(bench.world.now) > Duration::from_secs(10) {
        bench.advance(Duration::from_secs(5));
        let (request, _) = bench.take::<ConsumerGroupHeartbeatRequest>();
        bench.answer(&request, &given(1, None));
    }
    bench.advance(Duration::from_secs(5));
    let (before, _) = bench.take::<ConsumerGroupHeartbeatRequest>();
    bench.advance(end.saturating_duration_since(bench.world.now));
    let (leave, asked) = bench.take::<ConsumerGroupHeartbeatRequest>();
    assert_eq!(asked.member_epoch, -1);
    bench.answer(&before, &given(1, Some(&[0, 1])));
    bench.answer(&leave, &given(-1, None));
    bench.advance(Duration::from_secs(100));
    assert!(bench.owned().is_empty() && bench.requests.is_empty(), "{:?}", bench.requests);
    bench.come_back();
    bench.settle();
    assert_eq!(bench.take::<ConsumerGroupHeartbeatRequest>().1.member_epoch, 0);
}

#[test]
fn a_join_whose_application_stayed_away_is_taken_back() {
    let mut bench = Bench::new(classic());
    let (join, asked) = bench.take::<JoinGroupRequest>();
    assert!(asked.member_id.is_empty());
    bench.stay_away();
    assert!(bench.requests.is_empty(), "nobody knows the member yet: {:?}", bench.requests);
    // Back before there is an answer: the coordinator answers in order, so a second join waits.
    bench.come_back();
    bench.settle();
    assert!(bench.requests.is_empty(), "{:?}", bench.requests);

    let answer = bench.join_answer("another", 1);
    bench.answer(&join, &answer);
    let leave = bench.requests.pop_front().unwrap();
    let asked: LeaveGroupRequest = leave.read();
    assert_eq!(asked.members[0].member_id, "me", "the group waits for somebody who does not come");
    assert!(asked.members[0].reason.as_ref().unwrap().contains("max.poll"));
    let (_, asked) = bench.take::<JoinGroupRequest>();
    assert!(asked.member_id.is_empty());
}

#[test]
fn an_assignment_whose_application_stayed_away_is_not_taken() {
    let mut bench = Bench::new(cooperative());
    let (join, _) = bench.take::<JoinGroupRequest>();
    bench.answer(&join, &bench.join_answer("another", 1));
    let (sync, _) = bench.take::<SyncGroupRequest>();
    bench.stay_away();
    let leave = bench.peek(ApiKey::LEAVE_GROUP);
    bench.requests.clear();
    let assignment = subscription::encode_assignment(&partitions([0])).unwrap();
    bench.answer(&sync, &SyncGroupResponse { assignment, ..Default::default() });
    bench.answer(&leave, &LeaveGroupResponse::default());
    bench.advance(Duration::from_secs(100));
    assert!(bench.owned().is_empty() && bench.requests.is_empty(), "{:?}", bench.requests);
}

#[test]
fn a_partition_newer_than_the_view_is_read_as_soon_as_the_view_has_it() {
    for protocol in [ProtocolChoice::Classic, ProtocolChoice::Consumer] {
        let mut bench = Bench::new(GroupConfig { protocol, ..config() });
        if protocol == ProtocolChoice::Classic {
            bench.join_as_follower(1, [0, 5]);
        } else {
            let (request, _) = bench.take::<ConsumerGroupHeartbeatRequest>();
            bench.answer(&request, &given(1, Some(&[0, 5])));
            let report = bench.requests.pop_front().unwrap();
            bench.answer(&report, &given(1, None));
        }
        bench.serve_offsets();
        assert_eq!(bench.owned(), partitions([0, 5]), "it is not forgotten");
        // The first answers are as old as the view.
        bench.advance(Duration::from_secs(1));
        assert!(bench.is_fetched(0) && !bench.is_fetched(5));
        bench.topics = vec![("t", 6)];
        bench.advance(Duration::from_secs(1));
        assert!(bench.is_fetched(5), "{protocol:?}");
    }
}
