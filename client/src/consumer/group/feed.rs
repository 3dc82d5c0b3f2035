use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use futures_core::Stream;
use ottla_core::consumer as reading;
use ottla_core::group as core;

use super::{GroupBatch, GroupError, GroupHandle, TopicPartition};
use crate::admin::CommittedOffset;
use crate::consumer::batch::{Batch, ConsumerRecord};
use crate::consumer::feed::Feed;
use crate::consumer::{ConsumeError, ConsumerInterceptor};

/// The end of a member at which batches and records come out, each under the ownership that it was read under.
#[derive(Debug)]
pub(super) struct GroupFeed {
    feed: Feed,
    handle: GroupHandle,
    /// Batches that go out record by record.
    opened: Vec<Opened>,
}

#[derive(Debug)]
struct Opened {
    handed_out: core::HandedOut,
    /// Behind the record that the application has.
    taken: Option<i64>,
}

impl GroupFeed {
    pub(super) fn new(
        reader: reading::ConsumerReader,
        interceptors: Vec<Box<dyn ConsumerInterceptor>>,
        handle: GroupHandle,
    ) -> Self {
        Self { feed: Feed::new(reader, interceptors), handle, opened: Vec::new() }
    }

    pub(super) fn handle(&self) -> &GroupHandle {
        &self.handle
    }

    pub(super) fn reader(&self) -> &reading::ConsumerReader {
        self.feed.reader()
    }

    pub(super) fn poll_batch(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<GroupBatch>, ConsumeError>> {
        let edge = self.handle.edge().clone();
        loop {
            let back = edge.come_back(context);
            // From here on the next commit wakes this reader.
            self.tell_commits();
            let seen = match back {
                Ok(seen) => seen,
                Err(core::GroupError::Closed) => return Poll::Ready(Ok(None)),
                Err(error) => return Poll::Ready(Err(GroupError::new(&error).into())),
            };
            self.settle();
            let batch = ready!(self.feed.reader_mut().poll_batch(context)).map_err(ConsumeError::new)?;
            let Some(batch) = batch else { return Poll::Ready(Ok(None)) };
            let of_batch = |opened: &Opened| is_of(&opened.handed_out, &batch);
            if let Some(at) = self.opened.iter().position(of_batch) {
                // What is left of it was shown to the interceptors, and is counted already.
                let mut handed_out = self.opened.remove(at).handed_out;
                handed_out.renew();
                edge.go_away(self.handle.now());
                return Poll::Ready(Ok(Some(GroupBatch::new(Batch::new(batch), handed_out))));
            }
            match edge.hand_out(&batch, seen, self.handle.now()) {
                core::HandOut::Given(given) => {
                    let batch = self.feed.shown(Batch::new(batch));
                    return Poll::Ready(Ok(Some(GroupBatch::new(batch, given))));
                }
                // It was taken away between the fetch and now; somebody else reads it.
                core::HandOut::NotOwned => {}
                core::HandOut::Stale(offset) => {
                    if let Some(offset) = offset {
                        // A partition that went again meanwhile needs no seek.
                        let _ = self.reader().edge().seek(batch.partition(), reading::Start::At(offset));
                    }
                }
            }
        }
    }

    pub(super) fn poll_record(&mut self, context: &mut Context<'_>) -> Poll<Result<bool, ConsumeError>> {
        // What is left of an opened batch is opened again: that costs a move of some pointers.
        let Some(batch) = ready!(self.poll_batch(context))? else { return Poll::Ready(Ok(false)) };
        let (batch, handed_out) = batch.into_parts();
        self.feed.reader_mut().open(batch.into_core());
        self.opened.push(Opened { handed_out, taken: None });
        Poll::Ready(Ok(self.feed.reader_mut().has_record()))
    }

    pub(super) fn take_record(&mut self) -> Option<ConsumerRecord<'_>> {
        let (partition, record) = self.feed.reader_mut().take_record()?;
        let of_partition = |opened: &&mut Opened| opened.handed_out.ownership().partition() == partition;
        if let Some(opened) = self.opened.iter_mut().rfind(of_partition) {
            opened.taken = Some(record.offset + 1);
        }
        Some(ConsumerRecord::new(partition, record))
    }

    /// The application is back: the record that it had is processed. What is left of batches whose partitions went, or
    /// are read elsewhere now, will not be.
    fn settle(&mut self) {
        if self.opened.is_empty() {
            return;
        }
        let reader = self.feed.reader_mut();
        for mut opened in std::mem::take(&mut self.opened) {
            if let Some(offset) = opened.taken.take() {
                opened.handed_out.processed_up_to(offset);
            }
            match reader.opened().find(|batch| is_of(&opened.handed_out, batch)) {
                Some(batch) if batch.is_empty() => opened.handed_out.done(),
                _ => self.opened.push(opened),
            }
        }
        // Drops what it is not to hand out any more.
        reader.has_record();
        for opened in std::mem::take(&mut self.opened) {
            if reader.opened().any(|batch| is_of(&opened.handed_out, batch)) {
                self.opened.push(opened);
            } else {
                opened.handed_out.give_back();
            }
        }
    }

    /// Shows the interceptors what was committed since.
    pub(super) fn tell_commits(&mut self) {
        while let Some(committed) = self.handle.edge().next_commit() {
            let committed: Vec<_> = committed.into_values().map(told).collect();
            self.feed.committed(&committed);
        }
    }

    /// The application is done with what it had, and asks for nothing more for now.
    pub(super) fn come_back(&mut self) {
        let edge = self.handle.edge().clone();
        // Whether the member has ended is told by whatever is asked of it next.
        let _ = edge.come_back(&mut Context::from_waker(Waker::noop()));
        self.settle();
        edge.go_away(self.handle.now());
    }

    /// As [`Self::come_back`], for the last time: the rest of opened batches is not read.
    pub(super) fn finish(&mut self) {
        self.come_back();
        for opened in std::mem::take(&mut self.opened) {
            opened.handed_out.give_back();
        }
    }
}

fn told(entry: core::CommitEntry) -> CommittedOffset {
    CommittedOffset {
        partition: TopicPartition::new(&entry.partition),
        offset: entry.offset,
        leader_epoch: Some(entry.leader_epoch.0).filter(|epoch| *epoch >= 0),
        metadata: entry.metadata.unwrap_or_default().to_string(),
    }
}

fn is_of(handed_out: &core::HandedOut, batch: &reading::Batch) -> bool {
    handed_out.ownership().partition() == batch.partition() && handed_out.end().offset == batch.next_offset()
}

/// A member's batches as a [`Stream`], from [`GroupConsumer::batches`](super::GroupConsumer::batches).
///
/// An error is an item like any other; the end comes when the member was closed. Between two polls the application
/// counts as away, as between two calls of [`next_batch`](super::GroupConsumer::next_batch), and what it dropped counts
/// as processed with the next poll.
///
/// # Dropping
/// Dropping the stream loses nothing: the consumer goes on where it stands.
#[derive(Debug)]
#[must_use = "a stream does nothing unless polled"]
pub struct GroupBatches<'a> {
    feed: &'a mut GroupFeed,
}

impl<'a> GroupBatches<'a> {
    pub(super) fn new(feed: &'a mut GroupFeed) -> Self {
        Self { feed }
    }
}

impl Stream for GroupBatches<'_> {
    type Item = Result<GroupBatch, ConsumeError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.feed.poll_batch(context).map(Result::transpose)
    }
}

impl Drop for GroupBatches<'_> {
    fn drop(&mut self) {
        self.feed.handle.edge().go_away(self.feed.handle.now());
    }
}
