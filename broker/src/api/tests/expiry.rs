//! What groups have committed, and they themselves, as time goes by and nobody uses them.

use std::sync::Arc;
use std::time::Duration;

use ottla_proto::messages::consumer_group_heartbeat::ConsumerGroupHeartbeatRequest;
use ottla_proto::messages::heartbeat::HeartbeatRequest;
use ottla_proto::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol};
use ottla_proto::messages::leave_group::{LeaveGroupRequest, MemberIdentity};
use ottla_proto::messages::list_groups::ListGroupsRequest;
use ottla_proto::messages::sync_group::SyncGroupRequest;
use ottla_proto::{BrokerId, ErrorCode};

use super::groups::{commit, committed, fetched};
use crate::coordinator::testing::{Clients, SESSION_MS, join_request};
use crate::engine::{Config, Engine};
use crate::storage::simulated::SimulatedDisk;
use crate::testing::*;

const RETENTION_MS: u64 = 60_000;

/// One node that keeps offsets for a minute and looks at them every second, with the topics `t` and `u`.
fn forgetful() -> World {
    let mut world = World::new(1);
    let mut config = Config { nodes: world.engine.config.nodes.clone(), ..world.engine.config };
    config.groups.offsets_retention = Duration::from_millis(RETENTION_MS);
    config.groups.offsets_retention_check_interval = Duration::from_secs(1);
    world.engine = Engine::new(config);
    world.talk_to(BrokerId(1));
    for topic in ["t", "u"] {
        world.engine.create_topic(topic, 1, -1, [].into()).unwrap();
    }
    world
}

fn wait(world: &mut World, milliseconds: u64) {
    world.pass(milliseconds);
    world.engine.handle_timeout(world.now);
}

fn groups(world: &mut World) -> usize {
    world.ask(5, &ListGroupsRequest::default()).groups.len()
}

#[test]
fn without_members_an_offset_is_kept_from_its_commit_on() {
    let mut world = forgetful();
    assert_eq!(committed(&mut world, 8, &commit(5)), ErrorCode::NONE);
    wait(&mut world, RETENTION_MS - 1);
    assert_eq!((fetched(&mut world), groups(&mut world)), (5, 1));
    assert_eq!(committed(&mut world, 8, &commit(6)), ErrorCode::NONE);
    wait(&mut world, RETENTION_MS - 1);
    assert_eq!((fetched(&mut world), groups(&mut world)), (6, 1));
    wait(&mut world, 1000);
    assert_eq!((fetched(&mut world), groups(&mut world)), (-1, 0));
}

#[test]
fn a_commit_may_say_for_how_long() {
    for (retention_ms, kept) in [(5_000, false), (10_000, true)] {
        let mut world = forgetful();
        let mut request = commit(5);
        request.retention_time_ms = retention_ms;
        assert_eq!(committed(&mut world, 4, &request), ErrorCode::NONE);
        wait(&mut world, 5_000);
        assert_eq!(fetched(&mut world), if kept { 5 } else { -1 });
        wait(&mut world, 5_000);
        assert_eq!(fetched(&mut world), -1);
    }
}

/// Members whose protocol says nothing of topics may need any offset; when they are gone, time begins to count.
#[test]
fn a_classic_groups_offsets_are_kept_from_its_last_members_leave_on() {
    let mut clients = Clients::of(forgetful());
    let client = clients.connect();
    let protocol = JoinGroupRequestProtocol { name: "range".into(), ..JoinGroupRequestProtocol::default() };
    clients.send(client, 3, &join_request(("", None), "fruit", vec![protocol]));
    clients.pass(60);
    let joined = clients.answer::<JoinGroupRequest>(client, 3).unwrap();
    let id = joined.member_id.to_string();
    let sync = SyncGroupRequest {
        group_id: "g".into(),
        generation_id: joined.generation_id,
        member_id: joined.member_id.clone(),
        ..SyncGroupRequest::default()
    };
    assert_eq!(clients.ask(client, 2, &sync).error_code, ErrorCode::NONE);
    assert_eq!(clients.commit((client, 8), "t", 5, (&id, joined.generation_id)), ErrorCode::NONE);
    let beat = HeartbeatRequest {
        group_id: "g".into(),
        generation_id: joined.generation_id,
        member_id: joined.member_id.clone(),
        ..HeartbeatRequest::default()
    };
    for _ in 0..3 * RETENTION_MS / SESSION_MS {
        clients.pass(SESSION_MS - 1);
        assert_eq!(clients.ask(client, 4, &beat).error_code, ErrorCode::NONE);
    }
    let member = MemberIdentity { member_id: joined.member_id, ..MemberIdentity::default() };
    let leave =
        LeaveGroupRequest { group_id: "g".into(), members: vec![member], ..LeaveGroupRequest::default() };
    assert_eq!(clients.ask(client, 4, &leave).error_code, ErrorCode::NONE);
    let world = &mut clients.world;
    wait(world, RETENTION_MS - 1);
    assert_eq!((fetched(world), groups(world)), (5, 1));
    wait(world, 1000);
    assert_eq!((fetched(world), groups(world)), (-1, 0));
}

#[test]
fn what_members_do_not_read_is_forgotten_and_what_they_read_is_not() {
    let mut clients = Clients::of(forgetful());
    let client = clients.connect();
    let mut beat = ConsumerGroupHeartbeatRequest {
        group_id: "g".into(),
        member_id: "m".into(),
        rebalance_timeout_ms: 60_000,
        subscribed_topic_names: Some(vec!["t".into()]),
        topic_partitions: Some(Vec::new()),
        ..ConsumerGroupHeartbeatRequest::default()
    };
    beat.member_epoch = clients.ask(client, 1, &beat).member_epoch;
    for topic in ["t", "u"] {
        assert_eq!(clients.commit((client, 9), topic, 5, ("m", beat.member_epoch)), ErrorCode::NONE);
    }
    let kept = |clients: &Clients| {
        ["t", "u"].map(|topic| clients.world.engine.coordinators.offsets.get("g", topic, 0).is_some())
    };
    clients.pass(RETENTION_MS / 2);
    assert_eq!(clients.ask(client, 1, &beat).error_code, ErrorCode::NONE);
    assert_eq!(kept(&clients), [true, true]);
    clients.pass(RETENTION_MS / 2);
    assert_eq!(clients.ask(client, 1, &beat).error_code, ErrorCode::NONE);
    assert_eq!(kept(&clients), [true, false]);
    beat.member_epoch = -1;
    assert_eq!(clients.ask(client, 1, &beat).error_code, ErrorCode::NONE);
    let world = &mut clients.world;
    assert_eq!(groups(world), 1);
    wait(world, 1000);
    assert_eq!((fetched(world), groups(world)), (-1, 0));
}

#[test]
fn age_survives_a_restart() {
    const DAY_MS: u64 = 24 * 3600 * 1000;
    let disk = Arc::new(SimulatedDisk::new(1));
    let mut world = World::on_disk(&disk, 1, false);
    world.engine.create_topic("t", 1, 1, [].into()).unwrap();
    assert_eq!(committed(&mut world, 8, &commit(5)), ErrorCode::NONE);
    world.pass(6 * DAY_MS);
    world.restart(&disk, 1);
    assert_eq!(fetched(&mut world), 5);
    wait(&mut world, DAY_MS);
    assert_eq!((fetched(&mut world), groups(&mut world)), (-1, 0));
    // That it is gone is written down as well.
    world.restart(&disk, 1);
    assert_eq!((fetched(&mut world), groups(&mut world)), (-1, 0));
}
