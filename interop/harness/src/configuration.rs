//! The property files a cluster is started with.

use std::fmt::Write;
use std::path::Path;

use crate::Version;

/// What all nodes of a cluster share.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) version: Version,
    /// The client ports; node `i` has the `i`-th, counted from one.
    pub(crate) client_ports: &'a [u16],
    /// The controller ports of a KRaft quorum; for ZooKeeper a single port: that of its server.
    pub(crate) control_ports: &'a [u16],
    pub(crate) settings: &'a [(String, String)],
}

impl Plan<'_> {
    /// The properties of node `node`; the user's settings come last and win.
    pub(crate) fn node(&self, node: usize, data: &Path) -> String {
        let port = self.client_ports.get(node - 1).copied().unwrap_or_default();
        let replicas = self.client_ports.len().min(3);
        let in_sync = replicas.min(2);
        let mut properties: Vec<(&str, String)> = vec![
            ("advertised.listeners", format!("PLAINTEXT://127.0.0.1:{port}")),
            ("inter.broker.listener.name", "PLAINTEXT".to_owned()),
            ("log.dirs", data.display().to_string()),
            ("broker.rack", node.to_string()),
            ("auto.create.topics.enable", "false".to_owned()),
            ("group.initial.rebalance.delay.ms", "0".to_owned()),
            ("replica.selector.class", "org.apache.kafka.common.replica.RackAwareReplicaSelector".to_owned()),
            // The default of 128 MB is taken from the heap at once.
            ("log.cleaner.dedupe.buffer.size", "4194304".to_owned()),
            ("offsets.topic.num.partitions", "8".to_owned()),
            ("offsets.topic.replication.factor", replicas.to_string()),
            ("transaction.state.log.num.partitions", "8".to_owned()),
            ("transaction.state.log.replication.factor", replicas.to_string()),
            ("transaction.state.log.min.isr", in_sync.to_string()),
        ];
        if self.version.uses_zookeeper() {
            properties.extend([
                ("broker.id", node.to_string()),
                ("listeners", format!("PLAINTEXT://127.0.0.1:{port}")),
                ("zookeeper.connect", format!("127.0.0.1:{}", self.zookeeper_port())),
                ("zookeeper.session.timeout.ms", "6000".to_owned()),
            ]);
        } else {
            let control = self.control_ports.get(node - 1).copied().unwrap_or_default();
            properties.extend([
                ("process.roles", "broker,controller".to_owned()),
                ("node.id", node.to_string()),
                ("controller.quorum.voters", self.voters()),
                ("controller.listener.names", "CONTROLLER".to_owned()),
                ("listeners", format!("PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{control}")),
                ("share.coordinator.state.topic.num.partitions", "8".to_owned()),
                ("share.coordinator.state.topic.replication.factor", replicas.to_string()),
                ("share.coordinator.state.topic.min.isr", in_sync.to_string()),
            ]);
        }
        let mut text = String::new();
        for (key, value) in &properties {
            let _ = writeln!(text, "{key}={value}");
        }
        for (key, value) in self.settings {
            let _ = writeln!(text, "{key}={value}");
        }
        text
    }

    /// The configuration of the one ZooKeeper server.
    pub(crate) fn zookeeper(&self, data: &Path) -> String {
        format!(
            "tickTime=1000\ndataDir={}\nclientPort={}\nclientPortAddress=127.0.0.1\n\
             admin.enableServer=false\nmaxClientCnxns=0\n",
            data.display(),
            self.zookeeper_port()
        )
    }

    fn zookeeper_port(&self) -> u16 {
        self.control_ports.first().copied().unwrap_or_default()
    }

    fn voters(&self) -> String {
        let voters: Vec<String> =
            (1..).zip(self.control_ports).map(|(node, port)| format!("{node}@127.0.0.1:{port}")).collect();
        voters.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_settings_come_last() {
        let settings = [("auto.create.topics.enable".to_owned(), "true".to_owned())];
        let plan =
            Plan { version: Version::V4_4_0, client_ports: &[10], control_ports: &[20], settings: &settings };
        let text = plan.node(1, Path::new("/data"));
        assert!(text.ends_with("auto.create.topics.enable=true\n"), "{text}");
        assert!(text.contains("controller.quorum.voters=1@127.0.0.1:20\n"), "{text}");
    }

    #[test]
    fn zookeeper_brokers_share_one_server() {
        let plan = Plan {
            version: Version::V2_8_2,
            client_ports: &[10, 11, 12],
            control_ports: &[20],
            settings: &[],
        };
        for node in 1..=3 {
            let text = plan.node(node, Path::new("/data"));
            assert!(text.contains("zookeeper.connect=127.0.0.1:20\n"), "{text}");
            assert!(text.contains(&format!("broker.id={node}\n")), "{text}");
            assert!(!text.contains("process.roles"), "{text}");
        }
    }
}
