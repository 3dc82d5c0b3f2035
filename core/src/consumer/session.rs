//! What a broker remembers of a consumer between two fetches (KIP-227), so that a request names only what is new.

use std::collections::{BTreeMap, BTreeSet};

use ottla_proto::messages::fetch::{FetchPartition, FetchTopic, ForgottenTopic};
use ottla_proto::{LeaderEpoch, TopicId, TopicName};

use super::edge::SlotId;

/// How requests and answers name a topic.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum TopicKey {
    Id(TopicId),
    Name(TopicName),
}

/// How they name a partition.
pub(super) type PartitionKey = (TopicKey, i32);

/// What is asked of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) slot: SlotId,
    pub(super) offset: i64,
    pub(super) leader_epoch: LeaderEpoch,
    /// The epoch of the batch before `offset`, by which the broker sees that the log was cut (KIP-320).
    pub(super) last_fetched_epoch: LeaderEpoch,
}

/// Where a partition's log begins and ends, as far as a broker has told it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) high_watermark: Option<i64>,
    pub(super) last_stable_offset: Option<i64>,
    pub(super) log_start_offset: Option<i64>,
}

/// One partition of a session.
#[derive(Debug)]
struct Member {
    wish: Wish,
    /// The broker tells it again only when it changes.
    told: Told,
}

/// One node's session.
///
/// It is made by a full request (epoch 0) and goes on as long as every request is answered. A lost answer leaves
/// open what the broker has taken in, so the next request is full again and ends the old session on the way. A
/// broker that keeps no session says id 0 and gets full requests for ever.
#[derive(Debug, Default)]
pub(super) struct FetchSession {
    id: i32,
    /// The epoch of the next request.
    epoch: i32,
    members: BTreeMap<PartitionKey, Member>,
}

/// A request's part that depends on the session.
#[derive(Debug)]
pub(super) struct SessionRequest {
    pub(super) id: i32,
    pub(super) epoch: i32,
    pub(super) topics: Vec<FetchTopic>,
    pub(super) forgotten: Vec<ForgottenTopic>,
    /// What is known already of partitions that are read anew, since the broker will not tell it again.
    pub(super) known: Vec<(SlotId, Told)>,
}

impl SessionRequest {
    /// Whether it names every partition that it asks for.
    pub(super) fn is_full(&self) -> bool {
        self.epoch == 0
    }
}

impl FetchSession {
    /// The next request, which asks for `wishes` and nothing else.
    pub(super) fn request(
        &mut self,
        wishes: Vec<(PartitionKey, Wish)>,
        partition_max_bytes: i32,
    ) -> SessionRequest {
        let full = self.epoch == 0;
        if full {
            self.members.clear();
        }
        let forgotten = self.forget_all_but(&wishes);
        let (mut topics, mut known) = (Vec::new(), Vec::new());
        for (key, wish) in wishes {
            let member = self.members.get_mut(&key);
            if member.as_ref().is_some_and(|member| member.wish == wish) {
                continue;
            }
            describe(&mut topics, &key, &wish, partition_max_bytes);
            match member {
                Some(member) => {
                    if member.wish.slot != wish.slot {
                        known.push((wish.slot, member.told));
                    }
                    member.wish = wish;
                }
                None => {
                    self.members.insert(key, Member { wish, told: Told::default() });
                }
            }
        }
        SessionRequest { id: self.id, epoch: self.epoch, topics, forgotten, known }
    }

    /// What was asked of a partition, if the session has it.
    pub(super) fn wish(&self, partition: &PartitionKey) -> Option<Wish> {
        self.members.get(partition).map(|member| member.wish)
    }

    /// The broker has told something of a partition.
    pub(super) fn told(&mut self, partition: &PartitionKey, told: Told) {
        if let Some(member) = self.members.get_mut(partition) {
            member.told = told;
        }
    }

    /// Whether its partitions are named like this one; a request that names them differently needs a new session.
    pub(super) fn names_alike(&self, key: &TopicKey) -> bool {
        let by_id = |key: &TopicKey| matches!(key, TopicKey::Id(_));
        self.members.keys().next().is_none_or(|(known, _)| by_id(known) == by_id(key))
    }

    /// A request was answered under this id.
    pub(super) fn answered(&mut self, id: i32) {
        self.id = id;
        self.epoch = match self.epoch {
            _ if id == 0 => 0,
            i32::MAX => 1,
            epoch => epoch + 1,
        };
    }

    /// What the broker remembers is not known any more: the next request is full, and ends the session if there is
    /// still one.
    pub(super) fn renew(&mut self) {
        self.epoch = 0;
    }

    /// The broker has forgotten it.
    pub(super) fn end(&mut self) {
        self.id = 0;
        self.epoch = 0;
    }

    fn forget_all_but(&mut self, wishes: &[(PartitionKey, Wish)]) -> Vec<ForgottenTopic> {
        let kept = wishes.iter().filter(|(key, _)| self.members.contains_key(key)).count();
        if kept == self.members.len() {
            return Vec::new();
        }
        let wanted: BTreeSet<_> = wishes.iter().map(|(key, _)| key).collect();
        let mut forgotten: Vec<ForgottenTopic> = Vec::new();
        self.members.retain(|key, _| {
            let keep = wanted.contains(key);
            if !keep {
                let (topic, topic_id) = wire_names(&key.0);
                match forgotten.last_mut().filter(|last| last.topic == topic && last.topic_id == topic_id) {
                    Some(last) => last.partitions.push(key.1),
                    None => forgotten.push(ForgottenTopic {
                        topic,
                        topic_id,
                        partitions: vec![key.1],
                        ..ForgottenTopic::default()
                    }),
                }
            }
            keep
        });
        forgotten
    }
}

/// Adds a partition to a request, neighbours of one topic together.
fn describe(topics: &mut Vec<FetchTopic>, key: &PartitionKey, wish: &Wish, partition_max_bytes: i32) {
    let described = FetchPartition {
        partition: key.1,
        current_leader_epoch: wish.leader_epoch,
        fetch_offset: wish.offset,
        last_fetched_epoch: wish.last_fetched_epoch,
        partition_max_bytes,
        ..FetchPartition::default()
    };
    let (topic, topic_id) = wire_names(&key.0);
    match topics.last_mut().filter(|last| last.topic == topic && last.topic_id == topic_id) {
        Some(last) => last.partitions.push(described),
        None => {
            topics.push(FetchTopic { topic, topic_id, partitions: vec![described], ..FetchTopic::default() })
        }
    }
}

fn wire_names(key: &TopicKey) -> (TopicName, TopicId) {
    match key {
        TopicKey::Id(id) => (TopicName::default(), *id),
        TopicKey::Name(name) => (name.clone(), TopicId::ZERO),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(slot: u32, offset: i64) -> Wish {
        Wish {
            slot: SlotId::for_test(slot),
            offset,
            leader_epoch: LeaderEpoch(1),
            last_fetched_epoch: LeaderEpoch::NONE,
        }
    }

    fn key(partition: i32) -> PartitionKey {
        (TopicKey::Id(TopicId([7; 16])), partition)
    }

    fn named(request: &SessionRequest) -> Vec<(i32, i64)> {
        let partitions = request.topics.iter().flat_map(|topic| &topic.partitions);
        partitions.map(|partition| (partition.partition, partition.fetch_offset)).collect()
    }

    fn forgotten(request: &SessionRequest) -> Vec<i32> {
        request.forgotten.iter().flat_map(|topic| topic.partitions.clone()).collect()
    }

    #[test]
    fn only_what_is_new_is_named() {
        let mut session = FetchSession::default();
        let all = vec![(key(0), wish(0, 0)), (key(1), wish(1, 0)), (key(2), wish(2, 0))];
        let request = session.request(all, 100);
        assert_eq!((request.id, request.epoch, request.is_full()), (0, 0, true));
        assert_eq!(named(&request), [(0, 0), (1, 0), (2, 0)]);
        session.answered(5);
        // One went on, one is left out, one was sought elsewhere: another slot for the same partition.
        let request = session.request(vec![(key(0), wish(0, 9)), (key(2), wish(3, 0))], 100);
        assert_eq!((request.id, request.epoch, request.is_full()), (5, 1, false));
        assert_eq!((named(&request), forgotten(&request)), (vec![(0, 9), (2, 0)], vec![1]));
        session.answered(5);
        let request = session.request(vec![(key(0), wish(0, 9)), (key(2), wish(3, 0))], 100);
        assert_eq!((request.epoch, named(&request), forgotten(&request)), (2, vec![], vec![]));
    }

    #[test]
    fn a_lost_session_is_made_anew_and_the_old_one_ended() {
        let mut session = FetchSession::default();
        session.request(vec![(key(0), wish(0, 0))], 100);
        session.answered(5);
        session.renew();
        let request = session.request(vec![(key(0), wish(0, 0))], 100);
        assert_eq!((request.id, request.epoch, named(&request)), (5, 0, vec![(0, 0)]));
        session.end();
        assert_eq!(session.request(Vec::new(), 100).id, 0);
    }

    #[test]
    fn a_broker_without_room_for_sessions_gets_full_requests() {
        let mut session = FetchSession::default();
        for _ in 0..3 {
            let request = session.request(vec![(key(0), wish(0, 0))], 100);
            assert_eq!((request.id, request.epoch, named(&request)), (0, 0, vec![(0, 0)]));
            session.answered(0);
        }
    }

    #[test]
    fn the_epoch_wraps_to_one() {
        let mut session = FetchSession { id: 5, epoch: i32::MAX, ..FetchSession::default() };
        session.answered(5);
        assert_eq!(session.epoch, 1);
    }
}
