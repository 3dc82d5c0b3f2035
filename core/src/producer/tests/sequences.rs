//! Numbers that are used up, lost, wrong or at their end.

use super::*;
use crate::core::Waiting;
use crate::wait::WaitReason;

fn short() -> ProducerConfig {
    ProducerConfig { delivery_timeout: millis(1000), ..no_linger() }
}

fn stamp(request: &Received) -> (ProducerId, ProducerEpoch, i32) {
    let header = Scene::header(request);
    (header.producer_id, header.producer_epoch, header.base_sequence)
}

#[test]
fn numbers_begin_again_at_zero_after_the_largest() {
    let mut scene = Scene::new(ProducerConfig::default(), 1, 1);
    let first = scene.send("0");
    scene.advance(millis(5));
    scene.serve_all();
    // As if two thousand million records had gone before.
    let producer = scene.world.core.parts().producers.only();
    producer.partitions[0].sequence.go_on_at(i32::MAX - 1);
    scene.logs.get_mut(&0).unwrap().next_sequence = i32::MAX - 1;
    let batch: Vec<_> = (1..4).map(|n| scene.accept(0, &n.to_string())).collect();
    scene.advance(millis(5));
    let (_, request) = scene.next_request();
    assert_eq!(Scene::header(&request).base_sequence, i32::MAX - 1);
    scene.serve(&request);
    let last = scene.send("4");
    scene.advance(millis(5));
    let (_, request) = scene.next_request();
    // MAX - 1, MAX and 0 are used up.
    assert_eq!(stamp(&request), (ProducerId(7), ProducerEpoch(0), 1));
    scene.serve(&request);
    let offsets: Vec<_> = [first].into_iter().chain(batch).chain([last]).map(offset).collect();
    assert_eq!(offsets, [0, 1, 2, 3, 4]);
}

#[test]
fn a_producer_whose_epochs_are_used_up_gets_another_id() {
    let mut scene = Scene::with_identity(no_linger(), 1, 1, None);
    scene.next_identity = (ProducerId(7), ProducerEpoch(i16::MAX));
    scene.identity = Some(ErrorCode::NONE);
    let refused = scene.send("bad");
    let behind = scene.send("good");
    let (_, request) = scene.next_request();
    assert_eq!(stamp(&request).1, ProducerEpoch(i16::MAX));
    scene.next_identity = (ProducerId(8), ProducerEpoch(0));
    scene.identity = None;
    scene.refuse(&request, ErrorCode::INVALID_RECORD);
    let (_, early) = scene.next_request();
    scene.refuse(&early, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert_eq!(lost(refused).0, Certainty::NotWritten);
    let waiting = scene.world.core.explain(scene.now());
    assert!(matches!(waiting[..], [Waiting { reason: WaitReason::ProducerId, .. }]), "{waiting:?}");
    scene.identity = Some(ErrorCode::NONE);
    scene.pump();
    let (_, request) = scene.next_request();
    assert_eq!(stamp(&request), (ProducerId(8), ProducerEpoch(0), 0));
    scene.serve(&request);
    assert_eq!(offset(behind), 0);
}

#[test]
fn a_broker_that_does_not_know_the_producer_gets_a_new_epoch() {
    for code in [
        ErrorCode::UNKNOWN_PRODUCER_ID,
        ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER,
        ErrorCode::INVALID_PRODUCER_EPOCH,
        ErrorCode::INVALID_PRODUCER_ID_MAPPING,
    ] {
        let mut scene = Scene::new(no_linger(), 1, 1);
        let first = scene.send("0");
        scene.serve_all();
        let delivery = scene.send("1");
        let (_, request) = scene.next_request();
        scene.refuse(&request, code);
        let (_, request) = scene.next_request();
        assert_eq!(stamp(&request), (ProducerId(7), ProducerEpoch(1), 0), "{code}");
        scene.serve(&request);
        assert_eq!((offset(first), offset(delivery)), (0, 1));
    }
}

#[test]
fn other_partitions_adopt_the_new_epoch_when_they_have_nothing_in_flight() {
    let mut scene = Scene::begun(no_linger(), 2, 2);
    let _slow = scene.send_to(1, "0");
    let (_, unanswered) = scene.next_request();
    let _refused = scene.send("bad");
    let _behind = scene.send("good");
    let (_, bad) = scene.next_request();
    scene.refuse(&bad, ErrorCode::INVALID_RECORD);
    let (_, early) = scene.next_request();
    scene.refuse(&early, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    let (_, again) = scene.next_request();
    assert_eq!(stamp(&again).1, ProducerEpoch(1));
    scene.serve(&again);
    // The other partition goes on under the old epoch as long as something of it is unanswered.
    let _next = scene.send_to(1, "1");
    let (_, request) = scene.next_request();
    assert_eq!(stamp(&request), (ProducerId(7), ProducerEpoch(0), 2));
    scene.serve(&unanswered);
    scene.serve(&request);
    let _last = scene.send_to(1, "2");
    let (_, request) = scene.next_request();
    assert_eq!(stamp(&request), (ProducerId(7), ProducerEpoch(1), 0));
    scene.serve(&request);
    assert_eq!(scene.logs[&1].values, ["0", "1", "2"]);
}

/// The first of two unanswered batches expires, then the connection breaks: only the broker knows what arrived.
fn expired_and_cut(appended: usize) -> (Scene, Delivery) {
    let mut scene = Scene::begun(short(), 1, 1);
    let first = scene.send("0");
    scene.advance(millis(600));
    let second = scene.send("1");
    for (_, request) in scene.pending.clone().iter().take(appended) {
        let data = request.read::<ProduceRequest>().topic_data[0].partition_data[0].clone();
        assert_eq!(scene.logs.entry(0).or_default().append(&data).0, ErrorCode::NONE);
    }
    scene.advance(millis(400));
    assert_eq!(lost(first).0, Certainty::PossiblyWritten);
    assert!(!scene.world.closed.contains(&scene.pending[0].1.connection), "the connection lives on");
    let connection = scene.pending[0].1.connection;
    scene.cut(connection);
    scene.advance(millis(200));
    (scene, second)
}

#[test]
fn a_batch_behind_an_expired_one_is_asked_about_before_a_new_epoch() {
    // The broker has the expired one: what is behind it is simply next, and nothing is out of step.
    for appended in [1, 2] {
        let (mut scene, second) = expired_and_cut(appended);
        let (_, request) = scene.next_request();
        assert_eq!(stamp(&request), (ProducerId(7), ProducerEpoch(0), 2), "as it was");
        scene.serve(&request);
        assert_eq!(offset(second), 1);
        let third = scene.send("2");
        let (_, request) = scene.next_request();
        assert_eq!(stamp(&request), (ProducerId(7), ProducerEpoch(0), 3));
        scene.serve(&request);
        assert_eq!(offset(third), 2);
        assert_eq!(scene.logs[&0].values, ["0", "1", "2"]);
    }
}

#[test]
fn a_batch_behind_a_gap_that_may_have_been_written_is_never_given_other_numbers() {
    // The broker has neither: the second one's first attempt has no known end, so it is not sent as another.
    let (mut scene, second) = expired_and_cut(0);
    let third = scene.send("2");
    let (_, request) = scene.next_request();
    scene.serve(&request);
    assert_eq!(lost(second), (Certainty::PossiblyWritten, Cause::SequenceGap));
    let (_, request) = scene.next_request();
    assert_eq!(stamp(&request), (ProducerId(7), ProducerEpoch(1), 0));
    scene.serve(&request);
    assert_eq!(offset(third), 0);
    assert_eq!(scene.logs[&0].values, ["2"]);
}

#[test]
fn an_expired_batch_keeps_its_slot_until_its_answer() {
    let mut scene = Scene::begun(short(), 1, 1);
    let deliveries: Vec<_> = (0..5).map(|n| scene.send(&n.to_string())).collect();
    assert_eq!(scene.pending.len(), 5);
    scene.advance(millis(1000));
    assert!(deliveries.iter().all(Delivery::is_settled));
    let next = scene.send("5");
    assert_eq!(scene.pending.len(), 5, "five are unanswered still");
    let (_, request) = scene.next_request();
    scene.serve(&request);
    assert_eq!(scene.pending.len(), 5);
    scene.serve_all();
    assert_eq!(offset(next), 5);
    for delivery in deliveries {
        assert_eq!(lost(delivery).0, Certainty::PossiblyWritten);
    }
}
