//! What nobody asked for but an operator may want to know.

use ottla_core::Event;
use ottla_core::group::{GroupEvent, Rebalance};
use ottla_core::net::Throttle;
use ottla_core::producer::Undelivered;
use tracing::{debug, info, warn};

/// Tells an event that answers no question.
///
/// A broker that closes an idle connection does what brokers do: that is for debugging only. A connection that
/// fails, a broker that refuses, or a record that is given up is a warning. Throttles are for information: they are
/// the broker's decision, and obeyed.
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
        Event::Undelivered { topic, partition, records, undelivered } => {
            let Undelivered { certainty, cause } = undelivered;
            warn!(%topic, partition, records, ?certainty, %cause, "records given up");
        }
        Event::EpochBumped { topic, partition, producer_id, epoch } => {
            info!(%topic, partition, producer_id = producer_id.0, epoch = epoch.0, "a new producer epoch");
        }
        Event::LeaderChanged { topic, partition, from, to } => {
            info!(%topic, partition, from = from.map(|node| node.0), to = to.map(|node| node.0), "leader changed");
        }
        Event::Group { group, event } => trace_group(group.as_str(), event),
        Event::PositionReset { topic, partition, from, to, cause } => {
            warn!(%topic, partition, from, to, ?cause, "a consumer goes on elsewhere");
        }
        other => debug!(event = ?other),
    }
}

/// What an operator asks about after a rebalance is told at `INFO`; what somebody has to mend at `WARN`.
fn trace_group(group: &str, event: &GroupEvent) {
    match event {
        GroupEvent::Rebalanced(rebalance) => {
            let Rebalance { cause, member_id, generation, took, assigned, revoked, lost, .. } = rebalance;
            let (assigned, revoked, lost) = (assigned.len(), revoked.len(), lost.len());
            info!(group, %cause, %member_id, generation, ?took, assigned, revoked, lost, "rebalanced");
        }
        GroupEvent::Lost { partitions, cause } => {
            warn!(group, %cause, partitions = partitions.len(), "partitions lost");
        }
        GroupEvent::HandOverOverdue { partitions, waited } => {
            warn!(group, ?waited, ?partitions, "partitions given up with work in progress");
        }
        GroupEvent::AbsenceNear { away, limit } => {
            warn!(group, ?away, ?limit, "the application stays away and will lose its place in the group");
        }
        GroupEvent::AbsenceExceeded { away, limit } => {
            warn!(group, ?away, ?limit, "the application stayed away for too long and left the group");
        }
        GroupEvent::Abandoned { partition, offset } => {
            warn!(group, %partition, offset, "a batch was dropped without being done; nothing from it on is committed");
        }
        GroupEvent::CommitFailed { error } => warn!(group, %error, "an automatic commit failed"),
        GroupEvent::Failed { error } => warn!(group, %error, "the member of the group ended"),
        other => debug!(group, event = ?other),
    }
}
