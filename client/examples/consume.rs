//! Prints every record of a topic, from the oldest to the newest there is.
//!
//! `cargo run -p ottla --example consume -- localhost:9092 orders`

use ottla::consumer::ConsumeError;
use ottla::{Client, Offset};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(servers), Some(topic)) = (arguments.next(), arguments.next()) else {
        return Err("usage: consume SERVERS TOPIC".into());
    };
    let kafka = Client::builder(servers).build().await?;
    let mut consumer = kafka.consumer().topics([topic]).from(Offset::Earliest).until_end().build().await?;
    loop {
        let batch = match consumer.next_batch().await {
            Ok(Some(batch)) => batch,
            Ok(None) => break,
            // Damaged records are told of and left out; any other error is the end.
            Err(ConsumeError::Partition(error)) if consumer.skip(&error)? => {
                eprintln!("skipped: {error}");
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        for record in &batch {
            let text = |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
            let (partition, offset) = (batch.partition(), record.offset());
            println!("{partition} {offset} {:?} {:?}", text(record.key()), text(record.value()));
        }
    }
    Ok(())
}
