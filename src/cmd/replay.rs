use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};

use super::output;
use crate::maps::{self, Family, FamilyVisitor};
use crate::probe::alloc;
use crate::record::write_whole;
use crate::replay::{
    ALLOCATED, Action, Comparison, Differing, Entries, Play, PlayError, Recording, Row, columns, model_of, player,
};
use crate::spec::UnknownName;
use crate::workload::ENTRIES;

/// Replay a recorded trace on a map, operation by operation
#[derive(clap::Args)]
#[command(after_help = "\
A recording begins with a line that says what was recorded:
  # layout=classic type=u64/u64 hint=0 ...
Its hashes drive the model, so that it does what the recorded map did.
Exit codes: 0 done, no difference; 1 the model differs; 2 bad input.")]
pub(super) struct Args {
    /// The map; for a recording, the model of its layout
    #[arg(long, value_name = "MAP")]
    map: String,
    /// A CSV trace (plain, .gz or .zst)
    trace: PathBuf,
    /// Write a row an operation: what it allocated and the state after it; - for stdout
    #[arg(long, value_name = "FILE")]
    per_op: Option<PathBuf>,
    /// Compare with the trace's own columns
    #[arg(long)]
    check: bool,
    /// Entry, for traces that don't say what was recorded
    #[arg(long, value_name = "KEY/VALUE", default_value = "u64/u64")]
    entry: String,
}

/// How many differences are shown.
const SHOWN_MAX: u64 = 10;

pub(super) fn run(args: Args, quiet: bool) -> anyhow::Result<ExitCode> {
    alloc::verify_counting()?;
    let recording = Recording::open(&args.trace)?;
    let model = open_model(&args, &recording)?;
    let mut replay = Replay::new(recording, model, args.check)?;
    let per_op = args.per_op.as_deref();
    match per_op {
        Some(path) if path.as_os_str() == "-" => {
            let mut out = BufWriter::new(io::stdout().lock());
            match replay.rows(Some(&mut out)).and_then(|()| Ok(out.flush()?)) {
                Err(error) if broken_pipe(&error) => {}
                done => done?,
            }
        }
        Some(path) => write_rows(&mut replay, path)?,
        None => replay.rows(None)?,
    }
    let to_stdout = per_op.is_some_and(|path| path.as_os_str() == "-");
    if !quiet || replay.differences > 0 {
        let text = replay.summary(&args.trace);
        if to_stdout { output::note(text.trim_end()) } else { output::print(&text)? }
    }
    Ok(if replay.differences > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Writes the rows to a file that is there whole or not at all.
fn write_rows(replay: &mut Replay, path: &Path) -> anyhow::Result<()> {
    let mut failed = None;
    let written = write_whole(path, |file: &mut File| {
        let mut out = BufWriter::with_capacity(1 << 16, file);
        replay.rows(Some(&mut out)).and_then(|()| Ok(out.flush()?)).map_err(|error| {
            match error.downcast::<io::Error>() {
                Ok(error) => error,
                Err(error) => {
                    failed = Some(error);
                    io::Error::other("not written")
                }
            }
        })
    });
    match failed {
        Some(error) => Err(error),
        None => written.with_context(|| format!("{}: can't be written", path.display())),
    }
}

/// The map that the arguments and the recording mean.
fn open_model(args: &Args, recording: &Recording) -> anyhow::Result<Box<dyn Play>> {
    let names = map_names();
    if !names.contains(&&*args.map) {
        bail!("--map: {}", UnknownName::new("map", &args.map, names));
    }
    let about = recording.about();
    let entries = match about.shape {
        Some(shape) => Entries::Shape(shape),
        None => Entries::Named(&args.entry),
    };
    if let Some(layout) = &about.layout {
        match model_of(layout) {
            Some(model) if model == args.map => {}
            Some(model) => bail!(
                "{}: was recorded from the layout {layout}, which {} does not have: replay it with --map {model}",
                args.trace.display(),
                args.map
            ),
            None => {
                bail!("{}: was recorded from the layout {layout}, of which there is no model", args.trace.display())
            }
        }
        if !recording.hashed() {
            return Err(recording.fault("has no column `hash`: a recording\'s hashes drive the model".into()).into());
        }
    }
    player(&args.map, entries, recording.hashed(), about.hint).ok_or_else(|| {
        let known = ENTRIES.iter().map(|entry| entry.name);
        anyhow!("--entry: {}", UnknownName::new("entry", &args.entry, known))
    })
}

/// The maps that can be played.
fn map_names() -> Vec<&'static str> {
    struct Names(Vec<&'static str>);
    impl FamilyVisitor for Names {
        fn visit<F: Family>(&mut self) {
            self.0.push(F::INFO.term.name);
        }
    }
    let mut names = Names(Vec::new());
    maps::each(&mut names);
    names.0
}

/// A recording on its way through a model.
struct Replay {
    recording: Recording,
    model: Box<dyn Play>,
    /// For each of the model's columns, which of the recording's has it; none when nothing is compared.
    expected: Option<Vec<usize>>,
    comparison: Comparison,
    operations: u64,
    alloc_bytes: u64,
    allocs: u64,
    differences: u64,
    shown: Vec<String>,
    /// The figures of the last row.
    got: Vec<u64>,
}

impl Replay {
    fn new(recording: Recording, model: Box<dyn Play>, check: bool) -> anyhow::Result<Replay> {
        let state = model.info().state;
        let columns = columns(state);
        let expected = match check {
            false => None,
            true => {
                let at = |name: &&str| recording.figures().iter().position(|column| column == name);
                let all: Option<Vec<usize>> = columns.iter().map(at).collect();
                Some(all.ok_or_else(|| {
                    let missing: Vec<_> = columns.iter().filter(|name| at(name).is_none()).copied().collect();
                    recording.fault(format!(
                        "there is nothing to compare with: no column {}; leave --check out to see what the map does",
                        missing.join(", ")
                    ))
                })?)
            }
        };
        let got = vec![0; columns.len()];
        let comparison = Comparison::new(state);
        let shown = Vec::new();
        let (operations, alloc_bytes, allocs, differences) = (0, 0, 0, 0);
        Ok(Replay { recording, model, expected, comparison, operations, alloc_bytes, allocs, differences, shown, got })
    }

    /// Plays every row; writes what each came to.
    fn rows(&mut self, mut out: Option<&mut dyn Write>) -> anyhow::Result<()> {
        if let Some(out) = &mut out {
            let about = self.recording.about();
            if !about.line.is_empty() {
                writeln!(out, "{}", about.line)?;
            }
            writeln!(out, "op,key,hash,{}", columns(self.model.info().state).join(","))?;
        }
        let mut said = vec![0; self.recording.figures().len()];
        let mut wanted = vec![0; self.got.len()];
        let mut text = Vec::new();
        while let Some(row) = self.recording.next(&mut said)? {
            if self.operations == 0 && row.action != Action::New && self.recording.about().layout.is_none() {
                // A plain trace may leave the making of its map out.
                self.play(Row { action: Action::New, key: 0, hash: None })?;
            }
            if !self.play(row)? {
                break;
            }
            if let Some(out) = &mut out {
                write_row(&mut text, row, &self.got);
                out.write_all(&text)?;
            }
            if row.action == Action::Hash {
                continue;
            }
            if let Some(expected) = &self.expected {
                wanted.iter_mut().zip(expected).for_each(|(figure, &at)| *figure = said[at]);
                if let Some(differing) = self.comparison.first(&wanted, &self.got) {
                    self.differs(row, differing);
                }
            }
        }
        if self.operations == 0 {
            return Err(self.recording.fault("holds no operations; expected at least the row `new`".into()).into());
        }
        Ok(())
    }

    /// Plays one row; false when the recording can't be followed any further.
    fn play(&mut self, row: Row) -> anyhow::Result<bool> {
        match self.model.play(row, &mut self.got) {
            Ok(()) if row.action == Action::Hash => Ok(true),
            Ok(()) => {
                self.operations += 1;
                self.alloc_bytes += self.got[0];
                self.allocs += self.got[1];
                Ok(true)
            }
            Err(error @ PlayError::HashChanged { .. }) if self.expected.is_some() => {
                self.differences += 1;
                self.shown
                    .push(format!("  line {}: {error}; what follows was not compared\n", self.recording.line_number()));
                Ok(false)
            }
            Err(error) => Err(self.recording.fault_here(error.to_string()).into()),
        }
    }

    #[cold]
    fn differs(&mut self, row: Row, Differing { column, expected, got }: Differing) {
        self.differences += 1;
        if self.differences <= SHOWN_MAX {
            let key = if row.action.has_key() { format!(" {}", row.key) } else { String::new() };
            let (line, action) = (self.recording.line_number(), row.action.name());
            self.shown.push(format!("  line {line}, {action}{key}: {column}: expected {expected}, got {got}\n"));
        }
    }

    fn summary(&self, trace: &Path) -> String {
        let info = self.model.info();
        let operations = self.operations;
        let mut text = format!("{}: {operations} operations on {}", trace.display(), info.term.name);
        if self.expected.is_some() {
            let names = columns(info.state).join(", ");
            match self.differences {
                0 => text.push_str(&format!(", no difference in {names}\n")),
                n => text.push_str(&format!(", {n} with differences in {names}\n")),
            }
        } else {
            text.push_str(&format!(", {} bytes in {} allocations", self.alloc_bytes, self.allocs));
            for (name, figure) in info.state.iter().zip(&self.got[ALLOCATED..]) {
                text.push_str(&format!(", {name} {figure}"));
            }
            text.push('\n');
        }
        text.push_str(&self.shown.concat());
        if self.differences > self.shown.len() as u64 {
            text.push_str(&format!("  and {} more\n", self.differences - self.shown.len() as u64));
        }
        text
    }
}

/// One line, as recordings have it.
fn write_row(text: &mut Vec<u8>, row: Row, figures: &[u64]) {
    text.clear();
    text.extend(row.action.name().as_bytes());
    text.push(b',');
    if row.action.has_key() {
        number(text, row.key);
    }
    text.push(b',');
    if let Some(hash) = row.hash {
        let _ = write!(text, "{hash:016x}");
    }
    for &figure in figures {
        text.push(b',');
        if row.action != Action::Hash {
            number(text, figure);
        }
    }
    text.push(b'\n');
}

fn number(text: &mut Vec<u8>, number: u64) {
    // A vector takes whatever is written.
    let _ = write!(text, "{number}");
}
