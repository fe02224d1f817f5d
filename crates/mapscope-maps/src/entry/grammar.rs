//! The grammar of entries: `KEY/VALUE`, and what an entry is known to be without its types.

use std::fmt;
use std::str::FromStr;

use super::{TEXT_BYTES_MIN, string_id_bits};

/// The most bytes of a key or a value whose size the entry says.
pub const BYTES_MAX: u32 = 1 << 16;

/// The forms of the grammar, as errors and help show them.
pub const GRAMMAR: &str = "KEY/VALUE; keys: u32, u64, N (that many bytes), string(N), string; values: (), bool, u8, u16, u32, u64, N, string(N), bytes(N), bytes";

/// What a map holds: the types of its keys and values. Its `Display` is the canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Entry {
    /// Of keys.
    pub key: KeyType,
    /// Of values.
    pub value: ValueType,
}

/// A type of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyType {
    /// `u32`.
    U32,
    /// `u64`.
    U64,
    /// `N`: an array of that many bytes, such as the 16 of a UUID.
    Array(u32),
    /// `string(N)`: that many bytes on the heap.
    Str(u32),
    /// `string`: as many bytes on the heap as each operation says, at least 13.
    Text,
}

/// A type of values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// `()`: none, the map is a set.
    Unit,
    /// `bool`.
    Bool,
    /// `u8`.
    U8,
    /// `u16`.
    U16,
    /// `u32`.
    U32,
    /// `u64`.
    U64,
    /// `N`: an array of that many bytes.
    Array(u32),
    /// `string(N)`: that many bytes on the heap.
    Str(u32),
    /// `bytes(N)`: that many bytes on the heap.
    BytesOf(u32),
    /// `bytes`: as many bytes on the heap as each operation says, at least 8.
    Bytes,
}

/// How a type lies in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Its size in bytes, without what it owns on the heap.
    pub bytes: u64,
    /// Its alignment in bytes.
    pub align: u64,
    /// What it owns on the heap, in bytes; of one whose length varies the least.
    pub heap_bytes: u64,
    /// Whether that length comes with each operation.
    pub varies: bool,
    /// How many bits of an identity or a seed it keeps, at most 64.
    pub bits: u32,
}

impl Shape {
    const fn integer(bytes: u64) -> Shape {
        let bits = if bytes < 8 { bytes as u32 * 8 } else { 64 };
        Shape { bytes, align: bytes, heap_bytes: 0, varies: false, bits }
    }

    const fn array(bytes: u32) -> Shape {
        Shape { align: 1, ..Shape::integer(bytes as u64) }
    }

    /// A pointer and a length.
    const fn owner(heap_bytes: u32, bits: u32) -> Shape {
        Shape { bytes: 16, align: 8, heap_bytes: heap_bytes as u64, varies: false, bits }
    }
}

impl KeyType {
    /// How a key lies in memory.
    pub const fn shape(self) -> Shape {
        match self {
            KeyType::U32 => Shape::integer(4),
            KeyType::U64 => Shape::integer(8),
            KeyType::Array(bytes) => Shape::array(bytes),
            KeyType::Str(bytes) => Shape::owner(bytes, string_id_bits(bytes)),
            KeyType::Text => Shape { varies: true, ..Shape::owner(TEXT_BYTES_MIN as u32, 64) },
        }
    }

    /// Whether it holds a pointer that a garbage collector would follow.
    pub const fn pointers(self) -> bool {
        self.shape().heap_bytes > 0
    }

    /// Its type in Rust, for a program that imports [`entry`](super)'s.
    pub fn rust(self) -> String {
        match self {
            KeyType::U32 | KeyType::U64 => self.to_string(),
            KeyType::Array(bytes) => format!("[u8; {bytes}]"),
            KeyType::Str(bytes) => format!("Str<{bytes}>"),
            KeyType::Text => "Text".to_owned(),
        }
    }
}

impl ValueType {
    /// How a value lies in memory.
    pub const fn shape(self) -> Shape {
        match self {
            ValueType::Unit => Shape { bytes: 0, align: 1, heap_bytes: 0, varies: false, bits: 0 },
            ValueType::Bool => Shape { bits: 1, ..Shape::integer(1) },
            ValueType::U8 => Shape::integer(1),
            ValueType::U16 => Shape::integer(2),
            ValueType::U32 => Shape::integer(4),
            ValueType::U64 => Shape::integer(8),
            ValueType::Array(bytes) => Shape::array(bytes),
            ValueType::Str(bytes) => Shape::owner(bytes, string_id_bits(bytes)),
            ValueType::BytesOf(bytes) => Shape::owner(bytes, Shape::array(bytes).bits),
            ValueType::Bytes => Shape { varies: true, ..Shape::owner(8, 64) },
        }
    }

    /// Whether it holds a pointer that a garbage collector would follow.
    pub const fn pointers(self) -> bool {
        self.shape().heap_bytes > 0
    }

    /// Its type in Rust, for a program that imports [`entry`](super)'s.
    pub fn rust(self) -> String {
        match self {
            ValueType::Array(bytes) => format!("[u8; {bytes}]"),
            ValueType::Str(bytes) => format!("Str<{bytes}>"),
            ValueType::BytesOf(bytes) => format!("BytesOf<{bytes}>"),
            ValueType::Bytes => "Bytes".to_owned(),
            _ => self.to_string(),
        }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.key, self.value)
    }
}

impl fmt::Display for KeyType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyType::U32 => f.write_str("u32"),
            KeyType::U64 => f.write_str("u64"),
            KeyType::Array(bytes) => bytes.fmt(f),
            KeyType::Str(bytes) => write!(f, "string({bytes})"),
            KeyType::Text => f.write_str("string"),
        }
    }
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ValueType::Unit => f.write_str("()"),
            ValueType::Bool => f.write_str("bool"),
            ValueType::U8 => f.write_str("u8"),
            ValueType::U16 => f.write_str("u16"),
            ValueType::U32 => f.write_str("u32"),
            ValueType::U64 => f.write_str("u64"),
            ValueType::Array(bytes) => bytes.fmt(f),
            ValueType::Str(bytes) => write!(f, "string({bytes})"),
            ValueType::BytesOf(bytes) => write!(f, "bytes({bytes})"),
            ValueType::Bytes => f.write_str("bytes"),
        }
    }
}

/// In words, what is wrong with a text that is no entry, and what would be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// It is not two types.
    #[error("{0}: expected {GRAMMAR}")]
    Form(String),
    /// A type that keys, or values, can't have.
    #[error("{found}: no type of {of}; {of} can be {can_be}")]
    Type {
        /// `keys` or `values`.
        of: &'static str,
        /// What was there.
        found: String,
        /// What could be.
        can_be: &'static str,
    },
    /// A size that is none.
    #[error("{0}: a size must be a whole number of bytes from 1 to {BYTES_MAX}")]
    Size(String),
}

impl FromStr for Entry {
    type Err = EntryError;

    /// Spaces count for nothing, and `[N]` is `N`.
    fn from_str(text: &str) -> Result<Entry, EntryError> {
        let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        let form = || EntryError::Form(crate::text::quoted(&text));
        let (key, value) = text.split_once('/').filter(|(_, value)| !value.contains('/')).ok_or_else(form)?;
        Ok(Entry { key: key.parse()?, value: value.parse()? })
    }
}

impl FromStr for KeyType {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<KeyType, EntryError> {
        Ok(match sized(text)? {
            ("u32", None) => KeyType::U32,
            ("u64", None) => KeyType::U64,
            ("", Some(bytes)) => KeyType::Array(bytes),
            ("string", Some(bytes)) => KeyType::Str(bytes),
            ("string", None) => KeyType::Text,
            _ => return Err(unknown("keys", text, "u32, u64, N (that many bytes), string(N) or string")),
        })
    }
}

impl FromStr for ValueType {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<ValueType, EntryError> {
        const CAN_BE: &str = "(), bool, u8, u16, u32, u64, N (that many bytes), string(N), bytes(N) or bytes";
        Ok(match sized(text)? {
            ("()", None) => ValueType::Unit,
            ("bool", None) => ValueType::Bool,
            ("u8", None) => ValueType::U8,
            ("u16", None) => ValueType::U16,
            ("u32", None) => ValueType::U32,
            ("u64", None) => ValueType::U64,
            ("", Some(bytes)) => ValueType::Array(bytes),
            ("string", Some(bytes)) => ValueType::Str(bytes),
            ("bytes", Some(bytes)) => ValueType::BytesOf(bytes),
            ("bytes", None) => ValueType::Bytes,
            _ => return Err(unknown("values", text, CAN_BE)),
        })
    }
}

fn unknown(of: &'static str, found: &str, can_be: &'static str) -> EntryError {
    EntryError::Type { of, found: crate::text::quoted(found), can_be }
}

/// A word and the size that follows it: of `string(24)`, `24` and `[24]`.
fn sized(text: &str) -> Result<(&str, Option<u32>), EntryError> {
    let inside = |open: char, close: char| text.strip_suffix(close)?.split_once(open);
    let (word, size) = match inside('(', ')').or_else(|| inside('[', ']')) {
        Some((_, "")) => return Ok((text, None)),
        Some(parts) => parts,
        None if text.starts_with(|c: char| c.is_ascii_digit() || c == '-') => ("", text),
        None => return Ok((text, None)),
    };
    let number = size.bytes().all(|byte| byte.is_ascii_digit()).then(|| size.parse().ok()).flatten();
    match number {
        Some(bytes @ 1..=BYTES_MAX) => Ok((word, Some(bytes))),
        _ => Err(EntryError::Size(crate::text::quoted(text))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{ENTRIES, EntryVisitor, Key, Value, with_entry};

    #[test]
    fn an_entry_is_what_it_is_written_as() {
        for text in [
            "u32/u32",
            "u64/()",
            "u64/bool",
            "u64/u64",
            "u64/64",
            "u64/128",
            "u64/256",
            "string(43)/u64",
            "string(1)/string(65536)",
            "u64/bytes",
            "string/bytes",
            "16/u64",
            "3/u8",
            "u32/u16",
            "u64/bytes(7)",
        ] {
            assert_eq!(text.parse::<Entry>().map(|entry| entry.to_string()), Ok(text.to_owned()));
        }
        let canonical = |text: &str| text.parse::<Entry>().expect(text).to_string();
        assert_eq!(canonical(" [16] / u64"), "16/u64");
        assert_eq!(canonical("string(024)/[8]"), "string(24)/8");
    }

    #[test]
    fn what_is_none_is_refused_in_words() {
        for (text, words) in [
            ("", "expected KEY/VALUE"),
            ("u64", "expected KEY/VALUE"),
            ("u64/u64/u64", "expected KEY/VALUE"),
            ("u64/i64", "\"i64\": no type of values; values can be ()"),
            ("u16/u64", "\"u16\": no type of keys; keys can be u32"),
            ("/u64", "\"\": no type of keys"),
            ("u64/string", "\"string\": no type of values"),
            ("u64/0", "\"0\": a size must be a whole number of bytes from 1 to 65536"),
            ("u64/65537", "\"65537\": a size must"),
            ("u64/-1", "\"-1\": a size must"),
            ("string(x)/u64", "\"string(x)\": a size must"),
            ("u64/99999999999999999999", "a size must"),
            ("u64/bytes[", "\"bytes[\": no type of values"),
        ] {
            let why = text.parse::<Entry>().expect_err(text).to_string();
            assert!(why.contains(words), "{text}: {why}");
        }
    }

    struct Shapes(Entry);

    impl EntryVisitor for Shapes {
        type Out = ();
        fn visit<K: Key, V: Value>(self) {
            let seed = 0x0123_4567_89ab_cdef;
            let (key, value) = (K::from_id(seed & low(K::ID_BITS)), V::from_seed(seed, 0));
            let shape = self.0.key.shape();
            assert_eq!((size_of::<K>() as u64, align_of::<K>() as u64), (shape.bytes, shape.align), "{}", self.0);
            assert_eq!(
                (key.heap_bytes(), K::ID_BITS, K::POINTERS),
                (shape.heap_bytes, shape.bits, self.0.key.pointers())
            );
            assert_eq!(key.id(), seed & low(K::ID_BITS), "{}", self.0);
            let shape = self.0.value.shape();
            assert_eq!((size_of::<V>() as u64, align_of::<V>() as u64), (shape.bytes, shape.align), "{}", self.0);
            assert_eq!((value.heap_bytes(), V::SEED_BITS), (shape.heap_bytes, shape.bits), "{}", self.0);
            assert_eq!(V::POINTERS, self.0.value.pointers(), "{}", self.0);
            assert_eq!(value.seed(), Some(seed & low(V::SEED_BITS)), "{}", self.0);
        }
    }

    fn low(bits: u32) -> u64 {
        crate::entry::low_bits(u64::MAX, bits)
    }

    #[test]
    fn an_entry_s_shapes_are_those_of_its_types() {
        let mut seen = 0;
        for entry in ENTRIES {
            let parsed: Entry = entry.name.parse().expect(entry.name);
            assert_eq!(parsed.to_string(), entry.name);
            with_entry(entry.name, Shapes(parsed)).expect("an entry of ours");
            seen += 1;
        }
        assert!(seen > 0);
        let check = |text: &str, visit: fn(Shapes)| visit(Shapes(text.parse().expect(text)));
        check("u32/()", Shapes::visit::<u32, ()>);
        check("16/bool", Shapes::visit::<[u8; 16], bool>);
        check("3/u8", Shapes::visit::<[u8; 3], u8>);
        check("8/u16", Shapes::visit::<[u8; 8], u16>);
        check("9/3", Shapes::visit::<[u8; 9], [u8; 3]>);
        check("string(1)/12", Shapes::visit::<super::super::Str<1>, [u8; 12]>);
        check("string(12)/string(5)", Shapes::visit::<super::super::Str<12>, super::super::Str<5>>);
        check("string(13)/bytes(5)", Shapes::visit::<super::super::Str<13>, super::super::BytesOf<5>>);
        check("string(43)/bytes(500)", Shapes::visit::<super::super::Str<43>, super::super::BytesOf<500>>);
        check("string/u64", Shapes::visit::<super::super::Text, u64>);
        check("u64/bytes", Shapes::visit::<u64, super::super::Bytes>);
    }
}
