//! The records of a run's cells, and how the end of a process becomes part of one.

use std::path::{Path, PathBuf};

use super::job::{Answer, Answered, Pass};
use super::opened::{Opened, REPETITIONS};
use super::passes::{Counted, Handed, Learnt, Names};
use super::place::Place;
use super::repetitions::Joined;
use super::task::Task;
use crate::plan::{CellSpec, ThreadKeys};
use crate::record::{Cell, EndState, Lengths, Status, UNDISTURBED_MIN, contradiction};
use crate::subject::Failure;
use crate::text;
use crate::workload::{Expected, Made, Spread, Workload, sizes};

/// See the module.
pub(super) struct Ledger<'a> {
    opened: &'a Opened<'a>,
    pub cells: Vec<Cell>,
    /// By cell.
    times: Vec<Timings>,
    names: Names,
    /// Where repetitions leave what they hand on.
    folder: PathBuf,
}

/// What a cell's time pass begins with, and its repetitions so far.
#[derive(Default)]
struct Timings {
    /// Where what is learnt goes. It is as large as the workload is long, and is removed when the cell is done with it.
    file: Option<PathBuf>,
    learnt: Option<Result<Learnt, Failure>>,
    repetitions: Joined,
    /// Whether there are all that are needed.
    over: bool,
}

impl<'a> Ledger<'a> {
    /// Blank records of all cells, whose repetitions leave what they hand on in a folder.
    pub fn new(opened: &'a Opened<'a>, folder: &Path) -> Ledger<'a> {
        let cells: Vec<_> = (0..opened.plan.cells.len()).map(|cell| opened.blank(cell)).collect();
        let times = cells.iter().map(|_| Timings::default()).collect();
        Ledger { opened, cells, times, names: Names::default(), folder: folder.to_owned() }
    }

    /// Whether nothing of the cell has failed so far. Of one that has no other process is started.
    pub fn is_well(&self, cell: usize) -> bool {
        matches!(self.cells[cell].status, Status::Ok | Status::NotRun)
    }

    /// Where the cell's next process leaves what it learns.
    pub fn learns(&mut self, cell: usize, file: PathBuf) {
        self.times[cell].file = Some(file);
    }

    /// What was learnt of the cell, or why it was not.
    pub fn learnt(&self, cell: usize) -> Option<Result<Learnt, Failure>> {
        self.times[cell].learnt.clone()
    }

    /// What a repetition of a cell's time pass has from those before, and where it leaves its own, if figures come of it.
    pub fn hands_on(&self, cell: usize) -> Option<Handed> {
        let enough = self.opened.repetitions(cell).is_none_or(|number| number >= UNDISTURBED_MIN);
        let before = self.times[cell].repetitions.least().cloned();
        (enough && self.opened.settles(cell)).then(|| Handed { place: Place::new(&self.folder, cell), before })
    }

    /// Whether the cell's time pass has come to its end.
    pub fn is_timed(&self, cell: usize) -> bool {
        self.times[cell].over
    }

    /// Books the end of a process.
    pub fn book(&mut self, task: &Task, ended: Answered) {
        match (task.pass, ended) {
            (Pass::Expect, ended) => {
                for &cell in self.opened.alike(task.cell) {
                    match &ended {
                        Ok(Answer::Expected(expected)) => {
                            let (spec, workload) = (&self.opened.plan.cells[cell], self.opened.workload(cell));
                            self.cells[cell].expected = end_state(expected, spec, workload);
                            let sizes = sizes(spec.entry).unwrap_or_default();
                            self.cells[cell].key_lengths = lengths(expected.key_lengths.filter(|_| sizes.key_varies));
                            self.cells[cell].value_lengths =
                                lengths(expected.value_lengths.filter(|_| sizes.value_varies));
                        }
                        Ok(_) => {}
                        Err(failure) => self.fail(cell, &task.name(), failure),
                    }
                }
                return;
            }
            (_, Ok(answer)) => self.take(task, answer),
            (_, Err(failure)) => self.fail(task.cell, &task.name(), &failure),
        }
        if !self.is_well(task.cell) || task.pass == Pass::Time && self.is_enough(task) {
            self.remove_least(task.cell);
            self.take_times(task.cell);
        }
    }

    /// Whether no repetition of the cell's time pass is needed after this one.
    fn is_enough(&self, task: &Task) -> bool {
        let may_end = task.of.is_none() && task.is_checkpoint() && task.repetition >= REPETITIONS;
        task.is_last() || may_end && self.times[task.cell].repetitions.stand()
    }

    /// Removes what the last repetition of a cell left, if any did.
    fn remove_least(&self, cell: usize) {
        if let Some(least) = self.times[cell].repetitions.least() {
            // It is done with, or its successor has it all.
            let _ = std::fs::remove_file(Place::new(&self.folder, cell).after(least.repetitions));
        }
    }

    fn take(&mut self, task: &Task, answer: Answer) {
        let (cell, times) = (&mut self.cells[task.cell], &mut self.times[task.cell]);
        if cell.status == Status::NotRun {
            cell.status = Status::Ok;
        }
        match answer {
            Answer::Count(counted, learnt) => {
                times.learnt = learnt;
                take_count(cell, *counted);
            }
            Answer::Learnt(learnt) => times.learnt = Some(Ok(learnt)),
            Answer::Time(time, left) => {
                self.remove_least(task.cell);
                if self.times[task.cell].repetitions.add(*time, left).is_none() {
                    self.fail(task.cell, &task.name(), &Failure::harness("a histogram is damaged"));
                }
            }
            Answer::Profile(unnamed) => match self.names.profile(&unnamed) {
                Ok(profile) => cell.profile = Some(profile),
                Err(failure) => self.fail(task.cell, &task.name(), &failure),
            },
            Answer::Named(profile) => cell.profile = Some(*profile),
            Answer::Instructions(instructions) => cell.instructions = Some(*instructions),
            Answer::Expected(_) | Answer::Executed { .. } => {}
        }
    }

    /// A pass that failed gives no figures.
    fn take_times(&mut self, index: usize) {
        let Timings { file, repetitions, .. } = std::mem::take(&mut self.times[index]);
        if let Some(file) = file {
            // It is done with; the folder goes with the run in any case.
            let _ = std::fs::remove_file(file);
        }
        let cell = &mut self.cells[index];
        if cell.status != Status::Ok {
            cell.time = None;
        } else if let Some(time) = repetitions.finish() {
            cell.time = Some(time);
        }
        self.times[index].over = true;
    }

    /// Books that a cell has failed, and in what.
    pub fn fail(&mut self, cell: usize, what: &str, failure: &Failure) {
        fail(&mut self.cells[cell], what, failure);
    }

    /// Books that the cell's map can't be made ready, which is said in its own words.
    pub fn unready(&mut self, cell: usize, Failure { status, why }: &Failure) {
        let cell = &mut self.cells[cell];
        (cell.status, cell.error) = (*status, Some(text::one_line(why)));
    }

    /// Books what the program was built with that runs the cell's passes.
    pub fn built_by(&mut self, cell: usize, compiler: &str) {
        let version = &mut self.cells[cell].map_version;
        *version = format!("{version}; built by {compiler}");
    }

    /// The records, when all is done but what is `left`: where there is anything, the run was interrupted.
    pub fn finish(mut self, left: impl Iterator<Item = Task>) -> Vec<Cell> {
        for Task { cell, pass, .. } in left.filter(|task| task.pass != Pass::Expect) {
            if pass == Pass::Time && self.is_timed(cell) {
                continue;
            }
            // Of the time pass, the repetitions that were done are times all the same: the record says how many, and that
            // it is partial.
            if !matches!(pass, Pass::Time | Pass::Learn) || self.times[cell].repetitions.is_empty() {
                unfinished(&mut self.cells[cell], pass);
            }
        }
        (0..self.cells.len()).for_each(|cell| self.take_times(cell));
        for cell in self.cells.iter_mut().filter(|cell| cell.status == Status::NotRun && cell.error.is_none()) {
            let crew = if cell.id.threads.is_some() { " with --threads" } else { "" };
            cell.error = Some(format!("this map has none of the passes asked for{crew}"));
        }
        while let Some((cell, why)) = contradiction(&self.cells) {
            self.cells[cell].count = None;
            self.fail(cell, "count pass", &Failure::harness(why));
        }
        self.cells
    }
}

/// Those of an entry's keys or values as the record has them.
fn lengths(made: Option<Made>) -> Option<Lengths> {
    let Made { spread: Spread { count, mean, p50, p99, max }, lengthened } = made?;
    let [p50_bytes, p99_bytes, max_bytes] = [p50, p99, max];
    Some(Lengths { puts: count, mean_bytes: mean, p50_bytes, p99_bytes, max_bytes, lengthened })
}

/// The expected end state with the payload of the cell's entry.
fn end_state(expected: &Expected, cell: &CellSpec, workload: &Workload) -> EndState {
    // Saturating, because a log that is read again may hold any numbers.
    let puts = expected.inserts.saturating_add(expected.overwrites);
    let sizes = sizes(cell.entry).unwrap_or_default();
    // All of it, and what of it is on the heap.
    let payload = |entries: u64, key_bytes: u64, value_bytes: u64| {
        let value_heap = match sizes.value_varies && workload.value_lengths() {
            true => value_bytes,
            false => entries.saturating_mul(sizes.value_heap_bytes),
        };
        let key_heap = match sizes.key_varies && workload.keys_are_sized() {
            true => key_bytes,
            false => entries.saturating_mul(sizes.key_heap_bytes),
        };
        let heap = key_heap.saturating_add(value_heap);
        let in_slots = sizes.key_bytes - sizes.key_heap_bytes + sizes.value_bytes;
        (entries.saturating_mul(in_slots).saturating_add(heap), heap)
    };
    let (payload_bytes, payload_heap_bytes) = payload(puts, expected.put_key_bytes, expected.put_value_bytes);
    let (live_payload_bytes, live_payload_heap_bytes) =
        payload(expected.entries, expected.live_key_bytes, expected.live_value_bytes);
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
        scans: (expected.scans > 0).then_some(expected.scans),
        scanned_entries: (expected.scans > 0).then_some(expected.scanned_entries),
        payload_bytes,
        payload_heap_bytes: Some(payload_heap_bytes),
        live_payload_bytes,
        live_payload_heap_bytes: Some(live_payload_heap_bytes),
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
    let work = |end: &EndState| (end.inserts.saturating_add(end.overwrites), end.removes, end.gets, end.payload_bytes);
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
        ("scans", expected.scans.unwrap_or(0), found.scans.unwrap_or(0)),
        ("entries that scans give", expected.scanned_entries.unwrap_or(0), found.scanned_entries.unwrap_or(0)),
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
