use ottla_proto::{BrokerId, LeaderEpoch};

use crate::Instant;
use crate::log::PartitionLog;

/// One partition: its replicas, who leads, and who is in sync.
#[derive(Debug)]
pub(crate) struct Partition {
    /// [`BrokerId::NONE`] as long as nobody may lead.
    pub(crate) leader: BrokerId,
    pub(crate) leader_epoch: LeaderEpoch,
    /// The in-sync replicas; never empty. If nobody leads, it names those whose return ends that.
    pub(crate) isr: Vec<BrokerId>,
    /// In the order of the assignment, the preferred leader first.
    pub(crate) replicas: Vec<Replica>,
    /// Replicas that a reassignment adds and whose logs are not complete yet.
    pub(crate) adding: Vec<BrokerId>,
    /// Replicas that leave once all that are added are in sync.
    pub(crate) removing: Vec<BrokerId>,
}

/// The copy of a partition that one node holds.
#[derive(Debug)]
pub(crate) struct Replica {
    pub(crate) node: BrokerId,
    pub(crate) log: PartitionLog,
    /// Consumers see nothing from here on. A follower learns of it later than the leader.
    pub(crate) high_watermark: i64,
    /// The leader epoch under which a follower last fetched: from then on its log agrees with the leader's.
    pub(crate) followed_epoch: LeaderEpoch,
    /// Since when a follower has not had everything that the leader has.
    pub(crate) behind_since: Option<Instant>,
    /// When a follower that lags on purpose fetches next.
    pub(crate) fetch_due: Option<Instant>,
}

impl Partition {
    pub(crate) fn new(replicas: Vec<BrokerId>) -> Self {
        Self {
            leader: BrokerId::NONE,
            leader_epoch: LeaderEpoch(-1),
            isr: replicas.clone(),
            replicas: replicas.into_iter().map(Replica::new).collect(),
            adding: Vec::new(),
            removing: Vec::new(),
        }
    }

    pub(crate) fn replica(&self, node: BrokerId) -> Option<&Replica> {
        self.replicas.iter().find(|replica| replica.node == node)
    }

    pub(crate) fn replica_mut(&mut self, node: BrokerId) -> Option<&mut Replica> {
        self.replicas.iter_mut().find(|replica| replica.node == node)
    }

    /// The leader's replica.
    pub(crate) fn leading(&self) -> Option<&Replica> {
        self.replica(self.leader)
    }

    pub(crate) fn replica_nodes(&self) -> Vec<BrokerId> {
        self.replicas.iter().map(|replica| replica.node).collect()
    }

    pub(crate) fn is_in_sync(&self, node: BrokerId) -> bool {
        self.isr.contains(&node)
    }

    pub(crate) fn is_being_reassigned(&self) -> bool {
        !self.adding.is_empty() || !self.removing.is_empty()
    }

    /// Begins to replace the replicas by those on `target`, the preferred leader first.
    pub(crate) fn reassign(&mut self, target: &[BrokerId]) {
        self.cancel_reassignment();
        let now = self.replica_nodes();
        self.adding = target.iter().copied().filter(|node| !now.contains(node)).collect();
        self.removing = now.into_iter().filter(|node| !target.contains(node)).collect();
        self.replicas.extend(self.adding.iter().copied().map(Replica::new));
        let place = |node| target.iter().position(|wanted| *wanted == node).unwrap_or(target.len());
        self.replicas.sort_by_key(|replica| place(replica.node));
    }

    /// Drops the replicas that a reassignment has added.
    pub(crate) fn cancel_reassignment(&mut self) {
        let adding = std::mem::take(&mut self.adding);
        self.removing.clear();
        if self.isr.iter().any(|node| !adding.contains(node)) {
            self.isr.retain(|node| !adding.contains(node));
            self.remove_replicas(&adding);
        }
    }

    /// Removes replicas, and their files once that is written down.
    pub(crate) fn remove_replicas(&mut self, nodes: &[BrokerId]) {
        for replica in self.replicas.iter_mut().filter(|replica| nodes.contains(&replica.node)) {
            replica.log.discard();
        }
        self.replicas.retain(|replica| !nodes.contains(&replica.node));
    }

    /// Whether so few replicas are in sync that nothing is committed. A demand for more replicas than there are
    /// counts as one for all of them.
    pub(crate) fn is_under_min_isr(&self, min_insync_replicas: usize) -> bool {
        self.isr.len() < min_insync_replicas.min(self.replicas.len())
    }

    /// Moves the leader's high watermark up to what every replica in sync has. Returns whether it moved.
    pub(crate) fn advance_high_watermark(&mut self, min_insync_replicas: usize) -> bool {
        if self.is_under_min_isr(min_insync_replicas) {
            return false;
        }
        // What a follower has that did not fetch from this leader yet may not be what the leader has.
        let agrees =
            |replica: &Replica| replica.node == self.leader || replica.followed_epoch == self.leader_epoch;
        let in_sync = self.replicas.iter().filter(|replica| self.isr.contains(&replica.node));
        let reached = in_sync.map(|replica| if agrees(replica) { replica.log.end_offset() } else { 0 });
        let Some(reached) = reached.min() else { return false };
        let Some(leader) = self.replicas.iter_mut().find(|replica| replica.node == self.leader) else {
            return false;
        };
        let moved = reached > leader.high_watermark;
        leader.high_watermark = leader.high_watermark.max(reached);
        moved
    }

    /// Makes `leader`, or nobody, the leader under a new epoch. One that was not in sync is in sync alone.
    pub(crate) fn appoint(&mut self, leader: BrokerId) {
        let epoch = LeaderEpoch(self.leader_epoch.0.saturating_add(1));
        self.leader = leader;
        self.leader_epoch = epoch;
        for replica in &mut self.replicas {
            replica.behind_since = None;
        }
        if let Some(replica) = self.replica_mut(leader) {
            replica.log.begin_epoch(epoch);
            if !self.isr.contains(&leader) {
                self.isr = vec![leader];
            }
        }
    }

    /// Lets the follower on `node` fetch once; then it has everything.
    pub(crate) fn follow(&mut self, node: BrokerId) {
        let place = |node| self.replicas.iter().position(|replica| replica.node == node);
        let (Some(leader), Some(follower)) = (place(self.leader), place(node)) else { return };
        let Ok([leader, follower]) = self.replicas.get_disjoint_mut([leader, follower]) else { return };
        follower.log.follow(&leader.log);
        follower.high_watermark = leader.high_watermark.min(follower.log.end_offset());
        follower.followed_epoch = self.leader_epoch;
        follower.behind_since = None;
    }
}

impl Replica {
    pub(crate) fn new(node: BrokerId) -> Self {
        Self {
            node,
            log: PartitionLog::default(),
            high_watermark: 0,
            followed_epoch: LeaderEpoch::NONE,
            behind_since: None,
            fetch_due: None,
        }
    }

    /// Up to where a reader with isolation level `read_committed` sees records (the last stable offset).
    pub(crate) fn last_stable_offset(&self) -> i64 {
        let undecided = self.log.first_undecided(self.high_watermark);
        undecided.map_or(self.high_watermark, |first| first.min(self.high_watermark))
    }

    /// Up to where a reader of this isolation level sees records.
    pub(crate) fn visible_end(&self, read_committed: bool) -> i64 {
        if read_committed { self.last_stable_offset() } else { self.high_watermark }
    }
}
