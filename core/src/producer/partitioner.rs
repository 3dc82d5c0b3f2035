//! From a key to a partition, and from no key to the next sticky one.

/// The partition of a key as Java's default partitioner finds it: murmur2, made positive by masking the sign.
///
/// `partitions` must not be zero; zero gives zero.
#[must_use]
pub fn partition_of_key(key: &[u8], partitions: u32) -> u32 {
    (murmur2(key) & 0x7fff_ffff).checked_rem(partitions).unwrap_or(0)
}

/// MurmurHash2 with the seed that Kafka chose.
#[must_use]
pub fn murmur2(data: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const MULTIPLIER: u32 = 0x5bd1_e995;
    const SHIFT: u32 = 24;

    // Java's arrays have 31-bit lengths, and only the low bits of longer ones would count anyway.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the hash is defined over the low 32 bits of the length"
    )]
    let mut hash = SEED ^ data.len() as u32;
    let mut words = data.chunks_exact(4);
    for word in &mut words {
        let mut bits = word.iter().rev().fold(0_u32, |bits, &byte| (bits << 8) | u32::from(byte));
        bits = bits.wrapping_mul(MULTIPLIER);
        bits ^= bits >> SHIFT;
        bits = bits.wrapping_mul(MULTIPLIER);
        hash = hash.wrapping_mul(MULTIPLIER) ^ bits;
    }
    let rest = words.remainder();
    if !rest.is_empty() {
        hash ^= rest.iter().rev().fold(0_u32, |bits, &byte| (bits << 8) | u32::from(byte));
        hash = hash.wrapping_mul(MULTIPLIER);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(MULTIPLIER);
    hash ^ (hash >> 15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_land_where_java_puts_them() {
        // Key, murmur2, partition of 6, partition of 1,000: printed by Java's own class.
        let golden = [
            ("", 275_646_681, 3, 681),
            ("0", 971_027_396, 2, 396),
            ("21", 3_321_034_988, 0, 340),
            ("abc", 479_470_107, 3, 107),
            ("foobar", 3_504_634_814, 0, 166),
            ("kafka", 3_496_464_228, 4, 580),
            ("a-little-bit-long-string", 3_308_985_760, 2, 112),
            ("a-little-bit-longer-string", 2_808_662_467, 5, 819),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", 4_236_069_325, 5, 677),
            ("éè😀", 3_209_661_871, 5, 223),
            ("order-17", 1_568_318_961, 3, 961),
        ];
        for (key, hash, of_6, of_1000) in golden {
            assert_eq!(murmur2(key.as_bytes()), hash, "{key}");
            assert_eq!(partition_of_key(key.as_bytes(), 6), of_6, "{key}");
            assert_eq!(partition_of_key(key.as_bytes(), 1000), of_1000, "{key}");
        }
        assert_eq!(murmur2(&[0xff, 0x80, 0, 0xfe, 0x90, 1, 0xaa]), 1_055_162_541);
    }
}
