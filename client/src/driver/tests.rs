//! The driver against a server that does what a test says.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use ottla_core::calls::CallSpec;
use ottla_core::net::{Class, Host};
use ottla_core::{CoreConfig, Event};
use ottla_proto::ApiKey;
use ottla_proto::messages::create_topics::{CreateTopicsRequest, CreateTopicsResponse};

use self::fake::Fake;
use super::{Place, start};

#[path = "../../tests/fake/mod.rs"]
mod fake;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttle_counts_from_its_answer_on_in_a_turn_that_began_before() {
    const THROTTLE: Duration = Duration::from_secs(4);
    let (asked, was_asked) = mpsc::channel();
    let (answer, may_answer) = mpsc::channel();
    let fake = Fake::kafka(move |request| {
        (request.api == ApiKey::CREATE_TOPICS).then(|| {
            asked.send(()).unwrap();
            may_answer.recv().unwrap();
            let throttle_time_ms = i32::try_from(THROTTLE.as_millis()).unwrap();
            request.answer(&CreateTopicsResponse { throttle_time_ms, ..Default::default() })
        })
    });
    let server = Host { name: fake.address.ip().to_string().into(), port: fake.address.port() };
    let config = CoreConfig { bootstrap: vec![server], net: Default::default() };
    let driver = start(config, 1 << 20, Place::CurrentRuntime).await.unwrap();
    let creating = driver.ask(|core, now| {
        core.call(CallSpec::new(CreateTopicsRequest::default(), now + Duration::from_secs(20)), now)
    });
    tokio::task::block_in_place(|| was_asked.recv().unwrap());

    // A turn stands still after it has looked at the clock, as it does when the machine has other things to do. The
    // answer comes meanwhile, and the runtime's other thread, which never sleeps, hears of it.
    let listening = tokio::spawn(async {
        loop {
            tokio::task::yield_now().await;
        }
    });
    let clock = driver.clone();
    let answered_at = driver.run(move |_, _| {
        thread::sleep(Duration::from_millis(20));
        let answered_at = clock.now();
        answer.send(()).unwrap();
        thread::sleep(Duration::from_millis(50));
        answered_at
    });
    let answered_at = answered_at.await.unwrap();
    listening.abort();
    assert!(matches!(creating.await, Ok(Event::CallDone { result: Ok(_), .. })));
    let told: Vec<_> = driver.throttle_view().active(answered_at).collect();
    assert_eq!(told.iter().map(|throttle| throttle.class).collect::<Vec<_>>(), [Class::Control]);
    assert!(
        told.iter().all(|throttle| throttle.until >= answered_at + THROTTLE),
        "{told:?}, {answered_at:?}"
    );
}
