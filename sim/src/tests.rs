use ottla_proto::{ApiKey, ErrorCode};

use crate::interfere::{INIT_PRODUCER_ID_ERRORS, METADATA_ERRORS, Moment, PRODUCE_ERRORS, error_name};
use crate::run;
use crate::seeds::{Simulation, waits};

const PRODUCER: Simulation =
    Simulation { name: "simulation", run, figure: ("written", "records acknowledged") };

/// What the seeds together must have met, besides every error; a thing that never occurs proves nothing about it.
const MUST_OCCUR: &[&str] = &[
    "fault added partitions",
    "fault clock jump",
    "fault cut",
    "fault dead replica",
    "fault delay",
    "fault error",
    "fault expired session",
    "fault fetch quota",
    "fault freeze",
    "fault kill",
    "fault leader move",
    "fault produce quota",
    "fault recreated topic",
    "fault refused connects",
    "fault restart",
    "fault silence",
    "fault slow disk",
    "fault slow replica",
    "fault slow socket",
    "fault stop",
    "fault suspended client",
    "fault throttle",
    "began anew under the next epoch",
    "batch read",
    "connect refused",
    "cut within a request",
    "cut within an answer",
    "delivery cancelled",
    "delivery cancelled too late",
    "duplicate without idempotence",
    "event throttle ended",
    "event throttled",
    "flush at its deadline",
    "flush done",
    "lost with the leader that alone had it",
    "not written: Aborted",
    "not written: Cancelled",
    "not written: Closed",
    "not written: Expired",
    "not written: Purged",
    "partial write",
    "partitions added",
    "possibly written: Aborted",
    "possibly written: Closed",
    "possibly written: Expired",
    "possibly written: SequenceGap",
    "possibly written: TopicRecreated",
    "possibly written: refused with UNKNOWN_SERVER_ERROR (-1)",
    "possibly written: is in the log",
    "possibly written: is not in the log",
    "refused: Memory",
    "refused: Metadata",
    "refused: NodeShare",
    "refused: Throttled",
    "refused: closed",
    "send cancelled",
    "send waits",
    "sent again after OUT_OF_ORDER_SEQUENCE_NUMBER (45)",
    "sent again to another leader",
    "sent again without an answer",
    "split after MESSAGE_TOO_LARGE (10)",
    "split after RECORD_LIST_TOO_LARGE (18)",
    "throttle told",
    "topic created anew",
    "topic deleted",
    "throttle told: hours",
    "written",
    "written after the topic was created anew",
    "written before the topic was deleted",
    "written to an added partition",
];

/// Reasons to wait that these worlds do not have, and why.
const NO_WAITS: &[(&str, &str)] = &[
    ("Application", "there are no groups"),
    ("Metadata", "lasts for one answer; senders meet it as `refused: Metadata`"),
    ("NoAddress", "too seldom to be met by every run: one seed in a thousand"),
    ("NoController", "nobody asks the controller"),
    ("NoPartitions", "there are no groups"),
    ("Paused", "nobody pauses a partition"),
    ("Queued", "lasts until the driver's next turn, and one comes before each look"),
    ("Unread", "the reader takes whatever is there at once"),
];

#[test]
fn every_seed_keeps_every_promise() {
    let named = MUST_OCCUR.iter().map(|what| (*what).to_owned());
    PRODUCER.run_seeds(named.chain(waits(NO_WAITS)).chain(sent_again()).chain(errors()));
}

/// A batch is sent again after every error that may pass.
fn sent_again() -> impl Iterator<Item = String> {
    let codes = PRODUCE_ERRORS.iter().map(|(code, _)| code);
    codes.filter(|code| code.is_retriable()).map(|code| format!("sent again after {code}"))
}

/// Every error that a Produce, InitProducerId or Metadata can be answered with, at every moment at which it can.
fn errors() -> impl Iterator<Item = String> {
    let produce = PRODUCE_ERRORS
        .iter()
        .flat_map(|(code, moments)| moments.iter().map(|moment| error_name(ApiKey::PRODUCE, *code, *moment)));
    let other = |api, codes: &'static [ErrorCode]| {
        codes.iter().map(move |code| error_name(api, *code, Moment::After))
    };
    let init = other(ApiKey::INIT_PRODUCER_ID, INIT_PRODUCER_ID_ERRORS);
    produce.chain(init).chain(other(ApiKey::METADATA, METADATA_ERRORS))
}

#[test]
fn seeds_that_found_a_bug_keep_every_promise() {
    PRODUCER.run_again(&[
        (1946, "a consumer out of memory spun once a rest was over"),
        (3107, "the same, of another node"),
        (5978, "a partition that moved took over what its old leader waited for"),
        (141, "a record behind one with a longer timeout ended late"),
        (8359, "a piece of a batch that was too large counted as never sent"),
        (13907, "a batch that moved to another leader counted as never sent"),
        (15781, "a broker that had led without appending told that its log was cut"),
    ]);
}

#[test]
fn a_seed_decides_everything() {
    PRODUCER.run_twice();
}
