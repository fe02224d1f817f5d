//! Records what `tests/data` has of a [`Scenario`]'s work on real Go runtimes. Ignored: whoever wants new recordings asks
//! for them, with all the toolchains of [`RECORDINGS`].
//!
//! ```sh
//! MAPSCOPE_GO=~/go1.21/bin/go:~/go1.22/bin/go:... cargo test --test maps -- --ignored go_oracle::record
//! ```

use std::fs;

use mapscope::engines::go::{self, Op};
use mapscope::verify::Scenario;

use super::ROWS;
use super::go_recorder::{Recorder, data};
use super::releases::shows;

/// Release, shape, hint, and how many operations, the making of the map included.
///
/// Of the newest of each layout every type, of the others those that show what is different: headers before objects with
/// pointers (Go 1.21), tombstones that stay (1.24), keys that are pointers (up to 1.26).
const RECORDINGS: &[(&str, &str, u64, u32)] = &[
    ("Go 1.21", "mid/ptr", 0, 4000),
    ("Go 1.21", "str/u64", 200, 4000),
    ("Go 1.21", "u64/u64", 0, 4000),
    ("Go 1.22", "mid/ptr", 0, 4000),
    ("Go 1.22", "u64/u64", 0, 4000),
    ("Go 1.23", "big/u64", 0, 8000),
    ("Go 1.23", "u64/big", 9, 8000),
    ("Go 1.23", "mid/ptr", 0, 8000),
    ("Go 1.23", "str/u64", 200, 8000),
    ("Go 1.23", "u16/none", 0, 8000),
    ("Go 1.23", "u32/u8", 100, 8000),
    ("Go 1.23", "u64/u64", 0, 8000),
    ("Go 1.24", "str/u64", 0, 4000),
    ("Go 1.24", "u64/u64", 0, 4000),
    ("Go 1.24", "u64/big", 0, 4000),
    ("Go 1.25", "u64/u64", 0, 4000),
    ("Go 1.25", "mid/ptr", 0, 4000),
    ("Go 1.26", "u64/u64", 0, 4000),
    ("Go 1.26", "ptr/u64", 9, 4000),
    ("Go 1.27", "big/u64", 0, 8000),
    ("Go 1.27", "u64/big", 9, 8000),
    ("Go 1.27", "mid/ptr", 0, 8000),
    ("Go 1.27", "str/u64", 200, 8000),
    ("Go 1.27", "u16/none", 0, 8000),
    ("Go 1.27", "u32/u8", 100, 8000),
    ("Go 1.27", "u64/u64", 0, 8000),
    ("Go 1.27", "ptr/u64", 9, 8000),
];

/// Enough to split a table, and few enough that a hash comes again.
const KEYS: u32 = 1200;

/// The most that are tried.
const SEEDS: u64 = 60;

#[test]
#[ignore = "records anew, from Go toolchains"]
fn record() {
    let paths: Vec<_> = std::env::split_paths(&std::env::var_os("MAPSCOPE_GO").expect("MAPSCOPE_GO")).collect();
    let toolchains = go::find(&paths).expect("toolchains");
    for &(release, name, hint, operations) in RECORDINGS {
        let toolchain = toolchains.iter().find(|toolchain| toolchain.is_of(release));
        let toolchain = toolchain.unwrap_or_else(|| panic!("{release} is not in MAPSCOPE_GO"));
        let shape = *go::SHAPES.iter().find(|shape| shape.name == name).expect("a shape");
        // The runtime draws its hashes anew each time, and what they lead to.
        let shown = (1..=SEEDS).any(|seed| {
            let how = format!("recorded_by=tests/go_oracle/record.rs ops=scenario seed={seed}");
            let mut recorder = Recorder::start(toolchain, "map", shape, hint, &how);
            let mut scenario = Scenario::new(seed, KEYS, false, true);
            let ops: Vec<Op> = (1..operations).map(|_| scenario.next_op()).collect();
            recorder.ops(&ops);
            let layout = if recorder.text.contains(" layout=swiss ") { "swiss" } else { "classic" };
            let (types, version) = (name.replace('/', "-"), &toolchain.version);
            let path = data(&format!("{layout}-{types}-h{hint}-scenario-{operations}-go{version}.csv.zst"));
            let compressed = zstd::encode_all(recorder.text.as_bytes(), 19).expect("memory");
            fs::write(&path, compressed).expect("a file");
            let row = ROWS.iter().find(|row| (row.layout, row.types) == (layout, &*types)).expect("a row");
            shows(&path, row.play)
        });
        assert!(shown, "{release}, {name}: {SEEDS} seeds don't show what is different");
    }
}
