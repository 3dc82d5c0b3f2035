//! Patterns, and members that change what they read.

use super::*;
use ottla::consumer::group::{Cause, TopicPattern};

/// Writes one record.
async fn put(kafka: &Client, topic: &str, value: &str) {
    let producer = kafka.producer().build().await.unwrap();
    producer.topic(topic).send(Record::value(value)).await.unwrap().await.unwrap();
    producer.close(SOON).await.unwrap();
}

async fn create(kafka: &Client, topic: &str) {
    kafka.admin().create_topic(NewTopic::new(topic).partitions(2)).await.unwrap();
}

async fn next_from(consumer: &mut GroupConsumer) -> String {
    let next = tokio::time::timeout(SOON, consumer.next());
    next.await.expect("a record comes").unwrap().unwrap().topic().to_owned()
}

#[tokio::test]
async fn a_pattern_finds_topics_that_come_later() {
    for protocol in BOTH {
        let cluster = Cluster::builder().nodes(3).start().await.unwrap();
        // A classic member learns of new topics from its own view of the cluster.
        let age = Duration::from_millis(50);
        let kafka = Client::builder(cluster.bootstrap()).metadata_max_age(age).build().await.unwrap();
        for topic in ["orders-eu", "old-orders-eu"] {
            create(&kafka, topic).await;
            put(&kafka, topic, "v").await;
        }
        let builder = kafka.consumer().group("billing").from(Offset::Earliest).protocol(protocol);
        let pattern = TopicPattern::new("orders-.*").unwrap();
        let mut consumer = builder.subscribe_pattern(pattern).build().await.unwrap();
        assert_eq!(next_from(&mut consumer).await, "orders-eu", "{protocol:?}");
        create(&kafka, "orders-us").await;
        put(&kafka, "orders-us", "v").await;
        assert_eq!(next_from(&mut consumer).await, "orders-us", "{protocol:?}");
        let owned = consumer.handle().owned();
        let topics: BTreeSet<_> = owned.iter().map(|ownership| ownership.partition().topic).collect();
        assert_eq!((owned.len(), topics), (4, ["orders-eu".to_owned(), "orders-us".to_owned()].into()));
        assert!(consumer.close(SOON).await.unwrap().left);
    }
}

#[tokio::test]
async fn a_running_member_reads_other_topics_when_it_is_told_to() {
    for protocol in BOTH {
        let (_cluster, kafka) = start().await;
        create(&kafka, "payments").await;
        fill(&kafka, 4, b"v").await;
        put(&kafka, "payments", "v").await;
        let mut consumer = member(&kafka, protocol).build().await.unwrap();
        for _ in 0..4 {
            assert_eq!(next_from(&mut consumer).await, "orders");
        }
        consumer.subscribe(["payments"]);
        assert_eq!(next_from(&mut consumer).await, "payments");
        let handle = consumer.handle();
        until("the old topic stays", || handle.owned().len() == 2).await;
        let causes: Vec<_> = handle.rebalances().into_iter().map(|rebalance| rebalance.cause).collect();
        assert!(causes.contains(&Cause::Subscription), "{protocol:?}: {causes:?}");
        // What was read before the change is committed.
        let committed = kafka.admin().group_offsets("billing").await.unwrap();
        let orders = committed.iter().filter(|committed| committed.partition.topic == "orders");
        assert_eq!(orders.map(|committed| committed.offset).collect::<Vec<_>>(), [1; 4]);
    }
}
