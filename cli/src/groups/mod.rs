//! `ottla groups`: list and describe consumer groups, see how far they are behind, move their offsets, delete them.

mod reset;

use std::io::{IsTerminal, stdout};
use std::time::Duration;

use clap::{Args, Subcommand};
use ottla::Client;
use ottla::admin::{GroupDescription, GroupLag, MemberToRemove};
use serde_json::{Value, json};

use crate::connect::Cluster;
use crate::exit::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output;
use reset::ResetOffsets;

#[derive(Debug, Args)]
pub(crate) struct Groups {
    #[command(flatten)]
    cluster: Cluster,

    /// Print JSON instead of a table
    #[arg(long, global = true)]
    json: bool,

    /// Print again every so many seconds, until Ctrl-C
    #[arg(
        long, global = true, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "2",
        value_parser = clap::value_parser!(u64).range(1..)
    )]
    watch: Option<u64>,

    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// One line a group
    List {
        /// In this state only, such as stable or empty; may be repeated
        #[arg(long = "state", value_name = "STATE")]
        states: Vec<String>,

        /// Of this kind only, such as classic or consumer; may be repeated
        #[arg(long = "kind", value_name = "KIND")]
        kinds: Vec<String>,
    },
    /// The members of one or more groups, and what each of them has
    Describe {
        #[arg(required = true, value_name = "GROUP")]
        groups: Vec<String>,
    },
    /// How far a group is behind in each partition
    Lag {
        #[arg(value_name = "GROUP")]
        group: String,

        /// Show all partitions of this topic, those too that the group committed nothing for; may be repeated
        #[arg(short, long = "topic", value_name = "TOPIC")]
        topics: Vec<String>,
    },
    /// Move what a group has committed; its members must have left
    ResetOffsets(ResetOffsets),
    /// Send members of a classic group away; those that live join again, unless they are static
    RemoveMember {
        #[arg(value_name = "GROUP")]
        group: String,

        /// The static member of this name; may be repeated
        #[arg(long = "instance-id", required_unless_present = "members", value_name = "NAME")]
        instances: Vec<String>,

        /// The member with this id; may be repeated
        #[arg(long = "member-id", value_name = "ID")]
        members: Vec<String>,

        /// Why, for the broker's log
        #[arg(long, value_name = "TEXT", default_value = "sent away by ottla groups remove-member")]
        reason: String,
    },
    /// Delete one or more groups with their offsets; their members must have left
    Delete {
        #[arg(required = true, value_name = "GROUP")]
        groups: Vec<String>,
    },
}

impl Groups {
    pub(crate) async fn run(self, interrupt: &Interrupt) -> Outcome {
        let client = self.cluster.connect(interrupt).await?;
        let json = self.json;
        let Some(seconds) = self.watch.filter(|_| self.action.only_looks()) else {
            return tokio::select! {
                outcome = act(&client, &self.action, json) => outcome,
                () = interrupt.pressed() => {
                    Err(Failure::interrupted("interrupted; the cluster may still carry out what it was asked"))
                }
            };
        };
        let mut ticks = tokio::time::interval(Duration::from_secs(seconds));
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = interrupt.pressed() => return Ok(()),
            }
            if stdout().is_terminal() && !json {
                // Clears the screen and goes to its upper left corner.
                output::line(&"\x1b[2J\x1b[H")?;
            }
            tokio::select! {
                outcome = act(&client, &self.action, json) => outcome?,
                () = interrupt.pressed() => return Ok(()),
            }
        }
    }
}

impl Action {
    /// Whether doing it again and again does no harm.
    fn only_looks(&self) -> bool {
        matches!(self, Self::List { .. } | Self::Describe { .. } | Self::Lag { .. })
    }
}

async fn act(client: &Client, action: &Action, json: bool) -> Outcome {
    match action {
        Action::List { states, kinds } => list(client, states.clone(), kinds.clone(), json).await,
        Action::Describe { groups } => describe(client, groups, json).await,
        Action::Lag { group, topics } => {
            let lag = client.admin().group_lag(group, topics).await.map_err(Failure::cluster)?;
            print_lag(&lag, json)
        }
        Action::ResetOffsets(reset) => reset.run(client, json).await,
        Action::RemoveMember { group, instances, members, reason } => {
            let instances = instances.iter().cloned().map(MemberToRemove::Instance);
            let members: Vec<_> =
                instances.chain(members.iter().cloned().map(MemberToRemove::Member)).collect();
            let count = members.len();
            client.admin().remove_members(group, members, Some(reason)).await.map_err(Failure::cluster)?;
            if json {
                return output::line(&json!({ "group": group, "removed": count }));
            }
            output::line(&format!("sent {count} away from {group}"))
        }
        Action::Delete { groups } => {
            let mut failures = Vec::new();
            for group in groups {
                match client.admin().delete_group(group).await {
                    Ok(()) if json => output::line(&json!({ "deleted": group }))?,
                    Ok(()) => output::line(&format!("deleted {group}"))?,
                    Err(error) => failures.push(format!("{group}: {error}")),
                }
            }
            all_or(failures, "deleted")
        }
    }
}

async fn list(client: &Client, states: Vec<String>, kinds: Vec<String>, json: bool) -> Outcome {
    let groups = client.admin().list_groups_where(states, kinds).await.map_err(Failure::cluster)?;
    if json {
        let groups: Vec<_> = groups
            .iter()
            .map(|group| {
                json!({
                    "group": group.group, "state": group.state, "kind": group.kind,
                    "protocol_type": group.protocol_type, "coordinator": group.coordinator,
                })
            })
            .collect();
        return output::line(&json!(groups));
    }
    let rows = groups.into_iter().map(|group| {
        [group.group, group.state, group.kind, group.protocol_type, group.coordinator.to_string()]
    });
    output::line(&output::table(&["group", "state", "kind", "for", "coordinator"], 4, rows))
}

async fn describe(client: &Client, groups: &[String], json: bool) -> Outcome {
    let mut failures = Vec::new();
    let mut described = Vec::new();
    for group in groups {
        match client.admin().describe_group(group).await {
            Ok(description) => described.push(description),
            Err(error) => failures.push(format!("{group}: {error}")),
        }
    }
    if json {
        output::line(&json!(described.iter().map(description_as_json).collect::<Vec<_>>()))?;
    } else {
        for group in &described {
            print_description(group)?;
        }
    }
    all_or(failures, "described")
}

fn print_description(group: &GroupDescription) -> Outcome {
    let GroupDescription { group, consumer_protocol, state, assignor, epoch, coordinator, members, .. } =
        group;
    let protocol = if *consumer_protocol { "consumer protocol" } else { "classic protocol" };
    let epoch = epoch.map(|epoch| format!(", epoch {epoch}")).unwrap_or_default();
    let by = if assignor.is_empty() { String::new() } else { format!(", shared out by {assignor}") };
    output::line(&format!("{group}  {state}, {protocol}{epoch}{by}, coordinator {coordinator}"))?;
    let rows = members.iter().map(|member| {
        let assignment = member.assignment.iter().map(|(topic, partitions)| {
            let partitions: Vec<_> = partitions.iter().map(i32::to_string).collect();
            format!("{topic}: {}", partitions.join(" "))
        });
        [
            member.instance_id.clone().unwrap_or_else(|| member.member_id.clone()),
            member.client_id.clone(),
            member.host.clone(),
            member.epoch.map_or("-".to_owned(), |epoch| epoch.to_string()),
            assignment.collect::<Vec<_>>().join("\n"),
        ]
    });
    output::line(&output::table(&["member", "client id", "host", "epoch", "has"], 5, rows))
}

fn description_as_json(group: &GroupDescription) -> Value {
    let members: Vec<_> = group
        .members
        .iter()
        .map(|member| {
            json!({
                "member_id": member.member_id, "instance_id": member.instance_id,
                "client_id": member.client_id, "host": member.host, "epoch": member.epoch,
                "topics": member.topics, "pattern": member.pattern, "assignment": member.assignment,
            })
        })
        .collect();
    json!({
        "group": group.group, "state": group.state, "consumer_protocol": group.consumer_protocol,
        "assignor": group.assignor, "epoch": group.epoch, "coordinator": group.coordinator,
        "members": members,
    })
}

fn print_lag(lag: &[GroupLag], json: bool) -> Outcome {
    if json {
        let lag: Vec<_> = lag
            .iter()
            .map(|lag| {
                json!({
                    "topic": lag.partition.topic, "partition": lag.partition.partition,
                    "committed": lag.committed, "log_start": lag.log_start, "log_end": lag.log_end,
                    "lag": lag.lag,
                })
            })
            .collect();
        return output::line(&json!(lag));
    }
    let number = |number: Option<i64>| number.map_or("-".to_owned(), |number| number.to_string());
    let rows = lag.iter().map(|lag| {
        [
            lag.partition.topic.clone(),
            lag.partition.partition.to_string(),
            number(lag.committed),
            lag.log_start.to_string(),
            lag.log_end.to_string(),
            number(lag.lag),
        ]
    });
    let head = ["topic", "partition", "committed", "log start", "log end", "lag"];
    output::line(&output::table(&head, 1, rows))?;
    let total: i64 = lag.iter().filter_map(|lag| lag.lag).sum();
    let total = output::count(u64::try_from(total).unwrap_or(0));
    let nothing = match lag.iter().filter(|lag| lag.committed.is_none()).count() {
        0 => String::new(),
        count => format!("; nothing committed for {count} partitions"),
    };
    output::line(&format!("{total} behind{nothing}"))
}

/// What was not done, entry by entry; nothing of it undoes what was done.
fn all_or(failures: Vec<String>, done: &str) -> Outcome {
    if failures.is_empty() {
        Ok(())
    } else {
        Err(Failure::cluster(format!("not {done}: {}", failures.join("; "))))
    }
}
