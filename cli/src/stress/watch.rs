//! Looks at client and producer all the time: what waits for what, which node throttles, what gets written.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ottla::{Client, Producer, ProducerMetrics, ThrottleClass, ThrottledTime, WaitReason};
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

/// What was seen, second by second.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) seconds: Vec<Second>,
}

/// One second of the run.
#[derive(Clone, Debug, Default)]
pub(super) struct Second {
    /// Records that were acknowledged in it.
    pub(super) written: u64,
    /// How much of it each node asked for no produce requests.
    pub(super) throttled: BTreeMap<i32, Duration>,
    /// How much of it something waited for it.
    pub(super) waits: BTreeMap<Wait, Duration>,
    /// The time of the records that were settled in it, the whole and each part, by name.
    pub(super) time: BTreeMap<&'static str, Duration>,
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
            let (mut last, mut second) = (Instant::now(), Instant::now());
            let mut before = producer.metrics().await.ok();
            let mut throttled = BTreeMap::new();
            let mut current = Second::default();
            loop {
                let stopping = tokio::select! {
                    _ = ticks.tick() => false,
                    _ = &mut stopped => true,
                };
                let now = Instant::now();
                current.look(&producer, now - last).await;
                last = now;
                if now - second >= Duration::from_secs(1) || stopping {
                    let metrics = producer.metrics().await.ok();
                    let told = client.throttled_times().await.unwrap_or_default();
                    current.throttle(&mut throttled, &told);
                    if let (Some(before), Some(metrics)) = (&before, &metrics) {
                        current.settle(before, metrics);
                    }
                    (before, second) = (metrics, now);
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

impl Second {
    async fn look(&mut self, producer: &Producer, passed: Duration) {
        let mut waits: Vec<_> =
            producer.explain().await.unwrap_or_default().iter().map(|one| Wait::new(&one.reason)).collect();
        waits.sort_unstable();
        waits.dedup();
        for wait in waits {
            *self.waits.entry(wait).or_default() += passed;
        }
    }

    /// What was told in it, given what was told before, which it brings up to date.
    fn throttle(&mut self, before: &mut BTreeMap<i32, Duration>, told: &[ThrottledTime]) {
        for told in told.iter().filter(|told| told.class == ThrottleClass::Produce) {
            let before = before.insert(told.node, told.time).unwrap_or_default();
            self.throttled.insert(told.node, told.time.saturating_sub(before));
        }
    }

    fn settle(&mut self, before: &ProducerMetrics, after: &ProducerMetrics) {
        self.written = after.records.written - before.records.written;
        let parts = after.latency.all().into_iter().zip(before.latency.all());
        self.time = parts.map(|((name, after), (_, before))| (name, after.sum() - before.sum())).collect();
    }
}

impl Seen {
    /// How long something waited for it.
    pub(super) fn waits(&self) -> BTreeMap<Wait, Duration> {
        added_up(self.seconds.iter().map(|second| &second.waits))
    }

    /// How long each node asked for no produce requests.
    pub(super) fn throttled(&self) -> BTreeMap<i32, Duration> {
        added_up(self.seconds.iter().map(|second| &second.throttled))
    }
}

fn added_up<'a, K: Copy + Ord + 'a>(
    all: impl Iterator<Item = &'a BTreeMap<K, Duration>>,
) -> BTreeMap<K, Duration> {
    let mut sums = BTreeMap::new();
    for (&key, &time) in all.flatten() {
        *sums.entry(key).or_default() += time;
    }
    sums
}

impl Wait {
    pub(super) fn new(reason: &WaitReason) -> Self {
        Self { reason: reason.kind(), node: reason.node() }
    }
}
