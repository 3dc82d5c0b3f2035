//! Closing within half a second while the broker asks for ten of silence.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use ottla::admin::QuotaKey;
use ottla::{Certainty, Record};

use super::{MILLISECOND, all, of_runs, sleep_until};
use crate::bench::Bench;
use crate::probe::Probe;
use crate::table::{Row, Timed, Verdict};

const SECONDS: f64 = 10.0;
const LIMIT: Duration = Duration::from_millis(500);
const RECORDS: usize = 20;

pub(super) fn run(bench: &mut Bench<'_>, runs: usize) -> Result<Vec<Row>> {
    let names: Vec<_> = (0..runs).map(|_| bench.name("close")).collect();
    let bench = &*bench;
    // They wait most of the time, so they do it side by side, each under a name of its own.
    let one = |(number, name): (usize, &String)| {
        let (name, delay) = (name.clone(), Duration::from_millis(700) * u32::try_from(number).unwrap_or(0));
        async move {
            tokio::time::sleep(delay).await;
            once(bench, &name).await
        }
    };
    let found = bench.runtime().block_on(all(names.iter().enumerate().map(one)));
    let found = found.into_iter().collect::<Result<Vec<_>>>()?;
    let timed: Vec<_> = found.iter().map(|one| one.timed).collect();
    let untrue: usize = found.iter().map(|one| one.untrue).sum();
    let uncertain: usize = found.iter().map(|one| one.uncertain).sum();
    let row = Row::time(
        "`close(500 ms)` under a throttle of 10 s",
        "returns within 510 ms, each record's fate known and true",
        LIMIT + Duration::from_millis(10),
        &timed,
    );
    let figure = format!(
        "{}; {RECORDS} records in each run, possibly written: {}, reported untruly: {untrue}",
        row.figure,
        of_runs(uncertain, runs)
    );
    let verdict = if untrue == 0 { row.verdict } else { Verdict::Missed };
    Ok(vec![Row { figure, verdict, ..row }])
}

struct Found {
    timed: Timed,
    uncertain: usize,
    untrue: usize,
}

async fn once(bench: &Bench<'_>, name: &str) -> Result<Found> {
    let (_client, producer, topic) = bench.sender(name, &[&[1], &[1]], 0..1).await?;
    bench.prepare_throttle(name).await?;
    let behind = topic.clone();
    let behind = tokio::spawn(async move {
        tokio::time::sleep(MILLISECOND / 2).await;
        behind.send(Record::value("0").partition(1)).await
    });
    let throttle = bench.throttle(name, &topic, 0, 1, SECONDS).await?;
    bench.remove_quota(name, QuotaKey::ProducerByteRate).await?;
    let mut deliveries = vec![behind.await??];
    for number in 1..RECORDS {
        deliveries.push(topic.send(Record::value(&number.to_string()).partition(1)).await?);
    }

    // The node may take the record beside the burst first, and acknowledge it.
    let settled = deliveries.iter().filter(|delivery| delivery.is_settled()).count() as u64;
    let probe = Probe::start();
    let begin = Instant::now();
    let report = producer.close(LIMIT).await?;
    let timed = Timed { took: begin.elapsed(), overslept: probe.worst() };

    let (mut written, mut never) = (BTreeSet::new(), BTreeSet::new());
    let mut uncertain = 0;
    for (number, delivery) in deliveries.into_iter().enumerate() {
        ensure!(delivery.is_settled(), "a record has no fate after the producer was closed");
        match delivery.await {
            Ok(_) => drop(written.insert(number.to_string())),
            Err(error) if error.certainty == Certainty::NotWritten => drop(never.insert(number.to_string())),
            Err(_) => uncertain += 1,
        }
    }
    let told = settled + report.written + report.not_written + report.possibly_written;
    ensure!(told == RECORDS as u64, "{report:?}, {settled} settled before");
    // What lies in the socket is read by the node when its own silence ends.
    sleep_until(throttle.until + Duration::from_secs(1)).await;
    let log: BTreeSet<String> = bench.read(name).await?.into_iter().collect();
    let untrue = never.intersection(&log).count() + written.difference(&log).count();
    Ok(Found { timed, uncertain, untrue })
}
