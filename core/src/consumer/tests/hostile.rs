//! Answers that no broker should give.

use super::*;

#[test]
fn a_damaged_batch_is_named_and_can_be_skipped() {
    let mut bench = Bench::at(0, ConsumerConfig::default());
    let fetch = bench.fetch();
    let mut damaged = batch(2, 3, 10).to_vec();
    let last = damaged.len() - 3;
    damaged[last] ^= 1;
    bench.answer(&fetch, vec![data(0, 7, join(&[batch(0, 2, 10), damaged.into(), batch(5, 2, 10)]))]);
    assert_eq!(bench.offsets(), [0, 1]);
    for _ in 0..2 {
        let error = bench.error();
        assert!(matches!(error.fault, PartitionFault::Records(_)), "{error}");
        assert_eq!((error.offset, error.skip_to), (Some(2), Some(5)));
    }
    bench.no_fetch();
    bench.reader.edge().seek(&name("t", 0), Start::At(5)).unwrap();
    let fetch = bench.fetch();
    bench.answer(&fetch, vec![data(0, 7, batch(5, 2, 10))]);
    assert_eq!(bench.offsets(), [5, 6]);
}

#[test]
fn what_only_reading_finds_stops_the_partition_before_it() {
    let mut bench = Bench::at(0, ConsumerConfig { check_crcs: false, ..ConsumerConfig::default() });
    let fetch = bench.fetch();
    let mut damaged = batch(2, 3, 10).to_vec();
    // The length of the first record.
    damaged[records::BATCH_HEADER_SIZE] = 0x7f;
    bench.answer(&fetch, vec![data(0, 7, join(&[batch(0, 2, 10), damaged.into(), batch(5, 2, 10)]))]);
    let in_flight = bench.fetch();
    assert_eq!(bench.offsets(), [0, 1]);
    let error = bench.error();
    assert_eq!((error.offset, error.skip_to), (Some(2), Some(5)));
    assert_eq!(bench.position(0), Some(2));
    // Neither what was here nor what still comes may jump over it.
    bench.answer(&in_flight, vec![data(0, 9, batch(7, 2, 10))]);
    assert_eq!(bench.error(), error);
    bench.no_fetch();
    bench.reader.edge().seek(&name("t", 0), Start::At(5)).unwrap();
    assert_eq!(asked(&bench.fetch()), [(0, 5)]);
}

#[test]
fn an_answer_that_cannot_be_read_stops_its_partitions_and_no_other() {
    let mut bench = Bench::new(2, &[("t", 2)], ConsumerConfig::default());
    bench.reader.edge().assign((0..2).map(|partition| (name("t", partition), Start::At(0))));
    let fetches = bench.fetches();
    let garbage = [&fetches[0].correlation.to_be_bytes()[..], &[0, 1, 2, 3]].concat();
    bench.world.core.handle_frame(fetches[0].connection, garbage.into(), bench.world.now);
    bench.settle();
    assert!(matches!(bench.error().fault, PartitionFault::Malformed { node: BrokerId(1), .. }));
    assert!(bench.world.closed.contains(&fetches[0].connection));
    bench.answer(&fetches[1], vec![data(1, 2, batch(0, 2, 10))]);
    let mut seen = 0;
    for _ in 0..2 {
        if let Poll::Ready(Ok(Some(batch))) = bench.poll() {
            seen += batch.len();
        }
    }
    assert_eq!(seen, 2);
}

#[test]
fn partitions_not_asked_for_or_named_twice_are_passed_over() {
    let mut bench = Bench::at(0, ConsumerConfig::default());
    let fetch = bench.fetch();
    let answer = vec![
        data(5, 2, batch(0, 2, 10)),
        data(0, 2, batch(0, 2, 10)),
        data(0, 4, batch(2, 2, 10)),
        data(-1, 2, batch(0, 2, 10)),
    ];
    bench.answer(&fetch, answer);
    assert_eq!(bench.offsets(), [0, 1]);
    bench.nothing();
    assert_eq!(asked(&bench.fetch()), [(0, 2)]);
}

#[test]
fn batches_that_go_back_are_not_handed_out_again() {
    let mut bench = Bench::at(10, ConsumerConfig::default());
    let fetch = bench.fetch();
    let log = join(&[batch(0, 5, 10), batch(10, 5, 10), batch(8, 4, 10), batch(10, 5, 10), batch(15, 1, 10)]);
    bench.answer(&fetch, vec![data(0, 16, log)]);
    assert_eq!((bench.offsets(), bench.offsets()), (vec![10, 11, 12, 13, 14], vec![15]));
    bench.nothing();
}

#[test]
fn every_cut_and_every_flipped_byte_ends_in_a_value() {
    let log = join(&[batch(0, 3, 20), batch(3, 3, 20)]);
    for cut in 0..log.len() {
        let mut bench = Bench::at(0, ConsumerConfig::default());
        let fetch = bench.fetch();
        bench.answer(&fetch, vec![data(0, 6, log.slice(..cut))]);
        let _ = bench.poll();
    }
    for at in 0..log.len() {
        let mut bench = Bench::at(0, ConsumerConfig { check_crcs: false, ..ConsumerConfig::default() });
        let fetch = bench.fetch();
        let mut flipped = log.to_vec();
        flipped[at] ^= 0xff;
        bench.answer(&fetch, vec![data(0, 6, flipped.into())]);
        for _ in 0..4 {
            if let Poll::Ready(Ok(Some(batch))) = bench.poll() {
                assert!(batch.iter().count() == batch.len());
            }
        }
    }
}

#[test]
fn an_answer_that_leaves_a_partition_out_is_not_asked_for_at_once() {
    let mut bench = Bench::at(0, ConsumerConfig::default());
    let fetch = bench.fetch();
    bench.answer_topic(&fetch, "t", Vec::new());
    bench.no_fetch();
    assert!(matches!(bench.reasons()[..], [WaitReason::RetryBackoff { .. }]));
    bench.advance(Duration::from_millis(120));
    assert_eq!(asked(&bench.fetch()), [(0, 0)]);
}
