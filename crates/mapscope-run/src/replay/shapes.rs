//! The shapes of entry that recordings of Go's maps have: sizes and pointers are Go's, content is the key's identity.

use std::hash::{Hash, Hasher};

use crate::workload::{Key, Value};

/// `N` words, of which Go's collector would say that they hold pointers or not.
///
/// As a key it is its identity `N` times over, and hashes by it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Words<const N: usize, const POINTERS: bool>([u64; N]);

impl<const N: usize, const POINTERS: bool> Hash for Words<N, POINTERS> {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.id());
    }
}

impl<const N: usize, const POINTERS: bool> Key for Words<N, POINTERS> {
    const POINTERS: bool = POINTERS;
    #[inline]
    fn from_id(id: u64) -> Self {
        Words([id; N])
    }
    #[inline]
    fn id(&self) -> u64 {
        self.0[0]
    }
    fn heap_bytes(&self) -> u64 {
        0
    }
}

impl<const N: usize, const POINTERS: bool> Value for Words<N, POINTERS> {
    const POINTERS: bool = POINTERS;
    #[inline]
    fn from_seed(seed: u64, _: u32) -> Self {
        Words([seed; N])
    }
    fn seed(&self) -> Option<u64> {
        self.0.first().copied()
    }
    fn heap_bytes(&self) -> u64 {
        0
    }
}

/// A shape of entry.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    /// `KEY/ELEM` as recordings name it in `type=`.
    pub name: &'static str,
    /// Size of a key in Go, in bytes.
    pub key_size: u64,
    /// Size of an elem.
    pub elem_size: u64,
    /// Alignment of a key in bytes.
    pub key_align: u64,
    /// Alignment of an elem.
    pub elem_align: u64,
    /// Whether either holds pointers.
    pub pointers: bool,
    /// The largest key identity.
    pub key_max: u64,
}

/// The types of every shape, by its name.
#[derive(Debug)]
pub struct Shapes;

macro_rules! shapes {
    ($($name:literal $key:ty, $value:ty, $key_max:expr;)*) => {
        /// Every shape.
        pub const SHAPES: &[Shape] = &[$(Shape {
            name: $name,
            key_size: size_of::<$key>() as u64,
            elem_size: size_of::<$value>() as u64,
            key_align: align_of::<$key>() as u64,
            elem_align: align_of::<$value>() as u64,
            pointers: <$key as Key>::POINTERS || <$value as Value>::POINTERS,
            key_max: $key_max,
        }),*];

        mapscope_maps::entries! { Shapes; $($name, $key, $value;)* }
    };
}

shapes! {
    "u64/u64" u64, u64, u64::MAX;
    "u32/u8" u32, u8, u32::MAX as u64;
    "u16/none" u16, (), u16::MAX as u64;
    "str/u64" Words<2, true>, u64, u64::MAX;
    "mid/ptr" Words<5, false>, Words<1, true>, u64::MAX;
    "ptr/u64" Words<1, true>, u64, u16::MAX as u64;
    "big/u64" Words<25, false>, u64, u64::MAX;
    "u64/big" u64, Words<25, false>, u64::MAX;
    "u64/b64" u64, Words<8, false>, u64::MAX;
    "u64/b256" u64, Words<32, false>, u64::MAX;
    "str/b256" Words<2, true>, Words<32, false>, u64::MAX;
}

/// The shape called `name`.
pub fn shape(name: &str) -> Option<Shape> {
    SHAPES.iter().copied().find(|shape| shape.name == name)
}
