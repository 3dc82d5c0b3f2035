//! The steps of a longer command: timed, named, and told apart as passed, failed or skipped.

use std::fmt;
use std::ops::Add;
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use kafka_harness::process;
use serde_json::Value;

/// No single program may hold up the gate for longer than this.
const LIMIT: Duration = Duration::from_secs(20 * 60);

/// How a step ended, if it did not fail.
pub(crate) enum Outcome {
    Passed,
    /// Something that the step needs is not on this machine.
    Skipped(String),
}

/// What was run so far.
#[derive(Default)]
pub(crate) struct Steps {
    rows: Vec<Row>,
}

struct Row {
    name: String,
    took: Duration,
    verdict: Verdict,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Passed,
    Failed,
    Skipped,
}

impl Steps {
    /// Runs one step and says how it ended; a failure is noted and the next step runs all the same.
    pub(crate) fn run(&mut self, name: &str, step: impl FnOnce() -> Result<Outcome>) {
        let begin = Instant::now();
        let result = step();
        let took = begin.elapsed();
        let seconds = took.as_secs_f64();
        let verdict = match result {
            Ok(Outcome::Passed) => {
                println!("ok      {name} ({seconds:.1} s)");
                Verdict::Passed
            }
            Ok(Outcome::Skipped(reason)) => {
                println!("SKIPPED: {name}: {reason}");
                Verdict::Skipped
            }
            Err(error) => {
                println!("FAILED  {name} ({seconds:.1} s): {error:#}");
                Verdict::Failed
            }
        };
        self.rows.push(Row { name: name.to_owned(), took, verdict });
    }

    /// Notes a step whose own output says how it went.
    pub(crate) fn note(&mut self, name: &str, took: Duration, verdict: Verdict) {
        self.rows.push(Row { name: name.to_owned(), took, verdict });
    }

    pub(crate) fn counts(&self) -> Counts {
        let count = |verdict| self.rows.iter().filter(|row| row.verdict == verdict).count();
        Counts {
            passed: count(Verdict::Passed),
            failed: count(Verdict::Failed),
            skipped: count(Verdict::Skipped),
        }
    }
}

/// How many of something ended in which way.
#[derive(Clone, Copy, Default)]
pub(crate) struct Counts {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) skipped: usize,
}

impl Add for Counts {
    type Output = Counts;

    fn add(self, other: Counts) -> Counts {
        Counts {
            passed: self.passed + other.passed,
            failed: self.failed + other.failed,
            skipped: self.skipped + other.skipped,
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// Prints the line that ends a run, after which nothing may be printed, and turns it into an exit code.
pub(crate) fn close(counts: Counts) -> ExitCode {
    println!("{counts}");
    if counts.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The table of durations, as Markdown.
impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.rows.iter().map(|row| row.name.len()).max().unwrap_or(0).max(5);
        writeln!(f, "| {:width$} | result  | seconds |", "step")?;
        writeln!(f, "| {:-<width$} | ------- | ------: |", "")?;
        for row in &self.rows {
            let verdict = match row.verdict {
                Verdict::Passed => "passed",
                Verdict::Failed => "FAILED",
                Verdict::Skipped => "SKIPPED",
            };
            writeln!(f, "| {:width$} | {verdict:7} | {:7.1} |", row.name, row.took.as_secs_f64())?;
        }
        Ok(())
    }
}

/// `cargo` at the root of the repository.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(crate::root());
    cargo
}

/// Runs a program to its end and returns what it printed on standard output; its output is shown only if it
/// fails.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let text = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let output = process::run(command.stdin(std::process::Stdio::null()), LIMIT)?;
    if !output.status.success() {
        print!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        bail!("{text} ended with {}", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("{text} printed no UTF-8"))
}

/// Runs a program for its exit status alone.
pub(crate) fn pass(command: &mut Command) -> Result<Outcome> {
    output(command).map(|_| Outcome::Passed)
}

/// Where cargo builds, which the user may have moved.
pub(crate) fn target_folder() -> Result<PathBuf> {
    let metadata = output(cargo().args(["metadata", "--format-version=1", "--no-deps", "--offline"]))?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let folder = metadata.get("target_directory").and_then(Value::as_str).context("no target folder")?;
    Ok(PathBuf::from(folder))
}
