//! The producer machine. (Being filled in: only the outline that `Core` needs.)

use std::collections::VecDeque;

use crate::core::Waiting;
use crate::event::{Event, Ticket};
use crate::machine::Machine;
use crate::net::{Answer, Failure, Net, Sent};
use crate::time::Instant;

/// A producer of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProducerKey(pub u64);

/// What a producer tells.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProducerEvent {}

impl ProducerEvent {
    /// The operation that this event ends, if it is the end of one.
    #[must_use]
    pub fn ticket(&self) -> Option<Ticket> {
        None
    }
}

/// Records to compress.
#[derive(Debug)]
pub struct CompressionJob;

impl CompressionJob {
    /// Does it; a pure function that may take milliseconds.
    #[must_use]
    pub fn run(self) -> Compressed {
        Compressed
    }
}

/// Compressed records.
#[derive(Debug)]
pub struct Compressed;

/// The producers of a client.
#[derive(Debug, Default)]
pub struct Producers {
    events: VecDeque<Event>,
}

impl Producers {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn forget(&mut self, _ticket: Ticket) {}

    pub(crate) fn explain(&self, _net: &Net, _now: Instant, _waiting: &mut Vec<Waiting>) {}

    pub(crate) fn close_all(&mut self, _net: &mut Net, _now: Instant) {}

    pub(crate) fn handle_compressed(&mut self, _compressed: Compressed, _net: &mut Net, _now: Instant) {}

    pub(crate) fn poll_job(&mut self) -> Option<CompressionJob> {
        None
    }

    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Publishes until when the shell sleeps, then says whether a handle left something meanwhile.
    pub(crate) fn park(&mut self, _until: Option<Instant>, _now: Instant) -> bool {
        false
    }
}

impl Machine for Producers {
    fn step(&mut self, _net: &mut Net, _now: Instant) {}

    fn handle_answer(&mut self, _answer: Answer, _net: &mut Net, _now: Instant) {}

    fn handle_sent(&mut self, _sent: Sent, _net: &mut Net, _now: Instant) {}

    fn handle_failure(&mut self, _failure: Failure, _net: &mut Net, _now: Instant) {}

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}
