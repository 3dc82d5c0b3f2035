//! A program that produces: its senders, its deliveries, and what it was told.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use ottla_core::Instant;
use ottla_core::WaitReason;
use ottla_core::producer::{
    AbandonReport, Acks, AppendWait, Cause, Certainty, CloseReport, Completion, Delivery, FlushReport,
    NewRecord, ProducerEdge, Refused, TopicHandle,
};

use crate::chance::Chance;
use crate::client::{Client, Flag};
use crate::network::EPOCH_MICROS;
use crate::plan::{Abandon, Destination, PlannedRecord, ProducerPlan, TOPIC};
use crate::queue::{Happening, Queue};
use crate::report::{Counts, Violation};

/// Everything that was ever offered to a producer.
#[derive(Debug, Default)]
pub(crate) struct Book {
    pub(crate) records: Vec<Entry>,
    accepted: u64,
}

/// An order to give up, when it was given, and how many records had been accepted by then.
type Abandoning = (Instant, u64, Completion<AbandonReport>);

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) producer: usize,
    pub(crate) size: usize,
    pub(crate) fate: Fate,
    pub(crate) partition: Option<i32>,
    /// Its place among all that were accepted, and when that was.
    pub(crate) accepted: Option<(u64, Instant)>,
    /// How long its delivery may take.
    timeout: Duration,
    delivery: Option<Delivery>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The sender still has it.
    Offered,
    /// No producer has it: refused, or the sender stopped waiting.
    NotAccepted,
    Accepted,
    /// Accepted, and nobody asks what became of it.
    Forgotten,
    Written(Option<i64>),
    NotWritten,
    PossiblyWritten,
}

pub(crate) struct ProducerApp {
    pub(crate) index: usize,
    pub(crate) client: usize,
    pub(crate) plan: ProducerPlan,
    pub(crate) edge: Arc<ProducerEdge>,
    senders: Vec<Sender>,
    flag: Arc<Flag>,
    waker: Waker,
    /// Accepted records without an outcome.
    open: Vec<usize>,
    flushes: Vec<(Instant, Completion<FlushReport>)>,
    abandoning: Vec<Abandoning>,
    close: Option<(Instant, Completion<CloseReport>)>,
    pub(crate) is_closed: bool,
    /// How wrong its wall clock is, in milliseconds.
    pub(crate) clock_error: i64,
}

struct Sender {
    handle: TopicHandle,
    /// What is still to be sent, the next one last.
    script: Vec<PlannedRecord>,
    current: Option<(usize, AppendWait)>,
    flag: Arc<Flag>,
    waker: Waker,
}

/// The slack of a deadline: one tick of a timer.
const TICK: Duration = Duration::from_millis(1);

impl ProducerApp {
    pub(crate) fn new(
        index: usize,
        client: usize,
        plan: ProducerPlan,
        edge: Arc<ProducerEdge>,
        topic: &str,
        queue: &mut Queue,
    ) -> Self {
        let flag = Arc::new(Flag::default());
        let sender = |(number, script): (usize, &Vec<PlannedRecord>)| {
            let mut script = script.clone();
            script.reverse();
            if let Some(first) = script.last() {
                queue.at(first.at, Happening::Send(index, number));
            }
            let flag = Arc::new(Flag::default());
            let waker = Waker::from(Arc::clone(&flag));
            Sender { handle: edge.topic(&topic.into()), script, current: None, flag, waker }
        };
        let senders = plan.senders.iter().enumerate().map(sender).collect();
        for &(at, _) in &plan.flushes {
            queue.at(at, Happening::Flush(index));
        }
        for (which, &(at, _)) in plan.abandons.iter().enumerate() {
            queue.at(at, Happening::Abandon(index, which));
        }
        if let Some((at, _)) = plan.early_close {
            queue.at(at, Happening::Close(index));
        }
        let waker = Waker::from(Arc::clone(&flag));
        Self {
            index,
            client,
            plan,
            edge,
            senders,
            flag,
            waker,
            open: Vec::new(),
            flushes: Vec::new(),
            abandoning: Vec::new(),
            close: None,
            is_closed: false,
            clock_error: 0,
        }
    }

    pub(crate) fn is_idempotent(&self) -> bool {
        self.plan.config.acks == Acks::All
    }

    /// Whether every record has been offered and every accepted one is settled.
    pub(crate) fn is_done(&self) -> bool {
        let quiet = |sender: &Sender| sender.script.is_empty() && sender.current.is_none();
        self.open.is_empty() && self.senders.iter().all(quiet)
    }

    pub(crate) fn is_woken(&self) -> bool {
        self.flag.is_up() || self.senders.iter().any(|sender| sender.flag.is_up())
    }

    /// Does what it was woken for.
    pub(crate) fn act(
        &mut self,
        client: &mut Client,
        book: &mut Book,
        queue: &mut Queue,
        counts: &mut Counts,
    ) -> Result<(), Violation> {
        for sender in 0..self.senders.len() {
            if self.senders[sender].flag.take() && self.senders[sender].current.is_some() {
                self.offer(sender, client, book, queue, counts);
            }
        }
        if self.flag.take() {
            self.ask(client.suspended_until, book, queue, counts)?;
        }
        Ok(())
    }

    /// A sender has its next record; one that still waits with the last one comes back later.
    pub(crate) fn send(
        &mut self,
        sender: usize,
        client: &mut Client,
        book: &mut Book,
        queue: &mut Queue,
        counts: &mut Counts,
    ) {
        let Some(planned) = self.senders[sender].script.last() else { return };
        if self.senders[sender].current.is_some() {
            return;
        }
        let record = book.records.len();
        book.records.push(Entry {
            producer: self.index,
            size: planned.size,
            fate: Fate::Offered,
            partition: None,
            accepted: None,
            timeout: planned.timeout.unwrap_or(self.plan.config.delivery_timeout),
            delivery: None,
        });
        if let Some(after) = planned.gives_up_after {
            queue.after(after, Happening::GiveUpWaiting(self.index, sender, record));
        }
        self.senders[sender].current = Some((record, AppendWait::default()));
        self.offer(sender, client, book, queue, counts);
    }

    /// The sender of this record will not wait any longer for a place.
    pub(crate) fn give_up(
        &mut self,
        sender: usize,
        record: usize,
        book: &mut Book,
        queue: &mut Queue,
        counts: &mut Counts,
    ) {
        if self.senders[sender].current.as_ref().is_some_and(|(current, _)| *current == record) {
            counts.add("send cancelled");
            book.records[record].fate = Fate::NotAccepted;
            self.go_on(sender, queue);
        }
    }

    pub(crate) fn cancel(&mut self, record: usize, book: &mut Book, counts: &mut Counts) {
        let Some(delivery) = &book.records[record].delivery else { return };
        let cancelled = delivery.cancel();
        counts.add(if cancelled { "delivery cancelled" } else { "delivery cancelled too late" });
    }

    pub(crate) fn flush(&mut self, chance: &mut Chance, queue: &Queue) {
        let timeout = self.plan.flushes.first().map_or_else(|| chance.millis(0, 1), |(_, timeout)| *timeout);
        let deadline = queue.now + timeout;
        let completion = self.edge.flush(deadline);
        self.flushes.push((deadline, completion));
        self.flag.clone().wake_now();
    }

    pub(crate) fn abandon(&mut self, which: usize, book: &Book, queue: &Queue, counts: &mut Counts) {
        let completion = match self.plan.abandons[which].1 {
            Abandon::Abort => self.edge.abort(),
            Abandon::Purge => self.edge.purge(&TOPIC.into()),
        };
        counts.add("told to give up");
        self.abandoning.push((queue.now, book.accepted, completion));
        self.flag.clone().wake_now();
    }

    pub(crate) fn close(&mut self, deadline: Instant) {
        if self.close.is_none() && !self.is_closed {
            self.close = Some((deadline, self.edge.close(deadline)));
            self.flag.clone().wake_now();
        }
    }

    /// What has passed its deadline without an end.
    pub(crate) fn check_deadlines(&self, book: &Book, now: Instant, woke: Instant) -> Result<(), Violation> {
        let late = |what: String, due: Instant| {
            if now > due.max(woke) + TICK { Err(Violation::Late { what, due, now }) } else { Ok(()) }
        };
        for (deadline, _) in &self.flushes {
            late(format!("a flush of producer {}", self.index), *deadline)?;
        }
        for (at, ..) in &self.abandoning {
            late(format!("what producer {} was told to give up", self.index), *at)?;
        }
        if let Some((deadline, _)) = &self.close {
            late(format!("the close of producer {}", self.index), *deadline)?;
        }
        for &record in &self.open {
            if let Some((_, at)) = book.records[record].accepted {
                late(format!("record {record}"), at + book.records[record].timeout)?;
            }
        }
        Ok(())
    }

    /// Partitions for which a record has no outcome yet.
    pub(crate) fn open_partitions(&self, book: &Book) -> Vec<i32> {
        let mut partitions: Vec<_> =
            self.open.iter().filter_map(|&record| book.records[record].partition).collect();
        partitions.sort_unstable();
        partitions.dedup();
        partitions
    }

    /// The bytes of the accepted records without an outcome are held somewhere.
    pub(crate) fn check_memory(&self, book: &Book) -> Result<(), Violation> {
        let total = self.plan.config.memory_bytes;
        let free = self.edge.free_bytes();
        let held: usize = self.open.iter().map(|&record| book.records[record].size).sum();
        if free > total || held > total {
            return Err(Violation::Untrue(format!(
                "producer {} holds {held} bytes of records, {free} of {total} are free",
                self.index
            )));
        }
        if self.is_closed && free != total {
            return Err(Violation::Untrue(format!(
                "producer {} is closed, and only {free} of {total} bytes are free",
                self.index
            )));
        }
        Ok(())
    }

    /// Settled, and nobody was woken.
    pub(crate) fn check_wakes(&self, book: &Book) -> Result<(), Violation> {
        let settled =
            |&&record: &&usize| book.records[record].delivery.as_ref().is_some_and(Delivery::is_settled);
        match self.open.iter().find(settled) {
            Some(record) => {
                Err(Violation::Untrue(format!("record {record} is settled, and its sender was not woken")))
            }
            None => Ok(()),
        }
    }

    fn offer(
        &mut self,
        number: usize,
        client: &mut Client,
        book: &mut Book,
        queue: &mut Queue,
        counts: &mut Counts,
    ) {
        let sender = &mut self.senders[number];
        let Some(planned) = sender.script.last() else { return };
        let Some((record, waiting)) = &mut sender.current else { return };
        let record = *record;
        let value = value_of(record, planned.size);
        let key;
        let offered = NewRecord {
            key: match planned.to {
                Destination::Key(number) => {
                    key = [number];
                    Some(&key)
                }
                _ => None,
            },
            value: Some(&value),
            delivery_timeout: planned.timeout,
            timestamp: i64::try_from((EPOCH_MICROS + queue.now.as_micros()) / 1000).unwrap_or(0)
                + self.clock_error,
            partition: match planned.to {
                Destination::Partition(partition) => Some(partition),
                _ => None,
            },
            ..NewRecord::default()
        };
        let now = || queue.now;
        let result = if planned.waits {
            let mut context = Context::from_waker(&sender.waker);
            match sender.handle.poll_append(&offered, now, waiting, &mut context) {
                Poll::Ready(result) => result,
                Poll::Pending => {
                    counts.add("send waits");
                    return;
                }
            }
        } else {
            sender.handle.try_append(&offered, now)
        };
        let delivery = match result {
            Ok(delivery) => delivery,
            Err(refused) => {
                counts.add(&match &refused {
                    Refused::Waiting(reason) => format!("refused: {}", reason_name(reason)),
                    Refused::Closed => "refused: closed".to_owned(),
                    Refused::TooLarge { .. } => "refused: too large".to_owned(),
                    other => format!("refused: {other:?}"),
                });
                book.records[record].fate = Fate::NotAccepted;
                return self.go_on(number, queue);
            }
        };
        let (cancels_after, forgotten) = (planned.cancels_after, planned.forgotten);
        let entry = &mut book.records[record];
        entry.accepted = Some((book.accepted, queue.now));
        entry.partition = Some(delivery.partition());
        book.accepted += 1;
        let look_by = queue.now + self.plan.config.linger;
        client.look_by.entry((self.index, delivery.partition())).or_insert(look_by);
        if forgotten {
            entry.fate = Fate::Forgotten;
        } else {
            entry.fate = Fate::Accepted;
            entry.delivery = Some(delivery);
            self.open.push(record);
            self.flag.clone().wake_now();
            if let Some(after) = cancels_after {
                queue.after(after, Happening::Cancel(record));
            }
        }
        self.go_on(number, queue);
    }

    fn go_on(&mut self, number: usize, queue: &mut Queue) {
        let sender = &mut self.senders[number];
        sender.current = None;
        sender.script.pop();
        if let Some(next) = sender.script.last() {
            queue.at(next.at, Happening::Send(self.index, number));
        }
    }

    /// Asks for everything that has no outcome yet.
    fn ask(
        &mut self,
        woke: Instant,
        book: &mut Book,
        queue: &Queue,
        counts: &mut Counts,
    ) -> Result<(), Violation> {
        let mut context = Context::from_waker(&self.waker);
        let index = self.index;
        let mut late = None;
        self.open.retain(|&record| {
            let entry = &mut book.records[record];
            let Some(delivery) = &mut entry.delivery else { return false };
            let Poll::Ready(settled) = delivery.poll_settled(&mut context) else { return true };
            entry.delivery = None;
            entry.fate = match &settled.result {
                Ok(written) => {
                    counts.add("written");
                    Fate::Written(written.offset)
                }
                Err(undelivered) => {
                    let certainty = match undelivered.certainty {
                        Certainty::NotWritten => "not written",
                        Certainty::PossiblyWritten => "possibly written",
                    };
                    counts.add(&format!("{certainty}: {}", cause_name(&undelivered.cause)));
                    match undelivered.certainty {
                        Certainty::NotWritten => Fate::NotWritten,
                        Certainty::PossiblyWritten => Fate::PossiblyWritten,
                    }
                }
            };
            if let Some((_, at)) = entry.accepted
                && queue.now > (at + entry.timeout).max(woke) + TICK
            {
                late = Some((record, at + entry.timeout));
            }
            false
        });
        if let Some((record, due)) = late {
            let what = format!("record {record} of producer {index}");
            return Err(Violation::Late { what, due, now: queue.now });
        }
        self.flushes.retain_mut(|(_, completion)| match completion.poll_answer(&mut context) {
            Poll::Ready(report) => {
                let done = report.is_some_and(|report| report.waiting.is_empty());
                counts.add(if done { "flush done" } else { "flush at its deadline" });
                false
            }
            Poll::Pending => true,
        });
        let open = self.open.iter().filter_map(|&record| book.records[record].accepted);
        let oldest = open.map(|(order, _)| order).min();
        let mut left = None;
        self.abandoning.retain_mut(|(_, below, completion)| {
            let given_up = completion.poll_answer(&mut context).is_ready();
            left = left.or(oldest.filter(|order| given_up && order < below));
            !given_up
        });
        if let Some(order) = left {
            let what =
                format!("producer {index} gave everything up, but not what it accepted as number {order}");
            return Err(Violation::Untrue(what));
        }
        if let Some((_, completion)) = &mut self.close
            && let Poll::Ready(report) = completion.poll_answer(&mut context)
        {
            self.close = None;
            self.is_closed = true;
            counts.add("producer closed");
            if report.is_none() || !self.open.is_empty() {
                let open = self.open.len();
                return Err(Violation::Untrue(format!(
                    "producer {index} is closed ({report:?}), and {open} records have no outcome"
                )));
            }
        }
        Ok(())
    }
}

impl Flag {
    fn wake_now(self: Arc<Self>) {
        std::task::Wake::wake(self);
    }
}

/// What a record carries: its number, and bytes that follow from it.
pub(crate) fn value_of(record: usize, size: usize) -> Vec<u8> {
    let mut chance = Chance::new(record as u64);
    let mut value = (record as u64).to_be_bytes().to_vec();
    while value.len() < size {
        // Half of it repeats, so that compression has something to do.
        value.extend_from_slice(&chance.number().to_be_bytes());
        value.extend_from_slice(b"orders..");
    }
    value.truncate(size.max(8));
    value
}

pub(crate) fn reason_name(reason: &WaitReason) -> String {
    let text = format!("{reason:?}");
    text.split([' ', '(', '{']).next().unwrap_or_default().to_owned()
}

fn cause_name(cause: &Cause) -> String {
    match cause {
        Cause::Refused { code, .. } => format!("refused with {code}"),
        other => format!("{other:?}").split([' ', '(', '{']).next().unwrap_or_default().to_owned(),
    }
}
