//! Measures what the parts of Ottla cost, and what a whole client costs against a broker. See the README beside
//! this file.

mod broker;
mod codecs;
mod harness;
mod load;
mod records;
mod sockets;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What Ottla costs.
#[derive(Parser)]
#[command(name = "ottla-bench")]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// The record path: append, checksum, validate, iterate.
    Records,
    /// The codecs.
    Codecs,
    /// The embedded broker: its engine alone, and over TCP.
    Broker,
    /// The driver's look at sockets that have no news.
    Sockets,
    /// Send records as fast as they are taken, until all are acknowledged.
    Produce(load::Produce),
    /// Read records from the beginning of a topic.
    Consume(load::Consume),
    /// Send records at a fixed rate and measure how long each takes to its acknowledgement.
    Latency(load::Latency),
    /// Assign a partition again and again and measure how long its first record takes.
    FirstRecord(load::FirstRecord),
    /// Create or delete a topic, or count what is in it.
    Topic(load::Topic),
    /// Write the values that the loads send to a file.
    Pool(load::WritePool),
    /// Send records spread over many partitions and threads, to a broker of its own.
    Spread(load::Spread),
    /// The broker that `spread` starts.
    #[command(hide = true)]
    SpreadBroker,
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        None => {
            records::run();
            codecs::run();
            broker::run()
        }
        Some(Command::Records) => {
            records::run();
            Ok(())
        }
        Some(Command::Codecs) => {
            codecs::run();
            Ok(())
        }
        Some(Command::Broker) => broker::run(),
        Some(Command::Sockets) => sockets::run(),
        Some(Command::Produce(arguments)) => load::produce(&arguments),
        Some(Command::Consume(arguments)) => load::consume(&arguments),
        Some(Command::Latency(arguments)) => load::latency(&arguments),
        Some(Command::FirstRecord(arguments)) => load::first_record(&arguments),
        Some(Command::Topic(arguments)) => load::topic(&arguments),
        Some(Command::Pool(arguments)) => load::write_pool(&arguments),
        Some(Command::Spread(arguments)) => load::spread(&arguments),
        Some(Command::SpreadBroker) => load::spread_broker(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
