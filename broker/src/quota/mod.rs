//! Client quotas as Kafka enforces them: limits by entity (KIP-13, 55, 124, 546, 599, 612), sampled rates and token
//! buckets, throttle times.
//!
//! Limits belong to the cluster, usage to one node: each broker of a Kafka cluster grants every client its
//! whole quota. Only what changes topics is counted once for the whole cluster, by its controller.

mod bucket;
mod limits;
mod rate;
mod recent;

use std::net::IpAddr;

pub use limits::{QuotaEntity, QuotaKey, QuotaName};
pub use rate::Windows;

pub(crate) use limits::QuotaLimits;

use crate::Instant;
use bucket::Bucket;
use rate::Rate;
use recent::Recent;

/// Who sends a request, as quotas see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client<'a> {
    pub(crate) user: &'a str,
    pub(crate) client_id: &'a str,
}

impl<'a> Client<'a> {
    /// A client without authentication; its user is called as Kafka calls it.
    pub(crate) fn anonymous(client_id: &'a str) -> Self {
        Self { user: "ANONYMOUS", client_id }
    }
}

/// What every client used lately on one node.
#[derive(Debug)]
pub(crate) struct QuotaUsage {
    windows: Windows,
    rates: Recent<Subject, Rate>,
    connections: Recent<IpAddr, Rate>,
    /// All connections, whoever opens them.
    taken: Rate,
}

/// What one rate is kept for: the client as far as the limit that applies tells clients apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Subject {
    key: QuotaKey,
    user: String,
    client_id: String,
}

impl QuotaUsage {
    pub(crate) fn new(windows: Windows) -> Self {
        Self { windows, rates: Recent::default(), connections: Recent::default(), taken: Rate::default() }
    }

    /// Records `amount` and says for how many milliseconds the client is over its limit then.
    pub(crate) fn record(
        &mut self,
        limits: &QuotaLimits,
        key: QuotaKey,
        client: Client<'_>,
        amount: f64,
        now: Instant,
    ) -> i32 {
        // Kafka measures nobody before a first quota of the kind was set, and everybody from then on.
        if !limits.in_use(key) {
            return 0;
        }
        let windows = self.windows;
        let (subject, limit) = subject(limits, key, client);
        let rate = self.rates.of(subject, now);
        rate.record(windows, amount, now.as_millis());
        let Some(limit) = limit else { return 0 };
        let throttle_ms = rate.throttle_time_ms(windows, limit, now.as_millis());
        match key {
            QuotaKey::RequestPercentage => one_window_at_most(windows, throttle_ms),
            _ => i32::try_from(throttle_ms).unwrap_or(i32::MAX),
        }
    }

    /// Takes back what [`Self::record`] was told at the same moment: a throttled fetch sends nothing.
    pub(crate) fn take_back(
        &mut self,
        limits: &QuotaLimits,
        key: QuotaKey,
        client: Client<'_>,
        amount: f64,
        now: Instant,
    ) {
        let (subject, _) = subject(limits, key, client);
        self.rates.of(subject, now).record(self.windows, -amount, now.as_millis());
    }

    /// The most that can be recorded at once without certain throttling, even by a client that used nothing.
    pub(crate) fn most_at_once(&self, limits: &QuotaLimits, key: QuotaKey, client: Client<'_>) -> usize {
        let Some((_, limit)) = limits.find(key, client) else { return usize::MAX };
        let whole_windows = f64::from(self.windows.samples.saturating_sub(1));
        to_usize(limit * whole_windows * f64::from(self.windows.length_ms) / 1000.0)
    }

    /// Records a new connection, whoever opens it, and says for how many milliseconds the node takes no more than
    /// `limit` a second by waiting with it. It counts all the same.
    pub(crate) fn take_connection(&mut self, limit: u32, now: Instant) -> i32 {
        let (windows, now_ms) = (self.windows, now.as_millis());
        self.taken.record(windows, 1.0, now_ms);
        one_window_at_most(windows, self.taken.throttle_time_ms(windows, limit.into(), now_ms))
    }

    /// Records a new connection from `ip` and says for how many milliseconds it comes too early; it does not
    /// count then, nor as one that the node has taken.
    pub(crate) fn connect(&mut self, limits: &QuotaLimits, ip: IpAddr, now: Instant) -> i32 {
        let Some(limit) = limits.connections_from(ip) else { return 0 };
        let (windows, now_ms) = (self.windows, now.as_millis());
        let rate = self.connections.of(ip, now);
        rate.record(windows, 1.0, now_ms);
        let throttle_ms = rate.throttle_time_ms(windows, limit, now_ms);
        if throttle_ms > 0 {
            rate.record(windows, -1.0, now_ms);
            self.taken.record(windows, -1.0, now_ms);
        }
        one_window_at_most(windows, throttle_ms)
    }
}

/// What every client changed lately: partitions created and deleted in the whole cluster (KIP-599).
#[derive(Debug)]
pub(crate) struct MutationUsage {
    windows: Windows,
    buckets: Recent<Subject, Bucket>,
}

impl MutationUsage {
    pub(crate) fn new(windows: Windows) -> Self {
        Self { windows, buckets: Recent::default() }
    }

    /// Takes permits for as many `partitions` and says for how many milliseconds the client owes some then. A
    /// `strict` client that owes some already is refused with the time until it owes none, and takes none.
    pub(crate) fn take(
        &mut self,
        limits: &QuotaLimits,
        client: Client<'_>,
        partitions: usize,
        strict: bool,
        now: Instant,
    ) -> Result<i32, i32> {
        let (subject, limit) = subject(limits, QuotaKey::ControllerMutationRate, client);
        let Some(limit) = limit else { return Ok(0) };
        let (windows, now_ms) = (self.windows, now.as_millis());
        let bucket = self.buckets.of(subject, now);
        let owed = |bucket: &mut Bucket| {
            let throttle_ms = bucket.throttle_time_ms(windows, limit, now_ms)?;
            Some(i32::try_from(throttle_ms).unwrap_or(i32::MAX))
        };
        if strict && let Some(throttle_ms) = owed(bucket) {
            return Err(throttle_ms);
        }
        bucket.take(windows, limit, to_f64(partitions), now_ms);
        Ok(if strict { 0 } else { owed(bucket).unwrap_or_default() })
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

/// Some throttles are never longer than one window, because Kafka's threads wait for them.
fn one_window_at_most(windows: Windows, throttle_ms: i64) -> i32 {
    i32::try_from(throttle_ms.min(windows.length_ms.into())).unwrap_or(i32::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "sizes of messages are far below 2^53")]
pub(crate) fn to_f64(value: usize) -> f64 {
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
        assert_eq!(usage.record(&limits, KEY, client("a"), 15_000.0, NOW), 5_000);
        assert_eq!(usage.record(&limits, KEY, client("b"), 9_000.0, NOW), 0);
    }

    #[test]
    fn clients_of_one_user_share_the_users_quota() {
        let mut limits = QuotaLimits::default();
        limits.set(QuotaEntity::user("ANONYMOUS"), KEY, 1_000.0).unwrap();
        let mut usage = QuotaUsage::new(Windows::default());
        assert_eq!(usage.record(&limits, KEY, client("a"), 9_000.0, NOW), 0);
        assert_eq!(usage.record(&limits, KEY, client("b"), 6_000.0, NOW), 5_000);
    }

    #[test]
    fn what_was_taken_back_does_not_count() {
        let mut limits = QuotaLimits::default();
        limits.set(QuotaEntity::client_id("a"), KEY, 1_000.0).unwrap();
        let mut usage = QuotaUsage::new(Windows::default());
        assert!(usage.record(&limits, KEY, client("a"), 15_000.0, NOW) > 0);
        usage.take_back(&limits, KEY, client("a"), 15_000.0, NOW);
        assert_eq!(usage.record(&limits, KEY, client("a"), 10_000.0, NOW), 0);
    }

    #[test]
    fn nobody_is_measured_before_the_first_quota() {
        let mut limits = QuotaLimits::default();
        let mut usage = QuotaUsage::new(Windows::default());
        assert_eq!(usage.record(&limits, KEY, client("a"), 1e9, NOW), 0);
        limits.set(QuotaEntity::client_id("a"), KEY, 1_000.0).unwrap();
        assert_eq!(usage.record(&limits, KEY, client("a"), 10_000.0, NOW), 0);
    }

    #[test]
    fn a_limit_change_counts_at_once_for_what_was_used_before() {
        let mut limits = QuotaLimits::default();
        limits.set(QuotaEntity::client_id("a"), KEY, 1_000.0).unwrap();
        let mut usage = QuotaUsage::new(Windows::default());
        assert_eq!(usage.record(&limits, KEY, client("a"), 10_000.0, NOW), 0);
        limits.set(QuotaEntity::client_id("a"), KEY, 500.0).unwrap();
        assert_eq!(usage.record(&limits, KEY, client("a"), 0.0, NOW), 10_000);
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
    fn a_request_quota_throttles_for_one_window_at_most() {
        let mut limits = QuotaLimits::default();
        limits.set(QuotaEntity::client_id("a"), QuotaKey::RequestPercentage, 1.0).unwrap();
        let mut usage = QuotaUsage::new(Windows::default());
        // Ten windows of one second at 1 % have room for 100 ms of work.
        let mut work =
            |ms: f64| usage.record(&limits, QuotaKey::RequestPercentage, client("a"), ms / 10.0, NOW);
        assert_eq!(work(100.0), 0);
        assert_eq!(work(5.0), 500);
        assert_eq!(work(5_000.0), 1_000);
    }

    #[test]
    fn connections_that_come_too_early_do_not_count() {
        let mut limits = QuotaLimits::default();
        let mut usage = QuotaUsage::new(Windows::default());
        let (ip, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        assert_eq!(usage.connect(&limits, ip, NOW), 0);
        limits.set(QuotaEntity::default_ip(), QuotaKey::ConnectionCreationRate, 1.0).unwrap();
        limits.set(QuotaEntity::ip(other), QuotaKey::ConnectionCreationRate, 2.0).unwrap();
        for _ in 0..10 {
            assert_eq!(usage.connect(&limits, ip, NOW), 0);
        }
        for _ in 0..3 {
            assert_eq!(usage.connect(&limits, ip, NOW), 1_000);
        }
        for _ in 0..20 {
            assert_eq!(usage.connect(&limits, other, NOW), 0);
        }
        assert_eq!(usage.connect(&limits, other, NOW), 500);
    }

    #[test]
    fn a_node_takes_so_many_connections_and_the_next_one_later() {
        let limits = &mut QuotaLimits::default();
        let mut usage = QuotaUsage::new(Windows::default());
        for _ in 0..20 {
            assert_eq!(usage.take_connection(2, NOW), 0);
        }
        // These count although they wait.
        for throttle_ms in [500, 1_000, 1_000] {
            assert_eq!(usage.take_connection(2, NOW), throttle_ms);
        }
        // One whose address comes too often is not taken, and does not count.
        limits.set(QuotaEntity::default_ip(), QuotaKey::ConnectionCreationRate, 1.0).unwrap();
        let mut usage = QuotaUsage::new(Windows::default());
        for number in 0..1_000 {
            assert_eq!(usage.take_connection(20, NOW), 0, "{number}");
            let early = usage.connect(limits, IpAddr::from([10, 0, 0, 1]), NOW);
            assert_eq!(early, if number < 10 { 0 } else { 1_000 }, "{number}");
        }
    }

    #[test]
    fn a_strict_client_is_refused_and_a_permissive_one_only_slowed_down() {
        let mut limits = QuotaLimits::default();
        limits.set(QuotaEntity::client_id("a"), QuotaKey::ControllerMutationRate, 2.0).unwrap();
        let mut usage = MutationUsage::new(Windows::default());
        let mut take = |name, partitions, strict| usage.take(&limits, client(name), partitions, strict, NOW);
        // As long as nothing is owed any number is granted.
        assert_eq!(take("a", 25, true), Ok(0));
        assert_eq!(take("a", 1, true), Err(1_500));
        assert_eq!(take("a", 1, false), Ok(2_000));
        assert_eq!(take("a", 1, true), Err(2_000));
        assert_eq!(take("b", 1_000, true), Ok(0));
    }

    #[test]
    fn a_strict_client_that_owes_less_than_a_millisecond_is_refused_for_none() {
        let mut limits = QuotaLimits::default();
        limits.set(QuotaEntity::client_id("a"), QuotaKey::ControllerMutationRate, 10_000.0).unwrap();
        let mut usage = MutationUsage::new(Windows::default());
        assert_eq!(usage.take(&limits, client("a"), 110_001, true, NOW), Ok(0));
        assert_eq!(usage.take(&limits, client("a"), 1, true, NOW), Err(0));
    }
}
