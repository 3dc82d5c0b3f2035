//! A program that reads as a member of the group, driven as `GroupConsumer` is.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use ottla_core::consumer::{
    Batch, ConsumerKey, ConsumerReader, PartitionFault, ReadError, Start, TopicPartition,
};
use ottla_core::group::{
    CommitEntry, End, GroupEdge, GroupError, GroupEvent, HandOut, HandedOut, Ownership, OwnershipId, Phase,
};
use ottla_core::{Event, Instant, Ticket};

use super::plan::{Commits, Deed, MemberPlan, Plan};
use super::truth::{Truth, record_of};
use crate::chance::Chance;
use crate::client::{Client, Flag};
use crate::queue::{Happening, Queue};
use crate::report::{Counts, Violation};

/// How long the real one gives a commit.
const COMMIT_TIMEOUT: Duration = Duration::from_secs(60);

pub(super) struct MemberApp {
    pub(super) slot: usize,
    pub(super) incarnation: usize,
    pub(super) client: usize,
    pub(super) key: ConsumerKey,
    pub(super) edge: Arc<GroupEdge>,
    pub(super) reader: ConsumerReader,
    plan: MemberPlan,
    commits: Commits,
    max_poll: Duration,
    flag: Arc<Flag>,
    waker: Waker,
    /// What it works on.
    held: BTreeMap<u64, Held>,
    next_work: u64,
    rests: bool,
    /// A commit failed, and another is to be made then.
    commit_failed: bool,
    commits_anew_at: Option<Instant>,
    /// The member left because of its application.
    is_absent: bool,
    /// The next batch takes longer than it may.
    dawdles: bool,
    /// The application waits for a commit.
    committing: Option<(Ticket, Option<u64>)>,
    pub(super) leaving: Option<(Ticket, Instant)>,
    /// What its events say that it owns.
    told: BTreeSet<i32>,
    /// Where the latest batch of each ownership ended.
    reached: BTreeMap<i32, (OwnershipId, i64)>,
    ownerships: Vec<Arc<Ownership>>,
    /// What was told since the world last looked.
    pub(super) news: Vec<GroupEvent>,
    /// Why it is over.
    pub(super) end: Option<Ended>,
}

struct Held {
    batch: Batch,
    handed: HandedOut,
    /// An event said that its partition was not waited for any longer.
    is_overdue: bool,
}

impl Held {
    fn was_not_waited_for(&self) -> bool {
        let given_up =
            [End::Revoked, End::Closed].map(Phase::Ended).contains(&self.handed.ownership().phase());
        given_up && !self.is_overdue
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ended {
    Left,
    Failed(GroupError),
}

impl MemberApp {
    pub(super) fn new(
        (slot, incarnation, client): (usize, usize, usize),
        (key, edge, reader): (ConsumerKey, Arc<GroupEdge>, ConsumerReader),
        plan: &Plan,
    ) -> Self {
        let flag = Flag::raised();
        let waker = Waker::from(Arc::clone(&flag));
        Self {
            slot,
            incarnation,
            client,
            key,
            edge,
            reader,
            plan: MemberPlan {
                // What is stored with its output comes in order.
                at_once: if plan.commits == Commits::Stored { 1 } else { plan.members[slot].at_once },
                ..plan.members[slot].clone()
            },
            commits: plan.commits,
            max_poll: plan.member.max_poll,
            flag,
            waker,
            held: BTreeMap::new(),
            next_work: 0,
            rests: false,
            commit_failed: false,
            commits_anew_at: None,
            is_absent: false,
            dawdles: false,
            committing: None,
            leaving: None,
            told: BTreeSet::new(),
            reached: BTreeMap::new(),
            ownerships: Vec::new(),
            news: Vec::new(),
            end: None,
        }
    }

    pub(super) fn is_woken(&self) -> bool {
        self.flag.is_up() && self.end.is_none()
    }

    fn wake(&self) {
        self.flag.wake_by_ref();
    }

    pub(super) fn dawdle(&mut self) {
        self.dawdles = true;
    }

    pub(super) fn go_on(&mut self, client: &mut Client, now: Instant) {
        self.rests = false;
        if self.commits_anew_at.take_if(|at| *at <= now).is_some() {
            // What it waits for to be committed counts as processed only then.
            let work = self.committing.as_ref().and_then(|(_, work)| self.held.get(work.as_ref()?));
            let awaited = work.map(|held| held.batch.partition().clone());
            let entries = self.edge.owned().into_iter().filter_map(|ownership| {
                let others = awaited.as_ref() != Some(ownership.partition());
                let processed = ownership.processed().filter(|_| others)?;
                Some(CommitEntry {
                    partition: ownership.partition().clone(),
                    ownership: Some(ownership.id()),
                    offset: processed.offset,
                    leader_epoch: processed.leader_epoch,
                    metadata: None,
                })
            });
            let order = self.edge.order(entries.collect());
            client.core.parts().groups.commit(self.key, None, order, now + COMMIT_TIMEOUT);
            client.has_input = true;
        }
        self.wake();
    }

    /// Who commits by itself tries again what failed.
    pub(super) fn plan_another_commit(&mut self, queue: &mut Queue) {
        let failed = std::mem::take(&mut self.commit_failed) && self.commits == Commits::Explicit;
        if failed && self.commits_anew_at.is_none() {
            let at = queue.now + Duration::from_millis(300);
            self.commits_anew_at = Some(at);
            queue.at(at, Happening::Group(Deed::GoOn(self.slot, self.incarnation)));
        }
    }

    /// Who stayed away for too long has nothing until it is back.
    pub(super) fn check_absence(&self) -> Result<(), Violation> {
        if self.is_absent && self.owns().next().is_some() {
            return Err(self.untrue("it left because its application is away, and owns something"));
        }
        Ok(())
    }

    pub(super) fn has_failed(&self) -> bool {
        matches!(self.end, Some(Ended::Failed(_)))
    }

    pub(super) fn is_idle(&self) -> bool {
        self.held.is_empty() && self.committing.is_none() && self.leaving.is_none()
    }

    /// Looks at what happened, and reads what there is until it has enough to do.
    pub(super) fn act(
        &mut self,
        truth: &mut Truth,
        chance: &mut Chance,
        queue: &mut Queue,
        counts: &mut Counts,
    ) -> Result<(), Violation> {
        self.flag.take();
        self.take_events(counts)?;
        loop {
            let busy = self.rests || self.committing.is_some() || self.held.len() >= self.plan.at_once;
            if busy || self.leaving.is_some() || self.end.is_some() {
                return Ok(());
            }
            let mut context = Context::from_waker(&self.waker);
            let seen = match self.edge.come_back(&mut context) {
                Ok(seen) => {
                    self.is_absent = false;
                    seen
                }
                Err(error) => {
                    self.end = Some(Ended::Failed(error));
                    return self.take_events(counts);
                }
            };
            let batch = match self.reader.poll_batch(&mut context) {
                Poll::Pending => {
                    if chance.one_in(12) {
                        // It gives up waiting, and has something else to do for a moment.
                        self.edge.go_away(queue.now);
                        counts.add("wait for a batch given up");
                        self.rest(chance.millis(1, 300), queue);
                    }
                    return Ok(());
                }
                Poll::Ready(Ok(Some(batch))) => batch,
                Poll::Ready(Ok(None)) => return Err(self.untrue("its reading came to an end")),
                Poll::Ready(Err(error)) => {
                    self.edge.go_away(queue.now);
                    self.meet(&error, truth, counts)?;
                    self.rest(chance.millis(50, 500), queue);
                    return Ok(());
                }
            };
            match self.edge.hand_out(&batch, seen, queue.now) {
                HandOut::NotOwned => counts.add("batch of a partition that is not owned any more"),
                HandOut::Stale(offset) => {
                    counts.add("batch of an ownership before");
                    if let Some(offset) = offset {
                        let _ = self.reader.edge().seek(batch.partition(), Start::At(offset));
                    }
                }
                HandOut::Given(handed) => self.take(batch, handed, truth, chance, queue, counts)?,
            }
        }
    }

    fn take(
        &mut self,
        batch: Batch,
        mut handed: HandedOut,
        truth: &mut Truth,
        chance: &mut Chance,
        queue: &mut Queue,
        counts: &mut Counts,
    ) -> Result<(), Violation> {
        counts.add("batch read");
        let partition = batch.partition().partition;
        let id = handed.ownership().id();
        let offsets: Vec<_> = batch.iter().map(|record| record.offset).collect();
        let Some((&first, &last)) = offsets.first().zip(offsets.last()) else {
            return Err(self.untrue("a batch without records"));
        };
        if offsets.windows(2).any(|pair| pair[0] >= pair[1]) || batch.next_offset() <= last {
            return Err(self.untrue(&format!("partition {partition}: a batch with offsets {offsets:?}")));
        }
        match self.reached.get(&partition) {
            Some((ownership, reached)) if *ownership == id => {
                if first < *reached && !truth.is_broken(partition) {
                    return Err(self.untrue(&format!(
                        "partition {partition}: reading goes back from {reached} to {first}"
                    )));
                }
                truth.check_skip(partition, *reached, first)?;
            }
            _ if self.commits == Commits::Stored => {
                // What it keeps with its output says where to go on.
                let stored = truth.stored.get(&partition).copied();
                let known = |stored: &i64| {
                    *stored != first && *stored >= truth.log_start(partition) && !truth.is_broken(partition)
                };
                if let Some(stored) = stored.filter(known) {
                    counts.add("sought to what is stored");
                    self.reached.insert(partition, (id, stored));
                    let _ = self.reader.edge().seek(batch.partition(), Start::At(stored));
                    self.edge.seek(batch.partition(), Some(stored));
                    handed.done();
                    return Ok(());
                }
            }
            _ => truth.check_processed(partition, first, "the begin")?,
        }
        self.reached.insert(partition, (id, batch.next_offset()));
        if self.plan.by_record {
            handed.by_record(offsets.into_iter());
        }
        let delay = if std::mem::take(&mut self.dawdles) {
            counts.add("worked for longer than it may");
            self.max_poll + chance.millis(500, 8_000)
        } else if chance.one_in(12) {
            chance.millis(300, 2_500)
        } else {
            chance.millis(0, 60)
        };
        self.next_work += 1;
        self.held.insert(self.next_work, Held { batch, handed, is_overdue: false });
        queue.after(delay, Happening::Group(Deed::Done(self.slot, self.incarnation, self.next_work)));
        Ok(())
    }

    /// Work on a batch is done.
    pub(super) fn done(
        &mut self,
        work: u64,
        client: &mut Client,
        truth: &mut Truth,
        chance: &mut Chance,
        queue: &mut Queue,
        counts: &mut Counts,
    ) -> Result<(), Violation> {
        let Some(mut held) = self.held.remove(&work) else { return Ok(()) };
        if self.commits == Commits::Stored {
            self.store(&held, truth, counts)?;
        } else {
            for record in held.batch.iter() {
                let id = record_of(record.value).ok_or_else(|| self.untrue("an unknown record"))?;
                truth.process(id);
            }
        }
        if self.plan.by_record {
            let mut offsets: Vec<_> = held.batch.iter().map(|record| record.offset).collect();
            offsets.rotate_left(1);
            offsets.into_iter().for_each(|offset| held.handed.acknowledge(offset));
        }
        match self.commits {
            Commits::Explicit => {
                let end = held.handed.end();
                let entry = CommitEntry {
                    partition: held.batch.partition().clone(),
                    ownership: Some(held.handed.ownership().id()),
                    offset: end.offset,
                    leader_epoch: end.leader_epoch,
                    metadata: None,
                };
                // With several at a time it takes the group as far as there is no gap.
                let entry = match held.handed.ownership().processed() {
                    Some(processed) if self.plan.at_once > 1 => {
                        held.handed.done();
                        let processed = held.handed.ownership().processed().unwrap_or(processed);
                        CommitEntry {
                            offset: processed.offset,
                            leader_epoch: processed.leader_epoch,
                            ..entry
                        }
                    }
                    _ => entry,
                };
                let waits = self.plan.at_once == 1 && chance.one_in(2);
                let ticket = waits.then(|| client.core.ticket());
                let deadline = queue.now + COMMIT_TIMEOUT;
                let order = self.edge.order(vec![entry]);
                client.core.parts().groups.commit(self.key, ticket, order, deadline);
                client.has_input = true;
                if let Some(ticket) = ticket {
                    self.committing = Some((ticket, Some(work)));
                    self.held.insert(work, held);
                    return Ok(());
                }
            }
            // With several at a time nobody can guess which are done.
            Commits::Automatic | Commits::Stored if self.plan.at_once > 1 || chance.one_in(3) => {
                held.handed.done();
            }
            Commits::Automatic | Commits::Stored => {}
        }
        drop(held);
        self.wake();
        Ok(())
    }

    /// Output and position go to the application's store in one step, if the position is still what it was.
    fn store(&mut self, held: &Held, truth: &mut Truth, counts: &mut Counts) -> Result<(), Violation> {
        let partition = held.batch.partition().partition;
        let stored = truth.stored.get(&partition).copied();
        let first = held.batch.iter().next().map_or(0, |record| record.offset);
        let expected = stored.unwrap_or(0).max(truth.log_start(partition));
        if first > expected {
            truth.check_skip(partition, expected, first)?;
        }
        if first < stored.unwrap_or(0) && !truth.is_broken(partition) {
            counts.add("output of somebody who was fenced");
            if held.handed.ownership().is_held() {
                counts.add("output of somebody who did not know it yet");
                // Or of the owner, before whom somebody else had finished the same.
                if let Some(stored) = stored.map(|stored| stored.max(truth.log_start(partition))) {
                    let _ = self.reader.edge().seek(held.batch.partition(), Start::At(stored));
                    self.edge.seek(held.batch.partition(), Some(stored));
                    self.reached.insert(partition, (held.handed.ownership().id(), stored));
                }
            }
            return Ok(());
        }
        for record in held.batch.iter() {
            let id = record_of(record.value).ok_or_else(|| self.untrue("an unknown record"))?;
            truth.process(id);
            if truth.processed[&id] > 1 && !truth.is_broken(partition) {
                return Err(self.untrue(&format!("record {id} of partition {partition} is stored twice")));
            }
        }
        truth.stored.insert(partition, held.batch.next_offset());
        Ok(())
    }

    /// The client told of something that this member waited for, or of its positions.
    pub(super) fn hear(
        &mut self,
        event: Event,
        truth: &mut Truth,
        counts: &mut Counts,
    ) -> Result<(), Violation> {
        match event {
            Event::CommitDone { ticket, result } => {
                self.commit_failed |= result.is_err();
                counts.add(match &result {
                    Ok(()) => "commit done",
                    Err(_) => "commit failed",
                });
                if let Some((_, work)) = self.committing.take_if(|(waited, _)| *waited == ticket) {
                    if let Some(work) = work {
                        self.held.remove(&work);
                    }
                    self.wake();
                }
            }
            Event::GroupLeft { ticket, report }
                if self.leaving.is_some_and(|(waited, _)| waited == ticket) =>
            {
                counts.add(if report.left { "left in order" } else { "left without a word" });
                self.take_events(counts)?;
                self.end = Some(Ended::Left);
            }
            Event::PositionReset { partition, cause, .. } => {
                let cause = format!("{cause:?}");
                counts.add(&format!("position reset: {cause}"));
                if cause == "Truncated" {
                    truth.was_cut(partition)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn meet(&mut self, error: &ReadError, truth: &mut Truth, counts: &mut Counts) -> Result<(), Violation> {
        match error {
            ReadError::Topic { .. } => counts.add("reader told of its topic"),
            ReadError::Partition(error) => {
                counts.add("reader told of a partition");
                if matches!(error.fault, PartitionFault::Truncated { .. }) {
                    truth.was_cut(error.partition.partition)?;
                }
                // Such an error is told until a seek.
                let _ = self.reader.edge().seek(&error.partition, Start::Earliest);
                self.edge.seek(&error.partition, None);
                truth.rewound(error.partition.partition);
                self.reached.remove(&error.partition.partition);
            }
            error => return Err(self.untrue(&format!("its reader met {error}"))),
        }
        Ok(())
    }

    fn rest(&mut self, length: Duration, queue: &mut Queue) {
        self.rests = true;
        queue.after(length, Happening::Group(Deed::GoOn(self.slot, self.incarnation)));
    }

    fn take_events(&mut self, counts: &mut Counts) -> Result<(), Violation> {
        let waker = self.waker.clone();
        while let Poll::Ready(Some(event)) = self.edge.poll_event(&mut Context::from_waker(&waker)) {
            self.note(&event, counts)?;
            self.news.push(event);
        }
        self.check_events()
    }

    fn note(&mut self, event: &GroupEvent, counts: &mut Counts) -> Result<(), Violation> {
        let name = format!("{event:?}");
        counts.add(&format!("told: {}", name.split([' ', '{', '(']).next().unwrap_or_default()));
        match event {
            GroupEvent::Assigned { partitions } => {
                for partition in partitions {
                    if !self.told.insert(partition.partition) {
                        return Err(self.untrue(&format!("{partition} is assigned twice")));
                    }
                    self.ownerships.extend(self.edge.ownership(partition));
                }
            }
            GroupEvent::HandOverOverdue { partitions, .. } => {
                for held in self.held.values_mut() {
                    held.is_overdue |= partitions.contains(held.batch.partition());
                }
            }
            GroupEvent::Revoked { partitions } => {
                self.forget(partitions);
                if let Some(held) = self.held.values().find(|held| held.was_not_waited_for()) {
                    let partition = held.batch.partition();
                    return Err(
                        self.untrue(&format!("{partition} is given up amid work, and nobody said so"))
                    );
                }
            }
            GroupEvent::Lost { partitions, .. } => self.forget(partitions),
            GroupEvent::Failed { error } => {
                self.told.clear();
                self.end = Some(Ended::Failed(error.clone()));
            }
            GroupEvent::AbsenceExceeded { .. } => self.is_absent = true,
            GroupEvent::CommitFailed { .. } => self.commit_failed = true,
            GroupEvent::Rebalanced(rebalance) => {
                let cause = format!("{:?}", rebalance.cause);
                counts.add(&format!("rebalanced: {}", cause.split(' ').next().unwrap_or_default()));
            }
            _ => {}
        }
        Ok(())
    }

    fn forget(&mut self, partitions: &[TopicPartition]) {
        for partition in partitions {
            self.told.remove(&partition.partition);
        }
    }

    /// What the member owns is what its events say: nothing is taken in silence.
    fn check_events(&self) -> Result<(), Violation> {
        let owned: BTreeSet<_> =
            self.edge.owned().iter().map(|ownership| ownership.partition().partition).collect();
        if owned != self.told && self.end.is_none() {
            return Err(self.untrue(&format!("it owns {owned:?}, and its events say {:?}", self.told)));
        }
        Ok(())
    }

    /// The partitions that this member takes for its own, in whatever phase.
    pub(super) fn owns(&self) -> impl Iterator<Item = i32> {
        self.edge.owned().into_iter().map(|ownership| ownership.partition().partition)
    }

    pub(super) fn check_memory(&self) -> Result<(), Violation> {
        /// The largest batch, decompressed beside itself.
        const LARGEST: usize = 16 << 10;
        let stats = self.reader.edge().stats();
        if stats.budget_used > stats.budget_bytes + LARGEST {
            return Err(
                self.untrue(&format!("{} of {} bytes are used", stats.budget_used, stats.budget_bytes))
            );
        }
        Ok(())
    }

    /// What it had is given back when it is gone.
    pub(super) fn check_end(&self) -> Result<(), Violation> {
        let kept = self.ownerships.iter().find(|ownership| ownership.is_held());
        if let Some(kept) = kept {
            return Err(self.untrue(&format!("it is gone and still owns {}", kept.partition())));
        }
        let left = self.end == Some(Ended::Left);
        let lost = |ownership: &&Arc<Ownership>| ownership.phase() == Phase::Ended(End::Closed);
        if !left && self.ownerships.iter().any(|ownership| lost(&ownership)) {
            return Err(self.untrue("it was not closed, and its ownerships say so"));
        }
        Ok(())
    }

    fn untrue(&self, text: &str) -> Violation {
        Violation::Untrue(format!("member {}.{}: {text}", self.slot, self.incarnation))
    }
}
