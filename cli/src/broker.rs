//! `ottla broker`: an embedded Kafka until Ctrl-C.

use std::net::{IpAddr, ToSocketAddrs};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use ottla_broker::{Builder, Cluster, QuotaEntity, QuotaKey, Release, StorageEvent};
use serde_json::json;

use crate::control::{Control, read_faults};
use crate::exit::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output;

/// Everything is kept in memory and gone at the end, unless --data names a folder. It is for tests and trials, not for
/// production.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Broker {
    #[command(subcommand)]
    control: Option<Control>,

    /// The port of the first node; the others follow. 0 takes free ports
    #[arg(short, long, default_value_t = 9092)]
    port: u16,

    /// The name or address to listen on, which clients are told unless --advertise says otherwise
    #[arg(long, value_name = "HOST", default_value = "127.0.0.1", value_parser = host)]
    host: Host,

    /// The name or address by which clients reach the nodes, as from outside a container
    #[arg(long, value_name = "HOST")]
    advertise: Option<String>,

    /// How many nodes the cluster has
    #[arg(short, long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    nodes: u16,

    /// A topic that is there from the start; may be repeated
    #[arg(short, long = "topic", value_name = "NAME[:PARTITIONS]", value_parser = topic)]
    topics: Vec<(String, i32)>,

    /// How many partitions a topic gets if nobody says so
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(i32).range(1..=10_000))]
    default_partitions: i32,

    /// Do not create a topic just because a client asks for it
    #[arg(long)]
    no_auto_create: bool,

    /// The release of Kafka to act as: 2.1, 2.8, 3.9, 4.3 or 4.4, which is the default
    #[arg(long, value_name = "RELEASE", default_value_t, hide_default_value = true)]
    act_as: Release,

    /// Bytes that each client id may produce per second and node before it is throttled
    #[arg(long, value_name = "BYTES")]
    producer_byte_rate: Option<u32>,

    /// Bytes that each client id may fetch per second and node before it is throttled
    #[arg(long, value_name = "BYTES")]
    consumer_byte_rate: Option<u32>,

    /// Percent of one thread's time that each client id may take of a node before it is throttled
    #[arg(long, value_name = "PERCENT")]
    request_percentage: Option<f64>,

    /// Partitions that each client id may create or delete per second in the cluster before it is refused
    #[arg(long, value_name = "PARTITIONS")]
    controller_mutation_rate: Option<f64>,

    /// Connections that each address may open per second to a node before they are kept waiting and closed
    #[arg(long, value_name = "CONNECTIONS")]
    connection_creation_rate: Option<u32>,

    /// Connections that each node takes per second, from whomever; the next ones wait
    #[arg(long, value_name = "CONNECTIONS")]
    max_connection_creation_rate: Option<NonZeroU32>,

    /// Hold throttled answers back, as Kafka did before 2.0, instead of muting the connection
    #[arg(long)]
    delay_throttled_answers: bool,

    /// Keep everything in this folder, and go on with what is there
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,

    /// Answer only when the disk would keep it without power, too; slow
    #[arg(long, requires = "data")]
    fsync: bool,

    /// How often logs are looked at for what is too old or can be compacted, in milliseconds, as long as requests come;
    /// five minutes unless this says otherwise
    #[arg(long, value_name = "MILLISECONDS")]
    log_check_interval: Option<u64>,

    /// What goes wrong: a TOML or JSON file
    #[arg(long = "faults", value_name = "FILE")]
    fault_file: Option<PathBuf>,

    /// Open a port on 127.0.0.1 for `ottla broker fault`, `node` and `leader`
    #[arg(long = "control", value_name = "PORT", num_args = 0..=1, default_missing_value = "9099")]
    control_port: Option<u16>,

    /// Print the addresses, and the summary at the end, as JSON
    #[arg(long)]
    json: bool,
}

fn tell(events: &[StorageEvent]) {
    for event in events {
        eprintln!("disk: {event}");
    }
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Host {
    address: IpAddr,
    /// How it was named, if not by its address.
    name: Option<String>,
}

fn host(text: &str) -> Result<Host, String> {
    if let Ok(address) = text.parse() {
        return Ok(Host { address, name: None });
    }
    let found = (text, 0).to_socket_addrs().map_err(|error| error.to_string())?;
    // Kafka prefers the older protocol as well, and so do most clients.
    let found = found.map(|address| address.ip()).min_by_key(IpAddr::is_ipv6);
    let address = found.ok_or_else(|| "it has no address".to_owned())?;
    Ok(Host { address, name: Some(text.to_owned()) })
}

fn topic(text: &str) -> Result<(String, i32), String> {
    match text.rsplit_once(':') {
        None => Ok((text.to_owned(), 1)),
        Some((name, count)) => match count.parse() {
            Ok(count @ 1..) => Ok((name.to_owned(), count)),
            _ => Err("write NAME or NAME:PARTITIONS, with one partition at least".to_owned()),
        },
    }
}

impl Broker {
    pub(crate) async fn run(self, interrupt: &Interrupt) -> Outcome {
        if let Some(control) = self.control {
            return control.run().await;
        }
        let mut builder = Cluster::builder()
            .nodes(self.nodes)
            .host(self.host.address)
            .port(self.port)
            .default_partitions(self.default_partitions)
            .auto_create_topics(!self.no_auto_create)
            .act_as(self.act_as)
            .delay_throttled_answers(self.delay_throttled_answers);
        if let Some(name) = self.advertise.as_ref().or(self.host.name.as_ref()) {
            builder = builder.advertised_host(name);
        }
        if let Some(interval) = self.log_check_interval {
            builder = builder.log_check_interval(Duration::from_millis(interval));
        }
        for (name, partitions) in &self.topics {
            builder = builder.topic(name, *partitions);
        }
        let (client, address) = (QuotaEntity::default_client_id(), QuotaEntity::default_ip());
        let quotas = [
            (&client, QuotaKey::ProducerByteRate, self.producer_byte_rate.map(f64::from)),
            (&client, QuotaKey::ConsumerByteRate, self.consumer_byte_rate.map(f64::from)),
            (&client, QuotaKey::RequestPercentage, self.request_percentage),
            (&client, QuotaKey::ControllerMutationRate, self.controller_mutation_rate),
            (&address, QuotaKey::ConnectionCreationRate, self.connection_creation_rate.map(f64::from)),
        ];
        for (entity, key, limit) in quotas {
            if let Some(limit) = limit {
                builder = builder.client_quota(entity.clone(), key, limit);
            }
        }
        if let Some(connections) = self.max_connection_creation_rate {
            builder = builder.max_connection_creation_rate(connections);
        }
        if let Some(folder) = &self.data {
            builder = builder.data(folder).fsync(self.fsync);
        }
        if let Some(file) = &self.fault_file {
            builder = read_faults(file)?.into_iter().fold(builder, Builder::fault);
        }
        if let Some(port) = self.control_port {
            builder = builder.control_port(port);
        }
        let cluster = builder.start().await.map_err(Failure::usage)?;
        if self.json {
            let control = cluster.control_address().map(|address| address.to_string());
            output::line(&json!({ "bootstrap": cluster.bootstrap(), "control": control }))?;
        } else {
            output::line(&cluster.bootstrap())?;
            match &self.data {
                Some(folder) => {
                    eprintln!("an embedded Kafka listens there until Ctrl-C, in {}", folder.display())
                }
                None => eprintln!("an embedded Kafka listens there, in memory, until Ctrl-C"),
            }
            if let Some(address) = cluster.control_address() {
                eprintln!("it can be controlled at {address}");
            }
        }
        let telling = async {
            loop {
                tell(&cluster.take_storage_events());
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        tokio::select! {
            () = interrupt.pressed() => {}
            () = telling => {}
        }

        let stats = cluster.stats();
        tell(&cluster.shut_down().await);
        if self.json {
            let requests: serde_json::Map<_, _> =
                stats.requests.iter().map(|(api, count)| (api.to_string(), json!(count))).collect();
            let throttled: serde_json::Map<_, _> = stats
                .throttled
                .iter()
                .map(|(client, time)| (client.clone(), json!(time.as_secs_f64())))
                .collect();
            output::line(&json!({ "requests": requests, "throttled_seconds": throttled }))?;
        } else {
            let rows = stats.requests.iter().map(|(api, count)| [api.to_string(), output::count(*count)]);
            eprintln!("\n{}", output::table(&["API", "requests"], 1, rows));
            for (client, time) in &stats.throttled {
                eprintln!("client id {client:?} was told to wait {} in all", output::duration(*time));
            }
        }
        // Ctrl-C is how this command is meant to end.
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_an_address_or_a_name() {
        let address = host("127.0.0.1").unwrap();
        assert_eq!((address.address.is_loopback(), address.name), (true, None));
        let named = host("localhost").unwrap();
        assert_eq!((named.address.is_loopback(), named.name.as_deref()), (true, Some("localhost")));
        assert!(host("no\u{a0}name").is_err());
    }
}
