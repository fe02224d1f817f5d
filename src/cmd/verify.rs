use std::cmp::Ordering;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use super::{BAD_INPUT, output};
use crate::engines::go::{self, Toolchain};
use crate::maps::Info;
use crate::probe::alloc;
use crate::record::write_atomically;
use crate::replay::model_of;
use crate::text;
use crate::verify::{Amount, Compared, layout, verify};

/// Hold the models of Go's maps against the Go runtimes on this machine
#[derive(clap::Args)]
#[command(after_help = "\
Records fresh operations from each runtime (random mixes, hints, every entry
shape) and plays them on the model of its maps: after every operation the bytes
and objects allocated and the map's header must be the same. A difference
leaves a recording, verify-go....csv, in the current folder. Needs Go 1.21 or
newer; what it builds is kept in $XDG_CACHE_HOME/mapscope or ~/.cache/mapscope.
Exit codes: 0 no difference, 1 a model differs, 2 could not compare.")]
pub(super) struct Args {
    /// go command or Go installation, may be repeated [default: go on the PATH]
    #[arg(long, value_name = "PATH")]
    go: Vec<PathBuf>,
    /// Operations to compare with each runtime
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000_000))]
    ops: u64,
    /// Seeds the operations; the runtime draws its hashes anew each time
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
}

/// The kinds of map that the program can work, and what they are called here.
const MAPS: [(&str, &str); 2] = [("map", "map"), ("syncmap", "sync.Map")];

pub(super) fn run(args: Args, quiet: bool) -> anyhow::Result<ExitCode> {
    alloc::verify_counting()?;
    let toolchains = go::find(&args.go)?;
    if toolchains.is_empty() {
        anyhow::bail!("there is no go command on the PATH: install Go (go.dev/dl), or say where it is with --go PATH");
    }
    let (mut differs, mut incomparable) = (false, false);
    for toolchain in &toolchains {
        // Nobody claims a model of every map that a runtime has.
        let mut maps = Vec::new();
        for (map, name) in MAPS {
            match layout(toolchain, map) {
                Ok(layout) => match model_of(&layout) {
                    Some(model) => maps.push((map, name, model)),
                    None if !quiet => {
                        output::print(&format!("go{} {name}: no model, not compared\n", toolchain.version))?;
                    }
                    None => {}
                },
                // It would be as true of the next one.
                Err(error) => {
                    incomparable = true;
                    output::complain(&error.into());
                    break;
                }
            }
        }
        incomparable |= maps.is_empty();
        for (map, name, model) in &maps {
            let amount = Amount { ops: args.ops.div_ceil(maps.len() as u64), seed: args.seed };
            let mut sum = (0, 0);
            if !quiet {
                output::print(&format!(
                    "go{} {name}, held against {}\n",
                    toolchain.version,
                    stands_for(model, toolchain)
                ))?;
            }
            let mut printed = Ok(());
            let compared = verify(toolchain, map, amount, &mut |compared| {
                sum = (sum.0 + compared.operations, sum.1 + compared.differences);
                if printed.is_ok() && (!quiet || compared.differences > 0) {
                    printed = report(toolchain, compared);
                }
            });
            printed?;
            differs |= sum.1 > 0;
            if let Err(error) = compared {
                incomparable = true;
                output::complain(&error.into());
                continue;
            }
            if !quiet || sum.1 > 0 {
                let (operations, differences) = sum;
                let version = &toolchain.version;
                output::print(&format!("go{version} {name}: {operations} operations, {differences} differences\n"))?;
            }
        }
    }
    Ok(match (differs, incomparable) {
        (true, _) => ExitCode::FAILURE,
        (false, true) => ExitCode::from(BAD_INPUT),
        (false, false) => ExitCode::SUCCESS,
    })
}

/// The release of the model that stands for a toolchain.
fn stands_for(model: &Info, toolchain: &Toolchain) -> String {
    let nearest = model.release_for(&toolchain.version);
    let version = model.version_at(nearest.map(|nearest| nearest.release));
    match nearest.map(|nearest| nearest.away) {
        Some(Ordering::Greater) => format!("the model of {version}, the newest there is"),
        Some(Ordering::Less) => format!("the model of {version}, the oldest there is"),
        _ => format!("the model of {version}"),
    }
}

/// A line for a shape, and for its first difference a recording to look at it again.
fn report(toolchain: &Toolchain, compared: &Compared) -> anyhow::Result<()> {
    let Compared { layout, shape, model, operations, differences, first } = compared;
    let mut text = format!("  {shape:<10}{operations:>10} operations {differences:>6} differences\n");
    if let Some(first) = first {
        let file = format!("verify-go{}-{layout}-{}.csv", toolchain.version, shape.replace('/', "-"));
        let _ = writeln!(text, "    the first in operation {}: {}", first.operation, first.fault);
        let _ = match write_atomically(file.as_ref(), first.recording.as_bytes()) {
            Ok(()) => {
                let path = fs::canonicalize(&file).unwrap_or(file.into());
                let model = model_of(layout).map(|model| model.term.name).unwrap_or_default();
                writeln!(text, "    again: mapscope replay --map {model} --check {}", text::path(&path))
            }
            Err(error) => writeln!(text, "    its recording could not be written to {file}: {error}"),
        };
    }
    if first.is_some() && !toolchain.is_of(model) {
        let _ = writeln!(text, "    the model is of {model}: go{} may have another map", toolchain.version);
    }
    output::print(&text)
}
