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
    /// When that was last told. Requests that were on their way by then have seen the same of the broker: if it stood
    /// still for a while, that counts once.
    told_at: Instant,
    believed_until: Instant,
}

impl Pace {
    /// An answer came `took` after its request was written, which had that many unanswered ones in front of it.
    pub(super) fn on_answer(&mut self, in_front: u32, took: Duration, now: Instant) {
        if let Some(longer) = took.saturating_sub(self.alone).checked_div(in_front) {
            if self.told_at + took <= now {
                // One by itself is work and a way: work alone cannot take longer.
                self.work = average(self.work, longer.min(self.alone));
                self.told_at = now;
            }
        } else if now > self.believed_until {
            let believed_until = now + BELIEVED;
            *self = Self { alone: took, believed_until, ..Self::default() };
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

    /// A broker that serves one request after the other, each of which takes `way` there and back, and for which there is
    /// always another one.
    #[derive(Default)]
    struct Busy {
        pace: Pace,
        now: Instant,
        way: Duration,
        work: Duration,
        idle_from: Instant,
        in_flight: VecDeque<(u32, Instant, Instant)>,
    }

    impl Busy {
        fn answer(&mut self, count: usize) {
            for _ in 0..count {
                while self.in_flight.len() < self.pace.window(self.now).min(MAX) {
                    self.idle_from = self.idle_from.max(self.now + self.way / 2) + self.work;
                    let in_front = u32::try_from(self.in_flight.len()).unwrap();
                    self.in_flight.push_back((in_front, self.now, self.idle_from + self.way / 2));
                }
                let (in_front, written_at, answered_at) = self.in_flight.pop_front().unwrap();
                self.now = self.now.max(answered_at);
                self.pace.on_answer(in_front, self.now.saturating_duration_since(written_at), self.now);
            }
        }

        /// What is on its way comes so much later.
        fn stand_still(&mut self, time: Duration) {
            self.idle_from = self.idle_from + time;
            self.in_flight.iter_mut().for_each(|(.., answered_at)| *answered_at = *answered_at + time);
        }
    }

    /// What is known of a broker after a while.
    fn known(way: Duration, work: Duration) -> (Pace, Instant) {
        let mut busy = Busy { way, work, ..Busy::default() };
        busy.answer(100);
        (busy.pace, busy.now)
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
    fn a_far_broker_that_stood_still_once_is_given_what_it_may_take_soon_after() {
        for still in [300_000, 2_000_000, 8_000_000].map(micros) {
            let mut busy = Busy { way: micros(100_000), work: micros(200), ..Busy::default() };
            busy.answer(100);
            busy.stand_still(still);
            busy.answer(MAX + 1);
            let since = busy.now;
            while busy.pace.window(busy.now) < MAX {
                busy.answer(1);
            }
            assert!(
                busy.now <= since + 5 * busy.way,
                "{still:?}: {:?}",
                busy.now.saturating_duration_since(since)
            );
        }
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
