//! Every API in every version that the broker offers, with bodies written from Kafka's schemas and then spoilt: each
//! request has one end, the engine never spins, and nobody else notices.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests state what must hold, as tests do"
)]

#[path = "../../proto/tests/schema/mod.rs"]
mod schema;

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use ottla_broker::{Config, ConnectionId, Engine, Instant, NodeAddress, Output, Reply};
use ottla_proto::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use ottla_proto::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use ottla_proto::messages::header::{RequestHeader, ResponseHeader};
use ottla_proto::messages::produce::{
    PartitionProduceData, ProduceRequest, ProduceResponse, TopicProduceData,
};
use ottla_proto::records::{BatchWriter, Stamp};
use ottla_proto::wire::{Message, Reader, Request, Response, Writer};
use ottla_proto::{BrokerId, ErrorCode};
use schema::random::{self, LengthShape, Random, Written};
use schema::{Kind, SCHEMAS};

/// How many connections of hostile clients stay open.
const OPEN: usize = 50;

#[test]
fn spoilt_requests_of_every_kind_have_one_end_each_and_harm_nobody() {
    let rounds = if std::env::var_os("OTTLA_PROOF").is_some() { 2_000 } else { 12 };
    let mut world = World::new();
    let offered = world.offered();
    let (mut versions, mut requests) = (0, 0);
    for round in 0..rounds {
        for schema in SCHEMAS.iter().filter(|schema| schema.kind == Kind::Request) {
            let Some(key) = schema.api_key else { continue };
            let Some((_, first, last)) = offered.iter().find(|(offered, ..)| *offered == key) else {
                continue;
            };
            for version in (*first).max(schema.versions.0)..=(*last).min(schema.versions.1) {
                let written = random::message(schema, version, &mut world.random);
                let body = world.spoil(written);
                world.send(key, version, version >= schema.first_flexible, &body);
                requests += 1;
                versions += usize::from(round == 0);
            }
        }
        world.check_on_the_good_client(round);
    }
    assert!(versions > 200, "only {versions} versions were tried");
    let [answered, closed] = world.ends;
    // A test that only meets refusals would show little.
    assert!(answered * 10 > requests && closed * 20 > requests, "{:?} of {requests}", world.ends);
}

/// A cluster, its hostile clients, and one good client.
struct World {
    engine: Engine,
    now: Instant,
    random: Random,
    open: Vec<ConnectionId>,
    /// Those that wait for an answer.
    busy: BTreeSet<ConnectionId>,
    /// How many requests were answered at once, and how many ended with their connection.
    ends: [usize; 2],
    good: ConnectionId,
}

impl World {
    fn new() -> Self {
        let address =
            |id| NodeAddress { id: BrokerId(id), host: "kafka.test".to_owned(), port: 9092, rack: None };
        let config = Config { max_partitions: 500, ..Config::new((1..=3).map(address).collect()) };
        let mut engine = Engine::new(config);
        // Names that random requests hit.
        for name in ["a", "Z", "0", "-", "aa"] {
            engine.create_topic(name, 2, 3, [].into()).unwrap();
        }
        engine.create_topic("good", 1, 1, [].into()).unwrap();
        let good = (1..=3).find_map(|node| leads_good(&mut engine, node)).unwrap();
        let now = Instant::from_millis(1_700_000_000_000);
        Self {
            engine,
            now,
            random: Random::new(5),
            open: Vec::new(),
            busy: BTreeSet::new(),
            ends: [0; 2],
            good,
        }
    }

    fn offered(&mut self) -> Vec<(i16, i16, i16)> {
        let asked = frame(18, 0, false, &ApiVersionsRequest::default().encode(0).unwrap());
        self.engine.handle_frame(self.good, asked, self.now);
        let answer: ApiVersionsResponse = self.only_answer(0);
        answer.api_keys.iter().map(|api| (api.api_key, api.min_version, api.max_version)).collect()
    }

    /// Changes a valid body, most of the time.
    fn spoil(&mut self, written: Written) -> Vec<u8> {
        let Written { mut bytes, lengths, .. } = written;
        let random = &mut self.random;
        match random.below(6) {
            0 | 1 => {}
            2 => bytes.truncate(random.below(bytes.len() + 1)),
            3 => bytes.extend((0..random.below(9)).map(|_| 7)),
            4 if !lengths.is_empty() => {
                // A length that promises far more than there is, or less than nothing.
                let (at, shape) = lengths[random.below(lengths.len())];
                let huge = if random.one_in(2) { 0xff } else { 0x7f };
                let size = match shape {
                    LengthShape::I16 => 2,
                    LengthShape::I32 => 4,
                    LengthShape::Varint(size) => size,
                };
                for (place, byte) in bytes.iter_mut().skip(at).take(size).enumerate() {
                    *byte = if place == 0 { huge } else { 0xff };
                }
            }
            _ if !bytes.is_empty() => {
                for _ in 0..=random.below(4) {
                    let at = random.below(bytes.len());
                    bytes[at] = random.next().to_be_bytes()[0];
                }
            }
            _ => {}
        }
        bytes
    }

    /// Sends a request over a connection of its own and looks at everything that comes of it.
    fn send(&mut self, key: i16, version: i16, flexible: bool, body: &[u8]) {
        let node = BrokerId(i32::try_from(1 + self.random.below(3)).unwrap());
        let connection = self.engine.connect(node).unwrap();
        self.open.push(connection);
        self.busy.insert(connection);
        self.engine.handle_frame(connection, frame(key, version, flexible, body), self.now);
        self.take_outputs(Some(connection));
        if self.open.len() > OPEN {
            let oldest = self.open.remove(0);
            self.busy.remove(&oldest);
            self.engine.disconnect(oldest);
        }
        if self.random.one_in(8) {
            let time = Duration::from_millis(self.random.next() % 2_000);
            self.pass(time);
        }
    }

    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        let mut turns = 0;
        while let Some(due) = self.engine.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.engine.handle_timeout(self.now);
            self.take_outputs(None);
            turns += 1;
            assert!(turns < 10_000, "the engine asks for its timeout again and again at {:?}", self.now);
        }
        self.now = until;
    }

    fn take_outputs(&mut self, current: Option<ConnectionId>) {
        while let Some(Output { connection, reply }) = self.engine.poll_output() {
            assert!(self.busy.remove(&connection), "a reply that nobody waits for: {reply:?}");
            if Some(connection) == current {
                self.ends[usize::from(matches!(reply, Reply::Close(_)))] += 1;
            }
        }
    }

    /// The good client writes a record and reads it back.
    fn check_on_the_good_client(&mut self, round: i64) {
        let mut batch = BatchWriter::new(Vec::new());
        batch.append(self.now.as_millis(), None, Some(b"good"), usize::MAX).unwrap();
        let records = Some(batch.seal().stamp(Stamp::NONE).bytes().clone());
        let partition = PartitionProduceData { records, ..PartitionProduceData::default() };
        let topic = TopicProduceData {
            name: "good".into(),
            partition_data: vec![partition],
            ..TopicProduceData::default()
        };
        let request = ProduceRequest { acks: 1, topic_data: vec![topic], ..ProduceRequest::default() };
        let written: ProduceResponse = self.ask(12, &request);
        let written = &written.responses[0].partition_responses[0];
        assert_eq!((written.error_code, written.base_offset), (ErrorCode::NONE, round));

        let partition =
            FetchPartition { fetch_offset: round, partition_max_bytes: 1 << 20, ..FetchPartition::default() };
        let topic = FetchTopic { topic: "good".into(), partitions: vec![partition], ..FetchTopic::default() };
        let request = FetchRequest {
            max_bytes: 1 << 20,
            session_epoch: -1,
            topics: vec![topic],
            ..FetchRequest::default()
        };
        let read = self.ask(12, &request);
        let records = read.responses[0].partitions[0].records.clone().unwrap();
        assert!(records.windows(4).any(|bytes| bytes == b"good"), "{records:?}");
    }

    fn ask<R: Request>(&mut self, version: i16, request: &R) -> R::Response {
        let body = request.encode(version).unwrap();
        let frame = frame(R::KEY.0, version, R::header_version(version) > 1, &body);
        self.engine.handle_frame(self.good, frame, self.now);
        self.only_answer(version)
    }

    fn only_answer<R: Response>(&mut self, version: i16) -> R {
        let Some(Output { connection, reply: Reply::Answer { frame: Some(frame), .. } }) =
            self.engine.poll_output()
        else {
            panic!("no answer")
        };
        assert_eq!(connection, self.good);
        let mut reader = Reader::new(frame.into_bytes());
        ResponseHeader::read(&mut reader, R::header_version(version)).unwrap();
        R::read(&mut reader, version).unwrap()
    }
}

/// A connection to the node, if it leads the topic `good`.
fn leads_good(engine: &mut Engine, node: i32) -> Option<ConnectionId> {
    engine
        .move_leader("good", 0, BrokerId(node), Instant::default())
        .then(|| engine.connect(BrokerId(node)))?
}

fn frame(key: i16, version: i16, flexible: bool, body: &[u8]) -> Bytes {
    let mut writer = Writer::new();
    let header = RequestHeader {
        request_api_key: key,
        request_api_version: version,
        client_id: Some("hostile".into()),
        ..RequestHeader::default()
    };
    header.write(&mut writer, if flexible { 2 } else { 1 }).unwrap();
    [&*writer.finish().into_bytes(), body].concat().into()
}
