//! The traces of the LIRS paper: blocks, one a line.

use super::{Action, Format, KEYS_ONLY, Key, Operation, Put, Units, decimal, each, quote};

pub(super) const FORMAT: Format = Format {
    name: "lirs",
    summary: "the traces of the LIRS paper: a block's number a line; lines of * are left out",
    fills: "each line is a request of its block",
    units: Units::Lines,
    has_columns: false,
    has_times: false,
    is: |sample| sample.all_lines(|line| decimal(line.trim_ascii()).is_some() || line == b"*"),
    open: |_, _| each(KEYS_ONLY, decode),
};

fn decode(line: &[u8], put: &mut Put<'_>) -> Result<(), String> {
    match line.trim_ascii() {
        b"" => {}
        b"*" => put(Operation::NOTHING),
        line => {
            let block = decimal(line).ok_or_else(|| format!("expected a block's number, found {}", quote(line)))?;
            put(Operation::new(Action::Request, Key::Number(block)));
        }
    }
    Ok(())
}
