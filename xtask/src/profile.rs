//! `cargo xtask profile`: where the time of Ottla's loads on a real broker goes, as flame graphs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::compare::clients::ottla;
use crate::compare::{Bench, CASES, Case, Op};
use crate::steps::{cargo, output, target_folder};

/// Times a second that a thread which works is looked at; no divisor of anything that ticks.
const FREQUENCY: &str = "997";
/// How long latency is measured.
const SECONDS: u32 = 10;

/// Runs the loads whose names contain `filter` under perf, and draws a flame graph of each.
///
/// # Errors
/// If there is no perf, if it may not look at processes, or if a load fails.
pub(crate) fn run(filter: &str) -> Result<()> {
    let wanted = |case: &Case| case.name.contains(filter) && case.op != Op::Start;
    let cases: Vec<_> = CASES.into_iter().filter(wanted).collect();
    ensure!(!cases.is_empty(), "there is no such load");
    output(Command::new("perf").arg("--version"))
        .context("cargo xtask profile needs perf (Debian: apt-get install linux-perf)")?;
    let target = target_folder()?;
    let tools = Inferno::find(&target)?;
    // Stacks are walked by frame pointers; the flag changes every crate, so it has a folder of its own.
    let folder = target.join("profile");
    let mut build = cargo();
    build.args(["build", "--release", "--quiet", "--package", "ottla-bench", "--target-dir"]).arg(&folder);
    build
        .env("RUSTFLAGS", "-C force-frame-pointers=yes")
        .env("CARGO_PROFILE_RELEASE_DEBUG", "line-tables-only");
    output(&mut build)?;

    let mut bench = Bench::start(folder.clone(), ottla(&folder), false, SECONDS)?;
    for case in cases {
        let name: String =
            case.name.chars().filter(|c| *c != ',').map(|c| if c == ' ' { '-' } else { c }).collect();
        let samples = folder.join(format!("{}.perf", name.replace('/', "-per-")));
        let data = samples.display().to_string();
        let record = ["record", "-e", "cpu-clock", "-F", FREQUENCY, "--call-graph", "fp", "-o", &data, "--"];
        bench.run(case, &ottla(&folder).under("perf", &record))?;
        let picture = tools.draw(&samples, case.name)?;
        println!("{}: {}", case.name, picture.display());
    }
    bench.stop()
}

/// The programs that make a picture of stacks. They are installed and not linked: their licence (CDDL) is none that a
/// build of this workspace should meet.
struct Inferno {
    folder: PathBuf,
}

impl Inferno {
    const VERSION: &str = "0.12.8";

    fn find(target: &Path) -> Result<Self> {
        let root = target.join("tools");
        let folder = root.join("bin");
        if !folder.join("inferno-flamegraph").exists() {
            let mut install = cargo();
            install.args(["install", "inferno", "--version", Self::VERSION, "--locked", "--quiet", "--root"]);
            output(install.arg(&root))?;
        }
        Ok(Self { folder })
    }

    /// Beside the samples, an SVG.
    fn draw(&self, samples: &Path, title: &str) -> Result<PathBuf> {
        let stacks = samples.with_extension("stacks");
        fs::write(&stacks, output(Command::new("perf").args(["script", "--no-inline", "-i"]).arg(samples))?)?;
        let folded = samples.with_extension("folded");
        fs::write(&folded, output(Command::new(self.folder.join("inferno-collapse-perf")).arg(&stacks))?)?;
        let picture = samples.with_extension("svg");
        let mut flamegraph = Command::new(self.folder.join("inferno-flamegraph"));
        fs::write(&picture, output(flamegraph.args(["--title", title]).arg(&folded))?)?;
        Ok(picture)
    }
}
