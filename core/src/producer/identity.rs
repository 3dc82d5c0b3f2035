//! Who the producer is to the cluster: its id and epoch (KIP-98, KIP-360).

use ottla_proto::messages::{InitProducerIdRequest, InitProducerIdResponse};
use ottla_proto::{ApiKey, ErrorCode, ProducerEpoch, ProducerId};

use super::config::ProducerConfig;
use crate::net::{Answer, Net, Owner, RequestToken, SendOptions};
use crate::retry::{Remedy, remedy};
use crate::time::Instant;
use crate::wait::WaitReason;

#[derive(Debug)]
pub(super) struct Identity {
    state: State,
    failures: u32,
}

#[derive(Debug)]
enum State {
    /// Not idempotent.
    Off,
    Unknown {
        not_before: Instant,
    },
    Asked(RequestToken),
    Known(ProducerId, ProducerEpoch),
    /// The cluster refuses for good.
    Refused(ErrorCode),
}

impl Identity {
    pub(super) fn new(config: &ProducerConfig) -> Self {
        let state =
            if config.is_idempotent() { State::Unknown { not_before: Instant::ZERO } } else { State::Off };
        Self { state, failures: 0 }
    }

    /// The id and epoch to stamp with; none if the producer is not idempotent.
    pub(super) fn current(&self) -> Result<(ProducerId, ProducerEpoch), WaitReason> {
        match self.state {
            State::Off => Ok((ProducerId::NONE, ProducerEpoch::NONE)),
            State::Known(id, epoch) => Ok((id, epoch)),
            State::Unknown { .. } | State::Asked(_) | State::Refused(_) => Err(WaitReason::ProducerId),
        }
    }

    pub(super) fn refused(&self) -> Option<ErrorCode> {
        match self.state {
            State::Refused(code) => Some(code),
            _ => None,
        }
    }

    /// Starts over under the next epoch, which it gives, or under a new id when the epochs are used up.
    pub(super) fn bump(&mut self) -> Option<(ProducerId, ProducerEpoch)> {
        let State::Known(id, ProducerEpoch(epoch)) = self.state else { return None };
        let next = epoch.checked_add(1).map(|next| (id, ProducerEpoch(next)));
        self.state = match next {
            Some((id, epoch)) => State::Known(id, epoch),
            None => State::Unknown { not_before: Instant::ZERO },
        };
        next
    }

    pub(super) fn awaits(&self, token: RequestToken) -> bool {
        matches!(self.state, State::Asked(asked) if asked == token)
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Unknown { not_before } if not_before > Instant::ZERO => Some(not_before),
            _ => None,
        }
    }

    /// Asks for an id if there is none and nobody is asked. Any broker will do.
    pub(super) fn step(
        &mut self,
        owner: Owner,
        config: &ProducerConfig,
        next_token: impl FnOnce() -> RequestToken,
        net: &mut Net,
        now: Instant,
    ) {
        let State::Unknown { not_before } = self.state else { return };
        if not_before > now {
            return;
        }
        // The pause is over; from here on the net knows when to look again.
        self.state = State::Unknown { not_before: Instant::ZERO };
        let Ok(link) = net.least_loaded(ApiKey::INIT_PRODUCER_ID, now) else { return };
        let Ok(version) = net.version::<InitProducerIdRequest>(link, i16::MAX) else {
            self.state = State::Refused(ErrorCode::UNSUPPORTED_VERSION);
            return;
        };
        // The timeout means nothing without a transaction; Java sends the largest.
        let request = InitProducerIdRequest {
            // The schema's own default is an empty name, which brokers refuse.
            transactional_id: None,
            transaction_timeout_ms: i32::MAX,
            ..Default::default()
        };
        let token = next_token();
        let options = SendOptions { owner, token, timeout: config.request_timeout, answer: true };
        self.state = match net.send(link, version, &request, options, now) {
            Ok(()) => State::Asked(token),
            Err(_) => State::Refused(ErrorCode::UNSUPPORTED_VERSION),
        };
    }

    pub(super) fn handle_answer(
        &mut self,
        answer: &Answer,
        config: &ProducerConfig,
        net: &mut Net,
        now: Instant,
    ) {
        let Ok(response) = net.open::<InitProducerIdResponse>(answer, now) else {
            return self.fail(config, net, now);
        };
        match response.error_code {
            ErrorCode::NONE => {
                self.failures = 0;
                self.state = State::Known(response.producer_id, response.producer_epoch);
            }
            code if remedy(code) == Remedy::Fail => self.state = State::Refused(code),
            _ => self.fail(config, net, now),
        }
    }

    /// The request came to nothing; another follows.
    pub(super) fn fail(&mut self, config: &ProducerConfig, net: &mut Net, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        let not_before = now + config.retry_backoff.delay(self.failures, net.random());
        self.state = State::Unknown { not_before };
    }
}
