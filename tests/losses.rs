//! Each way to lose a run: what was finished is there, or lies where its user is told, or was refused before it began; and
//! whoever is at fault is named.

use std::fs::{self, OpenOptions};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use mapscope::record::{Status, read};

use crate::cli_process::{Outcome, PATIENT, Place};

const TINY: [&str; 7] = ["run", "--map", "std", "--ops", "1000", "--passes", "count"];
/// Goes on until it is interrupted.
const ENDLESS: [&str; 11] = [
    "run",
    PATIENT,
    "--mix",
    "ycsb-c(records=1000)",
    "--keys",
    "uniform",
    "--ops",
    "2000000000",
    "--passes",
    "count",
    "--quiet",
];
/// Longer than any wait takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

fn mapscope(place: &Place, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mapscope"));
    command.args(args).current_dir(place.path()).stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn with<'a>(args: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [args, more].concat()
}

/// A run that has claimed its folder, which is there meanwhile.
fn begun(place: &Place, args: &[&str], folder: &str) -> Child {
    let mut command = mapscope(place, args);
    // Whoever runs the tests may do so under `nohup`.
    // SAFETY: `signal` is async-signal-safe, and sets the default action.
    unsafe {
        command.pre_exec(|| {
            libc::signal(libc::SIGHUP, libc::SIG_DFL);
            Ok(())
        })
    };
    let run = command.spawn().expect("it starts");
    let started = Instant::now();
    while !place.path().join(folder).join("cells.jsonl").exists() {
        assert!(started.elapsed() < PATIENCE, "it doesn't begin");
        std::thread::sleep(Duration::from_millis(5));
    }
    run
}

fn signalled(run: Child, signal: i32) -> Output {
    // SAFETY: signals our own child.
    unsafe { libc::kill(run.id() as i32, signal) };
    run.wait_with_output().expect("it ends")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

#[track_caller]
fn refused(outcome: &Outcome, words: &[&str]) {
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{}", outcome.stderr);
    for word in words {
        assert!(outcome.stderr.contains(word), "no {word:?} in {}", outcome.stderr);
    }
    assert!(outcome.left.is_empty(), "left {:?}", outcome.left);
}

#[test]
fn of_two_runs_with_one_out_the_second_is_refused_before_it_begins() {
    let place = Place::new();
    let first = begun(&place, &with(&ENDLESS, &["--out", "out"]), "out.partial");
    refused(&place.run(&with(&TINY, &["--out", "out"])), &["out: another mapscope is at work on it, in out.partial"]);
    let output = signalled(first, libc::SIGINT);
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert!(read(&place.path().join("out")).expect("a record").partial);
    assert_eq!(names(place.path()), ["out"]);
}

#[test]
fn two_runs_without_out_have_a_folder_each() {
    let place = Place::new();
    let first = begun(&place, &ENDLESS, "reports/patient-001.partial");
    let second = place.run(&with(&["run", PATIENT], &["--ops", "1000", "--passes", "count", "-q"]));
    assert_eq!((second.code, second.stderr.as_str()), (Some(0), ""));
    assert_eq!(signalled(first, libc::SIGTERM).status.code(), Some(130));
    let reports = place.path().join("reports");
    assert_eq!(names(&reports), ["patient-001", "patient-002"]);
    assert_eq!(
        ["patient-001", "patient-002"].map(|name| read(&reports.join(name)).expect("a record").partial),
        [true, false]
    );
}

#[test]
fn what_comes_meanwhile_costs_no_finished_run() {
    let place = Place::new();
    let run = begun(&place, &with(&ENDLESS, &["--out", "out"]), "out.partial");
    fs::create_dir(place.path().join("out")).expect("made");
    fs::write(place.path().join("out/theirs"), "").expect("written");
    let output = signalled(run, libc::SIGHUP);
    assert_eq!(output.status.code(), Some(2));
    let expected = "error: out: what is finished can't be moved here and lies in out.partial: Directory not empty";
    assert!(stderr(&output).starts_with(expected), "{}", stderr(&output));
    assert!(read(&place.path().join("out.partial")).expect("a record").partial);
    assert_eq!(names(&place.path().join("out")), ["theirs"]);
}

#[test]
fn the_current_folder_is_finished_into() {
    let place = Place::new();
    let outcome = place.run(&with(&TINY, &["--out", "."]));
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("report: ./index.html"), "{}", outcome.stdout);
    assert!(!place.path().join("partial").exists() && !place.path().join("cells.jsonl").exists());
    read(place.path()).expect("a record");
    refused(&place.run(&with(&TINY, &["--out", "."])), &[".: is not empty"]);
}

#[test]
fn a_name_that_can_t_be_is_refused_before_anything_runs() {
    let place = Place::new();
    let long = "x".repeat(256);
    // It would not end.
    refused(&place.run(&with(&ENDLESS, &["--out", &long])), &[": can't be written; name another folder", "too long"]);
    refused(
        &place.run(&with(&ENDLESS, &["--out", "/proc/out"])),
        &["/proc/out: can't be written; name another folder"],
    );
}

#[test]
fn every_signal_that_asks_it_to_end_ends_it_in_order() {
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGHUP] {
        let place = Place::new();
        let run = begun(&place, &with(&ENDLESS, &["--out", "out"]), "out.partial");
        assert_eq!(signalled(run, signal).status.code(), Some(130), "{signal}");
        assert!(read(&place.path().join("out")).expect("a record").partial);
        assert_eq!(names(place.path()), ["out"]);
    }
}

#[test]
fn under_nohup_it_goes_on() {
    let place = Place::new();
    let script = "trap '' HUP; exec \"$0\" \"$@\"";
    let mut sh = Command::new("sh");
    sh.args(["-c", script, env!("CARGO_BIN_EXE_mapscope"), "run", PATIENT, "--ops", "1000,2000,3000,4000"]);
    sh.args(["--passes", "count", "--quiet", "--out", "out"]).current_dir(place.path()).stderr(Stdio::piped());
    let run = sh.spawn().expect("it starts");
    let started = Instant::now();
    while names(place.path()).is_empty() {
        assert!(started.elapsed() < PATIENCE, "it doesn't begin");
    }
    let output = signalled(run, libc::SIGHUP);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!read(&place.path().join("out")).expect("a record").partial);
}

#[test]
fn a_temporary_folder_that_can_t_be_is_named_before_anything_runs() {
    let place = Place::new();
    let outcome = place.run_command(
        Command::new(env!("CARGO_BIN_EXE_mapscope")).args(ENDLESS).args(["--out", "out"]).env("TMPDIR", "/no/where"),
    );
    refused(&outcome, &["error: /no/where: the passes can't leave their answers here: No such file", "set TMPDIR to"]);
}

/// Runs within a limit of the shell's, and gives what `--quiet` says of its cells.
fn limited(limit: &str, args: &[&str]) -> (Option<i32>, String) {
    let place = Place::new();
    let script = format!("{limit}; exec \"$0\" \"$@\"");
    let outcome = place.run_command(
        Command::new("sh")
            .args(["-c", &script, env!("CARGO_BIN_EXE_mapscope"), "run", PATIENT, "--quiet", "--out", "-"])
            .args(args),
    );
    (outcome.code, outcome.stderr)
}

#[test]
#[cfg(target_os = "linux")]
fn what_the_system_refuses_is_not_blamed_on_the_map() {
    let count = ["--ops", "100000", "--passes", "count", "--jobs", "1"];
    let (code, said) = limited("ulimit -n 7", &count);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("harness-failed: ") && said.contains("its process can't be started: Too many open f"),
        "{said}"
    );
    // An answer is larger than 512 bytes, which is what dash counts in, and 1,024, which is what bash does.
    let (code, said) = limited("ulimit -f 1", &count);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("harness-failed: ") && said.contains(": the answer can't be written to "), "{said}");
    assert!(
        said.contains(": File too large (os error 27); make room there, or set TMPDIR to another folder"),
        "{said}"
    );
    // No thread has so large a stack.
    let (code, said) = limited("export RUST_MIN_STACK=100000000000000", &count);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("harness-failed: ") && said.contains("its process can't be started: "), "{said}");
}

#[test]
#[cfg(target_os = "linux")]
fn what_mapscope_itself_needs_is_not_blamed_on_the_map() {
    let (code, said) = limited("true", &["--ops", "2000000", "--passes", "count", "--memory-limit", "16"]);
    assert_eq!(code, Some(1), "{said}");
    for word in [
        "harness-failed: expected end state, without a map: mapscope itself needs more than the process's",
        "limit of 16 MiB (memory allocation of ",
        "--memory-limit or memory_limit_mb raises it",
    ] {
        assert!(said.contains(word), "no {word:?} in {said}");
    }
}

#[test]
fn a_limit_of_time_says_what_raises_it_and_failed_cells_are_no_calm_page() {
    let place = Place::new();
    let outcome = place.run(&with(&ENDLESS, &["--time-limit", "1", "--out", "out"]));
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    let expected = "still running after its limit of 1 s: --time-limit or time_limit_s raises it";
    assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
    // Its end state was being worked out, by no map: none is blamed. tests/bad_maps has one that is.
    assert_eq!(read(&place.path().join("out")).expect("a record").cells[0].status, Status::HarnessFailed);
    let page = fs::read_to_string(place.path().join("out/index.html")).expect("the page");
    assert!(page.contains("What failed stands out, above") && !page.contains("Nothing: no two cells"));
    for (flag, value) in [("--time-limit", "0"), ("--memory-limit", "x")] {
        refused(&place.run(&with(&TINY, &[flag, value])), &[flag, "must be a whole number from 1 to"]);
    }
}

/// What a verb says and leaves when nothing can be written to its stdout.
#[cfg(target_os = "linux")]
fn into_a_full_stdout(place: &Place, args: &[&str]) -> String {
    let full = OpenOptions::new().write(true).open("/dev/full").expect("/dev/full");
    let output = mapscope(place, args).stdout(full).output().expect("it runs");
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
    assert!(said.ends_with("can't write to stdout: No space left on device (os error 28)\n"), "{args:?}: {said}");
    said
}

#[test]
#[cfg(target_os = "linux")]
fn what_can_t_be_said_is_an_error_of_every_verb_and_what_was_written_is_named() {
    let place = Place::new();
    for out in ["a", "b"] {
        assert_eq!(
            place.run(&with(&TINY, &["--out", out, "-q", "--seed", if out == "a" { "1" } else { "2" }])).code,
            Some(0)
        );
    }
    fs::write(place.path().join("trace.csv"), "op,key\ninsert,1\n").expect("a trace");
    let inspect = ["inspect", "--map", "go-swiss", "--keys", "sequential", "--at", "3"];
    let replay = ["replay", "--map", "std", "trace.csv"];
    for args in [
        &["--version"] as &[&str],
        &["--help"],
        &[],
        &["run", "--help"],
        &["baseline", "accept", "-h"],
        &["list"],
        &["gate", "a", "a"],
        &["gate", "--self-test", "a"],
        &["diff", "a", "b"],
        &inspect,
        &replay,
    ] {
        let said = into_a_full_stdout(&place, args);
        assert!(said.starts_with("error: can't write to stdout: "), "{args:?}: {said}");
    }
    let before = names(place.path());
    for (args, written) in [
        (with(&TINY, &["--out", "c"]), "c"),
        (vec!["diff", "a", "b", "--out", "d"], "d"),
        (vec!["report", "a", "--format", "csv"], "a"),
        (with(&inspect, &["--out", "inside.txt"]), "inside.txt"),
        (with(&replay, &["--per-op", "rows.csv"]), "rows.csv"),
    ] {
        let said = into_a_full_stdout(&place, &args);
        assert!(
            said.starts_with(&format!("error: {written} is written all the same, but nobody was told: ")),
            "{said}"
        );
        assert!(place.path().join(written).exists());
    }
    // The CSV that a run was for is all that there is of it.
    let said = into_a_full_stdout(&place, &with(&TINY, &["--out", "-"]));
    assert!(said.starts_with("error: the results are in reports/custom-001 instead: "), "{said}");
    read(&place.path().join("reports/custom-001")).expect("a record");
    let new: Vec<_> = names(place.path()).into_iter().filter(|name| !before.contains(name)).collect();
    assert_eq!(new, ["c", "d", "inside.txt", "reports", "rows.csv"]);
}

#[test]
fn a_stdout_that_is_closed_or_not_to_be_written_to_is_an_error() {
    let place = Place::new();
    assert_eq!(place.run(&with(&TINY, &["--out", "a", "-q"])).code, Some(0));
    fs::write(place.path().join("trace.csv"), "op,key\ninsert,1\n").expect("a trace");
    let script = |script: &str, args: &[&str]| {
        let mut command = Command::new("sh");
        place.run_command(command.args(["-c", script, env!("CARGO_BIN_EXE_mapscope")]).args(args))
    };
    for stdout in [">&-", "1<trace.csv"] {
        let into = |args: &[&str]| script(&format!("exec \"$0\" \"$@\" {stdout}"), args);
        let closed = "can't write to stdout: Bad file descriptor (os error 9)\n";
        for args in [&["--version"] as &[&str], &["--help"], &["list"], &["gate", "a", "a"]] {
            let outcome = into(args);
            assert_eq!((outcome.code, outcome.stderr), (Some(2), format!("error: {closed}")), "{args:?} {stdout}");
        }
        let rows = into(&["replay", "--map", "std", "trace.csv", "--per-op", "-"]);
        assert_eq!(rows.code, Some(2), "{}", rows.stderr);
        assert!(rows.stderr.contains("can't write to standard output: Bad file descriptor"), "{}", rows.stderr);
        let csv = into(&with(&TINY, &["--out", "-"]));
        assert_eq!(csv.code, Some(2));
        assert!(csv.stderr.starts_with("error: the results are in reports/custom-00"), "{}", csv.stderr);
        // Where nothing is to be said, nothing is missing.
        let quiet = into(&["gate", "a", "a", "--quiet"]);
        assert_eq!((quiet.code, quiet.stderr.as_str()), (Some(0), ""));
    }
    let nowhere = script("exec \"$0\" \"$@\" >/dev/null", &["list"]);
    assert_eq!((nowhere.code, nowhere.stderr.as_str()), (Some(0), ""));
}

#[test]
#[cfg(target_os = "linux")]
fn a_baseline_is_renewed_only_when_that_can_be_said() {
    let place = Place::new();
    for seed in ["1", "2"] {
        assert_eq!(place.run(&with(&TINY, &["--out", seed, "-q", "--seed", seed])).code, Some(0));
    }
    let accept = |record, into_full: bool| {
        let args = ["baseline", "accept", record, "--reason", "x"];
        if into_full { into_a_full_stdout(&place, &args) } else { place.run(&args).stdout }
    };
    let said = accept("1", true);
    assert!(said.starts_with("error: baseline: can't be written; the baseline is as it was: can't write"), "{said}");
    assert!(!place.path().join("baseline").exists());
    assert!(accept("1", false).starts_with("accepted: baseline/results.json has 1 cell"));
    let before = fs::read(place.path().join("baseline/results.json")).expect("the baseline");
    accept("2", true);
    assert_eq!(fs::read(place.path().join("baseline/results.json")).expect("the baseline"), before);
    assert_eq!(names(&place.path().join("baseline")), ["results.json"]);
    // A link is followed to the file, and stays.
    fs::rename(place.path().join("baseline/results.json"), place.path().join("elsewhere.json")).expect("moved");
    std::os::unix::fs::symlink("../elsewhere.json", place.path().join("baseline/results.json")).expect("linked");
    assert!(accept("2", false).ends_with("accepted: baseline/results.json has 1 cell\n"));
    assert!(place.path().join("baseline/results.json").is_symlink());
    assert_ne!(fs::read(place.path().join("elsewhere.json")).expect("the baseline"), before);
}

#[test]
#[cfg(target_os = "linux")]
fn a_device_is_written_to_and_not_replaced() {
    let place = Place::new();
    let pipe = place.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs").success());
    let run = mapscope(&place, &["inspect", "--map", "go-swiss", "--keys", "sequential", "--at", "3", "--out", "pipe"]);
    let mut run = { run }.spawn().expect("it starts");
    let text = fs::read_to_string(&pipe).expect("what it writes");
    assert!(text.contains("go-swiss of u64/u64"), "{text}");
    assert_eq!(run.wait().expect("it ends").code(), Some(0));
    assert!(!fs::metadata(&pipe).expect("the pipe").is_file());
}
