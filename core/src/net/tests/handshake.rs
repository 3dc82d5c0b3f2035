use super::*;

#[test]
fn a_new_broker_is_greeted_in_the_latest_version_and_learns_who_we_are() {
    let config = NetConfig { client_id: Some("orders".into()), ..NetConfig::default() };
    let mut world = World::with_cluster(1, &[], config);
    let _ = world.ready(PRODUCE, ApiKey::PRODUCE);
    world.turn();
    let id = world.connection_to("n1");
    world.core.handle_connected(id, world.now);
    world.turn();
    let hello = world.take_one(id);
    assert_eq!(hello.version, ApiVersionsRequest::LATEST_STABLE);
    assert_eq!(hello.client_id, Some(ByteString::from_static("orders")));
    let hello: ApiVersionsRequest = hello.read();
    assert_eq!(hello.client_software_name, "ottla");
    assert_eq!(hello.cluster_id, Some(ByteString::from_static("test-cluster")));
    assert_eq!(hello.node_id, 1);
    assert_eq!(world.ready(PRODUCE, ApiKey::PRODUCE), Err(WaitReason::Connecting { node: NODE }));
}

#[test]
fn an_older_broker_names_its_range_and_is_greeted_again_in_it() {
    let mut world = World::new(1, NetConfig::default());
    world.turn();
    let id = world.connection_to("b1");
    world.core.handle_connected(id, world.now);
    world.turn();
    let first = world.take_one(id);
    let range = ApiVersion { api_key: 18, min_version: 0, max_version: 3, ..ApiVersion::default() };
    let refusal = ApiVersionsResponse {
        error_code: ErrorCode::UNSUPPORTED_VERSION,
        api_keys: vec![range],
        ..ApiVersionsResponse::default()
    };
    world.answer_in(&first, 0, &refusal);
    world.turn();
    let second = world.take_one(id);
    assert_eq!(second.version, 3);
    world.answer(&second, &api_versions(&|api| Some((api.versions.min, api.latest_stable))));
    world.turn();
    assert_eq!(world.take_one(id).api, ApiKey::METADATA);
}

#[test]
fn a_broker_that_names_no_range_is_greeted_in_version_0_and_then_given_up() {
    let mut world = World::new(1, NetConfig::default());
    world.turn();
    let id = world.connection_to("b1");
    world.core.handle_connected(id, world.now);
    world.turn();
    let refusal =
        ApiVersionsResponse { error_code: ErrorCode::UNSUPPORTED_VERSION, ..ApiVersionsResponse::default() };
    for expected in [ApiVersionsRequest::LATEST_STABLE, 0] {
        let hello = world.take_one(id);
        assert_eq!(hello.version, expected);
        world.answer_in(&hello, 0, &refusal);
        world.turn();
    }
    assert!(world.take(id).is_empty());
    assert!(world.closed.contains(&id));
    let cause = DisconnectCause::HandshakeRefused(ErrorCode::UNSUPPORTED_VERSION);
    assert_eq!(world.core.bootstrap_report()[0].state, Reach::Failed(cause));
}

#[test]
fn a_refused_range_always_goes_down_so_that_the_handshake_ends() {
    let mut world = World::new(1, NetConfig::default());
    world.turn();
    let id = world.connection_to("b1");
    world.core.handle_connected(id, world.now);
    world.turn();
    // A broker that refuses the very version that it names.
    let range = ApiVersion { api_key: 18, min_version: 0, max_version: i16::MAX, ..ApiVersion::default() };
    let refusal = ApiVersionsResponse {
        error_code: ErrorCode::UNSUPPORTED_VERSION,
        api_keys: vec![range],
        ..ApiVersionsResponse::default()
    };
    let mut versions = Vec::new();
    while let Some(hello) = world.take(id).pop() {
        versions.push(hello.version);
        world.answer_in(&hello, 0, &refusal);
        world.turn();
    }
    assert_eq!(versions, (0..=ApiVersionsRequest::LATEST_STABLE).rev().collect::<Vec<_>>());
    assert!(world.closed.contains(&id));
}

#[test]
fn a_silent_peer_is_given_up_at_the_handshake_deadline() {
    let mut world = World::new(1, NetConfig::default());
    world.turn();
    let id = world.connection_to("b1");
    world.core.handle_connected(id, world.now);
    world.turn();
    assert_eq!(world.core.bootstrap_report()[0].state, Reach::HandshakeDue);
    let end = world.now + 10 * SECOND;
    world.run_until(Instant::from_micros(end.as_micros() - 1));
    assert!(!world.closed.contains(&id));
    world.run_until(end);
    assert!(world.closed.contains(&id));
    let report = world.core.bootstrap_report()[0].to_string();
    assert!(report.contains("b1:9092") && report.contains("is it a Kafka broker?"), "{report}");
}

#[test]
fn versions_are_agreed_with_the_broker_and_the_caller() {
    let mut world = cluster_of_one();
    let _ = world.ready(PRODUCE, ApiKey::PRODUCE);
    world.turn();
    let id = world.connection_to("n1");
    world.open_with(id, &|api| (api.key == ApiKey::PRODUCE).then_some((3, 8)));
    let link = world.ready(PRODUCE, ApiKey::PRODUCE).unwrap();
    let net = world.net();
    assert_eq!(net.version::<ProduceRequest>(link, i16::MAX), Ok(8));
    assert_eq!(net.version::<ProduceRequest>(link, 7), Ok(7));
    let too_old = net.version::<ProduceRequest>(link, 2).unwrap_err();
    assert_eq!(too_old.offered, Some(VersionRange::new(3, 8)));
    let unknown = net.version::<FetchRequest>(link, i16::MAX).unwrap_err();
    assert_eq!(unknown.offered, None);
    assert!(unknown.to_string().contains("does not offer Fetch"), "{unknown}");
}

#[test]
fn a_new_connection_is_greeted_while_others_wait_for_answers_and_holds_none_of_them_up() {
    let mut world = cluster_of_one();
    let busy = world.link(PRODUCE, ApiKey::PRODUCE);
    for token in 1..=5 {
        world.send(busy, &ProduceRequest::default(), options(token));
    }
    world.turn();
    // Another connection comes up although none of the five is answered.
    let other = Role::Produce(ProducerKey(2));
    let new = world.link(other, ApiKey::PRODUCE);
    assert_eq!(world.ready(PRODUCE, ApiKey::PRODUCE), Err(WaitReason::InFlightLimit { node: NODE }));
    world.send(new, &ProduceRequest::default(), options(6));
    world.turn();
    assert_eq!(world.take(new.connection).len(), 1);
    // And one whose greeting is never answered holds up nothing of the first.
    assert_eq!(world.ready(FETCH, ApiKey::FETCH), Err(WaitReason::Connecting { node: NODE }));
    world.turn();
    let requests = world.take(busy.connection);
    world.answer_and_open(&requests[0], &ProduceResponse::default());
    assert_eq!(world.ready(PRODUCE, ApiKey::PRODUCE), Ok(busy));
    assert_eq!(world.ready(FETCH, ApiKey::FETCH), Err(WaitReason::Connecting { node: NODE }));
}
