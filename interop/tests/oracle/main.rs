//! Kafka's own classes are the truth: what they read and write, the Rust code reads and writes as well.
#![cfg(test)]

mod java;
mod messages;
mod quotas;
mod records;
#[path = "../../../proto/tests/schema/mod.rs"]
mod schema;
mod tables;
