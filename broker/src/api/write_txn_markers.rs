//! `WriteTxnMarkers`, versions 1-2.
//!
//! What coordinators send to leaders, and an operator's tool to end a transaction that hangs.
//!
//! Gaps: none known.

use ottla_proto::messages::write_txn_markers::{
    WritableTxnMarker, WritableTxnMarkerPartitionResult, WritableTxnMarkerResult, WritableTxnMarkerTopic,
    WritableTxnMarkerTopicResult, WriteTxnMarkersRequest, WriteTxnMarkersResponse,
};
use ottla_proto::records::EndTransaction;
use ottla_proto::wire::VersionRange;
use ottla_proto::{ErrorCode, TopicId};

use super::Call;
use crate::coordinator::{Producer, append_marker};
use crate::engine::Engine;

pub(super) const VERSIONS: VersionRange = VersionRange::new(1, 2);

pub(super) fn handle(
    engine: &mut Engine,
    call: &Call,
    request: WriteTxnMarkersRequest,
) -> WriteTxnMarkersResponse {
    let mut write = |marker: WritableTxnMarker| {
        let producer = Producer { id: marker.producer_id, epoch: marker.producer_epoch };
        let end = EndTransaction {
            committed: marker.transaction_result,
            coordinator_epoch: marker.coordinator_epoch,
        };
        let topic = |topic: WritableTxnMarkerTopic| {
            let id = engine.topics.id(&topic.name);
            let partition = |index: i32| WritableTxnMarkerPartitionResult {
                partition_index: index,
                error_code: write(engine, call, id, index, producer, end).err().unwrap_or_default(),
                ..WritableTxnMarkerPartitionResult::default()
            };
            WritableTxnMarkerTopicResult {
                partitions: topic.partition_indexes.into_iter().map(partition).collect(),
                name: topic.name,
                ..WritableTxnMarkerTopicResult::default()
            }
        };
        WritableTxnMarkerResult {
            producer_id: marker.producer_id,
            topics: marker.topics.into_iter().map(topic).collect(),
            ..WritableTxnMarkerResult::default()
        }
    };
    let markers = request.markers.into_iter().map(&mut write).collect();
    WriteTxnMarkersResponse { markers, ..WriteTxnMarkersResponse::default() }
}

fn write(
    engine: &mut Engine,
    call: &Call,
    topic: Option<TopicId>,
    index: i32,
    producer: Producer,
    marker: EndTransaction,
) -> Result<(), ErrorCode> {
    let unknown = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
    let topic = topic.ok_or(unknown)?;
    if engine.partition_mut(topic, index).ok_or(unknown)?.leader != call.node {
        return Err(ErrorCode::NOT_LEADER_OR_FOLLOWER);
    }
    append_marker(engine, topic, index, producer, marker, call.now)
}
