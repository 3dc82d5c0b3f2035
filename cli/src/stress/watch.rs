//! Looks at client and producer all the time: what waits for what, which node throttles, what gets written.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ottla::{Client, Producer, WaitReason};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::exit::{Failure, Outcome};

/// How often it looks.
const PERIOD: Duration = Duration::from_millis(20);

/// A task that looks until it is stopped.
#[derive(Debug)]
pub(super) struct Watch {
    stop: oneshot::Sender<()>,
    watching: JoinHandle<Seen>,
}

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// How long something waited for it.
    pub(super) waits: BTreeMap<Wait, Duration>,
    /// How long each node asked for no produce requests.
    pub(super) throttled: BTreeMap<i32, Duration>,
    /// What happened in each second.
    pub(super) seconds: Vec<Second>,
}

/// One second of the run.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Second {
    /// Records that were acknowledged in it.
    pub(super) written: u64,
    /// How much of it some node throttled.
    pub(super) throttled: Duration,
}

/// A kind of reason, and the node that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wait {
    pub(super) reason: &'static str,
    pub(super) node: Option<i32>,
}

impl Watch {
    pub(super) fn start(client: Client, producer: Producer) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let watching = tokio::spawn(async move {
            let mut seen = Seen::default();
            let mut ticks = tokio::time::interval(PERIOD);
            let (mut last, mut second, mut written) = (Instant::now(), Instant::now(), 0);
            let mut current = Second::default();
            loop {
                let stopping = tokio::select! {
                    _ = ticks.tick() => false,
                    _ = &mut stopped => true,
                };
                let now = Instant::now();
                seen.look(&client, &producer, now - last, &mut current).await;
                last = now;
                if now - second >= Duration::from_secs(1) || stopping {
                    let total = producer.metrics().await.map_or(written, |metrics| metrics.records.written);
                    current.written = total - written;
                    (written, second) = (total, now);
                    seen.seconds.push(std::mem::take(&mut current));
                }
                if stopping {
                    return seen;
                }
            }
        });
        Self { stop, watching }
    }

    pub(super) async fn stop(self) -> Outcome<Seen> {
        let _ = self.stop.send(());
        self.watching.await.map_err(Failure::cluster)
    }
}

impl Seen {
    async fn look(&mut self, client: &Client, producer: &Producer, passed: Duration, second: &mut Second) {
        let throttles = client.throttle();
        for throttle in &throttles {
            *self.throttled.entry(throttle.node).or_default() += passed;
        }
        if !throttles.is_empty() {
            second.throttled += passed;
        }
        let mut waits: Vec<_> =
            producer.explain().await.unwrap_or_default().iter().map(|one| Wait::new(&one.reason)).collect();
        waits.sort_unstable();
        waits.dedup();
        for wait in waits {
            *self.waits.entry(wait).or_default() += passed;
        }
    }
}

impl Wait {
    fn new(reason: &WaitReason) -> Self {
        Self { reason: reason.kind(), node: reason.node() }
    }
}
