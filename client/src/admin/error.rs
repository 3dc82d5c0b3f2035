use std::time::Duration;

use ottla_core::calls::CallError;
use ottla_proto::ErrorCode;
use thiserror::Error;

use crate::error::DriverStopped;

/// Why an administrator's call, or one entry of it, failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AdminError {
    /// The broker refused; its code says who must act.
    #[error("node {node} refused with {code}{}", Told(.message))]
    Refused {
        /// The node that answered.
        node: i32,
        /// Its reason.
        code: ErrorCode,
        /// What it said beside the code.
        message: Option<String>,
    },
    /// The call's time ran out. A change that was sent may still be carried out.
    #[error("no final answer within {after:?}: {detail}")]
    TimedOut {
        /// The time that it was given.
        after: Duration,
        /// What it waited for in the end, and how the last attempt ended.
        detail: String,
    },
    /// The broker is too old, or the request holds something that the broker's version cannot carry.
    #[error("the broker cannot do it: {detail}")]
    Unsupported {
        /// What is missing.
        detail: String,
    },
    /// The broker's answer left this entry out: a fault of the broker.
    #[error("the broker's answer says nothing about it")]
    Unanswered,
    /// The client has stopped.
    #[error(transparent)]
    Stopped(#[from] DriverStopped),
    /// An answer of the wrong kind: a fault of this client.
    #[error("an answer is no {expected}: this is a fault in the client; please report it")]
    Internal {
        /// What it should have been.
        expected: &'static str,
    },
}

impl AdminError {
    pub(super) fn new(error: CallError, after: Duration) -> Self {
        match error {
            CallError::DeadlineExceeded { .. } => Self::TimedOut { after, detail: error.to_string() },
            CallError::NoCoordinator { node, error: code } => {
                Self::Refused { node: node.0, code, message: None }
            }
            CallError::Closed { .. } => Self::Stopped(DriverStopped),
            other => Self::Unsupported { detail: other.to_string() },
        }
    }

    pub(super) fn internal(expected: &'static str) -> Self {
        Self::Internal { expected }
    }

    /// The code, if a broker refused.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }
}

struct Told<'a>(&'a Option<String>);

impl std::fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(message) => write!(f, ": {message}"),
            None => Ok(()),
        }
    }
}
