//! What reading costs in allocations, the driver's side and the application's together.
//!
//! A program of its own, because it counts what it allocates.

#![allow(unsafe_code, reason = "a counting allocator cannot be written without")]
#![expect(clippy::unwrap_used, reason = "helpers of tests state their expectations as tests do")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::Duration;

use ottla::{Client, Compression, Offset, Record};
use ottla_broker::Cluster;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const PARTITIONS: i32 = 4;
const RECORDS: u64 = 60_000;
const SOON: Duration = Duration::from_secs(60);

#[test]
fn a_record_that_is_read_costs_a_hundredth_of_an_allocation() {
    // The broker has a thread of its own, which does not count; driver and application share this one.
    let broker = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let cluster = broker
        .block_on(async { tokio::spawn(Cluster::builder().topic("orders", PARTITIONS).start()).await })
        .unwrap()
        .unwrap();
    let client = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for (round, compression) in (0..).zip([Compression::None, Compression::Lz4]) {
        let allocations = client.block_on(async {
            let kafka = Client::builder(cluster.bootstrap()).on_current_runtime().build().await.unwrap();
            write(&kafka, compression).await;
            tokio::time::timeout(SOON, read(&kafka, round * i64::try_from(RECORDS).unwrap())).await.unwrap()
        });
        println!("FIGURE: {allocations} allocations for {RECORDS} records read, {compression:?}");
        assert!(allocations <= RECORDS / 100, "{allocations} allocations, {compression:?}");
    }
}

async fn write(kafka: &Client, compression: Compression) {
    let producer = kafka.producer().compression(compression).batch_bytes(16 << 10).build().await.unwrap();
    let orders = producer.topic("orders");
    for record in 0..RECORDS {
        let partition = i32::try_from(record % 4).unwrap();
        drop(orders.send(Record::value(&[b'v'; 100]).partition(partition)).await.unwrap());
    }
    producer.close(SOON).await.unwrap();
}

/// Reads the newest records and counts the allocations that this costs.
async fn read(kafka: &Client, written_before: i64) -> u64 {
    let from = Offset::At(written_before / i64::from(PARTITIONS));
    let before = ALLOCATIONS.get();
    let mut consumer = kafka.consumer().topics(["orders"]).from(from).build().await.unwrap();
    let mut records = 0;
    while records < RECORDS {
        let batch = consumer.next_batch().await.unwrap().unwrap();
        for record in &batch {
            assert_eq!(record.value().map(<[u8]>::len), Some(100));
            records += 1;
        }
    }
    ALLOCATIONS.get() - before
}
