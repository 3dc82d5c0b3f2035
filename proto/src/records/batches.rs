use bytes::Bytes;

use super::batch::Frame;
use super::{Batch, BatchError, BatchProblem};

/// Cuts a record set, such as one partition's part of a Fetch answer, into its batches.
///
/// Brokers cut a Fetch answer at a byte limit, so the last batch may be incomplete. That is normal: it ends the
/// iteration without an error, and [`incomplete`](Self::incomplete) tells of it. Only when it is all there is,
/// the next fetch must ask for more bytes.
///
/// An error concerns one batch; the iteration goes on behind it unless its length is what is wrong.
#[derive(Clone, Debug)]
pub struct Batches {
    rest: Bytes,
    any: bool,
    incomplete: Option<IncompleteBatch>,
}

/// A batch that the end of the record set cuts off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IncompleteBatch {
    /// Bytes that it needs in all; at the least, if not even its length is there.
    pub needed: usize,
    /// Bytes that are there.
    pub available: usize,
    /// Whether nothing was before it, so that this fetch brought nothing.
    pub alone: bool,
}

impl Batches {
    /// Over all of `records`.
    #[must_use]
    pub fn new(records: Bytes) -> Self {
        Self { rest: records, any: false, incomplete: None }
    }

    /// The batch that the end cuts off; known once the iteration has ended.
    #[must_use]
    pub fn incomplete(&self) -> Option<IncompleteBatch> {
        self.incomplete
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        match Frame::read(&self.rest) {
            Ok(frame) => {
                self.any = true;
                Some(Batch::parse_framed(self.rest.split_to(frame.size)))
            }
            Err(error) => {
                let available = std::mem::take(&mut self.rest).len();
                match error.problem {
                    BatchProblem::Truncated { needed, .. } => {
                        self.incomplete = Some(IncompleteBatch { needed, available, alone: !self.any });
                        None
                    }
                    _ => Some(Err(error)),
                }
            }
        }
    }
}
