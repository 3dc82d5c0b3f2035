//! What the sections *Cancel safety* promise.

use ottla::{Certainty, DeliveryFailure};

use super::*;

#[tokio::test]
async fn a_send_dropped_before_it_is_ready_was_not_accepted_and_holds_nobody_up() {
    let (cluster, kafka) = start(1, 1).await;
    let producer = kafka.producer().linger(Duration::ZERO).batch_bytes(2_000).memory_bytes(4_000).build();
    let producer = producer.await.unwrap();
    let orders = producer.topic("orders");
    // Nothing is known of the topic in the first poll: a send, an enqueue and a batch of it wait.
    assert!(touch(orders.send(Record::value("dropped"))).is_pending());
    assert!(touch(orders.enqueue(Record::value("dropped"))).is_pending());
    orders.send(Record::value("first")).await.unwrap().await.unwrap();

    cluster.freeze_node(BrokerId(1));
    let filling = vec![b'x'; 900];
    let mut accepted = Vec::new();
    while let Ok(delivery) = orders.try_send(Record::value(&filling)) {
        accepted.push(delivery);
    }
    for _ in 0..10 {
        assert!(touch(orders.send(Record::value(&filling))).is_pending());
        assert!(touch(orders.enqueue(Record::value(&filling))).is_pending());
    }
    cluster.thaw_node(BrokerId(1));
    for delivery in accepted.drain(..) {
        tokio::time::timeout(SOON, delivery).await.unwrap().unwrap();
    }
    let last = tokio::time::timeout(SOON, orders.send(Record::value("last"))).await;
    last.expect("the dropped ones left the queue").unwrap().await.unwrap();
    let found = values(&kafka, "orders").await;
    let dropped = found[&0].iter().filter(|value| *value == "dropped").count();
    assert_eq!((dropped, found[&0].first().unwrap().as_str()), (0, "first"));
    assert_eq!(found[&0].last().unwrap(), "last");
}

#[tokio::test]
async fn a_batch_dropped_halfway_says_what_was_accepted() {
    let (cluster, kafka) = start(1, 1).await;
    let producer = kafka.producer().linger(Duration::ZERO).batch_bytes(2_000).memory_bytes(4_000).build();
    let producer = producer.await.unwrap();
    let orders = producer.topic("orders");
    orders.send(Record::value("first")).await.unwrap().await.unwrap();
    cluster.freeze_node(BrokerId(1));
    let names: Vec<_> = (0..100).map(|n| format!("{n:0>500}")).collect();
    let mut deliveries = Vec::new();
    assert!(touch(orders.send_batch(names.iter().map(Record::value), &mut deliveries)).is_pending());
    let accepted = deliveries.len();
    assert!((2..20).contains(&accepted), "{accepted}");
    cluster.thaw_node(BrokerId(1));
    for delivery in deliveries {
        tokio::time::timeout(SOON, delivery).await.unwrap().unwrap();
    }
    assert_eq!(values(&kafka, "orders").await[&0][1..], names[..accepted]);
}

#[tokio::test]
async fn questions_dropped_at_their_first_poll_change_nothing() {
    let (_cluster, kafka) = start(1, 3).await;
    let (producer, orders) = orders(&kafka).await;
    let (mut reports, mut events) = (producer.reports(), kafka.events());
    orders.send(Record::value("first")).await.unwrap().await.unwrap();
    for _ in 0..50 {
        let mut delivery = orders.send(Record::value("kept")).await.unwrap();
        let _ = touch(&mut delivery);
        drop(delivery);
        let _ = touch(producer.flush(SOON));
        let _ = touch(producer.explain());
        let _ = touch(producer.metrics());
        let _ = touch(kafka.producer().build());
        // What they had ready would have been taken by this.
        assert!(touch(events.next()).is_pending() || touch(kafka.explain()).is_pending());
    }
    assert!(producer.flush(SOON).await.unwrap().is_complete());
    let mut reported = 0;
    while reported < 51 {
        // Polled and dropped, then awaited: no report is lost between the two.
        if let Poll::Ready(report) = touch(reports.next()) {
            reported += records(report.unwrap());
            continue;
        }
        reported += records(tokio::time::timeout(SOON, reports.next()).await.unwrap().unwrap());
    }
    assert_eq!((reported, count(&kafka, "orders").await), (51, 51));
}

fn records(report: ottla::Report) -> u32 {
    match report {
        ottla::Report::Batch(batch) => batch.records,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_close_that_nobody_awaits_closes_by_the_same_moment() {
    let (cluster, kafka) = start(1, 1).await;
    let (producer, orders) = orders(&kafka).await;
    throttle(&cluster, &orders, 10).await;
    let delivery = orders.send(Record::value("abandoned")).await.unwrap();
    assert!(touch(producer.close(Duration::from_millis(50))).is_pending());
    let error = tokio::time::timeout(SOON, delivery).await.unwrap().unwrap_err();
    assert_eq!(error.failure, DeliveryFailure::Closed);
}

#[tokio::test]
async fn an_abort_or_purge_that_nobody_awaits_gives_up_all_the_same() {
    let (cluster, kafka) = start(1, 1).await;
    let (producer, orders) = orders(&kafka).await;
    throttle(&cluster, &orders, 10).await;
    let purged = orders.send(Record::value("purged")).await.unwrap();
    assert!(touch(producer.purge("orders")).is_pending());
    let error = tokio::time::timeout(SOON, purged).await.unwrap().unwrap_err();
    assert_eq!((error.certainty, error.failure), (Certainty::NotWritten, DeliveryFailure::Purged));
    let aborted = orders.send(Record::value("aborted")).await.unwrap();
    assert!(touch(producer.abort()).is_pending());
    let error = tokio::time::timeout(SOON, aborted).await.unwrap().unwrap_err();
    assert_eq!((error.certainty, error.failure), (Certainty::NotWritten, DeliveryFailure::Aborted));
    let short = Record::value("short").delivery_timeout(Duration::from_millis(30));
    let error = orders.send(short).await.unwrap().await.unwrap_err();
    assert!(matches!(error.failure, DeliveryFailure::Expired { .. }), "{error}");
    producer.close(Duration::ZERO).await.unwrap();
    assert_eq!(count(&kafka, "orders").await, 0);
}
