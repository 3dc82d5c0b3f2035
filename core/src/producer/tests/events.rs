//! What the producer tells of itself without being asked.

use super::*;
use crate::event::Event;

fn told(scene: &mut Scene) -> Vec<Event> {
    std::mem::take(&mut scene.world.events)
}

#[test]
fn ids_leaders_and_epochs_are_told() {
    let mut scene = Scene::new(no_linger(), 2, 1);
    let events = told(&mut scene);
    assert!(events.iter().any(|event| matches!(
        event,
        Event::ProducerIdAssigned { producer_id: ProducerId(7), epoch: ProducerEpoch(0) }
    )));
    assert!(
        !events.iter().any(|event| matches!(event, Event::LeaderChanged { .. })),
        "the first is no change"
    );
    scene.move_leader(2, 2);
    scene.refresh();
    assert!(told(&mut scene).iter().any(|event| matches!(
        event,
        Event::LeaderChanged { partition: 0, from: Some(BrokerId(1)), to: Some(BrokerId(2)), .. }
    )));
    let _deliveries = [scene.send("0"), scene.send("1")];
    let (_, request) = scene.next_request();
    scene.refuse(&request, ErrorCode::INVALID_RECORD);
    let (_, request) = scene.next_request();
    scene.refuse(&request, ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER);
    assert!(told(&mut scene).iter().any(|event| matches!(
        event,
        Event::EpochBumped { partition: 0, producer_id: ProducerId(7), epoch: ProducerEpoch(1), .. }
    )));
}

#[test]
fn whatever_is_given_up_is_told_with_its_fate() {
    let mut scene = Scene::new(ProducerConfig { delivery_timeout: millis(1000), ..no_linger() }, 1, 1);
    let _unanswered = scene.send("0");
    scene.advance(millis(1000));
    let (_, request) = scene.next_request();
    scene.serve(&request);
    let _refused = scene.send("1");
    let (_, request) = scene.next_request();
    scene.refuse(&request, ErrorCode::INVALID_RECORD);
    let _cancelled = scene.accept(0, "2").cancel();
    scene.pump();
    let _abandoned = scene.send("3");
    scene.edge.close(scene.now());
    scene.pump();
    let undelivered: Vec<_> = told(&mut scene)
        .into_iter()
        .filter_map(|event| match event {
            Event::Undelivered { topic, partition: 0, records: 1, undelivered } => {
                assert_eq!(topic, TopicName::from(TOPIC));
                Some((undelivered.certainty, (*undelivered.cause).clone()))
            }
            _ => None,
        })
        .collect();
    assert!(
        matches!(
            &undelivered[..],
            [
                (Certainty::PossiblyWritten, Cause::Expired { .. }),
                (Certainty::NotWritten, Cause::Refused { .. }),
                (Certainty::PossiblyWritten, Cause::Closed),
            ]
        ),
        "{undelivered:?}"
    );
}
