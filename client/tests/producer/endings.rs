//! Dropping and closing while a broker throttles: nothing waits longer than it may, and every fate is true.

use std::time::Instant;

use ottla::{Certainty, DeliveryFailure, Event};

use super::*;

/// Far below the ten seconds that a throttle takes here, and far above what a busy machine adds to a deadline.
const BEFORE_ITS_END: Duration = Duration::from_secs(7);

#[tokio::test]
async fn close_ends_by_its_deadline_under_a_throttle_and_every_fate_is_true() {
    let (cluster, kafka) = start(1, 1).await;
    let (producer, orders) = orders(&kafka).await;
    throttle(&cluster, &orders, 10).await;
    let mut deliveries = Vec::new();
    for n in 0..50 {
        deliveries.push(orders.send(Record::value(&n.to_string())).await.unwrap());
    }
    let started = Instant::now();
    let report = producer.close(Duration::from_millis(500)).await.unwrap();
    let took = started.elapsed();
    assert!(took >= Duration::from_millis(500) && took < BEFORE_ITS_END, "{took:?}");
    assert_eq!((report.written, report.not_written, report.possibly_written), (0, 50, 0));
    for delivery in deliveries {
        assert!(delivery.is_settled(), "nobody has to wait after the close");
        let error = delivery.await.unwrap_err();
        assert_eq!((error.certainty, &error.failure), (Certainty::NotWritten, &DeliveryFailure::Closed));
    }
    assert_eq!(count(&kafka, "orders").await, 0, "what is not written is not in the log");
}

#[tokio::test]
async fn dropping_returns_at_once_and_what_was_accepted_is_still_delivered() {
    let (cluster, kafka) = start(1, 1).await;
    let (producer, orders) = orders(&kafka).await;
    throttle(&cluster, &orders, 3).await;
    let delivery = orders.send(Record::value("kept")).await.unwrap();
    let rest = kafka.throttle().first().map_or(Duration::MAX, |throttle| throttle.remaining);
    let started = Instant::now();
    drop((producer, orders));
    assert!(started.elapsed() < rest, "{:?} of {rest:?}", started.elapsed());
    tokio::time::timeout(SOON, delivery).await.expect("it ends with the throttle").unwrap();
    assert_eq!(count(&kafka, "orders").await, 1);
}

#[tokio::test]
async fn dropping_the_client_under_a_throttle_returns_at_once_and_settles_everything() {
    let (cluster, kafka) = start(1, 1).await;
    let (producer, orders) = orders(&kafka).await;
    throttle(&cluster, &orders, 10).await;
    let delivery = orders.send(Record::value("lost")).await.unwrap();
    drop(orders.send(Record::value("lost, and nobody asks for it")).await.unwrap());
    let mut events = kafka.events();
    let started = Instant::now();
    drop((producer, orders, kafka));
    let error = tokio::time::timeout(SOON, delivery).await.expect("nobody waits for nobody").unwrap_err();
    assert!(started.elapsed() < BEFORE_ITS_END, "{:?}", started.elapsed());
    assert_eq!(error.certainty, Certainty::NotWritten);
    let mut told = 0;
    while let Some(event) = tokio::time::timeout(SOON, events.next()).await.expect("they end with the client")
    {
        if let Event::Undelivered { records, certainty, .. } = event {
            assert_eq!(certainty, Certainty::NotWritten);
            told += records;
        }
    }
    assert_eq!(told, 2, "what was abandoned is counted");
}

#[tokio::test]
async fn flush_ends_by_its_deadline_and_says_what_still_waits() {
    let (cluster, kafka) = start(1, 1).await;
    let (producer, orders) = orders(&kafka).await;
    throttle(&cluster, &orders, 10).await;
    let _waiting = orders.send(Record::value("waits")).await.unwrap();
    let started = Instant::now();
    let report = producer.flush(Duration::from_millis(100)).await.unwrap();
    assert!(started.elapsed() < BEFORE_ITS_END, "{:?}", started.elapsed());
    assert!(!report.is_complete());
    let reason = report.waiting[0].reason.to_string();
    assert!(reason.contains("throttled by node 1"), "{reason}");
    producer.close(Duration::ZERO).await.unwrap();
}

#[tokio::test]
async fn senders_that_wait_for_memory_end_with_the_producer() {
    let (cluster, kafka) = start(1, 1).await;
    let producer = kafka.producer().batch_bytes(2_000).memory_bytes(4_000).build().await.unwrap();
    let orders = producer.topic("orders");
    orders.send(Record::value("first")).await.unwrap().await.unwrap();
    cluster.freeze_node(BrokerId(1));
    let value = vec![b'x'; 900];
    let senders: Vec<_> = (0..20)
        .map(|_| {
            let (orders, value) = (orders.clone(), value.clone());
            tokio::spawn(async move { orders.send(Record::value(&value)).await.map(drop) })
        })
        .collect();
    while producer.free_memory() >= 1_000 {
        tokio::task::yield_now().await;
    }
    producer.close(Duration::from_millis(50)).await.unwrap();
    let mut refused = 0;
    for sender in senders {
        let sent = tokio::time::timeout(SOON, sender).await.expect("nobody waits for a closed producer");
        refused += usize::from(sent.unwrap().is_err());
    }
    assert!(refused > 10, "{refused}");
}
