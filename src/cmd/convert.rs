use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use mapscope_trace::Output;
use mapscope_trace::read::{Action, Key, Operation, Says};

use super::flags::HowRead;
use super::{INTERRUPTED, output, stdout};
use crate::intake::{self, STDIN, interrupt};
use crate::record::write_whole;
use crate::text;
use crate::workload::WorkloadError;
use crate::workload::trace::{Reader, identity};

/// Write a trace of any format as mapscope's own: a table of operations, keys and sizes
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  mapscope convert requests.vscsi requests.csv.zst
  timeout 60 redis-cli MONITOR | mapscope convert - redis.csv
Exit codes: 0 done; 2 bad input.")]
pub(super) struct Args {
    /// A trace, packed or not (`mapscope list traces`); - for stdin
    #[arg(value_name = "IN")]
    trace: PathBuf,
    /// The table to write; .gz and .zst are compressed, - is stdout
    #[arg(value_name = "OUT")]
    out: PathBuf,
    #[command(flatten)]
    how: HowRead,
}

pub(super) fn run(args: Args, quiet: bool) -> anyhow::Result<ExitCode> {
    // So that an interrupted conversion leaves no file.
    interrupt::heed(|| std::process::exit(INTERRUPTED.into()));
    let mut reader = Reader::open(&args.trace, &args.how.reading())?;
    let (trace, out) = (text::path(intake::shown(&args.trace)), args.out.as_path());
    if out == Path::new(STDIN) {
        let unwritable = "can't write to standard output";
        let mut to = BufWriter::new(stdout::open().context(unwritable)?);
        let rows = match write(&mut reader, &mut to) {
            // Nobody reads any more.
            Err(error) if is_broken_pipe(&error) => return Ok(ExitCode::SUCCESS),
            Err(error) if error.is::<io::Error>() => return Err(error.context(unwritable)),
            written => written?,
        };
        if !quiet {
            output::note(summary(&trace, rows, &reader).trim_end());
        }
        return Ok(ExitCode::SUCCESS);
    }
    let place = |path: &Path| fs::canonicalize(if path == Path::new(STDIN) { Path::new("/dev/stdin") } else { path });
    if place(out).is_ok_and(|out| place(&args.trace).is_ok_and(|trace| trace == out)) {
        bail!("{}: is the trace itself, which would be lost: name another file", text::path(out));
    }
    let mut rows = Ok(0);
    let written = write_whole(out, |file| {
        let mut to = Output::new(out, file)?;
        rows = write(&mut reader, &mut to);
        match &rows {
            Ok(_) => to.finish().map(drop),
            Err(_) => Err(io::Error::other("the conversion failed")),
        }
    });
    let unwritable = || format!("{}: can't be written", text::path(out));
    if matches!(rows.as_ref().err().and_then(|error| error.downcast_ref()), Some(WorkloadError::Interrupted))
        && args.trace == Path::new(STDIN)
    {
        let advice = "end a stream to keep what it brought: timeout 60 redis-cli MONITOR | .., or | head -n 100000 |";
        output::note(&format!("{}: interrupted, nothing was written; {advice}", text::path(out)));
    }
    let rows = rows.map_err(|error| if error.is::<io::Error>() { error.context(unwritable()) } else { error })?;
    written.with_context(unwritable)?;
    if !quiet {
        output::announce(&summary(&trace, rows, &reader), out)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

fn summary(trace: &str, rows: u64, reader: &Reader) -> String {
    let told = reader.told().map(|told| format!("  {told}\n")).unwrap_or_default();
    format!("{trace}: {rows} operations\n{told}")
}

/// Writes the header and each row; gives how many there are.
fn write(reader: &mut Reader, to: &mut impl Write) -> anyhow::Result<u64> {
    let says = reader.says();
    let columns = [
        (says.hash, ",hash"),
        (says.key_bytes, ",key_bytes"),
        (says.value_bytes, ",value_bytes"),
        (says.entries, ",entries"),
    ];
    let columns: String = columns.into_iter().filter_map(|(is, name)| is.then_some(name)).collect();
    let time = says.time.map(|unit| format!(",{}", unit.column())).unwrap_or_default();
    writeln!(to, "op,key{columns}{time}")?;
    let (mut rows, mut row, mut written) = (0, Vec::new(), anyhow::Ok(()));
    while written.is_ok()
        && reader.read(&mut |operation| {
            row.clear();
            encode(&operation, says, &mut row);
            for _ in 0..operation.times {
                if written.is_ok() {
                    // A few rows may be written for long, while nothing is read.
                    written = match interrupt::asked() {
                        true => Err(WorkloadError::Interrupted.into()),
                        false => to.write_all(&row).map_err(anyhow::Error::from),
                    };
                }
            }
            rows += if operation.action == Action::New { 0 } else { operation.times };
        })?
    {}
    written?;
    if rows == 0 {
        return Err(reader.fault("holds no operations; expected at least one".to_owned()).into());
    }
    Ok(to.flush().map(|()| rows)?)
}

fn encode(operation: &Operation<'_>, says: Says, row: &mut Vec<u8>) {
    let (word, keyed) = match operation.action {
        Action::New => ("new", false),
        Action::Insert | Action::Request => ("insert", true),
        Action::Remove => ("remove", true),
        Action::Get => ("get", true),
        Action::Clear => ("clear", false),
        Action::Iterate => ("iterate", false),
        Action::Scan => ("scan", true),
        Action::Nothing => unreachable!("what asks nothing is not handed on"),
    };
    row.extend_from_slice(word.as_bytes());
    row.push(b',');
    if keyed {
        field(operation.key, row);
    }
    if says.hash {
        row.push(b',');
        if keyed {
            write!(row, "{:016x}", operation.hash).expect("memory takes it");
        }
    }
    let sizes = [
        (says.key_bytes, operation.key_bytes.filter(|_| keyed)),
        (says.value_bytes, Some(operation.value_bytes).filter(|_| word == "insert")),
        (says.entries, Some(operation.entries).filter(|_| word == "scan")),
    ];
    for (_, bytes) in sizes.into_iter().filter(|(is, _)| *is) {
        row.push(b',');
        if let Some(bytes) = bytes {
            row.extend_from_slice(itoa::Buffer::new().format(bytes).as_bytes());
        }
    }
    if let Some(unit) = says.time {
        row.push(b',');
        row.extend(operation.stamp.iter().flat_map(|stamp| stamp.in_units(unit).into_bytes()));
    }
    row.push(b'\n');
}

/// A key as a field: its text, or the number that it has the identity of where no field can hold the text.
fn field(key: Key<'_>, row: &mut Vec<u8>) {
    match key {
        Key::Text(text)
            if fits(text) && (text.iter().any(|byte| b",\"".contains(byte)) || text.trim_ascii() != text) =>
        {
            row.push(b'"');
            for &byte in text {
                row.extend_from_slice(if byte == b'"' { b"\"\"" } else { std::slice::from_ref(&byte) });
            }
            row.push(b'"');
        }
        Key::Text(text) if fits(text) => row.extend_from_slice(text),
        _ => row.extend_from_slice(itoa::Buffer::new().format(identity(key)).as_bytes()),
    }
}

/// Whether a field of one line is read as this text again.
fn fits(text: &[u8]) -> bool {
    !text.is_empty() && !text.iter().any(u8::is_ascii_control) && std::str::from_utf8(text).is_ok()
}
