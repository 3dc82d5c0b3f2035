//! A program that reads everything, at its own pace.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use ottla_core::consumer::{Batch, ConsumerReader, ReadError};

use crate::chance::Chance;
use crate::client::Flag;
use crate::queue::{Happening, Queue};
use crate::report::{Counts, Violation};

pub(crate) struct ReaderApp {
    pub(crate) client: usize,
    pub(crate) reader: ConsumerReader,
    flag: Arc<Flag>,
    waker: Waker,
    rests: bool,
    /// Batches that it still looks at: their memory is not free.
    held: Vec<Batch>,
    /// Offset and value of what was read, by partition.
    pub(crate) read: BTreeMap<i32, Vec<(i64, Vec<u8>)>>,
}

impl ReaderApp {
    pub(crate) fn new(client: usize, reader: ConsumerReader) -> Self {
        let flag = Flag::raised();
        let waker = Waker::from(Arc::clone(&flag));
        Self { client, reader, flag, waker, rests: false, held: Vec::new(), read: BTreeMap::new() }
    }

    pub(crate) fn is_woken(&self) -> bool {
        self.flag.is_up() && !self.rests
    }

    pub(crate) fn go_on(&mut self) {
        self.rests = false;
        self.held.clear();
    }

    /// Reads what there is, until it wants a rest.
    pub(crate) fn act(
        &mut self,
        chance: &mut Chance,
        queue: &mut Queue,
        counts: &mut Counts,
    ) -> Result<(), Violation> {
        self.flag.take();
        loop {
            let mut context = Context::from_waker(&self.waker);
            let batch = match self.reader.poll_batch(&mut context) {
                // Whoever waits for more while holding all the memory there is waits for ever.
                Poll::Pending if !self.held.is_empty() => {
                    self.rest(chance, queue);
                    return Ok(());
                }
                Poll::Pending => return Ok(()),
                Poll::Ready(Ok(Some(batch))) => batch,
                Poll::Ready(Ok(None)) => {
                    return Err(Violation::Untrue("the reader came to an end".to_owned()));
                }
                // Told of, and over when the cluster knows better.
                Poll::Ready(Err(ReadError::Topic { error, .. })) if error.is_retriable() => {
                    counts.add("reader told of its topic's trouble");
                    self.rest(chance, queue);
                    return Ok(());
                }
                Poll::Ready(Err(error)) => {
                    return Err(Violation::Untrue(format!("the reader met an error: {error}")));
                }
            };
            counts.add("batch read");
            let read = self.read.entry(batch.partition().partition).or_default();
            for record in batch.iter() {
                read.push((record.offset, record.value.unwrap_or_default().to_vec()));
            }
            if chance.one_in(3) {
                self.held.push(batch);
            }
            if chance.one_in(4) {
                self.rest(chance, queue);
                return Ok(());
            }
        }
    }

    fn rest(&mut self, chance: &mut Chance, queue: &mut Queue) {
        self.rests = true;
        std::task::Wake::wake_by_ref(&self.flag);
        queue.after(chance.millis(0, 400), Happening::Read);
    }
}
