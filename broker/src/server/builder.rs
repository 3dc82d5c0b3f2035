use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ottla_proto::BrokerId;
use parking_lot::Mutex;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use super::clock::Clock;
use super::disk::Folder;
use super::{Cluster, Limits, Shared, State, accept, control, run_timer};
use crate::Instant;
use crate::engine::{Config, Engine, NodeAddress, OpenError, RequestCost, TopicError};
use crate::fault::{Fault, FaultError};
use crate::quota::Windows;
use crate::{GroupSettings, QuotaEntity, QuotaKey, Release, TransactionSettings};

/// Says what a [`Cluster`] is made of.
#[derive(Clone, Debug)]
pub struct Builder {
    nodes: u16,
    host: IpAddr,
    advertised_host: Option<String>,
    port: u16,
    racks: Vec<String>,
    config: Config,
    limits: Limits,
    topics: Vec<(String, i32, BTreeMap<String, String>)>,
    quotas: Vec<(QuotaEntity, QuotaKey, f64)>,
    faults: Vec<Fault>,
    control: Option<u16>,
    data: Option<PathBuf>,
    fsync: bool,
    in_memory: bool,
}

impl Default for Builder {
    fn default() -> Self {
        let limits = Limits { request_bytes: 100 << 20, connections: 16_384, idle: Duration::from_secs(600) };
        Self {
            nodes: 1,
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            advertised_host: None,
            port: 0,
            racks: Vec::new(),
            config: Config { request_cost: None, ..Config::new(Vec::new()) },
            limits,
            topics: Vec::new(),
            quotas: Vec::new(),
            faults: Vec::new(),
            control: None,
            data: None,
            fsync: false,
            in_memory: false,
        }
    }
}

impl Builder {
    /// How many nodes there are, numbered from 1 on; 1 by default.
    #[must_use]
    pub fn nodes(mut self, nodes: u16) -> Self {
        self.nodes = nodes;
        self
    }

    /// The address to listen on, which clients are told unless there is an [advertised host](Self::advertised_host);
    /// 127.0.0.1 by default.
    #[must_use]
    pub fn host(mut self, host: IpAddr) -> Self {
        self.host = host;
        self
    }

    /// The name or address by which clients are to reach the nodes, on the ports on which they listen; by default the
    /// address on which they listen.
    ///
    /// For brokers that listen on all addresses of a container or a machine. [`Cluster::bootstrap`] still names where
    /// the nodes listen. Java: the host of `advertised.listeners`.
    #[must_use]
    pub fn advertised_host(mut self, name: impl Into<String>) -> Self {
        self.advertised_host = Some(name.into());
        self
    }

    /// The first node's port, the others following; by default every node takes a free port.
    #[must_use]
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// The release of Kafka that the cluster acts as: the versions of APIs that it offers, its features, and what else
    /// clients notice, see [`Release`]; the newest by default.
    #[must_use]
    pub fn act_as(mut self, release: Release) -> Self {
        self.config.act_as = release;
        self
    }

    /// Opens no port: the nodes are reached by [`Cluster::connect`] alone.
    ///
    /// Their addresses are still what clients are told, counted from port 1 on if [`port`](Self::port) says
    /// nothing. False by default.
    #[must_use]
    pub fn in_memory(mut self) -> Self {
        self.in_memory = true;
        self
    }

    /// Decides every random choice of the engine, such as topic ids; 0 by default.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.config.seed = seed;
        self
    }

    /// Whether asking for a topic that does not exist creates it (`auto.create.topics.enable`); true by default.
    #[must_use]
    pub fn auto_create_topics(mut self, create: bool) -> Self {
        self.config.auto_create_topics = create;
        self
    }

    /// How many partitions a topic has if nobody says so (`num.partitions`); 1 by default.
    #[must_use]
    pub fn default_partitions(mut self, partitions: i32) -> Self {
        self.config.default_partitions = partitions;
        self
    }

    /// How many replicas a partition has if nobody says so (`default.replication.factor`); 1 by default.
    #[must_use]
    pub fn default_replication_factor(mut self, replicas: i16) -> Self {
        self.config.default_replication_factor = replicas;
        self
    }

    /// The racks of the nodes (`broker.rack`), by rising node id; nodes beyond them have none.
    #[must_use]
    pub fn racks<R: Into<String>>(mut self, racks: impl IntoIterator<Item = R>) -> Self {
        self.racks = racks.into_iter().map(Into::into).collect();
        self
    }

    /// Whether leaders send consumers to a replica in their rack (KIP-392); false by default, as in Kafka.
    #[must_use]
    pub fn rack_aware_replicas(mut self, aware: bool) -> Self {
        self.config.rack_aware_replicas = aware;
        self
    }

    /// How long the controller takes to notice that a node is dead or hangs (`broker.session.timeout.ms`); one
    /// second by default, where Kafka takes nine.
    #[must_use]
    pub fn broker_session_timeout(mut self, timeout: Duration) -> Self {
        self.config.broker_session_timeout = timeout;
        self
    }

    /// How long a follower may lag before it leaves the in-sync replicas (`replica.lag.time.max.ms`); 30 seconds
    /// by default.
    #[must_use]
    pub fn replica_lag_time_max(mut self, lag: Duration) -> Self {
        self.config.replica_lag_time_max = lag;
        self
    }

    /// Keeps everything in this folder, and goes on with what is there; by default everything is kept in memory and
    /// gone at the end.
    ///
    /// What was answered survives the end of the process, however it ends, since it is written before. Only one
    /// cluster at a time may use a folder. Topics that [`topic`](Self::topic) names and that are there stay as they
    /// are. Requests wait while the disk is written. `docs/broker-disk.md` shows the files.
    #[must_use]
    pub fn data(mut self, folder: impl Into<PathBuf>) -> Self {
        self.data = Some(folder.into());
        self
    }

    /// Whether answers wait until the disk says that it will keep what they say even without power; false by default,
    /// as in Kafka. Costs a wait for the disk, in which nothing else is served, for each request that writes.
    #[must_use]
    pub fn fsync(mut self, fsync: bool) -> Self {
        self.fsync = fsync;
        self
    }

    /// How often logs are looked at for records that need not be kept, as long as requests come; five minutes by
    /// default. What `retention.bytes` drops goes at once.
    #[must_use]
    pub fn log_check_interval(mut self, interval: Duration) -> Self {
        self.config.log_check_interval = interval;
        self
    }

    /// How transactions behave; see [`TransactionSettings`].
    #[must_use]
    pub fn transactions(mut self, settings: TransactionSettings) -> Self {
        self.config.transactions = settings;
        self
    }

    /// How client quotas are sampled; 11 windows of one second by default.
    #[must_use]
    pub fn quota_windows(mut self, windows: Windows) -> Self {
        self.config.quota_windows = windows;
        self
    }

    /// How much of a controller mutation quota can be saved up; 11 windows of one second by default.
    #[must_use]
    pub fn controller_quota_windows(mut self, windows: Windows) -> Self {
        self.config.controller_quota_windows = windows;
        self
    }

    /// How groups behave: sessions, intervals and bounds, and how long what they have committed is kept.
    #[must_use]
    pub fn groups(mut self, settings: GroupSettings) -> Self {
        self.config.groups = settings;
        self
    }

    /// What each request counts for against `request_percentage`. By default the cluster measures the time that it
    /// spends on a request, without reading it from and writing it to the socket, and counts it from the client's
    /// next answer on; that is less than a real broker spends, and differs from run to run.
    #[must_use]
    pub fn request_cost(mut self, cost: RequestCost) -> Self {
        self.config.request_cost = Some(cost);
        self
    }

    /// Whether a throttled answer is held back for its throttle time, as brokers before 2.0 do, instead of being
    /// sent at once with the connection muted (KIP-219); false by default.
    #[must_use]
    pub fn delay_throttled_answers(mut self, delay: bool) -> Self {
        self.config.delay_throttled_answers = delay;
        self
    }

    /// The largest request in bytes (`socket.request.max.bytes`); 100 MiB by default. A connection that announces
    /// more is closed.
    #[must_use]
    pub fn max_request_bytes(mut self, bytes: usize) -> Self {
        self.limits.request_bytes = bytes;
        self
    }

    /// How many connections each node holds at once (`max.connections`); 16,384 by default. The next one is taken when
    /// another ends, as in Kafka.
    #[must_use]
    pub fn max_connections(mut self, connections: usize) -> Self {
        self.limits.connections = connections;
        self
    }

    /// How many connections a second each node takes, from whomever (`max.connection.creation.rate`, KIP-612), measured
    /// in the [`quota_windows`](Self::quota_windows); as many as come by default.
    ///
    /// Whoever comes too early waits, for one window at most, and so does everybody behind; nobody is refused. An
    /// address has a quota of its own: [`QuotaKey::ConnectionCreationRate`].
    #[must_use]
    pub fn max_connection_creation_rate(mut self, connections: NonZeroU32) -> Self {
        self.config.max_connection_creation_rate = Some(connections);
        self
    }

    /// How long a client may send nothing, wait for an answer, not take it, or be muted, before its connection is closed
    /// (`connections.max.idle.ms`); 10 minutes by default.
    #[must_use]
    pub fn max_idle(mut self, idle: Duration) -> Self {
        self.limits.idle = idle;
        self
    }

    /// A topic that is there from the start.
    #[must_use]
    pub fn topic(self, name: impl Into<String>, partitions: i32) -> Self {
        self.topic_with(name, partitions, [])
    }

    /// A topic that is there from the start, with settings of its own by Kafka's names.
    #[must_use]
    pub fn topic_with<const N: usize>(
        mut self,
        name: impl Into<String>,
        partitions: i32,
        settings: [(&str, &str); N],
    ) -> Self {
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        self.topics.push((name.into(), partitions, BTreeMap::from(settings)));
        self
    }

    /// A client quota that holds from the start.
    #[must_use]
    pub fn client_quota(mut self, entity: QuotaEntity, key: QuotaKey, limit: f64) -> Self {
        self.quotas.push((entity, key, limit));
        self
    }

    /// Opens a port on 127.0.0.1 over which faults and nodes can be controlled; 0 takes a free one. None by
    /// default.
    ///
    /// It speaks HTTP and JSON: `GET`, `POST` and `DELETE /faults`, `DELETE /faults/NAME`, `GET /firings`,
    /// `GET /nodes`, `POST /nodes/ID/kill` (or `stop`, `start`, `restart`, `freeze`, `thaw`) and `POST /leaders`
    /// with `{"topic": "t", "partition": 0, "leader": 2}`. Whoever can reach it can do all that.
    #[must_use]
    pub fn control_port(mut self, port: u16) -> Self {
        self.control = Some(port);
        self
    }

    /// Something that goes wrong from the start.
    #[must_use]
    pub fn fault(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    /// Starts the cluster on the current tokio runtime. Clients can connect when this returns.
    ///
    /// # Errors
    /// [`StartError`] says what to change.
    ///
    /// # Cancel safety
    /// Dropping the future leaves nothing behind.
    pub async fn start(mut self) -> Result<Cluster, StartError> {
        if self.nodes == 0 {
            return Err(StartError::NoNodes);
        }
        if let Some(name) = self.advertised_host.as_ref().filter(|name| !is_host(name)) {
            return Err(StartError::AdvertisedHost { name: name.clone() });
        }
        if self.in_memory && self.port == 0 {
            self.port = 1;
        }
        let mut listeners = Vec::new();
        for number in 0..self.nodes {
            let port = match self.port {
                0 => 0,
                first => first.checked_add(number).ok_or(StartError::NoPort { first, nodes: self.nodes })?,
            };
            let mut address = SocketAddr::new(self.host, port);
            let mut listener = None;
            if !self.in_memory {
                let bind_error = |source| StartError::Bind { address, source };
                let bound = TcpListener::bind(address).await.map_err(bind_error)?;
                address = bound.local_addr().map_err(bind_error)?;
                listener = Some(bound);
            }
            listeners.push((BrokerId(i32::from(number) + 1), address, listener));
        }
        let mut racks = std::mem::take(&mut self.racks).into_iter();
        let node = |(id, address, _): &(BrokerId, SocketAddr, Option<TcpListener>)| NodeAddress {
            id: *id,
            host: self.advertised_host.clone().unwrap_or_else(|| address.ip().to_string()),
            port: address.port(),
            rack: racks.next(),
        };
        self.config.nodes = listeners.iter().map(node).collect();

        let control = match self.control {
            Some(port) => {
                let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
                Some(control::bind(address).await.map_err(|source| StartError::Bind { address, source })?)
            }
            None => None,
        };
        let clock = Clock::start();
        let mut engine = self.engine(clock.now())?;
        for fault in std::mem::take(&mut self.faults) {
            engine.add_fault(fault, clock.now())?;
        }
        let shared = Shared {
            state: Mutex::new(State { engine, replies: BTreeMap::new(), closures: VecDeque::new() }),
            timer: Notify::new(),
            clock,
            limits: self.limits,
        };
        let shared = Arc::new(shared);
        let (mut addresses, mut doors) = (Vec::new(), Vec::new());
        let mut tasks = JoinSet::new();
        tasks.spawn(run_timer(Arc::clone(&shared)));
        for (id, address, listener) in listeners {
            let (door, knocks) = mpsc::unbounded_channel();
            addresses.push(address);
            doors.push(door);
            tasks.spawn(accept(Arc::clone(&shared), id, listener, knocks));
        }
        let control = control.map(|(listener, address)| {
            tasks.spawn(control::run(Arc::clone(&shared), listener));
            address
        });
        Ok(Cluster { shared, addresses, doors, control, tasks })
    }

    fn engine(&self, now: Instant) -> Result<Engine, StartError> {
        let mut engine = match &self.data {
            None => Engine::new(self.config.clone()),
            Some(folder) => {
                let opened = Folder::open(folder).map_err(OpenError::from);
                let opened = opened
                    .and_then(|disk| Engine::open(self.config.clone(), Arc::new(disk), self.fsync, now));
                opened.map_err(|source| StartError::Data { folder: folder.clone(), source })?
            }
        };
        for (name, partitions, settings) in &self.topics {
            if engine.has_topic(name) {
                continue;
            }
            let created = engine.create_topic(name, *partitions, -1, settings.clone());
            created.map_err(|source| StartError::Topic { name: name.clone(), source })?;
        }
        for (entity, key, limit) in &self.quotas {
            if !engine.set_quota(entity.clone(), *key, *limit) {
                return Err(StartError::Quota { key: key.name(), limit: *limit });
            }
        }
        Ok(engine)
    }
}

/// What a client could look up: a name as long as names can be, or an address.
fn is_host(name: &str) -> bool {
    const LONGEST: usize = 253;
    let in_names = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    name.parse::<IpAddr>().is_ok() || ((1..=LONGEST).contains(&name.len()) && name.bytes().all(in_names))
}

/// Why a [`Cluster`] did not start.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// A cluster needs one node at least.
    #[error("a cluster needs one node at least")]
    NoNodes,
    /// The advertised host is no name of a host.
    #[error(
        "{name:?} is no host that clients could look up: write a name or an address alone, without a port"
    )]
    AdvertisedHost {
        /// What was to be advertised.
        name: String,
    },
    /// There are fewer ports than nodes from the first port on.
    #[error("{nodes} nodes do not fit between port {first} and 65535")]
    NoPort {
        /// The first node's port.
        first: u16,
        /// How many nodes there should be.
        nodes: u16,
    },
    /// The address is taken, or not ours.
    #[error("cannot listen on {address}; another program may be using it: {source}")]
    Bind {
        /// Where a node should have listened.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// A topic is not acceptable.
    #[error("topic {name}: {source}")]
    Topic {
        /// Its name.
        name: String,
        /// What is wrong with it.
        source: TopicError,
    },
    /// The folder of the data cannot be used.
    #[error("cannot use the data in {}: {source}", folder.display())]
    Data {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        source: OpenError,
    },
    /// A fault makes no sense.
    #[error(transparent)]
    Fault(#[from] FaultError),
    /// A quota is not above zero, not whole although it counts bytes or connections, or of a kind that its entity
    /// cannot have.
    #[error(
        "a quota of {limit} for {key} is impossible: it must be above zero, whole if it counts bytes or connections, \
         and only an address has a connection_creation_rate"
    )]
    Quota {
        /// What it limits, as Kafka calls it.
        key: &'static str,
        /// The limit.
        limit: f64,
    },
}
