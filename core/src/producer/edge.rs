//! What the handles of one producer share with the driver.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use ottla_proto::{ErrorCode, TopicName};

use super::budget::Budget;
use super::choice::Unavailable;
use super::completion::{Completion, completion};
use super::inbox::{Inbox, Order};
use super::metrics::ProducerMetrics;
use super::report::{Observers, Reports};
use super::topic::{TopicEdge, TopicHandle};
use super::{AbandonReport, CloseReport, FlushReport, ProducerConfig};
use crate::net::ThrottleView;
use crate::sync::{Arc, Mutex};
use crate::time::Instant;
use crate::wake::DriverWake;

/// The side of a producer that handles hold. All methods are short, take no more than a short lock, and never
/// wait.
#[derive(Debug)]
pub struct ProducerEdge {
    /// The largest record, as a batch of one.
    pub(super) record_bytes: usize,
    pub(super) unavailable: Unavailable,
    pub(super) observers: Observers,
    /// What it had done when it ended.
    pub(super) last_metrics: OnceLock<ProducerMetrics>,
    pub(super) budget: Arc<Budget>,
    pub(super) inbox: Inbox,
    pub(super) throttle: Arc<ThrottleView>,
    /// Why the producer can send nothing any more, once it cannot.
    pub(super) fatal: OnceLock<ErrorCode>,
    topics: Mutex<BTreeMap<TopicName, Arc<TopicEdge>>>,
    pub(super) config: ProducerConfig,
    seed: u64,
}

impl ProducerEdge {
    pub(super) fn new(
        config: &ProducerConfig,
        wake: Arc<DriverWake>,
        throttle: Arc<ThrottleView>,
        seed: u64,
    ) -> Arc<Self> {
        Arc::new(Self {
            record_bytes: config.request_bytes.min(config.memory_bytes),
            unavailable: Unavailable::default(),
            observers: Observers::default(),
            last_metrics: OnceLock::new(),
            budget: Budget::new(config.memory_bytes, config.node_share_percent),
            inbox: Inbox::new(wake),
            throttle,
            fatal: OnceLock::new(),
            topics: Mutex::new(BTreeMap::new()),
            config: config.clone(),
            seed,
        })
    }

    /// A handle for a topic. The first one makes the driver ask the cluster about it.
    #[must_use]
    pub fn topic(self: &Arc<Self>, name: &TopicName) -> TopicHandle {
        let mut topics = self.topics.lock();
        let topic = match topics.get(name) {
            Some(topic) => Arc::clone(topic),
            None => {
                let number = u64::try_from(topics.len()).unwrap_or(u64::MAX);
                let topic = TopicEdge::new(name.clone(), self.config.of_topic(name), self.seed ^ number);
                topics.insert(name.clone(), Arc::clone(&topic));
                self.inbox.order(Order::Topic(Arc::clone(&topic)));
                topic
            }
        };
        TopicHandle::new(Arc::clone(self), topic)
    }

    /// Asks for everything accepted so far to be sent without lingering. The report comes when it is settled,
    /// or at `deadline`.
    pub fn flush(&self, deadline: Instant) -> Completion<FlushReport> {
        let (report, completion) = completion();
        self.inbox.order(Order::Flush { deadline, report });
        completion
    }

    /// Accepts nothing more and flushes; what is not settled at `deadline` is given up, and the report says so.
    pub fn close(&self, deadline: Instant) -> Completion<CloseReport> {
        let (report, completion) = completion();
        self.inbox.order(Order::Close { deadline, report });
        completion
    }

    /// Gives up every record that has no outcome, at once, and goes on with those that come later. What is in
    /// flight ends as possibly written.
    pub fn abort(&self) -> Completion<AbandonReport> {
        self.abandon(None)
    }

    /// As [`Self::abort`], for the records of one topic.
    pub fn purge(&self, topic: &TopicName) -> Completion<AbandonReport> {
        self.abandon(Some(topic.clone()))
    }

    fn abandon(&self, topic: Option<TopicName>) -> Completion<AbandonReport> {
        let (report, completion) = completion();
        self.inbox.order(Order::Abandon { topic, report });
        completion
    }

    /// The last handle is gone: nothing more is accepted, and what was accepted is delivered or expires.
    pub fn detach(&self) {
        self.inbox.order(Order::Detach);
    }

    /// The outcome of every batch that is settled from now on, through whichever handle it was sent.
    #[must_use]
    pub fn observe(&self) -> Reports {
        self.observers.observe()
    }

    /// Bytes of memory that are free in the budget; takes its lock.
    #[must_use]
    pub fn free_bytes(&self) -> usize {
        self.budget.free()
    }
}
