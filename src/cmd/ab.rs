use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail, ensure};

use super::flags::Lists;
use super::gate::policy_text;
use super::output;
use crate::ab::{
    self, Call, Cell, Changed, Comparison, FORMATS, GROUPS_MIN, Rounds, Samples, Side, Slices, Stopped, Timed, Turns,
    Untimed,
};
use crate::gate::{Policy, What, circumstances, compare_pairs};
use crate::plan::axes::AXES;
use crate::plan::{Flags, UnknownName};
use crate::record::metrics::{self, Class, Metric};
use crate::record::{self, Results, Status, read};
use crate::run::{Asked, NoTurn, Turn, Turning, this_program};
use crate::text;

/// Compare two builds by turns: is the new one slower?
#[derive(clap::Args)]
#[command(after_help = "\
OLD and NEW are two programs (mapscopes, or yours with `mapscope::main!`), as
paths, or two maps of this one:
  mapscope ab ./base ./target/release/mapscope --map hashbrown --mix fill
  mapscope ab std hashbrown --mix fill,ycsb-a --ops 100000
They take turns, OLD NEW OLD and back, each in a process of its own, run after
run; the second OLD is the control. A change is called when its interval lies
beyond what the control shows. Exit codes: 0 none is called for the worse by the
policy (3 % without one), 1 one is, 2 bad input or a cell that can't be timed.")]
pub(super) struct Args {
    /// The program to hold the other against, or a map
    old: PathBuf,
    /// The program in question, or a map
    new: PathBuf,
    #[command(flatten)]
    axes: Lists,
    /// Rounds of three turns for each cell: 7 or more, or auto for as many as the budget allows
    #[arg(long, value_name = "N", default_value = "auto", value_parser = rounds)]
    rounds: Number,
    /// The time that each cell's rounds may take; 21 rounds it takes in any case
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    budget: Duration,
    /// What may get slower, by how much: the gate's policy, its rules for undisturbed_ns_per_op
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Form of the comparison: table, md, json
    #[arg(long, value_name = "FORMAT", default_value = FORMATS[0].name, hide_default_value = true)]
    format: String,
}

/// How many rounds; `None` for auto.
#[derive(Clone, Copy)]
struct Number(Option<u32>);

fn rounds(text: &str) -> Result<Number, String> {
    let number = text.parse().ok().filter(|&number| number >= GROUPS_MIN);
    match text {
        "auto" => Ok(Number(None)),
        _ => number.map(|number| Number(Some(number))).ok_or_else(|| format!("expected auto, or {GROUPS_MIN} or more")),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.filter(|seconds| !seconds.is_zero()).ok_or_else(|| "expected seconds above 0, as 10 or 0.5".to_owned())
}

/// One of the two.
struct Build {
    /// As it was named.
    name: String,
    program: PathBuf,
    flags: Flags,
}

pub(super) fn run(args: Args, quiet: bool) -> anyhow::Result<ExitCode> {
    let known = || FORMATS.iter().map(|format| format.name);
    let format = ab::find(&args.format).ok_or_else(|| anyhow!(UnknownName::new("format", &args.format, known())))?;
    let policy = args.policy.as_deref().map(policy_text).transpose()?;
    let [old, new] = builds(&args)?;
    for build in [&old, &new] {
        build.takes_turns()?;
    }
    let (old_record, new_record) = (old.counted()?, new.counted()?);
    let metrics = metrics::of([&old_record, &new_record]);
    let policy = match (policy, &args.policy) {
        (Some(text), Some(path)) => Policy::parse(&text, &text::path(path), &metrics)?,
        _ => Policy::default(),
    };
    let pairs = pairs(&old_record, &new_record)?;
    let within = Rounds::Within(args.budget);
    let rounds = args.rounds.0.map_or(within, Rounds::Fixed);
    let (mut cells, mut notes) = (Vec::new(), notes(&old_record, &new_record, &pairs));
    for &[before, after] in &pairs {
        if !quiet && std::io::stderr().is_terminal() {
            output::note(&format!("{} of {}: {}", cells.len() + 1, pairs.len(), old_record.cells[before].id));
        }
        let sides = [(&old, &old_record, before), (&new, &new_record, after)];
        let timed = timed(sides, rounds, &policy, &mut notes)?;
        let changed = changed(&old_record, &new_record, [before, after], &metrics);
        cells.push(Cell { id: old_record.cells[before].id.clone(), timed, changed });
    }
    let comparison = Comparison { sides: [old.name, new.name], cells, notes };
    if !quiet {
        output::print(&(format.render)(&comparison, output::width().unwrap_or(80))?)?;
    }
    Ok(ExitCode::from(comparison.outcome().exit_code()))
}

/// Both, which are either programs or maps.
fn builds(args: &Args) -> anyhow::Result<[Build; 2]> {
    let names = [&args.old, &args.new];
    let flags = &args.axes.0;
    for key in ["trace", "keys"] {
        let stdin = flags.given(key).iter().any(|given| given == "-" || given.ends_with(":-"));
        ensure!(!stdin, "--{key}: standard input can be read once, and each turn reads it: give a file");
    }
    let is_program = |name: &Path| name.components().count() > 1 || name.is_file();
    let build = |program: &Path, name: &Path, flags: &Flags| Build {
        name: text::path(name),
        program: program.to_owned(),
        flags: flags.clone(),
    };
    match names.map(|name| is_program(name)) {
        [true, true] => Ok(names.map(|name| build(&name.canonicalize().unwrap_or_else(|_| name.clone()), name, flags))),
        [false, false] => {
            ensure!(flags.given("map").is_empty(), "--map: OLD and NEW name the maps already");
            let this = this_program().context("this program can't be found")?;
            let map = |name: &Path| {
                let text = name.to_str().with_context(|| format!("{}: is no map", text::path(name)))?;
                let mut flags = flags.clone();
                flags.give("map", [text.to_owned()]);
                anyhow::Ok(build(&this, name, &flags))
            };
            Ok([map(names[0])?, map(names[1])?])
        }
        [is_program, _] => {
            let [program, map] = if is_program { names } else { [names[1], names[0]] }.map(|name| text::path(name));
            bail!("{program} is a program and {map} is none: give two programs, as paths, or two maps")
        }
    }
}

impl Build {
    /// # Errors
    ///
    /// Where the program is none that could.
    fn takes_turns(&self) -> anyhow::Result<()> {
        match self.begin(0, 0).and_then(Turning::end) {
            Err(NoTurn::Program(why)) => bail!("{}: {why}", self.name),
            _ => Ok(()),
        }
    }

    fn begin(&self, cell: usize, ops: u64) -> Result<Turning, NoTurn> {
        Turning::begin(&self.program, &Asked { flags: self.flags.clone(), cell }, ops)
    }

    /// The record of its count passes.
    fn counted(&self) -> anyhow::Result<Results> {
        let folder = tempfile::tempdir().context("there is no place for a record: set TMPDIR")?;
        let out = folder.path().join("counted");
        let mut command = Command::new(&self.program);
        command.args(["run", "--quiet", "--passes", "count", "--out"]).arg(&out).stdin(Stdio::null());
        for (key, flag) in AXES.iter().map(|axis| (axis.key, axis.flag)).chain([("pair", "--pair")]) {
            self.flags.given(key).iter().for_each(|given| _ = command.arg(format!("{flag}={given}")));
        }
        let output = command.output().with_context(|| format!("{}: can't be started", self.name))?;
        if !out.join(record::FILE_NAME).is_file() {
            let said = String::from_utf8_lossy(&output.stderr);
            let said = said.lines().find_map(|line| line.strip_prefix("error: ")).unwrap_or("it left no record");
            bail!("{}: {said}", self.name);
        }
        read(&out).with_context(|| format!("{}: its record", self.name))
    }
}

/// The cells of both, by index. Those of two maps are the same but for the map.
fn pairs(old: &Results, new: &Results) -> anyhow::Result<Vec<[usize; 2]>> {
    let one_map = |results: &Results| results.cells.iter().all(|cell| cell.id.map == results.cells[0].id.map);
    let maps = one_map(old) && one_map(new) && old.cells[0].id.map != new.cells[0].id.map;
    let is_one = |before: &record::Cell, after: &record::Cell| match maps {
        true => before.id.workload() == after.id.workload(),
        false => before.id.key() == after.id.key(),
    };
    let mut pairs = Vec::new();
    for (index, before) in old.cells.iter().enumerate() {
        let mut alike = new.cells.iter().enumerate().filter(|(_, after)| is_one(before, after));
        pairs.extend(alike.next().map(|(other, _)| [index, other]));
    }
    ensure!(!pairs.is_empty(), "OLD and NEW have no cell in common: name --map and what both take");
    Ok(pairs)
}

/// What both have of a cell, and where: the build, its record, the cell in it.
type OfSide<'a> = (&'a Build, &'a Results, usize);

fn timed(
    sides: [OfSide<'_>; 2],
    rounds: Rounds,
    policy: &Policy,
    notes: &mut Vec<String>,
) -> anyhow::Result<Result<Timed, Untimed>> {
    let of = sides.map(|(_, record, cell)| &record.cells[cell]);
    let failed = |cell: &record::Cell| cell.error.clone().filter(|_| cell.status != Status::Ok);
    if let Some((place, why)) = of.iter().enumerate().find_map(|(place, cell)| Some((place, failed(cell)?))) {
        return Ok(Err(Untimed { why: format!("{}: {why}", NAMES[place]), new_alone: place == 1 }));
    }
    let mut turns = OfCell { sides, since: Instant::now(), in_cache: None };
    let first = match first(&mut turns) {
        Ok(first) => first,
        Err(why) => return Ok(Err(stopped(Side::Old, &why))),
    };
    let slices = Slices::of(Duration::from_nanos(first.run_ns));
    turns.since = Instant::now();
    let taken = ab::take_turns(rounds, slices, &mut turns);
    if let Some(why) = turns.in_cache {
        let note = format!(
            "a process can't have pages of its own for its code ({why}): equal programs may differ by up to 3 %"
        );
        if !notes.contains(&note) {
            notes.push(note);
        }
    }
    Ok(taken
        .map_err(|Stopped { side, why }| stopped(side, &why))
        .and_then(|samples| judged(&samples, &first, slices, of[0], policy)))
}

/// The turns of a cell.
struct OfCell<'a> {
    sides: [OfSide<'a>; 2],
    since: Instant,
    /// Of a turn whose code had no pages of its own, why.
    in_cache: Option<String>,
}

impl Turns for OfCell<'_> {
    type Turn = (Turning, String);

    fn begin(&mut self, side: Side) -> Result<Self::Turn, String> {
        let (build, record, cell) = self.sides[usize::from(side == Side::New)];
        let id = &record.cells[cell].id;
        Ok((build.begin(cell, id.ops).and_then(Turning::ready).map_err(why)?, id.to_string()))
    }

    fn go(&mut self, (turning, _): &mut Self::Turn, runs: u32) -> Result<(), String> {
        turning.go(runs).map_err(why)
    }

    fn end(&mut self, turn: Self::Turn) -> Result<Vec<u64>, String> {
        let turn = whole(turn)?;
        self.in_cache = self.in_cache.take().or(turn.in_cache);
        Ok(turn.block_ticks)
    }

    fn spent(&self) -> Duration {
        self.since.elapsed()
    }
}

/// What a turn of a cell came to.
fn whole((turning, id): (Turning, String)) -> Result<Turn, String> {
    let turn = turning.end().map_err(why)?;
    if turn.cell != id {
        return Err(format!("it timed {} instead: give each list that is longer than the trace alone", turn.cell));
    }
    Ok(turn)
}

fn why((NoTurn::Program(why) | NoTurn::Cell(why)): NoTurn) -> String {
    why
}

/// A turn by which the others' runs are numbered. The first run of a process is the dearest, and any may be disturbed: of a
/// small cell, the shortest of some counts.
fn first(turns: &mut OfCell<'_>) -> Result<Turn, String> {
    let mut turn = turns.begin(Side::Old)?;
    let start = Instant::now();
    turns.go(&mut turn, 1)?;
    if start.elapsed() < FIRST {
        turns.go(&mut turn, 9)?;
    }
    whole(turn)
}

/// A run that takes less is one of a small cell.
const FIRST: Duration = Duration::from_millis(20);

const NAMES: [&str; 2] = ["OLD", "NEW"];

fn stopped(side: Side, why: &str) -> Untimed {
    let new = side == Side::New;
    Untimed { why: format!("{}: {why}", NAMES[usize::from(new)]), new_alone: new }
}

fn judged(
    samples: &Samples,
    Turn { ops, ticks_per_ns, .. }: &Turn,
    slices: Slices,
    cell: &record::Cell,
    policy: &Policy,
) -> Result<Timed, Untimed> {
    let untimed = || Untimed { why: "its blocks took no time".into(), new_alone: false };
    let compared = samples.compared().ok_or_else(untimed)?;
    let ns_per_op = [Side::Old, Side::New].map(|side| samples.least(side) as f64 / ticks_per_ns / (*ops).max(1) as f64);
    let is_slower = compared.call() == Call::Slower;
    let action = is_slower.then(|| policy.by_turns(&cell.id.map, ns_per_op[0], compared.ratio.ratio)).flatten();
    Ok(Timed { rounds: samples.rounds(), repetitions: slices.all_runs(), ns_per_op, compared, action })
}

/// The exact metrics of a cell that differ.
fn changed(old: &Results, new: &Results, [before, after]: [usize; 2], metrics: &[Metric]) -> Vec<Changed> {
    let pair = [(&old.cells[before], &new.cells[after])];
    let policy = Policy::default();
    let verdict = compare_pairs((old, new), pair, &policy, metrics);
    let of = |what| match what {
        What::Metric { metric, before, after } if metric.class == Class::Exact => {
            Some(Changed { metric, before, after })
        }
        _ => None,
    };
    verdict.changes.into_iter().filter_map(|change| of(change.what)).collect()
}

/// What else differs.
fn notes(old: &Results, new: &Results, pairs: &[[usize; 2]]) -> Vec<String> {
    let mut notes = Vec::new();
    let mut all: Vec<_> = pairs
        .iter()
        .flat_map(|&[before, after]| {
            circumstances((old, &old.cells[before]), (new, &new.cells[after])).unwrap_or_default()
        })
        .map(|of| format!("{}: {} in OLD, {} in NEW", of.name, of.before, of.after))
        .collect();
    all.sort();
    all.dedup();
    notes.append(&mut all);
    for (name, cells) in [("OLD", old.cells.len()), ("NEW", new.cells.len())] {
        if let Some(alone) = cells.checked_sub(pairs.len()).filter(|&alone| alone > 0) {
            notes.push(format!("{alone} cells of {name} alone are not compared"));
        }
    }
    notes
}
