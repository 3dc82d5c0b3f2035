//! Where a client lives, and how it ends.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests state what must hold, as tests do"
)]

mod fake;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use fake::Fake;
use ottla::{BuildError, Client};

const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn dropping_the_last_clone_closes_the_connections() {
    let fake = Fake::kafka(|_| None);
    let client = Client::builder(fake.server()).build().await.unwrap();
    let clone = client.clone();
    drop(client);
    clone.explain().await.unwrap();
    assert!(fake.accepted() > 0);
    drop(clone);
    assert!(fake.wait_until_idle(SOON), "connections outlive the client");
}

#[tokio::test]
async fn giving_up_the_build_leaves_nothing_behind() {
    let fake = Fake::tcp(|stream| std::io::copy(stream, &mut std::io::sink()).map(|_| ()));
    let mut build = Box::pin(Client::builder(fake.server()).build());
    let connected = async {
        while fake.accepted() == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::select! {
        _ = &mut build => panic!("the server says nothing"),
        connected = tokio::time::timeout(SOON, connected) => connected.expect("it connects"),
    }
    drop(build);
    assert!(fake.wait_until_idle(SOON), "connections outlive the attempt");
}

#[test]
fn a_client_needs_no_runtime_of_the_caller() {
    let fake = Fake::kafka(|_| None);
    let client = block_on(Client::builder(fake.server()).build()).unwrap();
    block_on(client.explain()).unwrap();
}

#[test]
fn the_current_runtime_must_exist() {
    let error = block_on(Client::builder("localhost").on_current_runtime().build()).unwrap_err();
    assert!(matches!(error, BuildError::Start(_)), "{error:?}");
}

#[test]
fn a_client_on_the_current_runtime_ends_with_it() {
    let fake = Fake::kafka(|_| None);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = runtime.block_on(Client::builder(fake.server()).on_current_runtime().build()).unwrap();
    runtime.block_on(client.explain()).unwrap();
    drop(runtime);
    assert!(fake.wait_until_idle(SOON));
    block_on(client.explain()).expect_err("nobody is there to answer");
}

#[tokio::test]
async fn a_question_polled_once_and_dropped_harms_nobody() {
    let fake = Fake::kafka(|_| None);
    let client = Client::builder(fake.server()).build().await.unwrap();
    for _ in 0..100 {
        let mut explain = pin!(client.explain());
        let _ = explain.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    }
    client.explain().await.unwrap();
}

/// The least that can drive a future: a thread that sleeps until it is woken.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: std::sync::Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = std::sync::Arc::new(Unpark(thread::current())).into();
    let mut future = pin!(future);
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        thread::park_timeout(SOON);
    }
}
