use super::*;

#[test]
fn a_pause_that_is_over_is_no_timer_while_no_node_can_be_asked() {
    let mut world = World::with_cluster(1, &[(TOPIC, 1)], NetConfig::default());
    let wake = Arc::clone(world.core.wake());
    let parts = world.core.parts();
    let _edge = parts.producers.add(ProducerConfig::default(), parts.net, &wake);
    world.turn();
    let asked = world.connection_to("n1");
    world.open(asked);
    assert_eq!(world.take_one(asked).api, ApiKey::INIT_PRODUCER_ID);
    // From here on every attempt to connect hangs. The world notices a timer that has passed and stays.
    world.core.handle_disconnected(asked, DisconnectCause::Closed, world.now);
    world.run_until(world.now + Duration::from_secs(5));
}
