use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};

use super::output;
use super::staged::Staged;
use crate::diff::{self, Side};
use crate::record::{metrics, read};
use crate::recording::{self, Recording, Sort};
use crate::text;

/// Show what changed between two runs, or two recordings
#[derive(clap::Args)]
#[command(after_help = "\
Cells are matched by identity; what is left over is paired where all of it but
one field agrees. Whether a change may pass is for `mapscope gate` to say.
Two recordings (of `mapscope record`) are compared by place and type of maps.
Exit codes: 0 whether or not anything differs (see --exit-code), 2 bad input.")]
pub(super) struct Args {
    /// The results.json of the run that comes first, or its folder; or that of a recording
    #[arg(value_name = "A")]
    before: PathBuf,
    /// The results.json of the run to hold against it, or its folder; or that of a recording
    #[arg(value_name = "B")]
    after: PathBuf,
    /// Exit with 1 when anything but times differs
    #[arg(long)]
    exit_code: bool,
    /// The most rows of a table on the terminal; 0 for all
    #[arg(long, value_name = "N", default_value_t = 40)]
    rows: usize,
    /// New folder for diff.html, diff.md, diff.json and differential flame graphs; of recordings: diff.txt, diff.json
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: Args, quiet: bool) -> anyhow::Result<ExitCode> {
    if of_recordings(&args.before, &args.after)? {
        return run_on_recordings(args, quiet);
    }
    let [before, after] = [&args.before, &args.after].map(|path| (text::path(path), read(path)));
    let (before, after) = ((before.0, before.1?), (after.0, after.1?));
    before.1.comparable(&after.1).with_context(|| format!("{} and {} can't be compared", before.0, after.0))?;
    let side = |(name, results)| Side { name, results };
    let metrics = metrics::of([&before.1, &after.1]);
    let diff = diff::diff(side((&before.0, &before.1)), side((&after.0, &after.1)), &metrics);
    let folder = match args.out {
        Some(out) => {
            let staged = Staged::new(Some(out), "diff")?;
            output::write_files(staged.path(), |emit| diff::write(&diff, emit))
                .with_context(|| format!("{}: nothing was left there", text::path(staged.destination())))?;
            Some(staged.publish()?)
        }
        None => None,
    };
    if !quiet {
        let rows = if args.rows == 0 { usize::MAX } else { args.rows };
        let mut screen = diff::terminal(&diff, output::width().unwrap_or(120), output::colour(), rows);
        match folder {
            Some(folder) => {
                screen.push_str(&format!("\nreport: {}\n", text::path(&folder.join("diff.html"))));
                output::announce(&screen, &folder)?;
            }
            None => output::print(&screen)?,
        }
    }
    Ok(ExitCode::from(u8::from(args.exit_code && diff.differs_exactly())))
}

/// Whether both are recordings. One that is can't be compared with a run.
pub(super) fn of_recordings(before: &Path, after: &Path) -> anyhow::Result<bool> {
    let (recording, run) = match [before, after].map(Recording::is_at) {
        [a, b] if a == b => return Ok(a),
        // Its reader says that it isn't there.
        _ if !(before.exists() && after.exists()) => return Ok(true),
        [true, _] => (before, after),
        [false, _] => (after, before),
    };
    bail!(
        "{} is a recording (`mapscope record`), and {} is none: give two of a kind",
        text::path(recording),
        text::path(run)
    );
}

fn run_on_recordings(args: Args, quiet: bool) -> anyhow::Result<ExitCode> {
    let [before, after] =
        [&args.before, &args.after].map(|path| (text::path(path), Recording::read(path, Sort::Bytes)));
    let (before, after) = ((before.0, before.1?), (after.0, after.1?));
    let [a, b] = [&before, &after].map(|(name, recording)| recording::Side { name, recording });
    let rows = if args.rows == 0 { usize::MAX } else { args.rows };
    let (mut screen, differs) = recording::diff(a, b, output::width().unwrap_or(80), rows);
    match args.out {
        Some(out) => {
            let staged = Staged::new(Some(out), "diff")?;
            output::write_files(staged.path(), |emit| {
                emit("diff.txt", recording::diff(a, b, 100, usize::MAX).0.as_bytes())?;
                emit("diff.json", &recording::diff_json(a, b)?)
            })
            .with_context(|| format!("{}: nothing was left there", text::path(staged.destination())))?;
            let folder = staged.publish()?;
            screen.push_str(&format!("report: {}\n", text::path(&folder.join("diff.txt"))));
            if !quiet {
                output::announce(&screen, &folder)?;
            }
        }
        None if !quiet => output::print(&screen)?,
        None => {}
    }
    Ok(ExitCode::from(u8::from(args.exit_code && differs)))
}
