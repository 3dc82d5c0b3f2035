//! Where a batch's time went: parts that add up to the whole, by construction.

use std::collections::VecDeque;
use std::time::Duration;

use crate::time::Instant;

/// What a batch was doing during a stretch of its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// In hand, nothing against sending it: the driver's own time, compression included.
    Queue,
    /// Held back on purpose, to grow.
    Linger,
    /// Held back because its broker asked for a pause, or while that pause ran in flight or behind what was.
    Throttle,
    /// No leader, no usable connection or no producer id.
    Connection,
    /// Behind earlier requests or batches that have not been answered.
    InFlight,
    /// In a request whose last byte the socket had not taken.
    Write,
    /// With the broker: written whole, not answered.
    Broker,
    /// Attempts that failed, and the pauses after them.
    Retry,
}

impl Part {
    /// Every part, in the order in which a batch meets them.
    pub const ALL: [Self; 8] = [
        Self::Queue,
        Self::Linger,
        Self::Throttle,
        Self::Connection,
        Self::InFlight,
        Self::Write,
        Self::Broker,
        Self::Retry,
    ];
}

/// The time from a batch's first record to its outcome, split by cause.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// See [`Part::Queue`].
    pub queue: Duration,
    /// See [`Part::Linger`].
    pub linger: Duration,
    /// See [`Part::Throttle`].
    pub throttle: Duration,
    /// See [`Part::Connection`].
    pub connection: Duration,
    /// See [`Part::InFlight`].
    pub in_flight: Duration,
    /// See [`Part::Write`].
    pub write: Duration,
    /// See [`Part::Broker`].
    pub broker: Duration,
    /// See [`Part::Retry`].
    pub retry: Duration,
}

impl Latency {
    /// The whole: the sum of the parts.
    #[must_use]
    pub fn total(&self) -> Duration {
        Part::ALL.iter().map(|&part| self.part(part)).sum()
    }

    /// One part.
    #[must_use]
    pub fn part(&self, part: Part) -> Duration {
        match part {
            Part::Queue => self.queue,
            Part::Linger => self.linger,
            Part::Throttle => self.throttle,
            Part::Connection => self.connection,
            Part::InFlight => self.in_flight,
            Part::Write => self.write,
            Part::Broker => self.broker,
            Part::Retry => self.retry,
        }
    }
}

/// The clock of one batch. Every stretch is booked exactly once: each call books from where the last ended.
#[derive(Clone, Debug)]
pub(super) struct LatencyClock {
    booked_until: Instant,
    /// Microseconds, in the order of [`Part::ALL`].
    micros: [u64; Part::ALL.len()],
}

impl LatencyClock {
    /// A clock that starts at the batch's first record.
    pub(super) fn start(opened_at: Instant) -> Self {
        Self { booked_until: opened_at, micros: [0; Part::ALL.len()] }
    }

    /// Books everything up to `now` as `part`.
    pub(super) fn book(&mut self, part: Part, now: Instant) {
        if let Some(micros) = self.micros.get_mut(part as usize) {
            *micros += now.as_micros().saturating_sub(self.booked_until.as_micros());
        }
        self.booked_until = self.booked_until.max(now);
    }

    /// Books up to `now` as the log says, with the pauses that the leader asked for.
    pub(super) fn book_wait(&mut self, log: &WaitLog, pauses: &Pauses, now: Instant) {
        let mut part = Part::Queue;
        for &(since, next) in &log.entries {
            if since > now {
                break;
            }
            self.book_stretch(part, pauses, since);
            part = next;
        }
        self.book_stretch(part, pauses, now);
    }

    /// What waits for an earlier batch waits for whatever that one does.
    fn book_stretch(&mut self, part: Part, pauses: &Pauses, until: Instant) {
        match part {
            Part::InFlight => self.book_around(part, pauses, until),
            _ => self.book(part, until),
        }
    }

    /// Books the flight of an attempt that ended at `now`, on a node that had asked to be left alone meanwhile.
    pub(super) fn book_flight(&mut self, written_at: Instant, pauses: &Pauses, now: Instant) {
        self.book(Part::Write, written_at.min(now));
        self.book_around(Part::Broker, pauses, now);
    }

    /// Books up to `now` as `part`, but for the pauses in it.
    pub(super) fn book_around(&mut self, part: Part, pauses: &Pauses, now: Instant) {
        for &(from, until) in &pauses.stretches {
            self.book(part, from.min(now));
            self.book(Part::Throttle, until.min(now));
        }
        self.book(part, now);
    }

    /// Up to when it has been booked: while the batch is in flight, when that began.
    pub(super) fn booked_until(&self) -> Instant {
        self.booked_until
    }

    /// What has been booked so far.
    pub(super) fn latency(&self) -> Latency {
        let [queue, linger, throttle, connection, in_flight, write, broker, retry] =
            self.micros.map(Duration::from_micros);
        Latency { queue, linger, throttle, connection, in_flight, write, broker, retry }
    }

    /// The same in microseconds, in the order of [`Part::ALL`].
    pub(super) fn micros(&self) -> &[u64; Part::ALL.len()] {
        &self.micros
    }
}

/// The latest stretches for which a node asked to be left alone, in order and apart from each other.
///
/// A broker answers what was in flight when it began to throttle one request at a time, each after another pause, so
/// that one flight may go through as many pauses as there are requests in flight.
#[derive(Clone, Debug, Default)]
pub(super) struct Pauses {
    stretches: VecDeque<(Instant, Instant)>,
}

impl Pauses {
    /// Those of a node that never asked.
    pub(super) const NONE: &Self = &Self { stretches: VecDeque::new() };

    /// More than requests are ever in flight to a node; what is older has no flight left that it could belong to.
    const KEPT: usize = 64;

    /// From `now` on the node is left alone until then.
    pub(super) fn note(&mut self, now: Instant, until: Instant) {
        match self.stretches.back_mut() {
            Some((_, end)) if *end >= now => *end = until.max(*end),
            _ => {
                if self.stretches.len() >= Self::KEPT {
                    self.stretches.pop_front();
                }
                self.stretches.push_back((now, until));
            }
        }
    }
}

/// Why a partition's batches waited, as a list of changes.
///
/// Batches are opened by senders at any moment and taken by the driver at another; the log says what held
/// the partition in between. It forgets what lies before the oldest batch, and merges its oldest entries
/// when a batch waits through more than [`Self::LONGEST`] changes.
#[derive(Debug, Default)]
pub(super) struct WaitLog {
    entries: VecDeque<(Instant, Part)>,
}

impl WaitLog {
    const LONGEST: usize = 64;

    /// From `now` on the reason is `part`.
    pub(super) fn note(&mut self, part: Part, now: Instant) {
        match self.entries.back_mut() {
            Some((_, last)) if *last == part => {}
            Some((since, last)) if *since == now => *last = part,
            _ => {
                if self.entries.len() >= Self::LONGEST {
                    self.entries.remove(1);
                }
                self.entries.push_back((now, part));
            }
        }
    }

    /// Nothing that still waits is older than `oldest`.
    pub(super) fn forget_before(&mut self, oldest: Instant) {
        while self.entries.get(1).is_some_and(|&(since, _)| since <= oldest) {
            self.entries.pop_front();
        }
    }

    /// Nothing waits.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_micros(millis * 1000)
    }

    #[test]
    fn parts_add_up_to_the_whole_whatever_is_booked() {
        let mut log = WaitLog::default();
        log.note(Part::Linger, at(2));
        log.note(Part::Throttle, at(7));
        log.note(Part::Throttle, at(9));
        let mut clock = LatencyClock::start(at(1));
        clock.book_wait(&log, Pauses::NONE, at(20));
        let mut pauses = Pauses::default();
        pauses.note(at(21), at(25));
        clock.book_flight(at(23), &pauses, at(40));
        let latency = clock.latency();
        assert_eq!(latency.queue, Duration::from_millis(1));
        assert_eq!(latency.linger, Duration::from_millis(5));
        assert_eq!(latency.throttle, Duration::from_millis(13 + 2));
        assert_eq!(latency.write, Duration::from_millis(3));
        assert_eq!(latency.broker, Duration::from_millis(15));
        assert_eq!(latency.total(), Duration::from_millis(39));
    }

    #[test]
    fn a_flight_through_several_pauses_books_each_of_them() {
        let mut pauses = Pauses::default();
        pauses.note(at(10), at(20));
        pauses.note(at(15), at(18));
        pauses.note(at(20), at(24));
        pauses.note(at(30), at(38));
        let mut clock = LatencyClock::start(at(12));
        clock.book_flight(at(13), &pauses, at(36));
        let latency = clock.latency();
        assert_eq!(latency.write, Duration::from_millis(1));
        assert_eq!(latency.throttle, Duration::from_millis(11 + 6));
        assert_eq!(latency.broker, Duration::from_millis(6));
        assert_eq!(latency.total(), Duration::from_millis(24));
    }

    #[test]
    fn a_batch_opened_in_the_middle_of_a_wait_is_booked_from_there() {
        let mut log = WaitLog::default();
        log.note(Part::Throttle, at(0));
        log.note(Part::Connection, at(10));
        let mut clock = LatencyClock::start(at(8));
        clock.book_wait(&log, Pauses::NONE, at(11));
        assert_eq!(clock.latency().throttle, Duration::from_millis(2));
        assert_eq!(clock.latency().connection, Duration::from_millis(1));
        assert_eq!(clock.latency().total(), Duration::from_millis(3));
    }

    #[test]
    fn the_log_stays_short_and_sums_stay_exact() {
        let mut log = WaitLog::default();
        for millis in 0..1000 {
            log.note(if millis % 2 == 0 { Part::Throttle } else { Part::InFlight }, at(millis));
        }
        assert!(log.entries.len() <= WaitLog::LONGEST);
        let mut clock = LatencyClock::start(at(0));
        clock.book_wait(&log, Pauses::NONE, at(1000));
        assert_eq!(clock.latency().total(), Duration::from_secs(1));
        log.forget_before(at(999));
        assert_eq!(log.entries.len(), 1);
    }
}
