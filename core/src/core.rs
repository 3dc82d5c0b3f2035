use std::task::Waker;

use bytes::Bytes;
use ottla_proto::{BrokerId, TopicName};

use crate::calls::{CallSpec, Calls};
use crate::consumer::Consumers;
use crate::event::{Command, Event, Ticket};
use crate::group::Groups;
use crate::machine::Machine;
use crate::net::{
    ConnectFailure, ConnectionId, DisconnectCause, Host, Net, NetConfig, Outcome, Owner, ReachReport,
};
use crate::producer::{Compressed, Producers};
use crate::sync::Arc;
use crate::time::{Instant, earliest};
use crate::wait::WaitReason;
use crate::wake::DriverWake;

/// Settings of a client.
#[derive(Clone, Debug)]
pub struct CoreConfig {
    /// Where to begin; each address is tried until one describes the cluster. Java: `bootstrap.servers`.
    pub bootstrap: Vec<Host>,
    /// Settings of the connections.
    pub net: NetConfig,
}

/// One client: every machine, and the net that they share.
///
/// A turn of the shell, in this order:
/// 1. inputs, any number in any order: the `handle_*` methods and the user's operations;
/// 2. [`Core::step`] once;
/// 3. outputs until they are empty: [`Core::poll_command`]; for each of [`Core::connections_with_output`]
///    write [`Core::transmit`] and report with [`Core::handle_written`]; [`Core::poll_event`];
/// 4. [`Core::park`], and sleep as it says.
///
/// Nothing here blocks, and every method returns after work that its input bounds.
#[derive(Debug)]
pub struct Core {
    net: Net,
    producers: Producers,
    consumers: Consumers,
    groups: Groups,
    calls: Calls,
    wake: Arc<DriverWake>,
    last_ticket: u64,
}

/// How long the shell may sleep, from [`Core::park`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Park {
    /// Not at all: something came in while the last turn ran.
    Again,
    /// Until then, or until woken or the network has something; `None` sets no limit.
    Until(Option<Instant>),
}

/// Something that waits, and for what.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// The node it is meant for, if that is known.
    pub node: Option<BrokerId>,
    /// The topic, if it belongs to one.
    pub topic: Option<TopicName>,
    /// The partition, if it belongs to one.
    pub partition: Option<i32>,
    /// Why it waits.
    pub reason: WaitReason,
    /// Since when.
    pub since: Instant,
    /// Until when, if the clock alone ends it.
    pub until: Option<Instant>,
}

/// The parts of a [`Core`], for an operation that needs several at once.
#[derive(Debug)]
pub struct Parts<'a> {
    /// Connections and the view of the cluster.
    pub net: &'a mut Net,
    /// The producers.
    pub producers: &'a mut Producers,
    /// The consumers.
    pub consumers: &'a mut Consumers,
    /// Their memberships in groups.
    pub groups: &'a mut Groups,
}

impl Core {
    /// A client that knows its bootstrap addresses and nothing else. Equal seeds and inputs give equal outputs.
    #[must_use]
    pub fn new(config: CoreConfig, seed: u64, now: Instant) -> Self {
        let calls = Calls::new(config.net.retry_backoff);
        Self {
            net: Net::new(config.net, config.bootstrap, seed, now),
            producers: Producers::new(),
            consumers: Consumers::new(seed),
            groups: Groups::default(),
            calls,
            wake: Arc::default(),
            last_ticket: 0,
        }
    }

    /// Says how handles on other threads wake the shell.
    pub fn set_waker(&mut self, waker: &Waker) {
        self.wake.set_waker(waker);
    }

    /// How handles on other threads wake the shell.
    #[must_use]
    pub fn wake(&self) -> &Arc<DriverWake> {
        &self.wake
    }

    /// The connections, the throttles and the view of the cluster.
    #[must_use]
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// The parts, for the operations that producers and consumers define themselves.
    pub fn parts(&mut self) -> Parts<'_> {
        Parts {
            net: &mut self.net,
            producers: &mut self.producers,
            consumers: &mut self.consumers,
            groups: &mut self.groups,
        }
    }

    /// A name for an operation that takes a while.
    pub fn ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        Ticket(self.last_ticket)
    }

    /// Begins a one-off request. It ends with one [`Event::CallDone`] of this ticket, by its deadline.
    pub fn call(&mut self, spec: CallSpec, now: Instant) -> Ticket {
        let ticket = self.ticket();
        self.calls.begin(ticket, spec, now);
        ticket
    }

    /// Whoever asked went away. A call or look-up is not sent any more and ends without an event; a flush or close that
    /// has begun goes on, and its event is not emitted.
    pub fn forget(&mut self, ticket: Ticket) {
        self.calls.forget(ticket, &mut self.net);
        self.consumers.forget(ticket, &mut self.net);
    }

    /// Where the latest attempt to reach each bootstrap address stands.
    #[must_use]
    pub fn bootstrap_report(&self) -> Vec<ReachReport> {
        self.net.bootstrap_report()
    }

    /// What waits, for what, since when and until when.
    #[must_use]
    pub fn explain(&self, now: Instant) -> Vec<Waiting> {
        let mut waiting = Vec::new();
        self.producers.explain(&self.net, now, &mut waiting);
        self.consumers.explain(&self.net, now, &mut waiting);
        self.groups.explain(&mut waiting);
        waiting.extend(self.calls.waiting().map(|(since, reason)| Waiting {
            node: reason.node(),
            topic: None,
            partition: None,
            until: reason.until(),
            reason,
            since,
        }));
        waiting
    }

    /// Ends everything now: what is unsettled fails, every connection is closed. The commands and events that
    /// this leaves are to be carried out and passed on.
    pub fn close(&mut self, now: Instant) {
        self.producers.close_all(&mut self.net, now);
        self.groups.close_all(&mut self.net, now);
        self.consumers.close_all(&mut self.net, now);
        self.calls.close();
        self.net.close(now);
    }
}

// Inputs.
impl Core {
    /// A connection came to be.
    pub fn handle_connected(&mut self, id: ConnectionId, now: Instant) {
        self.net.handle_connected(id, now);
        self.dispatch(now);
    }

    /// No connection came to be.
    pub fn handle_connect_failed(&mut self, id: ConnectionId, failure: ConnectFailure, now: Instant) {
        self.handle_disconnected(id, DisconnectCause::Connect(failure), now);
    }

    /// A connection ended. Harmless for one that the core itself closed.
    pub fn handle_disconnected(&mut self, id: ConnectionId, cause: DisconnectCause, now: Instant) {
        self.net.handle_disconnected(id, cause, now);
        self.dispatch(now);
    }

    /// A frame came in, without its length; see [`frame_length`](crate::net::frame_length).
    pub fn handle_frame(&mut self, id: ConnectionId, frame: Bytes, now: Instant) {
        self.net.handle_frame(id, frame, now);
        self.dispatch(now);
    }

    /// The socket took that many bytes of what [`Core::transmit`] offered.
    pub fn handle_written(&mut self, id: ConnectionId, bytes: usize, now: Instant) {
        self.net.handle_written(id, bytes, now);
        self.dispatch(now);
    }

    /// A compression job is done.
    pub fn handle_compressed(&mut self, compressed: Compressed, now: Instant) {
        self.producers.handle_compressed(compressed);
        self.dispatch(now);
    }

    /// Looks at the clock and at the handles' orders, and sends what can be sent.
    pub fn step(&mut self, now: Instant) {
        self.wake.unpark();
        self.net.step(now);
        self.dispatch(now);
        self.producers.step(&mut self.net, now);
        // Before the consumers, which then begin at once with what their groups give them.
        self.groups.step(&mut self.net, now);
        self.consumers.step(&mut self.net, now);
        self.calls.step(&mut self.net, now);
        // What the machines asked of the view goes out in this turn, not the next.
        self.net.refresh_metadata(now);
        self.dispatch(now);
    }

    fn dispatch(&mut self, now: Instant) {
        while let Some(outcome) = self.net.next_outcome() {
            let owner = match &outcome {
                Outcome::Answer(answer) => answer.owner,
                Outcome::Sent(sent) => sent.owner,
                Outcome::Failure(failure) => failure.owner,
            };
            let machine: &mut dyn Machine = match owner {
                // The net keeps its own answers.
                Owner::Cluster => continue,
                Owner::Producer(_) => &mut self.producers,
                Owner::Consumer(_) => &mut self.consumers,
                Owner::Group(_) => &mut self.groups,
                Owner::Calls => &mut self.calls,
            };
            match outcome {
                Outcome::Answer(answer) => machine.handle_answer(answer, &mut self.net, now),
                Outcome::Sent(sent) => machine.handle_sent(sent, &mut self.net, now),
                Outcome::Failure(failure) => machine.handle_failure(failure, &mut self.net, now),
            }
        }
    }
}

// Outputs.
impl Core {
    /// The next thing that the shell is to do.
    pub fn poll_command(&mut self) -> Option<Command> {
        self.net.poll_command().or_else(|| self.producers.poll_job().map(Command::Compress))
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        let of_machines = self.producers.poll_event().or_else(|| self.consumers.poll_event());
        let of_machines = of_machines.or_else(|| self.groups.poll_event());
        of_machines.or_else(|| self.net.poll_event()).or_else(|| self.calls.poll_event())
    }

    /// The connections that have something to write.
    pub fn connections_with_output(&self) -> impl Iterator<Item = ConnectionId> {
        self.net.connections_with_output()
    }

    /// What a connection has to write, in order; none of the pieces is empty.
    pub fn transmit(&self, id: ConnectionId) -> impl Iterator<Item = &Bytes> {
        self.net.transmit(id)
    }

    /// When to call [`Core::step`] even if nothing happens.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let machines = earliest(self.producers.poll_timeout(), self.consumers.poll_timeout());
        let others = earliest(self.calls.poll_timeout(), self.groups.poll_timeout());
        earliest(earliest(self.net.poll_timeout(), others), machines)
    }

    /// Ends a turn: tells the handles how long the shell will sleep, then looks once more whether one of them
    /// left something meanwhile. Without this order a wake could be lost.
    pub fn park(&mut self) -> Park {
        let until = self.poll_timeout();
        self.wake.park(until);
        let handles = self.producers.has_input() || self.consumers.has_orders() || self.groups.has_orders();
        if self.net.has_room_again() || handles {
            self.wake.unpark();
            return Park::Again;
        }
        Park::Until(until)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ottla_proto::messages::DescribeClusterRequest;

    use super::*;
    use crate::world::World;

    /// Everything that a run makes the core say, as text.
    fn trace(seed: u64) -> String {
        let mut world = World::with_seed(3, NetConfig::default(), seed);
        let mut trace = String::new();
        for _ in 0..200 {
            world.core.call(CallSpec::new(DescribeClusterRequest::default(), world.now), world.now);
            world.now = world.core.poll_timeout().map_or(world.now, |at| at.max(world.now));
            world.turn();
            let open: Vec<_> = world.connects.iter().map(|(id, _)| *id).collect();
            for id in open {
                world.core.handle_disconnected(id, DisconnectCause::Closed, world.now);
            }
            trace += &format!("{:?} {:?} {:?}\n", world.now, world.connects.last(), world.events.last());
        }
        trace
    }

    #[test]
    fn equal_seeds_and_inputs_give_equal_outputs() {
        assert_eq!(trace(7), trace(7));
        assert_ne!(trace(7), trace(8));
    }

    #[test]
    fn inputs_for_connections_that_are_gone_are_harmless() {
        let mut world = World::new(1, NetConfig::default());
        world.turn();
        let (id, _) = world.connects[0].clone();
        for id in [id, ConnectionId(99)] {
            for _ in 0..2 {
                world.core.handle_disconnected(id, DisconnectCause::Closed, world.now);
                world.core.handle_connected(id, world.now);
                world.core.handle_frame(id, Bytes::from_static(b"0123456789"), world.now);
                world.core.handle_written(id, 100, world.now);
            }
            assert_eq!(world.core.transmit(id).count(), 0);
        }
        world.run_until(world.now + Duration::from_secs(1));
    }

    #[test]
    fn a_closed_core_has_nothing_left_to_write_or_to_answer() {
        let mut world = World::with_cluster(2, &[("t", 2)], NetConfig::default());
        world.core.close(world.now);
        assert_eq!(world.core.connections_with_output().count(), 0);
        while world.core.poll_command().is_some() {}
        assert!(world.core.explain(world.now).is_empty());
    }
}
