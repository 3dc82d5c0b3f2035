//! What a partition's answer to a Produce request means for the batch.

use ottla_proto::ErrorCode;

use crate::retry::{Remedy, remedy};

/// What to do with a batch after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is in the log.
    Written,
    /// It was in the log already, where an earlier attempt put it.
    Duplicate,
    /// Send the same bytes again.
    Retry {
        /// The append may have happened all the same.
        uncertain: bool,
        /// The view of the cluster is in doubt.
        refresh: bool,
    },
    /// It is larger than the broker takes.
    Split,
    /// The broker's last sequence is not the one before this batch's.
    OutOfSequence,
    /// Trying again changes nothing.
    Refuse {
        /// The append may have happened all the same.
        uncertain: bool,
    },
}

/// The one table from code to verdict.
///
/// Only codes that a broker sends *before* it appends prove that nothing was written. The others are taken as
/// uncertain, and so is every code that is not known here.
pub(super) fn verdict(code: ErrorCode) -> Verdict {
    match code {
        ErrorCode::NONE => Verdict::Written,
        ErrorCode::DUPLICATE_SEQUENCE_NUMBER => Verdict::Duplicate,
        ErrorCode::MESSAGE_TOO_LARGE | ErrorCode::RECORD_LIST_TOO_LARGE => Verdict::Split,
        ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER
        | ErrorCode::UNKNOWN_PRODUCER_ID
        | ErrorCode::INVALID_PRODUCER_EPOCH
        | ErrorCode::INVALID_PRODUCER_ID_MAPPING => Verdict::OutOfSequence,
        code => {
            let uncertain = !proves_no_append(code);
            match remedy(code) {
                Remedy::Refresh => Verdict::Retry { uncertain, refresh: true },
                Remedy::Retry | Remedy::WaitOut | Remedy::FindCoordinator => {
                    Verdict::Retry { uncertain, refresh: false }
                }
                Remedy::Fail => Verdict::Refuse { uncertain },
            }
        }
    }
}

/// Whether a broker sends the code only before it has appended anything.
fn proves_no_append(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::CORRUPT_MESSAGE
            | ErrorCode::UNKNOWN_TOPIC_OR_PARTITION
            | ErrorCode::UNKNOWN_TOPIC_ID
            | ErrorCode::INCONSISTENT_TOPIC_ID
            | ErrorCode::LEADER_NOT_AVAILABLE
            | ErrorCode::FENCED_LEADER_EPOCH
            | ErrorCode::UNKNOWN_LEADER_EPOCH
            | ErrorCode::NOT_ENOUGH_REPLICAS
            | ErrorCode::INVALID_TOPIC_EXCEPTION
            | ErrorCode::RECORD_LIST_TOO_LARGE
            | ErrorCode::INVALID_REQUIRED_ACKS
            | ErrorCode::TOPIC_AUTHORIZATION_FAILED
            | ErrorCode::CLUSTER_AUTHORIZATION_FAILED
            | ErrorCode::TRANSACTIONAL_ID_AUTHORIZATION_FAILED
            | ErrorCode::INVALID_TIMESTAMP
            | ErrorCode::UNSUPPORTED_FOR_MESSAGE_FORMAT
            | ErrorCode::UNSUPPORTED_COMPRESSION_TYPE
            | ErrorCode::UNSUPPORTED_VERSION
            | ErrorCode::POLICY_VIOLATION
            | ErrorCode::INVALID_RECORD
            | ErrorCode::INVALID_REQUEST
            | ErrorCode::INVALID_TXN_STATE
            | ErrorCode::PRODUCER_FENCED
            | ErrorCode::THROTTLING_QUOTA_EXCEEDED
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_can_follow_an_append_are_uncertain() {
        for code in [
            ErrorCode::REQUEST_TIMED_OUT,
            ErrorCode::NOT_ENOUGH_REPLICAS_AFTER_APPEND,
            ErrorCode::NOT_LEADER_OR_FOLLOWER,
            ErrorCode::KAFKA_STORAGE_ERROR,
        ] {
            assert!(matches!(verdict(code), Verdict::Retry { uncertain: true, .. }), "{code}");
        }
        assert_eq!(verdict(ErrorCode::UNKNOWN_SERVER_ERROR), Verdict::Refuse { uncertain: true });
        assert_eq!(verdict(ErrorCode(12_345)), Verdict::Refuse { uncertain: true });
    }

    #[test]
    fn codes_that_come_before_the_append_are_certain() {
        assert_eq!(
            verdict(ErrorCode::NOT_ENOUGH_REPLICAS),
            Verdict::Retry { uncertain: false, refresh: false }
        );
        assert_eq!(
            verdict(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION),
            Verdict::Retry { uncertain: false, refresh: true }
        );
        assert_eq!(verdict(ErrorCode::INVALID_RECORD), Verdict::Refuse { uncertain: false });
        assert_eq!(verdict(ErrorCode::TOPIC_AUTHORIZATION_FAILED), Verdict::Refuse { uncertain: false });
    }

    #[test]
    fn a_moved_leader_is_looked_for() {
        assert_eq!(
            verdict(ErrorCode::NOT_LEADER_OR_FOLLOWER),
            Verdict::Retry { uncertain: true, refresh: true }
        );
    }
}
