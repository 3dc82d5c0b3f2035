//! librdkafka's producer, whose batches Ottla must read like Java's.

use std::time::Duration;

use ottla::admin::NewTopic;
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::support::{CODECS, Entry, connect, create_topic, entries, run};
use crate::tools::{assert_same, read};

/// Ottla reads what librdkafka wrote with each codec, keys, headers and timestamps included.
pub(crate) fn reads_in_every_codec(servers: &str) {
    for (codec, _) in CODECS {
        let topic = format!("librdkafka-{codec}");
        run(async { create_topic(&connect(servers).await, NewTopic::new(&topic).partitions(1)).await });
        let written = entries(codec);
        write(servers, &topic, codec, &written);
        let found = run(async { read(&connect(servers).await, &topic).await });
        assert_same(&found, &written, &topic);
    }
}

fn write(servers: &str, topic: &str, codec: &str, entries: &[Entry]) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", servers)
        .set("compression.codec", codec)
        .set("linger.ms", "50")
        .set("enable.idempotence", "true")
        .create()
        .unwrap();
    for entry in entries {
        let mut headers = OwnedHeaders::new();
        for (key, value) in &entry.headers {
            headers =
                headers.insert(Header { key: std::str::from_utf8(key).unwrap(), value: value.as_deref() });
        }
        let mut record: BaseRecord<'_, [u8], [u8]> =
            BaseRecord::to(topic).partition(0).headers(headers).timestamp(entry.timestamp.unwrap());
        record.key = entry.key.as_deref();
        record.payload = entry.value.as_deref();
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(Duration::from_secs(60)).unwrap();
}
