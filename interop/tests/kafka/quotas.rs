//! Quotas of a real broker: told, named, waited out, and nothing sent before their end.

use std::time::{Duration, Instant};

use kafka_harness::{Options, kafka_or_skip};
use ottla::admin::NewTopic;
use ottla::{Client, Record, ThrottleClass};

use crate::support::{create_topic, run};
use crate::tools::tool;

const BYTES_PER_SECOND: usize = 100_000;
const RECORD: usize = 200_000;
const RECORDS: usize = 12;

#[test]
fn a_byte_rate_quota_is_named_and_waited_out() {
    let cluster = kafka_or_skip!(Options::new());
    let servers = cluster.bootstrap();
    let rate = format!("producer_byte_rate={BYTES_PER_SECOND}");
    let quota = ["--alter", "--entity-type", "clients", "--entity-name", "slow", "--add-config", &rate];
    tool("kafka.admin.ConfigCommand", &servers, &quota, None);
    run(async {
        let client = Client::builder(&servers).client_id("slow").build().await.unwrap();
        create_topic(&client, NewTopic::new("t").partitions(1)).await;
        let producer = client.producer().linger(Duration::ZERO).build().await.unwrap();
        let topic = producer.topic("t");
        let value = vec![b'x'; RECORD];
        let (mut throttled, mut until) = (Duration::ZERO, None);
        let begin = Instant::now();
        for _ in 0..RECORDS {
            let delivery = topic.send(Record::value(&value)).await.unwrap();
            let asked_for: Duration = client.throttle().iter().map(|throttle| throttle.remaining).sum();
            if asked_for > Duration::from_millis(200) {
                // The driver takes the record in its next turn.
                tokio::time::sleep(Duration::from_millis(20)).await;
                let waits = format!("{:?}", client.explain().await.unwrap());
                assert!(waits.contains("Throttled"), "{waits}");
            }
            let receipt = delivery.await.unwrap();
            if let Some(until) = until {
                assert!(Instant::now() >= until, "acknowledged before the end of a throttle");
            }
            // A request sent too early would wait in the broker, which does not read then.
            let (waited, broker) = (receipt.latency.throttle, receipt.latency.broker);
            assert!(waited + Duration::from_millis(50) >= asked_for, "waited {waited:?} of {asked_for:?}");
            assert!(broker < Duration::from_secs(1) || broker < waited, "{:?}", receipt.latency);
            throttled += waited;
            until = None;
            for throttle in client.throttle() {
                assert_eq!((throttle.node, throttle.class), (1, ThrottleClass::Produce));
                until = Some(Instant::now() + throttle.remaining - Duration::from_millis(5));
            }
        }
        assert!(until.is_some(), "the last answer told of no throttle");
        let took = begin.elapsed();
        // Kafka averages over some ten seconds, so the first of them are free of charge.
        assert!(throttled > took / 2, "{throttled:?} of {took:?} were throttled");
        let bytes = RECORD * RECORDS;
        println!(
            "FIGURE: {bytes} bytes at {BYTES_PER_SECOND} bytes a second took {took:?}, throttled {throttled:?}"
        );
    });
}
