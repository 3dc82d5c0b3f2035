//! What happens as time goes by: old records go, those that have newer ones with their key, and what is known of
//! producers, groups and transactions that nobody uses any more.

use ottla_proto::TopicId;

use super::Engine;
use crate::Instant;

impl Engine {
    /// Looks at all logs, if that was not done for a while. Comes before whatever could tell the difference, so that
    /// no timer is needed, and a cluster that nobody uses sleeps.
    pub(super) fn look_after_logs(&mut self, now: Instant) {
        if now < self.upkeep_due {
            return;
        }
        self.upkeep_due = now + self.config.log_check_interval;
        for id in self.topics.iter().map(|topic| topic.id).collect::<Vec<_>>() {
            for index in 0..self.topics.get(id).map_or(0, |topic| topic.partition_count()) {
                self.retain(id, index, true, now);
                self.forget_producers(id, index, now);
                self.compact(id, index, now);
            }
        }
    }

    /// Forgets offsets, groups and transactional ids that nobody has used for long, as seldom as Kafka.
    pub(super) fn look_after_coordinators(&mut self, now: Instant) {
        let next = now + self.config.groups.offsets_retention_check_interval;
        if *self.expiry_due.get_or_insert(next) <= now {
            self.expiry_due = Some(next);
            self.coordinators.expire(now);
        }
    }

    fn forget_producers(&mut self, id: TopicId, index: i32, now: Instant) {
        let after_ms = i64::try_from(self.config.producer_id_expiration.as_millis()).unwrap_or(i64::MAX);
        let partition = self.topics.get_mut(id).and_then(|topic| topic.partition_mut(index));
        for replica in partition.into_iter().flat_map(|partition| &mut partition.replicas) {
            replica.log.forget_producers(now.as_millis(), after_ms);
        }
    }

    /// Compacts the replicas of a partition, each by itself.
    fn compact(&mut self, id: TopicId, index: i32, now: Instant) {
        let Some(topic) = self.topics.get_mut(id) else { return };
        let Some(compaction) = topic.config.compaction() else { return };
        let Some(partition) = topic.partition_mut(index) else { return };
        for replica in &mut partition.replicas {
            let limit = replica.last_stable_offset();
            // What could not be read or written stays as it is, and is told.
            let _ = replica.log.compact(compaction, now.as_millis(), limit, &mut self.checker);
        }
    }

    /// Drops what the topic need not keep of a partition: what is too much, and what is too old if `by_age` is set. Old
    /// records that were written just now live until the next look, as in Kafka.
    pub(crate) fn retain(&mut self, id: TopicId, index: i32, by_age: bool, now: Instant) {
        let Some(topic) = self.topics.get_mut(id) else { return };
        let (deletes, mut retention) = (topic.config.deletes, topic.config.retention());
        retention.ms = retention.ms.filter(|_| by_age);
        let Some(partition) = topic.partition_mut(index) else { return };
        let Some(leader) = partition.replica_mut(partition.leader) else { return };
        if deletes && leader.log.retain(retention, now.as_millis(), leader.high_watermark) {
            self.topics.note_partition(id, index);
            self.replicate(id, index, now);
            self.waiting.changed(id, index);
        }
    }
}
