//! Record batches and message sets: Kafka's builder and reader against ours.

#![allow(clippy::cast_possible_truncation, reason = "random numbers may be cut")]

use bytes::Bytes;
use ottla_proto::compression::{Codec, Compressor, Decompressor};
use ottla_proto::records::{BatchWriter, Batches, Header, MAX_BATCH_SIZE, OwnedRecord, Stamp};
use ottla_proto::{ProducerEpoch, ProducerId};

use crate::java::{Java, Question, Reading};
use crate::schema::random::Random;

const STAMPS: [Stamp; 2] = [
    Stamp::NONE,
    Stamp {
        producer_id: ProducerId(4711),
        producer_epoch: ProducerEpoch(3),
        base_sequence: i32::MAX - 1,
        transactional: false,
    },
];

#[test]
fn uncompressed_batches_are_java_s_byte_for_byte() {
    let Some(mut java) = Java::start() else { return };
    for seed in 0..rounds() {
        let mut random = Random::new(seed);
        let records = records(&mut random, 0);
        let stamp = STAMPS[random.below(STAMPS.len())];
        let ours = batch(&records, Codec::None, stamp);
        let theirs = java.ask(&set(2, Codec::None, stamp, &records)).unwrap();
        assert!(ours == theirs, "seed {seed}: ours\n{ours:?}\nJava's\n{theirs:?}");
    }
}

#[test]
fn each_side_reads_the_other_s_batches_in_every_codec() {
    let Some(mut java) = Java::start() else { return };
    let mut compressed = [0; 5];
    for seed in 0..rounds() {
        let mut random = Random::new(seed);
        let records = records(&mut random, 0);
        let stamp = STAMPS[random.below(STAMPS.len())];
        for codec in Codec::ALL {
            let ours = batch(&records, codec, stamp);
            compressed[usize::from(codec.id())] += u32::from(ours[22] & 7 == codec.id());
            let answer = java.ask(Question::new(b'R').raw(&ours).bytes());
            let read = taken_apart(&answer.unwrap_or_else(|error| panic!("{codec}, seed {seed}: {error}")));
            assert!(read == records, "{codec}, seed {seed}: Java reads\n{read:?}, not\n{records:?}");

            let theirs = java.ask(&set(2, codec, stamp, &records)).unwrap();
            assert_eq!(theirs[22] & 7, codec.id());
            let read = read_all(theirs, &format!("{codec}, seed {seed}"));
            assert!(read == records, "{codec}, seed {seed}: we read\n{read:?}, not\n{records:?}");
        }
    }
    // What would not shrink stays as it is; most does.
    assert!(compressed.iter().all(|count| u64::from(*count) * 2 > rounds()), "{compressed:?}");
}

#[test]
fn message_sets_of_the_formats_0_and_1_are_read() {
    let Some(mut java) = Java::start() else { return };
    for seed in 0..rounds() {
        let mut random = Random::new(seed);
        let base = i64::from(random.next() as u32) << 8;
        for magic in [0, 1] {
            let mut records = records(&mut random, base);
            for record in &mut records {
                record.headers.clear();
                if magic == 0 {
                    record.timestamp = -1;
                }
            }
            for codec in [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4] {
                let bytes = java.ask(&set(magic, codec, Stamp::NONE, &records)).unwrap();
                assert_eq!(bytes[16], magic);
                let place = format!("format {magic}, {codec}, seed {seed}");
                let read = read_all(bytes, &place);
                assert!(read == records, "{place}: we read\n{read:?}, not\n{records:?}");
            }
        }
    }
}

fn rounds() -> u64 {
    if std::env::var_os("OTTLA_PROOF").is_some() { 500 } else { 16 }
}

/// Some records, of which now and then one alone fills several blocks of any codec.
fn records(random: &mut Random, base_offset: i64) -> Vec<OwnedRecord> {
    let most = if random.one_in(4) { 2000 } else { 8 };
    let count = 1 + random.below(most);
    let mut timestamp = 1_700_000_000_000;
    (base_offset..)
        .take(count)
        .map(|offset| {
            timestamp += i64::from(random.next() as u16 % 5000) - 1000;
            let headers = if random.one_in(3) { random.below(4) } else { 0 };
            OwnedRecord {
                offset,
                timestamp,
                key: (!random.one_in(3)).then(|| text(random, 12)),
                value: (!random.one_in(8)).then(|| {
                    let longest = if random.one_in(50) { 300_000 } else { 200 };
                    text(random, longest)
                }),
                headers: (0..headers)
                    .map(|_| (text(random, 3), (!random.one_in(4)).then(|| text(random, 10))))
                    .collect(),
            }
        })
        .collect()
}

/// Something that shrinks, but not to nothing.
fn text(random: &mut Random, longest: usize) -> Bytes {
    const LETTERS: &[u8] = b"aaaaaaaabcdefgh ";
    let length = random.below(longest + 1);
    let mut bytes = Vec::with_capacity(length + 16);
    while bytes.len() < length {
        let letters = random.next().to_le_bytes();
        bytes.extend(
            letters
                .iter()
                .flat_map(|byte| [LETTERS[usize::from(byte & 15)], LETTERS[usize::from(byte >> 4)]]),
        );
    }
    bytes.truncate(length);
    Bytes::from(bytes)
}

/// Our batch of these records.
fn batch(records: &[OwnedRecord], codec: Codec, stamp: Stamp) -> Vec<u8> {
    let mut writer = BatchWriter::new(Vec::new());
    for record in records {
        let headers = record.headers.iter().map(|(key, value)| Header { key, value: value.as_deref() });
        writer
            .append_with_headers(
                record.timestamp,
                record.key.as_deref(),
                record.value.as_deref(),
                headers,
                MAX_BATCH_SIZE,
            )
            .unwrap();
    }
    let mut sealed = writer.seal();
    sealed.compress(&mut Compressor::new(codec).unwrap(), &mut Vec::new()).unwrap();
    sealed.stamp(stamp).bytes().to_vec()
}

/// The question for Java's set of these records.
fn set(magic: u8, codec: Codec, stamp: Stamp, records: &[OwnedRecord]) -> Vec<u8> {
    let mut question = Question::new(b'W')
        .raw(&[magic, codec.id()])
        .i64(records[0].offset)
        .i64(stamp.producer_id.0)
        .i16(stamp.producer_epoch.0)
        .i32(stamp.base_sequence);
    for record in records {
        question = question
            .i64(record.offset)
            .i64(record.timestamp)
            .nullable(record.key.as_deref())
            .nullable(record.value.as_deref())
            .i32(i32::try_from(record.headers.len()).unwrap());
        for (key, value) in &record.headers {
            question = question.nullable(Some(key)).nullable(value.as_deref());
        }
    }
    question.bytes().to_vec()
}

/// The records of an answer to the question `R`.
fn taken_apart(answer: &[u8]) -> Vec<OwnedRecord> {
    let owned = |bytes: Option<&[u8]>| bytes.map(Bytes::copy_from_slice);
    let mut reading = Reading(answer);
    let mut records = Vec::new();
    while !reading.is_empty() {
        let (offset, timestamp) = (reading.i64(), reading.i64());
        let (key, value) = (owned(reading.nullable()), owned(reading.nullable()));
        let headers = (0..reading.i32())
            .map(|_| (owned(reading.nullable()).unwrap(), owned(reading.nullable())))
            .collect();
        records.push(OwnedRecord { offset, timestamp, key, value, headers });
    }
    records
}

/// What we find in a record set, checksums checked.
fn read_all(bytes: Vec<u8>, place: &str) -> Vec<OwnedRecord> {
    let mut decompressor = Decompressor::default();
    let mut found = Vec::new();
    for batch in Batches::new(Bytes::from(bytes)) {
        let batch = batch.unwrap_or_else(|error| panic!("{place}: {error}"));
        batch.verify_crc().unwrap_or_else(|error| panic!("{place}: {error}"));
        let records = batch.read(&mut decompressor).unwrap_or_else(|error| panic!("{place}: {error}"));
        found.extend(records.iter().map(|record| record.to_owned()));
    }
    found
}
