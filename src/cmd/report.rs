use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};

use super::output;
use crate::record::read;
use crate::report::FORMATS;
use crate::text;

/// Render reports again from the record of a run
#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder of a run; the reports go there too
    dir: PathBuf,
    /// Formats, by comma, or all (see `mapscope list formats`) [default: those that every run writes]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    format: Vec<String>,
}

pub(super) fn run(args: Args, quiet: bool) -> anyhow::Result<ExitCode> {
    let formats = match args.format.as_slice() {
        [] => FORMATS.iter().filter(|format| format.always).collect(),
        names => output::formats(names)?,
    };
    let results = read(&args.dir)?;
    if !args.dir.is_dir() {
        bail!("{}: is not a folder; name the folder of the run, where the reports go too", text::path(&args.dir));
    }
    let written = output::write_reports(&args.dir, &formats, &results)
        .with_context(|| format!("{}: not every report could be written here", text::path(&args.dir)))?;
    if !quiet {
        let paths: String = written.iter().map(|path| format!("{}\n", text::path(path))).collect();
        output::announce(&paths, &args.dir)?;
    }
    Ok(ExitCode::SUCCESS)
}
