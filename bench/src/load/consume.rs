//! Records read from the beginning of a topic.

use clap::Args;
use ottla::Offset;
use serde_json::Map;

use super::meter::Meter;
use super::{Failure, Target, block_on};

#[derive(Args)]
pub(crate) struct Consume {
    #[command(flatten)]
    target: Target,
    #[arg(long, default_value_t = 5_000_000)]
    records: usize,
}

pub(crate) fn consume(arguments: &Consume) -> Result<(), Failure> {
    block_on(run(arguments))
}

async fn run(arguments: &Consume) -> Result<(), Failure> {
    let kafka = arguments.target.connect().await?;
    let meter = Meter::begin();
    let topics = [arguments.target.topic.as_str()];
    let mut consumer = kafka.consumer().topics(topics).from(Offset::Earliest).build().await?;
    let (mut records, mut bytes) = (0, 0);
    while records < arguments.records {
        let Some(batch) = consumer.next_batch().await? else { break };
        for record in &batch {
            bytes += record.value().map_or(0, <[u8]>::len);
        }
        records += batch.len();
    }
    let usage = meter.end();
    if records < arguments.records {
        return Err(format!("only {records} of {} records came", arguments.records).into());
    }
    usage.print("consume", records, bytes, Map::new())
}
