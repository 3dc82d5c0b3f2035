//! `InitProducerId`, versions 0-5.
//!
//! Without a transactional id each call gives a new producer id and epoch 0. With one it gives the id's producer
//! the next epoch, which fences the one before; a running transaction is aborted first, and the client asks again
//! (`CONCURRENT_TRANSACTIONS`). A producer that goes on after an error may name what it was (KIP-360). When the
//! epochs are used up, a new producer id comes. Before version 4 a fenced producer is told
//! `INVALID_PRODUCER_EPOCH`.
//!
//! Gaps: none known.

use ottla_proto::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, ProducerEpoch, ProducerId};

use super::{Call, check_transactional_id};
use crate::coordinator::{Producer, milliseconds};
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 5);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: InitProducerIdRequest,
) -> InitProducerIdResponse {
    match init(engine, call, &request) {
        Ok(Producer { id, epoch }) => InitProducerIdResponse {
            producer_id: id,
            producer_epoch: epoch,
            ..InitProducerIdResponse::default()
        },
        Err(ErrorCode::PRODUCER_FENCED) if call.version < 4 => refused(ErrorCode::INVALID_PRODUCER_EPOCH),
        Err(error_code) => refused(error_code),
    }
}

fn init(engine: &mut Engine, call: &Call, request: &InitProducerIdRequest) -> Result<Producer, ErrorCode> {
    let InitProducerIdRequest { producer_id, producer_epoch, .. } = *request;
    if producer_id.is_none() != producer_epoch.is_none() {
        return Err(ErrorCode::INVALID_REQUEST);
    }
    let fresh = ProducerId(engine.new_producer_id());
    let Some(id) = &request.transactional_id else {
        return Ok(Producer { id: fresh, epoch: ProducerEpoch(0) });
    };
    check_transactional_id(engine, call, id)?;
    let expected = (!producer_id.is_none()).then_some(Producer { id: producer_id, epoch: producer_epoch });
    let (transactions, mut turn) = engine.coordinators.transactions(call.now);
    transactions.init(&mut turn, id, milliseconds(request.transaction_timeout_ms), expected, fresh)
}

fn refused(error_code: ErrorCode) -> InitProducerIdResponse {
    InitProducerIdResponse {
        error_code,
        producer_id: ProducerId::NONE,
        producer_epoch: ProducerEpoch::NONE,
        ..InitProducerIdResponse::default()
    }
}
