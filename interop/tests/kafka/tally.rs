//! What the members of one group did, held against what a group promises: every record is processed, in order as long
//! as one member owns a partition; no commit is ahead of that or goes back; no two members own a partition at once, but
//! for one that the group gave up and that learns of it too late.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ottla::consumer::group::Standing;

use crate::support::index;

type HowItStands = Box<dyn Fn() -> Standing + Send>;

/// All partitions of one topic as one group reads them.
pub(crate) struct Tally {
    partitions: Vec<Reading>,
    /// Members that died and cannot learn anything any more.
    dead: BTreeSet<u32>,
    /// A node's answers may be from before others took over.
    old_answers: bool,
    broken: Vec<String>,
}

#[derive(Default)]
struct Reading {
    /// How often each record was processed.
    times: Vec<u32>,
    /// Everything before it was processed.
    processed: i64,
    committed: i64,
    terms: Vec<Term>,
}

/// One member's time with a partition.
struct Term {
    member: u32,
    stands: HowItStands,
    /// Where its next batch has to begin, once it has read one.
    next: Option<i64>,
    /// It holds a batch.
    busy: bool,
    /// Another member began to read while this one took the partition for its own.
    overtaken: bool,
    /// What it was told may be from before the group gave it up, so that it may end in what it takes for good order.
    misled: bool,
}

impl Term {
    fn new(member: u32, stands: HowItStands) -> Self {
        Self { member, stands, next: None, busy: false, overtaken: false, misled: false }
    }

    fn is_owner(&self) -> bool {
        is_owner((self.stands)())
    }
}

fn is_owner(standing: Standing) -> bool {
    matches!(standing, Standing::Held | Standing::Revoking)
}

impl Tally {
    pub(crate) fn new(partitions: i32) -> Self {
        let partitions = (0..partitions).map(|_| Reading::default()).collect();
        Self { partitions, dead: BTreeSet::new(), old_answers: false, broken: Vec::new() }
    }

    /// A member was given these records of a partition, under an ownership that stands like this.
    pub(crate) fn begin(
        &mut self,
        partition: i32,
        member: u32,
        stands: impl Fn() -> Standing + Send + 'static,
        records: Range<i64>,
    ) {
        let Reading { terms, processed, .. } = &mut self.partitions[index(partition)];
        let (owns, last) = (is_owner(stands()), terms.len().saturating_sub(1));
        let same = terms.iter().rposition(|term| term.member == member).filter(|at| {
            // A member has one ownership of a partition at a time; of two that both ended nobody knows.
            let term = &terms[*at];
            term.is_owner() || !owns && *at == last && term.next == Some(records.start)
        });
        let at = same.unwrap_or_else(|| {
            // Whoever comes later overtakes. One that goes on, and does not know yet that it is out, overtakes nobody.
            for other in
                terms.iter_mut().filter(|term| term.member != member && (term.busy || term.is_owner()))
            {
                other.overtaken = true;
                other.misled |= self.old_answers;
            }
            terms.push(Term::new(member, Box::new(stands)));
            terms.len() - 1
        });
        match terms[at].next {
            Some(next) if next != records.start => self.broken.push(format!(
                "partition {partition}: member {member} went on at {} and not at {next}",
                records.start
            )),
            None if records.start > *processed => self.broken.push(format!(
                "partition {partition}: member {member} began at {}, although {processed} was not processed",
                records.start
            )),
            _ => {}
        }
        (terms[at].next, terms[at].busy) = (Some(records.end), true);
    }

    /// The member has processed them.
    pub(crate) fn finish(&mut self, partition: i32, member: u32, records: Range<i64>) {
        let reading = &mut self.partitions[index(partition)];
        let end = index(records.end);
        reading.times.resize(end.max(reading.times.len()), 0);
        for times in &mut reading.times[index(records.start)..end] {
            *times += 1;
        }
        while reading.times.get(index(reading.processed)).is_some_and(|times| *times > 0) {
            reading.processed += 1;
        }
        if let Some(term) = reading.terms.iter_mut().rev().find(|term| term.member == member) {
            term.busy = false;
        }
    }

    /// The group has committed this offset of a partition, as somebody asked before now.
    pub(crate) fn committed(&mut self, partition: i32, offset: i64) {
        let reading = &mut self.partitions[index(partition)];
        if offset > reading.processed {
            self.broken.push(format!(
                "partition {partition}: {offset} was committed, although {} was not processed",
                reading.processed
            ));
        }
        if offset < reading.committed {
            let before = reading.committed;
            self.broken.push(format!("partition {partition}: the commit went from {before} to {offset}"));
        }
        reading.committed = reading.committed.max(offset);
    }

    /// The member ended without a word, and whatever it held with it.
    pub(crate) fn died(&mut self, member: u32) {
        self.dead.insert(member);
    }

    /// The member stood still for longer than its session, owns this partition as far as it knows, and has not heard
    /// anything since.
    pub(crate) fn stood_still(
        &mut self,
        partition: i32,
        member: u32,
        stands: impl Fn() -> Standing + Send + 'static,
    ) {
        let terms = &mut self.partitions[index(partition)].terms;
        let known = terms.iter().rposition(|term| term.member == member && term.is_owner());
        let at = known.unwrap_or_else(|| {
            terms.push(Term::new(member, Box::new(stands)));
            terms.len() - 1
        });
        terms[at].misled = true;
    }

    /// Whether a node's answers may be from before others took over.
    pub(crate) fn old_answers(&mut self, may_come: bool) {
        self.old_answers = may_come;
    }

    /// Whether everything before these offsets was processed, by partition.
    pub(crate) fn has_all(&self, ends: &[i64]) -> bool {
        self.partitions.iter().zip(ends).all(|(reading, end)| reading.processed == *end)
    }

    /// Records, and how many of them were processed again.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let times = self.partitions.iter().flat_map(|reading| &reading.times);
        times.fold((0, 0), |(records, again), times| (records + 1, again + usize::from(*times > 1)))
    }

    /// How many times a member took a partition for its own after the group had given it up.
    pub(crate) fn overtaken(&self) -> usize {
        self.partitions.iter().flat_map(|reading| &reading.terms).filter(|term| term.overtaken).count()
    }

    /// Members that live, were overtaken, and have not learnt of it yet.
    pub(crate) fn unaware(&self) -> BTreeSet<u32> {
        let terms = self.partitions.iter().flat_map(|reading| &reading.terms);
        let unaware =
            terms.filter(|term| term.overtaken && !self.dead.contains(&term.member) && term.is_owner());
        unaware.map(|term| term.member).collect()
    }

    /// What was broken so far.
    pub(crate) fn broken(&self) -> Vec<String> {
        let mut broken = self.broken.clone();
        for (partition, reading) in self.partitions.iter().enumerate() {
            for Term { member, .. } in reading.terms.iter().filter(|term| self.is_second_owner(term)) {
                broken.push(format!(
                    "partition {partition}: others read it before member {member} gave it up in good order"
                ));
            }
        }
        broken
    }

    fn is_second_owner(&self, term: &Term) -> bool {
        let is_excused = term.misled || self.dead.contains(&term.member);
        term.overtaken && !is_excused && (term.stands)() == Standing::Revoked
    }
}

#[test]
fn the_tally_finds_what_it_is_for() {
    let one = || Standing::Held;
    let start = || {
        let mut tally = Tally::new(1);
        tally.begin(0, 1, one, 0..10);
        tally.finish(0, 1, 0..10);
        tally
    };
    let mut good = start();
    good.committed(0, 10);
    good.begin(0, 1, one, 10..20);
    good.died(1);
    good.begin(0, 2, one, 10..15);
    good.finish(0, 2, 10..15);
    assert_eq!((good.broken(), good.has_all(&[15]), good.counts()), (vec![], true, (15, 0)));
    assert_eq!((good.overtaken(), good.unaware().len()), (1, 0));

    let breaks = |tally: &Tally, word: &str| tally.broken().len() == 1 && tally.broken()[0].contains(word);
    let mut lost = start();
    lost.begin(0, 2, one, 12..20);
    assert!(breaks(&lost, "began at 12"), "{:?}", lost.broken());
    let mut unordered = start();
    unordered.begin(0, 1, one, 5..10);
    assert!(breaks(&unordered, "went on at 5"), "{:?}", unordered.broken());
    let mut ahead = start();
    ahead.committed(0, 11);
    assert!(breaks(&ahead, "11 was committed"), "{:?}", ahead.broken());
    let mut back = start();
    back.committed(0, 10);
    back.committed(0, 9);
    assert!(breaks(&back, "from 10 to 9"), "{:?}", back.broken());
    let mut two = Tally::new(1);
    two.begin(0, 1, || Standing::Revoked, 0..10);
    two.begin(0, 2, one, 0..10);
    assert!(breaks(&two, "before member 1"), "{:?}", two.broken());
    let mut unaware = start();
    unaware.begin(0, 2, one, 0..10);
    unaware.finish(0, 2, 0..10);
    assert_eq!((unaware.unaware(), unaware.counts()), (BTreeSet::from([1]), (10, 10)));

    // One that stood still goes on until it hears that it is out. That harms neither it nor its successor.
    let (standing, stands) = changing();
    let mut late = start();
    late.begin(0, 2, stands, 10..20);
    late.stood_still(0, 1, one);
    late.begin(0, 1, one, 10..20);
    standing.store(true, Ordering::Relaxed);
    assert_eq!((late.broken(), late.unaware()), (vec![], BTreeSet::from([1])));

    // The same when it has owned without reading, and when it was told by an answer that had waited for it.
    let (standing, stands) = changing();
    let mut late = start();
    late.begin(0, 1, one, 10..20);
    late.stood_still(0, 2, stands.clone());
    late.begin(0, 2, stands, 10..20);
    late.begin(0, 3, one, 10..20);
    standing.store(true, Ordering::Relaxed);
    assert_eq!((late.broken(), late.unaware()), (vec![], BTreeSet::from([1])));

    let old = |may_come: bool| {
        let (standing, stands) = changing();
        let mut tally = Tally::new(1);
        tally.begin(0, 1, stands, 0..10);
        tally.old_answers(may_come);
        tally.begin(0, 2, one, 0..10);
        standing.store(true, Ordering::Relaxed);
        tally
    };
    assert_eq!(old(true).broken(), [""; 0]);
    assert!(breaks(&old(false), "before member 1"), "{:?}", old(false).broken());
}

/// An ownership that is held until it is given up in good order.
fn changing() -> (Arc<AtomicBool>, impl Fn() -> Standing + Clone + Send + 'static) {
    let revoked = Arc::<AtomicBool>::default();
    let seen = Arc::clone(&revoked);
    let stands = move || if seen.load(Ordering::Relaxed) { Standing::Revoked } else { Standing::Held };
    (revoked, stands)
}
