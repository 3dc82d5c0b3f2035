//! How often the way of a record allocates.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests state what must hold, as tests do")]

use std::alloc::System;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

use ottla::{Client, Record, TopicProducer};
use ottla_broker::Cluster;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const SOON: Duration = Duration::from_secs(60);
/// Set for the process that is the broker.
const BROKER: &str = "OTTLA_TEST_BROKER";

/// Sender and driver together; the broker has a process of its own, so that it is not counted.
#[test]
fn a_hundred_records_cost_one_allocation_at_most() {
    if std::env::var_os(BROKER).is_some() {
        return serve();
    }
    let test = "a_hundred_records_cost_one_allocation_at_most";
    let mut broker = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(BROKER, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(broker.stdout.take().unwrap()).lines().map(Result::unwrap);
    let bootstrap = lines.find_map(|line| Some(line.split_once("bootstrap ")?.1.to_owned()));

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let per_record = runtime.block_on(measure(&bootstrap.unwrap()));
    // The end of its input ends it.
    drop(broker.stdin.take());
    lines.by_ref().for_each(drop);
    assert!(broker.wait().unwrap().success());
    println!("FIGURE: allocations per 100 records on the way out: {:.2}", per_record * 100.0);
    assert!(per_record <= 0.01, "{per_record} per record");
}

async fn measure(bootstrap: &str) -> f64 {
    const RECORDS: u32 = 200_000;
    let kafka = Client::builder(bootstrap).build().await.unwrap();
    let producer = kafka.producer().build().await.unwrap();
    let orders = producer.topic("orders");
    // Buffers and queues find their sizes first.
    send(&orders, RECORDS).await;
    let region = Region::new(ALLOCATOR);
    send(&orders, RECORDS).await;
    let allocations = region.change().allocations + region.change().reallocations;
    f64::from(u32::try_from(allocations).unwrap()) / f64::from(RECORDS)
}

async fn send(orders: &TopicProducer, records: u32) {
    let value = [b'x'; 100];
    for _ in 0..records {
        orders.enqueue(Record::value(&value)).await.unwrap();
    }
    assert!(orders.producer().flush(SOON).await.unwrap().is_complete());
}

fn serve() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let cluster = runtime.block_on(Cluster::builder().topic("orders", 6).start()).unwrap();
    println!("bootstrap {}", cluster.bootstrap());
    std::io::stdout().flush().unwrap();
    let _until_the_end = std::io::stdin().read(&mut [0; 1]);
}
