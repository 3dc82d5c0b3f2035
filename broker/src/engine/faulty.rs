//! Requests and answers that faults meet.

use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use ottla_proto::BrokerId;
use ottla_proto::wire::Segments;

use super::timers::Timer;
use super::{ConnectionId, Engine, NodeState, Reply};
use crate::Instant;
use crate::api::{self, RequestStart};
use crate::fault::{Fault, FaultError, FaultState, Firing, Hit, Hits, Reaction, Stage, Subject};
use crate::random::Random;

/// A request whose answer faults wait for.
#[derive(Debug)]
pub(super) struct Doomed {
    start: RequestStart,
    request: Bytes,
    hits: Hits,
}

/// What a fault or an old broker's throttle holds back; at most one for each connection.
#[derive(Debug)]
pub(super) enum Delayed {
    Request(ConnectionId, Bytes, Hits),
    Reply(ConnectionId, Reply),
}

impl Engine {
    /// Lets something go wrong from now on. Returns the fault's name.
    ///
    /// # Errors
    /// [`FaultError`] if the fault makes no sense, or there are too many.
    pub fn add_fault(&mut self, fault: Fault, now: Instant) -> Result<String, FaultError> {
        self.faults.add(fault, now)
    }

    /// Takes a fault away. What it did stays done. Returns whether there was one of this name.
    pub fn remove_fault(&mut self, name: &str) -> bool {
        self.faults.remove(name)
    }

    /// Takes all faults away.
    pub fn clear_faults(&mut self) {
        self.faults.clear();
    }

    /// Every fault, and how often it happened.
    #[must_use]
    pub fn faults(&self) -> Vec<FaultState> {
        self.faults.list()
    }

    /// What faults did so far, oldest first; the last 10,000 of it that nobody took.
    pub fn firings(&self) -> impl Iterator<Item = &Firing> {
        self.faults.firings()
    }

    /// As [`firings`](Self::firings), and forgets them.
    pub fn take_firings(&mut self) -> Vec<Firing> {
        self.faults.take_firings()
    }

    /// Lets the node's disk be full until `until`; `None` for ever, a moment that has passed to empty it.
    ///
    /// Every Produce to it is answered with `KAFKA_STORAGE_ERROR` then. Returns whether there is such a node.
    pub fn fill_disk(&mut self, node: BrokerId, until: Option<Instant>) -> bool {
        let Some(state) = self.nodes.get_mut(&node) else { return false };
        state.disk_full_until = until.unwrap_or(Instant::from_micros(u64::MAX));
        true
    }

    /// Sets the clock with which the node stamps and checks records this far ahead of the cluster's; negative for
    /// behind. Returns whether there is such a node.
    pub fn set_clock_offset(&mut self, node: BrokerId, milliseconds: i64) -> bool {
        let Some(state) = self.nodes.get_mut(&node) else { return false };
        state.clock_offset_ms = milliseconds;
        true
    }

    pub(crate) fn is_disk_full(&self, node: BrokerId, now: Instant) -> bool {
        self.nodes.get(&node).is_some_and(|node| node.disk_full_until > now)
    }

    /// What the node takes for the time when the cluster's is `now`.
    pub(crate) fn wall_clock(&self, node: BrokerId, now: Instant) -> Instant {
        let offset = self.nodes.get(&node).map_or(0, |node| node.clock_offset_ms);
        Instant::from_micros(now.as_micros().saturating_add_signed(offset.saturating_mul(1000)))
    }

    /// Which faults a request meets.
    pub(super) fn meet_faults(&mut self, node: BrokerId, frame: &Bytes, now: Instant) -> Hits {
        if self.faults.is_empty() {
            return Hits::default();
        }
        let Ok(start) = RequestStart::read(frame.clone()) else { return Hits::default() };
        let partitions = match self.faults.ask_for_topics(start.api) {
            true => api::partitions_of(self, node, &start, frame),
            false => Vec::new(),
        };
        let client_id = start.client_id.as_deref().unwrap_or_default();
        let subject = Subject { node, api: start.api, version: start.version, client_id };
        self.faults.meet(subject, &partitions, now)
    }

    /// Lets happen what comes before a request. Returns whether the request is still to be handled.
    pub(super) fn suffer_before(
        &mut self,
        connection: ConnectionId,
        node: BrokerId,
        frame: &Bytes,
        hits: &Hits,
        now: Instant,
    ) -> bool {
        let Ok(start) = RequestStart::read(frame.clone()) else { return true };
        for hit in hits.at(Stage::Before) {
            match hit.fault.then {
                Reaction::Delay { ms } => {
                    let rest = hits.without_before();
                    self.delay(ms, Delayed::Request(connection, frame.clone(), rest), now);
                    return false;
                }
                Reaction::DropAnswer => return false,
                Reaction::Error { code } if !api::refuses_by_partition(start.api) => {
                    if let Some(refusal) = api::refuse(&start, frame.clone(), code) {
                        self.answer(connection, Some(refusal), now);
                        return false;
                    }
                }
                Reaction::FreezeNode { .. } => {
                    self.suffer(node, &start, frame, hit, now);
                    self.hold(node, connection, frame.clone(), Some(hits.without_before()));
                    return false;
                }
                Reaction::KillNode { .. } => {
                    self.suffer(node, &start, frame, hit, now);
                    return false;
                }
                _ => self.suffer(node, &start, frame, hit, now),
            }
        }
        if let Some(state) = self.connections.get_mut(&connection) {
            state.doomed = Some(Box::new(Doomed { start, request: frame.clone(), hits: hits.clone() }));
        }
        true
    }

    /// Lets happen to an answer what faults want.
    pub(super) fn suffer_after(
        &mut self,
        connection: ConnectionId,
        node: BrokerId,
        mut frame: Option<Segments>,
        mut muted_until: Instant,
        doomed: Doomed,
    ) {
        let now = self.now;
        let Doomed { start, request, hits } = doomed;
        let after = |hit: &&Hit| hit.fault.happens() == Stage::After || hit.fault.then.is_about_answers();
        let (mut delay_ms, mut bytes_per_second, mut cut) = (0, None, None);
        for hit in hits.all().filter(after) {
            match hit.fault.then {
                Reaction::Delay { ms } => delay_ms += ms,
                Reaction::DropAnswer => return,
                Reaction::Error { code } if !api::refuses_by_partition(start.api) => {
                    frame = api::refuse(&start, request.clone(), code).or(frame);
                }
                Reaction::Throttle { ms } => {
                    let told = frame.map(|frame| api::tell_throttle(&start, frame.into_bytes(), ms));
                    frame = told;
                    muted_until = muted_until.max(now + Duration::from_millis(ms.into()));
                }
                Reaction::Mute { ms } => muted_until = muted_until.max(now + Duration::from_millis(ms)),
                Reaction::Garbage => frame = frame.map(|frame| garbage(frame.len(), hit.random)),
                Reaction::SlowBytes { bytes_per_second: pace } => bytes_per_second = Some(pace),
                Reaction::Cut { bytes } => cut = Some(bytes),
                Reaction::KillNode { .. } => return self.suffer(node, &start, &request, hit, now),
                _ => self.suffer(node, &start, &request, hit, now),
            }
        }
        let reply = match frame {
            Some(frame) if cut.is_some() || bytes_per_second.is_some() => {
                let mut bytes = with_prefix(frame);
                let close = cut.is_some();
                bytes.truncate(cut.map_or(bytes.len(), |cut| cut.min(bytes.len().saturating_sub(1))));
                Reply::Faulty { bytes, bytes_per_second, close, muted_until }
            }
            frame => Reply::Answer { frame, muted_until },
        };
        match delay_ms {
            0 => self.reply(connection, reply),
            ms => self.delay(ms, Delayed::Reply(connection, reply), now),
        }
    }

    /// A fault has held something back for long enough.
    pub(super) fn resume(&mut self, number: u64, now: Instant) {
        match self.delayed.remove(&number) {
            Some(Delayed::Request(connection, frame, hits)) => {
                if let Some(node) = self.connections.get(&connection).map(|state| state.node) {
                    self.serve(connection, node, frame, hits, now);
                }
            }
            Some(Delayed::Reply(connection, reply)) => self.reply(connection, reply),
            None => {}
        }
    }

    /// Lets happen to nodes and partitions what a fault wants.
    fn suffer(&mut self, node: BrokerId, start: &RequestStart, frame: &Bytes, hit: &Hit, now: Instant) {
        let after = |ms: u64| now + Duration::from_millis(ms);
        match hit.fault.then {
            Reaction::KillNode { restart_after_ms } => {
                self.kill_node(node, now);
                if let Some(ms) = restart_after_ms {
                    self.timers.set(after(ms), Timer::StartNode(node));
                }
            }
            Reaction::FreezeNode { ms } => {
                self.freeze_node(node, now);
                if let Some(ms) = ms {
                    self.timers.set(after(ms), Timer::ThawNode(node));
                }
            }
            Reaction::MoveLeader => {
                let partitions = api::partitions_of(self, node, start, frame);
                for (topic, index) in
                    partitions.into_iter().filter(|(topic, index)| hit.fault.when.covers(topic, *index))
                {
                    self.move_to_next(&topic, index.unwrap_or_default(), now);
                }
            }
            Reaction::ExpireSession => {
                self.expire_node_session(node, now);
            }
            Reaction::FillDisk { ms } => {
                self.fill_disk(node, ms.map(after));
            }
            Reaction::JumpClock { ms } => {
                if let Some(state) = self.nodes.get_mut(&node) {
                    state.clock_offset_ms = state.clock_offset_ms.saturating_add(ms);
                }
            }
            _ => {}
        }
    }

    /// Gives a partition the next of its in-sync replicas that is alive as its leader, if there is another.
    fn move_to_next(&mut self, topic: &str, index: i32, now: Instant) {
        let found = self.topics.named(topic).and_then(|topic| topic.partition(index));
        let Some(partition) = found else { return };
        let around = partition.replica_nodes();
        let at = around.iter().position(|node| *node == partition.leader).unwrap_or_default();
        let others = around.iter().cycle().skip(at + 1).take(around.len().saturating_sub(1)).copied();
        let mut fit = others.filter(|node| partition.is_in_sync(*node) && self.is_registered(*node));
        if let Some(next) = fit.next() {
            self.move_leader(topic, index, next, now);
        }
    }

    fn delay(&mut self, ms: u64, what: Delayed, now: Instant) {
        self.delay_until(now + Duration::from_millis(ms), what);
    }

    pub(super) fn delay_until(&mut self, until: Instant, what: Delayed) {
        let number = self.next_delayed;
        self.next_delayed += 1;
        self.delayed.insert(number, what);
        self.timers.set(until, Timer::Resume(number));
    }

    /// Hands a reply to the driver, unless its connection is gone.
    pub(super) fn reply(&mut self, connection: ConnectionId, reply: Reply) {
        let Some(state) = self.connections.get_mut(&connection) else { return };
        state.busy = false;
        let node = state.node;
        if matches!(reply, Reply::Faulty { close: true, .. }) {
            self.disconnect(connection);
        }
        self.send(node, connection, reply);
    }

    /// Keeps a request for when the node is thawed. Returns whether it is frozen.
    pub(super) fn hold(
        &mut self,
        node: BrokerId,
        connection: ConnectionId,
        frame: Bytes,
        hits: Option<Hits>,
    ) -> bool {
        let frozen = self.nodes.get_mut(&node).filter(|node| node.state == NodeState::Frozen);
        let Some(frozen) = frozen else { return false };
        frozen.held.requests.push((connection, frame, hits));
        true
    }
}

fn with_prefix(frame: Segments) -> Bytes {
    let length = u32::try_from(frame.len()).unwrap_or(u32::MAX);
    let mut bytes = BytesMut::with_capacity(frame.len() + 4);
    bytes.put_u32(length);
    for part in frame.into_parts() {
        bytes.put_slice(&part);
    }
    bytes.freeze()
}

fn garbage(length: usize, seed: u64) -> Segments {
    let mut random = Random::new(seed);
    let mut bytes = Vec::with_capacity(length + 8);
    while bytes.len() < length {
        bytes.extend_from_slice(&random.next().to_be_bytes());
    }
    bytes.truncate(length);
    let mut writer = ottla_proto::wire::Writer::new();
    writer.raw(&bytes);
    writer.finish()
}
