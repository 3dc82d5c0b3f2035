//! How everything else talks to the driver.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use ottla_core::net::ThrottleView;
use ottla_core::{Core, Event, Instant, Ticket};
use tokio::sync::{broadcast, mpsc, oneshot};

use super::clock::Clock;
use crate::error::DriverStopped;
use crate::events::{Event as PublicEvent, Events};

/// What the driver is asked to do at the beginning of its next turn.
pub(super) enum Operation {
    /// Work that is done when it returns.
    Run(Work<()>),
    /// Work that ends with the event of a ticket.
    Ask { begin: Work<Ticket>, answer: oneshot::Sender<Event> },
    /// Somebody who asked went away; `answer` is closed by now.
    Forget,
}

type Work<T> = Box<dyn FnOnce(&mut Core, Instant) -> T + Send>;

/// A way to the driver; it lives as long as any of these does.
///
/// The queue behind it has no limit of its own: each entry is one call of the public API, whose caller waits for
/// it, or the end of a handle.
#[derive(Clone)]
pub(crate) struct DriverHandle {
    operations: mpsc::UnboundedSender<Operation>,
    /// Weak, so that who reads events learns that the driver has stopped.
    events: broadcast::WeakSender<PublicEvent>,
    throttle: Arc<ThrottleView>,
    clock: Clock,
}

impl DriverHandle {
    pub(super) fn new(
        clock: Clock,
        throttle: Arc<ThrottleView>,
        events: &broadcast::Sender<PublicEvent>,
    ) -> (Self, mpsc::UnboundedReceiver<Operation>) {
        let (operations, receiver) = mpsc::unbounded_channel();
        (Self { operations, events: events.downgrade(), throttle, clock }, receiver)
    }

    /// What brokers asked for, readable without a lock.
    pub(crate) fn throttle_view(&self) -> &Arc<ThrottleView> {
        &self.throttle
    }

    /// What happens from now on.
    pub(crate) fn events(&self) -> Events {
        Events::new(self.events.upgrade().map(|events| events.subscribe()))
    }

    /// The driver's clock, read now.
    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Does something with the core; once polled it is done even if the future is dropped.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Core, Instant) -> T + Send + 'static,
    ) -> Result<T, DriverStopped> {
        let (sender, receiver) = oneshot::channel();
        self.post(move |core, now| {
            // Nobody waits any more: then nobody misses the value.
            let _ = sender.send(work(core, now));
        });
        receiver.await.map_err(|_| DriverStopped)
    }

    /// Does something with the core and tells nobody; never blocks, so that `Drop` may call it.
    pub(crate) fn post(&self, work: impl FnOnce(&mut Core, Instant) + Send + 'static) {
        // A driver that has stopped has settled everything already.
        let _ = self.operations.send(Operation::Run(Box::new(work)));
    }

    /// Begins something that ends with an event; dropping the answer forgets it.
    pub(crate) fn ask(&self, begin: impl FnOnce(&mut Core, Instant) -> Ticket + Send + 'static) -> Answer {
        let (answer, receiver) = oneshot::channel();
        let _ = self.operations.send(Operation::Ask { begin: Box::new(begin), answer });
        Answer { event: receiver, operations: self.operations.clone(), arrived: false }
    }
}

impl fmt::Debug for DriverHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DriverHandle").field("stopped", &self.operations.is_closed()).finish_non_exhaustive()
    }
}

/// The event that will answer an [`ask`](DriverHandle::ask).
#[derive(Debug)]
#[must_use = "dropping it forgets the question"]
pub(crate) struct Answer {
    event: oneshot::Receiver<Event>,
    operations: mpsc::UnboundedSender<Operation>,
    arrived: bool,
}

impl Future for Answer {
    type Output = Result<Event, DriverStopped>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let event = std::task::ready!(Pin::new(&mut self.event).poll(context));
        self.arrived = true;
        Poll::Ready(event.map_err(|_| DriverStopped))
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        if !self.arrived {
            self.event.close();
            let _ = self.operations.send(Operation::Forget);
        }
    }
}
