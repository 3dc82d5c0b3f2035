//! What the way of a record costs besides time: allocations, and calls that write to the kernel, which are data for
//! sockets and wakes of threads.
//!
//! Everything that this process does is counted, so the broker has a process of its own, and one test does all.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests state what must hold, as tests do")]

use std::alloc::System;
use std::io::{BufRead, BufReader, Lines, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use ottla::blocking::wait;
use ottla::{Client, Compression, Offset, Record, TopicProducer};
use ottla_broker::Cluster;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const RECORDS: u32 = 200_000;
const VALUE: [u8; 100] = [b'v'; 100];
const SOON: Duration = Duration::from_secs(60);
/// Set for the process that is the broker.
const BROKER: &str = "OTTLA_TEST_BROKER";
const TEST: &str = "records_cost_next_to_nothing_besides_their_bytes";

#[test]
fn records_cost_next_to_nothing_besides_their_bytes() {
    if std::env::var_os(BROKER).is_some() {
        return serve();
    }
    let broker = Broker::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let cost = runtime.block_on(produce(&broker.bootstrap));
    cost.tell("sent");
    assert!(cost.allocations_per_record() <= 0.01, "{cost:?}");
    let cost = produce_without_runtime(&broker.bootstrap);
    cost.tell("sent by a thread without a runtime");
    assert!(cost.allocations_per_record() <= 0.01, "{cost:?}");
    // A megabyte is one batch here: a few writes, a wake for the driver that it is open and one that it is full, and a
    // wake for a sender that waited for memory.
    if let Some(writes) = cost.writes_per_megabyte() {
        assert!(writes <= 20.0, "{writes} calls that write: {cost:?}");
    }
    for compression in [Compression::None, Compression::Lz4] {
        let cost = runtime.block_on(consume(&broker.bootstrap, compression));
        cost.tell(&format!("read, {compression:?}"));
        assert!(cost.allocations_per_record() <= 0.01, "{cost:?}");
    }
    broker.stop();
}

/// A producer with its defaults, once its buffers and queues have found their sizes.
async fn produce(bootstrap: &str) -> Cost {
    let kafka = Client::builder(bootstrap).build().await.unwrap();
    let producer = kafka.producer().build().await.unwrap();
    let orders = producer.topic("orders");
    send(&orders).await;
    let meter = Meter::begin();
    send(&orders).await;
    meter.end()
}

/// The same from a thread that waits for each record's place by itself.
fn produce_without_runtime(bootstrap: &str) -> Cost {
    let kafka = wait(Client::builder(bootstrap).build()).unwrap();
    let producer = wait(kafka.producer().build()).unwrap();
    let orders = producer.topic("orders");
    let send = || {
        for _ in 0..RECORDS {
            wait(orders.enqueue(Record::value(&VALUE))).unwrap();
        }
        assert!(wait(producer.flush(SOON)).unwrap().is_complete());
    };
    send();
    let meter = Meter::begin();
    send();
    meter.end()
}

/// A consumer from its building to the last record.
async fn consume(bootstrap: &str, compression: Compression) -> Cost {
    let topic = format!("read-{compression:?}");
    let kafka = Client::builder(bootstrap).build().await.unwrap();
    let producer = kafka.producer().compression(compression).batch_bytes(16 << 10).build().await.unwrap();
    send(&producer.topic(&topic)).await;
    producer.close(SOON).await.unwrap();
    let meter = Meter::begin();
    let mut consumer =
        kafka.consumer().topics([topic.as_str()]).from(Offset::Earliest).build().await.unwrap();
    let mut records = 0;
    while records < RECORDS {
        let batch = consumer.next_batch().await.unwrap().unwrap();
        for record in &batch {
            assert_eq!(record.value().map(<[u8]>::len), Some(VALUE.len()));
            records += 1;
        }
    }
    meter.end()
}

async fn send(topic: &TopicProducer) {
    for _ in 0..RECORDS {
        topic.enqueue(Record::value(&VALUE)).await.unwrap();
    }
    assert!(topic.producer().flush(SOON).await.unwrap().is_complete());
}

struct Meter {
    region: Region<'static, System>,
    writes: Option<u64>,
}

/// What [`RECORDS`] cost.
#[derive(Debug)]
struct Cost {
    allocations: usize,
    /// Unknown where the kernel does not count them.
    writes: Option<u64>,
}

impl Meter {
    fn begin() -> Self {
        Self { writes: writes(), region: Region::new(ALLOCATOR) }
    }

    fn end(self) -> Cost {
        let change = self.region.change();
        let writes = writes().zip(self.writes).map(|(after, before)| after - before);
        Cost { allocations: change.allocations + change.reallocations, writes }
    }
}

impl Cost {
    fn tell(&self, done: &str) {
        println!("FIGURE: allocations per 100 records {done}: {:.2}", self.allocations_per_record() * 100.0);
        match self.writes_per_megabyte() {
            Some(writes) => println!("FIGURE: calls that write, per megabyte {done}: {writes:.1}"),
            None => println!("SKIPPED: calls that write, {done}: the kernel does not count them"),
        }
    }

    fn allocations_per_record(&self) -> f64 {
        f64::from(u32::try_from(self.allocations).unwrap()) / f64::from(RECORDS)
    }

    fn writes_per_megabyte(&self) -> Option<f64> {
        let megabytes = f64::from(RECORDS) * 100.0 / 1e6;
        self.writes.map(|writes| f64::from(u32::try_from(writes).unwrap()) / megabytes)
    }
}

/// How often this process has called the kernel to write, to whatever it was.
fn writes() -> Option<u64> {
    let counts = std::fs::read_to_string("/proc/self/io").ok()?;
    counts.lines().find_map(|line| line.strip_prefix("syscw: "))?.trim().parse().ok()
}

struct Broker {
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
    bootstrap: String,
}

impl Broker {
    fn start() -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", TEST, "--nocapture"])
            .env(BROKER, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut said = lines.by_ref().map(Result::unwrap);
        let bootstrap = said.find_map(|line| Some(line.split_once("bootstrap ")?.1.to_owned())).unwrap();
        Self { process, lines, bootstrap }
    }

    /// The end of its input ends it.
    fn stop(mut self) {
        drop(self.process.stdin.take());
        self.lines.by_ref().for_each(drop);
        assert!(self.process.wait().unwrap().success());
    }
}

fn serve() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let cluster = Cluster::builder().topic("orders", 6).topic("read-None", 4).topic("read-Lz4", 4);
    let cluster = runtime.block_on(cluster.start()).unwrap();
    println!("bootstrap {}", cluster.bootstrap());
    std::io::stdout().flush().unwrap();
    let _until_the_end = std::io::stdin().read(&mut [0; 1]);
}
