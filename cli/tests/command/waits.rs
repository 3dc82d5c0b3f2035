//! What commands say on standard error while they wait, and what they do when they are interrupted then.

use std::sync::mpsc::{self, Receiver};

use super::*;

const SOON: Duration = Duration::from_secs(30);

/// A command whose lines are read as they come, gone at the end of the test.
struct Running {
    process: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

fn lines(of: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        BufReader::new(of).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
    });
    receiver
}

/// The lines up to the one that has it, which comes soon.
fn up_to(what: &str, lines: &Receiver<String>) -> Vec<String> {
    let mut seen = Vec::new();
    while !seen.last().is_some_and(|line: &String| line.contains(what)) {
        let line = lines.recv_timeout(SOON);
        assert!(line.is_ok(), "no {what:?} in {seen:?}");
        seen.extend(line);
    }
    seen
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut process = ottla(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdout, stderr) = (process.stdout.take().unwrap(), process.stderr.take().unwrap());
        Self { stdout: lines(stdout), stderr: lines(stderr), process }
    }

    fn press_ctrl_c(&self) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A broker of one node, and what freezes and thaws that node.
fn freezable() -> (Broker, String, impl Fn(&str)) {
    let broker = Broker::start(&["--topic", "t:1", "--control", "0", "--json"]);
    let addresses: Value = serde_json::from_str(&broker.bootstrap).unwrap();
    let address = |of: &str| addresses.get(of).and_then(Value::as_str).unwrap().to_owned();
    let (bootstrap, control) = (address("bootstrap"), address("control"));
    let act = move |action: &str| {
        succeeded(&run(&["broker", "node", action, "1", "--control", &control]));
    };
    (broker, bootstrap, act)
}

#[cfg(unix)]
#[test]
fn a_consumer_says_what_it_waits_for_and_nothing_at_the_end_of_a_topic() {
    let (_broker, bootstrap, node) = freezable();
    let produce = |line: &[u8]| {
        succeeded(&run_with_input(&["produce", "-b", &bootstrap, "-t", "t"], line));
    };
    produce(b"one\n");
    let mut consumer = Running::start(&["consume", "-b", &bootstrap, "-t", "t"]);
    up_to("one", &consumer.stdout);
    // Long enough for some answers without a record.
    assert!(consumer.stderr.recv_timeout(Duration::from_secs(3)).is_err(), "the end is nothing to tell of");
    node("freeze");
    let told = up_to("waiting for node 1 to answer, for ", &consumer.stderr);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].starts_with("1; t-0 on node 1: "), "{told:?}");
    node("thaw");
    produce(b"two\n");
    up_to("two", &consumer.stdout);
    consumer.press_ctrl_c();
    up_to("2 records", &consumer.stderr);
    assert_eq!(consumer.process.wait().unwrap().code(), Some(130));
    assert!(consumer.stdout.recv().is_err(), "nothing else is on standard output");
}

#[test]
fn a_throttled_consumer_says_so() {
    let broker = Broker::start(&["--topic", "t:1", "--consumer-byte-rate", "10000"]);
    let input = vec![b'x'; 900].into_iter().chain([b'\n']).cycle().take(901 * 300).collect::<Vec<_>>();
    succeeded(&run_with_input(&["produce", "-b", &broker.bootstrap, "-t", "t"], &input));
    let consumer = Running::start(&["consume", "-b", &broker.bootstrap, "-t", "t"]);
    up_to("throttles fetch requests", &consumer.stderr);
}

#[test]
fn a_member_without_partitions_says_so() {
    for protocol in ["classic", "consumer"] {
        let broker = Broker::start(&["--topic", "t:1"]);
        let member = ["consume", "-b", &broker.bootstrap, "-t", "t", "-g", "g", "--group-protocol", protocol];
        // One of them gets the partition, whichever.
        let members = [Running::start(&member), Running::start(&member)];
        let begin = Instant::now();
        let says = |member: &Running| {
            let line = member.stderr.try_recv().unwrap_or_default();
            line.contains("the group has no partition for it, for ")
        };
        while !members.iter().any(says) {
            assert!(begin.elapsed() < SOON, "{protocol}: no word of it");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_producer_says_what_it_waits_for_and_gives_up_when_asked_again() {
    let (_broker, bootstrap, node) = freezable();
    let mut producer = Running::start(&["produce", "-b", &bootstrap, "-t", "t"]);
    let mut stdin = producer.process.stdin.take().unwrap();
    stdin.write_all(b"one\n").unwrap();
    succeeded(&run(&["consume", "-b", &bootstrap, "-t", "t", "-c", "1"]));
    node("freeze");
    stdin.write_all(b"two\nthree\n").unwrap();
    up_to("waiting for node 1 to answer", &producer.stderr);
    producer.press_ctrl_c();
    let told =
        "ottla: interrupted; waits for 2 records to be settled, up to 120.0 s; press Ctrl-C again to give up";
    up_to(told, &producer.stderr);
    up_to("waiting for node 1 to answer", &producer.stderr);
    producer.press_ctrl_c();
    up_to("1 records written to t", &producer.stderr);
    up_to(
        "ottla: interrupted twice; records on their way were given up; 0 records not written, 2 possibly",
        &producer.stderr,
    );
    up_to("standard input, line 2: ", &producer.stderr);
    assert_eq!(producer.process.wait().unwrap().code(), Some(130));
}

#[cfg(unix)]
#[test]
fn an_interrupted_member_says_what_it_waits_for_and_gives_up_when_asked_again() {
    let (_broker, bootstrap, node) = freezable();
    succeeded(&run_with_input(&["produce", "-b", &bootstrap, "-t", "t"], b"one\n"));
    let mut member = Running::start(&["consume", "-b", &bootstrap, "-t", "t", "-g", "g"]);
    up_to("one", &member.stdout);
    node("freeze");
    up_to("waiting for node 1 to answer", &member.stderr);
    member.press_ctrl_c();
    up_to("interrupted; waits for the group to be told, up to 10.0 s; press Ctrl-C again", &member.stderr);
    member.press_ctrl_c();
    up_to("the group was not told in time", &member.stderr);
    assert_eq!(member.process.wait().unwrap().code(), Some(130));
}

#[cfg(unix)]
#[test]
fn stress_tells_of_a_broker_that_stood_still_while_it_sent_and_afterwards() {
    let (_broker, bootstrap, node) = freezable();
    let load = ["-t", "t", "-d", "8", "-r", "100", "-s", "100", "--json"];
    let stress = Running::start(&[&["stress", "-b", &bootstrap][..], &load].concat());
    up_to(" of 800", &stress.stderr);
    node("freeze");
    // The second one is a second later.
    for _ in 0..2 {
        up_to("t-0 on node 1: waiting for node 1 to answer", &stress.stderr);
    }
    node("thaw");
    let report: Value = serde_json::from_str(&stress.stdout.iter().collect::<String>()).unwrap();
    assert_eq!((&report["limit"], &report["not_written"]), (&"broker".into(), &0.into()), "{report}");
}
