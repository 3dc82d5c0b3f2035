//! What keeps a producer from more, in words.

use std::fmt;
use std::time::Duration;

use crate::output;

/// What was measured, as far as it decides.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    /// Of the records that were asked for, those that were written; 1 and more is all of them. `None` if as many as
    /// possible were asked for.
    pub(super) reached: Option<f64>,
    /// The time that 99 of 100 records did not exceed.
    pub(super) slow: Duration,
    /// How much of its time the sender waited for the producer.
    pub(super) blocked: f64,
    /// How much of the time the busiest throttling node throttled, and which it is.
    pub(super) throttled: f64,
    pub(super) throttling: Option<i32>,
    /// Shares of the records' time.
    pub(super) throttle: f64,
    pub(super) broker: f64,
    pub(super) in_flight: f64,
    pub(super) write: f64,
    pub(super) connection: f64,
    pub(super) queue: f64,
    /// The mean time that records spent with the broker.
    pub(super) broker_time: Duration,
}

/// What limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// The load was carried.
    Nothing,
    Quota,
    Broker,
    Network,
    Client,
}

/// A record that takes so long is late.
const LATE: Duration = Duration::from_secs(1);

impl Limit {
    pub(super) fn of(facts: &Facts) -> Self {
        let parts = [
            (facts.throttle, Self::Quota),
            (facts.broker + facts.in_flight + facts.connection, Self::Broker),
            (facts.write, Self::Network),
            (facts.queue, Self::Client),
        ];
        // A throttle is told, everything else is inferred.
        if facts.throttled > 0.1 && facts.throttle > 0.2 {
            return Self::Quota;
        }
        match facts.reached {
            // What was carried late was not carried: a broker that stands still for a while catches up.
            Some(0.98..) if facts.slow < LATE => return Self::Nothing,
            Some(0.98..) => {}
            // Nobody held the sender up, and yet there were no more records.
            _ if facts.blocked < 0.1 => return Self::Client,
            _ => {}
        }
        parts.into_iter().max_by(|one, other| one.0.total_cmp(&other.0)).map_or(Self::Client, |part| part.1)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Quota => "quota",
            Self::Broker => "broker",
            Self::Network => "network",
            Self::Client => "client",
        }
    }

    /// A sentence for people.
    pub(super) fn in_words(self, facts: &Facts) -> String {
        let percent = |share: f64| Percent(share * 100.0);
        match self {
            Self::Nothing => "Nothing limits: the load that was asked for was carried.".to_owned(),
            Self::Quota => {
                let node = facts.throttling.map_or("a node".to_owned(), |node| format!("node {node}"));
                format!(
                    "A quota limits: {node} asked for silence {} of the time. `ottla quotas describe` shows the \
                     quotas, `ottla quotas set` raises them.",
                    percent(facts.throttled)
                )
            }
            Self::Broker => format!(
                "The brokers limit: the sender waited {} of its time, and records spent {} of theirs with a broker, \
                 on the way to it or behind requests that it had not answered; an answer took {} on average, and one \
                 record of a hundred {} and more.",
                percent(facts.blocked),
                percent(facts.broker + facts.in_flight + facts.connection),
                output::duration(facts.broker_time),
                output::duration(facts.slow)
            ),
            Self::Network => format!(
                "The network limits: records spent {} of their time on the way into sockets that took no more.",
                percent(facts.write)
            ),
            Self::Client => format!(
                "This client limits: nobody kept it from sending for more than {} of the time. More senders, another \
                 codec or a faster machine would help.",
                percent(facts.blocked)
            ),
        }
    }
}

struct Percent(f64);

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.0} %", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_limit_is_told_from_the_others() {
        let busy = Facts { blocked: 0.8, broker: 0.3, in_flight: 0.4, queue: 0.2, ..Facts::default() };
        assert_eq!(Limit::of(&busy), Limit::Broker);
        assert_eq!(Limit::of(&Facts { reached: Some(1.0), ..busy }), Limit::Nothing);
        let late = Facts { reached: Some(1.0), slow: LATE, blocked: 0.0, ..busy };
        assert_eq!(Limit::of(&late), Limit::Broker);
        assert_eq!(Limit::of(&Facts { blocked: 0.01, ..busy }), Limit::Client);
        assert_eq!(Limit::of(&Facts { write: 0.9, ..busy }), Limit::Network);
        let throttled = Facts { throttled: 0.7, throttle: 0.8, throttling: Some(3), ..busy };
        assert_eq!(Limit::of(&throttled), Limit::Quota);
        assert_eq!(Limit::of(&Facts { reached: Some(1.0), ..throttled }), Limit::Quota);
        assert!(Limit::Quota.in_words(&throttled).contains("node 3 asked for silence 70 %"));
        // A short throttle that held up next to nothing limits nothing.
        assert_eq!(Limit::of(&Facts { throttled: 0.2, throttle: 0.01, ..busy }), Limit::Broker);
    }
}
