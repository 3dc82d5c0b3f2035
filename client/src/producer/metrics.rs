use std::time::Duration;

use ottla_core::producer as core;

use super::Outcomes;

/// What a producer has done since it was built; made by [`Producer::metrics`](crate::Producer::metrics).
///
/// All numbers only rise, so the difference of two looks is what happened between them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ProducerMetrics {
    /// Records by outcome. Cancelled ones are not among them.
    pub records: Outcomes,
    /// Batches by outcome.
    pub batches: Outcomes,
    /// Bytes of written batches, as they went over the wire.
    pub bytes_written: u64,
    /// Produce requests, failed ones included.
    pub requests: u64,
    /// Attempts of batches after their first; above zero something went wrong on the way.
    pub retries: u64,
    /// Where the time of records went.
    pub latency: LatencyHistograms,
}

/// One histogram for each part of [`Latency`](crate::Latency), and one for the whole. Each record counts once in each,
/// with the times of its batch.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct LatencyHistograms {
    /// The whole.
    pub total: Histogram,
    /// With the client itself, nothing in the way.
    pub queue: Histogram,
    /// Held back on purpose, to gather more records.
    pub linger: Histogram,
    /// Held back because its broker asked for a pause, or in flight while the broker paused.
    pub throttle: Histogram,
    /// No leader, no usable connection, or no producer id yet.
    pub connection: Histogram,
    /// Behind earlier requests and batches that had not been answered.
    pub in_flight: Histogram,
    /// On its way into the socket.
    pub write: Histogram,
    /// With the broker, network included.
    pub broker: Histogram,
    /// Attempts that failed, and the pauses after them.
    pub retry: Histogram,
}

impl LatencyHistograms {
    /// All of them by name, the whole first.
    #[must_use]
    pub fn all(&self) -> [(&'static str, &Histogram); 9] {
        [
            ("total", &self.total),
            ("queue", &self.queue),
            ("linger", &self.linger),
            ("throttle", &self.throttle),
            ("connection", &self.connection),
            ("in-flight wait", &self.in_flight),
            ("write", &self.write),
            ("broker", &self.broker),
            ("retry", &self.retry),
        ]
    }
}

impl ProducerMetrics {
    pub(super) fn new(metrics: &core::ProducerMetrics) -> Self {
        let part = |part| Histogram(metrics.part(part).clone());
        Self {
            records: Outcomes::new(metrics.records),
            batches: Outcomes::new(metrics.batches),
            bytes_written: metrics.bytes_written,
            requests: metrics.requests,
            retries: metrics.retries,
            latency: LatencyHistograms {
                total: Histogram(metrics.total.clone()),
                queue: part(core::Part::Queue),
                linger: part(core::Part::Linger),
                throttle: part(core::Part::Throttle),
                connection: part(core::Part::Connection),
                in_flight: part(core::Part::InFlight),
                write: part(core::Part::Write),
                broker: part(core::Part::Broker),
                retry: part(core::Part::Retry),
            },
        }
    }
}

/// Times by how often they occurred, in steps of at most a quarter. Takes 1.5 KiB.
#[derive(Clone, Debug)]
pub struct Histogram(core::Histogram);

impl Histogram {
    /// How many times were recorded.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.count()
    }

    /// All of them together.
    #[must_use]
    pub fn sum(&self) -> Duration {
        self.0.sum()
    }

    /// The longest.
    #[must_use]
    pub fn max(&self) -> Duration {
        self.0.max()
    }

    /// The time that this share of all (0.99 for the 99th percentile) does not exceed, at most a quarter too long;
    /// zero if nothing was recorded.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Duration {
        self.0.quantile(share)
    }

    /// The buckets that hold anything, by rising time: the longest time that falls into each, and how many did. For
    /// handing on to a metrics system.
    pub fn buckets(&self) -> impl Iterator<Item = (Duration, u64)> + '_ {
        self.0.buckets()
    }
}
