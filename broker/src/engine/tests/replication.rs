use std::collections::BTreeMap;
use std::time::Duration;

use ottla_proto::messages::DeleteTopicsRequest;
use ottla_proto::messages::fetch::FetchRequest;
use ottla_proto::messages::metadata::{MetadataRequest, MetadataResponsePartition};
use ottla_proto::messages::produce::ProduceRequest;
use ottla_proto::{BrokerId, ErrorCode, LeaderEpoch};

use crate::engine::{Close, NodeState};
use crate::testing::*;

const ONE: BrokerId = BrokerId(1);
const TWO: BrokerId = BrokerId(2);
const THREE: BrokerId = BrokerId(3);

/// Three nodes with a replica of `t` each; node 1 leads under epoch 1.
fn world(settings: &[(&str, &str)]) -> World {
    let mut world = World::new(3);
    let settings: BTreeMap<_, _> =
        settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    world.engine.create_topic("t", 1, 3, settings).unwrap();
    assert!(world.engine.move_leader("t", 0, ONE, world.now));
    world
}

fn partition(world: &mut World) -> MetadataResponsePartition {
    // Any living node can say.
    let client = world.client;
    world.client = [ONE, TWO, THREE]
        .into_iter()
        .find(|node| world.engine.node_state(*node) == Some(NodeState::Running))
        .and_then(|node| world.engine.connect(node))
        .unwrap();
    let answer = world.ask(12, &MetadataRequest { topics: None, ..MetadataRequest::default() });
    world.client = client;
    answer.topics.into_iter().next().unwrap().partitions.into_iter().next().unwrap()
}

fn isr(world: &mut World) -> Vec<i32> {
    let mut isr: Vec<i32> = partition(world).isr_nodes.iter().map(|node| node.0).collect();
    isr.sort_unstable();
    isr
}

fn produce(world: &mut World, acks: i16, value: &str) -> ErrorCode {
    world.send(12, &produce_request(acks, batch(&[value])));
    produced(world)
}

fn produced(world: &mut World) -> ErrorCode {
    let answer = world.answer::<ProduceRequest>(12).response;
    answer.responses[0].partition_responses[0].error_code
}

/// What a consumer of `node` sees.
fn seen(world: &mut World, node: BrokerId) -> Vec<String> {
    world.talk_to(node);
    values(&world.fetch(0).records.unwrap()).into_iter().map(|(_, value)| value).collect()
}

fn pass(world: &mut World, milliseconds: u64) {
    world.pass(milliseconds);
    world.engine.handle_timeout(world.now);
}

fn lag(world: &mut World, node: BrokerId, milliseconds: u64) {
    let lag = Some(Duration::from_millis(milliseconds));
    assert!(world.engine.set_replication_lag(node, lag, world.now));
}

fn stop(world: &mut World, node: BrokerId) {
    assert!(world.engine.stop_node(node, world.now));
    while world.engine.poll_output().is_some() {}
}

#[test]
fn followers_without_lag_have_everything_at_once() {
    let mut world = world(&[]);
    assert_eq!(produce(&mut world, -1, "a"), ErrorCode::NONE);
    for node in [ONE, TWO, THREE] {
        assert_eq!(seen(&mut world, node), ["a"]);
    }
    assert_eq!(world.engine.poll_timeout(), None);
}

#[test]
fn acks_all_waits_for_the_slowest_in_sync_replica() {
    let mut world = world(&[]);
    lag(&mut world, TWO, 20);
    lag(&mut world, THREE, 50);
    world.send(12, &produce_request(-1, batch(&["a"])));
    assert!(world.is_silent());
    pass(&mut world, 20);
    assert!(world.is_silent());
    assert_eq!(world.engine.poll_timeout(), Some(world.now + Duration::from_millis(30)));
    pass(&mut world, 30);
    assert_eq!(produced(&mut world), ErrorCode::NONE);
    // acks=1 waits for nobody, and nobody sees it.
    assert_eq!(produce(&mut world, 1, "b"), ErrorCode::NONE);
    assert_eq!(seen(&mut world, ONE), ["a"]);
    pass(&mut world, 50);
    assert_eq!(seen(&mut world, ONE), ["a", "b"]);
}

/// As Kafka, which notes what became of each partition when it sees it.
#[test]
fn what_is_committed_stays_so_while_others_are_waited_for() {
    let mut world = world(&[]);
    let alone = ["u", "v", "w"].into_iter().find(|name| {
        world.engine.create_topic(name, 1, 1, BTreeMap::new()).unwrap();
        world.engine.move_leader(name, 0, ONE, world.now)
    });
    let alone = alone.expect("each node gets one of three");
    lag(&mut world, TWO, 20);
    let mut both = produce_request(-1, batch(&["a"]));
    let mut committed = both.topic_data[0].clone();
    committed.name = alone.into();
    both.topic_data.push(committed);
    world.send(12, &both);
    assert!(world.is_silent());
    // A committed record can be read by now. That its topic goes cannot take the acknowledgement back.
    let waiting = std::mem::replace(&mut world.client, world.engine.connect(ONE).unwrap());
    let delete = DeleteTopicsRequest { topic_names: vec![alone.into()], ..DeleteTopicsRequest::default() };
    assert_eq!(world.ask(4, &delete).responses[0].error_code, ErrorCode::NONE);
    world.client = waiting;
    pass(&mut world, 20);
    let answer = world.answer::<ProduceRequest>(12).response;
    let codes: Vec<_> =
        answer.responses.iter().map(|topic| topic.partition_responses[0].error_code).collect();
    assert_eq!(codes, [ErrorCode::NONE; 2]);
}

#[test]
fn a_produce_that_waits_too_long_times_out() {
    let mut world = world(&[]);
    assert!(world.engine.set_replication_lag(TWO, None, world.now));
    world.send(12, &produce_request(-1, batch(&["a"])));
    pass(&mut world, 999);
    assert!(world.is_silent());
    pass(&mut world, 1);
    assert_eq!(produced(&mut world), ErrorCode::REQUEST_TIMED_OUT);
}

#[test]
fn who_lags_for_too_long_is_out_of_sync_until_it_has_caught_up() {
    let mut world = world(&[]);
    assert!(world.engine.set_replication_lag(TWO, None, world.now));
    assert_eq!(produce(&mut world, 1, "a"), ErrorCode::NONE);
    pass(&mut world, 29_999);
    assert_eq!((isr(&mut world), seen(&mut world, ONE)), (vec![1, 2, 3], vec![]));
    pass(&mut world, 1);
    assert_eq!(isr(&mut world), [1, 3]);
    assert_eq!(seen(&mut world, ONE), ["a"]);
    lag(&mut world, TWO, 10);
    assert_eq!(isr(&mut world), [1, 3]);
    pass(&mut world, 10);
    assert_eq!(isr(&mut world), [1, 2, 3]);
}

#[test]
fn too_few_replicas_refuse_or_regret() {
    let mut world = world(&[("min.insync.replicas", "2")]);
    assert!(world.engine.set_replication_lag(TWO, None, world.now));
    assert!(world.engine.set_replication_lag(THREE, None, world.now));
    let mut late = produce_request(-1, batch(&["a"]));
    late.timeout_ms = 60_000;
    world.send(12, &late);
    // Both leave at the same moment: nothing is committed any more.
    pass(&mut world, 30_000);
    assert!(world.is_silent());
    let waiting = std::mem::replace(&mut world.client, world.engine.connect(ONE).unwrap());
    assert_eq!(produce(&mut world, -1, "b"), ErrorCode::NOT_ENOUGH_REPLICAS);
    assert_eq!(produce(&mut world, 1, "c"), ErrorCode::NONE);
    world.client = waiting;
    pass(&mut world, 30_000);
    assert_eq!(produced(&mut world), ErrorCode::REQUEST_TIMED_OUT);
    lag(&mut world, TWO, 0);
    assert_eq!(seen(&mut world, ONE), ["a", "c"]);
}

#[test]
fn committed_before_the_replicas_were_lost_is_regretted() {
    let mut world = world(&[("min.insync.replicas", "3")]);
    lag(&mut world, TWO, 10);
    world.send(12, &produce_request(-1, batch(&["a"])));
    assert!(world.is_silent());
    // Node 3 is lost in the same moment in which node 2 brings the high watermark up.
    let id = world.topic_id("t");
    let found = world.engine.partition_mut(id, 0).unwrap();
    found.follow(TWO);
    assert!(found.advance_high_watermark(3));
    world.engine.stop_node(THREE, world.now);
    assert_eq!(produced(&mut world), ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND);
}

#[test]
fn a_killed_leader_is_replaced_after_its_session() {
    let mut world = world(&[]);
    assert_eq!(produce(&mut world, -1, "a"), ErrorCode::NONE);
    assert!(world.engine.kill_node(ONE, world.now));
    assert_eq!(world.closed(), Close::NodeStopped);
    assert!(world.engine.connect(ONE).is_none());
    assert!(!world.engine.kill_node(ONE, world.now));
    pass(&mut world, 999);
    assert_eq!(partition(&mut world).leader_id, ONE);
    pass(&mut world, 1);
    let after = partition(&mut world);
    assert_eq!((after.leader_id, after.leader_epoch), (THREE, LeaderEpoch(2)));
    assert_eq!(after.offline_replicas, [ONE]);
    assert_eq!(isr(&mut world), [2, 3]);
    assert_eq!(seen(&mut world, THREE), ["a"]);

    assert!(world.engine.start_node(ONE, world.now));
    assert_eq!(isr(&mut world), [1, 2, 3]);
    assert_eq!(partition(&mut world).leader_id, THREE, "nothing moves back by itself");
}

#[test]
fn what_only_a_dead_leader_had_is_cut_off_when_it_returns() {
    let mut world = world(&[]);
    lag(&mut world, TWO, 10);
    lag(&mut world, THREE, 10);
    assert_eq!(produce(&mut world, 1, "lost"), ErrorCode::NONE);
    stop(&mut world, ONE);
    world.talk_to(THREE);
    lag(&mut world, TWO, 0);
    assert_eq!(produce(&mut world, -1, "kept"), ErrorCode::NONE);
    assert!(world.engine.start_node(ONE, world.now));
    assert_eq!(seen(&mut world, ONE), ["kept"]);
}

#[test]
fn nobody_leads_when_the_last_in_sync_replica_is_gone() {
    let mut world = world(&[]);
    stop(&mut world, TWO);
    stop(&mut world, THREE);
    assert_eq!(produce(&mut world, -1, "a"), ErrorCode::NONE);
    stop(&mut world, ONE);
    world.engine.start_node(TWO, world.now);
    let orphan = partition(&mut world);
    assert_eq!((orphan.error_code, orphan.leader_id), (ErrorCode::LEADER_NOT_AVAILABLE, BrokerId::NONE));
    assert_eq!(orphan.isr_nodes, [ONE]);
    world.engine.start_node(ONE, world.now);
    assert_eq!(partition(&mut world).leader_id, ONE);
    assert_eq!(isr(&mut world), [1, 2]);
    assert_eq!(seen(&mut world, TWO), ["a"]);
}

#[test]
fn an_unclean_leader_loses_what_it_does_not_have() {
    let mut world = world(&[("unclean.leader.election.enable", "true")]);
    assert_eq!(produce(&mut world, -1, "a"), ErrorCode::NONE);
    stop(&mut world, TWO);
    stop(&mut world, THREE);
    assert_eq!(produce(&mut world, -1, "lost"), ErrorCode::NONE);
    stop(&mut world, ONE);
    world.engine.start_node(TWO, world.now);
    assert_eq!((partition(&mut world).leader_id, isr(&mut world)), (TWO, vec![2]));
    assert_eq!(seen(&mut world, TWO), ["a"]);
    world.engine.start_node(ONE, world.now);
    assert_eq!(seen(&mut world, ONE), ["a"], "the old leader cuts it off, too");
}

#[test]
fn a_frozen_node_answers_when_it_is_thawed() {
    let mut world = world(&[]);
    assert!(world.engine.freeze_node(ONE, world.now));
    assert_eq!(world.engine.node_state(ONE), Some(NodeState::Frozen));
    world.send(12, &produce_request(-1, batch(&["a"])));
    let second = world.engine.connect(ONE).unwrap();
    let reader = std::mem::replace(&mut world.client, second);
    world.send(12, &fetch_request(0, 0));
    assert!(world.is_silent());
    pass(&mut world, 1000);
    assert_eq!(partition(&mut world).leader_id, THREE);
    assert!(world.engine.thaw_node(ONE, world.now));
    world.client = reader;
    assert_eq!(produced(&mut world), ErrorCode::NOT_LEADER_OR_FOLLOWER);
    assert!(
        world.answer::<FetchRequest>(12).response.responses[0].partitions[0].error_code == ErrorCode::NONE
    );
    assert_eq!(isr(&mut world), [1, 2, 3]);
}

#[test]
fn a_frozen_leaders_waiting_answers_are_kept() {
    let mut world = world(&[]);
    lag(&mut world, TWO, 10);
    world.send(12, &produce_request(-1, batch(&["a"])));
    assert!(world.engine.freeze_node(ONE, world.now));
    pass(&mut world, 900);
    assert!(world.is_silent());
    assert!(world.engine.thaw_node(ONE, world.now));
    pass(&mut world, 10);
    assert_eq!(produced(&mut world), ErrorCode::NONE);
}

#[test]
fn a_leader_leads_only_if_in_sync() {
    let mut world = world(&[]);
    stop(&mut world, TWO);
    assert!(!world.engine.move_leader("t", 0, TWO, world.now));
    assert!(!world.engine.move_leader("t", 9, ONE, world.now));
    assert!(!world.engine.move_leader("u", 0, ONE, world.now));
    assert!(world.engine.expire_node_session(ONE, world.now));
    assert_eq!((partition(&mut world).leader_id, isr(&mut world)), (THREE, vec![1, 3]));
}

#[test]
fn a_move_answers_what_waits_for_the_old_leader() {
    let mut world = world(&[]);
    lag(&mut world, TWO, 100);
    world.send(12, &produce_request(-1, batch(&["a"])));
    assert!(world.engine.move_leader("t", 0, THREE, world.now));
    assert_eq!(produced(&mut world), ErrorCode::NOT_LEADER_OR_FOLLOWER);
}

#[test]
fn the_same_history_gives_the_same_bytes() {
    let run = || {
        let mut world = world(&[("min.insync.replicas", "2")]);
        lag(&mut world, TWO, 7);
        let mut trace = Vec::new();
        for round in 0..40 {
            match round % 8 {
                3 => drop(world.engine.kill_node(TWO, world.now)),
                5 => drop(world.engine.start_node(TWO, world.now)),
                6 => drop(world.engine.expire_node_session(ONE, world.now)),
                _ => {}
            }
            world.talk_to(ONE);
            world.send(12, &produce_request(-1, batch(&["x"])));
            pass(&mut world, 5);
            while let Some(output) = world.engine.poll_output() {
                trace.push(format!("{output:?}"));
            }
        }
        trace
    };
    let trace = run();
    assert!(trace.len() > 30);
    assert_eq!(trace, run());
}

#[test]
fn consumers_are_sent_to_the_replica_in_their_rack() {
    let mut world = world(&[]);
    for (address, rack) in world.engine.config.nodes.iter_mut().zip(["a", "b", "c"]) {
        address.rack = Some(rack.to_owned());
    }
    assert_eq!(produce(&mut world, -1, "a"), ErrorCode::NONE);
    let preferred = |world: &mut World, rack: &str| {
        let request = FetchRequest { rack_id: rack.into(), ..fetch_request(0, 500) };
        let data = only(world.ask(12, &request));
        (data.preferred_read_replica.0, data.records.unwrap().is_empty())
    };
    assert_eq!(preferred(&mut world, "b"), (-1, false), "as in Kafka nobody is sent away by default");
    world.engine.config.rack_aware_replicas = true;
    assert_eq!(preferred(&mut world, "b"), (2, true));
    assert_eq!(preferred(&mut world, "a"), (-1, false));
    assert_eq!(preferred(&mut world, "nowhere"), (-1, false));
    world.talk_to(TWO);
    assert_eq!(preferred(&mut world, "b"), (-1, false));
    let old = world.ask(10, &fetch_request(0, 0));
    assert_eq!(only(old).error_code, ErrorCode::NOT_LEADER_OR_FOLLOWER, "version 10 knows leaders only");
    stop(&mut world, TWO);
    world.talk_to(ONE);
    assert_eq!(preferred(&mut world, "b"), (-1, false));
}
