use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use ottla_core::{Compressed, Instant};

use crate::groups::Deed;

/// What happens at some moment, in the order of the moments and then of the planning.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    pub(crate) now: Instant,
    planned: BTreeMap<(Instant, u64), Happening>,
    next: u64,
}

#[derive(Debug)]
pub(crate) enum Happening {
    /// A connection attempt comes to its end.
    Connect(SocketId),
    /// Bytes reach the broker's end of a socket.
    ToBroker(SocketId, Bytes),
    /// The broker has done a request: its answer, and until when it reads nothing more.
    Answered(SocketId, Option<Bytes>, Instant),
    /// Bytes reach the client's end.
    ToClient(SocketId, Bytes),
    /// The broker notices that a socket is gone.
    BrokerSeesEnd(SocketId),
    /// The client notices.
    ClientSeesEnd(SocketId),
    /// The broker reads from the socket again.
    Unmuted(SocketId),
    /// The socket takes bytes again.
    Writable(SocketId),
    Compressed(usize, Box<Compressed>),
    FaultBegins(usize),
    FaultEnds(usize),
    /// A sender has its next record.
    Send(usize, usize),
    /// A sender no longer wants to wait for a place.
    GiveUpWaiting(usize, usize, usize),
    /// A sender wants a record back.
    Cancel(usize),
    Flush(usize),
    /// A producer gives up what it has; which of its orders to do so it is.
    Abandon(usize, usize),
    Close(usize),
    /// A reader reads on.
    Read,
    /// Somebody of a group does something.
    Group(Deed),
    /// Everything that waits must say why.
    Probe,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SocketId(pub(crate) usize);

impl Queue {
    pub(crate) fn at(&mut self, at: Instant, happening: Happening) {
        self.planned.insert((at.max(self.now), self.next), happening);
        self.next += 1;
    }

    pub(crate) fn after(&mut self, delay: Duration, happening: Happening) {
        self.at(self.now + delay, happening);
    }

    pub(crate) fn next_at(&self) -> Option<Instant> {
        self.planned.first_key_value().map(|(&(at, _), _)| at)
    }

    /// The next thing that is due by now.
    pub(crate) fn due(&mut self) -> Option<Happening> {
        let entry = self.planned.first_entry()?;
        (entry.key().0 <= self.now).then(|| entry.remove())
    }

    /// Takes out what is under way to one end of a socket, in order.
    pub(crate) fn take_bytes(&mut self, socket: SocketId, to_broker: bool) -> Vec<u8> {
        let mut taken = Vec::new();
        self.planned.retain(|_, happening| match happening {
            Happening::ToBroker(id, bytes) if to_broker && *id == socket => {
                taken.extend_from_slice(bytes);
                false
            }
            Happening::ToClient(id, bytes) if !to_broker && *id == socket => {
                taken.extend_from_slice(bytes);
                false
            }
            _ => true,
        });
        taken
    }

    pub(crate) fn is_planned(&self, is_it: impl FnMut(&Happening) -> bool) -> bool {
        self.planned.values().any(is_it)
    }

    /// Whether anything about a socket or a record is still to come.
    pub(crate) fn has_traffic(&self) -> bool {
        self.planned.values().any(|happening| {
            matches!(
                happening,
                Happening::ToBroker(..)
                    | Happening::Answered(..)
                    | Happening::BrokerSeesEnd(_)
                    | Happening::Unmuted(_)
            )
        })
    }
}
