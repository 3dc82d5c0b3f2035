//! What is held against a group's run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ottla_core::group::{GroupError, GroupEvent, decode_assignment};
use ottla_proto::messages::offset_fetch::OffsetFetchRequestGroup;
use ottla_proto::messages::{
    ConsumerGroupDescribeRequest, DescribeGroupsRequest, DescribeGroupsResponse, OffsetFetchRequest,
};
use ottla_proto::{BrokerId, ErrorCode};

use super::member::{Ended, MemberApp};
use super::plan::{Commits, GROUP, Kind};
use super::truth::{committed, record_of};
use super::world::World;
use crate::log;
use crate::report::Violation;

/// How much later than its deadline a farewell may be told.
const GRACE: Duration = Duration::from_millis(100);

impl World {
    pub(super) fn check_moment(&mut self) -> Result<(), Violation> {
        let now = self.queue.now;
        let mut given = Vec::new();
        for (slot, member) in self.members.iter_mut().enumerate() {
            let Some(member) = member else { continue };
            member.check_memory()?;
            member.check_absence()?;
            let awake = self.clients[member.client].suspended_until <= now;
            if let Some((_, due)) = member.leaving
                && awake
                && now > due.max(self.clients[member.client].suspended_until) + GRACE
            {
                return Err(Violation::Late { what: format!("the farewell of member {slot}"), due, now });
            }
            for event in std::mem::take(&mut member.news) {
                if self.calm {
                    let text = format!("member {slot} was at rest and is told {event:?}");
                    return Err(Violation::Untrue(text));
                }
                if let GroupEvent::Assigned { partitions } = event {
                    given.extend(partitions.into_iter().map(|partition| (slot, partition.partition)));
                }
            }
        }
        given.into_iter().try_for_each(|(slot, partition)| self.check_owner(slot, partition))
    }

    /// Nobody else has the partition who is a member in good standing.
    fn check_owner(&mut self, slot: usize, partition: i32) -> Result<(), Violation> {
        if self.truth.is_recreated() {
            // It may be the partition of either topic.
            return Ok(());
        }
        let owners =
            self.members.iter().flatten().filter(|member| member.owns().any(|owned| owned == partition));
        let named = |member: &MemberApp| {
            let status = member.edge.status();
            (member.slot, status.member_id.to_string(), status.generation)
        };
        let (own, others): (Vec<_>, Vec<_>) = owners.map(named).partition(|(owner, ..)| *owner == slot);
        if others.is_empty() {
            return Ok(());
        }
        self.counts.add("two owners, one of them fenced");
        let Some(known) = self.known_members() else { return Ok(()) };
        if own.iter().all(|(_, id, _)| !known.contains(id)) {
            // It was away while its answer lay there, and the group has gone on without it.
            self.counts.add("given by an answer that was too late");
            return Ok(());
        }
        let Some((other, id, generation)) = others.into_iter().find(|(_, id, _)| known.contains(id)) else {
            return Ok(());
        };
        if self.is_forgotten(&id, generation, partition) {
            self.counts.add("given by a group that was classic for a moment");
            return Ok(());
        }
        Err(Violation::Untrue(format!(
            "partition {partition} is given to member {slot} while member {other} ({id}), which the group knows, has it"
        )))
    }

    /// Whether the group has forgotten that the member has the partition, as Kafka's does: a consumer group that becomes
    /// a classic one keeps of each member what it shall have, not what it has (`ClassicGroup.fromConsumerGroup`). In a
    /// classic group all join anew before anybody gets anything, so that does no harm, unless a member that speaks
    /// KIP-848 makes it a consumer group again before that. Who has not joined since is then in a later epoch than it
    /// knows itself, as nobody else ever is who owns something.
    fn is_forgotten(&mut self, id: &str, generation: i32, partition: i32) -> bool {
        const CLASSIC: i8 = 0;
        let request = ConsumerGroupDescribeRequest { group_ids: vec![GROUP.into()], ..Default::default() };
        let coordinator = self.coordinator();
        let answer = coordinator.and_then(|coordinator| self.ask(coordinator, 1, &request));
        let members = answer.into_iter().flat_map(|answer| answer.groups).flat_map(|group| group.members);
        members.filter(|member| *member.member_id == *id).any(|member| {
            let mut assigned = member.assignment.topic_partitions.iter().flat_map(|topic| &topic.partitions);
            member.member_type == CLASSIC
                && member.member_epoch > generation
                && !assigned.any(|assigned| *assigned == partition)
        })
    }

    /// Whether the group is as it was when a coordinator went, and its rebalance with it, as Kafka's does: when the last
    /// member that speaks KIP-848 is gone, the classic group is written down as it stands, and that its members are to
    /// join again, for what the last one had, is only remembered (`GroupMetadataManager.convertToClassicGroup`). Who
    /// has not heard of it by then is in good standing with the next coordinator, and has nothing to notice. It lets no
    /// partition pass that the group has given to somebody.
    fn has_lost_rebalance(&mut self, partition: i32) -> bool {
        let same = |member: &MemberApp| Some(member.edge.status().generation) == self.lost_rebalance;
        self.plan.kind == Kind::Mixed
            && self.members.iter().flatten().all(same)
            && self.known().is_some_and(|(_, stable)| stable)
            && self.given_in_classic_group().is_some_and(|given| !given.contains(&partition))
    }

    /// What the members of a classic group were given; `None` if it cannot be asked or is no such group.
    fn given_in_classic_group(&mut self) -> Option<BTreeSet<i32>> {
        let coordinator = self.coordinator()?;
        let group = self.as_classic(coordinator)?.groups.pop().filter(|group| group.error_code.is_none())?;
        let given = group.members.into_iter().map(|member| decode_assignment(member.member_assignment));
        let given: Vec<_> = given.collect::<Result<_, _>>().ok()?;
        Some(given.into_iter().flatten().map(|partition| partition.partition).collect())
    }

    /// The members as the coordinator knows them; `None` if it cannot be asked.
    fn known_members(&mut self) -> Option<BTreeSet<String>> {
        self.known().map(|(members, _)| members)
    }

    /// The members, and whether the group is stable.
    fn known(&mut self) -> Option<(BTreeSet<String>, bool)> {
        let coordinator = self.coordinator()?;
        let new = ConsumerGroupDescribeRequest { group_ids: vec![GROUP.into()], ..Default::default() };
        let new = self.ask(coordinator, 0, &new)?;
        let old = self.as_classic(coordinator)?;
        let stable = new.groups.iter().any(|group| group.group_state == "Stable")
            || old.groups.iter().any(|group| group.group_state == "Stable");
        let new = new.groups.into_iter().flat_map(|group| group.members).map(|member| member.member_id);
        let old = old.groups.into_iter().flat_map(|group| group.members).map(|member| member.member_id);
        Some((new.chain(old).map(|id| id.to_string()).collect(), stable))
    }

    /// The group as a coordinator describes it to whoever knows classic groups alone.
    pub(super) fn as_classic(&mut self, coordinator: BrokerId) -> Option<DescribeGroupsResponse> {
        let request = DescribeGroupsRequest { groups: vec![GROUP.into()], ..Default::default() };
        self.ask(coordinator, 5, &request)
    }

    /// Nobody commits what nobody has processed.
    pub(super) fn check_commits(&mut self) -> Result<(), Violation> {
        for frame in std::mem::take(&mut self.network.commits) {
            for (partition, offset) in committed(&frame) {
                self.counts.add("commit sent");
                self.truth.check_processed(partition, offset, "a commit")?;
                if self.plan.commits == Commits::Stored {
                    return Err(Violation::Untrue(
                        "something is committed although positions are kept elsewhere".to_owned(),
                    ));
                }
            }
        }
        Ok(())
    }

    /// Whoever is not at rest can say why, and no reason is over.
    pub(super) fn check_reasons(&mut self) -> Result<(), Violation> {
        let at = self.queue.now;
        for client in self.clients.iter_mut().filter(|client| client.suspended_until <= at) {
            client.turn(&mut self.network, &mut self.queue, &mut self.counts)?;
        }
        self.run_now()?;
        for member in self.members.iter().flatten() {
            let client = &mut self.clients[member.client];
            if client.suspended_until > at || member.end.is_some() {
                continue;
            }
            let mut known = Vec::new();
            client.core.parts().groups.explain_one(member.key, &mut known);
            if known.is_empty()
                && !member.edge.status().is_stable
                && client.core.parts().groups.is_member(member.key)
            {
                let what =
                    format!("member {}.{} ({:?})", member.slot, member.incarnation, member.edge.status());
                return Err(Violation::NoReason { what, at, known });
            }
            let parts = client.core.parts();
            parts.consumers.explain_one(member.key, parts.net, at, &mut known);
            for waiting in known {
                self.counts.add(&format!("waits: {}", waiting.reason.kind()));
                if waiting.until.is_some_and(|until| until <= at) {
                    return Err(Violation::StaleReason { at, waiting: Box::new(waiting) });
                }
            }
        }
        Ok(())
    }

    pub(super) fn check_ended(&mut self, member: &mut MemberApp) -> Result<(), Violation> {
        if let Some(Ended::Failed(error)) = &member.end {
            let name = match error {
                GroupError::Refused { error, .. } => format!("refused for good with {error}"),
                other => format!("{other}"),
            };
            self.counts.add(&name);
            let expected = matches!(
                error,
                GroupError::Refused {
                    error: ErrorCode::INCONSISTENT_GROUP_PROTOCOL
                        | ErrorCode::GROUP_ID_NOT_FOUND
                        | ErrorCode::UNRELEASED_INSTANCE_ID
                        | ErrorCode::FENCED_INSTANCE_ID,
                    ..
                }
            );
            if !expected {
                return Err(Violation::Untrue(format!("member {} ended for good: {error}", member.slot)));
            }
        }
        member.check_end()
    }

    /// Whether every member is stable and has nothing left to do, and everything is read and committed.
    pub(super) fn is_at_rest(&mut self) -> bool {
        let at = self.queue.now;
        let rests = |member: &MemberApp| {
            let awake = self.clients[member.client].suspended_until <= at;
            awake && member.is_idle() && member.edge.status().is_stable && member.reader.edge().is_caught_up()
        };
        let owned: usize = self.members.iter().flatten().map(|member| member.owns().count()).sum();
        !self.has_plans()
            && self.members.iter().flatten().all(rests)
            && owned == usize::try_from(self.network.partitions).unwrap_or(0)
            && self.check_rest().is_ok()
    }

    /// Everything that is in the log was processed, the group says so, and it takes for members those who think that they
    /// are.
    pub(super) fn check_rest(&mut self) -> Result<(), Violation> {
        let unfinished = |world: &mut Self, what: String| {
            let mut waiting = Vec::new();
            for member in world.members.iter().flatten() {
                let core = &world.clients[member.client].core;
                waiting.extend(core.explain(world.queue.now));
            }
            let members: Vec<_> = world
                .members
                .iter()
                .flatten()
                .map(|member| (member.edge.status(), member.owns().collect::<Vec<_>>(), member.is_idle()))
                .collect();
            let what = format!("{what}; {members:?}");
            Err(Violation::Unfinished { what, waiting })
        };
        let members = self.members.iter().flatten();
        if let Some(member) = members.clone().find(|member| !member.edge.status().is_stable) {
            let what = format!("member {} is not stable", member.slot);
            return unfinished(self, what);
        }
        if self.awaits_members() {
            return unfinished(self, "somebody is refused again and again".to_owned());
        }
        let owned: BTreeMap<i32, usize> = members
            .flat_map(|member| member.owns().map(|partition| (partition, member.slot)).collect::<Vec<_>>())
            .collect();
        let commits = self.committed();
        for partition in 0..self.network.partitions {
            if !owned.contains_key(&partition) {
                if !self.has_lost_rebalance(partition) {
                    return unfinished(self, format!("nobody has partition {partition}"));
                }
                self.counts.add("left out by a group whose rebalance was lost");
                continue;
            }
            if self.truth.is_recreated() {
                continue;
            }
            let start = self.truth.log_start(partition);
            let now = self.queue.now;
            let records = log::read_partition(&mut self.network.engine, partition, start, now)?;
            let unread = records.iter().find(|(offset, value)| {
                let unread = |record| !self.truth.processed.contains_key(&record);
                // A batch comes whole even if retention took a part of it.
                *offset >= start && record_of(Some(value)).is_none_or(unread)
            });
            if let Some((offset, _)) = unread {
                let what = format!("nobody has processed offset {offset} of partition {partition}");
                return unfinished(self, what);
            }
            let end = records.last().map(|(offset, _)| offset + 1);
            let said = match self.plan.commits {
                Commits::Stored => self.truth.stored.get(&partition).copied(),
                _ => commits.get(&partition).copied(),
            };
            if end.is_some() && said != end && !self.truth.is_broken(partition) {
                return unfinished(
                    self,
                    format!("partition {partition} ends at {end:?}, and {said:?} is kept"),
                );
            }
        }
        let ids = |member: &MemberApp| member.edge.status().member_id.to_string();
        let ours: BTreeSet<_> = self.members.iter().flatten().map(ids).collect();
        match self.known() {
            Some((known, true)) if known == ours => Ok(()),
            known => unfinished(self, format!("the group knows {known:?}")),
        }
    }

    /// What the group has is never taken back, by somebody who does not know yet that others are further.
    pub(super) fn check_progress(&mut self) -> Result<(), Violation> {
        let committed = self.committed();
        committed
            .into_iter()
            .try_for_each(|(partition, offset)| self.truth.check_committed(partition, offset))
    }

    fn committed(&mut self) -> BTreeMap<i32, i64> {
        let group = OffsetFetchRequestGroup { group_id: GROUP.into(), topics: None, ..Default::default() };
        let request = OffsetFetchRequest { groups: vec![group], ..Default::default() };
        let coordinator = self.coordinator();
        let answer = coordinator.and_then(|coordinator| self.ask(coordinator, 9, &request));
        let topics = answer.into_iter().flat_map(|answer| answer.groups).flat_map(|group| group.topics);
        let partitions = topics.flat_map(|topic| topic.partitions);
        partitions.map(|partition| (partition.partition_index, partition.committed_offset)).collect()
    }

    /// Everybody has left, and the coordinator knows.
    pub(super) fn check_left(&mut self) -> Result<(), Violation> {
        if let Some(member) = self.members.iter().flatten().next() {
            return Err(Violation::Untrue(format!("member {} has not left", member.slot)));
        }
        let known = self.known_members().unwrap_or_default();
        let statics = self.plan.members.iter().any(|member| member.instance.is_some());
        if !known.is_empty() && !statics {
            return Err(Violation::Untrue(format!("all have left, and the group knows {known:?}")));
        }
        Ok(())
    }
}
