//! How connections and requests fail, in words that help whoever reads them.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use ottla_proto::wire::{DecodeError, EncodeError, VersionRange};
use ottla_proto::{ApiKey, BrokerId, ErrorCode};
use thiserror::Error;

use super::{ConnectionId, FrameError, Host, Owner, RequestToken, Role};
use crate::time::Instant;

/// A request that will get no answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Who sent it.
    pub owner: Owner,
    /// The owner's name for it.
    pub token: RequestToken,
    /// The node it was meant for.
    pub node: BrokerId,
    /// The connection it was queued on; gone by now.
    pub connection: ConnectionId,
    /// The API.
    pub api: ApiKey,
    /// How much of it the socket took: what never left cannot have been carried out.
    pub written: Written,
    /// When it was queued.
    pub queued_at: Instant,
    /// When its last byte was handed to the socket.
    pub written_at: Option<Instant>,
    /// What happened.
    pub kind: FailureKind,
}

/// What happened to a request that will get no answer.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FailureKind {
    /// The connection ended first.
    #[error("the connection ended: {0}")]
    Disconnected(DisconnectCause),
    /// Its own time ran out, and the connection was closed for it.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
}

/// How much of a request was handed to the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Written {
    /// Not one byte: the broker cannot know of it.
    Nothing,
    /// Some bytes: the broker cannot have carried it out, since it never had the whole.
    Partly,
    /// All: the broker may have carried it out.
    Whole,
}

/// Why a connection ended.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DisconnectCause {
    /// It never came to be.
    #[error(transparent)]
    Connect(#[from] ConnectFailure),
    /// The peer closed it.
    #[error("the peer closed the connection")]
    Closed,
    /// The peer closed it before it had said a word that Kafka knows.
    #[error(
        "the peer closed the connection during the handshake; check that the address is a Kafka listener, \
         and that its security protocol (TLS, SASL) is the one configured here"
    )]
    ClosedInHandshake,
    /// The operating system reported an error.
    #[error("{0}")]
    Io(IoProblem),
    /// The peer sent something that is no Kafka frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// The peer sent an answer that cannot be read.
    #[error("an answer cannot be read: {0}")]
    Decode(#[from] DecodeError),
    /// The peer answered something that was not asked, or out of order.
    #[error("the answer has correlation id {found}, {} was due", Due(*.expected))]
    UnexpectedAnswer {
        /// The id that was due, if any was.
        expected: Option<i32>,
        /// The id that came.
        found: i32,
    },
    /// The peer accepted the connection and then did not answer the handshake.
    #[error("connected, but the peer did not answer the handshake within {0:?}; is it a Kafka broker?")]
    HandshakeTimedOut(Duration),
    /// The peer refused the handshake.
    #[error("the broker refused the ApiVersions handshake with {0}")]
    HandshakeRefused(ErrorCode),
    /// The handshake cannot be put into bytes; the client id is too long.
    #[error("the handshake cannot be written: {0}")]
    Encode(#[from] EncodeError),
    /// A request was not answered in time.
    #[error("{api} was not answered within {after:?}")]
    RequestTimedOut {
        /// The API of the request.
        api: ApiKey,
        /// The time it was given.
        after: Duration,
    },
    /// It had not been used for a long time, and we closed it.
    #[error("unused for {0:?}")]
    Idle(Duration),
    /// Whoever used it closed, and so did we.
    #[error("no longer needed")]
    Released,
}

impl DisconnectCause {
    /// Whether nothing went wrong.
    #[must_use]
    pub fn is_expected(&self) -> bool {
        matches!(self, Self::Idle(_) | Self::Released)
    }
}

struct Due(Option<i32>);

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(id) => id.fmt(f),
            None => f.write_str("none"),
        }
    }
}

/// What the operating system said, kept as kind and text so that it can be cloned and compared.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{text}")]
pub struct IoProblem {
    /// The kind.
    pub kind: io::ErrorKind,
    /// The text.
    pub text: String,
}

impl From<io::Error> for IoProblem {
    fn from(error: io::Error) -> Self {
        Self { kind: error.kind(), text: error.to_string() }
    }
}

/// Why no connection came to be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConnectFailure {
    /// The name has no address.
    #[error("cannot resolve {host}: {problem}")]
    Resolve {
        /// What was to be resolved.
        host: Host,
        /// What the resolver said.
        problem: IoProblem,
    },
    /// Each address of the name failed.
    #[error("cannot connect to {host}: {}", Addresses(.attempts))]
    Addresses {
        /// The name.
        host: Host,
        /// Each address that was tried, in order.
        attempts: Vec<AddressFailure>,
    },
    /// The time for setting up ran out before any address answered.
    #[error("cannot connect to {host} within {after:?}: {}", Addresses(.attempts))]
    TimedOut {
        /// The name.
        host: Host,
        /// The time it was given.
        after: Duration,
        /// The addresses that had failed by then, in order.
        attempts: Vec<AddressFailure>,
    },
}

/// One address that could not be connected to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressFailure {
    /// The address.
    pub address: SocketAddr,
    /// What the operating system said.
    pub problem: IoProblem,
}

struct Addresses<'a>(&'a [AddressFailure]);

impl fmt::Display for Addresses<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no address answered");
        }
        for (index, AddressFailure { address, problem }) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{address}: {problem}")?;
        }
        Ok(())
    }
}

/// A broker that does not speak any version of an API that is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("node {node} {}; this client needs {needed}", Offer(*.api, *.offered))]
pub struct UnsupportedVersion {
    /// The node.
    pub node: BrokerId,
    /// The API.
    pub api: ApiKey,
    /// The versions that would do.
    pub needed: VersionRange,
    /// The versions that the broker offers; `None` if it does not know the API.
    pub offered: Option<VersionRange>,
}

struct Offer(ApiKey, Option<VersionRange>);

impl fmt::Display for Offer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.1 {
            Some(offered) => write!(f, "offers {} in versions {offered}", self.0),
            None => write!(f, "does not offer {}", self.0),
        }
    }
}

/// What became of the latest attempt to reach one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReachReport {
    /// The address as configured or as the cluster gave it.
    pub host: Host,
    /// The node; a placeholder below zero for a bootstrap address.
    pub node: BrokerId,
    /// What the connection was for.
    pub role: Role,
    /// Where it stands.
    pub state: Reach,
}

/// Where the latest attempt to reach an address stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reach {
    /// Not tried yet.
    Untried,
    /// No address has accepted yet.
    Connecting,
    /// Connected; the peer has not answered the handshake.
    HandshakeDue,
    /// Usable.
    Ready,
    /// It ended like this.
    Failed(DisconnectCause),
}

impl fmt::Display for ReachReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.host, self.state)
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Untried => f.write_str("not tried"),
            Self::Connecting => f.write_str("no answer to the connection attempt so far"),
            Self::HandshakeDue => {
                f.write_str("connected, but the peer has not answered the handshake; is it a Kafka broker?")
            }
            Self::Ready => f.write_str("connected"),
            Self::Failed(cause) => cause.fmt(f),
        }
    }
}
