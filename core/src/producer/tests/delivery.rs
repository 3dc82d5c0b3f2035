use super::*;
use crate::producer::{CloseReport, FlushReport, Tally};
use crate::wait::WaitReason;

fn short(timeout_ms: u64) -> ProducerConfig {
    ProducerConfig { delivery_timeout: millis(timeout_ms), ..no_linger() }
}

fn answer<T>(completion: &mut crate::producer::Completion<T>) -> Option<T> {
    match completion.poll_answer(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("no answer yet"),
    }
}

fn expiry(cause: Cause) -> (WaitReason, Option<ErrorCode>) {
    match cause {
        Cause::Expired { waiting_for, last_error, .. } => (waiting_for, last_error),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_never_left_expires_as_not_written_and_says_why() {
    let mut scene = Scene::new(short(1000), 1, 1);
    let _first = scene.send("0");
    let (_, request) = scene.next_request();
    scene.serve_throttled(&request, 60_000);
    let delivery = scene.send("1");
    scene.advance(millis(999));
    assert!(!delivery.is_settled());
    scene.advance(millis(1));
    let latency = settled(delivery);
    assert_eq!(latency.latency.total(), millis(1000));
    let undelivered = latency.result.unwrap_err();
    assert_eq!(undelivered.certainty, Certainty::NotWritten);
    let (reason, _) = expiry((*undelivered.cause).clone());
    assert!(matches!(reason, WaitReason::Throttled { node: BrokerId(1), .. }), "{reason:?}");
    // It never had a number, so the next batch needs no new epoch.
    let next = scene.send("2");
    scene.cut(request.connection);
    scene.move_leader(1, 1);
    drop(next);
    assert!(scene.world.core.explain(scene.world.now).iter().all(|waiting| waiting.partition == Some(0)));
}

#[test]
fn what_is_unanswered_expires_as_possibly_written_and_keeps_its_place() {
    let mut scene = Scene::begun(short(1000), 1, 1);
    let first = scene.send("0");
    scene.advance(millis(600));
    let second = scene.send("1");
    let (_, one) = scene.next_request();
    let (_, two) = scene.next_request();
    scene.advance(millis(400));
    let (certainty, cause) = lost(first);
    assert_eq!(certainty, Certainty::PossiblyWritten);
    assert_eq!(expiry(cause).0, WaitReason::AnswerDue { node: BrokerId(1) });
    // The answer comes late: it was written after all, and nothing is out of step.
    scene.serve(&one);
    scene.serve(&two);
    assert_eq!(offset(second), 1);
    let third = scene.send("2");
    let (_, request) = scene.next_request();
    assert_eq!(Scene::header(&request).producer_epoch, ProducerEpoch(0));
    scene.serve(&request);
    assert_eq!(offset(third), 2);
}

#[test]
fn a_batch_expires_to_the_point_though_the_timer_was_set_for_one_before_it() {
    let mut scene = Scene::new(short(1000), 1, 1);
    let written = scene.send("written");
    scene.serve_all();
    assert_eq!(offset(written), 0);
    scene.advance(millis(400));
    let late = scene.send("late");
    // The first one's time is up, then the second one's.
    for (passes, expired) in [(600, false), (399, false), (1, true)] {
        scene.advance(millis(passes));
        assert_eq!(late.is_settled(), expired, "after {passes} ms more");
    }
}

#[test]
fn a_record_with_little_time_expires_to_the_point_though_the_timer_was_set_for_another() {
    let mut scene = Scene::new(short(1000), 1, 1);
    let _waits = scene.send("waits");
    scene.advance(millis(100));
    let record = NewRecord {
        value: Some(b"hasty"),
        partition: Some(0),
        delivery_timeout: Some(millis(50)),
        ..NewRecord::default()
    };
    let hasty = scene.orders.try_append(&record, || scene.world.now).unwrap();
    for (passes, expired) in [(49, false), (1, true)] {
        scene.advance(millis(passes));
        assert_eq!(hasty.is_settled(), expired, "after {passes} ms more");
    }
}

#[test]
fn a_gap_left_by_an_expired_batch_is_mended_by_a_new_epoch() {
    let mut scene = Scene::new(short(1000), 1, 1);
    let first = scene.send("0");
    let (_, one) = scene.next_request();
    scene.advance(millis(1000));
    assert_eq!(lost(first).0, Certainty::PossiblyWritten);
    scene.refuse(&one, ErrorCode::NOT_ENOUGH_REPLICAS);
    let second = scene.send("1");
    let (_, request) = scene.next_request();
    let header = Scene::header(&request);
    assert_eq!((header.producer_epoch, header.base_sequence), (ProducerEpoch(1), 0));
    scene.serve(&request);
    assert_eq!(offset(second), 0);
    assert_eq!(scene.logs[&0].values, ["1"]);
}

#[test]
fn certainty_follows_the_history_of_the_attempts() {
    // (what the attempts meet, whether it can have been written)
    let cases: [(&[Option<ErrorCode>], Certainty); 6] = [
        (&[Some(ErrorCode::NOT_ENOUGH_REPLICAS)], Certainty::NotWritten),
        (&[Some(ErrorCode::REQUEST_TIMED_OUT)], Certainty::PossiblyWritten),
        (&[Some(ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND)], Certainty::PossiblyWritten),
        (&[None], Certainty::PossiblyWritten),
        (&[None, Some(ErrorCode::NOT_ENOUGH_REPLICAS)], Certainty::PossiblyWritten),
        (
            &[Some(ErrorCode::NOT_ENOUGH_REPLICAS), Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)],
            Certainty::NotWritten,
        ),
    ];
    for (attempts, expected) in cases {
        let mut scene = Scene::new(short(10_000), 1, 1);
        let delivery = scene.send("0");
        for attempt in attempts {
            let (_, request) = scene.next_request();
            match attempt {
                Some(code) => scene.refuse(&request, *code),
                None => scene.cut(request.connection),
            }
            scene.advance(millis(1500));
        }
        // The last attempt waits for an answer until the end, unless it fails like this.
        let (_, request) = scene.next_request();
        scene.refuse(&request, ErrorCode::NOT_ENOUGH_REPLICAS);
        scene.down.insert(1);
        scene.cut(request.connection);
        scene.advance(millis(10_000));
        assert_eq!(lost(delivery).0, expected, "{attempts:?}");
    }
}

#[test]
fn a_fatal_code_after_an_uncertain_attempt_stays_uncertain() {
    let mut scene = Scene::new(no_linger(), 1, 1);
    let delivery = scene.send("0");
    let (_, request) = scene.next_request();
    scene.refuse(&request, ErrorCode::REQUEST_TIMED_OUT);
    scene.advance(millis(500));
    let (_, request) = scene.next_request();
    scene.refuse(&request, ErrorCode::TOPIC_AUTHORIZATION_FAILED);
    let (certainty, cause) = lost(delivery);
    assert_eq!(certainty, Certainty::PossiblyWritten);
    assert_eq!(cause, Cause::Refused { code: ErrorCode::TOPIC_AUTHORIZATION_FAILED, message: None });
}

#[test]
fn a_flush_ends_the_linger_and_reports() {
    let mut scene = Scene::new(ProducerConfig { linger: millis(10_000), ..no_linger() }, 1, 2);
    let _deliveries = [scene.send_to(0, "0"), scene.send_to(1, "1")];
    assert!(scene.pending.is_empty());
    let mut flush = scene.edge.flush(scene.now() + millis(1000));
    scene.serve_all();
    let tally = Tally { written: 2, ..Tally::default() };
    assert_eq!(answer(&mut flush), Some(FlushReport { settled: tally, waiting: Vec::new() }));
    // Records that come later linger again.
    let _later = scene.send("2");
    assert!(scene.pending.is_empty());
}

#[test]
fn a_flush_of_nothing_is_over_at_once() {
    let mut scene = Scene::new(no_linger(), 1, 1);
    let mut flush = scene.edge.flush(scene.now() + millis(1000));
    scene.pump();
    assert_eq!(answer(&mut flush), Some(FlushReport::default()));
}

#[test]
fn a_flush_that_runs_out_of_time_says_what_still_waits() {
    let mut scene = Scene::new(no_linger(), 1, 1);
    let delivery = scene.send("0");
    let mut flush = scene.edge.flush(scene.now() + millis(300));
    scene.advance(millis(300));
    let report = answer(&mut flush).unwrap();
    assert_eq!(report.settled, Tally::default());
    assert!(matches!(report.waiting[..], [_]), "{report:?}");
    scene.serve_all();
    assert_eq!(offset(delivery), 0, "the flush gave up, not the record");
}

#[test]
fn a_close_under_a_throttle_ends_by_its_deadline_with_true_fates() {
    let mut scene = Scene::begun(no_linger(), 1, 1);
    let acked = scene.send("0");
    let unanswered = scene.send("1");
    let (_, request) = scene.next_request();
    scene.serve_throttled(&request, 10_000);
    let waiting = scene.send("2");
    let mut close = scene.edge.close(scene.now() + millis(500));
    scene.advance(millis(499));
    assert!(!waiting.is_settled());
    scene.advance(millis(1));
    let tally = Tally { written: 0, not_written: 1, possibly_written: 1 };
    assert_eq!(answer(&mut close), Some(CloseReport { settled: tally }));
    assert_eq!(offset(acked), 0);
    assert_eq!(lost(unanswered), (Certainty::PossiblyWritten, Cause::Closed));
    assert_eq!(lost(waiting), (Certainty::NotWritten, Cause::Closed));
    let record = NewRecord { value: Some(b"late"), partition: Some(0), ..NewRecord::default() };
    assert_eq!(
        scene.orders.try_append(&record, || scene.world.now).unwrap_err(),
        crate::producer::Refused::Closed
    );
    assert_eq!(scene.edge.free_bytes(), ProducerConfig::default().memory_bytes);
    assert!(scene.world.core.explain(scene.world.now).is_empty());
}

#[test]
fn a_close_with_time_delivers_everything_first() {
    let mut scene = Scene::new(ProducerConfig { linger: millis(5000), ..no_linger() }, 1, 1);
    let deliveries: Vec<_> = (0..3).map(|n| scene.send(&n.to_string())).collect();
    let mut close = scene.edge.close(scene.now() + millis(1000));
    scene.serve_all();
    let tally = Tally { written: 3, ..Tally::default() };
    assert_eq!(answer(&mut close), Some(CloseReport { settled: tally }));
    assert_eq!(deliveries.into_iter().map(offset).collect::<Vec<_>>(), [0, 1, 2]);
}

#[test]
fn after_the_last_handle_what_was_accepted_is_still_delivered() {
    let mut scene = Scene::new(ProducerConfig::default(), 1, 1);
    let delivery = scene.accept(0, "0");
    scene.edge.detach();
    scene.serve_all();
    assert_eq!(offset(delivery), 0);
}

#[test]
fn latency_parts_add_up_over_a_connection_a_linger_and_a_retry() {
    let mut scene = Scene::new(ProducerConfig { linger: millis(20), ..no_linger() }, 1, 1);
    let started = scene.now();
    let delivery = scene.send("0");
    scene.advance(millis(20));
    let (_, request) = scene.next_request();
    scene.advance(millis(30));
    scene.refuse(&request, ErrorCode::NOT_ENOUGH_REPLICAS);
    scene.advance(millis(300));
    let (_, request) = scene.next_request();
    scene.serve(&request);
    let latency = settled(delivery).latency;
    assert_eq!(latency.total(), scene.now().saturating_duration_since(started));
    assert_eq!(latency.linger, millis(20));
    assert!(latency.retry >= millis(80) && latency.retry <= millis(120), "{latency:?}");
}

#[test]
fn senders_wait_for_an_unknown_topic_and_are_told_when_it_does_not_come() {
    let mut scene = Scene::new(no_linger(), 1, 1);
    let ghosts = scene.edge.topic(&TopicName::from("ghosts"));
    let now = scene.now();
    let record = NewRecord { value: Some(b"boo"), ..NewRecord::default() };
    let refused = ghosts.try_append(&record, || now).unwrap_err();
    assert!(matches!(refused, crate::producer::Refused::Waiting(WaitReason::Metadata { .. })), "{refused:?}");
    let mut unknown = scene.view.topics[0].clone();
    unknown.name = Some(TopicName::from("ghosts"));
    unknown.error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    unknown.topic_id = ottla_proto::TopicId::ZERO;
    unknown.partitions.clear();
    scene.view.topics.push(unknown);
    let mut waiting = crate::producer::AppendWait::default();
    let mut context = Context::from_waker(Waker::noop());
    assert!(ghosts.poll_append(&record, || now, &mut waiting, &mut context).is_pending());
    scene.advance(millis(9_000));
    assert!(ghosts.poll_append(&record, || now, &mut waiting, &mut context).is_pending());
    let reasons = scene.world.core.explain(scene.now());
    assert!(
        matches!(&reasons[..], [one] if one.topic.as_deref() == Some("ghosts") && one.partition.is_none())
    );
    scene.advance(millis(1_500));
    match ghosts.poll_append(&record, || now, &mut waiting, &mut context) {
        Poll::Ready(Err(crate::producer::Refused::Topic(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION))) => {}
        other => panic!("{other:?}"),
    }
    // It comes into being: the next sender finds it.
    let mut known = scene.view.topics[0].clone();
    known.name = Some(TopicName::from("ghosts"));
    known.topic_id.0[0] = b'g';
    scene.view.topics[1] = known;
    scene.advance(millis(2_000));
    assert!(ghosts.try_append(&record, || now).is_ok());
}

#[test]
fn whoever_comes_after_the_end_is_told_at_once() {
    let mut scene = Scene::new(no_linger(), 1, 1);
    let mut close = scene.edge.close(scene.now());
    scene.pump();
    assert_eq!(answer(&mut close), Some(CloseReport::default()));
    assert_eq!(answer(&mut scene.edge.close(scene.now())), Some(CloseReport::default()));
    assert_eq!(answer(&mut scene.edge.flush(scene.now())), Some(FlushReport::default()));
    let record = NewRecord { value: Some(b"late"), ..NewRecord::default() };
    let late = scene.edge.topic(&TopicName::from("late"));
    assert_eq!(late.try_append(&record, || scene.world.now).unwrap_err(), crate::producer::Refused::Closed);
}

#[test]
fn a_cluster_that_refuses_the_producer_fails_what_waits_and_what_comes() {
    let mut scene = Scene::without_identity(no_linger(), ErrorCode::CLUSTER_AUTHORIZATION_FAILED);
    let refused = Cause::Refused { code: ErrorCode::CLUSTER_AUTHORIZATION_FAILED, message: None };
    let delivery = scene.accept(0, "0");
    scene.pump();
    scene.advance(millis(10));
    assert_eq!(lost(delivery), (Certainty::NotWritten, refused));
    let record = NewRecord { value: Some(b"late"), ..NewRecord::default() };
    assert_eq!(
        scene.orders.try_append(&record, || scene.world.now).unwrap_err(),
        crate::producer::Refused::Fatal(ErrorCode::CLUSTER_AUTHORIZATION_FAILED)
    );
}
