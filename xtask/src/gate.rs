//! `cargo xtask ci` and `proof`: many steps in one run.

use std::fmt::Write as _;
use std::fs;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Result, ensure};

use crate::check::{self, Tools};
use crate::fuzz;
use crate::instructions;
use crate::planted;
use crate::steps::{Counts, Outcome, Steps, Verdict, cargo, close, output, pass};
use crate::test::{self, Arguments, Tally, Tier};

/// What must pass before a change lands. The last line counts steps and tests together.
pub(crate) fn ci() -> ExitCode {
    Report::of(Tier::Short).finish()
}

/// The same with the full counts, and the benchmarks; kept as `docs/proof.md`.
pub(crate) fn proof() -> Result<ExitCode> {
    // Before anything runs: the report is about this commit, not about one made meanwhile.
    let head = Head::read()?;
    let mut report = Report::of(Tier::Full);
    let found = planted::find_all(&mut report.steps, "")?;
    let mut figures = String::new();
    report.steps.run("benchmarks", || {
        figures = output(&mut benchmarks())?;
        Ok(Outcome::Passed)
    });
    let folder = crate::root().join("docs");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("proof.md"), report.markdown(&head, &found, &figures)?)?;
    println!("docs/proof.md is written");
    Ok(report.finish())
}

/// The benchmarks of the record path and the codecs.
fn benchmarks() -> Command {
    let mut cargo = cargo();
    cargo.args(["run", "--release", "--quiet", "--package", "ottla-bench", "--"]);
    cargo
}

/// What a run of everything found.
struct Report {
    steps: Steps,
    tests: Tally,
}

impl Report {
    fn of(tier: Tier) -> Self {
        let mut steps = Steps::default();
        check::all(&mut steps, Tools::Required);
        let begin = Instant::now();
        let tests = test::tally(&Arguments::everything(tier)).unwrap_or_else(|error| {
            println!("FAILED  tests: {error:#}");
            Tally::not_built()
        });
        let verdict = if tests.counts().failed == 0 { Verdict::Passed } else { Verdict::Failed };
        steps.note("tests and examples", begin.elapsed(), verdict);
        steps.run("models", models);
        steps.run("instruction counts", instructions::check);
        steps.run("documentation", || {
            pass(cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
        });
        let seconds = if tier == Tier::Full { 60 } else { 3 };
        steps.run("fuzzing", || fuzz::run(crate::root(), seconds).map(|()| Outcome::Passed));
        Report { steps, tests }
    }

    fn finish(&self) -> ExitCode {
        let Self { steps, tests } = self;
        print!("\n{tests}\n{steps}\n{}\n{}", tests.figures(), tests.exceptions());
        close(self.counts())
    }

    fn counts(&self) -> Counts {
        self.steps.counts() + self.tests.counts()
    }

    fn markdown(&self, head: &Head, found: &[planted::Found], benchmarks: &str) -> Result<String> {
        let mut text = String::from(
            "# Proof\n\nWritten by `cargo xtask proof`: every check and every test at its full count.\n\n",
        );
        writeln!(text, "- commit: {}", head.commit)?;
        writeln!(text, "- date: {}", head.date)?;
        writeln!(text, "- compiler: {}", head.compiler)?;
        writeln!(text, "- cores: {}", std::thread::available_parallelism()?)?;
        writeln!(text, "- result: {}\n", self.counts())?;
        writeln!(text, "## Steps\n\n{}", self.steps)?;
        writeln!(text, "## Tests\n\n{}", self.tests)?;
        let exceptions = self.tests.exceptions();
        if !exceptions.is_empty() {
            writeln!(text, "```text\n{exceptions}```\n")?;
        }
        writeln!(text, "## Figures\n\n{}", self.tests.figures())?;
        writeln!(
            text,
            "## Planted bugs\n\nEach with the first seed that found it, and what was seen there.\n"
        )?;
        for planted::Found { bug, seed, words } in found {
            writeln!(text, "- {bug}: seed {seed}: {words}")?;
        }
        writeln!(text, "\n## Benchmarks\n\n```text\n{}\n```", benchmarks.trim_end())?;
        Ok(text)
    }
}

/// Every order in which threads can meet in the locks and atomics of `core`, by loom. A target folder of its own, since
/// the flag changes every crate.
fn models() -> Result<Outcome> {
    let mut cargo = cargo();
    cargo.args(["test", "--release", "--package", "ottla-core", "--lib", "loom_", "--target-dir"]);
    cargo.arg(crate::root().join("target").join("loom")).env("RUSTFLAGS", "--cfg loom");
    let said = output(&mut cargo)?;
    ensure!(!said.contains(" 0 passed"), "no model was run");
    Ok(Outcome::Passed)
}

/// What the proof is about.
struct Head {
    commit: String,
    date: String,
    compiler: String,
}

impl Head {
    fn read() -> Result<Self> {
        let line = |program: &str, arguments: &[&str]| -> Result<String> {
            let text = output(Command::new(program).args(arguments).current_dir(crate::root()))?;
            Ok(text.trim().to_owned())
        };
        let mut commit = line("git", &["rev-parse", "HEAD"])?;
        if !line("git", &["status", "--porcelain"])?.is_empty() {
            commit.push_str(" and uncommitted changes");
        }
        Ok(Head {
            commit,
            date: line("date", &["-u", "+%Y-%m-%d %H:%M UTC"])?,
            compiler: line("rustc", &["--version"])?,
        })
    }
}
