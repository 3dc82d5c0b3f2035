//! Nodes that die, hang, and come back.

use std::time::Duration;

use ottla_proto::BrokerId;

use super::node::{Node, NodeState};
use super::timers::Timer;
use super::{Close, ConnectionId, Engine, NodeAddress, Reply};
use crate::Instant;

impl Engine {
    /// Ends a node at once, as SIGKILL does. Its connections are closed and its logs kept.
    ///
    /// It leads its partitions, out of reach, until [`Config::broker_session_timeout`](super::Config) has passed
    /// and the controller notices. Returns whether there is such a node and it was not stopped.
    pub fn kill_node(&mut self, node: BrokerId, now: Instant) -> bool {
        let timeout = self.config.broker_session_timeout;
        let windows = self.config.quota_windows;
        let Some(state) = self.nodes.get_mut(&node).filter(|node| node.state != NodeState::Stopped) else {
            return false;
        };
        // What only its memory held is gone.
        *state = Node {
            state: NodeState::Stopped,
            registered: state.registered,
            session_ends: Some(now + timeout),
            replication_lag: state.replication_lag,
            disk_full_until: state.disk_full_until,
            clock_offset_ms: state.clock_offset_ms,
            ..Node::new(windows)
        };
        self.timers.set(now + timeout, Timer::EndSession(node));
        let connected =
            |(id, connection): (&ConnectionId, &super::Connection)| (connection.node == node).then_some(*id);
        let connections: Vec<ConnectionId> = self.connections.iter().filter_map(connected).collect();
        for connection in connections {
            self.close(connection, Close::NodeStopped);
        }
        self.settle_all(now);
        true
    }

    /// Ends a node in order (a controlled shutdown): its partitions get other leaders first.
    ///
    /// Returns whether there is such a node and it was not stopped.
    pub fn stop_node(&mut self, node: BrokerId, now: Instant) -> bool {
        if self.node_state(node).is_none_or(|state| state == NodeState::Stopped) {
            return false;
        }
        self.fence(node, now);
        self.kill_node(node, now)
    }

    /// Starts a node that was stopped, with the logs that it had.
    ///
    /// It follows the leaders that were elected meanwhile, and cuts off what they do not have. Returns whether
    /// there is such a node and it was stopped.
    pub fn start_node(&mut self, node: BrokerId, now: Instant) -> bool {
        if self.node_state(node) != Some(NodeState::Stopped) {
            return false;
        }
        // The controller sees by its new incarnation that it was away, however short.
        self.fence(node, now);
        if let Some(state) = self.nodes.get_mut(&node) {
            state.state = NodeState::Running;
        }
        self.unfence(node, now);
        self.settle_all(now);
        true
    }

    /// Lets a node hang, as SIGSTOP does: connections stay and are taken, nothing is answered.
    ///
    /// After [`Config::broker_session_timeout`](super::Config) the controller gives it up. Returns whether there
    /// is such a node and it was running.
    pub fn freeze_node(&mut self, node: BrokerId, now: Instant) -> bool {
        let timeout = self.config.broker_session_timeout;
        let Some(state) = self.nodes.get_mut(&node).filter(|node| node.state == NodeState::Running) else {
            return false;
        };
        state.state = NodeState::Frozen;
        state.session_ends = Some(now + timeout);
        self.timers.set(now + timeout, Timer::EndSession(node));
        true
    }

    /// Lets a frozen node go on. What it was sent meanwhile it handles now, knowing who leads by now.
    ///
    /// Returns whether there is such a node and it was frozen.
    pub fn thaw_node(&mut self, node: BrokerId, now: Instant) -> bool {
        let Some(state) = self.nodes.get_mut(&node).filter(|node| node.state == NodeState::Frozen) else {
            return false;
        };
        state.state = NodeState::Running;
        let held = std::mem::take(&mut state.held);
        self.outputs.extend(held.outputs);
        for (connection, frame, hits) in held.requests {
            match hits {
                None => self.take_frame(connection, node, frame, now),
                Some(hits) => self.serve(connection, node, frame, hits, now),
            }
        }
        // Only then: what it was asked before others took over must not count as asked of it again.
        self.unfence(node, now);
        self.settle_all(now);
        true
    }

    /// Lets the controller believe that it lost a running node: its session is over, its partitions get other
    /// leaders, and it registers again at once.
    ///
    /// Returns whether there is such a node and it was running.
    pub fn expire_node_session(&mut self, node: BrokerId, now: Instant) -> bool {
        if self.node_state(node) != Some(NodeState::Running) {
            return false;
        }
        self.fence(node, now);
        self.unfence(node, now);
        self.settle_all(now);
        true
    }

    /// What a node is doing; `None` if there is no such node.
    #[must_use]
    pub fn node_state(&self, node: BrokerId) -> Option<NodeState> {
        self.nodes.get(&node).map(|node| node.state)
    }

    /// How long after their leaders the replicas on a node have a record; `None` if never. Zero at the start.
    ///
    /// A Produce with acks=all waits for it, unless the node leaves the in-sync replicas, which it does after
    /// [`Config::replica_lag_time_max`](super::Config). Returns whether there is such a node.
    pub fn set_replication_lag(&mut self, node: BrokerId, lag: Option<Duration>, now: Instant) -> bool {
        let Some(state) = self.nodes.get_mut(&node) else { return false };
        state.replication_lag = lag;
        self.each_partition_of(node, |engine, id, index| {
            if let Some(replica) = engine.partition_mut(id, index).and_then(|found| found.replica_mut(node)) {
                replica.fetch_due = None;
            }
            engine.replicate(id, index, now);
        });
        self.settle_all(now);
        true
    }

    /// Makes `leader`, which must be an in-sync replica, the leader of a partition under a new leader epoch.
    ///
    /// Requests that wait for the partition are answered. Returns whether there is such a partition and `leader`
    /// is in sync and alive.
    pub fn move_leader(&mut self, topic: &str, partition: i32, leader: BrokerId, now: Instant) -> bool {
        let Some(id) = self.topics.id(topic) else { return false };
        let alive = self.is_registered(leader);
        let Some(found) = self.partition_mut(id, partition) else { return false };
        if !alive || !found.is_in_sync(leader) {
            return false;
        }
        self.lead(id, partition, leader, now);
        self.settle_all(now);
        true
    }

    /// Whether a node serves requests.
    pub(crate) fn is_running(&self, node: BrokerId) -> bool {
        self.node_state(node) == Some(NodeState::Running)
    }

    /// The node that clients are told is the controller; with KRaft any broker does, as it forwards.
    pub(crate) fn controller(&self) -> BrokerId {
        self.live_nodes().next().map_or(BrokerId::NONE, |address| address.id)
    }

    pub(crate) fn node_ids(&self) -> impl Iterator<Item = BrokerId> {
        self.nodes.keys().copied()
    }

    /// Whether the controller takes the node for alive.
    pub(crate) fn is_registered(&self, node: BrokerId) -> bool {
        self.nodes.get(&node).is_some_and(|node| node.registered)
    }

    /// The addresses of the nodes that clients are told of.
    pub(crate) fn live_nodes(&self) -> impl Iterator<Item = &NodeAddress> {
        self.config.nodes.iter().filter(|address| self.is_registered(address.id))
    }

    pub(crate) fn address(&self, node: BrokerId) -> Option<&NodeAddress> {
        self.config.nodes.iter().find(|address| address.id == node)
    }

    pub(super) fn run_timer(&mut self, timer: Timer, now: Instant) {
        match timer {
            Timer::EndSession(node) => {
                let ended = |node: &Node| node.session_ends.is_some_and(|end| end <= now);
                if self.nodes.get(&node).is_some_and(ended) {
                    self.fence(node, now);
                }
            }
            Timer::Replicate(id, index, node) => self.replicate_late(id, index, node, now),
            Timer::ShrinkIsr(id, index) => self.shrink_isr(id, index, now),
            Timer::StartNode(node) => {
                self.start_node(node, now);
            }
            Timer::ThawNode(node) => {
                self.thaw_node(node, now);
            }
            Timer::Resume(number) => self.resume(number, now),
        }
    }

    /// Sends a reply, or keeps it if the node is frozen.
    pub(super) fn send(&mut self, node: BrokerId, connection: ConnectionId, reply: Reply) {
        let output = super::Output { connection, reply };
        match self.nodes.get_mut(&node) {
            Some(frozen) if frozen.state == NodeState::Frozen => frozen.held.outputs.push(output),
            _ => self.outputs.push_back(output),
        }
    }
}
