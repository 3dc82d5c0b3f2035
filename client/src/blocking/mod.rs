//! The same client for threads without a runtime: calls that wait.
//!
//! The client's own thread does the work as ever; what is here only parks the calling thread until the answer is
//! there. So nothing is lost against the rest of the crate: `throttle`, `explain` and the deadlines work alike.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use ottla::{Client, Record, blocking};
//!
//! # fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let kafka = blocking::Client::new(Client::builder("localhost:9092"))?;
//! let producer = kafka.build_producer(kafka.client().producer())?;
//! let orders = producer.topic("orders");
//! let delivery = orders.send(Record::value("three coffees").key("table 7"))?;
//! println!("at offset {:?}", blocking::wait(delivery)?.offset);
//! producer.close(Duration::from_secs(10))?;
//! # Ok(())
//! # }
//! ```
//!
//! Do not call it from a task of an async runtime: it blocks the thread that the other tasks need.

mod consumer;
mod producer;
mod wait;

pub use consumer::Consumer;
pub use producer::{Producer, TopicProducer};
pub use wait::{wait, wait_for};

use crate::builder::ClientBuilder;
use crate::consumer::ConsumerBuilder;
use crate::error::{BuildError, DriverStopped};
use crate::producer::ProducerBuilder;
use crate::throttle::Throttle;
use crate::wait::Waiting;

/// A [`Client`](crate::Client) whose calls wait. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Client(crate::Client);

impl Client {
    /// Starts a client and waits until one of the servers has described the cluster.
    ///
    /// The client always has a thread of its own, whatever the builder says.
    ///
    /// # Errors
    /// As [`ClientBuilder::build`].
    pub fn new(builder: ClientBuilder) -> Result<Self, BuildError> {
        wait(builder.on_own_thread().build()).map(Self)
    }

    /// The client behind it, for what is made without waiting: builders above all.
    #[must_use]
    pub fn client(&self) -> &crate::Client {
        &self.0
    }

    /// Makes a producer, as [`ProducerBuilder::build`].
    ///
    /// # Errors
    /// As there.
    pub fn build_producer(&self, builder: ProducerBuilder) -> Result<Producer, BuildError> {
        wait(builder.build()).map(Producer::new)
    }

    /// Makes a consumer, as [`ConsumerBuilder::build`].
    ///
    /// # Errors
    /// As there.
    pub fn build_consumer(&self, builder: ConsumerBuilder) -> Result<Consumer, DriverStopped> {
        wait(builder.build()).map(Consumer::new)
    }

    /// Topics and the cluster itself; its calls go to [`wait`]: `wait(kafka.admin().list_topics())`.
    #[must_use]
    pub fn admin(&self) -> crate::admin::Admin {
        self.0.admin()
    }

    /// As [`Client::throttle`](crate::Client::throttle); never waits.
    #[must_use]
    pub fn throttle(&self) -> Vec<Throttle> {
        self.0.throttle()
    }

    /// As [`Client::explain`](crate::Client::explain).
    ///
    /// # Errors
    /// As there.
    pub fn explain(&self) -> Result<Vec<Waiting>, DriverStopped> {
        wait(self.0.explain())
    }
}
