//! `cargo xtask fuzz`: every target of `fuzz/` for a while.
//!
//! It builds what cargo-fuzz would build, less the address sanitizer, which only nightly has: there is no
//! unsafe code to watch. So it needs nothing installed but a C++ compiler for libFuzzer itself.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

/// What cargo-fuzz passes to rustc, so that libFuzzer sees which branches an input reaches.
const INSTRUMENTATION: &str = "-Cpasses=sancov-module \
    -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares \
    --cfg fuzzing";

/// How much longer than it was told a target may take, to start and to end.
const GRACE: Duration = Duration::from_secs(60);

/// Builds every target and runs each for `seconds`. What they find interesting is kept in `fuzz/corpus`, what
/// breaks them in `fuzz/artifacts`.
///
/// # Errors
/// If a target does not build, or finds an input that panics, hangs or takes too much memory.
pub(crate) fn run(root: &Path, seconds: u64) -> Result<()> {
    let fuzz = root.join("fuzz");
    let host = host()?;
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--release", "--target", &host, "--manifest-path"])
        .arg(fuzz.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(fuzz.join("target"))
        .env("RUSTFLAGS", INSTRUMENTATION)
        .status()
        .context("cannot run cargo")?;
    ensure!(built.success(), "the fuzz targets do not build");
    for target in targets(&fuzz)? {
        let program = fuzz.join("target").join(&host).join("release").join(&target);
        run_target(&fuzz, &program, &target, seconds)?;
    }
    Ok(())
}

/// The names of the targets: one file each.
fn targets(fuzz: &Path) -> Result<Vec<String>> {
    let mut targets = Vec::new();
    for entry in fs::read_dir(fuzz.join("fuzz_targets"))? {
        if let Some(name) = entry?.file_name().to_string_lossy().strip_suffix(".rs") {
            targets.push(name.to_owned());
        }
    }
    targets.sort();
    Ok(targets)
}

fn run_target(fuzz: &Path, program: &Path, target: &str, seconds: u64) -> Result<()> {
    let (corpus, artifacts) = (fuzz.join("corpus").join(target), fuzz.join("artifacts").join(target));
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&artifacts)?;
    let log = artifacts.join("log");
    let mut child = Command::new(program)
        .arg(&corpus)
        .arg(format!("-artifact_prefix={}/", artifacts.display()))
        .arg(format!("-max_total_time={seconds}"))
        // One input may neither hang nor take more than this.
        .args(["-timeout=5", "-rss_limit_mb=1024", "-malloc_limit_mb=256", "-print_final_stats=1"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(fs::File::create(&log)?)
        .spawn()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let deadline = Instant::now() + Duration::from_secs(seconds) + GRACE;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            bail!("fuzz target {target} did not end in time; see {}", log.display());
        }
        thread::sleep(Duration::from_millis(100));
    };
    let text = fs::read_to_string(&log).unwrap_or_default();
    if !status.success() {
        let tail: Vec<&str> = text.lines().rev().take(40).collect();
        let tail: Vec<&str> = tail.into_iter().rev().collect();
        bail!(
            "fuzz target {target} found a fault; its input is in {}\n{}",
            artifacts.display(),
            tail.join("\n")
        );
    }
    let runs = text.lines().find_map(|line| line.strip_prefix("stat::number_of_executed_units:"));
    println!("{target}: {} inputs in {seconds} s", runs.unwrap_or("?").trim());
    Ok(())
}

fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("cannot run rustc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc does not say its host")
}
