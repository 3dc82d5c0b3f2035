//! Every way to hand a record over, and what a record may carry.

use std::sync::Arc;
use std::time::SystemTime;

use ottla::{
    Acks, BuildError, Compression, CustomPartitioner, Partitioner, RecordToPlace, Refused, Report, SendError,
    TopicSettings, WaitReason,
};

use super::*;

#[tokio::test]
async fn every_form_reaches_the_log_once() {
    let (_cluster, kafka) = start(1, 3).await;
    let (producer, orders) = orders(&kafka).await;
    let mut reports = producer.reports();
    orders.send(Record::value("send")).await.unwrap().await.unwrap();
    orders.try_send(Record::value("try_send")).unwrap().await.unwrap();
    orders.enqueue(Record::value("enqueue")).await.unwrap();
    let mut deliveries = Vec::new();
    let batch = ["batch 1", "batch 2"].map(Record::value);
    orders.send_batch(batch, &mut deliveries).await.unwrap();
    for delivery in deliveries {
        delivery.await.unwrap();
    }
    assert!(producer.flush(SOON).await.unwrap().is_complete());
    let mut found: Vec<_> = values(&kafka, "orders").await.into_values().flatten().collect();
    found.sort();
    assert_eq!(found, ["batch 1", "batch 2", "enqueue", "send", "try_send"]);

    producer.close(SOON).await.unwrap();
    let mut reported = 0;
    while let Some(report) = reports.next().await {
        let Report::Batch(batch) = report else { panic!("nobody was slow: {report:?}") };
        assert_eq!(batch.topic, "orders");
        assert!(batch.result.unwrap().base_offset.is_some());
        reported += batch.records;
    }
    assert_eq!(reported, 5);
}

#[tokio::test]
async fn try_send_gives_the_record_back_with_the_reason() {
    let (cluster, kafka) = start(2, 2).await;
    let producer = kafka.producer().memory_bytes(40_000).batch_bytes(5_000).build().await.unwrap();
    let orders = producer.topic("orders");
    // Nothing is known about the topic in the first moment.
    let record = Record::value("v").partition(0);
    let refused = orders.try_send(record).unwrap_err();
    assert_eq!(refused, Refused::Waiting(WaitReason::Metadata { topic: "orders".into() }));
    orders.send(record).await.unwrap().await.unwrap();

    let frozen = ottla_node(&kafka, 0).await;
    cluster.freeze_node(BrokerId(frozen));
    let value = vec![b'x'; 2_000];
    let refused = loop {
        match orders.try_send(Record::value(&value).partition(0)) {
            Ok(_delivery) => {}
            Err(refused) => break refused,
        }
    };
    let reason = WaitReason::NodeShare { node: frozen };
    assert_eq!(refused, Refused::Waiting(reason), "the share of node {frozen} is used up");
    assert!(producer.free_memory() >= 20_000);
    cluster.thaw_node(BrokerId(frozen));
    assert!(producer.flush(SOON).await.unwrap().is_complete());
    assert!(matches!(
        orders.try_send(Record::value("v").partition(9)),
        Err(Refused::Never(SendError::NoSuchPartition { partition: 9, count: 2, .. }))
    ));
}

async fn ottla_node(kafka: &Client, partition: usize) -> i32 {
    let topic = kafka.admin().describe_topic("orders").await.unwrap();
    topic.partitions[partition].leader.unwrap()
}

#[tokio::test]
async fn keys_values_headers_and_times_arrive_as_they_were_sent() {
    let cluster = Cluster::builder()
        .topic("created", 1)
        .topic_with("appended", 1, [("message.timestamp.type", "LogAppendTime")])
        .start()
        .await
        .unwrap();
    let kafka = Client::builder(cluster.bootstrap()).build().await.unwrap();
    let producer = kafka.producer().build().await.unwrap();
    let headers: &[(&str, Option<&[u8]>)] = &[("a", Some(b"1")), ("a", None), ("b", Some(b""))];
    let now = i64::try_from(SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap();
    let created = now - 60_000;
    for topic in ["created", "appended"] {
        let topic = producer.topic(topic);
        let full = Record::value("v").key("k").headers(headers).timestamp(created);
        let receipt = topic.send(full).await.unwrap().await.unwrap();
        assert_eq!(receipt.log_append_time.is_some(), topic.name() == "appended");
        topic.send(Record::tombstone("k")).await.unwrap().await.unwrap();
        topic.send(Record::default()).await.unwrap().await.unwrap();

        let mut consumer =
            kafka.consumer().topics([topic.name()]).from(Offset::Earliest).until_end().build().await.unwrap();
        let mut records = Vec::new();
        while let Some(batch) = consumer.next_batch().await.unwrap() {
            records.extend(batch.iter().map(|record| {
                let headers: Vec<_> = record
                    .headers()
                    .map(|header| (header.key_lossy().into_owned(), header.value.map(<[u8]>::to_vec)))
                    .collect();
                let bytes = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
                (bytes(record.key()), bytes(record.value()), headers, record.timestamp().unwrap())
            }));
        }
        let [(key, value, read, time), tombstone, empty] = &records[..] else { panic!("{records:?}") };
        assert_eq!((key.as_deref(), value.as_deref()), (Some(&b"k"[..]), Some(&b"v"[..])));
        let read: Vec<_> = read.iter().map(|(name, value)| (name.as_str(), value.as_deref())).collect();
        assert_eq!(read, headers);
        assert_eq!(*time == created, topic.name() == "created", "{time}");
        assert_eq!((tombstone.0.as_deref(), &tombstone.1), (Some(&b"k"[..]), &None));
        assert_eq!((&empty.0, &empty.1), (&None, &None));
        assert!(empty.3 >= now, "the moment of sending");
    }
}

#[tokio::test]
async fn fewer_acknowledgements_exclude_idempotence() {
    let (_cluster, kafka) = start(1, 1).await;
    for acks in [Acks::None, Acks::Leader] {
        let error = kafka.producer().acks(acks).idempotent(true).build().await.unwrap_err();
        assert!(matches!(error, BuildError::Setting { name: "idempotent", .. }), "{error}");
        let producer = kafka.producer().acks(acks).build().await.unwrap();
        let receipt = producer.topic("orders").send(Record::value("v")).await.unwrap().await.unwrap();
        assert_eq!(receipt.offset.is_some(), acks == Acks::Leader);
    }
}

#[tokio::test]
async fn topics_have_settings_of_their_own() {
    let (_cluster, kafka) = start(1, 3).await;
    let settings = TopicSettings::new()
        .linger(Duration::ZERO)
        .compression(Compression::Gzip)
        .batch_bytes(500)
        .partitioner(Partitioner::RoundRobin);
    let producer = kafka.producer().linger(SOON).topic_settings("orders", settings).build().await.unwrap();
    let orders = producer.topic("orders");
    let mut partitions = Vec::new();
    for _ in 0..3 {
        let receipt = orders.send(Record::value("v").key("k")).await.unwrap().await.unwrap();
        assert!(receipt.latency.linger < SOON, "it does not linger as long as the others");
        partitions.push(receipt.partition);
    }
    assert_eq!(partitions, [0, 1, 2]);

    let wrong = [
        TopicSettings::new().batch_bytes(0),
        TopicSettings::new().batch_bytes(1 << 30),
        TopicSettings::new().linger(SOON * 100),
    ];
    for settings in wrong {
        let error = kafka.producer().topic_settings("orders", settings).build().await.unwrap_err();
        assert!(matches!(error, BuildError::Setting { name: "topic_settings", .. }), "{error}");
    }
    let settings = TopicSettings::new().compression(Compression::GzipLevel(77));
    let error = kafka.producer().topic_settings("orders", settings).build().await.unwrap_err();
    assert!(matches!(error, BuildError::Setting { name: "compression", .. }), "{error}");
}

#[derive(Debug)]
struct ByLength;

impl CustomPartitioner for ByLength {
    fn partition(&self, record: &RecordToPlace<'_>, partitions: u32) -> Option<u32> {
        assert_eq!((record.topic, record.key, partitions), ("orders", None, 3));
        assert!(record.headers.is_empty() && record.timestamp > 0);
        u32::try_from(record.value?.len()).ok()
    }
}

#[tokio::test]
async fn an_own_partitioner_sees_the_record() {
    let (_cluster, kafka) = start(1, 3).await;
    let partitioner = Partitioner::Custom(Arc::new(ByLength));
    let producer = kafka.producer().partitioner(partitioner).build().await.unwrap();
    let orders = producer.topic("orders");
    for (value, partition) in [("", 0), ("xx", 2), ("x", 1)] {
        assert_eq!(orders.send(Record::value(value)).await.unwrap().partition(), partition);
    }
}

#[tokio::test]
async fn making_a_producer_waits_for_no_answer() {
    let (cluster, kafka) = start(3, 1).await;
    for node in 1..=3 {
        assert!(cluster.freeze_node(BrokerId(node)));
    }
    let producer = tokio::time::timeout(SOON, kafka.producer().build());
    let producer = producer.await.expect("no node has to answer for it").unwrap();
    assert!(producer.topic("orders").try_send(Record::value("v")).is_err(), "the topic is not known yet");
    // Nor is anybody kept from ending it.
    tokio::time::timeout(SOON, producer.close(Duration::ZERO)).await.expect("it ends at once").unwrap();
}
