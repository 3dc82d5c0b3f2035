//! The hashes of keys that clients agreed on.

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

/// FNV-1a with 32 bits.
#[must_use]
pub fn fnv1a(data: &[u8]) -> u32 {
    const OFFSET_BASIS: u32 = 0x811c_9dc5;
    const PRIME: u32 = 0x0100_0193;
    data.iter().fold(OFFSET_BASIS, |hash, &byte| (hash ^ u32::from(byte)).wrapping_mul(PRIME))
}
