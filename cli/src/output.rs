//! What people and programs see: bars on a terminal, plain lines in a pipe, tables, numbers with units.

use std::convert::Infallible;
use std::fmt::{Display, Write as _};
use std::io::{self, IsTerminal, Write as _, stderr, stdout};
use std::str::FromStr;
use std::time::Duration;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use ottla::{Client, WaitReason, Waiting};

use crate::exit::{Failure, Outcome};

/// A bar on standard error; hidden where that is no terminal, so that a log file gets only the summary.
/// `length` is in bytes or records; `None` if it is not known beforehand.
pub(crate) fn progress(length: Option<u64>, unit: Unit) -> ProgressBar {
    let bar = match length {
        Some(length) => ProgressBar::new(length),
        None => ProgressBar::new_spinner(),
    };
    let target = if stderr().is_terminal() {
        ProgressDrawTarget::stderr_with_hz(10)
    } else {
        ProgressDrawTarget::hidden()
    };
    bar.set_draw_target(target);
    let template = match (length.is_some(), unit) {
        (true, Unit::Bytes) => "{bar:30} {bytes:>10}/{total_bytes} {bytes_per_sec:>12}  {wide_msg}",
        (true, Unit::Records) => "{bar:30} {human_pos:>10}/{human_len} {per_sec:>14}  {wide_msg}",
        (false, Unit::Bytes) => "{spinner} {bytes:>10} {bytes_per_sec:>12}  {wide_msg}",
        (false, Unit::Records) => "{spinner} {human_pos:>10} {per_sec:>14}  {wide_msg}",
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Unit {
    Bytes,
    Records,
}

/// What is told where there is no bar, a line at a time on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Told {
    /// How far it is each second, and what it waits for.
    Progress,
    /// What it waits for, as long as it does.
    Waits,
}

/// A broker may take as long as that to answer without a word being lost about it: one that has nothing to read lets a
/// consumer wait.
const UNREMARKABLE: Duration = Duration::from_secs(1);

/// Keeps saying what a client waits for: beside the bar on a terminal, as a line a second elsewhere. Never ends by
/// itself.
pub(crate) async fn narrate(client: &Client, bar: &ProgressBar, told: Told) -> Infallible {
    let period = if bar.is_hidden() { Duration::from_secs(1) } else { Duration::from_millis(100) };
    let mut ticks = tokio::time::interval(period);
    // The first tick is immediate, and there is nothing to say yet.
    ticks.tick().await;
    let mut seen = bar.position();
    loop {
        ticks.tick().await;
        let moved = bar.position() - seen;
        seen = bar.position();
        let reason = match client.throttle().first() {
            Some(throttle) => throttle.to_string(),
            // What is read or sent may move on while nothing is acknowledged.
            None => longest(&client.explain().await.unwrap_or_default(), moved > 0),
        };
        if !bar.is_hidden() {
            bar.set_message(reason);
            bar.tick();
        } else if told == Told::Progress || !reason.is_empty() {
            let of = bar.length().map(|length| format!(" of {}", count(length))).unwrap_or_default();
            eprintln!("{}{of}{}{reason}", count(seen), if reason.is_empty() { "" } else { "; " });
        }
    }
}

/// What has waited longest, in words; none if nothing is worth them. While things move, something always waits a little.
fn longest(waiting: &[Waiting], moves: bool) -> String {
    let usual = |one: &Waiting| moves || matches!(one.reason, WaitReason::AnswerDue { .. });
    let remarkable = waiting.iter().filter(|one| !usual(one) || one.waited >= UNREMARKABLE);
    remarkable.max_by_key(|one| one.waited).map(ToString::to_string).unwrap_or_default()
}

/// What stands between key and value: bytes of an argument, with `\t`, `\n`, `\0` and `\\` read as what they
/// stand for; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Separator(Vec<u8>);

impl Separator {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for Separator {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = Vec::with_capacity(text.len());
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            let character = match character {
                '\\' => match characters.next() {
                    Some('t') => '\t',
                    Some('n') => '\n',
                    Some('0') => '\0',
                    Some('\\') => '\\',
                    _ => return Err("after a backslash comes t, n, 0 or a backslash"),
                },
                character => character,
            };
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
        if bytes.is_empty() { Err("it must not be empty") } else { Ok(Self(bytes)) }
    }
}

/// A table with a head, made for eyes; columns from `first_number` on are aligned to the right.
pub(crate) fn table<R, C>(head: &[&str], first_number: usize, rows: R) -> Table
where
    R: IntoIterator<Item = C>,
    C: IntoIterator<Item = String>,
{
    let mut table = Table::new();
    table
        .load_preset(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(head);
    for row in rows {
        table.add_row(row.into_iter().collect::<Vec<_>>());
    }
    for column in table.column_iter_mut().skip(first_number) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// One line (or table) of data on standard output.
pub(crate) fn line(data: &impl Display) -> Outcome {
    writeln!(stdout().lock(), "{data}").map_err(stdout_failed)
}

/// What to say when standard output fails. A reader that has seen enough and left (`| head`) is no failure of
/// ours, but there is nobody left to work for.
pub(crate) fn stdout_failed(error: io::Error) -> Failure {
    Failure::file(format!("standard output: {error}"))
}

/// `12,345,678`.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1.50 MB`, in powers of 1,000, as quotas are given.
pub(crate) fn bytes(number: f64) -> String {
    let (value, unit) = match number {
        n if n >= 1e9 => (n / 1e9, "GB"),
        n if n >= 1e6 => (n / 1e6, "MB"),
        n if n >= 1e3 => (n / 1e3, "kB"),
        n => return format!("{n:.0} B"),
    };
    format!("{value:.2} {unit}")
}

/// `41.2 s`, `3.1 ms`, `250 µs`.
pub(crate) fn duration(duration: Duration) -> String {
    let micros = duration.as_micros();
    let mut text = String::new();
    let _ = match micros {
        0..1_000 => write!(text, "{micros} µs"),
        1_000..1_000_000 => write!(text, "{:.1} ms", duration.as_secs_f64() * 1e3),
        _ => write!(text, "{:.1} s", duration.as_secs_f64()),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 12, 999, 1_000, 1_234_567].map(count), ["0", "12", "999", "1,000", "1,234,567"]);
        let separator = Separator::from_str;
        assert_eq!(separator(r"\t|\\"), Ok(Separator(b"\t|\\".to_vec())));
        assert!(separator("").is_err() && separator(r"\x").is_err() && separator("\\").is_err());
        assert_eq!(bytes(999.0), "999 B");
        assert_eq!(bytes(1_500_000.0), "1.50 MB");
        assert_eq!(duration(Duration::from_micros(250)), "250 µs");
        assert_eq!(duration(Duration::from_micros(3_140)), "3.1 ms");
        assert_eq!(duration(Duration::from_millis(41_249)), "41.2 s");
    }
}
