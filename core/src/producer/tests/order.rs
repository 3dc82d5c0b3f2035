use super::*;
use crate::producer::Acks;

#[test]
fn a_record_goes_out_and_comes_back_as_an_offset() {
    let mut scene = Scene::new(no_linger(), 1, 1);
    let delivery = scene.send("a");
    assert!(!delivery.is_settled());
    let (node, request) = scene.next_request();
    assert_eq!(node, 1);
    let header = Scene::header(&request);
    assert_eq!(
        (header.producer_id, header.producer_epoch, header.base_sequence),
        (ProducerId(7), ProducerEpoch(0), 0)
    );
    scene.serve(&request);
    assert!(delivery.is_settled());
    assert_eq!(offset(delivery), 0);
    assert!(scene.world.core.explain(scene.world.now).is_empty());
}

#[test]
fn records_within_the_linger_share_a_batch() {
    let mut scene = Scene::new(ProducerConfig::default(), 1, 1);
    let deliveries: Vec<_> = (0..3).map(|n| scene.send(&n.to_string())).collect();
    assert!(scene.pending.is_empty());
    scene.advance(millis(4));
    assert!(scene.pending.is_empty());
    scene.advance(millis(1));
    let (_, request) = scene.next_request();
    assert_eq!(Scene::values(&request), ["0", "1", "2"]);
    scene.serve(&request);
    assert_eq!(deliveries.into_iter().map(offset).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn five_batches_of_a_partition_are_in_flight_and_no_more() {
    let mut scene = Scene::begun(no_linger(), 1, 1);
    let deliveries: Vec<_> = (0..8).map(|n| scene.send(&n.to_string())).collect();
    assert_eq!(scene.pending.len(), 5);
    let waiting = scene.world.core.explain(scene.world.now);
    let reasons: Vec<_> = waiting.iter().map(|one| one.reason.kind()).collect();
    assert_eq!(reasons, ["AnswerDue", "EarlierBatch"]);
    let sequences: Vec<_> = scene.pending.iter().map(|(_, r)| Scene::header(r).base_sequence).collect();
    assert_eq!(sequences, [1, 2, 3, 4, 5]);
    scene.serve_all();
    // What waited for a place in flight went together.
    assert_eq!(scene.logs[&0].values, ["0", "1", "2", "3", "4", "5", "6", "7"]);
    assert_eq!(deliveries.into_iter().map(offset).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn the_first_batch_of_a_sequence_goes_alone() {
    let mut scene = Scene::new(no_linger(), 1, 1);
    let deliveries: Vec<_> = (0..3).map(|n| scene.send(&n.to_string())).collect();
    // A broker that does not know the producer takes any sequence: with the second batch in its hands it would
    // never take the first.
    let (_, first) = scene.next_request();
    assert!(scene.pending.is_empty());
    scene.refuse(&first, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    scene.advance(millis(1000));
    scene.serve_all();
    assert_eq!(scene.logs[&0].values, ["0", "1", "2"]);
    assert_eq!(deliveries.into_iter().map(offset).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn a_failure_in_the_middle_keeps_the_order_and_the_stamps() {
    let mut scene = Scene::begun(no_linger(), 1, 1);
    let deliveries: Vec<_> = (0..5).map(|n| scene.send(&n.to_string())).collect();
    let requests: Vec<_> = std::mem::take(&mut scene.pending);
    scene.serve(&requests[0].1);
    // The second is refused before the append; those behind it find a gap.
    scene.refuse(&requests[1].1, ErrorCode::NOT_ENOUGH_REPLICAS);
    for (_, request) in &requests[2..] {
        scene.serve(request);
    }
    assert_eq!(scene.logs[&0].values, ["0"]);
    assert!(scene.pending.is_empty(), "nothing goes out before the back-off is over");
    scene.advance(millis(200));
    let (_, again) = scene.next_request();
    assert!(scene.pending.is_empty(), "resent one at a time");
    assert_eq!(Scene::values(&again), ["1"]);
    assert_eq!(Scene::header(&again), Scene::header(&requests[1].1), "a resent batch keeps its stamp");
    scene.serve(&again);
    scene.serve_all();
    assert_eq!(scene.logs[&0].values, ["0", "1", "2", "3", "4"]);
    assert_eq!(deliveries.into_iter().map(offset).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
}

#[test]
fn a_refused_batch_in_the_middle_bumps_the_epoch_and_loses_nothing_else() {
    let mut scene = Scene::begun(no_linger(), 1, 1);
    let mut deliveries: Vec<_> = (0..4).map(|n| scene.send(&n.to_string())).collect();
    let requests: Vec<_> = std::mem::take(&mut scene.pending);
    scene.serve(&requests[0].1);
    scene.refuse(&requests[1].1, ErrorCode::INVALID_RECORD);
    for (_, request) in &requests[2..] {
        scene.serve(request);
    }
    let (certainty, cause) = lost(deliveries.remove(1));
    assert_eq!(certainty, Certainty::NotWritten);
    assert_eq!(cause, Cause::Refused { code: ErrorCode::INVALID_RECORD, message: None });
    let (_, again) = scene.next_request();
    let header = Scene::header(&again);
    assert_eq!((header.producer_epoch, header.base_sequence), (ProducerEpoch(1), 0));
    scene.serve(&again);
    scene.serve_all();
    assert_eq!(scene.logs[&0].values, ["0", "2", "3"]);
    assert_eq!(deliveries.into_iter().map(offset).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn a_refused_batch_at_the_end_gives_its_numbers_back() {
    let mut scene = Scene::new(no_linger(), 1, 1);
    let refused = scene.send("bad");
    let (_, request) = scene.next_request();
    scene.refuse(&request, ErrorCode::INVALID_RECORD);
    assert_eq!(lost(refused).0, Certainty::NotWritten);
    let next = scene.send("good");
    let (_, request) = scene.next_request();
    let header = Scene::header(&request);
    assert_eq!((header.producer_epoch, header.base_sequence), (ProducerEpoch(0), 0));
    scene.serve(&request);
    assert_eq!(offset(next), 0);
}

#[test]
fn an_answer_lost_after_the_append_makes_no_duplicate() {
    let mut scene = Scene::new(no_linger(), 1, 1);
    let deliveries: Vec<_> = (0..3).map(|n| scene.send(&n.to_string())).collect();
    // The broker appends the first two, and the connection breaks before it can say so.
    for (_, request) in scene.pending.clone().iter().take(2) {
        let data = request.read::<ProduceRequest>().topic_data[0].partition_data[0].clone();
        assert_eq!(scene.logs.entry(0).or_default().append(&data).0, ErrorCode::NONE);
    }
    let connection = scene.pending[0].1.connection;
    scene.cut(connection);
    scene.advance(millis(2000));
    scene.serve_all();
    scene.advance(millis(2000));
    scene.serve_all();
    assert_eq!(scene.logs[&0].values, ["0", "1", "2"]);
    assert_eq!(deliveries.into_iter().map(offset).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn a_duplicate_that_the_broker_has_forgotten_is_a_success_without_an_offset() {
    let mut scene = Scene::new(no_linger(), 1, 1);
    let delivery = scene.send("a");
    let (_, request) = scene.next_request();
    scene.refuse(&request, ErrorCode::DUPLICATE_SEQUENCE_NUMBER);
    assert_eq!(settled(delivery).result.unwrap().offset, None);
}

#[test]
fn a_moved_leader_gets_queued_and_unanswered_batches_at_once() {
    let mut scene = Scene::new(no_linger(), 2, 1);
    let first = scene.send("0");
    let (node, unanswered) = scene.next_request();
    assert_eq!(node, 1);
    scene.move_leader(2, 2);
    scene.refresh();
    let (node, request) = scene.next_request();
    assert_eq!(node, 2);
    assert_eq!(Scene::values(&request), ["0"]);
    let second = scene.send("1");
    scene.serve(&request);
    scene.serve_all();
    assert_eq!(scene.logs[&0].values, ["0", "1"]);
    assert_eq!((offset(first), offset(second)), (0, 1));
    // The old leader's late answer changes nothing.
    scene.refuse(&unanswered, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    assert!(scene.pending.is_empty());
}

#[test]
fn a_stale_leader_is_looked_for_and_the_batch_follows() {
    let mut scene = Scene::new(no_linger(), 2, 1);
    scene.advance(millis(200));
    let delivery = scene.send("0");
    let (_, request) = scene.next_request();
    scene.move_leader(2, 2);
    scene.refuse(&request, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    scene.advance(millis(5));
    let (node, request) = scene.next_request();
    assert_eq!(node, 2, "the new leader is known, so no back-off is waited out");
    scene.serve(&request);
    assert_eq!(offset(delivery), 0);
}

#[test]
fn too_large_a_batch_is_split_until_it_fits() {
    let mut scene = Scene::new(ProducerConfig::default(), 1, 1);
    let deliveries: Vec<_> = (0..5).map(|n| scene.accept(0, &n.to_string())).collect();
    scene.advance(millis(5));
    let (_, request) = scene.next_request();
    assert_eq!(Scene::values(&request).len(), 5);
    scene.refuse(&request, ErrorCode::MESSAGE_TOO_LARGE);
    let (_, half) = scene.next_request();
    assert_eq!(Scene::values(&half), ["0", "1"]);
    assert_eq!(Scene::header(&half).base_sequence, 0);
    scene.serve(&half);
    let (_, half) = scene.next_request();
    assert_eq!(Scene::values(&half), ["2", "3", "4"]);
    assert_eq!(Scene::header(&half).base_sequence, 2);
    // The broker has another code for the same.
    scene.refuse(&half, ErrorCode::RECORD_LIST_TOO_LARGE);
    scene.serve_all();
    assert_eq!(scene.logs[&0].values, ["0", "1", "2", "3", "4"]);
    assert_eq!(deliveries.into_iter().map(offset).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
}

#[test]
fn pieces_of_a_split_batch_keep_their_order_when_one_is_repeated() {
    for acks in [Acks::All, Acks::Leader] {
        let mut scene = Scene::new(ProducerConfig { acks, ..ProducerConfig::default() }, 1, 1);
        let deliveries: Vec<_> = (0..4).map(|n| scene.accept(0, &n.to_string())).collect();
        scene.advance(millis(5));
        let (_, request) = scene.next_request();
        scene.refuse(&request, ErrorCode::MESSAGE_TOO_LARGE);
        let (_, half) = scene.next_request();
        assert_eq!(Scene::values(&half), ["0", "1"]);
        scene.refuse(&half, ErrorCode::NOT_ENOUGH_REPLICAS);
        scene.advance(millis(200));
        let (_, half) = scene.next_request();
        assert_eq!(Scene::values(&half), ["0", "1"], "{acks:?}");
        scene.serve(&half);
        scene.serve_all();
        assert_eq!(deliveries.into_iter().map(offset).collect::<Vec<_>>(), [0, 1, 2, 3]);
    }
}

#[test]
fn a_record_that_is_too_large_fails_alone() {
    let mut scene = Scene::new(ProducerConfig::default(), 1, 1);
    let mut deliveries: Vec<_> = (0..4).map(|n| scene.accept(0, &n.to_string())).collect();
    scene.advance(millis(5));
    while !scene.pending.is_empty() {
        let (_, request) = scene.next_request();
        if Scene::values(&request).contains(&"2".to_owned()) {
            scene.refuse(&request, ErrorCode::MESSAGE_TOO_LARGE);
        } else {
            scene.serve(&request);
        }
    }
    let cause = Cause::Refused { code: ErrorCode::MESSAGE_TOO_LARGE, message: None };
    assert_eq!(lost(deliveries.remove(2)), (Certainty::NotWritten, cause));
    assert_eq!(scene.logs[&0].values, ["0", "1", "3"]);
    assert_eq!(deliveries.into_iter().map(offset).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn a_single_record_that_is_too_large_is_refused() {
    let mut scene = Scene::new(no_linger(), 1, 1);
    let delivery = scene.send("huge");
    let (_, request) = scene.next_request();
    scene.refuse(&request, ErrorCode::MESSAGE_TOO_LARGE);
    let (certainty, cause) = lost(delivery);
    assert_eq!(certainty, Certainty::NotWritten);
    assert_eq!(cause, Cause::Refused { code: ErrorCode::MESSAGE_TOO_LARGE, message: None });
}

#[test]
fn a_cancelled_record_is_cut_out_before_the_first_write() {
    let mut scene = Scene::new(ProducerConfig::default(), 1, 1);
    let mut deliveries: Vec<_> = (0..4).map(|n| scene.accept(0, &n.to_string())).collect();
    let cancelled = deliveries.remove(1);
    assert!(cancelled.cancel());
    assert!(cancelled.cancel(), "a second time changes nothing");
    scene.advance(millis(5));
    assert!(!deliveries[0].cancel(), "too late once it is in a request");
    scene.serve_all();
    assert_eq!(scene.logs[&0].values, ["0", "2", "3"]);
    assert_eq!(deliveries.into_iter().map(offset).collect::<Vec<_>>(), [0, 1, 2]);
    let (certainty, cause) = lost(cancelled);
    assert_eq!((certainty, cause), (Certainty::NotWritten, Cause::Cancelled));
}

#[test]
fn a_batch_whose_records_are_all_cancelled_is_never_sent() {
    let mut scene = Scene::new(ProducerConfig::default(), 1, 1);
    let delivery = scene.accept(0, "a");
    assert!(delivery.cancel());
    scene.advance(millis(50));
    assert!(scene.pending.is_empty());
    assert!(scene.world.core.explain(scene.world.now).is_empty());
    assert_eq!(scene.edge.free_bytes(), ProducerConfig::default().memory_bytes);
}

#[test]
fn without_idempotence_one_batch_is_in_flight_and_acks_0_ends_with_the_write() {
    let config = ProducerConfig { acks: Acks::Leader, ..no_linger() };
    let mut scene = Scene::new(config, 1, 1);
    let first = scene.send("0");
    let second = scene.send("1");
    assert_eq!(scene.pending.len(), 1);
    assert!(Scene::header(&scene.pending[0].1).producer_id.is_none());
    scene.serve_all();
    assert_eq!((offset(first), offset(second)), (0, 1));

    let mut scene = Scene::new(ProducerConfig { acks: Acks::None, ..no_linger() }, 1, 1);
    let delivery = scene.send("0");
    assert_eq!(scene.pending.len(), 1);
    assert_eq!(settled(delivery).result.unwrap().offset, None);
}

#[test]
fn partitions_of_one_leader_share_a_request() {
    let mut scene = Scene::new(ProducerConfig::default(), 1, 3);
    let deliveries: Vec<_> = (0..3).map(|p| scene.accept(p, "x")).collect();
    scene.advance(millis(5));
    let (_, request) = scene.next_request();
    assert!(scene.pending.is_empty());
    assert_eq!(request.read::<ProduceRequest>().topic_data[0].partition_data.len(), 3);
    scene.serve(&request);
    assert!(deliveries.into_iter().all(|delivery| offset(delivery) == 0));
}

#[test]
fn without_sequences_one_lost_batch_takes_no_other_along() {
    let config = ProducerConfig { acks: Acks::Leader, ..ProducerConfig::default() };
    let mut scene = Scene::new(config, 1, 1);
    let lost_one = scene.accept(0, "0");
    let kept = scene.accept(0, "1");
    scene.advance(millis(5));
    let (_, request) = scene.next_request();
    scene.refuse(&request, ErrorCode::REQUEST_TIMED_OUT);
    scene.advance(millis(500));
    let (_, request) = scene.next_request();
    scene.refuse(&request, ErrorCode::MESSAGE_TOO_LARGE);
    let (_, half) = scene.next_request();
    scene.refuse(&half, ErrorCode::INVALID_RECORD);
    assert_eq!(lost(lost_one).0, Certainty::PossiblyWritten);
    scene.serve_all();
    assert_eq!(offset(kept), 0);
}

#[test]
fn a_broker_that_finds_every_sequence_wrong_is_not_hammered() {
    let mut scene = Scene::new(no_linger(), 1, 1);
    let delivery = scene.send("0");
    let mut attempts = 0;
    let end = scene.now() + ProducerConfig::default().delivery_timeout;
    while !delivery.is_settled() {
        while !scene.pending.is_empty() {
            let (_, request) = scene.next_request();
            scene.refuse(&request, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
            attempts += 1;
        }
        scene.advance(millis(50));
        assert!(scene.now() <= end + millis(50));
    }
    assert!((50..400).contains(&attempts), "{attempts} attempts in two minutes");
    assert_eq!(lost(delivery).0, Certainty::NotWritten);
}

#[test]
fn a_partition_that_moved_waits_for_its_new_leader_alone() {
    let mut scene = Scene::new(no_linger(), 2, 3);
    scene.down.extend([1, 2]);
    // Partition 0 stands behind partition 2 in the queue of node 1.
    let _deliveries = [2, 0].map(|partition| scene.send_to(partition, "v"));
    scene.move_leader(2, 2);
    scene.refresh();
    for _ in 0..50 {
        scene.advance(millis(100));
        let waiting = scene.world.core.explain(scene.world.now);
        let moved = waiting.iter().find(|waiting| waiting.partition == Some(0)).unwrap();
        assert_eq!(moved.reason.node(), Some(BrokerId(2)), "{moved:?}");
    }
}

#[test]
fn a_leader_that_moves_away_from_a_dead_node_is_found_before_the_next_attempt_to_reach_that() {
    for moved_after in 0..20 {
        let mut scene = Scene::new(no_linger(), 2, 1);
        scene.down.insert(1);
        let _delivery = scene.send("0");
        // The attempts to reach the node are a second apart by now.
        scene.advance(millis(6000 + 77 * moved_after));
        scene.move_leader(2, 2);
        let begin = scene.now();
        while scene.pending.is_empty() {
            scene.advance(millis(10));
            assert!(scene.now() < begin + millis(700), "moved after {moved_after}");
        }
        assert_eq!(scene.next_request().0, 2);
    }
}
