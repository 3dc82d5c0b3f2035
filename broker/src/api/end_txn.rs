//! `EndTxn`, versions 0-5.
//!
//! Decides the transaction; its markers are written before the next request is looked at, unless a partition has
//! no leader. From version 5 on each transaction has its own epoch, and the answer tells the next (KIP-890).
//!
//! Gaps: none known.

use ottla_proto::messages::end_txn::{EndTxnRequest, EndTxnResponse};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, ProducerId};

use super::{Call, check_transactional_id};
use crate::coordinator::{Outcome, Producer};
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 5);

/// The first version in which each transaction has its own epoch.
const FIRST_WITH_EPOCHS: i16 = 5;

pub(super) fn handle(engine: &mut Engine, call: &Call, request: EndTxnRequest) -> EndTxnResponse {
    match end(engine, call, &request) {
        Ok(Some(Producer { id, epoch })) => {
            EndTxnResponse { producer_id: id, producer_epoch: epoch, ..EndTxnResponse::default() }
        }
        Ok(None) => EndTxnResponse::default(),
        Err(ErrorCode::PRODUCER_FENCED) if call.version < 2 => {
            EndTxnResponse { error_code: ErrorCode::INVALID_PRODUCER_EPOCH, ..EndTxnResponse::default() }
        }
        Err(error_code) => EndTxnResponse { error_code, ..EndTxnResponse::default() },
    }
}

fn end(engine: &mut Engine, call: &Call, request: &EndTxnRequest) -> Result<Option<Producer>, ErrorCode> {
    let id = &request.transactional_id;
    check_transactional_id(engine, call, id)?;
    let producer = Producer { id: request.producer_id, epoch: request.producer_epoch };
    let outcome = if request.committed { Outcome::Commit } else { Outcome::Abort };
    let fresh = ProducerId(engine.new_producer_id());
    let (transactions, mut turn) = engine.coordinators.transactions(call.now);
    if call.version >= FIRST_WITH_EPOCHS {
        return transactions.end_and_bump(&mut turn, id, producer, outcome, fresh).map(Some);
    }
    transactions.end(&mut turn, id, producer, outcome)?;
    Ok(None)
}
