//! One node throttles for some seconds, and meanwhile the client is asked for all that a throttle must not touch.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use ottla::admin::QuotaKey;
use ottla::{Certainty, Client, Delivery, Offset, Record, TopicProducer};
use ottla_proto::ApiKey;

use super::{MILLISECOND, of_runs, sleep_until};
use crate::bench::Bench;
use crate::probe::Probe;
use crate::table::{Row, Timed, median, percentile, short};

const SECONDS: f64 = 6.0;
/// The records of one measurement of the hand-over.
const HAND_OVERS: usize = 3000;
const FIVE: Duration = Duration::from_millis(5);

pub(super) fn run(bench: &mut Bench<'_>, runs: usize) -> Result<Vec<Row>> {
    let mut found = Vec::with_capacity(runs);
    for run in 0..runs {
        let name = bench.name("throttled");
        let one = bench.runtime().block_on(once(bench, &name, run % 2 == 1))?;
        eprintln!("   run {run}: {one:?}");
        found.push(one);
    }
    Ok(rows(&found))
}

/// What one run found.
#[derive(Debug)]
struct Found {
    overslept: Duration,
    /// Hand-over before and under the throttle: the 99th percentile and the longest.
    free: (Duration, Duration),
    throttled: (Duration, Duration),
    /// How long the cancelled delivery took to say so, and how far the expired one was off its moment.
    cancel: Duration,
    expiry: Duration,
    /// Records that were reported not written and are in the log, or the other way round.
    untrue: usize,
    /// The longest from an answer's leaving the proxy to its delivery.
    ack: Duration,
    early: usize,
    resumed_after: Duration,
    /// Medians without and with the throttle.
    fetch: (Duration, Duration),
    metadata: (Duration, Duration),
    /// Fetch requests to the throttling node that were begun during the throttle.
    fetches: usize,
    /// What client and proxy counted.
    told: Duration,
    recorded: Duration,
    /// Looks at what waits while something did, and those among them that found a reason.
    looks: usize,
    named: usize,
}

async fn once(bench: &Bench<'_>, name: &str, cut: bool) -> Result<Found> {
    // Partitions 0, 1 and 4 are led by the node that will throttle.
    bench.create_topic(name, &[&[1], &[1], &[2], &[3], &[1]]).await?;
    let client = bench.client(name).await?;
    let producer = client.producer().linger(Duration::ZERO).build().await?;
    let topic = producer.topic(name);
    let hasty = client.producer().linger(Duration::ZERO).delivery_timeout(Duration::from_millis(300));
    let hasty = hasty.build().await?;
    for partition in 0..5 {
        topic.send(Record::value("first").partition(partition)).await?.await?;
        hasty.topic(name).send(Record::value("first").partition(partition)).await?.await?;
    }
    let feeder = Feeder::start(bench, &client, name).await?;
    let watcher = Watcher::start(client.clone());
    let probe = Probe::start();

    let free_begin = Instant::now();
    let (free, sent_free) = hand_over(&topic, 2).await?;
    let metadata_free = metadata(&client, name).await?;
    let free_end = Instant::now();
    bench.prepare_throttle(name).await?;
    // A second request right behind the burst is in flight when the node says that it throttles.
    let behind = topic.clone();
    let behind = tokio::spawn(async move {
        tokio::time::sleep(MILLISECOND / 2).await;
        let delivery = behind.send(Record::value("behind").partition(1)).await?;
        let receipt = delivery.await?;
        anyhow::Ok((Instant::now(), receipt))
    });
    let throttle = bench.throttle(name, &topic, 0, 1, SECONDS).await?;
    let removal = bench.remove_quota(name, QuotaKey::ProducerByteRate);
    let (throttled, sent_throttled) = hand_over(&topic, 1).await?;
    removal.await?;

    let cancelled = topic.send(Record::value("cancelled").partition(1)).await?;
    let begin = Instant::now();
    let taken_back = cancelled.cancel();
    let refused = cancelled.await;
    let cancel = begin.elapsed();
    ensure!(taken_back, "a record that cannot have been written was not taken back");
    ensure!(
        refused.is_err_and(|error| error.certainty == Certainty::NotWritten),
        "it was written all the same"
    );

    let begin = Instant::now();
    let expiring = hasty.topic(name).send(Record::value("expired").partition(1)).await?;
    let expired = expiring.await.err().context("a record without the time for it was delivered")?;
    let expiry = begin.elapsed().abs_diff(Duration::from_millis(300));
    ensure!(expired.certainty == Certainty::NotWritten, "{expired}");

    let metadata_throttled = metadata(&client, name).await?;
    let held = topic.send(Record::value("held").partition(1)).await?;
    if cut {
        bench.proxy(1)?.cut(name);
    }
    sleep_until(throttle.until - Duration::from_millis(300)).await;
    let fed_until = Instant::now();
    held.await?;
    let (behind_at, _) = behind.await??;
    for delivery in sent_free.into_iter().chain(sent_throttled) {
        delivery.await?;
    }
    let fed = feeder.stop().await?;
    let watched = watcher.stop().await?;

    let requests = bench.recording().produced(name, 1);
    let early = requests.iter().filter(|one| one.begun > throttle.from + FIVE && one.begun < throttle.until);
    let resumed = requests.iter().map(|one| one.begun).filter(|begun| *begun >= throttle.until).min();
    let behind_answered = bench.answered_beside_burst(name, 1, free_end);
    let ack =
        behind_answered.map_or(Duration::ZERO, |answered| behind_at.saturating_duration_since(answered));
    let fetches = bench.recording().of(name, 1);
    let fetches = fetches.iter().filter(|one| one.api == ApiKey::FETCH);
    let fetches = fetches.filter(|one| one.begun > throttle.from && one.begun < throttle.until).count();
    Ok(Found {
        overslept: probe.worst(),
        free,
        throttled,
        cancel,
        expiry,
        untrue: untrue(bench, name).await?,
        ack: ack.max(throttle.acknowledged_after),
        early: early.count(),
        resumed_after: resumed.context("nothing was sent after the throttle")? - throttle.until,
        fetch: (fed.median(free_begin, free_end), fed.median(throttle.from, fed_until)),
        metadata: (metadata_free, metadata_throttled),
        fetches,
        told: watched.throttled.get(&1).copied().unwrap_or_default(),
        recorded: bench.recording().throttled(name, 1),
        looks: watched.looks,
        named: watched.named,
    })
}

/// Hands records over at an even pace to a partition; the 99th percentile and the longest of what that took.
async fn hand_over(topic: &TopicProducer, partition: i32) -> Result<((Duration, Duration), Vec<Delivery>)> {
    let topic = topic.clone();
    let sending = tokio::task::spawn_blocking(move || {
        let value = [b'h'; 100];
        let mut took = Vec::with_capacity(HAND_OVERS);
        let mut deliveries = Vec::with_capacity(HAND_OVERS);
        for number in 0..HAND_OVERS {
            if number % 10 == 0 {
                std::thread::sleep(MILLISECOND);
            }
            let begin = Instant::now();
            let delivery = topic.try_send(Record::value(&value).partition(partition));
            took.push(begin.elapsed());
            deliveries.push(delivery?);
        }
        let worst = took.iter().max().copied().unwrap_or_default();
        anyhow::Ok(((percentile(took, 99), worst), deliveries))
    });
    sending.await?
}

/// The median of what it takes to ask about a topic.
async fn metadata(client: &Client, topic: &str) -> Result<Duration> {
    let mut took = Vec::new();
    for _ in 0..20 {
        let begin = Instant::now();
        client.admin().describe_topic(topic).await?;
        took.push(begin.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(median(took))
}

/// How many values are in the log and must not be, or the other way round.
async fn untrue(bench: &Bench<'_>, topic: &str) -> Result<usize> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for value in bench.read(topic).await? {
        *counts.entry(value).or_default() += 1;
    }
    let count = |value: &str| counts.get(value).copied().unwrap_or(0);
    let handed_over = count(&"h".repeat(100));
    Ok(count("cancelled")
        + count("expired")
        + count("held").abs_diff(1)
        + count("behind").abs_diff(1)
        + handed_over.abs_diff(2 * HAND_OVERS))
}

/// Another client writes a record every 20 ms to a partition of the throttling node; the throttled client reads it.
struct Feeder {
    ended: Arc<AtomicBool>,
    reading: tokio::task::JoinHandle<Result<Fed>>,
    writing: tokio::task::JoinHandle<Result<()>>,
}

/// When each record was written, and how long it took until it was read.
#[derive(Default)]
struct Fed(Vec<(Instant, Duration)>);

impl Fed {
    fn median(&self, from: Instant, until: Instant) -> Duration {
        median(self.0.iter().filter(|(at, _)| (from..until).contains(at)).map(|(_, took)| *took))
    }
}

impl Feeder {
    const PARTITION: i32 = 4;

    async fn start(bench: &Bench<'_>, reader: &Client, topic: &str) -> Result<Self> {
        let ended = Arc::new(AtomicBool::new(false));
        let consumer = reader.consumer().assign([(topic, Self::PARTITION)]).from(Offset::Latest).build();
        let mut consumer = consumer.await?;
        let producer = bench.admin().producer().linger(Duration::ZERO).build().await?.topic(topic);
        let epoch = Instant::now();
        let stop = Arc::clone(&ended);
        let reading = tokio::spawn(async move {
            let mut fed = Fed::default();
            while let Some(batch) = consumer.next_batch().await? {
                for record in &batch {
                    let text = String::from_utf8_lossy(record.value().unwrap_or_default()).into_owned();
                    if text == "last" {
                        return Ok(fed);
                    }
                    let Ok(micros) = text.parse() else { continue };
                    let at = epoch + Duration::from_micros(micros);
                    fed.0.push((at, at.elapsed()));
                }
            }
            Ok(fed)
        });
        let writing = tokio::spawn(async move {
            // Until the reader has found its place.
            tokio::time::sleep(Duration::from_millis(500)).await;
            while !stop.load(Ordering::Relaxed) {
                let stamp = epoch.elapsed().as_micros().to_string();
                producer.send(Record::value(&stamp).partition(Self::PARTITION)).await?.await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            producer.send(Record::value("last").partition(Self::PARTITION)).await?.await?;
            Ok(())
        });
        tokio::time::sleep(Duration::from_millis(700)).await;
        Ok(Self { ended, reading, writing })
    }

    async fn stop(self) -> Result<Fed> {
        self.ended.store(true, Ordering::Relaxed);
        self.writing.await??;
        self.reading.await?
    }
}

/// Looks all the time at what the client says about itself.
struct Watcher {
    ended: Arc<AtomicBool>,
    watching: tokio::task::JoinHandle<Result<Watched>>,
}

#[derive(Default)]
struct Watched {
    /// By node.
    throttled: BTreeMap<i32, Duration>,
    looks: usize,
    named: usize,
}

impl Watcher {
    fn start(client: Client) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&ended);
        let watching = tokio::spawn(async move {
            let mut watched = Watched::default();
            let mut last = Instant::now();
            while !stop.load(Ordering::Relaxed) {
                tokio::time::sleep(2 * MILLISECOND).await;
                let throttles = client.throttle();
                let now = Instant::now();
                for throttle in &throttles {
                    *watched.throttled.entry(throttle.node).or_default() += now - last;
                }
                last = now;
                // While a node throttles, records wait for it: then there must be a reason.
                if throttles.iter().any(|throttle| throttle.remaining > Duration::from_secs(1)) {
                    watched.looks += 1;
                    watched.named += usize::from(!client.explain().await?.is_empty());
                }
            }
            Ok(watched)
        });
        Self { ended, watching }
    }

    async fn stop(self) -> Result<Watched> {
        self.ended.store(true, Ordering::Relaxed);
        self.watching.await?
    }
}

fn rows(found: &[Found]) -> Vec<Row> {
    let timed = |took: fn(&Found) -> Duration| -> Vec<Timed> {
        found.iter().map(|one| Timed { took: took(one), overslept: one.overslept }).collect()
    };
    let median_of = |value: fn(&Found) -> Duration| median(found.iter().map(value));
    let pair = |value: fn(&Found) -> (Duration, Duration)| {
        (median(found.iter().map(|one| value(one).0)), median(found.iter().map(|one| value(one).1)))
    };
    let runs = found.len();
    let untrue: usize = found.iter().map(|one| one.untrue).sum();
    let early: usize = found.iter().map(|one| one.early).sum();
    let fetches: usize = found.iter().map(|one| one.fetches).sum();

    let p99 = median_of(|one| one.throttled.0);
    let (longest_free, longest) = (median_of(|one| one.free.1), median_of(|one| one.throttled.1));
    let hand_over = Row::new(
        "hand-over by `try_send` while its broker throttles for seconds",
        "p99 under 50 µs; max beside the unthrottled run's",
        format!(
            "p99 {} (unthrottled {}), max {} (unthrottled {})",
            short(p99),
            short(median_of(|one| one.free.0)),
            short(longest),
            short(longest_free)
        ),
        p99 < Duration::from_micros(50),
    );
    let truth = |row: Row| {
        let figure = format!("{}; reported untruly: {untrue}", row.figure);
        Row { figure, verdict: if untrue == 0 { row.verdict } else { crate::table::Verdict::Missed }, ..row }
    };
    let cancel = Row::time(
        "`cancel()` of an unwritten record under throttle",
        "answer within 10 ms; not in the log",
        Duration::from_millis(10),
        &timed(|one| one.cancel),
    );
    let expiry = Row::time(
        "a delivery timeout of 300 ms of an unwritten record under throttle",
        "answer within 10 ms of the moment; not in the log",
        Duration::from_millis(10),
        &timed(|one| one.expiry),
    );
    let ack = Row::time(
        "acks of what is in flight on the throttled broker",
        "not withheld (5 ms after the proxy handed them on)",
        FIVE,
        &timed(|one| one.ack),
    );
    let resumption = Row::time(
        "produce requests during the throttle, every other run with the connections cut",
        "none early; the first at most 5 ms after its end",
        FIVE,
        &timed(|one| one.resumed_after),
    );
    let resumption = Row {
        figure: format!("early: {}; first after: {}", of_runs(early, runs), resumption.figure),
        verdict: if early == 0 { resumption.verdict } else { crate::table::Verdict::Missed },
        ..resumption
    };
    let unaffected = |what: &str, (free, throttled): (Duration, Duration), beside: String, met: bool| {
        let figure = format!("median {} (unthrottled {}){beside}", short(throttled), short(free));
        Row::new(what, "unaffected (within 5 ms)", figure, met && throttled <= free + FIVE)
    };
    let fetch = unaffected(
        "records read from the throttling broker by the same client",
        pair(|one| one.fetch),
        format!("; {} fetch requests meanwhile", of_runs(fetches, runs)),
        fetches > 0,
    );
    let metadata =
        unaffected("metadata asked for by the same client", pair(|one| one.metadata), String::new(), true);
    let off =
        |one: &Found| one.told.abs_diff(one.recorded).as_secs_f64() / one.recorded.as_secs_f64() * 100.0;
    let worst_off = found.iter().map(off).fold(0.0, f64::max);
    let (looks, named) =
        (found.iter().map(|one| one.looks).sum::<usize>(), found.iter().map(|one| one.named).sum());
    let agreement = Row::new(
        "throttled time per node",
        "agrees within 2 % with the proxy's; waits with a reason: 100 %",
        format!(
            "median {} told, {} recorded, worst {worst_off:.1} % off; {named} of {looks} looks found a reason",
            short(median_of(|one| one.told)),
            short(median_of(|one| one.recorded))
        ),
        worst_off <= 2.0 && looks > 0 && looks == named,
    );
    vec![hand_over, truth(cancel), truth(expiry), ack, resumption, fetch, metadata, agreement]
}
