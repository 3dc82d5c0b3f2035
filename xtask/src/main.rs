//! `cargo xtask`: the project's own commands.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod failure;
mod kafka;

use failure::{Failure, Outcome};

/// The project's own commands.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Start, break and stop a real Kafka cluster.
    Kafka(kafka::Arguments),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Kafka(arguments) => kafka::run(arguments),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
