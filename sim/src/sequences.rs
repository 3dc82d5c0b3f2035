//! An onlooker at the producers' sockets: who knows that a number is missing in the log sends nothing new behind it.
//!
//! A broker refuses such a batch and the producer begins anew, so that the log does not show it: the records are only
//! late, and those that could have gone with them.

use std::collections::BTreeMap;

use bytes::Bytes;
use ottla_proto::ErrorCode;
use ottla_proto::messages::{ProduceResponse, ResponseHeader};
use ottla_proto::wire::{Message, Reader, Response};

use crate::attempts::{Stamp, stamps_of};
use crate::queue::SocketId;
use crate::report::Violation;

/// All batches with a number that a client has written whole.
#[derive(Debug)]
pub(crate) struct Sequences {
    /// A batch that still waits before the socket of one leader can go to another.
    leaders_stay: bool,
    sent: BTreeMap<Stamp, Sent>,
    /// The batches of each request whose end the client does not know.
    requests: BTreeMap<(SocketId, i32), Vec<Stamp>>,
}

#[derive(Debug)]
struct Sent {
    /// Where the request began in its stream.
    began: (SocketId, u64),
    /// Whether none of its numbers was ever sent before.
    first: bool,
    /// Once the client knows how the request ended: how far each of its streams had come by then.
    known: Option<BTreeMap<SocketId, u64>>,
}

impl Sequences {
    pub(crate) fn new(leaders_stay: bool) -> Self {
        Self { leaders_stay, sent: BTreeMap::new(), requests: BTreeMap::new() }
    }

    /// A client has written a Produce whose first byte lies at `began` in its stream.
    pub(crate) fn sent(&mut self, socket: SocketId, frame: &Bytes, began: u64) {
        let Some((correlation, stamps)) = stamps_of(frame) else { return };
        for stamp in &stamps {
            // What was too large was cut: a piece can begin with the number that the whole began with.
            let beside = Stamp { delta: i32::MIN, ..*stamp }..=Stamp { delta: i32::MAX, ..*stamp };
            let before = |(other, _): (&Stamp, &Sent)| other.last() < stamp.first;
            let first = self.earlier(stamp).chain(self.sent.range(beside)).all(before);
            self.sent.insert(*stamp, Sent { began: (socket, began), first, known: None });
        }
        self.requests.insert((socket, correlation), stamps);
    }

    /// The client learns an answer; `streams` says how far each of its sockets has come.
    pub(crate) fn answered(&mut self, socket: SocketId, correlation: i32, streams: &BTreeMap<SocketId, u64>) {
        for stamp in self.requests.remove(&(socket, correlation)).unwrap_or_default() {
            self.ended(stamp, socket, streams);
        }
    }

    /// The client learns that the socket is gone, or gives it up.
    pub(crate) fn lost(&mut self, socket: SocketId, streams: &BTreeMap<SocketId, u64>) {
        let of_socket = (socket, i32::MIN)..=(socket, i32::MAX);
        let requests: Vec<_> = self.requests.range(of_socket).map(|(request, _)| *request).collect();
        for request in requests {
            for stamp in self.requests.remove(&request).unwrap_or_default() {
                self.ended(stamp, socket, streams);
            }
        }
    }

    fn ended(&mut self, stamp: Stamp, socket: SocketId, streams: &BTreeMap<SocketId, u64>) {
        // It may have been sent to another leader meanwhile.
        let sent = self.sent.get_mut(&stamp).filter(|sent| sent.began.0 == socket);
        if let Some(sent) = sent {
            sent.known = Some(streams.clone());
        }
    }

    /// A broker itself answers like this, before anybody changes the answer.
    pub(crate) fn check_answer(
        &self,
        socket: SocketId,
        frame: &Bytes,
        version: i16,
    ) -> Result<(), Violation> {
        let mut reader = Reader::new(frame.clone());
        let read = ResponseHeader::read(&mut reader, ProduceResponse::header_version(version))
            .and_then(|header| Ok((header, ProduceResponse::read(&mut reader, version)?)));
        let Ok((header, response)) = read else { return Ok(()) };
        let Some(stamps) = self.requests.get(&(socket, header.correlation_id)) else { return Ok(()) };
        for topic in &response.responses {
            for partition in &topic.partition_responses {
                if partition.error_code != ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER {
                    continue;
                }
                let asked = |stamp: &&Stamp| stamp.is_of(topic.topic_id, partition.index);
                if let Some(stamp) = stamps.iter().find(asked) {
                    self.check_gap(stamp)?;
                }
            }
        }
        Ok(())
    }

    /// What comes before the batch is missing. That is no surprise while the client waits for an answer about it, and
    /// a batch that was sent before may be asked about.
    fn check_gap(&self, stamp: &Stamp) -> Result<(), Violation> {
        let Some(sent) = self.sent.get(stamp) else { return Ok(()) };
        let (socket, began) = sent.began;
        let waited = |earlier: &Sent| match &earlier.known {
            None => true,
            Some(streams) => streams.get(&socket).is_some_and(|&known| began < known),
        };
        if !sent.first || self.earlier(stamp).any(|(_, earlier)| waited(earlier)) {
            return Ok(());
        }
        // Numbers that nobody saw may have waited, and this batch with them, for a leader that is none any more. As far
        // as the client knows both may have been written, and it asks.
        let seen = self.earlier(stamp).map(|(earlier, _)| earlier.last()).max();
        if !self.leaders_stay && seen.is_none_or(|last| last + 1 < stamp.first) {
            return Ok(());
        }
        Err(Violation::Untrue(format!(
            "the batch {stamp:?} was sent although the numbers before it were known to be missing"
        )))
    }

    /// The batches with lower first numbers of the same numbering.
    fn earlier(&self, stamp: &Stamp) -> impl DoubleEndedIterator<Item = (&Stamp, &Sent)> {
        let from = Stamp { first: i32::MIN, delta: i32::MIN, ..*stamp };
        let to = Stamp { delta: i32::MIN, ..*stamp };
        self.sent.range(from..to)
    }
}
