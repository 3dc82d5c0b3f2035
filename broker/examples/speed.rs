//! How many records a second the engine takes and hands out on one core, without sockets:
//! `cargo run --release -p ottla-broker --example speed`.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::collections::BTreeMap;
use std::error::Error;

use bytes::Bytes;
use ottla_broker::{Config, ConnectionId, Engine, Instant, NodeAddress, Reply};
use ottla_proto::BrokerId;
use ottla_proto::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};
use ottla_proto::messages::header::RequestHeader;
use ottla_proto::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use ottla_proto::records::{BatchWriter, Stamp};
use ottla_proto::wire::{EncodeError, Message, Request, Writer};

const REQUESTS: u32 = 20_000;
const BATCH_BYTES: usize = 16 * 1024;
const NOW: Instant = Instant::from_millis(1_700_000_000_000);

fn main() -> Result<(), Box<dyn Error>> {
    let address = NodeAddress { id: BrokerId(1), host: "localhost".to_owned(), port: 9092, rack: None };
    let mut engine = Engine::new(Config::new(vec![address]));
    engine.create_topic("t", 1, -1, BTreeMap::new())?;
    let client = engine.connect(BrokerId(1)).ok_or("there is a node 1")?;

    let mut writer = BatchWriter::new(Vec::new());
    while writer.append(NOW.as_millis(), None, Some(&[b'x'; 100]), BATCH_BYTES).is_ok() {}
    let per_batch = writer.count();
    let batch = writer.seal().stamp(Stamp::NONE).bytes().clone();
    let produce = frame(12, &produce_request(batch))?;
    let took =
        time(|| (0..REQUESTS).try_for_each(|_| answer(&mut engine, client, produce.clone()).map(drop)))?;
    report("produce, 16 KiB batches", REQUESTS * per_batch, took);

    let mut offset = 0;
    let took = time(|| {
        while offset < i64::from(REQUESTS * per_batch) {
            let size = answer(&mut engine, client, frame(12, &fetch_request(offset))?)?;
            offset += i64::from(per_batch) * i64::try_from(size / BATCH_BYTES.saturating_sub(200))?;
        }
        Ok(())
    })?;
    report("fetch, 1 MiB answers", REQUESTS * per_batch, took);
    Ok(())
}

fn answer(engine: &mut Engine, client: ConnectionId, frame: Bytes) -> Result<usize, Box<dyn Error>> {
    engine.handle_frame(client, frame, NOW);
    match engine.poll_output().map(|output| output.reply) {
        Some(Reply::Answer { frame: Some(frame), .. }) => Ok(frame.len()),
        other => Err(format!("no answer: {other:?}").into()),
    }
}

fn frame<R: Request>(version: i16, request: &R) -> Result<Bytes, EncodeError> {
    let mut writer = Writer::new();
    let header =
        RequestHeader { request_api_key: R::KEY.0, request_api_version: version, ..RequestHeader::default() };
    header.write(&mut writer, R::header_version(version))?;
    request.write(&mut writer, version)?;
    Ok(writer.finish().into_bytes())
}

fn produce_request(batch: Bytes) -> ProduceRequest {
    let partition = PartitionProduceData { records: Some(batch), ..PartitionProduceData::default() };
    let topic =
        TopicProduceData { name: "t".into(), partition_data: vec![partition], ..TopicProduceData::default() };
    ProduceRequest { acks: -1, topic_data: vec![topic], ..ProduceRequest::default() }
}

fn fetch_request(offset: i64) -> FetchRequest {
    let partition =
        FetchPartition { fetch_offset: offset, partition_max_bytes: 1 << 20, ..FetchPartition::default() };
    let topic = FetchTopic { topic: "t".into(), partitions: vec![partition], ..FetchTopic::default() };
    FetchRequest { max_bytes: 50 << 20, topics: vec![topic], ..FetchRequest::default() }
}

fn time(work: impl FnOnce() -> Result<(), Box<dyn Error>>) -> Result<std::time::Duration, Box<dyn Error>> {
    let start = std::time::Instant::now();
    work()?;
    Ok(start.elapsed())
}

fn report(what: &str, records: u32, took: std::time::Duration) {
    let each = took.as_secs_f64() * 1e9 / f64::from(records);
    println!("{what}: {:.1} M records/s ({each:.0} ns each)", 1e3 / each);
}
