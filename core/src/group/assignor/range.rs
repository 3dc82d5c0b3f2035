use super::{Assignor, GroupAssignment, GroupMember, GroupTopics, in_turn, nothing};

/// Gives each member a run of the partitions of each topic, so that equal partitions of several topics meet at one
/// member. Members that stand in a rack with a copy get those partitions first (KIP-881). Java: `RangeAssignor`.
#[derive(Clone, Copy, Debug, Default)]
pub struct RangeAssignor;

impl Assignor for RangeAssignor {
    fn name(&self) -> &str {
        "range"
    }

    fn assign(&self, topics: &GroupTopics, members: &[GroupMember]) -> GroupAssignment {
        let mut assignment = nothing(members);
        let members = in_turn(members);
        for topic in topics.names() {
            let takers: Vec<_> = members.iter().filter(|member| member.wants(topic)).collect();
            let mut free: Vec<_> = topics.all(topic).collect();
            let (count, takers_count) = (free.len(), takers.len());
            if takers_count == 0 {
                continue;
            }
            let (each, more) = (count / takers_count, count % takers_count);
            let mut quotas: Vec<usize> =
                (0..takers_count).map(|turn| each + usize::from(turn < more)).collect();
            // In two rounds: what is near first, then the rest as it comes.
            for near in [true, false] {
                for (taker, quota) in takers.iter().zip(&mut quotas) {
                    let taken: Vec<_> = free
                        .iter()
                        .filter(|partition| !near || topics.suits(partition, taker))
                        .take(*quota)
                        .cloned()
                        .collect();
                    *quota -= taken.len();
                    free.retain(|partition| !taken.contains(partition));
                    assignment.entry(taker.id.clone()).or_default().extend(taken);
                }
            }
        }
        assignment
    }
}
