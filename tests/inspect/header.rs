//! The header against recordings of real Go programs.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::Value;

use super::{data, inspect, inspect_json, list, number, slots};
use crate::cli_process::Place;

/// A recording's columns and rows, the making of the map first; without those that only give hashes.
struct Recording {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

fn read(path: &Path) -> Recording {
    let mut text = String::new();
    let mut file = File::open(path).expect("a recording");
    match path.extension().is_some_and(|extension| extension == "gz") {
        true => GzDecoder::new(file).read_to_string(&mut text).expect("gzip of text"),
        false => file.read_to_string(&mut text).expect("text"),
    };
    let mut lines = text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("hash,"));
    let fields = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    let columns = fields(lines.next().expect("a header"));
    Recording { columns, rows: lines.map(fields).collect() }
}

impl Recording {
    /// Holds a moment against the row of its operation, and what it has allocated so far against the rows until there.
    fn holds(&self, moment: &Value) {
        let operation = number(&moment["operation"]) as usize;
        let row = &self.rows[operation];
        let at = |name: &str| self.columns.iter().position(|column| column == name).expect("a column");
        let recorded = |row: &[String], at: usize| row[at].parse::<u64>().expect("a figure");
        for column in at("allocs") + 1..self.columns.len() {
            let name = &self.columns[column];
            assert_eq!(number(&moment["header"][name]), recorded(row, column), "{name} after operation {operation}");
        }
        for name in ["alloc_bytes", "allocs"] {
            let sum: u64 = self.rows[..=operation].iter().map(|row| recorded(row, at(name))).sum();
            assert_eq!(number(&moment["so_far"][name]), sum, "{name} until operation {operation}");
        }
        match (&moment["last"], row[0].as_str()) {
            (Value::Null, "new") => {}
            (last, action) => {
                assert_eq!((&last["action"], &last["key"].to_string()), (&action.into(), &row[1]), "{operation}");
            }
        }
    }
}

const MAPS: [(&str, &str); 4] =
    [("go-classic", "classic"), ("go-swiss", "swiss"), ("go-syncmap", "syncmap"), ("go-syncmap", "synctrie")];

#[test]
fn after_each_of_twelve_inserts_and_a_remove_the_header_is_what_go_had() {
    for (map, layout) in MAPS {
        let path = data(&format!("inspect-{layout}-13.csv"));
        let recording = read(path.as_ref());
        let inserts = recording.rows.iter().filter(|row| row[0] == "insert").count();
        assert_eq!((recording.rows.len(), inserts, recording.rows[13][0].as_str()), (14, 12, "remove"));
        let document = inspect_json(&["--map", map, "--trace", &path, "--at", "0..13"]);
        let moments = list(&document["moments"]);
        assert_eq!(moments.len(), 14);
        for (n, moment) in moments.iter().enumerate() {
            assert_eq!(number(&moment["operation"]), n as u64);
            recording.holds(moment);
            // One at a time it is the same.
            let alone = inspect_json(&["--map", map, "--trace", &path, "--at", &n.to_string()]);
            assert_eq!(&list(&alone["moments"])[0], moment);
        }
    }
}

/// As text, every figure is there once, under its name.
#[test]
fn the_header_is_the_same_in_every_format() {
    for (map, layout) in MAPS {
        let path = data(&format!("inspect-{layout}-13.csv"));
        let recording = read(path.as_ref());
        for n in ["0", "1", "9", "13"] {
            let args = ["--map", map, "--trace", &path, "--at", n];
            let text = inspect(&args);
            let svg = inspect(&[&args[..], &["--format", "svg"]].concat());
            let row = &recording.rows[n.parse::<usize>().expect("a number")];
            for (name, figure) in recording.columns.iter().zip(row).skip(5) {
                let lines = text.lines().filter(|line| line.starts_with(&format!("  {name} ")));
                let found: Vec<_> = lines.map(|line| line.split_whitespace().nth(1).expect("a figure")).collect();
                assert_eq!(found, [figure.as_str()], "{map} {n} {name}");
                assert!(svg.contains(&format!("<title>{name}: {figure} ")), "{map} {n} {name}");
            }
        }
    }
}

#[test]
fn as_many_slots_are_full_as_there_are_entries() {
    for (map, layout) in &MAPS[..2] {
        let path = data(&format!("{layout}-u64-u64-h0-brim-3000.csv.gz"));
        let at: Vec<_> = (0..3000).step_by(73).map(|n| n.to_string()).collect();
        let document = inspect_json(&["--map", map, "--trace", &path, "--at", &at.join(",")]);
        let recording = read(path.as_ref());
        for moment in list(&document["moments"]) {
            recording.holds(moment);
            let full = slots(moment).filter(|(.., slot)| slot["mark"] == "full").count();
            assert_eq!(full as u64, number(&moment["header"]["len"]));
            let summed: u64 = list(&moment["tables"]).iter().map(|table| number(&table["summary"]["entries"])).sum();
            assert_eq!(summed, full as u64);
        }
    }
}

/// The long recordings, which not every machine has: now and then.
#[test]
fn long_recordings_hold_now_and_then() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/go-oracle");
    let Ok(entries) = fs::read_dir(&folder) else {
        return crate::common::skip::skip("shared", &format!("no recordings in {}", folder.display()));
    };
    let mut held = 0;
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let (map, _) = MAPS.into_iter().find(|(_, layout)| name.starts_with(layout)).expect("a known layout");
        // The one row of all in which something else than the map allocated.
        if name == "swiss-u64-u64-h0-churn-30000-s1.csv.gz" {
            continue;
        }
        let path = path.to_str().expect("UTF-8");
        let document = inspect_json(&["--map", map, "--trace", path, "--at", "700,5100"]);
        let recording = read(path.as_ref());
        list(&document["moments"]).iter().for_each(|moment| recording.holds(moment));
        held += list(&document["moments"]).len();
    }
    assert_eq!(held, 50);
}

/// `run` counts what a workload moves and allocates by a census and by the allocator, in a process of its own.
#[test]
fn what_it_has_cost_so_far_is_what_run_counts() {
    let workload = ["--keys", "zipfian(0.9)", "--mix", "mix(insert=60,remove=25,get=15)", "--seed", "7"];
    for map in ["go-classic", "go-swiss", "go-syncmap(go=1.23)", "go-syncmap"] {
        let args = [&["--map", map, "--ops", "9000"], &workload[..]].concat();
        let document = inspect_json(&[&args[..], &["--at", "end"]].concat());
        let so_far = &list(&document["moments"])[0]["so_far"];
        let counted = Place::new().run(&[&["run", "--passes", "count", "--out", "-"], &args[..]].concat());
        assert_eq!(counted.code, Some(0), "{}", counted.stderr);
        let mut lines = counted.stdout.lines().map(csv_fields);
        let (names, row) = (lines.next().expect("a header"), lines.next().expect("a row"));
        let column = |name: &str| {
            let at = names.iter().position(|column| column == name).unwrap_or_else(|| panic!("no {name}"));
            row[at].parse::<u64>().ok()
        };
        let mut compared = 0;
        for name in [
            "moved_entries",
            "moved_bytes",
            "grow_events",
            "same_size_grow_events",
            "split_events",
            "directory_grow_events",
            "prune_events",
            "promote_events",
            "dirty_copy_events",
        ] {
            if let (Some(counted), Some(here)) = (column(name), so_far.get(name)) {
                assert_eq!(number(here), counted, "{map}: {name}");
                compared += 1;
            }
        }
        // A trie has a root, and nothing moves.
        let least = if map == "go-syncmap" { 1 } else { 2 };
        assert!(compared >= least, "{map}: {compared} figures compared: {so_far}");
    }
}

/// The fields of a line of CSV, of which some are in quotes.
fn csv_fields(line: &str) -> Vec<String> {
    let parts = line.split('"').enumerate();
    let joined: String =
        parts.map(|(n, part)| if n % 2 == 1 { part.replace(',', ";") } else { part.to_owned() }).collect();
    joined.split(',').map(str::to_owned).collect()
}
