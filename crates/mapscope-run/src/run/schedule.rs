//! A run from its plan to its record.

use std::collections::{HashMap, HashSet, VecDeque};

use super::answers::Answers;
use super::event::{Event, Sinks};
use super::job::{Answer, Pass};
use super::ledger::Ledger;
use super::limits::Limits;
use super::log::{Line, Log, LogError};
use super::opened::Opened;
use super::process::{Processes, about_program};
use super::progress::Progress;
use super::runner;
use super::scheduler::Scheduler;
use super::subjects::Subjects;
use super::task::{Task, tasks};
use super::valgrind::Valgrind;
use super::{Finished, RunError, Settings};
use crate::intake::interrupt;
use crate::plan::{CellSpec, Plan};
use crate::record::{Environment, Results, SCHEMA, Status, check_cell, check_times};
use crate::subject::{Prepared, Sources};

/// From now on Ctrl-C no longer ends this process, but interrupts the run that goes on, or the next one. For those who
/// make something before it that must not be left behind. A program that handles Ctrl-C itself goes on doing so, and
/// interrupts no run.
pub fn heed_interrupts() {
    interrupt::heed(|| {});
}

/// Runs every cell of the plan, and gives a record of each.
///
/// Workloads are opened and checked before the first process starts, and what they are read from is read only then; an
/// error is of what was found then, and from there on all that fails is a row. What each process finds out is in the `log`
/// when it has ended, and what is in there already is not run again. Interrupted (Ctrl-C), it kills what runs and gives what
/// is done; while it reads, it fails.
pub fn execute(
    plan: &Plan,
    subjects: &Subjects,
    settings: &Settings,
    log: Option<&mut Log>,
) -> Result<Finished, RunError> {
    heed_interrupts();
    let finished = run(plan, subjects, settings, log);
    // Those after it are not interrupted by what interrupted this one.
    interrupt::forget();
    finished
}

fn run(plan: &Plan, subjects: &Subjects, settings: &Settings, log: Option<&mut Log>) -> Result<Finished, RunError> {
    let valgrind = plan.passes.instructions.then(|| Valgrind::find().ok_or(RunError::NoValgrind)).transpose()?;
    let opened = Opened::new(plan.clone(), subjects)?;
    let answers = Answers::new()?;
    // A run that goes on finds in its own folder what repetitions left.
    let folder = log.as_ref().map_or(answers.path(), |log| log.folder()).to_owned();
    let mut ledger = Ledger::new(&opened, &folder);
    let (mut done, mut sinks) = (HashSet::new(), Sinks(Vec::new()));
    if let Some(log) = log {
        let mut facts = opened.facts();
        facts.insert("program".into(), about_program());
        log.open(&facts)?;
        done = replay(log, &opened, &mut ledger)?;
        sinks.0.push(log);
    }
    let queue = tasks(&opened, &done);
    let certain = queue.iter().filter(|task| task.is_certain()).count() as u64;
    let mut progress = Progress::new(tasks_left(&opened.plan, &queue), certain, settings.progress);
    sinks.0.push(&mut progress);
    let undisturbed = queue.iter().filter(|task| task.pass.is_undisturbed()).count();
    let limits = Limits::new(plan, undisturbed, settings.jobs);
    let prepared = prepare(&opened, &queue, settings.sources, &mut ledger, &mut sinks);
    let mut scheduler = Scheduler::new(&opened, answers.path(), limits, prepared, ledger, queue);
    let mut processes = Processes::new(valgrind);
    while !interrupt::asked() && scheduler.step(&mut processes, &mut sinks) {}
    let interrupted = interrupt::asked();
    drop(processes);
    let results = Results {
        schema: SCHEMA,
        mapscope: env!("CARGO_PKG_VERSION").into(),
        profile: plan.profile.clone(),
        partial: interrupted,
        environments: vec![Environment::detect("system malloc")],
        accepted: Vec::new(),
        cells: scheduler.finish(),
    };
    let failed = results.cells.iter().filter(|cell| cell.status != Status::Ok).count();
    Ok(Finished { results, failed, interrupted, told: opened.told() })
}

/// Books what a log has of the run so far, and gives the tasks that are done. Nothing in a log, however damaged, becomes part
/// of a record that could not have come from a run.
fn replay(log: &mut Log, opened: &Opened<'_>, ledger: &mut Ledger<'_>) -> Result<HashSet<Task>, LogError> {
    let known: HashSet<Task> = tasks(opened, &HashSet::new()).into_iter().collect();
    let mut done = HashSet::new();
    while let Some((number, line)) = log.next_line()? {
        let runs_again = line.runs_again();
        let Line { task, mut ended } = line;
        let fail = |what: &str| Err(log.damaged(number, what));
        // What is learnt again is in no plan.
        let learnt_again = Task { pass: Pass::Count, ..task };
        let is_known = known.contains(&task) || task.pass == Pass::Learn && known.contains(&learnt_again);
        if !is_known || !ledger.is_well(task.cell) {
            return fail("no process of this run can have ended so");
        }
        let expect = Task { cell: opened.alike(task.cell)[0], pass: Pass::Expect, repetition: 1, of: Some(1) };
        let before = Task { repetition: task.repetition - 1, ..task };
        let comes_first = [(task.pass != Pass::Expect, expect), (task.repetition > 1, before)];
        if comes_first.into_iter().any(|(needed, task)| needed && !done.contains(&task)) {
            return fail("what comes before it has not ended");
        }
        if done.contains(&task) {
            return fail("it ended before");
        }
        if runs_again {
            continue;
        }
        done.insert(task);
        match &mut ended {
            Ok(answer) if answer.pass() != task.pass => return fail("the answer is another pass's"),
            // It has gone with the process that it was for.
            Ok(Answer::Count(_, learnt)) => *learnt = None,
            Ok(Answer::Learnt(_)) => return fail("nothing is learnt for a run that is over"),
            Ok(Answer::Time(time, left)) => {
                let of_those_before = left.as_ref().is_none_or(|left| left.least.repetitions == task.repetition);
                if time.bare_elapsed_ns.len() != 1 || !of_those_before {
                    return fail("it is not one repetition's");
                }
                if let Err(what) = check_times(&ledger.cells[task.cell].id, time, task.repetition as usize) {
                    return fail(&what);
                }
            }
            _ => {}
        }
        ledger.book(&task, ended);
        if ledger.is_timed(task.cell) {
            done.extend(known.iter().filter(|other| other.pass == Pass::Time && other.cell == task.cell));
        }
        let touched = if task.pass == Pass::Expect { opened.alike(task.cell) } else { &[task.cell] };
        if let Some(what) = touched.iter().find_map(|&cell| check_cell(&ledger.cells[cell]).err()) {
            return fail(&what);
        }
    }
    Ok(done)
}

/// How many processes each cell still has to come.
fn tasks_left(plan: &Plan, queue: &VecDeque<Task>) -> Vec<u64> {
    let mut left = vec![0; plan.cells.len()];
    queue.iter().for_each(|task| left[task.cell] += 1);
    left
}

/// Makes ready what the processes of cells share, once for a map and an entry; gives each cell's.
fn prepare(
    opened: &Opened<'_>,
    queue: &VecDeque<Task>,
    sources: Sources,
    ledger: &mut Ledger<'_>,
    sinks: &mut Sinks<'_>,
) -> Vec<Prepared> {
    let mut done = HashMap::new();
    let mut prepared = vec![Prepared::Nothing; opened.plan.cells.len()];
    let left = tasks_left(&opened.plan, queue);
    // Of a cell that has nothing left, too, the record says what built the program that ran it.
    let has_program = |spec: &CellSpec| !runner::is_compiled_in(spec.entry);
    let cells = opened.plan.cells.iter().enumerate();
    for (cell, spec) in cells.filter(|(cell, spec)| left[*cell] > 0 || has_program(spec)) {
        let Some(map) = opened.subject(cell).filter(|_| ledger.is_well(cell)) else { continue };
        let ready = done.entry((spec.map.name, spec.entry)).or_insert_with(|| {
            sinks.tell(Event::Doing(&format!("making {} ready for {}", spec.map.name, spec.entry)));
            map.prepare(spec.entry, sources)
        });
        if interrupt::asked() {
            // It may have failed for that.
            break;
        }
        match ready {
            Ok(ready) => {
                prepared[cell].clone_from(ready);
                if let Prepared::Program { built_by: Some(compiler), .. } = ready {
                    ledger.built_by(cell, compiler);
                }
            }
            Err(failure) if left[cell] > 0 => ledger.unready(cell, failure),
            Err(_) => {}
        }
    }
    prepared
}

#[cfg(test)]
mod tests;
