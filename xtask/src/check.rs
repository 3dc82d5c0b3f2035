//! `cargo xtask check`: what can be proved without running a test.

mod api;
mod sources;

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use crate::generate;
use crate::planted;
use crate::steps::{Outcome, Steps, cargo, close, output, pass};

/// The oldest compiler that builds the project, as (major, minor).
const MSRV: (u32, u32) = (1, 89);

pub(crate) fn run() -> ExitCode {
    let mut steps = Steps::default();
    all(&mut steps, Tools::IfPresent);
    close(steps.counts())
}

/// Whether a check may be skipped on a machine without the tool it needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tools {
    IfPresent,
    Required,
}

pub(crate) fn all(steps: &mut Steps, tools: Tools) {
    steps.run("format", || pass(cargo().args(["fmt", "--all", "--check"])));
    steps.run("clippy", || {
        pass(cargo().args(["clippy", "--workspace", "--all-targets", "--keep-going", "--", "-D", "warnings"]))
    });
    steps.run("clippy without default features", || {
        pass(cargo().args([
            "clippy",
            "-p",
            "ottla-proto",
            "-p",
            "ottla-core",
            "-p",
            "ottla",
            "--no-default-features",
            "--",
            "-D",
            "warnings",
        ]))
    });
    steps.run("borders between crates", borders);
    steps.run("public API of ottla", || api::check().map(|()| Outcome::Passed));
    steps.run("oldest compiler", oldest_compiler);
    steps.run("file lengths", || sources::report_long_files().map(|()| Outcome::Passed));
    steps.run("no path of a machine", || sources::refuse_machine_paths().map(|()| Outcome::Passed));
    steps.run("tests of the fault table", || {
        sources::find_tests_of_the_fault_table().map(|()| Outcome::Passed)
    });
    steps.run("reasons for waiting are explained", || {
        sources::find_reasons_in_the_chapter().map(|()| Outcome::Passed)
    });
    steps.run("planted bugs apply", planted::check);
    steps.run("generated code is current", || generated(tools));
    steps.run("licences, bans, sources", || deny(tools));
}

/// Which crates must not be found below which; the compiler holds the rest.
fn borders() -> Result<Outcome> {
    const FORBIDDEN: [(&str, &[&str], &[&str]); 4] = [
        ("ottla-proto", &[], &["tokio", "mio", "socket2"]),
        ("ottla-core", &[], &["tokio", "mio", "socket2"]),
        ("ottla-broker", &[], &["ottla-core", "ottla"]),
        // Build scripts count: compiling C is what a user without a C compiler cannot do.
        ("ottla", &["--no-default-features", "--edges", "normal,build"], &["cc", "cmake", "pkg-config"]),
    ];
    for (package, options, forbidden) in FORBIDDEN {
        let edges: &[&str] = if options.is_empty() { &["--edges", "normal"] } else { options };
        let mut tree = cargo();
        tree.args(["tree", "--package", package, "--prefix", "none", "--format", "{p}"]).args(edges);
        let tree = output(&mut tree)?;
        for name in tree.lines().filter_map(|line| line.split(' ').next()).filter(|name| *name != package) {
            ensure!(!forbidden.contains(&name), "{package} must not depend on {name}");
            ensure!(
                // What Linux calls its numbers, in Rust: nothing to link.
                options.is_empty() || !name.ends_with("-sys") || name == "linux-raw-sys",
                "{package} without C must not link {name}"
            );
        }
    }
    Ok(Outcome::Passed)
}

/// The installed compiler may be newer, so the dependencies' own statements are what can be checked; for the
/// standard library's calls there is the lint `incompatible_msrv`.
fn oldest_compiler() -> Result<Outcome> {
    let metadata = output(cargo().args(["metadata", "--format-version=1", "--locked"]))?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata.get("packages").and_then(Value::as_array).context("no packages")?;
    let mut newer = Vec::new();
    for package in packages {
        let text = |field: &str| package.get(field).and_then(Value::as_str);
        let Some(version) = text("rust_version") else { continue };
        let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(u32::MAX));
        if (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) > MSRV {
            newer.push(format!("{} asks for {version}", text("name").unwrap_or_default()));
        }
    }
    ensure!(newer.is_empty(), "Rust {}.{} is promised, but {}", MSRV.0, MSRV.1, newer.join(", "));
    Ok(Outcome::Passed)
}

fn generated(tools: Tools) -> Result<Outcome> {
    if tools == Tools::IfPresent && !has_program("mvn") {
        return Ok(Outcome::Skipped("Maven, which fetches Kafka's schemas, is not installed".to_owned()));
    }
    generate::run(crate::root(), None, true).map(|()| Outcome::Passed)
}

fn deny(tools: Tools) -> Result<Outcome> {
    // Installed for the user, or by the gate's script beside the build.
    let own = crate::root().join("target/tools/bin/cargo-deny");
    let program = if own.is_file() { own } else { PathBuf::from("cargo-deny") };
    if !own_or_installed(&program) {
        let advice = "cargo-deny is not installed: cargo install --locked cargo-deny";
        if tools == Tools::Required {
            bail!(advice);
        }
        return Ok(Outcome::Skipped(advice.to_owned()));
    }
    let mut deny = Command::new(program);
    deny.current_dir(crate::root());
    deny.args(["--workspace", "check", "--hide-inclusion-graph", "licenses", "bans", "sources"]);
    pass(&mut deny)
}

fn own_or_installed(program: &PathBuf) -> bool {
    program.is_absolute() || Command::new(program).arg("--version").output().is_ok()
}

fn has_program(name: &str) -> bool {
    Command::new(name).arg("--version").output().is_ok()
}
