use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, ready};

use ottla_core::consumer as core;

use super::batch::{Batch, ConsumerRecord};
use super::error::ConsumeError;
use crate::admin::CommittedOffset;

/// Looks at every batch before the application gets it, and at every commit that went through. Java:
/// `ConsumerInterceptor`.
///
/// It runs where the application reads, so one that blocks delays that reader and nobody else: no heartbeat, no commit. A
/// panic in it is caught and told as a `tracing` event at level `ERROR`, and nothing else happens. It is `Sync` because
/// the consumer is, whose questions ([`explain`](super::Consumer::explain) and the like) any task may then ask.
pub trait ConsumerInterceptor: Send + Sync + 'static {
    /// The batch is about to be handed out: whole, or record by record.
    fn on_consume(&mut self, batch: &Batch);

    /// The coordinator has these offsets from now on, whoever committed them: the member by itself, or the application
    /// through any handle. Java: `onCommit`.
    ///
    /// Called with what one request committed, in the order of the requests, as soon as the application waits in
    /// [`next_batch`](crate::GroupConsumer::next_batch) or its kin, and at the end of
    /// [`commit_processed`](crate::GroupConsumer::commit_processed) and [`close`](crate::GroupConsumer::close). Of an
    /// application that stays away for more than 256 commits the oldest are told as one, each partition with its last. What
    /// was not told when the consumer is dropped is told no more.
    fn on_commit(&mut self, committed: &[CommittedOffset]) {
        let _ = committed;
    }
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
        self.each_interceptor(|interceptor| interceptor.on_consume(&batch));
        batch
    }

    /// Shows every interceptor what was committed.
    pub(super) fn committed(&mut self, committed: &[CommittedOffset]) {
        self.each_interceptor(|interceptor| interceptor.on_commit(committed));
    }

    fn each_interceptor(&mut self, show: impl Fn(&mut dyn ConsumerInterceptor)) {
        for interceptor in &mut self.interceptors {
            // What an interceptor leaves behind when it panics is its own affair.
            if catch_unwind(AssertUnwindSafe(|| show(interceptor.as_mut()))).is_err() {
                tracing::error!("a consumer's interceptor panicked");
            }
        }
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").field("reader", &self.reader).finish_non_exhaustive()
    }
}
