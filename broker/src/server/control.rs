//! The control port: faults and nodes of a running cluster over HTTP, for people, scripts and other languages.
//!
//! | request | does |
//! |---|---|
//! | `GET /faults` | every fault and how often it happened |
//! | `POST /faults` | adds the faults of a JSON text (`{"faults": [...]}`), or TOML with `content-type: application/toml` |
//! | `DELETE /faults` | takes all away |
//! | `DELETE /faults/NAME` | takes one away |
//! | `GET /firings` | what faults did, oldest first, at most the last 10,000 |
//! | `GET /nodes` | what each node does |
//! | `POST /nodes/ID/kill`, `stop`, `start`, `restart`, `freeze`, `thaw` | does it to a node |
//! | `POST /leaders` | `{"topic": "t", "partition": 0, "leader": 2}` moves a leader |
//!
//! Answers are JSON; an error is `{"error": "..."}`. One request a connection. Requests of web pages (with an
//! `Origin`) are refused: a page must not stop somebody's broker.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ottla_proto::BrokerId;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Shared;
use crate::Instant;
use crate::engine::{Engine, NodeState};
use crate::fault::Fault;

/// Serves the control port until the task is dropped.
pub(super) async fn run(shared: Arc<Shared>, listener: TcpListener) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => {
                    if let Ok(place) = Arc::clone(&places).try_acquire_owned() {
                        let shared = Arc::clone(&shared);
                        connections.spawn(async move {
                            // A client that leaves early is its own affair.
                            drop(timeout(LONGEST, answer(&shared, stream)).await);
                            drop(place);
                        });
                    }
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

struct Request {
    method: String,
    path: String,
    is_toml: bool,
    body: String,
}

struct Refusal {
    status: &'static str,
    reason: String,
}

fn refusal(status: &'static str, reason: impl Into<String>) -> Refusal {
    Refusal { status, reason: reason.into() }
}

async fn answer(shared: &Shared, mut stream: TcpStream) -> io::Result<()> {
    let result = match read(&mut stream).await? {
        Ok(request) => act(shared, &request),
        Err(refusal) => Err(refusal),
    };
    let (status, body) = match result {
        Ok(body) => ("200 OK", body),
        Err(Refusal { status, reason }) => (status, json!({ "error": reason })),
    };
    let body = format!("{body}\n");
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

async fn read(stream: &mut TcpStream) -> io::Result<Result<Request, Refusal>> {
    let mut bytes = Vec::new();
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(&bytes) {
            Ok(httparse::Status::Complete(head)) => {
                let header = |name: &str| {
                    let found = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
                    found.map(|header| String::from_utf8_lossy(header.value).into_owned())
                };
                if header("origin").is_some() {
                    return Ok(Err(refusal("403 Forbidden", "this port is not for web pages")));
                }
                let length = header("content-length").map_or(Ok(0), |length| length.trim().parse::<usize>());
                let Some(length) = length.ok().filter(|length| *length <= LARGEST_BODY) else {
                    return Ok(Err(refusal("413 Content Too Large", "at most 1 MiB, with a content-length")));
                };
                let parsed = Request {
                    method: request.method.unwrap_or_default().to_owned(),
                    path: request.path.unwrap_or_default().to_owned(),
                    is_toml: header("content-type").is_some_and(|kind| kind.contains("toml")),
                    body: String::new(),
                };
                let mut body = bytes.split_off(head.min(bytes.len()));
                while body.len() < length {
                    let missing = u64::try_from(length - body.len()).unwrap_or_default();
                    if stream.take(missing).read_buf(&mut body).await? == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                body.truncate(length);
                let Ok(body) = String::from_utf8(body) else {
                    return Ok(Err(refusal("400 Bad Request", "the body is not UTF-8")));
                };
                return Ok(Ok(Request { body, ..parsed }));
            }
            Ok(httparse::Status::Partial) if bytes.len() < LARGEST_HEAD => {}
            Ok(httparse::Status::Partial) => {
                return Ok(Err(refusal("431 Request Header Fields Too Large", "the head is too large")));
            }
            Err(error) => return Ok(Err(refusal("400 Bad Request", error.to_string()))),
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

fn act(shared: &Shared, request: &Request) -> Result<Value, Refusal> {
    let path: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    match (request.method.as_str(), path.as_slice()) {
        ("GET", ["faults"]) => Ok(json!({ "faults": shared.step(|engine, _| engine.faults()) })),
        ("POST", ["faults"]) => {
            let read = if request.is_toml { Fault::read_toml } else { Fault::read_json };
            let faults =
                read(&request.body).map_err(|error| refusal("400 Bad Request", error.to_string()))?;
            let mut names = Vec::new();
            for fault in faults {
                let added = shared.step(|engine, now| engine.add_fault(fault, now));
                names.push(added.map_err(|error| refusal("400 Bad Request", error.to_string()))?);
            }
            Ok(json!({ "added": names }))
        }
        ("DELETE", ["faults"]) => {
            shared.step(|engine, _| engine.clear_faults());
            Ok(json!({}))
        }
        ("DELETE", ["faults", name]) => {
            let name = decoded(name);
            match shared.step(|engine, _| engine.remove_fault(&name)) {
                true => Ok(json!({})),
                false => Err(refusal("404 Not Found", format!("there is no fault {name:?}"))),
            }
        }
        ("GET", ["firings"]) => {
            Ok(json!({ "firings": shared.step(|engine, _| engine.firings().cloned().collect::<Vec<_>>()) }))
        }
        ("GET", ["nodes"]) => Ok(json!({ "nodes": shared.step(|engine, _| nodes(engine)) })),
        ("POST", ["nodes", node, action]) => {
            let node =
                node.parse().map(BrokerId).map_err(|_| refusal("400 Bad Request", "a node has a number"))?;
            let act = node_action(action)
                .ok_or_else(|| refusal("404 Not Found", format!("nobody can {action} a node")))?;
            match shared.step(|engine, now| act(engine, node, now)) {
                true => Ok(json!({})),
                false => {
                    let reason = format!("node {node} does not exist or is in no state to {action}");
                    Err(refusal("409 Conflict", reason))
                }
            }
        }
        ("POST", ["leaders"]) => {
            let asked: LeaderMove = serde_json::from_str(&request.body)
                .map_err(|error| refusal("400 Bad Request", error.to_string()))?;
            let LeaderMove { topic, partition, leader } = asked;
            match shared.step(|engine, now| engine.move_leader(&topic, partition, BrokerId(leader), now)) {
                true => Ok(json!({})),
                false => {
                    let reason = format!("{topic}-{partition} does not exist, or {leader} is not in sync");
                    Err(refusal("409 Conflict", reason))
                }
            }
        }
        _ => Err(refusal("404 Not Found", format!("nothing is at {} {}", request.method, request.path))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LeaderMove {
    topic: String,
    partition: i32,
    leader: i32,
}

type NodeAction = fn(&mut Engine, BrokerId, Instant) -> bool;

fn node_action(name: &str) -> Option<NodeAction> {
    Some(match name {
        "kill" => Engine::kill_node,
        "stop" => Engine::stop_node,
        "start" => Engine::start_node,
        "restart" => |engine, node, now| {
            engine.stop_node(node, now);
            engine.start_node(node, now)
        },
        "freeze" => Engine::freeze_node,
        "thaw" => Engine::thaw_node,
        _ => return None,
    })
}

fn nodes(engine: &Engine) -> Vec<Value> {
    let state = |node| match engine.node_state(node) {
        Some(NodeState::Running) => "running",
        Some(NodeState::Frozen) => "frozen",
        _ => "stopped",
    };
    let described = |address: &crate::NodeAddress| {
        json!({
            "node": address.id.0, "state": state(address.id), "rack": address.rack,
            "address": format!("{}:{}", address.host, address.port),
        })
    };
    engine.config.nodes.iter().map(described).collect()
}

/// The text with its percent escapes replaced; a broken one stays as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let escape = behind.get(..2).filter(|_| first == b'%');
        let escape = escape.and_then(|digits| std::str::from_utf8(digits).ok());
        match escape.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = behind.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Where the control port listens.
pub(super) async fn bind(address: SocketAddr) -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

const LONGEST: Duration = Duration::from_secs(10);
const MOST_CONNECTIONS: usize = 32;
const LARGEST_HEAD: usize = 16 * 1024;
const LARGEST_BODY: usize = 1024 * 1024;
