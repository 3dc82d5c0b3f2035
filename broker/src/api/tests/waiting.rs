//! Requests that make the broker wait, or remember, for as long as they can.

use std::time::Duration;

use bytes::Bytes;
use ottla_proto::compression::Codec;
use ottla_proto::messages::consumer_group_heartbeat::ConsumerGroupHeartbeatRequest;
use ottla_proto::messages::describe_producers::{DescribeProducersRequest, TopicRequest};
use ottla_proto::messages::fetch::FetchRequest;
use ottla_proto::messages::init_producer_id::InitProducerIdRequest;
use ottla_proto::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol};
use ottla_proto::messages::produce::ProduceRequest;
use ottla_proto::messages::sync_group::SyncGroupRequest;
use ottla_proto::records::Stamp;
use ottla_proto::wire::Request;
use ottla_proto::{BrokerId, ErrorCode, ProducerEpoch};

use crate::coordinator::testing::{Clients, join_request};
use crate::testing::*;

const HOUR_MS: i64 = 3_600_000;

/// Sends a request and says whether all of its frame is forgotten then.
fn is_forgotten<R: Request>(world: &mut World, version: i16, request: &R) -> bool {
    let frame = frame(version, request);
    world.talk_to(BrokerId(1));
    world.engine.handle_frame(world.client, frame.clone(), world.now);
    while world.engine.poll_output().is_some() {}
    frame.is_unique()
}

/// A frame may have 100 MiB, and there may be thousands of connections.
#[test]
fn what_waits_or_stays_keeps_nothing_of_its_frame() {
    let mut world = World::new(2);
    world.engine.create_topic("t", 1, 2, [].into()).unwrap();
    // The follower fetches nothing, so that nothing is committed.
    assert!(world.engine.move_leader("t", 0, BrokerId(1), world.now));
    assert!(world.engine.set_replication_lag(BrokerId(2), None, world.now));
    let fetch = FetchRequest { rack_id: "r".into(), ..fetch_request(0, i32::MAX) };
    for version in [12, 11, 4] {
        assert!(is_forgotten(&mut world, version, &fetch), "Fetch {version}");
    }
    assert!(
        is_forgotten(&mut world, 12, &FetchRequest { session_epoch: 0, ..fetch_request(0, 0) }),
        "session"
    );
    let produce = ProduceRequest { timeout_ms: i32::MAX, ..produce_request(-1, batch(&["a"])) };
    assert!(is_forgotten(&mut world, 12, &produce), "Produce");
    let protocol = JoinGroupRequestProtocol {
        name: "range".into(),
        metadata: Bytes::from_static(b"metadata"),
        ..JoinGroupRequestProtocol::default()
    };
    let join = JoinGroupRequest {
        reason: Some("why".into()),
        ..join_request(("", Some("instance")), "consumer", vec![protocol])
    };
    assert!(is_forgotten(&mut world, 9, &join), "JoinGroup");
    let heartbeat = ConsumerGroupHeartbeatRequest {
        group_id: "h".into(),
        member_id: "m".into(),
        instance_id: Some("i".into()),
        rack_id: Some("r".into()),
        rebalance_timeout_ms: i32::MAX,
        subscribed_topic_names: Some(vec!["t".into(), "no such".into()]),
        server_assignor: Some("uniform".into()),
        topic_partitions: Some(Vec::new()),
        ..ConsumerGroupHeartbeatRequest::default()
    };
    assert!(is_forgotten(&mut world, 1, &heartbeat), "ConsumerGroupHeartbeat");
    let init = InitProducerIdRequest {
        transactional_id: Some("x".into()),
        transaction_timeout_ms: 1000,
        ..InitProducerIdRequest::default()
    };
    assert!(is_forgotten(&mut world, 5, &init), "InitProducerId");
}

#[test]
fn a_partition_that_is_named_again_and_again_is_read_once() {
    let mut world = World::with_topic();
    world.produce(batch(&["a"]));
    let mut request = fetch_request(5, 0);
    request.topics.extend(fetch_request(0, 0).topics);
    let answer = world.ask(12, &request);
    assert_eq!(answer.responses.len(), 1);
    // As Kafka has it, it is read as it was named last.
    assert_eq!(values(&only(answer).records.unwrap()), [(0, "a".into())]);
}

#[test]
fn the_longest_wait_is_an_hour() {
    let mut world = World::new(2);
    world.engine.config.replica_lag_time_max = Duration::from_secs(1 << 30);
    world.engine.create_topic("t", 1, 2, [].into()).unwrap();
    assert!(world.engine.move_leader("t", 0, BrokerId(1), world.now));
    assert!(world.engine.set_replication_lag(BrokerId(2), None, world.now));
    let writer = world.client;
    world.send(12, &ProduceRequest { timeout_ms: i32::MAX, ..produce_request(-1, batch(&["a"])) });
    world.talk_to(BrokerId(1));
    let reader = world.client;
    world.send(12, &FetchRequest { min_bytes: i32::MAX, ..fetch_request(0, i32::MAX) });
    assert!(world.is_silent());
    let mut answered = Vec::new();
    while let Some(due) = world.engine.poll_timeout().filter(|_| answered.len() < 2) {
        world.now = due;
        world.engine.handle_timeout(due);
        while let Some(output) = world.engine.poll_output() {
            answered.push((output.connection, due.as_millis() - START.as_millis()));
        }
    }
    answered.sort_unstable_by_key(|(connection, _)| *connection != writer);
    assert_eq!(answered, [(writer, HOUR_MS), (reader, HOUR_MS)]);
    assert!(world.engine.waiting.is_empty());
}

/// A follower that fetches nothing holds acknowledgements up until it is out of sync, and no longer.
#[test]
fn a_produce_waits_for_a_lost_replica_as_long_as_that_may_lag() {
    let mut clients = Clients::new();
    let world = &mut clients.world;
    *world = World::new(2);
    world.engine.create_topic("t", 1, 2, [].into()).unwrap();
    assert!(world.engine.move_leader("t", 0, BrokerId(1), world.now));
    assert!(world.engine.set_replication_lag(BrokerId(2), None, world.now));
    let writer = clients.connect();
    clients.send(writer, 12, &ProduceRequest { timeout_ms: i32::MAX, ..produce_request(-1, batch(&["a"])) });
    clients.pass(29_000);
    assert!(clients.answer::<ProduceRequest>(writer, 12).is_none());
    clients.pass(31_000);
    let answer = clients.answer::<ProduceRequest>(writer, 12).unwrap();
    assert_eq!(answer.responses[0].partition_responses[0].error_code, ErrorCode::NONE);
}

#[test]
fn thousands_that_wait_hold_up_nobody_and_leave_nothing() {
    let mut clients = Clients::new();
    let patient = FetchRequest { min_bytes: i32::MAX, ..fetch_request(0, i32::MAX) };
    let waiting: Vec<_> = (0..3_000)
        .map(|_| {
            let client = clients.connect();
            clients.send(client, 12, &patient);
            client
        })
        .collect();
    let good = clients.connect();
    for offset in 0..20 {
        let written = clients.ask(good, 12, &produce_request(-1, batch(&["a"])));
        assert_eq!(written.responses[0].partition_responses[0].base_offset, offset);
        let read = only(clients.ask(good, 12, &fetch_request(offset, 0)));
        assert_eq!(values(&read.records.unwrap()), [(offset, "a".into())]);
    }
    for client in waiting {
        assert!(clients.answer::<FetchRequest>(client, 12).is_none());
        clients.world.engine.disconnect(client);
    }
    assert!(clients.world.engine.waiting.is_empty());
}

/// A rebalance may take as long as the slowest member asks for; one that says nothing more is out before.
#[test]
fn a_member_that_may_take_a_month_holds_its_group_up_for_a_session() {
    let mut clients = Clients::new();
    let protocol =
        || JoinGroupRequestProtocol { name: "range".into(), ..JoinGroupRequestProtocol::default() };
    let join = || join_request(("", None), "consumer", vec![protocol()]);
    let hostile = clients.connect();
    let month = JoinGroupRequest { session_timeout_ms: 200_000, rebalance_timeout_ms: i32::MAX, ..join() };
    clients.send(hostile, 3, &month);
    clients.pass(60);
    let joined = clients.answer::<JoinGroupRequest>(hostile, 3).unwrap();
    let sync = SyncGroupRequest {
        group_id: "g".into(),
        generation_id: joined.generation_id,
        member_id: joined.member_id,
        ..SyncGroupRequest::default()
    };
    assert_eq!(clients.ask(hostile, 3, &sync).error_code, ErrorCode::NONE);
    clients.world.engine.disconnect(hostile);

    let good = clients.connect();
    clients.send(good, 3, &join());
    clients.pass(190_000);
    assert!(clients.answer::<JoinGroupRequest>(good, 3).is_none());
    // Another group knows nothing of that.
    let other = clients.connect();
    clients.send(other, 3, &JoinGroupRequest { group_id: "other".into(), ..join() });
    clients.pass(60);
    assert_eq!(clients.answer::<JoinGroupRequest>(other, 3).unwrap().error_code, ErrorCode::NONE);
    clients.pass(20_000);
    let joined = clients.answer::<JoinGroupRequest>(good, 3).unwrap();
    assert_eq!((joined.error_code, joined.members.len()), (ErrorCode::NONE, 1));
}

/// Whoever reads what is committed waits for it until it is aborted, and no longer.
#[test]
fn a_transaction_without_an_end_holds_readers_up_for_its_time() {
    let mut clients = Clients::new();
    let hostile = clients.connect();
    let init = |timeout_ms| InitProducerIdRequest {
        transactional_id: Some("x".into()),
        transaction_timeout_ms: timeout_ms,
        ..InitProducerIdRequest::default()
    };
    let refused = clients.ask(hostile, 5, &init(i32::MAX)).error_code;
    assert_eq!(refused, ErrorCode::INVALID_TRANSACTION_TIMEOUT);
    let producer = clients.ask(hostile, 5, &init(900_000));
    let stamp = Stamp {
        producer_id: producer.producer_id,
        producer_epoch: ProducerEpoch(producer.producer_epoch.0),
        base_sequence: 0,
        transactional: true,
    };
    let mut write = produce_request(-1, batch_by(stamp, Codec::None, &["never decided"]));
    write.transactional_id = Some("x".into());
    let written = clients.ask(hostile, 12, &write);
    assert_eq!(written.responses[0].partition_responses[0].error_code, ErrorCode::NONE);
    clients.world.engine.disconnect(hostile);

    let good = clients.connect();
    clients.ask(good, 12, &produce_request(-1, batch(&["good"])));
    let committed = || FetchRequest { isolation_level: 1, ..fetch_request(1, 0) };
    clients.pass(899_000);
    assert_eq!(only(clients.ask(good, 12, &committed())).records.unwrap().len(), 0);
    clients.pass(2_000);
    let read = only(clients.ask(good, 12, &committed())).records.unwrap();
    assert_eq!(values(&read.slice(..read.len().min(batch(&["good"]).len()))), [(1, "good".into())]);
}

/// Anybody may write under any producer id.
#[test]
fn producers_are_forgotten_after_a_day_without_a_batch() {
    let mut world = World::with_topic();
    for id in 0..100 {
        assert_eq!(world.produce(sequenced(id, 0, 0, 1)).error_code, ErrorCode::NONE);
    }
    let known = |world: &mut World| {
        let topic = TopicRequest { name: "t".into(), partition_indexes: vec![0], ..TopicRequest::default() };
        let request = DescribeProducersRequest { topics: vec![topic], ..DescribeProducersRequest::default() };
        world.ask(0, &request).topics[0].partitions[0].active_producers.len()
    };
    world.pass(86_399_999);
    assert_eq!(known(&mut world), 100);
    // Logs are looked at every five minutes.
    world.pass(300_000);
    assert_eq!(known(&mut world), 0);
    // Who comes back begins anew.
    assert_eq!(world.produce(sequenced(1, 0, 7, 1)).error_code, ErrorCode::NONE);
}
