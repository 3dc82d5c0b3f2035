//! The Kafka protocol as bytes, and nothing else.
//!
//! This crate turns bytes into typed values and back: every request and response that Kafka 4.4 knows
//! ([`messages`]), record batches ([`records`]) and their codecs ([`compression`]). It opens no socket, reads no
//! clock and starts no task, and whatever the bytes say, it allocates no more than a stated multiple of
//! their number.
//!
//! Most users never meet this crate: the client is `ottla`, which re-exports the few types that cross its
//! border.

#![forbid(unsafe_code)]

pub mod compression;
pub mod messages;
pub mod records;
pub mod wire;

mod api;
mod error_code;
mod ids;
mod throttle;

pub use api::{Api, ApiKey};
pub use error_code::ErrorCode;
pub use ids::{
    BrokerId, GroupId, LeaderEpoch, ProducerEpoch, ProducerId, TopicId, TopicName, TransactionalId, Uuid,
};
