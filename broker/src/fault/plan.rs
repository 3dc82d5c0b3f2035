use std::collections::VecDeque;

use ottla_proto::{ApiKey, BrokerId};

use super::{Fault, FaultError, FaultState, Firing, Reaction, Stage};
use crate::Instant;
use crate::random::Random;

/// The faults of a cluster, and what they did.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    armed: Vec<Armed>,
    firings: VecDeque<Firing>,
    named: u64,
}

#[derive(Debug)]
struct Armed {
    fault: Fault,
    added: Instant,
    chance: Random,
    matched: u64,
    fired: u64,
}

/// A request as conditions see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) node: BrokerId,
    pub(crate) api: ApiKey,
    pub(crate) version: i16,
    pub(crate) client_id: &'a str,
}

/// What happens to one request.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hits(Vec<Hit>);

/// One fault that happens to a request.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) fault: Fault,
    /// Follows from the fault's seed.
    pub(crate) random: u64,
}

impl Faults {
    pub(crate) fn is_empty(&self) -> bool {
        self.armed.is_empty()
    }

    pub(crate) fn add(&mut self, mut fault: Fault, now: Instant) -> Result<String, FaultError> {
        fault.check()?;
        if fault.name.is_empty() {
            self.named += 1;
            fault.name = format!("fault-{}", self.named);
        }
        let name = fault.name.clone();
        self.remove(&name);
        if self.armed.len() >= MOST_FAULTS {
            return Err(FaultError::TooMany(MOST_FAULTS));
        }
        let chance = Random::new(fault.when.seed);
        self.armed.push(Armed { fault, added: now, chance, matched: 0, fired: 0 });
        Ok(name)
    }

    pub(crate) fn remove(&mut self, name: &str) -> bool {
        let before = self.armed.len();
        self.armed.retain(|armed| armed.fault.name != name);
        self.armed.len() != before
    }

    pub(crate) fn clear(&mut self) {
        self.armed.clear();
    }

    pub(crate) fn list(&self) -> Vec<FaultState> {
        let state = |armed: &Armed| FaultState {
            fault: armed.fault.clone(),
            matched: armed.matched,
            fired: armed.fired,
        };
        self.armed.iter().map(state).collect()
    }

    pub(crate) fn take_firings(&mut self) -> Vec<Firing> {
        std::mem::take(&mut self.firings).into()
    }

    pub(crate) fn firings(&self) -> impl Iterator<Item = &Firing> {
        self.firings.iter()
    }

    /// Whether a fault could meet this request whose condition depends on topics.
    pub(crate) fn ask_for_topics(&self, api: ApiKey) -> bool {
        let asks = |armed: &Armed| {
            (armed.fault.when.names_topic() || armed.fault.then == Reaction::MoveLeader)
                && armed.fault.when.api.is_none_or(|wanted| wanted == api)
        };
        self.armed.iter().any(asks)
    }

    /// What happens to a request that is about these partitions. Counts and reports it.
    pub(crate) fn meet(
        &mut self,
        subject: Subject<'_>,
        partitions: &[(String, Option<i32>)],
        now: Instant,
    ) -> Hits {
        let mut hits = Vec::new();
        for armed in &mut self.armed {
            if !armed.meets(subject, partitions, now) {
                continue;
            }
            armed.fired += 1;
            if self.firings.len() >= MOST_FIRINGS {
                self.firings.pop_front();
            }
            self.firings.push_back(Firing {
                fault: armed.fault.name.clone(),
                number: armed.fired,
                at_ms: now.as_millis(),
                node: subject.node.0,
                api: subject.api,
                version: subject.version,
                client_id: subject.client_id.to_owned(),
                reaction: armed.fault.then.clone(),
            });
            hits.push(Hit { fault: armed.fault.clone(), random: armed.chance.next() });
        }
        Hits(hits)
    }
}

impl Armed {
    fn meets(&mut self, subject: Subject<'_>, partitions: &[(String, Option<i32>)], now: Instant) -> bool {
        let when = &self.fault.when;
        let fits = when.fits_node(subject.node)
            && when.api.is_none_or(|wanted| wanted == subject.api)
            && when.client_id.as_deref().is_none_or(|wanted| wanted == subject.client_id)
            && when.is_time(self.added, now)
            && (!when.names_topic() || partitions.iter().any(|(topic, index)| when.covers(topic, *index)));
        if !fits {
            return false;
        }
        self.matched += 1;
        self.matched > when.skip
            && when.count.is_none_or(|count| self.fired < count)
            && self.chance.happens(when.probability)
    }
}

impl Hits {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Hit> {
        self.0.iter()
    }

    /// Those that are left once the request is handled at last.
    pub(crate) fn without_before(&self) -> Self {
        let left = |hit: &&Hit| hit.fault.happens() == Stage::After || hit.fault.then.is_about_answers();
        Self(self.0.iter().filter(left).cloned().collect())
    }

    pub(crate) fn at(&self, stage: Stage) -> impl Iterator<Item = &Hit> {
        self.0.iter().filter(move |hit| hit.fault.happens() == stage)
    }

    /// The error that a partition is answered with, if it happens at this stage.
    pub(crate) fn error(&self, stage: Stage, topic: &str, partition: i32) -> Option<ottla_proto::ErrorCode> {
        self.at(stage).find_map(|hit| match hit.fault.then {
            Reaction::Error { code } if hit.fault.when.covers(topic, Some(partition)) => Some(code),
            _ => None,
        })
    }

    /// Whether the records of a partition are to be spoilt.
    pub(crate) fn corrupts(&self, topic: &str, partition: i32) -> bool {
        let corrupts = |hit: &Hit| {
            hit.fault.then == Reaction::CorruptBatch && hit.fault.when.covers(topic, Some(partition))
        };
        self.0.iter().any(corrupts)
    }
}

/// More faults than anybody writes; bounds what the control port can make the broker keep.
const MOST_FAULTS: usize = 1000;
/// The oldest reports go first when nobody takes them.
const MOST_FIRINGS: usize = 10_000;
