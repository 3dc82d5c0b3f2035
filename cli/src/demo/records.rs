//! The demo's records: each carries its number and a checksum of itself, so that reading them back proves that
//! nothing was lost, doubled, changed, or put out of order.

use std::fmt;

/// How many keys the records are spread over; the order is kept per key.
pub(super) const KEYS: u8 = 100;

const NUMBER_DIGITS: usize = 16;
const CHECKSUM_DIGITS: usize = 8;

/// The smallest value that has room for a number and a checksum.
pub(super) const SMALLEST: usize = NUMBER_DIGITS + CHECKSUM_DIGITS + 1;

/// The key of a record.
pub(super) fn key(number: u64) -> String {
    format!("key {:02}", place_of_key(number))
}

/// Which of the keys a record has.
fn place_of_key(number: u64) -> usize {
    usize::try_from(number % u64::from(KEYS)).unwrap_or_default()
}

/// Puts the value of a record into `value`: its number, filler up to `size` bytes in all, its checksum.
pub(super) fn write_value(number: u64, size: usize, value: &mut Vec<u8>) {
    value.clear();
    value.extend_from_slice(format!("{number:016x} ").as_bytes());
    let filler = size.saturating_sub(SMALLEST);
    value.extend((0..filler as u64).map(|at| b'a' + (number.wrapping_mul(31).wrapping_add(at) % 26) as u8));
    let checksum = crc_fast::crc32_iscsi(value);
    value.extend_from_slice(format!("{checksum:08x}").as_bytes());
}

/// Takes records as they come back and counts what is wrong with them.
#[derive(Debug)]
pub(super) struct Verifier {
    seen: Vec<bool>,
    last_of_key: Vec<Option<u64>>,
    tally: Tally,
}

/// What the verifier found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) read: u64,
    /// Records whose checksum, key or number is not what was written.
    pub(super) damaged: u64,
    pub(super) twice: u64,
    pub(super) out_of_order: u64,
    pub(super) missing: u64,
}

impl Tally {
    pub(super) fn is_perfect(self) -> bool {
        self == Self { read: self.read, ..Self::default() }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { damaged, twice, out_of_order, missing, .. } = self;
        write!(f, "{missing} missing, {twice} twice, {out_of_order} out of order, {damaged} damaged")
    }
}

impl Verifier {
    /// Expects the records numbered 0 to `records`.
    pub(super) fn new(records: u64) -> Self {
        Self {
            seen: vec![false; usize::try_from(records).unwrap_or(usize::MAX)],
            last_of_key: vec![None; usize::from(KEYS)],
            tally: Tally::default(),
        }
    }

    pub(super) fn read(&self) -> u64 {
        self.tally.read
    }

    pub(super) fn check(&mut self, record_key: Option<&[u8]>, value: Option<&[u8]>) {
        self.tally.read += 1;
        let number = value.and_then(number_of).filter(|&number| record_key == Some(key(number).as_bytes()));
        let place = number.and_then(|number| self.seen.get_mut(usize::try_from(number).ok()?));
        let (Some(number), Some(seen)) = (number, place) else {
            self.tally.damaged += 1;
            return;
        };
        self.tally.twice += u64::from(*seen);
        *seen = true;
        if let Some(last) = self.last_of_key.get_mut(place_of_key(number)) {
            self.tally.out_of_order += u64::from(last.is_some_and(|last| last >= number));
            *last = (*last).max(Some(number));
        }
    }

    /// The result, once everything was read.
    pub(super) fn finish(mut self) -> Tally {
        self.tally.missing = self.seen.iter().filter(|seen| !**seen).count() as u64;
        self.tally
    }
}

/// The number of an undamaged value.
fn number_of(value: &[u8]) -> Option<u64> {
    let (body, checksum) = value.split_at_checked(value.len().checked_sub(CHECKSUM_DIGITS)?)?;
    let hex = |digits: &[u8]| u64::from_str_radix(str::from_utf8(digits).ok()?, 16).ok();
    (hex(checksum)? == u64::from(crc_fast::crc32_iscsi(body)))
        .then(|| hex(body.get(..NUMBER_DIGITS)?))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn feed(verifier: &mut Verifier, numbers: impl IntoIterator<Item = u64>) {
        let mut value = Vec::new();
        for number in numbers {
            write_value(number, 100, &mut value);
            assert_eq!(value.len(), 100);
            verifier.check(Some(key(number).as_bytes()), Some(&value));
        }
    }

    #[test]
    fn all_records_once_and_in_order_are_perfect() {
        let mut verifier = Verifier::new(1_000);
        feed(&mut verifier, 0..1_000);
        let tally = verifier.finish();
        assert!(tally.is_perfect(), "{tally}");
        assert_eq!(tally.read, 1_000);
    }

    #[test]
    fn each_kind_of_harm_is_seen() {
        let mut verifier = Verifier::new(400);
        feed(&mut verifier, (0..400).filter(|number| *number != 7));
        feed(&mut verifier, [307]);
        assert_eq!(verifier.finish(), Tally { read: 400, missing: 1, twice: 1, out_of_order: 1, damaged: 0 });

        let mut verifier = Verifier::new(300);
        feed(&mut verifier, [250, 50, 150]);
        assert_eq!(verifier.finish().out_of_order, 2);

        let mut verifier = Verifier::new(2);
        let mut value = Vec::new();
        write_value(1, 100, &mut value);
        verifier.check(Some(b"key 00"), Some(&value));
        value[30] ^= 1;
        verifier.check(Some(b"key 01"), Some(&value));
        verifier.check(Some(b"key 01"), Some(b"short"));
        verifier.check(None, None);
        assert_eq!(verifier.finish(), Tally { read: 4, missing: 2, damaged: 4, ..Tally::default() });
    }
}
