//! What handles tell the driver: lanes that changed state, and orders.
//!
//! A record is no news. Only two changes of a lane are: a batch was opened where there was none, and a batch
//! became full. The first rings only if the driver would sleep through the linger, the second only if enough
//! full batches have come together to be worth a wake (anything, while nothing is in flight: no answer will
//! wake the driver then).

use std::collections::BTreeSet;

use ottla_proto::TopicName;

use super::completion::Answerer;
use super::topic::TopicEdge;
use super::{AbandonReport, CloseReport, FlushReport, LaneId};
use crate::sync::{Arc, AtomicUsize, Mutex, Ordering};
use crate::time::Instant;
use crate::wake::DriverWake;

#[derive(Debug)]
pub(super) struct Inbox {
    wake: Arc<DriverWake>,
    items: Mutex<Items>,
    full_bytes: AtomicUsize,
    wake_bytes: AtomicUsize,
}

/// What the driver takes in one turn.
#[derive(Debug, Default)]
pub(super) struct Items {
    /// Lanes with a newly opened or newly filled batch, in order; one can occur several times.
    pub(super) lanes: Vec<LaneId>,
    pub(super) orders: Vec<Order>,
    /// Nobody takes anything any more.
    closed: bool,
}

/// What a handle asks of the driver.
#[derive(Debug)]
pub(super) enum Order {
    /// Somebody wants to send to this topic: find its partitions and make its lanes.
    Topic(Arc<TopicEdge>),
    /// Somebody waits for memory: stop lingering.
    Hurry,
    Flush {
        deadline: Instant,
        report: Answerer<FlushReport>,
    },
    Close {
        deadline: Instant,
        report: Answerer<CloseReport>,
    },
    /// Give up what has no outcome, of one topic or of all, and go on.
    Abandon {
        topic: Option<TopicName>,
        report: Answerer<AbandonReport>,
    },
    /// The last handle is gone; what was accepted is still delivered.
    Detach,
}

impl Order {
    /// The producer has ended. Nothing is left to flush or to close, and no topic is usable.
    fn come_too_late(self) {
        match self {
            Self::Topic(topic) => topic.close(),
            Self::Flush { report, .. } => report.answer(FlushReport::default()),
            Self::Close { report, .. } => report.answer(CloseReport::default()),
            Self::Abandon { report, .. } => report.answer(AbandonReport::default()),
            Self::Hurry | Self::Detach => {}
        }
    }
}

impl Inbox {
    pub(super) fn new(wake: Arc<DriverWake>) -> Self {
        Self {
            wake,
            items: Mutex::new(Items::default()),
            full_bytes: AtomicUsize::new(0),
            wake_bytes: AtomicUsize::new(0),
        }
    }

    /// A batch was opened at a lane that had none, or got a record that expires sooner than others; it must be
    /// looked at by `look_at`.
    pub(super) fn opened(&self, lane: LaneId, look_at: Instant) {
        self.items.lock().lanes.push(lane);
        self.wake.wake_before(look_at);
    }

    /// A batch of that many bytes is full.
    pub(super) fn filled(&self, lane: LaneId, bytes: usize) {
        self.items.lock().lanes.push(lane);
        let full = self.full_bytes.fetch_add(bytes, Ordering::AcqRel).saturating_add(bytes);
        if full >= self.wake_bytes.load(Ordering::Acquire) {
            self.wake.wake();
        }
    }

    pub(super) fn order(&self, order: Order) {
        let mut items = self.items.lock();
        if items.closed {
            drop(items);
            order.come_too_late();
            return;
        }
        items.orders.push(order);
        drop(items);
        self.wake.wake();
    }

    /// The producer has ended: whoever still asks is told at once.
    pub(super) fn close(&self) {
        let orders = {
            let mut items = self.items.lock();
            items.closed = true;
            items.lanes.clear();
            std::mem::take(&mut items.orders)
        };
        orders.into_iter().for_each(Order::come_too_late);
    }

    /// Whether there is something to take.
    pub(super) fn has_input(&self) -> bool {
        let items = self.items.lock();
        !items.lanes.is_empty() || !items.orders.is_empty()
    }

    /// Which lanes and topics nobody has taken yet.
    pub(super) fn untaken(&self) -> (BTreeSet<LaneId>, Vec<Arc<TopicEdge>>) {
        let items = self.items.lock();
        let topic = |order: &Order| match order {
            Order::Topic(topic) => Some(Arc::clone(topic)),
            _ => None,
        };
        (items.lanes.iter().copied().collect(), items.orders.iter().filter_map(topic).collect())
    }

    /// Takes everything; `spare` is what the last turn took, emptied, so that nothing is allocated.
    pub(super) fn take(&self, spare: Items) -> Items {
        let items = std::mem::replace(&mut *self.items.lock(), spare);
        self.full_bytes.store(0, Ordering::Release);
        items
    }

    /// How many bytes of full batches are worth a wake from now on.
    pub(super) fn set_wake_bytes(&self, bytes: usize) {
        self.wake_bytes.store(bytes, Ordering::Release);
    }
}
