//! What an API that is answered does not do as Kafka does it. The head of each file says it in words; here it is held: an
//! entry whose gap is closed fails, and so does a head that names a gap without an entry.

use std::collections::BTreeSet;

use ottla_proto::messages::alter_client_quotas::{
    AlterClientQuotasRequest, OpData, RequestEntityData, RequestEntryData,
};
use ottla_proto::messages::alter_configs::{self, AlterConfigsRequest, AlterConfigsResource};
use ottla_proto::messages::api_versions::ApiVersionsRequest;
use ottla_proto::messages::consumer_group_describe::ConsumerGroupDescribeRequest;
use ottla_proto::messages::consumer_group_heartbeat::ConsumerGroupHeartbeatRequest;
use ottla_proto::messages::create_topics::{CreatableTopic, CreateTopicsRequest};
use ottla_proto::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsTopic,
};
use ottla_proto::messages::delete_topics::{DeleteTopicState, DeleteTopicsRequest};
use ottla_proto::messages::describe_cluster::DescribeClusterRequest;
use ottla_proto::messages::describe_configs::{DescribeConfigsRequest, DescribeConfigsResource};
use ottla_proto::messages::describe_groups::DescribeGroupsRequest;
use ottla_proto::messages::describe_log_dirs::DescribeLogDirsRequest;
use ottla_proto::messages::describe_quorum::{DescribeQuorumRequest, RequestPartitionData, RequestTopicData};
use ottla_proto::messages::describe_topic_partitions::{DescribeTopicPartitionsRequest, TopicRequest};
use ottla_proto::messages::fetch::FetchRequest;
use ottla_proto::messages::find_coordinator::FindCoordinatorRequest;
use ottla_proto::messages::incremental_alter_configs::{
    AlterConfigsResource as Alteration, AlterableConfig, IncrementalAlterConfigsRequest,
};
use ottla_proto::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol};
use ottla_proto::messages::update_features::{FeatureUpdateKey, UpdateFeaturesRequest};
use ottla_proto::records::{Batch, Placement};
use ottla_proto::{BrokerId, ErrorCode, LeaderEpoch};

use super::groups::{commit, committed};
use crate::coordinator::testing::{Clients, join_request};
use crate::engine::{Config, Engine, NodeAddress};
use crate::testing::*;

/// Where it is, why it is missing, and whether it still is. What takes more than a few requests to show is not looked for.
struct Gap {
    file: &'static str,
    reason: &'static str,
    is_open: Option<fn() -> bool>,
}

const fn gap(file: &'static str, reason: &'static str, is_open: fn() -> bool) -> Gap {
    Gap { file, reason, is_open: Some(is_open) }
}

const GAPS: [Gap; 23] = [
    gap("alter_client_quotas", "the engine looks up no names", host_names_have_no_quotas),
    gap("alter_configs", "without an effect only that is taken which a tool insists on", || {
        nodes_keep_their_settings(ALTER)
    }),
    gap("incremental_alter_configs", "without an effect only that is taken which a tool insists on", || {
        nodes_keep_their_settings(INCREMENTAL)
    }),
    gap("list_config_resources", "no setting of a group would change anything", groups_have_no_settings),
    gap("api_versions", "clients do not look at the others", some_features_are_not_told),
    gap("consumer_group_describe", "connections have no address in the engine", members_have_no_address),
    gap("describe_groups", "connections have no address in the engine", classic_members_have_no_address),
    gap("consumer_group_heartbeat", "RE2 is no crate that is kept up", other_expressions_are_taken),
    gap("create_topics", "tests of racks say where replicas are", racks_count_for_nothing),
    gap("delete_records", "followers forget with their next fetch", lagging_followers_are_not_waited_for),
    gap("delete_topics", "an order that is told helps tests", topics_are_told_in_order),
    gap("describe_cluster", "a node that is lost is gone at once", no_node_is_fenced),
    gap("describe_configs", "the texts are Kafka's", settings_have_no_documentation),
    gap("describe_log_dirs", "what the disk holds is not asked for", disks_have_no_size),
    gap("describe_quorum", "the controller keeps no log", the_metadata_log_stands_still),
    gap("describe_topic_partitions", "only in-sync replicas are elected", no_replica_is_eligible),
    gap("find_coordinator", "there are no share groups yet", share_groups_have_no_coordinator),
    gap(
        "find_coordinator",
        "a coordinator's knowledge is in memory and in the journal",
        coordinators_write_no_log,
    ),
    gap("offset_commit", "a client that does so is at fault", commits_need_their_partition),
    gap("produce", "a client that does so is at fault", claimed_append_times_are_refused),
    gap("update_features", "the engine does not know what a level would lose", metadata_goes_only_up),
    gap("fetch/mod", "the nodes of one engine need no requests", anybody_may_fetch_as_a_replica),
    // A statement about who may do what: it closes with the APIs of ACLs.
    Gap { file: "metadata", reason: "there is no authorization yet", is_open: None },
];

#[test]
fn gaps_are_open() {
    let closed = GAPS.iter().filter(|gap| gap.is_open.is_some_and(|is_open| !is_open()));
    let closed: Vec<_> = closed.map(|gap| gap.file).collect();
    assert!(
        closed.is_empty(),
        "closed: take the entry and the words at the head of the file away: {closed:?}"
    );
}

#[test]
fn every_gap_that_a_head_names_has_an_entry() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/api");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut named = BTreeSet::new();
    for path in
        files.filter(|path| path.extension().is_some()).chain([format!("{folder}/fetch/mod.rs").into()])
    {
        let text = std::fs::read_to_string(&path).unwrap();
        let mut head = text.lines().take_while(|line| line.starts_with("//!"));
        if head.any(|line| line.starts_with("//! Gaps: ") && !line.starts_with("//! Gaps: none known")) {
            let name = path.strip_prefix(folder).unwrap().with_extension("");
            named.insert(name.to_str().unwrap().to_owned());
        }
    }
    let known: BTreeSet<String> = GAPS.iter().map(|gap| gap.file.to_owned()).collect();
    assert_eq!(named, known);
    assert!(GAPS.iter().all(|gap| !gap.reason.is_empty()));
}

/// Two nodes with the topic `t`, led by node 1; the other one follows no more after one record.
fn lagging() -> World {
    let mut world = World::new(2);
    world.engine.create_topic("t", 1, 2, [].into()).unwrap();
    assert!(world.engine.move_leader("t", 0, BrokerId(1), world.now));
    assert_eq!(world.produce(batch(&["a"])).error_code, ErrorCode::NONE);
    assert!(world.engine.set_replication_lag(BrokerId(2), None, world.now));
    world
}

fn host_names_have_no_quotas() -> bool {
    let entity = RequestEntityData {
        entity_type: "ip".into(),
        entity_name: Some("localhost".into()),
        ..RequestEntityData::default()
    };
    let op = OpData { key: "connection_creation_rate".into(), value: 1.0, ..OpData::default() };
    let entry = RequestEntryData { entity: vec![entity], ops: vec![op], ..RequestEntryData::default() };
    let request = AlterClientQuotasRequest { entries: vec![entry], ..AlterClientQuotasRequest::default() };
    World::new(1).ask(1, &request).entries[0].error_code != ErrorCode::NONE
}

const ALTER: bool = false;
const INCREMENTAL: bool = true;
const NODE: i8 = 4;
const GROUP: i8 = 32;

fn nodes_keep_their_settings(incremental: bool) -> bool {
    if incremental {
        return alter(NODE, "1") == ErrorCode::INVALID_REQUEST;
    }
    let config = alter_configs::AlterableConfig {
        name: "num.io.threads".into(),
        value: Some("5".into()),
        ..alter_configs::AlterableConfig::default()
    };
    let resource = AlterConfigsResource {
        resource_type: NODE,
        resource_name: "1".into(),
        configs: vec![config],
        ..AlterConfigsResource::default()
    };
    let request = AlterConfigsRequest { resources: vec![resource], ..AlterConfigsRequest::default() };
    World::new(1).ask(2, &request).responses[0].error_code == ErrorCode::INVALID_REQUEST
}

fn groups_have_no_settings() -> bool {
    alter(GROUP, "g") == ErrorCode::INVALID_REQUEST
}

fn alter(resource_type: i8, resource_name: &'static str) -> ErrorCode {
    let config = AlterableConfig {
        name: "consumer.session.timeout.ms".into(),
        value: Some("50000".into()),
        ..AlterableConfig::default()
    };
    let resource = Alteration {
        resource_type,
        resource_name: resource_name.into(),
        configs: vec![config],
        ..Alteration::default()
    };
    let request = IncrementalAlterConfigsRequest {
        resources: vec![resource],
        ..IncrementalAlterConfigsRequest::default()
    };
    World::new(1).ask(1, &request).responses[0].error_code
}

fn some_features_are_not_told() -> bool {
    let request = ApiVersionsRequest {
        client_software_name: "test".into(),
        client_software_version: "1".into(),
        ..ApiVersionsRequest::default()
    };
    let told = World::new(1).ask(4, &request).supported_features;
    ["kraft.version", "streams.version"].iter().all(|name| told.iter().all(|told| told.name != *name))
}

fn heartbeat(world: &mut World, expression: Option<&'static str>) -> ErrorCode {
    let request = ConsumerGroupHeartbeatRequest {
        group_id: "g".into(),
        member_id: "m".into(),
        rebalance_timeout_ms: 60_000,
        subscribed_topic_names: expression.is_none().then(|| vec!["t".into()]),
        subscribed_topic_regex: expression.map(Into::into),
        topic_partitions: Some(Vec::new()),
        ..ConsumerGroupHeartbeatRequest::default()
    };
    world.ask(1, &request).error_code
}

const HERE: &str = "/127.0.0.1";

fn members_have_no_address() -> bool {
    let mut world = World::with_topic();
    assert_eq!(heartbeat(&mut world, None), ErrorCode::NONE);
    let request = ConsumerGroupDescribeRequest {
        group_ids: vec!["g".into()],
        ..ConsumerGroupDescribeRequest::default()
    };
    world.ask(1, &request).groups[0].members[0].client_host == HERE
}

fn classic_members_have_no_address() -> bool {
    let mut clients = Clients::new();
    let client = clients.connect();
    let protocol = JoinGroupRequestProtocol { name: "range".into(), ..JoinGroupRequestProtocol::default() };
    clients.send(client, 3, &join_request(("", None), "consumer", vec![protocol]));
    clients.pass(60);
    assert!(clients.answer::<JoinGroupRequest>(client, 3).is_some());
    let request = DescribeGroupsRequest { groups: vec!["g".into()], ..DescribeGroupsRequest::default() };
    clients.ask(client, 5, &request).groups[0].members[0].client_host == HERE
}

/// RE2 does not know how to leave out blanks.
fn other_expressions_are_taken() -> bool {
    heartbeat(&mut World::with_topic(), Some("(?x) t")) == ErrorCode::NONE
}

fn racks_count_for_nothing() -> bool {
    let address = |(id, rack): (i32, &str)| NodeAddress {
        id: BrokerId(id),
        host: "kafka.test".to_owned(),
        port: 9092,
        rack: Some(rack.to_owned()),
    };
    let nodes = [(1, "a"), (2, "a"), (3, "a"), (4, "b")].map(address).into();
    let mut world = World::new(1);
    world.engine = Engine::new(Config::new(nodes));
    world.talk_to(BrokerId(1));
    let topic = CreatableTopic {
        name: "t".into(),
        num_partitions: 12,
        replication_factor: 2,
        ..CreatableTopic::default()
    };
    let request = CreateTopicsRequest { topics: vec![topic], ..CreateTopicsRequest::default() };
    assert_eq!(world.ask(7, &request).topics[0].error_code, ErrorCode::NONE);
    let partitions = &world.engine.topics.named("t").unwrap().partitions;
    partitions.iter().any(|partition| !partition.replica_nodes().contains(&BrokerId(4)))
}

fn lagging_followers_are_not_waited_for() -> bool {
    let mut world = lagging();
    let partition = DeleteRecordsPartition { offset: 1, ..DeleteRecordsPartition::default() };
    let topic =
        DeleteRecordsTopic { name: "t".into(), partitions: vec![partition], ..DeleteRecordsTopic::default() };
    let request =
        DeleteRecordsRequest { topics: vec![topic], timeout_ms: 1000, ..DeleteRecordsRequest::default() };
    world.send(2, &request);
    !world.is_silent()
}

fn topics_are_told_in_order() -> bool {
    let mut world = World::new(1);
    let names: Vec<String> = (0..20).map(|number| format!("t{number}")).collect();
    for name in &names {
        world.engine.create_topic(name, 1, 1, [].into()).unwrap();
    }
    let topic =
        |name: &String| DeleteTopicState { name: Some(name.as_str().into()), ..DeleteTopicState::default() };
    let request =
        DeleteTopicsRequest { topics: names.iter().map(topic).collect(), ..DeleteTopicsRequest::default() };
    let told = world.ask(6, &request).responses;
    told.iter().map(|told| told.name.as_deref()).eq(names.iter().map(|name| Some(name.as_str())))
}

fn no_node_is_fenced() -> bool {
    let mut world = World::new(2);
    assert!(world.engine.kill_node(BrokerId(2), world.now));
    world.pass(10_000);
    world.engine.handle_timeout(world.now);
    let request = DescribeClusterRequest {
        endpoint_type: 1,
        include_fenced_brokers: true,
        ..DescribeClusterRequest::default()
    };
    world.ask(2, &request).brokers.len() == 1
}

fn settings_have_no_documentation() -> bool {
    let resource = DescribeConfigsResource {
        resource_type: 2,
        resource_name: "t".into(),
        ..DescribeConfigsResource::default()
    };
    let request = DescribeConfigsRequest {
        resources: vec![resource],
        include_documentation: true,
        ..DescribeConfigsRequest::default()
    };
    let told = World::with_topic().ask(4, &request).results;
    !told[0].configs.is_empty() && told[0].configs.iter().all(|setting| setting.documentation.is_none())
}

fn disks_have_no_size() -> bool {
    World::with_topic().ask(4, &DescribeLogDirsRequest::default()).results[0].total_bytes == -1
}

fn the_metadata_log_stands_still() -> bool {
    let mut world = World::with_topic();
    let partitions = vec![RequestPartitionData::default()];
    let topic = RequestTopicData {
        topic_name: "__cluster_metadata".into(),
        partitions,
        ..RequestTopicData::default()
    };
    let request = DescribeQuorumRequest { topics: vec![topic], ..DescribeQuorumRequest::default() };
    world.ask(2, &request).topics[0].partitions[0].high_watermark == 1
}

fn no_replica_is_eligible() -> bool {
    let mut world = lagging();
    let setting = ("min.insync.replicas".to_owned(), "2".to_owned());
    world.engine.create_topic("strict", 1, 2, [setting].into()).unwrap();
    assert!(world.engine.kill_node(BrokerId(2), world.now));
    world.pass(10_000);
    world.engine.handle_timeout(world.now);
    let request = DescribeTopicPartitionsRequest {
        topics: vec![TopicRequest { name: "strict".into(), ..TopicRequest::default() }],
        response_partition_limit: 10,
        ..DescribeTopicPartitionsRequest::default()
    };
    let told = world.ask(0, &request).topics.remove(0).partitions.remove(0);
    assert_eq!(told.isr_nodes.len(), 1);
    told.eligible_leader_replicas.is_none_or(|eligible| eligible.is_empty())
}

fn share_groups_have_no_coordinator() -> bool {
    const SHARE: i8 = 2;
    let request = FindCoordinatorRequest {
        key_type: SHARE,
        coordinator_keys: vec!["g:AAAAAAAAAAAAAAAAAAAAAQ:0".into()],
        ..FindCoordinatorRequest::default()
    };
    World::new(1).ask(6, &request).coordinators[0].error_code == ErrorCode::INVALID_REQUEST
}

fn coordinators_write_no_log() -> bool {
    let mut world = World::with_topic();
    assert_eq!(committed(&mut world, 8, &commit(7)), ErrorCode::NONE);
    let topic = world.engine.topics.named("__consumer_offsets").unwrap();
    topic.partitions.iter().all(|partition| partition.leading().unwrap().log.end_offset() == 0)
}

fn commits_need_their_partition() -> bool {
    let mut request = commit(7);
    request.topics[0].partitions[0].partition_index = 1;
    committed(&mut World::with_topic(), 8, &request) != ErrorCode::NONE
}

fn claimed_append_times_are_refused() -> bool {
    let placement = Placement {
        base_offset: 0,
        partition_leader_epoch: LeaderEpoch(0),
        log_append_time: Some(START.as_millis()),
    };
    let claims = Batch::parse(batch(&["a"])).unwrap().place(placement);
    World::with_topic().produce(claims.into()).error_code != ErrorCode::NONE
}

fn metadata_goes_only_up() -> bool {
    const SAFE_DOWNGRADE: i8 = 2;
    let mut world = World::new(1);
    let request = ApiVersionsRequest {
        client_software_name: "test".into(),
        client_software_version: "1".into(),
        ..ApiVersionsRequest::default()
    };
    let levels = world.ask(4, &request).finalized_features;
    let metadata = levels.iter().find(|feature| feature.name == "metadata.version").unwrap();
    let update = FeatureUpdateKey {
        feature: "metadata.version".into(),
        max_version_level: metadata.max_version_level - 1,
        upgrade_type: SAFE_DOWNGRADE,
        ..FeatureUpdateKey::default()
    };
    let request = UpdateFeaturesRequest { feature_updates: vec![update], ..UpdateFeaturesRequest::default() };
    world.ask(2, &request).error_code != ErrorCode::NONE
}

/// Kafka lets nobody read as a replica that the partition does not have.
fn anybody_may_fetch_as_a_replica() -> bool {
    let mut world = World::with_topic();
    let request = FetchRequest { replica_id: BrokerId(99), ..fetch_request(0, 0) };
    only(world.ask(12, &request)).error_code == ErrorCode::NONE
}
