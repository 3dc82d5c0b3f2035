//! What a broker counted itself, read from its Java process.

use std::collections::BTreeMap;
use std::process::Command;
use std::thread;

use kafka_harness::{Cluster, process};

use crate::support::LIMIT;

/// Bytes of records that consumers took, by topic; replicas have a metric of their own.
const BYTES_OUT: &str = "kafka.server:type=BrokerTopicMetrics,name=BytesOutPerSec,*";
const REQUESTS: &str = "kafka.network:type=RequestMetrics,name=RequestsPerSec,*";
/// Every byte that left the sockets of the clients' listener.
const SOCKETS: &str = "kafka.server:type=socket-server-metrics,listener=PLAINTEXT,*";

/// The counters of one node at one moment.
pub(crate) struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    /// Those of every node, the first first. Takes the start of two small Java programs, beside each other for all nodes.
    pub(crate) fn of_all(cluster: &Cluster) -> Vec<Metrics> {
        thread::scope(|scope| {
            let nodes: Vec<_> =
                (1..=cluster.nodes()).map(|node| scope.spawn(move || Self::of(cluster, node))).collect();
            nodes.into_iter().map(|node| node.join().unwrap()).collect()
        })
    }

    fn of(cluster: &Cluster, node: usize) -> Metrics {
        let pid = cluster.process_id(node).unwrap().unwrap().to_string();
        let jcmd = |order: &str| output(Command::new("jcmd").args([pid.as_str(), order]));
        jcmd("ManagementAgent.start_local");
        let status = jcmd("ManagementAgent.status");
        let address = status.lines().find_map(|line| line.strip_prefix("URL")?.split_once(':'));
        let address = address.unwrap_or_else(|| panic!("{status}")).1.trim();
        let mut tool = Cluster::tool("org.apache.kafka.tools.JmxTool").unwrap();
        tool.args(["--jmx-url", address, "--one-time", "true", "--report-format", "properties"]);
        tool.args(["--attributes", "Count,outgoing-byte-total"]);
        for name in [BYTES_OUT, REQUESTS, SOCKETS] {
            tool.args(["--object-name", name]);
        }
        let lines = output(&mut tool);
        let numbers = lines.lines().filter_map(|line| {
            let (name, value) = line.rsplit_once('=')?;
            Some((name.to_owned(), value.parse().ok()?))
        });
        Metrics(numbers.collect())
    }

    /// Bytes of a topic's records that were sent to consumers.
    pub(crate) fn bytes_out(&self, topic: &str) -> f64 {
        self.sum(&["BytesOutPerSec", &format!("topic={topic}:")])
    }

    /// Requests of a kind, such as `Heartbeat`, that were received.
    pub(crate) fn requests(&self, kind: &str) -> f64 {
        // The order of a name's parts is not fixed.
        self.sum(&["RequestsPerSec", &format!("request={kind},")])
            + self.sum(&["RequestsPerSec", &format!("request={kind}:")])
    }

    /// Bytes that were sent to clients and, where they share the listener, to replicas.
    pub(crate) fn socket_bytes(&self) -> f64 {
        self.sum(&["outgoing-byte-total"])
    }

    fn sum(&self, parts: &[&str]) -> f64 {
        let named = self.0.iter().filter(|(name, _)| parts.iter().all(|part| name.contains(part)));
        named.map(|(_, value)| value).sum()
    }
}

/// The sum over all nodes.
pub(crate) fn total(nodes: &[Metrics], of: impl Fn(&Metrics) -> f64) -> f64 {
    nodes.iter().map(of).sum()
}

fn output(command: &mut Command) -> String {
    let output = process::run(command, LIMIT).unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}
