use bytestring::ByteString;
use ottla_proto::messages::{FindCoordinatorRequest, FindCoordinatorResponse};
use ottla_proto::wire::Request;
use ottla_proto::{ApiKey, BrokerId, ErrorCode, GroupId};

use super::member::{Asked, Member};
use crate::cluster::Broker;
use crate::net::{Answer, Host, Link, Net, Role};
use crate::retry::{Remedy, remedy};
use crate::time::Instant;
use crate::wait::WaitReason;

/// From this version on one request asks for several groups (KIP-699).
const BATCHED: i16 = 4;

/// The request for the coordinator of a group, in that version.
#[must_use]
pub fn find_coordinator(group: &GroupId, version: i16) -> FindCoordinatorRequest {
    if version >= BATCHED {
        FindCoordinatorRequest { coordinator_keys: vec![group.0.clone()], ..Default::default() }
    } else {
        FindCoordinatorRequest { key: group.0.clone(), ..Default::default() }
    }
}

/// The coordinator that an answer names, or why it names none.
///
/// # Errors
/// What the broker said, with its message; [`ErrorCode::UNKNOWN_SERVER_ERROR`] if the answer says nothing about the
/// group.
pub fn coordinator_of(
    response: &FindCoordinatorResponse,
    group: &GroupId,
    version: i16,
) -> Result<Broker, (ErrorCode, Option<ByteString>)> {
    let (error, message, id, host, port) = if version >= BATCHED {
        let found = response.coordinators.iter().find(|coordinator| coordinator.key == group.0);
        let found = found.ok_or((ErrorCode::UNKNOWN_SERVER_ERROR, None))?;
        (found.error_code, &found.error_message, found.node_id, &found.host, found.port)
    } else {
        (response.error_code, &response.error_message, response.node_id, &response.host, response.port)
    };
    if !error.is_none() {
        return Err((error, message.clone()));
    }
    match u16::try_from(port) {
        // A copy, so that the name does not keep the answer in memory.
        Ok(port) if !id.is_none() => {
            Ok(Broker { id, host: Host { name: ByteString::from(&**host), port }, rack: None })
        }
        _ => Err((ErrorCode::COORDINATOR_NOT_AVAILABLE, None)),
    }
}

/// What is known of the node that coordinates the group.
#[derive(Debug, Default)]
pub(super) struct Coordinator {
    pub(super) node: Option<BrokerId>,
    /// A request for it is in flight.
    asked: bool,
    pub(super) retry_at: Option<Instant>,
    /// How often in a row it was lost or not found.
    failures: u32,
    last_error: Option<ErrorCode>,
    /// Why it cannot be asked for, or sent to.
    blocked: Option<WaitReason>,
    /// Since when it is not known or cannot be sent to.
    blocked_since: Option<Instant>,
}

impl Coordinator {
    /// What stands between the member and its coordinator, and since when.
    pub(super) fn reason(&self) -> Option<(WaitReason, Instant)> {
        let since = self.blocked_since?;
        if let (None, Some(until)) = (self.node, self.retry_at) {
            let error = self.last_error.unwrap_or(ErrorCode::COORDINATOR_NOT_AVAILABLE);
            return Some((WaitReason::RetryBackoff { until, error }, since));
        }
        Some((self.blocked.clone()?, since))
    }

    fn block(&mut self, reason: WaitReason, now: Instant) {
        self.blocked = Some(reason);
        self.blocked_since.get_or_insert(now);
    }

    fn unblock(&mut self) {
        self.blocked = None;
        self.blocked_since = None;
    }

    /// What waited for the clock alone waits no longer.
    pub(super) fn pass_time(&mut self, now: Instant) {
        if self.blocked.as_ref().and_then(WaitReason::until).is_some_and(|until| until <= now) {
            self.unblock();
        }
    }

    /// It answered sensibly.
    pub(super) fn is_well(&mut self) {
        self.failures = 0;
        self.last_error = None;
    }
}

impl Member {
    /// Asks any broker who the coordinator is, if that is not known.
    pub(super) fn seek_coordinator(&mut self, net: &mut Net, now: Instant) {
        let waits = self.coordinator.retry_at.is_some_and(|at| at > now);
        if self.coordinator.node.is_some() || self.coordinator.asked || waits || self.has_ended() {
            return;
        }
        self.coordinator.retry_at = None;
        let link = match net.least_loaded(ApiKey::FIND_COORDINATOR, now) {
            Ok(link) => link,
            Err(why) => return self.coordinator.block(why, now),
        };
        let version = match net.version::<FindCoordinatorRequest>(link, FindCoordinatorRequest::LATEST_STABLE)
        {
            Ok(version) => version,
            Err(error) => return self.end(error.into(), net, now),
        };
        let request = find_coordinator(&self.config.group, version);
        let timeout = self.config.request_timeout;
        if self.send(link, version, &request, Asked::Coordinator, timeout, net, now) {
            self.coordinator.asked = true;
            self.coordinator.block(WaitReason::AnswerDue { node: link.node }, now);
        }
    }

    pub(super) fn on_coordinator(&mut self, answer: &Answer, net: &mut Net, now: Instant) {
        self.coordinator.asked = false;
        let Ok(response) = net.open::<FindCoordinatorResponse>(answer, now) else {
            return self.lose_coordinator(ErrorCode::NETWORK_EXCEPTION, net, now);
        };
        match coordinator_of(&response, &self.config.group, answer.version) {
            Ok(broker) => {
                self.coordinator.node = Some(broker.id);
                self.coordinator.unblock();
                if net.cluster().host(broker.id).is_none() {
                    net.cluster_mut().hint_broker(broker);
                }
            }
            Err((error, message))
                if remedy(error) == Remedy::Fail && error != ErrorCode::UNKNOWN_SERVER_ERROR =>
            {
                self.refuse(answer.node, error, message.as_deref(), net, now);
            }
            Err((error, _)) => self.lose_coordinator(error, net, now),
        }
    }

    pub(super) fn coordinator_unasked(&mut self, net: &mut Net, now: Instant) {
        self.coordinator.asked = false;
        self.lose_coordinator(ErrorCode::NETWORK_EXCEPTION, net, now);
    }

    /// The node is not, or not reachable as, the coordinator: it is looked for again after a while.
    pub(super) fn lose_coordinator(&mut self, error: ErrorCode, net: &mut Net, now: Instant) {
        if self.coordinator.asked || self.coordinator.retry_at.is_some_and(|at| at > now) {
            return;
        }
        self.coordinator.node = None;
        self.coordinator.failures = self.coordinator.failures.saturating_add(1);
        self.coordinator.last_error = Some(error);
        let delay = self.config.retry_backoff.delay(self.coordinator.failures, net.random());
        self.coordinator.retry_at = Some(now + delay);
        self.coordinator.blocked_since.get_or_insert(now);
    }

    /// A way to the coordinator, if it is known and may be sent to.
    pub(super) fn coordinator_link(&mut self, api: ApiKey, net: &mut Net, now: Instant) -> Option<Link> {
        let node = self.coordinator.node.filter(|_| !self.has_ended())?;
        match net.readiness(node, Role::Coordinator(self.key), api, now) {
            Ok(link) => {
                self.coordinator.unblock();
                Some(link)
            }
            // It may have moved because of that.
            Err(WaitReason::ReconnectBackoff { .. } | WaitReason::NoAddress { .. }) => {
                self.lose_coordinator(ErrorCode::NETWORK_EXCEPTION, net, now);
                None
            }
            Err(why) => {
                self.coordinator.block(why, now);
                None
            }
        }
    }
}
