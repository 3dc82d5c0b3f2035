//! Message sets, built here byte by byte, since nothing in the crate writes them.

use super::*;

#[derive(Clone)]
struct Old {
    offset: i64,
    magic: u8,
    attributes: u8,
    timestamp: i64,
    key: Option<&'static [u8]>,
    value: Option<Vec<u8>>,
}

fn old(magic: u8, offset: i64, timestamp: i64, value: &str) -> Old {
    Old { offset, magic, attributes: 0, timestamp, key: None, value: Some(value.into()) }
}

fn encode(message: &Old) -> Vec<u8> {
    let nullable = |bytes: Option<&[u8]>| {
        let length = bytes.map_or(-1, |bytes| i32::try_from(bytes.len()).unwrap());
        [&length.to_be_bytes()[..], bytes.unwrap_or_default()].concat()
    };
    let mut body = vec![message.magic, message.attributes];
    if message.magic == 1 {
        body.extend(message.timestamp.to_be_bytes());
    }
    body.extend(nullable(message.key));
    body.extend(nullable(message.value.as_deref()));
    let length = i32::try_from(body.len() + 4).unwrap();
    [&message.offset.to_be_bytes()[..], &length.to_be_bytes(), &slow_crc32(&body).to_be_bytes(), &body]
        .concat()
}

fn wrap(codec: Codec, mut wrapper: Old, inner: &[Old]) -> Vec<u8> {
    let mut value = Vec::new();
    Compressor::new(codec)
        .unwrap()
        .compress(&inner.iter().flat_map(encode).collect::<Vec<u8>>(), &mut value)
        .unwrap();
    wrapper.attributes |= codec.id();
    wrapper.value = Some(value);
    encode(&wrapper)
}

fn seen(records: &Records) -> Vec<(i64, i64, Option<&[u8]>)> {
    records.iter().map(|record| (record.offset, record.timestamp, record.value)).collect()
}

#[test]
fn plain_messages_are_batches_of_one() {
    let set: Vec<u8> = [
        old(0, 7, 0, "zero"),
        old(1, 9, 1234, "one"),
        Old { value: None, key: Some(b"k"), ..old(1, 12, -1, "") },
    ]
    .iter()
    .flat_map(encode)
    .collect();
    let mut found = Vec::new();
    for batch in Batches::new(Bytes::from(set)) {
        let batch = batch.unwrap();
        batch.verify_crc().unwrap();
        assert_eq!(batch.header().record_count, Some(1));
        assert_eq!(batch.header().producer_id, ProducerId::NONE);
        let records = batch.read(&mut Decompressor::default()).unwrap();
        found.extend(
            records.iter().map(|record| (record.offset, batch.header().next_offset(), plain(record))),
        );
    }
    assert_eq!(
        found,
        [
            (7, 8, (NO_TIMESTAMP, None, Some(b"zero".to_vec()), vec![])),
            (9, 10, (1234, None, Some(b"one".to_vec()), vec![])),
            (12, 13, (-1, Some(b"k".to_vec()), None, vec![])),
        ]
    );
}

#[test]
fn compressed_sets_of_format_1_count_back_from_the_wrapper() {
    // Compaction has taken the messages 1 and 2.
    let inner = [old(1, 0, 100, "a"), old(1, 3, 90, "b"), old(1, 4, 110, "c")];
    for codec in [Codec::Gzip, Codec::Snappy, Codec::Lz4] {
        let bytes = wrap(codec, old(1, 1004, 110, ""), &inner);
        let batch = Batch::parse(Bytes::from(bytes)).unwrap();
        batch.verify_crc().unwrap();
        assert_eq!((batch.header().next_offset(), batch.header().record_count), (1005, None));
        let records = batch.read(&mut Decompressor::default()).unwrap();
        let expected = [(1000, 100, Some(&b"a"[..])), (1003, 90, Some(b"b")), (1004, 110, Some(b"c"))];
        assert_eq!(seen(&records), expected);
    }
}

#[test]
fn compressed_sets_of_format_0_have_absolute_offsets() {
    let inner = [old(0, 1000, 0, "a"), old(0, 1003, 0, "b")];
    let records = read(&wrap(Codec::Snappy, old(0, 1003, 0, ""), &inner)).unwrap();
    assert_eq!(seen(&records), [(1000, -1, Some(&b"a"[..])), (1003, -1, Some(b"b"))]);
}

#[test]
fn a_wrapper_at_0_is_an_old_librdkafka() {
    let records =
        read(&wrap(Codec::Gzip, old(1, 0, 5, ""), &[old(1, 0, 5, "a"), old(1, 1, 5, "b")])).unwrap();
    assert_eq!(seen(&records), [(0, 5, Some(&b"a"[..])), (1, 5, Some(b"b"))]);
}

#[test]
fn the_brokers_time_in_the_wrapper_is_everyones() {
    let wrapper = Old { attributes: 0x08, ..old(1, 1, 4321, "") };
    let bytes = wrap(Codec::Lz4, wrapper, &[old(1, 0, 5, "a"), old(1, 1, 6, "b")]);
    let batch = Batch::parse(Bytes::from(bytes)).unwrap();
    assert_eq!(batch.header().attributes.timestamp_type(), TimestampType::LogAppendTime);
    let records = batch.read(&mut Decompressor::default()).unwrap();
    assert_eq!(seen(&records), [(0, 4321, Some(&b"a"[..])), (1, 4321, Some(b"b"))]);
}

#[test]
fn an_lz4_header_checksum_as_old_clients_wrote_it_is_read() {
    let bytes = wrap(Codec::Lz4, old(0, 0, 0, ""), &[old(0, 0, 0, "a")]);
    let frame = bytes.windows(4).position(|four| four == [0x04, 0x22, 0x4d, 0x18]).unwrap();
    let mut broken = bytes;
    // Their checksum took in the magic number too.
    broken[frame + 6] = 0x5f;
    assert_eq!(seen(&read(&broken).unwrap()), [(0, -1, Some(&b"a"[..]))]);
}

#[test]
fn sets_that_make_no_sense_are_told() {
    let problem = |bytes: &[u8]| read(bytes).unwrap_err().problem;
    let inner = [old(1, 0, 0, "a"), old(1, 1, 0, "b")];
    let nested = Old { attributes: 2, ..old(1, 0, 0, "a") };
    assert_eq!(problem(&wrap(Codec::Gzip, old(1, 5, 0, ""), &[nested])), BatchProblem::NestedCompression);
    assert_eq!(problem(&wrap(Codec::Gzip, old(1, 5, 0, ""), &[])), BatchProblem::EmptyMessageSet);
    let null = Old { attributes: 1, value: None, ..old(1, 5, 0, "") };
    assert_eq!(problem(&encode(&null)), BatchProblem::EmptyMessageSet);
    let zstd = Old { attributes: 4, ..old(1, 5, 0, "x") };
    assert_eq!(problem(&encode(&zstd)), BatchProblem::UnknownCodec(4));
    let late = [old(1, 7, 0, "a"), old(1, 8, 0, "b")];
    assert!(matches!(problem(&wrap(Codec::Gzip, old(1, 5, 0, ""), &late)), BatchProblem::BadOffsets { .. }));
    let backwards = [inner[1].clone(), inner[0].clone()];
    let offset = BatchProblem::Record { index: 1, problem: RecordProblem::Offset };
    assert_eq!(problem(&wrap(Codec::Gzip, old(0, 5, 0, ""), &backwards)), offset);
    let mut damaged = encode(&inner[0]);
    *damaged.last_mut().unwrap() ^= 1;
    let batch = Batch::parse(Bytes::from(damaged)).unwrap();
    assert!(matches!(batch.verify_crc().unwrap_err().problem, BatchProblem::CrcMismatch { .. }));
}

#[test]
fn no_truncation_or_damage_does_harm() {
    let mut random = fastrand::Rng::with_seed(8);
    let inner: Vec<Old> =
        (0..20).map(|offset| old(1, offset, 100 + offset, "some text, some text")).collect();
    let mut sets = vec![inner.iter().flat_map(encode).collect::<Vec<u8>>()];
    for codec in [Codec::Gzip, Codec::Snappy, Codec::Lz4] {
        sets.push(wrap(codec, old(1, 1019, 0, ""), &inner));
    }
    let mut decompressor = Decompressor::with_limit(100_000);
    for whole in sets {
        for end in 0..whole.len() {
            for batch in Batches::new(Bytes::copy_from_slice(&whole[..end])) {
                let _ = batch.unwrap().read(&mut decompressor).unwrap();
            }
        }
        for _ in 0..hostile::rounds(1000) {
            let mut damaged = whole.clone();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(..damaged.len());
                damaged[at] = random.u8(..);
            }
            for batch in Batches::new(Bytes::from(damaged)).flatten() {
                if let Ok(records) = batch.read(&mut decompressor) {
                    assert_eq!(records.iter().map(plain).count(), records.len());
                }
            }
        }
    }
}
