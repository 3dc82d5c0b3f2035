use super::*;

fn batch(records: &[Plain]) -> Vec<u8> {
    written(records).seal().stamp(Stamp::NONE).bytes().to_vec()
}

fn three() -> Vec<Plain> {
    (0..3).map(|index| (1000 + index, None, Some(vec![b'v'; 10]), vec![])).collect()
}

fn place(bytes: &[u8], placement: Placement) -> Vec<u8> {
    Batch::parse(Bytes::copy_from_slice(bytes)).unwrap().place(placement)
}

#[test]
fn a_record_set_comes_apart_without_copies_and_its_cut_end_is_told() {
    let bytes = batch(&three());
    let set = Bytes::from([&bytes[..], &bytes[..], &bytes[..]].concat());
    for end in 0..=set.len() {
        let mut batches = Batches::new(set.slice(..end));
        let whole: Vec<Batch> = batches.by_ref().map(Result::unwrap).collect();
        assert_eq!(whole.len(), end / bytes.len());
        let first = whole.first().map(|batch| batch.bytes().as_ptr());
        assert!(first.is_none_or(|first| first == set.as_ptr()), "a batch is a slice of the frame");
        let available = end % bytes.len();
        let incomplete = (available > 0).then_some(IncompleteBatch {
            // Before the length is there, only the least is known.
            needed: if available < 12 { 17 } else { bytes.len() },
            available,
            alone: end < bytes.len(),
        });
        assert_eq!(batches.incomplete(), incomplete);
        assert!(batches.next().is_none());
    }
}

#[test]
fn a_bad_batch_does_not_hide_the_next_unless_its_length_is_bad() {
    let good = batch(&three());
    let mut unknown = good.clone();
    unknown[16] = 3;
    let mut negative = good.clone();
    negative[57] = 0x80;
    let mut short = good.clone();
    short[8..12].copy_from_slice(&13_i32.to_be_bytes());
    let set = Bytes::from([&unknown[..], &negative, &good, &short, &good].concat());
    let found: Vec<_> = Batches::new(set).map(|batch| batch.map(|batch| batch.header().size)).collect();
    let error = |problem| Err(BatchError { base_offset: 0, problem });
    assert_eq!(
        found,
        [
            error(BatchProblem::UnknownMagic(3)),
            error(BatchProblem::BadCount(i32::MIN + 3)),
            Ok(good.len()),
            error(BatchProblem::BadLength(13)),
        ]
    );
}

#[test]
fn a_length_without_room_for_the_header_is_impossible() {
    let mut bytes = batch(&three());
    bytes.truncate(60);
    bytes[8..12].copy_from_slice(&48_i32.to_be_bytes());
    let error = Batch::parse(Bytes::from(bytes)).unwrap_err();
    assert_eq!(error.problem, BatchProblem::BadLength(48));
}

#[test]
fn the_broker_gives_a_batch_its_place() {
    let bytes = batch(&three());
    let placement =
        Placement { base_offset: 500, partition_leader_epoch: LeaderEpoch(9), log_append_time: None };
    let placed = place(&bytes, placement);
    assert_eq!(placed[16..], bytes[16..], "offset and epoch lie outside the checksum");
    let batch = Batch::parse(Bytes::from(placed)).unwrap();
    batch.verify_crc().unwrap();
    assert_eq!((batch.header().base_offset, batch.header().partition_leader_epoch), (500, LeaderEpoch(9)));
    assert_eq!((batch.header().last_offset(), batch.header().next_offset()), (502, 503));
    let records = batch.read(&mut Decompressor::default()).unwrap();
    assert!(records.iter().map(|record| (record.offset, record.timestamp)).eq([
        (500, 1000),
        (501, 1001),
        (502, 1002)
    ]));

    let placed = place(&bytes, Placement { log_append_time: Some(7777), ..placement });
    let batch = Batch::parse(Bytes::from(placed)).unwrap();
    batch.verify_crc().unwrap();
    assert_eq!(batch.header().attributes.timestamp_type(), TimestampType::LogAppendTime);
    assert_eq!(batch.header().max_timestamp, 7777);
    let records = batch.read(&mut Decompressor::default()).unwrap();
    assert!(records.iter().map(|record| record.timestamp).eq([7777; 3]));
}

/// What compaction leaves: the header's range stays, records go, perhaps all of them.
#[test]
fn compacted_batches_keep_their_range() {
    let mut bytes = batch(&three());
    bytes.truncate(BATCH_HEADER_SIZE);
    bytes[8..12].copy_from_slice(&49_i32.to_be_bytes());
    bytes[57..61].copy_from_slice(&0_i32.to_be_bytes());
    for codec in Codec::ALL {
        bytes[22] = codec.id();
        let empty = Batch::parse(Bytes::copy_from_slice(&bytes)).unwrap();
        assert!(empty.read(&mut Decompressor::default()).unwrap().is_empty());
        assert_eq!(empty.header().next_offset(), 3);
    }

    // The middle one of three is gone.
    let mut holed = batch(&three());
    let size = (holed.len() - BATCH_HEADER_SIZE) / 3;
    holed.drain(BATCH_HEADER_SIZE + size..BATCH_HEADER_SIZE + 2 * size);
    let length = i32::try_from(holed.len() - 12).unwrap();
    holed[8..12].copy_from_slice(&length.to_be_bytes());
    holed[57..61].copy_from_slice(&2_i32.to_be_bytes());
    let records = read(&holed).unwrap();
    assert!(!records.is_consecutive());
    assert!(records.iter().map(|record| record.offset).eq([0, 2]));
}

/// The moment from which on a batch's tombstones may go stands where its first timestamp did.
#[test]
fn a_delete_horizon_leaves_the_timestamps_as_they_were() {
    let original = Batch::parse(Bytes::from(batch(&three()))).unwrap();
    let records = original.read(&mut Decompressor::default()).unwrap();
    let seen = |records: &Records| -> Vec<_> {
        let shown = |it: RecordRef<'_>| {
            (it.offset, it.timestamp, it.key.map(<[u8]>::to_vec), it.value.map(<[u8]>::to_vec))
        };
        records.iter().map(shown).collect()
    };
    let all = seen(&records);
    for horizon in [0, 1_700_000_000_000, i64::MAX] {
        let bytes = original.retain(&records, Some(horizon), |record| record.offset != 1);
        let kept = Batch::parse(Bytes::from(bytes)).unwrap();
        kept.verify_crc().unwrap();
        let header = kept.header();
        assert!(header.attributes.has_delete_horizon());
        assert_eq!((header.base_timestamp, header.record_count), (horizon, Some(2)));
        let read = kept.read(&mut Decompressor::default()).unwrap();
        assert_eq!(seen(&read), [all[0].clone(), all[2].clone()]);
        // It stays when the batch is compacted again.
        let again = Batch::parse(Bytes::from(kept.retain(&read, None, |record| record.offset == 0))).unwrap();
        assert_eq!((again.header().attributes, again.header().base_timestamp), (header.attributes, horizon));
        let read = again.read(&mut Decompressor::default()).unwrap();
        assert_eq!(seen(&read), [all[0].clone()]);
    }
}

#[test]
fn the_end_of_a_transaction_is_read_and_written() {
    for committed in [true, false] {
        let end = EndTransaction { committed, coordinator_epoch: 12 };
        let stamped = end.to_batch(ProducerId(5), ProducerEpoch(6), 1234);
        let batch = Batch::parse(stamped.bytes().clone()).unwrap();
        batch.verify_crc().unwrap();
        let header = batch.header();
        assert!(header.attributes.is_control() && header.attributes.is_transactional());
        assert_eq!((header.producer_id, header.producer_epoch), (ProducerId(5), ProducerEpoch(6)));
        assert_eq!(header.base_sequence, NO_SEQUENCE);
        let records = batch.read(&mut Decompressor::default()).unwrap();
        let record = records.iter().next().unwrap();
        assert_eq!(record.key, Some(&[0, 0, 0, u8::from(committed)][..]));
        assert_eq!(record.value, Some(&[0, 0, 0, 0, 0, 12][..]));
        assert_eq!(ControlRecord::read(&record), Ok(ControlRecord::EndTransaction(end)));
    }
}

#[test]
fn control_records_of_later_versions_and_types_do_no_harm() {
    let control = |key: Option<&[u8]>, value: Option<&[u8]>| {
        let record = RecordRef { offset: 3, timestamp: 0, key, value, headers: Headers::default() };
        ControlRecord::read(&record).map_err(|error| error.part)
    };
    let end = ControlRecord::EndTransaction(EndTransaction { committed: true, coordinator_epoch: 1 });
    assert_eq!(control(Some(&[0, 1, 0, 1, 9, 9]), Some(&[0, 2, 0, 0, 0, 1, 9])), Ok(end));
    assert_eq!(control(Some(&[0, 0, 0, 3]), None), Ok(ControlRecord::Other(3)));
    assert_eq!(control(Some(&[0, 0, 0]), None), Err("key"));
    assert_eq!(control(None, None), Err("key"));
    assert_eq!(control(Some(&[0xff, 0, 0, 1]), None), Err("key"));
    assert_eq!(control(Some(&[0, 0, 0, 1]), Some(&[0, 0, 0, 0, 0])), Err("value"));
    assert_eq!(control(Some(&[0, 0, 0, 1]), None), Err("value"));
}

#[test]
fn headers_are_found_by_the_last_of_their_key() {
    let headers = vec![
        (b"a".to_vec(), Some(b"1".to_vec())),
        (b"\xff".to_vec(), None),
        (b"a".to_vec(), Some(b"2".to_vec())),
    ];
    let records = read(&batch(&[(0, None, None, headers)])).unwrap();
    let record = records.iter().next().unwrap();
    assert_eq!(record.headers.len(), 3);
    assert_eq!(record.headers.last_with_key("a").unwrap().value, Some(&b"2"[..]));
    assert_eq!(record.headers.last_with_key("b"), None);
    let mut headers = record.headers;
    let odd = headers.nth(1).unwrap();
    assert_eq!((odd.key_str(), &*odd.key_lossy()), (None, "\u{fffd}"));
    let owned = record.to_owned();
    assert_eq!(owned.headers[2], (Bytes::from_static(b"a"), Some(Bytes::from_static(b"2"))));
}

#[test]
fn detached_batches_are_equal_and_elsewhere() {
    let frame = Bytes::from(batch(&three()));
    let batch = Batch::parse(frame.clone()).unwrap();
    let detached = batch.detach();
    assert_eq!(detached.bytes(), batch.bytes());
    assert_ne!(detached.bytes().as_ptr(), frame.as_ptr());
}
