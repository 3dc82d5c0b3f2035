//! `cargo xtask bench`: Ottla beside other clients, against one real broker, in rounds that take turns.
//!
//! The figure to compare is CPU time per record of the client's process: broker and clients share the machine, so what
//! a clock shows depends on the share that each got. Which client begins moves on with every round.

mod clients;
mod table;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use kafka_harness::{Cluster, Options, Version, process};
use serde_json::Value;

use crate::steps::{cargo, output, target_folder};
use clients::Client;

/// No run takes longer unless it hangs.
const LIMIT: Duration = Duration::from_secs(180);

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Only these clients, by name, with commas between; all that can be built here if not given.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Only these loads: produce, consume, latency, start.
    #[arg(long, value_delimiter = ',')]
    ops: Vec<String>,
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// A tenth of the records and one round.
    #[arg(long)]
    quick: bool,
    /// Where the table goes besides this terminal.
    #[arg(long, default_value = "target/bench.md")]
    file: PathBuf,
}

/// A load that every client gets.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    op: Op,
    records: usize,
    size: usize,
    codec: &'static str,
    partitions: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Produce,
    Consume,
    /// Records a second in the place of records.
    Latency,
    /// One record, timed from the start of the process to its end.
    Start,
}

impl Op {
    fn name(self) -> &'static str {
        match self {
            Self::Produce => "produce",
            Self::Consume => "consume",
            Self::Latency => "latency",
            Self::Start => "start",
        }
    }
}

#[rustfmt::skip]
const CASES: [Case; 11] = [
    Case { name: "produce 100 B", op: Op::Produce, records: 5_000_000, size: 100, codec: "none", partitions: 6 },
    Case { name: "produce 100 B, lz4", op: Op::Produce, records: 5_000_000, size: 100, codec: "lz4", partitions: 6 },
    Case { name: "produce 100 B, zstd", op: Op::Produce, records: 2_000_000, size: 100, codec: "zstd", partitions: 6 },
    Case { name: "produce 1,000 B", op: Op::Produce, records: 1_000_000, size: 1_000, codec: "none", partitions: 6 },
    Case { name: "produce 100 B, 1,000 partitions", op: Op::Produce, records: 5_000_000, size: 100, codec: "none", partitions: 1_000 },
    Case { name: "consume 100 B", op: Op::Consume, records: 5_000_000, size: 100, codec: "none", partitions: 6 },
    Case { name: "consume 100 B, lz4", op: Op::Consume, records: 5_000_000, size: 100, codec: "lz4", partitions: 6 },
    Case { name: "consume 1,000 B", op: Op::Consume, records: 1_000_000, size: 1_000, codec: "none", partitions: 6 },
    Case { name: "latency at 1,000/s", op: Op::Latency, records: 1_000, size: 100, codec: "none", partitions: 6 },
    Case { name: "latency at 20,000/s", op: Op::Latency, records: 20_000, size: 100, codec: "none", partitions: 6 },
    Case { name: "start to first acknowledgement", op: Op::Start, records: 1, size: 100, codec: "none", partitions: 6 },
];

/// One run: the line of figures that the program printed.
pub(crate) struct Run {
    pub(crate) case: Case,
    pub(crate) client: String,
    pub(crate) figures: Value,
}

impl Run {
    pub(crate) fn figure(&self, name: &str) -> Option<f64> {
        self.figures.get(name)?.as_f64()
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<()> {
    let rounds = if arguments.quick { 1 } else { arguments.rounds };
    output(cargo().args(["build", "--release", "--quiet", "--package", "ottla-bench"]))?;
    let target = target_folder()?;
    let clients = clients::build(&target, &arguments.only)?;
    let wanted =
        |case: &&Case| arguments.ops.is_empty() || arguments.ops.iter().any(|op| op == case.op.name());
    let cases: Vec<_> = CASES.iter().filter(wanted).copied().collect();
    ensure!(!cases.is_empty(), "there is no such load");

    let options = Options::new().version(Version::default()).heap_mebibytes(1_024);
    let kafka = Cluster::start(options.set("log.segment.delete.delay.ms", 500))?;
    let mut bench = Bench {
        brokers: kafka.bootstrap(),
        target,
        quick: arguments.quick,
        pools: BTreeMap::new(),
        topics: 0,
    };
    let ours = bench.ours();
    // The broker compiles its own code while it works: it does that before anything counts.
    let [first, ..] = CASES;
    let warm_up = Case { records: 1_000_000, ..first };
    bench.run(warm_up, &ours, None)?;

    let mut runs = Vec::new();
    for case in cases {
        let filled = (case.op == Op::Consume).then(|| bench.fill(case)).transpose()?;
        for round in 0..rounds {
            let turns = clients.iter().cycle().skip(round).take(clients.len());
            for client in turns.filter(|client| client.can(case)) {
                match bench.run(case, client, filled.as_deref()) {
                    Ok(figures) => {
                        println!("{}: {}: {}", case.name, client.name, table::in_short(&figures));
                        runs.push(Run { case, client: client.name.clone(), figures });
                    }
                    // One client's failure says nothing about the others.
                    Err(error) => println!("{}: {} FAILED: {error:#}", case.name, client.name),
                }
            }
        }
        if let Some(topic) = filled {
            bench.topic("delete", &topic, case)?;
        }
    }
    kafka.stop()?;
    let text = table::markdown(&runs, &clients, rounds)?;
    print!("{text}");
    fs::write(&arguments.file, text).with_context(|| format!("cannot write {}", arguments.file.display()))
}

struct Bench {
    brokers: String,
    target: PathBuf,
    quick: bool,
    /// Files of values, by the size of one.
    pools: BTreeMap<usize, PathBuf>,
    topics: usize,
}

impl Bench {
    fn ours(&self) -> Client {
        clients::ottla(&self.target)
    }

    /// One run in a topic of its own, or over one that is filled.
    fn run(&mut self, case: Case, client: &Client, filled: Option<&str>) -> Result<Value> {
        let topic = match filled {
            Some(topic) => topic.to_owned(),
            None => self.create(case)?,
        };
        let figures = self.load(case, client, &topic);
        if filled.is_none() {
            if figures.is_ok() && case.op != Op::Latency {
                let arrived = self.topic("count", &topic, case)?;
                ensure!(
                    arrived.trim() == self.records(case).to_string(),
                    "{} records arrived",
                    arrived.trim()
                );
            }
            self.topic("delete", &topic, case)?;
        }
        figures
    }

    fn load(&mut self, case: Case, client: &Client, topic: &str) -> Result<Value> {
        let pool = self.pool(case.size)?;
        let op = if case.op == Op::Start { "produce" } else { case.op.name() };
        let mut command = client.command(op);
        command.args(["--brokers", &self.brokers, "--topic", topic]);
        if case.op == Op::Latency {
            let seconds = if self.quick { 5 } else { 10 };
            command.args(["--rate", &case.records.to_string(), "--seconds", &seconds.to_string()]);
        } else {
            command.args(["--records", &self.records(case).to_string()]);
        }
        if case.op != Op::Consume {
            command.args(["--size", &case.size.to_string()]).arg("--pool").arg(pool);
        }
        match case.op {
            Op::Produce => command.args(["--codec", case.codec]),
            Op::Start => command.args(["--linger-ms", "0"]),
            Op::Consume | Op::Latency => &mut command,
        };
        let begin = Instant::now();
        let ended = process::run(&mut command, LIMIT)?;
        let wall = begin.elapsed();
        let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        let Some(line) = out.lines().rfind(|line| line.starts_with('{')).filter(|_| ended.status.success())
        else {
            bail!("{}: {}", ended.status, err.lines().last().unwrap_or_default());
        };
        let mut figures: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
        if let Some(fields) = figures.as_object_mut() {
            fields.insert("process_ms".to_owned(), (wall.as_secs_f64() * 1e3).into());
        }
        Ok(figures)
    }

    fn records(&self, case: Case) -> usize {
        if self.quick && case.records >= 1_000_000 { case.records / 10 } else { case.records }
    }

    fn create(&mut self, case: Case) -> Result<String> {
        self.topics += 1;
        let topic = format!("bench-{}", self.topics);
        self.topic("create", &topic, case)?;
        // Brokers learn of a new topic one after the other, and of a thousand partitions slowly.
        let begin = Instant::now();
        while let Err(error) = self.topic("count", &topic, case) {
            ensure!(begin.elapsed() < LIMIT, "{topic} does not come to be: {error:#}");
        }
        Ok(topic)
    }

    /// A topic with the records of a case, written by Ottla and read once before anything counts.
    fn fill(&mut self, case: Case) -> Result<String> {
        let topic = self.create(case)?;
        let ours = self.ours();
        self.load(Case { op: Op::Produce, ..case }, &ours, &topic)?;
        self.load(case, &ours, &topic)?;
        Ok(topic)
    }

    fn topic(&self, action: &str, topic: &str, case: Case) -> Result<String> {
        let mut command = self.ours().command("topic");
        command.args([action, "--brokers", &self.brokers, "--topic", topic]);
        output(command.args(["--partitions", &case.partitions.to_string()]))
    }

    fn pool(&mut self, size: usize) -> Result<PathBuf> {
        if let Some(file) = self.pools.get(&size) {
            return Ok(file.clone());
        }
        let file = self.target.join(format!("bench-pool-{size}"));
        output(self.ours().command("pool").args(["--size", &size.to_string()]).arg(&file))?;
        self.pools.insert(size, file.clone());
        Ok(file)
    }
}

/// The first line that a program prints.
pub(crate) fn first_line(program: &str, arguments: &[&str]) -> Option<String> {
    let said = Command::new(program).args(arguments).output().ok()?;
    let text = String::from_utf8(said.stdout).ok()?;
    Some(text.lines().next()?.trim().to_owned())
}

/// A program below the folder where cargo builds.
pub(crate) fn released(target: &Path, name: &str) -> PathBuf {
    target.join("release").join(name)
}
