//! The bound on memory, and that nothing is dropped for its sake.

use super::*;
use crate::random::Random;

const SMALL: usize = 200_000;

fn small() -> ConsumerConfig {
    ConsumerConfig { budget_bytes: SMALL, ..ConsumerConfig::default() }
}

#[test]
fn what_the_application_holds_keeps_new_fetches_waiting() {
    let mut bench = Bench::at(0, small());
    let fetch = bench.fetch();
    bench.answer(&fetch, vec![data(0, 20, join(&[batch(0, 10, 9_000), batch(10, 10, 9_000)]))]);
    let (first, second) = (bench.batch(), bench.batch());
    bench.no_fetch();
    assert!(matches!(bench.reasons()[..], [WaitReason::Memory { .. }]), "{:?}", bench.reasons());
    assert!(first.pinned_bytes() > 180_000, "a batch holds the whole answer");
    drop(first);
    bench.no_fetch();
    assert!(matches!(bench.world.core.park(), Park::Until(_)));
    drop(second);
    assert!(matches!(bench.world.core.park(), Park::Again), "the last batch of the answer gives it back");
    assert_eq!(asked(&bench.fetch()), [(0, 20)]);
}

#[test]
fn a_batch_larger_than_the_budget_comes_once_as_debt() {
    let mut bench = Bench::at(0, small());
    let fetch = bench.fetch();
    bench.answer(&fetch, vec![data(0, 10, batch(0, 10, 100_000))]);
    assert!(bench.reader.edge().stats().budget_used > SMALL);
    bench.no_fetch();
    let read = bench.batch();
    assert_eq!(read.len(), 10);
    bench.no_fetch();
    drop(read);
    assert_eq!(asked(&bench.fetch()), [(0, 10)]);
}

#[test]
fn paused_partitions_give_their_room_to_the_others() {
    let mut bench = Bench::new(1, &[("t", 2)], small());
    bench.reader.edge().assign((0..2).map(|partition| (name("t", partition), Start::At(0))));
    let fetch = bench.fetch();
    bench.reader.edge().pause(&name("t", 0)).unwrap();
    bench.answer(&fetch, vec![data(0, 18, batch(0, 18, 10_000))]);
    // Partition 1 could not be asked for; partition 0 is asked again once it goes on.
    let fetch = bench.fetch();
    assert_eq!(asked(&fetch), [(1, 0)]);
    assert!(bench.reader.edge().stats().discarded_bytes > 180_000);
    bench.nothing();
    bench.reader.edge().resume(&name("t", 0)).unwrap();
    bench.answer(&fetch, vec![nothing_new(1, 0)]);
    let fetch = bench.fetch();
    assert!(asked(&fetch).contains(&(0, 0)));
    bench.answer(&fetch, vec![data(0, 18, batch(0, 18, 10_000))]);
    assert_eq!(bench.batch().len(), 18);
}

#[test]
fn a_partition_paused_in_the_midst_of_a_batch_gives_its_room_to_the_others() {
    let mut bench = Bench::new(1, &[("t", 2)], small());
    bench.reader.edge().assign((0..2).map(|partition| (name("t", partition), Start::At(0))));
    let fetch = bench.fetch();
    let batches = join(&[batch(0, 4, 10_000), batch(4, 14, 10_000)]);
    bench.answer(&fetch, vec![data(0, 18, batches)]);
    let opened = bench.batch();
    bench.reader.open(opened);
    assert_eq!(bench.reader.take_record().map(|(_, record)| record.offset), Some(0));
    bench.reader.edge().pause(&name("t", 0)).unwrap();
    assert!(!bench.reader.has_record());
    let fetch = bench.fetch();
    assert_eq!(asked(&fetch), [(1, 0)]);
    let used = bench.reader.edge().stats().budget_used;
    assert!(used >= 40_000, "what is left of the batch counts: {used}");
    bench.answer(&fetch, vec![data(1, 2, batch(0, 2, 10))]);
    assert_eq!(bench.offsets(), [0, 1]);
    bench.reader.edge().resume(&name("t", 0)).unwrap();
    assert!(bench.reader.has_record());
    let mut rest =
        || bench.reader.take_record().map(|(_, record)| (record.offset, record.value.unwrap().len()));
    assert_eq!(
        [rest(), rest(), rest(), rest()],
        [Some((1, 10_000)), Some((2, 10_000)), Some((3, 10_000)), None]
    );
}

#[test]
fn one_node_leaves_the_others_their_share() {
    let mut bench = Bench::new(2, &[("t", 2)], ConsumerConfig { partition_max_bytes: usize::MAX, ..small() });
    bench.reader.edge().assign((0..2).map(|partition| (name("t", partition), Start::At(0))));
    let mut fetches = bench.fetches();
    let idle = fetches.remove(1);
    bench.answer(&fetches[0], vec![data(0, 90, batch(0, 9, 10_000))]);
    bench.no_fetch();
    assert!(bench.reasons().contains(&WaitReason::NodeShare { node: BrokerId(1) }), "{:?}", bench.reasons());
    // The long poll of the other node has had its room all the time.
    bench.answer(&idle, vec![data(1, 90, batch(0, 9, 10_000))]);
    assert!(bench.reader.edge().stats().budget_used <= SMALL);
    assert_eq!((bench.batch().len(), bench.batch().len()), (9, 9));
}

#[test]
fn decompressed_records_count() {
    use ottla_proto::compression::{Codec, Compressor};
    let mut bench = Bench::at(0, small());
    let mut writer = BatchWriter::new(Vec::new());
    for _ in 0..50 {
        writer.append(1, None, Some(&[b'x'; 10_000]), usize::MAX).unwrap();
    }
    let mut sealed = writer.seal();
    assert!(sealed.compress(&mut Compressor::new(Codec::Lz4).unwrap(), &mut Vec::new()).unwrap());
    let fetch = bench.fetch();
    bench.answer(&fetch, vec![data(0, 50, place(sealed.stamp(Stamp::NONE).bytes(), 0))]);
    let fetch = bench.fetch();
    let read = bench.batch();
    assert!(read.pinned_bytes() > 500_000 && bench.reader.edge().stats().budget_used > 500_000);
    bench.answer(&fetch, vec![nothing_new(0, 50)]);
    bench.no_fetch();
    drop(read);
    bench.fetch();
    bench.nothing();
}

#[test]
fn a_detached_batch_is_not_counted_and_reads_the_same() {
    let mut bench = Bench::at(3, small());
    let fetch = bench.fetch();
    bench.answer(&fetch, vec![data(0, 10, batch(0, 10, 15_000))]);
    let read = bench.batch();
    bench.no_fetch();
    let read = read.detach();
    assert_eq!((read.pinned_bytes(), bench.reader.edge().stats().budget_used), (0, 0));
    assert_eq!(read.iter().map(|record| record.offset).collect::<Vec<_>>(), [3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(asked(&bench.fetch()), [(0, 10)]);
}

/// Random brokers, partitions, batch sizes and reading: the budget holds, each record comes once and in order, and
/// nothing stands still.
#[test]
fn whatever_happens_the_budget_holds_and_every_record_comes_once() {
    for seed in 0..40 {
        let mut random = Random::new(seed);
        let (brokers, partitions) = (1 + small_number(&mut random, 3), 1 + small_number(&mut random, 7));
        let config = ConsumerConfig {
            budget_bytes: 400_000,
            fetch_max_bytes: 8_000 + usize::try_from(random.below(400_000)).unwrap(),
            partition_max_bytes: 1_000 + usize::try_from(random.below(60_000)).unwrap(),
            ..ConsumerConfig::default()
        };
        let mut bench = Bench::new(brokers, &[("t", partitions)], config);
        bench.reader.edge().assign((0..partitions).map(|partition| (name("t", partition), Start::At(0))));
        let ends: Vec<i64> =
            (0..partitions).map(|_| 20 + i64::from(small_number(&mut random, 100))).collect();
        let mut next = vec![0_i64; ends.len()];
        let mut held: Vec<Batch> = Vec::new();
        for _ in 0..3_000 {
            bench.settle();
            match random.below(4) {
                0 | 1 if !bench.requests.is_empty() => {
                    let at = usize::try_from(random.below(bench.requests.len() as u64)).unwrap();
                    let request = bench.requests.remove(at);
                    serve(&mut bench, &request, &ends, &mut random);
                }
                2 => {
                    if let Poll::Ready(Ok(Some(batch))) = bench.poll() {
                        let partition = usize::try_from(batch.partition().partition).unwrap();
                        for record in batch.iter() {
                            assert_eq!(record.offset, next[partition], "seed {seed}");
                            next[partition] += 1;
                        }
                        held.push(batch);
                    }
                }
                _ => {
                    if !held.is_empty() {
                        held.swap_remove(usize::try_from(random.below(held.len() as u64)).unwrap());
                    }
                }
            }
            let stats = bench.reader.edge().stats();
            assert!(stats.budget_used <= stats.budget_bytes, "seed {seed}: {stats:?}");
            assert_eq!(stats.discarded_bytes, 0);
            if next == ends {
                break;
            }
        }
        assert_eq!(next, ends, "seed {seed}: {:?}", bench.reasons());
    }
}

fn small_number(random: &mut Random, bound: u64) -> i32 {
    i32::try_from(random.below(bound)).unwrap()
}

/// Answers as a broker does: in the order of the request, up to its limits, the first batch in any case.
fn serve(bench: &mut Bench, request: &Received, ends: &[i64], random: &mut Random) {
    let fetch = request.read::<FetchRequest>();
    let mut room = usize::try_from(fetch.max_bytes).unwrap();
    let mut any = false;
    let mut answers = Vec::new();
    for asked in fetch.topics.iter().flat_map(|topic| &topic.partitions) {
        let end = ends[usize::try_from(asked.partition).unwrap()];
        let mut log = Vec::new();
        let mut offset = asked.fetch_offset;
        while offset < end {
            let count = (1 + random.below(5)).min(u64::try_from(end - offset).unwrap());
            let size = usize::try_from(random.below(4_000)).unwrap();
            log.extend_from_slice(&batch(offset, usize::try_from(count).unwrap(), size));
            offset += i64::try_from(count).unwrap();
            if log.len() > usize::try_from(asked.partition_max_bytes).unwrap() + 25_000 {
                break;
            }
        }
        let first = records::Batches::new(Bytes::copy_from_slice(&log))
            .next()
            .map_or(0, |b| b.unwrap().bytes().len());
        let limit = room.min(usize::try_from(asked.partition_max_bytes).unwrap());
        log.truncate(if any { limit } else { limit.max(first) });
        any |= !log.is_empty();
        room = room.saturating_sub(log.len());
        answers.push(data(asked.partition, end, log.into()));
    }
    bench.answer(request, answers);
}
