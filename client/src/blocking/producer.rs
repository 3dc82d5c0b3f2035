use std::time::Duration;

use super::wait::{wait, wait_for};
use crate::error::DriverStopped;
use crate::producer::{
    CloseReport, Delivery, FlushReport, ProducerMetrics, Record, Refused, Reports, SendError,
};
use crate::throttle::Throttle;
use crate::wait::Waiting;

/// A [`Producer`](crate::Producer) whose calls wait. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Producer(crate::Producer);

impl Producer {
    pub(super) fn new(producer: crate::Producer) -> Self {
        Self(producer)
    }

    /// The producer behind it.
    #[must_use]
    pub fn producer(&self) -> &crate::Producer {
        &self.0
    }

    /// A handle to send to one topic, as [`Producer::topic`](crate::Producer::topic).
    #[must_use]
    pub fn topic(&self, name: &str) -> TopicProducer {
        TopicProducer(self.0.topic(name))
    }

    /// As [`Producer::flush`](crate::Producer::flush).
    ///
    /// # Errors
    /// As there.
    pub fn flush(&self, timeout: Duration) -> Result<FlushReport, DriverStopped> {
        wait(self.0.flush(timeout))
    }

    /// As [`Producer::close`](crate::Producer::close).
    ///
    /// # Errors
    /// As there.
    pub fn close(&self, timeout: Duration) -> Result<CloseReport, DriverStopped> {
        wait(self.0.close(timeout))
    }

    /// As [`Producer::abort`](crate::Producer::abort).
    ///
    /// # Errors
    /// As there.
    pub fn abort(&self) -> Result<CloseReport, DriverStopped> {
        wait(self.0.abort())
    }

    /// As [`Producer::purge`](crate::Producer::purge).
    ///
    /// # Errors
    /// As there.
    pub fn purge(&self, topic: &str) -> Result<CloseReport, DriverStopped> {
        wait(self.0.purge(topic))
    }

    /// As [`Producer::explain`](crate::Producer::explain).
    ///
    /// # Errors
    /// As there.
    pub fn explain(&self) -> Result<Vec<Waiting>, DriverStopped> {
        wait(self.0.explain())
    }

    /// As [`Producer::metrics`](crate::Producer::metrics).
    ///
    /// # Errors
    /// As there.
    pub fn metrics(&self) -> Result<ProducerMetrics, DriverStopped> {
        wait(self.0.metrics())
    }

    /// As [`Producer::reports`](crate::Producer::reports); give [`Reports::next`] to [`wait`](super::wait).
    #[must_use]
    pub fn reports(&self) -> Reports {
        self.0.reports()
    }

    /// As [`Producer::throttle`](crate::Producer::throttle); never waits.
    #[must_use]
    pub fn throttle(&self) -> Vec<Throttle> {
        self.0.throttle()
    }
}

/// A [`TopicProducer`](crate::TopicProducer) whose calls wait. Cheap to clone.
#[derive(Clone, Debug)]
pub struct TopicProducer(crate::TopicProducer);

impl TopicProducer {
    /// Hands a record over, waiting until there is place for it. The [`Delivery`] can be given to
    /// [`wait`](super::wait), now or later, or dropped.
    ///
    /// # Errors
    /// As [`TopicProducer::send`](crate::TopicProducer::send).
    pub fn send(&self, record: Record<'_>) -> Result<Delivery, SendError> {
        wait(self.0.send(record))
    }

    /// As [`send`](Self::send), for no longer than `timeout`; then `None`, and the record was not accepted.
    ///
    /// # Errors
    /// As there.
    pub fn send_within(&self, record: Record<'_>, timeout: Duration) -> Option<Result<Delivery, SendError>> {
        wait_for(self.0.send(record), timeout)
    }

    /// Hands a record over at once or says why not, as [`TopicProducer::try_send`](crate::TopicProducer::try_send).
    ///
    /// # Errors
    /// As there.
    pub fn try_send(&self, record: Record<'_>) -> Result<Delivery, Refused> {
        self.0.try_send(record)
    }

    /// Hands a record over and forgets it, as [`TopicProducer::enqueue`](crate::TopicProducer::enqueue).
    ///
    /// # Errors
    /// As there.
    pub fn enqueue(&self, record: Record<'_>) -> Result<(), SendError> {
        wait(self.0.enqueue(record))
    }

    /// Hands many records over, as [`TopicProducer::send_batch`](crate::TopicProducer::send_batch).
    ///
    /// # Errors
    /// As there.
    pub fn send_batch<'a>(
        &self,
        records: impl IntoIterator<Item = Record<'a>>,
        deliveries: &mut Vec<Delivery>,
    ) -> Result<(), SendError> {
        wait(self.0.send_batch(records, deliveries))
    }
}
