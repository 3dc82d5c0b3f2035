//! Nodes, leaders and topics that change under a writer: nothing lost, nothing twice, order per key.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use kafka_harness::{Options, kafka_or_skip};
use ottla::admin::NewTopic;
use ottla::{Certainty, Compression, Offset, Record};
use ottla_broker::Cluster as Embedded;
use ottla_broker::fault::{Fault as DiskFault, Reaction};
use ottla_proto::ApiKey;

use crate::support::{LIMIT, Nodes, connect, create_topic, is_proof, run};
use crate::tools::tool;

const KEYS: usize = 40;
/// A node that stands still for longer than this has its requests given up.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

#[test]
fn nothing_is_lost_or_doubled_whatever_happens_to_nodes_and_topics() {
    let options = Options::new().nodes(3);
    // Nodes that say nothing are given up sooner than by default, so that the test need not wait for it.
    let options = options.set("broker.session.timeout.ms", 3000).set("broker.heartbeat.interval.ms", 500);
    let mut cluster = kafka_or_skip!(options);
    nothing_is_lost_or_doubled(&mut cluster);
}

/// What holds on a cluster of three nodes without topics.
pub(crate) fn nothing_is_lost_or_doubled<C: Nodes>(cluster: &mut C) {
    let faults: [(&str, Fault<C>); 5] = [
        ("a killed node", kill),
        ("a node that stands still for longer than the request timeout", freeze),
        ("leaders that move away and back", elect),
        ("partitions that are added", add_partitions),
        ("a topic that is deleted and created again", recreate),
    ];
    for (number, (name, fault)) in faults.into_iter().enumerate() {
        let topic = format!("t{number}");
        let servers = cluster.bootstrap();
        run(async {
            let topic = NewTopic::new(&topic).partitions(6).replication(3);
            let topic = topic.config("min.insync.replicas", "2");
            create_topic(&connect(&servers).await, topic).await;
        });
        let writer = Writer::start(servers.clone(), topic.clone());
        writer.wait_for(3000);
        fault(cluster, &writer);
        // What is sent from here on is sent to what the fault left.
        let since = writer.sent.load(Ordering::Relaxed);
        writer.wait_for(3000);
        writer.wait_until(if is_proof() { 1_000_000 } else { 0 });
        let outcomes = writer.stop();
        let since = if name.contains("deleted") { since } else { 0 };
        let log = run(read_numbers(&servers, &topic));
        check(name, &outcomes, since, log.into_iter());
        println!("FIGURE: {} records over {name}: none lost, none doubled", outcomes.len());
    }
}

/// Does something to the cluster while the writer goes on.
type Fault<C> = fn(&mut C, &Writer);

fn kill(cluster: &mut impl Nodes, writer: &Writer) {
    cluster.kill(1);
    writer.wait_for(3000);
    cluster.restart(1);
}

fn freeze(cluster: &mut impl Nodes, writer: &Writer) {
    cluster.freeze(2);
    thread::sleep(REQUEST_TIMEOUT + Duration::from_secs(2));
    writer.wait_for(3000);
    cluster.thaw(2);
    cluster.wait_until_ready(2);
}

fn elect(cluster: &mut impl Nodes, writer: &Writer) {
    cluster.terminate(3);
    writer.wait_for(3000);
    cluster.restart(3);
    let arguments = ["--election-type", "preferred", "--all-topic-partitions"];
    tool("org.apache.kafka.tools.LeaderElectionCommand", &cluster.bootstrap(), &arguments, None);
}

fn add_partitions(cluster: &mut impl Nodes, writer: &Writer) {
    let arguments = ["--alter", "--topic", &writer.topic, "--partitions", "9"];
    tool("org.apache.kafka.tools.TopicCommand", &cluster.bootstrap(), &arguments, None);
}

fn recreate(cluster: &mut impl Nodes, writer: &Writer) {
    run(async {
        let client = connect(&cluster.bootstrap()).await;
        client.admin().delete_topic(writer.topic.as_str()).await.unwrap();
        // The name is free a moment after the answer.
        let begin = Instant::now();
        let new = || {
            let topic = NewTopic::new(&writer.topic).partitions(6).replication(3);
            topic.config("min.insync.replicas", "2")
        };
        while let Err(error) = client.admin().create_topic(new()).await {
            assert!(begin.elapsed() < LIMIT, "{error}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
}

/// The partitions and numbers of all records, in the order of their logs.
async fn read_numbers(servers: &str, topic: &str) -> Vec<(i32, usize)> {
    let consumer =
        connect(servers).await.consumer().topics([topic]).from(Offset::Earliest).until_end().build();
    let mut consumer = consumer.await.unwrap();
    let number =
        |bytes: Option<&[u8]>| -> usize { std::str::from_utf8(bytes.unwrap()).unwrap().parse().unwrap() };
    let mut numbers = Vec::new();
    while let Some(batch) = consumer.next_batch().await.unwrap() {
        for record in &batch {
            numbers.push((batch.partition(), number(record.key()) + KEYS * number(record.value())));
        }
    }
    numbers
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Written,
    NotWritten,
    PossiblyWritten,
}

/// Holds the log against what the writer was told. What was sent before `since` may be gone with its topic.
fn check(name: &str, outcomes: &[Outcome], since: usize, log: impl Iterator<Item = (i32, usize)>) {
    let mut seen = vec![0_u8; outcomes.len()];
    // Order is kept by partition: a key's later records lie elsewhere once there are more partitions.
    let mut last: BTreeMap<(i32, usize), usize> = BTreeMap::new();
    for (partition, number) in log {
        seen[number] += 1;
        if let Some(earlier) = last.insert((partition, number % KEYS), number) {
            assert!(earlier < number, "{name}: {number} lies behind {earlier}");
        }
    }
    for (number, (outcome, seen)) in outcomes.iter().zip(seen).enumerate() {
        assert!(seen <= 1, "{name}: record {number} is there {seen} times");
        match outcome {
            Outcome::Written => assert!(seen == 1 || number < since, "{name}: record {number} is lost"),
            Outcome::NotWritten => assert_eq!(seen, 0, "{name}: record {number} was told not to be there"),
            Outcome::PossiblyWritten => assert!(since > 0, "{name}: record {number} is in doubt"),
        }
    }
}

/// The embedded broker can say what a real one says seldom, and nobody's disk is filled for it.
#[test]
fn nothing_is_lost_or_doubled_while_disks_are_full() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let builder = Embedded::builder().nodes(3).default_replication_factor(3);
    let builder = builder.topic_with("disks", 6, [("min.insync.replicas", "2")]);
    let cluster = runtime.block_on(builder.start()).unwrap();
    let writer = Writer::start(cluster.bootstrap(), "disks".to_owned());
    writer.wait_for(1000);
    let wanted = if is_proof() { 1_000_000 } else { 20_000 };
    let mut full = 0;
    while writer.settled.load(Ordering::Relaxed) < wanted {
        for node in 1..=3 {
            let fill = DiskFault::new("a full disk", Reaction::FillDisk { ms: Some(300) });
            let fill = fill.when(|when| {
                when.node = Some(node);
                when.api = Some(ApiKey::PRODUCE);
                when.count = Some(1);
            });
            cluster.add_fault(fill).unwrap();
            writer.wait_for(2000);
        }
        full += cluster.take_firings().len();
    }
    let outcomes = writer.stop();
    assert!(full >= 3, "no Produce met a full disk");
    check("full disks", &outcomes, 0, run(read_numbers(&cluster.bootstrap(), "disks")).into_iter());
    println!("FIGURE: {} records over {full} full disks: none lost, none doubled", outcomes.len());
}

#[test]
fn the_check_finds_what_it_is_for() {
    let written = [Outcome::Written; 3];
    let fails = |outcomes: &[Outcome], since, log: &[usize]| {
        let log: Vec<_> = log.iter().map(|number| (0, *number)).collect();
        let outcomes = outcomes.to_vec();
        std::panic::catch_unwind(move || check("a test", &outcomes, since, log.into_iter())).is_err()
    };
    assert!(!fails(&written, 0, &[0, 1, 2]));
    assert!(fails(&written, 0, &[0, 2]), "lost");
    assert!(!fails(&written, 2, &[0, 2]), "gone with its topic");
    assert!(fails(&written, 0, &[0, 1, 2, 2]), "doubled");
    assert!(fails(&[Outcome::NotWritten], 0, &[0]), "a lie");
    let many = vec![Outcome::Written; KEYS + 1];
    let swapped: Vec<_> = (1..=KEYS).chain([0]).collect();
    assert!(fails(&many, 0, &swapped), "out of order");
}

/// Writes numbered records, key by key in turn, until it is told to stop.
struct Writer {
    topic: String,
    sent: Arc<AtomicUsize>,
    settled: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: thread::JoinHandle<Vec<Outcome>>,
}

impl Writer {
    fn start(servers: String, topic: String) -> Self {
        let (sent, settled) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let stop = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let (topic, sent, settled, stop) = (topic.clone(), sent.clone(), settled.clone(), stop.clone());
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(write(&servers, &topic, &sent, &settled, &stop))
            }
        });
        Writer { topic, sent, settled, stop, thread }
    }

    /// Waits until that many more records are settled.
    fn wait_for(&self, more: usize) {
        self.wait_until(self.settled.load(Ordering::Relaxed) + more);
    }

    /// Waits until that many records are settled; fails when nothing moves any more.
    fn wait_until(&self, wanted: usize) {
        let (mut begin, mut last) = (Instant::now(), 0);
        loop {
            let settled = self.settled.load(Ordering::Relaxed);
            if settled >= wanted {
                return;
            }
            if settled > last {
                (begin, last) = (Instant::now(), settled);
            }
            assert!(!self.thread.is_finished(), "the writer gave up");
            assert!(begin.elapsed() < LIMIT, "the writer makes no progress");
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn stop(self) -> Vec<Outcome> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

async fn write(
    servers: &str,
    topic: &str,
    sent: &AtomicUsize,
    settled: &AtomicUsize,
    stop: &AtomicBool,
) -> Vec<Outcome> {
    let client = connect(servers).await;
    let producer = client.producer().compression(Compression::Lz4).linger(Duration::from_millis(2));
    let producer = producer.request_timeout(REQUEST_TIMEOUT).build().await.unwrap();
    let topic = producer.topic(topic);
    let mut outcomes = Vec::new();
    let mut under_way = std::collections::VecDeque::new();
    loop {
        let more = !stop.load(Ordering::Relaxed);
        if more {
            let number = sent.load(Ordering::Relaxed);
            let (key, value) = ((number % KEYS).to_string(), (number / KEYS).to_string());
            under_way.push_back(topic.send(Record::value(&value).key(&key)).await.unwrap());
            sent.store(number + 1, Ordering::Relaxed);
            if under_way.len() <= 500 {
                continue;
            }
        }
        let Some(delivery) = under_way.pop_front() else { break };
        outcomes.push(match delivery.await {
            Ok(_) => Outcome::Written,
            Err(error) if error.certainty == Certainty::NotWritten => Outcome::NotWritten,
            Err(_) => Outcome::PossiblyWritten,
        });
        settled.store(outcomes.len(), Ordering::Relaxed);
    }
    producer.close(Duration::from_secs(30)).await.unwrap();
    outcomes
}
