use std::time::Duration;

use ottla_proto::messages::fetch::FetchRequest;
use ottla_proto::messages::init_producer_id::InitProducerIdRequest;
use ottla_proto::messages::list_offsets::ListOffsetsRequest;
use ottla_proto::messages::metadata::{MetadataRequest, MetadataRequestTopic};
use ottla_proto::messages::produce::ProduceRequest;
use ottla_proto::records::Batches;
use ottla_proto::wire::Request;
use ottla_proto::{BrokerId, ErrorCode};

use super::*;
use crate::engine::{Close, NodeState, Reply};
use crate::testing::*;

fn with(fault: Fault) -> World {
    let mut world = World::with_topic();
    world.engine.add_fault(fault, world.now).unwrap();
    world
}

fn produce(api_fault: Fault) -> Fault {
    api_fault.when(|when| when.api = Some(ApiKey::PRODUCE))
}

fn error(code: ErrorCode) -> Reaction {
    Reaction::Error { code }
}

fn code(world: &mut World) -> ErrorCode {
    world.produce(batch(&["a"])).error_code
}

fn end(world: &mut World) -> i64 {
    world.fetch(0).high_watermark
}

fn frame_of(world: &mut World) -> bytes::Bytes {
    match world.engine.poll_output().expect("a reply").reply {
        Reply::Answer { frame: Some(frame), .. } => frame.into_bytes(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_error_before_the_append_leaves_no_record_and_one_after_does() {
    let storage = ErrorCode::KAFKA_STORAGE_ERROR;
    let mut world = with(produce(Fault::new("f", error(storage))));
    assert_eq!((code(&mut world), end(&mut world)), (storage, 0));
    let mut world = with(produce(Fault::new("f", error(storage)).stage(Stage::After)));
    assert_eq!((code(&mut world), end(&mut world)), (storage, 1));
}

#[test]
fn a_condition_must_fit_in_every_part() {
    let base = || Fault::new("f", error(ErrorCode::KAFKA_STORAGE_ERROR));
    let fits: [fn(&mut Condition); 6] = [
        |_| {},
        |when| when.node = Some(1),
        |when| when.api = Some(ApiKey::PRODUCE),
        |when| when.client_id = Some("tester".into()),
        |when| when.topic = Some("t".into()),
        |when| (when.topic, when.partition) = (Some("t".into()), Some(0)),
    ];
    for change in fits {
        assert_eq!(code(&mut with(base().when(change))), ErrorCode::KAFKA_STORAGE_ERROR);
    }
    let misses: [fn(&mut Condition); 6] = [
        |when| when.node = Some(2),
        |when| when.api = Some(ApiKey::METADATA),
        |when| when.client_id = Some("test".into()),
        |when| when.topic = Some("u".into()),
        |when| (when.topic, when.partition) = (Some("t".into()), Some(1)),
        |when| when.probability = 0.0,
    ];
    for change in misses {
        let mut world = with(base().when(change));
        assert_eq!(code(&mut world), ErrorCode::NONE);
        assert_eq!(world.engine.firings().count(), 0);
    }
}

#[test]
fn skips_counts_and_times_bound_it() {
    let mut world = with(produce(Fault::new("f", error(ErrorCode::KAFKA_STORAGE_ERROR))).when(|when| {
        (when.skip, when.count) = (1, Some(2));
    }));
    let failed: Vec<bool> = (0..5).map(|_| code(&mut world) != ErrorCode::NONE).collect();
    assert_eq!(failed, [false, true, true, false, false]);
    let state = &world.engine.faults()[0];
    assert_eq!((state.matched, state.fired), (5, 2));
    let firings = world.engine.take_firings();
    assert_eq!((firings.len(), firings[1].number, &*firings[1].client_id), (2, 2, "tester"));
    assert_eq!(world.engine.firings().count(), 0);

    let mut world = with(produce(Fault::new("f", error(ErrorCode::KAFKA_STORAGE_ERROR))).when(|when| {
        (when.from_ms, when.until_ms) = (10, Some(20));
    }));
    let failed = [0, 10, 10, 1].map(|pass| {
        world.pass(pass);
        code(&mut world) != ErrorCode::NONE
    });
    assert_eq!(failed, [false, true, true, false]);
}

#[test]
fn the_seed_decides_the_chance() {
    let run = |seed| {
        let mut world = with(produce(Fault::new("f", error(ErrorCode::KAFKA_STORAGE_ERROR))).when(|when| {
            (when.probability, when.seed) = (0.3, seed);
        }));
        (0..100).map(|_| code(&mut world) != ErrorCode::NONE).collect::<Vec<_>>()
    };
    let often = run(1).into_iter().filter(|failed| *failed).count();
    assert!((15..45).contains(&often), "{often}");
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
}

#[test]
fn only_the_partitions_that_are_meant_fail() {
    let mut world = World::new(1);
    world.engine.create_topic("t", 2, -1, [].into()).unwrap();
    let fault = Fault::new("f", error(ErrorCode::NOT_LEADER_OR_FOLLOWER)).when(|when| {
        (when.topic, when.partition) = (Some("t".into()), Some(1));
    });
    world.engine.add_fault(fault, world.now).unwrap();
    let mut request = produce_request(-1, batch(&["a"]));
    let mut second = request.topic_data[0].partition_data[0].clone();
    second.index = 1;
    request.topic_data[0].partition_data.push(second);
    request.topic_data[0].topic_id = world.topic_id("t");
    for version in [12, 13] {
        let answer = world.ask(version, &request);
        let codes: Vec<_> =
            answer.responses[0].partition_responses.iter().map(|partition| partition.error_code).collect();
        assert_eq!(codes, [ErrorCode::NONE, ErrorCode::NOT_LEADER_OR_FOLLOWER], "{version}");
    }
}

#[test]
fn a_session_is_known_by_its_partitions() {
    let mut world = World::with_topic();
    let opened = world.ask(12, &FetchRequest { session_epoch: 0, ..fetch_request(0, 0) });
    let fault = Fault::new("f", error(ErrorCode::KAFKA_STORAGE_ERROR)).when(|when| {
        when.topic = Some("t".into());
    });
    world.engine.add_fault(fault, world.now).unwrap();
    let next = FetchRequest {
        session_id: opened.session_id,
        session_epoch: 1,
        topics: Vec::new(),
        ..fetch_request(0, 0)
    };
    assert_eq!(only(world.ask(12, &next)).error_code, ErrorCode::KAFKA_STORAGE_ERROR);
}

#[test]
fn whole_answers_fail() {
    let mut world = with(Fault::new("f", error(ErrorCode::CLUSTER_AUTHORIZATION_FAILED)));
    let wanted = ErrorCode::CLUSTER_AUTHORIZATION_FAILED;
    assert_eq!(world.ask(4, &InitProducerIdRequest::default()).error_code, wanted);
    let topic = MetadataRequestTopic { name: Some("t".into()), ..MetadataRequestTopic::default() };
    for version in [0, 9, 12] {
        let request = MetadataRequest { topics: Some(vec![topic.clone()]), ..MetadataRequest::default() };
        assert_eq!(world.ask(version, &request).topics[0].error_code, wanted);
    }
    assert_eq!(world.ask(7, &ListOffsetsRequest::default()).topics.len(), 0);
    let session = Fault::new("f", error(ErrorCode::FETCH_SESSION_ID_NOT_FOUND));
    let mut world = with(session);
    assert_eq!(world.ask(12, &fetch_request(0, 0)).error_code, ErrorCode::FETCH_SESSION_ID_NOT_FOUND);
}

/// Every error that a fault can tell can be told in every version.
#[test]
fn a_refusal_fits_every_version() {
    fn check<R: Request + Default>() {
        for version in R::VERSIONS.min..=R::LATEST_STABLE {
            let frame = frame(version, &R::default());
            let start = crate::api::RequestStart::read(frame.clone()).unwrap();
            let refusal = crate::api::refuse(&start, frame, ErrorCode::UNKNOWN_SERVER_ERROR);
            let refusal = refusal.unwrap_or_else(|| panic!("{} {version}", R::NAME)).into_bytes();
            decode::<R>(version, refusal.clone());
            decode::<R>(version, crate::api::tell_throttle(&start, refusal, 7).into_bytes());
        }
    }
    use ottla_proto::messages::*;
    check::<ApiVersionsRequest>();
    check::<ConsumerGroupHeartbeatRequest>();
    check::<CreateTopicsRequest>();
    check::<DeleteTopicsRequest>();
    check::<DescribeClusterRequest>();
    check::<EndTxnRequest>();
    check::<FindCoordinatorRequest>();
    check::<HeartbeatRequest>();
    check::<InitProducerIdRequest>();
    check::<JoinGroupRequest>();
    check::<LeaveGroupRequest>();
    check::<ListGroupsRequest>();
    check::<ListOffsetsRequest>();
    check::<MetadataRequest>();
    check::<OffsetCommitRequest>();
    check::<OffsetFetchRequest>();
    check::<SyncGroupRequest>();
}

#[test]
fn answers_come_late_or_requests_are_handled_late() {
    let mut world = with(produce(Fault::new("f", Reaction::Delay { ms: 50 })));
    world.send(12, &produce_request(-1, batch(&["a"])));
    assert!(world.is_silent());
    let reader = world.engine.connect(BrokerId(1)).unwrap();
    let writer = std::mem::replace(&mut world.client, reader);
    assert_eq!(end(&mut world), 1, "it is appended at once");
    world.pass(50);
    world.engine.handle_timeout(world.now);
    world.client = writer;
    world.answer::<ProduceRequest>(12);

    let mut world = with(produce(Fault::new("f", Reaction::Delay { ms: 50 }).stage(Stage::Before)));
    world.send(12, &produce_request(-1, batch(&["a"])));
    let reader = world.engine.connect(BrokerId(1)).unwrap();
    let writer = std::mem::replace(&mut world.client, reader);
    assert_eq!(end(&mut world), 0, "it is not appended yet");
    world.pass(50);
    world.engine.handle_timeout(world.now);
    world.client = writer;
    world.answer::<ProduceRequest>(12);
    world.engine.clear_faults();
    assert_eq!(end(&mut world), 1);
}

#[test]
fn lost_answers_and_lost_requests() {
    for (stage, written) in [(Stage::After, 1), (Stage::Before, 0)] {
        let mut world = with(produce(Fault::new("f", Reaction::DropAnswer).stage(stage)));
        world.send(12, &produce_request(-1, batch(&["a"])));
        assert!(world.is_silent());
        world.talk_to(BrokerId(1));
        assert_eq!(end(&mut world), written);
    }
}

#[test]
fn broken_bytes() {
    let mut good = World::with_topic();
    good.send(12, &produce_request(-1, batch(&["a"])));
    let good = frame_of(&mut good);

    let mut world = with(produce(Fault::new("f", Reaction::Cut { bytes: 9 })));
    world.send(12, &produce_request(-1, batch(&["a"])));
    match world.engine.poll_output().unwrap().reply {
        Reply::Faulty { bytes, close: true, .. } => assert_eq!(bytes[4..], good[..5]),
        other => panic!("{other:?}"),
    }
    world.send(12, &fetch_request(0, 0));
    assert!(world.is_silent(), "the connection is gone");

    let mut world = with(produce(Fault::new("f", Reaction::Garbage)));
    world.send(12, &produce_request(-1, batch(&["a"])));
    let garbage = frame_of(&mut world);
    assert_eq!(garbage.len(), good.len());
    assert_ne!(garbage, good);

    let mut world = with(produce(Fault::new("f", Reaction::SlowBytes { bytes_per_second: 7 })));
    world.send(12, &produce_request(-1, batch(&["a"])));
    match world.engine.poll_output().unwrap().reply {
        Reply::Faulty { bytes, bytes_per_second: Some(7), close: false, .. } => {
            assert_eq!(bytes[4..], good);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn told_throttles_and_silent_mutes() {
    let mut world = with(produce(Fault::new("f", Reaction::Throttle { ms: 1234 })));
    let answer = world.produce_muted(batch(&["a"]));
    assert_eq!((answer.response.throttle_time_ms, answer.muted_ms), (1234, 1234));
    let mut world = with(produce(Fault::new("f", Reaction::Mute { ms: 77 })));
    let answer = world.produce_muted(batch(&["a"]));
    assert_eq!((answer.response.throttle_time_ms, answer.muted_ms), (0, 77));
}

#[test]
fn nodes_die_and_hang_by_a_request() {
    let dies = Reaction::KillNode { restart_after_ms: Some(5000) };
    let mut world = with(produce(Fault::new("f", dies)));
    world.send(12, &produce_request(-1, batch(&["a"])));
    assert_eq!(world.closed(), Close::NodeStopped);
    assert_eq!(world.engine.node_state(BrokerId(1)), Some(NodeState::Stopped));
    world.pass(5000);
    world.engine.handle_timeout(world.now);
    world.talk_to(BrokerId(1));
    assert_eq!(end(&mut world), 0);

    let mut world = with(produce(Fault::new("f", Reaction::FreezeNode { ms: Some(500) })));
    world.send(12, &produce_request(-1, batch(&["a"])));
    assert!(world.is_silent());
    world.pass(500);
    world.engine.handle_timeout(world.now);
    world.answer::<ProduceRequest>(12);
    assert!(world.is_silent(), "the request that did it is not met again");
}

#[test]
fn a_leader_moves_away_from_a_request() {
    let mut world = World::new(2);
    world.engine.create_topic("t", 1, 2, [].into()).unwrap();
    assert!(world.engine.move_leader("t", 0, BrokerId(1), world.now));
    let fault = produce(Fault::new("f", Reaction::MoveLeader)).when(|when| when.count = Some(1));
    world.engine.add_fault(fault, world.now).unwrap();
    assert_eq!(code(&mut world), ErrorCode::NOT_LEADER_OR_FOLLOWER);
    world.talk_to(BrokerId(2));
    assert_eq!(code(&mut world), ErrorCode::NONE);
    let expires = Fault::new("f", Reaction::ExpireSession).when(|when| when.count = Some(1));
    world.engine.add_fault(expires, world.now).unwrap();
    assert_eq!(code(&mut world), ErrorCode::NOT_LEADER_OR_FOLLOWER);
}

#[test]
fn full_disks_and_wrong_clocks() {
    let mut world = with(produce(Fault::new("f", Reaction::FillDisk { ms: Some(100) })).when(|when| {
        when.count = Some(1);
    }));
    assert_eq!(code(&mut world), ErrorCode::KAFKA_STORAGE_ERROR);
    world.pass(99);
    assert_eq!(code(&mut world), ErrorCode::KAFKA_STORAGE_ERROR);
    world.pass(1);
    assert_eq!(code(&mut world), ErrorCode::NONE);

    let mut world = with(produce(Fault::new("f", Reaction::JumpClock { ms: -7_200_000 })));
    assert_eq!(code(&mut world), ErrorCode::INVALID_TIMESTAMP, "the record seems to be from the future");
}

#[test]
fn a_spoilt_batch_fails_its_checksum_and_the_log_stays_good() {
    let mut world = World::with_topic();
    world.produce(batch(&["a"]));
    world.produce(batch(&["b"]));
    let fault = Fault::new("f", Reaction::CorruptBatch).when(|when| when.count = Some(1));
    world.engine.add_fault(fault, world.now).unwrap();
    let spoilt = world.fetch(0).records.unwrap();
    let valid: Vec<bool> = Batches::new(spoilt).map(|batch| batch.unwrap().verify_crc().is_ok()).collect();
    assert_eq!(valid, [false, true]);
    assert_eq!(values(&world.fetch(0).records.unwrap()).len(), 2);
}

const TOML: &str = r#"
[[faults]]
name = "lost"
when = { api = "produce", topic = "orders", partition = 3, probability = 0.1, seed = 7, count = 5 }
then = { do = "drop_answer" }

[[faults]]
when = { node = 2, api = 1, client_id = "c", skip = 100, from_ms = 5, until_ms = 9 }
then = { do = "error", code = "NOT_LEADER_OR_FOLLOWER" }
stage = "after"

[[faults]]
then = { do = "kill_node", restart_after_ms = 5000 }
"#;

#[test]
fn faults_are_read_from_toml_and_json() {
    let faults = Fault::read_toml(TOML).unwrap();
    assert_eq!(faults.len(), 3);
    assert_eq!(faults[0].when.api, Some(ApiKey::PRODUCE));
    assert_eq!(faults[1].then, error(ErrorCode::NOT_LEADER_OR_FOLLOWER));
    assert_eq!((faults[1].when.api, faults[1].happens()), (Some(ApiKey::FETCH), Stage::After));
    assert_eq!(faults[2].then, Reaction::KillNode { restart_after_ms: Some(5000) });
    let json = serde_json::json!({ "faults": faults }).to_string();
    assert_eq!(Fault::read_json(&json).unwrap(), faults);
    let numbers = r#"{"faults": [{"then": {"do": "error", "code": 6}}]}"#;
    assert_eq!(Fault::read_json(numbers).unwrap()[0].then, error(ErrorCode::NOT_LEADER_OR_FOLLOWER));
}

#[test]
fn nonsense_is_refused_with_its_reason() {
    for (text, says) in [
        ("faults = 1", "faults"),
        ("[[faults]]", "then"),
        ("[[faults]]\nthen = { do = \"explode\" }", "explode"),
        ("[[faults]]\nthen = { do = \"garbage\" }\nwhen = { api = \"Prodce\" }", "Prodce"),
        ("[[faults]]\nthen = { do = \"garbage\" }\nwhen = { apis = 1 }", "apis"),
        ("[[faults]]\nthen = { do = \"error\", code = \"OOPS\" }", "OOPS"),
    ] {
        let error = Fault::read_toml(text).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    let mut world = World::new(1);
    for fault in [
        Fault::new("f", Reaction::Garbage).when(|when| when.probability = 1.5),
        Fault::new("f", Reaction::Garbage).when(|when| when.partition = Some(1)),
        Fault::new("f", Reaction::Garbage).when(|when| (when.from_ms, when.until_ms) = (2, Some(1))),
        Fault::new("f", Reaction::SlowBytes { bytes_per_second: 0 }),
        Fault::new("f", error(ErrorCode::NONE)),
        Fault::new("f", Reaction::CorruptBatch).stage(Stage::Before),
    ] {
        assert!(matches!(world.engine.add_fault(fault, world.now), Err(FaultError::Impossible { .. })));
    }
}

#[test]
fn faults_have_names_and_go() {
    let mut world = World::with_topic();
    let add = |world: &mut World, name: &str| {
        let now = world.now;
        world.engine.add_fault(produce(Fault::new(name, error(ErrorCode::INVALID_RECORD))), now).unwrap()
    };
    assert_eq!(add(&mut world, ""), "fault-1");
    assert_eq!(add(&mut world, "a"), "a");
    assert_eq!(add(&mut world, "a"), "a");
    assert_eq!(world.engine.faults().len(), 2);
    assert!(world.engine.remove_fault("a"));
    assert!(!world.engine.remove_fault("a"));
    world.engine.clear_faults();
    assert_eq!(code(&mut world), ErrorCode::NONE);
    for number in 0..1000 {
        add(&mut world, &number.to_string());
    }
    let one_more = Fault::new("more", Reaction::Garbage);
    assert_eq!(world.engine.add_fault(one_more, world.now), Err(FaultError::TooMany(1000)));
}

#[test]
fn a_fault_that_waits_dies_with_its_connection() {
    let mut world = with(produce(Fault::new("f", Reaction::Delay { ms: 50 }).stage(Stage::Before)));
    world.send(12, &produce_request(-1, batch(&["a"])));
    world.engine.disconnect(world.client);
    world.now = world.now + Duration::from_millis(50);
    world.engine.handle_timeout(world.now);
    assert!(world.is_silent());
    assert_eq!(world.engine.poll_timeout(), None);
}
