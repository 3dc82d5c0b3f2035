//! A Kafka to test against: in-process, deterministic, and with quotas that bite.
//!
//! The crate has two layers. [`Engine`] is the broker itself as a state machine: request bytes go in, answer
//! bytes come out, time is an argument and chance has a seed, so one input always gives one output. [`Cluster`]
//! puts it behind TCP on this machine, for clients in any language.
//!
//! It is built from the protocol alone (`ottla-proto`) and shares no code with the client, so that one
//! misreading of the protocol cannot hide in both.
//!
//! It keeps everything in memory and serves one machine. It is not a production broker.

#![forbid(unsafe_code)]

mod api;
mod coordinator;
mod engine;
pub mod fault;
mod log;
mod quota;
mod random;
mod release;
mod server;
#[cfg(test)]
mod testing;
mod time;

pub use coordinator::{GroupSettings, TransactionSettings};
pub use engine::{
    Close, Config, ConnectionId, Engine, NodeAddress, NodeState, Output, Reply, RequestCost, Stats,
    TopicError,
};
pub use quota::{QuotaEntity, QuotaKey, QuotaName, Windows};
pub use release::{Release, UnknownRelease};
pub use server::{Builder, Closure, Cluster, StartError};
pub use time::Instant;
