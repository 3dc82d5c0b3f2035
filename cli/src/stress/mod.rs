//! `ottla stress`: a chosen load on a cluster, and what limits it.

mod limit;
mod load;
mod report;
mod watch;

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Args;
use ottla::admin::NewTopic;
use ottla::{Client, Producer};

use crate::connect::Cluster;
use crate::exit::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output::{self, Told, Unit};
use crate::produce::Batching;

use load::{Load, Sent};
use report::Report;
use watch::Watch;

/// What is not settled so long after the last record is given up.
const SETTLING: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub(crate) struct Stress {
    #[command(flatten)]
    cluster: Cluster,

    /// Write to this topic, which stays; without it to one that is created for the run and deleted at its end
    #[arg(short, long)]
    topic: Option<String>,

    /// Partitions of the topic that is created
    #[arg(short, long, value_name = "COUNT", default_value_t = 6, conflicts_with = "topic")]
    partitions: i32,

    /// Copies of each of its partitions; the cluster's default if not given
    #[arg(long, value_name = "COUNT", conflicts_with = "topic")]
    replication: Option<i16>,

    /// Records a second; as many as possible if not given
    #[arg(short, long, value_name = "RECORDS")]
    rate: Option<u32>,

    /// Bytes of each record's value
    #[arg(short, long, value_name = "BYTES", default_value_t = 1000)]
    size: usize,

    /// How many keys the records have; none if it is 0
    #[arg(short, long, value_name = "COUNT", default_value_t = 0)]
    keys: u64,

    /// How long to send, in seconds
    #[arg(short, long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    duration: u64,

    #[command(flatten)]
    batching: Batching,

    /// Print the report as JSON to standard output
    #[arg(long)]
    json: bool,
}

impl Stress {
    pub(crate) async fn run(self, interrupt: &Interrupt) -> Outcome {
        let client = self.cluster.connect(interrupt).await?;
        let producer = self.batching.apply(client.producer()).build().await.map_err(Failure::usage)?;
        match &self.topic {
            Some(topic) => self.stress(&client, &producer, topic, interrupt).await,
            None => {
                let topic = temporary_name();
                let outcome = match self.create(&client, &topic, interrupt).await {
                    Ok(()) => self.stress(&client, &producer, &topic, interrupt).await,
                    Err(failure) => Err(failure),
                };
                outcome.and(delete(&client, &topic).await)
            }
        }
    }

    async fn create(&self, client: &Client, topic: &str, interrupt: &Interrupt) -> Outcome {
        let new = NewTopic::new(topic).partitions(self.partitions);
        let new = self.replication.into_iter().fold(new, NewTopic::replication);
        tokio::select! {
            created = async { client.admin().create_topic(new).await } => {
                created.map(drop).map_err(Failure::cluster)
            }
            () = interrupt.pressed() => Err(Failure::interrupted("interrupted before anything was sent")),
        }
    }

    async fn stress(
        &self,
        client: &Client,
        producer: &Producer,
        topic: &str,
        interrupt: &Interrupt,
    ) -> Outcome {
        let duration = Duration::from_secs(self.duration);
        let bar = output::progress(self.rate.map(|rate| u64::from(rate) * self.duration), Unit::Records);
        let watch = Watch::start(client.clone(), producer.clone());
        let load = Load::new(self.rate, self.size, self.keys, duration);
        let handle = producer.topic(topic);
        let begin = Instant::now();
        let mut sent = Sent::default();
        let mut ended = tokio::select! {
            ended = load.send(&handle, &mut sent, &bar) => ended,
            never = output::narrate(client, &bar, Told::Progress) => match never {},
            () = interrupt.pressed() => Err(Failure::interrupted("interrupted; what was sent before is settled")),
        };
        let sending = begin.elapsed();
        let settling = Instant::now();
        let closing = async {
            tokio::select! {
                closed = producer.close(SETTLING) => closed.map(drop).map_err(Failure::cluster),
                never = output::narrate(client, &bar, Told::Progress) => match never {},
            }
        };
        let waits_for =
            || format!("records on their way to be settled, up to {}", output::duration(SETTLING));
        match interrupt.unless_given_up(closing, &bar, waits_for).await {
            Some(closed) => closed?,
            None => {
                ended = Err(Failure::interrupted("interrupted twice; records on their way were given up"));
            }
        }
        producer.close(Duration::ZERO).await.map_err(Failure::cluster)?;
        let settling = settling.elapsed();
        bar.finish_and_clear();
        let seen = watch.stop().await?;
        let metrics = producer.metrics().await.map_err(Failure::cluster)?;
        let report = Report { rate: self.rate, size: self.size, sending, settling, sent, seen, metrics };
        report.print(topic, self.json)?;
        ended.and_then(|()| report.outcome())
    }
}

/// Names the process and the moment, so that two runs never share a topic and a leftover can be recognised.
fn temporary_name() -> String {
    let millis = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    format!("ottla-stress-{}-{millis}", std::process::id())
}

async fn delete(client: &Client, topic: &str) -> Outcome {
    let deleted = client.admin().timeout(SETTLING).delete_topic(topic).await;
    match deleted {
        // It was never created.
        Err(error) if error.code() == Some(ottla::ErrorCode::UNKNOWN_TOPIC_OR_PARTITION) => Ok(()),
        Err(error) => Err(Failure::cluster(format!("topic {topic} could not be deleted: {error}"))),
        Ok(()) => Ok(()),
    }
}
