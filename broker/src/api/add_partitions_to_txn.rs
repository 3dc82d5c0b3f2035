//! `AddPartitionsToTxn`, versions 0-5.
//!
//! One transaction, or from version 4 on several, as brokers ask among themselves, and then also only to verify.
//! If a partition does not exist, or a client names one of Kafka's internal topics, none is added.
//!
//! Gaps: none known.

use ottla_proto::messages::add_partitions_to_txn::{
    AddPartitionsToTxnPartitionResult, AddPartitionsToTxnRequest, AddPartitionsToTxnResponse,
    AddPartitionsToTxnResult, AddPartitionsToTxnTopic, AddPartitionsToTxnTopicResult,
    AddPartitionsToTxnTransaction,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, TransactionalId};

use super::{Call, check_transactional_id};
use crate::coordinator::{Producer, Target, is_internal};
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 5);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: AddPartitionsToTxnRequest,
) -> AddPartitionsToTxnResponse {
    if call.version >= 4 {
        let add = |transaction: AddPartitionsToTxnTransaction| AddPartitionsToTxnResult {
            topic_results: add(engine, call, &transaction),
            transactional_id: transaction.transactional_id,
            ..AddPartitionsToTxnResult::default()
        };
        return AddPartitionsToTxnResponse {
            results_by_transaction: request.transactions.into_iter().map(add).collect(),
            ..AddPartitionsToTxnResponse::default()
        };
    }
    let transaction = AddPartitionsToTxnTransaction {
        transactional_id: request.v3_and_below_transactional_id,
        producer_id: request.v3_and_below_producer_id,
        producer_epoch: request.v3_and_below_producer_epoch,
        topics: request.v3_and_below_topics,
        ..AddPartitionsToTxnTransaction::default()
    };
    AddPartitionsToTxnResponse {
        results_by_topic_v3_and_below: add(engine, call, &transaction),
        ..AddPartitionsToTxnResponse::default()
    }
}

fn add(
    engine: &mut Engine,
    call: &Call,
    transaction: &AddPartitionsToTxnTransaction,
) -> Vec<AddPartitionsToTxnTopicResult> {
    let AddPartitionsToTxnTransaction { transactional_id, producer_id, producer_epoch, topics, .. } =
        transaction;
    let found: Vec<Vec<Result<Target, ErrorCode>>> =
        topics.iter().map(|topic| find(engine, call, topic)).collect();
    let missing = found.iter().flatten().any(Result::is_err);
    let producer = Producer { id: *producer_id, epoch: *producer_epoch };
    let targets: Vec<Target> = found.iter().flatten().flatten().cloned().collect();
    let fenced = |code| match code {
        ErrorCode::PRODUCER_FENCED if call.version < 2 => ErrorCode::INVALID_PRODUCER_EPOCH,
        code => code,
    };
    let outcome = |target: &Result<Target, ErrorCode>, added: Result<(), ErrorCode>| match target {
        Err(code) => *code,
        Ok(_) if missing => ErrorCode::OPERATION_NOT_ATTEMPTED,
        Ok(_) => added.err().map_or(ErrorCode::NONE, fenced),
    };
    let checked = check_transactional_id(engine, call, transactional_id);
    let (transactions, mut turn) = engine.coordinators.transactions(call.now);
    let added = match checked {
        Ok(()) if !missing && !transaction.verify_only => {
            transactions.add(&mut turn, transactional_id, producer, targets)
        }
        checked => checked,
    };
    let mut verify = |id: &TransactionalId, target: &Result<Target, ErrorCode>| match target {
        Ok(target) if transaction.verify_only => {
            added.and_then(|()| transactions.verify(id, producer, target))
        }
        _ => added,
    };
    let mut topic = |(topic, found): (&AddPartitionsToTxnTopic, &Vec<Result<Target, ErrorCode>>)| {
        let partition =
            |(index, target): (&i32, &Result<Target, ErrorCode>)| AddPartitionsToTxnPartitionResult {
                partition_index: *index,
                partition_error_code: outcome(target, verify(transactional_id, target)),
                ..AddPartitionsToTxnPartitionResult::default()
            };
        AddPartitionsToTxnTopicResult {
            name: topic.name.clone(),
            results_by_partition: topic.partitions.iter().zip(found).map(partition).collect(),
            ..AddPartitionsToTxnTopicResult::default()
        }
    };
    topics.iter().zip(&found).map(&mut topic).collect()
}

fn find(engine: &Engine, call: &Call, topic: &AddPartitionsToTxnTopic) -> Vec<Result<Target, ErrorCode>> {
    // Clients send the versions below 4, other brokers the newer ones.
    if call.version < 4 && is_internal(&topic.name) {
        return vec![Err(ErrorCode::TOPIC_AUTHORIZATION_FAILED); topic.partitions.len()];
    }
    let known = engine.topics.named(&topic.name);
    let find = |index: &i32| match known.filter(|known| known.partition(*index).is_some()) {
        Some(known) => Ok(Target::Partition(known.id, *index)),
        None => Err(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
    };
    topic.partitions.iter().map(find).collect()
}
