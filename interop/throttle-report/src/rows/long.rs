//! A throttle that is longer than the time that a broker has for an answer.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::Result;
use ottla::Record;
use ottla::admin::QuotaKey;

use super::{MILLISECOND, all, of_runs};
use crate::bench::Bench;
use crate::probe::Probe;
use crate::table::{Row, Timed, Verdict};

const SECONDS: f64 = 45.0;
const RECORDS: usize = 10;
/// How often those runs are repeated in which no record was in flight when the throttle was told.
const ROUNDS: usize = 3;

pub(super) fn run(bench: &mut Bench<'_>, runs: usize) -> Result<Vec<Row>> {
    let mut found: Vec<Found> = Vec::new();
    let mut acks: Vec<Timed> = Vec::new();
    for _ in 0..ROUNDS {
        let names: Vec<_> = (acks.len()..runs).map(|_| bench.name("long")).collect();
        let bench = &*bench;
        let round = bench.runtime().block_on(all(names.iter().map(|name| once(bench, name))));
        found.extend(round.into_iter().collect::<Result<Vec<_>>>()?);
        acks = found.iter().filter_map(|one| one.ack).collect();
    }
    let sum = |count: fn(&Found) -> usize| of_runs(found.iter().map(count).sum(), found.len());
    let ack = Row::time("", "", Duration::from_millis(5), &acks);
    let unharmed = found.iter().all(|one| one.failed + one.reconnects + one.wrong == 0);
    let figure = format!(
        "failed: {}, reconnects: {}, lost or doubled: {}; ack of what was in flight after its answer, in {}: {}",
        sum(|one| one.failed),
        sum(|one| one.reconnects),
        sum(|one| one.wrong),
        format_args!("{} of {} runs", acks.len(), found.len()),
        ack.figure
    );
    Ok(vec![Row::new(
        "throttle of 45 s, longer than the request timeout of 30 s",
        "no time-out, no reconnect, no duplicate; acks in flight delivered when they come",
        figure,
        unharmed && ack.verdict == Verdict::Met && acks.len() >= runs,
    )])
}

struct Found {
    failed: usize,
    reconnects: usize,
    wrong: usize,
    /// None if nothing was in flight when the throttle was told.
    ack: Option<Timed>,
}

async fn once(bench: &Bench<'_>, name: &str) -> Result<Found> {
    let (_client, _producer, topic) = bench.sender(name, &[&[1], &[1]], 0..1).await?;
    bench.prepare_throttle(name).await?;
    let begin = Instant::now();
    let behind = topic.clone();
    let behind = tokio::spawn(async move {
        tokio::time::sleep(MILLISECOND / 2).await;
        let delivery = behind.send(Record::value("behind").partition(1)).await?;
        anyhow::Ok((delivery.await, Instant::now()))
    });
    let probe = Probe::start();
    let throttle = bench.throttle(name, &topic, 0, 1, SECONDS).await?;
    bench.remove_quota(name, QuotaKey::ProducerByteRate).await?;
    let mut deliveries = Vec::new();
    for number in 0..RECORDS {
        deliveries.push(topic.send(Record::value(&number.to_string()).partition(1)).await?);
    }
    let (behind, acknowledged) = behind.await??;
    let mut failed = usize::from(behind.is_err());
    for delivery in deliveries {
        failed += usize::from(delivery.await.is_err());
    }
    let requests = bench.recording().produced(name, 1);
    let answered = bench.answered_beside_burst(name, 1, begin, &throttle);
    let took = answered.map(|answered| acknowledged.saturating_duration_since(answered));
    let connections: BTreeSet<_> = requests.iter().map(|one| one.connection).collect();
    let log = bench.read(name).await?;
    let expected = (0..RECORDS).map(|number| number.to_string()).chain(["behind".to_owned()]);
    let wrong = expected.map(|value| log.iter().filter(|one| **one == value).count().abs_diff(1)).sum();
    Ok(Found {
        failed,
        reconnects: connections.len().saturating_sub(1),
        wrong,
        ack: took.map(|took| Timed { took, overslept: probe.worst() }),
    })
}
