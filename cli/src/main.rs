//! The `ottla` command.

#![forbid(unsafe_code)]

mod broker;
mod connect;
mod consume;
mod control;
mod demo;
mod exit;
mod groups;
mod interrupt;
mod lines;
mod output;
mod produce;
mod quotas;
mod stress;
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
    /// List and describe consumer groups, see how far they are behind, move their offsets
    Groups(groups::Groups),
    /// Describe, set and remove client quotas
    Quotas(quotas::Quotas),
    /// Put a load on a cluster and say what limits it
    Stress(stress::Stress),
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
        Command::Groups(groups) => groups.run(&interrupt).await,
        Command::Quotas(quotas) => quotas.run(&interrupt).await,
        Command::Stress(stress) => stress.run(&interrupt).await,
        Command::Broker(broker) => broker.run(&interrupt).await,
        Command::Demo(demo) => demo.run(&interrupt).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_parses_into_its_type() {
        let lines = [
            "ottla produce -b a:1,b:2 --client-id c -t t -K \\t -p 1 -H a=b -H c=d -Z -z zstd:3 -a 1 --linger 0 --json f",
            "ottla produce -t t --key-file-name f g",
            "ottla consume -t a -t b -p 0 -p 1 -o @17 -e -c 5 -K \\t --isolation read-committed --skip-damaged",
            "ottla consume -t a --json",
            "ottla consume -t a --group g --group-protocol classic --from latest -c 5",
            "ottla groups list --watch 1",
            "ottla groups describe g h --json",
            "ottla groups lag g -t a --watch",
            "ottla groups reset-offsets g -t a -p 0 -p 1 --to-offset 17 --dry-run",
            "ottla groups reset-offsets g -t a -t b --to-earliest",
            "ottla groups reset-offsets g -t a --to-time 2026-01-31T12:00:00Z",
            "ottla groups reset-offsets g -t a --by-duration 2h",
            "ottla groups reset-offsets g -t a --shift-by -100",
            "ottla groups remove-member g --member-id m --reason because",
            "ottla groups delete g h",
            "ottla topics list --internal --json",
            "ottla topics create a b -p 6 -r 3 -c retention.ms=1 -c x=y",
            "ottla topics describe a",
            "ottla topics delete a b",
            "ottla broker -p 0 --host localhost -n 3 -t a:6 -t b --no-auto-create --producer-byte-rate 1",
            "ottla quotas describe --client a --default-user --json",
            "ottla quotas set --user a --default-client producer_byte_rate=1e6 request_percentage=50",
            "ottla quotas remove --ip ::1",
            "ottla broker --data d --log-check-interval 100 --fsync --act-as 2.8 --delay-throttled-answers",
            "ottla broker --faults f.toml --control",
            "ottla broker --control 0",
            "ottla broker fault add f.json --control a:1",
            "ottla broker fault list",
            "ottla broker fault firings",
            "ottla broker fault remove a",
            "ottla broker fault clear",
            "ottla broker node kill 2",
            "ottla broker leader move t 0 2",
            "ottla stress -r 1000 -s 100 -k 50 -p 12 --replication 3 -a 1 -z lz4 -d 10 --linger 0 --json",
            "ottla stress -t t",
            "ottla demo --records 10 --size 30 --quota 5 --json",
        ];
        for line in lines {
            let arguments = Arguments::try_parse_from(line.split(' '));
            assert!(arguments.is_ok(), "{line}: {}", arguments.unwrap_err());
        }
    }

    #[test]
    fn nonsense_is_refused() {
        let lines = [
            "ottla produce -t t --key-file-name",
            "ottla produce -t t --key-file-name -K : f",
            "ottla consume -t t --json -K :",
            "ottla consume",
            "ottla consume -t a --group g -p 0",
            "ottla consume -t a --group g -e",
            "ottla groups reset-offsets g --to earliest",
            "ottla groups reset-offsets g -t a --to sideways",
            "ottla broker -t a:0",
            "ottla topics create a -c nonsense",
            "ottla quotas set --user a --ip ::1 connection_creation_rate=1",
            "ottla quotas set --client a --default-client producer_byte_rate=1",
            "ottla quotas set --client a",
            "ottla stress -t t -p 3",
            "ottla stress -d 0",
        ];
        for line in lines {
            assert!(Arguments::try_parse_from(line.split(' ')).is_err(), "{line}");
        }
    }
}
