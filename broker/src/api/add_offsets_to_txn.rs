//! `AddOffsetsToTxn`, versions 0-4.
//!
//! Gaps: none known.

use ottla_proto::ErrorCode;
use ottla_proto::messages::add_offsets_to_txn::{AddOffsetsToTxnRequest, AddOffsetsToTxnResponse};
use ottla_proto::wire::VersionRange;

use super::{Call, check_transactional_id};
use crate::coordinator::{Producer, Target, own_group};
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 4);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: AddOffsetsToTxnRequest,
) -> AddOffsetsToTxnResponse {
    let added = check_transactional_id(engine, call, &request.transactional_id).and_then(|()| {
        let producer = Producer { id: request.producer_id, epoch: request.producer_epoch };
        let target = Target::Offsets(own_group(&request.group_id));
        let (transactions, mut turn) = engine.coordinators.transactions(call.now);
        transactions.add(&mut turn, &request.transactional_id, producer, [target])
    });
    let error_code = match added {
        Ok(()) => ErrorCode::NONE,
        Err(ErrorCode::PRODUCER_FENCED) if call.version < 2 => ErrorCode::INVALID_PRODUCER_EPOCH,
        Err(code) => code,
    };
    AddOffsetsToTxnResponse { error_code, ..AddOffsetsToTxnResponse::default() }
}
