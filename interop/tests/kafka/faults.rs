//! Nodes that die or stand still while records flow: nothing lost, nothing twice, order per key.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use kafka_harness::{Options, kafka_or_skip};
use ottla::admin::NewTopic;
use ottla::{Compression, Record};

use crate::support::{LIMIT, connect, create_topic, is_proof, read_all, run};

const KEYS: u64 = 40;

#[test]
fn nothing_is_lost_or_doubled_while_a_node_is_killed_and_another_stands_still() {
    let options = Options::new().nodes(3).set("min.insync.replicas", 2);
    // Nodes that say nothing are given up sooner than by default, so that the test need not wait for it.
    let options = options.set("broker.session.timeout.ms", 3000).set("broker.heartbeat.interval.ms", 500);
    let mut cluster = kafka_or_skip!(options);
    let servers = cluster.bootstrap();
    run(async {
        create_topic(&connect(&servers).await, NewTopic::new("t").partitions(6).replication(3)).await
    });

    let writer = Writer::start(servers.clone());
    for round in 0..if is_proof() { 5 } else { 1 } {
        let (dead, frozen) = (1 + round % 3, 1 + (round + 1) % 3);
        writer.wait_for(3000);
        cluster.kill(dead).unwrap();
        writer.wait_for(3000);
        cluster.restart(dead).unwrap();
        writer.wait_for(3000);
        cluster.freeze(frozen).unwrap();
        writer.wait_for(3000);
        cluster.thaw(frozen).unwrap();
        cluster.wait_until_ready(frozen).unwrap();
        writer.wait_for(3000);
    }
    let written = writer.stop();

    let records = run(async { read_all(&connect(&servers).await, "t").await });
    let mut next: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
    for record in &records {
        let next = next.entry(record.key.as_ref().unwrap().to_vec()).or_default();
        let value = std::str::from_utf8(record.value.as_ref().unwrap()).unwrap();
        assert_eq!(value, next.to_string(), "key {:?}, offset {}", record.key, record.offset);
        *next += 1;
    }
    assert_eq!(records.len() as u64, written);
    println!("FIGURE: {written} records over a killed and a frozen node of three: none lost, none doubled");
}

/// Writes numbered records, each key with its own count, until it is told to stop.
struct Writer {
    acknowledged: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    thread: thread::JoinHandle<u64>,
}

impl Writer {
    fn start(servers: String) -> Self {
        let (acknowledged, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let thread = thread::spawn({
            let (acknowledged, stop) = (acknowledged.clone(), stop.clone());
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(write(&servers, &acknowledged, &stop))
            }
        });
        Writer { acknowledged, stop, thread }
    }

    /// Waits until that many more records have been acknowledged.
    fn wait_for(&self, more: u64) {
        let wanted = self.acknowledged.load(Ordering::Relaxed) + more;
        let begin = Instant::now();
        while self.acknowledged.load(Ordering::Relaxed) < wanted {
            assert!(!self.thread.is_finished(), "the writer gave up");
            assert!(begin.elapsed() < LIMIT, "the writer makes no progress");
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn stop(self) -> u64 {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

async fn write(servers: &str, acknowledged: &AtomicU64, stop: &AtomicBool) -> u64 {
    let client = connect(servers).await;
    let producer = client.producer().compression(Compression::Lz4).linger(Duration::from_millis(2));
    let producer = producer.request_timeout(Duration::from_secs(5)).build().await.unwrap();
    let topic = producer.topic("t");
    let mut sent = 0;
    let mut under_way = std::collections::VecDeque::new();
    while !stop.load(Ordering::Relaxed) {
        let (key, value) = ((sent % KEYS).to_string(), (sent / KEYS).to_string());
        under_way.push_back(topic.send(Record::value(&value).key(&key)).await.unwrap());
        sent += 1;
        if under_way.len() > 500 {
            under_way.pop_front().unwrap().await.unwrap();
            acknowledged.fetch_add(1, Ordering::Relaxed);
        }
    }
    for delivery in under_way {
        delivery.await.unwrap();
    }
    producer.close(Duration::from_secs(30)).await.unwrap();
    sent
}
