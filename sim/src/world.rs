//! The run: one moment after the other, until everything has come to its end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use ottla_core::consumer::{ConsumerConfig, Start, TopicPartition};
use ottla_core::net::NetConfig;
use ottla_core::producer::Acks;
use ottla_core::{Core, CoreConfig, Instant, WaitReason, Waiting};

use crate::chance::Chance;
use crate::client::{Client, carry, host};
use crate::log::{self, Log};
use crate::network::{CLIENT_ID, Network};
use crate::plan::{FAULTY, Fault, NODES, PARTITIONS, Plan, TOPIC, TopicChange};
use crate::producer::{Book, Fate, ProducerApp, reason_name, value_of};
use crate::queue::{Happening, Queue};
use crate::reader::ReaderApp;
use crate::report::{Counts, Violation};

pub(crate) struct World {
    plan: Plan,
    chance: Chance,
    queue: Queue,
    network: Network,
    clients: Vec<Client>,
    producers: Vec<ProducerApp>,
    reader: ReaderApp,
    book: Book,
    pub(crate) counts: Counts,
    pub(crate) trace: Option<Vec<String>>,
}

/// Between two questions for the reasons of all waits.
const PROBES: Duration = Duration::from_millis(1_700);
/// Until somebody tries once more to create a topic.
const AGAIN: Duration = Duration::from_millis(500);
/// What everything may take to end when nothing is wrong any more, beyond what was asked of it.
const RECOVERY: Duration = Duration::from_secs(20);

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let plan = Plan::new(&mut chance);
        let mut queue = Queue::default();
        let count = if plan.one_client { 1 } else { plan.producers.len() + 1 };
        let of = |user: usize| if plan.one_client { 0 } else { user };
        let network = Network::new(&plan, of(plan.producers.len()), Chance::new(chance.number()));
        let mut clients: Vec<_> = (0..count).map(|index| client(index, &plan, &mut chance)).collect();

        let reader = {
            let client = &mut clients[of(plan.producers.len())];
            let config = ConsumerConfig {
                budget_bytes: plan.reader_budget,
                fetch_max_wait: plan.fetch_max_wait,
                request_timeout: plan.request_timeout,
                ..ConsumerConfig::default()
            };
            let wake = Arc::clone(client.core.wake());
            let (_, reader) = client.core.parts().consumers.add(config, wake);
            let partition = |partition| TopicPartition { topic: TOPIC.into(), partition };
            match plan.topic_changes() {
                TopicChange::Nothing => {
                    reader.edge().assign((0..PARTITIONS).map(|number| (partition(number), Start::Earliest)));
                }
                TopicChange::Grows => reader.edge().assign_topic(TOPIC.into(), Start::Earliest),
                // What is read of a topic that is deleted is the consumer's own matter.
                TopicChange::IsRecreated => {}
            }
            ReaderApp::new(of(plan.producers.len()), reader)
        };
        let mut producers = Vec::new();
        for (index, producer) in plan.producers.iter().enumerate() {
            let core = &mut clients[of(index)].core;
            let wake = Arc::clone(core.wake());
            let parts = core.parts();
            let edge = parts.producers.add(producer.config.clone(), parts.net, &wake);
            producers.push(ProducerApp::new(index, of(index), producer.clone(), edge, TOPIC, &mut queue));
        }
        for (index, fault) in plan.faults.iter().enumerate() {
            queue.at(fault.at, Happening::FaultBegins(index));
            queue.at(fault.at + fault.length, Happening::FaultEnds(index));
        }
        if chance.one_in(2) {
            queue.after(PROBES, Happening::Probe);
        }
        let (book, counts) = (Book::default(), Counts::default());
        Self { plan, chance, queue, network, clients, producers, reader, book, counts, trace: None }
    }

    /// Runs to the end and holds what was told against what is.
    pub(crate) fn run(&mut self) -> Result<(), Violation> {
        self.run_until(Instant::ZERO + FAULTY, false)?;
        // Nothing is wrong any more; what was asked of the clients may still take its time.
        let slowest = self.plan.producers.iter().map(|producer| producer.config.request_timeout).max();
        let calm = self.queue.now.max(self.network.last_mute);
        let end = calm + RECOVERY + slowest.unwrap_or_default() + self.plan.request_timeout * 2;
        self.run_until(end, true)?;
        for producer in &mut self.producers {
            producer.close(end + RECOVERY);
        }
        self.run_until(end + RECOVERY, true)?;
        self.check_end()
    }

    /// Lets time pass until then, or, if `may_end`, until nothing is left to do.
    fn run_until(&mut self, end: Instant, may_end: bool) -> Result<(), Violation> {
        loop {
            self.run_now()?;
            if may_end && self.is_quiet()? {
                return Ok(());
            }
            let clients = self.clients.iter().filter_map(Client::wakes_at);
            let next = clients.chain(self.queue.next_at()).chain(self.network.next_at()).min();
            let Some(next) = next.filter(|&next| next <= end) else {
                self.queue.now = end;
                return self.check_moment();
            };
            self.queue.now = next.max(self.queue.now);
            self.check_sleep()?;
            while let Some(happening) = self.queue.due() {
                self.happen(happening)?;
            }
            if self.network.next_at().is_some_and(|at| at <= self.queue.now) {
                self.network.handle_timeout(&mut self.queue, &mut self.counts);
            }
        }
    }

    /// Everybody who was woken acts, until all sleep.
    fn run_now(&mut self) -> Result<(), Violation> {
        let now = self.queue.now;
        let mut acted = true;
        while acted {
            acted = false;
            for client in &mut self.clients {
                if client.wants_turn(now) {
                    client.turn(&mut self.network, &mut self.queue, &mut self.counts)?;
                    acted = true;
                }
            }
            let suspended = |client: usize| self.clients[client].suspended_until > now;
            let awake: Vec<_> = self.producers.iter().map(|producer| !suspended(producer.client)).collect();
            let reader_awake = self.reads() && !suspended(self.reader.client);
            for (producer, awake) in self.producers.iter_mut().zip(awake) {
                if awake && producer.is_woken() {
                    let client = &mut self.clients[producer.client];
                    producer.act(client, &mut self.book, &mut self.queue, &mut self.counts)?;
                    acted = true;
                }
            }
            if reader_awake && self.reader.is_woken() {
                self.reader.act(&mut self.chance, &mut self.queue, &mut self.counts)?;
                acted = true;
            }
        }
        self.check_moment()
    }

    fn happen(&mut self, happening: Happening) -> Result<(), Violation> {
        let now = self.queue.now;
        if let Some(client) = self.client_concerned(&happening)
            && self.clients[client].suspended_until > now
        {
            self.queue.at(self.clients[client].suspended_until, happening);
            return Ok(());
        }
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{now:?} {happening:?}"));
        }
        let Self { clients, network, queue, counts, .. } = self;
        let Some(happening) = carry(happening, clients, network, queue, counts) else { return Ok(()) };
        match happening {
            Happening::FaultBegins(index) => {
                let planned = self.plan.faults[index].clone();
                self.counts.add(&format!("fault {}", planned.fault.name()));
                let until = planned.at + planned.length;
                match planned.fault {
                    Fault::Suspend(client) => self.suspend(client, until),
                    Fault::ClockJump(millis) => {
                        self.producers.iter_mut().for_each(|producer| producer.clock_error = millis);
                    }
                    _ => {}
                }
                self.network.begin(planned.fault, until, &mut self.queue, &mut self.counts);
                let again = now + self.chance.millis(20, 1_000);
                if planned.fault.recurs() && again < until {
                    self.queue.at(again, Happening::FaultBegins(index));
                }
            }
            Happening::FaultEnds(index) => {
                let fault = self.plan.faults[index].fault;
                if matches!(fault, Fault::ClockJump(_)) {
                    self.producers.iter_mut().for_each(|producer| producer.clock_error = 0);
                }
                self.network.end(fault, &mut self.queue, &mut self.counts);
                if matches!(fault, Fault::Recreate(_)) && self.network.partitions == 0 {
                    self.queue.after(AGAIN, Happening::FaultEnds(index));
                }
            }
            Happening::Send(producer, sender) => {
                let producer = &mut self.producers[producer];
                let client = &mut self.clients[producer.client];
                producer.send(sender, client, &mut self.book, &mut self.queue, &mut self.counts);
            }
            Happening::GiveUpWaiting(producer, sender, record) => {
                let producer = &mut self.producers[producer];
                producer.give_up(sender, record, &mut self.book, &mut self.queue, &mut self.counts);
            }
            Happening::Cancel(record) => {
                let producer = self.book.records[record].producer;
                self.producers[producer].cancel(record, &mut self.book, &mut self.counts);
            }
            Happening::Flush(producer) => self.producers[producer].flush(&mut self.chance, &self.queue),
            Happening::Abandon(producer, which) => {
                self.producers[producer].abandon(which, &self.book, &self.queue, &mut self.counts);
            }
            Happening::Close(producer) => {
                let producer = &mut self.producers[producer];
                let given = producer.plan.early_close.map(|(_, given)| given).unwrap_or_default();
                producer.close(now + given);
            }
            Happening::Read => self.reader.go_on(),
            Happening::Probe => {
                self.check_reasons()?;
                // A throttle of hours would be asked about for hours.
                if now < Instant::ZERO + FAULTY * 3 {
                    self.queue.after(PROBES, Happening::Probe);
                }
            }
            // The rest is the network's, or of another kind of world.
            _ => {}
        }
        Ok(())
    }

    /// Stands still from now on, with everything that it would have learnt meanwhile still before it.
    fn suspend(&mut self, client: usize, until: Instant) {
        let client = client.min(self.clients.len() - 1);
        let suspended = &mut self.clients[client];
        suspended.suspended_until = suspended.suspended_until.max(until);
        // What its programs were promised in the meantime is theirs when they look again.
        suspended.look_by.clear();
    }

    /// The client without which this cannot happen.
    fn client_concerned(&self, happening: &Happening) -> Option<usize> {
        match *happening {
            Happening::Connect(socket)
            | Happening::ToClient(socket, _)
            | Happening::ClientSeesEnd(socket)
            | Happening::Writable(socket) => Some(self.network.sockets[socket.0].client),
            Happening::Compressed(client, _) => Some(client),
            Happening::Send(producer, _)
            | Happening::GiveUpWaiting(producer, ..)
            | Happening::Flush(producer)
            | Happening::Abandon(producer, _)
            | Happening::Close(producer) => Some(self.producers[producer].client),
            Happening::Cancel(record) => Some(self.producers[self.book.records[record].producer].client),
            Happening::Read => Some(self.reader.client),
            _ => None,
        }
    }

    /// Whether nobody has anything left to do.
    fn is_quiet(&mut self) -> Result<bool, Violation> {
        if !self.producers.iter().all(ProducerApp::is_done) || self.queue.has_traffic() {
            return Ok(false);
        }
        for producer in &mut self.producers {
            producer.close(self.queue.now + RECOVERY);
        }
        self.run_now()?;
        let caught_up = !self.reads() || self.reader.reader.edge().is_caught_up();
        if !caught_up || !self.producers.iter().all(|producer| producer.is_closed) {
            return Ok(false);
        }
        // A partition without a leader is not quiet.
        let Ok(log) = self.read_log() else { return Ok(false) };
        Ok(!self.reads()
            || log.iter().all(|(partition, records)| {
                self.reader.read.get(partition).map_or(0, Vec::len) >= records.len()
            }))
    }

    fn read_log(&mut self) -> Result<Log, Violation> {
        log::read(&mut self.network.engine, self.network.partitions, self.queue.now)
    }

    /// Whether the reader reads all that there is.
    fn reads(&self) -> bool {
        self.plan.topic_changes() != TopicChange::IsRecreated
    }
}

// What must hold.
impl World {
    /// The driver may not sleep beyond the end of a linger that it knows nothing of.
    fn check_sleep(&mut self) -> Result<(), Violation> {
        for (index, client) in self.clients.iter_mut().enumerate() {
            let overdue = client.look_by.iter().find(|&(_, &due)| due < self.queue.now);
            let Some((&(producer, partition), &due)) = overdue else { continue };
            // A partition that waits for something else grows without the driver.
            let explained = explanation_of(client, &self.producers[producer], self.queue.now);
            if explained.iter().any(|waiting| waiting.partition == Some(partition)) {
                client.look_by.remove(&(producer, partition));
                continue;
            }
            return Err(Violation::LostWake { client: index, due, sleep: client.sleeps_until });
        }
        Ok(())
    }

    fn check_moment(&self) -> Result<(), Violation> {
        for producer in &self.producers {
            let woke = self.clients[producer.client].suspended_until;
            producer.check_deadlines(&self.book, self.queue.now, woke)?;
            producer.check_memory(&self.book)?;
        }
        self.network.check()
    }

    /// Everything that has no outcome has a reason, and no reason is over.
    fn check_reasons(&mut self) -> Result<(), Violation> {
        let at = self.queue.now;
        for client in self.clients.iter_mut().filter(|client| client.suspended_until <= at) {
            client.turn(&mut self.network, &mut self.queue, &mut self.counts)?;
        }
        self.run_now()?;
        for (index, client) in self.clients.iter_mut().enumerate() {
            if client.suspended_until > at {
                continue;
            }
            let known = client.core.explain(self.queue.now);
            for waiting in &known {
                self.counts.add(&format!("waits: {}", reason_name(&waiting.reason)));
                if waiting.until.is_some_and(|until| until <= at) {
                    return Err(Violation::StaleReason { at, waiting: Box::new(waiting.clone()) });
                }
            }
            for producer in self.producers.iter().filter(|producer| producer.client == index) {
                let explained = explanation_of(client, producer, self.queue.now);
                // Of batches, not of callers that have none yet.
                let explained = explained.iter().filter(|waiting| !is_shortage(&waiting.reason));
                let explained: BTreeSet<_> = explained.filter_map(|waiting| waiting.partition).collect();
                for partition in producer.open_partitions(&self.book) {
                    if !explained.contains(&partition) {
                        let what = format!("partition {partition} of producer {}", producer.index);
                        return Err(Violation::NoReason { what, at, known });
                    }
                }
            }
        }
        Ok(())
    }

    fn check_end(&mut self) -> Result<(), Violation> {
        let log = self.read_log()?;
        for producer in &self.producers {
            producer.check_wakes(&self.book)?;
            producer.check_memory(&self.book)?;
            if !producer.is_done() || !producer.is_closed {
                let waiting = self.clients[producer.client].core.explain(self.queue.now);
                let what = format!("producer {} is not done", producer.index);
                return Err(Violation::Unfinished { what, waiting });
            }
        }
        if self.reads() {
            self.check_reading(&log)?;
        }
        let deleted = self.network.deleted.take();
        self.check_logs(&deleted.into_iter().chain([log]).collect::<Vec<_>>())
    }

    /// The reader has read the log, once and in order, and threw nothing away.
    fn check_reading(&self, log: &Log) -> Result<(), Violation> {
        for (partition, records) in log {
            let read = self.reader.read.get(partition).map_or(&[][..], Vec::as_slice);
            if read == records.as_slice() {
                continue;
            }
            if read.len() < records.len() && records.starts_with(read) {
                let waiting = self.clients[self.reader.client].core.explain(self.queue.now);
                let what =
                    format!("{} of {} records of partition {partition} are read", read.len(), records.len());
                return Err(Violation::Unfinished { what, waiting });
            }
            let offsets =
                |records: &[(i64, Vec<u8>)]| records.iter().map(|(offset, _)| *offset).collect::<Vec<_>>();
            return Err(Violation::Untrue(format!(
                "partition {partition} holds {:?} and was read as {:?}",
                offsets(records),
                offsets(read)
            )));
        }
        let stats = self.reader.reader.edge().stats();
        // What was fetched from a leader of before may come too late.
        if stats.discarded_bytes > 0 && self.plan.leaders_stay() {
            return Err(Violation::Untrue(format!("the reader threw {} bytes away", stats.discarded_bytes)));
        }
        Ok(())
    }

    /// The logs hold what the producers say, once and in the order of acceptance: that of the topic, and before it that
    /// of the one that was deleted.
    fn check_logs(&mut self, logs: &[Log]) -> Result<(), Violation> {
        let mut places: BTreeMap<usize, Place> = BTreeMap::new();
        for (number, log) in logs.iter().enumerate() {
            for (&partition, records) in log {
                self.check_partition(Place { log: number, partition, offset: 0 }, records, &mut places)?;
            }
        }
        for (record, entry) in self.book.records.iter().enumerate() {
            let place = places.get(&record);
            let untrue = |text: String| Err(Violation::Untrue(text));
            match entry.fate {
                // Without acks nothing was promised.
                Fate::Written(offset) if self.producers[entry.producer].plan.config.acks != Acks::None => {
                    let Some(place) = place else {
                        if self.producers[entry.producer].plan.config.acks == Acks::Leader {
                            self.counts.add("lost with the leader that alone had it");
                            continue;
                        }
                        return untrue(format!("record {record} was acknowledged and is not in the log"));
                    };
                    if place.log + 1 < logs.len() {
                        self.counts.add("written before the topic was deleted");
                    } else if logs.len() > 1 {
                        self.counts.add("written after the topic was created anew");
                    }
                    if place.partition >= PARTITIONS && logs.len() == 1 {
                        self.counts.add("written to an added partition");
                    }
                    let is_at = |offset: i64, log: &Log| {
                        log.get(&place.partition).is_some_and(|records| {
                            let mut there = records.iter().filter(|(at, _)| *at == offset);
                            there.any(|(_, value)| record_of(value) == Some(record))
                        })
                    };
                    if let Some(offset) = offset
                        && !logs.iter().any(|log| is_at(offset, log))
                    {
                        return untrue(format!(
                            "record {record} is said to be at {offset} and is at {place:?}"
                        ));
                    }
                }
                Fate::NotWritten | Fate::NotAccepted if place.is_some() => {
                    return untrue(format!(
                        "record {record} is in the log at {place:?} but {:?}",
                        entry.fate
                    ));
                }
                Fate::Offered | Fate::Accepted => return untrue(format!("record {record} has no outcome")),
                Fate::PossiblyWritten => {
                    self.counts.add(if place.is_some() {
                        "possibly written: is in the log"
                    } else {
                        "possibly written: is not in the log"
                    });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Each record of a partition is one that was sent to it, as it was sent; `places` has those that were found.
    fn check_partition(
        &mut self,
        start: Place,
        records: &[(i64, Vec<u8>)],
        places: &mut BTreeMap<usize, Place>,
    ) -> Result<(), Violation> {
        let untrue = |text: String| Err(Violation::Untrue(text));
        let mut latest = BTreeMap::new();
        for (offset, value) in records {
            let place = Place { offset: *offset, ..start };
            let known = record_of(value).and_then(|record| Some((record, self.book.records.get(record)?)));
            let Some((record, entry)) = known else {
                return untrue(format!("an unknown record is at {place:?}"));
            };
            if *value != value_of(record, entry.size) {
                return untrue(format!("record {record} is not in the log as it was sent"));
            }
            if entry.partition != Some(place.partition) {
                return untrue(format!("record {record} is at {place:?}, not in {:?}", entry.partition));
            }
            let idempotent = self.producers[entry.producer].is_idempotent();
            if let Some(first) = places.insert(record, place) {
                self.counts.add("duplicate without idempotence");
                if idempotent {
                    return untrue(format!("record {record} is at {first:?} and again at {place:?}"));
                }
            }
            let Some((order, _)) = entry.accepted else {
                return untrue(format!("record {record} was never accepted and is in the log"));
            };
            let before = latest.insert(entry.producer, order);
            if idempotent && before.is_some_and(|before| before > order) {
                return untrue(format!("record {record} at {place:?} is out of order"));
            }
        }
        Ok(())
    }
}

/// Where a record was found; the topic that was deleted had a log of its own.
#[derive(Clone, Copy, Debug)]
struct Place {
    log: usize,
    partition: i32,
    #[expect(dead_code, reason = "it is told with a violation")]
    offset: i64,
}

/// A caller waits for memory; batches wait for other things.
fn is_shortage(reason: &WaitReason) -> bool {
    matches!(reason, WaitReason::Memory { .. } | WaitReason::NodeShare { .. })
}

fn explanation_of(client: &mut Client, producer: &ProducerApp, now: Instant) -> Vec<Waiting> {
    let mut waiting = Vec::new();
    let parts = client.core.parts();
    parts.producers.explain_one(&producer.edge, parts.net, now, &mut waiting);
    waiting
}

fn record_of(value: &[u8]) -> Option<usize> {
    usize::try_from(u64::from_be_bytes(*value.first_chunk::<8>()?)).ok()
}

fn client(index: usize, plan: &Plan, chance: &mut Chance) -> Client {
    let mut net = NetConfig::default();
    net.client_id = Some(CLIENT_ID.into());
    net.request_timeout = plan.request_timeout;
    net.max_in_flight = plan.max_in_flight;
    net.max_unwritten = plan.max_unwritten;
    net.metadata_max_age = plan.metadata_max_age;
    let config = CoreConfig { bootstrap: (1..=NODES).map(host).collect(), net };
    let core = Core::new(config, chance.number(), Instant::ZERO);
    Client::new(index, core, Chance::new(chance.number()))
}
