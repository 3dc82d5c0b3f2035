//! Kafka's console producer and consumer against Ottla, and Ottla's administrator against Kafka.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::fs::File;
use std::io::{Seek, Write};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use kafka_harness::{Cluster, Options, kafka_or_skip, process};
use ottla::admin::{
    Admin, AdminError, NewTopic, QuotaAlteration, QuotaEntity, QuotaFilter, QuotaKey, QuotaName, Quotas,
};
use ottla::{Client, ErrorCode};

use crate::support::{
    CODECS, Entry, LIMIT, connect, create_topic, entries, is_proof, lines, produce, read_all, run,
};

#[test]
fn ottla_and_kafka_s_tools_read_what_the_other_wrote() {
    let cluster = kafka_or_skip!(Options::new());
    let servers = cluster.bootstrap();
    // Kafka's tool for quotas asks for SCRAM credentials as well, which the embedded broker has not.
    run(client_quotas(&servers));
    read_what_the_other_wrote(&servers);
}

/// What a cluster of one node without topics must let Ottla and Kafka's tools do.
pub(crate) fn read_what_the_other_wrote(servers: &str) {
    run(administration(servers));
    console_consumer_reads_ottla(servers);
    ottla_reads_console_producer(servers);
    if is_proof() {
        ottla_reads_performance_producer(servers);
    }
    #[cfg(feature = "librdkafka")]
    crate::librdkafka::reads_in_every_codec(servers);
    #[cfg(not(feature = "librdkafka"))]
    println!("librdkafka is left out: it needs the feature of that name");
}

async fn administration(servers: &str) {
    let client = connect(servers).await;
    let admin = client.admin();
    let created =
        admin.create_topic(NewTopic::new("admin").partitions(3).config("retention.ms", "4711")).await;
    assert!(created.is_ok(), "{created:?}");
    let again = admin.create_topic(NewTopic::new("admin").partitions(3)).await.unwrap_err();
    assert!(again.to_string().contains("TOPIC_ALREADY_EXISTS"), "{again}");

    // A broker hears from the controller of what was done a moment after the client does.
    let is_unknown = |described: &Result<_, AdminError>| {
        described.as_ref().is_err_and(|error| error.code() == Some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION))
    };
    let topic = until(|| admin.describe_topic("admin"), |described| !is_unknown(described)).await.unwrap();
    let partitions: Vec<_> = topic.partitions.iter().map(|part| (part.partition, part.leader)).collect();
    assert_eq!(partitions, [(0, Some(1)), (1, Some(1)), (2, Some(1))]);
    let listed = admin.list_topics().await.unwrap();
    let listed = listed.iter().find(|listing| listing.name == "admin").unwrap();
    assert_eq!((listed.id, listed.partitions, listed.internal), (topic.id, 3, false));
    assert_eq!(admin.describe_cluster().await.unwrap().brokers.len(), 1);
    let text =
        tool("org.apache.kafka.tools.TopicCommand", servers, &["--describe", "--topic", "admin"], None);
    assert!(text.contains("retention.ms=4711"), "{text}");

    admin.delete_topic("admin").await.unwrap();
    until(|| admin.describe_topic("admin"), is_unknown).await.unwrap_err();
    assert!(admin.list_topics().await.unwrap().iter().all(|listing| listing.name != "admin"));
}

/// Asks until the answer is as wanted.
async fn until<T: Debug, F: Future<Output = T>>(ask: impl Fn() -> F, wanted: impl Fn(&T) -> bool) -> T {
    let begin = Instant::now();
    loop {
        let answer = ask().await;
        if wanted(&answer) {
            return answer;
        }
        assert!(begin.elapsed() < LIMIT, "it stays {answer:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn client_quotas(servers: &str) {
    let client = connect(servers).await;
    let admin = client.admin();
    let (alice, all) = (QuotaEntity::user("alice"), QuotaEntity::client_id(QuotaName::Default));
    let both = QuotaEntity::user_and_client_id("alice", "billing");
    let address = QuotaEntity::ip("127.0.0.9");
    let alterations = [
        QuotaAlteration::new(alice.clone())
            .set(QuotaKey::RequestPercentage, 12.5)
            .set(QuotaKey::ControllerMutationRate, 3.0),
        QuotaAlteration::new(all.clone()).set(QuotaKey::ConsumerByteRate, 1e6),
        QuotaAlteration::new(both.clone()).set(QuotaKey::ProducerByteRate, 2e6),
        QuotaAlteration::new(address.clone()).set(QuotaKey::ConnectionCreationRate, 50.0),
    ];
    let wrong = QuotaAlteration::new(QuotaEntity::user("bob")).set(QuotaKey::ConnectionCreationRate, 1.0);
    let results = admin.alter_client_quotas(alterations.into_iter().chain([wrong])).await;
    let refused = results.iter().filter(|(_, result)| result.is_err()).map(|(entity, _)| entity.to_string());
    assert_eq!(refused.collect::<Vec<_>>(), ["user bob"], "{results:?}");

    let text = tool("kafka.admin.ConfigCommand", servers, &["--describe", "--entity-type", "users"], None);
    assert!(text.contains("request_percentage=12.5"), "{text}");
    let described = quotas_of(&admin, 4).await;
    let entities = [&all, &both, &alice, &address].map(QuotaEntity::clone);
    let mut found: Vec<_> = described.keys().cloned().collect();
    found.sort_by_key(|entity| entities.iter().position(|known| known == entity));
    assert_eq!(found, entities);
    assert_eq!(described[&alice].len(), 2);
    assert_eq!(described[&address][&QuotaKey::ConnectionCreationRate], 50.0);
    let of_alice = admin.describe_client_quotas(&QuotaFilter::all().user("alice")).await.unwrap();
    assert_eq!(of_alice.len(), 2, "{of_alice:?}");
    let strictly = admin.describe_client_quotas(&QuotaFilter::of(&alice)).await.unwrap();
    assert_eq!(strictly.into_keys().collect::<Vec<_>>(), std::slice::from_ref(&alice));

    // The rest of these tests is to run without quotas.
    let removals = described.iter().map(|(entity, quotas)| {
        let removal = QuotaAlteration::new(entity.clone());
        quotas.keys().cloned().fold(removal, QuotaAlteration::remove)
    });
    for (entity, result) in admin.alter_client_quotas(removals).await {
        assert_eq!(result, Ok(()), "{entity}");
    }
    quotas_of(&admin, 0).await;
}

/// The quotas of all entities, once there are so many: a node learns of a change after it was agreed on.
async fn quotas_of(admin: &Admin, entities: usize) -> BTreeMap<QuotaEntity, Quotas> {
    loop {
        let described = admin.describe_client_quotas(&QuotaFilter::all()).await.unwrap();
        if described.len() == entities {
            return described;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn console_consumer_reads_ottla(servers: &str) {
    let mut written = Vec::new();
    run(async {
        let client = connect(servers).await;
        create_topic(&client, NewTopic::new("ours").partitions(1)).await;
        for (codec, compression) in CODECS {
            let entries = entries(codec);
            let receipts = produce(&client, "ours", compression, &entries).await;
            let offsets: Vec<_> = receipts.iter().map(|receipt| receipt.offset.unwrap()).collect();
            let expected: Vec<_> = (0..).skip(written.len()).take(entries.len()).collect();
            assert_eq!(offsets, expected, "{codec}");
            written.extend(entries);
        }
        assert_same(&read(&client, "ours").await, &written, "Ottla's own");
    });

    let count = written.len().to_string();
    let mut arguments =
        vec!["--topic", "ours", "--from-beginning", "--max-messages", &count, "--timeout-ms", "60000"];
    for property in ["print.timestamp=true", "print.offset=true", "print.headers=true", "print.key=true"] {
        arguments.extend(["--formatter-property", property]);
    }
    let printed = tool("org.apache.kafka.tools.consumer.ConsoleConsumer", servers, &arguments, None);
    let printed: Vec<&str> = printed.lines().filter(|line| line.starts_with("CreateTime:")).collect();
    let expected: Vec<String> =
        (0..).zip(&written).map(|(offset, entry)| as_console_consumer_prints(offset, entry)).collect();
    assert_eq!(printed, expected);
}

fn as_console_consumer_prints(offset: usize, entry: &Entry) -> String {
    let text = |bytes: &Option<Bytes>| {
        bytes.as_deref().map_or("null".to_owned(), |bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    let headers: Vec<String> = entry
        .headers
        .iter()
        .map(|(key, value)| format!("{}:{}", String::from_utf8_lossy(key), text(value)))
        .collect();
    let headers = if headers.is_empty() { "NO_HEADERS".to_owned() } else { headers.join(",") };
    let timestamp = entry.timestamp.unwrap();
    format!(
        "CreateTime:{timestamp}\tOffset:{offset}\t{headers}\t{}\t{}",
        text(&entry.key),
        text(&entry.value)
    )
}

fn ottla_reads_console_producer(servers: &str) {
    run(async {
        let client = connect(servers).await;
        for (codec, _) in CODECS {
            create_topic(&client, NewTopic::new(format!("console-{codec}")).partitions(1)).await;
        }
    });
    // Most of a tool's time is the start of its Java.
    thread::scope(|scope| {
        for (codec, _) in CODECS {
            scope.spawn(move || write_with_console_producer(servers, codec));
        }
    });
    run(async {
        let client = connect(servers).await;
        for (codec, _) in CODECS {
            let mut found = read(&client, &format!("console-{codec}")).await;
            for entry in &mut found {
                assert!(entry.timestamp.take().is_some_and(|time| time > 1_700_000_000_000), "{codec}");
            }
            assert_same(&found, &typed(codec), codec);
        }
    });
}

/// What is typed into the console producer.
fn typed(codec: &str) -> Vec<Entry> {
    let mut entries = entries(codec);
    for entry in &mut entries {
        entry.timestamp = None;
        // It takes no empty key of a header.
        entry.headers.retain(|(key, _)| !key.is_empty());
    }
    entries
}

fn write_with_console_producer(servers: &str, codec: &str) {
    let mut input = String::new();
    let text = |bytes: &Option<Bytes>| {
        bytes.as_deref().map_or("NULL".to_owned(), |bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    for entry in typed(codec) {
        // An empty list of headers is an empty field.
        let headers: Vec<String> = entry
            .headers
            .iter()
            .map(|(key, value)| format!("{}:{}", String::from_utf8_lossy(key), text(value)))
            .collect();
        let headers = if headers.is_empty() { "NULL".to_owned() } else { headers.join(",") };
        input += &format!("{headers}\t{}\t{}\n", text(&entry.key), text(&entry.value));
    }
    let topic = format!("console-{codec}");
    let mut arguments = vec!["--topic", &topic, "--compression-codec", codec];
    for property in ["parse.headers=true", "parse.key=true", "null.marker=NULL"] {
        arguments.extend(["--reader-property", property]);
    }
    tool("org.apache.kafka.tools.ConsoleProducer", servers, &arguments, Some(&input));
}

fn ottla_reads_performance_producer(servers: &str) {
    for (codec, _) in CODECS {
        let topic = format!("performance-{codec}");
        run(async { create_topic(&connect(servers).await, NewTopic::new(&topic).partitions(1)).await });
        let (servers_property, codec_property) =
            (format!("bootstrap.servers={servers}"), format!("compression.type={codec}"));
        let mut tool = Cluster::tool("org.apache.kafka.tools.ProducerPerformance").unwrap();
        tool.args([
            "--topic",
            &topic,
            "--num-records",
            "100000",
            "--record-size",
            "100",
            "--throughput",
            "-1",
        ]);
        tool.args(["--producer-props", &servers_property, &codec_property]);
        finish(&mut tool);
        let found = run(async { read(&connect(servers).await, &topic).await });
        assert_eq!(found.len(), 100_000, "{codec}");
        assert!(
            found.iter().all(|entry| entry.value.as_ref().is_some_and(|value| value.len() == 100)),
            "{codec}"
        );
    }
}

pub(crate) async fn read(client: &Client, topic: &str) -> Vec<Entry> {
    read_all(client, topic).await.into_iter().map(Entry::from).collect()
}

pub(crate) fn assert_same(found: &[Entry], expected: &[Entry], whose: &str) {
    assert!(found == expected, "{whose}: found\n{}\nnot\n{}", lines(found), lines(expected));
}

/// What one of Kafka's programs prints, told which servers to ask and what to read.
pub(crate) fn tool(class: &str, servers: &str, arguments: &[&str], input: Option<&str>) -> String {
    let mut tool = Cluster::tool(class).unwrap();
    tool.args(["--bootstrap-server", servers]).args(arguments);
    if let Some(input) = input {
        tool.stdin(file_with(input));
    }
    finish(&mut tool)
}

fn finish(tool: &mut std::process::Command) -> String {
    let output = process::run(tool, LIMIT).unwrap();
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}{errors}");
    // The console producer's exit status says nothing of records that it could not write.
    assert!(!errors.contains("ERROR"), "{errors}");
    text.into_owned()
}

fn file_with(text: &str) -> File {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let number = NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let path = std::env::temp_dir().join(format!("ottla-input-{}-{number}", std::process::id()));
    let mut file = File::options().create_new(true).read(true).write(true).open(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.rewind().unwrap();
    file
}
