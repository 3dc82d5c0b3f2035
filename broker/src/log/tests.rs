use ottla_proto::LeaderEpoch;

use super::*;
use crate::engine::TopicConfig;
use crate::testing::{START, batch};

fn log(batches: &[&[&str]]) -> (PartitionLog, Vec<usize>) {
    let mut log = PartitionLog::default();
    let mut checker = BatchChecker::default();
    let append = |values: &&[&str]| {
        let bytes = batch(values);
        let checked =
            checker.check(only_batch(bytes.clone(), 12).unwrap(), &TopicConfig::default(), START).unwrap();
        assert!(log.append(&checked, LeaderEpoch(3), None).unwrap().grown);
        bytes.len()
    };
    let sizes = batches.iter().map(append).collect();
    (log, sizes)
}

#[test]
fn an_empty_log_has_its_end_to_read_from() {
    let log = PartitionLog::default();
    assert_eq!(log.read(0, 100, true), Ok(Bytes::new()));
    assert_eq!(log.bytes_from(0), Ok(0));
    assert_eq!(log.read(1, 100, true), Err(OutOfRange));
}

#[test]
fn what_comes_is_what_bytes_from_promises() {
    let (log, sizes) = log(&[&["a", "b"], &["c"], &["d", "e", "f"]]);
    let from = [0, 0, 1, 2, 2, 2].map(|first| sizes[first..].iter().sum::<usize>());
    for (offset, expected) in (0..).zip(from) {
        assert_eq!(log.bytes_from(offset), Ok(expected as u64), "{offset}");
        assert_eq!(log.read(offset, usize::MAX, false).unwrap().len(), expected, "{offset}");
    }
    assert_eq!(log.bytes_from(6), Ok(0));
}

#[test]
fn the_limit_cuts_but_never_the_first_batch() {
    let (log, sizes) = log(&[&["a"], &["b"]]);
    let first = sizes[0];
    assert_eq!(log.read(0, first - 1, false).unwrap().len(), 0);
    assert_eq!(log.read(0, first - 1, true).unwrap().len(), first);
    assert_eq!(log.read(0, first, false).unwrap().len(), first);
    assert_eq!(log.read(0, first + 1, false).unwrap().len(), first + 1);
}

#[test]
fn a_batch_bears_its_place() {
    let (log, sizes) = log(&[&["a", "b"], &["c"]]);
    let second = log.read(2, sizes[1], false).unwrap();
    let batch = ottla_proto::records::Batch::parse(second).unwrap();
    batch.verify_crc().unwrap();
    assert_eq!((batch.header().base_offset, batch.header().partition_leader_epoch), (2, LeaderEpoch(3)));
}

#[test]
fn retention_keeps_at_least_what_it_says() {
    let (mut log, sizes) = log(&[&["a"], &["b"], &["c"]]);
    log.retain(sizes[0] as u64 * 2 + 1);
    assert_eq!(log.start_offset(), 0);
    log.retain(sizes[0] as u64 * 2);
    assert_eq!(log.start_offset(), 1);
    log.retain(0);
    assert_eq!((log.start_offset(), log.end_offset()), (3, 3));
    assert_eq!(log.bytes_from(3), Ok(0));
}
