//! Consumer groups: which there are, who is in them, and sending members away.

use std::collections::BTreeMap;

use ottla_core::calls::{CallSpec, Target};
use ottla_core::group::{MemberSubscription, decode_assignment};
use ottla_proto::messages::leave_group::MemberIdentity;
use ottla_proto::messages::{
    ConsumerGroupDescribeRequest, ConsumerGroupDescribeResponse, DeleteGroupsRequest, DeleteGroupsResponse,
    DescribeGroupsRequest, DescribeGroupsResponse, LeaveGroupRequest, LeaveGroupResponse, ListGroupsRequest,
    ListGroupsResponse, consumer_group_describe, describe_groups,
};
use ottla_proto::{ErrorCode, GroupId};

use super::{Admin, AdminError, Call};

/// What a coordinator says of a classic group when it is asked about a consumer group.
const NOT_A_CONSUMER_GROUP: ErrorCode = ErrorCode::GROUP_ID_NOT_FOUND;

/// A group as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupListing {
    /// Its name.
    pub group: String,
    /// What its members do: `consumer` for those that read topics; empty for one without members that only holds offsets.
    pub protocol_type: String,
    /// `Stable`, `Empty`, `PreparingRebalance` and so on; empty where the broker does not tell (before 2.6).
    pub state: String,
    /// `Classic`, `Consumer`, `Share` or `Streams`; empty where the broker does not tell (before 3.8).
    pub kind: String,
    /// The node that coordinates it.
    pub coordinator: i32,
}

/// A group with its members.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupDescription {
    /// Its name.
    pub group: String,
    /// Whether the coordinator shares out the partitions (KIP-848).
    pub consumer_protocol: bool,
    /// `Stable`, `Empty`, `Assigning`, `PreparingRebalance` and so on; `Dead` if there is no such group.
    pub state: String,
    /// What partitions are shared out by.
    pub assignor: String,
    /// The epoch of the group, with the consumer protocol.
    pub epoch: Option<i32>,
    /// The node that coordinates it.
    pub coordinator: i32,
    /// Its members.
    pub members: Vec<GroupMember>,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupMember {
    /// Its id.
    pub member_id: String,
    /// Its name, if it is static.
    pub instance_id: Option<String>,
    /// Its client id.
    pub client_id: String,
    /// Where it connects from.
    pub host: String,
    /// Its epoch, with the consumer protocol.
    pub epoch: Option<i32>,
    /// The topics that it wants, if the coordinator knows them.
    pub topics: Vec<String>,
    /// The pattern of the topics that it wants, if the coordinator knows one.
    pub pattern: Option<String>,
    /// What it has, by topic.
    pub assignment: BTreeMap<String, Vec<i32>>,
}

/// A member that is to be sent away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberToRemove {
    /// The static member of this name.
    Instance(String),
    /// The member with this id.
    Member(String),
}

impl Admin {
    /// Every group of the cluster, by name. Asks every broker.
    ///
    /// # Errors
    /// If a broker refuses or does not answer in time: a list with holes would look like a whole one.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer.
    pub async fn list_groups(&self) -> Result<Vec<GroupListing>, AdminError> {
        self.list_groups_where(Vec::new(), Vec::new()).await
    }

    /// As [`list_groups`](Self::list_groups), of those only that are in one of these states and of one of these kinds, both
    /// whatever their case; an empty list stands for all.
    ///
    /// # Errors
    /// As [`list_groups`](Self::list_groups); [`AdminError::Unsupported`] for states before Kafka 2.6 and for kinds
    /// before 3.8.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer.
    pub async fn list_groups_where(
        &self,
        states: Vec<String>,
        kinds: Vec<String>,
    ) -> Result<Vec<GroupListing>, AdminError> {
        let request = ListGroupsRequest {
            states_filter: states.into_iter().map(Into::into).collect(),
            types_filter: kinds.into_iter().map(Into::into).collect(),
            ..Default::default()
        };
        let call = self.call();
        let (_, cluster) = call.metadata(Some(Vec::new())).await?;
        let mut groups = Vec::new();
        for broker in &cluster.brokers {
            let spec = CallSpec::new(request.clone(), call.deadline);
            let (node, response) =
                call.answer::<ListGroupsResponse>(spec.to(Target::Node(broker.node_id))).await?;
            groups.extend(response.groups.iter().map(|group| GroupListing {
                group: group.group_id.to_string(),
                protocol_type: group.protocol_type.to_string(),
                state: group.group_state.to_string(),
                kind: group.group_type.to_string(),
                coordinator: node,
            }));
        }
        groups.sort_by(|one, other| one.group.cmp(&other.group));
        Ok(groups)
    }

    /// A group with its members, whichever protocol they speak.
    ///
    /// # Errors
    /// `GROUP_ID_NOT_FOUND` if there is no such group (from Kafka 4.0 on; before, its state is `Dead`).
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer.
    pub async fn describe_group(&self, group: &str) -> Result<GroupDescription, AdminError> {
        let call = self.call();
        match call.describe_consumer_group(group).await {
            Ok(description) => Ok(description),
            // A classic one, or a broker from before KIP-848.
            Err(AdminError::Refused {
                code: NOT_A_CONSUMER_GROUP | ErrorCode::UNSUPPORTED_VERSION, ..
            })
            | Err(AdminError::Unsupported { .. }) => call.describe_classic_group(group).await,
            Err(error) => Err(error),
        }
    }

    /// Deletes a group without members, and its offsets.
    ///
    /// # Errors
    /// `NON_EMPTY_GROUP` if it has members, `GROUP_ID_NOT_FOUND` if there is none.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer; the group may still be deleted.
    pub async fn delete_group(&self, group: &str) -> Result<(), AdminError> {
        let call = self.call();
        let request = DeleteGroupsRequest { groups_names: vec![GroupId::from(group)], ..Default::default() };
        let spec = CallSpec::judged(request, call.deadline, |response: &DeleteGroupsResponse| {
            response.results.first().map(|result| result.error_code).filter(|error| !error.is_none())
        });
        let (node, response) = call.coordinated::<DeleteGroupsResponse>(group, spec).await?;
        let result = response.results.first().ok_or(AdminError::Unanswered)?;
        refused(node, result.error_code, result.error_message.as_deref())
    }

    /// Sends members out of a group; one that still lives joins again, unless it is static. With `reason` the broker's log
    /// says why (KIP-800). Coordinators send away members of the classic protocol only: the others end with their
    /// sessions. Java: `removeMembersFromConsumerGroup`.
    ///
    /// # Errors
    /// `UNKNOWN_MEMBER_ID` if the group has no such member. The error is of the first that could not be sent away; the
    /// others may be gone.
    ///
    /// # Cancel safety
    /// Dropping the future gives up on the answer; members may still be sent away.
    pub async fn remove_members(
        &self,
        group: &str,
        members: impl IntoIterator<Item = MemberToRemove>,
        reason: Option<&str>,
    ) -> Result<(), AdminError> {
        let call = self.call();
        let reason = reason.map(Into::into);
        let members = members.into_iter().map(|member| {
            let (member_id, group_instance_id) = match member {
                MemberToRemove::Instance(name) => (Default::default(), Some(name.into())),
                MemberToRemove::Member(id) => (id.into(), None),
            };
            MemberIdentity { member_id, group_instance_id, reason: reason.clone(), ..Default::default() }
        });
        let request = LeaveGroupRequest {
            group_id: GroupId::from(group),
            members: members.collect(),
            ..Default::default()
        };
        let spec = CallSpec::new(request, call.deadline);
        let (node, response) = call.coordinated::<LeaveGroupResponse>(group, spec).await?;
        refused(node, response.error_code, None)?;
        response.members.iter().try_for_each(|member| refused(node, member.error_code, None))
    }
}

impl Call<'_> {
    /// The answer of a group's coordinator.
    pub(super) async fn coordinated<M: ottla_proto::wire::Response + 'static>(
        self,
        group: &str,
        spec: CallSpec,
    ) -> Result<(i32, M), AdminError> {
        self.answer(spec.to(Target::Coordinator(GroupId::from(group)))).await
    }

    async fn describe_consumer_group(self, group: &str) -> Result<GroupDescription, AdminError> {
        let request =
            ConsumerGroupDescribeRequest { group_ids: vec![GroupId::from(group)], ..Default::default() };
        let spec = CallSpec::judged(request, self.deadline, |response: &ConsumerGroupDescribeResponse| {
            response.groups.first().map(|group| group.error_code).filter(|error| !error.is_none())
        });
        let (node, response) = self.coordinated::<ConsumerGroupDescribeResponse>(group, spec).await?;
        let described = response.groups.first().ok_or(AdminError::Unanswered)?;
        refused(node, described.error_code, described.error_message.as_deref())?;
        Ok(GroupDescription {
            group: group.to_owned(),
            consumer_protocol: true,
            state: described.group_state.to_string(),
            assignor: described.assignor_name.to_string(),
            epoch: Some(described.group_epoch),
            coordinator: node,
            members: described.members.iter().map(consumer_member).collect(),
        })
    }

    async fn describe_classic_group(self, group: &str) -> Result<GroupDescription, AdminError> {
        let request = DescribeGroupsRequest { groups: vec![GroupId::from(group)], ..Default::default() };
        let spec = CallSpec::judged(request, self.deadline, |response: &DescribeGroupsResponse| {
            response.groups.first().map(|group| group.error_code).filter(|error| !error.is_none())
        });
        let (node, response) = self.coordinated::<DescribeGroupsResponse>(group, spec).await?;
        let described = response.groups.first().ok_or(AdminError::Unanswered)?;
        refused(node, described.error_code, described.error_message.as_deref())?;
        Ok(GroupDescription {
            group: group.to_owned(),
            consumer_protocol: false,
            state: described.group_state.to_string(),
            assignor: described.protocol_data.to_string(),
            epoch: None,
            coordinator: node,
            members: described.members.iter().map(classic_member).collect(),
        })
    }
}

fn consumer_member(member: &consumer_group_describe::Member) -> GroupMember {
    let mut assignment: BTreeMap<String, Vec<i32>> = BTreeMap::new();
    for topic in &member.assignment.topic_partitions {
        assignment.entry(topic.topic_name.to_string()).or_default().extend(&topic.partitions);
    }
    GroupMember {
        member_id: member.member_id.to_string(),
        instance_id: member.instance_id.as_ref().map(ToString::to_string),
        client_id: member.client_id.to_string(),
        host: member.client_host.to_string(),
        epoch: Some(member.member_epoch),
        topics: member.subscribed_topic_names.iter().map(ToString::to_string).collect(),
        pattern: member
            .subscribed_topic_regex
            .as_ref()
            .filter(|text| !text.is_empty())
            .map(ToString::to_string),
        assignment,
    }
}

/// What members of a classic group tell each other is for the members; what cannot be read is shown as nothing.
fn classic_member(member: &describe_groups::DescribedGroupMember) -> GroupMember {
    let subscription = MemberSubscription::decode(member.member_metadata.clone()).unwrap_or_default();
    let mut assignment: BTreeMap<String, Vec<i32>> = BTreeMap::new();
    for partition in decode_assignment(member.member_assignment.clone()).unwrap_or_default() {
        assignment.entry(partition.topic.to_string()).or_default().push(partition.partition);
    }
    GroupMember {
        member_id: member.member_id.to_string(),
        instance_id: member.group_instance_id.as_ref().map(ToString::to_string),
        client_id: member.client_id.to_string(),
        host: member.client_host.to_string(),
        epoch: None,
        topics: subscription.topics.iter().map(ToString::to_string).collect(),
        pattern: None,
        assignment,
    }
}

pub(super) fn refused(node: i32, code: ErrorCode, message: Option<&str>) -> Result<(), AdminError> {
    if code.is_none() {
        return Ok(());
    }
    Err(AdminError::Refused { node, code, message: message.map(ToOwned::to_owned) })
}
