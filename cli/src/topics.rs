//! `ottla topics`: list, create, describe and delete topics.

use clap::{Args, Subcommand};
use ottla::Client;
use ottla::admin::{AdminError, NewTopic, TopicDescription};
use serde_json::json;

use crate::connect::Cluster;
use crate::exit::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output;

#[derive(Debug, Args)]
pub(crate) struct Topics {
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
    /// One line a topic
    List {
        /// Show Kafka's own topics too
        #[arg(long)]
        internal: bool,
    },
    /// Create one or more topics
    Create {
        #[arg(required = true, value_name = "TOPIC")]
        topics: Vec<String>,

        /// Partitions of each topic; the cluster's default if not given
        #[arg(short, long, value_name = "COUNT")]
        partitions: Option<i32>,

        /// Copies of each partition; the cluster's default if not given
        #[arg(short, long, value_name = "COUNT")]
        replication: Option<i16>,

        /// A topic setting, for example retention.ms=3600000; may be repeated
        #[arg(short, long, value_name = "KEY=VALUE", value_parser = key_value)]
        config: Vec<(String, String)>,
    },
    /// Each partition with its leader, replicas and in-sync replicas
    Describe {
        #[arg(required = true, value_name = "TOPIC")]
        topics: Vec<String>,
    },
    /// Delete one or more topics with all their records
    Delete {
        #[arg(required = true, value_name = "TOPIC")]
        topics: Vec<String>,
    },
}

fn key_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write KEY=VALUE".to_owned()),
    }
}

impl Topics {
    pub(crate) async fn run(self, interrupt: &Interrupt) -> Outcome {
        let client = self.cluster.connect(interrupt).await?;
        let acting = async {
            match self.action {
                Action::List { internal } => list(&client, internal, self.json).await,
                Action::Create { topics, partitions, replication, config } => {
                    create(&client, topics, partitions, replication, config, self.json).await
                }
                Action::Describe { topics } => describe(&client, topics, self.json).await,
                Action::Delete { topics } => delete(&client, topics, self.json).await,
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

async fn list(client: &Client, internal: bool, json: bool) -> Outcome {
    let mut topics = client.admin().list_topics().await.map_err(Failure::cluster)?;
    topics.retain(|topic| internal || !topic.internal);
    topics.sort_by(|one, other| one.name.cmp(&other.name));
    let id = |id: Option<ottla::TopicId>| id.map(|id| id.to_string());
    if json {
        let topics: Vec<_> = topics
            .iter()
            .map(|topic| {
                json!({
                    "name": topic.name, "id": id(topic.id), "partitions": topic.partitions,
                    "internal": topic.internal,
                })
            })
            .collect();
        return output::line(&json!(topics));
    }
    let rows = topics
        .into_iter()
        .map(|topic| [topic.name, id(topic.id).unwrap_or_default(), topic.partitions.to_string()]);
    output::line(&output::table(&["topic", "id", "partitions"], 2, rows))
}

async fn create(
    client: &Client,
    names: Vec<String>,
    partitions: Option<i32>,
    replication: Option<i16>,
    config: Vec<(String, String)>,
    json: bool,
) -> Outcome {
    let topics = names.into_iter().map(|name| {
        let topic = config.iter().fold(NewTopic::new(name), |topic, (key, value)| topic.config(key, value));
        let topic = partitions.into_iter().fold(topic, NewTopic::partitions);
        replication.into_iter().fold(topic, NewTopic::replication)
    });
    let results = client.admin().create_topics(topics).await;
    let done: Vec<_> = results.iter().filter_map(|(_, result)| result.as_ref().ok()).collect();
    if json {
        let created: Vec<_> = done
            .iter()
            .map(|topic| {
                json!({
                    "name": topic.name, "id": topic.id.map(|id| id.to_string()),
                    "partitions": topic.partitions, "replication": topic.replication,
                })
            })
            .collect();
        output::line(&json!(created))?;
    } else {
        let number = |number: Option<String>| number.unwrap_or_else(|| "?".to_owned());
        for topic in done {
            let partitions = number(topic.partitions.map(|count| count.to_string()));
            let replication = number(topic.replication.map(|count| count.to_string()));
            output::line(&format!(
                "created {}: {partitions} partitions, replication {replication}",
                topic.name
            ))?;
        }
    }
    first_failures(results, "created")
}

async fn describe(client: &Client, names: Vec<String>, json: bool) -> Outcome {
    let results = client.admin().describe_topics(names).await;
    let topics: Vec<_> = results.iter().filter_map(|(_, result)| result.as_ref().ok()).collect();
    if json {
        output::line(&json!(topics.iter().map(|topic| description_as_json(topic)).collect::<Vec<_>>()))?;
    } else {
        let nodes = |nodes: &[i32]| nodes.iter().map(i32::to_string).collect::<Vec<_>>().join(" ");
        for topic in topics {
            let id = topic.id.map(|id| format!("  id {id}")).unwrap_or_default();
            output::line(&format!("{}  {} partitions{id}", topic.name, topic.partitions.len()))?;
            let rows = topic.partitions.iter().map(|partition| {
                [
                    partition.partition.to_string(),
                    partition.leader.map_or("none".to_owned(), |leader| leader.to_string()),
                    partition.leader_epoch.map_or("-".to_owned(), |epoch| epoch.to_string()),
                    nodes(&partition.replicas),
                    nodes(&partition.in_sync),
                    nodes(&partition.offline),
                ]
            });
            let head = ["partition", "leader", "epoch", "replicas", "in sync", "offline"];
            output::line(&output::table(&head, 0, rows))?;
        }
    }
    first_failures(results, "described")
}

fn description_as_json(topic: &TopicDescription) -> serde_json::Value {
    let partitions: Vec<_> = topic
        .partitions
        .iter()
        .map(|partition| {
            json!({
                "partition": partition.partition, "leader": partition.leader,
                "leader_epoch": partition.leader_epoch, "replicas": partition.replicas,
                "in_sync": partition.in_sync, "offline": partition.offline,
            })
        })
        .collect();
    json!({
        "name": topic.name, "id": topic.id.map(|id| id.to_string()), "internal": topic.internal,
        "partitions": partitions,
    })
}

async fn delete(client: &Client, names: Vec<String>, json: bool) -> Outcome {
    let results = client.admin().delete_topics(names).await;
    let done: Vec<_> =
        results.iter().filter(|(_, result)| result.is_ok()).map(|(topic, _)| topic.to_string()).collect();
    if json {
        output::line(&json!(done))?;
    } else {
        for topic in done {
            output::line(&format!("deleted {topic}"))?;
        }
    }
    first_failures(results, "deleted")
}

/// What was not done, entry by entry; nothing of it undoes what was done.
fn first_failures<N: ToString, T>(results: Vec<(N, Result<T, AdminError>)>, done: &str) -> Outcome {
    let failures: Vec<_> = results
        .into_iter()
        .filter_map(|(name, result)| result.err().map(|error| format!("{}: {error}", name.to_string())))
        .collect();
    if failures.is_empty() {
        Ok(())
    } else {
        Err(Failure::cluster(format!("not {done}: {}", failures.join("; "))))
    }
}
