//! Bytes that nobody of good will sends.

use super::*;

/// `OTTLA_PROOF=1` asks for a hundred times as much.
pub(super) fn rounds(short: usize) -> usize {
    if std::env::var_os("OTTLA_PROOF").is_some() { 100 * short } else { short }
}

fn set_crc(bytes: &mut [u8]) {
    let crc = crc::crc32c(&bytes[21..]);
    bytes[17..21].copy_from_slice(&crc.to_be_bytes());
}

fn compressed(codec: Codec, records: &[Plain]) -> Option<Vec<u8>> {
    let mut sealed = written(records).seal();
    sealed.compress(&mut Compressor::new(codec).ok()?, &mut Vec::new()).unwrap();
    Some(sealed.stamp(STAMP).bytes().to_vec())
}

/// Small enough to try every byte of them, and repetitive enough to shrink.
fn small_samples(random: &mut fastrand::Rng) -> Vec<Plain> {
    let mut samples = samples(random, 12);
    samples.retain(|(_, key, value, _)| key.iter().chain(value).all(|part| part.len() < 200));
    samples.push((0, None, Some(vec![b'a'; 500]), vec![]));
    samples
}

/// The bytes around a fault in one record, with a header that fits them.
fn around(records: &[u8], count: i32) -> Vec<u8> {
    let mut bytes = written(&[]).seal().stamp(Stamp::NONE).bytes().to_vec();
    bytes.extend_from_slice(records);
    let length = i32::try_from(bytes.len() - 12).unwrap();
    bytes[8..12].copy_from_slice(&length.to_be_bytes());
    bytes[57..61].copy_from_slice(&count.to_be_bytes());
    bytes
}

#[test]
fn each_fault_in_a_record_has_its_name() {
    let problem = |records: &[u8]| match read(&around(records, 1)).unwrap_err().problem {
        BatchProblem::Record { index: 0, problem } => problem,
        other => panic!("{other}"),
    };
    let long = [0xff; 5];
    // Length, attributes, timestamp, offset, key, value, header count, headers.
    assert_eq!(problem(&[]), RecordProblem::Length);
    assert_eq!(problem(&[14, 0, 0, 0, 1, 1, 0]), RecordProblem::Length);
    assert_eq!(problem(&[1, 0, 0, 0, 1, 1, 0]), RecordProblem::Length);
    assert_eq!(problem(&long), RecordProblem::Length);
    assert_eq!(problem(&[0]), RecordProblem::Attributes);
    assert_eq!(problem(&[2, 0]), RecordProblem::Timestamp);
    assert_eq!(problem(&[4, 0, 0]), RecordProblem::Offset);
    assert_eq!(problem(&[12, 0, 0, 1, 1, 1, 0]), RecordProblem::Offset);
    assert_eq!(problem(&[12, 0, 0, 0, 8, 1, 0]), RecordProblem::Key);
    assert_eq!(problem(&[12, 0, 0, 0, 3, 1, 0]), RecordProblem::Key);
    assert_eq!(problem(&[12, 0, 0, 0, 1, 4, 0]), RecordProblem::Value);
    assert_eq!(problem(&[10, 0, 0, 0, 1, 1]), RecordProblem::HeaderCount);
    assert_eq!(problem(&[12, 0, 0, 0, 1, 1, 1]), RecordProblem::HeaderCount);
    assert_eq!(problem(&[12, 0, 0, 0, 1, 1, 2]), RecordProblem::HeaderKey);
    assert_eq!(problem(&[14, 0, 0, 0, 1, 1, 2, 1]), RecordProblem::HeaderKey);
    assert_eq!(problem(&[14, 0, 0, 0, 1, 1, 2, 0]), RecordProblem::HeaderValue);
    assert_eq!(problem(&[16, 0, 0, 0, 1, 1, 2, 0, 4]), RecordProblem::HeaderValue);
    assert_eq!(problem(&[14, 0, 0, 0, 1, 1, 0, 9]), RecordProblem::Trailing);
    assert_eq!(problem(&[18, 0, 0, 0, 1, 1, 2, 0, 1, 9]), RecordProblem::Trailing);
    // A header count of two thousand million in a record of eleven bytes.
    assert_eq!(problem(&[22, 0, 0, 0, 1, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0]), RecordProblem::HeaderValue);
    assert_eq!(read(&around(&[12, 0, 0, 0, 1, 1, 0, 0], 1)).unwrap_err().problem, BatchProblem::Trailing(1));
    assert_eq!(read(&around(&[12, 0, 0, 0, 1, 1, 0], 0)).unwrap_err().problem, BatchProblem::Trailing(7));
}

#[test]
fn a_count_beyond_the_records_is_found_at_the_first_that_lacks() {
    let records = [12, 0, 0, 0, 1, 1, 0].repeat(3);
    let error = read(&around(&records, i32::MAX)).unwrap_err();
    assert_eq!(error.problem, BatchProblem::Record { index: 3, problem: RecordProblem::Length });
    let error = read(&around(&records, -1)).unwrap_err();
    assert_eq!(error.problem, BatchProblem::BadCount(-1));
}

#[test]
fn impossible_offsets_are_refused() {
    for (base, last_delta) in [(-1, 0), (i64::MIN, 0), (i64::MAX, 0), (i64::MAX - 5, i32::MAX), (0, -1)] {
        let mut bytes = around(&[], 0);
        bytes[..8].copy_from_slice(&i64::to_be_bytes(base));
        bytes[23..27].copy_from_slice(&i32::to_be_bytes(last_delta));
        let error = Batch::parse(Bytes::from(bytes)).unwrap_err();
        assert_eq!(
            error,
            BatchError { base_offset: base, problem: BatchProblem::BadOffsets { base, last_delta } }
        );
    }
}

#[test]
fn a_codec_that_does_not_exist_is_named() {
    let mut bytes = around(&[12, 0, 0, 0, 1, 1, 0], 1);
    bytes[22] = 6;
    assert_eq!(read(&bytes).unwrap_err().problem, BatchProblem::UnknownCodec(6));
}

#[test]
fn one_wrong_bit_fails_the_checksum() {
    let whole = compressed(Codec::None, &samples(&mut fastrand::Rng::with_seed(9), 3)).unwrap();
    for bit in 17 * 8..whole.len() * 8 {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        // Some bits make the header impossible, which is found first.
        if let Ok(batch) = Batch::parse(Bytes::from(damaged)) {
            assert!(
                matches!(batch.verify_crc().unwrap_err().problem, BatchProblem::CrcMismatch { .. }),
                "bit {bit}"
            );
        }
    }
}

#[test]
fn every_truncation_is_an_error() {
    let samples = small_samples(&mut fastrand::Rng::with_seed(10));
    let mut decompressor = Decompressor::default();
    for codec in Codec::ALL {
        let Some(whole) = compressed(codec, &samples) else { continue };
        for end in 0..whole.len() {
            let mut cut = whole[..end].to_vec();
            let error = Batch::parse(Bytes::copy_from_slice(&cut)).unwrap_err();
            assert!(matches!(error.problem, BatchProblem::Truncated { available, .. } if available == end));
            // The same with a length and a checksum that agree with the cut.
            if end >= BATCH_HEADER_SIZE {
                let length = i32::try_from(end - 12).unwrap();
                cut[8..12].copy_from_slice(&length.to_be_bytes());
                set_crc(&mut cut);
                let cut = Batch::parse(Bytes::from(cut)).unwrap();
                assert!(cut.read(&mut decompressor).is_err(), "{codec} cut at {end} of {}", whole.len());
            }
        }
    }
}

/// Whatever passes validation iterates to its end, with as many records as it said.
#[test]
fn damage_is_an_error_or_other_records() {
    let mut random = fastrand::Rng::with_seed(11);
    let mut decompressor = Decompressor::with_limit(1 << 20);
    let mut survived = 0;
    for codec in Codec::ALL {
        let Some(whole) = compressed(codec, &small_samples(&mut random)) else { continue };
        for _ in 0..rounds(2000) {
            let mut damaged = whole.clone();
            for _ in 0..random.usize(1..6) {
                let at = random.usize(12..damaged.len());
                damaged[at] = if random.bool() { random.u8(..) } else { damaged[at] ^ (1 << random.u8(..8)) };
            }
            let Ok(batch) = Batch::parse(Bytes::from(damaged)) else { continue };
            let Ok(records) = batch.read(&mut decompressor) else { continue };
            survived += 1;
            assert_eq!(records.iter().map(plain).count(), records.len());
            for record in &records {
                assert_eq!(record.headers.count(), record.headers.len());
            }
        }
    }
    assert!(survived > 100, "only {survived} survived: nothing was tested");
}
