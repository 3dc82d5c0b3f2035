//! The engine behind TCP or pipes in memory: one task per connection, one for the timer, no decision of its own.

mod builder;
mod clock;
mod connection;
mod control;
mod disk;
mod frame;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ottla_proto::BrokerId;
use parking_lot::Mutex;
use tokio::io::DuplexStream;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::JoinSet;

pub use builder::{Builder, StartError};

use crate::engine::{ConnectionId, Engine, Reply, Stats, TopicError};
use crate::fault::{Fault, FaultError, FaultState, Firing};
use crate::{Instant, QuotaEntity, QuotaKey, StorageEvent};
use clock::Clock;

/// A running Kafka cluster on this machine.
///
/// Any client in any language can use it at [`bootstrap`](Self::bootstrap). Starting takes about a millisecond.
/// Records stay until their topic is deleted or retention drops them; in memory, or in the folder that
/// [`Builder::data`] names.
///
/// Dropping it stops everything at once, as SIGKILL does: connections are cut, ports are free, records in memory are
/// gone. A cluster with a folder starts faster after [`shut_down`](Self::shut_down).
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// use ottla_broker::{Cluster, QuotaEntity, QuotaKey};
///
/// let cluster = Cluster::builder()
///     .topic("orders", 6)
///     .client_quota(QuotaEntity::client_id("eager"), QuotaKey::ProducerByteRate, 1_000_000.0)
///     .start()
///     .await?;
/// println!("a Kafka is at {}", cluster.bootstrap());
/// # Ok::<(), ottla_broker::StartError>(()) }).unwrap();
/// ```
pub struct Cluster {
    shared: Arc<Shared>,
    addresses: Vec<SocketAddr>,
    /// Where each node takes connections that are made in memory.
    doors: Vec<mpsc::UnboundedSender<DuplexStream>>,
    control: Option<SocketAddr>,
    /// Dropping it ends the tasks.
    tasks: JoinSet<()>,
}

impl Cluster {
    /// A cluster of one node with Kafka's defaults, on a free port of 127.0.0.1.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// What a client takes as `bootstrap.servers`: all nodes, separated by commas.
    #[must_use]
    pub fn bootstrap(&self) -> String {
        let addresses: Vec<String> = self.addresses.iter().map(SocketAddr::to_string).collect();
        addresses.join(",")
    }

    /// Where the nodes listen, by rising node id from 1 on.
    #[must_use]
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Connects to the node of this address without a socket: what is written here the node reads, and the other
    /// way round. Nodes that listen on TCP take such connections, too, under the same limits.
    ///
    /// Everything then depends on tokio's clock alone. With [`Builder::in_memory`] and a clock that stands still
    /// (`#[tokio::test(start_paused = true)]`) throttles, time-outs and elections take no real time. Each direction
    /// holds at most 64 KiB that the other end has not read.
    ///
    /// # Errors
    /// [`ConnectionRefused`](io::ErrorKind::ConnectionRefused) if no node has the address. A node that is stopped
    /// takes the connection and ends it.
    pub fn connect(&self, address: SocketAddr) -> io::Result<DuplexStream> {
        const HELD: usize = 64 * 1024;
        let nodes = self.addresses.iter().zip(&self.doors);
        let door = nodes.filter(|(node, _)| **node == address).map(|(_, door)| door).next();
        let (ours, theirs) = tokio::io::duplex(HELD);
        match door.map(|door| door.send(theirs)) {
            Some(Ok(())) => Ok(ours),
            _ => Err(io::Error::new(
                io::ErrorKind::ConnectionRefused,
                format!("no node has address {address}"),
            )),
        }
    }

    /// Where the control port listens, if the cluster was built with one; see [`Builder::control_port`].
    #[must_use]
    pub fn control_address(&self) -> Option<SocketAddr> {
        self.control
    }

    /// What was asked of the cluster so far, and whom it throttled. Costs a copy of the counters.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.state.lock().engine.stats().clone()
    }

    /// The last connections that the broker closed because of an error, oldest first, at most 100.
    #[must_use]
    pub fn closures(&self) -> Vec<Closure> {
        self.shared.state.lock().closures.iter().cloned().collect()
    }

    /// Creates a topic; `partitions` may be -1 for the cluster's default.
    ///
    /// # Errors
    /// As Kafka's CreateTopics: the name or the number is not acceptable, or the topic exists.
    pub fn create_topic(&self, name: &str, partitions: i32) -> Result<(), TopicError> {
        self.shared.step(|engine, _| engine.create_topic(name, partitions, -1, BTreeMap::new()))
    }

    /// Sets a client quota; it counts from the next request on.
    ///
    /// Returns whether it is one that Kafka would take; see [`Engine::set_quota`].
    pub fn set_client_quota(&self, entity: QuotaEntity, key: QuotaKey, limit: f64) -> bool {
        self.shared.step(|engine, _| engine.set_quota(entity, key, limit))
    }

    /// Makes `leader`, which must be an in-sync replica, the leader of a partition under a new leader epoch.
    ///
    /// Returns whether there is such a partition and `leader` is in sync and alive.
    pub fn move_leader(&self, topic: &str, partition: i32, leader: BrokerId) -> bool {
        self.shared.step(|engine, now| engine.move_leader(topic, partition, leader, now))
    }

    /// Ends a node at once, as SIGKILL does; see [`Engine::kill_node`]. Its port stays taken: clients that connect
    /// are cut off at once.
    pub fn kill_node(&self, node: BrokerId) -> bool {
        self.shared.step(|engine, now| engine.kill_node(node, now))
    }

    /// Ends a node in order; see [`Engine::stop_node`].
    pub fn stop_node(&self, node: BrokerId) -> bool {
        self.shared.step(|engine, now| engine.stop_node(node, now))
    }

    /// Starts a node that was stopped, with the logs that it had; see [`Engine::start_node`].
    pub fn start_node(&self, node: BrokerId) -> bool {
        self.shared.step(|engine, now| engine.start_node(node, now))
    }

    /// Lets a node hang, as SIGSTOP does; see [`Engine::freeze_node`].
    pub fn freeze_node(&self, node: BrokerId) -> bool {
        self.shared.step(|engine, now| engine.freeze_node(node, now))
    }

    /// Lets a frozen node go on; see [`Engine::thaw_node`].
    pub fn thaw_node(&self, node: BrokerId) -> bool {
        self.shared.step(|engine, now| engine.thaw_node(node, now))
    }

    /// Lets something go wrong from now on; see [`fault`](crate::fault). Returns the fault's name.
    ///
    /// # Errors
    /// [`FaultError`] if the fault makes no sense, or there are too many.
    pub fn add_fault(&self, fault: Fault) -> Result<String, FaultError> {
        self.shared.step(|engine, now| engine.add_fault(fault, now))
    }

    /// Takes a fault away. What it did stays done. Returns whether there was one of this name.
    pub fn remove_fault(&self, name: &str) -> bool {
        self.shared.step(|engine, _| engine.remove_fault(name))
    }

    /// Takes all faults away.
    pub fn clear_faults(&self) {
        self.shared.step(|engine, _| engine.clear_faults());
    }

    /// Every fault, and how often it happened.
    #[must_use]
    pub fn faults(&self) -> Vec<FaultState> {
        self.shared.state.lock().engine.faults()
    }

    /// What faults did since this was last called, oldest first; at most the last 10,000 of it.
    #[must_use]
    pub fn take_firings(&self) -> Vec<Firing> {
        self.shared.state.lock().engine.take_firings()
    }

    /// What happened to the disk since this was last called, oldest first, at most the last 1,000 of it: files that
    /// were cut off where they were not whole, writes that failed.
    #[must_use]
    pub fn take_storage_events(&self) -> Vec<StorageEvent> {
        self.shared.state.lock().engine.take_storage_events()
    }

    /// Ends the cluster in order: connections are cut, and the disk learns where each log ends, so that the next
    /// start need not read them. Returns what went wrong with the disk and was not told yet.
    ///
    /// Waits for the disk, in which time the calling thread does nothing else.
    ///
    /// # Cancel safety
    /// If the future is dropped, the cluster has ended as if it had been dropped. Nothing is lost.
    pub async fn shut_down(mut self) -> Vec<StorageEvent> {
        self.tasks.shutdown().await;
        let engine = &mut self.shared.state.lock().engine;
        engine.shut_down();
        engine.take_storage_events()
    }

    /// How long after their leaders the replicas on a node have a record; see [`Engine::set_replication_lag`].
    pub fn set_replication_lag(&self, node: BrokerId, lag: Option<Duration>) -> bool {
        self.shared.step(|engine, now| engine.set_replication_lag(node, lag, now))
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

/// A connection that the broker closed, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Closure {
    /// The client's end; `None` if it connected in memory.
    pub peer: Option<SocketAddr>,
    /// What was wrong.
    pub reason: String,
}

/// What connections may cost.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// The largest request in bytes (`socket.request.max.bytes`).
    request_bytes: usize,
    /// How many connections a node holds at once (`max.connections`).
    connections: usize,
    /// How long no byte may go either way (`connections.max.idle.ms`).
    idle: Duration,
}

/// What all tasks share.
struct Shared {
    state: Mutex<State>,
    /// Rings when the engine's next timeout has come nearer.
    timer: Notify,
    clock: Clock,
    limits: Limits,
}

struct State {
    engine: Engine,
    /// Where the replies of each connection go: at most the answer to its one request, and that it is closed.
    replies: BTreeMap<ConnectionId, mpsc::Sender<Reply>>,
    closures: VecDeque<Closure>,
}

impl Shared {
    /// Lets the engine do something and hands its outputs to their connections.
    fn step<T>(&self, act: impl FnOnce(&mut Engine, Instant) -> T) -> T {
        let mut state = self.state.lock();
        let State { engine, replies, .. } = &mut *state;
        let before = engine.poll_timeout();
        // Read under the lock, so that the engine's time never runs backwards.
        let result = act(engine, self.clock.now());
        while let Some(output) = engine.poll_output() {
            if let Some(slot) = replies.get(&output.connection) {
                // A connection that does not listen any more is about to say that it is gone.
                drop(slot.try_send(output.reply));
            }
        }
        let nearer = match (engine.poll_timeout(), before) {
            (Some(now), Some(before)) => now < before,
            (now, _) => now.is_some(),
        };
        if nearer {
            self.timer.notify_one();
        }
        result
    }

    fn connect(&self, node: BrokerId) -> Option<(ConnectionId, mpsc::Receiver<Reply>)> {
        let mut state = self.state.lock();
        let connection = state.engine.connect(node)?;
        let (slot, replies) = mpsc::channel(2);
        state.replies.insert(connection, slot);
        Some((connection, replies))
    }

    fn disconnect(&self, connection: ConnectionId) {
        let mut state = self.state.lock();
        state.engine.disconnect(connection);
        state.replies.remove(&connection);
    }

    fn note_closure(&self, closure: Closure) {
        const NOTED: usize = 100;
        let mut state = self.state.lock();
        if state.closures.len() == NOTED {
            state.closures.pop_front();
        }
        state.closures.push_back(closure);
    }
}

/// Wakes the engine when a timeout is due.
async fn run_timer(shared: Arc<Shared>) {
    loop {
        let due = shared.state.lock().engine.poll_timeout();
        let sleep = async {
            match due {
                Some(due) => tokio::time::sleep_until(shared.clock.at(due)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = shared.timer.notified() => {}
            () = sleep => shared.step(Engine::handle_timeout),
        }
    }
}

/// Takes the connections of one node, over TCP if it listens, and in memory. They end with this task.
async fn accept(
    shared: Arc<Shared>,
    node: BrokerId,
    listener: Option<TcpListener>,
    mut door: mpsc::UnboundedReceiver<DuplexStream>,
) {
    const AFTER_FAILURE: Duration = Duration::from_millis(50);
    let places = Arc::new(Semaphore::new(shared.limits.connections));
    let mut connections = JoinSet::new();
    // Whoever comes before there is time and room waits, and all the others behind.
    let place = async || {
        let early = shared.step(|engine, now| engine.take_connection(node, now));
        if !early.is_zero() {
            tokio::time::sleep(early).await;
        }
        Arc::clone(&places).acquire_owned().await.ok()
    };
    loop {
        tokio::select! {
            accepted = accept_tcp(listener.as_ref()) => match accepted {
                Ok((stream, peer)) => if let Some(place) = place().await {
                    connections.spawn(connection::run(Arc::clone(&shared), node, stream, Some(peer), place));
                },
                // Out of file descriptors, most likely; trying again at once would only spin.
                Err(_) => tokio::time::sleep(AFTER_FAILURE).await,
            },
            Some(stream) = door.recv() => if let Some(place) = place().await {
                connections.spawn(connection::run(Arc::clone(&shared), node, stream, None, place));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn accept_tcp(listener: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    let Some(listener) = listener else { return std::future::pending().await };
    let (stream, peer) = listener.accept().await?;
    // Answers are written whole; waiting for more to fill a packet would only delay them.
    stream.set_nodelay(true)?;
    Ok((stream, peer))
}
