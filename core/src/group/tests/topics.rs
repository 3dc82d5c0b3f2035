//! Topics that come, go and grow, patterns, and members that change their mind.

use ottla_proto::TopicId;
use ottla_proto::messages::consumer_group_heartbeat::{Assignment, ResponseTopicPartitions};

use super::*;
use crate::group::assignor::CooperativeStickyAssignor;
use crate::wait::WaitReason;

fn named(topic: &'static str, number: i32) -> TopicPartition {
    TopicPartition { topic: TopicName::from(topic), partition: number }
}

/// Everything that begins so.
fn beginning(with: &'static str) -> TopicPattern {
    TopicPattern::new(format!("{with}.*"), move |topic| topic.starts_with(with))
}

fn by_pattern(config: GroupConfig) -> GroupConfig {
    GroupConfig { topics: Vec::new(), pattern: Some(beginning("t")), ..config }
}

fn wanted(join: &JoinGroupRequest) -> Vec<String> {
    let subscription = MemberSubscription::decode(join.protocols[0].metadata.clone()).unwrap();
    subscription.topics.iter().map(|topic| topic.to_string()).collect()
}

fn assignment(partitions: &[(&str, i32)]) -> Assignment {
    let topic = |(name, number): &(&str, i32)| {
        let mut id = [7; 16];
        id[0] = name.as_bytes()[0];
        ResponseTopicPartitions { topic_id: TopicId(id), partitions: vec![*number], ..Default::default() }
    };
    Assignment { topic_partitions: partitions.iter().map(topic).collect(), ..Default::default() }
}

fn heartbeat(epoch: i32, assignment: Option<Assignment>) -> ConsumerGroupHeartbeatResponse {
    let interval = 5000;
    ConsumerGroupHeartbeatResponse {
        member_epoch: epoch,
        heartbeat_interval_ms: interval,
        assignment,
        ..Default::default()
    }
}

#[test]
fn a_classic_member_joins_with_the_topics_that_its_pattern_finds_and_again_when_it_finds_others() {
    let mut bench = Bench::new(by_pattern(classic()));
    let (_, asked) = bench.take::<JoinGroupRequest>();
    assert_eq!(wanted(&asked), ["t"]);

    let mut bench = Bench::stable(by_pattern(classic()), [0]);
    bench.topics.extend([("t2", 1), ("other", 1)]);
    bench.refresh();
    // Work in progress is handed over first; there is none.
    let (join, asked) = bench.take::<JoinGroupRequest>();
    assert_eq!(wanted(&asked), ["t", "t2"]);
    assert!(asked.reason.unwrap().contains("other topics"));
    // What the leader found and this member has not yet is read all the same; what nobody asked for is not.
    bench.answer(&join, &bench.join_answer("another", 2));
    let (sync, _) = bench.take::<SyncGroupRequest>();
    let given = [named("t2", 0), named("t3", 0), named("other", 0)].into();
    let assignment = subscription::encode_assignment(&given).unwrap();
    bench.answer(&sync, &SyncGroupResponse { assignment, ..Default::default() });
    assert_eq!(bench.owned(), [named("t2", 0), named("t3", 0)].into());
    let rebalance = bench.edge.rebalances().pop().unwrap();
    assert_eq!(rebalance.cause, Cause::Subscription);

    // One that vanishes is not wanted any more.
    bench.serve_offsets();
    bench.topics.retain(|(name, _)| *name != "t2");
    bench.refresh();
    assert_eq!(wanted(&bench.take::<JoinGroupRequest>().1), ["t"]);
}

#[test]
fn a_member_that_cannot_know_its_topics_yet_says_what_it_waits_for() {
    let mut bench = Bench { keeps_names: true, ..Bench::unsettled(by_pattern(classic())) };
    bench.settle();
    assert!(bench.requests.is_empty(), "it joined without knowing for what");
    let mut waiting = Vec::new();
    bench.world.core.parts().groups.explain_one(bench.key, &mut waiting);
    let reason = WaitReason::Metadata { topic: TopicName::from("t.*") };
    assert!(waiting.iter().any(|waiting| waiting.reason == reason), "{waiting:?}");
}

#[test]
fn the_coordinator_finds_the_topics_of_a_pattern_and_names_them_by_id() {
    let mut bench = Bench::new(by_pattern(config()));
    let (request, asked) = bench.take::<ConsumerGroupHeartbeatRequest>();
    assert_eq!(asked.subscribed_topic_regex.as_deref(), Some("t.*"));
    assert_eq!(asked.subscribed_topic_names, Some(vec![]));
    // The view knows neither topic: the member never heard their names.
    assert_eq!(bench.world.core.parts().net.cluster().names(), None);
    bench.topics.push(("u", 2));
    bench.answer(&request, &heartbeat(1, Some(assignment(&[("t", 0), ("u", 1)]))));
    assert_eq!(bench.owned(), [named("t", 0), named("u", 1)].into());
    // The name of the second came a little later.
    let report = bench.requests.pop_front().unwrap();
    bench.requests.clear();
    bench.answer(&report, &heartbeat(1, None));
    let report: ConsumerGroupHeartbeatRequest = bench.requests.pop_front().unwrap().read();
    let told: Vec<_> = report.topic_partitions.unwrap().iter().map(|topic| topic.topic_id.0[0]).collect();
    assert_eq!(told, b"tu");
}

#[test]
fn an_id_that_nobody_can_name_yet_is_asked_about_again() {
    let mut bench = Bench::new(config());
    let (request, _) = bench.take::<ConsumerGroupHeartbeatRequest>();
    bench.answer(&request, &heartbeat(1, Some(assignment(&[("t", 0), ("u", 1)]))));
    // What is known is read meanwhile.
    assert_eq!(bench.owned(), partitions([0]));
    bench.requests.clear();
    bench.topics.push(("u", 2));
    bench.advance(Duration::from_secs(2));
    assert_eq!(bench.owned(), [named("t", 0), named("u", 1)].into());
}

#[test]
fn a_running_member_is_told_what_to_read_from_now_on() {
    let mut bench = Bench::new(by_pattern(config()));
    let (request, _) = bench.take::<ConsumerGroupHeartbeatRequest>();
    // Told while a heartbeat is in flight: the next one says it, at once.
    bench.topics.push(("u", 2));
    bench.subscribe(&["u"], None);
    assert!(bench.requests.is_empty());
    bench.answer(&request, &heartbeat(1, Some(assignment(&[]))));
    let (request, asked) = bench.take::<ConsumerGroupHeartbeatRequest>();
    assert_eq!(asked.subscribed_topic_names, Some(vec![TopicName::from("u")]));
    assert_eq!(asked.subscribed_topic_regex.as_deref(), Some(""), "the pattern is taken back");
    assert_eq!(asked.rebalance_timeout_ms, -1, "nothing else is news");
    bench.answer(&request, &heartbeat(2, Some(assignment(&[("u", 0)]))));
    assert_eq!(bench.owned(), [named("u", 0)].into());
    let rebalance = bench.edge.rebalances().pop().unwrap();
    assert_eq!((rebalance.cause, rebalance.assigned), (Cause::Subscription, vec![named("u", 0)]));

    // The same once more is no news.
    bench.requests.clear();
    bench.subscribe(&["u"], None);
    assert!(bench.requests.is_empty());
}

#[test]
fn a_cooperative_member_gives_up_what_it_does_not_want_any_more_before_it_joins_again() {
    let cooperative = GroupConfig {
        assignors: Some(vec![Arc::new(CooperativeStickyAssignor)]),
        topics: vec![TopicName::from("t"), TopicName::from("u")],
        ..classic()
    };
    let mut bench = Bench::new(cooperative);
    bench.topics.push(("u", 2));
    let (join, _) = bench.take::<JoinGroupRequest>();
    bench.answer(&join, &bench.join_answer("another", 1));
    let (sync, _) = bench.take::<SyncGroupRequest>();
    let assignment = subscription::encode_assignment(&[named("t", 0), named("u", 0)].into()).unwrap();
    bench.answer(&sync, &SyncGroupResponse { assignment, ..Default::default() });
    bench.serve_offsets();
    let batch = bench.hand_out(0, 100, 120);

    bench.subscribe(&["u"], None);
    assert!(bench.requests.is_empty(), "work in progress is waited for");
    let mut batch = batch;
    batch.done();
    drop(batch);
    bench.settle();
    let (commit, asked) = bench.take::<OffsetCommitRequest>();
    bench.answer(&commit, &Bench::commit_answer(&asked, ErrorCode::NONE));
    let (_, asked) = bench.take::<JoinGroupRequest>();
    assert_eq!(wanted(&asked), ["u"]);
    assert_eq!(bench.owned(), [named("u", 0)].into(), "what is still wanted is read on");
}

#[test]
fn a_leader_has_everybody_join_again_when_a_topic_grows_or_vanishes() {
    for grows in [true, false] {
        let mut bench = Bench::new(classic());
        let (join, _) = bench.take::<JoinGroupRequest>();
        let mut answer = bench.join_answer("me", 1);
        answer.members = vec![other_member("me", &["t"])];
        bench.answer(&join, &answer);
        let (sync, asked) = bench.take::<SyncGroupRequest>();
        let assignment = asked.assignments[0].assignment.clone();
        bench.answer(&sync, &SyncGroupResponse { assignment, ..Default::default() });
        assert_eq!(bench.owned(), partitions(0..4));
        bench.serve_offsets();
        if grows {
            bench.topics = vec![("t", 5)];
        } else {
            (bench.topics, bench.gone) = (Vec::new(), vec!["t"]);
        }
        bench.refresh();
        let (_, asked) = bench.take::<JoinGroupRequest>();
        assert!(asked.reason.unwrap().contains("other partitions"), "{grows}");
    }
}

/// It keeps its place without a rebalance (KIP-345, KIP-814), and so do its duties.
#[test]
fn a_static_leader_that_is_back_watches_what_it_did_not_share_out() {
    let mut bench = Bench::new(GroupConfig { instance_id: Some("one".into()), ..classic() });
    let (join, _) = bench.take::<JoinGroupRequest>();
    // A topic that only another member reads is watched, too.
    bench.topics.push(("u", 2));
    let mut answer = JoinGroupResponse { skip_assignment: true, ..bench.join_answer("me", 7) };
    answer.members = vec![other_member("me", &["t"]), other_member("other", &["u"])];
    bench.answer(&join, &answer);
    let (sync, asked) = bench.take::<SyncGroupRequest>();
    assert!(asked.assignments.is_empty(), "nothing is shared out anew");
    let assignment = subscription::encode_assignment(&partitions([0, 1])).unwrap();
    bench.answer(&sync, &SyncGroupResponse { assignment, ..Default::default() });
    bench.serve_offsets();
    assert_eq!(bench.owned(), partitions([0, 1]));
    bench.refresh();
    assert!(bench.requests.is_empty(), "nothing has changed: {:?}", bench.requests);

    bench.topics = vec![("t", 4), ("u", 3)];
    bench.refresh();
    let (_, asked) = bench.take::<JoinGroupRequest>();
    assert!(asked.reason.unwrap().contains("other partitions"));
}

#[test]
fn a_member_that_ends_leaves_no_interest_behind() {
    for config in [classic(), config()] {
        let config = GroupConfig { topics: Vec::new(), pattern: Some(beginning("u")), ..config };
        let mut bench = Bench::unsettled(config);
        bench.topics.push(("u", 1));
        bench.settle();
        if bench.requests.front().is_some_and(|request| request.api == ApiKey::JOIN_GROUP) {
            bench.take::<JoinGroupRequest>();
        } else {
            let (request, _) = bench.take::<ConsumerGroupHeartbeatRequest>();
            bench.answer(&request, &heartbeat(1, Some(assignment(&[("u", 0)]))));
        }
        let u = TopicName::from("u");
        assert!(bench.world.core.parts().net.cluster().topic(&u).is_some());
        let (key, now) = (bench.key, bench.world.now);
        bench.world.core.parts().groups.leave(key, now, now);
        bench.settle();
        let cluster = bench.world.core.parts().net.cluster();
        assert_eq!((cluster.names(), cluster.topic(&u)), (None, None));
    }
}
