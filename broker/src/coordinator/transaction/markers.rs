use std::time::Duration;

use ottla_proto::records::EndTransaction;
use ottla_proto::{ErrorCode, TopicId, TransactionalId};

use super::{Outcome, Producer, State, Target};
use crate::Instant;
use crate::coordinator::TimerKey;
use crate::engine::Engine;

/// How long after a failure a marker is tried again.
const RETRY: Duration = Duration::from_millis(100);

/// Writes the markers of the transactions that are ending. One whose partition has no leader is tried again
/// later, and the transaction is not complete before.
pub(crate) fn write_markers(engine: &mut Engine, now: Instant) {
    let ending: Vec<TransactionalId> = engine.coordinators.transactions.ending.iter().cloned().collect();
    if ending.is_empty() {
        return;
    }
    // The decision must not be forgotten once one partition knows it.
    if !engine.persist() {
        engine.coordinators.timers.set(TimerKey::Markers, now + RETRY);
        return;
    }
    for id in ending {
        let Some(transaction) = engine.coordinators.transactions.by_id.get(&id) else { continue };
        let State::Prepare(outcome) = transaction.state else { continue };
        let producer = transaction.marks_as;
        let targets: Vec<Target> = transaction.touched.iter().cloned().collect();
        for target in targets {
            let marked = match &target {
                Target::Partition(topic, index) => mark(engine, *topic, *index, producer, outcome, now),
                Target::Offsets(group) => {
                    let commit = outcome == Outcome::Commit;
                    engine.coordinators.offsets.end_transaction(producer.id, group, commit);
                    true
                }
            };
            if marked && let Some(transaction) = engine.coordinators.transactions.by_id.get_mut(&id) {
                transaction.touched.remove(&target);
            }
        }
        finish(engine, id, outcome, now);
    }
}

fn finish(engine: &mut Engine, id: TransactionalId, outcome: Outcome, now: Instant) {
    let coordinators = &mut engine.coordinators;
    let Some(transaction) = coordinators.transactions.by_id.get_mut(&id) else { return };
    if transaction.touched.is_empty() {
        transaction.state = State::Complete(outcome);
        transaction.updated = now;
        coordinators.transactions.ending.remove(&id);
        coordinators.transactions.changes.note(|| id);
    } else {
        coordinators.timers.set(TimerKey::Markers, now + RETRY);
    }
}

/// Writes a marker; `false` if it must be tried again.
fn mark(
    engine: &mut Engine,
    topic: TopicId,
    index: i32,
    producer: Producer,
    outcome: Outcome,
    now: Instant,
) -> bool {
    let marker =
        EndTransaction { committed: outcome == Outcome::Commit, coordinator_epoch: COORDINATOR_EPOCH };
    match append_marker(engine, topic, index, producer, marker, now) {
        // A partition that is gone needs none, nor one that a newer producer writes to.
        Ok(()) | Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION | ErrorCode::INVALID_PRODUCER_EPOCH) => true,
        Err(_) => false,
    }
}

/// Appends a marker to the log of a partition's leader, if there is one that lives.
pub(crate) fn append_marker(
    engine: &mut Engine,
    topic: TopicId,
    index: i32,
    producer: Producer,
    marker: EndTransaction,
    now: Instant,
) -> Result<(), ErrorCode> {
    let leader = engine.partition_mut(topic, index).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?.leader;
    if !engine.is_running(leader) {
        return Err(ErrorCode::LEADER_NOT_AVAILABLE);
    }
    let partition = engine.partition_mut(topic, index).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    let leader_epoch = partition.leader_epoch;
    let replica = partition.replica_mut(leader).ok_or(ErrorCode::LEADER_NOT_AVAILABLE)?;
    replica.log.append_marker(marker, producer.id, producer.epoch, leader_epoch, now)?;
    engine.replicate(topic, index, now);
    Ok(())
}

/// What is known here is never lost, so there is one incarnation of the coordinator.
const COORDINATOR_EPOCH: i32 = 0;
