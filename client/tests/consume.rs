//! The consumer over real sockets, against the embedded broker.

#![expect(clippy::unwrap_used, reason = "helpers of tests state their expectations as tests do")]

use std::pin::pin;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use ottla::consumer::{Batch, ConsumeError, Consumer, PartitionErrorKind, Reset};
use ottla::{Client, Offset, Record, ThrottleClass, WaitReason};
use ottla_broker::{Cluster, QuotaEntity, QuotaKey};

const SOON: Duration = Duration::from_secs(20);

/// A cluster whose topic `orders` has that many partitions with `count` records of `size` bytes each.
async fn filled(partitions: i32, count: usize, size: usize) -> (Cluster, Client) {
    let cluster = Cluster::builder().topic("orders", partitions).start().await.unwrap();
    let kafka = Client::builder(cluster.bootstrap()).build().await.unwrap();
    fill(&kafka, partitions, count, size).await;
    (cluster, kafka)
}

async fn fill(kafka: &Client, partitions: i32, count: usize, size: usize) {
    let producer = kafka.producer().build().await.unwrap();
    let orders = producer.topic("orders");
    for partition in 0..partitions {
        let value = vec![b'v'; size];
        let mut last = None;
        for _ in 0..count {
            last = Some(orders.send(Record::value(&value).partition(partition)).await.unwrap());
        }
        last.unwrap().await.unwrap();
    }
    producer.close(SOON).await.unwrap();
}

async fn next(consumer: &mut Consumer) -> Batch {
    tokio::time::timeout(SOON, consumer.next_batch()).await.unwrap().unwrap().unwrap()
}

fn offsets(batch: &Batch) -> Vec<i64> {
    batch.iter().map(|record| record.offset()).collect()
}

#[tokio::test]
async fn a_future_dropped_at_any_poll_loses_nothing() {
    let (_cluster, kafka) = filled(2, 500, 100).await;
    let mut consumer =
        kafka.consumer().topics(["orders"]).from(Offset::Earliest).until_end().build().await.unwrap();
    let mut found = [0, 0];
    let deadline = Instant::now() + SOON;
    loop {
        assert!(Instant::now() < deadline);
        // Polled once and dropped: either it is ready, or nothing has happened.
        let polled = {
            let future = pin!(consumer.next_batch());
            future.poll(&mut Context::from_waker(Waker::noop()))
        };
        match polled {
            std::task::Poll::Pending => tokio::task::yield_now().await,
            std::task::Poll::Ready(batch) => {
                let Some(batch) = batch.unwrap() else { break };
                let next = &mut found[usize::try_from(batch.partition()).unwrap()];
                for record in &batch {
                    assert_eq!(record.offset(), *next);
                    *next += 1;
                }
            }
        }
    }
    assert_eq!(found, [500, 500]);
    assert!(consumer.at_end());
}

#[tokio::test]
async fn positions_go_where_they_are_told() {
    let (_cluster, kafka) = filled(1, 10, 10).await;
    let mut consumer = kafka.consumer().assign([("orders", 0)]).from(Offset::At(7)).build().await.unwrap();
    assert_eq!(offsets(&next(&mut consumer).await), [7, 8, 9]);
    let status = &consumer.partitions()[0];
    assert_eq!((status.position, status.high_watermark, status.lag), (Some(10), Some(10), Some(0)));

    consumer.seek("orders", 0, Offset::Earliest).unwrap();
    assert_eq!(next(&mut consumer).await.iter().next().unwrap().offset(), 0);
    assert!(consumer.seek("orders", 1, Offset::Earliest).is_err());

    consumer.seek("orders", 0, Offset::Latest).unwrap();
    fill(&kafka, 1, 1, 10).await;
    let found = tokio::time::timeout(SOON, consumer.next_batch()).await;
    // Where the end was found, before or after the record, is the cluster's to say; nothing old comes in any case.
    if let Ok(found) = found {
        assert_eq!(offsets(&found.unwrap().unwrap()), [10]);
    }
}

#[tokio::test]
async fn an_offset_that_does_not_exist_is_told_or_reset() {
    let (_cluster, kafka) = filled(1, 10, 10).await;
    let build = |reset| kafka.consumer().assign([("orders", 0)]).from(Offset::At(1_000)).reset(reset).build();
    let mut consumer = build(Reset::Error).await.unwrap();
    let error = tokio::time::timeout(SOON, consumer.next_batch()).await.unwrap().unwrap_err();
    let ConsumeError::Partition(error) = error else { panic!("{error}") };
    assert!(matches!(error.kind, PartitionErrorKind::OutOfRange { .. }), "{error}");
    assert_eq!((error.topic.as_str(), error.partition, error.offset), ("orders", 0, Some(1_000)));
    consumer.seek("orders", 0, Offset::At(9)).unwrap();
    assert_eq!(offsets(&next(&mut consumer).await), [9]);

    let mut consumer = build(Reset::Earliest).await.unwrap();
    assert_eq!(next(&mut consumer).await.iter().next().unwrap().offset(), 0);
}

#[tokio::test]
async fn a_small_budget_holds_and_reads_everything() {
    let (_cluster, kafka) = filled(3, 300, 1_000).await;
    let consumer = kafka.consumer().topics(["orders"]).from(Offset::Earliest).until_end();
    let mut consumer = consumer.budget_bytes(200_000).partition_max_bytes(30_000).build().await.unwrap();
    let mut records = 0;
    while let Some(batch) = tokio::time::timeout(SOON, consumer.next_batch()).await.unwrap().unwrap() {
        records += batch.len();
        let stats = consumer.stats();
        // The broker's whole first batch may be larger than what was left; it is the only thing that may.
        assert!(stats.budget_used <= stats.budget_bytes + batch.pinned_bytes(), "{stats:?}");
    }
    assert_eq!(records, 900);
    assert_eq!(consumer.stats().discarded_bytes, 0);
}

#[tokio::test]
async fn a_throttled_consumer_says_by_whom() {
    let cluster = Cluster::builder()
        .topic("orders", 1)
        .client_quota(QuotaEntity::default_client_id(), QuotaKey::ConsumerByteRate, 20_000.0)
        .start()
        .await
        .unwrap();
    let kafka = Client::builder(cluster.bootstrap()).build().await.unwrap();
    // More than the quota's windows hold together, in batches that are each far smaller.
    for _ in 0..26 {
        fill(&kafka, 1, 10, 1_000).await;
    }
    let mut consumer = kafka.consumer().topics(["orders"]).from(Offset::Earliest).build().await.unwrap();
    let mut records = 0;
    let throttled = async {
        loop {
            while let Ok(batch) = tokio::time::timeout(Duration::from_millis(50), consumer.next_batch()).await
            {
                records += batch.unwrap().unwrap().len();
            }
            let waiting = consumer.explain().await.unwrap();
            let throttle = waiting.into_iter().find_map(|waiting| match waiting.reason {
                WaitReason::Throttled { class, remaining, .. } => Some((class, remaining)),
                _ => None,
            });
            if let Some(throttle) = throttle {
                break throttle;
            }
        }
    };
    let (class, remaining) = tokio::time::timeout(SOON, throttled).await.unwrap();
    assert_eq!(class, ThrottleClass::Fetch);
    assert!(remaining > Duration::ZERO);
    assert!(kafka.throttle().iter().any(|throttle| throttle.class == ThrottleClass::Fetch));
    assert!(records < 260);
}

#[tokio::test]
async fn a_topic_that_does_not_exist_has_a_name_and_a_deadline() {
    let cluster = Cluster::builder().topic("orders", 1).start().await.unwrap();
    let kafka = Client::builder(cluster.bootstrap()).build().await.unwrap();
    let consumer = kafka.consumer().topics(["missing"]).unknown_topic_patience(Duration::from_millis(300));
    let mut consumer = consumer.build().await.unwrap();
    let error = tokio::time::timeout(SOON, consumer.next_batch()).await.unwrap().unwrap_err();
    assert!(matches!(&error, ConsumeError::Topic { topic, .. } if topic == "missing"), "{error}");
    assert!(error.to_string().contains("create it"), "{error}");
}

#[tokio::test]
async fn records_one_by_one_and_batches_share_one_position() {
    let (_cluster, kafka) = filled(1, 10, 10).await;
    let mut consumer = kafka.consumer().assign([("orders", 0)]).from(Offset::Earliest).build().await.unwrap();
    for expected in 0..3 {
        // Polled once and dropped: nothing is lost.
        let _ = pin!(consumer.next()).poll(&mut Context::from_waker(Waker::noop()));
        consumer.seek("orders", 0, Offset::At(expected)).unwrap();
        let record = tokio::time::timeout(SOON, consumer.next()).await.unwrap().unwrap().unwrap();
        assert_eq!((record.topic(), record.partition(), record.offset()), ("orders", 0, expected));
        let status = &consumer.partitions()[0];
        assert_eq!((status.position, status.lag), (Some(expected + 1), Some(9 - expected)));
        assert!(!consumer.at_end());
    }
    // What is left of the batch comes whole, but not while its partition is paused.
    consumer.pause("orders", 0).unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(50), consumer.next_batch()).await.is_err());
    consumer.resume("orders", 0).unwrap();
    let mut found = Vec::new();
    while found.len() < 7 {
        found.extend(offsets(&next(&mut consumer).await));
    }
    assert_eq!(found, [3, 4, 5, 6, 7, 8, 9]);
    assert!(consumer.at_end());
}

#[tokio::test]
async fn a_stream_gives_every_batch_and_may_be_dropped() {
    use futures_core::Stream;
    let (_cluster, kafka) = filled(2, 300, 10).await;
    let consumer = kafka.consumer().topics(["orders"]).from(Offset::Earliest).until_end();
    let mut consumer = consumer.build().await.unwrap();
    let mut records = 0;
    loop {
        // A stream for each batch, some of them dropped after one poll.
        let _ = pin!(consumer.batches()).poll_next(&mut Context::from_waker(Waker::noop())).map(|batch| {
            records += batch.map_or(0, |batch| batch.unwrap().len());
        });
        let mut batches = pin!(consumer.batches());
        let batch = std::future::poll_fn(|context| batches.as_mut().poll_next(context));
        let Some(batch) = tokio::time::timeout(SOON, batch).await.unwrap() else { break };
        records += batch.unwrap().len();
    }
    assert_eq!(records, 600);
}

#[tokio::test]
async fn a_detached_batch_holds_nothing_of_the_budget() {
    let (_cluster, kafka) = filled(1, 10, 1_000).await;
    let mut consumer = kafka.consumer().assign([("orders", 0)]).from(Offset::Earliest).build().await.unwrap();
    let mut batches = Vec::new();
    while batches.iter().map(Batch::len).sum::<usize>() < 10 {
        batches.push(next(&mut consumer).await);
    }
    assert!(batches.iter().all(|batch| batch.pinned_bytes() >= batch.size()));
    let batches: Vec<_> = batches.into_iter().map(Batch::detach).collect();
    assert!(batches.iter().all(|batch| batch.pinned_bytes() == 0));
    assert_eq!(batches.iter().flat_map(offsets).collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
}

#[test]
fn consumers_and_their_questions_may_be_anywhere() {
    fn shared<T: Send + Sync>() {}
    shared::<Consumer>();
    shared::<ottla::GroupConsumer>();
}

#[tokio::test]
async fn every_interceptor_sees_every_batch_and_may_panic() {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    struct Counter(Arc<AtomicUsize>);
    impl ottla::consumer::ConsumerInterceptor for Counter {
        fn on_consume(&mut self, batch: &Batch) {
            self.0.fetch_add(batch.len(), Ordering::Relaxed);
            panic!("an interceptor's own fault");
        }
    }
    let (_cluster, kafka) = filled(1, 10, 10).await;
    let seen = Arc::new(AtomicUsize::new(0));
    let consumer = kafka.consumer().topics(["orders"]).from(Offset::Earliest).until_end();
    let consumer = consumer.interceptor(Counter(Arc::clone(&seen))).interceptor(Counter(Arc::clone(&seen)));
    let mut consumer = consumer.build().await.unwrap();
    let mut records = 0;
    while tokio::time::timeout(SOON, consumer.next()).await.unwrap().unwrap().is_some() {
        records += 1;
    }
    assert_eq!((records, seen.load(Ordering::Relaxed)), (10, 20), "both see all ten");
}

#[tokio::test]
async fn offsets_are_found_without_moving() {
    let (_cluster, kafka) = filled(2, 10, 10).await;
    let consumer = kafka.consumer().assign([("orders", 0)]).from(Offset::Earliest);
    let mut consumer = consumer.unknown_topic_patience(Duration::from_secs(1)).build().await.unwrap();
    let wanted = [
        ("orders", 0, Offset::Earliest),
        ("orders", 1, Offset::Latest),
        ("orders", 0, Offset::Ago(Duration::from_secs(3_600))),
        ("orders", 1, Offset::Ago(Duration::ZERO)),
        ("orders", 7, Offset::Latest),
    ];
    // Polled once and dropped: the answer is lost and nothing else.
    let _ = pin!(consumer.find_offsets(wanted, SOON)).poll(&mut Context::from_waker(Waker::noop()));
    let found = tokio::time::timeout(SOON, consumer.find_offsets(wanted, SOON)).await.unwrap().unwrap();
    assert_eq!(found.len(), 5);
    for answer in found {
        match (answer.partition, &answer.found) {
            (0, Ok(Some(found))) => assert_eq!(found.offset, 0),
            (1, Ok(found)) => assert!(found.is_none_or(|found| found.offset == 10), "{found:?}"),
            (7, Err(error)) => assert!(error.to_string().contains("2 partitions"), "{error}"),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(next(&mut consumer).await.iter().next().unwrap().offset(), 0);
}

#[tokio::test]
async fn every_byte_of_the_log_comes_once() {
    let cluster = Cluster::builder().nodes(2).topic("orders", 8).start().await.unwrap();
    let kafka = Client::builder(cluster.bootstrap()).build().await.unwrap();
    let producer = kafka.producer().batch_bytes(16 << 10).compression(ottla::Compression::None);
    let producer = producer.build().await.unwrap();
    let orders = producer.topic("orders");
    for record in 0..80_000 {
        drop(orders.send(Record::value(&[b'v'; 100]).partition(record % 8)).await.unwrap());
    }
    producer.close(SOON).await.unwrap();
    let consumer = kafka.consumer().topics(["orders"]).from(Offset::Earliest).until_end();
    let begin = Instant::now();
    let mut consumer = consumer.build().await.unwrap();
    let (mut records, mut log_bytes, mut first) = (0, 0, None);
    while let Some(batch) = tokio::time::timeout(SOON, consumer.next_batch()).await.unwrap().unwrap() {
        first.get_or_insert_with(|| begin.elapsed());
        records += batch.len();
        // The header of a batch takes 61 bytes.
        log_bytes += batch.size() as u64 + 61;
    }
    let stats = consumer.stats();
    println!(
        "FIGURE: {} bytes fetched for {log_bytes} bytes of log in {} fetches, {} of them full; first record after {:.1?}",
        stats.fetched_bytes,
        stats.fetches,
        stats.full_fetches,
        first.unwrap()
    );
    assert_eq!((records, stats.discarded_bytes), (80_000, 0));
    assert!(stats.fetched_bytes <= log_bytes * 102 / 100, "{stats:?} for {log_bytes} bytes");
}
