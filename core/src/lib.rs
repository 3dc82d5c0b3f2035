//! The machines of a Kafka client, without I/O.
//!
//! Values go in and values come out: no socket, no thread, no clock and no source of randomness. A shell (the
//! crate `ottla`, or a simulation) drives one [`Core`]: it hands in what the network brought and what time it
//! is, carries out the [`Command`]s, writes what the connections have to send, and passes on the [`Event`]s.
//!
//! | room | what is in it |
//! |---|---|
//! | [`net`] | connections, requests in flight, throttles, the frame's border |
//! | [`cluster`] | brokers, topics, leaders; when to ask again |
//! | [`producer`] | lanes, batches, sequences, outcomes |
//! | [`consumer`] | positions, fetches, prefetch |
//! | [`group`] | membership in consumer groups, commits |
//! | [`calls`] | one-off requests |
//! | [`retry`] | what an error asks for, how long to wait |
//! | [`wait`] | why something waits |
//!
//! Most users never meet this crate: the client is `ottla`.

#![forbid(unsafe_code)]

pub mod calls;
pub mod cluster;
pub mod consumer;
pub mod group;
pub mod net;
pub mod producer;
pub mod retry;
pub mod sync;
pub mod time;
pub mod wait;
pub mod wake;

mod core;
mod event;
mod machine;
mod random;
#[cfg(test)]
mod world;

pub use crate::core::{Core, CoreConfig, Park, Waiting};
pub use event::{Command, Event, Ticket};
pub use machine::Machine;
pub use producer::{Compressed, CompressionJob};
pub use random::Random;
pub use time::Instant;
pub use wait::WaitReason;
