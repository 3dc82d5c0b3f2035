use bytes::{BufMut, Bytes, BytesMut};

use super::{EncodeError, MAX_TEXT_BYTES, Message, UnknownTaggedField};

/// Writes messages as a list of segments.
///
/// Small fields go into one growing head. A byte field of at least [`Self::SPLIT`] bytes is not copied: it
/// becomes a segment of its own, so that a Produce request with large batches is handed to the socket by one
/// vectored write. Below that size a copy is cheaper than another segment.
#[derive(Debug)]
pub struct Writer {
    done: Vec<Bytes>,
    head: BytesMut,
    done_length: usize,
    message: &'static str,
    version: i16,
    flexible: bool,
}

type Result<T> = std::result::Result<T, EncodeError>;

impl Writer {
    /// From this many bytes on a byte field is a segment of its own; measured, see the crate's benchmarks.
    pub const SPLIT: usize = 2048;

    /// An empty writer.
    #[must_use]
    pub fn new() -> Self {
        Self::with_capacity(0)
    }

    /// An empty writer whose head starts with room for `capacity` bytes.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            done: Vec::new(),
            head: BytesMut::with_capacity(capacity),
            done_length: 0,
            message: "frame",
            version: 0,
            flexible: false,
        }
    }

    /// Says which message comes next: whom errors name, and whether lengths are compact (KIP-482).
    ///
    /// # Errors
    /// If the schema has no such version.
    pub fn start<M: Message>(&mut self, version: i16) -> Result<()> {
        self.message = M::NAME;
        self.version = version;
        self.flexible = version >= M::FIRST_FLEXIBLE;
        if M::VERSIONS.contains(version) {
            Ok(())
        } else {
            Err(EncodeError::UnknownVersion { message: M::NAME, version })
        }
    }

    /// The error for a field that is set, but that the version lacks.
    #[cold]
    #[must_use]
    pub fn field_not_in_version(&self, field: &'static str) -> EncodeError {
        EncodeError::FieldNotInVersion { message: self.message, field, version: self.version }
    }

    /// The error for a null that the version does not allow.
    #[cold]
    #[must_use]
    pub fn null_not_allowed(&self, field: &'static str) -> EncodeError {
        EncodeError::NullNotAllowed { message: self.message, field, version: self.version }
    }

    #[cold]
    fn too_long(&self, field: &'static str, length: usize) -> EncodeError {
        EncodeError::TooLong { message: self.message, field, length }
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
    pub fn uuid(&mut self, value: [u8; 16]) {
        self.head.put_slice(&value);
    }

    /// The byte before a struct that may be null.
    pub fn presence(&mut self, present: bool) {
        self.i8(if present { 1 } else { -1 });
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
    /// If it is longer than 32,767 bytes.
    pub fn nullable_string(&mut self, field: &'static str, value: Option<&str>) -> Result<()> {
        if self.flexible {
            // The limit holds in every version: compact lengths do not widen it.
            if let Some(text) = value.filter(|text| text.len() > MAX_TEXT_BYTES) {
                return Err(self.too_long(field, text.len()));
            }
            self.nullable_array_length(field, value.map(str::len))?;
            self.raw(value.unwrap_or_default().as_bytes());
            return Ok(());
        }
        self.inflexible_nullable_string(field, value)
    }

    /// Text.
    ///
    /// # Errors
    /// If it is longer than 32,767 bytes.
    pub fn string(&mut self, field: &'static str, value: &str) -> Result<()> {
        self.nullable_string(field, Some(value))
    }

    /// Text that may be null and keeps its two-byte length in flexible versions too: the client id of a
    /// request header, which a broker must find before it knows the version.
    ///
    /// # Errors
    /// If it is longer than 32,767 bytes.
    pub fn inflexible_nullable_string(&mut self, field: &'static str, value: Option<&str>) -> Result<()> {
        let Some(text) = value else {
            self.i16(-1);
            return Ok(());
        };
        let length = i16::try_from(text.len()).map_err(|_| self.too_long(field, text.len()))?;
        self.i16(length);
        self.raw(text.as_bytes());
        Ok(())
    }

    /// Bytes (or records) that may be null; large ones become a segment of their own.
    ///
    /// # Errors
    /// If they are longer than 2 GiB.
    pub fn nullable_bytes(&mut self, field: &'static str, value: Option<&Bytes>) -> Result<()> {
        self.nullable_array_length(field, value.map(Bytes::len))?;
        let Some(bytes) = value else { return Ok(()) };
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
    /// If they are longer than 2 GiB.
    pub fn bytes(&mut self, field: &'static str, value: &Bytes) -> Result<()> {
        self.nullable_bytes(field, Some(value))
    }

    /// The count before the elements of an array that may be null.
    ///
    /// # Errors
    /// If there are more than 2^31 - 1.
    pub fn nullable_array_length(&mut self, field: &'static str, count: Option<usize>) -> Result<()> {
        let Some(count) = count else {
            if self.flexible {
                self.unsigned_varint(0)
            } else {
                self.i32(-1)
            }
            return Ok(());
        };
        let count = i32::try_from(count).map_err(|_| self.too_long(field, count))?;
        if self.flexible {
            self.unsigned_varint(count.unsigned_abs() + 1)
        } else {
            self.i32(count)
        }
        Ok(())
    }

    /// The count before the elements of an array.
    ///
    /// # Errors
    /// If there are more than 2^31 - 1.
    pub fn array_length(&mut self, field: &'static str, count: usize) -> Result<()> {
        self.nullable_array_length(field, Some(count))
    }

    /// An empty writer for the content of a tagged field of the same message; see [`TaggedFields::push`].
    #[must_use]
    pub fn tagged_field(&self) -> Self {
        Self { message: self.message, version: self.version, flexible: self.flexible, ..Self::new() }
    }

    /// The tagged fields at the end of a struct that knows none itself.
    ///
    /// # Errors
    /// See [`Self::tagged_fields`].
    pub fn unknown_tagged_fields(&mut self, unknown: &[UnknownTaggedField]) -> Result<()> {
        self.tagged_fields(TaggedFields::default(), unknown)
    }

    /// The tagged fields at the end of a struct, by rising tag; nothing if the version is not flexible.
    ///
    /// # Errors
    /// If there are some and the version is not flexible, or if a tag is there twice.
    pub fn tagged_fields(&mut self, known: TaggedFields, unknown: &[UnknownTaggedField]) -> Result<()> {
        const FIELD: &str = "tagged_fields";
        let TaggedFields(mut fields) = known;
        fields.extend_from_slice(unknown);
        if !self.flexible {
            return if fields.is_empty() { Ok(()) } else { Err(self.field_not_in_version(FIELD)) };
        }
        fields.sort_by_key(|field| field.tag);
        if let Some(twice) = fields.iter().zip(fields.iter().skip(1)).find(|(a, b)| a.tag == b.tag) {
            return Err(EncodeError::DuplicateTag { message: self.message, tag: twice.0.tag });
        }
        let size = |length: usize| u32::try_from(length).map_err(|_| self.too_long(FIELD, length));
        let count = size(fields.len())?;
        for field in &fields {
            size(field.bytes.len())?;
        }
        self.unsigned_varint(count);
        for field in fields {
            self.unsigned_varint(field.tag);
            self.unsigned_varint(u32::try_from(field.bytes.len()).unwrap_or(u32::MAX));
            self.raw(&field.bytes);
        }
        Ok(())
    }
}

impl Default for Writer {
    fn default() -> Self {
        Self::new()
    }
}

/// The tagged fields of one struct that its schema knows and that are set.
#[derive(Clone, Debug, Default)]
pub struct TaggedFields(Vec<UnknownTaggedField>);

impl TaggedFields {
    /// Adds a field whose content was written into a [`Writer::tagged_field`].
    pub fn push(&mut self, tag: u32, content: Writer) {
        self.0.push(UnknownTaggedField { tag, bytes: content.finish().into_bytes() });
    }
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
