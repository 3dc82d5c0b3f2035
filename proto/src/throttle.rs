use crate::ApiKey;

impl ApiKey {
    /// From which version of the response on the client itself must wait out a throttle that it is told;
    /// `None` if it never must.
    ///
    /// Since KIP-219 a broker answers first and then stops reading from the connection for the time that it
    /// names, and the client is to send nothing until then. An older version of the response was held back by
    /// the broker instead: its throttle is over when it arrives. The table is Java's
    /// `AbstractResponse.shouldClientThrottle`, class by class.
    #[must_use]
    pub fn throttle_wait_version(self) -> Option<i16> {
        match self {
            Self::PRODUCE | Self::METADATA => Some(6),
            Self::FETCH => Some(8),
            Self::OFFSET_COMMIT | Self::OFFSET_FETCH => Some(4),
            Self::LIST_OFFSETS | Self::JOIN_GROUP | Self::CREATE_TOPICS => Some(3),
            Self::FIND_COORDINATOR
            | Self::HEARTBEAT
            | Self::LEAVE_GROUP
            | Self::SYNC_GROUP
            | Self::DESCRIBE_GROUPS
            | Self::LIST_GROUPS
            | Self::API_VERSIONS
            | Self::DELETE_TOPICS
            | Self::DESCRIBE_CONFIGS => Some(2),
            Self::DELETE_RECORDS
            | Self::INIT_PRODUCER_ID
            | Self::ADD_PARTITIONS_TO_TXN
            | Self::ADD_OFFSETS_TO_TXN
            | Self::END_TXN
            | Self::TXN_OFFSET_COMMIT
            | Self::ALTER_CONFIGS
            | Self::CREATE_PARTITIONS
            | Self::DELETE_GROUPS => Some(1),
            // No throttle in the answer, or an API between nodes that obeys none.
            Self::SASL_HANDSHAKE
            | Self::SASL_AUTHENTICATE
            | Self::WRITE_TXN_MARKERS
            | Self::VOTE
            | Self::BEGIN_QUORUM_EPOCH
            | Self::END_QUORUM_EPOCH
            | Self::DESCRIBE_QUORUM
            | Self::ENVELOPE
            | Self::INITIALIZE_SHARE_GROUP_STATE
            | Self::READ_SHARE_GROUP_STATE
            | Self::WRITE_SHARE_GROUP_STATE
            | Self::DELETE_SHARE_GROUP_STATE
            | Self::READ_SHARE_GROUP_STATE_SUMMARY => None,
            // Whatever came after KIP-219, or whose older versions Kafka 4 has dropped.
            other => other.api().map(|_| 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{Api, ApiKey};

    #[test]
    fn a_produce_response_is_obeyed_from_version_6() {
        assert_eq!(ApiKey::PRODUCE.throttle_wait_version(), Some(6));
        assert_eq!(ApiKey::CONSUMER_GROUP_HEARTBEAT.throttle_wait_version(), Some(0));
        assert_eq!(ApiKey::SASL_HANDSHAKE.throttle_wait_version(), None);
        assert_eq!(ApiKey::LEADER_AND_ISR.throttle_wait_version(), None);
        assert_eq!(ApiKey(9999).throttle_wait_version(), None);
    }

    #[test]
    fn every_version_of_the_table_exists_or_lies_below_what_is_left() {
        for api in Api::all() {
            let from = api.key.throttle_wait_version().unwrap_or_default();
            assert!(from <= api.versions.max, "{}", api.name);
        }
    }
}
