//! The programs that are compared, and how each is built. One that cannot be built here is left out, and named.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use kafka_harness::{Artifacts, Version};

use super::{Case, Op, Way, first_line, released};
use crate::steps::{cargo, output};

/// A client's program.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) name: String,
    pub(super) program: PathBuf,
    /// Before the load's name.
    before: Vec<String>,
    /// Behind it.
    behind: Vec<String>,
}

/// What is known of a client before it runs.
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) settings: &'static str,
}

/// What can be compared, in the order of the tables.
#[rustfmt::skip]
pub(super) const KNOWN: [Known; 11] = [
    Known { name: "ottla", settings: "the defaults: the client has a thread of its own, the sender a runtime of one thread; deliveries dropped, then `flush`; `next_batch`" },
    Known { name: "ottla-current", settings: "the same on the runtime of the sender" },
    Known { name: "franz-go", settings: "`Produce` with a promise, records from a pool, `UniformBytesPartitioner` of 1 MB, 200,000 buffered records; `PollFetches` with pools" },
    Known { name: "sarama", settings: "`AsyncProducer` with one request in flight, as idempotence demands there; `ConsumePartition` with channels of 1,024" },
    Known { name: "librdkafka", settings: "from C: `rd_kafka_produce` without copying the value, delivery callback, 100,000 messages a batch, 64 MiB of queue; `consume_batch_queue`, check.crcs on. The very library that the crate rdkafka builds" },
    Known { name: "rdkafka", settings: "the crate: `BaseProducer`, the same settings; `BaseConsumer::poll`; latency with `ThreadedProducer`" },
    Known { name: "krafka", settings: "`enqueue` with 200,000 handles open, each awaited; a consumer without a group; on a runtime of one thread (where it takes a third less than on two), latency on two" },
    Known { name: "kacrab", settings: "`send` with 200,000 futures open, each awaited; `assign` and `poll`; latency with callbacks" },
    Known { name: "partitionline", settings: "`try_send` and `flush`, 8 connections, a pause of 200 us when its queue is full; `assign_topic` and `fetch`; latency with one connection" },
    Known { name: "java", settings: "`send` with one callback, 64 MiB of buffer; `assign` and `poll`. A fresh JVM each time (-Xmx1g, ParallelGC), so that warming up counts" },
    Known { name: "floor", settings: "no client: batches of a megabyte, checksum, codec and a socket, nothing else" },
];

impl Client {
    fn new(name: &str, program: impl Into<PathBuf>) -> Self {
        Self { name: name.to_owned(), program: program.into(), before: Vec::new(), behind: Vec::new() }
    }

    /// The same run by another program, which is given the client's command line behind its own.
    pub(crate) fn under(self, program: &str, arguments: &[&str]) -> Self {
        let mut before: Vec<_> = arguments.iter().map(|&word| word.to_owned()).collect();
        before.push(self.program.display().to_string());
        before.extend(self.before);
        Self { program: program.into(), before, ..self }
    }

    pub(crate) fn command(&self, op: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.before).arg(op).args(&self.behind);
        if self.name == "krafka" && op != "latency" {
            command.args(["--variant", "current"]);
        }
        command
    }

    /// Neither ours nor anybody's.
    pub(super) fn is_floor(&self) -> bool {
        self.name == "floor"
    }
}

/// Why a client has no figure for a load.
pub(super) fn cannot(name: &str, case: &Case, way: Way) -> Option<&'static str> {
    let produces = case.op == Op::Produce;
    match name {
        "floor" if !matches!(case.op, Op::Produce | Op::Consume) => Some("nobody answers it"),
        "floor" if case.besides.is_some() || case.partitions > 6 || way == Way::Counted => {
            Some("it knows nothing of that")
        }
        "librdkafka" if case.op == Op::Latency => Some("see rdkafka"),
        "partitionline" if produces && case.codec == "zstd" => Some("it has no zstd"),
        "java" if way == Way::Counted => Some("the JVM counts bytes only"),
        _ => None,
    }
}

pub(crate) fn ottla(target: &Path) -> Client {
    Client::new("ottla", released(target, "ottla-bench"))
}

/// Builds what is asked for; without names, whatever can be built.
pub(super) fn build(target: &Path, only: &[String]) -> Result<Vec<Client>> {
    let known = |name: &String| KNOWN.iter().any(|known| known.name == name);
    if let Some(unknown) = only.iter().find(|name| !known(name)) {
        let names: Vec<_> = KNOWN.iter().map(|known| known.name).collect();
        anyhow::bail!("there is no client {unknown}; there are {}", names.join(", "));
    }
    let mut clients = Vec::new();
    for Known { name, .. } in KNOWN {
        if !only.is_empty() && !only.iter().any(|wanted| wanted == name) {
            continue;
        }
        match build_one(name, target) {
            Ok(client) => clients.push(client),
            Err(error) if only.is_empty() => println!("SKIPPED: {name}: {error:#}"),
            Err(error) => return Err(error.context(format!("{name} cannot be built"))),
        }
    }
    Ok(clients)
}

fn build_one(name: &str, target: &Path) -> Result<Client> {
    let peers = peers();
    let folder = folder(target, name)?;
    Ok(match name {
        "ottla" => ottla(target),
        "ottla-current" => {
            let behind = vec!["--variant".to_owned(), "current".to_owned()];
            Client { name: name.to_owned(), behind, ..ottla(target) }
        }
        "franz-go" | "sarama" => {
            let program = folder.join(name);
            let cache = self::folder(target, "go-cache")?;
            let mut standard = Command::new("go");
            ensure!(first_line("go", &["version"]).is_some(), "Go is not installed");
            output(standard.env("GOCACHE", &cache).args(["build", "std"]))?;
            let mut go = Command::new("go");
            go.env("GOCACHE", &cache).current_dir(peers.join(name)).args(["build", "-o"]);
            timed(&folder, go.arg(&program).arg("."))?;
            Client::new(name, program)
        }
        "java" => {
            let class_path = Artifacts::Broker(Version::default()).class_path()?;
            let mut javac = Command::new("javac");
            javac.args(["-cp", &class_path, "-d"]).arg(&folder);
            output(javac.arg(peers.join("java/Peer.java")))?;
            let class_path = format!("{}:{class_path}", folder.display());
            let heap = ["-Xms1g", "-Xmx1g", "-XX:+UseParallelGC"].map(str::to_owned);
            let rest = ["-cp".to_owned(), class_path, "Peer".to_owned()];
            Client { before: heap.into_iter().chain(rest).collect(), ..Client::new(name, "java") }
        }
        "librdkafka" => {
            build_peer("rdkafka", target)?;
            Client::new(name, link_c(&self::folder(target, "rdkafka")?, &folder)?)
        }
        _ => Client::new(name, build_peer(name, target)?),
    })
}

pub(super) fn peers() -> PathBuf {
    crate::root().join("bench/peers")
}

/// Each peer is built in a folder of its own, so that the first time shows what a clean build takes.
pub(super) fn folder(target: &Path, name: &str) -> Result<PathBuf> {
    let folder = target.join("peers").join(name);
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// A program of the peers' workspace.
pub(super) fn build_peer(name: &str, target: &Path) -> Result<PathBuf> {
    let folder = folder(target, name)?;
    let package = format!("peer-{name}");
    let mut cargo = cargo();
    cargo.current_dir(peers()).args(["build", "--release", "--quiet", "--package", &package]);
    timed(&folder, cargo.arg("--target-dir").arg(&folder))?;
    Ok(released(&folder, &package))
}

/// Runs a build; the first one's CPU seconds are kept, since only that one does everything.
fn timed(folder: &Path, build: &mut Command) -> Result<()> {
    let file = folder.join(BUILD_SECONDS);
    let before = children_seconds()?;
    output(build)?;
    if !file.exists() {
        fs::write(file, (children_seconds()? - before).to_string())?;
    }
    Ok(())
}

/// The file that says what the first build took.
pub(super) const BUILD_SECONDS: &str = "build-seconds";

/// CPU time of all programs that this one has run to their end, in seconds: Linux counts it in hundredths.
fn children_seconds() -> Result<f64> {
    let status = fs::read_to_string("/proc/self/stat")?;
    let (_, fields) = status.rsplit_once(") ").context("no status of this process")?;
    let ticks: f64 = fields.split(' ').skip(13).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    Ok(ticks / 100.0)
}

/// The C program over the very library that the crate rdkafka has built.
fn link_c(rdkafka: &Path, folder: &Path) -> Result<PathBuf> {
    let library = built(rdkafka, "rdkafka-sys-", "out/lib/librdkafka.a")?;
    let zstd = built(rdkafka, "zstd-sys-", "out/libzstd.a")?;
    let include = library.parent().and_then(Path::parent).context("no folder of headers")?.join("include");
    let program = folder.join("librdkafka");
    compile_c(
        &["-O2".as_ref(), "-I".as_ref(), include.as_ref()],
        "librdkafka/main.c",
        &program,
        &[
            library.as_ref(),
            zstd.as_ref(),
            "-lz".as_ref(),
            "-lm".as_ref(),
            "-ldl".as_ref(),
            "-lpthread".as_ref(),
        ],
    )?;
    Ok(program)
}

/// The library that counts allocations.
pub(super) fn counter(target: &Path) -> Result<PathBuf> {
    let library = folder(target, "allocations")?.join("count.so");
    compile_c(&["-O2", "-shared", "-fPIC"].map(OsStr::new), "allocations/count.c", &library, &[])?;
    Ok(library)
}

fn compile_c(options: &[&OsStr], source: &str, result: &Path, libraries: &[&OsStr]) -> Result<()> {
    let mut cc = Command::new("cc");
    cc.args(options).arg(peers().join(source)).arg("-o").arg(result).args(libraries);
    output(&mut cc).map(drop)
}

/// A file that a build script made.
fn built(folder: &Path, package: &str, file: &str) -> Result<PathBuf> {
    for entry in fs::read_dir(folder.join("release/build"))? {
        let entry = entry?;
        let found = entry.path().join(file);
        if entry.file_name().to_string_lossy().starts_with(package) && found.is_file() {
            return Ok(found);
        }
    }
    anyhow::bail!("{package} has built no {file}")
}
