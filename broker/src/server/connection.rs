use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use ottla_proto::BrokerId;
use ottla_proto::wire::Segments;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::timeout;

use super::frame::{self, FrameError};
use super::{Closure, Shared};
use crate::engine::{Close, ConnectionId, Reply};

/// Serves one connection to its end. One request at a time, as Kafka does: what comes meanwhile waits in the
/// socket, and so does everything while the connection is muted. A client that reads slowly keeps one answer in
/// memory and harms nobody else.
pub(super) async fn run(
    shared: Arc<Shared>,
    node: BrokerId,
    stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: Option<SocketAddr>,
    _place: OwnedSemaphorePermit,
) {
    // Quotas are for addresses, and a connection in memory has none.
    if let Some(ip) = peer.map(|peer| peer.ip()) {
        let early = shared.step(|engine, now| engine.admit(node, ip, now));
        if !early.is_zero() {
            // It keeps its place meanwhile, so that such connections are bounded, too.
            tokio::time::sleep(early).await;
            let reason = format!("{ip} opens connections faster than its quota allows");
            return shared.note_closure(Closure { peer, reason });
        }
    }
    let Some((id, replies)) = shared.connect(node) else { return };
    let link = Link { shared: &shared, id };
    if let Err(error) = serve(&link, replies, stream).await {
        shared.note_closure(Closure { peer, reason: error.to_string() });
    }
}

/// Tells the engine when the connection is gone, however that happens.
struct Link<'a> {
    shared: &'a Shared,
    id: ConnectionId,
}

impl Drop for Link<'_> {
    fn drop(&mut self) {
        self.shared.disconnect(self.id);
    }
}

#[derive(Debug, Error)]
enum Ended {
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error(transparent)]
    Closed(#[from] Close),
    #[error("the answer was not taken: {0}")]
    Write(io::Error),
    #[error("nothing was sent or taken for {0:?}")]
    Idle(Duration),
}

async fn serve(
    link: &Link<'_>,
    mut replies: mpsc::Receiver<Reply>,
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
) -> Result<(), Ended> {
    let Link { shared, id } = *link;
    let idle = shared.limits.idle;
    let mut buffer = BytesMut::new();
    loop {
        let next = timeout(idle, frame::read(&mut stream, &mut buffer, shared.limits.request_bytes));
        let next = unless_closed(&mut replies, next).await?;
        let Some(frame) = next.map_err(|_| Ended::Idle(idle))?? else { return Ok(()) };
        shared.step(|engine, now| {
            engine.handle_frame(id, frame, now);
            if engine.wants_time() {
                let then = shared.clock.now();
                engine.spent(id, then.since(now), then);
            }
        });
        // As in Kafka a client that waits for an answer, or is muted, is idle, too.
        let reply = timeout(idle, replies.recv()).await.map_err(|_| Ended::Idle(idle))?;
        let muted_until = match reply {
            Some(Reply::Answer { frame, muted_until }) => {
                if let Some(frame) = frame {
                    write(&mut stream, frame, idle).await?;
                }
                muted_until
            }
            Some(Reply::Faulty { bytes, bytes_per_second, close, muted_until }) => {
                write_slowly(&mut stream, bytes, bytes_per_second, idle).await?;
                if close {
                    return Ok(());
                }
                muted_until
            }
            Some(Reply::Close(reason)) => return Err(reason.into()),
            None => return Ok(()),
        };
        if muted_until > shared.clock.now() {
            let unmuted = tokio::time::sleep_until(shared.clock.at(muted_until));
            let unmuted = unless_closed(&mut replies, timeout(idle, unmuted)).await?;
            unmuted.map_err(|_| Ended::Idle(idle))?;
        }
    }
}

/// Waits for something between two requests, in which time the engine may only say that it is over.
async fn unless_closed<T>(
    replies: &mut mpsc::Receiver<Reply>,
    wait: impl Future<Output = T>,
) -> Result<T, Close> {
    tokio::select! {
        biased;
        Some(Reply::Close(reason)) = replies.recv() => Err(reason),
        waited = wait => Ok(waited),
    }
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), frame: Segments, idle: Duration) -> Result<(), Ended> {
    let written = timeout(idle, frame::write(stream, frame)).await;
    written.map_err(|_| Ended::Idle(idle))?.map_err(Ended::Write)
}

/// Writes what a fault wants, no faster than it wants.
async fn write_slowly(
    stream: &mut (impl AsyncWrite + Unpin),
    mut bytes: Bytes,
    bytes_per_second: Option<u32>,
    idle: Duration,
) -> Result<(), Ended> {
    /// Small enough to look slow, and not so small that a fast pace needs a timer for each byte.
    const PIECES_A_SECOND: u32 = 20;
    while !bytes.is_empty() {
        let piece = bytes_per_second.map_or(u32::MAX, |pace| (pace / PIECES_A_SECOND).max(1));
        let piece = bytes.split_to(usize::try_from(piece).unwrap_or(usize::MAX).min(bytes.len()));
        let written = timeout(idle, stream.write_all(&piece)).await;
        written.map_err(|_| Ended::Idle(idle))?.map_err(Ended::Write)?;
        if let Some(pace) = bytes_per_second.filter(|_| !bytes.is_empty()) {
            let length = u32::try_from(piece.len()).unwrap_or(u32::MAX);
            tokio::time::sleep(Duration::from_secs(1) * length / pace.max(1)).await;
        }
    }
    Ok(())
}
