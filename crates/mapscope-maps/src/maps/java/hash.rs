//! `hashCode` as Java's `Long`, `Integer`, `String` and `UUID` have it.

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
        JavaHasher { code: 0, of_array: false }
    }
}

/// The [`Hasher`] of [`JavaHash`]: a polynomial in 31, as Java hashes strings and lists.
#[derive(Debug, Clone, Copy)]
pub struct JavaHasher {
    code: u32,
    /// Whether what comes is an array's.
    of_array: bool,
}

impl JavaHasher {
    #[inline]
    fn add(&mut self, code: u32) {
        self.code = self.code.wrapping_mul(31).wrapping_add(code);
    }
}

impl Hasher for JavaHasher {
    /// `String.hashCode` for what Java keeps as Latin-1, `UUID.hashCode` for an array of 16 bytes.
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        match <[u8; 16]>::try_from(bytes) {
            Ok(uuid) if self.of_array => {
                let uuid = u128::from_be_bytes(uuid);
                self.write_u64((uuid >> 64) as u64 ^ uuid as u64);
            }
            _ => bytes.iter().for_each(|&byte| self.add(u32::from(byte))),
        }
    }

    /// What Rust hashes before an array.
    #[inline]
    fn write_usize(&mut self, _: usize) {
        self.of_array = true;
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
        assert_eq!(JavaHash.hash_one("user000000000001") as u32, 2_028_353_356, "no UUID, though as long as one");
        // `UUID.fromString("123e4567-e89b-12d3-a456-426614174000").hashCode()`.
        let uuid = 0x123e_4567_e89b_12d3_a456_4266_1417_4000_u128.to_be_bytes();
        assert_eq!(JavaHash.hash_one(uuid) as u32, 1_256_478_162);
    }
}
