//! librdkafka against the embedded broker: a transactional producer and consumers in one group.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Offset};

use crate::{LIMIT, cluster};

const STEP: Duration = Duration::from_secs(30);

#[test]
fn librdkafka_groups_and_transactions() {
    let (_runtime, embedded) = cluster(&["numbers"]);
    let servers = embedded.bootstrap();
    write(&servers);
    // Two members share the partitions. The first may have read all of them before the second came; then each reads
    // its own again, since nothing is committed yet.
    let (one, two) = (member(&servers), member(&servers));
    let mut seen = BTreeSet::new();
    let deadline = Instant::now() + LIMIT;
    while !(seen.len() == 60 && reads_half(&one) && reads_half(&two)) && Instant::now() < deadline {
        for consumer in [&one, &two] {
            if let Some(message) = consumer.poll(Duration::from_millis(20)) {
                let message = message.unwrap();
                seen.insert(String::from_utf8(message.payload().unwrap().to_vec()).unwrap());
            }
        }
    }
    let expected: BTreeSet<String> = (0..60).map(|number| number.to_string()).collect();
    assert_eq!(seen, expected);
    assert!(reads_half(&one) && reads_half(&two));
    one.commit_consumer_state(CommitMode::Sync).unwrap();
    two.commit_consumer_state(CommitMode::Sync).unwrap();
    let committed = one.committed(STEP).unwrap();
    assert!(
        committed.elements().iter().all(|partition| partition.offset().to_raw().is_some_and(|at| at > 0))
    );
}

/// Whether a member has three partitions and has read from each of them.
fn reads_half(consumer: &BaseConsumer) -> bool {
    let position = consumer.position().unwrap();
    position.count() == 3 && position.elements().iter().all(|partition| partition.offset() != Offset::Invalid)
}

/// Sixty numbers in three transactions, with an aborted one between them.
fn write(servers: &str) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", servers)
        .set("transactional.id", "writer")
        .create()
        .unwrap();
    producer.init_transactions(STEP).unwrap();
    for (batch, commit) in [(0..20, true), (900..910, false), (20..40, true), (40..60, true)] {
        producer.begin_transaction().unwrap();
        for number in batch {
            let text = number.to_string();
            let record = BaseRecord::<str, str>::to("numbers").partition(number % 6).payload(&text);
            producer.send(record).map_err(|(error, _)| error).unwrap();
        }
        if commit {
            producer.commit_transaction(STEP).unwrap();
        } else {
            producer.flush(STEP).unwrap();
            producer.abort_transaction(STEP).unwrap();
        }
    }
}

fn member(servers: &str) -> BaseConsumer {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", servers)
        .set("group.id", "sharing")
        .set("isolation.level", "read_committed")
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        .create()
        .unwrap();
    consumer.subscribe(&["numbers"]).unwrap();
    consumer
}
