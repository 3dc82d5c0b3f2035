//! `ottla quotas`: describe, set and remove client quotas.

use std::collections::BTreeMap;

use clap::{ArgGroup, Args, Subcommand};
use ottla::Client;
use ottla::admin::{QuotaAlteration, QuotaEntity, QuotaFilter, QuotaKey, QuotaName, Quotas as Limits};
use serde_json::{Value, json};

use crate::connect::Cluster;
use crate::exit::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Quotas {
    #[command(flatten)]
    cluster: Cluster,

    /// Print JSON instead of a table
    #[arg(long, global = true)]
    json: bool,

    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// One line a quota: all of them, or those of a user, a client id or an address
    Describe {
        #[command(flatten)]
        entity: Entity,
    },
    /// Set quotas of a user, a client id, both together, or an address
    Set {
        #[command(flatten)]
        entity: Entity,

        /// producer_byte_rate, consumer_byte_rate (bytes a second and broker), request_percentage (100 is one
        /// thread), controller_mutation_rate (partitions a second) or connection_creation_rate
        #[arg(required = true, value_name = "QUOTA=LIMIT", value_parser = limit)]
        limits: Vec<(QuotaKey, f64)>,
    },
    /// Remove quotas
    Remove {
        #[command(flatten)]
        entity: Entity,

        /// Which; all that the user, client id or address has if none is named
        #[arg(value_name = "QUOTA", value_parser = key)]
        keys: Vec<QuotaKey>,
    },
}

/// Whom a quota is for.
#[derive(Clone, Debug, Args)]
#[command(group = ArgGroup::new("by user").args(["user", "default_user"]).conflicts_with("by address"))]
#[command(group = ArgGroup::new("by client").args(["client", "default_client"]).conflicts_with("by address"))]
#[command(group = ArgGroup::new("by address").args(["ip", "default_ip"]))]
struct Entity {
    /// The user; ANONYMOUS where nobody authenticates
    #[arg(long, value_name = "NAME")]
    user: Option<String>,

    /// Users without a quota of their own
    #[arg(long)]
    default_user: bool,

    /// The client id of those whom the quota is for
    #[arg(long, value_name = "CLIENT-ID")]
    client: Option<String>,

    /// Client ids without a quota of their own
    #[arg(long)]
    default_client: bool,

    /// The address that connections come from
    #[arg(long, value_name = "ADDRESS")]
    ip: Option<String>,

    /// Addresses without a quota of their own
    #[arg(long)]
    default_ip: bool,
}

impl Entity {
    fn to_quota_entity(&self) -> QuotaEntity {
        let name = |name: &Option<String>, default: bool| match name {
            Some(name) => Some(QuotaName::Name(name.clone())),
            None => default.then_some(QuotaName::Default),
        };
        let mut entity = QuotaEntity::default();
        entity.user = name(&self.user, self.default_user);
        entity.client_id = name(&self.client, self.default_client);
        entity.ip = name(&self.ip, self.default_ip);
        entity
    }

    fn required(&self) -> Outcome<QuotaEntity> {
        let entity = self.to_quota_entity();
        if entity == QuotaEntity::default() {
            return Err(Failure::usage("whose quota? name --user, --client or --ip, or a --default-..."));
        }
        Ok(entity)
    }
}

fn key(text: &str) -> Result<QuotaKey, String> {
    match QuotaKey::from(text) {
        QuotaKey::Other(_) => {
            Err(format!("use one of {}", QuotaKey::KNOWN.map(|key| key.to_string()).join(", ")))
        }
        key => Ok(key),
    }
}

fn limit(text: &str) -> Result<(QuotaKey, f64), String> {
    let (name, limit) = text.split_once('=').ok_or("write QUOTA=LIMIT")?;
    let limit: f64 = limit.parse().map_err(|_| "the limit is a number")?;
    if !limit.is_finite() || limit <= 0.0 {
        return Err("the limit is greater than zero".to_owned());
    }
    Ok((key(name)?, limit))
}

impl Quotas {
    pub(crate) async fn run(self, interrupt: &Interrupt) -> Outcome {
        let client = self.cluster.connect(interrupt).await?;
        let acting = async {
            match self.action {
                Action::Describe { entity } => describe(&client, &entity, self.json).await,
                Action::Set { entity, limits } => set(&client, &entity.required()?, limits, self.json).await,
                Action::Remove { entity, keys } => {
                    remove(&client, &entity.required()?, keys, self.json).await
                }
            }
        };
        tokio::select! {
            outcome = acting => outcome,
            () = interrupt.pressed() => {
                Err(Failure::interrupted("interrupted; the cluster may still carry out what it was asked"))
            }
        }
    }
}

async fn describe(client: &Client, entity: &Entity, json: bool) -> Outcome {
    let QuotaEntity { user, client_id, ip, .. } = entity.to_quota_entity();
    let filter = user.into_iter().fold(QuotaFilter::all(), QuotaFilter::user);
    let filter = client_id.into_iter().fold(filter, QuotaFilter::client_id);
    let filter = ip.into_iter().fold(filter, QuotaFilter::ip);
    let found = client.admin().describe_client_quotas(&filter).await.map_err(Failure::cluster)?;
    show(&found, json)
}

async fn set(client: &Client, entity: &QuotaEntity, limits: Vec<(QuotaKey, f64)>, json: bool) -> Outcome {
    let alteration = QuotaAlteration::new(entity.clone());
    let alteration = limits.into_iter().fold(alteration, |change, (key, limit)| change.set(key, limit));
    alter(client, alteration).await?;
    show(&of(client, entity).await?, json)
}

async fn remove(client: &Client, entity: &QuotaEntity, mut keys: Vec<QuotaKey>, json: bool) -> Outcome {
    let before = of(client, entity).await?;
    if keys.is_empty() {
        keys = before.values().flat_map(Limits::keys).cloned().collect();
    }
    let removed: BTreeMap<QuotaEntity, Limits> = before
        .into_iter()
        .map(|(entity, mut limits)| {
            limits.retain(|key, _| keys.contains(key));
            (entity, limits)
        })
        .filter(|(_, limits)| !limits.is_empty())
        .collect();
    if removed.is_empty() {
        return Err(Failure::cluster(format!("{entity} has no such quota")));
    }
    let alteration = QuotaAlteration::new(entity.clone());
    alter(client, keys.into_iter().fold(alteration, QuotaAlteration::remove)).await?;
    if json {
        return show(&removed, json);
    }
    for (key, limit) in removed.values().flatten() {
        output::line(&format!("removed {key}={limit} of {entity}"))?;
    }
    Ok(())
}

async fn of(client: &Client, entity: &QuotaEntity) -> Outcome<BTreeMap<QuotaEntity, Limits>> {
    client.admin().describe_client_quotas(&QuotaFilter::of(entity)).await.map_err(Failure::cluster)
}

async fn alter(client: &Client, alteration: QuotaAlteration) -> Outcome {
    for (entity, result) in client.admin().alter_client_quotas([alteration]).await {
        result
            .map_err(|error| Failure::cluster(format!("the quotas of {entity} are as they were: {error}")))?;
    }
    Ok(())
}

fn show(quotas: &BTreeMap<QuotaEntity, Limits>, json: bool) -> Outcome {
    if json {
        let entries: Vec<_> = quotas.iter().map(|(entity, limits)| as_json(entity, limits)).collect();
        return output::line(&json!(entries));
    }
    let name = |name: &Option<QuotaName>| name.as_ref().map_or("-".to_owned(), ToString::to_string);
    let rows = quotas.iter().flat_map(|(entity, limits)| {
        limits.iter().map(|(key, limit)| {
            [
                name(&entity.user),
                name(&entity.client_id),
                name(&entity.ip),
                key.to_string(),
                limit.to_string(),
                in_words(key, *limit),
            ]
        })
    });
    output::line(&output::table(&["user", "client id", "ip", "quota", "limit", "that is"], 4, rows))
}

/// An entity's part that is absent is no key, the default is null.
fn as_json(entity: &QuotaEntity, limits: &Limits) -> Value {
    let parts = [("user", &entity.user), ("client_id", &entity.client_id), ("ip", &entity.ip)];
    let parts = parts.into_iter().filter_map(|(kind, name)| match name.as_ref()? {
        QuotaName::Default => Some((kind.to_owned(), Value::Null)),
        QuotaName::Name(name) => Some((kind.to_owned(), json!(name))),
    });
    let limits = limits.iter().map(|(key, limit)| (key.to_string(), json!(limit)));
    json!({
        "entity": parts.collect::<serde_json::Map<_, _>>(),
        "quotas": limits.collect::<serde_json::Map<_, _>>(),
    })
}

fn in_words(key: &QuotaKey, limit: f64) -> String {
    match key {
        QuotaKey::ProducerByteRate | QuotaKey::ConsumerByteRate => {
            format!("{}/s by broker", output::bytes(limit))
        }
        QuotaKey::RequestPercentage => format!("{} of a thread by broker", limit / 100.0),
        QuotaKey::ControllerMutationRate => format!("{limit} partitions/s"),
        QuotaKey::ConnectionCreationRate => format!("{limit} connections/s by broker"),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_parse_and_nonsense_is_refused() {
        assert_eq!(limit("producer_byte_rate=1e6"), Ok((QuotaKey::ProducerByteRate, 1e6)));
        for nonsense in [
            "",
            "producer_byte_rate",
            "x=1",
            "request_percentage=0",
            "request_percentage=-1",
            "consumer_byte_rate=inf",
        ] {
            assert!(limit(nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn a_default_is_null_in_json() {
        let limits = Limits::from([(QuotaKey::RequestPercentage, 12.5)]);
        let entity = QuotaEntity::user_and_client_id("alice", QuotaName::Default);
        let expected = json!({
            "entity": {"user": "alice", "client_id": null}, "quotas": {"request_percentage": 12.5},
        });
        assert_eq!(as_json(&entity, &limits), expected);
    }
}
