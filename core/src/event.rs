//! What the core asks of the shell, and what it tells it.

use std::time::Duration;

use ottla_proto::{BrokerId, ErrorCode, GroupId, ProducerEpoch, ProducerId, TopicName};

use crate::calls::{CallAnswer, CallError};
use crate::consumer::FoundOffsets;
use crate::group::{CommitError, GroupEvent, LeaveReport};
use crate::net::{ConnectionId, DisconnectCause, Host, Role, Throttle};
use crate::producer::{CompressionJob, Undelivered};
use crate::time::Instant;

/// Something that only the shell can do.
#[derive(Debug)]
pub enum Command {
    /// Resolve a name and connect to one of its addresses, trying each; then
    /// [`handle_connected`](crate::Core::handle_connected) or
    /// [`handle_connect_failed`](crate::Core::handle_connect_failed).
    Connect {
        /// The core's name for the connection.
        id: ConnectionId,
        /// Where to.
        host: Host,
        /// How long the shell has for it in all.
        within: Duration,
        /// The same as a moment; the core gives up then by itself.
        deadline: Instant,
    },
    /// Close the connection, or stop trying to connect. Nothing about it need be reported any more.
    Close {
        /// The connection.
        id: ConnectionId,
    },
    /// Run the job off the driver's thread; its result comes back by
    /// [`handle_compressed`](crate::Core::handle_compressed).
    Compress(CompressionJob),
}

/// The name of an operation that takes a while and ends with exactly one [`Event`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Something that happened.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A one-off request ended.
    CallDone {
        /// Which.
        ticket: Ticket,
        /// How.
        result: Result<CallAnswer, CallError>,
    },
    /// A commit ended.
    CommitDone {
        /// Which.
        ticket: Ticket,
        /// How.
        result: Result<(), CommitError>,
    },
    /// A member left its group, or its time to do so ran out.
    GroupLeft {
        /// Which.
        ticket: Ticket,
        /// How.
        report: LeaveReport,
    },
    /// Something happened to a member of a group.
    Group {
        /// The group.
        group: GroupId,
        /// What.
        event: GroupEvent,
    },
    /// A look-up of offsets ended.
    OffsetsFound {
        /// Which.
        ticket: Ticket,
        /// What became of each partition.
        offsets: FoundOffsets,
    },
    /// A connection is ready for requests.
    Connected {
        /// The node; below zero for a bootstrap address.
        node: BrokerId,
        /// What the connection is for.
        role: Role,
        /// The address.
        host: Host,
    },
    /// A connection ended, or none came to be.
    Disconnected {
        /// The node; below zero for a bootstrap address.
        node: BrokerId,
        /// What the connection was for.
        role: Role,
        /// The address.
        host: Host,
        /// Why.
        cause: DisconnectCause,
        /// Whether nothing is wrong: it was unused, or no longer needed.
        expected: bool,
    },
    /// A node asked to be left alone.
    ThrottleBegan(Throttle),
    /// A node that is left alone asked for longer.
    ThrottleExtended(Throttle),
    /// A throttle that was told is over.
    ThrottleEnded(Throttle),
    /// A partition that a producer sends to has another leader, or none any more, or one again.
    LeaderChanged {
        /// The topic.
        topic: TopicName,
        /// The partition.
        partition: i32,
        /// Its leader until now, if it had one.
        from: Option<BrokerId>,
        /// Its leader from now on, if it has one.
        to: Option<BrokerId>,
    },
    /// The cluster gave a producer an id.
    ProducerIdAssigned {
        /// The id.
        producer_id: ProducerId,
        /// The epoch to begin with.
        epoch: ProducerEpoch,
    },
    /// A producer goes on under its next epoch, because a partition's sequence has a gap that cannot be filled
    /// (KIP-360).
    EpochBumped {
        /// The topic.
        topic: TopicName,
        /// The partition.
        partition: i32,
        /// The producer's id.
        producer_id: ProducerId,
        /// The new epoch.
        epoch: ProducerEpoch,
    },
    /// Records were given up: expired, refused, or abandoned by `close`, `abort`, `purge` or the end of the client.
    Undelivered {
        /// The topic.
        topic: TopicName,
        /// The partition.
        partition: i32,
        /// How many.
        records: u32,
        /// Whether they can be in the log, and why they were given up.
        undelivered: Undelivered,
    },
    /// The view of the cluster changed.
    ClusterChanged {
        /// Its new generation.
        generation: u64,
    },
    /// A broker refused a metadata request; it is asked again, or another one is.
    MetadataRefused {
        /// The node.
        node: BrokerId,
        /// Its reason.
        error: ErrorCode,
    },
    /// A consumer goes on elsewhere than where it was, as its reset policy says: records were lost, or are read again.
    PositionReset {
        /// The topic.
        topic: TopicName,
        /// The partition.
        partition: i32,
        /// The offset that would have come next.
        from: i64,
        /// The offset that comes next now.
        to: i64,
        /// Why.
        cause: ResetCause,
    },
}

/// Why a consumer's position was reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetCause {
    /// The log holds no such offset: retention took it, or the log is shorter.
    OutOfRange,
    /// The log was cut before the position and went on otherwise (KIP-320).
    Truncated,
}

impl Event {
    /// The operation that this event ends, if it is the end of one.
    #[must_use]
    pub fn ticket(&self) -> Option<Ticket> {
        match self {
            Self::CallDone { ticket, .. }
            | Self::OffsetsFound { ticket, .. }
            | Self::CommitDone { ticket, .. }
            | Self::GroupLeft { ticket, .. } => Some(*ticket),
            _ => None,
        }
    }
}
