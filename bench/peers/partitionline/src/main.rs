//! partitionline: `try_send` and `flush`, its documented way to throughput, with a sleep while its queue is full.

use std::sync::Arc;
use std::time::Duration;

use partitionline::{Compression, Consumer, ConsumerConfig, Error, ProduceRecord, Producer, ProducerConfig};
use peer::{Arguments, HEADER, Meter, OnTheWay, OpenLoop};

const VERSION: &str = "0.1.0";
const PAUSE: Duration = Duration::from_micros(200);

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

async fn producer(arguments: &Arguments, connections: usize) -> Producer {
    // It has no zstd.
    let codec = Compression::from_name(&arguments.text("codec", "none")).unwrap_or_else(|error| {
        eprintln!("error: {error}");
        std::process::exit(2)
    });
    let config = ProducerConfig::bootstrap([arguments.brokers()])
        .client_id("bench")
        .idempotent(true)
        .compression(codec)
        .linger(arguments.linger())
        .batch_bytes(arguments.batch_bytes())
        .batch_records(32_768)
        .max_request_size(8 << 20)
        .buffer_memory(64 << 20)
        .connections(connections)
        .max_in_flight(5);
    let producer = Producer::new(config).await.unwrap();
    producer.partitions_for(arguments.topic()).await.unwrap();
    producer
}

async fn produce(arguments: &Arguments) {
    let (rows, records) = (arguments.rows(), arguments.records());
    let topic = Arc::<str>::from(arguments.topic());
    let producer = producer(arguments, 8).await;
    let record = |index: usize| {
        let value = &rows[index % rows.len()];
        let mut record = ProduceRecord::to(topic.clone()).value(value.clone());
        if arguments.has("keyed") {
            record = record.key(value.slice(6..13));
        }
        if arguments.has("headers") {
            record = record.header(HEADER.0, HEADER.1);
        }
        record
    };
    let meter = Meter::begin();
    for index in 0..records {
        loop {
            match producer.try_send(record(index)) {
                Ok(()) => break,
                // This is the thread of `block_on`, no worker of the runtime.
                Err(Error::QueueFull) => std::thread::sleep(PAUSE),
                Err(error) => panic!("{error}"),
            }
        }
    }
    producer.flush().await.unwrap();
    let usage = meter.end();
    let metrics = producer.metrics();
    assert_eq!((metrics.records_acked, metrics.produce_errors), (records as u64, 0));
    usage.print("partitionline", VERSION, "produce", records, records * arguments.size(), "");
    producer.close().await.unwrap();
}

async fn consume(arguments: &Arguments) {
    let config = ConsumerConfig::bootstrap([arguments.brokers()])
        .client_id("bench")
        .max_wait_ms(100)
        .fetch_max_bytes(16 << 20)
        .max_partition_fetch_bytes(1 << 20);
    let mut consumer = Consumer::new(config).await.unwrap();
    let (mut records, mut bytes) = (0, 0);
    let meter = Meter::begin();
    consumer.assign_topic(&arguments.topic(), 0).await.unwrap();
    while records < arguments.records() {
        for record in consumer.fetch().await.unwrap().iter() {
            records += 1;
            bytes += record.value.as_ref().map_or(0, |value| value.len());
        }
    }
    meter.end().print("partitionline", VERSION, "consume", records, bytes, "");
    std::process::exit(0);
}

async fn latency(arguments: &Arguments) {
    let (rows, topic) = (arguments.rows(), Arc::<str>::from(arguments.topic()));
    let producer = producer(arguments, 1).await;
    // Connects.
    let first = ProduceRecord::to(topic.clone()).value(rows[0].clone()).partition(0);
    let _ = producer.send(first).await.unwrap();
    let open_loop = Arc::new(OpenLoop::new(arguments));
    let on_the_way = OnTheWay::new(Arc::clone(&open_loop));
    let collector = tokio::spawn(Arc::clone(&on_the_way).collect());
    let meter = open_loop.run(|index| {
        let producer = producer.clone();
        let record = ProduceRecord::to(topic.clone()).value(rows[index % rows.len()].clone());
        // No call both queues a record and gives a future for the rest: the first poll queues.
        on_the_way.add(index, async move { drop(producer.send(record).await.unwrap()) });
    });
    on_the_way.end();
    collector.await.unwrap();
    let records = open_loop.records();
    let figures = open_loop.figures();
    meter.end().print("partitionline", VERSION, "latency", records, records * arguments.size(), &figures);
}
