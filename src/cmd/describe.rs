use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::anyhow;

use super::flags::HowRead;
use super::{INTERRUPTED, output};
use crate::describe::{self, FORMATS, describe, like};
use crate::intake::interrupt;
use crate::plan::{OPS_MAX, Source, TraceSpec, UnknownName, Widths, WorkloadSpec};
use crate::probe::alloc;
use crate::run::{Subjects, limit_memory};
use crate::workload::Workload;

/// What a trace is, before anything runs: operations, keys, how hot and how soon again, entries, sizes
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mapscope describe requests.vscsi
  mapscope describe requests.vscsi --like
  redis-cli MONITOR | head -100000 | mapscope describe - --format json
  mapscope describe requests.vscsi --like --format html > requests.html
docs/TRACES.md says what each figure means.
Exit codes: 0 done; 2 bad input.")]
pub(super) struct Args {
    /// A trace, packed or not (`mapscope list traces`); - for stdin
    #[arg(value_name = "TRACE")]
    trace: PathBuf,
    #[command(flatten)]
    how: HowRead,
    /// Find the generated workload that resembles it most, and how far that is off on three maps
    #[arg(long)]
    like: bool,
    /// text, json or html, a page
    #[arg(long, value_name = "FORMAT", default_value = FORMATS[0].name, hide_default_value = true)]
    format: String,
}

pub(super) fn run(args: Args, subjects: &Subjects) -> anyhow::Result<ExitCode> {
    let known = || FORMATS.iter().map(|format| format.name);
    let format =
        describe::find(&args.format).ok_or_else(|| anyhow!(UnknownName::new("format", &args.format, known())))?;
    interrupt::heed(|| std::process::exit(INTERRUPTED.into()));
    let reading = args.how.reading();
    let requests = reading.requests;
    let source = Source::Trace(TraceSpec { path: args.trace, reading });
    let workload = Workload::open(&WorkloadSpec { source, ops: OPS_MAX, seed: 1, widths: Widths::WHOLE })?;
    let mut description = describe(&workload, requests)?;
    if args.like {
        alloc::verify_counting()?;
        limit_memory();
        description.like = Some(like(&workload, &description, subjects)?);
    }
    output::print(&(format.render)(&description)?)?;
    Ok(ExitCode::SUCCESS)
}
