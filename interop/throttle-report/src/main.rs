//! `cargo xtask throttle-report` builds and runs this.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser;
use ottla_throttle_report::{Bench, Row, Table, Verdict, rows};

/// Throttles Ottla by a real Kafka of three nodes and prints what it did, beside the bars.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask throttle-report")]
struct Arguments {
    /// How often each scenario runs.
    #[arg(long, default_value_t = 10)]
    runs: usize,

    /// Scenarios to run, by name; all by default.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    only: Vec<String>,

    /// Where to write the table as Markdown.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,

    /// Print the names of the scenarios and end.
    #[arg(long)]
    list: bool,
}

fn main() -> Result<ExitCode> {
    let arguments = Arguments::parse();
    if arguments.list {
        for scenario in rows::SCENARIOS {
            println!("{:12} {}", scenario.name, scenario.what);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let scenarios = rows::named(&arguments.only)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let mut table = Table::new(arguments.runs);
    let mut bench = Bench::start(&runtime)?;
    for scenario in scenarios {
        eprintln!("== {}: {}", scenario.name, scenario.what);
        match (scenario.run)(&mut bench, arguments.runs) {
            Ok(rows) => rows.into_iter().for_each(|row| table.push(row)),
            // The others are worth their figures all the same.
            Err(error) => table.push(Row::new(scenario.what, "runs to its end", format!("{error:#}"), false)),
        }
    }
    println!("{table}");
    if let Some(path) = &arguments.markdown {
        std::fs::write(path, table.markdown()?).with_context(|| format!("write {}", path.display()))?;
    }
    let missed = table.rows().iter().filter(|row| row.verdict == Verdict::Missed).count();
    Ok(if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
