//! Where the time of many records went, as shares that add up to 100 %.

use std::time::Duration;

use comfy_table::Table;
use ottla::Latency;
use serde_json::{Value, json};

use crate::output;

/// The sum over all records.
#[derive(Debug, Default)]
pub(super) struct Split {
    records: u32,
    parts: Vec<(&'static str, Duration)>,
}

impl Split {
    pub(super) fn add(&mut self, latency: &Latency) {
        self.records += 1;
        if self.parts.is_empty() {
            self.parts = latency.parts().to_vec();
        } else {
            for ((_, sum), (_, time)) in self.parts.iter_mut().zip(latency.parts()) {
                *sum += time;
            }
        }
    }

    pub(super) fn as_json(&self) -> Value {
        let times: Vec<_> = self.parts.iter().map(|(_, time)| *time).collect();
        let parts: serde_json::Map<_, _> = self
            .parts
            .iter()
            .zip(permille(&times))
            .map(|((name, time), share)| {
                let mean = self.mean(*time).as_secs_f64();
                ((*name).to_owned(), json!({ "mean_seconds": mean, "percent": f64::from(share) / 10.0 }))
            })
            .collect();
        Value::Object(parts)
    }

    pub(super) fn table(&self) -> Table {
        let times: Vec<_> = self.parts.iter().map(|(_, time)| *time).collect();
        let percent = |share: u32| format!("{}.{} %", share / 10, share % 10);
        let rows = self.parts.iter().zip(permille(&times)).map(|((name, time), share)| {
            [(*name).to_owned(), output::duration(self.mean(*time)), percent(share)]
        });
        let total = times.iter().sum();
        let whole = ["together".to_owned(), output::duration(self.mean(total)), percent(1000)];
        output::table(&["part", "mean", "share"], 1, rows.chain([whole]))
    }

    fn mean(&self, sum: Duration) -> Duration {
        sum / self.records.max(1)
    }
}

/// Shares in tenths of a percent that add up to exactly 1,000: each is rounded down, and what is then missing goes
/// to those that lost most.
fn permille(parts: &[Duration]) -> Vec<u32> {
    let total = parts.iter().map(Duration::as_nanos).sum::<u128>().max(1);
    let exact: Vec<_> = parts.iter().map(|part| part.as_nanos() * 1000).collect();
    let mut shares: Vec<_> = exact.iter().map(|part| u32::try_from(part / total).unwrap_or(1000)).collect();
    let mut losers: Vec<_> = (0..parts.len()).collect();
    losers.sort_by_key(|&part| std::cmp::Reverse(exact.get(part).map(|exact| exact % total)));
    let missing = 1000_u32.saturating_sub(shares.iter().sum());
    for part in losers.into_iter().take(missing as usize) {
        if let Some(share) = shares.get_mut(part) {
            *share += 1;
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_to_the_whole() {
        let thirds = [1, 1, 1].map(Duration::from_secs);
        assert_eq!(permille(&thirds).iter().sum::<u32>(), 1000);
        let uneven = [2_u64, 33_333, 66_665, 0, 7].map(Duration::from_micros);
        let shares = permille(&uneven);
        assert_eq!(shares.iter().sum::<u32>(), 1000);
        assert_eq!(shares, [0, 333, 667, 0, 0]);
    }
}
