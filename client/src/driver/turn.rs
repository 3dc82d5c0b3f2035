//! The driver as one future: a turn per poll, with no await inside.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use ottla_core::net::{ConnectFailure, ConnectionId, DisconnectCause};
use ottla_core::{Command, Core, Event, Instant, Park, Ticket};
use tokio::net::TcpStream;
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio::time::{Sleep, sleep_until};
use tracing::error;

use super::clock::Clock;
use super::compress::CompressionPool;
use super::connect::connect;
use super::events::trace;
use super::handle::Operation;
use super::socket::{Progress, Socket};
use crate::events::Event as PublicEvent;

/// What callers ask for in a turn before the sockets have their share.
const TURN_OPERATIONS: usize = 256;
/// How often in a turn the core may act on what the sockets took.
const TURN_ROUNDS: usize = 4;

pub(crate) struct Driver {
    core: Core,
    clock: Clock,
    operations: mpsc::UnboundedReceiver<Operation>,
    answers: BTreeMap<Ticket, oneshot::Sender<Event>>,
    events: broadcast::Sender<PublicEvent>,
    connecting: BTreeMap<ConnectionId, Connecting>,
    sockets: BTreeMap<ConnectionId, Socket>,
    compression: CompressionPool,
    frame_limit: usize,
    timer: Pin<Box<Sleep>>,
}

type Connecting = Pin<Box<dyn Future<Output = Result<TcpStream, ConnectFailure>> + Send>>;

impl Driver {
    pub(super) fn new(
        core: Core,
        clock: Clock,
        operations: mpsc::UnboundedReceiver<Operation>,
        events: broadcast::Sender<PublicEvent>,
        frame_limit: usize,
    ) -> Self {
        Self {
            core,
            clock,
            operations,
            answers: BTreeMap::new(),
            events,
            connecting: BTreeMap::new(),
            sockets: BTreeMap::new(),
            compression: CompressionPool::new(),
            frame_limit,
            timer: Box::pin(sleep_until(tokio::time::Instant::now())),
        }
    }
}

impl Future for Driver {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = self.get_mut();
        let now = this.clock.now();
        this.core.set_waker(context.waker());

        let Some(mut progress) = this.take_operations(now, context) else {
            // The last handle is gone. Dropping the driver settles what is left.
            return Poll::Ready(());
        };
        this.take_connections(now, context);
        this.compression.poll(&mut this.core, now, context);
        progress = progress.and(this.read(context));
        // Time does not go back behind what the frames came with.
        progress = progress.and(this.act(this.clock.now(), context));
        this.tell();
        if progress == Progress::More || !this.park(context) {
            context.waker().wake_by_ref();
        }
        Poll::Pending
    }
}

/// Whatever ends a driver (the last handle dropped, the runtime shut down) leaves nobody waiting.
impl Drop for Driver {
    fn drop(&mut self) {
        if std::thread::panicking() {
            error!("the driver panicked: this is a fault in the client; please report it");
            // A second panic that came out of here would take the whole process with it.
            let _ = catch_unwind(AssertUnwindSafe(|| self.settle()));
        } else {
            self.settle();
        }
    }
}

impl Driver {
    /// `None` once nobody can ask any more.
    fn take_operations(&mut self, now: Instant, context: &mut Context<'_>) -> Option<Progress> {
        for _ in 0..TURN_OPERATIONS {
            match self.operations.poll_recv(context) {
                Poll::Pending => return Some(Progress::Blocked),
                Poll::Ready(None) => return None,
                Poll::Ready(Some(Operation::Run(work))) => work(&mut self.core, now),
                Poll::Ready(Some(Operation::Ask { begin, answer })) => {
                    // Whoever dropped the answer before we came to it has changed their mind.
                    if !answer.is_closed() {
                        let ticket = begin(&mut self.core, now);
                        self.answers.insert(ticket, answer);
                    }
                }
                Poll::Ready(Some(Operation::Forget)) => {
                    let core = &mut self.core;
                    self.answers.retain(|&ticket, answer| {
                        let gone = answer.is_closed();
                        if gone {
                            core.forget(ticket);
                        }
                        !gone
                    });
                }
            }
        }
        Some(Progress::More)
    }

    fn take_connections(&mut self, now: Instant, context: &mut Context<'_>) {
        self.connecting.retain(|&id, attempt| {
            match attempt.as_mut().poll(context) {
                Poll::Pending => return true,
                Poll::Ready(Ok(stream)) => {
                    self.sockets.insert(id, Socket::new(id, stream, self.frame_limit));
                    self.core.handle_connected(id, now);
                }
                Poll::Ready(Err(failure)) => self.core.handle_connect_failed(id, failure, now),
            }
            false
        });
    }

    fn read(&mut self, context: &mut Context<'_>) -> Progress {
        let mut progress = Progress::Blocked;
        let (core, clock) = (&mut self.core, self.clock);
        self.sockets.retain(|&id, socket| match socket.read(core, clock, context) {
            Ok(further) => {
                progress = progress.and(further);
                true
            }
            Err(cause) => {
                core.handle_disconnected(id, cause, clock.now());
                false
            }
        });
        progress
    }

    /// Lets the core act, and again as long as the sockets take what it has: what they take makes room for more.
    fn act(&mut self, now: Instant, context: &mut Context<'_>) -> Progress {
        for _ in 0..TURN_ROUNDS {
            self.core.step(now);
            self.obey(context);
            if !self.write(now, context) {
                return Progress::Blocked;
            }
        }
        Progress::More
    }

    /// Whether it changed anything.
    fn write(&mut self, now: Instant, context: &mut Context<'_>) -> bool {
        let mut changed = false;
        let ready: Vec<_> = self.core.connections_with_output().collect();
        for id in ready {
            let Some(socket) = self.sockets.get_mut(&id) else { continue };
            match socket.write(&mut self.core, now, context) {
                Ok(written) => changed |= written > 0,
                Err(cause) => {
                    self.disconnected(id, cause, now);
                    changed = true;
                }
            }
        }
        changed
    }

    fn disconnected(&mut self, id: ConnectionId, cause: DisconnectCause, now: Instant) {
        self.sockets.remove(&id);
        self.core.handle_disconnected(id, cause, now);
    }

    fn obey(&mut self, context: &mut Context<'_>) {
        while let Some(command) = self.core.poll_command() {
            match command {
                Command::Connect { id, host, within, .. } => {
                    // At its own deadline the core gives up too, and it does not know what came of each address.
                    let first = within.saturating_sub(within / 20);
                    self.connecting.insert(id, Box::pin(connect(host, first)));
                    // Its first poll, which starts it, belongs to the next turn.
                    context.waker().wake_by_ref();
                }
                Command::Close { id } => {
                    self.connecting.remove(&id);
                    self.sockets.remove(&id);
                }
                Command::Compress(job) => self.compression.start(job),
            }
        }
    }

    fn tell(&mut self) {
        while let Some(event) = self.core.poll_event() {
            let Some(ticket) = event.ticket() else {
                trace(&event);
                if self.events.receiver_count() > 0
                    && let Some(event) = PublicEvent::new(&event, self.clock.now())
                {
                    // Never waits: what a slow reader leaves is overwritten, and counted.
                    let _ = self.events.send(event);
                }
                continue;
            };
            if let Some(answer) = self.answers.remove(&ticket) {
                // Whoever dropped the answer in this very turn does not miss it.
                let _ = answer.send(event);
            }
        }
    }

    fn settle(&mut self) {
        self.core.close(self.clock.now());
        self.tell();
    }

    /// Sleeps until the core's next deadline, unless something came in while we looked away.
    fn park(&mut self, context: &mut Context<'_>) -> bool {
        match self.core.park() {
            Park::Again => false,
            Park::Until(None) => true,
            Park::Until(Some(deadline)) => {
                let deadline = self.clock.to_tokio(deadline);
                if self.timer.deadline() != deadline {
                    self.timer.as_mut().reset(deadline);
                }
                self.timer.as_mut().poll(context).is_pending()
            }
        }
    }
}
