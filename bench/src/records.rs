//! The record path: append, checksum, validate, iterate.

use std::hint::black_box;

use ottla_proto::compression::Decompressor;
use ottla_proto::records::{Batch, BatchWriter, Header, RecordRef, Stamp, StampedBatch};
use parking_lot::Mutex;

use crate::harness::cost;

const LIMIT: usize = 1_000_000;
const RECORDS: usize = 1_000_000;
const VALUE: usize = 100;

pub(crate) fn run() {
    // Larger than the L2 cache, so that reading the values costs what it costs a real sender.
    let pool = pool();
    let rows: Vec<&[u8]> = pool.chunks_exact(VALUE).collect();
    let row = |index: usize| rows.get(index & 0xffff).copied().unwrap_or_default();
    println!("| record path, 100 B values, 1 MB batches | ns a record | lowest |");
    println!("|---|---|---|");

    let mut writer = Some(BatchWriter::new(Vec::with_capacity(LIMIT)));
    report("append", || {
        fill(&mut writer, |writer, index| writer.append(0, None, Some(row(index)), LIMIT).is_ok());
    });
    report("append, 17 B key", || {
        fill(&mut writer, |writer, index| {
            writer.append(0, Some(b"customer-12345678"), Some(row(index)), LIMIT).is_ok()
        });
    });
    report("append, one header", || {
        let header = [Header { key: b"trace", value: Some(b"0123456789abcdef") }];
        fill(&mut writer, |writer, index| {
            writer.append_with_headers(0, None, Some(row(index)), header.into_iter(), LIMIT).is_ok()
        });
    });
    let locked = Mutex::new(BatchWriter::new(Vec::with_capacity(LIMIT)));
    report("append under a parking_lot lock", || {
        for index in 0..RECORDS {
            let mut writer = locked.lock();
            if writer.append(0, None, Some(row(index)), LIMIT).is_err() {
                let buffer = std::mem::replace(&mut *writer, BatchWriter::new(Vec::new())).into_buffer();
                *writer = BatchWriter::new(buffer);
            }
        }
    });

    let mut writer = BatchWriter::new(Vec::with_capacity(LIMIT));
    let mut count = 0;
    while writer.append(0, None, Some(row(count)), LIMIT).is_ok() {
        count += 1;
    }
    let stamped = writer.seal().stamp(Stamp::NONE);
    let batch = match Batch::parse(stamped.bytes().clone()) {
        Ok(batch) => batch.detach(),
        Err(error) => return eprintln!("{error}"),
    };
    let mut stamped = Some(stamped);
    report_per("checksum and header at first write", count * 100, || {
        for _ in 0..100 {
            stamped = stamped.take().map(|batch: StampedBatch| batch.restamp(Stamp::NONE));
        }
    });
    report_per("checksum of a batch that was read", count * 100, || {
        (0..100).filter(|_| black_box(&batch).verify_crc().is_ok()).count()
    });
    let mut decompressor = Decompressor::default();
    report_per("validate", count * 100, || {
        (0..100).filter(|_| black_box(&batch).read(&mut decompressor).is_ok()).count()
    });
    if let Ok(records) = batch.read(&mut decompressor) {
        report_per("iterate, all fields", count * 100, || {
            let mut sum = 0;
            for _ in 0..100 {
                sum += black_box(&records).iter().map(touch).sum::<usize>();
            }
            sum
        });
        report_per("iterate and sum the values' bytes", count * 100, || {
            let mut sum = 0_u64;
            for _ in 0..100 {
                for record in black_box(&records) {
                    sum += record.value.unwrap_or_default().iter().map(|&byte| u64::from(byte)).sum::<u64>();
                }
            }
            sum
        });
    }
    println!();
}

/// Uses every field, so that the optimiser must produce it.
fn touch(record: RecordRef<'_>) -> usize {
    let numbers = usize::try_from((record.offset & 1) + (record.timestamp & 1)).unwrap_or_default();
    numbers + record.key.map_or(0, <[u8]>::len) + record.value.map_or(0, <[u8]>::len) + record.headers.len()
}

fn fill(writer: &mut Option<BatchWriter>, mut append: impl FnMut(&mut BatchWriter, usize) -> bool) {
    let Some(mut open) = writer.take() else { return };
    for index in 0..RECORDS {
        if !append(&mut open, index) {
            open = BatchWriter::new(open.into_buffer());
        }
    }
    *writer = Some(open);
}

fn report<T>(name: &str, run: impl FnMut() -> T) {
    report_per(name, RECORDS, run);
}

fn report_per<T>(name: &str, records: usize, run: impl FnMut() -> T) {
    let cost = cost(records, run);
    println!("| {name} | {:.1} | {:.1} |", cost.median, cost.lowest);
}

fn pool() -> Vec<u8> {
    (0..6_553_600_u32).map(|index| index.wrapping_mul(2_654_435_761).to_be_bytes()[0]).collect()
}
