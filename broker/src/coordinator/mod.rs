//! What Kafka's coordinators decide: groups, their offsets, transactions. Requests in, answers out, time as an
//! argument.
//!
//! The leader of a partition of [`CoordinatorType::topic`] coordinates what falls into it. What they know is kept in
//! one place for all nodes, as if those topics were replicated to each of them at once; their logs stay empty.

mod expiry;
mod group;
mod offsets;
mod place;
mod settings;
#[cfg(test)]
pub(crate) mod testing;
mod timers;
mod transaction;

use std::collections::VecDeque;
use std::time::Duration;

use bytestring::ByteString;
use ottla_proto::messages::join_group::JoinGroupResponse;
use ottla_proto::messages::sync_group::SyncGroupResponse;
use ottla_proto::{GroupId, TransactionalId};

pub use group::MigrationPolicy;
pub(crate) use group::{
    CommitError, Committer, Group, GroupKey, Groups, HeartbeatRefused, KeptGroup, KeptMember, Pattern,
    check_heartbeat,
};
pub(crate) use offsets::{CommittedOffset, OffsetKey, Offsets};
pub(crate) use place::{CoordinatorType, is_internal, partition};
pub use settings::{GroupSettings, TransactionSettings};
pub(crate) use transaction::{
    KeptTransaction, Outcome, Producer, State, Target, Transaction, Transactions, append_marker,
    write_markers,
};

use crate::Instant;
use crate::api::Call;
use crate::engine::Topics;
use timers::Timers;

/// All coordinators of the cluster.
#[derive(Debug)]
pub(crate) struct Coordinators {
    pub(crate) groups: Groups,
    pub(crate) offsets: Offsets,
    pub(crate) transactions: Transactions,
    settings: GroupSettings,
    transaction_settings: TransactionSettings,
    timers: Timers<TimerKey>,
    answers: VecDeque<(Call, Answer)>,
}

/// One call into a coordinator: what it may use besides its own state.
#[derive(Debug)]
pub(crate) struct Turn<'a, S = GroupSettings> {
    pub(crate) now: Instant,
    settings: &'a S,
    timers: &'a mut Timers<TimerKey>,
    answers: &'a mut VecDeque<(Call, Answer)>,
}

/// The answer to a call that may have waited.
#[derive(Debug)]
pub(crate) enum Answer {
    Join(JoinGroupResponse),
    Sync(SyncGroupResponse),
}

/// The name under which a group knows a member.
pub(crate) type MemberId = ByteString;

/// What a timer is for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum TimerKey {
    /// The members of a classic group have had long enough to join.
    Join(GroupId),
    /// The members of a classic group have had long enough to ask for their assignment.
    Sync(GroupId),
    /// Nothing was heard of a member for as long as its session lasts.
    Session(GroupId, MemberId),
    /// A transaction has had long enough to end.
    Transaction(TransactionalId),
    /// Markers are to be written that could not be before.
    Markers,
    /// A member of a consumer group has had long enough to give up partitions.
    Revocation(GroupId, MemberId),
    /// A classic member of a consumer group has had long enough to join again.
    MemberJoin(GroupId, MemberId),
    /// A classic member of a consumer group has had long enough to ask for its partitions.
    MemberSync(GroupId, MemberId),
}

impl Coordinators {
    pub(crate) fn new(settings: GroupSettings, transaction_settings: TransactionSettings) -> Self {
        Self {
            groups: Groups::default(),
            offsets: Offsets::default(),
            transactions: Transactions::default(),
            settings,
            transaction_settings,
            timers: Timers::default(),
            answers: VecDeque::new(),
        }
    }

    /// The groups, and what a call into them needs.
    pub(crate) fn groups(&mut self, now: Instant) -> (&mut Groups, Turn<'_>) {
        let Self { groups, settings, timers, answers, .. } = self;
        (groups, Turn { now, settings, timers, answers })
    }

    /// The transactions, and what a call into them needs.
    pub(crate) fn transactions(
        &mut self,
        now: Instant,
    ) -> (&mut Transactions, Turn<'_, TransactionSettings>) {
        let Self { transactions, transaction_settings: settings, timers, answers, .. } = self;
        (transactions, Turn { now, settings, timers, answers })
    }

    pub(crate) fn settings(&self) -> &GroupSettings {
        &self.settings
    }

    /// When [`handle_timeout`](Self::handle_timeout) is due.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Does what is due.
    pub(crate) fn handle_timeout(&mut self, topics: &Topics, now: Instant) {
        while let Some(key) = self.timers.pop(now) {
            if let TimerKey::Transaction(id) = &key {
                let (transactions, mut turn) = self.transactions(now);
                transactions.timed_out(&mut turn, id);
                continue;
            }
            let (groups, mut turn) = self.groups(now);
            match key {
                TimerKey::Transaction(_) | TimerKey::Markers => {}
                TimerKey::Join(group) => groups.join_expired(&mut turn, topics, &group),
                TimerKey::Sync(group) => groups.sync_expired(&mut turn, topics, &group),
                TimerKey::Session(group, member)
                | TimerKey::MemberJoin(group, member)
                | TimerKey::MemberSync(group, member) => {
                    groups.member_expired(&mut turn, topics, &group, &member);
                }
                TimerKey::Revocation(group, member) => {
                    groups.revocation_expired(&mut turn, topics, &group, &member);
                }
            }
        }
    }

    /// The next call whose answer has been found.
    pub(crate) fn next_answer(&mut self) -> Option<(Call, Answer)> {
        self.answers.pop_front()
    }
}

impl Turn<'_> {
    fn answer(&mut self, call: Call, answer: Answer) {
        self.answers.push_back((call, answer));
    }
}

/// A copy that does not keep the frame in memory that the text came in.
pub(crate) fn own(text: &ByteString) -> ByteString {
    ByteString::from(String::from(&**text))
}

/// See [`own`].
pub(crate) fn own_group(id: &GroupId) -> GroupId {
    GroupId(own(&id.0))
}

/// A time span from a request; a negative one counts as none.
pub(crate) fn milliseconds(count: i32) -> Duration {
    Duration::from_millis(u64::try_from(count).unwrap_or_default())
}

/// A span as it is kept over a restart.
fn kept_milliseconds(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

/// Where every client is, as the tools show it: this broker serves one machine.
const CLIENT_HOST: &str = "/127.0.0.1";
