//! Every promised release starts, survives what tests do to it, and leaves nothing behind.
#![cfg(test)]

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use kafka_harness::{Cluster, Error, Options, Version, kafka_or_skip, process};

#[test]
fn kafka_4_4_0() {
    breaks_and_heals(Version::V4_4_0, 3);
}

#[test]
fn kafka_4_3_1() {
    breaks_and_heals(Version::V4_3_1, 1);
}

#[test]
fn kafka_3_9_1() {
    breaks_and_heals(Version::V3_9_1, 1);
}

#[test]
fn kafka_2_8_2() {
    breaks_and_heals(Version::V2_8_2, 1);
}

#[test]
fn kafka_2_1_1() {
    breaks_and_heals(Version::V2_1_1, 1);
}

/// `nodes` in the short tier; the full tier starts three of every release.
fn breaks_and_heals(version: Version, nodes: usize) {
    let nodes = if env::var_os("OTTLA_PROOF").is_some() { 3 } else { nodes };
    let mut cluster = kafka_or_skip!(Options::new().version(version).nodes(nodes));
    let folder = cluster.folder().to_owned();
    let last = nodes;
    let mut pids: Vec<u32> = (1..=nodes).filter_map(|node| cluster.process_id(node).unwrap()).collect();
    assert_eq!(pids.len(), nodes);

    cluster.freeze(last).unwrap();
    assert_eq!(process_state(pids[last - 1]), Some('T'));
    assert!(cluster.is_running(last).unwrap());
    cluster.thaw(last).unwrap();
    assert_ne!(process_state(pids[last - 1]), Some('T'));

    cluster.kill(last).unwrap();
    assert!(!cluster.is_running(last).unwrap());
    assert!(TcpStream::connect(cluster.address(last).unwrap()).is_err());
    assert!(matches!(cluster.freeze(last), Err(Error::NotRunning(_))));
    cluster.restart(last).unwrap();
    pids.extend(cluster.process_id(last).unwrap());

    let mut tool = Cluster::tool("org.apache.kafka.tools.TopicCommand").unwrap();
    tool.args(["--bootstrap-server", &cluster.bootstrap(), "--create", "--topic", "t", "--partitions", "3"]);
    tool.args(["--replication-factor", &nodes.to_string()]);
    let output = process::run(&mut tool, Duration::from_secs(60)).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));

    drop(cluster);
    assert!(!folder.exists());
    for pid in pids {
        assert_eq!(process_state(pid), None, "a process of {version} is left");
    }
}

#[test]
fn settings_reach_the_broker() {
    let cluster = kafka_or_skip!(Options::new().set("message.max.bytes", 4321));
    let mut tool = Cluster::tool("kafka.admin.ConfigCommand").unwrap();
    tool.args([
        "--bootstrap-server",
        &cluster.bootstrap(),
        "--describe",
        "--entity-type",
        "brokers",
        "--entity-name",
        "1",
        "--all",
    ]);
    let output = process::run(&mut tool, Duration::from_secs(60)).unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("message.max.bytes=4321"), "{text}");
}

#[test]
fn a_broker_that_refuses_its_configuration_says_so() {
    let cluster = kafka_or_skip!(Options::new());
    drop(cluster); // It only found out whether Kafka can run here.
    let error = Cluster::start(Options::new().set("num.io.threads", "many")).unwrap_err();
    assert!(!error.is_unavailable());
    assert!(error.to_string().contains("num.io.threads"), "{error}");
}

/// The owner is this test in a process of its own, told apart by a variable.
#[test]
fn brokers_die_with_a_killed_owner() {
    const ROLE: &str = "KAFKA_HARNESS_TEST_OWNER";
    if env::var_os(ROLE).is_some() {
        let mut cluster = kafka_or_skip!(Options::new());
        cluster.freeze(1).unwrap(); // Even a stopped process must go.
        println!("\npid {}", cluster.process_id(1).unwrap().unwrap());
        thread::sleep(Duration::from_secs(60));
        cluster.kill(1).unwrap();
        return;
    }
    drop(kafka_or_skip!(Options::new()));
    let mut owner = Command::new(env::current_exe().unwrap())
        .args(["--exact", "brokers_die_with_a_killed_owner", "--nocapture"])
        .env(ROLE, "1")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = BufReader::new(owner.stdout.take().unwrap())
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.strip_prefix("pid ").and_then(|pid| pid.parse().ok()))
        .unwrap();
    assert_eq!(process_state(pid), Some('T'));
    owner.kill().unwrap();
    owner.wait().unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    while process_state(pid).is_some() {
        assert!(Instant::now() < deadline, "process {pid} outlived its owner");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_detached_cluster_is_found_again() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("detached");
    let _ = Cluster::attach(&folder).map(Cluster::stop);
    let _ = fs::remove_dir_all(&folder);
    drop(kafka_or_skip!(Options::new().detached(&folder)));

    let mut cluster = Cluster::attach(&folder).unwrap();
    assert!(cluster.is_running(1).unwrap());
    assert!(matches!(Cluster::start(Options::new().detached(&folder)), Err(Error::AlreadyRunning(_))));
    cluster.kill(1).unwrap();
    let mut cluster = Cluster::attach(&folder).unwrap();
    assert!(!cluster.is_running(1).unwrap());
    cluster.restart(1).unwrap();
    let pid = cluster.process_id(1).unwrap().unwrap();
    drop(cluster);
    Cluster::attach(&folder).unwrap().stop().unwrap();
    assert_eq!(process_state(pid), None);
    assert!(matches!(Cluster::attach(&folder), Err(Error::NoCluster(_))));
}

/// Linux's letter for what a process does; `None` when it is gone or only waits to be collected.
fn process_state(pid: u32) -> Option<char> {
    let status = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let state = status.rsplit_once(") ")?.1.chars().next()?;
    (state != 'Z' && state != 'X').then_some(state)
}
