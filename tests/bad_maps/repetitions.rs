//! Maps that write down in which process they were, and misbehave in a later one: what becomes of the repetitions of a time
//! pass.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, ExitStatus};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use mapscope::maps::{Family, FixedFold, Hashing, Info, Options};
use mapscope::plan::Term;
use mapscope::probe::event::{Cause, Probe};
use mapscope::workload::{Key, Value};
use serde_json::Value as Json;

use crate::Bad;

/// The variable that names the file of processes.
const LOG: &str = "MAPSCOPE_TEST_PROCESSES";

/// Writes the map down, once a process; says in how many it was, this one included.
fn process(map: char) -> usize {
    static PROCESS: OnceLock<usize> = OnceLock::new();
    *PROCESS.get_or_init(|| {
        let path = std::env::var_os(LOG).expect("the file of processes");
        let mut file = OpenOptions::new().append(true).create(true).open(&path).expect("the file opens");
        write!(file, "{map}").expect("a letter");
        std::fs::read_to_string(&path).expect("what was written").matches(map).count()
    })
}

fn tires() {
    assert!(process('t') < 4, "tired");
}

fn stalls() {
    while process('l') >= 3 {
        std::hint::spin_loop();
    }
}

fn slow() {
    std::thread::sleep(Duration::from_millis(300));
}

bad!(Steady, "steady", || _ = process('a'), false);
bad!(Second, "second", || _ = process('b'), false);
bad!(Tires, "tires", tires, false);
bad!(Stalls, "stalls", stalls, false);
bad!(Slow, "slow", slow, false);

struct Ran {
    status: ExitStatus,
    results: Json,
    /// The maps in the order of their processes.
    processes: String,
}

fn run(profile: &str, interrupt: impl Fn(&str) -> bool) -> Ran {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let [out, toml, log] = ["out", "p.toml", "processes"].map(|name| folder.path().join(name));
    std::fs::write(&toml, profile).expect("the profile is written");
    let program = std::env::current_exe().expect("this program");
    let mut run = Command::new(program);
    run.args(["run", "--quiet", "--jobs", "1"]).arg(&toml).arg("--out").arg(&out).env(LOG, &log);
    let mut run = run.spawn().expect("it starts");
    let processes = |log: &Path| std::fs::read_to_string(log).unwrap_or_default();
    let started = Instant::now();
    let status = loop {
        if let Some(status) = run.try_wait().expect("its end") {
            break status;
        }
        if interrupt(&processes(&log)) {
            // SAFETY: signals our own child.
            unsafe { libc::kill(run.id() as i32, libc::SIGINT) };
            break run.wait().expect("it ends");
        }
        assert!(started.elapsed() < Duration::from_secs(300), "it doesn't end");
        std::thread::sleep(Duration::from_millis(5));
    };
    let text = std::fs::read_to_string(out.join("results.json")).expect("results.json");
    Ran { status, results: serde_json::from_str(&text).expect("JSON"), processes: processes(&log) }
}

fn profile(maps: &str, repetitions: u32, time_limit_s: u32) -> String {
    format!(
        "summary = \"repetitions\"\npasses = [\"time\"]\nrepetitions = {repetitions}\ntime_limit_s = {time_limit_s}\n\
         [[cells]]\nmap = {maps}\nkeys = \"uniform\"\nmix = \"fill\"\nops = 1000\n"
    )
}

/// How many items the lists have that have one a repetition.
fn lengths(cell: &Json) -> [usize; 3] {
    let time = &cell["time"];
    let lists = [&time["bare_elapsed_ns"], &time["clocked_elapsed_ns"], &time["percentiles"][0]["p99_ns"]];
    lists.map(|list| list.as_array().map_or(0, Vec::len))
}

pub fn are_processes_in_rounds() {
    let ran = run(&profile("[\"steady\", \"tires\", \"stalls\", \"second\"]", 4, 15), |_| false);
    assert_eq!(ran.status.code(), Some(1));
    // First each learns what its operations are. The third repetition of `t` panics and the second of `l` runs until its
    // limit: no more of theirs are started.
    assert_eq!(ran.processes, "atlb atlb atlb atb ab".replace(' ', ""));
    let [steady, tires, stalls, second] = [0, 1, 2, 3].map(|cell| &ran.results["cells"][cell]);
    for cell in [steady, second] {
        assert_eq!((&cell["status"], lengths(cell)), (&"ok".into(), [4; 3]), "{cell:#}");
        let recorded: u64 =
            cell["time"]["histograms"].as_array().unwrap().iter().map(|h| h["count"].as_u64().unwrap()).sum();
        assert!(recorded > 3 * 1000 && recorded <= 4 * 1000, "{recorded}: all repetitions together");
        assert!(cell["time"]["moments"].is_object(), "of the last one");
    }
    let error = tires["error"].as_str().unwrap();
    assert_eq!(tires["status"], "panicked");
    assert!(error.starts_with("time pass, repetition 3 of 4: tired (at tests/bad_maps/repetitions.rs:"), "{error}");
    assert_eq!(stalls["status"], "timed-out");
    let limit =
        "time pass, repetition 2 of 4: still running after its limit of 15 s: --time-limit or time_limit_s raises it";
    assert_eq!(stalls["error"], limit);
    assert!([tires, stalls].iter().all(|cell| cell["time"].is_null()), "a pass that failed has no figures");
}

/// Each of them sleeps for 0.9 s in its three runs, all of them for longer than the limit; one by far not so long that
/// others on the machine could make it so.
pub fn may_take_their_limit_each() {
    let ran = run(&profile("[\"slow\"]", 18, 15), |_| false);
    assert_eq!(ran.status.code(), Some(0), "{:#}", ran.results["cells"][0]["error"]);
    assert_eq!(lengths(&ran.results["cells"][0]), [18; 3]);
}

pub fn stay_when_the_run_is_interrupted() {
    let ran = run(&profile("[\"steady\", \"second\"]", 1000, 60), |processes| processes.len() >= 7);
    assert_eq!(ran.status.code(), Some(130));
    assert_eq!(ran.results["partial"], true);
    for cell in ran.results["cells"].as_array().unwrap() {
        assert_eq!((&cell["status"], &cell["error"]), (&"ok".into(), &Json::Null), "with fewer repetitions");
        let [bare, clocked, p99] = lengths(cell);
        assert!((2..1000).contains(&bare) && (clocked, p99) == (bare, bare), "{bare} {clocked} {p99}");
        assert_eq!(cell["time"]["moments"].is_object(), bare >= 3, "they are kept with the least: {bare} repetitions");
    }
}
