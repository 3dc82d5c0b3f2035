//! Offsets that are asked for and move no position.

use super::*;
use crate::event::{Event, Ticket};

impl Bench {
    fn ask(&mut self, wanted: &[(i32, Start)], within: Duration) -> Ticket {
        let wanted = wanted.iter().map(|(partition, start)| (name("t", *partition), *start)).collect();
        let ticket = self.world.core.ticket();
        let (key, now) = (self.key, self.world.now);
        let parts = self.world.core.parts();
        parts.consumers.find_offsets(key, ticket, wanted, now + within, parts.net, now);
        self.settle();
        ticket
    }

    fn found(&mut self, asked: Ticket) -> Option<FoundOffsets> {
        self.settle();
        let at = self.world.events.iter().position(|event| event.ticket() == Some(asked))?;
        match self.world.events.remove(at) {
            Event::OffsetsFound { mut offsets, .. } => {
                offsets.sort_by(|a, b| a.0.cmp(&b.0));
                Some(offsets)
            }
            other => panic!("{other:?}"),
        }
    }
}

const SOON: Duration = Duration::from_secs(30);

#[test]
fn offsets_are_found_beside_the_reading() {
    let mut bench = Bench::new(2, &[("t", 3)], ConsumerConfig::default());
    bench.assign("t", 0, Start::At(0));
    let fetch = bench.fetch();
    let asked_for = [(0, Start::Latest), (1, Start::Timestamp(77)), (2, Start::At(5))];
    let ticket = bench.ask(&asked_for, SOON);
    assert!(bench.reasons().iter().all(|reason| matches!(reason, WaitReason::AnswerDue { .. })));
    assert_eq!(bench.reasons().len(), 3, "{:?}", bench.reasons());
    assert!(bench.found(ticket).is_none());
    let mut lookups = bench.answer_lookups(40);
    lookups.sort_unstable();
    assert_eq!(lookups, [(0, -1), (1, 77)]);
    let found = bench.found(ticket).unwrap();
    let offsets: Vec<_> =
        found.into_iter().map(|(_, found)| found.unwrap().map(|found| found.offset)).collect();
    assert_eq!(offsets, [Some(40), Some(40), Some(5)]);
    // The reading goes on where it was, and nothing of what was asked about is fetched.
    bench.answer(&fetch, vec![data(0, 2, batch(0, 2, 10))]);
    assert_eq!(bench.offsets(), [0, 1]);
    assert_eq!(asked(&bench.fetch()), [(0, 2)]);
    assert_eq!(bench.reader.edge().partitions().len(), 1);
}

#[test]
fn a_time_after_the_last_record_has_no_offset() {
    let mut bench = Bench::new(1, &[("t", 1)], ConsumerConfig::default());
    let ticket = bench.ask(&[(0, Start::Timestamp(77))], SOON);
    bench.answer_lookups(-1);
    assert_eq!(bench.found(ticket), Some(vec![(name("t", 0), Ok(None))]));
}

#[test]
fn what_may_pass_is_waited_out_until_the_deadline() {
    let mut bench = Bench::new(1, &[("t", 1)], ConsumerConfig::default());
    let ticket = bench.ask(&[(0, Start::Earliest)], Duration::from_secs(2));
    let end = bench.world.now + Duration::from_secs(2);
    while bench.world.now < end {
        assert!(bench.found(ticket).is_none());
        if let Some(at) = bench.requests.iter().position(|request| request.api == ApiKey::LIST_OFFSETS) {
            let request = bench.requests.remove(at);
            let error = ErrorCode::LEADER_NOT_AVAILABLE;
            bench.world.answer(&request, &lookup_response(&request.read(), error, -1, &mut Vec::new()));
        }
        bench.advance(Duration::from_millis(50));
    }
    let found = bench.found(ticket).unwrap();
    let Err(LookupError::DeadlineExceeded { waiting_for: Some(reason) }) = &found[0].1 else {
        panic!("{found:?}")
    };
    assert!(matches!(**reason, WaitReason::RetryBackoff { .. } | WaitReason::AnswerDue { .. }), "{reason:?}");
}

#[test]
fn a_refusal_and_the_end_are_told_and_whoever_leaves_is_forgotten() {
    let mut bench = Bench::new(1, &[("t", 1)], ConsumerConfig::default());
    let ticket = bench.ask(&[(0, Start::Earliest)], SOON);
    let request = bench.requests.remove(0);
    let error = ErrorCode::TOPIC_AUTHORIZATION_FAILED;
    bench.world.answer(&request, &lookup_response(&request.read(), error, -1, &mut Vec::new()));
    let refused = PartitionFault::Refused { node: BrokerId(1), error };
    assert_eq!(bench.found(ticket).unwrap()[0].1, Err(refused.into()));

    let left = bench.ask(&[(0, Start::Earliest)], SOON);
    bench.world.core.forget(left);
    bench.advance(SOON);
    assert!(bench.found(left).is_none());

    let closed = bench.ask(&[(0, Start::Earliest)], SOON);
    bench.reader.edge().close();
    assert_eq!(bench.found(closed).unwrap()[0].1, Err(LookupError::Closed));
    let late = bench.ask(&[(0, Start::Earliest)], SOON);
    assert_eq!(bench.found(late).unwrap()[0].1, Err(LookupError::Closed));
}

#[test]
fn several_may_ask_about_one_partition() {
    let mut bench = Bench::new(1, &[("t", 1)], ConsumerConfig::default());
    let ticket = bench.ask(&[(0, Start::Earliest), (0, Start::Timestamp(77))], SOON);
    bench.assign("t", 0, Start::Latest);
    let mut asked = Vec::new();
    for _ in 0..3 {
        let lookups = bench.answer_lookups(5);
        assert_eq!(lookups.len(), 1, "one at a time");
        asked.extend(lookups);
    }
    asked.sort_unstable();
    assert_eq!(asked, [(0, -2), (0, -1), (0, 77)]);
    assert_eq!((bench.found(ticket).unwrap().len(), bench.position(0)), (2, Some(5)));
}
