//! Java's clients and tools against the embedded broker: groups of both protocols, offsets, transactions, reassignments.

use std::path::Path;
use std::process::Command;

use kafka_harness::{Artifacts, Cluster, Error, process, run_or_skip};

use crate::{LIMIT, cluster};

#[test]
fn java_groups_offsets_and_transactions() {
    let Some(class_path) = run_or_skip(class_path) else { return };
    let (_runtime, embedded) = cluster(&["source", "target-classic", "target-consumer"]);
    let servers = embedded.bootstrap();

    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("java/TransactionalCopy.java");
    let mut copy = Command::new("java");
    copy.args([
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
    ])
    .args(["-cp", &class_path])
    .arg(source)
    .arg(&servers);
    let all = "[v0, v1, v2, v3, v4]";
    let expected =
        [format!("source {all}"), format!("classic {all}"), format!("consumer {all}"), "fenced".to_owned()];
    let printed = finish(&mut copy);
    let lines: Vec<&str> = printed.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(lines[..4], expected, "{printed}");
    assert_eq!(lines[4..], ["source [v5]"], "{printed}");

    let console = ["--topic", "source", "--group", "console", "--max-messages", "6", "--timeout-ms", "60000"];
    let settings = ["auto.offset.reset=earliest", "isolation.level=read_committed"];
    let settings = settings.into_iter().flat_map(|setting| ["--command-property", setting]);
    let arguments: Vec<&str> = console.into_iter().chain(settings).collect();
    let read = tool("org.apache.kafka.tools.consumer.ConsoleConsumer", &servers, &arguments);
    let mut values: Vec<&str> = read.lines().filter(|line| line.starts_with('v')).collect();
    values.sort_unstable();
    assert_eq!(values, ["v0", "v1", "v2", "v3", "v4", "v5"], "{read}");

    let groups = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";
    let described = tool(groups, &servers, &["--describe", "--group", "readers"]);
    let of_source = described.lines().filter(|line| line.contains(" source "));
    let lags: Vec<u32> = of_source.filter_map(|line| line.split_whitespace().nth(5)?.parse().ok()).collect();
    assert_eq!(lags.len(), 6, "{described}");
    // An aborted record and its marker may lie behind the last that was read.
    assert!(lags.iter().sum::<u32>() <= 2, "{described}");
    let listed = tool(groups, &servers, &["--list", "--state"]);
    for group in ["readers", "console", "copy-classic", "copy-consumer"] {
        assert!(listed.lines().any(|line| line.starts_with(group) && line.contains("Empty")), "{listed}");
    }
    let reset = ["--reset-offsets", "--to-earliest", "--topic", "source", "--group", "readers", "--execute"];
    tool(groups, &servers, &reset);
    let described = tool(groups, &servers, &["--describe", "--group", "readers"]);
    assert!(described.lines().filter(|line| line.contains(" source ")).all(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        fields[3] == "0" && fields[4] == fields[5]
    }));
    let deleted = tool(groups, &servers, &["--delete", "--group", "readers"]);
    assert!(deleted.contains("successful"), "{deleted}");

    let transactions = "org.apache.kafka.tools.TransactionsCommand";
    let listed = tool(transactions, &servers, &["list"]);
    assert!(
        listed.lines().any(|line| line.starts_with("copier") && line.contains("CompleteCommit")),
        "{listed}"
    );
    let producers =
        tool(transactions, &servers, &["describe-producers", "--topic", "source", "--partition", "0"]);
    assert!(producers.contains("ProducerEpoch"), "{producers}");
}

#[test]
fn a_reassignment_is_throttled_and_verified() {
    if run_or_skip(|| Artifacts::Tools.class_path()).is_none() {
        return;
    }
    let (_runtime, embedded) = cluster(&["moved"]);
    let servers = embedded.bootstrap();
    let file = std::env::temp_dir().join(format!("ottla-reassignment-{}.json", std::process::id()));
    let target = r#"{"version":1,"partitions":[{"topic":"moved","partition":0,"replicas":[1,2]}]}"#;
    std::fs::write(&file, target).unwrap();
    let reassign = |arguments: &[&str]| {
        let common = ["--reassignment-json-file", file.to_str().unwrap()];
        let class = "org.apache.kafka.tools.reassign.ReassignPartitionsCommand";
        tool(class, &servers, &[&common, arguments].concat())
    };
    let throttles = || {
        ["brokers", "topics"].map(|kind| {
            let described =
                tool("kafka.admin.ConfigCommand", &servers, &["--describe", "--entity-type", kind]);
            described.matches("replication.throttled").count() > 0
        })
    };
    reassign(&["--execute", "--throttle", "1000000"]);
    assert_eq!(throttles(), [true, true]);
    let verified = reassign(&["--verify"]);
    assert!(verified.contains("moved-0 is completed"), "{verified}");
    assert_eq!(throttles(), [false, false]);
    let _ = std::fs::remove_file(&file);
}

/// Kafka's tools and clients, if there are Java and a compiler for the program that uses them.
fn class_path() -> Result<String, Error> {
    process::run(Command::new("javac").arg("-version"), LIMIT)?;
    Artifacts::Tools.class_path()
}

fn tool(class: &str, servers: &str, arguments: &[&str]) -> String {
    finish(Cluster::tool(class).unwrap().args(["--bootstrap-server", servers]).args(arguments))
}

fn finish(command: &mut Command) -> String {
    let output = process::run(command, LIMIT).unwrap();
    let (text, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{text}{errors}");
    text.into_owned()
}
