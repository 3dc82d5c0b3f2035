mod hostile;
mod legacy;
mod reading;
mod writing;

use bytes::Bytes;

use super::*;
use crate::compression::{Codec, Compressor, Decompressor};
use crate::{LeaderEpoch, ProducerEpoch, ProducerId};

const STAMP: Stamp = Stamp {
    producer_id: ProducerId(77),
    producer_epoch: ProducerEpoch(3),
    base_sequence: 40,
    transactional: true,
};

type Plain = (i64, Option<Vec<u8>>, Option<Vec<u8>>, Vec<(Vec<u8>, Option<Vec<u8>>)>);

/// Records of every shape: nulls, empty parts, repeated and odd header keys, sizes on both sides of each length's
/// edge, timestamps that run backwards and jump.
fn samples(random: &mut fastrand::Rng, count: usize) -> Vec<Plain> {
    fn part(random: &mut fastrand::Rng) -> Option<Vec<u8>> {
        let length = match random.u8(..20) {
            0..4 => return None,
            4..8 => 0,
            8..16 => random.usize(1..200),
            16..19 => random.usize(60..70),
            _ => random.usize(8_000..9_000),
        };
        Some((0..length).map(|_| random.u8(..)).collect())
    }
    (0..count)
        .map(|index| {
            let timestamp = match random.u8(..10) {
                0 => random.i64(..),
                1 => -1,
                _ => 1_700_000_000_000 + i64::try_from(index).unwrap() - random.i64(..5),
            };
            let headers = if random.u8(..3) == 0 { random.usize(1..5) } else { 0 };
            let headers = (0..headers).map(|_| (part(random).unwrap_or_default(), part(random))).collect();
            (timestamp, part(random), part(random), headers)
        })
        .collect()
}

fn append(writer: &mut BatchWriter, record: &Plain, limit: usize) -> Result<u32, BatchFull> {
    let (timestamp, key, value, headers) = record;
    let (key, value) = (key.as_deref(), value.as_deref());
    if headers.is_empty() {
        return writer.append(*timestamp, key, value, limit);
    }
    let headers = headers.iter().map(|(key, value)| Header { key, value: value.as_deref() });
    writer.append_with_headers(*timestamp, key, value, headers, limit)
}

fn written(records: &[Plain]) -> BatchWriter {
    let mut writer = BatchWriter::new(Vec::new());
    for (index, record) in (0..).zip(records) {
        assert_eq!(append(&mut writer, record, MAX_BATCH_SIZE), Ok(index));
    }
    writer
}

fn plain(record: RecordRef<'_>) -> Plain {
    let owned = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec);
    let headers = record.headers.map(|header| (header.key.to_vec(), owned(header.value))).collect();
    (record.timestamp, owned(record.key), owned(record.value), headers)
}

fn read(bytes: &[u8]) -> Result<Records, BatchError> {
    Batch::parse(Bytes::copy_from_slice(bytes))?.read(&mut Decompressor::default())
}

/// CRC, one bit at a time, so that it shares nothing with what it checks.
fn slow_crc(polynomial: u32, bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ if crc & 1 == 1 { polynomial } else { 0 };
        }
    }
    !crc
}

fn slow_crc32c(bytes: &[u8]) -> u32 {
    slow_crc(0x82f6_3b78, bytes)
}

fn slow_crc32(bytes: &[u8]) -> u32 {
    slow_crc(0xedb8_8320, bytes)
}
