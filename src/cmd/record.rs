use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};

use super::{BAD_INPUT, output};
use crate::intake::interrupt;
use crate::recording::{Process, Recorder};
use crate::report::number;
use crate::text;

/// Record the maps of Go programs while a command builds or runs them
#[derive(clap::Args)]
#[command(after_help = "\
Examples: mapscope record -- go test ./...
          mapscope record -- go run ./cmd/server
          mapscope record -- go build -o server . && mapscope record -- ./server
Then: mapscope maps DIR
Programs are built with a patched copy of their own Go's maps; GOROOT stays as it
is. Go 1.24 to 1.27 on Linux. docs/RECORDING.md says what is seen and what not.
Exits with the command's code; 2 if nothing could be recorded.")]
pub(super) struct Args {
    /// go command or Go installation to build with [default: the command's own, or go on the PATH]
    #[arg(long, value_name = "PATH")]
    go: Option<PathBuf>,
    /// Folder of the recording, new or empty [default: new, in reports/]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Record one map of N, chosen at random
    #[arg(long, value_name = "1/N", default_value = "1/1", value_parser = share)]
    sample: u64,
    /// Leave lookups and iterations out, which costs less
    #[arg(long)]
    no_lookups: bool,
    /// The command and its arguments
    #[arg(required = true, last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// `1/100`.
fn share(text: &str) -> Result<u64, String> {
    let n = text.strip_prefix("1/").and_then(|n| n.parse().ok()).filter(|n| (1..=1_000_000).contains(n));
    n.ok_or_else(|| "give 1/N, N from 1 to 1000000, as 1/100".to_owned())
}

pub(super) fn run(args: Args, quiet: bool) -> anyhow::Result<ExitCode> {
    let out = folder(args.out)?;
    // Ctrl-C is for the command, whose end is waited for.
    interrupt::heed(|| {});
    let recorder =
        Recorder { go: args.go.as_deref(), sample: args.sample, lookups: !args.no_lookups, command: &args.command };
    let ended = recorder.run(&out).inspect_err(|_| {
        // Only if nothing is in it.
        let _ = fs::remove_dir(&out);
    })?;
    if let Some(why) = &ended.unpatched {
        output::note(&format!("only programs that were recorded when they were built can be recorded: {why}"));
    }
    let processes = Process::read_all(&out)?;
    let builds = args.command.iter().skip(1).find_map(|word| word.to_str()).is_some_and(|verb| verb == "build");
    if processes.is_empty() && !builds && ended.code == 0 {
        output::complain(&anyhow::anyhow!(
            "no process recorded its maps: nothing that ran was built under `mapscope record` with the Go of the folder \
             in which it started (go vet and other tools come built with Go)"
        ));
        return Ok(ExitCode::from(BAD_INPUT));
    }
    if !quiet {
        output::note(&match processes.is_empty() {
            true => "built: run it under `mapscope record`, too".to_owned(),
            false => {
                let maps = processes.iter().map(|process| process.maps.len() as u64).sum();
                let count = processes.len() as u64;
                let s = if count == 1 { "" } else { "es" };
                format!(
                    "{} process{s}, {} maps recorded: mapscope maps {}",
                    number::integer(count),
                    number::integer(maps),
                    text::path(&out)
                )
            }
        });
    }
    Ok(ExitCode::from(ended.code))
}

/// A folder that is empty: the one given, or the first of `reports/record-001`, `reports/record-002`, ... that is free.
fn folder(out: Option<PathBuf>) -> anyhow::Result<PathBuf> {
    let Some(out) = out else {
        fs::create_dir_all("reports").context("can't make the folder reports; name another with --out")?;
        for number in 1.. {
            let folder = Path::new("reports").join(format!("record-{number:03}"));
            match fs::create_dir(&folder) {
                Ok(()) => return Ok(folder),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error).context(format!("{}: can't be made", text::path(&folder))),
            }
        }
        unreachable!("there are more numbers than files");
    };
    fs::create_dir_all(&out).with_context(|| format!("{}: can't be made", text::path(&out)))?;
    let mut entries = fs::read_dir(&out).with_context(|| format!("{}: can't be read", text::path(&out)))?;
    if entries.next().is_some() {
        bail!("{}: is not empty, and a recording needs a folder of its own: name another with --out", text::path(&out));
    }
    Ok(out)
}
