//! Faults as data: under which condition the broker does what wrong.
//!
//! A [`Fault`] is a value. It comes from Rust, from a TOML or JSON file ([`Fault::read_toml`],
//! [`Fault::read_json`]), or over the control port of a running broker. The same faults, seeds and requests give
//! the same failures. Each firing is reported as a [`Firing`].
//!
//! ```toml
//! [[faults]]
//! name = "every tenth answer to orders is lost"
//! when = { api = "Produce", topic = "orders", probability = 0.1, seed = 7 }
//! then = { do = "drop_answer" }
//!
//! [[faults]]
//! name = "node 2 dies once"
//! when = { node = 2, skip = 100, count = 1 }
//! then = { do = "kill_node", restart_after_ms = 5000 }
//! ```

mod names;
mod plan;
#[cfg(test)]
mod tests;

use std::time::Duration;

use ottla_proto::{ApiKey, BrokerId, ErrorCode};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub(crate) use plan::{Faults, Hit, Hits, Subject};

use crate::Instant;

/// Something that goes wrong, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Fault {
    /// What it is called in reports. A fault replaces an earlier one of the same name; one without a name is
    /// given one when it is added.
    #[serde(default)]
    pub name: String,
    /// Which requests it meets; every one by default.
    #[serde(default)]
    pub when: Condition,
    /// What happens then.
    pub then: Reaction,
    /// Whether it happens before the broker handles the request or after it has; by default as
    /// [`Reaction::usual_stage`] says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<Stage>,
}

/// Which requests a fault meets: all that fit every field that is set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Condition {
    /// The node that is asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<i32>,
    /// The API, by Kafka's name (`Produce`) or key.
    #[serde(with = "names::api", skip_serializing_if = "Option::is_none")]
    pub api: Option<ApiKey>,
    /// The client's id, whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// A topic that the request names, in Produce, Fetch, ListOffsets and Metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic: Option<String>,
    /// A partition that the request names; not in Metadata.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<i32>,
    /// How many requests that fit are let through first.
    pub skip: u64,
    /// How often it happens at the most; without a limit by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// How likely it is that it happens, 0 to 1; 1 by default.
    pub probability: f64,
    /// Decides the chance.
    pub seed: u64,
    /// From how many milliseconds after it was added on it can happen.
    pub from_ms: u64,
    /// Until how many milliseconds after it was added it can happen; for ever by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_ms: Option<u64>,
}

impl Default for Condition {
    fn default() -> Self {
        Self {
            node: None,
            api: None,
            client_id: None,
            topic: None,
            partition: None,
            skip: 0,
            count: None,
            probability: 1.0,
            seed: 0,
            from_ms: 0,
            until_ms: None,
        }
    }
}

/// Relative to the handling of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Before: what the request wants does not happen, or later.
    Before,
    /// After: it has happened, and the answer suffers.
    After,
}

/// What goes wrong. In files it is a table whose `do` names it in snake case.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Reaction {
    /// The answer is late; before: the request is handled late, as on a slow disk.
    Delay {
        /// By so many milliseconds.
        ms: u64,
    },
    /// The answer is an error. Before: nothing was done, for example nothing appended; after: it was.
    Error {
        /// By Kafka's name (`NOT_LEADER_OR_FOLLOWER`) or number.
        #[serde(with = "names::error")]
        code: ErrorCode,
    },
    /// No answer comes, the connection stays; before: the request is not handled either.
    DropAnswer,
    /// The connection is closed in the middle of the answer.
    Cut {
        /// After so many bytes of it, its length prefix included; one fewer than all if it has not as many.
        #[serde(default = "half_a_prefix")]
        bytes: usize,
    },
    /// Instead of the answer's content come random bytes of the same number, within a good frame.
    Garbage,
    /// The answer comes slowly.
    SlowBytes {
        /// So many bytes a second; at least 1.
        bytes_per_second: u32,
    },
    /// The answer tells a throttle, and the connection is muted as long.
    Throttle {
        /// For so many milliseconds.
        ms: u32,
    },
    /// After the answer nothing is read from the connection, without a word.
    Mute {
        /// For so many milliseconds.
        ms: u64,
    },
    /// The node dies at once.
    KillNode {
        /// It starts again after so many milliseconds; never by default.
        #[serde(default)]
        restart_after_ms: Option<u64>,
    },
    /// The node hangs.
    FreezeNode {
        /// For so many milliseconds; until somebody thaws it by default.
        #[serde(default)]
        ms: Option<u64>,
    },
    /// The partitions that the request names and that fit the condition get another in-sync leader.
    MoveLeader,
    /// The controller believes that it lost the node: all its partitions get other leaders if they can.
    ExpireSession,
    /// The node's disk is full: every Produce to it is answered with `KAFKA_STORAGE_ERROR`.
    FillDisk {
        /// For so many milliseconds; for ever by default.
        #[serde(default)]
        ms: Option<u64>,
    },
    /// The node's clock, which stamps and checks records, jumps.
    JumpClock {
        /// By so many milliseconds, into the past if negative.
        ms: i64,
    },
    /// A bit of the records in a Fetch answer is wrong, so that a checksum does not fit. The log stays good.
    CorruptBatch,
}

fn half_a_prefix() -> usize {
    2
}

impl Reaction {
    /// When it happens if the fault does not say so: before the request is handled for errors and for what
    /// happens to nodes and partitions, after it for everything that is about the answer.
    #[must_use]
    pub fn usual_stage(&self) -> Stage {
        match self {
            Self::Error { .. }
            | Self::KillNode { .. }
            | Self::FreezeNode { .. }
            | Self::MoveLeader
            | Self::ExpireSession
            | Self::FillDisk { .. }
            | Self::JumpClock { .. } => Stage::Before,
            Self::Delay { .. }
            | Self::DropAnswer
            | Self::Cut { .. }
            | Self::Garbage
            | Self::SlowBytes { .. }
            | Self::Throttle { .. }
            | Self::Mute { .. }
            | Self::CorruptBatch => Stage::After,
        }
    }
}

impl Reaction {
    /// Whether it happens to an answer whatever the stage.
    pub(crate) fn is_about_answers(&self) -> bool {
        matches!(
            self,
            Self::Cut { .. }
                | Self::Garbage
                | Self::SlowBytes { .. }
                | Self::Throttle { .. }
                | Self::Mute { .. }
                | Self::CorruptBatch
        )
    }
}

/// A fault that has happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Firing {
    /// The name of the fault.
    pub fault: String,
    /// How often it has happened, this time included.
    pub number: u64,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// The node that was asked.
    pub node: i32,
    /// The API that was asked for.
    #[serde(serialize_with = "names::write_api")]
    pub api: ApiKey,
    /// Its version.
    pub version: i16,
    /// Who asked.
    pub client_id: String,
    /// What happened.
    pub reaction: Reaction,
}

/// A fault and how it does.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FaultState {
    /// The fault.
    pub fault: Fault,
    /// How many requests it fitted.
    pub matched: u64,
    /// How often it happened.
    pub fired: u64,
}

/// Why a fault is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FaultError {
    /// The text is no TOML, or no list of faults.
    #[error("the faults cannot be read: {0}")]
    Unreadable(String),
    /// A number makes no sense.
    #[error("fault {name:?}: {problem}")]
    Impossible {
        /// The fault's name.
        name: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// There are as many as the broker keeps.
    #[error("there are {0} faults already")]
    TooMany(usize),
}

/// A file of faults.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultFile {
    faults: Vec<Fault>,
}

impl Fault {
    /// A fault that meets every request.
    #[must_use]
    pub fn new(name: impl Into<String>, then: Reaction) -> Self {
        Self { name: name.into(), when: Condition::default(), then, stage: None }
    }

    /// Says which requests it meets.
    ///
    /// ```
    /// use ottla_broker::fault::{Fault, Reaction};
    ///
    /// let fault = Fault::new("lost", Reaction::DropAnswer).when(|when| {
    ///     when.topic = Some("orders".to_owned());
    ///     when.count = Some(1);
    /// });
    /// # assert_eq!(fault.when.count, Some(1));
    /// ```
    #[must_use]
    pub fn when(mut self, change: impl FnOnce(&mut Condition)) -> Self {
        change(&mut self.when);
        self
    }

    /// Says whether it happens before or after the request is handled.
    #[must_use]
    pub fn stage(mut self, stage: Stage) -> Self {
        self.stage = Some(stage);
        self
    }

    /// The faults of a TOML text: tables `[[faults]]` with `name`, `when`, `then` and `stage`.
    ///
    /// # Errors
    /// [`FaultError::Unreadable`] says where and what is wrong.
    pub fn read_toml(text: &str) -> Result<Vec<Self>, FaultError> {
        let file: FaultFile =
            toml::from_str(text).map_err(|error| FaultError::Unreadable(error.to_string()))?;
        Ok(file.faults)
    }

    /// The faults of a JSON text: an object with a list `faults`.
    ///
    /// # Errors
    /// [`FaultError::Unreadable`] says where and what is wrong.
    pub fn read_json(text: &str) -> Result<Vec<Self>, FaultError> {
        let file: FaultFile =
            serde_json::from_str(text).map_err(|error| FaultError::Unreadable(error.to_string()))?;
        Ok(file.faults)
    }

    pub(crate) fn happens(&self) -> Stage {
        self.stage.unwrap_or_else(|| self.then.usual_stage())
    }

    fn check(&self) -> Result<(), FaultError> {
        let impossible = |problem| Err(FaultError::Impossible { name: self.name.clone(), problem });
        if !(0.0..=1.0).contains(&self.when.probability) {
            return impossible("a probability lies between 0 and 1");
        }
        if self.when.partition.is_some() && self.when.topic.is_none() {
            return impossible("a partition needs a topic");
        }
        if self.when.until_ms.is_some_and(|until| until < self.when.from_ms) {
            return impossible("it ends before it begins");
        }
        match self.then {
            Reaction::SlowBytes { bytes_per_second: 0 } => impossible("no byte a second is no speed"),
            Reaction::Error { code } if code.is_none() => impossible("NONE is no error"),
            Reaction::CorruptBatch if self.happens() == Stage::Before => {
                impossible("records can only be spoilt after they were read")
            }
            _ => Ok(()),
        }
    }
}

impl Condition {
    fn is_time(&self, added: Instant, now: Instant) -> bool {
        let age = now.since(added);
        age >= Duration::from_millis(self.from_ms)
            && self.until_ms.is_none_or(|until| age <= Duration::from_millis(until))
    }

    /// Whether the condition is about this partition. `None` stands for a topic as a whole.
    pub(crate) fn covers(&self, topic: &str, partition: Option<i32>) -> bool {
        self.topic.as_deref().is_none_or(|wanted| wanted == topic)
            && self.partition.is_none_or(|wanted| partition.is_none_or(|partition| partition == wanted))
    }

    fn names_topic(&self) -> bool {
        self.topic.is_some()
    }

    fn fits_node(&self, node: BrokerId) -> bool {
        self.node.is_none_or(|wanted| wanted == node.0)
    }
}
