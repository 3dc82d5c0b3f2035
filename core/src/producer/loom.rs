//! Models of the shared edge: every order in which threads can meet in it.
//!
//! `cargo xtask ci` runs them; alone: `RUSTFLAGS="--cfg loom" cargo test -p ottla-core --release --lib loom_`, with
//! a `CARGO_TARGET_DIR` of its own. Each was seen to fail with a bug planted in what it models:
//!
//! | model of | planted bug |
//! |---|---|
//! | a waiter and the outcome | the wakers taken before the outcome is set |
//! | a cancellation and the first write | no second look at what was struck |
//! | a record given up and its batch written | the batch's outcome told in its place |
//! | a polled delivery that is dropped | its waker left behind |
//! | two appends and the driver's take | the lane unlocked between the look and the opening |
//! | an append, a cancellation, a drop and the take | no second look at what was struck |
//! | an append and the close | the look at the close outside the lock |
//! | a release and a waiter that leaves | the next in the queue not called |
//! | a growth that is refused and a release | no second look once in the queue |
//! | a push and a driver that goes to sleep | the bell rung before the push |
//! | an asker and the answer | the asker not woken |
//! | an acknowledgement and its throttle | `settled` stored without release |
//! | readers of a throttle, in `net::throttle` | the latest end stored instead of the longest |

use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use loom::thread;

use ottla_proto::records::Stamp;
use ottla_proto::{BrokerId, TopicId, TopicName};

use super::batch::{Batch, Body};
use super::budget::{Budget, Goal};
use super::completion::completion;
use super::fate::{BatchFate, Delivery, Outcome};
use super::inbox::Inbox;
use super::lane::{AppendTerms, Entry, Lane, LaneId, Refusal};
use super::record::NewRecord;
use super::{Cause, Latency, NewRecord as Record};
use crate::net::{Class, Throttle, ThrottleCause, ThrottleTable};
use crate::sync::{Arc, AtomicBool, Ordering};
use crate::time::Instant;
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

fn written() -> Outcome {
    Outcome::Written { base_offset: Some(40), log_append_time: None, latency: Latency::default() }
}

#[test]
fn loom_a_waiter_is_woken_or_sees_the_outcome() {
    loom::model(|| {
        let fate = BatchFate::new(0);
        let mut delivery = Delivery::new(Arc::clone(&fate), 1);
        let driver = thread::spawn(move || {
            assert!(fate.take(0).is_ok());
            fate.settle(written());
        });
        let (called, waker) = flag();
        let mut context = Context::from_waker(&waker);
        let pending = delivery.poll_settled(&mut context).is_pending();
        driver.join().unwrap();
        assert!(!pending || called.0.load(Ordering::SeqCst));
        match delivery.poll_settled(&mut context) {
            Poll::Ready(settled) => assert_eq!(settled.result.unwrap().offset, Some(41)),
            Poll::Pending => panic!("settled and not told"),
        }
    });
}

#[test]
fn loom_a_cancelled_record_is_cut_out_or_goes_on() {
    loom::model(|| {
        let fate = BatchFate::new(0);
        let cancelled = Delivery::new(Arc::clone(&fate), 0);
        let mut kept = Delivery::new(Arc::clone(&fate), 1);
        let sender = thread::spawn(move || cancelled.cancel());
        // As the driver does: what was struck is cut out, then it is looked whether more was struck meanwhile.
        let mut struck = fate.struck();
        while let Err(more) = fate.take(struck.len()) {
            struck = more;
        }
        fate.settle(written());
        let cut = sender.join().unwrap();
        assert_eq!(struck, if cut { vec![0] } else { vec![] });
        let (_, waker) = flag();
        let Poll::Ready(settled) = kept.poll_settled(&mut Context::from_waker(&waker)) else {
            panic!("settled and not told")
        };
        assert_eq!(settled.result.unwrap().offset, Some(if cut { 40 } else { 41 }));
    });
}

#[test]
fn loom_a_record_that_is_given_up_and_its_batch_that_is_written_agree_on_one_outcome() {
    loom::model(|| {
        let fate = BatchFate::new(0);
        assert!(fate.take(0).is_ok());
        let mut delivery = Delivery::new(Arc::clone(&fate), 0);
        let waiter = thread::spawn(move || {
            let (called, waker) = flag();
            let mut context = Context::from_waker(&waker);
            let early = delivery.poll_settled(&mut context).is_ready();
            (delivery, called, early)
        });
        let given_up = fate.give_up(0, Cause::Aborted, Latency::default());
        let before = fate.settle(written());
        assert!(given_up, "nobody else ends it");
        assert_eq!((before.struck, before.others), (0, 1));
        let (mut delivery, called, early) = waiter.join().unwrap();
        assert!(early || called.0.load(Ordering::SeqCst), "nobody woke the waiter");
        let (_, waker) = flag();
        match delivery.poll_settled(&mut Context::from_waker(&waker)) {
            Poll::Ready(settled) => assert!(settled.result.is_err(), "told twice, and differently"),
            Poll::Pending => panic!("ended and not told"),
        }
    });
}

#[test]
fn loom_a_polled_delivery_may_be_dropped_at_any_moment() {
    loom::model(|| {
        let fate = BatchFate::new(0);
        let mut delivery = Delivery::new(Arc::clone(&fate), 0);
        let waiter = thread::spawn(move || {
            let (_, waker) = flag();
            let _ = delivery.poll_settled(&mut Context::from_waker(&waker));
            drop(delivery);
        });
        fate.settle(written());
        waiter.join().unwrap();
        let fate = BatchFate::new(0);
        let mut delivery = Delivery::new(Arc::clone(&fate), 0);
        let (_, waker) = flag();
        assert!(delivery.poll_settled(&mut Context::from_waker(&waker)).is_pending());
        drop(delivery);
        assert_eq!(fate.waiters(), 0, "nobody is left to be woken");
    });
}

/// Whoever has seen an acknowledgement sees the throttle that came with it.
#[test]
fn loom_a_throttle_is_published_before_the_acknowledgement_that_told_it() {
    loom::model(|| {
        let mut throttles = ThrottleTable::default();
        let view = Arc::clone(throttles.view());
        let fate = BatchFate::new(0);
        let delivery = Delivery::new(Arc::clone(&fate), 0);
        let (node, class, cause) = (BrokerId(1), Class::Produce, ThrottleCause::ByteRate);
        let [long, short] = [3, 1].map(|millis| Instant::ZERO + Duration::from_millis(millis));
        let sender = thread::spawn(move || {
            if delivery.is_settled() {
                let told = view.get(node, class, Instant::ZERO).map(|told| told.until);
                assert_eq!(told, Some(long));
            }
        });
        for until in [long, short] {
            throttles.record(Throttle { node, class, until, cause }, true, Instant::ZERO);
        }
        fate.settle(written());
        sender.join().unwrap();
    });
}

/// As handles do: into the open batch if it has room, and the whole way if not.
fn append(
    lane: &Lane,
    record: &NewRecord<'_>,
    budget: &Arc<Budget>,
    batch_bytes: usize,
) -> Result<Delivery, Refusal> {
    let delivery_timeout = Duration::from_secs(120);
    let terms = AppendTerms { budget, batch_bytes, compressed: false, delivery_timeout, turn: None };
    let at_once = lane.append_to_open(record, Entry::Bound, batch_bytes);
    at_once.map_or_else(|| lane.append(record, Entry::Bound, &terms, || Instant::ZERO).1, Ok)
}

#[test]
fn loom_every_accepted_record_is_taken_once() {
    loom::model(|| {
        let budget = Budget::new(1 << 20, 50);
        let lane = Lane::new(LaneId(0), 0);
        let senders: Vec<_> = (0..2)
            .map(|_| {
                let (lane, budget) = (Arc::clone(&lane), Arc::clone(&budget));
                thread::spawn(move || {
                    let record: Record<'_> = NewRecord { value: Some(&[0; 40]), ..NewRecord::default() };
                    u32::from(append(&lane, &record, &budget, 150).is_ok())
                })
            })
            .collect();
        let count = |batch: super::lane::OpenBatch| batch.writer.count();
        let early = lane.take().map_or(0, count);
        let accepted: u32 = senders.into_iter().map(|sender| sender.join().unwrap()).sum();
        let mut taken = early;
        while let Some(batch) = lane.take() {
            taken += count(batch);
        }
        assert_eq!((accepted, taken), (2, 2));
        assert_eq!(budget.free(), 1 << 20);
    });
}

#[test]
fn loom_an_append_that_is_cancelled_or_dropped_meets_the_driver_that_takes_the_batch() {
    loom::model(|| {
        let budget = Budget::new(1 << 20, 50);
        let lane = Lane::new(LaneId(0), 0);
        let sender = {
            let (lane, budget) = (Arc::clone(&lane), Arc::clone(&budget));
            thread::spawn(move || {
                let send = |value: &[u8]| {
                    let record: Record<'_> = NewRecord { value: Some(value), ..NewRecord::default() };
                    append(&lane, &record, &budget, 1000).unwrap()
                };
                drop(send(b"dropped"));
                send(b"cancelled").cancel()
            })
        };
        let mut written = Vec::new();
        let mut drain = || {
            while let Some(open) = lane.take() {
                let struck = open.fate.struck();
                let (mut batch, writer) = Batch::take_over(open);
                // The batch is closed without what was struck so far; more may be struck until it is taken.
                assert!(batch.cut.len() >= struck.len());
                batch.body = Body::Sealed(writer.seal());
                while let Err(struck) = batch.fate.take(batch.cut.len()) {
                    let writer = batch.cut_out(struck).unwrap();
                    batch.body = Body::Sealed(writer.seal());
                }
                if batch.records > 0 {
                    batch.stamp((Stamp::NONE, 0), TopicId::ZERO);
                    let bytes = batch.wire_bytes().unwrap();
                    let found = |value: &[u8]| bytes.windows(value.len()).any(|window| window == value);
                    written.extend([found(b"dropped"), found(b"cancelled")]);
                }
            }
        };
        drain();
        let cut = sender.join().unwrap();
        drain();
        assert_eq!(written.iter().filter(|found| **found).count(), if cut { 1 } else { 2 });
        assert_eq!(budget.free(), 1 << 20);
    });
}

#[test]
fn loom_a_closed_lane_accepts_nothing_that_is_not_taken() {
    loom::model(|| {
        let budget = Budget::new(1 << 20, 50);
        let lane = Lane::new(LaneId(0), 0);
        let sender = {
            let (lane, budget) = (Arc::clone(&lane), Arc::clone(&budget));
            thread::spawn(move || {
                let record: Record<'_> = NewRecord { value: Some(b"v"), ..NewRecord::default() };
                append(&lane, &record, &budget, 1000).is_ok()
            })
        };
        lane.close();
        let taken = lane.take().is_some();
        assert_eq!(sender.join().unwrap(), taken);
    });
}

#[test]
fn loom_space_that_comes_free_is_never_lost_on_a_waiter_that_leaves() {
    loom::model(|| {
        let budget = Budget::new(100, 50);
        let charge = budget.charge(0, 100, 100, None).unwrap();
        let goal = Goal { leader: 0, partition: 0 };
        let mut first = budget.wait(goal, 60, &TopicName::default(), Instant::ZERO);
        let mut second = budget.wait(goal, 60, &TopicName::default(), Instant::ZERO);
        let (_, first_waker) = flag();
        let (called, second_waker) = flag();
        assert!(first.poll_called(&mut Context::from_waker(&first_waker)).is_pending());
        assert!(second.poll_called(&mut Context::from_waker(&second_waker)).is_pending());
        let release = thread::spawn(move || drop(charge));
        drop(first);
        release.join().unwrap();
        assert!(called.0.load(Ordering::SeqCst), "the second waits beside free space");
        assert!(second.poll_called(&mut Context::from_waker(&second_waker)).is_ready());
        assert!(budget.charge(0, 60, 60, Some(&second)).is_ok());
    });
}

#[test]
fn loom_a_growth_that_is_refused_is_seen_by_the_release() {
    loom::model(|| {
        let budget = Budget::new(100, 50);
        let held = budget.charge(0, 60, 60, None).unwrap();
        let mut growing = budget.charge(0, 40, 40, None).unwrap();
        let release = thread::spawn(move || drop(held));
        let grown = growing.grow(40, None).is_ok();
        let mut called = true;
        if !grown {
            let (flag, waker) = flag();
            let goal = Goal { leader: 0, partition: 0 };
            let mut turn = budget.wait(goal, 40, &TopicName::default(), Instant::ZERO);
            let pending = turn.poll_called(&mut Context::from_waker(&waker)).is_pending();
            release.join().unwrap();
            called = !pending || flag.0.load(Ordering::SeqCst);
            drop(turn);
        } else {
            release.join().unwrap();
        }
        assert!(called);
        drop(growing);
        assert_eq!(budget.free(), 100);
    });
}

#[test]
fn loom_no_input_is_left_beside_a_sleeping_driver() {
    loom::model(|| {
        let wake = Arc::new(DriverWake::new());
        let (called, waker) = flag();
        wake.set_waker(&waker);
        let inbox = Arc::new(Inbox::new(Arc::clone(&wake)));
        let sender = {
            let inbox = Arc::clone(&inbox);
            thread::spawn(move || inbox.opened(LaneId(0), Instant::ZERO + Duration::from_millis(5)))
        };
        wake.park(None);
        let sleeps = !inbox.has_input();
        if !sleeps {
            wake.unpark();
        }
        sender.join().unwrap();
        assert!(!sleeps || called.0.load(Ordering::SeqCst), "the driver sleeps through a record");
    });
}

#[test]
fn loom_an_asker_is_woken_by_the_answer_and_by_its_absence() {
    loom::model(|| {
        let (answerer, mut completion) = completion::<u8>();
        let driver = thread::spawn(move || answerer.answer(7));
        let (called, waker) = flag();
        let mut context = Context::from_waker(&waker);
        let early = completion.poll_answer(&mut context);
        driver.join().unwrap();
        let answer = match early {
            Poll::Ready(answer) => answer,
            Poll::Pending => {
                assert!(called.0.load(Ordering::SeqCst));
                match completion.poll_answer(&mut context) {
                    Poll::Ready(answer) => answer,
                    Poll::Pending => panic!("answered and not told"),
                }
            }
        };
        assert_eq!(answer, Some(7));
    });
}
