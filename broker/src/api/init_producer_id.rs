//! `InitProducerId`, versions 0-5.
//!
//! Each call gives an idempotent producer a new id and epoch 0.
//!
//! Gaps: no transactions. A request with a transactional id is answered with `INVALID_REQUEST`.

use ottla_proto::messages::init_producer_id::{InitProducerIdRequest, InitProducerIdResponse};
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, ProducerEpoch, ProducerId};

use super::Call;
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(0, 5);

pub(super) fn handle(
    engine: &mut Engine,
    _call: &Call,
    request: InitProducerIdRequest,
) -> InitProducerIdResponse {
    if request.transactional_id.is_some() {
        return InitProducerIdResponse {
            error_code: ErrorCode::INVALID_REQUEST,
            ..InitProducerIdResponse::default()
        };
    }
    InitProducerIdResponse {
        producer_id: ProducerId(engine.new_producer_id()),
        producer_epoch: ProducerEpoch(0),
        ..InitProducerIdResponse::default()
    }
}
