//! The models of Go's maps against the real runtimes in entries that no recording has, operation by operation with the
//! runtime's hashes, as `mapscope verify` does it. Needs go commands, as `tests/go_runtime.rs` does;
//! `MAPSCOPE_GO_OPS` says how many operations of each of their maps.

use std::hash::{Hash, Hasher};
use std::path::PathBuf;

use mapscope::engines::go::{self, Types};
use mapscope::replay::Words;
use mapscope::verify::{Amount, Shape, verify_shapes};
use mapscope::workload::{Entries, Entry, EntryVisitor, Key};

use crate::common::skip;

/// A key that is an array of bytes, and is hashed by its identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Octets<const N: usize>([u8; N]);

impl<const N: usize> Hash for Octets<N> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.id());
    }
}

impl<const N: usize> Key for Octets<N> {
    const POINTERS: bool = false;
    const ID_BITS: u32 = <[u8; N]>::ID_BITS;
    fn from_id(id: u64) -> Self {
        Octets(Key::from_id(id))
    }
    fn id(&self) -> u64 {
        self.0.id()
    }
    fn heap_bytes(&self) -> u64 {
        0
    }
}

/// Go's `string` is a pointer and a length, and its `[]byte` has a capacity besides. What they point to is not the map's.
type Text = Words<2, true>;
type Slice = Words<3, true>;

struct Grammar;

macro_rules! entries {
    ($($name:literal, $key:ty, $value:ty;)*) => {
        const ENTRIES: &[&str] = &[$($name),*];

        impl Entries for Grammar {
            fn with<X: EntryVisitor>(name: &str, visitor: X) -> Option<X::Out> {
                match name {
                    $($name => Some(visitor.visit::<$key, $value>()),)*
                    _ => None,
                }
            }
        }
    };
}

// Keys of 4 and 8 bytes and strings have inserts of their own in Go; a value without bytes pads a slot, and one of a byte or
// a small number is boxed without an allocation; more than 128 bytes are stored by their address.
entries! {
    "u32/u32", u32, u32;
    "u32/()", u32, ();
    "u64/()", u64, ();
    "u64/bool", u64, bool;
    "u64/u16", u64, u16;
    "u64/1", u64, [u8; 1];
    "u64/8", u64, [u8; 8];
    "u64/128", u64, [u8; 128];
    "u64/129", u64, [u8; 129];
    "16/u64", Octets<16>, u64;
    "8/u64", Octets<8>, u64;
    "4/12", Octets<4>, [u8; 12];
    "3/u8", Octets<3>, u8;
    "200/200", Octets<200>, [u8; 200];
    "string(43)/u64", Text, u64;
    "string(5)/bool", Text, bool;
    "string(24)/string(100)", Text, Text;
    "u64/bytes(33)", u64, Slice;
}

#[test]
fn the_models_agree_with_the_runtimes_in_any_entry() {
    let named = std::env::var_os("MAPSCOPE_GO").unwrap_or_default();
    let named: Vec<PathBuf> = std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()).collect();
    if named.is_empty() {
        return skip::skip("go", "name go commands in MAPSCOPE_GO");
    }
    let shapes = ENTRIES.iter().map(|&name| {
        let entry: Entry = name.parse().expect(name);
        let key_max = u64::MAX >> (64 - entry.key.shape().bits);
        Shape { name, types: Types::from(entry), key_max }
    });
    let shapes: Vec<Shape> = shapes.collect();
    let ops = std::env::var("MAPSCOPE_GO_OPS").ok().and_then(|ops| ops.parse().ok()).unwrap_or(40_000);
    let mut wrong = String::new();
    for toolchain in go::find(&named).expect("MAPSCOPE_GO names go commands") {
        for map in ["map", "syncmap"] {
            let mut operations = 0;
            let compared = verify_shapes::<Grammar>(&toolchain, map, &shapes, Amount { ops, seed: 1 }, |compared| {
                operations += compared.operations;
                if let Some(first) = &compared.first {
                    let (shape, version, fault) = (compared.shape, &toolchain.version, &first.fault);
                    wrong += &format!("go{version} {map} {shape}: operation {}: {fault}\n", first.operation);
                }
            });
            compared.expect("a conversation");
            assert_eq!(operations, ops, "{map} of go{}", toolchain.version);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
