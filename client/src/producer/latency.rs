use std::fmt;
use std::time::Duration;

use ottla_core::producer as core;

/// Where the time of a batch went, from its first record to its outcome.
///
/// Every microsecond is counted once: the parts add up to [`total`](Self::total).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Latency {
    /// With the client itself, nothing in the way; compression is here.
    pub queue: Duration,
    /// Held back on purpose, to gather more records.
    pub linger: Duration,
    /// Held back because its broker asked for a pause, or in flight while the broker paused.
    pub throttle: Duration,
    /// No leader, no usable connection, or no producer id yet.
    pub connection: Duration,
    /// Behind earlier requests and batches that had not been answered.
    pub in_flight: Duration,
    /// On its way into the socket.
    pub write: Duration,
    /// With the broker, network included.
    pub broker: Duration,
    /// Attempts that failed, and the pauses after them.
    pub retry: Duration,
}

impl Latency {
    pub(super) fn new(latency: &core::Latency) -> Self {
        let core::Latency { queue, linger, throttle, connection, in_flight, write, broker, retry } = *latency;
        Self { queue, linger, throttle, connection, in_flight, write, broker, retry }
    }

    /// The parts by name, in the order in which a batch meets them.
    #[must_use]
    pub fn parts(&self) -> [(&'static str, Duration); 8] {
        [
            ("queue", self.queue),
            ("linger", self.linger),
            ("throttle", self.throttle),
            ("connection", self.connection),
            ("in-flight wait", self.in_flight),
            ("write", self.write),
            ("broker", self.broker),
            ("retry", self.retry),
        ]
    }

    /// The whole: the sum of the parts.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.parts().iter().map(|(_, time)| time).sum()
    }
}

/// The total and the parts that are not zero: `12.4ms (linger 5.0ms, broker 7.4ms)`.
impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1?}", self.total())?;
        let mut parts = self.parts().into_iter().filter(|(_, time)| !time.is_zero()).peekable();
        if parts.peek().is_none() {
            return Ok(());
        }
        f.write_str(" (")?;
        for (index, (name, time)) in parts.enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{name} {time:.1?}")?;
        }
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_the_whole_and_what_it_is_made_of() {
        let latency = Latency {
            linger: Duration::from_millis(5),
            throttle: Duration::from_secs(2),
            ..Latency::default()
        };
        assert_eq!(latency.to_string(), "2.0s (linger 5.0ms, throttle 2.0s)");
        assert_eq!(latency.total(), Duration::from_millis(2005));
        assert_eq!(Latency::default().to_string(), "0.0ns");
    }
}
