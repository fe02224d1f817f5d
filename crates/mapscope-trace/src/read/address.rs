//! Loads and stores by address, as courses on caches hand them out: `l 0x1fffff50 1`.

use super::number::hex;
use super::{ACTIONS, Action, Format, Key, Operation, Put, Units, each, quote};

pub(super) const FORMAT: Format = Format {
    name: "address",
    summary: "loads and stores by address: l 0x1fffff50 1",
    fills: "a load is a get, a store a put; the third column is left out",
    units: Units::Lines,
    has_columns: false,
    has_times: false,
    is: |sample| sample.all_lines(|line| parse(line).is_some()),
    open: |_, _| each(ACTIONS, decode),
};

fn parse(line: &[u8]) -> Option<(Action, u64)> {
    let mut words = line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let action = match words.next()? {
        b"l" | b"L" => Action::Get,
        b"s" | b"S" => Action::Insert,
        _ => return None,
    };
    Some((action, hex(words.next()?.strip_prefix(b"0x")?)?))
}

fn decode(line: &[u8], put: &mut Put<'_>) -> Result<(), String> {
    if line.is_empty() {
        return Ok(());
    }
    let (action, address) =
        parse(line).ok_or_else(|| format!("expected l or s and an address in 0x.., found {}", quote(line)))?;
    put(Operation::new(action, Key::Number(address)));
    Ok(())
}
