//! Transactions, as clients of both versions of the protocol make them (KIP-98, KIP-890).

use ottla_proto::messages::add_offsets_to_txn::AddOffsetsToTxnRequest;
use ottla_proto::messages::add_partitions_to_txn::{
    AddPartitionsToTxnRequest, AddPartitionsToTxnResponse, AddPartitionsToTxnTopic,
};
use ottla_proto::messages::describe_producers::{DescribeProducersRequest, TopicRequest};
use ottla_proto::messages::describe_transactions::DescribeTransactionsRequest;
use ottla_proto::messages::end_txn::EndTxnRequest;
use ottla_proto::messages::list_transactions::ListTransactionsRequest;
use ottla_proto::messages::txn_offset_commit::{
    TxnOffsetCommitRequest, TxnOffsetCommitRequestPartition, TxnOffsetCommitRequestTopic,
};
use ottla_proto::messages::{
    DescribeTransactionsResponse, EndTxnResponse, FetchRequest, InitProducerIdRequest,
    InitProducerIdResponse, ProduceRequest,
};
use ottla_proto::records::Stamp;
use ottla_proto::{ErrorCode, ProducerEpoch, ProducerId};

use super::{Pair, Side, batch, fetch, fetched, produce, produced};

const TOPIC: &str = "txt";
const UNKNOWN: (ProducerId, ProducerEpoch) = (ProducerId(4_000_000_000), ProducerEpoch(0));

pub(super) fn transactions(pair: &mut Pair) {
    const ID: &str = "tx";
    begin(pair, ID);
    errors(pair);
    // The first version: partitions and groups are added before they are written to.
    pair.compare(11, "not added", |side| write(side, ID, 11, 0), produced);
    pair.each("nothing to end", |side| end(side, ID, 0, true), ended);
    for version in 0..=3 {
        pair.compare(version, "an unknown topic, too", |side| add(side, ID, &[TOPIC, "nobody"]), added);
        pair.compare(version, "added", |side| add(side, ID, &[TOPIC]), added);
    }
    pair.compare(11, "the first", |side| write(side, ID, 11, 0), produced);
    pair.each("a group", |side| add_group(side, ID), |_| {});
    for version in 0..=4 {
        pair.compare(version, "offsets", |side| commit(side, ID), |_| {});
    }
    look(pair, ID, "ongoing");
    pair.compare(4, "an old epoch", |side| end(side, ID, -1, true), ended);
    pair.compare(4, "commit", |side| end(side, ID, 0, true), ended);
    finish(pair, ID, "CompleteCommit");
    look(pair, ID, "committed");
    pair.compare(4, "commit again", |side| end(side, ID, 0, true), ended);
    pair.compare(4, "abort instead", |side| end(side, ID, 0, false), ended);

    // The second: a write adds, and each end gives a new epoch.
    begin(pair, ID);
    for committed in [true, false] {
        pair.compare(12, "adds itself", |side| write(side, ID, 12, 0), produced);
        pair.compare(5, "offsets add themselves", |side| commit(side, ID), |_| {});
        look(pair, ID, "ongoing by itself");
        for side in &mut pair.sides {
            let before = side.producers[ID].1;
            let answer: EndTxnResponse = side.ask(5, &end(side, ID, 0, committed)).unwrap();
            assert_eq!(answer.error_code, ErrorCode::NONE);
            assert_eq!(answer.producer_epoch.0, before.0 + 1);
            side.producers.insert(ID, (answer.producer_id, answer.producer_epoch));
        }
        finish(pair, ID, if committed { "CompleteCommit" } else { "CompleteAbort" });
        look(pair, ID, "ended");
    }
    pair.compare(
        5,
        "an empty transaction",
        |side| end(side, ID, 0, false),
        |answer| {
            ended(answer);
            answer.producer_epoch = ProducerEpoch(0);
        },
    );
}

fn errors(pair: &mut Pair) {
    let init = |id: &'static str, timeout| InitProducerIdRequest {
        transactional_id: Some(id.into()),
        transaction_timeout_ms: timeout,
        ..InitProducerIdRequest::default()
    };
    for (what, id, timeout) in [("no id", "", 1000), ("no time", "short", 0), ("too long", "long", i32::MAX)]
    {
        pair.each(what, |_| init(id, timeout), given);
    }
    let claim = |_: &Side| InitProducerIdRequest {
        producer_id: UNKNOWN.0,
        producer_epoch: UNKNOWN.1,
        ..init("claimed", 30_000)
    };
    pair.each("a producer id of nobody", claim, given);
    for side in &mut pair.sides {
        side.producers.insert("unknown", UNKNOWN);
    }
    pair.each("of nobody", |side| end(side, "unknown", 0, true), ended);
    pair.each("of nobody", |side| add_group(side, "unknown"), |_| {});
    pair.each("of nobody", |side| add(side, "unknown", &["t"]), added);
    for name in ["unknown", ""] {
        pair.each(name, |_| describe(name), described);
    }
}

/// A new epoch of the producer on both sides.
fn begin(pair: &mut Pair, id: &'static str) {
    for side in &mut pair.sides {
        let request = InitProducerIdRequest {
            transactional_id: Some(id.into()),
            transaction_timeout_ms: 60_000,
            ..InitProducerIdRequest::default()
        };
        let answer =
            side.until(4, &request, |answer: &InitProducerIdResponse| answer.error_code == ErrorCode::NONE);
        side.producers.insert(id, (answer.producer_id, answer.producer_epoch));
    }
}

/// Waits until the markers of the last transaction are written.
fn finish(pair: &mut Pair, id: &'static str, state: &str) {
    for side in &mut pair.sides {
        side.until(0, &describe(id), |answer: &DescribeTransactionsResponse| {
            &*answer.transaction_states[0].transaction_state == state
        });
    }
}

fn write(side: &Side, id: &'static str, version: i16, sequence: i32) -> ProduceRequest {
    let (producer_id, producer_epoch) = side.producers[id];
    let stamp = Stamp { producer_id, producer_epoch, base_sequence: sequence, transactional: true };
    let request = produce(side, TOPIC, 0, -1, version, batch(stamp, &["in a transaction"]));
    ProduceRequest { transactional_id: Some(id.into()), ..request }
}

fn add(side: &Side, id: &'static str, topics: &[&'static str]) -> AddPartitionsToTxnRequest {
    let (producer_id, producer_epoch) = side.producers[id];
    let topic = |name: &&'static str| AddPartitionsToTxnTopic {
        name: (*name).into(),
        partitions: vec![0],
        ..AddPartitionsToTxnTopic::default()
    };
    AddPartitionsToTxnRequest {
        v3_and_below_transactional_id: id.into(),
        v3_and_below_producer_id: producer_id,
        v3_and_below_producer_epoch: producer_epoch,
        v3_and_below_topics: topics.iter().map(topic).collect(),
        ..AddPartitionsToTxnRequest::default()
    }
}

fn added(answer: &mut AddPartitionsToTxnResponse) {
    answer.results_by_topic_v3_and_below.sort_by_key(|topic| topic.name.clone());
}

fn add_group(side: &Side, id: &'static str) -> AddOffsetsToTxnRequest {
    let (producer_id, producer_epoch) = side.producers[id];
    AddOffsetsToTxnRequest {
        transactional_id: id.into(),
        producer_id,
        producer_epoch,
        group_id: "plain".into(),
        ..AddOffsetsToTxnRequest::default()
    }
}

fn commit(side: &Side, id: &'static str) -> TxnOffsetCommitRequest {
    let (producer_id, producer_epoch) = side.producers[id];
    let partition = TxnOffsetCommitRequestPartition { committed_offset: 1, ..Default::default() };
    let topic = TxnOffsetCommitRequestTopic {
        name: TOPIC.into(),
        partitions: vec![partition],
        ..TxnOffsetCommitRequestTopic::default()
    };
    TxnOffsetCommitRequest {
        transactional_id: id.into(),
        group_id: "plain".into(),
        producer_id,
        producer_epoch,
        topics: vec![topic],
        ..TxnOffsetCommitRequest::default()
    }
}

fn end(side: &Side, id: &'static str, epochs_later: i16, committed: bool) -> EndTxnRequest {
    let (producer_id, epoch) = side.producers[id];
    EndTxnRequest {
        transactional_id: id.into(),
        producer_id,
        producer_epoch: ProducerEpoch(epoch.0 + epochs_later),
        committed,
        ..EndTxnRequest::default()
    }
}

fn describe(id: &'static str) -> DescribeTransactionsRequest {
    DescribeTransactionsRequest { transactional_ids: vec![id.into()], ..Default::default() }
}

/// What can be seen of the transaction from outside.
fn look(pair: &mut Pair, id: &'static str, what: &str) {
    pair.each(what, |_| describe(id), described);
    for states in [&[][..], &["Ongoing"], &["NoSuchState"]] {
        let request = |_: &Side| ListTransactionsRequest {
            state_filters: states.iter().map(|state| (*state).into()).collect(),
            ..ListTransactionsRequest::default()
        };
        pair.each(what, request, |answer| {
            answer.transaction_states.iter_mut().for_each(|state| state.producer_id = ProducerId(1));
            answer.transaction_states.sort_by_key(|state| state.transactional_id.clone());
        });
    }
    for (topic, index) in [(TOPIC, 0), (TOPIC, 9), ("nobody", 0)] {
        let request = |_: &Side| DescribeProducersRequest {
            topics: vec![TopicRequest {
                name: topic.into(),
                partition_indexes: vec![index],
                ..TopicRequest::default()
            }],
            ..DescribeProducersRequest::default()
        };
        pair.each(what, request, |answer| {
            for partition in answer.topics.iter_mut().flat_map(|topic| &mut topic.partitions) {
                partition.error_message = None;
                for producer in &mut partition.active_producers {
                    (producer.producer_id, producer.last_timestamp) = (ProducerId(1), 0);
                }
            }
        });
    }
    for isolation_level in [0, 1] {
        let request = |side: &Side| FetchRequest { isolation_level, ..fetch(side, TOPIC, 12, 0) };
        pair.compare(12, what, request, |answer| {
            fetched(answer);
            for partition in answer.responses.iter_mut().flat_map(|topic| &mut topic.partitions) {
                // Ids and the times of markers differ; how much there is does not.
                partition.records =
                    partition.records.as_ref().map(|records| format!("{}", records.len()).into());
                for aborted in partition.aborted_transactions.iter_mut().flatten() {
                    aborted.producer_id = ProducerId(1);
                }
            }
        });
    }
}

fn described(answer: &mut DescribeTransactionsResponse) {
    for state in &mut answer.transaction_states {
        state.producer_id = known(state.producer_id);
        state.transaction_start_time_ms = state.transaction_start_time_ms.signum();
        state.topics.sort_by_key(|topic| topic.topic.clone());
        // Where its own offsets go is the coordinator's affair.
        for topic in state.topics.iter_mut().filter(|topic| topic.topic.starts_with("__")) {
            topic.partitions = vec![0; topic.partitions.len()];
        }
    }
}

/// Whether there is one is all that two brokers can have in common.
fn known(id: ProducerId) -> ProducerId {
    ProducerId(if id.0 >= 0 { 1 } else { id.0 })
}

fn given(answer: &mut InitProducerIdResponse) {
    answer.producer_id = known(answer.producer_id);
}

fn ended(answer: &mut EndTxnResponse) {
    answer.producer_id = known(answer.producer_id);
}
