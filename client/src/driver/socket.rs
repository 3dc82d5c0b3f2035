//! One open connection: bytes in, frames out, and the other way.

use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use ottla_core::net::{ConnectionId, DisconnectCause};
use ottla_core::{Core, Instant};
use tokio::io::{AsyncReadExt, AsyncWrite};
use tokio::net::TcpStream;

use super::clock::Clock;
use super::framing::FrameReader;

/// What one connection may read, and may write, in a turn before the others have theirs.
const TURN_BYTES: usize = 2 << 20;
/// How many pieces go into one write; beyond it the kernel's own copying costs more than the call saves.
const MAX_SLICES: usize = 64;

/// Whether a connection has more to do at once or waits for the kernel, which wakes the driver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// There may be more; the turn's share is used up.
    More,
    /// Nothing more for now.
    Blocked,
}

impl Progress {
    /// What two of them mean together.
    pub(crate) fn and(self, other: Self) -> Self {
        if self == Self::More { self } else { other }
    }
}

#[derive(Debug)]
pub(crate) struct Socket {
    id: ConnectionId,
    stream: TcpStream,
    frames: FrameReader,
}

impl Socket {
    pub(crate) fn new(id: ConnectionId, stream: TcpStream, frame_limit: usize) -> Self {
        Self { id, stream, frames: FrameReader::new(frame_limit) }
    }

    /// Reads what has come and hands its frames to the core. What an answer asks for counts from when it was read: a
    /// turn can be interrupted, and by the time at which it began a throttle would end too early.
    pub(crate) fn read(
        &mut self,
        core: &mut Core,
        clock: Clock,
        context: &mut Context<'_>,
    ) -> Result<Progress, DisconnectCause> {
        let mut left = TURN_BYTES;
        while left > 0 {
            let mut space = self.frames.space();
            // A read that leaves room says that the socket is empty: tokio then waits without asking the kernel again.
            match pin!(self.stream.read_buf(&mut space)).poll(context) {
                Poll::Pending => return Ok(Progress::Blocked),
                Poll::Ready(Ok(0)) => return Err(DisconnectCause::Closed),
                Poll::Ready(Ok(count)) => left = left.saturating_sub(count),
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => return Err(failed(error)),
            }
            while let Some(frame) = self.frames.next_frame().map_err(DisconnectCause::Frame)? {
                core.handle_frame(self.id, frame, clock.now());
            }
        }
        Ok(Progress::More)
    }

    /// Writes what the core has for this connection, as far as the kernel takes it; it wakes the driver when it
    /// takes more. Says how many bytes that were.
    pub(crate) fn write(
        &mut self,
        core: &mut Core,
        now: Instant,
        context: &mut Context<'_>,
    ) -> Result<usize, DisconnectCause> {
        let mut total = 0;
        while total < TURN_BYTES {
            let mut slices = [IoSlice::new(&[]); MAX_SLICES];
            let mut count = 0;
            for (slot, piece) in slices.iter_mut().zip(core.transmit(self.id)) {
                *slot = IoSlice::new(piece);
                count += 1;
            }
            if count == 0 {
                return Ok(total);
            }
            let slices = slices.get(..count).unwrap_or_default();
            match Pin::new(&mut self.stream).poll_write_vectored(context, slices) {
                Poll::Pending => return Ok(total),
                Poll::Ready(Ok(written)) => {
                    total += written;
                    core.handle_written(self.id, written, now);
                }
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                Poll::Ready(Err(error)) => return Err(failed(error)),
            }
        }
        Ok(total)
    }
}

fn failed(error: io::Error) -> DisconnectCause {
    DisconnectCause::Io(error.into())
}
