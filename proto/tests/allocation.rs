//! Hostile counts and lengths cost no more memory than a stated multiple of the frame.
//!
//! A program of its own, because it counts what it allocates.

#![allow(unsafe_code, reason = "a counting allocator cannot be written without")]

mod schema;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use bytes::Bytes;
use ottla_proto::wire::Reader;

use schema::random::{self, LengthShape, Random};
use schema::{SCHEMAS, Schema};

struct Counting;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

fn count(change: isize) {
    let live = LIVE.get() + change;
    LIVE.set(live);
    PEAK.set(PEAK.get().max(live));
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size().cast_signed());
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        count(-layout.size().cast_signed());
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most memory in use at one time during `run`, beyond what was in use before.
fn peak(run: impl FnOnce()) -> usize {
    let before = LIVE.get();
    PEAK.set(before);
    run();
    (PEAK.get() - before).unsigned_abs()
}

/// The bound that `Reader` states.
fn allowed(frame: usize) -> usize {
    frame * Reader::MEMORY_PER_BYTE + 8 * Reader::RESERVE
}

/// How much of the frame follows a hostile length: enough that the multiple counts and not what is fixed.
const REST: u32 = 16 * 1024;

fn check(schema: &Schema, version: i16, frame: Vec<u8>, what: &str) -> usize {
    let length = frame.len();
    let frame = Bytes::from(frame);
    let used = peak(|| {
        let _ = (schema.codec.decode)(frame, version);
    });
    let allowed = allowed(length);
    assert!(
        used <= allowed,
        "{} version {version}, {what}: {used} bytes for a frame of {length}, {allowed} are allowed",
        schema.name
    );
    used * 10 / length
}

#[test]
fn a_hostile_length_costs_no_more_than_the_frame_allows() {
    let rounds = if std::env::var_os("OTTLA_PROOF").is_some() { 100 } else { 1 };
    let mut worst = (0, "", 0);
    for (index, schema) in SCHEMAS.iter().enumerate() {
        for version in schema.each_version() {
            for round in 0..rounds {
                let mut random = Random::new((index as u64) << 32 | round);
                let written = random::message(schema, version, &mut random);
                for (at, shape) in written.lengths {
                    // As many as could follow, and then the cheapest elements there are; and the largest number.
                    for (claim, filler) in [(REST, 0), (REST, 1), (REST, 2), (REST - 1, 0xff), (1 << 30, 0)] {
                        let mut frame = written.bytes[..at].to_vec();
                        put(&mut frame, shape, claim);
                        frame.resize(frame.len() + REST as usize, filler);
                        let tenths = check(schema, version, frame, "a hostile length");
                        worst = worst.max((tenths, schema.name, version));
                    }
                }
            }
        }
    }
    eprintln!(
        "worst: {}.{} bytes of memory per byte of the frame, {} version {}",
        worst.0 / 10,
        worst.0 % 10,
        worst.1,
        worst.2
    );
    // The bound is near what happens, or it would prove nothing.
    assert!(worst.0 / 10 > Reader::MEMORY_PER_BYTE / 2, "{worst:?}");
}

#[test]
fn noise_costs_no_more_than_the_frame_allows() {
    let rounds = if std::env::var_os("OTTLA_PROOF").is_some() { 2000 } else { 20 };
    for (index, schema) in SCHEMAS.iter().enumerate() {
        for version in schema.each_version() {
            let mut random = Random::new(index as u64);
            for _ in 0..rounds {
                let mut written = random::message(schema, version, &mut random).bytes;
                for _ in 0..=random.below(4) {
                    if !written.is_empty() {
                        let at = random.below(written.len());
                        written[at] ^= 1 << random.below(8);
                    }
                }
                written.resize(written.len() + random.below(64), 0);
                if !written.is_empty() {
                    check(schema, version, written, "flipped bits");
                }
            }
        }
    }
}

fn put(frame: &mut Vec<u8>, shape: LengthShape, claim: u32) {
    match shape {
        LengthShape::I16 => frame.extend([0x7f, 0xff]),
        LengthShape::I32 => frame.extend(claim.to_be_bytes()),
        LengthShape::Varint(_) => {
            let groups = [0, 7, 14, 21, 28].map(|shift| ((claim + 1) >> shift & 0x7f).to_be_bytes()[3]);
            frame.extend(groups.iter().take(4).map(|group| group | 0x80));
            frame.extend(groups.last());
        }
    }
}
