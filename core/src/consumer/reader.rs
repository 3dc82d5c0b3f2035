use std::task::{Context, Poll, ready};

use ottla_proto::compression::Decompressor;
use ottla_proto::{ErrorCode, TopicName};
use thiserror::Error;

use super::batch::Batch;
use super::edge::{ConsumerEdge, Taken};
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
        Self { edge, decompressor: Decompressor::with_limit(decompressed_max_bytes) }
    }

    /// What everything but reading goes through.
    #[must_use]
    pub fn edge(&self) -> &Arc<ConsumerEdge> {
        &self.edge
    }

    /// The next batch; `None` when every partition has reached the end that it was to be read to.
    ///
    /// Partitions take turns, a batch at a time. Nothing is taken before this returns [`Poll::Ready`], so a caller
    /// that goes away while it waits has lost nothing.
    ///
    /// # Errors
    /// See [`ReadError`]. None of them is the end: what can be read goes on with the next call.
    pub fn poll_batch(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Batch>, ReadError>> {
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
            match batch.open(&mut self.decompressor) {
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
