//! Requests that are answered later (Java's purgatory): a Fetch that waits for records, a Produce for replicas.

use std::collections::{BTreeMap, BTreeSet};

use ottla_proto::TopicId;

use super::Handled;
use super::fetch::WaitingFetch;
use super::produce::WaitingProduce;
use crate::Instant;
use crate::engine::{Close, ConnectionId, Engine};

/// Answers the waiting requests that a change has made ready.
pub(crate) fn wake(engine: &mut Engine, now: Instant) {
    while let Some(partition) = engine.waiting.changed.pop_first() {
        let watchers = engine.waiting.watchers.get(&partition).cloned().unwrap_or_default();
        for connection in watchers {
            let Some(mut entry) = engine.waiting.requests.remove(&connection) else { continue };
            let is_ready = entry.request.is_ready(engine);
            engine.waiting.requests.insert(connection, entry);
            if is_ready {
                finish(engine, connection, now);
            }
        }
    }
}

/// Answers the requests that have waited long enough.
pub(crate) fn expire(engine: &mut Engine, now: Instant) {
    while let Some(&(deadline, connection)) = engine.waiting.deadlines.first()
        && deadline <= now
    {
        finish(engine, connection, now);
    }
}

fn finish(engine: &mut Engine, connection: ConnectionId, now: Instant) {
    let Some(request) = engine.waiting.remove(connection) else { return };
    match request.finish(engine, now) {
        Ok(Handled::Answered { frame, muted_until }) => engine.answer(connection, frame, muted_until),
        Ok(Handled::Waiting) => {}
        Err(reason) => engine.close(connection, reason),
    }
}

/// The requests that wait; at most one for each connection.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    requests: BTreeMap<ConnectionId, Entry>,
    deadlines: BTreeSet<(Instant, ConnectionId)>,
    watchers: BTreeMap<(TopicId, i32), BTreeSet<ConnectionId>>,
    changed: BTreeSet<(TopicId, i32)>,
}

#[derive(Debug)]
struct Entry {
    request: WaitingRequest,
    deadline: Instant,
    watching: Vec<(TopicId, i32)>,
}

/// What waits.
#[derive(Debug)]
pub(super) enum WaitingRequest {
    Fetch(WaitingFetch),
    Produce(WaitingProduce),
}

impl WaitingRequest {
    fn is_ready(&mut self, engine: &Engine) -> bool {
        match self {
            Self::Fetch(fetch) => fetch.is_ready(engine),
            Self::Produce(produce) => produce.is_ready(engine),
        }
    }

    fn finish(self, engine: &mut Engine, now: Instant) -> Result<Handled, Close> {
        match self {
            Self::Fetch(fetch) => fetch.finish(engine, now),
            Self::Produce(produce) => produce.finish(engine, now),
        }
    }
}

impl Waiting {
    /// Something happened to a partition that may end a wait.
    pub(crate) fn changed(&mut self, topic: TopicId, partition: i32) {
        if self.watchers.contains_key(&(topic, partition)) {
            self.changed.insert((topic, partition));
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// Forgets what a connection waits for.
    pub(crate) fn forget(&mut self, connection: ConnectionId) {
        self.remove(connection);
    }

    pub(super) fn insert(
        &mut self,
        connection: ConnectionId,
        request: WaitingRequest,
        deadline: Instant,
        watching: Vec<(TopicId, i32)>,
    ) {
        for watched in &watching {
            self.watchers.entry(*watched).or_default().insert(connection);
        }
        self.deadlines.insert((deadline, connection));
        self.requests.insert(connection, Entry { request, deadline, watching });
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        let Self { requests, deadlines, watchers, changed } = self;
        requests.is_empty() && deadlines.is_empty() && watchers.is_empty() && changed.is_empty()
    }

    fn remove(&mut self, connection: ConnectionId) -> Option<WaitingRequest> {
        let Entry { request, deadline, watching } = self.requests.remove(&connection)?;
        self.deadlines.remove(&(deadline, connection));
        for watched in &watching {
            if let Some(watchers) = self.watchers.get_mut(watched) {
                watchers.remove(&connection);
                if watchers.is_empty() {
                    self.watchers.remove(watched);
                }
            }
        }
        Some(request)
    }
}
