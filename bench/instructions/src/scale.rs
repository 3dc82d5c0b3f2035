//! What a unit costs where there are very many: CPU time of this thread, and with the feature `memory` the bytes that stay.
//!
//! Each case runs at three sizes, so that one sees whether the cost of a unit depends on how many there are.

use std::collections::BTreeSet;
use std::hint::black_box;
use std::process::ExitCode;
use std::time::Duration;

use bytestring::ByteString;
use ottla_core::Park;
use ottla_core::consumer::{ConsumerConfig, Start, TopicPartition};
use ottla_core::group::MemberSubscription;
use ottla_core::group::assignor::{
    Assignor, CooperativeStickyAssignor, GroupAssignment, GroupMember, GroupTopics, RangeAssignor,
};
use ottla_core::producer::ProducerConfig;
use ottla_proto::{ApiKey, TopicName};
use rustix::time::{ClockId, clock_gettime};

use crate::Failure;
use crate::peer::{ORDERS, Peer};

#[cfg(feature = "memory")]
#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

/// Where the brokers are not what grows.
const BROKERS: i32 = 1_000;

type Case = fn(i32) -> Result<Vec<Row>, Failure>;

/// By name, each with what a size counts.
const CASES: [(&str, [i32; 3], Case); 7] = [
    ("view", [10_000, 100_000, 1_000_000], view),
    ("producer", [10_000, 100_000, 1_000_000], producer),
    ("records", [1_000, 10_000, 100_000], records),
    ("connections", [10, 100, 1_000], connections),
    ("member", [1_000, 10_000, 100_000], member),
    ("range", [10, 100, 1_000], range),
    ("cooperative-sticky", [10, 100, 1_000], cooperative_sticky),
];

/// What was measured.
struct Row {
    what: &'static str,
    unit: &'static str,
    units: i32,
    cost: Cost,
}

struct Cost {
    cpu: Duration,
    /// What was allocated and is still there, if that is counted.
    bytes: Option<i64>,
}

/// All cases, or those that are named.
pub(crate) fn run(only: Vec<String>) -> ExitCode {
    println!("| case | size | what | CPU, ns each | CPU in all, ms | bytes each | unit |");
    println!("|---|---:|---|---:|---:|---:|---|");
    let wanted = |name: &str| only.is_empty() || only.iter().any(|only| only == name);
    for (name, sizes, case) in CASES.iter().filter(|(name, ..)| wanted(name)) {
        for size in sizes {
            let rows = match case(*size) {
                Ok(rows) => rows,
                Err(error) => {
                    eprintln!("error: {name} of {size}: {error}");
                    return ExitCode::FAILURE;
                }
            };
            for Row { what, unit, units, cost: Cost { cpu, bytes } } in rows {
                let units = f64::from(units);
                let each = cpu.as_secs_f64() * 1e9 / units;
                let all = cpu.as_secs_f64() * 1e3;
                #[expect(clippy::cast_precision_loss, reason = "memory here lies far below 2^52 bytes")]
                let bytes = bytes.map_or("-".to_owned(), |bytes| format!("{:.0}", bytes as f64 / units));
                println!("| {name} | {size} | {what} | {each:.0} | {all:.2} | {bytes} | {unit} |");
            }
        }
    }
    ExitCode::SUCCESS
}

/// What `run` costs; what it gives is kept until that is known.
fn cost_of<T>(run: impl FnOnce() -> T) -> (Cost, T) {
    let (time, memory) = (cpu(), allocated());
    let kept = run();
    let bytes = allocated().zip(memory).map(|(after, before)| after - before);
    (Cost { cpu: cpu().saturating_sub(time), bytes }, kept)
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

#[cfg(feature = "memory")]
fn allocated() -> Option<i64> {
    let stats = ALLOCATOR.stats();
    // What a buffer grew by counts as allocated, what it shrank by as given back.
    i64::try_from(stats.bytes_allocated.saturating_sub(stats.bytes_deallocated)).ok()
}

#[cfg(not(feature = "memory"))]
fn allocated() -> Option<i64> {
    None
}

/// A description of topics of a thousand partitions each, with three replicas: the first one, one that says nothing new,
/// and one in which a partition of each topic has moved.
fn view(partitions: i32) -> Result<Vec<Row>, Failure> {
    let topics: Vec<_> =
        (0..partitions / 1_000).map(|topic| TopicName::from(format!("topic-{topic}").as_str())).collect();
    let mut peer = Peer::new(topics.iter().map(|topic| (topic.clone(), 1_000)).collect());
    peer.brokers = BROKERS;
    let mut rows = Vec::new();
    for (what, moved) in [("first description", 0), ("the same again", 0), ("each topic changed", 1)] {
        peer.moved = moved;
        if rows.is_empty() {
            peer.serve()?;
            topics.iter().for_each(|topic| peer.core.parts().net.cluster_mut().want(topic));
        } else {
            peer.core.parts().net.cluster_mut().refresh();
        }
        // As soon as it may ask again.
        peer.now = peer.now + Duration::from_secs(10);
        peer.turn();
        let answers = peer.answers()?;
        let (cost, ()) = cost_of(|| {
            peer.take_in(&answers);
            peer.turn();
        });
        rows.push(Row { what, unit: "partition", units: partitions, cost });
    }
    Ok(rows)
}

/// What a producer has of its topic's partitions, and what it does when a thousand leaders have moved.
fn producer(partitions: i32) -> Result<Vec<Row>, Failure> {
    let mut peer = Peer::new(vec![(ORDERS, partitions)]);
    peer.brokers = BROKERS;
    peer.serve()?;
    let wake = peer.core.wake().clone();
    let parts = peer.core.parts();
    parts.net.cluster_mut().want(&ORDERS);
    peer.serve()?;
    let (first, orders) = cost_of(|| {
        let parts = peer.core.parts();
        let edge = parts.producers.add(ProducerConfig::default(), parts.net, &wake);
        let orders = edge.topic(&ORDERS);
        peer.turn();
        orders
    });
    peer.serve()?;
    if orders.partitions() != u32::try_from(partitions)? {
        return Err("the producer did not learn of its topic".into());
    }
    peer.moved = 1_000;
    peer.core.parts().net.cluster_mut().refresh();
    peer.now = peer.now + Duration::from_secs(10);
    peer.turn();
    let answers = peer.answers()?;
    peer.take_in(&answers);
    let (moved, ()) = cost_of(|| peer.turn());
    Ok(vec![
        Row { what: "a producer takes the topic in", unit: "partition", units: partitions, cost: first },
        Row { what: "turn after 1,000 leaders moved", unit: "partition", units: partitions, cost: moved },
    ])
}

/// A record for each partition: handing it over, sending it, its acknowledgement.
fn records(partitions: i32) -> Result<Vec<Row>, Failure> {
    let (mut peer, orders) = Peer::with_producer_over(BROKERS.min(partitions), partitions, unhindered)?;
    // Connections, and every sequence begun.
    peer.append_to_each(&orders, partitions)?;
    peer.serve()?;
    let (append, result) = cost_of(|| peer.append_to_each(&orders, partitions));
    result?;
    let (send, ()) = cost_of(|| peer.turn());
    let answers = peer.answers()?;
    let (settle, ()) = cost_of(|| peer.take_in(&answers));
    let rest = peer.serve_but(ApiKey::FETCH)?;
    if !rest.is_empty() {
        return Err("a producer fetched".into());
    }
    let row = |what, cost| Row { what, unit: "batch of one record", units: partitions, cost };
    Ok(vec![row("append", append), row("the turn that sends", send), row("acknowledgements", settle)])
}

/// A producer that waits neither for more records nor for memory.
fn unhindered(config: &mut ProducerConfig) {
    config.linger = Duration::ZERO;
    config.memory_bytes = 1 << 30;
    config.node_share_percent = 100;
}

/// A client that produces to and reads from each broker and has no news: what a turn costs for each connection.
fn connections(brokers: i32) -> Result<Vec<Row>, Failure> {
    const TURNS: i32 = 1_000;
    let (mut peer, orders) = Peer::with_producer_over(brokers, brokers, unhindered)?;
    peer.append_to_each(&orders, brokers)?;
    peer.serve()?;
    let wake = peer.core.wake().clone();
    let (_, reader) = peer.core.parts().consumers.add(ConsumerConfig::default(), wake);
    let partition = |partition| (TopicPartition { topic: ORDERS, partition }, Start::At(0));
    reader.edge().assign((0..brokers).map(partition));
    let fetches = peer.serve_but(ApiKey::FETCH)?;
    if fetches.len() != usize::try_from(brokers)? {
        return Err(format!("{} brokers were asked for records", fetches.len()).into());
    }
    let (quiet, ()) = cost_of(|| (0..TURNS).for_each(|_| black_box(&mut peer).turn()));
    let (parked, _) = cost_of(|| (0..TURNS).filter(|_| black_box(peer.core.park()) == Park::Again).count());
    let row = |what, cost| Row { what, unit: "turn", units: TURNS, cost };
    Ok(vec![row("a turn without news", quiet), row("going to sleep", parked)])
}

/// The one member of a group: it learns where its partitions begin and asks for records; then it has nothing to do.
fn member(partitions: i32) -> Result<Vec<Row>, Failure> {
    const TURNS: i32 = 1_000;
    let (mut peer, member, reader) = Peer::with_new_member(partitions);
    let asked = peer.serve_but(ApiKey::OFFSET_FETCH)?;
    let answers: Result<Vec<_>, Failure> =
        asked.iter().map(|asked| Ok((asked.connection(), peer.answer(asked)?))).collect();
    let answers = answers?;
    let (begin, ()) = cost_of(|| {
        peer.take_in(&answers);
        peer.turn();
    });
    peer.serve()?;
    if reader.partitions().len() != usize::try_from(partitions)? {
        return Err("not all partitions are read".into());
    }
    let (quiet, ()) = cost_of(|| (0..TURNS).for_each(|_| peer.turn()));
    let _stays = member;
    Ok(vec![
        Row { what: "offsets, and asking for records", unit: "partition", units: partitions, cost: begin },
        Row { what: "a turn without news", unit: "turn", units: TURNS, cost: quiet },
    ])
}

fn range(members: i32) -> Result<Vec<Row>, Failure> {
    assign(&RangeAssignor, members)
}

fn cooperative_sticky(members: i32) -> Result<Vec<Row>, Failure> {
    assign(&CooperativeStickyAssignor, members)
}

/// A thousand partitions for each member, in topics of ten thousand: for a new group, when one joins, and when as many
/// join as there are.
fn assign(assignor: &dyn Assignor, members: i32) -> Result<Vec<Row>, Failure> {
    let names: BTreeSet<_> =
        (0..members / 10).map(|topic| TopicName::from(format!("topic-{topic}").as_str())).collect();
    let mut topics = GroupTopics::default();
    for name in &names {
        topics.insert(name.clone(), vec![BTreeSet::new(); 10_000]);
    }
    let group = |size| -> Vec<_> { (0..size).map(|number| a_member(number, &names)).collect() };
    let (first, assignment) = cost_of(|| assignor.assign(&topics, &group(members)));
    let mut rows = Vec::new();
    let row = |what, cost| Row { what, unit: "partition", units: 1_000 * members, cost };
    rows.push(row("a new group", first));
    for (what, joined) in [("one joins", members + 1), ("as many join", 2 * members)] {
        let mut members = group(joined);
        own(&mut members, &assignment);
        let (cost, _assignment) = cost_of(|| assignor.assign(&topics, &members));
        rows.push(row(what, cost));
    }
    Ok(rows)
}

fn a_member(number: i32, topics: &BTreeSet<TopicName>) -> GroupMember {
    let subscription =
        MemberSubscription { topics: topics.clone(), generation: -1, ..MemberSubscription::default() };
    GroupMember {
        id: ByteString::from(format!("member-{number:04}")),
        subscription,
        ..GroupMember::default()
    }
}

fn own(members: &mut [GroupMember], assignment: &GroupAssignment) {
    for member in members {
        if let Some(share) = assignment.get(&member.id) {
            member.subscription.owned = share.clone();
            member.subscription.generation = 1;
        }
    }
}
