//! One node throttles, one stands still, and what they are offered is more than the memory: the third node's
//! records are to notice nothing.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use ottla::admin::QuotaKey;
use ottla::{Delivery, Record, TopicProducer};
use tokio::sync::mpsc;

use super::{MILLISECOND, sleep_until};
use crate::bench::Bench;
use crate::table::{Row, median, percentile, short};

const SECONDS: f64 = 12.0;
const WINDOW: Duration = Duration::from_secs(6);
const MEMORY: usize = 8 << 20;
/// The healthy node's records of a millisecond.
const HEALTHY: usize = 5;
/// The records of a millisecond that each bad node is offered, a thousand bytes each: 12 MB in a window.
const BAD: usize = 2;

pub(super) fn run(bench: &mut Bench<'_>, runs: usize) -> Result<Vec<Row>> {
    let mut pairs = Vec::new();
    for pair in 0..runs.div_ceil(2) {
        let (without, with) = (bench.name("unharmed"), bench.name("isolation"));
        let runtime = bench.runtime();
        let pair_of =
            (runtime.block_on(once(bench, &without, false))?, runtime.block_on(once(bench, &with, true))?);
        eprintln!("   pair {pair}: {pair_of:?}");
        pairs.push(pair_of);
    }
    let ratio = |(without, with): &(Found, Found)| with.p99.as_secs_f64() / without.p99.as_secs_f64();
    let mut ratios: Vec<_> = pairs.iter().map(ratio).collect();
    ratios.sort_by(f64::total_cmp);
    let ratio = ratios.get(ratios.len() / 2).copied().unwrap_or(f64::INFINITY);
    let acknowledged = median(pairs.iter().map(|(_, with)| with.acknowledged_per_mille));
    Ok(vec![Row::new(
        "5,000 records a second to a healthy node, one node throttling and one frozen, memory smaller than what \
         those are offered",
        "at least 99 % acknowledged inside the window, p99 at most twice the same run without",
        format!(
            "median of {} pairs: {}.{} % acknowledged, p99 {} (without {}), {ratio:.2} times",
            pairs.len(),
            acknowledged / 10,
            acknowledged % 10,
            short(median(pairs.iter().map(|(_, with)| with.p99))),
            short(median(pairs.iter().map(|(without, _)| without.p99))),
        ),
        acknowledged >= 990 && ratio <= 2.0,
    )])
}

#[derive(Debug)]
struct Found {
    acknowledged_per_mille: usize,
    p99: Duration,
}

async fn once(bench: &mut Bench<'_>, name: &str, harmed: bool) -> Result<Found> {
    bench.create_topic(name, &[&[1], &[2], &[3]]).await?;
    let client = bench.client(name).await?;
    let producer = client.producer().memory_bytes(MEMORY).build().await?;
    let topic = producer.topic(name);
    for partition in 0..3 {
        topic.send(Record::value("first").partition(partition)).await?.await?;
    }
    if harmed {
        bench.prepare_throttle(name).await?;
        bench.throttle(name, &topic, 0, 1, SECONDS).await?;
        bench.remove_quota(name, QuotaKey::ProducerByteRate).await?;
        bench.pause(2)?;
    }
    let end = Instant::now() + WINDOW;
    let bad: Vec<_> = [0, 1].map(|partition| tokio::spawn(offer(topic.clone(), partition, end))).into();
    let found = healthy(topic, end).await;
    for task in bad {
        task.abort();
    }
    producer.close(Duration::ZERO).await?;
    if harmed {
        bench.resume(2)?;
        tokio::task::block_in_place(|| bench.cluster().wait_until_ready(2))?;
    }
    found
}

/// Sends without an end; where a node takes nothing, it comes to wait for memory.
async fn offer(topic: TopicProducer, partition: i32, end: Instant) -> Result<()> {
    let value = [b'b'; 1000];
    let mut next = Instant::now();
    while next < end {
        for _ in 0..BAD {
            drop(topic.send(Record::value(&value).partition(partition)).await?);
        }
        next += MILLISECOND;
        sleep_until(next).await;
    }
    Ok(())
}

async fn healthy(topic: TopicProducer, end: Instant) -> Result<Found> {
    let (sender, mut sent) = mpsc::unbounded_channel::<(Instant, Delivery)>();
    let acknowledging = tokio::spawn(async move {
        let (mut took, mut inside) = (Vec::new(), 0_usize);
        while let Some((begin, delivery)) = sent.recv().await {
            delivery.await?;
            let now = Instant::now();
            took.push(now - begin);
            inside += usize::from(now <= end);
        }
        anyhow::Ok((took, inside))
    });
    let value = [b'h'; 100];
    let mut next = Instant::now();
    let mut count = 0;
    while next < end {
        for _ in 0..HEALTHY {
            let begin = Instant::now();
            let delivery = topic.send(Record::value(&value).partition(2)).await?;
            let _ = sender.send((begin, delivery));
            count += 1;
        }
        next += MILLISECOND;
        sleep_until(next).await;
    }
    drop(sender);
    let (took, inside) = tokio::time::timeout(Duration::from_secs(30), acknowledging).await???;
    ensure!(took.len() == count, "a delivery was lost");
    // A record that was not offered in time counts as one that was not acknowledged in time.
    let wanted = usize::try_from(WINDOW.as_millis())? * HEALTHY;
    Ok(Found { acknowledged_per_mille: inside * 1000 / wanted.max(count), p99: percentile(took, 99) })
}
