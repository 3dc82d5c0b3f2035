//! What the tests of several rooms need: a cluster with a clock in a field, and requests as frames.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use ottla_proto::compression::{Codec, Compressor};
use ottla_proto::messages::fetch::{FetchPartition, FetchRequest, FetchResponse, FetchTopic, PartitionData};
use ottla_proto::messages::header::{RequestHeader, ResponseHeader};
use ottla_proto::messages::produce::{
    PartitionProduceData, PartitionProduceResponse, ProduceRequest, ProduceResponse, TopicProduceData,
};
use ottla_proto::records::{BatchWriter, Batches, Stamp};
use ottla_proto::wire::{Message, Reader, Request, Response, Writer};
use ottla_proto::{ApiKey, BrokerId, ProducerEpoch, ProducerId, TopicId};

use crate::coordinator::CoordinatorType;
use crate::engine::{Close, Config, ConnectionId, Engine, NodeAddress, Reply};
use crate::storage::Disk;
use crate::storage::simulated::SimulatedDisk;
use crate::{Instant, QuotaEntity, QuotaKey};

/// The time at which every test starts.
pub(crate) const START: Instant = Instant::from_millis(1_700_000_000_000);

/// A cluster, a client of it, and the time.
pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) now: Instant,
    pub(crate) client: ConnectionId,
}

/// An answer and for how many milliseconds it mutes the connection.
#[derive(Debug)]
pub(crate) struct Answer<R> {
    pub(crate) response: R,
    pub(crate) muted_ms: i64,
}

impl World {
    pub(crate) fn new(nodes: i32) -> Self {
        Self::with(nodes, |_| ())
    }

    /// A cluster that is set up in another way.
    pub(crate) fn with(nodes: i32, change: impl FnOnce(&mut Config)) -> Self {
        let address = |id| NodeAddress {
            id: BrokerId(id),
            host: "kafka.test".to_owned(),
            port: 9000 + u16::try_from(id).unwrap(),
            rack: None,
        };
        let mut config = Config::new((1..=nodes).map(address).collect());
        change(&mut config);
        let mut engine = Engine::new(config);
        let client = engine.connect(BrokerId(1)).unwrap();
        Self { engine, now: START, client }
    }

    /// One node with the topic `t` of one partition.
    pub(crate) fn with_topic() -> Self {
        let mut world = Self::new(1);
        world.engine.create_topic("t", 1, -1, [].into()).unwrap();
        world
    }

    /// A cluster on a disk; it may be dropped at any time and opened again.
    pub(crate) fn on_disk(disk: &Arc<SimulatedDisk>, nodes: i32, fsync: bool) -> Self {
        let World { engine, now, .. } = Self::new(nodes);
        let config = Config { log_check_interval: Duration::from_secs(1), ..engine.config };
        Self::open(config, disk, fsync, now)
    }

    /// The process ends without a word and begins anew, on this many nodes.
    pub(crate) fn restart(&mut self, disk: &Arc<SimulatedDisk>, nodes: i32) {
        let config = Self::new(nodes).engine.config;
        *self = Self::open(config, disk, false, self.now);
    }

    fn open(config: Config, disk: &Arc<SimulatedDisk>, fsync: bool, now: Instant) -> Self {
        let mut engine = Engine::open(config, Arc::clone(disk) as Arc<dyn Disk>, fsync, now).unwrap();
        let client = engine.connect(BrokerId(1)).unwrap();
        Self { engine, now, client }
    }

    /// Connects to this node and asks it from now on.
    pub(crate) fn talk_to(&mut self, node: BrokerId) {
        self.client = self.engine.connect(node).unwrap();
    }

    pub(crate) fn limit(&mut self, key: QuotaKey, limit: f64) {
        assert!(self.engine.set_quota(QuotaEntity::client_id(CLIENT_ID), key, limit));
    }

    pub(crate) fn pass(&mut self, milliseconds: u64) {
        self.now = self.now + std::time::Duration::from_millis(milliseconds);
    }

    pub(crate) fn topic_id(&self, name: &str) -> TopicId {
        self.engine.topics.id(name).unwrap()
    }

    /// Sends a request that must be answered at once.
    pub(crate) fn ask<R: Request>(&mut self, version: i16, request: &R) -> R::Response {
        self.ask_muted(version, request).response
    }

    pub(crate) fn ask_muted<R: Request>(&mut self, version: i16, request: &R) -> Answer<R::Response> {
        self.send(version, request);
        self.answer::<R>(version)
    }

    pub(crate) fn send<R: Request>(&mut self, version: i16, request: &R) {
        look_for_coordinator::<R>(&mut self.engine);
        let frame = frame(version, request);
        self.engine.handle_frame(self.client, frame, self.now);
    }

    /// The answer that is due now.
    pub(crate) fn answer<R: Request>(&mut self, version: i16) -> Answer<R::Response> {
        match self.engine.poll_output().expect("an answer").reply {
            Reply::Answer { frame: Some(frame), muted_until } => Answer {
                response: decode::<R>(version, frame.into_bytes()),
                muted_ms: muted_until.as_millis() - self.now.as_millis(),
            },
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn is_silent(&mut self) -> bool {
        self.engine.poll_output().is_none()
    }

    pub(crate) fn closed(&mut self) -> Close {
        match self.engine.poll_output().expect("a reply").reply {
            Reply::Close(reason) => reason,
            other => panic!("{other:?}"),
        }
    }

    /// Writes a batch to partition 0 of `t`.
    pub(crate) fn produce(&mut self, batch: Bytes) -> PartitionProduceResponse {
        self.produce_muted(batch).response.responses.remove(0).partition_responses.remove(0)
    }

    pub(crate) fn produce_muted(&mut self, batch: Bytes) -> Answer<ProduceResponse> {
        self.ask_muted(12, &produce_request(-1, batch))
    }

    /// Reads partition 0 of `t`, without waiting.
    pub(crate) fn fetch(&mut self, offset: i64) -> PartitionData {
        let response = self.ask(12, &fetch_request(offset, 0));
        response.responses.into_iter().next().unwrap().partitions.into_iter().next().unwrap()
    }
}

pub(crate) const CLIENT_ID: &str = "tester";
pub(crate) const CORRELATION_ID: i32 = 0x0C0FFEE;

/// Whoever asks a coordinator has looked for it before.
pub(crate) fn look_for_coordinator<R: Request>(engine: &mut Engine) {
    let kind = match R::KEY {
        ApiKey::JOIN_GROUP
        | ApiKey::SYNC_GROUP
        | ApiKey::HEARTBEAT
        | ApiKey::LEAVE_GROUP
        | ApiKey::OFFSET_COMMIT
        | ApiKey::OFFSET_FETCH
        | ApiKey::OFFSET_DELETE
        | ApiKey::TXN_OFFSET_COMMIT
        | ApiKey::DESCRIBE_GROUPS
        | ApiKey::DELETE_GROUPS
        | ApiKey::CONSUMER_GROUP_HEARTBEAT
        | ApiKey::CONSUMER_GROUP_DESCRIBE => CoordinatorType::Group,
        ApiKey::INIT_PRODUCER_ID
        | ApiKey::ADD_PARTITIONS_TO_TXN
        | ApiKey::ADD_OFFSETS_TO_TXN
        | ApiKey::END_TXN
        | ApiKey::DESCRIBE_TRANSACTIONS => CoordinatorType::Transaction,
        _ => return,
    };
    engine.ensure_coordinators(kind);
}

/// The bytes of a request without the length prefix.
pub(crate) fn frame<R: Request>(version: i16, request: &R) -> Bytes {
    let mut writer = Writer::new();
    let header = RequestHeader {
        request_api_key: R::KEY.0,
        request_api_version: version,
        correlation_id: CORRELATION_ID,
        client_id: Some(CLIENT_ID.into()),
        ..RequestHeader::default()
    };
    header.write(&mut writer, R::header_version(version)).unwrap();
    request.write(&mut writer, version).unwrap();
    writer.finish().into_bytes()
}

pub(crate) fn decode<R: Request>(version: i16, frame: Bytes) -> R::Response {
    let mut reader = Reader::new(frame);
    let header = ResponseHeader::read(&mut reader, R::Response::header_version(version)).unwrap();
    assert_eq!(header.correlation_id, CORRELATION_ID);
    let response = R::Response::read(&mut reader, version).unwrap();
    reader.finish().unwrap();
    response
}

pub(crate) fn produce_request(acks: i16, batch: Bytes) -> ProduceRequest {
    let partition = PartitionProduceData { records: Some(batch), ..PartitionProduceData::default() };
    let topic =
        TopicProduceData { name: "t".into(), partition_data: vec![partition], ..TopicProduceData::default() };
    ProduceRequest { acks, timeout_ms: 1000, topic_data: vec![topic], ..ProduceRequest::default() }
}

pub(crate) fn fetch_request(offset: i64, max_wait_ms: i32) -> FetchRequest {
    let partition =
        FetchPartition { fetch_offset: offset, partition_max_bytes: 1 << 20, ..FetchPartition::default() };
    let topic = FetchTopic { topic: "t".into(), partitions: vec![partition], ..FetchTopic::default() };
    FetchRequest {
        max_wait_ms,
        min_bytes: 1,
        max_bytes: 50 << 20,
        session_epoch: -1,
        topics: vec![topic],
        ..FetchRequest::default()
    }
}

/// The partition of an answer to [`fetch_request`].
pub(crate) fn only(response: FetchResponse) -> PartitionData {
    response.responses.into_iter().next().unwrap().partitions.into_iter().next().unwrap()
}

/// A batch of one record for each value, all stamped with the time at which tests start.
pub(crate) fn batch(values: &[&str]) -> Bytes {
    batch_by(Stamp::NONE, Codec::None, values)
}

pub(crate) fn sequenced(producer_id: i64, epoch: i16, sequence: i32, count: usize) -> Bytes {
    let stamp = Stamp {
        producer_id: ProducerId(producer_id),
        producer_epoch: ProducerEpoch(epoch),
        base_sequence: sequence,
        transactional: false,
    };
    batch_by(stamp, Codec::None, &vec!["v"; count])
}

pub(crate) fn batch_by(stamp: Stamp, codec: Codec, values: &[&str]) -> Bytes {
    let records: Vec<_> = values.iter().map(|value| (START.as_millis(), None, *value)).collect();
    batch_of(stamp, codec, &records)
}

pub(crate) fn batch_of(stamp: Stamp, codec: Codec, records: &[(i64, Option<&str>, &str)]) -> Bytes {
    let mut writer = BatchWriter::new(Vec::new());
    for (timestamp, key, value) in records {
        let key = key.map(str::as_bytes);
        writer.append(*timestamp, key, Some(value.as_bytes()), usize::MAX).unwrap();
    }
    let mut sealed = writer.seal();
    if codec != Codec::None {
        sealed.compress(&mut Compressor::new(codec).unwrap(), &mut Vec::new()).unwrap();
    }
    sealed.stamp(stamp).bytes().clone()
}

/// Offset and value of every whole record in a record set.
pub(crate) fn values(records: &Bytes) -> Vec<(i64, String)> {
    let mut values = Vec::new();
    for batch in Batches::new(records.clone()) {
        let batch = batch.unwrap();
        batch.verify_crc().unwrap();
        let records = batch.read(&mut ottla_proto::compression::Decompressor::default()).unwrap();
        let text = |value: Option<&[u8]>| String::from_utf8(value.unwrap().to_vec()).unwrap();
        values.extend(records.iter().map(|record| (record.offset, text(record.value))));
    }
    values
}
