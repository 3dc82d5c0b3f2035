//! Records sent as fast as they are taken.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use ottla::{Acks, Record};
use serde_json::Map;

use super::meter::Meter;
use super::pool::Pool;
use super::{Codec, Failure, PATIENCE, Target, block_on};

#[derive(Args)]
pub(crate) struct Produce {
    #[command(flatten)]
    target: Target,
    #[arg(long, default_value_t = 5_000_000)]
    records: usize,
    /// Bytes of a value.
    #[arg(long, default_value_t = 100)]
    size: usize,
    #[arg(long, value_enum, default_value_t = AcksOption::All)]
    acks: AcksOption,
    #[arg(long, value_enum, default_value_t = Codec::None)]
    codec: Codec,
    #[arg(long, default_value_t = 5)]
    linger_ms: u64,
    #[arg(long, default_value_t = 1_000_000)]
    batch_bytes: usize,
    /// Give each record a key of 7 bytes, cut from its value.
    #[arg(long)]
    keyed: bool,
    /// Give each record one header of 21 bytes.
    #[arg(long)]
    headers: bool,
    /// Read the values from this file, which holds them without separators.
    #[arg(long)]
    pool: Option<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum AcksOption {
    #[value(name = "0")]
    None,
    #[value(name = "1")]
    Leader,
    All,
}

pub(crate) fn produce(arguments: &Produce) -> Result<(), Failure> {
    block_on(run(arguments))
}

async fn run(arguments: &Produce) -> Result<(), Failure> {
    let pool = Pool::new(arguments.pool.as_ref(), arguments.size)?;
    let kafka = arguments.target.connect().await?;
    let acks = match arguments.acks {
        AcksOption::None => Acks::None,
        AcksOption::Leader => Acks::Leader,
        AcksOption::All => Acks::All,
    };
    let producer = kafka
        .producer()
        .acks(acks)
        .compression(arguments.codec.compression())
        .linger(Duration::from_millis(arguments.linger_ms))
        .batch_bytes(arguments.batch_bytes)
        .build()
        .await?;
    let topic = producer.topic(&arguments.target.topic);
    let header = [("trace", Some(b"0123456789abcdef".as_slice()))];
    let meter = Meter::begin();
    for index in 0..arguments.records {
        let value = pool.row(index);
        let mut record = Record::value(value);
        if arguments.keyed {
            record = record.key(value.get(6..13).unwrap_or(value));
        }
        if arguments.headers {
            record = record.headers(&header);
        }
        drop(topic.send(record).await?);
    }
    let report = producer.flush(PATIENCE).await?;
    let usage = meter.end();
    if !report.is_complete() {
        return Err(format!("not everything was written: {report:?}").into());
    }
    usage.print("produce", arguments.records, arguments.records * arguments.size, Map::new())
}
