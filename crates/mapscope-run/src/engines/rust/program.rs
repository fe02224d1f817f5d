//! The text of a program of one map and one entry.

use crate::maps::{Named, Use};
use crate::workload::Entry;

/// Its `Cargo.toml`. What names a map's frames is as in mapscope's own.
pub(super) fn manifest(package: &str, sources: &str, profile: &str) -> String {
    format!(
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

{profile}"
    )
}

/// Its `src/main.rs`.
pub(super) fn main(map: Named, entry: Entry) -> String {
    let by = match map.by {
        Use::Alone => "alone",
        Use::Concurrent => "concurrent",
        Use::Shared => "shared",
    };
    format!(
        "use std::alloc::System;
use std::process::ExitCode;

use counting_alloc::Counting;
#[allow(unused_imports)]
use mapscope_maps::entry::{{Bytes, BytesOf, Str}};
use mapscope_maps::maps::family;
use mapscope_run::run::Only;

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting::new(System);

struct One;

mapscope_maps::entries! {{ One; \"{entry}\", {key}, {value}; }}

fn main() -> ExitCode {{
    Only::{by}::<family::{family}, One>().main()
}}
",
        key = entry.key.rust(),
        value = entry.value.rust(),
        family = map.family,
    )
}
