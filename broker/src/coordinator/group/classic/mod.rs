//! Classic groups: members agree on a leader and a protocol in JoinGroup, and the leader hands out the
//! assignments in SyncGroup (Java's `ClassicGroup` and `GroupMetadataManager`).

mod join;
mod kept;
mod leave;
mod sync;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use ottla_proto::messages::consumer_protocol::ConsumerProtocolSubscription;
use ottla_proto::messages::describe_groups::DescribedGroupMember;
use ottla_proto::messages::join_group::{
    JoinGroupRequestProtocol, JoinGroupResponse, JoinGroupResponseMember,
};
use ottla_proto::messages::sync_group::SyncGroupResponse;
use ottla_proto::wire::{Message, Reader};
use ottla_proto::{ErrorCode, GroupId, TopicName};

use super::embedded;
use super::migration::{HandedOver, Handover};
use crate::Instant;
use crate::api::Call;
use crate::coordinator::{Answer, CLIENT_HOST, MemberId, TimerKey, Turn, own};
pub(crate) use kept::Agreed;

/// A group whose members assign the partitions among themselves, or one that only commits offsets.
#[derive(Debug)]
pub(crate) struct ClassicGroup {
    id: GroupId,
    state: State,
    generation: i32,
    protocol_type: Option<ByteString>,
    protocol: Option<ByteString>,
    leader: Option<MemberId>,
    members: BTreeMap<MemberId, Member>,
    static_members: BTreeMap<ByteString, MemberId>,
    /// Those that were given an id and have not joined with it yet (KIP-394).
    pending_members: BTreeSet<MemberId>,
    /// Those that joined this generation and have not asked for their assignment yet.
    pending_sync: BTreeSet<MemberId>,
    /// What the members read, if the group's protocol says so.
    subscribed: Option<BTreeSet<TopicName>>,
    /// Since when nobody is in it, if somebody was.
    empty_since: Option<Instant>,
    /// What the members agreed on last.
    agreed: Box<Agreed>,
    /// That is not written down yet.
    changed: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Empty,
    PreparingRebalance {
        /// Set in the first rebalance of an empty group, which waits for more members.
        initial: Option<InitialDelay>,
    },
    CompletingRebalance,
    Stable,
}

/// The wait of the first rebalance; it goes on while new members come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct InitialDelay {
    delay: Duration,
    remaining: Duration,
    new_member: bool,
}

#[derive(Debug)]
struct Member {
    instance_id: Option<ByteString>,
    client_id: ByteString,
    session_timeout: Duration,
    rebalance_timeout: Duration,
    /// What the member can do, the best first, each with its metadata.
    protocols: Vec<(ByteString, Bytes)>,
    assignment: Bytes,
    awaiting_join: Option<Call>,
    awaiting_sync: Option<Call>,
    /// It has never finished a rebalance, so it may be expired while it waits for one.
    is_new: bool,
}

impl ClassicGroup {
    pub(crate) fn new(id: GroupId) -> Self {
        Self {
            id,
            state: State::Empty,
            generation: 0,
            protocol_type: None,
            protocol: None,
            leader: None,
            members: BTreeMap::new(),
            static_members: BTreeMap::new(),
            pending_members: BTreeSet::new(),
            pending_sync: BTreeSet::new(),
            subscribed: None,
            empty_since: None,
            agreed: Box::default(),
            changed: false,
        }
    }

    /// The group that goes on from a consumer group of which only classic members are left.
    pub(super) fn taken_over(turn: &mut Turn<'_>, id: GroupId, handover: Handover) -> Self {
        let mut group = Self { state: State::Stable, generation: handover.epoch, ..Self::new(id) };
        for (id, handed) in handover.members {
            let member = Member {
                instance_id: handed.instance_id,
                client_id: handed.client_id,
                session_timeout: handed.session_timeout,
                rebalance_timeout: handed.rebalance_timeout,
                protocols: handed.protocols,
                assignment: handed.assignment,
                awaiting_join: None,
                awaiting_sync: None,
                is_new: false,
            };
            group.add(id.clone(), &embedded::CONSUMER.into(), member);
            group.extend_session(turn, &id);
        }
        group.protocol = group.select_protocol();
        group.subscribed = group.subscriptions();
        group.agree();
        if !handover.at_rest {
            group.prepare_rebalance(turn);
        }
        group
    }

    /// What a consumer group goes on with, if these are consumers.
    pub(super) fn handover(&self) -> Option<Handover> {
        if !self.reads_topics() {
            return None;
        }
        let hand_over = |(id, member): (&MemberId, &Member)| {
            let handed = HandedOver {
                instance_id: member.instance_id.clone(),
                client_id: member.client_id.clone(),
                session_timeout: member.session_timeout,
                rebalance_timeout: member.rebalance_timeout,
                protocols: member.protocols.clone(),
                metadata: self.chosen_or_first(member),
                assignment: member.assignment.clone(),
            };
            (id.clone(), handed)
        };
        let members = self.members.iter().map(hand_over).collect();
        Some(Handover { epoch: self.generation, members, at_rest: self.state == State::Stable })
    }

    /// Before the first rebalance is over nothing is chosen yet; consumers say the same in all protocols.
    fn chosen_or_first(&self, member: &Member) -> Bytes {
        let chosen = member.protocols.iter().find(|(name, _)| self.protocol.as_ref() == Some(name));
        let found = chosen.or_else(|| member.protocols.first());
        found.map(|(_, metadata)| metadata.clone()).unwrap_or_default()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.state == State::Empty
    }

    /// The state as Kafka's tools show it.
    pub(crate) fn state_name(&self) -> &'static str {
        match self.state {
            State::Empty => "Empty",
            State::PreparingRebalance { .. } => "PreparingRebalance",
            State::CompletingRebalance => "CompletingRebalance",
            State::Stable => "Stable",
        }
    }

    pub(crate) fn protocol_type(&self) -> ByteString {
        self.protocol_type.clone().unwrap_or_default()
    }

    /// The chosen protocol, told only while the group is stable.
    pub(crate) fn described_protocol(&self) -> ByteString {
        match self.state {
            State::Stable => self.protocol.clone().unwrap_or_default(),
            _ => ByteString::new(),
        }
    }

    /// The members; what they read only while the group is stable, and always what they were assigned last.
    pub(crate) fn described_members(&self) -> Vec<DescribedGroupMember> {
        let stable = self.state == State::Stable;
        let describe = |(id, member): (&MemberId, &Member)| DescribedGroupMember {
            member_id: id.clone(),
            group_instance_id: member.instance_id.clone(),
            client_id: member.client_id.clone(),
            client_host: CLIENT_HOST.into(),
            member_metadata: if stable { self.metadata(member) } else { Bytes::new() },
            member_assignment: member.assignment.clone(),
            ..DescribedGroupMember::default()
        };
        self.members.iter().map(describe).collect()
    }

    /// A heartbeat: the session goes on, and the member learns whether it must join again.
    pub(crate) fn heartbeat(
        &mut self,
        turn: &mut Turn<'_>,
        member_id: &str,
        instance_id: Option<&str>,
        generation: i32,
    ) -> Result<(), ErrorCode> {
        self.check_member(member_id, instance_id)?;
        if generation != self.generation {
            return Err(ErrorCode::ILLEGAL_GENERATION);
        }
        match self.state {
            State::Empty => Err(ErrorCode::UNKNOWN_MEMBER_ID),
            State::PreparingRebalance { .. } => {
                self.extend_session(turn, member_id);
                Err(ErrorCode::REBALANCE_IN_PROGRESS)
            }
            State::CompletingRebalance | State::Stable => {
                self.extend_session(turn, member_id);
                Ok(())
            }
        }
    }

    /// Whether an offset may be committed; a commit by a member keeps its session alive.
    pub(crate) fn check_commit(
        &mut self,
        turn: &mut Turn<'_>,
        member_id: &str,
        instance_id: Option<&str>,
        generation: i32,
        transactional: bool,
    ) -> Result<(), ErrorCode> {
        if generation < 0 && self.is_empty() {
            return Ok(());
        }
        if generation >= 0 || !member_id.is_empty() || instance_id.is_some() {
            self.check_member(member_id, instance_id)?;
            if generation != self.generation {
                return Err(ErrorCode::ILLEGAL_GENERATION);
            }
        } else if !transactional {
            return Err(ErrorCode::UNKNOWN_MEMBER_ID);
        }
        if transactional {
            return Ok(());
        }
        if self.state == State::CompletingRebalance {
            return Err(ErrorCode::REBALANCE_IN_PROGRESS);
        }
        self.extend_session(turn, member_id);
        Ok(())
    }

    /// Whether single offsets may be deleted; of a group with members only if it is known what they read.
    pub(crate) fn check_offset_delete(&self) -> Result<(), ErrorCode> {
        if self.is_empty() || self.reads_topics() { Ok(()) } else { Err(ErrorCode::NON_EMPTY_GROUP) }
    }

    /// Whether the group's members read the topic, as far as that is known.
    pub(crate) fn is_subscribed(&self, topic: &str) -> bool {
        self.subscribed.as_ref().map_or_else(|| self.reads_topics(), |topics| topics.contains(topic))
    }

    /// See [`Group::unused_since`](super::Group::unused_since). Members that do not say what they read, or are in a
    /// rebalance, may need any offset.
    pub(super) fn unused_since(&self, at: Instant) -> Option<Instant> {
        match self.state {
            _ if self.protocol_type.is_none() => Some(at),
            State::Empty => Some(self.empty_since.unwrap_or(at)),
            State::Stable if self.subscribed.is_some() => Some(at),
            _ => None,
        }
    }

    /// A member's session is over.
    pub(crate) fn session_expired(&mut self, turn: &mut Turn<'_>, member_id: &MemberId) {
        if self.pending_members.contains(member_id) {
            self.remove(turn, member_id);
            return self.complete_if_all_joined(turn);
        }
        let Some(member) = self.members.get(member_id) else { return };
        // A member that waits for a rebalance cannot send heartbeats; its session goes on with the answer.
        if !member.is_new && (member.awaiting_join.is_some() || member.awaiting_sync.is_some()) {
            return;
        }
        self.expel(turn, member_id);
        match self.state {
            State::Stable | State::CompletingRebalance => self.prepare_rebalance(turn),
            State::PreparingRebalance { .. } => self.complete_if_all_joined(turn),
            State::Empty => {}
        }
    }

    /// The rebalance has waited long enough for members to join.
    pub(crate) fn join_expired(&mut self, turn: &mut Turn<'_>) {
        let State::PreparingRebalance { initial } = self.state else { return };
        if let Some(InitialDelay { delay, remaining, new_member: true }) = initial
            && !remaining.is_zero()
        {
            let next = turn.settings.initial_rebalance_delay.min(remaining);
            let remaining = remaining.saturating_sub(delay);
            let initial = Some(InitialDelay { delay: next, remaining, new_member: false });
            self.state = State::PreparingRebalance { initial };
            return turn.timers.set(TimerKey::Join(self.id.clone()), turn.now + next);
        }
        self.complete_join(turn);
    }

    /// The rebalance has waited long enough for members to ask for their assignment.
    pub(crate) fn sync_expired(&mut self, turn: &mut Turn<'_>) {
        if !matches!(self.state, State::CompletingRebalance | State::Stable) || self.pending_sync.is_empty() {
            return;
        }
        for member_id in std::mem::take(&mut self.pending_sync) {
            self.remove(turn, &member_id);
        }
        self.prepare_rebalance(turn);
    }

    /// The group goes with its timers; members that wait are told that they are not known.
    pub(crate) fn dissolve(&mut self, turn: &mut Turn<'_>) {
        let members: Vec<MemberId> = self.members.keys().chain(&self.pending_members).cloned().collect();
        for member_id in members {
            self.expel(turn, &member_id);
        }
        turn.timers.cancel(&TimerKey::Join(self.id.clone()));
        turn.timers.cancel(&TimerKey::Sync(self.id.clone()));
    }

    /// A consumer group goes on in its place, with the same members and their sessions; who waits joins that one.
    pub(super) fn superseded(&mut self, turn: &mut Turn<'_>) {
        self.stop_rebalance(turn, ErrorCode::REBALANCE_IN_PROGRESS);
    }

    /// Whoever waits is told why; those that were only given an id are forgotten.
    fn stop_rebalance(&mut self, turn: &mut Turn<'_>, why: ErrorCode) {
        self.answer_joins(turn, why);
        self.answer_syncs(turn, why);
        for member_id in &self.pending_members {
            turn.timers.cancel(&self.session_timer(member_id));
        }
        turn.timers.cancel(&TimerKey::Join(self.id.clone()));
        turn.timers.cancel(&TimerKey::Sync(self.id.clone()));
    }

    /// The group's coordinator is another node now, which knows what the members agreed on last. Who waits for something
    /// newer is sent to it.
    pub(crate) fn moved(&mut self, turn: &mut Turn<'_>) {
        self.stop_rebalance(turn, ErrorCode::NOT_COORDINATOR);
        for member_id in self.members.keys() {
            turn.timers.cancel(&self.session_timer(member_id));
        }
        let agreed = std::mem::take(&mut *self.agreed);
        *self = Self::restored(turn, self.id.clone(), agreed);
    }

    fn check_member(&self, member_id: &str, instance_id: Option<&str>) -> Result<(), ErrorCode> {
        if let Some(instance_id) = instance_id {
            match self.static_members.get(instance_id) {
                None => return Err(ErrorCode::UNKNOWN_MEMBER_ID),
                Some(known) if *known != *member_id => return Err(ErrorCode::FENCED_INSTANCE_ID),
                Some(_) => {}
            }
        }
        if self.members.contains_key(member_id) { Ok(()) } else { Err(ErrorCode::UNKNOWN_MEMBER_ID) }
    }

    fn extend_session(&self, turn: &mut Turn<'_>, member_id: &str) {
        if let Some((id, member)) = self.members.get_key_value(member_id) {
            turn.timers.set(self.session_timer(id), turn.now + member.session_timeout);
        }
    }

    fn session_timer(&self, member_id: &MemberId) -> TimerKey {
        TimerKey::Session(self.id.clone(), member_id.clone())
    }

    /// Starts a rebalance unless one is going on; then looks whether that can end.
    fn prepare_or_complete(&mut self, turn: &mut Turn<'_>) {
        match self.state {
            State::PreparingRebalance { initial: None } => self.complete_if_all_joined(turn),
            State::PreparingRebalance { initial: Some(_) } => {}
            State::Empty | State::CompletingRebalance | State::Stable => self.prepare_rebalance(turn),
        }
    }

    fn prepare_rebalance(&mut self, turn: &mut Turn<'_>) {
        if self.state == State::CompletingRebalance {
            for member in self.members.values_mut() {
                member.assignment = Bytes::new();
            }
            self.answer_syncs(turn, ErrorCode::REBALANCE_IN_PROGRESS);
        }
        self.pending_sync.clear();
        turn.timers.cancel(&TimerKey::Sync(self.id.clone()));
        if self.is_empty() {
            let delay = turn.settings.initial_rebalance_delay;
            let remaining = self.rebalance_timeout().saturating_sub(delay);
            let initial = Some(InitialDelay { delay, remaining, new_member: false });
            self.state = State::PreparingRebalance { initial };
            return turn.timers.set(TimerKey::Join(self.id.clone()), turn.now + delay);
        }
        self.state = State::PreparingRebalance { initial: None };
        if self.all_joined() {
            return self.complete_join(turn);
        }
        turn.timers.set(TimerKey::Join(self.id.clone()), turn.now + self.rebalance_timeout());
    }

    fn complete_if_all_joined(&mut self, turn: &mut Turn<'_>) {
        if matches!(self.state, State::PreparingRebalance { .. }) && self.all_joined() {
            self.complete_join(turn);
        }
    }

    fn all_joined(&self) -> bool {
        self.pending_members.is_empty() && self.members.values().all(|member| member.awaiting_join.is_some())
    }

    /// Ends the joining: who has not come is out, static members excepted, and the next generation begins.
    fn complete_join(&mut self, turn: &mut Turn<'_>) {
        turn.timers.cancel(&TimerKey::Join(self.id.clone()));
        let missing = |member: &Member| member.awaiting_join.is_none() && member.instance_id.is_none();
        let gone: Vec<MemberId> =
            self.members.iter().filter(|(_, member)| missing(member)).map(|(id, _)| id.clone()).collect();
        for member_id in gone {
            self.remove(turn, &member_id);
        }
        if !self.members.is_empty() && !self.elect_leader() {
            // Only static members, and none of them is back: another rebalance time-out for them.
            return turn.timers.set(TimerKey::Join(self.id.clone()), turn.now + self.rebalance_timeout());
        }
        self.generation = self.generation.checked_add(1).unwrap_or(1);
        self.pending_sync.clear();
        if self.members.is_empty() {
            self.protocol = None;
            self.subscribed = self.subscriptions();
            self.state = State::Empty;
            self.empty_since = Some(turn.now);
            return self.agree();
        }
        self.protocol = self.select_protocol();
        self.subscribed = self.subscriptions();
        self.state = State::CompletingRebalance;
        let members: Vec<MemberId> = self.members.keys().cloned().collect();
        for member_id in members {
            let response = self.joined(&member_id, false);
            self.answer_join(turn, &member_id, Answer::Join(response));
            self.extend_session(turn, &member_id);
            if let Some(member) = self.members.get_mut(&member_id) {
                member.is_new = false;
            }
            self.pending_sync.insert(member_id);
        }
        turn.timers.set(TimerKey::Sync(self.id.clone()), turn.now + self.rebalance_timeout());
    }

    /// Sees to it that the leader is one that has joined; `false` if nobody has.
    fn elect_leader(&mut self) -> bool {
        let has_joined =
            |id: &MemberId| self.members.get(id).is_some_and(|member| member.awaiting_join.is_some());
        if self.leader.as_ref().is_some_and(has_joined) {
            return true;
        }
        let joined = self.members.keys().find(|id| has_joined(id)).cloned();
        let elected = joined.is_some();
        if elected {
            self.leader = joined;
        }
        elected
    }

    /// The protocol that most members like best among those that all can do.
    fn select_protocol(&self) -> Option<ByteString> {
        let vote = |member: &Member| {
            member.protocols.iter().map(|(name, _)| name).find(|name| self.all_support(name)).cloned()
        };
        let mut votes: BTreeMap<ByteString, usize> = BTreeMap::new();
        for name in self.members.values().filter_map(vote) {
            *votes.entry(name).or_default() += 1;
        }
        votes.into_iter().max_by_key(|(_, count)| *count).map(|(name, _)| name)
    }

    fn all_support(&self, protocol: &str) -> bool {
        self.members.values().all(|member| member.supports(protocol))
    }

    /// Whether a member with these protocols can be part of the group.
    fn accepts(&self, protocol_type: &str, protocols: &[JoinGroupRequestProtocol]) -> bool {
        if self.is_empty() {
            return !protocol_type.is_empty() && !protocols.is_empty();
        }
        self.protocol_type.as_deref() == Some(protocol_type)
            && protocols.iter().any(|protocol| self.all_support(&protocol.name))
    }

    fn rebalance_timeout(&self) -> Duration {
        self.members.values().map(|member| member.rebalance_timeout).max().unwrap_or_default()
    }

    fn metadata(&self, member: &Member) -> Bytes {
        let Some(protocol) = &self.protocol else { return Bytes::new() };
        let found = member.protocols.iter().find(|(name, _)| name == protocol);
        found.map(|(_, metadata)| metadata.clone()).unwrap_or_default()
    }

    fn reads_topics(&self) -> bool {
        self.protocol_type.as_deref() == Some(embedded::CONSUMER)
    }

    /// What the members read, by their metadata; `None` if that cannot be told.
    fn subscriptions(&self) -> Option<BTreeSet<TopicName>> {
        if !self.reads_topics() {
            return None;
        }
        let mut topics = BTreeSet::new();
        for member in self.members.values() {
            let mut reader = Reader::new(self.metadata(member));
            reader.i16("version").ok()?;
            let subscription = ConsumerProtocolSubscription::read(&mut reader, 0).ok()?;
            topics.extend(subscription.topics.iter().map(|topic| TopicName::from(own(topic))));
        }
        Some(topics)
    }

    fn add(&mut self, member_id: MemberId, protocol_type: &ByteString, member: Member) {
        if let Some(instance_id) = &member.instance_id {
            self.static_members.insert(instance_id.clone(), member_id.clone());
        }
        if self.members.is_empty() {
            self.protocol_type = Some(own(protocol_type));
        }
        self.leader.get_or_insert_with(|| member_id.clone());
        self.pending_members.remove(&member_id);
        self.members.insert(member_id, member);
    }

    /// Forgets a member and its session; what it waits for is answered by nobody.
    fn remove(&mut self, turn: &mut Turn<'_>, member_id: &MemberId) {
        turn.timers.cancel(&self.session_timer(member_id));
        if let Some(member) = self.members.remove(member_id)
            && let Some(instance_id) = &member.instance_id
        {
            self.static_members.remove(instance_id);
        }
        if self.leader.as_ref() == Some(member_id) {
            self.leader = self.members.keys().next().cloned();
        }
        self.pending_members.remove(member_id);
        self.pending_sync.remove(member_id);
    }

    /// Removes a member and tells it, should it wait.
    fn expel(&mut self, turn: &mut Turn<'_>, member_id: &MemberId) {
        self.answer_join(turn, member_id, refused_join(ErrorCode::UNKNOWN_MEMBER_ID, MemberId::new()));
        if let Some(member) = self.members.get_mut(member_id)
            && let Some(call) = member.awaiting_sync.take()
        {
            turn.answer(call, refused_sync(ErrorCode::UNKNOWN_MEMBER_ID));
        }
        self.remove(turn, member_id);
    }

    /// The answer of a JoinGroup that worked; only the leader learns of the others.
    fn joined(&self, member_id: &MemberId, skip_assignment: bool) -> JoinGroupResponse {
        let is_leader = self.leader.as_ref() == Some(member_id);
        let describe = |(id, member): (&MemberId, &Member)| JoinGroupResponseMember {
            member_id: id.clone(),
            group_instance_id: member.instance_id.clone(),
            metadata: self.metadata(member),
            ..JoinGroupResponseMember::default()
        };
        JoinGroupResponse {
            generation_id: self.generation,
            protocol_type: self.protocol_type.clone(),
            protocol_name: self.protocol.clone(),
            leader: self.leader.clone().unwrap_or_default(),
            skip_assignment,
            member_id: member_id.clone(),
            members: if is_leader { self.members.iter().map(describe).collect() } else { Vec::new() },
            ..JoinGroupResponse::default()
        }
    }

    fn answer_join(&mut self, turn: &mut Turn<'_>, member_id: &MemberId, answer: Answer) {
        let waiting = self.members.get_mut(member_id).and_then(|member| member.awaiting_join.take());
        if let Some(call) = waiting {
            turn.answer(call, answer);
        }
    }

    fn answer_joins(&mut self, turn: &mut Turn<'_>, error_code: ErrorCode) {
        for (id, member) in &mut self.members {
            if let Some(call) = member.awaiting_join.take() {
                turn.answer(call, refused_join(error_code, id.clone()));
            }
        }
    }

    fn answer_syncs(&mut self, turn: &mut Turn<'_>, error_code: ErrorCode) {
        let told = error_code == ErrorCode::NONE;
        let mut answered = Vec::new();
        for (id, member) in &mut self.members {
            let Some(call) = member.awaiting_sync.take() else { continue };
            let response = SyncGroupResponse {
                error_code,
                protocol_type: self.protocol_type.clone().filter(|_| told),
                protocol_name: self.protocol.clone().filter(|_| told),
                assignment: if told { member.assignment.clone() } else { Bytes::new() },
                ..SyncGroupResponse::default()
            };
            turn.answer(call, Answer::Sync(response));
            answered.push(id.clone());
        }
        for member_id in answered {
            self.extend_session(turn, &member_id);
        }
    }
}

impl Member {
    fn supports(&self, protocol: &str) -> bool {
        self.protocols.iter().any(|(name, _)| name == protocol)
    }

    fn has_protocols(&self, protocols: &[JoinGroupRequestProtocol]) -> bool {
        self.protocols.len() == protocols.len()
            && self
                .protocols
                .iter()
                .zip(protocols)
                .all(|((name, metadata), other)| *name == other.name && *metadata == other.metadata)
    }
}

fn refused_join(error_code: ErrorCode, member_id: MemberId) -> Answer {
    Answer::Join(JoinGroupResponse { error_code, member_id, ..JoinGroupResponse::default() })
}

fn refused_sync(error_code: ErrorCode) -> Answer {
    Answer::Sync(SyncGroupResponse { error_code, ..SyncGroupResponse::default() })
}
