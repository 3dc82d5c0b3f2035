use super::Windows;

/// Permits that come at a steady rate and can be saved up for a burst (Java's `TokenBucket`).
///
/// It holds what all windows together allow, is full at first, and may go below zero: what was taken then has to
/// come in again before the next permit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bucket {
    tokens: f64,
    updated_ms: i64,
}

impl Bucket {
    /// Takes `amount`, however little there is.
    pub(crate) fn take(&mut self, windows: Windows, limit: f64, amount: f64, now_ms: i64) {
        self.refill(windows, limit, now_ms);
        self.tokens = (self.tokens - amount).min(burst(windows, limit));
    }

    /// How long it takes, in milliseconds, until nothing is owed any more (Java's
    /// `ControllerMutationQuotaManager.throttleTimeMs`); `None` while nothing is. What is paid back within half a
    /// millisecond is owed all the same, for 0 ms.
    pub(crate) fn throttle_time_ms(&mut self, windows: Windows, limit: f64, now_ms: i64) -> Option<i64> {
        self.refill(windows, limit, now_ms);
        (self.tokens < 0.0).then(|| super::rate::round(-self.tokens / limit * 1000.0))
    }

    fn refill(&mut self, windows: Windows, limit: f64, now_ms: i64) {
        let come = limit * (super::rate::to_f64(now_ms - self.updated_ms) / 1000.0);
        self.tokens = (self.tokens + come).min(burst(windows, limit));
        self.updated_ms = now_ms;
    }
}

fn burst(windows: Windows, limit: f64) -> f64 {
    f64::from(windows.samples.max(1)) * (f64::from(windows.length_ms.max(1)) / 1000.0) * limit
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW_MS: i64 = 1_700_000_000_000;
    const LIMIT: f64 = 2.0;

    #[test]
    fn a_burst_is_free_and_the_debt_is_waited_out() {
        let windows = Windows::default();
        let mut bucket = Bucket::default();
        bucket.take(windows, LIMIT, 22.0, NOW_MS);
        assert_eq!(bucket.throttle_time_ms(windows, LIMIT, NOW_MS), None);
        bucket.take(windows, LIMIT, 3.0, NOW_MS);
        assert_eq!(bucket.throttle_time_ms(windows, LIMIT, NOW_MS), Some(1_500));
        assert_eq!(bucket.throttle_time_ms(windows, LIMIT, NOW_MS + 1_000), Some(500));
        assert_eq!(bucket.throttle_time_ms(windows, LIMIT, NOW_MS + 1_500), None);
    }

    #[test]
    fn no_more_is_saved_up_than_all_windows_allow() {
        let windows = Windows::default();
        let mut bucket = Bucket::default();
        bucket.take(windows, LIMIT, 22.0, NOW_MS);
        bucket.take(windows, LIMIT, 23.0, NOW_MS + 3_600_000);
        assert_eq!(bucket.throttle_time_ms(windows, LIMIT, NOW_MS + 3_600_000), Some(500));
    }
}
