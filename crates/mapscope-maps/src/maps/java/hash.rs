//! `hashCode` as Java's `Long`, `Integer` and `String` have it.

use std::hash::{BuildHasher, Hasher};

use crate::maps::Hashing;

/// Java's hash codes, in the low 32 bits. Nothing seeds them.
#[derive(Debug, Clone, Copy, Default)]
pub struct JavaHash;

impl Hashing for JavaHash {
    fn with_seed(_: u64) -> JavaHash {
        JavaHash
    }
}

impl BuildHasher for JavaHash {
    type Hasher = JavaHasher;
    fn build_hasher(&self) -> JavaHasher {
        JavaHasher { code: 0 }
    }
}

/// The [`Hasher`] of [`JavaHash`]: a polynomial in 31, as Java hashes strings and lists.
#[derive(Debug, Clone, Copy)]
pub struct JavaHasher {
    code: u32,
}

impl JavaHasher {
    #[inline]
    fn add(&mut self, code: u32) {
        self.code = self.code.wrapping_mul(31).wrapping_add(code);
    }
}

impl Hasher for JavaHasher {
    /// `String.hashCode` for what Java keeps as Latin-1.
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.add(u32::from(byte)));
    }

    #[inline]
    fn write_u8(&mut self, byte: u8) {
        // What Rust hashes behind a string.
        if byte != 0xff {
            self.add(u32::from(byte));
        }
    }

    /// `Integer.hashCode`.
    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.add(number);
    }

    /// `Long.hashCode`.
    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.add((number ^ number >> 32) as u32);
    }

    #[inline]
    fn finish(&self) -> u64 {
        u64::from(self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `"hello".hashCode()`, `Long.hashCode(1L << 32 | 5)`, `Integer.hashCode(7)`, by the JDK's definitions.
    #[test]
    fn codes_are_those_of_the_jdk() {
        assert_eq!(JavaHash.hash_one("hello"), 99_162_322);
        assert_eq!(JavaHash.hash_one(1u64 << 32 | 5), 4);
        assert_eq!(JavaHash.hash_one(7u32), 7);
        assert_eq!(JavaHash.hash_one("") as u32, 0);
    }
}
