//! The crate rdkafka over librdkafka: `BaseProducer` with a delivery callback, `BaseConsumer` polled record by record.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use peer::{Arguments, HEADER, Meter, OpenLoop};
use rdkafka::client::ClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, Message, OwnedHeaders};
use rdkafka::producer::{
    BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer,
};
use rdkafka::{Offset, TopicPartitionList};

const PATIENCE: Duration = Duration::from_secs(60);

fn main() {
    let arguments = Arguments::read();
    match arguments.load.as_str() {
        "produce" => produce(&arguments),
        "consume" => consume(&arguments),
        _ => latency(&arguments),
    }
}

fn version() -> String {
    format!("0.39.0 (librdkafka {})", rdkafka::util::get_rdkafka_version().1)
}

fn config(arguments: &Arguments) -> ClientConfig {
    let mut config = ClientConfig::new();
    config
        .set("bootstrap.servers", arguments.brokers())
        .set("acks", "all")
        .set("enable.idempotence", "true")
        .set("linger.ms", arguments.linger().as_millis().to_string())
        .set("batch.size", arguments.batch_bytes().to_string())
        .set("batch.num.messages", "100000")
        .set("compression.codec", arguments.text("codec", "none"))
        .set("queue.buffering.max.messages", "1000000")
        .set("queue.buffering.max.kbytes", "65536");
    config
}

#[derive(Default)]
struct Counts {
    delivered: AtomicUsize,
}

impl ClientContext for Counts {}

impl ProducerContext for Counts {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        assert!(result.is_ok());
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }
}

fn produce(arguments: &Arguments) {
    let (rows, topic, records) = (arguments.rows(), arguments.topic(), arguments.records());
    let producer: BaseProducer<Counts> = config(arguments).create_with_context(Counts::default()).unwrap();
    producer.client().fetch_metadata(Some(&topic), PATIENCE).unwrap();
    let meter = Meter::begin();
    for index in 0..records {
        let value = &rows[index % rows.len()];
        let mut record = BaseRecord::<[u8], [u8], ()>::to(&topic).payload(value);
        if arguments.has("keyed") {
            record = record.key(&value[6..13]);
        }
        if arguments.has("headers") {
            let header = Header { key: HEADER.0, value: Some(HEADER.1) };
            record = record.headers(OwnedHeaders::new_with_capacity(1).insert(header));
        }
        while let Err((error, back)) = producer.send(record) {
            assert_eq!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull));
            producer.poll(Duration::from_millis(10));
            record = back;
        }
        if index % 4_096 == 0 {
            producer.poll(Duration::ZERO);
        }
    }
    producer.flush(PATIENCE).unwrap();
    let usage = meter.end();
    assert_eq!(producer.context().delivered.load(Ordering::Relaxed), records);
    usage.print("rdkafka", &version(), "produce", records, records * arguments.size(), "");
}

fn consume(arguments: &Arguments) {
    let topic = arguments.topic();
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", arguments.brokers())
        .set("group.id", "unused")
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("fetch.message.max.bytes", "1048576")
        // Everybody else compares checksums by default.
        .set("check.crcs", "true")
        .create()
        .unwrap();
    let metadata = consumer.fetch_metadata(Some(&topic), PATIENCE).unwrap();
    let mut partitions = TopicPartitionList::new();
    for partition in metadata.topics()[0].partitions() {
        partitions.add_partition_offset(&topic, partition.id(), Offset::Beginning).unwrap();
    }
    let (mut records, mut bytes) = (0, 0);
    let meter = Meter::begin();
    consumer.assign(&partitions).unwrap();
    while records < arguments.records() {
        if let Some(message) = consumer.poll(Duration::from_secs(1)) {
            records += 1;
            bytes += message.unwrap().payload().map_or(0, <[u8]>::len);
        }
    }
    meter.end().print("rdkafka", &version(), "consume", records, bytes, "");
    std::process::exit(0);
}

struct Timed(Arc<OpenLoop>);

impl ClientContext for Timed {}

impl ProducerContext for Timed {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, index: usize) {
        assert!(result.is_ok());
        self.0.acknowledged(index);
    }
}

fn latency(arguments: &Arguments) {
    let (rows, topic) = (arguments.rows(), arguments.topic());
    let warm_up: BaseProducer<Counts> = config(arguments).create_with_context(Counts::default()).unwrap();
    warm_up.client().fetch_metadata(Some(&topic), PATIENCE).unwrap();
    let open_loop = Arc::new(OpenLoop::new(arguments));
    let producer: ThreadedProducer<Timed> =
        config(arguments).create_with_context(Timed(Arc::clone(&open_loop))).unwrap();
    let meter = open_loop.run(|index| {
        let record = BaseRecord::<[u8], [u8], usize>::with_opaque_to(&topic, index);
        producer
            .send(record.payload(&rows[index % rows.len()]))
            .unwrap_or_else(|(error, _)| panic!("{error}"));
    });
    producer.flush(PATIENCE).unwrap();
    let records = open_loop.records();
    let figures = open_loop.figures();
    meter.end().print("rdkafka", &version(), "latency", records, records * arguments.size(), &figures);
}
