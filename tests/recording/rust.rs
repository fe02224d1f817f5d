//! `mapscope record` and `mapscope maps` on a Rust program of which is known what its maps come to: by a counting
//! allocator, and by hand. It is built as a user builds it, outside of this workspace.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use mapscope::record::{self, Status};
use serde_json::Value;

use super::maps;
use crate::cli_process::{Outcome, Place};

const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/recording/rust");
const SOURCE: &str = include_str!("rust/src/main.rs");

/// How it is built.
#[derive(Clone, Copy)]
struct Build {
    name: &'static str,
    features: &'static str,
    debug: &'static str,
}

const RECORDED: Build = Build { name: "recorded", features: "record", debug: "line-tables-only" };
const WITHOUT_LINES: Build = Build { name: "without-lines", features: "record", debug: "none" };
const CHANGED: Build = Build { name: "changed", ..RECORDED };
const OFF: Build = Build { name: "off", features: "", debug: "none" };

/// Has a folder of its own with the program built there.
fn build(at: &Place, build: Build) {
    let root = env!("CARGO_MANIFEST_DIR");
    fs::create_dir(at.path().join("src")).expect("a folder");
    fs::write(at.path().join("src/main.rs"), SOURCE).expect("written");
    let manifest = fs::read_to_string(Path::new(PROGRAM).join("Cargo.toml")).expect("a manifest");
    fs::write(at.path().join("Cargo.toml"), manifest.replace("../../..", root)).expect("written");
    fs::copy(Path::new(root).join("Cargo.lock"), at.path().join("Cargo.lock")).expect("copied");
    compile(at, build);
}

/// Builds the program that is in a folder.
fn compile(at: &Place, build: Build) {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recorded-rust").join(build.name);
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--offline", "--quiet", "--features", build.features]).current_dir(at.path());
    cargo.env("CARGO_TARGET_DIR", &target).env("CARGO_PROFILE_DEV_DEBUG", build.debug).env("CARGO_INCREMENTAL", "0");
    let output = cargo.output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::copy(target.join("debug/recorded-rust"), at.path().join("program")).expect("copied");
}

/// The folder of the program with lines, built once.
pub(super) fn recorded() -> &'static Place {
    static BUILT: OnceLock<Place> = OnceLock::new();
    BUILT.get_or_init(|| {
        let place = Place::new();
        build(&place, RECORDED);
        place
    })
}

/// `mapscope record FLAGS -- ./program ARGS`, into a folder of that name.
pub(super) fn recording(place: &Place, out: &str, flags: &[&str], args: &[&str]) -> Outcome {
    place.run(&[&["record", "--out", out], flags, &["--", "./program"], args].concat())
}

/// The number of the line that ends with this comment.
pub(super) fn line(comment: &str) -> u64 {
    let ends = |line: &str| line.ends_with(&format!("// {comment}"));
    SOURCE.lines().position(ends).unwrap_or_else(|| panic!("no {comment}")) as u64 + 1
}

/// The rows of a line of the program.
pub(super) fn rows(maps: &Value, line: u64) -> Vec<&Value> {
    let at = format!("src/main.rs:{line}");
    maps["places"].as_array().expect("places").iter().filter(|row| row["place"] == *at).collect()
}

#[test]
fn bytes_are_those_of_an_allocator_that_counts() {
    let place = recorded();
    let outcome = recording(place, "bytes", &[], &["bytes"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let mut counted: BTreeMap<u64, [u64; 2]> = BTreeMap::new();
    for said in outcome.stdout.lines() {
        let numbers: Vec<u64> = said.split(' ').skip(1).map(|word| word.parse().expect("a number")).collect();
        let [bytes, peak] = counted.entry(numbers[0]).or_default();
        // Each is done twice, and counted once.
        *bytes += 2 * numbers[1];
        *peak = numbers[2].max(*peak);
    }
    let maps = maps(place, "bytes");
    assert!(counted.len() > 30, "{counted:?}");
    for (&line, &[bytes, peak]) in &counted {
        let of = rows(&maps, line);
        let sum = |figure: &str| of.iter().map(|row| row[figure].as_u64().expect("a figure")).sum::<u64>();
        assert_eq!(sum("alloc_bytes"), bytes, "line {line}");
        // Lines with several maps hold more, and an array that grows where it is holds less than is taken for granted.
        let text = SOURCE.lines().nth(line as usize - 1).expect("a line");
        let of_one = !["clone", "| &", "indexmap", "Indexed"].iter().any(|other| text.contains(other));
        assert!(!of_one || sum("held_bytes_max") == peak, "line {line}: {} {peak}", sum("held_bytes_max"));
    }
    for kind in ["maps", "places", "types", "names"] {
        assert_eq!(maps["dropped"][kind], 0, "{kind}");
    }
}

#[test]
fn operations_are_counted_one_by_one_also_of_a_process_that_runs() {
    let place = recorded();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    command.args(["record", "--out", "counted", "--", "./program", "wait"]).current_dir(place.path());
    let mut running = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut said = BufReader::new(running.stdout.as_mut().expect("piped")).lines().map(|line| line.expect("a line"));
    let (counted, pid) = (said.next().expect("a line"), said.next().expect("a line"));
    let live = maps(place, &pid);
    drop(said);
    running.stdin.take().expect("piped").write_all(b"\n").expect("it reads");
    assert!(running.wait().expect("it ends").success());
    let maps = maps(place, "counted");
    assert_eq!(live["places"], maps["places"], "it did nothing more");
    assert_eq!(counted, format!("counted {} 40000", line("counted")));
    let process = &maps["processes"][0];
    assert!(process["rust"].as_str().is_some_and(|with| with.starts_with("rustc 1.")), "{process}");

    let [row] = rows(&maps, line("counted"))[..] else { panic!("{maps}") };
    assert_eq!(row["type"], "HashMap<String, u32>");
    for (figure, expected) in [
        ("maps", 2),
        ("hinted_maps", 0),
        ("entries", 2),
        ("entries_p50", 100),
        ("entries_max", 100),
        ("writes", 2 * (100 + 30 + 1)),
        ("inserts", 2 * (100 + 1)),
        ("overwrites", 2 * 30),
        ("removes", 2 * 10),
        ("lookups", 2 * 80),
        ("iterations", 2 * 2),
        ("clears", 2),
        // Tables of 4, 8, 16, 32, 64 and 128 buckets, each replaced when it is full.
        ("growths", 2 * 5),
        ("moved_entries", 2 * (3 + 7 + 14 + 28 + 56)),
        ("entry_bytes", 0),
    ] {
        assert_eq!(row[figure], expected, "{figure}");
    }
    let [row] = rows(&maps, line("sorted"))[..] else { panic!("{maps}") };
    for (figure, expected) in [("writes", 200), ("inserts", 100), ("removes", 90), ("iterations", 1), ("entries", 10)] {
        assert_eq!(row[figure], expected, "{figure}");
    }
    for figure in ["alloc_bytes", "growths", "moved_entries", "abandoned_bytes", "hint_saves_bytes"] {
        assert!(row[figure].is_null(), "of nodes nothing is known: {row}");
    }
    let [row] = rows(&maps, line("shared"))[..] else { panic!("{maps}") };
    assert_eq!((&row["lookups"], &row["inserts"], &row["growths"]), (&80_000.into(), &100.into(), &0.into()));
}

#[test]
fn a_map_of_indices_has_the_bytes_of_both_its_parts_or_none() {
    let place = recorded();
    assert_eq!(recording(place, "indexed", &[], &["indexed"]).code, Some(0));
    let maps = maps(place, "indexed");
    let [row] = rows(&maps, line("indexed"))[..] else { panic!("{maps}") };
    assert_eq!(row["type"], "indexmap::IndexMap<u64, u32>");
    // Tables of indices of 4 to 128 buckets, and arrays of as many entries as there is room for, which have their hashes.
    let tables: u64 = [4, 8, 16, 32, 64, 128].iter().map(|buckets| 9 * buckets + 16).sum();
    let (replaced, last) = (3 + 7 + 14 + 28 + 56, 112);
    let alloc_bytes = tables + 24 * (replaced + last);
    let hinted = 9 * 128 + 16 + 24 * 100;
    for (figure, expected) in [
        ("writes", 100),
        ("entries", 100),
        ("growths", 2 * 5),
        ("moved_entries", 2 * replaced),
        ("table_bytes", tables),
        ("entry_bytes", 24 * (replaced + last)),
        ("alloc_bytes", alloc_bytes),
        ("hint_saves_bytes", alloc_bytes - hinted),
    ] {
        assert_eq!(row[figure], expected, "{figure}");
    }
    let [row] = rows(&maps, line("untold"))[..] else { panic!("{maps}") };
    assert_eq!((&row["type"], &row["inserts"]), (&"indexmap::IndexSet<u64>".into(), &5_000.into()));
    for figure in ["alloc_bytes", "growths", "moved_entries", "abandoned_bytes", "held_bytes_max", "hint_saves_bytes"] {
        assert!(row[figure].is_null(), "{figure}: {row}");
    }
    assert_eq!(maps["total"]["alloc_bytes"], alloc_bytes, "of those of which it is known");
    let shown = place.run(&["maps", "indexed"]).stdout;
    let untold = "1 map whose tables can't be told: their bytes are not known, and in no sum";
    assert!(shown.lines().any(|line| line == untold), "{shown}");
    let same = place.run(&["gate", "indexed", "indexed"]);
    assert_eq!(same.code, Some(0), "{}", same.stderr);
    assert!(same.stdout.contains("growths and moves are not known of all maps"), "{}", same.stdout);
}

#[test]
fn a_map_that_the_standard_library_makes_has_the_place_of_who_calls_it() {
    let place = recorded();
    assert_eq!(recording(place, "places", &[], &["places"]).code, Some(0));
    let maps = maps(place, "places");
    for (comment, ty, count) in [
        ("collect", "HashMap<u8, u8>", 1),
        ("optional", "HashSet<i8>", 1),
        ("derived", "HashMap<u8, u16>", 1),
        ("take", "HashMap<u8, u16>", 1),
        ("clone", "HashMap<u8, u8>", 3),
        ("nested", "HashSet<u16>", 1),
        ("nested", "HashMap<u8, HashSet<u16>>", 0),
        ("static", "BTreeMap<u8, u8>", 1),
        ("unused", "never written", 1),
    ] {
        let of_type = rows(&maps, line(comment)).into_iter().filter(|row| row["type"] == ty);
        let sum: u64 = of_type.map(|row| row["maps"].as_u64().expect("a figure")).sum();
        assert_eq!(sum, count, "{comment}: {maps}");
    }
    // It was made by a function of the standard library's, and then not used.
    let places = maps["places"].as_array().expect("places");
    let others = places.iter().filter(|row| row["place"].as_str().is_some_and(|at| at.starts_with("core/src/")));
    assert_eq!(others.count(), 1, "{maps}");
}

#[test]
fn without_debug_information_such_a_map_has_the_name_of_the_function() {
    let place = Place::new();
    build(&place, WITHOUT_LINES);
    assert_eq!(recording(&place, "r", &[], &["places"]).code, Some(0));
    let maps = maps(&place, "r");
    let named: Vec<_> = maps["places"].as_array().expect("places").iter().map(|row| &row["place"]).collect();
    assert!(named.contains(&&"recorded_rust::places".into()), "{named:?}");
    assert_eq!(rows(&maps, line("derived")).len(), 1, "what the compiler knows is there");
}

#[test]
fn what_was_recorded_survives_the_process() {
    let place = recorded();
    // The last of them needs more room than a file has at first.
    for inserts in [0, 1, 15, 5_000] {
        let out = format!("killed-{inserts}");
        let outcome = recording(place, &out, &[], &["killed", &inserts.to_string()]);
        assert_eq!(outcome.code, Some(128 + libc::SIGKILL), "{}", outcome.stderr);
        let maps = maps(place, &out);
        let [row] = rows(&maps, line("killed"))[..] else { panic!("{maps}") };
        assert_eq!((&row["inserts"], &row["entries"]), (&inserts.into(), &inserts.into()));
        assert_eq!(maps["total"]["maps"], 1 + inserts);
    }
}

#[test]
fn a_sample_is_one_of_n_and_lookups_can_be_left_out() {
    let place = recorded();
    let outcome = recording(place, "sample", &["--sample", "1/10", "--no-lookups"], &["killed", "5000"]);
    assert_eq!(outcome.code, Some(128 + libc::SIGKILL), "{}", outcome.stderr);
    let maps = maps(place, "sample");
    let count = maps["total"]["maps"].as_u64().expect("a figure");
    // Which ones is the same each time.
    assert!((450..550).contains(&count), "{count}");
    assert!(maps["total"]["lookups"].is_null() && maps["processes"][0]["sample"] == 10, "{maps}");
}

#[test]
fn a_program_that_is_not_recorded_does_the_same_and_leaves_nothing() {
    // Others record into the folder of the one that is built once.
    let (on, off) = (Place::new(), Place::new());
    symlink(recorded().path().join("program"), on.path().join("program")).expect("a link");
    build(&off, OFF);
    let counted = |place: &Place| {
        let outcome = place.run_command(Command::new(place.path().join("program")).arg("counted"));
        assert_eq!((outcome.code, &*outcome.stderr, outcome.left), (Some(0), "", Vec::new()));
        outcome.stdout
    };
    assert_eq!(counted(&on), counted(&off));
    let refused = recording(&off, "r", &[], &["counted"]);
    assert_eq!(refused.code, Some(2), "{}", refused.stderr);
    assert!(refused.stderr.contains("a Rust program needs the maps of mapscope-record"), "{}", refused.stderr);
    // Whoever sets the variable wrongly is told, and the program does its work.
    for (setting, why) in [("2:1", "names no folder"), ("x", "is not LEVEL:RATE:FOLDER"), ("2:1:/nowhere", "/nowhere/")]
    {
        let mut program = Command::new(on.path().join("program"));
        let outcome = on.run_command(program.arg("counted").env("MAPSCOPE_RECORD", setting));
        assert!(outcome.code == Some(0) && outcome.stderr.contains(why), "{}", outcome.stderr);
    }
}

#[test]
fn a_hint_is_written_and_saves_what_it_said() {
    let place = Place::new();
    build(&place, CHANGED);
    assert_eq!(recording(&place, "before", &[], &["hinted"]).code, Some(0));
    let shown = place.run(&["maps", "before", "--hints"]);
    let with = "HashMap::with_capacity(names.len())";
    assert!(shown.stdout.contains(with) && shown.stdout.contains("guess: every round writes"), "{}", shown.stdout);
    let written = place.run(&["maps", "before", "--write"]);
    assert_eq!((written.code, &*written.stderr), (Some(0), "1 file changed\n"), "{}", written.stdout);
    assert_eq!(
        fs::read_to_string(place.path().join("src/main.rs")).expect("the program"),
        SOURCE.replacen("HashMap::new(); // hinted", &format!("{with}; // hinted"), 1)
    );
    compile(&place, CHANGED);
    assert_eq!(recording(&place, "after", &[], &["hinted"]).code, Some(0));
    let [before, after] = ["before", "after"].map(|name| maps(&place, name));
    let [[before], [after]] = [&before, &after].map(|maps| rows(maps, line("hinted"))).map(|rows| [rows[0]]);
    let figure = |row: &Value, name: &str| row[name].as_u64().expect("a figure");
    assert_eq!(figure(before, "alloc_bytes") - figure(before, "hint_saves_bytes"), figure(after, "alloc_bytes"));
    assert_eq!((figure(after, "growths"), figure(after, "hinted_maps"), figure(after, "hint_saves_bytes")), (0, 1, 0));
}

#[test]
fn a_trace_plays_on_another_map_to_the_same_content() {
    let place = recorded();
    let at = format!("main.rs:{}", line("traced"));
    let outcome = recording(place, "traced", &["--trace", &at], &["traced"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let left: u64 = outcome.stdout.split(' ').nth(1).expect("a number").parse().expect("a number");
    // Four operations a round, and an iteration.
    assert!(outcome.stderr.contains(&format!("{at}: 8,001 operations of 1 map traced")), "{}", outcome.stderr);
    let entry = outcome.stderr.split("--entry '").nth(1).and_then(|rest| rest.split('\'').next()).expect("an entry");
    assert!(entry.starts_with("string(") && entry.ends_with("/16"), "{entry}: a String takes 24 bytes");
    let args =
        ["run", "--trace", "traced/trace-001.csv.zst", "--entry", entry, "--map", "std,btree", "--passes", "count"];
    let outcome = place.run(&[&args[..], &["--out", "played"]].concat());
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let played = record::read(&place.path().join("played")).expect("a record");
    for cell in &played.cells {
        assert_eq!((cell.status, cell.expected.entries), (Status::Ok, left), "{}", cell.id);
    }
}

#[test]
fn recorded_maps_have_the_surface_of_the_real_ones_and_do_the_same() {
    let place = Place::new();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("recorded-rust/surface");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args([
        "test",
        "--offline",
        "--quiet",
        "--package",
        "mapscope-record",
        "--features",
        "record,serde,hashbrown,indexmap",
        "--tests",
    ]);
    cargo.current_dir(env!("CARGO_MANIFEST_DIR")).env("CARGO_TARGET_DIR", target).env("CARGO_INCREMENTAL", "0");
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only");
    let setting = [std::ffi::OsStr::new("2:1:"), place.path().as_os_str()].join(std::ffi::OsStr::new(""));
    let output = cargo.env("MAPSCOPE_RECORD", setting).output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // The text, and what serde reads.
    let recorded = mapscope::recording::Process::read_all(place.path()).expect("they can be read");
    assert!(recorded.len() >= 2 && recorded.iter().all(|process| !process.maps.is_empty()), "{recorded:?}");
}
