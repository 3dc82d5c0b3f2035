//! Members that come, leave, are dropped, stand still and die, while nodes are killed and stand still under them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, RwLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use kafka_harness::{Options, kafka_or_skip};
use ottla::admin::{NewTopic, OffsetSpec};
use ottla::consumer::group::{Assignors, GroupConsumer, GroupHandle, Protocol, TopicPartition};
use ottla::{Client, Offset, Record};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use crate::support::{LIMIT, Nodes, connect, create_topic, is_proof};
use crate::tally::Tally;

/// After how long in silence a coordinator gives a member up.
pub(crate) const SESSION: Duration = Duration::from_secs(6);
const SOON: Duration = Duration::from_secs(30);
/// What a batch takes a member.
const WORK: Duration = Duration::from_millis(2);

/// How much of it there is.
#[derive(Clone, Copy)]
struct Plan {
    members: usize,
    partitions: i32,
    lasts: Duration,
    /// How many members of one group change every second.
    change: usize,
}

#[test]
fn members_come_and_go_while_nodes_die_and_stand_still() {
    let options = Options::new().nodes(3).set("min.insync.replicas", 2);
    // Nodes that say nothing are given up sooner than by default, and so are members of the consumer protocol.
    let options = options.set("broker.session.timeout.ms", 3000).set("broker.heartbeat.interval.ms", 500);
    let session = SESSION.as_millis();
    let options = options.set("group.consumer.min.session.timeout.ms", session);
    let options = options.set("group.consumer.session.timeout.ms", session);
    let options = options.set("group.consumer.min.heartbeat.interval.ms", 1000);
    let mut cluster = kafka_or_skip!(options.set("group.consumer.heartbeat.interval.ms", 1000));
    members_come_and_go(&mut cluster);
}

/// What holds on a cluster of three nodes without topics, with a session of [`SESSION`] for members of the consumer
/// protocol.
pub(crate) fn members_come_and_go(cluster: &mut (impl Nodes + Send)) {
    let plan = if is_proof() {
        Plan { members: 50, partitions: 60, lasts: Duration::from_secs(300), change: 3 }
    } else {
        Plan { members: 6, partitions: 12, lasts: Duration::from_secs(20), change: 1 }
    };
    let servers = cluster.bootstrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let client = runtime.block_on(connect(&servers));
    let mut crowds: Vec<_> =
        KINDS.into_iter().map(|kind| Crowd::new(kind, &servers, &client, &runtime, plan)).collect();
    for crowd in &crowds {
        crowd.wait("everybody to join", || crowd.members.iter().all(Member::is_in));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let writer = runtime.spawn(write(client.clone(), plan.partitions, Arc::clone(&stop)));
    // Held while a node's answers may be old: one that stood still does not know at once that others took over.
    let (quiet, over) = (RwLock::new(()), AtomicBool::new(false));
    let tallies: Vec<_> = crowds.iter().map(|crowd| Arc::clone(&crowd.tally)).collect();
    let (kills, freezes) = thread::scope(|scope| {
        let faults = scope.spawn(|| disturb(cluster, &client, &runtime, (&quiet, tallies), &over));
        let begin = Instant::now();
        for step in 0.. {
            let crowd = &mut crowds[step % KINDS.len()];
            for _ in 0..plan.change {
                crowd.change();
            }
            thread::sleep(Duration::from_secs(1));
            for crowd in &mut crowds {
                crowd.check(&client, &runtime, &quiet);
            }
            over.store(begin.elapsed() >= plan.lasts, Ordering::Relaxed);
            if faults.is_finished() {
                break;
            }
        }
        faults.join().unwrap()
    });
    assert!(kills > 0 && freezes > 0);
    stop.store(true, Ordering::Relaxed);
    runtime.block_on(writer).unwrap();
    for crowd in crowds {
        let name = crowd.kind.name;
        let (changes, tally) = crowd.end(&client, &runtime);
        let (records, again) = tally.counts();
        println!(
            "FIGURE: {} members of a group ({name}), {changes} changes, {kills} nodes killed, {freezes} frozen: \
             {records} records, none lost, {again} processed again; {} times a member learnt late that it was out",
            plan.members,
            tally.overtaken()
        );
    }
}

/// How the members of a group speak with each other; also the name of the group and its topic.
#[derive(Clone)]
struct Kind {
    name: &'static str,
    protocol: Protocol,
    assignor: Option<Assignors>,
}

const KINDS: [Kind; 3] = [
    Kind { name: "eager", protocol: Protocol::Classic, assignor: Some(Assignors::Range) },
    Kind { name: "cooperative", protocol: Protocol::Classic, assignor: Some(Assignors::CooperativeSticky) },
    Kind { name: "consumer", protocol: Protocol::Consumer, assignor: None },
];

/// Kills and freezes nodes in turn until the time is over: coordinators at first, then leaders.
fn disturb(
    cluster: &mut impl Nodes,
    client: &Client,
    runtime: &Runtime,
    (quiet, tallies): (&RwLock<()>, Vec<Arc<Mutex<Tally>>>),
    over: &AtomicBool,
) -> (u32, u32) {
    let old_answers = |may_come| tallies.iter().for_each(|tally| tally.lock().unwrap().old_answers(may_come));
    let (mut kills, mut freezes) = (0, 0);
    while !over.load(Ordering::Relaxed) || kills == 0 {
        thread::sleep(Duration::from_secs(2));
        let round = kills + freezes;
        let kind = &KINDS[round as usize % KINDS.len()];
        let admin = client.admin().timeout(LIMIT);
        let node = runtime.block_on(async {
            if round % 4 < 2 {
                admin.describe_group(kind.name).await.unwrap().coordinator
            } else {
                admin.describe_topic(kind.name).await.unwrap().partitions[0].leader.unwrap()
            }
        });
        let node = usize::try_from(node).unwrap();
        if round % 2 == 0 {
            let _quiet = quiet.write().unwrap();
            old_answers(true);
            cluster.freeze(node);
            thread::sleep(Duration::from_secs(7));
            cluster.thaw(node);
            cluster.wait_until_ready(node);
            thread::sleep(Duration::from_secs(2));
            old_answers(false);
            freezes += 1;
        } else {
            cluster.kill(node);
            thread::sleep(Duration::from_secs(2));
            cluster.restart(node);
            kills += 1;
        }
    }
    (kills, freezes)
}

/// Writes to all topics, some thousand records a second, until it is told to stop.
async fn write(client: Client, partitions: i32, stop: Arc<AtomicBool>) {
    let producer = client.producer().build().await.unwrap();
    let topics = KINDS.map(|kind| producer.topic(kind.name));
    let (mut under_way, mut next) = (VecDeque::new(), 0);
    while !stop.load(Ordering::Relaxed) {
        for _ in 0..10 {
            next = (next + 1) % partitions;
            for topic in &topics {
                under_way.push_back(topic.send(Record::value("x").partition(next)).await.unwrap());
            }
        }
        while under_way.len() > 1000 {
            // Whether it was written is seen in the log.
            let _ = under_way.pop_front().unwrap().await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for delivery in under_way {
        let _ = delivery.await;
    }
    producer.close(SOON).await.unwrap();
}

/// One group.
struct Crowd {
    kind: Kind,
    servers: String,
    plan: Plan,
    tally: Arc<Mutex<Tally>>,
    members: VecDeque<Member>,
    /// Threads of those that are no members any more.
    former: Vec<JoinHandle<()>>,
    joined: u32,
    changes: usize,
}

/// One member, on a thread with its own client: what happens to the thread happens to all of it, as to a process.
struct Member {
    orders: mpsc::UnboundedSender<Order>,
    handle: Arc<OnceLock<GroupHandle>>,
    thread: JoinHandle<()>,
}

impl Member {
    fn is_in(&self) -> bool {
        self.handle.get().is_some_and(|handle| handle.status().is_stable)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// Leave in good order.
    Leave,
    /// Be dropped in the middle of the work.
    Drop,
    /// Stand still for longer than the session, sockets and all.
    Freeze,
    /// End without a word to anybody.
    Die,
}

impl Crowd {
    fn new(kind: Kind, servers: &str, client: &Client, runtime: &Runtime, plan: Plan) -> Self {
        let topic = NewTopic::new(kind.name).partitions(plan.partitions).replication(3);
        runtime.block_on(create_topic(client, topic));
        let tally = Arc::new(Mutex::new(Tally::new(plan.partitions)));
        let (servers, members, former) = (servers.to_owned(), VecDeque::new(), Vec::new());
        let mut crowd = Self { kind, servers, plan, tally, members, former, joined: 0, changes: 0 };
        for _ in 0..plan.members {
            crowd.join();
        }
        crowd
    }

    fn join(&mut self) {
        self.joined += 1;
        let (orders, received) = mpsc::unbounded_channel();
        let handle = Arc::<OnceLock<GroupHandle>>::default();
        let (number, kind, servers) = (self.joined, self.kind.clone(), self.servers.clone());
        let (tally, seen) = (Arc::clone(&self.tally), Arc::clone(&handle));
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(live(number, kind, &servers, &tally, &seen, received));
        });
        self.members.push_back(Member { orders, handle, thread });
    }

    /// Something happens to the member that was left alone for longest.
    fn change(&mut self) {
        const WAYS: [Order; 4] = [Order::Die, Order::Freeze, Order::Leave, Order::Drop];
        let order = WAYS[self.changes % WAYS.len()];
        let member = self.members.pop_front().unwrap();
        self.changes += 1;
        member.orders.send(order).unwrap_or_else(|_| panic!("a member of {} is gone", self.kind.name));
        if order == Order::Freeze {
            return self.members.push_back(member);
        }
        self.former.push(member.thread);
        self.join();
    }

    /// Holds what is committed against what was processed, and looks for threads that failed.
    fn check(&mut self, client: &Client, runtime: &Runtime, quiet: &RwLock<()>) {
        for ended in self.former.extract_if(.., |thread| thread.is_finished()) {
            ended.join().unwrap();
        }
        assert!(self.members.iter().all(|member| !member.thread.is_finished()), "{}", self.kind.name);
        if let Ok(_quiet) = quiet.try_read() {
            let offsets = runtime.block_on(client.admin().group_offsets(self.kind.name));
            let mut tally = self.tally.lock().unwrap();
            // A coordinator that has just died cannot be asked.
            for committed in offsets.into_iter().flatten() {
                tally.committed(committed.partition.partition, committed.offset);
            }
        }
        let broken = self.tally.lock().unwrap().broken();
        assert!(broken.is_empty(), "{}: {broken:#?}", self.kind.name);
    }

    /// Waits until everything is read, everybody has a share, and nothing is left to commit; then all leave.
    fn end(mut self, client: &Client, runtime: &Runtime) -> (usize, Tally) {
        let (name, admin) = (self.kind.name, client.admin());
        let partitions =
            (0..self.plan.partitions).map(|partition| TopicPartition { topic: name.to_owned(), partition });
        let ends = runtime.block_on(admin.list_offsets(partitions, OffsetSpec::Latest)).unwrap();
        let ends: Vec<i64> = ends.into_values().collect();
        self.wait("all records", || self.tally.lock().unwrap().has_all(&ends));
        self.wait("a stable group", || {
            let Ok(group) = runtime.block_on(admin.describe_group(name)) else { return false };
            let mut shared: Vec<i32> = group
                .members
                .iter()
                .flat_map(|member| member.assignment.values().flatten().copied())
                .collect();
            shared.sort_unstable();
            group.state == "Stable"
                && group.members.len() == self.plan.members
                && shared.into_iter().eq(0..self.plan.partitions)
        });
        self.wait("everybody to know what is theirs", || self.tally.lock().unwrap().unaware().is_empty());
        self.wait("lag 0", || {
            let lag = runtime.block_on(admin.group_lag(name, [name])).unwrap();
            lag.len() == ends.len() && lag.iter().all(|partition| partition.lag == Some(0))
        });
        self.check(client, runtime, &RwLock::new(()));
        for member in self.members.drain(..) {
            member.orders.send(Order::Leave).unwrap();
            self.former.push(member.thread);
        }
        for thread in self.former {
            thread.join().unwrap();
        }
        let group = runtime.block_on(admin.describe_group(name)).unwrap();
        assert_eq!((group.state.as_str(), group.members.len()), ("Empty", 0));
        (self.changes, Arc::into_inner(self.tally).unwrap().into_inner().unwrap())
    }

    fn wait(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let deadline = Instant::now() + LIMIT;
        while !holds() {
            if Instant::now() >= deadline {
                let handles = self.members.iter().map(|member| member.handle.get());
                let known: Vec<_> = handles.map(|handle| handle.map(GroupHandle::status)).collect();
                panic!("{} waits for {what}; {known:#?}", self.kind.name);
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// A member's life, until an order ends it.
async fn live(
    number: u32,
    kind: Kind,
    servers: &str,
    tally: &Mutex<Tally>,
    handle: &OnceLock<GroupHandle>,
    mut orders: mpsc::UnboundedReceiver<Order>,
) {
    let client = Client::builder(servers).client_id(format!("member {number}")).on_current_runtime();
    let client = client.build_timeout(LIMIT).build().await.unwrap();
    let mut consumer = join(&client, kind).await;
    handle.get_or_init(|| consumer.handle());
    loop {
        let mut order = None;
        let batch = tokio::select! {
            some = orders.recv() => {
                order = some;
                None
            }
            batch = consumer.next_batch() => Some(batch.unwrap().unwrap()),
        };
        if let Some(batch) = batch {
            let (partition, ownership) = (batch.partition(), batch.ownership());
            let records = batch.iter().next().unwrap().offset()..batch.next_offset();
            tally.lock().unwrap().begin(partition, number, move || ownership.standing(), records.clone());
            tokio::select! {
                some = orders.recv() => order = some,
                () = tokio::time::sleep(WORK) => {}
            }
            if order == Some(Order::Freeze) {
                freeze(number, &consumer, tally);
                order = None;
            }
            if matches!(order, None | Some(Order::Leave)) {
                tally.lock().unwrap().finish(partition, number, records);
            }
        }
        match order {
            None => {}
            Some(Order::Freeze) => freeze(number, &consumer, tally),
            Some(Order::Die) => return tally.lock().unwrap().died(number),
            Some(Order::Drop) => {
                drop(consumer);
                // The client tells the group.
                return tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Some(Order::Leave) => {
                let report = consumer.close(SOON).await.unwrap();
                return assert!(report.busy.is_empty(), "{report:?}");
            }
        }
    }
}

async fn join(client: &Client, kind: Kind) -> GroupConsumer {
    let builder = client.consumer().group(kind.name).subscribe([kind.name]).protocol(kind.protocol);
    let mut builder = builder.from(Offset::Earliest).auto_commit(Duration::from_millis(200));
    if let Some(assignor) = kind.assignor {
        builder = builder.assignors([assignor]).session_timeout(SESSION);
        builder = builder.heartbeat_interval(Duration::from_secs(1));
    }
    builder.build().await.unwrap()
}

/// Neither the application nor its client moves, and the sockets stay open.
fn freeze(number: u32, consumer: &GroupConsumer, tally: &Mutex<Tally>) {
    thread::sleep(SESSION + Duration::from_secs(2));
    for ownership in consumer.handle().owned() {
        let partition = ownership.partition().partition;
        tally.lock().unwrap().stood_still(partition, number, move || ownership.standing());
    }
}
