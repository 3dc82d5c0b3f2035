use super::edge::GroupEvent;
use super::member::Member;
use super::ownership::{End, Ownership, Phase};
use crate::consumer::TopicPartition;
use crate::sync::Arc;
use crate::time::Instant;

/// Partitions that are being given up: no longer read, waiting for the work on them to be done and committed.
#[derive(Debug)]
pub(super) struct HandOver {
    pub(super) ownerships: Vec<Arc<Ownership>>,
    /// Those of them that may still be worked on: as nothing more is handed out, it only gets fewer.
    busy: Vec<Arc<Ownership>>,
    pub(super) since: Instant,
    pub(super) until: Instant,
    /// The last automatic commit was asked for.
    committed: bool,
    end: End,
}

impl Member {
    /// Stops reading these partitions and begins to wait for the work on them.
    pub(super) fn begin_hand_over(
        &mut self,
        ownerships: Vec<Arc<Ownership>>,
        end: End,
        until: Instant,
        now: Instant,
    ) {
        self.bell.set_awaited(true);
        self.reader.unassign(ownerships.iter().map(|ownership| ownership.partition().clone()));
        self.positions.forget(&ownerships);
        for ownership in &ownerships {
            ownership.set_phase(Phase::Revoking { until });
        }
        if !ownerships.is_empty() {
            self.tell(GroupEvent::Revoking { partitions: partitions(&ownerships), until });
        }
        let busy = ownerships.clone();
        self.hand_over = Some(HandOver { ownerships, busy, since: now, until, committed: false, end });
    }

    /// Gives the partitions up once the work on them is done and committed, or the wait is over.
    pub(super) fn step_hand_over(&mut self, now: Instant) {
        let Some(hand_over) = &mut self.hand_over else { return };
        hand_over.busy.retain(|ownership| ownership.is_busy());
        let overdue = hand_over.until <= now;
        if hand_over.busy.is_empty() && !overdue {
            if !std::mem::replace(&mut hand_over.committed, true) && self.config.auto_commit.is_some() {
                let ownerships = hand_over.ownerships.clone();
                self.commit_processed(&ownerships);
            }
            let Some(hand_over) = &self.hand_over else { return };
            if hand_over.ownerships.iter().any(|ownership| self.commits.concerns(ownership)) {
                return;
            }
        } else if !overdue {
            return;
        }
        let Some(HandOver { ownerships, busy, since, end, .. }) = self.hand_over.take() else { return };
        if !busy.is_empty() {
            let waited = now.saturating_duration_since(since);
            self.tell(GroupEvent::HandOverOverdue { partitions: partitions(&busy), waited });
        }
        self.give_up(&ownerships, end);
    }

    /// Ends ownerships.
    pub(super) fn give_up(&mut self, ownerships: &[Arc<Ownership>], end: End) {
        if ownerships.is_empty() {
            return;
        }
        self.reader.unassign(ownerships.iter().map(|ownership| ownership.partition().clone()));
        self.positions.forget(ownerships);
        for ownership in ownerships {
            self.edge.disown(ownership.partition());
            ownership.set_phase(Phase::Ended(end));
        }
        let partitions = partitions(ownerships);
        if let Some(rebalance) = &mut self.rebalance {
            match end {
                End::Lost => rebalance.lost.extend(partitions.clone()),
                End::Revoked | End::Closed => rebalance.revoked.extend(partitions.clone()),
            }
        }
        if end != End::Lost {
            self.tell(GroupEvent::Revoked { partitions });
        }
    }
}

pub(super) fn partitions(ownerships: &[Arc<Ownership>]) -> Vec<TopicPartition> {
    ownerships.iter().map(|ownership| ownership.partition().clone()).collect()
}
