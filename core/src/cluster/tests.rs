use std::time::Duration;

use bytestring::ByteString;
use ottla_proto::messages::metadata::MetadataResponseBroker;
use ottla_proto::messages::{MetadataRequest, MetadataResponse};
use ottla_proto::{ApiKey, BrokerId, ErrorCode, LeaderEpoch, TopicId, TopicName};

use super::*;
use crate::event::Event;
use crate::net::NetConfig;
use crate::time::Instant;
use crate::world::{World, host, metadata};

const START: Instant = Instant::from_micros(1_000_000);
const BACKOFF: Backoff = Backoff { initial: Duration::from_millis(100), max: Duration::from_secs(1) };
const AGE: Duration = Duration::from_secs(300);

fn name(text: &str) -> TopicName {
    TopicName::from(text)
}

fn random() -> Random {
    Random::new(1)
}

/// A view that wants topic `t` and has heard this.
fn view(response: &MetadataResponse) -> Cluster {
    let mut cluster = Cluster::new(vec![host("b1")], AGE, BACKOFF, START);
    cluster.want(&name("t"));
    tell(&mut cluster, response, START);
    cluster
}

fn tell(cluster: &mut Cluster, response: &MetadataResponse, now: Instant) {
    let scope = cluster.begin_refresh(now);
    cluster.update(response.clone(), &scope, now, &mut random());
}

fn led_by(node: i32, epoch: i32) -> MetadataResponse {
    let mut response = metadata(3, &[("t", 2)]);
    response.topics[0].partitions[1].leader_id = BrokerId(node);
    response.topics[0].partitions[1].leader_epoch = LeaderEpoch(epoch);
    response
}

fn leader(node: i32, epoch: i32) -> Leader {
    Leader { node: BrokerId(node), epoch: LeaderEpoch(epoch) }
}

#[test]
fn the_view_names_brokers_topics_and_leaders() {
    let cluster = view(&metadata(3, &[("t", 4)]));
    assert!(cluster.is_known());
    assert_eq!(cluster.controller(), Some(BrokerId(1)));
    assert_eq!(cluster.cluster_id(), Some(&ByteString::from_static("test-cluster")));
    assert_eq!(cluster.partition_count(&name("t")), Some(4));
    assert_eq!(cluster.leader(&name("t"), 2), Some(leader(3, 1)));
    assert_eq!(cluster.leader(&name("t"), 4), None);
    let id = cluster.topic_id(&name("t")).unwrap();
    assert_eq!(cluster.topic_name(id), Some(&name("t")));
    assert_eq!(cluster.host(BrokerId(2)), Some(&host("n2")));
}

#[test]
fn an_older_leader_epoch_never_replaces_a_newer_one() {
    let mut cluster = view(&led_by(2, 7));
    let before = cluster.generation();
    tell(&mut cluster, &led_by(1, 6), START + AGE);
    assert_eq!(cluster.leader(&name("t"), 1), Some(leader(2, 7)));
    assert_eq!(cluster.generation(), before);
    tell(&mut cluster, &led_by(1, 8), START + AGE * 2);
    assert_eq!(cluster.leader(&name("t"), 1), Some(leader(1, 8)));
    assert!(cluster.generation() > before);
    // A broker too old to know epochs has the last word.
    tell(&mut cluster, &led_by(3, -1), START + AGE * 3);
    assert_eq!(cluster.leader(&name("t"), 1), Some(leader(3, -1)));
}

#[test]
fn a_topic_that_was_created_again_starts_its_epochs_anew() {
    let mut cluster = view(&led_by(2, 7));
    let old = cluster.topic_id(&name("t")).unwrap();
    let mut again = led_by(1, 0);
    again.topics[0].topic_id = TopicId([9; 16]);
    tell(&mut cluster, &again, START + AGE);
    assert_eq!(cluster.leader(&name("t"), 1), Some(leader(1, 0)));
    assert_eq!(cluster.topic_name(old), None);
    assert_eq!(cluster.topic_name(TopicId([9; 16])), Some(&name("t")));
}

#[test]
fn a_hint_keeps_nothing_of_the_answer_that_brought_it() {
    let answer = bytes::Bytes::from(b"rack n9 and a great many records".to_vec());
    let text = |range: std::ops::Range<usize>| ByteString::try_from(answer.slice(range)).unwrap();
    let mut cluster = view(&led_by(2, 7));
    let host = Host { name: text(5..7), port: 9092 };
    cluster.hint_broker(Broker { id: BrokerId(9), host, rack: Some(text(0..4)) });
    assert_eq!(cluster.host(BrokerId(9)).map(|host| &*host.name), Some("n9"));
    assert!(answer.is_unique());
}

#[test]
fn hints_move_a_leader_unless_they_are_old() {
    let mut cluster = view(&led_by(2, 7));
    assert!(!cluster.hint(&name("t"), 1, leader(1, 7)));
    assert!(!cluster.hint(&name("t"), 1, leader(-1, 9)));
    assert!(!cluster.hint(&name("t"), 5, leader(1, 9)));
    assert!(!cluster.hint(&name("other"), 1, leader(1, 9)));
    let before = cluster.generation();
    assert!(cluster.hint(&name("t"), 1, leader(9, 8)));
    assert_eq!(cluster.leader(&name("t"), 1), Some(leader(9, 8)));
    assert!(cluster.generation() > before && cluster.topic(&name("t")).unwrap().generation > before);
    assert_eq!(cluster.host(BrokerId(9)), None);
    cluster.hint_broker(Broker { id: BrokerId(9), host: host("n9"), rack: None });
    assert_eq!(cluster.host(BrokerId(9)), Some(&host("n9")));
}

#[test]
fn the_generation_rises_only_with_a_change() {
    let response = metadata(3, &[("t", 4)]);
    let mut cluster = view(&response);
    let before = cluster.generation();
    tell(&mut cluster, &response, START + AGE);
    assert_eq!(cluster.generation(), before);
    tell(&mut cluster, &metadata(4, &[("t", 4)]), START + AGE * 2);
    assert!(cluster.generation() > before);
}

#[test]
fn an_error_is_kept_beside_what_was_known() {
    let mut cluster = view(&metadata(3, &[("t", 4)]));
    let mut refused = metadata(3, &[("t", 0)]);
    refused.topics[0].error_code = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
    refused.topics[0].topic_id = TopicId::ZERO;
    tell(&mut cluster, &refused, START + AGE);
    assert_eq!(cluster.topic_error(&name("t")), Some(ErrorCode::TOPIC_AUTHORIZATION_FAILED));
    assert_eq!(cluster.partition_count(&name("t")), Some(4));
    // Asking again at once would not help.
    assert_eq!(cluster.next_refresh(), START + AGE + AGE);
}

#[test]
fn an_unknown_topic_is_asked_for_again_with_growing_waits() {
    let mut unknown = metadata(1, &[("t", 0)]);
    unknown.topics[0].error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    let mut cluster = view(&unknown);
    let (mut now, mut random) = (START, random());
    let mut waits = Vec::new();
    for _ in 0..6 {
        let due = cluster.next_refresh();
        waits.push(due.saturating_duration_since(now).as_millis());
        now = due;
        let scope = cluster.begin_refresh(now);
        assert_eq!(scope, Scope::Topics(vec![name("t")]));
        cluster.update(unknown.clone(), &scope, now, &mut random);
    }
    for (wait, middle) in waits.iter().zip([100, 100, 200, 400, 800, 1000]) {
        assert!(*wait >= middle * 8 / 10 && *wait <= (middle * 12 / 10).min(1000), "{waits:?}");
    }
}

#[test]
fn a_new_doubt_after_a_quiet_time_starts_its_waits_anew() {
    let response = metadata(1, &[("t", 1)]);
    let mut cluster = view(&response);
    let (mut now, mut random) = (START, random());
    let mut doubt = |cluster: &mut Cluster, from: Instant| {
        cluster.refresh();
        let due = cluster.next_refresh().max(from);
        let scope = cluster.begin_refresh(due);
        cluster.update(response.clone(), &scope, due, &mut random);
        due
    };
    let mut waits = Vec::new();
    for _ in 0..6 {
        let due = doubt(&mut cluster, now);
        waits.push(due.saturating_duration_since(now));
        now = due;
    }
    assert!(waits[5] >= Duration::from_millis(800), "{waits:?}");
    // At once after a quiet minute, and the next soon after.
    let later = now + Duration::from_secs(60);
    assert_eq!(doubt(&mut cluster, later), later);
    assert!(doubt(&mut cluster, later) <= later + Duration::from_millis(120));
}

#[test]
fn a_new_topic_waits_for_no_doubt_about_others() {
    let mut unknown = metadata(1, &[("t", 0)]);
    unknown.topics[0].error_code = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    let mut cluster = view(&unknown);
    assert!(cluster.next_refresh() > START);
    cluster.want(&name("u"));
    assert!(cluster.next_refresh() <= START);
    assert_eq!(cluster.begin_refresh(START), Scope::Topics(vec![name("u")]));
}

#[test]
fn hostile_answers_are_taken_in_no_further_than_asked() {
    let mut response = metadata(2, &[("t", 3), ("unasked", 5)]);
    response.brokers.push(MetadataResponseBroker { node_id: BrokerId(-7), ..response.brokers[0].clone() });
    response.brokers.push(MetadataResponseBroker {
        node_id: BrokerId(8),
        port: 70_000,
        ..response.brokers[0].clone()
    });
    response.topics[0].partitions.reverse();
    let twice = response.topics[0].partitions[0].clone();
    response.topics[0].partitions.push(twice);
    response.topics[0].partitions[1].partition_index = -4;
    let cluster = view(&response);
    assert_eq!(cluster.brokers().count(), 2);
    assert!(cluster.topic(&name("unasked")).is_none());
    let indices: Vec<_> = cluster.topic(&name("t")).unwrap().partitions.iter().map(|p| p.index).collect();
    assert_eq!(indices, [0, 2]);
}

#[test]
fn a_topic_that_nobody_wants_is_forgotten() {
    let mut cluster = view(&metadata(1, &[("t", 1)]));
    let id = cluster.topic_id(&name("t")).unwrap();
    cluster.want(&name("t"));
    cluster.unwant(&name("t"));
    assert!(cluster.topic(&name("t")).is_some());
    cluster.unwant(&name("t"));
    cluster.unwant(&name("t"));
    assert!(cluster.topic(&name("t")).is_none() && cluster.topic_name(id).is_none());
}

// With the net.

#[test]
fn one_metadata_request_is_in_flight_at_a_time() {
    let mut world = World::new(2, NetConfig::default());
    world.turn();
    let (id, _) = world.connects[0].clone();
    world.open(id);
    let first = world.take_one(id);
    // Wants and doubts that come up meanwhile go together into the next request.
    for topic in ["a", "b"] {
        let cluster = world.core.parts().net.cluster_mut();
        cluster.want(&name(topic));
        cluster.refresh();
        world.advance(Duration::from_secs(1));
    }
    assert!(world.take(id).is_empty());
    world.answer(&first, &metadata(1, &[]));
    world.turn();
    world.run_until(world.now + Duration::from_secs(1));
    let node = world.connection_to("n1");
    world.open(node);
    let mut requests = world.take(id);
    requests.extend(world.take(node));
    assert_eq!(requests.len(), 1, "{requests:?}");
    let asked = requests[0].read::<MetadataRequest>().topics.unwrap();
    assert_eq!(asked.len(), 2);
}

#[test]
fn a_node_that_does_not_answer_is_passed_over() {
    let mut world = World::with_cluster(2, &[], NetConfig::default());
    world.core.parts().net.cluster_mut().refresh();
    world.run_until(world.now + Duration::from_millis(200));
    let (frozen, first) = world.connects[1].clone();
    world.open(frozen);
    let unanswered = world.take_one(frozen);
    let start = world.now;
    world.run_until(start + Duration::from_millis(2_999));
    assert_eq!(world.connects.len(), 2);
    world.run_until(start + Duration::from_millis(3_200));
    let (other, second) = world.connects[2].clone();
    assert_ne!(first, second);
    world.open(other);
    let request = world.take_one(other);
    let updates = world.core.net().cluster().updates();
    world.answer(&request, &metadata(2, &[]));
    assert_eq!(world.core.net().cluster().updates(), updates + 1);
    // What the first says in the end is read and thrown away; its connection lives.
    world.answer(&unanswered, &metadata(1, &[]));
    world.turn();
    assert_eq!(world.core.net().cluster().updates(), updates + 1);
    assert!(!world.closed.contains(&frozen));
}

#[test]
fn a_failed_request_is_sent_again_elsewhere_after_a_wait() {
    let mut world = World::new(2, NetConfig::default());
    world.turn();
    let (first, _) = world.connects[0].clone();
    world.open(first);
    assert_eq!(world.take_one(first).api, ApiKey::METADATA);
    world.core.handle_disconnected(first, crate::net::DisconnectCause::Closed, world.now);
    world.turn();
    world.run_until(world.now + Duration::from_millis(200));
    let (second, at) = world.connects[1].clone();
    assert_ne!(at, world.connects[0].1);
    world.open(second);
    assert_eq!(world.take_one(second).api, ApiKey::METADATA);
}

#[test]
fn a_broker_that_knows_nobody_is_asked_again() {
    let mut world = World::new(1, NetConfig::default());
    world.turn();
    let (id, _) = world.connects[0].clone();
    world.open(id);
    let request = world.take_one(id);
    world.answer(&request, &MetadataResponse::default());
    world.turn();
    assert!(!world.core.net().cluster().is_known());
    world.run_until(world.now + Duration::from_millis(200));
    assert_eq!(world.take_one(id).api, ApiKey::METADATA);
}

#[test]
fn a_broker_that_demands_it_is_answered_by_going_back_to_the_bootstrap_addresses() {
    let mut world = World::with_cluster(1, &[], NetConfig::default());
    let bootstrap = world.connection_to("b1");
    world.core.parts().net.cluster_mut().refresh();
    world.run_until(world.now + Duration::from_secs(1));
    let node = world.connection_to("n1");
    world.open(node);
    let request = world.take_one(node);
    let demand = MetadataResponse { error_code: ErrorCode::REBOOTSTRAP_REQUIRED, ..metadata(1, &[]) };
    world.answer(&request, &demand);
    world.turn();
    assert!(world.events.iter().any(|event| matches!(event, Event::MetadataRefused { .. })));
    world.run_until(world.now + Duration::from_secs(1));
    assert_eq!(world.take_one(bootstrap).api, ApiKey::METADATA);
}

/// What a view asks, and how an answer with these topics changes it.
fn ask(cluster: &mut Cluster, topics: &[(&str, i32)], now: Instant) -> Scope {
    let scope = cluster.begin_refresh(now);
    cluster.update(metadata(1, topics), &scope, now, &mut random());
    scope
}

#[test]
fn the_names_of_all_topics_are_known_while_somebody_wants_them() {
    let mut cluster = view(&metadata(1, &[("t", 2)]));
    assert_eq!(cluster.names(), None);
    cluster.want_names();
    assert_eq!(cluster.next_refresh(), Instant::ZERO, "nothing is known yet");
    let mut response = metadata(1, &[("t", 2), ("u", 1), ("internal", 1), ("bad", 1)]);
    response.topics[2].is_internal = true;
    response.topics[3].error_code = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
    let scope = cluster.begin_refresh(START);
    assert_eq!(cluster.topics_of(&scope), None, "all of them are asked for");
    cluster.update(response, &scope, START, &mut random());
    let (names, version) = cluster.names().unwrap();
    assert_eq!(names.iter().collect::<Vec<_>>(), [&name("t"), &name("u")]);
    // Names are all that is kept of what nobody wants.
    assert_eq!(cluster.topic(&name("u")), None);
    // The same names are no news; others are.
    cluster.refresh();
    ask(&mut cluster, &[("t", 2), ("u", 1)], START + BACKOFF.max);
    assert_eq!(cluster.names().unwrap().1, version);
    cluster.refresh();
    ask(&mut cluster, &[("t", 2)], START + BACKOFF.max * 3);
    assert_ne!(cluster.names().unwrap().1, version);
    cluster.unwant_names();
    assert_eq!(cluster.names(), None);
    let scope = cluster.begin_refresh(START + AGE * 2);
    assert_eq!(cluster.topics_of(&scope).unwrap().len(), 1);
}

#[test]
fn a_topic_that_is_known_by_id_alone_is_asked_for_by_id_until_somebody_can_name_it() {
    let mut cluster = view(&metadata(1, &[("t", 2)]));
    let mut id = [7; 16];
    id[0] = b'u';
    let id = TopicId(id);
    cluster.want_id(id);
    cluster.want_id(id);
    assert_eq!(cluster.next_refresh(), Instant::ZERO);
    assert_eq!(ask(&mut cluster, &[], START), Scope::Ids(vec![id]));
    assert_eq!(cluster.topic_name(id), None);
    // Nobody knew it: it is asked for again, after a while.
    let again = cluster.next_refresh();
    assert!(again > START && again <= START + BACKOFF.max, "{again:?}");
    assert_eq!(ask(&mut cluster, &[("u", 3)], again), Scope::Ids(vec![id]));
    assert_eq!(cluster.topic_name(id), Some(&name("u")));
    assert_eq!(cluster.partition_count(&name("u")), Some(3));
    assert_eq!(cluster.next_refresh(), START + AGE);
    cluster.unwant_id(id);
    assert!(cluster.topic(&name("u")).is_some());
    cluster.unwant_id(id);
    assert_eq!((cluster.topic(&name("u")), cluster.topic_name(id)), (None, None));
    // One that is known by name already is not asked for.
    let known = cluster.topic_id(&name("t")).unwrap();
    cluster.want_id(known);
    assert_eq!(cluster.next_refresh(), START + AGE);
    cluster.unwant(&name("t"));
    assert!(cluster.topic(&name("t")).is_some(), "whoever wants the id still does");
}
