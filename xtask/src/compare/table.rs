//! The figures as Markdown: medians, spread, and how they compare with the best of the others.

use std::fmt::Write as _;

use anyhow::Result;
use serde_json::Value;

use super::clients::Client;
use super::{Case, Op, Run, first_line};
use crate::steps::output;

/// Of one kind of load: a heading and the figure's name.
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
const START: Columns = &[("process, ms", "process_ms"), ("peak MB", "max_rss_mb")];

fn columns(op: Op) -> Columns {
    match op {
        Op::Produce | Op::Consume => THROUGHPUT,
        Op::Latency => LATENCY,
        Op::Start => START,
    }
}

/// The figure that decides, of a run that has just ended.
pub(super) fn in_short(figures: &Value) -> String {
    let figure = |name: &str| figures.get(name).and_then(Value::as_f64);
    match (figure("p50_ms"), figure("cpu_us_per_record"), figure("process_ms")) {
        (Some(p50), ..) => format!("p50 {p50:.3} ms"),
        (None, Some(cpu), Some(ms)) => format!("{cpu:.3} us of CPU a record, {ms:.0} ms in all"),
        _ => String::new(),
    }
}

pub(super) fn markdown(runs: &[Run], clients: &[Client], rounds: usize) -> Result<String> {
    let mut text = String::from("# Clients side by side\n\nWritten by `cargo xtask bench`.\n\n");
    head(&mut text, runs, clients, rounds)?;
    let mut cases: Vec<Case> = Vec::new();
    for run in runs {
        if !cases.iter().any(|case| case.name == run.case.name) {
            cases.push(run.case);
        }
    }
    for case in cases {
        let of_case: Vec<_> = runs.iter().filter(|run| run.case.name == case.name).collect();
        write!(text, "\n## {}\n\n| client |", case.name)?;
        for (heading, _) in columns(case.op) {
            write!(text, " {heading} |")?;
        }
        text += " x best other |\n|---|";
        text += &"---:|".repeat(columns(case.op).len() + 1);
        text.push('\n');
        let decides = columns(case.op).first().map_or("", |(_, figure)| figure);
        let medians: Vec<_> = clients
            .iter()
            .filter_map(|client| Some((&client.name, spread(&of_case, &client.name, decides)?.median)))
            .collect();
        let best = medians.iter().filter(|(name, _)| is_peer(name)).map(|(_, median)| *median);
        let best = best.min_by(f64::total_cmp);
        for (name, median) in &medians {
            write!(text, "| {name} |")?;
            for (_, figure) in columns(case.op) {
                match spread(&of_case, name, figure) {
                    Some(spread) => write!(text, " {spread} |")?,
                    None => text += " |",
                }
            }
            match best {
                Some(best) => writeln!(text, " {:.2} |", median / best)?,
                None => text += " |\n",
            }
        }
    }
    Ok(text)
}

/// Neither ours nor the floor.
fn is_peer(name: &str) -> bool {
    !name.starts_with("ottla") && name != "floor"
}

fn head(text: &mut String, runs: &[Run], clients: &[Client], rounds: usize) -> Result<()> {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let cores = std::thread::available_parallelism()?;
    writeln!(text, "- machine: {} cores, {}", cores, model.map_or("unknown", |(_, model)| model))?;
    if let Some(system) = first_line("uname", &["-sr"]) {
        writeln!(text, "- system: {system}")?;
    }
    for (name, program, argument) in
        [("compiler", "rustc", "--version"), ("Go", "go", "version"), ("Java", "java", "--version")]
    {
        if let Some(version) = first_line(program, &[argument]) {
            writeln!(text, "- {name}: {version}")?;
        }
    }
    let mut git = std::process::Command::new("git");
    let commit = output(git.args(["rev-parse", "--short", "HEAD"]).current_dir(crate::root()))?;
    writeln!(text, "- commit: {}", commit.trim())?;
    writeln!(text, "- broker: Kafka {}, one node on the same machine", kafka_harness::Version::default())?;
    for Client { name, .. } in clients {
        let of_client = |run: &&Run| run.client == *name;
        let version = runs.iter().find(of_client).and_then(|run| run.figures.get("version")?.as_str());
        writeln!(text, "- {name}: {}", version.unwrap_or("did not run"))?;
    }
    writeln!(
        text,
        "\nMedian of {rounds} rounds, with the lowest and the highest behind it if there are several. acks=all, linger \
         5 ms (0 for latency and start), batches of 1,000,000 bytes, no key, checksums compared on reading; idempotent \
         where that is the client's default. CPU is of the client's process alone, from its first record to the last \
         acknowledgement. `floor` is no client: it shows what the bytes alone cost."
    )?;
    Ok(())
}

struct Spread {
    median: f64,
    lowest: f64,
    highest: f64,
    several: bool,
}

fn spread(runs: &[&Run], client: &str, figure: &str) -> Option<Spread> {
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
fn short(figure: f64) -> String {
    match figure {
        1_000.0.. => format!("{figure:.0}"),
        100.0.. => format!("{figure:.1}"),
        10.0.. => format!("{figure:.2}"),
        _ => format!("{figure:.3}"),
    }
}
