//! `ListTransactions`, versions 0-2.
//!
//! The transactional ids that the asked node coordinates, by state, producer id, from version 1 on by how long a
//! transaction has run, and from version 2 on by a regular expression for the id.
//!
//! Gaps: none known; the expressions are those of the crate `regex`.

use bytestring::ByteString;
use ottla_proto::messages::list_transactions::{
    ListTransactionsRequest, ListTransactionsResponse, TransactionState,
};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, TransactionalId};

use super::Call;
use crate::coordinator::{CoordinatorType, Pattern, State, Transaction};
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 2);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: ListTransactionsRequest,
) -> ListTransactionsResponse {
    let ListTransactionsRequest { state_filters, producer_id_filters, duration_filter, .. } = request;
    let pattern = match request.transactional_id_pattern.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => match Pattern::new(text) {
            Some(pattern) => Some(pattern),
            None => {
                let error_code = ErrorCode::INVALID_REGULAR_EXPRESSION;
                return ListTransactionsResponse { error_code, ..ListTransactionsResponse::default() };
            }
        },
        None => None,
    };
    let is_unknown = |name: &&ByteString| !State::is_name(name);
    let unknown_state_filters: Vec<ByteString> = state_filters.iter().filter(is_unknown).cloned().collect();
    let lasts = |transaction: &Transaction| {
        let lasted = transaction.started.map_or(0, |started| call.now.since(started).as_millis());
        duration_filter < 0 || i64::try_from(lasted).unwrap_or(i64::MAX) > duration_filter
    };
    let wanted = |(id, transaction): &(&TransactionalId, &Transaction)| {
        let state = transaction.state.name();
        let ids = &producer_id_filters;
        engine.coordinator(CoordinatorType::Transaction, id) == Some(call.node)
            && (state_filters.is_empty() || state_filters.iter().any(|name| **name == *state))
            && (ids.is_empty() || ids.contains(&transaction.producer.id))
            && lasts(transaction)
            && pattern.as_ref().is_none_or(|pattern| pattern.matches(id))
    };
    let list = |(id, transaction): (&TransactionalId, &Transaction)| TransactionState {
        transactional_id: id.clone(),
        producer_id: transaction.producer.id,
        transaction_state: transaction.state.name().into(),
        ..TransactionState::default()
    };
    let transaction_states = engine.coordinators.transactions.iter().filter(wanted).map(list).collect();
    ListTransactionsResponse {
        unknown_state_filters,
        transaction_states,
        ..ListTransactionsResponse::default()
    }
}
