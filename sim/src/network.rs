//! Sockets between clients and the cluster: bytes take their time, come in pieces, and get lost.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use ottla_broker::{Config, Engine, NodeAddress, Output, QuotaEntity, QuotaKey, Reply};
use ottla_core::Instant;
use ottla_core::net::ConnectionId;
use ottla_proto::messages::create_partitions::CreatePartitionsTopic;
use ottla_proto::messages::{CreatePartitionsRequest, DeleteTopicsRequest, ProduceResponse, ResponseHeader};
use ottla_proto::wire::{Message, Reader, Response};
use ottla_proto::{ApiKey, BrokerId};

use crate::attempts::Attempts;
use crate::chance::Chance;
use crate::interfere::{Interference, Verdict};
use crate::log::{self, Log};
use crate::plan::{Fault, NODES, PARTITIONS, Plan, TOPIC};
use crate::queue::{Happening, Queue, SocketId};
use crate::report::{Counts, Violation};
use crate::sequences::Sequences;

/// What a socket holds unless it is slow.
const SOCKET_BYTES: usize = 100_000;
/// From this version of Produce on the client waits out a throttle, and not only the broker (KIP-219).
const THROTTLE_OBEYED_FROM: i16 = 6;

#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) engine: Engine,
    pub(crate) sockets: Vec<Socket>,
    by_engine: BTreeMap<ottla_broker::ConnectionId, SocketId>,
    nodes: BTreeMap<BrokerId, NodeState>,
    pub(crate) usual_latency: Duration,
    /// The client of the reader.
    reader: usize,
    chance: Chance,
    /// By client and node: until when no Produce may begin.
    produce_throttles: BTreeMap<(usize, BrokerId), Instant>,
    /// The latest moment until which a broker reads nothing from somebody.
    pub(crate) last_mute: Instant,
    attempts: Attempts,
    sequences: Sequences,
    /// OffsetCommit requests that have reached a broker, until somebody looks at them.
    pub(crate) commits: Vec<Bytes>,
    /// How many partitions the topic has.
    pub(crate) partitions: i32,
    /// What was in the log of the topic when it was deleted.
    pub(crate) deleted: Option<Log>,
    /// Whether an onlooker saw something that may not be.
    seen: Result<(), Violation>,
}

#[derive(Debug, Default)]
struct NodeState {
    delay: Vec<Duration>,
    silent_until: Instant,
    refusing_until: Instant,
    slow: Vec<usize>,
    interferences: Vec<Interference>,
}

/// One connection with both of its ends.
#[derive(Debug)]
pub(crate) struct Socket {
    pub(crate) client: usize,
    pub(crate) id: ConnectionId,
    pub(crate) node: BrokerId,
    engine: Option<ottla_broker::ConnectionId>,
    /// Whether the client's end is open.
    pub(crate) open: bool,
    /// Whether the network carries anything.
    cut: bool,
    up_at: Instant,
    down_at: Instant,
    /// Taken from the client and not yet read by the broker.
    unread: usize,
    wants_writable: bool,
    inbound: BytesMut,
    /// How many bytes the broker has read.
    read: u64,
    received: BytesMut,
    busy: bool,
    /// What is to become of the answer to the request that is being handled.
    verdict: Verdict,
    muted_until: Instant,
    requests: Requests,
}

/// The client's stream as an onlooker reads it.
#[derive(Debug, Default)]
struct Requests {
    taken: u64,
    /// Where the frame that is under way began, and when.
    began: (u64, Instant),
    head: Vec<u8>,
    left: usize,
    /// The frame that is under way, if it is a Produce.
    produce: Option<BytesMut>,
    sent: BTreeMap<i32, (ApiKey, i16)>,
    /// Bytes up to there were queued before the latest throttle was known.
    queued_before_throttle: u64,
}

impl Network {
    pub(crate) fn new(plan: &Plan, reader: usize, chance: Chance) -> Self {
        let mut engine = Engine::new(cluster());
        let created = create_topic(&mut engine, PARTITIONS);
        debug_assert!(created);
        Self {
            attempts: Attempts::new(plan.leaders_stay()),
            sequences: Sequences::new(plan.leaders_stay()),
            reader,
            ..Self::around(engine, plan.latency, chance)
        }
    }

    /// Between clients that only read and that cluster.
    pub(crate) fn around(engine: Engine, latency: Duration, chance: Chance) -> Self {
        Self {
            engine,
            sockets: Vec::new(),
            by_engine: BTreeMap::new(),
            nodes: (1..=NODES).map(|id| (BrokerId(id), NodeState::default())).collect(),
            usual_latency: latency,
            reader: usize::MAX,
            chance,
            produce_throttles: BTreeMap::new(),
            last_mute: Instant::ZERO,
            attempts: Attempts::new(false),
            commits: Vec::new(),
            sequences: Sequences::new(false),
            partitions: PARTITIONS,
            deleted: None,
            seen: Ok(()),
        }
    }

    /// A client wants a connection to that host.
    pub(crate) fn connect(
        &mut self,
        client: usize,
        id: ConnectionId,
        host: &str,
        queue: &mut Queue,
    ) -> SocketId {
        let node = (1..=NODES).find(|&node| host_of(node) == host).map_or(BrokerId::NONE, BrokerId);
        let socket = SocketId(self.sockets.len());
        self.sockets.push(Socket {
            client,
            id,
            node,
            engine: None,
            open: true,
            cut: false,
            up_at: queue.now,
            down_at: queue.now,
            unread: 0,
            wants_writable: false,
            inbound: BytesMut::new(),
            read: 0,
            received: BytesMut::new(),
            busy: false,
            verdict: Verdict::default(),
            muted_until: Instant::ZERO,
            requests: Requests::default(),
        });
        let at = self.arrival(node, queue.now, queue.now);
        queue.at(at, Happening::Connect(socket));
        socket
    }

    /// Whether the connection came to be.
    pub(crate) fn accept(&mut self, id: SocketId, now: Instant) -> bool {
        let socket = &mut self.sockets[id.0];
        let refuses = self.nodes.get(&socket.node).is_none_or(|node| node.refusing_until > now);
        let accepted = if refuses { None } else { self.engine.connect(socket.node) };
        match accepted {
            Some(engine) => {
                socket.engine = Some(engine);
                self.by_engine.insert(engine, id);
            }
            None => socket.open = false,
        }
        accepted.is_some()
    }

    /// The client's end is closed; the broker notices later. `queued` are the bytes that wait for the client's other
    /// sockets.
    pub(crate) fn close(&mut self, id: SocketId, queued: &BTreeMap<SocketId, u64>, queue: &mut Queue) {
        self.sequences.lost(id, &self.streams(queued));
        let socket = &mut self.sockets[id.0];
        if std::mem::take(&mut socket.open) {
            let at = self.arrival(self.sockets[id.0].node, self.sockets[id.0].up_at, queue.now);
            queue.at(at, Happening::BrokerSeesEnd(id));
        }
    }

    /// The socket takes some of these bytes, perhaps none. It says when it takes more.
    pub(crate) fn write(
        &mut self,
        id: SocketId,
        bytes: &[u8],
        queue: &mut Queue,
        counts: &mut Counts,
    ) -> Result<usize, Violation> {
        let socket = &mut self.sockets[id.0];
        let node = &self.nodes[&socket.node];
        let capacity = node.slow.iter().copied().min().unwrap_or(SOCKET_BYTES);
        let room = capacity.saturating_sub(socket.unread);
        let mut taken = room.min(bytes.len());
        if self.chance.one_in(4) {
            taken = self.chance.size(0, taken);
        }
        if taken < bytes.len() {
            counts.add("partial write");
            socket.wants_writable = true;
            // A full socket has room again when the broker has read, one that only hesitated soon.
            if taken < room {
                queue.after(self.chance.millis(0, 3), Happening::Writable(id));
            }
        }
        let piece = &bytes[..taken];
        let throttle = self.produce_throttles.get(&(socket.client, socket.node)).copied();
        for (began, produce) in socket.requests.observe(piece, queue.now, throttle, socket.node, counts)? {
            self.sequences.sent(id, &produce, began);
        }
        let socket = &mut self.sockets[id.0];
        socket.unread += taken;
        if taken > 0 && !socket.cut {
            let piece = Bytes::copy_from_slice(piece);
            let at = self.arrival(self.sockets[id.0].node, self.sockets[id.0].up_at, queue.now);
            self.sockets[id.0].up_at = at;
            queue.at(at, Happening::ToBroker(id, piece));
        }
        Ok(taken)
    }

    /// Whether somebody waits for this.
    pub(crate) fn writable(&mut self, id: SocketId) -> bool {
        let socket = &mut self.sockets[id.0];
        std::mem::take(&mut socket.wants_writable) && socket.open
    }

    pub(crate) fn reach_broker(
        &mut self,
        id: SocketId,
        bytes: &[u8],
        queue: &mut Queue,
        counts: &mut Counts,
    ) {
        self.sockets[id.0].inbound.extend_from_slice(bytes);
        self.serve(id, queue, counts);
    }

    fn note(&mut self, seen: Result<(), Violation>) {
        self.seen = std::mem::replace(&mut self.seen, Ok(())).and(seen);
    }

    /// What the onlookers saw and should not have.
    pub(crate) fn check(&self) -> Result<(), Violation> {
        self.seen.clone()
    }

    /// The whole frames that have come to the client by now, with what the onlooker knows of them.
    pub(crate) fn reach_client(&mut self, id: SocketId, bytes: &[u8]) -> Vec<Bytes> {
        let socket = &mut self.sockets[id.0];
        if !socket.open {
            return Vec::new();
        }
        socket.received.extend_from_slice(bytes);
        std::iter::from_fn(|| next_frame(&mut socket.received)).collect()
    }

    /// Notes what a Produce answer tells, before the client hears of it. `queued` are the bytes that wait for each
    /// of the client's sockets.
    pub(crate) fn note_answer(
        &mut self,
        id: SocketId,
        frame: &Bytes,
        now: Instant,
        queued: &BTreeMap<SocketId, u64>,
        counts: &mut Counts,
    ) {
        let Socket { client, node, ref mut requests, .. } = self.sockets[id.0];
        let Some(&correlation) = frame.first_chunk::<4>() else { return };
        let Some((api, version)) = requests.sent.remove(&i32::from_be_bytes(correlation)) else { return };
        if api != ApiKey::PRODUCE || version < THROTTLE_OBEYED_FROM {
            return;
        }
        let streams = self.streams(queued);
        self.sequences.answered(id, i32::from_be_bytes(correlation), &streams);
        self.attempts.answer(id, frame, version, &streams);
        let mut reader = Reader::new(frame.clone());
        let read = ResponseHeader::read(&mut reader, ProduceResponse::header_version(version))
            .and_then(|_| ProduceResponse::read(&mut reader, version));
        let Ok(response) = read else { return };
        for error in response.responses.iter().flat_map(|topic| &topic.partition_responses) {
            counts.add(&format!("answer {}", error.error_code));
        }
        if let Ok(millis @ 1..) = u64::try_from(response.throttle_time_ms) {
            counts.add("throttle told");
            if millis > HOUR_MILLIS {
                counts.add("throttle told: hours");
            }
            let until = now + Duration::from_millis(millis);
            let known = self.produce_throttles.entry((client, node)).or_default();
            *known = until.max(*known);
            for (&other, &queued) in queued {
                let other = &mut self.sockets[other.0];
                if other.node == node {
                    other.requests.queued_before_throttle = other.requests.taken + queued;
                }
            }
        }
    }

    pub(crate) fn unmuted(&mut self, id: SocketId, queue: &mut Queue, counts: &mut Counts) {
        self.serve(id, queue, counts);
    }

    pub(crate) fn broker_sees_end(&mut self, id: SocketId) {
        let socket = &mut self.sockets[id.0];
        if let Some(engine) = socket.engine.take() {
            self.by_engine.remove(&engine);
            self.engine.disconnect(engine);
        }
    }

    /// Whether the client's end was open until now.
    pub(crate) fn client_sees_end(&mut self, id: SocketId, queued: &BTreeMap<SocketId, u64>) -> bool {
        self.sequences.lost(id, &self.streams(queued));
        std::mem::take(&mut self.sockets[id.0].open)
    }

    pub(crate) fn handle_timeout(&mut self, queue: &mut Queue, counts: &mut Counts) {
        self.engine.handle_timeout(broker_time(queue.now));
        self.carry(queue, counts);
    }

    /// How far the streams of a client have come, for whose sockets so many bytes are queued.
    fn streams(&self, queued: &BTreeMap<SocketId, u64>) -> BTreeMap<SocketId, u64> {
        let taken = |socket: &SocketId| self.sockets[socket.0].requests.taken;
        queued.iter().map(|(socket, queued)| (*socket, taken(socket) + queued)).collect()
    }

    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.engine.poll_timeout().map(|at| Instant::from_micros(at.as_micros() - EPOCH_MICROS))
    }
}

// Faults.
impl Network {
    pub(crate) fn begin(&mut self, fault: Fault, until: Instant, queue: &mut Queue, counts: &mut Counts) {
        match fault {
            Fault::Delay(node, delay) => self.node(node).delay.push(delay),
            Fault::Silence(node) => {
                let state = self.node(node);
                state.silent_until = state.silent_until.max(until);
            }
            Fault::Cut(node) => self.cut(node, queue, counts),
            Fault::Refuse(node) => {
                let state = self.node(node);
                state.refusing_until = state.refusing_until.max(until);
            }
            Fault::SlowSocket(node, bytes) => self.node(node).slow.push(bytes),
            Fault::MoveLeader(partition, to) => {
                let to = if self.chance.one_in(2) { to } else { BrokerId(to.0 % NODES + 1) };
                self.engine.move_leader(TOPIC, partition, to, broker_time(queue.now));
                self.carry(queue, counts);
            }
            Fault::ProduceQuota(rate) => self.quota(QuotaKey::ProducerByteRate, f64::from(rate)),
            Fault::FetchQuota(rate) => self.quota(QuotaKey::ConsumerByteRate, f64::from(rate)),
            Fault::Interfere(node, interference) => {
                self.interfered(node).for_each(|interferences| interferences.push(interference));
            }
            Fault::Kill(node) => {
                self.engine.kill_node(node, broker_time(queue.now));
                self.carry(queue, counts);
            }
            Fault::Stop(node) => {
                self.engine.stop_node(node, broker_time(queue.now));
                self.carry(queue, counts);
            }
            Fault::Freeze(node) => {
                self.engine.freeze_node(node, broker_time(queue.now));
            }
            Fault::ExpireSession(node) => {
                self.engine.expire_node_session(node, broker_time(queue.now));
                self.carry(queue, counts);
            }
            Fault::Lag(node, lag) => {
                self.engine.set_replication_lag(node, lag, broker_time(queue.now));
            }
            Fault::Recreate(_) => self.delete_topic(queue, counts),
            Fault::Grow(more) => self.grow(more, queue, counts),
            // They are no matter of the network.
            Fault::Suspend(_) | Fault::ClockJump(_) => {}
            Fault::Restart(node, heir) => {
                self.cut(node, queue, counts);
                let state = self.node(node);
                state.refusing_until = state.refusing_until.max(until);
                if heir != node {
                    for partition in (node.0 - 1..PARTITIONS).step_by(2) {
                        self.engine.move_leader(TOPIC, partition, heir, broker_time(queue.now));
                    }
                    self.carry(queue, counts);
                }
            }
        }
    }

    pub(crate) fn end(&mut self, fault: Fault, queue: &mut Queue, counts: &mut Counts) {
        let now = broker_time(queue.now);
        match fault {
            Fault::Delay(node, delay) => remove_one(&mut self.node(node).delay, &delay),
            Fault::SlowSocket(node, bytes) => remove_one(&mut self.node(node).slow, &bytes),
            Fault::ProduceQuota(_) => self.quota(QuotaKey::ProducerByteRate, NO_LIMIT),
            Fault::FetchQuota(_) => self.quota(QuotaKey::ConsumerByteRate, NO_LIMIT),
            Fault::Interfere(node, interference) => {
                self.interfered(node).for_each(|interferences| remove_one(interferences, &interference));
            }
            Fault::Kill(node) | Fault::Stop(node) => {
                self.engine.start_node(node, now);
                self.carry(queue, counts);
            }
            Fault::Freeze(node) => {
                self.engine.thaw_node(node, now);
                self.carry(queue, counts);
            }
            Fault::Lag(node, _) => {
                self.engine.set_replication_lag(node, Some(Duration::ZERO), now);
                self.carry(queue, counts);
            }
            Fault::Recreate(partitions) => {
                // Too few nodes may be there for the replicas.
                if self.partitions == 0 && create_topic(&mut self.engine, partitions) {
                    self.partitions = partitions;
                    counts.add("topic created anew");
                }
            }
            Fault::Grow(_) | Fault::Suspend(_) | Fault::ClockJump(_) | Fault::ExpireSession(_) => {}
            // A cut and a move have no end, and the others have a moment of their own.
            Fault::Cut(_) | Fault::MoveLeader(..) => {}
            Fault::Silence(_) | Fault::Refuse(_) | Fault::Restart(..) => {}
        }
    }

    /// Deletes the topic, if what is in it can be read for the account.
    fn delete_topic(&mut self, queue: &mut Queue, counts: &mut Counts) {
        let Ok(log) = log::read(&mut self.engine, self.partitions, queue.now) else { return };
        let request = DeleteTopicsRequest { topic_names: vec![TOPIC.into()], ..Default::default() };
        let mut others = Vec::new();
        let mut ask = |node| log::ask(&mut self.engine, BrokerId(node), &request, 4, queue.now, &mut others);
        let deleted = (1..=NODES).find_map(&mut ask);
        if deleted.is_some_and(|deleted| deleted.responses.iter().all(|topic| topic.error_code.is_none())) {
            self.deleted = Some(log);
            self.partitions = 0;
            counts.add("topic deleted");
        }
        others.into_iter().for_each(|output| self.deliver(output, queue, counts));
    }

    fn grow(&mut self, more: i32, queue: &mut Queue, counts: &mut Counts) {
        let count = self.partitions + more;
        let topic =
            CreatePartitionsTopic { name: TOPIC.into(), count, assignments: None, ..Default::default() };
        let request = CreatePartitionsRequest { topics: vec![topic], ..Default::default() };
        let mut others = Vec::new();
        let mut ask = |node| log::ask(&mut self.engine, BrokerId(node), &request, 3, queue.now, &mut others);
        let grown = (1..=NODES).find_map(&mut ask);
        if grown.is_some_and(|grown| grown.results.iter().all(|topic| topic.error_code.is_none())) {
            self.partitions = count;
            counts.add("partitions added");
        }
        others.into_iter().for_each(|output| self.deliver(output, queue, counts));
    }

    fn node(&mut self, node: BrokerId) -> &mut NodeState {
        self.nodes.entry(node).or_default()
    }

    /// That node's, or those of all.
    fn interfered(&mut self, node: Option<BrokerId>) -> impl Iterator<Item = &mut Vec<Interference>> {
        let nodes = self.nodes.iter_mut().filter(move |(id, _)| node.is_none_or(|node| node == **id));
        nodes.map(|(_, state)| &mut state.interferences)
    }

    fn quota(&mut self, key: QuotaKey, limit: f64) {
        let taken = self.engine.set_quota(QuotaEntity::client_id(CLIENT_ID), key, limit);
        debug_assert!(taken);
    }

    /// Cuts every connection of the node. Of what is under way a random part still arrives, at either end.
    fn cut(&mut self, node: BrokerId, queue: &mut Queue, counts: &mut Counts) {
        for index in 0..self.sockets.len() {
            let id = SocketId(index);
            let socket = &mut self.sockets[index];
            if socket.node != node || socket.cut || socket.engine.is_none() {
                continue;
            }
            socket.cut = true;
            let mut up = queue.take_bytes(id, true);
            up.truncate(self.chance.size(0, up.len()));
            let mut down = queue.take_bytes(id, false);
            if !down.is_empty() {
                counts.add("cut within an answer");
            }
            down.truncate(self.chance.size(0, down.len()));
            self.sockets[index].inbound.extend_from_slice(&up);
            self.serve(id, queue, counts);
            if !self.sockets[index].inbound.is_empty() {
                counts.add("cut within a request");
            }
            queue.at(queue.now, Happening::ToClient(id, down.into()));
            let (client, broker) = match self.chance.between(0, 2) {
                // The broker may go on with what it has long after the client has given the connection up.
                0 => (Duration::ZERO, self.chance.millis(0, 3_000)),
                1 => (self.chance.millis(0, 500), Duration::ZERO),
                _ => (Duration::ZERO, Duration::ZERO),
            };
            queue.after(client, Happening::ClientSeesEnd(id));
            queue.after(broker, Happening::BrokerSeesEnd(id));
        }
    }
}

// The broker's ends.
impl Network {
    /// Lets the broker read what it may: one request at a time, and nothing while the connection is muted.
    fn serve(&mut self, id: SocketId, queue: &mut Queue, counts: &mut Counts) {
        loop {
            let socket = &mut self.sockets[id.0];
            let Some(engine) = socket.engine else { return };
            if socket.busy || socket.muted_until > queue.now {
                return;
            }
            let Some(frame) = next_frame(&mut socket.inbound) else { return };
            socket.busy = true;
            let began = socket.read;
            socket.read += frame.len() as u64 + 4;
            socket.unread = socket.unread.saturating_sub(frame.len() + 4);
            if socket.wants_writable {
                queue.at(queue.now, Happening::Writable(id));
            }
            let node = socket.node;
            if frame.starts_with(&ApiKey::PRODUCE.0.to_be_bytes()) {
                let seen = self.attempts.request(id, node, &frame, began, counts);
                self.note(seen);
            }
            if frame.starts_with(&ApiKey::OFFSET_COMMIT.0.to_be_bytes()) {
                self.commits.push(frame.clone());
            }
            let mut faults = self.nodes[&node].interferences.clone();
            if self.sockets[id.0].client == self.reader {
                faults.retain(|fault| !fault.ends_a_reader());
            }
            let (verdict, frame) = Verdict::on(frame, &faults, &mut self.chance, counts);
            self.sockets[id.0].verdict = verdict;
            self.engine.handle_frame(engine, frame, broker_time(queue.now));
            self.carry(queue, counts);
        }
    }

    pub(crate) fn carry(&mut self, queue: &mut Queue, counts: &mut Counts) {
        while let Some(output) = self.engine.poll_output() {
            self.deliver(output, queue, counts);
        }
    }

    /// Sends off what a broker has to say.
    pub(crate) fn deliver(&mut self, output: Output, queue: &mut Queue, counts: &mut Counts) {
        let Some(&id) = self.by_engine.get(&output.connection) else { return };
        match output.reply {
            Reply::Answer { frame, muted_until } => {
                let muted_until = Instant::from_micros(muted_until.as_micros() - EPOCH_MICROS);
                let verdict = std::mem::take(&mut self.sockets[id.0].verdict);
                let frame = frame.map(ottla_proto::wire::Segments::into_bytes);
                let (frame, throttle) = match frame {
                    Some(frame) => {
                        if let Some(version) = verdict.version_of(ApiKey::PRODUCE) {
                            let seen = self.sequences.check_answer(id, &frame, version);
                            self.note(seen);
                        }
                        let (frame, throttle) = verdict.answer(frame, &mut self.chance, counts);
                        (Some(frame), throttle)
                    }
                    None => (None, Duration::ZERO),
                };
                let muted_until = muted_until.max(queue.now + throttle);
                queue.after(verdict.delay, Happening::Answered(id, frame, muted_until));
            }
            // An answer that a fault spoils is the last of its connection here.
            reply @ (Reply::Close(_) | Reply::Faulty { .. }) => {
                if let Reply::Faulty { bytes, .. } = reply {
                    self.send_bytes(id, bytes, queue);
                }
                self.by_engine.remove(&output.connection);
                self.sockets[id.0].engine = None;
                self.engine.disconnect(output.connection);
                let at = self.arrival(self.sockets[id.0].node, self.sockets[id.0].down_at, queue.now);
                queue.at(at, Happening::ClientSeesEnd(id));
            }
        }
    }

    /// The broker has answered a request, or done one that has no answer.
    pub(crate) fn answered(
        &mut self,
        id: SocketId,
        frame: Option<Bytes>,
        muted_until: Instant,
        queue: &mut Queue,
    ) {
        self.last_mute = self.last_mute.max(muted_until);
        let socket = &mut self.sockets[id.0];
        if socket.engine.is_none() {
            return;
        }
        socket.busy = false;
        socket.muted_until = muted_until;
        queue.at(muted_until, Happening::Unmuted(id));
        if let Some(frame) = frame {
            self.send_down(id, frame, queue);
        }
    }

    /// An answer in a few pieces.
    fn send_down(&mut self, id: SocketId, frame: Bytes, queue: &mut Queue) {
        if self.sockets[id.0].cut {
            return;
        }
        let length = u32::try_from(frame.len()).unwrap_or(u32::MAX).to_be_bytes();
        let mut bytes = BytesMut::from(&length[..]);
        bytes.extend_from_slice(&frame);
        self.send_bytes(id, bytes.freeze(), queue);
    }

    fn send_bytes(&mut self, id: SocketId, mut bytes: Bytes, queue: &mut Queue) {
        while !bytes.is_empty() {
            let piece = if self.chance.one_in(3) { self.chance.size(1, bytes.len()) } else { bytes.len() };
            let piece = bytes.split_to(piece);
            let at = self.arrival(self.sockets[id.0].node, self.sockets[id.0].down_at, queue.now);
            self.sockets[id.0].down_at = at;
            queue.at(at, Happening::ToClient(id, piece));
        }
    }

    /// When bytes arrive that leave now, behind those that arrive at `last`.
    fn arrival(&mut self, node: BrokerId, last: Instant, now: Instant) -> Instant {
        let usual = self.chance.between(50, 50 + u64::try_from(self.usual_latency.as_micros()).unwrap_or(0));
        let Some(state) = self.nodes.get(&node) else { return now };
        let delay = state.delay.iter().copied().max().unwrap_or_default();
        let delay = self.chance.between(0, u64::try_from(delay.as_micros()).unwrap_or(0));
        let at = now.max(state.silent_until) + Duration::from_micros(usual + delay);
        at.max(last)
    }
}

impl Requests {
    /// Gives each Produce that is whole by now, with the place of its first byte.
    fn observe(
        &mut self,
        mut bytes: &[u8],
        now: Instant,
        throttle: Option<Instant>,
        node: BrokerId,
        counts: &mut Counts,
    ) -> Result<Vec<(u64, Bytes)>, Violation> {
        let mut whole = Vec::new();
        /// Length, API, version, correlation id.
        const HEAD: usize = 12;
        while !bytes.is_empty() {
            if self.left == 0 {
                if self.head.is_empty() {
                    self.began = (self.taken, now);
                }
                let missing = (HEAD - self.head.len()).min(bytes.len());
                self.head.extend_from_slice(&bytes[..missing]);
                self.taken += missing as u64;
                bytes.advance(missing);
                if self.head.len() < HEAD {
                    return Ok(whole);
                }
                self.left = (int(&self.head[..4]) as usize + 4).saturating_sub(HEAD);
                let api = ApiKey(int(&self.head[4..6]) as i16);
                let version = int(&self.head[6..8]) as i16;
                self.sent.insert(int(&self.head[8..12]) as i32, (api, version));
                self.produce = (api == ApiKey::PRODUCE).then(|| BytesMut::from(&self.head[4..]));
                self.head.clear();
                let (offset, at) = self.began;
                if api == ApiKey::PRODUCE {
                    counts.add("produce request");
                    let late = offset >= self.queued_before_throttle;
                    if let Some(until) = throttle.filter(|&until| until > at && late) {
                        return Err(Violation::ThrottleIgnored { node, at, until });
                    }
                }
            }
            let rest = self.left.min(bytes.len());
            self.left -= rest;
            self.taken += rest as u64;
            if let Some(produce) = &mut self.produce {
                produce.extend_from_slice(&bytes[..rest]);
            }
            bytes.advance(rest);
            if self.left == 0
                && let Some(produce) = self.produce.take()
            {
                whole.push((self.began.0, produce.freeze()));
            }
        }
        Ok(whole)
    }
}

const HOUR_MILLIS: u64 = 3_600_000;
pub(crate) const CLIENT_ID: &str = "sim";
/// Kafka takes no quota away by a number, but this one limits nobody.
const NO_LIMIT: f64 = 1e15;
/// The broker's clock is a date: when virtual time begins.
pub(crate) const EPOCH_MICROS: u64 = 1_700_000_000_000_000;

/// Three nodes with Kafka's settings, but for followers that are missed sooner.
pub(crate) fn cluster() -> Config {
    let address = |id| NodeAddress { id: BrokerId(id), host: host_of(id), port: 9092, rack: None };
    let mut config = Config::new((1..=NODES).map(address).collect());
    config.replica_lag_time_max = Duration::from_secs(5);
    config
}

fn create_topic(engine: &mut Engine, partitions: i32) -> bool {
    // With acks=all what is acknowledged outlives any one node.
    let settings = BTreeMap::from([("min.insync.replicas".to_owned(), "2".to_owned())]);
    engine.create_topic(TOPIC, partitions, 3, settings).is_ok()
}

pub(crate) fn broker_time(now: Instant) -> ottla_broker::Instant {
    ottla_broker::Instant::from_micros(EPOCH_MICROS + now.as_micros())
}

pub(crate) fn host_of(node: i32) -> String {
    format!("n{node}")
}

fn int(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum, &byte| sum << 8 | u32::from(byte))
}

fn next_frame(bytes: &mut BytesMut) -> Option<Bytes> {
    let length = int(bytes.first_chunk::<4>()?) as usize;
    if bytes.len() < 4 + length {
        return None;
    }
    bytes.advance(4);
    Some(bytes.split_to(length).freeze())
}

fn remove_one<T: PartialEq>(list: &mut Vec<T>, item: &T) {
    if let Some(place) = list.iter().position(|other| other == item) {
        list.remove(place);
    }
}
