use ottla_proto::messages::consumer_group_heartbeat::{Assignment, ResponseTopicPartitions};

use super::*;

pub(super) fn topic_id() -> TopicId {
    let mut id = [7; 16];
    id[0] = b't';
    TopicId(id)
}

pub(super) fn given(epoch: i32, partitions: Option<&[i32]>) -> ConsumerGroupHeartbeatResponse {
    let assignment = partitions.map(|partitions| Assignment {
        topic_partitions: vec![ResponseTopicPartitions {
            topic_id: topic_id(),
            partitions: partitions.to_vec(),
            ..Default::default()
        }],
        ..Default::default()
    });
    ConsumerGroupHeartbeatResponse {
        member_id: Some("x".into()),
        member_epoch: epoch,
        heartbeat_interval_ms: 5000,
        assignment,
        ..Default::default()
    }
}

fn owned(request: &ConsumerGroupHeartbeatRequest) -> Option<Vec<i32>> {
    let topics = request.topic_partitions.as_ref()?;
    Some(topics.iter().flat_map(|topic| topic.partitions.clone()).collect())
}

impl Bench {
    fn heartbeat(&mut self) -> (Received, ConsumerGroupHeartbeatRequest) {
        self.take()
    }

    /// A member at epoch 1 that owns these partitions and has said so.
    pub(super) fn consumer(config: GroupConfig, partitions: &[i32]) -> Self {
        Self::new(config).into_consumer(partitions)
    }

    pub(super) fn into_consumer(self, partitions: &[i32]) -> Self {
        let mut bench = self;
        let (request, asked) = bench.heartbeat();
        assert_eq!((asked.member_epoch, owned(&asked)), (0, Some(vec![])));
        assert_eq!(asked.subscribed_topic_names, Some(vec![TopicName::from("t")]));
        assert_eq!((asked.rebalance_timeout_ms, asked.member_id.len()), (300_000, 22));
        bench.answer(&request, &given(1, Some(partitions)));
        // What it owns now is news, so it is told at once; where to begin is asked beside it.
        let report = bench.requests.pop_front().unwrap();
        let asked: ConsumerGroupHeartbeatRequest = report.read();
        assert_eq!((asked.member_epoch, owned(&asked)), (1, Some(partitions.to_vec())));
        assert_eq!((asked.subscribed_topic_names, asked.rebalance_timeout_ms), (None, -1));
        bench.answer(&report, &given(1, None));
        bench.serve_offsets();
        bench.events.clear();
        bench
    }
}

#[test]
fn what_is_taken_away_is_reported_free_only_after_the_work_is_done() {
    let mut bench = Bench::consumer(config(), &[0, 1]);
    let batch = bench.hand_out(1, 100, 120);
    bench.advance(Duration::from_secs(5));
    let (request, asked) = bench.heartbeat();
    assert_eq!(owned(&asked), None, "nothing is news");
    bench.answer(&request, &given(1, Some(&[0, 2])));
    // Neither given up nor taken before the batch is done, but heartbeats go on.
    assert_eq!(bench.owned(), partitions([0, 1]));
    bench.advance(Duration::from_secs(5));
    let (request, asked) = bench.heartbeat();
    assert_eq!(owned(&asked), None);
    bench.answer(&request, &given(1, None));

    let mut batch = batch;
    batch.done();
    drop(batch);
    bench.settle();
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    assert_eq!(Bench::commits(&asked), [(1, 120)]);
    assert_eq!(asked.generation_id_or_member_epoch, 1);
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::NONE));
    let asked: ConsumerGroupHeartbeatRequest = bench.requests.pop_front().unwrap().read();
    assert_eq!(owned(&asked), Some(vec![0, 2]));
    assert_eq!(bench.owned(), partitions([0, 2]));
}

#[test]
fn after_a_lost_answer_the_member_says_everything_again() {
    let mut bench = Bench::consumer(config(), &[0]);
    bench.advance(Duration::from_secs(5));
    let (request, _) = bench.heartbeat();
    bench.world.core.handle_disconnected(
        request.connection,
        crate::net::DisconnectCause::Closed,
        bench.world.now,
    );
    bench.settle();
    bench.advance(Duration::from_secs(1));
    let (_, asked) = bench.heartbeat();
    assert_eq!((asked.member_epoch, owned(&asked)), (1, Some(vec![0])));
    assert_eq!(asked.subscribed_topic_names, Some(vec![TopicName::from("t")]));
    assert_eq!(bench.owned(), partitions([0]));
}

#[test]
fn a_fenced_member_has_lost_everything_and_joins_with_its_id() {
    for error in [ErrorCode::FENCED_MEMBER_EPOCH, ErrorCode::UNKNOWN_MEMBER_ID] {
        let mut bench = Bench::consumer(config(), &[0]);
        let ownership = bench.ownership(0);
        let id = bench.edge.status().member_id;
        bench.advance(Duration::from_secs(5));
        let (request, _) = bench.heartbeat();
        bench.answer(&request, &ConsumerGroupHeartbeatResponse { error_code: error, ..Default::default() });
        assert_eq!(ownership.phase(), Phase::Ended(End::Lost));
        let (_, asked) = bench.heartbeat();
        assert_eq!((asked.member_id, asked.member_epoch), (id, 0));
        assert!(bench.reader.edge().partitions().is_empty());
    }
}

#[test]
fn a_stale_epoch_on_a_commit_is_tried_again_with_the_new_one() {
    let mut bench = Bench::consumer(GroupConfig { auto_commit: None, ..config() }, &[0]);
    bench.commit(0, 150);
    bench.settle();
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::STALE_MEMBER_EPOCH));
    // The epoch is asked for without waiting for the next heartbeat's turn.
    let (request, _) = bench.heartbeat();
    bench.answer(&request, &given(2, None));
    bench.advance(Duration::from_millis(200));
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    assert_eq!((asked.generation_id_or_member_epoch, Bench::commits(&asked)), (2, vec![(0, 150)]));
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::NONE));
    assert!(matches!(bench.world.events.pop(), Some(Event::CommitDone { result: Ok(()), .. })));
}

#[test]
fn without_the_api_or_with_a_classic_choice_the_classic_protocol_is_spoken() {
    let old = |api: &Api| {
        let known = api.key != ApiKey::CONSUMER_GROUP_HEARTBEAT;
        known.then_some((api.versions.min, api.latest_stable))
    };
    Bench::with_versions(config(), &old).take::<JoinGroupRequest>();
    // Version 0 gave out member ids itself.
    let first = |api: &Api| {
        let latest = if api.key == ApiKey::CONSUMER_GROUP_HEARTBEAT { 0 } else { api.latest_stable };
        Some((api.versions.min, latest))
    };
    Bench::with_versions(config(), &first).take::<JoinGroupRequest>();
    let choice = GroupConfig { session_timeout: Some(Duration::from_secs(10)), ..config() };
    Bench::new(choice).take::<JoinGroupRequest>();
    let mut bench = Bench::new(config());
    let (request, _) = bench.heartbeat();
    let unsupported =
        ConsumerGroupHeartbeatResponse { error_code: ErrorCode::UNSUPPORTED_VERSION, ..Default::default() };
    bench.answer(&request, &unsupported);
    let (_, asked) = bench.take::<JoinGroupRequest>();
    assert!(asked.member_id.is_empty());
}

#[test]
fn leaving_has_an_epoch_of_its_own_and_another_for_static_members() {
    for (instance, epoch) in [(None, -1), (Some(ByteString::from_static("one")), -2)] {
        let mut bench = Bench::consumer(GroupConfig { instance_id: instance, ..config() }, &[0]);
        let (key, now) = (bench.key, bench.world.now);
        let ticket = bench.world.core.ticket();
        bench.world.core.parts().groups.leave(key, now + Duration::from_secs(10), now);
        bench.world.core.parts().groups.await_leave(key, ticket);
        bench.settle();
        let (request, asked) = bench.heartbeat();
        assert_eq!(asked.member_epoch, epoch);
        bench.answer(&request, &given(epoch, None));
        let report = bench.left().unwrap();
        assert!(report.left);
        assert_eq!(report.committed, [(partition(0), Some(OFFSET))]);
        assert!(!bench.world.core.parts().groups.is_member(key));
    }
}
