use bytes::Bytes;
use ottla_proto::compression::Codec;
use ottla_proto::messages::produce::ProduceRequest;
use ottla_proto::records::{Batch, Stamp};
use ottla_proto::{BrokerId, ErrorCode, LeaderEpoch};

use crate::engine::Close;
use crate::testing::*;
use crate::{QuotaKey, engine::Reply};

#[test]
fn offsets_follow_each_other() {
    let mut world = World::with_topic();
    let first = world.produce(batch(&["a", "b"]));
    let second = world.produce(batch(&["c"]));
    assert_eq!((first.error_code, first.base_offset, second.base_offset), (ErrorCode::NONE, 0, 2));
    assert_eq!((second.log_append_time_ms, second.log_start_offset), (-1, 0));
    let read = world.fetch(0);
    assert_eq!(values(&read.records.unwrap()), [(0, "a".into()), (1, "b".into()), (2, "c".into())]);
    assert_eq!(read.high_watermark, 3);
}

#[test]
fn a_topic_is_found_by_id_from_version_13_on() {
    let mut world = World::with_topic();
    let mut request = produce_request(1, batch(&["a"]));
    request.topic_data[0].topic_id = world.topic_id("t");
    let answer = world.ask(13, &request);
    assert_eq!(answer.responses[0].partition_responses[0].error_code, ErrorCode::NONE);
    request.topic_data[0].topic_id.0[0] ^= 1;
    let answer = world.ask(13, &request);
    assert_eq!(answer.responses[0].partition_responses[0].error_code, ErrorCode::UNKNOWN_TOPIC_ID);
}

fn code(request: &ProduceRequest, world: &mut World) -> ErrorCode {
    world.ask(12, request).responses[0].partition_responses[0].error_code
}

#[test]
fn what_cannot_be_written_is_told_apart() {
    let mut world = World::with_topic();
    let mut request = produce_request(2, batch(&["a"]));
    assert_eq!(code(&request, &mut world), ErrorCode::INVALID_REQUIRED_ACKS);
    request.acks = 1;
    request.topic_data[0].partition_data[0].index = 1;
    assert_eq!(code(&request, &mut world), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    request.topic_data[0].partition_data[0].index = -1;
    assert_eq!(code(&request, &mut world), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    request.topic_data[0].name = "other".into();
    assert_eq!(code(&request, &mut world), ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
}

/// The crc's scope begins at the attributes.
fn with_crc(mut batch: Vec<u8>) -> Bytes {
    let crc = crc32c(&batch[21..]);
    batch[17..21].copy_from_slice(&crc.to_be_bytes());
    batch.into()
}

/// Bit by bit: slow, and obviously what the polynomial says.
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0x82F6_3B78 & (crc & 1).wrapping_neg()))
    };
    !bytes.iter().fold(!0, step)
}

#[test]
fn bad_batches_are_refused_as_kafka_does() {
    let good = batch(&["a", "b"]).to_vec();
    let changed = |change: fn(&mut Vec<u8>)| {
        let mut bytes = good.clone();
        change(&mut bytes);
        bytes
    };
    let cases: Vec<(&str, Bytes, ErrorCode)> = vec![
        ("nothing", Bytes::new(), ErrorCode::INVALID_RECORD),
        ("two batches", [good.clone(), good.clone()].concat().into(), ErrorCode::INVALID_RECORD),
        ("cut off", good[..good.len() - 1].to_vec().into(), ErrorCode::INVALID_RECORD),
        ("a flipped bit", changed(|b| b[70] ^= 1).into(), ErrorCode::CORRUPT_MESSAGE),
        ("magic 1", changed(|b| b[16] = 1).into(), ErrorCode::INVALID_RECORD),
        ("magic 3", changed(|b| b[16] = 3).into(), ErrorCode::CORRUPT_MESSAGE),
        ("base offset 1", changed(|b| b[7] = 1).into(), ErrorCode::INVALID_RECORD),
        ("codec 7", with_crc(changed(|b| b[22] = 7)), ErrorCode::UNSUPPORTED_COMPRESSION_TYPE),
        ("a control batch", with_crc(changed(|b| b[22] = 0x20)), ErrorCode::INVALID_RECORD),
        ("log append time", with_crc(changed(|b| b[22] = 8)), ErrorCode::INVALID_TIMESTAMP),
        ("a last offset beyond the count", with_crc(changed(|b| b[26] = 2)), ErrorCode::INVALID_RECORD),
        ("no records", with_crc(changed(|b| b[60] = 0)), ErrorCode::INVALID_RECORD),
        (
            "more records than said",
            with_crc(changed(|b| {
                b[26] = 0;
                b[60] = 1;
            })),
            ErrorCode::INVALID_RECORD,
        ),
        ("a producer without sequence", with_crc(changed(|b| b[43..51].fill(0))), ErrorCode::INVALID_RECORD),
        ("too large", batch(&[&"x".repeat(1_048_588)]), ErrorCode::MESSAGE_TOO_LARGE),
    ];
    let mut world = World::with_topic();
    for (name, records, expected) in cases {
        let answer = world.produce(records);
        assert_eq!((answer.error_code, answer.base_offset), (expected, -1), "{name}");
        assert!(answer.error_message.is_some(), "{name}");
    }
    assert_eq!(world.fetch(0).high_watermark, 0);
    assert_eq!(world.produce(with_crc(good.clone())).error_code, ErrorCode::NONE);
    // Kafka looks past the beginning of another batch.
    let trailing = [&good[..], &[0; 5]].concat();
    assert_eq!(world.produce(trailing.into()).base_offset, 2);
    assert_eq!(world.fetch(2).records.unwrap().len(), good.len());
}

#[test]
fn every_codec_is_read_and_kept_as_it_came() {
    let mut world = World::with_topic();
    let text = "compressible ".repeat(50);
    for codec in [Codec::None, Codec::Gzip, Codec::Snappy, Codec::Lz4, Codec::Zstd] {
        let sent = batch_by(Stamp::NONE, codec, &[&text, &text]);
        let answer = world.produce(sent.clone());
        assert_eq!(answer.error_code, ErrorCode::NONE, "{codec:?}");
        let read = world.fetch(answer.base_offset).records.unwrap();
        assert_eq!(read[16..], sent[16..], "{codec:?}");
    }
    let zstd = produce_request(1, batch_by(Stamp::NONE, Codec::Zstd, &[&text]));
    let answer = &world.ask(6, &zstd).responses[0].partition_responses[0];
    assert_eq!(answer.error_code, ErrorCode::UNSUPPORTED_COMPRESSION_TYPE);
}

/// A world whose topic `t` has these settings.
fn with_settings(settings: &[(&str, &str)]) -> World {
    let mut world = World::new(1);
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    world.engine.create_topic("t", 1, -1, settings.collect()).unwrap();
    world
}

#[test]
fn a_topic_may_decide_on_the_codec() {
    let text = "compressible ".repeat(50);
    for wanted in Codec::ALL {
        let name = if wanted == Codec::None { "uncompressed" } else { wanted.name() };
        let mut world = with_settings(&[("compression.type", name)]);
        for (sequence, codec) in (0..).step_by(2).zip(Codec::ALL) {
            let stamp = Stamp {
                producer_id: 9.into(),
                producer_epoch: 1.into(),
                base_sequence: sequence,
                transactional: false,
            };
            let sent = batch_by(stamp, codec, &[&text, "b"]);
            let answer = world.produce(sent.clone());
            let base = i64::from(sequence);
            assert_eq!((answer.error_code, answer.base_offset), (ErrorCode::NONE, base), "{codec} to {name}");
            assert_eq!(world.produce(sent.clone()).base_offset, base);
            let read = world.fetch(base).records.unwrap();
            assert_eq!(
                values(&read),
                [(base, text.clone()), (base + 1, "b".to_owned())],
                "{codec} to {name}"
            );
            if codec == wanted {
                assert_eq!(read[16..], sent[16..], "{name}");
            }
            let (sent, read) = (Batch::parse(sent).unwrap(), Batch::parse(read).unwrap());
            assert_eq!(read.header().attributes.codec(), Some(wanted));
            let unchanged = |batch: &Batch| {
                let header = batch.header();
                (header.producer_id, header.base_sequence, header.base_timestamp, header.max_timestamp)
            };
            assert_eq!(unchanged(&read), unchanged(&sent));
        }
    }
}

#[test]
fn what_recompressing_makes_too_large_is_refused() {
    let mut world = with_settings(&[("compression.type", "uncompressed"), ("max.message.bytes", "300")]);
    let sent = batch_by(Stamp::NONE, Codec::Gzip, &[&"compressible ".repeat(50)]);
    assert!(sent.len() < 300);
    let answer = world.produce(sent);
    assert_eq!((answer.error_code, answer.log_start_offset), (ErrorCode::MESSAGE_TOO_LARGE, -1));
    assert_eq!(world.produce(batch_by(Stamp::NONE, Codec::Gzip, &["short"])).base_offset, 0);
}

#[test]
fn zstd_is_written_at_the_topics_level() {
    let text: String = (0..4000).map(|number| format!("{},", number * number % 977)).collect();
    let sizes = ["-100000", "19"].map(|level| {
        let mut world = with_settings(&[("compression.type", "zstd"), ("compression.zstd.level", level)]);
        assert_eq!(world.produce(batch(&[&text])).error_code, ErrorCode::NONE);
        world.fetch(0).records.unwrap().len()
    });
    assert!(sizes[0] > sizes[1], "{sizes:?}");
}

#[test]
fn a_batch_that_comes_again_is_known() {
    let mut world = World::with_topic();
    for number in 0..7 {
        let answer = world.produce(sequenced(9, 0, number * 2, 2));
        assert_eq!((answer.error_code, answer.base_offset), (ErrorCode::NONE, i64::from(number) * 2));
    }
    // The last five are remembered.
    for number in 2..7 {
        let answer = world.produce(sequenced(9, 0, number * 2, 2));
        assert_eq!((answer.error_code, answer.base_offset), (ErrorCode::NONE, i64::from(number) * 2));
    }
    assert_eq!(world.produce(sequenced(9, 0, 2, 2)).error_code, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    // The same start with another length is no duplicate.
    assert_eq!(world.produce(sequenced(9, 0, 12, 1)).error_code, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert_eq!(world.fetch(0).high_watermark, 14);
}

#[test]
fn sequences_have_no_gaps_and_epochs_only_rise() {
    let mut world = World::with_topic();
    // An unknown producer may begin anywhere.
    assert_eq!(world.produce(sequenced(1, 3, 40, 1)).error_code, ErrorCode::NONE);
    assert_eq!(world.produce(sequenced(1, 3, 42, 1)).error_code, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert_eq!(world.produce(sequenced(1, 2, 41, 1)).error_code, ErrorCode::INVALID_PRODUCER_EPOCH);
    assert_eq!(world.produce(sequenced(1, 4, 41, 1)).error_code, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert_eq!(world.produce(sequenced(1, 4, 0, 1)).error_code, ErrorCode::NONE);
    assert_eq!(world.produce(sequenced(1, 3, 41, 1)).error_code, ErrorCode::INVALID_PRODUCER_EPOCH);
}

#[test]
fn after_the_largest_sequence_comes_zero() {
    let mut world = World::with_topic();
    assert_eq!(world.produce(sequenced(1, 0, i32::MAX - 1, 2)).error_code, ErrorCode::NONE);
    assert_eq!(world.produce(sequenced(1, 0, 0, 1)).error_code, ErrorCode::NONE);
    // One batch across the border.
    assert_eq!(world.produce(sequenced(2, 0, i32::MAX, 3)).error_code, ErrorCode::NONE);
    assert_eq!(world.produce(sequenced(2, 0, 2, 1)).error_code, ErrorCode::NONE);
}

#[test]
fn timestamps_lie_within_the_topics_bounds() {
    let mut world = World::new(1);
    let settings = [("message.timestamp.before.max.ms", "1000"), ("message.timestamp.after.max.ms", "2000")];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    world.engine.create_topic("t", 1, -1, settings.into()).unwrap();
    let now = START.as_millis();
    let at = |offsets: [i64; 2]| batch_of(Stamp::NONE, Codec::None, &offsets.map(|at| (now + at, None, "v")));
    assert_eq!(world.produce(at([-1000, 2000])).error_code, ErrorCode::NONE);
    for offsets in [[0, -1001], [0, 2001]] {
        let answer = world.produce(at(offsets));
        assert_eq!(answer.error_code, ErrorCode::INVALID_TIMESTAMP);
        assert_eq!(answer.record_errors.len(), 1);
        assert_eq!(answer.record_errors[0].batch_index, 1);
    }
}

#[test]
fn log_append_time_replaces_the_producers() {
    let mut world = World::new(1);
    let setting = ("message.timestamp.type".to_owned(), "LogAppendTime".to_owned());
    world.engine.create_topic("t", 1, -1, [setting].into()).unwrap();
    world.pass(5_000);
    let answer = world.produce(batch(&["a"]));
    assert_eq!(answer.log_append_time_ms, world.now.as_millis());
    let read = world.fetch(0).records.unwrap();
    let batch = ottla_proto::records::Batch::parse(read).unwrap();
    batch.verify_crc().unwrap();
    assert_eq!(batch.header().log_append_time(), Some(world.now.as_millis()));
}

#[test]
fn a_compacted_topic_wants_keys() {
    let mut world = World::new(1);
    let setting = ("cleanup.policy".to_owned(), "compact".to_owned());
    world.engine.create_topic("t", 1, -1, [setting].into()).unwrap();
    let now = START.as_millis();
    let records = [(now, Some("k"), "v"), (now, None, "v")];
    let answer = world.produce(batch_of(Stamp::NONE, Codec::None, &records));
    assert_eq!(answer.error_code, ErrorCode::INVALID_RECORD);
    assert_eq!(answer.record_errors[0].batch_index, 1);
    assert_eq!(world.produce(batch_of(Stamp::NONE, Codec::None, &records[..1])).error_code, ErrorCode::NONE);
}

#[test]
fn only_the_leader_writes_and_tells_who_it_is() {
    let mut world = World::new(2);
    world.engine.create_topic("t", 1, 2, [].into()).unwrap();
    assert!(world.engine.move_leader("t", 0, BrokerId(2), world.now));
    let answer = world.produce_muted(batch(&["a"])).response;
    let partition = &answer.responses[0].partition_responses[0];
    assert_eq!(partition.error_code, ErrorCode::NOT_LEADER_OR_FOLLOWER);
    assert_eq!(partition.current_leader.leader_id, BrokerId(2));
    assert_eq!(partition.current_leader.leader_epoch, LeaderEpoch(1));
    assert_eq!((&*answer.node_endpoints[0].host, answer.node_endpoints[0].port), ("kafka.test", 9002));
    let old = world.ask(9, &produce_request(1, batch(&["a"])));
    assert_eq!(old.responses[0].partition_responses[0].error_code, ErrorCode::NOT_LEADER_OR_FOLLOWER);
}

#[test]
fn without_acks_there_is_no_answer_and_a_failure_closes() {
    let mut world = World::with_topic();
    world.limit(QuotaKey::ProducerByteRate, 10.0);
    world.send(12, &produce_request(0, batch(&[&"x".repeat(200)])));
    let Reply::Answer { frame: None, muted_until } = world.engine.poll_output().unwrap().reply else {
        panic!()
    };
    assert!(muted_until > world.now);
    assert_eq!(world.fetch(0).high_watermark, 1);
    world.send(12, &produce_request(0, Bytes::new()));
    assert_eq!(world.closed(), Close::ProduceWithoutAcksFailed);
}

#[test]
fn a_producer_over_its_quota_is_told_and_muted_for_as_long() {
    let mut world = World::with_topic();
    world.limit(QuotaKey::ProducerByteRate, 1000.0);
    let request = produce_request(-1, batch(&[&"x".repeat(8000)]));
    let size = i64::try_from(frame(12, &request).len()).unwrap();
    let first = world.ask_muted(12, &request);
    assert_eq!((first.response.throttle_time_ms, first.muted_ms), (0, 0));
    // Twice the size within ten windows of a second each, at a thousand bytes a second.
    let second = world.ask_muted(12, &request);
    let expected = 2 * size - 10_000;
    assert_eq!((i64::from(second.response.throttle_time_ms), second.muted_ms), (expected, expected));
    assert_eq!(second.response.responses[0].partition_responses[0].error_code, ErrorCode::NONE);
    let told = world.engine.stats().throttled[CLIENT_ID];
    assert_eq!(told.as_millis(), u128::try_from(expected).unwrap());
}

#[test]
fn retention_drops_whole_segments_from_the_front() {
    let mut world = World::new(1);
    let size = batch(&["a"]).len();
    let settings = [("retention.bytes", size * 2), ("segment.bytes", size)];
    let settings = settings.map(|(name, bytes)| (name.to_owned(), bytes.to_string()));
    world.engine.create_topic("t", 1, -1, settings.into()).unwrap();
    for _ in 0..5 {
        world.produce(batch(&["a"]));
    }
    assert_eq!(world.fetch(3).log_start_offset, 3);
    assert_eq!(world.fetch(2).error_code, ErrorCode::OFFSET_OUT_OF_RANGE);
}
