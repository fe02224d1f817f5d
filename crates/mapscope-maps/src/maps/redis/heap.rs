//! What the server's objects take of its memory.
//!
//! A key is the text that a client would send: a number's decimal digits, a string's bytes. A value is stored the way
//! `SET` stores its text:
//!
//! | value | objects |
//! |---|---|
//! | a number below 10,000 | none: an object that the server made when it started, shared by all |
//! | a number up to 2^63 - 1 | the 16 bytes of an object with the number in it |
//! | a larger number, up to 44 bytes | the object, a header of 3, the text and a 0, together |
//! | more than 44 bytes | the object, and a string |
//!
//! A string (`sds`) has a header that depends on its length, and a 0 at its end. A number is shared unless `maxmemory` is
//! set with a policy that needs each object's age. Values of bytes are taken for bytes, whatever digits are among them.
//!
//! jemalloc rounds all of this up to a size class.

use super::Release;
use crate::entry::{Key, Meaning, Value};
use crate::maps::layout::{EntryShape, Heap as Content, Owned, Shape};

/// `robj`.
const OBJECT_BYTES: u64 = 16;
/// The longest text that lies behind its object.
const EMBEDDED_LEN_MAX: u64 = 44;
const SHARED_INTEGERS: u64 = 10_000;
/// The largest number that an object holds.
const INTEGER_MAX: u64 = i64::MAX as u64;

/// An allocator as a build of the server has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heap {
    /// How far the smallest size classes are apart.
    quantum: u64,
}

impl Heap {
    /// Debian's server of 7.0 uses the system's jemalloc; the Makefile of either release configures its own with
    /// `--with-lg-quantum=3`.
    pub(super) const fn of(release: Release) -> Heap {
        Heap { quantum: if matches!(release, Release::V7_0) { 16 } else { 8 } }
    }

    /// What jemalloc hands out for so many bytes: four classes to each doubling, but none closer than the quantum, and
    /// one of 8 bytes.
    pub(super) const fn class(self, bytes: u64) -> u64 {
        if bytes <= 8 {
            return 8;
        }
        let apart = 1 << ((bytes - 1).ilog2() - 2);
        bytes.next_multiple_of(if apart > self.quantum { apart } else { self.quantum })
    }

    /// The string of a key.
    pub(super) fn key<K: Key>(self, key: &K) -> u64 {
        self.class(string_bytes(match K::MEANING {
            Meaning::Number => digits(key.id()),
            _ if K::POINTERS => key.heap_bytes(),
            _ => size_of::<K>() as u64,
        }))
    }

    /// The objects of a value.
    pub(super) fn value<V: Value>(self, value: &V) -> impl Iterator<Item = u64> {
        let size = size_of::<V>() as u64;
        let len = if V::POINTERS {
            value.heap_bytes()
        } else if V::MEANING == Meaning::Number {
            match value.seed().unwrap_or_default() {
                0..SHARED_INTEGERS => return self.objects([None, None]),
                SHARED_INTEGERS..=INTEGER_MAX => return self.objects([Some(OBJECT_BYTES), None]),
                n => digits(n),
            }
        } else {
            size
        };
        self.objects(text(len))
    }

    /// What keys and values of these shapes own.
    pub(super) fn owned(self, entry: &EntryShape) -> Vec<Owned> {
        let text_of = |shape: &Shape| match (shape.heap, shape.meaning) {
            (Content::Bytes(len), _) => Some(len),
            (Content::None, Meaning::Text | Meaning::Bytes) => Some(shape.room.bytes),
            (Content::None, Meaning::Number) | (Content::Varies, _) => None,
        };
        let key = match text_of(&entry.key) {
            Some(len) => Owned { what: "the key's string", bytes: Some(self.class(string_bytes(len))) },
            None => Owned { what: "the key's string, by its digits", bytes: None },
        };
        // A byte is a number that all share.
        let shared = entry.value.meaning == Meaning::Number && entry.value.room.bytes == 1;
        let value = match text_of(&entry.value) {
            None if shared => Vec::new(),
            None => vec![Owned { what: "the value's object, by what it is", bytes: None }],
            Some(len) => {
                let what = ["the value's object", "the value's string"].into_iter();
                what.zip(self.objects(text(len))).map(|(what, bytes)| Owned { what, bytes: Some(bytes) }).collect()
            }
        };
        [vec![key], value].concat()
    }

    fn objects(self, bytes: [Option<u64>; 2]) -> std::iter::Flatten<std::array::IntoIter<Option<u64>, 2>> {
        bytes.map(|bytes| bytes.map(|bytes| self.class(bytes))).into_iter().flatten()
    }
}

/// The objects of a text of so many bytes.
const fn text(len: u64) -> [Option<u64>; 2] {
    match len {
        ..=EMBEDDED_LEN_MAX => [Some(OBJECT_BYTES + 3 + len + 1), None],
        _ => [Some(OBJECT_BYTES), Some(string_bytes(len))],
    }
}

/// A string of so many bytes: its header, itself, a 0.
const fn string_bytes(len: u64) -> u64 {
    let header = match len {
        1..32 => 1,
        0 | 32..256 => 3,
        256..65_536 => 5,
        65_536..0x1_0000_0000 => 9,
        _ => 17,
    };
    header + len + 1
}

fn digits(n: u64) -> u64 {
    n.checked_ilog10().map_or(1, |log| u64::from(log) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Bytes, Str};

    fn classes(quantum: u64) -> Vec<u64> {
        let mut classes: Vec<u64> = (1..=1024).map(|bytes| Heap { quantum }.class(bytes)).collect();
        classes.dedup();
        classes
    }

    #[test]
    fn the_classes_are_jemallocs() {
        let from_96 = [96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024];
        assert_eq!(classes(16), [&[8, 16, 32, 48, 64, 80][..], &from_96].concat());
        assert_eq!(classes(8), [&[8, 16, 24, 32, 40, 48, 56, 64, 80][..], &from_96].concat());
        assert_eq!(Heap { quantum: 16 }.class(14_337), 16_384);
        assert_eq!(Heap { quantum: 16 }.class((1 << 20) + 1), (1 << 20) + (1 << 18));
    }

    #[test]
    fn a_key_is_the_text_that_a_client_sends() {
        let heap = Heap::of(Release::V7_0);
        let of = |key: u64| heap.key(&key);
        assert_eq!([of(0), of(999_999), of(1_000_000), of(u64::MAX)], [8, 8, 16, 32]);
        assert_eq!(heap.key(&Str::<24>::from_id(1)), 32);
    }

    #[test]
    fn a_value_is_what_set_makes_of_its_text() {
        fn of<V: Value>(value: &V) -> Vec<u64> {
            Heap::of(Release::V7_0).value(value).collect()
        }
        assert_eq!(of(&9_999u64), [0u64; 0]);
        assert_eq!(of(&10_000u64), [16]);
        assert_eq!(of(&(i64::MAX as u64)), [16]);
        assert_eq!(of(&(i64::MAX as u64 + 1)), [48]);
        assert_eq!(of(&u64::MAX), [48]);
        assert_eq!(Heap::of(Release::V7_4).value(&u64::MAX).collect::<Vec<_>>(), [40]);
        assert_eq!(of(&<[u8; 64]>::from_seed(1, 0)), [16, 80]);
        assert_eq!(of(&<[u8; 256]>::from_seed(1, 0)), [16, 320]);
        let bytes = |len| of(&Bytes::from_seed(1, len));
        assert_eq!([bytes(8), bytes(44)], [[32], [64]]);
        assert_eq!([bytes(45), bytes(255), bytes(65_536)], [[16, 64], [16, 320], [16, 81_920]]);
    }
}
