//! `cargo xtask bench`: Ottla beside other clients, against one real broker, in rounds that take turns.
//!
//! The figure to compare is CPU time per record of the client's process: broker and clients share the machine, so what
//! a clock shows depends on the share that each got. Which client begins moves on with every round, and a round goes
//! through all loads before the next one begins, so that a machine that changes changes for all.

mod bench;
mod cases;
pub(crate) mod clients;
mod goals;
mod table;
mod weights;

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use crate::steps::{cargo, output, target_folder};
pub(crate) use bench::Bench;
pub(crate) use cases::{CASES, Case, Op, Way};
use clients::Client;
use weights::Weight;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only these clients, by name, with commas between; all that can be built here if not given.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Only these kinds of loads: produce, consume, latency, start.
    #[arg(long, value_delimiter = ',')]
    ops: Vec<String>,
    /// Only loads whose name contains this: `lz4`.
    #[arg(long, default_value = "")]
    load: String,
    /// How often each client gets each load.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// In how many of the rounds the main loads are also run with the client on one core.
    #[arg(long, default_value_t = 1)]
    pinned: usize,
    /// How long each run of latency counts.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Begin no run later than this after the beginning; the tables show what there is by then.
    #[arg(long)]
    minutes: Option<u64>,
    /// A tenth of the records, one round, two seconds of latency, no sizes.
    #[arg(long)]
    quick: bool,
    /// Where the tables go besides this terminal; the figures of every run go beside it, as `.jsonl`.
    #[arg(long, default_value = "target/bench.md")]
    file: PathBuf,
    /// Write docs/benchmarks.md and the README's table too.
    #[arg(long)]
    publish: bool,
    /// Run nothing; write the tables from the figures of the last time.
    #[arg(long)]
    again: bool,
}

/// One run: the line of figures that the program printed, or why there is none.
pub(crate) struct Run {
    pub(crate) case: &'static Case,
    pub(crate) client: String,
    pub(crate) way: Way,
    pub(crate) outcome: Result<Value, String>,
}

impl Run {
    fn is(&self, case: &Case, way: Way) -> bool {
        self.case.name == case.name && self.way == way
    }

    fn figure(&self, name: &str) -> Option<f64> {
        self.outcome.as_ref().ok()?.get(name)?.as_f64()
    }

    fn line(&self) -> Value {
        let (name, value) = match &self.outcome {
            Ok(figures) => ("figures", figures.clone()),
            Err(error) => ("error", error.as_str().into()),
        };
        json!({ "load": self.case.name, "client": self.client, "way": self.way, name: value })
    }

    fn read(line: &str) -> Result<Self> {
        let value: Value = serde_json::from_str(line)?;
        let text = |name: &str| value.get(name).and_then(Value::as_str).with_context(|| format!("no {name}"));
        let case = CASES.iter().find(|case| text("load").is_ok_and(|name| name == case.name));
        let outcome = match value.get("figures") {
            Some(figures) => Ok(figures.clone()),
            None => Err(text("error")?.to_owned()),
        };
        Ok(Self {
            case: case.context("a load that is gone")?,
            client: text("client")?.to_owned(),
            way: serde_json::from_value(value.get("way").context("no way")?.clone())?,
            outcome,
        })
    }
}

/// What is said before the tables, and the tables of what was not run but weighed.
#[derive(Default, serde::Serialize, serde::Deserialize)]
struct Head {
    lines: Vec<String>,
    weights: Vec<Weight>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let figures = arguments.file.with_extension("jsonl");
    if !arguments.again {
        measure(arguments, &figures)?;
    }
    let text = fs::read_to_string(&figures).with_context(|| format!("cannot read {}", figures.display()))?;
    let mut lines = text.lines();
    let head: Head = serde_json::from_str(lines.next().context("no figures")?)?;
    let runs: Vec<_> = lines.map(Run::read).collect::<Result<_>>()?;

    let mut goals = String::new();
    goals::markdown(&mut goals, &runs)?;
    let mut text = String::from("# Clients side by side\n\nWritten by `cargo xtask bench --publish`. ");
    text += "[bench/README.md](../bench/README.md) tells what lies behind the misses.\n\n";
    text += &head.lines.join("\n");
    text += &table::rounds(&runs);
    text += "\n\n## Goals\n\n";
    text += &goals;
    weights::markdown(&mut text, &head.weights)?;
    table::markdown(&mut text, &runs)?;
    print!("{text}");
    let write = |file: &Path, text: &str| {
        fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
    };
    write(&arguments.file, &text)?;
    if arguments.publish {
        write(&crate::root().join("docs/benchmarks.md"), &text)?;
        let readme = crate::root().join("README.md");
        write(&readme, &with_goals(&fs::read_to_string(&readme)?, &goals)?)?;
    }
    Ok(())
}

/// The README with new figures between its two marks: the loads that run free.
fn with_goals(readme: &str, goals: &str) -> Result<String> {
    const MARKS: [&str; 2] = ["<!-- cargo xtask bench --publish -->\n", "<!-- end -->\n"];
    let [begin, end] = MARKS;
    let (before, rest) = readme.split_once(begin).context("the README has no place for the table")?;
    let (_, after) = rest.split_once(end).context("the table's place in the README has no end")?;
    let lines: Vec<_> = goals.lines().filter(|line| !line.contains("on one core")).collect();
    Ok(format!("{before}{begin}{}\n{end}{after}", lines.join("\n")))
}

fn measure(arguments: &Arguments, figures: &Path) -> Result<()> {
    let begin = Instant::now();
    let late = || arguments.minutes.is_some_and(|most| begin.elapsed() > Duration::from_secs(60 * most));
    output(cargo().args(["build", "--release", "--quiet", "--package", "ottla-bench"]))?;
    let target = target_folder()?;
    let clients = clients::build(&target, &arguments.only)?;
    let wanted = |case: &&Case| {
        case.name.contains(&arguments.load)
            && (arguments.ops.is_empty() || arguments.ops.iter().any(|op| op == case.op.name()))
    };
    let cases: Vec<_> = CASES.iter().filter(wanted).collect();
    ensure!(!cases.is_empty(), "there is no such load");
    let rounds = if arguments.quick { 1 } else { arguments.rounds };

    let mut file = File::create(figures).with_context(|| format!("cannot write {}", figures.display()))?;
    let weights = if arguments.quick { Vec::new() } else { weights::weigh(&target, &clients)? };
    let head = Head { lines: head(arguments)?, weights };
    writeln!(file, "{}", serde_json::to_string(&head)?)?;

    // A neutral client fills what is read: the ways in which clients cut and compress batches differ.
    let filler = clients.iter().find(|client| client.name == "librdkafka");
    let filler = filler.cloned().unwrap_or_else(|| clients::ottla(&target));
    let counter = clients::counter(&target)?;
    let mut bench = Bench::start(target, filler, arguments.quick, arguments.seconds)?;
    for (round, way, case) in plan(&cases, rounds, arguments.pinned) {
        let turns = clients.iter().cycle().skip(round).take(clients.len());
        for client in turns.filter(|client| clients::cannot(&client.name, case, way).is_none()) {
            if late() {
                println!("{}: {}: no time is left", case.name, client.name);
                continue;
            }
            let result = bench.run(*case, &prepared(client.clone(), way, &counter)?);
            // One client's failure says nothing about the others.
            let outcome = result.map_err(|error| format!("{error:#}"));
            let short = match &outcome {
                Ok(figures) => table::in_short(*case, way, figures),
                Err(error) => format!("FAILED: {error}"),
            };
            let seconds = begin.elapsed().as_secs();
            println!("{seconds} s: {}: {} {way:?}: {short}", case.name, client.name);
            writeln!(file, "{}", Run { case, client: client.name.clone(), way, outcome }.line())?;
        }
    }
    bench.stop()
}

/// Every load in every round.
fn plan<'a>(cases: &[&'a Case], rounds: usize, pinned: usize) -> Vec<(usize, Way, &'a Case)> {
    let mut plan = Vec::new();
    for round in 0..rounds {
        let counted = (round == 0).then_some(Way::Counted);
        let pinned = (round < pinned).then_some(Way::Pinned);
        for way in [Some(Way::Free), counted, pinned].into_iter().flatten() {
            plan.extend(cases.iter().filter(|case| way.takes(case)).map(|&case| (round, way, case)));
        }
    }
    plan
}

fn prepared(client: Client, way: Way, counter: &Path) -> Result<Client> {
    Ok(match way {
        Way::Free => client,
        Way::Pinned => {
            let last = std::thread::available_parallelism()?.get() - 1;
            client.under("taskset", &["--cpu-list", &last.to_string()])
        }
        Way::Counted => client.under("env", &[&format!("LD_PRELOAD={}", counter.display())]),
    })
}

fn head(arguments: &Arguments) -> Result<Vec<String>> {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism()?;
    let mut lines =
        vec![format!("- machine: {} cores, {}", cores, model.map_or("unknown", |(_, model)| model))];
    for (name, program, words) in [
        ("system", "uname", ["-sr"].as_slice()),
        ("compiler", "rustc", &["--version"]),
        ("Go", "go", &["version"]),
        ("Java", "java", &["--version"]),
        ("C compiler", "cc", &["--version"]),
        ("commit", "git", &["rev-parse", "--short", "HEAD"]),
    ] {
        lines.extend(first_line(program, words).map(|version| format!("- {name}: {version}")));
    }
    lines
        .push(format!("- broker: Kafka {}, one node on the same machine", kafka_harness::Version::default()));
    lines.push(format!(
        "\nCPU is of the client's process alone, from its first record to the last acknowledgement or \
         the last record read; times and rates depend on the share that client and broker got of the machine. Every \
         record that is sent is counted in the log. Latency counts from when a record was due, for {} s after one of \
         warming up. `floor` is no client: it shows what the bytes alone cost.",
        arguments.seconds
    ));
    if arguments.quick {
        lines.push("\nA quick run with a tenth of the records: a rehearsal.".to_owned());
    }
    Ok(lines)
}

/// The first line that a program prints.
fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let said = Command::new(program).args(arguments).current_dir(crate::root()).output().ok()?;
    let text = String::from_utf8(said.stdout).ok()?;
    Some(text.lines().next()?.trim().to_owned())
}

/// A program below the folder where cargo builds.
fn released(target: &Path, name: &str) -> PathBuf {
    target.join("release").join(name)
}
