//! The bytes of an entry.

use super::{EntryVisitor, Key, Value, with_entry};

/// How many bytes the keys and values of an entry have.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sizes {
    /// Of the key, what it owns on the heap included.
    pub key_bytes: u64,
    /// What the key owns on the heap.
    pub key_heap_bytes: u64,
    /// Of the value, without what it owns.
    pub value_bytes: u64,
    /// Whether the value owns heap memory, as much as each operation says.
    pub value_heap: bool,
    /// How much it owns at the least.
    pub value_heap_min_bytes: u64,
}

/// The sizes of the entry called `name`.
pub fn sizes(name: &str) -> Option<Sizes> {
    with_entry(name, Visitor)
}

struct Visitor;

impl EntryVisitor for Visitor {
    type Out = Sizes;

    fn visit<K: Key, V: Value>(self) -> Sizes {
        let value_heap_min_bytes = V::from_seed(0, 0).heap_bytes();
        Sizes {
            key_bytes: size_of::<K>() as u64 + K::from_id(0).heap_bytes(),
            key_heap_bytes: K::from_id(0).heap_bytes(),
            value_bytes: size_of::<V>() as u64,
            value_heap: value_heap_min_bytes > 0,
            value_heap_min_bytes,
        }
    }
}
