//! What went through the proxies, in the order in which requests began.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ottla_proto::ApiKey;

/// One request and, once it came, its answer.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// The node behind the proxy.
    pub node: i32,
    /// Counts the connections of all proxies.
    pub connection: u64,
    /// What was asked.
    pub api: ApiKey,
    /// In which version.
    pub version: i16,
    /// As the client numbered it.
    pub correlation_id: i32,
    /// Who asked.
    pub client_id: String,
    /// The bytes of the request.
    pub bytes: usize,
    /// When its first bytes reached the proxy.
    pub begun: Instant,
    /// When its answer began to be handed on: the client cannot have read it before, however long the proxy is
    /// interrupted then.
    pub answering: Option<Instant>,
    /// When the last byte of its answer had been handed on to the client.
    pub answered: Option<Instant>,
    /// The throttle that the answer told of; for Produce only.
    pub throttle: Duration,
}

impl Exchange {
    /// Until when the answer asks for silence, whenever it was read.
    #[must_use]
    pub fn throttled_until(&self) -> Option<Instant> {
        self.answering.filter(|_| !self.throttle.is_zero()).map(|answering| answering + self.throttle)
    }
}

/// Shared by all proxies of a cluster. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Recording(Arc<Mutex<Vec<Exchange>>>);

impl Recording {
    /// Every exchange that a client began at a node, in order.
    #[must_use]
    pub fn of(&self, client_id: &str, node: i32) -> Vec<Exchange> {
        let exchanges = self.exchanges();
        let found = exchanges.iter().filter(|one| one.client_id == client_id && one.node == node);
        found.cloned().collect()
    }

    /// The produce requests among them.
    #[must_use]
    pub fn produced(&self, client_id: &str, node: i32) -> Vec<Exchange> {
        let mut exchanges = self.of(client_id, node);
        exchanges.retain(|one| one.api == ApiKey::PRODUCE);
        exchanges
    }

    /// How long a node asked a client for silence in produce requests, overlaps counted once.
    #[must_use]
    pub fn throttled(&self, client_id: &str, node: i32) -> Duration {
        let mut spans: Vec<_> = self
            .produced(client_id, node)
            .iter()
            .filter_map(|one| Some((one.answering?, one.throttled_until()?)))
            .collect();
        spans.sort();
        let mut total = Duration::ZERO;
        let mut covered: Option<Instant> = None;
        for (from, until) in spans {
            let from = covered.map_or(from, |covered| from.max(covered));
            total += until.saturating_duration_since(from);
            covered = covered.max(Some(until));
        }
        total
    }

    pub(crate) fn begin(&self, exchange: Exchange) {
        self.exchanges().push(exchange);
    }

    /// What was asked under this number on this connection.
    pub(crate) fn asked(&self, connection: u64, correlation_id: i32) -> Option<(ApiKey, i16)> {
        let exchanges = self.exchanges();
        let one = exchanges.iter().rev().find(|one| is(one, connection, correlation_id))?;
        Some((one.api, one.version))
    }

    pub(crate) fn end(&self, connection: u64, correlation_id: i32, answering: Instant, throttle: Duration) {
        let answered = Instant::now();
        let mut exchanges = self.exchanges();
        if let Some(one) = exchanges.iter_mut().rev().find(|one| is(one, connection, correlation_id)) {
            one.throttle = throttle;
            (one.answering, one.answered) = (Some(answering), Some(answered));
        }
    }

    fn exchanges(&self) -> MutexGuard<'_, Vec<Exchange>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is(one: &Exchange, connection: u64, correlation_id: i32) -> bool {
    one.connection == connection && one.correlation_id == correlation_id && one.answered.is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overlapping_throttles_count_once() {
        let recording = Recording::default();
        let begin = Instant::now();
        let at = |milliseconds| begin + Duration::from_millis(milliseconds);
        for (number, answered, throttle) in [(1, 100, 4000), (2, 200, 100), (3, 6000, 500)] {
            recording.begin(Exchange {
                node: 1,
                connection: 1,
                api: ApiKey::PRODUCE,
                version: 9,
                correlation_id: number,
                client_id: "a".to_owned(),
                bytes: 1,
                begun: at(0),
                answering: Some(at(answered)),
                answered: Some(at(answered)),
                throttle: Duration::from_millis(throttle),
            });
        }
        assert_eq!(recording.throttled("a", 1), Duration::from_millis(4500));
        assert_eq!(recording.throttled("a", 2), Duration::ZERO);
    }
}
