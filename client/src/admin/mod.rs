//! Looking at a cluster and changing it.

mod cluster;
mod create;
mod delete;
mod describe;
mod error;
mod groups;
mod offsets;
mod quotas;

pub use cluster::{BrokerDescription, ClusterDescription};
pub use create::{CreatedTopic, NewTopic};
pub use delete::TopicSelector;
pub use describe::{PartitionDescription, TopicDescription, TopicListing};
pub use error::AdminError;
pub use groups::{GroupDescription, GroupListing, GroupMember, MemberToRemove};
pub use offsets::{CommittedOffset, GroupLag, OffsetSpec, PartitionOffsets};
pub use quotas::{QuotaAlteration, QuotaEntity, QuotaFilter, QuotaKey, QuotaMatch, QuotaName, Quotas};

use std::time::Duration;

use ottla_core::calls::CallSpec;
use ottla_core::{Event, Instant};
use ottla_proto::wire::Response;
use ottla_proto::{ErrorCode, TopicName};

use crate::driver::DriverHandle;
use crate::throttle::{self, Throttle};

/// Topics, consumer groups and the cluster itself: looking, creating, deleting. Made by [`Client::admin`](crate::Client::admin).
///
/// Each call ends within [`timeout`](Self::timeout), retries included. It is tried again where that may help: on a
/// lost connection, a controller that moved, a quota that is used up (then as late as the broker says). Calls for
/// several topics answer for each one by itself.
///
/// # Cancel safety
/// Dropping the future of a call gives up on its answer. What was sent by then may still be carried out.
#[derive(Clone, Debug)]
pub struct Admin {
    driver: DriverHandle,
    timeout: Duration,
}

impl Admin {
    pub(crate) fn new(driver: DriverHandle) -> Self {
        Self { driver, timeout: Duration::from_secs(60) }
    }

    /// Every throttle that holds at this moment, of any class; those of the class control delay calls, and each node's its
    /// own. Takes no lock and asks nobody.
    #[must_use]
    pub fn throttle(&self) -> Vec<Throttle> {
        throttle::active(&self.driver)
    }

    /// How long each call from here on may take (`default.api.timeout.ms`); 60 seconds by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn call(&self) -> Call<'_> {
        Call { driver: &self.driver, deadline: self.driver.now() + self.timeout, timeout: self.timeout }
    }
}

/// One call of the administrator, however many requests it takes.
#[derive(Clone, Copy, Debug)]
struct Call<'a> {
    driver: &'a DriverHandle,
    deadline: Instant,
    timeout: Duration,
}

impl Call<'_> {
    /// What is left of the call's time, as requests carry it.
    fn timeout_ms(self) -> i32 {
        let left = self.deadline.saturating_duration_since(self.driver.now());
        i32::try_from(left.as_millis()).unwrap_or(i32::MAX)
    }

    /// The answer to one request, and the node that gave it.
    async fn answer<M: Response + 'static>(self, spec: CallSpec) -> Result<(i32, M), AdminError> {
        let event = self.driver.ask(move |core, now| core.call(spec, now)).await?;
        let Event::CallDone { result, .. } = event else { return Err(AdminError::internal(M::NAME)) };
        let answer = result.map_err(|error| AdminError::new(error, self.timeout))?;
        let node = answer.node.0;
        let message: M = answer.into_message().ok_or_else(|| AdminError::internal(M::NAME))?;
        match message.error_code() {
            None | Some(ErrorCode::NONE) => Ok((node, message)),
            Some(code) => Err(AdminError::Refused { node, code, message: None }),
        }
    }
}

/// What became of each entry of a call for many, in the order in which they were asked for.
///
/// One request may settle some entries and leave others, since a quota on changes can cut through it. Those are
/// asked for again.
struct Entries<K, T> {
    entries: Vec<(K, Option<Result<T, AdminError>>)>,
}

impl<K: Clone + PartialEq, T> Entries<K, T> {
    /// Nothing is settled yet. Brokers refuse a request that names an entry twice, so the second is left out.
    fn new(keys: impl IntoIterator<Item = K>) -> Self {
        let mut entries: Vec<(K, Option<_>)> = Vec::new();
        for key in keys {
            if entries.iter().all(|(known, _)| *known != key) {
                entries.push((key, None));
            }
        }
        Self { entries }
    }

    /// What is still to be asked for.
    fn open(&self) -> Vec<K> {
        let open = self.entries.iter().filter(|(_, result)| result.is_none());
        open.map(|(key, _)| key.clone()).collect()
    }

    fn settle(&mut self, found: impl Fn(&K) -> bool, result: Result<T, AdminError>) {
        if let Some((_, slot)) = self.entries.iter_mut().find(|(key, slot)| slot.is_none() && found(key)) {
            *slot = Some(result);
        }
    }

    /// The same end for all that is still open.
    fn settle_rest(&mut self, error: &AdminError) {
        for (_, slot) in &mut self.entries {
            slot.get_or_insert_with(|| Err(error.clone()));
        }
    }

    fn into_results(self) -> Vec<(K, Result<T, AdminError>)> {
        let result = |(key, result): (K, Option<_>)| (key, result.unwrap_or(Err(AdminError::Unanswered)));
        self.entries.into_iter().map(result).collect()
    }
}

/// Whether asking again, at the right node or at the right time, is worth it for a change to topics.
fn passes(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::NOT_CONTROLLER | ErrorCode::THROTTLING_QUOTA_EXCEEDED)
}

/// The error for which a whole request is tried again: only if that loses no entry's answer.
fn retriable(codes: impl IntoIterator<Item = ErrorCode>) -> Option<ErrorCode> {
    let mut common = None;
    for code in codes {
        if !passes(code) {
            return None;
        }
        common = Some(code);
    }
    common
}

fn name_of(name: &str) -> TopicName {
    TopicName::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_tried_again_only_if_no_answer_is_lost() {
        let (moved, quota) = (ErrorCode::NOT_CONTROLLER, ErrorCode::THROTTLING_QUOTA_EXCEEDED);
        assert_eq!(retriable([]), None);
        assert_eq!(retriable([moved, moved]), Some(moved));
        assert_eq!(retriable([quota]), Some(quota));
        assert_eq!(retriable([quota, ErrorCode::NONE]), None);
        assert_eq!(retriable([ErrorCode::TOPIC_ALREADY_EXISTS]), None);
    }

    #[test]
    fn entries_keep_their_order_and_end_once() {
        let mut entries = Entries::new(["a", "b", "a", "c"]);
        assert_eq!(entries.open(), ["a", "b", "c"]);
        entries.settle(|key| *key == "b", Ok(1));
        entries.settle(|key| *key == "b", Ok(2));
        entries.settle(|key| *key == "unasked", Ok(3));
        assert_eq!(entries.open(), ["a", "c"]);
        entries.settle_rest(&AdminError::Unanswered);
        let results = entries.into_results();
        assert_eq!(
            results,
            [("a", Err(AdminError::Unanswered)), ("b", Ok(1)), ("c", Err(AdminError::Unanswered))]
        );
    }
}
