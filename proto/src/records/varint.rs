//! Zig-zag variable-length integers, as records use them.

/// The bytes that `value` takes, from 1 to 10.
#[inline]
pub(super) const fn size(value: i64) -> usize {
    // Bits in use, at least one, in groups of seven.
    let bits = 64 - (zigzag(value) | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// Reads a 32-bit value of at most five bytes.
#[inline]
pub(super) fn read_i32(bytes: &mut &[u8]) -> Option<i32> {
    let value = read::<5>(bytes)?;
    i32::try_from(value).ok()
}

/// Reads a 64-bit value of at most ten bytes.
#[inline]
pub(super) fn read_i64(bytes: &mut &[u8]) -> Option<i64> {
    read::<10>(bytes)
}

/// The shapes that occur are read without a loop; the rest takes the slow way.
#[inline]
fn read<const MOST: usize>(bytes: &mut &[u8]) -> Option<i64> {
    match **bytes {
        [first, ref rest @ ..] if first < 0x80 => {
            *bytes = rest;
            Some(unzigzag(u64::from(first)))
        }
        [first, second, ref rest @ ..] if second < 0x80 => {
            *bytes = rest;
            Some(unzigzag(u64::from(first & 0x7f) | u64::from(second) << 7))
        }
        _ => read_long(bytes, MOST),
    }
}

#[inline(never)]
fn read_long(bytes: &mut &[u8], most: usize) -> Option<i64> {
    let mut raw = 0_u64;
    for (index, &byte) in bytes.iter().take(most).enumerate() {
        let group = u64::from(byte & 0x7f);
        let shifted = group << (7 * index);
        if shifted >> (7 * index) != group {
            return None;
        }
        raw |= shifted;
        if byte < 0x80 {
            *bytes = bytes.get(index + 1..)?;
            return Some(unzigzag(raw));
        }
    }
    None
}

/// Writes to the front of `room` and returns the rest; `room` must have ten bytes.
#[inline]
pub(super) fn zigzag_groups(value: i64) -> impl Iterator<Item = u8> {
    let mut raw = zigzag(value);
    let mut done = false;
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let group = (raw & 0x7f).to_le_bytes()[0];
        raw >>= 7;
        done = raw == 0;
        Some(if done { group } else { group | 0x80 })
    })
}

#[inline]
#[expect(clippy::cast_sign_loss, reason = "zig-zag moves the sign into the lowest bit")]
const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

#[inline]
#[expect(clippy::cast_possible_wrap, reason = "zig-zag moves the sign into the lowest bit")]
const fn unzigzag(raw: u64) -> i64 {
    (raw >> 1) as i64 ^ -((raw & 1) as i64)
}
