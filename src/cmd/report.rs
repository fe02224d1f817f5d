use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow};

use super::output;
use crate::record::read;
use crate::report::FORMATS;
use crate::spec::UnknownName;

/// Render reports again from the record of a run
#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder of a run; the reports go there too
    dir: PathBuf,
    /// Formats, by comma (see `mapscope list formats`) [default: all]
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    format: Vec<String>,
}

pub(super) fn run(args: Args, quiet: bool) -> anyhow::Result<ExitCode> {
    let named = |name: &String| {
        let unknown = || anyhow!(UnknownName::new("format", name, FORMATS.iter().map(|format| format.name)));
        FORMATS.iter().find(|format| format.name == name).ok_or_else(unknown)
    };
    let formats = match args.format.as_slice() {
        [] => FORMATS.iter().collect(),
        names => names.iter().map(named).collect::<Result<Vec<_>, _>>()?,
    };
    let results = read(&args.dir)?;
    let written = output::write_reports(&args.dir, &formats, &results)
        .with_context(|| format!("{}: not every report could be written here", args.dir.display()))?;
    if !quiet {
        let paths: String = written.iter().map(|path| format!("{}\n", path.display())).collect();
        output::print(&paths)?;
    }
    Ok(ExitCode::SUCCESS)
}
