use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, ready};

use ottla_core::consumer as core;

use super::batch::{Batch, ConsumerRecord};
use super::error::ConsumeError;

/// Looks at every batch before the application gets it. Java: `ConsumerInterceptor`.
///
/// It runs on the thread that reads, so one that blocks delays that reader and nobody else. A panic in it is caught
/// and told as a `tracing` event at level `ERROR`; the batch is handed out all the same. It is `Sync` because the
/// consumer is, whose questions ([`explain`](super::Consumer::explain) and the like) any task may then ask.
pub trait ConsumerInterceptor: Send + Sync + 'static {
    /// The batch is about to be handed out: whole, or record by record.
    fn on_consume(&mut self, batch: &Batch);
}

/// The end of a consumer at which batches and records come out.
pub(super) struct Feed {
    reader: core::ConsumerReader,
    interceptors: Vec<Box<dyn ConsumerInterceptor>>,
}

impl Feed {
    pub(super) fn new(reader: core::ConsumerReader, interceptors: Vec<Box<dyn ConsumerInterceptor>>) -> Self {
        Self { reader, interceptors }
    }

    pub(super) fn reader(&self) -> &core::ConsumerReader {
        &self.reader
    }

    pub(super) fn reader_mut(&mut self) -> &mut core::ConsumerReader {
        &mut self.reader
    }

    pub(super) fn poll_batch(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Batch>, ConsumeError>> {
        let batch = ready!(self.reader.poll_batch(context)).map_err(ConsumeError::new);
        Poll::Ready(batch.map(|batch| batch.map(|batch| self.shown(Batch::new(batch)))))
    }

    pub(super) fn poll_record(&mut self, context: &mut Context<'_>) -> Poll<Result<bool, ConsumeError>> {
        if !self.reader.has_record() {
            let Some(batch) = ready!(self.poll_batch(context))? else { return Poll::Ready(Ok(false)) };
            self.reader.open(batch.into_core());
        }
        Poll::Ready(Ok(true))
    }

    pub(super) fn take_record(&mut self) -> Option<ConsumerRecord<'_>> {
        self.reader.take_record().map(|(partition, record)| ConsumerRecord::new(partition, record))
    }

    /// The batch, once every interceptor saw it.
    pub(super) fn shown(&mut self, batch: Batch) -> Batch {
        for interceptor in &mut self.interceptors {
            // What an interceptor leaves behind when it panics is its own affair.
            if catch_unwind(AssertUnwindSafe(|| interceptor.on_consume(&batch))).is_err() {
                tracing::error!(
                    topic = batch.topic(),
                    partition = batch.partition(),
                    "a consumer's interceptor panicked"
                );
            }
        }
        batch
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").field("reader", &self.reader).finish_non_exhaustive()
    }
}
