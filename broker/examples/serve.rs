//! A Kafka for any client on this machine: `cargo run --release -p ottla-broker --example serve -- 9092 1000000`
//! listens on port 9092 and lets every client id write and read a million bytes a second.

use std::error::Error;

use ottla_broker::{Cluster, QuotaEntity, QuotaKey};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().unwrap_or_else(|| "9092".to_owned()).parse()?;
    let mut builder = Cluster::builder().port(port).default_partitions(6);
    if let Some(bytes_per_second) = arguments.next() {
        let limit = bytes_per_second.parse()?;
        for key in [QuotaKey::ProducerByteRate, QuotaKey::ConsumerByteRate] {
            builder = builder.client_quota(QuotaEntity::default_client_id(), key, limit);
        }
    }
    let cluster = builder.start().await?;
    println!("{}", cluster.bootstrap());
    std::future::pending().await
}
