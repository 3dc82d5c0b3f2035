//! What holds one partition up does not hold up the others of its topic, nor of its node.

use super::*;
use crate::wait::WaitReason;

/// What the batches of a partition wait for.
fn reason(scene: &Scene, partition: i32) -> Option<WaitReason> {
    let waiting = scene.world.core.explain(scene.now());
    waiting.into_iter().find(|waiting| waiting.partition == Some(partition)).map(|waiting| waiting.reason)
}

/// Sends to the partition, and serves at once: whatever that takes, it takes no time.
fn goes_on(scene: &mut Scene, partition: i32) {
    let now = scene.now();
    for n in 0..20 {
        let delivery = scene.send_to(partition, &n.to_string());
        let (_, request) = scene.next_request();
        assert_eq!(request.read::<ProduceRequest>().topic_data[0].partition_data[0].index, partition);
        scene.serve(&request);
        assert!(settled(delivery).result.is_ok());
    }
    assert_eq!(scene.now(), now);
}

#[test]
fn a_partition_without_a_leader_holds_up_neither_its_senders_nor_its_topic() {
    let mut scene = Scene::begun(no_linger(), 1, 2);
    scene.move_leader(-1, 2);
    scene.refresh();
    let mut waiting = Vec::new();
    for round in 0..50 {
        // Taken at once, whatever became of those before it.
        waiting.extend((0..10).map(|n| scene.accept(0, &format!("{round} {n}"))));
        goes_on(&mut scene, 1);
        assert!(matches!(reason(&scene, 0), Some(WaitReason::NoLeader { .. })), "{:?}", reason(&scene, 0));
        scene.advance(millis(100));
    }
    assert!(waiting.iter().all(|delivery| !delivery.is_settled()), "none is an error yet");
    // Nothing of what it waited is to be made up for: the first look that finds a leader lets all of it go.
    scene.move_leader(1, 3);
    scene.refresh();
    scene.serve_all();
    let offsets: Vec<_> = waiting.into_iter().map(offset).collect();
    assert_eq!(offsets, (0..500).collect::<Vec<_>>(), "in the order of sending");
}

#[test]
fn the_back_off_of_one_partition_lets_the_others_of_its_node_go_on() {
    let mut scene = Scene::begun(no_linger(), 1, 2);
    let refused = scene.send("v");
    for _ in 0..5 {
        let (_, request) = scene.next_request();
        scene.refuse(&request, ErrorCode::NOT_ENOUGH_REPLICAS);
        let Some(WaitReason::RetryBackoff { until, .. }) = reason(&scene, 0) else {
            panic!("{:?}", reason(&scene, 0))
        };
        assert!(until > scene.now());
        goes_on(&mut scene, 1);
        scene.run_until(Instant::from_micros(until.as_micros() - 1));
        assert!(scene.pending.is_empty(), "before its time");
        goes_on(&mut scene, 1);
        scene.run_until(until);
    }
    scene.serve_all();
    assert_eq!(offset(refused), 0);
}
