//! The facade for threads without a runtime.

use ottla::admin::NewTopic;
use ottla::blocking;

use super::*;

#[test]
fn a_thread_without_a_runtime_goes_the_whole_way() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let cluster = runtime.block_on(Cluster::builder().start()).unwrap();

    // The client may not depend on the caller's runtime, even if it is told to.
    let builder = Client::builder(cluster.bootstrap()).on_current_runtime();
    let kafka = blocking::Client::new(builder).unwrap();
    blocking::wait(kafka.admin().create_topic(NewTopic::new("orders").partitions(2))).unwrap();

    let producer = kafka.build_producer(kafka.client().producer().linger(Duration::ZERO)).unwrap();
    let orders = producer.topic("orders");
    let delivery = orders.send(Record::value("sent").partition(0)).unwrap();
    assert_eq!(blocking::wait(delivery).unwrap().offset, Some(0));
    orders.enqueue(Record::value("enqueued").partition(0)).unwrap();
    let mut deliveries = Vec::new();
    let batch = ["a", "b"].map(|value| Record::value(value).partition(1));
    orders.send_batch(batch, &mut deliveries).unwrap();
    let within = orders.send_within(Record::value("within").partition(1), SOON);
    deliveries.push(within.expect("there is room").unwrap());
    deliveries.push(orders.try_send(Record::value("tried").partition(1)).unwrap());
    for delivery in deliveries {
        blocking::wait(delivery).unwrap();
    }
    assert!(producer.flush(SOON).unwrap().is_complete());
    assert!(producer.explain().unwrap().is_empty());
    assert_eq!(producer.metrics().unwrap().records.written, 6);
    assert!(kafka.throttle().is_empty() && producer.throttle().is_empty());

    let consumer = kafka.client().consumer().topics(["orders"]).from(Offset::Earliest);
    let mut consumer = kafka.build_consumer(consumer).unwrap();
    let mut read = 0;
    while read < 6 {
        read += consumer.next_batch_within(SOON).expect("records are left").unwrap().unwrap().len();
    }
    assert!(consumer.next_batch_within(Duration::from_millis(20)).is_none(), "the log is at its end");
    assert_eq!(producer.close(SOON).unwrap().not_written, 0);
    drop(cluster);
    assert!(kafka.explain().is_ok());
}

#[test]
fn a_blocked_send_ends_with_its_timeout() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let cluster = runtime.block_on(Cluster::builder().start()).unwrap();
    let kafka = blocking::Client::new(Client::builder(cluster.bootstrap())).unwrap();
    let producer = kafka.build_producer(kafka.client().producer()).unwrap();
    let missing = producer.topic("missing");
    assert!(missing.send_within(Record::value("v"), Duration::from_millis(30)).is_none());
}
