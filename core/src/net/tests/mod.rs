//! The net, driven by hand: each test says what the peers do and when.

mod connecting;
mod handshake;
mod in_flight;
mod refreshing;
mod throttles;

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
use crate::Park;
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

/// A cluster of one node, whose address is the bootstrap address.
fn bootstrap_node(topics: &[(&str, i32)]) -> MetadataResponse {
    let mut response = metadata(1, topics);
    response.brokers[0].host = ByteString::from_static("b1");
    response
}

impl World {
    /// Knows the one node by its own address, over a connection to it, from an answer with this throttle.
    fn of_bootstrap_node(topics: &[(&str, i32)], throttle_ms: i32) -> (Self, ConnectionId) {
        let mut world = Self::new(1, NetConfig::default());
        world.turn();
        for (name, _) in topics {
            world.net().cluster_mut().want(&(*name).into());
        }
        let id = world.connection_to("b1");
        world.open(id);
        let request = world.take_one(id);
        let response = MetadataResponse { throttle_time_ms: throttle_ms, ..bootstrap_node(topics) };
        world.answer(&request, &response);
        world.turn();
        (world, id)
    }

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

fn refused(name: &str) -> DisconnectCause {
    let problem = IoProblem { kind: io::ErrorKind::ConnectionRefused, text: "refused".into() };
    let address = "127.0.0.1:9092".parse().unwrap();
    let attempts = vec![AddressFailure { address, problem }];
    ConnectFailure::Addresses { host: crate::world::host(name), attempts }.into()
}
