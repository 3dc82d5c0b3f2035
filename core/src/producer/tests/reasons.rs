//! Every reason to wait, produced; and what `explain` names beside batches.

use std::collections::BTreeSet;

use ottla_proto::compression::Codec;

use super::*;
use crate::core::Waiting;
use crate::producer::{Acks, AppendWait};
use crate::wait::WaitReason;

fn explain(scene: &Scene) -> Vec<Waiting> {
    scene.world.core.explain(scene.now())
}

fn kinds(scene: &Scene) -> Vec<&'static str> {
    explain(scene).iter().map(|waiting| waiting.reason.kind()).collect()
}

/// Each scene ends in a moment at which something waits for this reason.
type Scenario = (&'static str, fn() -> Scene);

const SCENARIOS: &[Scenario] = &[
    ("Metadata", || {
        let mut scene = Scene::new(no_linger(), 1, 1);
        let ghosts = scene.edge.topic(&TopicName::from("ghosts"));
        scene.pump();
        assert!(ghosts.try_append(&NewRecord::default(), || scene.world.now).is_err());
        scene
    }),
    ("NoLeader", || {
        let mut scene = Scene::new(no_linger(), 1, 1);
        scene.move_leader(-1, 2);
        scene.refresh();
        let _waits = scene.send("v");
        scene
    }),
    ("NoAddress", || {
        let mut scene = Scene::new(no_linger(), 1, 1);
        scene.move_leader(9, 2);
        scene.refresh();
        let _waits = scene.send("v");
        scene
    }),
    ("Connecting", || {
        let mut scene = Scene::new(no_linger(), 1, 1);
        let _waits = scene.accept(0, "v");
        scene.world.core.step(scene.world.now);
        scene
    }),
    ("ReconnectBackoff", || {
        let mut scene = Scene::new(no_linger(), 1, 1);
        scene.down.insert(1);
        let _waits = scene.send("v");
        scene
    }),
    ("Throttled", || {
        let mut scene = Scene::new(no_linger(), 1, 1);
        let _first = scene.send("v");
        let (_, request) = scene.next_request();
        scene.serve_throttled(&request, 5000);
        let _waits = scene.send("v");
        scene
    }),
    ("InFlightLimit", || {
        let mut scene = Scene::new(no_linger(), 1, 6);
        let _waits: Vec<_> = (0..6).map(|partition| scene.send_to(partition, "v")).collect();
        scene
    }),
    ("SocketNotAccepting", || {
        // With acks=0 no answer ever tells of a throttle: the socket is all that can be seen of it.
        let config = ProducerConfig { acks: Acks::None, batch_bytes: 300_000, ..no_linger() };
        let mut scene = Scene::new(config, 1, 1);
        let _first = scene.send("v");
        scene.world.room.insert(scene.world.connection_to("n1"), 0);
        let large = "v".repeat(290_000);
        let _waits = [scene.send(&large), scene.send("v")];
        scene
    }),
    ("AnswerDue", || {
        let mut scene = Scene::new(no_linger(), 1, 1);
        let _waits = scene.send("v");
        scene
    }),
    ("Queued", || {
        let scene = Scene::new(no_linger(), 1, 1);
        let _waits = scene.accept(0, "v");
        scene
    }),
    ("Linger", || {
        let mut scene = Scene::new(ProducerConfig::default(), 1, 1);
        let _waits = scene.send("v");
        scene
    }),
    ("RetryBackoff", || {
        let mut scene = Scene::new(no_linger(), 1, 1);
        let _waits = scene.send("v");
        let (_, request) = scene.next_request();
        scene.refuse(&request, ErrorCode::NOT_ENOUGH_REPLICAS);
        scene
    }),
    ("NoSuchTopic", || {
        let mut scene = Scene::new(no_linger(), 1, 1);
        let _waits = scene.send("v");
        let (_, request) = scene.next_request();
        let topic = &mut scene.view.topics[0];
        topic.error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
        topic.partitions.clear();
        scene.refuse(&request, ErrorCode::UNKNOWN_TOPIC_ID);
        scene.refresh();
        let (_, request) = scene.next_request();
        scene.refuse(&request, ErrorCode::UNKNOWN_TOPIC_ID);
        scene
    }),
    ("ProducerId", || {
        let mut scene = Scene::with_identity(no_linger(), 1, 1, None);
        let _waits = scene.send("v");
        scene
    }),
    ("Compression", || {
        let mut scene = Scene::new(ProducerConfig { codec: Codec::Gzip, ..no_linger() }, 1, 1);
        let _first = scene.send("v");
        scene.serve_all();
        let _waits = scene.accept(0, "v");
        // The job is not run.
        scene.world.core.step(scene.world.now);
        scene
    }),
    ("EarlierBatch", || {
        let mut scene = Scene::new(ProducerConfig { acks: Acks::Leader, ..no_linger() }, 1, 1);
        let _waits = [scene.send("0"), scene.send("1")];
        scene
    }),
    ("Memory", || full(1)),
    ("NodeShare", || full(2)),
];

/// Found by no producer: the tests of consumers and of single requests have them.
const OTHERS: [&str; 7] =
    ["AnswerDueAgain", "Application", "NoController", "NoPartitions", "Paused", "ThrottledInVain", "Unread"];

/// A sender waits for memory, with that many leaders.
fn full(brokers: i32) -> Scene {
    let config = ProducerConfig { batch_bytes: 1_000, memory_bytes: 8_000, ..no_linger() };
    let scene = Scene::new(config, brokers, brokers);
    let value = [b'x'; 300];
    let record = NewRecord { value: Some(&value), partition: Some(0), ..NewRecord::default() };
    while scene.orders.try_append(&record, || scene.world.now).is_ok() {}
    let mut waiting = Box::new(AppendWait::default());
    let mut context = Context::from_waker(Waker::noop());
    assert!(scene.orders.poll_append(&record, || scene.world.now, &mut waiting, &mut context).is_pending());
    // The caller goes on waiting for as long as the test looks.
    Box::leak(waiting);
    scene
}

#[test]
fn every_reason_is_produced_and_named() {
    for (kind, scenario) in SCENARIOS {
        let scene = scenario();
        let found = kinds(&scene);
        assert!(found.contains(kind), "{kind}: {found:?}");
        for waiting in explain(&scene) {
            assert!(waiting.since <= scene.now(), "{waiting:?}");
            assert_eq!(waiting.until, waiting.reason.until());
        }
    }
}

#[test]
fn the_list_of_reasons_has_a_scene_for_each() {
    let scenes = SCENARIOS.iter().map(|(kind, _)| *kind).chain(OTHERS);
    assert_eq!(scenes.collect::<BTreeSet<_>>(), WaitReason::KINDS.iter().copied().collect());
}

#[test]
fn right_after_a_send_something_is_named() {
    for linger in [0, 5] {
        let mut scene = Scene::new(ProducerConfig { linger: millis(linger), ..no_linger() }, 1, 1);
        let _delivery = scene.accept(0, "v");
        let waiting = explain(&scene);
        assert_eq!(waiting.len(), 1, "{waiting:?}");
        assert_eq!((waiting[0].partition, waiting[0].since), (Some(0), scene.now()));
        scene.pump();
        assert_eq!(explain(&scene).len(), 1);
        scene.advance(millis(5));
        scene.serve_all();
        assert!(explain(&scene).is_empty());
    }
    // A topic that the driver has not heard of.
    let scene = Scene::new(no_linger(), 1, 1);
    let ghosts = scene.edge.topic(&TopicName::from("ghosts"));
    assert!(ghosts.try_append(&NewRecord::default(), || scene.world.now).is_err());
    assert_eq!(kinds(&scene), ["Metadata"]);
}

#[test]
fn callers_that_wait_for_memory_are_named_with_their_partition_and_node() {
    let config = ProducerConfig { batch_bytes: 1_000, memory_bytes: 8_000, ..no_linger() };
    let mut scene = Scene::new(config, 2, 2);
    let value = [b'x'; 300];
    let record = NewRecord { value: Some(&value), partition: Some(0), ..NewRecord::default() };
    while scene.orders.try_append(&record, || scene.world.now).is_ok() {}
    scene.advance(millis(70));
    let mut waits = [AppendWait::default(), AppendWait::default()];
    let mut context = Context::from_waker(Waker::noop());
    for wait in &mut waits {
        assert!(scene.orders.poll_append(&record, || scene.world.now, wait, &mut context).is_pending());
    }
    let since = scene.now();
    scene.advance(millis(30));
    let callers = |scene: &Scene| -> Vec<Waiting> {
        let waits = |waiting: &Waiting| matches!(waiting.reason, WaitReason::NodeShare { .. });
        explain(scene).into_iter().filter(waits).collect()
    };
    let waiting = callers(&scene);
    assert_eq!(waiting.len(), 2, "{waiting:?}");
    for caller in waiting {
        assert_eq!(
            (caller.topic.as_deref(), caller.partition, caller.node, caller.since),
            (Some(TOPIC), Some(0), Some(BrokerId(1)), since)
        );
    }
    let [one, _other] = waits;
    drop(one);
    assert_eq!(callers(&scene).len(), 1);
    scene.serve_all();
    assert!(callers(&scene).is_empty(), "its turn has come");
}

#[test]
fn what_is_in_flight_is_named_beside_what_waits_behind_it() {
    let config = ProducerConfig { max_in_flight_per_partition: 1, ..no_linger() };
    let mut scene = Scene::begun(config, 1, 1);
    let _in_flight = scene.send("in flight");
    let sent_at = scene.now();
    scene.advance(millis(20));
    let _behind = scene.send("behind");
    let behind_at = scene.now();
    scene.advance(millis(30));
    let told: Vec<_> =
        explain(&scene).into_iter().map(|one| (one.reason, one.partition, one.since)).collect();
    let earlier = WaitReason::EarlierBatch { topic: TOPIC.into(), partition: 0 };
    assert_eq!(
        told,
        [(WaitReason::AnswerDue { node: BrokerId(1) }, Some(0), sent_at), (earlier, Some(0), behind_at)]
    );
    // And what the driver has not seen yet.
    scene.serve_all();
    let _in_flight = scene.send("in flight");
    let record = NewRecord { value: Some(b"new"), partition: Some(0), ..NewRecord::default() };
    let _unseen = scene.orders.try_append(&record, || scene.world.now).unwrap();
    assert_eq!(kinds(&scene), ["AnswerDue", "Queued"]);
}
