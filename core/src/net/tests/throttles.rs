use super::*;

#[test]
fn a_throttle_holds_its_class_and_no_other() {
    let mut world = cluster_of_one();
    let produce = world.link(PRODUCE, ApiKey::PRODUCE);
    let fetch = world.link(FETCH, ApiKey::FETCH);
    let control = world.link(Role::Control, ApiKey::METADATA);
    world.produce_throttled(produce, 4_000);
    let until = world.now + 4 * SECOND;
    assert_eq!(
        world.ready(PRODUCE, ApiKey::PRODUCE),
        Err(WaitReason::Throttled {
            node: NODE,
            class: Class::Produce,
            until,
            cause: ThrottleCause::ByteRate
        })
    );
    assert_eq!(world.ready(FETCH, ApiKey::FETCH), Ok(fetch));
    assert_eq!(world.ready(Role::Control, ApiKey::METADATA), Ok(control));
    assert_eq!(world.ready(Role::Control, ApiKey::HEARTBEAT), Ok(control));
    assert!(world.core.poll_timeout().unwrap() <= until);
    world.run_until(Instant::from_micros(until.as_micros() - 1));
    assert!(world.ready(PRODUCE, ApiKey::PRODUCE).is_err());
    world.run_until(until);
    assert_eq!(world.ready(PRODUCE, ApiKey::PRODUCE), Ok(produce));
}

#[test]
fn a_later_answer_never_makes_a_throttle_shorter() {
    let mut world = cluster_of_one();
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    let start = world.now;
    world.send(link, &ProduceRequest::default(), options(1));
    world.send(link, &ProduceRequest::default(), options(2));
    world.turn();
    let requests = world.take(link.connection);
    let throttled = |ms| ProduceResponse { throttle_time_ms: ms, ..ProduceResponse::default() };
    world.answer_and_open(&requests[0], &throttled(4_000));
    world.now = world.now + SECOND;
    world.answer_and_open(&requests[1], &throttled(100));
    let now = world.now;
    let told = world.net().throttled(NODE, ApiKey::PRODUCE, now).unwrap();
    assert_eq!(told.until, start + 4 * SECOND);
    assert_eq!(world.core.net().throttle().get(NODE, Class::Produce, now), Some(told));
    assert_eq!(world.core.net().throttle().active(now).collect::<Vec<_>>(), [told]);
}

#[test]
fn hostile_throttles_are_ignored_or_survived() {
    let mut world = cluster_of_one();
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    for ms in [0, -1, i32::MIN] {
        world.produce_throttled(link, ms);
        assert!(world.ready(PRODUCE, ApiKey::PRODUCE).is_ok());
    }
    world.produce_throttled(link, i32::MAX);
    let Err(WaitReason::Throttled { until, .. }) = world.ready(PRODUCE, ApiKey::PRODUCE) else { panic!() };
    assert_eq!(until, world.now + Duration::from_millis(2_147_483_647));
}

#[test]
fn reconnecting_does_not_evade_a_throttle() {
    let mut world = cluster_of_one();
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    world.produce_throttled(link, 4_000);
    let until = world.now + 4 * SECOND;
    world.core.handle_disconnected(link.connection, DisconnectCause::Closed, world.now);
    world.turn();
    // The connection comes back during the throttle: its handshake is not delayed.
    let _ = world.ready(PRODUCE, ApiKey::PRODUCE);
    world.advance(SECOND);
    let _ = world.ready(PRODUCE, ApiKey::PRODUCE);
    world.turn();
    let again = world.connection_to("n1");
    assert_ne!(again, link.connection);
    world.open(again);
    let Err(WaitReason::Throttled { until: still, .. }) = world.ready(PRODUCE, ApiKey::PRODUCE) else {
        panic!()
    };
    assert_eq!(still, until);
    world.run_until(until);
    assert_eq!(world.ready(PRODUCE, ApiKey::PRODUCE).unwrap().connection, again);
}

#[test]
fn deadlines_in_flight_and_new_ones_are_extended_by_the_throttle() {
    let mut world = cluster_of_one();
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    world.send(link, &ProduceRequest::default(), options(1));
    world.send(link, &ProduceRequest::default(), options(2));
    world.turn();
    let requests = world.take(link.connection);
    let throttled = ProduceResponse { throttle_time_ms: 45_000, ..ProduceResponse::default() };
    world.answer_and_open(&requests[0], &throttled);
    let end = world.now + 45 * SECOND;
    // Longer than the request timeout of 30 s, which counts from the end of the throttle.
    world.run_until(Instant::from_micros((end + 30 * SECOND).as_micros() - 1));
    assert!(!world.closed.contains(&link.connection));
    world.net().step(end + 30 * SECOND);
    assert_eq!(world.failures().len(), 1);
}

#[test]
fn a_throttle_below_the_obeyed_version_is_recorded_and_extends_deadlines_but_is_not_waited_for() {
    let mut world = cluster_of_one();
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    let (below, now) = (ApiKey::PRODUCE.throttle_wait_version().unwrap() - 1, world.now);
    world.produce_throttled_in(link, below, 45_000);
    assert!(world.core.net().throttle().get(NODE, Class::Produce, now).is_some());
    assert_eq!(world.ready(PRODUCE, ApiKey::PRODUCE), Ok(link));
    world.send(link, &ProduceRequest::default(), options(1));
    world.run_until(now + 60 * SECOND);
    assert!(!world.closed.contains(&link.connection));
    world.net().step(now + 75 * SECOND);
    assert_eq!(world.failures().len(), 1);
}

#[test]
fn causes_are_told_as_far_as_they_can_be_known() {
    for (ms, cause) in [(1_000, ThrottleCause::Unknown), (1_001, ThrottleCause::ByteRate)] {
        let mut world = cluster_of_one();
        let link = world.link(PRODUCE, ApiKey::PRODUCE);
        world.produce_throttled(link, ms);
        let now = world.now;
        assert_eq!(world.net().throttled(NODE, ApiKey::PRODUCE, now).unwrap().cause, cause);
    }
    let mut world = cluster_of_one();
    let link = world.link(Role::Control, ApiKey::DESCRIBE_CLUSTER);
    world.send(link, &DescribeClusterRequest::default(), options(1));
    world.turn();
    let request = world.take_one(link.connection);
    let response = DescribeClusterResponse {
        error_code: ErrorCode::THROTTLING_QUOTA_EXCEEDED,
        throttle_time_ms: 50,
        ..DescribeClusterResponse::default()
    };
    world.answer_and_open(&request, &response);
    let now = world.now;
    assert_eq!(world.net().throttled(NODE, ApiKey::METADATA, now).unwrap().cause, ThrottleCause::Mutation);
    assert!(world.net().throttled(NODE, ApiKey::PRODUCE, now).is_none());
}

#[test]
fn beginning_extension_and_end_of_a_throttle_are_told_once_each() {
    let mut world = cluster_of_one();
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    world.events.clear();
    let start = world.now;
    world.produce_throttled(link, 4_000);
    // A shorter one changes nothing.
    world.produce_throttled(link, 2_000);
    world.produce_throttled(link, 6_000);
    world.run_until(start + 7 * SECOND);
    world.produce_throttled(link, 2_000);
    world.run_until(start + 10 * SECOND);
    let told: Vec<_> = world
        .events
        .iter()
        .filter_map(|event| match event {
            Event::ThrottleBegan(throttle) => Some(("began", *throttle)),
            Event::ThrottleExtended(throttle) => Some(("extended", *throttle)),
            Event::ThrottleEnded(throttle) => Some(("ended", *throttle)),
            _ => None,
        })
        .collect();
    let throttle = |seconds| Throttle {
        node: NODE,
        class: Class::Produce,
        until: start + seconds * SECOND,
        cause: ThrottleCause::ByteRate,
    };
    assert_eq!(
        told,
        [
            ("began", throttle(4)),
            ("extended", throttle(6)),
            ("ended", throttle(6)),
            ("began", throttle(9)),
            ("ended", throttle(9))
        ]
    );
}

#[test]
fn a_coordinator_throttle_is_obeyed_and_named() {
    let mut world = cluster_of_one();
    let role = Role::Coordinator(ConsumerKey(1));
    let link = world.link(role, ApiKey::HEARTBEAT);
    world.send(link, &HeartbeatRequest::default(), options(1));
    world.turn();
    let request = world.take_one(link.connection);
    world.answer_and_open(
        &request,
        &HeartbeatResponse { throttle_time_ms: 500, ..HeartbeatResponse::default() },
    );
    let reason = world.ready(role, ApiKey::HEARTBEAT).unwrap_err();
    assert!(reason.to_string().contains("throttled by node 1 for control requests"), "{reason}");
}

#[test]
fn the_time_that_a_node_throttled_is_added_up_and_what_overlaps_counts_once() {
    let mut world = cluster_of_one();
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    let told = |world: &mut World| -> Vec<_> {
        let now = world.now;
        world.net().throttled_times(now).map(|told| (told.class, told.time)).collect()
    };
    assert_eq!(told(&mut world), []);
    world.produce_throttled(link, 4_000);
    assert_eq!(told(&mut world), [(Class::Produce, Duration::ZERO)], "nothing of it is over");
    world.run_until(world.now + SECOND);
    // Two seconds of these are in what is told already.
    world.produce_throttled(link, 2_000);
    world.run_until(world.now + SECOND);
    // And one second of these is not.
    world.produce_throttled(link, 3_000);
    assert_eq!(told(&mut world), [(Class::Produce, 2 * SECOND)]);
    world.run_until(world.now + 100 * SECOND);
    assert_eq!(told(&mut world), [(Class::Produce, 5 * SECOND)]);
    world.produce_throttled(link, 500);
    world.run_until(world.now + SECOND);
    assert_eq!(told(&mut world), [(Class::Produce, 5 * SECOND + SECOND / 2)]);
}

#[test]
fn what_a_bootstrap_address_told_is_counted_for_the_broker_that_it_is() {
    let (mut world, _) = World::of_bootstrap_node(&[], 3_000);
    world.run_until(world.now + 10 * SECOND);
    let now = world.now;
    let told: Vec<_> =
        world.net().throttled_times(now).map(|told| (told.node, told.class, told.time)).collect();
    assert_eq!(told, [(NODE, Class::Control, 3 * SECOND)]);
}
