//! `mapscope replay` as its users run it: recordings of real Go maps, whole and altered.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::cli_process::{Outcome, Place};
use crate::common::skip;

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/classic-u64-u64-h0-brim-3000.csv.gz");

fn text(path: &Path) -> String {
    let mut text = String::new();
    GzDecoder::new(File::open(path).expect("a recording")).read_to_string(&mut text).expect("gzip of text");
    text
}

/// The long recordings of one layout, which not every machine has.
fn recordings(layout: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/go-oracle");
    let Ok(entries) = fs::read_dir(&folder) else {
        skip::skip("shared", &format!("no recordings in {}", folder.display()));
        return Vec::new();
    };
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(layout)));
    paths.sort();
    assert_eq!(paths.len(), 13, "{layout} recordings");
    paths
}

/// Replays a text with `--check`.
fn check(place: &Place, map: &str, text: &str) -> Outcome {
    fs::write(place.path().join("recording.csv"), text).expect("a file");
    place.run(&["replay", "--map", map, "--check", "recording.csv"])
}

/// The fixture with column `column` of line `line` (from 1) altered.
fn altered(line: usize, column: usize, with: &str) -> String {
    let whole = text(FIXTURE.as_ref());
    let mut lines: Vec<String> = whole.lines().map(str::to_owned).collect();
    let mut fields: Vec<&str> = lines[line - 1].split(',').collect();
    assert_ne!(fields[column], with, "that would alter nothing");
    fields[column] = with;
    lines[line - 1] = fields.join(",");
    lines.join("\n") + "\n"
}

#[test]
fn every_recording_of_a_classic_map_is_the_model_s() {
    for path in recordings("classic-").iter().map(PathBuf::as_path).chain([FIXTURE.as_ref()]) {
        let rows = text(path).lines().count() - 2;
        let outcome = Place::new().run(&["replay", "--map", "go-classic", "--check", path.to_str().expect("UTF-8")]);
        assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
        let expected = format!("{rows} operations on go-classic, no difference in alloc_bytes, allocs, len, b, ");
        assert!(outcome.stdout.contains(&expected), "{}", outcome.stdout);
    }
}

/// In one row of the recordings the runtime allocated something of its own: 5,320 bytes in 6 objects while a key was put
/// into a free slot, which takes nothing.
#[test]
fn every_recording_of_a_swiss_map_is_the_model_s() {
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/swiss-u64-u64-h0-brim-3000.csv.gz");
    for path in recordings("swiss-").iter().map(PathBuf::as_path).chain([fixture.as_ref()]) {
        let rows = text(path).lines().count() - 2;
        let outcome = Place::new().run(&["replay", "--map", "go-swiss", "--check", path.to_str().expect("UTF-8")]);
        let mut lines = outcome.stdout.lines();
        let first = lines.next().expect("a line");
        if path.to_string_lossy().contains("u64-u64-h0-churn-30000") {
            assert!(first.contains(&format!("{rows} operations on go-swiss, 1 with differences")), "{first}");
            assert_eq!(lines.next(), Some("  line 519, insert 515: alloc_bytes: expected 5320, got 0"));
        } else {
            assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
            let expected =
                format!("{rows} operations on go-swiss, no difference in alloc_bytes, allocs, len, dir_len, ");
            assert!(first.contains(&expected), "{first}");
        }
        assert_eq!(lines.next(), None);
    }
}

#[test]
fn what_is_written_is_the_recording_byte_for_byte() {
    let place = Place::new();
    let outcome = place.run(&["replay", "--map", "go-classic", FIXTURE, "--per-op", "out.csv"]);
    assert_eq!((outcome.code, outcome.left), (Some(0), vec![PathBuf::from("out.csv")]), "{}", outcome.stderr);
    let written = fs::read_to_string(place.path().join("out.csv")).expect("written");
    assert!(written == text(FIXTURE.as_ref()), "the rows differ");
    let outcome = place.run(&["replay", "--map", "go-classic", FIXTURE, "--per-op", "-"]);
    assert!(outcome.stdout == written, "stdout differs from the file");
    assert!(outcome.stderr.contains("3000 operations on go-classic"), "{}", outcome.stderr);
}

#[test]
fn an_altered_figure_is_found_in_its_row() {
    // Columns: op,key,hash,alloc_bytes,allocs,len,b,noverflow,nevacuate,growing,same_size.
    let columns = ["alloc_bytes", "allocs", "len", "b", "noverflow", "nevacuate", "growing", "same_size"];
    for (index, column) in columns.iter().enumerate() {
        for line in [3, 4, 1700, 3002] {
            let outcome = check(&Place::new(), "go-classic", &altered(line, index + 3, "977"));
            assert_eq!(outcome.code, Some(1), "{}{}", outcome.stdout, outcome.stderr);
            let found = outcome.stdout.lines().nth(1).expect("a difference");
            assert!(found.starts_with(&format!("  line {line}, ")), "{column}: {found}");
            assert!(found.contains(&format!(": {column}: expected 977, got ")), "{column}: {found}");
            assert_eq!(outcome.stdout.lines().count(), 2, "only one row was altered: {}", outcome.stdout);
        }
    }
}

/// A key's hash is altered in a later row of the key: it contradicts the one that the key was put in with.
#[test]
fn an_altered_hash_is_found_in_its_row() {
    let whole = text(FIXTURE.as_ref());
    let lines: Vec<&str> = whole.lines().collect();
    let key = |line: &str| line.split(',').nth(1).expect("a key").to_owned();
    let mut found = 0;
    for at in (50..lines.len()).step_by(37) {
        let put = lines[2..at].iter().rposition(|line| key(line) == key(lines[at]));
        let alive = put.is_some_and(|put| lines[put + 2].starts_with("insert"));
        if !alive {
            continue;
        }
        found += 1;
        let outcome = check(&Place::new(), "go-classic", &altered(at + 1, 2, "00000000deadbeef"));
        assert_eq!(outcome.code, Some(1), "{}{}", outcome.stdout, outcome.stderr);
        let line = format!("  line {}: the hash of key {} is 00000000deadbeef here", at + 1, key(lines[at]));
        assert!(outcome.stdout.contains(&line), "{}", outcome.stdout);
    }
    assert!(found > 10, "{found} rows tried");
}

#[test]
fn a_plain_trace_is_replayed_on_any_map() {
    let place = Place::new();
    fs::write(place.path().join("trace.csv"), "op,key\ninsert,7\ninsert,8\nget,7\nremove,8\n").expect("a file");
    for map in [
        "go-classic",
        "go-classic-inline",
        "go-classic-slab",
        "go-classic-pooled",
        "java-hashmap",
        "redis-dict",
        "cuckoo",
        "std",
        "hashbrown",
        "indexmap",
        "btree",
        "go-syncmap",
    ] {
        let outcome = place.run(&["replay", "--map", map, "trace.csv", "--per-op", "-", "--entry", "string(24)/u64"]);
        assert_eq!(outcome.code, Some(0), "{map}: {}", outcome.stderr);
        assert_eq!(outcome.stdout.lines().count(), 5, "{map}: {}", outcome.stdout);
        assert!(outcome.stdout.starts_with("op,key,hash,alloc_bytes,allocs,"), "{map}: {}", outcome.stdout);
    }
}

/// What one version of a map did can be held against the next.
#[test]
fn what_a_plain_trace_came_to_is_a_recording_again() {
    let place = Place::new();
    let rows: String = (0..3000u64).map(|i| format!("insert,{}\nget,{i}\nremove,{}\n", i * i % 701, i % 97)).collect();
    fs::write(place.path().join("plain.csv"), format!("op,key\n\n{rows}")).expect("a file");
    let hashed: String = rows.lines().map(|row| format!("{row},00000000000000aa\n")).collect();
    fs::write(place.path().join("hashed.csv"), format!("op,key,hash\n{hashed}")).expect("a file");
    for map in ["go-classic", "java-hashmap", "redis-dict", "cuckoo", "std", "hashbrown", "indexmap", "btree"] {
        for trace in ["plain.csv", "hashed.csv"] {
            let outcome = place.run(&["replay", "--map", map, trace, "--per-op", "out.csv"]);
            assert_eq!(outcome.code, Some(0), "{map}: {}", outcome.stderr);
            let outcome = place.run(&["replay", "--map", map, "out.csv", "--check"]);
            assert_eq!(outcome.code, Some(0), "{map}: {}{}", outcome.stdout, outcome.stderr);
            assert!(outcome.stdout.contains("9000 operations on"), "{map}: {}", outcome.stdout);
        }
    }
    let out = fs::read_to_string(place.path().join("out.csv")).expect("rows");
    fs::write(place.path().join("out.csv"), out.replace("00000000000000aa,0,0,", ",0,0,")).expect("a file");
    let outcome = place.run(&["replay", "--map", "btree", "out.csv", "--check"]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("out.csv:3: bad hash nothing"), "{}", outcome.stderr);
}

#[test]
fn values_have_the_lengths_that_the_trace_says_and_other_columns_may_hold_anything() {
    let place = Place::new();
    let trace = "op,key,value_bytes,note\ninsert,7,100,first\ninsert,8,5000,\nget,7,,1.5e3\n";
    fs::write(place.path().join("trace.csv"), trace).expect("a file");
    let outcome = place.run(&["replay", "--map", "std", "trace.csv", "--per-op", "-", "--entry", "u64/bytes"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let rows: Vec<&str> = outcome.stdout.lines().collect();
    assert_eq!(rows[0], "op,key,hash,value_bytes,alloc_bytes,allocs,len");
    assert!(rows[1].starts_with("insert,7,,100,") && rows[2].starts_with("insert,8,,5000,"), "{rows:?}");
    assert_eq!(rows[3], "get,7,,,0,0,2");
    fs::write(place.path().join("bad.csv"), trace.replace("5000", "5e3")).expect("a file");
    let bad = place.run(&["replay", "--map", "btree", "bad.csv", "--entry", "u64/bytes"]);
    assert_eq!(bad.code, Some(2));
    assert!(bad.stderr.contains("bad.csv:3: bad value_bytes `5e3`"), "{}", bad.stderr);
}

#[test]
fn what_has_no_room_in_memory_is_refused_in_words() {
    let place = Place::new();
    let trace = "op,key,value_bytes\ninsert,7,100\ninsert,8,300000000\n";
    fs::write(place.path().join("trace.csv"), trace).expect("a file");
    // A map of that many entries, which nobody can try before it is made.
    let made = "# layout=classic type=u64/u64 hint=9000000 key_size=8 elem_size=8\nop,key,hash\nnew,,\n";
    fs::write(place.path().join("made.csv"), made).expect("a file");
    // Less than what is free, and room enough for all else.
    let script = "ulimit -d 262144; exec \"$0\" \"$@\"";
    let replay = |args: &[&str]| {
        let mut command = Command::new("sh");
        command.args(["-c", script, env!("CARGO_BIN_EXE_mapscope"), "replay"]).args(args);
        let outcome = place.run_command(command.env_remove("RUST_BACKTRACE"));
        (outcome.code, outcome.stderr)
    };
    let (code, said) = replay(&["--map", "std", "trace.csv", "--entry", "u64/bytes", "--per-op", "rows.csv"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.starts_with("error: trace.csv:3: needs more memory than there is: it may use "), "{said}");
    let (code, said) = replay(&["--map", "go-classic", "made.csv"]);
    assert_eq!(code, Some(2), "{said}");
    let expected = "error: the map can't go on, as said above\n";
    assert!(said.starts_with("memory allocation of ") && said.ends_with(expected), "{said}");
    // Lengths that no value has take none.
    assert_eq!(replay(&["--map", "std", "trace.csv"]), (Some(0), String::new()));
    assert_eq!(fs::read_dir(place.path()).expect("the folder").count(), 2, "nothing else is left");
}

#[test]
fn rows_are_compressed_as_the_name_of_their_file_says_and_never_written_over_the_trace() {
    let place = Place::new();
    for (name, magic) in [("out.csv.gz", &[0x1f, 0x8b][..]), ("out.csv.zst", &[0x28, 0xb5, 0x2f, 0xfd])] {
        let outcome = place.run(&["replay", "--map", "go-classic", FIXTURE, "--per-op", name]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        assert!(fs::read(place.path().join(name)).expect("rows").starts_with(magic));
        let outcome = place.run(&["replay", "--map", "go-classic", name, "--check"]);
        assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
        let before = fs::read(place.path().join(name)).expect("rows");
        let outcome = place.run(&["replay", "--map", "go-classic", name, "--per-op", &format!("./{name}")]);
        assert_eq!(outcome.code, Some(2), "{}", outcome.stdout);
        assert!(outcome.stderr.contains("is the trace itself"), "{}", outcome.stderr);
        assert_eq!(fs::read(place.path().join(name)).expect("rows"), before);
    }
}

/// A reader that has seen enough does not make a verdict of half the trace.
#[test]
fn a_comparison_goes_on_when_nobody_reads_the_rows() {
    let place = Place::new();
    let rows: String = (0..30_000).map(|key| format!("insert,{key}\n")).collect();
    fs::write(place.path().join("plain.csv"), format!("op,key\n{rows}")).expect("a file");
    assert_eq!(place.run(&["replay", "--map", "btree", "plain.csv", "--per-op", "out.csv"]).code, Some(0));
    let rows = fs::read_to_string(place.path().join("out.csv")).expect("rows");
    fs::write(place.path().join("out.csv"), rows + "insert,0,,99,1,0\n").expect("a file");
    for (check, code) in [("--check", 1), ("", 0)] {
        let line = format!("set -o pipefail; \"$0\" replay --map btree out.csv {check} --per-op - | head -1");
        let outcome = place.run_command(Command::new("bash").args(["-c", &line, env!("CARGO_BIN_EXE_mapscope")]));
        assert_eq!(outcome.code, Some(code), "{}{}", outcome.stdout, outcome.stderr);
        assert_eq!(outcome.stderr.contains("line 30002, insert 0: alloc_bytes: expected 99, got 0"), code == 1);
        assert_eq!(outcome.stderr.contains("operations on btree"), code == 1, "{}", outcome.stderr);
    }
}

#[test]
fn from_2_to_the_16_buckets_up_overflow_buckets_are_not_compared_and_that_is_said() {
    // 500,000 keys need 2^17 buckets; each key's hash is its number, mixed.
    let hash = |id: u64| (id + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    let rows: String = (0..500_000).map(|id| format!("insert,{id},{:016x}\n", hash(id))).collect();
    let place = Place::new();
    let about = "# layout=classic type=u64/u64 hint=0 key_size=8 elem_size=8\nop,key,hash\nnew,,\n";
    fs::write(place.path().join("trace.csv"), format!("{about}{rows}")).expect("a file");
    let outcome = place.run(&["replay", "--map", "go-classic", "trace.csv", "--per-op", "out.csv"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    let whole = fs::read_to_string(place.path().join("out.csv")).expect("rows");
    let mut left_out = 0;
    let changed: String = whole
        .lines()
        .map(|line| {
            let mut fields: Vec<String> = line.split(',').map(str::to_owned).collect();
            if fields.get(6).and_then(|b| b.parse::<u64>().ok()).is_some_and(|b| b >= 16) {
                left_out += 1;
                fields[7] = "65535".to_owned();
            }
            fields.join(",") + "\n"
        })
        .collect();
    assert_eq!(left_out, 500_000 - 6 * 32_768 - 32_768 / 2, "those after the inserts that 2^15 buckets can take");
    fs::write(place.path().join("changed.csv"), changed).expect("a file");
    let outcome = place.run(&["replay", "--map", "go-classic", "changed.csv", "--check"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("500001 operations on go-classic, no difference"), "{}", outcome.stdout);
    let said = "noverflow was left out in 287008 of them: Go counts it by chance from b = 16 up";
    assert!(outcome.stdout.contains(said), "{}", outcome.stdout);
}

#[test]
fn bad_input_is_named_and_leaves_nothing() {
    let whole = text(FIXTURE.as_ref());
    let with = |from: &str, to: &str| whole.replacen(from, to, 1);
    let cases = [
        (with("layout=classic", "layout=swiss2"), "layout swiss2, of which there is no model"),
        (with("type=u64/u64", "type=u63/u64"), "recording.csv:1: type=u63/u64 is not known"),
        (with("key_size=8", "key_size=9"), "recording.csv:1: key_size=9, but type=u64/u64 has 8"),
        (with(" hint=0", ""), "recording.csv:1: no hint in the first line of a recording"),
        (with(" layout=classic", ""), "recording.csv:1: no layout in the first line of a recording"),
        (with("bucket_size=144", "bucket_size=152"), "recording.csv:1: bucket_size=152, but type=u64/u64 has 144"),
        (with("hint=0", "hint=x"), "recording.csv:1: hint is `x`; expected a decimal number"),
        (with("op,key,hash,", "op,key,hsh,"), "has no column `hash`"),
        (with(",noverflow,", ",overflow,"), "nothing to compare with: no column noverflow"),
        (with("op,key,", "op,kee,"), "recording.csv:2: no column `key` in the header"),
        (with(",b,", ",len,"), "column `len` occurs twice"),
        (altered(50, 0, "put"), "recording.csv:50: unknown op `put`"),
        (altered(50, 0, "new"), "recording.csv:50: a recording begins with `new`, and has it nowhere else"),
        (altered(50, 1, "-1"), "recording.csv:50: bad key"),
        (altered(50, 2, "abc"), "recording.csv:50: bad hash `abc`; expected exactly 16"),
        (altered(50, 3, "1e3"), "recording.csv:50: bad figure `1e3` in column 4"),
        (altered(50, 10, "0,0"), "recording.csv:50: the header names 11 columns, but this row has 12"),
        (
            altered(50, 0, "hash"),
            "recording.csv:50: `hash` gives a key's hash in an inner map, and go-classic makes none",
        ),
        (
            with("hint=0", "hint=9000000000000000000"),
            "recording.csv:1: hint=9000000000000000000 entries need more memory",
        ),
        (altered(3, 0, "clear"), "recording.csv:3: a recording begins with `new`"),
        (String::new(), "recording.csv: is empty"),
        (whole.lines().take(2).map(|line| format!("{line}\n")).collect(), "holds no operations"),
    ];
    for (text, message) in cases {
        let place = Place::new();
        fs::write(place.path().join("recording.csv"), text).expect("a file");
        let args = ["replay", "--map", "go-classic", "--check", "recording.csv", "--per-op", "out.csv"];
        let outcome = place.run(&args);
        assert_eq!(outcome.code, Some(2), "{message}: {}{}", outcome.stdout, outcome.stderr);
        assert!(outcome.stderr.contains(message), "{message}: {}", outcome.stderr);
        assert!(outcome.left.is_empty(), "{message}: {:?}", outcome.left);
    }
}

#[test]
fn other_maps_other_folders_and_damaged_files_are_refused() {
    let place = Place::new();
    let refused = |args: &[&str], message: &str| {
        let outcome = place.run(args);
        assert_eq!(outcome.code, Some(2), "{args:?}: {}", outcome.stdout);
        assert!(outcome.stderr.contains(message), "{args:?}: {}", outcome.stderr);
        assert!(outcome.left.is_empty(), "{args:?}: {:?}", outcome.left);
    };
    refused(&["replay", "--map", "std", FIXTURE], "replay it with --map go-classic");
    refused(&["replay", "--map", "go-clasic", FIXTURE], "did you mean \"go-classic\"?");
    refused(&["replay", "--map", "go-classic", "none.csv"], "none.csv: can't be read");
    refused(&["replay", "--map", "go-classic", FIXTURE, "--per-op", "no/where.csv"], "no/where.csv: can't be written");
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text(FIXTURE.as_ref()).as_bytes()).expect("packed");
    let packed = packed.finish().expect("packed");
    fs::write(place.path().join("cut.csv.gz"), &packed[..packed.len() / 2]).expect("a file");
    refused(&["replay", "--map", "go-classic", "cut.csv.gz", "--per-op", "out.csv"], "truncated or damaged");
    fs::write(place.path().join("plain.csv"), "op,key\ninsert,7\n").expect("a file");
    refused(&["replay", "--map", "std", "--check", "plain.csv"], "nothing to compare with");
    refused(&["replay", "--map", "std", "--entry", "u64/u65", "plain.csv"], "did you mean \"u64/u64\"?");
    refused(&["replay", "--map", "go-classic", "--entry", "u64/u64", FIXTURE], "leave --entry out");
    refused(&["replay", "--map", "go-runtime", "plain.csv"], "works in a process of its own");
}

#[test]
fn a_plain_trace_is_played_on_a_map_that_is_built_as_asked() {
    let place = Place::new();
    let rows: String = (0..100).map(|key| format!("insert,{key}\n")).collect();
    fs::write(place.path().join("t.csv"), format!("op,key\n{rows}")).expect("a file");
    let shown = |args: &[&str]| {
        let outcome = place.run(&[&["replay", "t.csv"], args].concat());
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        outcome.stdout
    };
    // One table of 128 * 7 / 8 entries at least, of 16 bytes and a control byte each, and a group of these.
    let hinted = shown(&["--map", "hashbrown", "--hint", "100"]);
    assert!(hinted.contains("100 operations on hashbrown, 2192 bytes in 1 allocations, len 100"), "{hinted}");
    let filled = shown(&["--map", "go-classic", "--load-factor", "8"]);
    let own = shown(&["--map", "go-classic", "--load-factor", "6.5"]);
    assert!(filled.contains(", b 4, ") && own.contains(", b 4, ") && own == shown(&["--map", "go-classic"]), "{own}");
    let sparse = shown(&["--map", "go-classic", "--load-factor", "2"]);
    assert!(sparse.contains(", b 6, "), "{sparse}");
    for (args, message) in [
        (["--map", "std", "--load-factor", "2"], "--load-factor: can't be set: not a parameter of std"),
        (["--map", "go-classic", "--load-factor", "9"], "--load-factor: must be from 1 to 8 for go-classic, got 9"),
        (["--map", "btree", "--hint", "3"], "--hint: can't be given: btree takes no capacity hint"),
        (["--map", "std", "--hint", "-1"], "--hint: "),
        (["--map", "std", "--hint", "ops"], "--hint ops: a trace is played as it is read, and its operations are not"),
    ] {
        let outcome = place.run(&[&["replay", "t.csv"][..], &args].concat());
        assert!(outcome.code == Some(2) && outcome.stderr.contains(message), "{message}: {}", outcome.stderr);
    }
    let outcome = place.run(&["replay", "--map", "go-classic", "--hint", "5", FIXTURE]);
    assert!(outcome.stderr.contains("is a recording, which says how its map was built: leave --hint out"));
}
