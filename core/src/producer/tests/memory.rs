use super::*;
use crate::producer::{AppendWait, Refused};
use crate::wait::WaitReason;

/// Batches of at most 1,000 bytes and room for eight.
fn small() -> ProducerConfig {
    ProducerConfig { batch_bytes: 1_000, memory_bytes: 8_000, ..no_linger() }
}

fn fill(scene: &Scene, partition: i32) -> (Vec<Delivery>, WaitReason) {
    let value = [b'x'; 300];
    let record = NewRecord { value: Some(&value), partition: Some(partition), ..NewRecord::default() };
    let mut deliveries = Vec::new();
    loop {
        match scene.orders.try_append(&record, || scene.world.now) {
            Ok(delivery) => deliveries.push(delivery),
            Err(Refused::Waiting(reason)) => return (deliveries, reason),
            Err(other) => panic!("{other:?}"),
        }
        assert!(deliveries.len() < 1000);
    }
}

#[test]
fn memory_is_a_hard_bound_and_free_again_when_all_is_settled() {
    let mut scene = Scene::new(small(), 1, 1);
    let (deliveries, reason) = fill(&scene, 0);
    assert!(matches!(reason, WaitReason::Memory { .. }), "{reason:?}");
    assert!(deliveries.len() >= 16, "{} records of 300 bytes in 8,000", deliveries.len());
    assert!(deliveries.len() <= 26);
    // What is in flight counts as well.
    scene.pump();
    assert!(matches!(fill(&scene, 0), (none, WaitReason::Memory { .. }) if none.is_empty()));
    scene.serve_all();
    assert_eq!(scene.edge.free_bytes(), 8_000);
    assert!(deliveries.iter().all(Delivery::is_settled));
}

#[test]
fn what_is_sent_again_holds_its_bytes_no_more_and_no_less() {
    let mut scene = Scene::begun(small(), 1, 1);
    let value = [b'x'; 300];
    let record = NewRecord { value: Some(&value), partition: Some(0), ..NewRecord::default() };
    let mut deliveries: Vec<_> = (0..5)
        .map(|_| {
            let delivery = scene.orders.try_append(&record, || scene.world.now).unwrap();
            scene.pump();
            delivery
        })
        .collect();
    assert_eq!(scene.pending.len(), 5);
    let in_flight = scene.edge.free_bytes();
    assert!(in_flight <= 8_000 - 5 * 300);
    // The first is refused again and again, and those behind it are out of order each time they were sent.
    for _ in 0..10 {
        while !scene.pending.is_empty() {
            let (_, request) = scene.next_request();
            scene.refuse(&request, ErrorCode::NOT_ENOUGH_REPLICAS);
            assert_eq!(scene.edge.free_bytes(), in_flight);
        }
        scene.advance(millis(1_000));
        assert_eq!(scene.edge.free_bytes(), in_flight);
    }
    // A connection that is cut leaves them where they are too.
    let connection = scene.pending[0].1.connection;
    scene.cut(connection);
    assert_eq!(scene.edge.free_bytes(), in_flight);
    // Newer records wait behind them in what is left, and not one byte beyond.
    let (newer, reason) = fill(&scene, 0);
    assert!(matches!(reason, WaitReason::Memory { .. }), "{reason:?}");
    assert!((1..=(in_flight / 300)).contains(&newer.len()), "{} in {in_flight} bytes", newer.len());
    let full = scene.edge.free_bytes();
    for _ in 0..5 {
        scene.advance(millis(1_000));
        let (_, request) = scene.next_request();
        scene.refuse(&request, ErrorCode::NOT_ENOUGH_REPLICAS);
        assert!(fill(&scene, 0).0.is_empty(), "a retry makes no room");
        assert_eq!(scene.edge.free_bytes(), full);
    }
    // None of them was dropped for want of room.
    scene.advance(millis(1_000));
    scene.serve_all();
    deliveries.extend(newer);
    let offsets: Vec<_> = deliveries.into_iter().map(offset).collect();
    assert!(offsets.is_sorted() && offsets.len() == scene.logs[&0].values.len(), "{offsets:?}");
    assert_eq!(scene.edge.free_bytes(), 8_000);
}

#[test]
fn the_pieces_of_a_batch_hold_its_bytes_among_them() {
    let mut scene = Scene::begun(small(), 1, 1);
    let deliveries: Vec<_> = (0..4).map(|_| scene.accept(0, &"x".repeat(200))).collect();
    scene.pump();
    let whole = scene.edge.free_bytes();
    let (_, request) = scene.next_request();
    scene.refuse(&request, ErrorCode::MESSAGE_TOO_LARGE);
    assert_eq!(scene.edge.free_bytes(), whole, "as much as before they were two");
    let (_, half) = scene.next_request();
    scene.refuse(&half, ErrorCode::NOT_ENOUGH_REPLICAS);
    assert_eq!(scene.edge.free_bytes(), whole);
    scene.advance(millis(1_000));
    let (_, half) = scene.next_request();
    scene.serve(&half);
    let one = scene.edge.free_bytes();
    assert!(whole < one && one < 8_000, "{whole} {one}");
    scene.serve_all();
    assert!(deliveries.iter().all(Delivery::is_settled));
    assert_eq!(scene.edge.free_bytes(), 8_000);
}

#[test]
fn a_node_that_makes_no_progress_fills_its_share_and_no_more() {
    let mut scene = Scene::new(small(), 3, 3);
    let _stuck = fill(&scene, 0);
    let (_, reason) = fill(&scene, 0);
    assert_eq!(reason, WaitReason::NodeShare { node: BrokerId(1) });
    assert!(scene.edge.free_bytes() >= 4_000, "{}", scene.edge.free_bytes());
    // A second stuck node still leaves something.
    let _stuck_too = fill(&scene, 1);
    assert!(scene.edge.free_bytes() >= 2_000, "{}", scene.edge.free_bytes());
    scene.pump();
    scene.pending.clear();
    for n in 0..20 {
        let delivery = scene.send_to(2, &n.to_string());
        let (node, request) = scene.next_request();
        assert_eq!(node, 3);
        scene.serve(&request);
        assert_eq!(offset(delivery), n);
    }
}

#[test]
fn unkeyed_records_avoid_a_leader_whose_share_is_full() {
    let mut scene = Scene::new(small(), 2, 2);
    let _stuck = fill(&scene, 0);
    scene.pump();
    scene.pending.clear();
    for _ in 0..30 {
        let record = NewRecord { value: Some(b"any"), ..NewRecord::default() };
        let delivery = scene.orders.try_append(&record, || scene.world.now).unwrap();
        assert_eq!(delivery.partition(), 1);
        scene.serve_all();
    }
}

#[test]
fn the_reason_for_a_full_share_is_the_throttle_if_there_is_one() {
    let mut scene = Scene::new(small(), 2, 2);
    let _first = scene.send("0");
    let (_, request) = scene.next_request();
    scene.serve_throttled(&request, 5_000);
    let (_, reason) = fill(&scene, 0);
    assert!(matches!(reason, WaitReason::Throttled { node: BrokerId(1), .. }), "{reason:?}");
}

#[test]
fn waiters_are_served_in_order_and_leaving_harms_nobody() {
    let mut scene = Scene::new(small(), 1, 1);
    let _filled = fill(&scene, 0);
    let value = [b'y'; 300];
    let record = NewRecord { value: Some(&value), partition: Some(0), ..NewRecord::default() };
    let now = scene.now();
    let mut context = Context::from_waker(Waker::noop());
    let mut waits: Vec<_> = (0..4).map(|_| Some(AppendWait::default())).collect();
    for wait in waits.iter_mut().flatten() {
        assert!(scene.orders.poll_append(&record, || now, wait, &mut context).is_pending());
    }
    // The first goes away before its turn.
    waits[0] = None;
    scene.pump();
    let (_, request) = scene.next_request();
    scene.serve(&request);
    let last = waits[3].as_mut().unwrap();
    assert!(
        scene.orders.poll_append(&record, || now, last, &mut context).is_pending(),
        "not before the others"
    );
    for wait in waits[1..].iter_mut().flatten() {
        assert!(scene.orders.poll_append(&record, || now, wait, &mut context).is_ready());
    }
    drop(waits);
    scene.serve_all();
    assert_eq!(scene.edge.free_bytes(), 8_000);
    assert_eq!(scene.logs[&0].values.iter().filter(|value| value.starts_with('y')).count(), 3);
}

#[test]
fn while_somebody_waits_for_memory_nothing_lingers() {
    let mut scene = Scene::new(ProducerConfig { linger: millis(60_000), ..small() }, 1, 1);
    let (mut deliveries, _) = fill(&scene, 0);
    let last = deliveries.pop().unwrap();
    let record = NewRecord { value: Some(&[b'z'; 300]), partition: Some(0), ..NewRecord::default() };
    let mut wait = AppendWait::default();
    let mut context = Context::from_waker(Waker::noop());
    assert!(scene.orders.poll_append(&record, || scene.world.now, &mut wait, &mut context).is_pending());
    scene.serve_all();
    assert!(last.is_settled());
}

#[test]
fn a_record_larger_than_everything_is_refused_at_once() {
    let scene = Scene::new(small(), 1, 1);
    let value = vec![0; 9_000];
    let record = NewRecord { value: Some(&value), partition: Some(0), ..NewRecord::default() };
    assert!(matches!(
        scene.orders.try_append(&record, || scene.world.now).unwrap_err(),
        Refused::TooLarge { limit: 8_000, .. }
    ));
}

#[test]
fn a_record_larger_than_a_batch_gets_one_of_its_own() {
    let mut scene = Scene::new(small(), 1, 1);
    let value = vec![b'x'; 3_000];
    let record = NewRecord { value: Some(&value), partition: Some(0), ..NewRecord::default() };
    let delivery = scene.orders.try_append(&record, || scene.world.now).unwrap();
    scene.serve_all();
    assert_eq!(offset(delivery), 0);
}

#[test]
fn buffers_are_used_again_within_the_bound() {
    let config = ProducerConfig { batch_bytes: 200_000, memory_bytes: 1_000_000, ..no_linger() };
    let mut scene = Scene::new(config, 1, 2);
    let value = "x".repeat(150_000);
    let first = scene.send(&value);
    scene.serve_all();
    assert_eq!(offset(first), 0);
    assert_eq!(scene.edge.budget.pooled(), (1, 1_000_000));
    let small = scene.send_to(1, "small");
    assert_eq!(scene.edge.budget.pooled().0, 1, "a small batch leaves it alone");
    scene.serve_all();
    assert_eq!(offset(small), 0);
    assert_eq!(scene.edge.budget.pooled(), (2, 1_000_000));
    // A batch takes the large one: as many bytes are charged as it has.
    let second = scene.send(&value);
    let (buffers, free) = scene.edge.budget.pooled();
    assert_eq!(buffers, 1);
    assert!(free <= 1_000_000 - 150_000, "{free}");
    // One that outgrows the small one takes it, and gives it back for another.
    let medium = scene.accept(1, "small");
    assert_eq!(scene.edge.budget.pooled().0, 0);
    let grown = scene.accept(1, &"m".repeat(1_000));
    assert_eq!(scene.edge.budget.pooled().0, 1);
    scene.serve_all();
    assert_eq!((offset(second), offset(medium), offset(grown)), (1, 1, 2));
    // Whoever needs the memory gets it.
    let record = NewRecord { value: Some(&[b'y'; 900]), partition: Some(1), ..NewRecord::default() };
    let mut accepted = 0;
    while scene.orders.try_append(&record, || scene.world.now).is_ok() {
        accepted += 1;
    }
    assert!(accepted * 900 > 700_000, "{accepted}");
    assert_eq!(scene.edge.budget.pooled().0, 0);
}

#[test]
fn a_batch_of_tiny_records_stays_within_the_bytes_that_it_is_charged_for() {
    // With one of these limits the last record ends at the last byte.
    for batch_bytes in 20_000..20_016 {
        let config = ProducerConfig { batch_bytes, memory_bytes: 165_000, ..no_linger() };
        let mut scene = Scene::new(config, 1, 1);
        let record = NewRecord { value: Some(b""), partition: Some(0), ..NewRecord::default() };
        // The first batch finds its size step by step; the others begin with it and are filled to their last byte. A
        // buffer that had grown at its end would be charged for as much when it is used again, and fewer would fit.
        let rounds = [(); 2].map(|()| {
            let mut accepted = 0;
            while scene.edge.free_bytes() > 10_000 {
                drop(scene.orders.try_append(&record, || scene.world.now).unwrap());
                accepted += 1;
            }
            scene.serve_all();
            accepted
        });
        assert_eq!(rounds[0], rounds[1]);
    }
}
