//! Topics that grow, go and come back.

use super::*;
use crate::wait::WaitReason;

fn topic_id(request: &Received) -> ottla_proto::TopicId {
    request.read::<ProduceRequest>().topic_data[0].topic_id
}

#[test]
fn partitions_that_are_added_are_used() {
    let mut scene = Scene::new(no_linger(), 2, 1);
    let far = NewRecord { value: Some(b"v"), partition: Some(2), ..NewRecord::default() };
    assert!(scene.orders.try_append(&far, || scene.world.now).is_err());
    scene.view = metadata(2, &[(TOPIC, 3)]);
    scene.refresh();
    assert_eq!(scene.orders.partitions(), 3);
    let delivery = scene.send_to(2, "v");
    let (node, request) = scene.next_request();
    assert_eq!(node, 1);
    scene.serve(&request);
    assert_eq!(offset(delivery), 0);
}

#[test]
fn unsent_records_go_to_the_topic_that_took_the_place_of_a_deleted_one() {
    let mut scene = Scene::new(no_linger(), 1, 1);
    let old = scene.send("old");
    let (_, request) = scene.next_request();
    let old_id = topic_id(&request);
    scene.serve_throttled(&request, 1000);
    let unsent = scene.send("unsent");
    scene.recreate_topic(1);
    scene.refresh();
    scene.advance(millis(1000));
    let (_, request) = scene.next_request();
    assert_ne!(topic_id(&request), old_id);
    let header = Scene::header(&request);
    assert_eq!((header.producer_epoch, header.base_sequence), (ProducerEpoch(1), 0));
    scene.serve(&request);
    assert_eq!((offset(old), offset(unsent)), (0, 0));
    assert_eq!(scene.logs[&0].values, ["unsent"]);
}

#[test]
fn what_was_refused_by_the_deleted_topic_goes_to_the_new_one() {
    let mut scene = Scene::new(no_linger(), 1, 1);
    let delivery = scene.send("v");
    let (_, request) = scene.next_request();
    scene.recreate_topic(1);
    scene.refuse(&request, ErrorCode::UNKNOWN_TOPIC_ID);
    let again = loop {
        scene.advance(millis(100));
        if scene.pending.is_empty() {
            continue;
        }
        let (_, again) = scene.next_request();
        if topic_id(&again) != topic_id(&request) {
            break again;
        }
        scene.refuse(&again, ErrorCode::UNKNOWN_TOPIC_ID);
    };
    assert_eq!(Scene::header(&again).producer_epoch, ProducerEpoch(1));
    scene.serve(&again);
    assert_eq!(offset(delivery), 0);
}

#[test]
fn what_may_be_in_the_deleted_topic_is_not_written_to_the_new_one() {
    // Uncertain before the new topic is known, and after.
    for known_first in [true, false] {
        let mut scene = Scene::new(no_linger(), 1, 1);
        let uncertain = scene.send("uncertain");
        let (_, request) = scene.next_request();
        scene.recreate_topic(1);
        if known_first {
            scene.refresh();
            scene.cut(request.connection);
        } else {
            scene.refuse(&request, ErrorCode::REQUEST_TIMED_OUT);
            scene.refresh();
        }
        // An attempt that went out meanwhile is refused: the earlier one stays without an end.
        while !scene.pending.is_empty() {
            let (_, request) = scene.next_request();
            scene.refuse(&request, ErrorCode::UNKNOWN_TOPIC_ID);
        }
        scene.advance(millis(500));
        assert_eq!(lost(uncertain), (Certainty::PossiblyWritten, Cause::TopicRecreated));
        let next = scene.send("next");
        scene.serve_all();
        assert_eq!(offset(next), 0);
        assert_eq!(scene.logs[&0].values, ["next"]);
    }
}

#[test]
fn an_answer_of_the_deleted_topic_still_counts() {
    let mut scene = Scene::new(no_linger(), 1, 1);
    let delivery = scene.send("v");
    let (_, request) = scene.next_request();
    scene.recreate_topic(1);
    scene.refresh();
    assert!(!delivery.is_settled());
    scene.serve(&request);
    assert_eq!(offset(delivery), 0);
}

#[test]
fn a_topic_that_comes_back_smaller_takes_records_for_the_partitions_that_it_has() {
    let mut scene = Scene::new(ProducerConfig { delivery_timeout: millis(3000), ..no_linger() }, 1, 3);
    let _first = scene.send_to(2, "first");
    let (_, request) = scene.next_request();
    scene.serve_throttled(&request, 1000);
    let orphan = scene.send_to(2, "orphan");
    scene.recreate_topic(1);
    scene.refresh();
    assert_eq!(scene.orders.partitions(), 1);
    for _ in 0..50 {
        let record = NewRecord { value: Some(b"v"), ..NewRecord::default() };
        let delivery = scene.orders.try_append(&record, || scene.world.now).unwrap();
        assert_eq!(delivery.partition(), 0);
    }
    scene.advance(millis(2800));
    let (certainty, cause) = lost(orphan);
    assert_eq!(certainty, Certainty::NotWritten);
    assert!(
        matches!(&cause, Cause::Expired { waiting_for: WaitReason::NoLeader { partition: 2, .. }, .. }),
        "{cause:?}"
    );
    // And larger again.
    scene.recreate_topic(4);
    scene.refresh();
    assert_eq!(scene.orders.partitions(), 4);
    let back = scene.send_to(2, "back");
    let new = scene.send_to(3, "new");
    scene.serve_all();
    assert_eq!((offset(back), offset(new)), (0, 0));
}

#[test]
fn a_deleted_topic_is_named_as_such_until_the_deadline() {
    let mut scene = Scene::new(ProducerConfig { delivery_timeout: millis(3000), ..no_linger() }, 1, 1);
    let delivery = scene.send("v");
    let topic = &mut scene.view.topics[0];
    topic.error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    topic.partitions.clear();
    let end = scene.now() + millis(3000);
    let mut named = Vec::new();
    while !delivery.is_settled() {
        while !scene.pending.is_empty() {
            let (_, request) = scene.next_request();
            scene.refuse(&request, ErrorCode::UNKNOWN_TOPIC_ID);
            let waiting = scene.world.core.explain(scene.now());
            let kinds: Vec<_> = waiting.iter().map(|waiting| waiting.reason.kind()).collect();
            // The code says it until the cluster itself does.
            assert!(matches!(*kinds, ["RetryBackoff" | "NoSuchTopic"]), "{waiting:?}");
            named.extend(kinds);
        }
        assert!(scene.now() <= end);
        scene.advance(millis(10));
    }
    let (certainty, cause) = lost(delivery);
    assert_eq!(certainty, Certainty::NotWritten);
    let Cause::Expired { last_error, waiting_for, .. } = cause else { panic!("{cause:?}") };
    assert_eq!(last_error, Some(ErrorCode::UNKNOWN_TOPIC_ID));
    assert!(
        matches!(&waiting_for, WaitReason::NoSuchTopic { topic, .. } if topic.as_str() == TOPIC),
        "{waiting_for:?}"
    );
    // Once the cluster has said it that is the reason, to the end.
    let said = named.iter().position(|kind| *kind == "NoSuchTopic").expect("the cluster says it");
    assert!(said <= 2 && named[said..].iter().all(|kind| *kind == "NoSuchTopic"), "{named:?}");
}

#[test]
fn a_leader_hint_is_followed_without_asking() {
    let mut scene = Scene::new(no_linger(), 2, 1);
    let delivery = scene.send("v");
    let (_, request) = scene.next_request();
    let mut response = respond(&request, 0, |_| (ErrorCode::NOT_LEADER_OR_FOLLOWER, -1));
    let hint = &mut response.responses[0].partition_responses[0].current_leader;
    (hint.leader_id, hint.leader_epoch) = (BrokerId(2), LeaderEpoch(9));
    scene.world.answer(&request, &response);
    scene.pump();
    let (node, request) = scene.next_request();
    assert_eq!(node, 2, "the view was not asked for, and no back-off was waited out");
    scene.serve(&request);
    assert_eq!(offset(delivery), 0);
}
