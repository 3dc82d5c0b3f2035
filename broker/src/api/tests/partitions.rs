//! The APIs that look after topics, partitions and replicas.

use std::time::Duration;

use ottla_proto::messages::alter_configs::{self, AlterConfigsRequest};
use ottla_proto::messages::alter_partition_reassignments::{
    AlterPartitionReassignmentsRequest, ReassignablePartition, ReassignableTopic,
};
use ottla_proto::messages::create_partitions::{
    CreatePartitionsAssignment, CreatePartitionsRequest, CreatePartitionsTopic,
};
use ottla_proto::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
};
use ottla_proto::messages::describe_log_dirs::DescribeLogDirsRequest;
use ottla_proto::messages::describe_quorum::{DescribeQuorumRequest, RequestPartitionData, RequestTopicData};
use ottla_proto::messages::describe_topic_partitions::{
    DescribeTopicPartitionsRequest, RequestCursor, TopicRequest,
};
use ottla_proto::messages::elect_leaders::{ElectLeadersRequest, TopicPartitions};
use ottla_proto::messages::incremental_alter_configs::{
    self, AlterableConfig, IncrementalAlterConfigsRequest,
};
use ottla_proto::messages::list_config_resources::ListConfigResourcesRequest;
use ottla_proto::messages::list_partition_reassignments::ListPartitionReassignmentsRequest;
use ottla_proto::messages::offset_for_leader_epoch::{
    OffsetForLeaderEpochRequest, OffsetForLeaderPartition, OffsetForLeaderTopic,
};
use ottla_proto::{BrokerId, ErrorCode, LeaderEpoch};

use crate::testing::*;

const ONE: BrokerId = BrokerId(1);
const TWO: BrokerId = BrokerId(2);
const THREE: BrokerId = BrokerId(3);

fn replicated() -> World {
    let mut world = World::new(3);
    world.engine.create_topic("t", 1, 2, [].into()).unwrap();
    let replicas = nodes(&world);
    assert!(world.engine.move_leader("t", 0, replicas[0], world.now));
    world.talk_to(replicas[0]);
    world
}

fn nodes(world: &World) -> Vec<BrokerId> {
    world.engine.topics.named("t").unwrap().partition(0).unwrap().replica_nodes()
}

fn leader(world: &World) -> BrokerId {
    world.engine.topics.named("t").unwrap().partition(0).unwrap().leader
}

#[test]
fn epochs_end_where_the_log_says() {
    let mut world = World::with_topic();
    world.produce(batch(&["a", "b"]));
    assert!(world.engine.move_leader("t", 0, ONE, world.now));
    world.produce(batch(&["c"]));
    let mut ask = |current: i32, epoch: i32, index: i32| {
        let partition = OffsetForLeaderPartition {
            partition: index,
            current_leader_epoch: LeaderEpoch(current),
            leader_epoch: LeaderEpoch(epoch),
            ..Default::default()
        };
        let topic =
            OffsetForLeaderTopic { topic: "t".into(), partitions: vec![partition], ..Default::default() };
        let request = OffsetForLeaderEpochRequest {
            replica_id: BrokerId(-2),
            topics: vec![topic],
            ..Default::default()
        };
        let end = world.ask(4, &request).topics.remove(0).partitions.remove(0);
        (end.error_code, end.leader_epoch.0, end.end_offset)
    };
    assert_eq!(ask(-1, 0, 0), (ErrorCode::NONE, 0, 2));
    assert_eq!(ask(1, 1, 0), (ErrorCode::NONE, 1, 3));
    assert_eq!(ask(-1, 2, 0), (ErrorCode::NONE, -1, -1));
    assert_eq!(ask(0, 0, 0), (ErrorCode::FENCED_LEADER_EPOCH, -1, -1));
    assert_eq!(ask(2, 0, 0), (ErrorCode::UNKNOWN_LEADER_EPOCH, -1, -1));
    assert_eq!(ask(-1, 0, 7), (ErrorCode::UNKNOWN_TOPIC_OR_PARTITION, -1, -1));
}

fn grow(count: i32, assignments: Option<Vec<Vec<BrokerId>>>) -> CreatePartitionsRequest {
    let assignment =
        |broker_ids| CreatePartitionsAssignment { broker_ids, ..CreatePartitionsAssignment::default() };
    let topic = CreatePartitionsTopic {
        name: "t".into(),
        count,
        assignments: assignments.map(|all| all.into_iter().map(assignment).collect()),
        ..CreatePartitionsTopic::default()
    };
    CreatePartitionsRequest { topics: vec![topic], ..CreatePartitionsRequest::default() }
}

#[test]
fn topics_grow_and_never_shrink() {
    let mut world = replicated();
    let mut code = |request: &CreatePartitionsRequest| world.ask(3, request).results[0].error_code;
    assert_eq!(code(&grow(1, None)), ErrorCode::INVALID_PARTITIONS);
    assert_eq!(code(&grow(0, None)), ErrorCode::INVALID_PARTITIONS);
    let dry = CreatePartitionsRequest { validate_only: true, ..grow(3, None) };
    assert_eq!(code(&dry), ErrorCode::NONE);
    assert_eq!(code(&grow(2, Some(vec![vec![ONE]]))), ErrorCode::INVALID_REPLICA_ASSIGNMENT);
    assert_eq!(code(&grow(2, Some(vec![vec![ONE, BrokerId(9)]]))), ErrorCode::INVALID_REPLICA_ASSIGNMENT);
    assert_eq!(code(&grow(3, Some(vec![vec![ONE, TWO]]))), ErrorCode::INVALID_REPLICA_ASSIGNMENT);
    assert_eq!(code(&grow(2, Some(vec![vec![THREE, ONE]]))), ErrorCode::NONE);
    assert_eq!(code(&grow(300_000, None)), ErrorCode::POLICY_VIOLATION);
    assert_eq!(code(&grow(4, None)), ErrorCode::NONE);
    let mut twice = grow(5, None);
    twice.topics.push(twice.topics[0].clone());
    assert_eq!(world.ask(3, &twice).results.len(), 1);
    let topic = world.engine.topics.named("t").unwrap();
    assert_eq!(topic.partitions.len(), 4);
    assert_eq!(topic.partitions[1].leader, THREE);
    assert!(topic.partitions.iter().all(|partition| partition.replicas.len() == 2));
}

#[test]
fn records_are_deleted_up_to_an_offset() {
    let mut world = replicated();
    world.produce(batch(&["a", "b"]));
    world.produce(batch(&["c"]));
    let delete = |world: &mut World, offset| {
        let partition = DeleteRecordsPartition { offset, ..Default::default() };
        let topic =
            DeleteRecordsTopic { name: "t".into(), partitions: vec![partition], ..Default::default() };
        let request = DeleteRecordsRequest { topics: vec![topic], ..Default::default() };
        let result = world.ask(2, &request).topics.remove(0).partitions.remove(0);
        (result.error_code, result.low_watermark)
    };
    assert_eq!(delete(&mut world, 1), (ErrorCode::NONE, 1));
    assert_eq!(world.fetch(0).error_code, ErrorCode::OFFSET_OUT_OF_RANGE);
    assert_eq!(delete(&mut world, 4), (ErrorCode::OFFSET_OUT_OF_RANGE, -1));
    assert_eq!(delete(&mut world, -2), (ErrorCode::OFFSET_OUT_OF_RANGE, -1));
    assert_eq!(delete(&mut world, -1), (ErrorCode::NONE, 3));
    let replica = nodes(&world)[1];
    let follower = world.engine.topics.named("t").unwrap().partition(0).unwrap().replica(replica).unwrap();
    assert_eq!(follower.log.start_offset(), 3, "followers forget them, too");
    assert_eq!(alter(&mut world, 0, "cleanup.policy", Some("compact")), ErrorCode::NONE);
    assert_eq!(delete(&mut world, -1), (ErrorCode::POLICY_VIOLATION, -1));
    world.talk_to(replica);
    assert_eq!(delete(&mut world, -1), (ErrorCode::NOT_LEADER_OR_FOLLOWER, -1));
}

/// Changes one setting of `t`.
fn alter(world: &mut World, operation: i8, name: &str, value: Option<&str>) -> ErrorCode {
    alter_of(world, 2, operation, name, value)
}

fn alter_of(world: &mut World, kind: i8, operation: i8, name: &str, value: Option<&str>) -> ErrorCode {
    let config = AlterableConfig {
        name: name.into(),
        config_operation: operation,
        value: value.map(Into::into),
        ..AlterableConfig::default()
    };
    let resource = incremental_alter_configs::AlterConfigsResource {
        resource_type: kind,
        resource_name: "t".into(),
        configs: vec![config],
        ..Default::default()
    };
    let request = IncrementalAlterConfigsRequest { resources: vec![resource], ..Default::default() };
    world.ask(1, &request).responses[0].error_code
}

fn set_on_topic(world: &World) -> Vec<String> {
    let overrides = world.engine.topics.named("t").unwrap().config.overrides();
    overrides.iter().map(|(name, value)| format!("{name}={value}")).collect()
}

#[test]
fn settings_change_one_by_one() {
    let mut world = World::with_topic();
    let (set, delete, append, subtract) = (0, 1, 2, 3);
    assert_eq!(alter(&mut world, set, "max.message.bytes", Some("100")), ErrorCode::NONE);
    assert_eq!(world.produce(batch(&[&"x".repeat(100)])).error_code, ErrorCode::MESSAGE_TOO_LARGE);
    assert_eq!(alter(&mut world, append, "cleanup.policy", Some("compact")), ErrorCode::NONE);
    assert_eq!(set_on_topic(&world), ["cleanup.policy=delete,compact", "max.message.bytes=100"]);
    assert_eq!(alter(&mut world, subtract, "cleanup.policy", Some("delete")), ErrorCode::NONE);
    assert_eq!(alter(&mut world, delete, "max.message.bytes", None), ErrorCode::NONE);
    assert_eq!(set_on_topic(&world), ["cleanup.policy=compact"]);
    for (operation, name, value, code) in [
        (set, "max.message.bytes", Some("-1"), ErrorCode::INVALID_CONFIG),
        (set, "no.such.setting", Some("1"), ErrorCode::INVALID_CONFIG),
        (set, "max.message.bytes", None, ErrorCode::INVALID_REQUEST),
        (append, "max.message.bytes", Some("1"), ErrorCode::INVALID_CONFIG),
        (9, "max.message.bytes", Some("1"), ErrorCode::INVALID_REQUEST),
    ] {
        assert_eq!(alter(&mut world, operation, name, value), code, "{name} {operation}");
    }
    assert_eq!(alter_of(&mut world, 4, set, "a", Some("1")), ErrorCode::INVALID_REQUEST);
    assert_eq!(set_on_topic(&world), ["cleanup.policy=compact"]);
}

#[test]
fn settings_are_replaced_as_a_whole() {
    let mut world = World::with_topic();
    assert_eq!(alter(&mut world, 0, "max.message.bytes", Some("100")), ErrorCode::NONE);
    let config = alter_configs::AlterableConfig {
        name: "retention.bytes".into(),
        value: Some("7".into()),
        ..Default::default()
    };
    let resource = alter_configs::AlterConfigsResource {
        resource_type: 2,
        resource_name: "t".into(),
        configs: vec![config],
        ..Default::default()
    };
    let mut request =
        AlterConfigsRequest { resources: vec![resource.clone()], validate_only: true, ..Default::default() };
    assert_eq!(world.ask(2, &request).responses[0].error_code, ErrorCode::NONE);
    assert_eq!(set_on_topic(&world), ["max.message.bytes=100"]);
    request.validate_only = false;
    assert_eq!(world.ask(2, &request).responses[0].error_code, ErrorCode::NONE);
    assert_eq!(set_on_topic(&world), ["retention.bytes=7"]);
    request.resources.push(resource.clone());
    let answers = world.ask(2, &request).responses;
    assert!(answers.iter().all(|answer| answer.error_code == ErrorCode::INVALID_REQUEST));
    request.resources = vec![alter_configs::AlterConfigsResource { resource_name: "u".into(), ..resource }];
    assert_eq!(world.ask(2, &request).responses[0].error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
}

fn elect(world: &mut World, kind: i8, all: bool) -> Vec<ErrorCode> {
    let one = TopicPartitions { topic: "t".into(), partitions: vec![0], ..TopicPartitions::default() };
    let request = ElectLeadersRequest {
        election_type: kind,
        topic_partitions: (!all).then(|| vec![one]),
        ..ElectLeadersRequest::default()
    };
    let results = world.ask(2, &request).replica_election_results;
    results.into_iter().flat_map(|topic| topic.partition_result).map(|one| one.error_code).collect()
}

#[test]
fn leaders_are_elected_on_request() {
    let (preferred, unclean) = (0, 1);
    let mut world = replicated();
    let replicas = nodes(&world);
    assert_eq!(elect(&mut world, preferred, false), [ErrorCode::ELECTION_NOT_NEEDED]);
    assert_eq!(elect(&mut world, preferred, true), []);
    assert!(world.engine.move_leader("t", 0, replicas[1], world.now));
    assert_eq!(elect(&mut world, preferred, true), [ErrorCode::NONE]);
    assert_eq!(leader(&world), replicas[0]);
    let third = [ONE, TWO, THREE].into_iter().find(|node| !replicas.contains(node)).unwrap();
    world.talk_to(third);
    assert!(world.engine.stop_node(replicas[0], world.now));
    while world.engine.poll_output().is_some() {}
    assert_eq!(elect(&mut world, preferred, false), [ErrorCode::PREFERRED_LEADER_NOT_AVAILABLE]);
    assert_eq!(elect(&mut world, unclean, false), [ErrorCode::ELECTION_NOT_NEEDED]);
    assert!(world.engine.stop_node(replicas[1], world.now));
    while world.engine.poll_output().is_some() {}
    assert_eq!(elect(&mut world, unclean, false), [ErrorCode::ELIGIBLE_LEADERS_NOT_AVAILABLE]);
    assert!(world.engine.start_node(replicas[0], world.now));
    assert_eq!(leader(&world), BrokerId::NONE);
    assert_eq!(elect(&mut world, unclean, true), [ErrorCode::NONE]);
    assert_eq!(leader(&world), replicas[0]);
}

fn reassign(world: &mut World, replicas: Option<Vec<BrokerId>>) -> ErrorCode {
    let partition = ReassignablePartition { replicas, ..ReassignablePartition::default() };
    let topic =
        ReassignableTopic { name: "t".into(), partitions: vec![partition], ..ReassignableTopic::default() };
    let request = AlterPartitionReassignmentsRequest { topics: vec![topic], ..Default::default() };
    world.ask(0, &request).responses[0].partitions[0].error_code
}

fn moving(world: &mut World) -> usize {
    world.ask(0, &ListPartitionReassignmentsRequest { topics: None, ..Default::default() }).topics.len()
}

#[test]
fn a_partition_moves_to_other_replicas() {
    let mut world = replicated();
    world.produce(batch(&["a"]));
    let before = nodes(&world);
    let third = [ONE, TWO, THREE].into_iter().find(|node| !before.contains(node)).unwrap();
    // At once if the new replica does not lag.
    assert_eq!(reassign(&mut world, Some(vec![third, before[1]])), ErrorCode::NONE);
    assert_eq!((nodes(&world), moving(&mut world)), (vec![third, before[1]], 0));
    assert!(!before[..1].contains(&leader(&world)), "a replica that is gone leads no more");
    world.talk_to(leader(&world));
    assert_eq!(values(&world.fetch(0).records.unwrap()), [(0, "a".into())]);

    // Later if it does; and what is under way can be cancelled.
    let lag = Some(Duration::from_millis(10));
    assert!(world.engine.set_replication_lag(before[0], lag, world.now));
    assert_eq!(reassign(&mut world, Some(vec![before[0]])), ErrorCode::NONE);
    assert_eq!((nodes(&world).len(), moving(&mut world)), (3, 1));
    assert_eq!(reassign(&mut world, None), ErrorCode::NONE);
    assert_eq!((nodes(&world).len(), moving(&mut world)), (2, 0));
    assert_eq!(reassign(&mut world, None), ErrorCode::NO_REASSIGNMENT_IN_PROGRESS);
    assert_eq!(reassign(&mut world, Some(vec![before[0]])), ErrorCode::NONE);
    world.pass(10);
    world.engine.handle_timeout(world.now);
    assert_eq!((nodes(&world), leader(&world)), (vec![before[0]], before[0]));
    world.talk_to(before[0]);
    assert_eq!(values(&world.fetch(0).records.unwrap()), [(0, "a".into())]);

    assert_eq!(reassign(&mut world, Some(vec![])), ErrorCode::INVALID_REPLICA_ASSIGNMENT);
    assert_eq!(reassign(&mut world, Some(vec![ONE, ONE])), ErrorCode::INVALID_REPLICA_ASSIGNMENT);
    assert_eq!(reassign(&mut world, Some(vec![BrokerId(9)])), ErrorCode::INVALID_REPLICA_ASSIGNMENT);
}

#[test]
fn log_folders_show_the_replicas_of_the_node() {
    let mut world = replicated();
    let size = batch(&["a"]).len();
    world.produce(batch(&["a"]));
    let all = DescribeLogDirsRequest { topics: None, ..DescribeLogDirsRequest::default() };
    let folder = world.ask(4, &all).results.remove(0);
    assert_eq!(folder.topics[0].partitions[0].partition_size, i64::try_from(size).unwrap());
    let third = [ONE, TWO, THREE].into_iter().find(|node| !nodes(&world).contains(node)).unwrap();
    world.talk_to(third);
    assert_eq!(world.ask(4, &all).results[0].topics.len(), 0);
    assert!(world.engine.fill_disk(third, None));
    assert_eq!(world.ask(4, &all).results[0].error_code, ErrorCode::KAFKA_STORAGE_ERROR);
}

#[test]
fn the_quorum_is_the_nodes() {
    let mut world = World::new(3);
    let partition = |index| RequestPartitionData { partition_index: index, ..Default::default() };
    let topic = RequestTopicData {
        topic_name: "__cluster_metadata".into(),
        partitions: vec![partition(0), partition(1)],
        ..Default::default()
    };
    let request = DescribeQuorumRequest { topics: vec![topic], ..Default::default() };
    let answer = world.ask(2, &request);
    let partitions = &answer.topics[0].partitions;
    assert_eq!((partitions[0].leader_id, partitions[0].current_voters.len()), (ONE, 3));
    assert_eq!(partitions[1].error_code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    assert_eq!(answer.nodes.len(), 3);
}

#[test]
fn partitions_are_described_page_by_page() {
    let mut world = World::new(1);
    for (name, partitions) in [("b", 3), ("a", 2), ("c", 1)] {
        world.engine.create_topic(name, partitions, -1, [].into()).unwrap();
    }
    let mut request = DescribeTopicPartitionsRequest { response_partition_limit: 2, ..Default::default() };
    let mut seen = Vec::new();
    loop {
        let answer = world.ask(0, &request);
        for topic in &answer.topics {
            let name = topic.name.as_ref().unwrap();
            seen.extend(topic.partitions.iter().map(|one| format!("{name}-{}", one.partition_index)));
        }
        let Some(next) = answer.next_cursor else { break };
        request.cursor = Some(RequestCursor {
            topic_name: next.topic_name,
            partition_index: next.partition_index,
            ..RequestCursor::default()
        });
    }
    assert_eq!(seen, ["a-0", "a-1", "b-0", "b-1", "b-2", "c-0"]);
    let named = |name: &str| TopicRequest { name: name.into(), ..TopicRequest::default() };
    let request = DescribeTopicPartitionsRequest {
        topics: vec![named("x"), named("a b")],
        response_partition_limit: 2000,
        ..Default::default()
    };
    let codes: Vec<_> = world.ask(0, &request).topics.into_iter().map(|topic| topic.error_code).collect();
    assert_eq!(codes, [ErrorCode::INVALID_TOPIC_EXCEPTION, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION]);
}

#[test]
fn resources_with_settings_are_listed() {
    let mut world = World::with_topic();
    let ask = |resource_types| ListConfigResourcesRequest { resource_types, ..Default::default() };
    assert_eq!(world.ask(0, &ask(vec![])).config_resources.len(), 0);
    assert_eq!(world.ask(1, &ask(vec![])).config_resources.len(), 3);
    let topics = world.ask(1, &ask(vec![2])).config_resources;
    assert_eq!((topics.len(), &*topics[0].resource_name), (1, "t"));
    assert_eq!(world.ask(1, &ask(vec![3])).error_code, ErrorCode::UNSUPPORTED_VERSION);
}
