use std::collections::BTreeMap;
use std::time::Duration;

use crate::Instant;

/// What is kept of everybody who came lately, and forgotten of those who do not come any more.
#[derive(Debug)]
pub(super) struct Recent<K, T> {
    kept: BTreeMap<K, Kept<T>>,
    /// At this many entries the idle ones are dropped; doubling it keeps the sweep cheap.
    sweep_at: usize,
}

#[derive(Debug, Default)]
struct Kept<T> {
    value: T,
    last: Instant,
}

impl<K, T> Default for Recent<K, T> {
    fn default() -> Self {
        Self { kept: BTreeMap::new(), sweep_at: FIRST_SWEEP }
    }
}

impl<K: Ord, T: Default> Recent<K, T> {
    pub(super) fn of(&mut self, key: K, now: Instant) -> &mut T {
        if self.kept.len() >= self.sweep_at {
            self.kept.retain(|_, kept| now.since(kept.last) < IDLE);
            self.sweep_at = (self.kept.len() * 2).max(FIRST_SWEEP);
        }
        let kept = self.kept.entry(key).or_default();
        kept.last = now;
        &mut kept.value
    }
}

/// After this time without a request a client is forgotten, as in Kafka.
const IDLE: Duration = Duration::from_secs(3600);
const FIRST_SWEEP: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_idle_is_forgotten() {
        let mut recent = Recent::<usize, u8>::default();
        let now = Instant::from_millis(1_700_000_000_000);
        for key in 0..FIRST_SWEEP {
            recent.of(key, now);
        }
        recent.of(FIRST_SWEEP, now + IDLE);
        assert_eq!(recent.kept.len(), 1);
    }
}
