//! Quotas of a real broker: told, named, waited out, and nothing sent before their end. The embedded broker
//! asks for about the same waits.

use std::time::{Duration, Instant};

use kafka_harness::{Options, kafka_or_skip};
use ottla::admin::NewTopic;
use ottla::{Client, Record, ThrottleClass};
use ottla_broker::{QuotaEntity, QuotaKey};

use crate::support::{create_topic, is_proof, run};
use crate::tools::tool;

const CLIENT: &str = "slow";
const BYTES_PER_SECOND: u32 = 100_000;
const RECORD: usize = 200_000;

/// How many records are written one after the other, and by which part of them the throttled times may differ: in the
/// proof over a minute, else over a quarter of it, in which the beginning and the end of a window weigh more.
fn scale() -> (usize, u32) {
    if is_proof() { (37, 10) } else { (12, 4) }
}

#[test]
fn a_byte_rate_quota_is_named_and_waited_out() {
    let kafka = kafka_or_skip!(Options::new());
    let servers = kafka.bootstrap();
    let rate = format!("producer_byte_rate={BYTES_PER_SECOND}");
    let quota = ["--alter", "--entity-type", "clients", "--entity-name", CLIENT, "--add-config", &rate];
    tool("kafka.admin.ConfigCommand", &servers, &quota, None);
    let (real, embedded) = run(async {
        let (entity, key) = (QuotaEntity::client_id(CLIENT), QuotaKey::ProducerByteRate);
        let builder = ottla_broker::Cluster::builder().client_quota(entity, key, f64::from(BYTES_PER_SECOND));
        let embedded = builder.start().await.unwrap();
        let embedded_servers = embedded.bootstrap();
        tokio::join!(throttled(&servers), throttled(&embedded_servers))
    });
    let (records, part) = scale();
    println!(
        "FIGURE: {records} records of {RECORD} bytes at {BYTES_PER_SECOND} bytes a second: throttled for {real:.1?} by \
         Kafka, for {embedded:.1?} by the embedded broker"
    );
    // Where a window of the quota begins and ends is chance.
    assert!(real.abs_diff(embedded) < real / part, "{real:?} and {embedded:?}");
}

/// Writes one record after the other against the quota; returns how long they waited for it.
async fn throttled(servers: &str) -> Duration {
    let client = Client::builder(servers).client_id(CLIENT).build().await.unwrap();
    create_topic(&client, NewTopic::new("t").partitions(1).replication(1)).await;
    let producer = client.producer().linger(Duration::ZERO).build().await.unwrap();
    let topic = producer.topic("t");
    let value = vec![b'x'; RECORD];
    let (mut throttled, mut until, mut told) = (Duration::ZERO, None, false);
    let begin = Instant::now();
    for _ in 0..scale().0 {
        let delivery = topic.send(Record::value(&value)).await.unwrap();
        let looked = Instant::now();
        let asked_for: Duration = client.throttle().iter().map(|throttle| throttle.remaining).sum();
        if asked_for > Duration::from_millis(200) {
            // The driver takes the record in its next turn.
            tokio::time::sleep(Duration::from_millis(20)).await;
            let waits = format!("{:?}", client.explain().await.unwrap());
            assert!(waits.contains("Throttled") || looked.elapsed() >= asked_for, "{waits}");
        }
        let receipt = delivery.await.unwrap();
        if let Some(until) = until {
            assert!(Instant::now() >= until, "acknowledged before the end of a throttle");
        }
        // A request sent too early would wait in the broker, which does not read then.
        let ottla::Latency { throttle: waited, broker, queue, .. } = receipt.latency;
        // Until the driver takes the record, which may take a while on a busy machine, it is in the queue.
        assert!(waited + queue >= asked_for, "waited {:?} of {asked_for:?}", receipt.latency);
        assert!(asked_for < Duration::from_secs(1) || broker < asked_for, "{:?}", receipt.latency);
        throttled += waited;
        until = None;
        let looked = Instant::now();
        for throttle in client.throttle() {
            assert_eq!(throttle.class, ThrottleClass::Produce);
            until = Some(looked + throttle.remaining);
        }
        told |= until.is_some();
    }
    // Not by each answer: after a long wait a record can be within the quota.
    assert!(told, "no answer told of a throttle");
    // Kafka averages over some ten seconds, so the first of them are free of charge.
    let took = begin.elapsed();
    assert!(throttled > took / 2, "{throttled:?} of {took:?} were throttled");
    throttled
}
