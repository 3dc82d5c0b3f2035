//! The throttling node is killed: what is replicated goes on elsewhere at once, what is not waits for its return.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use ottla::admin::QuotaKey;
use ottla::{Client, Delivery, Latency, Record};

use super::{of_runs, sleep_until};
use crate::bench::Bench;
use crate::probe::Probe;
use crate::table::{Row, Timed, Verdict, short};

const SECONDS: f64 = 10.0;
const RECORDS: usize = 20;
const LIMIT: Duration = Duration::from_secs(60);

pub(super) fn run(bench: &mut Bench<'_>, runs: usize) -> Result<Vec<Row>> {
    let mut found = Vec::with_capacity(runs);
    for run in 0..runs {
        let name = bench.name("failover");
        let runtime = bench.runtime();
        let one = runtime.block_on(once(bench, &name))?;
        eprintln!(
            "   run {run}: first ack {:?} after the election, {:?} after the return",
            one.moved.took, one.returned.took
        );
        found.push(one);
    }
    let moved: Vec<_> = found.iter().map(|one| one.moved).collect();
    let returned: Vec<_> = found.iter().map(|one| one.returned).collect();
    let wrong: usize = found.iter().map(|one| one.wrong).sum();
    let moved = Row::time(
        "broker killed while it throttles, the leader moves",
        "first ack within 1 s of the new leader's election",
        Duration::from_secs(1),
        &moved,
    );
    // Its followers look for the new leader once a second by default; until then nothing is acknowledged.
    let in_broker = found.iter().map(|one| one.in_broker).max().unwrap_or_default();
    let figure = format!("{}; of it in the new leader: worst {}", moved.figure, short(in_broker));
    let moved = Row { figure, ..moved };
    let returned = Row::time(
        "the same broker back after 3 s",
        "resumes within 1 s of the later of its return and its old deadline; nothing lost or doubled",
        Duration::from_secs(1),
        &returned,
    );
    let figure = format!("{}; lost or doubled: {}", returned.figure, of_runs(wrong, runs));
    let verdict = if wrong == 0 { returned.verdict } else { Verdict::Missed };
    Ok(vec![moved, Row { figure, verdict, ..returned }])
}

struct Found {
    moved: Timed,
    /// How long the first record was with the new leader.
    in_broker: Duration,
    returned: Timed,
    wrong: usize,
}

async fn once(bench: &mut Bench<'_>, name: &str) -> Result<Found> {
    let alone = format!("{name}-alone");
    bench.create_topic(name, &[&[1, 2, 3]]).await?;
    bench.create_topic(&alone, &[&[1]]).await?;
    let client = bench.client(name).await?;
    let producer = client.producer().linger(Duration::ZERO).build().await?;
    let (replicated, single) = (producer.topic(name), producer.topic(&alone));
    for topic in [&replicated, &single] {
        topic.send(Record::value("first").partition(0)).await?.await?;
    }
    bench.prepare_throttle(name).await?;
    let throttle = bench.throttle(name, &replicated, 0, 1, SECONDS).await?;
    bench.remove_quota(name, QuotaKey::ProducerByteRate).await?;
    let (mut moving, mut staying) = (Vec::new(), Vec::new());
    for number in 0..RECORDS {
        let value = number.to_string();
        moving.push(replicated.send(Record::value(&value).partition(0)).await?);
        staying.push(single.send(Record::value(&value).partition(0)).await?);
    }

    let probe = Probe::start();
    bench.cluster().kill(1)?;
    let killed = Instant::now();
    let elected = tokio::spawn(leader_becomes(bench.admin().clone(), name.to_owned(), |leader| {
        leader.is_some_and(|leader| leader != 1)
    }));
    let moving = tokio::spawn(first_ack(moving));
    let staying = tokio::spawn(first_ack(staying));
    sleep_until(killed + Duration::from_secs(3)).await;
    bench.cluster().launch_node(1)?;
    let returned = leader_becomes(bench.admin().clone(), alone.clone(), |leader| leader == Some(1)).await?;
    let elected = elected.await??;
    let ((moved, moved_latency), (stayed, stayed_latency)) = (moving.await??, staying.await??);
    eprintln!("   moved: {moved_latency}\n   stayed: {stayed_latency}");
    let overslept = probe.worst();
    // Before the next run, the node must be whole again.
    tokio::task::block_in_place(|| bench.cluster().wait_until_ready(1))?;
    in_sync(bench.admin(), name).await?;

    let mut wrong = 0;
    for topic in [name, &alone] {
        let log = bench.read(topic).await?;
        for number in 0..RECORDS {
            wrong += log.iter().filter(|value| **value == number.to_string()).count().abs_diff(1);
        }
    }
    Ok(Found {
        in_broker: moved_latency.broker,
        moved: Timed { took: moved.saturating_duration_since(elected), overslept },
        returned: Timed { took: stayed.saturating_duration_since(returned.max(throttle.until)), overslept },
        wrong,
    })
}

/// When the first of them was acknowledged, and where its time went; all of them must be acknowledged.
async fn first_ack(deliveries: Vec<Delivery>) -> Result<(Instant, Latency)> {
    let mut first = None;
    for delivery in deliveries {
        let receipt = delivery.await?;
        first.get_or_insert_with(|| (Instant::now(), receipt.latency));
    }
    first.context("nothing was sent")
}

/// When the cluster first names such a leader of the topic's only partition.
async fn leader_becomes(
    client: Client,
    topic: String,
    is_it: impl Fn(Option<i32>) -> bool,
) -> Result<Instant> {
    let begin = Instant::now();
    loop {
        if let Ok(description) = client.admin().describe_topic(&topic).await
            && is_it(description.partitions.first().and_then(|partition| partition.leader))
        {
            return Ok(Instant::now());
        }
        ensure!(begin.elapsed() < LIMIT, "the leader of {topic} did not change");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn in_sync(client: &Client, topic: &str) -> Result<()> {
    let begin = Instant::now();
    while begin.elapsed() < LIMIT {
        let description = client.admin().describe_topic(topic).await?;
        if description.partitions.iter().all(|partition| partition.in_sync.len() == partition.replicas.len())
        {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("the replicas of {topic} did not come back")
}
