use std::borrow::Cow;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tracing::error;

use super::{BatchReport, Record};

/// Code of the application's own that sees every record on its way out and every batch that is settled (KIP-42).
///
/// Neither method runs where it could delay others: [`on_send`](Self::on_send) runs on the thread that sends, and
/// [`on_settled`](Self::on_settled) on a thread that the producer keeps for that. One that panics is told through
/// `tracing`, and nothing else happens.
pub trait ProducerInterceptor: Debug + Send + Sync {
    /// A record is about to be handed over, once for each `send`, `try_send` or `enqueue`, and never again for a
    /// retry. What it changes is what is sent.
    fn on_send(&self, topic: &str, record: &mut OutgoingRecord<'_>) {
        let _ = (topic, record);
    }

    /// A batch has its outcome. Java's `onAcknowledgement`, for a batch at a time. If it is slower than the batches
    /// come, reports are dropped, and `tracing` tells how many records were in them.
    fn on_settled(&self, report: &BatchReport) {
        let _ = report;
    }
}

/// A record on its way through the interceptors: what the sender gave is borrowed, what they put in its place may be
/// owned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct OutgoingRecord<'a> {
    /// The key.
    pub key: Option<Cow<'a, [u8]>>,
    /// The value.
    pub value: Option<Cow<'a, [u8]>>,
    /// Headers in order.
    pub headers: Vec<OutgoingHeader<'a>>,
    /// When it happened, in milliseconds since 1970; `None` is the moment of sending.
    pub timestamp: Option<i64>,
    /// The partition, if it is not for the partitioner to find.
    pub partition: Option<i32>,
    /// How long it may take, if not as long as the producer says.
    pub delivery_timeout: Option<Duration>,
}

/// A header's name and value.
pub type OutgoingHeader<'a> = (Cow<'a, str>, Option<Cow<'a, [u8]>>);

impl<'a> OutgoingRecord<'a> {
    /// Adds a header at the end.
    pub fn push_header(&mut self, name: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, [u8]>>) {
        self.headers.push((name.into(), Some(value.into())));
    }

    fn new(record: Record<'a>) -> Self {
        Self {
            key: record.key.map(Cow::Borrowed),
            value: record.value.map(Cow::Borrowed),
            headers: record
                .headers
                .iter()
                .map(|&(name, value)| (Cow::Borrowed(name), value.map(Cow::Borrowed)))
                .collect(),
            timestamp: record.timestamp,
            partition: record.partition,
            delivery_timeout: record.delivery_timeout,
        }
    }

    /// The headers as [`Self::as_record`] wants them.
    pub(super) fn borrowed_headers(&self) -> Vec<(&str, Option<&[u8]>)> {
        self.headers.iter().map(|(name, value)| (&**name, value.as_deref())).collect()
    }

    pub(super) fn as_record<'b>(&'b self, headers: &'b [(&'b str, Option<&'b [u8]>)]) -> Record<'b> {
        Record {
            key: self.key.as_deref(),
            value: self.value.as_deref(),
            headers,
            timestamp: self.timestamp,
            partition: self.partition,
            delivery_timeout: self.delivery_timeout,
        }
    }
}

pub(super) type Interceptors = Vec<Arc<dyn ProducerInterceptor>>;

/// Lets each interceptor see the record. What one that panics had changed is undone.
pub(super) fn intercept<'a>(
    interceptors: &Interceptors,
    topic: &str,
    record: Record<'a>,
) -> OutgoingRecord<'a> {
    let mut outgoing = OutgoingRecord::new(record);
    for interceptor in interceptors {
        let mut draft = outgoing.clone();
        let outcome = catch_unwind(AssertUnwindSafe(|| interceptor.on_send(topic, &mut draft)));
        match outcome {
            Ok(()) => outgoing = draft,
            Err(_) => error!(?interceptor, topic, "an interceptor panicked; the record goes on without it"),
        }
    }
    outgoing
}
