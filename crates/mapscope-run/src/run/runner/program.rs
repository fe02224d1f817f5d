//! The text of a program of one map and one entry.

use std::fmt::Write as _;

use crate::maps::{Named, Use};
use crate::workload::Entry;

/// The crates that have code of maps, of their hashers and of what counts. What is generic is compiled with the program, and
/// optimised as that is, whichever crate it is of.
const MEASURED: [&str; 25] = [
    "ahash",
    "archery",
    "counting-alloc",
    "crossbeam-epoch",
    "crossbeam-skiplist",
    "crossbeam-utils",
    "dashmap",
    "flurry",
    "foldhash",
    "griddle",
    "hashbrown",
    "imbl",
    "imbl-sized-chunks",
    "indexmap",
    "lock_api",
    "mapscope-maps",
    "papaya",
    "parking_lot",
    "parking_lot_core",
    "rustc-hash",
    "saa",
    "scc",
    "sdd",
    "seize",
    "siphasher",
];

/// The crates that do no measured work, but that those above use, or that a pass waits for.
const NEEDED: [&str; 23] = [
    "addr2line",
    "backtrace",
    "blake3",
    "bytemuck",
    "equivalent",
    "flate2",
    "framehop",
    "gimli",
    "hdrhistogram",
    "libm",
    "mapscope-run",
    "mapscope-trace",
    "memchr",
    "miniz_oxide",
    "object",
    "rand_core",
    "rand_xoshiro",
    "rustc-demangle",
    "safe_arch",
    "scopeguard",
    "smallvec",
    "wide",
    "zerocopy",
];

/// Its `Cargo.toml`. What is neither measured nor needed takes a third of the time to build when it is not optimised; without
/// these words for all, the crates that only run while it is built would be, too.
pub(super) fn manifest(package: &str, sources: &str) -> String {
    let mut manifest = format!(
        "[package]
name = \"{package}\"
version = \"0.0.0\"
edition = \"2024\"
publish = false

[workspace]

[dependencies]
counting-alloc = {{ path = \"{sources}/crates/counting-alloc\" }}
mapscope-maps = {{ path = \"{sources}/crates/mapscope-maps\" }}
mapscope-run = {{ path = \"{sources}/crates/mapscope-run\", default-features = false }}

[profile.release]
debug = \"limited\"

[profile.release.package.\"*\"]
debug = false
opt-level = 0
"
    );
    for name in NEEDED {
        let _ = write!(manifest, "\n[profile.release.package.{name}]\nopt-level = 1\n");
    }
    for name in MEASURED {
        let _ = write!(manifest, "\n[profile.release.package.{name}]\ndebug = \"limited\"\nopt-level = 3\n");
    }
    manifest
}

/// Its `src/main.rs`.
pub(super) fn main(map: Named, entry: Entry) -> String {
    let by = match map.by {
        Use::Alone => "alone",
        Use::Concurrent => "concurrent",
        Use::Shared => "shared",
    };
    let Entry { key, value } = entry;
    let holes = [
        ("{by}", by),
        ("{family}", map.family),
        ("{entry}", &entry.to_string()),
        ("{key}", &key.rust()),
        ("{value}", &value.rust()),
    ];
    holes.into_iter().fold(include_str!("main.rs.in").to_owned(), |text, (hole, is)| text.replace(hole, is))
}
