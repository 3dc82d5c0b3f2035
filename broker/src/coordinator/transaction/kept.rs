//! What is left of a transactional id after a restart, as Kafka keeps it in `__transaction_state`.

use std::time::Duration;

use ottla_proto::{GroupId, ProducerEpoch, ProducerId, TransactionalId};
use serde::{Deserialize, Serialize};

use super::{Outcome, Producer, State, Target, Transaction, Transactions};
use crate::Instant;
use crate::coordinator::{TimerKey, TransactionSettings, Turn, kept_milliseconds};
use crate::engine::Id;

/// One transactional id.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct KeptTransaction {
    state: KeptState,
    producer: (i64, i16),
    timeout_ms: u64,
    started_us: Option<u64>,
    #[serde(default)]
    updated_us: Option<u64>,
    partitions: Vec<(Id, i32)>,
    groups: Vec<String>,
    last_epoch: i16,
    previous_id: i64,
    marks_as: (i64, i16),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum KeptState {
    Empty,
    Ongoing,
    PrepareCommit,
    PrepareAbort,
    CompleteCommit,
    CompleteAbort,
}

impl Transaction {
    pub(crate) fn kept(&self) -> KeptTransaction {
        let producer = |it: Producer| (it.id.0, it.epoch.0);
        let mut kept = KeptTransaction {
            state: match self.state {
                State::Empty => KeptState::Empty,
                State::Ongoing => KeptState::Ongoing,
                State::Prepare(Outcome::Commit) => KeptState::PrepareCommit,
                State::Prepare(Outcome::Abort) => KeptState::PrepareAbort,
                State::Complete(Outcome::Commit) => KeptState::CompleteCommit,
                State::Complete(Outcome::Abort) => KeptState::CompleteAbort,
            },
            producer: producer(self.producer),
            timeout_ms: kept_milliseconds(self.timeout),
            started_us: self.started.map(Instant::as_micros),
            updated_us: Some(self.updated.as_micros()),
            partitions: Vec::new(),
            groups: Vec::new(),
            last_epoch: self.last_epoch.0,
            previous_id: self.previous_id.0,
            marks_as: producer(self.marks_as),
        };
        for target in &self.touched {
            match target {
                Target::Partition(topic, index) => kept.partitions.push((Id(*topic), *index)),
                Target::Offsets(group) => kept.groups.push(group.to_string()),
            }
        }
        kept
    }
}

impl Transactions {
    /// Goes on where the transaction was: one that had begun runs into its time-out, one that was ending ends.
    pub(crate) fn restore(
        &mut self,
        turn: &mut Turn<'_, TransactionSettings>,
        id: TransactionalId,
        kept: KeptTransaction,
    ) {
        let producer = |(id, epoch)| Producer { id: ProducerId(id), epoch: ProducerEpoch(epoch) };
        let timeout = Duration::from_millis(kept.timeout_ms);
        let started = kept.started_us.map(Instant::from_micros);
        let state = match kept.state {
            KeptState::Empty => State::Empty,
            KeptState::Ongoing => State::Ongoing,
            KeptState::PrepareCommit => State::Prepare(Outcome::Commit),
            KeptState::PrepareAbort => State::Prepare(Outcome::Abort),
            KeptState::CompleteCommit => State::Complete(Outcome::Commit),
            KeptState::CompleteAbort => State::Complete(Outcome::Abort),
        };
        match state {
            State::Ongoing => {
                let ends = started.unwrap_or(turn.now) + timeout;
                turn.timers.set(TimerKey::Transaction(id.clone()), ends);
            }
            State::Prepare(_) => drop(self.ending.insert(id.clone())),
            State::Empty | State::Complete(_) => {}
        }
        let partitions =
            kept.partitions.into_iter().map(|(Id(topic), index)| Target::Partition(topic, index));
        let groups = kept.groups.into_iter().map(|group| Target::Offsets(GroupId(group.into())));
        self.by_id.insert(
            id,
            Transaction {
                state,
                producer: producer(kept.producer),
                timeout,
                started,
                updated: kept.updated_us.map_or(turn.now, Instant::from_micros),
                touched: partitions.chain(groups).collect(),
                last_epoch: ProducerEpoch(kept.last_epoch),
                previous_id: ProducerId(kept.previous_id),
                marks_as: producer(kept.marks_as),
            },
        );
    }
}
