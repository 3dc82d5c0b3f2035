//! The scenarios, each with the rows of the table that it fills.

mod close;
mod failover;
mod isolation;
mod java;
mod long;
mod member;
mod shorter;
mod throttled;

use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::bench::Bench;
use crate::table::Row;

/// One scenario.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it does.
    pub what: &'static str,
    /// Runs it so many times and judges.
    pub run: fn(&mut Bench<'_>, usize) -> Result<Vec<Row>>,
}

/// All of them, in the order of the table.
pub const SCENARIOS: [Scenario; 9] = [
    Scenario {
        name: "throttled",
        what: "one node throttles for six seconds while everything else is tried",
        run: throttled::run,
    },
    Scenario { name: "member", what: "a group's member whose coordinator throttles", run: member::run },
    Scenario { name: "close", what: "closing under a throttle of ten seconds", run: close::run },
    Scenario {
        name: "isolation",
        what: "one node throttles, one stands still, the third is to notice nothing",
        run: isolation::run,
    },
    Scenario { name: "failover", what: "the throttling node is killed and comes back", run: failover::run },
    Scenario { name: "long", what: "a throttle longer than the request timeout", run: long::run },
    Scenario { name: "shorter", what: "a long throttle, then a short one", run: shorter::run },
    Scenario { name: "byte-rate", what: "a byte-rate quota that stays, beside Java", run: java::byte_rate },
    Scenario {
        name: "request",
        what: "a request quota that stays, beside Java",
        run: java::request_percentage,
    },
];

/// Those of these names; all without a name.
///
/// # Errors
/// If there is none of a name.
pub fn named(names: &[String]) -> Result<Vec<Scenario>> {
    for name in names {
        if SCENARIOS.iter().all(|scenario| scenario.name != name) {
            bail!("there is no scenario {name}; --list names them");
        }
    }
    let wanted = |scenario: &&Scenario| names.is_empty() || names.iter().any(|name| name == scenario.name);
    Ok(SCENARIOS.iter().filter(wanted).copied().collect())
}

/// Drives all of them side by side to their ends.
async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut pending: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    poll_fn(|context| {
        let mut waiting = false;
        for (future, output) in &mut pending {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(ready) => *output = Some(ready),
                    Poll::Pending => waiting = true,
                }
            }
        }
        if waiting { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    pending.into_iter().filter_map(|(_, output)| output).collect()
}

async fn sleep_until(moment: Instant) {
    tokio::time::sleep_until(moment.into()).await;
}

/// `count` in words that fit a table.
fn of_runs(count: usize, runs: usize) -> String {
    format!("{count} in {runs} runs")
}

const MILLISECOND: Duration = Duration::from_millis(1);
