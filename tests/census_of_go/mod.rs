//! `mapscope census` of a Go program whose maps are known. Needs go commands, named in `MAPSCOPE_GO`.

mod dumped;
mod inside;
mod refused;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use mapscope::engines::go;
use serde_json::Value;

use crate::cli_process::{Outcome, Place};
use crate::common::skip::skip;

const PROGRAMS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/census_of_go");

fn toolchains() -> Vec<go::Toolchain> {
    let named = std::env::var_os("MAPSCOPE_GO").unwrap_or_default();
    let named: Vec<PathBuf> = std::env::split_paths(&named).filter(|path| !path.as_os_str().is_empty()).collect();
    let found = if named.is_empty() { Vec::new() } else { go::find(&named).expect("MAPSCOPE_GO names go commands") };
    if found.is_empty() {
        skip("go", "name go commands of Go 1.21 or newer in MAPSCOPE_GO");
    }
    found
}

/// Up to Go 1.21 no object names its type.
fn names_types(go: &go::Toolchain) -> bool {
    !go.is_of("Go 1.21")
}

fn build(place: &Place, go: &go::Toolchain, args: &[&str]) {
    build_of("program", place, go, args);
}

/// Builds the program of a folder beside this file.
fn build_of(folder: &str, place: &Place, go: &go::Toolchain, args: &[&str]) {
    let mut command = Command::new(&go.path);
    command.args(["build", "-o"]).arg(place.path().join("maps")).args(args).arg(".");
    command.current_dir(Path::new(PROGRAMS).join(folder)).env("GOTOOLCHAIN", "local").env_remove("GOFLAGS");
    assert!(command.status().expect("it starts").success(), "go{}", go.version);
}

/// A map of the program, as it says.
#[derive(Debug)]
struct Map {
    ty: String,
    is_named: bool,
    entries: u64,
    bytes: Option<u64>,
}

/// What the program says of its maps before it is ready.
fn said(lines: impl Iterator<Item = String>) -> Vec<Map> {
    let map = |line: String| {
        let [ty, named, entries, bytes] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let bytes = Some(bytes.parse().expect("a number")).filter(|&bytes| bytes > 0);
        Map { ty: ty.to_owned(), is_named: named == "true", entries: entries.parse().expect("a number"), bytes }
    };
    lines.take_while(|line| line != "ready").map(map).collect()
}

/// The program while it runs.
struct Running {
    child: Child,
    maps: Vec<Map>,
}

impl Running {
    fn new(place: &Place, mode: &str) -> Running {
        let mut command = Command::new(place.path().join("maps"));
        // The runtime makes a map of the environment's variables.
        command.arg(mode).env_clear().stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        let stdout = child.stdout.take().expect("piped");
        let maps = said(BufReader::new(stdout).lines().map(|line| line.expect("a line")));
        Running { child, maps }
    }

    fn pid(&self) -> String {
        self.child.id().to_string()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        self.child.wait().expect("it ends");
    }
}

fn census(place: &Place, args: &[&str]) -> Value {
    let outcome = place.run(&[&["census", "--each", "--format", "json"], args].concat());
    assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""));
    serde_json::from_str(&outcome.stdout).expect("JSON")
}

/// The types that a found map may be of.
fn types(found: &Value) -> Vec<&str> {
    let several = found["types"].as_array().into_iter().flatten().map(|ty| ty.as_str().expect("a name"));
    let several: Vec<_> = several.collect();
    if several.is_empty() { vec![found["type"].as_str().expect("a name")] } else { several }
}

/// Takes out of what was found one for each map of the program, with its type if that is named, and its bytes.
fn take_known(census: &Value, maps: &[Map], go: &go::Toolchain) -> Vec<Value> {
    let mut found = census["maps"].as_array().expect("maps").clone();
    // Those of which more is known choose first.
    let mut maps: Vec<&Map> = maps.iter().collect();
    maps.sort_by_key(|map| (map.bytes.is_none(), !map.is_named));
    for map in maps {
        let is_named = map.is_named && names_types(go);
        let is_it = |found: &Value| {
            let types = types(found);
            // Up to Go 1.23 a map without pointers lists the buckets that overflow, and outgrows lists.
            let outgrown = if found["tombstones"].is_null() { 1024 } else { 0 };
            let is_within =
                |bytes: u64| found["bytes"].as_u64().is_none_or(|found| (found..=found + outgrown).contains(&bytes));
            let bytes = map.bytes.is_none_or(is_within);
            found["entries"] == map.entries && bytes && types.contains(&&*map.ty) && (!is_named || types.len() == 1)
        };
        let at = found.iter().position(is_it).unwrap_or_else(|| panic!("go{}: {map:?} of {census:#}", go.version));
        let taken = found.swap_remove(at);
        assert!(!is_named || ["object", "reference"].contains(&taken["type_by"].as_str().expect("a word")), "{taken}");
        assert!(taken["capacity"].as_u64() >= taken["entries"].as_u64(), "{taken}");
    }
    found
}

#[test]
fn every_map_is_found_and_none_that_is_none() {
    for go in toolchains() {
        // Stripped of its symbols, and at any address.
        for args in [&[][..], &["-ldflags=-s -w", "-buildmode=pie"]] {
            let place = Place::new();
            build(&place, &go, args);
            let running = Running::new(&place, "");
            let census = census(&place, &[&running.pid()]);
            assert_eq!(census["changing_maps"], 0, "go{}", go.version);
            let others = take_known(&census, &running.maps, &go);
            // Those of std: up to Go 1.23 a sync.Map has a Go map, and reflection notes what it makes.
            let of_std = ["map[interface {}]*sync.entry", "map[int32]unsafe.Pointer", "map[unsafe.Pointer]int32"];
            let is_of_std = |found: &Value| types(found).iter().any(|ty| of_std.contains(ty));
            let large = others.iter().filter(|found| found["entries"].as_u64() > Some(8) && !is_of_std(found));
            assert_eq!(large.collect::<Vec<_>>(), Vec::<&Value>::new(), "go{}", go.version);
            assert!(others.len() < 10, "go{}: {others:?}", go.version);
        }
    }
}

#[test]
fn maps_that_change_while_they_are_read_do_no_harm() {
    for go in toolchains() {
        let place = Place::new();
        build(&place, &go, &[]);
        let running = Running::new(&place, "live");
        for _ in 0..5 {
            let census = census(&place, &[&running.pid()]);
            take_known(&census, &running.maps, &go);
        }
    }
}

#[test]
fn the_table_fits_a_terminal_and_adds_up() {
    let Some(go) = toolchains().pop() else { return };
    let place = Place::new();
    build(&place, &go, &[]);
    let running = Running::new(&place, "");
    let shown = |args: &[&str]| -> Outcome {
        let outcome = place.run(&[&["census", &running.pid()], args].concat());
        assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""));
        outcome
    };
    for args in [&[][..], &["--each", "--top", "0"], &["--by", "tombstones", "--top", "3"]] {
        let text = shown(args).stdout;
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
        assert!(text.starts_with(&format!("maps (go{}), process {}: ", go.version, running.pid())), "{text}");
    }
    let text = shown(&[]).stdout;
    assert!(text.contains("\n  map[int]string\n") && text.contains("  (1 on stacks)\n"), "{text}");
    let each = census(&place, &[&running.pid()]);
    let by_type: Value = serde_json::from_str(&shown(&["--format", "json"]).stdout).expect("JSON");
    for figure in ["entries", "capacity", "table_bytes", "tombstones"] {
        let sum =
            |rows: &Value| rows.as_array().expect("rows").iter().filter_map(|row| row[figure].as_u64()).sum::<u64>();
        assert_eq!(sum(&each["maps"]), sum(&by_type["types"]), "{figure}");
    }
    let csv = shown(&["--each", "--format", "csv"]).stdout;
    assert!(csv.starts_with("type,type_by,address,header,entries,capacity,tombstones,tables,bytes,"), "{csv}");
    assert_eq!(csv.lines().count() - 1, each["maps"].as_array().expect("maps").len());
}

fn program(place: &Place) -> PathBuf {
    Path::new(place.path()).join("maps")
}
