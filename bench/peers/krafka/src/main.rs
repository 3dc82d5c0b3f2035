//! krafka: `enqueue` with at most 200,000 handles open, each awaited; a groupless consumer that is polled. With
//! `--variant current` on a runtime of one thread, which costs less, but has no worker for the latency load.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use krafka::consumer::AutoOffsetReset;
use krafka::producer::{Acks, Producer};
use krafka::{Compression, Kafka, Record};
use peer::{Arguments, HEADER, Meter, OnTheWay, OpenLoop};
use tokio::runtime::Runtime;

const VERSION: &str = "0.28.1";
const OPEN_HANDLES: usize = 200_000;

fn main() {
    let arguments = Arguments::read();
    let mut runtime = match arguments.text("variant", "").as_str() {
        "current" => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = runtime.enable_all().build().unwrap();
    match arguments.load.as_str() {
        "produce" => runtime.block_on(produce(&arguments)),
        "consume" => runtime.block_on(consume(&arguments)),
        _ => latency(&arguments, &runtime),
    }
}

async fn producer(arguments: &Arguments) -> Producer {
    let kafka = Kafka::builder(arguments.brokers()).client_id("bench").connect().await.unwrap();
    let codec = match arguments.text("codec", "none").as_str() {
        "lz4" => Compression::Lz4,
        "zstd" => Compression::Zstd,
        _ => Compression::None,
    };
    let producer = kafka
        .producer()
        .acks(Acks::All)
        .compression(codec)
        .linger(arguments.linger())
        .batch_size(arguments.batch_bytes())
        .max_request_size(8 << 20)
        .buffer_memory(64 << 20)
        .build()
        .await
        .unwrap();
    producer.partitions_for(&arguments.topic()).await.unwrap();
    producer
}

async fn produce(arguments: &Arguments) {
    let (rows, topic, records) = (arguments.rows(), arguments.topic(), arguments.records());
    let producer = producer(arguments).await;
    let mut open = VecDeque::with_capacity(OPEN_HANDLES);
    let meter = Meter::begin();
    for index in 0..records {
        let value: &Bytes = &rows[index % rows.len()];
        let mut record = Record::new(topic.as_str(), value.clone());
        if arguments.has("keyed") {
            record = record.key(value.slice(6..13));
        }
        if arguments.has("headers") {
            record = record.header(HEADER.0, HEADER.1);
        }
        if open.len() == OPEN_HANDLES
            && let Some(oldest) = open.pop_front()
        {
            let oldest: krafka::producer::DeliveryHandle = oldest;
            let _ = oldest.await.unwrap();
        }
        open.push_back(producer.enqueue(record).await.unwrap());
    }
    for handle in open {
        let _ = handle.await.unwrap();
    }
    producer.flush().await.unwrap();
    meter.end().print("krafka", VERSION, "produce", records, records * arguments.size(), "");
}

async fn consume(arguments: &Arguments) {
    let topic = arguments.topic();
    let kafka = Kafka::builder(arguments.brokers()).client_id("bench").connect().await.unwrap();
    let consumer = kafka
        .consumer_without_group()
        .auto_offset_reset(AutoOffsetReset::Earliest)
        .enable_auto_commit(false)
        .max_partition_fetch_bytes(1 << 20)
        .max_poll_records(10_000)
        .max_buffered_records(100_000)
        .build()
        .await
        .unwrap();
    let metadata = consumer.fetch_metadata(Some(&topic)).await.unwrap();
    let partitions: Vec<i32> = metadata.topics[0].partitions.keys().copied().collect();
    let (mut records, mut bytes) = (0, 0);
    let meter = Meter::begin();
    consumer.assign(&topic, partitions.clone()).await.unwrap();
    for partition in partitions {
        consumer.seek_to_beginning(&topic, partition).await.unwrap();
    }
    while records < arguments.records() {
        for record in consumer.poll(Duration::from_secs(1)).await.unwrap() {
            records += 1;
            bytes += record.value.as_ref().map_or(0, |value| value.len());
        }
    }
    meter.end().print("krafka", VERSION, "consume", records, bytes, "");
    std::process::exit(0);
}

fn latency(arguments: &Arguments, runtime: &Runtime) {
    let (rows, topic) = (arguments.rows(), arguments.topic());
    let producer = runtime.block_on(producer(arguments));
    let open_loop = Arc::new(OpenLoop::new(arguments));
    let on_the_way = OnTheWay::new(Arc::clone(&open_loop));
    let collector = runtime.spawn(Arc::clone(&on_the_way).collect());
    let meter = open_loop.run(|index| {
        let record = Record::new(topic.as_str(), rows[index % rows.len()].clone());
        let delivery = runtime.block_on(producer.enqueue(record)).unwrap();
        on_the_way.add(index, async { drop(delivery.await.unwrap()) });
    });
    on_the_way.end();
    runtime.block_on(collector).unwrap();
    let records = open_loop.records();
    let figures = open_loop.figures();
    meter.end().print("krafka", VERSION, "latency", records, records * arguments.size(), &figures);
}
