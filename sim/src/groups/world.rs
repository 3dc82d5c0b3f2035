use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use ottla_broker::Engine;
use ottla_core::consumer::ConsumerConfig;
use ottla_core::net::NetConfig;
use ottla_core::{Core, CoreConfig, Instant};
use ottla_proto::messages::delete_records::{DeleteRecordsPartition, DeleteRecordsTopic};
use ottla_proto::messages::delete_topics::DeleteTopicState;
use ottla_proto::messages::produce::{PartitionProduceData, TopicProduceData};
use ottla_proto::messages::{
    DeleteRecordsRequest, DeleteTopicsRequest, FindCoordinatorRequest, ProduceRequest,
};
use ottla_proto::records::{BatchWriter, Stamp};
use ottla_proto::wire::Request;
use ottla_proto::{BrokerId, ErrorCode};

use super::member::MemberApp;
use super::plan::{Append, Deed, GROUP, GroupFault, Plan};
use super::truth::{RecordId, Truth};
use crate::chance::Chance;
use crate::client::{Client, carry, host};
use crate::log;
use crate::network::{CLIENT_ID, Network, broker_time, cluster};
use crate::plan::{FAULTY, Fault, NODES, PARTITIONS, TOPIC};
use crate::queue::{Happening, Queue};
use crate::report::{Counts, Violation};

pub(super) struct World {
    pub(super) plan: Plan,
    pub(super) chance: Chance,
    pub(super) queue: Queue,
    pub(super) network: Network,
    pub(super) clients: Vec<Client>,
    pub(super) members: Vec<Option<MemberApp>>,
    incarnations: Vec<usize>,
    pub(super) truth: Truth,
    pub(super) counts: Counts,
    /// The broker's names of faults, and ours.
    fault_names: BTreeMap<String, String>,
    /// Nothing may happen to the group any more.
    pub(super) calm: bool,
    /// The last generation whose coordinator went while it waited for members to join the next one.
    pub(super) lost_rebalance: Option<i32>,
}

/// Between two questions for the reasons of all waits.
const PROBES: Duration = Duration::from_millis(1_300);
/// What everything may take to come to rest when nothing is wrong any more, beyond what was asked for.
const RECOVERY: Duration = Duration::from_secs(30);
/// What members are given to leave at the end.
const FAREWELL: Duration = Duration::from_secs(10);

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let plan = Plan::new(&mut chance);
        let mut config = cluster();
        config.auto_create_topics = false;
        config.groups.consumer_session_timeout = plan.member.session;
        config.groups.consumer_heartbeat_interval = plan.member.heartbeat;
        // In every other run as Kafka since 4.3: what is asked for may have been given up before.
        config.groups.consumer_assignment_interval = Duration::from_secs(seed % 2);
        let mut engine = Engine::new(config);
        create_topic(&mut engine, plan.unclean);
        let network = Network::around(engine, plan.latency, Chance::new(chance.number()));
        let mut queue = Queue::default();
        for (at, deed) in plan.members.iter().flat_map(|member| &member.deeds) {
            queue.at(*at, Happening::Group(*deed));
        }
        for (index, append) in plan.appends.iter().enumerate() {
            queue.at(append.at, Happening::Group(Deed::Append(index)));
        }
        for (index, fault) in plan.faults.iter().enumerate() {
            queue.at(fault.at, Happening::FaultBegins(index));
            queue.at(fault.at + fault.length, Happening::FaultEnds(index));
        }
        queue.after(PROBES, Happening::Probe);
        let slots = plan.members.len();
        let truth = Truth::new(plan.unclean);
        Self {
            plan,
            chance,
            queue,
            network,
            clients: Vec::new(),
            members: (0..slots).map(|_| None).collect(),
            incarnations: vec![0; slots],
            truth,
            counts: Counts::default(),
            fault_names: BTreeMap::new(),
            calm: false,
            lost_rebalance: None,
        }
    }

    /// Runs to the end and holds what was told against what is.
    pub(super) fn run(&mut self) -> Result<(), Violation> {
        self.counts.add(&format!("group {:?}", self.plan.kind));
        self.counts.add(&format!("commits {:?}", self.plan.commits));
        self.run_until(Instant::ZERO + FAULTY, false)?;
        // Nothing begins to go wrong any more; somebody is to read.
        self.network.engine.clear_faults();
        if self.members.iter().all(Option::is_none) {
            self.join(0);
        }
        let plan = &self.plan;
        let patience = plan.member.session + plan.member.max_poll * 2 + plan.request_timeout * 2;
        let ends = plan.faults.iter().map(|fault| fault.at + fault.length);
        let calm = ends.fold(self.queue.now.max(self.network.last_mute), Instant::max);
        // What was asked before is answered or given up by then: none of it can disturb a group that rests.
        self.run_until(calm + self.plan.request_timeout, false)?;
        self.run_until(calm + RECOVERY + patience, true)?;
        self.check_rest()?;
        // A group that has come to rest stays as it is.
        self.calm = true;
        self.run_until(self.queue.now + self.plan.member.session * 3, false)?;
        self.check_rest()?;
        self.calm = false;
        for slot in 0..self.members.len() {
            self.leave(slot, FAREWELL);
        }
        self.run_until(self.queue.now + FAREWELL + Duration::from_secs(1), false)?;
        self.check_left()
    }

    /// Lets time pass until then, or, if `may_end`, until the group is at rest.
    fn run_until(&mut self, end: Instant, may_end: bool) -> Result<(), Violation> {
        loop {
            self.run_now()?;
            if may_end && self.is_at_rest() {
                return Ok(());
            }
            let clients = self.clients.iter().filter_map(Client::wakes_at);
            let next = clients.chain(self.queue.next_at()).chain(self.network.next_at()).min();
            let Some(next) = next.filter(|&next| next <= end) else {
                self.queue.now = end;
                return self.check_moment();
            };
            self.queue.now = next.max(self.queue.now);
            while let Some(happening) = self.queue.due() {
                self.happen(happening)?;
            }
            if self.network.next_at().is_some_and(|at| at <= self.queue.now) {
                self.network.handle_timeout(&mut self.queue, &mut self.counts);
            }
        }
    }

    /// Everybody who was woken acts, until all sleep.
    pub(super) fn run_now(&mut self) -> Result<(), Violation> {
        let now = self.queue.now;
        let mut acted = true;
        while acted {
            acted = false;
            for client in &mut self.clients {
                if client.wants_turn(now) {
                    client.turn(&mut self.network, &mut self.queue, &mut self.counts)?;
                    acted = true;
                }
            }
            let Self { members, clients, truth, chance, queue, counts, .. } = self;
            for member in members.iter_mut().flatten() {
                let client = &mut clients[member.client];
                if client.suspended_until > now {
                    continue;
                }
                for event in std::mem::take(&mut client.told) {
                    member.hear(event, truth, counts)?;
                }
                if member.is_woken() {
                    member.act(truth, chance, queue, counts)?;
                    acted = true;
                }
                member.plan_another_commit(queue);
            }
            self.bury()?;
        }
        self.check_moment()
    }

    fn happen(&mut self, happening: Happening) -> Result<(), Violation> {
        let now = self.queue.now;
        let concerned = self.client_concerned(&happening);
        if let Some(until) =
            concerned.map(|client| self.clients[client].suspended_until).filter(|at| *at > now)
        {
            if until < DEAD {
                self.queue.at(until, happening);
            }
            return Ok(());
        }
        let Self { clients, network, queue, counts, .. } = self;
        match carry(happening, clients, network, queue, counts) {
            Some(Happening::FaultBegins(index)) => self.begin(index),
            Some(Happening::FaultEnds(index)) => self.end(index),
            Some(Happening::Group(deed)) => self.act(deed)?,
            Some(Happening::Probe) => {
                self.check_reasons()?;
                self.check_progress()?;
                self.queue.after(PROBES, Happening::Probe);
            }
            _ => {}
        }
        for firing in self.network.engine.take_firings() {
            if let Some(name) = self.fault_names.get(&firing.fault) {
                self.counts.add(name);
            }
        }
        self.check_commits()
    }

    /// The client without which this cannot happen.
    fn client_concerned(&self, happening: &Happening) -> Option<usize> {
        match *happening {
            Happening::Connect(socket)
            | Happening::ToClient(socket, _)
            | Happening::ClientSeesEnd(socket)
            | Happening::Writable(socket) => Some(self.network.sockets[socket.0].client),
            Happening::Group(
                Deed::Leave(slot, _)
                | Deed::Abandon(slot)
                | Deed::Dawdle(slot)
                | Deed::Done(slot, ..)
                | Deed::GoOn(slot, _),
            ) => self.members[slot].as_ref().map(|member| member.client),
            _ => None,
        }
    }

    fn act(&mut self, deed: Deed) -> Result<(), Violation> {
        match deed {
            Deed::Join(slot) => self.join(slot),
            Deed::Leave(slot, given) => self.leave(slot, given),
            Deed::Abandon(slot) => {
                let Some(member) = self.members[slot].take_if(|member| member.leaving.is_none()) else {
                    return Ok(());
                };
                self.counts.add("abandoned");
                let (key, client) = (member.key, &mut self.clients[member.client]);
                drop(member);
                client.core.parts().groups.abandon(key, self.queue.now);
                client.has_input = true;
            }
            Deed::Die(slot) => {
                if let Some(member) = self.members[slot].take() {
                    self.counts.add("died");
                    self.clients[member.client].die(&mut self.network, &mut self.queue);
                }
            }
            Deed::Dawdle(slot) => {
                if let Some(member) = &mut self.members[slot] {
                    member.dawdle();
                }
            }
            Deed::Done(slot, incarnation, work) => {
                let Self { members, clients, truth, chance, queue, counts, .. } = self;
                let member = members[slot].as_mut().filter(|member| member.incarnation == incarnation);
                if let Some(member) = member {
                    let client = &mut clients[member.client];
                    member.done(work, client, truth, chance, queue, counts)?;
                }
            }
            Deed::GoOn(slot, incarnation) => {
                let member = self.members[slot].as_mut();
                if let Some(member) = member.filter(|member| member.incarnation == incarnation) {
                    member.go_on(&mut self.clients[member.client], self.queue.now);
                }
            }
            Deed::Append(index) => self.append(index),
        }
        Ok(())
    }

    fn join(&mut self, slot: usize) {
        if self.members[slot].is_some() {
            return;
        }
        self.incarnations[slot] += 1;
        let index = self.clients.len();
        let mut net = NetConfig::default();
        net.client_id = Some(CLIENT_ID.into());
        net.request_timeout = self.plan.request_timeout;
        net.metadata_max_age = self.plan.metadata_max_age;
        let config = CoreConfig { bootstrap: (1..=NODES).map(host).collect(), net };
        let core = Core::new(config, self.chance.number(), self.queue.now);
        let mut client = Client::new(index, core, Chance::new(self.chance.number()));
        let reading = ConsumerConfig {
            budget_bytes: self.plan.budget,
            fetch_max_wait: self.plan.fetch_max_wait,
            request_timeout: self.plan.request_timeout,
            awaits_assignment: true,
            ..ConsumerConfig::default()
        };
        let wake = client.core.wake().clone();
        let parts = client.core.parts();
        let (key, reader) = parts.consumers.add(reading, wake.clone());
        let group = self.plan.group(slot);
        let edge = parts.groups.join(key, group, reader.edge().clone(), wake, parts.net, self.queue.now);
        client.has_input = true;
        self.clients.push(client);
        let name = (slot, self.incarnations[slot], index);
        self.members[slot] = Some(MemberApp::new(name, (key, edge, reader), &self.plan));
    }

    /// Whether somebody is still to join, to write, or to try again.
    pub(super) fn has_plans(&self) -> bool {
        let is_plan = |deed: &Deed| matches!(deed, Deed::Join(_) | Deed::Append(_) | Deed::GoOn(..));
        self.queue.is_planned(|happening| matches!(happening, Happening::Group(deed) if is_plan(deed)))
    }

    /// Whether somebody is still to join.
    pub(super) fn awaits_members(&self) -> bool {
        self.queue.is_planned(|happening| matches!(happening, Happening::Group(Deed::Join(_))))
    }

    fn leave(&mut self, slot: usize, given: Duration) {
        let Some(member) = self.members[slot].as_mut().filter(|member| member.leaving.is_none()) else {
            return;
        };
        let client = &mut self.clients[member.client];
        let deadline = self.queue.now + given;
        let ticket = client.core.ticket();
        let groups = client.core.parts().groups;
        groups.leave(member.key, deadline, self.queue.now);
        groups.await_leave(member.key, ticket);
        client.has_input = true;
        member.leaving = Some((ticket, deadline));
    }

    /// Members whose end was told are gone, with their clients.
    fn bury(&mut self) -> Result<(), Violation> {
        for slot in 0..self.members.len() {
            let Some(mut member) = self.members[slot].take_if(|member| member.end.is_some()) else {
                continue;
            };
            self.check_ended(&mut member)?;
            self.clients[member.client].die(&mut self.network, &mut self.queue);
            if member.has_failed() {
                // The group speaks the other protocol by now, or a new coordinator knows the others by one assignor.
                let plan = &mut self.plan.members[slot];
                (plan.auto, plan.assignor) = (true, 0);
                let again = self.chance.millis(300, 3_000);
                self.queue.after(again, Happening::Group(Deed::Join(slot)));
            }
        }
        Ok(())
    }

    /// Somebody writes; if nobody takes it now, then later.
    fn append(&mut self, index: usize) {
        let Append { mut partition, count, size, .. } = self.plan.appends[index];
        let added = self.network.partitions - PARTITIONS;
        if added > 0 && self.chance.one_in(3) {
            partition = PARTITIONS + self.chance.size(0, added.unsigned_abs() as usize - 1) as i32;
        }
        let records = self.truth.number(count);
        let request = produce(partition, &records, size, if self.plan.unclean { 1 } else { -1 });
        for node in 1..=NODES {
            let response = self.ask(BrokerId(node), 9, &request);
            let Some(answer) = response.and_then(|response| {
                response.responses.into_iter().next()?.partition_responses.into_iter().next()
            }) else {
                continue;
            };
            if answer.error_code.is_none() {
                self.truth.wrote(partition, answer.base_offset, &records);
                self.counts.add("batch written");
                return;
            }
        }
        if self.queue.now < Instant::ZERO + FAULTY {
            let again = self.chance.millis(200, 2_000);
            self.queue.after(again, Happening::Group(Deed::Append(index)));
        }
    }

    pub(super) fn ask<R: Request>(
        &mut self,
        node: BrokerId,
        version: i16,
        request: &R,
    ) -> Option<R::Response> {
        let mut others = Vec::new();
        let answer = log::ask(&mut self.network.engine, node, request, version, self.queue.now, &mut others);
        for output in others {
            self.network.deliver(output, &mut self.queue, &mut self.counts);
        }
        answer
    }

    pub(super) fn ask_any<R: Request>(&mut self, version: i16, request: &R) -> Option<R::Response> {
        (1..=NODES).find_map(|node| self.ask(BrokerId(node), version, request))
    }

    pub(super) fn coordinator(&mut self) -> Option<BrokerId> {
        let request = FindCoordinatorRequest { key: GROUP.into(), ..Default::default() };
        let found = self.ask_any(3, &request)?;
        found.error_code.is_none().then_some(found.node_id)
    }
}

// What goes wrong.
impl World {
    fn begin(&mut self, index: usize) {
        let planned = self.plan.faults[index].clone();
        let now = self.queue.now;
        let until = planned.at + planned.length;
        let name = format!("fault {}", planned.fault.name());
        match planned.fault {
            GroupFault::Any(Fault::Suspend(slot)) => {
                let Some(member) = &self.members[slot] else { return };
                let client = &mut self.clients[member.client];
                client.suspended_until = client.suspended_until.max(until);
            }
            GroupFault::Any(fault) => {
                if matches!(
                    fault,
                    Fault::Kill(_) | Fault::Stop(_) | Fault::Freeze(_) | Fault::ExpireSession(_)
                ) {
                    self.note_lost_rebalance();
                }
                self.network.begin(fault, until, &mut self.queue, &mut self.counts);
                let again = now + self.chance.millis(20, 1_000);
                if fault.recurs() && again < until {
                    self.queue.at(again, Happening::FaultBegins(index));
                }
            }
            GroupFault::KillCoordinator(_) => {
                let Some(node) = self.coordinator() else { return };
                self.plan.faults[index].fault = GroupFault::KillCoordinator(node);
                self.note_lost_rebalance();
                self.network.begin(Fault::Kill(node), until, &mut self.queue, &mut self.counts);
            }
            GroupFault::Api(fault, _) => {
                // It counts when it strikes.
                self.fault_names.insert(fault.name.clone(), name);
                let added = self.network.engine.add_fault(*fault, broker_time(now));
                debug_assert!(added.is_ok(), "{added:?}");
                return;
            }
            GroupFault::Retention(partition, all) => {
                if !self.retain(partition, all) {
                    return;
                }
            }
            GroupFault::MorePartitions => {
                let more = self.chance.between(1, 2) as i32;
                if self.network.partitions == PARTITIONS {
                    self.network.begin(Fault::Grow(more), until, &mut self.queue, &mut self.counts);
                }
            }
            GroupFault::Recreate => {
                let topic = DeleteTopicState { name: Some(TOPIC.into()), ..Default::default() };
                let request = DeleteTopicsRequest { topics: vec![topic], ..Default::default() };
                let deleted = self.ask_any(6, &request);
                if deleted.is_none_or(|deleted| deleted.responses.iter().any(|it| !it.error_code.is_none())) {
                    return;
                }
                self.truth.recreated(self.network.partitions);
            }
        }
        self.counts.add(&name);
    }

    /// A node goes, which may be the coordinator: whoever follows it does not know that a rebalance had begun.
    fn note_lost_rebalance(&mut self) {
        let coordinator = self.coordinator();
        let answer = coordinator.and_then(|coordinator| self.as_classic(coordinator));
        let mut groups = answer.into_iter().flat_map(|answer| answer.groups);
        if groups.any(|group| group.group_state == "PreparingRebalance") {
            let members = self.members.iter().flatten();
            self.lost_rebalance = members.map(|member| member.edge.status().generation).max();
        }
    }

    fn end(&mut self, index: usize) {
        let planned = self.plan.faults[index].clone();
        let Self { network, queue, counts, .. } = self;
        match planned.fault {
            GroupFault::Any(fault) => network.end(fault, queue, counts),
            GroupFault::KillCoordinator(node) if node != BrokerId::NONE => {
                network.end(Fault::Kill(node), queue, counts);
            }
            GroupFault::Api(fault, _) => drop(network.engine.remove_fault(&fault.name)),
            GroupFault::Recreate => {
                // Too few nodes may live for its replicas.
                if !create_topic(&mut network.engine, self.plan.unclean) && self.truth.is_recreated() {
                    self.queue.after(Duration::from_millis(500), Happening::FaultEnds(index));
                } else {
                    self.network.partitions = PARTITIONS;
                }
            }
            GroupFault::KillCoordinator(_) | GroupFault::Retention(..) | GroupFault::MorePartitions => {}
        }
    }

    /// Retention takes all that the partition has, or half of it.
    fn retain(&mut self, partition: i32, all: bool) -> bool {
        let offset = if all { -1 } else { self.truth.middle(partition) };
        let partitions =
            vec![DeleteRecordsPartition { partition_index: partition, offset, ..Default::default() }];
        let topic = DeleteRecordsTopic { name: TOPIC.into(), partitions, ..Default::default() };
        let request = DeleteRecordsRequest { topics: vec![topic], ..Default::default() };
        for node in 1..=NODES {
            let Some(response) = self.ask(BrokerId(node), 2, &request) else { continue };
            let mut results = response.topics.into_iter().flat_map(|topic| topic.partitions);
            if let Some(result) = results.find(|result| result.error_code == ErrorCode::NONE) {
                self.truth.log_start.insert(partition, result.low_watermark);
                return result.low_watermark > 0;
            }
        }
        false
    }
}

/// When the clients of members wake that are gone.
pub(super) const DEAD: Instant = Instant::from_micros(u64::MAX);

fn create_topic(engine: &mut Engine, unclean: bool) -> bool {
    let settings = [
        ("min.insync.replicas", if unclean { "1" } else { "2" }),
        ("unclean.leader.election.enable", if unclean { "true" } else { "false" }),
    ];
    let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
    engine.create_topic(TOPIC, PARTITIONS, 3, settings.into()).is_ok()
}

fn produce(partition: i32, records: &[RecordId], size: usize, acks: i16) -> ProduceRequest {
    let mut writer = BatchWriter::new(Vec::new());
    for record in records {
        let mut value = record.to_be_bytes().to_vec();
        value.resize(value.len() + size, b'.');
        let appended = writer.append(1_700_000_000_000, None, Some(&value), usize::MAX);
        debug_assert!(appended.is_ok());
    }
    let bytes: Bytes = writer.seal().stamp(Stamp::NONE).bytes().clone();
    let data = PartitionProduceData { index: partition, records: Some(bytes), ..Default::default() };
    let topic = TopicProduceData { name: TOPIC.into(), partition_data: vec![data], ..Default::default() };
    ProduceRequest { acks, timeout_ms: 1_000, topic_data: vec![topic], ..Default::default() }
}
