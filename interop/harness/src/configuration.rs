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
    /// Where clients find the nodes if that is not their own port, and then the ports at which the nodes find each
    /// other; both empty otherwise.
    pub(crate) advertised_ports: &'a [u16],
    pub(crate) replication_ports: &'a [u16],
    pub(crate) settings: &'a [(String, String)],
}

impl Plan<'_> {
    /// The properties of node `node`; the user's settings come last and win.
    pub(crate) fn node(&self, node: usize, data: &Path) -> String {
        let (listeners, advertised) = self.listeners(node);
        let replicas = self.client_ports.len().min(3);
        let in_sync = replicas.min(2);
        let mut properties: Vec<(&str, String)> = vec![
            ("advertised.listeners", advertised),
            ("inter.broker.listener.name", self.inter_broker_listener().to_owned()),
            (
                "listener.security.protocol.map",
                "PLAINTEXT:PLAINTEXT,REPLICATION:PLAINTEXT,CONTROLLER:PLAINTEXT".to_owned(),
            ),
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
                ("listeners", listeners),
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
                ("listeners", format!("{listeners},CONTROLLER://127.0.0.1:{control}")),
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

    /// Where a node listens, its controller port apart, and where others are told to find it.
    fn listeners(&self, node: usize) -> (String, String) {
        let port = |ports: &[u16]| ports.get(node - 1).copied();
        let own = port(self.client_ports).unwrap_or_default();
        let listener = |port: u16| format!("PLAINTEXT://127.0.0.1:{port}");
        match (port(self.advertised_ports), port(self.replication_ports)) {
            (Some(advertised), Some(replication)) => {
                let replication = format!("REPLICATION://127.0.0.1:{replication}");
                let with_replication = |port| format!("{},{replication}", listener(port));
                (with_replication(own), with_replication(advertised))
            }
            _ => (listener(own), listener(own)),
        }
    }

    fn inter_broker_listener(&self) -> &'static str {
        if self.replication_ports.is_empty() { "PLAINTEXT" } else { "REPLICATION" }
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
        let plan = Plan {
            version: Version::V4_4_0,
            client_ports: &[10],
            control_ports: &[20],
            advertised_ports: &[],
            replication_ports: &[],
            settings: &settings,
        };
        let text = plan.node(1, Path::new("/data"));
        assert!(text.ends_with("auto.create.topics.enable=true\n"), "{text}");
        assert!(text.contains("controller.quorum.voters=1@127.0.0.1:20\n"), "{text}");
    }

    #[test]
    fn proxies_are_advertised_to_clients_only() {
        let plan = Plan {
            version: Version::V4_4_0,
            client_ports: &[10],
            control_ports: &[20],
            advertised_ports: &[30],
            replication_ports: &[40],
            settings: &[],
        };
        let text = plan.node(1, Path::new("/data"));
        let advertised = "advertised.listeners=PLAINTEXT://127.0.0.1:30,REPLICATION://127.0.0.1:40\n";
        assert!(text.contains(advertised), "{text}");
        assert!(text.contains("\nlisteners=PLAINTEXT://127.0.0.1:10,REPLICATION://127.0.0.1:40,"), "{text}");
        assert!(text.contains("inter.broker.listener.name=REPLICATION\n"), "{text}");
    }

    #[test]
    fn zookeeper_brokers_share_one_server() {
        let plan = Plan {
            version: Version::V2_8_2,
            client_ports: &[10, 11, 12],
            control_ports: &[20],
            advertised_ports: &[],
            replication_ports: &[],
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
