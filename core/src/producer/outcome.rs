//! What became of a record, told truly.

use std::fmt;
use std::time::Duration;

use ottla_proto::ErrorCode;

use super::Latency;
use crate::sync::Arc;
use crate::wait::WaitReason;

/// The end of one record's way.
#[derive(Clone, Debug)]
pub struct Settled {
    /// The partition that it was meant for.
    pub partition: i32,
    /// Where the time of its batch went.
    pub latency: Latency,
    /// Written, or why not.
    pub result: Result<Written, Undelivered>,
}

/// The record is in the log (or, with `acks=0`, was handed to the socket).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its offset; `None` with `acks=0`, and where the broker recognised a repeated batch without telling where
    /// the first one went.
    pub offset: Option<i64>,
    /// The time the broker stamped, in milliseconds since 1970, if the topic uses log-append time.
    pub log_append_time: Option<i64>,
}

/// The record was given up.
#[derive(Clone, Debug)]
pub struct Undelivered {
    /// Whether it can be in the log all the same.
    pub certainty: Certainty,
    /// Why it was given up; shared by the records of a batch.
    pub cause: Arc<Cause>,
}

/// Whether a record that was given up can be in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// It is not, and will not be: its bytes never left whole, or each attempt was refused before the append.
    NotWritten,
    /// Nobody can say: an attempt went out whole, and no answer settled it.
    PossiblyWritten,
}

/// Why a record was given up.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Cause {
    /// The delivery timeout passed (`delivery.timeout.ms`, KIP-91).
    Expired {
        /// The timeout.
        timeout: Duration,
        /// What it waited for at that moment.
        waiting_for: WaitReason,
        /// The last error of an attempt, if there was one.
        last_error: Option<ErrorCode>,
    },
    /// The broker refused it.
    Refused {
        /// Its reason.
        code: ErrorCode,
        /// Its words, if it sent any.
        message: Option<String>,
    },
    /// The broker told of a sequence gap before this batch: an earlier one was lost, and whether this one
    /// arrived cannot be known.
    SequenceGap,
    /// The topic was deleted and created again, and an attempt to write to the deleted one has no known end.
    TopicRecreated,
    /// The batch could not be put into a request that the broker's versions allow.
    Unsendable {
        /// What the encoder said.
        reason: String,
    },
    /// The producer was closed, and its deadline passed before the record was acknowledged.
    Closed,
    /// The producer was told to give up all that it had.
    Aborted,
    /// The producer was told to give up what it had for this topic.
    Purged,
    /// The record was taken back by its sender.
    Cancelled,
    /// The connection broke and the configured acknowledgement allows no second attempt.
    ConnectionLost,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Expired { timeout, waiting_for, last_error } => {
                write!(f, "not acknowledged within {timeout:?}; at the end it waited for: {waiting_for}")?;
                match last_error {
                    Some(code) => write!(f, "; the last attempt failed with {code}"),
                    None => Ok(()),
                }
            }
            Self::Refused { code, message: Some(message) } => {
                write!(f, "the broker refused it: {code}: {message}")
            }
            Self::Refused { code, message: None } => write!(f, "the broker refused it: {code}"),
            Self::SequenceGap => {
                f.write_str("an earlier batch of the partition was lost, and this one's fate with it")
            }
            Self::TopicRecreated => f.write_str("its topic was deleted and created again under way"),
            Self::Unsendable { reason } => write!(f, "it cannot be sent to this broker: {reason}"),
            Self::Closed => f.write_str("the producer was closed before it was acknowledged"),
            Self::Aborted => f.write_str("the producer was told to give up everything"),
            Self::Purged => f.write_str("the producer was told to give up the topic's records"),
            Self::Cancelled => f.write_str("it was cancelled before it was written"),
            Self::ConnectionLost => f.write_str("the connection broke, and acks=0 allows no second attempt"),
        }
    }
}

/// How many records ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Acknowledged (or, with `acks=0`, handed to the socket).
    pub written: u64,
    /// Given up, certainly not in the log. Cancelled records are among them.
    pub not_written: u64,
    /// Given up, and nobody can say whether they are in the log.
    pub possibly_written: u64,
}

impl Tally {
    pub(super) fn add(&mut self, lost: Option<&Undelivered>, count: u64) {
        *match lost.map(|undelivered| undelivered.certainty) {
            None => &mut self.written,
            Some(Certainty::NotWritten) => &mut self.not_written,
            Some(Certainty::PossiblyWritten) => &mut self.possibly_written,
        } += count;
    }
}
