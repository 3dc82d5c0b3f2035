use ottla_proto::messages::metadata::{MetadataResponse, MetadataResponseBroker};

use super::{Admin, AdminError};

/// A cluster and its brokers.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClusterDescription {
    /// The cluster's own name (`cluster.id`).
    pub cluster_id: Option<String>,
    /// The node that takes changes to topics; with KRaft a broker that passes them on.
    pub controller: Option<i32>,
    /// The brokers by rising number.
    pub brokers: Vec<BrokerDescription>,
}

/// A broker.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrokerDescription {
    /// Its number (`node.id`).
    pub node: i32,
    /// The host at which clients reach it.
    pub host: String,
    /// The port at which clients reach it.
    pub port: u16,
    /// The rack that it says it stands in.
    pub rack: Option<String>,
}

impl Admin {
    /// The cluster and its brokers, as one of them sees it.
    ///
    /// # Errors
    /// If no broker answers in time, or the broker refuses.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer.
    pub async fn describe_cluster(&self) -> Result<ClusterDescription, AdminError> {
        // Metadata for no topic at all: unlike DescribeCluster, every broker knows it.
        let (_, response) = self.call().metadata(Some(Vec::new())).await?;
        Ok(ClusterDescription::new(&response))
    }
}

impl ClusterDescription {
    fn new(response: &MetadataResponse) -> Self {
        let mut brokers: Vec<_> = response.brokers.iter().map(BrokerDescription::new).collect();
        brokers.sort_by_key(|broker| broker.node);
        Self {
            cluster_id: response.cluster_id.as_ref().map(ToString::to_string),
            controller: (!response.controller_id.is_none()).then_some(response.controller_id.0),
            brokers,
        }
    }
}

impl BrokerDescription {
    fn new(broker: &MetadataResponseBroker) -> Self {
        Self {
            node: broker.node_id.0,
            host: broker.host.to_string(),
            // A port that none can be is shown as none.
            port: u16::try_from(broker.port).unwrap_or(0),
            rack: broker.rack.as_ref().map(ToString::to_string),
        }
    }
}
