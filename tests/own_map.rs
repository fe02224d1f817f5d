//! The example of a map of one's own, built as a user builds it: in a crate outside of this one.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use mapscope::record::{self, Status};

use crate::cli_process::{PATIENT, Place};
use crate::common::skip::skip;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/own_map");

/// The most lines that an implementation of the trait may take here.
const IMPL_LINES_MAX: usize = 30;

/// The maps that a trace is played on.
const MAPS: &str = "linear,std,btree,griddle,hashbrown-fxhash";

/// Where cargo puts what it builds here, and the folder of this profile in it.
fn target() -> (PathBuf, PathBuf) {
    let profile = Path::new(env!("CARGO_BIN_EXE_mapscope")).parent().expect("a profile's folder");
    (profile.parent().expect("a target folder").to_owned(), profile.to_owned())
}

/// Versions of hashbrown that mapscope can be built with.
const HASHBROWNS: [&str; 2] = ["0.17.1", "0.17.2"];

/// Has the crate's lock file name another hashbrown than mapscope's does; false where cargo can't get it.
fn lock_another_hashbrown(folder: &Path) -> bool {
    let locked = version(folder, "hashbrown", "0.17");
    let other = HASHBROWNS.into_iter().find(|version| *version != locked).expect("another version");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["update", "--quiet", "--precise", other, &format!("hashbrown@{locked}")]).current_dir(folder);
    let fetch = || Command::new(env!("CARGO")).args(["fetch", "--quiet"]).current_dir(folder).status();
    let got = cargo.status().is_ok_and(|status| status.success()) && fetch().is_ok_and(|status| status.success());
    if !got {
        skip("registry", &format!("cargo can't get hashbrown {other}: the program has mapscope's own lock file"));
    }
    got
}

/// The version of a crate in a folder's lock file, of those that begin so.
fn version(folder: &Path, name: &str, begins: &str) -> String {
    let lock = fs::read_to_string(folder.join("Cargo.lock")).expect("a lock file");
    let before = format!("name = \"{name}\"\nversion = \"{begins}");
    let rest = lock.split(&before).nth(1).unwrap_or_else(|| panic!("no {name} {begins} in {lock}"));
    format!("{begins}{}", rest.split('"').next().expect("a version"))
}

/// Copies the crate to a place of its own, with a lock file of its own, and builds it there; gives the folder of its
/// programs.
fn build(place: &Place) -> PathBuf {
    let root = env!("CARGO_MANIFEST_DIR");
    let folder = place.path().join("own_map");
    for file in ["src/main.rs", "src/bin/words.rs"] {
        let parent = folder.join(file).parent().map(Path::to_owned).expect("a folder");
        fs::create_dir_all(parent).expect("a folder");
        fs::copy(Path::new(EXAMPLE).join(file), folder.join(file)).expect("a copy");
    }
    let manifest = fs::read_to_string(Path::new(EXAMPLE).join("Cargo.toml")).expect("a manifest");
    fs::write(folder.join("Cargo.toml"), manifest.replace("../..", root)).expect("a manifest");
    // The versions that are here already, but for one.
    let lock = || fs::copy(Path::new(root).join("Cargo.lock"), folder.join("Cargo.lock")).expect("a copy");
    lock();
    if !lock_another_hashbrown(&folder) {
        lock();
    }
    let (target, programs) = target();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--offline", "--quiet"]).current_dir(&folder).env("CARGO_TARGET_DIR", target);
    // The versions of maps are read from the names of source files; what else debuggers need would be gigabytes. Of
    // dependencies, what mapscope's own build has left there.
    cargo.env("CARGO_PROFILE_DEV_DEBUG", "line-tables-only").env("CARGO_INCREMENTAL", "0");
    cargo.args(["--config", "profile.dev.package.'*'.debug = false"]);
    cargo.args(["--config", "profile.dev.package.mapscope-maps.debug = 'line-tables-only'"]);
    if programs.ends_with("release") {
        cargo.arg("--release");
    }
    let output = cargo.output().expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    programs
}

#[test]
fn a_map_of_ones_own_has_every_verb_and_a_program_of_ones_own_leaves_a_trace() {
    let place = Place::new();
    let programs = build(&place);
    let run = |program: &str, args: &[&str]| {
        let outcome = place.run_command(Command::new(programs.join(program)).args(args));
        assert_eq!(outcome.code, Some(0), "{args:?}: {}", outcome.stderr);
        outcome
    };
    let listed = run("own_map", &["list", "maps"]);
    assert!(listed.stdout.lines().any(|line| line.trim_start().starts_with("linear ")), "{}", listed.stdout);

    let generated = ["--map", "linear,hashbrown", "--mix", "fill,churn(records=500)", "--ops", "20000"];
    let outcome = run("own_map", &[&["run", PATIENT][..], &generated, &["--hint", "0,1000", "--out", "out"]].concat());
    let results = record::read(&place.path().join("out")).expect("a record");
    assert_eq!(results.cells.len(), 8);
    assert!(results.cells.iter().all(|cell| cell.status == Status::Ok), "{}", outcome.stdout);
    let svgs = |dir: &Path| {
        let files =
            outcome.left.iter().filter(|path| path.starts_with(dir) && path.extension().is_some_and(|x| x == "svg"));
        files.filter(|path| path.to_string_lossy().contains("linear")).count()
    };
    assert!(svgs("out".as_ref()) > 0, "a flame graph of one's own map: {:?}", outcome.left);
    // What the map grew by is in its moves: all entries that it held, each time.
    let fill = results.cells.iter().find(|cell| cell.id.map == "linear" && cell.id.hint == 0).expect("a cell");
    let count = fill.count.as_ref().expect("counted");
    let grown_at = (2..).map(|bits| 1u64 << bits).take_while(|held| *held < 20_000);
    assert_eq!(count.quantities.get("census_moved_entries"), Some(grown_at.sum()));

    let text = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/METHODOLOGY.md");
    let words = run("words", &[text, "words.csv.gz"]);
    let left: u64 = words.stdout.split(' ').next().expect("a number").parse().expect("a number");
    run("own_map", &["run", "--trace", "words.csv.gz", "--map", MAPS, "--passes", "count", "--out", "traced"]);
    let traced = record::read(&place.path().join("traced")).expect("a record");
    assert_eq!(traced.cells.len(), MAPS.split(',').count());
    for cell in &traced.cells {
        assert_eq!((cell.status, cell.expected.entries), (Status::Ok, left), "{}", cell.id);
        assert!(cell.expected.removes > 0 && cell.expected.gets > 0, "{}", cell.id);
    }

    // The versions are those of the program's lock file, whatever mapscope's says.
    let locked = |name, begins| version(&place.path().join("own_map"), name, begins);
    let named = |map| &traced.cells.iter().find(|cell| cell.id.map == map).expect("a cell").map_version;
    let fx = format!("hashbrown {}, rustc-hash {}", locked("hashbrown", "0.17"), locked("rustc-hash", "2"));
    assert_eq!(*named("hashbrown-fxhash"), fx);
    let griddle = format!("griddle {} on hashbrown {}", locked("griddle", "0"), locked("hashbrown", "0.14"));
    assert_eq!(*named("griddle"), griddle);
    assert_eq!(*named("linear"), "0.1.0", "what the map says of itself");
}

#[test]
fn the_trait_takes_few_lines() {
    let source = fs::read_to_string(Path::new(EXAMPLE).join("src/main.rs")).expect("the example");
    let begin = source.lines().skip_while(|line| !line.starts_with("impl<K: Key, V: Value> Map<K, V> for"));
    let lines = begin.take_while(|line| *line != "}").count() + 1;
    assert!((10..=IMPL_LINES_MAX).contains(&lines), "{lines} lines");
}
