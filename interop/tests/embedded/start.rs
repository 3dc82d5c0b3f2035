//! How soon the embedded broker serves.

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

/// From nothing, the runtime included, to the first acknowledgement over TCP. A figure, not a demand: how long it
/// takes is the machine's to say.
#[test]
fn the_first_record_is_acknowledged_soon() {
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let cluster = runtime.block_on(Cluster::builder().topic("t", 1).start()).unwrap();
        let mut stream = TcpStream::connect(cluster.bootstrap()).unwrap();
        stream.write_all(&produce()).unwrap();
        let mut length = [0; 4];
        stream.read_exact(&mut length).unwrap();
        times.push(began.elapsed());
    }
    times.sort_unstable();
    println!(
        "FIGURE: the embedded broker acknowledges its first record {:.1?} after the start at best, {:.1?} in the middle, {:.1?} at worst",
        times[0],
        times[ROUNDS / 2],
        times[ROUNDS - 1]
    );
}

/// A Produce of one record, with its length prefix.
fn produce() -> Vec<u8> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let mut batch = BatchWriter::new(Vec::new());
    batch.append(i64::try_from(now.as_millis()).unwrap(), None, Some(b"first"), usize::MAX).unwrap();
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
    header.write(&mut writer, ProduceRequest::header_version(VERSION)).unwrap();
    request.write(&mut writer, VERSION).unwrap();
    let frame = writer.finish().into_bytes();
    [&u32::try_from(frame.len()).unwrap().to_be_bytes(), &*frame].concat()
}
