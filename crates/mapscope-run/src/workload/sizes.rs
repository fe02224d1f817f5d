//! The bytes of an entry.

use super::Entry;

/// How many bytes the keys and values of an entry have.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sizes {
    /// Of the key, what it owns on the heap included.
    pub key_bytes: u64,
    /// What the key owns on the heap.
    pub key_heap_bytes: u64,
    /// Whether each operation says how much it owns, which `key_heap_bytes` is the least of.
    pub key_varies: bool,
    /// Of the value, without what it owns.
    pub value_bytes: u64,
    /// What the value owns on the heap, at the least where its length varies.
    pub value_heap_bytes: u64,
    /// Whether each operation says how much it owns.
    pub value_varies: bool,
}

/// The sizes of the entry of this name.
pub fn sizes(name: &str) -> Option<Sizes> {
    let Entry { key, value } = name.parse().ok()?;
    let (key, value) = (key.shape(), value.shape());
    Some(Sizes {
        key_bytes: key.bytes + key.heap_bytes,
        key_heap_bytes: key.heap_bytes,
        key_varies: key.varies,
        value_bytes: value.bytes,
        value_heap_bytes: value.heap_bytes,
        value_varies: value.varies,
    })
}
