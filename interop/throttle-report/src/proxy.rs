//! A TCP proxy before one node that records requests and answers, and cuts connections or rewrites throttles when
//! it is told to.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ottla_proto::ApiKey;
use ottla_proto::messages::produce::ProduceResponse;
use ottla_proto::wire::{Message, Response};

use crate::recording::{Exchange, Recording};

/// Larger frames than Kafka itself takes are no frames.
const MAX_FRAME: usize = 100 << 20;
/// The head of a request lies in so many bytes, client id included.
const HEAD: usize = 512;

/// See the module. Dropping it closes its port and all connections.
#[derive(Debug)]
pub struct Proxy {
    shared: Arc<Shared>,
    port: u16,
}

#[derive(Debug)]
struct Shared {
    node: i32,
    target: Mutex<Option<SocketAddr>>,
    connections: Mutex<Vec<Connection>>,
    /// What the next answers to produce requests of a client are made to say.
    rewrites: Mutex<VecDeque<(String, Duration)>>,
    recording: Recording,
    closed: AtomicBool,
}

#[derive(Debug)]
struct Connection {
    number: u64,
    /// Known from the first request on.
    client_id: Option<String>,
    client: TcpStream,
    node: TcpStream,
}

impl Proxy {
    /// Listens on a free port for clients of this node.
    ///
    /// # Errors
    /// If there is no port or no thread to be had.
    pub fn start(node: i32, recording: Recording) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let shared = Arc::new(Shared {
            node,
            target: Mutex::default(),
            connections: Mutex::default(),
            rewrites: Mutex::default(),
            recording,
            closed: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        thread::Builder::new().name(format!("proxy-{node}")).spawn(move || accepting.accept(&listener))?;
        Ok(Self { shared, port })
    }

    /// Where clients find it.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Where it finds the node; until then it closes each connection at once.
    pub fn set_target(&self, target: SocketAddr) {
        *lock(&self.shared.target) = Some(target);
    }

    /// Cuts every connection of a client, as a network does that forgets them. The client may connect again.
    pub fn cut(&self, client_id: &str) {
        for connection in lock(&self.shared.connections).iter() {
            if connection.client_id.as_deref() == Some(client_id) {
                connection.close();
            }
        }
    }

    /// Makes the next answers to a client's produce requests ask for these throttles.
    pub fn rewrite_throttles(&self, client_id: &str, throttles: impl IntoIterator<Item = Duration>) {
        lock(&self.shared.rewrites).extend(throttles.into_iter().map(|one| (client_id.to_owned(), one)));
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::Release);
        // The listener wakes up for a connection only.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        lock(&self.shared.connections).iter().for_each(Connection::close);
    }
}

impl Connection {
    fn close(&self) {
        let _ = self.client.shutdown(Shutdown::Both);
        let _ = self.node.shutdown(Shutdown::Both);
    }
}

impl Shared {
    fn accept(self: Arc<Self>, listener: &TcpListener) {
        static NUMBER: AtomicU64 = AtomicU64::new(1);
        for client in listener.incoming() {
            if self.closed.load(Ordering::Acquire) {
                return;
            }
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            // A node that is down closes the connection, which is what its clients are to see.
            let _ = client.and_then(|client| Arc::clone(&self).serve(number, client));
        }
    }

    fn serve(self: Arc<Self>, number: u64, client: TcpStream) -> io::Result<()> {
        let Some(target) = *lock(&self.target) else { return Ok(()) };
        let node = TcpStream::connect_timeout(&target, Duration::from_secs(5))?;
        client.set_nodelay(true)?;
        node.set_nodelay(true)?;
        let connection =
            Connection { number, client_id: None, client: client.try_clone()?, node: node.try_clone()? };
        lock(&self.connections).push(connection);
        let (mut from_client, mut to_node) = (client.try_clone()?, node.try_clone()?);
        let (mut from_node, mut to_client) = (node, client);
        let asking = Arc::clone(&self);
        thread::Builder::new().spawn(move || {
            let _ = asking.requests(number, &mut from_client, &mut to_node);
            asking.forget(number);
        })?;
        thread::Builder::new().spawn(move || {
            let _ = self.answers(number, &mut from_node, &mut to_client);
            self.forget(number);
        })?;
        Ok(())
    }

    fn forget(&self, number: u64) {
        let mut connections = lock(&self.connections);
        connections.iter().filter(|connection| connection.number == number).for_each(Connection::close);
        connections.retain(|connection| connection.number != number);
    }

    fn requests(&self, number: u64, from: &mut TcpStream, to: &mut TcpStream) -> io::Result<()> {
        loop {
            let length = read_length(from)?;
            let begun = Instant::now();
            let mut head = vec![0; length.min(HEAD)];
            from.read_exact(&mut head)?;
            let request = Head::parse(&head).ok_or(io::ErrorKind::InvalidData)?;
            if let Some(connection) = lock(&self.connections).iter_mut().find(|one| one.number == number) {
                connection.client_id.get_or_insert_with(|| request.client_id.clone());
            }
            self.recording.begin(Exchange {
                node: self.node,
                connection: number,
                api: request.api,
                version: request.version,
                correlation_id: request.correlation_id,
                client_id: request.client_id,
                bytes: length,
                begun,
                answering: None,
                answered: None,
                throttle: Duration::ZERO,
            });
            forward(length, &head, from, to)?;
        }
    }

    fn answers(&self, number: u64, from: &mut TcpStream, to: &mut TcpStream) -> io::Result<()> {
        loop {
            let length = read_length(from)?;
            let mut head = vec![0; length.min(4)];
            from.read_exact(&mut head)?;
            let correlation_id = i32::from_be_bytes(head.first_chunk().copied().unwrap_or_default());
            let (answering, throttle) = match self.recording.asked(number, correlation_id) {
                Some((ApiKey::PRODUCE, version)) => {
                    let mut rest = vec![0; length.saturating_sub(4)];
                    from.read_exact(&mut rest)?;
                    head.extend(rest);
                    let (throttle, answer) = self.judge(number, head, version)?;
                    let answering = Instant::now();
                    forward(answer.len(), &answer, from, to)?;
                    (answering, throttle)
                }
                _ => {
                    let answering = Instant::now();
                    forward(length, &head, from, to)?;
                    (answering, Duration::ZERO)
                }
            };
            self.recording.end(number, correlation_id, answering, throttle);
        }
    }

    /// The throttle in the answer to a produce request; and the answer, with another throttle if that was asked for.
    fn judge(&self, number: u64, mut frame: Vec<u8>, version: i16) -> io::Result<(Duration, Vec<u8>)> {
        let invalid = |_| io::Error::from(io::ErrorKind::InvalidData);
        let header = if <ProduceResponse as Response>::header_version(version) > 0 { 5 } else { 4 };
        let body = Bytes::copy_from_slice(frame.get(header..).unwrap_or_default());
        let mut response = ProduceResponse::decode(body, version).map_err(|_| io::ErrorKind::InvalidData)?;
        let client_id = lock(&self.connections)
            .iter()
            .find(|connection| connection.number == number)
            .and_then(|connection| connection.client_id.clone());
        let mut rewrites = lock(&self.rewrites);
        if let Some(at) = rewrites.iter().position(|(client, _)| Some(client) == client_id.as_ref()) {
            let throttle = rewrites.remove(at).map(|(_, throttle)| throttle).unwrap_or_default();
            response.throttle_time_ms = i32::try_from(throttle.as_millis()).unwrap_or(i32::MAX);
            frame.truncate(header);
            frame.extend(response.encode(version).map_err(|_| io::ErrorKind::InvalidData)?);
        }
        let throttle = u64::try_from(response.throttle_time_ms).map_err(invalid)?;
        Ok((Duration::from_millis(throttle), frame))
    }
}

/// What every request begins with.
struct Head {
    api: ApiKey,
    version: i16,
    correlation_id: i32,
    client_id: String,
}

impl Head {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let (api, rest) = bytes.split_first_chunk()?;
        let (version, rest) = rest.split_first_chunk()?;
        let (correlation_id, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        // A null string has length -1.
        let length = usize::try_from(i16::from_be_bytes(*length)).unwrap_or(0);
        Some(Self {
            api: ApiKey(i16::from_be_bytes(*api)),
            version: i16::from_be_bytes(*version),
            correlation_id: i32::from_be_bytes(*correlation_id),
            client_id: String::from_utf8_lossy(rest.get(..length)?).into_owned(),
        })
    }
}

fn read_length(from: &mut TcpStream) -> io::Result<usize> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = usize::try_from(i32::from_be_bytes(length)).map_err(|_| io::ErrorKind::InvalidData)?;
    if length > MAX_FRAME { Err(io::ErrorKind::InvalidData.into()) } else { Ok(length) }
}

/// Sends the frame's length and what was read of it, and copies the rest.
fn forward(length: usize, read: &[u8], from: &mut TcpStream, to: &mut TcpStream) -> io::Result<()> {
    let prefix = i32::try_from(length).map_err(|_| io::ErrorKind::InvalidData)?.to_be_bytes();
    // One write, so that a small frame is one packet.
    to.write_all(&[&prefix, read].concat())?;
    let rest = length.saturating_sub(read.len()) as u64;
    let copied = io::copy(&mut from.take(rest), to)?;
    if copied == rest { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
