//! What a producer has done so far, in numbers.

use std::time::Duration;

use super::Undelivered;
use super::latency::{LatencyClock, Part};
use super::outcome::Tally;

/// Counters and histograms of one producer, from its beginning.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ProducerMetrics {
    /// Records by outcome; cancelled ones are not among them.
    pub records: Tally,
    /// Batches by outcome.
    pub batches: Tally,
    /// The bytes of written batches, as they went over the wire.
    pub bytes_written: u64,
    /// Produce requests, attempts that failed included.
    pub requests: u64,
    /// Attempts of batches after their first.
    pub retries: u64,
    /// The time from a record's batch's first record to its outcome, per record.
    pub total: Histogram,
    parts: [Histogram; Part::ALL.len()],
}

impl ProducerMetrics {
    /// One part of the latency, per record.
    #[must_use]
    pub fn part(&self, part: Part) -> &Histogram {
        let at = Part::ALL.iter().position(|&other| other == part).unwrap_or(0);
        self.parts.get(at).unwrap_or(&self.total)
    }

    pub(super) fn settle(&mut self, batch: &SettledBatch<'_>) {
        let SettledBatch { records, bytes, attempts, clock, lost } = *batch;
        self.records.add(lost, records.into());
        self.batches.add(lost, 1);
        if lost.is_none() {
            self.bytes_written += u64::try_from(bytes).unwrap_or(u64::MAX);
        }
        self.retries += u64::from(attempts.saturating_sub(1));
        self.total.record(clock.micros().iter().sum(), records.into());
        for (histogram, &micros) in self.parts.iter_mut().zip(clock.micros()) {
            histogram.record(micros, records.into());
        }
    }
}

/// What the counters need to know of a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct SettledBatch<'a> {
    pub(super) records: u32,
    pub(super) bytes: usize,
    pub(super) attempts: u32,
    pub(super) clock: &'a LatencyClock,
    pub(super) lost: Option<&'a Undelivered>,
}

/// Times by how often they occurred, in steps of at most a quarter; microseconds to years in 1.5 KiB.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Box<[u64; BUCKETS]>,
    count: u64,
    /// These two in microseconds.
    sum: u128,
    max: u64,
}

/// Four for each power of two up to 2^48 microseconds.
const BUCKETS: usize = 4 * 48;

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: Box::new([0; BUCKETS]), count: 0, sum: 0, max: 0 }
    }
}

impl Histogram {
    fn record(&mut self, micros: u64, times: u64) {
        if times == 0 {
            return;
        }
        if let Some(count) = self.counts.get_mut(bucket(micros)) {
            *count += times;
        }
        self.count += times;
        self.sum += u128::from(micros) * u128::from(times);
        self.max = self.max.max(micros);
    }

    /// How many times were recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// All of them together.
    #[must_use]
    pub fn sum(&self) -> Duration {
        let seconds = u64::try_from(self.sum / 1_000_000).unwrap_or(u64::MAX);
        let micros = u64::try_from(self.sum % 1_000_000).unwrap_or(0);
        Duration::from_secs(seconds) + Duration::from_micros(micros)
    }

    /// The longest.
    #[must_use]
    pub fn max(&self) -> Duration {
        Duration::from_micros(self.max)
    }

    /// The time that this share of all (0 to 1) does not exceed, at most a quarter too long; zero if there is
    /// none.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Duration {
        let mut seen = 0;
        for (bound, count) in self.buckets() {
            seen += count;
            // Exact up to 2^53 times, which nobody records.
            #[expect(clippy::cast_precision_loss, reason = "a share of a count needs no exact last digit")]
            let reached = seen as f64 >= share * self.count as f64;
            if reached && seen > 0 {
                return bound.min(self.max());
            }
        }
        self.max()
    }

    /// The buckets that hold anything, by rising time: the longest that falls into each, and how many did.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> {
        let filled = self.counts.iter().enumerate().filter(|&(_, &count)| count > 0);
        filled.map(|(index, &count)| (Duration::from_micros(upper_bound(index)), count))
    }
}

/// Below four each microsecond has its own; then the two bits below the highest decide.
fn bucket(micros: u64) -> usize {
    let index = match micros.checked_ilog2() {
        None | Some(0 | 1) => micros,
        Some(power) => u64::from(power - 1) * 4 + ((micros >> (power - 2)) & 3),
    };
    usize::try_from(index).unwrap_or(usize::MAX).min(BUCKETS - 1)
}

fn upper_bound(bucket: usize) -> u64 {
    let bucket = u64::try_from(bucket).unwrap_or(u64::MAX);
    match bucket / 4 {
        0 => bucket,
        row => ((bucket % 4 + 5) << (row - 1)) - 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_is_in_its_bucket_and_no_bucket_is_wider_than_a_quarter() {
        for micros in (0..5_000).chain((10..47).flat_map(|power| [(1 << power) - 1, 1 << power])) {
            let index = bucket(micros);
            assert!(micros <= upper_bound(index), "{micros} in {index}");
            assert!(index == 0 || micros > upper_bound(index - 1), "{micros} in {index}");
            assert!(upper_bound(index) <= micros + micros / 4, "{micros} in {index}");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_are_those_of_what_was_recorded() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(0.99), Duration::ZERO);
        histogram.record(1_000, 98);
        histogram.record(2_000_000, 2);
        let about = |time: Duration, expected: Duration| time >= expected && time <= expected * 5 / 4;
        assert!(about(histogram.quantile(0.5), Duration::from_millis(1)));
        assert!(about(histogram.quantile(0.98), Duration::from_millis(1)));
        assert_eq!(histogram.quantile(0.99), Duration::from_secs(2));
        assert_eq!((histogram.count(), histogram.max()), (100, Duration::from_secs(2)));
        assert_eq!(histogram.sum(), Duration::from_millis(4_098));
    }
}
