//! What watching costs: the instructions of the count pass over those of the bare loop, map by map, the measured operations
//! alone, without making their keys.
//!
//! `cargo bench --bench watching [-- MAP ...]`, with Valgrind on the PATH. Instructions, because they repeat where times
//! don't. This program is mapscope as well, so that the processes of its cells can be started under callgrind.

use std::alloc::System;
use std::collections::HashMap;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, ExitCode};

use mapscope::maps::{self, Family, FamilyVisitor};
use mapscope::probe::alloc::Counting;
use mapscope::run::{HIDDEN_VERB, Subjects};

#[global_allocator]
static ALLOCATOR: Counting<System> = Counting::new(System);

/// Where a cell's process leaves what callgrind saw of it.
const SEEN_IN: &str = "MAPSCOPE_BENCH_CALLGRIND";
const OPS: &str = "100000";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    match (args.first().map(String::as_str), std::env::var_os(SEEN_IN)) {
        (Some(HIDDEN_VERB), Some(out)) => {
            let program = std::env::current_exe().expect("this program has a path");
            let mut valgrind = Command::new("valgrind");
            valgrind
                .args(["--quiet", "--tool=callgrind"])
                .arg(format!("--callgrind-out-file={}/%p", Path::new(&out).display()));
            panic!("valgrind: {}", valgrind.arg(program).arg(HIDDEN_VERB).env_remove(SEEN_IN).exec());
        }
        (Some("run" | HIDDEN_VERB), _) => return mapscope::cmd::main(&Subjects::builtin()),
        // `cargo test --benches` only wants to know that it builds.
        (Some("--test"), _) => return ExitCode::SUCCESS,
        _ => {}
    }
    println!(
        "instructions of an operation, {OPS} of them, u64/u64, uniform keys: bare loop, count pass, and how often the one\n"
    );
    println!("{:<28} {:>8} {:>8} {:>6}   {:>8} {:>8} {:>6}", "map", "fill", "count", "over", "churn", "count", "over");
    let mut maps = Maps(Vec::new());
    maps::each(&mut maps);
    for map in maps.0.into_iter().filter(|map| args.is_empty() || args.iter().any(|arg| arg == map)) {
        let [fill, churn] =
            ["fill", "churn"].map(|mix| (instructions(map, mix, "time"), instructions(map, mix, "count")));
        let over = |(bare, count): (f64, f64)| format!("{bare:>8.0} {count:>8.0} {:>6.1}", count / bare);
        println!("{map:<28} {}   {}", over(fill), over(churn));
    }
    ExitCode::SUCCESS
}

/// The maps that a count pass looks at from outside or hears: not those that are never alone.
struct Maps(Vec<&'static str>);

impl FamilyVisitor for Maps {
    fn visit<F: Family>(&mut self) {
        self.0.push(F::INFO.term.name);
    }
}

/// Of one operation in the measured loop of a pass.
fn instructions(map: &str, mix: &str, pass: &str) -> f64 {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let seen = folder.path().join("seen");
    std::fs::create_dir(&seen).expect("a folder");
    let profile = folder.path().join("profile.toml");
    let cells = format!("[[cells]]\nmap = {map:?}\nkeys = \"uniform\"\nmix = {mix:?}\nops = {OPS}\n");
    std::fs::write(&profile, format!("passes = [{pass:?}]\nrepetitions = 1\n{cells}")).expect("a profile");
    let status = Command::new(std::env::current_exe().expect("this program has a path"))
        .args(["run", "--quiet", "--jobs", "1", "--time-limit", "3600", "--out"])
        .args([&folder.path().join("out"), &profile])
        .env(SEEN_IN, &seen)
        .status()
        .expect("this program starts");
    assert!(status.success(), "{map} {mix} {pass}: {status}");
    let calls = std::fs::read_dir(&seen)
        .expect("a folder")
        .map(|entry| calls(&std::fs::read_to_string(entry.expect("an entry").path()).expect("what callgrind saw")));
    // Processes that know the end state, or learn, have none of these.
    let wanted = |(from, to, _): &(String, String, u64)| match pass {
        // Not those that only hash keys, or do nothing.
        "time" => from.ends_with("measured_ops") && to.contains("tested::") && to.ends_with("::bare"),
        _ => to.ends_with("watched_ops"),
    };
    let sum: u64 = calls.flatten().filter(wanted).map(|(.., instructions)| instructions).sum();
    assert!(sum > 0, "{map} {mix} {pass}: its loop is not in what callgrind saw");
    // A bare loop runs once to warm up, and once.
    let runs = if pass == "time" { 2.0 } else { 1.0 };
    sum as f64 / runs / OPS.parse::<f64>().expect("a number")
}

/// The calls in a callgrind profile: caller, callee, and the instructions from call to return.
fn calls(profile: &str) -> Vec<(String, String, u64)> {
    let mut names: HashMap<&str, &str> = HashMap::new();
    let (mut caller, mut callee, mut calls) = ("", "", Vec::new());
    let mut lines = profile.lines();
    while let Some(line) = lines.next() {
        let name = |text: &'static str| line.strip_prefix(text);
        if let Some(text) = name("fn=").or(name("cfn=")) {
            // `(12) name`, and only `(12)` from then on.
            let (number, name) = text.split_once(' ').unwrap_or((text, ""));
            let name = *names.entry(number).or_insert(name);
            if line.starts_with('c') { callee = name } else { caller = name }
        } else if line.starts_with("calls=")
            && let Some(cost) = lines.next().and_then(|cost| cost.split(' ').nth(1)?.parse().ok())
        {
            calls.push((caller.to_owned(), callee.to_owned(), cost));
        }
    }
    calls
}
