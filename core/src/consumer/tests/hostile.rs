//! Answers that no broker should give.

use super::*;
use crate::random::Random;

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

/// Whatever a node makes of its answers, the other node's records come, memory stays bounded, and nobody spins.
#[test]
fn a_node_that_lies_harms_no_other() {
    let proof = std::env::var_os("OTTLA_PROOF").is_some();
    for seed in 0..if proof { 20_000 } else { 250 } {
        let mut random = Random::new(seed);
        let config = ConsumerConfig {
            budget_bytes: 400_000,
            reset: [ResetPolicy::Earliest, ResetPolicy::Error][usize::from(random.below(2) == 1)],
            rack: Some("near".into()),
            decompressed_max_bytes: 100_000,
            ..ConsumerConfig::default()
        };
        let mut bench = Bench::new(2, &[("t", 4)], config);
        bench.reader.edge().assign((0..4).map(|partition| (name("t", partition), Start::At(0))));
        let mut honest = 0;
        for _ in 0..8 {
            for fetch in bench.fetches() {
                let partitions: Vec<_> = fetch
                    .read::<FetchRequest>()
                    .topics
                    .iter()
                    .flat_map(|topic| topic.partitions.clone())
                    .collect();
                let is_honest = fetch.connection == honest_connection(&bench, &fetch);
                if is_honest && partitions.iter().all(|asked| asked.partition % 2 == 1) {
                    let answers = partitions.iter().map(|asked| {
                        data(asked.partition, asked.fetch_offset + 2, batch(asked.fetch_offset, 2, 50))
                    });
                    let answers = answers.collect();
                    bench.answer(&fetch, answers);
                } else {
                    lie(&mut bench, &fetch, &mut random);
                }
            }
            for _ in 0..8 {
                if let Poll::Ready(Ok(Some(batch))) = bench.poll() {
                    let records = batch.iter().count();
                    assert_eq!(records, batch.len());
                    honest += usize::from(batch.partition().partition % 2 == 1) * records;
                }
            }
            let stats = bench.reader.edge().stats();
            assert!(stats.budget_used <= 2 * stats.budget_bytes, "seed {seed}: {stats:?}");
            bench.advance(Duration::from_millis(1_300));
        }
        assert!(honest >= 20, "seed {seed}: {honest} records of the honest node, {:?}", bench.reasons());
    }
}

/// Node 2, which leads the partitions with odd numbers, is honest.
fn honest_connection(bench: &Bench, fetch: &Received) -> ConnectionId {
    let host = bench.world.connects.iter().find(|(id, _)| *id == fetch.connection);
    if host.is_some_and(|(_, host)| host.port == 9092 && host.name.ends_with('2')) {
        fetch.connection
    } else {
        ConnectionId(u64::MAX)
    }
}

/// Answers with nonsense of some kind: wrong fields, wrong bytes, or both.
fn lie(bench: &mut Bench, fetch: &Received, random: &mut Random) {
    use ottla_proto::messages::fetch::{AbortedTransaction, EpochEndOffset};
    let number = |random: &mut Random| match random.below(5) {
        0 => i64::MAX,
        1 => i64::MIN,
        2 => -1,
        _ => i64::try_from(random.below(30)).unwrap(),
    };
    let small = |random: &mut Random| i32::try_from(number(random)).unwrap_or(i32::MIN);
    let mut partitions = Vec::new();
    for _ in 0..random.below(4) {
        let mut records =
            batch(number(random).clamp(0, 30), 1 + usize::from(random.below(3) == 0), 40).to_vec();
        for _ in 0..random.below(3) {
            let at = usize::try_from(random.below(records.len() as u64)).unwrap();
            records[at] ^= 1 << random.below(8);
        }
        records.truncate(usize::try_from(random.below(2 * records.len() as u64)).unwrap());
        let errors = [
            ErrorCode::NONE,
            ErrorCode::NONE,
            ErrorCode::OFFSET_OUT_OF_RANGE,
            ErrorCode(i16::try_from(small(random)).unwrap_or(i16::MIN)),
        ];
        partitions.push(PartitionData {
            partition_index: i32::try_from(random.below(5)).unwrap(),
            error_code: errors[usize::try_from(random.below(4)).unwrap()],
            log_start_offset: number(random),
            last_stable_offset: number(random),
            diverging_epoch: EpochEndOffset {
                epoch: small(random),
                end_offset: if random.below(3) == 0 { number(random) } else { -1 },
                ..EpochEndOffset::default()
            },
            current_leader: LeaderIdAndEpoch {
                leader_epoch: LeaderEpoch(small(random)),
                ..LeaderIdAndEpoch::default()
            },
            preferred_read_replica: BrokerId(small(random)),
            aborted_transactions: Some(vec![AbortedTransaction {
                first_offset: number(random),
                ..AbortedTransaction::default()
            }]),
            ..data(0, number(random), records.into())
        });
    }
    let errors = [
        ErrorCode::NONE,
        ErrorCode::NONE,
        ErrorCode::NONE,
        ErrorCode::FETCH_SESSION_ID_NOT_FOUND,
        ErrorCode::INVALID_FETCH_SESSION_EPOCH,
        ErrorCode(i16::try_from(small(random)).unwrap_or(i16::MIN)),
    ];
    let response = FetchResponse {
        throttle_time_ms: small(random).min(1_000),
        error_code: errors[usize::try_from(random.below(6)).unwrap()],
        session_id: small(random),
        responses: vec![FetchableTopicResponse {
            topic_id: topic_id(["t", "u"][usize::from(random.below(8) == 0)], fetch.version),
            partitions,
            ..FetchableTopicResponse::default()
        }],
        ..FetchResponse::default()
    };
    if random.below(4) == 0 {
        let mut frame = fetch.correlation.to_be_bytes().to_vec();
        frame.extend((0..random.below(60)).map(|_| u8::try_from(random.below(256)).unwrap()));
        bench.world.core.handle_frame(fetch.connection, frame.into(), bench.world.now);
    } else {
        bench.world.answer(fetch, &response);
    }
    bench.settle();
}
