//! Records read from the beginning of a topic.

use std::time::{Duration, Instant};

use clap::Args;
use ottla::Offset;
use serde_json::{Map, json};

use super::meter::Meter;
use super::{Failure, Target, block_on};

/// What stands before the records of a batch.
const BATCH_HEADER: usize = 61;

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
    let begin = Instant::now();
    let mut consumer = kafka.consumer().topics(topics).from(Offset::Earliest).build().await?;
    let (mut records, mut bytes, mut log_bytes) = (0, 0, 0);
    let mut first_record = Duration::ZERO;
    while records < arguments.records {
        let Some(batch) = consumer.next_batch().await? else { break };
        if records == 0 {
            first_record = begin.elapsed();
        }
        log_bytes += batch.size() + BATCH_HEADER;
        for record in &batch {
            bytes += record.value().map_or(0, <[u8]>::len);
        }
        records += batch.len();
    }
    let usage = meter.end();
    if records < arguments.records {
        return Err(format!("only {records} of {} records came", arguments.records).into());
    }
    let stats = consumer.stats();
    let mut more = Map::new();
    more.insert("first_record_ms".to_owned(), json!(first_record.as_secs_f64() * 1e3));
    more.insert("fetches".to_owned(), json!(stats.fetches));
    more.insert("full_fetches".to_owned(), json!(stats.full_fetches));
    // What lies unread in the consumer was fetched for later.
    let unread: usize = consumer.partitions().iter().map(|status| status.unread_bytes).sum();
    more.insert("fetched_bytes".to_owned(), json!(stats.fetched_bytes));
    more.insert("unread_bytes".to_owned(), json!(unread));
    more.insert("discarded_bytes".to_owned(), json!(stats.discarded_bytes));
    // Means something without compression only.
    more.insert("log_bytes".to_owned(), json!(log_bytes));
    usage.print("consume", records, bytes, more)
}
