//! How the replicas of a partition stay alike: followers, in-sync replicas, high watermarks, elections.
//!
//! A follower without lag has a record as soon as its leader. One with lag fetches that long after the leader
//! has something new, takes everything, and then is up to date. A follower that has been behind for
//! `replica.lag.time.max.ms` leaves the in-sync replicas and returns once it has caught up with the high
//! watermark.
//!
//! The controller's part follows KRaft: the leader epoch rises with every change of leader, also to none; the last
//! in-sync replica stays in the list when its node is lost; unclean elections happen only where the topic allows
//! them. Eligible leader replicas (KIP-966) are not kept.

use std::collections::BTreeMap;
use std::time::Duration;

use ottla_proto::{BrokerId, ErrorCode, TopicId};

use super::node::{Node, NodeState};
use super::timers::Timer;
use super::{Engine, Partition, Replica};
use crate::Instant;

/// After how long a follower that could not write tries again.
const RETRY: Duration = Duration::from_millis(100);

impl Engine {
    /// Lets followers fetch and moves the high watermark, after a leader's log has changed or something that
    /// decides who follows.
    pub(crate) fn replicate(&mut self, id: TopicId, index: i32, now: Instant) {
        let Some(topic) = self.topics.get_mut(id) else { return };
        let min_isr = topic.config.min_insync_replicas;
        let Some(partition) = topic.partition_mut(index) else { return };
        if !is_running(&self.nodes, partition.leader) {
            return;
        }
        if let [only] = partition.replicas.as_slice()
            && only.node == partition.leader
        {
            if partition.advance_high_watermark(min_isr) {
                self.waiting.changed(id, index);
            }
            return;
        }
        let followers: Vec<BrokerId> =
            partition.replica_nodes().into_iter().filter(|node| *node != partition.leader).collect();
        for &follower in &followers {
            if self.nodes.get(&follower).and_then(Node::follows_after).is_some_and(|lag| lag.is_zero()) {
                partition.follow(follower);
            }
        }
        self.settle(id, index, now);
    }

    /// A lagging follower's time to fetch has come.
    pub(super) fn replicate_late(&mut self, id: TopicId, index: i32, follower: BrokerId, now: Instant) {
        let follows = self.nodes.get(&follower).and_then(Node::follows_after).is_some();
        let Some(partition) = self.topics.get_mut(id).and_then(|topic| topic.partition_mut(index)) else {
            return;
        };
        let is_due = |replica: &&mut Replica| replica.fetch_due.is_some_and(|due| due <= now);
        let Some(replica) = partition.replica_mut(follower).filter(is_due) else { return };
        replica.fetch_due = None;
        if follows && is_running(&self.nodes, partition.leader) {
            partition.follow(follower);
            self.settle(id, index, now);
        }
    }

    /// After replicas have changed: who is in sync now, what is committed, and who fetches when.
    fn settle(&mut self, id: TopicId, index: i32, now: Instant) {
        let Some(topic) = self.topics.get_mut(id) else { return };
        let min_isr = topic.config.min_insync_replicas;
        let Some(partition) = topic.partition_mut(index) else { return };
        let mut changed = Self::expand_isr(&self.nodes, partition);
        changed |= partition.advance_high_watermark(min_isr);

        let Some(leader) = partition.leading() else { return };
        let (end, high_watermark) = (leader.log.end_offset(), leader.high_watermark);
        let (leading, epoch) = (partition.leader, partition.leader_epoch);
        for replica in partition.replicas.iter_mut().filter(|replica| replica.node != leading) {
            let lag = self.nodes.get(&replica.node).and_then(Node::follows_after);
            let has_all = replica.followed_epoch == epoch && replica.log.end_offset() == end;
            if has_all && lag.is_some_and(|lag| lag.is_zero()) {
                replica.high_watermark = high_watermark.min(replica.log.end_offset());
                continue;
            }
            if !has_all && replica.behind_since.is_none() {
                replica.behind_since = Some(now);
                let leaves = now + self.config.replica_lag_time_max;
                self.timers.set(leaves, Timer::ShrinkIsr(id, index));
            }
            let is_behind = !has_all || replica.high_watermark < high_watermark;
            if let Some(lag) = lag.filter(|_| is_behind && replica.fetch_due.is_none()) {
                // One that does not lag has a disk that failed, and tries again.
                let due = now + if lag.is_zero() { RETRY } else { lag };
                replica.fetch_due = Some(due);
                self.timers.set(due, Timer::Replicate(id, index, replica.node));
            }
        }
        changed |= Self::complete_reassignment(partition);
        if changed {
            self.topics.note_partition(id, index);
            self.waiting.changed(id, index);
        }
        self.ensure_leader(id, index, now);
    }

    /// Takes followers that have caught up with the high watermark into the in-sync replicas.
    fn expand_isr(nodes: &BTreeMap<BrokerId, Node>, partition: &mut Partition) -> bool {
        let Some(leader) = partition.leading() else { return false };
        let enough = leader.high_watermark.max(leader.log.latest_epoch_start());
        let caught_up = |replica: &&Replica| {
            let alive = nodes.get(&replica.node).is_some_and(|node| node.registered);
            let follows = replica.behind_since.is_none() && replica.followed_epoch == partition.leader_epoch;
            alive && follows && replica.log.end_offset() >= enough
        };
        let back: Vec<BrokerId> = partition
            .replicas
            .iter()
            .filter(|replica| !partition.isr.contains(&replica.node))
            .filter(caught_up)
            .map(|replica| replica.node)
            .collect();
        partition.isr.extend(&back);
        !back.is_empty()
    }

    /// Drops the replicas that a reassignment removes, once those that it adds are in sync.
    fn complete_reassignment(partition: &mut Partition) -> bool {
        if !partition.is_being_reassigned()
            || !partition.adding.iter().all(|node| partition.isr.contains(node))
            || partition.isr.iter().all(|node| partition.removing.contains(node))
        {
            return false;
        }
        partition.adding.clear();
        let removing = std::mem::take(&mut partition.removing);
        partition.remove_replicas(&removing);
        partition.isr.retain(|node| !removing.contains(node));
        true
    }

    /// Followers that have been behind for too long leave the in-sync replicas.
    pub(super) fn shrink_isr(&mut self, id: TopicId, index: i32, now: Instant) {
        let longest = self.config.replica_lag_time_max;
        let Some(partition) = self.topics.get_mut(id).and_then(|topic| topic.partition_mut(index)) else {
            return;
        };
        if !is_running(&self.nodes, partition.leader) {
            return;
        }
        let too_long = |since: Instant| now.since(since) >= longest;
        let late: Vec<BrokerId> = partition
            .replicas
            .iter()
            .filter(|replica| replica.node != partition.leader && replica.behind_since.is_some_and(too_long))
            .map(|replica| replica.node)
            .collect();
        let before = partition.isr.len();
        partition.isr.retain(|node| !late.contains(node));
        if partition.isr.len() != before {
            self.topics.note_partition(id, index);
            self.waiting.changed(id, index);
            self.replicate(id, index, now);
        }
    }

    /// The controller has lost a node: it leaves the in-sync replicas and leads nothing any more.
    pub(super) fn fence(&mut self, node: BrokerId, now: Instant) {
        let Some(state) = self.nodes.get_mut(&node).filter(|state| state.registered) else { return };
        state.session_ends = None;
        state.registered = false;
        self.each_partition_of(node, |engine, id, index| {
            if let Some(partition) = engine.partition_mut(id, index)
                && partition.isr.iter().any(|member| *member != node)
            {
                partition.isr.retain(|member| *member != node);
                engine.topics.note_partition(id, index);
            }
            engine.ensure_leader(id, index, now);
            engine.waiting.changed(id, index);
            engine.replicate(id, index, now);
        });
    }

    /// The controller hears of a node again.
    pub(super) fn unfence(&mut self, node: BrokerId, now: Instant) {
        let Some(state) = self.nodes.get_mut(&node) else { return };
        state.registered = true;
        state.session_ends = None;
        self.each_partition_of(node, |engine, id, index| {
            engine.ensure_leader(id, index, now);
            engine.replicate(id, index, now);
        });
    }

    /// Lets every partition of which the node has a replica be looked at once.
    pub(super) fn each_partition_of(&mut self, node: BrokerId, mut act: impl FnMut(&mut Self, TopicId, i32)) {
        let held: Vec<(TopicId, i32)> = self
            .topics
            .iter()
            .flat_map(|topic| {
                (0..).zip(&topic.partitions).map(|(index, partition)| (topic.id, index, partition))
            })
            .filter(|(_, _, partition)| partition.replica(node).is_some())
            .map(|(id, index, _)| (id, index))
            .collect();
        for (id, index) in held {
            act(self, id, index);
        }
    }

    /// Elects a leader if there is none that may lead.
    pub(super) fn ensure_leader(&mut self, id: TopicId, index: i32, now: Instant) {
        let Some(topic) = self.topics.get_mut(id) else { return };
        let unclean = topic.config.unclean_leader_election;
        let Some(partition) = topic.partition_mut(index) else { return };
        let alive = |node: BrokerId| self.nodes.get(&node).is_some_and(|node| node.registered);
        let held = |node: BrokerId| partition.replica(node).is_some();
        let leader = partition.leader;
        if alive(leader) && partition.is_in_sync(leader) && held(leader) {
            return;
        }
        let nodes = partition.replica_nodes();
        let clean = nodes.iter().copied().find(|node| alive(*node) && partition.is_in_sync(*node));
        let any = nodes.iter().copied().find(|node| unclean && alive(*node));
        let elected = clean.or(any).unwrap_or(BrokerId::NONE);
        if elected != leader {
            self.lead(id, index, elected, now);
        }
    }

    /// After a reassignment has begun or was cancelled: the leader may have to change, and new replicas fetch.
    pub(crate) fn settle_reassignment(&mut self, id: TopicId, index: i32, now: Instant) {
        self.topics.note_partition(id, index);
        self.furnish(id, index);
        self.ensure_leader(id, index, now);
        self.replicate(id, index, now);
        if let Some(partition) = self.partition_mut(id, index)
            && Self::complete_reassignment(partition)
        {
            self.waiting.changed(id, index);
            self.ensure_leader(id, index, now);
        }
    }

    /// Elects the preferred leader, or uncleanly any.
    pub(crate) fn elect(
        &mut self,
        topic: &str,
        index: i32,
        unclean: bool,
        now: Instant,
    ) -> Result<(), ErrorCode> {
        let id = self.topics.id(topic).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
        let partition = self.topics.get(id).and_then(|topic| topic.partition(index));
        let partition = partition.ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
        let nodes = partition.replica_nodes();
        let preferred = nodes.first().copied().unwrap_or(BrokerId::NONE);
        let elected = match unclean {
            true if !partition.leader.is_none() => return Err(ErrorCode::ELECTION_NOT_NEEDED),
            true => nodes.iter().copied().find(|node| self.is_registered(*node)),
            false if partition.leader == preferred => return Err(ErrorCode::ELECTION_NOT_NEEDED),
            false => Some(preferred).filter(|node| self.is_registered(*node) && partition.is_in_sync(*node)),
        };
        let Some(elected) = elected else {
            return Err(match unclean {
                true => ErrorCode::ELIGIBLE_LEADERS_NOT_AVAILABLE,
                false => ErrorCode::PREFERRED_LEADER_NOT_AVAILABLE,
            });
        };
        self.lead(id, index, elected, now);
        Ok(())
    }

    /// Gives a new partition its first leader: the first of its replicas that is alive.
    pub(super) fn found(&mut self, id: TopicId, index: i32) {
        self.topics.note_partition(id, index);
        self.furnish(id, index);
        let Some(topic) = self.topics.get_mut(id) else { return };
        let Some(partition) = topic.partition_mut(index) else { return };
        let alive = |node: &BrokerId| self.nodes.get(node).is_some_and(|node| node.registered);
        let in_sync: Vec<BrokerId> = partition.isr.iter().copied().filter(alive).collect();
        let leader = in_sync.first().copied().unwrap_or(BrokerId::NONE);
        if !in_sync.is_empty() {
            partition.isr = in_sync;
        }
        partition.appoint(leader);
        for follower in partition.replica_nodes() {
            partition.follow(follower);
        }
    }

    /// Makes `leader`, or nobody, the leader under a new epoch. A leader that was not in sync is in sync alone.
    pub(super) fn lead(&mut self, id: TopicId, index: i32, leader: BrokerId, now: Instant) {
        let Some(partition) = self.partition_mut(id, index) else { return };
        partition.appoint(leader);
        self.topics.note_partition(id, index);
        self.move_groups(id, index, now);
        self.waiting.changed(id, index);
        self.replicate(id, index, now);
    }

    pub(crate) fn partition_mut(&mut self, id: TopicId, index: i32) -> Option<&mut Partition> {
        self.topics.get_mut(id)?.partition_mut(index)
    }
}

fn is_running(nodes: &BTreeMap<BrokerId, Node>, node: BrokerId) -> bool {
    nodes.get(&node).is_some_and(|node| node.state == NodeState::Running)
}
