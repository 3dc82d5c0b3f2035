//! Real text through the `ottla` command and three nodes of Kafka: every line comes back, in its order.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hasher};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use kafka_harness::{Options, kafka_or_skip, process};
use ottla::admin::NewTopic;

use crate::support::{CODECS, LIMIT, Nodes, connect, create_topic, is_proof, run};

#[test]
fn every_line_comes_back_in_order_in_every_codec_and_over_a_killed_node() {
    let cluster = Options::new().nodes(3).set("min.insync.replicas", 2);
    let mut cluster = kafka_or_skip!(cluster.set("broker.session.timeout.ms", 3000));
    let ottla = command();
    let text = Text::gather(if is_proof() { 1_000_000 } else { 50_000 });
    for (codec, _) in CODECS {
        let topic = new_topic(&cluster.bootstrap(), codec);
        let begin = Instant::now();
        let mut produce = Command::new(&ottla);
        produce.args([
            "produce",
            "--brokers",
            &cluster.bootstrap(),
            "--topic",
            &topic,
            "--compression",
            codec,
        ]);
        let output = process::run(produce.arg("--key-file-name").args(&text.files), 4 * LIMIT).unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let (written, begin) = (begin.elapsed(), Instant::now());
        assert_eq!(consumed(&ottla, &cluster.bootstrap(), &topic), text.digests, "{codec}");
        println!(
            "FIGURE: {} lines of {} files through three nodes with {codec}: written in {written:.1?}, read in {:.1?}",
            text.lines,
            text.files.len(),
            begin.elapsed()
        );
    }
    over_a_killed_node(&ottla, &mut cluster, &text);
}

/// What holds on a cluster of three nodes without topics.
pub(crate) fn lines_survive_a_killed_node(cluster: &mut impl Nodes) {
    over_a_killed_node(&command(), cluster, &Text::gather(if is_proof() { 1_000_000 } else { 50_000 }));
}

/// The input stops twice, and meanwhile node 2 is killed and started again.
fn over_a_killed_node(ottla: &Path, cluster: &mut impl Nodes, text: &Text) {
    let servers = cluster.bootstrap();
    let topic = new_topic(&servers, "killed");
    let mut produce = Command::new(ottla);
    produce.args(["produce", "--brokers", &servers, "--topic", &topic, "--key-separator", "\\t"]);
    produce.args(["--compression", "lz4"]);
    let mut produce = produce.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut input = produce.stdin.take().unwrap();
    let third = text.lines.div_ceil(3);
    let mut number = 0;
    text.for_each_line(|file, line| {
        if number == third {
            cluster.kill(2);
        } else if number == 2 * third {
            cluster.launch(2);
        }
        number += 1;
        let key = file.to_str().unwrap().as_bytes();
        input.write_all(&[key, b"\t", line, b"\n"].concat()).unwrap();
    });
    drop(input);
    succeeds(&mut produce);
    cluster.wait_until_ready(2);
    assert_eq!(consumed(ottla, &servers, &topic), text.digests, "over a killed node");
    println!("FIGURE: {} lines over a node that was killed and started again", text.lines);
}

/// What `ottla consume` prints, key by key.
fn consumed(ottla: &Path, servers: &str, topic: &str) -> BTreeMap<Vec<u8>, Digest> {
    let mut consume = Command::new(ottla);
    consume.args(["consume", "--brokers", servers, "--topic", topic, "--until-end"]);
    consume.args(["--key-separator", "\\t"]);
    let mut consume =
        consume.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(consume.stdout.take().unwrap());
    let reader = thread::spawn(move || {
        let mut digests: BTreeMap<Vec<u8>, Digest> = BTreeMap::new();
        let mut line = Vec::new();
        while lines.read_until(b'\n', &mut line).unwrap() > 0 {
            let tab = line.iter().position(|byte| *byte == b'\t').unwrap();
            digests.entry(line[..tab].to_vec()).or_default().add(&line[tab + 1..line.len() - 1]);
            line.clear();
        }
        digests
    });
    succeeds(&mut consume);
    reader.join().unwrap()
}

fn succeeds(child: &mut Child) {
    let status = process::wait(child, 4 * LIMIT).unwrap();
    let Some(status) = status else {
        let _ = child.kill();
        panic!("the command did not end");
    };
    assert!(status.success(), "{status}");
}

fn new_topic(servers: &str, name: &str) -> String {
    let topic = NewTopic::new(name).partitions(6).replication(3);
    run(async { create_topic(&connect(servers).await, topic).await });
    name.to_owned()
}

/// How many lines, and a hash of them in their order.
#[derive(Clone, Default)]
struct Digest {
    lines: u64,
    hash: DefaultHasher,
}

impl Digest {
    fn add(&mut self, line: &[u8]) {
        self.lines += 1;
        self.hash.write(line);
        self.hash.write_u8(b'\n');
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        (self.lines, self.hash.finish()) == (other.lines, other.hash.finish())
    }
}

impl std::fmt::Debug for Digest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} lines with hash {:x}", self.lines, self.hash.finish())
    }
}

/// The sources of the crates that this workspace was built from.
struct Text {
    files: Vec<PathBuf>,
    lines: u64,
    digests: BTreeMap<Vec<u8>, Digest>,
}

impl Text {
    fn gather(wanted: u64) -> Self {
        let home = env::var_os("CARGO_HOME").map(PathBuf::from);
        let home = home.unwrap_or_else(|| PathBuf::from(env::var_os("HOME").unwrap()).join(".cargo"));
        let mut found = Vec::new();
        sources(&home.join("registry/src"), &mut found);
        found.sort_unstable();
        let mut text = Text { files: Vec::new(), lines: 0, digests: BTreeMap::new() };
        for file in found {
            if text.lines >= wanted {
                break;
            }
            let mut digest = Digest::default();
            for_each_line(&file, |line| digest.add(line));
            if digest.lines > 0 {
                text.lines += digest.lines;
                text.digests.insert(file.to_str().unwrap().as_bytes().to_vec(), digest);
                text.files.push(file);
            }
        }
        assert!(text.lines >= wanted, "cargo's sources have {} lines only", text.lines);
        text
    }

    fn for_each_line(&self, mut each: impl FnMut(&Path, &[u8])) {
        for file in &self.files {
            for_each_line(file, |line| each(file, line));
        }
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && path.to_str().is_some() {
            found.push(path);
        }
    }
}

fn for_each_line(file: &Path, mut each: impl FnMut(&[u8])) {
    let mut content = Vec::new();
    File::open(file).unwrap().read_to_end(&mut content).unwrap();
    for line in content.split_inclusive(|byte| *byte == b'\n') {
        each(line.strip_suffix(b"\n").unwrap_or(line));
    }
}

/// The `ottla` program, built as the test is, or as users build it for a proof.
fn command() -> PathBuf {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    let mut limit = Duration::from_secs(280);
    if is_proof() {
        cargo.args(["build", "--release", "--package", "ottla-cli", "--bin", "ottla"]);
        limit = Duration::from_secs(1200);
    } else {
        // With the features of all tests together, as it has been built for its own.
        cargo.args(["test", "--no-run", "--workspace", "--test", "command"]);
        if cfg!(feature = "librdkafka") {
            cargo.args(["--features", "ottla-interop/librdkafka"]);
        }
    }
    cargo.args(["--quiet", "--message-format=json"]).stdin(Stdio::null());
    cargo.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."));
    let output = process::run(&mut cargo, limit).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = String::from_utf8(output.stdout).unwrap();
    let after = |text: &str| Some(text.split_once(r#""executable":""#)?.1.split_once('"')?.0.to_owned());
    let mut programs = messages.lines().filter_map(after).map(PathBuf::from);
    programs.find(|program| program.ends_with("ottla")).expect("cargo named no executable")
}
