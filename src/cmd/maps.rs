use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};

use super::{fix, live, maps_set, output, rates, stdout};
use crate::hints::{Files, Kind};
use crate::plan::UnknownName;
use crate::recording::{FORMATS, Format, Live, Otlp, Packages, Process, Recorded, Recording, Sample, Sort, hints};
use crate::text;

/// Show what the maps of a recording cost, by the line that makes them
#[derive(clap::Args)]
#[command(after_help = "\
bytes       allocated by the maps of that place and type, as Go's MemStats
            count; in Rust those asked of the allocator; - where not known
abandoned   share of them that was left behind when tables grew
hint saves  bytes that a hint of each map's largest number of entries would
            save, of maps from which nothing was removed; - where there are none
p50/p99/largest  entries of those maps, at their most
A program that is running is seen as it is now; --watch repeats, and --rates
shows what it does a second.")]
pub(super) struct Args {
    /// What `mapscope record` wrote: its folder, or the file of one process; or the number of a process that is running
    #[arg(value_name = "DIR|FILE|PID")]
    path: PathBuf,
    /// What comes first
    #[arg(long, value_enum, default_value = "bytes")]
    by: Sort,
    /// Places that the table shows; 0 for all
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// Only places of these packages: net/http, net/* or net/http/...; folders in Rust and Java
    #[arg(long, value_name = "PATTERN", conflicts_with_all = ["serve", "otlp"])]
    package: Vec<String>,
    /// table, csv, json, html (a page), openmetrics (for Prometheus), pprof (go tool pprof -http=: FILE),
    /// or sarif (what --hints finds, for code scanning)
    #[arg(long, value_name = "F", default_value = "table")]
    format: String,
    /// Read the source of the places shown, and say which hints can be written there and what they save
    #[arg(long)]
    hints: bool,
    /// go command or Go installation that reads the source [default: go on the PATH]
    #[arg(long, value_name = "PATH")]
    go: Option<PathBuf>,
    #[command(flatten)]
    fix: fix::Args,
    /// Kinds of hints for --fix and --write [default: all]
    #[arg(long, value_name = "KIND", value_enum, value_delimiter = ',')]
    kind: Vec<Kind>,
    /// Show the table again every 2 seconds, as many places as fit on the screen, until the process ends or Ctrl-C
    #[arg(long, conflicts_with_all = ["format", "top", "hints", "fix", "write", "serve", "otlp"])]
    watch: bool,
    /// Show what each place costs a second (bytes, moves, growths) again every 2 seconds, the worst first, until the process
    /// ends or Ctrl-C
    #[arg(long, conflicts_with_all = ["format", "package", "hints", "fix", "write", "watch", "serve", "otlp"])]
    rates: bool,
    /// Change what a running program records: sample=all, 1/N or off; maps recorded already go on, but for off
    #[arg(
        long, value_name = "sample=S", value_parser = maps_set::setting,
        conflicts_with_all = ["format", "top", "by", "package", "hints", "fix", "write", "watch", "rates", "serve", "otlp"]
    )]
    set: Option<Sample>,
    #[command(flatten)]
    live: live::Args,
}

impl Args {
    fn read(&self, path: &Path) -> anyhow::Result<Recording> {
        let mut recording = Recording::read(path, self.by)?;
        if !self.package.is_empty() {
            let packages = Packages::new(&self.package).map_err(|why| anyhow!("--package: {why}"))?;
            recording.keep(&packages)?;
        }
        Ok(recording)
    }
}

pub(super) fn run(args: &Args, quiet: bool) -> anyhow::Result<ExitCode> {
    let names = || FORMATS.iter().map(|format| format.name);
    let format = FORMATS.iter().find(|format| format.name == args.format);
    let format = format.ok_or_else(|| anyhow!(UnknownName::new("format", &args.format, names())))?;
    let pid = args.path.to_str().and_then(|path| path.parse().ok()).filter(|_| !args.path.exists());
    let path = pid.map_or_else(|| Ok(args.path.clone()), Process::file_of)?;
    if let Some(sample) = args.set {
        return maps_set::run(&path, pid, sample, quiet);
    }
    if args.live.is_wanted() {
        return live(args, path, pid);
    }
    if args.rates {
        if args.by == Sort::Hint {
            bail!("--by hint: what a hint would save is no rate: give bytes, moves, growths or maps");
        }
        return rates::run(&path, pid, args.by, rows_max(args.top));
    }
    if args.watch {
        return watch(args, format, &path, pid);
    }
    if !args.kind.is_empty() && !args.fix.is_wanted() {
        bail!("--kind says which hints --fix and --write take: add one of them, or leave it out");
    }
    let rows_max = rows_max(args.top);
    let recording = args.read(&path)?;
    let read_source = args.hints || args.fix.is_wanted() || format.of_sources;
    let read = read_source.then(|| hints(&recording, args.go.as_deref(), rows_max)).transpose()?;
    let hints = read.as_ref().map(|(_, hints)| &hints[..]);
    let root = read.as_ref().and_then(|(source, _)| source.root());
    if let (true, Some((source, _))) = (args.fix.write, &read) {
        refuse_elsewhere(&**source, &recording)?;
    }
    if !args.fix.is_on_stdout() {
        show(format, &Recorded { hints, root, rows_max, width: width(), ..recording.shown() })?;
    }
    if let (true, Some((source, hints))) = (args.fix.is_wanted(), &read) {
        let found = hints.iter().filter_map(|hint| hint.found.as_ref().ok()).map(|(finding, _)| finding);
        let found: Vec<_> = found.filter(|found| args.kind.is_empty() || args.kind.contains(&found.kind)).collect();
        args.fix.run(&**source, &found, quiet)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Rows of a table, of which 0 are all.
fn rows_max(top: usize) -> usize {
    if top == 0 { usize::MAX } else { top }
}

/// What a recording names may be anybody's folder: only the one that the user is in is written to.
fn refuse_elsewhere(source: &dyn Files, recording: &Recording) -> anyhow::Result<()> {
    let here = std::env::current_dir().context("the folder of this process is not there")?;
    if source.is_of(&here)? {
        return Ok(());
    }
    let folder = recording.manifest.as_ref().map_or(Path::new("."), |manifest| &manifest.folder);
    let folder = text::path(folder);
    bail!(
        "the recording is of {folder}, which is not in the module of this folder: --write changes only that; start it \
         in {folder}, or take a patch (--fix FILE)"
    );
}

fn width() -> usize {
    output::width().unwrap_or(80)
}

fn show(format: &Format, recorded: &Recorded<'_>) -> anyhow::Result<()> {
    let bytes = rendered(format, recorded)?;
    if !format.binary {
        output::print(&String::from_utf8(bytes)?)?;
    } else if std::io::stdout().is_terminal() {
        bail!("{} is no text: add > FILE", format.name);
    } else {
        stdout::open().and_then(|mut stdout| stdout.write_all(&bytes)).context("can't write to stdout")?;
    }
    Ok(())
}

fn rendered(format: &Format, recorded: &Recorded<'_>) -> anyhow::Result<Vec<u8>> {
    (format.render)(recorded).with_context(|| format!("can't make the {} form", format.name))
}

/// Shows the recording to whoever asks, or pushes it, for as long as the process runs, if it is one.
fn live(args: &Args, path: PathBuf, pid: Option<u32>) -> anyhow::Result<ExitCode> {
    const EVERY: Duration = Duration::from_millis(500);
    // What is no recording is refused now, and not to each client.
    let recording = Recording::read(&path, args.by)?;
    let program = Path::new(&recording.processes[0].program).file_name().unwrap_or_default();
    let (bound, otlp) = (args.live.bind()?, args.live.otlp(&text::path(Path::new(program)))?);
    let start = |otlp: Otlp| otlp.start(path.clone(), output::note).context("--otlp");
    let _pushing = otlp.map(start).transpose()?;
    let _server = bound.map(|bound| args.live.serve(bound, Live { path, sort: args.by })).transpose()?;
    while pid.is_none_or(is_running) {
        thread::sleep(EVERY);
    }
    output::note("the process has ended");
    Ok(ExitCode::SUCCESS)
}

fn is_running(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

/// Shows the table again and again, for as long as the process runs, if it is one.
fn watch(args: &Args, format: &Format, path: &Path, pid: Option<u32>) -> anyhow::Result<ExitCode> {
    const EVERY: Duration = Duration::from_secs(2);
    /// Its head, its last line and the prompt below.
    const OTHER_LINES: usize = 9;
    const LINES_OF_A_PLACE: usize = 2;
    let mut screen = std::io::stdout();
    if !screen.is_terminal() {
        bail!("--watch shows the table on a terminal, and stdout is none: leave it out");
    }
    loop {
        let ended = pid.is_some_and(|pid| !is_running(pid));
        let rows_max = output::height().saturating_sub(OTHER_LINES) / LINES_OF_A_PLACE;
        let recording = args.read(path)?;
        let recorded = Recorded { rows_max: rows_max.max(1), width: width(), ..recording.shown() };
        let table = String::from_utf8(rendered(format, &recorded)?)?;
        screen.write_all(output::CLEARED.as_bytes()).and_then(|()| screen.flush()).context("can't write to stdout")?;
        output::print(&table)?;
        if ended {
            output::note("the process has ended");
            return Ok(ExitCode::SUCCESS);
        }
        thread::sleep(EVERY);
    }
}
