//! `ottla produce`: each line of the input becomes a record.

mod outstanding;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::{ArgGroup, Args, ValueEnum};
use indicatif::ProgressBar;
use ottla::{Acks, Compression, ProducerBuilder, Record, TopicProducer};
use serde_json::json;
use tokio::sync::mpsc::Receiver;

use crate::connect::Cluster;
use crate::exit::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::lines::{self, Block, ReadProblem};
use crate::output::{self, Separator, Told, Unit};

use outstanding::Outstanding;

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("key").args(["key_separator", "key_file_name"]))]
pub(crate) struct Produce {
    #[command(flatten)]
    cluster: Cluster,

    /// The topic to write to
    #[arg(short, long)]
    topic: String,

    /// Files to read, one after another; standard input if there are none
    files: Vec<PathBuf>,

    /// What stands between key and value in a line (\t for a tab); a line without it has no key
    #[arg(short = 'K', long, value_name = "TEXT")]
    key_separator: Option<Separator>,

    /// Take the file's name as the key of its lines, so that they keep their order
    #[arg(long, requires = "files")]
    key_file_name: bool,

    /// Write to this partition only, whatever the key
    #[arg(short, long, value_name = "NUMBER")]
    partition: Option<i32>,

    /// A header for every record; may be repeated
    #[arg(short = 'H', long = "header", value_name = "KEY=VALUE", value_parser = header)]
    headers: Vec<(String, String)>,

    /// Write an empty value as null: a tombstone where the topic is compacted
    #[arg(short = 'Z', long)]
    empty_as_null: bool,

    #[command(flatten)]
    batching: Batching,

    /// How long a record may take from its line to its acknowledgement, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    delivery_timeout: u64,

    /// The longest line that is taken, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 1_000_000)]
    max_line: usize,

    /// Print the summary as JSON to standard output
    #[arg(long)]
    json: bool,
}

/// How whoever produces makes and sends batches.
#[derive(Debug, Args)]
pub(crate) struct Batching {
    /// none, gzip, snappy, lz4 or zstd; gzip and zstd also with a level, as in zstd:9
    #[arg(short = 'z', long, value_name = "CODEC", default_value = "none", value_parser = codec)]
    compression: Compression,

    /// When a record counts as written
    #[arg(short, long, value_enum, default_value_t)]
    acks: AcksArgument,

    /// How long a batch may wait for company, in milliseconds
    #[arg(long, value_name = "MS", default_value_t = 5)]
    linger: u64,
}

impl Batching {
    pub(crate) fn apply(&self, producer: ProducerBuilder) -> ProducerBuilder {
        let linger = Duration::from_millis(self.linger);
        producer.acks(self.acks.into()).compression(self.compression).linger(linger)
    }
}

/// As `acks` in Kafka's own settings.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum AcksArgument {
    /// Every in-sync replica has it
    #[default]
    All,
    /// The leader has it
    #[value(name = "1")]
    Leader,
    /// It was sent
    #[value(name = "0")]
    None,
}

impl From<AcksArgument> for Acks {
    fn from(acks: AcksArgument) -> Self {
        match acks {
            AcksArgument::All => Self::All,
            AcksArgument::Leader => Self::Leader,
            AcksArgument::None => Self::None,
        }
    }
}

fn header(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("write KEY=VALUE")?;
    Ok((key.to_owned(), value.to_owned()))
}

fn codec(text: &str) -> Result<Compression, String> {
    let (name, level) = match text.split_once(':') {
        None => (text, None),
        Some((name, level)) => (name, Some(level.parse::<i32>().map_err(|_| "the level is a number")?)),
    };
    Ok(match (name, level) {
        ("none", None) => Compression::None,
        ("gzip", None) => Compression::Gzip,
        ("gzip", Some(level @ 1..=9)) => Compression::GzipLevel(level),
        ("snappy", None) => Compression::Snappy,
        ("lz4", None) => Compression::Lz4,
        ("zstd", None) => Compression::Zstd,
        ("zstd", Some(level @ 1..=22)) => Compression::ZstdLevel(level),
        _ => {
            return Err(
                "use none, gzip, snappy, lz4 or zstd, with gzip:1 to gzip:9 or zstd:1 to zstd:22".to_owned()
            );
        }
    })
}

impl Produce {
    pub(crate) async fn run(self, interrupt: &Interrupt) -> Outcome {
        let total =
            self.files.iter().map(|file| file.metadata().map(|data| data.len()).ok()).sum::<Option<u64>>();
        let client = self.cluster.connect(interrupt).await?;
        let producer = self
            .batching
            .apply(client.producer())
            .delivery_timeout(Duration::from_secs(self.delivery_timeout))
            .build()
            .await
            .map_err(Failure::usage)?;
        let bar = output::progress(total.filter(|_| !self.files.is_empty()), Unit::Bytes);
        let started = Instant::now();

        let mut outstanding = Outstanding::default();
        let blocks = lines::read(self.files.clone(), self.max_line);
        let sending = self.send_all(producer.topic(&self.topic), blocks, &mut outstanding, &bar);
        let mut ended = tokio::select! {
            ended = sending => ended,
            never = output::narrate(&client, &bar, Told::Progress) => match never {},
            () = interrupt.pressed() => Err(Failure::interrupted("interrupted; what was read before is settled")),
        };
        let left = outstanding.left();
        let settling = async {
            tokio::select! {
                () = outstanding.settle_all() => {}
                never = output::narrate(&client, &bar, Told::Progress) => match never {},
            }
        };
        let waits_for = || {
            let within = output::duration(Duration::from_secs(self.delivery_timeout));
            format!("{} records to be settled, up to {within}", output::count(left.get()))
        };
        if interrupt.unless_given_up(settling, &bar, waits_for).await.is_none() {
            ended = Err(Failure::interrupted("interrupted twice; records on their way were given up"));
        }
        // Settles what a second Ctrl-C left behind; there is nothing left otherwise.
        producer.close(Duration::ZERO).await.map_err(Failure::cluster)?;
        outstanding.settle_all().await;
        bar.finish_and_clear();
        self.report(&outstanding, started.elapsed())?;
        match (ended, outstanding.losses()) {
            (ended, None) => ended,
            (Ok(()), Some(losses)) => Err(Failure::unwritten(losses)),
            (Err(failure), Some(losses)) => Err(failure.and(losses)),
        }
    }

    async fn send_all(
        &self,
        topic: TopicProducer,
        mut blocks: Receiver<Result<Block, ReadProblem>>,
        outstanding: &mut Outstanding,
        bar: &ProgressBar,
    ) -> Outcome {
        let headers: Vec<(&str, Option<&[u8]>)> =
            self.headers.iter().map(|(key, value)| (key.as_str(), Some(value.as_bytes()))).collect();
        // A file that cannot be read does not keep the others from being written; it is told at the end.
        let mut ended = Ok(());
        while let Some(block) = blocks.recv().await {
            let block = match block {
                Ok(block) => block,
                Err(problem) => {
                    ended = ended.and(Err(Failure::file(problem)));
                    continue;
                }
            };
            for (line, number) in block.lines().zip(block.first_line..) {
                let record = self.record(line, &block.source, &headers);
                match topic.send(record).await {
                    Ok(delivery) => outstanding.push(&block.source, number, line.len(), delivery),
                    Err(error) => {
                        let place = format!("{}, line {number}: {error}", block.source);
                        return Err(Failure::unwritten(format!("{place}; nothing from there on was sent")));
                    }
                }
            }
            bar.inc(block.byte_length());
            outstanding.settle_ready().await;
        }
        ended
    }

    fn record<'a>(
        &'a self,
        line: &'a [u8],
        source: &'a str,
        headers: &'a [(&'a str, Option<&'a [u8]>)],
    ) -> Record<'a> {
        let split = self.key_separator.as_ref().map(Separator::as_bytes).and_then(|separator| {
            let at = line.windows(separator.len()).position(|window| window == separator)?;
            Some((line.get(..at)?, line.get(at + separator.len()..)?))
        });
        let (key, value) = match split {
            Some((key, value)) => (Some(key), value),
            None if self.key_file_name => (Some(source.as_bytes()), line),
            None => (None, line),
        };
        let null = self.empty_as_null && value.is_empty();
        let mut record = if null { Record::default() } else { Record::value(value) }.headers(headers);
        if let Some(key) = key {
            record = record.key(key);
        }
        if let Some(partition) = self.partition {
            record = record.partition(partition);
        }
        record
    }

    fn report(&self, outstanding: &Outstanding, elapsed: Duration) -> Outcome {
        let tally = outstanding.tally();
        let seconds = elapsed.as_secs_f64();
        if self.json {
            return output::line(&json!({
                "topic": self.topic, "written": tally.written, "not_written": tally.not_written,
                "possibly_written": tally.possibly_written, "value_bytes": tally.bytes, "seconds": seconds,
                "longest_ms": tally.longest.total().as_secs_f64() * 1e3,
                "longest_throttled_ms": tally.longest.throttle.as_secs_f64() * 1e3,
            }));
        }
        #[expect(clippy::cast_precision_loss, reason = "a rate for eyes")]
        let rate = output::bytes(tally.bytes as f64 / seconds);
        eprintln!(
            "{} records written to {} in {}, {rate}/s; the slowest took {:.1}",
            output::count(tally.written),
            self.topic,
            output::duration(elapsed),
            tally.longest,
        );
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codecs_parse_and_nonsense_is_refused() {
        assert_eq!(codec("zstd:9"), Ok(Compression::ZstdLevel(9)));
        assert_eq!(codec("lz4"), Ok(Compression::Lz4));
        for nonsense in ["", "zip", "lz4:3", "gzip:0", "gzip:10", "zstd:23", "zstd:x", "none:1"] {
            assert!(codec(nonsense).is_err(), "{nonsense}");
        }
    }
}
