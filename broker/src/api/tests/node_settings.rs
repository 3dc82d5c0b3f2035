//! Settings of nodes that change while they run. What is expected here a real Kafka 4.4 was seen to do, but for names that
//! this broker does not know.

use std::sync::Arc;

use ottla_proto::messages::alter_configs::{self, AlterConfigsRequest};
use ottla_proto::messages::describe_configs::{DescribeConfigsRequest, DescribeConfigsResource};
use ottla_proto::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest,
};
use ottla_proto::{BrokerId, ErrorCode};

use crate::storage::simulated::SimulatedDisk;
use crate::testing::*;

const NODE: i8 = 4;
const LEADER: &str = "leader.replication.throttled.rate";
const FOLLOWER: &str = "follower.replication.throttled.rate";
const LOG_DIRS: &str = "replica.alter.log.dirs.io.max.bytes.per.second";

const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;

type Change<'a> = (&'a str, i8, Option<&'a str>);

fn request(node: &str, changes: &[Change<'_>]) -> IncrementalAlterConfigsRequest {
    let change = |(name, operation, value): &Change<'_>| AlterableConfig {
        name: (*name).into(),
        config_operation: *operation,
        value: value.map(Into::into),
        ..AlterableConfig::default()
    };
    let resource = AlterConfigsResource {
        resource_type: NODE,
        resource_name: node.into(),
        configs: changes.iter().map(change).collect(),
        ..AlterConfigsResource::default()
    };
    IncrementalAlterConfigsRequest { resources: vec![resource], ..IncrementalAlterConfigsRequest::default() }
}

fn alter(world: &mut World, node: &str, changes: &[Change<'_>]) -> ErrorCode {
    world.ask(1, &request(node, changes)).responses[0].error_code
}

/// What can be changed of the settings that a node, or without a name all nodes, are told to have: each with its value
/// and, the first one being it, where values come from.
fn told(world: &mut World, node: &str) -> Vec<String> {
    let resource = DescribeConfigsResource {
        resource_type: NODE,
        resource_name: node.into(),
        ..DescribeConfigsResource::default()
    };
    let request = DescribeConfigsRequest {
        resources: vec![resource],
        include_synonyms: true,
        ..DescribeConfigsRequest::default()
    };
    let result = world.ask(4, &request).results.remove(0);
    assert_eq!(result.error_code, ErrorCode::NONE, "{:?}", result.error_message);
    let line = |setting: ottla_proto::messages::describe_configs::DescribeConfigsResourceResult| {
        let (first, value) = (&setting.synonyms[0], setting.value.unwrap());
        assert_eq!((first.source, first.value.as_ref()), (setting.config_source, Some(&value)));
        assert_eq!(setting.config_type, 5, "a long");
        let sources: Vec<_> = setting.synonyms.iter().map(|synonym| synonym.source).collect();
        format!("{}={value} {sources:?}", setting.name)
    };
    result.configs.into_iter().filter(|setting| !setting.read_only).map(line).collect()
}

#[test]
fn a_node_s_own_value_counts_before_the_one_for_all() {
    let mut world = World::new(2);
    assert!(told(&mut world, "1").is_empty() && told(&mut world, "").is_empty());
    assert_eq!(alter(&mut world, "1", &[(LEADER, SET, Some("1000"))]), ErrorCode::NONE);
    assert_eq!(alter(&mut world, "", &[(LEADER, SET, Some("2000"))]), ErrorCode::NONE);
    assert_eq!(told(&mut world, "1"), [format!("{LEADER}=1000 [2, 3]")]);
    assert_eq!(told(&mut world, ""), [format!("{LEADER}=2000 [3]")]);
    world.talk_to(BrokerId(2));
    assert_eq!(told(&mut world, "2"), [format!("{LEADER}=2000 [3]")]);
    world.talk_to(BrokerId(1));
    assert_eq!(alter(&mut world, "1", &[(LEADER, DELETE, None)]), ErrorCode::NONE);
    assert_eq!(told(&mut world, "1"), [format!("{LEADER}=2000 [3]")]);
}

/// What `kafka-reassign-partitions.sh` does: `--execute` with throttles, then `--verify`.
#[test]
fn throttles_of_a_reassignment_are_set_and_taken_away() {
    let mut world = World::new(1);
    let names = [FOLLOWER, LEADER, LOG_DIRS];
    assert_eq!(alter(&mut world, "1", &names.map(|name| (name, SET, Some("1000000")))), ErrorCode::NONE);
    assert_eq!(told(&mut world, "1"), names.map(|name| format!("{name}=1000000 [2]")));
    for _ in 0..2 {
        assert_eq!(alter(&mut world, "1", &names.map(|name| (name, DELETE, None))), ErrorCode::NONE);
        assert!(told(&mut world, "1").is_empty());
    }
}

#[test]
fn what_a_node_does_not_take_is_refused_and_changes_nothing() {
    let mut world = World::new(2);
    assert_eq!(alter(&mut world, "1", &[(LEADER, SET, Some(" 5 "))]), ErrorCode::NONE);
    for (node, change, code) in [
        ("1", (LEADER, SET, Some("-1")), ErrorCode::INVALID_REQUEST),
        ("1", (LEADER, SET, Some("x")), ErrorCode::INVALID_REQUEST),
        ("1", (LEADER, SET, None), ErrorCode::INVALID_REQUEST),
        ("1", (LEADER, 9, Some("1")), ErrorCode::INVALID_REQUEST),
        ("1", (LEADER, APPEND, Some("1")), ErrorCode::INVALID_CONFIG),
        ("1", ("cleanup.policy", APPEND, Some("compact")), ErrorCode::INVALID_CONFIG),
        ("1", ("node.id", SET, Some("3")), ErrorCode::INVALID_REQUEST),
        // Kafka keeps it for plug-ins.
        ("1", ("no.such.setting", SET, Some("3")), ErrorCode::INVALID_REQUEST),
        ("2", (LEADER, SET, Some("1")), ErrorCode::INVALID_REQUEST),
        ("99", (LEADER, SET, Some("1")), ErrorCode::INVALID_REQUEST),
        ("one", (LEADER, SET, Some("1")), ErrorCode::INVALID_REQUEST),
    ] {
        let changes = [(FOLLOWER, SET, Some("7")), change];
        assert_eq!(alter(&mut world, node, &changes), code, "{node} {change:?}");
    }
    assert_eq!(alter(&mut world, "1", &[("no.such.setting", DELETE, None)]), ErrorCode::NONE);
    let mut validation = request("1", &[(LEADER, SET, Some("6"))]);
    validation.validate_only = true;
    assert_eq!(world.ask(1, &validation).responses[0].error_code, ErrorCode::NONE);
    assert_eq!(told(&mut world, "1"), [format!("{LEADER}= 5  [2]")], "as it was written");
}

#[test]
fn a_node_describes_itself_alone() {
    let resource = DescribeConfigsResource {
        resource_type: NODE,
        resource_name: "2".into(),
        ..DescribeConfigsResource::default()
    };
    let request = DescribeConfigsRequest { resources: vec![resource], ..DescribeConfigsRequest::default() };
    let mut world = World::new(2);
    assert_eq!(world.ask(4, &request).results[0].error_code, ErrorCode::INVALID_REQUEST);
    world.talk_to(BrokerId(2));
    assert_eq!(world.ask(4, &request).results[0].error_code, ErrorCode::NONE);
}

#[test]
fn settings_of_a_node_are_replaced_as_a_whole() {
    let mut world = World::new(1);
    assert_eq!(alter(&mut world, "1", &[(LEADER, SET, Some("1"))]), ErrorCode::NONE);
    let config = alter_configs::AlterableConfig {
        name: FOLLOWER.into(),
        value: Some("2".into()),
        ..alter_configs::AlterableConfig::default()
    };
    let resource = alter_configs::AlterConfigsResource {
        resource_type: NODE,
        resource_name: "1".into(),
        configs: vec![config],
        ..alter_configs::AlterConfigsResource::default()
    };
    let request = AlterConfigsRequest { resources: vec![resource], ..AlterConfigsRequest::default() };
    assert_eq!(world.ask(2, &request).responses[0].error_code, ErrorCode::NONE);
    assert_eq!(told(&mut world, "1"), [format!("{FOLLOWER}=2 [2]")]);
}

#[test]
fn settings_of_nodes_survive_a_restart() {
    let disk = Arc::new(SimulatedDisk::new(1));
    let mut world = World::on_disk(&disk, 1, false);
    assert_eq!(alter(&mut world, "1", &[(LEADER, SET, Some("1"))]), ErrorCode::NONE);
    assert_eq!(alter(&mut world, "", &[(LEADER, SET, Some("2"))]), ErrorCode::NONE);
    world.restart(&disk, 1);
    assert_eq!(told(&mut world, "1"), [format!("{LEADER}=1 [2, 3]")]);
    assert_eq!(alter(&mut world, "1", &[(LEADER, DELETE, None)]), ErrorCode::NONE);
    world.restart(&disk, 1);
    assert_eq!(told(&mut world, "1"), [format!("{LEADER}=2 [3]")]);
}
