//! The embedded broker: what its engine takes and hands out on one core, alone and over TCP.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;

use bytes::Bytes;
use ottla_broker::{Cluster, Config, ConnectionId, Engine, Instant, NodeAddress, Reply};
use ottla_proto::BrokerId;
use ottla_proto::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use ottla_proto::messages::header::RequestHeader;
use ottla_proto::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use ottla_proto::records::{BatchWriter, Stamp};
use ottla_proto::wire::{EncodeError, Message, Request, Writer};

use crate::harness::{Cost, cost, cost_elsewhere};

const VERSION: i16 = 12;
const REQUESTS: usize = 500;
const BATCH_BYTES: usize = 16 * 1024;
const NOW: Instant = Instant::from_millis(1_700_000_000_000);
/// Old batches go, so that a run may be as long as it likes.
const RETENTION: [(&str, &str); 2] = [("retention.bytes", "16777216"), ("segment.bytes", "1048576")];

type Failure = Box<dyn Error>;

pub(crate) fn run() -> Result<(), Failure> {
    let (batch, records) = batch();
    let produce = frame(&produce_request(batch))?;
    println!("| embedded broker, 100 B values, batches of 16 KiB | ns a record | lowest | M records/s |");
    println!("|---|---|---|---|");
    for (replicas, what) in [(1, "produce"), (3, "produce, three replicas")] {
        let mut broker = Broker::new(replicas)?;
        broker.produce(&produce)?;
        report(what, &cost(REQUESTS * records, || broker.produce(&produce)));
    }
    let mut broker = Broker::new(1)?;
    broker.produce(&produce)?;
    let fetch = frame(&fetch_request())?;
    let size = broker.answer(&fetch)?;
    report("fetch, 1 MiB answers", &cost(size / BATCH_BYTES * records, || broker.answer(&fetch)));

    let (_runtime, _cluster, mut stream) = served()?;
    let produce = [&u32::try_from(produce.len())?.to_be_bytes(), &*produce].concat();
    exchange(&mut stream, &produce)?;
    report("produce over TCP", &cost_elsewhere(REQUESTS * records, || exchange(&mut stream, &produce)));
    Ok(())
}

fn report(what: &str, cost: &Cost) {
    println!("| {what} | {:.1} | {:.1} | {:.1} |", cost.median, cost.lowest, 1e3 / cost.median);
}

/// An engine with the topic `t` of one partition, and a client of the node that leads it.
struct Broker {
    engine: Engine,
    client: ConnectionId,
}

impl Broker {
    fn new(replicas: i16) -> Result<Self, Failure> {
        let address =
            |id| NodeAddress { id: BrokerId(id), host: "localhost".to_owned(), port: 9092, rack: None };
        let mut engine = Engine::new(Config::new((1..=i32::from(replicas)).map(address).collect()));
        let settings = RETENTION.map(|(name, value)| (name.to_owned(), value.to_owned()));
        engine.create_topic("t", 1, replicas, BTreeMap::from(settings))?;
        engine.move_leader("t", 0, BrokerId(1), NOW);
        let client = engine.connect(BrokerId(1)).ok_or("there is a node 1")?;
        Ok(Self { engine, client })
    }

    fn produce(&mut self, request: &Bytes) -> Result<(), Failure> {
        (0..REQUESTS).try_for_each(|_| self.answer(request).map(drop))
    }

    /// How many bytes the answer has.
    fn answer(&mut self, request: &Bytes) -> Result<usize, Failure> {
        self.engine.handle_frame(self.client, request.clone(), NOW);
        match self.engine.poll_output().map(|output| output.reply) {
            Some(Reply::Answer { frame: Some(frame), .. }) => Ok(frame.len()),
            other => Err(format!("no answer: {other:?}").into()),
        }
    }
}

/// A batch as full as it may be, and how many records it has.
fn batch() -> (Bytes, usize) {
    let mut writer = BatchWriter::new(Vec::new());
    let mut count = 0;
    while writer.append(NOW.as_millis(), None, Some(&[b'x'; 100]), BATCH_BYTES).is_ok() {
        count += 1;
    }
    (writer.seal().stamp(Stamp::NONE).bytes().clone(), count)
}

fn frame<R: Request>(request: &R) -> Result<Bytes, EncodeError> {
    let mut writer = Writer::new();
    let header =
        RequestHeader { request_api_key: R::KEY.0, request_api_version: VERSION, ..RequestHeader::default() };
    header.write(&mut writer, R::header_version(VERSION))?;
    request.write(&mut writer, VERSION)?;
    Ok(writer.finish().into_bytes())
}

fn produce_request(batch: Bytes) -> ProduceRequest {
    let partition = PartitionProduceData { records: Some(batch), ..PartitionProduceData::default() };
    let topic =
        TopicProduceData { name: "t".into(), partition_data: vec![partition], ..TopicProduceData::default() };
    ProduceRequest { acks: -1, timeout_ms: 1000, topic_data: vec![topic], ..ProduceRequest::default() }
}

fn fetch_request() -> FetchRequest {
    let partition = FetchPartition { partition_max_bytes: 1 << 20, ..FetchPartition::default() };
    let topic = FetchTopic { topic: "t".into(), partitions: vec![partition], ..FetchTopic::default() };
    FetchRequest { max_bytes: 50 << 20, session_epoch: -1, topics: vec![topic], ..FetchRequest::default() }
}

/// A cluster on a thread of its own, and a connection to it.
fn served() -> Result<(tokio::runtime::Runtime, Cluster, TcpStream), Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let cluster = runtime.block_on(Cluster::builder().topic_with("t", 1, RETENTION).start())?;
    let stream = TcpStream::connect(cluster.bootstrap())?;
    stream.set_nodelay(true)?;
    Ok((runtime, cluster, stream))
}

/// Sends the requests, five of them unanswered at a time as clients do.
fn exchange(stream: &mut TcpStream, request: &[u8]) -> Result<(), Failure> {
    const WINDOW: usize = 5;
    for number in 0..REQUESTS + WINDOW {
        if number < REQUESTS {
            stream.write_all(request)?;
        }
        if number >= WINDOW {
            let mut length = [0; 4];
            stream.read_exact(&mut length)?;
            let mut answer = vec![0; usize::try_from(u32::from_be_bytes(length))?];
            stream.read_exact(&mut answer)?;
        }
    }
    Ok(())
}
