use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError};

use ottla_core::group as core;

use super::ownership::Ownership;
use crate::consumer::{Batch, RecordRef, Records};

/// A [`Batch`] that was handed out to a member of a group.
///
/// It can go to another task. A partition that is taken away waits for its batches, up to the hand-over's deadline.
///
/// # Dropping
/// Dropped before the next call of [`next_batch`](super::GroupConsumer::next_batch), it counts as processed once that
/// call is made. Dropped later without [`done`](Self::done), or in a panic, it counts as not processed: nothing from it
/// on is committed automatically any more, and an event says so.
#[derive(Debug)]
pub struct GroupBatch {
    batch: Batch,
    handed_out: core::HandedOut,
}

impl GroupBatch {
    pub(super) fn new(batch: Batch, handed_out: core::HandedOut) -> Self {
        Self { batch, handed_out }
    }

    /// The ownership under which it was handed out: whether the partition is still this member's. Costs a reference count.
    #[must_use]
    pub fn ownership(&self) -> Ownership {
        Ownership::new(Arc::clone(self.handed_out.ownership()))
    }

    /// All of it is processed. To be called by whoever processes batches beside or after further calls of
    /// [`next_batch`](super::GroupConsumer::next_batch); the order does not matter.
    pub fn done(mut self) {
        self.handed_out.done();
    }

    /// Counts its records one by one, whoever processes them and in whatever order: what is committed is how far they
    /// are done without a gap. The batch's records must be copied or processed while it is held; the acknowledger
    /// holds it. Costs an entry per record until it is acknowledged.
    #[must_use]
    pub fn by_record(mut self) -> Acknowledger {
        let Self { batch, handed_out } = &mut self;
        handed_out.by_record(batch.iter().map(|record| record.offset()));
        Acknowledger(Arc::new(Shared { batch: self.batch, handed_out: Mutex::new(self.handed_out) }))
    }

    pub(super) fn into_parts(self) -> (Batch, core::HandedOut) {
        (self.batch, self.handed_out)
    }

    /// The same batch without the rest of the answer that brought it, which it keeps in memory otherwise: a copy, unless
    /// it was decompressed anyway. See [`Batch::detach`].
    #[must_use]
    pub fn detach(self) -> Self {
        Self { batch: self.batch.detach(), handed_out: self.handed_out }
    }

    pub(super) fn handed_out(&self) -> &core::HandedOut {
        &self.handed_out
    }

    pub(super) fn partition(&self) -> ottla_core::consumer::TopicPartition {
        self.handed_out.ownership().partition().clone()
    }
}

impl Deref for GroupBatch {
    type Target = Batch;

    fn deref(&self) -> &Batch {
        &self.batch
    }
}

impl<'a> IntoIterator for &'a GroupBatch {
    type Item = RecordRef<'a>;
    type IntoIter = Records<'a>;

    fn into_iter(self) -> Records<'a> {
        self.batch.iter()
    }
}

/// Counts the records of one batch; cheap to clone and to send to other tasks.
///
/// # Dropping
/// Records that nobody acknowledged when the last clone is dropped hold automatic commits back for good.
#[derive(Clone)]
pub struct Acknowledger(Arc<Shared>);

struct Shared {
    batch: Batch,
    handed_out: Mutex<core::HandedOut>,
}

impl Acknowledger {
    /// The batch.
    #[must_use]
    pub fn batch(&self) -> &Batch {
        &self.0.batch
    }

    /// The record at this offset is processed. Costs a short lock; an offset that is none of the batch's does nothing.
    pub fn acknowledge(&self, offset: i64) {
        self.lock().acknowledge(offset);
    }

    /// The ownership under which the batch was handed out.
    #[must_use]
    pub fn ownership(&self) -> Ownership {
        Ownership::new(Arc::clone(self.lock().ownership()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, core::HandedOut> {
        self.0.handed_out.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Acknowledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Acknowledger").field(&self.0.batch).finish()
    }
}
