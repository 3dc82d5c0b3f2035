//! Handing a record over: at once as a rule, and otherwise as soon as there is a place for it.

use std::cell::Cell;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use ottla_core::producer::AppendWait;
use tokio::task::coop::consume_budget;

use super::handle::TopicProducer;
use super::interceptor::{OutgoingRecord, intercept};
use super::{Delivery, Record, Refused, SendError};
use crate::driver::timestamp;

/// The future of [`TopicProducer::send`]: the record is accepted when it is ready.
///
/// Written by hand because it is on the way of every record. An `async fn` copies the record into its state and the
/// result out of each function that it calls, and every such copy waits for the stores before it.
#[derive(Debug)]
#[must_use = "nothing is sent unless this is awaited"]
pub struct Sending<'a> {
    handle: &'a TopicProducer,
    record: Record<'a>,
    /// Once it was not accepted at once.
    waiting: Option<Waiting<'a>>,
}

#[derive(Debug)]
struct Waiting<'a> {
    /// What the interceptors made of the record, if there are any.
    outgoing: Option<OutgoingRecord<'a>>,
    place: AppendWait,
}

impl<'a> Sending<'a> {
    #[inline]
    pub(super) fn new(handle: &'a TopicProducer, record: Record<'a>) -> Self {
        Self { handle, record, waiting: None }
    }

    /// Accepts the record if that takes neither a wait nor anything else: what nearly every record meets.
    fn at_once(&self) -> Option<Delivery> {
        if is_turn_over(&self.record) || !self.handle.producer.interceptors.is_empty() {
            return None;
        }
        self.handle.topic.append_to_open(&self.record.to_core()).map(Delivery::new)
    }

    fn poll_place(&mut self, context: &mut Context<'_>) -> Poll<Result<Delivery, SendError>> {
        let Self { handle, record, waiting } = self;
        if waiting.is_none() && is_turn_over(record) {
            // A sender that never has to wait would otherwise keep its task's turn for ever.
            ready!(pin!(consume_budget()).poll(context));
            SENT.set(0);
        }
        let Waiting { outgoing, place } = waiting.get_or_insert_with(|| Waiting::new(handle, record));
        let now = || handle.producer.now();
        let accepted = match outgoing {
            None => handle.topic.poll_append(&record.to_core(), now, place, context),
            Some(outgoing) => {
                let headers = outgoing.borrowed_headers();
                let record = outgoing.as_record(&headers).to_core();
                handle.topic.poll_append(&record, now, place, context)
            }
        };
        Poll::Ready(match ready!(accepted) {
            Ok(delivery) => Ok(Delivery::new(delivery)),
            Err(refused) => Err(match Refused::new(refused, handle.name(), now()) {
                Refused::Never(error) => error,
                Refused::Waiting(_) => SendError::Closed,
            }),
        })
    }
}

impl<'a> Waiting<'a> {
    /// The moment of sending is this one, however long the record then waits.
    fn new(handle: &TopicProducer, record: &mut Record<'a>) -> Self {
        let interceptors = &handle.producer.interceptors;
        let mut outgoing =
            (!interceptors.is_empty()).then(|| intercept(interceptors, handle.name(), *record));
        let sent_at = outgoing.as_mut().map_or(&mut record.timestamp, |outgoing| &mut outgoing.timestamp);
        sent_at.get_or_insert_with(timestamp);
        Self { outgoing, place: AppendWait::default() }
    }
}

impl Future for Sending<'_> {
    type Output = Result<Delivery, SendError>;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if this.waiting.is_none()
            && let Some(delivery) = this.at_once()
        {
            return Poll::Ready(Ok(delivery));
        }
        this.poll_place(context)
    }
}

thread_local! {
    /// What this thread has sent since it last took from a task's budget.
    static SENT: Cell<usize> = const { Cell::new(0) };
}

/// Counts a record, unless the task is to pay for those before it first.
///
/// Tokio's budget is made for calls that cost what a small read costs; a record costs a tenth of that. A unit of budget
/// for each would have a sender give up its turn, which asks the kernel for news, every ten microseconds.
fn is_turn_over(record: &Record<'_>) -> bool {
    const UNIT: usize = 4 << 10;
    const LEAST: usize = 256;
    let sent = SENT.get() + LEAST.max(record.value.map_or(0, <[u8]>::len));
    let over = sent >= UNIT;
    if !over {
        SENT.set(sent);
    }
    over
}
