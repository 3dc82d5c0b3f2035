//! Ottla in one group with members that others wrote, whoever leads it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use kafka_harness::{Artifacts, Options, kafka_or_skip, process};
use ottla::Client;
use ottla::Offset;
use ottla::admin::NewTopic;
use ottla::consumer::group::{Assignors, Protocol};
use tokio::sync::watch;

use crate::groups::fill;
use crate::support::{LIMIT, connect, create_topic, is_proof, run};

/// Shared out evenly among two, three and four.
const PARTITIONS: i32 = 12;
const RECORDS: u32 = 1200;

/// Who wrote a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Ottla,
    Java,
    Librdkafka,
    Franz,
}

use Whose::{Franz, Java, Librdkafka, Ottla};

#[test]
fn ottla_shares_groups_with_members_that_others_wrote() {
    let mut options = Options::new();
    for name in ["group.consumer.min.heartbeat.interval.ms", "group.consumer.heartbeat.interval.ms"] {
        options = options.set(name, 500);
    }
    let kafka = kafka_or_skip!(options);
    let servers = kafka.bootstrap();
    let programs = Programs::build();
    let all = [Ottla, Java, Librdkafka, Franz];
    let mut groups: Vec<(&str, Vec<Whose>)> = vec![
        ("range", all.to_vec()),
        ("cooperative-sticky", vec![Librdkafka, Ottla, Java, Franz]),
        ("consumer", vec![Java, Ottla, Librdkafka, Franz]),
    ];
    if is_proof() {
        for assignor in ["range", "roundrobin", "sticky", "cooperative-sticky", "consumer"] {
            for leader in all {
                // librdkafka has no sticky assignor of the eager kind.
                let can = |member: &Whose| (assignor, *member) != ("sticky", Librdkafka);
                let mut members: Vec<_> = all.into_iter().filter(can).collect();
                members.sort_by_key(|member| *member != leader);
                groups.push((assignor, members));
            }
        }
    }
    // Most of the time each of them waits for others.
    for (round, groups) in groups.chunks(3).enumerate() {
        thread::scope(|scope| {
            for (assignor, members) in groups {
                let name = format!("{assignor}-{:?}-{round}", members[0]);
                let (servers, programs) = (&servers, &programs);
                scope.spawn(move || one_group(servers, &name, assignor, members, programs));
            }
        });
    }
}

/// All join, one after the other; they share what is written; the one that leads leaves, and the others share again.
fn one_group(servers: &str, name: &str, assignor: &str, members: &[Whose], programs: &Programs) {
    let client = run(connect(servers));
    run(create_topic(&client, NewTopic::new(name).partitions(PARTITIONS).replication(1)));
    let mut running = Vec::new();
    for whose in members {
        let Some(member) = Member::start(*whose, servers, name, assignor, programs) else { continue };
        running.push(member);
        // The first one leads.
        if running.len() == 1 {
            shared_by(&client, name, &running);
        }
    }
    shared_by(&client, name, &running);
    run(fill(&client, name, PARTITIONS, 0, RECORDS));
    wait_for(name, &running, RECORDS);
    let shares: Vec<_> = running.iter().map(|member| (member.whose, member.read().len())).collect();
    // Nothing moved meanwhile, so nothing was read twice, and everybody read its part.
    let part = RECORDS as usize / running.len();
    assert!(
        running.iter().all(|member| member.read().values().eq([1].repeat(part).iter())),
        "{name}: {shares:?}"
    );

    let leader = running.remove(0);
    let mut gone = vec![leader.leave()];
    shared_by(&client, name, &running);
    run(fill(&client, name, PARTITIONS, RECORDS, RECORDS));
    let first: BTreeSet<u32> = gone[0].keys().copied().collect();
    let begin = Instant::now();
    loop {
        let mut seen = first.clone();
        running.iter().for_each(|member| seen.extend(member.read().into_keys()));
        if seen.len() == 2 * RECORDS as usize {
            break;
        }
        assert!(begin.elapsed() < LIMIT, "{name}: {} records", seen.len());
        thread::sleep(Duration::from_millis(20));
    }
    gone.extend(running.into_iter().map(Member::leave));
    let times: u32 = gone.iter().flat_map(BTreeMap::values).sum();
    // Who left had committed, and the others kept what they had.
    assert_eq!(times, 2 * RECORDS, "{name}: something was read twice");
    println!("FIGURE: a group led by {:?}, {assignor}, shared {RECORDS} records: {shares:?}", members[0]);
}

/// Waits until the coordinator says that these members share all partitions evenly.
fn shared_by(client: &Client, group: &str, members: &[Member]) {
    let mut names: Vec<_> =
        members.iter().map(|member| format!("{:?}", member.whose).to_lowercase()).collect();
    names.sort();
    let part = PARTITIONS as usize / members.len();
    let begin = Instant::now();
    loop {
        let described = run(client.admin().describe_group(group));
        if let Ok(group) = &described {
            let mut found: Vec<_> = group.members.iter().map(|member| member.client_id.clone()).collect();
            found.sort();
            let of = |member: &ottla::admin::GroupMember| member.assignment.values().flatten().count();
            if group.state == "Stable" && found == names && group.members.iter().all(|one| of(one) == part) {
                return;
            }
        }
        assert!(begin.elapsed() < LIMIT, "{group}: {names:?} do not share it: {described:#?}");
        thread::sleep(Duration::from_millis(50));
    }
}

fn wait_for(group: &str, members: &[Member], records: u32) {
    let begin = Instant::now();
    let read = || members.iter().map(|member| member.read().len()).sum::<usize>();
    while read() < records as usize {
        assert!(begin.elapsed() < LIMIT, "{group}: {} of {records}", read());
        thread::sleep(Duration::from_millis(20));
    }
}

/// How often each number was read.
type Read = Arc<Mutex<BTreeMap<u32, u32>>>;

/// A member that reads until it is told to leave.
struct Member {
    whose: Whose,
    read: Read,
    life: Life,
}

enum Life {
    /// It leaves at the end of its input, and prints what it reads.
    Program(Child, Option<ChildStdin>, JoinHandle<()>),
    /// It leaves when nobody holds the sender any more.
    Thread(watch::Sender<()>, JoinHandle<()>),
}

impl Member {
    /// `None` if that one is not to be had here.
    fn start(whose: Whose, servers: &str, group: &str, assignor: &str, programs: &Programs) -> Option<Self> {
        let read = Read::default();
        let arguments = [servers, group, assignor].map(str::to_owned);
        let life = match whose {
            Ottla => thread(read.clone(), move |read, over| ottla(&arguments, &read, over)),
            Librdkafka => librdkafka(arguments, read.clone())?,
            Java => {
                let mut java = Command::new("java");
                java.args([
                    "-XX:TieredStopAtLevel=1",
                    "-XX:+UseSerialGC",
                    "-Dorg.slf4j.simpleLogger.defaultLogLevel=error",
                    "-cp",
                    &programs.java,
                    "GroupMember",
                ]);
                program(java.args(arguments), read.clone())
            }
            Franz => program(Command::new(programs.go.as_ref()?).args(arguments), read.clone()),
        };
        Some(Self { whose, read, life })
    }

    fn read(&self) -> BTreeMap<u32, u32> {
        self.read.lock().unwrap().clone()
    }

    fn leave(self) -> BTreeMap<u32, u32> {
        match self.life {
            Life::Program(mut child, input, printed) => {
                drop(input);
                let status = process::wait(&mut child, LIMIT).unwrap();
                let _ = child.kill();
                assert!(
                    status.is_some_and(|status| status.success()),
                    "{:?} ended with {status:?}",
                    self.whose
                );
                printed.join().unwrap();
            }
            Life::Thread(over, thread) => {
                drop(over);
                thread.join().unwrap();
            }
        }
        Arc::into_inner(self.read).unwrap().into_inner().unwrap()
    }
}

fn program(command: &mut Command, read: Read) -> Life {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (input, output) = (child.stdin.take(), child.stdout.take().unwrap());
    let printed = thread::spawn(move || {
        for line in BufReader::new(output).lines() {
            count(&read, line.unwrap().as_bytes());
        }
    });
    Life::Program(child, input, printed)
}

fn thread(read: Read, life: impl FnOnce(Read, watch::Receiver<()>) + Send + 'static) -> Life {
    let (sender, over) = watch::channel(());
    Life::Thread(sender, thread::spawn(move || life(read, over)))
}

fn count(read: &Mutex<BTreeMap<u32, u32>>, number: &[u8]) {
    let number = std::str::from_utf8(number).unwrap().parse().unwrap();
    *read.lock().unwrap().entry(number).or_default() += 1;
}

fn ottla(
    [servers, group, assignor]: &[String; 3],
    read: &Mutex<BTreeMap<u32, u32>>,
    mut over: watch::Receiver<()>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = Client::builder(servers).client_id("ottla").build().await.unwrap();
        let mut builder = client.consumer().group(group).subscribe([group]).from(Offset::Earliest);
        let assignor = match assignor.as_str() {
            "range" => Some(Assignors::Range),
            "roundrobin" => Some(Assignors::RoundRobin),
            "sticky" => Some(Assignors::Sticky),
            "cooperative-sticky" => Some(Assignors::CooperativeSticky),
            _ => None,
        };
        builder = match assignor {
            Some(assignor) => builder.assignors([assignor]).heartbeat_interval(Duration::from_millis(500)),
            None => builder.protocol(Protocol::Consumer),
        };
        let mut consumer = builder.build().await.unwrap();
        loop {
            let batch = tokio::select! {
                _ = over.changed() => break,
                batch = consumer.next_batch() => batch.unwrap().unwrap(),
            };
            batch.iter().for_each(|record| count(read, record.value().unwrap()));
        }
        let report = consumer.close(LIMIT).await.unwrap();
        assert!(report.left && report.busy.is_empty(), "{report:?}");
    });
}

#[cfg(feature = "librdkafka")]
fn librdkafka([servers, group, assignor]: [String; 3], read: Read) -> Option<Life> {
    use rdkafka::consumer::{BaseConsumer, Consumer as _};
    use rdkafka::message::Message as _;
    use rdkafka::types::RDKafkaErrorCode::UnknownTopicOrPartition;

    Some(thread(read, move |read, over| {
        let mut settings = rdkafka::ClientConfig::new();
        settings.set("bootstrap.servers", servers).set("client.id", "librdkafka").set("group.id", &group);
        settings.set("auto.offset.reset", "earliest");
        if assignor == "consumer" {
            settings.set("group.protocol", "consumer");
        } else {
            settings.set("partition.assignment.strategy", assignor).set("heartbeat.interval.ms", "500");
        }
        let consumer: BaseConsumer = settings.create().unwrap();
        consumer.subscribe(&[&group]).unwrap();
        while over.has_changed().is_ok() {
            match consumer.poll(Duration::from_millis(20)) {
                Some(Ok(message)) => count(&read, message.payload().unwrap()),
                // It asked a node that has not heard of the topic yet, tells it, and asks again.
                Some(Err(error)) if error.rdkafka_error_code() == Some(UnknownTopicOrPartition) => {}
                Some(Err(error)) => panic!("{error}"),
                None => {}
            }
        }
        // Dropping it commits and leaves.
    }))
}

#[cfg(not(feature = "librdkafka"))]
fn librdkafka(_: [String; 3], _: Read) -> Option<Life> {
    None
}

/// What has to be built before it can run.
struct Programs {
    /// The class path of `interop/java/GroupMember.java`.
    java: String,
    /// The program of `interop/clients/go/member`, if there is a Go to build it with.
    go: Option<PathBuf>,
}

impl Programs {
    fn build() -> Self {
        let (source, target) =
            (Path::new(env!("CARGO_MANIFEST_DIR")), Path::new(env!("CARGO_TARGET_TMPDIR")));
        let (libraries, classes) = (Artifacts::Tools.class_path().unwrap(), target.join("java"));
        let mut javac = Command::new("javac");
        javac.args(["-cp", &libraries, "-d"]).arg(&classes).arg(source.join("java/GroupMember.java"));
        build(&mut javac);
        let go = process::run(Command::new("go").arg("version"), LIMIT).is_ok().then(|| {
            let program = target.join("go-member");
            let mut go = Command::new("go");
            build(
                go.args(["build", "-o"]).arg(&program).arg("./member").current_dir(source.join("clients/go")),
            );
            program
        });
        if go.is_none() {
            println!("franz-go is left out: it needs Go");
        }
        Self { java: format!("{libraries}:{}", classes.display()), go }
    }
}

fn build(command: &mut Command) {
    let output = process::run(command, LIMIT).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
