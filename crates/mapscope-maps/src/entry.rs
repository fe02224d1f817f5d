//! Entries: the Rust types of keys and values, and how they are made from an operation's numbers.

use std::hash::Hash;

use crate::term::Term;

/// A key type that a map can be run with.
///
/// `from_id` is injective; making a key may allocate and therefore happens before anything is measured. Concurrent maps
/// want keys and values that may go to other threads.
pub trait Key: Hash + Eq + Ord + Clone + Send + Sync + 'static {
    /// Whether the key holds a pointer that a garbage collector would follow.
    const POINTERS: bool;
    /// The key with this identity.
    fn from_id(id: u64) -> Self;
    /// The identity it was made from.
    fn id(&self) -> u64;
    /// Bytes on the heap that the key owns, beyond its `size_of`.
    fn heap_bytes(&self) -> u64;
}

/// A value type that a map can be run with.
pub trait Value: Clone + Send + Sync + 'static {
    /// Whether the value holds a pointer that a garbage collector would follow.
    const POINTERS: bool;
    /// The value made from this seed, `len` bytes long where its length varies.
    fn from_seed(seed: u64, len: u32) -> Self;
    /// The seed it was made from, after checking that the whole content is what the seed gives;
    /// `None` when it is damaged.
    fn seed(&self) -> Option<u64>;
    /// Bytes on the heap that the value owns, beyond its `size_of`.
    fn heap_bytes(&self) -> u64;
}

macro_rules! integers {
    ($($int:ty),*) => {$(
        /// Identities must fit.
        impl Key for $int {
            const POINTERS: bool = false;
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

        /// Of a seed that does not fit, the low bits are kept.
        impl Value for $int {
            const POINTERS: bool = false;
            #[inline]
            fn from_seed(seed: u64, _: u32) -> $int {
                seed as $int
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

integers!(u8, u16, u32, u64);

/// A string key of 24 bytes: the letters `user` and twenty decimal digits, as YCSB writes its keys.
///
/// Like a Go string it is a pointer and a length (16 bytes); unlike one it owns its bytes.
pub type Str24 = Box<str>;

impl Key for Str24 {
    const POINTERS: bool = true;
    fn from_id(id: u64) -> Str24 {
        format!("user{id:020}").into_boxed_str()
    }
    fn id(&self) -> u64 {
        self[4..].parse().expect("a Str24 ends in twenty digits")
    }
    fn heap_bytes(&self) -> u64 {
        self.len() as u64
    }
}

impl<const N: usize> Value for [u8; N] {
    const POINTERS: bool = false;
    #[inline]
    fn from_seed(seed: u64, _: u32) -> [u8; N] {
        // The seed at both ends and its low byte between: cheap to make, and any torn copy shows.
        let mut value = [seed as u8; N];
        value[..8].copy_from_slice(&seed.to_le_bytes());
        value[N - 8..].copy_from_slice(&seed.to_le_bytes());
        value
    }
    fn seed(&self) -> Option<u64> {
        let head = u64::from_le_bytes(self[..8].try_into().ok()?);
        (*self == Self::from_seed(head, 0)).then_some(head)
    }
    #[inline]
    fn heap_bytes(&self) -> u64 {
        0
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

/// What [`with_entry`] hands the chosen types to.
pub trait EntryVisitor {
    /// What the visit returns.
    type Out;
    /// Called once, with the entry's types.
    fn visit<K: Key, V: Value>(self) -> Self::Out;
}

macro_rules! entries {
    ($($name:literal, $key:ty, $value:ty, $summary:literal;)*) => {
        /// Every entry: `KEY/VALUE` in the words of the command line.
        pub static ENTRIES: &[Term] = &[$(Term::plain($name, $summary, "")),*];

        /// Calls `visitor` with the types of the entry called `name`; `None` when there is no such entry.
        pub fn with_entry<X: EntryVisitor>(name: &str, visitor: X) -> Option<X::Out> {
            match name {
                $($name => Some(visitor.visit::<$key, $value>()),)*
                _ => None,
            }
        }
    };
}

entries! {
    "u64/u64", u64, u64, "8-byte key, 8-byte value";
    "u64/64", u64, [u8; 64], "8-byte key, 64-byte value";
    "u64/256", u64, [u8; 256], "8-byte key, 256-byte value";
    "u64/bytes", u64, Bytes, "8-byte key, value on the heap as long as the trace's value_bytes says (at least 8)";
    "string(24)/u64", Str24, u64, "24-byte string key on the heap, 8-byte value";
    "string(24)/256", Str24, [u8; 256], "24-byte string key on the heap, 256-byte value";
}
