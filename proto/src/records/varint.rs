//! Zig-zag variable-length integers, as records use them.

/// The bytes that `value` takes, from 1 to 10.
#[inline]
pub(super) const fn size(value: i64) -> usize {
    // Bits in use, at least one, in groups of seven.
    let bits = 64 - (zigzag(value) | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

/// The groups of seven bits that `value` is written as.
#[inline]
pub(super) fn groups(value: i64) -> impl Iterator<Item = u8> {
    let mut left = Some(zigzag(value));
    std::iter::from_fn(move || {
        let raw = left?;
        let [group, ..] = raw.to_le_bytes();
        left = if raw < 0x80 { None } else { Some(raw >> 7) };
        Some(if raw < 0x80 { group } else { group | 0x80 })
    })
}

// Reading is inlined by force: called as functions, these cost half as much again as all the rest of a record.

/// Reads a 32-bit value of at most five bytes.
#[inline(always)]
pub(super) fn read_i32(bytes: &mut &[u8]) -> Option<i32> {
    // One check for two bytes, which nearly every number lies within and nearly every record has left.
    match **bytes {
        [first, _, ..] if first < 0x80 => {
            *bytes = bytes.get(1..)?;
            Some(unzigzag_i32(u32::from(first)))
        }
        [first, second, ref rest @ ..] if second < 0x80 => {
            *bytes = rest;
            Some(unzigzag_i32(u32::from(first & 0x7f) | u32::from(second) << 7))
        }
        _ => i32::try_from(read_long::<5>(bytes)?).ok(),
    }
}

/// Reads a 64-bit value of at most ten bytes.
#[inline(always)]
pub(super) fn read_i64(bytes: &mut &[u8]) -> Option<i64> {
    match **bytes {
        [first, _, ..] if first < 0x80 => {
            *bytes = bytes.get(1..)?;
            Some(unzigzag(u64::from(first)))
        }
        [first, second, ref rest @ ..] if second < 0x80 => {
            *bytes = rest;
            Some(unzigzag(u64::from(first & 0x7f) | u64::from(second) << 7))
        }
        _ => read_long::<10>(bytes),
    }
}

/// Whatever takes more than two bytes, which is rare enough for a loop.
#[inline(never)]
fn read_long<const MOST: usize>(bytes: &mut &[u8]) -> Option<i64> {
    let mut raw = 0_u64;
    for (index, &byte) in bytes.iter().take(MOST).enumerate() {
        let group = u64::from(byte & 0x7f);
        let shifted = group << (7 * index);
        // The last group has less than seven bits of room.
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

#[inline]
#[expect(clippy::cast_sign_loss, reason = "zig-zag moves the sign into the lowest bit")]
pub(super) const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

#[inline]
#[expect(clippy::cast_possible_wrap, reason = "zig-zag moves the sign into the lowest bit")]
const fn unzigzag(raw: u64) -> i64 {
    (raw >> 1) as i64 ^ -((raw & 1) as i64)
}

#[inline]
#[expect(clippy::cast_possible_wrap, reason = "zig-zag moves the sign into the lowest bit")]
const fn unzigzag_i32(raw: u32) -> i32 {
    (raw >> 1) as i32 ^ -((raw & 1) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_size_comes_back() {
        let edges = (0..64).flat_map(|bit| [1_i64 << bit, (1_i64 << bit).wrapping_sub(1)]);
        for value in edges.flat_map(|edge| [edge, edge.wrapping_neg(), !edge]) {
            let bytes: Vec<u8> = groups(value).chain([0xaa]).collect();
            assert_eq!(bytes.len() - 1, size(value), "{value}");
            let mut rest = &bytes[..];
            assert_eq!(read_i64(&mut rest), Some(value));
            assert_eq!(rest, [0xaa]);
            let mut rest = &bytes[..];
            assert_eq!(read_i32(&mut rest), i32::try_from(value).ok(), "{value}");
        }
    }

    #[test]
    fn values_of_the_specification() {
        for (value, bytes) in
            [(0, &[0][..]), (-1, &[1]), (1, &[2]), (-2, &[3]), (63, &[126]), (64, &[0x80, 1])]
        {
            assert_eq!(groups(value).collect::<Vec<_>>(), bytes);
        }
    }

    #[test]
    fn what_does_not_end_or_fit_is_no_number() {
        assert_eq!(read_i32(&mut &[0xff, 0xff, 0xff, 0xff, 0x0f][..]), Some(i32::MIN));
        assert_eq!(read_i32(&mut &[0xff, 0xff, 0xff, 0xff, 0x1f][..]), None);
        assert_eq!(read_i32(&mut &[0x80, 0x80, 0x80, 0x80, 0x80, 0][..]), None);
        assert_eq!(
            read_i64(&mut &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1][..]),
            Some(i64::MIN)
        );
        assert_eq!(read_i64(&mut &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2][..]), None);
        for cut in [&[][..], &[0x80], &[0x80, 0x80]] {
            assert_eq!(read_i32(&mut &*cut), None);
            assert_eq!(read_i64(&mut &*cut), None);
        }
    }
}
