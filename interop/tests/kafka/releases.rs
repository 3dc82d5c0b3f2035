//! Older brokers, and the record formats that only they still write.

use kafka_harness::{Options, Version, kafka_or_skip};
use ottla::Compression;
use ottla::admin::NewTopic;
use ottla_broker::{Cluster, Release};

use crate::compare::{Side, release_differences};
use crate::support::{CODECS, Entry, connect, create_topic, entries, produce, run, write};
use crate::tools::{assert_same, read};

#[test]
fn works_with_4_3_1() {
    works_with(Version::V4_3_1);
}

#[test]
fn works_with_3_9_1() {
    works_with(Version::V3_9_1);
}

#[test]
fn works_with_2_1_1() {
    works_with(Version::V2_1_1);
}

fn works_with(version: Version) {
    let cluster = kafka_or_skip!(Options::new().version(version));
    is_imitated(version, &cluster.bootstrap());
    run(round_trips(&cluster.bootstrap()));
}

/// The embedded broker acts as this release: it offers what the real one offers, as far as it can.
fn is_imitated(version: Version, real: &str) {
    let release: Release = version.number().parse().unwrap();
    let asked = match version {
        Version::V2_1_1 => 2,
        Version::V2_8_2 => 3,
        _ => 4,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let cluster = runtime.block_on(Cluster::builder().act_as(release).start()).unwrap();
    let (mut real, mut embedded) = (Side::connect(real), Side::connect(&cluster.bootstrap()));
    let differences = release_differences(&mut real, &mut embedded, asked);
    assert!(differences.is_empty(), "{release}: {differences:#?}");
}

/// Every step of an ordinary client, in every codec.
pub(crate) async fn round_trips(servers: &str) {
    let client = connect(servers).await;
    for (codec, compression) in CODECS {
        // Brokers before 2.4 have no replication factor of their own for a topic that names none.
        create_topic(&client, NewTopic::new(codec).partitions(2).replication(1)).await;
        let written = entries(codec);
        produce(&client, codec, compression, &written).await;
        assert_same(&read(&client, codec).await, &written, codec);
        let topic = client.admin().describe_topic(codec).await.unwrap();
        assert_eq!(topic.partitions.len(), 2);
        client.admin().delete_topic(codec).await.unwrap();
    }
    let cluster = client.admin().describe_cluster().await.unwrap();
    assert_eq!(cluster.brokers.len(), 1);
}

/// 2.8.2 stores what it is given in the format that the topic asks for, and hands it out like that.
#[test]
fn message_sets_of_the_formats_0_and_1_are_read_from_2_8_2() {
    let cluster = kafka_or_skip!(Options::new().version(Version::V2_8_2));
    is_imitated(Version::V2_8_2, &cluster.bootstrap());
    run(async {
        let client = connect(&cluster.bootstrap()).await;
        for format in ["0.9.0", "0.10.0"] {
            // zstd came later than these formats.
            for (codec, compression) in CODECS.into_iter().filter(|(codec, _)| *codec != "zstd") {
                let topic = format!("format-{format}-{codec}");
                let config = ("message.format.version", format);
                create_topic(&client, NewTopic::new(&topic).partitions(1).config(config.0, config.1)).await;
                let mut entries = entries(codec);
                // An old format has no headers, and the broker refuses to lose some.
                entries.iter_mut().for_each(|entry| entry.headers.clear());
                // Nor does it know producer ids.
                let producer = client.producer().idempotent(false).compression(compression).build().await;
                write(producer.unwrap(), &topic, &entries).await;
                if format == "0.9.0" {
                    entries.iter_mut().for_each(|entry| entry.timestamp = None);
                }
                assert_same(&read(&client, &topic).await, &entries, &topic);
            }
        }
        let newest: &[Entry] = &entries("newest");
        create_topic(&client, NewTopic::new("newest").partitions(1)).await;
        produce(&client, "newest", Compression::Zstd, newest).await;
        assert_same(&read(&client, "newest").await, newest, "newest");
    });
}
