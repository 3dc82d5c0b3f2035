//! `cargo xtask instructions`: how many instructions pieces of work take under callgrind, against a committed baseline.
//!
//! Counts repeat to a fraction of a per cent on a busy machine, where times do not. They depend on the compiler, and a
//! little on valgrind and the C library, so they are compared only where all three are those of the baseline.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::steps::{Outcome, cargo, output, target_folder};

/// What a count may rise by, in per cent; a change that costs more is blessed in its own commit, which says why.
const TOLERANCE: u64 = 5;

/// Counting is on inside this function of the program alone.
const MEASURED: &str = "ottla_instructions::measured*";

/// The committed counts, and what they were counted with.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Baseline {
    tools: Tools,
    /// Instructions of the whole piece of work, by its name.
    instructions: BTreeMap<String, u64>,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Tools {
    rustc: String,
    valgrind: String,
    libc: String,
}

/// One piece of work as it was counted.
struct Counted {
    name: String,
    units: u64,
    unit: String,
    instructions: u64,
}

/// Counts and compares; with `bless` the counts become the baseline.
pub(crate) fn run(bless: bool, only: &str) -> Result<()> {
    let tools = Tools::read()
        .context("cargo xtask instructions needs valgrind (Debian: apt-get install valgrind)")?;
    let counted = count(only)?;
    let baseline = Baseline::read()?;
    print!("{}", table(&counted, &baseline.instructions));
    if bless {
        ensure!(only.is_empty(), "a baseline is blessed as a whole");
        let instructions = counted.into_iter().map(|row| (row.name, row.instructions)).collect();
        return Baseline { tools, instructions }.write();
    }
    match baseline.differs_from(&tools) {
        Some(difference) => bail!("nothing to compare with: {difference}"),
        None => compare(&counted, &baseline.instructions, only.is_empty()),
    }
}

/// The step of the gate.
pub(crate) fn check() -> Result<Outcome> {
    let Ok(tools) = Tools::read() else {
        return Ok(Outcome::Skipped("valgrind is not installed".to_owned()));
    };
    let baseline = Baseline::read()?;
    if let Some(difference) = baseline.differs_from(&tools) {
        return Ok(Outcome::Skipped(format!("the baseline is not of these tools: {difference}")));
    }
    let counted = count("")?;
    let compared = compare(&counted, &baseline.instructions, true);
    if compared.is_err() {
        print!("{}", table(&counted, &baseline.instructions));
    }
    compared.map(|()| Outcome::Passed)
}

/// Fails if a count rose by more than the tolerance, or if the two are not about the same work.
fn compare(counted: &[Counted], baseline: &BTreeMap<String, u64>, all: bool) -> Result<()> {
    let mut problems = Vec::new();
    for Counted { name, instructions, .. } in counted {
        match baseline.get(name) {
            Some(&before) if rose(before, *instructions) => {
                problems.push(format!("{name} rose by {:.1} %", change(before, *instructions)));
            }
            Some(_) => {}
            None => problems.push(format!("{name} has no baseline")),
        }
    }
    if all {
        let gone = baseline.keys().filter(|name| !counted.iter().any(|row| row.name == **name));
        problems.extend(gone.map(|name| format!("{name} is not measured any more")));
    }
    ensure!(
        problems.is_empty(),
        "{}; if that is what it costs, cargo xtask instructions --bless, and say why in the commit",
        problems.join(", ")
    );
    Ok(())
}

/// Builds the program and counts what it does, each piece of work in a process of its own.
fn count(only: &str) -> Result<Vec<Counted>> {
    output(cargo().args(["build", "--release", "--quiet", "--package", "ottla-instructions"]))?;
    let target = target_folder()?;
    let program = target.join("release").join("ottla-instructions");
    let file = target.join("instructions.out");
    let works = output(&mut Command::new(&program))?;
    let mut counted = Vec::new();
    for line in works.lines() {
        let mut work = Counted::new(line)?;
        if !work.name.contains(only) {
            continue;
        }
        let mut valgrind = Command::new("valgrind");
        valgrind.args(["--quiet", "--tool=callgrind", "--collect-atstart=no"]);
        valgrind.arg(format!("--toggle-collect={MEASURED}"));
        valgrind.arg(format!("--callgrind-out-file={}", file.display()));
        output(valgrind.arg(&program).arg(&work.name))?;
        work.instructions = total(&file)?;
        ensure!(work.instructions > 0, "{}: is `measured` still a function of its own?", work.name);
        counted.push(work);
    }
    Ok(counted)
}

/// The instructions that a file of callgrind's counts.
fn total(file: &Path) -> Result<u64> {
    let text = fs::read_to_string(file)?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    Ok(total.with_context(|| format!("{} has no total", file.display()))?.trim().parse()?)
}

impl Counted {
    /// From the line that the program prints of it: name, units, unit. Nothing is counted yet.
    fn new(line: &str) -> Result<Self> {
        let mut fields = line.split('\t').map(str::to_owned);
        let (Some(name), Some(units), Some(unit)) = (fields.next(), fields.next(), fields.next()) else {
            bail!("the program printed {line:?}");
        };
        Ok(Self { name, units: units.parse()?, unit, instructions: 0 })
    }
}

impl Tools {
    fn read() -> Result<Self> {
        let line = |program: &str| -> Result<String> {
            let text = output(Command::new(program).arg("--version"))?;
            Ok(text.lines().next().unwrap_or_default().to_owned())
        };
        Ok(Self { rustc: line("rustc")?, valgrind: line("valgrind")?, libc: line("ldd")? })
    }
}

impl Baseline {
    fn file() -> PathBuf {
        crate::root().join("bench/instructions/baseline.json")
    }

    /// The committed one; an empty one before there is any.
    fn read() -> Result<Self> {
        let file = Self::file();
        if !file.exists() {
            let none = String::new;
            let tools = Tools { rustc: none(), valgrind: none(), libc: none() };
            return Ok(Self { tools, instructions: BTreeMap::new() });
        }
        let text = fs::read_to_string(&file)?;
        serde_json::from_str(&text).with_context(|| format!("{} cannot be read", file.display()))
    }

    fn write(&self) -> Result<()> {
        fs::write(Self::file(), serde_json::to_string_pretty(self)? + "\n")?;
        println!("the baseline is written; say in the commit what changed");
        Ok(())
    }

    fn differs_from(&self, tools: &Tools) -> Option<String> {
        let pairs = [
            (&self.tools.rustc, &tools.rustc),
            (&self.tools.valgrind, &tools.valgrind),
            (&self.tools.libc, &tools.libc),
        ];
        let different = pairs.into_iter().find(|(before, now)| before != now);
        different.map(|(before, now)| format!("it was made with {before:?}, here is {now:?}"))
    }
}

/// As Markdown, per unit of work.
fn table(counted: &[Counted], baseline: &BTreeMap<String, u64>) -> String {
    let mut text =
        String::from("| work | instructions | per | baseline | change |\n|---|---:|---|---:|---:|\n");
    for Counted { name, units, unit, instructions } in counted {
        let each = per(*instructions, *units);
        let (before, change) = match baseline.get(name) {
            Some(&before) => {
                (format!("{:.1}", per(before, *units)), format!("{:+.1} %", change(before, *instructions)))
            }
            None => ("-".to_owned(), "-".to_owned()),
        };
        text += &format!("| {name} | {each:.1} | {unit} | {before} | {change} |\n");
    }
    text
}

#[expect(clippy::cast_precision_loss, reason = "counts here lie far below 2^52")]
fn per(instructions: u64, units: u64) -> f64 {
    instructions as f64 / units.max(1) as f64
}

/// Whether it is more than the tolerance allows.
fn rose(before: u64, now: u64) -> bool {
    now.saturating_mul(100) > before.saturating_mul(100 + TOLERANCE)
}

/// In per cent of what it was.
fn change(before: u64, now: u64) -> f64 {
    (per(now, before) - 1.0) * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(instructions: u64) -> [Counted; 1] {
        [Counted { name: "append".to_owned(), units: 10, unit: "record".to_owned(), instructions }]
    }

    #[test]
    fn only_a_rise_beyond_the_tolerance_fails() {
        let baseline = BTreeMap::from([("append".to_owned(), 1_000)]);
        for (instructions, passes) in [(500, true), (1_000, true), (1_050, true), (1_051, false)] {
            assert_eq!(compare(&counted(instructions), &baseline, true).is_ok(), passes, "{instructions}");
        }
    }

    #[test]
    fn work_without_a_baseline_and_a_baseline_without_work_are_told() {
        assert!(compare(&counted(1), &BTreeMap::new(), true).is_err());
        let baseline = BTreeMap::from([("append".to_owned(), 1), ("seal".to_owned(), 1)]);
        assert!(compare(&counted(1), &baseline, true).is_err());
        compare(&counted(1), &baseline, false).unwrap();
    }
}
