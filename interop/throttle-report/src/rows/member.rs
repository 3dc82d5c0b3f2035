//! A member of a group whose client is throttled by its own coordinator, for twice as long as its session.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use ottla::admin::QuotaKey;
use ottla::consumer::group::Protocol;
use ottla::{Offset, Record};
use ottla_proto::ApiKey;

use super::{MILLISECOND, all, of_runs, sleep_until};
use crate::bench::{Bench, NODES};
use crate::probe::Probe;
use crate::table::{Compared, Row, Spread, short, unaffected};

const SECONDS: f64 = 12.0;
const SESSION: Duration = Duration::from_secs(6);
const HEARTBEAT: Duration = Duration::from_millis(500);

pub(super) fn run(bench: &mut Bench<'_>, runs: usize) -> Result<Vec<Row>> {
    let names: Vec<_> = (0..runs).map(|_| bench.name("member")).collect();
    let bench = &*bench;
    let probe = Probe::start();
    let found = bench.runtime().block_on(all(names.iter().map(|name| once(bench, name))));
    let found = found.into_iter().collect::<Result<Vec<_>>>()?;
    let rebalances = found.iter().map(|one| one.rebalances).sum();
    let apart = found.iter().map(|one| one.heartbeats_apart).max().unwrap_or_default();
    let mut met = rebalances == 0 && !found.is_empty();
    // They run side by side, so that the machine was late for all of them.
    let overslept = probe.worst();
    let mut pair = |value: fn(&Found) -> Pair| {
        let runs: Vec<_> = found
            .iter()
            .map(value)
            .map(|(free, throttled)| Compared { free, throttled, overslept })
            .collect();
        let (figure, unaffected) = unaffected(&runs, 5 * MILLISECOND);
        met &= unaffected;
        figure
    };
    let figure = format!(
        "answer to a heartbeat: {}; commit: {}; record read: {}; heartbeats at most {} apart; rebalances: {}",
        pair(|one| one.heartbeat),
        pair(|one| one.commit),
        pair(|one| one.read),
        short(apart),
        of_runs(rebalances, runs)
    );
    let met = met && apart < SESSION / 2;
    Ok(vec![Row::new(
        "heartbeats, commits and fetches of a member with a session of 6 s, its coordinator throttling for 12 s",
        "unaffected (within 5 ms), no rebalance",
        figure,
        met,
    )])
}

/// Without and with the throttle.
type Pair = (Spread, Spread);

struct Found {
    heartbeat: Pair,
    commit: Pair,
    read: Pair,
    heartbeats_apart: Duration,
    rebalances: usize,
}

/// When something was done, and how long it took.
type Timings = Vec<(Instant, Duration)>;

async fn once(bench: &Bench<'_>, name: &str) -> Result<Found> {
    let (client, _producer, topic) = bench.sender(name, &[&[1], &[2], &[3]], 0..3).await?;
    let member = client.consumer().from(Offset::Latest).group(name).protocol(Protocol::Classic);
    let member = member.session_timeout(SESSION).heartbeat_interval(HEARTBEAT).manual_commits();
    let mut member = member.subscribe([name]).build().await?;
    let handle = member.handle();
    let epoch = Instant::now();
    let reading = tokio::spawn(async move {
        let (mut reads, mut commits) = (Timings::new(), Timings::new());
        while let Some(batch) = member.next_batch().await? {
            for record in &batch {
                let text = String::from_utf8_lossy(record.value().unwrap_or_default()).into_owned();
                let Ok(micros) = text.parse() else { continue };
                let at = epoch + Duration::from_micros(micros);
                reads.push((at, at.elapsed()));
            }
            let begin = Instant::now();
            member.commit(&batch).await?;
            commits.push((begin, begin.elapsed()));
        }
        anyhow::Ok((reads, commits))
    });
    let ended = Arc::new(AtomicBool::new(false));
    let feeding = tokio::spawn({
        let (ended, feed) =
            (Arc::clone(&ended), bench.admin().producer().linger(Duration::ZERO).build().await?);
        let feed = feed.topic(name);
        async move {
            for number in 0.. {
                if ended.load(Ordering::Relaxed) {
                    break;
                }
                let stamp = epoch.elapsed().as_micros().to_string();
                feed.send(Record::value(&stamp).partition(number % 3)).await?.await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            anyhow::Ok(())
        }
    });
    // Joined, and read and committed for a while; then for as long as under the throttle, to be compared with it.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let free_from = Instant::now();
    tokio::time::sleep(Duration::from_secs_f64(SECONDS)).await;
    let free_until = Instant::now();
    let coordinator = coordinator(bench, name)?;
    bench.prepare_throttle(name).await?;
    let settled = handle.rebalances().len();
    let throttle = bench.throttle(name, &topic, coordinator - 1, coordinator, SECONDS).await?;
    bench.remove_quota(name, QuotaKey::ProducerByteRate).await?;
    let waiting = topic.send(Record::value("waits").partition(coordinator - 1)).await?;
    sleep_until(throttle.until).await;
    waiting.await?;
    let rebalances = handle.rebalances().len() - settled;
    ended.store(true, Ordering::Relaxed);
    feeding.await??;
    handle.close(Duration::from_secs(10)).await?;
    let (reads, commits) = reading.await??;

    let beats = bench.recording().of(name, coordinator);
    let beats: Timings = beats
        .iter()
        .filter(|one| one.api == ApiKey::HEARTBEAT)
        .filter_map(|one| Some((one.begun, one.answered?.saturating_duration_since(one.begun))))
        .collect();
    let during: Vec<_> =
        beats.iter().map(|(at, _)| *at).filter(|at| (throttle.from..throttle.until).contains(at)).collect();
    let ends = [throttle.from].into_iter().chain(during.iter().copied());
    let apart = ends.zip(during.iter().copied().chain([throttle.until])).map(|(one, next)| next - one);
    let pair = |timings: &Timings| {
        let spread_in = |from: Instant, until: Instant| {
            Spread::of(timings.iter().filter(|(at, _)| (from..until).contains(at)).map(|(_, took)| *took))
        };
        (spread_in(free_from, free_until), spread_in(throttle.from, throttle.until))
    };
    Ok(Found {
        heartbeat: pair(&beats),
        commit: pair(&commits),
        read: pair(&reads),
        heartbeats_apart: apart.max().unwrap_or_default(),
        rebalances,
    })
}

/// The node that the client's heartbeats go to.
fn coordinator(bench: &Bench<'_>, name: &str) -> Result<i32> {
    let mut beats: BTreeMap<i32, usize> = BTreeMap::new();
    for node in 1..=i32::try_from(NODES)? {
        let count =
            bench.recording().of(name, node).iter().filter(|one| one.api == ApiKey::HEARTBEAT).count();
        beats.insert(node, count);
    }
    let most = beats.into_iter().max_by_key(|(_, count)| *count).filter(|(_, count)| *count > 0);
    Ok(most.context("the member sent no heartbeat")?.0)
}
