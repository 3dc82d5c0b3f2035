//! What nobody has used for long is forgotten: committed offsets, groups, transactional ids.

use ottla_proto::{GroupId, TopicName};

use super::{CommittedOffset, Coordinators};
use crate::Instant;

impl Coordinators {
    /// Forgets what is old by the settings. A group that nobody is in goes with the last of its offsets, and at once
    /// if it never had any (Java's `cleanupGroupMetadata`).
    pub(crate) fn expire(&mut self, now: Instant) {
        self.transactions.expire(now, self.transaction_settings.transactional_id_expiration);
        let retention = self.settings.offsets_retention;
        let ids: Vec<GroupId> = self.groups.iter().map(|(id, _)| id.clone()).collect();
        for id in ids {
            let Some(group) = self.groups.get(&id) else { continue };
            let is_old = |topic: &TopicName, committed: &CommittedOffset| {
                let Some(since) = group.unused_since(topic, committed.at) else { return false };
                committed.expires.map_or_else(|| now.since(since) >= retention, |end| end <= now)
            };
            let nothing_is_left = self.offsets.expire(&id, is_old);
            if nothing_is_left && group.is_empty() {
                let (groups, mut turn) = self.groups(now);
                // It is there, and empty.
                let _ = groups.delete(&mut turn, &id);
            }
        }
    }
}
