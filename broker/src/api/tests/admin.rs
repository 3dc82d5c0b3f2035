use ottla_proto::messages::alter_client_quotas::{
    AlterClientQuotasRequest, OpData, RequestEntityData, RequestEntryData,
};
use ottla_proto::messages::create_topics::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig, CreateTopicsRequest,
};
use ottla_proto::messages::delete_topics::{DeleteTopicState, DeleteTopicsRequest};
use ottla_proto::messages::describe_client_quotas::{ComponentData, DescribeClientQuotasRequest};
use ottla_proto::messages::describe_configs::{DescribeConfigsRequest, DescribeConfigsResource};
use ottla_proto::messages::init_producer_id::InitProducerIdRequest;
use ottla_proto::{BrokerId, ErrorCode};

use crate::testing::*;

fn topic(name: &str) -> CreatableTopic {
    CreatableTopic {
        name: name.into(),
        num_partitions: 2,
        replication_factor: 1,
        ..CreatableTopic::default()
    }
}

fn create(world: &mut World, version: i16, topic: CreatableTopic) -> ErrorCode {
    let request = CreateTopicsRequest { topics: vec![topic], ..CreateTopicsRequest::default() };
    world.ask(version, &request).topics[0].error_code
}

#[test]
fn a_topic_is_created_in_every_version() {
    let mut world = World::new(1);
    for version in 2..=7 {
        let request = CreateTopicsRequest {
            topics: vec![topic(&format!("t{version}"))],
            ..CreateTopicsRequest::default()
        };
        let answer = world.ask(version, &request).topics.remove(0);
        assert_eq!(answer.error_code, ErrorCode::NONE);
        assert_eq!(answer.num_partitions, if version >= 5 { 2 } else { -1 });
        assert_eq!(answer.topic_id.is_zero(), version < 7);
        assert_eq!(world.engine.topics.named(&answer.name).unwrap().partitions.len(), 2);
    }
}

#[test]
fn validating_creates_nothing() {
    let mut world = World::new(1);
    let request = CreateTopicsRequest {
        topics: vec![topic("t")],
        validate_only: true,
        ..CreateTopicsRequest::default()
    };
    let answer = world.ask(7, &request);
    assert_eq!((answer.topics[0].error_code, answer.topics[0].num_partitions), (ErrorCode::NONE, 2));
    assert!(world.engine.topics.named("t").is_none());
}

#[test]
fn impossible_topics_are_refused_as_kafka_does() {
    let mut world = World::new(2);
    assert_eq!(create(&mut world, 7, topic("a.b")), ErrorCode::NONE);
    assert_eq!(create(&mut world, 7, topic("a.b")), ErrorCode::TOPIC_ALREADY_EXISTS);
    assert_eq!(create(&mut world, 7, topic("a_b")), ErrorCode::INVALID_TOPIC_EXCEPTION);
    assert_eq!(create(&mut world, 7, topic("a b")), ErrorCode::INVALID_TOPIC_EXCEPTION);
    for partitions in [0, -2] {
        let topic = CreatableTopic { num_partitions: partitions, ..topic("t") };
        assert_eq!(create(&mut world, 7, topic), ErrorCode::INVALID_PARTITIONS, "{partitions}");
    }
    for factor in [0, -2, 3] {
        let topic = CreatableTopic { replication_factor: factor, ..topic("t") };
        assert_eq!(create(&mut world, 7, topic), ErrorCode::INVALID_REPLICATION_FACTOR, "{factor}");
    }
    let config = |name: &str, value: Option<&str>| CreatableTopicConfig {
        name: name.into(),
        value: value.map(Into::into),
        ..CreatableTopicConfig::default()
    };
    for config in
        [config("no.such", Some("1")), config("retention.ms", None), config("retention.ms", Some("x"))]
    {
        let topic = CreatableTopic { configs: vec![config], ..topic("t") };
        assert_eq!(create(&mut world, 7, topic), ErrorCode::INVALID_CONFIG);
    }
    let twice =
        CreateTopicsRequest { topics: vec![topic("t"), topic("t")], ..CreateTopicsRequest::default() };
    assert!(world.ask(7, &twice).topics.iter().all(|topic| topic.error_code == ErrorCode::INVALID_REQUEST));
}

#[test]
fn all_partitions_together_are_bounded() {
    let mut world = World::new(1);
    world.engine.config.max_partitions = 5;
    assert_eq!(create(&mut world, 7, topic("a")), ErrorCode::NONE);
    assert_eq!(create(&mut world, 7, topic("b")), ErrorCode::NONE);
    assert_eq!(create(&mut world, 7, topic("c")), ErrorCode::POLICY_VIOLATION);
    let huge = CreatableTopic { num_partitions: i32::MAX, ..topic("d") };
    assert_eq!(create(&mut world, 7, huge), ErrorCode::POLICY_VIOLATION);
    world.engine.remove_topic(world.topic_id("a"));
    assert_eq!(create(&mut world, 7, topic("c")), ErrorCode::NONE);
}

#[test]
fn manual_assignments_are_checked() {
    let mut world = World::new(2);
    let assigned = |partitions: &[(i32, &[i32])]| {
        let assignment = |(index, brokers): &(i32, &[i32])| CreatableReplicaAssignment {
            partition_index: *index,
            broker_ids: brokers.iter().copied().map(BrokerId).collect(),
            ..CreatableReplicaAssignment::default()
        };
        CreatableTopic {
            num_partitions: -1,
            replication_factor: -1,
            assignments: partitions.iter().map(assignment).collect(),
            ..topic("t")
        }
    };
    let bad: [&[(i32, &[i32])]; 5] =
        [&[(1, &[1])], &[(0, &[])], &[(0, &[1, 1])], &[(0, &[9])], &[(0, &[1]), (1, &[1, 2])]];
    for partitions in bad {
        let code = create(&mut world, 7, assigned(partitions));
        assert_eq!(code, ErrorCode::INVALID_REPLICA_ASSIGNMENT, "{partitions:?}");
    }
    let counted = CreatableTopic { num_partitions: 1, ..assigned(&[(0, &[1])]) };
    assert_eq!(create(&mut world, 7, counted), ErrorCode::INVALID_REQUEST);
    assert_eq!(create(&mut world, 7, assigned(&[(0, &[2, 1]), (1, &[1, 2])])), ErrorCode::NONE);
    let leaders: Vec<_> =
        world.engine.topics.named("t").unwrap().partitions.iter().map(|partition| partition.leader).collect();
    assert_eq!(leaders, [BrokerId(2), BrokerId(1)]);
}

#[test]
fn topics_are_deleted_by_name_and_id() {
    let mut world = World::with_topic();
    world.engine.create_topic("u", 1, -1, [].into()).unwrap();
    let names = DeleteTopicsRequest {
        topic_names: vec!["t".into(), "unknown".into()],
        ..DeleteTopicsRequest::default()
    };
    let answer = world.ask(5, &names);
    let codes: Vec<_> = answer.responses.iter().map(|topic| topic.error_code).collect();
    assert_eq!(codes, [ErrorCode::NONE, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION]);
    assert!(world.engine.topics.named("t").is_none());

    let by_id = DeleteTopicState { topic_id: world.topic_id("u"), ..DeleteTopicState::default() };
    let twice = DeleteTopicsRequest { topics: vec![by_id.clone(), by_id.clone()], ..Default::default() };
    let answer = world.ask(6, &twice);
    assert!(answer.responses.iter().all(|topic| topic.error_code == ErrorCode::INVALID_REQUEST));
    let once = DeleteTopicsRequest { topics: vec![by_id], ..DeleteTopicsRequest::default() };
    assert_eq!(world.ask(6, &once).responses[0].name.as_deref(), Some("u"));
    assert_eq!(world.ask(6, &once).responses[0].error_code, ErrorCode::UNKNOWN_TOPIC_ID);
}

#[test]
fn producer_ids_are_never_given_twice() {
    let mut world = World::new(1);
    let idempotent = InitProducerIdRequest { transactional_id: None, ..InitProducerIdRequest::default() };
    let first = world.ask(5, &idempotent);
    let second = world.ask(0, &idempotent);
    assert_ne!(first.producer_id, second.producer_id);
    assert_eq!(first.producer_epoch.0, 0);
}

#[test]
fn settings_are_described() {
    let mut world = World::new(1);
    let setting = ("max.message.bytes".to_owned(), "77".to_owned());
    world.engine.create_topic("t", 1, -1, [setting].into()).unwrap();
    let resource = |resource_type, name: &str, keys: Option<&[&'static str]>| DescribeConfigsResource {
        resource_type,
        resource_name: name.into(),
        configuration_keys: keys.map(|keys| keys.iter().map(|key| (*key).into()).collect()),
        ..DescribeConfigsResource::default()
    };
    let resources = vec![
        resource(2, "t", Some(&["max.message.bytes"])),
        resource(2, "t", None),
        resource(2, "unknown", None),
        resource(4, "1", None),
        resource(8, "1", None),
    ];
    let request =
        DescribeConfigsRequest { resources, include_synonyms: true, ..DescribeConfigsRequest::default() };
    for version in 1..=4 {
        let answer = world.ask(version, &request);
        let codes: Vec<_> = answer.results.iter().map(|result| result.error_code).collect();
        let unknown = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
        assert_eq!(
            codes,
            [ErrorCode::NONE, ErrorCode::NONE, unknown, ErrorCode::NONE, ErrorCode::INVALID_REQUEST]
        );
        assert_eq!(answer.results[0].configs.len(), 1);
        let setting = &answer.results[0].configs[0];
        assert_eq!((setting.value.as_deref(), setting.config_source), (Some("77"), 1));
        assert_eq!(answer.results[1].configs.len(), 37);
    }
}

fn alteration(
    parts: &[(&'static str, Option<&str>)],
    key: &'static str,
    value: Option<f64>,
) -> RequestEntryData {
    let part = |(kind, name): &(&'static str, Option<&str>)| RequestEntityData {
        entity_type: (*kind).into(),
        entity_name: name.map(Into::into),
        ..RequestEntityData::default()
    };
    let op = OpData {
        key: key.into(),
        value: value.unwrap_or_default(),
        remove: value.is_none(),
        ..OpData::default()
    };
    RequestEntryData {
        entity: parts.iter().map(part).collect(),
        ops: vec![op],
        ..RequestEntryData::default()
    }
}

fn describe(world: &mut World, components: Vec<ComponentData>, strict: bool) -> usize {
    let request =
        DescribeClientQuotasRequest { components, strict, ..DescribeClientQuotasRequest::default() };
    let answer = world.ask(1, &request);
    assert_eq!(answer.error_code, ErrorCode::NONE);
    answer.entries.unwrap().len()
}

#[test]
fn quotas_are_set_described_and_removed() {
    let mut world = World::new(1);
    let rate = "producer_byte_rate";
    let entries = vec![
        alteration(&[("client-id", Some("a"))], rate, Some(1000.0)),
        alteration(&[("client-id", None)], rate, Some(2000.0)),
        alteration(&[("user", Some("u")), ("client-id", Some("a"))], rate, Some(3000.0)),
        alteration(&[("ip", Some("1.2.3.4"))], "connection_creation_rate", Some(1.0)),
        alteration(&[("ip", Some("1.2.3.4"))], rate, Some(1.0)),
        alteration(&[("ip", Some("1.2.3.4")), ("user", Some("u"))], rate, Some(1.0)),
        alteration(&[("client-id", Some("a"))], "no_such_rate", None),
        alteration(&[("client-id", Some("a"))], "no_such_rate", Some(1.0)),
        alteration(&[("client-id", Some("a"))], rate, Some(-1.0)),
        alteration(&[("client-id", Some("a")), ("client-id", Some("b"))], rate, Some(1.0)),
        alteration(&[], rate, Some(1.0)),
    ];
    let request = AlterClientQuotasRequest { entries, ..AlterClientQuotasRequest::default() };
    let answer = world.ask(1, &request);
    let good: Vec<_> = answer.entries.iter().map(|entry| entry.error_code == ErrorCode::NONE).collect();
    assert_eq!(good, [true, true, true, true, false, false, true, false, false, false, false]);

    let component = |kind: &'static str, match_type, name: Option<&str>| ComponentData {
        entity_type: kind.into(),
        match_type,
        r#match: name.map(Into::into),
        ..ComponentData::default()
    };
    assert_eq!(describe(&mut world, vec![], false), 4);
    assert_eq!(describe(&mut world, vec![component("client-id", 0, Some("a"))], false), 2);
    assert_eq!(describe(&mut world, vec![component("client-id", 0, Some("a"))], true), 1);
    assert_eq!(describe(&mut world, vec![component("client-id", 1, None)], true), 1);
    assert_eq!(describe(&mut world, vec![component("client-id", 2, None)], false), 3);
    assert_eq!(describe(&mut world, vec![component("ip", 2, None)], false), 1);

    let entries = vec![alteration(&[("client-id", Some("a"))], rate, None)];
    let remove = AlterClientQuotasRequest { entries, ..AlterClientQuotasRequest::default() };
    let only_checked = AlterClientQuotasRequest { validate_only: true, ..remove.clone() };
    world.ask(1, &only_checked);
    assert_eq!(describe(&mut world, vec![], false), 4);
    world.ask(0, &remove);
    assert_eq!(describe(&mut world, vec![], false), 3);
}
