//! `DescribeTransactions`, version 0.
//!
//! Gaps: none known.

use std::collections::BTreeMap;

use ottla_proto::messages::describe_transactions::{
    DescribeTransactionsRequest, DescribeTransactionsResponse, TopicData, TransactionState,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, TopicName, TransactionalId};

use super::{Call, check_transactional_id, each_once};
use crate::coordinator::{CoordinatorType, Target, Transaction, partition};
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 0);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: DescribeTransactionsRequest,
) -> DescribeTransactionsResponse {
    let describe = |transactional_id: TransactionalId| match find(engine, call, &transactional_id) {
        Ok(transaction) => TransactionState {
            transaction_state: transaction.state.name().into(),
            transaction_timeout_ms: i32::try_from(transaction.timeout.as_millis()).unwrap_or(i32::MAX),
            transaction_start_time_ms: transaction.started.map_or(-1, |started| started.as_millis()),
            producer_id: transaction.producer.id,
            producer_epoch: transaction.producer.epoch,
            topics: topics(engine, transaction),
            transactional_id,
            ..TransactionState::default()
        },
        Err(error_code) => TransactionState { error_code, transactional_id, ..TransactionState::default() },
    };
    DescribeTransactionsResponse {
        transaction_states: each_once(request.transactional_ids, TransactionalId::clone)
            .map(describe)
            .collect(),
        ..DescribeTransactionsResponse::default()
    }
}

fn find<'a>(engine: &'a Engine, call: &Call, id: &TransactionalId) -> Result<&'a Transaction, ErrorCode> {
    check_transactional_id(engine, call, id)?;
    engine.coordinators.transactions.get(id).ok_or(ErrorCode::TRANSACTIONAL_ID_NOT_FOUND)
}

/// What the transaction has touched; offsets of groups lie in a topic of Kafka's.
fn topics(engine: &Engine, transaction: &Transaction) -> Vec<TopicData> {
    let mut touched: BTreeMap<TopicName, Vec<i32>> = BTreeMap::new();
    for target in &transaction.touched {
        match target {
            Target::Partition(id, index) => {
                let Some(topic) = engine.topics.get(*id) else { continue };
                touched.entry(topic.name.clone()).or_default().push(*index);
            }
            Target::Offsets(group) => {
                let topic = CoordinatorType::Group.topic();
                let partitions = engine.topics.named(topic).map_or(0, |topic| topic.partitions.len());
                touched.entry(topic.into()).or_default().push(partition(group, partitions));
            }
        }
    }
    let topic = |(topic, partitions)| TopicData { topic, partitions, ..TopicData::default() };
    touched.into_iter().map(topic).collect()
}
