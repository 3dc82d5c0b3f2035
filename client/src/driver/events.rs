//! What nobody asked for but an operator may want to know.

use ottla_core::Event;
use ottla_core::net::Throttle;
use tracing::{debug, info, warn};

/// Tells an event that answers no question.
///
/// A broker that closes an idle connection does what brokers do: that is for debugging only. A connection that
/// fails, or a broker that refuses, is a warning. Throttles are for information: they are the broker's decision,
/// and obeyed.
pub(crate) fn trace(event: &Event) {
    match event {
        Event::Connected { node, role, host } => {
            debug!(node = node.0, ?role, %host, "connected");
        }
        Event::Disconnected { node, role, host, cause, expected: true } => {
            debug!(node = node.0, ?role, %host, %cause, "connection closed");
        }
        Event::Disconnected { node, role, host, cause, expected: false } => {
            warn!(node = node.0, ?role, %host, %cause, "connection lost");
        }
        Event::ThrottleBegan(Throttle { node, class, until, cause }) => {
            info!(node = node.0, %class, %cause, until_us = until.as_micros(), "throttled");
        }
        Event::ThrottleExtended(Throttle { node, class, until, cause }) => {
            info!(node = node.0, %class, %cause, until_us = until.as_micros(), "throttled for longer");
        }
        Event::ThrottleEnded(Throttle { node, class, cause, .. }) => {
            info!(node = node.0, %class, %cause, "throttle ended");
        }
        Event::ClusterChanged { generation } => debug!(generation, "the view of the cluster changed"),
        Event::MetadataRefused { node, error } => {
            warn!(node = node.0, %error, "a broker refused to describe the cluster");
        }
        Event::PositionReset { topic, partition, from, to, cause } => {
            warn!(%topic, partition, from, to, ?cause, "a consumer goes on elsewhere");
        }
        other => debug!(event = ?other),
    }
}
