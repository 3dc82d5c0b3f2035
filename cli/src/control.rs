//! `ottla broker fault`, `node` and `leader`: what to do to a running embedded Kafka, over its control port.

use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use ottla_broker::fault::Fault;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::exit::{Failure, Outcome};
use crate::output;

#[derive(Debug, Subcommand)]
pub(crate) enum Control {
    /// Let things go wrong, and see what did
    Fault {
        #[command(subcommand)]
        action: FaultAction,
    },
    /// Kill, stop, start, restart, freeze and thaw nodes
    Node {
        #[command(flatten)]
        port: Port,
        /// What to do
        action: NodeAction,
        /// The node's number
        node: i32,
    },
    /// Make an in-sync replica the leader of a partition
    Leader {
        #[command(subcommand)]
        action: LeaderAction,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum FaultAction {
    /// Add the faults of a TOML or JSON file
    Add {
        #[command(flatten)]
        port: Port,
        /// The file; its name ends in .toml or .json
        file: PathBuf,
    },
    /// Every fault and how often it happened, as JSON
    List {
        #[command(flatten)]
        port: Port,
    },
    /// What faults did, as JSON, a line for each firing
    Firings {
        #[command(flatten)]
        port: Port,
    },
    /// Take one fault away
    Remove {
        #[command(flatten)]
        port: Port,
        /// Its name
        name: String,
    },
    /// Take all faults away
    Clear {
        #[command(flatten)]
        port: Port,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum LeaderAction {
    /// Move it
    Move {
        #[command(flatten)]
        port: Port,
        topic: String,
        partition: i32,
        /// The number of the node that is to lead
        node: i32,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum NodeAction {
    /// End it at once, as SIGKILL does
    Kill,
    /// End it in order; its partitions get other leaders first
    Stop,
    /// Start it again with its logs
    Start,
    /// Stop and start
    Restart,
    /// Let it hang, as SIGSTOP does
    Freeze,
    /// Let it go on
    Thaw,
}

#[derive(Debug, Args)]
pub(crate) struct Port {
    /// The control port, as `ottla broker --control` opened it
    #[arg(long = "control", value_name = "ADDRESS", env = "OTTLA_CONTROL", default_value = "127.0.0.1:9099")]
    address: String,
}

impl Control {
    pub(crate) async fn run(self) -> Outcome {
        match self {
            Self::Fault { action } => action.run().await,
            Self::Node { port, action, node } => {
                let action = match action {
                    NodeAction::Kill => "kill",
                    NodeAction::Stop => "stop",
                    NodeAction::Start => "start",
                    NodeAction::Restart => "restart",
                    NodeAction::Freeze => "freeze",
                    NodeAction::Thaw => "thaw",
                };
                port.ask("POST", &format!("/nodes/{node}/{action}"), None).await.map(drop)
            }
            Self::Leader { action: LeaderAction::Move { port, topic, partition, node } } => {
                let body = json!({ "topic": topic, "partition": partition, "leader": node });
                port.ask("POST", "/leaders", Some(body)).await.map(drop)
            }
        }
    }
}

impl FaultAction {
    async fn run(self) -> Outcome {
        match self {
            Self::Add { port, file } => {
                let faults = read_faults(&file)?;
                let answer = port.ask("POST", "/faults", Some(json!({ "faults": faults }))).await?;
                for name in list(&answer, "added") {
                    output::line(&name.as_str().unwrap_or_default())?;
                }
                Ok(())
            }
            Self::List { port } => {
                let answer = port.ask("GET", "/faults", None).await?;
                output::line(&format!("{:#}", answer.get("faults").unwrap_or(&Value::Null)))
            }
            Self::Firings { port } => {
                let answer = port.ask("GET", "/firings", None).await?;
                for firing in list(&answer, "firings") {
                    output::line(firing)?;
                }
                Ok(())
            }
            Self::Remove { port, name } => {
                let name: String = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
                port.ask("DELETE", &format!("/faults/{name}"), None).await.map(drop)
            }
            Self::Clear { port } => port.ask("DELETE", "/faults", None).await.map(drop),
        }
    }
}

/// The faults of a TOML or JSON file.
pub(crate) fn read_faults(file: &Path) -> Outcome<Vec<Fault>> {
    let shown = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| Failure::file(format!("{shown}: {error}")))?;
    let read = match file.extension().and_then(|extension| extension.to_str()) {
        Some("toml") => Fault::read_toml,
        Some("json") => Fault::read_json,
        _ => return Err(Failure::usage(format!("{shown}: a file of faults ends in .toml or .json"))),
    };
    read(&text).map_err(|error| Failure::usage(format!("{shown}: {error}")))
}

impl Port {
    async fn ask(&self, method: &str, path: &str, body: Option<Value>) -> Outcome<Value> {
        const LONGEST: Duration = Duration::from_secs(10);
        let address = &self.address;
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        let exchange = async {
            const LARGEST: u64 = 64 << 20;
            let mut stream = TcpStream::connect(address).await?;
            stream.write_all(request.as_bytes()).await?;
            let mut answer = String::new();
            stream.take(LARGEST).read_to_string(&mut answer).await?;
            std::io::Result::Ok(answer)
        };
        let unreachable = |problem: &dyn std::fmt::Display| {
            let advice = "start the broker with --control, or name its port with --control ADDRESS";
            Failure::unreachable(format!("the control port {address} does not answer: {problem}; {advice}"))
        };
        let answer = timeout(LONGEST, exchange).await.map_err(|_| unreachable(&"it took 10 seconds"))?;
        let answer = answer.map_err(|error| unreachable(&error))?;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
        let body: Value = serde_json::from_str(body).unwrap_or_default();
        if head.split(' ').nth(1) == Some("200") {
            return Ok(body);
        }
        let reason = body.get("error").and_then(Value::as_str);
        Err(Failure::cluster(reason.unwrap_or("the control port gave no reason")))
    }
}

/// The items of a list in an answer; none if it has no such list.
fn list<'a>(answer: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    answer.get(name).and_then(Value::as_array).into_iter().flatten()
}
