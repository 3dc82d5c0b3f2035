//! Random messages in bytes, written from the schema alone.

use super::{Default, Field, FieldType, Schema, within};

/// A reproducible source of numbers (SplitMix64).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    pub fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }
}

/// One message in bytes, and what a test may want to know of it.
#[derive(Default)]
pub struct Written {
    pub bytes: Vec<u8>,
    /// Where counts and lengths stand, and their shape.
    pub lengths: Vec<(usize, LengthShape)>,
    /// What other versions may be unable to carry.
    pub demands: Vec<Demand>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LengthShape {
    I16,
    I32,
    /// That many bytes long.
    Varint(usize),
}

/// A field that is set to something that only these versions can carry.
#[derive(Debug)]
pub struct Demand {
    pub field: &'static str,
    pub versions: (i16, i16),
    /// The versions of the fields around it: where one is left out, nobody asks for this one.
    pub around: Vec<(i16, i16)>,
}

impl Demand {
    /// Whether writing in `version` must fail for this.
    pub fn refuses(&self, version: i16) -> bool {
        self.around.iter().all(|range| within(*range, version)) && !within(self.versions, version)
    }
}

/// Writes a random message of that version, in the one form that the generated code also writes.
pub fn message(schema: &Schema, version: i16, random: &mut Random) -> Written {
    let mut writer = Writer {
        random,
        version,
        flexible: version >= schema.first_flexible,
        first_flexible: schema.first_flexible,
        out: Written::default(),
        around: Vec::new(),
    };
    writer.fields(schema.fields);
    writer.out
}

struct Writer<'a> {
    random: &'a mut Random,
    version: i16,
    flexible: bool,
    first_flexible: i16,
    out: Written,
    around: Vec<(i16, i16)>,
}

impl Writer<'_> {
    /// Whether everything is at its default.
    fn fields(&mut self, fields: &'static [Field]) -> bool {
        let mut all_default = true;
        let version = self.version;
        for field in fields.iter().filter(|field| field.tag.is_none() && within(field.versions, version)) {
            all_default &= self.field(field);
        }
        if self.flexible {
            all_default &= self.tagged_fields(fields);
        }
        all_default
    }

    fn tagged_fields(&mut self, fields: &'static [Field]) -> bool {
        let mut present = Vec::new();
        let mut known: Vec<&Field> = fields
            .iter()
            .filter(|field| field.tag.is_some() && within(field.versions, self.version))
            .collect();
        known.sort_by_key(|field| field.tag);
        for field in known {
            let before = std::mem::take(&mut self.out);
            let is_default = self.field(field);
            let content = std::mem::replace(&mut self.out, before);
            // A tagged field at its default is left out.
            if !is_default {
                present.push((field.tag.unwrap(), content));
            }
        }
        let mut tag = 1000;
        while self.random.one_in(8) {
            tag += 1 + self.random.below(300) as u32;
            let length = self.random.below(4);
            let bytes = (0..length).map(|_| self.random.next() as u8).collect();
            present.push((tag, Written { bytes, ..Written::default() }));
            self.demand("tagged_fields", (self.first_flexible, i16::MAX));
        }
        self.compact_length(present.len());
        let is_empty = present.is_empty();
        for (tag, content) in present {
            self.varint(tag);
            self.compact_length(content.bytes.len());
            let start = self.out.bytes.len();
            self.out.bytes.extend(content.bytes);
            self.out.lengths.extend(content.lengths.iter().map(|(at, shape)| (start + at, *shape)));
            self.out.demands.extend(content.demands);
        }
        is_empty
    }

    /// Whether the value is the schema's default.
    fn field(&mut self, field: &'static Field) -> bool {
        let can_be_null = field.nullable.is_some_and(|nullable| within(nullable, self.version));
        let is_null = can_be_null && self.random.one_in(3);
        let is_default = if is_null {
            self.null(field);
            field.default == Default::Null
        } else {
            if can_be_null && matches!(field.kind, FieldType::Struct(_)) {
                self.out.bytes.push(1);
            }
            self.around.push(field.versions);
            let value = self.value(field, &field.kind);
            self.around.pop();
            match (value, field.default) {
                // A struct that is there differs from one that is null by default, and from none otherwise.
                (Value::Number(number), Default::Number(default)) => number == default,
                (Value::Number(number), _) => number == 0,
                (Value::Empty(is_empty), Default::Zero) => is_empty,
                (Value::Empty(_), _) => false,
            }
        };
        if !is_default && !field.ignorable {
            self.demand(field.name, field.versions);
        }
        if let (true, Some(nullable)) = (is_null, field.nullable) {
            // Where the field is left out altogether nobody minds that it is null.
            self.around.push(field.versions);
            self.demand(field.name, nullable);
            self.around.pop();
        }
        is_default
    }

    fn demand(&mut self, field: &'static str, versions: (i16, i16)) {
        self.out.demands.push(Demand { field, versions, around: self.around.clone() });
    }

    fn null(&mut self, field: &Field) {
        match field.kind {
            FieldType::Struct(_) => self.out.bytes.push(0xff),
            FieldType::String if field.inflexible => self.out.bytes.extend([0xff; 2]),
            _ if self.flexible => self.out.bytes.push(0),
            FieldType::String => self.out.bytes.extend([0xff; 2]),
            _ => self.out.bytes.extend([0xff; 4]),
        }
    }

    fn value(&mut self, field: &Field, kind: &'static FieldType) -> Value {
        match kind {
            FieldType::Bool => {
                let bit = self.random.next() & 1;
                self.out.bytes.push(bit as u8);
                Value::Number(bit as i64)
            }
            FieldType::I8 => self.integer(8, true),
            FieldType::I16 => self.integer(16, true),
            FieldType::U16 => self.integer(16, false),
            FieldType::I32 => self.integer(32, true),
            FieldType::U32 => self.integer(32, false),
            FieldType::I64 => self.integer(64, true),
            FieldType::F64 => {
                let number = self.interesting() as i32;
                self.out.bytes.extend(f64::from(number).to_be_bytes());
                Value::Number(i64::from(number))
            }
            FieldType::Uuid => {
                let uuid =
                    if self.random.one_in(3) { [0; 2] } else { [self.random.next(), self.random.next()] };
                self.out.bytes.extend(uuid.iter().flat_map(|half| half.to_be_bytes()));
                Value::Empty(uuid == [0; 2])
            }
            FieldType::String => {
                let text = self.text();
                if field.inflexible {
                    self.out.bytes.extend((text.len() as u16).to_be_bytes());
                } else {
                    self.length(text.len(), LengthShape::I16);
                }
                self.out.bytes.extend(text.bytes());
                Value::Empty(text.is_empty())
            }
            FieldType::Bytes => {
                // Now and then enough for a segment of its own.
                let length = if self.random.one_in(100) { 4096 } else { self.random.below(8) };
                self.length(length, LengthShape::I32);
                for _ in 0..length {
                    let byte = self.random.next() as u8;
                    self.out.bytes.push(byte);
                }
                Value::Empty(length == 0)
            }
            FieldType::Array(element) => {
                let count = self.random.below(4);
                self.length(count, LengthShape::I32);
                for _ in 0..count {
                    self.value(field, element);
                }
                Value::Empty(count == 0)
            }
            FieldType::Struct(fields) => Value::Empty(self.fields(fields)),
        }
    }

    /// A number of any size, often a default of some field.
    fn interesting(&mut self) -> i64 {
        const DEFAULTS: [i64; 8] = [0, -1, 1, 3, 60_000, i32::MIN as i64, i32::MAX as i64, i64::MAX];
        match self.random.below(3) {
            0 => DEFAULTS[self.random.below(DEFAULTS.len())],
            1 => self.random.next() as i64,
            _ => self.random.below(1000) as i64,
        }
    }

    fn integer(&mut self, bits: usize, signed: bool) -> Value {
        let cut = 64 - bits;
        let number = self.interesting() << cut;
        let number = if signed { number >> cut } else { ((number as u64) >> cut) as i64 };
        self.out.bytes.extend(&number.to_be_bytes()[cut / 8..]);
        Value::Number(number)
    }

    fn text(&mut self) -> String {
        const LETTERS: [char; 8] = ['a', 'Z', '0', '-', '.', 'ß', '語', '🦦'];
        let letters = if self.random.one_in(30) { 200 } else { self.random.below(6) };
        (0..letters).map(|_| LETTERS[self.random.below(LETTERS.len())]).collect()
    }

    /// A length or count, compact in flexible versions.
    fn length(&mut self, length: usize, shape: LengthShape) {
        let start = self.out.bytes.len();
        match shape {
            LengthShape::I16 if !self.flexible => self.out.bytes.extend((length as u16).to_be_bytes()),
            LengthShape::I32 if !self.flexible => self.out.bytes.extend((length as u32).to_be_bytes()),
            _ => return self.compact_length(length + 1),
        }
        self.out.lengths.push((start, shape));
    }

    fn compact_length(&mut self, number: usize) {
        let start = self.out.bytes.len();
        self.varint(number as u32);
        self.out.lengths.push((start, LengthShape::Varint(self.out.bytes.len() - start)));
    }

    fn varint(&mut self, mut value: u32) {
        while value >= 0x80 {
            self.out.bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.out.bytes.push(value as u8);
    }
}

enum Value {
    Number(i64),
    /// Whether text, bytes, array or struct is what it is by default.
    Empty(bool),
}
