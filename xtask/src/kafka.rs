//! `cargo xtask kafka`: a real cluster by hand.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use clap::Subcommand;
use kafka_harness::{Cluster, Options, Version};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Where the cluster keeps data, logs and state; one folder, one cluster.
    #[arg(long, global = true, default_value = ".kafka")]
    dir: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Fetch, format and start a cluster on free ports; prints its bootstrap list when it serves.
    Start {
        #[arg(long, default_value_t = 1)]
        nodes: usize,
        /// 4.4.0, 4.3.1, 3.9.1 (KRaft), 2.8.2 or 2.1.1 (ZooKeeper).
        #[arg(long, default_value_t = Version::default())]
        version: Version,
        /// The largest heap of each node in MiB.
        #[arg(long, default_value_t = 512)]
        heap: u32,
        /// A broker property for every node; may be given several times.
        #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
        settings: Vec<(String, String)>,
    },
    /// Kill all nodes and remove their data.
    Stop,
    /// Print the bootstrap list of the running cluster and which nodes are down.
    Status,
    /// Kill a node as a crash would (SIGKILL).
    Kill { node: usize },
    /// Stop a node in the middle of whatever it does (SIGSTOP).
    Freeze { node: usize },
    /// Let a frozen node go on (SIGCONT).
    Thaw { node: usize },
    /// Start a node again with its data, killing it first if it runs.
    Restart {
        node: usize,
        /// Return at once: a node whose quorum is down serves only when enough others are back.
        #[arg(long)]
        no_wait: bool,
    },
    /// Run one of Kafka's own programs, such as org.apache.kafka.tools.TopicCommand.
    Tool {
        class: String,
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

pub(crate) fn run(arguments: Arguments) -> Result<()> {
    let folder = arguments.dir;
    match arguments.command {
        Command::Start { nodes, version, heap, settings } => {
            let begin = Instant::now();
            let mut options =
                Options::new().version(version).nodes(nodes).heap_mebibytes(heap).detached(folder);
            for (key, value) in settings {
                options = options.set(key, value);
            }
            let cluster = Cluster::start(options)?;
            eprintln!("Kafka {version}, {nodes} nodes, ready after {:.1} s", begin.elapsed().as_secs_f64());
            println!("{}", cluster.bootstrap());
        }
        Command::Stop => Cluster::attach(folder)?.stop()?,
        Command::Status => {
            let mut cluster = Cluster::attach(folder)?;
            println!("{}", cluster.bootstrap());
            for node in 1..=cluster.nodes() {
                if !cluster.is_running(node)? {
                    println!("node {node} is down");
                }
            }
        }
        Command::Kill { node } => Cluster::attach(folder)?.kill(node)?,
        Command::Freeze { node } => Cluster::attach(folder)?.freeze(node)?,
        Command::Thaw { node } => Cluster::attach(folder)?.thaw(node)?,
        Command::Restart { node, no_wait: true } => Cluster::attach(folder)?.launch_node(node)?,
        Command::Restart { node, no_wait: false } => Cluster::attach(folder)?.restart(node)?,
        Command::Tool { class, arguments } => {
            // The user's own terminal: no time limit, and Ctrl-C ends it.
            let status = Cluster::tool(&class)?
                .args(arguments)
                .stdin(Stdio::inherit())
                .status()
                .context("cannot run java")?;
            ensure!(status.success(), "{class} ended with {status}");
        }
    }
    Ok(())
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}
