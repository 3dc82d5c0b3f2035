//! How every command finds its cluster.

use std::time::Duration;

use clap::Args;
use ottla::{BuildError, Client};

use crate::exit::{Failure, Outcome};
use crate::interrupt::Interrupt;

/// Options that every command with a cluster has.
#[derive(Clone, Debug, Args)]
pub(crate) struct Cluster {
    /// Brokers to ask first, as host:port,host:port
    #[arg(
        short = 'b',
        long,
        value_name = "SERVERS",
        env = "OTTLA_BROKERS",
        default_value = "localhost:9092"
    )]
    brokers: String,

    /// The name under which the cluster knows this client; quotas may go by it
    #[arg(long, value_name = "NAME", default_value = "ottla")]
    client_id: String,

    /// How long the first connection may take
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    connect_timeout: u64,
}

impl Cluster {
    /// A client of the cluster, or what kept it from connecting.
    ///
    /// # Cancel safety
    /// A dropped future closes what it had opened.
    pub(crate) async fn connect(&self, interrupt: &Interrupt) -> Outcome<Client> {
        let connecting = Client::builder(&self.brokers)
            .client_id(&self.client_id)
            .build_timeout(Duration::from_secs(self.connect_timeout))
            .build();
        tokio::select! {
            client = connecting => client.map_err(|error| match error {
                BuildError::Address(_) | BuildError::Setting { .. } => Failure::usage(error),
                BuildError::Unreachable { .. } => Failure::unreachable(error),
                _ => Failure::cluster(error),
            }),
            () = interrupt.pressed() => Err(Failure::interrupted("interrupted while connecting")),
        }
    }
}
