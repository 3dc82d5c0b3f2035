//! Consumer groups (KIP-848): the broker assigns, and each member moves towards its assignment by heartbeats.
//!
//! The group's epoch grows with every change of members, subscriptions and topics. The target assignment is made
//! for an epoch; a member first gives up what is not its own any more, then takes what others have given up.

mod assignor;
mod classic;
mod kept;
mod member;
#[cfg(test)]
pub(super) mod tests;

use std::collections::{BTreeMap, BTreeSet};

use bytestring::ByteString;
use ottla_proto::messages::consumer_group_describe as describe;
use ottla_proto::messages::consumer_group_heartbeat::{
    Assignment, ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse, RequestTopicPartitions,
    ResponseTopicPartitions,
};
use ottla_proto::{ErrorCode, GroupId, TopicId, TopicName};

use super::GroupKey;
use crate::Instant;
use crate::coordinator::{CLIENT_HOST, MemberId, TimerKey, Turn, milliseconds, own};
use crate::engine::Topics;
use assignor::{Assignor, Reader, Spec};
pub(crate) use kept::{KeptGroup, KeptMember};
pub(crate) use member::Pattern;
use member::{Member, MemberState, is_subset};

/// Partitions by topic.
pub(super) type Partitions = BTreeMap<TopicId, BTreeSet<i32>>;

/// The epoch of a static member that leaves and will be back; every other one that leaves sends -1.
const LEAVE_FOR_A_WHILE: i32 = -2;

/// A group whose partitions the broker assigns.
#[derive(Debug)]
pub(crate) struct ConsumerGroup {
    id: GroupId,
    epoch: i32,
    assignment_epoch: i32,
    /// When the partitions were last shared out.
    assigned_at: Option<Instant>,
    members: BTreeMap<MemberId, Member>,
    static_members: BTreeMap<ByteString, MemberId>,
    /// What each member shall have in the end.
    target: BTreeMap<MemberId, Partitions>,
    /// The topics that members read and that exist, with their number of partitions, when the epoch was set.
    topics: BTreeMap<TopicId, i32>,
    /// What of this has changed since it was last asked.
    changed: BTreeSet<GroupKey>,
}

/// Why a heartbeat was refused, as the member is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) code: ErrorCode,
    pub(crate) message: ByteString,
}

impl Refused {
    pub(crate) fn new(code: ErrorCode, message: &'static str) -> Self {
        Self { code, message: ByteString::from_static(message) }
    }
}

/// Whether the request makes sense by itself. `client_names_itself` is whether its version asks the client for
/// the member id.
pub(crate) fn check(
    request: &ConsumerGroupHeartbeatRequest,
    client_names_itself: bool,
) -> Result<(), Refused> {
    let invalid = |message| Err(Refused::new(ErrorCode::INVALID_REQUEST, message));
    let is_empty = |text: &Option<ByteString>| text.as_ref().is_some_and(|text| text.is_empty());
    if request.group_id.trim().is_empty() {
        return invalid("GroupId can't be empty");
    }
    if is_empty(&request.instance_id) {
        return invalid("InstanceId can't be empty");
    }
    if is_empty(&request.rack_id) {
        return invalid("RackId can't be empty");
    }
    if request.member_id.is_empty() && (client_names_itself || request.member_epoch != 0) {
        return invalid("MemberId can't be empty");
    }
    match request.member_epoch {
        0 => {
            let names = request.subscribed_topic_names.as_ref().is_some_and(|names| !names.is_empty());
            let regex = request.subscribed_topic_regex.as_ref().is_some_and(|regex| !regex.is_empty());
            if request.rebalance_timeout_ms == -1 {
                return invalid("RebalanceTimeoutMs must be provided in first request");
            }
            if request.topic_partitions.as_ref().is_none_or(|owned| !owned.is_empty()) {
                return invalid("TopicPartitions must be empty when (re-)joining");
            }
            if !names && !regex {
                return invalid("SubscribedTopicNames or SubscribedTopicRegex must be set in first request");
            }
        }
        LEAVE_FOR_A_WHILE if request.instance_id.is_none() => return invalid("InstanceId can't be null"),
        ..LEAVE_FOR_A_WHILE => return invalid("MemberEpoch is invalid"),
        _ => {}
    }
    if request.server_assignor.as_ref().is_some_and(|name| Assignor::named(name).is_none()) {
        let message = "ServerAssignor is not supported. Supported assignors: uniform, range";
        return Err(Refused::new(ErrorCode::UNSUPPORTED_ASSIGNOR, message));
    }
    Ok(())
}

impl ConsumerGroup {
    pub(crate) fn new(id: GroupId) -> Self {
        Self {
            id,
            epoch: 0,
            assignment_epoch: 0,
            assigned_at: None,
            members: BTreeMap::new(),
            static_members: BTreeMap::new(),
            target: BTreeMap::new(),
            topics: BTreeMap::new(),
            changed: BTreeSet::new(),
        }
    }

    /// What has changed since this was last called.
    pub(super) fn take_changes(&mut self) -> BTreeSet<GroupKey> {
        std::mem::take(&mut self.changed)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The state as Kafka's tools show it.
    pub(crate) fn state_name(&self) -> &'static str {
        if self.members.is_empty() {
            "Empty"
        } else if self.epoch > self.assignment_epoch {
            "Assigning"
        } else if self.members.values().any(|member| !member.is_reconciled(self.assignment_epoch)) {
            "Reconciling"
        } else {
            "Stable"
        }
    }

    pub(crate) fn is_subscribed(&self, topic: &str) -> bool {
        self.members.values().any(|member| member.reads(topic))
    }

    /// A heartbeat that [`check`] let through: somebody joins, goes on, or leaves. `fresh` is the id for a member
    /// that has none.
    pub(crate) fn heartbeat(
        &mut self,
        turn: &mut Turn<'_>,
        topics: &Topics,
        client_id: &str,
        request: &ConsumerGroupHeartbeatRequest,
        fresh: MemberId,
    ) -> Result<ConsumerGroupHeartbeatResponse, Refused> {
        if request.member_epoch < 0 {
            return self.leave(turn, request);
        }
        let id = if request.member_id.is_empty() { fresh } else { own(&request.member_id) };
        let full = self.members.len() >= turn.settings.max_size;
        if full && !self.members.contains_key(&id) {
            let message = "The consumer group has reached its maximum capacity";
            return Err(Refused::new(ErrorCode::GROUP_MAX_SIZE_REACHED, message));
        }
        let regex = match request.subscribed_topic_regex.as_deref() {
            Some(text) if !text.is_empty() => {
                let message = "SubscribedTopicRegex is no regular expression, or too large a one";
                let refused = Refused::new(ErrorCode::INVALID_REGULAR_EXPRESSION, message);
                Some(Some(Pattern::new(text).ok_or(refused)?))
            }
            Some(_) => Some(None),
            None => None,
        };
        let is_new = self.admit(turn, &id, request)?;
        let Some(member) = self.members.get_mut(&id) else {
            return Err(unknown_member());
        };
        let before = member.clone();
        if member.classic.take().is_some() {
            turn.timers.cancel(&self.join_timer(&id));
            turn.timers.cancel(&self.sync_timer(&id));
        }
        let Some(member) = self.members.get_mut(&id) else { return Err(unknown_member()) };
        let changed = update(member, client_id, request, regex) || is_new;
        self.step(turn, topics, &id, changed, request.topic_partitions.as_deref());
        let Some(member) = self.members.get(&id) else { return Err(unknown_member()) };
        self.begin_session(turn, &id, member);
        if *member != before || is_new {
            self.changed.insert(GroupKey::Member(self.id.clone(), id.clone()));
        }
        let complete = request.rebalance_timeout_ms != -1
            && (request.subscribed_topic_names.is_some() || request.subscribed_topic_regex.is_some())
            && request.topic_partitions.is_some();
        let told = request.member_epoch == 0 || complete || member.assigned != before.assigned;
        let interval = turn.settings.consumer_heartbeat_interval.as_millis();
        Ok(ConsumerGroupHeartbeatResponse {
            member_epoch: member.epoch,
            heartbeat_interval_ms: i32::try_from(interval).unwrap_or(i32::MAX),
            assignment: told.then(|| tell(&member.assigned)),
            member_id: Some(id),
            ..ConsumerGroupHeartbeatResponse::default()
        })
    }

    /// A member has said something: begins a new epoch if that or the topics changed, assigns anew if need be and the
    /// last time is long enough ago, and moves the member towards its target. `owned` is what the member says it has, if it said.
    fn step(
        &mut self,
        turn: &mut Turn<'_>,
        topics: &Topics,
        id: &MemberId,
        changed: bool,
        owned: Option<&[RequestTopicPartitions]>,
    ) {
        let seen = self.subscribed_topics(topics);
        if changed || seen != self.topics {
            self.bump();
            self.topics = seen;
        }
        let interval = turn.settings.consumer_assignment_interval;
        let may_assign = self.assigned_at.is_none_or(|at| at + interval <= turn.now);
        if self.epoch > self.assignment_epoch && may_assign {
            self.assign(topics);
            self.assigned_at = Some(turn.now);
        }
        self.reconcile(turn, id, owned);
    }

    /// Whether an offset may be committed, by a request that knows of epochs or by an older one.
    pub(crate) fn check_commit(
        &self,
        member_id: &str,
        epoch: i32,
        knows_epochs: bool,
    ) -> Result<(), ErrorCode> {
        if epoch < 0 && self.members.is_empty() {
            return Ok(());
        }
        let member = self.members.get(member_id).ok_or(ErrorCode::UNKNOWN_MEMBER_ID)?;
        if member.classic.is_none() && !knows_epochs {
            return Err(ErrorCode::UNSUPPORTED_VERSION);
        }
        self.check_epoch(member_id, epoch)
    }

    /// Whether offsets may be read: by anybody from outside, by a member with its current epoch.
    pub(crate) fn check_fetch(&self, member_id: Option<&str>, epoch: i32) -> Result<(), ErrorCode> {
        match member_id {
            None if epoch < 0 => Ok(()),
            member_id => self.check_epoch(member_id.unwrap_or_default(), epoch),
        }
    }

    /// Members are out: they have left, were silent for a session, or took too long for something.
    pub(crate) fn fence<'a>(&mut self, turn: &mut Turn<'_>, ids: impl IntoIterator<Item = &'a MemberId>) {
        let before = self.members.len();
        for id in ids {
            self.cancel_timers(turn, id);
            let Some(member) = self.members.remove(id) else { continue };
            if let Some(instance_id) = &member.instance_id {
                self.static_members.remove(instance_id);
            }
            self.target.remove(id);
            self.member_changed(id);
        }
        if self.members.len() == before {
            return;
        }
        self.bump();
        if self.members.is_empty() {
            self.assignment_epoch = self.epoch;
        }
    }

    /// The group's coordinator is another node now. Every member has its whole session to find it, and all its time to
    /// give up what it was told to.
    pub(crate) fn moved(&mut self, turn: &mut Turn<'_>) {
        for (id, member) in &self.members {
            self.cancel_timers(turn, id);
            self.begin_session(turn, id, member);
            self.begin_revocation(turn, id, member);
        }
    }

    /// The member has had long enough to give up partitions.
    pub(crate) fn revocation_expired(&mut self, turn: &mut Turn<'_>, id: &MemberId) {
        let late = |member: &Member| member.state == MemberState::UnrevokedPartitions;
        if self.members.get(id).is_some_and(late) {
            self.fence(turn, [id]);
        }
    }

    /// What `ConsumerGroupDescribe` tells of the group.
    pub(crate) fn described(&self, topics: &Topics) -> describe::DescribedGroup {
        let tell = |partitions: &Partitions| describe::Assignment {
            topic_partitions: partitions
                .iter()
                .map(|(topic, indexes)| describe::TopicPartitions {
                    topic_id: *topic,
                    topic_name: topics.get(*topic).map(|topic| topic.name.clone()).unwrap_or_default(),
                    partitions: indexes.iter().copied().collect(),
                    ..describe::TopicPartitions::default()
                })
                .collect(),
            ..describe::Assignment::default()
        };
        const CLASSIC_PROTOCOL: i8 = 0;
        const CONSUMER_PROTOCOL: i8 = 1;
        let nothing = Partitions::new();
        let member = |(id, member): (&MemberId, &Member)| describe::Member {
            member_id: id.clone(),
            instance_id: member.instance_id.clone(),
            rack_id: member.rack_id.clone(),
            member_epoch: member.epoch,
            client_id: member.client_id.clone(),
            client_host: CLIENT_HOST.into(),
            subscribed_topic_names: member.topics.iter().cloned().collect(),
            subscribed_topic_regex: Some(
                member.regex.as_ref().map(|regex| regex.text.clone()).unwrap_or_default(),
            ),
            assignment: tell(&member.assigned),
            target_assignment: tell(self.target.get(id).unwrap_or(&nothing)),
            member_type: if member.classic.is_some() { CLASSIC_PROTOCOL } else { CONSUMER_PROTOCOL },
            ..describe::Member::default()
        };
        describe::DescribedGroup {
            group_id: self.id.clone(),
            group_state: self.state_name().into(),
            group_epoch: self.epoch,
            assignment_epoch: self.assignment_epoch,
            assignor_name: self.assignor().name().into(),
            members: self.members.iter().map(member).collect(),
            authorized_operations: i32::MIN,
            ..describe::DescribedGroup::default()
        }
    }

    fn check_epoch(&self, member_id: &str, epoch: i32) -> Result<(), ErrorCode> {
        match self.members.get(member_id) {
            None => Err(ErrorCode::UNKNOWN_MEMBER_ID),
            Some(member) if member.epoch != epoch && member.classic.is_some() => {
                Err(ErrorCode::ILLEGAL_GENERATION)
            }
            Some(member) if member.epoch != epoch => Err(ErrorCode::STALE_MEMBER_EPOCH),
            Some(_) => Ok(()),
        }
    }

    fn leave(
        &mut self,
        turn: &mut Turn<'_>,
        request: &ConsumerGroupHeartbeatRequest,
    ) -> Result<ConsumerGroupHeartbeatResponse, Refused> {
        let id = own(&request.member_id);
        if let Some(instance_id) = &request.instance_id {
            self.check_instance(instance_id, &id)?;
        }
        let member = self.members.get_mut(&id).ok_or_else(unknown_member)?;
        if request.instance_id.is_some() && request.member_epoch == LEAVE_FOR_A_WHILE {
            // Its partitions stay its own until its session is over.
            member.epoch = LEAVE_FOR_A_WHILE;
            member.revoking.clear();
            self.member_changed(&id);
        } else {
            self.fence(turn, [&id]);
        }
        Ok(ConsumerGroupHeartbeatResponse {
            member_id: Some(id),
            member_epoch: request.member_epoch,
            ..ConsumerGroupHeartbeatResponse::default()
        })
    }

    /// Lets a member in, or checks that it is one; says whether it is new.
    fn admit(
        &mut self,
        turn: &mut Turn<'_>,
        id: &MemberId,
        request: &ConsumerGroupHeartbeatRequest,
    ) -> Result<bool, Refused> {
        let joins = request.member_epoch == 0;
        if let Some(instance_id) = &request.instance_id {
            match self.static_members.get(instance_id).cloned() {
                Some(known) if joins && (known != *id || self.has_left(&known)) => {
                    if !self.has_left(&known) && !self.is_classic(&known) {
                        let message = "The instance id is owned by another member that has not left";
                        return Err(Refused::new(ErrorCode::UNRELEASED_INSTANCE_ID, message));
                    }
                    self.replace_static(turn, &known, id.clone(), instance_id);
                    return Ok(false);
                }
                Some(_) => self.check_instance(instance_id, id)?,
                None if !joins => return Err(unknown_member()),
                None => {}
            }
        }
        if let Some(member) = self.members.get(id) {
            check_member_epoch(member, request)?;
            return Ok(false);
        }
        if !joins {
            return Err(unknown_member());
        }
        self.add(id, request.instance_id.as_ref());
        Ok(true)
    }

    /// A new member, of which nothing else is known yet.
    fn add(&mut self, id: &MemberId, instance_id: Option<&ByteString>) {
        let instance_id = instance_id.map(own);
        if let Some(instance_id) = &instance_id {
            self.static_members.insert(instance_id.clone(), id.clone());
        }
        self.members.insert(id.clone(), Member { instance_id, ..Member::new() });
    }

    /// A static member is back under another id: it takes over what the old one had.
    fn replace_static(
        &mut self,
        turn: &mut Turn<'_>,
        known: &MemberId,
        id: MemberId,
        instance_id: &ByteString,
    ) {
        self.cancel_timers(turn, known);
        if let Some(member) = self.members.remove(known) {
            self.members.insert(id.clone(), Member { epoch: 0, previous_epoch: 0, ..member });
        }
        if let Some(target) = self.target.remove(known) {
            self.target.insert(id.clone(), target);
        }
        self.member_changed(known);
        self.member_changed(&id);
        self.static_members.insert(own(instance_id), id);
    }

    fn member_changed(&mut self, id: &MemberId) {
        self.changed.insert(GroupKey::Member(self.id.clone(), id.clone()));
    }

    /// Begins a new epoch.
    fn bump(&mut self) {
        self.epoch += 1;
        self.changed.insert(GroupKey::Group(self.id.clone()));
    }

    fn has_left(&self, id: &MemberId) -> bool {
        self.members.get(id).is_some_and(|member| member.epoch == LEAVE_FOR_A_WHILE)
    }

    fn is_classic(&self, id: &MemberId) -> bool {
        self.members.get(id).is_some_and(|member| member.classic.is_some())
    }

    fn check_instance(&self, instance_id: &str, id: &str) -> Result<(), Refused> {
        match self.static_members.get(instance_id) {
            None => Err(unknown_member()),
            Some(known) if **known != *id => {
                let message = "The instance id is owned by another member";
                Err(Refused::new(ErrorCode::FENCED_INSTANCE_ID, message))
            }
            Some(_) => Ok(()),
        }
    }

    /// The topics that members read and that exist.
    fn subscribed_topics(&self, topics: &Topics) -> BTreeMap<TopicId, i32> {
        let mut found = BTreeMap::new();
        for name in self.members.values().flat_map(|member| &member.topics) {
            if let Some(topic) = topics.named(name) {
                found.insert(topic.id, i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX));
            }
        }
        let patterns: Vec<&Pattern> =
            self.members.values().filter_map(|member| member.regex.as_ref()).collect();
        if !patterns.is_empty() {
            for topic in topics.iter() {
                if patterns.iter().any(|pattern| pattern.matches(&topic.name)) {
                    found.insert(topic.id, i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX));
                }
            }
        }
        found
    }

    /// The assignor that most members want.
    fn assignor(&self) -> Assignor {
        let mut votes: BTreeMap<Assignor, usize> = BTreeMap::new();
        for assignor in self.members.values().filter_map(|member| member.assignor) {
            *votes.entry(assignor).or_default() += 1;
        }
        votes.into_iter().max_by_key(|(_, count)| *count).map_or(Assignor::Uniform, |(assignor, _)| assignor)
    }

    fn assign(&mut self, topics: &Topics) {
        let wanted = |member: &Member| {
            let reads = |id: &&TopicId| topics.get(**id).is_some_and(|topic| member.reads(&topic.name));
            self.topics.keys().filter(reads).copied().collect()
        };
        let mut members = BTreeMap::new();
        for (id, member) in &self.members {
            let instance_id = member.instance_id.as_ref();
            members.insert(id, Reader { instance_id, topics: wanted(member), before: self.target.get(id) });
        }
        let spec = Spec { members, topics: &self.topics };
        let target = self.assignor().assign(&spec);
        let moved = self.members.keys().filter(|id| self.target.get(*id) != target.get(*id));
        self.changed.extend(moved.map(|id| GroupKey::Member(self.id.clone(), id.clone())));
        self.target = target;
        self.assignment_epoch = self.epoch;
        self.changed.insert(GroupKey::Group(self.id.clone()));
    }

    fn reconcile(&mut self, turn: &mut Turn<'_>, id: &MemberId, owned: Option<&[RequestTopicPartitions]>) {
        let epoch = self.assignment_epoch;
        if self.members.get(id).is_none_or(|member| member.is_reconciled(epoch)) {
            return;
        }
        let held = self.members.values().flat_map(Member::holds).collect();
        let nothing = Partitions::new();
        let target = self.target.get(id).unwrap_or(&nothing);
        let timer = self.revoke_timer(id);
        let Some(member) = self.members.get_mut(id) else { return };
        let before = (member.state, member.revoking.clone());
        member.reconcile(target, epoch, owned, &held);
        if member.state != MemberState::UnrevokedPartitions {
            turn.timers.cancel(&timer);
        } else if before != (member.state, member.revoking.clone()) && member.classic.is_none() {
            // One that uses the classic protocol has to join and to ask in time instead.
            turn.timers.set(timer, turn.now + member.rebalance_timeout);
        }
    }

    /// The member has its whole session from now on.
    fn begin_session(&self, turn: &mut Turn<'_>, id: &MemberId, member: &Member) {
        let classic = member.classic.as_ref().map(|classic| classic.session_timeout);
        let session = classic.unwrap_or(turn.settings.consumer_session_timeout);
        turn.timers.set(TimerKey::Session(self.id.clone(), id.clone()), turn.now + session);
    }

    /// A member that has something to give up has all its time from now on.
    fn begin_revocation(&self, turn: &mut Turn<'_>, id: &MemberId, member: &Member) {
        if member.state == MemberState::UnrevokedPartitions {
            turn.timers.set(self.revoke_timer(id), turn.now + member.rebalance_timeout);
        }
    }

    fn cancel_timers(&self, turn: &mut Turn<'_>, id: &MemberId) {
        turn.timers.cancel(&TimerKey::Session(self.id.clone(), id.clone()));
        for timer in [self.revoke_timer(id), self.join_timer(id), self.sync_timer(id)] {
            turn.timers.cancel(&timer);
        }
    }

    fn revoke_timer(&self, id: &MemberId) -> TimerKey {
        TimerKey::Revocation(self.id.clone(), id.clone())
    }
}

/// Takes over what the member says of itself; says whether that changes who should read what.
fn update(
    member: &mut Member,
    client_id: &str,
    request: &ConsumerGroupHeartbeatRequest,
    regex: Option<Option<Pattern>>,
) -> bool {
    if *member.client_id != *client_id {
        member.client_id = client_id.into();
    }
    if request.rebalance_timeout_ms != -1 {
        member.rebalance_timeout = milliseconds(request.rebalance_timeout_ms);
    }
    let mut changed = false;
    if let Some(rack) = &request.rack_id
        && member.rack_id.as_ref() != Some(rack)
    {
        member.rack_id = Some(own(rack));
        changed = true;
    }
    if let Some(assignor) = request.server_assignor.as_deref().and_then(Assignor::named)
        && member.assignor != Some(assignor)
    {
        member.assignor = Some(assignor);
        changed = true;
    }
    if let Some(names) = &request.subscribed_topic_names {
        let topics: BTreeSet<TopicName> = names.iter().map(|name| TopicName(own(&name.0))).collect();
        if topics != member.topics {
            member.topics = topics;
            changed = true;
        }
    }
    if let Some(regex) = regex {
        let text = |regex: &Option<Pattern>| regex.as_ref().map(|regex| regex.text.clone());
        if text(&regex) != text(&member.regex) {
            member.regex = regex;
            changed = true;
        }
    }
    changed
}

fn check_member_epoch(member: &Member, request: &ConsumerGroupHeartbeatRequest) -> Result<(), Refused> {
    let epoch = request.member_epoch;
    // Who was fenced begins anew.
    if epoch == 0 || epoch == member.epoch {
        return Ok(());
    }
    // The answer with the newer epoch may be lost.
    if epoch == member.previous_epoch && is_subset(request.topic_partitions.as_deref(), &member.assigned) {
        return Ok(());
    }
    let message = "The member epoch is not the one known by the group coordinator. \
                   The member must abandon all its partitions and rejoin";
    Err(Refused::new(ErrorCode::FENCED_MEMBER_EPOCH, message))
}

fn unknown_member() -> Refused {
    Refused::new(ErrorCode::UNKNOWN_MEMBER_ID, "There is no such member in the group")
}

fn tell(partitions: &Partitions) -> Assignment {
    let topic = |(topic, indexes): (&TopicId, &BTreeSet<i32>)| ResponseTopicPartitions {
        topic_id: *topic,
        partitions: indexes.iter().copied().collect(),
        ..ResponseTopicPartitions::default()
    };
    Assignment { topic_partitions: partitions.iter().map(topic).collect(), ..Assignment::default() }
}
