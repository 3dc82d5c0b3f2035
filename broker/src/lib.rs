//! A Kafka to test against: in-process, deterministic, and with quotas that bite.
//!
//! The crate has two layers. [`Engine`] is the broker itself as a state machine: request bytes go in, answer
//! bytes come out, time is an argument and chance has a seed, so one input always gives one output. [`Cluster`]
//! puts it behind TCP on this machine, for clients in any language.
//!
//! It is built from the protocol alone (`ottla-proto`) and shares no code with the client, so that one
//! misreading of the protocol cannot hide in both.
//!
//! It serves one machine and keeps everything in memory, or in files if it is given a folder
//! ([`Builder::data`]). It is not a production broker.

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
mod storage;
#[cfg(test)]
mod testing;
mod time;

pub use coordinator::{GroupSettings, MigrationPolicy, TransactionSettings};
pub use engine::{
    Close, Config, ConnectionId, Engine, NodeAddress, NodeState, OpenError, Output, Reply, RequestCost,
    Stats, TopicError,
};
pub use quota::{QuotaEntity, QuotaKey, QuotaName, Windows};
pub use release::{Release, UnknownRelease};
pub use server::{Builder, Closure, Cluster, StartError};
pub use storage::{Disk, StorageEvent};
pub use time::Instant;

/// The chapter's program, compiled as it stands there.
#[cfg(doctest)]
#[doc = include_str!("../../docs/broker-disk.md")]
struct BrokerDisk;
