//! What counts as processed, and what is committed of it by itself.

use super::*;

fn committed(bench: &mut Bench) -> Option<Vec<(i32, i64)>> {
    // Heartbeats lie between.
    for _ in 0..20 {
        bench.advance(Duration::from_secs(1));
        while let Some(request) = bench.requests.pop_front() {
            match request.api {
                ApiKey::HEARTBEAT => bench.answer(&request, &HeartbeatResponse::default()),
                ApiKey::OFFSET_COMMIT => {
                    let asked: OffsetCommitRequest = request.read();
                    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::NONE));
                    return Some(Bench::commits(&asked));
                }
                other => panic!("{other:?}"),
            }
        }
    }
    None
}

#[test]
fn a_batch_counts_once_it_was_dropped_and_the_application_came_back() {
    let mut bench = Bench::stable(classic(), [0]);
    let batch = bench.hand_out(0, 100, 110);
    assert_eq!(committed(&mut bench), None);
    drop(batch);
    assert_eq!(committed(&mut bench), None, "an error may have thrown it away");
    bench.come_back();
    assert_eq!(committed(&mut bench), Some(vec![(0, 110)]));
    assert_eq!(committed(&mut bench), None, "what is committed is committed again");
    assert_eq!(bench.ownership(0).committed(), Some(110));
}

#[test]
fn batches_that_are_done_in_any_order_are_committed_without_a_gap() {
    let mut bench = Bench::stable(classic(), [0]);
    let mut batches: Vec<_> = (0..3)
        .map(|number| {
            bench.come_back();
            bench.hand_out(0, 100 + 10 * number, 110 + 10 * number)
        })
        .collect();
    batches[2].done();
    assert_eq!(committed(&mut bench), None);
    batches[0].done();
    assert_eq!(committed(&mut bench), Some(vec![(0, 110)]));
    batches[1].done();
    assert_eq!(committed(&mut bench), Some(vec![(0, 130)]));
}

#[test]
fn records_of_a_batch_are_acknowledged_one_by_one() {
    let mut bench = Bench::stable(classic(), [0]);
    let mut batch = bench.hand_out(0, 100, 110);
    // Compaction has left gaps.
    batch.by_record([100, 103, 107].into_iter());
    batch.acknowledge(103);
    assert_eq!(bench.ownership(0).processed().unwrap().offset, 100);
    batch.acknowledge(100);
    assert_eq!(bench.ownership(0).processed().unwrap().offset, 107);
    batch.acknowledge(105);
    batch.acknowledge(107);
    assert_eq!(committed(&mut bench), Some(vec![(0, 110)]));
}

#[test]
fn a_batch_that_is_dropped_late_and_without_a_word_holds_commits_back_and_is_told() {
    let mut bench = Bench::stable(classic(), [0]);
    let first = bench.hand_out(0, 100, 110);
    bench.come_back();
    let mut second = bench.hand_out(0, 110, 120);
    drop(first);
    second.done();
    bench.come_back();
    assert_eq!(committed(&mut bench), None);
    let abandoned = GroupEvent::Abandoned { partition: partition(0), offset: 100 };
    assert_eq!(bench.events.iter().filter(|event| **event == abandoned).count(), 1, "{:?}", bench.events);
}

#[test]
fn a_batch_that_is_dropped_in_a_panic_is_not_processed() {
    let mut bench = Bench::stable(classic(), [0]);
    let batch = bench.hand_out(0, 100, 110);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(move || {
        let _batch = batch;
        panic!("on purpose");
    }));
    assert!(panicked.is_err());
    bench.come_back();
    assert_eq!(committed(&mut bench), None);
}

#[test]
fn a_seek_lets_go_of_what_was_handed_out() {
    let mut bench = Bench::stable(classic(), [0]);
    let batch = bench.hand_out(0, 100, 110);
    bench.edge.seek(&partition(0), Some(50));
    assert_eq!(committed(&mut bench), Some(vec![(0, 50)]));
    drop(batch);
}

#[test]
fn an_application_that_stays_away_is_warned_leaves_and_joins_again_when_it_is_back() {
    let mut bench = Bench::stable(classic(), [0]);
    let batch = bench.hand_out(0, 100, 110);
    let begin = bench.world.now;
    let mut left_at = None;
    while left_at.is_none() {
        bench.advance(Duration::from_secs(3));
        let request = bench.requests.pop_front();
        match request {
            Some(request) if request.api == ApiKey::HEARTBEAT => {
                bench.answer(&request, &HeartbeatResponse::default());
            }
            Some(request) => {
                assert!(
                    request.read::<LeaveGroupRequest>().members[0]
                        .reason
                        .as_ref()
                        .unwrap()
                        .contains("max.poll")
                );
                left_at = Some(bench.world.now);
                bench.answer(&request, &LeaveGroupResponse::default());
            }
            None => {}
        }
    }
    assert_eq!(left_at.unwrap().saturating_duration_since(begin), Duration::from_secs(300));
    assert_eq!(batch.ownership().phase(), Phase::Ended(End::Lost));
    let near = bench.events.iter().position(|event| matches!(event, GroupEvent::AbsenceNear { .. }));
    let exceeded = bench.events.iter().position(|event| matches!(event, GroupEvent::AbsenceExceeded { .. }));
    assert!(near.unwrap() < exceeded.unwrap(), "{:?}", bench.events);
    bench.advance(Duration::from_secs(100));
    assert!(bench.requests.is_empty(), "joins while nobody is there: {:?}", bench.requests);
    bench.come_back();
    bench.settle();
    let (_, asked) = bench.take::<JoinGroupRequest>();
    assert!(asked.member_id.is_empty());
}

#[test]
fn waiting_for_records_is_no_absence() {
    let mut bench = Bench::stable(classic(), [0]);
    drop(bench.hand_out(0, 100, 110));
    bench.come_back();
    for _ in 0..200 {
        bench.advance(Duration::from_secs(3));
        while let Some(request) = bench.requests.pop_front() {
            match request.api {
                ApiKey::HEARTBEAT => bench.answer(&request, &HeartbeatResponse::default()),
                ApiKey::OFFSET_COMMIT => {
                    let asked: OffsetCommitRequest = request.read();
                    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::NONE));
                }
                other => panic!("{other:?}"),
            }
        }
    }
    assert_eq!(bench.ownership(0).phase(), Phase::Held);
}

#[test]
fn a_batch_that_goes_out_record_by_record_counts_as_far_as_it_went() {
    let bench = Bench::stable(classic(), [0]);
    let ownership = bench.ownership(0);
    let mut batch = bench.hand_out(0, 100, 120);
    batch.processed_up_to(107);
    assert_eq!(ownership.processed().unwrap().offset, 107);
    // Given back, the rest is the next owner's, even though the application came back for more.
    batch.give_back();
    bench.come_back();
    assert_eq!(ownership.processed().unwrap().offset, 107);
    assert_eq!(ownership.held_batches(), 0);
}

#[test]
fn what_is_left_of_a_batch_and_goes_out_in_a_later_turn_counts_from_then_on() {
    let bench = Bench::stable(classic(), [0]);
    let ownership = bench.ownership(0);
    let mut batch = bench.hand_out(0, 100, 120);
    bench.come_back();
    batch.processed_up_to(110);
    batch.renew();
    drop(batch);
    assert_eq!(ownership.processed().unwrap().offset, 110);
    bench.edge.go_away(bench.world.now);
    bench.come_back();
    assert_eq!(ownership.processed().unwrap().offset, 120);
    assert_eq!(ownership.take_abandoned(), None);
}

#[test]
fn after_a_seek_the_rest_of_a_batch_holds_nothing_back() {
    let bench = Bench::stable(classic(), [0]);
    let ownership = bench.ownership(0);
    let mut batch = bench.hand_out(0, 100, 120);
    ownership.seek(Some(300));
    batch.processed_up_to(105);
    batch.give_back();
    assert_eq!(ownership.processed().unwrap().offset, 300);
}

impl Bench {
    /// The application commits by itself, and the coordinator agrees.
    fn commit_by_hand(&mut self, offset: i64) {
        self.commit(0, offset);
        self.settle();
        let (request, asked) = self.take::<OffsetCommitRequest>();
        assert_eq!(Bench::commits(&asked), [(0, offset)]);
        self.answer(&request, &Bench::commit_answer(&asked, ErrorCode::NONE));
    }
}

#[test]
fn what_the_application_committed_stands_until_processing_passes_it() {
    let mut bench = Bench::stable(classic(), [0]);
    let mut batches: Vec<_> = (0..4)
        .map(|number| {
            bench.come_back();
            bench.hand_out(0, 100 + 10 * number, 110 + 10 * number)
        })
        .collect();
    bench.commit_by_hand(120);
    assert_eq!(committed(&mut bench), None, "the first batch is held, and takes the group back");
    batches[0].done();
    assert_eq!(committed(&mut bench), None);
    batches[1].done();
    assert_eq!(committed(&mut bench), None, "it is committed already");
    batches[2].done();
    assert_eq!(committed(&mut bench), Some(vec![(0, 130)]));
}

#[test]
fn a_step_back_on_purpose_stands_until_more_is_processed() {
    let mut bench = Bench::stable(classic(), [0]);
    bench.hand_out(0, 100, 120).done();
    bench.come_back();
    assert_eq!(committed(&mut bench), Some(vec![(0, 120)]));
    bench.commit_by_hand(105);
    assert_eq!(committed(&mut bench), None);
    bench.hand_out(0, 120, 130).done();
    bench.come_back();
    assert_eq!(committed(&mut bench), Some(vec![(0, 130)]));
}

#[test]
fn a_hand_over_does_not_take_back_what_the_application_is_committing() {
    let mut bench = Bench::stable(classic(), [0]);
    let mut batch = bench.hand_out(0, 100, 110);
    batch.by_record([100, 105].into_iter());
    batch.acknowledge(100);
    drop(batch);
    bench.come_back();
    bench.advance(Duration::from_secs(3));
    let (beat, _) = bench.take::<HeartbeatRequest>();
    bench.commit(0, 110);
    bench.settle();
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    assert_eq!(Bench::commits(&asked), [(0, 110)]);
    let error_code = ErrorCode::REBALANCE_IN_PROGRESS;
    bench.answer(&beat, &HeartbeatResponse { error_code, ..Default::default() });
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::NONE));
    bench.take::<JoinGroupRequest>();
}

#[test]
fn a_commit_that_was_refused_is_made_good_when_processing_is_as_far() {
    let mut bench = Bench::stable(classic(), [0]);
    let mut batch = bench.hand_out(0, 100, 110);
    bench.commit(0, 110);
    bench.settle();
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::OFFSET_METADATA_TOO_LARGE));
    batch.done();
    assert_eq!(committed(&mut bench), Some(vec![(0, 110)]));
}

#[test]
fn a_seek_or_a_log_that_begins_anew_ends_what_stood() {
    let mut bench = Bench::stable(classic(), [0]);
    bench.commit_by_hand(500);
    bench.edge.seek(&partition(0), Some(50));
    assert_eq!(committed(&mut bench), Some(vec![(0, 50)]));
    bench.commit_by_hand(500);
    // The reader fell back to the begin of a log that is shorter.
    bench.hand_out(0, 0, 10).done();
    bench.come_back();
    assert_eq!(committed(&mut bench), Some(vec![(0, 10)]));
}
