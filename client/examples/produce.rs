//! Sends each line of the standard input as a record, and says where the time went.
//!
//! `cargo run -p ottla --example produce -- localhost:9092 orders < lines.txt`

use std::collections::VecDeque;
use std::error::Error;
use std::io::BufRead;
use std::time::Duration;

use ottla::{Client, Compression, Record};

/// How many records may be on their way before the oldest is waited for; it bounds what is kept here.
const UNDER_WAY: usize = 10_000;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(servers), Some(topic)) = (arguments.next(), arguments.next()) else {
        return Err("usage: produce SERVERS TOPIC".into());
    };
    let kafka = Client::builder(servers).client_id("produce-example").build().await?;
    let producer = kafka.producer().compression(Compression::Lz4).build().await?;
    let topic = producer.topic(&topic);

    let mut under_way = VecDeque::new();
    let mut acknowledged = 0_u64;
    for line in std::io::stdin().lock().lines() {
        // Accepted: from here on it is the producer's care.
        under_way.push_back(topic.send(Record::value(&line?)).await?);
        if under_way.len() > UNDER_WAY
            && let Some(delivery) = under_way.pop_front()
        {
            // Acknowledged: the broker has it.
            delivery.await?;
            acknowledged += 1;
        }
    }
    let mut last = None;
    for delivery in under_way {
        last = Some(delivery.await?);
        acknowledged += 1;
    }
    println!("{acknowledged} records were acknowledged");
    if let Some(receipt) = last {
        println!(
            "the last one is at {:?} of partition {}: {:?}",
            receipt.offset, receipt.partition, receipt.latency
        );
    }
    producer.close(Duration::from_secs(5)).await?;
    Ok(())
}
