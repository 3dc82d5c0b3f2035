//! One connection: the handshake, what is to be written, what waits for an answer.
//!
//! Call order: [`Connection::new`], then `on_connected` once, then `on_frame`, `on_written`, `queue` in any
//! order; after an error or `overdue` the connection is over and `into_failures` says what that cost.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Buf, Bytes};
use bytestring::ByteString;
use ottla_proto::messages::{ApiVersionsRequest, ApiVersionsResponse, RequestHeader, ResponseHeader};
use ottla_proto::wire::{EncodeError, Message, Reader, Request, Response, Writer};
use ottla_proto::{ApiKey, BrokerId, ErrorCode};

use super::pace::Pace;
use super::versions::BrokerVersions;
use super::{
    Answer, ConnectionId, DisconnectCause, Failure, FailureKind, FrameError, Host, NetConfig, Owner, Reach,
    RequestToken, Role, SendOptions, Sent, Written,
};
use crate::time::Instant;
use crate::wait::WaitReason;

#[derive(Debug)]
pub(super) struct Connection {
    pub(super) id: ConnectionId,
    pub(super) node: BrokerId,
    pub(super) role: Role,
    pub(super) host: Host,
    pub(super) versions: BrokerVersions,
    /// Whether it ever carried an answer beyond the handshake.
    pub(super) served: bool,
    /// Whether somebody was told that it has no room.
    pub(super) refused: bool,
    /// The earliest moment at which the timers look at it again.
    pub(super) armed: Option<Instant>,
    phase: Phase,
    since: Instant,
    outbox: VecDeque<Bytes>,
    /// Bytes that were ever put into the outbox, and bytes that the socket ever took.
    queued: u64,
    written: u64,
    in_flight: VecDeque<InFlight>,
    pace: Pace,
    /// Until when the broker does not read this connection, as far as its answers told.
    muted_until: Instant,
    last_used: Instant,
    next_correlation: i32,
}

#[derive(Debug)]
enum Phase {
    Connecting { deadline: Instant, within: Duration },
    Handshake { version: i16, correlation: i32, deadline: Instant, within: Duration },
    Ready,
}

#[derive(Debug)]
struct InFlight {
    correlation: i32,
    owner: Owner,
    token: RequestToken,
    api: ApiKey,
    version: i16,
    response_header: i16,
    /// False for Produce with acks=0: it ends when its last byte is handed over.
    answer: bool,
    /// Nobody waits any more; the answer is read for its throttle alone.
    orphan: bool,
    queued_at: Instant,
    written_at: Option<Instant>,
    /// How many were unanswered when it was queued.
    in_front: u32,
    /// Its place in the connection's stream of bytes.
    start: u64,
    end: u64,
    deadline: Instant,
    timeout: Duration,
    throttle: fn(Bytes, i16) -> Option<i32>,
}

/// What a frame meant.
#[derive(Debug)]
pub(super) enum Arrival {
    /// The handshake goes on.
    Handshake,
    /// The handshake is done, in that version and with that throttle in milliseconds.
    Ready { version: i16, throttle_ms: i32 },
    /// An answer that somebody waits for.
    Answer(Answer),
    /// An answer that nobody waits for any more, with its throttle in milliseconds.
    Orphan { api: ApiKey, version: i16, throttle_ms: i32 },
}

/// Who we are, told in each handshake (KIP-511) and each request.
#[derive(Debug)]
pub(super) struct Introduction<'a> {
    pub(super) client_id: Option<&'a ByteString>,
    /// The cluster that the node is expected to belong to; a broker of another one refuses.
    pub(super) cluster_id: Option<&'a ByteString>,
}

impl Connection {
    pub(super) fn new(
        id: ConnectionId,
        node: BrokerId,
        role: Role,
        host: Host,
        within: Duration,
        now: Instant,
    ) -> Self {
        Self {
            id,
            node,
            role,
            host,
            versions: BrokerVersions::default(),
            served: false,
            refused: false,
            armed: None,
            phase: Phase::Connecting { deadline: now + within, within },
            since: now,
            outbox: VecDeque::new(),
            queued: 0,
            written: 0,
            in_flight: VecDeque::new(),
            pace: Pace::default(),
            muted_until: Instant::ZERO,
            last_used: now,
            next_correlation: 0,
        }
    }

    pub(super) fn is_ready(&self) -> bool {
        matches!(self.phase, Phase::Ready)
    }

    /// Why nothing more may be put here now; `max_in_flight` requests may be unanswered.
    pub(super) fn refusal(&self, config: &NetConfig, max_in_flight: usize) -> Option<WaitReason> {
        let (node, unwritten) = (self.node, self.unwritten());
        let full = self.in_flight.len() >= max_in_flight;
        if !self.is_ready() {
            Some(WaitReason::Connecting { node })
        } else if unwritten >= config.max_unwritten || (full && unwritten > 0) {
            Some(WaitReason::SocketNotAccepting { node })
        } else if full {
            Some(WaitReason::InFlightLimit { node })
        } else {
            None
        }
    }

    /// Whether its oldest request has been unanswered for so long, although the broker reads, as far as we know.
    pub(super) fn is_stalled(&self, patience: Duration, now: Instant) -> bool {
        self.awaited().next().is_some_and(|request| request.queued_at.max(self.muted_until) + patience <= now)
    }

    pub(super) fn since(&self) -> Instant {
        self.since
    }

    pub(super) fn reach(&self) -> Reach {
        match self.phase {
            Phase::Connecting { .. } => Reach::Connecting,
            Phase::Handshake { .. } => Reach::HandshakeDue,
            Phase::Ready => Reach::Ready,
        }
    }

    /// Unanswered requests, those still to be written included.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// Whether the broker has enough to do without a further request.
    pub(super) fn keeps_busy(&self, now: Instant) -> bool {
        self.in_flight.len() >= self.pace.window(now)
    }

    /// Bytes that wait for the socket.
    pub(super) fn unwritten(&self) -> u64 {
        self.queued - self.written
    }

    pub(super) fn outbox(&self) -> impl Iterator<Item = &Bytes> {
        self.outbox.iter()
    }

    pub(super) fn on_connected(
        &mut self,
        introduction: &Introduction<'_>,
        within: Duration,
        now: Instant,
    ) -> Result<(), DisconnectCause> {
        if !matches!(self.phase, Phase::Connecting { .. }) {
            return Ok(());
        }
        self.shake_hands(ApiVersionsRequest::LATEST_STABLE, introduction, now + within, within)
    }

    fn shake_hands(
        &mut self,
        version: i16,
        introduction: &Introduction<'_>,
        deadline: Instant,
        within: Duration,
    ) -> Result<(), DisconnectCause> {
        let request = ApiVersionsRequest {
            client_software_name: ByteString::from_static("ottla"),
            client_software_version: ByteString::from_static(env!("CARGO_PKG_VERSION")),
            // A bootstrap address has a placeholder for a number: it may be any node of any cluster.
            cluster_id: introduction.cluster_id.filter(|_| self.node.0 >= 0).cloned(),
            node_id: self.node.0.max(-1),
            ..ApiVersionsRequest::default()
        };
        let correlation = self.write_frame(version, &request, introduction.client_id)?;
        self.phase = Phase::Handshake { version, correlation, deadline, within };
        Ok(())
    }

    /// Takes in one frame.
    pub(super) fn on_frame(
        &mut self,
        frame: Bytes,
        introduction: &Introduction<'_>,
        now: Instant,
    ) -> Result<Arrival, DisconnectCause> {
        let Some(found) = frame.first_chunk::<4>().map(|bytes| i32::from_be_bytes(*bytes)) else {
            return Err(FrameError::TooShort(frame.len()).into());
        };
        match self.phase {
            Phase::Connecting { .. } => Err(DisconnectCause::UnexpectedAnswer { expected: None, found }),
            Phase::Handshake { version, correlation, deadline, within } => {
                if found != correlation {
                    return Err(DisconnectCause::UnexpectedAnswer { expected: Some(correlation), found });
                }
                // The header of this answer has version 0 always, so that it can be read by anyone.
                self.on_api_versions(frame.slice(4..), version, introduction, (deadline, within))
            }
            Phase::Ready => self.on_answer(frame, found, now),
        }
    }

    fn on_api_versions(
        &mut self,
        body: Bytes,
        version: i16,
        introduction: &Introduction<'_>,
        (deadline, within): (Instant, Duration),
    ) -> Result<Arrival, DisconnectCause> {
        // A broker that does not know our version answers in version 0, error code first.
        let refused = body.first_chunk::<2>() == Some(&ErrorCode::UNSUPPORTED_VERSION.0.to_be_bytes());
        let response = ApiVersionsResponse::decode(body, if refused { 0 } else { version })?;
        if refused {
            // Since 2.4 the answer names the versions of ApiVersions that it knows; older brokers know 0.
            let offered = BrokerVersions::new(&response).range(ApiKey::API_VERSIONS);
            let next = offered.map_or(0, |range| range.max.min(version - 1)).max(0);
            if version == 0 {
                return Err(DisconnectCause::HandshakeRefused(response.error_code));
            }
            self.shake_hands(next, introduction, deadline, within)?;
            return Ok(Arrival::Handshake);
        }
        if response.error_code != ErrorCode::NONE {
            return Err(DisconnectCause::HandshakeRefused(response.error_code));
        }
        self.versions = BrokerVersions::new(&response);
        self.phase = Phase::Ready;
        Ok(Arrival::Ready { version, throttle_ms: response.throttle_time_ms })
    }

    fn on_answer(&mut self, frame: Bytes, found: i32, now: Instant) -> Result<Arrival, DisconnectCause> {
        // Brokers answer in order, and requests without an answer have left with their last byte.
        let expected = self.in_flight.front().map(|request| request.correlation);
        if expected != Some(found) {
            return Err(DisconnectCause::UnexpectedAnswer { expected, found });
        }
        let Some(request) = self.in_flight.pop_front() else {
            return Err(DisconnectCause::UnexpectedAnswer { expected, found });
        };
        let mut reader = Reader::new(frame);
        ResponseHeader::read(&mut reader, request.response_header)?;
        let body = reader.rest();
        self.served = true;
        self.last_used = now;
        let InFlight { owner, token, api, version, in_front, .. } = request;
        // An answer to a request whose bytes are not all accounted for: the account lags behind.
        let written_at = request.written_at.unwrap_or(now);
        if self.muted_until <= written_at {
            self.pace.on_answer(in_front, now.saturating_duration_since(written_at), now);
        }
        if request.orphan {
            let throttle_ms = (request.throttle)(body, version).unwrap_or(0);
            return Ok(Arrival::Orphan { api, version, throttle_ms });
        }
        Ok(Arrival::Answer(Answer {
            owner,
            token,
            node: self.node,
            connection: self.id,
            api,
            version,
            body,
            queued_at: request.queued_at,
            written_at,
            answered_at: now,
        }))
    }

    /// Takes note of bytes that the socket took. Requests without an answer end here.
    pub(super) fn on_written(&mut self, mut bytes: usize, now: Instant, ended: &mut Vec<Sent>) {
        while bytes > 0 {
            let Some(front) = self.outbox.front_mut() else { return };
            let taken = bytes.min(front.len());
            front.advance(taken);
            bytes -= taken;
            self.written += taken as u64;
            if front.is_empty() {
                self.outbox.pop_front();
            }
        }
        let (written, node, connection) = (self.written, self.node, self.id);
        self.in_flight.retain_mut(|request| {
            if request.written_at.is_some() || request.end > written {
                return true;
            }
            request.written_at = Some(now);
            if !request.answer && !request.orphan {
                let InFlight { owner, token, api, queued_at, .. } = *request;
                ended.push(Sent { owner, token, node, connection, api, queued_at, written_at: now });
            }
            request.answer
        });
    }

    /// Puts a request into the outbox.
    pub(super) fn queue<R: Request>(
        &mut self,
        version: i16,
        request: &R,
        options: &SendOptions,
        client_id: Option<&ByteString>,
        now: Instant,
    ) -> Result<(), EncodeError> {
        let start = self.queued;
        let correlation = self.write_frame(version, request, client_id)?;
        self.last_used = now;
        self.in_flight.push_back(InFlight {
            correlation,
            owner: options.owner,
            token: options.token,
            api: R::KEY,
            version,
            response_header: R::Response::header_version(version),
            answer: options.answer,
            orphan: false,
            queued_at: now,
            written_at: None,
            in_front: u32::try_from(self.in_flight.len()).unwrap_or(u32::MAX),
            start,
            end: self.queued,
            // A broker that does not read cannot answer: its time counts from when it reads again.
            deadline: now.max(self.muted_until) + options.timeout,
            timeout: options.timeout,
            throttle: throttle_of::<R::Response>,
        });
        Ok(())
    }

    fn write_frame<R: Request>(
        &mut self,
        version: i16,
        request: &R,
        client_id: Option<&ByteString>,
    ) -> Result<i32, EncodeError> {
        let correlation_id = self.next_correlation;
        let header = RequestHeader {
            request_api_key: R::KEY.0,
            request_api_version: version,
            correlation_id,
            client_id: client_id.cloned(),
            ..RequestHeader::default()
        };
        let mut writer = Writer::with_capacity(HEAD_BYTES);
        header.write(&mut writer, R::header_version(version))?;
        request.write(&mut writer, version)?;
        let segments = writer.finish();
        let length = i32::try_from(segments.len()).map_err(|_| EncodeError::TooLong {
            message: R::NAME,
            field: "frame",
            length: segments.len(),
        })?;
        self.next_correlation = self.next_correlation.wrapping_add(1) & i32::MAX;
        self.queued += 4 + segments.len() as u64;
        self.outbox.push_back(Bytes::copy_from_slice(&length.to_be_bytes()));
        self.outbox.extend(segments.into_parts());
        Ok(correlation_id)
    }

    /// Forgets who waits for a request; its answer will be read for the throttle alone.
    pub(super) fn abandon(&mut self, owner: Owner, token: RequestToken) {
        for request in &mut self.in_flight {
            if request.owner == owner && request.token == token {
                request.orphan = true;
            }
        }
    }

    /// How much of a request the socket took; `None` if it is not in flight here.
    pub(super) fn written(&self, owner: Owner, token: RequestToken) -> Option<Written> {
        let mut requests = self.in_flight.iter().filter(|request| !request.orphan);
        requests
            .find(|request| request.owner == owner && request.token == token)
            .map(|r| r.written(self.written))
    }

    /// The broker does not read this connection until then: what is in flight gets its whole time after that.
    pub(super) fn mute(&mut self, until: Instant) {
        self.muted_until = self.muted_until.max(until);
        for request in &mut self.in_flight {
            request.deadline = request.deadline.max(until + request.timeout);
        }
    }

    /// When the connection ends if nothing happens.
    pub(super) fn deadline(&self, max_idle: Duration) -> Option<Instant> {
        match self.phase {
            Phase::Connecting { deadline, .. } | Phase::Handshake { deadline, .. } => Some(deadline),
            Phase::Ready if self.in_flight.is_empty() => {
                Some(self.last_used.max(self.muted_until) + max_idle)
            }
            // A broker that does not read cannot be told from one that throttles where it never answers: such
            // requests do not time out, or each time-out would evade the quota on a new connection.
            Phase::Ready => self.awaited().map(|request| request.deadline).min(),
        }
    }

    fn awaited(&self) -> impl Iterator<Item = &InFlight> {
        self.in_flight.iter().filter(|request| request.answer)
    }

    /// Why the connection must end now, if it must.
    pub(super) fn overdue(&self, max_idle: Duration, now: Instant) -> Option<DisconnectCause> {
        if self.deadline(max_idle)? > now {
            return None;
        }
        Some(match self.phase {
            Phase::Connecting { within, .. } => super::ConnectFailure::TimedOut {
                host: self.host.clone(),
                after: within,
                attempts: Vec::new(),
            }
            .into(),
            Phase::Handshake { within, .. } => DisconnectCause::HandshakeTimedOut(within),
            Phase::Ready => {
                let late = self.awaited().find(|request| request.deadline <= now);
                late.map_or(DisconnectCause::Idle(max_idle), |request| DisconnectCause::RequestTimedOut {
                    api: request.api,
                    after: request.timeout,
                })
            }
        })
    }

    /// Ends the connection: what becomes of each request that somebody still waits for, in order.
    pub(super) fn into_failures(
        self,
        cause: &DisconnectCause,
        now: Instant,
    ) -> impl Iterator<Item = Failure> {
        let timed_out = matches!(cause, DisconnectCause::RequestTimedOut { .. });
        let (node, connection, written) = (self.node, self.id, self.written);
        self.in_flight.into_iter().filter(|request| !request.orphan).map(move |request| Failure {
            owner: request.owner,
            token: request.token,
            node,
            connection,
            api: request.api,
            written: request.written(written),
            queued_at: request.queued_at,
            written_at: request.written_at,
            kind: if timed_out && request.deadline <= now {
                FailureKind::TimedOut(request.timeout)
            } else {
                FailureKind::Disconnected(cause.clone())
            },
        })
    }
}

impl InFlight {
    fn written(&self, written: u64) -> Written {
        if written <= self.start {
            Written::Nothing
        } else if written < self.end {
            Written::Partly
        } else {
            Written::Whole
        }
    }
}

fn throttle_of<M: Response>(body: Bytes, version: i16) -> Option<i32> {
    M::decode(body, version).ok()?.throttle_time_ms()
}

/// Room for the head of most requests, so that it need not grow.
const HEAD_BYTES: usize = 256;
