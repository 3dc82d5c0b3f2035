//! Records that were accepted and not yet acknowledged, each with the line that it came from.

use std::cell::Cell;
use std::collections::VecDeque;
use std::mem;
use std::rc::Rc;
use std::sync::Arc;

use ottla::{Certainty, Delivery, Latency};

/// How many failed lines are named; the rest are counted.
const NAMED_FAILURES: usize = 10;

/// From this many records on, settled ones behind an unsettled one are looked for too, so that one partition that
/// stands still does not make the list of all others grow.
const SWEEP: usize = 1 << 20;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Outstanding {
    queue: VecDeque<Line>,
    left: Rc<Cell<u64>>,
    source: Option<Arc<str>>,
    tally: Tally,
    failures: Vec<String>,
}

#[derive(Debug)]
struct Line {
    source: Arc<str>,
    number: u64,
    length: usize,
    delivery: Delivery,
}

/// What became of the records.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) written: u64,
    pub(super) not_written: u64,
    pub(super) possibly_written: u64,
    /// Of the lines that were written.
    pub(super) bytes: u64,
    /// Where the time of the slowest record went.
    pub(super) longest: Latency,
}

impl Outstanding {
    pub(super) fn push(&mut self, source: &str, number: u64, length: usize, delivery: Delivery) {
        let source = match &self.source {
            Some(current) if **current == *source => Arc::clone(current),
            _ => Arc::clone(self.source.insert(source.into())),
        };
        self.queue.push_back(Line { source, number, length, delivery });
        self.left.update(|left| left + 1);
    }

    /// How many records are not settled, to be looked at while they are waited for.
    pub(super) fn left(&self) -> Rc<Cell<u64>> {
        Rc::clone(&self.left)
    }

    pub(super) fn tally(&self) -> Tally {
        self.tally
    }

    /// Takes in what is settled by now, without waiting.
    pub(super) async fn settle_ready(&mut self) {
        while self.queue.front().is_some_and(|line| line.delivery.is_settled()) {
            self.settle_front().await;
        }
        if self.queue.len() > SWEEP {
            for line in mem::take(&mut self.queue) {
                if line.delivery.is_settled() {
                    self.settle(line).await;
                } else {
                    self.queue.push_back(line);
                }
            }
        }
    }

    /// Waits until everything is settled; each record is, within its delivery timeout.
    ///
    /// # Cancel safety
    /// What was not settled when the future is dropped is still there.
    pub(super) async fn settle_all(&mut self) {
        while !self.queue.is_empty() {
            self.settle_front().await;
        }
    }

    async fn settle_front(&mut self) {
        let Some(line) = self.queue.front_mut() else { return };
        let result = (&mut line.delivery).await;
        if let Some(line) = self.queue.pop_front() {
            self.take_in(&line, result);
        }
    }

    async fn settle(&mut self, mut line: Line) {
        let result = (&mut line.delivery).await;
        self.take_in(&line, result);
    }

    fn take_in(&mut self, line: &Line, result: Result<ottla::Receipt, ottla::DeliveryError>) {
        self.left.update(|left| left - 1);
        match result {
            Ok(receipt) => {
                self.tally.written += 1;
                self.tally.bytes += line.length as u64;
                if receipt.latency.total() > self.tally.longest.total() {
                    self.tally.longest = receipt.latency;
                }
            }
            Err(error) => {
                match error.certainty {
                    Certainty::NotWritten => self.tally.not_written += 1,
                    Certainty::PossiblyWritten => self.tally.possibly_written += 1,
                }
                if self.failures.len() < NAMED_FAILURES {
                    self.failures.push(format!("{}, line {}: {error}", line.source, line.number));
                }
            }
        }
    }

    /// What was lost, if anything was.
    pub(super) fn losses(&self) -> Option<String> {
        let Tally { not_written, possibly_written, .. } = self.tally;
        if not_written + possibly_written == 0 {
            return None;
        }
        let mut message = format!("{not_written} records not written, {possibly_written} possibly written");
        for failure in &self.failures {
            message.push_str("\n  ");
            message.push_str(failure);
        }
        let unnamed = not_written + possibly_written - self.failures.len() as u64;
        if unnamed > 0 {
            message.push_str(&format!("\n  and {unnamed} more"));
        }
        Some(message)
    }
}
