//! Time as values: the shell reads the clocks and hands them in.

use std::ops::Add;
use std::time::Duration;

/// A moment on the shell's monotonic clock, in microseconds since a start that the shell chose.
///
/// Not `std::time::Instant`: a simulation makes its own, and traces of two runs are equal byte by byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(u64);

impl Instant {
    /// The start of the clock.
    pub const ZERO: Self = Self(0);

    /// The moment that many microseconds after the start.
    #[must_use]
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// Microseconds since the start.
    #[must_use]
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// How long after `earlier` this is; zero if it is not after.
    #[must_use]
    pub const fn saturating_duration_since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

/// Whole microseconds are added; a sum beyond the clock's end is the clock's end.
impl Add<Duration> for Instant {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(micros))
    }
}

/// The earlier of two moments that may be absent.
#[must_use]
pub fn earliest(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        let late = Instant::from_micros(u64::MAX - 1);
        assert_eq!((late + Duration::MAX).as_micros(), u64::MAX);
        assert_eq!(Instant::ZERO.saturating_duration_since(late), Duration::ZERO);
        assert_eq!(Instant::from_micros(2_500) + Duration::from_millis(1), Instant::from_micros(3_500));
    }

    #[test]
    fn the_earliest_ignores_what_is_absent() {
        let (one, two) = (Instant::from_micros(1), Instant::from_micros(2));
        assert_eq!(earliest(Some(two), Some(one)), Some(one));
        assert_eq!(earliest(None, Some(two)), Some(two));
        assert_eq!(earliest(None, None), None);
    }
}
