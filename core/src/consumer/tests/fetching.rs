//! What is asked of whom, and when.

use super::*;

#[test]
fn the_next_fetch_goes_out_when_the_last_was_read_from_the_socket() {
    let mut bench = Bench::at(0, ConsumerConfig::default());
    let fetch = bench.fetch();
    let request = fetch.read::<FetchRequest>();
    assert_eq!((request.session_id, request.session_epoch), (0, 0));
    assert_eq!(request.topics[0].topic_id, topic_id("t", fetch.version));
    assert_eq!(request.topics[0].partitions[0].current_leader_epoch, LeaderEpoch(1));
    bench.nothing();
    bench.answer(&fetch, vec![data(0, 3, batch(0, 3, 100))]);
    assert_eq!(bench.wakes.0.load(Ordering::Relaxed), 1, "one wake per answer");
    // Nothing was read by the application yet.
    assert_eq!(asked(&bench.fetch()), [(0, 3)]);
    let read = bench.batch();
    let values: Vec<_> = read.iter().map(|record| (record.offset, record.value.unwrap().len())).collect();
    assert_eq!(values, [(0, 100), (1, 100), (2, 100)]);
    assert_eq!(read.leader_epoch(), Some(LeaderEpoch(1)));
    bench.nothing();
}

#[test]
fn old_brokers_are_asked_by_name() {
    let mut bench = Bench::new(1, &[("t", 1)], ConsumerConfig::default());
    bench.reader.edge().assign([(name("t", 0), Start::At(0))]);
    bench.world.turn();
    let connections: Vec<_> = bench.world.connects.iter().map(|(id, _)| *id).collect();
    for id in connections {
        if bench.opened.insert(id) {
            bench.world.open_with(id, &|api| {
                let max = if api.key == ApiKey::FETCH { 4 } else { api.latest_stable };
                Some((api.versions.min, max))
            });
        }
    }
    let fetch = bench.fetch();
    assert_eq!(fetch.version, 4);
    assert_eq!(fetch.read::<FetchRequest>().topics[0].topic, TopicName::from("t"));
    bench.answer(&fetch, vec![data(0, 2, batch(0, 2, 10))]);
    assert_eq!(bench.offsets(), [0, 1]);
}

#[test]
fn a_partition_that_is_full_is_not_asked_for_until_it_is_read() {
    let mut bench = Bench::at(0, ConsumerConfig { partition_max_bytes: 1_000, ..ConsumerConfig::default() });
    let fetch = bench.fetch();
    bench.answer(&fetch, vec![data(0, 20, join(&[batch(0, 10, 50), batch(10, 10, 50)]))]);
    bench.no_fetch();
    assert_eq!(bench.reasons(), [WaitReason::Unread]);
    assert!(matches!(bench.world.core.park(), Park::Until(_)));
    bench.offsets();
    assert!(matches!(bench.world.core.park(), Park::Again), "the read calls for more");
    assert_eq!(asked(&bench.fetch()), [(0, 20)]);
}

#[test]
fn a_read_from_a_full_partition_wakes_a_driver_that_turned_for_another_reason_meanwhile() {
    let mut bench = Bench::at(0, ConsumerConfig { partition_max_bytes: 1_000, ..ConsumerConfig::default() });
    let driver = std::sync::Arc::new(Wakes::default());
    bench.world.core.set_waker(&Waker::from(driver.clone()));
    let fetch = bench.fetch();
    bench.answer(&fetch, vec![data(0, 20, join(&[batch(0, 10, 50), batch(10, 10, 50)]))]);
    bench.no_fetch();
    bench.advance(Duration::from_secs(1));
    assert!(matches!(bench.world.core.park(), Park::Until(_)));
    let before = driver.0.load(Ordering::Relaxed);
    bench.offsets();
    assert_eq!(driver.0.load(Ordering::Relaxed), before + 1);
    assert_eq!(asked(&bench.fetch()), [(0, 20)]);
}

#[test]
fn a_read_from_a_full_partition_wakes_the_driver_while_no_other_may_be_asked_for() {
    let config = ConsumerConfig { partition_max_bytes: 1_000, ..ConsumerConfig::default() };
    let mut bench = Bench::new(1, &[("t", 2)], config);
    bench.reader.edge().assign((0..2).map(|partition| (name("t", partition), Start::At(0))));
    let driver = std::sync::Arc::new(Wakes::default());
    bench.world.core.set_waker(&Waker::from(driver.clone()));
    let fetch = bench.fetch();
    bench.answer(&fetch, vec![data(0, 20, batch(0, 20, 50)), failed(1, ErrorCode::FENCED_LEADER_EPOCH)]);
    bench.no_fetch();
    assert!(matches!(bench.world.core.park(), Park::Until(_)));
    let before = driver.0.load(Ordering::Relaxed);
    bench.offsets();
    assert_eq!(driver.0.load(Ordering::Relaxed), before + 1);
    assert_eq!(asked(&bench.fetch()), [(0, 20)]);
}

#[test]
fn a_fetch_that_leaves_out_a_full_partition_does_not_wait_long() {
    let mut bench = Bench::new(
        1,
        &[("t", 2)],
        ConsumerConfig { partition_max_bytes: 1_000, ..ConsumerConfig::default() },
    );
    bench.assign("t", 0, Start::At(0));
    let fetch = bench.fetch();
    bench.reader.edge().assign([(name("t", 1), Start::At(0))]);
    bench.answer(&fetch, vec![data(0, 20, batch(0, 20, 50))]);
    // Partition 0 is full. While nobody reads, the waits grow with the time it has been left out.
    let mut waits = Vec::new();
    for _ in 0..12 {
        let fetch = bench.fetch();
        assert_eq!(asked(&fetch), [(1, 0)]);
        let wait = fetch.read::<FetchRequest>().max_wait_ms;
        waits.push(wait);
        bench.world.now = bench.world.now + Duration::from_millis(u64::try_from(wait).unwrap());
        bench.answer(&fetch, vec![nothing_new(1, 0)]);
    }
    assert_eq!(waits, [1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 500, 500]);
    let fetch = bench.fetch();
    bench.offsets();
    bench.answer(&fetch, vec![nothing_new(1, 0)]);
    let fetch = bench.fetch();
    assert_eq!(asked(&fetch), [(0, 20), (1, 0)]);
    assert_eq!(fetch.read::<FetchRequest>().max_wait_ms, 500);
}

/// Answers of up to 4,000 bytes. Of what a node has sent, as much as its last answer may lie unread, or 2,000 bytes.
fn small_answers() -> ConsumerConfig {
    ConsumerConfig { fetch_max_bytes: 4_000, partition_max_bytes: 1_500, ..ConsumerConfig::default() }
}

impl Bench {
    /// Two answers for two partitions of one node, of which the second is smaller and lies unread as the first does. What
    /// partition 0 has cannot be read.
    fn more_than_one_answer(&mut self) {
        // The length of the first record, behind the header of the first batch.
        let mut damaged = join(&[batch(0, 1, 900), batch(1, 1, 900)]).to_vec();
        damaged[61] = 0;
        let fetch = self.fetch();
        self.answer(&fetch, vec![data(0, 9, damaged.into())]);
        let fetch = self.fetch();
        self.answer(&fetch, vec![data(1, 9, batch(0, 1, 900))]);
        self.no_fetch();
    }
}

#[test]
fn the_next_answer_is_asked_for_when_all_before_the_last_is_read() {
    let mut bench = Bench::new(1, &[("t", 3)], small_answers());
    let driver = std::sync::Arc::new(Wakes::default());
    bench.world.core.set_waker(&Waker::from(driver.clone()));
    let wakes = || driver.0.load(Ordering::Relaxed);
    bench.reader.edge().assign((0..3).map(|partition| (name("t", partition), Start::At(0))));
    let answer = |offset| (0..3).map(|partition| data(partition, 9, batch(offset, 1, 900))).collect();
    let fetch = bench.fetch();
    bench.answer(&fetch, answer(0));
    let fetch = bench.fetch();
    assert_eq!(asked(&fetch), [(0, 1), (1, 1), (2, 1)]);
    bench.answer(&fetch, answer(1));
    bench.no_fetch();
    assert_eq!(bench.reasons(), vec![WaitReason::Unread; 3]);
    bench.world.core.park();
    let before = wakes();
    assert_eq!((bench.offsets(), bench.offsets()), (vec![0], vec![0]));
    assert_eq!(wakes(), before, "of the first answer something is left");
    assert_eq!(bench.offsets(), [0]);
    assert_eq!(wakes(), before + 1);
    assert_eq!(asked(&bench.fetch()), [(0, 2), (1, 2), (2, 2)]);
}

#[test]
fn what_lies_unread_of_one_node_keeps_no_other_waiting() {
    let mut bench = Bench::new(2, &[("t", 2)], small_answers());
    bench.reader.edge().assign((0..2).map(|partition| (name("t", partition), Start::At(0))));
    let mut fetches = bench.fetches();
    let mut other = fetches.remove(1);
    bench.answer(&fetches[0], vec![data(0, 9, batch(0, 3, 900))]);
    for offset in 0..3 {
        bench.answer(&other, vec![data(1, 9, batch(offset, 1, 400))]);
        other = bench.fetch();
        assert_eq!(asked(&other), [(1, offset + 1)]);
    }
}

#[test]
fn what_is_paused_or_taken_away_no_longer_keeps_the_node_waiting() {
    for take_away in [true, false] {
        let config = ConsumerConfig { check_crcs: false, ..small_answers() };
        let mut bench = Bench::new(1, &[("t", 2)], config);
        bench.reader.edge().assign((0..2).map(|partition| (name("t", partition), Start::At(0))));
        bench.more_than_one_answer();
        if take_away {
            bench.reader.edge().unassign([name("t", 0)]);
        } else {
            bench.reader.edge().pause(&name("t", 0)).unwrap();
        }
        assert!(matches!(bench.world.core.park(), Park::Again));
        assert_eq!(asked(&bench.fetch()), [(1, 1)]);
    }
}

#[test]
fn a_batch_that_cannot_be_read_no_longer_keeps_the_node_waiting() {
    let mut bench = Bench::new(1, &[("t", 2)], ConsumerConfig { check_crcs: false, ..small_answers() });
    bench.reader.edge().assign((0..2).map(|partition| (name("t", partition), Start::At(0))));
    bench.more_than_one_answer();
    bench.error();
    assert_eq!(asked(&bench.fetch()), [(1, 1)]);
}

#[test]
fn partitions_take_turns_on_both_sides() {
    let mut bench = Bench::new(1, &[("t", 3)], ConsumerConfig::default());
    bench.reader.edge().assign((0..3).map(|partition| (name("t", partition), Start::At(0))));
    let fetch = bench.fetch();
    assert_eq!(asked(&fetch), [(0, 0), (1, 0), (2, 0)]);
    let two = || join(&[batch(0, 1, 10), batch(1, 1, 10)]);
    bench.answer(&fetch, vec![data(0, 2, two()), data(1, 2, two()), nothing_new(2, 0)]);
    assert_eq!(asked(&bench.fetch()), [(2, 0), (0, 2), (1, 2)], "who got nothing goes first");
    let order: Vec<_> = (0..4).map(|_| bench.batch().partition().partition).collect();
    assert_eq!(order, [0, 1, 0, 1]);
}

#[test]
fn what_came_first_is_read_first() {
    let mut bench = Bench::new(1, &[("t", 2)], ConsumerConfig::default());
    bench.reader.edge().assign((0..2).map(|partition| (name("t", partition), Start::At(0))));
    let fetch = bench.fetch();
    let three = join(&[batch(0, 1, 10), batch(1, 1, 10), batch(2, 1, 10)]);
    bench.answer(&fetch, vec![data(0, 9, three), data(1, 9, batch(0, 1, 10))]);
    let fetch = bench.fetch();
    bench.answer(&fetch, vec![data(0, 9, batch(3, 1, 10)), data(1, 9, batch(1, 1, 10))]);
    let mut next = || {
        let batch = bench.batch();
        (batch.partition().partition, batch.first_offset())
    };
    let order: Vec<_> = (0..6).map(|_| next()).collect();
    assert_eq!(order, [(0, 0), (1, 0), (0, 1), (0, 2), (1, 1), (0, 3)]);
}

#[test]
fn a_batch_cut_off_stays_wanted_and_goes_first() {
    let mut bench = Bench::new(1, &[("t", 2)], ConsumerConfig::default());
    bench.reader.edge().assign((0..2).map(|partition| (name("t", partition), Start::At(0))));
    let fetch = bench.fetch();
    let whole = batch(0, 5, 100);
    bench.answer(&fetch, vec![data(0, 5, batch(0, 5, 100)), data(1, 5, whole.slice(..whole.len() - 1))]);
    assert_eq!(bench.offsets(), [0, 1, 2, 3, 4]);
    bench.nothing();
    assert_eq!(bench.position(1), Some(0));
    let fetch = bench.fetch();
    assert_eq!(asked(&fetch), [(1, 0), (0, 5)]);
    // After a whole one, a cut-off end is what a byte limit does to every answer.
    let more = join(&[whole.clone(), batch(5, 5, 100).slice(..70)]);
    bench.answer(&fetch, vec![data(1, 10, more)]);
    assert_eq!(bench.offsets(), [0, 1, 2, 3, 4]);
    assert!(asked(&bench.fetch()).contains(&(1, 5)));
}

#[test]
fn a_first_partition_without_a_whole_batch_is_the_brokers_fault() {
    let mut bench = Bench::at(0, ConsumerConfig::default());
    let fetch = bench.fetch();
    let whole = batch(0, 5, 100);
    bench.answer(&fetch, vec![data(0, 5, whole.slice(..whole.len() - 1))]);
    let error = bench.error();
    assert_eq!(error.fault, PartitionFault::Incomplete { node: BrokerId(1), needed: whole.len() });
    bench.no_fetch();
}

#[test]
fn a_partition_that_moves_is_asked_of_its_new_leader_at_once() {
    let mut bench = Bench::new(2, &[("t", 2)], ConsumerConfig::default());
    bench.reader.edge().assign((0..2).map(|partition| (name("t", partition), Start::At(0))));
    let fetches = bench.fetches();
    let (to_first, to_second) = (&fetches[0], &fetches[1]);
    assert_eq!((asked(to_first), asked(to_second)), (vec![(0, 0)], vec![(1, 0)]));
    let moved = LeaderIdAndEpoch {
        leader_id: BrokerId(1),
        leader_epoch: LeaderEpoch(2),
        ..LeaderIdAndEpoch::default()
    };
    bench.answer(
        to_second,
        vec![PartitionData { current_leader: moved, ..failed(1, ErrorCode::NOT_LEADER_OR_FOLLOWER) }],
    );
    // The old view must not win over the hint; node 1 is asked as soon as its fetch in flight is back.
    bench.no_fetch();
    bench.answer(to_first, vec![nothing_new(0, 0)]);
    let fetch = bench.fetch();
    assert_eq!(asked(&fetch), [(0, 0), (1, 0)]);
    let epochs = fetch.read::<FetchRequest>().topics[0]
        .partitions
        .iter()
        .map(|p| p.current_leader_epoch.0)
        .collect::<Vec<_>>();
    assert_eq!(epochs, [1, 2]);
}

#[test]
fn what_the_old_leader_still_answers_is_not_taken() {
    let mut bench = Bench::new(2, &[("t", 2)], ConsumerConfig::default());
    bench.assign("t", 1, Start::At(0));
    let old = bench.fetch();
    let leader = crate::cluster::Leader { node: BrokerId(1), epoch: LeaderEpoch(2) };
    bench.world.core.parts().net.cluster_mut().hint(&TopicName::from("t"), 1, leader);
    let new = bench.fetch();
    assert_ne!(old.connection, new.connection);
    bench.answer(&old, vec![data(1, 3, batch(0, 3, 10))]);
    bench.nothing();
    bench.answer(&new, vec![data(1, 3, batch(0, 3, 10))]);
    assert_eq!(bench.offsets(), [0, 1, 2]);
    bench.nothing();
}

#[test]
fn an_error_that_may_pass_waits_its_turn_and_has_a_name() {
    let mut bench = Bench::at(0, ConsumerConfig::default());
    let fetch = bench.fetch();
    bench.answer(&fetch, vec![failed(0, ErrorCode::FENCED_LEADER_EPOCH)]);
    bench.no_fetch();
    assert!(matches!(
        bench.reasons()[..],
        [WaitReason::RetryBackoff { error: ErrorCode::FENCED_LEADER_EPOCH, .. }]
    ));
    let due = bench.world.core.poll_timeout().unwrap();
    assert!(due <= bench.world.now + Duration::from_millis(120));
    bench.advance(Duration::from_millis(120));
    assert_eq!(asked(&bench.fetch()), [(0, 0)]);
}

#[test]
fn a_pause_that_is_over_is_no_reason_any_more() {
    let mut bench = Bench::new(1, &[("t", 2)], ConsumerConfig::default());
    bench.reader.edge().assign((0..2).map(|partition| (name("t", partition), Start::At(0))));
    let fetch = bench.fetch();
    bench.answer(&fetch, vec![failed(0, ErrorCode::FENCED_LEADER_EPOCH)]);
    assert_eq!(asked(&bench.fetch()), [(1, 0)]);
    let [first, _] = &bench.reasons()[..] else { panic!("two partitions wait") };
    assert!(matches!(first, WaitReason::RetryBackoff { .. }));
    // The fetch that left it out is still with the broker.
    bench.advance(Duration::from_millis(130));
    let due = WaitReason::AnswerDue { node: BrokerId(1) };
    assert_eq!(bench.reasons(), [due.clone(), due]);
}

#[test]
fn a_refusal_is_told_and_the_others_go_on() {
    let mut bench = Bench::new(1, &[("t", 2)], ConsumerConfig::default());
    bench.reader.edge().assign((0..2).map(|partition| (name("t", partition), Start::At(0))));
    let fetch = bench.fetch();
    bench.answer(&fetch, vec![failed(0, ErrorCode::TOPIC_AUTHORIZATION_FAILED), data(1, 2, batch(0, 2, 10))]);
    let error = PartitionFault::Refused { node: BrokerId(1), error: ErrorCode::TOPIC_AUTHORIZATION_FAILED };
    let mut found = (0, 0);
    for _ in 0..4 {
        match bench.poll() {
            Poll::Ready(Ok(Some(batch))) => found.0 += batch.len(),
            Poll::Ready(Err(ReadError::Partition(told))) => {
                assert_eq!(told.fault, error);
                found.1 += 1;
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(found, (2, 3));
    assert_eq!(asked(&bench.fetch()), [(1, 2)]);
}

#[test]
fn a_throttled_empty_answer_is_obeyed_named_and_no_error() {
    let mut bench = Bench::new(2, &[("t", 2)], ConsumerConfig::default());
    bench.reader.edge().assign((0..2).map(|partition| (name("t", partition), Start::At(0))));
    let fetches = bench.fetches();
    let response = FetchResponse { throttle_time_ms: 5_000, ..FetchResponse::default() };
    bench.world.answer(&fetches[0], &response);
    bench.answer(&fetches[1], vec![data(1, 2, batch(0, 2, 10))]);
    let until = bench.world.now + Duration::from_secs(5);
    assert_eq!(asked(&bench.fetch()), [(1, 2)], "the other node goes on");
    let throttled = |reason: &WaitReason| matches!(reason, WaitReason::Throttled { node: BrokerId(1), until: end, .. } if *end == until);
    assert!(bench.reasons().iter().any(throttled), "{:?}", bench.reasons());
    // Another class goes on as well.
    bench.assign("t", 0, Start::Earliest);
    assert_eq!(bench.answer_lookups(7), [(0, -2)]);
    bench.no_fetch();
    assert!(bench.world.core.poll_timeout().unwrap() <= until);
    bench.world.now = until;
    assert_eq!(asked(&bench.fetch()), [(0, 7)]);
    assert_eq!(bench.offsets(), [0, 1]);
}

#[test]
fn a_silent_broker_delays_nobody() {
    let mut bench = Bench::new(2, &[("t", 2)], ConsumerConfig::default());
    bench.reader.edge().assign((0..2).map(|partition| (name("t", partition), Start::At(0))));
    let mut fetches = bench.fetches();
    let mut healthy = fetches.remove(1);
    for round in 0..50 {
        bench.answer(&healthy, vec![data(1, 1_000, batch(round * 10, 10, 1_000))]);
        assert_eq!(bench.batch().len(), 10);
        healthy = bench.fetch();
        assert_eq!(asked(&healthy), [(1, round * 10 + 10)]);
    }
    // The silent one is given up after its time, and asked again on a new connection.
    bench.advance(Duration::from_millis(30_500));
    bench.advance(Duration::from_secs(1));
    let again = bench.fetches();
    assert!(again.iter().any(|fetch| asked(fetch) == [(0, 0)]), "{again:?}");
}

#[test]
fn a_lost_connection_loses_and_repeats_nothing() {
    let mut bench = Bench::at(0, ConsumerConfig::default());
    let fetch = bench.fetch();
    bench.answer(&fetch, vec![data(0, 3, batch(0, 3, 10))]);
    let lost = bench.fetch();
    bench.world.core.handle_disconnected(
        lost.connection,
        crate::net::DisconnectCause::Closed,
        bench.world.now,
    );
    bench.settle();
    assert!(matches!(bench.reasons()[..], [WaitReason::ReconnectBackoff { .. }]), "{:?}", bench.reasons());
    bench.advance(Duration::from_secs(1));
    let fetch = bench.fetch();
    assert_eq!(asked(&fetch), [(0, 3)]);
    bench.answer(&fetch, vec![data(0, 5, batch(3, 2, 10))]);
    assert_eq!((bench.offsets(), bench.offsets()), (vec![0, 1, 2], vec![3, 4]));
}

#[test]
fn a_paused_partition_keeps_its_records() {
    let mut bench = Bench::new(1, &[("t", 2)], ConsumerConfig::default());
    bench.reader.edge().assign((0..2).map(|partition| (name("t", partition), Start::At(0))));
    let fetch = bench.fetch();
    bench.answer(&fetch, vec![data(0, 2, batch(0, 2, 10)), data(1, 2, batch(0, 2, 10))]);
    bench.reader.edge().pause(&name("t", 0)).unwrap();
    assert_eq!(bench.batch().partition().partition, 1);
    bench.nothing();
    let fetch = bench.fetch();
    bench.answer(&fetch, vec![nothing_new(0, 2), nothing_new(1, 2)]);
    let fetch = bench.fetch();
    assert_eq!(asked(&fetch), [(1, 2)]);
    assert!(bench.reasons().contains(&WaitReason::Paused));
    bench.reader.edge().resume(&name("t", 0)).unwrap();
    assert_eq!(bench.offsets(), [0, 1]);
    bench.answer(&fetch, vec![nothing_new(1, 2)]);
    assert_eq!(asked(&bench.fetch()).len(), 2);
    assert_eq!(bench.reader.edge().stats().discarded_bytes, 0);
}

#[test]
fn a_dropped_reader_closes_its_connections_and_only_its_own() {
    let mut bench = Bench::at(0, ConsumerConfig::default());
    let wake = bench.world.core.wake().clone();
    let (_, second) = bench.world.core.parts().consumers.add(ConsumerConfig::default(), wake);
    second.edge().assign([(name("t", 0), Start::At(0))]);
    let fetches = bench.fetches();
    assert_ne!(fetches[0].connection, fetches[1].connection);
    bench.nothing();
    drop(std::mem::replace(&mut bench.reader, second));
    bench.settle();
    assert!(bench.world.closed.contains(&fetches[0].connection));
    assert!(!bench.world.closed.contains(&fetches[1].connection));
    bench.answer(&fetches[1], vec![data(0, 2, batch(0, 2, 10))]);
    assert_eq!(bench.offsets(), [0, 1]);
}

#[test]
fn a_client_that_ends_tells_the_reader() {
    let mut bench = Bench::at(0, ConsumerConfig::default());
    bench.nothing();
    bench.world.core.close(bench.world.now);
    assert_eq!(bench.wakes.0.load(Ordering::Relaxed), 1);
    assert!(matches!(bench.poll(), Poll::Ready(Err(ReadError::Stopped))));
}

#[test]
fn a_rest_that_is_over_is_no_timer_while_the_node_cannot_be_asked() {
    let mut bench = Bench::at(0, ConsumerConfig::default());
    let fetch = bench.fetch();
    bench.answer(&fetch, vec![failed(0, ErrorCode::FENCED_LEADER_EPOCH)]);
    // Until it is asked again the broker goes away, and no new connection comes to be. The world notices a
    // timer that has passed and stays.
    bench.world.core.handle_disconnected(
        fetch.connection,
        crate::net::DisconnectCause::Closed,
        bench.world.now,
    );
    bench.world.run_until(bench.world.now + Duration::from_secs(5));
}
