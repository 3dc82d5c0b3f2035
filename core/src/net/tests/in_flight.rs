use super::*;

#[test]
fn the_window_holds_five_requests_and_reopens_with_each_answer() {
    let mut world = cluster_of_one();
    let link = world.link(FETCH, ApiKey::FETCH);
    for token in 1..=5 {
        assert_eq!(world.ready(FETCH, ApiKey::FETCH), Ok(link));
        world.send(link, &FetchRequest::default(), options(token));
        world.turn();
    }
    assert_eq!(world.ready(FETCH, ApiKey::FETCH), Err(WaitReason::InFlightLimit { node: NODE }));
    let requests = world.take(link.connection);
    world.answer_and_open(&requests[0], &FetchResponse::default());
    assert_eq!(world.ready(FETCH, ApiKey::FETCH), Ok(link));
}

#[test]
fn roles_do_not_share_a_window() {
    let mut world = cluster_of_one();
    let produce = world.link(PRODUCE, ApiKey::PRODUCE);
    for token in 1..=5 {
        world.send(produce, &ProduceRequest::default(), options(token));
    }
    let other = Role::Produce(ProducerKey(2));
    let fetch = world.link(FETCH, ApiKey::FETCH);
    let second = world.link(other, ApiKey::PRODUCE);
    assert!(fetch.connection != produce.connection && second.connection != produce.connection);
    assert!(world.ready(PRODUCE, ApiKey::PRODUCE).is_err());
}

#[test]
fn a_socket_that_takes_nothing_is_named_as_such() {
    let mut world = cluster_of_one();
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    world.room.insert(link.connection, 10);
    let big =
        ProduceRequest { transactional_id: Some("x".repeat(30_000).into()), ..ProduceRequest::default() };
    let mut token = 0;
    while world.ready(PRODUCE, ApiKey::PRODUCE).is_ok() {
        token += 1;
        world.send(link, &big, options(token));
        world.turn();
    }
    assert_eq!(token, 5);
    let waits = Err(WaitReason::SocketNotAccepting { node: NODE });
    assert_eq!(world.ready(PRODUCE, ApiKey::PRODUCE), waits);
    // Once it takes everything it is the answers that are waited for.
    world.room.clear();
    world.turn();
    assert_eq!(world.ready(PRODUCE, ApiKey::PRODUCE), Err(WaitReason::InFlightLimit { node: NODE }));
}

#[test]
fn little_is_put_where_it_can_no_longer_be_recalled() {
    let config = NetConfig { max_unwritten: 1000, ..NetConfig::default() };
    let mut world = World::with_cluster(1, &[], config);
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    world.room.insert(link.connection, 0);
    let big =
        ProduceRequest { transactional_id: Some("x".repeat(2_000).into()), ..ProduceRequest::default() };
    world.send(link, &big, options(1));
    assert_eq!(
        world.ready(PRODUCE, ApiKey::PRODUCE),
        Err(WaitReason::SocketNotAccepting { node: NODE }),
        "one request waits already"
    );
}

#[test]
fn writing_that_makes_room_asks_for_another_step() {
    let config = NetConfig { max_unwritten: 1000, ..NetConfig::default() };
    let mut world = World::with_cluster(1, &[], config);
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    let big =
        ProduceRequest { transactional_id: Some("x".repeat(2_000).into()), ..ProduceRequest::default() };
    world.send(link, &big, options(1));
    let unasked = world.core.transmit(link.connection).map(Bytes::len).sum::<usize>() - 999;
    assert_ne!(world.core.park(), Park::Again);
    assert!(world.ready(PRODUCE, ApiKey::PRODUCE).is_err());
    world.core.handle_written(link.connection, unasked - 1, world.now);
    assert_ne!(world.core.park(), Park::Again, "still too much waits");
    world.core.handle_written(link.connection, 1, world.now);
    assert_eq!(world.core.park(), Park::Again);
    world.core.step(world.now);
    assert_ne!(world.core.park(), Park::Again);
    assert_eq!(world.ready(PRODUCE, ApiKey::PRODUCE), Ok(link));
}

#[test]
fn a_request_without_an_answer_ends_when_its_last_byte_is_handed_over() {
    let mut world = cluster_of_one();
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    world.send(link, &ProduceRequest::default(), SendOptions { answer: false, ..options(1) });
    world.send(link, &ProduceRequest::default(), options(2));
    let first: usize = world.core.transmit(link.connection).take(2).map(Bytes::len).sum();
    let now = world.now;
    world.net().handle_written(link.connection, first - 1, now);
    assert!(world.outcomes().is_empty());
    assert_eq!(world.net().written(link, OWNER, RequestToken(1)), Some(Written::Partly));
    world.net().handle_written(link.connection, 1, now);
    assert_eq!(
        world.net().written(link, OWNER, RequestToken(2)),
        Some(Written::Nothing),
        "not one byte of it"
    );
    let outcomes = world.outcomes();
    assert!(matches!(&outcomes[..], [Outcome::Sent(sent)] if sent.token == RequestToken(1)), "{outcomes:?}");
    assert_eq!(world.net().written(link, OWNER, RequestToken(1)), None);
    // The answer that comes next belongs to the second.
    world.turn();
    let requests = world.take(link.connection);
    let second = requests.last().unwrap();
    world.answer_and_open(second, &ProduceResponse::default());
}

#[test]
fn a_request_without_an_answer_waits_for_the_socket_as_long_as_it_takes() {
    let mut world = cluster_of_one();
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    world.room.insert(link.connection, 10);
    world.send(link, &ProduceRequest::default(), SendOptions { answer: false, ..options(1) });
    world.run_until(world.now + HOUR);
    assert!(!world.closed.contains(&link.connection));
    assert_eq!(world.net().written(link, OWNER, RequestToken(1)), Some(Written::Partly));
}

#[test]
fn an_overdue_request_closes_its_connection_and_each_failure_says_what_was_written() {
    let mut world = cluster_of_one();
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    for token in 1..=3 {
        let timeout = if token == 1 { 5 * SECOND } else { 30 * SECOND };
        world.send(link, &ProduceRequest::default(), SendOptions { timeout, ..options(token) });
    }
    // The socket takes the first whole and one byte of the second.
    let one: usize = world.core.transmit(link.connection).take(2).map(Bytes::len).sum();
    let now = world.now;
    world.net().handle_written(link.connection, one + 1, now);
    let due = now + 5 * SECOND;
    assert!(world.core.poll_timeout().unwrap() <= due);
    world.net().step(Instant::from_micros(due.as_micros() - 1));
    assert!(world.failures().is_empty());
    world.net().step(due);
    let failures = world.failures();
    let told: Vec<_> = failures.iter().map(|f| (f.token.0, f.written)).collect();
    assert_eq!(told, [(1, Written::Whole), (2, Written::Partly), (3, Written::Nothing)]);
    assert_eq!(failures[0].kind, FailureKind::TimedOut(5 * SECOND));
    let cause = DisconnectCause::RequestTimedOut { api: ApiKey::PRODUCE, after: 5 * SECOND };
    assert_eq!(failures[1].kind, FailureKind::Disconnected(cause));
    assert_eq!((failures[0].written_at, failures[1].written_at), (Some(now), None));
    world.now = due;
    world.turn();
    assert!(world.closed.contains(&link.connection));
}

#[test]
fn an_abandoned_request_harms_nobody_and_its_throttle_counts() {
    let mut world = cluster_of_one();
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    world.send(link, &ProduceRequest::default(), options(1));
    world.send(link, &ProduceRequest::default(), options(2));
    world.turn();
    let requests = world.take(link.connection);
    world.net().abandon(OWNER, RequestToken(1));
    let throttled = ProduceResponse { throttle_time_ms: 700, ..ProduceResponse::default() };
    let now = world.now;
    world.net().handle_frame(link.connection, frame_of(&requests[0], &throttled), now);
    assert!(world.outcomes().is_empty());
    assert!(world.net().throttled(NODE, ApiKey::PRODUCE, now).is_some());
    world.answer_and_open(&requests[1], &ProduceResponse::default());
    assert!(!world.closed.contains(&link.connection));
}

#[test]
fn an_abandoned_request_fails_in_silence() {
    let mut world = cluster_of_one();
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    world.send(link, &ProduceRequest::default(), options(1));
    world.net().abandon(OWNER, RequestToken(1));
    let now = world.now;
    world.net().handle_disconnected(link.connection, DisconnectCause::Closed, now);
    assert!(world.failures().is_empty());
}

#[test]
fn an_answer_out_of_order_ends_the_connection() {
    let mut world = cluster_of_one();
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    world.send(link, &ProduceRequest::default(), options(1));
    world.send(link, &ProduceRequest::default(), options(2));
    world.turn();
    let requests = world.take(link.connection);
    let now = world.now;
    world.net().handle_frame(link.connection, frame_of(&requests[1], &ProduceResponse::default()), now);
    let failures = world.failures();
    assert_eq!(failures.len(), 2);
    let FailureKind::Disconnected(DisconnectCause::UnexpectedAnswer { expected, found }) = failures[0].kind
    else {
        panic!("{failures:?}");
    };
    assert_eq!((expected, found), (Some(requests[0].correlation), requests[1].correlation));
}

#[test]
fn bytes_that_are_no_answer_end_the_connection_and_never_panic() {
    let hostile: [&'static [u8]; 5] = [b"", b"\0\0", b"\0\0\0\x01", b"\xff\xff\xff\xff\xff\xff", &[0x7f; 64]];
    for frame in hostile {
        for phase in 0..3 {
            let mut world = World::new(1, NetConfig::default());
            world.turn();
            let id = world.connection_to("b1");
            if phase == 1 {
                world.core.handle_connected(id, world.now);
            } else if phase == 2 {
                world.open(id);
            }
            world.core.handle_frame(id, Bytes::from_static(frame), world.now);
            world.turn();
            assert!(world.closed.contains(&id), "{frame:?} in phase {phase}");
        }
    }
}

#[test]
fn an_unreadable_answer_ends_the_connection_for_all_that_is_in_flight() {
    let mut world = cluster_of_one();
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    world.send(link, &ProduceRequest::default(), options(1));
    world.send(link, &ProduceRequest::default(), options(2));
    world.turn();
    let requests = world.take(link.connection);
    let mut frame = frame_of(&requests[0], &ProduceResponse::default()).to_vec();
    frame.push(0);
    let now = world.now;
    world.net().handle_frame(link.connection, frame.into(), now);
    let Some(Outcome::Answer(answer)) = world.outcomes().pop() else { panic!("no answer") };
    world.net().open::<ProduceResponse>(&answer, now).unwrap_err();
    let failures = world.failures();
    assert_eq!(failures.len(), 1);
    assert!(matches!(failures[0].kind, FailureKind::Disconnected(DisconnectCause::Decode(_))));
}
