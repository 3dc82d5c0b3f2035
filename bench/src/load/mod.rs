//! A whole client against a broker: the same three loads, flags and line of figures as the programs of the
//! other clients, so that they can be run side by side.

mod consume;
mod first_record;
mod latency;
mod meter;
mod pool;
mod produce;
mod spread;
mod topic;

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use clap::{Args, ValueEnum};
use ottla::{Client, Compression};

pub(crate) use consume::{Consume, consume};
pub(crate) use first_record::{FirstRecord, first_record};
pub(crate) use latency::{Latency, latency};
pub(crate) use produce::{Produce, produce};
pub(crate) use spread::{Spread, spread, spread_broker};
pub(crate) use topic::{Topic, WritePool, topic, write_pool};

type Failure = Box<dyn Error>;

/// Where to, and how the client runs.
#[derive(Args)]
struct Target {
    /// Bootstrap addresses.
    #[arg(long, default_value = "127.0.0.1:9092")]
    brokers: String,
    /// The topic, which must exist.
    #[arg(long, default_value = "bench")]
    topic: String,
    /// Where the client does its work.
    #[arg(long, value_enum, default_value_t = Variant::Thread)]
    variant: Variant,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Variant {
    /// On a thread of its own, which is the default of the library.
    Thread,
    /// On the runtime of the caller.
    Current,
}

#[derive(Clone, Copy, ValueEnum)]
enum Codec {
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

impl Codec {
    fn compression(self) -> Compression {
        match self {
            Codec::None => Compression::None,
            Codec::Gzip => Compression::Gzip,
            Codec::Snappy => Compression::Snappy,
            Codec::Lz4 => Compression::Lz4,
            Codec::Zstd => Compression::Zstd,
        }
    }
}

impl Target {
    async fn connect(&self) -> Result<Client, Failure> {
        let builder = Client::builder(&self.brokers).client_id("ottla-bench");
        let builder = if self.variant == Variant::Current { builder.on_current_runtime() } else { builder };
        Ok(builder.build().await?)
    }
}

/// Runs a load on a runtime of one thread.
fn block_on(load: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(load)
}

/// No load waits longer than this for its end.
const PATIENCE: Duration = Duration::from_secs(120);
