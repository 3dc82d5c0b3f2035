//! What a run found: tables and a plot for people, JSON for programs.

use std::collections::BTreeMap;
use std::time::Duration;

use ottla::ProducerMetrics;
use serde_json::{Value, json};

use super::limit::{Facts, Limit};
use super::load::Sent;
use super::watch::{Second, Seen, Wait};
use crate::exit::{Failure, Outcome};
use crate::output;

/// Everything that a run found.
#[derive(Debug)]
pub(super) struct Report {
    pub(super) rate: Option<u32>,
    pub(super) size: usize,
    /// How long it sent.
    pub(super) sending: Duration,
    /// How long it took from then on until the last record's fate was known.
    pub(super) settling: Duration,
    pub(super) sent: Sent,
    pub(super) seen: Seen,
    pub(super) metrics: ProducerMetrics,
}

impl Report {
    pub(super) fn print(&self, topic: &str, json: bool) -> Outcome {
        let facts = self.facts();
        let limit = Limit::of(&facts);
        if json {
            return output::line(&self.as_json(topic, limit, &facts));
        }
        let records = &self.metrics.records;
        output::line(&format!(
            "{} records of {} written to {topic} in {}, the last {} without new ones: {}/s, {} records/s; {} not written, {} possibly written",
            output::count(records.written),
            output::bytes(float(self.size as u64)),
            output::duration(self.whole()),
            output::duration(self.settling),
            output::bytes(self.bytes_per_second()),
            output::count(rounded(self.records_per_second())),
            output::count(records.not_written),
            output::count(records.possibly_written),
        ))?;
        output::line(&self.plot())?;
        output::line(&self.latency_table())?;
        output::line(&self.wait_table())?;
        output::line(&limit.in_words(&facts))
    }

    /// Success, or what was lost.
    pub(super) fn outcome(&self) -> Outcome {
        let records = &self.metrics.records;
        if records.not_written + records.possibly_written == 0 {
            return Ok(());
        }
        Err(Failure::unwritten(format!(
            "{} records not written, {} possibly written",
            records.not_written, records.possibly_written
        )))
    }

    fn facts(&self) -> Facts {
        let latency = &self.metrics.latency;
        let total = latency.total.sum().as_secs_f64();
        let share = |part: Duration| if total > 0.0 { part.as_secs_f64() / total } else { 0.0 };
        let sending = self.sending.as_secs_f64().max(f64::MIN_POSITIVE);
        let throttled = self.seen.throttled();
        let busiest = throttled.iter().max_by_key(|(_, time)| **time);
        Facts {
            reached: self.rate.map(|rate| float(self.metrics.records.written) / (f64::from(rate) * sending)),
            slow: latency.total.quantile(0.99),
            blocked: self.blocked().as_secs_f64() / sending,
            throttled: busiest.map_or(0.0, |(_, time)| self.share(*time)),
            throttling: busiest.map(|(node, _)| *node),
            throttle: share(latency.throttle.sum()),
            broker: share(latency.broker.sum()),
            in_flight: share(latency.in_flight.sum()),
            write: share(latency.write.sum()),
            connection: share(latency.connection.sum() + latency.retry.sum()),
            queue: share(latency.queue.sum()),
            broker_time: latency.broker.sum()
                / u32::try_from(latency.broker.count()).unwrap_or(u32::MAX).max(1),
        }
    }

    /// How long the sender waited.
    fn blocked(&self) -> Duration {
        self.sent.blocked.values().sum()
    }

    fn whole(&self) -> Duration {
        self.sending + self.settling
    }

    /// The share of the whole run.
    fn share(&self, time: Duration) -> f64 {
        time.as_secs_f64() / self.whole().as_secs_f64().max(f64::MIN_POSITIVE)
    }

    fn records_per_second(&self) -> f64 {
        float(self.metrics.records.written) / self.whole().as_secs_f64().max(f64::MIN_POSITIVE)
    }

    fn bytes_per_second(&self) -> f64 {
        self.records_per_second() * float(self.size as u64)
    }

    /// Lines of bars, one for each second: what was written, where the time of the records went, which node throttled and
    /// what was waited for.
    fn plot(&self) -> String {
        let seconds = self.seen.seconds.as_slice();
        let most = seconds.iter().map(|second| second.written).max().unwrap_or(0);
        let written = bars(seconds, |second| float(second.written) / float(most.max(1)));
        let peak = output::bytes(float(most) * float(self.size as u64));
        let mut lines = vec![("written".to_owned(), written, format!("up to {peak}/s"))];
        let latency = &self.metrics.latency;
        let [(whole, total), parts @ ..] = latency.all();
        for (part, _) in parts.into_iter().filter(|(_, time)| is_worth_a_line(time.sum(), total.sum())) {
            let share = |second: &Second| {
                let time = |name| second.time.get(name).map_or(0.0, Duration::as_secs_f64);
                time(part) / time(whole).max(f64::MIN_POSITIVE)
            };
            lines.push((part.to_owned(), bars(seconds, share), "of the records' time".to_owned()));
        }
        for node in self.seen.throttled().into_keys() {
            let share = |second: &Second| second.throttled.get(&node).map_or(0.0, Duration::as_secs_f64);
            lines.push((
                format!("node {node}"),
                bars(seconds, share),
                "throttled, of each second".to_owned(),
            ));
        }
        for (wait, _) in
            self.seen.waits().into_iter().filter(|(_, time)| is_worth_a_line(*time, self.whole()))
        {
            let share = |second: &Second| second.waits.get(&wait).map_or(0.0, Duration::as_secs_f64);
            let node = wait.node.map_or(String::new(), |node| format!(" on node {node}"));
            lines.push((
                wait.reason.to_owned(),
                bars(seconds, share),
                format!("waited for{node}, of each second"),
            ));
        }
        let width = lines.iter().map(|(name, ..)| name.len()).max().unwrap_or(0);
        let lines = lines.into_iter().map(|(name, bars, what)| format!("{name:width$}  {bars}  {what}\n"));
        lines.collect::<String>().trim_end().to_owned()
    }

    fn latency_table(&self) -> comfy_table::Table {
        let latency = &self.metrics.latency;
        let total = latency.total.sum().as_secs_f64();
        let rows = latency.all().into_iter().map(|(name, histogram)| {
            let share = if total > 0.0 { histogram.sum().as_secs_f64() / total * 100.0 } else { 0.0 };
            [
                name.to_owned(),
                format!("{share:.1} %"),
                output::duration(mean(histogram)),
                output::duration(histogram.quantile(0.5)),
                output::duration(histogram.quantile(0.99)),
                output::duration(histogram.max()),
            ]
        });
        output::table(&["time of records", "share", "mean", "p50", "p99", "max"], 1, rows)
    }

    fn wait_table(&self) -> comfy_table::Table {
        let share = |time: Duration| format!("{:.0} %", self.share(time) * 100.0);
        let row = |who: &str, what: &str, node: Option<i32>, time: Duration| {
            let node = node.map_or(String::new(), |node| node.to_string());
            [who.to_owned(), what.to_owned(), node, output::duration(time), share(time)]
        };
        let mut waits: Vec<_> = self.seen.waits().into_iter().collect();
        waits.sort_by_key(|(_, time)| std::cmp::Reverse(*time));
        let waits = waits.into_iter().map(|(wait, time)| row("records", wait.reason, wait.node, time));
        let blocked = self.sent.blocked.iter();
        let blocked = blocked.map(|(wait, time)| row("the sender", wait.reason, wait.node, *time));
        let throttled = self.seen.throttled().into_iter();
        let throttled =
            throttled.map(|(node, time)| row("the client", "told to be silent", Some(node), time));
        let head = ["who waited", "for what", "node", "time", "of the run"];
        output::table(&head, 3, waits.chain(blocked).chain(throttled))
    }

    fn as_json(&self, topic: &str, limit: Limit, facts: &Facts) -> Value {
        let seconds = |time: Duration| time.as_secs_f64();
        let latency: serde_json::Map<_, _> = self
            .metrics
            .latency
            .all()
            .into_iter()
            .map(|(name, histogram)| {
                let times = json!({
                    "sum_seconds": seconds(histogram.sum()), "mean_seconds": seconds(mean(histogram)),
                    "p50_seconds": seconds(histogram.quantile(0.5)),
                    "p99_seconds": seconds(histogram.quantile(0.99)), "max_seconds": seconds(histogram.max()),
                });
                (name.to_owned(), times)
            })
            .collect();
        let named = |waits: &BTreeMap<Wait, Duration>| -> Vec<_> {
            let waits = waits.iter();
            waits
                .map(|(wait, time)| json!({"reason": wait.reason, "node": wait.node, "seconds": seconds(*time)}))
                .collect()
        };
        let by_node = |throttled: &BTreeMap<i32, Duration>| -> serde_json::Map<_, _> {
            throttled.iter().map(|(node, time)| (node.to_string(), json!(seconds(*time)))).collect()
        };
        let each = self.seen.seconds.iter();
        let each: Vec<_> = each
            .map(|second| {
                let time: serde_json::Map<_, _> = second
                    .time
                    .iter()
                    .map(|(name, time)| ((*name).to_owned(), json!(seconds(*time))))
                    .collect();
                json!({
                    "written": second.written, "throttled_seconds_by_node": by_node(&second.throttled),
                    "waits": named(&second.waits), "record_seconds": time,
                })
            })
            .collect();
        let records = &self.metrics.records;
        json!({
            "topic": topic, "seconds": seconds(self.whole()), "settling_seconds": seconds(self.settling), "accepted": self.sent.records,
            "written": records.written, "not_written": records.not_written,
            "possibly_written": records.possibly_written, "records_per_second": self.records_per_second(),
            "value_bytes_per_second": self.bytes_per_second(), "wire_bytes": self.metrics.bytes_written,
            "requests": self.metrics.requests, "retries": self.metrics.retries, "latency": latency,
            "sender_blocked_seconds": seconds(self.blocked()), "sender_blocked": named(&self.sent.blocked),
            "waits": named(&self.seen.waits()), "throttled_seconds_by_node": by_node(&self.seen.throttled()),
            "each_second": each,
            "limit": limit.name(), "in_words": limit.in_words(facts),
        })
    }
}

fn mean(histogram: &ottla::Histogram) -> Duration {
    histogram.sum() / u32::try_from(histogram.count()).unwrap_or(u32::MAX).max(1)
}

/// Less than a hundredth would not be seen.
fn is_worth_a_line(time: Duration, of: Duration) -> bool {
    time * 100 >= of && !time.is_zero()
}

/// A bar of an eighth of a line's height and up for each second; a long run's seconds share bars.
fn bars(seconds: &[Second], height: impl Fn(&Second) -> f64) -> String {
    const WIDTH: usize = 60;
    const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let each = seconds.len().div_ceil(WIDTH).max(1);
    let bar = |seconds: &[Second]| {
        let mean = seconds.iter().map(&height).sum::<f64>() / float(seconds.len() as u64);
        let eighths = rounded(mean.clamp(0.0, 1.0) * 8.0);
        usize::try_from(eighths).ok().and_then(|eighths| BARS.get(eighths)).copied().unwrap_or(' ')
    };
    seconds.chunks(each).map(bar).collect()
}

#[expect(clippy::cast_precision_loss, reason = "figures for eyes")]
fn float(number: u64) -> f64 {
    number as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates and shares are never below zero"
)]
fn rounded(number: f64) -> u64 {
    number.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_show_each_second_until_there_are_too_many() {
        let second = |written| Second { written, ..Second::default() };
        let height = |second: &Second| float(second.written) / 8.0;
        assert_eq!(bars(&[0, 1, 4, 8, 9].map(second), height), " ▁▄██");
        assert_eq!(bars(&vec![second(8); 600], height).chars().count(), 60);
        assert_eq!(bars(&[], height), "");
    }
}
