//! What there is to do, and in which order.

use std::collections::{HashSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::job::Pass;
use super::opened::Opened;
use crate::record::CHECKPOINTS;

/// One process to be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Task {
    /// Index into the plan's cells; of an expected end state the first cell that has it.
    pub cell: usize,
    pub pass: Pass,
    /// Which repetition of a time pass, from 1, and of how many; `None` where what they measure decides. Of other passes
    /// there is one.
    pub repetition: u32,
    pub of: Option<u32>,
}

impl Task {
    /// `time pass, repetition 2 of 5`.
    pub fn name(&self) -> String {
        let Task { pass, repetition, of, .. } = self;
        match (pass, of) {
            (Pass::Expect, _) => "expected end state, without a map".to_owned(),
            (_, Some(1)) => format!("{} pass", pass.name()),
            (_, Some(of)) => format!("{} pass, repetition {repetition} of {of}", pass.name()),
            (_, None) => format!("{} pass, repetition {repetition}", pass.name()),
        }
    }

    /// How many repetitions there are at the most.
    fn most(&self) -> u32 {
        self.of.unwrap_or(REPETITIONS_MAX)
    }

    /// Whether the cell's pass is done with it in any case.
    pub fn is_last(&self) -> bool {
        self.repetition == self.most()
    }

    /// Whether it comes, unless its cell fails or takes too long.
    pub fn is_certain(&self) -> bool {
        self.of.is_some() || self.repetition <= REPETITIONS_CERTAIN
    }

    /// How many come, now that this one came that was not certain: those up to the next checkpoint, itself included, where
    /// it is the first of them.
    pub fn brings(&self) -> u32 {
        let before = self.repetition - 1;
        let next = CHECKPOINTS.iter().find(|&&checkpoint| checkpoint > before).copied().unwrap_or(self.repetition);
        if !self.is_certain() && CHECKPOINTS.contains(&before) { next - before } else { 0 }
    }

    /// Whether the least times are recorded after it.
    pub fn is_checkpoint(&self) -> bool {
        self.is_last() || CHECKPOINTS.contains(&self.repetition)
    }
}

/// Where what they measure decides, so many repetitions come, unless they take too long.
const REPETITIONS_CERTAIN: u32 = CHECKPOINTS[2];

/// More repetitions than this don't make the least times of a cell stand.
const REPETITIONS_MAX: u32 = CHECKPOINTS[CHECKPOINTS.len() - 1];

/// The most bytes of what is learnt that lie in the temporary folder at once, unless those of one cell are more.
const LEARNT_BYTES_MAX: u64 = 256 << 20;

/// What of a plan is not `done`.
///
/// The expected end states come first. Then, block by block: count passes and those of instructions, which may run side by
/// side; profile passes; time passes in rounds, the first repetition of every cell before the second of any. A block is as many cells as may leave what
/// they learn for their time passes: most plans are one.
pub(super) fn tasks(opened: &Opened<'_>, done: &HashSet<Task>) -> VecDeque<Task> {
    let one = |cell, pass| Task { cell, pass, repetition: 1, of: Some(1) };
    let mut tasks: VecDeque<Task> = opened.first_cells().map(|cell| one(cell, Pass::Expect)).collect();
    let mut cells = 0..opened.plan.cells.len();
    while !cells.is_empty() {
        let block = block(opened, cells.start);
        cells.start = block.end;
        for pass in passes(opened) {
            let having = block.clone().filter(|&cell| has(opened, cell, pass, done));
            let of = |cell| if pass == Pass::Time { opened.repetitions(cell) } else { Some(1) };
            let first: Vec<Task> = having.map(|cell| Task { of: of(cell), ..one(cell, pass) }).collect();
            for repetition in 1..=first.iter().map(Task::most).max().unwrap_or(0) {
                let repeated = first.iter().filter(|task| repetition <= task.most());
                tasks.extend(repeated.map(|task| Task { repetition, ..*task }));
            }
        }
    }
    tasks.retain(|task| !done.contains(task));
    tasks
}

/// The passes that a plan's cells may have, in order.
fn passes(opened: &Opened<'_>) -> impl Iterator<Item = Pass> {
    let passes = opened.plan.passes;
    let wanted = [
        (passes.count, Pass::Count),
        (passes.instructions, Pass::Instructions),
        (passes.time, Pass::Learn),
        (passes.profile, Pass::Profile),
        (passes.time, Pass::Time),
    ];
    wanted.into_iter().filter_map(|(wanted, pass)| wanted.then_some(pass))
}

fn has(opened: &Opened<'_>, cell: usize, pass: Pass, done: &HashSet<Task>) -> bool {
    match pass {
        Pass::Profile | Pass::Instructions => {
            opened.subject(cell).is_none_or(|map| map.has_stacks(opened.plan.cells[cell].crew))
        }
        // A count pass leaves what it learns for the time pass, but to the run that it is of.
        Pass::Learn => {
            let counts = opened.plan.passes.count;
            let counted = || done.contains(&Task { cell, pass: Pass::Count, repetition: 1, of: Some(1) });
            let of = opened.repetitions(cell);
            let time = Task { cell, pass: Pass::Time, repetition: 1, of };
            let timed = |repetition| done.contains(&Task { repetition, ..time });
            opened.repeats(cell) && (!counts || counted()) && !(1..=time.most()).all(timed)
        }
        Pass::Expect | Pass::Count | Pass::Time => true,
    }
}

/// The cells from `first` on that learn no more together than fits.
fn block(opened: &Opened<'_>, first: usize) -> std::ops::Range<usize> {
    let mut bytes = 0_u64;
    let fits = |cell: &usize| {
        bytes = bytes.saturating_add(opened.workload(*cell).ops());
        *cell == first || bytes <= LEARNT_BYTES_MAX
    };
    let cells = (first..opened.plan.cells.len()).take_while(fits).count();
    first..first + cells
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{Flags, Repetitions, plan};
    use crate::run::Subjects;

    fn order(flags: &[(&str, &str)], done: &[Task]) -> String {
        let subjects = Subjects::builtin();
        let mut given = Flags::from([("map", "std,btree"), ("seed", "1,2")]);
        flags.iter().for_each(|(key, value)| given.give(key, [(*value).to_owned()]));
        let mut plan = plan(&[], &given, &subjects.catalog()).unwrap();
        plan.repetitions = Repetitions::Fixed(2);
        let opened = Opened::new(plan.clone(), &subjects).unwrap();
        let letter =
            |task: Task| format!("{}{}{}", &task.pass.name()[..1], task.cell, &".'"[..task.repetition as usize - 1]);
        let tasks: Vec<_> = tasks(&opened, &done.iter().copied().collect()).into_iter().map(letter).collect();
        tasks.join(" ")
    }

    #[test]
    fn what_is_exact_comes_first_and_repetitions_come_in_rounds() {
        // Two seeds are two workloads, of two maps each.
        let small = ("ops", "10");
        assert_eq!(order(&[small, ("passes", "count,time")], &[]), "e0 e2 c0 c1 c2 c3 t0 t1 t2 t3 t0. t1. t2. t3.");
        assert_eq!(order(&[small, ("passes", "time")], &[]), "e0 e2 l0 l1 l2 l3 t0 t1 t2 t3 t0. t1. t2. t3.");
        assert_eq!(order(&[small, ("passes", "profile")], &[]), "e0 e2 p0 p1 p2 p3");
        assert_eq!(
            order(&[small, ("passes", "time,instructions")], &[]),
            "e0 e2 i0 i1 i2 i3 l0 l1 l2 l3 t0 t1 t2 t3 t0. t1. t2. t3."
        );
    }

    #[test]
    fn what_is_learnt_of_large_cells_is_not_kept_for_all_at_once() {
        let large = ("ops", "100000000");
        assert_eq!(
            order(&[large, ("passes", "count,time")], &[]),
            "e0 e2 c0 c1 t0 t1 t0. t1. c2 c3 t2 t3 t2. t3.",
            "two of 100,000,000 bytes fit into 256 MiB"
        );
    }

    #[test]
    fn what_is_done_is_left_out_and_what_its_process_learnt_is_learnt_again() {
        let done = |cell, pass, repetition, of| Task { cell, pass, repetition, of: Some(of) };
        let counted = done(0, Pass::Count, 1, 1);
        let timed = [1, 2].map(|repetition| done(1, Pass::Time, repetition, 2));
        let expected = [0, 2].map(|cell| done(cell, Pass::Expect, 1, 1));
        let all = [&[counted, done(1, Pass::Count, 1, 1)], &timed[..], &expected[..]].concat();
        assert_eq!(
            order(&[("ops", "10"), ("passes", "count,time")], &all),
            "c2 c3 l0 t0 t2 t3 t0. t2. t3.",
            "of the cell that is done, nothing"
        );
        assert_eq!(order(&[("ops", "10"), ("passes", "count")], &all[..1]), "e0 e2 c1 c2 c3");
    }

    #[test]
    fn repetitions_beyond_the_eighth_come_a_checkpoint_s_at_a_time() {
        let task = |repetition, of| Task { cell: 0, pass: Pass::Time, repetition, of };
        let all: Vec<Task> = (1..=15).map(|repetition| task(repetition, None)).collect();
        assert_eq!(all.iter().filter(|task| task.is_certain()).count(), 8);
        let brings: Vec<u32> = all.iter().map(Task::brings).collect();
        assert_eq!(brings, [0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 5, 0, 0, 0, 0]);
        assert!((1..=15).all(|repetition| task(repetition, Some(15)).is_certain()));
    }
}
