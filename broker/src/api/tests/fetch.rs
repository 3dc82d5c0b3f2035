use ottla_proto::compression::Codec;
use ottla_proto::messages::fetch::{FetchPartition, FetchRequest};
use ottla_proto::messages::list_offsets::{ListOffsetsPartition, ListOffsetsRequest, ListOffsetsTopic};
use ottla_proto::records::Stamp;
use ottla_proto::{BrokerId, ErrorCode, LeaderEpoch};

use crate::QuotaKey;
use crate::testing::*;

/// Three batches of one record each, of 100, 200 and 300 bytes and their frames.
fn three_batches(world: &mut World) -> [usize; 3] {
    [100, 200, 300].map(|size| {
        let batch = batch(&[&"x".repeat(size)]);
        world.produce(batch.clone());
        batch.len()
    })
}

fn read(world: &mut World, offset: i64, max_bytes: usize) -> usize {
    let mut request = fetch_request(offset, 0);
    request.topics[0].partitions[0].partition_max_bytes = i32::try_from(max_bytes).unwrap();
    only(world.ask(12, &request)).records.unwrap().len()
}

#[test]
fn reading_begins_with_the_batch_that_holds_the_offset() {
    let mut world = World::with_topic();
    world.produce(batch(&["a", "b", "c"]));
    world.produce(batch(&["d"]));
    assert_eq!(values(&world.fetch(1).records.unwrap()).len(), 4);
    assert_eq!(values(&world.fetch(3).records.unwrap()), [(3, "d".into())]);
    assert!(world.fetch(4).records.unwrap().is_empty());
    for offset in [-1, 5] {
        let answer = world.fetch(offset);
        assert_eq!((answer.error_code, answer.high_watermark), (ErrorCode::OFFSET_OUT_OF_RANGE, -1));
        assert_eq!(answer.aborted_transactions, None);
    }
}

#[test]
fn the_byte_limit_cuts_the_last_batch() {
    let mut world = World::with_topic();
    let [one, two, three] = three_batches(&mut world);
    assert_eq!(read(&mut world, 0, usize::pow(2, 20)), one + two + three);
    assert_eq!(read(&mut world, 0, one + two + 7), one + two + 7);
    assert_eq!(read(&mut world, 0, one), one);
}

#[test]
fn the_first_batch_of_an_answer_comes_whole() {
    let mut world = World::with_topic();
    let [_, two, _] = three_batches(&mut world);
    assert_eq!(read(&mut world, 1, 1), two);
    assert_eq!(read(&mut world, 1, 0), two);
}

#[test]
fn after_the_first_bytes_the_limits_hold_for_the_partitions_that_follow() {
    let mut world = World::new(1);
    world.engine.create_topic("t", 2, -1, [].into()).unwrap();
    for index in [0, 1] {
        let mut request = produce_request(1, batch(&[&"x".repeat(500)]));
        request.topic_data[0].partition_data[0].index = index;
        world.ask(12, &request);
    }
    let mut request = fetch_request(0, 0);
    let mut second = request.topics[0].partitions[0].clone();
    second.partition = 1;
    request.topics[0].partitions.push(second);
    request.max_bytes = 700;
    let answer = world.ask(12, &request);
    let sizes: Vec<_> =
        answer.responses[0].partitions.iter().map(|part| part.records.as_ref().unwrap().len()).collect();
    assert!(sizes[0] > 500);
    assert_eq!(sizes[1], 0, "there was no room left for a whole batch");
}

#[test]
fn a_fetch_waits_for_records() {
    let mut world = World::with_topic();
    let reader = world.client;
    let writer = world.engine.connect(BrokerId(1)).unwrap();
    world.send(12, &fetch_request(0, 500));
    assert!(world.is_silent());
    assert_eq!(world.engine.poll_timeout(), Some(world.now + std::time::Duration::from_millis(500)));

    world.pass(100);
    world.client = writer;
    world.send(12, &produce_request(1, batch(&["a"])));
    world.answer::<ottla_proto::messages::produce::ProduceRequest>(12);
    let woken = world.engine.poll_output().unwrap();
    assert_eq!(woken.connection, reader);
    assert_eq!(world.engine.poll_timeout(), None);
}

#[test]
fn a_fetch_that_waited_long_enough_is_answered_empty() {
    let mut world = World::with_topic();
    world.send(12, &fetch_request(0, 500));
    world.pass(499);
    world.engine.handle_timeout(world.now);
    assert!(world.is_silent());
    world.pass(1);
    world.engine.handle_timeout(world.now);
    let answer = world.answer::<FetchRequest>(12).response;
    assert_eq!(only(answer).records.unwrap().len(), 0);
}

#[test]
fn a_fetch_waits_for_as_many_bytes_as_it_asks_for() {
    let mut world = World::with_topic();
    let [one, two, _] = three_batches(&mut world);
    let mut request = fetch_request(1, 500);
    request.min_bytes = 10_000;
    world.send(12, &request);
    assert!(world.is_silent());
    world.engine.disconnect(world.client);
    assert_eq!(world.engine.poll_timeout(), None);

    world.talk_to(BrokerId(1));
    request.min_bytes = i32::try_from(one + two).unwrap();
    world.send(12, &request);
    assert!(!only(world.answer::<FetchRequest>(12).response).records.unwrap().is_empty());
}

#[test]
fn what_can_never_come_is_not_waited_for() {
    let mut world = World::new(2);
    world.engine.create_topic("t", 1, 2, [].into()).unwrap();
    assert!(world.engine.move_leader("t", 0, BrokerId(1), world.now));
    let code = |world: &mut World, change: fn(&mut FetchPartition)| {
        let mut request = fetch_request(0, 500);
        change(&mut request.topics[0].partitions[0]);
        world.send(12, &request);
        only(world.answer::<FetchRequest>(12).response).error_code
    };
    assert_eq!(code(&mut world, |p| p.partition = 7), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    assert_eq!(code(&mut world, |p| p.fetch_offset = 1), ErrorCode::OFFSET_OUT_OF_RANGE);
    assert_eq!(code(&mut world, |p| p.current_leader_epoch = LeaderEpoch(0)), ErrorCode::FENCED_LEADER_EPOCH);
    assert_eq!(
        code(&mut world, |p| p.current_leader_epoch = LeaderEpoch(2)),
        ErrorCode::UNKNOWN_LEADER_EPOCH
    );
}

#[test]
fn a_new_leader_and_a_deleted_topic_end_the_wait() {
    let mut world = World::new(2);
    world.engine.create_topic("t", 1, 2, [].into()).unwrap();
    assert!(world.engine.move_leader("t", 0, BrokerId(1), world.now));
    let mut request = fetch_request(0, 500);
    request.topics[0].topic_id = world.topic_id("t");
    request.topics[0].partitions[0].current_leader_epoch = LeaderEpoch(1);
    world.send(16, &request);
    assert!(world.is_silent());
    assert!(world.engine.move_leader("t", 0, BrokerId(2), world.now));
    let answer = world.answer::<FetchRequest>(16).response;
    assert_eq!(answer.node_endpoints[0].node_id, BrokerId(2));
    let partition = only(answer);
    assert_eq!(partition.error_code, ErrorCode::FENCED_LEADER_EPOCH);
    assert_eq!(partition.current_leader.leader_epoch, LeaderEpoch(2));

    assert!(world.engine.move_leader("t", 0, BrokerId(1), world.now));
    request.topics[0].partitions[0].current_leader_epoch = LeaderEpoch(3);
    world.send(16, &request);
    assert!(world.is_silent());
    world.engine.remove_topic(request.topics[0].topic_id);
    crate::api::wake(&mut world.engine, world.now);
    assert_eq!(only(world.answer::<FetchRequest>(16).response).error_code, ErrorCode::UNKNOWN_TOPIC_ID);
}

/// One node with the topic `t` of three partitions, and a session over all of them.
fn with_session() -> (World, FetchRequest) {
    let mut world = World::new(1);
    world.engine.create_topic("t", 3, -1, [].into()).unwrap();
    let mut request = fetch_request(0, 0);
    let first = request.topics[0].partitions[0].clone();
    request.topics[0].partitions =
        (0..3).map(|partition| FetchPartition { partition, ..first.clone() }).collect();
    request.session_epoch = 0;
    let opened = world.ask(12, &request);
    assert_eq!(opened.responses[0].partitions.len(), 3);
    assert!(opened.session_id > 0);
    let next =
        FetchRequest { session_id: opened.session_id, session_epoch: 1, topics: Vec::new(), ..request };
    (world, next)
}

fn told(response: &ottla_proto::messages::fetch::FetchResponse) -> Vec<i32> {
    response.responses.iter().flat_map(|topic| &topic.partitions).map(|data| data.partition_index).collect()
}

#[test]
fn a_session_tells_only_what_is_new() {
    let (mut world, mut request) = with_session();
    assert_eq!(told(&world.ask(12, &request)), [0; 0]);
    world.produce(batch(&["a"]));
    request.session_epoch = 2;
    let answer = world.ask(12, &request);
    assert_eq!((told(&answer), answer.session_id), (vec![0], request.session_id));
    // The reader goes on behind the record: nothing is new, until the high watermark moves.
    let mut moved = fetch_request(1, 0).topics;
    std::mem::swap(&mut request.topics, &mut moved);
    request.session_epoch = 3;
    assert_eq!(told(&world.ask(12, &request)), [0; 0]);
    request.topics[0].partitions[0].partition = 7;
    request.session_epoch = 4;
    let answer = only(world.ask(12, &request));
    assert_eq!((answer.partition_index, answer.error_code), (7, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));
}

#[test]
fn a_session_forgets_and_ends() {
    use ottla_proto::messages::fetch::ForgottenTopic;
    let (mut world, mut request) = with_session();
    world.produce(batch(&["a"]));
    let forget =
        |partitions| vec![ForgottenTopic { topic: "t".into(), partitions, ..ForgottenTopic::default() }];
    request.forgotten_topics_data = forget(vec![0]);
    assert_eq!(told(&world.ask(12, &request)), [0; 0]);
    request.session_epoch = 2;
    request.forgotten_topics_data = forget(vec![1, 2]);
    assert_eq!(world.ask(12, &request).session_id, 0, "nothing is left of it");
    request.session_epoch = 3;
    assert_eq!(world.ask(12, &request).error_code, ErrorCode::FETCH_SESSION_ID_NOT_FOUND);
}

#[test]
fn a_session_is_continued_in_order_or_not_at_all() {
    let (mut world, mut request) = with_session();
    request.session_epoch = 2;
    let answer = world.ask(12, &request);
    assert_eq!((answer.error_code, answer.session_id), (ErrorCode::INVALID_FETCH_SESSION_EPOCH, 0));
    request.session_epoch = 1;
    assert_eq!(world.ask(13, &request).error_code, ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR);
    assert_eq!(world.ask(12, &request).error_code, ErrorCode::NONE);
    let closes = FetchRequest { session_epoch: -1, ..request.clone() };
    assert_eq!(world.ask(12, &closes).session_id, 0);
    request.session_epoch = 2;
    assert_eq!(world.ask(12, &request).error_code, ErrorCode::FETCH_SESSION_ID_NOT_FOUND);
}

#[test]
fn what_brought_records_is_read_last_the_next_time() {
    let (mut world, mut request) = with_session();
    for index in 0..3 {
        let mut produce = produce_request(1, batch(&[&"x".repeat(500)]));
        produce.topic_data[0].partition_data[0].index = index;
        world.ask(12, &produce);
    }
    // One batch fits.
    request.max_bytes = 600;
    let with_records = |world: &mut World, request: &FetchRequest| {
        let answer = world.ask(12, request);
        let parts = answer.responses.iter().flat_map(|topic| &topic.partitions);
        parts.filter(|data| !data.records.as_ref().unwrap().is_empty()).map(|d| d.partition_index).collect()
    };
    let first: Vec<i32> = with_records(&mut world, &request);
    request.session_epoch = 2;
    let second: Vec<i32> = with_records(&mut world, &request);
    assert_eq!((first, second), (vec![0], vec![1]));
}

#[test]
fn a_throttled_fetch_opens_no_session_and_keeps_an_open_one() {
    let (mut world, mut request) = with_session();
    world.produce(batch(&[&"x".repeat(4000)]));
    world.limit(QuotaKey::ConsumerByteRate, 500.0);
    world.ask(12, &fetch_request(0, 0));
    world.ask(12, &fetch_request(0, 0));
    let full = FetchRequest { session_epoch: 0, ..fetch_request(0, 0) };
    let throttled = world.ask(12, &full);
    assert!(throttled.throttle_time_ms > 0);
    assert_eq!((throttled.session_id, throttled.responses.len()), (0, 0));
    let kept = world.ask(12, &request);
    assert!(kept.throttle_time_ms > 0);
    assert_eq!((kept.session_id, kept.responses.len()), (request.session_id, 0));
    // What it was not told it is told later.
    world.pass(3_600_000);
    request.session_epoch = 2;
    assert_eq!(told(&world.ask(12, &request)), [0]);
}

#[test]
fn only_so_many_sessions_are_kept() {
    let mut world = World::with_topic();
    let full = FetchRequest { session_epoch: 0, ..fetch_request(0, 0) };
    let first = world.ask(12, &full).session_id;
    world.pass(1);
    for _ in 1..1000 {
        assert!(world.ask(12, &full).session_id > 0);
    }
    assert_eq!(world.ask(12, &full).session_id, 0, "none may be evicted yet");
    world.pass(120_000);
    assert!(world.ask(12, &full).session_id > 0);
    let evicted = FetchRequest { session_id: first, session_epoch: 1, topics: Vec::new(), ..full };
    assert_eq!(world.ask(12, &evicted).error_code, ErrorCode::FETCH_SESSION_ID_NOT_FOUND);
}

#[test]
fn a_reader_learns_where_its_log_parts_from_this_one() {
    let mut world = World::with_topic();
    world.produce(batch(&["a", "b"]));
    assert!(world.engine.move_leader("t", 0, BrokerId(1), world.now));
    assert!(world.engine.move_leader("t", 0, BrokerId(1), world.now));
    world.produce(batch(&["c"]));
    let ask = |world: &mut World, offset, epoch| {
        let mut request = fetch_request(offset, 500);
        request.topics[0].partitions[0].last_fetched_epoch = LeaderEpoch(epoch);
        world.send(12, &request);
        let data = only(world.answer::<FetchRequest>(12).response);
        (data.error_code, data.diverging_epoch.epoch, data.diverging_epoch.end_offset)
    };
    let agreed = (ErrorCode::NONE, -1, -1);
    assert_eq!(ask(&mut world, 2, 0), agreed);
    assert_eq!(ask(&mut world, 2, 2), agreed);
    assert_eq!(ask(&mut world, 3, 0), (ErrorCode::NONE, 0, 2));
    assert_eq!(ask(&mut world, 3, 1), (ErrorCode::NONE, 0, 2), "it never had epoch 1");
    assert_eq!(ask(&mut world, 0, 9).0, ErrorCode::OFFSET_OUT_OF_RANGE);
}

#[test]
fn a_reader_over_its_quota_gets_nothing_and_is_muted() {
    let mut world = World::with_topic();
    for _ in 0..3 {
        world.produce(batch(&[&"x".repeat(4000)]));
    }
    world.limit(QuotaKey::ConsumerByteRate, 500.0);
    let mut request = fetch_request(0, 0);
    request.topics[0].partitions[0].partition_max_bytes = 4500;
    let size = |world: &mut World| {
        world.send(11, &request);
        world.answer::<FetchRequest>(11)
    };
    assert_eq!(size(&mut world).response.throttle_time_ms, 0);
    let throttled = size(&mut world);
    assert!(throttled.response.responses.is_empty());
    let told = i64::from(throttled.response.throttle_time_ms);
    assert_eq!(throttled.muted_ms, told);
    // Both answers count: a header without tagged fields, and the message.
    let counted = i64::try_from(only_size(&request, &mut world)).unwrap();
    assert_eq!(told, (2 * counted - 5000) * 2);
    // The empty answer counted for nothing: the same attempt is told the same again.
    assert_eq!(i64::from(size(&mut world).response.throttle_time_ms), told);
}

/// The size of the whole answer when no quota is in the way.
fn only_size(request: &FetchRequest, world: &mut World) -> usize {
    let before = world.engine.connect(BrokerId(1)).unwrap();
    let frame = frame(11, request);
    let limits = std::mem::take(&mut world.engine.limits);
    world.engine.handle_frame(before, frame, world.now);
    world.engine.limits = limits;
    match world.engine.poll_output().unwrap().reply {
        crate::Reply::Answer { frame: Some(frame), .. } => frame.len(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_answer_is_larger_than_the_quotas_window() {
    let mut world = World::with_topic();
    for _ in 0..10 {
        world.produce(batch(&[&"x".repeat(400)]));
    }
    world.limit(QuotaKey::ConsumerByteRate, 100.0);
    let answer = world.ask_muted(12, &fetch_request(0, 0));
    // The limit is on the records; what stands around them makes the answer go a little over.
    assert!(answer.response.throttle_time_ms < 2_000, "{}", answer.response.throttle_time_ms);
    let mut smaller = fetch_request(0, 0);
    smaller.max_bytes = 900;
    let answer = only(world.ask(12, &smaller));
    assert_eq!(answer.records.unwrap().len(), 900);
}

fn list(world: &mut World, version: i16, timestamp: i64) -> (ErrorCode, i64, i64) {
    let partition = ListOffsetsPartition { timestamp, ..ListOffsetsPartition::default() };
    let topic =
        ListOffsetsTopic { name: "t".into(), partitions: vec![partition], ..ListOffsetsTopic::default() };
    let request = ListOffsetsRequest { topics: vec![topic], ..ListOffsetsRequest::default() };
    let answer = world.ask(version, &request).topics.remove(0).partitions.remove(0);
    (answer.error_code, answer.offset, answer.timestamp)
}

#[test]
fn offsets_are_found_by_time() {
    let mut world = World::with_topic();
    let now = START.as_millis();
    let at = |offsets: &[i64]| {
        let records: Vec<_> = offsets.iter().map(|at| (now + at, None, "v")).collect();
        batch_of(Stamp::NONE, Codec::Gzip, &records)
    };
    assert_eq!(list(&mut world, 7, -3), (ErrorCode::NONE, -1, -1));
    world.produce(at(&[10, 30, 20]));
    world.produce(at(&[5, 40, 40]));
    assert_eq!(list(&mut world, 1, -2), (ErrorCode::NONE, 0, -1));
    assert_eq!(list(&mut world, 1, -1), (ErrorCode::NONE, 6, -1));
    assert_eq!(list(&mut world, 7, -3), (ErrorCode::NONE, 4, now + 40));
    assert_eq!(list(&mut world, 7, now), (ErrorCode::NONE, 0, now + 10));
    assert_eq!(list(&mut world, 7, now + 15), (ErrorCode::NONE, 1, now + 30));
    assert_eq!(list(&mut world, 7, now + 31), (ErrorCode::NONE, 4, now + 40));
    assert_eq!(list(&mut world, 7, now + 41), (ErrorCode::NONE, -1, -1));
    for (version, timestamp) in [(6, -3), (7, -4), (8, -5), (10, -6), (11, -7)] {
        assert_eq!(list(&mut world, version, timestamp).0, ErrorCode::UNSUPPORTED_VERSION, "{timestamp}");
    }
    for (version, timestamp, offset) in [(8, -4, 0), (9, -5, -1), (11, -6, -1)] {
        assert_eq!(list(&mut world, version, timestamp), (ErrorCode::NONE, offset, -1));
    }
}
