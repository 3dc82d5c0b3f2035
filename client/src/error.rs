//! Errors that more than one room can meet; each operation's own error stands beside the operation.

use std::fmt;
use std::io;
use std::time::Duration;

use ottla_core::net::{ConnectFailure, DisconnectCause, FrameError, Reach, ReachReport};
use thiserror::Error;

/// The client is no longer there: it was closed, or the runtime that carried it was shut down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the client has stopped: it was closed, or the runtime that it ran on was shut down")]
pub struct DriverStopped;

/// Why a client could not be built.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The list of servers cannot be read; the caller's to mend.
    #[error("bad server list: {0}")]
    Address(#[from] AddressError),
    /// A setting makes no sense; the caller's to mend.
    #[error("bad setting {name}: {problem}")]
    Setting {
        /// The method of the builder.
        name: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// No server of the list answered in time.
    #[error(
        "no Kafka broker answered within {within:?}; tried {}; check that the brokers run and that the list names \
         their listeners",
        List(.servers)
    )]
    Unreachable {
        /// The time they were given.
        within: Duration,
        /// Each server, and how far it came.
        servers: Vec<ServerFailure>,
    },
    /// A broker answered, and there is no version of the protocol that both sides speak.
    #[error("the cluster is too old or too new for this client: {0}")]
    Incompatible(String),
    /// There is no thread or runtime for the client to run on.
    #[error("the client cannot start: {0}")]
    Start(#[source] io::Error),
    /// The client stopped while it was being built.
    #[error(transparent)]
    Stopped(#[from] DriverStopped),
}

/// A server that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerFailure {
    /// The server, as `host:port`.
    pub server: String,
    /// What kind of failure it was.
    pub kind: ServerFailureKind,
    /// The failure in full: each address that was tried, and what came of it.
    pub message: String,
}

impl ServerFailure {
    pub(crate) fn new(report: &ReachReport) -> Self {
        let ReachReport { host, state, .. } = report;
        Self { server: host.to_string(), kind: ServerFailureKind::of(state), message: state.to_string() }
    }
}

impl fmt::Display for ServerFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.server, self.message)
    }
}

/// What kept a server from being used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServerFailureKind {
    /// Its turn did not come.
    NotTried,
    /// Its name has no address.
    Unresolved,
    /// No address accepted the connection.
    NotConnected,
    /// It accepted the connection and then said nothing.
    Silent,
    /// It closed the connection, or the network did.
    Closed,
    /// It speaks TLS, and this client was not told to.
    Tls,
    /// It is no Kafka listener.
    NotKafka,
    /// It speaks Kafka, but refused or said what cannot be understood.
    Refused,
}

impl ServerFailureKind {
    fn of(reach: &Reach) -> Self {
        match reach {
            Reach::Untried => Self::NotTried,
            Reach::Connecting => Self::NotConnected,
            Reach::HandshakeDue => Self::Silent,
            Reach::Failed(cause) => Self::of_cause(cause),
            _ => Self::Refused,
        }
    }

    fn of_cause(cause: &DisconnectCause) -> Self {
        match cause {
            DisconnectCause::Connect(ConnectFailure::Resolve { .. }) => Self::Unresolved,
            DisconnectCause::Connect(_) => Self::NotConnected,
            DisconnectCause::HandshakeTimedOut(_) | DisconnectCause::RequestTimedOut { .. } => Self::Silent,
            DisconnectCause::Frame(FrameError::Tls) => Self::Tls,
            DisconnectCause::Frame(_) | DisconnectCause::UnexpectedAnswer { .. } => Self::NotKafka,
            DisconnectCause::HandshakeRefused(_) | DisconnectCause::Decode(_) => Self::Refused,
            _ => Self::Closed,
        }
    }
}

/// What is wrong with a list of servers.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AddressError {
    /// There is none in it.
    #[error("it names no server; write for example \"localhost:9092\"")]
    Empty,
    /// An entry without a host.
    #[error("\"{entry}\" has no host; write host:port")]
    NoHost {
        /// The entry.
        entry: String,
    },
    /// A character that no host name has.
    #[error(
        "\"{entry}\" has {character:?} in it, which no host name has; write host:port, with commas between"
    )]
    BadHost {
        /// The entry.
        entry: String,
        /// The character.
        character: char,
    },
    /// A port that is none.
    #[error("\"{entry}\" has the port \"{port}\"; a port is a number from 1 to 65535")]
    BadPort {
        /// The entry.
        entry: String,
        /// The port.
        port: String,
    },
    /// An IPv6 address whose end cannot be told from a port.
    #[error("\"{entry}\" looks like an IPv6 address; write it in brackets, as in [::1]:9092")]
    UnbracketedV6 {
        /// The entry.
        entry: String,
    },
    /// Brackets without an IPv6 address.
    #[error("\"{entry}\" is no IPv6 address in brackets; write for example [::1]:9092")]
    BadV6 {
        /// The entry.
        entry: String,
    },
    /// A protocol that this client does not speak.
    #[error("\"{entry}\" asks for {protocol}; this client speaks PLAINTEXT")]
    Protocol {
        /// The entry.
        entry: String,
        /// The protocol.
        protocol: String,
    },
}

/// Entries side by side, for a message that names each one.
pub(crate) struct List<'a, T>(pub(crate) &'a [T]);

impl<T: fmt::Display> fmt::Display for List<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, entry) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{entry}")?;
        }
        Ok(())
    }
}
