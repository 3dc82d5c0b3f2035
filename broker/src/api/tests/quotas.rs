use std::time::Duration;

use ottla_proto::ErrorCode;
use ottla_proto::messages::create_partitions::{CreatePartitionsRequest, CreatePartitionsTopic};
use ottla_proto::messages::create_topics::{CreatableTopic, CreateTopicsRequest};
use ottla_proto::messages::delete_topics::DeleteTopicsRequest;
use ottla_proto::messages::describe_quorum::DescribeQuorumRequest;
use ottla_proto::messages::fetch::FetchRequest;
use ottla_proto::messages::heartbeat::HeartbeatRequest;
use ottla_proto::messages::metadata::MetadataRequest;
use ottla_proto::messages::produce::ProduceRequest;
use ottla_proto::messages::write_txn_markers::WriteTxnMarkersRequest;

use crate::engine::{Reply, RequestCost};
use crate::testing::*;
use crate::{QuotaEntity, QuotaKey};

/// One percent of a thread, where each request costs 60 ms: the second one is over the 100 ms of ten seconds.
fn busy() -> World {
    let mut world = World::with_topic();
    let cost = RequestCost { per_request: Duration::from_millis(60), per_mebibyte: Duration::ZERO };
    world.engine.config.request_cost = Some(cost);
    world.limit(QuotaKey::RequestPercentage, 1.0);
    world
}

#[test]
fn a_request_quota_slows_every_api_down_but_never_for_longer_than_a_window() {
    let mut world = busy();
    let first = world.ask_muted(4, &HeartbeatRequest::default());
    assert_eq!((first.response.throttle_time_ms, first.muted_ms), (0, 0));
    let second = world.ask_muted(4, &HeartbeatRequest::default());
    assert_eq!((second.response.throttle_time_ms, second.muted_ms), (1_000, 1_000));
    let third = world.ask_muted(12, &MetadataRequest::default());
    assert_eq!((third.response.throttle_time_ms, third.muted_ms), (1_000, 1_000));
    // An answer without a place for it mutes all the same.
    assert_eq!(world.ask_muted(2, &DescribeQuorumRequest::default()).muted_ms, 1_000);
    world.pass(60_000);
    let later = world.ask_muted(4, &HeartbeatRequest::default());
    assert_eq!((later.response.throttle_time_ms, later.muted_ms), (0, 0));
}

#[test]
fn markers_and_writes_without_acks_do_not_count_as_requests() {
    let mut world = busy();
    for _ in 0..5 {
        assert_eq!(world.ask_muted(1, &WriteTxnMarkersRequest::default()).muted_ms, 0);
        world.send::<ProduceRequest>(12, &produce_request(0, batch(&["a"])));
        let reply = world.engine.poll_output().unwrap().reply;
        assert!(matches!(reply, Reply::Answer { frame: None, muted_until } if muted_until == world.now));
    }
    let first = world.ask_muted(4, &HeartbeatRequest::default());
    assert_eq!(first.muted_ms, 0);
}

#[test]
fn the_longer_throttle_of_bytes_and_requests_is_told() {
    let mut world = busy();
    world.limit(QuotaKey::ProducerByteRate, 10.0);
    let size = i64::try_from(frame(12, &produce_request(-1, batch(&["a"]))).len()).unwrap();
    let first = world.produce_muted(batch(&["a"]));
    assert_eq!(first.muted_ms, (size - 100) * 100, "by bytes, above ten seconds at ten bytes a second");
    world.limit(QuotaKey::ProducerByteRate, 1_000_000.0);
    let second = world.produce_muted(batch(&["a"]));
    assert_eq!(second.muted_ms, 1_000, "by requests");
}

#[test]
fn a_fetch_over_the_request_quota_gets_nothing_and_its_bytes_do_not_count() {
    let mut world = busy();
    world.produce(batch(&["a"]));
    let throttled = world.ask_muted::<FetchRequest>(12, &fetch_request(0, 0));
    assert_eq!((throttled.response.throttle_time_ms, throttled.muted_ms), (1_000, 1_000));
    assert!(throttled.response.responses.is_empty());
    assert_eq!(throttled.response.session_id, 0);
}

#[test]
fn measured_time_is_felt_by_the_next_answer() {
    let mut world = busy();
    world.engine.config.request_cost = None;
    let beat = HeartbeatRequest::default();
    assert!(world.engine.wants_time());
    assert_eq!(world.ask_muted(4, &beat).muted_ms, 0);
    world.engine.spent(world.client, Duration::from_micros(100_500), world.now);
    assert_eq!(world.ask_muted(4, &beat).muted_ms, 50);
    // Only once for each request.
    world.engine.spent(world.client, Duration::ZERO, world.now);
    world.engine.spent(world.client, Duration::from_secs(9), world.now);
    assert_eq!(world.ask_muted(4, &beat).muted_ms, 50);
}

#[test]
fn nothing_is_measured_where_nobody_has_a_request_quota() {
    let mut world = World::new(1);
    world.engine.config.request_cost = None;
    assert!(!world.engine.wants_time());
    world.limit(QuotaKey::RequestPercentage, 1.0);
    assert!(world.engine.wants_time());
}

fn create(name: &str, partitions: i32) -> CreateTopicsRequest {
    let topic = CreatableTopic {
        name: name.into(),
        num_partitions: partitions,
        replication_factor: 1,
        ..CreatableTopic::default()
    };
    CreateTopicsRequest { topics: vec![topic], ..CreateTopicsRequest::default() }
}

/// Two partitions a second, of which 22 are saved up; 25 have just been created.
fn indebted(version: i16) -> World {
    let mut world = World::new(1);
    world.limit(QuotaKey::ControllerMutationRate, 2.0);
    let answer = world.ask_muted(version, &create("first", 25));
    assert_eq!(answer.response.topics[0].error_code, ErrorCode::NONE);
    let expected = if version >= 6 { 0 } else { 1_500 };
    assert_eq!((i64::from(answer.response.throttle_time_ms), answer.muted_ms), (expected, expected));
    world
}

#[test]
fn partitions_beyond_the_mutation_quota_are_refused_by_new_versions() {
    let mut world = indebted(7);
    let refused = world.ask_muted(7, &create("second", 1));
    assert_eq!(refused.response.topics[0].error_code, ErrorCode::THROTTLING_QUOTA_EXCEEDED);
    assert_eq!((refused.response.throttle_time_ms, refused.muted_ms), (1_500, 1_500));
    assert!(world.engine.topics.named("second").is_none());

    let more = CreatePartitionsTopic {
        name: "first".into(),
        count: 26,
        assignments: None,
        ..CreatePartitionsTopic::default()
    };
    let more = CreatePartitionsRequest { topics: vec![more], ..CreatePartitionsRequest::default() };
    let refused = world.ask_muted(3, &more);
    assert_eq!(refused.response.results[0].error_code, ErrorCode::THROTTLING_QUOTA_EXCEEDED);
    assert_eq!((refused.response.throttle_time_ms, refused.muted_ms), (1_500, 1_500));

    let gone = DeleteTopicsRequest { topic_names: vec!["first".into()], ..DeleteTopicsRequest::default() };
    let refused = world.ask_muted(5, &gone);
    assert_eq!(refused.response.responses[0].error_code, ErrorCode::THROTTLING_QUOTA_EXCEEDED);
    assert_eq!((refused.response.throttle_time_ms, refused.muted_ms), (1_500, 1_500));

    world.pass(1_500);
    let granted = world.ask_muted(7, &create("second", 1));
    assert_eq!(granted.response.topics[0].error_code, ErrorCode::NONE);
}

#[test]
fn older_versions_are_only_slowed_down() {
    let mut world = indebted(5);
    let answer = world.ask_muted(5, &create("second", 1));
    assert_eq!(answer.response.topics[0].error_code, ErrorCode::NONE);
    assert_eq!((answer.response.throttle_time_ms, answer.muted_ms), (2_000, 2_000));

    let more = CreatePartitionsTopic {
        name: "first".into(),
        count: 26,
        assignments: None,
        ..CreatePartitionsTopic::default()
    };
    let more = CreatePartitionsRequest { topics: vec![more], ..CreatePartitionsRequest::default() };
    let answer = world.ask_muted(2, &more);
    assert_eq!(answer.response.results[0].error_code, ErrorCode::NONE);
    assert_eq!(answer.muted_ms, 2_500);

    let gone = DeleteTopicsRequest { topic_names: vec!["first".into()], ..DeleteTopicsRequest::default() };
    let answer = world.ask_muted(4, &gone);
    assert_eq!(answer.response.responses[0].error_code, ErrorCode::NONE);
    assert_eq!(answer.muted_ms, 15_500);
}

#[test]
fn validation_counts_and_what_is_invalid_does_not() {
    let mut world = World::new(1);
    world.limit(QuotaKey::ControllerMutationRate, 2.0);
    let dry = CreateTopicsRequest { validate_only: true, ..create("dry", 23) };
    assert_eq!(world.ask(7, &create("no", 0)).topics[0].error_code, ErrorCode::INVALID_PARTITIONS);
    assert_eq!(world.ask(7, &dry).topics[0].error_code, ErrorCode::NONE);
    assert_eq!(world.ask(7, &dry).topics[0].error_code, ErrorCode::THROTTLING_QUOTA_EXCEEDED);
}

#[test]
fn mutations_count_for_the_whole_cluster_and_by_user() {
    let mut world = World::new(2);
    assert!(world.engine.set_quota(QuotaEntity::user("ANONYMOUS"), QuotaKey::ControllerMutationRate, 2.0));
    assert_eq!(world.ask(7, &create("a", 25)).topics[0].error_code, ErrorCode::NONE);
    world.talk_to(ottla_proto::BrokerId(2));
    let refused = world.ask(7, &create("b", 1));
    assert_eq!(refused.topics[0].error_code, ErrorCode::THROTTLING_QUOTA_EXCEEDED);
}

#[test]
fn a_broker_before_2_0_holds_the_answer_back_instead() {
    let mut world = World::with_topic();
    world.engine.config.delay_throttled_answers = true;
    world.limit(QuotaKey::ConsumerByteRate, 10.0);
    world.produce(batch(&["a"]));
    world.send::<FetchRequest>(12, &fetch_request(0, 0));
    assert!(world.is_silent());
    let until = world.engine.poll_timeout().unwrap();
    let held = until.since(world.now);
    assert!(held > Duration::from_secs(1), "{held:?}");
    world.now = until;
    world.engine.handle_timeout(until);
    let answer = world.answer::<FetchRequest>(12);
    assert_eq!(answer.muted_ms, 0);
    assert_eq!(u128::try_from(answer.response.throttle_time_ms).unwrap(), held.as_millis());
    // And in full, as what was throttled counts there.
    assert_eq!(values(&only(answer.response).records.unwrap()), [(0, "a".to_owned())]);
}
