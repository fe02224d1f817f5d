use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::flags::Lists;
use super::output;
use super::staged::Staged;
use super::toolchains::Toolchains;
use crate::intake;
use crate::plan::axes::AXES;
use crate::plan::{Flags, LeftOut, Plan, Profiles, Written};
use crate::record::{Results, Status};
use crate::report::{self, FORMATS, Format, lengths, table};
use crate::run::{Log, LogError, Settings, Subjects, execute, heed_interrupts};
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
    /// Passes: count, time, profile; instructions, which needs valgrind [default: the first three]
    #[arg(long, value_name = "LIST")]
    passes: Vec<String>,
    /// Rates of arrival per second, as 1e5,1e6: what callers then wait, worked out from the time of each operation
    #[arg(long, value_name = "LIST", allow_negative_numbers = true)]
    rate: Vec<String>,
    /// The pace of a trace, as trace,trace*1000: what callers wait who arrive at its times, or so many times as fast
    #[arg(long, value_name = "LIST")]
    pace: Vec<String>,
    /// Limits of response times, as p99.9=100us,max=2ms: the highest rate of arrival that keeps each
    #[arg(long, value_name = "LIST")]
    response_limit: Vec<String>,
    /// How often each time pass is repeated: a number, or auto for until the least times stand, 8 to 15 times, 5 where
    /// that takes 30 s [default: the profile's; without one, auto]
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    repetitions: Option<String>,
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
    /// Replace the record that lies in --out (or, with --resume, where the run was to leave its own), when the new one is
    /// whole; anything else there is refused
    #[arg(long)]
    force: bool,
    /// Resume a run that was killed or interrupted, from its folder (OUT, or OUT.partial): what is finished stays, what is
    /// missing is run, as it was asked for then
    #[arg(long, value_name = "DIR", conflicts_with_all = plan_flags())]
    resume: Option<PathBuf>,
}

/// What describes a plan.
fn plan_flags() -> impl Iterator<Item = &'static str> {
    let others = [
        "profiles",
        "pair",
        "passes",
        "rate",
        "pace",
        "response_limit",
        "repetitions",
        "max_cells",
        "time_limit",
        "memory_limit",
    ];
    AXES.iter().map(|axis| axis.key).chain(others)
}

/// What makes a run the run that it is. It goes on, from its log, as this says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    profiles: Vec<Written>,
    flags: Flags,
    toolchains: Toolchains,
    formats: Vec<String>,
    /// Where it was begun, as far as that can be written.
    folder: Option<String>,
}

impl Args {
    fn flags(&self) -> Flags {
        let mut flags = self.axes.0.clone();
        flags.give("passes", self.passes.iter().cloned());
        flags.give("rates", self.rate.iter().cloned());
        flags.give("paces", self.pace.iter().cloned());
        flags.give("response_limits", self.response_limit.iter().cloned());
        flags.give("repetitions", self.repetitions.iter().cloned());
        flags.give("max_cells", self.max_cells.iter().cloned());
        flags.give("time_limit_s", self.time_limit.iter().cloned());
        flags.give("memory_limit_mb", self.memory_limit.iter().cloned());
        flags
    }
}

impl Asked {
    fn by(args: &Args) -> anyhow::Result<Asked> {
        let profiles = args.profiles.iter().map(|argument| Written::find(argument)).collect::<Result<_, _>>()?;
        let (flags, toolchains, formats) = (args.flags(), args.toolchains.clone(), args.format.clone());
        Ok(Asked { profiles, flags, toolchains, formats, folder: current_folder() })
    }

    /// What to run, and the maps it names. The PATH's toolchains are asked only where their maps are meant.
    fn planned(&self, subjects: &Subjects) -> anyhow::Result<(Plan, Subjects)> {
        let profiles = Profiles::parse(&self.profiles)?;
        let subjects = self.toolchains.found(subjects, |kind| profiles.mean(&self.flags, kind))?;
        let plan = profiles.plan(&self.flags, &subjects.catalog())?;
        let mut files = plan.cells.iter().filter_map(|cell| cell.workload.source.file());
        if self.folder != current_folder() && files.any(|file| file.is_relative() && !intake::is_descriptor(file)) {
            let folder = self.folder.as_deref().map_or("another folder".to_owned(), text::shown);
            bail!(
                "--resume: the run was begun in {folder}, and reads files by their paths from there: resume it there"
            );
        }
        Ok((plan, subjects))
    }
}

fn current_folder() -> Option<String> {
    std::env::current_dir().ok()?.into_os_string().into_string().ok()
}

/// What to go on with, and where; nothing of a run that has come to its end.
fn left(folder: &Path, out: Option<&Path>, force: bool) -> anyhow::Result<Option<(Asked, Staged, Log)>> {
    let Some(staged) = Staged::resume(folder, out, force)? else { return Ok(None) };
    let log = Log::resume(staged.path())?;
    let asked = Asked::deserialize(log.asked()).map_err(|error| {
        let path = staged.path().to_owned();
        LogError { path, what: format!("is not the log of a run of this mapscope: {error}; run it anew") }
    })?;
    Ok(Some((asked, staged, log)))
}

pub(super) fn run(args: Args, quiet: bool, subjects: &Subjects) -> anyhow::Result<ExitCode> {
    let (mut asked, mut store) = match &args.resume {
        None => (Asked::by(&args)?, None),
        Some(folder) => match left(folder, args.out.as_deref(), args.force)? {
            Some((asked, staged, log)) => (asked, Some((staged, log))),
            None if args.out.is_some() || !args.format.is_empty() => bail!(
                "--resume: {}: the run has come to its end; `mapscope report` writes other formats of it",
                text::path(folder)
            ),
            None => {
                output::note(&format!("{}: the run has come to its end: nothing is missing", text::path(folder)));
                return Ok(ExitCode::SUCCESS);
            }
        },
    };
    let to_stdout = args.out.as_ref().is_some_and(|out| out.as_os_str() == "-");
    if args.resume.is_some() {
        if to_stdout {
            bail!("--out: \"-\" is no folder, and --resume needs one");
        }
        if asked.toolchains != args.toolchains {
            let (was, is) = (asked.toolchains.flags(), args.toolchains.flags());
            bail!(
                "--resume: the run was begun with {was:?}, not {is:?}: no log is trusted to name programs, so give the same"
            );
        }
        asked.formats.extend(args.format);
    }
    if args.force && args.out.is_none() && args.resume.is_none() {
        bail!("--force: replaces a record: say which with --out");
    }
    if to_stdout && args.force {
        bail!("--force: replaces a record in a folder, and \"--out -\" is none");
    }
    let wanted = output::formats(&asked.formats)?;
    if to_stdout && !wanted.is_empty() {
        bail!("--format: \"--out -\" writes one CSV to stdout; name a folder with --out to have other formats");
    }
    let (plan, subjects) = &asked.planned(subjects)?;
    if !plan.left_out.is_empty() {
        output::note(&format!("left out of what patterns match: {}", left_out(&plan.left_out)));
    }
    heed_interrupts();
    if store.is_none() && !to_stdout {
        let folder = match args.out {
            Some(out) if args.force => Staged::replacing(&out)?,
            out => Staged::new(out, &plan.profile)?,
        };
        let log = Log::begin(folder.path(), &asked)?;
        store = Some((folder, log));
    }
    let processors = || std::thread::available_parallelism().map_or(1, |n| n.get());
    let jobs = args.jobs.map_or_else(processors, usize::from);
    let settings = Settings { jobs, progress: !quiet, sources: SOURCES };
    let finished = execute(plan, subjects, &settings, store.as_mut().map(|(_, log)| log))?;

    let named = |format: &Format| wanted.iter().any(|wanted| wanted.name == format.name);
    let formats: Vec<_> = FORMATS.iter().filter(|format| format.always || named(format)).collect();
    if to_stdout && !quiet {
        finished.told.iter().for_each(|told| output::note(told));
    }
    if let Some((folder, log)) = store {
        // It is what an interrupted run goes on from.
        let done = Some(log).filter(|_| !finished.interrupted);
        let replaces = folder.replaces();
        let folder = leave(folder, done, &formats, &finished.results)?;
        if !quiet {
            let width = output::width();
            let mut screen = table::summary(&finished.results, width.unwrap_or(120), output::colour());
            finished.told.iter().for_each(|told| screen.push_str(&format!("{told}\n")));
            lengths::sentences(&finished.results).iter().for_each(|told| screen.push_str(&format!("{told}\n")));
            screen.push_str(&format!("\nreport: {}\n", text::path(&folder.join("index.html"))));
            for finding in table::findings(&finished.results) {
                // What is no terminal has one line of each.
                let lines = table::wrap(&finding, width.map_or(usize::MAX, |width| width.saturating_sub(2)));
                for (index, line) in lines.iter().enumerate() {
                    screen.push_str(&format!("{} {line}\n", if index == 0 { "-" } else { " " }));
                }
            }
            output::announce(&screen, &folder)?;
            if finished.interrupted {
                let elsewhere = if replaces { " --force" } else { "" };
                let folder = text::path(&folder);
                output::note(&format!("interrupted: `mapscope run --resume {folder}{elsewhere}` does the rest"));
            }
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

/// What maps are compiled from, for entries that are not compiled in.
static SOURCES: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/sources.rs"));

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
    done: Option<Log>,
    formats: &[&'static Format],
    results: &Results,
) -> anyhow::Result<PathBuf> {
    folder.keep();
    let lies = format!("{}: what could be written lies here", text::path(folder.path()));
    output::write_reports(folder.path(), formats, results).context(lies)?;
    if results.partial && folder.replaces() {
        // What it would replace is whole.
        return Ok(folder.path().to_owned());
    }
    let folder = folder.publish()?;
    done.map_or(Ok(()), |log| log.end(&folder))
        .with_context(|| format!("{}: can't be written", text::path(&folder)))?;
    Ok(folder)
}
