//! A Kafka client that is never stuck and never silent.
//!
//! It waits only for a reason it can name, for no longer than that reason lasts; the wait can be cancelled at any
//! moment and harms nothing else.
//!
//! # Looking around
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let kafka = ottla::Client::builder("localhost:9092").build().await?;
//! for topic in kafka.admin().list_topics().await? {
//!     println!("{} has {} partitions", topic.name, topic.partitions);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Where the time goes
//! Brokers slow clients down on purpose (quotas). [`Client::throttle`] says which broker does so at this moment,
//! for which requests and for how long yet; [`Client::explain`] names what each batch and request waits for.
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
pub mod consumer;

mod address;
mod builder;
mod client;
mod driver;
mod error;
mod producer;
mod throttle;
mod wait;

pub use builder::ClientBuilder;
pub use client::Client;
pub use consumer::{Consumer, Offset};
pub use error::{AddressError, BuildError, DriverStopped, ServerFailure, ServerFailureKind};
pub use ottla_proto::{ErrorCode, TopicId};
pub use producer::{
    Acks, Certainty, CloseReport, Compression, Delivery, DeliveryError, DeliveryFailure, FlushReport,
    Latency, Producer, ProducerBuilder, Receipt, Record, Refused, SendError, TopicProducer,
};
pub use throttle::{Throttle, ThrottleCause, ThrottleClass};
pub use wait::{WaitReason, Waiting};
