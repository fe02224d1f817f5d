//! Entries that are not compiled in: a program of one map and one entry, built by the `cargo` on the PATH.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use mapscope::record::{self, Results, Status};

use crate::cli_process::{Outcome, Place, script};
use crate::common;

/// Longer than any wait takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// Runs cells, with what is built kept from one run of these tests to the next.
fn run(place: &Place, args: &[&str], path: Option<&str>) -> (Outcome, Results) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    command.args(["run", common::PATIENT, "--out", "out"]).args(args);
    command.env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("runners"));
    command.env_remove("RUSTC");
    path.map(|path| command.env("PATH", path));
    let outcome = place.run_command(&mut command);
    let results = record::read(&place.path().join("out")).expect("a record");
    (outcome, results)
}

#[test]
fn an_entry_that_is_not_compiled_in_is_built_and_measured() {
    let place = Place::new();
    let args = ["--map", "hashbrown", "--entry", "u32/u32,u64/u64", "--keys", "sequential,uniform", "--ops", "1000"];
    let (outcome, results) = run(&place, &args, None);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(results.cells.len(), 4);
    for cell in &results.cells {
        assert_eq!(cell.status, Status::Ok, "{}: {:?}", cell.id, cell.error);
        let entry_bytes = if cell.id.entry == "u32/u32" { 8 } else { 16 };
        let count = cell.count.as_ref().expect("counted");
        // 2,048 buckets, a control byte each and a group's more.
        let table = |buckets: u64| buckets * entry_bytes + buckets + 16;
        assert_eq!(count.quantities.get("live_bytes"), Some(table(2_048)), "{}", cell.id);
        let grown: u64 = [4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048].map(table).iter().sum();
        assert_eq!(count.quantities.get("alloc_bytes"), Some(grown), "{}", cell.id);
        assert_eq!(cell.expected.payload_bytes, 1_000 * entry_bytes, "{}", cell.id);
        assert!(cell.time.as_ref().is_some_and(|time| !time.bare_elapsed_ns.is_empty()), "{}", cell.id);
        let profile = cell.profile.as_ref().expect("stacks");
        let named = |part: &str| profile.frames.iter().any(|frame| frame.function.contains(part));
        assert!(named("hashbrown::raw::RawTable") && !named("mapscope::run::"), "{}: {:?}", cell.id, profile.frames);
        assert_eq!(cell.map_version, results.cells[0].map_version);
    }
    // What is counted depends on nothing but the entry's own sizes: both are the same map.
    let (again, kept) = run(&Place::new(), &args, None);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    for (one, other) in results.cells.iter().zip(&kept.cells) {
        assert_eq!(one.count, other.count, "{}", one.id);
    }
}

#[test]
fn keys_and_values_are_as_long_as_each_row_says() {
    let place = Place::new();
    let text = "op,key,value_bytes\nput,a key of 21 bytes ...,100\nput,short,3\nget,short,\nput,a key of 21 bytes ...,50\n\
                put,another of 30 bytes ..........,200\nremove,short,\n";
    fs::write(place.path().join("t.csv"), text).expect("written");
    let args = ["--map", "hashbrown,btree", "--entry", "string/bytes", "--trace", "t.csv", "--passes", "count,time"];
    let (outcome, results) = run(&place, &args, None);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    for cell in &results.cells {
        assert_eq!(cell.status, Status::Ok, "{}: {:?}", cell.id, cell.error);
        // Keys of 21, 13, 21 and 30 bytes, values of 100, 8, 50 and 200: neither is shorter than what tells it apart.
        assert_eq!(cell.expected.payload_heap_bytes, Some(85 + 358), "{}", cell.id);
        assert_eq!(cell.expected.live_payload_heap_bytes, Some(51 + 250), "{}", cell.id);
        let keys = cell.key_lengths.expect("lengths");
        assert_eq!((keys.puts, keys.mean_bytes, keys.p50_bytes, keys.p99_bytes), (4, 21.25, 21, 30));
        assert_eq!((keys.max_bytes, keys.lengthened), (30, 1));
        let values = cell.value_lengths.expect("lengths");
        assert_eq!((values.mean_bytes, values.p50_bytes, values.max_bytes, values.lengthened), (89.5, 50, 200, 1));
        let owned = cell.count.as_ref().expect("counted").quantities.get("entry_alloc_bytes");
        assert_eq!(owned, Some(85 + 358), "{}", cell.id);
    }
    let said = "keys of 21.2 bytes on average, half up to 21, 99 % up to 30, all up to 30; 1 put has a longer one than the \
                trace says; values of 89.5 bytes on average";
    let shown = outcome.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains(said), "{}", outcome.stdout);
}

#[test]
fn what_such_a_program_executes_is_counted() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        return common::skip::skip("valgrind", "no valgrind on the PATH");
    }
    let args = ["--map", "hashbrown", "--entry", "u32/u32", "--ops", "1000", "--passes", "instructions"];
    let [once, again] = [Place::new(), Place::new()].map(|place| {
        let (outcome, results) = run(&place, &args, None);
        assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
        results.cells[0].instructions.clone().expect("counted")
    });
    assert_eq!(once, again);
    assert!(once.build.contains(", release, opt-level 3, "), "of that program: {}", once.build);
}

/// One of each kind of map, with threads and without, and types of keys and values that no common entry has.
#[test]
fn every_kind_of_map_can_have_any_entry() {
    let place = Place::new();
    let entry = "string(43)/bytes(100)";
    let args = ["--map", "dashmap,scc,go-swiss", "--entry", entry, "--ops", "500", "--passes", "count"];
    let (outcome, results) = run(&place, &args, None);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(results.cells.len(), 3);
    for cell in &results.cells {
        assert_eq!((cell.status, cell.id.entry.as_str()), (Status::Ok, entry), "{}: {:?}", cell.id, cell.error);
        assert_eq!(cell.expected.payload_bytes, 500 * (16 + 43 + 16 + 100), "{}", cell.id);
        let count = cell.count.as_ref().expect("counted");
        assert_eq!(count.quantities.get("entry_alloc_bytes"), Some(500 * (43 + 100)), "{}", cell.id);
    }
    let place = Place::new();
    let args = ["--map", "dashmap,scc", "--entry", "u64/bool", "--mix", "ycsb-a(records=100)", "--threads", "3"];
    let (outcome, results) = run(&place, &[&args[..], &["--ops", "3000", "--passes", "time"]].concat(), None);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    assert!(results.cells.len() == 2 && results.cells.iter().all(|cell| cell.status == Status::Ok));
}

#[test]
fn without_cargo_the_row_says_what_can_be_had() {
    let place = Place::new();
    let (outcome, results) =
        run(&place, &["--map", "hashbrown", "--entry", "u64/u64,u64/100", "--ops", "100"], Some(""));
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    let [has, lacks] = &results.cells[..] else { panic!("two cells") };
    assert_eq!((has.status, lacks.status), (Status::Ok, Status::Unavailable));
    let error = lacks.error.as_deref().expect("a reason");
    assert_eq!(
        error,
        "the entry u64/100 is not compiled in, and there is no rustc on the PATH to build a program for it: install Rust \
         (rustup.rs); the nearest that is compiled in: u64/u64"
    );
}

#[test]
fn what_no_entry_can_be_is_refused_before_anything_runs() {
    let place = Place::new();
    for (entry, words) in [
        ("u64/i64", "no type of values"),
        ("u16/u64", "no type of keys"),
        ("u64/0", "from 1 to 65536"),
        ("u64", "expected KEY/VALUE"),
        ("u64/999999", "from 1 to 65536"),
    ] {
        let outcome = place.run(&["run", "--map", "std", "--entry", entry, "--ops", "10"]);
        assert_eq!((outcome.code, outcome.left.len()), (Some(2), 0), "{entry}");
        assert!(outcome.stderr.contains("--entry: ") && outcome.stderr.contains(words), "{entry}: {}", outcome.stderr);
    }
    let (all, _) =
        run(&Place::new(), &["--map", "java-hashmap", "--entry", "9/u64,string(1)/u64", "--ops", "32"], Some(""));
    assert!(!all.stderr.contains("too few"), "{}", all.stderr);
    let narrow = place.run(&["run", "--map", "std", "--entry", "string(1)/u64", "--ops", "33"]);
    assert_eq!(narrow.code, Some(2), "{}", narrow.stderr);
    assert!(narrow.stderr.contains("keys of 5 bits are too few for so many operations"), "{}", narrow.stderr);
    let (outcome, results) = run(&place, &["--map", "java-hashmap", "--entry", "9/u64", "--ops", "10"], None);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert_eq!(
        results.cells[0].error.as_deref(),
        Some(
            "there is no java-hashmap with the entry 9/u64: a Java array equals no other and is no key; 16 bytes are a UUID"
        )
    );
}

/// A toolchain that a test makes up, and a cache of its own.
struct Fake {
    folder: tempfile::TempDir,
}

impl Fake {
    fn new(rustc: &str, cargo: &str) -> Fake {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("bin")).expect("made");
        for (name, does) in [("rustc", rustc), ("cargo", cargo)] {
            script(&folder.path().join("bin").join(name), &format!("#!/bin/sh\n{does}\n"));
        }
        Fake { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, out: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
        command.args([
            "run",
            common::PATIENT,
            "--map",
            "std",
            "--entry",
            "u32/u32",
            "--ops",
            "10",
            "--passes",
            "count",
        ]);
        command.arg("--quiet").arg("--out").arg(self.path(out));
        let path = format!("{}:{}", self.path("bin").display(), std::env::var("PATH").expect("a PATH"));
        command.env("PATH", path).env("XDG_CACHE_HOME", self.path("cache"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// The only cell's row: its error and its map's version.
    fn row(&self, out: &str) -> (String, String) {
        assert_eq!(self.command(out).status().expect("it runs").code(), Some(1));
        let cell = record::read(&self.path(out)).expect("a record").cells.remove(0);
        (cell.error.expect("a reason"), cell.map_version)
    }
}

const SOME_RUSTC: &str = "echo 'rustc 9.9.9 (made up)'";

#[test]
fn a_toolchain_that_fails_is_told_from_one_that_is_not_there() {
    for (rustc, cargo, why) in [
        ("exit 3", "exit 1", "`rustc --version` fails: exit status: 3;"),
        (SOME_RUSTC, "exit 7", "cargo can't build a program for it: exit status: 7;"),
        (SOME_RUSTC, "exit 0", "cargo can't build a program for it: exit status: 0;"),
        (SOME_RUSTC, "echo '   Compiling a' >&2; kill -9 $$", "for it: signal: 9 (SIGKILL); Compiling a;"),
        (SOME_RUSTC, "printf 'errors of old\\nerror: no\\n\\nwhy\\n' >&2; exit 101", "for it: error: no why;"),
    ] {
        let (error, _) = Fake::new(rustc, cargo).row("out");
        assert!(error.contains(why), "{rustc}, {cargo}: {error}");
    }
}

#[test]
fn what_is_run_is_what_the_compiler_of_the_cache_s_folder_made_with_our_flags() {
    // A toolchain file holds for one folder and those below it.
    let rustc = "case $(pwd) in */cache/mapscope) echo 'rustc 9.9.9 (made up)';; *) echo 'rustc 1.1.1';; esac";
    // It keeps what it has made, and makes it once.
    let cargo = r#"name=$(sed -n 's/^name = "\(.*\)"/\1/p' Cargo.toml); made=$CARGO_TARGET_DIR/release/$name
        mkdir -p "$CARGO_TARGET_DIR/release"; echo "${CARGO_ENCODED_RUSTFLAGS?}, $RUSTFLAGS" > "$CARGO_TARGET_DIR/flags"
        [ -e "$made" ] || { printf '#!/bin/sh\nexit 9\n' > "$made"; chmod 755 "$made"; }
        echo "{\"executable\":\"$made\"}""#;
    let fake = Fake::new(rustc, cargo);
    let ran = |out: &str| {
        let (error, version) = fake.row(out);
        assert!(error.contains("exit code 9"), "{error}");
        assert!(version.contains("built by rustc 9.9.9 (made up)"), "{version}");
    };
    ran("out");
    let flags = fs::read_to_string(fake.path("cache/mapscope/rust-target/flags")).expect("cargo ran");
    assert_eq!(flags, ", \n");
    let kept = || {
        let names =
            fs::read_dir(fake.path("cache/mapscope")).expect("a cache").map(|found| found.expect("a file").path());
        let is_program = |path: &PathBuf| path.is_file() && path.extension().is_none();
        names.filter(is_program).collect::<Vec<_>>()
    };
    let [program] = &kept()[..] else { panic!("{:?}", kept()) };
    let whole = fs::read(program).expect("it is there");
    fs::OpenOptions::new()
        .append(true)
        .open(program)
        .and_then(|mut file| std::io::Write::write_all(&mut file, b"#"))
        .expect("written");
    ran("again");
    assert_eq!(fs::read(program).expect("it is there"), whole, "what cargo keeps is not what was changed");
    assert_eq!(kept().len(), 1);
}

#[test]
fn a_build_ends_when_the_run_is_interrupted() {
    // As cargo does, it waits for another process.
    let fake = Fake::new(SOME_RUSTC, "sleep 1000 & echo $! > \"$CARGO_TARGET_DIR.id\"; wait");
    let mut run = fake.command("out").spawn().expect("it starts");
    let (started, id) = (Instant::now(), fake.path("cache/mapscope/rust-target.id"));
    let sleeper = loop {
        match fs::read_to_string(&id).map(|text| text.trim().parse::<i32>()) {
            Ok(Ok(sleeper)) => break sleeper,
            _ => assert!(started.elapsed() < PATIENCE, "it doesn't build"),
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    // SAFETY: signals our own child.
    unsafe { libc::kill(run.id() as i32, libc::SIGINT) };
    assert_eq!(run.wait().expect("it ends").code(), Some(130));
    assert!(started.elapsed() < PATIENCE);
    // SAFETY: sends nothing.
    while unsafe { libc::kill(sleeper, 0) } == 0 && !is_zombie(sleeper) {
        assert!(started.elapsed() < PATIENCE, "what it started goes on");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Whether it has ended, and nobody has taken that up.
fn is_zombie(process: i32) -> bool {
    fs::read_to_string(format!("/proc/{process}/stat")).is_ok_and(|stat| stat.contains(") Z "))
}
