//! `ottla demo`: a producer explains itself while a broker throttles it, and everything is read back and verified.

mod records;
mod split;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use clap::Args;
use indicatif::ProgressBar;
use ottla::{Client, Delivery, Offset, Producer, Record};
use ottla_broker::{Cluster, QuotaEntity, QuotaKey};
use serde_json::json;

use crate::exit::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output::{self, Told, Unit};

use records::{Tally, Verifier};
use split::Split;

const TOPIC: &str = "demo";
const PARTITIONS: i32 = 6;
const CLIENT: &str = "demo";

/// Starts an embedded Kafka whose quota is smaller than what the producer offers, writes, reads everything back,
/// and says where the time went. Nothing is left behind.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// How many records to write
    #[arg(long, value_name = "COUNT", default_value_t = 300_000, value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    records: u64,

    /// The size of each value in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 100, value_parser = clap::value_parser!(u32).range(records::SMALLEST as i64..=900_000))]
    size: u32,

    /// The quota: bytes that the producer may write per second, averaged over Kafka's window of ten seconds
    #[arg(long, value_name = "BYTES", default_value_t = 2_500_000, value_parser = clap::value_parser!(u32).range(1..))]
    quota: u32,

    /// Print the result as JSON to standard output
    #[arg(long)]
    json: bool,
}

/// What was written, and where its time went.
struct Written {
    elapsed: Duration,
    split: Split,
}

impl Demo {
    pub(crate) async fn run(self, interrupt: &Interrupt) -> Outcome {
        let cluster = Cluster::builder()
            .topic(TOPIC, PARTITIONS)
            .client_quota(QuotaEntity::client_id(CLIENT), QuotaKey::ProducerByteRate, f64::from(self.quota))
            .start()
            .await
            .map_err(Failure::cluster)?;
        eprintln!(
            "an embedded Kafka at {} grants this client {}/s; {} records of {} bytes go there",
            cluster.bootstrap(),
            output::bytes(f64::from(self.quota)),
            output::count(self.records),
            self.size,
        );
        let client =
            Client::builder(cluster.bootstrap()).client_id(CLIENT).build().await.map_err(Failure::cluster)?;
        tokio::select! {
            outcome = self.show(&client, &cluster) => outcome,
            () = interrupt.pressed() => Err(Failure::interrupted("interrupted; nothing is left behind")),
        }
    }

    async fn show(&self, client: &Client, cluster: &Cluster) -> Outcome {
        let producer = client
            .producer()
            .linger(Duration::from_millis(5))
            // Java's default. With ours all that the demo writes could be in flight before the first throttle.
            .batch_bytes(16 * 1024)
            // The quota is meant to bite: waiting for it must not count as failure.
            .delivery_timeout(Duration::from_secs(3_600))
            .build()
            .await
            .map_err(Failure::cluster)?;
        let bar = output::progress(Some(self.records), Unit::Records);
        let written = tokio::select! {
            written = self.write(&producer, &bar) => written?,
            never = output::narrate(client, &bar, Told::Progress) => match never {},
        };
        bar.finish_and_clear();
        let bar = output::progress(Some(self.records), Unit::Records);
        let started = Instant::now();
        let tally = self.read_back(client, &bar).await?;
        bar.finish_and_clear();
        self.report(&written, tally, started.elapsed(), cluster)
    }

    /// Writes all records and waits for every acknowledgement.
    async fn write(&self, producer: &Producer, bar: &ProgressBar) -> Outcome<Written> {
        let topic = producer.topic(TOPIC);
        let started = Instant::now();
        let mut split = Split::default();
        let mut under_way = VecDeque::<Delivery>::new();
        let mut value = Vec::new();
        for number in 0..self.records {
            let key = records::key(number);
            records::write_value(number, self.size as usize, &mut value);
            let delivery = topic.send(Record::value(&value).key(&key)).await.map_err(Failure::cluster)?;
            under_way.push_back(delivery);
            while under_way.front().is_some_and(Delivery::is_settled) {
                acknowledge(&mut under_way, &mut split, bar).await?;
            }
        }
        while !under_way.is_empty() {
            acknowledge(&mut under_way, &mut split, bar).await?;
        }
        Ok(Written { elapsed: started.elapsed(), split })
    }

    async fn read_back(&self, client: &Client, bar: &ProgressBar) -> Outcome<Tally> {
        let mut consumer = client
            .consumer()
            .topics([TOPIC])
            .from(Offset::Earliest)
            .until_end()
            .build()
            .await
            .map_err(Failure::cluster)?;
        let mut verifier = Verifier::new(self.records);
        while let Some(batch) = consumer.next_batch().await.map_err(Failure::cluster)? {
            for record in &batch {
                verifier.check(record.key(), record.value());
            }
            bar.set_position(verifier.read());
        }
        Ok(verifier.finish())
    }

    fn report(&self, written: &Written, tally: Tally, reading: Duration, cluster: &Cluster) -> Outcome {
        let told = cluster.stats().throttled.get(CLIENT).copied().unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "a rate for eyes")]
        let rate = |elapsed: Duration| (self.records * u64::from(self.size)) as f64 / elapsed.as_secs_f64();
        if self.json {
            output::line(&json!({
                "records": self.records, "value_bytes": self.size, "quota_bytes_per_second": self.quota,
                "write_seconds": written.elapsed.as_secs_f64(), "read_seconds": reading.as_secs_f64(),
                "broker_asked_to_wait_seconds": told.as_secs_f64(), "time": written.split.as_json(),
                "read": tally.read, "missing": tally.missing, "twice": tally.twice,
                "out_of_order": tally.out_of_order, "damaged": tally.damaged,
            }))?;
        } else {
            output::line(&format!(
                "written in {} ({}/s), read back and verified in {} ({}/s): {tally}",
                output::duration(written.elapsed),
                output::bytes(rate(written.elapsed)),
                output::duration(reading),
                output::bytes(rate(reading)),
            ))?;
            output::line(&format!(
                "the broker asked for {} of waiting in all; where the time of an average record went:",
                output::duration(told),
            ))?;
            output::line(&written.split.table())?;
        }
        if tally.is_perfect() && tally.read == self.records {
            Ok(())
        } else {
            Err(Failure::cluster(format!("what came back is not what was written: {tally}")))
        }
    }
}

/// Waits for the oldest record's acknowledgement.
async fn acknowledge(under_way: &mut VecDeque<Delivery>, split: &mut Split, bar: &ProgressBar) -> Outcome {
    if let Some(delivery) = under_way.pop_front() {
        let receipt = delivery.await.map_err(Failure::unwritten)?;
        split.add(&receipt.latency);
        bar.inc(1);
    }
    Ok(())
}
