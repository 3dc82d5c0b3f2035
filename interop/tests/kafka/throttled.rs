//! A long throttle of what a consumer reads: members stay in their groups, and sessions of fetches go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use kafka_harness::{Options, kafka_or_skip};
use ottla::admin::{NewTopic, QuotaAlteration, QuotaEntity, QuotaKey};
use ottla::consumer::group::{GroupConsumer, GroupHandle, Protocol};
use ottla::consumer::{Batch, ConsumerStats};
use ottla::{Client, Compression, Consumer, Offset, Record, ThrottleClass, WaitReason, Waiting};
use tokio::task::JoinHandle;

use crate::metrics::{Metrics, total};
use crate::support::{LIMIT, connect, create_topic, index, is_proof};

const TOPIC: &str = "paced";
const NAMES: [&str; 3] = ["classic", "consumer", "alone"];
/// Brokers count what is read only once there is a quota.
const UNBOUND: f64 = 1e9;
/// One on each node, so that the coordinators throttle as well.
const PARTITIONS: usize = 3;
const SIZE: usize = 20_000;
const HEARTBEAT: Duration = Duration::from_millis(500);

/// How much of it there is. A quota remembers whole windows of a second.
struct Plan {
    windows: u32,
    free: Duration,
    /// The part of its rate that a reader is left.
    part: f64,
    session: Duration,
    throttle: Duration,
}

#[test]
fn members_stay_through_a_throttle_longer_than_their_session() {
    let seconds = Duration::from_secs;
    let plan = if is_proof() {
        Plan { windows: 11, free: seconds(10), part: 4.5, session: seconds(10), throttle: seconds(30) }
    } else {
        Plan { windows: 3, free: seconds(3), part: 5.0, session: seconds(4), throttle: seconds(5) }
    };
    let session = plan.session.as_millis();
    let mut options = Options::new().nodes(PARTITIONS).set("quota.window.num", plan.windows);
    for name in ["group.min.session.timeout.ms", "group.consumer.min.session.timeout.ms"] {
        options = options.set(name, session);
    }
    options = options.set("group.consumer.session.timeout.ms", session);
    for name in ["group.consumer.min.heartbeat.interval.ms", "group.consumer.heartbeat.interval.ms"] {
        options = options.set(name, HEARTBEAT.as_millis());
    }
    let cluster = kafka_or_skip!(options);
    let servers = cluster.bootstrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let client = runtime.block_on(connect(&servers));
    let stop = Arc::new(AtomicBool::new(false));
    let (writer, readers) = runtime.block_on(async {
        let nodes = (1..).take(PARTITIONS).map(|node| vec![node]);
        create_topic(&client, NewTopic::new(TOPIC).assignment(nodes)).await;
        let bounds = NAMES.map(|name| (name, Some(UNBOUND)));
        limit(&client, &bounds).await;
        let readers = [
            Reader::member(&servers, NAMES[0], Protocol::Classic, plan.session).await,
            Reader::member(&servers, NAMES[1], Protocol::Consumer, plan.session).await,
            Reader::alone(&servers, NAMES[2]).await,
        ];
        (tokio::spawn(write(client.clone(), Arc::clone(&stop))), readers)
    });
    let wait_for = |reader: &Reader, bytes: u64| {
        runtime.block_on(reader.wait_for(reader.bytes.load(Ordering::Relaxed) + bytes));
    };
    for reader in &readers {
        wait_for(reader, 1);
    }

    let before: Vec<u64> = readers.iter().map(|reader| reader.bytes.load(Ordering::Relaxed)).collect();
    let begin = Instant::now();
    thread::sleep(plan.free);
    // The quota is each node's, and a node has one of the partitions.
    let rate = |reader: &Reader, before: u64| {
        (reader.bytes.load(Ordering::Relaxed) - before) as f64
            / begin.elapsed().as_secs_f64()
            / PARTITIONS as f64
    };
    let limits = readers.iter().zip(before);
    let limits: Vec<_> =
        limits.map(|(reader, before)| (reader.name, Some(rate(reader, before) / plan.part))).collect();
    let members: Vec<_> = readers.iter().map(Reader::membership).collect();
    let heartbeats = || {
        let nodes = Metrics::of_all(&cluster);
        ["Heartbeat", "ConsumerGroupHeartbeat"].map(|kind| total(&nodes, |node| node.requests(kind)))
    };
    let (beats, counted) = (heartbeats(), Instant::now());
    runtime.block_on(limit(&client, &limits));

    // As long as the throttles last, each reader says that it is throttled.
    let mut longest = [Duration::ZERO; 3];
    let mut named = [false; 3];
    let mut until = Instant::now() + Duration::from_secs(20);
    let mut lifted = false;
    loop {
        let mut held = false;
        for ((reader, longest), named) in readers.iter().zip(&mut longest).zip(&mut named) {
            let throttles = reader.client.throttle();
            let fetch = throttles.iter().filter(|throttle| throttle.class == ThrottleClass::Fetch);
            let remaining = fetch.map(|throttle| throttle.remaining).max().unwrap_or_default();
            *longest = remaining.max(*longest);
            held |= !remaining.is_zero();
            if remaining > Duration::from_millis(500) {
                *named |= runtime.block_on(reader.names_the_throttle());
            }
        }
        if !lifted && longest.iter().all(|longest| *longest > plan.throttle) {
            // What was told stays; nothing is added to it.
            runtime.block_on(limit(&client, &NAMES.map(|name| (name, None))));
            lifted = true;
            until = Instant::now() + longest.into_iter().max().unwrap() + Duration::from_secs(10);
        }
        if lifted && !held {
            break;
        }
        assert!(Instant::now() < until, "throttled for {longest:?} at most, to {limits:?} bytes a second");
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(named, [true; 3], "a throttle was not named");
    let (rounds, beaten) = (counted.elapsed().as_secs_f64() / HEARTBEAT.as_secs_f64(), heartbeats());
    for (before, after) in beats.into_iter().zip(beaten) {
        // As many as without a throttle, but for what a busy machine costs.
        assert!(after - before > rounds / 2.0, "{} heartbeats in {rounds:.0} intervals", after - before);
    }

    // Everything is read to its end, without a gap; that is looked at batch by batch.
    for reader in &readers {
        wait_for(reader, 10 * SIZE as u64);
    }
    stop.store(true, Ordering::Relaxed);
    let written = runtime.block_on(writer).unwrap();
    for (reader, before) in readers.into_iter().zip(members) {
        runtime.block_on(reader.wait_for(written));
        assert_eq!(reader.membership(), before, "{}: it was in another group afterwards", reader.name);
        let stats = runtime.block_on(reader.end());
        if let Some(stats) = stats {
            assert!(stats.full_fetches <= PARTITIONS as u64, "a throttle ended a session: {stats:?}");
            assert_eq!(stats.discarded_bytes, 0);
        }
    }
    println!(
        "FIGURE: members of both protocols with a session of {:?} stayed through throttles of {:.1?} and {:.1?}; \
         {} and {} heartbeats in {rounds:.0} intervals; no rebalance, no new fetch session",
        plan.session,
        longest[0],
        longest[1],
        beaten[0] - beats[0],
        beaten[1] - beats[1]
    );
}

/// Writes to all partitions at an even pace until it is told to stop; gives how many bytes it were.
async fn write(client: Client, stop: Arc<AtomicBool>) -> u64 {
    let producer =
        client.producer().linger(Duration::ZERO).compression(Compression::None).build().await.unwrap();
    let topic = producer.topic(TOPIC);
    let value = vec![b'v'; SIZE];
    let mut written = 0;
    let mut clock = tokio::time::interval(Duration::from_millis(50));
    while !stop.load(Ordering::Relaxed) {
        clock.tick().await;
        let mut deliveries = Vec::new();
        for partition in (0..).take(PARTITIONS) {
            deliveries.push(topic.send(Record::value(&value).partition(partition)).await.unwrap());
        }
        for delivery in deliveries {
            delivery.await.unwrap();
            written += SIZE as u64;
        }
    }
    written
}

/// Something that reads everything, with a client and so a quota of its own.
struct Reader {
    name: &'static str,
    client: Client,
    /// Bytes of values that were read.
    bytes: Arc<AtomicU64>,
    handle: Option<GroupHandle>,
    asked: tokio::sync::mpsc::Sender<tokio::sync::oneshot::Sender<Vec<Waiting>>>,
    task: JoinHandle<Option<ConsumerStats>>,
}

enum Kind {
    Member(GroupConsumer),
    Alone(Consumer),
}

impl Reader {
    async fn member(servers: &str, name: &'static str, protocol: Protocol, session: Duration) -> Self {
        let client = named(servers, name).await;
        let builder = client.consumer().group(name).subscribe([TOPIC]).from(Offset::Earliest);
        let mut builder = builder.protocol(protocol).auto_commit(Duration::from_millis(500));
        if protocol == Protocol::Classic {
            builder = builder.session_timeout(session).heartbeat_interval(HEARTBEAT);
        }
        let consumer = builder.build().await.unwrap();
        let handle = consumer.handle();
        Self::start(name, client, Some(handle), Kind::Member(consumer))
    }

    async fn alone(servers: &str, name: &'static str) -> Self {
        let client = named(servers, name).await;
        let consumer = client.consumer().topics([TOPIC]).from(Offset::Earliest).build().await.unwrap();
        Self::start(name, client, None, Kind::Alone(consumer))
    }

    fn start(name: &'static str, client: Client, handle: Option<GroupHandle>, kind: Kind) -> Self {
        let bytes = Arc::<AtomicU64>::default();
        let (asked, questions) = tokio::sync::mpsc::channel(1);
        let task = tokio::spawn(read(kind, Arc::clone(&bytes), questions));
        Self { name, client, bytes, handle, asked, task }
    }

    /// What changes when a member has to join again.
    fn membership(&self) -> Option<(String, i32, usize)> {
        let handle = self.handle.as_ref()?;
        let status = handle.status();
        Some((status.member_id, status.generation, handle.rebalances().len()))
    }

    async fn names_the_throttle(&self) -> bool {
        let (answer, answered) = tokio::sync::oneshot::channel();
        self.asked.send(answer).await.unwrap();
        let waiting = answered.await.unwrap();
        waiting.iter().any(|waiting| {
            matches!(waiting.reason, WaitReason::Throttled { class: ThrottleClass::Fetch, .. })
                || matches!(waiting.reason, WaitReason::ThrottledInVain { .. })
        })
    }

    async fn wait_for(&self, bytes: u64) {
        let begin = Instant::now();
        while self.bytes.load(Ordering::Relaxed) < bytes {
            assert!(!self.task.is_finished(), "{} ended", self.name);
            assert!(begin.elapsed() < LIMIT, "{}: {:?}", self.name, self.bytes);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn end(self) -> Option<ConsumerStats> {
        drop(self.asked);
        self.task.await.unwrap()
    }
}

/// Reads until nobody asks any more.
async fn read(
    mut kind: Kind,
    bytes: Arc<AtomicU64>,
    mut questions: tokio::sync::mpsc::Receiver<tokio::sync::oneshot::Sender<Vec<Waiting>>>,
) -> Option<ConsumerStats> {
    let mut next = [0; PARTITIONS];
    let mut count = |batch: &Batch| {
        for record in batch {
            let expected = &mut next[index(batch.partition())];
            assert_eq!(record.offset(), *expected, "each record once, and in order");
            *expected += 1;
            bytes.fetch_add(record.value().unwrap().len() as u64, Ordering::Relaxed);
        }
    };
    loop {
        tokio::select! {
            question = questions.recv() => {
                let Some(answer) = question else { break };
                answer.send(match &kind {
                    Kind::Member(consumer) => consumer.explain().await.unwrap(),
                    Kind::Alone(consumer) => consumer.explain().await.unwrap(),
                }).unwrap();
            }
            () = async {
                match &mut kind {
                    Kind::Member(consumer) => count(&consumer.next_batch().await.unwrap().unwrap()),
                    Kind::Alone(consumer) => count(&consumer.next_batch().await.unwrap().unwrap()),
                }
            } => {}
        }
    }
    match kind {
        Kind::Member(consumer) => {
            let report = consumer.close(Duration::from_secs(10)).await.unwrap();
            assert!(report.left && report.busy.is_empty(), "{report:?}");
            None
        }
        Kind::Alone(consumer) => Some(consumer.stats()),
    }
}

async fn named(servers: &str, name: &str) -> Client {
    Client::builder(servers).client_id(name).build().await.unwrap()
}

/// Sets or lifts readers' quotas, in bytes a second.
async fn limit(client: &Client, limits: &[(&str, Option<f64>)]) {
    let alterations = limits.iter().map(|(name, limit)| {
        let alteration = QuotaAlteration::new(QuotaEntity::client_id(*name));
        match limit {
            Some(rate) => alteration.set(QuotaKey::ConsumerByteRate, rate.floor()),
            None => alteration.remove(QuotaKey::ConsumerByteRate),
        }
    });
    for (_, result) in client.admin().alter_client_quotas(alterations).await {
        result.unwrap();
    }
}
