use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::artifacts::tail;
use crate::configuration::Plan;
use crate::ports::{self, Lease};
use crate::process::{self, Lifetime, Server};
use crate::readiness::{self, Membership};
use crate::state::State;
use crate::{Artifacts, Error, Version, class_archive};

/// How long a node may take from its start to its first useful answer. An idle machine needs 2 to 6 s.
const START_LIMIT: Duration = Duration::from_secs(120);

/// What to start. The default is one node of the newest release with a 512 MiB heap.
#[derive(Clone, Debug)]
pub struct Options {
    version: Version,
    nodes: usize,
    settings: Vec<(String, String)>,
    advertised_ports: Vec<u16>,
    heap_mebibytes: u32,
    detached: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            version: Version::default(),
            nodes: 1,
            settings: Vec::new(),
            advertised_ports: Vec::new(),
            heap_mebibytes: 512,
            detached: None,
        }
    }
}

impl Options {
    /// One node of the newest release.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The release to run; [`Version::V4_4_0`] by default.
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// How many nodes, at least one. With KRaft each is broker and controller; ZooKeeper is one more process.
    #[must_use]
    pub fn nodes(mut self, nodes: usize) -> Self {
        self.nodes = nodes.max(1);
        self
    }

    /// A broker property for every node, such as `message.max.bytes`; it wins over the harness's own.
    #[must_use]
    pub fn set(mut self, key: impl Into<String>, value: impl ToString) -> Self {
        self.settings.push((key.into(), value.to_string()));
        self
    }

    /// The ports at which clients are told to find the nodes, instead of the nodes' own: those of proxies on this
    /// machine, one for each node. The nodes themselves go on to talk to each other directly.
    #[must_use]
    pub fn advertise(mut self, ports: impl IntoIterator<Item = u16>) -> Self {
        self.advertised_ports = ports.into_iter().collect();
        self
    }

    /// The largest heap of each node in MiB; 512 by default.
    #[must_use]
    pub fn heap_mebibytes(mut self, heap: u32) -> Self {
        self.heap_mebibytes = heap;
        self
    }

    /// Keeps data, logs and state in `folder` and lets the cluster outlive this process;
    /// [`Cluster::attach`] finds it again, [`Cluster::stop`] ends it.
    #[must_use]
    pub fn detached(mut self, folder: impl Into<PathBuf>) -> Self {
        self.detached = Some(folder.into());
        self
    }
}

/// A running cluster. Dropping it kills every process and removes its data, unless it was started
/// [detached](Options::detached).
#[derive(Debug)]
pub struct Cluster {
    version: Version,
    heap_mebibytes: u32,
    /// The arguments of every Java process, up to its main class.
    java: Vec<String>,
    folder: PathBuf,
    lifetime: Lifetime,
    zookeeper: Option<Service>,
    nodes: Vec<Service>,
    /// Held for as long as an owned cluster lives: ports that nobody else takes, and the mark of its folder.
    _leases: Vec<Lease>,
    _mark: Option<File>,
}

impl Cluster {
    /// Fetches Kafka if needed, formats the storage, starts all nodes and waits until every node answers and
    /// knows every other. Takes some seconds, and once per machine and release the download.
    ///
    /// # Errors
    /// [`Error::is_unavailable`] tells a machine that cannot run Kafka from a Kafka that did not start.
    pub fn start(options: Options) -> Result<Cluster, Error> {
        // First the jars: a machine that cannot have them is told so before anything is tried.
        Artifacts::Broker(options.version).class_path()?;
        let java = class_archive::options(options.version)?;
        Cluster::start_with(options, java)
    }

    pub(crate) fn start_with(options: Options, extra: Vec<String>) -> Result<Cluster, Error> {
        let java = java(options.version, options.heap_mebibytes, extra)?;
        let (folder, lifetime, mark) = match &options.detached {
            None => {
                let (folder, mark) = owned_folder()?;
                (folder, Lifetime::Owned, Some(mark))
            }
            Some(folder) => (detached_folder(folder)?, Lifetime::Detached, None),
        };
        let control_count = if options.version.uses_zookeeper() { 1 } else { options.nodes };
        let replication_count = options.advertised_ports.len();
        let leases = ports::lease(options.nodes + control_count + replication_count)?;
        let ports: Vec<u16> = leases.iter().map(|lease| lease.port).collect();
        let (client_ports, other_ports) = ports.split_at(options.nodes);
        let (control_ports, replication_ports) = other_ports.split_at(control_count);
        let plan = Plan {
            version: options.version,
            client_ports,
            control_ports,
            advertised_ports: &options.advertised_ports,
            replication_ports,
            settings: &options.settings,
        };

        let mut nodes = Vec::with_capacity(options.nodes);
        for (node, port) in (1..).zip(client_ports) {
            let service = Service::node(&folder, node, *port);
            let text = plan.node(node, &folder.join(format!("node-{node}")));
            fs::write(&service.configuration, text).map_err(Error::path("write", &service.configuration))?;
            nodes.push(service);
        }
        let zookeeper = match control_ports {
            [port, ..] if options.version.uses_zookeeper() => {
                let service = Service::zookeeper(&folder, *port);
                fs::write(&service.configuration, plan.zookeeper(&folder.join("zookeeper")))
                    .map_err(Error::path("write", &service.configuration))?;
                Some(service)
            }
            _ => None,
        };
        let mut cluster = Cluster {
            version: options.version,
            heap_mebibytes: options.heap_mebibytes,
            java,
            folder,
            lifetime,
            zookeeper,
            nodes,
            _leases: leases,
            _mark: mark,
        };
        let started = cluster.remember().and_then(|()| cluster.launch());
        if started.is_err() && lifetime == Lifetime::Detached {
            // The caller gets no value whose processes it could stop. Data and logs stay to be read.
            cluster.kill_all();
        }
        started.map(|()| cluster)
    }

    /// Finds the cluster that an earlier process started [detached](Options::detached) in `folder`.
    ///
    /// # Errors
    /// [`Error::NoCluster`] when there is none.
    pub fn attach(folder: impl AsRef<Path>) -> Result<Cluster, Error> {
        let folder = folder.as_ref();
        let missing = || Error::NoCluster(folder.display().to_string());
        let folder = folder.canonicalize().map_err(|_| missing())?;
        let state = State::read(&folder).ok_or_else(missing)?;
        let java = java(state.version, state.heap_mebibytes, class_archive::options(state.version)?)?;
        let zookeeper = state.zookeeper.map(|process| {
            let mut service = Service::zookeeper(&folder, process.port);
            service.attach(process.pid);
            service
        });
        let nodes = (1..)
            .zip(state.nodes)
            .map(|(node, process)| {
                let mut service = Service::node(&folder, node, process.port);
                service.attach(process.pid);
                service
            })
            .collect();
        Ok(Cluster {
            version: state.version,
            heap_mebibytes: state.heap_mebibytes,
            java,
            folder,
            lifetime: Lifetime::Detached,
            zookeeper,
            nodes,
            _leases: Vec::new(),
            _mark: None,
        })
    }

    /// The addresses of all nodes, separated by commas.
    #[must_use]
    pub fn bootstrap(&self) -> String {
        let addresses: Vec<String> = self.nodes.iter().map(Service::address).collect();
        addresses.join(",")
    }

    /// The address of one node, counted from one.
    ///
    /// # Errors
    /// [`Error::NoSuchNode`].
    pub fn address(&self, node: usize) -> Result<String, Error> {
        Ok(self.node(node)?.address())
    }

    /// The release that runs.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The number of nodes, running or not.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The folder with properties, logs (`node-1.log`) and data (`node-1/`).
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether the node's process exists; a frozen one does.
    ///
    /// # Errors
    /// [`Error::NoSuchNode`].
    pub fn is_running(&mut self, node: usize) -> Result<bool, Error> {
        Ok(self.node_mut(node)?.server.as_mut().is_some_and(Server::is_running))
    }

    /// The operating system's number of the node's process; `None` after a kill.
    ///
    /// # Errors
    /// [`Error::NoSuchNode`].
    pub fn process_id(&self, node: usize) -> Result<Option<u32>, Error> {
        Ok(self.node(node)?.server.as_ref().map(Server::pid))
    }

    /// Kills a node as a crash would (SIGKILL) and waits until its process is gone.
    ///
    /// # Errors
    /// [`Error::NoSuchNode`], [`Error::NotRunning`].
    pub fn kill(&mut self, node: usize) -> Result<(), Error> {
        let server = self.node_mut(node)?.server.take().ok_or(Error::NotRunning(node))?;
        server.kill();
        self.remember()
    }

    /// Asks a node to shut down in order (SIGTERM): it hands its leaderships over first. Killed at `limit`.
    ///
    /// # Errors
    /// [`Error::NoSuchNode`], [`Error::NotRunning`].
    pub fn terminate(&mut self, node: usize, limit: Duration) -> Result<(), Error> {
        let server = self.node_mut(node)?.server.take().ok_or(Error::NotRunning(node))?;
        server.terminate(limit)?;
        self.remember()
    }

    /// Stops a node in the middle of whatever it does (SIGSTOP): its sockets stay open and nothing answers.
    ///
    /// # Errors
    /// [`Error::NoSuchNode`], [`Error::NotRunning`].
    pub fn freeze(&self, node: usize) -> Result<(), Error> {
        self.node(node)?.server.as_ref().ok_or(Error::NotRunning(node))?.freeze()
    }

    /// Lets a frozen node go on (SIGCONT). It may need seconds to rejoin: the cluster has given it up by then.
    ///
    /// # Errors
    /// [`Error::NoSuchNode`], [`Error::NotRunning`].
    pub fn thaw(&self, node: usize) -> Result<(), Error> {
        self.node(node)?.server.as_ref().ok_or(Error::NotRunning(node))?.signal("CONT")
    }

    /// Starts a node again on its port with its data, killing it first if it runs, and waits until it serves.
    ///
    /// After a kill this takes up to ten seconds: the node's old session must expire first.
    ///
    /// # Errors
    /// [`Error::NotReady`] also when the others form no quorum without it, so start them with
    /// [`launch_node`](Self::launch_node) first.
    pub fn restart(&mut self, node: usize) -> Result<(), Error> {
        self.launch_node(node)?;
        self.wait_until_ready(node)
    }

    /// The first half of [`restart`](Self::restart): starts the node and does not wait.
    ///
    /// # Errors
    /// As [`Cluster::start`].
    pub fn launch_node(&mut self, node: usize) -> Result<(), Error> {
        let (java, lifetime) = (self.java.clone(), self.lifetime);
        let service = self.node_mut(node)?;
        if let Some(server) = service.server.take() {
            server.kill();
        }
        service.launch(&java, lifetime)?;
        self.remember()
    }

    /// The second half of [`restart`](Self::restart): waits until the node answers and knows itself as a
    /// member.
    ///
    /// # Errors
    /// [`Error::Died`], [`Error::NotReady`].
    pub fn wait_until_ready(&mut self, node: usize) -> Result<(), Error> {
        let java = self.java.clone();
        let (lifetime, restarts) = (self.lifetime, self.version.uses_zookeeper());
        let id = i32::try_from(node).unwrap_or(i32::MAX);
        let deadline = Instant::now() + START_LIMIT;
        loop {
            let service = self.node_mut(node)?;
            match service.wait_until_ready(deadline, |membership| membership.brokers.contains(&id)) {
                // A broker on ZooKeeper gives up when its old session has not expired yet.
                Err(Error::Died { .. }) if restarts && Instant::now() < deadline => {
                    thread::sleep(Duration::from_millis(500));
                    service.launch(&java, lifetime)?;
                    self.remember()?;
                }
                other => return other,
            }
        }
    }

    /// One of Kafka's own programs, ready for arguments: `org.apache.kafka.tools.TopicCommand` and its like.
    /// [`process::run`] runs it with a time limit.
    ///
    /// # Errors
    /// As [`Artifacts::class_path`].
    pub fn tool(class: &str) -> Result<Command, Error> {
        let mut java = Command::new("java");
        java.args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", LOG_LEVEL])
            .args(["-cp", &Artifacts::Tools.class_path()?, class])
            .stdin(Stdio::null());
        Ok(java)
    }

    /// Kills every process and removes the cluster's folder.
    ///
    /// # Errors
    /// [`Error::Io`] when the folder cannot be removed.
    pub fn stop(mut self) -> Result<(), Error> {
        self.kill_all();
        self.lifetime = Lifetime::Detached; // Nothing is left for drop to do.
        fs::remove_dir_all(&self.folder).map_err(Error::path("remove", &self.folder))
    }

    fn launch(&mut self) -> Result<(), Error> {
        if let Some(zookeeper) = &mut self.zookeeper {
            zookeeper.launch(&self.java, self.lifetime)?;
        } else {
            format_all(&self.nodes, &self.java)?;
        }
        for node in &mut self.nodes {
            node.launch(&self.java, self.lifetime)?;
        }
        self.remember()?;
        let deadline = Instant::now() + START_LIMIT;
        let members = self.nodes.len();
        for node in &mut self.nodes {
            node.wait_until_ready(deadline, |membership| {
                membership.brokers.len() == members && membership.controller >= 0
            })?;
        }
        Ok(())
    }

    fn node(&self, node: usize) -> Result<&Service, Error> {
        let index = node.checked_sub(1);
        index
            .and_then(|index| self.nodes.get(index))
            .ok_or(Error::NoSuchNode { node, nodes: self.nodes.len() })
    }

    fn node_mut(&mut self, node: usize) -> Result<&mut Service, Error> {
        let nodes = self.nodes.len();
        let index = node.checked_sub(1);
        index.and_then(|index| self.nodes.get_mut(index)).ok_or(Error::NoSuchNode { node, nodes })
    }

    /// Writes down what a later process must know; owned clusters have no later process.
    fn remember(&self) -> Result<(), Error> {
        if self.lifetime == Lifetime::Owned {
            return Ok(());
        }
        let state = State {
            version: self.version,
            heap_mebibytes: self.heap_mebibytes,
            zookeeper: self.zookeeper.as_ref().map(Service::state),
            nodes: self.nodes.iter().map(Service::state).collect(),
        };
        state.write(&self.folder)
    }

    fn kill_all(&mut self) {
        for service in self.nodes.iter_mut().chain(&mut self.zookeeper) {
            if let Some(server) = service.server.take() {
                server.kill();
            }
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if self.lifetime == Lifetime::Owned {
            self.kill_all();
            let _ = fs::remove_dir_all(&self.folder);
        }
    }
}

/// One Java process of the cluster.
#[derive(Debug)]
struct Service {
    name: String,
    main_class: &'static str,
    port: u16,
    configuration: PathBuf,
    log: PathBuf,
    server: Option<Server>,
}

impl Service {
    fn node(folder: &Path, node: usize, port: u16) -> Self {
        Service {
            name: format!("node {node}"),
            main_class: "kafka.Kafka",
            port,
            configuration: folder.join(format!("node-{node}.properties")),
            log: folder.join(format!("node-{node}.log")),
            server: None,
        }
    }

    fn zookeeper(folder: &Path, port: u16) -> Self {
        Service {
            name: "ZooKeeper".to_owned(),
            main_class: "org.apache.zookeeper.server.ZooKeeperServerMain",
            port,
            configuration: folder.join("zookeeper.properties"),
            log: folder.join("zookeeper.log"),
            server: None,
        }
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn launch(&mut self, java: &[String], lifetime: Lifetime) -> Result<(), Error> {
        let mut command = Command::new("java");
        command.args(java).arg(self.main_class).arg(&self.configuration);
        self.server = Some(Server::start(&command, &self.log, lifetime)?);
        Ok(())
    }

    fn attach(&mut self, pid: u32) {
        self.server = Server::attach(pid, &self.configuration.to_string_lossy());
    }

    fn wait_until_ready(
        &mut self,
        deadline: Instant,
        is_ready: impl Fn(&Membership) -> bool,
    ) -> Result<(), Error> {
        let begin = Instant::now();
        loop {
            let last = match readiness::ask(self.port) {
                Ok(membership) if is_ready(&membership) => return Ok(()),
                Ok(membership) => format!("it knows the brokers {:?}", membership.brokers),
                Err(error) => error.to_string(),
            };
            if !self.server.as_mut().is_some_and(Server::is_running) {
                return Err(Error::Died { node: self.name.clone(), log: self.log_tail() });
            }
            if Instant::now() >= deadline {
                let (node, waited, log) = (self.name.clone(), begin.elapsed(), self.log_tail());
                return Err(Error::NotReady { node, waited, last, log });
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn log_tail(&self) -> String {
        tail(&String::from_utf8_lossy(&fs::read(&self.log).unwrap_or_default()), 20)
    }

    fn state(&self) -> crate::state::Process {
        crate::state::Process { port: self.port, pid: self.server.as_ref().map_or(0, Server::pid) }
    }
}

const LOG_LEVEL: &str = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn";

/// Java with the options that make a small broker start fast: no optimising compiler, one collector thread.
fn java(version: Version, heap_mebibytes: u32, extra: Vec<String>) -> Result<Vec<String>, Error> {
    let class_path = Artifacts::Broker(version).class_path()?;
    let mut java = vec![format!("-Xmx{heap_mebibytes}m")];
    java.extend(extra);
    java.extend(
        [
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "-XX:-UsePerfData",
            LOG_LEVEL,
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
            "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
            "-cp",
            &class_path,
        ]
        .map(str::to_owned),
    );
    Ok(java)
}

/// Writes each node's cluster id and feature levels; at the same time for all, since each is a Java start.
fn format_all(nodes: &[Service], java: &[String]) -> Result<(), Error> {
    /// Any 16 bytes in URL-safe base64 will do.
    const CLUSTER_ID: &str = "b3R0bGEtdGVzdC1jbHVzdA";
    let format = |node: &Service| {
        let mut tool = Command::new("java");
        tool.args(java)
            .args(["kafka.tools.StorageTool", "format", "--cluster-id", CLUSTER_ID, "--config"])
            .arg(&node.configuration)
            .stdin(Stdio::null());
        let output = process::run(&mut tool, START_LIMIT)?;
        if output.status.success() {
            return Ok(());
        }
        let text = [output.stdout, output.stderr].concat();
        Err(Error::Format { node: node.name.clone(), output: tail(&String::from_utf8_lossy(&text), 10) })
    };
    thread::scope(|scope| {
        let running: Vec<_> = nodes.iter().map(|node| scope.spawn(move || format(node))).collect();
        running.into_iter().try_for_each(|thread| match thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

/// A new folder for a cluster that this process owns, and the locked file that says so.
fn owned_folder() -> Result<(PathBuf, File), Error> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let root = crate::repository().join("target/kafka-clusters");
    fs::create_dir_all(&root).map_err(Error::path("create", &root))?;
    sweep(&root);
    let folder = root.join(format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    fs::create_dir_all(&folder).map_err(Error::path("create", &folder))?;
    let path = folder.join("owner.lock");
    let mark = File::create(&path).map_err(Error::path("create", &path))?;
    let _ = mark.try_lock();
    Ok((folder, mark))
}

/// Removes the data of clusters whose owner was killed: nobody holds their locks any more.
fn sweep(root: &Path) {
    /// A folder this young may be one that its owner has not locked yet.
    const YOUNG: Duration = Duration::from_secs(60);
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let folder = entry.path();
        let Ok(mark) = File::open(folder.join("owner.lock")) else { continue };
        let age = mark
            .metadata()
            .and_then(|data| data.modified())
            .map(|time| SystemTime::now().duration_since(time).unwrap_or_default());
        if age.is_ok_and(|age| age > YOUNG) && mark.try_lock().is_ok() {
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

/// Clears the folder of a cluster that no longer runs; refuses to touch one that does, or anything else.
fn detached_folder(folder: &Path) -> Result<PathBuf, Error> {
    if let Ok(mut earlier) = Cluster::attach(folder) {
        let services = earlier.nodes.iter_mut().chain(&mut earlier.zookeeper);
        if services.into_iter().any(|service| service.server.is_some()) {
            return Err(Error::AlreadyRunning(folder.display().to_string()));
        }
        fs::remove_dir_all(&earlier.folder).map_err(Error::path("remove", folder))?;
    } else if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Error::FolderTaken(folder.display().to_string()));
    }
    fs::create_dir_all(folder).map_err(Error::path("create", folder))?;
    folder.canonicalize().map_err(Error::path("resolve", folder))
}
