//! What brokers asked this client for, read without a lock.

use std::fmt;
use std::time::Duration;

use ottla_core::Instant;
use ottla_core::net as core;

use crate::driver::DriverHandle;

/// A broker's request to be left alone for a while, because a quota is used up (KIP-13, 124, 219, 599).
///
/// It holds for one node and one class of requests; everything else goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Throttle {
    /// The node that asked (`node.id`).
    pub node: i32,
    /// The kind of requests that wait.
    pub class: ThrottleClass,
    /// Which quota, as far as an answer tells.
    pub cause: ThrottleCause,
    /// How long it lasts from the moment at which it was looked at.
    pub remaining: Duration,
}

impl Throttle {
    pub(crate) fn new(throttle: core::Throttle, now: Instant) -> Self {
        Self {
            node: throttle.node.0,
            class: ThrottleClass::new(throttle.class),
            cause: ThrottleCause::new(throttle.cause),
            remaining: throttle.until.saturating_duration_since(now),
        }
    }
}

/// How long a node has asked for silence since the client began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottledTime {
    /// The node that asked (`node.id`).
    pub node: i32,
    /// The kind of requests that waited.
    pub class: ThrottleClass,
    /// Throttles that overlap count once; of one that holds, what is over.
    pub time: Duration,
}

impl ThrottledTime {
    pub(crate) fn new(told: core::ThrottledTime) -> Self {
        Self { node: told.node.0, class: ThrottleClass::new(told.class), time: told.time }
    }
}

impl fmt::Display for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { node, class, cause, remaining } = self;
        write!(f, "node {node} throttles {class} requests for another {remaining:.1?} ({cause})")
    }
}

/// Requests that wait together while a broker throttles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ThrottleClass {
    /// Produce requests.
    Produce,
    /// Fetch requests.
    Fetch,
    /// Everything else.
    Control,
}

impl ThrottleClass {
    pub(crate) fn new(class: core::Class) -> Self {
        match class {
            core::Class::Produce => Self::Produce,
            core::Class::Fetch => Self::Fetch,
            core::Class::Control => Self::Control,
        }
    }
}

impl fmt::Display for ThrottleClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Produce => "produce",
            Self::Fetch => "fetch",
            Self::Control => "control",
        })
    }
}

/// Which quota made a broker throttle, and how that is known.
///
/// An answer carries one number, the larger of what the byte-rate and the request quota ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ThrottleCause {
    /// `producer_byte_rate`, `consumer_byte_rate` or `request_percentage`; the answer does not say which.
    Unknown,
    /// A byte rate: the request quota never asks for so long. Inferred, not told.
    ByteRate,
    /// `controller_mutation_rate`; known from its error code.
    Mutation,
}

impl ThrottleCause {
    pub(crate) fn new(cause: core::ThrottleCause) -> Self {
        match cause {
            core::ThrottleCause::Unknown => Self::Unknown,
            core::ThrottleCause::ByteRate => Self::ByteRate,
            core::ThrottleCause::Mutation => Self::Mutation,
        }
    }
}

impl fmt::Display for ThrottleCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "byte-rate or request quota",
            Self::ByteRate => "byte-rate quota, inferred from its length",
            Self::Mutation => "controller mutation quota",
        })
    }
}

/// Every throttle that holds at this moment.
pub(crate) fn active(driver: &DriverHandle) -> Vec<Throttle> {
    let now = driver.now();
    driver.throttle_view().active(now).map(|throttle| Throttle::new(throttle, now)).collect()
}
