use std::collections::BTreeSet;

use ottla_proto::messages::consumer_group_describe::ConsumerGroupDescribeRequest;
use ottla_proto::messages::consumer_group_heartbeat::ConsumerGroupHeartbeatRequest;
use ottla_proto::messages::delete_groups::DeleteGroupsRequest;
use ottla_proto::messages::describe_groups::DescribeGroupsRequest;
use ottla_proto::messages::heartbeat::HeartbeatRequest;
use ottla_proto::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol, JoinGroupResponse};
use ottla_proto::messages::leave_group::LeaveGroupRequest;
use ottla_proto::messages::list_groups::ListGroupsRequest;
use ottla_proto::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use ottla_proto::messages::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteRequestPartition, OffsetDeleteRequestTopic,
};
use ottla_proto::messages::offset_fetch::{
    OffsetFetchRequest, OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use ottla_proto::messages::sync_group::SyncGroupRequest;
use ottla_proto::{BrokerId, ErrorCode, LeaderEpoch, TopicId};

use crate::coordinator::testing::{Clients, find};
use crate::testing::*;

pub(super) fn commit(offset: i64) -> OffsetCommitRequest {
    let partition = OffsetCommitRequestPartition {
        committed_offset: offset,
        committed_leader_epoch: LeaderEpoch(4),
        committed_metadata: Some("note".into()),
        ..OffsetCommitRequestPartition::default()
    };
    let topic = OffsetCommitRequestTopic {
        name: "t".into(),
        partitions: vec![partition],
        ..OffsetCommitRequestTopic::default()
    };
    OffsetCommitRequest { group_id: "g".into(), topics: vec![topic], ..OffsetCommitRequest::default() }
}

pub(super) fn committed(world: &mut World, version: i16, request: &OffsetCommitRequest) -> ErrorCode {
    world.ask(version, request).topics[0].partitions[0].error_code
}

/// What the group has committed for partition 0 of `t`.
pub(super) fn fetched(world: &mut World) -> i64 {
    let topic = OffsetFetchRequestTopics {
        name: "t".into(),
        partition_indexes: vec![0],
        ..OffsetFetchRequestTopics::default()
    };
    let group = OffsetFetchRequestGroup {
        group_id: "g".into(),
        topics: Some(vec![topic]),
        ..OffsetFetchRequestGroup::default()
    };
    let request = OffsetFetchRequest { groups: vec![group], ..OffsetFetchRequest::default() };
    let answer = world.ask(9, &request).groups.remove(0);
    assert_eq!(answer.error_code, ErrorCode::NONE);
    answer.topics[0].partitions[0].committed_offset
}

/// A member of group `g` that waits for its assignment.
fn member(world: &mut World, metadata: &'static [u8]) -> JoinGroupResponse {
    let protocol = JoinGroupRequestProtocol {
        name: "range".into(),
        metadata: metadata.into(),
        ..JoinGroupRequestProtocol::default()
    };
    let request = JoinGroupRequest {
        group_id: "g".into(),
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 60_000,
        protocol_type: "consumer".into(),
        protocols: vec![protocol],
        ..JoinGroupRequest::default()
    };
    world.send(2, &request);
    world.pass(50);
    world.engine.handle_timeout(world.now);
    world.answer::<JoinGroupRequest>(2).response
}

#[test]
fn every_node_coordinates_and_says_so() {
    let mut world = World::new(3);
    let mut found = BTreeSet::new();
    for group in ["a", "b", "c"] {
        let coordinator = find(&mut world, 0, 0, group).unwrap();
        found.insert(coordinator);
        for version in 1..=6 {
            assert_eq!(find(&mut world, version, 0, group), Ok(coordinator), "{version}");
        }
        // The test's client talks to the first node.
        let request = JoinGroupRequest { group_id: group.into(), ..JoinGroupRequest::default() };
        let answer = world.ask(5, &request).error_code;
        assert_eq!(answer == ErrorCode::NOT_COORDINATOR, coordinator != BrokerId(1), "{group}: {answer}");
    }
    assert_eq!(found.len(), 3);
    assert!(find(&mut world, 6, 1, "a").is_ok());
    assert_eq!(find(&mut world, 6, 2, "a"), Err(ErrorCode::INVALID_REQUEST));
}

/// Kafka looks at the name before it looks who coordinates it, and takes the empty one for offsets alone
/// (`GroupCoordinatorService`).
#[test]
fn the_empty_name_is_no_group_with_members_whoever_is_asked() {
    let mut asked_elsewhere = BTreeSet::new();
    for nodes in 1..=4 {
        let mut world = World::new(nodes);
        world.engine.create_topic("t", 1, -1, [].into()).unwrap();
        // The test's client talks to the first node.
        let elsewhere = find(&mut world, 6, 0, "").unwrap() != BrokerId(1);
        asked_elsewhere.insert(elsewhere);
        let join = JoinGroupRequest { session_timeout_ms: 1, ..JoinGroupRequest::default() };
        let describe = ConsumerGroupDescribeRequest { group_ids: vec!["".into()], ..Default::default() };
        let sync = SyncGroupRequest {
            protocol_type: Some("consumer".into()),
            protocol_name: Some("range".into()),
            ..SyncGroupRequest::default()
        };
        let codes = [
            world.ask(9, &join).error_code,
            world.ask(5, &sync).error_code,
            world.ask(4, &HeartbeatRequest::default()).error_code,
            world.ask(5, &LeaveGroupRequest::default()).error_code,
            world.ask(0, &OffsetDeleteRequest::default()).error_code,
            world.ask(1, &describe).groups[0].error_code,
        ];
        assert_eq!(codes, [ErrorCode::INVALID_GROUP_ID; 6]);
        let request = OffsetCommitRequest { group_id: "".into(), ..commit(5) };
        assert_eq!(committed(&mut world, 8, &request) == ErrorCode::NOT_COORDINATOR, elsewhere);
    }
    assert_eq!(asked_elsewhere.len(), 2);
}

#[test]
fn offsets_are_kept_and_read_in_every_version() {
    let mut world = World::with_topic();
    assert_eq!(fetched(&mut world), -1);
    for version in 2..=10 {
        let mut request = commit(40 + i64::from(version));
        if version < 6 {
            request.topics[0].partitions[0].committed_leader_epoch = LeaderEpoch::NONE;
        }
        if version >= 10 {
            request.topics[0].topic_id = world.topic_id("t");
        }
        assert_eq!(committed(&mut world, version, &request), ErrorCode::NONE, "{version}");
        assert_eq!(fetched(&mut world), 40 + i64::from(version));
    }
    for version in 1..=7 {
        let topic = OffsetFetchRequestTopic {
            name: "t".into(),
            partition_indexes: vec![0, 1],
            ..OffsetFetchRequestTopic::default()
        };
        let topics = Some(vec![topic]);
        let request = OffsetFetchRequest { group_id: "g".into(), topics, ..OffsetFetchRequest::default() };
        let answer = world.ask(version, &request);
        let [found, missing] = &answer.topics[0].partitions[..] else { panic!("{answer:?}") };
        assert_eq!((found.committed_offset, found.metadata.as_deref()), (50, Some("note")));
        assert_eq!(found.committed_leader_epoch.0, if version >= 5 { 4 } else { -1 });
        assert_eq!((missing.committed_offset, missing.error_code), (-1, ErrorCode::NONE));
    }
    for version in 8..=10 {
        let group = OffsetFetchRequestGroup {
            group_id: "g".into(),
            topics: None,
            ..OffsetFetchRequestGroup::default()
        };
        let request = OffsetFetchRequest { groups: vec![group], ..OffsetFetchRequest::default() };
        let answer = world.ask(version, &request).groups.remove(0);
        let topic = &answer.topics[0];
        let id = if version >= 10 { world.topic_id("t") } else { TopicId::ZERO };
        assert_eq!((topic.topic_id, topic.partitions[0].committed_offset), (id, 50));
    }
}

#[test]
fn commits_that_cannot_be_are_told_apart() {
    let mut world = World::with_topic();
    let mut request = commit(1);
    request.generation_id_or_member_epoch = 3;
    assert_eq!(committed(&mut world, 8, &request), ErrorCode::ILLEGAL_GENERATION);
    assert_eq!(committed(&mut world, 9, &request), ErrorCode::GROUP_ID_NOT_FOUND);
    request = commit(1);
    request.topics[0].partitions[0].partition_index = 1;
    assert_eq!(committed(&mut world, 9, &request), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    request.topics[0].name = "other".into();
    assert_eq!(committed(&mut world, 9, &request), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    request.topics[0].topic_id = TopicId([1; 16]);
    assert_eq!(committed(&mut world, 10, &request), ErrorCode::UNKNOWN_TOPIC_ID);
    request = commit(1);
    request.topics[0].partitions[0].committed_metadata = Some("x".repeat(4097).into());
    assert_eq!(committed(&mut world, 9, &request), ErrorCode::OFFSET_METADATA_TOO_LARGE);
    assert_eq!(fetched(&mut world), -1);
}

#[test]
fn only_current_members_commit_in_a_group_with_members() {
    let mut world = World::with_topic();
    let joined = member(&mut world, b"");
    assert_eq!(committed(&mut world, 9, &commit(1)), ErrorCode::UNKNOWN_MEMBER_ID);
    let mut request = commit(1);
    request.member_id = joined.member_id;
    request.generation_id_or_member_epoch = 2;
    assert_eq!(committed(&mut world, 9, &request), ErrorCode::ILLEGAL_GENERATION);
    request.generation_id_or_member_epoch = 1;
    // It has no assignment yet.
    assert_eq!(committed(&mut world, 9, &request), ErrorCode::REBALANCE_IN_PROGRESS);
}

#[test]
fn offsets_are_deleted_one_by_one_with_their_topic_and_with_their_group() {
    let mut world = World::with_topic();
    let delete = |world: &mut World| {
        let topic = OffsetDeleteRequestTopic {
            name: "t".into(),
            partitions: vec![OffsetDeleteRequestPartition { partition_index: 0 }],
        };
        let answer = world.ask(0, &OffsetDeleteRequest { group_id: "g".into(), topics: vec![topic] });
        match answer.error_code {
            ErrorCode::NONE => answer.topics[0].partitions[0].error_code,
            code => code,
        }
    };
    assert_eq!(delete(&mut world), ErrorCode::GROUP_ID_NOT_FOUND);
    committed(&mut world, 9, &commit(1));
    assert_eq!(delete(&mut world), ErrorCode::NONE);
    assert_eq!(fetched(&mut world), -1);

    committed(&mut world, 9, &commit(1));
    let id = world.topic_id("t");
    world.engine.remove_topic(id);
    world.engine.create_topic("t", 1, -1, [].into()).unwrap();
    assert_eq!(fetched(&mut world), -1);

    committed(&mut world, 9, &commit(1));
    let request = DeleteGroupsRequest { groups_names: vec!["g".into()], ..DeleteGroupsRequest::default() };
    assert_eq!(world.ask(2, &request).results[0].error_code, ErrorCode::NONE);
    assert_eq!(world.ask(2, &request).results[0].error_code, ErrorCode::GROUP_ID_NOT_FOUND);
    assert_eq!(fetched(&mut world), -1);

    // Version 0, the topic "t", no user data.
    member(&mut world, b"\0\0\0\0\0\x01\0\x01t\xff\xff\xff\xff");
    assert_eq!(delete(&mut world), ErrorCode::GROUP_SUBSCRIBED_TO_TOPIC);
    assert_eq!(world.ask(2, &request).results[0].error_code, ErrorCode::NON_EMPTY_GROUP);
}

#[test]
fn groups_are_listed_and_described() {
    let mut clients = Clients::new();
    let world = &mut clients.world;
    let joined = member(world, b"what I read");
    let mut request = ListGroupsRequest::default();
    for version in 0..=5 {
        let listed = world.ask(version, &request).groups.remove(0);
        assert_eq!((listed.group_id.as_str(), listed.protocol_type.as_ref()), ("g", "consumer"));
        let state: &str = if version >= 4 { "CompletingRebalance" } else { "" };
        let kind: &str = if version >= 5 { "classic" } else { "" };
        assert_eq!((listed.group_state.as_ref(), listed.group_type.as_ref()), (state, kind));
    }
    request.states_filter = vec!["stable".into()];
    assert_eq!(world.ask(5, &request).groups, []);
    request.states_filter = vec!["completingrebalance".into()];
    request.types_filter = vec!["Consumer".into()];
    assert_eq!(world.ask(5, &request).groups, []);

    let mut request = DescribeGroupsRequest {
        groups: vec!["g".into(), "h".into()],
        include_authorized_operations: true,
        ..DescribeGroupsRequest::default()
    };
    for version in 3..=6 {
        let answer = world.ask(version, &request);
        let [found, missing] = &answer.groups[..] else { panic!("{answer:?}") };
        assert_eq!((found.error_code, found.group_state.as_ref()), (ErrorCode::NONE, "CompletingRebalance"));
        assert_eq!(found.members[0].member_id, joined.member_id);
        assert_eq!(
            (found.members[0].client_id.as_ref(), found.members[0].member_metadata.len()),
            ("tester", 0)
        );
        assert_eq!(found.authorized_operations, 0b1101_0100_1000);
        let expected = if version >= 6 { ErrorCode::GROUP_ID_NOT_FOUND } else { ErrorCode::NONE };
        assert_eq!((missing.error_code, missing.group_state.as_ref()), (expected, "Dead"));
    }
    request.include_authorized_operations = false;
    assert_eq!(world.ask(5, &request).groups[0].authorized_operations, i32::MIN);
}

#[test]
fn a_group_moves_with_its_coordinator() {
    let mut world = World::new(3);
    let group = "g";
    let first = find(&mut world, 6, 0, group).unwrap();
    world.talk_to(first);
    let request = JoinGroupRequest {
        group_id: group.into(),
        session_timeout_ms: 10_000,
        rebalance_timeout_ms: 60_000,
        protocol_type: "fruit".into(),
        protocols: vec![JoinGroupRequestProtocol { name: "range".into(), ..Default::default() }],
        ..JoinGroupRequest::default()
    };
    // Who waits is sent on.
    world.send(2, &request);
    world.engine.expire_node_session(first, world.now);
    assert_eq!(world.answer::<JoinGroupRequest>(2).response.error_code, ErrorCode::NOT_COORDINATOR);
    let second = find(&mut world, 6, 0, group).unwrap();
    assert_ne!(second, first);
    world.talk_to(second);
    world.pass(60_000);
    world.engine.handle_timeout(world.now);
    world.send(2, &request);
    world.pass(50);
    world.engine.handle_timeout(world.now);
    let joined = world.answer::<JoinGroupRequest>(2).response;
    assert_eq!(joined.error_code, ErrorCode::NONE);
    let sync = SyncGroupRequest {
        group_id: group.into(),
        generation_id: joined.generation_id,
        member_id: joined.member_id.clone(),
        ..SyncGroupRequest::default()
    };
    assert_eq!(world.ask(2, &sync).error_code, ErrorCode::NONE);

    // The node dies; nobody coordinates until the controller notices; then the next node knows the member.
    world.engine.kill_node(second, world.now);
    while world.engine.poll_output().is_some() {}
    world.talk_to(first);
    assert_eq!(find(&mut world, 6, 0, group), Ok(second));
    world.pass(1000);
    world.engine.handle_timeout(world.now);
    let third = find(&mut world, 6, 0, group).unwrap();
    assert_ne!(third, second);
    world.talk_to(third);
    let beat = HeartbeatRequest {
        group_id: group.into(),
        generation_id: joined.generation_id,
        member_id: joined.member_id,
        ..HeartbeatRequest::default()
    };
    world.pass(9_999);
    world.engine.handle_timeout(world.now);
    assert_eq!(world.ask(4, &beat).error_code, ErrorCode::NONE);
    // Who returns follows, until it is elected.
    world.engine.start_node(second, world.now);
    assert_eq!(world.ask(4, &beat).error_code, ErrorCode::NONE);
    let index = crate::coordinator::partition(group, 50);
    assert!(world.engine.move_leader("__consumer_offsets", index, second, world.now));
    assert_eq!(world.ask(4, &beat).error_code, ErrorCode::NOT_COORDINATOR);
}

#[test]
fn a_refused_first_member_leaves_no_group_behind() {
    let mut world = World::with_topic();
    let join = ConsumerGroupHeartbeatRequest {
        group_id: "g".into(),
        member_id: "m".into(),
        rebalance_timeout_ms: 1_000,
        subscribed_topic_names: Some(vec!["t".into()]),
        server_assignor: Some("no such".into()),
        topic_partitions: Some(Vec::new()),
        ..ConsumerGroupHeartbeatRequest::default()
    };
    assert_eq!(world.ask(1, &join).error_code, ErrorCode::UNSUPPORTED_ASSIGNOR);
    let beat = ConsumerGroupHeartbeatRequest { member_epoch: 5, ..join };
    let beat = ConsumerGroupHeartbeatRequest { server_assignor: None, ..beat };
    assert_eq!(world.ask(1, &beat).error_code, ErrorCode::GROUP_ID_NOT_FOUND);
}

/// What the coordinator was asked before others took over is not done by it afterwards.
#[test]
fn a_commit_that_a_frozen_coordinator_held_takes_no_group_back() {
    let mut world = World::new(3);
    world.engine.create_topic("t", 1, 3, [].into()).unwrap();
    let one = find(&mut world, 4, 0, "g").unwrap();
    world.talk_to(one);
    assert!(world.engine.freeze_node(one, world.now));
    world.send(8, &commit(28));
    world.pass(1000);
    world.engine.handle_timeout(world.now);
    let witness = (1..=3).map(BrokerId).find(|node| *node != one).unwrap();
    world.talk_to(witness);
    let coordinator = find(&mut world, 4, 0, "g").unwrap();
    assert_ne!(coordinator, one);
    world.talk_to(coordinator);
    assert_eq!(committed(&mut world, 8, &commit(48)), ErrorCode::NONE);
    assert!(world.engine.thaw_node(one, world.now));
    let late = world.answer::<OffsetCommitRequest>(8).response;
    assert_eq!(late.topics[0].partitions[0].error_code, ErrorCode::NOT_COORDINATOR);
    world.talk_to(coordinator);
    assert_eq!(fetched(&mut world), 48);
}
