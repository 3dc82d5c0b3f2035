use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytestring::ByteString;
use ottla_proto::messages::consumer_group_heartbeat::RequestTopicPartitions;
use ottla_proto::{TopicId, TopicName};
use regex::Regex;

use super::Partitions;
use super::assignor::Assignor;
use super::classic::Classic;

/// A member of a consumer group: what it wants, and how far it has got (Java's `ConsumerGroupMember`).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) instance_id: Option<ByteString>,
    pub(super) rack_id: Option<ByteString>,
    pub(super) client_id: ByteString,
    /// How long it may take to give up partitions.
    pub(super) rebalance_timeout: Duration,
    pub(super) assignor: Option<Assignor>,
    pub(super) topics: BTreeSet<TopicName>,
    pub(super) regex: Option<Pattern>,
    pub(super) epoch: i32,
    /// The epoch before, which counts too: the answer with the newer one may be lost.
    pub(super) previous_epoch: i32,
    pub(super) state: MemberState,
    /// What it may read.
    pub(super) assigned: Partitions,
    /// What it has to give up before it goes on.
    pub(super) revoking: Partitions,
    /// It uses the classic protocol.
    pub(super) classic: Option<Classic>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MemberState {
    /// It has what its epoch gives it.
    Stable,
    /// It was told to give up partitions and has not said yet that it has.
    UnrevokedPartitions,
    /// It waits for partitions that others have not given up yet.
    UnreleasedPartitions,
}

/// A regular expression that names topics or other things; it must match the whole name.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    pub(super) text: ByteString,
    compiled: Regex,
}

/// Patterns are equal if they read the same.
impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Pattern {
    /// Compiles a pattern; `None` if it is none, or takes too much memory.
    pub(crate) fn new(text: &str) -> Option<Self> {
        const MAX_COMPILED_BYTES: usize = 1 << 20;
        let compile = |text: &str| regex::RegexBuilder::new(text).size_limit(MAX_COMPILED_BYTES).build().ok();
        // By itself first: what surrounds it could close a group that it leaves open.
        compile(text)?;
        Some(Self { text: text.into(), compiled: compile(&format!("^(?:{text})$"))? })
    }

    pub(crate) fn matches(&self, name: &str) -> bool {
        self.compiled.is_match(name)
    }
}

impl Member {
    pub(super) fn new() -> Self {
        Self {
            instance_id: None,
            rack_id: None,
            client_id: ByteString::new(),
            rebalance_timeout: Duration::ZERO,
            assignor: None,
            topics: BTreeSet::new(),
            regex: None,
            epoch: 0,
            previous_epoch: 0,
            state: MemberState::Stable,
            assigned: Partitions::new(),
            revoking: Partitions::new(),
            classic: None,
        }
    }

    pub(super) fn is_reconciled(&self, target_epoch: i32) -> bool {
        self.state == MemberState::Stable && self.epoch == target_epoch
    }

    pub(super) fn reads(&self, topic: &str) -> bool {
        self.topics.contains(topic) || self.regex.as_ref().is_some_and(|regex| regex.matches(topic))
    }

    /// Every partition that nobody else may have yet.
    pub(super) fn holds(&self) -> impl Iterator<Item = (TopicId, i32)> {
        let all = self.assigned.iter().chain(&self.revoking);
        all.flat_map(|(topic, partitions)| partitions.iter().map(move |index| (*topic, *index)))
    }

    /// One step towards the target (Java's `CurrentAssignmentBuilder`). `owned` is what the member says it has,
    /// if it said, `held` what any member holds.
    pub(super) fn reconcile(
        &mut self,
        target: &Partitions,
        target_epoch: i32,
        owned: Option<&[RequestTopicPartitions]>,
        held: &BTreeSet<(TopicId, i32)>,
    ) {
        match self.state {
            MemberState::Stable if self.epoch == target_epoch => {}
            MemberState::Stable | MemberState::UnreleasedPartitions => {
                self.advance(target, target_epoch, owned, held);
            }
            MemberState::UnrevokedPartitions => {
                if !still_owns(owned, &self.revoking) {
                    self.advance(target, target_epoch, owned, held);
                }
            }
        }
    }

    fn advance(
        &mut self,
        target: &Partitions,
        target_epoch: i32,
        owned: Option<&[RequestTopicPartitions]>,
        held: &BTreeSet<(TopicId, i32)>,
    ) {
        let mut kept = Partitions::new();
        let mut revoking = Partitions::new();
        for (topic, partitions) in &self.assigned {
            for index in partitions {
                let stays = target.get(topic).is_some_and(|wanted| wanted.contains(index));
                let side = if stays { &mut kept } else { &mut revoking };
                side.entry(*topic).or_default().insert(*index);
            }
        }
        if !revoking.is_empty() && still_owns(owned, &revoking) {
            self.state = MemberState::UnrevokedPartitions;
            self.set_epoch(self.epoch);
            self.assigned = kept;
            self.revoking = revoking;
            return;
        }
        let mut unreleased = false;
        for (topic, partitions) in target {
            for index in partitions {
                let has = kept.get(topic).is_some_and(|kept| kept.contains(index));
                if has {
                    continue;
                }
                // What it was itself about to give up it may keep after all.
                let own = self.revoking.get(topic).is_some_and(|own| own.contains(index));
                if held.contains(&(*topic, *index)) && !own {
                    unreleased = true;
                } else {
                    kept.entry(*topic).or_default().insert(*index);
                }
            }
        }
        self.state = if unreleased { MemberState::UnreleasedPartitions } else { MemberState::Stable };
        self.set_epoch(target_epoch);
        self.assigned = kept;
        self.revoking = BTreeMap::new();
    }

    fn set_epoch(&mut self, epoch: i32) {
        self.previous_epoch = self.epoch;
        self.epoch = epoch;
    }
}

/// Whether the member may still have one of these; it may unless it said what it has.
fn still_owns(owned: Option<&[RequestTopicPartitions]>, partitions: &Partitions) -> bool {
    let Some(owned) = owned else { return true };
    owned.iter().any(|topic| {
        let wanted = partitions.get(&topic.topic_id);
        topic.partitions.iter().any(|index| wanted.is_some_and(|wanted| wanted.contains(index)))
    })
}

/// Whether all that the member says it has was assigned to it.
pub(super) fn is_subset(owned: Option<&[RequestTopicPartitions]>, assigned: &Partitions) -> bool {
    owned.is_some_and(|owned| {
        owned.iter().all(|topic| {
            let known = assigned.get(&topic.topic_id);
            topic.partitions.iter().all(|index| known.is_some_and(|known| known.contains(index)))
        })
    })
}
