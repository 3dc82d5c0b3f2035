//! The producer's public face over real sockets, against the embedded broker.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests state what must hold, as tests do"
)]

mod blocking;
mod cancelling;
mod endings;
mod forms;
mod load;
mod user_code;
mod watching;

use std::collections::BTreeMap;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ottla::{Client, Offset, Producer, Record, TopicProducer};
use ottla_broker::{Cluster, QuotaEntity, QuotaKey};
use ottla_proto::BrokerId;

const SOON: Duration = Duration::from_secs(20);

async fn start(nodes: u16, partitions: i32) -> (Cluster, Client) {
    let cluster = Cluster::builder().nodes(nodes).topic("orders", partitions).start().await.unwrap();
    let kafka = Client::builder(cluster.bootstrap()).build().await.unwrap();
    (cluster, kafka)
}

/// A producer that does not linger, and its handle for the topic.
async fn orders(kafka: &Client) -> (Producer, TopicProducer) {
    let producer = kafka.producer().linger(Duration::ZERO).build().await.unwrap();
    let orders = producer.topic("orders");
    (producer, orders)
}

/// Uses the quota of `orders` up, so that its only node throttles for about that many seconds.
async fn throttle(cluster: &Cluster, orders: &TopicProducer, seconds: usize) {
    const RATE: usize = 20_000;
    limit(cluster, 20_000.0);
    // Ten seconds' worth fill the window that Kafka looks at; what is beyond has to be waited for.
    let burst = vec![b'x'; RATE * (10 + seconds)];
    orders.send(Record::value(&burst).partition(0)).await.unwrap().await.unwrap();
    assert!(!cluster.stats().throttled.is_empty(), "the burst was not throttled");
}

fn limit(cluster: &Cluster, bytes_per_second: f64) {
    let entity = QuotaEntity::default_client_id();
    assert!(cluster.set_client_quota(entity, QuotaKey::ProducerByteRate, bytes_per_second));
}

/// The values in a topic, by partition, but for bursts.
async fn values(kafka: &Client, topic: &str) -> BTreeMap<i32, Vec<String>> {
    let mut consumer =
        kafka.consumer().topics([topic]).from(Offset::Earliest).until_end().build().await.unwrap();
    let mut values: BTreeMap<i32, Vec<_>> = BTreeMap::new();
    let reading = async {
        while let Some(batch) = consumer.next_batch().await.unwrap() {
            let read = values.entry(batch.partition()).or_default();
            for record in batch.iter().filter(|record| record.value().is_some_and(|v| v.len() < 1_000)) {
                read.push(String::from_utf8(record.value().unwrap().to_vec()).unwrap());
            }
        }
    };
    tokio::time::timeout(SOON, reading).await.expect("reading to the end takes no longer");
    values
}

async fn count(kafka: &Client, topic: &str) -> usize {
    values(kafka, topic).await.values().map(Vec::len).sum()
}

/// Polls once and drops.
fn touch<F: Future>(future: F) -> Poll<F::Output> {
    let mut future = Box::pin(future);
    Pin::as_mut(&mut future).poll(&mut Context::from_waker(Waker::noop()))
}
