//! Records that end before their batch, and batches that are given up on demand.

use super::*;
use crate::producer::{AbandonReport, CloseReport, Completion, Tally};
use ottla_proto::compression::Codec;

fn answer<T>(completion: &mut Completion<T>) -> T {
    match completion.poll_answer(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Some(answer)) => answer,
        _ => panic!("no answer yet"),
    }
}

/// Hands over a record with a delivery timeout of its own.
fn accept_for(scene: &Scene, partition: i32, value: &str, timeout: Duration) -> Delivery {
    let record = NewRecord {
        value: Some(value.as_bytes()),
        partition: Some(partition),
        delivery_timeout: Some(timeout),
        ..NewRecord::default()
    };
    scene.orders.try_append(&record, || scene.world.now).unwrap()
}

/// A producer whose only node throttles for that long, with one record written before.
fn throttled(config: ProducerConfig, throttle_ms: i32) -> Scene {
    let mut scene = Scene::new(config, 1, 1);
    let _first = scene.send("first");
    let (_, request) = scene.next_request();
    scene.serve_throttled(&request, throttle_ms);
    scene
}

fn offsets(deliveries: Vec<Delivery>) -> Vec<i64> {
    deliveries.into_iter().map(offset).collect()
}

#[test]
fn a_record_can_be_cancelled_after_its_batch_was_compressed() {
    // Four records of thirty bytes fill a batch.
    let config = ProducerConfig { codec: Codec::Gzip, batch_bytes: 220, ..no_linger() };
    let mut scene = throttled(config, 1000);
    let values: Vec<_> = (0..12).map(|n| format!("{n:030}")).collect();
    let mut deliveries: Vec<_> = values.iter().map(|value| scene.send(value)).collect();
    let producer = scene.world.core.parts().producers.only();
    assert!(producer.partitions[0].sealed.len() > 1, "full batches are compressed while they wait");
    let cancelled = [deliveries.remove(5), deliveries.remove(1)];
    assert!(cancelled.iter().all(Delivery::cancel));
    scene.advance(millis(1000));
    scene.serve_all();
    let mut expected: Vec<_> = ["first".to_owned()].into_iter().chain(values).collect();
    expected.remove(6);
    expected.remove(2);
    assert_eq!(scene.logs[&0].values, expected);
    assert_eq!(offsets(deliveries), (1..11).collect::<Vec<_>>());
    for delivery in cancelled {
        assert!(delivery.is_settled());
        assert_eq!(lost(delivery), (Certainty::NotWritten, Cause::Cancelled));
    }
}

#[test]
fn a_record_can_be_cancelled_after_its_batch_was_taken_and_put_back() {
    let config = ProducerConfig { request_bytes: 300, batch_bytes: 300, ..ProducerConfig::default() };
    let mut scene = Scene::new(config, 1, 2);
    let _warm = [scene.accept(0, "first"), scene.accept(1, "first")];
    scene.advance(millis(5));
    scene.serve_all();
    // One request more may be on its way, and it has room for one of the two batches.
    for n in 0..4 {
        let _unanswered = scene.accept(0, &n.to_string());
        scene.advance(millis(5));
    }
    let _large = scene.accept(0, &"a".repeat(150));
    let (kept, cancelled) = (scene.accept(1, "kept"), scene.accept(1, "cancelled"));
    scene.advance(millis(5));
    assert_eq!(scene.pending.len(), 5);
    let producer = scene.world.core.parts().producers.only();
    assert_eq!(producer.partitions[1].sealed.len(), 1, "it was in the driver's hands and went back");
    assert!(cancelled.cancel());
    scene.serve_all();
    assert_eq!(offset(kept), 1);
    assert_eq!(scene.logs[&1].values, ["first", "kept"]);
    assert_eq!(lost(cancelled), (Certainty::NotWritten, Cause::Cancelled));
}

#[test]
fn a_compressed_batch_whose_records_are_all_cancelled_is_never_sent() {
    let config = ProducerConfig { codec: Codec::Gzip, batch_bytes: 220, ..no_linger() };
    let mut scene = throttled(config.clone(), 1000);
    let deliveries: Vec<_> = (0..12).map(|n| scene.send(&format!("{n:030}"))).collect();
    assert!(deliveries.iter().all(Delivery::cancel));
    let mut flush = scene.edge.flush(scene.now() + millis(5000));
    scene.advance(millis(1000));
    assert!(scene.pending.is_empty());
    assert_eq!(answer(&mut flush).settled, Tally { not_written: 12, ..Tally::default() });
    assert_eq!(scene.edge.free_bytes(), config.memory_bytes);
    assert!(scene.world.core.explain(scene.now()).is_empty());
}

#[test]
fn a_record_with_less_time_ends_alone_and_is_not_written() {
    for codec in [Codec::None, Codec::Gzip] {
        let mut scene = throttled(ProducerConfig { codec, batch_bytes: 220, ..no_linger() }, 3000);
        let start = scene.now();
        let value = |n: i32| format!("{n:030}");
        let kept: Vec<_> = (0..6).map(|n| scene.send(&value(n))).collect();
        let hurried = [0, 1].map(|n| accept_for(&scene, 0, &value(10 + n), millis(300)));
        let behind = scene.send(&value(6));
        scene.run_until(start + millis(299));
        assert!(!hurried.iter().any(Delivery::is_settled));
        scene.run_until(start + millis(300));
        for delivery in hurried {
            assert!(!delivery.cancel(), "it has ended already");
            let (certainty, cause) = lost(delivery);
            assert_eq!(certainty, Certainty::NotWritten);
            let Cause::Expired { timeout, waiting_for, .. } = cause else { panic!("{cause:?}") };
            assert_eq!(timeout, millis(300));
            assert!(waiting_for.to_string().contains("throttled by node 1"), "{waiting_for}");
        }
        scene.run_until(start + millis(3000));
        scene.serve_all();
        let written: Vec<_> = ["first".to_owned()].into_iter().chain((0..7).map(value)).collect();
        assert_eq!(scene.logs[&0].values, written);
        assert_eq!(offsets(kept), [1, 2, 3, 4, 5, 6]);
        assert_eq!(offset(behind), 7);
    }
}

#[test]
fn a_record_behind_a_patient_one_has_its_usual_time() {
    let mut scene = throttled(ProducerConfig { delivery_timeout: millis(1000), ..no_linger() }, 3000);
    let start = scene.now();
    let patient = accept_for(&scene, 0, "patient", millis(5000));
    scene.run_until(start + millis(600));
    let usual = scene.accept(0, "usual");
    scene.run_until(start + millis(1599));
    assert!(!usual.is_settled());
    scene.run_until(start + millis(1600));
    assert_eq!(lost(usual).0, Certainty::NotWritten);
    assert!(!patient.is_settled());
}

#[test]
fn a_record_with_more_time_outlives_its_batch() {
    let mut scene = throttled(ProducerConfig { delivery_timeout: millis(1000), ..no_linger() }, 3000);
    let start = scene.now();
    let usual = scene.send("usual");
    let patient = accept_for(&scene, 0, "patient", millis(5000));
    scene.run_until(start + millis(1000));
    assert_eq!(lost(usual).0, Certainty::NotWritten);
    assert!(!patient.is_settled());
    scene.run_until(start + millis(3000));
    scene.serve_all();
    assert_eq!(scene.logs[&0].values, ["first", "patient"]);
    assert_eq!(offset(patient), 1);
    // And it ends by its own.
    let (_, patient) = (scene.down.insert(1), accept_for(&scene, 0, "late", millis(5000)));
    let connection = scene.world.connection_to("n1");
    scene.cut(connection);
    let start = scene.now();
    scene.run_until(start + millis(4999));
    assert!(!patient.is_settled());
    scene.run_until(start + millis(5000));
    assert_eq!(lost(patient).0, Certainty::NotWritten);
}

#[test]
fn a_record_that_expires_in_flight_is_possibly_written_and_its_batch_goes_on() {
    let mut scene = Scene::new(ProducerConfig::default(), 1, 1);
    let kept = scene.accept(0, "kept");
    let hurried = accept_for(&scene, 0, "hurried", millis(300));
    let also = scene.accept(0, "also");
    let mut flush = scene.edge.flush(scene.now() + millis(20_000));
    scene.advance(millis(300));
    let (certainty, cause) = lost(hurried);
    assert_eq!(certainty, Certainty::PossiblyWritten);
    assert!(matches!(cause, Cause::Expired { timeout, .. } if timeout == millis(300)));
    // Sent again after a failure: the batch keeps its bytes, and its order.
    let (_, request) = scene.next_request();
    scene.refuse(&request, ErrorCode::REQUEST_TIMED_OUT);
    scene.advance(millis(500));
    let (_, again) = scene.next_request();
    assert_eq!(Scene::header(&again), Scene::header(&request));
    scene.serve(&again);
    assert_eq!((offset(kept), offset(also)), (0, 2));
    let tally = Tally { written: 2, possibly_written: 1, not_written: 0 };
    assert_eq!(answer(&mut flush).settled, tally);
}

#[test]
fn pieces_of_a_split_batch_keep_the_deadlines_and_the_ends_of_their_records() {
    let mut scene = Scene::new(ProducerConfig::default(), 1, 1);
    let cut = scene.accept(0, "cut");
    let first = accept_for(&scene, 0, "0", millis(100));
    let rest: Vec<_> = (1..3).map(|n| scene.accept(0, &n.to_string())).collect();
    let last = accept_for(&scene, 0, "3", millis(700));
    assert!(cut.cancel());
    let mut flush = scene.edge.flush(scene.now() + millis(20_000));
    scene.advance(millis(100));
    assert_eq!(lost(first).0, Certainty::PossiblyWritten);
    let (_, request) = scene.next_request();
    scene.refuse(&request, ErrorCode::MESSAGE_TOO_LARGE);
    let (_, low) = scene.next_request();
    assert_eq!(Scene::values(&low), ["0", "1"]);
    scene.advance(millis(600));
    assert_eq!(lost(last).0, Certainty::PossiblyWritten);
    scene.serve(&low);
    scene.serve_all();
    assert_eq!(offsets(rest), [1, 2]);
    let tally = Tally { written: 2, possibly_written: 2, not_written: 1 };
    assert_eq!(answer(&mut flush).settled, tally);
}

#[test]
fn an_abort_gives_up_everything_at_once_and_the_producer_goes_on() {
    let mut scene = Scene::new(no_linger(), 2, 2);
    let in_flight = scene.send("in flight");
    let (_, request) = scene.next_request();
    scene.down.insert(2);
    let waiting = scene.send_to(1, "waiting");
    let lingering = scene.accept(1, "lingering");
    assert!(scene.accept(1, "cancelled").cancel());
    let mut abort = scene.edge.abort();
    scene.pump();
    let settled = Tally { written: 0, not_written: 2, possibly_written: 1 };
    assert_eq!(answer(&mut abort), AbandonReport { settled });
    assert_eq!(lost(in_flight), (Certainty::PossiblyWritten, Cause::Aborted));
    assert_eq!(lost(waiting), (Certainty::NotWritten, Cause::Aborted));
    assert_eq!(lost(lingering), (Certainty::NotWritten, Cause::Aborted));
    // It was written after all: nothing is out of step.
    let next = scene.send("next");
    scene.serve(&request);
    scene.serve_all();
    assert_eq!(offset(next), 1);
    assert_eq!(scene.logs[&0].values, ["in flight", "next"]);
    assert_eq!(scene.edge.free_bytes(), ProducerConfig::default().memory_bytes);
}

#[test]
fn a_purge_gives_up_one_topic() {
    let mut scene = throttled(no_linger(), 5000);
    let others = scene.edge.topic(&TopicName::from("others"));
    let mut topic = scene.view.topics[0].clone();
    topic.name = Some(TopicName::from("others"));
    topic.topic_id.0[0] = b'x';
    scene.view.topics.push(topic);
    scene.refresh();
    let record = NewRecord { value: Some(b"kept"), partition: Some(0), ..NewRecord::default() };
    let kept = others.try_append(&record, || scene.world.now).unwrap();
    let purged = scene.send("purged");
    let mut purge = scene.edge.purge(&TopicName::from(TOPIC));
    scene.pump();
    assert_eq!(answer(&mut purge).settled, Tally { not_written: 1, ..Tally::default() });
    assert_eq!(lost(purged), (Certainty::NotWritten, Cause::Purged));
    assert!(!kept.is_settled());
    let mut nothing = scene.edge.purge(&TopicName::from("nothing"));
    scene.pump();
    assert_eq!(answer(&mut nothing), AbandonReport::default());
}

#[test]
fn a_close_counts_records_that_ended_on_their_own() {
    let mut scene = throttled(no_linger(), 10_000);
    let _kept = scene.send("kept");
    let _hurried = accept_for(&scene, 0, "hurried", millis(100));
    assert!(scene.accept(0, "cancelled").cancel());
    let mut close = scene.edge.close(scene.now() + millis(500));
    scene.advance(millis(500));
    let settled = Tally { written: 0, not_written: 3, possibly_written: 0 };
    assert_eq!(answer(&mut close), CloseReport { settled });
}

/// Sends another record when it is woken, as a sender does that heard of an outcome.
struct SendsAgain {
    orders: TopicHandle,
    now: Instant,
}

impl std::task::Wake for SendsAgain {
    fn wake(self: std::sync::Arc<Self>) {
        let record = NewRecord { value: Some(b"later"), partition: Some(0), ..NewRecord::default() };
        self.orders.try_append(&record, || self.now).unwrap();
    }
}

#[test]
fn a_record_sent_in_return_for_an_outcome_comes_after_the_abort() {
    let mut scene = Scene::new(ProducerConfig { linger: millis(50), ..ProducerConfig::default() }, 1, 1);
    let waker = std::sync::Arc::new(SendsAgain { orders: scene.orders.clone(), now: scene.now() }).into();
    let mut first = scene.accept(0, "first");
    assert!(first.poll_settled(&mut Context::from_waker(&waker)).is_pending());
    let _report = scene.edge.abort();
    scene.pump();
    assert_eq!(lost(first), (Certainty::NotWritten, Cause::Aborted));
    scene.advance(millis(50));
    scene.serve_all();
    assert_eq!(scene.logs[&0].values, ["later"]);
}
