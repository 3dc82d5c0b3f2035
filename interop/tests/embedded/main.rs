//! The embedded broker with clients at the other end that others wrote.
#![cfg(test)]

mod clients;
mod java;
mod kcat;
#[cfg(feature = "librdkafka")]
mod librdkafka;
mod start;

use std::time::Duration;

use ottla_broker::Cluster;

/// No step may take longer; an idle machine needs a tenth of it.
const LIMIT: Duration = Duration::from_secs(120);

/// An embedded cluster of three nodes with the given topics of six partitions, and the runtime that it lives on.
fn cluster(topics: &[&str]) -> (tokio::runtime::Runtime, Cluster) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let builder = topics.iter().fold(Cluster::builder().nodes(3), |builder, topic| builder.topic(*topic, 6));
    let cluster = runtime.block_on(builder.start()).unwrap();
    (runtime, cluster)
}
