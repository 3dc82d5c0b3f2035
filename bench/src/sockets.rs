//! What it costs the driver to look at sockets that have no news, as it does at each of them in each turn.

use std::error::Error;
use std::future::poll_fn;
use std::hint::black_box;
use std::io;
use std::pin::pin;
use std::task::Poll;

use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::unconstrained;

use crate::harness::{Cost, cost};

/// How often each socket is looked at in a sample.
const TURNS: usize = 50;

pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    println!("a look at a socket without news, ns");
    for connections in [20, 200, 2_000] {
        let Cost { median, lowest } = runtime.block_on(looks(connections))?;
        println!("  {connections:>5} connections  {median:>6.1}  (lowest {lowest:.1})");
    }
    Ok(())
}

async fn looks(connections: usize) -> io::Result<Cost> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..connections {
        let stream = TcpStream::connect(listener.local_addr()?).await?;
        ours.push((stream, Vec::with_capacity(64 << 10)));
        theirs.push(listener.accept().await?);
    }
    let look_at_all = poll_fn(|context| {
        Poll::Ready(cost(TURNS * connections, || {
            for _ in 0..TURNS {
                for (stream, space) in &mut ours {
                    let _pending = black_box(pin!(stream.read_buf(space)).poll(context));
                }
            }
        }))
    });
    // As the driver: tokio's bound on what a task does in a turn would end the looks early.
    Ok(unconstrained(look_at_all).await)
}
