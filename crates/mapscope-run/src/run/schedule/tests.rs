//! The scheduler, its ledger and its log, step by step, without a process or a clock.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;

use super::*;
use crate::plan::{Flags, Repetitions, plan};
use crate::record::{Cell, Count, EndState, Time, UNDISTURBED_MIN, Undisturbed};
use crate::run::event::Sink;
use crate::run::job::{Answered, Job};
use crate::run::log::sealed;
use crate::run::passes::{Counted, Handed, Left, Unnamed};
use crate::run::scheduler::Executor;
use crate::subject::Failure;
use crate::workload::Expected;

/// Runs nothing. What is started ends in the order in which it was, unless it is a `laggard`.
struct Fake<'a> {
    /// `0-count-1` for each that was started, `0-count-1.` when it has ended.
    trace: Vec<String>,
    running: Vec<(u64, Job)>,
    started: u64,
    /// So many may run at once.
    room: usize,
    laggard: &'a str,
    /// What becomes of a job that doesn't just answer.
    fails: &'a dyn Fn(&str) -> Option<Failure>,
    /// What each bare run takes, if not a time of its own.
    run_ns: Option<u64>,
}

impl Fake<'_> {
    fn new() -> Fake<'static> {
        Fake {
            trace: Vec::new(),
            running: Vec::new(),
            started: 0,
            room: 99,
            laggard: "",
            fails: &|_| None,
            run_ns: None,
        }
    }

    fn trace(&self) -> String {
        self.trace.join(" ")
    }
}

fn name(job: &Job) -> String {
    job.answer.file_stem().unwrap().to_str().unwrap().to_owned()
}

impl Executor for Fake<'_> {
    fn start(&mut self, job: Job, limit: Duration) -> io::Result<u64> {
        assert!(limit >= Duration::from_secs(60));
        if self.running.len() == self.room {
            return Err(io::Error::from_raw_os_error(libc::EMFILE));
        }
        self.started += 1;
        self.trace.push(name(&job));
        self.running.push((self.started, job));
        Ok(self.started)
    }

    fn wait(&mut self) -> Option<(u64, Answered)> {
        let next = self.running.iter().position(|(_, job)| name(job) != self.laggard)?;
        let (id, job) = self.running.remove(next);
        self.trace.push(format!("{}.", name(&job)));
        let failed = (self.fails)(&name(&job));
        let mut answer = answer(&job);
        if let (Some(ns), Answer::Time(time, _)) = (self.run_ns, &mut answer) {
            time.bare_elapsed_ns = vec![ns];
        }
        Some((id, failed.map_or(Ok(answer), Err)))
    }
}

/// What a map that does nothing would answer.
fn answer(job: &Job) -> Answer {
    let zero = Some(0);
    let end = EndState {
        clears: zero,
        iterations: zero,
        scans: None,
        scanned_entries: None,
        payload_heap_bytes: zero,
        live_payload_heap_bytes: zero,
        ..EndState::default()
    };
    let learnt = || {
        let path = job.learns.as_ref()?;
        fs::write(path, "").unwrap();
        let text = serde_json::json!({ "path": path, "ops": 10, "bytes": 0, "digest": "" });
        Some(serde_json::from_value(text).unwrap())
    };
    match job.pass {
        Pass::Expect => Answer::Expected(Expected::default()),
        Pass::Count => {
            let always = ["alloc_count", "alloc_bytes", "live_bytes", "drained_bytes", "max_alloc_bytes_in_one_write"];
            let quantities = always.into_iter().map(|name| (name, 0)).collect();
            let count = Count { quantities, ..Count::default() };
            let counted = Counted { end, key_bytes: 8, value_bytes: 8, count };
            Answer::Count(Box::new(counted), learnt().map(Ok))
        }
        Pass::Learn => Answer::Learnt(learnt().unwrap()),
        Pass::Time => {
            let learnt = job.learnt.as_ref().expect("learnt before it is timed").as_ref().expect("it was");
            assert!(learnt.path.exists() && learnt.path == job.answer.with_file_name(&*learnt_of(job)));
            let least = handed_on(job);
            // Each repetition has times of its own.
            let ns = name(job).bytes().map(u64::from).sum();
            Answer::Time(
                Box::new(Time {
                    ops: 10,
                    bare_elapsed_ns: vec![ns],
                    clocked_elapsed_ns: vec![ns + 1],
                    clock_floor_ns: 20.25,
                    ticks_per_ns: 1.0 / 3.0,
                    pinned_to: None,
                    started_unix_ms: ns,
                    histograms: Vec::new(),
                    kind_ns: [].into(),
                    percentiles: Vec::new(),
                    threads: Vec::new(),
                    collector: None,
                    heat: None,
                    moments: None,
                    responses: Vec::new(),
                    highest_rates: Vec::new(),
                    undisturbed: least.iter().flat_map(|left| undisturbed(job, left.least.repetitions)).collect(),
                    sensors: None,
                    hashing: None,
                }),
                least,
            )
        }
        Pass::Profile => Answer::Profile(Unnamed::default()),
        Pass::Instructions => Answer::Instructions(Box::default()),
    }
}

fn handed_on(job: &Job) -> Option<Left> {
    let Handed { place, before } = job.least.as_ref()?;
    let number = before.as_ref().map_or(0, |before| before.repetitions) + 1;
    assert!(
        before.as_ref().is_none_or(|before| place.after(before.repetitions).exists()),
        "the one before has left it"
    );
    fs::write(place.after(number), "").unwrap();
    let least = serde_json::json!({ "repetitions": number, "digest": "" });
    Some(Left { least: serde_json::from_value(least).unwrap(), machine: Vec::new() })
}

/// Of the first cell the least stand at once, of others when they have been lowered eight times.
fn undisturbed(job: &Job, repetitions: u32) -> Vec<Undisturbed> {
    let lowered = if name(job).starts_with('0') { 0 } else { repetitions.min(8) };
    let least = Undisturbed { repetitions, blocks_ns: 100 - 10 * u64::from(lowered), histograms: Vec::new() };
    let recorded = job.is_checkpoint && repetitions >= UNDISTURBED_MIN;
    recorded.then_some(least).into_iter().collect()
}

fn learnt_of(job: &Job) -> String {
    format!("{}-learnt", name(job).split('-').next().unwrap())
}

/// What is told of a run beside its record.
#[derive(Default)]
struct Told(RefCell<Vec<String>>);

impl Sink for &Told {
    fn hear(&mut self, event: Event<'_>) {
        self.0.borrow_mut().push(match event {
            Event::Doing(what) => what.split(':').next().unwrap().to_owned(),
            Event::Ended(task, ended) => format!("{} of {}: {}", task.name(), task.cell, ended.is_ok()),
            Event::Dropped(task) => format!("{} of {}: dropped", task.name(), task.cell),
        });
    }
}

/// A plan of `std` and `btree`, with as many workloads as seeds.
fn planned(passes: &str, seeds: &str) -> (Plan, Subjects) {
    let subjects = Subjects::builtin();
    let flags = [("map", "std,btree"), ("ops", "10"), ("passes", passes), ("seed", seeds), ("memory_limit_mb", "64")];
    let mut plan = plan(&[], &Flags::from(flags), &subjects.catalog()).unwrap();
    plan.repetitions = Repetitions::Fixed(2);
    (plan, subjects)
}

struct Ran {
    cells: Vec<Cell>,
    /// Whether it came to its end.
    whole: bool,
    told: Vec<String>,
}

/// Runs it, but so many steps at the most, and to an end that nobody could foresee.
fn ran(
    (plan, subjects): &(Plan, Subjects),
    jobs: usize,
    fake: &mut Fake<'_>,
    log: Option<&mut Log>,
    steps: usize,
) -> Result<Ran, LogError> {
    let opened = Opened::new(plan.clone(), subjects).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let kept = log.as_ref().map_or(folder.path(), |log| log.folder()).to_owned();
    let mut ledger = Ledger::new(&opened, &kept);
    let told = Told::default();
    let mut sink = &told;
    let (mut done, mut sinks) = (HashSet::new(), Sinks(vec![&mut sink]));
    if let Some(log) = log {
        log.open(&opened.facts())?;
        done = replay(log, &opened, &mut ledger)?;
        sinks.0.push(log);
    }
    let queue = tasks(&opened, &done);
    let limits = Limits::new(plan, queue.len(), jobs);
    let prepared = vec![Prepared::Nothing; plan.cells.len()];
    let mut scheduler = Scheduler::new(&opened, folder.path(), limits, prepared, ledger, queue);
    let whole = !(0..steps).all(|_| scheduler.step(fake, &mut sinks));
    drop(sinks);
    let ran = Ran { cells: scheduler.finish(), whole, told: told.0.into_inner() };
    if ran.whole {
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "what was learnt is gone");
        let left = fs::read_dir(kept)
            .unwrap()
            .filter(|file| file.as_ref().unwrap().path().to_str().unwrap().contains("-least-"));
        assert_eq!(left.count(), 0, "and what repetitions left for each other");
    }
    Ok(ran)
}

fn statuses(cells: &[Cell]) -> Vec<Status> {
    cells.iter().map(|cell| cell.status).collect()
}

#[test]
fn what_is_exact_runs_side_by_side_and_what_is_timed_alone() {
    let mut fake = Fake { laggard: "0-count-1", ..Fake::new() };
    // It lags for ever.
    let run = ran(&planned("count,time", "1,2"), 2, &mut fake, None, 20).unwrap();
    assert!(!run.whole);
    let trace = "0-expect-1 0-expect-1. 2-expect-1 2-expect-1. 0-count-1 1-count-1 1-count-1. 2-count-1 2-count-1. \
                 3-count-1 3-count-1.";
    assert_eq!(fake.trace(), trace, "two at once, and no time pass while one counts");
    assert_eq!(run.told[run.told.len() - 3..], ["count", "count", "count"], "said again and again");

    let mut fake = Fake::new();
    let run = ran(&planned("count,time", "1"), 1, &mut fake, None, 99).unwrap();
    assert_eq!(statuses(&run.cells), [Status::Ok; 2]);
    let order = "0-expect-1 0-count-1 1-count-1 0-time-1 1-time-1 0-time-2 1-time-2";
    assert_eq!(fake.trace(), order.split(' ').map(|job| format!("{job} {job}.")).collect::<Vec<_>>().join(" "));
    let time = run.cells[0].time.as_ref().unwrap();
    assert_eq!(time.bare_elapsed_ns.len(), 2, "repetitions are joined");
}

#[test]
fn a_cell_is_repeated_until_its_least_stand() {
    let (mut plan, subjects) = planned("time", "1");
    plan.repetitions = Repetitions::Auto;
    let run = ran(&(plan, subjects), 1, &mut Fake::new(), None, 99).unwrap();
    let after = |cell: &Cell| -> Vec<u32> {
        let time = cell.time.as_ref().unwrap();
        let after: Vec<_> = time.undisturbed.iter().map(|least| least.repetitions).collect();
        assert_eq!(after.last(), Some(&(time.bare_elapsed_ns.len() as u32)));
        after
    };
    // The eighth still lowers them: the tenth is the next after which they are looked at.
    assert_eq!(run.cells.iter().map(after).collect::<Vec<_>>(), [vec![3, 5, 8], vec![3, 5, 8, 10]]);
    let dropped = run.told.iter().filter(|told| told.ends_with("dropped")).count();
    assert_eq!(dropped, 7 + 5, "of fifteen each");
}

#[test]
fn a_cell_that_takes_long_is_repeated_five_times() {
    let (mut plan, subjects) = planned("time", "1");
    plan.repetitions = Repetitions::Auto;
    let mut slow = Fake { run_ns: Some(4_000_000_000), ..Fake::new() };
    let run = ran(&(plan, subjects), 1, &mut slow, None, 99).unwrap();
    let repetitions = run.cells.iter().map(|cell| cell.time.as_ref().unwrap().bare_elapsed_ns.len());
    assert_eq!(repetitions.collect::<Vec<_>>(), [5, 5]);
}

#[test]
fn fewer_run_side_by_side_where_there_is_no_room_for_more() {
    let mut fake = Fake { room: 2, ..Fake::new() };
    let run = ran(&planned("count", "1,2"), 4, &mut fake, None, 99).unwrap();
    assert_eq!(statuses(&run.cells), [Status::Ok; 4]);
    let most = fake.trace.iter().scan(0_i32, |running, what| {
        *running += if what.ends_with('.') { -1 } else { 1 };
        Some(*running)
    });
    assert_eq!(most.max(), Some(2));

    // What can't be started alone can't be started.
    let run = ran(&planned("count", "1"), 4, &mut Fake { room: 0, ..Fake::new() }, None, 99).unwrap();
    assert_eq!(statuses(&run.cells), [Status::HarnessFailed; 2]);
    let why = run.cells[1].error.as_deref().unwrap();
    assert!(why.starts_with("expected end state, without a map: its process can't be started: Too many open"), "{why}");
}

#[test]
fn of_a_cell_that_has_failed_nothing_else_runs_and_the_others_go_on() {
    let fails = |job: &str| (job == "0-count-1").then(|| Failure::new(Status::Panicked, "no\nroom"));
    let mut fake = Fake { fails: &fails, ..Fake::new() };
    let run = ran(&planned("count,profile,time", "1"), 1, &mut fake, None, 99).unwrap();
    assert_eq!(statuses(&run.cells), [Status::Panicked, Status::Ok]);
    assert_eq!(run.cells[0].error.as_deref(), Some("count pass: no; room"));
    assert!(run.cells[0].count.is_none() && run.cells[0].time.is_none() && run.cells[1].time.is_some());
    assert!(!fake.trace().contains("0-time") && !fake.trace().contains("0-profile"));
    let dropped: Vec<_> = run.told.iter().filter(|told| told.ends_with("dropped")).cloned().collect();
    assert_eq!(
        dropped,
        [
            "profile pass of 0: dropped",
            "time pass, repetition 1 of 2 of 0: dropped",
            "time pass, repetition 2 of 2 of 0: dropped"
        ]
    );

    // In its last repetition: times of some repetitions alone are none.
    let fails = |job: &str| (job == "1-time-2").then(|| Failure::new(Status::TimedOut, "slow"));
    let run = ran(&planned("count,time", "1"), 1, &mut Fake { fails: &fails, ..Fake::new() }, None, 99).unwrap();
    assert_eq!(statuses(&run.cells), [Status::Ok, Status::TimedOut]);
    assert!(run.cells[1].time.is_none() && run.cells[1].count.is_some());
}

#[test]
fn without_an_expected_end_state_all_cells_of_the_workload_fail() {
    let fails = |job: &str| (job == "2-expect-1").then(|| Failure::harness("no memory"));
    let mut fake = Fake { fails: &fails, ..Fake::new() };
    let run = ran(&planned("count", "1,2,3"), 1, &mut fake, None, 99).unwrap();
    let (ok, failed) = (Status::Ok, Status::HarnessFailed);
    assert_eq!(statuses(&run.cells), [ok, ok, failed, failed, ok, ok]);
    assert_eq!(run.cells[3].error.as_deref(), Some("expected end state, without a map: no memory"));
}

#[test]
fn interrupted_it_keeps_what_is_done_and_says_what_is_not() {
    let plan = planned("count,time", "1");
    // 0-expect, 0-count, 1-count, 0-time-1: four of seven.
    let run = ran(&plan, 1, &mut Fake::new(), None, 4).unwrap();
    assert!(!run.whole && run.cells.iter().all(|cell| cell.count.is_some()));
    assert_eq!(statuses(&run.cells), [Status::Ok, Status::NotRun]);
    assert_eq!(run.cells[0].time.as_ref().unwrap().bare_elapsed_ns.len(), 1);
    assert_eq!(run.cells[1].error.as_deref(), Some("interrupted before its time pass was done"));
    let run = ran(&plan, 1, &mut Fake::new(), None, 0).unwrap();
    assert_eq!(run.cells[0].error.as_deref(), Some("interrupted before its count pass was done"));
}

/// A log in a folder of its own.
fn logged(folder: &Path) -> Log {
    match Log::is_in(folder) {
        true => Log::resume(folder).unwrap(),
        false => Log::begin(folder, &"this").unwrap(),
    }
}

#[test]
fn whenever_it_is_killed_it_goes_on_to_the_record_that_it_would_have_had() {
    let fixed = ["count", "time", "instructions,time", "count,profile,time"]
        .map(|passes| (passes, "1,2", Repetitions::Fixed(2)));
    for (passes, seeds, repetitions) in fixed.into_iter().chain([("time", "1", Repetitions::Auto)]) {
        let mut plan = planned(passes, seeds);
        plan.0.repetitions = repetitions;
        let whole = ran(&plan, 2, &mut Fake::new(), None, 99).unwrap();
        assert!(whole.whole && whole.cells.iter().all(|cell| cell.status == Status::Ok));
        for steps in 0.. {
            let folder = tempfile::tempdir().unwrap();
            let mut first = Fake::new();
            let killed = ran(&plan, 2, &mut first, Some(&mut logged(folder.path())), steps).unwrap();
            // As if it was in the middle of a line.
            let path = folder.path().join("cells.jsonl");
            let before = fs::read(&path).unwrap();
            fs::write(&path, [&before, &b"{\"task\":{\"cell\":0,\"pa"[..]].concat()).unwrap();
            let mut second = Fake::new();
            let mut log = logged(folder.path());
            assert_eq!(log.asked(), "this");
            let resumed = ran(&plan, 2, &mut second, Some(&mut log), 99).unwrap();
            assert!(resumed.whole);
            assert_eq!(resumed.cells, whole.cells, "{passes} killed after {steps} steps");
            let ended = |fake: &Fake<'_>| -> HashSet<String> {
                fake.trace.iter().filter(|what| what.ends_with('.') && !what.contains("learn")).cloned().collect()
            };
            let again: Vec<_> = ended(&first).intersection(&ended(&second)).cloned().collect();
            assert!(again.is_empty(), "{again:?} run again");
            assert!(fs::read(&path).unwrap().starts_with(&before), "what was finished is untouched");
            // There is nothing left to do then.
            let mut third = Fake::new();
            let again = ran(&plan, 2, &mut third, Some(&mut logged(folder.path())), 99).unwrap();
            assert_eq!((again.cells, third.trace()), (resumed.cells, String::new()));
            if killed.whole {
                break;
            }
        }
    }
}

#[test]
fn a_cell_that_its_map_failed_stays_and_one_that_was_kept_from_its_work_runs_again() {
    let plan = planned("count", "1,2");
    let folder = tempfile::tempdir().unwrap();
    let fails = |job: &str| match job {
        "0-count-1" => Some(Failure::new(Status::Panicked, "no")),
        "1-count-1" => Some(Failure::new(Status::Killed, "from outside")),
        "2-expect-1" => Some(Failure::harness("no room")),
        _ => None,
    };
    let mut fake = Fake { fails: &fails, ..Fake::new() };
    let first = ran(&plan, 1, &mut fake, Some(&mut logged(folder.path())), 99).unwrap();
    let failed = Status::HarnessFailed;
    assert_eq!(statuses(&first.cells), [Status::Panicked, Status::Killed, failed, failed]);
    let mut fake = Fake::new();
    let second = ran(&plan, 1, &mut fake, Some(&mut logged(folder.path())), 99).unwrap();
    assert_eq!(statuses(&second.cells), [Status::Panicked, Status::Ok, Status::Ok, Status::Ok]);
    assert_eq!(second.cells[0], first.cells[0]);
    assert_eq!(fake.trace().split(' ').filter(|what| !what.ends_with('.')).count(), 4, "{}", fake.trace());
}

#[test]
fn it_goes_on_with_the_same_plan_on_the_same_machine_alone() {
    let folder = tempfile::tempdir().unwrap();
    ran(&planned("count", "1"), 1, &mut Fake::new(), Some(&mut logged(folder.path())), 2).unwrap();
    let path = folder.path().join("cells.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let refused = |plan: &(Plan, Subjects)| {
        let before = fs::read(&path).unwrap();
        let error = ran(plan, 1, &mut Fake::new(), Some(&mut logged(folder.path())), 99).err().unwrap();
        assert_eq!(fs::read(&path).unwrap(), before);
        error.to_string()
    };
    let other = refused(&planned("count", "2"));
    assert!(other.contains("cells.jsonl: can't go on: plan was ") && other.ends_with("run it anew"), "{other}");
    for (name, is) in Environment::detect("").fields() {
        let changed = text.replacen(&format!("\"{name}\":\""), &format!("\"{name}\":\"not "), 1);
        assert_ne!(changed, text, "{name} is in the first line");
        fs::write(&path, sealed(&changed)).unwrap();
        let why = refused(&planned("count", "1"));
        assert!(why.contains(&format!("can't go on: {name} was not {is}, and is {is}; ")), "{why}");
    }
    fs::write(&path, sealed(&text.replacen("\"map btree\":", "\"map aatree\":", 1))).unwrap();
    let why = refused(&planned("count", "1"));
    assert!(why.contains(": map aatree was std ") && why.contains(", and is not there"), "{why}");
}

#[test]
fn a_trace_that_was_changed_meanwhile_is_another_one() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("t.csv");
    fs::write(&trace, "op,key\ninsert,1\n").unwrap();
    let subjects = Subjects::builtin();
    let flags = [("map", "std"), ("trace", trace.to_str().unwrap()), ("passes", "count")];
    let plan = (plan(&[], &Flags::from(flags), &subjects.catalog()).unwrap(), subjects);
    let go_on = || ran(&plan, 1, &mut Fake::new(), Some(&mut logged(folder.path())), 1).err();
    assert!(go_on().is_none() && go_on().is_none());
    fs::write(&trace, "op,key\ninsert,2\n").unwrap();
    let why = go_on().unwrap().to_string();
    let [was, is] = ["insert,1", "insert,2"].map(|row| blake3::hash(format!("op,key\n{row}\n").as_bytes()).to_hex());
    assert!(why.contains("t.csv was trace:t.csv@") && why.contains(&was[..8]) && why.contains(&is[..8]), "{why}");
}

#[test]
fn nothing_in_a_log_that_no_run_can_have_written_becomes_part_of_a_record() {
    let plan = planned("count,time", "1");
    let folder = tempfile::tempdir().unwrap();
    ran(&plan, 1, &mut Fake::new(), Some(&mut logged(folder.path())), 99).unwrap();
    let path = folder.path().join("cells.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let of = |pass: &str| text.lines().find(|line| line.contains(&format!("\"pass\":\"{pass}\""))).unwrap().to_owned();
    let [count, time] = ["count", "time"].map(of);
    for (from, to, why) in [
        (&*count, "{}", "line 3: key must be a string"),
        (&count, "", "line 3: expected value"),
        (&count, &count.replacen("\"cell\":0", "\"cell\":2", 1), "line 3: no process of this run can have ended so"),
        (&time, &time.replacen("\"of\":2", "\"of\":3", 1), "line 5: no process of this run can have ended so"),
        (&time, &count, "line 5: it ended before"),
        (&time, &time.replacen("\"ticks_per_ns\":0.3", "\"ticks_per_ns\":-0.3", 1), "line 5: ticks_per_ns -0.3"),
        (&time, &time.replacen("\"histograms\":[]", "\"histograms\":7", 1), "line 5: invalid type: integer `7`"),
        (&count, &count.replacen("\"count\":", "\"profile\":", 1), "line 3: "),
        (
            &count,
            &count.replacen("\"quantities\":{", "\"quantities\":{\"x\":1,", 1),
            "line 3: `x` is no quantity that this mapscope knows",
        ),
        (&of("expect"), &of("expect").replacen("\"get_hits\":0", "\"get_hits\":1", 1), "line 2: get_hits 1 > gets 0"),
        (
            &of("expect"),
            &of("expect").replacen("\"inserts\":0", &format!("\"inserts\":{}", u64::MAX), 1).replacen(
                "\"overwrites\":0",
                "\"overwrites\":9",
                1,
            ),
            "line 2: ",
        ),
    ] {
        assert_ne!(from, to);
        fs::write(&path, sealed(&text.replacen(from, to, 1))).unwrap();
        let error = ran(&plan, 1, &mut Fake::new(), Some(&mut logged(folder.path())), 99).err();
        let said = error.map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains(&format!("cells.jsonl: {why}")) && said.ends_with("; run it anew"), "{why}: {said}");
    }
    for (text, why) in [
        ("", "has nothing in it to go on with: run it anew"),
        ("{\"asked\":{},\"facts\"", "has nothing in it to go on with: run it anew"),
        ("{}\n", "line 1: its digest is another one"),
        (&sealed("{\"work\":\"\"}"), "its first line is not that of a run's log: missing field `asked`"),
    ] {
        fs::write(&path, text).unwrap();
        let said = Log::resume(folder.path()).err().unwrap().to_string();
        assert!(said.contains(&format!("cells.jsonl: {why}")), "{said}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text, "untouched");
    }
}

#[test]
fn a_log_is_what_was_written_or_is_refused() {
    let plan = planned("count,time", "1");
    let folder = tempfile::tempdir().unwrap();
    let killed = |job: &str| (job == "1-count-1").then(|| Failure::new(Status::Killed, "from outside"));
    let mut fake = Fake { fails: &killed, ..Fake::new() };
    ran(&plan, 1, &mut fake, Some(&mut logged(folder.path())), 99).unwrap();
    let path = folder.path().join("cells.jsonl");
    let written = fs::read(&path).unwrap();
    assert_eq!(sealed(std::str::from_utf8(&written).unwrap()).as_bytes(), written);
    let go_on = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let ran = Log::resume(folder.path()).and_then(|mut log| ran(&plan, 1, &mut Fake::new(), Some(&mut log), 0));
        if ran.is_err() {
            assert_eq!(fs::read(&path).unwrap(), bytes, "untouched");
        }
        ran.err().map(|error| error.to_string()).unwrap_or_default()
    };
    assert_eq!(go_on(&written), "");
    // Every byte but the last, without which the last line is one that was cut.
    for at in 0..written.len() - 1 {
        let mut changed = written.clone();
        changed[at] ^= 1;
        assert_ne!(go_on(&changed), "", "byte {at}");
    }
    // Every line: left out, twice, before another, of another run.
    let lines: Vec<_> = written.split_inclusive(|&byte| byte == b'\n').collect();
    let number = |at: usize| format!("cells.jsonl: line {}: its digest is another one", at + 1);
    for at in 0..lines.len() - 1 {
        let without = [&lines[..at], &lines[at + 1..]].concat().concat();
        let twice = [&lines[..=at], &lines[at..]].concat().concat();
        let swapped = [&lines[..at], &[lines[at + 1], lines[at]], &lines[at + 2..]].concat().concat();
        for (bytes, at) in [(without, at), (twice, at + 1), (swapped, at)] {
            let said = go_on(&bytes);
            assert!(said.contains(&number(at)) && said.ends_with("; run it anew"), "{said}");
        }
    }
    // A process that was kept from its work is one of this run's all the same.
    let text = std::str::from_utf8(&written).unwrap();
    let of_it = lines.iter().position(|line| std::str::from_utf8(line).unwrap().contains("from outside")).unwrap();
    let said =
        go_on(sealed(&text.replacen("{\"cell\":1,\"pass\":\"count\"", "{\"cell\":7,\"pass\":\"count\"", 1)).as_bytes());
    assert!(said.contains(&format!("line {}: no process of this run can have ended so", of_it + 1)), "{said}");
    // A line without an end is read only so far.
    let endless = File::create(&path).unwrap();
    endless.set_len(1 << 40).unwrap();
    let said = Log::resume(folder.path()).err().unwrap().to_string();
    assert!(said.contains("cells.jsonl: line 1: it is longer than 67108864 bytes"), "{said}");
}

#[test]
fn whatever_number_stands_in_a_log_it_is_refused_or_a_record_that_can_be() {
    let plan = planned("count,profile,time", "1");
    let folder = tempfile::tempdir().unwrap();
    ran(&plan, 1, &mut Fake::new(), Some(&mut logged(folder.path())), 99).unwrap();
    let path = folder.path().join("cells.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let lines = text.find('\n').unwrap();
    let is_number = |at: &usize| {
        let [before, it] = [at - 1, *at].map(|at| text.as_bytes()[at]);
        it.is_ascii_digit() && !before.is_ascii_alphanumeric() && !b"._-".contains(&before)
    };
    let (mut refused, mut taken) = (0, 0);
    for at in (lines + 1..text.len()).filter(is_number) {
        let rest = text[at..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        for other in ["18446744073709551615", "18446744073709551616", "9223372036854775808", "-1", "1e999", "7"] {
            fs::write(&path, sealed(&[&text[..at], other, rest].concat())).unwrap();
            match ran(&plan, 1, &mut Fake::new(), Some(&mut logged(folder.path())), 99) {
                Err(_) => refused += 1,
                Ok(run) => {
                    run.cells.iter().for_each(|cell| assert_eq!(check_cell(cell), Ok(()), "{other} at {at}"));
                    taken += 1;
                }
            }
        }
    }
    assert!(refused > 100 && taken > 10, "{refused} {taken}");
}
