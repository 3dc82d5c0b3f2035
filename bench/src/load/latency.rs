//! Records sent at a fixed rate, and how long each takes to its acknowledgement.
//!
//! The loop is open: a record is due at its moment whatever became of those before it, and its latency counts
//! from then (`p50_ms`) or from the moment that it was handed over (`call_p50_ms`). With `--slowest` it says of the
//! slowest ones where the time of their batches went.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant};

use clap::Args;
use ottla::{Delivery, DeliveryError, Latency as BatchLatency, Receipt, Record};
use serde_json::{Map, Value, json};
use tokio::runtime;

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
    /// Say of that many of the slowest records where the time of their batches went, on stderr.
    #[arg(long, default_value_t = 0)]
    slowest: usize,
}

/// A record on its way.
struct Sent {
    due: Instant,
    called: Instant,
    counted: bool,
    delivery: Delivery,
}

type Outcome = Result<Receipt, DeliveryError>;

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
    let on_the_way = Arc::new(OnTheWay::default());
    let collector = tokio::spawn(collect(Arc::clone(&on_the_way), counted));
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
        on_the_way.add(Sent { due, called, counted: index >= skip, delivery });
        due += gap;
    }
    on_the_way.end();
    let mut told = collector.await??;
    let usage = meter.end();
    let mut more = figures(&told);
    told.sort_unstable_by_key(|told| Reverse(told.at - told.due));
    for told in told.iter().take(arguments.slowest) {
        eprintln!("{}", told.explain(start));
    }
    more.insert("rate".to_owned(), json!(arguments.rate));
    usage.print("latency", counted, counted * arguments.size, more)
}

/// What the sender leaves to the collector, in the order of sending.
#[derive(Default)]
struct OnTheWay(Mutex<Road>);

#[derive(Default)]
struct Road {
    sent: VecDeque<Sent>,
    collector: Option<Waker>,
    ended: bool,
}

impl OnTheWay {
    /// Asks for the outcome in the collector's name, as a task does that sends and then awaits: to wake the collector so
    /// that it asks would be a wake for each record that no such task has.
    fn add(&self, sent: Sent) {
        let mut road = self.lock();
        let Road { sent: queue, collector, .. } = &mut *road;
        queue.push_back(sent);
        if let (Some(sent), Some(collector)) = (queue.back_mut(), collector)
            && Pin::new(&mut sent.delivery).poll(&mut Context::from_waker(collector)).is_ready()
        {
            collector.wake_by_ref();
        }
    }

    fn end(&self) {
        let mut road = self.lock();
        road.ended = true;
        road.collector.iter().for_each(Waker::wake_by_ref);
    }

    /// The next record that has an outcome; `None` behind the last.
    fn poll_next(&self, context: &mut Context<'_>) -> Poll<Option<(Sent, Outcome)>> {
        let mut road = self.lock();
        let Some(first) = road.sent.front_mut() else {
            road.collector = Some(context.waker().clone());
            return if road.ended { Poll::Ready(None) } else { Poll::Pending };
        };
        let outcome = ready!(Pin::new(&mut first.delivery).poll(context));
        Poll::Ready(road.sent.pop_front().map(|sent| (sent, outcome)))
    }

    fn lock(&self) -> MutexGuard<'_, Road> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A record whose sender knows that it is written.
struct Told {
    due: Instant,
    called: Instant,
    at: Instant,
    batch: BatchLatency,
}

impl Told {
    /// What is neither the caller's lateness nor its batch's time was spent on the way to whoever awaits it. A record
    /// that came to an open batch has only the end of that batch's time.
    fn explain(&self, start: Instant) -> String {
        let Self { due, called, at, batch } = self;
        let (took, late, call) = (*at - *due, *called - *due, *at - *called);
        let behind = call.saturating_sub(batch.total());
        let due = (*due - start).as_secs_f64();
        format!(
            "due at {due:.4} s: {took:.1?}, called {late:.1?} late, batch {batch}, told {behind:.1?} after it"
        )
    }
}

/// Awaits the acknowledgements in the order of sending.
async fn collect(on_the_way: Arc<OnTheWay>, counted: usize) -> Result<Vec<Told>, DeliveryError> {
    let mut told = Vec::with_capacity(counted);
    while let Some((sent, outcome)) = poll_fn(|context| on_the_way.poll_next(context)).await {
        let at = Instant::now();
        let Receipt { latency: batch, .. } = outcome?;
        let Sent { due, called, counted, .. } = sent;
        if counted {
            told.push(Told { due, called, at, batch });
        }
    }
    Ok(told)
}

fn figures(told: &[Told]) -> Map<String, Value> {
    let mut figures = Map::new();
    percentiles(&mut figures, "", told.iter().map(|told| told.at - told.due).collect());
    percentiles(&mut figures, "call_", told.iter().map(|told| told.at - told.called).collect());
    figures
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
