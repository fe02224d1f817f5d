//! The types that the program is built with: one file of its source, generated for an entry.

use std::borrow::Cow;

use super::SOURCES;
use crate::workload::{Entry, KeyType, ValueType};

/// The types of the program's keys and values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Types {
    /// Part of the name of a program built with them.
    pub(super) name: String,
    /// The file `entry.go`.
    pub(super) source: Cow<'static, str>,
}

impl Types {
    pub(super) fn new(name: &str, source: impl Into<Cow<'static, str>>) -> Types {
        Types { name: name.replace('/', "-").replace(['(', ')'], ""), source: source.into() }
    }

    /// Every file of the program, by name.
    pub(super) fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        SOURCES.iter().copied().chain([("entry.go", &*self.source)])
    }
}

impl From<Entry> for Types {
    fn from(entry: Entry) -> Types {
        Types::new(&entry.to_string(), source(entry))
    }
}

/// The file. What its functions are for, `program/content.go` says.
fn source(entry: Entry) -> String {
    let (key, lent_key) = key(entry.key);
    let value = value(entry.value);
    format!(
        "// Generated for {entry}.\npackage main\n\n\
         type (\n\tKey   = {}\n\tValue = {}\n)\n\n\
         func keyOf(id uint64) Key {{ {} }}\n\n\
         {lent_key}\n\n\
         func idOf(key Key) uint64 {{ {} }}\n\n\
         func valueOf(seed uint64, length int) Value {{ {} }}\n\n\
         func seedOf(value Value) (uint64, bool) {{ {} }}\n\n\
         func ownedBytes(value Value) int {{ return {} }}\n",
        key.go, value.go, key.made, key.read, value.made, value.read, value.owned
    )
}

/// A type in Go, and bodies of functions.
struct Part {
    go: String,
    /// Of the one that makes it of `id`, or of `seed` and `length`.
    made: String,
    /// Of the one that reads that back from `key`, or `value`.
    read: &'static str,
    /// The bytes on the heap of `value`.
    owned: &'static str,
}

impl Part {
    fn new(go: impl Into<String>, made: impl Into<String>, read: &'static str) -> Part {
        Part { go: go.into(), made: made.into(), read, owned: "0" }
    }

    fn owner(self) -> Part {
        Part { owned: "len(value)", ..self }
    }
}

/// That of keys, and the function `lentKey`.
fn key(key: KeyType) -> (Part, String) {
    let made = "func lentKey(id uint64, _ int) Key { return keyOf(id) }".to_owned();
    let number = |go: &str| Part::new(go, "return Key(id)", "return uint64(key)");
    match key {
        KeyType::U32 => (number("uint32"), made),
        KeyType::U64 => (number("uint64"), made),
        KeyType::Array(n) => (
            Part::new(format!("[{n}]byte"), "key := Key{}; writeID(key[:], id); return key", "return readID(key[:])"),
            made,
        ),
        KeyType::Text => unreachable!("no program is made for keys of several lengths"),
        KeyType::Str(n) => {
            let part = Part::new("string", format!("return writeText(make([]byte, {n}), id)"), "return readText(key)");
            let lent = format!(
                "var lent [batchOpsMax][{n}]byte\n\n\
                 func lentKey(id uint64, place int) Key {{ return writeText(lent[place][:], id) }}"
            );
            (part, lent)
        }
    }
}

fn value(value: ValueType) -> Part {
    let number = |go: &str| Part::new(go, "return Value(seed)", "return uint64(value), true");
    let slice = |length: String, fill: &str, read| {
        Part::new("[]byte", format!("value := make([]byte, {length}); {fill}(value, seed); return value"), read).owner()
    };
    match value {
        ValueType::Unit => Part::new("struct{}", "return Value{}", "return 0, true"),
        ValueType::Bool => Part::new("bool", "return seed&1 == 1", "return bit(value), true"),
        ValueType::U8 => number("uint8"),
        ValueType::U16 => number("uint16"),
        ValueType::U32 => number("uint32"),
        ValueType::U64 => number("uint64"),
        ValueType::Array(n) => Part::new(
            format!("[{n}]byte"),
            "value := Value{}; fill(value[:], seed); return value",
            "return seedIn(value[:])",
        ),
        ValueType::Str(n) => {
            Part::new("string", format!("return writeText(make([]byte, {n}), seed)"), "return seedInText(value)")
                .owner()
        }
        ValueType::BytesOf(n) => slice(n.to_string(), "fill", "return seedIn(value)"),
        ValueType::Bytes => slice("max(length, 8)".to_owned(), "fillFront", "return seedInFront(value)"),
    }
}
