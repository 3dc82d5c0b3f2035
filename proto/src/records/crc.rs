//! The two checksums of record batches.

use crc_fast::{CrcAlgorithm, Digest};

/// CRC-32C (Castagnoli): batches of format 2.
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    crc_fast::crc32_iscsi(bytes)
}

/// The checksum of bytes of which the first have the checksum `so_far`, and `more` are the rest.
pub(super) fn crc32c_of_more(so_far: u32, more: &[u8]) -> u32 {
    let mut digest = Digest::new_with_init_state(CrcAlgorithm::Crc32Iscsi, u64::from(!so_far));
    digest.update(more);
    u32::try_from(digest.finalize()).unwrap_or_default()
}

/// The checksum of two pieces, one behind the other; the second has `length` bytes. Costs some microseconds, whatever
/// the length: crc-fast's own, which works with matrices, takes 50.
pub(super) fn crc32c_of_both(first: u32, second: u32, length: usize) -> u32 {
    // To put a byte behind is to multiply by x^8.
    let (mut shifted, mut factor, mut left) = (first, 1 << (31 - 8), length);
    while left > 0 {
        if left & 1 == 1 {
            shifted = product(shifted, factor);
        }
        factor = product(factor, factor);
        left >>= 1;
    }
    shifted ^ second
}

/// Of two polynomials over bits, modulo that of CRC-32C; the highest bit is the constant term.
fn product(left: u32, right: u32) -> u32 {
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    let (mut sum, mut shifted) = (0, right);
    for bit in (0..u32::BITS).rev() {
        sum ^= shifted & 0_u32.wrapping_sub(left >> bit & 1);
        shifted = (shifted >> 1) ^ (POLYNOMIAL & 0_u32.wrapping_sub(shifted & 1));
    }
    sum
}

/// CRC-32 as in gzip: messages of the formats 0 and 1, gzip itself, and some clients' hash of a key.
#[must_use]
pub fn crc32(bytes: &[u8]) -> u32 {
    crc_fast::crc32_iso_hdlc(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_values_of_the_catalogue() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn pieces_give_what_the_whole_gives() {
        let bytes: Vec<u8> =
            (0..5_000_u32).map(|index| index.wrapping_mul(0x9e37_79b9).to_be_bytes()[0]).collect();
        for cut in [0, 1, 3, 40, 64, 107, 1_023, 4_096, 4_999, 5_000] {
            let (first, second) = bytes.split_at(cut);
            assert_eq!(crc32c_of_more(crc32c(first), second), crc32c(&bytes), "at {cut}");
            assert_eq!(
                crc32c_of_both(crc32c(first), crc32c(second), second.len()),
                crc32c(&bytes),
                "at {cut}"
            );
        }
    }
}
