use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use ottla_core::Instant;
use ottla_core::producer as core;
use ottla_proto::TopicName;

use super::builder::DetachOnDrop;
use super::interceptor::{Interceptors, intercept};
use super::sending::Sending;
use super::{Delivery, ProducerMetrics, Record, Refused, Reports, SendError};
use crate::driver::DriverHandle;
use crate::error::DriverStopped;
use crate::throttle::{self, Throttle};
use crate::wait::Waiting;

/// A producer: accepts records, gathers them into batches, and delivers each once and in order.
///
/// All handles ([`Producer`] and [`TopicProducer`], cheap to clone) share its memory, its connections and its
/// identity. When the last one is dropped nothing more can be sent; what was accepted is still delivered for as
/// long as the [`Client`](crate::Client) lives. [`flush`](Self::flush) or [`close`](Self::close) first, to know.
///
/// ```no_run
/// # async fn example(kafka: ottla::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use ottla::{Compression, Record};
///
/// let producer = kafka.producer().compression(Compression::Lz4).build().await?;
/// let orders = producer.topic("orders");
/// let delivery = orders.send(Record::value("42 apples").key("alice")).await?; // accepted
/// let receipt = delivery.await?; // acknowledged
/// println!("partition {}, offset {:?}, {}", receipt.partition, receipt.offset, receipt.latency);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Producer {
    driver: DriverHandle,
    shared: Arc<DetachOnDrop>,
    pub(super) interceptors: Arc<Interceptors>,
}

impl Producer {
    pub(super) fn new(driver: DriverHandle, shared: DetachOnDrop, interceptors: Interceptors) -> Self {
        Self { driver, shared: Arc::new(shared), interceptors: Arc::new(interceptors) }
    }

    /// A handle to send to one topic.
    ///
    /// The first one of a topic makes the client ask the cluster about it, in the background. Whether the topic
    /// exists shows when something is sent.
    #[must_use]
    pub fn topic(&self, name: &str) -> TopicProducer {
        let topic = self.shared.edge().topic(&TopicName::from(name));
        TopicProducer { producer: self.clone(), topic }
    }

    /// Sends everything that was accepted so far without lingering, and waits until it is settled or the timeout
    /// has passed.
    ///
    /// # Errors
    /// If the client has stopped.
    ///
    /// # Cancel safety
    /// Dropping the future loses the report; the flush goes on.
    pub async fn flush(&self, timeout: Duration) -> Result<FlushReport, DriverStopped> {
        let completion = self.shared.edge().flush(self.driver.now() + timeout);
        let report = answer(completion).await?;
        let now = self.driver.now();
        Ok(FlushReport {
            written: report.settled.written,
            not_written: report.settled.not_written,
            possibly_written: report.settled.possibly_written,
            waiting: report.waiting.iter().map(|waiting| Waiting::new(waiting, now)).collect(),
        })
    }

    /// Accepts nothing more through any handle, and delivers what was accepted. What is not settled when the
    /// timeout has passed is given up, and its delivery says truly whether it can be in the log.
    ///
    /// # Errors
    /// If the client has stopped.
    ///
    /// # Cancel safety
    /// Dropping the future loses the report; the producer is closed all the same, by the same moment.
    pub async fn close(&self, timeout: Duration) -> Result<CloseReport, DriverStopped> {
        let completion = self.shared.edge().close(self.driver.now() + timeout);
        Ok(CloseReport::new(&answer(completion).await?.settled))
    }

    /// Gives up every record that has no outcome yet, at once, and goes on with those that come later. What is in
    /// flight ends as possibly written, and keeps its place in the order until its answer comes.
    ///
    /// Java has nothing like it without a transaction.
    ///
    /// # Errors
    /// If the client has stopped.
    ///
    /// # Cancel safety
    /// Dropping the future loses the report; the records are given up all the same.
    pub async fn abort(&self) -> Result<CloseReport, DriverStopped> {
        Ok(CloseReport::new(&answer(self.shared.edge().abort()).await?.settled))
    }

    /// As [`abort`](Self::abort), for the records of one topic.
    ///
    /// # Errors
    /// If the client has stopped.
    ///
    /// # Cancel safety
    /// Dropping the future loses the report; the records are given up all the same.
    pub async fn purge(&self, topic: &str) -> Result<CloseReport, DriverStopped> {
        let completion = self.shared.edge().purge(&TopicName::from(topic));
        Ok(CloseReport::new(&answer(completion).await?.settled))
    }

    /// What waits in this client at this moment, and what for: for this producer's batches, of each partition what is in
    /// flight and what goes next.
    ///
    /// # Errors
    /// If the client has stopped.
    ///
    /// # Cancel safety
    /// Dropping the future loses the answer and nothing else.
    pub async fn explain(&self) -> Result<Vec<Waiting>, DriverStopped> {
        let shared = Arc::clone(&self.shared);
        self.driver
            .run(move |core, now| {
                let mut waiting = Vec::new();
                let parts = core.parts();
                parts.producers.explain_one(shared.edge(), parts.net, now, &mut waiting);
                waiting.iter().map(|waiting| Waiting::new(waiting, now)).collect()
            })
            .await
    }

    /// The outcome of every batch that is settled from now on, through whichever handle it was sent. Costs one short
    /// lock per batch.
    #[must_use]
    pub fn reports(&self) -> Reports {
        Reports::new(self.shared.edge().observe())
    }

    /// What the producer has done since it was built. Costs one turn of the driver and some 15 KiB.
    ///
    /// # Errors
    /// If the client has stopped.
    ///
    /// # Cancel safety
    /// Dropping the future loses the answer and nothing else.
    pub async fn metrics(&self) -> Result<ProducerMetrics, DriverStopped> {
        let shared = Arc::clone(&self.shared);
        let metrics = self.driver.run(move |core, _now| core.parts().producers.metrics_of(shared.edge()));
        metrics.await.map(|metrics| ProducerMetrics::new(&metrics))
    }

    /// Every throttle that holds at this moment. Takes no lock and asks nobody.
    #[must_use]
    pub fn throttle(&self) -> Vec<Throttle> {
        throttle::active(&self.driver)
    }

    /// How many bytes of the memory are free. Costs one short lock.
    #[must_use]
    pub fn free_memory(&self) -> usize {
        self.shared.edge().free_bytes()
    }

    pub(super) fn now(&self) -> Instant {
        self.driver.now()
    }
}

async fn answer<T>(mut completion: core::Completion<T>) -> Result<T, DriverStopped> {
    poll_fn(|context| completion.poll_answer(context)).await.ok_or(DriverStopped)
}

/// A producer's handle for one topic.
///
/// Cheap to clone, `Send` and `Sync`. Any number of tasks and threads may send through one or through clones;
/// records of one sender to one partition keep their order.
#[derive(Clone, Debug)]
pub struct TopicProducer {
    pub(super) producer: Producer,
    pub(super) topic: core::TopicHandle,
}

impl TopicProducer {
    /// The topic's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.topic.name()
    }

    /// The producer that this is a handle of.
    #[must_use]
    pub fn producer(&self) -> &Producer {
        &self.producer
    }

    /// How many partitions the topic has; `None` while that is not known.
    #[must_use]
    pub fn partitions(&self) -> Option<u32> {
        Some(self.topic.partitions()).filter(|&partitions| partitions > 0)
    }

    /// Hands a record over, waiting until there is place for it. The result stands for *accepted*; awaiting the
    /// [`Delivery`] gives *acknowledged*.
    ///
    /// It waits only until the topic's partitions are known, and for memory: that is free again as soon as
    /// earlier records are settled, at the latest after their delivery timeout. [`try_send`](Self::try_send) says
    /// which of the two it would be. Usually it does not wait at all and costs some tens of nanoseconds.
    ///
    /// # Errors
    /// If waiting does not help; the record was not accepted.
    ///
    /// # Cancel safety
    /// Dropping the future before it is ready leaves the queue: the record was not accepted, and nobody behind it
    /// waits longer for that.
    pub fn send<'a>(&'a self, record: Record<'a>) -> Sending<'a> {
        Sending::new(self, record)
    }

    /// Hands a record over at once, or says why not. Never waits; the record is borrowed, so the caller still has
    /// it.
    ///
    /// # Errors
    /// [`Refused::Waiting`] with the reason if [`send`](Self::send) would wait, [`Refused::Never`] if that would
    /// not help.
    pub fn try_send(&self, record: Record<'_>) -> Result<Delivery, Refused> {
        if self.producer.interceptors.is_empty() {
            return self.try_append(record);
        }
        let outgoing = intercept(&self.producer.interceptors, self.name(), record);
        let headers = outgoing.borrowed_headers();
        self.try_append(outgoing.as_record(&headers))
    }

    /// Hands a record over, waiting as [`send`](Self::send) does, and leaves its outcome to those who observe the
    /// producer: [`Producer::reports`] or [`ProducerBuilder::on_report`](crate::ProducerBuilder::on_report).
    ///
    /// # Errors
    /// As [`send`](Self::send).
    ///
    /// # Cancel safety
    /// As [`send`](Self::send).
    pub async fn enqueue(&self, record: Record<'_>) -> Result<(), SendError> {
        self.send(record).await.map(drop)
    }

    /// Hands records over one after the other, waiting as [`send`](Self::send) does, and puts the delivery of each at
    /// the end of `deliveries` when it is accepted.
    ///
    /// # Errors
    /// As [`send`](Self::send), for the first record that is refused. Those before it are in `deliveries`, it and
    /// those behind it were not accepted.
    ///
    /// # Cancel safety
    /// Dropping the future before it is ready ends it between two records: those in `deliveries` were accepted and are
    /// sent, the others were not.
    pub async fn send_batch<'a>(
        &self,
        records: impl IntoIterator<Item = Record<'a>>,
        deliveries: &mut Vec<Delivery>,
    ) -> Result<(), SendError> {
        for record in records {
            deliveries.push(self.send(record).await?);
        }
        Ok(())
    }

    fn try_append(&self, record: Record<'_>) -> Result<Delivery, Refused> {
        let now = || self.producer.now();
        match self.topic.try_append(&record.to_core(), now) {
            Ok(delivery) => Ok(Delivery::new(delivery)),
            Err(refused) => Err(Refused::new(refused, self.name(), now())),
        }
    }
}

/// What [`Producer::flush`] has to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FlushReport {
    /// Records that are in the log now.
    pub written: u64,
    /// Records that were given up and are certainly not in the log.
    pub not_written: u64,
    /// Records that were given up, and nobody can say whether they are in the log.
    pub possibly_written: u64,
    /// What still waits, and what for; empty if everything was settled in time.
    pub waiting: Vec<Waiting>,
}

impl FlushReport {
    /// Whether everything that had been accepted is in the log.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.waiting.is_empty() && self.not_written == 0 && self.possibly_written == 0
    }
}

/// What [`Producer::close`], [`abort`](Producer::abort) and [`purge`](Producer::purge) have to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloseReport {
    /// Records that were still on their way and are in the log now.
    pub written: u64,
    /// Records that were given up and are certainly not in the log.
    pub not_written: u64,
    /// Records that were given up, and nobody can say whether they are in the log.
    pub possibly_written: u64,
}

impl CloseReport {
    fn new(settled: &core::Tally) -> Self {
        let core::Tally { written, not_written, possibly_written } = *settled;
        Self { written, not_written, possibly_written }
    }
}
