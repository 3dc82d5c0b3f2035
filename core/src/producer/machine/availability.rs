//! Leaders that take nothing: after a while keyless records go elsewhere (KIP-794).

use ottla_proto::BrokerId;

use super::Producer;
use crate::time::Instant;
use crate::wait::WaitReason;

impl Producer {
    /// Something is ready for the node and cannot go.
    pub(super) fn takes_nothing(&mut self, node: BrokerId, reason: &WaitReason, now: Instant) {
        let Some(timeout) = self.config.availability_timeout else { return };
        // What all nodes wait for is no reason to prefer another.
        if reason.node().is_none() {
            return;
        }
        let Some(queue) = self.nodes.get_mut(&node) else { return };
        let since = *queue.idle_since.get_or_insert(now);
        // A pause that the node itself announced need not be sat out first.
        if let WaitReason::Throttled { until, .. } = reason
            && *until > since + timeout
        {
            self.avoid(node);
        }
    }

    /// The node took something, or nothing is ready for it any more.
    pub(super) fn takes_again(&mut self, node: BrokerId) {
        let Some(queue) = self.nodes.get_mut(&node) else { return };
        queue.idle_since = None;
        if std::mem::take(&mut queue.unavailable) {
            self.edge.unavailable.remove(node.0);
        }
    }

    pub(super) fn avoid_idle_nodes(&mut self, now: Instant) {
        let due: Vec<_> = self.idle_nodes().filter(|(_, due)| *due <= now).collect();
        due.into_iter().for_each(|(node, _)| self.avoid(node));
    }

    pub(super) fn next_unavailable(&self) -> Option<Instant> {
        self.idle_nodes().map(|(_, due)| due).min()
    }

    /// Nodes that are not avoided yet, and when they will be if they take nothing until then.
    fn idle_nodes(&self) -> impl Iterator<Item = (BrokerId, Instant)> {
        self.nodes
            .iter()
            .filter(|(_, queue)| !queue.unavailable)
            .filter_map(|(node, queue)| Some((*node, queue.idle_since? + self.config.availability_timeout?)))
    }

    fn avoid(&mut self, node: BrokerId) {
        let Some(queue) = self.nodes.get_mut(&node) else { return };
        if std::mem::replace(&mut queue.unavailable, true) {
            return;
        }
        self.edge.unavailable.insert(node.0);
        for lane in &queue.ready {
            if let Some(partition) = self.partitions.get(lane.0 as usize) {
                partition.lane.end_choice();
            }
        }
    }
}
