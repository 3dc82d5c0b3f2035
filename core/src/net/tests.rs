use std::io;
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use ottla_proto::messages::api_versions::ApiVersion;
use ottla_proto::messages::{
    ApiVersionsRequest, ApiVersionsResponse, DescribeClusterRequest, DescribeClusterResponse, FetchRequest,
    FetchResponse, HeartbeatRequest, HeartbeatResponse, MetadataRequest, MetadataResponse, ProduceRequest,
    ProduceResponse,
};
use ottla_proto::wire::{Request, Response};
use ottla_proto::{ApiKey, BrokerId, ErrorCode};

use super::*;
use crate::consumer::ConsumerKey;
use crate::world::{Received, World, api_versions, metadata};

const NODE: BrokerId = BrokerId(1);
const PRODUCE: Role = Role::Produce(ProducerKey(1));
const FETCH: Role = Role::Fetch(ConsumerKey(1));
const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

/// Requests are sent straight through the net for a made-up producer; the machines do not know it.
const OWNER: Owner = Owner::Producer(ProducerKey(1));

fn options(token: u64) -> SendOptions {
    SendOptions { owner: OWNER, token: RequestToken(token), timeout: 30 * SECOND, answer: true }
}

impl World {
    fn net(&mut self) -> &mut Net {
        self.core.parts().net
    }

    fn ready(&mut self, role: Role, api: ApiKey) -> Result<Link, WaitReason> {
        let now = self.now;
        self.net().readiness(NODE, role, api, now)
    }

    /// Connects that role to node 1.
    fn link(&mut self, role: Role, api: ApiKey) -> Link {
        assert_eq!(self.ready(role, api), Err(WaitReason::Connecting { node: NODE }));
        self.turn();
        let id = self.connection_of(role);
        self.open(id);
        self.ready(role, api).unwrap()
    }

    fn connection_of(&mut self, role: Role) -> ConnectionId {
        self.net().slots[&(NODE, role)].connection.unwrap()
    }

    fn send<R: Request>(&mut self, link: Link, request: &R, options: SendOptions) {
        let now = self.now;
        let net = self.net();
        let version = net.version::<R>(link, i16::MAX).unwrap();
        net.send(link, version, request, options, now).unwrap();
    }

    /// What became of requests, taken before the machines see it.
    fn outcomes(&mut self) -> Vec<Outcome> {
        std::iter::from_fn(|| self.net().next_outcome()).collect()
    }

    fn failures(&mut self) -> Vec<Failure> {
        let outcomes = self.outcomes().into_iter();
        outcomes
            .map(|outcome| if let Outcome::Failure(f) = outcome { f } else { panic!("{outcome:?}") })
            .collect()
    }

    /// Hands an answer in and opens it, as its machine would.
    fn answer_and_open<M: Response>(&mut self, request: &Received, response: &M) -> M {
        let frame = frame_of(request, response);
        let now = self.now;
        self.net().handle_frame(request.connection, frame, now);
        let mut outcomes = self.outcomes();
        assert_eq!(outcomes.len(), 1);
        let Some(Outcome::Answer(answer)) = outcomes.pop() else { panic!("no answer") };
        self.net().open(&answer, now).unwrap()
    }

    fn produce_throttled(&mut self, link: Link, throttle_ms: i32) {
        let version = self.net().version::<ProduceRequest>(link, i16::MAX).unwrap();
        self.produce_throttled_in(link, version, throttle_ms);
    }

    fn produce_throttled_in(&mut self, link: Link, version: i16, throttle_ms: i32) {
        let now = self.now;
        self.net().send(link, version, &ProduceRequest::default(), options(99), now).unwrap();
        self.turn();
        let request = self.take_one(link.connection);
        let response = ProduceResponse { throttle_time_ms: throttle_ms, ..ProduceResponse::default() };
        self.answer_and_open(&request, &response);
    }
}

fn frame_of<M: Response>(request: &Received, response: &M) -> Bytes {
    use ottla_proto::messages::ResponseHeader;
    use ottla_proto::wire::{Message, Writer};
    let mut writer = Writer::new();
    let header = ResponseHeader { correlation_id: request.correlation, ..ResponseHeader::default() };
    header.write(&mut writer, M::header_version(request.version)).unwrap();
    response.write(&mut writer, request.version).unwrap();
    writer.finish().into_bytes()
}

fn cluster_of_one() -> World {
    World::with_cluster(1, &[], NetConfig::default())
}

// The handshake.

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

// Requests in flight.

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

// Throttles.

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
fn the_beginning_and_the_end_of_a_throttle_are_told_once() {
    let mut world = cluster_of_one();
    let link = world.link(PRODUCE, ApiKey::PRODUCE);
    world.events.clear();
    world.produce_throttled(link, 4_000);
    world.turn();
    let until = world.now + 4 * SECOND;
    world.run_until(until + SECOND);
    let told: Vec<_> = world
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Throttled(throttle) => Some((true, throttle.node)),
            Event::ThrottleEnded { node, .. } => Some((false, *node)),
            _ => None,
        })
        .collect();
    assert_eq!(told, [(true, NODE), (false, NODE)]);
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

// Connecting.

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
fn a_bootstrap_address_that_is_a_brokers_own_becomes_that_broker() {
    let mut world = World::new(1, NetConfig::default());
    world.turn();
    let id = world.connection_to("b1");
    world.open(id);
    let request = world.take_one(id);
    let mut response = MetadataResponse { throttle_time_ms: 300, ..metadata(1, &[]) };
    response.brokers[0].host = ByteString::from_static("b1");
    world.answer(&request, &response);
    world.turn();
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
    world.net().throttle.record(throttle, true);
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

fn refused(name: &str) -> DisconnectCause {
    let problem = IoProblem { kind: io::ErrorKind::ConnectionRefused, text: "refused".into() };
    let address = "127.0.0.1:9092".parse().unwrap();
    let attempts = vec![AddressFailure { address, problem }];
    ConnectFailure::Addresses { host: crate::world::host(name), attempts }.into()
}
