//! Many connections, many partitions, and clients that promise much and send little: what they cost is bounded.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests state what must hold, as tests do"
)]

use std::time::Duration;

use bytes::Bytes;
use ottla_broker::Cluster;
use ottla_proto::messages::header::{RequestHeader, ResponseHeader};
use ottla_proto::messages::metadata::{MetadataRequest, MetadataRequestTopic};
use ottla_proto::wire::{Message, Reader, Request, Response, Writer};
use ottla_proto::{BrokerId, ErrorCode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::timeout;

const LONG: Duration = Duration::from_secs(60);

/// Ten thousand connections, a third of which leave a request half said, and one that works.
#[tokio::test]
async fn ten_thousand_connections_hold_up_nobody() {
    let _alone = alone().await;
    let cluster = Cluster::builder().topic("t", 1).start().await.unwrap();
    let before = resident();
    let mut idle = Vec::new();
    for number in 0..10_000 {
        let mut stream = cluster.connect(cluster.addresses()[0]).unwrap();
        if number % 3 == 0 {
            stream.write_all(&[0, 0, 0, 99, 0, 18]).await.unwrap();
        }
        idle.push(stream);
    }
    let mut busy = TcpStream::connect(cluster.addresses()[0]).await.unwrap();
    for _ in 0..50 {
        assert_eq!(partitions(&mut busy, "t").await, 1);
    }
    let each = resident().saturating_sub(before) / idle.len();
    assert!(each < 32 * 1024, "a connection that does nothing costs {each} bytes");
    assert_eq!(cluster.closures(), []);
}

/// A frame's length is a promise, and memory is for what was kept.
#[tokio::test]
async fn announced_bytes_cost_nothing_before_they_come() {
    let _alone = alone().await;
    let cluster = Cluster::builder().start().await.unwrap();
    let before = resident();
    let mut hostile = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(cluster.addresses()[0]).await.unwrap();
        stream.write_i32(100 << 20).await.unwrap();
        stream.write_all(&[0; 1000]).await.unwrap();
        hostile.push(stream);
    }
    let mut busy = TcpStream::connect(cluster.addresses()[0]).await.unwrap();
    assert_eq!(partitions(&mut busy, "t").await, 0);
    // 64 KiB are made room for at once.
    let grown = resident().saturating_sub(before);
    assert!(grown < 200 * 128 * 1024, "20 GB were promised, and {grown} bytes kept for it");
}

/// A hundred thousand partitions with three replicas each: created, listed, and led by others after a node's death.
#[tokio::test]
async fn a_hundred_thousand_partitions_are_carried() {
    let _alone = alone().await;
    let topics = if std::env::var_os("OTTLA_PROOF").is_some() { 100 } else { 10 };
    let before = resident();
    let cluster = Cluster::builder().nodes(3).default_replication_factor(3).start().await.unwrap();
    for topic in 0..topics {
        cluster.create_topic(&format!("topic-{topic}"), 1000).unwrap();
    }
    let each = resident().saturating_sub(before) / (topics * 1000);
    assert!(each < 6 * 1024, "a partition with three replicas costs {each} bytes");

    let mut client = TcpStream::connect(cluster.addresses()[1]).await.unwrap();
    let all: MetadataRequest = MetadataRequest { topics: None, ..MetadataRequest::default() };
    assert_eq!(ask(&mut client, 12, &all).await.topics.len(), topics);
    assert!(cluster.stop_node(BrokerId(1)));
    let told = ask(&mut client, 12, &all).await;
    let mut found = told.topics.iter().flat_map(|topic| &topic.partitions);
    assert!(found.all(|partition| partition.leader_id != BrokerId(1) && !partition.leader_id.is_none()));
    assert!(cluster.start_node(BrokerId(1)));
    assert_eq!(partitions(&mut client, "topic-3").await, 1000);
}

/// How many partitions a topic has; none if there is no such topic.
async fn partitions(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), topic: &str) -> usize {
    let name = MetadataRequestTopic { name: Some(topic.into()), ..MetadataRequestTopic::default() };
    let request = MetadataRequest { topics: Some(vec![name]), ..MetadataRequest::default() };
    let answer = ask(stream, 12, &request).await;
    assert!(matches!(answer.topics[0].error_code, ErrorCode::NONE | ErrorCode::UNKNOWN_TOPIC_OR_PARTITION));
    answer.topics[0].partitions.len()
}

async fn ask<R: Request>(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    version: i16,
    request: &R,
) -> R::Response {
    let mut writer = Writer::new();
    let header =
        RequestHeader { request_api_key: R::KEY.0, request_api_version: version, ..RequestHeader::default() };
    header.write(&mut writer, R::header_version(version)).unwrap();
    request.write(&mut writer, version).unwrap();
    let frame = writer.finish().into_bytes();
    let answer = async {
        stream.write_i32(i32::try_from(frame.len()).unwrap()).await.unwrap();
        stream.write_all(&frame).await.unwrap();
        let mut answer = vec![0; usize::try_from(stream.read_i32().await.unwrap()).unwrap()];
        stream.read_exact(&mut answer).await.unwrap();
        answer
    };
    let answer = timeout(LONG, answer).await.expect("an answer in time");
    let mut reader = Reader::new(Bytes::from(answer));
    ResponseHeader::read(&mut reader, R::Response::header_version(version)).unwrap();
    R::Response::read(&mut reader, version).unwrap()
}

/// The process's memory is measured, so one test at a time.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    ALONE.lock().await
}

/// The bytes of memory that the process uses; 0 where the system does not tell, and then nothing is compared.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<usize>().ok());
    kilobytes.unwrap_or_default() * 1024
}
