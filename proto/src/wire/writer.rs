use bytes::{BufMut, Bytes, BytesMut};

use super::{EncodeError, UnknownTaggedField};
use crate::TopicId;

/// Writes one message as a list of segments.
///
/// Small fields go into one growing head. A byte field of at least [`Self::SPLIT`] bytes is not copied: it
/// becomes a segment of its own, so that a Produce request with large batches is handed to the socket by one
/// vectored write. Below that size a copy is cheaper than another segment.
#[derive(Debug, Default)]
pub struct Writer {
    done: Vec<Bytes>,
    head: BytesMut,
    done_length: usize,
}

/// The start of a tagged field, from [`Writer::begin_tag`].
#[derive(Debug)]
#[must_use]
pub struct TagMark {
    start: usize,
}

type Result<T> = std::result::Result<T, EncodeError>;

impl Writer {
    /// From this many bytes on a byte field is a segment of its own; measured, see the crate's benchmarks.
    pub const SPLIT: usize = 2048;

    /// An empty writer.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty writer whose head starts with room for `capacity` bytes.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { head: BytesMut::with_capacity(capacity), ..Self::default() }
    }

    /// How many bytes have been written.
    #[must_use]
    pub fn len(&self) -> usize {
        self.done_length + self.head.len()
    }

    /// Whether nothing has been written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends the writing.
    #[must_use]
    pub fn finish(mut self) -> Segments {
        self.close_head();
        Segments { parts: self.done, length: self.done_length }
    }

    fn close_head(&mut self) {
        if !self.head.is_empty() {
            self.done_length += self.head.len();
            self.done.push(self.head.split().freeze());
        }
    }

    /// Raw bytes, copied.
    pub fn raw(&mut self, bytes: &[u8]) {
        self.head.put_slice(bytes);
    }

    /// One byte, 1 for true.
    pub fn bool(&mut self, value: bool) {
        self.head.put_u8(u8::from(value));
    }

    /// A signed byte.
    pub fn i8(&mut self, value: i8) {
        self.head.put_i8(value);
    }

    /// Two bytes, big-endian.
    pub fn i16(&mut self, value: i16) {
        self.head.put_i16(value);
    }

    /// Two bytes, big-endian, unsigned.
    pub fn u16(&mut self, value: u16) {
        self.head.put_u16(value);
    }

    /// Four bytes, big-endian.
    pub fn i32(&mut self, value: i32) {
        self.head.put_i32(value);
    }

    /// Four bytes, big-endian, unsigned.
    pub fn u32(&mut self, value: u32) {
        self.head.put_u32(value);
    }

    /// Eight bytes, big-endian.
    pub fn i64(&mut self, value: i64) {
        self.head.put_i64(value);
    }

    /// Eight bytes, an IEEE 754 double.
    pub fn f64(&mut self, value: f64) {
        self.head.put_f64(value);
    }

    /// Sixteen bytes.
    pub fn uuid(&mut self, value: TopicId) {
        self.head.put_slice(&value.0);
    }

    /// An unsigned integer in groups of seven bits.
    pub fn unsigned_varint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.head.put_u8((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.head.put_u8((value & 0x7f) as u8);
    }

    /// Text that may be null.
    ///
    /// # Errors
    /// If it is longer than its prefix can say. `place` names message and field.
    pub fn nullable_string(
        &mut self,
        place: (&'static str, &'static str),
        flexible: bool,
        value: Option<&str>,
    ) -> Result<()> {
        match value {
            None if flexible => self.unsigned_varint(0),
            None => self.i16(-1),
            Some(text) => {
                // The wire's limit for text is 32,767 bytes in every version: compact lengths do not widen it.
                let length = i16::try_from(text.len()).map_err(|_| too_long(place, text.len()))?;
                if flexible {
                    self.unsigned_varint(u32::from(length.unsigned_abs()) + 1);
                } else {
                    self.i16(length);
                }
                self.raw(text.as_bytes());
            }
        }
        Ok(())
    }

    /// Text.
    ///
    /// # Errors
    /// If it is longer than its prefix can say. `place` names message and field.
    pub fn string(
        &mut self,
        place: (&'static str, &'static str),
        flexible: bool,
        value: &str,
    ) -> Result<()> {
        self.nullable_string(place, flexible, Some(value))
    }

    /// Bytes (or records) that may be null; large ones become a segment of their own.
    ///
    /// # Errors
    /// If they are longer than their prefix can say. `place` names message and field.
    pub fn nullable_bytes(
        &mut self,
        place: (&'static str, &'static str),
        flexible: bool,
        value: Option<&Bytes>,
    ) -> Result<()> {
        let Some(bytes) = value else {
            self.nullable_length(place, flexible, None)?;
            return Ok(());
        };
        self.nullable_length(place, flexible, Some(bytes.len()))?;
        if bytes.len() < Self::SPLIT {
            self.raw(bytes);
        } else {
            self.close_head();
            self.done_length += bytes.len();
            self.done.push(bytes.clone());
        }
        Ok(())
    }

    /// Bytes (or records); large ones become a segment of their own.
    ///
    /// # Errors
    /// If they are longer than their prefix can say. `place` names message and field.
    pub fn bytes(
        &mut self,
        place: (&'static str, &'static str),
        flexible: bool,
        value: &Bytes,
    ) -> Result<()> {
        self.nullable_bytes(place, flexible, Some(value))
    }

    /// The count of an array, or the length of a byte field; `None` is null.
    ///
    /// # Errors
    /// If it is larger than the prefix can say. `place` names message and field.
    pub fn nullable_length(
        &mut self,
        place: (&'static str, &'static str),
        flexible: bool,
        length: Option<usize>,
    ) -> Result<()> {
        let length = match length {
            None => -1,
            Some(length) => i32::try_from(length).map_err(|_| too_long(place, length))?,
        };
        if flexible {
            // -1 is 0 on the wire, and every length one more than it is.
            self.unsigned_varint((i64::from(length) + 1).unsigned_abs().try_into().unwrap_or(u32::MAX));
        } else {
            self.i32(length);
        }
        Ok(())
    }

    /// Starts a tagged field; what is written until [`Self::end_tag`] is its content.
    pub fn begin_tag(&mut self, tag: u32) -> TagMark {
        self.unsigned_varint(tag);
        // The size goes before the content and has a variable length: content is written first, and moved.
        self.close_head();
        TagMark { start: self.done.len() }
    }

    /// Ends a tagged field: its size is put before what was written since the mark.
    pub fn end_tag(&mut self, mark: TagMark) {
        self.close_head();
        let content: usize = self.done.iter().skip(mark.start).map(Bytes::len).sum();
        let mut size = Self::new();
        size.unsigned_varint(u32::try_from(content).unwrap_or(u32::MAX));
        let size = size.head.freeze();
        self.done_length += size.len();
        self.done.insert(mark.start, size);
    }

    /// Tagged fields that the schema does not know, as they came.
    ///
    /// # Errors
    /// If one is longer than its prefix can say. `message` names the message.
    pub fn unknown_tagged_fields(
        &mut self,
        message: &'static str,
        fields: &[UnknownTaggedField],
    ) -> Result<()> {
        for field in fields {
            self.unsigned_varint(field.tag);
            let length = field.bytes.len();
            let size = u32::try_from(length).map_err(|_| too_long((message, "tagged_fields"), length))?;
            self.unsigned_varint(size);
            self.raw(&field.bytes);
        }
        Ok(())
    }
}

#[cold]
fn too_long((message, field): (&'static str, &'static str), length: usize) -> EncodeError {
    EncodeError::TooLong { message, field, length }
}

/// A written message: pieces of memory that follow each other on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Segments {
    parts: Vec<Bytes>,
    length: usize,
}

impl Segments {
    /// The pieces, in order; none is empty.
    #[must_use]
    pub fn parts(&self) -> &[Bytes] {
        &self.parts
    }

    /// Takes the pieces out.
    #[must_use]
    pub fn into_parts(self) -> Vec<Bytes> {
        self.parts
    }

    /// The sum of the pieces' lengths in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The whole as one piece; copies unless there is only one.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        match <[Bytes; 1]>::try_from(self.parts) {
            Ok([only]) => only,
            Err(parts) => {
                let mut whole = BytesMut::with_capacity(self.length);
                for part in parts {
                    whole.put_slice(&part);
                }
                whole.freeze()
            }
        }
    }
}
