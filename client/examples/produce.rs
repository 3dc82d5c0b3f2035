//! Sends the lines of standard input to a topic and says where each landed: `produce SERVERS TOPIC`.

use std::io::{self, BufRead};
use std::time::Duration;

use ottla::{Client, Record};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let servers = arguments.next().unwrap_or_else(|| "localhost:9092".to_owned());
    let topic = arguments.next().unwrap_or_else(|| "lines".to_owned());

    let kafka = Client::builder(servers).build().await?;
    let producer = kafka.producer().build().await?;
    let lines = producer.topic(&topic);

    let mut deliveries = Vec::new();
    for line in io::stdin().lock().lines() {
        // Waits only for memory, and only while earlier lines are on their way.
        deliveries.push(lines.send(Record::value(&line?)).await?);
    }
    let report = producer.flush(Duration::from_secs(30)).await?;
    for waiting in &report.waiting {
        eprintln!("still waiting: {}", waiting.reason);
    }
    for delivery in deliveries {
        match delivery.await {
            Ok(receipt) => {
                println!("partition {}, offset {:?}: {}", receipt.partition, receipt.offset, receipt.latency);
            }
            Err(error) => eprintln!("{error}"),
        }
    }
    Ok(())
}
