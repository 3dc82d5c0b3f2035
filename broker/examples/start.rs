//! How long it takes from nothing to the first acknowledged record, over TCP:
//! `cargo run --release -p ottla-broker --example start`.

#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use std::error::Error;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Instant, SystemTime};

use ottla_broker::Cluster;
use ottla_proto::messages::header::RequestHeader;
use ottla_proto::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};
use ottla_proto::records::{BatchWriter, Stamp};
use ottla_proto::wire::{Message, Request, Writer};

const ROUNDS: usize = 20;
const VERSION: i16 = 12;

fn main() -> Result<(), Box<dyn Error>> {
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let cluster = runtime.block_on(Cluster::builder().topic("t", 1).start())?;
        let mut stream = TcpStream::connect(cluster.bootstrap())?;
        stream.write_all(&produce()?)?;
        let mut length = [0; 4];
        stream.read_exact(&mut length)?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    println!("first acknowledgement after {:?} at best, {:?} at worst", times.first(), times.last());
    Ok(())
}

/// A Produce of one record, with its length prefix.
fn produce() -> Result<Vec<u8>, Box<dyn Error>> {
    let now = i64::try_from(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis())?;
    let mut batch = BatchWriter::new(Vec::new());
    batch.append(now, None, Some(b"first"), usize::MAX).map_err(|_| "the record does not fit")?;
    let records = Some(batch.seal().stamp(Stamp::NONE).bytes().clone());
    let partition = PartitionProduceData { records, ..PartitionProduceData::default() };
    let topic =
        TopicProduceData { name: "t".into(), partition_data: vec![partition], ..TopicProduceData::default() };
    let request =
        ProduceRequest { acks: -1, timeout_ms: 1000, topic_data: vec![topic], ..ProduceRequest::default() };
    let header = RequestHeader {
        request_api_key: ProduceRequest::KEY.0,
        request_api_version: VERSION,
        ..RequestHeader::default()
    };
    let mut writer = Writer::new();
    header.write(&mut writer, ProduceRequest::header_version(VERSION))?;
    request.write(&mut writer, VERSION)?;
    let frame = writer.finish().into_bytes();
    Ok([&u32::try_from(frame.len())?.to_be_bytes(), &*frame].concat())
}
