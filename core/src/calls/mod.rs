//! One-off requests: each goes to a node of its kind, is tried again when that may help, and ends once.

#[cfg(test)]
mod tests;

use std::any::Any;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::Duration;

use ottla_proto::messages::{FindCoordinatorRequest, FindCoordinatorResponse};
use ottla_proto::wire::{DecodeError, EncodeError, Request, Response};
use ottla_proto::{ApiKey, BrokerId, ErrorCode, GroupId};
use thiserror::Error;

use crate::event::{Event, Ticket};
use crate::group::{coordinator_of, find_coordinator};
use crate::machine::Machine;
use crate::net::{
    Answer, Failure, FailureKind, Link, Net, Owner, ReachReport, RequestToken, Role, SendOptions, Sent,
    UnsupportedVersion,
};
use crate::retry::{Backoff, Remedy, remedy};
use crate::time::{Instant, earliest};
use crate::wait::WaitReason;

/// Which node a call goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Whichever can answer soonest.
    Any,
    /// The controller, or with KRaft the broker that stands in for it.
    Controller,
    /// This one.
    Node(BrokerId),
    /// The coordinator of this group.
    Coordinator(GroupId),
}

/// A request and how to carry it out.
#[derive(Debug)]
pub struct CallSpec {
    request: Box<dyn AnyRequest>,
    target: Target,
    highest: i16,
    deadline: Instant,
    attempt_timeout: Duration,
}

impl CallSpec {
    /// A call that ends by `deadline`, retries included. It goes to [`Target::Any`], in the highest stable
    /// version that both sides know, and is tried again as long as the answer's top-level error may pass.
    #[must_use]
    pub fn new<R>(request: R, deadline: Instant) -> Self
    where
        R: Request + Send + 'static,
        R::Response: Send + 'static,
    {
        Self::judged(request, deadline, |response| response.error_code().filter(|error| !error.is_none()))
    }

    /// As [`Self::new`], but `error` finds the error in an answer that decides whether to try again; for APIs
    /// whose errors lie deeper. `None` ends the call with that answer.
    #[must_use]
    pub fn judged<R>(request: R, deadline: Instant, error: fn(&R::Response) -> Option<ErrorCode>) -> Self
    where
        R: Request + Send + 'static,
        R::Response: Send + 'static,
    {
        Self {
            request: Box::new(Typed { request, error }),
            target: Target::Any,
            highest: i16::MAX,
            deadline,
            attempt_timeout: Duration::from_secs(30),
        }
    }

    /// Sends it to this target.
    #[must_use]
    pub fn to(mut self, target: Target) -> Self {
        self.target = target;
        self
    }

    /// Never uses a version above this one.
    #[must_use]
    pub fn highest(mut self, version: i16) -> Self {
        self.highest = version;
        self
    }

    /// How long one attempt may take before its connection is given up. Default 30 s. Java:
    /// `request.timeout.ms`.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }
}

/// The answer to a call.
#[derive(Debug)]
pub struct CallAnswer {
    /// The node that gave it.
    pub node: BrokerId,
    /// Its version.
    pub version: i16,
    message: Box<dyn Any + Send>,
}

impl CallAnswer {
    /// The message; `None` if it is of another type than the request's response.
    #[must_use]
    pub fn into_message<M: Response + 'static>(self) -> Option<M> {
        self.message.downcast().ok().map(|message| *message)
    }
}

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum CallError {
    /// Its time ran out.
    #[error("{api} was not answered in time{}", Last(.waiting_for, .last_error))]
    DeadlineExceeded {
        /// The API.
        api: ApiKey,
        /// What it waited for in the end.
        waiting_for: Option<Box<WaitReason>>,
        /// How the last attempt ended.
        last_error: Option<Box<AttemptError>>,
        /// Where each bootstrap address stands, if no broker could be reached at all.
        unreachable: Vec<ReachReport>,
    },
    /// The node speaks no version of the API that this client needs.
    #[error(transparent)]
    UnsupportedVersion(#[from] UnsupportedVersion),
    /// The request cannot be put into bytes in the version that the node speaks.
    #[error("{0}")]
    Encode(#[from] EncodeError),
    /// A broker does not say who coordinates the group.
    #[error("node {node} does not name the group's coordinator: {error}")]
    NoCoordinator {
        /// The node.
        node: BrokerId,
        /// Its reason.
        error: ErrorCode,
    },
    /// The client was closed first.
    #[error("the client was closed before {api} was answered")]
    Closed {
        /// The API.
        api: ApiKey,
    },
}

/// How one attempt of a call ended.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum AttemptError {
    /// The broker refused for now.
    #[error("node {node} answered {error}")]
    Refused {
        /// The node.
        node: BrokerId,
        /// Its reason.
        error: ErrorCode,
    },
    /// There was no answer.
    #[error("node {node}: {kind}")]
    Failed {
        /// The node.
        node: BrokerId,
        /// What happened.
        kind: FailureKind,
    },
    /// The answer could not be read.
    #[error("node {node} sent an answer that cannot be read: {error}")]
    Unreadable {
        /// The node.
        node: BrokerId,
        /// What is wrong with it.
        error: DecodeError,
    },
}

struct Last<'a>(&'a Option<Box<WaitReason>>, &'a Option<Box<AttemptError>>);

impl fmt::Display for Last<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(reason) = self.0 {
            write!(f, "; {reason}")?;
        }
        if let Some(error) = self.1 {
            write!(f, "; the last attempt: {error}")?;
        }
        Ok(())
    }
}

/// The calls of a client.
#[derive(Debug)]
pub(crate) struct Calls {
    backoff: Backoff,
    calls: BTreeMap<Ticket, Call>,
    /// What is known of who coordinates which group.
    coordinators: BTreeMap<GroupId, BrokerId>,
    events: VecDeque<Event>,
}

#[derive(Debug)]
struct Call {
    spec: CallSpec,
    state: State,
    failures: u32,
    last_error: Option<Box<AttemptError>>,
    since: Instant,
}

#[derive(Debug)]
enum State {
    /// To be sent as soon as its node is ready; why it is not yet.
    Due { blocked: Option<WaitReason> },
    /// To be sent again after a while, and not before the view of the cluster has taken in more answers than
    /// this.
    Backoff { until: Instant, updates: Option<u64> },
    /// In flight.
    Sent { node: BrokerId },
    /// The node to send it to is being asked for.
    Finding { node: BrokerId },
}

impl Call {
    fn reason(&self) -> Option<WaitReason> {
        match (&self.state, self.last_error.as_deref()) {
            (State::Due { blocked }, _) => blocked.clone(),
            (State::Sent { node } | State::Finding { node }, _) => {
                Some(WaitReason::AnswerDue { node: *node })
            }
            (State::Backoff { until, .. }, Some(AttemptError::Refused { error, .. })) => {
                Some(WaitReason::RetryBackoff { until: *until, error: *error })
            }
            (State::Backoff { until, .. }, _) => {
                Some(WaitReason::RetryBackoff { until: *until, error: ErrorCode::NETWORK_EXCEPTION })
            }
        }
    }
}

impl Calls {
    pub(crate) fn new(backoff: Backoff) -> Self {
        Self { backoff, calls: BTreeMap::new(), coordinators: BTreeMap::new(), events: VecDeque::new() }
    }

    pub(crate) fn begin(&mut self, ticket: Ticket, spec: CallSpec, now: Instant) {
        let state = State::Due { blocked: None };
        self.calls.insert(ticket, Call { spec, state, failures: 0, last_error: None, since: now });
    }

    /// Whoever asked went away: nothing more is sent for it.
    pub(crate) fn forget(&mut self, ticket: Ticket, net: &mut Net) {
        if self.calls.remove(&ticket).is_some() {
            net.abandon(Owner::Calls, RequestToken(ticket.0));
        }
    }

    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    pub(crate) fn close(&mut self) {
        for (ticket, call) in std::mem::take(&mut self.calls) {
            self.end(ticket, Err(CallError::Closed { api: call.spec.request.api() }));
        }
    }

    /// What each call waits for.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = (Instant, WaitReason)> {
        self.calls.values().filter_map(|call| Some((call.since, call.reason()?)))
    }

    fn end(&mut self, ticket: Ticket, result: Result<CallAnswer, CallError>) {
        self.calls.remove(&ticket);
        self.events.push_back(Event::CallDone { ticket, result });
    }

    /// Sends a call if its node is ready.
    fn attempt(&mut self, ticket: Ticket, net: &mut Net, now: Instant) {
        let Some(call) = self.calls.get_mut(&ticket) else { return };
        match call.state {
            State::Sent { .. } | State::Finding { .. } => return,
            State::Backoff { updates: Some(updates), .. } if net.cluster().updates() <= updates => return,
            State::Backoff { until, .. } if until > now => {
                call.state = State::Backoff { until, updates: None };
                return;
            }
            State::Due { .. } | State::Backoff { .. } => {}
        }
        let api = call.spec.request.api();
        let mut finding = false;
        let link = match &call.spec.target {
            Target::Any => net.least_loaded(api, now),
            Target::Node(node) => net.readiness(*node, Role::Control, api, now),
            Target::Coordinator(group) => match self.coordinators.get(group) {
                Some(node) => net.readiness(*node, Role::Control, api, now),
                None => {
                    finding = true;
                    net.least_loaded(ApiKey::FIND_COORDINATOR, now)
                }
            },
            Target::Controller => match net.cluster().controller() {
                Some(node) => net.readiness(node, Role::Control, api, now),
                None => {
                    if net.cluster().is_known() {
                        net.cluster_mut().refresh();
                    }
                    Err(WaitReason::NoController)
                }
            },
        };
        let link = match link {
            Ok(link) => link,
            Err(WaitReason::ReconnectBackoff { node, error, .. })
                if matches!(call.spec.target, Target::Coordinator(_)) && !finding =>
            {
                // The group may have another one by now.
                let kind = FailureKind::Disconnected(error);
                return self.try_again(ticket, AttemptError::Failed { node, kind }, net, now);
            }
            Err(why) => {
                call.state = State::Due { blocked: Some(why) };
                return;
            }
        };
        let options = SendOptions {
            owner: Owner::Calls,
            token: RequestToken(ticket.0),
            timeout: call.spec.attempt_timeout,
            answer: true,
        };
        let sent = match &call.spec.target {
            Target::Coordinator(group) if finding => ask_for_coordinator(group, net, link, options, now),
            _ => call.spec.request.send(net, link, call.spec.highest, options, now),
        };
        match sent {
            Ok(()) if finding => call.state = State::Finding { node: link.node },
            Ok(()) => call.state = State::Sent { node: link.node },
            Err(error) => self.end(ticket, Err(error)),
        }
    }

    /// The answer to who coordinates a call's group.
    fn found_coordinator(&mut self, ticket: Ticket, answer: &Answer, net: &mut Net, now: Instant) {
        let Some(call) = self.calls.get_mut(&ticket) else { return };
        let Target::Coordinator(group) = &call.spec.target else { return };
        let node = answer.node;
        let found = match net.open::<FindCoordinatorResponse>(answer, now) {
            Ok(response) => coordinator_of(&response, group, answer.version)
                .map_err(|(error, _)| AttemptError::Refused { node, error }),
            Err(error) => Err(AttemptError::Unreadable { node, error }),
        };
        match found {
            Ok(broker) => {
                self.coordinators.insert(group.clone(), broker.id);
                if net.cluster().host(broker.id).is_none() {
                    net.cluster_mut().hint_broker(broker);
                }
                call.state = State::Due { blocked: None };
            }
            Err(AttemptError::Refused { node, error }) if remedy(error) == Remedy::Fail => {
                self.end(ticket, Err(CallError::NoCoordinator { node, error }));
            }
            Err(error) => self.try_again(ticket, error, net, now),
        }
    }

    fn try_again(&mut self, ticket: Ticket, error: AttemptError, net: &mut Net, now: Instant) {
        let Some(call) = self.calls.get_mut(&ticket) else { return };
        call.failures = call.failures.saturating_add(1);
        let moved = match &error {
            AttemptError::Refused { error, .. } => remedy(*error) == Remedy::FindCoordinator,
            AttemptError::Failed { .. } => true,
            AttemptError::Unreadable { .. } => false,
        };
        if let (Target::Coordinator(group), true) = (&call.spec.target, moved) {
            self.coordinators.remove(group);
        }
        let mut updates = None;
        if let AttemptError::Refused { error, .. } = error
            && remedy(error) == Remedy::Refresh
        {
            net.cluster_mut().refresh();
            updates = Some(net.cluster().updates());
        }
        let until = now + self.backoff.delay(call.failures, net.random());
        call.state = State::Backoff { until, updates };
        call.last_error = Some(Box::new(error));
    }
}

impl Machine for Calls {
    fn step(&mut self, net: &mut Net, now: Instant) {
        let tickets: Vec<Ticket> = self.calls.keys().copied().collect();
        for ticket in tickets {
            let Some(call) = self.calls.get_mut(&ticket) else { continue };
            if call.spec.deadline <= now {
                let api = call.spec.request.api();
                let waiting_for = call.reason().map(Box::new);
                let last_error = call.last_error.take();
                let unreachable = if net.cluster().is_known() { Vec::new() } else { net.bootstrap_report() };
                net.abandon(Owner::Calls, RequestToken(ticket.0));
                let error = CallError::DeadlineExceeded { api, waiting_for, last_error, unreachable };
                self.end(ticket, Err(error));
            } else {
                self.attempt(ticket, net, now);
            }
        }
    }

    fn handle_answer(&mut self, answer: Answer, net: &mut Net, now: Instant) {
        let ticket = Ticket(answer.token.0);
        let Some(call) = self.calls.get(&ticket) else { return };
        if matches!(call.state, State::Finding { .. }) {
            return self.found_coordinator(ticket, &answer, net, now);
        }
        let node = answer.node;
        match call.spec.request.open(net, &answer, now) {
            Ok((_, Some(error))) if remedy(error) != Remedy::Fail => {
                self.try_again(ticket, AttemptError::Refused { node, error }, net, now);
            }
            Ok((message, _)) => {
                self.end(ticket, Ok(CallAnswer { node, version: answer.version, message }));
            }
            Err(error) => self.try_again(ticket, AttemptError::Unreadable { node, error }, net, now),
        }
    }

    fn handle_sent(&mut self, _sent: Sent, _net: &mut Net, _now: Instant) {
        // Every call has an answer.
    }

    fn handle_failure(&mut self, failure: Failure, net: &mut Net, now: Instant) {
        let Failure { token, node, kind, .. } = failure;
        self.try_again(Ticket(token.0), AttemptError::Failed { node, kind }, net, now);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.calls.values().fold(None, |least, call| {
            let retry = match call.state {
                State::Backoff { until, updates: None } => Some(until),
                // The net covers what it named as a reason, and the refresh.
                State::Backoff { .. } | State::Due { .. } | State::Sent { .. } | State::Finding { .. } => {
                    None
                }
            };
            earliest(least, earliest(retry, Some(call.spec.deadline)))
        })
    }
}

fn ask_for_coordinator(
    group: &GroupId,
    net: &mut Net,
    link: Link,
    options: SendOptions,
    now: Instant,
) -> Result<(), CallError> {
    let version = net.version::<FindCoordinatorRequest>(link, FindCoordinatorRequest::LATEST_STABLE)?;
    Ok(net.send(link, version, &find_coordinator(group, version), options, now)?)
}

/// A request whose type is forgotten until its answer is read.
trait AnyRequest: Send + fmt::Debug {
    fn api(&self) -> ApiKey;

    fn send(
        &self,
        net: &mut Net,
        link: Link,
        highest: i16,
        options: SendOptions,
        now: Instant,
    ) -> Result<(), CallError>;

    fn open(
        &self,
        net: &mut Net,
        answer: &Answer,
        now: Instant,
    ) -> Result<(Box<dyn Any + Send>, Option<ErrorCode>), DecodeError>;
}

struct Typed<R: Request> {
    request: R,
    error: fn(&R::Response) -> Option<ErrorCode>,
}

impl<R: Request> fmt::Debug for Typed<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.request.fmt(f)
    }
}

impl<R> AnyRequest for Typed<R>
where
    R: Request + Send,
    R::Response: Send + 'static,
{
    fn api(&self) -> ApiKey {
        R::KEY
    }

    fn send(
        &self,
        net: &mut Net,
        link: Link,
        highest: i16,
        options: SendOptions,
        now: Instant,
    ) -> Result<(), CallError> {
        let version = net.version::<R>(link, highest)?;
        Ok(net.send(link, version, &self.request, options, now)?)
    }

    fn open(
        &self,
        net: &mut Net,
        answer: &Answer,
        now: Instant,
    ) -> Result<(Box<dyn Any + Send>, Option<ErrorCode>), DecodeError> {
        let message = net.open_judged(answer, self.error, now)?;
        let error = (self.error)(&message);
        Ok((Box::new(message), error))
    }
}
