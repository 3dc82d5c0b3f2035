//! Links over which an answer of the usual size does not come through in time.

use super::*;

const SECOND: Duration = Duration::from_secs(1);
const FULL: usize = 1 << 20;

/// One partition with more records than are ever read, behind a link.
struct Slow {
    bench: Bench,
    next: i64,
}

fn max_bytes(fetch: &Received) -> usize {
    usize::try_from(fetch.read::<FetchRequest>().max_bytes).unwrap()
}

impl Slow {
    fn new() -> Self {
        Self { bench: Bench::at(0, ConsumerConfig::default()), next: 0 }
    }

    /// The next fetch, which may have to wait for a new connection.
    fn fetch(&mut self) -> Received {
        for _ in 0..20 {
            if let Some(fetch) = self.bench.fetches().pop() {
                return fetch;
            }
            self.bench.advance(SECOND / 10);
        }
        panic!("no fetch: {:?}", self.bench.reasons());
    }

    /// Rounds until an answer has come through; how many were lost before.
    fn lose(&mut self, bytes_a_second: usize) -> usize {
        (0..6).find(|_| self.round(bytes_a_second, 0)).expect("nothing ever comes through")
    }

    /// One fetch over a link of so many bytes a second, and whether its answer came. The broker fills the answer with
    /// one batch of `least` bytes or more.
    fn round(&mut self, bytes_a_second: usize, least: usize) -> bool {
        let fetch = self.fetch();
        let size = max_bytes(&fetch).min(FULL).max(least) - 200;
        let needed = Duration::from_secs_f64(size as f64 / bytes_a_second as f64);
        if needed > 30 * SECOND {
            self.bench.advance(31 * SECOND);
            return false;
        }
        self.bench.advance(needed);
        self.bench.answer(&fetch, vec![data(0, i64::MAX, batch(self.next, 1, size))]);
        assert_eq!(self.bench.offsets(), [self.next]);
        self.next += 1;
        true
    }
}

#[test]
fn less_is_asked_for_until_an_answer_comes_through() {
    for bytes_a_second in [20_000, 3_000] {
        let mut slow = Slow::new();
        slow.lose(bytes_a_second);
        // What has come through does so again, whatever else is tried.
        let came = (0..50).filter(|_| slow.round(bytes_a_second, 0)).count();
        assert_eq!(came, 50, "{bytes_a_second}");
    }
}

#[test]
fn a_fast_link_is_asked_for_everything_again_after_a_few_answers() {
    let mut slow = Slow::new();
    assert_eq!(slow.lose(3_000), 4);
    let rounds = (0..20).position(|_| {
        slow.round(10_000_000, 0);
        let fetch = slow.fetch();
        let asked = max_bytes(&fetch);
        slow.bench.answer(&fetch, vec![]);
        asked > FULL
    });
    assert!(rounds.is_some_and(|rounds| rounds <= 6), "{rounds:?}");
}

#[test]
fn an_answer_that_is_cut_makes_the_next_one_smaller_and_a_long_poll_that_is_does_not() {
    let mut slow = Slow::new();
    let mut asked = Vec::new();
    for after in [SECOND / 4, 5 * SECOND, 5 * SECOND] {
        let fetch = slow.fetch();
        asked.push(max_bytes(&fetch));
        slow.bench.advance(after);
        let now = slow.bench.world.now;
        slow.bench.world.core.handle_disconnected(fetch.connection, DisconnectCause::Closed, now);
    }
    asked.push(max_bytes(&slow.fetch()));
    assert_eq!(asked[0], asked[1]);
    assert!(asked[2] <= FULL / 2 && asked[3] <= FULL / 4, "{asked:?}");
}

#[test]
fn what_is_asked_for_again_is_named() {
    let mut slow = Slow::new();
    slow.fetch();
    assert_eq!(slow.bench.reasons(), [WaitReason::AnswerDue { node: BrokerId(1) }]);
    for lost in 1..8 {
        slow.bench.advance(31 * SECOND);
        let bytes = max_bytes(&slow.fetch());
        let reasons = slow.bench.reasons();
        let [WaitReason::AnswerDueAgain { node: BrokerId(1), lost: told, bytes: most }] = reasons[..] else {
            panic!("{reasons:?}")
        };
        assert_eq!(told, lost);
        assert!(most >= bytes as u64 && most <= bytes as u64 + 1_000, "{most} for {bytes}");
        assert!(most >= 64 << 10);
    }
    slow.bench.advance(31 * SECOND);
    // A batch that is larger than all that was asked for comes whole, and ends it.
    assert!(slow.round(10_000, 200_000));
    slow.fetch();
    assert_eq!(slow.bench.reasons(), [WaitReason::AnswerDue { node: BrokerId(1) }]);
}
