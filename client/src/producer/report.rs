use std::future::poll_fn;
use std::task::{Context, Poll};

use ottla_core::producer as core;

use super::{DeliveryError, Latency};

/// The outcome of one batch, for who sends many records and does not await each.
///
/// Records that were cancelled before are not in it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BatchReport {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// How many records the batch had.
    pub records: u32,
    /// Where the batch is, or why it was given up and whether it can be in the log all the same.
    pub result: Result<BatchReceipt, DeliveryError>,
    /// Where its time went.
    pub latency: Latency,
}

/// Where an acknowledged batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatchReceipt {
    /// The offset of its first record; the others follow. `None` as in [`Receipt`](crate::Receipt).
    pub base_offset: Option<i64>,
    /// The time that the broker stamped, in milliseconds since 1970, if the topic has log-append time.
    pub log_append_time: Option<i64>,
}

/// How many records ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcomes {
    /// In the log; with `acks=0`, handed to the socket.
    pub written: u64,
    /// Given up, and certainly not in the log.
    pub not_written: u64,
    /// Given up, and nobody can say whether they are in the log.
    pub possibly_written: u64,
}

impl Outcomes {
    pub(super) fn new(tally: core::Tally) -> Self {
        let core::Tally { written, not_written, possibly_written } = tally;
        Self { written, not_written, possibly_written }
    }
}

/// What an observer of a producer is told next.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all are the large one, and one is moved per batch")]
#[non_exhaustive]
pub enum Report {
    /// A batch has its outcome.
    Batch(BatchReport),
    /// The observer was too slow: reports were dropped, and these are the records that were in them. Some 8,000
    /// reports wait before that happens. The producer itself never waits for an observer.
    Missed(Outcomes),
}

impl Report {
    fn new(report: core::Report) -> Self {
        match report {
            core::Report::Missed(missed) => Self::Missed(Outcomes::new(missed)),
            core::Report::Batch(core::BatchReport { topic, partition, records, latency, result }) => {
                let settled = core::Settled { partition, latency, result };
                let result = match &settled.result {
                    Ok(written) => Ok(BatchReceipt {
                        base_offset: written.offset,
                        log_append_time: written.log_append_time,
                    }),
                    Err(undelivered) => Err(DeliveryError::new(&settled, undelivered)),
                };
                let latency = Latency::new(&latency);
                Self::Batch(BatchReport { topic: topic.to_string(), partition, records, result, latency })
            }
        }
    }
}

/// The outcomes of a producer's batches as they are settled, through whichever handle they were sent; made by
/// [`Producer::reports`](crate::Producer::reports). Dropping it ends the observation and changes nothing else.
#[derive(Debug)]
pub struct Reports(core::Reports);

impl Reports {
    pub(super) fn new(reports: core::Reports) -> Self {
        Self(reports)
    }

    /// Waits for the next report; `None` when the producer was closed, or its client has stopped, and everything
    /// was told.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing: a report is taken only when it is returned.
    pub async fn next(&mut self) -> Option<Report> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// As [`next`](Self::next), for hand-written futures and streams.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Report>> {
        self.0.poll_report(context).map(|report| report.map(Report::new))
    }
}
