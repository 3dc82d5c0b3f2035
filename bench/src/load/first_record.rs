//! How long a partition that was just assigned takes to give its first record.

use std::time::{Duration, Instant};

use clap::Args;
use ottla::{Client, Offset};
use serde_json::{Map, Value, json};

use super::latency::percentiles;
use super::{Failure, Target, block_on};

#[derive(Args)]
pub(crate) struct FirstRecord {
    #[command(flatten)]
    target: Target,
    /// How often each kind is tried.
    #[arg(long, default_value_t = 21)]
    rounds: usize,
}

pub(crate) fn first_record(arguments: &FirstRecord) -> Result<(), Failure> {
    block_on(run(arguments))
}

/// The first of all is told by itself: it finds neither this process nor the broker warm.
async fn run(arguments: &FirstRecord) -> Result<(), Failure> {
    let FirstRecord { target, rounds } = arguments;
    let (mut new_client, mut new_consumer, mut known_offset) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..*rounds {
        let kafka = target.connect().await?;
        new_client.push(first(&kafka, &target.topic, Offset::Earliest).await?);
    }
    let kafka = target.connect().await?;
    for _ in 0..*rounds {
        new_consumer.push(first(&kafka, &target.topic, Offset::Earliest).await?);
        // Nothing is to be looked up then.
        known_offset.push(first(&kafka, &target.topic, Offset::At(0)).await?);
    }
    let mut figures = Map::new();
    let first_of_all = new_client.first().copied().unwrap_or_default();
    figures.insert("first_of_all_ms".to_owned(), json!(first_of_all.as_secs_f64() * 1e3));
    percentiles(&mut figures, "new_client_", new_client);
    percentiles(&mut figures, "new_consumer_", new_consumer);
    percentiles(&mut figures, "known_offset_", known_offset);
    println!("{}", Value::Object(figures));
    Ok(())
}

/// From the assignment on, connections of the consumer included.
async fn first(kafka: &Client, topic: &str, from: Offset) -> Result<Duration, Failure> {
    let mut consumer = kafka.consumer().build().await?;
    let begin = Instant::now();
    consumer.assign(topic, 0, from);
    consumer.next().await?.ok_or("the consumer has ended")?;
    Ok(begin.elapsed())
}
