//! Client quotas as Kafka enforces them: limits by entity (KIP-13, 55, 546), sampled rates, throttle times.
//!
//! Limits belong to the cluster, usage to one node: each broker of a Kafka cluster grants every client its
//! whole quota.

mod limits;
mod rate;

use std::collections::BTreeMap;

pub use limits::{QuotaEntity, QuotaKey, QuotaName};
pub use rate::Windows;

pub(crate) use limits::QuotaLimits;

use crate::Instant;
use rate::Rate;

/// Who sends a request, as quotas see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client<'a> {
    pub(crate) user: &'a str,
    pub(crate) client_id: &'a str,
}

/// What every client used lately on one node.
#[derive(Debug)]
pub(crate) struct QuotaUsage {
    windows: Windows,
    rates: BTreeMap<Subject, Used>,
    /// At this many rates the idle ones are dropped; doubling it keeps the sweep cheap.
    sweep_at: usize,
}

/// What one rate is kept for: the client as far as the limit that applies tells clients apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Subject {
    key: QuotaKey,
    user: String,
    client_id: String,
}

#[derive(Debug, Default)]
struct Used {
    rate: Rate,
    last: Instant,
}

impl QuotaUsage {
    pub(crate) fn new(windows: Windows) -> Self {
        Self { windows, rates: BTreeMap::new(), sweep_at: FIRST_SWEEP }
    }

    /// Records `amount` and says for how many milliseconds the client is over its limit then.
    pub(crate) fn record(
        &mut self,
        limits: &QuotaLimits,
        key: QuotaKey,
        client: Client<'_>,
        amount: usize,
        now: Instant,
    ) -> i32 {
        // Kafka measures nobody before a first quota of the kind was set, and everybody from then on.
        if !limits.in_use(key) {
            return 0;
        }
        let windows = self.windows;
        let (subject, limit) = subject(limits, key, client);
        let rate = self.rate(subject, now);
        rate.record(windows, to_f64(amount), now.as_millis());
        let Some(limit) = limit else { return 0 };
        i32::try_from(rate.throttle_time_ms(windows, limit, now.as_millis())).unwrap_or(i32::MAX)
    }

    /// Takes back what [`Self::record`] was told at the same moment: a throttled fetch sends nothing.
    pub(crate) fn take_back(
        &mut self,
        limits: &QuotaLimits,
        key: QuotaKey,
        client: Client<'_>,
        amount: usize,
        now: Instant,
    ) {
        let windows = self.windows;
        let (subject, _) = subject(limits, key, client);
        self.rate(subject, now).record(windows, -to_f64(amount), now.as_millis());
    }

    /// The most that can be recorded at once without certain throttling, even by a client that used nothing.
    pub(crate) fn most_at_once(&self, limits: &QuotaLimits, key: QuotaKey, client: Client<'_>) -> usize {
        let Some((_, limit)) = limits.find(key, client) else { return usize::MAX };
        let whole_windows = f64::from(self.windows.samples.saturating_sub(1));
        to_usize(limit * whole_windows * f64::from(self.windows.length_ms) / 1000.0)
    }

    fn rate(&mut self, subject: Subject, now: Instant) -> &mut Rate {
        if self.rates.len() >= self.sweep_at {
            self.rates.retain(|_, used| now.since(used.last) < IDLE);
            self.sweep_at = (self.rates.len() * 2).max(FIRST_SWEEP);
        }
        let used = self.rates.entry(subject).or_default();
        used.last = now;
        &mut used.rate
    }
}

fn subject(limits: &QuotaLimits, key: QuotaKey, client: Client<'_>) -> (Subject, Option<f64>) {
    let found = limits.find(key, client);
    let (by_user, by_client) =
        found.map_or((false, true), |(entity, _)| (entity.user.is_some(), entity.client_id.is_some()));
    let name = |counts: bool, name: &str| if counts { name.to_owned() } else { String::new() };
    let subject =
        Subject { key, user: name(by_user, client.user), client_id: name(by_client, client.client_id) };
    (subject, found.map(|(_, limit)| limit))
}

#[expect(clippy::cast_precision_loss, reason = "sizes of messages are far below 2^53")]
fn to_f64(value: usize) -> f64 {
    value as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and a limit beyond any size is no limit"
)]
fn to_usize(value: f64) -> usize {
    value as usize
}

/// After this time without a request a client's rate is forgotten, as in Kafka.
const IDLE: std::time::Duration = std::time::Duration::from_secs(3600);
const FIRST_SWEEP: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_millis(1_700_000_000_000);
    const KEY: QuotaKey = QuotaKey::ProducerByteRate;

    fn client(client_id: &str) -> Client<'_> {
        Client { user: "ANONYMOUS", client_id }
    }

    #[test]
    fn clients_under_one_default_have_a_quota_each() {
        let mut limits = QuotaLimits::default();
        limits.set(QuotaEntity::default_client_id(), KEY, 1_000.0).unwrap();
        let mut usage = QuotaUsage::new(Windows::default());
        assert_eq!(usage.record(&limits, KEY, client("a"), 15_000, NOW), 5_000);
        assert_eq!(usage.record(&limits, KEY, client("b"), 9_000, NOW), 0);
    }

    #[test]
    fn clients_of_one_user_share_the_users_quota() {
        let mut limits = QuotaLimits::default();
        limits.set(QuotaEntity::user("ANONYMOUS"), KEY, 1_000.0).unwrap();
        let mut usage = QuotaUsage::new(Windows::default());
        assert_eq!(usage.record(&limits, KEY, client("a"), 9_000, NOW), 0);
        assert_eq!(usage.record(&limits, KEY, client("b"), 6_000, NOW), 5_000);
    }

    #[test]
    fn what_was_taken_back_does_not_count() {
        let mut limits = QuotaLimits::default();
        limits.set(QuotaEntity::client_id("a"), KEY, 1_000.0).unwrap();
        let mut usage = QuotaUsage::new(Windows::default());
        assert!(usage.record(&limits, KEY, client("a"), 15_000, NOW) > 0);
        usage.take_back(&limits, KEY, client("a"), 15_000, NOW);
        assert_eq!(usage.record(&limits, KEY, client("a"), 10_000, NOW), 0);
    }

    #[test]
    fn nobody_is_measured_before_the_first_quota() {
        let mut limits = QuotaLimits::default();
        let mut usage = QuotaUsage::new(Windows::default());
        assert_eq!(usage.record(&limits, KEY, client("a"), 1 << 30, NOW), 0);
        limits.set(QuotaEntity::client_id("a"), KEY, 1_000.0).unwrap();
        assert_eq!(usage.record(&limits, KEY, client("a"), 10_000, NOW), 0);
    }

    #[test]
    fn a_limit_change_counts_at_once_for_what_was_used_before() {
        let mut limits = QuotaLimits::default();
        limits.set(QuotaEntity::client_id("a"), KEY, 1_000.0).unwrap();
        let mut usage = QuotaUsage::new(Windows::default());
        assert_eq!(usage.record(&limits, KEY, client("a"), 10_000, NOW), 0);
        limits.set(QuotaEntity::client_id("a"), KEY, 500.0).unwrap();
        assert_eq!(usage.record(&limits, KEY, client("a"), 0, NOW), 10_000);
    }

    #[test]
    fn the_most_at_once_is_what_the_whole_windows_allow() {
        let mut limits = QuotaLimits::default();
        let usage = QuotaUsage::new(Windows::default());
        assert_eq!(usage.most_at_once(&limits, KEY, client("a")), usize::MAX);
        limits.set(QuotaEntity::client_id("a"), KEY, 1_000.0).unwrap();
        assert_eq!(usage.most_at_once(&limits, KEY, client("a")), 10_000);
    }

    #[test]
    fn idle_clients_are_forgotten() {
        let mut limits = QuotaLimits::default();
        limits.set(QuotaEntity::default_client_id(), KEY, 1_000.0).unwrap();
        let mut usage = QuotaUsage::new(Windows::default());
        for number in 0..FIRST_SWEEP {
            usage.record(&limits, KEY, client(&number.to_string()), 1, NOW);
        }
        usage.record(&limits, KEY, client("late"), 1, NOW + IDLE);
        assert_eq!(usage.rates.len(), 1);
    }
}
