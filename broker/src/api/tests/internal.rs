//! The topics of the coordinators.

use std::collections::BTreeMap;

use ottla_proto::messages::add_partitions_to_txn::{AddPartitionsToTxnRequest, AddPartitionsToTxnTopic};
use ottla_proto::messages::create_topics::{CreatableTopic, CreateTopicsRequest};
use ottla_proto::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
};
use ottla_proto::messages::delete_topics::DeleteTopicsRequest;
use ottla_proto::messages::describe_topic_partitions::{DescribeTopicPartitionsRequest, TopicRequest};
use ottla_proto::messages::list_groups::ListGroupsRequest;
use ottla_proto::messages::metadata::{MetadataRequest, MetadataRequestTopic, MetadataResponseTopic};
use ottla_proto::{BrokerId, ErrorCode};

use super::groups::{commit, committed};
use crate::coordinator::CoordinatorType;
use crate::coordinator::testing::find;
use crate::testing::*;

const OFFSETS: &str = "__consumer_offsets";
const TRANSACTIONS: &str = "__transaction_state";

fn all_topics(world: &mut World) -> BTreeMap<String, MetadataResponseTopic> {
    let topics = world.ask(13, &MetadataRequest { topics: None, ..MetadataRequest::default() }).topics;
    topics.into_iter().map(|topic| (topic.name.as_ref().unwrap().to_string(), topic)).collect()
}

/// What is set on a topic.
fn settings(world: &World, topic: &str) -> Vec<String> {
    let overrides = world.engine.topics.named(topic).unwrap().config.overrides();
    overrides.iter().map(|(name, value)| format!("{name}={value}")).collect()
}

#[test]
fn whoever_asks_first_for_a_coordinator_has_its_topic_created() {
    let mut world = World::new(4);
    assert_eq!(all_topics(&mut world), BTreeMap::new());
    let group = find(&mut world, 6, 0, "hello").unwrap();
    let topics = all_topics(&mut world);
    assert_eq!(topics.keys().collect::<Vec<_>>(), [OFFSETS]);
    assert!(topics[OFFSETS].is_internal);
    assert_eq!(topics[OFFSETS].partitions.len(), 50);
    // See the test of the hash.
    assert_eq!(topics[OFFSETS].partitions[22].leader_id, group);
    assert!(topics[OFFSETS].partitions.iter().all(|partition| partition.replica_nodes.len() == 3));

    let transaction = find(&mut world, 6, 1, "a").unwrap();
    let topics = all_topics(&mut world);
    assert_eq!(topics.keys().collect::<Vec<_>>(), [OFFSETS, TRANSACTIONS]);
    assert_eq!(topics[TRANSACTIONS].partitions[47].leader_id, transaction);
    let compacted = ["cleanup.policy=compact", "compression.type=producer", "segment.bytes=104857600"];
    assert_eq!(settings(&world, OFFSETS), compacted);
    let careful = [
        "cleanup.policy=compact",
        "compression.type=uncompressed",
        "min.insync.replicas=2",
        "segment.bytes=104857600",
        "unclean.leader.election.enable=false",
    ];
    assert_eq!(settings(&world, TRANSACTIONS), careful);
    let topics =
        [OFFSETS, "t"].map(|name| TopicRequest { name: name.into(), ..TopicRequest::default() }).into();
    let request =
        DescribeTopicPartitionsRequest { topics, response_partition_limit: 100, ..Default::default() };
    let described = world.ask(0, &request).topics;
    assert_eq!(described.iter().map(|topic| topic.is_internal).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn metadata_creates_them_as_the_coordinator_would() {
    let mut world = World::new(1);
    let topic = MetadataRequestTopic { name: Some(OFFSETS.into()), ..MetadataRequestTopic::default() };
    let mut request = MetadataRequest { topics: Some(vec![topic]), ..MetadataRequest::default() };
    for (create, code) in
        [(false, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION), (true, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)]
    {
        request.allow_auto_topic_creation = create;
        let answer = world.ask(13, &request).topics.remove(0);
        assert_eq!((answer.error_code, answer.is_internal), (code, true));
    }
    let answer = world.ask(13, &request).topics.remove(0);
    assert_eq!((answer.error_code, answer.partitions.len()), (ErrorCode::NONE, 50));
}

#[test]
fn nobody_writes_to_them_or_forgets_what_is_in_them() {
    let mut world = World::with_topic();
    assert_eq!(find(&mut world, 6, 0, "g"), Ok(BrokerId(1)));
    assert_eq!(find(&mut world, 6, 1, "x"), Ok(BrokerId(1)));
    for name in [OFFSETS, TRANSACTIONS] {
        let mut produce = produce_request(1, batch(&["a"]));
        produce.topic_data[0].name = name.into();
        let answer = world.ask(12, &produce).responses.remove(0).partition_responses.remove(0);
        assert_eq!((answer.error_code, answer.base_offset), (ErrorCode::INVALID_TOPIC_EXCEPTION, -1));

        let partition = DeleteRecordsPartition::default();
        let topic =
            DeleteRecordsTopic { name: name.into(), partitions: vec![partition], ..Default::default() };
        let request = DeleteRecordsRequest { topics: vec![topic], ..DeleteRecordsRequest::default() };
        let answer = world.ask(2, &request).topics.remove(0).partitions.remove(0);
        assert_eq!(answer.error_code, ErrorCode::INVALID_TOPIC_EXCEPTION);

        let added = ["t", name].map(|name| AddPartitionsToTxnTopic {
            name: name.into(),
            partitions: vec![0],
            ..AddPartitionsToTxnTopic::default()
        });
        let request = AddPartitionsToTxnRequest {
            v3_and_below_transactional_id: "x".into(),
            v3_and_below_topics: added.into(),
            ..AddPartitionsToTxnRequest::default()
        };
        let answer = world.ask(3, &request).results_by_topic_v3_and_below;
        let codes: Vec<_> =
            answer.iter().map(|topic| topic.results_by_partition[0].partition_error_code).collect();
        assert_eq!(codes, [ErrorCode::OPERATION_NOT_ATTEMPTED, ErrorCode::TOPIC_AUTHORIZATION_FAILED]);
    }
    let create = |name: &'static str| CreatableTopic {
        name: name.into(),
        num_partitions: 1,
        replication_factor: 1,
        ..CreatableTopic::default()
    };
    let request = CreateTopicsRequest {
        topics: [OFFSETS, "__cluster_metadata"].map(create).into(),
        ..CreateTopicsRequest::default()
    };
    let codes: Vec<_> = world.ask(7, &request).topics.iter().map(|topic| topic.error_code).collect();
    assert_eq!(codes, [ErrorCode::TOPIC_ALREADY_EXISTS, ErrorCode::INVALID_REQUEST]);
}

#[test]
fn the_leader_of_a_groups_partition_coordinates_it() {
    let mut world = World::new(3);
    world.engine.create_topic("t", 1, 1, [].into()).unwrap();
    let first = find(&mut world, 6, 0, "g").unwrap();
    world.talk_to(first);
    assert_eq!(committed(&mut world, 8, &commit(5)), ErrorCode::NONE);
    let index = crate::coordinator::partition("g", 50);
    let next = (1..=3).map(BrokerId).find(|node| *node != first).unwrap();
    assert!(world.engine.move_leader(OFFSETS, index, next, world.now));
    assert_eq!(find(&mut world, 6, 0, "g"), Ok(next));
    assert_eq!(committed(&mut world, 8, &commit(6)), ErrorCode::NOT_COORDINATOR);
    assert_eq!(world.ask(5, &ListGroupsRequest::default()).groups, []);
    world.talk_to(next);
    assert_eq!(committed(&mut world, 8, &commit(6)), ErrorCode::NONE);
    assert_eq!(world.ask(5, &ListGroupsRequest::default()).groups.len(), 1);

    // Without the topic there is no coordinator, until one is looked for.
    let request = DeleteTopicsRequest { topic_names: vec![OFFSETS.into()], ..DeleteTopicsRequest::default() };
    assert_eq!(world.ask(4, &request).responses[0].error_code, ErrorCode::NONE);
    assert_eq!(world.engine.coordinator(CoordinatorType::Group, "g"), None);
    assert!(find(&mut world, 6, 0, "g").is_ok());
}
