//! A plan that can run: its workloads are open and checked, its subjects known.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::mem;

use super::job::PROTOCOL;
use super::runner;
use super::subjects::Subjects;
use crate::intake;
use crate::plan::{CellSpec, Plan, Repetitions, Source};
use crate::record::{Cell, EndState, Environment, SCHEMA, Status};
use crate::subject::Subject;
use crate::text;
use crate::workload::{Inputs, Workload, WorkloadError};

/// Repetitions where nobody says how many: of cells whose least times come to stand at the least, and of others.
pub(super) const REPETITIONS: u32 = 5;

/// See the module.
pub(super) struct Opened<'a> {
    /// Each cell once: of a trace, two limits that it has fewer operations than are one, as are its copies.
    pub plan: Plan,
    pub subjects: &'a Subjects,
    workloads: Vec<Workload>,
    /// By workload.
    cells: Vec<Vec<usize>>,
    /// By cell.
    of: Vec<usize>,
}

impl<'a> Opened<'a> {
    pub fn new(mut plan: Plan, subjects: &'a Subjects) -> Result<Opened<'a>, WorkloadError> {
        let (mut known, mut inputs, mut ids) = (HashMap::new(), Inputs::default(), HashSet::new());
        let specs = mem::take(&mut plan.cells);
        let mut opened = Opened { plan, subjects, workloads: Vec::new(), cells: Vec::new(), of: Vec::new() };
        for spec in specs {
            // `Debug` shows every field, and shortest forms of floats: equal texts are equal workloads.
            let of = *known.entry(format!("{:?}", spec.workload)).or_insert(opened.workloads.len());
            if of == opened.workloads.len() {
                opened.workloads.push(Workload::open_from(&spec.workload, &mut inputs)?);
                opened.cells.push(Vec::new());
            }
            let workload = &opened.workloads[of];
            if ids.insert(format!("{:?}", spec.id(workload.keys_label(), workload.mix_label(), workload.ops()))) {
                let cell = opened.of.len();
                opened.cells[of].push(cell);
                opened.of.push(of);
                opened.plan.cells.push(spec);
                opened.check(cell)?;
            }
        }
        Ok(opened)
    }

    fn check(&self, cell: usize) -> Result<(), WorkloadError> {
        let CellSpec { workload, map, crew, .. } = &self.plan.cells[cell];
        let (opened, subject) = (self.workload(cell), self.subject(cell));
        let what = if opened.scans() && subject.is_some_and(|map| !map.scans()) {
            let ordered: Vec<_> = self.subjects.ordered().map(|info| info.term.name).collect();
            format!(
                "scans entries in the order of their keys, which {map} doesn't keep: leave this map out; maps that keep it: {}",
                ordered.join(", ")
            )
        } else if let Some(why) = opened.undealable().filter(|_| subject.is_some_and(|map| map.is_dealt(*crew))) {
            let advice = if crew.is_some() { "leave --threads out" } else { "leave this map out" };
            format!("can't be dealt to threads, as {map} wants it: {why}; {advice}")
        } else {
            return Ok(());
        };
        Err(match &workload.source {
            Source::Trace(trace) => {
                WorkloadError::File { path: intake::shown(&trace.path).to_owned(), line: None, what }
            }
            Source::Generated { mix, .. } => WorkloadError::Parameters(format!("{mix} {what}")),
        })
    }

    pub fn workload(&self, cell: usize) -> &Workload {
        &self.workloads[self.of[cell]]
    }

    pub fn subject(&self, cell: usize) -> Option<&'a dyn Subject> {
        self.subjects.find(self.plan.cells[cell].map.name)
    }

    /// What each trace was read as, in words, where it doesn't say everything itself.
    pub fn told(&self) -> Vec<String> {
        let mut told: Vec<_> = self.workloads.iter().filter_map(Workload::told).collect();
        told.dedup();
        told
    }

    /// The first cell of each workload.
    pub fn first_cells(&self) -> impl Iterator<Item = usize> {
        self.cells.iter().filter_map(|cells| cells.first().copied())
    }

    /// The cells with the workload of this one.
    pub fn alike(&self, cell: usize) -> &[usize] {
        &self.cells[self.of[cell]]
    }

    /// Whether the kinds and causes of the cell's operations are learnt before they are timed.
    pub fn repeats(&self, cell: usize) -> bool {
        self.subject(cell).is_some_and(|map| map.repeats(self.plan.cells[cell].crew))
    }

    /// Whether each repetition of the cell's time pass does the same, so that the least of each operation is the map's own.
    pub fn settles(&self, cell: usize) -> bool {
        let exact = self.subject(cell).is_some_and(|map| map.info().exact);
        exact && self.repeats(cell) && self.plan.cells[cell].crew.is_none()
    }

    /// How often the cell's time pass is repeated; `None` where that is seen on the way.
    pub fn repetitions(&self, cell: usize) -> Option<u32> {
        match self.plan.repetitions {
            Repetitions::Fixed(number) => Some(number),
            Repetitions::Auto => (!self.settles(cell)).then_some(REPETITIONS),
        }
    }

    /// The operations that a pass of the cell does, its set-up and the entries that it is asked to have room for included.
    pub fn ops(&self, cell: usize) -> u64 {
        let workload = self.workload(cell);
        workload
            .setup_ops()
            .saturating_add(workload.ops())
            .saturating_add(self.plan.cells[cell].hint.entries(workload.ops()))
    }

    /// The record of a cell of which nothing has been run.
    pub fn blank(&self, cell: usize) -> Cell {
        blank(&self.plan.cells[cell], self.workload(cell), self.subject(cell))
    }

    /// What must be as it was for a run to go on: with any of it changed, its figures would not be those of one run.
    pub fn facts(&self) -> BTreeMap<String, String> {
        let mut facts: BTreeMap<_, _> =
            Environment::detect("").fields().into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        facts.insert("schema".into(), SCHEMA.to_string());
        facts.insert("protocol".into(), PROTOCOL.to_string());
        let Plan {
            passes,
            repetitions,
            rates_per_s,
            paces,
            response_limits,
            time_limit_s,
            memory_limit_bytes,
            cells,
            ..
        } = &self.plan;
        let plan = format!(
            "{passes:?} {repetitions:?} {rates_per_s:?} {paces:?} {response_limits:?} {time_limit_s:?} {memory_limit_bytes:?} {cells:?}"
        );
        facts.insert("plan".into(), blake3::hash(plan.as_bytes()).to_hex()[..16].to_owned());
        if let Some(compiler) = runner::compiler(cells.iter().map(|spec| spec.entry)) {
            facts.insert("compiler of programs".into(), compiler);
        }
        for (cell, spec) in cells.iter().enumerate() {
            let version = self.subject(cell).map(|map| map.version(spec.crew, &spec.map.args));
            facts.insert(format!("map {}", spec.map), version.unwrap_or_default());
        }
        for cell in self.first_cells() {
            if let Some(path) = self.plan.cells[cell].workload.source.file() {
                facts.insert(format!("file {}", text::path(path)), self.workload(cell).keys_label().to_owned());
            }
        }
        facts
    }
}

/// The record of a cell of which nothing has been run.
pub(super) fn blank(spec: &CellSpec, workload: &Workload, map: Option<&dyn Subject>) -> Cell {
    Cell {
        id: spec.id(workload.keys_label(), workload.mix_label(), workload.ops()),
        status: Status::NotRun,
        error: None,
        // Which thread comes first is chance.
        exact: spec.crew.is_none() && map.is_some_and(|map| map.info().exact),
        environment: 0,
        map_version: map.map(|map| map.version(spec.crew, &spec.map.args)).unwrap_or_default(),
        key_lengths: None,
        value_lengths: None,
        key_bytes: 0,
        value_bytes: 0,
        expected: EndState::default(),
        count: None,
        time: None,
        profile: None,
        instructions: None,
    }
}
