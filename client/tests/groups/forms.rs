//! The forms in which a member hands out records.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use futures_core::Stream;
use ottla::admin::CommittedOffset;
use ottla::consumer::{Batch, ConsumerInterceptor};

/// Counts what goes by.
struct Counter(Arc<AtomicUsize>);

impl ConsumerInterceptor for Counter {
    fn on_consume(&mut self, batch: &Batch) {
        self.0.fetch_add(batch.len(), Ordering::SeqCst);
    }
}

/// A topic with all its records in one partition.
async fn one_partition(kafka: &Client, count: usize) {
    // In one batch: the end of the producer sends it, whatever time the sending took.
    let producer = kafka.producer().linger(SOON).build().await.unwrap();
    let orders = producer.topic("orders");
    let mut deliveries = Vec::new();
    for _ in 0..count {
        deliveries.push(orders.send(Record::value("v").partition(1)).await.unwrap());
    }
    producer.close(SOON).await.unwrap();
}

async fn next_offset(consumer: &mut GroupConsumer) -> i64 {
    let next = tokio::time::timeout(SOON, consumer.next());
    next.await.expect("a record comes").unwrap().unwrap().offset()
}

async fn committed(kafka: &Client) -> Option<i64> {
    let offsets = kafka.admin().group_offsets("billing").await.unwrap();
    offsets.iter().find(|offset| offset.partition.partition == 1).map(|offset| offset.offset)
}

#[tokio::test]
async fn records_taken_one_by_one_are_committed_as_far_as_they_were_taken() {
    let (_cluster, kafka) = start().await;
    one_partition(&kafka, 100).await;
    let seen = Arc::new(AtomicUsize::new(0));
    let builder = member(&kafka, Protocol::Auto).interceptor(Counter(Arc::clone(&seen)));
    let mut consumer = builder.build().await.unwrap();
    for offset in 0..10 {
        assert_eq!(next_offset(&mut consumer).await, offset);
    }
    // The tenth is still being processed.
    consumer.handle().commit_processed().await.unwrap();
    assert_eq!((committed(&kafka).await, consumer.committed("orders", 1).unwrap()), (Some(9), Some(9)));
    assert_eq!(consumer.partitions().iter().find(|status| status.partition == 1).unwrap().position, Some(10));
    consumer.commit_processed().await.unwrap();
    assert_eq!(committed(&kafka).await, Some(10));
    // The rest of the batch, as a batch.
    let batch = consumer.next_batch().await.unwrap().unwrap();
    assert_eq!(batch.iter().next().unwrap().offset(), 10);
    let end = batch.next_offset();
    batch.done();
    consumer.handle().commit_processed().await.unwrap();
    assert_eq!(committed(&kafka).await, Some(end));
    // From elsewhere: what was left of the old place is not handed out.
    consumer.seek("orders", 1, Offset::At(50)).unwrap();
    assert_eq!(next_offset(&mut consumer).await, 50);
    assert_eq!(next_offset(&mut consumer).await, 51);
    consumer.close(SOON).await.unwrap();
    assert_eq!(committed(&kafka).await, Some(52), "whoever closes is done with what was taken");
    assert!(seen.load(Ordering::SeqCst) >= 100);
    let mut next = member(&kafka, Protocol::Auto).build().await.unwrap();
    assert_eq!(next_offset(&mut next).await, 52);
}

#[tokio::test]
async fn what_is_left_of_a_batch_waits_through_a_pause_and_holds_up_no_hand_over() {
    let (_cluster, kafka) = start().await;
    one_partition(&kafka, 100).await;
    let mut consumer = member(&kafka, Protocol::Auto).build().await.unwrap();
    assert_eq!(next_offset(&mut consumer).await, 0);
    consumer.pause("orders", 1).unwrap();
    let silent = tokio::time::timeout(Duration::from_millis(50), consumer.next()).await;
    assert!(silent.is_err(), "a paused partition is handed out");
    consumer.resume("orders", 1).unwrap();
    assert_eq!(next_offset(&mut consumer).await, 1);
    // Another topic takes the partition away in the middle of the batch.
    kafka.admin().create_topic(NewTopic::new("other")).await.unwrap();
    consumer.subscribe(["other"]);
    let handle = consumer.handle();
    let mut owned = handle.owned();
    owned.retain(|ownership| ownership.partition().partition == 1);
    let standing = tokio::time::timeout(SOON, owned[0].revoking()).await.expect("it is not to go");
    assert_eq!(standing, Standing::Revoking, "the record at hand is waited for");
    let waiting = async { consumer.next().await.map(|_| ()) };
    tokio::select! {
        _ = waiting => panic!("something is handed out that is to go"),
        () = until("it does not go", || {
            handle.owned().iter().all(|ownership| ownership.partition().topic == "other") && !handle.owned().is_empty()
        }) => {}
    }
    assert_eq!(committed(&kafka).await, Some(2));
}

#[tokio::test]
async fn batches_come_as_a_stream_and_offsets_are_found_without_moving() {
    let (_cluster, kafka) = start().await;
    fill(&kafka, 400, b"v").await;
    let mut consumer = member(&kafka, Protocol::Auto).build().await.unwrap();
    let mut count = 0;
    let mut batches = consumer.batches();
    while count < 400 {
        let next = poll_fn(|context| Pin::new(&mut batches).poll_next(context));
        let batch = tokio::time::timeout(SOON, next).await.unwrap().unwrap().unwrap();
        count += batch.detach().len();
    }
    drop(batches);
    consumer.commit_processed().await.unwrap();
    let found = consumer.find_offsets([("orders", 2, Offset::Latest)], SOON).await.unwrap();
    assert_eq!(found[0].found.clone().unwrap().unwrap().offset, 100);
    assert_eq!(consumer.committed("orders", 2).unwrap(), Some(100));
    assert!(consumer.committed("orders", 9).is_err());
    assert!(consumer.at_end() && consumer.throttle().is_empty());
    assert!(consumer.stats().fetched_bytes > 400);
    let lags: Vec<_> =
        consumer.partitions().iter().map(|status| (status.high_watermark, status.lag)).collect();
    assert_eq!(lags, [(Some(100), Some(0)); 4]);
}

/// Tells of commits on which thread and of which offsets, and panics.
struct Auditor(std::sync::mpsc::Sender<(std::thread::ThreadId, Vec<CommittedOffset>)>);

impl ConsumerInterceptor for Auditor {
    fn on_consume(&mut self, _batch: &Batch) {}

    fn on_commit(&mut self, committed: &[CommittedOffset]) {
        self.0.send((std::thread::current().id(), committed.to_vec())).unwrap();
        panic!("an interceptor's own fault");
    }
}

#[tokio::test]
async fn interceptors_see_what_was_committed_where_the_application_reads() {
    for protocol in BOTH {
        let (_cluster, kafka) = start().await;
        one_partition(&kafka, 10).await;
        let (first, told_first) = std::sync::mpsc::channel();
        let (second, told) = std::sync::mpsc::channel();
        let builder = member(&kafka, protocol).commit_metadata("host 7");
        let builder = builder.interceptor(Auditor(first)).interceptor(Auditor(second));
        let mut consumer = builder.build().await.unwrap();
        for offset in 0..10 {
            assert_eq!(next_offset(&mut consumer).await, offset);
        }
        // The automatic commit comes while the application waits for more, of which there is none.
        let waits = async { consumer.next().await.map(|_| ()) };
        let committed = async {
            loop {
                match told.try_recv() {
                    // One before it, if reading the ten took long.
                    Ok((_, offsets)) if offsets.iter().any(|it| (1..10).contains(&it.offset)) => {}
                    Ok(found) => return found,
                    Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
                }
            }
        };
        let found = tokio::select! {
            _ = waits => panic!("there is no further record"),
            found = tokio::time::timeout(SOON, committed) => found.expect("the commit is told"),
        };
        let (thread, mut offsets) = found;
        assert_eq!(thread, std::thread::current().id(), "{protocol:?}");
        offsets.retain(|offset| offset.partition.partition == 1);
        assert_eq!((offsets[0].offset, &*offsets[0].metadata), (10, "host 7"));
        let stored = kafka.admin().group_offsets("billing").await.unwrap();
        assert_eq!(stored.iter().find(|offset| offset.partition.partition == 1), offsets.first());
        // What the application commits itself, and the last ones of all.
        one_partition(&kafka, 10).await;
        let batch = consumer.next_batch().await.unwrap().unwrap();
        consumer.handle().commit_with(&batch, Some("mine")).await.unwrap();
        drop(batch);
        one_partition(&kafka, 1).await;
        assert_eq!(next_offset(&mut consumer).await, 20);
        assert!(
            told.try_iter()
                .flat_map(|(_, offsets)| offsets)
                .any(|it| (it.offset, &*it.metadata) == (20, "mine"))
        );
        consumer.close(SOON).await.unwrap();
        let last = told.try_iter().flat_map(|(_, offsets)| offsets).last().unwrap();
        assert_eq!((last.offset, &*last.metadata), (21, "host 7"), "{protocol:?}");
        // Neither keeps the other from it by its panic.
        assert_eq!(told_first.try_iter().flat_map(|(_, offsets)| offsets).last(), Some(last));
    }
}

#[tokio::test]
async fn a_text_that_is_too_long_is_refused_and_harms_no_other_commit() {
    let (_cluster, kafka) = start().await;
    one_partition(&kafka, 10).await;
    let mut consumer =
        member(&kafka, Protocol::Auto).commit_metadata("x".repeat(4_097)).build().await.unwrap();
    let batch = consumer.next_batch().await.unwrap().unwrap();
    let handle = consumer.handle();
    let refused = handle.commit(&batch).await;
    assert!(
        matches!(refused, Err(CommitError::Refused { error: ErrorCode::OFFSET_METADATA_TOO_LARGE, .. })),
        "{refused:?}"
    );
    let long = "x".repeat(32_768);
    let too_long = handle.commit_with(&batch, Some(&long)).await;
    assert!(matches!(too_long, Err(CommitError::MetadataTooLong { length: 32_768, .. })), "{too_long:?}");
    handle.commit_with(&batch, Some("short")).await.unwrap();
    drop(batch);
    // The automatic ones say so, and the member lives on.
    one_partition(&kafka, 1).await;
    let reads = async {
        assert_eq!(consumer.next().await.unwrap().unwrap().offset(), 10);
        let _ = consumer.next().await;
    };
    let told = async { while !matches!(handle.next_event().await.unwrap(), GroupEvent::CommitFailed(_)) {} };
    tokio::select! {
        () = reads => panic!("there is no further record"),
        told = tokio::time::timeout(SOON, told) => told.expect("the failure is told"),
    }
    assert_eq!(committed(&kafka).await, Some(10));
}
