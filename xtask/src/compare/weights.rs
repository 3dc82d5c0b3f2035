//! What a client adds to a program: bytes, dependencies, and the time to build it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use kafka_harness::{Artifacts, Version};
use serde::{Deserialize, Serialize};

use super::clients::{self, Client};
use crate::steps::{cargo, output};

#[derive(Serialize, Deserialize)]
pub(super) struct Weight {
    client: String,
    bytes: u64,
    dependencies: usize,
    /// CPU seconds.
    build: Option<f64>,
}

/// Weighs every client but the floor. Ottla's program for measuring brings more than the library, so another one is
/// built, like the peers'.
pub(super) fn weigh(target: &Path, clients: &[Client]) -> Result<Vec<Weight>> {
    let mut weights = Vec::new();
    for client in clients.iter().filter(|client| !client.is_floor() && client.name != "ottla-current") {
        let name = client.name.as_str();
        let folder = clients::folder(target, name)?;
        let (bytes, dependencies) = match name {
            "java" => jars()?,
            "franz-go" | "sarama" => (stripped(&client.program, &folder)?, modules(name)?),
            // zlib and zstd.
            "librdkafka" => (stripped(&client.program, &folder)?, 2),
            _ => (stripped(&clients::build_peer(name, target)?, &folder)?, crates(name)?),
        };
        let seconds = fs::read_to_string(folder.join(clients::BUILD_SECONDS)).ok();
        let build = seconds.and_then(|seconds| seconds.trim().parse().ok());
        weights.push(Weight { client: name.to_owned(), bytes, dependencies, build });
    }
    Ok(weights)
}

/// The size of a program without its symbols.
fn stripped(program: &Path, folder: &Path) -> Result<u64> {
    let bare = folder.join("stripped");
    output(Command::new("strip").arg("-o").arg(&bare).arg(program))?;
    Ok(fs::metadata(bare)?.len())
}

/// Crates in a program of the peers' workspace, but those that it brings itself.
fn crates(name: &str) -> Result<usize> {
    let tree = |package: &str| -> Result<BTreeSet<String>> {
        let mut tree = cargo();
        tree.current_dir(clients::peers()).args(["tree", "--package", package]);
        tree.args(["--edges", "normal,build", "--prefix", "none", "--no-dedupe", "--format", "{p}"]);
        let tree = output(&mut tree)?;
        Ok(tree.lines().filter(|line| !line.starts_with("peer")).map(str::to_owned).collect())
    };
    Ok(tree(&format!("peer-{name}"))?.len())
}

/// Modules whose code is in a program in Go.
fn modules(name: &str) -> Result<usize> {
    let mut list = Command::new("go");
    list.current_dir(clients::peers().join(name));
    let list = output(list.args(["list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "."]))?;
    let modules: BTreeSet<_> =
        list.lines().filter(|line| !line.is_empty() && !line.starts_with("peers/")).collect();
    Ok(modules.len())
}

/// The Java client's jar and those that it needs.
fn jars() -> Result<(u64, usize)> {
    const JARS: [&str; 5] = ["kafka-clients-", "lz4-java-", "slf4j-api-", "snappy-java-", "zstd-jni-"];
    let class_path = Artifacts::Broker(Version::default()).class_path()?;
    let mut bytes = 0;
    for jar in class_path.split(':').map(Path::new) {
        let name = jar.file_name().context("a jar without a name")?.to_string_lossy();
        if JARS.iter().any(|wanted| name.starts_with(wanted)) {
            bytes += fs::metadata(jar)?.len();
        }
    }
    Ok((bytes, JARS.len()))
}

pub(super) fn markdown(text: &mut String, weights: &[Weight]) -> Result<()> {
    *text += "\n## Size, dependencies, build\n\n\
        A program that sends and reads, stripped (Java: the jars); crates, modules, jars or libraries in it, the client's \
        own among them; CPU seconds of its first release build, sources there already (Go: the standard library too).\n\n\
        | client | MB | dependencies | build, CPU s |\n|---|---:|---:|---:|\n";
    for Weight { client, bytes, dependencies, build } in weights {
        let megabytes = f64::from(u32::try_from(*bytes)?) / 1e6;
        let build = build.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.0}"));
        writeln!(text, "| {client} | {megabytes:.1} | {dependencies} | {build} |")?;
    }
    Ok(())
}
