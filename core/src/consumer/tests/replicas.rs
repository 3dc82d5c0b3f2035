//! Replicas that are near (KIP-392), and logs that were cut (KIP-320).

use ottla_proto::messages::fetch::EpochEndOffset;
use ottla_proto::messages::offset_for_leader_epoch::{
    self, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, OffsetForLeaderTopicResult,
};

use super::*;
use crate::event::{Event, ResetCause};

/// Partition 0 is led by node 1; node 2 has a replica.
fn bench(config: ConsumerConfig) -> Bench {
    let rack = Some("near".into());
    let mut bench = Bench::new(2, &[("t", 1)], ConsumerConfig { rack, ..config });
    bench.assign("t", 0, Start::At(0));
    bench
}

fn go_to(node: i32) -> PartitionData {
    PartitionData { preferred_read_replica: BrokerId(node), ..nothing_new(0, 9) }
}

/// Follows the leader's advice and gives the fetch that went to the replica.
fn follow(bench: &mut Bench) -> Received {
    let leader = bench.fetch();
    assert_eq!(&*leader.read::<FetchRequest>().rack_id, "near");
    bench.answer(&leader, vec![go_to(2)]);
    let replica = bench.fetch();
    assert_ne!(leader.connection, replica.connection);
    assert_eq!(asked(&replica), [(0, 0)]);
    replica
}

#[test]
fn a_replica_nearby_is_read_from_until_the_lease_ends() {
    let mut bench = bench(ConsumerConfig::default());
    let replica = follow(&mut bench);
    bench.answer(&replica, vec![data(0, 9, batch(0, 3, 10))]);
    assert_eq!(bench.offsets(), [0, 1, 2]);
    let again = bench.fetch();
    assert_eq!((again.connection, asked(&again)), (replica.connection, vec![(0, 3)]));
    assert_eq!(bench.reasons(), [WaitReason::AnswerDue { node: BrokerId(2) }]);
    bench.world.now = bench.world.now + Duration::from_secs(300);
    let leader = bench.fetches();
    let leader = leader.iter().find(|fetch| fetch.connection != replica.connection).unwrap();
    assert_eq!(asked(leader), [(0, 3)]);
}

#[test]
fn a_replica_that_cannot_help_is_left_for_the_leader() {
    for error in [ErrorCode::OFFSET_OUT_OF_RANGE, ErrorCode::NOT_LEADER_OR_FOLLOWER] {
        let mut bench = bench(ConsumerConfig { reset: ResetPolicy::Earliest, ..ConsumerConfig::default() });
        let replica = follow(&mut bench);
        bench.answer(&replica, vec![failed(0, error)]);
        bench.no_fetch();
        bench.advance(Duration::from_millis(130));
        let leader = bench.fetch();
        assert_ne!(leader.connection, replica.connection);
        assert_eq!(asked(&leader), [(0, 0)], "a follower's word does not reset the position");
        bench.answer(&leader, vec![data(0, 9, batch(0, 3, 10))]);
        assert_eq!(bench.offsets(), [0, 1, 2]);
    }
}

#[test]
fn a_replica_that_goes_away_is_left_for_the_leader_at_once() {
    let mut bench = bench(ConsumerConfig::default());
    let replica = follow(&mut bench);
    let closed = crate::net::DisconnectCause::Closed;
    bench.world.core.handle_disconnected(replica.connection, closed, bench.world.now);
    let leader = bench.fetch();
    assert_ne!(leader.connection, replica.connection);
    bench.answer(&leader, vec![data(0, 9, batch(0, 3, 10))]);
    assert_eq!(bench.offsets(), [0, 1, 2]);
}

#[test]
fn two_nodes_cannot_send_a_partition_to_and_fro() {
    let mut bench = bench(ConsumerConfig::default());
    let replica = follow(&mut bench);
    bench.answer(&replica, vec![go_to(1)]);
    assert_eq!(bench.fetch().connection, replica.connection);
}

#[test]
fn a_replica_that_nobody_knows_is_not_waited_for() {
    let mut bench = bench(ConsumerConfig::default());
    let leader = bench.fetch();
    bench.answer(&leader, vec![go_to(9)]);
    bench.no_fetch();
    assert!(matches!(bench.reasons()[..], [WaitReason::RetryBackoff { .. }]));
    bench.advance(Duration::from_millis(130));
    assert_eq!(bench.fetch().connection, leader.connection);
}

fn diverging(epoch: i32, end_offset: i64) -> PartitionData {
    let diverging_epoch = EpochEndOffset { epoch, end_offset, ..EpochEndOffset::default() };
    PartitionData { diverging_epoch, ..nothing_new(0, end_offset) }
}

fn last_epoch(request: &Received) -> i32 {
    request.read::<FetchRequest>().topics[0].partitions[0].last_fetched_epoch.0
}

/// Reads offsets 0 to 2 and hands them out, fetches 3 to 5 and does not.
fn read_some(config: ConsumerConfig) -> (Bench, Received) {
    let mut bench = Bench::at(0, config);
    let fetch = bench.fetch();
    assert_eq!(last_epoch(&fetch), -1, "nothing was read yet");
    bench.answer(&fetch, vec![data(0, 6, join(&[batch(0, 3, 10), batch(3, 3, 10)]))]);
    assert_eq!(bench.offsets(), [0, 1, 2]);
    let fetch = bench.fetch();
    assert_eq!((asked(&fetch), last_epoch(&fetch)), (vec![(0, 6)], 1));
    (bench, fetch)
}

fn resets(bench: &mut Bench) -> Vec<(i64, i64, ResetCause)> {
    let events = std::mem::take(&mut bench.world.events);
    let reset = |event| match event {
        Event::PositionReset { from, to, cause, .. } => Some((from, to, cause)),
        _ => None,
    };
    events.into_iter().filter_map(reset).collect()
}

#[test]
fn a_cut_log_is_told_if_the_policy_is_to_ask() {
    let (mut bench, fetch) = read_some(ConsumerConfig::default());
    bench.answer(&fetch, vec![diverging(0, 2)]);
    // What is here already was in the log when it was fetched.
    assert_eq!(bench.offsets(), [3, 4, 5]);
    for _ in 0..2 {
        let error = bench.error();
        assert_eq!(error.fault, PartitionFault::Truncated { diverging_offset: 2 });
        assert_eq!((error.offset, error.skip_to), (Some(6), Some(2)));
    }
    bench.no_fetch();
}

#[test]
fn a_cut_log_is_read_from_where_it_was_cut_and_that_is_told() {
    let config = ConsumerConfig { reset: ResetPolicy::Latest, ..ConsumerConfig::default() };
    let (mut bench, fetch) = read_some(config);
    bench.answer(&fetch, vec![diverging(0, 2)]);
    bench.nothing();
    assert_eq!(bench.position(0), Some(2));
    assert_eq!(resets(&mut bench), [(3, 2, ResetCause::Truncated)]);
    bench.advance(Duration::from_millis(130));
    let fetch = bench.fetch();
    assert_eq!((asked(&fetch), last_epoch(&fetch)), (vec![(0, 2)], 0));
    bench.answer(&fetch, vec![data(0, 4, batch(2, 2, 10))]);
    assert_eq!(bench.offsets(), [2, 3]);
}

#[test]
fn a_cut_behind_what_was_handed_out_only_drops_what_was_not() {
    let config = ConsumerConfig { reset: ResetPolicy::Earliest, ..ConsumerConfig::default() };
    let (mut bench, fetch) = read_some(config);
    bench.answer(&fetch, vec![diverging(0, 4)]);
    bench.nothing();
    assert_eq!((bench.position(0), resets(&mut bench)), (Some(3), vec![]));
    assert!(bench.reader.edge().stats().discarded_bytes > 0);
    bench.advance(Duration::from_millis(130));
    assert_eq!(asked(&bench.fetch()), [(0, 3)]);
}

#[test]
fn a_position_with_an_epoch_is_compared_with_the_log() {
    let mut bench = Bench::new(1, &[("t", 1)], ConsumerConfig::default());
    bench.assign("t", 0, Start::AtEpoch(6, LeaderEpoch(3)));
    let fetch = bench.fetch();
    assert_eq!((asked(&fetch), last_epoch(&fetch)), (vec![(0, 6)], 3));
}

#[test]
fn a_reset_is_told() {
    let config = ConsumerConfig { reset: ResetPolicy::Earliest, ..ConsumerConfig::default() };
    let mut bench = Bench::at(100, config);
    let fetch = bench.fetch();
    bench.answer(&fetch, vec![failed(0, ErrorCode::OFFSET_OUT_OF_RANGE)]);
    assert_eq!(bench.answer_lookups(40), [(0, -2)]);
    assert_eq!(resets(&mut bench), [(100, 40, ResetCause::OutOfRange)]);
}

#[test]
fn a_reset_by_age_looks_up_a_time() {
    let age = Duration::from_secs(60);
    let config = ConsumerConfig {
        reset: ResetPolicy::Ago(age),
        clock_start_ms: 1_000_000,
        ..ConsumerConfig::default()
    };
    let mut bench = Bench::at(100, config);
    let fetch = bench.fetch();
    bench.answer(&fetch, vec![failed(0, ErrorCode::OFFSET_OUT_OF_RANGE)]);
    let now = i64::try_from(bench.world.now.as_micros() / 1_000).unwrap();
    assert_eq!(bench.answer_lookups(40), [(0, 1_000_000 + now - 60_000)]);
    assert_eq!(asked(&bench.fetch()), [(0, 40)]);
}

/// As [`read_some`], at a broker whose fetches compare nothing; then the leader's epoch rises, and the comparison is in
/// flight.
fn compared(config: ConsumerConfig) -> (Bench, Received) {
    let mut bench = Bench::new(1, &[("t", 1)], config);
    bench.reader.edge().assign([(name("t", 0), Start::At(0))]);
    for _ in 0..3 {
        bench.world.turn();
        let connections: Vec<_> = bench.world.connects.iter().map(|(id, _)| *id).collect();
        for id in connections {
            if bench.opened.insert(id) {
                bench.world.open_with(id, &|api| {
                    let max = if api.key == ApiKey::FETCH { 11 } else { api.latest_stable };
                    Some((api.versions.min, max))
                });
            }
        }
    }
    let fetch = bench.fetch();
    assert_eq!(fetch.version, 11);
    bench.answer(&fetch, vec![data(0, 6, join(&[batch(0, 3, 10), batch(3, 3, 10)]))]);
    assert_eq!((bench.offsets(), bench.offsets()), (vec![0, 1, 2], vec![3, 4, 5]));
    let fetch = bench.fetch();
    assert_eq!(asked(&fetch), [(0, 6)], "the leader's epoch is that of the records");
    let leader = crate::cluster::Leader { node: BrokerId(1), epoch: LeaderEpoch(2) };
    bench.world.core.parts().net.cluster_mut().hint(&TopicName::from("t"), 0, leader);
    bench.answer(&fetch, vec![nothing_new(0, 6)]);
    bench.no_fetch();
    let at = bench.requests.iter().position(|request| request.api == ApiKey::OFFSET_FOR_LEADER_EPOCH);
    let check = bench.requests.remove(at.unwrap());
    let asked = check.read::<OffsetForLeaderEpochRequest>().topics[0].partitions[0].clone();
    assert_eq!((asked.current_leader_epoch, asked.leader_epoch), (LeaderEpoch(2), LeaderEpoch(1)));
    assert_eq!(bench.reasons(), [WaitReason::AnswerDue { node: BrokerId(1) }]);
    (bench, check)
}

fn end_of_epoch(bench: &mut Bench, check: &Received, error_code: ErrorCode, end_offset: i64) {
    let end = offset_for_leader_epoch::EpochEndOffset {
        error_code,
        leader_epoch: LeaderEpoch(1),
        end_offset,
        ..Default::default()
    };
    let topic = OffsetForLeaderTopicResult {
        topic: TopicName::from("t"),
        partitions: vec![end],
        ..Default::default()
    };
    bench.world.answer(check, &OffsetForLeaderEpochResponse { topics: vec![topic], ..Default::default() });
    bench.settle();
}

#[test]
fn before_fetches_compared_a_new_leader_is_asked_first() {
    let (mut bench, check) = compared(ConsumerConfig::default());
    end_of_epoch(&mut bench, &check, ErrorCode::NOT_LEADER_OR_FOLLOWER, -1);
    assert!(matches!(bench.reasons()[..], [WaitReason::RetryBackoff { .. }]));
    bench.advance(Duration::from_millis(130));
    let check = bench.requests.pop().unwrap();
    assert_eq!(check.api, ApiKey::OFFSET_FOR_LEADER_EPOCH);
    end_of_epoch(&mut bench, &check, ErrorCode::NONE, 6);
    let fetch = bench.fetch();
    assert_eq!(asked(&fetch), [(0, 6)]);
    // Once is enough for each leader.
    bench.answer(&fetch, vec![nothing_new(0, 6)]);
    assert_eq!(asked(&bench.fetch()), [(0, 6)]);
}

#[test]
fn before_fetches_compared_a_cut_log_is_noticed_all_the_same() {
    let (mut bench, check) = compared(ConsumerConfig::default());
    end_of_epoch(&mut bench, &check, ErrorCode::NONE, 4);
    assert_eq!(bench.error().fault, PartitionFault::Truncated { diverging_offset: 4 });

    let (mut bench, check) =
        compared(ConsumerConfig { reset: ResetPolicy::Latest, ..ConsumerConfig::default() });
    end_of_epoch(&mut bench, &check, ErrorCode::NONE, 4);
    assert_eq!(resets(&mut bench), [(6, 4, ResetCause::Truncated)]);
    bench.advance(Duration::from_millis(130));
    assert_eq!(asked(&bench.fetch()), [(0, 4)]);
}
