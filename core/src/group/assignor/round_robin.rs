use super::{Assignor, GroupAssignment, GroupMember, GroupTopics, in_turn, nothing};

/// Gives the partitions of all topics to the members in turn. Java: `RoundRobinAssignor`.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoundRobinAssignor;

impl Assignor for RoundRobinAssignor {
    fn name(&self) -> &str {
        "roundrobin"
    }

    fn assign(&self, topics: &GroupTopics, members: &[GroupMember]) -> GroupAssignment {
        let mut assignment = nothing(members);
        let members = in_turn(members);
        let mut turns = members.iter().cycle();
        for topic in topics.names() {
            if !members.iter().any(|member| member.wants(topic)) {
                continue;
            }
            for partition in topics.all(topic) {
                // Ends: one of them wants it.
                if let Some(taker) = turns.find(|member| member.wants(topic)) {
                    assignment.entry(taker.id.clone()).or_default().insert(partition);
                }
            }
        }
        assignment
    }
}
