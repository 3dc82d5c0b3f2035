//! Finding a cluster, and every way in which that fails.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests state what must hold, as tests do"
)]

mod fake;

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use fake::{Asked, Fake, Reply};
use ottla::{AddressError, BuildError, Client, ServerFailure, ServerFailureKind};
use ottla_proto::ApiKey;

/// What a build may take beyond its own deadline on a busy machine.
const GRACE: Duration = Duration::from_secs(10);
/// Enough to learn what is wrong with a server, unless the machine is busy.
const MOMENT: Duration = Duration::from_millis(400);

async fn unreachable(servers: &str, within: Duration) -> Vec<ServerFailure> {
    let started = Instant::now();
    let error = Client::builder(servers).build_timeout(within).build().await.unwrap_err();
    assert!(started.elapsed() < within + GRACE, "it took {:?}", started.elapsed());
    let message = error.to_string();
    let BuildError::Unreachable { servers, .. } = error else { panic!("{error:?}") };
    for server in &servers {
        assert!(message.contains(&server.to_string()), "{message:?} lacks {server}");
    }
    servers
}

/// What is said of a server with which this is wrong. A build that heard nothing in time has another try with more of it.
async fn failure(server: &str, kind: ServerFailureKind) -> ServerFailure {
    let mut within = MOMENT;
    loop {
        let [failure] = <[ServerFailure; 1]>::try_from(unreachable(server, within).await).unwrap();
        assert_eq!(failure.server, server);
        let nothing = [ServerFailureKind::Silent, ServerFailureKind::NotConnected].contains(&failure.kind);
        if failure.kind == kind || !nothing || within > GRACE {
            assert_eq!(failure.kind, kind, "{failure}");
            return failure;
        }
        within *= 2;
    }
}

async fn failure_of(fake: &Fake, kind: ServerFailureKind) -> ServerFailure {
    failure(&fake.server(), kind).await
}

/// Reads something; the end of a pause of the whole process is none of the connection's.
fn read(stream: &mut TcpStream) -> io::Result<usize> {
    loop {
        match stream.read(&mut [0; 512]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// A server that waits for the first bytes, says `words` and leaves the connection open.
fn says(words: &'static [u8]) -> Fake {
    Fake::tcp(move |stream| {
        let _some = read(stream)?;
        stream.write_all(words)?;
        while read(stream)? > 0 {}
        Ok(())
    })
}

#[tokio::test]
async fn a_cluster_is_found() {
    let fake = Fake::kafka(|_| None);
    let client = Client::builder(fake.server()).build().await.unwrap();
    assert!(client.throttle().is_empty());
    assert!(client.explain().await.unwrap().is_empty());
}

#[tokio::test]
async fn one_good_server_among_bad_ones_is_enough() {
    let (silent, http) = (says(b""), says(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    let good = Fake::kafka(|_| None);
    let servers = format!("{},{},{}", silent.server(), http.server(), good.server());
    Client::builder(servers).connection_setup_timeout(Duration::from_millis(300)).build().await.unwrap();
}

#[tokio::test]
async fn a_refused_port_is_named_with_its_address() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let server = listener.local_addr().unwrap().to_string();
    drop(listener);
    let failure = failure(&server, ServerFailureKind::NotConnected).await;
    assert!(failure.message.contains(&server), "{failure}");
}

#[tokio::test]
async fn an_address_that_does_not_answer_is_named() {
    // A full queue of connections that nobody accepts: the kernel drops what comes after.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let moment = Duration::from_millis(50);
    let _queue: Vec<_> = (0..8).map(|_| std::net::TcpStream::connect_timeout(&address, moment)).collect();

    let builder = Client::builder(address.to_string()).connection_setup_timeout(Duration::from_millis(200));
    let error = builder.build_timeout(Duration::from_millis(500)).build().await.unwrap_err();
    let BuildError::Unreachable { servers, .. } = error else { panic!("{error:?}") };
    assert_eq!(servers[0].kind, ServerFailureKind::NotConnected);
    assert!(servers[0].message.contains(&format!("{address}: no answer")), "{}", servers[0]);
}

#[tokio::test]
async fn each_server_is_named() {
    let (silent, http) = (says(b""), says(b"HTTP/1.1 400 Bad Request\r\n\r\n"));
    let failures = unreachable(&format!("{},{}", silent.server(), http.server()), MOMENT).await;
    assert_eq!(failures.len(), 2, "{failures:?}");
    assert_eq!(failures[0].server, silent.server());
    assert_eq!(failures[1].server, http.server());
}

#[tokio::test]
async fn a_name_without_an_address_is_told() {
    // Reserved for this very purpose (RFC 6761).
    failure("kafka.invalid:9092", ServerFailureKind::Unresolved).await;
}

#[tokio::test]
async fn an_http_server_is_recognised() {
    let failure = failure_of(&says(b"HTTP/1.1 400 Bad Request\r\n\r\n"), ServerFailureKind::NotKafka).await;
    assert!(failure.message.contains("HTTP"), "{failure}");
}

#[tokio::test]
async fn a_tls_port_is_recognised() {
    // The alert that a TLS server sends when the first bytes are no handshake.
    let failure = failure_of(&says(&[0x15, 3, 3, 0, 2, 2, 10]), ServerFailureKind::Tls).await;
    assert!(failure.message.contains("TLS"), "{failure}");
}

#[tokio::test]
async fn silence_ends_at_the_deadline() {
    failure_of(&says(b""), ServerFailureKind::Silent).await;
}

#[tokio::test]
async fn a_server_that_hangs_up_is_told() {
    failure_of(&Fake::tcp(|stream| read(stream).map(|_| ())), ServerFailureKind::Closed).await;
}

#[tokio::test]
async fn lengths_that_no_frame_has_are_refused() {
    let (giant, negative) =
        (says(&[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]), says(&[0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]));
    for fake in [giant, negative] {
        failure_of(&fake, ServerFailureKind::NotKafka).await;
    }
}

#[tokio::test]
async fn an_answer_cut_short_is_told() {
    let fake = Fake::kafka(|asked| {
        let mut frame = asked.frame(&[0; 64]);
        frame.truncate(30);
        Some(Reply::Raw(frame))
    });
    // A frame that never ends.
    failure_of(&fake, ServerFailureKind::Silent).await;

    let fake = Fake::tcp(|stream| {
        let _some = read(stream)?;
        stream.write_all(&[0, 0, 1, 0, 1, 2, 3])
    });
    // Cut in the middle of a frame.
    failure_of(&fake, ServerFailureKind::Closed).await;
}

#[tokio::test]
async fn garbage_in_good_frames_is_refused() {
    for body in [&[][..], &[0xff; 3], &[0xff; 300], &[0; 7]] {
        let fake = Fake::kafka(move |asked| Some(Reply::Raw(asked.frame(body))));
        failure_of(&fake, ServerFailureKind::Refused).await;
    }
}

#[tokio::test]
async fn garbage_in_place_of_the_metadata_is_refused() {
    let script =
        |asked: &Asked| (asked.api == ApiKey::METADATA).then(|| Reply::Raw(asked.frame(&[0xee; 50])));
    failure_of(&Fake::kafka(script), ServerFailureKind::Refused).await;
}

#[tokio::test]
async fn an_answer_to_another_question_is_refused() {
    let fake = Fake::kafka(|_| Some(Reply::Raw(vec![0, 0, 0, 6, 9, 9, 9, 9, 0, 0])));
    failure_of(&fake, ServerFailureKind::NotKafka).await;
}

#[tokio::test]
async fn bad_input_is_refused_at_once() {
    let error = Client::builder(" , ").build().await.unwrap_err();
    assert!(matches!(error, BuildError::Address(AddressError::Empty)), "{error:?}");
    let error = Client::builder("localhost").max_in_flight(0).build().await.unwrap_err();
    assert!(matches!(error, BuildError::Setting { name: "max_in_flight", .. }), "{error:?}");
}
