//! Keys, one a line.

use super::{Action, Format, KEYS_ONLY, Key, Operation, Put, Sample, Units, each, quote};

pub(super) const FORMAT: Format = Format {
    name: "keys",
    summary: "keys, one a line: words or numbers; lines that begin with # are left out",
    fills: "each line is a request of its key",
    units: Units::Lines,
    has_columns: false,
    has_times: false,
    is,
    open: |_, _| each(KEYS_ONLY, decode),
};

/// All lines, even of a damaged file: its bad rows would be keys.
fn is(sample: &Sample<'_>) -> bool {
    let is_word = |line: &[u8]| !line.iter().any(|byte| b" ,;\t|\"{}".contains(byte));
    let mut keys = sample.lines().filter(|line| !line.starts_with(b"#")).peekable();
    keys.peek().is_some_and(|first| std::str::from_utf8(first).is_ok()) && keys.all(is_word)
}

fn decode(line: &[u8], put: &mut Put<'_>) -> Result<(), String> {
    let line = line.trim_ascii();
    if line.is_empty() {
        return Ok(());
    }
    if line[0] == b'#' {
        put(Operation::NOTHING);
        return Ok(());
    }
    let key = Key::parse(line).ok_or_else(|| format!("bad key {}", quote(line)))?;
    put(Operation::new(Action::Request, key));
    Ok(())
}
