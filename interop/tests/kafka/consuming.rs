//! What a consumer asks of real brokers beyond records: sessions, replicas nearby, quotas, logs that were cut.

use std::time::{Duration, Instant};

use kafka_harness::{Cluster, Options, kafka_or_skip};
use ottla::admin::{NewTopic, QuotaAlteration, QuotaEntity, QuotaKey};
use ottla::consumer::{ConsumeError, Consumer, PartitionErrorKind, Reset};
use ottla::{Client, Compression, Offset, Producer, Record, WaitReason};

use crate::metrics::{Metrics, total};
use crate::support::{Nodes, connect, create_topic, run};

const PARTITIONS: i32 = 30;

#[test]
fn sessions_replicas_nearby_and_quotas() {
    // The quota's window is two seconds, so that what does not fit into it is small.
    let options = Options::new().nodes(3).set("quota.window.num", 2);
    let cluster = kafka_or_skip!(options);
    let servers = cluster.bootstrap();
    run(async {
        let client = connect(&servers).await;
        a_session_spares_partitions_that_are_idle(&client).await;
        a_quota_keeps_the_session_and_is_named(&client, &servers).await;
    });
    let client = run(connect(&servers));
    let (consumer, leader) = run(reading_from_a_replica_nearby(&client));
    the_replica_s_own_counters_agree(&cluster, &consumer, leader);
    // The leader stands still; the replica does not.
    cluster.freeze(leader).unwrap();
    run(rest_of_the_replica(consumer));
    cluster.thaw(leader).unwrap();
}

pub(crate) async fn a_session_spares_partitions_that_are_idle(client: &Client) {
    create_topic(client, NewTopic::new("many").partitions(PARTITIONS).replication(1)).await;
    let producer = client.producer().linger(Duration::ZERO).build().await.unwrap();
    let many = producer.topic("many");
    let mut consumer = client.consumer().topics(["many"]).from(Offset::Earliest).build().await.unwrap();
    for round in 0..20 {
        for partition in [3, 17, 29] {
            let delivery = many.send(Record::value("v").partition(partition)).await.unwrap();
            delivery.await.unwrap();
            let record = consumer.next().await.unwrap().unwrap();
            assert_eq!((record.partition(), record.offset()), (partition, round));
        }
    }
    let stats = consumer.stats();
    assert!(stats.fetches >= 60, "{stats:?}");
    assert!(stats.full_fetches <= 6, "three nodes, one session each: {stats:?}");
    assert_eq!(stats.discarded_bytes, 0);
    producer.close(Duration::from_secs(10)).await.unwrap();
}

const RATE: usize = 100_000;
const SLOW: &str = "slow";

pub(crate) async fn a_quota_keeps_the_session_and_is_named(client: &Client, servers: &str) {
    create_topic(client, NewTopic::new("quota").partitions(1).replication(1)).await;
    fill(client, "quota", 40, 20_000).await;
    fill(client, "quota", 1, 3 * RATE).await;
    let slow = Client::builder(servers).client_id(SLOW).build().await.unwrap();
    let consumer = slow.consumer().assign([("quota", 0)]).from(Offset::Earliest);
    let mut consumer = consumer.partition_max_bytes(40_000).build().await.unwrap();
    let first = consumer.next().await.unwrap().unwrap().offset();
    assert_eq!(first, 0);
    limit(client, Some(RATE)).await;
    let (mut next, mut named) = (1, false);
    while next < 40 {
        match tokio::time::timeout(Duration::from_millis(20), consumer.next()).await {
            Ok(record) => {
                assert_eq!(record.unwrap().unwrap().offset(), next);
                next += 1;
            }
            Err(_) => {
                named |= waits(&consumer, |reason| matches!(reason, WaitReason::Throttled { .. })).await
            }
        }
    }
    assert!(named, "no wait was named a throttle");
    // The last batch is larger than the window. It never comes through, and that has a name.
    let in_vain = |reason: &WaitReason| matches!(reason, WaitReason::ThrottledInVain { .. });
    let begin = Instant::now();
    loop {
        let waited = tokio::time::timeout(Duration::from_millis(100), consumer.next()).await;
        assert!(waited.is_err(), "a batch larger than the window came through");
        if waits(&consumer, in_vain).await {
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", consumer.explain().await);
    }
    println!("FIGURE: a batch larger than the quota's window is named after {:.1?}", begin.elapsed());
    limit(client, None).await;
    assert_eq!(consumer.next().await.unwrap().unwrap().offset(), 40);
    let stats = consumer.stats();
    assert!(stats.full_fetches <= 2, "a throttle ended the session: {stats:?}");
    assert_eq!(stats.discarded_bytes, 0);
}

async fn waits(consumer: &Consumer, wanted: impl Fn(&WaitReason) -> bool) -> bool {
    consumer.explain().await.unwrap().iter().any(|waiting| wanted(&waiting.reason))
}

async fn limit(client: &Client, rate: Option<usize>) {
    let alteration = QuotaAlteration::new(QuotaEntity::client_id(SLOW));
    let alteration = match rate {
        Some(rate) => alteration.set(QuotaKey::ConsumerByteRate, rate as f64),
        None => alteration.remove(QuotaKey::ConsumerByteRate),
    };
    for (_, result) in client.admin().alter_client_quotas([alteration]).await {
        result.unwrap();
    }
    // The brokers hear of it by way of the metadata log.
    tokio::time::sleep(Duration::from_secs(1)).await;
}

/// Fills a topic of one partition, reads its beginning from a replica, and gives its leader.
async fn reading_from_a_replica_nearby(client: &Client) -> (Consumer, usize) {
    create_topic(client, NewTopic::new("near").partitions(1).replication(3)).await;
    fill(client, "near", RECORDS, 10_000).await;
    let description = client.admin().describe_topic("near").await.unwrap();
    let leader = description.partitions[0].leader.unwrap();
    let replica = (1..=3).find(|node| *node != leader).unwrap();
    // Followers learn the high watermark with their next fetch.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let consumer = client.consumer().assign([("near", 0)]).from(Offset::Earliest).rack(replica.to_string());
    let mut consumer = consumer.partition_max_bytes(20_000).build().await.unwrap();
    assert_eq!(consumer.next().await.unwrap().unwrap().offset(), 0);
    let mut read = 1;
    while read < 10 {
        read += consumer.next_batch().await.unwrap().unwrap().len();
    }
    let status = &consumer.partitions()[0];
    assert_eq!((status.read_from, status.lag.unwrap() > 0), (Some(replica), true));
    println!("FIGURE: led by node {leader}, read from node {replica}");
    (consumer, usize::try_from(leader).unwrap())
}

const RECORDS: usize = 200;

/// What the brokers say: the leader sent at most what the first answer held, in which it named the replica.
fn the_replica_s_own_counters_agree(cluster: &Cluster, consumer: &Consumer, leader: usize) {
    let nodes = Metrics::of_all(cluster);
    let replica = usize::try_from(consumer.partitions()[0].read_from.unwrap()).unwrap();
    let sent: Vec<f64> = nodes.iter().map(|node| node.bytes_out("near")).collect();
    let fetched = consumer.stats().fetched_bytes as f64;
    assert!(sent[replica - 1] >= 10.0 * 10_000.0, "{sent:?} of {fetched}");
    // An answer that names a replica has no records.
    assert_eq!(total(&nodes, |node| node.bytes_out("near")), sent[replica - 1], "{sent:?}");
    assert_eq!(sent[leader - 1], 0.0, "{sent:?}");
    println!(
        "FIGURE: by the brokers' own count the leader sent 0 bytes of a topic, its replica {}",
        sent[replica - 1]
    );
}

async fn rest_of_the_replica(mut consumer: Consumer) {
    let mut position = consumer.partitions()[0].position.unwrap();
    let begin = Instant::now();
    while position < i64::try_from(RECORDS).unwrap() {
        let record = consumer.next().await.unwrap().unwrap();
        assert_eq!(record.offset(), position);
        position += 1;
    }
    assert!(begin.elapsed() < Duration::from_secs(20), "the frozen leader was waited for");
}

#[test]
fn a_log_that_was_cut_is_told_or_followed() {
    let options = Options::new().nodes(3).set("broker.session.timeout.ms", 3_000);
    let mut cluster = kafka_or_skip!(options);
    a_cut_log(&mut cluster);
}

/// What holds on a cluster of three nodes without topics.
pub(crate) fn a_cut_log(cluster: &mut impl Nodes) {
    let topic =
        NewTopic::new("cut").assignment([vec![1, 2]]).config("unclean.leader.election.enable", "true");
    let client = run(connect(&cluster.bootstrap()));
    run(async {
        create_topic(&client, topic.config("min.insync.replicas", "1")).await;
        fill(&client, "cut", 10, 10).await;
    });
    // Node 1 goes on alone, and is lost with what only it has.
    cluster.kill(2);
    let build = |reset| client.consumer().assign([("cut", 0)]).from(Offset::Earliest).reset(reset).build();
    let (mut asking, mut following) = run(async {
        fill(&client, "cut", 10, 10).await;
        let (mut asking, mut following) =
            (build(Reset::Error).await.unwrap(), build(Reset::Latest).await.unwrap());
        for expected in 0..20 {
            assert_eq!(asking.next().await.unwrap().unwrap().offset(), expected);
            assert_eq!(following.next().await.unwrap().unwrap().offset(), expected);
        }
        (asking, following)
    });
    cluster.kill(1);
    cluster.restart(2);
    run(async {
        fill(&client, "cut", 5, 10).await;
        let error = match asking.next().await {
            Err(ConsumeError::Partition(error)) => error,
            other => panic!("{other:?}"),
        };
        assert_eq!(error.kind, PartitionErrorKind::Truncated { diverging_offset: 10 }, "{error}");
        assert_eq!((error.offset, error.skip_to), (Some(20), Some(10)));
        assert!(asking.skip(&error).unwrap());
        for expected in 10..15 {
            assert_eq!(asking.next().await.unwrap().unwrap().offset(), expected);
            assert_eq!(following.next().await.unwrap().unwrap().offset(), expected);
        }
    });
}

/// Writes `count` records of `size` bytes to partition 0, each in a batch of its own.
async fn fill(client: &Client, topic: &str, count: usize, size: usize) {
    let producer: Producer =
        client.producer().linger(Duration::ZERO).compression(Compression::None).build().await.unwrap();
    let topic = producer.topic(topic);
    let value = vec![b'v'; size];
    for _ in 0..count {
        topic.send(Record::value(&value).partition(0)).await.unwrap().await.unwrap();
    }
    producer.close(Duration::from_secs(10)).await.unwrap();
}
