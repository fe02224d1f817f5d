//! What comes in a run's way: Ctrl-C ends it with what is done written, marked partial; a new build doesn't end it.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Longer than any wait takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// Runs, and presses Ctrl-C so long after the run's folder is there; gives the exit code and the record.
fn interrupted(args: &[&str], after: Duration) -> (Option<i32>, serde_json::Value) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let out = folder.path().join("out");
    let mut run = Command::new(env!("CARGO_BIN_EXE_mapscope"))
        .args(["run", "--quiet", "--out"])
        .arg(&out)
        .args(args)
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let started = Instant::now();
    while std::fs::read_dir(folder.path()).expect("the folder").next().is_none() {
        assert!(started.elapsed() < PATIENCE, "it doesn't begin");
    }
    std::thread::sleep(after);
    // SAFETY: signals our own child.
    unsafe { libc::kill(run.id() as i32, libc::SIGINT) };
    let code = run.wait().expect("it ends").code();
    let text = std::fs::read_to_string(out.join("results.json")).expect("results.json is written");
    let left = std::fs::read_dir(folder.path()).expect("the folder").count();
    assert_eq!(left, 1, "nothing but the report is left");
    (code, serde_json::from_str(&text).expect("JSON"))
}

#[test]
fn a_run_interrupted_in_a_pass_keeps_every_cell() {
    let args =
        ["--map", "std,btree", "--mix", "fill", "--keys", "uniform", "--ops", "100,30000000", "--passes", "count"];
    let (code, results) = interrupted(&args, Duration::from_millis(500));
    assert_eq!(code, Some(130));
    assert_eq!(results["partial"], true);
    let cells = results["cells"].as_array().unwrap();
    assert_eq!(cells.len(), 4, "a row for each cell of the plan");
    assert!(cells.iter().any(|cell| cell["status"] == "not-run"), "{cells:#?}");
}

#[test]
fn a_run_interrupted_before_its_first_pass_ends_at_once() {
    let args = ["--map", "std", "--mix", "ycsb-c(records=1000)", "--keys", "uniform", "--ops", "2000000000"];
    let (code, results) = interrupted(&args, Duration::from_millis(500));
    assert_eq!((code, &results["partial"]), (Some(130), &true.into()));
    assert_eq!(results["cells"][0]["status"], "not-run");
}

#[test]
fn a_run_interrupted_as_soon_as_there_is_something_to_leave_behind_leaves_nothing() {
    let args = ["--map", "std", "--mix", "fill", "--keys", "uniform", "--ops", "30000000", "--passes", "count"];
    let (code, results) = interrupted(&args, Duration::ZERO);
    assert_eq!((code, &results["partial"]), (Some(130), &true.into()));
}

#[test]
fn an_interrupted_replay_leaves_no_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let trace = folder.path().join("trace.csv");
    // A pipe that nobody closes: the replay is still reading when it is interrupted.
    let made = Command::new("mkfifo").arg(&trace).status().expect("mkfifo runs");
    assert!(made.success());
    let mut replay = Command::new(env!("CARGO_BIN_EXE_mapscope"))
        .args(["replay", "--map", "std", "trace.csv", "--per-op", "rows.csv"])
        .current_dir(folder.path())
        .spawn()
        .expect("it starts");
    let mut pipe = std::fs::OpenOptions::new().write(true).open(&trace).expect("the replay reads");
    let mut rows = "op,key\n".to_owned();
    let started = Instant::now();
    let mut interrupted = false;
    let code = loop {
        rows.extend((0..1000).map(|key| format!("insert,{key}\n")));
        // Fails once the replay has ended.
        let _ = std::io::Write::write_all(&mut pipe, rows.as_bytes());
        rows.clear();
        // Once: the second time ends it on the spot.
        if !interrupted && std::fs::read_dir(folder.path()).expect("the folder").count() > 1 {
            // SAFETY: signals our own child.
            unsafe { libc::kill(replay.id() as i32, libc::SIGINT) };
            interrupted = true;
        }
        if let Some(status) = replay.try_wait().expect("its end") {
            break status.code();
        }
        assert!(started.elapsed() < PATIENCE, "it doesn't end");
    };
    assert_eq!(code, Some(130));
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 1, "only the trace is left");
}

/// Cells start the program anew, long after somebody may have built or installed another.
#[test]
#[cfg(target_os = "linux")]
fn a_run_outlives_its_program_s_file() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
    let program = folder.path().join("mapscope");
    std::fs::hard_link(env!("CARGO_BIN_EXE_mapscope"), &program).expect("a link beside it");
    let mut run = Command::new(&program)
        // With time for passes that stand back behind others' on a busy machine.
        .args(["run", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/patient.toml"), "--quiet", "--jobs", "1"])
        .args(["--map", "std,btree", "--seed", "1,2,3,4", "--ops", "100000"])
        .args(["--passes", "count,profile", "--out", "out"])
        .current_dir(folder.path())
        .stderr(Stdio::null())
        .spawn()
        .expect("it starts");
    let started = Instant::now();
    let staged = || std::fs::read_dir(folder.path()).is_ok_and(|entries| entries.count() > 1);
    while !staged() {
        assert!(started.elapsed() < PATIENCE, "it doesn't begin");
        std::thread::sleep(Duration::from_millis(5));
    }
    std::fs::remove_file(&program).expect("removed");
    std::fs::write(&program, "another").expect("replaced");
    run.wait().expect("it ends");
    let text = std::fs::read_to_string(folder.path().join("out/results.json")).expect("results.json");
    let results: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let cells = results["cells"].as_array().expect("cells");
    assert_eq!(cells.len(), 8);
    for cell in cells {
        assert!(cell["count"]["quantities"]["alloc_bytes"].as_u64() > Some(0), "counting needs no file: {cell:#}");
    }
    let last = &cells[7];
    assert_eq!(last["status"], "harness-failed");
    let error = last["error"].as_str().expect("a reason");
    assert!(error.contains("built anew since the run began"), "{error}");
}
