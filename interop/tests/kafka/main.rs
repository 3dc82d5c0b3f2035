//! Real Kafka, its tools and other clients at the other end of the wire.
//!
//! Each test starts its own cluster, and a start takes seconds: few tests with several steps each.
#![cfg(test)]

mod both;
mod churn;
mod compare;
mod consuming;
mod faults;
mod groups;
#[cfg(feature = "librdkafka")]
mod librdkafka;
mod lines;
mod many;
mod metrics;
mod mixed;
mod quotas;
mod releases;
mod sizing;
mod support;
mod tally;
mod throttled;
mod tools;
