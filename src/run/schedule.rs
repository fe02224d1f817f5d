//! The order of things: which process runs when, and how its answer becomes part of its cell's record.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::answers::Answers;
use super::job::{Answer, Answered, Job, Pass};
use super::limits::Limits;
use super::passes::{Counted, Learnt, Names};
use super::process::Process;
use super::progress::Progress;
use super::repetitions::Repetitions;
use super::subjects::Subjects;
use super::{Finished, RunError, Settings};
use crate::intake::{self, interrupt};
use crate::plan::{CellSpec, Plan, Source, ThreadKeys, WorkloadSpec};
use crate::record::{Cell, EndState, Environment, Results, SCHEMA, Status, contradiction};
use crate::subject::Failure;
use crate::text;
use crate::workload::{Expected, Inputs, Workload, WorkloadError, sizes};

/// One process to be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Task {
    /// Index into the plan's cells.
    cell: usize,
    pass: Pass,
    /// Of how many repetitions of a time pass which one, from 1; of other passes there is one.
    repetition: u32,
    of: u32,
}

impl Task {
    /// `time pass, repetition 2 of 5`.
    fn name(&self) -> String {
        let Task { pass, repetition, of, .. } = self;
        let which = if *of > 1 { format!(", repetition {repetition} of {of}") } else { String::new() };
        format!("{} pass{which}", pass.name())
    }

    /// Whether the cell's pass is done with it.
    fn is_last(&self) -> bool {
        self.repetition == self.of
    }
}

/// How long to sleep between two looks at the running processes.
const POLL_INTERVAL: Duration = Duration::from_millis(2);

/// From now on Ctrl-C no longer ends this process, but interrupts the run that goes on, or the next one. For those who
/// make something before it that must not be left behind. A program that handles Ctrl-C itself goes on doing so, and
/// interrupts no run.
pub fn heed_interrupts() {
    interrupt::heed(|| {});
}

/// Runs every cell of the plan, and gives a record of each.
///
/// Workloads are opened and checked before the first process starts, and what they are read from is read only then; an
/// error is of what was found then, and from there on all that fails is a row. `done` hears of each cell when one of its
/// passes is done or has failed, as the cell is then: what to keep in case that this process is killed. Interrupted
/// (Ctrl-C), it kills what runs and gives what is done; while it reads, it fails.
pub fn execute(
    plan: &Plan,
    subjects: &Subjects,
    settings: &Settings,
    done: &mut dyn FnMut(&Cell),
) -> Result<Finished, RunError> {
    heed_interrupts();
    let finished = run(plan, subjects, settings, done);
    // Those after it are not interrupted by what interrupted this one.
    interrupt::forget();
    finished
}

fn run(
    plan: &Plan,
    subjects: &Subjects,
    settings: &Settings,
    done: &mut dyn FnMut(&Cell),
) -> Result<Finished, RunError> {
    let workloads = open_workloads(plan, subjects)?;
    let answers = Answers::new()?;
    let mut queue = tasks(plan, subjects);
    let undisturbed = queue.iter().filter(|task| task.pass.is_undisturbed()).count();
    let mut limits = Limits::new(plan, undisturbed, settings.jobs);
    let mut cells: Vec<Cell> =
        plan.cells.iter().map(|spec| new_cell(spec, opened(&workloads, spec), subjects)).collect();
    for (spec, workload) in &workloads {
        let of_it = || plan.cells.iter().enumerate().filter(|(_, cell)| cell.workload == *spec);
        let Some((_, first)) = of_it().next() else { continue };
        let job = job(first, workload, Pass::Expect, &limits, answers.file("expect.json"));
        let Some(ended) = wait(job, limits.time(work(first, workload))) else { break };
        for (index, cell_spec) in of_it() {
            match &ended {
                Ok(Answer::Expected(expected)) => {
                    cells[index].expected = end_state(expected, cell_spec, opened(&workloads, cell_spec))
                }
                Ok(_) => {}
                Err(failure) => fail(&mut cells[index], "expected end state, without a map", failure),
            }
        }
    }

    let mut tasks_left = vec![0; plan.cells.len()];
    queue.iter().for_each(|task| tasks_left[task.cell] += 1);
    let mut progress = Progress::new(tasks_left, settings.progress);
    let prepared = prepare(plan, subjects, &mut cells, &progress);
    let mut times: Vec<Timings> = cells.iter().map(|_| Timings::default()).collect();
    let mut names = Names::default();
    let mut running: Vec<(Task, Process)> = Vec::new();
    while !(interrupt::asked() || queue.is_empty() && running.is_empty()) {
        while let Some(&task) = queue.front()
            && may_start(task.pass, &running, limits.jobs)
        {
            let Task { cell: index, pass, repetition, .. } = task;
            queue.pop_front();
            if cells[index].status != Status::NotRun && cells[index].status != Status::Ok {
                progress.task_done(index);
                continue;
            }
            let answer = answers.file(&format!("{index}-{}-{repetition}.json", pass.name()));
            let spec = &plan.cells[index];
            let workload = opened(&workloads, spec);
            let mut job = job(spec, workload, pass, &limits, answer);
            job.keeps_moments = task.is_last();
            job.prepared.clone_from(&prepared[index]);
            if plan.passes.time && pass.is_undisturbed() && repeats(spec, subjects) {
                let file = answers.file(&format!("{index}-learnt"));
                (times[index].file, job.learns) = (Some(file.clone()), Some(file));
            }
            job.learnt.clone_from(&times[index].learnt);
            let ended = match Process::start(job, limits.time(work(spec, workload))) {
                Ok(process) => {
                    running.push((task, process));
                    continue;
                }
                // There may be room for it when one of the others has ended; for as many as this there is none.
                Err(_) if !running.is_empty() => {
                    limits.jobs = running.len();
                    queue.push_front(task);
                    continue;
                }
                Err(error) => Err(not_started(error)),
            };
            take(&mut cells[index], &mut times[index], &mut names, &task, ended);
            progress.task_done(index);
            done(&cells[index]);
        }
        let mut still_running = Vec::new();
        for (task, mut process) in running {
            let Some(ended) = process.poll() else {
                still_running.push((task, process));
                continue;
            };
            let cell = &mut cells[task.cell];
            take(cell, &mut times[task.cell], &mut names, &task, ended);
            progress.task_done(task.cell);
            if task.is_last() && task.pass != Pass::Learn || cell.status != Status::Ok {
                done(cell);
            }
        }
        running = still_running;
        if let Some((Task { cell, pass, repetition, of }, _)) = running.first() {
            let round = if *of > 1 { format!(" {repetition}/{of}") } else { String::new() };
            progress.says(format!("{}{round}: {}", pass.name(), cells[*cell].id));
        }
        std::thread::sleep(POLL_INTERVAL);
    }
    let interrupted = interrupt::asked();
    let left = running.iter().map(|(task, _)| *task).chain(queue);
    // Of the time pass, the repetitions that were done are times all the same: the record says how many, and that it is partial.
    let timed = |task: &Task| task.pass == Pass::Time && !times[task.cell].repetitions.is_empty();
    left.filter(|task| !timed(task)).for_each(|task| unfinished(&mut cells[task.cell], task.pass));
    for (cell, times) in cells.iter_mut().zip(times) {
        take_times(cell, times);
    }
    for cell in cells.iter_mut().filter(|cell| cell.status == Status::NotRun && cell.error.is_none()) {
        let crew = if cell.id.threads.is_some() { " for several threads" } else { "" };
        cell.error = Some(format!("this map has none of the passes asked for{crew}"));
    }

    while let Some((index, why)) = contradiction(&cells) {
        cells[index].count = None;
        fail(&mut cells[index], "count pass", &Failure::harness(why));
    }

    let results = Results {
        schema: SCHEMA,
        mapscope: env!("CARGO_PKG_VERSION").into(),
        profile: plan.profile.clone(),
        partial: interrupted,
        environments: vec![Environment::detect("system malloc")],
        accepted: Vec::new(),
        cells,
    };
    let failed = results.cells.iter().filter(|cell| cell.status != Status::Ok).count();
    Ok(Finished { results, failed, interrupted })
}

type Opened = (WorkloadSpec, Workload);

fn open_workloads(plan: &Plan, subjects: &Subjects) -> Result<Vec<Opened>, RunError> {
    let (mut workloads, mut inputs): (Vec<Opened>, _) = (Vec::new(), Inputs::default());
    for CellSpec { workload: spec, map, crew, .. } in &plan.cells {
        if !workloads.iter().any(|(known, _)| known == spec) {
            workloads.push((spec.clone(), Workload::open_from(spec, &mut inputs)?));
        }
        let known = workloads.iter().find(|(known, _)| known == spec);
        if let (Some(why), Source::Trace(path)) = (known.and_then(|(_, workload)| workload.undealable()), &spec.source)
            && subjects.find(map.name).is_some_and(|map| map.is_dealt(*crew))
        {
            let advice = if crew.is_some() { "leave --threads out" } else { "leave this map out" };
            let what = format!("can't be dealt to threads, as {map} wants it: {why}; {advice}");
            return Err(WorkloadError::File { path: intake::shown(path).to_owned(), line: None, what }.into());
        }
    }
    Ok(workloads)
}

fn opened<'a>(workloads: &'a [Opened], cell: &CellSpec) -> &'a Workload {
    let known = workloads.iter().find(|(spec, _)| *spec == cell.workload);
    &known.expect("every cell's workload was opened").1
}

/// The operations that a pass of the cell does, its set-up and the entries that it is asked to have room for included.
fn work(cell: &CellSpec, workload: &Workload) -> u64 {
    workload.setup_ops().saturating_add(workload.ops()).saturating_add(cell.hint)
}

/// Runs one job to its end; `None` when interrupted.
fn wait(job: Job, limit: Duration) -> Option<Answered> {
    let mut process = match Process::start(job, limit) {
        Ok(process) => process,
        Err(error) => return Some(Err(not_started(error))),
    };
    while !interrupt::asked() {
        if let Some(ended) = process.poll() {
            return Some(ended);
        }
        std::thread::sleep(POLL_INTERVAL);
    }
    None
}

fn not_started(error: io::Error) -> Failure {
    Failure::harness(format!("its process can't be started: {error}"))
}

/// The expected end state with the payload of the cell's entry.
fn end_state(expected: &Expected, cell: &CellSpec, workload: &Workload) -> EndState {
    let puts = expected.inserts + expected.overwrites;
    let sizes = sizes(cell.entry).unwrap_or_default();
    // All of it, and what of it is on the heap.
    let payload = |entries: u64, value_bytes: u64| {
        let value_heap = match (sizes.value_heap, workload.value_lengths()) {
            (false, _) => 0,
            (true, true) => value_bytes,
            (true, false) => entries * sizes.value_heap_min_bytes,
        };
        (entries * (sizes.key_bytes + sizes.value_bytes) + value_heap, entries * sizes.key_heap_bytes + value_heap)
    };
    let (payload_bytes, payload_heap_bytes) = payload(puts, expected.put_value_bytes);
    let (live_payload_bytes, live_payload_heap_bytes) = payload(expected.entries, expected.live_value_bytes);
    EndState {
        entries: expected.entries,
        checksum: expected.checksum,
        inserts: expected.inserts,
        overwrites: expected.overwrites,
        removes: expected.removes,
        remove_hits: expected.remove_hits,
        gets: expected.gets,
        get_hits: expected.get_hits,
        clears: Some(expected.clears),
        iterations: Some(expected.iterations),
        payload_bytes,
        payload_heap_bytes: Some(payload_heap_bytes),
        live_payload_bytes,
        live_payload_heap_bytes: Some(live_payload_heap_bytes),
    }
}

/// Every pass of every cell: count passes first, side by side where allowed, then the others, each alone; time passes in
/// rounds, the first repetition of every cell before the second of any.
fn tasks(plan: &Plan, subjects: &Subjects) -> VecDeque<Task> {
    let wanted = [
        (plan.passes.count, Pass::Count, 1),
        (plan.passes.time && !plan.passes.count, Pass::Learn, 1),
        (plan.passes.profile, Pass::Profile, 1),
        (plan.passes.time, Pass::Time, plan.repetitions),
    ];
    let has = |index: usize, pass| {
        let cell = &plan.cells[index];
        match pass {
            Pass::Profile => subjects.find(cell.map.name).is_none_or(|map| map.has_stacks(cell.crew)),
            Pass::Learn => repeats(cell, subjects),
            Pass::Expect | Pass::Count | Pass::Time => true,
        }
    };
    let mut tasks = VecDeque::new();
    for (_, pass, of) in wanted.into_iter().filter(|(wanted, ..)| *wanted) {
        for repetition in 1..=of {
            let cells = (0..plan.cells.len()).filter(|&index| has(index, pass));
            tasks.extend(cells.map(|cell| Task { cell, pass, repetition, of }));
        }
    }
    tasks
}

/// Whether the kinds and causes of the cell's operations are learnt before they are timed.
fn repeats(cell: &CellSpec, subjects: &Subjects) -> bool {
    subjects.find(cell.map.name).is_some_and(|map| map.repeats(cell.crew))
}

/// Whether a pass may start beside those that run. Sampling the CPU is timing too.
fn may_start(pass: Pass, running: &[(Task, Process)], jobs: usize) -> bool {
    let beside = || running.len() < jobs.max(1) && running.iter().all(|(task, _)| task.pass.is_undisturbed());
    running.is_empty() || pass.is_undisturbed() && beside()
}

fn new_cell(spec: &CellSpec, workload: &Workload, subjects: &Subjects) -> Cell {
    let map = subjects.find(spec.map.name);
    Cell {
        id: spec.id(workload.keys_label(), workload.mix_label(), workload.ops()),
        status: Status::NotRun,
        error: None,
        // Which thread comes first is chance.
        exact: spec.crew.is_none() && map.is_some_and(|map| map.info().exact),
        environment: 0,
        map_version: map.map(|map| map.version(spec.crew, &spec.map.args)).unwrap_or_default(),
        key_bytes: 0,
        value_bytes: 0,
        expected: EndState::default(),
        count: None,
        time: None,
        profile: None,
    }
}

fn job(spec: &CellSpec, workload: &Workload, pass: Pass, limits: &Limits, answer: PathBuf) -> Job {
    Job {
        pass,
        cell: spec.clone(),
        input: workload.hand_over(),
        prepared: None,
        learns: None,
        learnt: None,
        keeps_moments: false,
        memory_limit_bytes: limits.memory_bytes(pass),
        answer,
    }
}

/// Makes ready what the processes of cells share, once for a map and an entry; gives each cell's.
fn prepare(plan: &Plan, subjects: &Subjects, cells: &mut [Cell], progress: &Progress) -> Vec<Option<PathBuf>> {
    let mut done = HashMap::new();
    let mut prepared = vec![None; cells.len()];
    for ((cell, spec), prepared) in cells.iter_mut().zip(&plan.cells).zip(&mut prepared) {
        let Some(map) = subjects.find(spec.map.name).filter(|_| cell.status == Status::NotRun) else { continue };
        let ready = done.entry((spec.map.name, spec.entry)).or_insert_with(|| {
            progress.says(format!("making {} ready for {}", spec.map.name, spec.entry));
            map.prepare(spec.entry)
        });
        if interrupt::asked() {
            // It may have failed for that.
            break;
        }
        match ready {
            Ok(path) => prepared.clone_from(path),
            Err(Failure { status, why }) => (cell.status, cell.error) = (*status, Some(text::one_line(why))),
        }
    }
    prepared
}

/// What a cell's time pass begins with, and its repetitions so far.
#[derive(Default)]
struct Timings {
    /// Where what is learnt goes. It is as large as the workload is long, and is removed when the cell is done with it.
    file: Option<PathBuf>,
    learnt: Option<Result<Learnt, Failure>>,
    repetitions: Repetitions,
}

/// Books the end of a process in its cell.
fn take(cell: &mut Cell, times: &mut Timings, names: &mut Names, task: &Task, ended: Answered) {
    match ended {
        Ok(answer) => {
            if cell.status == Status::NotRun {
                cell.status = Status::Ok;
            }
            match answer {
                Answer::Count(counted, learnt) => {
                    take_count(cell, *counted);
                    times.learnt = learnt;
                }
                Answer::Learnt(learnt) => times.learnt = Some(Ok(learnt)),
                Answer::Time(time) => {
                    if times.repetitions.add(*time).is_none() {
                        fail(cell, &task.name(), &Failure::harness("a histogram is damaged"));
                    }
                }
                Answer::Profile(unnamed) => match names.profile(&unnamed) {
                    Ok(profile) => cell.profile = Some(profile),
                    Err(failure) => fail(cell, &task.name(), &failure),
                },
                Answer::Expected(_) => {}
            }
        }
        Err(failure) => fail(cell, &task.name(), &failure),
    }
    // Of a cell that has failed no other process is started.
    if cell.status != Status::Ok || task.pass == Pass::Time && task.is_last() {
        take_times(cell, std::mem::take(times));
    }
}

/// A pass that failed gives no figures.
fn take_times(cell: &mut Cell, Timings { file, repetitions, .. }: Timings) {
    if let Some(file) = file {
        // It is done with; the folder goes with the run in any case.
        let _ = std::fs::remove_file(file);
    }
    if cell.status != Status::Ok {
        cell.time = None;
    } else if let Some(time) = repetitions.finish() {
        cell.time = Some(time);
    }
}

fn take_count(cell: &mut Cell, counted: Counted) {
    let Counted { end, key_bytes, value_bytes, count } = counted;
    if cell.id.thread_keys.as_deref() == Some(ThreadKeys::Shared.name()) && same_work(&cell.expected, &end) {
        // Who comes first decides the rest; the process has held it against what any order leaves.
        cell.expected = end;
    }
    if end != cell.expected {
        let failure = Failure::content(difference(&cell.expected, &end));
        fail(cell, "count pass", &failure);
    }
    (cell.key_bytes, cell.value_bytes) = (key_bytes, value_bytes);
    cell.count = Some(count);
}

/// Whether the operations are the same, whatever they found.
fn same_work(expected: &EndState, found: &EndState) -> bool {
    let work = |end: &EndState| (end.inserts + end.overwrites, end.removes, end.gets, end.payload_bytes);
    work(expected) == work(found)
}

/// The first figure in which the map's end state is not the expected one.
fn difference(expected: &EndState, found: &EndState) -> String {
    let heap = |bytes: Option<u64>| bytes.unwrap_or(0);
    let figures = [
        ("entries at the end", expected.entries, found.entries),
        ("inserts", expected.inserts, found.inserts),
        ("overwrites", expected.overwrites, found.overwrites),
        ("removes", expected.removes, found.removes),
        ("removes that found their key", expected.remove_hits, found.remove_hits),
        ("gets", expected.gets, found.gets),
        ("gets that found their key", expected.get_hits, found.get_hits),
        ("clears", expected.clears.unwrap_or(0), found.clears.unwrap_or(0)),
        ("iterations", expected.iterations.unwrap_or(0), found.iterations.unwrap_or(0)),
        ("checksum of the content", expected.checksum, found.checksum),
        ("payload bytes", expected.payload_bytes, found.payload_bytes),
        ("payload bytes alive at the end", expected.live_payload_bytes, found.live_payload_bytes),
        ("payload bytes on the heap", heap(expected.payload_heap_bytes), heap(found.payload_heap_bytes)),
        ("live payload bytes on the heap", heap(expected.live_payload_heap_bytes), heap(found.live_payload_heap_bytes)),
    ];
    let wrong = figures.into_iter().find(|(_, expected, found)| expected != found);
    wrong.map(|(what, expected, found)| format!("{what}: expected {expected}, found {found}")).unwrap_or_default()
}

fn fail(cell: &mut Cell, what: &str, failure: &Failure) {
    cell.status = failure.status;
    cell.error = Some(format!("{what}: {}", text::one_line(&failure.why)));
}

/// Books that the run ended before a pass of the cell; what its other passes found stays.
fn unfinished(cell: &mut Cell, pass: Pass) {
    if matches!(cell.status, Status::Ok | Status::NotRun) {
        cell.status = Status::NotRun;
        cell.error.get_or_insert_with(|| format!("interrupted before its {} pass was done", pass.name()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Flags, plan};

    /// What is learnt goes as soon as nobody can need it: when the last repetition is done, or the cell has failed.
    #[test]
    fn what_was_learnt_is_removed_with_the_last_pass_or_the_first_failure() {
        let subjects = Subjects::builtin();
        let plan = plan(&[], &Flags::from([("map", "std"), ("ops", "10")]), &subjects.catalog()).unwrap();
        let workload = Workload::open(&plan.cells[0].workload).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let removed = |pass, repetition| {
            let file = folder.path().join("learnt");
            std::fs::write(&file, "").unwrap();
            let mut cell = new_cell(&plan.cells[0], &workload, &subjects);
            cell.status = Status::Ok;
            let mut times = Timings { file: Some(file.clone()), ..Timings::default() };
            let task = Task { cell: 0, pass, repetition, of: 2 };
            take(&mut cell, &mut times, &mut Names::default(), &task, Err(Failure::harness("tired")));
            assert_eq!(cell.status, Status::HarnessFailed);
            !file.exists()
        };
        assert!(
            removed(Pass::Count, 1) && removed(Pass::Profile, 1) && removed(Pass::Time, 1) && removed(Pass::Time, 2)
        );
    }
}
