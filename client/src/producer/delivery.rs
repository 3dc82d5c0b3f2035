use std::pin::Pin;
use std::task::{Context, Poll, ready};

use ottla_core::producer as core;

use super::{DeliveryError, Latency};

/// An accepted record on its way to its acknowledgement.
///
/// Awaiting it gives the [`Receipt`], or a [`DeliveryError`] that says truly whether the record can be in the log.
/// It ends by itself: within the delivery timeout, or when the producer is closed.
///
/// Dropping it changes nothing for the record, which is sent all the same. It takes 16 bytes; dropping it costs a
/// reference count, and a lock only if it was polled before.
///
/// # Cancel safety
/// Polling and dropping it at any moment loses nothing but the answer.
#[derive(Debug)]
#[must_use = "the record is sent in any case, but without awaiting this nobody learns whether it arrived"]
pub struct Delivery(core::Delivery);

impl Delivery {
    pub(super) fn new(delivery: core::Delivery) -> Self {
        Self(delivery)
    }

    /// The partition that the record goes to.
    #[must_use]
    pub fn partition(&self) -> i32 {
        self.0.partition()
    }

    /// Whether the outcome is known, so that awaiting it does not wait. Costs one atomic load.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.0.is_settled()
    }

    /// Takes the record back, if its batch has not been put into a request yet.
    ///
    /// True: the record is not in the log and will not be. False: it is too late; the delivery goes on. Never
    /// waits.
    pub fn cancel(&self) -> bool {
        self.0.cancel()
    }
}

impl Future for Delivery {
    type Output = Result<Receipt, DeliveryError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let settled = ready!(self.0.poll_settled(context));
        Poll::Ready(match &settled.result {
            Ok(written) => Ok(Receipt {
                partition: settled.partition,
                offset: written.offset,
                log_append_time: written.log_append_time,
                latency: Latency::new(&settled.latency),
            }),
            Err(undelivered) => Err(DeliveryError::new(&settled, undelivered)),
        })
    }
}

/// Where an acknowledged record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Receipt {
    /// The partition.
    pub partition: i32,
    /// The offset; `None` with `acks=0`, and where the broker recognised a batch that an earlier attempt had
    /// written, without telling where.
    pub offset: Option<i64>,
    /// The time that the broker stamped, in milliseconds since 1970, if the topic has log-append time.
    pub log_append_time: Option<i64>,
    /// Where the time of its batch went.
    pub latency: Latency,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_two_words() {
        assert_eq!(size_of::<Delivery>(), 16);
    }
}
