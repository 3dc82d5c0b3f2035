//! Members of a consumer group that use the classic protocol (KIP-848, online migration).
//!
//! To such a member the group looks like a classic one in which nobody waits for anybody: its JoinGroup is a step
//! towards its target, and its epoch is the generation; SyncGroup tells what it has; Heartbeat tells it to join again
//! when there is another step to take.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use ottla_proto::messages::consumer_group_heartbeat::RequestTopicPartitions;
use ottla_proto::messages::consumer_protocol::ConsumerProtocolSubscription;
use ottla_proto::messages::heartbeat::HeartbeatRequest;
use ottla_proto::messages::join_group::{JoinGroupRequest, JoinGroupResponse};
use ottla_proto::messages::leave_group::{MemberIdentity, MemberResponse};
use ottla_proto::messages::sync_group::{SyncGroupRequest, SyncGroupResponse};
use ottla_proto::{ErrorCode, GroupId, TopicName};

use super::super::migration::{HandedOver, Handover};
use super::super::{FIRST_WITH_KNOWN_ID, MigrationPolicy, embedded, rebalance_timeout};
use super::member::{Member, MemberState};
use super::{ConsumerGroup, Partitions};
use crate::api::Call;
use crate::coordinator::{MemberId, TimerKey, Turn, milliseconds, own};
use crate::engine::Topics;

/// What is known of a member besides, if it uses the classic protocol.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Classic {
    pub(super) session_timeout: Duration,
    /// What the member can do, the best first, each with its metadata.
    pub(super) protocols: Vec<(ByteString, Bytes)>,
}

impl Classic {
    /// The protocol that the member is told it uses; as the broker assigns, it does not matter which.
    fn protocol(&self) -> Option<&(ByteString, Bytes)> {
        self.protocols.first()
    }
}

impl ConsumerGroup {
    /// The group that goes on from a classic one. `None` if what its members say is not for a broker that assigns.
    pub(in super::super) fn taken_over(
        turn: &mut Turn<'_>,
        topics: &Topics,
        id: GroupId,
        handover: Handover,
    ) -> Option<Self> {
        let epoch = handover.epoch;
        let mut group = Self { epoch, assignment_epoch: epoch, ..Self::new(id) };
        let mut members = BTreeMap::new();
        for (id, handed) in handover.members {
            let subscription = embedded::subscription(&handed.metadata)?;
            let assigned = embedded::partitions(&handed.assignment, topics)?;
            let mut member = Member {
                instance_id: handed.instance_id,
                client_id: handed.client_id,
                rebalance_timeout: handed.rebalance_timeout,
                epoch,
                previous_epoch: epoch,
                assigned: assigned.clone(),
                classic: Some(Classic {
                    session_timeout: handed.session_timeout,
                    protocols: handed.protocols,
                }),
                ..Member::new()
            };
            subscribe(&mut member, &subscription);
            members.insert(id, (member, assigned));
        }
        for (id, (member, assigned)) in members {
            if let Some(instance_id) = &member.instance_id {
                group.static_members.insert(instance_id.clone(), id.clone());
            }
            group.begin_session(turn, &id, &member);
            group.member_changed(&id);
            group.target.insert(id.clone(), assigned);
            group.members.insert(id, member);
        }
        Some(group)
    }

    /// What a classic group goes on with, if there are only classic members left. The timers end.
    pub(in super::super) fn hand_over(&mut self, turn: &mut Turn<'_>, topics: &Topics) -> Option<Handover> {
        if self.members.is_empty() || self.members.values().any(|member| member.classic.is_none()) {
            return None;
        }
        let at_rest = self.epoch == self.assignment_epoch
            && self.members.values().all(|member| member.is_reconciled(self.assignment_epoch));
        let nothing = Partitions::new();
        let mut members = BTreeMap::new();
        for (id, member) in &self.members {
            let classic = member.classic.clone()?;
            let metadata = classic.protocol().map(|(_, metadata)| metadata.clone()).unwrap_or_default();
            let target = self.target.get(id).unwrap_or(&nothing);
            let handed = HandedOver {
                instance_id: member.instance_id.clone(),
                client_id: member.client_id.clone(),
                session_timeout: classic.session_timeout,
                rebalance_timeout: member.rebalance_timeout,
                protocols: classic.protocols,
                assignment: embedded::assignment(target, topics, &metadata),
                metadata,
            };
            members.insert(id.clone(), handed);
            self.cancel_timers(turn, id);
        }
        // The member that left last has begun an epoch that Kafka does not count.
        let epoch = if self.epoch > self.assignment_epoch { self.epoch - 1 } else { self.epoch };
        Some(Handover { epoch, members, at_rest })
    }

    /// A JoinGroup: somebody joins, or takes another step.
    pub(in super::super) fn join(
        &mut self,
        turn: &mut Turn<'_>,
        topics: &Topics,
        call: &Call,
        request: &JoinGroupRequest,
        fresh: MemberId,
    ) -> Result<JoinGroupResponse, ErrorCode> {
        let is_new = request.member_id.is_empty();
        let id = if is_new { fresh } else { own(&request.member_id) };
        if turn.settings.consumer_migration_policy == MigrationPolicy::Disabled {
            return Err(ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
        }
        let has_place = |instance_id: &ByteString| self.static_members.contains_key(instance_id);
        let full = self.members.len() >= turn.settings.max_size && !self.members.contains_key(&id);
        if full && !request.group_instance_id.as_ref().is_some_and(has_place) {
            return Err(ErrorCode::GROUP_MAX_SIZE_REACHED);
        }
        let supported = |name: &str| {
            let mut classic = self.members.values().filter_map(|member| member.classic.as_ref());
            classic.all(|classic| classic.protocols.iter().any(|(known, _)| *known == *name))
        };
        if *request.protocol_type != *embedded::CONSUMER
            || !request.protocols.iter().any(|protocol| supported(&protocol.name))
        {
            return Err(ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
        }
        if is_new && request.group_instance_id.is_none() && call.version >= FIRST_WITH_KNOWN_ID {
            let error_code = ErrorCode::MEMBER_ID_REQUIRED;
            return Ok(JoinGroupResponse { error_code, member_id: id, ..JoinGroupResponse::default() });
        }
        let classic = Classic {
            session_timeout: milliseconds(request.session_timeout_ms),
            protocols: embedded::protocols(&request.protocols),
        };
        let subscription = classic.protocol().and_then(|(_, metadata)| embedded::subscription(metadata));
        let subscription = subscription.ok_or(ErrorCode::INCONSISTENT_GROUP_PROTOCOL)?;
        let joined = self.admit_classic(turn, &id, request)?;
        let before = self.members.get(&id).cloned();
        let Some(member) = self.members.get_mut(&id) else { return Err(ErrorCode::UNKNOWN_MEMBER_ID) };
        if *member.client_id != *call.client_id {
            member.client_id = call.client_id.as_str().into();
        }
        member.rebalance_timeout = rebalance_timeout(call, request);
        let protocol_name = classic.protocol().map(|(name, _)| name.clone());
        member.classic = Some(classic);
        let changed = subscribe(member, &subscription) || joined;
        self.step(turn, topics, &id, changed, Some(&owned(&subscription, topics)));
        let Some(member) = self.members.get(&id) else { return Err(ErrorCode::UNKNOWN_MEMBER_ID) };
        turn.timers.cancel(&self.join_timer(&id));
        turn.timers.set(self.sync_timer(&id), turn.now + member.rebalance_timeout);
        self.begin_session(turn, &id, member);
        let generation_id = member.epoch;
        if before.as_ref() != Some(member) {
            self.member_changed(&id);
        }
        Ok(JoinGroupResponse {
            generation_id,
            protocol_type: Some(embedded::CONSUMER.into()),
            protocol_name,
            member_id: id,
            ..JoinGroupResponse::default()
        })
    }

    /// Lets a member in, or checks that it is one; says whether it is new.
    fn admit_classic(
        &mut self,
        turn: &mut Turn<'_>,
        id: &MemberId,
        request: &JoinGroupRequest,
    ) -> Result<bool, ErrorCode> {
        let Some(instance_id) = &request.group_instance_id else {
            let is_new = !self.members.contains_key(id);
            if is_new {
                self.add(id, None);
            }
            return Ok(is_new);
        };
        let known = self.static_members.get(instance_id).cloned();
        match known {
            Some(known) if request.member_id.is_empty() => {
                self.replace_static(turn, &known, id.clone(), instance_id);
                Ok(false)
            }
            Some(known) if known == *id => Ok(false),
            Some(_) => Err(ErrorCode::FENCED_INSTANCE_ID),
            None if request.member_id.is_empty() => {
                self.add(id, Some(instance_id));
                Ok(true)
            }
            None => Err(ErrorCode::UNKNOWN_MEMBER_ID),
        }
    }

    /// A SyncGroup: what the member has in its epoch.
    pub(in super::super) fn sync(
        &mut self,
        turn: &mut Turn<'_>,
        topics: &Topics,
        request: &SyncGroupRequest,
    ) -> Result<SyncGroupResponse, ErrorCode> {
        let instance_id = request.group_instance_id.as_deref();
        let (id, member, classic) = self.classic(&request.member_id, instance_id, request.generation_id)?;
        let (name, metadata) = classic.protocol().ok_or(ErrorCode::INCONSISTENT_GROUP_PROTOCOL)?;
        let other_type = request.protocol_type.as_deref().is_some_and(|said| said != embedded::CONSUMER);
        let other_name = request.protocol_name.as_ref().is_some_and(|said| said != name);
        if other_type || other_name {
            return Err(ErrorCode::INCONSISTENT_GROUP_PROTOCOL);
        }
        // Who has to give something up has joined already, and does so first.
        if self.assignment_epoch > member.epoch && member.state != MemberState::UnrevokedPartitions {
            turn.timers.begin(self.join_timer(id), turn.now + member.rebalance_timeout);
            return Err(ErrorCode::REBALANCE_IN_PROGRESS);
        }
        turn.timers.cancel(&self.sync_timer(id));
        self.begin_session(turn, id, member);
        Ok(SyncGroupResponse {
            protocol_type: request.protocol_type.clone(),
            protocol_name: request.protocol_name.clone(),
            assignment: embedded::assignment(&member.assigned, topics, metadata),
            ..SyncGroupResponse::default()
        })
    }

    /// A Heartbeat: the session goes on, and the member learns whether it must join again.
    pub(in super::super) fn classic_heartbeat(
        &mut self,
        turn: &mut Turn<'_>,
        request: &HeartbeatRequest,
    ) -> Result<(), ErrorCode> {
        let instance_id = request.group_instance_id.as_deref();
        let (id, member, _) = self.classic(&request.member_id, instance_id, request.generation_id)?;
        self.begin_session(turn, id, member);
        // Who has something to give up is in an epoch before.
        let gets_more =
            member.state == MemberState::UnreleasedPartitions && !self.waits_for_others(id, member);
        if member.epoch < self.assignment_epoch || gets_more {
            turn.timers.begin(self.join_timer(id), turn.now + member.rebalance_timeout);
            return Err(ErrorCode::REBALANCE_IN_PROGRESS);
        }
        Ok(())
    }

    /// A LeaveGroup: members of either protocol leave, or an operator removes them, static ones by their instance id
    /// alone.
    pub(in super::super) fn leave_group(
        &mut self,
        turn: &mut Turn<'_>,
        members: Vec<MemberIdentity>,
    ) -> Vec<MemberResponse> {
        let mut left = Vec::new();
        let mut answer = |member: MemberIdentity| {
            let found = self.identified(&member);
            left.extend(found.clone());
            MemberResponse {
                member_id: member.member_id,
                group_instance_id: member.group_instance_id,
                error_code: found.err().unwrap_or_default(),
                ..MemberResponse::default()
            }
        };
        let answers = members.into_iter().map(&mut answer).collect();
        self.fence(turn, &left);
        answers
    }

    fn identified(&self, member: &MemberIdentity) -> Result<MemberId, ErrorCode> {
        let known = match &member.group_instance_id {
            None => self.members.get_key_value(&member.member_id).map(|(id, _)| id),
            Some(instance_id) => self.static_members.get(instance_id),
        };
        let known = known.ok_or(ErrorCode::UNKNOWN_MEMBER_ID)?;
        if !member.member_id.is_empty() && *known != member.member_id {
            return Err(ErrorCode::FENCED_INSTANCE_ID);
        }
        Ok(known.clone())
    }

    /// A classic member that is in the generation that it says.
    fn classic(
        &self,
        id: &str,
        instance_id: Option<&str>,
        generation: i32,
    ) -> Result<(&MemberId, &Member, &Classic), ErrorCode> {
        if let Some(instance_id) = instance_id {
            self.check_instance(instance_id, id).map_err(|refused| refused.code)?;
        }
        let (id, member) = self.members.get_key_value(id).ok_or(ErrorCode::UNKNOWN_MEMBER_ID)?;
        let classic = member.classic.as_ref().ok_or(ErrorCode::UNKNOWN_MEMBER_ID)?;
        if member.epoch != generation {
            return Err(ErrorCode::ILLEGAL_GENERATION);
        }
        Ok((id, member, classic))
    }

    /// Whether something that the member shall have is still with another one.
    fn waits_for_others(&self, id: &MemberId, member: &Member) -> bool {
        let has = |partitions: &Partitions, (topic, index): &(_, i32)| {
            partitions.get(topic).is_some_and(|known| known.contains(index))
        };
        let target = self.target.get(id);
        let wanted =
            |held: &(_, i32)| target.is_some_and(|target| has(target, held)) && !has(&member.assigned, held);
        self.members.values().flat_map(Member::holds).any(|held| wanted(&held))
    }

    /// A classic member that was told to join again has not.
    pub(in super::super) fn join_timer(&self, id: &MemberId) -> TimerKey {
        TimerKey::MemberJoin(self.id.clone(), id.clone())
    }

    /// A classic member that joined has not asked for its partitions.
    pub(in super::super) fn sync_timer(&self, id: &MemberId) -> TimerKey {
        TimerKey::MemberSync(self.id.clone(), id.clone())
    }
}

/// Takes over what a classic member says that it reads; says whether that changes who should read what.
fn subscribe(member: &mut Member, subscription: &ConsumerProtocolSubscription) -> bool {
    let topics = subscription.topics.iter().map(|name| TopicName(own(name))).collect();
    let changed = topics != member.topics || member.regex.is_some();
    member.topics = topics;
    member.regex = None;
    if let Some(rack) = &subscription.rack_id {
        member.rack_id = Some(own(rack));
    }
    changed
}

/// What a classic member says it has.
fn owned(subscription: &ConsumerProtocolSubscription, topics: &Topics) -> Vec<RequestTopicPartitions> {
    let owned = subscription.owned_partitions.iter();
    owned
        .filter_map(|owned| {
            Some(RequestTopicPartitions {
                topic_id: topics.named(&owned.topic)?.id,
                partitions: owned.partitions.clone(),
                ..RequestTopicPartitions::default()
            })
        })
        .collect()
}
