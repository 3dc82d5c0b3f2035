//! `ottla groups reset-offsets`: where to, and whether for good.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use ottla::Client;
use ottla::admin::{GroupLag, OffsetSpec, PartitionOffsets};
use ottla::consumer::group::TopicPartition;
use serde_json::json;

use crate::exit::{Failure, Outcome};
use crate::output;

#[derive(Debug, Args)]
pub(super) struct ResetOffsets {
    #[arg(value_name = "GROUP")]
    group: String,

    /// The topic; may be repeated
    #[arg(short, long = "topic", required = true, value_name = "TOPIC")]
    topics: Vec<String>,

    /// This partition only; may be repeated
    #[arg(short, long = "partition", value_name = "NUMBER")]
    partitions: Vec<i32>,

    #[command(flatten)]
    place: Place,

    /// Show what would be set, and set nothing
    #[arg(long)]
    dry_run: bool,
}

/// Where offsets are moved to: exactly one of these.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Place {
    /// To the first record
    #[arg(long)]
    to_earliest: bool,

    /// To the end: what comes next
    #[arg(long)]
    to_latest: bool,

    /// To this offset
    #[arg(long, value_name = "OFFSET", value_parser = clap::value_parser!(i64).range(0..))]
    to_offset: Option<i64>,

    /// To the first record of this time or later: milliseconds since 1970, or as in 2026-01-31T12:00:00Z
    #[arg(long, value_name = "TIME", value_parser = time)]
    to_time: Option<i64>,

    /// To the first record that is at most this old, as in 90s, 15m, 2h or 7d
    #[arg(long, value_name = "DURATION", value_parser = age)]
    by_duration: Option<Duration>,

    /// By so many offsets, forth or (below zero) back
    #[arg(long, value_name = "OFFSETS", allow_hyphen_values = true)]
    shift_by: Option<i64>,
}

/// What a place means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Found(OffsetSpec),
    At(i64),
    By(i64),
}

impl Place {
    fn target(&self, now: SystemTime) -> Target {
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let ago = |age| i64::try_from(since.saturating_sub(age).as_millis()).unwrap_or(i64::MAX);
        let time = self.to_time.or(self.by_duration.map(ago));
        match (self.to_offset, self.shift_by, time) {
            (Some(offset), ..) => Target::At(offset),
            (_, Some(offsets), _) => Target::By(offsets),
            (.., Some(time)) => Target::Found(OffsetSpec::Timestamp(time)),
            // The arguments' rules leave one of two.
            _ if self.to_earliest => Target::Found(OffsetSpec::Earliest),
            _ => Target::Found(OffsetSpec::Latest),
        }
    }
}

impl ResetOffsets {
    pub(super) async fn run(&self, client: &Client, json: bool) -> Outcome {
        let Self { group, topics, partitions, place, dry_run } = self;
        let admin = client.admin();
        let wanted = |lag: &GroupLag| {
            topics.contains(&lag.partition.topic)
                && (partitions.is_empty() || partitions.contains(&lag.partition.partition))
        };
        let mut lag = admin.group_lag(group, topics).await.map_err(Failure::cluster)?;
        lag.retain(wanted);
        if lag.is_empty() {
            return Err(Failure::cluster("the cluster has no such partitions"));
        }
        let to = place.target(SystemTime::now());
        let found = match to {
            Target::Found(spec) => {
                let partitions: Vec<_> = lag.iter().map(|lag| lag.partition.clone()).collect();
                admin.list_offsets(partitions, spec).await.map_err(Failure::cluster)?
            }
            Target::At(_) | Target::By(_) => PartitionOffsets::new(),
        };
        let mut targets: BTreeMap<TopicPartition, i64> = BTreeMap::new();
        for lag in &lag {
            let target = match to {
                Target::Found(_) => found.get(&lag.partition).copied(),
                Target::At(offset) => Some(offset),
                Target::By(offsets) => lag.committed.map(|committed| committed.saturating_add(offsets)),
            };
            if let Some(target) = target {
                // A place outside of the log would be taken for a mistake by whoever reads next.
                targets.insert(lag.partition.clone(), target.clamp(lag.log_start, lag.log_end));
            }
        }
        if !dry_run {
            admin.alter_group_offsets(group, targets.clone()).await.map_err(|error| {
                Failure::cluster(format!("{error}; offsets can be moved only when the members have left"))
            })?;
        }
        let moved = lag.iter().filter_map(|lag| Some((lag, *targets.get(&lag.partition)?)));
        if json {
            let moved: Vec<_> = moved
                .map(|(GroupLag { partition, committed, .. }, to)| {
                    json!({
                        "topic": partition.topic, "partition": partition.partition,
                        "from": committed, "to": to, "dry_run": dry_run,
                    })
                })
                .collect();
            return output::line(&json!(moved));
        }
        let rows = moved.map(|(GroupLag { partition, committed, .. }, to)| {
            let from = committed.map_or("-".to_owned(), |from| from.to_string());
            [partition.topic.clone(), partition.partition.to_string(), from, to.to_string()]
        });
        let head = ["topic", "partition", "from", if *dry_run { "would be set to" } else { "to" }];
        output::line(&output::table(&head, 1, rows))
    }
}

/// Milliseconds since 1970, written as such or as a date and time in UTC.
fn time(text: &str) -> Result<i64, String> {
    let read = || {
        if let Ok(milliseconds) = text.parse::<i64>() {
            return Some(milliseconds).filter(|milliseconds| *milliseconds >= 0);
        }
        let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
        let [year, month, day] = numbers(date, '-')?;
        let [hour, minute, second] = numbers(clock, ':')?;
        let valid = (1970..10_000).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        if !valid {
            return None;
        }
        let years: i64 =
            (1970..year).map(|year| (1..=12).map(|month| days_in(year, month)).sum::<i64>()).sum();
        let months: i64 = (1..month).map(|month| days_in(year, month)).sum();
        let days = years + months + day - 1;
        Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000)
    };
    read().ok_or_else(|| "write milliseconds since 1970, or a time as in 2026-01-31T12:00:00Z".to_owned())
}

fn numbers(text: &str, between: char) -> Option<[i64; 3]> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<_> = text.split(between).collect();
    let [one, two, three] = parts.try_into().ok()?;
    let number = |part: &str| digits(part).then(|| part.parse().ok()).flatten();
    Some([number(one)?, number(two)?, number(three)?])
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn age(text: &str) -> Result<Duration, String> {
    let read = || {
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let seconds = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3600,
            "d" => 86_400,
            _ => return None,
        };
        Some(Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(seconds)?))
    };
    read().ok_or_else(|| "write a number and a unit, as in 90s, 15m, 2h or 7d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_parse_and_nonsense_is_refused() {
        assert_eq!(time("17"), Ok(17));
        assert_eq!(time("1970-01-01T00:00:01Z"), Ok(1000));
        // From `date -u -d ... +%s`.
        assert_eq!(time("2024-02-29T23:59:59Z"), Ok(1_709_251_199_000));
        assert_eq!(time("2026-11-28T09:00:00Z"), Ok(1_795_856_400_000));
        for nonsense in
            ["", "-1", "now", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-01-01", "+1-1-1T0:0:0Z"]
        {
            assert!(time(nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn ages_parse_and_nonsense_is_refused() {
        let seconds = |text| age(text).map(|age| age.as_secs());
        assert_eq!((seconds("90s"), seconds("15m")), (Ok(90), Ok(900)));
        assert_eq!((seconds("2h"), seconds("7d")), (Ok(7200), Ok(604_800)));
        for nonsense in ["", "s", "5", "-5s", "5w", "1.5h", "5 s", "99999999999999999999d", "5\u{e9}"] {
            assert!(age(nonsense).is_err(), "{nonsense}");
        }
    }
}
