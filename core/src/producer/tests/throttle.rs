use ottla_proto::messages::metadata::MetadataResponseTopic;

use super::*;
use crate::net::Class;
use crate::wait::WaitReason;

fn reasons(scene: &Scene) -> Vec<WaitReason> {
    scene.world.core.explain(scene.world.now).into_iter().map(|waiting| waiting.reason).collect()
}

#[test]
fn a_throttled_node_is_left_alone_and_its_batch_grows() {
    let mut scene = Scene::new(no_linger(), 2, 2);
    let _first = scene.send_to(0, "0");
    let (_, request) = scene.next_request();
    scene.serve_throttled(&request, 3000);
    let until = scene.now() + millis(3000);
    let deliveries: Vec<_> = (1..4).map(|n| scene.send_to(0, &n.to_string())).collect();
    assert!(scene.pending.is_empty());
    match &reasons(&scene)[..] {
        [WaitReason::Throttled { node: BrokerId(1), class: Class::Produce, until: told, .. }] => {
            assert_eq!(*told, until);
        }
        other => panic!("{other:?}"),
    }
    // The other node is served meanwhile.
    let other = scene.send_to(1, "elsewhere");
    let (node, request) = scene.next_request();
    assert_eq!(node, 2);
    scene.serve(&request);
    assert_eq!(offset(other), 0);
    scene.run_until(Instant::from_micros(until.as_micros() - 1));
    assert!(scene.pending.is_empty(), "nothing goes out early");
    scene.run_until(until);
    let (_, request) = scene.next_request();
    assert_eq!(Scene::values(&request), ["1", "2", "3"], "one batch, grown while it waited");
    scene.serve(&request);
    let latency = settled(deliveries.into_iter().next().unwrap()).latency;
    assert_eq!(latency.throttle, millis(3000));
    assert_eq!(latency.total(), millis(3000));
}

#[test]
fn a_shorter_throttle_never_ends_a_longer_one() {
    let mut scene = Scene::begun(no_linger(), 1, 1);
    let _deliveries: Vec<_> = (0..2).map(|n| scene.send(&n.to_string())).collect();
    let (_, long) = scene.next_request();
    let (_, short) = scene.next_request();
    let until = scene.now() + millis(4000);
    scene.serve_throttled(&long, 4000);
    scene.serve_throttled(&short, 100);
    let _third = scene.send("2");
    scene.run_until(Instant::from_micros(until.as_micros() - 1));
    assert!(scene.pending.is_empty());
    scene.run_until(until);
    assert_eq!(scene.pending.len(), 1);
}

#[test]
fn acks_are_taken_during_a_throttle_and_their_time_in_it_is_booked() {
    let mut scene = Scene::begun(no_linger(), 1, 1);
    let first = scene.send("0");
    let second = scene.send("1");
    let (_, one) = scene.next_request();
    let (_, two) = scene.next_request();
    scene.advance(millis(10));
    scene.serve_throttled(&one, 2000);
    assert!(first.is_settled());
    scene.advance(millis(500));
    scene.serve(&two);
    let latency = settled(second).latency;
    assert_eq!(latency.broker, millis(10));
    assert_eq!(latency.throttle, millis(500));
    assert_eq!(latency.total(), millis(510));
}

#[test]
fn what_waits_behind_an_answer_that_the_throttle_holds_back_waits_for_the_throttle() {
    let mut scene = Scene::begun(no_linger(), 1, 2);
    let _resent_first = scene.send_to(1, "0");
    let behind = scene.send_to(1, "1");
    for _ in 0..2 {
        let (_, request) = scene.next_request();
        scene.refuse(&request, ErrorCode::NOT_ENOUGH_REPLICAS);
    }
    let _throttled = scene.send_to(0, "throttled");
    let (_, throttled) = scene.next_request();
    scene.advance(millis(500));
    scene.serve_throttled(&throttled, 2000);
    scene.advance(millis(2500));
    scene.serve_all();
    let latency = settled(behind).latency;
    assert_eq!(latency.throttle, millis(2000), "{latency:?}");
    assert_eq!(latency.in_flight + latency.retry, millis(500 + 500), "{latency:?}");
}

#[test]
fn what_expires_in_flight_during_a_throttle_waited_for_the_throttle() {
    let config = ProducerConfig { delivery_timeout: millis(1000), ..no_linger() };
    let mut scene = Scene::begun(config, 1, 2);
    let _throttled = scene.send_to(0, "throttled");
    let in_flight = scene.send_to(1, "in flight");
    let _others: Vec<_> = (0..3).map(|n| scene.send_to(1, &n.to_string())).collect();
    let behind = scene.send_to(1, "behind");
    scene.advance(millis(100));
    let (_, first) = scene.next_request();
    scene.serve_throttled(&first, 2000);
    scene.advance(millis(900));
    let behind = settled(behind).latency;
    assert_eq!((behind.in_flight, behind.throttle), (millis(100), millis(900)), "{behind:?}");
    let in_flight = settled(in_flight).latency;
    assert_eq!((in_flight.broker, in_flight.throttle), (millis(100), millis(900)), "{in_flight:?}");
}

#[test]
fn a_throttled_leader_that_moves_lets_its_batches_go() {
    let mut scene = Scene::new(no_linger(), 2, 1);
    let _first = scene.send("0");
    let (_, request) = scene.next_request();
    scene.serve_throttled(&request, 60_000);
    let delivery = scene.send("1");
    assert!(scene.pending.is_empty());
    scene.move_leader(2, 2);
    scene.refresh();
    let (node, request) = scene.next_request();
    assert_eq!(node, 2);
    scene.serve(&request);
    assert_eq!(offset(delivery), 1);
}

#[test]
fn while_a_node_throttles_the_view_is_kept_up_and_every_question_answered() {
    let mut scene = Scene::begun(no_linger(), 2, 1);
    let _throttled = scene.send("0");
    let stale = scene.send("1");
    let (_, request) = scene.next_request();
    scene.serve_throttled(&request, 60_000);
    let until = scene.now() + millis(60_000);
    let _waits = scene.send("2");
    // Nobody else is there to be asked.
    scene.down.insert(2);
    let others: Vec<_> = scene.open.iter().filter(|(_, node)| **node != 1).map(|(id, _)| *id).collect();
    others.into_iter().for_each(|connection| scene.cut(connection));
    scene.asked.clear();
    // What is new in the view is found.
    let mut added = scene.view.topics[0].partitions[0].clone();
    added.partition_index = 1;
    scene.view.topics[0].partitions.push(added);
    scene.refresh();
    assert_eq!(scene.orders.partitions(), 2);
    // So is a topic that nobody has heard of.
    let later = TopicName::from("later");
    let topic = MetadataResponseTopic { name: Some(later.clone()), ..scene.view.topics[0].clone() };
    scene.view.topics.push(topic);
    let later = scene.edge.topic(&later);
    assert!(later.try_append(&NewRecord::default(), || scene.world.now).is_err());
    scene.advance(millis(200));
    assert_eq!(later.partitions(), 2);
    assert!(!scene.asked.is_empty() && scene.asked.iter().all(|node| *node == 1), "{:?}", scene.asked);
    // Whoever asks for the state has it at once.
    let now = scene.now();
    assert!(
        matches!(reasons(&scene)[..], [.., WaitReason::Throttled { until: told, .. }] if told == until),
        "{:?}",
        reasons(&scene)
    );
    let told: Vec<_> = scene.world.core.net().throttle().active(now).map(|told| told.until).collect();
    assert_eq!(told, [until]);
    assert_eq!(scene.world.core.parts().producers.metrics_of(&scene.edge).records.written, 2);
    // An answer that sends the producer to another leader is followed.
    scene.down.clear();
    scene.move_leader(2, 2);
    let (_, request) = scene.next_request();
    scene.refuse(&request, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    scene.advance(millis(2000));
    let (node, request) = scene.next_request();
    assert_eq!(node, 2);
    scene.serve(&request);
    assert_eq!(offset(stale), 1);
    assert!(scene.now() < until);
}

#[test]
fn reconnecting_does_not_evade_a_throttle() {
    let mut scene = Scene::new(no_linger(), 1, 1);
    let _first = scene.send("0");
    let (_, request) = scene.next_request();
    let until = scene.now() + millis(5000);
    scene.serve_throttled(&request, 5000);
    let _second = scene.send("1");
    scene.cut(request.connection);
    scene.run_until(Instant::from_micros(until.as_micros() - 1));
    assert!(scene.pending.is_empty());
    assert!(matches!(reasons(&scene)[..], [WaitReason::Throttled { .. }]));
    scene.run_until(until);
    assert_eq!(scene.pending.len(), 1);
}

#[test]
fn a_dead_node_delays_no_other_and_is_named() {
    let mut scene = Scene::new(no_linger(), 2, 2);
    scene.down.insert(1);
    let _stuck = scene.send_to(0, "stuck");
    for n in 0..50 {
        let delivery = scene.send_to(1, &n.to_string());
        let (node, request) = scene.next_request();
        assert_eq!(node, 2);
        scene.serve(&request);
        assert_eq!(offset(delivery), n);
        scene.advance(millis(20));
    }
    let waiting = scene.world.core.explain(scene.world.now);
    let stuck = waiting.iter().find(|waiting| waiting.partition == Some(0)).unwrap();
    assert_eq!(stuck.node, Some(BrokerId(1)));
    assert!(matches!(
        stuck.reason,
        WaitReason::ReconnectBackoff { node: BrokerId(1), .. } | WaitReason::Connecting { node: BrokerId(1) }
    ));
}

#[test]
fn after_a_throttle_one_request_goes_at_a_time_until_an_answer_tells_of_none() {
    let mut scene = Scene::begun(no_linger(), 1, 2);
    let mut deliveries = vec![scene.send("0")];
    let (_, request) = scene.next_request();
    scene.serve_throttled(&request, 1000);
    deliveries.extend(["1", "2"].map(|value| scene.send(value)));
    scene.advance(millis(1000));
    let (_, request) = scene.next_request();
    assert_eq!(Scene::values(&request), ["1", "2"]);
    // Were they sent, the broker would read them only after its next pause.
    deliveries.extend(["3", "4"].map(|value| scene.send(value)));
    deliveries.push(scene.send_to(1, "other"));
    assert!(scene.pending.is_empty());
    assert!(
        reasons(&scene).contains(&WaitReason::InFlightLimit { node: BrokerId(1) }),
        "{:?}",
        reasons(&scene)
    );
    scene.serve_throttled(&request, 500);
    scene.advance(millis(500));
    let (_, request) = scene.next_request();
    assert_eq!(Scene::values(&request), ["3", "4"], "they went on gathering");
    assert_eq!(request.read::<ProduceRequest>().topic_data[0].partition_data.len(), 2);
    scene.serve(&request);
    deliveries.extend(["5", "6"].map(|value| scene.send(value)));
    assert_eq!(scene.pending.len(), 2, "without a throttle the window is open again");
    scene.serve_all();
    assert!(deliveries.into_iter().all(|delivery| settled(delivery).result.is_ok()));
}
