//! Rows of figures beside their bars, for a terminal and as Markdown.

use std::fmt::{self, Write as _};
use std::process::Command;
use std::time::Duration;

use anyhow::Result;

/// Whether a bar is met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Met,
    /// It is not.
    Missed,
}

/// One line of the report.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was looked at.
    pub what: String,
    /// What is asked for.
    pub bar: String,
    /// What was found.
    pub figure: String,
    /// Whether that will do.
    pub verdict: Verdict,
}

impl Row {
    /// A row whose verdict is decided already.
    pub fn new(what: &str, bar: &str, figure: impl Into<String>, met: bool) -> Self {
        let verdict = if met { Verdict::Met } else { Verdict::Missed };
        Self { what: what.to_owned(), bar: bar.to_owned(), figure: figure.into(), verdict }
    }

    /// A time bar: the median of all runs meets it, and none exceeds it by more than the probe overslept in that run.
    pub(crate) fn time(what: &str, bar: &str, limit: Duration, runs: &[Timed]) -> Self {
        let median = median(runs.iter().map(|run| run.took));
        let worst = runs.iter().max_by_key(|run| run.took).copied().unwrap_or_default();
        let met =
            !runs.is_empty() && median <= limit && runs.iter().all(|run| run.took <= limit + run.overslept);
        let figure = format!(
            "median {}, worst {} (machine overslept {} then)",
            short(median),
            short(worst.took),
            short(worst.overslept)
        );
        Self::new(what, bar, figure, met)
    }
}

/// What one run measured, and how late the machine was in it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Timed {
    pub(crate) took: Duration,
    pub(crate) overslept: Duration,
}

/// The middle one and the worst of many measurements.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spread {
    pub(crate) count: usize,
    pub(crate) median: Duration,
    pub(crate) worst: Duration,
}

impl Spread {
    pub(crate) fn of(values: impl IntoIterator<Item = Duration>) -> Self {
        let values: Vec<_> = values.into_iter().collect();
        let worst = values.iter().max().copied().unwrap_or_default();
        Self { count: values.len(), worst, median: median(values) }
    }
}

/// What one run measured without and with a throttle, and how late the machine was in it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Compared {
    pub(crate) free: Spread,
    pub(crate) throttled: Spread,
    pub(crate) overslept: Duration,
}

/// The figure, and whether the throttle made nothing later by more than `slack`: neither the median of all runs, nor
/// the worst of any run by more than the probe overslept in it. A run without a measurement says nothing, so it
/// will not do.
pub(crate) fn unaffected(runs: &[Compared], slack: Duration) -> (String, bool) {
    let free = median(runs.iter().map(|run| run.free.median));
    let throttled = median(runs.iter().map(|run| run.throttled.median));
    let excess = |run: &Compared| run.throttled.worst.saturating_sub(run.free.worst + run.overslept);
    let worst = runs.iter().max_by_key(|run| (excess(run), run.throttled.worst)).copied().unwrap_or_default();
    let measured = !runs.is_empty() && runs.iter().all(|run| run.free.count > 0 && run.throttled.count > 0);
    let figure = format!(
        "median {} (unthrottled {}), worst {} (unthrottled {} in that run, machine overslept {})",
        short(throttled),
        short(free),
        short(worst.throttled.worst),
        short(worst.free.worst),
        short(worst.overslept)
    );
    (figure, measured && throttled <= free + slack && excess(&worst) <= slack)
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, bar, figure, verdict } = self;
        write!(f, "{verdict}  {what}\n          bar:    {bar}\n          figure: {figure}")
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Met => "met   ",
            Self::Missed => "MISSED",
        })
    }
}

/// All rows of one report.
#[derive(Debug)]
pub struct Table {
    runs: usize,
    rows: Vec<Row>,
}

impl Table {
    /// No rows yet.
    #[must_use]
    pub fn new(runs: usize) -> Self {
        Self { runs, rows: Vec::new() }
    }

    /// Adds a row.
    pub fn push(&mut self, row: Row) {
        self.rows.push(row);
    }

    /// Those that are here.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The whole report as a page.
    ///
    /// # Errors
    /// If the machine cannot say what it runs.
    pub fn markdown(&self) -> Result<String> {
        let mut text = String::from(
            "# Throttled by a real Kafka\n\n\
             Written by `cargo xtask throttle-report`: three nodes of Kafka 4.4.0 on one machine, a recording proxy\n\
             before each. A time bar is met if the median of all runs meets it, and no run exceeds it by more than a\n\
             thread that sleeps 1 ms at a time overslept in that run. What a throttle must not touch is compared so with\n\
             the same run before the throttle: the medians, and in each run the worst.\n\n",
        );
        let said = |program: &str, arguments: &[&str]| -> Result<String> {
            let output = Command::new(program).args(arguments).output()?;
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        };
        writeln!(text, "- date: {}", said("date", &["-u", "+%Y-%m-%d %H:%M UTC"])?)?;
        writeln!(text, "- commit: {}", said("git", &["rev-parse", "--short", "HEAD"])?)?;
        writeln!(
            text,
            "- cores: {}, shared by client, proxies and nodes",
            std::thread::available_parallelism()?
        )?;
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        writeln!(text, "- load average at the end: {}", load.split(' ').next().unwrap_or("unknown"))?;
        writeln!(text, "- runs of each scenario: {} unless the row says otherwise\n", self.runs)?;
        writeln!(text, "| what | bar | figure | verdict |\n|---|---|---|---|")?;
        for Row { what, bar, figure, verdict } in &self.rows {
            writeln!(text, "| {what} | {bar} | {figure} | {} |", verdict.to_string().trim())?;
        }
        Ok(text)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in &self.rows {
            writeln!(f, "{row}")?;
        }
        let missed = self.rows.iter().filter(|row| row.verdict == Verdict::Missed).count();
        write!(f, "{} of {} bars met", self.rows.len() - missed, self.rows.len())
    }
}

/// The middle one, the upper of two; zero of none.
pub(crate) fn median<T: Ord + Default>(values: impl IntoIterator<Item = T>) -> T {
    percentile(values, 50)
}

/// The value that so many per cent do not exceed; zero of none.
pub(crate) fn percentile<T: Ord + Default>(values: impl IntoIterator<Item = T>, percent: usize) -> T {
    let mut values: Vec<T> = values.into_iter().collect();
    values.sort_unstable();
    let at = (values.len() * percent / 100).min(values.len().saturating_sub(1));
    values.into_iter().nth(at).unwrap_or_default()
}

/// Three figures will do.
pub(crate) fn short(time: Duration) -> String {
    match time.as_micros() {
        0..1_000 => format!("{:.1} µs", time.as_nanos() as f64 / 1e3),
        1_000..1_000_000 => format!("{:.1} ms", time.as_secs_f64() * 1e3),
        _ => format!("{:.2} s", time.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timed(took: u64, overslept: u64) -> Timed {
        Timed { took: Duration::from_millis(took), overslept: Duration::from_millis(overslept) }
    }

    #[test]
    fn a_late_machine_excuses_one_run_but_not_the_median() {
        let limit = Duration::from_millis(10);
        let row = |runs: &[Timed]| Row::time("", "", limit, runs).verdict;
        assert_eq!(row(&[timed(5, 0), timed(10, 0), timed(14, 5)]), Verdict::Met);
        assert_eq!(row(&[timed(5, 0), timed(10, 0), timed(14, 3)]), Verdict::Missed);
        assert_eq!(row(&[timed(5, 0), timed(14, 5), timed(14, 5)]), Verdict::Missed);
        assert_eq!(row(&[]), Verdict::Missed);
    }

    #[test]
    fn the_worst_of_a_throttled_run_is_judged_beside_its_own_unthrottled_worst() {
        let spread = |median: u64, worst: u64| Spread {
            count: 2,
            median: Duration::from_millis(median),
            worst: Duration::from_millis(worst),
        };
        let run = |free, throttled, overslept| Compared {
            free,
            throttled,
            overslept: Duration::from_millis(overslept),
        };
        let met = |runs: &[Compared]| unaffected(runs, Duration::from_millis(5)).1;
        let fine = run(spread(1, 10), spread(6, 18), 3);
        assert!(met(&[fine]));
        assert!(!met(&[fine, run(spread(1, 10), spread(1, 19), 3)]));
        assert!(!met(&[run(spread(1, 10), spread(7, 10), 3)]));
        assert!(!met(&[fine, run(spread(1, 10), Spread::default(), 0)]));
        assert!(!met(&[fine, run(Spread::default(), spread(1, 1), 0)]));
        assert!(!met(&[]));
    }

    #[test]
    fn medians_and_percentiles() {
        assert_eq!(median([3, 1, 2]), 2);
        assert_eq!(percentile(1..=100, 99), 100);
        assert_eq!(percentile(1..=1000, 99), 991);
        assert_eq!(median(Vec::<u32>::new()), 0);
    }
}
