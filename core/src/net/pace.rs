//! How many unanswered requests a connection has use for.
//!
//! A broker serves a connection's requests one after the other. Those that it is not busy with lie in its socket, where
//! they can no longer grow: the same records then come in more and smaller requests, each of which costs the broker
//! about as much as a large one, and under load all wait in a longer queue.
//!
//! How many keep it busy is told by the answers. A request that nothing was in front of takes its way there and back and
//! the broker's work; each one in front adds work, less what is done while the request is on its way. As many as the
//! whole has room for are on their way without waiting: one to a near broker, as many as may be to a far one.

use std::time::Duration;

use crate::time::Instant;

/// For how long that which was told is believed.
const BELIEVED: Duration = Duration::from_secs(10);

/// What the answers of a connection have told.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// How long a request takes that has nothing in front of it.
    alone: Duration,
    /// How much longer a request takes for each one in front of it.
    work: Duration,
    believed_until: Instant,
}

impl Pace {
    /// An answer came `took` after its request was written, which had that many unanswered ones in front of it.
    pub(super) fn on_answer(&mut self, in_front: u32, took: Duration, now: Instant) {
        if let Some(longer) = took.saturating_sub(self.alone).checked_div(in_front) {
            self.work = average(self.work, longer);
        } else if now > self.believed_until {
            *self = Self { alone: took, work: Duration::ZERO, believed_until: now + BELIEVED };
        } else {
            self.alone = average(self.alone, took);
        }
    }

    /// How many requests keep the broker busy.
    pub(super) fn window(&self, now: Instant) -> usize {
        if self.work.is_zero() {
            return usize::MAX;
        }
        if now > self.believed_until {
            // The queue runs empty once, so that the next request shows how long one takes by itself.
            return 1;
        }
        // As much again may be hidden in the way of the request.
        let works = self.alone.as_nanos() / (2 * self.work.as_nanos());
        usize::try_from(works).unwrap_or(usize::MAX).max(1)
    }
}

/// The newest answer is an eighth of it, so that it takes several of one mind.
fn average(before: Duration, newest: Duration) -> Duration {
    (before * 7 + newest) / 8
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    const MAX: usize = 5;

    /// What is known of a broker after a while in which there was always another request for it: it serves one after the
    /// other, and each takes that long there and back.
    fn known(way: Duration, work: Duration) -> (Pace, Instant) {
        let (mut pace, mut now, mut idle_from) = (Pace::default(), Instant::ZERO, Instant::ZERO);
        let mut in_flight = VecDeque::new();
        for _ in 0..100 {
            while in_flight.len() < pace.window(now).min(MAX) {
                idle_from = idle_from.max(now + way / 2) + work;
                in_flight.push_back((u32::try_from(in_flight.len()).unwrap(), now, idle_from + way / 2));
            }
            let (in_front, written_at, answered_at) = in_flight.pop_front().unwrap();
            now = answered_at;
            pace.on_answer(in_front, now.saturating_duration_since(written_at), now);
        }
        (pace, now)
    }

    fn window((pace, now): (Pace, Instant)) -> usize {
        pace.window(now).min(MAX)
    }

    const fn micros(micros: u64) -> Duration {
        Duration::from_micros(micros)
    }

    #[test]
    fn a_near_broker_is_busy_with_one_request_and_a_far_one_takes_what_it_may() {
        assert_eq!(window(known(micros(0), micros(200))), 1);
        assert_eq!(window(known(micros(100), micros(200))), 1);
        assert_eq!(window(known(micros(2_000), micros(200))), MAX);
        assert_eq!(window(known(micros(100_000), micros(200))), MAX);
        // Three are on their way without waiting.
        assert!(window(known(micros(100_000), micros(50_000))) >= 3);
    }

    #[test]
    fn a_single_late_answer_closes_nothing() {
        let mut pace = Pace::default();
        let now = Instant::from_micros(1_000);
        pace.on_answer(0, micros(200), now);
        pace.on_answer(1, micros(500), now);
        assert!(pace.window(now) > 1);
    }

    #[test]
    fn what_was_told_long_ago_is_asked_anew() {
        let (mut pace, now) = known(micros(100), micros(200));
        let later = now + BELIEVED + micros(1);
        pace.on_answer(1, micros(400), later);
        assert_eq!(pace.window(later), 1, "the queue runs empty");
        pace.on_answer(0, micros(50_000), later);
        assert!(pace.window(later) >= MAX, "the broker is far away now");
    }
}
