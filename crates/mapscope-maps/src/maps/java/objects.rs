//! What a 64-bit HotSpot of JDK 17 allocates for the objects of a map and for those that stand for keys and values.
//!
//! References and class pointers are compressed (4 bytes, in heaps up to 32 GB), sizes are multiples of 8. An object has a
//! header of 12 bytes, an array one of 16.
//!
//! | Rust | Java | bytes |
//! |---|---|---|
//! | `u64` | `Long` | 24 |
//! | `u32`, `u16`, `u8` | `Integer`, `Short`, `Byte` | 16 |
//! | `bool` | `Boolean` | 0: the two that there are |
//! | a string | `String`, of Latin-1 | 24, and a `byte[]` |
//! | a key of 16 bytes | `UUID` | 32 |
//! | other bytes | `byte[]` | 16 and their number |
//! | nothing | a constant | 0 |
//!
//! Other bytes are no key: an array equals no other.
//!
//! Boxes of -128 to 127 are those that the JVM keeps: `valueOf` allocates none of them.

use std::cmp::Ordering;

use crate::entry::{Key, Meaning, Value};

/// `HashMap`.
pub(super) const HASH_MAP: u64 = 48;
/// `HashMap.EntrySet`, made once a map, and the iterator that a loop over it makes.
pub(super) const ENTRY_SET: u64 = 16;
pub(super) const ENTRY_ITERATOR: u64 = 40;
/// The references to key and value, which a node that replaces another is given.
pub(super) const ENTRY_REFERENCES: u64 = 2 * REFERENCE;

/// `HashMap.Node`: hash, key, value, next.
pub(super) const NODE: u64 = 32;
/// `HashMap.TreeNode`: also before and after, parent, left, right, prev, red.
const TREE_NODE: u64 = 56;
pub(super) const STRING: u64 = 24;
pub(super) const UUID: u64 = 32;
pub(super) const REFERENCE: u64 = 4;

/// Bytes of each object; 0 where there is none.
type Objects = [u64; 2];

pub(super) const fn array(bytes: u64) -> u64 {
    (16 + bytes).next_multiple_of(8)
}

/// The table.
pub(super) const fn table(bins: usize) -> u64 {
    array(bins as u64 * REFERENCE)
}

/// A node of a tree or of a list.
pub(super) const fn node(tree: bool) -> u64 {
    if tree { TREE_NODE } else { NODE }
}

/// What an entry owns.
pub(super) fn of_entry<K: Key, V: Value>(key: &K, value: &V) -> impl Iterator<Item = u64> {
    of_key(key).into_iter().chain(of_value(value)).filter(|&bytes| bytes > 0)
}

fn of_key<K: Key>(key: &K) -> Objects {
    match K::MEANING {
        Meaning::Number => [boxed(size_of::<K>(), Some(key.id())), 0],
        Meaning::Text => [STRING, array(key.heap_bytes())],
        Meaning::Bytes => [UUID, 0],
    }
}

fn of_value<V: Value>(value: &V) -> Objects {
    match (V::MEANING, size_of::<V>() as u64) {
        (Meaning::Number, _) => [boxed(size_of::<V>(), value.seed()), 0],
        (Meaning::Text, _) => [STRING, array(value.heap_bytes())],
        (Meaning::Bytes, _) if V::POINTERS => [array(value.heap_bytes()), 0],
        (Meaning::Bytes, 0) => [0, 0],
        (Meaning::Bytes, bytes) => [array(bytes), 0],
    }
}

fn boxed(size: usize, number: Option<u64>) -> u64 {
    let cached = number.is_some_and(|number| (-128..128).contains(&signed(size, number)));
    if cached { 0 } else { box_bytes(size as u64) }
}

/// A box of a number of so many bytes. Every one of a single byte is one that the JVM keeps.
pub(super) const fn box_bytes(size: u64) -> u64 {
    match size {
        1 => 0,
        8 => 24,
        _ => 16,
    }
}

/// A number of so many bytes as Java has it.
fn signed(size: usize, number: u64) -> i64 {
    let unused = 64 - 8 * size as u32;
    (number << unused) as i64 >> unused
}

/// What `comparableClassFor` allocates, to find out that a boxed key compares with its like: the interfaces of its class and
/// the arguments of the first, `Comparable<Long>`. It knows `String` by itself.
pub(super) const fn comparable_class<K: Key>() -> Objects {
    let interfaces = match (K::MEANING, size_of::<K>()) {
        (Meaning::Text, _) => return [0, 0],
        (Meaning::Number, 4 | 8) => 3,
        (Meaning::Number | Meaning::Bytes, _) => 2,
    };
    [array(interfaces * REFERENCE), array(REFERENCE)]
}

/// `compareTo`: boxes by their numbers, which have a sign, as the halves of a UUID have, strings by their bytes.
pub(super) fn compare<K: Key>(a: &K, b: &K) -> Ordering {
    let by = |size| signed(size, a.id()).cmp(&signed(size, b.id()));
    match K::MEANING {
        Meaning::Number => by(size_of::<K>()),
        Meaning::Text => a.cmp(b),
        // Identities are the upper halves.
        Meaning::Bytes => by(8),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Bytes, Str};

    /// Each size as `getThreadAllocatedBytes` of JDK 17 has it.
    #[test]
    fn objects_have_the_sizes_of_the_jvm() {
        assert_eq!([127, 128, u64::MAX, u64::MAX - 127, u64::MAX - 128].map(|key| of_key(&key)[0]), [0, 24, 0, 0, 24]);
        assert_eq!([of_key(&1000u32), of_value(&300u16), of_value(&200u8)], [[16, 0], [16, 0], [0, 0]]);
        assert_eq!(of_key(&Str::<24>::from_id(1)), [24, 40]);
        assert_eq!([of_value(&[0u8; 64]), of_value(&[0u8; 256])], [[80, 0], [272, 0]]);
        assert_eq!(of_value(&Bytes::from_seed(1, 25)), [48, 0]);
        assert_eq!([16, 64].map(table), [80, 272]);
        assert_eq!((comparable_class::<u64>(), comparable_class::<Str<24>>()), ([32, 24], [0, 0]));
    }

    #[test]
    fn boxes_compare_with_a_sign() {
        assert_eq!(compare(&u64::MAX, &1), Ordering::Less);
        assert_eq!(compare(&0x8000u16, &1), Ordering::Less);
        assert_eq!(compare(&Str::<24>::from_id(2), &Str::<24>::from_id(1)), Ordering::Greater);
    }
}
