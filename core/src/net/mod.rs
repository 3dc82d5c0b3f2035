//! All connections of a client, what brokers asked for, and the way every request and answer takes.
//!
//! There is one connection per node and [`Role`], so that a long poll or a muted producer delays nothing
//! else. A machine asks [`Net::readiness`], gets a [`Link`] or the reason why not, sends with [`Net::send`]
//! and reads the answer with [`Net::open`], which is the only way to read one and takes note of its throttle.

mod connection;
mod failure;
mod frame;
mod pace;
mod refresh;
mod throttle;
mod versions;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use ottla_proto::wire::{DecodeError, EncodeError, Request, Response, VersionRange};
use ottla_proto::{ApiKey, BrokerId, ErrorCode};

pub use failure::{
    AddressFailure, ConnectFailure, DisconnectCause, Failure, FailureKind, IoProblem, Reach, ReachReport,
    UnsupportedVersion, Written,
};
pub use frame::{FrameError, frame_length};
pub use throttle::{Class, Throttle, ThrottleCause, ThrottleView, ThrottledTime};
pub use versions::BrokerVersions;

use crate::cluster::Cluster;
use crate::consumer::ConsumerKey;
use crate::event::{Command, Event};
use crate::producer::ProducerKey;
use crate::random::Random;
use crate::retry::Backoff;
use crate::sync::Arc;
use crate::time::{Instant, earliest};
use crate::wait::WaitReason;
use connection::{Arrival, Connection, Introduction};
use refresh::Refresh;
use throttle::Recorded;
pub(crate) use throttle::ThrottleTable;

/// What a connection is for. Requests with different roles never share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Metadata, administration and whatever has no connection of its own.
    Control,
    /// The Produce requests of one producer.
    Produce(ProducerKey),
    /// The Fetch requests of one consumer.
    Fetch(ConsumerKey),
    /// The group requests of one consumer.
    Coordinator(ConsumerKey),
}

/// A connection, unique for the life of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// The name that an owner gives to a request; it must be unique among the owner's requests in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestToken(pub u64);

/// Who sent a request and gets its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// The metadata refresh.
    Cluster,
    /// A producer.
    Producer(ProducerKey),
    /// A consumer.
    Consumer(ConsumerKey),
    /// The membership of a consumer in its group.
    Group(ConsumerKey),
    /// One-off requests.
    Calls,
}

/// Where a listener can be reached: a name or a numeric address, and a port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Host {
    /// The name, or an address without brackets.
    pub name: ByteString,
    /// The port.
    pub port: u16,
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, port } = self;
        if name.contains(':') { write!(f, "[{name}]:{port}") } else { write!(f, "{name}:{port}") }
    }
}

/// A connection that may be sent to, as of this turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The connection.
    pub connection: ConnectionId,
    /// The node at its other end.
    pub node: BrokerId,
}

/// How a request is sent.
#[derive(Clone, Copy, Debug)]
pub struct SendOptions {
    /// Who gets the answer.
    pub owner: Owner,
    /// The owner's name for the request.
    pub token: RequestToken,
    /// How long the answer may take from now; the connection is closed when it takes longer. A throttle on the
    /// connection adds to it. Means nothing without an answer: then only a throttle that nobody tells us of can
    /// hold the request up, and a new connection would evade it.
    pub timeout: Duration,
    /// Whether there is an answer. Without one (Produce with acks=0) the request ends as [`Sent`] when its
    /// last byte has been handed to the socket.
    pub answer: bool,
}

/// An answer as it came; [`Net::open`] reads it.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Who sent the request.
    pub owner: Owner,
    /// The owner's name for the request.
    pub token: RequestToken,
    /// The node that answered.
    pub node: BrokerId,
    /// The connection.
    pub connection: ConnectionId,
    /// The API.
    pub api: ApiKey,
    /// The version of request and answer.
    pub version: i16,
    /// When the request was queued.
    pub queued_at: Instant,
    /// When its last byte was handed to the socket.
    pub written_at: Instant,
    /// When the answer was read.
    pub answered_at: Instant,
    body: Bytes,
}

impl Answer {
    /// The size of the answer in bytes, without its header.
    #[must_use]
    pub fn body_len(&self) -> usize {
        self.body.len()
    }

    /// Whether its request was queued longer ago than that. The peer may have said it at any moment since, so nothing
    /// that lasts no longer is known by it.
    #[must_use]
    pub fn is_older_than(&self, age: Duration, now: Instant) -> bool {
        now.saturating_duration_since(self.queued_at) > age
    }
}

/// A request without an answer whose last byte has been handed to the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Who sent the request.
    pub owner: Owner,
    /// The owner's name for the request.
    pub token: RequestToken,
    /// The node it went to.
    pub node: BrokerId,
    /// The connection.
    pub connection: ConnectionId,
    /// The API.
    pub api: ApiKey,
    /// When the request was queued.
    pub queued_at: Instant,
    /// When its last byte was handed to the socket.
    pub written_at: Instant,
}

/// How a request ended, for the machine that owns it.
#[derive(Debug)]
pub(crate) enum Outcome {
    Answer(Answer),
    Sent(Sent),
    Failure(Failure),
}

/// Settings of the connections.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NetConfig {
    /// The name that quotas and logs know this client by (`client.id`). Default: none.
    pub client_id: Option<ByteString>,
    /// How long a connection attempt may take, all addresses of the name included, and then again how long
    /// the handshake may take. Default 10 s. Java: `socket.connection.setup.timeout.ms`.
    pub connection_setup_timeout: Duration,
    /// How long a metadata request may take. Default 30 s. Java: `request.timeout.ms`.
    pub request_timeout: Duration,
    /// Waits between connection attempts to one node. Default 50 ms to 1 s. Java: `reconnect.backoff.ms`.
    pub reconnect_backoff: Backoff,
    /// Waits between metadata requests that fail or bring nothing new, and between attempts of a call. Default
    /// 100 ms to 500 ms: half of Java's limit, so that a new leader is found well within a second. Java:
    /// `retry.backoff.ms`, `retry.backoff.max.ms`.
    pub retry_backoff: Backoff,
    /// How old the view of the cluster may grow. Default 5 min. Java: `metadata.max.age.ms`.
    pub metadata_max_age: Duration,
    /// Whether asking about a topic may create it, where the broker allows that. Default off, unlike Java.
    pub allow_auto_topic_creation: bool,
    /// Unanswered requests per connection, at most: see [`Net::is_busy`]. Default 5. Java: `max.in.flight.requests.per.connection`.
    pub max_in_flight: usize,
    /// Bytes that may wait for one socket before nothing more is put there. What waits here can no longer be
    /// cancelled or grow, so this is small: a request is put there whole as long as less than this waits.
    /// Default 256 KiB.
    pub max_unwritten: u64,
    /// After how long an unused connection is closed. Default 9 min. Java: `connections.max.idle.ms`.
    pub max_idle: Duration,
}

impl Default for NetConfig {
    fn default() -> Self {
        Self {
            client_id: None,
            connection_setup_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            reconnect_backoff: Backoff { initial: Duration::from_millis(50), max: Duration::from_secs(1) },
            retry_backoff: Backoff { initial: Duration::from_millis(100), max: Duration::from_millis(500) },
            metadata_max_age: Duration::from_secs(300),
            allow_auto_topic_creation: false,
            max_in_flight: 5,
            max_unwritten: 256 << 10,
            max_idle: Duration::from_secs(540),
        }
    }
}

/// All connections of a client, the throttles told on them, and the view of the cluster.
#[derive(Debug)]
pub struct Net {
    config: NetConfig,
    random: Random,
    cluster: Cluster,
    refresh: Refresh,
    throttle: ThrottleTable,
    connections: BTreeMap<ConnectionId, Connection>,
    slots: BTreeMap<(BrokerId, Role), Slot>,
    last_connection: u64,
    timers: BTreeSet<(Instant, ConnectionId)>,
    /// Moments at which a wait ends that [`Net::readiness`] told somebody about.
    wakes: BTreeSet<Instant>,
    with_output: BTreeSet<ConnectionId>,
    commands: VecDeque<Command>,
    events: VecDeque<Event>,
    outcomes: VecDeque<Outcome>,
    /// Scratch of [`Net::handle_written`].
    sent: Vec<Sent>,
    /// A connection that was refused for lack of room has room since the last step.
    has_room_again: bool,
}

/// What outlives a connection: when the next attempt may start, and how the last one ended.
#[derive(Debug, Default)]
struct Slot {
    connection: Option<ConnectionId>,
    failures: u32,
    retry_at: Instant,
    last_attempt: Instant,
    last_error: Option<DisconnectCause>,
    /// Somebody waits for the end of the back-off.
    awaited: bool,
    /// The last throttle to be waited out that was told on a connection of this node and role.
    throttle: Option<Throttle>,
}

// What machines use.
impl Net {
    /// The view of the cluster.
    #[must_use]
    pub fn cluster(&self) -> &Cluster {
        &self.cluster
    }

    /// The view of the cluster, to register interest, ask for a refresh or pass on a leader hint.
    pub fn cluster_mut(&mut self) -> &mut Cluster {
        &mut self.cluster
    }

    /// The throttles of all nodes, for handles on other threads.
    #[must_use]
    pub fn throttle(&self) -> &Arc<ThrottleView> {
        self.throttle.view()
    }

    /// How long each node has asked for silence so far, by class: throttles that overlap count once, what is still to come
    /// not yet.
    pub fn throttled_times(&self, now: Instant) -> impl Iterator<Item = ThrottledTime> + '_ {
        self.throttle.times(now)
    }

    /// The throttle that a request of this API to this node must wait out, if there is one.
    #[must_use]
    pub fn throttled(&self, node: BrokerId, api: ApiKey, now: Instant) -> Option<Throttle> {
        self.throttle.obeyed(node, Class::of(api), now)
    }

    /// May a request of this API go to this node now? Starts a connection if there is none.
    ///
    /// Never blocks. A reason that ends by the clock is covered by the core's own timer, one that ends by an
    /// event by the event: ask again in the next step.
    ///
    /// # Errors
    /// The reason why not.
    pub fn readiness(
        &mut self,
        node: BrokerId,
        role: Role,
        api: ApiKey,
        now: Instant,
    ) -> Result<Link, WaitReason> {
        let throttled = match role {
            // What other connections were told must never hold up a heartbeat; what this one was told must.
            Role::Coordinator(_) => {
                let told = self.slots.get(&(node, role)).and_then(|slot| slot.throttle);
                told.filter(|throttle| throttle.until > now)
            }
            Role::Control | Role::Produce(_) | Role::Fetch(_) => self.throttled(node, api, now),
        };
        // The connection is kept up during a throttle, so that its end finds everything ready.
        let link = self.connected(node, role, now);
        if let Some(Throttle { node, class, until, cause }) = throttled {
            self.wakes.insert(until);
            return Err(WaitReason::Throttled { node, class, until, cause });
        }
        link
    }

    /// Whether the broker has as many requests of this connection as it can be busy with, so that another one would
    /// only lie in its socket.
    #[must_use]
    pub fn is_busy(&self, link: Link, now: Instant) -> bool {
        self.connections.get(&link.connection).is_some_and(|connection| connection.keeps_busy(now))
    }

    /// The version in which to speak to this broker: the highest that is stable here, known there and not
    /// above `highest`.
    ///
    /// # Errors
    /// If there is none.
    pub fn version<R: Request>(&self, link: Link, highest: i16) -> Result<i16, UnsupportedVersion> {
        let needed = VersionRange::new(R::VERSIONS.min, R::LATEST_STABLE.min(highest));
        let offered = self.connections.get(&link.connection).and_then(|c| c.versions.range(R::KEY));
        offered.and_then(|offered| needed.highest_common(offered)).ok_or(UnsupportedVersion {
            node: link.node,
            api: R::KEY,
            needed,
            offered,
        })
    }

    /// Queues a request; the shell writes it after this turn.
    ///
    /// On a connection that ended within this turn the request is not queued; its failure follows like that
    /// of any other.
    ///
    /// # Errors
    /// If `version` cannot carry what is set; then nothing was queued.
    pub fn send<R: Request>(
        &mut self,
        link: Link,
        version: i16,
        request: &R,
        options: SendOptions,
        now: Instant,
    ) -> Result<(), EncodeError> {
        let Some(connection) = self.connections.get_mut(&link.connection) else {
            self.outcomes.push_back(Outcome::Failure(Failure {
                owner: options.owner,
                token: options.token,
                node: link.node,
                connection: link.connection,
                api: R::KEY,
                written: Written::Nothing,
                queued_at: now,
                written_at: None,
                kind: FailureKind::Disconnected(DisconnectCause::Closed),
            }));
            return Ok(());
        };
        connection.queue(version, request, &options, self.config.client_id.as_ref(), now)?;
        self.with_output.insert(link.connection);
        self.rearm(link.connection);
        Ok(())
    }

    /// Reads an answer and takes note of the throttle in it.
    ///
    /// # Errors
    /// If the bytes are no such answer. The connection that brought them is closed; what else was in flight on
    /// it fails.
    pub fn open<M: Response>(&mut self, answer: &Answer, now: Instant) -> Result<M, DecodeError> {
        self.open_judged(answer, |message: &M| message.error_code(), now)
    }

    /// As [`Self::open`], for answers whose errors lie deeper: `error` finds the one that decides, so that a
    /// mutation quota is known as such.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_judged<M: Response>(
        &mut self,
        answer: &Answer,
        error: impl Fn(&M) -> Option<ErrorCode>,
        now: Instant,
    ) -> Result<M, DecodeError> {
        let message = match M::decode(answer.body.clone(), answer.version) {
            Ok(message) => message,
            Err(error) => {
                self.end_connection(answer.connection, DisconnectCause::Decode(error), true, now);
                return Err(error);
            }
        };
        let Answer { node, connection, api, version, .. } = *answer;
        // Only an answer that makes sense shows that the node is well.
        let slot = self.connections.get(&connection).map(|connection| (connection.node, connection.role));
        if let Some(slot) = slot.and_then(|key| self.slots.get_mut(&key)) {
            slot.failures = 0;
            slot.last_error = None;
        }
        let mutation = error(&message) == Some(ErrorCode::THROTTLING_QUOTA_EXCEEDED);
        let throttle_ms = message.throttle_time_ms().unwrap_or(0);
        self.note(&Told { node, connection, api, version }, throttle_ms, mutation, now);
        Ok(message)
    }

    /// Gives up waiting for an answer. The request is not recalled and the connection lives on; the answer is
    /// read for its throttle and thrown away.
    pub fn abandon(&mut self, owner: Owner, token: RequestToken) {
        for connection in self.connections.values_mut() {
            connection.abandon(owner, token);
        }
    }

    /// How much of a request in flight has been handed to the socket; `None` if it is not in flight.
    #[must_use]
    pub fn written(&self, link: Link, owner: Owner, token: RequestToken) -> Option<Written> {
        self.connections.get(&link.connection)?.written(owner, token)
    }

    /// Closes every connection of a role: whoever it was for is gone. Requests still in flight on them end
    /// without a word.
    pub fn release(&mut self, role: Role, now: Instant) {
        let ids: Vec<_> = self.connections.values().filter(|c| c.role == role).map(|c| c.id).collect();
        for id in ids {
            self.end_connection(id, DisconnectCause::Released, true, now);
        }
        self.slots.retain(|(_, slot_role), _| *slot_role != role);
    }

    /// A number that only looks random, from the client's seed.
    pub fn random(&mut self) -> &mut Random {
        &mut self.random
    }
}

// What the core drives.
impl Net {
    pub(crate) fn new(config: NetConfig, bootstrap: Vec<Host>, seed: u64, now: Instant) -> Self {
        let mut random = Random::new(seed);
        // Clients that start together should not all begin with the same address.
        let refresh = Refresh::new(random.next_u64());
        Self {
            cluster: Cluster::new(bootstrap, config.metadata_max_age, config.retry_backoff, now),
            config,
            random,
            refresh,
            throttle: ThrottleTable::default(),
            connections: BTreeMap::new(),
            slots: BTreeMap::new(),
            last_connection: 0,
            timers: BTreeSet::new(),
            wakes: BTreeSet::new(),
            with_output: BTreeSet::new(),
            commands: VecDeque::new(),
            events: VecDeque::new(),
            outcomes: VecDeque::new(),
            sent: Vec::new(),
            has_room_again: false,
        }
    }

    pub(crate) fn handle_connected(&mut self, id: ConnectionId, now: Instant) {
        let within = self.config.connection_setup_timeout;
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let introduction =
            Introduction { client_id: self.config.client_id.as_ref(), cluster_id: self.cluster.cluster_id() };
        match connection.on_connected(&introduction, within, now) {
            Ok(()) => {
                self.with_output.insert(id);
                self.rearm(id);
            }
            Err(cause) => self.end_connection(id, cause, true, now),
        }
    }

    pub(crate) fn handle_disconnected(&mut self, id: ConnectionId, cause: DisconnectCause, now: Instant) {
        let handshaking = self.connections.get(&id).is_some_and(|c| !c.is_ready());
        let cause = match cause {
            DisconnectCause::Closed if handshaking => DisconnectCause::ClosedInHandshake,
            cause => cause,
        };
        self.end_connection(id, cause, false, now);
    }

    pub(crate) fn handle_frame(&mut self, id: ConnectionId, frame: Bytes, now: Instant) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let introduction =
            Introduction { client_id: self.config.client_id.as_ref(), cluster_id: self.cluster.cluster_id() };
        match connection.on_frame(frame, &introduction, now) {
            Ok(Arrival::Handshake) => {
                self.with_output.insert(id);
            }
            Ok(Arrival::Ready { version, throttle_ms }) => {
                let (node, role, host) = (connection.node, connection.role, connection.host.clone());
                self.events.push_back(Event::Connected { node, role, host });
                // A throttle told in the handshake is noted like any other; only the handshake never waits.
                let at = Told { node, connection: id, api: ApiKey::API_VERSIONS, version };
                self.note(&at, throttle_ms, false, now);
                self.rearm(id);
            }
            Ok(Arrival::Answer(answer)) => {
                if answer.owner == Owner::Cluster {
                    self.on_metadata(&answer, now);
                } else {
                    self.outcomes.push_back(Outcome::Answer(answer));
                }
                self.rearm(id);
            }
            Ok(Arrival::Orphan { api, version, throttle_ms }) => {
                let at = Told { node: connection.node, connection: id, api, version };
                self.note(&at, throttle_ms, false, now);
                self.rearm(id);
            }
            Err(cause) => self.end_connection(id, cause, true, now),
        }
    }

    pub(crate) fn handle_written(&mut self, id: ConnectionId, bytes: usize, now: Instant) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        connection.on_written(bytes, now, &mut self.sent);
        if connection.unwritten() == 0 {
            self.with_output.remove(&id);
        }
        let window = self.throttle.window(connection.node, connection.role, &self.config);
        if connection.refused && connection.refusal(&self.config, window).is_none() {
            connection.refused = false;
            self.has_room_again = true;
        }
        self.outcomes.extend(self.sent.drain(..).map(Outcome::Sent));
    }

    /// Looks at the clock: connections that are overdue end, metadata that is due is asked for.
    pub(crate) fn step(&mut self, now: Instant) {
        self.has_room_again = false;
        while let Some(&wake) = self.wakes.first() {
            if wake > now {
                break;
            }
            self.wakes.remove(&wake);
        }
        while let Some(&(at, id)) = self.timers.first() {
            if at > now {
                break;
            }
            self.timers.remove(&(at, id));
            let Some(connection) = self.connections.get_mut(&id) else { continue };
            connection.armed = None;
            match connection.overdue(self.config.max_idle, now) {
                Some(cause) => self.end_connection(id, cause, true, now),
                None => self.rearm(id),
            }
        }
        self.events.extend(self.throttle.ended(now).into_iter().map(Event::ThrottleEnded));
        self.refresh_metadata(now);
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let connections = self.timers.first().map(|(at, _)| *at);
        let waits = earliest(self.wakes.first().copied(), self.throttle.next_end());
        earliest(earliest(connections, waits), self.next_refresh())
    }

    /// Whether another step should follow at once: writing made room that a machine had asked for.
    pub(crate) fn has_room_again(&self) -> bool {
        self.has_room_again
    }

    pub(crate) fn poll_command(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        if self.cluster.take_changed() {
            self.events.push_back(Event::ClusterChanged { generation: self.cluster.generation() });
        }
        self.events.pop_front()
    }

    pub(crate) fn next_outcome(&mut self) -> Option<Outcome> {
        self.outcomes.pop_front()
    }

    pub(crate) fn transmit(&self, id: ConnectionId) -> impl Iterator<Item = &Bytes> {
        self.connections.get(&id).into_iter().flat_map(Connection::outbox)
    }

    pub(crate) fn connections_with_output(&self) -> impl Iterator<Item = ConnectionId> {
        self.with_output.iter().copied()
    }

    /// Where the latest attempt to reach each bootstrap address stands.
    pub(crate) fn bootstrap_report(&self) -> Vec<ReachReport> {
        let report = |(node, host): (BrokerId, &Host)| {
            let role = Role::Control;
            let slot = self.slots.get(&(node, role));
            let connection = slot.and_then(|slot| self.connections.get(&slot.connection?));
            let state = match (connection, slot) {
                // A second attempt that still runs knows less than the first one that failed.
                (Some(connection), Some(Slot { last_error: Some(error), .. })) if !connection.is_ready() => {
                    Reach::Failed(error.clone())
                }
                (Some(connection), _) => connection.reach(),
                (None, Some(Slot { last_error: Some(error), .. })) => Reach::Failed(error.clone()),
                (None, _) => Reach::Untried,
            };
            ReachReport { host: host.clone(), node, role, state }
        };
        self.cluster.bootstrap().map(report).collect()
    }

    /// Ends every connection and with it every request.
    pub(crate) fn close(&mut self, now: Instant) {
        let ids: Vec<_> = self.connections.keys().copied().collect();
        for id in ids {
            self.end_connection(id, DisconnectCause::Released, true, now);
        }
    }
}

/// Where a throttle was told.
struct Told {
    node: BrokerId,
    connection: ConnectionId,
    api: ApiKey,
    version: i16,
}

impl Net {
    /// The connection of that node and role if it may be sent to; starts one if there is none.
    fn connected(&mut self, node: BrokerId, role: Role, now: Instant) -> Result<Link, WaitReason> {
        let slot = self.slots.entry((node, role)).or_default();
        if let Some(connection) = slot.connection.and_then(|id| self.connections.get_mut(&id)) {
            let window = self.throttle.window(node, role, &self.config);
            let refusal = connection.refusal(&self.config, window);
            connection.refused = refusal.is_some();
            return refusal.map_or(Ok(Link { connection: connection.id, node }), Err);
        }
        if slot.retry_at > now
            && let Some(error) = &slot.last_error
        {
            self.wakes.insert(slot.retry_at);
            slot.awaited = true;
            return Err(WaitReason::ReconnectBackoff { node, until: slot.retry_at, error: error.clone() });
        }
        let Some(host) = self.cluster.host(node).cloned() else {
            self.cluster.refresh();
            return Err(WaitReason::NoAddress { node });
        };
        self.last_connection += 1;
        let id = ConnectionId(self.last_connection);
        slot.connection = Some(id);
        slot.awaited = false;
        slot.last_attempt = now;
        let within = self.config.connection_setup_timeout;
        // The shell's own deadline comes a little earlier: it can say which addresses were tried.
        let connection = Connection::new(id, node, role, host.clone(), within + within / 20, now);
        self.connections.insert(id, connection);
        self.commands.push_back(Command::Connect { id, host, within, deadline: now + within });
        self.rearm(id);
        Err(WaitReason::Connecting { node })
    }

    /// Takes a connection out; `ours` if the shell does not know yet that it ended.
    fn end_connection(&mut self, id: ConnectionId, cause: DisconnectCause, ours: bool, now: Instant) {
        let Some(connection) = self.connections.remove(&id) else { return };
        self.with_output.remove(&id);
        if let Some(at) = connection.armed {
            self.timers.remove(&(at, id));
        }
        if ours {
            self.commands.push_back(Command::Close { id });
        }
        let (node, role, host) = (connection.node, connection.role, connection.host.clone());
        // A broker that closes a connection on which nothing is due does what brokers do with idle ones.
        let idle = connection.served && connection.in_flight() == 0;
        let expected = cause.is_expected() || (cause == DisconnectCause::Closed && idle);
        if let Some(slot) = self.slots.get_mut(&(node, role)) {
            slot.connection = None;
            if !expected {
                slot.failures = slot.failures.saturating_add(1);
                slot.retry_at = now + self.config.reconnect_backoff.delay(slot.failures, &mut self.random);
                slot.last_error = Some(cause.clone());
            }
        }
        for failure in connection.into_failures(&cause, now) {
            if failure.owner == Owner::Cluster {
                self.on_metadata_failure(failure.token, now);
            } else if cause != DisconnectCause::Released {
                self.outcomes.push_back(Outcome::Failure(failure));
            }
        }
        if !expected {
            // The view that led there may be out of date.
            self.cluster.refresh();
        }
        self.events.push_back(Event::Disconnected { node, role, host, cause, expected });
    }

    fn note(&mut self, told: &Told, throttle_ms: i32, mutation: bool, now: Instant) {
        let Told { node, connection, api, version } = *told;
        let class = Class::of(api);
        let Ok(throttle_ms @ 1..) = u64::try_from(throttle_ms) else {
            return self.throttle.note_unthrottled(node, class);
        };
        let length = Duration::from_millis(throttle_ms);
        let until = now + length;
        let cause = if mutation { ThrottleCause::Mutation } else { ThrottleCause::infer(class, length) };
        let throttle = Throttle { node, class, until, cause };
        let obey = api.throttle_wait_version().is_some_and(|from| version >= from);
        match self.throttle.record(throttle, obey, now) {
            Recorded::Began => self.events.push_back(Event::ThrottleBegan(throttle)),
            Recorded::Extended => self.events.push_back(Event::ThrottleExtended(throttle)),
            Recorded::Covered => {}
        }
        // Brokers since 2.0 stop reading the connection whatever the version, so its deadlines move in any case.
        if let Some(connection) = self.connections.get_mut(&connection) {
            connection.mute(until);
            if let Some(slot) = self.slots.get_mut(&(node, connection.role)).filter(|_| obey) {
                slot.throttle = slot.throttle.filter(|known| known.until > until).or(Some(throttle));
            }
        }
    }

    /// Makes sure that the timers look at a connection no later than its deadline. Deadlines that moved away
    /// are left: the look is harmless.
    fn rearm(&mut self, id: ConnectionId) {
        let Some(connection) = self.connections.get_mut(&id) else { return };
        let Some(deadline) = connection.deadline(self.config.max_idle) else { return };
        if connection.armed.is_none_or(|armed| deadline < armed) {
            if let Some(armed) = connection.armed.replace(deadline) {
                self.timers.remove(&(armed, id));
            }
            self.timers.insert((deadline, id));
        }
    }
}
