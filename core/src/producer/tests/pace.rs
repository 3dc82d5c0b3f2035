//! Records gather while the broker is busy, if more requests would only lie in its socket.

use super::*;
use crate::wait::WaitReason;

/// A broker that serves a request of five in a millisecond, one after the other, has been used for a while.
fn near() -> Scene {
    used(|_| millis(1))
}

/// `until` says how long after the one before it an answer comes, by its place among five that go out together.
fn used(after: impl Fn(usize) -> Duration) -> Scene {
    let config = ProducerConfig { batch_bytes: 200, ..no_linger() };
    let mut scene = Scene::begun(config, 1, 6);
    // What was told in no time at all is believed no more.
    scene.advance(millis(11_000));
    for _ in 0..10 {
        let deliveries: Vec<_> = (0..5).map(|partition| scene.send_to(partition, "v")).collect();
        for place in 0.. {
            if scene.pending.is_empty() {
                break;
            }
            scene.advance(after(place));
            let (_, request) = scene.next_request();
            scene.serve(&request);
        }
        assert!(deliveries.into_iter().all(|delivery| settled(delivery).result.is_ok()));
    }
    scene
}

#[test]
fn records_gather_while_a_near_broker_is_busy() {
    let mut scene = near();
    let first = scene.send_to(0, "first");
    let others: Vec<_> = (1..6).map(|partition| scene.send_to(partition, "v")).collect();
    assert_eq!(scene.pending.len(), 1);
    let waiting = scene.world.core.explain(scene.now());
    let held = waiting.iter().filter(|w| w.reason == WaitReason::InFlightLimit { node: BrokerId(1) });
    assert_eq!(held.count(), 5, "{waiting:?}");
    let (_, request) = scene.next_request();
    scene.serve(&request);
    let (_, request) = scene.next_request();
    assert_eq!(request.read::<ProduceRequest>().topic_data[0].partition_data.len(), 5);
    scene.serve(&request);
    assert!(others.into_iter().chain([first]).all(|delivery| settled(delivery).result.is_ok()));
}

#[test]
fn what_cannot_grow_or_is_waited_for_goes_at_once() {
    let mut scene = near();
    let _first = scene.send_to(0, "first");
    let _lies = scene.send_to(1, "v");
    assert_eq!(scene.pending.len(), 1);
    let _full = [scene.send_to(2, &"v".repeat(100)), scene.send_to(2, &"v".repeat(100))];
    assert_eq!(scene.pending.len(), 2, "a batch is full");
    let _more = scene.send_to(3, "v");
    assert_eq!(scene.pending.len(), 2);
    let _flush = scene.edge.flush(scene.now() + millis(1_000));
    scene.pump();
    assert_eq!(scene.pending.len(), 3, "somebody flushes");
}

#[test]
fn a_far_broker_gets_each_record_at_once() {
    let mut scene = used(|place| if place == 0 { millis(100) } else { millis(0) });
    let _sent: Vec<_> = (0..5).map(|partition| scene.send_to(partition, "v")).collect();
    assert_eq!(scene.pending.len(), 5);
}
