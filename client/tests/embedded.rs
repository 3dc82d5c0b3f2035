//! The whole way, against the embedded broker.

use std::time::Duration;

use ottla::admin::NewTopic;
use ottla::{Client, ErrorCode};
use ottla_broker::Cluster;

#[tokio::test]
async fn topics_live_from_creation_to_deletion() {
    let cluster = Cluster::builder().nodes(3).start().await.unwrap();
    let kafka = Client::builder(cluster.bootstrap()).build().await.unwrap();
    let admin = kafka.admin().timeout(Duration::from_secs(10));

    let created = admin.create_topic(NewTopic::new("orders").partitions(6).replication(3)).await.unwrap();
    assert_eq!(created.partitions, Some(6));
    let again = admin.create_topic(NewTopic::new("orders")).await.unwrap_err();
    assert_eq!(again.code(), Some(ErrorCode::TOPIC_ALREADY_EXISTS));
    let checked = admin.validate_topics([NewTopic::new("bills").partitions(2)]).await;
    assert!(checked[0].1.is_ok());

    assert_eq!(admin.describe_cluster().await.unwrap().brokers.len(), 3);
    let names =
        |topics: Vec<ottla::admin::TopicListing>| topics.into_iter().map(|t| t.name).collect::<Vec<_>>();
    assert_eq!(names(admin.list_topics().await.unwrap()), ["orders"]);
    let orders = admin.describe_topic("orders").await.unwrap();
    assert_eq!(orders.partitions.len(), 6);
    assert!(orders.partitions.iter().all(|partition| partition.leader.is_some()));

    admin.delete_topic(created.id.unwrap()).await.unwrap();
    assert!(admin.list_topics().await.unwrap().is_empty());
    let gone = admin.delete_topic("orders").await.unwrap_err();
    assert_eq!(gone.code(), Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));
}
