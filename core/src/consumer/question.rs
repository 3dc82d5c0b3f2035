//! Offsets that the application asks for, and that move no position.
//!
//! Each partition asked about is looked up as one that is read from is: by way of its leader, again after what may
//! pass, and with a name for what it waits for. Only nothing is fetched of it.

use std::collections::BTreeSet;

use ottla_proto::LeaderEpoch;
use ottla_proto::messages::list_offsets::ListOffsetsPartitionResponse;
use thiserror::Error;

use super::config::{Start, TopicPartition};
use super::edge::{Appetite, SlotId};
use super::error::PartitionFault;
use super::fetcher::Fetcher;
use super::partition::Stage;
use crate::event::{Event, Ticket};
use crate::net::Net;
use crate::time::Instant;
use crate::wait::WaitReason;

/// An offset that was looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FoundOffset {
    /// The offset.
    pub offset: i64,
    /// The timestamp of the record there, for a look-up by time.
    pub timestamp: Option<i64>,
    /// The epoch of the leader that appended it, if the broker says so (since 2.1).
    pub leader_epoch: Option<LeaderEpoch>,
}

/// Why an offset was not found.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum LookupError {
    /// The partition cannot be asked about.
    #[error(transparent)]
    Partition(#[from] PartitionFault),
    /// The time ran out.
    #[error("no broker answered in time{}", Waiting(.waiting_for))]
    DeadlineExceeded {
        /// What it waited for in the end.
        waiting_for: Option<Box<WaitReason>>,
    },
    /// The consumer was closed first.
    #[error("the consumer was closed")]
    Closed,
}

/// What became of each partition that was asked about; `None` if no record is that late.
pub type FoundOffsets = Vec<(TopicPartition, Result<Option<FoundOffset>, LookupError>)>;

/// A question that is not answered yet.
#[derive(Debug)]
pub(super) struct Question {
    open: BTreeSet<SlotId>,
    found: FoundOffsets,
    pub(super) deadline: Instant,
}

impl Question {
    pub(super) fn open(&self) -> impl Iterator<Item = SlotId> {
        self.open.iter().copied()
    }
}

impl Fetcher {
    pub(super) fn ask(
        &mut self,
        ticket: Ticket,
        wanted: Vec<(TopicPartition, Start)>,
        deadline: Instant,
        net: &mut Net,
        now: Instant,
    ) {
        let mut question = Question { open: BTreeSet::new(), found: Vec::new(), deadline };
        let mut slots = Vec::new();
        for (partition, start) in wanted {
            match start.offset() {
                Some(offset) => {
                    let found = FoundOffset { offset, timestamp: None, leader_epoch: None };
                    question.found.push((partition, Ok(Some(found))));
                }
                None => slots.push((self.edge.next_slot(), partition, start)),
            }
        }
        question.open.extend(slots.iter().map(|(slot, ..)| *slot));
        self.questions.insert(ticket, question);
        for (slot, partition, start) in slots {
            self.assign(slot, partition, start, net, now);
            if let Some(partition) = self.partitions.get_mut(&slot) {
                partition.question = Some(ticket);
                partition.end_wanted = false;
            }
        }
        self.look_again();
        self.finish(ticket);
    }

    /// Whoever asked went away.
    pub(super) fn forget(&mut self, ticket: Ticket, net: &mut Net) {
        if let Some(question) = self.questions.remove(&ticket) {
            self.unassign(question.open, net);
        }
    }

    /// Answers what is out of time.
    pub(super) fn expire_questions(&mut self, net: &Net, now: Instant) {
        let late = self.questions.iter().filter(|(_, question)| question.deadline <= now);
        for ticket in late.map(|(ticket, _)| *ticket).collect::<Vec<_>>() {
            let open = self.questions.get(&ticket).map(|question| question.open.clone()).unwrap_or_default();
            for slot in open {
                let partition = self.partitions.get(&slot);
                let reason =
                    partition.and_then(|partition| self.reason(partition, Appetite::Hungry, net, now));
                let waiting_for = reason.map(|(reason, _)| Box::new(reason));
                self.answer_question(slot, Err(LookupError::DeadlineExceeded { waiting_for }));
            }
        }
    }

    /// Answers everything at the end.
    pub(super) fn close_questions(&mut self) {
        for (ticket, question) in std::mem::take(&mut self.questions) {
            let mut offsets = question.found;
            let open = question.open.iter().filter_map(|slot| self.partitions.get(slot));
            offsets.extend(open.map(|partition| (partition.name.clone(), Err(LookupError::Closed))));
            self.events.push_back(Event::OffsetsFound { ticket, offsets });
        }
    }

    /// One of the partitions asked about was looked up.
    pub(super) fn take_answer(&mut self, slot: SlotId, answer: &ListOffsetsPartitionResponse) {
        let found = (answer.offset >= 0).then_some(FoundOffset {
            offset: answer.offset,
            timestamp: Some(answer.timestamp).filter(|timestamp| *timestamp >= 0),
            leader_epoch: Some(answer.leader_epoch).filter(|epoch| !epoch.is_none()),
        });
        self.answer_question(slot, Ok(found));
    }

    pub(super) fn answer_question(&mut self, slot: SlotId, answer: Result<Option<FoundOffset>, LookupError>) {
        let Some(partition) = self.partitions.get_mut(&slot) else { return };
        let (name, Some(ticket)) = (partition.name.clone(), partition.question) else { return };
        // It is of no more use, and goes with the next step.
        partition.stage = Stage::Failed;
        self.unresolved.remove(&slot);
        self.answered.push(slot);
        if let Some(question) = self.questions.get_mut(&ticket) {
            question.open.remove(&slot);
            question.found.push((name, answer));
        }
        self.finish(ticket);
    }

    fn finish(&mut self, ticket: Ticket) {
        if self.questions.get(&ticket).is_some_and(|question| question.open.is_empty())
            && let Some(question) = self.questions.remove(&ticket)
        {
            self.events.push_back(Event::OffsetsFound { ticket, offsets: question.found });
        }
    }
}

struct Waiting<'a>(&'a Option<Box<WaitReason>>);

impl std::fmt::Display for Waiting<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.as_ref().map_or(Ok(()), |reason| write!(f, "; {reason}"))
    }
}
