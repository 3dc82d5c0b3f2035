//! The one place that asks the machine for the time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use ottla_core::Instant;
#[cfg(target_os = "linux")]
use rustix::time::{ClockId, clock_gettime};

/// Counts from the moment the client was built.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: std::time::Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { origin: std::time::Instant::now() }
    }

    pub(crate) fn now(self) -> Instant {
        let elapsed = self.origin.elapsed().as_micros();
        // A client that runs for 500,000 years may stop counting.
        Instant::from_micros(u64::try_from(elapsed).unwrap_or(u64::MAX))
    }

    /// The same moment for tokio's timers.
    pub(crate) fn to_tokio(self, instant: Instant) -> tokio::time::Instant {
        let at = self.origin.checked_add(Duration::from_micros(instant.as_micros()));
        // Too far away to be counted is as good as a day: the driver looks again and sleeps again.
        at.unwrap_or_else(|| std::time::Instant::now() + Duration::from_secs(86_400)).into()
    }
}

/// Milliseconds since 1970, as records carry them: on Linux those of the kernel's last tick, some milliseconds ago at
/// most. A precise reading takes some 25 ns, longer than encoding and copying a record of 100 bytes.
pub(crate) fn timestamp() -> i64 {
    #[cfg(target_os = "linux")]
    {
        let tick = clock_gettime(ClockId::RealtimeCoarse);
        tick.tv_sec * 1_000 + tick.tv_nsec / 1_000_000
    }
    #[cfg(not(target_os = "linux"))]
    precise_timestamp()
}

fn precise_timestamp() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Milliseconds from 1970 to the start of the driver's clock, which shows `now`.
pub(crate) fn start_ms(now: Instant) -> i64 {
    precise_timestamp().saturating_sub(i64::try_from(now.as_micros() / 1_000).unwrap_or(i64::MAX))
}
