//! The classic protocol: join, sync, heartbeat. Java: `ConsumerCoordinator` and `AbstractCoordinator`.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use ottla_proto::messages::join_group::JoinGroupRequestProtocol;
use ottla_proto::messages::sync_group::SyncGroupRequestAssignment;
use ottla_proto::messages::{
    HeartbeatRequest, HeartbeatResponse, JoinGroupRequest, JoinGroupResponse, SyncGroupRequest,
    SyncGroupResponse,
};
use ottla_proto::wire::Request;
use ottla_proto::{ApiKey, BrokerId, ErrorCode, TopicName};

use super::leader::Leadership;
use super::member::{Asked, Member, soonest};
use super::ownership::{Cause, End};
use super::subscription::{MemberSubscription, decode_assignment};
use crate::consumer::TopicPartition;
use crate::net::{Answer, Net};
use crate::retry::{Remedy, remedy};
use crate::time::Instant;

/// How all consumers name their kind of group.
const PROTOCOL_TYPE: ByteString = ByteString::from_static("consumer");
/// The broker waits for members as long as the rebalance time-out says, and then takes a moment to answer.
const JOIN_GRACE: Duration = Duration::from_secs(5);

/// Where a member stands in the classic protocol.
#[derive(Debug, Default)]
pub(super) struct Classic {
    phase: Phase,
    /// What partitions are shared out by.
    pub(super) assignor: Option<ByteString>,
    /// Why to join, or join again.
    rejoin: Option<Cause>,
    /// No join before that.
    retry_at: Option<Instant>,
    /// What the last attempt to join met.
    met: ErrorCode,
    failures: u32,
    heartbeat_at: Option<Instant>,
    pub(super) leadership: Option<Leadership>,
    /// What it was last given, for assignors that keep partitions where they are.
    last_assigned: BTreeSet<TopicPartition>,
    last_generation: i32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Out,
    /// A join or a sync is in flight.
    Joining,
    /// This member shares out the partitions.
    Leading,
    In,
}

impl Classic {
    /// Joins in the next step, for the first time or again.
    pub(super) fn rejoin(&mut self, cause: Cause) {
        self.rejoin.get_or_insert(cause);
    }

    /// Out of the group, and not about to join.
    pub(super) fn reset(&mut self) {
        self.phase = Phase::Out;
        self.rejoin = None;
        self.heartbeat_at = None;
        self.retry_at = None;
    }

    pub(super) fn is_in(&self) -> bool {
        self.phase == Phase::In
    }

    pub(super) fn heartbeat_unanswered(&mut self, now: Instant) {
        self.heartbeat_at = Some(now);
    }

    /// When it tries to join again, and after which error.
    pub(super) fn retry(&self) -> Option<(Instant, ErrorCode)> {
        self.retry_at.filter(|_| self.rejoin.is_some()).map(|at| (at, self.met))
    }

    pub(super) fn next_at(&self) -> Option<Instant> {
        let leading = self.leadership.as_ref().and_then(Leadership::patience_until);
        let retry = self.retry_at.filter(|_| self.rejoin.is_some());
        soonest([retry, self.heartbeat_at.filter(|_| self.is_in()), leading])
    }
}

impl Member {
    pub(super) fn step_classic(&mut self, net: &mut Net, now: Instant) {
        self.watch_topics(net, now);
        match self.classic.phase {
            Phase::Joining => {}
            Phase::Leading => self.lead(net, now),
            Phase::Out | Phase::In => {
                if self.classic.rejoin.is_some() && self.closing.is_none() && !self.is_away_too_long() {
                    self.prepare_to_join(net, now);
                }
                if self.classic.phase == Phase::In {
                    self.send_heartbeat(net, now);
                }
            }
        }
    }

    fn is_cooperative(&self) -> bool {
        self.config.assignors().iter().all(|assignor| assignor.is_cooperative())
    }

    /// Gives up what the protocol asks for, then joins.
    fn prepare_to_join(&mut self, net: &mut Net, now: Instant) {
        if let Some(cause) = self.classic.rejoin.clone() {
            self.note_rebalance(cause, now);
        }
        if self.hand_over.is_some() {
            return;
        }
        // The members of a cooperative group keep what they have, but for what they do not want any more.
        let mut owned = self.edge.owned();
        owned.retain(|ownership| !self.is_cooperative() || !self.covers(&ownership.partition().topic));
        if !owned.is_empty() {
            let until = now + self.config.hand_over_timeout();
            self.begin_hand_over(owned, End::Revoked, until, now);
            self.step_hand_over(now);
            if self.hand_over.is_some() {
                return;
            }
        }
        // A join of before may still be on its way.
        let busy = self.is_asked(Asked::Commit) || !self.line_is_free();
        if self.classic.retry_at.is_some_and(|at| at > now) || busy {
            return;
        }
        if !self.knows_topics(net) {
            self.waits_for_names.get_or_insert(now);
            return;
        }
        self.waits_for_names = None;
        self.send_join(net, now);
    }

    fn send_join(&mut self, net: &mut Net, now: Instant) {
        let Some(link) = self.coordinator_link(ApiKey::JOIN_GROUP, net, now) else { return };
        let Some(version) = self.version::<JoinGroupRequest>(link, JoinGroupRequest::LATEST_STABLE, net, now)
        else {
            return;
        };
        let mut protocols = Vec::new();
        let owned = self.owned();
        for assignor in self.config.assignors() {
            let (last, generation) = (&self.classic.last_assigned, self.classic.last_generation);
            let user_data = assignor.user_data(last, if last.is_empty() { -1 } else { generation });
            let subscription = MemberSubscription {
                topics: self.interest.topics().clone(),
                owned: owned.clone(),
                generation: self.generation,
                rack: self.config.rack.clone(),
                user_data,
            };
            let metadata = match subscription.encode() {
                Ok(metadata) => metadata,
                Err(error) => return self.end(error.into(), net, now),
            };
            let name = ByteString::from(assignor.name());
            protocols.push(JoinGroupRequestProtocol { name, metadata, ..Default::default() });
        }
        let reason = self.classic.rejoin.as_ref().map(|cause| ByteString::from(cause.to_string()));
        let request = JoinGroupRequest {
            group_id: self.config.group.clone(),
            session_timeout_ms: millis(self.config.session_timeout()),
            rebalance_timeout_ms: millis(self.config.max_poll_interval),
            member_id: self.member_id.clone(),
            group_instance_id: self.config.instance_id.clone(),
            protocol_type: PROTOCOL_TYPE,
            protocols,
            reason: reason.filter(|_| version >= 8),
            ..Default::default()
        };
        let timeout = self.join_timeout();
        if self.send(link, version, &request, Asked::Join, timeout, net, now) {
            self.classic.phase = Phase::Joining;
            self.classic.rejoin = None;
            self.classic.retry_at = None;
            self.classic.heartbeat_at = None;
        }
    }

    fn join_timeout(&self) -> Duration {
        (self.config.max_poll_interval + JOIN_GRACE).max(self.config.request_timeout)
    }

    pub(super) fn on_join(&mut self, answer: &Answer, net: &mut Net, now: Instant) {
        let Ok(response) = net.open::<JoinGroupResponse>(answer, now) else {
            return self.unanswered(Asked::Join, net, now);
        };
        if self.classic.phase != Phase::Joining {
            return self.take_back_join(&response, net, now);
        }
        match response.error_code {
            // Nobody is in no generation, and nobody without an id.
            ErrorCode::NONE | ErrorCode::MEMBER_ID_REQUIRED if response.member_id.is_empty() => {
                self.join_again_after(ErrorCode::CORRUPT_MESSAGE, net, now);
            }
            ErrorCode::NONE if response.generation_id < 0 => {
                self.join_again_after(ErrorCode::CORRUPT_MESSAGE, net, now);
            }
            ErrorCode::NONE => {
                let Some(assignor) = self.offered(response.protocol_name.as_deref()) else {
                    // Everybody would be given nothing, and nobody know why.
                    let name = response.protocol_name.as_deref().unwrap_or("none");
                    let message =
                        format!("it chose the assignor {name:.80}, which this member did not offer");
                    let error = ErrorCode::INCONSISTENT_GROUP_PROTOCOL;
                    return self.refuse(answer.node, error, Some(&message), net, now);
                };
                self.coordinator.is_well();
                self.member_id = copy(&response.member_id);
                self.generation = response.generation_id;
                self.classic.assignor = Some(assignor);
                let leads = response.leader == response.member_id && !response.member_id.is_empty();
                if !leads {
                    self.forget_leadership(net);
                    return self.send_sync(Vec::new(), net, now);
                }
                self.begin_to_lead(&response, net, now);
                if response.skip_assignment {
                    // A static member that is back: everybody keeps what was shared out before (KIP-814).
                    return self.send_sync(Vec::new(), net, now);
                }
                self.classic.phase = Phase::Leading;
                self.lead(net, now);
            }
            ErrorCode::MEMBER_ID_REQUIRED => {
                self.member_id = copy(&response.member_id);
                self.classic.phase = Phase::Out;
                self.classic.rejoin(Cause::Joining);
                self.put_off_repeated_join(response.error_code, net, now);
            }
            error => self.join_refused(error, answer.node, net, now),
        }
    }

    /// An assignor that this member has, by the name that the group uses.
    fn offered(&self, name: Option<&str>) -> Option<ByteString> {
        let assignors = self.config.assignors();
        let assignor = assignors.iter().find(|assignor| Some(assignor.name()) == name)?;
        Some(ByteString::from(assignor.name()))
    }

    /// The member no longer wants what it asked for: the group does not wait for it.
    fn take_back_join(&mut self, response: &JoinGroupResponse, net: &mut Net, now: Instant) {
        if response.error_code.is_none() && self.member_id.is_empty() {
            self.member_id = copy(&response.member_id);
            self.send_leave("the application did not come back within max.poll.interval", net, now);
            self.member_id = ByteString::new();
        }
    }

    /// Hands in what this member shared out, if it did, and asks for its own part.
    pub(super) fn send_sync(&mut self, assignments: Vec<(ByteString, Bytes)>, net: &mut Net, now: Instant) {
        let Some(link) = self.coordinator_link(ApiKey::SYNC_GROUP, net, now) else {
            // The line that just brought the answer is gone or silent: what it said is void.
            return self.join_again_after(ErrorCode::NETWORK_EXCEPTION, net, now);
        };
        let Some(version) = self.version::<SyncGroupRequest>(link, SyncGroupRequest::LATEST_STABLE, net, now)
        else {
            return;
        };
        let assignments = assignments.into_iter().map(|(member_id, assignment)| SyncGroupRequestAssignment {
            member_id,
            assignment,
            ..Default::default()
        });
        let named = version >= 5;
        let request = SyncGroupRequest {
            group_id: self.config.group.clone(),
            generation_id: self.generation,
            member_id: self.member_id.clone(),
            group_instance_id: self.config.instance_id.clone(),
            protocol_type: named.then_some(PROTOCOL_TYPE),
            protocol_name: self.classic.assignor.clone().filter(|_| named),
            assignments: assignments.collect(),
            ..Default::default()
        };
        let timeout = self.join_timeout();
        if self.send(link, version, &request, Asked::Sync, timeout, net, now) {
            self.classic.phase = Phase::Joining;
        }
    }

    pub(super) fn on_sync(&mut self, answer: &Answer, net: &mut Net, now: Instant) {
        let Ok(response) = net.open::<SyncGroupResponse>(answer, now) else {
            return self.unanswered(Asked::Sync, net, now);
        };
        if self.classic.phase != Phase::Joining {
            return;
        }
        if !response.error_code.is_none() {
            return self.join_refused(response.error_code, answer.node, net, now);
        }
        self.classic.phase = Phase::In;
        // After a stand-still the group may have gone on: it is asked before the look-up of where partitions begin, and
        // so answers before anything of them is read.
        let is_outdated = answer.is_older_than(self.config.session_timeout(), now);
        let interval = if is_outdated { Duration::ZERO } else { self.config.heartbeat_interval() };
        self.classic.heartbeat_at = Some(now + interval);
        match decode_assignment(response.assignment) {
            Ok(assigned) if assigned.iter().all(|partition| partition.partition >= 0) => {
                self.classic.failures = 0;
                self.take_assignment(assigned, now);
                self.learn_partitions(net);
            }
            _ => {
                // Whatever the leader meant, nothing new is read before it says so in a way that can be read.
                self.lose_all(Cause::Malformed, now);
                self.finish_rebalance(now);
                self.put_off_join(ErrorCode::CORRUPT_MESSAGE, Cause::Malformed, net, now);
            }
        }
    }

    fn take_assignment(&mut self, assigned: BTreeSet<TopicPartition>, now: Instant) {
        if self.closing.is_some() {
            // Whoever leaves gives up all that it has, in good order, and takes nothing more.
            return self.finish_rebalance(now);
        }
        // What the leader says of topics that were not asked for is not read.
        let assigned: BTreeSet<_> = assigned
            .into_iter()
            .filter_map(|partition| {
                // A pattern may have found it for the leader and not for this member yet.
                let known = self.interest.topics().get(&partition.topic).cloned();
                let found = || self.covers(&partition.topic).then(|| TopicName(copy(&partition.topic.0)));
                Some(TopicPartition { topic: known.or_else(found)?, partition: partition.partition })
            })
            .collect();
        self.classic.last_assigned = assigned.clone();
        self.classic.last_generation = self.generation;
        let owned = self.edge.owned();
        let taken: Vec<_> =
            owned.iter().filter(|ownership| !assigned.contains(ownership.partition())).cloned().collect();
        let owned = self.owned();
        self.own(assigned.difference(&owned).map(|partition| (partition.clone(), None)));
        if taken.is_empty() {
            self.finish_rebalance(now);
        } else {
            // Others get them in a second rebalance, which begins once they are given up.
            let until = now + self.config.hand_over_timeout();
            self.begin_hand_over(taken, End::Revoked, until, now);
            self.classic.rejoin(Cause::FollowUp);
        }
    }

    fn join_refused(&mut self, error: ErrorCode, node: BrokerId, net: &mut Net, now: Instant) {
        self.classic.phase = Phase::Out;
        self.forget_leadership(net);
        match error {
            // To a join, too: a coordinator could not write down in time what it decided.
            ErrorCode::REBALANCE_IN_PROGRESS => {
                self.classic.rejoin(Cause::Others);
                self.put_off_repeated_join(error, net, now);
            }
            ErrorCode::UNKNOWN_MEMBER_ID | ErrorCode::ILLEGAL_GENERATION => {
                self.expelled(error, now);
                self.put_off_repeated_join(error, net, now);
            }
            error => match remedy(error) {
                Remedy::FindCoordinator => {
                    self.lose_coordinator(error, net, now);
                    self.classic.rejoin(Cause::Others);
                }
                Remedy::Fail => self.refuse(node, error, None, net, now),
                Remedy::Retry | Remedy::Refresh | Remedy::WaitOut => {
                    self.put_off_join(error, Cause::Others, net, now)
                }
            },
        }
    }

    /// The coordinator no longer knows this member, or its generation.
    fn expelled(&mut self, error: ErrorCode, now: Instant) {
        let cause = Cause::Refused { error };
        self.lose_all(cause.clone(), now);
        self.generation = -1;
        if error == ErrorCode::UNKNOWN_MEMBER_ID {
            self.member_id = ByteString::new();
        }
        self.classic.phase = Phase::Out;
        self.classic.rejoin(cause);
    }

    /// What was asked for the join came to nothing: it joins again, once the coordinator is found.
    pub(super) fn join_again_after(&mut self, error: ErrorCode, net: &mut Net, now: Instant) {
        self.classic.phase = Phase::Out;
        self.forget_leadership(net);
        self.put_off_join(error, Cause::Others, net, now);
    }

    /// Joins again at once the first time, and later and later if that leads to nothing.
    fn put_off_repeated_join(&mut self, error: ErrorCode, net: &mut Net, now: Instant) {
        self.classic.met = error;
        let delay = self.config.retry_backoff.delay(self.classic.failures, net.random());
        self.classic.retry_at = Some(now + delay);
        self.classic.failures = self.classic.failures.saturating_add(1);
    }

    fn put_off_join(&mut self, error: ErrorCode, cause: Cause, net: &mut Net, now: Instant) {
        self.classic.met = error;
        self.classic.failures = self.classic.failures.saturating_add(1);
        self.classic.retry_at =
            Some(now + self.config.retry_backoff.delay(self.classic.failures, net.random()));
        self.classic.rejoin(cause);
    }

    fn send_heartbeat(&mut self, net: &mut Net, now: Instant) {
        let due = self.classic.heartbeat_at.is_some_and(|at| at <= now);
        if !due || self.is_asked(Asked::Heartbeat) {
            return;
        }
        let Some(link) = self.coordinator_link(ApiKey::HEARTBEAT, net, now) else { return };
        let Some(version) = self.version::<HeartbeatRequest>(link, HeartbeatRequest::LATEST_STABLE, net, now)
        else {
            return;
        };
        let request = HeartbeatRequest {
            group_id: self.config.group.clone(),
            generation_id: self.generation,
            member_id: self.member_id.clone(),
            group_instance_id: self.config.instance_id.clone(),
            ..Default::default()
        };
        let timeout = self.heartbeat_timeout();
        if self.send(link, version, &request, Asked::Heartbeat, timeout, net, now) {
            self.classic.heartbeat_at = Some(now + self.config.heartbeat_interval());
        }
    }

    /// A coordinator that is silent for longer is looked for anew, well within the session.
    pub(super) fn heartbeat_timeout(&self) -> Duration {
        (self.config.session_timeout() / 3).min(self.config.request_timeout)
    }

    pub(super) fn on_heartbeat(&mut self, answer: &Answer, net: &mut Net, now: Instant) {
        let Ok(response) = net.open::<HeartbeatResponse>(answer, now) else {
            return self.unanswered(Asked::Heartbeat, net, now);
        };
        if self.classic.phase != Phase::In {
            return;
        }
        match response.error_code {
            ErrorCode::NONE => self.coordinator.is_well(),
            ErrorCode::REBALANCE_IN_PROGRESS => self.classic.rejoin(Cause::Others),
            error @ (ErrorCode::UNKNOWN_MEMBER_ID | ErrorCode::ILLEGAL_GENERATION) => {
                self.expelled(error, now)
            }
            error => match remedy(error) {
                Remedy::FindCoordinator => {
                    self.lose_coordinator(error, net, now);
                    self.classic.heartbeat_at = Some(now);
                }
                Remedy::Fail => self.refuse(answer.node, error, None, net, now),
                Remedy::Retry | Remedy::Refresh | Remedy::WaitOut => {}
            },
        }
    }
}

pub(super) fn millis(duration: Duration) -> i32 {
    i32::try_from(duration.as_millis()).unwrap_or(i32::MAX)
}

/// A copy of its own, so that a short name does not keep a large answer in memory.
pub(super) fn copy(text: &ByteString) -> ByteString {
    ByteString::from(&**text)
}
