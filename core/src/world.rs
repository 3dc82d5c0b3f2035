//! A hand-driven world for machine tests: a core, a clock that is a field, and peers that say what the test
//! tells them to.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use bytestring::ByteString;
use ottla_proto::messages::api_versions::ApiVersion;
use ottla_proto::messages::metadata::{
    MetadataRequest, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use ottla_proto::messages::{ApiVersionsResponse, MetadataResponse, RequestHeader, ResponseHeader};
use ottla_proto::wire::{Message, Reader, Request, Response, Writer};
use ottla_proto::{Api, ApiKey, BrokerId, LeaderEpoch, TopicId, TopicName};

use crate::event::{Command, Event};
use crate::net::{ConnectionId, Host, NetConfig};
use crate::producer::CompressionContext;
use crate::time::Instant;
use crate::{Core, CoreConfig, Park};

pub(crate) struct World {
    pub(crate) core: Core,
    pub(crate) now: Instant,
    /// Every connection that the core ever asked for, in order.
    pub(crate) connects: Vec<(ConnectionId, Host)>,
    /// Connections that the core closed.
    pub(crate) closed: BTreeSet<ConnectionId>,
    pub(crate) events: Vec<Event>,
    /// Bytes that each socket takes in all; no entry is no limit.
    pub(crate) room: BTreeMap<ConnectionId, usize>,
    received: BTreeMap<ConnectionId, BytesMut>,
}

/// A request as a peer sees it.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) connection: ConnectionId,
    pub(crate) api: ApiKey,
    pub(crate) version: i16,
    pub(crate) correlation: i32,
    pub(crate) client_id: Option<ByteString>,
    frame: Bytes,
}

impl Received {
    pub(crate) fn read<R: Request>(&self) -> R {
        assert_eq!(self.api, R::KEY);
        let mut reader = Reader::new(self.frame.clone());
        RequestHeader::read(&mut reader, R::header_version(self.version)).unwrap();
        let request = R::read(&mut reader, self.version).unwrap();
        reader.finish().unwrap();
        request
    }
}

impl World {
    /// A core whose bootstrap addresses are `b1:9092` and so on.
    pub(crate) fn new(bootstrap: usize, net: NetConfig) -> Self {
        Self::with_seed(bootstrap, net, 42)
    }

    pub(crate) fn with_seed(bootstrap: usize, net: NetConfig, seed: u64) -> Self {
        let now = Instant::from_micros(1_000_000);
        let bootstrap = (1..=bootstrap).map(|n| host(&format!("b{n}"))).collect();
        Self {
            core: Core::new(CoreConfig { bootstrap, net }, seed, now),
            now,
            connects: Vec::new(),
            closed: BTreeSet::new(),
            events: Vec::new(),
            room: BTreeMap::new(),
            received: BTreeMap::new(),
        }
    }

    /// A core that knows a cluster of brokers 1 to `brokers` at `n1:9092` and so on, over a bootstrap address
    /// that is none of them, with these topics (partition p is led by broker p modulo the count, plus one).
    pub(crate) fn with_cluster(brokers: i32, topics: &[(&str, i32)], net: NetConfig) -> Self {
        let mut world = Self::new(1, net);
        world.turn();
        for (name, _) in topics {
            world.core.parts().net.cluster_mut().want(&TopicName::from(*name));
        }
        let (bootstrap, _) = world.connects[0].clone();
        world.open(bootstrap);
        world.serve_metadata(bootstrap, brokers, topics);
        world
    }

    /// Turns of a shell that writes whatever the sockets take, until the core would sleep.
    pub(crate) fn turn(&mut self) {
        for _ in 0..1000 {
            self.turn_once();
            if self.core.park() != Park::Again {
                return;
            }
        }
        panic!("the core never sleeps");
    }

    fn turn_once(&mut self) {
        self.core.step(self.now);
        while let Some(command) = self.core.poll_command() {
            match command {
                Command::Connect { id, host, .. } => self.connects.push((id, host)),
                Command::Close { id } => {
                    self.closed.insert(id);
                }
                Command::Compress(job) => {
                    let compressed = job.run(&mut CompressionContext::default());
                    self.core.handle_compressed(compressed, self.now);
                    self.core.step(self.now);
                }
            }
        }
        let ids: Vec<_> = self.core.connections_with_output().collect();
        for id in ids {
            let mut bytes = BytesMut::new();
            for part in self.core.transmit(id) {
                assert!(!part.is_empty());
                bytes.extend_from_slice(part);
            }
            if let Some(room) = self.room.get_mut(&id) {
                bytes.truncate(*room);
                *room -= bytes.len();
            }
            self.core.handle_written(id, bytes.len(), self.now);
            self.received.entry(id).or_default().unsplit(bytes);
        }
        while let Some(event) = self.core.poll_event() {
            self.events.push(event);
        }
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.now = self.now + by;
        self.turn();
    }

    /// Goes from one timeout to the next until `end`, as a sleeping shell would.
    pub(crate) fn run_until(&mut self, end: Instant) {
        for _ in 0..100_000 {
            match self.core.poll_timeout() {
                Some(at) if at <= end => {
                    assert!(at >= self.now, "a timeout in the past: {at:?} at {:?}", self.now);
                    let stuck = at == self.now;
                    self.now = at;
                    self.turn();
                    let next = self.core.poll_timeout();
                    assert!(!stuck || next != Some(at), "the core asks for {at:?} again and again");
                }
                _ => {
                    self.now = end;
                    self.turn();
                    return;
                }
            }
        }
        panic!("the core never sleeps");
    }

    /// The latest connection to that host, which must be there.
    pub(crate) fn connection_to(&self, name: &str) -> ConnectionId {
        let found = self.connects.iter().rev().find(|(_, host)| host.name == name);
        found.unwrap_or_else(|| panic!("nobody connects to {name}: {:?}", self.connects)).0
    }

    /// Lets a connection come to be, and answers its handshake with every API that this build knows.
    pub(crate) fn open(&mut self, id: ConnectionId) {
        self.open_with(id, &|api| Some((api.versions.min, api.latest_stable)));
    }

    /// As [`Self::open`], with versions of the test's choice.
    pub(crate) fn open_with(&mut self, id: ConnectionId, versions: &dyn Fn(&Api) -> Option<(i16, i16)>) {
        self.core.handle_connected(id, self.now);
        self.turn();
        let hello = self.take(id);
        assert_eq!(hello.len(), 1);
        self.answer(&hello[0], &api_versions(versions));
        self.turn();
    }

    /// Takes the whole requests that a peer has received so far.
    pub(crate) fn take(&mut self, id: ConnectionId) -> Vec<Received> {
        let received = self.received.entry(id).or_default();
        let mut requests = Vec::new();
        while let Some(length) = received.first_chunk::<4>().map(|bytes| u32::from_be_bytes(*bytes) as usize)
        {
            if received.len() < 4 + length {
                break;
            }
            received.advance(4);
            let frame = received.split_to(length).freeze();
            let api = ApiKey(i16::from_be_bytes([frame[0], frame[1]]));
            let version = i16::from_be_bytes([frame[2], frame[3]]);
            let correlation = i32::from_be_bytes([frame[4], frame[5], frame[6], frame[7]]);
            // The first three fields and the client id are the same in every version of the header.
            let header = RequestHeader::read(&mut Reader::new(frame.clone()), 1).unwrap();
            let client_id = header.client_id;
            requests.push(Received { connection: id, api, version, correlation, client_id, frame });
        }
        requests
    }

    /// The only request that a peer has received since it was last asked.
    pub(crate) fn take_one(&mut self, id: ConnectionId) -> Received {
        let mut requests = self.take(id);
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests.remove(0)
    }

    /// Answers a request; the core's turn is the test's to take.
    pub(crate) fn answer<M: Response>(&mut self, request: &Received, response: &M) {
        self.answer_in(request, request.version, response);
    }

    /// Answers in another version than was asked.
    pub(crate) fn answer_in<M: Response>(&mut self, request: &Received, version: i16, response: &M) {
        assert_eq!(request.api, M::KEY);
        let mut writer = Writer::new();
        let header = ResponseHeader { correlation_id: request.correlation, ..ResponseHeader::default() };
        header.write(&mut writer, M::header_version(version)).unwrap();
        response.write(&mut writer, version).unwrap();
        self.core.handle_frame(request.connection, writer.finish().into_bytes(), self.now);
    }

    /// Answers the metadata request that this peer has received.
    pub(crate) fn serve_metadata(&mut self, id: ConnectionId, brokers: i32, topics: &[(&str, i32)]) {
        let request = self.take_one(id);
        let asked = request.read::<MetadataRequest>().topics.unwrap_or_default();
        let asked: Vec<_> = asked.into_iter().filter_map(|topic| topic.name).collect();
        let mut response = metadata(brokers, topics);
        response.topics.retain(|topic| asked.contains(topic.name.as_ref().unwrap()));
        self.answer(&request, &response);
        self.turn();
    }
}

pub(crate) fn host(name: &str) -> Host {
    Host { name: ByteString::from(name), port: 9092 }
}

pub(crate) fn api_versions(versions: &dyn Fn(&Api) -> Option<(i16, i16)>) -> ApiVersionsResponse {
    let api_keys = Api::all().iter().filter_map(|api| {
        let (min_version, max_version) = versions(api)?;
        Some(ApiVersion { api_key: api.key.0, min_version, max_version, ..ApiVersion::default() })
    });
    ApiVersionsResponse { api_keys: api_keys.collect(), ..ApiVersionsResponse::default() }
}

/// Brokers 1 to `brokers` at `n1:9092` and so on; partition p is led by broker p modulo the count, plus one, in
/// epoch 1.
pub(crate) fn metadata(brokers: i32, topics: &[(&str, i32)]) -> MetadataResponse {
    let broker = |id: i32| MetadataResponseBroker {
        node_id: BrokerId(id),
        host: ByteString::from(format!("n{id}")),
        port: 9092,
        ..MetadataResponseBroker::default()
    };
    let topics = topics.iter().map(|(name, partitions)| {
        let mut id = [7; 16];
        id[0] = name.as_bytes()[0];
        let partition = |index: i32| MetadataResponsePartition {
            partition_index: index,
            leader_id: BrokerId(index % brokers + 1),
            leader_epoch: LeaderEpoch(1),
            replica_nodes: vec![BrokerId(index % brokers + 1)],
            isr_nodes: vec![BrokerId(index % brokers + 1)],
            ..MetadataResponsePartition::default()
        };
        MetadataResponseTopic {
            name: Some(TopicName::from(*name)),
            topic_id: TopicId(id),
            partitions: (0..*partitions).map(partition).collect(),
            ..MetadataResponseTopic::default()
        }
    });
    MetadataResponse {
        brokers: (1..=brokers).map(broker).collect(),
        cluster_id: Some(ByteString::from_static("test-cluster")),
        controller_id: BrokerId(1),
        topics: topics.collect(),
        ..MetadataResponse::default()
    }
}
