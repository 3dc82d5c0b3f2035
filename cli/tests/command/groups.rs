//! `ottla groups`, against a broker with groups that come and go.

use super::*;

const SOON: Duration = Duration::from_secs(30);

struct Groups {
    broker: Broker,
}

impl Groups {
    /// A topic with ten records in two partitions.
    fn start() -> Self {
        let broker = Broker::start(&["--no-auto-create"]);
        succeeded(&run(&["topics", "-b", &broker.bootstrap, "create", "t", "-p", "2"]));
        for partition in ["0", "1"] {
            let arguments = ["produce", "-b", &broker.bootstrap, "-t", "t", "-p", partition];
            succeeded(&run_with_input(&arguments, b"a\nb\nc\nd\ne\n"));
        }
        Self { broker }
    }

    fn try_to(&self, arguments: &[&str]) -> Output {
        run(&[&["groups", "-b", &self.broker.bootstrap], arguments].concat())
    }

    fn say(&self, arguments: &[&str]) -> String {
        succeeded(&self.try_to(arguments))
    }

    fn json(&self, arguments: &[&str]) -> Value {
        serde_json::from_str(&self.say(&[&["--json"], arguments].concat())).unwrap()
    }

    /// What is left to read, by partition.
    fn lags(&self) -> Vec<Value> {
        let lag = self.json(&["lag", "billing", "-t", "t"]);
        lag.as_array().unwrap().iter().map(|partition| partition["lag"].clone()).collect()
    }

    fn reset(&self, place: &[&str]) -> Output {
        self.try_to(&[&["reset-offsets", "billing", "-t", "t"], place].concat())
    }

    fn consume(&self, protocol: &str, more: &[&str]) -> Command {
        let bootstrap = &self.broker.bootstrap;
        let arguments =
            ["consume", "-b", bootstrap, "-t", "t", "-g", "billing", "--group-protocol", protocol];
        ottla(&[&arguments, more].concat())
    }
}

fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begin.elapsed() < SOON, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn groups_are_read_with_listed_moved_and_deleted() {
    for protocol in ["classic", "consumer"] {
        let groups = Groups::start();
        let read = succeeded(&groups.consume(protocol, &["-c", "10"]).output().unwrap());
        assert_eq!(read.lines().count(), 10);
        // An empty group keeps its offsets.
        let listed = groups.json(&["list", "--state", "empty"]);
        assert_eq!(
            (&listed[0]["group"], &listed[0]["protocol_type"]),
            (&"billing".into(), &"consumer".into())
        );
        assert_eq!(groups.json(&["list", "--state", "stable"]), serde_json::json!([]));
        assert_eq!(groups.json(&["list", "--kind", "share"]), serde_json::json!([]));
        assert!(groups.say(&["list"]).contains("billing"), "{protocol}");
        assert!(groups.say(&["lag", "billing"]).contains("0 behind"));
        assert_eq!(groups.lags(), [0, 0]);

        // Looking moves nothing.
        let looked = succeeded(&groups.reset(&["--to-earliest", "--dry-run"]));
        assert!(looked.contains("would be set to"), "{looked}");
        assert_eq!(groups.lags(), [0, 0]);
        for (place, lags) in [
            (&["--to-earliest"][..], [5, 5]),
            (&["--shift-by", "2"], [3, 3]),
            (&["--shift-by", "-1", "-p", "1"], [3, 4]),
            (&["--to-latest"], [0, 0]),
            (&["--to-offset", "1"], [4, 4]),
            (&["--to-time", "2020-01-01T00:00:00Z"], [5, 5]),
            (&["--to-time", "9000-01-01T00:00:00Z"], [0, 0]),
            (&["--by-duration", "1h"], [5, 5]),
            // Beyond the end is at the end.
            (&["--shift-by", "100"], [0, 0]),
        ] {
            succeeded(&groups.reset(place));
            assert_eq!(groups.lags(), lags, "{protocol} {place:?}");
        }
        for wrong in
            [&["--to-earliest", "--to-latest"][..], &[], &["--to-time", "soon"], &["--by-duration", "5"]]
        {
            assert_eq!(groups.reset(wrong).status.code(), Some(2), "{wrong:?}");
        }
        assert_eq!(groups.say(&["delete", "billing"]), "deleted billing\n");
        assert_eq!(groups.json(&["list"]), serde_json::json!([]));
        let again = groups.try_to(&["delete", "billing"]);
        assert_eq!(again.status.code(), Some(1));
        assert!(text(&again.stderr).contains("GROUP_ID_NOT_FOUND"), "{}", text(&again.stderr));
    }
}

#[cfg(unix)]
#[test]
fn members_are_described_watched_and_sent_away() {
    let groups = Groups::start();
    let mut member =
        groups.consume("classic", &[]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(member.stdout.take().unwrap()).lines();
    assert!(lines.by_ref().take(10).all(|line| line.is_ok()));
    let described = groups.json(&["describe", "billing"]);
    let group = &described[0];
    assert_eq!((&group["state"], &group["consumer_protocol"]), (&"Stable".into(), &false.into()));
    assert_eq!(group["members"][0]["assignment"], serde_json::json!({"t": [0, 1]}));
    let table = groups.say(&["describe", "billing"]);
    assert!(table.contains("t: 0 1") && table.contains("classic protocol"), "{table}");
    // What has members stays as it is.
    for refused in [groups.try_to(&["delete", "billing"]), groups.reset(&["--to-earliest"])] {
        assert_eq!(refused.status.code(), Some(1), "{}", text(&refused.stdout));
    }
    let mut watch = ottla(&[
        "groups",
        "-b",
        &groups.broker.bootstrap,
        "lag",
        "billing",
        "-t",
        "t",
        "--watch",
        "1",
        "--json",
    ])
    .stdout(Stdio::piped())
    .spawn()
    .unwrap();
    let mut watched = BufReader::new(watch.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        let look: Value = serde_json::from_str(&watched.next().unwrap().unwrap()).unwrap();
        assert_eq!(look.as_array().map(Vec::len), Some(2));
    }
    watch.kill().unwrap();
    watch.wait().unwrap();

    let id = |group: &Value| group[0]["members"][0]["member_id"].as_str().map(ToOwned::to_owned);
    let before = id(&described).unwrap();
    let nobody = groups.try_to(&["remove-member", "billing", "--instance-id", "nobody"]);
    assert!(text(&nobody.stderr).contains("UNKNOWN_MEMBER_ID"), "{}", text(&nobody.stderr));
    assert_eq!(groups.try_to(&["remove-member", "billing"]).status.code(), Some(2));
    let sent = groups.say(&["remove-member", "billing", "--member-id", &before, "--reason", "a test"]);
    assert_eq!(sent, "sent 1 away from billing\n");
    // It lives, so it comes back, as somebody else.
    let comes_back = || id(&groups.json(&["describe", "billing"])).filter(|id| *id != before);
    eventually("it does not come back", comes_back);
    assert!(Command::new("kill").args(["-INT", &member.id().to_string()]).status().unwrap().success());
    assert_eq!(member.wait().unwrap().code(), Some(130));
    assert_eq!(groups.say(&["delete", "billing"]), "deleted billing\n");
}
