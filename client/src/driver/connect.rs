//! From a host's name to an open socket.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use ottla_core::net::{AddressFailure, ConnectFailure, Host};
use tokio::net::{TcpSocket, TcpStream, lookup_host};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

/// How long an address has the field to itself before the next one is tried beside it (RFC 8305 calls it the
/// connection attempt delay).
const HEAD_START: Duration = Duration::from_millis(250);

/// Resolves the name and connects to whichever of its addresses answers first, all within `time`.
///
/// Dropping the future gives up every attempt.
pub(crate) async fn connect(host: Host, time: Duration) -> Result<TcpStream, ConnectFailure> {
    connect_by(host, time, |address| Box::pin(open(address))).await
}

/// The limit is kept here, outside of whatever opens a connection.
async fn connect_by(
    host: Host,
    time: Duration,
    open: fn(SocketAddr) -> Attempt,
) -> Result<TcpStream, ConnectFailure> {
    let deadline = Instant::now() + time;
    let resolved = timeout_at(deadline, lookup_host((&*host.name, host.port))).await;
    let addresses = match resolved.map(|found| found.map(alternating)) {
        Ok(Ok(addresses)) => addresses,
        Ok(Err(error)) => return Err(ConnectFailure::Resolve { host, problem: error.into() }),
        Err(_) => {
            let error = io::Error::new(io::ErrorKind::TimedOut, "the resolver did not answer in time");
            return Err(ConnectFailure::Resolve { host, problem: error.into() });
        }
    };
    let mut race = Race {
        waiting: addresses,
        running: Vec::new(),
        open,
        failed: Vec::new(),
        next_start: Box::pin(sleep_until(Instant::now())),
    };
    match timeout_at(deadline, poll_fn(|context| race.poll(context))).await {
        Ok(Some(stream)) => Ok(stream),
        Ok(None) => Err(ConnectFailure::Addresses { host, attempts: race.failed }),
        Err(_) => Err(ConnectFailure::TimedOut { host, after: time, attempts: race.give_up() }),
    }
}

/// The families by turns, beginning with the one that the resolver prefers: if one family has no route at all,
/// only every other attempt is lost on it.
fn alternating(addresses: impl Iterator<Item = SocketAddr>) -> VecDeque<SocketAddr> {
    let addresses: Vec<_> = addresses.collect();
    let first_is_v4 = addresses.first().is_some_and(SocketAddr::is_ipv4);
    let (preferred, other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv4() == first_is_v4);
    let (mut preferred, mut other) = (preferred.into_iter(), other.into_iter());
    let mut ordered = VecDeque::new();
    loop {
        let before = ordered.len();
        ordered.extend(preferred.next());
        ordered.extend(other.next());
        if ordered.len() == before {
            return ordered;
        }
    }
}

struct Race {
    waiting: VecDeque<SocketAddr>,
    running: Vec<(SocketAddr, Attempt)>,
    open: fn(SocketAddr) -> Attempt,
    failed: Vec<AddressFailure>,
    next_start: Pin<Box<Sleep>>,
}

type Attempt = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

impl Race {
    /// The first stream; `None` once every address has failed.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<TcpStream>> {
        loop {
            if let Some(stream) = self.poll_running(context) {
                return Poll::Ready(Some(stream));
            }
            let start_next = self.running.is_empty() || self.next_start.as_mut().poll(context).is_ready();
            if start_next && let Some(address) = self.waiting.pop_front() {
                self.running.push((address, (self.open)(address)));
                self.next_start.as_mut().reset(Instant::now() + HEAD_START);
            } else if self.running.is_empty() {
                return Poll::Ready(None);
            } else {
                return Poll::Pending;
            }
        }
    }

    /// What came of each address that was tried.
    fn give_up(self) -> Vec<AddressFailure> {
        let mut attempts = self.failed;
        attempts.extend(self.running.into_iter().map(|(address, _)| {
            let error = io::Error::new(io::ErrorKind::TimedOut, "no answer");
            AddressFailure { address, problem: error.into() }
        }));
        attempts
    }

    fn poll_running(&mut self, context: &mut Context<'_>) -> Option<TcpStream> {
        let mut winner = None;
        self.running.retain_mut(|(address, attempt)| match attempt.as_mut().poll(context) {
            Poll::Pending => true,
            Poll::Ready(Ok(stream)) => {
                winner.get_or_insert(stream);
                false
            }
            Poll::Ready(Err(error)) => {
                self.failed.push(AddressFailure { address: *address, problem: error.into() });
                false
            }
        });
        winner
    }
}

async fn open(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_nodelay(true)?;
    socket.set_keepalive(true)?;
    let stream = socket.connect(address).await?;
    // A port of the ephemeral range on this machine that nobody listens on can be met by our own socket.
    if stream.local_addr()? == stream.peer_addr()? {
        return Err(io::Error::new(
            io::ErrorKind::ConnectionRefused,
            "nobody listens there (the socket met itself)",
        ));
    }
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_families_take_turns_and_keep_their_order() {
        let address = |text: &str| text.parse::<SocketAddr>().unwrap();
        let resolved = ["[::1]:1", "[::2]:1", "[::3]:1", "10.0.0.1:1"].map(address);
        let expected = ["[::1]:1", "10.0.0.1:1", "[::2]:1", "[::3]:1"].map(address);
        assert_eq!(alternating(resolved.into_iter()), expected);
        assert!(alternating(std::iter::empty()).is_empty());
    }

    #[tokio::test]
    async fn an_attempt_that_never_ends_is_given_up_at_the_limit() {
        let host = Host { name: "127.0.0.1".into(), port: 9092 };
        let time = Duration::from_millis(20);
        let attempt = connect_by(host, time, |_| Box::pin(std::future::pending()));
        // Far more than the limit, and an end for the test if there were none.
        let ended = tokio::time::timeout(Duration::from_secs(20), attempt).await.expect("it has a limit");
        let Err(ConnectFailure::TimedOut { after, attempts, .. }) = ended else { panic!("{ended:?}") };
        assert_eq!(after, time);
        assert_eq!(attempts.len(), 1, "what was tried is named");
    }

    #[tokio::test]
    async fn a_refused_port_is_told_with_its_address() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let host = Host { name: "127.0.0.1".into(), port: address.port() };
        let failure = connect(host, Duration::from_secs(5)).await.unwrap_err();
        let ConnectFailure::Addresses { attempts, .. } = failure else { panic!("{failure:?}") };
        assert_eq!(attempts.len(), 1);
        assert_eq!(attempts[0].address, address);
    }
}
