//! Ottla as the other clients' programs have their libraries, to be weighed beside them. What is measured is
//! `ottla-bench`, which brings more.

use std::time::Duration;

use ottla::{Client, Offset, Record};
use peer::{Arguments, Meter};

fn main() {
    let arguments = Arguments::read();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let kafka = Client::builder(arguments.brokers()).build().await.unwrap();
        match arguments.load.as_str() {
            "produce" => produce(&kafka, &arguments).await,
            _ => consume(&kafka, &arguments).await,
        }
    });
}

async fn produce(kafka: &Client, arguments: &Arguments) {
    let (rows, records) = (arguments.rows(), arguments.records());
    let producer = kafka.producer().linger(arguments.linger()).build().await.unwrap();
    let topic = producer.topic(&arguments.topic());
    let meter = Meter::begin();
    for index in 0..records {
        drop(topic.send(Record::value(&rows[index % rows.len()])).await.unwrap());
    }
    assert!(producer.flush(Duration::from_secs(60)).await.unwrap().is_complete());
    meter.end().print("ottla", "-", "produce", records, records * arguments.size(), "");
}

async fn consume(kafka: &Client, arguments: &Arguments) {
    let topics = [arguments.topic()];
    let mut consumer = kafka.consumer().topics(topics).from(Offset::Earliest).build().await.unwrap();
    let (mut records, mut bytes) = (0, 0);
    let meter = Meter::begin();
    while records < arguments.records() {
        let Some(batch) = consumer.next_batch().await.unwrap() else { break };
        records += batch.len();
        bytes += batch.iter().map(|record| record.value().map_or(0, <[u8]>::len)).sum::<usize>();
    }
    meter.end().print("ottla", "-", "consume", records, bytes, "");
}
