//! The types of keys and values.

use std::ops::Deref;

use super::{Key, Meaning, Value};

/// The low bits of a number, as many as `bits`.
#[inline]
pub const fn low_bits(number: u64, bits: u32) -> u64 {
    if bits < 64 { number & ((1 << bits) - 1) } else { number }
}

macro_rules! keys {
    ($($int:ty),*) => {$(
        impl Key for $int {
            const POINTERS: bool = false;
            const MEANING: Meaning = Meaning::Number;
            const ID_BITS: u32 = <$int>::BITS;
            #[inline]
            fn from_id(id: u64) -> $int {
                debug_assert!(<$int>::try_from(id).is_ok(), "key {id} is too large");
                id as $int
            }
            #[inline]
            fn id(&self) -> u64 {
                u64::from(*self)
            }
            #[inline]
            fn heap_bytes(&self) -> u64 {
                0
            }
        }
    )*};
}

// 16 bits are what recordings of Go's maps have.
keys!(u16, u32, u64);

macro_rules! values {
    ($($int:ty, $bits:expr, |$seed:ident| $from:expr;)*) => {$(
        impl Value for $int {
            const POINTERS: bool = false;
            const MEANING: Meaning = Meaning::Number;
            const SEED_BITS: u32 = $bits;
            #[inline]
            fn from_seed($seed: u64, _: u32) -> $int {
                $from
            }
            #[inline]
            fn seed(&self) -> Option<u64> {
                Some(u64::from(*self))
            }
            #[inline]
            fn heap_bytes(&self) -> u64 {
                0
            }
        }
    )*};
}

values! {
    bool, 1, |seed| seed & 1 == 1;
    u8, 8, |seed| seed as u8;
    u16, 16, |seed| seed as u16;
    u32, 32, |seed| seed as u32;
    u64, 64, |seed| seed;
}

/// A map of these is a set.
impl Value for () {
    const POINTERS: bool = false;
    const SEED_BITS: u32 = 0;
    #[inline]
    fn from_seed(_: u64, _: u32) {}
    #[inline]
    fn seed(&self) -> Option<u64> {
        Some(0)
    }
    #[inline]
    fn heap_bytes(&self) -> u64 {
        0
    }
}

/// The bits of an identity that fit an array of so many bytes.
const fn array_bits(bytes: usize) -> u32 {
    if bytes < 8 { bytes as u32 * 8 } else { 64 }
}

/// The identity's bytes, the highest first, so that keys are in the order of their identities; then bytes that depend on
/// it, as those of a UUID.
impl<const N: usize> Key for [u8; N] {
    const POINTERS: bool = false;
    const ID_BITS: u32 = array_bits(N);
    #[inline]
    fn from_id(id: u64) -> [u8; N] {
        let mut key = [0; N];
        let (head, tail) = key.split_at_mut(N.min(8));
        head.copy_from_slice(&id.to_be_bytes()[8 - head.len()..]);
        for (place, byte) in (1_u64..).zip(tail) {
            *byte = (id.wrapping_add(place).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8;
        }
        key
    }
    #[inline]
    fn id(&self) -> u64 {
        self.iter().take(8).fold(0, |id, &byte| id << 8 | u64::from(byte))
    }
    #[inline]
    fn heap_bytes(&self) -> u64 {
        0
    }
}

/// The seed at both ends and its low byte between: cheap to make, and any torn copy shows. One that is shorter than a seed
/// has its low bytes.
impl<const N: usize> Value for [u8; N] {
    const POINTERS: bool = false;
    const SEED_BITS: u32 = array_bits(N);
    #[inline]
    fn from_seed(seed: u64, _: u32) -> [u8; N] {
        let mut value = [seed as u8; N];
        let whole = N.min(8);
        value[..whole].copy_from_slice(&seed.to_le_bytes()[..whole]);
        value[N - whole..].copy_from_slice(&seed.to_le_bytes()[..whole]);
        value
    }
    #[inline]
    fn seed(&self) -> Option<u64> {
        let (mut seed, whole) = ([0; 8], N.min(8));
        // The end is written last, over the beginning where both don't fit.
        seed[..whole].copy_from_slice(&self[N - whole..]);
        let seed = u64::from_le_bytes(seed);
        (*self == Self::from_seed(seed, 0)).then_some(seed)
    }
    #[inline]
    fn heap_bytes(&self) -> u64 {
        0
    }
}

/// A string of `N` bytes on the heap: from 24 on the letters `user` and decimal digits, as YCSB writes its keys; a shorter
/// one has digits to the base of 32.
///
/// Like a Go string it is a pointer and a length (16 bytes); unlike one it owns its bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Str<const N: usize>(Box<str>);

/// A string key of 24 bytes: `user` and twenty digits.
pub type Str24 = Str<24>;

/// The shortest string that is written as YCSB's.
const YCSB_BYTES: usize = 24;

/// The bits of an identity that fit a string of so many bytes.
pub const fn string_id_bits(bytes: u32) -> u32 {
    if bytes < 13 { bytes * 5 } else { 64 }
}

impl<const N: usize> Str<N> {
    fn new(id: u64) -> Str<N> {
        if N >= YCSB_BYTES {
            let digits = id.to_string();
            return Str(["user", &"0".repeat(N - "user".len() - digits.len()), &digits].concat().into_boxed_str());
        }
        let digit = |place: usize| char::from_digit(id.unbounded_shr(5 * place as u32) as u32 & 31, 32);
        Str((0..N).rev().filter_map(digit).collect::<String>().into_boxed_str())
    }

    fn number(&self) -> Option<u64> {
        if N >= YCSB_BYTES {
            return self.0.strip_prefix("user")?.parse().ok();
        }
        u64::from_str_radix(self.0.trim_start_matches('0'), 32).ok().or(Some(0))
    }
}

/// A text of another form, which is no longer the key of a number.
impl<const N: usize> From<String> for Str<N> {
    fn from(text: String) -> Str<N> {
        Str(text.into_boxed_str())
    }
}

impl<const N: usize> Deref for Str<N> {
    type Target = str;
    fn deref(&self) -> &str {
        &self.0
    }
}

impl<const N: usize> Key for Str<N> {
    const POINTERS: bool = true;
    const MEANING: Meaning = Meaning::Text;
    const ID_BITS: u32 = string_id_bits(N as u32);
    fn from_id(id: u64) -> Str<N> {
        Str::new(id)
    }
    fn id(&self) -> u64 {
        self.number().expect("a key ends in its identity's digits")
    }
    fn as_text(&self) -> Option<&str> {
        Some(self)
    }
    fn heap_bytes(&self) -> u64 {
        self.0.len() as u64
    }
}

impl<const N: usize> Value for Str<N> {
    const POINTERS: bool = true;
    const MEANING: Meaning = Meaning::Text;
    const SEED_BITS: u32 = string_id_bits(N as u32);
    fn from_seed(seed: u64, _: u32) -> Str<N> {
        Str::new(low_bits(seed, Self::SEED_BITS))
    }
    fn seed(&self) -> Option<u64> {
        let seed = self.number()?;
        (*self == Str::new(seed)).then_some(seed)
    }
    fn heap_bytes(&self) -> u64 {
        self.0.len() as u64
    }
}

/// The shortest [`Text`]: an identity has as many digits to the base of 32.
pub const TEXT_BYTES_MIN: u16 = 13;

/// A string on the heap whose length comes with each operation: the identity's digits to the base of 32, then dots. So the
/// order of texts is that of their identities, whatever their lengths.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Text(Box<str>);

impl Key for Text {
    const POINTERS: bool = true;
    const MEANING: Meaning = Meaning::Text;
    fn from_id(id: u64) -> Text {
        Text::sized(id, TEXT_BYTES_MIN)
    }
    fn sized(id: u64, len: u16) -> Text {
        let mut text = String::with_capacity(len.max(TEXT_BYTES_MIN).into());
        let digit = |place| char::from_digit((id >> (5 * place)) as u32 & 31, 32).expect("a digit");
        text.extend((0..TEXT_BYTES_MIN).rev().map(digit));
        text.extend((TEXT_BYTES_MIN..len).map(|_| '.'));
        Text(text.into_boxed_str())
    }
    fn id(&self) -> u64 {
        u64::from_str_radix(&self.0[..TEXT_BYTES_MIN.into()], 32).expect("a text begins with its identity's digits")
    }
    fn as_text(&self) -> Option<&str> {
        Some(&self.0)
    }
    fn heap_bytes(&self) -> u64 {
        self.0.len() as u64
    }
}

/// A value of `N` bytes on the heap.
#[derive(Debug, Clone)]
#[repr(transparent)]
pub struct BytesOf<const N: usize>(Box<[u8]>);

impl<const N: usize> Value for BytesOf<N> {
    const POINTERS: bool = true;
    const SEED_BITS: u32 = array_bits(N);
    fn from_seed(seed: u64, _: u32) -> BytesOf<N> {
        BytesOf(<[u8; N]>::from_seed(seed, 0).into())
    }
    fn seed(&self) -> Option<u64> {
        <&[u8; N]>::try_from(&*self.0).ok()?.seed()
    }
    fn heap_bytes(&self) -> u64 {
        self.0.len() as u64
    }
}

/// A value on the heap whose length comes with each operation (a trace's `value_bytes`), at least 8 bytes.
pub type Bytes = Box<[u8]>;

impl Value for Bytes {
    const POINTERS: bool = true;
    fn from_seed(seed: u64, len: u32) -> Bytes {
        let mut value = vec![seed as u8; len.max(8) as usize].into_boxed_slice();
        value[..8].copy_from_slice(&seed.to_le_bytes());
        value
    }
    fn seed(&self) -> Option<u64> {
        let seed = u64::from_le_bytes(self.get(..8)?.try_into().ok()?);
        self[8..].iter().all(|&byte| byte == seed as u8).then_some(seed)
    }
    fn heap_bytes(&self) -> u64 {
        self.len() as u64
    }
}
