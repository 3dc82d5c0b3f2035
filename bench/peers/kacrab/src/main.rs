//! kacrab: `send` with a window of open futures, since it spins while its buffer is full; callbacks for latency.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use kacrab::common::TopicPartition;
use kacrab::consumer::Consumer;
use kacrab::producer::{Producer, ProducerRecord};
use peer::{Arguments, HEADER, Meter, OpenLoop};

const VERSION: &str = "0.4.0";

fn main() {
    let arguments = Arguments::read();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        match arguments.load.as_str() {
            "produce" => produce(&arguments).await,
            "consume" => consume(&arguments).await,
            _ => latency(&arguments).await,
        }
    });
}

async fn producer(arguments: &Arguments) -> Producer {
    let producer = Producer::builder()
        .set("bootstrap.servers", arguments.brokers())
        .set("client.id", "bench")
        .set("acks", "all")
        .set("enable.idempotence", "true")
        .set("compression.type", arguments.text("codec", "none"))
        .set("linger.ms", arguments.linger().as_millis().to_string())
        .set("batch.size", arguments.batch_bytes().to_string())
        .set("max.request.size", "8388608")
        .set("buffer.memory", "67108864")
        .build()
        .await
        .unwrap();
    producer.partitions_for(&arguments.topic()).await.unwrap();
    producer
}

async fn produce(arguments: &Arguments) {
    let (rows, records, size) = (arguments.rows(), arguments.records(), arguments.size());
    let topic = Arc::<str>::from(arguments.topic());
    let producer = producer(arguments).await;
    let window = 200_000.min((32 << 20) / size);
    let mut open = VecDeque::with_capacity(window);
    let meter = Meter::begin();
    for index in 0..records {
        let value = rows[index % rows.len()].clone();
        let mut record = ProducerRecord::unassigned(topic.clone()).value(value.clone());
        if arguments.has("keyed") {
            record = record.key(value.slice(6..13));
        }
        if arguments.has("headers") {
            record = record.header(HEADER.0, HEADER.1);
        }
        if open.len() == window
            && let Some(oldest) = open.pop_front()
        {
            let oldest: kacrab::producer::SendFuture = oldest;
            let _ = oldest.await.unwrap();
        }
        open.push_back(producer.send(record).unwrap());
    }
    producer.flush().await.unwrap();
    for future in open {
        let _ = future.await.unwrap();
    }
    meter.end().print("kacrab", VERSION, "produce", records, records * size, "");
    producer.close().await.unwrap();
}

async fn consume(arguments: &Arguments) {
    let topic = arguments.topic();
    // The consumer cannot list a topic's partitions.
    let lister = producer(arguments).await;
    let listed = lister.partitions_for(&topic).await.unwrap();
    let partitions: Vec<_> =
        listed.iter().map(|info| TopicPartition::new(topic.clone(), info.partition)).collect();
    lister.close().await.unwrap();
    let mut consumer = Consumer::from_map([
        ("bootstrap.servers", arguments.brokers()),
        ("client.id", "bench".into()),
        ("auto.offset.reset", "earliest".into()),
        ("enable.auto.commit", "false".into()),
        ("check.crcs", "true".into()),
        ("max.poll.records", "10000".into()),
        ("max.partition.fetch.bytes", "1048576".into()),
    ])
    .await
    .unwrap();
    let (mut records, mut bytes) = (0, 0);
    let meter = Meter::begin();
    consumer.assign(partitions.clone()).unwrap();
    consumer.seek_to_beginning(&partitions).await.unwrap();
    while records < arguments.records() {
        for record in &consumer.poll(Duration::from_secs(1)).await.unwrap() {
            records += 1;
            bytes += record.value.as_ref().map_or(0, |value| value.len());
        }
    }
    meter.end().print("kacrab", VERSION, "consume", records, bytes, "");
    std::process::exit(0);
}

async fn latency(arguments: &Arguments) {
    let (rows, topic) = (arguments.rows(), Arc::<str>::from(arguments.topic()));
    let producer = producer(arguments).await;
    let open_loop = Arc::new(OpenLoop::new(arguments));
    let meter = open_loop.run(|index| {
        let acknowledged = Arc::clone(&open_loop);
        let record = ProducerRecord::unassigned(topic.clone()).value(rows[index % rows.len()].clone());
        let sent = producer.send_with_callback(record, move |result| {
            if result.is_ok() {
                acknowledged.acknowledged(index);
            }
        });
        let _ = sent.unwrap();
    });
    producer.flush().await.unwrap();
    let records = open_loop.records();
    let figures = open_loop.figures();
    meter.end().print("kacrab", VERSION, "latency", records, records * arguments.size(), &figures);
}
