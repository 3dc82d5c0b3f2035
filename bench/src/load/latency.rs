//! Records sent at a fixed rate, and how long each takes to its acknowledgement.
//!
//! The loop is open: a record is due at its moment whatever became of those before it, and its latency counts
//! from then (`p50_ms`) or from the moment that it was handed over (`call_p50_ms`).

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use ottla::{Delivery, Record};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use super::meter::Meter;
use super::pool::Pool;
use super::{Failure, Target, block_on};

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

pub(crate) fn latency(arguments: &Latency) -> Result<(), Failure> {
    block_on(async { LocalSet::new().run_until(run(arguments)).await })
}

async fn run(arguments: &Latency) -> Result<(), Failure> {
    let pool = Pool::new(arguments.pool.as_ref(), arguments.size)?;
    let kafka = arguments.target.connect().await?;
    let producer = kafka.producer().linger(Duration::ZERO).build().await?;
    let topic = producer.topic(&arguments.target.topic);
    let skip = (arguments.rate * arguments.warm_seconds) as usize;
    let counted = (arguments.rate * arguments.seconds) as usize;
    let (sent, acknowledged) = mpsc::unbounded_channel();
    let collector = tokio::task::spawn_local(collect(acknowledged, skip, counted));
    let gap = Duration::from_secs(1) / arguments.rate;
    let start = Instant::now();
    let mut meter = Meter::begin();
    let mut due = start;
    for index in 0..skip + counted {
        if index == skip {
            meter = Meter::begin();
        }
        if due > Instant::now() {
            tokio::time::sleep_until(due.into()).await;
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

fn percentiles(figures: &mut Map<String, Value>, prefix: &str, mut latencies: Vec<Duration>) {
    latencies.sort_unstable();
    let last = latencies.len().saturating_sub(1);
    for (name, thousandths) in [("p50", 500), ("p99", 990), ("p999", 999), ("max", 1000)] {
        let index = (latencies.len() * thousandths / 1000).min(last);
        let latency = latencies.get(index).copied().unwrap_or_default();
        figures.insert(format!("{prefix}{name}_ms"), json!(latency.as_secs_f64() * 1e3));
    }
}
