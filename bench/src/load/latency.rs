//! Records sent at a fixed rate, and how long each takes to its acknowledgement.
//!
//! The loop is open: a record is due at its moment whatever became of those before it, and its latency counts
//! from then (`p50_ms`) or from the moment that it was handed over (`call_p50_ms`).

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use ottla::{Delivery, Record};
use serde_json::{Map, Value, json};
use tokio::runtime;
use tokio::sync::mpsc;

use super::meter::Meter;
use super::pool::Pool;
use super::{Failure, Target};

#[derive(Args)]
pub(crate) struct Latency {
    #[command(flatten)]
    target: Target,
    /// Records a second.
    #[arg(long, default_value_t = 1000)]
    rate: u32,
    /// For how long, after the warm-up.
    #[arg(long, default_value_t = 10)]
    seconds: u32,
    /// Seconds that are not counted.
    #[arg(long, default_value_t = 2)]
    warm_seconds: u32,
    /// Bytes of a value.
    #[arg(long, default_value_t = 100)]
    size: usize,
    /// Read the values from this file, which holds them without separators.
    #[arg(long)]
    pool: Option<PathBuf>,
}

/// A record on its way.
struct Sent {
    due: Instant,
    called: Instant,
    delivery: Delivery,
}

/// The sender has this thread for itself and sleeps in it: tokio's timer ticks in milliseconds, so records that are due
/// between two ticks would be sent late and in bursts, and it is the bursts that would be measured. Whoever collects
/// the acknowledgements has the runtime's thread, as the callbacks of other clients have theirs.
pub(crate) fn latency(arguments: &Latency) -> Result<(), Failure> {
    let runtime = runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(run(arguments))
}

async fn run(arguments: &Latency) -> Result<(), Failure> {
    let pool = Pool::new(arguments.pool.as_ref(), arguments.size)?;
    let kafka = arguments.target.connect().await?;
    let producer = kafka.producer().linger(Duration::ZERO).build().await?;
    let topic = producer.topic(&arguments.target.topic);
    let skip = (arguments.rate * arguments.warm_seconds) as usize;
    let counted = (arguments.rate * arguments.seconds) as usize;
    let (sent, acknowledged) = mpsc::unbounded_channel();
    let collector = tokio::spawn(collect(acknowledged, skip, counted));
    let gap = Duration::from_secs(1) / arguments.rate;
    let start = Instant::now();
    let mut meter = Meter::begin();
    let mut due = start;
    for index in 0..skip + counted {
        if index == skip {
            meter = Meter::begin();
        }
        if let Some(early) = due.checked_duration_since(Instant::now()) {
            std::thread::sleep(early);
        }
        let called = Instant::now();
        let delivery = topic.send(Record::value(pool.row(index))).await?;
        sent.send(Sent { due, called, delivery })?;
        due += gap;
    }
    drop(sent);
    let mut more = collector.await??;
    let usage = meter.end();
    more.insert("rate".to_owned(), json!(arguments.rate));
    usage.print("latency", counted, counted * arguments.size, more)
}

/// Awaits the acknowledgements in the order of sending.
async fn collect(
    mut sent: mpsc::UnboundedReceiver<Sent>,
    skip: usize,
    counted: usize,
) -> Result<Map<String, Value>, ottla::DeliveryError> {
    let (mut from_due, mut from_call) = (Vec::with_capacity(counted), Vec::with_capacity(counted));
    let mut index = 0;
    while let Some(Sent { due, called, delivery }) = sent.recv().await {
        delivery.await?;
        let now = Instant::now();
        if index >= skip {
            from_due.push(now - due);
            from_call.push(now - called);
        }
        index += 1;
    }
    let mut figures = Map::new();
    percentiles(&mut figures, "", from_due);
    percentiles(&mut figures, "call_", from_call);
    Ok(figures)
}

pub(super) fn percentiles(figures: &mut Map<String, Value>, prefix: &str, mut latencies: Vec<Duration>) {
    latencies.sort_unstable();
    let last = latencies.len().saturating_sub(1);
    for (name, thousandths) in [("p50", 500), ("p99", 990), ("p999", 999), ("max", 1000)] {
        let index = (latencies.len() * thousandths / 1000).min(last);
        let latency = latencies.get(index).copied().unwrap_or_default();
        figures.insert(format!("{prefix}{name}_ms"), json!(latency.as_secs_f64() * 1e3));
    }
}
