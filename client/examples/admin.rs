//! Creates a topic, shows where it is, and deletes it.
//!
//! `cargo run -p ottla --example admin -- localhost:9092 example-topic`

use std::error::Error;
use std::time::Duration;

use ottla::Client;
use ottla::admin::NewTopic;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let servers = arguments.next().unwrap_or_else(|| "localhost:9092".to_owned());
    let topic = arguments.next().unwrap_or_else(|| "example-topic".to_owned());

    let kafka = Client::builder(servers).client_id("admin-example").build().await?;
    let admin = kafka.admin().timeout(Duration::from_secs(15));

    let cluster = admin.describe_cluster().await?;
    for broker in &cluster.brokers {
        println!("node {} at {}:{}", broker.node, broker.host, broker.port);
    }

    let created =
        admin.create_topic(NewTopic::new(&topic).partitions(3).config("retention.ms", "60000")).await?;
    println!("created {} with {:?} partitions", created.name, created.partitions);
    for partition in admin.describe_topic(&topic).await?.partitions {
        println!(
            "{topic}-{} is led by {:?}, kept by {:?}",
            partition.partition, partition.leader, partition.replicas
        );
    }
    admin.delete_topic(topic).await?;
    println!("there are {} topics left", admin.list_topics().await?.len());
    Ok(())
}
