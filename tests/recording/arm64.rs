//! Programs built for another processor, which QEMU runs.

use std::fs;
use std::path::{Path, PathBuf};

use mapscope::engines::go;

use super::traced::line_of;
use super::{PROGRAM, maps, recording, rows, sum, toolchains};
use crate::cli_process::{Outcome, Place};
use crate::common::skip::skip;

/// The command that runs arm64's programs, by its name on the PATH.
fn qemu() -> Option<&'static str> {
    let folders: Vec<PathBuf> = std::env::split_paths(&std::env::var_os("PATH")?).collect();
    let found = ["qemu-aarch64-static", "qemu-aarch64"];
    let found = found.into_iter().find(|name| folders.iter().any(|folder| folder.join(name).is_file()));
    if found.is_none() {
        skip("qemu", "install qemu-user-static");
    }
    found
}

/// Records `go run` of a program for arm64.
fn record(program: &str, flags: &[&str], go: &go::Toolchain, qemu: &str) -> (Place, Outcome) {
    let place = Place::new();
    for file in ["go.mod", "main.go"] {
        fs::copy(Path::new(program).join(file), place.path().join(file)).expect("copied");
    }
    let command = ["--out", "r", "--", "go", "run", "-exec", qemu, "."];
    let mut command = recording(go, &[flags, &command].concat());
    let outcome = place.run_command(command.env("GOARCH", "arm64").env("CGO_ENABLED", "0"));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    (place, outcome)
}

#[test]
fn bytes_and_places_and_operations_are_those_of_the_program() {
    let (Some(go), Some(qemu)) = (toolchains(true).pop(), qemu()) else { return };
    let source = fs::read_to_string(Path::new(PROGRAM).join("main.go")).expect("the program");
    let at = line_of(&source, "counted", "map[string]int{}");
    let (place, outcome) = record(PROGRAM, &["--trace", &at], &go, qemu);
    let recorded = maps(&place, "r");
    let allocated = outcome.stdout.lines().nth(1).expect("a second line");
    assert_eq!(sum(&rows(&recorded, "main.filled"), "alloc_bytes").to_string(), allocated);
    let [row] = rows(&recorded, "main.counted")[..] else { panic!("{recorded}") };
    assert_eq!(row["place"], at);
    for (figure, expected) in
        [("maps", 2), ("writes", 260), ("inserts", 200), ("removes", 20), ("lookups", 100), ("growths", 8)]
    {
        assert_eq!(row[figure], expected, "{figure}");
    }
    assert!(outcome.stderr.contains(&format!("{at}: 384 operations of 2 maps traced\n")), "{}", outcome.stderr);
    let shared = rows(&recorded, "main.shared");
    assert_eq!((sum(&shared, "lookups"), sum(&shared, "inserts")), (80_000, 8_001));
}

#[test]
fn a_sync_map_is_recorded_as_on_any_processor() {
    let (Some(go), Some(qemu)) = (toolchains(true).pop(), qemu()) else { return };
    let (place, outcome) = record(super::tries::PROGRAM, &[], &go, qemu);
    let recorded = maps(&place, "r");
    assert_eq!(sum(&rows(&recorded, "main.filled"), "alloc_bytes").to_string(), outcome.stdout.trim());
    let shared = rows(&recorded, "main.shared.func1");
    assert_eq!(["writes", "inserts", "lookups"].map(|figure| sum(&shared, figure)), [9000, 2000, 16_000]);
}
