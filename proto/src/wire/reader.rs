use bytes::Bytes;
use bytestring::ByteString;

use super::{DecodeError, DecodeProblem, MAX_TEXT_BYTES, Message, UnknownTaggedField};

/// A cursor over one frame.
///
/// Byte and text fields come out as slices that share the frame. Every length is checked against the bytes
/// that remain before anything is allocated or read. Each call names its field, so that an error can say
/// where it happened; the name costs nothing until then.
#[derive(Clone, Debug)]
pub struct Reader {
    frame: Bytes,
    position: usize,
    message: &'static str,
    flexible: bool,
}

type Result<T> = std::result::Result<T, DecodeError>;

impl Reader {
    /// How many bytes of elements an array reserves before it has read any.
    pub const RESERVE: usize = 4096;

    /// Decoding a message takes at most this many bytes of memory per byte of its frame, beyond a fixed few
    /// times [`Self::RESERVE`], whatever the frame says. Honest messages take far less.
    pub const MEMORY_PER_BYTE: usize = 128;

    /// Starts at the first byte of `frame`.
    #[must_use]
    pub fn new(frame: Bytes) -> Self {
        Self { frame, position: 0, message: "frame", flexible: false }
    }

    /// Says which message comes next: whom errors name, and whether lengths are compact (KIP-482).
    ///
    /// # Errors
    /// If the schema has no such version.
    pub fn start<M: Message>(&mut self, version: i16) -> Result<()> {
        self.message = M::NAME;
        self.flexible = version >= M::FIRST_FLEXIBLE;
        if M::VERSIONS.contains(version) {
            Ok(())
        } else {
            Err(self.error("version", DecodeProblem::UnknownVersion(version)))
        }
    }

    /// How many bytes have been read.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// How many bytes are left.
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.frame.len() - self.position
    }

    /// The bytes that are left, sharing the frame.
    #[must_use]
    pub fn rest(&self) -> Bytes {
        self.frame.slice(self.position..)
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// If bytes are left.
    pub fn finish(self) -> Result<()> {
        match self.remaining() {
            0 => Ok(()),
            left => Err(self.error("end", DecodeProblem::Trailing(left))),
        }
    }

    /// An error at the place where the reader stands.
    #[cold]
    #[must_use]
    pub fn error(&self, field: &'static str, problem: DecodeProblem) -> DecodeError {
        DecodeError::new(self.message, field, self.position, problem)
    }

    fn chunk<const N: usize>(&mut self, field: &'static str) -> Result<[u8; N]> {
        let left = self.frame.get(self.position..).unwrap_or_default();
        match left.first_chunk::<N>() {
            Some(chunk) => {
                self.position += N;
                Ok(*chunk)
            }
            None => Err(self.error(field, DecodeProblem::Truncated { needed: N, remaining: left.len() })),
        }
    }

    /// The next `length` bytes, sharing the frame.
    ///
    /// # Errors
    /// If fewer are left.
    pub fn take(&mut self, field: &'static str, length: usize) -> Result<Bytes> {
        if length > self.remaining() {
            let problem = DecodeProblem::Truncated { needed: length, remaining: self.remaining() };
            return Err(self.error(field, problem));
        }
        let taken = self.frame.slice(self.position..self.position + length);
        self.position += length;
        Ok(taken)
    }

    /// A byte that is 0 for false and anything else for true, as Java reads it.
    ///
    /// # Errors
    /// If no byte is left.
    pub fn bool(&mut self, field: &'static str) -> Result<bool> {
        Ok(self.i8(field)? != 0)
    }

    /// A signed byte.
    ///
    /// # Errors
    /// If no byte is left.
    pub fn i8(&mut self, field: &'static str) -> Result<i8> {
        self.chunk::<1>(field).map(i8::from_be_bytes)
    }

    /// Two bytes, big-endian.
    ///
    /// # Errors
    /// If fewer are left.
    pub fn i16(&mut self, field: &'static str) -> Result<i16> {
        self.chunk(field).map(i16::from_be_bytes)
    }

    /// Two bytes, big-endian, unsigned.
    ///
    /// # Errors
    /// If fewer are left.
    pub fn u16(&mut self, field: &'static str) -> Result<u16> {
        self.chunk(field).map(u16::from_be_bytes)
    }

    /// Four bytes, big-endian.
    ///
    /// # Errors
    /// If fewer are left.
    pub fn i32(&mut self, field: &'static str) -> Result<i32> {
        self.chunk(field).map(i32::from_be_bytes)
    }

    /// Four bytes, big-endian, unsigned.
    ///
    /// # Errors
    /// If fewer are left.
    pub fn u32(&mut self, field: &'static str) -> Result<u32> {
        self.chunk(field).map(u32::from_be_bytes)
    }

    /// Eight bytes, big-endian.
    ///
    /// # Errors
    /// If fewer are left.
    pub fn i64(&mut self, field: &'static str) -> Result<i64> {
        self.chunk(field).map(i64::from_be_bytes)
    }

    /// Eight bytes, an IEEE 754 double.
    ///
    /// # Errors
    /// If fewer are left.
    pub fn f64(&mut self, field: &'static str) -> Result<f64> {
        self.chunk(field).map(f64::from_be_bytes)
    }

    /// Sixteen bytes.
    ///
    /// # Errors
    /// If fewer are left.
    pub fn uuid(&mut self, field: &'static str) -> Result<[u8; 16]> {
        self.chunk(field)
    }

    /// The byte before a struct that may be null: negative if it is.
    ///
    /// # Errors
    /// If no byte is left.
    pub fn is_present(&mut self, field: &'static str) -> Result<bool> {
        Ok(self.i8(field)? >= 0)
    }

    /// An unsigned integer in groups of seven bits, at most five bytes.
    ///
    /// # Errors
    /// If it does not end in time.
    pub fn unsigned_varint(&mut self, field: &'static str) -> Result<u32> {
        let mut value = 0_u32;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.chunk::<1>(field)?;
            // The fifth byte has room for four bits only; more would be lost.
            if shift == 28 && byte > 0x0f {
                return Err(self.error(field, DecodeProblem::OverlongVarint));
            }
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(self.error(field, DecodeProblem::OverlongVarint))
    }

    /// The length or count before a field: `None` is null.
    fn length(&mut self, field: &'static str, prefix: Prefix) -> Result<Option<usize>> {
        let length = match prefix {
            Prefix::Compact => i64::from(self.unsigned_varint(field)?) - 1,
            Prefix::I16 => i64::from(self.i16(field)?),
            Prefix::I32 => i64::from(self.i32(field)?),
        };
        match usize::try_from(length) {
            Ok(length) => Ok(Some(length)),
            Err(_) if length == -1 => Ok(None),
            Err(_) => Err(self.error(field, DecodeProblem::BadLength(length))),
        }
    }

    fn prefix(&self, inflexible: Prefix) -> Prefix {
        if self.flexible { Prefix::Compact } else { inflexible }
    }

    fn text(&mut self, field: &'static str, prefix: Prefix) -> Result<Option<ByteString>> {
        let Some(length) = self.length(field, prefix)? else { return Ok(None) };
        if length > MAX_TEXT_BYTES {
            let said = i64::try_from(length).unwrap_or(i64::MAX);
            return Err(self.error(field, DecodeProblem::BadLength(said)));
        }
        match ByteString::try_from(self.take(field, length)?) {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(self.error(field, DecodeProblem::NotUtf8)),
        }
    }

    fn not_null<T>(&self, field: &'static str, value: Option<T>) -> Result<T> {
        value.ok_or_else(|| self.error(field, DecodeProblem::UnexpectedNull))
    }

    /// Text that may be null.
    ///
    /// # Errors
    /// If the length is impossible or the bytes are not UTF-8.
    pub fn nullable_string(&mut self, field: &'static str) -> Result<Option<ByteString>> {
        self.text(field, self.prefix(Prefix::I16))
    }

    /// Text.
    ///
    /// # Errors
    /// If it is null, its length is impossible or the bytes are not UTF-8.
    pub fn string(&mut self, field: &'static str) -> Result<ByteString> {
        let text = self.nullable_string(field)?;
        self.not_null(field, text)
    }

    /// Text that may be null and keeps its two-byte length in flexible versions too: the client id of a
    /// request header, which a broker must find before it knows the version.
    ///
    /// # Errors
    /// If the length is impossible or the bytes are not UTF-8.
    pub fn inflexible_nullable_string(&mut self, field: &'static str) -> Result<Option<ByteString>> {
        self.text(field, Prefix::I16)
    }

    /// Bytes (or records) that may be null, sharing the frame.
    ///
    /// # Errors
    /// If the length is impossible.
    pub fn nullable_bytes(&mut self, field: &'static str) -> Result<Option<Bytes>> {
        match self.length(field, self.prefix(Prefix::I32))? {
            Some(length) => self.take(field, length).map(Some),
            None => Ok(None),
        }
    }

    /// Bytes (or records), sharing the frame.
    ///
    /// # Errors
    /// If they are null or their length is impossible.
    pub fn bytes(&mut self, field: &'static str) -> Result<Bytes> {
        let bytes = self.nullable_bytes(field)?;
        self.not_null(field, bytes)
    }

    /// An array that may be null; `element` reads one element.
    ///
    /// Each element takes at least one byte, so a count beyond the bytes that remain is refused before
    /// anything is allocated. Memory is reserved for at most [`Self::RESERVE`] bytes of elements up front and
    /// grows only with elements that were really read.
    ///
    /// # Errors
    /// If the count is impossible or an element is malformed.
    pub fn nullable_array<T>(
        &mut self,
        field: &'static str,
        mut element: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Option<Vec<T>>> {
        let Some(count) = self.length(field, self.prefix(Prefix::I32))? else { return Ok(None) };
        if count > self.remaining() {
            let problem = DecodeProblem::Truncated { needed: count, remaining: self.remaining() };
            return Err(self.error(field, problem));
        }
        let mut elements = Vec::with_capacity(count.min(Self::RESERVE / size_of::<T>().max(1)));
        for _ in 0..count {
            elements.push(element(self)?);
        }
        Ok(Some(elements))
    }

    /// An array; `element` reads one element. See [`Self::nullable_array`].
    ///
    /// # Errors
    /// If it is null, the count is impossible or an element is malformed.
    pub fn array<T>(
        &mut self,
        field: &'static str,
        element: impl FnMut(&mut Self) -> Result<T>,
    ) -> Result<Vec<T>> {
        let elements = self.nullable_array(field, element)?;
        self.not_null(field, elements)
    }

    /// The tagged fields at the end of a struct that knows none itself; nothing if the version is not
    /// flexible.
    ///
    /// # Errors
    /// See [`Self::tagged_fields`].
    pub fn unknown_tagged_fields(&mut self) -> Result<Vec<UnknownTaggedField>> {
        self.tagged_fields(|_, _| Ok(false))
    }

    /// The tagged fields at the end of a struct; nothing if the version is not flexible. `known` reads the
    /// field of a tag that the schema has and says so, or says that it has none; those are kept in the
    /// answer, in order.
    ///
    /// # Errors
    /// If tags are out of order, a size does not fit its field, or a field is malformed.
    pub fn tagged_fields(
        &mut self,
        mut known: impl FnMut(&mut Self, u32) -> Result<bool>,
    ) -> Result<Vec<UnknownTaggedField>> {
        const FIELD: &str = "tagged_fields";
        let mut unknown = Vec::new();
        if !self.flexible {
            return Ok(unknown);
        }
        let count = self.unsigned_varint(FIELD)?;
        let mut previous = None;
        for _ in 0..count {
            let tag = self.unsigned_varint(FIELD)?;
            if previous.is_some_and(|previous| tag <= previous) {
                return Err(self.error(FIELD, DecodeProblem::TagOrder(tag)));
            }
            previous = Some(tag);
            let declared = self.unsigned_varint(FIELD)? as usize;
            if declared > self.remaining() {
                let problem = DecodeProblem::Truncated { needed: declared, remaining: self.remaining() };
                return Err(self.error(FIELD, problem));
            }
            let start = self.position;
            if known(self, tag)? {
                let used = self.position - start;
                if used != declared {
                    return Err(self.error(FIELD, DecodeProblem::TagSize { tag, declared, used }));
                }
            } else {
                unknown.push(UnknownTaggedField { tag, bytes: self.take(FIELD, declared)? });
            }
        }
        Ok(unknown)
    }
}

#[derive(Clone, Copy)]
enum Prefix {
    Compact,
    I16,
    I32,
}
