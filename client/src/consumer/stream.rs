use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;

use super::batch::Batch;
use super::error::ConsumeError;
use super::feed::Feed;

/// A consumer's batches as a [`Stream`], from [`Consumer::batches`](super::Consumer::batches).
///
/// An error is an item like any other, and not the end. Dropping the stream loses nothing: the consumer goes on where
/// it stands.
#[derive(Debug)]
#[must_use = "a stream does nothing unless polled"]
pub struct Batches<'a> {
    feed: &'a mut Feed,
}

impl<'a> Batches<'a> {
    pub(super) fn new(feed: &'a mut Feed) -> Self {
        Self { feed }
    }
}

impl Stream for Batches<'_> {
    type Item = Result<Batch, ConsumeError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.feed.poll_batch(context).map(Result::transpose)
    }
}
