//! Several clients of one cluster, for tests of groups and transactions.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use ottla_proto::messages::find_coordinator::FindCoordinatorRequest;
use ottla_proto::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol};
use ottla_proto::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic,
};
use ottla_proto::wire::Request;
use ottla_proto::{BrokerId, ErrorCode};

use super::GroupSettings;
use crate::engine::{ConnectionId, Reply};
use crate::storage::simulated::SimulatedDisk;
use crate::testing::{World, decode, frame, look_for_coordinator};

/// The session of a member that joins by [`join_request`].
pub(crate) const SESSION_MS: u64 = 10_000;
/// How long a rebalance may take for it.
pub(crate) const REBALANCE_MS: u64 = 60_000;

/// A member that joins the classic group `g`.
pub(crate) fn join_request(
    (member_id, instance_id): (&str, Option<&'static str>),
    protocol_type: &'static str,
    protocols: Vec<JoinGroupRequestProtocol>,
) -> JoinGroupRequest {
    JoinGroupRequest {
        group_id: "g".into(),
        session_timeout_ms: i32::try_from(SESSION_MS).unwrap(),
        rebalance_timeout_ms: i32::try_from(REBALANCE_MS).unwrap(),
        member_id: member_id.into(),
        group_instance_id: instance_id.map(Into::into),
        protocol_type: protocol_type.into(),
        protocols,
        ..JoinGroupRequest::default()
    }
}

/// A cluster whose clients are told apart.
pub(crate) struct Clients {
    pub(crate) world: World,
    mail: BTreeMap<ConnectionId, Bytes>,
}

impl Clients {
    /// One node with the topic `t` of one partition.
    pub(crate) fn new() -> Self {
        Self::of(World::with_topic())
    }

    pub(crate) fn of(world: World) -> Self {
        Self { world, mail: BTreeMap::new() }
    }

    /// The same, with groups that behave in another way.
    pub(crate) fn with(groups: GroupSettings) -> Self {
        let mut world = World::with(1, |config| config.groups = groups);
        world.engine.create_topic("t", 1, -1, [].into()).unwrap();
        Self::of(world)
    }

    /// One node on a disk, without topics.
    pub(crate) fn on_disk(disk: &Arc<SimulatedDisk>) -> Self {
        Self::of(World::on_disk(disk, 1, false))
    }

    /// The process ends without a word and begins anew; everybody has to connect again.
    pub(crate) fn restart(&mut self, disk: &Arc<SimulatedDisk>) {
        self.collect();
        self.world.restart(disk, 1);
    }

    pub(crate) fn connect(&mut self) -> ConnectionId {
        self.world.engine.connect(BrokerId(1)).unwrap()
    }

    pub(crate) fn send<R: Request>(&mut self, client: ConnectionId, version: i16, request: &R) {
        look_for_coordinator::<R>(&mut self.world.engine);
        self.world.engine.handle_frame(client, frame(version, request), self.world.now);
        self.collect();
    }

    /// The answer to what the client sent, if it has come.
    pub(crate) fn answer<R: Request>(&mut self, client: ConnectionId, version: i16) -> Option<R::Response> {
        self.mail.remove(&client).map(|frame| decode::<R>(version, frame))
    }

    /// Sends what must be answered at once.
    pub(crate) fn ask<R: Request>(&mut self, client: ConnectionId, version: i16, request: &R) -> R::Response {
        self.send(client, version, request);
        self.answer::<R>(client, version).expect("an answer at once")
    }

    /// Commits an offset of partition 0 as a member of the group `g`.
    pub(crate) fn commit(
        &mut self,
        (client, version): (ConnectionId, i16),
        topic: &str,
        offset: i64,
        (member_id, generation): (&str, i32),
    ) -> ErrorCode {
        let partition = OffsetCommitRequestPartition { committed_offset: offset, ..Default::default() };
        let topic = OffsetCommitRequestTopic {
            name: topic.into(),
            partitions: vec![partition],
            ..Default::default()
        };
        let request = OffsetCommitRequest {
            group_id: "g".into(),
            member_id: member_id.into(),
            generation_id_or_member_epoch: generation,
            topics: vec![topic],
            ..OffsetCommitRequest::default()
        };
        self.ask(client, version, &request).topics[0].partitions[0].error_code
    }

    /// Lets time pass, with all that is due on the way.
    pub(crate) fn pass(&mut self, milliseconds: u64) {
        let until = self.world.now + std::time::Duration::from_millis(milliseconds);
        while let Some(due) = self.world.engine.poll_timeout().filter(|due| *due <= until) {
            self.world.now = self.world.now.max(due);
            self.world.engine.handle_timeout(self.world.now);
        }
        self.world.now = until;
        self.collect();
    }

    fn collect(&mut self) {
        while let Some(output) = self.world.engine.poll_output() {
            match output.reply {
                Reply::Answer { frame: Some(frame), .. } => {
                    self.mail.insert(output.connection, frame.into_bytes());
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

/// Where the coordinator of `key` is, or why it is not known.
pub(crate) fn find(world: &mut World, version: i16, key_type: i8, key: &str) -> Result<BrokerId, ErrorCode> {
    let mut request = FindCoordinatorRequest { key_type, ..FindCoordinatorRequest::default() };
    let (error_code, node_id) = if version >= 4 {
        request.coordinator_keys = vec![key.into()];
        let found = world.ask(version, &request).coordinators.remove(0);
        (found.error_code, found.node_id)
    } else {
        request.key = key.into();
        let found = world.ask(version, &request);
        (found.error_code, found.node_id)
    };
    if error_code == ErrorCode::NONE { Ok(node_id) } else { Err(error_code) }
}
