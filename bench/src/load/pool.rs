//! Values to send: rows of events in JSON, too many to come back within a batch.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::Failure;

/// Larger than the L2 cache, so that reading a value costs what it costs a real sender. No pool takes more, and none
/// less than half of it: it counts among the memory of whoever sends it.
const BYTES: usize = 6_553_600;

/// Rows of one size; the number of rows is a power of two.
pub(super) struct Pool {
    bytes: Vec<u8>,
    size: usize,
    mask: usize,
}

impl Pool {
    /// The rows of a file that holds them without separators, or rows made here.
    pub(super) fn new(file: Option<&PathBuf>, size: usize) -> Result<Self, Failure> {
        let size = size.max(1);
        let bytes = match file {
            Some(file) => std::fs::read(file)?,
            None => generate(size),
        };
        let rows = bytes.len() / size;
        if !rows.is_power_of_two() {
            return Err(
                format!("the pool holds {rows} rows of {size} bytes, which is no power of two").into()
            );
        }
        Ok(Self { bytes, size, mask: rows - 1 })
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn row(&self, index: usize) -> &[u8] {
        let begin = (index & self.mask) * self.size;
        self.bytes.get(begin..begin + self.size).unwrap_or_default()
    }
}

fn generate(size: usize) -> Vec<u8> {
    const EVENTS: [&str; 8] = ["view", "cart", "buy", "login", "logout", "search", "return", "share"];
    const WORDS: [&str; 16] = [
        "a", "parcel", "left", "the", "harbour", "before", "noon", "and", "came", "to", "its", "street",
        "by", "bicycle", "without", "delay",
    ];
    let rows = 1 << (BYTES / size).max(1).ilog2();
    let mut random = Random(0x0dd0_57e9_51de_aa11);
    let mut bytes = Vec::with_capacity(rows * size);
    for _ in 0..rows {
        let mut row = String::with_capacity(size + 32);
        let (id, user, path) = (random.below(10_000_000), random.below(12_000), random.below(100_000));
        let event = random.pick(&EVENTS);
        // Writing to a string cannot fail.
        let _ = write!(row, r#"{{"id":{id},"user":"u{user}","event":"{event}","path":"/items/{path}""#);
        let _ = write!(row, r#","ms":{},"note":""#, random.below(2000));
        while row.len() < size {
            row.push_str(random.pick(&WORDS));
            row.push(' ');
        }
        let mut row = row.into_bytes();
        row.truncate(size);
        bytes.extend_from_slice(&row);
    }
    bytes
}

/// Knuth's generator: the same rows on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        let index = usize::try_from(self.below(words.len() as u64)).unwrap_or_default();
        words.get(index).copied().unwrap_or_default()
    }
}
