use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::ValueEnum;

use super::flags::OneCell;
use super::inspect_at::At;
use super::output;
use super::recorded::{self, Opened, Wanted};
use crate::inspect::json::{self, About};
use crate::inspect::text::{self, Style};
use crate::inspect::{Moment, Session, Source, Step, Watch, Watcher, svg};
use crate::intake;
use crate::maps::anatomy::Part;
use crate::plan::{self, CellSpec, Hint, plan};
use crate::probe::alloc;
use crate::record::write_atomically;
use crate::replay::{ALLOCATED, Action, Entries, Recording, Row, Setup, shape};
use crate::run::{Subjects, limit_memory, memory_limit_bytes};
use crate::workload::Workload;

/// The inside of a map after N operations: header, buckets, slots; or each change of one place
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mapscope inspect --map go-classic --at 13
  mapscope inspect --map go-swiss --trace recording.csv.gz --at 40..44
  mapscope inspect --map go-classic --keys sequential --at 90 --watch key=7
  mapscope inspect --map go-swiss --at growth,stall
N counts the operations of the workload's set-up too, and not the making of the
map: 0 is a map just made. docs/INSPECT.md walks through examples.
Exit codes: 0 done; 2 bad input.")]
pub(super) struct Args {
    /// The map
    #[arg(long, value_name = "MAP")]
    map: String,
    /// After how many operations: N, A..B (both included), end, growth (where the table first grew; growth=N for
    /// another), stall (where most entries moved), or a list of these by comma
    #[arg(long, value_name = "N")]
    at: At,
    #[command(flatten)]
    workload: OneCell,
    /// A recording or a trace instead of --keys and --mix; - is stdin
    #[arg(long, help_heading = OneCell::HEADING, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Show each change of a place instead: key=K, bucket=I, group=I, group=TABLE/I, table=T, header; may be repeated
    #[arg(long, value_name = "PLACE")]
    watch: Vec<Watch>,
    /// text, json or svg
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_possible_values = true)]
    format: Format,
    /// In text, every row of every table
    #[arg(long)]
    all: bool,
    /// In text, what values are made of, beside the keys
    #[arg(long)]
    values: bool,
    /// A file to write, - for stdout [default: -]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Format {
    Text,
    Json,
    Svg,
}

/// What is inspected, ready to be.
struct Subject {
    session: Session,
    /// What the map is called, with its release unless that is the newest.
    map: String,
    entry: String,
    /// Where its operations come from, in words.
    workload: String,
}

pub(super) fn run(args: Args, quiet: bool, subjects: &Subjects) -> anyhow::Result<ExitCode> {
    alloc::verify_counting()?;
    limit_memory();
    let mut at = args.at.clone();
    if !args.watch.is_empty() && at.parts() != 1 {
        bail!("--at: with --watch, give one number, one range A..B, end, growth or stall");
    }
    if at.must_search() {
        if args.trace.as_ref().is_some_and(|trace| trace.as_os_str() == "-") {
            bail!("--at: growth and stall read the operations twice, and standard input can be read once: give a file");
        }
        let found = at.search(&mut open(&args, subjects)?.session)?;
        found.iter().filter(|_| !quiet).for_each(|found| output::note(found));
    }
    let Subject { mut session, map, entry, workload } = open(&args, subjects)?;
    let watchers = args
        .watch
        .iter()
        .map(|watch| Watcher::new(watch.clone(), &session).map_err(|what| anyhow::anyhow!("--watch {watch}: {what}")));
    let mut watchers = watchers.collect::<anyhow::Result<Vec<_>>>()?;
    let (moments, steps) = play(&at, &mut session, &mut watchers)?;
    for (watch, watcher) in args.watch.iter().zip(&watchers) {
        watcher.was_there(&session).map_err(|what| anyhow::anyhow!("--watch {watch}: {what}"))?;
    }
    let title = format!("{map} of {entry}, {workload}");
    let written = match args.format {
        Format::Json => {
            let about = About { map: &map, entry: &entry, workload: &workload };
            json::render(&about, &moments, (!watchers.is_empty()).then_some(&steps))
        }
        Format::Svg => svg::render(&moments, &title, &args.watch),
        Format::Text => {
            let to_file = args.out.as_ref().is_some_and(|out| out.as_os_str() != "-");
            let width = output::width().filter(|_| !to_file).unwrap_or(100);
            let style = Style { width, colour: output::colour() && !to_file, all: args.all, values: args.values };
            if watchers.is_empty() {
                let shown = moments.iter().map(|moment| text::render(moment, &title, style));
                shown.collect::<Vec<_>>().join("\n")
            } else {
                story(&title, &at, &session, &watchers, &steps)
            }
        }
    };
    match args.out.as_deref().filter(|out| out.as_os_str() != "-") {
        None => output::print(&written)?,
        Some(path) => {
            write_atomically(path, written.as_bytes())
                .with_context(|| format!("{}: can't be written", crate::text::path(path)))?;
            if !quiet {
                let at = crate::text::path(path);
                let told = format!("{at}: {title}, after operation {}\n", session.done());
                output::announce(&told, path)?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Does the operations; stops at the moments, and watches.
fn play(at: &At, session: &mut Session, watchers: &mut [Watcher]) -> anyhow::Result<(Vec<Moment>, Vec<Step>)> {
    let (mut moments, mut steps) = (Vec::new(), Vec::new());
    loop {
        if at.contains(session.done()) {
            moments.push(session.moment()?);
        }
        if at.last() == Some(session.done()) {
            return Ok((moments, steps));
        }
        let Some(row) = session.step()? else { break };
        for watcher in &mut *watchers {
            let changes = watcher.look(session, row)?;
            steps.extend(changes.into_iter().filter(|step| step.operation >= at.watched_from()));
        }
    }
    let done = session.done();
    if let Some(&(_, beyond)) = at.ranges.iter().find(|&&(_, last)| last > done) {
        bail!("--at: there are {done} operations, and {beyond} is beyond them: give 0 to {done}, or end");
    }
    if !at.contains(done) {
        moments.push(session.moment()?);
    }
    Ok((moments, steps))
}

/// The steps, and where what was watched is in the end.
fn story(title: &str, at: &At, session: &Session, watchers: &[Watcher], steps: &[Step]) -> String {
    let (from, to) = (at.watched_from().max(1), session.done());
    let mut text = match to {
        0 => format!("{title}, just made\n"),
        _ => format!("{title}, operations {from} to {to}\n"),
    };
    for step in steps {
        text.push_str(&format!("{step}\n"));
    }
    if steps.is_empty() {
        text.push_str("nothing changed there\n");
    }
    for watcher in watchers {
        text.push_str(&format!("after op {to}: {}\n", watcher.now()));
    }
    text
}

/// The map and its operations that the arguments mean.
fn open(args: &Args, subjects: &Subjects) -> anyhow::Result<Subject> {
    let cell = cell(args, subjects)?;
    let map = cell.map.name;
    let named = Entries::Named(cell.entry);
    let setup = |hashed, ops| Setup {
        entries: named,
        hashed,
        hint: cell.hint.entries(ops) as usize,
        load_factor: cell.load_factor,
        release: subjects.release_of(&cell.map),
        seed: cell.workload.seed,
        memory_bytes: memory_limit_bytes(),
    };
    if !can_be_inspected(subjects, map) {
        let names: Vec<_> = subjects.infos().map(|info| info.term.name).collect();
        let open: Vec<_> = names.into_iter().filter(|name| can_be_inspected(subjects, name)).collect();
        bail!("--map: {map} can't be inspected; these can: {}", open.join(", "));
    }
    let (model, map, source, entry, workload) = match &cell.workload.source {
        plan::Source::Trace(trace) => {
            let path = &trace.path;
            let recording = Recording::open(path, &trace.reading)?;
            let OneCell(flags) = &args.workload;
            let Hint::Entries(hint) = cell.hint else {
                bail!(
                    "--hint ops: a recording is played as it is read, and its operations are not counted first: give a number"
                );
            };
            let is_given = |key| !flags.given(key).is_empty();
            let wanted = Wanted {
                map: &args.map,
                trace: path,
                entry: is_given("entry").then_some(cell.entry),
                hint: is_given("hint").then_some(hint),
                load_factor: cell.load_factor.filter(|_| is_given("load_factor")),
                seed: cell.workload.seed,
            };
            let Opened { model, map, entry } = recorded::open(&wanted, &recording, subjects)?;
            (model, map, Source::recording(recording), entry, intake::name(path))
        }
        plan::Source::Generated { .. } => {
            let workload = Workload::open(&cell.workload)?;
            let model = subjects.player(map, &setup(workload.hashed(), workload.ops()));
            let model = model.with_context(|| format!("--map: {map} can't have entries of {}", cell.entry))?;
            let mut words = format!("{} keys, {}", workload.keys_label(), workload.mix_label());
            if cell.workload.seed != Setup::SEED {
                words.push_str(&format!(", seed {}", cell.workload.seed));
            }
            (model, cell.map.to_string(), Source::workload(&workload)?, cell.entry.to_owned(), words)
        }
    };
    let session = Session::start(model, source)?;
    let key_max = shape(&entry).map_or(u64::MAX, |shape| shape.key_max);
    let too_large = |watch: &&Watch| matches!(watch, Watch::Key(key) if *key > key_max);
    if let Some(watch) = args.watch.iter().find(too_large) {
        bail!("--watch {watch}: keys of {entry} go up to {key_max}");
    }
    Ok(Subject { session, map, entry, workload })
}

/// The one cell that the flags describe, validated as `run` validates it.
fn cell(args: &Args, subjects: &Subjects) -> anyhow::Result<CellSpec> {
    let in_words = |path: &PathBuf| {
        let name = path.to_str().map(str::to_owned);
        name.with_context(|| format!("--trace {}: a name that is not UTF-8; give it another", crate::text::path(path)))
    };
    let OneCell(mut flags) = args.workload.clone();
    flags.give("map", [args.map.clone()]);
    flags.give("trace", args.trace.iter().map(in_words).collect::<Result<Vec<_>, _>>()?);
    let plan::Plan { mut cells, .. } = plan(&[], &flags, &subjects.catalog())?;
    match (cells.pop(), cells.len()) {
        (Some(cell), 0) => Ok(cell),
        (_, more) => {
            bail!("one map under one workload can be inspected, and the flags name {}: give one value each", more + 1)
        }
    }
}

/// Whether a map can be taken apart: a small one is asked.
fn can_be_inspected(subjects: &Subjects, map: &str) -> bool {
    let entries = Entries::Named("u64/u64");
    let (hashed, memory_bytes) = (false, u64::MAX);
    let setup = Setup { entries, hashed, hint: 0, load_factor: None, release: None, seed: Setup::SEED, memory_bytes };
    let Some(mut model) = subjects.player(map, &setup) else { return false };
    let columns = ALLOCATED + model.info().state.len();
    model.play(Row::new(Action::New), &mut vec![0; columns]).is_ok() && model.anatomy(Part::Header).is_some()
}
