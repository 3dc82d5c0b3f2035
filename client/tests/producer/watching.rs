//! Events and metrics.

use ottla::{Certainty, ConnectionPurpose, DeliveryFailure, Event, Events, ThrottleClass};

use super::*;

/// The next event that `wanted` recognises.
async fn find<T>(events: &mut Events, wanted: impl Fn(&Event) -> Option<T>) -> T {
    let search = async {
        loop {
            let event = events.next().await.expect("the client lives");
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    };
    tokio::time::timeout(SOON, search).await.expect("it is told")
}

#[tokio::test]
async fn a_throttle_is_told_from_its_beginning_to_its_end() {
    let (cluster, kafka) = start(1, 1).await;
    let mut events = kafka.events();
    let (producer, orders) = orders(&kafka).await;
    throttle(&cluster, &orders, 1).await;
    let began = find(&mut events, |event| match event {
        Event::ThrottleBegan(throttle) => Some(*throttle),
        _ => None,
    });
    let began = began.await;
    assert_eq!((began.node, began.class), (1, ThrottleClass::Produce));
    assert!(began.remaining > Duration::from_millis(100), "{began}");
    find(&mut events, |event| {
        matches!(event, Event::ThrottleEnded { node: 1, class: ThrottleClass::Produce, .. }).then_some(())
    })
    .await;
    producer.close(SOON).await.unwrap();
}

#[tokio::test]
async fn leaders_that_move_connections_that_end_and_records_that_are_lost_are_told() {
    let (cluster, kafka) = start(2, 1).await;
    let mut events = kafka.events();
    let producer = kafka
        .producer()
        .linger(Duration::ZERO)
        .delivery_timeout(Duration::from_millis(300))
        .build()
        .await
        .unwrap();
    let orders = producer.topic("orders");
    orders.send(Record::value("first")).await.unwrap().await.unwrap();
    let leader = find(&mut events, |event| match event {
        Event::Connected { node, purpose: ConnectionPurpose::Produce, .. } => Some(*node),
        _ => None,
    });
    let leader = leader.await;

    // No replica can take over: what is sent now expires.
    cluster.kill_node(BrokerId(leader));
    let ended = find(&mut events, |event| match event {
        Event::Disconnected { node, purpose: ConnectionPurpose::Produce, .. } => Some(*node),
        _ => None,
    });
    assert_eq!(ended.await, leader);
    let lost = orders.send(Record::value("lost")).await.unwrap();
    let undelivered = find(&mut events, |event| match event {
        Event::Undelivered { topic, partition, records, certainty, failure } => {
            Some((topic.clone(), *partition, *records, *certainty, failure.clone()))
        }
        _ => None,
    });
    let (topic, partition, records, certainty, failure) = undelivered.await;
    assert_eq!((topic.as_str(), partition, records), ("orders", 0, 1));
    assert_eq!(certainty, Certainty::NotWritten);
    assert!(matches!(failure, DeliveryFailure::Expired { .. }), "{failure}");
    assert_eq!(lost.await.unwrap_err().failure, failure, "sender and observer are told the same");

    drop((producer, orders, kafka));
    let rest = async { while events.next().await.is_some() {} };
    tokio::time::timeout(SOON, rest).await.expect("the events end with the client");
}

#[tokio::test]
async fn metrics_say_what_was_sent_and_where_its_time_went() {
    let (cluster, kafka) = start(1, 1).await;
    let (producer, orders) = orders(&kafka).await;
    throttle(&cluster, &orders, 1).await;
    let behind = orders.send(Record::value("behind the throttle")).await.unwrap();
    // The driver has it, so it waits for at least what is left then.
    producer.explain().await.unwrap();
    let rest = kafka.throttle().first().map_or(Duration::ZERO, |throttle| throttle.remaining);
    behind.await.unwrap();
    let metrics = producer.metrics().await.unwrap();
    assert_eq!((metrics.records.written, metrics.batches.written, metrics.requests), (2, 2, 2));
    assert!(metrics.bytes_written > 220_000);
    let latency = &metrics.latency;
    assert!(latency.throttle.max() >= rest, "{:?} of {rest:?}", latency.throttle.max());
    let parts: Duration = latency.all()[1..].iter().map(|(_, histogram)| histogram.sum()).sum();
    assert_eq!(parts, latency.total.sum(), "the parts add up to the whole");
    assert_eq!(latency.total.buckets().map(|(_, count)| count).sum::<u64>(), 2);
    producer.close(SOON).await.unwrap();
    let last = producer.metrics().await.unwrap();
    assert_eq!(last.records, metrics.records, "they outlive the producer");
}
