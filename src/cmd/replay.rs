use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use mapscope_trace::Output;

use super::flags::HowRead;
use super::recorded::{self, Opened, Wanted};
use super::{INTERRUPTED, output, stdout};
use crate::intake::{self, STDIN, interrupt};
use crate::plan::{Flags, plan};
use crate::probe::alloc;
use crate::record::write_whole;
use crate::replay::{
    ALLOCATED, Action, Comparison, Differing, Guarded, NOVERFLOW_EXACT_BELOW_B, Play, PlayError, Recording, Row, Setup,
    columns,
};
use crate::run::{Subjects, limit_memory};
use crate::text;
use crate::workload::WorkloadError;

/// Replay a recorded trace on a map, operation by operation
#[derive(clap::Args)]
#[command(after_help = "\
A recording begins with a line that says what was recorded:
  # layout=classic type=u64/u64 hint=0 ...
Its hashes drive the model, so that it does what the recorded map did.
Exit codes: 0 done, no difference; 1 the model differs; 2 bad input.")]
pub(super) struct Args {
    /// The map; for a recording, the model of its layout, by default at the release that it was recorded from
    #[arg(long, value_name = "MAP")]
    map: String,
    /// A recording or any other trace, packed or not (`mapscope list traces`); - for stdin
    trace: PathBuf,
    #[command(flatten)]
    how: HowRead,
    /// Write a row an operation: what it allocated and the state after it; .gz and .zst are compressed, - is stdout
    #[arg(long, value_name = "FILE")]
    per_op: Option<PathBuf>,
    /// Compare with the trace's own columns
    #[arg(long)]
    check: bool,
    /// Entry, for traces that don't say what was recorded [default: u64/u64]
    #[arg(long, value_name = "KEY/VALUE")]
    entry: Option<String>,
    /// Capacity hint in entries, for such traces [default: 0]
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    hint: Option<String>,
    /// Load factor, for such traces, where the map lets it be set
    #[arg(long, value_name = "F", allow_hyphen_values = true)]
    load_factor: Option<String>,
}

impl Args {
    /// The hint and the load factor that are given, validated as `run` validates them.
    fn built(&self, subjects: &Subjects) -> anyhow::Result<(Option<u64>, Option<f64>)> {
        let (hint, load_factor) = (self.hint.as_deref(), self.load_factor.as_deref());
        if hint.is_none() && load_factor.is_none() {
            return Ok((None, None));
        }
        if hint == Some("ops") {
            bail!(
                "--hint ops: a trace is played as it is read, and its operations are not counted first: give a number"
            );
        }
        let mut flags = Flags::from([("map", &*self.map)]);
        flags.give("entry", self.entry.clone());
        flags.give("hint", hint.map(str::to_owned));
        flags.give("load_factor", load_factor.map(str::to_owned));
        let planned = plan(&[], &flags, &subjects.catalog())?;
        let [cell] = &planned.cells[..] else { bail!("a trace is played on one map: give one value each") };
        Ok((hint.map(|_| cell.hint.entries(0)), cell.load_factor.filter(|_| load_factor.is_some())))
    }
}

/// How many differences are shown.
const SHOWN_MAX: u64 = 10;

pub(super) fn run(args: Args, quiet: bool, subjects: &Subjects) -> anyhow::Result<ExitCode> {
    alloc::verify_counting()?;
    limit_memory();
    // So that an interrupted replay leaves no file. Asked twice: the map doesn't come back.
    interrupt::heed(|| std::process::exit(INTERRUPTED.into()));
    let recording = Recording::open(&args.trace, &args.how.reading())?;
    let (hint, load_factor) = args.built(subjects)?;
    let wanted = Wanted {
        map: &args.map,
        trace: &args.trace,
        entry: args.entry.as_deref(),
        hint,
        load_factor,
        seed: Setup::SEED,
    };
    let Opened { model, map, .. } = recorded::open(&wanted, &recording, subjects)?;
    let mut replay = Replay::new(recording, model, map, args.check)?;
    let per_op = args.per_op.as_deref();
    let place = |path: &Path| fs::canonicalize(if path == Path::new(STDIN) { Path::new("/dev/stdin") } else { path });
    let same = |path: &Path| place(path).is_ok_and(|it| place(&args.trace).is_ok_and(|trace| trace == it));
    if let Some(path) = per_op.filter(|path| path.as_os_str() != STDIN && same(path)) {
        bail!("--per-op {}: is the trace itself, which would be lost: name another file", text::path(path));
    }
    match play_all(&mut replay, per_op) {
        Ok(()) => {}
        // Nobody reads any more, and nothing else was asked for.
        Err(error) if broken_pipe(&error) => return Ok(ExitCode::SUCCESS),
        Err(error) => return Err(error),
    }
    let to_stdout = per_op.is_some_and(|path| path.as_os_str() == "-");
    if !quiet || replay.differences > 0 {
        let text = replay.summary(&args.trace);
        match per_op {
            _ if to_stdout => output::note(text.trim_end()),
            Some(path) if !replay.lost => output::announce(&text, path)?,
            _ => output::print(&text)?,
        }
    }
    Ok(if replay.differences > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Plays the whole recording, its rows written to where they shall go.
fn play_all(replay: &mut Replay, per_op: Option<&Path>) -> anyhow::Result<()> {
    match per_op {
        Some(path) if path.as_os_str() == "-" => {
            let mut out = BufWriter::new(stdout::open().context("can't write to standard output")?);
            replay.rows(Some(&mut out)).map_err(|error| match error.downcast::<io::Error>() {
                Ok(error) => anyhow::Error::new(error).context("can't write to standard output"),
                Err(error) => error,
            })
        }
        Some(path) => write_rows(replay, path),
        None => replay.rows(None),
    }
}

fn broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.downcast_ref::<io::Error>();
    io.is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

/// Writes the rows to a file that is there whole or not at all.
fn write_rows(replay: &mut Replay, path: &Path) -> anyhow::Result<()> {
    let mut failed = None;
    let written = write_whole(path, |file: &mut File| {
        let written = Output::new(path, file).map_err(anyhow::Error::new).and_then(|mut out| {
            replay.rows(Some(&mut out))?;
            out.finish()?;
            Ok(())
        });
        if written.is_ok() && replay.lost {
            return Err(io::Error::other("not whole"));
        }
        written.map_err(|error| match error.downcast::<io::Error>() {
            Ok(error) => error,
            Err(error) => {
                failed = Some(error);
                io::Error::other("not written")
            }
        })
    });
    match failed {
        Some(error) => Err(error),
        // The summary says so.
        None if replay.lost => Ok(()),
        None => written.with_context(|| format!("{}: can't be written", text::path(path))),
    }
}

/// A recording on its way through a model.
struct Replay {
    recording: Recording,
    model: Guarded,
    /// What the map is called.
    map: String,
    /// Whether the recording's figures are compared.
    check: bool,
    comparison: Comparison,
    operations: u64,
    alloc_bytes: u64,
    allocs: u64,
    differences: u64,
    /// Whether the model could not follow to the end.
    lost: bool,
    /// Operations with a figure that was not compared.
    left_out: u64,
    shown: Vec<String>,
    /// The figures of the last row.
    got: Vec<u64>,
}

impl Replay {
    fn new(mut recording: Recording, model: Box<dyn Play>, map: String, check: bool) -> anyhow::Result<Replay> {
        let state = model.info().state;
        let columns = columns(state);
        if check {
            recording.ask_for(&columns).map_err(|missing| {
                recording.fault(format!(
                    "there is nothing to compare with: no column {}; leave --check out to see what the map does",
                    missing.join(", ")
                ))
            })?;
        }
        let model = Guarded::new(model);
        let got = vec![0; columns.len()];
        let comparison = Comparison::new(state);
        let shown = Vec::new();
        let (operations, alloc_bytes, allocs, differences, left_out) = (0, 0, 0, 0, 0);
        Ok(Replay {
            recording,
            model,
            map,
            check,
            comparison,
            operations,
            alloc_bytes,
            allocs,
            differences,
            lost: false,
            left_out,
            shown,
            got,
        })
    }

    /// Plays every row; writes what each came to.
    fn rows(&mut self, mut out: Option<&mut dyn Write>) -> anyhow::Result<()> {
        if let Some(out) = &mut out {
            let about = self.recording.about();
            if !about.line.is_empty() {
                writeln!(out, "{}", text::clean(&about.line))?;
            }
            let lengths = if self.recording.has_lengths() { "value_bytes," } else { "" };
            writeln!(out, "op,key,hash,{lengths}{}", columns(self.model.info().state).join(","))?;
        }
        let mut wanted = vec![0; self.got.len()];
        let mut text = Vec::new();
        let mut may_lack_new = self.recording.about().layout.is_none();
        while let Some(row) = self.recording.next(&mut wanted)? {
            if std::mem::take(&mut may_lack_new) && row.action != Action::New {
                // A plain trace may leave the making of its map out: it is then none of the operations.
                if !self.play(Row::new(Action::New))? {
                    break;
                }
                self.operations = 0;
            }
            if !self.play(row)? {
                break;
            }
            if let Some(rows) = &mut out {
                write_row(&mut text, row, self.recording.has_lengths(), &self.got);
                match rows.write_all(&text) {
                    // Nobody reads the rows any more; the comparison goes on.
                    Err(error) if self.check && error.kind() == io::ErrorKind::BrokenPipe => out = None,
                    written => written?,
                }
            }
            if row.action == Action::Hash {
                continue;
            }
            if self.check {
                self.left_out += u64::from(self.comparison.leaves_out(&wanted, &self.got));
                if let Some(differing) = self.comparison.first(&wanted, &self.got) {
                    self.differs(row, differing);
                }
            }
        }
        if self.operations == 0 && self.differences == 0 {
            return Err(self.recording.fault("holds no operations; expected at least the row `new`".into()).into());
        }
        match out.map_or(Ok(()), |out| out.flush()) {
            Err(error) if self.check && error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            flushed => Ok(flushed?),
        }
    }

    /// Plays one row; false when the recording can't be followed any further.
    fn play(&mut self, row: Row) -> anyhow::Result<bool> {
        if interrupt::asked() {
            bail!(WorkloadError::Interrupted);
        }
        match self.model.play(row, &mut self.got) {
            Ok(()) if row.action == Action::Hash => Ok(true),
            Ok(()) => {
                self.operations += 1;
                self.alloc_bytes += self.got[0];
                self.allocs += self.got[1];
                Ok(true)
            }
            Err(error @ (PlayError::HashChanged { .. } | PlayError::Panicked(_))) if self.check => {
                self.differences += 1;
                self.lost = true;
                let line = self.recording.line_number();
                self.shown.push(format!("  line {line}: {error}; what follows was not compared, no rows were kept\n"));
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
        let trace = text::path(intake::shown(trace));
        let mut text = format!("{trace}: {operations} operations on {}", self.map);
        if self.check {
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
        if let Some(told) = self.recording.told() {
            text.push_str(&format!("  {told}\n"));
        }
        text.push_str(&self.shown.concat());
        if self.differences > self.shown.len() as u64 {
            text.push_str(&format!("  and {} more\n", self.differences - self.shown.len() as u64));
        }
        if self.left_out > 0 {
            let (n, b) = (self.left_out, NOVERFLOW_EXACT_BELOW_B);
            text.push_str(&format!(
                "  noverflow was left out in {n} of them: Go counts it by chance from b = {b} up\n"
            ));
        }
        text
    }
}

/// One line, as recordings have it.
fn write_row(text: &mut Vec<u8>, row: Row, lengths: bool, figures: &[u64]) {
    text.clear();
    text.extend(row.action.name().as_bytes());
    text.push(b',');
    if row.action.has_key() {
        number(text, row.key);
    }
    text.push(b',');
    if let Some(hash) = row.hash {
        text.extend((0..16).rev().map(|digit| b"0123456789abcdef"[(hash >> (4 * digit)) as usize & 15]));
    }
    if lengths {
        text.push(b',');
        if row.action == Action::Insert {
            number(text, row.value_bytes.into());
        }
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
    text.extend(itoa::Buffer::new().format(number).as_bytes());
}
