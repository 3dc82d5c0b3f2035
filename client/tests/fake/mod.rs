//! A TCP server on this machine that does what a test says, and nothing else.
//!
//! Each connection has a thread that reads one request at a time. Nothing lives longer than [`PATIENCE`], so that a
//! failing test ends.

// Each test file compiles this by itself and needs its own part of it.
#![allow(dead_code, reason = "shared by several test files")]

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ottla_proto::messages::api_versions::{ApiVersion, ApiVersionsResponse};
use ottla_proto::messages::header::{RequestHeader, ResponseHeader};
use ottla_proto::messages::metadata::{MetadataRequest, MetadataResponse, MetadataResponseBroker};
use ottla_proto::wire::{Message, Reader, Request, Response};
use ottla_proto::{Api, ApiKey, BrokerId, ErrorCode};

/// The longest that a connection of a fake waits for anything.
const PATIENCE: Duration = Duration::from_secs(20);
/// The number under which a fake describes itself.
pub(crate) const NODE: BrokerId = BrokerId(7);

/// A listening server; it stops when it is dropped.
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    stopped: AtomicBool,
    accepted: AtomicUsize,
    open: AtomicUsize,
}

impl Fake {
    /// A server that does `serve` with each connection and then closes it.
    pub(crate) fn tcp(serve: impl Fn(&mut TcpStream) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State::default());
        let serve = Arc::new(serve);
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.stopped.load(Ordering::SeqCst) {
                    return;
                }
                let (mut stream, serve, shared) = (stream.unwrap(), Arc::clone(&serve), Arc::clone(&shared));
                shared.open.fetch_add(1, Ordering::SeqCst);
                shared.accepted.fetch_add(1, Ordering::SeqCst);
                thread::spawn(move || {
                    stream.set_read_timeout(Some(PATIENCE)).unwrap();
                    stream.set_write_timeout(Some(PATIENCE)).unwrap();
                    // Whether the client or the script ended it: it ended.
                    let _ = serve(&mut stream);
                    shared.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, state }
    }

    /// A broker of one node that answers what `script` says, and where that is `None` as an empty cluster would.
    pub(crate) fn kafka(script: impl FnMut(&Asked) -> Option<Reply> + Send + 'static) -> Self {
        let script = Mutex::new(script);
        Self::tcp(move |stream| {
            let address = stream.local_addr()?;
            while let Some(asked) = Asked::next(stream)? {
                let scripted = (script.lock().unwrap())(&asked);
                match scripted.unwrap_or_else(|| by_default(&asked, address)) {
                    Reply::Body(body) => stream.write_all(&asked.frame(&body))?,
                    Reply::Raw(bytes) => stream.write_all(&bytes)?,
                    Reply::Silence => {}
                    Reply::Close => break,
                }
            }
            Ok(())
        })
    }

    pub(crate) fn server(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn accepted(&self) -> usize {
        self.state.accepted.load(Ordering::SeqCst)
    }

    /// Waits until no connection is open any more.
    pub(crate) fn wait_until_idle(&self, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        while self.state.open.load(Ordering::SeqCst) > 0 {
            if Instant::now() > end {
                return false;
            }
            thread::sleep(Duration::from_millis(2));
        }
        true
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::SeqCst);
        // Ends the accepting thread's wait.
        let _ = TcpStream::connect(self.address);
    }
}

/// What a fake does about a request.
pub(crate) enum Reply {
    /// Answers, with header and length.
    Body(Bytes),
    /// Writes these bytes as they are.
    Raw(Vec<u8>),
    /// Says nothing and stays.
    Silence,
    /// Closes the connection.
    Close,
}

/// One request as a fake sees it.
pub(crate) struct Asked {
    pub(crate) api: ApiKey,
    pub(crate) version: i16,
    correlation_id: i32,
    body: Bytes,
}

impl Asked {
    /// Reads the next request; `None` at the end of the connection.
    fn next(stream: &mut TcpStream) -> io::Result<Option<Self>> {
        let mut length = [0; 4];
        match stream.read_exact(&mut length) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            other => other?,
        }
        let mut frame = vec![0; usize::try_from(i32::from_be_bytes(length)).unwrap()];
        stream.read_exact(&mut frame)?;
        let api = ApiKey(i16::from_be_bytes([frame[0], frame[1]]));
        let version = i16::from_be_bytes([frame[2], frame[3]]);
        let mut reader = Reader::new(frame.into());
        let header = RequestHeader::read(&mut reader, request_header(api, version)).unwrap();
        let body = reader.rest();
        Ok(Some(Self { api, version, correlation_id: header.correlation_id, body }))
    }

    pub(crate) fn read<R: Request>(&self) -> R {
        assert_eq!(self.api, R::KEY);
        R::decode(self.body.clone(), self.version).expect("the client sends what the protocol knows")
    }

    pub(crate) fn answer<M: Response>(&self, message: &M) -> Reply {
        Reply::Body(message.encode(self.version).expect("a test answers what the version can carry"))
    }

    /// The frame of an answer.
    pub(crate) fn frame(&self, body: &[u8]) -> Vec<u8> {
        let header = ResponseHeader { correlation_id: self.correlation_id, ..Default::default() };
        let header = header.encode(response_header(self.api, self.version)).unwrap();
        let mut frame = i32::try_from(header.len() + body.len()).unwrap().to_be_bytes().to_vec();
        frame.extend_from_slice(&header);
        frame.extend_from_slice(body);
        frame
    }
}

/// The header that the tests' own APIs have; a fake is not a broker and knows few.
fn request_header(api: ApiKey, version: i16) -> i16 {
    let flexible_from = match api {
        ApiKey::API_VERSIONS => 3,
        ApiKey::METADATA => 9,
        ApiKey::CREATE_TOPICS => 5,
        ApiKey::DELETE_TOPICS => 4,
        ApiKey::DESCRIBE_CLUSTER => 0,
        ApiKey::INIT_PRODUCER_ID => 2,
        other => panic!("teach the fake about {other}"),
    };
    if version >= flexible_from { 2 } else { 1 }
}

fn response_header(api: ApiKey, version: i16) -> i16 {
    // Readable before the versions are known (KIP-511).
    if api == ApiKey::API_VERSIONS { 0 } else { request_header(api, version) - 1 }
}

fn by_default(asked: &Asked, address: SocketAddr) -> Reply {
    match asked.api {
        ApiKey::API_VERSIONS => asked.answer(&versions()),
        ApiKey::METADATA => {
            let request: MetadataRequest = asked.read();
            let broker = MetadataResponseBroker {
                node_id: NODE,
                host: address.ip().to_string().into(),
                port: address.port().into(),
                ..Default::default()
            };
            let topics = request.topics.unwrap_or_default().into_iter();
            asked.answer(&MetadataResponse {
                brokers: vec![broker],
                cluster_id: Some("fake".into()),
                controller_id: NODE,
                topics: topics
                    .map(|topic| ottla_proto::messages::metadata::MetadataResponseTopic {
                        error_code: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                        name: topic.name,
                        topic_id: topic.topic_id,
                        ..Default::default()
                    })
                    .collect(),
                ..Default::default()
            })
        }
        _ => Reply::Close,
    }
}

/// Every stable version of every API, as a broker as new as this build would offer.
pub(crate) fn versions() -> ApiVersionsResponse {
    let offer = |api: &Api| ApiVersion {
        api_key: api.key.0,
        min_version: api.versions.min,
        max_version: api.latest_stable,
        ..Default::default()
    };
    let brokers = Api::all().iter().filter(|api| api.on_broker);
    ApiVersionsResponse { api_keys: brokers.map(offer).collect(), ..Default::default() }
}
