use std::time::Duration;

use ottla_proto::messages::create_topics::CreatableTopicResult;
use ottla_proto::messages::{
    CreateTopicsRequest, CreateTopicsResponse, DescribeClusterRequest, DescribeClusterResponse,
    MetadataResponse,
};
use ottla_proto::{ApiKey, BrokerId, ErrorCode};

use super::*;
use crate::net::{DisconnectCause, NetConfig};
use crate::world::{Received, World, metadata};

const SECOND: Duration = Duration::from_secs(1);

fn world() -> World {
    World::with_cluster(2, &[], NetConfig::default())
}

impl World {
    fn describe(&mut self, within: Duration) -> Ticket {
        let spec = CallSpec::new(DescribeClusterRequest::default(), self.now + within);
        let ticket = self.core.call(spec.to(Target::Node(BrokerId(2))), self.now);
        self.turn();
        ticket
    }

    /// The request that arrives at that host, connecting if need be.
    fn request_at(&mut self, host: &str) -> Received {
        let id = self.connection_to(host);
        self.open(id);
        self.take_one(id)
    }

    fn done(&mut self) -> Vec<(Ticket, Result<CallAnswer, CallError>)> {
        let events = std::mem::take(&mut self.events).into_iter();
        events
            .filter_map(|event| match event {
                Event::CallDone { ticket, result } => Some((ticket, result)),
                _ => None,
            })
            .collect()
    }
}

fn described(error_code: ErrorCode) -> DescribeClusterResponse {
    DescribeClusterResponse { error_code, ..DescribeClusterResponse::default() }
}

#[test]
fn a_call_ends_with_the_answer_of_its_node() {
    let mut world = world();
    let ticket = world.describe(SECOND);
    let request = world.request_at("n2");
    world.answer(&request, &described(ErrorCode::NONE));
    world.turn();
    let (done, result) = world.done().pop().unwrap();
    let answer = result.unwrap();
    assert_eq!((done, answer.node, answer.version), (ticket, BrokerId(2), request.version));
    assert_eq!(answer.into_message::<DescribeClusterResponse>(), Some(described(ErrorCode::NONE)));
}

#[test]
fn an_error_that_may_pass_is_tried_again_and_one_that_will_not_ends_the_call() {
    let mut world = world();
    world.describe(10 * SECOND);
    let request = world.request_at("n2");
    world.answer(&request, &described(ErrorCode::REQUEST_TIMED_OUT));
    world.turn();
    assert!(world.done().is_empty());
    let waits = &world.core.explain(world.now)[0];
    assert!(matches!(waits.reason, WaitReason::RetryBackoff { error: ErrorCode::REQUEST_TIMED_OUT, .. }));
    world.run_until(world.now + Duration::from_millis(130));
    let again = world.take_one(request.connection);
    world.answer(&again, &described(ErrorCode::CLUSTER_AUTHORIZATION_FAILED));
    world.turn();
    let message = world.done().pop().unwrap().1.unwrap().into_message::<DescribeClusterResponse>().unwrap();
    assert_eq!(message.error_code, ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
}

#[test]
fn a_call_ends_at_its_deadline_and_says_what_it_waited_for() {
    let mut world = world();
    let start = world.now;
    let ticket = world.describe(2 * SECOND);
    let request = world.request_at("n2");
    world.run_until(start + SECOND);
    assert!(world.done().is_empty());
    world.run_until(start + 2 * SECOND);
    let (done, result) = world.done().pop().unwrap();
    let error = result.unwrap_err();
    assert_eq!(done, ticket);
    assert!(error.to_string().contains("waiting for node 2 to answer"), "{error}");
    // The answer that comes too late is nobody's.
    world.answer(&request, &described(ErrorCode::NONE));
    world.turn();
    assert!(world.done().is_empty() && !world.closed.contains(&request.connection));
}

#[test]
fn a_call_moves_to_the_controller_that_the_refresh_names() {
    let mut world = world();
    let request = CreateTopicsRequest::default();
    let spec = CallSpec::judged(request, world.now + 10 * SECOND, |response: &CreateTopicsResponse| {
        response.topics.iter().map(|topic| topic.error_code).find(|error| !error.is_none())
    });
    world.core.call(spec.to(Target::Controller), world.now);
    world.turn();
    let request = world.request_at("n1");
    let topic =
        CreatableTopicResult { error_code: ErrorCode::NOT_CONTROLLER, ..CreatableTopicResult::default() };
    let refused = CreateTopicsResponse { topics: vec![topic], ..CreateTopicsResponse::default() };
    world.answer(&request, &refused);
    // However late the refresh is answered: the retry waits for it.
    world.run_until(world.now + 2 * SECOND);
    let bootstrap = world.connection_to("b1");
    let mut asked = world.take(request.connection);
    asked.extend(world.take(bootstrap));
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert_eq!(asked[0].api, ApiKey::METADATA);
    let mut moved = metadata(2, &[]);
    moved.controller_id = BrokerId(2);
    world.answer(&asked[0], &moved);
    world.turn();
    assert_eq!(world.request_at("n2").api, ApiKey::CREATE_TOPICS);
}

#[test]
fn a_mutation_quota_is_waited_out_within_the_deadline_and_named() {
    let mut world = world();
    let spec = CallSpec::judged(
        CreateTopicsRequest::default(),
        world.now + 10 * SECOND,
        |response: &CreateTopicsResponse| response.topics.first().map(|topic| topic.error_code),
    );
    world.core.call(spec.to(Target::Node(BrokerId(2))), world.now);
    world.turn();
    let request = world.request_at("n2");
    let topic = CreatableTopicResult {
        error_code: ErrorCode::THROTTLING_QUOTA_EXCEEDED,
        ..CreatableTopicResult::default()
    };
    let throttled = CreateTopicsResponse {
        topics: vec![topic],
        throttle_time_ms: 3_000,
        ..CreateTopicsResponse::default()
    };
    world.answer(&request, &throttled);
    let end = world.now + 3 * SECOND;
    world.run_until(world.now + 2 * SECOND);
    let waits = world.core.explain(world.now).remove(0);
    assert!(waits.reason.to_string().contains("controller mutation quota"), "{}", waits.reason);
    assert_eq!(waits.until, Some(end));
    assert!(world.take(request.connection).is_empty());
    world.run_until(end);
    assert_eq!(world.take_one(request.connection).api, ApiKey::CREATE_TOPICS);
}

#[test]
fn a_call_survives_a_disconnect() {
    let mut world = world();
    world.describe(10 * SECOND);
    let request = world.request_at("n2");
    world.core.handle_disconnected(request.connection, DisconnectCause::Closed, world.now);
    world.run_until(world.now + SECOND);
    let again = world.connection_to("n2");
    assert_ne!(again, request.connection);
    world.open(again);
    let retried = world.take(again);
    assert!(retried.iter().any(|request| request.api == ApiKey::DESCRIBE_CLUSTER), "{retried:?}");
}

#[test]
fn a_forgotten_call_ends_without_an_event() {
    let mut world = world();
    let ticket = world.describe(10 * SECOND);
    let request = world.request_at("n2");
    world.core.forget(ticket);
    world.answer(&request, &described(ErrorCode::NONE));
    world.run_until(world.now + 20 * SECOND);
    assert!(world.done().is_empty());
}

#[test]
fn a_call_without_any_broker_names_every_address() {
    let mut world = World::new(2, NetConfig::default());
    let spec = CallSpec::new(DescribeClusterRequest::default(), world.now + SECOND);
    world.core.call(spec, world.now);
    world.run_until(world.now + SECOND);
    let Err(CallError::DeadlineExceeded { unreachable, .. }) = world.done().pop().unwrap().1 else {
        panic!()
    };
    assert_eq!(unreachable.len(), 2);
}

#[test]
fn closing_the_client_ends_every_call() {
    let mut world = world();
    world.describe(10 * SECOND);
    world.core.close(world.now);
    world.turn();
    assert!(matches!(
        world.done().pop().unwrap().1,
        Err(CallError::Closed { api: ApiKey::DESCRIBE_CLUSTER })
    ));
    assert_eq!(world.closed.len(), world.connects.len());
}

#[test]
fn a_cluster_without_a_controller_is_named_as_such() {
    let mut world = World::new(1, NetConfig::default());
    world.turn();
    let (bootstrap, _) = world.connects[0].clone();
    world.open(bootstrap);
    let request = world.take_one(bootstrap);
    let leaderless = metadata(1, &[]);
    world.answer(&request, &MetadataResponse { controller_id: BrokerId::NONE, ..leaderless });
    world.turn();
    let spec = CallSpec::new(DescribeClusterRequest::default(), world.now + SECOND);
    world.core.call(spec.to(Target::Controller), world.now);
    world.turn();
    assert_eq!(world.core.explain(world.now)[0].reason, WaitReason::NoController);
}
