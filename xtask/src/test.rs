//! `cargo xtask test`: every layer of tests, each with a time limit.
//!
//! Test programs are built once by cargo and run one after the other. Integration tests of crates that use
//! the Kafka harness start servers, so each has a process of its own and runs alone; elsewhere all tests of a
//! program share one. A program that makes no progress is killed, and what it had not finished runs again
//! test by test, so that the one that hangs is named and the others still count.

mod program;
mod tally;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use clap::ValueEnum;
use serde_json::Value;

use crate::steps::{cargo, close};
use program::{Ending, Verdict};
pub(crate) use tally::Tally;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What to do with the tests that need a real Kafka.
    #[arg(long, value_enum, default_value_t = Kafka::Auto)]
    kafka: Kafka,
    /// Test these packages only.
    #[arg(short, long)]
    package: Vec<String>,
    /// Run the full counts that a proof asks for, in an optimised build; most of an hour instead of minutes.
    #[arg(long)]
    full: bool,
    /// Run only tests whose name contains this; no doc tests then.
    filter: Option<String>,
}

impl Arguments {
    /// Every test, real Kafka included: a machine that cannot run it fails.
    pub(crate) fn everything(tier: Tier) -> Self {
        Arguments { kafka: Kafka::Require, package: Vec::new(), full: tier == Tier::Full, filter: None }
    }

    /// What the tests find out about their run.
    fn tell(&self, command: &mut Command) {
        command.env("OTTLA_KAFKA", self.kafka.name());
        if self.full {
            command.env("OTTLA_PROOF", "1");
        }
    }

    /// librdkafka costs a minute and more tools than a C compiler: only a run that must have everything builds it.
    fn features(&self) -> &'static [&'static str] {
        let has_interop = self.package.is_empty() || self.package.iter().any(|name| name == "ottla-interop");
        let everything = self.kafka == Kafka::Require && has_interop;
        if everything { &["--features", "ottla-interop/librdkafka"] } else { &[] }
    }

    /// A test without an end is one that finishes nothing for this long.
    fn limit(&self, alone: bool) -> Duration {
        let seconds = match (self.full, alone) {
            (false, false) => 120,
            (false, true) => 300,
            (true, _) => 3600,
        };
        Duration::from_secs(seconds)
    }
}

/// How much the tests repeat what they do; they see it as `OTTLA_PROOF`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tier {
    Short,
    Full,
}

/// Passed on to the tests as `OTTLA_KAFKA`.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kafka {
    /// Run them if Java and Maven are here, else skip them.
    Auto,
    /// Run them; a machine without Java and Maven fails.
    Require,
    /// Skip them.
    Skip,
}

impl Kafka {
    fn name(self) -> &'static str {
        match self {
            Kafka::Auto => "auto",
            Kafka::Require => "require",
            Kafka::Skip => "skip",
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode> {
    let tally = tally(arguments)?;
    print!("\n{tally}\n{}{}", tally.figures(), tally.exceptions());
    Ok(close(tally.counts()))
}

/// Runs the tests and counts them; an error means that they could not be built.
pub(crate) fn tally(arguments: &Arguments) -> Result<Tally> {
    let mut tally = Tally::default();
    let programs = build(arguments)?;
    for program in &programs {
        program.run(arguments, &mut tally)?;
    }
    if arguments.filter.is_none() {
        doc_tests(arguments, &mut tally)?;
    }
    Ok(tally)
}

/// A program that cargo built from one crate's tests.
struct TestProgram {
    name: String,
    executable: PathBuf,
    package_folder: PathBuf,
    /// Whether each test runs in a process of its own, with no other beside it.
    alone: bool,
}

fn build(arguments: &Arguments) -> Result<Vec<TestProgram>> {
    let packages = &arguments.package;
    let mut cargo = cargo();
    cargo.args(["test", "--no-run", "--message-format=json-render-diagnostics"]);
    if packages.is_empty() {
        cargo.arg("--workspace");
    }
    for package in packages {
        cargo.args(["--package", package]);
    }
    if arguments.full {
        cargo.args(["--profile", "proof"]);
    }
    cargo.args(arguments.features());
    // Warnings and progress are for the person who waits; the messages are for us.
    let output = cargo.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    ensure!(output.status.success(), "the tests do not build");
    let messages = String::from_utf8(output.stdout).context("cargo's messages are no UTF-8")?;
    let mut programs = Vec::new();
    for line in messages.lines() {
        let message: Value = serde_json::from_str(line).context("cargo printed no JSON")?;
        programs.extend(test_program(&message));
    }
    programs.sort_by(|left, right| (left.alone, &left.name).cmp(&(right.alone, &right.name)));
    Ok(programs)
}

fn test_program(message: &Value) -> Option<TestProgram> {
    let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str);
    if text("/reason")? != "compiler-artifact" || !message.pointer("/profile/test")?.as_bool()? {
        return None;
    }
    let executable = PathBuf::from(text("/executable")?);
    let manifest = Path::new(text("/manifest_path")?);
    let package_folder = manifest.parent()?.to_owned();
    let folder = package_folder.strip_prefix(crate::root()).ok()?;
    let (kind, target) = (text("/target/kind/0")?, text("/target/name")?);
    let name = match kind {
        "test" => format!("{}/tests/{target}", folder.display()),
        "lib" => format!("{}/src", folder.display()),
        _ => format!("{}/{kind}/{target}", folder.display()),
    };
    // Unit tests start no servers, whatever their crate depends on.
    let alone = kind == "test" && fs::read_to_string(manifest).ok()?.contains("kafka-harness");
    Some(TestProgram { name, executable, package_folder, alone })
}

impl TestProgram {
    fn run(&self, arguments: &Arguments, tally: &mut Tally) -> Result<()> {
        let begin = Instant::now();
        let mut tests = self.list()?;
        if let Some(filter) = &arguments.filter {
            tests.retain(|test| test.contains(filter.as_str()));
        }
        if tests.is_empty() {
            return Ok(());
        }
        tally.begin(&self.name);
        if !self.alone {
            let mut command = self.command(arguments);
            command.args(arguments.filter.as_slice());
            // With a single thread, libtest prints a test's name and its verdict apart.
            let threads = std::thread::available_parallelism().map_or(2, |cores| cores.get().max(2));
            // What a test prints comes behind the verdicts then, figures among it.
            command.args([&format!("--test-threads={threads}"), "--show-output"]);
            let run = program::run(&mut command, arguments.limit(false))?;
            let listed = tests.clone();
            // Tests of what is skipped say so too, and are not.
            let verdicts = run.verdicts.iter().filter(|(test, _)| listed.contains(test));
            for (test, verdict) in verdicts {
                tests.retain(|unfinished| unfinished != test);
                tally.note(&self.name, test, *verdict);
            }
            let skips = run.skips.iter().filter(|skip| listed.iter().any(|test| skip.is_about(test)));
            skips.for_each(|skip| println!("{skip}"));
            run.figures().for_each(|figure| tally.figure(figure));
            if run.verdicts.iter().any(|(_, verdict)| *verdict == Verdict::Failed) {
                println!("{}", run.complaints().join("\n"));
            }
            if !tests.is_empty() {
                println!("{} {}; what it left runs again, test by test", self.name, run.ending);
            }
        }
        for test in &tests {
            self.run_alone(test, arguments, tally)?;
        }
        tally.end(&self.name, begin.elapsed());
        Ok(())
    }

    fn run_alone(&self, test: &str, arguments: &Arguments, tally: &mut Tally) -> Result<()> {
        let begin = Instant::now();
        let mut command = self.command(arguments);
        command.args(["--exact", test, "--nocapture", "--test-threads=2"]);
        let run = program::run(&mut command, arguments.limit(true))?;
        // Output that is not captured may stand between a name and its verdict, so the status decides.
        let verdict = match run.ending {
            Ending::Exited(status) if !status.success() => Verdict::Failed,
            Ending::Exited(_) if !run.skips.is_empty() || run.ignored() => Verdict::Skipped,
            Ending::Exited(_) => Verdict::Passed,
            Ending::Hung(_) => Verdict::Hung,
        };
        if matches!(verdict, Verdict::Failed | Verdict::Hung) {
            println!("{}", run.output.join("\n"));
        }
        run.figures().for_each(|figure| tally.figure(figure));
        run.skips.iter().for_each(|skip| println!("{skip}"));
        println!("{verdict:7} {} {test} ({:.1} s)", self.name, begin.elapsed().as_secs_f64());
        tally.note(&self.name, test, verdict);
        Ok(())
    }

    fn list(&self) -> Result<Vec<String>> {
        let mut command = Command::new(&self.executable);
        command.args(["--list", "--format=terse"]).current_dir(&self.package_folder);
        let listing = crate::steps::output(&mut command)?;
        let names = listing.lines().filter_map(|line| line.strip_suffix(": test"));
        Ok(names.map(str::to_owned).collect())
    }

    fn command(&self, arguments: &Arguments) -> Command {
        let mut command = Command::new(&self.executable);
        command.current_dir(&self.package_folder).env("CARGO_MANIFEST_DIR", &self.package_folder);
        arguments.tell(&mut command);
        command
    }
}

/// Cargo builds and runs these itself, so a hung one is named only by what came before it.
fn doc_tests(arguments: &Arguments, tally: &mut Tally) -> Result<()> {
    const NAME: &str = "documentation";
    let begin = Instant::now();
    let mut command = cargo();
    // Other features than the tests have would build every library once more.
    command.args(["test", "--doc"]).args(arguments.features());
    arguments.tell(&mut command);
    if arguments.package.is_empty() {
        command.arg("--workspace");
    }
    for package in &arguments.package {
        command.args(["--package", package]);
    }
    tally.begin(NAME);
    let run = program::run(&mut command, arguments.limit(true))?;
    for (test, verdict) in &run.verdicts {
        tally.note(NAME, test, *verdict);
    }
    let failed = run.verdicts.iter().any(|(_, verdict)| *verdict == Verdict::Failed);
    let succeeded = matches!(run.ending, Ending::Exited(status) if status.success());
    if failed || !succeeded {
        println!("{}", run.output.join("\n"));
    }
    if !failed && !succeeded {
        // A package without a library has no documentation to test, which cargo calls an error.
        if run.output.iter().any(|line| line.contains("no library targets found")) {
            tally.end(NAME, begin.elapsed());
            return Ok(());
        }
        bail!("the documentation's tests {}", run.ending);
    }
    tally.end(NAME, begin.elapsed());
    Ok(())
}
