use super::*;

/// Two records, written down from the format's description.
const GOLDEN: [u8; 80] = [
    0, 0, 0, 0, 0, 0, 0, 0, // base offset
    0, 0, 0, 68, // length of what follows
    0xff, 0xff, 0xff, 0xff, // leader epoch: none
    2,    // magic
    0, 0, 0, 0, // checksum, put in by the test
    0, 0x10, // attributes: transactional
    0, 0, 0, 1, // last offset delta
    0, 0, 0, 0, 0, 0, 3, 0xe8, // base timestamp 1000
    0, 0, 0, 0, 0, 0, 3, 0xed, // max timestamp 1005
    0, 0, 0, 0, 0, 0, 0, 77, // producer id
    0, 3, // producer epoch
    0, 0, 0, 40, // base sequence
    0, 0, 0, 2, // record count
    // Eleven bytes: attributes, timestamp +0, offset +0, key "k", value "v", one header: "h", null.
    0x16, 0, 0, 0, 2, b'k', 2, b'v', 2, 2, b'h', 1, //
    // Six bytes: attributes, timestamp +5, offset +1, key null, value null, no header.
    0x0c, 0, 10, 2, 1, 1, 0,
];

#[test]
fn bytes_are_those_of_the_format() {
    let mut writer = BatchWriter::new(Vec::new());
    let header = Header { key: b"h", value: None };
    let appended = writer.append_with_headers(1000, Some(b"k"), Some(b"v"), [header].into_iter(), 100);
    assert_eq!(appended, Ok(0));
    assert_eq!(writer.append(1005, None, None, 100), Ok(1));
    let stamped = writer.seal().stamp(STAMP);

    let mut golden = GOLDEN;
    let crc = slow_crc32c(&golden[21..]);
    golden[17..21].copy_from_slice(&crc.to_be_bytes());
    assert_eq!(stamped.bytes()[..], golden[..]);

    let batch = Batch::parse(Bytes::copy_from_slice(&golden)).unwrap();
    batch.verify_crc().unwrap();
    assert_eq!(batch.header(), stamped.header());
    assert_eq!(batch.header().last_sequence(), 41);
    assert!(batch.header().attributes.is_transactional());
    let records = batch.read(&mut Decompressor::default()).unwrap();
    let records: Vec<Plain> = records.iter().map(plain).collect();
    assert_eq!(records[0], (1000, Some(b"k".to_vec()), Some(b"v".to_vec()), vec![(b"h".to_vec(), None)]));
    assert_eq!(records[1], (1005, None, None, vec![]));
}

#[test]
fn a_batch_that_is_compressed_stays_in_its_buffer() {
    for codec in Codec::ALL {
        let Ok(mut compressor) = Compressor::new(codec) else { continue };
        let mut writer = BatchWriter::new(Vec::with_capacity(200_000));
        writer.append(0, None, Some(&[b'a'; 100_000]), usize::MAX).unwrap();
        let mut sealed = writer.seal();
        sealed.compress(&mut compressor, &mut Vec::new()).unwrap();
        let buffer = sealed.stamp(STAMP).into_buffer().unwrap();
        assert_eq!(buffer.capacity(), 200_000, "{codec}");
    }
}

#[test]
fn a_batch_that_adds_up_its_checksum_is_the_same_batch() {
    let mut random = fastrand::Rng::with_seed(11);
    for size in [1, 100, 15_000, 16_200, 40_000] {
        let samples: Vec<Plain> = (0..300_000 / size.max(1_000))
            .map(|_| (7, None, Some(vec![random.u8(..); size]), vec![]))
            .collect();
        let mut writer = BatchWriter::adding_up(Vec::new());
        for (index, record) in (0..).zip(&samples) {
            assert_eq!(append(&mut writer, record, MAX_BATCH_SIZE), Ok(index));
            if index == 7 {
                let _ = writer.move_to(Vec::new());
            }
        }
        let plain = written(&samples).seal().stamp(STAMP);
        let stamped = writer.seal().stamp(STAMP);
        assert_eq!(stamped.bytes(), plain.bytes(), "{} records of {size} bytes", samples.len());
        let other = Stamp { base_sequence: 41, ..STAMP };
        assert_eq!(stamped.restamp(other).bytes(), plain.restamp(other).bytes());
    }
}

#[test]
fn a_checksum_that_was_added_up_is_not_that_of_the_compressed_batch() {
    let mut writer = BatchWriter::adding_up(Vec::new());
    for _ in 0..100 {
        writer.append(0, None, Some(&[b'a'; 1_000]), MAX_BATCH_SIZE).unwrap();
    }
    let mut sealed = writer.seal();
    assert_eq!(sealed.compress(&mut Compressor::new(Codec::Lz4).unwrap(), &mut Vec::new()), Ok(true));
    let batch = Batch::parse(sealed.stamp(STAMP).bytes().clone()).unwrap();
    batch.verify_crc().unwrap();
}

#[test]
fn what_was_written_is_read_with_every_codec() {
    let mut random = fastrand::Rng::with_seed(3);
    let mut decompressor = Decompressor::default();
    let mut spare = Vec::new();
    for codec in Codec::ALL {
        let Ok(mut compressor) = Compressor::new(codec) else { continue };
        for count in [0, 1, 2, 64, 65, 700] {
            let mut samples = samples(&mut random, count);
            // Noise does not shrink, and then the batch stays as it is: one record more that does.
            samples.push((0, None, Some(vec![b'a'; 100_000]), vec![]));
            let mut sealed = written(&samples).seal();
            let plain_size = sealed.size();
            let compressed = sealed.compress(&mut compressor, &mut spare).unwrap();
            assert_eq!(compressed, codec != Codec::None);
            assert_eq!(sealed.codec(), codec);
            assert_eq!(sealed.uncompressed_size(), plain_size);
            let batch = Batch::parse(sealed.stamp(STAMP).bytes().clone()).unwrap();
            batch.verify_crc().unwrap();
            let max_timestamp = samples.iter().map(|(timestamp, ..)| *timestamp).max();
            assert_eq!(Some(batch.header().max_timestamp), max_timestamp);
            let records = batch.read_with(&mut decompressor, || std::mem::take(&mut spare)).unwrap();
            assert!(records.is_consecutive());
            assert_eq!(records.size() + BATCH_HEADER_SIZE, plain_size);
            assert_eq!(records.len(), samples.len());
            assert!(records.iter().map(plain).eq(samples.iter().cloned()), "{codec}");
            assert!(records.iter().map(|record| record.offset).eq(0..i64::try_from(samples.len()).unwrap()));
            spare = records.into_buffer().unwrap_or_default();
        }
    }
}

#[test]
fn a_batch_that_would_grow_stays_plain() {
    let mut sealed = written(&[(0, None, Some(vec![1, 2, 3]), vec![])]).seal();
    let size = sealed.size();
    let compressed = sealed.compress(&mut Compressor::new(Codec::Gzip).unwrap(), &mut Vec::new());
    assert_eq!(compressed, Ok(false));
    assert_eq!((sealed.codec(), sealed.size()), (Codec::None, size));
}

#[test]
fn a_full_batch_says_what_it_needs_and_is_unchanged() {
    let mut random = fastrand::Rng::with_seed(4);
    for record in samples(&mut random, 500) {
        let mut writer = written(&[(0, None, Some(vec![9; 300]), vec![])]);
        let before = writer.size();
        let full = append(&mut writer, &record, before).unwrap_err();
        assert_eq!((writer.size(), writer.count(), writer.max_timestamp()), (before, 1, 0));
        assert_eq!(append(&mut writer, &record, full.needed - 1), Err(full));
        assert_eq!(append(&mut writer, &record, full.needed), Ok(1));
        assert_eq!(writer.size(), full.needed);
    }
}

#[test]
fn no_append_within_the_capacity_moves_the_buffer() {
    let mut random = fastrand::Rng::with_seed(5);
    for size in [BATCH_HEADER_SIZE, 70, 100, 1000, 20_000] {
        let mut writer = BatchWriter::new(Vec::new());
        let small = writer.move_to(Vec::with_capacity(size + BatchWriter::SLACK));
        assert_eq!((small.len(), writer.size()), (BATCH_HEADER_SIZE, BATCH_HEADER_SIZE));
        let capacity = writer.capacity();
        assert!(capacity >= size);
        for record in samples(&mut random, 300) {
            let _ = append(&mut writer, &record, capacity);
            assert_eq!(writer.capacity(), capacity);
        }
        assert!(writer.append(0, None, None, capacity).is_ok() || writer.size() + 7 > capacity);
    }
}

#[test]
fn a_buffer_goes_round() {
    let writer = written(&[(7, None, Some(vec![9; 1000]), vec![])]);
    let capacity = writer.capacity();
    let mut writer = BatchWriter::new(writer.into_buffer());
    assert_eq!((writer.count(), writer.size(), writer.capacity()), (0, BATCH_HEADER_SIZE, capacity));
    assert_eq!(writer.max_timestamp(), NO_TIMESTAMP);
    writer.append(5, None, None, 1000).unwrap();
    let stamped = writer.seal().stamp(Stamp::NONE);
    let held = stamped.bytes().clone();
    assert_eq!(stamped.clone().into_buffer(), None, "somebody holds the bytes");
    drop(held);
    assert!(stamped.into_buffer().unwrap().capacity() >= capacity);
}

#[test]
fn a_batch_can_be_stamped_again() {
    let mut sealed = written(&samples(&mut fastrand::Rng::with_seed(6), 100)).seal();
    let mut compressor = Compressor::new(Codec::Lz4).unwrap();
    sealed.compress(&mut compressor, &mut Vec::new()).unwrap();
    let first = sealed.stamp(STAMP);
    let other = Stamp { producer_epoch: ProducerEpoch(4), base_sequence: 0, transactional: false, ..STAMP };
    let held = first.bytes().clone();
    let second = first.clone().restamp(other);
    assert_eq!(held, first.bytes(), "bytes that somebody holds do not change");
    let batch = Batch::parse(second.bytes().clone()).unwrap();
    batch.verify_crc().unwrap();
    assert_eq!(batch.header().producer_epoch, ProducerEpoch(4));
    assert_eq!(batch.header().base_sequence, 0);
    assert!(!batch.header().attributes.is_transactional());
    assert_eq!(second.restamp(STAMP).bytes(), first.bytes());
}

#[test]
fn a_batch_without_the_struck_is_as_if_they_had_never_been() {
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..200 {
        let count = random.usize(1..40);
        let samples = samples(&mut random, count);
        let keep: Vec<bool> = samples.iter().map(|_| random.bool()).collect();
        let kept: Vec<Plain> =
            samples.iter().zip(&keep).filter(|(_, keep)| **keep).map(|(record, _)| record.clone()).collect();
        let cut = written(&samples).retain(|index| keep[index as usize], Vec::new());
        let never = written(&kept);
        assert_eq!(cut.count(), never.count());
        assert_eq!(cut.max_timestamp(), never.max_timestamp());
        assert_eq!(cut.seal().stamp(STAMP).bytes(), never.seal().stamp(STAMP).bytes());
    }
}

#[test]
fn sequences_wrap_to_zero() {
    assert_eq!(add_to_sequence(5, 3), 8);
    assert_eq!(add_to_sequence(i32::MAX, 0), i32::MAX);
    assert_eq!(add_to_sequence(i32::MAX, 1), 0);
    assert_eq!(add_to_sequence(i32::MAX - 1, 3), 1);
    let none = BatchHeader { base_sequence: NO_SEQUENCE, last_offset_delta: 7, ..BatchHeader::default() };
    assert_eq!(none.last_sequence(), NO_SEQUENCE);
}

#[test]
fn numbers_of_every_size_are_written_as_the_format_has_them() {
    let edges = |most: u32| {
        let edges = [6, 13, 20, 27, 34, 41, 62].into_iter().filter(move |bits| *bits < most);
        [0].into_iter().chain(edges.flat_map(|bits| [(1_i64 << bits) - 1, 1 << bits]))
    };
    let body = vec![0xee; 1 << 20];
    let lengths =
        [None, Some(0), Some(63), Some(64), Some(8191), Some(8192), Some((1 << 20) - 1), Some(1 << 20)];
    let parts = lengths.map(|length| length.map(|length| &body[..length]));
    for offset_delta in edges(31) {
        for timestamp_delta in edges(63).flat_map(|edge| [edge, -edge, !edge]) {
            // Two parts that vary and two deltas make too many cases; so each of a few keys meets each value.
            for (key, value) in
                parts.iter().flat_map(|value| [(None, *value), (parts[3], *value), (*value, None)])
            {
                let large = value.or(key).is_some_and(|part| part.len() > 10_000);
                if large && offset_delta != 0 && timestamp_delta != 0 {
                    continue;
                }
                let nullable = |bytes: Option<&[u8]>| {
                    let length = bytes.map_or(-1, |bytes| i64::try_from(bytes.len()).unwrap());
                    [&varint::groups(length).collect::<Vec<u8>>(), bytes.unwrap_or_default()].concat()
                };
                let mut expected = vec![0];
                expected.extend(varint::groups(timestamp_delta).chain(varint::groups(offset_delta)));
                expected.extend([nullable(key), nullable(value)].concat());
                let length: Vec<u8> = varint::groups(i64::try_from(expected.len() + 1).unwrap()).collect();
                let mut written = Vec::new();
                let shape = writer::Shape::new(offset_delta, timestamp_delta, key, value, 1);
                assert_eq!(shape.size(), length.len() + expected.len() + 1);
                shape.write(&mut written);
                assert!(written == [length, expected].concat(), "{offset_delta} {timestamp_delta}");
            }
        }
    }
}
