//! One node throttles for some seconds, and meanwhile the client is asked for all that a throttle must not touch.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use ottla::admin::QuotaKey;
use ottla::{
    Certainty, Client, Delivery, Offset, Producer, Record, ThrottleClass, TopicProducer, WaitReason, Waiting,
};
use ottla_proto::ApiKey;

use super::{MILLISECOND, of_runs, sleep_until};
use crate::bench::Bench;
use crate::probe::Probe;
use crate::table::{Compared, Row, Spread, Timed, Verdict, median, percentile, short, unaffected};

const SECONDS: f64 = 6.0;
/// The records of one measurement of the hand-over.
const HAND_OVERS: usize = 3000;
/// The questions of one measurement of metadata.
const METADATA: usize = 20;
const FIVE: Duration = Duration::from_millis(5);
const HAND_OVER: Duration = Duration::from_micros(50);
/// How often a run is tried until a record was in flight when the throttle was told.
const ATTEMPTS: usize = 3;
/// The partition that has records waiting for as long as the throttle lasts.
const HELD: i32 = 1;

pub(super) fn run(bench: &mut Bench<'_>, runs: usize) -> Result<Vec<Row>> {
    let mut found = Vec::with_capacity(runs);
    for run in 0..runs {
        for _ in 0..ATTEMPTS {
            let name = bench.name("throttled");
            let one = bench.runtime().block_on(once(bench, &name, run % 2 == 1))?;
            eprintln!("   run {run}: {one:?}");
            let in_flight = one.ack.is_some();
            found.push(one);
            if in_flight {
                break;
            }
        }
    }
    Ok(rows(&found, runs))
}

/// What one run found.
#[derive(Debug)]
struct Found {
    overslept: Duration,
    /// Hand-over before and under the throttle, by each of [`FORMS`].
    free: [HandOver; 2],
    throttled: [HandOver; 2],
    /// How long the cancelled delivery took to say so, and how far the expired one was off its moment.
    cancel: Duration,
    expiry: Duration,
    /// Records that were reported not written and are in the log, or the other way round.
    untrue: usize,
    /// The longest from an answer's leaving the proxy to its delivery; none if only the burst was in flight.
    ack: Option<Duration>,
    early: usize,
    resumed_after: Duration,
    /// Without and with the throttle.
    fetch: (Spread, Spread),
    metadata: (Spread, Spread),
    /// Fetch requests to the throttling node that were begun during the throttle.
    fetches: usize,
    /// What client and proxy counted.
    told: Duration,
    recorded: Duration,
    /// How long records were held by the throttle, by the proxy's clock.
    held: Duration,
    /// Looks at what the producer waits for in that time, those among them that found the throttle, and how long it
    /// was found for.
    looks: usize,
    named: usize,
    attributed: Duration,
}

/// How records are handed over.
const FORMS: [&str; 2] = ["try_send", "send"];

/// The 99th percentile and the longest of what it took.
#[derive(Clone, Copy, Debug, Default)]
struct HandOver {
    p99: Duration,
    longest: Duration,
}

async fn once(bench: &Bench<'_>, name: &str, cut: bool) -> Result<Found> {
    // Partitions 0, 1 and 4 are led by the node that will throttle.
    bench.create_topic(name, &[&[1], &[1], &[2], &[3], &[1]]).await?;
    let client = client_that_asks_node_1(bench, name).await?;
    let producer = client.producer().linger(Duration::ZERO).build().await?;
    let topic = producer.topic(name);
    let hasty = client.producer().linger(Duration::ZERO).delivery_timeout(Duration::from_millis(300));
    let hasty = hasty.build().await?;
    for partition in 0..5 {
        topic.send(Record::value("first").partition(partition)).await?.await?;
        hasty.topic(name).send(Record::value("first").partition(partition)).await?.await?;
    }
    let feeder = Feeder::start(bench, &client, name).await?;
    let watcher = Watcher::start(client.clone(), producer.clone(), name);
    // What runs for the first time takes longer, and is no measure of the unthrottled client.
    let (_, mut sent) = hand_over(&topic, 3).await?;
    let probe = Probe::start();

    let free_begin = Instant::now();
    let (free, sent_free) = hand_over(&topic, 2).await?;
    let metadata_free = metadata(bench, &client, name).await?;
    // As long as what it is compared with.
    sleep_until(free_begin + Duration::from_secs_f64(SECONDS)).await;
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
    let held = topic.send(Record::value("held").partition(HELD)).await?;
    // Between two answers lies a turn of the driver, which takes the record over.
    for _ in 0..2 {
        producer.explain().await?;
    }
    let held_from = Instant::now();
    watcher.held.store(true, Ordering::Relaxed);
    let removal = bench.remove_quota(name, QuotaKey::ProducerByteRate);
    let (throttled, sent_throttled) = hand_over(&topic, HELD).await?;
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

    let metadata_throttled = metadata(bench, &client, name).await?;
    ensure!(Instant::now() < throttle.until, "the throttle ended before all was measured");
    if cut {
        bench.proxy(1)?.cut(name);
    }
    sleep_until(throttle.until - Duration::from_millis(300)).await;
    let fed_until = Instant::now();
    held.await?;
    let (behind_at, _) = behind.await??;
    sent.extend(sent_free.into_iter().chain(sent_throttled));
    for delivery in sent {
        delivery.await?;
    }
    let fed = feeder.stop().await?;
    let watched = watcher.stop().await?;

    let requests = bench.recording().produced(name, 1);
    let early = requests.iter().filter(|one| one.begun > throttle.from + FIVE && one.begun < throttle.until);
    let resumed = requests.iter().map(|one| one.begun).filter(|begun| *begun >= throttle.until).min();
    let behind_answered = bench.answered_beside_burst(name, 1, free_end, &throttle);
    let ack = behind_answered.map(|answered| behind_at.saturating_duration_since(answered));
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
        ack: ack.map(|ack| ack.max(throttle.acknowledged_after)),
        early: early.count(),
        resumed_after: resumed.context("nothing was sent after the throttle")? - throttle.until,
        fetch: (fed.spread(free_begin, free_end), fed.spread(throttle.from, fed_until)),
        metadata: (metadata_free, metadata_throttled),
        fetches,
        told: watched.throttled.get(&1).copied().unwrap_or_default(),
        recorded: bench.recording().throttled(name, 1),
        held: throttle.until.saturating_duration_since(held_from),
        looks: watched.looks,
        named: watched.named,
        attributed: watched.attributed,
    })
}

/// Hands records over at an even pace to a partition, by one of [`FORMS`] and then by the other.
async fn hand_over(topic: &TopicProducer, partition: i32) -> Result<([HandOver; 2], Vec<Delivery>)> {
    let topic = topic.clone();
    let runtime = tokio::runtime::Handle::current();
    let sending = tokio::task::spawn_blocking(move || {
        let value = [b'h'; 100];
        let mut deliveries = Vec::with_capacity(FORMS.len() * HAND_OVERS);
        let found = FORMS.map(|form| -> Result<HandOver> {
            let mut took = Vec::with_capacity(HAND_OVERS);
            for number in 0..HAND_OVERS {
                if number % 10 == 0 {
                    std::thread::sleep(MILLISECOND);
                }
                let record = Record::value(&value).partition(partition);
                let begin = Instant::now();
                let delivery = match form {
                    "send" => {
                        runtime.block_on(async { topic.send(record).await.map_err(anyhow::Error::from) })
                    }
                    _ => topic.try_send(record).map_err(anyhow::Error::from),
                };
                took.push(begin.elapsed());
                deliveries.push(delivery?);
            }
            let longest = took.iter().max().copied().unwrap_or_default();
            Ok(HandOver { p99: percentile(took, 99), longest })
        });
        let [first, second] = found;
        anyhow::Ok(([first?, second?], deliveries))
    });
    sending.await?
}

/// A client that asks the node that will throttle for metadata. Each keeps to one node, drawn when it is built.
async fn client_that_asks_node_1(bench: &Bench<'_>, name: &str) -> Result<Client> {
    const DRAWS: usize = 60;
    for _ in 0..DRAWS {
        let client = bench.client(name).await?;
        // The first question may go to an address whose node is not known yet.
        client.admin().describe_topic(name).await?;
        let begin = Instant::now();
        client.admin().describe_topic(name).await?;
        if was_asked(bench, name, begin) {
            return Ok(client);
        }
    }
    bail!("none of {DRAWS} clients asked node 1 for metadata")
}

/// Whether the proxy before the throttling node saw a question for metadata since then.
fn was_asked(bench: &Bench<'_>, client_id: &str, since: Instant) -> bool {
    let requests = bench.recording().of(client_id, 1);
    requests.iter().any(|one| one.api == ApiKey::METADATA && one.begun >= since)
}

/// What it takes to ask the throttling node about a topic. Questions that went to another node do not count.
async fn metadata(bench: &Bench<'_>, client: &Client, topic: &str) -> Result<Spread> {
    let mut took = Vec::new();
    for _ in 0..METADATA {
        let begin = Instant::now();
        client.admin().describe_topic(topic).await?;
        let elapsed = begin.elapsed();
        if was_asked(bench, topic, begin) {
            took.push(elapsed);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(Spread::of(took))
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
        + handed_over.abs_diff(3 * FORMS.len() * HAND_OVERS))
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
    fn spread(&self, from: Instant, until: Instant) -> Spread {
        Spread::of(self.0.iter().filter(|(at, _)| (from..until).contains(at)).map(|(_, took)| *took))
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

/// Looks all the time at what the client and its producer say about themselves.
struct Watcher {
    ended: Arc<AtomicBool>,
    /// Whether [`HELD`] has records that wait for the throttle's end.
    held: Arc<AtomicBool>,
    watching: tokio::task::JoinHandle<Result<Watched>>,
}

#[derive(Default)]
struct Watched {
    /// By node.
    throttled: BTreeMap<i32, Duration>,
    looks: usize,
    named: usize,
    attributed: Duration,
}

impl Watcher {
    fn start(client: Client, producer: Producer, topic: &str) -> Self {
        let topic = topic.to_owned();
        let (ended, held) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let (stop, holding) = (Arc::clone(&ended), Arc::clone(&held));
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
                if holding.load(Ordering::Relaxed) && is_throttled(&client) {
                    let waiting = producer.explain().await?;
                    // If the throttle ended in between, the answer may be of before or after.
                    if is_throttled(&client) {
                        let named = waiting.iter().any(|one| is_held(one, &topic));
                        watched.looks += 1;
                        watched.named += usize::from(named);
                        watched.attributed += if named { now - last } else { Duration::ZERO };
                    }
                }
                last = now;
            }
            Ok(watched)
        });
        Self { ended, held, watching }
    }

    async fn stop(self) -> Result<Watched> {
        self.ended.store(true, Ordering::Relaxed);
        self.watching.await?
    }
}

/// Whether node 1 throttles produce requests.
fn is_throttled(client: &Client) -> bool {
    client.throttle().iter().any(|one| one.node == 1 && one.class == ThrottleClass::Produce)
}

/// Whether this says that the held partition waits for the throttle of its node.
fn is_held(waiting: &Waiting, topic: &str) -> bool {
    let place = (waiting.node, waiting.topic.as_deref(), waiting.partition);
    let reason = &waiting.reason;
    place == (Some(1), Some(topic), Some(HELD))
        && matches!(reason, WaitReason::Throttled { node: 1, class: ThrottleClass::Produce, .. })
}

/// What `wanted` runs found, and those that were tried beside them.
fn rows(found: &[Found], wanted: usize) -> Vec<Row> {
    let timed = |took: fn(&Found) -> Duration| -> Vec<Timed> {
        found.iter().map(|one| Timed { took: took(one), overslept: one.overslept }).collect()
    };
    let runs = found.len();
    let untrue: usize = found.iter().map(|one| one.untrue).sum();
    let early: usize = found.iter().map(|one| one.early).sum();
    let fetches: usize = found.iter().map(|one| one.fetches).sum();

    let truth = |row: Row| {
        let figure = format!("{}; reported untruly: {untrue}", row.figure);
        Row { figure, verdict: if untrue == 0 { row.verdict } else { Verdict::Missed }, ..row }
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
    let acks: Vec<_> =
        found.iter().filter_map(|one| Some(Timed { took: one.ack?, overslept: one.overslept })).collect();
    let ack = Row::time(
        "acks of what is in flight on the throttled broker",
        "not withheld (5 ms after the proxy handed them on)",
        FIVE,
        &acks,
    );
    let ack = Row {
        figure: format!(
            "{}; a record was in flight beside the burst: {}",
            ack.figure,
            of_runs(acks.len(), runs)
        ),
        verdict: if acks.len() >= wanted { ack.verdict } else { Verdict::Missed },
        ..ack
    };
    let resumption = Row::time(
        "produce requests during the throttle, every other run with the connections cut",
        "none early; the first at most 5 ms after its end",
        FIVE,
        &timed(|one| one.resumed_after),
    );
    let resumption = Row {
        figure: format!("early: {}; first after: {}", of_runs(early, runs), resumption.figure),
        verdict: if early == 0 { resumption.verdict } else { Verdict::Missed },
        ..resumption
    };
    let compared = |value: fn(&Found) -> (Spread, Spread)| -> Vec<Compared> {
        let one = |one: &Found| {
            let (free, throttled) = value(one);
            Compared { free, throttled, overslept: one.overslept }
        };
        found.iter().map(one).collect()
    };
    let bar = "unaffected (within 5 ms)";
    let (figure, met) = unaffected(&compared(|one| one.fetch), FIVE);
    let fetch = Row::new(
        "records read from the throttling broker by the same client",
        bar,
        format!("{figure}; fetch requests meanwhile: {}", of_runs(fetches, runs)),
        met && fetches > 0,
    );
    let (figure, met) = unaffected(&compared(|one| one.metadata), FIVE);
    let asked: usize = found.iter().map(|one| one.metadata.1.count).sum();
    let metadata = Row::new(
        "metadata asked of the throttling broker by the same client",
        bar,
        format!("{figure}; questions meanwhile: {}", of_runs(asked, runs)),
        met,
    );
    let (hand_over, agreement) = (hand_over_row(found), agreement_row(found));
    vec![hand_over, truth(cancel), truth(expiry), ack, resumption, fetch, metadata, agreement]
}

/// The 99th percentile is a time bar; the longest of each run stands beside the longest of the same run without.
fn hand_over_row(found: &[Found]) -> Row {
    let mut figures = Vec::with_capacity(FORMS.len());
    let mut met = !found.is_empty();
    for (form, name) in FORMS.into_iter().enumerate() {
        let of = |sides: &[HandOver; 2]| sides.get(form).copied().unwrap_or_default();
        let p99 = median(found.iter().map(|one| of(&one.throttled).p99));
        let p99s = found.iter().map(|one| (of(&one.throttled).p99, one.overslept));
        let longests =
            found.iter().map(|one| (of(&one.throttled).longest, of(&one.free).longest, one.overslept));
        let Some((longest, free, overslept)) = longests
            .max_by_key(|(longest, free, overslept)| (longest.saturating_sub(*free + *overslept), *longest))
        else {
            continue;
        };
        met &= p99 < HAND_OVER && p99s.into_iter().all(|(p99, overslept)| p99 < HAND_OVER + overslept);
        met &= longest <= free + overslept;
        figures.push(format!(
            "`{name}`: p99 {} (unthrottled {}), worst max {} (unthrottled {} in that run, machine overslept {})",
            short(p99),
            short(median(found.iter().map(|one| of(&one.free).p99))),
            short(longest),
            short(free),
            short(overslept)
        ));
    }
    Row::new(
        "hand-over by `try_send` and by `send` while its broker throttles for seconds",
        "p99 under 50 µs; max beside the unthrottled run's",
        figures.join("; "),
        met,
    )
}

/// What the client says of its throttle against what the proxy saw, and whether what waits for it says so.
fn agreement_row(found: &[Found]) -> Row {
    let off = |told: Duration, recorded: Duration| {
        told.abs_diff(recorded).as_secs_f64() / recorded.as_secs_f64() * 100.0
    };
    let worst = |off: &dyn Fn(&Found) -> f64| found.iter().map(off).fold(0.0, f64::max);
    let told_off = worst(&|one| off(one.told, one.recorded));
    let attributed_off = worst(&|one| off(one.attributed, one.held));
    let median_of = |value: fn(&Found) -> Duration| short(median(found.iter().map(value)));
    let (looks, named) =
        (found.iter().map(|one| one.looks).sum::<usize>(), found.iter().map(|one| one.named).sum::<usize>());
    Row::new(
        "throttled time per node; blocked time attributed to named reasons",
        "agrees within 2 % with the proxy's; of what the throttle holds, 100 % of the looks name it",
        format!(
            "median {} told, {} recorded, worst {told_off:.1} % off; held for {}, attributed to the throttle {}, worst \
             {attributed_off:.1} % off; {named} of {looks} looks named it",
            median_of(|one| one.told),
            median_of(|one| one.recorded),
            median_of(|one| one.held),
            median_of(|one| one.attributed),
        ),
        told_off <= 2.0
            && attributed_off <= 2.0
            && !found.is_empty()
            && found.iter().all(|one| one.looks > 0 && one.looks == one.named),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fine() -> Found {
        let one = HandOver { p99: 10 * MICROSECOND, longest: 100 * MICROSECOND };
        let spread = Spread { count: 20, median: MILLISECOND, worst: 2 * MILLISECOND };
        Found {
            overslept: MILLISECOND,
            free: [one; 2],
            throttled: [one; 2],
            cancel: MILLISECOND,
            expiry: MILLISECOND,
            untrue: 0,
            ack: Some(MILLISECOND),
            early: 0,
            resumed_after: MILLISECOND,
            fetch: (spread, spread),
            metadata: (spread, spread),
            fetches: 1,
            told: Duration::from_secs(6),
            recorded: Duration::from_secs(6),
            held: Duration::from_secs(6),
            looks: 100,
            named: 100,
            attributed: Duration::from_secs(6),
        }
    }

    const MICROSECOND: Duration = Duration::from_micros(1);

    /// The rows that a run that was changed so misses, beside one that was not.
    fn missed(change: impl FnOnce(&mut Found)) -> Vec<String> {
        let mut changed = fine();
        change(&mut changed);
        let rows = rows(&[fine(), changed], 2);
        rows.into_iter().filter(|row| row.verdict == Verdict::Missed).map(|row| row.what).collect()
    }

    fn misses(what: &str, change: impl FnOnce(&mut Found)) {
        let missed = missed(change);
        assert!(missed.len() == 1 && missed[0].starts_with(what), "{missed:?}");
    }

    #[test]
    fn each_row_can_be_missed() {
        assert!(missed(|_| ()).is_empty());
        for form in 0..2 {
            misses("hand-over", |one| one.throttled[form].p99 = 2 * MILLISECOND);
            misses("hand-over", |one| one.throttled[form].longest = MILLISECOND + 101 * MICROSECOND);
        }
        misses("acks", |one| one.ack = None);
        misses("acks", |one| one.ack = Some(7 * MILLISECOND));
        misses("records read", |one| one.fetch.1.worst = 9 * MILLISECOND);
        misses("metadata", |one| one.metadata.1.worst = 9 * MILLISECOND);
        misses("metadata", |one| one.metadata.1 = Spread::default());
        misses("throttled time", |one| one.named -= 1);
        misses("throttled time", |one| (one.looks, one.named) = (0, 0));
        misses("throttled time", |one| one.attributed = Duration::from_secs(5));
        misses("throttled time", |one| one.told = Duration::from_secs(5));
    }

    #[test]
    fn a_run_without_a_record_in_flight_is_made_good_by_another() {
        let without = Found { ack: None, ..fine() };
        let verdict = |found: &[Found]| {
            rows(found, 1).into_iter().find(|row| row.what.starts_with("acks")).unwrap().verdict
        };
        assert_eq!(verdict(&[without, fine()]), Verdict::Met);
        assert_eq!(verdict(&[Found { ack: None, ..fine() }]), Verdict::Missed);
    }
}
