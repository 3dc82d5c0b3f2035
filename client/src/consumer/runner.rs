//! Processing the records of a group in parallel, those of one key in their order.
//!
//! A [`Runner`] is built from what everybody can use: [`GroupConsumer::next_batch`], [`GroupBatch::by_record`] and
//! [`GroupConsumer::still_here`].
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use ottla::consumer::runner::{Job, Runner};
//!
//! async fn bill(job: Arc<Job>) -> Result<(), std::io::Error> {
//!     println!("{:?} wants {:?}", job.key, job.value);
//!     Ok(())
//! }
//!
//! # async fn example(
//! #     kafka: ottla::Client,
//! #     shutdown: impl Future<Output = ()>,
//! # ) -> Result<(), Box<dyn std::error::Error>> {
//! let consumer = kafka.consumer().group("billing").subscribe(["orders"]).build().await?;
//! let report = Runner::new(consumer).concurrency(32).run(bill, shutdown).await?;
//! println!("{} records, {} tries again", report.processed, report.retries);
//! # Ok(())
//! # }
//! ```
//!
//! [`GroupBatch::by_record`]: super::group::GroupBatch::by_record

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::ops::Deref;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use thiserror::Error;
use tokio::sync::watch;
use tokio::task::{Id, JoinError, JoinSet};

use super::group::{Acknowledger, GroupBatch, GroupConsumer, LeaveReport, Ownership, Standing};
use super::{ConsumeError, OwnedRecord};
use crate::error::DriverStopped;

/// What is done with each record. A closure that gives a future is one; to try again, or to put records aside, write an
/// implementation.
pub trait Process: Send + Sync + 'static {
    /// How it fails.
    type Error: fmt::Display + fmt::Debug + Send + 'static;

    /// Processes a record. Runs in a task of its own on the caller's runtime; no other record of the same key is
    /// processed meanwhile.
    fn process(&self, job: Arc<Job>) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Says what to do with a record that failed for the `attempt`th time, counted from 1. By default everything stops: a
    /// record that is skipped in silence is lost.
    fn failed(&self, job: &Job, error: &Self::Error, attempt: u32) -> Verdict {
        let _ = (job, error, attempt);
        Verdict::Stop
    }

    /// Puts a record aside, for instance into another topic; after that it counts as processed. By default it cannot, and
    /// everything stops.
    fn dead_letter(
        &self,
        job: Arc<Job>,
        error: Self::Error,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send {
        let _ = job;
        async { Err(error) }
    }
}

impl<F, Fut, E> Process for F
where
    F: Fn(Arc<Job>) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send,
    E: fmt::Display + fmt::Debug + Send + 'static,
{
    type Error = E;

    fn process(&self, job: Arc<Job>) -> impl Future<Output = Result<(), E>> + Send {
        self(job)
    }
}

/// What becomes of a record that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is tried again after this time. Later records of its key wait; the other keys go on.
    Retry {
        /// How long to wait.
        after: Duration,
    },
    /// It is given to [`Process::dead_letter`], and its key goes on.
    DeadLetter,
    /// Nothing new is begun, and [`Runner::run`] ends with the error.
    Stop,
}

/// Which records keep their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order {
    /// Those with the same key in the same partition. Records without a key have no order to keep.
    #[default]
    Key,
    /// All of a partition.
    Partition,
}

/// A record to process, and where it is from: a copy of its own.
#[derive(Clone, Debug)]
pub struct Job {
    topic: Arc<str>,
    partition: i32,
    record: OwnedRecord,
    ownership: Ownership,
}

impl Job {
    /// The topic.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The partition.
    #[must_use]
    pub fn partition(&self) -> i32 {
        self.partition
    }

    /// Whether the partition is still this member's; work that takes long may ask.
    #[must_use]
    pub fn ownership(&self) -> &Ownership {
        &self.ownership
    }
}

impl Deref for Job {
    type Target = OwnedRecord;

    fn deref(&self) -> &OwnedRecord {
        &self.record
    }
}

/// Processes the records of a [`GroupConsumer`], several at a time and those of one key one after the other.
///
/// What is committed is how far everything was processed without a gap, with the consumer's own automatic commits. While
/// records are finished the member stays in its group, however long a batch takes; if none is finished within
/// `max_poll_interval` it leaves, as any other. When a partition is taken away, records that are being processed are
/// waited for, and those that were not begun are left to the next owner.
#[derive(Debug)]
#[must_use = "nothing is read before `run`"]
pub struct Runner {
    consumer: GroupConsumer,
    concurrency: usize,
    max_pending: usize,
    order: Order,
    close_timeout: Duration,
}

/// What a [`Runner`] did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RunReport {
    /// Records that were processed.
    pub processed: u64,
    /// Attempts after the first.
    pub retries: u64,
    /// Records that were put aside.
    pub dead_letters: u64,
    /// Records that were read and left to whoever reads next.
    pub left_over: u64,
    /// How the member left its group.
    pub leave: LeaveReport,
}

/// Why a [`Runner`] ended. What was processed by then is committed as far as there is no gap.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum RunError<E> {
    /// A record could not be processed, and was not to be tried again: the application's to mend.
    #[error("{topic}-{partition} @{offset} was not processed: {error}")]
    Failed {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The record's offset.
        offset: i64,
        /// The last attempt's error.
        error: E,
    },
    /// The application's code panicked.
    #[error("processing {topic}-{partition} @{offset} panicked")]
    Panicked {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The record's offset.
        offset: i64,
    },
    /// Nothing more could be read.
    #[error(transparent)]
    Consume(#[from] ConsumeError),
    /// The client has stopped.
    #[error(transparent)]
    Stopped(#[from] DriverStopped),
}

impl Runner {
    /// Runs on this consumer, which is to commit automatically.
    pub fn new(consumer: GroupConsumer) -> Self {
        Self {
            consumer,
            concurrency: 16,
            max_pending: 1000,
            order: Order::Key,
            close_timeout: Duration::from_secs(30),
        }
    }

    /// How many records are processed at a time. Default 16, at least 1.
    pub fn concurrency(mut self, records: usize) -> Self {
        self.concurrency = records.max(1);
        self
    }

    /// How many records may be here, begun or not, before no further batch is taken. The batch that goes beyond it is taken
    /// whole. Default 1,000, at least 1.
    pub fn max_pending(mut self, records: usize) -> Self {
        self.max_pending = records.max(1);
        self
    }

    /// Which records keep their order. Default [`Order::Key`].
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// How long the end may take: what is being processed is waited for, and the group is left. Default 30 s.
    pub fn close_timeout(mut self, timeout: Duration) -> Self {
        self.close_timeout = timeout;
        self
    }

    /// Reads and processes until `until` is ready, a record fails for good, or nothing can be read; then ends in good
    /// order. Must be called within a tokio runtime that has timers. Costs a copy and a task for each record.
    ///
    /// # Errors
    /// See [`RunError`]. It comes after the member has left.
    ///
    /// # Cancel safety
    /// Dropping the future ends everything at once: tasks are aborted where they await, and the consumer is dropped,
    /// which commits nothing more.
    pub async fn run<P: Process>(
        self,
        process: P,
        until: impl Future<Output = ()>,
    ) -> Result<RunReport, RunError<P::Error>> {
        let Self { mut consumer, concurrency, max_pending, order, close_timeout } = self;
        let mut work = Work::new(Arc::new(process), concurrency, order);
        let mut until = pin!(until);
        let mut end = Ok(());
        while end.is_ok() {
            let has_room = work.pending() < max_pending;
            tokio::select! {
                // An end is seen first, then what makes room, then what fills it.
                biased;
                () = &mut until => break,
                Some(finished) = work.running.join_next_with_id() => {
                    consumer.still_here();
                    end = work.finish(finished);
                }
                batch = consumer.next_batch(), if has_room => match batch {
                    Ok(Some(batch)) => work.take(batch),
                    Ok(None) => break,
                    Err(error) => end = Err(error.into()),
                },
            }
            if end.is_ok() {
                work.begin();
            }
        }
        let drained = tokio::time::timeout(close_timeout / 2, work.drain()).await.unwrap_or(Ok(()));
        let (counts, left_over) = work.give_up();
        let leave = consumer.close(close_timeout / 2).await?;
        end.and(drained)?;
        let Counts { processed, retries, dead_letters } = counts;
        Ok(RunReport { processed, retries, dead_letters, left_over, leave })
    }
}

/// What has to be processed one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Lane {
    Key(Arc<str>, i32, Bytes),
    Partition(Arc<str>, i32),
    /// A record that has nothing to wait for.
    Alone(Arc<str>, i32, i64),
}

#[derive(Debug)]
struct Task {
    job: Arc<Job>,
    batch: Acknowledger,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    processed: u64,
    retries: u64,
    dead_letters: u64,
}

/// How a task ended.
enum Outcome<E> {
    Processed,
    DeadLetter,
    /// Somebody else is to process it.
    LeftOver,
    Failed(E),
}

/// The same, and how often it was tried again.
type Ended<E> = (Outcome<E>, u64);

/// Everything that was read and not processed yet.
struct Work<P: Process> {
    process: Arc<P>,
    concurrency: usize,
    order: Order,
    /// Lanes with something to do. The first task of a lane that is running is not here but in `begun`.
    lanes: HashMap<Lane, VecDeque<Task>>,
    /// Lanes of which no task runs, in the order of their turns.
    ready: VecDeque<Lane>,
    running: JoinSet<Ended<P::Error>>,
    begun: HashMap<Id, (Lane, Task)>,
    queued: usize,
    /// What the records are read under, as long as it holds.
    owned: HashMap<(Arc<str>, i32), Ownership>,
    left_over: u64,
    counts: Counts,
    stop: watch::Sender<bool>,
}

impl<P: Process> Work<P> {
    fn new(process: Arc<P>, concurrency: usize, order: Order) -> Self {
        Self {
            process,
            concurrency,
            order,
            lanes: HashMap::new(),
            ready: VecDeque::new(),
            running: JoinSet::new(),
            begun: HashMap::new(),
            queued: 0,
            owned: HashMap::new(),
            left_over: 0,
            counts: Counts::default(),
            stop: watch::Sender::new(false),
        }
    }

    fn pending(&self) -> usize {
        self.queued + self.begun.len()
    }

    /// Queues the records of a batch.
    fn take(&mut self, batch: GroupBatch) {
        let (topic, partition): (Arc<str>, _) = (batch.topic().into(), batch.partition());
        let ownership = batch.ownership();
        self.owned.insert((Arc::clone(&topic), partition), ownership.clone());
        let records: Vec<_> = batch.iter().map(|record| record.to_owned()).collect();
        let batch = batch.by_record();
        for record in records {
            let topic = Arc::clone(&topic);
            let lane = match (self.order, &record.key) {
                (Order::Partition, _) => Lane::Partition(Arc::clone(&topic), partition),
                (Order::Key, Some(key)) => Lane::Key(Arc::clone(&topic), partition, key.clone()),
                (Order::Key, None) => Lane::Alone(Arc::clone(&topic), partition, record.offset),
            };
            let job = Arc::new(Job { topic, partition, record, ownership: ownership.clone() });
            let tasks = self.lanes.entry(lane.clone()).or_insert_with(|| {
                self.ready.push_back(lane);
                VecDeque::new()
            });
            tasks.push_back(Task { job, batch: batch.clone() });
            self.queued += 1;
        }
    }

    /// Begins as much as may run.
    fn begin(&mut self) {
        while self.running.len() < self.concurrency {
            let Some(lane) = self.ready.pop_front() else { return };
            let Some(task) = self.next_of(&lane) else {
                self.lanes.remove(&lane);
                continue;
            };
            let (process, job) = (Arc::clone(&self.process), Arc::clone(&task.job));
            let id = self.running.spawn(attempt(process, job, self.stop.subscribe())).id();
            self.begun.insert(id, (lane, task));
        }
    }

    /// A rebalance waits for what is held of a partition: what was not begun is the next owner's.
    fn leave_what_is_taken_away(&mut self) {
        let before = self.owned.len();
        self.owned.retain(|_, ownership| ownership.standing() == Standing::Held);
        if self.owned.len() == before {
            return;
        }
        for tasks in self.lanes.values_mut() {
            let count = tasks.len();
            tasks.retain(|task| task.job.ownership.standing() == Standing::Held);
            let gone = count - tasks.len();
            self.queued -= gone;
            self.left_over += u64::try_from(gone).unwrap_or(u64::MAX);
        }
    }

    /// The next task of a lane that is still this member's to do.
    fn next_of(&mut self, lane: &Lane) -> Option<Task> {
        let tasks = self.lanes.get_mut(lane)?;
        loop {
            let task = tasks.pop_front()?;
            self.queued -= 1;
            if task.job.ownership.standing() == Standing::Held {
                return Some(task);
            }
            self.left_over += 1;
        }
    }

    fn finish(
        &mut self,
        finished: Result<(Id, Ended<P::Error>), JoinError>,
    ) -> Result<(), RunError<P::Error>> {
        let id = finished.as_ref().map_or_else(JoinError::id, |(id, _)| *id);
        let Some((lane, task)) = self.begun.remove(&id) else { return Ok(()) };
        self.ready.push_back(lane);
        self.leave_what_is_taken_away();
        let Job { topic, partition, record, .. } = &*task.job;
        let (topic, partition, offset) = (topic.to_string(), *partition, record.offset);
        let Ok((_, (outcome, retries))) = finished else {
            self.left_over += 1;
            return Err(RunError::Panicked { topic, partition, offset });
        };
        self.counts.retries += retries;
        match outcome {
            Outcome::Processed => self.counts.processed += 1,
            Outcome::DeadLetter => self.counts.dead_letters += 1,
            Outcome::LeftOver => {
                self.left_over += 1;
                return Ok(());
            }
            Outcome::Failed(error) => {
                self.left_over += 1;
                return Err(RunError::Failed { topic, partition, offset, error });
            }
        }
        task.batch.acknowledge(offset);
        Ok(())
    }

    /// Waits for what was begun; nothing more is.
    async fn drain(&mut self) -> Result<(), RunError<P::Error>> {
        // Nobody receives it if nothing runs.
        self.stop.send_replace(true);
        let mut end = Ok(());
        while let Some(finished) = self.running.join_next_with_id().await {
            let one = self.finish(finished);
            end = end.and(one);
        }
        end
    }

    /// What is left is left, and no longer held; says how many records that are.
    fn give_up(self) -> (Counts, u64) {
        let here = u64::try_from(self.pending()).unwrap_or(u64::MAX);
        (self.counts, self.left_over.saturating_add(here))
    }
}

/// Processes one record until that is decided; says how often it was tried again.
async fn attempt<P: Process>(
    process: Arc<P>,
    job: Arc<Job>,
    mut stop: watch::Receiver<bool>,
) -> Ended<P::Error> {
    let mut attempt = 1_u32;
    loop {
        let retries = u64::from(attempt - 1);
        let Err(error) = process.process(Arc::clone(&job)).await else {
            return (Outcome::Processed, retries);
        };
        match process.failed(&job, &error, attempt) {
            Verdict::Retry { after } => tokio::select! {
                () = tokio::time::sleep(after) => {}
                _ = job.ownership.revoking() => return (Outcome::LeftOver, retries),
                _ = stop.wait_for(|stop| *stop) => return (Outcome::LeftOver, retries),
            },
            Verdict::DeadLetter => {
                let outcome = process.dead_letter(job, error).await;
                return (outcome.map_or_else(Outcome::Failed, |()| Outcome::DeadLetter), retries);
            }
            Verdict::Stop => return (Outcome::Failed(error), retries),
        }
        attempt = attempt.saturating_add(1);
    }
}
