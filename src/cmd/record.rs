use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};

use super::{BAD_INPUT, live, output};
use crate::recording::{
    Attached, Language, Live, Manifest, Otlp, Process, Recorder, Sample, Sort, Traced, TracedPlace, Written, running,
    write_traces,
};
use crate::report::number;
use crate::text;

/// Record the maps of Go, Java and Rust programs while a command builds or runs them
#[derive(clap::Args)]
#[command(after_help = "\
Examples: mapscope record -- go test ./...
          mapscope record -- go run ./cmd/server
          mapscope record -- go build -o server . && mapscope record -- ./server
          mapscope record --trace cache.go:42 -- ./server
          mapscope record --serve 127.0.0.1:9000 -- ./server
          mapscope record -- java -jar app.jar
          mapscope record -- cargo run --features mapscope-record/record
Then: mapscope maps DIR
Go programs are built with a patched copy of their own Go's maps; GOROOT stays
as it is. Go 1.24 to 1.27. JVMs load an agent: Java 17 and newer. Rust programs
name the maps of mapscope-record in their imports. On Linux; docs/RECORDING.md
says what is seen.
Exits with the command's code; 2 if nothing could be recorded.")]
pub(super) struct Args {
    /// go command or Go installation to build with [default: the command's own, or go on the PATH]
    #[arg(long, value_name = "PATH")]
    go: Option<PathBuf>,
    /// Folder of the recording, new or empty [default: new, in reports/]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Record all maps, one of N, chosen at random, or none: `mapscope maps PID --set sample=1/N` changes that later
    #[arg(long, value_name = "all|1/N|off", default_value = "all")]
    sample: Sample,
    /// Leave lookups and iterations out, which costs less
    #[arg(long)]
    no_lookups: bool,
    /// Write the operations of the maps that this line makes as a trace; FILE:LINE as `mapscope maps` shows it. May be given
    /// for several places
    #[arg(long, value_name = "PLACE", value_parser = place)]
    trace: Vec<String>,
    /// Traces to write of each place, each of one map, those with most operations
    #[arg(long, value_name = "N", default_value_t = 1, requires = "trace")]
    trace_maps: usize,
    /// Have a running JVM record the maps that it makes from now on
    #[arg(long, value_name = "PID", conflicts_with_all = ["command", "trace", "go", "serve", "otlp"])]
    pid: Option<u32>,
    /// The command and its arguments
    #[arg(required_unless_present = "pid", last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
    #[command(flatten)]
    live: live::Args,
}

/// `printer.go:1426`.
fn place(text: &str) -> Result<String, String> {
    let place =
        text.rsplit_once(':').and_then(|(file, line)| Some((file.trim_start_matches("./"), line.parse().ok()?)));
    place
        .filter(|&(file, line): &(_, u32)| !file.is_empty() && line > 0)
        .map(|(file, line)| format!("{file}:{line}"))
        .ok_or_else(|| "give FILE:LINE, as printer.go:1426".to_owned())
}

pub(super) fn run(args: Args, quiet: bool) -> anyhow::Result<ExitCode> {
    if args.pid.is_some() && args.sample == Sample::OFF {
        bail!("--sample off: what a JVM records can't be switched on later: give all or 1/N");
    }
    let mut trace = args.trace;
    let mut seen = HashSet::new();
    trace.retain(|place| seen.insert(place.clone()));
    let bound = args.live.bind()?;
    let otlp = args.live.otlp(&service(&args.command))?;
    let folder = Folder::new(args.out)?;
    if let Some(pid) = args.pid {
        let jvm = Attached { pid, sample: args.sample, lookups: !args.no_lookups };
        jvm.begin(&folder.path).inspect_err(|_| folder.remove_if_empty())?;
        if !quiet {
            let path = text::path(&folder.path);
            output::note(&format!("process {pid} records what maps it makes from now on: mapscope maps {path}"));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let recorder = Recorder {
        go: args.go.as_deref(),
        sample: args.sample,
        lookups: !args.no_lookups,
        trace: &trace,
        command: &args.command,
    };
    if !quiet && io::stderr().is_terminal() {
        let path = text::path(&folder.path);
        output::note(&format!("recording into {path}; while it runs: mapscope maps {path} --watch"));
    }
    let show = |bound| args.live.serve(bound, Live { path: folder.path.clone(), sort: Sort::Bytes });
    let server = bound.map(show).transpose().inspect_err(|_| folder.remove_if_empty())?;
    let start = |otlp: Otlp| otlp.start(folder.path.clone(), output::note).context("--otlp");
    let pushing = otlp.map(start).transpose().inspect_err(|_| folder.remove_if_empty())?;
    let ended = recorder.run(&folder.path).inspect_err(|_| folder.remove_if_empty())?;
    drop((server, pushing));
    if let Some(why) = &ended.unpatched {
        output::note(&format!("only programs that were recorded when they were built can be recorded: {why}"));
    }
    let processes = Process::read_all(&folder.path)?;
    if processes.is_empty() {
        folder.remove_if_empty();
    }
    match (processes.len() as u64, ended.code) {
        (0, 0) if recorder.only_builds() => {
            if !quiet {
                output::note("built: run it under `mapscope record`, too");
            }
        }
        (0, 0) => {
            output::complain(&anyhow::anyhow!(match recorder.is_cargo() {
                false if recorder.is_java() => {
                    "nothing was recorded: Java 17 and newer are, of a JVM that reads JAVA_TOOL_OPTIONS; what it said is above"
                }
                true => {
                    "nothing was recorded: no program that ran made a map of mapscope-record with the feature `record` of \
                     that crate on (docs/RECORDING.md, Rust)"
                }
                false => {
                    "nothing was recorded: no program that ran was built under `mapscope record` (go vet and other tools \
                     come built with Go); build yours with `mapscope record -- go build`, in the folder of its module; a \
                     Rust program needs the maps of mapscope-record, and a Java program a JVM of Java 17 or newer that reads \
                     JAVA_TOOL_OPTIONS"
                }
            }));
            return Ok(ExitCode::from(BAD_INPUT));
        }
        (0, code) => {
            if !quiet {
                output::note(&format!("nothing was recorded: the command ended with code {code}"));
            }
        }
        (count, _) => {
            if !quiet {
                let maps = processes.iter().map(|process| process.maps.len() as u64).sum();
                let s = if count == 1 { "" } else { "es" };
                output::note(&format!(
                    "{} process{s}, {} maps recorded: mapscope maps {}",
                    number::integer(count),
                    number::integer(maps),
                    text::path(&folder.path)
                ));
            }
        }
    }
    if !trace.is_empty() && !processes.is_empty() {
        if processes.iter().all(|process| process.language == Language::Java) {
            let places = trace.join(", ");
            output::note(&format!("{places}: no trace is written: operations of Java's maps are only counted"));
            return Ok(ExitCode::from(ended.code));
        }
        let traced = write_traces(&processes, &Manifest::read(&folder.path)?, &folder.path, args.trace_maps)?;
        if !quiet {
            outcome(&traced).iter().for_each(|line| output::note(line));
            let is_rust = processes.iter().any(|process| process.language == Language::Rust);
            if is_rust && traced.places.iter().any(|place| place.maps == 0) {
                output::note("operations of a BTreeMap are only counted, and in no trace");
            }
        }
    }
    Ok(ExitCode::from(ended.code))
}

/// What a command is called, to those who are told of its maps.
fn service(command: &[OsString]) -> String {
    let name = command.first().and_then(|program| Path::new(program).file_name());
    name.map_or_else(|| "mapscope".to_owned(), |name| text::path(Path::new(name)))
}

/// What became of the traces, a line each.
fn outcome(traced: &Traced) -> Vec<String> {
    let mut lines: Vec<_> = traced.places.iter().flat_map(outcome_of).collect();
    if traced.dropped > 0 {
        lines.push(format!("{} had no room, and are in no trace", number::plural(traced.dropped, "operation")));
    }
    if traced.unnamed > 0 {
        let maps = number::plural(traced.unnamed, "traced map");
        lines.push(format!("{maps}: there was no room for the name of their place, and no trace is written of them"));
    }
    lines
}

fn outcome_of(traced: &TracedPlace) -> Vec<String> {
    let place = &traced.place;
    let mut lines = vec![match traced.maps {
        0 => format!("{place}: no map of this place was recorded: `mapscope maps` shows the places"),
        maps => format!(
            "{place}: {} of {} traced",
            number::plural(traced.operations, "operation"),
            number::plural(maps, "map")
        ),
    }];
    if traced.in_part > 0 {
        let maps = number::plural(traced.in_part, "map");
        lines.push(format!(
            "{maps} began as copies of others or with entries, or retained some of theirs: no trace is written of these"
        ));
    }
    for Written { path, operations, at, ty, entry, hint } in &traced.written {
        let hint = if *hint > 0 { format!(" --hint {hint}") } else { String::new() };
        let (operations, path) = (number::plural(*operations, "operation"), text::path(path));
        // The end of a path may be that of several.
        let at = if at == place { String::new() } else { format!(" of {at}") };
        let a = if ty.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
        lines.push(format!("{operations} of {a} {ty}{at}: mapscope run --trace {path} --entry '{entry}'{hint}"));
    }
    lines
}

/// Where the recording goes.
struct Folder {
    path: PathBuf,
    /// Those that were not there before, the innermost first.
    made: Vec<PathBuf>,
}

impl Folder {
    /// One that is empty: the one given, or the first of `reports/record-001`, `reports/record-002`, ... that is free.
    fn new(out: Option<PathBuf>) -> anyhow::Result<Folder> {
        let Some(path) = out else {
            let mut made = missing(Path::new("reports"));
            fs::create_dir_all("reports").context("can't make the folder reports; name another with --out")?;
            for number in 1.. {
                let path = Path::new("reports").join(format!("record-{number:03}"));
                match fs::create_dir(&path) {
                    Ok(()) => {
                        made.insert(0, path.clone());
                        return Ok(Folder { path, made });
                    }
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(error).context(format!("{}: can't be made", text::path(&path))),
                }
            }
            unreachable!("there are more numbers than files");
        };
        let made = missing(&path);
        fs::create_dir_all(&path)
            .with_context(|| format!("{}: can't make this folder; name another with --out", text::path(&path)))?;
        let mut entries = fs::read_dir(&path).with_context(|| format!("{}: can't be read", text::path(&path)))?;
        if entries.next().is_some() {
            let why = "is not empty, and a recording needs a folder of its own: name another with --out";
            bail!("{}: {why}", text::path(&path));
        }
        Ok(Folder { path, made })
    }

    /// Leaves nothing of a recording without a process, unless one has begun that is still running. The files of one that ended
    /// while it began say nothing.
    fn remove_if_empty(&self) {
        let begun = || Process::only_begun(&self.path).unwrap_or_default();
        // One may begin, and another say what it is, while processes are looked for: neither is in both lists.
        let before = begun();
        if running(&self.path).is_ok_and(|running| running.is_empty()) {
            for file in begun().into_iter().filter(|file| before.contains(file)) {
                let _ = fs::remove_file(&file);
                let _ = fs::remove_file(file.with_extension("ops"));
            }
        }
        let is_ours = |entry: io::Result<fs::DirEntry>| entry.is_ok_and(|at| at.file_name() == Manifest::FILE_NAME);
        if fs::read_dir(&self.path).is_ok_and(|mut entries| entries.all(is_ours)) {
            let _ = fs::remove_file(self.path.join(Manifest::FILE_NAME));
            // Only if nothing is in it.
            self.made.iter().take_while(|folder| fs::remove_dir(folder).is_ok()).for_each(drop);
        }
    }
}

/// The folders on the way there that don't exist, the innermost first.
fn missing(path: &Path) -> Vec<PathBuf> {
    let missing = path.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    missing.map(Path::to_owned).collect()
}
