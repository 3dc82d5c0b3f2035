use super::*;

#[test]
fn back_off_grows_with_each_failure_and_ends_with_an_answer() {
    let mut world = cluster_of_one();
    let mut waits = Vec::new();
    for _ in 0..8 {
        assert_eq!(world.ready(PRODUCE, ApiKey::PRODUCE), Err(WaitReason::Connecting { node: NODE }));
        let (id, now) = (world.connection_of(PRODUCE), world.now);
        world.net().handle_disconnected(id, refused("n1"), now);
        let Err(WaitReason::ReconnectBackoff { until, error, .. }) = world.ready(PRODUCE, ApiKey::PRODUCE)
        else {
            panic!()
        };
        assert_eq!(error, refused("n1"));
        waits.push(until.saturating_duration_since(world.now));
        assert!(world.core.poll_timeout().unwrap() <= until);
        world.now = until;
    }
    for (wait, middle) in waits.iter().zip([50, 100, 200, 400, 800, 1000, 1000, 1000]) {
        let middle = Duration::from_millis(middle);
        assert!(*wait >= middle * 8 / 10 && *wait <= (middle * 12 / 10).min(SECOND), "{waits:?}");
    }
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    world.send(link, &ProduceRequest::default(), options(1));
    world.turn();
    let request = world.take_one(link.connection);
    world.answer_and_open(&request, &ProduceResponse::default());
    world.send(link, &ProduceRequest::default(), options(2));
    let now = world.now;
    world.net().handle_disconnected(link.connection, DisconnectCause::Closed, now);
    let Err(WaitReason::ReconnectBackoff { until, .. }) = world.ready(PRODUCE, ApiKey::PRODUCE) else {
        panic!()
    };
    assert!(until <= now + Duration::from_millis(60));
}

#[test]
fn an_idle_close_by_the_broker_is_no_failure() {
    let mut world = cluster_of_one();
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    world.produce_throttled(link, 0);
    world.events.clear();
    world.core.handle_disconnected(link.connection, DisconnectCause::Closed, world.now);
    world.turn();
    assert!(matches!(&world.events[..], [Event::Disconnected { expected: true, .. }]), "{:?}", world.events);
    assert_eq!(world.ready(PRODUCE, ApiKey::PRODUCE), Err(WaitReason::Connecting { node: NODE }));
}

#[test]
fn an_unused_connection_is_closed_after_a_while() {
    let mut world = cluster_of_one();
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    world.produce_throttled(link, 0);
    let end = world.now + NetConfig::default().max_idle;
    world.run_until(Instant::from_micros(end.as_micros() - 1));
    assert!(!world.closed.contains(&link.connection));
    world.run_until(end);
    assert!(world.closed.contains(&link.connection));
}

#[test]
fn a_released_role_closes_its_connections_in_silence() {
    let mut world = cluster_of_one();
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    let fetch = world.link(FETCH, ApiKey::FETCH);
    world.send(link, &ProduceRequest::default(), options(1));
    let now = world.now;
    world.net().release(PRODUCE, now);
    assert!(world.failures().is_empty());
    world.turn();
    assert!(world.closed.contains(&link.connection) && !world.closed.contains(&fetch.connection));
}

#[test]
fn sending_on_a_connection_that_just_ended_fails_like_any_other_request() {
    let mut world = cluster_of_one();
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    let now = world.now;
    world.net().handle_disconnected(link.connection, DisconnectCause::Closed, now);
    world.net().send(link, 9, &ProduceRequest::default(), options(1), now).unwrap();
    let failures = world.failures();
    assert_eq!((failures[0].token, failures[0].written), (RequestToken(1), Written::Nothing));
}

#[test]
fn an_unreachable_bootstrap_names_every_address_and_its_cause() {
    let mut world = World::new(3, NetConfig::default());
    world.turn();
    for _ in 0..3 {
        let (id, at) = world.connects.last().unwrap().clone();
        world.core.handle_disconnected(id, refused(&at.name), world.now);
        world.turn();
    }
    let report = world.core.bootstrap_report();
    let lines: Vec<_> = report.iter().map(ToString::to_string).collect();
    for (line, name) in lines.iter().zip(["b1", "b2", "b3"]) {
        assert_eq!(*line, format!("{name}:9092: cannot connect to {name}:9092: 127.0.0.1:9092: refused"));
    }
}

#[test]
fn a_bootstrap_address_that_hangs_does_not_keep_the_others_from_being_tried() {
    let mut world = World::new(3, NetConfig::default());
    world.turn();
    assert_eq!(world.connects.len(), 1);
    let start = world.now;
    world.run_until(start + 2 * SECOND);
    assert_eq!(world.connects.len(), 3);
    let (last, _) = world.connects[2].clone();
    world.open(last);
    assert_eq!(world.take_one(last).api, ApiKey::METADATA);
}

#[test]
fn attempts_to_reach_other_bootstrap_addresses_end_with_the_first_answer() {
    let mut world = World::new(2, NetConfig::default());
    world.turn();
    world.run_until(world.now + SECOND);
    let [(hangs, _), (answers, _)] = world.connects[..] else { panic!("{:?}", world.connects) };
    world.open(answers);
    assert!(!world.closed.contains(&hangs));
    world.events.clear();
    world.serve_metadata(answers, 1, &[]);
    assert!(world.closed.contains(&hangs) && !world.closed.contains(&answers));
    let unexpected = |event: &Event| matches!(event, Event::Disconnected { expected: false, .. });
    assert!(!world.events.iter().any(unexpected), "{:?}", world.events);
}

#[test]
fn a_bootstrap_address_that_is_a_brokers_own_becomes_that_broker() {
    let (mut world, id) = World::of_bootstrap_node(&[], 300);
    let now = world.now;
    assert!(
        world.net().throttled(NODE, ApiKey::METADATA, now).is_some(),
        "told by the node, whatever we called it"
    );
    world.advance(SECOND);
    let link = world.ready(Role::Control, ApiKey::METADATA).unwrap();
    assert_eq!(link.connection, id);
    assert_eq!(world.connects.len(), 1);
}

#[test]
fn the_least_loaded_node_is_asked_and_a_throttled_one_avoided() {
    let mut world = World::with_cluster(3, &[], NetConfig::default());
    for name in ["n1", "n2", "n3"] {
        let node = BrokerId(name[1..].parse().unwrap());
        let now = world.now;
        let _ = world.net().readiness(node, Role::Control, ApiKey::METADATA, now);
        world.turn();
        let id = world.connection_to(name);
        world.open(id);
    }
    let now = world.now;
    for (node, busy) in [(1, 2), (2, 1)] {
        let link = world.net().readiness(BrokerId(node), Role::Control, ApiKey::METADATA, now).unwrap();
        for token in 0..busy {
            world.send(link, &MetadataRequest::default(), options(token));
        }
    }
    let until = now + SECOND;
    let throttle =
        Throttle { node: BrokerId(3), class: Class::Control, until, cause: ThrottleCause::Unknown };
    world.net().throttle.record(throttle, true, now);
    assert_eq!(world.net().least_loaded(ApiKey::METADATA, now).unwrap().node, BrokerId(2));
    assert_eq!(world.net().least_loaded(ApiKey::METADATA, until).unwrap().node, BrokerId(3));
}

#[test]
fn when_no_known_node_can_be_reached_the_bootstrap_addresses_are_tried_again() {
    let mut world = World::with_cluster(2, &[], NetConfig::default());
    let (bootstrap, _) = world.connects[0].clone();
    world.core.handle_disconnected(bootstrap, DisconnectCause::Closed, world.now);
    world.turn();
    world.net().cluster_mut().refresh();
    let before = world.connects.len();
    let end = world.now + 20 * SECOND;
    while world.now < end && !world.connects[before..].iter().any(|(_, at)| at.name == "b1") {
        world.advance(Duration::from_millis(10));
        let open: Vec<_> =
            world.connects[before..].iter().filter(|(_, at)| at.name != "b1").cloned().collect();
        for (id, at) in open {
            world.core.handle_disconnected(id, refused(&at.name), world.now);
        }
    }
    assert!(world.connects[before..].iter().any(|(_, at)| at.name == "b1"), "{:?}", world.connects);
}

#[test]
fn an_idle_hour_costs_one_metadata_request_in_five_minutes() {
    const TOPICS: [(&str, i32); 1] = [("t", 6)];
    let mut world = World::with_cluster(3, &TOPICS, NetConfig::default());
    let end = world.now + HOUR;
    let (mut opened, mut asked, mut turns) = (1, 0, 0);
    while world.now < end {
        turns += 1;
        world.now = world.core.poll_timeout().unwrap().clamp(world.now, end);
        world.turn();
        while opened < world.connects.len() {
            let (id, _) = world.connects[opened].clone();
            world.open(id);
            opened += 1;
        }
        let ids: Vec<_> = world.connects.iter().map(|(id, _)| *id).collect();
        for id in ids {
            for request in world.take(id) {
                asked += 1;
                world.answer(&request, &metadata(3, &TOPICS));
                world.turn();
            }
        }
    }
    assert!((12..=13).contains(&asked), "{asked} requests");
    assert!(turns < 100, "{turns} turns");
}
