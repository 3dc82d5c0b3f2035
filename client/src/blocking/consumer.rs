use std::time::Duration;

use super::wait::{wait, wait_for};
use crate::consumer::{Batch, ConsumeError};
use crate::error::DriverStopped;
use crate::wait::Waiting;

/// A [`Consumer`](crate::Consumer) whose calls wait.
#[derive(Debug)]
pub struct Consumer(crate::Consumer);

impl Consumer {
    pub(super) fn new(consumer: crate::Consumer) -> Self {
        Self(consumer)
    }

    /// The consumer behind it, for what does not wait: `seek`, `pause`, `partitions` and the like.
    #[must_use]
    pub fn consumer(&self) -> &crate::Consumer {
        &self.0
    }

    /// Waits for the next batch, as [`Consumer::next_batch`](crate::Consumer::next_batch).
    ///
    /// # Errors
    /// As there.
    pub fn next_batch(&mut self) -> Result<Option<Batch>, ConsumeError> {
        wait(self.0.next_batch())
    }

    /// As [`next_batch`](Self::next_batch), for no longer than `timeout`; the outer `None` says that there was none in
    /// that time, and nothing is lost by it.
    ///
    /// # Errors
    /// As there.
    pub fn next_batch_within(&mut self, timeout: Duration) -> Option<Result<Option<Batch>, ConsumeError>> {
        wait_for(self.0.next_batch(), timeout)
    }

    /// As [`Consumer::explain`](crate::Consumer::explain).
    ///
    /// # Errors
    /// As there.
    pub fn explain(&self) -> Result<Vec<Waiting>, DriverStopped> {
        wait(self.0.explain())
    }
}
