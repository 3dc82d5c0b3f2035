//! A core without sockets: the work at hand is its shell, and this the only broker it knows.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::{Buf, Bytes, BytesMut};
use bytestring::ByteString;
use ottla_core::consumer::{ConsumerConfig, ConsumerReader};
use ottla_core::group::{GroupConfig, GroupEdge};
use ottla_core::net::{ConnectionId, Host, NetConfig};
use ottla_core::producer::{NewRecord, ProducerConfig, TopicHandle};
use ottla_core::{Command, Core, CoreConfig, Instant, Park};
use ottla_proto::messages::api_versions::ApiVersion;
use ottla_proto::messages::consumer_group_heartbeat::{Assignment, ResponseTopicPartitions};
use ottla_proto::messages::fetch::{FetchPartition, FetchableTopicResponse, PartitionData};
use ottla_proto::messages::find_coordinator::Coordinator;
use ottla_proto::messages::metadata::{
    MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};
use ottla_proto::messages::offset_fetch::{
    OffsetFetchResponseGroup, OffsetFetchResponsePartitions, OffsetFetchResponseTopics,
};
use ottla_proto::messages::produce::{PartitionProduceResponse, TopicProduceResponse};
use ottla_proto::messages::{
    ApiVersionsResponse, ConsumerGroupHeartbeatResponse, FetchRequest, FetchResponse,
    FindCoordinatorResponse, InitProducerIdResponse, MetadataResponse, OffsetFetchRequest,
    OffsetFetchResponse, ProduceRequest, ProduceResponse, RequestHeader, ResponseHeader,
};
use ottla_proto::wire::{Message, Reader, Request, Response, Writer};
use ottla_proto::{
    Api, ApiKey, BrokerId, GroupId, LeaderEpoch, ProducerEpoch, ProducerId, TopicId, TopicName,
};

use crate::Failure;

/// The topic of whoever has one.
pub(crate) const ORDERS: TopicName = TopicName(ByteString::from_static("orders"));
/// What records carry.
pub(crate) const VALUE: [u8; 100] = [b'v'; 100];
const GROUP: GroupId = GroupId(ByteString::from_static("billing"));

pub(crate) struct Peer {
    pub(crate) core: Core,
    pub(crate) now: Instant,
    /// How many brokers there are; they lead the partitions in turn.
    pub(crate) brokers: i32,
    /// How many partitions, from the first one of each topic, have a new leader.
    pub(crate) moved: i32,
    topics: Vec<(TopicName, i32)>,
    /// What each connection has written, in the pieces that it came in.
    written: BTreeMap<ConnectionId, Vec<Bytes>>,
}

/// A request that was read as far as its name.
pub(crate) struct Asked {
    connection: ConnectionId,
    api: ApiKey,
    version: i16,
    correlation: i32,
    frame: Bytes,
}

impl Peer {
    /// A core that knows an address and nothing else; the broker behind it has these topics.
    pub(crate) fn new(topics: Vec<(TopicName, i32)>) -> Self {
        let now = Instant::from_micros(1_000_000);
        let bootstrap = vec![host()];
        let core = Core::new(CoreConfig { bootstrap, net: NetConfig::default() }, 1, now);
        Self { core, now, brokers: 1, moved: 0, topics, written: BTreeMap::new() }
    }

    /// A producer that knows its one topic, and has an identity.
    pub(crate) fn with_producer(
        partitions: i32,
        set: impl FnOnce(&mut ProducerConfig),
    ) -> Result<(Self, TopicHandle), Failure> {
        Self::with_producer_over(1, partitions, set)
    }

    /// The same, over many brokers.
    pub(crate) fn with_producer_over(
        brokers: i32,
        partitions: i32,
        set: impl FnOnce(&mut ProducerConfig),
    ) -> Result<(Self, TopicHandle), Failure> {
        let mut peer = Self::new(vec![(ORDERS, partitions)]);
        peer.brokers = brokers;
        let mut config = ProducerConfig::default();
        set(&mut config);
        let wake = peer.core.wake().clone();
        let parts = peer.core.parts();
        let edge = parts.producers.add(config, parts.net, &wake);
        let orders = edge.topic(&ORDERS);
        peer.serve()?;
        if orders.partitions() != u32::try_from(partitions)? {
            return Err("the producer did not learn of its topic".into());
        }
        Ok((peer, orders))
    }

    /// The one member of a group, that has every partition of its topic and waits for records.
    pub(crate) fn with_member(partitions: i32) -> Result<(Self, Arc<GroupEdge>, ConsumerReader), Failure> {
        let (mut peer, member, reader) = Self::with_new_member(partitions);
        peer.serve()?;
        let (owned, read) = (member.owned().len(), reader.partitions().len());
        if (owned, read) != (usize::try_from(partitions)?, owned) {
            return Err(format!("the member has {owned} partitions and reads {read}").into());
        }
        Ok((peer, member, reader))
    }

    /// A member that has said nothing yet.
    pub(crate) fn with_new_member(partitions: i32) -> (Self, Arc<GroupEdge>, ConsumerReader) {
        let mut peer = Self::new(vec![(ORDERS, partitions)]);
        let (wake, now) = (peer.core.wake().clone(), peer.now);
        let parts = peer.core.parts();
        let reading = ConsumerConfig { awaits_assignment: true, ..ConsumerConfig::default() };
        let (key, reader) = parts.consumers.add(reading, wake.clone());
        let config = GroupConfig::new(GROUP, vec![ORDERS]);
        let member = parts.groups.join(key, config, reader.edge().clone(), wake, parts.net, now);
        (peer, member, reader)
    }

    /// Hands over a record for each partition of [`ORDERS`], as long as there is room for it.
    pub(crate) fn append_to_each(&self, orders: &TopicHandle, partitions: i32) -> Result<(), Failure> {
        for partition in 0..partitions {
            let record =
                NewRecord { value: Some(&VALUE), partition: Some(partition), ..NewRecord::default() };
            drop(orders.try_append(&record, || self.now).map_err(|_| "the record was refused")?);
        }
        Ok(())
    }

    /// One turn of the driver; everything that the core has to write is taken.
    pub(crate) fn turn(&mut self) {
        self.core.step(self.now);
        let ids: Vec<_> = self.core.connections_with_output().collect();
        for id in ids {
            let written = self.written.entry(id).or_default();
            let mut bytes = 0;
            for piece in self.core.transmit(id) {
                bytes += piece.len();
                written.push(piece.clone());
            }
            self.core.handle_written(id, bytes, self.now);
        }
    }

    /// Turns and answers until nobody has anything to say.
    pub(crate) fn serve(&mut self) -> Result<(), Failure> {
        // There is nothing to read yet.
        self.serve_but(ApiKey::FETCH).map(drop)
    }

    /// The same, but for requests of one kind, which are given back.
    pub(crate) fn serve_but(&mut self, kept: ApiKey) -> Result<Vec<Asked>, Failure> {
        let mut held = Vec::new();
        loop {
            self.turn();
            let mut quiet = self.core.park() != Park::Again;
            while let Some(command) = self.core.poll_command() {
                if let Command::Connect { id, .. } = command {
                    self.core.handle_connected(id, self.now);
                }
                quiet = false;
            }
            while self.core.poll_event().is_some() {}
            for asked in self.take_requests()? {
                if asked.api == kept {
                    held.push(asked);
                    continue;
                }
                let answer = self.answer(&asked)?;
                self.core.handle_frame(asked.connection, answer, self.now);
                quiet = false;
            }
            if quiet {
                return Ok(held);
            }
        }
    }

    /// The requests that have been written since this was last asked.
    pub(crate) fn take_requests(&mut self) -> Result<Vec<Asked>, Failure> {
        let mut requests = Vec::new();
        for (connection, pieces) in std::mem::take(&mut self.written) {
            let mut bytes: BytesMut = pieces.concat().as_slice().into();
            while bytes.len() > 4 {
                let length = usize::try_from(bytes.get_u32())?;
                let frame = bytes.split_to(length).freeze();
                let mut head = frame.clone();
                let (api, version) = (ApiKey(head.get_i16()), head.get_i16());
                requests.push(Asked { connection, api, version, correlation: head.get_i32(), frame });
            }
        }
        Ok(requests)
    }

    /// What answers the requests that have been written since this was last asked; there must be one.
    pub(crate) fn answers(&mut self) -> Result<Vec<(ConnectionId, Bytes)>, Failure> {
        let asked = self.take_requests()?;
        if asked.is_empty() {
            return Err("nothing was asked".into());
        }
        asked.iter().map(|asked| Ok((asked.connection, self.answer(asked)?))).collect()
    }

    /// Hands the core frames that came.
    pub(crate) fn take_in(&mut self, frames: &[(ConnectionId, Bytes)]) {
        for (connection, frame) in frames {
            self.core.handle_frame(*connection, frame.clone(), self.now);
        }
    }

    /// The frame that answers a request.
    pub(crate) fn answer(&self, asked: &Asked) -> Result<Bytes, Failure> {
        match asked.api {
            ApiKey::API_VERSIONS => asked.frame_of(&api_versions()),
            ApiKey::METADATA => asked.frame_of(&self.metadata()),
            ApiKey::INIT_PRODUCER_ID => asked.frame_of(&InitProducerIdResponse {
                producer_id: ProducerId(1),
                producer_epoch: ProducerEpoch(0),
                ..InitProducerIdResponse::default()
            }),
            ApiKey::FIND_COORDINATOR => asked.frame_of(&coordinator()),
            ApiKey::CONSUMER_GROUP_HEARTBEAT => asked.frame_of(&everything(&self.topics)),
            ApiKey::OFFSET_FETCH => asked.frame_of(&committed(&asked.read()?)),
            ApiKey::PRODUCE => asked.frame_of(&written(&asked.read()?)),
            other => Err(format!("nobody answers {other:?}").into()),
        }
    }

    fn metadata(&self) -> MetadataResponse {
        let brokers = (1..=self.brokers).map(|broker| MetadataResponseBroker {
            node_id: BrokerId(broker),
            host: host().name,
            port: i32::from(host().port) + broker - 1,
            ..MetadataResponseBroker::default()
        });
        let topics = (1_u128..).zip(&self.topics).map(|(id, (name, partitions))| MetadataResponseTopic {
            name: Some(name.clone()),
            topic_id: TopicId(id.to_be_bytes()),
            partitions: (0..*partitions).map(|index| self.partition(index)).collect(),
            ..MetadataResponseTopic::default()
        });
        MetadataResponse {
            brokers: brokers.collect(),
            controller_id: BrokerId(1),
            topics: topics.collect(),
            ..MetadataResponse::default()
        }
    }

    /// With up to three replicas, one after the other from its first leader.
    fn partition(&self, index: i32) -> MetadataResponsePartition {
        let replica = |turn| BrokerId(1 + (index + turn) % self.brokers);
        let replicas: Vec<_> = (0..self.brokers.min(3)).map(replica).collect();
        let moved = i32::from(index < self.moved);
        MetadataResponsePartition {
            partition_index: index,
            leader_id: replica(moved),
            leader_epoch: LeaderEpoch(1 + moved),
            replica_nodes: replicas.clone(),
            isr_nodes: replicas,
            ..MetadataResponsePartition::default()
        }
    }
}

impl Asked {
    pub(crate) fn connection(&self) -> ConnectionId {
        self.connection
    }

    /// The frame that answers a request for records: each partition that it names has this batch where it is to begin.
    pub(crate) fn fetched(&self, records: &Bytes) -> Result<Bytes, Failure> {
        let request: FetchRequest = self.read()?;
        let topics = request.topics.into_iter().map(|topic| FetchableTopicResponse {
            topic: topic.topic,
            topic_id: topic.topic_id,
            partitions: topic.partitions.iter().map(|asked| at_offset(asked, records)).collect(),
            ..FetchableTopicResponse::default()
        });
        self.frame_of(&FetchResponse {
            session_id: 1,
            responses: topics.collect(),
            ..FetchResponse::default()
        })
    }

    fn read<R: Request>(&self) -> Result<R, Failure> {
        let mut reader = Reader::new(self.frame.clone());
        RequestHeader::read(&mut reader, R::header_version(self.version))?;
        Ok(R::read(&mut reader, self.version)?)
    }

    fn frame_of<M: Response>(&self, response: &M) -> Result<Bytes, Failure> {
        let mut writer = Writer::new();
        let header = ResponseHeader { correlation_id: self.correlation, ..ResponseHeader::default() };
        header.write(&mut writer, M::header_version(self.version))?;
        response.write(&mut writer, self.version)?;
        Ok(writer.finish().into_bytes())
    }
}

fn host() -> Host {
    Host { name: ByteString::from_static("broker"), port: 9092 }
}

fn api_versions() -> ApiVersionsResponse {
    let api_keys = Api::all().iter().map(|api| ApiVersion {
        api_key: api.key.0,
        min_version: api.versions.min,
        max_version: api.latest_stable,
        ..ApiVersion::default()
    });
    ApiVersionsResponse { api_keys: api_keys.collect(), ..ApiVersionsResponse::default() }
}

fn coordinator() -> FindCoordinatorResponse {
    let Host { name: host, port } = host();
    let node_id = BrokerId(1);
    let coordinator =
        Coordinator { key: GROUP.0, node_id, host, port: i32::from(port), ..Coordinator::default() };
    FindCoordinatorResponse { coordinators: vec![coordinator], ..FindCoordinatorResponse::default() }
}

/// The one member has all partitions.
fn everything(topics: &[(TopicName, i32)]) -> ConsumerGroupHeartbeatResponse {
    let topic_partitions = (1_u128..).zip(topics).map(|(id, (_, partitions))| ResponseTopicPartitions {
        topic_id: TopicId(id.to_be_bytes()),
        partitions: (0..*partitions).collect(),
        ..ResponseTopicPartitions::default()
    });
    let assignment = Assignment { topic_partitions: topic_partitions.collect(), ..Assignment::default() };
    ConsumerGroupHeartbeatResponse {
        member_epoch: 1,
        heartbeat_interval_ms: 5_000,
        assignment: Some(assignment),
        ..ConsumerGroupHeartbeatResponse::default()
    }
}

/// The group stopped at offset 7 of each partition.
fn committed(request: &OffsetFetchRequest) -> OffsetFetchResponse {
    let groups = request.groups.iter().map(|asked| OffsetFetchResponseGroup {
        group_id: asked.group_id.clone(),
        topics: asked
            .topics
            .iter()
            .flatten()
            .map(|topic| OffsetFetchResponseTopics {
                name: topic.name.clone(),
                topic_id: topic.topic_id,
                partitions: topic
                    .partition_indexes
                    .iter()
                    .map(|&partition_index| OffsetFetchResponsePartitions {
                        partition_index,
                        committed_offset: 7,
                        committed_leader_epoch: LeaderEpoch::NONE,
                        ..OffsetFetchResponsePartitions::default()
                    })
                    .collect(),
                ..OffsetFetchResponseTopics::default()
            })
            .collect(),
        ..OffsetFetchResponseGroup::default()
    });
    OffsetFetchResponse { groups: groups.collect(), ..OffsetFetchResponse::default() }
}

/// The batch as the next in the log; its checksum does not cover where it begins.
fn at_offset(asked: &FetchPartition, records: &Bytes) -> PartitionData {
    let rest = records.get(8..).unwrap_or_default();
    PartitionData {
        partition_index: asked.partition,
        high_watermark: asked.fetch_offset + 1_000,
        records: Some([&asked.fetch_offset.to_be_bytes(), rest].concat().into()),
        ..PartitionData::default()
    }
}

/// Everything is in the log.
fn written(request: &ProduceRequest) -> ProduceResponse {
    let topics = request.topic_data.iter().map(|topic| TopicProduceResponse {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        partition_responses: topic
            .partition_data
            .iter()
            .map(|data| PartitionProduceResponse { index: data.index, ..PartitionProduceResponse::default() })
            .collect(),
        ..TopicProduceResponse::default()
    });
    ProduceResponse { responses: topics.collect(), ..ProduceResponse::default() }
}
