//! What a run counts, and what must never happen in it.

use std::collections::BTreeMap;
use std::fmt;

use ottla_core::{Instant, Waiting};
use ottla_proto::BrokerId;
use thiserror::Error;

/// How often each fault, outcome and reason occurred.
#[derive(Clone, Debug, Default)]
pub struct Counts(BTreeMap<String, u64>);

impl Counts {
    pub(crate) fn add(&mut self, what: &str) {
        match self.0.get_mut(what) {
            Some(count) => *count += 1,
            None => drop(self.0.insert(what.to_owned(), 1)),
        }
    }

    /// Adds those of another run.
    pub fn merge(&mut self, other: &Self) {
        for (what, count) in &other.0 {
            *self.0.entry(what.clone()).or_default() += count;
        }
    }

    /// The same in some lines, each of what begins alike.
    pub fn summary(&self) -> impl Iterator<Item = String> {
        const HEADS: [&str; 11] = [
            "answer ",
            "fault ",
            "not written: ",
            "position reset: ",
            "possibly written: ",
            "rebalanced: ",
            "refused: ",
            "sent again ",
            "split after ",
            "told: ",
            "waits: ",
        ];
        let mut lines: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
        for (what, count) in &self.0 {
            let headed = HEADS.iter().find_map(|head| Some((head.trim_end(), what.strip_prefix(head)?)));
            let (head, rest) = headed.unwrap_or(("other", what));
            // Each error at each moment would be a page of its own.
            let rest =
                rest.find(" answered ").and_then(|end| rest.get(..end + " answered".len())).unwrap_or(rest);
            *lines.entry(head).or_default().entry(rest).or_default() += count;
        }
        lines.into_iter().map(|(head, counts)| {
            let counts: Vec<_> = counts.iter().map(|(what, count)| format!("{what} {count}")).collect();
            format!("{} {}", head, counts.join(", "))
        })
    }

    /// How often this occurred.
    #[must_use]
    pub fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(what, count)| writeln!(f, "{count:>10}  {what}"))
    }
}

/// A promise that was broken.
#[derive(Clone, Debug, Error)]
pub enum Violation {
    /// A Produce request was begun although the node had asked to be left alone.
    #[error("a Produce to node {node} began at {at:?}, but the node is to be left alone until {until:?}")]
    #[expect(missing_docs, reason = "the message says it")]
    ThrottleIgnored { node: BrokerId, at: Instant, until: Instant },
    /// The core is stepped again and again without anything to do.
    #[error("client {client} spins at {at:?}: {turns} turns")]
    #[expect(missing_docs, reason = "the message says it")]
    Spins { client: usize, at: Instant, turns: u32 },
    /// A record lies in its lane and nobody comes for it.
    #[error("client {client} sleeps until {sleep:?}, but a record's linger ended at {due:?}")]
    #[expect(missing_docs, reason = "the message says it")]
    LostWake { client: usize, due: Instant, sleep: Option<Instant> },
    /// Somebody waits, and nothing says why.
    #[error("{what} waits at {at:?} without a reason; known are {known:?}")]
    #[expect(missing_docs, reason = "the message says it")]
    NoReason { what: String, at: Instant, known: Vec<Waiting> },
    /// A reason is given that ended before.
    #[error("at {at:?} somebody still waits for what is over: {waiting:?}")]
    #[expect(missing_docs, reason = "the message says it")]
    StaleReason { at: Instant, waiting: Box<Waiting> },
    /// Something took longer than its deadline.
    #[error("{what} was due at {due:?} and is {now:?}")]
    #[expect(missing_docs, reason = "the message says it")]
    Late { what: String, due: Instant, now: Instant },
    /// The faults are long over, and something has not come to its end.
    #[error("at the end: {what}; waiting: {waiting:?}")]
    #[expect(missing_docs, reason = "the message says it")]
    Unfinished { what: String, waiting: Vec<Waiting> },
    /// What a producer or a reader says is not what the log says.
    #[error("{0}")]
    Untrue(String),
}
