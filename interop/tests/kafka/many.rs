//! What reading costs: bytes on the wire for one partition and for a thousand, alone and in a group; the time to a first
//! record; a broker that has nothing to say.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use kafka_harness::{Cluster, Options, kafka_or_skip};
use ottla::admin::NewTopic;
use ottla::consumer::group::Protocol;
use ottla::{Client, Compression, Offset, Record};

use crate::metrics::{Metrics, total};
use crate::support::{connect, create_topic, index, is_proof, run};

const SOON: Duration = Duration::from_secs(30);
/// A batch has sixteen of these.
const RECORD: usize = 1000;
/// Records of one partition of the largest topic.
const EACH: usize = 64;

#[test]
fn reading_costs_no_more_than_the_log_whatever_the_number_of_partitions() {
    let cluster = kafka_or_skip!(Options::new().nodes(3));
    let servers = cluster.bootstrap();
    let many = if is_proof() { 1000 } else { 200 };
    let records = many * EACH;
    let topics = [("one", 1), ("some", 30), ("many", many)];
    let client = run(connect(&servers));
    for (topic, partitions) in topics {
        run(async {
            let topic = NewTopic::new(topic).partitions(i32::try_from(partitions).unwrap()).replication(1);
            create_topic(&client, topic).await;
        });
        run(fill(&client, topic, partitions, records / partitions));
    }
    run(a_first_record(&client));
    run(beside_an_idle_broker(&client));

    let before = Metrics::of_all(&cluster);
    let mut logs = 0;
    for (topic, partitions) in topics {
        let log = log_bytes(&cluster, topic);
        logs += log;
        let (fetched, took) = run(read(&client, topic, partitions, records / partitions));
        let ratio = fetched as f64 / log as f64;
        println!(
            "FIGURE: {records} records of {RECORD} bytes in {partitions} partitions: {ratio:.4} times the log's bytes \
             were fetched, none thrown away, {:.2} µs a record",
            took.as_secs_f64() * 1e6 / records as f64
        );
        assert!(ratio <= 1.02, "{topic}: {ratio}");
    }
    let after = Metrics::of_all(&cluster);
    let wire = total(&after, Metrics::socket_bytes) - total(&before, Metrics::socket_bytes);
    let ratio = wire / logs as f64;
    println!(
        "FIGURE: by the brokers' own count they sent {ratio:.4} times the logs' bytes, with all that is not records"
    );
    assert!((1.0..=1.02).contains(&ratio), "{wire} bytes for {logs}");
    for protocol in [Protocol::Classic, Protocol::Consumer] {
        run(in_a_group(&client, protocol, many, records));
    }
}

/// Fills every partition with that many records, in batches of 16 KiB.
async fn fill(client: &Client, topic: &str, partitions: usize, each: usize) {
    let producer = client.producer().compression(Compression::None).batch_bytes(16 << 10);
    let producer = producer.linger(Duration::from_millis(100)).build().await.unwrap();
    let topic = producer.topic(topic);
    // Not all the same, so that nothing could be saved.
    let value: Vec<u8> = (0..RECORD).map(|place| u8::try_from(place * place % 251).unwrap()).collect();
    let mut deliveries = Vec::new();
    for partition in (0..).take(partitions) {
        for _ in 0..each {
            deliveries.push(topic.send(Record::value(&value).partition(partition)).await.unwrap());
        }
    }
    for delivery in deliveries {
        delivery.await.unwrap();
    }
    producer.close(SOON).await.unwrap();
}

/// What the segments of a topic hold on disk.
fn log_bytes(cluster: &Cluster, topic: &str) -> u64 {
    let mut bytes = 0;
    for node in 1..=cluster.nodes() {
        for entry in fs::read_dir(cluster.folder().join(format!("node-{node}"))).unwrap() {
            let folder = entry.unwrap().path();
            let name = folder.file_name().unwrap().to_string_lossy();
            if name.rsplit_once('-').is_some_and(|(name, _)| name == topic) {
                let files = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
                let segments =
                    files.filter(|file| file.extension().is_some_and(|extension| extension == "log"));
                bytes += segments.map(|file| fs::metadata(file).unwrap().len()).sum::<u64>();
            }
        }
    }
    bytes
}

/// Reads a topic to its end, each record once and in order; gives the bytes that came for it.
async fn read(client: &Client, topic: &str, partitions: usize, each: usize) -> (u64, Duration) {
    let begin = Instant::now();
    let consumer = client.consumer().topics([topic]).from(Offset::Earliest).until_end().build();
    let mut consumer = consumer.await.unwrap();
    let mut next = vec![0; partitions];
    while let Some(batch) = consumer.next_batch().await.unwrap() {
        for record in &batch {
            let expected = &mut next[index(batch.partition())];
            assert_eq!(record.offset(), *expected);
            *expected += 1;
        }
    }
    let took = begin.elapsed();
    assert!(next.iter().all(|end| index(*end) == each), "{topic}: {next:?}");
    let stats = consumer.stats();
    assert_eq!(stats.discarded_bytes, 0, "{topic}: {stats:?}");
    (stats.fetched_bytes, took)
}

/// Three members of a group read the topic of many partitions, and everything is committed in the end.
async fn in_a_group(client: &Client, protocol: Protocol, partitions: usize, records: usize) {
    let group = format!("many-{protocol:?}");
    let begin = Instant::now();
    let mut tasks = Vec::new();
    let (sender, mut seen) = tokio::sync::mpsc::unbounded_channel();
    for _ in 0..3 {
        let builder = client.consumer().group(&group).subscribe(["many"]).from(Offset::Earliest);
        let mut consumer = builder.protocol(protocol).build().await.unwrap();
        let (handle, sender) = (consumer.handle(), sender.clone());
        tasks.push((
            handle,
            tokio::spawn(async move {
                while let Some(batch) = consumer.next_batch().await.unwrap() {
                    let (partition, offsets) =
                        (batch.partition(), batch.iter().map(|record| record.offset()));
                    let _ = sender.send((partition, offsets.collect::<Vec<i64>>()));
                }
            }),
        ));
    }
    let (mut times, mut read) = (BTreeMap::<(i32, i64), u32>::new(), 0);
    while times.len() < records {
        let (partition, offsets) = seen.recv().await.unwrap();
        for offset in offsets {
            *times.entry((partition, offset)).or_default() += 1;
            read += 1;
        }
    }
    let took = begin.elapsed();
    let admin = client.admin();
    loop {
        let described = admin.describe_group(&group).await.unwrap();
        let shares = described.members.iter().map(|member| member.assignment.values().flatten().count());
        if described.state == "Stable" && shares.clone().all(|share| share.abs_diff(partitions / 3) <= 1) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for (handle, task) in tasks {
        let report = handle.close(SOON).await.unwrap();
        assert!(report.left && report.busy.is_empty(), "{report:?}");
        task.await.unwrap();
    }
    let lag = admin.group_lag(&group, ["many"]).await.unwrap();
    assert_eq!(lag.len(), partitions);
    assert!(lag.iter().all(|partition| partition.lag == Some(0)), "{lag:?}");
    println!(
        "FIGURE: {records} records of {partitions} partitions in a {protocol:?} group of three: read within {took:.1?} of \
         its start, {} again, lag 0",
        read - records
    );
}

/// How long a partition that was just assigned takes to give its first record.
async fn a_first_record(client: &Client) {
    let mut times = Vec::new();
    for _ in 0..21 {
        let mut consumer = client.consumer().build().await.unwrap();
        let begin = Instant::now();
        consumer.assign("one", 0, Offset::Earliest);
        assert_eq!(consumer.next().await.unwrap().unwrap().offset(), 0);
        times.push(begin.elapsed());
    }
    let cold = times[0];
    times.sort();
    println!(
        "FIGURE: first record after assign, connecting included: median {:.1?}, first {cold:.1?}",
        times[10]
    );
    let mut consumer = client.consumer().topics(["some"]).from(Offset::Latest).build().await.unwrap();
    let mut times = Vec::new();
    for partition in 0..30 {
        let begin = Instant::now();
        consumer.assign("some", partition, Offset::Earliest);
        while consumer.next_batch().await.unwrap().unwrap().partition() != partition {}
        times.push(begin.elapsed());
        consumer.pause("some", partition).unwrap();
    }
    times.sort();
    println!(
        "FIGURE: first record after assign, beside partitions that have nothing: median {:.1?}, worst {:.1?}",
        times[15], times[29]
    );
}

/// Records that come one by one from one node, while another node has nothing.
async fn beside_an_idle_broker(client: &Client) {
    const ROUNDS: u32 = 300;
    create_topic(client, NewTopic::new("pair").assignment([vec![1], vec![2]])).await;
    let producer = client.producer().linger(Duration::ZERO).build().await.unwrap();
    let pair = producer.topic("pair");
    let mut took = Vec::new();
    for partitions in [vec![("pair", 0)], vec![("pair", 0), ("pair", 1)]] {
        let beside = partitions.len() > 1;
        let mut consumer = client.consumer().assign(partitions).from(Offset::Latest).build().await.unwrap();
        // From here on both nodes are asked for what comes.
        while consumer.partitions().iter().any(|partition| partition.position.is_none()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let (begin, before) = (Instant::now(), consumer.stats().fetches);
        for _ in 0..ROUNDS {
            pair.send(Record::value("v").partition(0)).await.unwrap().await.unwrap();
            assert_eq!(consumer.next().await.unwrap().unwrap().partition(), 0);
        }
        let (elapsed, fetches) = (begin.elapsed(), consumer.stats().fetches - before);
        // A node that has nothing answers twice a second.
        let idle = (1 + u128::from(beside)) * (elapsed.as_millis() / 500 + 1);
        assert!(
            u128::from(fetches) <= u128::from(ROUNDS) + idle,
            "{fetches} fetches in {elapsed:?}, beside another: {beside}"
        );
        took.push(elapsed / ROUNDS);
    }
    println!(
        "FIGURE: a record written and read takes {:.2?}, beside an idle broker {:.2?}, without a fetch more to its own",
        took[0], took[1]
    );
    producer.close(SOON).await.unwrap();
}
