//! Over real sockets on this machine. Times are bounds from below, which a slow machine cannot break; what must happen
//! before a time is tested in memory, where time waits for everything else.

use std::num::NonZeroU32;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use ottla_proto::messages::api_versions::ApiVersionsRequest;
use ottla_proto::messages::fetch::FetchRequest;
use ottla_proto::messages::metadata::MetadataRequest;
use ottla_proto::messages::produce::ProduceRequest;
use ottla_proto::wire::Request;
use ottla_proto::{ApiKey, ErrorCode};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::frame;
use super::*;
use crate::testing::{CLIENT_ID, batch_of, decode, fetch_request, only, produce_request, values};

const LONG: Duration = Duration::from_secs(20);

struct Client<S = TcpStream> {
    stream: S,
    buffer: BytesMut,
}

impl Client {
    async fn connect(cluster: &Cluster) -> Self {
        let stream = TcpStream::connect(cluster.addresses()[0]).await.unwrap();
        Self { stream, buffer: BytesMut::new() }
    }
}

impl Client<DuplexStream> {
    fn in_memory(cluster: &Cluster) -> Self {
        Self { stream: cluster.connect(cluster.addresses()[0]).unwrap(), buffer: BytesMut::new() }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    async fn send<R: Request>(&mut self, version: i16, request: &R) {
        let frame = crate::testing::frame(version, request);
        self.stream.write_i32(i32::try_from(frame.len()).unwrap()).await.unwrap();
        self.stream.write_all(&frame).await.unwrap();
    }

    async fn receive<R: Request>(&mut self, version: i16) -> R::Response {
        let read = timeout(LONG, frame::read(&mut self.stream, &mut self.buffer, 1 << 30));
        decode::<R>(version, read.await.expect("an answer in time").unwrap().expect("an answer"))
    }

    async fn ask<R: Request>(&mut self, version: i16, request: &R) -> R::Response {
        self.send(version, request).await;
        self.receive::<R>(version).await
    }

    /// Whether the broker closes the connection without another byte.
    async fn is_closed(&mut self) -> bool {
        let mut rest = Vec::new();
        // A reset is an end, too.
        let read = timeout(LONG, self.stream.read_to_end(&mut rest)).await.expect("an end in time");
        read.is_err() || rest.is_empty()
    }
}

/// Records of this moment, as the cluster's clock is the real one.
#[expect(clippy::disallowed_methods, reason = "records are stamped by their producer's clock")]
fn batch(value: &str) -> Bytes {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = i64::try_from(now.as_millis()).unwrap();
    batch_of(ottla_proto::records::Stamp::NONE, ottla_proto::compression::Codec::None, &[(now, None, value)])
}

#[expect(clippy::disallowed_methods, reason = "the test measures what the broker makes it wait")]
fn clock() -> Instant {
    Instant::now()
}

#[tokio::test]
async fn records_go_in_and_come_out() {
    let cluster = Cluster::builder().topic("t", 1).start().await.unwrap();
    let mut client = Client::connect(&cluster).await;
    let answer = client.ask(12, &produce_request(-1, batch("a"))).await;
    assert_eq!(answer.responses[0].partition_responses[0].error_code, ErrorCode::NONE);
    let answer = only(client.ask(12, &fetch_request(0, 0)).await);
    assert_eq!(values(&answer.records.unwrap()), [(0, "a".into())]);
    assert_eq!(cluster.stats().requests[&ApiKey::PRODUCE], 1);
}

#[tokio::test]
async fn clients_are_told_where_the_nodes_are() {
    let cluster = Cluster::builder().nodes(3).start().await.unwrap();
    let mut client = Client::connect(&cluster).await;
    let answer = client.ask(12, &MetadataRequest::default()).await;
    let told = answer.brokers.iter().map(|broker| format!("{}:{}", broker.host, broker.port));
    assert_eq!(told.collect::<Vec<_>>().join(","), cluster.bootstrap());
}

#[tokio::test]
async fn clients_are_told_the_advertised_host() {
    let start = |name: &str| Cluster::builder().nodes(2).advertised_host(name).start();
    let cluster = start("kafka.example").await.unwrap();
    let mut client = Client::connect(&cluster).await;
    let answer = client.ask(12, &MetadataRequest::default()).await;
    let told: Vec<_> = answer.brokers.iter().map(|broker| (&*broker.host, broker.port)).collect();
    let ports: Vec<_> = cluster.addresses().iter().map(|address| i32::from(address.port())).collect();
    assert_eq!(told, [("kafka.example", ports[0]), ("kafka.example", ports[1])]);

    assert!(start("::1").await.is_ok());
    for name in ["", "kafka:9092", "two words", "http://kafka", &"x".repeat(254)] {
        let error = start(name).await.unwrap_err();
        assert!(matches!(error, StartError::AdvertisedHost { .. }), "{name:?}: {error}");
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let cluster = Cluster::builder().topic("t", 1).start().await.unwrap();
    let mut client = Client::connect(&cluster).await;
    // The fetch waits 50 ms, and the answer to the produce waits behind it.
    client.send(12, &fetch_request(0, 50)).await;
    client.send(12, &produce_request(1, batch("a"))).await;
    let fetched = only(client.receive::<FetchRequest>(12).await);
    assert_eq!(fetched.records.unwrap().len(), 0);
    client.receive::<ProduceRequest>(12).await;
}

#[tokio::test]
async fn a_waiting_fetch_is_woken_by_another_connection() {
    let cluster = Cluster::builder().topic("t", 1).start().await.unwrap();
    let mut reader = Client::connect(&cluster).await;
    let mut writer = Client::connect(&cluster).await;
    reader.send(12, &fetch_request(0, 3_600_000)).await;
    while !cluster.stats().requests.contains_key(&ApiKey::FETCH) {
        tokio::task::yield_now().await;
    }
    writer.ask(12, &produce_request(1, batch("a"))).await;
    let fetched = only(reader.receive::<FetchRequest>(12).await);
    assert_eq!(values(&fetched.records.unwrap()), [(0, "a".into())]);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_client_is_answered_at_once_and_then_not_read() {
    let quota = (QuotaEntity::client_id(CLIENT_ID), QuotaKey::ProducerByteRate, 20_000.0);
    let builder = Cluster::builder().in_memory().topic("t", 1);
    let cluster = builder.client_quota(quota.0, quota.1, quota.2).start().await.unwrap();
    let mut client = Client::in_memory(&cluster);
    let before = clock();
    // Ten windows' worth and a fifth of a second more.
    let answer = client.ask(12, &produce_request(1, batch(&"x".repeat(204_000)))).await;
    let throttle = Duration::from_millis(answer.throttle_time_ms.try_into().unwrap());
    assert!(throttle > Duration::from_millis(150), "{throttle:?}");
    // Any request waits, whatever it asks for; on another connection it does not.
    let mut other = Client::in_memory(&cluster);
    client.send(12, &MetadataRequest::default()).await;
    other.ask(12, &MetadataRequest::default()).await;
    assert_eq!(cluster.stats().requests[&ApiKey::METADATA], 1);
    client.receive::<MetadataRequest>(12).await;
    assert!(before.elapsed() >= throttle, "{:?} < {throttle:?}", before.elapsed());
    assert_eq!(cluster.stats().throttled[CLIENT_ID], throttle);
}

#[tokio::test]
async fn hostile_bytes_close_their_connection_with_a_reason_and_harm_nobody() {
    let cluster = Cluster::builder().max_request_bytes(1000).start().await.unwrap();
    let hostile: [&[u8]; 6] = [
        &[0xff; 4],
        &[0, 0, 0, 0],
        &[0, 0, 3, 0xe9],
        b"GET / HTTP/1.1\r\n\r\n",
        &[0x16, 3, 1, 2, 0, 1, 0, 1],
        &[0, 0, 0, 8, 0x7f, 0xff, 0, 0, 0, 0, 0, 0],
    ];
    for bytes in hostile {
        let mut client = Client::connect(&cluster).await;
        client.stream.write_all(bytes).await.unwrap();
        assert!(client.is_closed().await, "{bytes:?}");
    }
    // Half a request, then nothing more.
    let mut client = Client::connect(&cluster).await;
    client.stream.write_all(&[0, 0, 0, 9, 1]).await.unwrap();
    client.stream.shutdown().await.unwrap();
    assert!(client.is_closed().await);
    let mut client = Client::connect(&cluster).await;
    client.ask(0, &ApiVersionsRequest::default()).await;
    let reasons: Vec<String> = cluster.closures().into_iter().map(|closure| closure.reason).collect();
    assert_eq!(reasons.len(), 7, "{reasons:?}");
    assert!(reasons[0].contains("-1 bytes"), "{reasons:?}");
    assert!(reasons[5].contains("API 32767 version 0"), "{reasons:?}");
}

#[tokio::test]
async fn a_client_that_takes_nothing_holds_up_nobody() {
    let idle = Duration::from_secs(1);
    let cluster = Cluster::builder().topic("t", 1).max_idle(idle).start().await.unwrap();
    let mut busy = Client::connect(&cluster).await;
    // More than what the system takes for a client that does not read.
    let megabyte = produce_request(1, batch(&"x".repeat(1_000_000)));
    for _ in 0..20 {
        busy.ask(12, &megabyte).await;
    }
    let mut lazy = Client::connect(&cluster).await;
    let mut request = fetch_request(0, 0);
    request.topics[0].partitions[0].partition_max_bytes = i32::MAX;
    lazy.send(12, &request).await;
    for _ in 0..20 {
        busy.ask(12, &MetadataRequest::default()).await;
    }
    // The lazy client is given up; others are served meanwhile, each by a connection that is not idle yet.
    while !cluster.closures().iter().any(|closure| closure.reason.contains("taken")) {
        Client::connect(&cluster).await.ask(12, &MetadataRequest::default()).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_until_another_ends() {
    let cluster = Cluster::builder().max_connections(1).start().await.unwrap();
    let mut first = Client::connect(&cluster).await;
    first.ask(0, &ApiVersionsRequest::default()).await;
    let mut second = Client::connect(&cluster).await;
    second.send(0, &ApiVersionsRequest::default()).await;
    first.ask(0, &ApiVersionsRequest::default()).await;
    assert_eq!(cluster.stats().requests[&ApiKey::API_VERSIONS], 2);
    drop(first);
    second.receive::<ApiVersionsRequest>(0).await;
    assert_eq!(cluster.closures(), []);
}

#[tokio::test]
async fn a_dropped_cluster_is_gone() {
    let cluster = Cluster::builder().topic("t", 1).start().await.unwrap();
    let address = cluster.addresses()[0];
    let mut client = Client::connect(&cluster).await;
    client.send(12, &fetch_request(0, 3_600_000)).await;
    drop(cluster);
    assert!(client.is_closed().await);
    // The port is free again.
    let again = Cluster::builder().port(address.port()).start().await.unwrap();
    assert_eq!(again.addresses(), [address]);
}

#[tokio::test]
async fn what_cannot_start_says_why() {
    let error = Cluster::builder().nodes(0).start().await.unwrap_err();
    assert!(matches!(error, StartError::NoNodes));
    let error = Cluster::builder().topic("a b", 1).start().await.unwrap_err();
    assert!(matches!(error, StartError::Topic { .. }), "{error}");
    let quota = Cluster::builder().client_quota(QuotaEntity::client_id("a"), QuotaKey::ProducerByteRate, 0.0);
    assert!(matches!(quota.start().await.unwrap_err(), StartError::Quota { .. }));
    let running = Cluster::builder().start().await.unwrap();
    let error = Cluster::builder().port(running.addresses()[0].port()).start().await.unwrap_err();
    assert!(matches!(error, StartError::Bind { .. }), "{error}");
    let error = Cluster::builder().port(65_535).nodes(2).start().await;
    assert!(matches!(error, Err(StartError::NoPort { .. } | StartError::Bind { .. })));
}

#[tokio::test(start_paused = true)]
async fn in_memory_an_hour_of_waiting_takes_none_of_real_time() {
    let builder = Cluster::builder().in_memory().topic("t", 1).max_idle(Duration::from_secs(7200));
    let cluster = builder.start().await.unwrap();
    let mut client = Client::in_memory(&cluster);
    client.ask(12, &produce_request(-1, batch("a"))).await;
    let before = clock();
    let hour = Duration::from_secs(3600);
    // The answer comes when it is due, since nothing else takes time.
    client.send(12, &fetch_request(1, 3_600_000)).await;
    let answer = frame::read(&mut client.stream, &mut client.buffer, 1 << 30).await.unwrap().unwrap();
    assert_eq!(only(decode::<FetchRequest>(12, answer)).records.unwrap().len(), 0);
    assert_eq!(before.elapsed().as_secs(), hour.as_secs());

    cluster.set_client_quota(QuotaEntity::client_id(CLIENT_ID), QuotaKey::ProducerByteRate, 1000.0);
    let before = clock();
    let answer = client.ask(12, &produce_request(-1, batch(&"x".repeat(90_000)))).await;
    assert!(answer.throttle_time_ms > 10_000, "{}", answer.throttle_time_ms);
    client.send(12, &MetadataRequest::default()).await;
    frame::read(&mut client.stream, &mut client.buffer, 1 << 30).await.unwrap().unwrap();
    let throttle = Duration::from_millis(answer.throttle_time_ms.try_into().unwrap());
    assert!(before.elapsed() >= throttle && before.elapsed() < throttle + Duration::from_millis(10));
}

#[tokio::test]
async fn connections_in_memory_obey_the_rules_of_the_others() {
    let cluster = Cluster::builder().in_memory().nodes(2).max_connections(1).start().await.unwrap();
    assert_eq!(cluster.bootstrap(), "127.0.0.1:1,127.0.0.1:2");
    let mut first = Client::in_memory(&cluster);
    assert_eq!(first.ask(12, &MetadataRequest::default()).await.brokers.len(), 2);
    let mut second = Client::in_memory(&cluster);
    second.send(12, &MetadataRequest::default()).await;
    first.ask(12, &MetadataRequest::default()).await;
    assert_eq!(cluster.stats().requests[&ApiKey::METADATA], 2, "there is one place only");
    let nowhere = cluster.connect("127.0.0.1:3".parse().unwrap()).unwrap_err();
    assert_eq!(nowhere.kind(), io::ErrorKind::ConnectionRefused);
    assert!(cluster.kill_node(BrokerId(1)));
    assert!(first.is_closed().await);
    assert!(second.is_closed().await);
    drop(cluster);
}

/// The status and the body of an answer of the control port.
async fn control(cluster: &Cluster, request: &[u8]) -> (String, String) {
    let mut stream = TcpStream::connect(cluster.control_address().unwrap()).await.unwrap();
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    timeout(LONG, stream.read_to_string(&mut answer)).await.expect("an end in time").unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().to_owned(), body.to_owned())
}

#[tokio::test]
async fn the_control_port_does_what_it_is_told_and_refuses_the_rest() {
    let cluster = Cluster::builder().nodes(2).topic("t", 1).control_port(0).start().await.unwrap();
    let ok = "200".to_owned();
    let toml = "[[faults]]\nname = 'x y'\nthen = { do = 'garbage' }\n";
    let post = format!(
        "POST /faults HTTP/1.1\r\nContent-Type: application/toml\r\nContent-Length: {}\r\n\r\n{toml}",
        toml.len()
    );
    assert_eq!(control(&cluster, post.as_bytes()).await, (ok.clone(), "{\"added\":[\"x y\"]}\n".to_owned()));
    assert_eq!(cluster.faults().len(), 1);
    let (status, body) = control(&cluster, b"GET /nodes HTTP/1.1\r\n\r\n").await;
    assert!(status == ok && body.contains("running"), "{body}");
    assert_eq!(control(&cluster, b"DELETE /faults/x%20y HTTP/1.1\r\n\r\n").await.0, ok);
    assert_eq!(control(&cluster, b"POST /nodes/2/freeze HTTP/1.1\r\n\r\n").await.0, ok);
    assert_eq!(control(&cluster, b"POST /nodes/2/thaw HTTP/1.1\r\n\r\n").await.0, ok);
    let refused: [(&[u8], &str); 7] = [
        (b"GET /nodes HTTP/1.1\r\nOrigin: http://evil.test\r\n\r\n", "403"),
        (b"GET /nothing HTTP/1.1\r\n\r\n", "404"),
        (b"POST /nodes/2/eat HTTP/1.1\r\n\r\n", "404"),
        (b"POST /nodes/9/kill HTTP/1.1\r\n\r\n", "409"),
        (b"POST /faults HTTP/1.1\r\nContent-Length: 1\r\n\r\n{", "400"),
        (b"POST /faults HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", "413"),
        (b"\0\0\0\0\r\n\r\n", "400"),
    ];
    for (request, expected) in refused {
        assert_eq!(control(&cluster, request).await.0, expected, "{}", request.escape_ascii());
    }
}

#[tokio::test]
async fn broken_answers_reach_the_client_as_they_are() {
    use crate::fault::Reaction;
    let cluster = Cluster::builder().start().await.unwrap();
    let first = Fault::new("slow", Reaction::SlowBytes { bytes_per_second: 10_000 }).when(|when| {
        when.count = Some(1);
    });
    cluster.add_fault(first).unwrap();
    let mut client = Client::connect(&cluster).await;
    let answer = client.ask(12, &MetadataRequest::default()).await;
    assert_eq!(answer.brokers.len(), 1);
    cluster.add_fault(Fault::new("cut", Reaction::Cut { bytes: 6 })).unwrap();
    client.send(12, &MetadataRequest::default()).await;
    let mut rest = Vec::new();
    timeout(LONG, client.stream.read_to_end(&mut rest)).await.expect("an end in time").unwrap();
    assert_eq!(rest.len(), 6);
    assert_eq!(cluster.take_firings().len(), 2);
}

#[tokio::test]
async fn a_node_that_was_killed_cuts_its_clients_off() {
    let cluster = Cluster::builder().nodes(2).start().await.unwrap();
    let mut client = Client::connect(&cluster).await;
    client.ask(12, &MetadataRequest::default()).await;
    assert!(cluster.kill_node(BrokerId(1)));
    assert!(client.is_closed().await);
    assert!(Client::connect(&cluster).await.is_closed().await);
    assert!(cluster.start_node(BrokerId(1)));
    Client::connect(&cluster).await.ask(12, &MetadataRequest::default()).await;
}

/// Idle connections cost little, and nobody else notices them.
#[tokio::test]
async fn thousands_of_idle_connections_hold_up_nobody() {
    let count = if std::env::var_os("OTTLA_PROOF").is_some() { 10_000 } else { 1_000 };
    let cluster = Cluster::builder().topic("t", 1).start().await.unwrap();
    let mut idle = Vec::new();
    for number in 0..count {
        match TcpStream::connect(cluster.addresses()[0]).await {
            Ok(mut stream) => {
                // Some leave a request half said.
                if number % 3 == 0 {
                    stream.write_all(&[0, 0, 0, 99, 0, 18]).await.unwrap();
                }
                idle.push(stream);
            }
            // The machine gives a process only so many files; both ends are in this one.
            Err(error) => {
                println!("FIGURE: {number} idle connections, as the system allows no more: {error}");
                break;
            }
        }
    }
    idle.truncate(idle.len().saturating_sub(4));
    let mut busy = Client::connect(&cluster).await;
    for _ in 0..50 {
        let answer = busy.ask(12, &produce_request(-1, batch("a"))).await;
        assert_eq!(answer.responses[0].partition_responses[0].error_code, ErrorCode::NONE);
    }
}

#[tokio::test]
async fn an_address_that_connects_too_often_waits_and_is_closed() {
    let quota = (QuotaEntity::default_ip(), QuotaKey::ConnectionCreationRate, 1.0);
    let cluster = Cluster::builder().client_quota(quota.0, quota.1, quota.2).start().await.unwrap();
    // Ten are free at once, and one more each second.
    for _ in 0..1000 {
        let mut client = Client::connect(&cluster).await;
        client.send(12, &MetadataRequest::default()).await;
        let answer =
            timeout(LONG, frame::read(&mut client.stream, &mut client.buffer, 1 << 30)).await.unwrap();
        if !matches!(answer, Ok(Some(_))) {
            break;
        }
    }
    assert!(cluster.closures()[0].reason.contains("faster than its quota"), "{:?}", cluster.closures());
}

/// As in Kafka, whose selector knows only when the last byte went.
#[tokio::test(start_paused = true)]
async fn a_connection_that_waits_or_is_muted_for_too_long_is_idle() {
    let idle = Duration::from_secs(60);
    let builder = Cluster::builder().in_memory().topic("t", 1).max_idle(idle);
    let cluster = builder.client_quota(QuotaEntity::client_id(CLIENT_ID), QuotaKey::ProducerByteRate, 1000.0);
    let cluster = cluster.start().await.unwrap();
    let mut waits = Client::in_memory(&cluster);
    waits.send(12, &fetch_request(0, 3_600_000)).await;
    let mut muted = Client::in_memory(&cluster);
    let answer = muted.ask(12, &produce_request(1, batch(&"x".repeat(300_000)))).await;
    assert!(answer.throttle_time_ms > 100_000);
    // The one was answered when the other wrote; it waits again.
    waits.receive::<FetchRequest>(12).await;
    waits.send(12, &fetch_request(1, 3_600_000)).await;
    let before = clock();
    for client in [&mut waits, &mut muted] {
        let mut rest = Vec::new();
        client.stream.read_to_end(&mut rest).await.unwrap();
        assert_eq!((rest.len(), before.elapsed().as_secs()), (0, 60));
    }
    assert!(
        cluster.closures().iter().all(|closure| closure.reason.contains("60s")),
        "{:?}",
        cluster.closures()
    );
}

/// As Kafka's `ConnectionQuotas`: whoever comes too early is kept waiting and is not refused.
#[tokio::test(start_paused = true)]
async fn a_node_takes_connections_no_faster_than_it_should() {
    let rate = NonZeroU32::new(2).unwrap();
    let builder = Cluster::builder().in_memory().nodes(2).max_connection_creation_rate(rate);
    let cluster = builder.start().await.unwrap();
    let before = clock();
    let answered = async |mut client: Client<DuplexStream>| {
        client.send(0, &ApiVersionsRequest::default()).await;
        client.receive::<ApiVersionsRequest>(0).await;
        // What does not wait takes less than the millisecond that a timer is precise to.
        before.elapsed().as_millis()
    };
    // In ten windows there is room for twenty at once.
    for _ in 0..20 {
        assert!(answered(Client::in_memory(&cluster)).await <= 1);
    }
    let late = [(); 4].map(|()| Client::in_memory(&cluster));
    let other = Client { stream: cluster.connect(cluster.addresses()[1]).unwrap(), buffer: BytesMut::new() };
    assert!(answered(other).await <= 1, "another node has a rate of its own");
    // Each is half a second early at first, and then a whole window, which is the most.
    for (client, expected) in late.into_iter().zip([500, 1_000, 2_000, 3_000]) {
        let at = answered(client).await;
        assert!((expected..expected + 10).contains(&at), "{at} rather than {expected}");
    }
    assert_eq!(cluster.closures(), []);
}

#[tokio::test]
async fn the_time_of_requests_is_measured() {
    let quota = (QuotaEntity::client_id(CLIENT_ID), QuotaKey::RequestPercentage, 1e-9);
    let cluster = Cluster::builder().client_quota(quota.0, quota.1, quota.2).start().await.unwrap();
    let mut client = Client::connect(&cluster).await;
    // A request may take less than the microsecond that the engine's clock can tell, but not each of a hundred.
    for _ in 0..100 {
        if client.ask(12, &MetadataRequest::default()).await.throttle_time_ms > 0 {
            return;
        }
    }
    panic!("no request took any time");
}
