//! Which format a file has.

use super::{Columns, FORMATS, Fault, Format, Sample, Units, csv, decimal};

/// The format of this name.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// Files that are none of ours, by their first bytes: what they are, and what makes a trace of them.
const OTHERS: [(&[u8], &str); 9] = [
    (b"PARE", "an encrypted Parquet file: write it without encryption"),
    (b"PK\x03\x04", "a zip archive or a spreadsheet: unpack it, or save the sheet as CSV"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"),
    (b"\x04\x22\x4d\x18", "packed with lz4: unpack it first, with `lz4 -d`"),
    (b"\xff\xfe", "text in UTF-16: save it as UTF-8, as `iconv -f UTF-16 -t UTF-8`"),
    (b"\xfe\xff", "text in UTF-16: save it as UTF-8, as `iconv -f UTF-16 -t UTF-8`"),
    (b"SQLite format 3", "a SQLite database: write the rows as a table first, as sqlite3 -csv -header IN 'select ..'"),
    (b"REDIS0", "a Redis snapshot, which has keys and no operations: record these with redis-cli MONITOR"),
    (b"\x7fELF", "a program: give the trace that it writes"),
];

/// What a file that is none of ours is, and what makes a trace of it.
fn other(sample: &Sample<'_>) -> Option<&'static str> {
    let text = if sample.is_text() { sample.bytes.trim_ascii_start() } else { b"" };
    let inside = text.strip_prefix(b"[").unwrap_or_default().trim_ascii_start();
    match (text.first(), inside.first()) {
        (Some(b'{'), _) => {
            Some("JSON: make a table of it, as jq -r '[.op, .key] | @csv', and give --columns 'op=1,key=2'")
        }
        (_, Some(b'{' | b'[')) => Some(
            "a JSON array: make a table of it, as jq -r '.[] | [.op, .key] | @csv', and give --columns 'op=1,key=2'",
        ),
        (Some(b'*'), _) if is_append_only(text) => {
            Some("a Redis append-only file, which has no reads: record what clients ask with redis-cli MONITOR")
        }
        _ if sample.bytes.get(257..262) == Some(b"ustar") => Some("a tar archive: unpack it first, as `tar -xOf IN`"),
        _ => OTHERS.iter().find(|(magic, _)| sample.bytes.starts_with(magic)).map(|(_, what)| *what),
    }
}

/// Whether it begins as what Redis sends and appends: `*3`, `$3`, `SET`, ..
fn is_append_only(text: &[u8]) -> bool {
    let mut lines = text.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii);
    let mut counts = |mark: &[u8]| lines.next().and_then(|line| line.strip_prefix(mark)).and_then(decimal).is_some();
    counts(b"*") && counts(b"$")
}

/// The format of a file, by its content. One whose columns are named is a table. A file of which no format has all rows is of
/// the one that has most of them, whose error names the bad one.
///
/// # Errors
///
/// It is of none: how to have it read all the same.
pub fn detect(sample: &Sample<'_>, columns: &Columns) -> Result<&'static Format, Fault> {
    if let Some(what) = other(sample) {
        return Err(Fault { line: None, what: format!("is {what}") });
    }
    let of = |sample: &Sample<'_>| {
        let mut fits = FORMATS.iter().filter(|format| sample.fits(format.units));
        fits.find(|format| (columns.is_empty() || format.has_columns) && (format.is)(sample))
    };
    match of(sample).or_else(|| of(&sample.damaged())) {
        Some(format) => Ok(format),
        // Its error says what a table needs.
        None if sample.is_text() => Ok(find(csv::FORMAT.name).expect("it is in the registry")),
        None => {
            let binary =
                FORMATS.iter().filter(|format| matches!(format.units, Units::Records(_))).map(|format| format.name);
            let what = format!(
                "is binary data of no known format: give --trace-format {}, or write it as a table with a header row \
                 such as `op,key` (`mapscope list traces`)",
                binary.collect::<Vec<_>>().join(", ")
            );
            Err(Fault { line: None, what })
        }
    }
}
