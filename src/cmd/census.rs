use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{anyhow, bail};

use super::output;
use crate::census::{Census, FORMATS, Shown, Sort, Table};
use crate::plan::UnknownName;

/// Count the maps of a Go program that is running, or in a core file; nobody has to rebuild it
#[derive(clap::Args)]
#[command(after_help = "\
bytes       held in the heap by the maps of a type: headers, tables and groups,
            and keys and values over 128 bytes; what keys and values point to
            is not part of it
an entry    these bytes by entries
load        share of the slots (capacity) that have an entry
tombstones  slots of removed entries that look-ups go past; - up to Go 1.23
p50/p99/largest  entries of these maps
(by size)   no object says the type; it is the program's only one that fits
The program is only read, and not stopped; reading takes the rights of a
debugger. Maps that are garbage count until Go's collector has swept them.
Maps of up to 8 entries on a goroutine's stack are not seen.")]
pub(super) struct Args {
    /// The number of a process, or a core file
    #[arg(value_name = "PID|CORE")]
    of: PathBuf,
    /// A row each map, with its address, in place of each type
    #[arg(long)]
    each: bool,
    /// What comes first
    #[arg(long, value_enum, default_value = "bytes")]
    by: Sort,
    /// Rows that the table shows; 0 for all
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// table, csv or json
    #[arg(long, value_name = "F", default_value = "table")]
    format: String,
    /// The program that wrote the core file [default: where it was then]
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let names = || FORMATS.iter().map(|format| format.name);
    let format = FORMATS.iter().find(|format| format.name == args.format);
    let format = format.ok_or_else(|| anyhow!(UnknownName::new("format", &args.format, names())))?;
    let pid: Option<u32> = args.of.to_str().and_then(|of| of.parse().ok()).filter(|_| !args.of.exists());
    let census = match (pid, &args.program) {
        (Some(_), Some(_)) => bail!("--program is for core files: a process has its program"),
        (Some(pid), None) => Census::of_process(pid)?,
        (None, program) => Census::of_core(&args.of, program.as_deref())?,
    };
    let table = Table::new(&census, args.each, args.by);
    let rows_max = if args.top == 0 { usize::MAX } else { args.top };
    let width = output::width().unwrap_or(80);
    let shown = Shown { census: &census, table: &table, each: args.each, rows_max, width };
    output::print(&(format.render)(&shown)?)?;
    Ok(ExitCode::SUCCESS)
}
