//! Reading records from assigned partitions.
//!
//! Two sides meet at the [`ConsumerEdge`]. The driver's side (`fetcher`, with `lookup` for where reading begins and
//! `fetch` and `session` for the records) keeps one fetch in flight per node, cuts what arrives into batches (`split`) while
//! the bytes are in the cache, and hands them over compressed. The application's side ([`ConsumerReader`])
//! decompresses and checks a batch when it is wanted; from then on iterating it borrows and cannot fail. Offsets that
//! the application only asks about (`question`) go the way of those that reading begins at.
//!
//! **Nothing is dropped.** Bytes are reserved in the `budget` before they are asked for, and stay charged until
//! the application has dropped the last batch of the answer that brought them. A batch larger than what was
//! reserved is admitted as debt, and nothing new is asked for until the debt is paid.
//!
//! **Nothing is read twice.** An assignment is a value with a number of its own; so is a request. An answer
//! counts for a partition only if both still stand.

mod batch;
mod budget;
mod buffers;
mod check;
mod config;
mod edge;
mod error;
mod fetch;
mod fetcher;
mod lookup;
#[cfg(test)]
#[cfg(loom)]
mod loom;
mod partition;
mod question;
mod reader;
mod session;
mod size;
mod split;
#[cfg(test)]
#[cfg(not(loom))]
mod tests;

use std::collections::{BTreeMap, VecDeque};

pub use batch::Batch;
pub use config::{ConsumerConfig, Isolation, ResetPolicy, Start, TopicPartition};
pub use edge::{ConsumerEdge, ConsumerStats, PartitionStatus};
pub use error::{NotAssigned, PartitionError, PartitionFault};
pub use question::{FoundOffset, FoundOffsets, LookupError};
pub use reader::{ConsumerReader, ReadError};

use crate::Waiting;
use crate::event::{Event, Ticket};
use crate::machine::Machine;
use crate::net::{Answer, Failure, Net, Owner, Sent};
use crate::random::Random;
use crate::sync::Arc;
use crate::time::Instant;
use crate::wake::DriverWake;
use budget::Budget;
use fetcher::Fetcher;

/// A consumer, unique for the life of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConsumerKey(pub u32);

/// All consumers of a client.
#[derive(Debug)]
pub struct Consumers {
    fetchers: BTreeMap<ConsumerKey, Fetcher>,
    /// What those that have ended had still to tell.
    events: VecDeque<Event>,
    last_key: u32,
    random: Random,
}

impl Consumers {
    /// None yet.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { fetchers: BTreeMap::new(), events: VecDeque::new(), last_key: 0, random: Random::new(seed) }
    }

    /// Starts a consumer that has nothing assigned. It ends when its reader is dropped or its edge closed.
    pub fn add(&mut self, config: ConsumerConfig, wake: Arc<DriverWake>) -> (ConsumerKey, ConsumerReader) {
        self.last_key = self.last_key.wrapping_add(1);
        let key = ConsumerKey(self.last_key);
        let budget = Budget::new(config.budget_bytes, Arc::clone(&wake));
        let edge = ConsumerEdge::new(&config, Arc::clone(&budget), wake);
        let reader = ConsumerReader::new(Arc::clone(&edge), config.decompressed_max_bytes);
        self.fetchers.insert(key, Fetcher::new(key, config, edge, budget, self.random.next_u64()));
        (key, reader)
    }

    /// Whether a handle has left something for the next step: looked at before the driver sleeps.
    #[must_use]
    pub fn has_orders(&self) -> bool {
        self.fetchers.values().any(Fetcher::has_orders)
    }

    /// Says of every partition that has nothing to read what it waits for.
    pub fn explain(&self, net: &Net, now: Instant, waiting: &mut Vec<Waiting>) {
        for fetcher in self.fetchers.values() {
            fetcher.explain(net, now, waiting);
        }
    }

    /// As [`Self::explain`], of one consumer.
    pub fn explain_one(&self, key: ConsumerKey, net: &Net, now: Instant, waiting: &mut Vec<Waiting>) {
        if let Some(fetcher) = self.fetchers.get(&key) {
            fetcher.explain(net, now, waiting);
        }
    }

    /// The next thing that an operator may want to know.
    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        let ended = self.events.pop_front();
        ended.or_else(|| self.fetchers.values_mut().find_map(Fetcher::poll_event))
    }

    /// Ends all of them.
    pub fn close_all(&mut self, net: &mut Net, now: Instant) {
        for mut fetcher in std::mem::take(&mut self.fetchers).into_values() {
            fetcher.close(net, now);
            self.events.append(&mut fetcher.events);
        }
    }

    /// Looks up offsets for the application; ends with one [`Event::OffsetsFound`] of this ticket, by `deadline`.
    pub fn find_offsets(
        &mut self,
        key: ConsumerKey,
        ticket: Ticket,
        wanted: Vec<(TopicPartition, Start)>,
        deadline: Instant,
        net: &mut Net,
        now: Instant,
    ) {
        match self.fetchers.get_mut(&key) {
            Some(fetcher) => fetcher.ask(ticket, wanted, deadline, net, now),
            None => {
                let closed = |(partition, _)| (partition, Err(LookupError::Closed));
                let offsets = wanted.into_iter().map(closed).collect();
                self.events.push_back(Event::OffsetsFound { ticket, offsets });
            }
        }
    }

    /// Whoever asked for offsets went away.
    pub(crate) fn forget(&mut self, ticket: Ticket, net: &mut Net) {
        for fetcher in self.fetchers.values_mut() {
            fetcher.forget(ticket, net);
        }
    }

    fn owner(&mut self, owner: Owner) -> Option<&mut Fetcher> {
        match owner {
            Owner::Consumer(key) => self.fetchers.get_mut(&key),
            Owner::Cluster | Owner::Producer(_) | Owner::Group(_) | Owner::Calls => None,
        }
    }
}

impl Machine for Consumers {
    fn step(&mut self, net: &mut Net, now: Instant) {
        for fetcher in self.fetchers.values_mut() {
            fetcher.step(net, now);
        }
        let events = &mut self.events;
        self.fetchers.retain(|_, fetcher| {
            if fetcher.is_closed() {
                events.append(&mut fetcher.events);
            }
            !fetcher.is_closed()
        });
    }

    fn handle_answer(&mut self, answer: Answer, net: &mut Net, now: Instant) {
        if let Some(fetcher) = self.owner(answer.owner) {
            fetcher.handle_answer(&answer, net, now);
        }
    }

    /// Every request of a consumer has an answer.
    fn handle_sent(&mut self, _sent: Sent, _net: &mut Net, __now: Instant) {}

    fn handle_failure(&mut self, failure: Failure, net: &mut Net, now: Instant) {
        if let Some(fetcher) = self.owner(failure.owner) {
            fetcher.handle_failure(&failure, net, now);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.fetchers.values().filter_map(Fetcher::poll_timeout).min()
    }
}
