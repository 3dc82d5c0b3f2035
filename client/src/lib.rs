//! A Kafka client that is never stuck and never silent.
//!
//! It waits only for a reason it can name, for no longer than that reason lasts; the wait can be cancelled at any
//! moment and harms nothing else.
//!
//! # The first program
//! ```no_run
//! use std::time::Duration;
//!
//! use ottla::admin::NewTopic;
//! use ottla::{Client, Offset, Record};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let kafka = Client::builder("localhost:9092").build().await?;
//! kafka.admin().create_topic(NewTopic::new("orders").partitions(6)).await?;
//!
//! let producer = kafka.producer().linger(Duration::from_millis(5)).build().await?;
//! let orders = producer.topic("orders");
//! let delivery = orders.send(Record::value("three coffees").key("table 7")).await?; // accepted
//! let receipt = delivery.await?; // acknowledged
//! println!("at offset {:?} of partition {}", receipt.offset, receipt.partition);
//!
//! let mut consumer = kafka.consumer().topics(["orders"]).from(Offset::Earliest).build().await?;
//! while let Some(batch) = consumer.next_batch().await? {
//!     for record in &batch {
//!         println!("{:?} wants {:?}", record.key(), record.value());
//!     }
//! }
//! # Ok(())
//! # }
//! ```
//! Accepted and acknowledged are two moments and two values: until the first a record waits for room, until the
//! second for a broker.
//!
//! # Where the time goes
//! Brokers slow clients down on purpose (quotas). [`Client::throttle`] says which broker does so at this moment,
//! for which requests and for how long yet; [`Client::explain`] names what each batch and request waits for; each
//! [`Receipt`] says where the time of its batch went, to the microsecond.
//! ```no_run
//! # async fn example(kafka: ottla::Client) -> Result<(), Box<dyn std::error::Error>> {
//! for throttle in kafka.throttle() {
//!     println!("{throttle}");
//! }
//! for waiting in kafka.explain().await? {
//!     println!("{:?} waits {:?} already: {}", waiting.topic, waiting.waited, waiting.reason);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Errors
//! Each operation has an error type of its own. Its message says what failed, where, and what helps; its variants
//! say who must act: the caller ([`BuildError::Setting`]), the operator ([`BuildError::Unreachable`]), the broker
//! (an [`ErrorCode`]), or this crate. Nothing waits longer than the time it was given.
//!
//! # Events
//! What nobody asked for but an operator wants to know is told as values by [`Client::events`], and through the
//! crate `tracing`: throttles at level `INFO`, connections that fail and records that are given up at `WARN`,
//! everything of daily life at `DEBUG`. Without a subscriber that costs next to nothing.
//!
//! # Threads
//! A client has one driver, by default on a thread of its own: code that blocks its own runtime delays no answer
//! and no heartbeat. So the caller needs no particular runtime.
//! [`on_current_runtime`](ClientBuilder::on_current_runtime) puts the driver on the caller's tokio runtime instead.
//!
//! # Cancelling
//! Every future here may be dropped at any moment. What that means for what was begun stands in the section
//! *Cancel safety* of each method.

#![forbid(unsafe_code)]

pub mod admin;
pub mod blocking;
pub mod consumer;

mod address;
mod builder;
mod client;
mod driver;
mod error;
mod events;
mod producer;
mod throttle;
mod wait;

pub use builder::ClientBuilder;
pub use client::Client;
pub use consumer::group::GroupConsumer;
pub use consumer::{Consumer, Offset};
pub use error::{AddressError, BuildError, DriverStopped, ServerFailure, ServerFailureKind};
pub use events::{ConnectionPurpose, Event, Events};
pub use ottla_proto::{ErrorCode, TopicId};
pub use producer::{
    Acks, BatchReceipt, BatchReport, Certainty, CloseReport, Compression, CustomPartitioner, Delivery,
    DeliveryError, DeliveryFailure, FlushReport, Histogram, Latency, LatencyHistograms, Outcomes,
    OutgoingHeader, OutgoingRecord, Partitioner, Producer, ProducerBuilder, ProducerInterceptor,
    ProducerMetrics, Receipt, Record, RecordToPlace, Refused, Report, Reports, SendError, Sending,
    TopicProducer, TopicSettings,
};
pub use throttle::{Throttle, ThrottleCause, ThrottleClass, ThrottledTime};
pub use wait::{WaitReason, Waiting};

/// The first program of the project's front page, compiled as it stands there.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The chapter's program, as above.
#[cfg(doctest)]
#[doc = include_str!("../../docs/watching-for-blocking.md")]
struct WatchingForBlocking;
