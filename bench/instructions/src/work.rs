//! What is measured: each function sets the stage and gives the part that counts.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;
use ottla_core::cluster::Leader;
use ottla_core::consumer::{ConsumerReader, TopicPartition};
use ottla_core::group::assignor::{
    Assignor, CooperativeStickyAssignor, GroupMember, GroupTopics, RangeAssignor,
};
use ottla_core::group::{GroupEdge, MemberSubscription};
use ottla_core::net::ConnectionId;
use ottla_core::producer::NewRecord;
use ottla_proto::compression::Decompressor;
use ottla_proto::messages::fetch::{FetchableTopicResponse, PartitionData};
use ottla_proto::messages::produce::{PartitionProduceData, TopicProduceData};
use ottla_proto::messages::{FetchResponse, ProduceRequest, RequestHeader};
use ottla_proto::records::{Batch, BatchWriter, Batches, Stamp};
use ottla_proto::wire::{Message, Request, Writer};
use ottla_proto::{ApiKey, BrokerId, LeaderEpoch, TopicId, TopicName};

use crate::Failure;
use crate::peer::{Peer, VALUE};

/// What counts, and for how much of what.
pub(crate) struct Work {
    pub(crate) units: u32,
    pub(crate) unit: &'static str,
    pub(crate) run: Box<dyn FnMut()>,
}

type Prepare = fn() -> Result<Work, Failure>;

/// By name, in the order in which they run.
pub(crate) const WORKS: [(&str, Prepare); 23] = [
    ("append", append),
    ("send", send),
    ("open", open),
    ("seal", seal),
    ("encode-produce", encode_produce),
    ("settle", settle),
    ("receipts", receipts),
    ("decode-fetch", decode_fetch),
    ("take-fetched", take_fetched),
    ("read", read),
    ("validate", validate),
    ("iterate", iterate),
    ("metadata", metadata),
    ("assign", assign),
    ("assign-range", assign_range),
    ("assign-to-twice-as-many", assign_to_twice_as_many),
    ("turn-one-of-many", turn_one_of_many),
    ("turn-all-of-many", turn_all_of_many),
    ("turn-leader-moved", turn_leader_moved),
    ("turn-quiet-member", turn_quiet_member),
    ("turn-many-brokers", turn_many_brokers),
    ("turn-offsets", turn_offsets),
    ("turn-unassigned", turn_unassigned),
];

const LIMIT: usize = 1_000_000;
/// Fit into one batch.
const RECORDS: u32 = 9_000;
/// Of the topic whose producer takes a turn.
const MANY: i32 = 10_000;
/// How many batches an answer brings.
const FETCHED: u32 = 100;

fn work(units: u32, unit: &'static str, run: impl FnMut() + 'static) -> Result<Work, Failure> {
    Ok(Work { units, unit, run: Box::new(run) })
}

/// Records into one batch, without a producer around it.
fn append() -> Result<Work, Failure> {
    let mut writer = BatchWriter::new(Vec::with_capacity(2 * LIMIT));
    work(RECORDS, "record", move || {
        for _ in 0..RECORDS {
            let _taken = black_box(writer.append(0, None, Some(black_box(&VALUE)), LIMIT));
        }
    })
}

/// The same through a producer's handle: partition, lane, lock, delivery.
fn send() -> Result<Work, Failure> {
    let (peer, orders) = Peer::with_producer(6, |_| {})?;
    let now = peer.now;
    work(RECORDS, "record", move || {
        for _ in 0..RECORDS {
            let record = NewRecord { value: Some(black_box(&VALUE)), ..NewRecord::default() };
            drop(black_box(orders.try_append(&record, || now)));
        }
        let _stays = &peer;
    })
}

/// A record for each of many partitions, where it opens a batch: memory for it, and a word to the driver.
fn open() -> Result<Work, Failure> {
    let (peer, orders) = Peer::with_producer(MANY, |_| {})?;
    work(u32::try_from(MANY)?, "batch", move || drop(black_box(peer.append_to_each(&orders, MANY))))
}

/// Closing batches; their checksums belong to the first write.
fn seal() -> Result<Work, Failure> {
    const BATCHES: u32 = 1_000;
    let writers: Result<Vec<_>, _> = (0..BATCHES).map(|_| writer_of(1)).collect();
    let mut writers = writers?;
    let mut sealed = Vec::with_capacity(writers.len());
    work(BATCHES, "batch", move || sealed.extend(writers.drain(..).map(BatchWriter::seal)))
}

/// Requests of a hundred batches that are large enough not to be copied.
fn encode_produce() -> Result<Work, Failure> {
    const REQUESTS: u32 = 10;
    let records = stamped(40)?;
    let partition = |index| PartitionProduceData {
        index,
        records: Some(records.clone()),
        ..PartitionProduceData::default()
    };
    let topic = TopicProduceData {
        topic_id: TopicId([1; 16]),
        partition_data: (0..100).map(partition).collect(),
        ..TopicProduceData::default()
    };
    let request = ProduceRequest { acks: -1, topic_data: vec![topic], ..ProduceRequest::default() };
    let version = ProduceRequest::LATEST_STABLE;
    work(REQUESTS, "request of 100 batches", move || {
        for _ in 0..REQUESTS {
            let mut writer = Writer::with_capacity(256);
            let header = RequestHeader { request_api_version: version, ..RequestHeader::default() };
            let _written = header.write(&mut writer, ProduceRequest::header_version(version));
            let _written = black_box(&request).write(&mut writer, version);
            drop(black_box(writer.finish()));
        }
    })
}

/// An answer for a hundred partitions, from the frame to settled batches.
fn settle() -> Result<Work, Failure> {
    let (mut peer, orders) = Peer::with_producer(100, |config| config.linger = Duration::ZERO)?;
    peer.append_to_each(&orders, 100)?;
    // The first request finds the connection, the identity and the sequences begun.
    peer.serve()?;
    peer.append_to_each(&orders, 100)?;
    peer.turn();
    let answers = peer.answers()?;
    work(100, "batch", move || peer.take_in(&answers))
}

/// Deliveries of one batch that are awaited: asked when nothing is known yet, and again when the answer is there.
fn receipts() -> Result<Work, Failure> {
    let (mut peer, orders) = Peer::with_producer(1, |config| config.linger = Duration::ZERO)?;
    peer.append_to_each(&orders, 1)?;
    peer.serve()?;
    let mut deliveries = Vec::new();
    for _ in 0..RECORDS {
        let record = NewRecord { value: Some(&VALUE), ..NewRecord::default() };
        deliveries.push(orders.try_append(&record, || peer.now).map_err(|_| "the record was refused")?);
    }
    peer.turn();
    let answers = peer.answers()?;
    work(RECORDS, "record", move || {
        let mut context = Context::from_waker(Waker::noop());
        for delivery in &mut deliveries {
            let _pending = black_box(delivery.poll_settled(&mut context));
        }
        peer.take_in(&answers);
        for mut delivery in deliveries.drain(..) {
            drop(black_box(delivery.poll_settled(&mut context)));
        }
    })
}

/// Answers with a hundred batches of ten records, up to the batches' headers.
fn decode_fetch() -> Result<Work, Failure> {
    const ANSWERS: u32 = 10;
    let records = stamped(10)?;
    let partition = |index| PartitionData {
        partition_index: index,
        records: Some(records.clone()),
        ..PartitionData::default()
    };
    let topic = FetchableTopicResponse {
        topic_id: TopicId([1; 16]),
        partitions: (0..100).map(partition).collect(),
        ..FetchableTopicResponse::default()
    };
    let response = FetchResponse { responses: vec![topic], ..FetchResponse::default() };
    let version = ottla_proto::messages::FetchRequest::LATEST_STABLE;
    let mut writer = Writer::new();
    response.write(&mut writer, version)?;
    let body = writer.finish().into_bytes();
    work(ANSWERS, "answer of 100 batches", move || {
        for _ in 0..ANSWERS {
            let Ok(response) = FetchResponse::decode(body.clone(), version) else { continue };
            let partitions = response.responses.into_iter().flat_map(|topic| topic.partitions);
            let batches = partitions.filter_map(|data| data.records).flat_map(Batches::new);
            black_box(batches.filter(Result::is_ok).count());
        }
    })
}

/// An answer with a batch of ten records for each of a hundred partitions, from its frame to the reader's queue.
fn take_fetched() -> Result<Work, Failure> {
    let (mut peer, member, reader, answers) = fetched()?;
    work(FETCHED, "batch", move || {
        peer.take_in(&answers);
        let _stay = (&member, &reader);
    })
}

/// The same batches, from the queue to the last record, until they are dropped.
fn read() -> Result<Work, Failure> {
    let (mut peer, member, mut reader, answers) = fetched()?;
    peer.take_in(&answers);
    work(FETCHED, "batch of 10", move || {
        let mut context = Context::from_waker(Waker::noop());
        let mut records = 0;
        while let Poll::Ready(Ok(Some(batch))) = reader.poll_batch(&mut context) {
            records += batch.iter().filter(|record| black_box(record).value.is_some()).count();
        }
        assert_eq!(records, 10 * FETCHED as usize, "not everything was read");
        let _stay = (&peer, &member);
    })
}

type Fetched = (Peer, Arc<GroupEdge>, ConsumerReader, Vec<(ConnectionId, Bytes)>);

/// A member whose one request for records has been answered, and the answer.
fn fetched() -> Result<Fetched, Failure> {
    let (mut peer, member, reader) = Peer::with_new_member(i32::try_from(FETCHED)?);
    let asked = peer.serve_but(ApiKey::FETCH)?;
    let records = stamped(10)?;
    let answers: Result<Vec<_>, Failure> =
        asked.iter().map(|asked| Ok((asked.connection(), asked.fetched(&records)?))).collect();
    Ok((peer, member, reader, answers?))
}

/// Looking at every length of a batch once, after which nothing in it can be wrong.
fn validate() -> Result<Work, Failure> {
    let batch = Batch::parse(stamped(RECORDS)?)?;
    let mut decompressor = Decompressor::default();
    work(RECORDS, "record", move || drop(black_box(batch.read(&mut decompressor))))
}

/// Reading every field.
fn iterate() -> Result<Work, Failure> {
    let batch = Batch::parse(stamped(RECORDS)?)?;
    let records = batch.read(&mut Decompressor::default())?;
    work(RECORDS, "record", move || {
        for record in &records {
            black_box((record.offset, record.timestamp, record.key, record.value, record.headers.len()));
        }
    })
}

/// A description of a thousand topics, from the frame to the view of the cluster.
fn metadata() -> Result<Work, Failure> {
    const TOPICS: u32 = 1_000;
    let names: Vec<_> = (0..TOPICS).map(|topic| TopicName::from(format!("topic-{topic}").as_str())).collect();
    let mut peer = Peer::new(names.iter().map(|name| (name.clone(), 100)).collect());
    peer.serve()?;
    for name in &names {
        peer.core.parts().net.cluster_mut().want(name);
    }
    // As soon as it may ask again.
    peer.now = peer.now + Duration::from_secs(10);
    peer.turn();
    let answers = peer.answers()?;
    work(100 * TOPICS, "partition", move || {
        peer.take_in(&answers);
        peer.core.step(peer.now);
    })
}

/// The partitions of ten topics to a hundred members that have nothing yet.
fn assign() -> Result<Work, Failure> {
    let (topics, members) = group(10, 100);
    work(10_000, "partition", move || {
        drop(black_box(CooperativeStickyAssignor.assign(&topics, &members)));
    })
}

/// The partitions of one topic to a hundred members.
fn assign_range() -> Result<Work, Failure> {
    let (topics, members) = group(1, 100);
    work(10_000, "partition", move || {
        drop(black_box(RangeAssignor.assign(&topics, &members)));
    })
}

/// As many members as there are join: half of the partitions move.
fn assign_to_twice_as_many() -> Result<Work, Failure> {
    let (topics, mut members) = group(10, 200);
    let before = CooperativeStickyAssignor.assign(&topics, members.get(..100).unwrap_or_default());
    for member in &mut members {
        member.subscription.owned = before.get(&member.id).cloned().unwrap_or_default();
    }
    work(10_000, "partition", move || {
        drop(black_box(CooperativeStickyAssignor.assign(&topics, &members)));
    })
}

/// Ten thousand partitions, and members that want them all and have nothing.
fn group(topics: usize, members: usize) -> (GroupTopics, Vec<GroupMember>) {
    let names: BTreeSet<_> =
        (0..topics).map(|topic| TopicName::from(format!("topic-{topic}").as_str())).collect();
    let mut topics = GroupTopics::default();
    for name in &names {
        topics.insert(name.clone(), vec![BTreeSet::new(); 10_000 / names.len()]);
    }
    let members = (0..members).map(|member| GroupMember {
        id: ByteString::from(format!("member-{member}")),
        subscription: MemberSubscription {
            topics: names.clone(),
            owned: BTreeSet::<TopicPartition>::new(),
            ..MemberSubscription::default()
        },
        ..GroupMember::default()
    });
    (topics, members.collect())
}

/// A turn of a producer with many partitions, one of which has a record: what a turn costs must not depend on the
/// others.
fn turn_one_of_many() -> Result<Work, Failure> {
    let (mut peer, orders) = Peer::with_producer(MANY, |config| config.linger = Duration::ZERO)?;
    peer.append_to_each(&orders, 1)?;
    peer.serve()?;
    peer.append_to_each(&orders, 1)?;
    work(1, "turn", move || peer.turn())
}

/// A turn of a producer with many partitions, each of which has a record.
fn turn_all_of_many() -> Result<Work, Failure> {
    let (mut peer, orders) = Peer::with_producer(MANY, |config| config.linger = Duration::ZERO)?;
    peer.append_to_each(&orders, 1)?;
    peer.serve()?;
    peer.append_to_each(&orders, MANY)?;
    work(u32::try_from(MANY)?, "partition", move || peer.turn())
}

/// A turn after the leader of one of many partitions has another epoch: the producer looks at all of them.
fn turn_leader_moved() -> Result<Work, Failure> {
    let (mut peer, _orders) = Peer::with_producer(MANY, |_| {})?;
    let leader = Leader { node: BrokerId(1), epoch: LeaderEpoch(2) };
    if !peer.core.parts().net.cluster_mut().hint(&TopicName::from("orders"), 0, leader) {
        return Err("the view did not change".into());
    }
    work(u32::try_from(MANY)?, "partition", move || peer.turn())
}

/// A turn of a member that has many partitions and nothing to do: what a turn costs must not depend on them.
fn turn_quiet_member() -> Result<Work, Failure> {
    let (mut peer, member, reader) = Peer::with_member(MANY)?;
    work(1, "turn", move || {
        peer.turn();
        let _stay = (&member, &reader);
    })
}

/// A turn of a producer that has sent to a thousand brokers and has nothing to do: each may cost a glance and no
/// more.
fn turn_many_brokers() -> Result<Work, Failure> {
    const BROKERS: i32 = 1_000;
    let (mut peer, orders) = Peer::with_producer_over(BROKERS, BROKERS, |config| {
        config.linger = Duration::ZERO;
        config.node_share_percent = 100;
    })?;
    peer.append_to_each(&orders, BROKERS)?;
    peer.serve()?;
    work(1, "turn", move || {
        peer.turn();
        let _stays = &orders;
    })
}

/// The answer that says where the many partitions of a new member begin, and the turn in which they are fetched.
fn turn_offsets() -> Result<Work, Failure> {
    let (mut peer, member, reader) = Peer::with_new_member(MANY);
    let asked = peer.serve_but(ApiKey::OFFSET_FETCH)?;
    let [asked] = &asked[..] else { return Err("the offsets were not asked for once".into()) };
    let (connection, answer) = (asked.connection(), peer.answer(asked)?);
    work(u32::try_from(MANY)?, "partition", move || {
        peer.core.handle_frame(connection, answer.clone(), peer.now);
        peer.turn();
        let _stay = (&member, &reader);
    })
}

/// A turn in which nothing of what was read is to be read any more.
fn turn_unassigned() -> Result<Work, Failure> {
    let (mut peer, member, reader) = Peer::with_member(MANY)?;
    let owned: Vec<_> = member.owned().iter().map(|ownership| ownership.partition().clone()).collect();
    work(u32::try_from(MANY)?, "partition", move || {
        reader.edge().unassign(owned.iter().cloned());
        peer.turn();
        let _stays = &member;
    })
}

fn writer_of(records: u32) -> Result<BatchWriter, Failure> {
    let mut writer = BatchWriter::new(Vec::with_capacity(128 * (1 + records as usize)));
    for _ in 0..records {
        writer.append(0, None, Some(&VALUE), LIMIT)?;
    }
    Ok(writer)
}

/// A batch as it lies in a log.
fn stamped(records: u32) -> Result<Bytes, Failure> {
    Ok(writer_of(records)?.seal().stamp(Stamp::NONE).bytes().clone())
}
