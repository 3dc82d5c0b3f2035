//! Where reading begins, goes on and ends.

use super::*;

#[test]
fn each_start_is_found_as_kafka_means_it() {
    for (start, timestamp) in [(Start::Earliest, -2), (Start::Latest, -1), (Start::Timestamp(77), 77)] {
        let mut bench = Bench::new(1, &[("t", 1)], ConsumerConfig::default());
        bench.assign("t", 0, start);
        bench.no_fetch();
        assert_eq!(bench.answer_lookups(5), [(0, timestamp)]);
        assert_eq!(bench.position(0), Some(5));
        let fetch = bench.fetch();
        assert_eq!(asked(&fetch), [(0, 5)]);
    }
}

#[test]
fn a_time_after_the_last_record_means_the_end() {
    let mut bench = Bench::new(1, &[("t", 1)], ConsumerConfig::default());
    bench.assign("t", 0, Start::Timestamp(77));
    assert_eq!(bench.answer_lookups(-1), [(0, 77)]);
    assert_eq!(bench.answer_lookups(9), [(0, -1)]);
    assert_eq!(asked(&bench.fetch()), [(0, 9)]);
}

#[test]
fn a_lookup_that_may_yet_succeed_is_tried_again_and_named() {
    let mut bench = Bench::new(1, &[("t", 1)], ConsumerConfig::default());
    bench.assign("t", 0, Start::Earliest);
    let request = bench.requests.remove(0);
    let response = lookup_response(&request.read(), ErrorCode::NOT_LEADER_OR_FOLLOWER, -1, &mut Vec::new());
    bench.world.answer(&request, &response);
    bench.settle();
    assert!(bench.requests.is_empty(), "it waits its turn");
    assert!(matches!(
        bench.reasons()[..],
        [WaitReason::RetryBackoff { error: ErrorCode::NOT_LEADER_OR_FOLLOWER, .. }]
    ));
    let due = bench.world.core.poll_timeout().unwrap();
    bench.advance(due.saturating_duration_since(bench.world.now));
    assert_eq!(bench.answer_lookups(3), [(0, -2)]);
    assert_eq!(bench.position(0), Some(3));
}

#[test]
fn a_position_out_of_range_follows_the_policy() {
    for (reset, timestamp) in [(ResetPolicy::Earliest, -2), (ResetPolicy::Latest, -1)] {
        let mut bench = Bench::at(100, ConsumerConfig { reset, ..ConsumerConfig::default() });
        let fetch = bench.fetch();
        bench.answer(&fetch, vec![failed(0, ErrorCode::OFFSET_OUT_OF_RANGE)]);
        assert_eq!(bench.answer_lookups(40), [(0, timestamp)]);
        assert_eq!(asked(&bench.fetch()), [(0, 40)]);
    }
}

#[test]
fn a_position_out_of_range_is_told_until_the_application_seeks() {
    let mut bench = Bench::at(100, ConsumerConfig::default());
    let fetch = bench.fetch();
    let answer = PartitionData { log_start_offset: 150, ..failed(0, ErrorCode::OFFSET_OUT_OF_RANGE) };
    bench.answer(&fetch, vec![answer]);
    for _ in 0..2 {
        let error = bench.error();
        assert_eq!(error.fault, PartitionFault::OutOfRange { log_start: Some(150), log_end: None });
        assert_eq!((error.offset, error.skip_to), (Some(100), Some(150)));
    }
    bench.no_fetch();
    bench.reader.edge().seek(&name("t", 0), Start::At(150)).unwrap();
    assert_eq!(asked(&bench.fetch()), [(0, 150)]);
    bench.nothing();
}

#[test]
fn a_seek_drops_what_is_here_and_what_is_on_its_way() {
    let mut bench = Bench::at(0, ConsumerConfig::default());
    let fetch = bench.fetch();
    bench.answer(&fetch, vec![data(0, 20, batch(0, 10, 10))]);
    let late = bench.fetch();
    assert_eq!(asked(&late), [(0, 10)]);
    bench.reader.edge().seek(&name("t", 0), Start::At(50)).unwrap();
    bench.nothing();
    bench.answer(&late, vec![data(0, 20, batch(10, 10, 10))]);
    bench.nothing();
    assert_eq!(bench.reader.edge().stats().budget_used, budget_of_a_fetch(&bench));
    let fetch = bench.fetch();
    assert_eq!(asked(&fetch), [(0, 50)]);
    bench.answer(&fetch, vec![data(0, 60, batch(50, 2, 10))]);
    assert_eq!(bench.offsets(), [50, 51]);
    assert!(bench.reader.edge().seek(&name("t", 1), Start::At(0)).is_err());
}

/// What a fetch in flight reserves when nothing else is held.
fn budget_of_a_fetch(bench: &Bench) -> usize {
    let config = ConsumerConfig::default();
    assert_eq!(bench.reader.edge().stats().budget_bytes, config.budget_bytes);
    config.fetch_max_bytes
}

#[test]
fn a_seek_into_a_batch_hands_out_its_rest() {
    let mut bench = Bench::at(3, ConsumerConfig::default());
    let fetch = bench.fetch();
    bench.answer(&fetch, vec![data(0, 10, batch(0, 10, 10))]);
    assert_eq!(bench.offsets(), [3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(bench.position(0), Some(10));
}

#[test]
fn reading_until_the_end_stops_at_the_end_it_found() {
    let mut bench =
        Bench::new(1, &[("t", 2)], ConsumerConfig { until_end: true, ..ConsumerConfig::default() });
    bench.reader.edge().assign([(name("t", 0), Start::Earliest), (name("t", 1), Start::At(4))]);
    // Partition 1 knows where it begins and asks for its end at once.
    let mut lookups = bench.answer_lookups(4);
    lookups.sort_unstable();
    assert_eq!(lookups, [(0, -2), (1, -1)]);
    assert_eq!(bench.answer_lookups(8), [(0, -1)]);
    let fetch = bench.fetch();
    assert_eq!(asked(&fetch), [(0, 4)], "partition 1 is at its end already");
    bench.nothing();
    // What came after the end was found is not read.
    bench.answer(&fetch, vec![data(0, 12, join(&[batch(4, 4, 10), batch(8, 4, 10)]))]);
    assert_eq!(bench.offsets(), [4, 5, 6, 7]);
    assert!(matches!(bench.poll(), Poll::Ready(Ok(None))));
    bench.no_fetch();
}

#[test]
fn an_empty_topic_ends_at_once() {
    let mut bench =
        Bench::new(1, &[("t", 1)], ConsumerConfig { until_end: true, ..ConsumerConfig::default() });
    bench.assign("t", 0, Start::Latest);
    bench.nothing();
    assert_eq!(bench.answer_lookups(0), [(0, -1)]);
    assert!(matches!(bench.poll(), Poll::Ready(Ok(None))));
    assert!(bench.wakes.0.load(Ordering::Relaxed) > 0, "the end wakes the reader");
}

#[test]
fn compaction_and_control_batches_move_the_position() {
    let mut bench = Bench::at(0, ConsumerConfig { check_crcs: false, ..ConsumerConfig::default() });
    let fetch = bench.fetch();
    let marker = control(5, true);
    bench.answer(&fetch, vec![data(0, 9, join(&[batch(0, 2, 10), emptied(2, 3), marker, emptied(6, 3)]))]);
    let read = bench.batch();
    assert_eq!((read.len(), read.next_offset()), (2, 9));
    assert_eq!(bench.position(0), Some(9));
    let fetch = bench.fetch();
    assert_eq!(asked(&fetch), [(0, 9)]);
    // Nothing but what is not for the reader: the position moves without a batch.
    bench.answer(&fetch, vec![data(0, 12, emptied(9, 3))]);
    bench.nothing();
    assert_eq!(bench.position(0), Some(12));
    assert_eq!(asked(&bench.fetch()), [(0, 12)]);
    assert_eq!(bench.reader.edge().partitions()[0].lag, Some(0));
    assert!(bench.reader.edge().is_caught_up());
}

/// A batch that compaction has left no record of; its checksum is wrong.
fn emptied(offset: i64, offsets: i32) -> Bytes {
    let mut bytes = batch(offset, 1, 1)[..records::BATCH_HEADER_SIZE].to_vec();
    let length = i32::try_from(bytes.len() - 12).unwrap();
    bytes[8..12].copy_from_slice(&length.to_be_bytes());
    bytes[23..27].copy_from_slice(&(offsets - 1).to_be_bytes());
    bytes[57..61].copy_from_slice(&0_i32.to_be_bytes());
    bytes.into()
}

fn control(offset: i64, committed: bool) -> Bytes {
    use ottla_proto::records::EndTransaction;
    let end = EndTransaction { committed, coordinator_epoch: 0 };
    place(end.to_batch(PRODUCER.producer_id, PRODUCER.producer_epoch, 1_000).bytes(), offset)
}

const PRODUCER: Stamp = Stamp {
    producer_id: ottla_proto::ProducerId(9),
    producer_epoch: ottla_proto::ProducerEpoch(0),
    base_sequence: 0,
    transactional: true,
};

#[test]
fn read_committed_hides_what_was_aborted_and_nothing_else() {
    use ottla_proto::messages::fetch::AbortedTransaction;
    let other = Stamp { producer_id: ottla_proto::ProducerId(10), ..PRODUCER };
    let log = join(&[
        stamped(0, 2, 10, PRODUCER),
        stamped(2, 1, 10, other),
        batch(3, 1, 10),
        control(4, false),
        stamped(5, 1, 10, PRODUCER),
        control(6, true),
    ]);
    let aborted = || AbortedTransaction {
        producer_id: PRODUCER.producer_id,
        first_offset: 0,
        ..AbortedTransaction::default()
    };
    for (isolation, expected) in
        [(Isolation::ReadCommitted, vec![2, 3, 5]), (Isolation::ReadUncommitted, vec![0, 1, 2, 3, 5])]
    {
        let mut bench = Bench::at(0, ConsumerConfig { isolation, ..ConsumerConfig::default() });
        let fetch = bench.fetch();
        assert_eq!(fetch.read::<FetchRequest>().isolation_level, isolation.wire());
        let answer = PartitionData { aborted_transactions: Some(vec![aborted()]), ..data(0, 7, log.clone()) };
        bench.answer(&fetch, vec![answer]);
        let mut found = Vec::new();
        while let Poll::Ready(Ok(Some(batch))) = bench.poll() {
            found.extend(batch.iter().map(|record| record.offset));
        }
        assert_eq!(found, expected);
        assert_eq!(bench.position(0), Some(7));
    }
}

#[test]
fn a_whole_topic_grows_with_the_cluster() {
    let mut bench = Bench::new(1, &[("t", 1)], ConsumerConfig::default());
    bench.reader.edge().assign_topic(TopicName::from("t"), Start::Latest);
    assert!(!bench.reader.edge().is_caught_up(), "nothing is known yet");
    assert_eq!(bench.answer_lookups(5), [(0, -1)]);
    bench.topics = vec![("t".to_owned(), 2)];
    bench.world.core.parts().net.cluster_mut().refresh();
    bench.advance(Duration::from_secs(2));
    // Nobody can have read the new one: it is read from its first record.
    assert_eq!(bench.answer_lookups(0), [(1, -2)]);
    assert_eq!(bench.reader.edge().partitions().len(), 2);
}

#[test]
fn a_topic_that_does_not_exist_is_told_after_a_while() {
    let mut bench = Bench::new(1, &[("t", 1)], ConsumerConfig::default());
    bench.reader.edge().assign_topic(TopicName::from("missing"), Start::Latest);
    bench.settle();
    assert!(matches!(&bench.reasons()[..], [WaitReason::Metadata { .. }]));
    bench.nothing();
    let told = |bench: &mut Bench| match bench.poll() {
        Poll::Ready(Err(ReadError::Topic { error, .. })) => Some(error),
        other => {
            assert!(other.is_pending(), "{other:?}");
            None
        }
    };
    let end = bench.world.now + Duration::from_secs(10);
    while bench.world.now < end {
        assert_eq!(told(&mut bench), None);
        let due = bench.world.core.poll_timeout().unwrap();
        bench.advance(due.saturating_duration_since(bench.world.now));
    }
    assert_eq!(told(&mut bench), Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));
    // Once it is there, reading begins.
    bench.topics.push(("missing".to_owned(), 1));
    bench.advance(Duration::from_secs(2));
    assert_eq!(bench.answer_lookups(0), [(0, -1)]);
    bench.nothing();
}

#[test]
fn a_partition_that_does_not_exist_is_told_after_a_while_and_holds_up_nobody() {
    let mut bench = Bench::new(1, &[("t", 1)], ConsumerConfig::default());
    bench.assign("t", 0, Start::At(0));
    bench.assign("t", 7, Start::At(0));
    assert_eq!(asked(&bench.fetch()), [(0, 0)]);
    assert!(bench.poll().is_pending());
    bench.advance(Duration::from_secs(9));
    assert!(bench.poll().is_pending(), "the topic may be growing");
    bench.advance(Duration::from_secs(1));
    let Poll::Ready(Err(ReadError::Partition(error))) = bench.poll() else { panic!("the partition fails") };
    assert_eq!(error.partition, name("t", 7));
    assert_eq!(error.fault, PartitionFault::NoSuchPartition { count: 1 });
}

#[test]
fn with_nothing_assigned_nobody_waits_for_ever() {
    let mut bench = Bench::new(1, &[("t", 1)], ConsumerConfig::default());
    assert!(matches!(bench.poll(), Poll::Ready(Err(ReadError::NothingAssigned))));
    bench.assign("t", 0, Start::At(0));
    bench.nothing();
    bench.reader.edge().unassign([name("t", 0)]);
    assert!(bench.wakes.0.load(Ordering::Relaxed) > 0);
    assert!(matches!(bench.poll(), Poll::Ready(Err(ReadError::NothingAssigned))));
}

#[test]
fn a_lookup_whose_turn_has_come_while_nobody_can_be_asked_does_not_spin() {
    let mut bench = Bench::new(1, &[("t", 1)], ConsumerConfig::default());
    bench.assign("t", 0, Start::Earliest);
    let request = bench.requests.remove(0);
    let response = lookup_response(&request.read(), ErrorCode::OFFSET_NOT_AVAILABLE, -1, &mut Vec::new());
    let response = ListOffsetsResponse { throttle_time_ms: 5_000, ..response };
    bench.world.answer(&request, &response);
    let end = bench.world.now + Duration::from_millis(4_900);
    bench.world.run_until(end);
    bench.settle();
    assert!(matches!(bench.reasons()[..], [WaitReason::Throttled { .. }]), "{:?}", bench.reasons());
    bench.advance(Duration::from_millis(100));
    assert_eq!(bench.answer_lookups(3), [(0, -2)]);
}
