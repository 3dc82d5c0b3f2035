//! What may hold up a heartbeat, and what must not.

use ottla_proto::messages::produce::{PartitionProduceResponse, TopicProduceData, TopicProduceResponse};

use super::consumer::given;
use super::*;
use crate::calls::{CallSpec, Target};
use crate::consumer::Isolation;
use crate::core::Waiting;
use crate::producer::{Acks, Delivery, NewRecord, ProducerConfig, TopicHandle};
use crate::wait::WaitReason;

#[test]
fn throttles_told_elsewhere_delay_no_heartbeat() {
    let mut bench = Bench::stable(classic(), [0]);
    // Any other request of the client to the coordinator's node is told to wait a minute.
    let spec = CallSpec::new(DescribeClusterRequest::default(), bench.world.now + Duration::from_secs(100));
    let now = bench.world.now;
    bench.world.core.call(spec.to(Target::Node(BrokerId(1))), now);
    bench.settle();
    let (request, _) = bench.take::<DescribeClusterRequest>();
    bench.answer(&request, &DescribeClusterResponse { throttle_time_ms: 60_000, ..Default::default() });
    let node = BrokerId(1);
    let told = bench.world.core.net().throttled(node, ApiKey::DESCRIBE_CLUSTER, bench.world.now);
    assert!(told.is_some(), "the throttle is not even known");
    for _ in 0..5 {
        let before = bench.world.now;
        bench.beat(ErrorCode::NONE);
        assert!(bench.world.now.saturating_duration_since(before) <= Duration::from_secs(3));
    }
}

#[test]
fn a_throttle_told_on_the_coordinator_s_connection_is_obeyed_and_named() {
    let mut bench = Bench::stable(classic(), [0]);
    bench.advance(Duration::from_secs(3));
    let (request, _) = bench.take::<HeartbeatRequest>();
    bench.answer(&request, &HeartbeatResponse { throttle_time_ms: 10_000, ..Default::default() });
    let told_at = bench.world.now;
    bench.advance(Duration::from_secs(5));
    assert!(bench.requests.is_empty(), "{:?}", bench.requests);
    let waiting = bench.world.core.explain(bench.world.now);
    let named = waiting.iter().any(|waiting| matches!(waiting.reason, WaitReason::Throttled { .. }));
    assert!(named, "{waiting:?}");
    bench.advance(Duration::from_secs(10));
    bench.take::<HeartbeatRequest>();
    assert_eq!(bench.world.now.saturating_duration_since(told_at), Duration::from_secs(10));
    let waiting = bench.world.core.explain(bench.world.now);
    assert!(!waiting.iter().any(|waiting| matches!(waiting.reason, WaitReason::Throttled { .. })));
}

/// A producer of the same client whose records go to node 1, which coordinates the group too.
fn producer(bench: &mut Bench) -> TopicHandle {
    let wake = bench.world.core.wake().clone();
    let parts = bench.world.core.parts();
    let config = ProducerConfig { acks: Acks::Leader, linger: Duration::ZERO, ..ProducerConfig::default() };
    let topic = parts.producers.add(config, parts.net, &wake).topic(&TopicName::from("t"));
    bench.settle();
    topic
}

fn produce(bench: &mut Bench, topic: &TopicHandle) -> Delivery {
    let record = NewRecord { value: Some(b"v"), partition: Some(0), ..NewRecord::default() };
    let delivery = topic.try_append(&record, || bench.world.now).unwrap();
    bench.settle();
    delivery
}

/// The answer to a request for one partition, with that throttle.
fn written(bench: &mut Bench, throttle_time_ms: i32) {
    let (request, asked) = bench.take::<ProduceRequest>();
    let TopicProduceData { ref name, topic_id, .. } = asked.topic_data[0];
    let topic = TopicProduceResponse {
        name: name.clone(),
        topic_id,
        partition_responses: vec![PartitionProduceResponse::default()],
        ..Default::default()
    };
    let response = ProduceResponse { responses: vec![topic], throttle_time_ms, ..Default::default() };
    bench.answer(&request, &response);
}

#[test]
fn a_commit_does_not_wait_for_the_throttle_of_what_is_produced_to_the_same_node() {
    let mut bench = Bench::stable(classic(), [0]);
    let topic = producer(&mut bench);
    let _first = produce(&mut bench, &topic);
    written(&mut bench, 60_000);
    let held_up = produce(&mut bench, &topic);
    let told = bench.world.core.explain(bench.world.now);
    let throttled =
        |waiting: &Waiting| matches!(waiting.reason, WaitReason::Throttled { node: BrokerId(1), .. });
    assert!(told.iter().any(throttled), "{told:?}");
    for offset in [110, 120, 130] {
        bench.commit(0, offset);
        bench.settle();
        // At once, though nothing is produced for a minute.
        let (request, asked) = bench.take::<OffsetCommitRequest>();
        assert_eq!(Bench::commits(&asked), [(0, offset)]);
        bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::NONE));
        assert_eq!(bench.done(), [Ok(())]);
    }
    assert!(!held_up.is_settled());
}

#[test]
fn a_commit_that_a_throttle_holds_back_holds_nobody_else_back() {
    let mut bench = Bench::stable(GroupConfig { auto_commit: None, ..classic() }, [0]);
    let topic = producer(&mut bench);
    bench.commit(0, 110);
    bench.settle();
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    let committed = Bench::commit_answer(&asked, ErrorCode::NONE);
    bench.answer(&request, &OffsetCommitResponse { throttle_time_ms: 10_000, ..committed });
    assert_eq!(bench.done(), [Ok(())], "the answer itself is not held back");
    let told_at = bench.world.now;
    bench.commit(0, 120);
    bench.settle();
    assert!(bench.requests.is_empty(), "{:?}", bench.requests);
    let told = bench.reasons();
    assert!(told.iter().any(|reason| matches!(reason, WaitReason::Throttled { .. })), "{told:?}");
    // The same client produces to the same node, and what is owned can be asked for.
    let delivery = produce(&mut bench, &topic);
    written(&mut bench, 0);
    assert!(delivery.is_settled());
    assert_eq!(bench.owned(), partitions([0]));
    assert_eq!(bench.world.now, told_at);
    // Commit and heartbeat go when it is over.
    bench.advance(Duration::from_secs(9));
    assert!(bench.requests.is_empty(), "{:?}", bench.requests);
    bench.advance(Duration::from_secs(1));
    assert_eq!(bench.world.now.saturating_duration_since(told_at), Duration::from_secs(10));
    assert!(
        bench.requests.iter().any(|request| request.api == ApiKey::OFFSET_COMMIT),
        "{:?}",
        bench.requests
    );
}

#[test]
fn each_member_has_a_connection_to_its_coordinator_that_nothing_else_uses() {
    let mut bench = Bench::stable(classic(), [0]);
    bench.advance(Duration::from_secs(3));
    let (heartbeat, _) = bench.take::<HeartbeatRequest>();
    let events = &bench.world.events;
    let role = Role::Coordinator(bench.key);
    let own = |event: &&Event| matches!(event, Event::Connected { role: of, .. } if *of == role);
    assert_eq!(events.iter().filter(own).count(), 1, "{events:?}");
    let now = bench.world.now;
    let spec = CallSpec::new(DescribeClusterRequest::default(), now + Duration::from_secs(100));
    bench.world.core.call(spec.to(Target::Node(BrokerId(1))), now);
    bench.settle();
    let (other, _) = bench.take::<DescribeClusterRequest>();
    assert_ne!(other.connection, heartbeat.connection);
}

#[test]
fn a_silent_coordinator_is_given_up_well_within_the_session() {
    let mut bench = Bench::stable(classic(), [0]);
    bench.advance(Duration::from_secs(3));
    let (silent, _) = bench.take::<HeartbeatRequest>();
    let begin = bench.world.now;
    bench.coordinator = 2;
    while bench.requests.is_empty() {
        bench.advance(Duration::from_secs(1));
        assert!(
            bench.world.now.saturating_duration_since(begin) < Duration::from_secs(20),
            "it waits for ever"
        );
    }
    let (again, _) = bench.take::<HeartbeatRequest>();
    assert_ne!(again.connection, silent.connection);
}

/// The member does not know its session: three intervals are taken for the shortest.
#[test]
fn a_coordinator_that_hangs_is_given_up_within_three_heartbeat_intervals() {
    for interval in [2, 5, 10].map(Duration::from_secs) {
        let mut bench = Bench::consumer(config(), &[0]);
        bench.advance(Duration::from_secs(5));
        let (request, _) = bench.take::<ConsumerGroupHeartbeatRequest>();
        let told = ConsumerGroupHeartbeatResponse {
            heartbeat_interval_ms: crate::group::classic::millis(interval),
            ..given(1, None)
        };
        bench.answer(&request, &told);
        let heard_at = bench.world.now;
        let (silent, _) = bench.next::<ConsumerGroupHeartbeatRequest>();
        bench.coordinator = 2;
        let (again, asked) = bench.next::<ConsumerGroupHeartbeatRequest>();
        assert_ne!(again.connection, silent.connection);
        assert_eq!((asked.member_epoch, asked.subscribed_topic_names), (1, Some(vec!["t".into()])));
        assert!(bench.world.now.saturating_duration_since(heard_at) < interval * 3, "{interval:?}");
        assert_eq!(bench.owned(), partitions([0]));
    }
}

#[test]
fn a_coordinator_that_is_slow_is_waited_for_longer_each_time() {
    let mut bench = Bench::consumer(config(), &[0]);
    for _ in 0..2 {
        let (mut heartbeat, _) = bench.next::<ConsumerGroupHeartbeatRequest>();
        // What it takes to ask for the coordinator again comes on top.
        for seconds in [7, 15, 15] {
            let sent_at = bench.world.now;
            heartbeat = bench.next::<ConsumerGroupHeartbeatRequest>().0;
            let waited = bench.world.now.saturating_duration_since(sent_at).as_secs();
            assert!((seconds..seconds + 2).contains(&waited), "{waited} s for {seconds}");
        }
        // After an answer it begins anew.
        bench.answer(&heartbeat, &given(1, None));
    }
}

#[test]
fn a_member_without_partitions_says_since_when() {
    let mut bench = Bench::new(classic());
    bench.join_as_follower(1, []);
    let since = bench.world.now;
    bench.advance(Duration::from_secs(2));
    let waiting = bench.world.core.explain(bench.world.now);
    let told: Vec<_> = waiting.iter().map(|waiting| (&waiting.reason, waiting.since)).collect();
    assert_eq!(told, [(&WaitReason::NoPartitions, since)]);
    // One that has a partition waits for nothing.
    assert_eq!(Bench::stable(classic(), [0]).reasons(), []);
}

#[test]
fn a_call_to_a_group_goes_to_its_coordinator_and_follows_it() {
    let mut bench = Bench::stable(classic(), [0]);
    let request = OffsetFetchRequest { group_id: GroupId::from("g"), topics: None, ..Default::default() };
    let now = bench.world.now;
    let spec = CallSpec::new(request, now + Duration::from_secs(10)).highest(7);
    bench.coordinator = 2;
    bench.world.core.call(spec.to(Target::Coordinator(GroupId::from("g"))), now);
    bench.settle();
    let (first, _) = bench.take::<OffsetFetchRequest>();
    bench.coordinator = 1;
    let moved = OffsetFetchResponse { error_code: ErrorCode::NOT_COORDINATOR, ..Default::default() };
    bench.answer(&first, &moved);
    bench.advance(Duration::from_secs(1));
    let (second, _) = bench.take::<OffsetFetchRequest>();
    assert_ne!(first.connection, second.connection);
    bench.answer(&second, &OffsetFetchResponse::default());
    assert!(matches!(bench.world.events.pop(), Some(Event::CallDone { result: Ok(_), .. })));
}

/// A transaction that is still open may change where the partition begins (KIP-447).
#[test]
fn an_offset_that_a_transaction_may_change_is_waited_for_and_named() {
    for (isolation, stable) in [(Isolation::ReadUncommitted, false), (Isolation::ReadCommitted, true)] {
        let mut bench = Bench::new(GroupConfig { isolation, ..classic() });
        bench.join_as_follower(1, [0, 1]);
        let (request, asked) = bench.take::<OffsetFetchRequest>();
        assert_eq!(asked.require_stable, stable);
        if !stable {
            continue;
        }
        let found = |partition_index, error_code| OffsetFetchResponsePartitions {
            partition_index,
            committed_offset: if error_code == ErrorCode::NONE { OFFSET } else { -1 },
            error_code,
            ..Default::default()
        };
        let partitions = vec![found(0, ErrorCode::UNSTABLE_OFFSET_COMMIT), found(1, ErrorCode::NONE)];
        let topic = OffsetFetchResponseTopics { name: "t".into(), partitions, ..Default::default() };
        let group =
            OffsetFetchResponseGroup { group_id: "g".into(), topics: vec![topic], ..Default::default() };
        bench.answer(&request, &OffsetFetchResponse { groups: vec![group], ..Default::default() });
        let reasons = bench.reasons();
        let unstable = |reason: &WaitReason| {
            matches!(reason, WaitReason::RetryBackoff { error: ErrorCode::UNSTABLE_OFFSET_COMMIT, .. })
        };
        assert!(reasons.iter().any(unstable), "{reasons:?}");
        let read = |bench: &Bench| -> Vec<_> {
            bench.reader.edge().partitions().iter().map(|status| status.position).collect()
        };
        assert_eq!(read(&bench), [Some(OFFSET)], "the other partition does not wait");

        // Another member's transaction ends in the end, and only what is missing is asked for.
        let (request, asked) = bench.next::<OffsetFetchRequest>();
        let topics = asked.groups[0].topics.as_ref().unwrap();
        assert_eq!((asked.require_stable, topics[0].partition_indexes.as_slice()), (true, &[0][..]));
        bench.requests.push_back(request);
        bench.serve_offsets();
        assert_eq!(read(&bench), [Some(OFFSET), Some(OFFSET)]);
        assert!(bench.edge.status().is_stable);
        assert_eq!(bench.reasons(), []);
    }
}
