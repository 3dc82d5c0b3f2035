//! The `ottla` command.

#![forbid(unsafe_code)]

mod broker;
mod connect;
mod consume;
mod demo;
mod exit;
mod interrupt;
mod lines;
mod output;
mod produce;
mod topics;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::exit::Outcome;
use crate::interrupt::Interrupt;

/// Kafka from the command line: produce, consume, look after topics, run an embedded Kafka.
///
/// Data goes to standard output, everything else to standard error: bars and colours on a terminal, plain lines
/// where there is none, JSON with --json.
#[derive(Debug, Parser)]
#[command(name = "ottla", version, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    all that was asked for is done
  1    something failed on the cluster's side
  2    the arguments are wrong
  3    the cluster could not be reached
  4    a file, standard input or standard output failed
  5    records were not written, or may not have been; each is named
  130  interrupted by Ctrl-C, after a clean stop";

#[derive(Debug, Subcommand)]
enum Command {
    /// Write each line of files or of standard input as a record
    Produce(produce::Produce),
    /// Write the records of a topic to standard output
    Consume(consume::Consume),
    /// List, create, describe and delete topics
    Topics(topics::Topics),
    /// Run an embedded Kafka with quotas, for tests and trials
    Broker(broker::Broker),
    /// Watch a producer explain itself while a broker throttles it
    Demo(demo::Demo),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("ottla: the runtime did not start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(arguments.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

async fn run(command: Command) -> Outcome {
    let interrupt = Interrupt::listen();
    match command {
        Command::Produce(produce) => produce.run(&interrupt).await,
        Command::Consume(consume) => consume.run(&interrupt).await,
        Command::Topics(topics) => topics.run(&interrupt).await,
        Command::Broker(broker) => broker.run(&interrupt).await,
        Command::Demo(demo) => demo.run(&interrupt).await,
    }
}
