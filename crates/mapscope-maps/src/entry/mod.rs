//! Entries: the Rust types of keys and values, and how they are made from an operation's numbers.

mod grammar;
mod types;

use std::hash::Hash;

pub use grammar::{BYTES_MAX, Entry, EntryError, GRAMMAR, KeyType, Shape, ValueType};
pub use types::{Bytes, BytesOf, Str, Str24, TEXT_BYTES_MIN, Text, low_bits, string_id_bits};

use crate::term::Term;

/// What the bytes of a key or a value are to a program in another language, whose map a model has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// A number or a truth value.
    Number,
    /// A string.
    Text,
    /// Bytes, or nothing.
    Bytes,
}

/// A key type that a map can be run with.
///
/// `from_id` is injective, and keeps the order of identities; making a key may allocate and therefore happens before anything is measured. Concurrent maps
/// want keys and values that may go to other threads.
pub trait Key: Hash + Eq + Ord + Clone + Send + Sync + 'static {
    /// Whether the key holds a pointer that a garbage collector would follow.
    const POINTERS: bool;
    /// What it is to a program in another language.
    const MEANING: Meaning = Meaning::Bytes;
    /// How many bits of an identity it can hold, at most 64.
    const ID_BITS: u32 = 64;
    /// The key with this identity, which must fit [`Key::ID_BITS`].
    fn from_id(id: u64) -> Self;
    /// The same, `len` bytes long where its length varies. Keys of one identity have one length.
    fn sized(id: u64, len: u16) -> Self {
        let _ = len;
        Self::from_id(id)
    }
    /// The identity it was made from.
    fn id(&self) -> u64;
    /// The text that it is, if it is one.
    fn as_text(&self) -> Option<&str> {
        None
    }
    /// Bytes on the heap that the key owns, beyond its `size_of`.
    fn heap_bytes(&self) -> u64;
}

/// A value type that a map can be run with.
pub trait Value: Clone + Send + Sync + 'static {
    /// Whether the value holds a pointer that a garbage collector would follow.
    const POINTERS: bool;
    /// What it is to a program in another language.
    const MEANING: Meaning = Meaning::Bytes;
    /// How many bits of a seed it holds, at most 64.
    const SEED_BITS: u32 = 64;
    /// The value made from this seed, `len` bytes long where its length varies.
    fn from_seed(seed: u64, len: u32) -> Self;
    /// The low [`Value::SEED_BITS`] of the seed it was made from, after checking that the whole content is what the seed gives;
    /// `None` when it is damaged.
    fn seed(&self) -> Option<u64>;
    /// Bytes on the heap that the value owns, beyond its `size_of`.
    fn heap_bytes(&self) -> u64;
}

/// What [`with_entry`] hands the chosen types to.
pub trait EntryVisitor {
    /// What the visit returns.
    type Out;
    /// Called once, with the entry's types.
    fn visit<K: Key, V: Value>(self) -> Self::Out;
}

/// Entries whose types are compiled in.
pub trait Entries: 'static {
    /// Calls `visitor` with the types of the entry called `name`; `None` when that is none of them.
    fn with<X: EntryVisitor>(name: &str, visitor: X) -> Option<X::Out>;
}

/// Defines [`Entries`]: a type, and a row for each with its canonical name and the types of its key and value.
#[macro_export]
macro_rules! entries {
    ($entries:ident; $($name:literal, $key:ty, $value:ty;)*) => {
        impl $crate::entry::Entries for $entries {
            fn with<X: $crate::entry::EntryVisitor>(name: &str, visitor: X) -> Option<X::Out> {
                match name {
                    $($name => Some(visitor.visit::<$key, $value>()),)*
                    _ => None,
                }
            }
        }
    };
}

/// Those that every map is compiled with.
#[derive(Debug)]
pub struct Common;

macro_rules! common {
    ($($name:literal, $key:ty, $value:ty, $summary:literal;)*) => {
        entries! { Common; $($name, $key, $value;)* }

        /// The entries that every map is compiled with: `KEY/VALUE` in the words of the command line.
        pub static ENTRIES: &[Term] = &[$(Term::plain($name, $summary, "")),*];
    };
}

/// Calls `visitor` with the types of the entry of [`ENTRIES`] called `name`; `None` when there is no such entry.
pub fn with_entry<X: EntryVisitor>(name: &str, visitor: X) -> Option<X::Out> {
    Common::with(name, visitor)
}

common! {
    "u64/u64", u64, u64, "8-byte key, 8-byte value";
    "u64/256", u64, [u8; 256], "8-byte key, 256-byte value";
    "u64/bytes", u64, Bytes, "8-byte key, value on the heap as long as the trace's value_bytes says (at least 8)";
    "string(24)/u64", Str<24>, u64, "24-byte string key on the heap, 8-byte value";
    "string(24)/256", Str<24>, [u8; 256], "24-byte string key on the heap, 256-byte value";
}
