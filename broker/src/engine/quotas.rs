//! What clients may use, and what they used.

use std::net::IpAddr;
use std::time::Duration;

use ottla_proto::BrokerId;

use super::{ConnectionId, Engine};
use crate::Instant;
use crate::api::Call;
use crate::quota::{Client, QuotaEntity, QuotaKey, to_f64};

impl Engine {
    /// Sets a client quota; it counts from the next request on.
    ///
    /// Returns whether it is one that Kafka would take: above zero, whole if it counts bytes or connections, and of
    /// a kind that such an entity has.
    pub fn set_quota(&mut self, entity: QuotaEntity, key: QuotaKey, limit: f64) -> bool {
        self.limits.set(entity, key, limit).is_ok()
    }

    /// A client has just connected to `node`: for how long the node waits before it looks at this or any other new
    /// connection, so as to take no more than [`max_connection_creation_rate`](super::Config) (KIP-612). One quota
    /// window at most; zero without such a rate.
    pub fn take_connection(&mut self, node: BrokerId, now: Instant) -> Duration {
        let limit = self.config.max_connection_creation_rate;
        let (Some(limit), Some(node)) = (limit, self.nodes.get_mut(&node)) else { return Duration::ZERO };
        milliseconds(node.usage.take_connection(limit.get(), now))
    }

    /// A client at `ip` is taken by `node`: for how long it comes too early for the address's
    /// `connection_creation_rate` (KIP-612). Zero if it is welcome.
    ///
    /// Kafka reads nothing from a connection that comes too early, lets it wait for as long and closes it; that is
    /// for the driver to do, which calls [`connect`](Self::connect) only for a welcome one.
    pub fn admit(&mut self, node: BrokerId, ip: IpAddr, now: Instant) -> Duration {
        let Some(node) = self.nodes.get_mut(&node) else { return Duration::ZERO };
        milliseconds(node.usage.connect(&self.limits, ip, now))
    }

    /// Whether somebody has a request quota and the driver is to measure what requests take; see
    /// [`spent`](Self::spent).
    #[must_use]
    pub fn wants_time(&self) -> bool {
        self.config.request_cost.is_none() && self.limits.in_use(QuotaKey::RequestPercentage)
    }

    /// Charges the time that [`handle_frame`](Self::handle_frame) took to the client whose request it was. The
    /// next answers tell the throttle that comes of it, as in Kafka that of a network thread's time.
    ///
    /// Without a word of it, or while [`wants_time`](Self::wants_time) says no, requests take no time.
    pub fn spent(&mut self, connection: ConnectionId, time: Duration, now: Instant) {
        if !self.wants_time() {
            return;
        }
        let Some(state) = self.connections.get_mut(&connection) else { return };
        let Some(client_id) = state.client_id.take() else { return };
        let node = state.node;
        self.record_quota(
            node,
            QuotaKey::RequestPercentage,
            Client::anonymous(&client_id),
            percent(time),
            now,
        );
    }

    /// Notes whom [`spent`](Self::spent) is to charge.
    pub(crate) fn serving(&mut self, connection: ConnectionId, client_id: &str) {
        if self.wants_time()
            && let Some(state) = self.connections.get_mut(&connection)
        {
            state.client_id = Some(client_id.to_owned());
        }
    }

    /// Counts what the configuration says that a request costs against the client's `request_percentage`; returns
    /// for how many milliseconds the client is over it.
    pub(crate) fn record_request(&mut self, call: &Call) -> i32 {
        let cost = self.config.request_cost.map_or(Duration::ZERO, |cost| cost.of(call.size));
        self.record_quota(call.node, QuotaKey::RequestPercentage, call.client(), percent(cost), call.now)
    }

    /// Counts bytes against a byte rate of the client; returns for how many milliseconds it is over it.
    pub(crate) fn record_bytes(&mut self, key: QuotaKey, call: &Call, bytes: usize) -> i32 {
        self.record_quota(call.node, key, call.client(), to_f64(bytes), call.now)
    }

    /// Undoes [`Self::record_bytes`].
    pub(crate) fn take_back_bytes(&mut self, key: QuotaKey, call: &Call, bytes: usize) {
        if let Some(node) = self.nodes.get_mut(&call.node) {
            node.usage.take_back(&self.limits, key, call.client(), to_f64(bytes), call.now);
        }
    }

    /// The most bytes that the client may use of its quota at once; see [`QuotaUsage::most_at_once`].
    ///
    /// [`QuotaUsage::most_at_once`]: crate::quota::QuotaUsage::most_at_once
    pub(crate) fn most_at_once(&self, key: QuotaKey, call: &Call) -> usize {
        let node = self.nodes.get(&call.node);
        node.map_or(usize::MAX, |node| node.usage.most_at_once(&self.limits, key, call.client()))
    }

    /// Takes permits to create or delete `partitions`; see [`MutationUsage::take`].
    ///
    /// [`MutationUsage::take`]: crate::quota::MutationUsage::take
    pub(crate) fn take_mutations(
        &mut self,
        call: &Call,
        partitions: usize,
        strict: bool,
    ) -> Result<i32, i32> {
        self.mutations.take(&self.limits, call.client(), partitions, strict, call.now)
    }

    /// Notes that a client is told to stay away.
    pub(crate) fn note_throttle(&mut self, call: &Call, throttle_ms: i32) {
        if let Ok(throttle_ms @ 1..) = u64::try_from(throttle_ms) {
            self.stats.throttle(&call.client_id, Duration::from_millis(throttle_ms));
        }
    }

    fn record_quota(
        &mut self,
        node: BrokerId,
        key: QuotaKey,
        client: Client<'_>,
        amount: f64,
        now: Instant,
    ) -> i32 {
        let Some(node) = self.nodes.get_mut(&node) else { return 0 };
        node.usage.record(&self.limits, key, client, amount, now)
    }
}

fn milliseconds(throttle_ms: i32) -> Duration {
    Duration::from_millis(u64::try_from(throttle_ms).unwrap_or_default())
}

/// Of one second of one thread.
fn percent(time: Duration) -> f64 {
    time.as_secs_f64() * 100.0
}
