use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use ottla_core::group as core;

use super::event::TopicPartition;

/// A partition that is, or was, this member's: from its assignment until it is given up or lost. Cheap to clone.
///
/// A partition that goes and comes back has a new one.
#[derive(Clone, Debug)]
pub struct Ownership(Arc<core::Ownership>);

/// Where an [`Ownership`] stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// The partition is this member's.
    Held,
    /// It is to be given up. Work in progress may be finished and committed; it is waited for, but not for ever.
    Revoking,
    /// It was given up in good order.
    Revoked,
    /// The group went on without this member; another one may have been reading it already.
    Lost,
    /// The consumer was closed.
    Closed,
}

impl Ownership {
    pub(super) fn new(ownership: Arc<core::Ownership>) -> Self {
        Self(ownership)
    }

    /// The partition.
    #[must_use]
    pub fn partition(&self) -> TopicPartition {
        TopicPartition::new(self.0.partition())
    }

    /// Where it stands. Costs a short lock.
    #[must_use]
    pub fn standing(&self) -> Standing {
        standing(self.0.phase())
    }

    /// Whether a commit for the partition is still this member's to make.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.0.is_held()
    }

    /// The offset up to which everything handed out was processed without a gap; `None` before the first batch.
    #[must_use]
    pub fn processed(&self) -> Option<i64> {
        self.0.processed().map(|processed| processed.offset)
    }

    /// The last offset that is known to be committed.
    #[must_use]
    pub fn committed(&self) -> Option<i64> {
        self.0.committed()
    }

    /// Ready once the partition is to be given up or no longer this member's.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn revoking(&self) -> Standing {
        self.wait(|standing| standing != Standing::Held).await
    }

    /// Ready once the partition is no longer this member's.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub async fn ended(&self) -> Standing {
        self.wait(|standing| !matches!(standing, Standing::Held | Standing::Revoking)).await
    }

    async fn wait(&self, enough: impl Fn(Standing) -> bool) -> Standing {
        poll_fn(|context| {
            let mut phase = self.0.phase();
            loop {
                if enough(standing(phase)) {
                    return Poll::Ready(standing(phase));
                }
                phase = match self.0.poll_change(phase, context) {
                    Poll::Ready(phase) => phase,
                    Poll::Pending => return Poll::Pending,
                };
            }
        })
        .await
    }
}

fn standing(phase: core::Phase) -> Standing {
    match phase {
        core::Phase::Held => Standing::Held,
        core::Phase::Revoking { .. } => Standing::Revoking,
        core::Phase::Ended(core::End::Revoked) => Standing::Revoked,
        core::Phase::Ended(core::End::Lost) => Standing::Lost,
        core::Phase::Ended(core::End::Closed) => Standing::Closed,
    }
}
