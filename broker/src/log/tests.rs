use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ottla_proto::LeaderEpoch;
use ottla_proto::compression::Codec;
use ottla_proto::records::Stamp;

use super::*;
use crate::engine::TopicConfig;
use crate::storage::simulated::SimulatedDisk;
use crate::storage::{Disk, Store};
use crate::testing::{START, batch, sequenced};

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
    assert_eq!(log.read(0, 0, 100, true), Ok(Bytes::new()));
    assert_eq!(log.bytes_from(0, 0), Ok(0));
    assert_eq!(log.read(1, 0, 100, true), Err(Unreadable::OutOfRange));
}

#[test]
fn what_comes_is_what_bytes_from_promises() {
    let (log, sizes) = log(&[&["a", "b"], &["c"], &["d", "e", "f"]]);
    let from = [0, 0, 1, 2, 2, 2].map(|first| sizes[first..].iter().sum::<usize>());
    for (offset, expected) in (0..).zip(from) {
        assert_eq!(log.bytes_from(offset, 6), Ok(expected as u64), "{offset}");
        assert_eq!(log.read(offset, 6, usize::MAX, false).unwrap().len(), expected, "{offset}");
    }
    assert_eq!(log.bytes_from(6, 6), Ok(0));
}

#[test]
fn the_limit_cuts_but_never_the_first_batch() {
    let (log, sizes) = log(&[&["a"], &["b"]]);
    let first = sizes[0];
    assert_eq!(log.read(0, 2, first - 1, false).unwrap().len(), 0);
    assert_eq!(log.read(0, 2, first - 1, true).unwrap().len(), first);
    assert_eq!(log.read(0, 2, first, false).unwrap().len(), first);
    assert_eq!(log.read(0, 2, first + 1, false).unwrap().len(), first + 1);
}

#[test]
fn a_batch_bears_its_place() {
    let (log, sizes) = log(&[&["a", "b"], &["c"]]);
    let second = log.read(2, 3, sizes[1], false).unwrap();
    let batch = ottla_proto::records::Batch::parse(second).unwrap();
    batch.verify_crc().unwrap();
    assert_eq!((batch.header().base_offset, batch.header().partition_leader_epoch), (2, LeaderEpoch(3)));
}

#[test]
fn retention_keeps_at_least_what_it_says() {
    let mut log = PartitionLog::default();
    let size = batch(&["a"]).len() as u64;
    log.set_segment_rule(SegmentRule { bytes: size, ..SegmentRule::default() });
    for value in ["a", "b", "c"] {
        append(&mut log, 0, batch(&[value]));
    }
    let keep = |bytes| Retention { bytes: Some(bytes), ms: None };
    assert!(!log.retain(keep(size * 2 + 1), 0, 3));
    assert!(!log.retain(keep(0), 0, 0), "nothing is committed");
    assert!(log.retain(keep(size * 2), 0, 3));
    assert_eq!(log.start_offset(), 1);
    assert!(log.retain(keep(0), 0, 3));
    assert_eq!((log.start_offset(), log.end_offset()), (3, 3));
    assert_eq!(log.bytes_from(3, 3), Ok(0));
}

#[test]
fn old_segments_go_and_the_one_that_is_written_to_as_well() {
    let mut log = PartitionLog::default();
    log.set_segment_rule(SegmentRule { ms: 10, ..SegmentRule::default() });
    let at = |ms: i64| {
        let records = [(START.as_millis() + ms, Some("k"), "v")];
        crate::testing::batch_of(
            ottla_proto::records::Stamp::NONE,
            ottla_proto::compression::Codec::None,
            &records,
        )
    };
    for ms in [0, 10, 11, 30] {
        append(&mut log, 0, at(ms));
    }
    assert_eq!(log.segments.list.iter().map(|it| it.base_offset).collect::<Vec<_>>(), [0, 2, 3]);
    let old = Retention { bytes: None, ms: Some(100) };
    assert!(!log.retain(old, START.as_millis() + 110, 4));
    assert!(log.retain(old, START.as_millis() + 112, 4));
    assert_eq!(log.start_offset(), 3);
    assert!(log.retain(old, START.as_millis() + 131, 4));
    assert_eq!((log.start_offset(), log.end_offset()), (4, 4));
    append(&mut log, 0, at(40));
    assert_eq!(log.end_offset(), 5);
}

fn append(log: &mut PartitionLog, epoch: i32, bytes: Bytes) {
    let mut checker = BatchChecker::default();
    let checked = checker.check(only_batch(bytes, 12).unwrap(), &TopicConfig::default(), START).unwrap();
    assert!(log.append(&checked, LeaderEpoch(epoch), None).unwrap().grown);
}

#[test]
fn a_limit_hides_what_lies_behind_it() {
    let (log, sizes) = log(&[&["a"], &["b"], &["c"]]);
    assert_eq!(log.read(0, 2, usize::MAX, true).unwrap().len(), sizes[0] + sizes[1]);
    assert_eq!(log.bytes_from(1, 2), Ok(sizes[1] as u64));
    assert!(log.read(2, 2, usize::MAX, true).unwrap().is_empty());
    assert!(log.read(3, 2, usize::MAX, true).unwrap().is_empty(), "a follower behind may ask for more");
}

#[test]
fn a_follower_takes_over_what_it_lacks() {
    let (leader, sizes) = log(&[&["a", "b"], &["c"]]);
    let mut follower = PartitionLog::default();
    assert!(follower.follow(&leader));
    assert!(!follower.follow(&leader));
    assert_eq!(follower.end_offset(), 3);
    assert!(follower.epoch_end(LeaderEpoch(3)).is_some());
    assert_eq!(follower.bytes_from(0, 3), Ok(sizes.iter().sum::<usize>() as u64));
}

#[test]
fn a_follower_cuts_off_what_the_leader_never_had() {
    let mut one = PartitionLog::default();
    append(&mut one, 0, batch(&["a"]));
    let mut other = PartitionLog::default();
    other.follow(&one);
    // Each writes something of its own under another epoch.
    append(&mut one, 0, batch(&["lost"]));
    append(&mut one, 1, batch(&["lost too"]));
    other.begin_epoch(LeaderEpoch(2));
    append(&mut other, 2, batch(&["kept"]));

    assert!(one.follow(&other));
    let records = one.read(0, one.end_offset(), usize::MAX, true).unwrap();
    let kept = crate::testing::values(&records);
    assert_eq!(kept, [(0, "a".into()), (1, "kept".into())]);
    assert_eq!(one.epoch_end(LeaderEpoch(1)), Some(EpochEnd { epoch: LeaderEpoch(0), end_offset: 1 }));
}

#[test]
fn a_follower_that_is_ahead_of_an_empty_leader_starts_over() {
    let (mut ahead, _) = log(&[&["a"]]);
    let mut leader = PartitionLog::default();
    leader.begin_epoch(LeaderEpoch(4));
    assert!(ahead.follow(&leader));
    assert_eq!(ahead.end_offset(), 0);
    let (mut far, _) = log(&[&["a"], &["b"]]);
    far.advance_start(2);
    let mut behind = PartitionLog::default();
    behind.follow(&far);
    assert_eq!((behind.start_offset(), behind.end_offset()), (2, 2));
}

#[test]
fn a_cut_off_batch_may_come_again() {
    let mut log = PartitionLog::default();
    append(&mut log, 0, crate::testing::sequenced(7, 0, 0, 1));
    append(&mut log, 0, crate::testing::sequenced(7, 0, 1, 1));
    log.truncate(1).unwrap();
    append(&mut log, 1, crate::testing::sequenced(7, 0, 1, 1));
    assert_eq!(log.end_offset(), 2);
}

#[test]
fn records_before_the_start_are_forgotten_even_inside_a_batch() {
    let (mut log, _) = log(&[&["a", "b"], &["c"]]);
    log.advance_start(1);
    assert_eq!(log.start_offset(), 1);
    assert_eq!(log.read(0, 3, 100, true), Err(Unreadable::OutOfRange));
    assert!(!log.read(1, 3, 1000, true).unwrap().is_empty());
    log.advance_start(9);
    assert_eq!((log.start_offset(), log.end_offset()), (3, 3));
}

const EAGER: Compaction =
    Compaction { min_dirty_ratio: 0.0, min_lag_ms: 0, max_lag_ms: i64::MAX, delete_retention_ms: 1000 };

/// A log whose every batch is a segment.
fn keyed(batches: &[&[(&str, &str)]]) -> PartitionLog {
    let mut log = PartitionLog::default();
    log.set_segment_rule(SegmentRule { bytes: 1, ..SegmentRule::default() });
    for records in batches {
        let records: Vec<_> =
            records.iter().map(|(key, value)| (START.as_millis(), Some(*key), *value)).collect();
        append(&mut log, 0, crate::testing::batch_of(Stamp::NONE, Codec::Lz4, &records));
    }
    log
}

fn compact(log: &mut PartitionLog, after_ms: i64) -> bool {
    let limit = log.end_offset();
    log.compact(EAGER, START.as_millis() + after_ms, limit, &mut BatchChecker::default()).unwrap()
}

fn kept(log: &PartitionLog) -> Vec<(i64, String)> {
    crate::testing::values(&log.read(log.start_offset(), log.end_offset(), usize::MAX, true).unwrap())
}

#[test]
fn compaction_keeps_the_newest_of_each_key_at_its_offset() {
    let mut log = keyed(&[&[("a", "1"), ("b", "2")], &[("a", "3")], &[("c", "4")], &[("b", "5")]]);
    assert!(compact(&mut log, 0));
    // The last segment is still written to, so what is in it drops nothing yet.
    assert_eq!(kept(&log), [(1, "2".into()), (2, "3".into()), (3, "4".into()), (4, "5".into())]);
    assert_eq!((log.start_offset(), log.end_offset()), (0, 5));
    let sizes: u64 = log.batches.iter().map(|batch| log.size_of(batch) as u64).sum();
    assert_eq!(log.bytes_from(0, 5), Ok(sizes));
    assert!(!compact(&mut log, 0), "nothing is new");
    append(
        &mut log,
        0,
        crate::testing::batch_of(Stamp::NONE, Codec::None, &[(START.as_millis(), Some("c"), "6")]),
    );
    assert!(compact(&mut log, 0));
    assert_eq!(kept(&log), [(2, "3".into()), (3, "4".into()), (4, "5".into()), (5, "6".into())]);
}

/// The stamp of a batch under its producer's first epoch.
fn stamp(producer_id: i64, base_sequence: i32, transactional: bool) -> Stamp {
    let (producer_id, producer_epoch) = (ProducerId(producer_id), ProducerEpoch(0));
    Stamp { producer_id, producer_epoch, base_sequence, transactional }
}

/// A transaction of one record, whose marker has this epoch.
fn transaction(log: &mut PartitionLog, sequence: i32, committed: bool, epoch: ProducerEpoch) {
    let record = [(START.as_millis(), Some("k"), "v")];
    append(log, 0, crate::testing::batch_of(stamp(1, sequence, true), Codec::None, &record));
    let marker = EndTransaction { committed, coordinator_epoch: 0 };
    log.append_marker(marker, ProducerId(1), epoch, LeaderEpoch(0), START).unwrap();
}

#[test]
fn compaction_keeps_the_last_sequence_of_a_producer_without_its_records() {
    let mut log = PartitionLog::default();
    log.set_segment_rule(SegmentRule { bytes: 1, ..SegmentRule::default() });
    for (producer, sequence) in [(1, 0), (1, 1), (2, 0), (3, 0)] {
        let record = [(START.as_millis(), Some("k"), "v")];
        append(&mut log, 0, crate::testing::batch_of(stamp(producer, sequence, false), Codec::None, &record));
    }
    assert!(compact(&mut log, 0));
    let all = log.read(0, 4, usize::MAX, true).unwrap();
    let batches: Vec<_> = ottla_proto::records::Batches::new(all).map(Result::unwrap).collect();
    let shown: Vec<_> =
        batches.iter().map(|it| (it.header().base_offset, it.header().record_count.unwrap())).collect();
    // The first of producer 1 is gone, its second is empty.
    assert_eq!(shown, [(1, 0), (2, 1), (3, 1)]);
    assert!(batches.iter().all(|batch| batch.verify_crc().is_ok()));
}

#[test]
fn compaction_leaves_out_what_was_aborted_and_what_is_undecided() {
    let mut log = PartitionLog::default();
    log.set_segment_rule(SegmentRule { bytes: 1, ..SegmentRule::default() });
    let record = |value| [(START.as_millis(), Some("k"), value)];
    append(&mut log, 0, crate::testing::batch_of(Stamp::NONE, Codec::None, &record("committed")));
    append(&mut log, 0, crate::testing::batch_of(stamp(1, 0, true), Codec::None, &record("aborted")));
    let marker = EndTransaction { committed: false, coordinator_epoch: 0 };
    log.append_marker(marker, ProducerId(1), ProducerEpoch(0), LeaderEpoch(0), START).unwrap();
    append(&mut log, 0, crate::testing::batch_of(stamp(1, 1, true), Codec::None, &record("undecided")));
    append(&mut log, 0, crate::testing::batch_of(Stamp::NONE, Codec::None, &record("active")));
    let limit = log.first_undecided(5).unwrap();
    assert!(log.compact(EAGER, START.as_millis(), limit, &mut BatchChecker::default()).unwrap());
    let values: Vec<_> = kept(&log).into_iter().map(|(_, value)| value).collect();
    assert!(
        values.contains(&"committed".to_owned()) && !values.contains(&"aborted".to_owned()),
        "{values:?}"
    );
    assert!(values.contains(&"undecided".to_owned()), "{values:?}");
}

#[test]
fn lags_and_the_dirty_ratio_hold_compaction_back() {
    let mut log = keyed(&[&[("a", "1")], &[("a", "2")], &[("a", "3")]]);
    let mut checker = BatchChecker::default();
    let mut with = |rule, after| log.compact(rule, START.as_millis() + after, 3, &mut checker).unwrap();
    assert!(!with(Compaction { min_lag_ms: 100, ..EAGER }, 99));
    assert!(!with(Compaction { min_dirty_ratio: 1.0, ..EAGER }, 0));
    assert!(with(Compaction { min_dirty_ratio: 1.0, max_lag_ms: 10, ..EAGER }, 11));
}

/// A batch whose one record deletes `key`.
fn tombstone(key: &str) -> Bytes {
    let mut writer = ottla_proto::records::BatchWriter::new(Vec::new());
    writer.append(START.as_millis(), Some(key.as_bytes()), None, usize::MAX).unwrap();
    writer.seal().stamp(Stamp::NONE).bytes().clone()
}

/// Appends another record and compacts; says which batches are left, by their last offsets.
fn after_another(log: &mut PartitionLog, key: &str, after_ms: i64) -> Vec<i64> {
    let record = [(START.as_millis(), Some(key), "v")];
    append(log, 0, crate::testing::batch_of(Stamp::NONE, Codec::None, &record));
    compact(log, after_ms);
    log.batches.iter().map(|batch| batch.last_offset).collect()
}

#[test]
fn a_tombstone_goes_when_readers_have_had_time_to_see_it() {
    let mut log = keyed(&[&[("a", "1")]]);
    append(&mut log, 0, tombstone("a"));
    assert_eq!(after_another(&mut log, "b", 0), [1, 2]);
    // The batch says from when on it may go, and its record has the time that it had.
    let batch = only_batch(log.read(1, 2, usize::MAX, true).unwrap(), 12).unwrap();
    batch.verify_crc().unwrap();
    assert!(batch.header().attributes.has_delete_horizon());
    assert_eq!(batch.header().base_timestamp, START.as_millis() + 1000);
    let read = batch.read(&mut Decompressor::default()).unwrap();
    let records: Vec<_> = read.iter().map(|it| (it.offset, it.timestamp, it.key, it.value)).collect();
    assert_eq!(records, [(1, START.as_millis(), Some(&b"a"[..]), None)]);
    // It is not put off by what comes later.
    assert_eq!(after_another(&mut log, "c", 999), [1, 2, 3]);
    assert_eq!(after_another(&mut log, "d", 1000), [2, 3, 4]);
}

#[test]
fn a_marker_goes_some_time_after_all_that_it_decided() {
    for committed in [true, false] {
        let mut log = PartitionLog::default();
        log.set_segment_rule(SegmentRule { bytes: 1, ..SegmentRule::default() });
        transaction(&mut log, 0, committed, ProducerEpoch(0));
        transaction(&mut log, 1, true, ProducerEpoch(0));
        // The first one's record goes; its marker was needed until then, and no longer.
        assert_eq!(after_another(&mut log, "a", 0), [1, 2, 3, 4], "{committed}");
        assert_eq!(after_another(&mut log, "b", 100), [1, 2, 3, 4, 5]);
        let marker = only_batch(log.read(1, 2, usize::MAX, true).unwrap(), 12).unwrap();
        assert!(marker.header().attributes.has_delete_horizon());
        assert_eq!(marker.read(&mut Decompressor::default()).unwrap().len(), 1);
        assert_eq!(after_another(&mut log, "c", 1099), [1, 2, 3, 4, 5, 6]);
        // The second one's record is still there, and so is its marker.
        assert_eq!(after_another(&mut log, "d", 1100), [2, 3, 4, 5, 6, 7]);
        assert_eq!(after_another(&mut log, "e", 9000), [2, 3, 4, 5, 6, 7, 8]);
    }
}

#[test]
fn segments_that_have_become_small_are_joined() {
    let disk = Arc::new(SimulatedDisk::new(1));
    let store = Arc::new(Store::new(Arc::clone(&disk) as Arc<dyn Disk>, false));
    let mut log = PartitionLog::default();
    let one = crate::testing::batch_of(Stamp::NONE, Codec::None, &[(START.as_millis(), Some("k"), "v")]);
    let rule = SegmentRule { bytes: 3 * one.len() as u64, ..SegmentRule::default() };
    log.set_segment_rule(rule);
    log.settle_in(Home::new(Arc::clone(&store), "f".to_owned()));
    for number in 0..13 {
        // Of each segment's three keys the last one is kept: the others come again and again.
        let key = if number % 3 == 2 { char::from(b'a' + number) } else { 'z' }.to_string();
        let record = [(START.as_millis(), Some(key.as_str()), "v")];
        append(&mut log, 0, crate::testing::batch_of(Stamp::NONE, Codec::None, &record));
    }
    assert_eq!(log.segments.list.len(), 5);
    assert!(compact(&mut log, 0));
    // Five are left of twelve in four segments: two of a file, and the one that is written to.
    let expected: Vec<i64> = vec![2, 5, 8, 10, 11, 12];
    assert_eq!(kept(&log).into_iter().map(|(offset, _)| offset).collect::<Vec<_>>(), expected);
    let bases: Vec<i64> = log.segments.list.iter().map(|segment| segment.base_offset).collect();
    assert_eq!(bases, [0, 9, 12]);
    // A start finds the same, also if a file that was joined to another is back.
    assert_eq!(disk.list().unwrap().len(), 3);
    store.append(&"f/00000000000000000003.log".into(), 0, &one).unwrap();
    for _ in 0..2 {
        let log = reopened(&disk, rule);
        assert_eq!(kept(&log).into_iter().map(|(offset, _)| offset).collect::<Vec<_>>(), expected);
        assert_eq!(disk.list().unwrap().len(), 3);
    }
}

/// What is known of a log on disk whose process is gone.
fn reopened(disk: &Arc<SimulatedDisk>, rule: SegmentRule) -> PartitionLog {
    let store = Arc::new(Store::new(Arc::clone(disk) as Arc<dyn Disk>, false));
    let files = disk.list().unwrap().into_iter();
    let files = files.filter_map(|(name, size)| Some((name.strip_prefix("f/")?.to_owned(), size))).collect();
    PartitionLog::open(Home::new(store, "f".to_owned()), &files, rule).unwrap()
}

/// Kill -9 after each single thing that compaction does to the disk, and the loss of power.
#[test]
fn compaction_can_stop_anywhere() {
    let rule = SegmentRule { bytes: 300, ..SegmentRule::default() };
    let horizon = START.as_millis() + 1000;
    for power_goes in [false, true] {
        let mut died = true;
        let mut changes = 0;
        while died {
            let disk = Arc::new(SimulatedDisk::new(changes as u64));
            let store = Arc::new(Store::new(Arc::clone(&disk) as Arc<dyn Disk>, true));
            let mut log = PartitionLog::default();
            log.set_segment_rule(rule);
            log.settle_in(Home::new(Arc::clone(&store), "f".to_owned()));
            // Each other segment gets smaller, and those with a tombstone get larger.
            for number in 0..20 {
                let key = ["a", "b", "z", "z", "z"][number / 4];
                let key = format!("{key}{}", if number < 8 { number } else { number % 2 });
                if number < 8 {
                    append(&mut log, 0, tombstone(&key));
                } else {
                    let record = [(START.as_millis(), Some(key.as_str()), "v")];
                    append(&mut log, 0, crate::testing::batch_of(Stamp::NONE, Codec::None, &record));
                }
            }
            store.settle().unwrap();
            let before = kept_keys(&log);
            if changes % 2 == 0 {
                log.close().unwrap();
            }
            disk.die_after(changes);
            let limit = log.end_offset();
            let done = log.compact(EAGER, START.as_millis(), limit, &mut BatchChecker::default());
            died = disk.live_again();
            assert!(died || done.is_ok(), "{changes}");
            if power_goes {
                disk.lose_power();
            }
            let mut found = reopened(&disk, rule);
            assert_eq!(found.end_offset(), 20, "{changes}");
            let after = kept_keys(&found);
            assert!(after.is_subset(&before), "{changes}");
            let newest = |of: &BTreeSet<(String, i64)>| of.iter().cloned().collect::<BTreeMap<_, _>>();
            assert_eq!(newest(&after), newest(&before), "{changes}");
            // What it was about to do is done when the time comes, and each horizon stays what it was.
            let found_before = horizons(&found);
            append(&mut found, 0, tombstone("new"));
            append(&mut found, 0, tombstone("new"));
            assert!(compact(&mut found, 500), "{changes}");
            let horizons = horizons(&found);
            assert!(found_before.iter().all(|(offset, horizon)| horizons[offset] == *horizon), "{changes}");
            assert!((0..8).all(|offset| [horizon, horizon + 500].contains(&horizons[&offset])), "{changes}");
            let keys = kept_keys(&found);
            assert_eq!(keys.iter().filter(|(key, _)| key.starts_with('z')).count(), 2, "{keys:?}");
            changes += 1;
        }
        assert!(changes > 25, "compaction changed the disk {changes} times only");
    }
}

/// Every record's key and offset.
fn kept_keys(log: &PartitionLog) -> BTreeSet<(String, i64)> {
    let mut keys = BTreeSet::new();
    for stored in &log.batches {
        let batch = only_batch(log.load(stored).unwrap(), 12).unwrap();
        batch.verify_crc().unwrap();
        let records = batch.read(&mut Decompressor::default()).unwrap();
        let key = |key: Option<&[u8]>| String::from_utf8(key.unwrap().to_vec()).unwrap();
        keys.extend(records.iter().map(|record| (key(record.key), record.offset)));
    }
    keys
}

/// The delete horizons of the batches that have one, by their last offset.
fn horizons(log: &PartitionLog) -> BTreeMap<i64, i64> {
    let batches = log.batches.iter().map(|stored| only_batch(log.load(stored).unwrap(), 12).unwrap());
    batches
        .filter(|batch| batch.header().attributes.has_delete_horizon())
        .map(|batch| (batch.header().last_offset(), batch.header().base_timestamp))
        .collect()
}

/// A reader that is told of a transaction leaves out what its producer wrote until it sees the end.
#[test]
fn a_transaction_without_a_marker_is_not_told_any_more() {
    let mut log = PartitionLog::default();
    log.set_segment_rule(SegmentRule { bytes: 1, ..SegmentRule::default() });
    transaction(&mut log, 0, false, ProducerEpoch(0));
    transaction(&mut log, 1, true, ProducerEpoch(0));
    let told = |log: &PartitionLog| log.aborted(0, log.end_offset()).len();
    // The records go, then the marker gets its horizon, and then it goes.
    for (key, after_ms, left, aborted) in
        [("a", 0, vec![1, 2, 3, 4], 1), ("b", 1, vec![1, 2, 3, 4, 5], 1), ("c", 1001, vec![2, 3, 4, 5, 6], 0)]
    {
        assert_eq!((after_another(&mut log, key, after_ms), told(&log)), (left, aborted), "{key}");
    }
}

/// Otherwise one that was fenced could write again after a restart.
#[test]
fn a_marker_that_alone_knows_an_epoch_stays() {
    let disk = Arc::new(SimulatedDisk::new(1));
    let rule = SegmentRule { bytes: 1, ..SegmentRule::default() };
    let mut log = reopened(&disk, rule);
    transaction(&mut log, 0, true, ProducerEpoch(1));
    for (key, after_ms) in [("k", 0), ("a", 1), ("b", 5000), ("c", 9000)] {
        after_another(&mut log, key, after_ms);
    }
    assert_eq!(log.batches.front().map(|oldest| oldest.last_offset), Some(1));
    assert_eq!(reopened(&disk, rule).producers.epoch_of(ProducerId(1)), Some(ProducerEpoch(1)));
}

/// Otherwise a batch that comes again would be taken for a new one.
#[test]
fn a_log_that_cannot_be_read_is_not_cut_and_knows_its_producers() {
    let disk = Arc::new(SimulatedDisk::new(1));
    let store = Arc::new(Store::new(Arc::clone(&disk) as Arc<dyn Disk>, false));
    let mut log = PartitionLog::default();
    log.settle_in(Home::new(store, "f".to_owned()));
    let mut checker = BatchChecker::default();
    let mut append = |log: &mut PartitionLog, sequence| {
        let batch = only_batch(sequenced(7, 0, sequence, 1), 12).unwrap();
        let checked = checker.check(batch, &TopicConfig::default(), START).unwrap();
        log.append(&checked, LeaderEpoch(0), None)
    };
    for sequence in 0..3 {
        assert!(append(&mut log, sequence).unwrap().grown);
    }
    disk.let_reads_fail(Some("f/"));
    assert_eq!(log.truncate(2), Err(StorageFailed));
    assert_eq!(log.end_offset(), 3);
    assert!(!append(&mut log, 1).unwrap().grown);
    disk.let_reads_fail(None);
    assert_eq!(log.truncate(2), Ok(()));
    assert!(!append(&mut log, 1).unwrap().grown);
    assert_eq!(append(&mut log, 2).unwrap().base_offset, 2);
}
