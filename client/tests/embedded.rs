//! The whole way, against the embedded broker.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests state what must hold, as tests do"
)]

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use ottla::admin::NewTopic;
use ottla::{
    Acks, Client, Compression, ErrorCode, Offset, Producer, Record, ThrottleClass, TopicProducer, WaitReason,
};
use ottla_broker::{Cluster, QuotaEntity, QuotaKey};

const SOON: Duration = Duration::from_secs(20);

async fn orders(kafka: &Client) -> (Producer, TopicProducer) {
    let producer = kafka.producer().build().await.unwrap();
    let orders = producer.topic("orders");
    (producer, orders)
}

/// Every record of a topic, as key and value, by partition.
async fn read_all(kafka: &Client, topic: &str) -> BTreeMap<i32, Vec<(String, String)>> {
    let mut consumer =
        kafka.consumer().topics([topic]).from(Offset::Earliest).until_end().build().await.unwrap();
    let mut records: BTreeMap<i32, Vec<_>> = BTreeMap::new();
    let text = |bytes: Option<&[u8]>| String::from_utf8(bytes.unwrap_or(b"null").to_vec()).unwrap();
    let reading = async {
        while let Some(batch) = consumer.next_batch().await.unwrap() {
            let read = records.entry(batch.partition()).or_default();
            read.extend(batch.iter().map(|record| (text(record.key()), text(record.value()))));
        }
    };
    tokio::time::timeout(SOON, reading).await.expect("reading to the end takes no longer");
    records
}

/// Polls once and drops.
fn touch(future: impl Future) {
    let mut future = Box::pin(future);
    let _ = Pin::as_mut(&mut future).poll(&mut Context::from_waker(Waker::noop()));
}

#[tokio::test]
async fn topics_live_from_creation_to_deletion() {
    let cluster = Cluster::builder().nodes(3).start().await.unwrap();
    let kafka = Client::builder(cluster.bootstrap()).build().await.unwrap();
    let admin = kafka.admin().timeout(SOON);

    let created = admin.create_topic(NewTopic::new("orders").partitions(6).replication(3)).await.unwrap();
    assert_eq!(created.partitions, Some(6));
    let again = admin.create_topic(NewTopic::new("orders")).await.unwrap_err();
    assert_eq!(again.code(), Some(ErrorCode::TOPIC_ALREADY_EXISTS));
    let checked = admin.validate_topics([NewTopic::new("bills").partitions(2)]).await;
    assert!(checked[0].1.is_ok());

    assert_eq!(admin.describe_cluster().await.unwrap().brokers.len(), 3);
    let listed = admin.list_topics().await.unwrap();
    assert_eq!(listed.iter().map(|topic| topic.name.as_str()).collect::<Vec<_>>(), ["orders"]);
    let orders = admin.describe_topic("orders").await.unwrap();
    assert_eq!(orders.partitions.len(), 6);
    assert!(orders.partitions.iter().all(|partition| partition.leader.is_some()));

    admin.delete_topic(created.id.unwrap()).await.unwrap();
    assert!(admin.list_topics().await.unwrap().is_empty());
    let gone = admin.delete_topic("orders").await.unwrap_err();
    assert_eq!(gone.code(), Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));
}

#[tokio::test]
async fn records_come_back_in_order_with_every_codec() {
    let codecs =
        [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];
    for codec in codecs {
        let cluster = Cluster::builder().nodes(3).topic("orders", 6).start().await.unwrap();
        let kafka = Client::builder(cluster.bootstrap()).build().await.unwrap();
        let producer = kafka.producer().compression(codec).batch_bytes(4_000).build().await.unwrap();
        let orders = producer.topic("orders");
        let mut deliveries = Vec::new();
        for number in 0..3_000 {
            let (key, value) = (format!("key {}", number % 50), format!("value {number}"));
            deliveries.push(orders.send(Record::value(&value).key(&key)).await.unwrap());
        }
        for delivery in deliveries {
            delivery.await.unwrap();
        }
        let mut last: BTreeMap<String, i32> = BTreeMap::new();
        let mut count = 0;
        for (key, value) in read_all(&kafka, "orders").await.into_values().flatten() {
            let number: i32 = value.strip_prefix("value ").unwrap().parse().unwrap();
            assert_eq!(key, format!("key {}", number % 50));
            assert!(last.insert(key, number).is_none_or(|before| before < number), "{codec:?}: order by key");
            count += 1;
        }
        assert_eq!(count, 3_000, "{codec:?}");
        assert!(producer.close(SOON).await.unwrap().not_written == 0);
    }
}

#[tokio::test]
async fn a_client_on_the_current_runtime_goes_the_whole_way() {
    let cluster = Cluster::builder().topic("orders", 2).start().await.unwrap();
    let kafka = Client::builder(cluster.bootstrap()).on_current_runtime().build().await.unwrap();
    let (_producer, orders) = orders(&kafka).await;
    let receipt = orders.send(Record::value("v").key("k")).await.unwrap().await.unwrap();
    assert_eq!(receipt.offset, Some(0));
    let records = read_all(&kafka, "orders").await;
    assert_eq!(records[&receipt.partition], [("k".to_owned(), "v".to_owned())]);
}

#[tokio::test]
async fn records_that_nobody_acknowledges_wait_for_the_socket_alone() {
    let cluster = Cluster::builder().topic("orders", 1).start().await.unwrap();
    let kafka = Client::builder(cluster.bootstrap()).build().await.unwrap();
    let producer = kafka
        .producer()
        .acks(Acks::None)
        .idempotent(false)
        .linger(Duration::ZERO)
        .batch_bytes(1_000)
        .delivery_timeout(SOON)
        .build()
        .await
        .unwrap();
    let orders = producer.topic("orders");
    // Far more requests than may be in flight at once: each must make way for the next when it is written.
    let value = vec![b'x'; 900];
    let mut deliveries = Vec::new();
    for _ in 0..500 {
        deliveries.push(orders.send(Record::value(&value)).await.unwrap());
    }
    let started = Instant::now();
    for delivery in deliveries {
        assert_eq!(delivery.await.unwrap().offset, None);
    }
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    // The broker may still be reading when the last one is written.
    while started.elapsed() < SOON && read_all(&kafka, "orders").await.values().flatten().count() < 500 {}
    assert_eq!(read_all(&kafka, "orders").await.values().flatten().count(), 500);
}

#[tokio::test]
async fn a_throttled_producer_says_by_whom_and_for_how_long() {
    let entity = QuotaEntity::default_client_id();
    let cluster = Cluster::builder()
        .topic("orders", 1)
        .client_quota(entity, QuotaKey::ProducerByteRate, 20_000.0)
        .start()
        .await
        .unwrap();
    let kafka = Client::builder(cluster.bootstrap()).build().await.unwrap();
    let (producer, orders) = orders(&kafka).await;
    // Ten seconds' worth of the quota and a tenth more: Kafka's windows make that a second of waiting. A machine too busy
    // to look within it is throttled for longer by another burst.
    let burst = vec![b'x'; 220_000];
    for _ in 0..3 {
        orders.send(Record::value(&burst)).await.unwrap().await.unwrap();
        if says_by_whom(&cluster, &kafka, &orders).await {
            producer.close(SOON).await.unwrap();
            return;
        }
    }
    panic!("every throttle was over before it was looked at");
}

/// False if the throttle ended meanwhile.
async fn says_by_whom(cluster: &Cluster, kafka: &Client, orders: &TopicProducer) -> bool {
    let started = Instant::now();
    let throttled = kafka.throttle();
    let second = orders.send(Record::value("waits")).await.unwrap();
    // It lingers first.
    let mut waiting = kafka.explain().await.unwrap();
    while !waiting.iter().any(|waiting| matches!(waiting.reason, WaitReason::Throttled { .. })) {
        if kafka.throttle().is_empty() {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        waiting = kafka.explain().await.unwrap();
    }
    // Meanwhile everything else goes on.
    kafka.admin().timeout(SOON).describe_cluster().await.unwrap();
    let [rest] = kafka.admin().throttle()[..] else { return false };

    let [throttle] = throttled[..] else { panic!("{throttled:?}") };
    assert_eq!((throttle.node, throttle.class), (first_node(cluster), ThrottleClass::Produce));
    let receipt = second.await.unwrap();
    assert!(started.elapsed() >= throttle.remaining, "{:?} of {throttle}", started.elapsed());
    assert!(receipt.latency.throttle >= rest.remaining, "{:?} for {rest}", receipt.latency);
    true
}

fn first_node(cluster: &Cluster) -> i32 {
    // The broker numbers its nodes from the first address on.
    i32::from(!cluster.addresses().is_empty())
}

#[tokio::test]
async fn futures_that_are_polled_once_and_dropped_lose_nothing() {
    let cluster = Cluster::builder().topic("orders", 3).start().await.unwrap();
    let kafka = Client::builder(cluster.bootstrap()).build().await.unwrap();
    let (producer, orders) = orders(&kafka).await;
    orders.send(Record::value("first")).await.unwrap().await.unwrap();
    let mut consumer = kafka.consumer().topics(["orders"]).from(Offset::Earliest).build().await.unwrap();
    let mut seen = 0;
    for _ in 0..50 {
        let delivery = orders.send(Record::value("kept")).await.unwrap();
        touch(delivery);
        touch(producer.flush(SOON));
        touch(producer.explain());
        touch(kafka.admin().list_topics());
        touch(kafka.explain());
        // A batch that arrives in the very poll is taken, one that does not stays for the next.
        let next = tokio::time::timeout(Duration::from_millis(1), consumer.next_batch()).await;
        if let Ok(batch) = next {
            seen += batch.unwrap().unwrap().len();
        }
    }
    assert!(producer.flush(SOON).await.unwrap().is_complete());
    while seen < 51 {
        let next = tokio::time::timeout(SOON, consumer.next_batch()).await.expect("records are left");
        seen += next.unwrap().unwrap().len();
    }
    let all: usize = read_all(&kafka, "orders").await.values().map(Vec::len).sum();
    assert_eq!((seen, all), (51, 51));
}

#[tokio::test]
async fn a_cluster_that_vanishes_is_told_within_the_deadline() {
    let cluster = Cluster::builder().topic("orders", 1).start().await.unwrap();
    let kafka = Client::builder(cluster.bootstrap()).build().await.unwrap();
    let producer = kafka.producer().delivery_timeout(Duration::from_millis(700)).build().await.unwrap();
    let orders = producer.topic("orders");
    orders.send(Record::value("arrives")).await.unwrap().await.unwrap();
    drop(cluster);
    let started = Instant::now();
    let lost = orders.send(Record::value("lost")).await.unwrap();
    let error = lost.await.unwrap_err();
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    assert!(error.to_string().contains("not written"), "{error}");
    // A busy machine may need more than the first deadline to find a port closed.
    let mut timeout = Duration::from_millis(300);
    loop {
        let error = kafka.admin().timeout(timeout).list_topics().await.unwrap_err().to_string();
        if error.contains("refused") {
            break;
        }
        assert!(timeout < SOON, "{error}");
        timeout *= 2;
    }
    let started = Instant::now();
    let abandoned = orders.send(Record::value("abandoned")).await.unwrap();
    producer.close(Duration::from_millis(200)).await.unwrap();
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    abandoned.await.unwrap_err();
}

#[test]
fn what_is_under_way_when_the_runtime_ends_is_settled() {
    let start =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (brokers, clients) = (start(), start());
    let cluster = brokers.block_on(Cluster::builder().topic("orders", 1).start()).unwrap();
    let (delivery, _producer) = clients.block_on(async {
        let kafka = Client::builder(cluster.bootstrap()).on_current_runtime().build().await.unwrap();
        let producer = kafka.producer().linger(SOON * 6).build().await.unwrap();
        (producer.topic("orders").send(Record::value("lingers")).await.unwrap(), producer)
    });
    drop(clients);
    let settled = brokers.block_on(async { tokio::time::timeout(SOON, delivery).await });
    let error = settled.expect("nobody waits for a driver that is gone").unwrap_err();
    assert!(error.to_string().contains("not written"), "{error}");
}
