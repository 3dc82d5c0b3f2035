use ottla_proto::messages::describe_cluster::DescribeClusterRequest;
use ottla_proto::messages::metadata::{MetadataRequest, MetadataRequestTopic};
use ottla_proto::{BrokerId, ErrorCode, TopicId};

use crate::testing::*;

fn named(name: &str) -> MetadataRequest {
    let topic = MetadataRequestTopic { name: Some(name.into()), ..MetadataRequestTopic::default() };
    MetadataRequest { topics: Some(vec![topic]), ..MetadataRequest::default() }
}

#[test]
fn leaders_are_spread_over_the_nodes() {
    let mut world = World::new(3);
    world.engine.create_topic("t", 6, 2, [].into()).unwrap();
    let answer = world.ask(13, &MetadataRequest { topics: None, ..MetadataRequest::default() });
    assert_eq!(answer.brokers.len(), 3);
    let partitions = &answer.topics[0].partitions;
    for node in 1..=3 {
        let led = partitions.iter().filter(|partition| partition.leader_id == BrokerId(node)).count();
        assert_eq!(led, 2, "node {node}");
    }
    assert!(partitions.iter().all(|partition| partition.isr_nodes.len() == 2));
}

#[test]
fn a_topic_is_found_by_id() {
    let mut world = World::with_topic();
    let by_id = |topic_id| MetadataRequestTopic { topic_id, name: None, ..MetadataRequestTopic::default() };
    let known = world.topic_id("t");
    let topics = vec![by_id(known), by_id(TopicId([9; 16]))];
    let answer = world.ask(12, &MetadataRequest { topics: Some(topics), ..MetadataRequest::default() });
    let found = answer.topics.iter().find(|topic| topic.topic_id == known).unwrap();
    assert_eq!(found.name.as_deref(), Some("t"));
    let unknown = answer.topics.iter().find(|topic| topic.topic_id != known).unwrap();
    assert_eq!((unknown.error_code, &unknown.name), (ErrorCode::UNKNOWN_TOPIC_ID, &None));
}

#[test]
fn asking_creates_a_topic_for_the_next_answer() {
    let mut world = World::new(1);
    let first = world.ask(12, &named("new"));
    assert_eq!(first.topics[0].error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    assert_eq!(world.ask(12, &named("new")).topics[0].error_code, ErrorCode::NONE);

    let unwanted = MetadataRequest { allow_auto_topic_creation: false, ..named("other") };
    world.ask(12, &unwanted);
    assert_eq!(world.ask(12, &unwanted).topics[0].error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    assert_eq!(world.ask(12, &named("a b")).topics[0].error_code, ErrorCode::INVALID_TOPIC_EXCEPTION);
    world.engine.config.auto_create_topics = false;
    world.ask(12, &named("third"));
    assert_eq!(world.ask(12, &named("third")).topics[0].error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
}

#[test]
fn no_topics_and_all_topics_are_two_things() {
    let mut world = World::with_topic();
    let none = MetadataRequest { topics: Some(Vec::new()), ..MetadataRequest::default() };
    assert_eq!(world.ask(0, &none).topics.len(), 1);
    assert_eq!(world.ask(1, &none).topics.len(), 0);
}

#[test]
fn authorized_operations_are_told_when_asked() {
    let mut world = World::with_topic();
    let mut request = MetadataRequest { topics: None, ..MetadataRequest::default() };
    assert_eq!(world.ask(12, &request).topics[0].topic_authorized_operations, i32::MIN);
    request.include_topic_authorized_operations = true;
    assert_eq!(world.ask(12, &request).topics[0].topic_authorized_operations, 3576);
    let cluster =
        DescribeClusterRequest { include_cluster_authorized_operations: true, ..Default::default() };
    assert_eq!(world.ask(2, &cluster).cluster_authorized_operations, 8096);
}
