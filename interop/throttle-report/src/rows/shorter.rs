//! An answer that asks for a long silence, and right behind it one that asks for a short one.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use ottla::Record;

use super::{MILLISECOND, of_runs};
use crate::bench::Bench;
use crate::probe::Probe;
use crate::table::{Row, Timed, Verdict};

const LONG: Duration = Duration::from_millis(4000);
const SHORT: Duration = Duration::from_millis(100);

pub(super) fn run(bench: &mut Bench<'_>, runs: usize) -> Result<Vec<Row>> {
    let mut found = Vec::with_capacity(runs);
    for _ in 0..runs {
        let name = bench.name("shorter");
        found.push(bench.runtime().block_on(once(bench, &name))?);
    }
    let early = found.iter().filter(|one| one.early).count();
    let acks: Vec<_> = found.iter().map(|one| one.ack).collect();
    let ack = Row::time("", "", 5 * MILLISECOND, &acks);
    Ok(vec![Row::new(
        "an answer that asks for 4,000 ms, then one that asks for 100 ms (both written by the proxy)",
        "the longer deadline holds, and the second ack is not withheld (5 ms)",
        format!("early: {}; second ack after its answer: {}", of_runs(early, runs), ack.figure),
        early == 0 && ack.verdict == Verdict::Met,
    )])
}

struct Found {
    early: bool,
    ack: Timed,
}

async fn once(bench: &Bench<'_>, name: &str) -> Result<Found> {
    let (_client, _producer, topic) = bench.sender(name, &[&[1], &[1]], 0..2).await?;
    let before = bench.recording().produced(name, 1).len();
    bench.proxy(1)?.rewrite_throttles(name, [LONG, SHORT]);
    let probe = Probe::start();
    // While the node stands still, two requests get on their way, one behind the other.
    bench.pause(1)?;
    let first = topic.send(Record::value("a").partition(0)).await?;
    tokio::time::sleep(Duration::from_millis(30)).await;
    let second = topic.send(Record::value("b").partition(1)).await?;
    tokio::time::sleep(Duration::from_millis(30)).await;
    bench.resume(1)?;
    first.await?;
    second.await?;
    let acknowledged = Instant::now();
    topic.send(Record::value("c").partition(0)).await?.await?;
    let requests = bench.recording().produced(name, 1).split_off(before);
    let [first, second, third] = requests.as_slice() else {
        anyhow::bail!("three requests were to be seen, not {}", requests.len());
    };
    ensure!(first.throttle == LONG && second.throttle == SHORT, "the proxy did not rewrite the answers");
    let until = first.throttled_until().context("no answer")?;
    let took = acknowledged.saturating_duration_since(second.answered.context("no answer")?);
    Ok(Found { early: third.begun < until, ack: Timed { took, overslept: probe.worst() } })
}
