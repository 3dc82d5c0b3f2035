//! One core and the shell that drives it, as the real one does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};

use ottla_core::net::{ConnectFailure, ConnectionId, DisconnectCause, Host};
use ottla_core::producer::CompressionContext;
use ottla_core::{Command, Core, Event, Instant, Park};

use crate::chance::Chance;
use crate::network::{Network, Socket, host_of};
use crate::queue::{Happening, Queue, SocketId};
use crate::report::{Counts, Violation};

/// One moment's share of what the network does with clients and nodes; gives back what is no matter of it.
pub(crate) fn carry(
    happening: Happening,
    clients: &mut [Client],
    network: &mut Network,
    queue: &mut Queue,
    counts: &mut Counts,
) -> Option<Happening> {
    let now = queue.now;
    match happening {
        Happening::Connect(socket) => connect(socket, clients, network, now, counts),
        Happening::ToBroker(socket, bytes) => network.reach_broker(socket, &bytes, queue, counts),
        Happening::Answered(socket, frame, muted_until) => {
            network.answered(socket, frame, muted_until, queue)
        }
        Happening::ToClient(socket, bytes) => {
            let frames = network.reach_client(socket, &bytes);
            let client = &mut clients[network.sockets[socket.0].client];
            client.has_input = true;
            for frame in frames {
                let queued = client.queued();
                network.note_answer(socket, &frame, now, &queued, counts);
                client.core.handle_frame(network.sockets[socket.0].id, frame, now);
            }
        }
        Happening::BrokerSeesEnd(socket) => network.broker_sees_end(socket),
        Happening::ClientSeesEnd(socket) => {
            let client = &mut clients[network.sockets[socket.0].client];
            if network.client_sees_end(socket, &client.queued()) {
                let id = network.sockets[socket.0].id;
                client.has_input = true;
                client.disconnected(id);
                client.core.handle_disconnected(id, DisconnectCause::Closed, now);
            }
        }
        Happening::Unmuted(socket) => network.unmuted(socket, queue, counts),
        Happening::Writable(socket) => {
            if network.writable(socket) {
                clients[network.sockets[socket.0].client].has_input = true;
            }
        }
        Happening::Compressed(client, compressed) => {
            clients[client].core.handle_compressed(*compressed, now);
            clients[client].has_input = true;
        }
        other => return Some(other),
    }
    None
}

fn connect(
    socket: SocketId,
    clients: &mut [Client],
    network: &mut Network,
    now: Instant,
    counts: &mut Counts,
) {
    if !network.sockets[socket.0].open {
        return;
    }
    let accepted = network.accept(socket, now);
    let Socket { client, id, node, .. } = network.sockets[socket.0];
    let client = &mut clients[client];
    client.has_input = true;
    if accepted {
        client.core.handle_connected(id, now);
    } else {
        client.disconnected(id);
        let failure = ConnectFailure::Addresses { host: host(node.0), attempts: Vec::new() };
        client.core.handle_connect_failed(id, failure, now);
        counts.add("connect refused");
    }
}

pub(crate) fn host(node: i32) -> Host {
    Host { name: host_of(node).into(), port: 9092 }
}

/// How often in a turn the core may act on what the sockets took.
const ROUNDS: usize = 4;
/// More turns than this at one moment lead nowhere: each record that waited may cost a few.
const TURNS_AT_ONCE: u32 = 1_500;
/// More turns than this in a second are no sleep.
const TURNS_PER_SECOND: u32 = 5_000;

pub(crate) struct Client {
    pub(crate) core: Core,
    index: usize,
    pub(crate) flag: Arc<Flag>,
    waker: Waker,
    pub(crate) sleeps_until: Option<Instant>,
    /// Until then it does nothing at all, whatever happens.
    pub(crate) suspended_until: Instant,
    /// The network brought something.
    pub(crate) has_input: bool,
    sockets: BTreeMap<ConnectionId, SocketId>,
    compression: CompressionContext,
    chance: Chance,
    turns: Turns,
    /// By producer and partition, when the driver must know of what was accepted since its last turn.
    pub(crate) look_by: BTreeMap<(usize, i32), Instant>,
    /// What the core told of groups and positions, and its programs have not taken yet.
    pub(crate) told: Vec<Event>,
}

#[derive(Default)]
struct Turns {
    at: Instant,
    at_once: u32,
    second: u64,
    in_second: u32,
}

/// Whether somebody was woken.
#[derive(Debug, Default)]
pub(crate) struct Flag(AtomicBool);

impl Flag {
    pub(crate) fn raised() -> Arc<Self> {
        Arc::new(Self(AtomicBool::new(true)))
    }

    pub(crate) fn is_up(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Client {
    pub(crate) fn new(index: usize, core: Core, chance: Chance) -> Self {
        let flag = Flag::raised();
        let waker = Waker::from(Arc::clone(&flag));
        let mut client = Self {
            core,
            index,
            flag,
            waker,
            sleeps_until: None,
            suspended_until: Instant::ZERO,
            has_input: false,
            sockets: BTreeMap::new(),
            compression: CompressionContext::default(),
            chance,
            turns: Turns::default(),
            look_by: BTreeMap::new(),
            told: Vec::new(),
        };
        client.core.set_waker(&client.waker);
        client
    }

    pub(crate) fn wants_turn(&self, now: Instant) -> bool {
        let wanted = self.has_input || self.flag.is_up() || self.sleeps_until.is_some_and(|at| at <= now);
        wanted && self.suspended_until <= now
    }

    /// When it acts by itself.
    pub(crate) fn wakes_at(&self) -> Option<Instant> {
        self.sleeps_until.map(|at| at.max(self.suspended_until))
    }

    /// Turns until the core sleeps.
    pub(crate) fn turn(
        &mut self,
        network: &mut Network,
        queue: &mut Queue,
        counts: &mut Counts,
    ) -> Result<(), Violation> {
        loop {
            self.count_turn(queue.now)?;
            self.flag.take();
            self.core.set_waker(&self.waker);
            self.has_input = false;
            self.look_by.clear();
            let mut more = true;
            for _ in 0..ROUNDS {
                self.core.step(queue.now);
                self.obey(network, queue);
                more = self.write(network, queue, counts)?;
                if !more {
                    break;
                }
            }
            while let Some(event) = self.core.poll_event() {
                match event {
                    Event::ThrottleBegan(_) | Event::ThrottleExtended(_) => counts.add("event throttled"),
                    Event::ThrottleEnded(_) => counts.add("event throttle ended"),
                    Event::Disconnected { .. } => counts.add("event disconnected"),
                    Event::CommitDone { .. } | Event::GroupLeft { .. } | Event::PositionReset { .. } => {
                        self.told.push(event);
                    }
                    _ => {}
                }
            }
            match self.core.park() {
                Park::Until(until) if !more => {
                    self.sleeps_until = until;
                    if until.is_some_and(|until| until <= queue.now) {
                        continue;
                    }
                    return Ok(());
                }
                Park::Until(_) | Park::Again => {}
            }
        }
    }

    /// The bytes that wait for each of the sockets.
    pub(crate) fn queued(&self) -> BTreeMap<SocketId, u64> {
        let queued = |id| self.core.transmit(id).map(|piece| piece.len() as u64).sum();
        self.sockets.iter().map(|(&id, &socket)| (socket, queued(id))).collect()
    }

    /// Its process ends: it does nothing any more, and the system closes its sockets.
    pub(crate) fn die(&mut self, network: &mut Network, queue: &mut Queue) {
        for socket in std::mem::take(&mut self.sockets).into_values() {
            network.close(socket, &BTreeMap::new(), queue);
        }
        self.sleeps_until = None;
        self.suspended_until = Instant::from_micros(u64::MAX);
    }

    pub(crate) fn disconnected(&mut self, id: ConnectionId) {
        self.sockets.remove(&id);
    }

    fn count_turn(&mut self, now: Instant) -> Result<(), Violation> {
        let Turns { at, at_once, second, in_second } = &mut self.turns;
        let this_second = now.as_micros() / 1_000_000;
        if *at != now {
            (*at, *at_once) = (now, 0);
        }
        if *second != this_second {
            (*second, *in_second) = (this_second, 0);
        }
        *at_once += 1;
        *in_second += 1;
        if *at_once > TURNS_AT_ONCE || *in_second > TURNS_PER_SECOND {
            return Err(Violation::Spins { client: self.index, at: now, turns: *in_second });
        }
        Ok(())
    }

    fn obey(&mut self, network: &mut Network, queue: &mut Queue) {
        while let Some(command) = self.core.poll_command() {
            match command {
                Command::Connect { id, host, .. } => {
                    let socket = network.connect(self.index, id, &host.name, queue);
                    self.sockets.insert(id, socket);
                }
                Command::Close { id } => {
                    if let Some(socket) = self.sockets.remove(&id) {
                        network.close(socket, &self.queued(), queue);
                    }
                }
                Command::Compress(job) => {
                    let compressed = job.run(&mut self.compression);
                    let delay = self.chance.millis(0, 5);
                    queue.after(delay, Happening::Compressed(self.index, Box::new(compressed)));
                }
            }
        }
    }

    /// Whether a socket took anything.
    fn write(
        &mut self,
        network: &mut Network,
        queue: &mut Queue,
        counts: &mut Counts,
    ) -> Result<bool, Violation> {
        let ready: Vec<_> = self.core.connections_with_output().collect();
        let mut changed = false;
        for id in ready {
            let Some(&socket) = self.sockets.get(&id) else { continue };
            let offered = self.core.transmit(id).fold(Vec::new(), |mut offered, piece| {
                offered.extend_from_slice(piece);
                offered
            });
            let taken = network.write(socket, &offered, queue, counts)?;
            if taken > 0 {
                self.core.handle_written(id, taken, queue.now);
                changed = true;
            }
        }
        Ok(changed)
    }
}
