use crate::net::{Answer, Failure, Net, Sent};
use crate::time::Instant;

/// What the core drives: something that sends requests and gets their ends.
///
/// In each turn the core first hands over what ended, then calls [`Machine::step`] once. All of it must
/// return at once and do an amount of work that the inputs bound.
pub trait Machine {
    /// Takes new orders, looks at the clock, and sends what can be sent.
    fn step(&mut self, net: &mut Net, now: Instant);

    /// Takes an answer to one of its requests; it must be read with [`Net::open`].
    fn handle_answer(&mut self, answer: Answer, net: &mut Net, now: Instant);

    /// Learns that a request without an answer has been handed to the socket whole.
    fn handle_sent(&mut self, sent: Sent, net: &mut Net, now: Instant);

    /// Learns that one of its requests gets no answer.
    fn handle_failure(&mut self, failure: Failure, net: &mut Net, now: Instant);

    /// When to call [`Machine::step`] even if nothing happens. Waits that [`Net::readiness`] named are covered
    /// already.
    fn poll_timeout(&self) -> Option<Instant>;
}
