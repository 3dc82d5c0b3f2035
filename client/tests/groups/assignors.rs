//! Assignors of the application's own.

use std::sync::Arc;

use super::*;
use ottla::consumer::group::{Assignment, Assignor, Assignors, GroupTopics, MemberView};

/// Everything to the member that weighs most.
#[derive(Debug)]
struct Heaviest(u8);

impl Assignor for Heaviest {
    fn name(&self) -> &str {
        "heaviest"
    }

    fn user_data(&self, _last: &BTreeSet<TopicPartition>, _generation: i32) -> Option<Vec<u8>> {
        Some(vec![self.0])
    }

    fn assign(&self, topics: &GroupTopics, members: &[MemberView]) -> Assignment {
        let heaviest = members.iter().max_by_key(|member| member.user_data.clone()).unwrap();
        assert!(heaviest.topics.contains("orders"));
        let all = topics.iter().flat_map(|(topic, count)| {
            assert_eq!(count, 4);
            topics.partitions(topic)
        });
        [(heaviest.id.clone(), all.collect())].into()
    }
}

#[derive(Debug)]
struct Panicking;

impl Assignor for Panicking {
    fn name(&self) -> &str {
        "heaviest"
    }

    fn assign(&self, _topics: &GroupTopics, _members: &[MemberView]) -> Assignment {
        panic!("not today")
    }
}

fn custom(kafka: &Client, assignor: impl Assignor) -> GroupConsumerBuilder {
    member(kafka, Protocol::Auto)
        .heartbeat_interval(Duration::from_millis(50))
        .assignors([Assignors::Custom(Arc::new(assignor))])
}

#[tokio::test]
async fn an_assignor_of_ones_own_shares_out_by_what_members_say() {
    let (_cluster, kafka) = start().await;
    fill(&kafka, 4, b"v").await;
    let mut light = custom(&kafka, Heaviest(1)).build().await.unwrap();
    read(&mut light, 4).await;
    let handle = light.handle();
    assert_eq!(handle.status().consumer_protocol, Some(false), "the choice needs the classic protocol");
    assert_eq!(handle.status().assignor.as_deref(), Some("heaviest"));
    let mut heavy = custom(&kafka, Heaviest(2)).build().await.unwrap();
    let waiting = async { light.next_batch().await.map(|_| ()) };
    let reading = async {
        until("the heavy one has nothing", || heavy.handle().owned().len() == 4).await;
        fill(&kafka, 4, b"w").await;
        read(&mut heavy, 4).await
    };
    tokio::select! {
        _ = waiting => panic!("the light one has something"),
        seen = reading => assert_eq!(seen.len(), 4),
    }
    assert!(handle.owned().is_empty());
}

#[tokio::test]
async fn a_panic_in_an_assignor_harms_nobody_else() {
    let (_cluster, kafka) = start().await;
    fill(&kafka, 4, b"v").await;
    let stuck = custom(&kafka, Panicking).build().await.unwrap();
    let handle = stuck.handle();
    until("it is not in the group", || handle.status().is_stable).await;
    assert!(handle.owned().is_empty());
    // The same client's other members go on.
    let other = kafka.consumer().group("other").subscribe(["orders"]).from(Offset::Earliest);
    read(&mut other.build().await.unwrap(), 4).await;
}
