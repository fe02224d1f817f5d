use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
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
        let paths = if io::stdout().is_terminal() { by_folder(&written, &args.dir) } else { lines(&written) };
        output::announce(&paths, &args.dir)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn lines(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| format!("{}\n", text::path(path))).collect()
}

/// For people: what lies in a folder below `dir`, such as a flame graph for each cell, is a line with the number of files.
fn by_folder(paths: &[PathBuf], dir: &Path) -> String {
    let of_a_folder = |a: &PathBuf, b: &PathBuf| a.parent() == b.parent() && a.parent() != Some(dir);
    let line = |files: &[PathBuf]| match files[0].parent() {
        Some(folder) if files.len() > 1 => format!("{}/ ({} files)\n", text::path(folder), files.len()),
        _ => lines(files),
    };
    paths.chunk_by(of_a_folder).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_of_files_are_one_line() {
        let paths = ["r/a.md", "r/b.csv", "r/stacks/1.svg", "r/stacks/2.svg", "r/pprof/1.pb.gz", "r/c.html"];
        let told = by_folder(&paths.map(PathBuf::from), Path::new("r"));
        assert_eq!(told, "r/a.md\nr/b.csv\nr/stacks/ (2 files)\nr/pprof/1.pb.gz\nr/c.html\n");
    }
}
