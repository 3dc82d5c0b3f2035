//! When to try again, and what an error code asks for: one place decides.

use std::time::Duration;

use ottla_proto::ErrorCode;

use crate::random::Random;

/// A wait that doubles with each failure in a row, up to a limit, and is spread by a fifth either way.
///
/// Java: `retry.backoff.ms` and `retry.backoff.max.ms`, `reconnect.backoff.ms` and `reconnect.backoff.max.ms`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The wait after the first failure, before it is spread.
    pub initial: Duration,
    /// No wait is longer.
    pub max: Duration,
}

impl Backoff {
    /// How long to wait after that many failures in a row; no wait after none.
    pub fn delay(&self, failures: u32, random: &mut Random) -> Duration {
        let Some(doublings) = failures.checked_sub(1) else { return Duration::ZERO };
        let factor = 1_u32.checked_shl(doublings).unwrap_or(u32::MAX);
        random.jitter(self.initial.saturating_mul(factor).min(self.max)).min(self.max)
    }
}

/// What an error code asks of whoever got it, before anything that is special to one API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// The same request may succeed at the same node after a wait.
    Retry,
    /// The view of the cluster is out of date: refresh it, then ask the node that it names.
    Refresh,
    /// The coordinator moved or is not known: find it again.
    FindCoordinator,
    /// A quota on changes is used up: wait as long as the answer says (KIP-599).
    WaitOut,
    /// Trying again changes nothing.
    Fail,
}

/// What `error` asks for.
#[must_use]
pub fn remedy(error: ErrorCode) -> Remedy {
    match error {
        ErrorCode::THROTTLING_QUOTA_EXCEEDED => Remedy::WaitOut,
        ErrorCode::NOT_COORDINATOR | ErrorCode::COORDINATOR_NOT_AVAILABLE => Remedy::FindCoordinator,
        ErrorCode::NOT_CONTROLLER => Remedy::Refresh,
        error if error.is_invalid_metadata() => Remedy::Refresh,
        error if error.is_retriable() => Remedy::Retry,
        _ => Remedy::Fail,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BACKOFF: Backoff = Backoff { initial: Duration::from_millis(50), max: Duration::from_secs(1) };

    #[test]
    fn backoff_doubles_with_bounded_jitter_up_to_the_cap() {
        let mut random = Random::new(5);
        assert_eq!(BACKOFF.delay(0, &mut random), Duration::ZERO);
        for (failures, middle) in [(1, 50), (2, 100), (3, 200), (4, 400), (5, 800)] {
            for _ in 0..200 {
                let delay = BACKOFF.delay(failures, &mut random);
                let middle = Duration::from_millis(middle);
                assert!(delay >= middle * 8 / 10 && delay <= middle * 12 / 10, "{failures}: {delay:?}");
            }
        }
        for failures in [6, 31, 32, 33, 64, u32::MAX] {
            let delay = BACKOFF.delay(failures, &mut random);
            assert!(delay >= Duration::from_millis(800) && delay <= BACKOFF.max, "{failures}: {delay:?}");
        }
    }

    #[test]
    fn codes_map_to_what_helps() {
        assert_eq!(remedy(ErrorCode::NOT_LEADER_OR_FOLLOWER), Remedy::Refresh);
        assert_eq!(remedy(ErrorCode::NOT_CONTROLLER), Remedy::Refresh);
        assert_eq!(remedy(ErrorCode::REQUEST_TIMED_OUT), Remedy::Retry);
        assert_eq!(remedy(ErrorCode::NOT_COORDINATOR), Remedy::FindCoordinator);
        assert_eq!(remedy(ErrorCode::THROTTLING_QUOTA_EXCEEDED), Remedy::WaitOut);
        assert_eq!(remedy(ErrorCode::TOPIC_AUTHORIZATION_FAILED), Remedy::Fail);
    }
}
