//! The programs that are compared, and how each is built. One that cannot be built here is left out, and named.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use kafka_harness::{Artifacts, Version};

use super::{Case, Op, first_line, released};
use crate::steps::{cargo, output};

/// A client's program.
pub(crate) struct Client {
    pub(crate) name: String,
    program: PathBuf,
    /// Before the load's name.
    before: Vec<String>,
    /// Behind it.
    behind: Vec<String>,
}

/// What can be compared, in the order of the table. `floor` is no client: it shows what the bytes alone cost.
const NAMES: [&str; 11] = [
    "ottla",
    "ottla-current",
    "franz-go",
    "sarama",
    "librdkafka",
    "rdkafka",
    "krafka",
    "kacrab",
    "partitionline",
    "java",
    "floor",
];

impl Client {
    fn new(name: &str, program: impl Into<PathBuf>) -> Self {
        Self { name: name.to_owned(), program: program.into(), before: Vec::new(), behind: Vec::new() }
    }

    pub(crate) fn command(&self, op: &str) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.before).arg(op).args(&self.behind);
        command
    }

    /// Whether the program has such a load.
    pub(super) fn can(&self, case: Case) -> bool {
        match self.name.as_str() {
            "floor" => matches!(case.op, Op::Produce | Op::Consume) && case.partitions < 1_000,
            "librdkafka" => case.op != Op::Latency,
            "partitionline" => case.codec != "zstd",
            // It cannot read lz4 that others than librdkafka, Sarama, Java and itself wrote.
            "kacrab" => !(case.op == Op::Consume && case.codec == "lz4"),
            _ => true,
        }
    }
}

pub(super) fn ottla(target: &Path) -> Client {
    Client::new("ottla", released(target, "ottla-bench"))
}

/// Builds what is asked for; without names, whatever can be built.
pub(super) fn build(target: &Path, only: &[String]) -> Result<Vec<Client>> {
    if let Some(unknown) = only.iter().find(|name| !NAMES.contains(&name.as_str())) {
        anyhow::bail!("there is no client {unknown}; there are {}", NAMES.join(", "));
    }
    let mut clients = Vec::new();
    for name in NAMES {
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
    let peers = crate::root().join("bench/peers");
    // A folder of their own: their dependencies are not ours.
    let folder = target.join("peers");
    fs::create_dir_all(&folder)?;
    Ok(match name {
        "ottla" => ottla(target),
        "ottla-current" => {
            let behind = vec!["--variant".to_owned(), "current".to_owned()];
            Client { name: name.to_owned(), behind, ..ottla(target) }
        }
        "franz-go" | "sarama" => {
            ensure!(first_line("go", &["version"]).is_some(), "Go is not installed");
            let program = folder.join(name);
            output(
                Command::new("go").current_dir(peers.join(name)).args(["build", "-o"]).arg(&program).arg("."),
            )?;
            Client::new(name, program)
        }
        "java" => {
            let class_path = Artifacts::Broker(Version::default()).class_path()?;
            let classes = folder.join("java");
            let mut javac = Command::new("javac");
            javac.args(["-cp", &class_path, "-d"]).arg(&classes);
            output(javac.arg(peers.join("java/Peer.java")))?;
            let class_path = format!("{}:{class_path}", classes.display());
            let heap = ["-Xms1g", "-Xmx1g", "-XX:+UseParallelGC"].map(str::to_owned);
            let rest = ["-cp".to_owned(), class_path, "Peer".to_owned()];
            Client { before: heap.into_iter().chain(rest).collect(), ..Client::new(name, "java") }
        }
        "librdkafka" => {
            build_peer("rdkafka", &peers, &folder)?;
            Client::new(name, link_c(&peers, &folder)?)
        }
        _ => {
            build_peer(name, &peers, &folder)?;
            Client::new(name, released(&folder, &format!("peer-{name}")))
        }
    })
}

fn build_peer(name: &str, peers: &Path, folder: &Path) -> Result<()> {
    let mut cargo = cargo();
    cargo.current_dir(peers).args(["build", "--release", "--quiet", "--locked", "--package"]);
    cargo.arg(format!("peer-{name}")).arg("--target-dir").arg(folder);
    output(&mut cargo).map(drop)
}

/// The C program over the very library that the crate rdkafka has built.
fn link_c(peers: &Path, folder: &Path) -> Result<PathBuf> {
    let library = built(folder, "rdkafka-sys-", "out/lib/librdkafka.a")?;
    let zstd = built(folder, "zstd-sys-", "out/libzstd.a")?;
    let include = library.parent().and_then(Path::parent).context("no folder of headers")?.join("include");
    let program = folder.join("librdkafka");
    let mut cc = Command::new("cc");
    cc.arg("-O2").arg("-I").arg(include).arg(peers.join("librdkafka/main.c")).arg("-o").arg(&program);
    cc.arg(library).arg(zstd).args(["-lz", "-lm", "-ldl", "-lpthread", "-lrt"]);
    output(&mut cc)?;
    Ok(program)
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
