//! A run that is killed: whatever the moment, the folder that it was asked for is whole or not there, what was done lies in
//! `OUT.partial`, which the next run names and keeps, and from which `--resume` does what is missing; and the next run clears
//! the temporary folder.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use mapscope::record::{Cell, Results, Status, read};
use serde_json::Value;

/// Longer than any wait takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);
const CELLS: usize = 4;
const OPS: &str = "3000";

/// A folder to run in, and one for what is temporary.
struct Place {
    folder: tempfile::TempDir,
}

/// What is there of a killed run.
#[derive(Debug, PartialEq, Eq, Clone, Copy, PartialOrd, Ord)]
enum Left {
    Nothing,
    /// With so many ends of processes on record.
    Partial(usize),
    Whole,
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir(folder.path().join("tmp")).expect("made");
        Place { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, ops: &str) -> Command {
        let mut run = Command::new(env!("CARGO_BIN_EXE_mapscope"));
        run.args(["run", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/patient.toml"), "--quiet", "--out", "out"]);
        run.args(["--map", "std,btree", "--seed", "1,2", "--ops", ops, "--passes", "count,time", "--jobs", "2"]);
        run.args(["--format", "bencher"]);
        run.current_dir(self.folder.path()).env("TMPDIR", self.path("tmp"));
        run.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        run
    }

    fn run(&self) -> Output {
        self.command("10").output().expect("it runs")
    }

    /// Goes on with a run, and gives its exit code and what it says.
    fn resume(&self, args: &[&str]) -> (Option<i32>, String) {
        let mut run = Command::new(env!("CARGO_BIN_EXE_mapscope"));
        run.args(["run", "--quiet", "--resume"]).args(args).current_dir(self.folder.path());
        let output = run.env("TMPDIR", self.path("tmp")).stdin(Stdio::null()).output().expect("it runs");
        (output.status.code(), String::from_utf8(output.stderr).expect("UTF-8"))
    }

    /// A run of more than a moment, in a process group of its own.
    fn start(&self) -> Child {
        self.command(OPS).process_group(0).spawn().expect("it starts")
    }

    /// Lines on record, whole ones.
    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.path("out.partial/cells.jsonl")).unwrap_or_default();
        text.split_inclusive('\n').filter_map(|line| Some(line.strip_suffix('\n')?.to_owned())).collect()
    }

    fn left(&self) -> Left {
        match (self.path("out").exists(), self.path("out.partial").exists()) {
            (false, false) => Left::Nothing,
            (false, true) => Left::Partial(self.lines().len().saturating_sub(1)),
            (true, false) => Left::Whole,
            (true, true) => panic!("both are there"),
        }
    }

    /// Looks at what a killed run left, and at what the next one makes of it.
    fn check(&self) -> Left {
        let left = self.left();
        match left {
            Left::Nothing => {}
            Left::Partial(_) => {
                for line in self.lines().iter().skip(1) {
                    let line: Value = serde_json::from_str(line).expect("the end of a process");
                    assert!(line["ended"]["Ok"].is_object() && line["task"]["cell"].is_u64(), "{line}");
                }
            }
            Left::Whole => {
                let results = read(&self.path("out")).expect("a record");
                assert!(!results.partial && results.cells.iter().all(|cell| cell.status == Status::Ok));
                assert_eq!(results.cells.len(), CELLS);
                assert!(self.path("out/index.html").is_file() && self.path("out/results.csv").is_file());
            }
        }
        let (before, lines) = (files(&self.path("out.partial")), self.lines());
        let next = self.run();
        let said = String::from_utf8(next.stderr).expect("UTF-8");
        match left {
            Left::Nothing => assert_eq!((next.status.code(), said.as_str()), (Some(0), "")),
            Left::Partial(_) => {
                assert_eq!(next.status.code(), Some(0), "{said}");
                // Killed in the instant in which there is nothing in it yet, it is the next one's.
                if !before.is_empty() {
                    assert!(said.starts_with("out.partial: left by a run that was killed; it stays"), "{said}");
                    assert_eq!(files(&self.path("out.partial")), before, "kept, byte for byte");
                }
                read(&self.path("out")).expect("the next run's record");
                assert!(!self.path("out.partial-2").exists());
                if !before.is_empty() {
                    self.check_resumed(&lines);
                }
            }
            Left::Whole => {
                let whole = files(&self.path("out"));
                let ended = "out: the run has come to its end: nothing is missing\n";
                // Killed in the instant before that, it has the log still, which then goes.
                let logged = self.path("out/cells.jsonl").exists();
                let said_of_it = if logged { "" } else { ended };
                assert_eq!(self.resume(&["out"]), (Some(0), said_of_it.to_owned()));
                if logged {
                    same_counts(&read(&self.path("out")).expect("a record"), reference());
                    assert!(!self.path("out/cells.jsonl").exists());
                } else {
                    assert_eq!(files(&self.path("out")), whole, "untouched");
                }
                assert_eq!(next.status.code(), Some(2), "{said}");
                assert!(said.contains("out: is not empty"), "{said}");
                // A run that is refused clears nothing; the next one does.
                fs::remove_dir_all(self.path("out")).expect("removed");
                assert_eq!(self.run().status.code(), Some(0));
            }
        }
        assert_eq!(files(&self.path("tmp")), [], "nothing temporary is left");
        assert_eq!(fs::read_dir(self.path("tmp")).expect("the folder").count(), 0);
        left
    }
}

impl Place {
    /// Goes on with what is in `out.partial`, where these lines are on record and something else is in `out`.
    fn check_resumed(&self, lines: &[String]) {
        let before = files(&self.path("out.partial"));
        if lines.is_empty() {
            let (code, said) = self.resume(&["out.partial", "--out", "resumed"]);
            assert_eq!(code, Some(2), "{said}");
            assert!(said.contains("out.partial/cells.jsonl: has nothing in it to go on with: run it anew"), "{said}");
            return;
        }
        let (code, said) = self.resume(&["out.partial"]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.starts_with("error: out: is not empty; name a new folder with --out, or remove"), "{said}");
        assert_eq!(files(&self.path("out.partial")), before, "untouched");
        assert_eq!(self.resume(&["out.partial", "--out", "resumed"]), (Some(0), String::new()));
        assert!(!self.path("out.partial").exists() && !self.path("resumed/cells.jsonl").exists());
        assert!(self.path("resumed/bencher.json").is_file(), "what was asked for at first");
        continues(&read(&self.path("resumed")).expect("a record"), lines, reference());
    }
}

/// Whether a resumed run has what was on record when it was killed, and ended as one that nobody killed.
fn continues(resumed: &Results, lines: &[String], reference: &Results) {
    same_counts(resumed, reference);
    let mut timed = vec![Vec::new(); resumed.cells.len()];
    for line in lines.iter().skip(1) {
        let line: Value = serde_json::from_str(line).expect("the end of a process");
        if line["task"]["pass"] == "time" {
            let time = &line["ended"]["Ok"]["time"][0]["bare_elapsed_ns"][0];
            timed[line["task"]["cell"].as_u64().expect("a number") as usize].push(time.as_u64().expect("a number"));
        }
    }
    // What was timed before is in it, and nothing else of these repetitions.
    for (cell, before) in resumed.cells.iter().zip(&timed) {
        let time = cell.time.as_ref().expect("times");
        let least = time.undisturbed.last().expect("it does the same each time");
        assert_eq!(time.bare_elapsed_ns.len(), least.repetitions as usize, "and it stands, or is repeated no more");
        assert!([5, 8, 10, 15].contains(&least.repetitions), "{}", least.repetitions);
        assert_eq!(time.bare_elapsed_ns[..before.len()], before[..], "{}", cell.id);
    }
}

/// The record of a run that nobody kills.
fn reference() -> &'static Results {
    static REFERENCE: OnceLock<Results> = OnceLock::new();
    REFERENCE.get_or_init(|| {
        let place = Place::new();
        assert!(place.command(OPS).output().expect("it runs").status.success());
        read(&place.path("out")).expect("a record")
    })
}

/// Whether both have the same cells, and all of them are exact to the last bit.
fn same_counts(a: &Results, b: &Results) {
    let counted = |results: &Results| -> Vec<Cell> {
        let exact = |cell: &Cell| Cell { time: None, profile: None, ..cell.clone() };
        results.cells.iter().map(exact).collect()
    };
    assert!(!a.partial && a.cells.iter().all(|cell| cell.status == Status::Ok));
    assert_eq!(counted(a), counted(b));
}

/// Every file below a folder, with what it holds.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push((path.clone(), fs::read(&path).expect("it can be read"))),
        }
    }
    found.sort();
    found
}

/// Ends it at once: the process alone, whose children the system ends, or all of them. Waits until none of them is left, because
/// one that was writing a file writes on until it is its turn to end.
fn kill(mut run: Child, all: bool) {
    let process = run.id() as i32;
    // SAFETY: signals our own child, or the group that it leads.
    unsafe { libc::kill(if all { -process } else { process }, libc::SIGKILL) };
    run.wait().expect("it ends");
    let killed = Instant::now();
    while is_running(process) {
        assert!(killed.elapsed() < PATIENCE, "its children don't end");
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Whether a process of this group is there that hasn't ended.
fn is_running(group: i32) -> bool {
    let entries = fs::read_dir("/proc").expect("processes").flatten();
    entries.filter_map(|entry| fs::read_to_string(entry.path().join("stat")).ok()).any(|stat| {
        // The number and the name, which may have anything in it, come before: (name) STATE PARENT GROUP.
        let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let is_there = fields.next().is_some_and(|state| !matches!(state, "Z" | "X"));
        is_there && fields.nth(1).is_some_and(|of| of.parse() == Ok(group))
    })
}

/// Kills a run as soon as `reached` is seen of it, and checks what is left.
fn killed_when(all: bool, reached: impl Fn(&Place) -> bool) -> Left {
    let place = Place::new();
    let mut run = place.start();
    let started = Instant::now();
    while !reached(&place) && run.try_wait().expect("its end").is_none() {
        assert!(started.elapsed() < PATIENCE, "it doesn't get there");
        std::thread::sleep(Duration::from_micros(200));
    }
    kill(run, all);
    place.check()
}

#[test]
fn killed_before_anything_is_done_it_has_left_its_folder_at_the_most() {
    let left = killed_when(true, |place| place.path("out.partial").exists());
    assert!(left >= Left::Partial(0), "{left:?}");
}

#[test]
fn killed_between_two_cells_it_has_left_those_that_were_done() {
    let left = killed_when(false, |place| place.lines().len() > 1);
    assert!(left >= Left::Partial(1), "{left:?}");
    let left = killed_when(true, |place| place.lines().len() > CELLS);
    assert!(left >= Left::Partial(CELLS), "{left:?}");
}

#[test]
fn killed_while_it_writes_its_reports_it_has_left_all_that_was_done() {
    let left = killed_when(false, |place| place.path("out.partial/results.json").exists());
    assert!(left >= Left::Partial(0), "{left:?}");
}

#[test]
fn killed_when_it_is_done_it_is_whole() {
    assert_eq!(killed_when(true, |place| place.path("out").exists()), Left::Whole);
}

#[test]
fn interrupted_it_goes_on_from_its_folder() {
    let place = Place::new();
    let run = place.start();
    let started = Instant::now();
    while place.lines().len() < 3 && !place.path("out").exists() {
        assert!(started.elapsed() < PATIENCE, "it doesn't get there");
        std::thread::sleep(Duration::from_micros(200));
    }
    // SAFETY: signals our own child.
    unsafe { libc::kill(run.id() as i32, libc::SIGINT) };
    let code = run.wait_with_output().expect("it ends").status.code();
    assert_eq!(place.path("out/cells.jsonl").exists(), code == Some(130));
    // By a link too, as such a folder may have been named.
    std::os::unix::fs::symlink(place.path("out"), place.path("tmp/link")).expect("a link");
    let (code, said) = place.resume(&["tmp/link"]);
    assert_eq!(code, Some(0), "{said}");
    fs::remove_file(place.path("tmp/link")).expect("a link");
    assert!(place.path("out/bencher.json").is_file() && !place.path("out/results.parquet").exists());
    same_counts(&read(&place.path("out")).expect("a record"), reference());
    assert!(!place.path("out/cells.jsonl").exists());
    let (code, said) = place.resume(&["out", "--format", "json"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("`mapscope report` writes other formats"), "{said}");
    assert_eq!(fs::read_dir(place.folder.path()).expect("the folder").count(), 2, "out and tmp");
}

#[test]
fn what_was_asked_for_by_such_a_name_is_finished_there() {
    let place = Place::new();
    let mut run = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    run.args(["run", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/patient.toml"), "--quiet", "--map", "std"]);
    run.args(["--ops", "10,2000000000", "--keys", "uniform", "--mix", "ycsb-c(records=10)", "--passes", "count"]);
    run.args(["--out", "mine.partial"]).current_dir(place.folder.path()).env("TMPDIR", place.path("tmp"));
    let mut run = run.stdin(Stdio::null()).process_group(0).spawn().expect("it starts");
    let started = Instant::now();
    // The head and an expected end state.
    let lines = || fs::read_to_string(place.path("mine.partial.partial/cells.jsonl")).unwrap_or_default();
    while lines().lines().count() < 2 {
        assert!(started.elapsed() < PATIENCE && run.try_wait().expect("its end").is_none(), "it doesn't get there");
        std::thread::sleep(Duration::from_millis(1));
    }
    // SAFETY: signals our own child.
    unsafe { libc::kill(run.id() as i32, libc::SIGINT) };
    assert_eq!(run.wait().expect("it ends").code(), Some(130));
    let before = files(&place.path("mine.partial"));
    // It is a run's, but none of `mine`.
    let (code, said) = place.resume(&["mine"]);
    assert_eq!((code, said.contains("mine: cannot be read")), (Some(2), true), "{said}");
    assert_eq!(files(&place.path("mine.partial")), before, "untouched");
    let mut run = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    run.args(["run", "--quiet", "--resume", "mine.partial"]).current_dir(place.folder.path());
    let run = run.env("TMPDIR", place.path("tmp")).process_group(0).stdin(Stdio::null()).spawn().expect("it starts");
    kill(run, true);
    assert!(place.path("mine.partial/cells.jsonl").exists() && !place.path("mine").exists());
    assert_eq!(fs::read_dir(place.folder.path()).expect("the folder").count(), 2, "it and tmp");
}

/// A run that does not end by itself, and has something on record.
#[test]
fn what_can_t_be_gone_on_with_is_refused_in_words() {
    let place = Place::new();
    fs::write(place.path("keys.txt"), "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n").expect("written");
    let mut run = place.command("10,2000000000");
    run.args(["--keys", "file:keys.txt", "--mix", "ycsb-c(records=10)"]);
    let mut run = run.process_group(0).spawn().expect("it starts");
    let started = Instant::now();
    while place.lines().len() < 2 {
        assert!(started.elapsed() < PATIENCE && run.try_wait().expect("its end").is_none(), "it doesn't get there");
        std::thread::sleep(Duration::from_millis(1));
    }
    let refused = |args: &[&str], words: &str| {
        let (code, said) = place.resume(args);
        assert_eq!(code, Some(2), "{args:?}: {said}");
        assert!(said.contains(words), "{args:?}: no {words:?} in {said}");
    };
    refused(&["out.partial"], "out.partial: another mapscope is at work on it");
    kill(run, true);
    let before = files(&place.path("out.partial"));
    refused(&["out.partial", "--ops", "10"], "'--resume <DIR>' cannot be used with");
    refused(&["out.partial", "ci"], "'--resume <DIR>' cannot be used with");
    refused(&["out.partial", "--passes", "count"], "'--resume <DIR>' cannot be used with");
    refused(
        &["out.partial", "--go", "/usr/bin/true"],
        "the run was begun with \"\", not \"--go /usr/bin/true\": no log",
    );
    refused(&["out.partial", "--out", "-"], "--out: \"-\" is no folder, and --resume needs one");
    refused(&["nowhere"], "nowhere: ");
    refused(&["tmp"], "tmp: no results.json in this folder");
    fs::create_dir(place.path("elsewhere")).expect("made");
    let mut elsewhere = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    elsewhere.args(["run", "--resume", "../out"]).current_dir(place.path("elsewhere"));
    let said = String::from_utf8(elsewhere.output().expect("it runs").stderr).expect("UTF-8");
    assert!(
        said.starts_with("error: --resume: the run was begun in ") && said.ends_with(": resume it there\n"),
        "{said}"
    );
    fs::write(place.path("keys.txt"), "1\n2\n3\n4\n5\n6\n7\n8\n9\n11\n").expect("written");
    // Its name without the ending means it, too.
    refused(&["out"], "out.partial/cells.jsonl: can't go on: file keys.txt was file:keys.txt@");
    assert_eq!(files(&place.path("out.partial")), before, "untouched");
}

/// By hand: `cargo test --release --test suite kills:: -- --ignored --nocapture`. Moments are drawn anew each time.
#[test]
#[ignore = "two hundred runs, by the clock"]
fn a_hundred_kills_at_random_moments() {
    let start = |place: &Place| {
        let mut run = Command::new(env!("CARGO_BIN_EXE_mapscope"));
        run.args(["run", "quick", "--ops", "2000", "--quiet", "--out", "out"]).current_dir(place.folder.path());
        run.env("TMPDIR", place.path("tmp")).stdin(Stdio::null()).process_group(0).spawn().expect("it starts")
    };
    let (place, started) = (Place::new(), Instant::now());
    assert!(start(&place).wait().expect("it ends").success());
    let (whole, reference) = (started.elapsed(), read(&place.path("out")).expect("a record"));
    println!("a run takes {:.1} s", whole.as_secs_f64());
    for number in 0..100 {
        let place = Place::new();
        let run = start(&place);
        // Over the whole run and a little more, evenly.
        let draw = std::hash::BuildHasher::hash_one(&std::collections::hash_map::RandomState::new(), number);
        std::thread::sleep(whole.mul_f64(1.1 * (draw as f64 / u64::MAX as f64)));
        kill(run, number % 2 == 0);
        let (left, lines, started) = (place.left(), place.lines(), Instant::now());
        if !lines.is_empty() {
            assert_eq!(place.resume(&["out"]), (Some(0), String::new()));
            continues(&read(&place.path("out")).expect("a record"), &lines, &reference);
            assert_eq!(fs::read_dir(place.folder.path()).expect("the folder").count(), 2, "out and tmp");
            assert_eq!(files(&place.path("tmp")), [], "nothing temporary is left");
        }
        println!("{number:>3}  {left:?}, resumed in {:.1} s", started.elapsed().as_secs_f64());
    }
}
