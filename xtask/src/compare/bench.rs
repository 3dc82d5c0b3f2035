//! One run of one program on a real broker.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail, ensure};
use kafka_harness::{Cluster, Options, Version, process};
use serde_json::Value;

use super::clients::{Client, ottla};
use super::{CASES, Case, Op};
use crate::steps::output;

/// No run takes longer unless it hangs.
const LIMIT: Duration = Duration::from_secs(90);
/// Partitions beyond which a topic is used again.
const MANY: usize = 100;

/// A real broker, and what the runs on it need.
pub(crate) struct Bench {
    kafka: Cluster,
    /// Where Ottla's program and the files of values are.
    target: PathBuf,
    /// Writes what is read.
    filler: Client,
    /// Of large counts of records, only one in so many.
    divisor: usize,
    /// How long latency is measured.
    seconds: u32,
    /// Files of values, by the size of one.
    pools: BTreeMap<usize, PathBuf>,
    /// The topics that stay from run to run, by the load's name.
    kept: BTreeMap<&'static str, String>,
    topics: usize,
}

impl Bench {
    /// Starts the broker and lets it work before anything counts, since it compiles its own code meanwhile.
    pub(crate) fn start(target: PathBuf, filler: Client, quick: bool, seconds: u32) -> Result<Self> {
        let options = Options::new().version(Version::default()).heap_mebibytes(1_024);
        let kafka = Cluster::start(options.set("log.segment.delete.delay.ms", 500))?;
        let (divisor, seconds) = if quick { (10, seconds.min(2)) } else { (1, seconds) };
        let (pools, kept) = (BTreeMap::new(), BTreeMap::new());
        let mut bench = Self { kafka, target, filler, divisor, seconds, pools, kept, topics: 0 };
        let ours = bench.ours();
        for (op, records) in [(Op::Produce, 3_000_000), (Op::Latency, 5_000)] {
            for &case in CASES.iter().filter(|case| case.op == op && case.size == 100).take(2) {
                bench.run(Case { records, ..case }, &ours)?;
            }
        }
        Ok(bench)
    }

    pub(crate) fn stop(self) -> Result<()> {
        Ok(self.kafka.stop()?)
    }

    fn ours(&self) -> Client {
        ottla(&self.target)
    }

    /// The line of figures that the program prints. What is written must have arrived; it goes to a topic of its own, unless
    /// that has many partitions: a broker that makes and deletes them is busy for long.
    pub(crate) fn run(&mut self, case: Case, client: &Client) -> Result<Value> {
        let keeps = case.op == Op::Consume || case.partitions > MANY;
        let topic = if keeps { self.kept(case)? } else { self.create(case)? };
        let before = self.count(&topic, case)?;
        let figures = self.load(case, client, &topic);
        if figures.is_ok() && matches!(case.op, Op::Produce | Op::Start) && !client.is_floor() {
            let arrived = self.count(&topic, case)? - before;
            ensure!(arrived == self.records(case), "{arrived} records arrived");
        }
        if !keeps {
            self.topic("delete", &topic, case)?;
        }
        figures
    }

    fn load(&mut self, case: Case, client: &Client, topic: &str) -> Result<Value> {
        let pool = self.pool(case.size)?;
        let op = if case.op == Op::Start { "produce" } else { case.op.name() };
        let mut command = client.command(op);
        command.args(["--brokers", &self.kafka.bootstrap(), "--topic", topic]);
        if case.op == Op::Latency {
            command.args(["--rate", &case.records.to_string(), "--seconds", &self.seconds.to_string()]);
            command.args(["--warm-seconds", "1"]);
        } else {
            command.args(["--records", &self.records(case).to_string()]);
        }
        // The floor has no topic to read from, and makes what it reads.
        if case.op != Op::Consume || client.is_floor() {
            command.args(["--size", &case.size.to_string()]).arg("--pool").arg(pool);
        }
        match case.op {
            Op::Produce => command.args(["--codec", case.codec]).args(case.besides),
            Op::Consume if client.is_floor() => command.args(["--codec", case.codec]),
            Op::Start => command.args(["--linger-ms", "0"]),
            Op::Consume | Op::Latency => &mut command,
        };
        let began = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64();
        let ended = process::run(&mut command, LIMIT)?;
        let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        let Some(line) = out.lines().rfind(|line| line.starts_with('{')).filter(|_| ended.status.success())
        else {
            bail!("{}: {}", ended.status, err.lines().last().unwrap_or_default());
        };
        let mut figures: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
        let number = |name: &str| figures.get(name).and_then(Value::as_f64);
        let start = number("ended_s").map(|moment| (moment - began) * 1e3);
        let allocations =
            number("records").zip(allocations(&err)).map(|(records, allocations)| allocations / records);
        if let Some(fields) = figures.as_object_mut() {
            fields.extend(start.map(|start| ("start_ms".to_owned(), start.into())));
            fields.extend(allocations.map(|share| ("allocs_per_record".to_owned(), share.into())));
        }
        Ok(figures)
    }

    fn records(&self, case: Case) -> usize {
        if case.records >= 100_000 { case.records / self.divisor } else { case.records }
    }

    fn create(&mut self, case: Case) -> Result<String> {
        self.topics += 1;
        let topic = format!("bench-{}", self.topics);
        self.topic("create", &topic, case)?;
        // Brokers learn of a new topic one after the other, and of a thousand partitions slowly.
        let begin = Instant::now();
        while let Err(error) = self.count(&topic, case) {
            ensure!(begin.elapsed() < LIMIT, "{topic} does not come to be: {error:#}");
        }
        Ok(topic)
    }

    /// A topic with a load's records. The load was run on it once before anything counts.
    fn kept(&mut self, case: Case) -> Result<String> {
        if let Some(topic) = self.kept.get(case.name) {
            return Ok(topic.clone());
        }
        let topic = self.create(case)?;
        let (filler, ours) = (self.filler.clone(), self.ours());
        if case.op == Op::Consume {
            self.load(Case { op: Op::Produce, ..case }, &filler, &topic)?;
        }
        self.load(case, &ours, &topic)?;
        self.kept.insert(case.name, topic.clone());
        Ok(topic)
    }

    fn count(&self, topic: &str, case: Case) -> Result<usize> {
        let count = self.topic("count", topic, case)?;
        count.trim().parse().with_context(|| format!("{count} is no count"))
    }

    fn topic(&self, action: &str, topic: &str, case: Case) -> Result<String> {
        let mut command = self.ours().command("topic");
        command.args([action, "--brokers", &self.kafka.bootstrap(), "--topic", topic]);
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

/// What `bench/peers/allocations` says at a program's end.
fn allocations(err: &str) -> Option<f64> {
    err.lines().find_map(|line| line.strip_prefix("ALLOCATIONS ")?.parse().ok())
}
