//! `cargo xtask instructions`: how many instructions pieces of work take under callgrind, and how many of them are
//! atomic, against a committed baseline.
//!
//! Counts repeat to a fraction of a per cent on a busy machine, where times do not. They depend on the compiler, and a
//! little on valgrind and the C library, so they are compared only where all three are those of the baseline.
//!
//! An atomic instruction is one that has its cache line to itself while it reads and writes: `fetch_add`, taking a lock,
//! giving it back, counting a reference. It is one among hundreds of instructions and costs as much as fifty, or, when
//! another core had the line, some hundreds. Those of the program are counted, and none of the C library.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::steps::{Outcome, cargo, output, target_folder};

/// What a count may rise by, in per cent; a change that costs more is blessed in its own commit, which says why.
const TOLERANCE: u64 = 5;

/// Counts by the instruction, with addresses and names written out.
const CALLGRIND: [&str; 7] = [
    "--quiet",
    "--tool=callgrind",
    "--collect-atstart=no",
    "--dump-instr=yes",
    "--dump-line=no",
    "--compress-pos=no",
    "--compress-strings=no",
];

const OBJDUMP: [&str; 2] = ["--disassemble", "--no-show-raw-insn"];

/// Counting is on inside this function of the program alone.
const MEASURED: &str = "ottla_instructions::measured*";

/// The committed counts, and what they were counted with.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Baseline {
    tools: Tools,
    /// Instructions of the whole piece of work, by its name.
    instructions: BTreeMap<String, u64>,
    /// Those of them that are atomic.
    atomics: BTreeMap<String, u64>,
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
    atomics: u64,
}

/// Counts and compares; with `bless` the counts become the baseline.
pub(crate) fn run(bless: bool, only: &str) -> Result<()> {
    let tools = Tools::read()
        .context("cargo xtask instructions needs valgrind and binutils (Debian: apt-get install them)")?;
    let counted = count(only)?;
    let baseline = Baseline::read()?;
    print!("{}", table(&counted, &baseline));
    if bless {
        ensure!(only.is_empty(), "a baseline is blessed as a whole");
        return Baseline::new(tools, &counted).write();
    }
    match baseline.differs_from(&tools) {
        Some(difference) => bail!("nothing to compare with: {difference}"),
        None => compare(&counted, &baseline, only.is_empty()),
    }
}

/// The step of the gate.
pub(crate) fn check() -> Result<Outcome> {
    let Ok(tools) = Tools::read() else {
        return Ok(Outcome::Skipped("valgrind or binutils are not installed".to_owned()));
    };
    let baseline = Baseline::read()?;
    if let Some(difference) = baseline.differs_from(&tools) {
        return Ok(Outcome::Skipped(format!("the baseline is not of these tools: {difference}")));
    }
    let counted = count("")?;
    let compared = compare(&counted, &baseline, true);
    if compared.is_err() {
        print!("{}", table(&counted, &baseline));
    }
    compared.map(|()| Outcome::Passed)
}

/// Fails if a count of instructions rose by more than the tolerance, if one of atomic instructions rose at all, or if the
/// two are not about the same work.
fn compare(counted: &[Counted], baseline: &Baseline, all: bool) -> Result<()> {
    let mut problems = Vec::new();
    for Counted { name, instructions, atomics, .. } in counted {
        match (baseline.instructions.get(name), baseline.atomics.get(name)) {
            (Some(&before), Some(&atomics_before)) => {
                if rose(before, *instructions) {
                    problems.push(format!("{name} rose by {:.1} %", change(before, *instructions)));
                }
                if *atomics > atomics_before {
                    problems.push(format!("{name} has {atomics} atomic instructions, not {atomics_before}"));
                }
            }
            _ => problems.push(format!("{name} has no baseline")),
        }
    }
    if all {
        let gone = baseline.instructions.keys().filter(|name| !counted.iter().any(|row| row.name == **name));
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
    // The profile names files without links, and what it says of another name is not found.
    let program = fs::canonicalize(&program).with_context(|| format!("no {}", program.display()))?;
    let name = program.to_string_lossy();
    let file = target.join("instructions.out");
    let works = output(&mut Command::new(&program))?;
    let atomic = atomic_instructions(&output(Command::new("objdump").args(OBJDUMP).arg(&program))?);
    ensure!(!atomic.is_empty(), "objdump shows no atomic instruction");
    let mut counted = Vec::new();
    for line in works.lines() {
        let mut work = Counted::new(line)?;
        if !work.name.contains(only) {
            continue;
        }
        let mut valgrind = Command::new("valgrind");
        valgrind.args(CALLGRIND).arg(format!("--toggle-collect={MEASURED}"));
        valgrind.arg(format!("--callgrind-out-file={}", file.display()));
        output(valgrind.arg(&program).arg(&work.name))?;
        let profile = fs::read_to_string(&file)?;
        work.instructions = total(&profile).with_context(|| format!("{} has no total", file.display()))?;
        ensure!(work.instructions > 0, "{}: is `measured` still a function of its own?", work.name);
        let locking = executed(&profile, &name).filter(|(place, _)| atomic.contains(place));
        work.atomics = locking.map(|(_, times)| times).sum();
        counted.push(work);
    }
    Ok(counted)
}

/// The instructions that a profile of callgrind's counts.
fn total(profile: &str) -> Option<u64> {
    profile.lines().find_map(|line| line.strip_prefix("totals: "))?.trim().parse().ok()
}

/// How often each instruction of `program` was executed, by its address; one may come several times.
fn executed(profile: &str, program: &str) -> impl Iterator<Item = (u64, u64)> {
    let mut inside = false;
    let mut of_callee = false;
    profile.lines().filter_map(move |line| {
        if let Some(object) = line.strip_prefix("ob=") {
            inside = object.ends_with(program);
        }
        // The line behind it says what the function that is called cost as a whole.
        let counts = inside && !std::mem::replace(&mut of_callee, line.starts_with("calls="));
        let (place, times) = line.strip_prefix("0x").filter(|_| counts)?.split_once(' ')?;
        Some((u64::from_str_radix(place, 16).ok()?, times.trim().parse().ok()?))
    })
}

/// Where a disassembled program has its atomic instructions: those with the prefix `lock`, and exchanges with memory,
/// which lock without it.
fn atomic_instructions(disassembly: &str) -> BTreeSet<u64> {
    let atomic = disassembly.lines().filter_map(|line| {
        let (place, instruction) = line.split_once(":\t")?;
        let exchange = instruction.starts_with("xchg ") && instruction.contains('(');
        let locks = exchange || instruction.starts_with("lock ");
        u64::from_str_radix(place.trim(), 16).ok().filter(|_| locks)
    });
    atomic.collect()
}

impl Counted {
    /// From the line that the program prints of it: name, units, unit. Nothing is counted yet.
    fn new(line: &str) -> Result<Self> {
        let mut fields = line.split('\t').map(str::to_owned);
        let (Some(name), Some(units), Some(unit)) = (fields.next(), fields.next(), fields.next()) else {
            bail!("the program printed {line:?}");
        };
        Ok(Self { name, units: units.parse()?, unit, instructions: 0, atomics: 0 })
    }
}

impl Tools {
    fn read() -> Result<Self> {
        let line = |program: &str| -> Result<String> {
            let text = output(Command::new(program).arg("--version"))?;
            Ok(text.lines().next().unwrap_or_default().to_owned())
        };
        line("objdump")?;
        Ok(Self { rustc: line("rustc")?, valgrind: line("valgrind")?, libc: line("ldd")? })
    }
}

impl Baseline {
    fn new(tools: Tools, counted: &[Counted]) -> Self {
        let each = |count: fn(&Counted) -> u64| counted.iter().map(move |row| (row.name.clone(), count(row)));
        Self {
            tools,
            instructions: each(|row| row.instructions).collect(),
            atomics: each(|row| row.atomics).collect(),
        }
    }

    fn file() -> PathBuf {
        crate::root().join("bench/instructions/baseline.json")
    }

    /// The committed one; an empty one before there is any.
    fn read() -> Result<Self> {
        let file = Self::file();
        if !file.exists() {
            let none = String::new;
            return Ok(Self::new(Tools { rustc: none(), valgrind: none(), libc: none() }, &[]));
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
fn table(counted: &[Counted], baseline: &Baseline) -> String {
    let mut text = String::from("| work | instructions | baseline | change | atomic | baseline | per |\n");
    text += "|---|---:|---:|---:|---:|---:|---|\n";
    for Counted { name, units, unit, instructions, atomics } in counted {
        let unknown = || "-".to_owned();
        let each = |count: u64| format!("{:.1}", per(count, *units));
        // A digit more: one for each batch is little for each record.
        let each_atomic = |count: u64| format!("{:.2}", per(count, *units));
        let before = baseline.instructions.get(name).copied();
        let row = [
            name.clone(),
            each(*instructions),
            before.map_or_else(unknown, each),
            before.map_or_else(unknown, |before| format!("{:+.1} %", change(before, *instructions))),
            each_atomic(*atomics),
            baseline.atomics.get(name).copied().map_or_else(unknown, each_atomic),
            unit.clone(),
        ];
        text += &format!("| {} |\n", row.join(" | "));
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

    fn counted(instructions: u64, atomics: u64) -> [Counted; 1] {
        [Counted { name: "append".to_owned(), units: 10, unit: "record".to_owned(), instructions, atomics }]
    }

    fn baseline(counted: &[Counted]) -> Baseline {
        let none = String::new;
        Baseline::new(Tools { rustc: none(), valgrind: none(), libc: none() }, counted)
    }

    #[test]
    fn only_a_rise_beyond_the_tolerance_fails() {
        let baseline = baseline(&counted(1_000, 40));
        for (instructions, passes) in [(500, true), (1_000, true), (1_050, true), (1_051, false)] {
            assert_eq!(
                compare(&counted(instructions, 40), &baseline, true).is_ok(),
                passes,
                "{instructions}"
            );
        }
    }

    #[test]
    fn one_atomic_instruction_more_fails() {
        let baseline = baseline(&counted(1_000, 40));
        for (atomics, passes) in [(0, true), (40, true), (41, false)] {
            assert_eq!(compare(&counted(1_000, atomics), &baseline, true).is_ok(), passes, "{atomics}");
        }
    }

    #[test]
    fn work_without_a_baseline_and_a_baseline_without_work_are_told() {
        assert!(compare(&counted(1, 0), &baseline(&[]), true).is_err());
        let mut baseline = baseline(&counted(1, 0));
        baseline.instructions.insert("seal".to_owned(), 1);
        assert!(compare(&counted(1, 0), &baseline, true).is_err());
        compare(&counted(1, 0), &baseline, false).unwrap();
    }

    #[test]
    fn instructions_of_the_program_are_counted_and_those_that_it_calls_are_not_twice() {
        let profile = "events: Ir\nob=/target/program\nfn=measured\n0x10 7\ncalls=3 0x40\n0x14 900\n0x18 2\n\
                       ob=/lib/libc.so\nfn=memcpy\n0x10 5\nob=/target/program\n0x10 1\ntotals: 915\n";
        assert_eq!(
            executed(profile, "/target/program").collect::<Vec<_>>(),
            [(0x10, 7), (0x18, 2), (0x10, 1)]
        );
        assert_eq!(total(profile), Some(915));
    }

    #[test]
    fn atomic_is_what_locks() {
        let disassembly = "program:     file format elf64-x86-64\n\n0000000000001000 <f>:\n    1000:\tlock xadd %eax,(%rdi)\n    \
                           1004:\txchg   %ax,%ax\n    1006:\txchg   %al,0x10(%rbx)\n    1009:\tmov    (%rax),%rbx\n";
        assert_eq!(atomic_instructions(disassembly), BTreeSet::from([0x1000, 0x1006]));
    }
}
