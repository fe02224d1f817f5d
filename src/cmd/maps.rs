use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};

use super::{output, stdout};
use crate::plan::UnknownName;
use crate::recording::{FORMATS, Process, Recorded, Recording, Sort};

/// Show what the maps of a recording cost, by the line that makes them
#[derive(clap::Args)]
#[command(after_help = "\
bytes       allocated by the maps of that place and type, as Go's MemStats count
abandoned   share of them that was left behind when tables grew
hint saves  bytes that a hint of each map's largest number of entries would save
p50/p99/largest  entries of those maps, at their most
A program that is running is seen as it is now; watch mapscope maps PID repeats.")]
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
    /// table, csv, json, or pprof (go tool pprof -http=: FILE)
    #[arg(long, value_name = "F", default_value = "table")]
    format: String,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let names = || FORMATS.iter().map(|format| format.name);
    let format = FORMATS.iter().find(|format| format.name == args.format);
    let format = format.ok_or_else(|| anyhow!(UnknownName::new("format", &args.format, names())))?;
    let pid = args.path.to_str().and_then(|path| path.parse().ok()).filter(|_| !args.path.exists());
    let path = pid.map_or_else(|| Ok(args.path.clone()), Process::file_of)?;
    let recording = Recording::read(&path, args.by)?;
    let rows_max = if args.top == 0 { usize::MAX } else { args.top };
    let recorded = Recorded { rows_max, width: output::width().unwrap_or(80), ..recording.shown() };
    let bytes = (format.render)(&recorded).with_context(|| format!("can't make the {} form", format.name))?;
    if !format.binary {
        output::print(&String::from_utf8(bytes)?)?;
    } else if std::io::stdout().is_terminal() {
        bail!("{} is no text: add > FILE", format.name);
    } else {
        stdout::open().and_then(|mut stdout| stdout.write_all(&bytes)).context("can't write to stdout")?;
    }
    Ok(ExitCode::SUCCESS)
}
