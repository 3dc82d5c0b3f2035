//! Quotas that stay under a steady load, beside Kafka's own client with the same settings at the same time.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use ottla::admin::QuotaKey;
use ottla::{Delivery, Record};
use tokio::sync::mpsc;

use super::sleep_until;
use crate::bench::Bench;
use crate::java::{JavaProducer, Load, Outcome};
use crate::table::{Row, median, short};

/// The burst uses up the ten seconds that the quota of 50 kB/s leaves free; from then on every answer throttles.
const BYTE_RATE: Load =
    Load { batch_bytes: 100_000, record_bytes: 1000, burst_bytes: 575_000, per_second: 75, seconds: 20 };
const REQUESTS: Load =
    Load { batch_bytes: 100_000, record_bytes: 100, burst_bytes: 100, per_second: 200, seconds: 20 };
pub(super) fn byte_rate(bench: &mut Bench<'_>, runs: usize) -> Result<Vec<Row>> {
    let pairs = pairs(bench, runs, &BYTE_RATE, QuotaKey::ProducerByteRate, 50_000.0)?;
    let ratio = middle(
        pairs.iter().map(|(ours, java)| ours.outcome.worst.as_secs_f64() / java.outcome.worst.as_secs_f64()),
    );
    let mut more: Vec<i64> = Vec::new();
    for (ours, java) in &pairs {
        more.push(i64::try_from(ours.requests)? - i64::try_from(java.requests)?);
    }
    let more = median(more);
    Ok(vec![Row::new(
        "quota of 50 kB/s left on under 75 kB/s for 20 s, 3 partitions, same batch size",
        "worst ack at most 1.1 times Java's, at most 2 requests more than Java, median of 3",
        format!("{}; {ratio:.2} times, {more:+} requests", beside(&pairs)),
        ratio <= 1.1 && more <= 2,
    )])
}

pub(super) fn request_percentage(bench: &mut Bench<'_>, runs: usize) -> Result<Vec<Row>> {
    let pairs = pairs(bench, runs, &REQUESTS, QuotaKey::RequestPercentage, 1.0)?;
    Ok(vec![request_row(&pairs)])
}

fn request_row(pairs: &[(Side, Side)]) -> Row {
    let of = |time: fn(&Outcome) -> Duration| {
        middle(
            pairs
                .iter()
                .map(|(ours, java)| time(&ours.outcome).as_secs_f64() / time(&java.outcome).as_secs_f64()),
        )
    };
    let (middle, worst) = (of(|outcome| outcome.median), of(|outcome| outcome.worst));
    Row::new(
        "`request_percentage` of 1 under 200 records a second for 20 s",
        "median and worst ack no worse than Java's in the same run, median of 3",
        format!("{}; median {middle:.2} times, worst {worst:.2} times", beside(pairs)),
        middle <= 1.0 && worst <= 1.0,
    )
}

/// What one client met.
#[derive(Debug)]
struct Side {
    outcome: Outcome,
    requests: usize,
}

fn pairs(
    bench: &mut Bench<'_>,
    runs: usize,
    load: &Load,
    key: QuotaKey,
    limit: f64,
) -> Result<Vec<(Side, Side)>> {
    let mut pairs = Vec::new();
    for run in 0..runs.min(3) {
        let (ours, java) = (bench.name("ours"), bench.name("java"));
        let runtime = bench.runtime();
        let pair = runtime.block_on(pair(bench, load, (&ours, &java), key.clone(), limit))?;
        eprintln!("   run {run}: {pair:?}");
        pairs.push(pair);
    }
    Ok(pairs)
}

async fn pair(
    bench: &Bench<'_>,
    load: &Load,
    (ours, java): (&str, &str),
    key: QuotaKey,
    limit: f64,
) -> Result<(Side, Side)> {
    let nodes: [&[i32]; 3] = [&[1], &[1], &[1]];
    for name in [ours, java] {
        bench.create_topic(name, &nodes).await?;
    }
    let other = JavaProducer::start(&bench.servers(), java, load)?;
    let client = bench.client(ours).await?;
    let producer = client.producer().linger(Duration::ZERO).batch_bytes(load.batch_bytes).build().await?;
    for partition in 0..3 {
        producer.topic(ours).send(Record::value("first").partition(partition)).await?.await?;
    }
    for name in [ours, java] {
        bench.set_quota(name, key.clone(), limit).await?;
    }
    let before = [ours, java].map(|name| bench.recording().produced(name, 1).len());
    let other = other.go()?;
    let outcome = produce(&producer.topic(ours), load).await?;
    let other = tokio::task::block_in_place(|| other.outcome())?;
    let [ours, java] = [ours, java].map(|name| bench.recording().produced(name, 1).len());
    Ok((Side { outcome, requests: ours - before[0] }, Side { outcome: other, requests: java - before[1] }))
}

async fn produce(topic: &ottla::TopicProducer, load: &Load) -> Result<Outcome> {
    let (sender, mut sent) = mpsc::unbounded_channel::<(Instant, Delivery)>();
    // A list for each partition, since acks of one do not wait for those of another.
    let acknowledging = tokio::spawn(async move {
        let mut tasks = Vec::new();
        while let Some((begin, delivery)) = sent.recv().await {
            tasks.push(tokio::spawn(async move {
                delivery.await?;
                anyhow::Ok(begin.elapsed())
            }));
        }
        let mut took = Vec::new();
        for task in tasks {
            took.push(task.await??);
        }
        anyhow::Ok(took)
    });
    let burst = vec![b'b'; load.burst_bytes];
    drop(topic.send(Record::value(&burst).partition(0)).await?);
    let value = vec![b'v'; load.record_bytes];
    let begin = Instant::now();
    for number in 0..load.per_second * load.seconds {
        sleep_until(begin + Duration::from_secs(1) * number / load.per_second).await;
        let partition = i32::try_from(number % 3)?;
        let now = Instant::now();
        let delivery = topic.send(Record::value(&value).partition(partition)).await?;
        let _ = sender.send((now, delivery));
    }
    drop(sender);
    let took = acknowledging.await??;
    let worst = took.iter().max().copied().context("nothing was sent")?;
    Ok(Outcome { median: median(took), worst })
}

fn beside(pairs: &[(Side, Side)]) -> String {
    let side = |of: fn(&(Side, Side)) -> &Side| {
        let sides = || pairs.iter().map(of);
        format!(
            "median ack {}, worst {}, {} requests",
            short(median(sides().map(|side| side.outcome.median))),
            short(median(sides().map(|side| side.outcome.worst))),
            median(sides().map(|side| side.requests))
        )
    };
    format!("Ottla: {}; Java: {}", side(|pair| &pair.0), side(|pair| &pair.1))
}

fn middle(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::INFINITY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::Verdict;

    #[test]
    fn under_a_request_quota_neither_median_nor_worst_may_be_worse_than_javas() {
        let side = |median: u64, worst: u64| Side {
            outcome: Outcome { median: Duration::from_millis(median), worst: Duration::from_millis(worst) },
            requests: 1,
        };
        let verdict = |ours: (u64, u64)| request_row(&[(side(ours.0, ours.1), side(100, 1000))]).verdict;
        assert_eq!(verdict((100, 1000)), Verdict::Met);
        assert_eq!(verdict((101, 1000)), Verdict::Missed);
        assert_eq!(verdict((100, 1001)), Verdict::Missed);
        assert_eq!(request_row(&[]).verdict, Verdict::Missed);
    }
}
