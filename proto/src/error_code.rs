use std::fmt;

/// What a broker says went wrong; an open set, since a newer broker may say something this build has no name
/// for.
///
/// The names and numbers are those of Java's `org.apache.kafka.common.protocol.Errors`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ErrorCode(pub i16);

impl ErrorCode {
    /// Whether this is [`Self::NONE`].
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Kafka's name, if this build knows it.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        self.entry().map(|entry| entry.name)
    }

    /// One sentence on what happened; for an unknown code, that it is unknown.
    #[must_use]
    pub fn description(self) -> &'static str {
        self.entry()
            .map_or("The broker reported an error that this version does not know.", |entry| entry.text)
    }

    /// Whether the same request may succeed later without a change: the subclasses of Java's
    /// `RetriableException`. An unknown code may not.
    #[must_use]
    pub fn is_retriable(self) -> bool {
        self.entry().is_some_and(|entry| entry.kind != Kind::Permanent)
    }

    /// Whether the client's picture of the cluster is out of date and must be fetched again before a retry:
    /// the subclasses of Java's `InvalidMetadataException`, each of which is also retriable.
    #[must_use]
    pub fn is_invalid_metadata(self) -> bool {
        self.entry().is_some_and(|entry| entry.kind == Kind::InvalidMetadata)
    }

    /// Every code with a name, by rising number.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|entry| Self(entry.code))
    }

    fn entry(self) -> Option<&'static Entry> {
        // The table has no gaps and starts at -1.
        TABLE.get(usize::try_from(i32::from(self.0) + 1).ok()?)
    }
}

/// `NOT_COORDINATOR (16)`, or `UNKNOWN (1000)`.
impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name().unwrap_or("UNKNOWN"), self.0)
    }
}

impl fmt::Debug for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

struct Entry {
    code: i16,
    name: &'static str,
    kind: Kind,
    text: &'static str,
}

#[derive(PartialEq, Eq)]
enum Kind {
    Permanent,
    Retriable,
    InvalidMetadata,
}

macro_rules! error_codes {
    ($($code:literal $name:ident $kind:ident $text:literal)*) => {
        impl ErrorCode {
            $(
                #[doc = $text]
                pub const $name: Self = Self($code);
            )*
        }

        static TABLE: &[Entry] =
            &[$(Entry { code: $code, name: stringify!($name), kind: Kind::$kind, text: $text }),*];
    };
}

error_codes! {
    -1 UNKNOWN_SERVER_ERROR Permanent "The broker failed in a way it has no code for; its log says more."
    0 NONE Permanent "No error."
    1 OFFSET_OUT_OF_RANGE Permanent "The partition does not hold the offset that was asked for."
    2 CORRUPT_MESSAGE Retriable "A record batch failed its checksum or cannot be read, or lacks the key that a compacted topic demands."
    3 UNKNOWN_TOPIC_OR_PARTITION InvalidMetadata "The broker knows no such topic or partition."
    4 INVALID_FETCH_SIZE Permanent "The byte limit of the fetch is not a valid one."
    5 LEADER_NOT_AVAILABLE InvalidMetadata "The partition has no leader at the moment; an election is under way."
    6 NOT_LEADER_OR_FOLLOWER InvalidMetadata "The broker does not lead the partition, or holds no replica of it."
    7 REQUEST_TIMED_OUT Retriable "The broker gave up before the request was done; what it did until then stays done."
    8 BROKER_NOT_AVAILABLE Permanent "The broker that is needed is not there."
    9 REPLICA_NOT_AVAILABLE InvalidMetadata "The broker's replica of the partition cannot be used."
    10 MESSAGE_TOO_LARGE Permanent "A record batch is larger than the topic's `max.message.bytes`."
    11 STALE_CONTROLLER_EPOCH Permanent "The request comes from a controller that has been replaced."
    12 OFFSET_METADATA_TOO_LARGE Permanent "The text that goes with a committed offset is longer than the broker allows."
    13 NETWORK_EXCEPTION InvalidMetadata "The connection was lost before the answer came."
    14 COORDINATOR_LOAD_IN_PROGRESS Retriable "The coordinator is still reading its state from the log."
    15 COORDINATOR_NOT_AVAILABLE Retriable "No broker acts as this coordinator right now."
    16 NOT_COORDINATOR Retriable "Another broker is the coordinator."
    17 INVALID_TOPIC_EXCEPTION Permanent "The topic's name is not allowed, or the operation is not allowed on this topic."
    18 RECORD_LIST_TOO_LARGE Permanent "A record batch does not fit into one segment of the log."
    19 NOT_ENOUGH_REPLICAS Retriable "Fewer replicas are in sync than `min.insync.replicas` demands; nothing was written."
    20 NOT_ENOUGH_REPLICAS_AFTER_APPEND Retriable "The batch was written, and then fewer replicas were in sync than `min.insync.replicas` demands."
    21 INVALID_REQUIRED_ACKS Permanent "Acks must be -1, 0 or 1."
    22 ILLEGAL_GENERATION Permanent "The group has moved on to another generation."
    23 INCONSISTENT_GROUP_PROTOCOL Permanent "The member shares no protocol with the rest of its group, or named none."
    24 INVALID_GROUP_ID Permanent "The group id is empty or otherwise not allowed."
    25 UNKNOWN_MEMBER_ID Permanent "The group has no such member; it must join again."
    26 INVALID_SESSION_TIMEOUT Permanent "The session timeout lies outside `group.min.session.timeout.ms` and `group.max.session.timeout.ms`."
    27 REBALANCE_IN_PROGRESS Permanent "The group is rebalancing; the member must join again."
    28 INVALID_COMMIT_OFFSET_SIZE Permanent "The offset commit is larger than the broker can store."
    29 TOPIC_AUTHORIZATION_FAILED Permanent "The principal may not do this to the topic; an ACL must allow it."
    30 GROUP_AUTHORIZATION_FAILED Permanent "The principal may not do this to the group; an ACL must allow it."
    31 CLUSTER_AUTHORIZATION_FAILED Permanent "The principal may not do this to the cluster; an ACL must allow it."
    32 INVALID_TIMESTAMP Permanent "A record's timestamp is further from the broker's clock than the topic allows."
    33 UNSUPPORTED_SASL_MECHANISM Permanent "The broker does not offer this SASL mechanism."
    34 ILLEGAL_SASL_STATE Permanent "The request does not belong at this step of the SASL exchange."
    35 UNSUPPORTED_VERSION Permanent "The broker does not speak this version of the API, or a feature is not enabled."
    36 TOPIC_ALREADY_EXISTS Permanent "A topic of this name exists."
    37 INVALID_PARTITIONS Permanent "The number of partitions is not possible."
    38 INVALID_REPLICATION_FACTOR Permanent "The replication factor is below 1 or above the number of brokers that can take a replica."
    39 INVALID_REPLICA_ASSIGNMENT Permanent "The assignment of replicas to brokers is not possible."
    40 INVALID_CONFIG Permanent "A configuration name or value is not valid."
    41 NOT_CONTROLLER Retriable "Another node is the controller."
    42 INVALID_REQUEST Permanent "The broker finds the request malformed or contradictory; its log says more."
    43 UNSUPPORTED_FOR_MESSAGE_FORMAT Permanent "The topic is stored in a record format that cannot do this."
    44 POLICY_VIOLATION Permanent "A policy that is configured on the broker forbids this."
    45 OUT_OF_ORDER_SEQUENCE_NUMBER Permanent "A batch's sequence number does not follow the one before: a batch is missing."
    46 DUPLICATE_SEQUENCE_NUMBER Permanent "The batch has been written before."
    47 INVALID_PRODUCER_EPOCH Permanent "A newer incarnation of the producer has taken over."
    48 INVALID_TXN_STATE Permanent "The transaction's state does not allow this operation."
    49 INVALID_PRODUCER_ID_MAPPING Permanent "The producer id does not belong to this transactional id, perhaps because it has expired."
    50 INVALID_TRANSACTION_TIMEOUT Permanent "The transaction timeout exceeds the broker's `transaction.max.timeout.ms`."
    51 CONCURRENT_TRANSACTIONS Retriable "The transactional id's last transaction is still being completed."
    52 TRANSACTION_COORDINATOR_FENCED Permanent "The coordinator that sent the marker has been replaced."
    53 TRANSACTIONAL_ID_AUTHORIZATION_FAILED Permanent "The principal may not use the transactional id; an ACL must allow it."
    54 SECURITY_DISABLED Permanent "The cluster has no authorizer, so there are no ACLs to work with."
    55 OPERATION_NOT_ATTEMPTED Permanent "Another part of the request failed, so this part was not tried."
    56 KAFKA_STORAGE_ERROR InvalidMetadata "The broker could not read or write its disk."
    57 LOG_DIR_NOT_FOUND Permanent "The broker has no such log directory."
    58 SASL_AUTHENTICATION_FAILED Permanent "The broker did not accept the credentials."
    59 UNKNOWN_PRODUCER_ID Permanent "The partition no longer remembers the producer: all its records are gone."
    60 REASSIGNMENT_IN_PROGRESS Permanent "The partition's replicas are being moved already."
    61 DELEGATION_TOKEN_AUTH_DISABLED Permanent "The brokers have no `delegation.token.secret.key`, so there are no delegation tokens."
    62 DELEGATION_TOKEN_NOT_FOUND Permanent "There is no such delegation token."
    63 DELEGATION_TOKEN_OWNER_MISMATCH Permanent "The principal neither owns the delegation token nor may renew it."
    64 DELEGATION_TOKEN_REQUEST_NOT_ALLOWED Permanent "Delegation tokens cannot be managed over this kind of connection."
    65 DELEGATION_TOKEN_AUTHORIZATION_FAILED Permanent "The principal may not do this to the delegation token; an ACL must allow it."
    66 DELEGATION_TOKEN_EXPIRED Permanent "The delegation token has expired."
    67 INVALID_PRINCIPAL_TYPE Permanent "The broker knows no principals of this type."
    68 NON_EMPTY_GROUP Permanent "The group still has members."
    69 GROUP_ID_NOT_FOUND Permanent "There is no such group."
    70 FETCH_SESSION_ID_NOT_FOUND Retriable "The broker has dropped the fetch session."
    71 INVALID_FETCH_SESSION_EPOCH Retriable "The fetch session expects another epoch."
    72 LISTENER_NOT_FOUND InvalidMetadata "The partition's leader has no listener of the name that the client came in by."
    73 TOPIC_DELETION_DISABLED Permanent "The cluster's `delete.topic.enable` is off."
    74 FENCED_LEADER_EPOCH InvalidMetadata "The client knows an older leader epoch than the broker."
    75 UNKNOWN_LEADER_EPOCH Retriable "The client knows a newer leader epoch than the broker."
    76 UNSUPPORTED_COMPRESSION_TYPE Permanent "The version of the request does not allow the codec that the records are compressed with."
    77 STALE_BROKER_EPOCH Permanent "The request comes from an earlier registration of the broker."
    78 OFFSET_NOT_AVAILABLE Retriable "The new leader does not know its high watermark yet."
    79 MEMBER_ID_REQUIRED Permanent "The member must join again with the member id that it was just given."
    80 PREFERRED_LEADER_NOT_AVAILABLE InvalidMetadata "The preferred replica cannot become the leader now."
    81 GROUP_MAX_SIZE_REACHED Permanent "The group is as large as `group.max.size` allows."
    82 FENCED_INSTANCE_ID Permanent "Another member has come with the same `group.instance.id`."
    83 ELIGIBLE_LEADERS_NOT_AVAILABLE InvalidMetadata "No replica that could become the leader is alive."
    84 ELECTION_NOT_NEEDED InvalidMetadata "The partition already has the leader that the election would choose."
    85 NO_REASSIGNMENT_IN_PROGRESS Permanent "The partition's replicas are not being moved."
    86 GROUP_SUBSCRIBED_TO_TOPIC Permanent "The group's offsets cannot be deleted while it is subscribed to the topic."
    87 INVALID_RECORD Permanent "The broker refused a record, for example because a compacted topic needs a key."
    88 UNSTABLE_OFFSET_COMMIT Retriable "A transaction that commits offsets for the group is still open."
    89 THROTTLING_QUOTA_EXCEEDED Retriable "A quota on changes to the cluster is used up; the answer says how long to wait."
    90 PRODUCER_FENCED Permanent "A newer producer has taken over the transactional id."
    91 RESOURCE_NOT_FOUND Permanent "The request names a resource that does not exist."
    92 DUPLICATE_RESOURCE Permanent "The request names the same resource twice."
    93 UNACCEPTABLE_CREDENTIAL Permanent "The credential does not meet the broker's demands."
    94 INCONSISTENT_VOTER_SET Permanent "Sender and receiver do not agree on who votes in the quorum."
    95 INVALID_UPDATE_VERSION Permanent "A feature cannot be set to this level."
    96 FEATURE_UPDATE_FAILED Permanent "The feature levels could not be changed."
    97 PRINCIPAL_DESERIALIZATION_FAILURE Permanent "A broker could not read the principal of a forwarded request."
    98 SNAPSHOT_NOT_FOUND Permanent "There is no such snapshot."
    99 POSITION_OUT_OF_RANGE Permanent "The snapshot has no byte at this position."
    100 UNKNOWN_TOPIC_ID InvalidMetadata "The broker knows no topic of this id; it may have been deleted and created again."
    101 DUPLICATE_BROKER_REGISTRATION Permanent "A live broker has this node id."
    102 BROKER_ID_NOT_REGISTERED Permanent "No broker of this node id is registered."
    103 INCONSISTENT_TOPIC_ID InvalidMetadata "The broker's log belongs to a topic of the same name and another id."
    104 INCONSISTENT_CLUSTER_ID Permanent "The node belongs to another cluster."
    105 TRANSACTIONAL_ID_NOT_FOUND Permanent "There is no such transactional id."
    106 FETCH_SESSION_TOPIC_ID_ERROR Retriable "The fetch session was opened with topic names and used with ids, or the other way round."
    107 INELIGIBLE_REPLICA Permanent "A replica that is to join the in-sync set may not."
    108 NEW_LEADER_ELECTED Permanent "The change was made, and the partition has another leader now."
    109 OFFSET_MOVED_TO_TIERED_STORAGE Permanent "The offset is no longer on the broker's disk, only in tiered storage."
    110 FENCED_MEMBER_EPOCH Permanent "The group has moved past the member's epoch: it must give up its partitions and join again."
    111 UNRELEASED_INSTANCE_ID Permanent "Another member still holds this `group.instance.id`."
    112 UNSUPPORTED_ASSIGNOR Permanent "The coordinator has no such assignor."
    113 STALE_MEMBER_EPOCH Permanent "The member's epoch is behind; its next heartbeat brings the current one."
    114 MISMATCHED_ENDPOINT_TYPE Permanent "The request went to a broker and belongs to a controller, or the other way round."
    115 UNSUPPORTED_ENDPOINT_TYPE Permanent "The node cannot describe endpoints of this type."
    116 UNKNOWN_CONTROLLER_ID Permanent "There is no controller of this id."
    117 UNKNOWN_SUBSCRIPTION_ID Permanent "The telemetry subscription has changed; it must be fetched again."
    118 TELEMETRY_TOO_LARGE Permanent "The pushed metrics exceed the broker's limit."
    119 INVALID_REGISTRATION Permanent "The controller does not accept the broker's registration."
    120 TRANSACTION_ABORTABLE Permanent "The transaction cannot be committed; after an abort the producer can go on."
    121 INVALID_RECORD_STATE Permanent "The record is not in a state in which its delivery can be acknowledged."
    122 SHARE_SESSION_NOT_FOUND Retriable "The broker has dropped the share session."
    123 INVALID_SHARE_SESSION_EPOCH Retriable "The share session expects another epoch."
    124 FENCED_STATE_EPOCH Permanent "The share group's state belongs to another state epoch."
    125 INVALID_VOTER_KEY Permanent "The voter's id and directory do not match the replica that received the request."
    126 DUPLICATE_VOTER Permanent "The node votes in the quorum already."
    127 VOTER_NOT_FOUND Permanent "The node does not vote in the quorum."
    128 INVALID_REGULAR_EXPRESSION Permanent "The subscription's regular expression does not parse."
    129 REBOOTSTRAP_REQUIRED Permanent "The client must forget the cluster and start again from its bootstrap servers."
    130 STREAMS_INVALID_TOPOLOGY Permanent "The streams topology is contradictory."
    131 STREAMS_INVALID_TOPOLOGY_EPOCH Permanent "The epoch of the streams topology is not possible."
    132 STREAMS_TOPOLOGY_FENCED Permanent "The group has a newer streams topology."
    133 SHARE_SESSION_LIMIT_REACHED Retriable "The broker keeps no more share sessions."
    134 GROUP_DELETION_FAILED Permanent "The group could not be deleted; the answer's message says why."
    135 STREAMS_TOPOLOGY_DESCRIPTION_UPDATE_FAILED Permanent "The description of the streams topology was not taken over; the answer's message says why."
    136 CONTROLLER_ID_NOT_REGISTERED Permanent "No controller of this node id is registered."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_no_gaps() {
        let codes: Vec<i16> = ErrorCode::all().map(|code| code.0).collect();
        assert_eq!(codes, (-1..=136).collect::<Vec<i16>>());
    }

    #[test]
    fn a_code_says_its_name_and_what_may_be_done() {
        assert_eq!(ErrorCode::NOT_COORDINATOR.to_string(), "NOT_COORDINATOR (16)");
        assert_eq!(ErrorCode(1000).to_string(), "UNKNOWN (1000)");
        assert!(ErrorCode::THROTTLING_QUOTA_EXCEEDED.is_retriable());
        assert!(!ErrorCode::THROTTLING_QUOTA_EXCEEDED.is_invalid_metadata());
        assert!(ErrorCode::NOT_LEADER_OR_FOLLOWER.is_invalid_metadata());
        assert!(ErrorCode::NOT_LEADER_OR_FOLLOWER.is_retriable());
        assert!(!ErrorCode::PRODUCER_FENCED.is_retriable());
        assert!(!ErrorCode(1000).is_retriable());
        assert!(!ErrorCode(i16::MIN).is_retriable());
    }
}
