//! `cargo xtask`: the project's own commands.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod check;
mod compare;
mod fuzz;
mod gate;
mod generate;
mod instructions;
mod kafka;
mod planted;
mod profile;
mod steps;
mod test;
mod throttle_report;

/// The project's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the protocol's messages from Kafka's schemas.
    Generate {
        /// Write nothing; fail if the committed code is not what would be written.
        #[arg(long)]
        check: bool,
        /// The kafka-clients jar; without it Maven fetches one.
        #[arg(long)]
        jar: Option<PathBuf>,
    },
    /// Start, break and stop a real Kafka cluster.
    Kafka(kafka::Arguments),
    /// Run every layer of tests; a hung test is killed and named.
    Test(test::Arguments),
    /// Run what needs no test: format, lints, borders between the crates, licences, generated code.
    Check,
    /// Everything that must pass before a change lands: check, tests with real Kafka, docs, short fuzzing.
    Ci,
    /// The full counts; writes docs/proof.md.
    Proof,
    /// Plant bugs in a copy of the sources; the simulation must find each.
    Planted {
        /// Only those whose folder and name contain this: `groups/`.
        #[arg(default_value = "")]
        filter: String,
    },
    /// Measure Ottla beside other clients against a real broker; prints a table and writes it.
    Bench(compare::Arguments),
    /// Run Ottla's loads of `bench` under perf and draw a flame graph of each, in target/profile.
    Profile {
        /// Only loads whose name contains this: `consume`.
        #[arg(default_value = "")]
        filter: String,
    },
    /// Count the instructions of pieces of work under callgrind, and the atomic ones, and compare them with the committed
    /// counts.
    Instructions {
        /// Make these counts the ones to compare with.
        #[arg(long)]
        bless: bool,
        /// Only work whose name contains this.
        #[arg(default_value = "")]
        filter: String,
    },
    /// Throttle the client by a real Kafka of three nodes and print what it does; writes docs/throttle-report.md.
    ThrottleReport {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run every fuzz target for a while.
    Fuzz {
        /// How long for each target.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
}

fn main() -> ExitCode {
    let done = |()| ExitCode::SUCCESS;
    let result = match Arguments::parse().command {
        Command::Generate { check, jar } => generate::run(root(), jar.as_deref(), check).map(done),
        Command::Kafka(arguments) => kafka::run(arguments).map(done),
        Command::Test(arguments) => test::run(&arguments),
        Command::Check => Ok(check::run()),
        Command::Ci => Ok(gate::ci()),
        Command::Proof => gate::proof(),
        Command::Planted { filter } => planted::run(&filter),
        Command::Bench(arguments) => compare::run(&arguments).map(done),
        Command::Profile { filter } => profile::run(&filter).map(done),
        Command::Instructions { bless, filter } => instructions::run(bless, &filter).map(done),
        Command::ThrottleReport { arguments } => throttle_report::run(&arguments).map(done),
        Command::Fuzz { seconds } => fuzz::run(root(), seconds).map(done),
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

/// The root of the repository that this program was built from.
fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}
