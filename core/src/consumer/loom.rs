//! Models of where driver and reader meet: every order in which their threads can.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test -p ottla-core --release loom_`.
//!
//! Each was seen to fail with a bug planted: no second look at what is used, or no fence before it; bytes that are not
//! given back to the account, are given back twice, or charged one too few; a counter that is read and then written; `deliver` that takes the reader's waker before it hands over; `poll_take` that leaves its
//! waker after the lock; a read from a full partition that leaves no order; `deliver` by partition instead of by slot;
//! `end` without a wake.

use std::task::{Context, Poll, Wake, Waker};

use bytes::Bytes;
use loom::thread;
use ottla_proto::TopicName;
use ottla_proto::records::{self, BatchWriter, Stamp};

use super::batch::FetchedBatch;
use super::budget::{Account, Budget, Charge};
use super::config::{ConsumerConfig, Start, TopicPartition};
use super::edge::{Appetite, ConsumerEdge, Delivery, Order, SlotId, Taken};
use crate::sync::{Arc, AtomicBool, Ordering};
use crate::wake::DriverWake;

/// A waker that remembers that it was called.
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

fn flag() -> (std::sync::Arc<Flag>, Waker) {
    let flag = std::sync::Arc::new(Flag(AtomicBool::new(false)));
    (std::sync::Arc::clone(&flag), Waker::from(flag))
}

struct Scene {
    edge: Arc<ConsumerEdge>,
    account: Arc<Account>,
    budget: Arc<Budget>,
    wake: Arc<DriverWake>,
    slot: SlotId,
}

const LIMIT: usize = 1_000;

/// One partition that is full with a single batch.
fn scene() -> Scene {
    let wake = Arc::new(DriverWake::new());
    let budget = Budget::new(LIMIT, Arc::clone(&wake));
    let config = ConsumerConfig { partition_max_bytes: 1, ..ConsumerConfig::default() };
    let edge = ConsumerEdge::new(&config, Arc::clone(&budget), Arc::clone(&wake));
    edge.assign([(name(), Start::At(0))]);
    let slot = match &edge.take_orders()[..] {
        [Order::Assign { slot, .. }] => *slot,
        other => panic!("{other:?}"),
    };
    Scene { account: Account::new(&budget), edge, budget, wake, slot }
}

fn name() -> TopicPartition {
    TopicPartition { topic: TopicName::from("t"), partition: 0 }
}

fn bytes() -> Bytes {
    let mut writer = BatchWriter::new(Vec::new());
    writer.append(0, None, Some(b"v"), usize::MAX).unwrap();
    writer.seal().stamp(Stamp::NONE).bytes().clone()
}

fn delivery(bytes: &Bytes, charge: Charge) -> Delivery {
    let batch = records::Batch::parse(bytes.clone()).unwrap();
    let batch = FetchedBatch::new(name(), batch, 0, &Arc::new(charge));
    Delivery { batches: vec![batch], ..Delivery::default() }
}

fn take(edge: &ConsumerEdge, waker: &Waker) -> Poll<bool> {
    edge.poll_take(&mut Context::from_waker(waker)).map(|taken| matches!(taken, Taken::Batch(..)))
}

#[test]
fn loom_room_that_comes_back_is_seen_or_wakes_the_driver() {
    loom::model(|| {
        let Scene { account, budget, wake, .. } = scene();
        let (called, waker) = flag();
        wake.set_waker(&waker);
        let held = account.reserve(1, LIMIT, LIMIT).unwrap();
        let reader = thread::spawn(move || drop(held));
        budget.take_note();
        let refused = account.reserve(LIMIT, LIMIT, LIMIT).is_none();
        wake.park(None);
        let sleeps = !budget.has_come_back();
        reader.join().unwrap();
        assert!(!refused || !sleeps || called.0.load(Ordering::SeqCst), "the driver sleeps beside free room");
    });
}

#[test]
fn loom_every_byte_comes_back_once() {
    loom::model(|| {
        let Scene { account, budget, .. } = scene();
        let frame = Arc::new(account.reserve(1, 600, LIMIT).unwrap());
        let reader = {
            let frame = Arc::clone(&frame);
            thread::spawn(move || {
                let decompressed = frame.another(300);
                drop(frame);
                drop(decompressed);
            })
        };
        drop(frame);
        // Whatever the reader holds meanwhile, what is promised anew is never more than there is.
        let promised = account.reserve(1, LIMIT, LIMIT);
        assert!(promised.is_none_or(|charge| charge.bytes() <= LIMIT));
        reader.join().unwrap();
        assert_eq!((budget.used(), account.used()), (0, 0));
    });
}

/// `used` shows a debt as nothing, and a byte too much given back would be one: what can be promised shows it.
#[test]
fn loom_what_is_held_is_charged_to_the_byte() {
    loom::model(|| {
        let Scene { account, .. } = scene();
        let all =
            |account: &Arc<Account>| account.reserve(1, 2 * LIMIT, 2 * LIMIT).map_or(0, |it| it.bytes());
        let kept = account.reserve(300, 300, LIMIT).unwrap();
        let mut frame = account.reserve(600, 600, LIMIT).unwrap();
        let reader = thread::spawn(move || {
            let decompressed = kept.another(70);
            frame.resize(400);
            drop(frame);
            (kept, decompressed)
        });
        assert!(all(&account) + 300 <= LIMIT, "what is held all along was promised anew");
        let held = reader.join().unwrap();
        assert_eq!(all(&account) + 300 + 70, LIMIT);
        drop(held);
        assert_eq!(all(&account), LIMIT);
    });
}

#[test]
fn loom_a_batch_that_arrives_is_seen_or_wakes_the_reader() {
    let bytes = bytes();
    loom::model(move || {
        let Scene { edge, account, slot, .. } = scene();
        let driver = {
            let (edge, bytes) = (Arc::clone(&edge), bytes.clone());
            thread::spawn(move || {
                let charge = account.reserve(1, 100, LIMIT).unwrap();
                edge.deliver([(slot, delivery(&bytes, charge))]);
            })
        };
        let (called, waker) = flag();
        let early = take(&edge, &waker);
        driver.join().unwrap();
        if early.is_pending() {
            assert!(called.0.load(Ordering::SeqCst), "the reader sleeps beside a batch");
            assert_eq!(take(&edge, &waker), Poll::Ready(true));
        }
        assert!(take(&edge, &waker).is_pending(), "handed out twice");
    });
}

#[test]
fn loom_a_read_from_a_full_partition_is_seen_or_wakes_the_driver() {
    let bytes = bytes();
    loom::model(move || {
        let Scene { edge, account, wake, slot, .. } = scene();
        let (called, waker) = flag();
        wake.set_waker(&waker);
        edge.deliver([(slot, delivery(&bytes, account.reserve(1, 100, LIMIT).unwrap()))]);
        let reader = {
            let edge = Arc::clone(&edge);
            thread::spawn(move || assert_eq!(take(&edge, Waker::noop()), Poll::Ready(true)))
        };
        // A turn of the driver: orders, then what is to be asked for, then one more look before it sleeps.
        edge.take_orders();
        let full =
            edge.appetites_or_wake([(slot, true)].into_iter(), usize::MAX).0 == [(slot, Appetite::Full)];
        wake.park(None);
        let sleeps = !edge.has_orders();
        reader.join().unwrap();
        assert!(
            !full || !sleeps || called.0.load(Ordering::SeqCst),
            "the driver sleeps beside a hungry partition"
        );
    });
}

#[test]
fn loom_nothing_of_before_a_seek_comes_after_it() {
    let bytes = bytes();
    loom::model(move || {
        let Scene { edge, account, budget, slot, .. } = scene();
        let driver = {
            let (edge, bytes) = (Arc::clone(&edge), bytes.clone());
            thread::spawn(move || {
                let charge = account.reserve(1, 100, LIMIT).unwrap();
                edge.deliver([(slot, delivery(&bytes, charge))]);
            })
        };
        edge.seek(&name(), Start::At(7)).unwrap();
        assert!(take(&edge, Waker::noop()).is_pending());
        driver.join().unwrap();
        assert!(take(&edge, Waker::noop()).is_pending());
        assert_eq!((budget.used(), edge.partitions()[0].position), (0, Some(7)));
    });
}

#[test]
fn loom_the_end_is_seen_or_wakes_the_reader() {
    loom::model(|| {
        let Scene { edge, .. } = scene();
        let driver = {
            let edge = Arc::clone(&edge);
            thread::spawn(move || edge.end())
        };
        let (called, waker) = flag();
        let early = take(&edge, &waker);
        driver.join().unwrap();
        assert!(
            early.is_ready() || called.0.load(Ordering::SeqCst),
            "the reader waits for a driver that is gone"
        );
        assert_eq!(take(&edge, &waker), Poll::Ready(false));
    });
}
