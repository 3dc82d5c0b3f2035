//! The figures as Markdown: medians, spread, and how they compare with the best of the others.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::Result;
use serde_json::Value;

use super::clients::{self, KNOWN, Known};
use super::{CASES, Case, Op, Run, Way};

/// Of one kind of load: a heading and the figure's name. The first one decides.
type Columns = &'static [(&'static str, &'static str)];

const THROUGHPUT: Columns = &[
    ("CPU us/record", "cpu_us_per_record"),
    ("records/s", "records_per_s"),
    ("MB/s", "mb_per_s"),
    ("peak MB", "max_rss_mb"),
];
const LATENCY: Columns = &[
    ("p50 ms", "p50_ms"),
    ("p99 ms", "p99_ms"),
    ("p99.9 ms", "p999_ms"),
    ("from the call: p50", "call_p50_ms"),
    ("p99", "call_p99_ms"),
    ("CPU us/record", "cpu_us_per_record"),
    ("peak MB", "max_rss_mb"),
];
const START: Columns = &[("ms", "start_ms"), ("peak MB", "max_rss_mb")];
const ALLOCATIONS: Columns = &[("allocations/record", "allocs_per_record")];

fn columns(op: Op, way: Way) -> Columns {
    match (op, way) {
        (_, Way::Counted) => ALLOCATIONS,
        (Op::Produce | Op::Consume, _) => THROUGHPUT,
        (Op::Latency, _) => LATENCY,
        (Op::Start, _) => START,
    }
}

/// The figure that decides, of a run that has just ended.
pub(super) fn in_short(case: Case, way: Way, figures: &Value) -> String {
    let (name, figure) = columns(case.op, way).first().copied().unwrap_or_default();
    let figure = figures.get(figure).and_then(Value::as_f64);
    figure.map_or_else(|| "-".to_owned(), |figure| format!("{figure:.3} {name}"))
}

/// How often the loads were run, and which of them some clients did not get, since time can be too short.
pub(super) fn rounds(runs: &[Run]) -> String {
    let clients: BTreeSet<_> = runs.iter().map(|run| run.client.as_str()).collect();
    let (mut fewest, mut most, mut partly) = (usize::MAX, 0, Vec::new());
    for way in [Way::Free, Way::Pinned] {
        for case in CASES.iter().filter(|case| runs.iter().any(|run| run.is(case, way))) {
            let of_client =
                |client| runs.iter().filter(|run| run.client == client && run.is(case, way)).count();
            let able = clients.iter().filter(|client| clients::cannot(client, case, way).is_none());
            let counts: Vec<_> = able.map(|&client| of_client(client)).collect();
            if counts.contains(&0) {
                let on_one_core = if way == Way::Pinned { " on one core" } else { "" };
                partly.push(format!("{}{on_one_core}", case.name));
            }
            if way == Way::Free {
                fewest = counts.iter().copied().min().unwrap_or(0).min(fewest);
                most = counts.into_iter().max().unwrap_or(0).max(most);
            }
        }
    }
    let times = if fewest == most { most.to_string() } else { format!("{fewest} to {most}") };
    let mut text = format!(
        "\n\nWith the cores free each client ran each load so many times: {times}. The median is shown, and behind it the \
         lowest and the highest if there are several; of one run nobody knows how far another would lie from it."
    );
    if !partly.is_empty() {
        text += &format!(" Time was too short for some of the clients at {}.", partly.join(", "));
    }
    text
}

/// All figures, one table for each load and way to run it.
pub(super) fn markdown(text: &mut String, runs: &[Run]) -> Result<()> {
    settings(text, runs)?;
    for way in [Way::Free, Way::Pinned, Way::Counted] {
        for case in CASES.iter().filter(|case| way.takes(case)) {
            let of_case: Vec<_> = runs.iter().filter(|run| run.is(case, way)).collect();
            if !of_case.is_empty() {
                table(text, case, way, &of_case)?;
            }
        }
    }
    Ok(())
}

fn settings(text: &mut String, runs: &[Run]) -> Result<()> {
    *text += "\n## Versions and settings\n\n\
        All: acks=all, idempotent, linger 5 ms (0 for latency and start), batches of at most 1,000,000 bytes, 1 MiB of each \
        partition at a time when reading, checksums compared, no key unless said. Levels of codecs are the clients' \
        defaults.\n\n| client | version | besides |\n|---|---|---|\n";
    for Known { name, settings } in present(runs) {
        let of_client = |run: &&Run| run.client == *name;
        let version =
            runs.iter().filter(of_client).find_map(|run| run.outcome.as_ref().ok()?.get("version")?.as_str());
        writeln!(text, "| {name} | {} | {settings} |", version.unwrap_or("did not run"))?;
    }
    Ok(())
}

fn present(runs: &[Run]) -> impl Iterator<Item = &'static Known> {
    KNOWN.iter().filter(|known| runs.iter().any(|run| run.client == known.name))
}

fn table(text: &mut String, case: &Case, way: Way, runs: &[&Run]) -> Result<()> {
    let columns = columns(case.op, way);
    let how = match way {
        Way::Free => "",
        Way::Pinned => ", on one core",
        Way::Counted => ", allocations",
    };
    write!(text, "\n## {}{how}\n\n| client |", case.name)?;
    for (heading, _) in columns {
        write!(text, " {heading} |")?;
    }
    *text += " x best other |\n|---|";
    *text += &"---:|".repeat(columns.len() + 1);
    text.push('\n');
    let decides = columns.first().map_or("", |(_, figure)| figure);
    let best = best_other(runs, decides).map(|(_, best)| best.median);
    for Known { name, .. } in &KNOWN {
        let of_client: Vec<_> = runs.iter().filter(|run| run.client == *name).collect();
        if let Some(reason) = clients::cannot(name, case, way) {
            if *name != "floor" {
                writeln!(text, "| {name} | {reason} |{}", " |".repeat(columns.len()))?;
            }
            continue;
        }
        let Some(run) = of_client.first() else { continue };
        let Some(deciding) = spread(runs, name, decides) else {
            let reason = run.outcome.as_ref().err().map_or("no such figure", String::as_str);
            writeln!(
                text,
                "| {name} | failed: {} |{}",
                reason.replace('|', "/"),
                " |".repeat(columns.len())
            )?;
            continue;
        };
        let failed = of_client.iter().filter(|run| run.outcome.is_err()).count();
        match failed {
            0 => write!(text, "| {name} |")?,
            _ => write!(text, "| {name} ({failed} of {} failed) |", of_client.len())?,
        }
        for (_, figure) in columns {
            match spread(runs, name, figure) {
                Some(spread) => write!(text, " {spread} |")?,
                None => *text += " |",
            }
        }
        match best {
            Some(best) => writeln!(text, " {:.2} |", deciding.median / best)?,
            None => *text += " |\n",
        }
    }
    Ok(())
}

/// The client with the lowest median that is neither ours nor the floor.
pub(super) fn best_other(runs: &[&Run], figure: &str) -> Option<(&'static str, Spread)> {
    let others = KNOWN.iter().filter(|known| !known.name.starts_with("ottla") && known.name != "floor");
    others
        .filter_map(|known| Some((known.name, spread(runs, known.name, figure)?)))
        .min_by(|(_, a), (_, b)| a.median.total_cmp(&b.median))
}

#[derive(Clone, Copy)]
pub(super) struct Spread {
    pub(super) median: f64,
    lowest: f64,
    highest: f64,
    several: bool,
}

pub(super) fn spread(runs: &[&Run], client: &str, figure: &str) -> Option<Spread> {
    let of_client = runs.iter().filter(|run| run.client == client);
    let mut figures: Vec<_> = of_client.filter_map(|run| run.figure(figure)).collect();
    figures.sort_by(f64::total_cmp);
    let (median, lowest) = (*figures.get(figures.len() / 2)?, *figures.first()?);
    Some(Spread { median, lowest, highest: *figures.last()?, several: figures.len() > 1 })
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&short(self.median))?;
        if self.several {
            write!(f, " ({}..{})", short(self.lowest), short(self.highest))?;
        }
        Ok(())
    }
}

/// Three digits or so.
pub(super) fn short(figure: f64) -> String {
    match figure {
        1_000.0.. => format!("{figure:.0}"),
        100.0.. => format!("{figure:.1}"),
        10.0.. => format!("{figure:.2}"),
        _ => format!("{figure:.3}"),
    }
}
