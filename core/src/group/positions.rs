//! Where reading begins: at what the group last committed.

use std::collections::{BTreeMap, BTreeSet};

use ottla_proto::messages::offset_fetch::{
    OffsetFetchRequestGroup, OffsetFetchRequestTopic, OffsetFetchRequestTopics,
};
use ottla_proto::messages::{OffsetFetchRequest, OffsetFetchResponse};
use ottla_proto::wire::Request;
use ottla_proto::{ApiKey, ErrorCode, GroupId, LeaderEpoch, TopicId};

use super::member::{Asked, Member, Protocol};
use super::ownership::{Ownership, Processed, TopicKey};
use crate::consumer::{Isolation, Start};
use crate::net::{Answer, Net};
use crate::retry::{Remedy, remedy};
use crate::sync::Arc;
use crate::time::Instant;

/// The last version of OffsetFetch and of OffsetCommit that names topics by name.
const BY_NAME: i16 = 9;
/// From this version on one request asks about several groups.
const BATCHED: i16 = 8;

/// Partitions whose beginning is not known yet.
#[derive(Debug, Default)]
pub(super) struct Positions {
    wanted: Vec<Arc<Ownership>>,
    pub(super) retry_at: Option<Instant>,
    failures: u32,
    /// What the last look-up met.
    pub(super) met: ErrorCode,
}

impl Positions {
    pub(super) fn find(&mut self, ownerships: Vec<Arc<Ownership>>) {
        self.wanted.extend(ownerships);
    }

    pub(super) fn forget(&mut self, ownerships: &[Arc<Ownership>]) {
        let gone: BTreeSet<_> = ownerships.iter().map(|ownership| ownership.id()).collect();
        self.wanted.retain(|wanted| !gone.contains(&wanted.id()));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.wanted.is_empty()
    }
}

/// The highest version in which to speak of these partitions. A topic that was deleted and created anew has another id,
/// so that nothing of the old one is taken for the new one's; members of the classic protocol know names only.
pub(super) fn highest_version<'a>(
    mut ownerships: impl Iterator<Item = &'a Arc<Ownership>>,
    latest: i16,
) -> i16 {
    if ownerships.all(|ownership| ownership.topic_id().is_some()) { latest } else { BY_NAME }
}

/// Whether that version names topics by their ids.
pub(super) fn is_by_id(version: i16) -> bool {
    version > BY_NAME
}

impl Member {
    pub(super) fn find_positions(&mut self, net: &mut Net, now: Instant) {
        let waits = self.positions.retry_at.is_some_and(|at| at > now);
        if self.positions.wanted.is_empty() || waits || self.is_asked(Asked::Offsets) {
            return;
        }
        if !self.line_is_free() || !self.is_in_group() {
            return;
        }
        self.positions.retry_at = None;
        let Some(link) = self.coordinator_link(ApiKey::OFFSET_FETCH, net, now) else { return };
        let highest = highest_version(self.positions.wanted.iter(), OffsetFetchRequest::LATEST_STABLE);
        let Some(version) = self.version::<OffsetFetchRequest>(link, highest, net, now) else { return };
        let mut topics: BTreeMap<_, Vec<i32>> = BTreeMap::new();
        for ownership in &self.positions.wanted {
            let topic = topics.entry(ownership.topic_as(is_by_id(version))).or_default();
            topic.push(ownership.partition().partition);
        }
        let topics = topics.into_iter();
        let stable = self.config.isolation == Isolation::ReadCommitted && version >= 7;
        let mut request = OffsetFetchRequest { require_stable: stable, ..Default::default() };
        if version >= BATCHED {
            let mut group =
                OffsetFetchRequestGroup { group_id: self.config.group.clone(), ..Default::default() };
            if version >= 9 && self.protocol == Some(Protocol::Consumer) {
                group.member_id = Some(self.member_id.clone());
                group.member_epoch = self.generation;
            }
            let topics = topics.map(|((name, topic_id), partition_indexes)| OffsetFetchRequestTopics {
                name,
                topic_id,
                partition_indexes,
                ..Default::default()
            });
            group.topics = Some(topics.collect());
            request.groups = vec![group];
        } else {
            request.group_id = self.config.group.clone();
            let topics = topics.map(|((name, _), partition_indexes)| OffsetFetchRequestTopic {
                name,
                partition_indexes,
                ..Default::default()
            });
            request.topics = Some(topics.collect());
        }
        let timeout = self.config.request_timeout;
        self.send(link, version, &request, Asked::Offsets, timeout, net, now);
    }

    pub(super) fn on_offsets(&mut self, answer: &Answer, net: &mut Net, now: Instant) {
        let Ok(response) = net.open::<OffsetFetchResponse>(answer, now) else {
            return self.unanswered(Asked::Offsets, net, now);
        };
        let (error, offsets) = committed_offsets(&response, &self.config.group, answer.version);
        if !error.is_none() {
            return self.offsets_refused(error, answer, net, now);
        }
        self.coordinator.is_well();
        let mut starts = Vec::new();
        let mut refused = None;
        let start = self.config.start;
        self.positions.wanted.retain(|ownership| {
            let topic = ownership.topic_as(is_by_id(answer.version));
            let Some(found) = offsets.get(&(topic, ownership.partition().partition)) else { return true };
            if !found.error.is_none() {
                refused = refused.or(Some(found.error));
                return true;
            }
            // The log may have been cut since: the epoch tells (KIP-320).
            let begin = match found.offset {
                None => start,
                Some(offset) if found.leader_epoch.is_none() => Start::At(offset),
                Some(offset) => Start::AtEpoch(offset, found.leader_epoch),
            };
            if let Some(offset) = found.offset {
                ownership.begin(Processed { offset, leader_epoch: found.leader_epoch });
            }
            starts.push((ownership.partition().clone(), begin));
            false
        });
        self.reader.assign(starts);
        match refused {
            Some(error) if remedy(error) == Remedy::Fail => self.offsets_refused(error, answer, net, now),
            error if !self.positions.wanted.is_empty() => {
                self.positions_unanswered(error.unwrap_or(ErrorCode::UNKNOWN_SERVER_ERROR), net, now);
            }
            _ => self.positions.failures = 0,
        }
    }

    fn offsets_refused(&mut self, error: ErrorCode, answer: &Answer, net: &mut Net, now: Instant) {
        match error {
            ErrorCode::STALE_MEMBER_EPOCH => {
                self.consumer.hurry(now);
                self.positions_unanswered(error, net, now);
            }
            ErrorCode::UNKNOWN_MEMBER_ID | ErrorCode::FENCED_MEMBER_EPOCH
                if self.protocol == Some(Protocol::Consumer) =>
            {
                self.fenced(error, net, now);
            }
            _ => match remedy(error) {
                Remedy::FindCoordinator => {
                    self.lose_coordinator(error, net, now);
                    self.positions_unanswered(error, net, now);
                }
                Remedy::Fail => self.refuse(answer.node, error, None, net, now),
                Remedy::Retry | Remedy::Refresh | Remedy::WaitOut => {
                    self.positions_unanswered(error, net, now);
                }
            },
        }
    }

    pub(super) fn positions_unanswered(&mut self, error: ErrorCode, net: &mut Net, now: Instant) {
        if error == ErrorCode::UNKNOWN_TOPIC_ID {
            // The topic is gone, or newer than what the coordinator knows.
            net.cluster_mut().refresh();
        }
        self.positions.met = error;
        self.positions.failures = self.positions.failures.saturating_add(1);
        let delay = self.config.retry_backoff.delay(self.positions.failures, net.random());
        self.positions.retry_at = Some(now + delay);
    }
}

/// What an answer says of one partition.
struct CommittedOffset {
    offset: Option<i64>,
    leader_epoch: LeaderEpoch,
    error: ErrorCode,
}

/// What an answer says of the group, and of each partition. Of two words on one partition the first counts.
fn committed_offsets(
    response: &OffsetFetchResponse,
    group: &GroupId,
    version: i16,
) -> (ErrorCode, BTreeMap<(TopicKey, i32), CommittedOffset>) {
    let mut offsets = BTreeMap::new();
    let mut note = |topic, partition: i32, offset: i64, leader_epoch, error| {
        let offset = Some(offset).filter(|offset| *offset >= 0);
        let committed = CommittedOffset { offset, leader_epoch, error };
        offsets.entry((topic, partition)).or_insert(committed);
    };
    if version < BATCHED {
        for topic in &response.topics {
            for found in &topic.partitions {
                let (offset, epoch) = (found.committed_offset, found.committed_leader_epoch);
                let topic = (topic.name.clone(), TopicId::ZERO);
                note(topic, found.partition_index, offset, epoch, found.error_code);
            }
        }
        return (response.error_code, offsets);
    }
    let Some(group) = response.groups.iter().find(|found| found.group_id == *group) else {
        return (ErrorCode::UNKNOWN_SERVER_ERROR, offsets);
    };
    for topic in &group.topics {
        for found in &topic.partitions {
            let (offset, epoch) = (found.committed_offset, found.committed_leader_epoch);
            let topic = (topic.name.clone(), topic.topic_id);
            note(topic, found.partition_index, offset, epoch, found.error_code);
        }
    }
    (group.error_code, offsets)
}
