use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{anyhow, bail};

use super::output;
use crate::census::{Census, FORMATS, INSIDE_FORMATS, Inside, Shown, Sort, Table, Which};
use crate::plan::UnknownName;

/// Count the maps of a Go program that is running, or in a core file, or look into one; nobody has to rebuild it
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
    /// The inside of the map with this address, which --each shows: how full its groups or buckets are
    #[arg(long, value_name = "ADDRESS", value_parser = address, conflicts_with_all = ["each", "by"])]
    map: Option<u64>,
    /// What comes first
    #[arg(long, value_enum, default_value = "bytes")]
    by: Sort,
    /// Rows that the table shows; 0 for all
    #[arg(long, value_name = "N", default_value_t = 20)]
    top: usize,
    /// table, csv (not with --map) or json
    #[arg(long, value_name = "F", default_value = "table")]
    format: String,
    /// The program that wrote the core file [default: where it was then]
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if let Some(address) = args.map {
        return inside(args, address);
    }
    let names = || FORMATS.iter().map(|format| format.name);
    let format = FORMATS.iter().find(|format| format.name == args.format);
    let format = format.ok_or_else(|| anyhow!(UnknownName::new("format", &args.format, names())))?;
    let census = match args.of()? {
        Of::Process(pid) => Census::of_process(pid)?,
        Of::Core => Census::of_core(&args.of, args.program.as_deref())?,
    };
    let table = Table::new(&census, args.each, args.by);
    let width = output::width().unwrap_or(80);
    let shown = Shown { census: &census, table: &table, each: args.each, rows_max: args.rows_max(), width };
    output::print(&(format.render)(&shown)?)?;
    Ok(ExitCode::SUCCESS)
}

fn inside(args: &Args, address: u64) -> anyhow::Result<ExitCode> {
    let names = || INSIDE_FORMATS.iter().map(|format| format.name);
    let format = INSIDE_FORMATS.iter().find(|format| format.name == args.format);
    let format = format.ok_or_else(|| anyhow!(UnknownName::new("format", &args.format, names())))?;
    let which = Which::At(address);
    let inside = match args.of()? {
        Of::Process(pid) => Inside::of_process(pid, &which)?,
        Of::Core => Inside::of_core(&args.of, args.program.as_deref(), &which)?,
    };
    output::print(&(format.render)(&inside, args.rows_max(), output::width().unwrap_or(80))?)?;
    Ok(ExitCode::SUCCESS)
}

/// What is read.
enum Of {
    Process(u32),
    Core,
}

impl Args {
    fn of(&self) -> anyhow::Result<Of> {
        let pid = self.of.to_str().and_then(|of| of.parse().ok()).filter(|_| !self.of.exists());
        match (pid, &self.program) {
            (Some(_), Some(_)) => bail!("--program is for core files: a process has its program"),
            (Some(pid), None) => Ok(Of::Process(pid)),
            (None, _) => Ok(Of::Core),
        }
    }

    fn rows_max(&self) -> usize {
        if self.top == 0 { usize::MAX } else { self.top }
    }
}

/// `0xc000012340`, as the table shows it.
fn address(text: &str) -> Result<u64, String> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let address =
        digits.filter(|digits| !digits.starts_with('+')).and_then(|digits| u64::from_str_radix(digits, 16).ok());
    address.ok_or_else(|| "expected an address as --each shows it: 0xc000012340".to_owned())
}
