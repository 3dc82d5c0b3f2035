//! Which answer about the cluster is taken when answers are slow.

use super::*;

const TOPICS: [(&str, i32); 1] = [("t", 1)];

impl World {
    fn updates(&mut self) -> u64 {
        self.net().cluster().updates()
    }

    /// Connects to these known nodes for whatever may be asked of any.
    fn connect_control(&mut self, nodes: impl IntoIterator<Item = i32>) -> Vec<ConnectionId> {
        let connect = |node| {
            let now = self.now;
            let _ = self.net().readiness(BrokerId(node), Role::Control, ApiKey::METADATA, now);
            self.turn();
            let id = self.connection_to(&format!("n{node}"));
            self.open(id);
            id
        };
        nodes.into_iter().map(connect).collect()
    }

    /// Has the cluster asked about anew: by whom, and the request.
    fn asked_anew(&mut self, nodes: &[ConnectionId]) -> (usize, Received) {
        self.net().cluster_mut().refresh();
        self.advance(SECOND);
        let mut asked =
            nodes.iter().enumerate().flat_map(|(at, id)| self.take(*id).into_iter().map(move |r| (at, r)));
        let found = asked.next().unwrap();
        assert!(asked.next().is_none());
        found
    }
}

#[test]
fn the_only_node_is_waited_for_as_long_as_its_answer_takes() {
    for seconds in [4, 10, 29] {
        let (mut world, node) = World::of_bootstrap_node(&TOPICS, 0);
        let node = [node];
        for _ in 0..3 {
            let before = world.updates();
            let (_, request) = world.asked_anew(&node);
            world.run_until(world.now + (seconds - 1) * SECOND);
            assert!(world.take(node[0]).is_empty(), "its link is slow enough without a second answer");
            assert_eq!(world.connects.len(), 1, "its bootstrap address is not another way to it");
            world.answer(&request, &bootstrap_node(&TOPICS));
            world.turn();
            assert_eq!(world.updates(), before + 1, "{seconds} s");
            world.run_until(world.now + 10 * SECOND);
            assert!(world.take(node[0]).is_empty(), "nothing is left to ask");
        }
    }
}

#[test]
fn a_silent_node_does_not_keep_another_from_being_asked_and_the_first_answer_counts() {
    for late_one_first in [true, false] {
        let mut world = World::with_cluster(2, &TOPICS, NetConfig::default());
        let nodes = world.connect_control([1, 2]);
        let before = world.updates();
        let (silent, late) = world.asked_anew(&nodes);
        let other = nodes[1 - silent];
        world.run_until(world.now + 4 * SECOND);
        let beside = world.take_one(other);
        assert_eq!(beside.api, ApiKey::METADATA);
        // Both have been asked; nobody is asked twice.
        world.run_until(world.now + 20 * SECOND);
        assert!(world.take(other).is_empty() && world.take(nodes[silent]).is_empty());
        let (first, second) = if late_one_first { (late, beside) } else { (beside, late) };
        world.answer(&first, &metadata(2, &TOPICS));
        world.turn();
        assert_eq!(world.updates(), before + 1);
        // What the other says may be older.
        world.answer(&second, &MetadataResponse { throttle_time_ms: 700, ..metadata(1, &TOPICS) });
        world.turn();
        assert_eq!(world.updates(), before + 1);
        assert_eq!(world.net().cluster().brokers().count(), 2);
        let (node, now) = (BrokerId(if second.connection == nodes[0] { 1 } else { 2 }), world.now);
        assert!(world.net().throttled(node, ApiKey::METADATA, now).is_some());
    }
}

#[test]
fn when_one_of_two_that_were_asked_is_lost_the_other_is_still_waited_for() {
    let mut world = World::with_cluster(2, &TOPICS, NetConfig::default());
    let nodes = world.connect_control([1, 2]);
    let before = world.updates();
    let (silent, late) = world.asked_anew(&nodes);
    world.run_until(world.now + 4 * SECOND);
    let beside = world.take_one(nodes[1 - silent]);
    world.core.handle_disconnected(beside.connection, DisconnectCause::Closed, world.now);
    world.turn();
    world.answer(&late, &metadata(2, &TOPICS));
    world.turn();
    assert_eq!(world.updates(), before + 1);
}

#[test]
fn a_frozen_bootstrap_address_is_not_the_only_one_that_is_asked() {
    let mut world = World::new(2, NetConfig::default());
    world.turn();
    let first = world.connects[0].0;
    world.open(first);
    world.take_one(first);
    world.run_until(world.now + 4 * SECOND);
    let [_, (second, _)] = world.connects[..] else { panic!("{:?}", world.connects) };
    world.open(second);
    world.serve_metadata(second, 1, &[]);
    assert!(world.net().cluster().is_known());
}

#[test]
fn when_no_known_node_answers_the_bootstrap_addresses_are_asked_beside_them() {
    for (known, hang_up) in [1, 3, 5].into_iter().flat_map(|known| [(known, false), (known, true)]) {
        let mut world = World::with_cluster(known, &TOPICS, NetConfig::default());
        let nodes = world.connect_control(1..=known);
        let (bootstrap, _) = world.connects[0].clone();
        world.core.handle_disconnected(bootstrap, DisconnectCause::Closed, world.now);
        for &node in nodes.iter().filter(|_| hang_up) {
            // What takes their place is accepted, and nobody speaks there.
            world.core.handle_disconnected(node, DisconnectCause::Closed, world.now);
        }
        let before = world.connects.len();
        world.net().cluster_mut().refresh();
        let end = world.now + 30 * SECOND;
        while !world.connects[before..].iter().any(|(_, at)| at.name == "b1") {
            assert!(world.now < end, "{known} nodes, connections lost: {hang_up}: {:?}", world.connects);
            world.advance(SECOND / 10);
        }
        let (again, _) = world.connects[before..].iter().find(|(_, at)| at.name == "b1").cloned().unwrap();
        world.open(again);
        world.run_until(end);
        world.serve_metadata(again, 2, &TOPICS);
        assert_eq!(world.net().cluster().brokers().count(), 2);
    }
}

#[test]
fn an_old_bootstrap_address_that_hangs_does_not_keep_the_other_known_nodes_from_being_asked() {
    let mut world = World::with_cluster(4, &TOPICS, NetConfig::default());
    let nodes = world.connect_control(1..=4);
    let (bootstrap, _) = world.connects[0].clone();
    world.core.handle_disconnected(bootstrap, DisconnectCause::Closed, world.now);
    world.net().cluster_mut().refresh();
    world.run_until(world.now + 60 * SECOND);
    for node in nodes {
        assert_eq!(world.take_one(node).api, ApiKey::METADATA);
    }
}
