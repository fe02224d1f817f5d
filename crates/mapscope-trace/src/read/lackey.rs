//! What Valgrind's lackey writes with `--trace-mem=yes`: ` S 1ffefff0a8,8`.

use super::number::hex;
use super::{ACTIONS_AND_SIZES, Action, Format, Key, Operation, Put, Units, Verb, decimal, each, quote};

pub(super) const FORMAT: Format = Format {
    name: "lackey",
    summary: "valgrind --tool=lackey --trace-mem=yes: loads, stores and changes of memory",
    fills: "a load is a get, a store a put with a value of its bytes, a change both; instructions are left out",
    units: Units::Lines,
    has_columns: false,
    has_times: false,
    is: |sample| {
        let is_row = |line: &[u8]| parse(line).is_some();
        sample.lines().any(is_row) && sample.all_lines(|line| is_note(line) || is_row(line))
    },
    open: |_, _| each(ACTIONS_AND_SIZES, decode),
};

/// Whether Valgrind itself says something: `==4711== ..`, `--4711-- ..`.
fn is_note(line: &[u8]) -> bool {
    line.starts_with(b"==") || line.starts_with(b"--")
}

/// What is done, and to which bytes; no bytes for an instruction.
fn parse(line: &[u8]) -> Option<(Verb, Option<(u64, u32)>)> {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let verb: Verb = match words.next()? {
        b"I" => &[Action::Nothing],
        b"L" => &[Action::Get],
        b"S" => &[Action::Insert],
        b"M" => &[Action::Get, Action::Insert],
        _ => return None,
    };
    let place = words.next()?;
    let comma = place.iter().position(|&byte| byte == b',')?;
    let (address, bytes) = (hex(&place[..comma])?, u32::try_from(decimal(&place[comma + 1..])?).ok()?);
    Some((verb, (verb != [Action::Nothing]).then_some((address, bytes))))
}

fn decode(line: &[u8], put: &mut Put<'_>) -> Result<(), String> {
    if line.is_empty() || is_note(line) {
        return Ok(());
    }
    match parse(line) {
        Some((verb, Some((address, value_bytes)))) => {
            for &action in verb {
                put(Operation { value_bytes, ..Operation::new(action, Key::Number(address)) });
            }
        }
        Some((_, None)) => put(Operation::NOTHING),
        None => return Err(format!("expected I, L, S or M, an address and a length, found {}", quote(line))),
    }
    Ok(())
}
