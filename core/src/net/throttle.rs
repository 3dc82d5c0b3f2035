//! What brokers asked for, by node and class: written by the driver, read by anyone without a lock.
//!
//! The deadline belongs to the node, not to a connection: a broker that restarts cannot be told from a cut
//! cable, and reconnecting must not be a way around a quota.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use ottla_proto::{ApiKey, BrokerId};

use super::{NetConfig, Role};
use crate::sync::{Arc, AtomicU64, Ordering};
use crate::time::Instant;

/// Requests that wait together when a broker throttles.
///
/// The class of a throttle is the class of the request whose answer carried it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Produce requests.
    Produce,
    /// Fetch requests.
    Fetch,
    /// Everything else.
    Control,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 3] = [Self::Produce, Self::Fetch, Self::Control];

    /// The class of an API.
    #[must_use]
    pub fn of(api: ApiKey) -> Self {
        match api {
            ApiKey::PRODUCE => Self::Produce,
            ApiKey::FETCH => Self::Fetch,
            _ => Self::Control,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Produce => "produce",
            Self::Fetch => "fetch",
            Self::Control => "control",
        })
    }
}

/// Which quota made a broker throttle, and how well that is known.
///
/// An answer carries one number, the larger of what the byte-rate and the request quota ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ThrottleCause {
    /// Byte rate or request time; the answer does not say which.
    Unknown,
    /// Byte rate, inferred: the request quota never asks for so long.
    ByteRate,
    /// The quota on changes to topics and the like (`controller_mutation_rate`); known from its error code.
    Mutation,
}

impl ThrottleCause {
    /// The request quota throttles for one window of one second at most, unless an operator changed
    /// `quota.window.size.seconds`.
    const REQUEST_QUOTA_CAP: Duration = Duration::from_secs(1);

    /// The cause of a throttle of that length in an answer of that class without a quota error.
    #[must_use]
    pub fn infer(class: Class, length: Duration) -> Self {
        if class != Class::Control && length > Self::REQUEST_QUOTA_CAP {
            Self::ByteRate
        } else {
            Self::Unknown
        }
    }

    const fn code(self) -> u64 {
        match self {
            Self::Unknown => 0,
            Self::ByteRate => 1,
            Self::Mutation => 2,
        }
    }

    const fn from_code(code: u64) -> Self {
        match code {
            1 => Self::ByteRate,
            2 => Self::Mutation,
            _ => Self::Unknown,
        }
    }
}

impl fmt::Display for ThrottleCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unknown => "byte-rate or request quota",
            Self::ByteRate => "byte-rate quota, inferred from its length",
            Self::Mutation => "controller mutation quota",
        })
    }
}

/// One throttle as a node asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// The node.
    pub node: BrokerId,
    /// The kind of requests.
    pub class: Class,
    /// When it ends.
    pub until: Instant,
    /// Why, as far as it can be known.
    pub cause: ThrottleCause,
}

/// The throttles of all nodes, readable from any thread without a lock.
///
/// The list of nodes only grows, by one link per node that ever throttled; a look-up walks it.
#[derive(Debug, Default)]
pub struct ThrottleView {
    first: OnceLock<Arc<NodeThrottle>>,
}

impl ThrottleView {
    /// Every throttle that lasts beyond `now`.
    pub fn active(&self, now: Instant) -> impl Iterator<Item = Throttle> + '_ {
        self.nodes()
            .flat_map(move |node| Class::ALL.map(|class| node.throttle(class)))
            .filter(move |throttle| throttle.until > now)
    }

    /// The throttle of one node and class, if it lasts beyond `now`. Costs no allocation.
    #[must_use]
    pub fn get(&self, node: BrokerId, class: Class, now: Instant) -> Option<Throttle> {
        let throttle = self.nodes().find(|candidate| candidate.node == node)?.throttle(class);
        (throttle.until > now).then_some(throttle)
    }

    fn nodes(&self) -> impl Iterator<Item = &NodeThrottle> {
        std::iter::successors(self.first.get(), |node| node.next.get()).map(|node| &**node)
    }

    /// The link of `node`, added at the end if it is new. Only the driver calls this.
    fn node(&self, node: BrokerId) -> Arc<NodeThrottle> {
        let mut link = &self.first;
        loop {
            let found = link.get_or_init(|| Arc::new(NodeThrottle::new(node)));
            if found.node == node {
                return Arc::clone(found);
            }
            link = &found.next;
        }
    }
}

#[derive(Debug)]
struct NodeThrottle {
    node: BrokerId,
    produce: ThrottleCell,
    fetch: ThrottleCell,
    control: ThrottleCell,
    next: OnceLock<Arc<NodeThrottle>>,
}

impl NodeThrottle {
    fn new(node: BrokerId) -> Self {
        Self {
            node,
            produce: ThrottleCell::default(),
            fetch: ThrottleCell::default(),
            control: ThrottleCell::default(),
            next: OnceLock::new(),
        }
    }

    fn cell(&self, class: Class) -> &ThrottleCell {
        match class {
            Class::Produce => &self.produce,
            Class::Fetch => &self.fetch,
            Class::Control => &self.control,
        }
    }

    fn throttle(&self, class: Class) -> Throttle {
        let (until, cause) = self.cell(class).read();
        Throttle { node: self.node, class, until, cause }
    }
}

/// End and cause of a throttle in one word, so that a reader never sees half of it: the end in microseconds
/// above, two bits of cause below. The larger word wins, which is the later end.
#[derive(Debug, Default)]
struct ThrottleCell(AtomicU64);

impl ThrottleCell {
    const CAUSE_BITS: u32 = 2;
    const LAST_MICROS: u64 = u64::MAX >> Self::CAUSE_BITS;

    fn merge(&self, until: Instant, cause: ThrottleCause) {
        let word = until.as_micros().min(Self::LAST_MICROS) << Self::CAUSE_BITS | cause.code();
        // Release: who sees the new end also sees whatever the driver did before it told it.
        self.0.fetch_max(word, Ordering::Release);
    }

    fn read(&self) -> (Instant, ThrottleCause) {
        let word = self.0.load(Ordering::Acquire);
        (Instant::from_micros(word >> Self::CAUSE_BITS), ThrottleCause::from_code(word & 0b11))
    }
}

/// What a throttle in an answer changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// The node was not throttling that class.
    Began,
    /// It was, and does for longer now.
    Extended,
    /// It was, at least for as long.
    Covered,
}

/// How long a node has asked to be left alone so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThrottledTime {
    /// The node.
    pub node: BrokerId,
    /// The kind of requests.
    pub class: Class,
    /// The sum of all throttles, what two of them have in common once.
    pub time: Duration,
}

/// What was told so far, and when the latest of it ends.
#[derive(Debug, Default)]
struct Account {
    told: Duration,
    until: Instant,
}

impl Account {
    fn add(&mut self, until: Instant, now: Instant) {
        self.told += until.saturating_duration_since(self.until.max(now));
        self.until = self.until.max(until);
    }

    /// What is still to come is not spent yet.
    fn spent(&self, now: Instant) -> Duration {
        self.told.saturating_sub(self.until.saturating_duration_since(now))
    }
}

/// The driver's side: what must be waited for, beside what is published.
#[derive(Debug, Default)]
pub(crate) struct ThrottleTable {
    view: Arc<ThrottleView>,
    /// Only what the version of the answer obliges the client to wait out; the view has the rest too.
    obeyed: BTreeMap<(BrokerId, Class), (Instant, ThrottleCause)>,
    /// When each throttle that was told ends; an entry leaves when its end has been told too.
    running: BTreeMap<(BrokerId, Class), Instant>,
    /// Every throttle that was ever told, added up.
    accounts: BTreeMap<(BrokerId, Class), Account>,
    /// Whose latest answer of that class told of a throttle to be waited out.
    wary: BTreeSet<(BrokerId, Class)>,
}

impl ThrottleTable {
    pub(crate) fn view(&self) -> &Arc<ThrottleView> {
        &self.view
    }

    /// How long each node has throttled each class of requests so far.
    pub(super) fn times(&self, now: Instant) -> impl Iterator<Item = ThrottledTime> + '_ {
        let time = move |(&(node, class), account): (&(BrokerId, Class), &Account)| ThrottledTime {
            node,
            class,
            time: account.spent(now),
        };
        self.accounts.iter().map(time)
    }

    /// Takes in what an answer said.
    pub(crate) fn record(&mut self, throttle: Throttle, obey: bool, now: Instant) -> Recorded {
        let Throttle { node, class, until, cause } = throttle;
        self.accounts.entry((node, class)).or_default().add(until, now);
        let published = self.view.node(node);
        let later = published.throttle(class).until < until;
        published.cell(class).merge(until, cause);
        let recorded = match self.running.get(&(node, class)) {
            None => Recorded::Began,
            Some(_) if later => Recorded::Extended,
            Some(_) => Recorded::Covered,
        };
        let end = self.running.entry((node, class)).or_insert(until);
        *end = until.max(*end);
        if obey {
            self.wary.insert((node, class));
            let entry = self.obeyed.entry((node, class)).or_insert((until, cause));
            if entry.0 < until {
                *entry = (until, cause);
            }
        }
        recorded
    }

    /// The throttle that a request of this class to this node must wait out.
    pub(crate) fn obeyed(&self, node: BrokerId, class: Class, now: Instant) -> Option<Throttle> {
        let &(until, cause) = self.obeyed.get(&(node, class))?;
        (until > now).then_some(Throttle { node, class, until, cause })
    }

    /// Takes in that an answer told of no throttle.
    pub(crate) fn note_unthrottled(&mut self, node: BrokerId, class: Class) {
        self.wary.remove(&(node, class));
    }

    /// How many requests may be unanswered on a connection.
    ///
    /// Where the latest answer told of a throttle, the next one probably will too, and the broker then stops reading:
    /// a second request behind it would only lie in the socket, while its records could have gone on gathering. So
    /// one request goes at a time, until an answer tells of no throttle.
    pub(super) fn window(&self, node: BrokerId, role: Role, config: &NetConfig) -> usize {
        let class = match role {
            Role::Produce(_) => Class::Produce,
            Role::Fetch(_) => Class::Fetch,
            Role::Control | Role::Coordinator(_) => return config.max_in_flight,
        };
        if self.wary.contains(&(node, class)) { 1 } else { config.max_in_flight }
    }

    /// The throttles that ended by `now` and were not reported as ended yet.
    pub(crate) fn ended(&mut self, now: Instant) -> Vec<Throttle> {
        let ended: Vec<_> =
            self.running.iter().filter(|(_, end)| **end <= now).map(|(key, _)| *key).collect();
        for key in &ended {
            self.running.remove(key);
            self.obeyed.remove(key);
        }
        ended.into_iter().map(|(node, class)| self.view.node(node).throttle(class)).collect()
    }

    /// When the next throttle ends.
    pub(crate) fn next_end(&self) -> Option<Instant> {
        self.running.values().min().copied()
    }

    /// A bootstrap address turned out to be this node: what was told there was told by the node.
    pub(crate) fn adopt(&mut self, from: BrokerId, to: BrokerId, now: Instant) {
        for class in Class::ALL {
            if let Some(told) = self.accounts.remove(&(from, class)) {
                let account = self.accounts.entry((to, class)).or_default();
                account.told += told.told;
                account.until = account.until.max(told.until);
            }
            if let Some((until, cause)) = self.obeyed.remove(&(from, class)) {
                self.record(Throttle { node: to, class, until, cause }, true, now);
            }
        }
    }
}

#[cfg(all(test, loom))]
mod loom_models {
    use super::*;

    const MILLI: u64 = 1000;

    /// Whatever the readers' timing: an end never goes back, and always comes with its own cause.
    #[test]
    fn loom_throttle_readers_see_whole_words_that_never_go_back() {
        loom::model(|| {
            let cell = Arc::new(ThrottleCell::default());
            let told = [(3 * MILLI, ThrottleCause::ByteRate), (MILLI, ThrottleCause::Mutation)];
            let reader = {
                let cell = Arc::clone(&cell);
                loom::thread::spawn(move || {
                    let mut last = Instant::ZERO;
                    for _ in 0..2 {
                        let (until, cause) = cell.read();
                        assert!(until >= last);
                        last = until;
                        match until.as_micros() {
                            0 => assert_eq!(cause, ThrottleCause::Unknown),
                            until => assert!(told.contains(&(until, cause)), "{until} {cause:?}"),
                        }
                    }
                })
            };
            for (until, cause) in told {
                cell.merge(Instant::from_micros(until), cause);
            }
            reader.join().unwrap();
            assert_eq!(cell.read(), (Instant::from_micros(3 * MILLI), ThrottleCause::ByteRate));
        });
    }
}
