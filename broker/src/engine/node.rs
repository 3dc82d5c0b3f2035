use std::time::Duration;

use bytes::Bytes;

use super::{ConnectionId, Output};
use crate::Instant;
use crate::api::FetchSessions;
use crate::fault::Hits;
use crate::quota::{QuotaUsage, Windows};

/// What a node is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeState {
    /// It serves.
    Running,
    /// It takes bytes and answers nothing, like a process that was sent SIGSTOP.
    Frozen,
    /// It has no connections and takes none. Its logs are kept.
    Stopped,
}

/// One broker of the cluster.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) usage: QuotaUsage,
    pub(crate) state: NodeState,
    /// Whether the controller takes it for alive. It notices a loss only after the session time-out.
    pub(crate) registered: bool,
    /// When the controller gives the node up unless it comes back.
    pub(super) session_ends: Option<Instant>,
    /// How long after its leader the node has a record; `None` if it does not follow at all.
    pub(super) replication_lag: Option<Duration>,
    /// The end of a time in which the node can write nothing.
    pub(super) disk_full_until: Instant,
    /// How far the node's clock is ahead of the cluster's.
    pub(super) clock_offset_ms: i64,
    pub(super) fetch_sessions: FetchSessions,
    pub(super) held: Held,
}

/// What a frozen node has not looked at and not sent; one request and one reply at most for each connection.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// With the faults that it has met already.
    pub(super) requests: Vec<(ConnectionId, Bytes, Option<Hits>)>,
    pub(super) outputs: Vec<Output>,
}

impl Node {
    pub(super) fn new(windows: Windows) -> Self {
        Self {
            usage: QuotaUsage::new(windows),
            state: NodeState::Running,
            registered: true,
            session_ends: None,
            replication_lag: Some(Duration::ZERO),
            disk_full_until: Instant::default(),
            clock_offset_ms: 0,
            fetch_sessions: FetchSessions::default(),
            held: Held::default(),
        }
    }

    /// How long after its leader the node has a record now; `None` if it does not follow.
    pub(super) fn follows_after(&self) -> Option<Duration> {
        self.replication_lag.filter(|_| self.state == NodeState::Running)
    }
}
