//! The root of everything: one view of one cluster.

use crate::admin::Admin;
use crate::builder::ClientBuilder;
use crate::consumer::ConsumerBuilder;
use crate::driver::DriverHandle;
use crate::error::DriverStopped;
use crate::events::Events;
use crate::producer::ProducerBuilder;
use crate::throttle::{self, Throttle, ThrottledTime};
use crate::wait::Waiting;

/// A client of one Kafka cluster: the connections, the view of the cluster, and what brokers asked it for.
///
/// Producers, consumers and the administrator that come from it share all of that. Cloning costs two reference
/// counts. It lives as long as any clone or anything made from it; when the last one is dropped, its connections
/// are closed at once and nobody waits.
#[derive(Clone, Debug)]
pub struct Client {
    driver: DriverHandle,
}

impl Client {
    /// Begins to build a client of the cluster that one of `servers` belongs to.
    ///
    /// `servers` is a list as Kafka's `bootstrap.servers` has it: `"kafka-1:9092,kafka-2:9092"`. The port is 9092
    /// if there is none; IPv6 addresses stand in brackets. They are only asked who belongs to the cluster, so two
    /// or three are enough for a cluster of any size.
    pub fn builder(servers: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(servers.into())
    }

    pub(crate) fn new(driver: DriverHandle) -> Self {
        Self { driver }
    }

    /// Topics and the cluster itself: looking, creating, deleting.
    #[must_use]
    pub fn admin(&self) -> Admin {
        Admin::new(self.driver.clone())
    }

    /// A producer to this cluster, to be told how to send.
    pub fn producer(&self) -> ProducerBuilder {
        ProducerBuilder::new(self.driver.clone())
    }

    /// A consumer of this cluster, to be told what to read.
    pub fn consumer(&self) -> ConsumerBuilder {
        ConsumerBuilder::new(self.driver.clone())
    }

    /// What happens in the client from now on: throttles, connections that come and go, leaders that move, records
    /// that are given up. Costs one lock.
    #[must_use]
    pub fn events(&self) -> Events {
        self.driver.events()
    }

    /// Every throttle that holds at this moment.
    ///
    /// Takes no lock and asks nobody; it allocates only the list, and nothing if it is empty.
    #[must_use]
    pub fn throttle(&self) -> Vec<Throttle> {
        throttle::active(&self.driver)
    }

    /// How long each node has asked for silence since the client began, by class of requests. It only rises, for metrics.
    ///
    /// Costs one turn of the driver.
    ///
    /// # Errors
    /// If the client has stopped.
    ///
    /// # Cancel safety
    /// Dropping the future loses the answer and nothing else.
    pub async fn throttled_times(&self) -> Result<Vec<ThrottledTime>, DriverStopped> {
        let times = |core: &mut ottla_core::Core, now| {
            core.parts().net.throttled_times(now).map(ThrottledTime::new).collect()
        };
        self.driver.run(times).await
    }

    /// Everything that waits in this client at this moment, and what for.
    ///
    /// Of a partition of a producer there is an entry for what is in flight, as old as the oldest of it, and one for what
    /// goes next; of a caller that waits for memory one with the partition that its record would go to. Costs one turn of
    /// the driver and these entries.
    ///
    /// # Errors
    /// If the client has stopped.
    ///
    /// # Cancel safety
    /// Dropping the future loses the answer and nothing else.
    pub async fn explain(&self) -> Result<Vec<Waiting>, DriverStopped> {
        let explain = |core: &mut ottla_core::Core, now| {
            core.explain(now).iter().map(|waiting| Waiting::new(waiting, now)).collect()
        };
        self.driver.run(explain).await
    }
}
