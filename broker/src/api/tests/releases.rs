use ottla_proto::messages::api_versions::{ApiVersionsRequest, ApiVersionsResponse};
use ottla_proto::messages::consumer_group_describe::ConsumerGroupDescribeRequest;
use ottla_proto::messages::consumer_group_heartbeat::ConsumerGroupHeartbeatRequest;
use ottla_proto::messages::create_partitions::{CreatePartitionsRequest, CreatePartitionsTopic};
use ottla_proto::messages::create_topics::{CreatableTopic, CreateTopicsRequest};
use ottla_proto::messages::delete_topics::DeleteTopicsRequest;
use ottla_proto::messages::elect_leaders::ElectLeadersRequest;
use ottla_proto::messages::metadata::MetadataRequest;
use ottla_proto::messages::update_features::{FeatureUpdateKey, UpdateFeaturesRequest};
use ottla_proto::{ApiKey, BrokerId, ErrorCode};

use crate::Release;
use crate::engine::{Close, Config, Engine};
use crate::testing::*;

/// A cluster that acts as a release; the client talks to node 1, which is its controller.
fn acting_as(release: Release, nodes: i32) -> World {
    let mut world = World::new(nodes);
    let config = Config { act_as: release, ..world.engine.config.clone() };
    world.engine = Engine::new(config);
    world.talk_to(BrokerId(1));
    world
}

fn versions(world: &mut World, version: i16) -> ApiVersionsResponse {
    let request = ApiVersionsRequest {
        client_software_name: "ottla".into(),
        client_software_version: "1.0".into(),
        ..ApiVersionsRequest::default()
    };
    world.ask(version, &request)
}

#[test]
fn each_release_lists_what_it_answers() {
    for (release, version, heartbeats) in [
        (Release::V2_1, 2, None),
        (Release::V2_8, 3, None),
        (Release::V3_9, 4, Some((0, 0))),
        (Release::V4_4, 5, Some((0, 1))),
    ] {
        let mut world = acting_as(release, 1);
        let answer = versions(&mut world, version);
        let range = |key: ApiKey| {
            let api = answer.api_keys.iter().find(|api| api.api_key == key.0)?;
            Some((api.min_version, api.max_version))
        };
        assert_eq!(range(ApiKey::CONSUMER_GROUP_HEARTBEAT), heartbeats, "{release}");
        assert_eq!(range(ApiKey::PRODUCE).unwrap().0, 0, "{release}");
        // Recorded from 0 on, and cut at what there is.
        assert_eq!(range(ApiKey::FETCH).unwrap().0, 4, "{release}");
    }
}

#[test]
fn what_the_release_lacks_closes_the_connection() {
    let mut world = acting_as(Release::V2_1, 1);
    world.send(7, &MetadataRequest::default());
    drop(world.answer::<MetadataRequest>(7));
    world.send(8, &MetadataRequest::default());
    assert_eq!(world.closed(), Close::NotOffered { key: ApiKey::METADATA, version: 8 });
}

#[test]
fn an_unknown_version_of_api_versions_tells_the_known_ones_since_2_4() {
    for (release, told) in [(Release::V2_1, 0), (Release::V2_8, 1)] {
        let mut world = acting_as(release, 1);
        world.send(5, &ApiVersionsRequest::default());
        let answer = world.answer::<ApiVersionsRequest>(0).response;
        assert_eq!(answer.error_code, ErrorCode::UNSUPPORTED_VERSION);
        assert_eq!(answer.api_keys.len(), told, "{release}");
    }
}

#[test]
fn with_zookeeper_only_the_controller_changes_topics() {
    let topic = CreatableTopic {
        name: "t".into(),
        num_partitions: 1,
        replication_factor: 1,
        ..CreatableTopic::default()
    };
    let create = CreateTopicsRequest { topics: vec![topic], ..CreateTopicsRequest::default() };
    let more = CreatePartitionsTopic {
        name: "t".into(),
        count: 2,
        assignments: None,
        ..CreatePartitionsTopic::default()
    };
    let more = CreatePartitionsRequest { topics: vec![more], ..CreatePartitionsRequest::default() };
    let delete = DeleteTopicsRequest { topic_names: vec!["t".into()], ..DeleteTopicsRequest::default() };
    for (release, elsewhere) in [(Release::V2_8, ErrorCode::NOT_CONTROLLER), (Release::V3_9, ErrorCode::NONE)]
    {
        let mut world = acting_as(release, 2);
        let controller = world.engine.controller();
        let other = if controller == BrokerId(1) { BrokerId(2) } else { BrokerId(1) };
        world.talk_to(other);
        assert_eq!(world.ask(4, &create).topics[0].error_code, elsewhere);
        world.talk_to(controller);
        let there = if elsewhere.is_none() { ErrorCode::TOPIC_ALREADY_EXISTS } else { ErrorCode::NONE };
        assert_eq!(world.ask(4, &create).topics[0].error_code, there);
        world.talk_to(other);
        assert_eq!(world.ask(2, &more).results[0].error_code, elsewhere);
        assert_eq!(world.ask(2, &ElectLeadersRequest::default()).error_code, elsewhere);
        assert_eq!(world.ask(4, &delete).responses[0].error_code, elsewhere);
    }
}

#[test]
fn there_are_no_consumer_groups_below_group_version_1() {
    let mut world = acting_as(Release::V3_9, 1);
    let answer = world.ask(0, &ConsumerGroupHeartbeatRequest::default());
    assert_eq!(answer.error_code, ErrorCode::UNSUPPORTED_VERSION);
    let describe = ConsumerGroupDescribeRequest {
        group_ids: vec!["g".into()],
        ..ConsumerGroupDescribeRequest::default()
    };
    assert_eq!(world.ask(0, &describe).groups[0].error_code, ErrorCode::UNSUPPORTED_VERSION);

    let mut world = acting_as(Release::V4_4, 1);
    assert_ne!(
        world.ask(0, &ConsumerGroupHeartbeatRequest::default()).error_code,
        ErrorCode::UNSUPPORTED_VERSION
    );
    assert_eq!(world.ask(2, &update(&[("group.version", 0, 2)])).error_code, ErrorCode::NONE);
    assert_eq!(
        world.ask(0, &ConsumerGroupHeartbeatRequest::default()).error_code,
        ErrorCode::UNSUPPORTED_VERSION
    );
}

fn update(changes: &[(&'static str, i16, i8)]) -> UpdateFeaturesRequest {
    let key = |(feature, level, upgrade_type): &(&'static str, i16, i8)| FeatureUpdateKey {
        feature: (*feature).into(),
        max_version_level: *level,
        upgrade_type: *upgrade_type,
        ..FeatureUpdateKey::default()
    };
    UpdateFeaturesRequest {
        feature_updates: changes.iter().map(key).collect(),
        ..UpdateFeaturesRequest::default()
    }
}

/// The features in force.
fn in_force(world: &mut World) -> (i64, Vec<(String, i16)>) {
    let answer = versions(world, 5);
    let levels = answer.finalized_features.iter();
    let levels = levels.map(|feature| (feature.name.to_string(), feature.max_version_level));
    (answer.finalized_features_epoch, levels.collect())
}

#[test]
fn features_are_changed_together_or_not_at_all() {
    const UPGRADE: i8 = 1;
    const SAFE_DOWNGRADE: i8 = 2;
    let mut world = acting_as(Release::V4_4, 1);
    let before = in_force(&mut world);
    assert!(before.1.contains(&("transaction.version".to_owned(), 2)));
    for refused in [
        &[("transaction.version", 1, UPGRADE)][..],
        &[("transaction.version", 3, UPGRADE)],
        &[("transaction.version", -1, SAFE_DOWNGRADE)],
        &[("transaction.version", 1, 0)],
        &[("no.such.version", 0, SAFE_DOWNGRADE)],
        &[("metadata.version", 20, SAFE_DOWNGRADE)],
        &[("transaction.version", 1, SAFE_DOWNGRADE), ("share.version", 9, UPGRADE)],
    ] {
        let answer = world.ask(2, &update(refused));
        assert_eq!(answer.error_code, ErrorCode::INVALID_UPDATE_VERSION, "{refused:?}");
        assert_eq!(in_force(&mut world), before);
    }
    let dry = UpdateFeaturesRequest {
        validate_only: true,
        ..update(&[("transaction.version", 1, SAFE_DOWNGRADE)])
    };
    assert_eq!(world.ask(2, &dry).error_code, ErrorCode::NONE);
    assert_eq!(in_force(&mut world), before);

    let both = update(&[("transaction.version", 1, SAFE_DOWNGRADE), ("share.version", 0, SAFE_DOWNGRADE)]);
    let answer = world.ask(1, &both);
    assert_eq!((answer.error_code, answer.results.len()), (ErrorCode::NONE, 2));
    let (epoch, levels) = in_force(&mut world);
    assert!(epoch > before.0);
    assert!(levels.contains(&("transaction.version".to_owned(), 1)));
    assert!(levels.iter().all(|(name, _)| name != "share.version"), "{levels:?}");
    assert_eq!(world.ask(2, &update(&[("share.version", 1, UPGRADE)])).error_code, ErrorCode::NONE);
    assert_eq!(
        world.ask(2, &update(&[("share.version", 2, SAFE_DOWNGRADE)])).error_code,
        ErrorCode::INVALID_UPDATE_VERSION
    );
}
