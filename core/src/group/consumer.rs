//! The consumer protocol (KIP-848): one heartbeat says what the member wants and owns, its answer what it is to own.
//! Java: `ConsumerMembershipManager` and `ConsumerHeartbeatRequestManager`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytestring::ByteString;
use ottla_proto::messages::consumer_group_heartbeat::{Assignment, RequestTopicPartitions};
use ottla_proto::messages::{ConsumerGroupHeartbeatRequest, ConsumerGroupHeartbeatResponse};
use ottla_proto::wire::Request;
use ottla_proto::{ApiKey, ErrorCode, TopicId};

use super::classic::millis;
use super::config::ProtocolChoice;
use super::member::{Asked, Member, Protocol, soonest};
use super::ownership::{Cause, End};
use super::subscription::MOST_PARTITIONS;
use crate::Random;
use crate::consumer::TopicPartition;
use crate::net::{Answer, Net};
use crate::retry::{Remedy, remedy};
use crate::time::Instant;

/// The epoch with which a member joins.
const JOINING: i32 = 0;
/// The epoch with which a member leaves for good.
const LEAVING: i32 = -1;
/// The epoch with which a static member leaves and keeps its place.
const LEAVING_FOR_A_WHILE: i32 = -2;
/// A coordinator that is silent for so long is looked for anew; see [`ConsumerProtocol::patience`].
const LEAST_PATIENCE: Duration = Duration::from_secs(3);
const MOST_PATIENCE: Duration = Duration::from_secs(15);
/// No interval between heartbeats is longer, whatever the coordinator asks for: it is the longest that Kafka's brokers
/// ask for unless they are set otherwise (`group.consumer.max.heartbeat.interval.ms`), a third of the shortest session
/// that they allow. A heartbeat too many does no harm; one too few costs the membership.
const MOST_INTERVAL: Duration = Duration::from_secs(15);

/// Partitions as this protocol names them.
type ById = BTreeMap<TopicId, BTreeSet<i32>>;

/// Where a member stands in the consumer protocol.
#[derive(Debug)]
pub(super) struct ConsumerProtocol {
    /// The id that the member gives itself, for life.
    id: ByteString,
    is_in: bool,
    heartbeat_at: Option<Instant>,
    interval: Duration,
    /// The coordinator may have missed something: the next heartbeat says everything.
    says_all: bool,
    /// What the coordinator wants this member to own.
    target: Option<ById>,
    /// The view of the cluster and the ownerships that the target was last held against.
    compared: Option<(u64, u64)>,
    /// The revision of what this member owns that the coordinator was last told, and that a heartbeat in flight tells it.
    reported: Option<u64>,
    reporting: Option<u64>,
    /// The assignment is another than when the coordinator was last told what this member owns. It takes no earlier word
    /// for an answer, and may wait for one: what the view had no topic for any more was given up unasked.
    owes_word: bool,
    failures: u32,
    /// Heartbeats in a row that got no answer.
    unanswered: u32,
    /// Which revision of the application's wishes the coordinator knows, and which a heartbeat in flight tells it.
    told: Option<u64>,
    telling: Option<u64>,
    /// The coordinator was told a pattern at some time, so that its end has to be told too.
    knows_pattern: bool,
    /// Why the next assignment is expected.
    because: Option<Cause>,
    /// What the last refused heartbeat met.
    met: ErrorCode,
    /// When the member was last fenced, and how often in quick succession before.
    fenced_at: Option<Instant>,
    fences: u32,
    /// The target names topics that the view of the cluster does not know.
    lacks_topics: bool,
}

impl ConsumerProtocol {
    pub(super) fn new(random: &mut Random) -> Self {
        Self {
            id: member_id(random),
            is_in: false,
            heartbeat_at: None,
            interval: Duration::from_secs(5),
            says_all: true,
            target: None,
            compared: None,
            reported: None,
            reporting: None,
            owes_word: false,
            failures: 0,
            unanswered: 0,
            told: None,
            telling: None,
            knows_pattern: false,
            because: None,
            met: ErrorCode::NONE,
            fenced_at: None,
            fences: 0,
            lacks_topics: false,
        }
    }

    /// When it tries again, and after which error.
    pub(super) fn retry(&self) -> Option<(Instant, ErrorCode)> {
        self.heartbeat_at.filter(|_| self.failures > 0).map(|at| (at, self.met))
    }

    pub(super) fn lacks_topics(&self) -> bool {
        self.lacks_topics
    }

    pub(super) fn is_in(&self) -> bool {
        self.is_in
    }

    /// Out of the group; the next heartbeat joins.
    pub(super) fn reset(&mut self) {
        self.is_in = false;
        self.says_all = true;
        self.target = None;
        self.compared = None;
        self.lacks_topics = false;
        self.reported = None;
        self.reporting = None;
        self.owes_word = false;
        self.heartbeat_at = None;
    }

    pub(super) fn unanswered(&mut self, now: Instant) {
        self.says_all = true;
        self.reporting = None;
        self.heartbeat_at = Some(now);
        self.unanswered = self.unanswered.saturating_add(1);
    }

    /// How long an answer is waited for. The member does not know its session, which has three intervals at least if the
    /// broker's settings follow Kafka's advice: an interval and one patience leave time for the way to another
    /// coordinator. One that is slow rather than gone is heard in the end, since the patience doubles.
    fn patience(&self) -> Duration {
        let first = (self.interval * 3 / 2).max(LEAST_PATIENCE);
        (first * (1 << self.unanswered.min(3))).min(MOST_PATIENCE)
    }

    /// For how long after a heartbeat the member is one for certain. It does not know its session: three intervals, or
    /// what an answer may take, are not longer.
    fn certain(&self) -> Duration {
        (self.interval * 3).max(MOST_PATIENCE)
    }

    /// The coordinator is to be asked for the member's epoch without delay.
    pub(super) fn hurry(&mut self, now: Instant) {
        self.heartbeat_at = Some(now);
    }

    /// The next assignment will have this cause.
    pub(super) fn because(&mut self, cause: Cause) {
        self.because = Some(cause);
    }

    pub(super) fn next_at(&self) -> Option<Instant> {
        soonest([self.heartbeat_at])
    }
}

impl Member {
    pub(super) fn step_consumer(&mut self, net: &mut Net, now: Instant) {
        if self.is_away_too_long() {
            return;
        }
        if !self.consumer.is_in && self.generation != JOINING {
            self.generation = JOINING;
            self.member_id = self.consumer.id.clone();
        }
        self.reconcile(net, now);
        self.send_consumer_heartbeat(net, now);
    }

    /// Goes one step from what the member owns to what it is to own: first gives up, then takes.
    fn reconcile(&mut self, net: &mut Net, now: Instant) {
        if !self.consumer.is_in || self.hand_over.is_some() || self.closing.is_some() {
            return;
        }
        let Some(target) = &self.consumer.target else { return };
        // A turn in which neither side has changed costs nothing, however many partitions there are.
        let compared = Some((net.cluster().generation(), self.edge.revision()));
        if std::mem::replace(&mut self.consumer.compared, compared) == compared {
            return;
        }
        let mut added = BTreeMap::new();
        let mut unknown = false;
        for (id, partitions) in target {
            let Some(topic) = net.cluster().topic_name(*id) else {
                unknown = true;
                continue;
            };
            let partition = |partition: &i32| TopicPartition { topic: topic.clone(), partition: *partition };
            added.extend(partitions.iter().map(|number| (partition(number), Some(*id))));
        }
        self.consumer.lacks_topics = unknown;
        // A topic that was created anew is another one, though its name is the same.
        let mut taken = self.edge.owned();
        taken.retain(|ownership| {
            let is_kept = added.get(ownership.partition()) == Some(&ownership.topic_id());
            if is_kept {
                added.remove(ownership.partition());
            }
            !is_kept
        });
        let is_settled = taken.is_empty() && added.is_empty();
        if !is_settled {
            let cause = self.consumer.because.take().unwrap_or(Cause::Assigned);
            self.note_rebalance(cause, now);
        }
        if taken.is_empty() {
            self.own(added);
        } else {
            let until = now + self.config.hand_over_timeout();
            self.begin_hand_over(taken, End::Revoked, until, now);
            self.step_hand_over(now);
            if self.hand_over.is_none() {
                self.own(added);
            }
        }
        if !is_settled {
            self.learn_partitions(net);
        }
        if self.hand_over.is_none() && !unknown {
            self.finish_rebalance(now);
        }
    }

    fn owned_by_id(&self) -> ById {
        let mut owned = ById::new();
        for ownership in self.edge.owned() {
            if let Some(id) = ownership.topic_id() {
                owned.entry(id).or_default().insert(ownership.partition().partition);
            }
        }
        owned
    }

    fn send_consumer_heartbeat(&mut self, net: &mut Net, now: Instant) {
        if self.is_asked(Asked::ConsumerHeartbeat) || self.is_asked(Asked::Leave) {
            return;
        }
        let joining = !self.consumer.is_in;
        if joining && self.closing.is_some() {
            return;
        }
        let revision = self.edge.revision();
        // What is being given up is owned until it is given up.
        let owes_word = self.consumer.owes_word && self.hand_over.is_none();
        let news = owes_word || self.consumer.reported != Some(revision);
        let due = self.consumer.heartbeat_at.is_none_or(|at| at <= now);
        let wishes = self.consumer.told != Some(self.interest.revision);
        let tells = (news || wishes) && self.consumer.failures == 0;
        if !due && !tells {
            return;
        }
        let key = ApiKey::CONSUMER_GROUP_HEARTBEAT;
        let Some(link) = self.coordinator_link(key, net, now) else { return };
        let latest = ConsumerGroupHeartbeatRequest::LATEST_STABLE;
        let Some(version) = self.version::<ConsumerGroupHeartbeatRequest>(link, latest, net, now) else {
            return;
        };
        let mut request = ConsumerGroupHeartbeatRequest {
            group_id: self.config.group.clone(),
            member_id: self.member_id.clone(),
            member_epoch: self.generation,
            ..Default::default()
        };
        let says_all = joining || self.consumer.says_all;
        if says_all {
            request.instance_id = self.config.instance_id.clone();
            request.rack_id = self.config.rack.clone();
            request.rebalance_timeout_ms = millis(self.config.max_poll_interval);
            request.server_assignor = self.config.server_assignor.clone();
        }
        if says_all || wishes {
            let topics: BTreeSet<_> = self.config.topics.iter().cloned().collect();
            request.subscribed_topic_names = Some(topics.into_iter().collect());
            let pattern = self.config.pattern.as_ref().map(|pattern| pattern.text().clone());
            // An empty one takes back the last.
            let none = self.consumer.knows_pattern.then(ByteString::new);
            request.subscribed_topic_regex = pattern.or(none);
        }
        if says_all || news {
            let owned = if joining { ById::new() } else { self.owned_by_id() };
            let partitions = owned.into_iter().map(|(topic_id, partitions)| RequestTopicPartitions {
                topic_id,
                partitions: partitions.into_iter().collect(),
                ..Default::default()
            });
            request.topic_partitions = Some(partitions.collect());
        }
        let timeout = self.consumer.patience().min(self.config.request_timeout);
        if self.send(link, version, &request, Asked::ConsumerHeartbeat, timeout, net, now) {
            self.consumer.reporting = Some(revision);
            self.consumer.owes_word &= request.topic_partitions.is_none();
            self.consumer.telling = Some(self.interest.revision);
            self.consumer.knows_pattern |= request.subscribed_topic_regex.is_some();
            self.consumer.heartbeat_at = Some(now + self.consumer.interval);
        }
    }

    pub(super) fn on_consumer_heartbeat(&mut self, answer: &Answer, net: &mut Net, now: Instant) {
        let Ok(response) = net.open::<ConsumerGroupHeartbeatResponse>(answer, now) else {
            return self.unanswered(Asked::ConsumerHeartbeat, net, now);
        };
        self.consumer.unanswered = 0;
        if self.consumer.reporting.is_none() {
            // The member has begun anew since that heartbeat was sent.
            return;
        }
        if response.error_code.is_none() && answer.is_older_than(self.consumer.certain(), now) {
            // The process stood still, and the group may have gone on without it. A refusal counts at any age.
            return self.unanswered(Asked::ConsumerHeartbeat, net, now);
        }
        let Some(reporting) = self.consumer.reporting.take() else { return };
        let (said, told) = (self.generation, response.member_epoch);
        match response.error_code {
            ErrorCode::NONE if told < said.max(1) => {
                self.cast_out(Cause::WrongEpoch { said, told }, ErrorCode::CORRUPT_MESSAGE, net, now);
            }
            ErrorCode::NONE => {
                self.coordinator.is_well();
                self.consumer.failures = 0;
                self.consumer.says_all = false;
                self.consumer.is_in = true;
                self.consumer.reported = Some(reporting);
                self.consumer.told = self.consumer.telling.take();
                self.generation = told;
                self.consumer.interval = interval(response.heartbeat_interval_ms);
                self.consumer.heartbeat_at = Some(now + self.consumer.interval);
                if let Some(assignment) = response.assignment {
                    self.take_target(assignment, net, now);
                }
            }
            error @ (ErrorCode::FENCED_MEMBER_EPOCH | ErrorCode::UNKNOWN_MEMBER_ID) => {
                self.fenced(error, net, now)
            }
            ErrorCode::UNSUPPORTED_VERSION | ErrorCode::GROUP_ID_NOT_FOUND
                if self.config.protocol == ProtocolChoice::Auto && !self.consumer.is_in =>
            {
                self.member_id = ByteString::new();
                self.generation = -1;
                self.speak(Protocol::Classic, net, now);
            }
            error => {
                self.consumer.says_all = true;
                match remedy(error) {
                    Remedy::FindCoordinator => {
                        self.lose_coordinator(error, net, now);
                        self.consumer.heartbeat_at = Some(now);
                    }
                    Remedy::Fail => {
                        let message = response.error_message.as_deref();
                        self.refuse(answer.node, error, message, net, now);
                    }
                    Remedy::Retry | Remedy::Refresh | Remedy::WaitOut => {
                        self.consumer.met = error;
                        self.consumer.failures = self.consumer.failures.saturating_add(1);
                        let delay = self.config.retry_backoff.delay(self.consumer.failures, net.random());
                        self.consumer.heartbeat_at = Some(now + delay);
                    }
                }
            }
        }
    }

    fn take_target(&mut self, assignment: Assignment, net: &mut Net, now: Instant) {
        let named: usize = assignment.topic_partitions.iter().map(|topic| topic.partitions.len()).sum();
        if named > MOST_PARTITIONS {
            return self.cast_out(Cause::Malformed, ErrorCode::CORRUPT_MESSAGE, net, now);
        }
        let mut target = ById::new();
        for topic in assignment.topic_partitions {
            let valid = topic.partitions.into_iter().filter(|partition| *partition >= 0);
            target.entry(topic.topic_id).or_default().extend(valid);
        }
        self.follow_ids(target.keys().copied(), net);
        if self.consumer.target.as_ref() != Some(&target) {
            self.consumer.owes_word = true;
            self.consumer.target = Some(target);
            self.consumer.compared = None;
        }
    }

    /// The coordinator gave this member's partitions away: it joins anew.
    pub(super) fn fenced(&mut self, error: ErrorCode, net: &mut Net, now: Instant) {
        self.cast_out(Cause::Refused { error }, error, net, now);
    }

    /// Whatever the coordinator takes this member for, it is not what the member takes itself for: it joins anew.
    fn cast_out(&mut self, cause: Cause, met: ErrorCode, net: &mut Net, now: Instant) {
        self.lose_all(cause, now);
        self.consumer.reset();
        // At once the first time, and later and later if joining leads to nothing.
        let ConsumerProtocol { fenced_at, fences, interval, .. } = &mut self.consumer;
        let again =
            fenced_at.replace(now).is_some_and(|at| now.saturating_duration_since(at) < *interval * 2);
        *fences = if again { fences.saturating_add(1) } else { 0 };
        let delay = self.config.retry_backoff.delay(*fences, net.random());
        self.consumer.met = met;
        self.consumer.failures = self.consumer.fences;
        self.consumer.heartbeat_at = Some(now + delay);
        self.generation = JOINING;
    }

    pub(super) fn send_consumer_leave(&mut self, net: &mut Net, now: Instant) -> bool {
        let Some(link) = self.coordinator_link(ApiKey::CONSUMER_GROUP_HEARTBEAT, net, now) else {
            return false;
        };
        let latest = ConsumerGroupHeartbeatRequest::LATEST_STABLE;
        let Some(version) = self.version::<ConsumerGroupHeartbeatRequest>(link, latest, net, now) else {
            return false;
        };
        let request = ConsumerGroupHeartbeatRequest {
            group_id: self.config.group.clone(),
            member_id: self.member_id.clone(),
            member_epoch: if self.config.instance_id.is_some() { LEAVING_FOR_A_WHILE } else { LEAVING },
            instance_id: self.config.instance_id.clone(),
            ..Default::default()
        };
        self.send(link, version, &request, Asked::Leave, self.config.request_timeout, net, now)
    }
}

/// What the coordinator asks for, within reason.
fn interval(milliseconds: i32) -> Duration {
    let asked = Duration::from_millis(u64::try_from(milliseconds).unwrap_or(0));
    asked.clamp(Duration::from_millis(10), MOST_INTERVAL)
}

/// A random UUID in Kafka's spelling: 16 bytes in base 64 for URLs.
fn member_id(random: &mut Random) -> ByteString {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut bits = u128::from(random.next_u64()) << 64 | u128::from(random.next_u64());
    // Version 4, variant 1.
    bits = bits & !(0xf << 76) | 4 << 76;
    bits = bits & !(0b11 << 62) | 0b10 << 62;
    let digit = |place: u32| {
        // The last digit has two bits of its own; the rest of it is zero.
        let value = if place < 21 { bits >> (122 - 6 * place) } else { bits << 4 };
        usize::try_from(value & 63).ok().and_then(|value| DIGITS.get(value)).copied().map_or('A', char::from)
    };
    ByteString::from((0..22).map(digit).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn member_ids_are_uuids_and_differ() {
        let mut random = Random::new(1);
        let (one, other) = (member_id(&mut random), member_id(&mut random));
        assert_ne!(one, other);
        assert_eq!(one.len(), 22);
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
    }
}
