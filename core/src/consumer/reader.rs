use std::task::{Context, Poll, ready};

use ottla_proto::compression::Decompressor;
use ottla_proto::records::RecordRef;
use ottla_proto::{ErrorCode, TopicName};
use thiserror::Error;

use super::batch::Batch;
use super::buffers::BufferPool;
use super::config::TopicPartition;
use super::edge::{ConsumerEdge, PartitionStatus, Standing, Taken};
use super::error::PartitionError;
use crate::sync::Arc;

/// The end at which a consumer's batches come out. There is one for each consumer; dropping it closes the
/// consumer.
///
/// It decompresses and checks on the caller's thread, so a slow application never slows the driver.
#[derive(Debug)]
pub struct ConsumerReader {
    edge: Arc<ConsumerEdge>,
    decompressor: Decompressor,
    buffers: Arc<BufferPool>,
    /// Batches that are handed out record by record; the first of them is the current one.
    opened: Vec<Batch>,
    /// Such batches whose partitions are paused.
    aside: Vec<Batch>,
    /// How often the application had changed its mind when `opened` and `aside` were last looked through.
    seen_changes: u64,
}

/// Why there is no next batch.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// One partition stands still; the others go on with the next call.
    #[error(transparent)]
    Partition(#[from] PartitionError),
    /// The cluster does not know a topic or does not let it see. Told again with each call that has nothing else to
    /// tell, until the cluster says otherwise.
    #[error("topic {topic}: {}: {error}", Advice(*.error))]
    Topic {
        /// The topic.
        topic: TopicName,
        /// What the cluster says.
        error: ErrorCode,
    },
    /// No partition is assigned, so no record can ever come.
    #[error("nothing is assigned to this consumer")]
    NothingAssigned,
    /// The client has stopped.
    #[error("the client has stopped")]
    Stopped,
}

impl ConsumerReader {
    pub(super) fn new(edge: Arc<ConsumerEdge>, decompressed_max_bytes: usize) -> Self {
        Self {
            edge,
            decompressor: Decompressor::with_limit(decompressed_max_bytes),
            buffers: Arc::default(),
            opened: Vec::new(),
            aside: Vec::new(),
            seen_changes: 0,
        }
    }

    /// What everything but reading goes through.
    #[must_use]
    pub fn edge(&self) -> &Arc<ConsumerEdge> {
        &self.edge
    }

    /// What is known of every assigned partition, as [`ConsumerEdge::partitions`] says; the position is behind the last
    /// record that was handed out one by one.
    #[must_use]
    pub fn partitions(&self) -> Vec<PartitionStatus> {
        let mut partitions = self.edge.partitions();
        for batch in self.opened.iter().chain(&self.aside) {
            let found = partitions.iter_mut().find(|status| status.partition == *batch.partition());
            if let (Some(status), Standing::Read | Standing::Paused) =
                (found, self.edge.standing(batch.slot()))
            {
                let ahead = status.position.map_or(0, |position| position - batch.first_offset());
                status.position = Some(batch.first_offset());
                status.lag = status.lag.map(|lag| lag.saturating_add(ahead));
            }
        }
        partitions
    }

    /// Whether everything was handed out that the brokers had when they last answered.
    #[must_use]
    pub fn is_caught_up(&self) -> bool {
        self.edge.is_caught_up() && self.opened.iter().chain(&self.aside).all(Batch::is_empty)
    }

    /// Whether [`Self::take_record`] has a record. If not, [`Self::poll_batch`] and [`Self::open`] give it some.
    pub fn has_record(&mut self) -> bool {
        self.follow_changes();
        self.opened.retain(|batch| !batch.is_empty());
        !self.opened.is_empty()
    }

    /// Hands out a batch record by record, before any batch that comes later.
    pub fn open(&mut self, batch: Batch) {
        self.opened.push(batch);
    }

    /// The batches that are handed out record by record, those of paused partitions included.
    pub fn opened(&self) -> impl Iterator<Item = &Batch> {
        self.opened.iter().chain(&self.aside)
    }

    /// The next record of an opened batch and where it is from.
    pub fn take_record(&mut self) -> Option<(&TopicPartition, RecordRef<'_>)> {
        self.opened.first_mut()?.take_first()
    }

    /// The next batch, or what is left of the one that records were taken from one by one; `None` when every partition has reached the end that it was to be read to.
    ///
    /// What came first is handed out first; of one answer the partitions take turns, a batch at a time. Nothing is taken
    /// before this returns [`Poll::Ready`], so a caller that goes away while it waits has lost nothing.
    ///
    /// # Errors
    /// See [`ReadError`]. None of them is the end: what can be read goes on with the next call.
    pub fn poll_batch(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Batch>, ReadError>> {
        self.follow_changes();
        if !self.opened.is_empty() {
            return Poll::Ready(Ok(Some(self.opened.remove(0))));
        }
        loop {
            let (slot, batch) = match ready!(self.edge.poll_take(context)) {
                Taken::Batch(slot, batch) => (slot, batch),
                Taken::Failed(error) => return Poll::Ready(Err(error.into())),
                Taken::TopicTrouble(topic, error) => {
                    return Poll::Ready(Err(ReadError::Topic { topic, error }));
                }
                Taken::NothingAssigned => return Poll::Ready(Err(ReadError::NothingAssigned)),
                Taken::Ended => return Poll::Ready(Ok(None)),
                Taken::Closed => return Poll::Ready(Err(ReadError::Stopped)),
            };
            match batch.open(slot, &mut self.decompressor, &self.buffers) {
                // All of it lay before the position.
                Ok(batch) if batch.is_empty() => {}
                Ok(batch) => return Poll::Ready(Ok(Some(batch))),
                Err(error) => {
                    self.edge.fail(slot, error.clone());
                    return Poll::Ready(Err(error.into()));
                }
            }
        }
    }
}

impl ConsumerReader {
    /// What is left of batches whose partitions were sought elsewhere or taken away is not handed out; that of paused
    /// ones waits, and takes no more memory than it needs: others may need the room for longer than a batch is read.
    fn follow_changes(&mut self) {
        let changes = self.edge.changes();
        if changes == self.seen_changes {
            return;
        }
        self.seen_changes = changes;
        let mut batches = std::mem::take(&mut self.opened);
        batches.append(&mut self.aside);
        for batch in batches {
            match self.edge.standing(batch.slot()) {
                Standing::Read => self.opened.push(batch),
                Standing::Paused => self.aside.push(batch.leave_frame(&self.buffers)),
                Standing::Gone => {}
            }
        }
    }
}

impl Drop for ConsumerReader {
    fn drop(&mut self) {
        self.edge.close();
    }
}

struct Advice(ErrorCode);

impl std::fmt::Display for Advice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            ErrorCode::UNKNOWN_TOPIC_OR_PARTITION | ErrorCode::UNKNOWN_TOPIC_ID => {
                "the cluster does not know it; create it, or check the name"
            }
            ErrorCode::TOPIC_AUTHORIZATION_FAILED => {
                "this client may not see it; ask for the rights to describe and read it"
            }
            ErrorCode::INVALID_TOPIC_EXCEPTION => "no topic can have this name",
            _ => "the cluster does not describe it",
        })
    }
}
