use ottla_broker::fault::Stage;
use ottla_proto::ErrorCode;

use super::plan::ERRORS;
use super::run;
use crate::seeds::{Simulation, waits};

const GROUPS: Simulation =
    Simulation { name: "simulation of groups", run, figure: ("batch read", "batches read") };

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
    "worked for longer than it may",
];

/// Reasons to wait that these worlds do not have, and why.
const NO_WAITS: &[(&str, &str)] = &[
    ("Compression", "of producers, which these clients do not have"),
    ("EarlierBatch", "of producers"),
    ("InFlightLimit", "of producers"),
    ("Linger", "of producers"),
    ("Metadata", "too seldom to be met by every run"),
    ("NoAddress", "too seldom to be met by every run"),
    ("NoController", "nobody asks the controller"),
    ("NoLeader", "too seldom to be met by every run"),
    ("NoSuchTopic", "of producers"),
    ("Paused", "nobody pauses a partition"),
    ("ProducerId", "of producers"),
    ("Queued", "of producers"),
    ("SocketNotAccepting", "of producers: what members send is small"),
    ("Unread", "members take whatever is there at once"),
];

#[test]
fn every_seed_of_a_group_keeps_every_promise() {
    let named = MUST_OCCUR.iter().map(|what| (*what).to_owned());
    GROUPS.run_seeds(named.chain(waits(NO_WAITS)).chain(errors()));
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

#[test]
fn seeds_that_found_a_bug_of_groups_keep_every_promise() {
    GROUPS.run_again(&[
        (13, "a join that met a rebalance ended the member"),
        (83, "a member that waits for others did not say so"),
        (346, "a member that is refused again and again joined a thousand times"),
        (364, "a throttle was still named after its end"),
        (505, "a group that was classic for a moment forgot what a member had not given up yet, as Kafka's does"),
        (626, "an answer from before a fence made a member that owns nothing"),
        (91, "a partition newer than the view was not looked for"),
        (1586, "a frozen coordinator committed what it had held, and took the group back"),
        (1949, "a newcomer was refused for ever, as it had no assignor by which a new coordinator knew the others"),
        (2067, "a member that left amid a rebalance did not wait for its work and its commits"),
        (2155, "whoever was told that the log is cut, and sought to its begin, was held to go back"),
        (3329, "an answer that came while its reader stood still gave what the group had given away since"),
        (3917, "a commit that was refused before the end of faults was told of in a group at rest"),
        (4547, "somebody wrote to a group that was held to rest, and its reader dawdled"),
        (9762, "a group that had just become classic forgot to rebalance with its coordinator, as Kafka's does"),
        (
            17800,
            "a member that was told to be silent until after the end of faults was lost by a group at rest",
        ),
        (19018, "a program took the group back behind a commit of its own that it waited for"),
    ]);
}

#[test]
fn a_seed_of_a_group_decides_everything() {
    GROUPS.run_twice();
}
