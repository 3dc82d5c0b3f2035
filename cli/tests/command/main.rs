//! The command as its users meet it: as a process, with an embedded Kafka behind it.

#![expect(clippy::unwrap_used, reason = "helpers of tests state expectations too")]

mod groups;
mod waits;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

fn ottla(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ottla"));
    command.args(arguments).env_remove("OTTLA_BROKERS").stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    ottla(arguments).output().unwrap()
}

fn run_with_input(arguments: &[&str], input: &[u8]) -> Output {
    let mut child =
        ottla(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin: ChildStdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let feeding = thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    // A command that fails early closes its input before all of it is written.
    let _ = feeding.join().unwrap();
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The output of a command that must have succeeded.
fn succeeded(output: &Output) -> String {
    assert!(output.status.success(), "{}: {}", output.status, text(&output.stderr));
    text(&output.stdout)
}

/// `ottla broker` on free ports, gone at the end of the test.
struct Broker {
    process: Child,
    bootstrap: String,
}

impl Broker {
    fn start(arguments: &[&str]) -> Self {
        let arguments = [&["broker", "--port", "0"], arguments].concat();
        let mut process = ottla(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut bootstrap = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut bootstrap).unwrap();
        Self { process, bootstrap: bootstrap.trim().to_owned() }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A folder for one test, gone at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("ottla-cli-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str, content: &[u8]) -> String {
        let path: &Path = &self.0.join(name);
        std::fs::write(path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn lines_come_back_byte_for_byte_with_every_codec() {
    let broker = Broker::start(&["--topic", "seed"]);
    let mut input = Vec::new();
    for line in 0..5_000_u32 {
        input.extend_from_slice(format!("line {line} \u{fc}\t\r").as_bytes());
        input.extend_from_slice(&[0xff, 0x00, 0x80]);
        input.push(b'\n');
    }
    for codec in ["none", "gzip", "snappy", "lz4", "zstd", "zstd:9"] {
        let topic = format!("codec-{}", codec.replace(':', "-"));
        succeeded(&run(&["topics", "-b", &broker.bootstrap, "create", &topic, "-p", "1"]));
        let produced = run_with_input(
            &["produce", "-b", &broker.bootstrap, "-t", &topic, "-z", codec, "--json"],
            &input,
        );
        let summary: Value = serde_json::from_str(&succeeded(&produced)).unwrap();
        assert_eq!(summary["written"], 5_000, "{codec}");
        assert_eq!(summary["not_written"], 0, "{codec}");
        let consumed = run(&["consume", "-b", &broker.bootstrap, "-t", &topic, "--until-end"]);
        assert!(consumed.status.success(), "{codec}: {}", text(&consumed.stderr));
        assert!(consumed.stdout == input, "{codec}: the bytes differ");
    }
}

#[test]
fn keys_headers_nulls_and_partitions_arrive() {
    let broker = Broker::start(&["--topic", "events:4"]);
    let base = ["-b", broker.bootstrap.as_str(), "-t", "events"];
    let produce = [&["produce"], &base[..], &["-K", ":", "-H", "trace=a1", "-Z", "-p", "2"]].concat();
    succeeded(&run_with_input(&produce, b"first:one\nsecond:\nno key here\n"));

    let records = succeeded(&run(&[&["consume"], &base[..], &["-e", "--json"]].concat()));
    let records: Vec<Value> = records.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let field = |name: &str| records.iter().map(|record| record[name].clone()).collect::<Vec<_>>();
    assert_eq!(field("key"), [Value::from("first"), Value::from("second"), Value::Null]);
    assert_eq!(field("value"), [Value::from("one"), Value::Null, Value::from("no key here")]);
    assert_eq!(field("partition"), [2, 2, 2]);
    assert_eq!(field("offset"), [0, 1, 2]);
    assert!(records.iter().all(|record| record["headers"] == serde_json::json!([["trace", "a1"]])));
    assert!(records.iter().all(|record| record["timestamp"].as_i64().unwrap() > 1_700_000_000_000));

    let from_one = [&["consume"], &base[..], &["-p", "2", "-o", "1", "-c", "1", "-K", "="]].concat();
    assert_eq!(succeeded(&run(&from_one)), "second=\n");
    let partition_without_records = [&["consume"], &base[..], &["-p", "3", "-e"]].concat();
    assert_eq!(succeeded(&run(&partition_without_records)), "");
}

#[test]
fn files_keep_their_order_under_their_names() {
    let broker = Broker::start(&["--topic", "files:6", "--nodes", "3"]);
    let folder = Folder::new("files");
    let files: Vec<String> = (0..20)
        .map(|file| {
            let lines: String = (0..200).map(|line| format!("{file} {line}\n")).collect();
            folder.file(&format!("f{file}"), lines.as_bytes())
        })
        .collect();
    let base = ["-b", broker.bootstrap.as_str(), "-t", "files"];
    let mut produce = [&["produce"], &base[..], &["--key-file-name"]].concat();
    produce.extend(files.iter().map(String::as_str));
    succeeded(&run(&produce));
    let read = succeeded(&run(&[&["consume"], &base[..], &["-e", "-K", "\\t"]].concat()));
    for (number, file) in files.iter().enumerate() {
        let key = format!("{file}\t");
        let lines: Vec<&str> = read.lines().filter_map(|line| line.strip_prefix(&key)).collect();
        let expected: Vec<String> = (0..200).map(|line| format!("{number} {line}")).collect();
        assert_eq!(lines, expected);
    }
}

#[test]
fn topics_are_created_listed_described_and_deleted() {
    let broker = Broker::start(&["--no-auto-create"]);
    let topics = |arguments: &[&str]| run(&[&["topics", "-b", &broker.bootstrap], arguments].concat());
    assert_eq!(
        succeeded(&topics(&["create", "a", "b", "-p", "3"])),
        "created a: 3 partitions, replication 1\ncreated b: 3 partitions, replication 1\n"
    );
    let list: Value = serde_json::from_str(&succeeded(&topics(&["list", "--json"]))).unwrap();
    assert_eq!(list[0]["name"], "a");
    assert_eq!(list[1]["partitions"], 3);
    assert!(succeeded(&topics(&["describe", "a"])).contains("a  3 partitions"));
    assert_eq!(succeeded(&topics(&["delete", "a"])), "deleted a\n");

    let again = topics(&["create", "b", "c"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stdout).starts_with("created c"), "what can be done is done");
    assert!(
        text(&again.stderr).contains("not created: b: ")
            && text(&again.stderr).contains("TOPIC_ALREADY_EXISTS")
    );
    let unknown = topics(&["describe", "a"]);
    assert_eq!(unknown.status.code(), Some(1));
    assert!(text(&unknown.stderr).contains("UNKNOWN_TOPIC_OR_PARTITION"), "{}", text(&unknown.stderr));
}

#[test]
fn the_demo_ends_well_and_accounts_for_all_of_its_time() {
    // The ten-second window grants 5 MB, nearly 7 MB are offered: the last quarter waits for some seconds.
    let output = run(&["demo", "--records", "32000", "--size", "200", "--quota", "500000", "--json"]);
    let result: Value = serde_json::from_str(&succeeded(&output)).unwrap();
    assert_eq!(result["read"], 32_000);
    for harm in ["missing", "twice", "out_of_order", "damaged"] {
        assert_eq!(result[harm], 0, "{harm}");
    }
    assert!(result["broker_asked_to_wait_seconds"].as_f64().unwrap() > 0.5, "{result}");
    let parts = result["time"].as_object().unwrap();
    let tenths: f64 = parts.values().map(|part| (part["percent"].as_f64().unwrap() * 10.0).round()).sum();
    assert_eq!(tenths, 1000.0, "{result}");
    assert!(parts["throttle"]["percent"].as_f64().unwrap() > 10.0, "{result}");
    assert!(text(&output.stderr).contains("throttles produce requests"), "{}", text(&output.stderr));
}

/// A listener that is no Kafka: reads what comes and answers with `answer`.
fn impostor(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for connection in listener.incoming().take(100) {
            let Ok(mut connection) = connection else { return };
            let mut request = [0; 512];
            let _ = connection.read(&mut request);
            let _ = connection.write_all(answer);
        }
    });
    address
}

#[test]
fn servers_that_are_none_are_named_in_time_with_exit_code_three() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let cases: [(String, &str); 5] = [
        (closed, "refused"),
        (impostor(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"), "HTTP"),
        (impostor(b"\x15\x03\x03\x00\x02\x02\x46"), "TLS"),
        (impostor(b"\x00\x00\x00\x06garbage and more garbage"), "Kafka"),
        ("no-such-host.invalid:9092".to_owned(), "no-such-host.invalid"),
    ];
    for (server, hint) in cases {
        let started = Instant::now();
        let output = run(&["consume", "-b", &server, "-t", "t", "--connect-timeout", "2"]);
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{server}: {message}");
        assert!(message.contains(hint) && message.contains(&server), "{server}: {message}");
        assert!(started.elapsed() < Duration::from_secs(10), "{server}: took {:?}", started.elapsed());
    }
}

#[test]
fn what_cannot_be_written_is_named_and_counted() {
    let broker = Broker::start(&["--no-auto-create", "--topic", "t"]);
    let missing_file = run(&["produce", "-b", &broker.bootstrap, "-t", "t", "/no/such/file"]);
    assert_eq!(missing_file.status.code(), Some(4));
    assert!(text(&missing_file.stderr).contains("/no/such/file: "));

    let long_line = [b"short\n".to_vec(), vec![b'x'; 5_000], b"\nafter\n".to_vec()].concat();
    let too_long =
        run_with_input(&["produce", "-b", &broker.bootstrap, "-t", "t", "--max-line", "1000"], &long_line);
    assert_eq!(too_long.status.code(), Some(4));
    assert!(
        text(&too_long.stderr).contains("line 2 is longer than 1000 bytes"),
        "{}",
        text(&too_long.stderr)
    );
    assert_eq!(succeeded(&run(&["consume", "-b", &broker.bootstrap, "-t", "t", "-e"])), "short\n");

    succeeded(&run(&[
        "topics",
        "-b",
        &broker.bootstrap,
        "create",
        "small",
        "-p",
        "1",
        "-c",
        "max.message.bytes=1000",
    ]));
    let too_large = run_with_input(&["produce", "-b", &broker.bootstrap, "-t", "small"], &long_line);
    let message = text(&too_large.stderr);
    assert_eq!(too_large.status.code(), Some(5), "{message}");
    assert!(message.contains("standard input, line 2") && message.contains("MESSAGE_TOO_LARGE"), "{message}");
    let kept = succeeded(&run(&["consume", "-b", &broker.bootstrap, "-t", "small", "-e"]));
    assert_eq!(kept, "short\nafter\n", "the records around it are written");
}

#[test]
fn what_does_not_exist_is_named_instead_of_waited_for() {
    let broker = Broker::start(&["--no-auto-create", "--topic", "t"]);
    let cases: [(&[&str], i32, &str); 3] = [
        (&["produce", "-t", "nope"], 5, "topic nope cannot be used: UNKNOWN_TOPIC_OR_PARTITION"),
        (&["consume", "-t", "nope", "-e"], 1, "topic nope: the cluster does not know it"),
        (&["consume", "-t", "t", "-p", "7", "-e"], 1, "t-7 cannot be read: the topic has 1 partitions"),
    ];
    // Each gives the thing some seconds to come into being, so they wait side by side.
    let waiting: Vec<_> = cases
        .iter()
        .map(|(arguments, ..)| {
            let mut command = ottla(&[arguments, &["-b", &broker.bootstrap][..]].concat());
            let mut child =
                command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
            child.stdin.take().unwrap().write_all(b"one\n").unwrap();
            child
        })
        .collect();
    for ((arguments, code, hint), child) in cases.iter().zip(waiting) {
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(*code), "{arguments:?}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(hint), "{arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn wrong_arguments_have_exit_code_two() {
    for arguments in
        [&["produce"][..], &["consume", "-t", "t", "-o", "first"], &["topics", "-b", "a:b:c", "list"]]
    {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty());
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_consumer_cleanly() {
    let broker = Broker::start(&["--topic", "t"]);
    succeeded(&run_with_input(&["produce", "-b", &broker.bootstrap, "-t", "t"], b"one\n"));
    let mut consumer = ottla(&["consume", "-b", &broker.bootstrap, "-t", "t"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    let mut stdout = BufReader::new(consumer.stdout.take().unwrap());
    stdout.read_line(&mut first).unwrap();
    assert_eq!(first, "one\n");
    let interrupted = Command::new("kill").args(["-INT", &consumer.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let output = consumer.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(text(&output.stderr).contains("1 records"), "{}", text(&output.stderr));
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let broker = Broker::start(&["--topic", "t"]);
    let input: Vec<u8> = (0..200_000).flat_map(|line: u32| format!("line {line}\n").into_bytes()).collect();
    succeeded(&run_with_input(&["produce", "-b", &broker.bootstrap, "-t", "t"], &input));
    let mut consumer = ottla(&["consume", "-b", &broker.bootstrap, "-t", "t", "-e"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::with_capacity(64, consumer.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert_eq!(first, "line 0\n");
    assert_eq!(consumer.wait().unwrap().code(), Some(0));
}

#[test]
fn quotas_are_set_described_and_removed() {
    let broker = Broker::start(&[]);
    let quotas = |arguments: &[&str]| {
        let arguments = [&["quotas", "-b", &broker.bootstrap], arguments].concat();
        let output = run(&arguments);
        succeeded(&output)
    };
    let json = |arguments: &[&str]| -> Value {
        serde_json::from_str(&quotas(&[&["--json"], arguments].concat())).unwrap()
    };
    let billing = serde_json::json!([{
        "entity": {"client_id": "billing"},
        "quotas": {"producer_byte_rate": 1e6, "consumer_byte_rate": 2e6},
    }]);
    let set = ["set", "--client", "billing", "producer_byte_rate=1e6", "consumer_byte_rate=2e6"];
    assert_eq!(json(&set), billing);
    quotas(&["set", "--default-user", "producer_byte_rate=5"]);
    assert_eq!(json(&["describe", "--client", "billing"]), billing);
    assert_eq!(json(&["describe"]).as_array().unwrap().len(), 2);
    let table = quotas(&["describe"]);
    assert!(table.contains("1.00 MB/s by broker") && table.contains("<default>"), "{table}");

    let removed = quotas(&["remove", "--client", "billing", "consumer_byte_rate"]);
    assert_eq!(removed, "removed consumer_byte_rate=2000000 of client-id billing\n");
    quotas(&["remove", "--client", "billing"]);
    let again = run(&["quotas", "-b", &broker.bootstrap, "remove", "--client", "billing"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again.stderr).contains("client-id billing has no such quota"));
    let nobody = run(&["quotas", "-b", &broker.bootstrap, "set", "producer_byte_rate=5"]);
    assert_eq!(nobody.status.code(), Some(2));
}

#[test]
fn faults_and_nodes_are_controlled_from_outside() {
    let folder = Folder::new("faults");
    let file = folder.file(
        "faults.toml",
        b"[[faults]]\nname = \"late\"\nwhen = { api = \"Produce\", count = 1 }\nthen = { do = \"delay\", ms = 1 }\n",
    );
    let broker =
        Broker::start(&["--topic", "t", "--nodes", "2", "--control", "0", "--faults", &file, "--json"]);
    let addresses: serde_json::Value = serde_json::from_str(&broker.bootstrap).unwrap();
    let (bootstrap, control) =
        (addresses["bootstrap"].as_str().unwrap(), addresses["control"].as_str().unwrap());
    let ask = |arguments: &[&str]| run(&[&["broker"], arguments, &["--control", control]].concat());

    succeeded(&run_with_input(&["produce", "-b", bootstrap, "-t", "t"], b"a\nb\n"));
    let firings = succeeded(&ask(&["fault", "firings"]));
    let firing: serde_json::Value = serde_json::from_str(firings.trim()).unwrap();
    assert_eq!((&firing["fault"], &firing["api"]), (&"late".into(), &"Produce".into()));

    let more = folder.file("more.json", br#"{"faults": [{"name": "a b/c", "then": {"do": "garbage"}}]}"#);
    assert_eq!(succeeded(&ask(&["fault", "add", &more])), "a b/c\n");
    let listed: serde_json::Value = serde_json::from_str(&succeeded(&ask(&["fault", "list"]))).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 2);
    succeeded(&ask(&["fault", "remove", "a b/c"]));
    assert_eq!(ask(&["fault", "remove", "a b/c"]).status.code(), Some(1));
    succeeded(&ask(&["fault", "clear"]));
    assert_eq!(succeeded(&ask(&["fault", "list"])), "[]\n");

    succeeded(&ask(&["node", "kill", "2"]));
    let twice = ask(&["node", "kill", "2"]);
    assert_eq!(twice.status.code(), Some(1));
    assert!(text(&twice.stderr).contains("no state to kill"), "{}", text(&twice.stderr));
    succeeded(&ask(&["node", "start", "2"]));
    assert_eq!(ask(&["leader", "move", "nowhere", "0", "1"]).status.code(), Some(1));
    drop(broker);
    assert_eq!(ask(&["fault", "list"]).status.code(), Some(3));
}

#[test]
fn stress_says_what_limits_and_leaves_nothing_behind() {
    let broker = Broker::start(&["--producer-byte-rate", "1000000"]);
    let stress = |arguments: &[&str]| -> Value {
        let output = run(&[&["stress", "-b", &broker.bootstrap, "--json"], arguments].concat());
        serde_json::from_str(&succeeded(&output)).unwrap()
    };
    // What a busy machine does not get round to in the last of three seconds is not sent.
    let easy = stress(&["-d", "3", "-r", "70", "-s", "100", "-k", "10", "-a", "1", "-z", "lz4"]);
    assert_eq!(easy["limit"], "nothing", "{easy}");
    assert!(easy["written"].as_u64().unwrap() > 100, "{easy}");
    // Ten seconds of the quota are free of charge; this is fifteen.
    let hard = stress(&["-d", "3", "-r", "500", "-s", "10000", "-p", "2"]);
    assert_eq!(hard["limit"], "quota", "{hard}");
    assert!(hard["throttled_seconds_by_node"]["1"].as_f64().unwrap() > 0.5, "{hard}");
    assert_eq!(hard["written"], hard["accepted"]);
    assert!(hard["in_words"].as_str().unwrap().contains("node 1 asked for silence"), "{hard}");

    let mut interrupted = ottla(&["stress", "-b", &broker.bootstrap, "-d", "60", "-r", "100", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut progress = String::new();
    let mut stderr = BufReader::new(interrupted.stderr.take().unwrap());
    stderr.read_line(&mut progress).unwrap();
    assert!(progress.contains("of 6,000"), "{progress}");
    let pid = interrupted.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let output = interrupted.wait_with_output().unwrap();
    stderr.read_to_string(&mut progress).unwrap();
    assert_eq!(output.status.code(), Some(130), "{progress}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["written"], report["accepted"]);
    let topics = run(&["topics", "-b", &broker.bootstrap, "list", "--json"]);
    assert_eq!(succeeded(&topics).trim(), "[]");
}
