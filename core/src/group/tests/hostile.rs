//! Answers that no coordinator should give: each costs a bounded amount of work and memory, and is named.

use ottla_proto::messages::consumer_group_heartbeat::{Assignment, ResponseTopicPartitions};
use ottla_proto::wire::Message;

use super::consumer::{given, topic_id};
use super::*;
use crate::wait::WaitReason;

/// An assignment of the topic's partitions, as often and in such parts as they come.
fn assigned(parts: &[&[i32]]) -> ConsumerGroupHeartbeatResponse {
    let topic_partitions = parts.iter().map(|part| ResponseTopicPartitions {
        topic_id: topic_id(),
        partitions: part.to_vec(),
        ..Default::default()
    });
    let assignment = Assignment { topic_partitions: topic_partitions.collect(), ..Default::default() };
    ConsumerGroupHeartbeatResponse { assignment: Some(assignment), ..given(1, None) }
}

impl Bench {
    /// Takes the member in under an id of 40,000 bytes, which the writer of this project refuses to write.
    fn answer_with_long_id(&mut self, join: &Received) {
        let body = self.join_answer("another", 1).encode(join.version).unwrap();
        let short = b"\x03me";
        let at = body.windows(short.len()).position(|bytes| bytes == short).unwrap();
        let mut frame = BytesMut::new();
        frame.put_i32(join.correlation);
        frame.put_slice(b"\0");
        frame.put_slice(&body[..at]);
        frame.put_slice(b"\xc1\xb8\x02");
        frame.put_bytes(b'x', 40_000);
        frame.put_slice(&body[at + short.len()..]);
        self.world.core.handle_frame(join.connection, frame.freeze(), self.world.now);
        self.settle();
    }

    fn lost_for(&self) -> Vec<&Cause> {
        let lost = self.events.iter().filter_map(|event| match event {
            GroupEvent::Lost { cause, .. } => Some(cause),
            _ => None,
        });
        lost.collect()
    }
}

#[test]
fn an_epoch_that_goes_back_or_is_none_costs_the_membership() {
    for told in [6, 1, 0, -1, -2, i32::MIN] {
        let mut bench = Bench::consumer(config(), &[0]);
        bench.advance(Duration::from_secs(5));
        let (request, _) = bench.take::<ConsumerGroupHeartbeatRequest>();
        bench.answer(&request, &given(7, None));
        let ownership = bench.ownership(0);
        bench.advance(Duration::from_secs(5));
        let (request, asked) = bench.take::<ConsumerGroupHeartbeatRequest>();
        assert_eq!(asked.member_epoch, 7);
        bench.answer(&request, &given(told, Some(&[0, 1])));
        assert_eq!(ownership.phase(), Phase::Ended(End::Lost), "{told}");
        assert_eq!(bench.lost_for(), [&Cause::WrongEpoch { said: 7, told }]);
        let (request, asked) = bench.take::<ConsumerGroupHeartbeatRequest>();
        assert_eq!(asked.member_epoch, 0);
        bench.answer(&request, &given(8, Some(&[1])));
        assert_eq!(bench.owned(), partitions([1]), "it begins anew");
    }
}

#[test]
fn a_coordinator_that_gives_no_epoch_is_asked_at_growing_intervals_and_named() {
    let mut bench = Bench::new(config());
    let begin = bench.world.now;
    for told in [0, -1, i32::MIN, 0, -1, -2] {
        let (request, asked) = bench.next::<ConsumerGroupHeartbeatRequest>();
        assert_eq!(asked.member_epoch, 0);
        bench.answer(&request, &given(told, Some(&[0])));
        assert!(bench.owned().is_empty(), "{told}");
    }
    assert!(bench.world.now.saturating_duration_since(begin) > Duration::from_secs(1));
    let told = bench.reasons();
    let named = |reason: &WaitReason| {
        matches!(reason, WaitReason::RetryBackoff { error: ErrorCode::CORRUPT_MESSAGE, .. })
    };
    assert!(told.iter().any(named), "{told:?}");
}

#[test]
fn heartbeats_go_on_whatever_interval_the_coordinator_asks_for() {
    for (told, seconds) in [(i32::MAX, 15), (60_000, 15), (15_000, 15), (2_000, 2), (0, 0), (i32::MIN, 0)] {
        let mut bench = Bench::consumer(config(), &[0]);
        bench.advance(Duration::from_secs(5));
        let (request, _) = bench.take::<ConsumerGroupHeartbeatRequest>();
        let answer = ConsumerGroupHeartbeatResponse { heartbeat_interval_ms: told, ..given(1, None) };
        bench.answer(&request, &answer);
        let begin = bench.world.now;
        let next = bench.next::<ConsumerGroupHeartbeatRequest>();
        let waited = bench.world.now.saturating_duration_since(begin);
        assert_eq!(waited.as_secs(), seconds, "{told}");
        assert!(waited >= Duration::from_millis(10), "{told} ms would keep a core busy");
        bench.answer(&next.0, &answer);
        assert_eq!(bench.owned(), partitions([0]));
    }
}

#[test]
fn what_an_assignment_says_in_several_places_is_one_assignment() {
    let mut bench = Bench::new(config());
    let (request, _) = bench.take::<ConsumerGroupHeartbeatRequest>();
    bench.answer(&request, &assigned(&[&[0, 0, 1], &[2, 1], &[], &[-1, 0]]));
    assert_eq!(bench.owned(), partitions([0, 1, 2]));
    let told: Vec<_> =
        bench.events.iter().filter(|event| matches!(event, GroupEvent::Assigned { .. })).collect();
    assert_eq!(told, [&GroupEvent::Assigned { partitions: partitions([0, 1, 2]).into_iter().collect() }]);
}

#[test]
fn an_assignment_of_more_partitions_than_any_cluster_has_is_not_taken() {
    let many: Vec<i32> = (0..=1_000_000).collect();
    let mut bench = Bench::consumer(config(), &[0]);
    bench.advance(Duration::from_secs(5));
    let (request, _) = bench.take::<ConsumerGroupHeartbeatRequest>();
    bench.answer(&request, &assigned(&[&many]));
    assert!(bench.owned().is_empty());
    assert_eq!(bench.lost_for(), [&Cause::Malformed]);
    assert_eq!(bench.take::<ConsumerGroupHeartbeatRequest>().1.member_epoch, 0);

    let mut bench = Bench::new(classic());
    let (join, _) = bench.take::<JoinGroupRequest>();
    bench.answer(&join, &bench.join_answer("another", 1));
    let (sync, _) = bench.take::<SyncGroupRequest>();
    let mut assignment = BytesMut::from(&b"\x00\x00\x00\x00\x00\x01\x00\x01t"[..]);
    assignment.put_u32(u32::try_from(many.len()).unwrap());
    many.iter().for_each(|partition| assignment.put_i32(*partition));
    assignment.put_i32(-1);
    bench.answer(&sync, &SyncGroupResponse { assignment: assignment.freeze(), ..Default::default() });
    assert!(bench.owned().is_empty());
    bench.advance(Duration::from_millis(200));
    assert!(bench.take::<JoinGroupRequest>().1.reason.unwrap().contains("could not be read"));
}

#[test]
fn where_partitions_begin_is_read_from_whatever_order_and_number_of_answers() {
    let mut bench = Bench::new(classic());
    bench.join_as_follower(1, [0, 1]);
    let (request, _) = bench.take::<OffsetFetchRequest>();
    let found = |partition_index, committed_offset| OffsetFetchResponsePartitions {
        partition_index,
        committed_offset,
        ..Default::default()
    };
    let topic = |name: &'static str, partitions| OffsetFetchResponseTopics {
        name: name.into(),
        partitions,
        ..Default::default()
    };
    // What was not asked for is not looked at, and of two answers the first counts.
    let topics = vec![
        topic("u", vec![found(0, 7)]),
        topic("t", vec![found(9, 7), found(1, 11), found(-1, 7)]),
        topic("t", vec![found(0, 10), found(1, 7)]),
    ];
    let group = OffsetFetchResponseGroup { group_id: "g".into(), topics, ..Default::default() };
    bench.answer(&request, &OffsetFetchResponse { groups: vec![group], ..Default::default() });
    let positions: Vec<_> = bench.reader.edge().partitions().iter().map(|status| status.position).collect();
    assert_eq!(positions, [Some(10), Some(11)]);
}

#[test]
fn a_join_that_gives_no_generation_or_no_id_is_made_again_at_growing_intervals() {
    let mut bench = Bench::new(classic());
    let begin = bench.world.now;
    for (generation, id) in [(-1, "me"), (1, ""), (i32::MIN, ""), (-2, "me"), (1, ""), (-1, "me")] {
        let (join, asked) = bench.next::<JoinGroupRequest>();
        assert_eq!(asked.member_id, "");
        let answer = JoinGroupResponse { member_id: id.into(), ..bench.join_answer("another", generation) };
        bench.answer(&join, &answer);
    }
    assert!(bench.world.now.saturating_duration_since(begin) > Duration::from_secs(1));
    let told = bench.reasons();
    let named = |reason: &WaitReason| {
        matches!(reason, WaitReason::RetryBackoff { error: ErrorCode::CORRUPT_MESSAGE, .. })
    };
    assert!(told.iter().any(named), "{told:?}");

    // The coordinator gives out what no request can say.
    let (join, _) = bench.next::<JoinGroupRequest>();
    let error_code = ErrorCode::MEMBER_ID_REQUIRED;
    bench.answer(&join, &JoinGroupResponse { error_code, ..Default::default() });
    let (join, asked) = bench.next::<JoinGroupRequest>();
    assert_eq!(asked.member_id, "");
    bench.answer_with_long_id(&join);
    assert_eq!(bench.next::<JoinGroupRequest>().1.member_id, "");
}

#[test]
fn a_coordinator_that_gives_one_id_after_the_other_is_asked_at_growing_intervals() {
    let mut bench = Bench::new(classic());
    let begin = bench.world.now;
    for number in 0..6 {
        let (join, _) = bench.next::<JoinGroupRequest>();
        if number == 1 {
            assert_eq!(bench.world.now, begin, "the first id is used at once");
        }
        let answer = JoinGroupResponse {
            error_code: ErrorCode::MEMBER_ID_REQUIRED,
            member_id: format!("me{number}").into(),
            ..Default::default()
        };
        bench.answer(&join, &answer);
    }
    assert!(bench.world.now.saturating_duration_since(begin) > Duration::from_secs(1));
}

/// The leader would give everybody nothing, and nobody would know why.
#[test]
fn an_assignor_that_nobody_offered_ends_the_member() {
    for (name, leader) in [(Some("roundest-robin"), "me"), (Some("roundest-robin"), "another"), (None, "me")]
    {
        let mut bench = Bench::new(classic());
        let (join, _) = bench.take::<JoinGroupRequest>();
        let answer =
            JoinGroupResponse { protocol_name: name.map(Into::into), ..bench.join_answer(leader, 1) };
        bench.answer(&join, &answer);
        let failed = bench.events.iter().find_map(|event| match event {
            GroupEvent::Failed { error } => Some(error.to_string()),
            _ => None,
        });
        let failed = failed.unwrap();
        assert!(failed.contains("INCONSISTENT_GROUP_PROTOCOL"), "{failed}");
        assert!(failed.contains(name.unwrap_or("none")), "{failed}");
    }
}
