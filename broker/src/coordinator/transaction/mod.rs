//! Transactions (Java's `TransactionCoordinator`): who may write under a transactional id, what its transaction
//! has touched, and how it ends, in both versions of the protocol (KIP-98, KIP-890).

mod kept;
mod markers;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ottla_proto::{ErrorCode, GroupId, ProducerEpoch, ProducerId, TopicId, TransactionalId};

use super::{TimerKey, TransactionSettings, Turn, own};
use crate::Instant;
use crate::engine::Changes;
pub(crate) use kept::KeptTransaction;
pub(crate) use markers::{append_marker, write_markers};

/// All transactional ids of the cluster.
#[derive(Debug, Default)]
pub(crate) struct Transactions {
    by_id: BTreeMap<TransactionalId, Transaction>,
    /// Those that have decided how to end and are not everywhere marked yet.
    ending: BTreeSet<TransactionalId>,
    /// What is to be written down.
    pub(crate) changes: Changes<TransactionalId>,
}

/// What is known of one transactional id.
#[derive(Debug)]
pub(crate) struct Transaction {
    pub(crate) state: State,
    /// Who may write now.
    pub(crate) producer: Producer,
    pub(crate) timeout: Duration,
    /// When the transaction began, or the last one that has ended.
    pub(crate) started: Option<Instant>,
    /// When anything about it changed last.
    updated: Instant,
    /// What it has touched; while it ends, what is not marked yet.
    pub(crate) touched: BTreeSet<Target>,
    /// The epoch before this one, for a client that has lost an answer.
    last_epoch: ProducerEpoch,
    /// The producer id before this one.
    previous_id: ProducerId,
    /// Under whose name the markers are written.
    marks_as: Producer,
}

/// A producer id with its epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Producer {
    pub(crate) id: ProducerId,
    pub(crate) epoch: ProducerEpoch,
}

/// What a transaction touches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Target {
    Partition(TopicId, i32),
    /// The offsets of a group.
    Offsets(GroupId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nothing was done under this epoch yet.
    Empty,
    Ongoing,
    /// It is decided; markers are being written.
    Prepare(Outcome),
    Complete(Outcome),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Commit,
    Abort,
}

impl State {
    /// The state as Kafka's tools show it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::Ongoing => "Ongoing",
            Self::Prepare(Outcome::Commit) => "PrepareCommit",
            Self::Prepare(Outcome::Abort) => "PrepareAbort",
            Self::Complete(Outcome::Commit) => "CompleteCommit",
            Self::Complete(Outcome::Abort) => "CompleteAbort",
        }
    }

    /// The state of this name; Kafka knows two that cannot be here.
    pub(crate) fn is_name(name: &str) -> bool {
        const NAMES: [&str; 8] = [
            "Empty",
            "Ongoing",
            "PrepareCommit",
            "PrepareAbort",
            "CompleteCommit",
            "CompleteAbort",
            "PrepareEpochFence",
            "Dead",
        ];
        NAMES.contains(&name)
    }
}

impl Transactions {
    pub(crate) fn get(&self, id: &str) -> Option<&Transaction> {
        self.by_id.get(id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&TransactionalId, &Transaction)> {
        self.by_id.iter()
    }

    /// Makes the caller the one producer of a transactional id; whoever was it before is fenced, and its running
    /// transaction aborted.
    ///
    /// `expected` is what a producer that goes on after an error says that it was (KIP-360); `fresh` a producer
    /// id for the case that one is needed.
    pub(crate) fn init(
        &mut self,
        turn: &mut Turn<'_, TransactionSettings>,
        id: &TransactionalId,
        timeout: Duration,
        expected: Option<Producer>,
        fresh: ProducerId,
    ) -> Result<Producer, ErrorCode> {
        if id.is_empty() {
            return Err(ErrorCode::INVALID_REQUEST);
        }
        if timeout.is_zero() || timeout > turn.settings.max_transaction_timeout {
            return Err(ErrorCode::INVALID_TRANSACTION_TIMEOUT);
        }
        if !self.by_id.contains_key(id) {
            if self.by_id.len() >= turn.settings.max_transactional_ids {
                return Err(ErrorCode::POLICY_VIOLATION);
            }
            self.by_id.insert(TransactionalId(own(&id.0)), Transaction::new(fresh, timeout, turn.now));
        }
        let Some(transaction) = self.by_id.get_mut(id) else { return Err(ErrorCode::UNKNOWN_SERVER_ERROR) };
        if let Some(expected) = expected
            && !transaction.knows(expected)
        {
            return Err(ErrorCode::PRODUCER_FENCED);
        }
        match transaction.state {
            State::Prepare(_) => return Err(ErrorCode::CONCURRENT_TRANSACTIONS),
            State::Ongoing => {
                // Aborted under a higher epoch, so that the old producer cannot add to it; then the caller asks
                // again.
                transaction.fence();
                self.decide(turn, id, Outcome::Abort);
                return Err(ErrorCode::CONCURRENT_TRANSACTIONS);
            }
            State::Empty | State::Complete(_) => {}
        }
        transaction.timeout = timeout;
        transaction.next_incarnation(expected.map(|expected| expected.epoch), fresh)?;
        transaction.state = State::Empty;
        transaction.started = None;
        transaction.updated = turn.now;
        self.changes.note(|| TransactionalId(own(&id.0)));
        Ok(transaction.producer)
    }

    /// The transaction touches something; it begins with the first.
    pub(crate) fn add(
        &mut self,
        turn: &mut Turn<'_, TransactionSettings>,
        id: &TransactionalId,
        producer: Producer,
        targets: impl IntoIterator<Item = Target>,
    ) -> Result<(), ErrorCode> {
        let transaction = self.of(id, producer)?;
        if let State::Prepare(_) = transaction.state {
            return Err(ErrorCode::CONCURRENT_TRANSACTIONS);
        }
        let begins = transaction.state != State::Ongoing;
        if begins {
            transaction.state = State::Ongoing;
            transaction.started = Some(turn.now);
            let timeout = turn.now + transaction.timeout;
            turn.timers.set(TimerKey::Transaction(TransactionalId(own(&id.0))), timeout);
        }
        let before = transaction.touched.len();
        transaction.touched.extend(targets);
        if begins || transaction.touched.len() > before {
            transaction.updated = turn.now;
            self.changes.note(|| TransactionalId(own(&id.0)));
        }
        Ok(())
    }

    /// Whether the producer's running transaction has been told of the target.
    pub(crate) fn verify(
        &mut self,
        id: &TransactionalId,
        producer: Producer,
        target: &Target,
    ) -> Result<(), ErrorCode> {
        let transaction = self.of(id, producer)?;
        match transaction.state {
            State::Prepare(_) => Err(ErrorCode::CONCURRENT_TRANSACTIONS),
            State::Ongoing if transaction.touched.contains(target) => Ok(()),
            _ => Err(ErrorCode::TRANSACTION_ABORTABLE),
        }
    }

    /// Decides how the transaction ends, in the first version of the protocol, which keeps the epoch.
    pub(crate) fn end(
        &mut self,
        turn: &mut Turn<'_, TransactionSettings>,
        id: &TransactionalId,
        producer: Producer,
        outcome: Outcome,
    ) -> Result<(), ErrorCode> {
        let transaction = self.of(id, producer)?;
        match transaction.state {
            State::Ongoing => {
                transaction.marks_as = transaction.producer;
                self.decide(turn, id, outcome);
                Ok(())
            }
            State::Complete(decided) if decided == outcome => Ok(()),
            State::Prepare(decided) if decided == outcome => Err(ErrorCode::CONCURRENT_TRANSACTIONS),
            State::Empty | State::Prepare(_) | State::Complete(_) => Err(ErrorCode::INVALID_TXN_STATE),
        }
    }

    /// Decides how the transaction ends, in the second version (KIP-890): each transaction has its own epoch, so
    /// the next one is returned.
    pub(crate) fn end_and_bump(
        &mut self,
        turn: &mut Turn<'_, TransactionSettings>,
        id: &TransactionalId,
        producer: Producer,
        outcome: Outcome,
        fresh: ProducerId,
    ) -> Result<Producer, ErrorCode> {
        let transaction = self.by_id.get_mut(id).ok_or(ErrorCode::INVALID_PRODUCER_ID_MAPPING)?;
        let is_current = producer == transaction.producer;
        // The answer to the same request was lost.
        let is_retry = transaction.came_from(producer);
        if !is_current && !is_retry {
            let known = [transaction.producer.id, transaction.previous_id].contains(&producer.id);
            let code =
                if known { ErrorCode::PRODUCER_FENCED } else { ErrorCode::INVALID_PRODUCER_ID_MAPPING };
            return Err(code);
        }
        match (transaction.state, outcome) {
            (State::Ongoing | State::Empty, _) if is_retry => return Err(ErrorCode::PRODUCER_FENCED),
            (State::Prepare(_), _) if is_current => return Err(ErrorCode::PRODUCER_FENCED),
            (State::Ongoing, _) => {}
            (State::Empty, Outcome::Abort) => {}
            (State::Complete(decided), _) if is_retry && decided == outcome => {
                return Ok(transaction.producer);
            }
            // An abort of nothing still begins a new epoch.
            (State::Complete(_), Outcome::Abort) if is_current => {}
            (State::Prepare(decided), _) if decided == outcome => {
                return Err(ErrorCode::CONCURRENT_TRANSACTIONS);
            }
            _ => return Err(ErrorCode::INVALID_TXN_STATE),
        }
        transaction.bump(fresh);
        let next = transaction.producer;
        self.decide(turn, id, outcome);
        Ok(next)
    }

    /// The transaction has taken longer than its producer said it would.
    pub(super) fn timed_out(&mut self, turn: &mut Turn<'_, TransactionSettings>, id: &TransactionalId) {
        let Some(transaction) = self.by_id.get_mut(id) else { return };
        if transaction.state == State::Ongoing {
            transaction.fence();
            self.decide(turn, id, Outcome::Abort);
        }
    }

    /// Forgets the ids that were not used for that long; not those with a transaction that has not ended.
    pub(super) fn expire(&mut self, now: Instant, after: Duration) {
        let Self { by_id, changes, .. } = self;
        by_id.retain(|id, transaction| {
            let idle = matches!(transaction.state, State::Empty | State::Complete(_));
            let expires = idle && now.since(transaction.updated) >= after;
            if expires {
                changes.note(|| id.clone());
            }
            !expires
        });
    }

    fn of(&mut self, id: &TransactionalId, producer: Producer) -> Result<&mut Transaction, ErrorCode> {
        if id.is_empty() {
            return Err(ErrorCode::INVALID_REQUEST);
        }
        let transaction = self.by_id.get_mut(id).ok_or(ErrorCode::INVALID_PRODUCER_ID_MAPPING)?;
        if transaction.producer.id != producer.id {
            return Err(ErrorCode::INVALID_PRODUCER_ID_MAPPING);
        }
        if transaction.producer.epoch != producer.epoch {
            return Err(ErrorCode::PRODUCER_FENCED);
        }
        Ok(transaction)
    }

    fn decide(&mut self, turn: &mut Turn<'_, TransactionSettings>, id: &TransactionalId, outcome: Outcome) {
        let Some(transaction) = self.by_id.get_mut(id) else { return };
        transaction.state = State::Prepare(outcome);
        transaction.updated = turn.now;
        let id = TransactionalId(own(&id.0));
        turn.timers.cancel(&TimerKey::Transaction(id.clone()));
        self.changes.note(|| id.clone());
        self.ending.insert(id);
    }
}

impl Transaction {
    fn new(id: ProducerId, timeout: Duration, now: Instant) -> Self {
        let producer = Producer { id, epoch: ProducerEpoch::NONE };
        Self {
            state: State::Empty,
            producer,
            timeout,
            started: None,
            updated: now,
            touched: BTreeSet::new(),
            last_epoch: ProducerEpoch::NONE,
            previous_id: ProducerId::NONE,
            marks_as: producer,
        }
    }

    /// Whether somebody may say that it was this producer, or the one before it, whose epochs were used up.
    fn knows(&self, producer: Producer) -> bool {
        self.producer.epoch.is_none()
            || producer.id == self.producer.id
            || (producer.id == self.previous_id && is_exhausted(producer.epoch))
    }

    /// Whether this producer became the present one by ending a transaction.
    fn came_from(&self, producer: Producer) -> bool {
        (producer.id == self.producer.id && Some(self.producer.epoch.0) == producer.epoch.0.checked_add(1))
            || (producer.id == self.previous_id && is_exhausted(producer.epoch) && self.producer.epoch.0 == 0)
    }

    /// A higher epoch for a producer that begins, or goes on after an error.
    fn next_incarnation(
        &mut self,
        expected: Option<ProducerEpoch>,
        fresh: ProducerId,
    ) -> Result<(), ErrorCode> {
        let present = self.producer.epoch;
        match expected {
            Some(expected) if !present.is_none() && expected != present => {
                // It has asked before and lost the answer.
                let repeated = expected == self.last_epoch || is_exhausted(expected);
                if repeated { Ok(()) } else { Err(ErrorCode::PRODUCER_FENCED) }
            }
            _ if is_exhausted(present) => {
                self.previous_id = self.producer.id;
                self.last_epoch = present;
                self.producer = Producer { id: fresh, epoch: ProducerEpoch(0) };
                Ok(())
            }
            expected => {
                self.last_epoch = if expected.is_some() { present } else { ProducerEpoch::NONE };
                self.producer.epoch = ProducerEpoch(present.0 + 1);
                Ok(())
            }
        }
    }

    /// Shuts out the present producer: the markers are written under a higher epoch.
    fn fence(&mut self) {
        let epoch = ProducerEpoch(self.producer.epoch.0.saturating_add(1));
        self.producer.epoch = epoch;
        self.last_epoch = ProducerEpoch::NONE;
        self.marks_as = self.producer;
    }

    /// The next transaction's producer; the markers of this one are written under the higher epoch.
    fn bump(&mut self, fresh: ProducerId) {
        let present = self.producer;
        self.marks_as = Producer { id: present.id, epoch: ProducerEpoch(present.epoch.0.saturating_add(1)) };
        self.last_epoch = present.epoch;
        self.producer = if is_exhausted(present.epoch) {
            self.previous_id = present.id;
            Producer { id: fresh, epoch: ProducerEpoch(0) }
        } else {
            self.marks_as
        };
    }
}

/// Whether there is no epoch left but the one that shuts out everybody.
fn is_exhausted(epoch: ProducerEpoch) -> bool {
    epoch.0 >= i16::MAX - 1
}
