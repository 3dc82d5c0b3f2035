/// How a rate is sampled: `quota.window.num` samples of `quota.window.size.seconds` each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Windows {
    /// How many samples are kept in memory; 11 by default, of which ten are whole.
    pub samples: u16,
    /// How long one sample lasts, in milliseconds; 1,000 by default.
    pub length_ms: u32,
}

impl Windows {
    fn length(self) -> i64 {
        i64::from(self.length_ms.max(1))
    }

    fn samples(self) -> i64 {
        i64::from(self.samples.max(1))
    }
}

impl Default for Windows {
    fn default() -> Self {
        Self { samples: 11, length_ms: 1000 }
    }
}

/// How much was recorded per second, over samples that age (Java's `Rate` over a `WindowedSum`).
///
/// The answers equal Java's to the millisecond, including what looks odd: a client that has just come counts as
/// if all but the last window had passed, and a window is dropped only once nothing was recorded in it for the
/// whole monitored time.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rate {
    samples: Vec<Sample>,
    current: usize,
}

#[derive(Clone, Copy, Debug)]
struct Sample {
    start_ms: i64,
    last_record_ms: i64,
    sum: f64,
}

impl Sample {
    fn new(now_ms: i64) -> Self {
        Self { start_ms: now_ms, last_record_ms: now_ms, sum: 0.0 }
    }
}

impl Rate {
    /// Adds `value`, which is negative to take something back.
    pub(crate) fn record(&mut self, windows: Windows, value: f64, now_ms: i64) {
        let complete =
            self.samples.get(self.current).is_some_and(|sample| now_ms - sample.start_ms >= windows.length());
        if complete {
            // One more than the samples that count, for the one that only overlaps the monitored time.
            self.current = (self.current + 1) % (usize::from(windows.samples.max(1)) + 1);
            if let Some(oldest) = self.samples.get_mut(self.current) {
                *oldest = Sample::new(now_ms);
            }
        }
        if self.current >= self.samples.len() {
            self.samples.push(Sample::new(now_ms));
        }
        if let Some(sample) = self.samples.get_mut(self.current) {
            sample.sum += value;
            sample.last_record_ms = now_ms;
        }
    }

    /// How long to wait, in milliseconds, until the rate is down to `limit` per second if nothing more is
    /// recorded; 0 while it is not above (Java's `QuotaUtils.throttleTime`).
    pub(crate) fn throttle_time_ms(&mut self, windows: Windows, limit: f64, now_ms: i64) -> i64 {
        let window_ms = self.window_ms(windows, now_ms);
        let total: f64 = self.samples.iter().map(|sample| sample.sum).sum();
        let rate = total / (to_f64(window_ms) / 1000.0);
        if rate <= limit {
            return 0;
        }
        round((rate - limit) / limit * to_f64(window_ms))
    }

    /// The time over which the rate is measured, in milliseconds; at least 1.
    pub(crate) fn window_ms(&mut self, windows: Windows, now_ms: i64) -> i64 {
        let expiry = windows.samples() * windows.length();
        for sample in &mut self.samples {
            if now_ms - sample.last_record_ms >= expiry {
                *sample = Sample::new(now_ms);
            }
        }
        let oldest = self.samples.iter().map(|sample| sample.start_ms).min().unwrap_or(now_ms);
        let elapsed = now_ms - oldest;
        let missing = (windows.samples() - 1 - elapsed / windows.length()).max(0);
        (elapsed + missing * windows.length()).max(1)
    }
}

/// Rounds half up, as Java's `Math.round`; what is beyond the range becomes its end.
#[expect(clippy::cast_possible_truncation, reason = "the cast saturates, which is what Java does too")]
pub(super) fn round(value: f64) -> i64 {
    (value + 0.5).floor() as i64
}

#[expect(clippy::cast_precision_loss, reason = "spans of milliseconds are far below 2^53")]
pub(super) fn to_f64(value: i64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every answer of Kafka's own classes to seven loads; `golden/QuotaGolden.java` wrote them down.
    #[test]
    fn throttle_times_equal_kafkas() {
        let mut rate = Rate::default();
        let mut windows = Windows::default();
        let mut limit = 0.0;
        let (mut answers, mut throttled) = (0, 0);
        for line in include_str!("../../golden/golden.csv").lines().filter(|line| !line.starts_with('#')) {
            if let Some(load) = line.strip_prefix("load ") {
                let fields: Vec<&str> = load.split(',').collect();
                rate = Rate::default();
                limit = fields[1].parse().unwrap();
                windows =
                    Windows { samples: fields[2].parse().unwrap(), length_ms: fields[3].parse().unwrap() };
                continue;
            }
            let fields: Vec<i64> = line.split(',').map(|field| field.parse().unwrap()).collect();
            let [now, bytes, checked, throttle, window] = fields[..] else { panic!("{line}") };
            rate.record(windows, to_f64(bytes), now);
            if checked == 1 {
                assert_eq!(rate.throttle_time_ms(windows, limit, now), throttle, "{line}");
                answers += 1;
                throttled += i32::from(throttle > 0);
            }
            assert_eq!(rate.window_ms(windows, now), window, "{line}");
        }
        assert_eq!(answers, 7 * 300);
        assert!(throttled > 500, "only {throttled} answers throttle");
    }

    #[test]
    fn a_new_client_is_measured_over_all_but_the_last_window() {
        let windows = Windows::default();
        let mut rate = Rate::default();
        rate.record(windows, 10_000.0, 5);
        assert_eq!(rate.window_ms(windows, 5), 10_000);
        assert_eq!(rate.throttle_time_ms(windows, 1_000.0, 5), 0);
        rate.record(windows, 5_000.0, 5);
        assert_eq!(rate.throttle_time_ms(windows, 1_000.0, 5), 5_000);
    }
}
