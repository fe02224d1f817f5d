use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};

use super::output;
use crate::record::read;
use crate::report::{FORMATS, number};
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

/// For people: a folder in `dir`, such as that of the cells, is one line with the number of its files.
fn by_folder(paths: &[PathBuf], dir: &Path) -> String {
    let mut told: Vec<(PathBuf, usize)> = Vec::new();
    for path in paths {
        let mut parts = path.strip_prefix(dir).unwrap_or(path).components();
        let first = parts.next().map_or_else(|| path.clone(), |first| dir.join(first));
        let files = usize::from(parts.next().is_some());
        match told.iter_mut().find(|(known, _)| *known == first) {
            Some((_, known)) => *known += files,
            None => told.push((first, files)),
        }
    }
    let line = |(path, files): &(PathBuf, usize)| match files {
        0 => format!("{}\n", text::path(path)),
        files => format!("{}/ ({})\n", text::path(path), number::plural(*files as u64, "file")),
    };
    told.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_one_line() {
        let paths =
            ["r/results.md", "r/cells/a/alloc.svg", "r/cells/b/alloc.svg", "r/results.csv", "r/cells/a/alloc.folded"];
        let told = by_folder(&paths.map(PathBuf::from), Path::new("r/"));
        assert_eq!(told, "r/results.md\nr/cells/ (3 files)\nr/results.csv\n");
    }
}
