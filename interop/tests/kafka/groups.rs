//! Consumer groups on a real Kafka, in both protocols.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use kafka_harness::{Options, kafka_or_skip};
use ottla::admin::NewTopic;
use ottla::consumer::group::{
    Cause, CommitError, GroupBatch, GroupConsumer, GroupConsumerBuilder, GroupEvent, Protocol, TopicPattern,
};
use ottla::{Client, Offset, Record};

use crate::support::{connect, create_topic, run};

const PARTITIONS: i32 = 6;
const SOON: Duration = Duration::from_secs(30);

#[test]
fn groups_of_both_protocols_read_commit_and_hand_over() {
    let kafka = kafka_or_skip!(Options::new());
    let servers = kafka.bootstrap();
    for protocol in [Protocol::Classic, Protocol::Consumer, Protocol::Auto] {
        run(one_member_reads_commits_and_leaves(&servers, protocol));
    }
    run(a_topic_that_is_created_anew_begins_anew(&servers));
    for protocol in [Protocol::Classic, Protocol::Consumer] {
        run(a_pattern_finds_a_topic_that_is_created_later(&servers, protocol));
    }
}

fn member(client: &Client, group: &str, topic: &str, protocol: Protocol) -> GroupConsumerBuilder {
    let builder = client.consumer().group(group).subscribe([topic]).from(Offset::Earliest).protocol(protocol);
    builder.auto_commit(Duration::from_millis(200))
}

/// Writes numbers to the partitions in turn.
pub(crate) async fn fill(client: &Client, topic: &str, partitions: i32, from: u32, count: u32) {
    let producer = client.producer().build().await.unwrap();
    let topic = producer.topic(topic);
    let mut deliveries = Vec::new();
    for number in from..from + count {
        let partition = i32::try_from(number).unwrap() % partitions;
        let record = number.to_string();
        deliveries.push(topic.send(Record::value(&record).partition(partition)).await.unwrap());
    }
    for delivery in deliveries {
        delivery.await.unwrap();
    }
    producer.close(SOON).await.unwrap();
}

/// Reads until that many records have come, each once.
async fn read(consumer: &mut GroupConsumer, count: usize) -> BTreeSet<u32> {
    let mut seen = BTreeSet::new();
    let deadline = Instant::now() + SOON;
    while seen.len() < count {
        let next = tokio::time::timeout(deadline - Instant::now(), consumer.next_batch());
        let batch = match next.await {
            Ok(batch) => batch.unwrap().unwrap(),
            Err(_) => panic!(
                "{} of {count} records; {:?}; {:?}",
                seen.len(),
                consumer.handle().status(),
                consumer.explain().await.unwrap()
            ),
        };
        let before = seen.len();
        collect(&batch, &mut seen);
        assert_eq!(seen.len(), before + batch.len(), "records came twice");
    }
    seen
}

fn collect(batch: &GroupBatch, into: &mut BTreeSet<u32>) {
    for record in batch {
        into.insert(std::str::from_utf8(record.value().unwrap()).unwrap().parse().unwrap());
    }
}

pub(crate) async fn one_member_reads_commits_and_leaves(servers: &str, protocol: Protocol) {
    let client = connect(servers).await;
    let (topic, group) = (format!("one-{protocol:?}"), format!("group-{protocol:?}"));
    create_topic(&client, NewTopic::new(&topic).partitions(PARTITIONS).replication(1)).await;
    fill(&client, &topic, PARTITIONS, 0, 600).await;

    let mut consumer = member(&client, &group, &topic, protocol).build().await.unwrap();
    let begin = Instant::now();
    assert_eq!(read(&mut consumer, 600).await, (0..600).collect());
    println!("FIGURE: the first member of a {protocol:?} group has read after {:.1?}", begin.elapsed());
    let handle = consumer.handle();
    assert_eq!(handle.owned().len(), PARTITIONS as usize);
    assert_eq!(handle.status().consumer_protocol, Some(protocol != Protocol::Classic));
    let report = consumer.close(SOON).await.unwrap();
    assert!(report.left && report.busy.is_empty(), "{report:?}");
    let committed: BTreeMap<_, _> = report.committed.into_iter().collect();
    assert_eq!(committed.len(), PARTITIONS as usize);
    assert!(committed.values().all(|offset| *offset == Some(100)), "{committed:?}");
    let rebalances = handle.rebalances();
    assert_eq!(rebalances[0].assigned.len(), PARTITIONS as usize, "{rebalances:?}");
    let mut events = Vec::new();
    while let Some(event) = handle.next_event().await {
        events.push(event);
    }
    assert!(matches!(events[0], GroupEvent::Assigned(_)), "{events:?}");
    assert!(events.iter().any(|event| matches!(event, GroupEvent::Revoked(_))), "{events:?}");

    // The next one goes on where that one stopped.
    fill(&client, &topic, PARTITIONS, 600, 60).await;
    let mut consumer = member(&client, &group, &topic, protocol).build().await.unwrap();
    assert_eq!(read(&mut consumer, 60).await, (600..660).collect());
    consumer.close(SOON).await.unwrap();
}

/// What was read of a topic that is deleted says nothing of the one that takes its name.
pub(crate) async fn a_topic_that_is_created_anew_begins_anew(servers: &str) {
    let client = connect(servers).await;
    let topic = || NewTopic::new("anew").partitions(2).replication(1);
    create_topic(&client, topic()).await;
    fill(&client, "anew", 2, 0, 200).await;
    let builder = member(&client, "group-anew", "anew", Protocol::Consumer).manual_commits();
    let mut consumer = builder.build().await.unwrap();
    let batch = tokio::time::timeout(SOON, consumer.next_batch()).await.unwrap().unwrap().unwrap();
    client.admin().delete_topic("anew").await.unwrap();
    create_topic(&client, topic()).await;

    // The batch is still held, so its partition is not given up before the commit.
    let ownership = batch.ownership();
    tokio::time::timeout(SOON, ownership.revoking()).await.expect("the member learns that the topic is gone");
    let refused = consumer.commit(&batch).await.unwrap_err();
    assert!(matches!(refused, CommitError::TopicGone { .. }), "{refused}");
    drop(batch);
    fill(&client, "anew", 2, 1_000, 20).await;
    assert_eq!(read(&mut consumer, 20).await, (1_000..1_020).collect());
    assert!(client.admin().group_offsets("group-anew").await.unwrap().is_empty());
    assert!(consumer.close(SOON).await.unwrap().left);
}

/// By the coordinator in the consumer protocol, by the member itself in the classic one.
pub(crate) async fn a_pattern_finds_a_topic_that_is_created_later(servers: &str, protocol: Protocol) {
    let client = Client::builder(servers).metadata_max_age(Duration::from_secs(1)).build().await.unwrap();
    let topic = |name: &str| NewTopic::new(format!("{name}-{protocol:?}")).partitions(2).replication(1);
    for name in ["found-1", "not-found-1"] {
        create_topic(&client, topic(name)).await;
        fill(&client, &format!("{name}-{protocol:?}"), 2, 0, 20).await;
    }
    let pattern = TopicPattern::new(format!("found-[0-9]+-{protocol:?}")).unwrap();
    let builder = client.consumer().group(format!("finders-{protocol:?}")).subscribe_pattern(pattern);
    let mut consumer = builder.from(Offset::Earliest).protocol(protocol).build().await.unwrap();
    assert_eq!(read(&mut consumer, 20).await, (0..20).collect());

    create_topic(&client, topic("found-2")).await;
    fill(&client, &format!("found-2-{protocol:?}"), 2, 100, 20).await;
    let begin = Instant::now();
    assert_eq!(read(&mut consumer, 20).await, (100..120).collect());
    println!("FIGURE: a pattern of a {protocol:?} group finds a new topic within {:.1?}", begin.elapsed());
    let handle = consumer.handle();
    assert_eq!(handle.owned().len(), 4);
    let cause = &handle.rebalances().pop().unwrap().cause;
    // A coordinator says no more than that it shared out anew.
    let expected = if protocol == Protocol::Classic { Cause::Subscription } else { Cause::Assigned };
    assert_eq!(*cause, expected);
    consumer.close(SOON).await.unwrap();
}
