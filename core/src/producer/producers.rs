//! All producers of a client.

use std::collections::{BTreeMap, VecDeque};

use super::compress::{Compressed, CompressionJob};
use super::config::ProducerConfig;
use super::edge::ProducerEdge;
use super::machine::Producer;
use super::metrics::ProducerMetrics;
use crate::core::Waiting;
use crate::event::Event;
use crate::machine::Machine;
use crate::net::{Answer, Failure, Net, Owner, Role, Sent};
use crate::sync::Arc;
use crate::time::{Instant, earliest};
use crate::wake::DriverWake;

/// A producer of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProducerKey(pub u64);

/// The producers of a client.
#[derive(Debug, Default)]
pub struct Producers {
    producers: BTreeMap<ProducerKey, Producer>,
    last_key: u64,
    /// What producers that have ended left to tell.
    last_words: VecDeque<Event>,
}

impl Producers {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a producer and gives what its handles share. It lives until it is closed through that.
    pub fn add(
        &mut self,
        config: ProducerConfig,
        net: &mut Net,
        wake: &Arc<DriverWake>,
    ) -> Arc<ProducerEdge> {
        self.last_key += 1;
        let key = ProducerKey(self.last_key);
        let seed = net.random().next_u64();
        let edge = ProducerEdge::new(&config, Arc::clone(wake), Arc::clone(net.throttle()), seed);
        self.producers.insert(key, Producer::new(key, config, Arc::clone(&edge)));
        edge
    }

    /// Whether a handle left something since the last step.
    pub(crate) fn has_input(&self) -> bool {
        self.producers.values().any(|producer| producer.edge.inbox.has_input())
    }

    pub(crate) fn explain(&self, net: &Net, now: Instant, waiting: &mut Vec<Waiting>) {
        self.producers.values().for_each(|producer| producer.explain(net, now, waiting));
    }

    /// What waits in the producer that these handles belong to.
    pub fn explain_one(&self, edge: &Arc<ProducerEdge>, net: &Net, now: Instant, waiting: &mut Vec<Waiting>) {
        let producer = self.producers.values().find(|producer| Arc::ptr_eq(&producer.edge, edge));
        if let Some(producer) = producer {
            producer.explain(net, now, waiting);
        }
    }

    /// What the producer that these handles belong to has done so far, or until it ended.
    #[must_use]
    pub fn metrics_of(&self, edge: &Arc<ProducerEdge>) -> ProducerMetrics {
        let producer = self.producers.values().find(|producer| Arc::ptr_eq(&producer.edge, edge));
        let metrics = producer.map(|producer| &producer.metrics).or_else(|| edge.last_metrics.get());
        metrics.cloned().unwrap_or_default()
    }

    /// Ends every producer now; what has no outcome gets one.
    pub(crate) fn close_all(&mut self, net: &mut Net, now: Instant) {
        for mut producer in std::mem::take(&mut self.producers).into_values() {
            // Orders that came after the last turn get their answers too.
            producer.step(net, now);
            producer.close_now(net, now);
            self.last_words.append(&mut producer.events);
        }
    }

    pub(crate) fn poll_job(&mut self) -> Option<CompressionJob> {
        self.producers.values_mut().find_map(|producer| producer.jobs.pop_front())
    }

    pub(crate) fn poll_event(&mut self) -> Option<Event> {
        let living = self.producers.values_mut().find_map(|producer| producer.events.pop_front());
        living.or_else(|| self.last_words.pop_front())
    }

    pub(crate) fn handle_compressed(&mut self, compressed: Compressed) {
        if let Some(producer) = self.producers.get_mut(&compressed.producer) {
            producer.handle_compressed(compressed);
        }
    }

    /// The only producer, for tests that set the stage inside.
    #[cfg(test)]
    #[cfg(not(loom))]
    pub(super) fn only(&mut self) -> &mut Producer {
        self.producers.values_mut().next().unwrap()
    }

    fn owner(&mut self, owner: Owner) -> Option<&mut Producer> {
        match owner {
            Owner::Producer(key) => self.producers.get_mut(&key),
            _ => None,
        }
    }
}

impl Machine for Producers {
    fn step(&mut self, net: &mut Net, now: Instant) {
        self.producers.retain(|&key, producer| {
            let closed = producer.step(net, now);
            if closed {
                net.release(Role::Produce(key), now);
                self.last_words.append(&mut producer.events);
            }
            !closed
        });
    }

    fn handle_answer(&mut self, answer: Answer, net: &mut Net, now: Instant) {
        if let Some(producer) = self.owner(answer.owner) {
            producer.handle_answer(&answer, net, now);
        }
    }

    fn handle_sent(&mut self, sent: Sent, _net: &mut Net, now: Instant) {
        if let Some(producer) = self.owner(sent.owner) {
            producer.handle_sent(&sent, now);
        }
    }

    fn handle_failure(&mut self, failure: Failure, net: &mut Net, now: Instant) {
        if let Some(producer) = self.owner(failure.owner) {
            producer.handle_failure(&failure, net, now);
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.producers.values().map(Producer::poll_timeout).fold(None, earliest)
    }
}
