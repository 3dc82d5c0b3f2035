//! Offsets go by topic id where the coordinator gave the partitions by it: a topic that was deleted and created anew is
//! another topic.

use super::consumer::{given, topic_id};
use super::*;

fn manual() -> GroupConfig {
    GroupConfig { auto_commit: None, ..config() }
}

/// What a commit names: the topic by name and by id, and the offset.
fn named(request: &OffsetCommitRequest) -> (&str, TopicId, i64) {
    let topic = &request.topics[0];
    (&topic.name, topic.topic_id, topic.partitions[0].committed_offset)
}

impl Bench {
    /// The topic is deleted and created anew, and the view of the cluster knows.
    fn recreate(&mut self) {
        self.is_recreated = true;
        self.world.core.parts().net.cluster_mut().refresh();
        self.settle();
        let known = |bench: &Self| bench.world.core.net().cluster().topic_id(&TopicName::from("t"));
        for _ in 0..20 {
            if known(self) == Some(anew(topic_id())) {
                return;
            }
            self.advance(Duration::from_secs(1));
        }
        panic!("the view stays as it was");
    }

    /// The next request of this API, where others may lie between.
    fn pick<R: Request>(&mut self) -> (Received, R) {
        let at = self.requests.iter().position(|request| request.api == R::KEY);
        let request = self.requests.remove(at.unwrap_or_else(|| panic!("{:?}", self.requests))).unwrap();
        let read = request.read();
        (request, read)
    }
}

#[test]
fn the_consumer_protocol_looks_up_and_commits_by_id() {
    let mut bench = Bench::new(manual());
    let (request, _) = bench.take::<ConsumerGroupHeartbeatRequest>();
    bench.answer(&request, &given(1, Some(&[0, 2])));
    let (report, _) = bench.pick::<ConsumerGroupHeartbeatRequest>();
    bench.answer(&report, &given(1, None));
    let asked: OffsetFetchRequest = bench.requests[0].read();
    let topic = &asked.groups[0].topics.as_ref().unwrap()[0];
    assert_eq!((topic.topic_id, &*topic.name, &topic.partition_indexes[..]), (topic_id(), "", &[0, 2][..]));
    bench.serve_offsets();
    let positions: Vec<_> = bench.reader.edge().partitions().iter().map(|status| status.position).collect();
    assert_eq!(positions, [Some(OFFSET); 2]);

    bench.commit(2, 150);
    bench.settle();
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    assert_eq!((request.version, named(&asked)), (10, ("", topic_id(), 150)));
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::NONE));
    assert_eq!(bench.done(), [Ok(())]);
}

#[test]
fn a_coordinator_that_knows_no_ids_and_a_classic_member_go_by_name() {
    let old = |api: &Api| {
        let latest = if api.key == ApiKey::OFFSET_COMMIT { 9 } else { api.latest_stable };
        Some((api.versions.min, latest))
    };
    let by_name = [
        Bench::with_versions(manual(), &old).into_consumer(&[0]),
        Bench::stable(GroupConfig { protocol: ProtocolChoice::Classic, ..manual() }, [0]),
    ];
    for mut bench in by_name {
        bench.commit(0, 150);
        bench.settle();
        let (request, asked) = bench.take::<OffsetCommitRequest>();
        assert_eq!((request.version, named(&asked)), (9, ("t", TopicId::ZERO, 150)));
        bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::NONE));
        assert_eq!(bench.done(), [Ok(())]);
    }
}

#[test]
fn a_commit_that_is_tried_again_never_reaches_the_topic_that_came_in_between() {
    let mut bench = Bench::consumer(manual(), &[0]);
    let ownership = bench.ownership(0);
    bench.commit(0, 150);
    bench.settle();
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::COORDINATOR_LOAD_IN_PROGRESS));
    bench.recreate();
    let (request, asked) = bench.pick::<OffsetCommitRequest>();
    assert_eq!(named(&asked), ("", topic_id(), 150));
    assert_eq!(bench.done(), []);
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::UNKNOWN_TOPIC_ID));
    let gone = CommitError::TopicGone { partition: partition(0) };
    assert!(gone.to_string().contains("created anew"), "{gone}");
    assert_eq!(bench.done(), [Err(gone)]);
    assert_eq!(ownership.phase(), Phase::Ended(End::Revoked), "and nothing waits for it");
}

#[test]
fn a_topic_that_only_the_coordinator_does_not_know_yet_is_committed_in_the_end() {
    let mut bench = Bench::consumer(manual(), &[0]);
    for _ in 0..2 {
        bench.commit(0, 150);
        bench.settle();
        let (request, asked) = bench.take::<OffsetCommitRequest>();
        bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::UNKNOWN_TOPIC_ID));
        assert_eq!(bench.done(), []);
        bench.advance(Duration::from_secs(1));
        let (request, asked) = bench.take::<OffsetCommitRequest>();
        assert_eq!(named(&asked), ("", topic_id(), 150));
        bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::NONE));
        assert_eq!(bench.done(), [Ok(())]);
    }
    // Gone for good: the view learns of it because of the first refusal.
    bench.commit(0, 160);
    bench.settle();
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    (bench.gone, bench.topics) = (vec!["t"], Vec::new());
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::UNKNOWN_TOPIC_ID));
    bench.advance(Duration::from_secs(1));
    let (request, asked) = bench.pick::<OffsetCommitRequest>();
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::UNKNOWN_TOPIC_ID));
    assert_eq!(bench.done(), [Err(CommitError::TopicGone { partition: partition(0) })]);
}

#[test]
fn a_topic_that_was_created_anew_is_owned_anew() {
    let mut bench = Bench::consumer(config(), &[0]);
    let before = bench.ownership(0);
    let mut batch = bench.hand_out(0, 100, 120);
    bench.recreate();
    assert!(matches!(before.phase(), Phase::Revoking { .. }), "{:?}", before.phase());
    bench.advance(Duration::from_secs(5));
    let (request, asked) = bench.take::<ConsumerGroupHeartbeatRequest>();
    assert_eq!(asked.topic_partitions, None, "it is owned until the work on it is done");
    let mut answer = given(2, Some(&[0]));
    answer.assignment.as_mut().unwrap().topic_partitions[0].topic_id = anew(topic_id());
    bench.answer(&request, &answer);
    assert!(Arc::ptr_eq(&bench.ownership(0), &before));

    batch.done();
    drop(batch);
    bench.settle();
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    assert_eq!(named(&asked), ("", topic_id(), 120));
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::UNKNOWN_TOPIC_ID));
    assert_eq!(before.phase(), Phase::Ended(End::Revoked));
    let (_, asked) = bench.pick::<ConsumerGroupHeartbeatRequest>();
    let owned = asked.topic_partitions.unwrap();
    assert_eq!((owned[0].topic_id, &owned[0].partitions[..]), (anew(topic_id()), &[0][..]));
    assert_eq!(bench.ownership(0).topic_id(), Some(anew(topic_id())));
    let (_, asked) = bench.pick::<OffsetFetchRequest>();
    assert_eq!(asked.groups[0].topics.as_ref().unwrap()[0].topic_id, anew(topic_id()));
    let failed = GroupEvent::CommitFailed { error: CommitError::TopicGone { partition: partition(0) } };
    assert!(bench.events.contains(&failed), "{:?}", bench.events);
}

/// The view and the coordinator tell of it while the member cannot go on to what it is to own.
#[test]
fn a_topic_that_was_created_anew_behind_a_hand_over_is_owned_anew() {
    let mut bench = Bench::consumer(config(), &[0, 1]);
    let before = bench.ownership(0);
    let mut batch = bench.hand_out(1, 100, 120);
    bench.advance(Duration::from_secs(5));
    let (request, _) = bench.take::<ConsumerGroupHeartbeatRequest>();
    bench.answer(&request, &given(1, Some(&[0])));
    bench.recreate();
    bench.advance(Duration::from_secs(5));
    let (request, _) = bench.take::<ConsumerGroupHeartbeatRequest>();
    let mut answer = given(2, Some(&[0]));
    answer.assignment.as_mut().unwrap().topic_partitions[0].topic_id = anew(topic_id());
    bench.answer(&request, &answer);
    assert_eq!(before.phase(), Phase::Held, "one hand-over after the other");

    batch.done();
    drop(batch);
    bench.settle();
    let (request, asked) = bench.take::<OffsetCommitRequest>();
    bench.answer(&request, &Bench::commit_answer(&asked, ErrorCode::UNKNOWN_TOPIC_ID));
    assert_eq!(before.phase(), Phase::Ended(End::Revoked));
    assert_eq!(bench.ownership(0).topic_id(), Some(anew(topic_id())));
}

/// Kafka's coordinator waits for the word that follows the assignment, and nobody reads the new topic before.
#[test]
fn what_was_given_up_unasked_is_reported_again_when_it_is_asked_for() {
    let mut bench = Bench::consumer(config(), &[0]);
    bench.recreate();
    assert!(bench.owned().is_empty());
    let (request, asked) = bench.take::<ConsumerGroupHeartbeatRequest>();
    assert_eq!(asked.topic_partitions, Some(vec![]));
    bench.answer(&request, &given(1, None));
    bench.advance(Duration::from_secs(5));
    let (request, asked) = bench.take::<ConsumerGroupHeartbeatRequest>();
    assert_eq!(asked.topic_partitions, None);
    bench.answer(&request, &given(1, Some(&[])));
    let (request, asked) = bench.take::<ConsumerGroupHeartbeatRequest>();
    assert_eq!(asked.topic_partitions, Some(vec![]), "at once");
    let mut answer = given(2, Some(&[0]));
    answer.assignment.as_mut().unwrap().topic_partitions[0].topic_id = anew(topic_id());
    bench.answer(&request, &answer);
    assert_eq!(bench.ownership(0).topic_id(), Some(anew(topic_id())));
    // The same assignment once more asks for nothing.
    let (request, _) = bench.pick::<ConsumerGroupHeartbeatRequest>();
    bench.answer(&request, &answer);
    assert!(bench.requests.iter().all(|request| request.api != ApiKey::CONSUMER_GROUP_HEARTBEAT));
}
