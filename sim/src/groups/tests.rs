use ottla_broker::fault::Stage;
use ottla_proto::ErrorCode;

use super::plan::ERRORS;
use super::run;
use crate::tests::{run_all, seeds};

/// What the seeds together must have met, besides every error.
const MUST_OCCUR: &[&str] = &[
    "group Eager",
    "group Cooperative",
    "group Consumer",
    "group Mixed",
    "commits Automatic",
    "commits Explicit",
    "commits Stored",
    "fault cut",
    "fault dead replica",
    "fault delay",
    "fault expired session",
    "fault fetch quota",
    "fault freeze",
    "fault kill",
    "fault killed coordinator",
    "fault leader move",
    "fault partitions added",
    "fault refused connects",
    "fault retention",
    "fault silence",
    "fault slow replica",
    "fault slow socket",
    "fault stop",
    "fault suspended client",
    "fault topic created anew",
    "fault Fetch throttled",
    "fault Heartbeat throttled",
    "fault ConsumerGroupHeartbeat throttled",
    "fault JoinGroup cut",
    "fault JoinGroup unanswered",
    "fault SyncGroup cut",
    "fault SyncGroup unanswered",
    "fault OffsetCommit cut",
    "fault OffsetCommit unanswered",
    "fault OffsetFetch unanswered",
    "fault ConsumerGroupHeartbeat cut",
    "fault ConsumerGroupHeartbeat unanswered",
    "abandoned",
    "batch read",
    "batch written",
    "commit done",
    "commit failed",
    "commit sent",
    "died",
    "left in order",
    "left without a word",
    "output of somebody who did not know it yet",
    "output of somebody who was fenced",
    "position reset: OutOfRange",
    "position reset: Truncated",
    "rebalanced: Absence",
    "rebalanced: Assigned",
    "rebalanced: Joining",
    "rebalanced: Others",
    "rebalanced: PartitionsChanged",
    "rebalanced: Refused",
    "sought to what is stored",
    "told: AbsenceExceeded",
    "told: AbsenceNear",
    "told: Assigned",
    "told: CommitFailed",
    "told: HandOverOverdue",
    "told: Lost",
    "told: Rebalanced",
    "told: Revoked",
    "told: Revoking",
    "two owners, one of them fenced",
    "wait for a batch given up",
    "waits: AnswerDue",
    "waits: Application",
    "waits: Connecting",
    "waits: RetryBackoff",
    "waits: Throttled",
    "worked for longer than it may",
];

/// `OTTLA_SEED=7` runs that seed alone.
#[test]
fn every_seed_of_a_group_keeps_every_promise() {
    if let Ok(seed) = std::env::var("OTTLA_SEED") {
        println!("{}", run(seed.parse().unwrap()).unwrap());
        return;
    }
    let seeds = seeds();
    let counts = run_all(seeds, run);
    println!("{counts}");
    let read = counts.of("batch read");
    println!("FIGURE: simulation of groups: {seeds} seeds, {read} batches read, no promise broken");
    let expected = MUST_OCCUR.iter().map(|what| (*what).to_owned()).chain(errors());
    let missing: Vec<_> = expected.filter(|what| counts.of(what) == 0).collect();
    assert!(missing.is_empty(), "never met: {missing:?}");
}

/// Every error that is planned, before and after the effect.
fn errors() -> impl Iterator<Item = String> {
    let stages = [Stage::Before, Stage::After];
    let named = |name: &'static str, code: ErrorCode, stage| {
        let moment = if stage == Stage::After { "after" } else { "before" };
        format!("fault {name} answered {code} {moment} the effect")
    };
    ERRORS.iter().flat_map(move |(_, name, codes)| {
        codes.iter().flat_map(move |code| stages.map(|stage| named(name, *code, stage)))
    })
}

/// The seeds that found something, with what it was.
#[test]
fn seeds_that_found_a_bug_of_groups_keep_every_promise() {
    for (seed, bug) in FOUND {
        let result = run(*seed);
        assert!(result.is_ok(), "seed {seed} ({bug}): {result:?}");
    }
}

const FOUND: &[(u64, &str)] = &[
    (13, "a join that met a rebalance ended the member"),
    (83, "a member that waits for others did not say so"),
    (346, "a member that is refused again and again joined a thousand times"),
    (364, "a throttle was still named after its end"),
    (626, "an answer from before a fence made a member that owns nothing"),
    (91, "a partition newer than the view was not looked for"),
    (1586, "a frozen coordinator committed what it had held, and took the group back"),
];

#[test]
fn a_seed_of_a_group_decides_everything() {
    let twice = || run(3).unwrap().to_string();
    assert_eq!(twice(), twice());
}
