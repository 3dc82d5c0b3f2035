use std::time::Duration;

/// Numbers that only look random: the same seed gives the same run.
///
/// SplitMix64, which is enough to spread back-offs and choices. Not for secrets.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Starts from `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A number below `bound`; zero if `bound` is zero. Bounds far below 2^64 are hit evenly enough.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next_u64().checked_rem(bound).unwrap_or(0)
    }

    /// `duration` made up to a fifth longer or shorter, so that many clients do not return at one moment.
    pub fn jitter(&mut self, duration: Duration) -> Duration {
        // Per mille of the duration, 800 to 1,200.
        let factor = u32::try_from(self.below(401)).unwrap_or(0) + 800;
        duration.saturating_mul(factor) / 1000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_everything() {
        let draw = |seed| -> Vec<u64> {
            let mut random = Random::new(seed);
            (0..8).map(|_| random.next_u64()).collect()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
    }

    #[test]
    fn jitter_stays_within_a_fifth_and_reaches_both_sides() {
        let mut random = Random::new(1);
        let draws: Vec<_> = (0..1000).map(|_| random.jitter(Duration::from_millis(100))).collect();
        assert!(draws.iter().all(|d| (Duration::from_millis(80)..=Duration::from_millis(120)).contains(d)));
        assert!(draws.iter().any(|d| *d < Duration::from_millis(85)));
        assert!(draws.iter().any(|d| *d > Duration::from_millis(115)));
    }

    #[test]
    fn below_nothing_is_nothing() {
        assert_eq!(Random::new(3).below(0), 0);
    }
}
