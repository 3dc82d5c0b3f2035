//! What a record costs when the load is spread: over many partitions, and over many sending threads.
//!
//! The broker runs in a process of its own, so that the CPU time of this one is the client's alone.

use std::io::{BufRead, BufReader, Read};
use std::ops::Range;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use clap::Args;
use ottla::blocking::wait;
use ottla::{Client, Producer, Record, TopicProducer};
use ottla_broker::Cluster;

use super::meter::Meter;
use super::pool::Pool;
use super::{Failure, PATIENCE, block_on};
use crate::harness::as_f64;

#[derive(Args)]
pub(crate) struct Spread {
    /// Records of each run.
    #[arg(long, default_value_t = 1_000_000)]
    records: usize,
    /// Bytes of a value.
    #[arg(long, default_value_t = 100)]
    size: usize,
    /// Runs of each case; the middle one is told.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    #[arg(long, default_value_t = 5)]
    linger_ms: u64,
    /// Only the cases with this in their names.
    #[arg(long, default_value = "")]
    only: String,
    /// Bootstrap addresses of a cluster that has the topics p6, p1000 and p10000, in place of an embedded one.
    #[arg(long)]
    brokers: Option<String>,
}

/// How the records of a case are spread.
struct Case {
    name: &'static str,
    partitions: i32,
    keyed: bool,
    /// Only to the first partitions of the topic, by turns.
    only: Option<i32>,
    threads: usize,
    /// The case that it is compared with, and how many times as much it may cost.
    bar: Option<(&'static str, f64)>,
}

const KEYLESS: Case =
    Case { name: "keyless, 6 partitions", partitions: 6, keyed: false, only: None, threads: 1, bar: None };
const KEYED: Case = Case { name: "keyed, 6 partitions", keyed: true, ..KEYLESS };

const CASES: [Case; 9] = [
    KEYLESS,
    Case {
        name: "keyless, 10,000 partitions",
        partitions: 10_000,
        bar: Some((KEYLESS.name, 1.2)),
        ..KEYLESS
    },
    Case { name: "6 of 6 by turns", only: Some(6), ..KEYLESS },
    Case {
        name: "6 of 10,000 by turns",
        partitions: 10_000,
        only: Some(6),
        bar: Some(("6 of 6 by turns", 1.2)),
        ..KEYLESS
    },
    KEYED,
    Case { name: "keyed, 1,000 partitions", partitions: 1_000, bar: Some((KEYED.name, 1.5)), ..KEYED },
    Case { name: "keyed, 10,000 partitions", partitions: 10_000, bar: Some((KEYED.name, 2.0)), ..KEYED },
    Case { name: "keyless, 2 threads", threads: 2, ..KEYLESS },
    Case { name: "keyless, 8 threads", threads: 8, ..KEYLESS },
];

/// Prints the table of all cases.
pub(crate) fn spread(arguments: &Spread) -> Result<(), Failure> {
    let embedded = if arguments.brokers.is_none() { Some(Broker::start()?) } else { None };
    let servers = embedded.as_ref().map(|broker| &broker.servers).or(arguments.brokers.as_ref());
    let servers = servers.ok_or("there is a broker")?;
    let pool = Pool::new(None, arguments.size)?;
    println!(
        "| case | CPU, microseconds a record | times | bar | records a second | records a batch | batches a request |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut costs = Vec::<(&str, f64)>::new();
    for case in CASES.iter().filter(|case| case.name.contains(&arguments.only)) {
        let mut runs = Vec::with_capacity(arguments.runs);
        for _ in 0..arguments.runs.max(1) {
            runs.push(measure(arguments, case, servers, &pool)?);
        }
        runs.sort_by(|one: &Figures, other| one.cost.total_cmp(&other.cost));
        let Figures { cost, rate, records, batches } = runs.swap_remove(runs.len() / 2);
        let against = case.bar.map(|(name, bar)| {
            let other = costs.iter().find(|(other, _)| *other == name);
            (other.map_or(f64::NAN, |(_, other)| cost / other), bar)
        });
        let (times, bar) =
            against.map_or_else(Default::default, |(times, bar)| (format!("{times:.2}"), bar.to_string()));
        println!("| {} | {cost:.3} | {times} | {bar} | {rate:.0} | {records:.1} | {batches:.1} |", case.name);
        costs.push((case.name, cost));
    }
    Ok(())
}

/// What a run came to.
struct Figures {
    /// CPU microseconds a record.
    cost: f64,
    /// Records a second.
    rate: f64,
    /// Records a batch.
    records: f64,
    /// Batches a request.
    batches: f64,
}

fn measure(arguments: &Spread, case: &Case, servers: &str, pool: &Pool) -> Result<Figures, Failure> {
    let kafka = wait(Client::builder(servers).client_id("ottla-bench").build())?;
    let producer = kafka.producer().linger(Duration::from_millis(arguments.linger_ms));
    let producer = wait(producer.build())?;
    let topic = producer.topic(&format!("p{}", case.partitions));
    // The partitions are known, the connections are up, and each lane has been used once.
    let lanes = usize::try_from(case.only.unwrap_or(case.partitions))?;
    for partition in (0..).take(lanes) {
        drop(wait(topic.send(Record::value(pool.row(0)).partition(partition)))?);
    }
    flush(&producer)?;
    let before = wait(producer.metrics())?;
    let meter = Meter::begin();
    std::thread::scope(|scope| {
        let part = arguments.records / case.threads;
        let senders: Vec<_> = (0..case.threads)
            .map(|thread| {
                let topic = topic.clone();
                scope.spawn(move || send(&topic, case, pool, thread * part..(thread + 1) * part))
            })
            .collect();
        senders
            .into_iter()
            .try_for_each(|sender| sender.join().unwrap_or_else(|_| Err("a sender panicked".to_owned())))
    })?;
    flush(&producer)?;
    let (cost, rate) = meter.end().per_record(arguments.records);
    let after = wait(producer.metrics())?;
    wait(producer.close(PATIENCE))?;
    let batches = count(after.batches.written - before.batches.written)?;
    let requests = count(after.requests - before.requests)?;
    let records = as_f64(arguments.records) / batches;
    Ok(Figures { cost, rate, records, batches: batches / requests })
}

fn count(number: u64) -> Result<f64, Failure> {
    Ok(as_f64(usize::try_from(number)?))
}

fn send(topic: &TopicProducer, case: &Case, pool: &Pool, indices: Range<usize>) -> Result<(), String> {
    let mut turns = (0..case.only.unwrap_or(1)).cycle();
    for index in indices {
        let value = pool.row(index);
        let mut record = Record::value(value);
        if case.only.is_some() {
            record = record.partition(turns.next().unwrap_or_default());
        }
        let key = index.wrapping_mul(0x9e37_79b9).to_be_bytes();
        if case.keyed {
            record = record.key(key.get(1..).unwrap_or(&key));
        }
        drop(wait(topic.send(record)).map_err(|error| error.to_string())?);
    }
    Ok(())
}

fn flush(producer: &Producer) -> Result<(), Failure> {
    let report = wait(producer.flush(PATIENCE))?;
    if report.is_complete() { Ok(()) } else { Err(format!("not everything was written: {report:?}").into()) }
}

/// The embedded broker in another process, which ends when this one does.
struct Broker {
    process: Child,
    servers: String,
}

impl Broker {
    fn start() -> Result<Self, Failure> {
        let mut process = Command::new(std::env::current_exe()?)
            .arg("spread-broker")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut servers = String::new();
        let output = process.stdout.take().ok_or("the broker's output is a pipe")?;
        BufReader::new(output).read_line(&mut servers)?;
        Ok(Self { process, servers: servers.trim().to_owned() })
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // Its input is closed with this; it ends then.
        drop(self.process.stdin.take());
        let _ended = self.process.wait();
    }
}

/// Serves until nobody holds its input any more. The logs keep little: what is measured is elsewhere.
pub(crate) fn spread_broker() -> Result<(), Failure> {
    block_on(async {
        let kept = [("retention.bytes", "1000000")];
        let builder = Cluster::builder().nodes(3);
        let builder = [6, 1_000, 10_000]
            .into_iter()
            .fold(builder, |builder, count| builder.topic_with(format!("p{count}"), count, kept));
        let cluster = builder.start().await?;
        println!("{}", cluster.bootstrap());
        tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await??;
        Ok(())
    })
}
