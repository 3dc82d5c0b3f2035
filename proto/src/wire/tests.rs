use bytes::Bytes;

use super::*;
use crate::messages::produce::{PartitionProduceData, TopicProduceData};
use crate::messages::{
    ApiVersionsResponse, ConsumerProtocolSubscription, FetchRequest, MetadataRequest, ProduceRequest,
    RequestHeader, SaslHandshakeRequest,
};
use crate::{TopicId, TopicName};

#[test]
fn a_produce_request_is_the_bytes_of_the_format() {
    let request = ProduceRequest {
        acks: -1,
        timeout_ms: 1000,
        topic_data: vec![TopicProduceData {
            name: "t".into(),
            partition_data: vec![PartitionProduceData {
                index: 7,
                records: Some(Bytes::from_static(b"xyz")),
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    };
    // By hand from the format: null id, acks, timeout, then one topic with one partition.
    let old = b"\xff\xff\xff\xff\0\0\x03\xe8\0\0\0\x01\0\x01t\0\0\0\x01\0\0\0\x07\0\0\0\x03xyz";
    assert_eq!(request.encode(3).unwrap(), old.as_slice());
    // Flexible: every length one more than it is, in a varint, and tagged fields (none) after every struct.
    let flexible = b"\0\xff\xff\0\0\x03\xe8\x02\x02t\x02\0\0\0\x07\x04xyz\0\0\0";
    assert_eq!(request.encode(9).unwrap(), flexible.as_slice());
    assert_eq!(ProduceRequest::decode(Bytes::from_static(flexible), 9).unwrap(), request);
}

#[test]
fn large_records_become_segments_that_share_their_memory() {
    let large = Bytes::from(vec![1; Writer::SPLIT]);
    let small = Bytes::from(vec![2; Writer::SPLIT - 1]);
    let partition =
        |records: &Bytes| PartitionProduceData { records: Some(records.clone()), ..Default::default() };
    let request = ProduceRequest {
        topic_data: vec![TopicProduceData {
            topic_id: TopicId([9; 16]),
            partition_data: vec![partition(&small), partition(&large), partition(&large)],
            ..Default::default()
        }],
        ..Default::default()
    };
    let mut writer = Writer::new();
    request.write(&mut writer, 13).unwrap();
    let length = writer.len();
    let segments = writer.finish();
    let shared: Vec<bool> = segments.parts().iter().map(|part| part.as_ptr() == large.as_ptr()).collect();
    assert_eq!(shared, [false, true, false, true, false]);
    assert_eq!(segments.parts().iter().map(Bytes::len).sum::<usize>(), length);
    assert_eq!(segments.len(), length);
    assert_eq!(ProduceRequest::decode(segments.into_bytes(), 13).unwrap(), request);
}

#[test]
fn decoded_text_and_bytes_share_the_frame() {
    let frame = Bytes::from_static(b"\0\xff\xff\0\0\x03\xe8\x02\x02t\x02\0\0\0\x07\x04xyz\0\0\0");
    let request = ProduceRequest::decode(frame.clone(), 9).unwrap();
    let topic = &request.topic_data[0];
    let records = topic.partition_data[0].records.as_ref().unwrap();
    assert_eq!(topic.name.as_ptr(), frame[9..].as_ptr());
    assert_eq!(records.as_ptr(), frame[16..].as_ptr());
}

#[test]
fn a_field_that_the_version_lacks_is_refused_unless_it_is_ignorable() {
    let by_id = MetadataRequest { allow_auto_topic_creation: false, ..Default::default() };
    let refused = EncodeError::FieldNotInVersion {
        message: "MetadataRequest",
        field: "allow_auto_topic_creation",
        version: 3,
    };
    assert_eq!(by_id.encode(3), Err(refused));
    assert!(by_id.encode(4).is_ok());
    // The rack is ignorable: an old broker just does not learn it.
    let with_rack = FetchRequest { rack_id: "r".into(), ..Default::default() };
    assert_eq!(with_rack.encode(10), FetchRequest::default().encode(10));
}

#[test]
fn null_is_refused_where_the_version_does_not_allow_it() {
    let all = MetadataRequest { topics: None, ..Default::default() };
    let refused = EncodeError::NullNotAllowed { message: "MetadataRequest", field: "topics", version: 0 };
    assert_eq!(all.encode(0), Err(refused));
    assert_eq!(all.encode(4).unwrap(), b"\xff\xff\xff\xff\x01".as_slice());
}

#[test]
fn a_varint_that_does_not_fit_is_an_error() {
    let read = |bytes: &'static [u8]| Reader::new(Bytes::from_static(bytes)).unsigned_varint("x");
    assert_eq!(read(b"\xff\xff\xff\xff\x0f").unwrap(), u32::MAX);
    assert_eq!(read(b"\xff\xff\xff\xff\x1f").unwrap_err().problem, DecodeProblem::OverlongVarint);
    assert_eq!(read(b"\x80\x80\x80\x80\x80\x01").unwrap_err().problem, DecodeProblem::OverlongVarint);
}

#[test]
fn errors_name_message_field_and_place() {
    let error = ProduceRequest::decode(Bytes::from_static(b"\0\x02ab\xff\xff\0\0"), 3).unwrap_err();
    assert_eq!(error.to_string(), "ProduceRequest.timeout_ms at byte 6: 4 more bytes are needed, 2 are left");
    let error = SaslHandshakeRequest::decode(Bytes::from_static(b"\0\x02\xff\xff"), 0).unwrap_err();
    assert_eq!(error.problem, DecodeProblem::NotUtf8);
    let error = SaslHandshakeRequest::decode(Bytes::from_static(b"\xff\xff"), 0).unwrap_err();
    assert_eq!(error.problem, DecodeProblem::UnexpectedNull);
    let error = SaslHandshakeRequest::decode(Bytes::from_static(b"\x80\0"), 0).unwrap_err();
    assert_eq!(error.problem, DecodeProblem::BadLength(-32768));
    let too_long = SaslHandshakeRequest { mechanism: "x".repeat(32_768).into() };
    assert!(matches!(too_long.encode(0), Err(EncodeError::TooLong { length: 32_768, .. })));
}

#[test]
fn tagged_fields_keep_their_order_and_come_once() {
    let unknown = |tag| UnknownTaggedField { tag, bytes: Bytes::from_static(b"!") };
    // Known tag 0 is written before unknown ones, whatever their order in memory.
    let mut request = FetchRequest {
        cluster_id: Some("c".into()),
        unknown_tagged_fields: vec![unknown(300), unknown(200)],
        ..Default::default()
    };
    let decoded = FetchRequest::decode(request.encode(12).unwrap(), 12).unwrap();
    assert_eq!(decoded.unknown_tagged_fields, [unknown(200), unknown(300)]);
    assert_eq!(decoded.cluster_id, request.cluster_id);

    request.unknown_tagged_fields = vec![unknown(0)];
    assert_eq!(request.encode(12), Err(EncodeError::DuplicateTag { message: "FetchRequest", tag: 0 }));
    request.cluster_id = None;
    request.unknown_tagged_fields = vec![unknown(200)];
    let refused =
        EncodeError::FieldNotInVersion { message: "FetchRequest", field: "tagged_fields", version: 11 };
    assert_eq!(request.encode(11), Err(refused));

    let read =
        |bytes: &'static [u8]| RequestHeader::decode(Bytes::from_static(bytes), 2).unwrap_err().problem;
    assert_eq!(read(b"\0\0\0\0\0\0\0\0\xff\xff\x02\x05\0\x05\0"), DecodeProblem::TagOrder(5));
    let read =
        |bytes: &'static [u8]| ApiVersionsResponse::decode(Bytes::from_static(bytes), 3).unwrap_err().problem;
    let problem = DecodeProblem::TagSize { tag: 1, declared: 9, used: 8 };
    assert_eq!(read(b"\0\0\x01\0\0\0\0\x01\x01\x09\0\0\0\0\0\0\0\0\0"), problem);
}

#[test]
fn the_header_versions_follow_the_message_except_for_api_versions() {
    assert_eq!(ProduceRequest::header_version(8), 1);
    assert_eq!(ProduceRequest::header_version(9), 2);
    assert_eq!(<ProduceRequest as Request>::Response::header_version(9), 1);
    assert_eq!(ApiVersionsResponse::header_version(4), 0);
    assert_eq!(<SaslHandshakeRequest as Request>::Response::header_version(1), 0);
}

#[test]
fn a_header_of_version_2_keeps_the_old_form_of_the_client_id() {
    let header = RequestHeader {
        request_api_key: 18,
        request_api_version: 3,
        correlation_id: 1,
        client_id: Some("me".into()),
        ..Default::default()
    };
    assert_eq!(header.encode(2).unwrap(), b"\0\x12\0\x03\0\0\0\x01\0\x02me\0".as_slice());
}

#[test]
fn a_subscription_of_a_later_version_is_read_as_the_highest_known() {
    let subscription = ConsumerProtocolSubscription { topics: vec!["t".into()], ..Default::default() };
    let topics = |bytes: Vec<u8>| -> Result<Vec<TopicName>, DecodeError> {
        let read = ConsumerProtocolSubscription::decode_version_prefixed(bytes.into())?;
        Ok(read.topics.into_iter().map(TopicName).collect())
    };
    let mut bytes = subscription.encode_version_prefixed(3).unwrap().to_vec();
    assert_eq!(topics(bytes.clone()).unwrap(), ["t".into()]);
    bytes[1] = 99;
    bytes.extend(b"something new");
    assert_eq!(topics(bytes.clone()).unwrap(), ["t".into()]);
    bytes[0] = 0xff;
    assert!(topics(bytes).is_err());
}

#[test]
fn a_text_that_is_longer_than_any_is_refused_though_it_is_there() {
    let request = |length: usize, prefix: &[u8]| {
        // One topic by name, and three flags.
        let mut frame = vec![2];
        frame.extend_from_slice(prefix);
        frame.extend(std::iter::repeat_n(b'x', length));
        frame.extend_from_slice(&[0, 1, 0, 0, 0]);
        MetadataRequest::decode(Bytes::from(frame), 9)
    };
    let read = request(MAX_TEXT_BYTES, b"\x80\x80\x02").unwrap();
    assert_eq!(read.topics.unwrap()[0].name.as_ref().unwrap().len(), 32_767);
    let refused = request(32_768, b"\x81\x80\x02").unwrap_err().to_string();
    assert!(refused.contains("name") && refused.contains("32768"), "{refused}");
    // Nor a mebibyte, whoever has sent it.
    assert!(request(1 << 20, b"\x81\x80\x40").is_err());
}
