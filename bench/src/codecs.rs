//! The codecs on batches of JSON.

use std::hint::black_box;

use ottla_proto::compression::{Codec, Compressor, Decompressor};
use ottla_proto::records::{BATCH_HEADER_SIZE, BatchWriter};

use crate::harness::{as_f64, cost};

pub(crate) fn run() {
    println!("| codec, level | batch | ratio | write MB/s | read MB/s |");
    println!("|---|---|---|---|---|");
    for size in [16 << 10, 1 << 20] {
        let records = records(size);
        let repeat = (8 << 20) / size;
        for (codec, level) in [
            (Codec::Gzip, Some(1)),
            (Codec::Gzip, None),
            (Codec::Gzip, Some(9)),
            (Codec::Snappy, None),
            (Codec::Lz4, None),
            (Codec::Zstd, Some(1)),
            (Codec::Zstd, None),
            (Codec::Zstd, Some(9)),
        ] {
            let compressor = match level {
                Some(level) => Compressor::with_level(codec, level),
                None => Compressor::new(codec),
            };
            let mut compressor = match compressor {
                Ok(compressor) => compressor,
                Err(error) => return eprintln!("{error}"),
            };
            let mut decompressor = Decompressor::default();
            let (mut packed, mut unpacked) = (Vec::new(), Vec::new());
            let write = cost(records.len() * repeat, || {
                for _ in 0..repeat {
                    packed.clear();
                    // Cannot fail: levels were checked above, memory is plenty.
                    let _ = compressor.compress(black_box(&records), &mut packed);
                }
            });
            let read = cost(records.len() * repeat, || {
                for _ in 0..repeat {
                    let _ = decompressor.decompress(codec, black_box(&packed), &mut unpacked);
                }
            });
            if unpacked != records {
                return eprintln!("{codec} does not give back what it was given");
            }
            let level = level.or(codec.default_level()).map(|level| format!(" {level}")).unwrap_or_default();
            let ratio = as_f64(records.len()) / as_f64(packed.len());
            let size = records.len() >> 10;
            println!(
                "| {codec}{level} | {size} KiB | {ratio:.2} | {:.0} | {:.0} |",
                1e3 / write.median,
                1e3 / read.median
            );
        }
    }
    println!();
}

/// The record part of a batch of events in JSON, about 210 bytes each.
fn records(size: usize) -> Vec<u8> {
    const EVENTS: [&str; 8] =
        ["checkout", "search", "cart", "login", "payment", "profile", "inventory", "shipping"];
    const CITIES: [&str; 8] = ["Lisbon", "Oslo", "Kyoto", "Quito", "Turin", "Perth", "Leeds", "Bergen"];
    let mut random = Random(7);
    let mut writer = BatchWriter::new(Vec::new());
    for id in 0_i64.. {
        let time = 1_700_000_000_000 + 13 * id;
        let (event, tag, city) = (random.pick(EVENTS), random.pick(EVENTS), random.pick(CITIES));
        let (user, euros, cents) = (random.below(50_000), random.below(900), random.below(100));
        let (ok, version, session) = (random.below(2) == 0, random.below(20), random.next());
        let value = format!(
            r#"{{"id":{id},"ts":{time},"event":"{event}","user":"u-{user:08x}","city":"{city}","amount":{euros}.{cents:02},"ok":{ok},"tags":["{tag}","v{version}"],"session":"{session:016x}"}}"#
        );
        if writer.append(time, None, Some(value.as_bytes()), size + BATCH_HEADER_SIZE).is_err() {
            break;
        }
    }
    writer.into_buffer().split_off(BATCH_HEADER_SIZE)
}

/// Splitmix64: small, and the same numbers every time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn pick<T: Copy>(&mut self, of: [T; 8]) -> T {
        let [a, b, c, d, e, f, g, h] = of;
        match self.below(8) {
            0 => a,
            1 => b,
            2 => c,
            3 => d,
            4 => e,
            5 => f,
            6 => g,
            _ => h,
        }
    }
}
