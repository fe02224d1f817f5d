use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};

use super::flags::Lists;
use super::journal::Journal;
use super::output;
use super::staged::Staged;
use super::toolchains::Toolchains;
use crate::plan::{Flags, LeftOut, Plan, Profiles};
use crate::record::{Results, Status};
use crate::report::{self, FORMATS, Format, table};
use crate::run::{Settings, Subjects, execute, heed_interrupts};
use crate::text;

/// Run a profile: every cell in its own process, then the reports
#[derive(clap::Args)]
#[command(after_help = "\
A LIST takes commas and names what `mapscope list` shows, arguments included:
  --keys 'zipfian(0.99),uniform' --mix 'churn,mix(insert=50,get=50)'
A pattern stands for all names that it matches: --map 'hash*' --entry '*'.
What it matches and can't be in a cell is left out of it, with a note: a map
that is not concurrent with --threads, a load factor that is not the map's, a
runtime that is not installed, keys and mixes that need arguments.
Without a PROFILE, lists make one table of cells of their own. What they leave
open is quick's first: its five maps, uniform keys, fill, 100000 operations.")]
pub(super) struct Args {
    /// Profiles that ship (`mapscope list profiles`) or TOML files [default: quick]
    #[arg(value_name = "PROFILE")]
    profiles: Vec<String>,
    #[command(flatten)]
    axes: Lists,
    /// Passes: count, time, profile
    #[arg(long, value_name = "LIST")]
    passes: Vec<String>,
    /// Refuse a plan of more cells [default: 100000]
    #[arg(long, value_name = "N")]
    max_cells: Option<String>,
    #[command(flatten)]
    toolchains: Toolchains,
    /// Count passes side by side [default: one a processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,
    /// The longest that a pass may take, each repetition of a time pass by itself [default: the profile's; without one, a
    /// minute and 50 microseconds an operation]
    #[arg(long, value_name = "SECONDS", allow_negative_numbers = true)]
    time_limit: Option<String>,
    /// The most memory that a pass may use [default: the profile's; without one, three quarters of what is free, shared by
    /// the passes side by side]
    #[arg(long, value_name = "MIB", allow_negative_numbers = true)]
    memory_limit: Option<String>,
    /// More formats to write, by comma, or all (see `mapscope list formats`)
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    format: Vec<String>,
    /// Folder of the results, new or empty; - for a CSV on stdout [default: new, in reports/]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Args {
    fn flags(&self) -> Flags {
        let mut flags = self.axes.0.clone();
        flags.give("passes", self.passes.iter().cloned());
        flags.give("max_cells", self.max_cells.iter().cloned());
        flags.give("time_limit_s", self.time_limit.iter().cloned());
        flags.give("memory_limit_mb", self.memory_limit.iter().cloned());
        flags
    }
}

/// What to run, and the maps it names. The PATH's toolchains are asked only where their maps are meant.
fn planned(args: &Args, subjects: &Subjects) -> anyhow::Result<(Plan, Subjects)> {
    let (profiles, flags) = (Profiles::read(&args.profiles)?, args.flags());
    let subjects = args.toolchains.found(subjects, |kind| profiles.mean(&flags, kind))?;
    Ok((profiles.plan(&flags, &subjects.catalog())?, subjects))
}

pub(super) fn run(args: Args, quiet: bool, subjects: &Subjects) -> anyhow::Result<ExitCode> {
    let wanted = output::formats(&args.format)?;
    let to_stdout = args.out.as_ref().is_some_and(|out| out.as_os_str() == "-");
    if to_stdout && !wanted.is_empty() {
        bail!("--format: \"--out -\" writes one CSV to stdout; name a folder with --out to have other formats");
    }
    let (plan, subjects) = &planned(&args, subjects)?;
    if !plan.left_out.is_empty() {
        output::note(&format!("left out of what patterns match: {}", left_out(&plan.left_out)));
    }
    heed_interrupts();
    let folder = if to_stdout { None } else { Some(Staged::new(args.out, &plan.profile)?) };
    let journal = folder.as_ref().map(|folder| {
        let begun = Journal::begin(folder.path(), plan);
        begun.with_context(|| format!("{}: can't be written", text::path(folder.path())))
    });
    let mut journal = journal.transpose()?;
    let processors = || std::thread::available_parallelism().map_or(1, |n| n.get());
    let jobs = args.jobs.map_or_else(processors, usize::from);
    let finished = execute(plan, subjects, &Settings { jobs, progress: !quiet }, &mut |cell| {
        if let Some(journal) = &mut journal {
            journal.add(cell);
        }
    })?;

    let named = |format: &Format| wanted.iter().any(|wanted| wanted.name == format.name);
    let formats: Vec<_> = FORMATS.iter().filter(|format| format.always || named(format)).collect();
    if let Some(folder) = folder {
        let folder = leave(folder, journal, &formats, &finished.results)?;
        if !quiet {
            let mut screen = table::summary(&finished.results, output::width().unwrap_or(120), output::colour());
            screen.push_str(&format!("\nreport: {}\n", text::path(&folder.join("index.html"))));
            if let Some(standout) = table::standout(&finished.results) {
                screen.push_str(&format!("{standout}\n"));
            }
            output::announce(&screen, &folder)?;
        }
    } else {
        let csv = report::find("csv").context("no csv format")?;
        let mut table = Vec::new();
        (csv.render)(&finished.results, &mut |_, bytes| {
            table.extend(bytes);
            Ok(())
        })?;
        if let Err(error) = output::print(&String::from_utf8_lossy(&table)) {
            // What a run has found out is not thrown away for that.
            let folder = leave(Staged::new(None, &plan.profile)?, None, &formats, &finished.results)?;
            return Err(error.context(format!("the results are in {} instead", text::path(&folder))));
        }
    }
    if quiet {
        for cell in finished.results.cells.iter().filter(|cell| cell.status != Status::Ok) {
            output::note(&format!(
                "{}: {}: {}",
                cell.id,
                cell.status.name(),
                cell.error.as_deref().unwrap_or_default()
            ));
        }
    }
    Ok(match finished {
        finished if finished.interrupted => ExitCode::from(super::INTERRUPTED),
        finished if finished.failed > 0 => ExitCode::FAILURE,
        _ => ExitCode::SUCCESS,
    })
}

/// What is left out, by why: `std, btree (not concurrent); file (file needs a file: file:PATH)`.
fn left_out(all: &[LeftOut]) -> String {
    let mut by_why: Vec<(&str, Vec<&str>)> = Vec::new();
    for LeftOut { name, why } in all {
        match by_why.iter_mut().find(|(known, _)| known == why) {
            Some((_, names)) => names.push(name),
            None => by_why.push((why, vec![name])),
        }
    }
    let part = |(why, names): (&str, Vec<&str>)| format!("{} ({why})", names.join(", "));
    by_why.into_iter().map(part).collect::<Vec<_>>().join("; ")
}

/// Writes what a run came to, and gives the folder that it is in. An error says what lies where.
fn leave(
    mut folder: Staged,
    journal: Option<Journal>,
    formats: &[&'static Format],
    results: &Results,
) -> anyhow::Result<PathBuf> {
    folder.keep();
    let lies = format!("{}: what could be written lies here", text::path(folder.path()));
    output::write_reports(folder.path(), formats, results).context(lies.clone())?;
    journal.map_or(Ok(()), Journal::end).context(lies)?;
    folder.publish()
}
