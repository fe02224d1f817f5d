//! Programs that end without notice, and that have C above their maps.

use std::fs;
use std::path::Path;
use std::process::Command;

use mapscope::engines::go;
use mapscope::recording::{Map, Process};

use super::traced::line_of;
use super::{maps, place, record, recording, rows, sum, toolchains};
use crate::cli_process::Place;
use crate::common::skip::skip;

#[test]
fn what_was_recorded_survives_the_process() {
    for go in toolchains(true) {
        let place = place();
        let built = record(&place, &go, &["--out", "b", "--", "go", "build", "-o", "prog", "."]);
        assert!(built.stderr.contains("run it under `mapscope record`, too"), "{}", built.stderr);
        // The last of them needs more room than a file has at first.
        for inserts in [0, 1, 8, 9, 5_000] {
            let (out, argument) = (format!("r{inserts}"), inserts.to_string());
            let outcome = place.run(&["record", "--out", &out, "--", "./prog", &argument]);
            assert_eq!(outcome.code, Some(128 + libc::SIGKILL), "{}", outcome.stderr);
            let maps = maps(&place, &out);
            let rows = rows(&maps, "main.killed");
            assert_eq!((sum(&rows, "inserts"), sum(&rows, "entries")), (inserts, inserts), "go{}", go.version);
        }
    }
}

/// Ends the program at each of these operations, and looks at what it left.
fn killed_at(go: &go::Toolchain, moments: impl Iterator<Item = u64>) {
    let place = place();
    record(&place, go, &["--out", "b", "--", "go", "build", "-o", "prog", "."]);
    let text = fs::read_to_string(place.path().join("main.go")).expect("the program");
    let at = line_of(&text, "crash", "map[int]large{}");
    for moment in moments {
        let (out, argument) = (format!("r{moment}"), moment.to_string());
        let outcome = place.run(&["record", "--trace", &at, "--out", &out, "--", "./prog", "crash", &argument]);
        assert_eq!(outcome.code, Some(128 + libc::SIGKILL), "{}", outcome.stderr);
        let which = format!("go{}, operation {moment}", go.version);
        let processes = Process::read_all(&place.path().join(&out)).expect("it can be read");
        let [process] = &processes[..] else { panic!("{which}: {} processes", processes.len()) };
        let is_of_place = |map: &&Map| process.stack(map.place).iter().any(|frame| frame.function == "main.crash");
        let all: Vec<&Map> = process.maps.iter().filter(is_of_place).collect();
        // Whichever was not at work has done all, and kept what it did not remove.
        let whole = |map: &&Map| {
            let counts = [map.writes, map.inserts, map.removes, map.entries, map.entries_max, map.entry_bytes];
            let held = map.table_bytes - map.abandoned_bytes + 1600 * 208;
            counts == [2667, 2000, 400, 1600, 1600, 2000 * 208] && map.held_bytes == held
        };
        let begun: Vec<&Map> = all.iter().copied().filter(|map| !whole(map)).collect();
        assert!(begun.len() <= 4, "{which}: {begun:?}");
        for map in begun {
            // At most the one operation at which it was has not been counted everywhere.
            assert!(map.entries.abs_diff(map.inserts - map.removes) <= 1, "{which}: {map:?}");
            assert!(map.inserts <= map.writes && map.abandoned_bytes <= map.table_bytes, "{which}: {map:?}");
            assert!(map.entries_max <= map.inserts && map.held_bytes <= map.table_bytes + map.entry_bytes);
        }
        let operations: u64 = all.iter().map(|map| map.writes + map.removes).sum();
        assert!(operations >= moment, "{which}: {operations}");
        // Of each goroutine, the one operation that it was at may be in one sum and not in the other.
        let traced = outcome.stderr.lines().find_map(|line| line.strip_prefix(&format!("{at}: ")));
        let traced = traced.and_then(|line| line.split(' ').next()).expect("the trace is told").replace(',', "");
        assert!(traced.parse::<u64>().expect("a number").abs_diff(operations) <= 4, "{which}: {traced} {operations}");
        let shown = maps(&place, &out);
        assert_eq!(sum(&rows(&shown, "main.crash"), "inserts"), all.iter().map(|map| map.inserts).sum::<u64>());
    }
}

#[test]
fn a_process_that_is_killed_in_the_middle_leaves_sums_that_agree() {
    for go in toolchains(true) {
        killed_at(&go, [1, 100, 6_007, 50_021].into_iter());
    }
}

#[test]
#[ignore = "50 moments, a minute for each toolchain"]
fn a_process_that_is_killed_at_fifty_moments_leaves_sums_that_agree() {
    for go in toolchains(true) {
        // From the first operation to the 250,000th, each a tenth to a third later than the one before.
        let moments = std::iter::successors(Some(1_u64), |&moment| Some(moment + moment.div_ceil(4) + moment % 3));
        killed_at(&go, moments.take(50));
    }
}

#[test]
fn maps_above_c_are_recorded() {
    if Command::new("gcc").arg("--version").output().is_err() {
        return skip("gcc", "there is no gcc, which a Go program with C needs");
    }
    for go in toolchains(true) {
        let place = Place::new();
        for file in ["go.mod", "main.go"] {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recording/cgo").join(file);
            fs::copy(from, place.path().join(file)).expect("copied");
        }
        let mut command = recording(&go, &["--out", "r", "--", "go", "run", "."]);
        let outcome = place.run_command(command.env("CGO_ENABLED", "1").env("CC", "gcc"));
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let maps = maps(&place, "r");
        for (function, figures) in [("main.goFill", [4, 400, 40, 4 * 4]), ("main.main", [1, 50, 0, 3])] {
            let [row] = rows(&maps, function)[..] else { panic!("{maps}") };
            let found = ["maps", "inserts", "removes", "growths"].map(|figure| row[figure].as_u64().expect("a figure"));
            assert_eq!(found, figures, "go{}: {function}", go.version);
            assert!(row["place"].as_str().is_some_and(|place| place.starts_with("main.go:")), "{row}");
        }
    }
}

#[test]
fn of_processes_that_were_killed_as_they_began_nothing_is_left() {
    let place = Place::new();
    // As the recorder leaves it, before it says what the file is.
    let begins = "head -c 4096 /dev/zero > r/1.maps; touch r/1.ops; kill -9 $$";
    let outcome = place.run(&["record", "--out", "r", "--", "sh", "-c", begins]);
    assert_eq!(outcome.code, Some(128 + libc::SIGKILL), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("nothing was recorded: the command ended with code 137"), "{}", outcome.stderr);
    assert!(!place.path().join("r").exists());
    // What somebody else has put there stays.
    let outcome = place.run(&["record", "--out", "r", "--", "sh", "-c", "touch r/notes; kill -9 $$"]);
    assert!(outcome.stderr.contains("nothing was recorded"), "{}", outcome.stderr);
    assert!(place.path().join("r/notes").exists());
}
