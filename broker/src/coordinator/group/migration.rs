//! Groups with members change their protocol: a classic group becomes a consumer group with the first member that
//! speaks KIP-848, and a classic one again when the last such member is gone.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use bytestring::ByteString;

use crate::coordinator::MemberId;

/// Which groups with members may change their protocol: Kafka's `group.consumer.migration.policy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MigrationPolicy {
    /// Neither kind.
    Disabled,
    /// Classic groups may become consumer groups.
    Upgrade,
    /// Consumer groups may become classic groups.
    Downgrade,
    /// Both. The default, as in Kafka.
    #[default]
    Bidirectional,
}

impl MigrationPolicy {
    pub(super) fn upgrades(self) -> bool {
        matches!(self, Self::Upgrade | Self::Bidirectional)
    }

    pub(super) fn downgrades(self) -> bool {
        matches!(self, Self::Downgrade | Self::Bidirectional)
    }
}

/// What passes from a group of one protocol to one of the other.
#[derive(Debug)]
pub(super) struct Handover {
    /// The classic group's generation, the consumer group's epoch.
    pub(super) epoch: i32,
    pub(super) members: BTreeMap<MemberId, HandedOver>,
    /// Whether everybody has what it shall have, so that nobody need notice.
    pub(super) at_rest: bool,
}

/// One member, which uses the classic protocol on both sides.
#[derive(Debug)]
pub(super) struct HandedOver {
    pub(super) instance_id: Option<ByteString>,
    pub(super) client_id: ByteString,
    pub(super) session_timeout: Duration,
    pub(super) rebalance_timeout: Duration,
    /// What the member can do, the best first, each with its metadata.
    pub(super) protocols: Vec<(ByteString, Bytes)>,
    /// What it said of itself in the protocol that counts.
    pub(super) metadata: Bytes,
    pub(super) assignment: Bytes,
}
