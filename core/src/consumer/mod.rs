//! The consumer machine. (Being filled in: only the outline that `Core` needs.)

use std::collections::VecDeque;

use crate::core::Waiting;
use crate::event::{Event, Ticket};
use crate::machine::Machine;
use crate::net::{Answer, Failure, Net, Sent};
use crate::time::Instant;

/// A consumer of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConsumerKey(pub u64);

/// What a consumer tells.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConsumerEvent {}

impl ConsumerEvent {
    /// The operation that this event ends, if it is the end of one.
    #[must_use]
    pub fn ticket(&self) -> Option<Ticket> {
        None
    }
}

/// The consumers of a client.
#[derive(Debug, Default)]
pub struct Consumers {
    events: VecDeque<Event>,
}

impl Consumers {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn explain(&self, _net: &Net, _now: Instant, _waiting: &mut Vec<Waiting>) {}

    pub(crate) fn close_all(&mut self, _net: &mut Net, _now: Instant) {}

    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Publishes until when the shell sleeps, then says whether a handle left something meanwhile.
    pub(crate) fn park(&mut self, _until: Option<Instant>, _now: Instant) -> bool {
        false
    }
}

impl Machine for Consumers {
    fn step(&mut self, _net: &mut Net, _now: Instant) {}

    fn handle_answer(&mut self, _answer: Answer, _net: &mut Net, _now: Instant) {}

    fn handle_sent(&mut self, _sent: Sent, _net: &mut Net, _now: Instant) {}

    fn handle_failure(&mut self, _failure: Failure, _net: &mut Net, _now: Instant) {}

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}
