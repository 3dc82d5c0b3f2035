//! Building a client.

use std::time::Duration;

use ottla_core::calls::{CallError, CallSpec};
use ottla_core::net::NetConfig;
use ottla_core::retry::Backoff;
use ottla_core::{CoreConfig, Event};
use ottla_proto::messages::metadata::MetadataRequest;

use crate::address;
use crate::client::Client;
use crate::driver::{self, DriverHandle, Place};
use crate::error::{BuildError, DriverStopped, ServerFailure};

/// Settings of a [`Client`]; made by [`Client::builder`].
///
/// Each has a default that suits most clusters; [`build`](Self::build) refuses what makes no sense. The names in
/// parentheses are those of Kafka's own client.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build` is called"]
pub struct ClientBuilder {
    servers: String,
    net: NetConfig,
    build_timeout: Duration,
    max_frame_bytes: usize,
    place: Place,
}

impl ClientBuilder {
    pub(crate) fn new(servers: String) -> Self {
        let mut net = NetConfig::default();
        net.client_id = Some("ottla".into());
        let build_timeout = Duration::from_secs(10);
        Self { servers, net, build_timeout, max_frame_bytes: 100 << 20, place: Place::default() }
    }

    /// The name under which brokers log this client and count it against quotas (`client.id`); "ottla" by default.
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.net.client_id = Some(client_id.into().into());
        self
    }

    /// How long [`build`](Self::build) may take until some server has answered; 10 seconds by default.
    pub fn build_timeout(mut self, timeout: Duration) -> Self {
        self.build_timeout = timeout;
        self
    }

    /// How long a new connection may take: resolving the name, connecting to one of its addresses, and the
    /// handshake (`socket.connection.setup.timeout.ms`); 10 seconds by default.
    pub fn connection_setup_timeout(mut self, timeout: Duration) -> Self {
        self.net.connection_setup_timeout = timeout;
        self
    }

    /// How long a broker may take to answer a request (`request.timeout.ms`); 30 seconds by default. Time during
    /// which the broker throttles does not count.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.net.request_timeout = timeout;
        self
    }

    /// How many requests may be unanswered on one connection (`max.in.flight.requests.per.connection`); 5 by
    /// default. A batch that can still grow is not sent to a broker that fewer keep busy, as its answers tell: it
    /// would only lie in the broker's socket.
    pub fn max_in_flight(mut self, requests: usize) -> Self {
        self.net.max_in_flight = requests;
        self
    }

    /// The longest answer that is accepted from a broker, in bytes; 100 MiB by default, as brokers have it for
    /// requests (`socket.request.max.bytes`). Memory for a frame is taken as its bytes come, not when its length
    /// is told.
    pub fn max_frame_bytes(mut self, bytes: usize) -> Self {
        self.max_frame_bytes = bytes;
        self
    }

    /// How old the view of the cluster may get before it is asked for again without cause (`metadata.max.age.ms`);
    /// 5 minutes by default.
    pub fn metadata_max_age(mut self, age: Duration) -> Self {
        self.net.metadata_max_age = age;
        self
    }

    /// How long to wait before connecting again to a server that failed, and the limit up to which that doubles
    /// with each failure in a row (`reconnect.backoff.ms`, `reconnect.backoff.max.ms`); 50 milliseconds and 1
    /// second by default, spread by a fifth either way.
    pub fn reconnect_backoff(mut self, initial: Duration, max: Duration) -> Self {
        self.net.reconnect_backoff = backoff(initial, max);
        self
    }

    /// How long to wait before trying a failed request again, and the limit up to which that doubles with each
    /// failure in a row (`retry.backoff.ms`, `retry.backoff.max.ms`); 100 and 500 milliseconds by default, spread
    /// by a fifth either way. The limit is half of Java's, so that a new leader is found well within a second.
    pub fn retry_backoff(mut self, initial: Duration, max: Duration) -> Self {
        self.net.retry_backoff = backoff(initial, max);
        self
    }

    /// How long a connection may be unused before it is closed (`connections.max.idle.ms`); 9 minutes by default,
    /// one less than brokers allow.
    pub fn connections_max_idle(mut self, time: Duration) -> Self {
        self.net.max_idle = time;
        self
    }

    /// Runs the client as a task of the runtime that calls [`build`](Self::build), rather than on a thread of its
    /// own.
    ///
    /// It saves two changes of thread per request, some 30 microseconds. In return, code that blocks that runtime
    /// also delays the client's answers and the ends of its throttles, and the client stops when the runtime does.
    /// The runtime must be tokio's, with I/O and time enabled.
    pub fn on_current_runtime(mut self) -> Self {
        self.place = Place::CurrentRuntime;
        self
    }

    pub(crate) fn on_own_thread(mut self) -> Self {
        self.place = Place::OwnThread;
        self
    }

    /// Starts the client and waits until one of the servers has described the cluster.
    ///
    /// # Errors
    /// [`BuildError::Address`] and [`BuildError::Setting`] at once, if the caller's input makes no sense;
    /// [`BuildError::Unreachable`] after [`build_timeout`](Self::build_timeout), with what came of each server.
    ///
    /// # Cancel safety
    /// Dropping the future gives up: nothing stays behind.
    pub async fn build(self) -> Result<Client, BuildError> {
        let within = self.build_timeout;
        let (frame_limit, place) = (self.max_frame_bytes, self.place);
        let config = self.into_config()?;
        let driver = driver::start(config, frame_limit, place).await.map_err(BuildError::Start)?;
        first_answer(&driver, within).await?;
        Ok(Client::new(driver))
    }

    fn into_config(self) -> Result<CoreConfig, BuildError> {
        let bootstrap = address::parse_list(&self.servers)?;
        let net = self.net;
        let times = [
            ("build_timeout", self.build_timeout),
            ("connection_setup_timeout", net.connection_setup_timeout),
            ("request_timeout", net.request_timeout),
            ("metadata_max_age", net.metadata_max_age),
            ("reconnect_backoff", net.reconnect_backoff.initial),
            ("retry_backoff", net.retry_backoff.initial),
            ("connections_max_idle", net.max_idle),
        ];
        for (name, time) in times {
            setting(name, !time.is_zero(), "it must be longer than nothing")?;
        }
        setting("max_in_flight", net.max_in_flight > 0, "at least one request must be let through")?;
        setting("max_frame_bytes", self.max_frame_bytes >= MIN_FRAME, "answers need at least 64 KiB")?;
        Ok(CoreConfig { bootstrap, net })
    }
}

/// The handshake of a recent broker takes about a kilobyte, its view of a small cluster a few.
const MIN_FRAME: usize = 64 << 10;

fn setting(name: &'static str, good: bool, problem: &'static str) -> Result<(), BuildError> {
    if good { Ok(()) } else { Err(BuildError::Setting { name, problem }) }
}

fn backoff(initial: Duration, max: Duration) -> Backoff {
    Backoff { initial, max: max.max(initial) }
}

/// Waits for a broker to describe the cluster.
async fn first_answer(driver: &DriverHandle, within: Duration) -> Result<(), BuildError> {
    let request = MetadataRequest { topics: Some(Vec::new()), ..Default::default() };
    let deadline = driver.now() + within;
    let event = driver.ask(move |core, now| core.call(CallSpec::new(request, deadline), now)).await?;
    match event {
        Event::CallDone { result: Err(CallError::DeadlineExceeded { unreachable, .. }), .. } => {
            let servers = unreachable.iter().map(ServerFailure::new).collect();
            Err(BuildError::Unreachable { within, servers })
        }
        Event::CallDone { result: Err(CallError::Closed { .. }), .. } => Err(DriverStopped.into()),
        Event::CallDone { result: Err(error), .. } => Err(BuildError::Incompatible(error.to_string())),
        _ => Ok(()),
    }
}
