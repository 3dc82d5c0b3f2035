//! Asking for metadata: one question at a time, put to whichever node can answer soonest, and to another beside it when
//! that one is silent.

use std::time::Duration;

use ottla_proto::messages::{MetadataRequest, MetadataResponse};
use ottla_proto::{ApiKey, BrokerId, ErrorCode};

use super::{Answer, DisconnectCause, Event, Link, Net, Owner, RequestToken, Role, SendOptions, Slot};
use crate::cluster::Scope;
use crate::time::Instant;
use crate::wait::WaitReason;

/// The one question about the cluster that may be open.
#[derive(Debug)]
pub(super) struct Refresh {
    question: Option<Question>,
    /// How often in a row nothing came, or not in time.
    failures: u32,
    /// A request is due and no node can be asked: an event or one of the net's wakes will change that.
    blocked: bool,
    last_token: u64,
    /// Where the look for a node begins; moves on, so that equals are asked in turn.
    start: u64,
}

impl Refresh {
    pub(super) fn new(start: u64) -> Self {
        Self { question: None, failures: 0, blocked: false, last_token: 0, start }
    }

    fn patience(&self) -> Duration {
        ANSWER_PATIENCE.saturating_mul(1 << self.failures.min(4))
    }

    /// The next node in turn may know better.
    fn pass_on(&mut self) {
        self.start = self.start.wrapping_add(1);
        self.failures = self.failures.saturating_add(1);
    }
}

/// The first answer that helps settles it: no later one can have been asked for before it.
#[derive(Debug)]
struct Question {
    scope: Scope,
    /// Who has not answered yet; each node is asked once.
    asked: Vec<(BrokerId, RequestToken)>,
    /// When another node is asked beside them.
    patient_until: Instant,
}

/// How long a connection attempt may be silent before another node is tried beside it.
const PATIENCE: Duration = Duration::from_millis(500);

/// How long a node may take to answer before another is asked beside it: one that is frozen must not blind the whole
/// client for a request timeout. Doubles each time, since a large cluster or a slow link may need longer.
const ANSWER_PATIENCE: Duration = Duration::from_secs(3);

/// When so many known nodes have not answered, the bootstrap addresses are asked before the others.
const SILENT: usize = 2;

impl Net {
    /// Any node that answers soonest: connected, not throttled, with the least in flight. Starts a connection
    /// if there is none to wait for.
    ///
    /// # Errors
    /// Why no node can be asked now.
    pub fn least_loaded(&mut self, api: ApiKey, now: Instant) -> Result<Link, WaitReason> {
        self.least_loaded_beside(&[], api, now)
    }

    /// As [`Self::least_loaded`], of the nodes that were not asked yet.
    fn least_loaded_beside(
        &mut self,
        asked: &[(BrokerId, RequestToken)],
        api: ApiKey,
        now: Instant,
    ) -> Result<Link, WaitReason> {
        let is_left = |node: &BrokerId| asked.iter().all(|(other, _)| other != node);
        if !self.cluster.is_known() || self.cluster.wants_rebootstrap() {
            let bootstrap: Vec<_> = self.cluster.bootstrap().map(|(node, _)| node).filter(is_left).collect();
            return self.best_of(&bootstrap, api, now);
        }
        let known: Vec<BrokerId> = self.cluster.broker_ids().filter(is_left).collect();
        let found = match asked {
            // Where some are silent, all may be; to go through a large cluster first would take minutes.
            [(node, _), ..] if known.is_empty() || asked.len() >= SILENT => {
                Err(WaitReason::AnswerDue { node: *node })
            }
            _ => self.best_of(&known, api, now),
        };
        let is_silent = match &found {
            Ok(_) | Err(WaitReason::Throttled { .. }) => false,
            // The first attempt may take a while.
            Err(WaitReason::Connecting { node }) => self.has_failed(*node),
            Err(_) => true,
        };
        if !is_silent {
            return found;
        }
        // No known node can be reached or answers: the addresses may all be old (KIP-899). One that a known node has is
        // not another way to it.
        let others = self.cluster.bootstrap().filter(|(_, host)| self.cluster.broker_at(host).is_none());
        let others: Vec<_> = others.map(|(node, _)| node).filter(is_left).collect();
        let other = if others.is_empty() { found } else { self.best_of(&others, api, now) };
        // Nor may an old address keep those from being asked that are left.
        let is_held_up = other.is_err() && asked.len() >= SILENT && !known.is_empty();
        if is_held_up { self.best_of(&known, api, now) } else { other }
    }

    /// Whether the latest attempts to reach it have failed.
    fn has_failed(&self, node: BrokerId) -> bool {
        self.slots.get(&(node, Role::Control)).is_some_and(|slot| slot.failures > 0)
    }

    fn best_of(&mut self, nodes: &[BrokerId], api: ApiKey, now: Instant) -> Result<Link, WaitReason> {
        let role = Role::Control;
        let mut ready: Option<(usize, BrokerId)> = None;
        let mut connecting: Option<(Instant, BrokerId)> = None;
        let mut idle: Option<(Instant, BrokerId)> = None;
        let mut waiting: Option<(Instant, BrokerId)> = None;
        let mut full = None;
        let start = usize::try_from(self.refresh.start % (nodes.len().max(1) as u64)).unwrap_or(0);
        for &node in nodes.iter().cycle().skip(start).take(nodes.len()) {
            if let Some(throttle) = self.throttled(node, api, now) {
                keep_least(&mut waiting, throttle.until, node);
                continue;
            }
            let slot = self.slots.entry((node, role)).or_default();
            let Some(connection) = slot.connection.and_then(|id| self.connections.get(&id)) else {
                if slot.retry_at > now {
                    keep_least(&mut waiting, slot.retry_at, node);
                } else {
                    keep_least(&mut idle, slot.last_attempt, node);
                }
                continue;
            };
            match connection.refusal(&self.config, self.config.max_in_flight) {
                None if !connection.is_stalled(ANSWER_PATIENCE, now) => {
                    keep_least(&mut ready, connection.in_flight(), node);
                }
                Some(WaitReason::Connecting { .. }) => {
                    connecting = connecting.max(Some((connection.since(), node)));
                }
                _ => full = Some(node),
            }
        }
        if let Some((_, node)) = ready {
            return self.readiness(node, role, api, now);
        }
        if let Some((since, node)) = connecting {
            // An attempt that hangs must not keep the other nodes from being tried.
            let patient_until = since + PATIENCE;
            if patient_until > now {
                self.wakes.insert(patient_until);
                return Err(WaitReason::Connecting { node });
            }
            if idle.is_none() {
                return Err(WaitReason::Connecting { node });
            }
        }
        let next = idle.or(waiting).map(|(_, node)| node).or(full);
        self.readiness(next.unwrap_or(BrokerId::NONE), role, api, now)
    }

    pub(crate) fn refresh_metadata(&mut self, now: Instant) {
        self.refresh.blocked = false;
        if let Some(question) = self.refresh.question.take_if(|question| question.patient_until <= now) {
            let question = self.ask_beside(question, now);
            self.refresh.question = Some(question);
        }
        if self.refresh.question.is_some() || self.cluster.next_refresh() > now {
            return;
        }
        let Ok(link) = self.least_loaded(ApiKey::METADATA, now) else {
            self.refresh.blocked = true;
            return;
        };
        let scope = self.cluster.begin_refresh(now);
        match self.ask_for_metadata(link, &scope, now) {
            Ok(token) => {
                let patient_until = now + self.refresh.patience();
                let asked = vec![(link.node, token)];
                self.refresh.question = Some(Question { scope, asked, patient_until });
            }
            Err(NotAsked) => self.fail_refresh(scope, now),
        }
    }

    /// Puts the question to a node that has not been asked. While there is none, the answers are waited for: asking the
    /// same node again would make a slow link slower.
    fn ask_beside(&mut self, mut question: Question, now: Instant) -> Question {
        let Ok(link) = self.least_loaded_beside(&question.asked, ApiKey::METADATA, now) else {
            self.refresh.blocked = true;
            return question;
        };
        self.refresh.pass_on();
        question.patient_until = now + self.refresh.patience();
        if let Ok(token) = self.ask_for_metadata(link, &question.scope, now) {
            question.asked.push((link.node, token));
        }
        question
    }

    fn ask_for_metadata(
        &mut self,
        link: Link,
        scope: &Scope,
        now: Instant,
    ) -> Result<RequestToken, NotAsked> {
        let version = self.version::<MetadataRequest>(link, i16::MAX).map_err(|_| NotAsked)?;
        let request = MetadataRequest {
            topics: self.cluster.topics_of(scope),
            // The schema cannot say "do not create" before version 4.
            allow_auto_topic_creation: self.config.allow_auto_topic_creation || version < 4,
            ..MetadataRequest::default()
        };
        self.refresh.last_token += 1;
        let token = RequestToken(self.refresh.last_token);
        let options =
            SendOptions { owner: Owner::Cluster, token, timeout: self.config.request_timeout, answer: true };
        self.send(link, version, &request, options, now).map_err(|_| NotAsked)?;
        Ok(token)
    }

    pub(super) fn next_refresh(&self) -> Option<Instant> {
        match &self.refresh.question {
            _ if self.refresh.blocked => None,
            Some(question) => Some(question.patient_until),
            None => Some(self.cluster.next_refresh()),
        }
    }

    pub(super) fn on_metadata(&mut self, answer: &Answer, now: Instant) {
        let Ok(response) = self.open::<MetadataResponse>(answer, now) else {
            return self.on_metadata_failure(answer.token, now);
        };
        let error = response.error_code;
        if error != ErrorCode::NONE {
            self.events.push_back(Event::MetadataRefused { node: answer.node, error });
            if error == ErrorCode::REBOOTSTRAP_REQUIRED {
                self.cluster.rebootstrap();
            }
            return self.on_metadata_failure(answer.token, now);
        }
        // A broker that is starting may know nobody, not even itself.
        if response.brokers.is_empty() {
            return self.on_metadata_failure(answer.token, now);
        }
        let Some(Question { scope, asked, .. }) = self.refresh.question.take() else { return };
        for (_, token) in asked {
            self.abandon(Owner::Cluster, token);
        }
        self.refresh.failures = 0;
        self.cluster.update(response, &scope, now, &mut self.random);
        self.adopt_bootstrap(now);
        self.doubt_what_cannot_be_reached(now);
    }

    /// What somebody waits for at a node that cannot be reached may move to another before the next attempt to
    /// reach the old one: the cluster is asked again meanwhile.
    fn doubt_what_cannot_be_reached(&mut self, now: Instant) {
        let is_waiting = |((_, role), slot): (&(BrokerId, Role), &Slot)| {
            *role != Role::Control && slot.awaited && slot.retry_at > now
        };
        if self.slots.iter().any(is_waiting) {
            self.cluster.refresh();
        }
    }

    /// One of those that were asked has no answer that helps.
    pub(super) fn on_metadata_failure(&mut self, token: RequestToken, now: Instant) {
        let Some(question) = &mut self.refresh.question else { return };
        question.asked.retain(|(_, asked)| *asked != token);
        // The others are late already: somebody else may be asked soon.
        question.patient_until = question.patient_until.min(now + PATIENCE);
        if let Some(question) = self.refresh.question.take_if(|question| question.asked.is_empty()) {
            self.fail_refresh(question.scope, now);
        }
    }

    fn fail_refresh(&mut self, scope: Scope, now: Instant) {
        self.refresh.pass_on();
        self.cluster.refresh_failed(scope, now, &mut self.random);
    }

    /// A bootstrap address that the cluster names as a broker's own is that broker: its connection and its
    /// throttles are the broker's from now on. Attempts to reach others are over.
    fn adopt_bootstrap(&mut self, now: Instant) {
        let pairs: Vec<(BrokerId, Option<BrokerId>)> = self
            .cluster
            .bootstrap()
            .map(|(placeholder, host)| (placeholder, self.cluster.broker_at(host)))
            .collect();
        for (placeholder, node) in pairs {
            let old = (placeholder, Role::Control);
            let connection = self.slots.get(&old).and_then(|slot| slot.connection);
            let unused = connection.filter(|id| self.connections.get(id).is_some_and(|c| !c.is_ready()));
            if let Some(id) = unused {
                self.end_connection(id, DisconnectCause::Released, true, now);
            }
            let Some(node) = node else { continue };
            self.throttle.adopt(placeholder, node, now);
            let new = (node, Role::Control);
            if self.slots.get(&new).is_some_and(|slot| slot.connection.is_some()) {
                continue;
            }
            let Some(slot) = self.slots.remove(&old) else { continue };
            if let Some(connection) = slot.connection.and_then(|id| self.connections.get_mut(&id)) {
                connection.node = node;
            }
            self.slots.insert(new, slot);
        }
    }
}

/// No metadata request could be sent.
struct NotAsked;

fn keep_least<T: Ord>(least: &mut Option<(T, BrokerId)>, value: T, node: BrokerId) {
    if least.as_ref().is_none_or(|(best, _)| value < *best) {
        *least = Some((value, node));
    }
}
