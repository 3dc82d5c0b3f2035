//! Commits: in order, by whoever owns the partition, tried again where that may help.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytestring::ByteString;
use ottla_proto::messages::offset_commit::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use ottla_proto::messages::{OffsetCommitRequest, OffsetCommitResponse};
use ottla_proto::wire::{MAX_TEXT_BYTES, Request};
use ottla_proto::{ApiKey, ErrorCode, LeaderEpoch};

use super::edge::GroupEvent;
use super::error::{CommitError, GroupError};
use super::member::{Asked, Member, Protocol, soonest};
use super::ownership::{Cause, Ownership, OwnershipId, Phase};
use super::positions::{highest_version, is_by_id};
use crate::cluster::Cluster;
use crate::consumer::TopicPartition;
use crate::event::{Event, Ticket};
use crate::net::{Answer, Net};
use crate::retry::{Remedy, remedy};
use crate::sync::Arc;
use crate::time::Instant;

/// What to commit for one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitEntry {
    /// The partition.
    pub partition: TopicPartition,
    /// The ownership under which its records were processed; `None` for the one that holds now.
    pub ownership: Option<OwnershipId>,
    /// The offset of the next record to process.
    pub offset: i64,
    /// The leader epoch that goes with it.
    pub leader_epoch: LeaderEpoch,
    /// Whatever the application wants to find beside it.
    pub metadata: Option<ByteString>,
}

/// What was committed, by partition.
pub type Committed = BTreeMap<TopicPartition, CommitEntry>;

/// What the application commits, taken into account by [`GroupEdge::order`](super::GroupEdge::order).
#[derive(Debug)]
pub struct CommitOrder(pub(super) Vec<CommitEntry>);

/// Commits that are to be sent or in flight.
///
/// One request is in flight at a time: a second could overtake the first when that is tried again, and take the
/// group back.
#[derive(Debug)]
pub(super) struct Commits {
    queue: VecDeque<Job>,
    in_flight: Vec<Job>,
    /// The generation of the request in flight.
    generation: i32,
    retry_at: Option<Instant>,
    failures: u32,
    auto_at: Option<Instant>,
}

#[derive(Debug)]
struct Job {
    ticket: Option<Ticket>,
    entries: BTreeMap<TopicPartition, (Arc<Ownership>, CommitEntry)>,
    deadline: Option<Instant>,
    last_error: Option<ErrorCode>,
    failure: Option<CommitError>,
}

impl Commits {
    pub(super) fn new(auto: Option<Duration>, now: Instant) -> Self {
        Self {
            queue: VecDeque::new(),
            in_flight: Vec::new(),
            generation: -1,
            retry_at: None,
            failures: 0,
            auto_at: auto.map(|interval| now + interval),
        }
    }

    /// Whether something is under way for that ownership.
    pub(super) fn concerns(&self, ownership: &Arc<Ownership>) -> bool {
        let mut jobs = self.queue.iter().chain(&self.in_flight);
        jobs.any(|job| {
            let entry = job.entries.get(ownership.partition());
            entry.is_some_and(|(other, _)| Arc::ptr_eq(other, ownership))
        })
    }

    pub(super) fn next_at(&self) -> Option<Instant> {
        let deadline = self.queue.iter().chain(&self.in_flight).filter_map(|job| job.deadline).min();
        soonest([deadline, self.retry_at, self.auto_at])
    }
}

impl Member {
    pub(super) fn commit(&mut self, ticket: Option<Ticket>, order: CommitOrder, deadline: Instant) {
        let mut job = Job::new(ticket, Some(deadline));
        for entry in order.0 {
            let owned = self.edge.ownership(&entry.partition).filter(|ownership| {
                ownership.is_held() && entry.ownership.is_none_or(|shown| shown == ownership.id())
            });
            match owned {
                Some(ownership) => job.add(ownership, entry, self.config.commit_metadata.as_ref()),
                None => job.fail(CommitError::NotOwned { partition: entry.partition }),
            }
        }
        if self.has_ended() {
            job.fail(GroupError::Closed.into());
        }
        if job.entries.is_empty() || self.has_ended() {
            return self.finish_commit(job);
        }
        self.commits.queue.push_back(job);
    }

    /// Commits how far each of them was processed, as far as that is news.
    pub(super) fn commit_processed(&mut self, ownerships: &[Arc<Ownership>]) {
        let mut job = Job::new(None, None);
        for ownership in ownerships {
            let Some(processed) = ownership.to_commit().filter(|_| ownership.is_held()) else { continue };
            let entry = CommitEntry {
                partition: ownership.partition().clone(),
                ownership: Some(ownership.id()),
                offset: processed.offset,
                leader_epoch: processed.leader_epoch,
                metadata: None,
            };
            job.add(Arc::clone(ownership), entry, self.config.commit_metadata.as_ref());
        }
        if job.entries.is_empty() {
            self.finish_commit(job);
        } else {
            self.commits.queue.push_back(job);
        }
    }

    pub(super) fn step_commits(&mut self, net: &mut Net, now: Instant) {
        if let Some(interval) = self.config.auto_commit
            && self.commits.auto_at.is_some_and(|at| at <= now)
        {
            self.commits.auto_at = Some(now + interval);
            let idle = self.commits.queue.is_empty() && self.commits.in_flight.is_empty();
            if idle && self.hand_over.is_none() {
                let owned = self.edge.owned();
                self.commit_processed(&owned);
            }
        }
        self.drop_commits_not_owned();
        self.drop_commits_overdue(now);
        self.send_commits(net, now);
    }

    /// Somebody else may be further already: a commit now could take the group back.
    pub(super) fn drop_commits_not_owned(&mut self) {
        for mut job in std::mem::take(&mut self.commits.queue) {
            let lost: Vec<_> =
                job.entries.values().filter(|(ownership, _)| !ownership.is_held()).cloned().collect();
            for (_, entry) in lost {
                job.entries.remove(&entry.partition);
                job.fail(CommitError::NotOwned { partition: entry.partition });
            }
            if job.entries.is_empty() {
                self.finish_commit(job);
            } else {
                self.commits.queue.push_back(job);
            }
        }
    }

    fn drop_commits_overdue(&mut self, now: Instant) {
        let overdue = |job: &Job| job.deadline.is_some_and(|deadline| deadline <= now);
        for mut job in std::mem::take(&mut self.commits.queue) {
            if overdue(&job) {
                job.fail(CommitError::DeadlineExceeded { last_error: job.last_error });
                self.finish_commit(job);
            } else {
                self.commits.queue.push_back(job);
            }
        }
        let mut told = Vec::new();
        for job in &mut self.commits.in_flight {
            if overdue(job) {
                job.deadline = None;
                told.extend(job.ticket.take().map(|ticket| (ticket, job.last_error)));
            }
        }
        for (ticket, last_error) in told {
            let result = Err(CommitError::DeadlineExceeded { last_error });
            self.emit(Event::CommitDone { ticket, result });
        }
    }

    fn send_commits(&mut self, net: &mut Net, now: Instant) {
        let waits = self.commits.retry_at.is_some_and(|at| at > now);
        if self.commits.queue.is_empty() || waits || self.is_asked(Asked::Commit) {
            return;
        }
        if !self.line_is_free() || !self.is_in_group() {
            return;
        }
        self.commits.retry_at = None;
        let Some(link) = self.coordinator_link(ApiKey::OFFSET_COMMIT, net, now) else { return };
        let entries = self.commits.queue.iter().flat_map(|job| job.entries.values());
        let ownerships = entries.map(|(ownership, _)| ownership);
        let highest = highest_version(ownerships, OffsetCommitRequest::LATEST_STABLE);
        let Some(version) = self.version::<OffsetCommitRequest>(link, highest, net, now) else { return };
        let jobs: Vec<_> = self.commits.queue.drain(..).collect();
        // The later of two for one partition counts.
        let mut topics: BTreeMap<_, BTreeMap<i32, OffsetCommitRequestPartition>> = BTreeMap::new();
        for (ownership, entry) in jobs.iter().flat_map(|job| job.entries.values()) {
            let partition = OffsetCommitRequestPartition {
                partition_index: entry.partition.partition,
                committed_offset: entry.offset,
                committed_leader_epoch: if version >= 6 { entry.leader_epoch } else { LeaderEpoch::NONE },
                committed_metadata: Some(entry.metadata.clone().unwrap_or_default()),
                ..Default::default()
            };
            let topic = topics.entry(ownership.topic_as(is_by_id(version))).or_default();
            topic.insert(entry.partition.partition, partition);
        }
        let topics = topics.into_iter().map(|((name, topic_id), partitions)| OffsetCommitRequestTopic {
            name,
            topic_id,
            partitions: partitions.into_values().collect(),
            ..Default::default()
        });
        let request = OffsetCommitRequest {
            group_id: self.config.group.clone(),
            generation_id_or_member_epoch: self.generation,
            member_id: self.member_id.clone(),
            group_instance_id: self.config.instance_id.clone().filter(|_| version >= 7),
            topics: topics.collect(),
            ..Default::default()
        };
        self.commits.generation = self.generation;
        self.commits.in_flight = jobs;
        let timeout = self.config.request_timeout;
        self.send(link, version, &request, Asked::Commit, timeout, net, now);
    }

    pub(super) fn on_commit(&mut self, answer: &Answer, net: &mut Net, now: Instant) {
        let Ok(response) = net.open::<OffsetCommitResponse>(answer, now) else {
            return self.unanswered(Asked::Commit, net, now);
        };
        let mut errors: BTreeMap<_, ErrorCode> = BTreeMap::new();
        for topic in response.topics {
            for partition in topic.partitions {
                let topic = (topic.name.clone(), topic.topic_id);
                errors.insert((topic, partition.partition_index), partition.error_code);
            }
        }
        let mut retry = None;
        let mut expelled = None;
        let mut committed = Committed::new();
        let mut jobs = std::mem::take(&mut self.commits.in_flight);
        for job in &mut jobs {
            for (partition, (ownership, entry)) in std::mem::take(&mut job.entries) {
                let topic = ownership.topic_as(is_by_id(answer.version));
                let error = errors.get(&(topic, partition.partition)).copied();
                // An answer that leaves it out says nothing about it.
                match error.unwrap_or(ErrorCode::UNKNOWN_SERVER_ERROR) {
                    ErrorCode::NONE => {
                        ownership.set_committed(entry.offset);
                        committed.insert(partition, entry);
                    }
                    _ if !ownership.is_held() => job.fail(CommitError::NotOwned { partition }),
                    error => {
                        job.last_error = Some(error);
                        match self.judge(error, &ownership, net) {
                            Judgement::Retry => {
                                retry = retry.or(Some(error));
                                job.entries.insert(partition, (ownership, entry));
                            }
                            Judgement::Expelled => {
                                expelled = Some(error);
                                job.fail(CommitError::NotOwned { partition });
                            }
                            Judgement::Gone => job.fail(CommitError::TopicGone { partition }),
                            Judgement::Refused => job.fail(CommitError::Refused { partition, error }),
                        }
                    }
                }
            }
        }
        if self.config.tells_commits && !committed.is_empty() {
            self.edge.note_commit(committed);
        }
        self.commits.failures = 0;
        for job in jobs.into_iter().rev() {
            if job.entries.is_empty() {
                self.finish_commit(job);
            } else {
                self.commits.queue.push_front(job);
            }
        }
        match retry {
            Some(error) => self.commit_to_be_repeated(error, net, now),
            None => self.coordinator.is_well(),
        }
        if let Some(error) = expelled {
            self.commit_expelled(error, net, now);
        }
    }

    fn judge(&self, error: ErrorCode, ownership: &Ownership, net: &Net) -> Judgement {
        let moved_on = self.commits.generation != self.generation;
        match error {
            // A coordinator may hear of a topic later than this member; what the view does not have either is gone.
            ErrorCode::UNKNOWN_TOPIC_ID if !is_there(ownership, net.cluster()) => Judgement::Gone,
            // The epoch in the request is not the one that the coordinator has by now.
            ErrorCode::STALE_MEMBER_EPOCH => Judgement::Retry,
            // What is still owned after the rebalance can be committed then; what is being given up cannot wait.
            ErrorCode::REBALANCE_IN_PROGRESS if ownership.phase() == Phase::Held => Judgement::Retry,
            ErrorCode::ILLEGAL_GENERATION if moved_on => Judgement::Retry,
            ErrorCode::ILLEGAL_GENERATION | ErrorCode::UNKNOWN_MEMBER_ID | ErrorCode::FENCED_MEMBER_EPOCH => {
                Judgement::Expelled
            }
            ErrorCode::REBALANCE_IN_PROGRESS => Judgement::Refused,
            ErrorCode::UNKNOWN_SERVER_ERROR => Judgement::Refused,
            error if remedy(error) == Remedy::Fail => Judgement::Refused,
            _ => Judgement::Retry,
        }
    }

    fn commit_expelled(&mut self, error: ErrorCode, net: &mut Net, now: Instant) {
        match self.protocol {
            Some(Protocol::Consumer) => self.fenced(error, net, now),
            // The heartbeat or the join will be told the same, and knows what to do.
            Some(Protocol::Classic) => self.classic.heartbeat_unanswered(now),
            None => {}
        }
    }

    fn commit_to_be_repeated(&mut self, error: ErrorCode, net: &mut Net, now: Instant) {
        match error {
            ErrorCode::STALE_MEMBER_EPOCH => self.consumer.hurry(now),
            ErrorCode::REBALANCE_IN_PROGRESS => self.classic.rejoin(Cause::Others),
            ErrorCode::UNKNOWN_TOPIC_ID => net.cluster_mut().refresh(),
            error if remedy(error) == Remedy::FindCoordinator => self.lose_coordinator(error, net, now),
            _ => {}
        }
        self.put_off_commits(net, now);
    }

    /// No answer: whether it was committed is not known, and committing it again does no harm.
    pub(super) fn commit_unanswered(&mut self, error: ErrorCode, net: &mut Net, now: Instant) {
        for mut job in std::mem::take(&mut self.commits.in_flight).into_iter().rev() {
            job.last_error = Some(error);
            self.commits.queue.push_front(job);
        }
        self.put_off_commits(net, now);
    }

    fn put_off_commits(&mut self, net: &mut Net, now: Instant) {
        self.commits.failures = self.commits.failures.saturating_add(1);
        let delay = self.config.retry_backoff.delay(self.commits.failures, net.random());
        self.commits.retry_at = Some(now + delay);
    }

    /// The member ends; so does every commit.
    pub(super) fn end_commits(&mut self, error: &GroupError) {
        let queue = std::mem::take(&mut self.commits.queue);
        for mut job in std::mem::take(&mut self.commits.in_flight).into_iter().chain(queue) {
            job.fail(error.clone().into());
            self.finish_commit(job);
        }
    }

    fn finish_commit(&mut self, job: Job) {
        match (job.ticket, job.failure) {
            (Some(ticket), failure) => {
                let result = failure.map_or(Ok(()), Err);
                self.emit(Event::CommitDone { ticket, result });
            }
            (None, Some(error)) if !self.has_ended() => {
                self.tell(GroupEvent::CommitFailed { error });
            }
            (None, _) => {}
        }
    }
}

impl Job {
    fn new(ticket: Option<Ticket>, deadline: Option<Instant>) -> Self {
        Self { ticket, entries: BTreeMap::new(), deadline, last_error: None, failure: None }
    }

    /// `usual` is the text of whoever brings none.
    fn add(&mut self, ownership: Arc<Ownership>, mut entry: CommitEntry, usual: Option<&ByteString>) {
        entry.metadata = entry.metadata.or_else(|| usual.cloned());
        let length = entry.metadata.as_ref().map_or(0, |text| text.len());
        // Brokers take less: 4,096 unless told otherwise.
        if length > MAX_TEXT_BYTES {
            self.fail(CommitError::MetadataTooLong { partition: entry.partition, length });
        } else {
            self.entries.insert(entry.partition.clone(), (ownership, entry));
        }
    }

    /// The first failure is the one that is told.
    fn fail(&mut self, error: CommitError) {
        self.failure.get_or_insert(error);
    }
}

/// Whether the topic that the partition was given of exists, as far as is known.
fn is_there(ownership: &Ownership, cluster: &Cluster) -> bool {
    let topic = &ownership.partition().topic;
    cluster.topic_id(topic) == ownership.topic_id() && !cluster.says_no_such_topic(topic)
}

/// What an error of one partition means.
enum Judgement {
    Retry,
    /// The coordinator does not take this member for one.
    Expelled,
    /// The topic that the partition was given of is no more.
    Gone,
    Refused,
}
