//! `ottla consume`: the records of a topic on standard output.

use std::io::{self, BufWriter, IsTerminal, Write, stdout};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::{Args, ValueEnum};
use indicatif::ProgressBar;
use ottla::consumer::group::{GroupBatch, Protocol};
use ottla::consumer::{
    Batch, ConsumeError, Consumer, Isolation, NotAssigned, PartitionError, PartitionErrorKind, RecordRef,
};
use ottla::{Client, GroupConsumer, Offset};
use serde_json::{Value, json};

use crate::connect::Cluster;
use crate::exit::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output::{self, Separator, Told, Unit};

#[derive(Debug, Args)]
pub(crate) struct Consume {
    #[command(flatten)]
    cluster: Cluster,

    /// The topic to read; may be repeated
    #[arg(short, long = "topic", required = true, value_name = "TOPIC")]
    topics: Vec<String>,

    /// Read this partition only; may be repeated
    #[arg(short, long = "partition", value_name = "NUMBER")]
    partitions: Vec<i32>,

    /// Read as a member of this consumer group, and commit what was printed
    #[arg(short, long, value_name = "GROUP", conflicts_with_all = ["partitions", "until_end"])]
    group: Option<String>,

    /// The protocol to speak with the group's coordinator
    #[arg(long, value_enum, default_value_t, requires = "group")]
    group_protocol: GroupProtocol,

    /// Where to begin: earliest, latest, an offset, or @ and milliseconds since 1970
    #[arg(short = 'o', long, value_name = "OFFSET", default_value = "earliest", value_parser = offset)]
    from: Offset,

    /// Stop at what is the end when reading begins
    #[arg(short = 'e', long)]
    until_end: bool,

    /// Stop after this many records
    #[arg(short, long, value_name = "RECORDS")]
    count: Option<u64>,

    /// Print the key and this text (\t for a tab) before each value
    #[arg(short = 'K', long, value_name = "TEXT")]
    key_separator: Option<Separator>,

    /// Which records of transactions to read
    #[arg(long, value_enum, default_value_t)]
    isolation: IsolationArgument,

    /// Go on behind records that are damaged, and count them, instead of stopping
    #[arg(long)]
    skip_damaged: bool,

    /// Print a JSON object a line, with offset, timestamp, key, value and headers
    #[arg(long, conflicts_with = "key_separator")]
    json: bool,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum IsolationArgument {
    /// All
    #[default]
    ReadUncommitted,
    /// Committed ones only
    ReadCommitted,
}

/// Which protocol a member of a group speaks.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum GroupProtocol {
    /// The newest that the brokers offer
    #[default]
    Auto,
    /// The one that every broker speaks
    Classic,
    /// The one of KIP-848
    Consumer,
}

impl From<GroupProtocol> for Protocol {
    fn from(protocol: GroupProtocol) -> Self {
        match protocol {
            GroupProtocol::Auto => Self::Auto,
            GroupProtocol::Classic => Self::Classic,
            GroupProtocol::Consumer => Self::Consumer,
        }
    }
}

/// How long leaving a group may take.
const FAREWELL: Duration = Duration::from_secs(10);

fn offset(text: &str) -> Result<Offset, String> {
    let number = |digits: &str| digits.parse::<i64>().ok().filter(|number| *number >= 0);
    match text {
        "earliest" | "beginning" => Some(Offset::Earliest),
        "latest" | "end" => Some(Offset::Latest),
        _ => match text.strip_prefix('@') {
            Some(timestamp) => number(timestamp).map(Offset::Timestamp),
            None => number(text).map(Offset::At),
        },
    }
    .ok_or_else(|| "write earliest, latest, an offset, or @ and milliseconds since 1970".to_owned())
}

/// What was done so far.
#[derive(Debug, Default)]
struct Progress {
    records: u64,
    bytes: u64,
    skipped: u64,
}

impl Consume {
    pub(crate) async fn run(self, interrupt: &Interrupt) -> Outcome {
        let client = self.cluster.connect(interrupt).await?;
        let mut source = self.source(&client).await?;
        // A bar would fight with the records for the terminal.
        let bar = if stdout().is_terminal() {
            ProgressBar::hidden()
        } else {
            output::progress(None, Unit::Records)
        };
        let started = Instant::now();
        let mut progress = Progress::default();
        let ended = tokio::select! {
            ended = self.copy(&mut source, &mut progress, &bar) => ended,
            never = output::narrate(&client, &bar, Told::Waits) => match never {},
            () = interrupt.pressed() => Err(Failure::interrupted("interrupted")),
        };
        // After a failed write the last batch is not done, so nothing more is committed then.
        if let (Source::Member(consumer), false) = (source, ended.as_ref().is_err_and(Failure::is_of_a_file))
        {
            let closing = async {
                tokio::select! {
                    report = consumer.close(FAREWELL) => report.map_err(Failure::cluster),
                    never = output::narrate(&client, &bar, Told::Waits) => match never {},
                }
            };
            let waits_for = || format!("the group to be told, up to {}", output::duration(FAREWELL));
            let report = interrupt.unless_given_up(closing, &bar, waits_for).await.transpose()?;
            if report.is_none_or(|report| !report.left) {
                eprintln!(
                    "ottla: the group was not told in time that this member left; it will notice by itself"
                );
            }
        }
        bar.finish_and_clear();
        let skipped = match progress.skipped {
            0 => String::new(),
            damaged => format!("; {damaged} damaged batches were skipped"),
        };
        eprintln!(
            "{} records, {} of values, in {}{skipped}",
            output::count(progress.records),
            output::bytes(progress.bytes as f64),
            output::duration(started.elapsed()),
        );
        ended
    }

    async fn source(&self, client: &Client) -> Outcome<Source> {
        let mut builder = client.consumer().from(self.from).isolation(match self.isolation {
            IsolationArgument::ReadUncommitted => Isolation::ReadUncommitted,
            IsolationArgument::ReadCommitted => Isolation::ReadCommitted,
        });
        if let Some(group) = &self.group {
            let member = builder.group(group).subscribe(&self.topics).protocol(self.group_protocol.into());
            return member.build().await.map(Source::Member).map_err(Failure::cluster);
        }
        builder = if self.partitions.is_empty() {
            builder.topics(&self.topics)
        } else {
            let partitions = self
                .topics
                .iter()
                .flat_map(|topic| self.partitions.iter().map(move |partition| (topic.as_str(), *partition)));
            builder.assign(partitions)
        };
        if self.until_end {
            builder = builder.until_end();
        }
        builder.build().await.map(Source::Plain).map_err(Failure::cluster)
    }

    async fn copy(&self, source: &mut Source, progress: &mut Progress, bar: &ProgressBar) -> Outcome {
        let mut out = BufWriter::with_capacity(1 << 16, stdout());
        while self.count.is_none_or(|count| progress.records < count) {
            let batch = match source.next_batch().await {
                Ok(Some(batch)) => batch,
                Ok(None) => break,
                Err(ConsumeError::Partition(error))
                    if self.skip_damaged && error.kind == PartitionErrorKind::Damaged =>
                {
                    if !source.skip(&error).map_err(Failure::cluster)? {
                        return Err(Failure::cluster(error));
                    }
                    progress.skipped += 1;
                    continue;
                }
                Err(error) => return Err(Failure::cluster(error)),
            };
            // Flushed a batch at a time: who waits for records sees them, and a dropped future loses none that
            // were counted.
            let written = self.print(batch.records(), &mut out, progress);
            match written.and_then(|printed| out.flush().map(|()| printed)) {
                Ok(printed) => {
                    batch.processed(printed);
                    bar.set_position(progress.records);
                }
                // The reader has seen enough and left, as `head` does.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                Err(error) => return Err(Failure::file(format!("standard output: {error}"))),
            }
        }
        Ok(())
    }

    /// How many of the records it printed: all, or as many as were still asked for.
    fn print(&self, batch: &Batch, out: &mut impl Write, progress: &mut Progress) -> io::Result<usize> {
        let before = progress.records;
        let left = self.count.map_or(u64::MAX, |count| count - progress.records);
        for record in batch.iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
            if self.json {
                writeln!(out, "{}", record_as_json(batch, record))?;
            } else {
                if let Some(separator) = &self.key_separator {
                    out.write_all(record.key().unwrap_or_default())?;
                    out.write_all(separator.as_bytes())?;
                }
                out.write_all(record.value().unwrap_or_default())?;
                out.write_all(b"\n")?;
            }
            progress.records += 1;
            progress.bytes += record.value().unwrap_or_default().len() as u64;
        }
        Ok(usize::try_from(progress.records - before).unwrap_or(usize::MAX))
    }
}

/// Where records come from.
enum Source {
    Plain(Consumer),
    Member(GroupConsumer),
}

enum Chunk {
    Plain(Batch),
    Member(GroupBatch),
}

impl Source {
    async fn next_batch(&mut self) -> Result<Option<Chunk>, ConsumeError> {
        match self {
            Self::Plain(consumer) => Ok(consumer.next_batch().await?.map(Chunk::Plain)),
            Self::Member(consumer) => Ok(consumer.next_batch().await?.map(Chunk::Member)),
        }
    }

    fn skip(&self, error: &PartitionError) -> Result<bool, NotAssigned> {
        match self {
            Self::Plain(consumer) => consumer.skip(error),
            Self::Member(consumer) => consumer.skip(error),
        }
    }
}

impl Chunk {
    fn records(&self) -> &Batch {
        match self {
            Self::Plain(batch) => batch,
            Self::Member(batch) => batch,
        }
    }

    /// That many of its records were printed: what the group commits.
    fn processed(self, count: usize) {
        if let Self::Member(batch) = self {
            if count == batch.len() {
                return batch.done();
            }
            let records = batch.by_record();
            for record in records.batch().iter().take(count) {
                records.acknowledge(record.offset());
            }
        }
    }
}

/// Text stays text; what is not UTF-8 becomes an object that says so.
fn record_as_json(batch: &Batch, record: RecordRef<'_>) -> Value {
    let headers: Vec<_> =
        record.headers().map(|header| json!([header.key_lossy(), bytes_as_json(header.value)])).collect();
    json!({
        "topic": batch.topic(), "partition": batch.partition(), "offset": record.offset(),
        "timestamp": record.timestamp(), "key": bytes_as_json(record.key()),
        "value": bytes_as_json(record.value()), "headers": headers,
    })
}

fn bytes_as_json(bytes: Option<&[u8]>) -> Value {
    match bytes.map(|bytes| (str::from_utf8(bytes), bytes)) {
        None => Value::Null,
        Some((Ok(text), _)) => json!(text),
        Some((Err(_), bytes)) => json!({ "base64": BASE64_STANDARD.encode(bytes) }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_parse_and_nonsense_is_refused() {
        assert_eq!(offset("earliest"), Ok(Offset::Earliest));
        assert_eq!(offset("end"), Ok(Offset::Latest));
        assert_eq!(offset("17"), Ok(Offset::At(17)));
        assert_eq!(offset("@1700000000000"), Ok(Offset::Timestamp(1_700_000_000_000)));
        for nonsense in ["", "-1", "@", "@-5", "first", "1.5"] {
            assert!(offset(nonsense).is_err(), "{nonsense}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_stay_whole_in_json() {
        assert_eq!(bytes_as_json(None), Value::Null);
        assert_eq!(bytes_as_json(Some(b"a\"b")), json!("a\"b"));
        assert_eq!(bytes_as_json(Some(b"\xff\x00")), json!({ "base64": "/wA=" }));
    }
}
